"""Coded passages of several coders, people and machines, brought together passage by passage."""

import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

from tensions_cli.coding.coders import SHORT, is_machine, numbered
from tensions_cli.coding.names import OUR_ID
from tensions_cli.errors import TensionsError
from tensions_cli.fingerprint import fingerprint
from tensions_cli.knowledge.codebook import codebook, label_of
from tensions_cli.knowledge.sample_design import MOST_WEIGHT
from tensions_cli.output.french import plural, printable
from tensions_cli.records import MIXTE, NEUTRE, Relation
from tensions_cli.studies.gold import SHEETS

_PREFIX = "codeur "
MAX_BYTES = 200_000_000  # of a file of codes: a hundred thousand passages with their texts
LISTED = 5  # identifiers named in a notice

# Why a row has no code to compare, in French: for one, and for several.
LEFT_OUT = {
    "rejected": ("1 ligne rejetée", "{n} lignes rejetées"),
    "not_coded": ("1 ligne sans code", "{n} lignes sans code"),
    "incomplete": ("1 ligne à moitié codée", "{n} lignes à moitié codées"),
    "repeated": ("1 ligne en double", "{n} lignes en double"),
    "contradictory": ("1 passage codé deux fois autrement", "{n} passages codés deux fois autrement"),
}


@dataclass(frozen=True, slots=True)
class Code:
    """What one coder says of one passage. `text` is None where the file does not give it.

    `relations`: by pair of logics. `fields`: the other columns of the row, by which figures can be grouped. `weight`:
    that of the draw.
    """

    coder: str
    id: str
    document: str
    start: int | None
    end: int | None
    text: str | None
    fingerprint: bytes | None
    context: str
    logics: tuple[str, ...]
    relations: Mapping[str, str]
    stance: Mapping[str, str]
    axes: frozenset[str]  # `axis:logic`
    memo: str
    fields: Mapping[str, str]
    weight: float | None

    @property
    def label(self) -> str:
        """The label that the answers give."""
        return label_of(self.logics)

    @property
    def relation(self) -> str | None:
        """The strongest relation between the logics present."""
        return next((name.value for name in Relation if name in self.relations.values()), None)

    @property
    def answers(self) -> tuple[Any, ...]:
        """Everything that was coded, for a comparison."""
        return self.logics, dict(self.relations), dict(self.stance), self.axes


@dataclass(frozen=True, slots=True)
class Coder:
    """Who coded. `left_out`: rows without a code to compare, by reason. `codes_*`: the coder did answer that."""

    name: str
    machine: bool
    passages: int
    left_out: Mapping[str, int]
    codes_stance: bool
    codes_axes: bool


@dataclass(frozen=True, slots=True)
class CodedUnit:
    """One passage with the codes of those who coded it, by name of coder."""

    codes: Mapping[str, Code]

    @property
    def first(self) -> Code:
        """The code of the first coder, whose id the passage keeps."""
        return next(iter(self.codes.values()))

    @property
    def text(self) -> str | None:
        """The text of the passage, where one file gives it."""
        return next((code.text for code in self.codes.values() if code.text is not None), None)

    @property
    def context(self) -> str:
        """The question answered, where one file gives it."""
        return next((code.context for code in self.codes.values() if code.context), "")

    def field(self, name: str) -> str:
        """A column of the passage, from the first coder whose file has it; empty where none has."""
        return next((code.fields[name] for code in self.codes.values() if code.fields.get(name)), "")


@dataclass(frozen=True, slots=True)
class Codings:
    """Coders in the order of their names, people first; passages in the order of the files; `sha256` of each file."""

    coders: tuple[Coder, ...]
    units: tuple[CodedUnit, ...]
    sha256: tuple[str, ...]
    notices: tuple[str, ...]


@dataclass(slots=True)
class _Rows:
    """The codes of one coder in one file."""

    file: int
    account: str
    machine: bool
    codes: dict[str, Code] = field(default_factory=dict)
    left_out: Counter[str] = field(default_factory=Counter)
    contradictory: set[str] = field(default_factory=set)


def read_codings(files: Sequence[Path]) -> Codings:
    """The coders of some files of coded passages (JSON Lines), and their passages, matched.

    A passage is matched by id where the text is the same (or unknown), else by text. Accounts become « codeur 1 »;
    a coder who codes the same passages in two files counts as two. Raises TensionsError, without quoting anything.
    """
    read: list[_Rows] = []
    digests = []
    for rank, file in enumerate(files):
        data = _bytes(file)
        digests.append(sha256(data).hexdigest())
        read += _read_file(data, rank, file)
    if len(set(digests)) < len(digests):
        raise TensionsError(
            "le même fichier de codes est donné deux fois",
            why="un codage comparé à lui-même est toujours d’accord",
            hint="donnez le fichier de chaque codeur, une fois",
        )
    names, notices = _named(read, files)
    coders = _coders(read, names)
    units = _matched(read, names, [coder.name for coder in coders], notices)
    return Codings(tuple(coders), tuple(units), tuple(digests), tuple(notices))


# From a file to codes


def _bytes(file: Path) -> bytes:
    if file.suffix.lower() in SHEETS:
        raise TensionsError(
            f"{printable(file.name)} n’est pas un fichier de passages codés",
            why="un classeur ou un projet se relit d’abord",
            hint=f"tensions coding import {printable(file.name)} --coder A -o A.jsonl, puis tensions coding agreement "
            "A.jsonl B.jsonl",
        )
    try:
        # A pipe or a device would be read without end.
        if file.exists() and (not file.is_file() or file.stat().st_size > MAX_BYTES):
            raise OSError
        return file.read_bytes()
    except OSError as error:
        raise TensionsError(
            f"{printable(file.name)} ne se lit pas",
            why="c’est un dossier"
            if file.is_dir()
            else f"ce n’est pas un fichier ordinaire, ou il dépasse {MAX_BYTES // 1_000_000}\u00a0Mo"
            if file.exists()
            else "le fichier n’existe pas ou ne peut pas être ouvert",
            hint="tensions coding agreement A.jsonl B.jsonl",
        ) from error


def _read_file(data: bytes, rank: int, file: Path) -> list[_Rows]:
    try:
        lines = data.decode("utf-8-sig").split("\n")
    except UnicodeDecodeError as error:
        raise TensionsError(
            f"{printable(file.name)} ne se lit pas",
            why="il n’est pas en UTF-8",
            hint="donnez un fichier JSON Lines en UTF-8",
        ) from error
    found: dict[str, _Rows] = {}
    for number, line in enumerate(lines, 1):
        if line.strip():
            place = f"{printable(file.name)}, ligne {number}"
            row = _object(line, place)
            account, machine = _who(row, file)
            rows = found.setdefault(account, _Rows(rank, account, machine))
            _add(row, rows, place)
    if not any(rows.codes for rows in found.values()):
        raise TensionsError(
            f"{printable(file.name)} ne contient aucun passage codé",
            why=_why_empty(found.values()),
            hint="codez-le (tensions coding annotate), ou donnez sa grille avec --codebook DOSSIER",
        )
    return list(found.values())


def _why_empty(found: Iterable[_Rows]) -> str:
    said = left_out_said(sum((rows.left_out for rows in found), Counter[str]()))
    letters = ", ".join(codebook().letters.values())
    return f"{said or 'il est vide'}\u00a0; la grille employée attend les réponses {letters}"


def left_out_said(left_out: Mapping[str, int]) -> str:
    """« 3 lignes sans code, 1 ligne rejetée »; empty where nothing was left out."""
    return ", ".join(LEFT_OUT[why][n > 1].format(n=n) for why, n in left_out.items() if n)


def _object(line: str, place: str) -> dict[str, Any]:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise _bad(place, "la ligne n’est pas un passage codé") from error
    if not isinstance(row, dict):
        raise _bad(place, "la ligne n’est pas un passage codé")
    return row


def _bad(place: str, why: str) -> TensionsError:
    return TensionsError(f"{place}\u00a0: passage codé refusé", why=why, hint="corrigez la ligne, puis relancez")


def _who(row: Mapping[str, Any], file: Path) -> tuple[str, bool]:
    """The coder as the row names them, else the stem of the file; and whether it is a machine."""
    coded_by, coder = str(row.get("coded_by") or ""), str(row.get("coder") or "").strip()
    if coded_by == "model":
        return coder or str(row.get("model") or "machine"), True
    name = coder or coded_by or file.stem.partition(".")[0]
    return name.removeprefix(_PREFIX) if SHORT.fullmatch(name.removeprefix(_PREFIX)) else name, is_machine(name)


def _add(row: Mapping[str, Any], rows: _Rows, place: str) -> None:
    """One row of a file, among the codes of its coder or among what is left out and why."""
    if row.get("decision") == "rejected":
        rows.left_out["rejected"] += 1
        return
    answers = [row.get(letter) for letter in codebook().letters.values()]
    some = any(answer is not None for answer in answers)
    if some and (None in answers or row.get("finished") is False):  # as `tensions coding annotate` leaves it
        rows.left_out["incomplete"] += 1
        return
    if None in answers and row.get("label") is None:
        rows.left_out["not_coded"] += 1
        return
    code = _code(row, rows.account, place)
    key = code.id or (code.fingerprint or b"").hex()
    known = rows.codes.get(key)
    if key in rows.contradictory or (known is not None and known.answers != code.answers):
        rows.contradictory.add(key)
        rows.codes.pop(key, None)
        rows.left_out["contradictory"] = len(rows.contradictory)
    elif known is not None:
        rows.left_out["repeated"] += 1
    else:
        rows.codes[key] = code


def _code(row: Mapping[str, Any], coder: str, place: str) -> Code:
    name, text = str(row.get("id") or ""), row.get("text")
    if not name and not text:
        raise _bad(place, "ni identifiant ni texte")
    logics = _logics(row, place)
    ours = OUR_ID.fullmatch(name)
    document = row.get("document") or (ours["document"] if ours else row.get("author")) or "?"
    start, end = (int(ours["start"]), int(ours["end"])) if ours else (row.get("start"), row.get("end"))
    return Code(
        coder=coder,
        id=name,
        document=str(document),
        start=start if isinstance(start, int) else None,
        end=end if isinstance(end, int) else None,
        text=None if text is None else str(text),
        fingerprint=fingerprint(str(text)) if text else None,
        context=str(row.get("context") or row.get("question") or ""),
        logics=logics,
        relations=_relations(row, logics, place),
        stance=_stance(row.get("stance"), logics, place),
        axes=_axes(row.get("axes"), logics, place),
        memo=str(row.get("memo") or ""),
        fields=_fields(row),
        weight=_weight(row.get("weight")),
    )


def _fields(row: Mapping[str, Any]) -> dict[str, str]:
    """What figures can be grouped by: the plain columns of the row, and its metadata."""
    metadata = row.get("metadata")
    nested = metadata if isinstance(metadata, dict) else {}
    plain = {str(name): value for name, value in row.items() if isinstance(value, str | int) and name != "text"}
    return {name: str(value) for name, value in (nested | plain).items() if value not in (None, "")}


def _weight(value: object) -> float | None:
    """None for what is no weight: NaN, a negative or an absurd number would make nonsense of figures."""
    good = isinstance(value, int | float) and not isinstance(value, bool) and 0 < value <= MOST_WEIGHT
    return float(value) if isinstance(value, int | float) and good else None


def _logics(row: Mapping[str, Any], place: str) -> tuple[str, ...]:
    """The logics present: by the answers yes or no, else by the label (rows of `tensions tag`)."""
    book = codebook()
    answers = [row.get(letter) for letter in book.letters.values()]
    if None not in answers:
        if not all(isinstance(answer, bool) for answer in answers):
            raise _bad(place, f"les réponses {', '.join(book.letters.values())} sont true ou false")
        return book.present([bool(answer) for answer in answers])
    label = row["label"]
    if label not in book.labels:
        raise _bad(place, "étiquette absente de la grille (--codebook DOSSIER en donne une autre)")
    if label == NEUTRE:
        return ()
    if label != MIXTE:
        return (str(label),)
    named = row.get("logics")
    pairs = row.get("relations") or row.get("relation")
    if isinstance(named, list):
        present = set(map(str, named))
    elif not book.by_pair:
        present = set(book.poles)
    else:
        present = {one for pair in pairs for one in str(pair).split("+")} if isinstance(pairs, dict) else set()
    if len(present) < 2 or not present <= set(book.poles):
        raise _bad(place, "mixte, sans que la ligne dise quelles logiques")
    return tuple(pole for pole in book.poles if pole in present)


def _relations(row: Mapping[str, Any], logics: tuple[str, ...], place: str) -> dict[str, str]:
    """Relations by pair; none where they were not coded."""
    book = codebook()
    pairs = book.pairs_of(logics)
    given = row.get("relations") or row.get("relation") or {}
    if isinstance(given, str) and len(pairs) == 1:
        given = {pairs[0]: given}
    if isinstance(given, str) and book.by_pair and given in book.relations:
        return {}  # the strongest alone: which pair it is of is not said
    if not isinstance(given, dict):
        raise _bad(place, "une relation va avec un passage mixte, et seulement avec lui")
    found = {str(pair): str(name) for pair, name in given.items() if name}
    if not set(found) <= set(pairs):
        raise _bad(place, "une relation va avec un passage mixte, et seulement avec lui")
    if not set(found.values()) <= set(book.relations):
        raise _bad(place, "relation inconnue de la grille")
    return found


def _stance(given: object, logics: tuple[str, ...], place: str) -> dict[str, str]:
    book = codebook()
    found = {str(pole): str(name) for pole, name in given.items() if name} if isinstance(given, dict) else {}
    if any(pole not in logics or name not in book.stances[pole] for pole, name in found.items()):
        raise _bad(place, "posture inconnue de la grille, ou d’une logique absente")
    return {pole: found[pole] for pole in book.poles if pole in found}


def _axes(given: object, logics: tuple[str, ...], place: str) -> frozenset[str]:
    if not isinstance(given, dict):
        return frozenset()
    found = [(str(axis), poles) for axis, poles in given.items() if poles]
    if any(axis not in codebook().axes or not isinstance(poles, list) for axis, poles in found):
        raise _bad(place, "axe inconnu de la grille")
    if not {pole for _, poles in found for pole in poles} <= set(logics):
        raise _bad(place, "un axe ne peut porter que les logiques du passage")
    return frozenset(f"{axis}:{pole}" for axis, poles in found for pole in poles)


# Who coded


def _named(read: list[_Rows], files: Sequence[Path]) -> tuple[dict[tuple[int, str], str], list[str]]:
    """The name outside of each coder of each file, and what the user must know of names."""
    notices = []
    account = {(rows.file, rows.account): rows.account for rows in read}
    twice = _in_two_files(read)
    for key in account:
        # « codeur 1 » is what an import calls somebody whom the file did not name: the file names them then.
        if key[1] in twice and key[1].removeprefix(_PREFIX).isdecimal():
            account[key] = files[key[0]].stem.partition(".")[0]
    machines = {account[rows.file, rows.account] for rows in read if rows.machine}
    public = {name: name for name in account.values() if SHORT.fullmatch(name)}
    public |= numbered({name for name in account.values() if name not in public}, machines)
    names = {key: public[name] for key, name in account.items()}
    for name in sorted({names[key] for key in names if key[1] in twice}):
        same = [key for key in names if names[key] == name]
        if len(same) > 1:
            for rank, key in enumerate(sorted(same), 1):
                names[key] = f"{name} ({rank})"
            told = ", ".join(f"{names[key]}\u00a0= {printable(files[key[0]].name)}" for key in sorted(same))
            notices.append(
                f"{name} code les mêmes passages dans deux fichiers\u00a0: comparés comme deux codages ({told})."
            )
    told = ", ".join(
        f"{name}\u00a0= {printable(files[file].name)}"
        for (file, raw), name in sorted(names.items(), key=lambda item: item[1])
        if name.startswith(_PREFIX) and name != raw
    )
    if told:
        notices.append(f"Noms des codeurs remplacés\u00a0: {told}.")
    return names, notices


def _in_two_files(read: Sequence[_Rows]) -> set[str]:
    """Accounts that code a same passage in two files."""
    seen: dict[tuple[str, object], int] = {}
    twice = set()
    for rows in read:
        for code in rows.codes.values():
            # Not by text where there is an id: short answers come back in every interview.
            if seen.setdefault((rows.account, code.id or code.fingerprint), rows.file) != rows.file:
                twice.add(rows.account)
    return twice


def _coders(read: Sequence[_Rows], names: Mapping[tuple[int, str], str]) -> list[Coder]:
    found = []
    for name in sorted(set(names.values()), key=_in_order):
        own = [rows for rows in read if names[rows.file, rows.account] == name]
        codes = [code for rows in own for code in rows.codes.values()]
        if codes:
            found.append(
                Coder(
                    name=name,
                    machine=own[0].machine,
                    passages=len(codes),
                    left_out=dict(sum((rows.left_out for rows in own), Counter[str]())),
                    codes_stance=any(code.stance for code in codes),
                    codes_axes=any(code.axes for code in codes),
                )
            )
    return sorted(found, key=lambda coder: coder.machine)


def _in_order(name: str) -> tuple[tuple[int, str], ...]:
    """« codeur 9 » before « codeur 10 »."""
    return tuple((int(part), "") if part.isdecimal() else (-1, part) for part in re.split(r"(\d+)", name) if part)


# From codes to passages


def _matched(
    read: Sequence[_Rows], names: Mapping[tuple[int, str], str], order: Sequence[str], notices: list[str]
) -> list[CodedUnit]:
    """The passages with everyone's codes. A passage takes one code of a coder."""
    by_coder: dict[str, list[Code]] = {name: [] for name in order}
    for rows in read:
        name = names[rows.file, rows.account]
        if name in by_coder:
            by_coder[name] += [replace(code, coder=name) for code in rows.codes.values()]
    units: list[dict[str, Code]] = []
    by_id: dict[str, list[int]] = {}
    by_text: dict[bytes, list[int]] = {}
    changed: list[str] = []
    moved = 0
    for name, codes in by_coder.items():
        rest = []
        for code in codes:
            same_id = [at for at in by_id.get(code.id, ()) if code.id]
            place = next((at for at in same_id if name not in units[at] and _same_text(units[at], code)), None)
            if place is None:
                rest.append(code)
                changed += [code.id] if same_id else []
            else:
                units[place][name] = code
        for code in rest:
            free = [at for at in by_text.get(code.fingerprint or b"", ()) if name not in units[at]]
            place = next((at for at in free if _document(units[at]) == code.document), free[0] if free else None)
            if place is None:
                place = len(units)
                units.append({})
            else:
                moved += 1
            units[place][name] = code
        for at, unit in enumerate(units):
            if name in unit:
                code = unit[name]
                if at not in by_id.setdefault(code.id, []):
                    by_id[code.id].append(at)
                if code.fingerprint and at not in by_text.setdefault(code.fingerprint, []):
                    by_text[code.fingerprint].append(at)
    if moved:
        notices.append(
            f"{plural(moved, 'passage apparié', 'passages appariés')} par le texte, l’identifiant n’étant pas le même."
        )
    if changed:
        some = ", ".join(map(printable, sorted(set(changed))[:LISTED])) + ("…" if len(set(changed)) > LISTED else "")
        notices.append(
            f"{plural(len(set(changed)), 'identifiant')} dont le texte n’est pas le même d’un codeur à l’autre, non "
            f"{'apparié' if len(set(changed)) < 2 else 'appariés'} par l’identifiant\u00a0: {some}."
        )
    return [CodedUnit(unit) for unit in units]


def _same_text(unit: Mapping[str, Code], code: Code) -> bool:
    """The texts agree, or one of them is not known."""
    known = {other.fingerprint for other in unit.values() if other.fingerprint}
    return not known or code.fingerprint is None or code.fingerprint in known


def _document(unit: Mapping[str, Code]) -> str:
    return next(iter(unit.values())).document
