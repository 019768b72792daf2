"""REFI-QDA projects (`.qdpx`) of any tool, as codes to read back.

What tools write differs from the schema and from one another (formats.md §9.5): folder and project names, GUIDs,
paths, byte order marks, and above all the unit of positions. Users are told apart and never named.
"""

import io
import re
import zipfile
from array import array
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from unicodedata import category

from lxml.etree import _Element

from tensions_cli.errors import UnreadableError
from tensions_cli.files.container import DAMAGE, check_container
from tensions_cli.files.encoding import decode
from tensions_cli.files.xml_tree import local, parse_xml
from tensions_cli.knowledge.code_names import all_codes
from tensions_cli.knowledge.files import read_toml
from tensions_cli.records import ReadCoding, ReadCodings

# A million words coded by machine make 40 MB of `project.qde`; its tree takes some ten times that in memory.
_MAX_PROJECT = 100 * 1024 * 1024

# Texts, coded stretches, memos and names together, in characters. A million words coded by five people make 50
# millions; a small file can name the same text a million times.
_MAX_CHARACTERS = 100_000_000

# Share of coded stretches off word edges above which the positions are held to be counted otherwise (formats.md §9.5).
_MAX_OFF_WORDS = 0.2

_TEXTS = ("TextSource", "Representation", "Transcript", "TextDescription")
_SELECTIONS = ("PlainTextSelection", "TranscriptSelection")
_WITHOUT_TEXT = ("PDFSelection", "PictureSelection", "AudioSelection", "VideoSelection")
_SOURCES = ("PDFSource", "PictureSource", "AudioSource", "VideoSource")
_NOT_READ = ("Case", "Variable", "Note", "Link", "Set", "Graph")
_UNKNOWN = "codeur inconnu"
_INTERNAL = "internal://"
_BOM = "\ufeff"

# Before our own passage id, at the end of a line of the description that `output.qdpx` writes.
_ID = "; id="

_NOTICES = {
    "outside": "textes hors du projet (chemin relatif, absolu ou fichier absent), non lus\u00a0: {}",
    "lost": "passages codés dans ces textes, non lus\u00a0: {}",
    "memo": "passages annotés sans code, non repris\u00a0: {}",
    "dangling": "codes appliqués qui ne sont pas dans la grille du projet, non repris\u00a0: {}",
    "case": "passages rattachés à un cas, qui n’est pas un code\u00a0: {}",
    "position": "passages codés dont la place n’est pas dans le texte, non repris\u00a0: {}",
    "whole": "codes posés sur un document entier, non repris\u00a0: {}",
    "no_text": "codes posés sur une image, un son, une vidéo ou une page de PDF, non repris\u00a0: {}",
    "user": "codeurs absents de la liste du projet, numérotés à la suite\u00a0: {}",
    "renamed": "textes de même nom, distingués par un numéro\u00a0: {}",
    "Case": "cas, non repris\u00a0: {}",
    "Variable": "variables, non reprises\u00a0: {}",
    "Note": "notes et mémos du projet, non repris\u00a0: {}",
    "Link": "liens, non repris\u00a0: {}",
    "Set": "ensembles, non repris\u00a0: {}",
    "Graph": "schémas, non repris\u00a0: {}",
}


@dataclass(frozen=True, slots=True)
class _Content:
    """A canonical text. `entry`: its place in the archive; `doubles`: a line end may count for two characters."""

    text: str
    entry: str
    doubles: bool
    notices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Text:
    """One text that can carry codes, its rank in the project, and what it says."""

    name: str
    rank: int
    content: _Content
    element: _Element


@dataclass(frozen=True, slots=True)
class _Mark:
    """One selection as one coder coded it; `start` and `end` are as the file counts them.

    `ours`: the passage id that we wrote, with the start and end that it says.
    """

    text: int
    rank: int
    start: int
    end: int
    coder: str
    codes: tuple[str, ...]
    memos: tuple[str, ...]
    ours: tuple[str, int, int] | None


@dataclass(frozen=True, slots=True)
class _Unit:
    """A way of counting positions. `doubled`: CRLF is two characters; `shift`: added to what the file says."""

    doubled: bool
    shift: int
    notice: str = ""


# How a selection falls under a unit; people rarely begin or end one on a blank.
_OURS, _NEAT, _LOOSE, _OFF = "ours", "neat", "loose", "off"

_UNITS = (
    _Unit(False, 0),
    _Unit(True, 0, "positions lues en comptant chaque fin de ligne pour deux caractères"),
    _Unit(False, -1, "positions comptées à partir de 1, lues un caractère plus tôt"),
    _Unit(False, 1, "positions en retard d’un caractère, lues un caractère plus loin"),
    _Unit(True, -1, "positions comptées à partir de 1, chaque fin de ligne comptant pour deux caractères"),
    _Unit(True, 1, "positions en retard d’un caractère, chaque fin de ligne comptant pour deux caractères"),
)


def read_qdpx(data: bytes) -> ReadCodings:
    """Read the coded passages of a REFI-QDA project, whatever tool wrote it.

    One coding for each stretch and coder, with all the codes that the coder gave it; a code is named as in the
    project, with its parents (`Parent/code`) only where the name alone is ambiguous. Raises `UnreadableError` when
    the archive or its XML is unsafe or damaged, or when positions fit no known way of counting.
    """
    counts: Counter[str] = Counter()
    try:
        check_container(data, "l’outil qui l’a exporté")
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            root = _project(archive)
            files = {info.filename.lower(): info for info in archive.infolist() if not info.is_dir()}
            texts = list(_texts(root, archive, files, counts))
            notes = dict(_notes(root, archive, files, counts))
    except DAMAGE:
        raise UnreadableError(
            "corrupt", "l’archive du projet est abîmée\u00a0: exportez le projet de nouveau"
        ) from None
    coders = _coders(root)
    listed = len(coders)
    marks = _marks(texts, _codes(root, counts), _cases(root), coders, notes, counts)
    counts["user"] = len(coders) - listed
    counts.update(_left_out(root))
    lines = [_line_starts(text.content) for text in texts]
    unit = _unit(texts, marks, lines)
    codings = tuple(_codings(texts, marks, lines, unit, counts))
    notices = [unit.notice] if unit.notice else []
    notices += [said.format(counts[kind]) for kind, said in _NOTICES.items() if counts[kind]]
    notices += [f"{text.content.entry}\u00a0: {notice}" for text in texts for notice in text.content.notices]
    return ReadCodings(codings, {text.name: text.content.text for text in texts}, tuple(notices))


def _project(archive: zipfile.ZipFile) -> _Element:
    """The root of the one `.qde` file beside the folder of texts; ATLAS.ti names it after the project."""
    found = [info for info in archive.infolist() if re.fullmatch(r"[^/\\]+\.qde", info.filename, re.IGNORECASE)]
    if len(found) != 1:
        raise UnreadableError(
            "corrupt",
            "ce n’est pas un projet REFI-QDA (un seul fichier .qde attendu à la racine de l’archive)\u00a0: "
            "exportez le projet de nouveau",
        )
    if found[0].file_size > _MAX_PROJECT:
        raise UnreadableError(
            "too_large", "le projet est trop gros pour être lu\u00a0: exportez-le en plusieurs parties"
        )
    root, _ = parse_xml(archive.read(found[0]))
    if local(root) != "Project":
        raise UnreadableError(
            "corrupt", "le fichier .qde n’est pas un projet REFI-QDA\u00a0: exportez le projet de nouveau"
        )
    return root


def _texts(
    root: _Element, archive: zipfile.ZipFile, files: Mapping[str, zipfile.ZipInfo], counts: Counter[str]
) -> Iterator[_Text]:
    """Every text that can carry codes: sources, the words of PDFs, transcripts of recordings."""
    taken: Counter[str] = Counter()
    for number, element in enumerate(_named(root, *_TEXTS), 1):
        found = _content(element, archive, files)
        if found is None:
            counts["outside"] += 1
            counts["lost"] += sum(1 for one in _children(element, *_SELECTIONS) if _codings_of(one))
            continue
        wanted = _name(element) or f"texte {number}"
        _spend(counts, len(wanted) + len(found.text))
        name = _free(wanted, taken)
        counts["renamed"] += name != wanted
        yield _Text(name, number, found, element)


def _spend(counts: Counter[str], characters: int) -> None:
    """Count what is kept in memory; refuse a project that swells beyond reason."""
    counts["characters"] += characters
    if counts["characters"] > _MAX_CHARACTERS:
        raise UnreadableError(
            "too_large", "le projet se déploie en un volume anormal\u00a0: exportez-le en plusieurs parties"
        )


def _named(root: _Element, *names: str) -> Iterator[_Element]:
    """Elements of these names, whatever version of the schema they declare."""
    return root.iter(*(f"{{*}}{name}" for name in names))


def _children(element: _Element, *names: str) -> Iterator[_Element]:
    return element.iterchildren(*(f"{{*}}{name}" for name in names))


def _name(element: _Element) -> str:
    """The name of a source; the text inside a PDF or a recording goes by the name of what it comes from."""
    if local(element) == "TextSource":
        return element.get("name", "")
    parent = element.getparent()
    outer = "" if parent is None else parent.get("name", "")
    return outer or element.get("name", "")


def _free(name: str, taken: Counter[str]) -> str:
    """The name, numbered when another text has it already."""
    while True:
        taken[name] += 1
        if taken[name] == 1:
            return name
        name = f"{name} ({taken[name]})"


def _content(element: _Element, archive: zipfile.ZipFile, files: Mapping[str, zipfile.ZipInfo]) -> _Content | None:
    """The text of a source or of a note; None when it is not in the archive."""
    info = _file(element.get("plainTextPath", ""), files)
    if info is not None:
        data = archive.read(info)
        decoded = decode(data)
        return _Content(decoded.text, info.filename, b"\r" in data, decoded.notices)
    inline = next(_children(element, "PlainTextContent"), None)
    if inline is None:
        return None
    # XML made LF of whatever the line ends were.
    text = (inline.text or "").replace("\r\n", "\n").replace("\r", "\n").removeprefix(_BOM)
    return _Content(text, "le fichier .qde", True)


def _file(path: str, files: Mapping[str, zipfile.ZipInfo]) -> zipfile.ZipInfo | None:
    """The member that a path names; nothing outside the archive is ever opened."""
    inside = path.removeprefix(_INTERNAL).lstrip("/").lower()
    return files.get(f"sources/{inside}")


def _notes(
    root: _Element, archive: zipfile.ZipFile, files: Mapping[str, zipfile.ZipInfo], counts: Counter[str]
) -> Iterator[tuple[str, str]]:
    """GUID → words of every note: memos of selections and codings point there."""
    for note in _named(root, "Note"):
        found = _content(note, archive, files)
        if found is not None:
            _spend(counts, len(found.text))
            yield _guid(note.get("guid")), found.text.strip()


def _guid(written: str | None) -> str:
    """Tools write GUIDs in either case, with or without braces."""
    return (written or "").strip().strip("{}").upper()


def _codes(root: _Element, counts: Counter[str]) -> dict[str, str]:
    """GUID → name of every code. Ours are found whether they are nested in their family or named `Famille/nom`."""
    paths: dict[_Element | None, str] = {}
    leaves: Counter[str] = Counter()
    for code in _named(root, "Code"):
        above, name = paths.get(code.getparent()), code.get("name", "")
        paths[code] = name if above is None else f"{above}/{name}"
        leaves[name] += 1
        _spend(counts, len(paths[code]))
    ours = {f"{code.family}/{code.name}": code.name for code in all_codes()}
    return {
        _guid(code.get("guid")): ours.get(path) or (path if leaves[name] > 1 else name)
        for code, path in paths.items()
        if code is not None
        for name in [code.get("name", "")]
    }


def _cases(root: _Element) -> frozenset[str]:
    """NVivo codes the text of a case under the GUID of the case."""
    return frozenset(_guid(case.get("guid")) for case in _named(root, "Case"))


def _coders(root: _Element) -> defaultdict[str, str]:
    """GUID → name of every user: machines and pseudonyms as they are, people numbered in the order of the project.

    A user who is not listed gets the next number when first looked up.
    """
    users = {_guid(user.get("guid")): user.get("name", "") for user in _named(root, "User")}
    impersonal = re.compile(read_toml("qda.toml")["impersonal_users"])
    kept = {guid: name for guid, name in users.items() if impersonal.fullmatch(name)}
    taken = frozenset(kept.values())
    free = (name for name in (f"codeur {number}" for number in count(1)) if name not in taken)
    return defaultdict(lambda: next(free), {guid: kept.get(guid) or next(free) for guid in users})


def _marks(
    texts: Sequence[_Text],
    codes: Mapping[str, str],
    cases: frozenset[str],
    coders: defaultdict[str, str],
    notes: Mapping[str, str],
    counts: Counter[str],
) -> list[_Mark]:
    """Every selection with a code of the project, once for each coder."""
    marks = []
    for at, text in enumerate(texts):
        points = {_guid(one.get("guid")): one.get("position", "") for one in _children(text.element, "SyncPoint")}
        for rank, selection in enumerate(_children(text.element, *_SELECTIONS), 1):
            codings = _codings_of(selection)
            counts["memo"] += not codings
            given = _given(selection, codings, codes, cases, coders, counts)
            if not given:
                continue
            span = _span(selection, points)
            if span is None:
                counts["position"] += 1
                continue
            for coder, (names, own) in given.items():
                memos = _memos([selection, *own], notes)
                marks.append(_Mark(at, rank, *span, coder, tuple(names), memos, _ours(memos)))
    return marks


def _codings_of(element: _Element) -> list[_Element]:
    return list(_children(element, "Coding"))


def _given(
    selection: _Element,
    codings: Sequence[_Element],
    codes: Mapping[str, str],
    cases: frozenset[str],
    coders: defaultdict[str, str],
    counts: Counter[str],
) -> dict[str, tuple[dict[str, None], list[_Element]]]:
    """Coder → names of the codes given, and the codings themselves."""
    given: dict[str, tuple[dict[str, None], list[_Element]]] = {}
    for coding in codings:
        target = next((_guid(one.get("targetGUID")) for one in _children(coding, "CodeRef")), "")
        if target in cases:
            counts["case"] += 1
        elif target not in codes:
            counts["dangling"] += 1
        else:
            names, own = given.setdefault(_author(coding, selection, coders), ({}, []))
            names[codes[target]] = None
            own.append(coding)
    return given


def _author(coding: _Element, selection: _Element, coders: defaultdict[str, str]) -> str:
    """Who coded; some tools say only who changed last, or say it of the selection."""
    said = (one.get(key) for one in (coding, selection) for key in ("creatingUser", "modifyingUser"))
    guid = next((_guid(one) for one in said if one), None)
    return _UNKNOWN if guid is None else coders[guid]


def _span(selection: _Element, points: Mapping[str, str]) -> tuple[int, int] | None:
    """Start and end as written; a transcript gives them through points of synchronisation."""
    if local(selection) == "TranscriptSelection":
        written = [points.get(_guid(selection.get(key)), "") for key in ("fromSyncPoint", "toSyncPoint")]
    else:
        written = [selection.get(key, "") for key in ("startPosition", "endPosition")]
    # Nine digits: no text is longer than that, and Python refuses to turn thousands of digits into a number.
    if not all(re.fullmatch(r"[+-]?[0-9]{1,9}", one.strip()) for one in written):
        return None
    return int(written[0]), int(written[1])


def _memos(elements: Iterable[_Element], notes: Mapping[str, str]) -> tuple[str, ...]:
    """Descriptions and notes of a selection and of its codings."""
    said: list[str] = []
    for element in elements:
        said += [one.text or "" for one in _children(element, "Description")]
        said += [notes.get(_guid(one.get("targetGUID")), "") for one in _children(element, "NoteRef")]
    return tuple(dict.fromkeys(text.strip() for text in said if text.strip()))


def _ours(memos: Iterable[str]) -> tuple[str, int, int] | None:
    """The passage id that we wrote, as long as the memo was kept; the stretch may have been moved since."""
    for line in (line for memo in memos for line in memo.split("\n") if _ID in line):
        said = line.rpartition(_ID)[2].strip()
        span = re.fullmatch(r"([0-9]{1,9})-([0-9]{1,9})", said.rpartition("#")[2])
        if span:
            return said, int(span[1]), int(span[2])
    return None


def _left_out(root: _Element) -> Counter[str]:
    """What the project holds besides codes on text."""
    counts = Counter({name: sum(1 for _ in _named(root, name)) for name in _NOT_READ})
    counts["no_text"] = sum(len(_codings_of(one)) for one in _named(root, *_WITHOUT_TEXT))
    counts["whole"] = sum(len(_codings_of(one)) for one in _named(root, *_SOURCES, *_TEXTS))
    return counts


def _unit(texts: Sequence[_Text], marks: Sequence[_Mark], lines: Sequence[Sequence[int]]) -> _Unit:
    """The way of counting under which selections fall best. One tool wrote the project: one unit for all its texts."""
    if not marks:
        return _UNITS[0]
    falls = {unit: Counter(_fall(mark, texts, lines, unit) for mark in marks) for unit in _UNITS}
    # Between equals the first one, which is the most common.
    best = min(_UNITS, key=lambda unit: (-falls[unit][_OURS], falls[unit][_OFF], falls[unit][_LOOSE]))
    off = falls[best][_OFF]
    if off > _MAX_OFF_WORDS * len(marks):
        astray = (mark for mark in marks if _fall(mark, texts, lines, best) == _OFF)
        worst, _ = Counter(texts[mark.text].content.entry for mark in astray).most_common(1)[0]
        raise UnreadableError(
            "corrupt",
            f"les positions des codes ne tombent pas sur des mots ({off} passages sur {len(marks)}, "
            f"surtout dans {worst})\u00a0: exportez le projet de nouveau, sans modifier ses textes",
        )
    return best


def _fall(mark: _Mark, texts: Sequence[_Text], lines: Sequence[Sequence[int]], unit: _Unit) -> str:
    """How well a selection falls under a unit: where our own id says, on whole words, or off them."""
    text = texts[mark.text].content.text
    start, end = _place(mark, lines, unit)
    if mark.ours and mark.ours[1:] == (start, end):
        return _OURS
    if not 0 <= start < end <= len(text) or _inside_word(text, start) or _inside_word(text, end):
        return _OFF
    return _LOOSE if text[start].isspace() or text[end - 1].isspace() else _NEAT


def _line_starts(content: _Content) -> Sequence[int]:
    """Where each line begins when a line end before it counts for two characters."""
    ends = re.finditer("\n", content.text) if content.doubles else ()
    return array("Q", (found.end() + number for number, found in enumerate(ends, 1)))


def _place(mark: _Mark, lines: Sequence[Sequence[int]], unit: _Unit) -> tuple[int, int]:
    """Start and end in code points of the canonical text."""
    start, end = mark.start + unit.shift, mark.end + unit.shift
    if unit.doubled:
        starts = lines[mark.text]
        return start - bisect_right(starts, start), end - bisect_right(starts, end)
    return start, end


def _inside_word(text: str, at: int) -> bool:
    return 0 < at < len(text) and _of_word(text[at - 1]) and _of_word(text[at])


def _of_word(character: str) -> bool:
    """Letters, digits, and accents that are characters of their own."""
    return character.isalnum() or category(character).startswith("M")


def _codings(
    texts: Sequence[_Text], marks: Sequence[_Mark], lines: Sequence[Sequence[int]], unit: _Unit, counts: Counter[str]
) -> Iterator[ReadCoding]:
    """One coding for each stretch and coder: QualCoder writes a selection for each code."""
    alike: dict[tuple[int, int, int, str], list[_Mark]] = {}
    for mark in marks:
        start, end = _place(mark, lines, unit)
        if 0 <= start < end <= len(texts[mark.text].content.text):
            alike.setdefault((mark.text, start, end, mark.coder), []).append(mark)
        else:
            counts["position"] += 1
    for (at, start, end, coder), same in alike.items():
        memo = "\n".join(dict.fromkeys(memo for mark in same for memo in mark.memos))
        _spend(counts, end - start + len(memo))
        yield ReadCoding(
            place=f"texte {texts[at].rank}, sélection {same[0].rank}",
            id=next((mark.ours[0] for mark in same if mark.ours and mark.ours[1:] == (start, end)), None),
            document=texts[at].name,
            start=start,
            end=end,
            text=texts[at].content.text[start:end],
            coder=coder,
            codes=tuple(dict.fromkeys(code for mark in same for code in mark.codes)),
            memo=memo,
        )
