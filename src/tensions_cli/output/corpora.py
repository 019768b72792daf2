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
from tensions_cli.records import Block, BlockKind, CastMember, Document, Role, Turn, ZoneKind

METADATA_FILE = "metadata.csv"
SPEAKERS_FILE = "speakers.csv"

# Label of a turn whose speaker the transcript does not name: the speaker rules read it as nobody.
UNKNOWN = "Inconnu"

# Names that a reader gives to voices without a label (questions in bold): no label that opens a line says a role so.
_NAMED_BY_READER = frozenset({"questions", "réponses"})
_ROLE_LABELS = {Role.INTERVIEWER: "Enquêteur", Role.RESPONDENT: "Enquêté"}

# Grounds of a role that somebody said, and that the text alone does not tell again (`CastMember.ground`). Every other
# role is read in a label, which stays, or guessed: a guess is guessed again, never written as what somebody said.
_SAID_ROLES = frozenset({"choisi par --speakers", "table des locuteurs", "légende"})

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
    document = with_role_labels(document)
    for turn, _, run in spoken(document, keep_interviewer=True):
        label = "" if turn is None else f"{_label(turn)} : "
        lines += [f"{label if i == 0 else ''}{paragraph.text}" for i, paragraph in enumerate(run)]
    return "".join(f"{line}\n\n" for line in lines)[:-1]


def with_role_labels(document: Document) -> Document:
    """The document whose voices without a label (paragraphs in bold that ask, and their answers) bear their role."""
    if any(zone.kind is ZoneKind.LABEL for zone in document.zones):
        return document
    shown = {
        turn.speaker or "": _ROLE_LABELS[turn.role]
        for turn in document.turns
        if turn.speaker in _NAMED_BY_READER and turn.role is not None
    }
    if not shown:
        return document
    turns = tuple(replace(turn, speaker=shown.get(turn.speaker or "", turn.speaker)) for turn in document.turns)
    cast = tuple(replace(member, speaker=shown.get(member.speaker, member.speaker)) for member in document.cast)
    return replace(document, turns=turns, cast=cast)


def with_columns_merged(documents: Sequence[Document]) -> tuple[tuple[Document, ...], tuple[str, ...]]:
    """Metadata whose names differ by case or accents only, under the first name where no document has two of them.

    Two columns that one document has stay two. French notices say how many.
    """
    spelt: dict[str, list[str]] = {}
    for name in metadata_names(documents):
        spelt.setdefault(folded(name).casefold() or name, []).append(name)
    alike = [names for names in spelt.values() if len(names) > 1]
    apart = [names for names in alike if any(len(document.metadata.keys() & names) > 1 for document in documents)]
    first = {name: names[0] for names in alike if names not in apart for name in names}
    what = "colonnes de métadonnées qui ne diffèrent que par la casse ou un accent"
    said = [f"{what}, réunies sous le premier de leurs noms\u00a0: {len(first)}"] if first else []
    if apart:
        more = "un même texte les a toutes deux, la seconde peut recevoir un numéro"
        said.append(f"{what}, laissées à part ({more})\u00a0: {sum(map(len, apart))}")
    merged = (
        replace(document, metadata={first.get(name, name): value for name, value in document.metadata.items()})
        for document in documents
    )
    return tuple(merged) if first else tuple(documents), tuple(said)


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
    described = speakers_csv([with_role_labels(document) for document in documents], names)
    told: tuple[str, ...] = ()
    if described:
        files[SPEAKERS_FILE] = described.encode()
        told = (f"{SPEAKERS_FILE} écrit avec les textes\u00a0; les rôles devinés n’y sont pas",)
    timed = any(turn.time_start is not None for document in documents for turn in document.turns)
    if timed:
        told += ("les minutages ne sont pas gardés dans les textes",)
    return files, (*left_out(documents), *told)


def speakers_lost(documents: Sequence[Document]) -> tuple[str, ...]:
    """What a format without a table of speakers does not carry: speakers that are described, counted."""
    lost = sum(_is_described(member) for document in documents for member in document.cast)
    if not lost:
        return ()
    return (
        "personnes, rôles donnés et attributs des locuteurs, que ce format ne porte pas\u00a0: "
        f"{plural(lost, 'locuteur')} (-f txt les garde)",
    )


def _is_described(member: CastMember) -> bool:
    return bool(member.person or member.attributes or (member.role and member.ground in _SAID_ROLES))


def speakers_csv(documents: Sequence[Document], names: Sequence[str]) -> str:
    """The table of speakers of a folder of texts, one row per speaker; empty when nothing is known of any."""
    cast = [(name, member) for name, document in zip(names, documents, strict=True) for member in document.cast]
    if not any(_is_described(member) for _, member in cast):
        return ""
    own = ("document", "speaker", "person", "role")
    columns = column_names(dict.fromkeys(name for _, member in cast for name in member.attributes), own)
    stream = io.StringIO()
    writer = csv.DictWriter(stream, [*own, *columns.values()], restval="", quoting=csv.QUOTE_ALL, lineterminator="\n")
    writer.writeheader()
    for name, member in cast:
        role = member.role.value if member.role and member.ground in _SAID_ROLES else ""
        row = {"document": name, "speaker": written_label(member.speaker), "person": member.person or "", "role": role}
        row |= {columns[field]: value for field, value in member.attributes.items()}
        writer.writerow(guarded({field: _one_line(writable(value)) for field, value in row.items()}))
    return stream.getvalue()


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
    return written_label(turn.speaker or "") or UNKNOWN


def written_label(label: str) -> str:
    """The label of a speaker as it opens a line of a clean text: one line, without colon; "" for nobody."""
    return _one_line(writable(label).replace(":", " "))


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
