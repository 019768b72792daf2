"""Plain text: lines into blocks, front matter; corpora of lexicometric tools go to their own readers.

Also holds what every reader ends with: `assemble`, which lays extracted lines out as one canonical
text with its blocks and zones.
"""

import csv
import io
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from tensions_cli.corpus.sources import SourceFile
from tensions_cli.errors import UnreadableError
from tensions_cli.files.encoding import decode
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

    One document, or one per text of an IRaMuTeQ or Lexico corpus that holds several. Raises
    `UnreadableError` ("format") for the report of a tool, which is no text.
    """
    # They build on this module.
    from tensions_cli.corpus.formats.iramuteq import is_iramuteq, read_iramuteq
    from tensions_cli.corpus.formats.lexico import is_alceste_report, is_lexico, read_lexico

    decoded = decode(data)
    if is_iramuteq(decoded.text):
        yield from read_iramuteq(decoded, file)
        return
    if is_lexico(decoded.text):
        yield from read_lexico(decoded, file)
        return
    if is_alceste_report(decoded.text):
        detail = "c’est un rapport d’Alceste, pas un corpus\u00a0: donnez le fichier de textes qui a été analysé"
        raise UnreadableError("format", detail)
    front = front_matter(decoded.text)
    zones = visible_zone(decoded.text, 0, front.end, ZoneKind.METADATA, "en-tête du fichier")
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


def visible_zone(text: str, start: int, end: int, kind: ZoneKind, detail: str) -> tuple[Zone, ...]:
    """The zone from the first to the last visible character of a stretch; nothing when it has none."""
    span = visible(text, start, end)
    return () if span is None else (Zone(*span, kind, detail),)


def _lookalikes(text: str) -> tuple[str, ...]:
    """Notices for a .txt whose content is another format; it is read as prose all the same."""
    if re.match(read_toml("lexicometry.toml")["lookalikes"]["html"], text, re.IGNORECASE):
        return ("ce fichier ressemble à une page web\u00a0: renommez-le en .html pour retirer ses balises",)
    if "---" in text and any(map(_is_table_rule, text.split("\n"))):
        return ("ce fichier porte un tableau Markdown\u00a0: renommez-le en .md pour que ses cellules soient lues",)
    if _is_tabbed_table(text):
        return ("ce fichier ressemble à un tableau\u00a0: renommez-le en .tsv pour que chaque ligne soit un texte",)
    first = text.lstrip().partition("\n")[0].strip()
    if first[:1] in ("{", "[") and _is_json(first, text):
        return ("ce fichier ressemble à du JSON : renommez-le en .jsonl pour que chaque ligne soit un texte",)
    return ()


def _is_table_rule(line: str) -> bool:
    """The line of dashes under the header of a Markdown table."""
    return "---" in line and "|" in line and set(line) <= set("|:- \t")


def _is_tabbed_table(text: str) -> bool:
    """What spreadsheets save as « Texte »: a header that names the text, tabs, as many cells on every line."""
    header = [cell.strip(' "').casefold() for cell in text.lstrip("\n").partition("\n")[0].split("\t")]
    if len(header) < 2 or not set(header) & set(read_toml("reading.toml")["columns"]["text"]):
        return False
    try:
        rows = [row for row in csv.reader(io.StringIO(text, newline=""), delimiter="\t") if any(row)]
    except csv.Error:
        return False
    return len(rows) > 1 and all(len(row) == len(header) for row in rows)


def _is_json(first_line: str, text: str) -> bool:
    for candidate in (first_line, text):
        try:
            return isinstance(json.loads(candidate), dict | list)
        except (ValueError, RecursionError):
            continue
    return False
