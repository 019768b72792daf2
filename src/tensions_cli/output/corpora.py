"""Documents as texts for people and for this tool: what every converter shares, clean .txt, JSON Lines, metadata.

A document comes here ready: read, joined with its metadata, turns found, cleaned. Zones are left out.
"""

import csv
import io
import re
import unicodedata
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from tensions_cli.output.french import plural
from tensions_cli.output.tables import FORMULA_STARTS, guarded
from tensions_cli.records import Block, BlockKind, Document, Role, Turn, ZoneKind

METADATA_FILE = "metadata.csv"

# Label of a turn whose speaker the transcript does not name: the speaker rules read it as nobody.
UNKNOWN = "Inconnu"

# Neither XML nor most programs take these: replaced by a space, one for one (formats.md §3).
_UNWRITABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")

# Every blank but the three no-break spaces, which French typography puts inside sentences.
_BLANKS = re.compile("[^\\S\u00a0\u202f\u2007]+")

# Longest file name without extension: 255 bytes is the limit of the systems met, folded names are ASCII.
_LONGEST_NAME = 100


@dataclass(frozen=True, slots=True)
class Paragraph:
    """One paragraph of the body, on one line. `turn`: rank of its turn in `document.turns`, from 0."""

    text: str
    kind: BlockKind
    turn: int | None


def paragraphs(document: Document) -> list[Paragraph]:
    """The body in order: blocks outside zones, cut at the edges of turns; the subtitles of one turn are one."""
    zones = _merged(document)
    zone_ends = [end for _, end in zones]
    turns = sorted(enumerate(document.turns), key=lambda ranked: ranked[1].start)
    turn_ends = [turn.end for _, turn in turns]
    found: list[Paragraph] = []
    for block in document.blocks:
        for start, end, turn in _by_turn(block, turns, bisect_right(turn_ends, block.start)):
            text = _one_line(_outside(document.text, start, end, zones, bisect_right(zone_ends, start)))
            if not text:
                continue
            cue = block.kind is BlockKind.CUE and turn is not None
            if cue and found and (found[-1].kind, found[-1].turn) == (BlockKind.CUE, turn):
                found[-1] = replace(found[-1], text=f"{found[-1].text} {text}")
            else:
                found.append(Paragraph(text, block.kind, turn))
    return found


def spoken(document: Document, *, keep_interviewer: bool) -> Iterator[tuple[Turn | None, int | None, list[Paragraph]]]:
    """Runs of paragraphs of one turn, with the turn and its rank; None for what is in no turn."""
    for rank, run in groupby(paragraphs(document), key=lambda paragraph: paragraph.turn):
        turn = None if rank is None else document.turns[rank]
        if keep_interviewer or turn is None or turn.role is not Role.INTERVIEWER:
            yield turn, rank, list(run)


def clean_txt(document: Document) -> str:
    """The body alone: paragraphs separated by a blank line, turns as `Label : text`; ends with a line feed."""
    lines: list[str] = []
    for turn, _, run in spoken(document, keep_interviewer=True):
        label = "" if turn is None else f"{_label(turn)} : "
        lines += [f"{label if i == 0 else ''}{paragraph.text}" for i, paragraph in enumerate(run)]
    return "".join(f"{line}\n\n" for line in lines)[:-1]


def jsonl_row(document: Document) -> dict[str, str]:
    """One row of a .jsonl file that `tensions` reads again: id, text (as `clean_txt`), metadata."""
    columns = column_names(document.metadata, ("id", "text", "texte"))
    row = {"id": document.id, "text": clean_txt(document)}
    row |= {columns[name]: value for name, value in document.metadata.items()}
    return {name: writable(value) for name, value in row.items()}


def txt_folder(documents: Sequence[Document]) -> tuple[dict[str, bytes], tuple[str, ...]]:
    """A folder of clean texts with their metadata table, which `tensions` joins again; French notices."""
    names = file_names([document.id for document in documents])
    files = {f"{name}.txt": clean_txt(document).encode() for name, document in zip(names, documents, strict=True)}
    files[METADATA_FILE] = metadata_csv(documents, names).encode()
    timed = any(turn.time_start is not None for document in documents for turn in document.turns)
    return files, (*left_out(documents), *(("les minutages ne sont pas gardés dans les textes",) if timed else ()))


def left_out(documents: Sequence[Document]) -> tuple[str, ...]:
    """What no converted text keeps: the parts that are not body, labels apart, counted."""
    parts = sum(zone.kind is not ZoneKind.LABEL for document in documents for zone in document.zones)
    return (f"parties hors du texte (menus, en-têtes, notes), laissées de côté\u00a0: {parts}",) if parts else ()


def metadata_csv(
    documents: Sequence[Document],
    names: Sequence[str],
    columns: Mapping[str, str] | None = None,
    extra: Sequence[Mapping[str, str]] = (),
) -> str:
    """The table beside the texts: `id` (the file name), the id it had if it changed, then metadata.

    `columns`: metadata name → column name, their own names by default. `extra`: more cells by document. Comma,
    every cell quoted; cells that a spreadsheet would run as a formula begin with an apostrophe.
    """
    shown = columns or column_names(metadata_names(documents), ("id", "document", "file", "filename", "fichier"))
    rows: list[dict[str, str]] = []
    renamed = any(name != document.id for name, document in zip(names, documents, strict=True))
    for rank, (name, document) in enumerate(zip(names, documents, strict=True)):
        row = {"id": name} | ({"document": document.id} if renamed else {})
        row |= {shown[field]: value for field, value in document.metadata.items() if field in shown}
        rows.append(row | dict(extra[rank] if extra else {}))
    header = list(dict.fromkeys(["id", *(field for row in rows for field in row)]))
    stream = io.StringIO()
    writer = csv.DictWriter(stream, header, restval="", quoting=csv.QUOTE_ALL, lineterminator="\n")
    writer.writeheader()
    for row in rows:
        writer.writerow(guarded({field: _one_line(writable(value)) for field, value in row.items()}))
    return stream.getvalue()


def metadata_names(documents: Iterable[Document]) -> list[str]:
    """Names of metadata, in the order in which they are met."""
    return list(dict.fromkeys(name for document in documents for name in document.metadata))


def column_names(names: Iterable[str], reserved: Iterable[str]) -> dict[str, str]:
    """A column for each name: itself, on one line, never a formula; `meta_…` where the name is taken."""
    own = set(reserved)
    taken = set(own)
    columns: dict[str, str] = {}
    for name in names:
        base = _one_line(name).lstrip("".join(FORMULA_STARTS)) or "colonne"
        columns[name] = distinct(f"meta_{base}" if base.casefold() in own else base, taken, "_")
    return columns


def file_names(ids: Sequence[str]) -> list[str]:
    """A file name without extension for each id: ASCII, no separator, unique whatever the case."""
    taken: set[str] = set()
    names: list[str] = []
    for own in ids:
        base = re.sub(r"[^A-Za-z0-9-]+", "_", folded(own)).strip("_-")[:_LONGEST_NAME] or "texte"
        names.append(distinct(base, taken, "_"))
    return names


def distinct(base: str, taken: set[str], link: str = "") -> str:
    """The name, or the name and a number, that is not taken yet whatever its case; it then is."""
    name, rank = base, 1
    while name.casefold() in taken:
        rank += 1
        name = f"{base}{link}{rank}"
    taken.add(name.casefold())
    return name


def folded(text: str) -> str:
    """The letters of a text without accents, ASCII only; what has no ASCII form is left out."""
    for ligature, letters in (("œ", "oe"), ("Œ", "Oe"), ("æ", "ae"), ("Æ", "Ae")):
        text = text.replace(ligature, letters)
    return unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode("ascii")


def writable(text: str) -> str:
    """The text without the characters that no XML can hold, each replaced by a space."""
    return _UNWRITABLE.sub(" ", text)


def merged_codes(documents: Sequence[Document], codes: Sequence[Mapping[str, str]]) -> tuple[str, ...]:
    """A notice when two speakers of a document get the same code; `codes`: label to code, by document."""
    merged = sum(any(n > 1 for n in Counter(given.values()).values()) for given in codes)
    if not merged:
        return ()
    return (
        f"locuteurs dont les codes ne diffèrent que par la casse, un accent ou un signe, et que l’autre logiciel"
        f" confondra\u00a0: dans {plural(merged, 'document')} sur {len(documents)}",
    )


def _label(turn: Turn) -> str:
    """The speaker as a label that opens a line: one line, without colon."""
    return _one_line(writable(turn.speaker or "").replace(":", " ")) or UNKNOWN


def _merged(document: Document) -> list[tuple[int, int]]:
    spans: list[tuple[int, int]] = []
    for start, end in sorted((zone.start, zone.end) for zone in document.zones):
        if spans and start <= spans[-1][1]:
            spans[-1] = (spans[-1][0], max(end, spans[-1][1]))
        else:
            spans.append((start, end))
    return spans


def _by_turn(block: Block, turns: Sequence[tuple[int, Turn]], first: int) -> Iterator[tuple[int, int, int | None]]:
    """The stretches of a block, each in one turn or in none; `first`: the first turn that ends after it opens."""
    at = block.start
    for i in range(first, len(turns)):
        rank, turn = turns[i]
        if turn.start >= block.end:
            break
        start, end = max(at, turn.start), min(block.end, turn.end)
        if start >= end:
            continue
        if at < start:
            yield at, start, None
        yield start, end, rank
        at = end
    if at < block.end:
        yield at, block.end, None


def _outside(text: str, start: int, end: int, zones: Sequence[tuple[int, int]], first: int) -> str:
    """A stretch without its zones, from the first that ends in it; words that a zone kept apart stay apart."""
    pieces: list[str] = []
    for i in range(first, len(zones)):
        zone_start, zone_end = zones[i]
        if zone_start >= end:
            break
        pieces.append(text[start : max(start, zone_start)])
        start = min(zone_end, end)
    pieces.append(text[start:end])
    kept = ""
    for piece in filter(None, pieces):
        glued = kept and kept[-1].isalnum() and piece[0].isalnum()
        kept += f" {piece}" if glued else piece
    return kept


def _one_line(text: str) -> str:
    return _BLANKS.sub(" ", writable(text)).strip(" ")
