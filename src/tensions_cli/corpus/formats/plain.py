"""Plain text: lines into blocks, front matter, IRaMuTeQ marks.

Also holds what every reader ends with: `assemble`, which lays extracted lines out as one canonical
text with its blocks and zones.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from tensions_cli.corpus.encoding import Decoded, decode
from tensions_cli.corpus.sources import SourceFile
from tensions_cli.knowledge.files import read_toml
from tensions_cli.records import Block, BlockKind, Document, Skipped, Zone, ZoneKind

# Widths between which lines may have been wrapped by an editor or a mail program: conventions go from
# 60 to 80 columns, some exports to 120; a longer line in the run proves that nobody wrapped it.
_WRAP_WIDTHS = range(40, 121)

# One cut in three: the verse-like lines of the letters and leaflets looked at have two in three, lists of
# menus and of charters none.
_CUTS_OF_A_PARAGRAPH = 3

# A longer front matter is not one: it would be a whole file between two rules.
_FRONT_MATTER_MAX = 20_000

_FRONT_MATTER = re.compile(r"---[ \t]*\n(?P<yaml>.*?)\n(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL)

_VISIBLE = re.compile(r"\S(?:.*\S)?", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Line:
    """A piece of extracted text that will be one block, or part of a zone when `zone` is set."""

    text: str
    kind: BlockKind = BlockKind.PARAGRAPH
    emphasis: bool = False
    voice: str | None = None
    time_start: float | None = None
    time_end: float | None = None
    zone: tuple[ZoneKind, str] | None = None


@dataclass(frozen=True, slots=True)
class FrontMatter:
    """What a text says of itself before it begins; `end` is where the text goes on (0: nothing)."""

    metadata: Mapping[str, str]
    end: int
    notices: tuple[str, ...] = ()


def read_plain(data: bytes, file: SourceFile) -> Iterator[Document | Skipped]:
    """Read a .txt file or the standard input.

    One document, or one per text of an IRaMuTeQ corpus that holds several.
    """
    decoded = decode(data)
    marks = _iramuteq_marks(decoded.text)
    if marks:
        yield from _iramuteq(decoded, marks, file)
        return
    front = front_matter(decoded.text)
    zones = _zone(decoded.text, 0, front.end, ZoneKind.METADATA, "en-tête du fichier")
    yield Document(
        id=file.id,
        source=file.name,
        format="txt",
        text=decoded.text,
        blocks=tuple(blocks_of(decoded.text, front.end)),
        zones=zones,
        metadata=front.metadata,
        encoding=decoded.encoding,
        notices=(*decoded.notices, *front.notices, *_lookalikes(decoded.text)),
    )


def visible(text: str, start: int, end: int) -> tuple[int, int] | None:
    """The stretch from the first to the last visible character, None when there is none."""
    found = _VISIBLE.search(text, start, end)
    return None if found is None else found.span()


def assemble(lines: Iterable[Line]) -> tuple[str, tuple[Block, ...], tuple[Zone, ...]]:
    """Lay lines out one under the other: canonical text, blocks, zones.

    Blank lines are left out. Neighbours of the same zone become one zone.
    """
    parts: list[str] = []
    blocks: list[Block] = []
    zones: list[Zone] = []
    at = 0
    previous: tuple[ZoneKind, str] | None = None
    for line in lines:
        span = visible(line.text, 0, len(line.text))
        if span is None:
            continue
        start, end = at + span[0], at + span[1]
        if line.zone is None:
            blocks.append(Block(start, end, line.kind, line.emphasis, line.voice, line.time_start, line.time_end))
        elif line.zone == previous:
            zones[-1] = Zone(zones[-1].start, end, *line.zone)
        else:
            zones.append(Zone(start, end, *line.zone))
        previous = line.zone
        parts.append(line.text)
        at += len(line.text) + 1
    return "\n".join(parts), tuple(blocks), tuple(zones)


def blocks_of(text: str, start: int = 0, end: int | None = None) -> list[Block]:
    """Blocks of a stretch of plain text: its lines, hard-wrapped lines joined into one block."""
    blocks = []
    for run in _runs(text, start, len(text) if end is None else end):
        for lines in _unwrapped(text, run):
            first, last = lines[0][0], lines[-1][1]
            kind = BlockKind.ITEM if _pattern("item").match(text, first, last) else BlockKind.PARAGRAPH
            blocks.append(Block(first, last, kind))
    return blocks


def front_matter(text: str) -> FrontMatter:
    """The YAML front matter of a text, all values as text; nothing when it is not a mapping."""
    import yaml

    found = _FRONT_MATTER.match(text, 0, _FRONT_MATTER_MAX)
    if found is None:
        return FrontMatter({}, 0)
    try:
        # BaseLoader builds strings, lists and mappings only: safe, and `007` or `non` stay what they are.
        loaded = yaml.load(found["yaml"], Loader=yaml.BaseLoader)  # noqa: S506
    except (yaml.YAMLError, ValueError, RecursionError):
        notice = "en-tête YAML illisible, lu comme du texte : vérifiez ses deux-points et ses guillemets"
        return FrontMatter({}, 0, (notice,) if re.search(r"^\w+:", found["yaml"], re.MULTILINE) else ())
    if not isinstance(loaded, dict):
        return FrontMatter({}, 0)
    metadata = {str(key): value for key, value in map(_flat, loaded.items()) if value}
    return FrontMatter(metadata, found.end())


def _flat(item: tuple[Any, Any]) -> tuple[str, str]:
    """A metadata value as text; a list is joined, a nested mapping left out (YAML aliases can swell)."""
    key, value = item
    if isinstance(value, list):
        return key, "|".join(part.strip() for part in value if isinstance(part, str))
    return key, value.strip() if isinstance(value, str) else ""


@cache
def _pattern(name: str) -> re.Pattern[str]:
    return re.compile(read_toml("reading.toml")["lines"][name])


def _runs(text: str, start: int, end: int) -> Iterator[list[tuple[int, int]]]:
    """Groups of lines between blank lines, each line by its first and last visible character."""
    run: list[tuple[int, int]] = []
    at = start
    while at <= end:
        stop = text.find("\n", at, end)
        stop = end if stop < 0 else stop
        span = visible(text, at, stop)
        if span is not None:
            run.append(span)
        elif run:
            yield run
            run = []
        at = stop + 1
    if run:
        yield run


def _unwrapped(text: str, run: Sequence[tuple[int, int]]) -> list[list[tuple[int, int]]]:
    """Join the lines of a run that an editor, or an author of leaflets, broke.

    A line broken by an editor is full: the first word of the next one did not fit. A run counts as
    hard-wrapped when at least half of its full lines stop in mid-sentence before a lower-case word. In a
    leaflet lines are cut by sense: where a third of the cuts fall in mid-sentence, the run is a paragraph.
    """
    widths = [end - start for start, end in run]
    width = max(widths)
    goes_on = [
        not _pattern("opening").match(text, *following) and not _pattern("item").match(text, *following)
        for following in run[1:]
    ]
    full = [
        width in _WRAP_WIDTHS and widths[i] + 1 + _first_word(text, *run[i + 1]) > width and goes_on[i]
        for i in range(len(run) - 1)
    ]
    cut = [goes_on[i] and _mid_sentence(text, run[i], run[i + 1]) for i in range(len(run) - 1)]
    broken = [i for i, is_full in enumerate(full) if is_full and cut[i]]
    wrapped = bool(broken) and 2 * len(broken) >= sum(full)
    paragraph = any(cut) and _CUTS_OF_A_PARAGRAPH * sum(cut) >= len(cut)
    groups = [[run[0]]]
    for i, line in enumerate(run[1:]):
        if (wrapped and full[i]) or cut[i] or (paragraph and goes_on[i]):
            groups[-1].append(line)
        else:
            groups.append([line])
    return groups


def _first_word(text: str, start: int, end: int) -> int:
    return len(text[start:end].split(None, 1)[0])


def _mid_sentence(text: str, line: tuple[int, int], following: tuple[int, int]) -> bool:
    """A line of words that ends no sentence, before a lower-case word."""
    if not text[following[0]].islower() or _pattern("sentence_end").search(text, *line):
        return False
    return any(character.isalpha() for character in text[line[0] : line[1]])


def _zone(text: str, start: int, end: int, kind: ZoneKind, detail: str) -> tuple[Zone, ...]:
    span = visible(text, start, end)
    return () if span is None else (Zone(*span, kind, detail),)


def _lookalikes(text: str) -> tuple[str, ...]:
    """Notices for a .txt whose content is another format; it is read as prose all the same."""
    patterns = read_toml("reading.toml")["lookalikes"]
    if re.match(patterns["html"], text, re.IGNORECASE):
        return ("ce fichier ressemble à une page web : renommez-le en .html pour retirer ses balises",)
    if re.match(patterns["lexico"], text):
        return ("ce fichier porte des clés Lexico ou Hyperbase : elles sont lues comme du texte",)
    first = text.lstrip().partition("\n")[0].strip()
    if first[:1] in ("{", "[") and _is_json(first, text):
        return ("ce fichier ressemble à du JSON : renommez-le en .jsonl pour que chaque ligne soit un texte",)
    return ()


def _is_json(first_line: str, text: str) -> bool:
    for candidate in (first_line, text):
        try:
            return isinstance(json.loads(candidate), dict | list)
        except (ValueError, RecursionError):
            continue
    return False


@dataclass(frozen=True, slots=True)
class _Mark:
    """One IRaMuTeQ star line: where it is, its number in the file (from 1), its variables, its defects."""

    start: int
    end: int
    number: int
    variables: Mapping[str, str]
    defects: tuple[str, ...]


def _iramuteq_marks(text: str) -> list[_Mark]:
    """The star lines of an IRaMuTeQ corpus; none when no line bears a mark with a variable."""
    rules = read_toml("reading.toml")["iramuteq"]
    certain = re.compile(f"{rules['header']}|{rules['numbered']}")
    bare = re.compile(rules["bare"])
    if "*" not in text:
        return []
    marks: list[_Mark] = []
    with_variable = False
    at = 0
    for number, line in enumerate(text.split("\n"), start=1):
        if certain.match(line):
            with_variable = True
            marks.append(_mark(line, at, number))
        elif bare.match(line):
            marks.append(_Mark(at, at + len(line), number, {}, ()))
        at += len(line) + 1
    return marks if with_variable else []


def _mark(line: str, at: int, number: int) -> _Mark:
    """Read the variables of a star line; what IRaMuTeQ would refuse is read too, and named."""
    variables: dict[str, str] = {}
    defects = ["espace avant ****"] if line[:1].isspace() else []
    last = None
    for token in line.split()[1:]:
        name, _, value = token.lstrip("*").partition("_")
        if not token.startswith("*"):
            defects.append("espace dans une valeur")
            if last is not None:
                variables[last] = f"{variables[last]} {token}".strip()
        elif not name:
            defects.append("étoile isolée")
        elif name in variables:
            defects.append("variable répétée")
        else:
            variables[name] = value
            last = name
    if any(not value for value in variables.values()):
        defects.append("variable sans valeur")
    kept = {name: value for name, value in variables.items() if value}
    return _Mark(at, at + len(line), number, kept, tuple(dict.fromkeys(defects)))


def _iramuteq(decoded: Decoded, marks: Sequence[_Mark], file: SourceFile) -> Iterator[Document | Skipped]:
    """One document per star line; the text before the first one is a document of its own."""
    text = decoded.text
    notices = (*decoded.notices, *_defects(marks))
    if visible(text, 0, marks[0].start) is not None:
        said = "du texte précède la première ligne ****, qu’IRaMuTeQ ignorerait : il est gardé à part"
        yield _iramuteq_text(decoded, 0, None, marks[0].start, f"{file.id}#0", file, (*notices, said))
        notices = ()
    several = len(marks) > 1
    for rank, mark in enumerate(marks, start=1):
        end = marks[rank].start if rank < len(marks) else len(text)
        name = f"{file.id}#{rank}" if several else file.id
        document = _iramuteq_text(decoded, mark.start, mark, end, name, file, notices)
        if document.blocks:
            yield document
            notices = ()  # what is said of the file is said once
        else:
            detail = f"texte vide sous la ligne {mark.number} : complétez-le ou retirez sa ligne ****"
            yield Skipped(file.name, "empty", detail)


def _defects(marks: Sequence[_Mark]) -> tuple[str, ...]:
    named = [f"ligne {mark.number} ({', '.join(mark.defects)})" for mark in marks if mark.defects]
    if not named:
        return ()
    more = f" et {len(named) - 10} autres" if len(named) > 10 else ""
    return (f"lignes **** défectueuses, lues au mieux : {', '.join(named[:10])}{more}",)


def _iramuteq_text(
    decoded: Decoded,
    start: int,
    mark: _Mark | None,
    end: int,
    name: str,
    file: SourceFile,
    notices: tuple[str, ...],
) -> Document:
    """The document made of `text[start:end]`; its star line and theme lines are zones."""
    text = decoded.text[start:end]
    theme = re.compile(read_toml("reading.toml")["iramuteq"]["theme"])
    zones: list[Zone] = []
    blocks: list[Block] = []
    at = 0
    if mark is not None:
        at = mark.end - start
        zones += _zone(text, 0, at, ZoneKind.METADATA, "ligne étoilée IRaMuTeQ")
    body = at
    for line in text[body:].split("\n"):
        stop = at + len(line)
        if theme.match(line):
            blocks += blocks_of(text, body, at)
            zones += _zone(text, at, stop, ZoneKind.METADATA, "thème IRaMuTeQ")
            body = stop
        at = stop + 1
    blocks += blocks_of(text, body)
    return Document(
        id=name,
        source=file.name,
        format="iramuteq",
        text=text,
        blocks=tuple(blocks),
        zones=tuple(zones),
        metadata=mark.variables if mark is not None else {},
        encoding=decoded.encoding,
        notices=notices,
    )
