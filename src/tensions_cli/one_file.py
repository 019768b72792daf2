"""One file's way through the stages: read → clean → segment → tag. Files know nothing of one another here.

What depends on the whole corpus (metadata, twins, human codes) is joined afterwards, by `pipeline.py`. A file can
therefore be done in any process, on any machine, in any order, or be taken up again from the cache.
"""

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import chain, islice
from typing import Any, Literal

from tensions_cli.compact import pack
from tensions_cli.corpus.clean import clean
from tensions_cli.corpus.language import french_share, mark_foreign
from tensions_cli.corpus.read import ReadOptions, file_bytes, read_file
from tensions_cli.corpus.repair import repaired
from tensions_cli.corpus.segment import SHIPPED, Lengths, segment
from tensions_cli.corpus.sources import SourceFile
from tensions_cli.corpus.speakers import find_turns
from tensions_cli.corpus.twins import Body, body_of
from tensions_cli.errors import UnreadableError
from tensions_cli.fingerprint import fingerprint
from tensions_cli.records import Document, Dropped, Passage, Role, Skipped, TaggedPassage, ZoneKind
from tensions_cli.words import count_words

# Under this share of French words a document is flagged and left out (unless any language is asked for);
# an article with a long English abstract keeps more than .6.
MIN_FRENCH_SHARE = 0.5


@dataclass(frozen=True, slots=True)
class Recipe:
    """How every file of a corpus is read, cut and tagged.

    `model`: name or folder, None where nothing is tagged; `model_sha256`: what it was when the work began. `texts`:
    documents come back with their text, blocks, zones and turns. `fingerprints`: passages keep that of their text.
    """

    unit: Literal["passage", "record"] = "passage"
    text_column: str | None = None
    roles: Mapping[str, Role] = field(default_factory=dict)
    find_speakers: bool = True
    keep_interviewer: bool = False
    any_language: bool = False
    repair: bool = False
    show_dropped: bool = False
    lengths: Lengths = SHIPPED
    model: str | None = None
    model_sha256: str = ""
    texts: bool = False
    fingerprints: bool = False


@dataclass(frozen=True, slots=True)
class Told:
    """What the tables beside the corpus say of a document that changes how it is read: its speakers, its title."""

    roles: Mapping[str, Role | None] = field(default_factory=dict)  # by label; None where only the label is known
    title: str = ""


@dataclass(frozen=True, slots=True)
class Item:
    """One file to do. `data`: its content, where nobody can read it again (standard input).

    `told`: of each document, by its rank in the file. `known`: what it gave before, to be given its texts; it serves
    only if the content is still the same.
    """

    file: SourceFile
    data: bytes | None = None
    told: Mapping[int, Told] = field(default_factory=dict)
    known: "FileReading | None" = None


@dataclass(frozen=True, slots=True)
class Reading:
    """What is known of one document once its file is done.

    `document`: with its text only if the recipe says so. `told`: with which it was read. `left_out`: "", `language`
    or `no_text`. `sha256`: of its canonical text. `tagged`: its passages (`compact.py`), empty without a model.
    """

    document: Document
    told: Told
    left_out: str
    sha256: str
    words: int
    dropped: tuple[Dropped, ...]
    body: Body
    passages: int = 0
    excluded: Mapping[str, int] = field(default_factory=dict)
    tagged: bytes = b""


@dataclass(frozen=True, slots=True)
class FileReading:
    """Everything one file gave, in order. `content`: SHA-256 of its bytes, empty where they could not be read."""

    content: str
    readings: tuple[Reading, ...]
    skipped: tuple[Skipped, ...]


def content_of(item: Item) -> str:
    """SHA-256 of the bytes of a file; empty where they cannot be read, which is said when its turn comes."""
    try:
        return hashlib.sha256(file_bytes(item.file) if item.data is None else item.data).hexdigest()
    except (OSError, UnreadableError):
        return ""


def do_file(recipe: Recipe, item: Item) -> FileReading:
    """One file, from its bytes to its tagged passages. Never raises for a bad file."""
    (done,) = do_files(recipe, (item,))
    return done


def do_files(recipe: Recipe, items: Sequence[Item]) -> tuple[FileReading, ...]:
    """Some files, each as if it were alone: together, their passages fill the matrices that the tagger multiplies."""
    read = [_read(recipe, item) for item in items]
    # A row of a table is a document too.
    passages = [passages for _, to_tag in read for _, passages in to_tag]
    tagged = iter(_tagged(passages, recipe))
    done: list[FileReading] = []
    for reading, to_tag in read:
        readings = list(reading.readings)
        for rank, _ in to_tag:
            readings[rank] = _with_passages(readings[rank], next(tagged), fingerprints=recipe.fingerprints)
        done.append(replace(reading, readings=tuple(readings)))
    return tuple(done)


def _read(recipe: Recipe, item: Item) -> tuple[FileReading, list[tuple[int, list[Passage]]]]:
    """What one file holds, and the passages to tag, by rank of their document."""
    data = item.data
    if data is None:
        with suppress(UnreadableError, OSError):  # the reader meets the same refusal, and says it
            data = file_bytes(item.file)
    content = hashlib.sha256(data).hexdigest() if data is not None else ""
    known = item.known.readings if item.known is not None and item.known.content == content else None
    readings: list[Reading] = []
    skipped: list[Skipped] = []
    to_tag: list[tuple[int, list[Passage]]] = []
    for result in read_file(item.file, ReadOptions(recipe.unit, recipe.text_column), data):
        if isinstance(result, Skipped):
            skipped.append(result)
            continue
        rank = len(readings)
        told = item.told.get(rank, Told())
        document, left_out = _prepared(result, recipe, told)
        if recipe.model and not left_out and known is None:
            to_tag.append((rank, _passages(document, recipe)))
        reading = _reading(document, left_out, recipe, told)
        readings.append(reading if known is None else _as_known(reading, known[rank]))
    return FileReading(content, tuple(readings), tuple(skipped)), to_tag


def _prepared(document: Document, recipe: Recipe, told: Told) -> tuple[Document, str]:
    """The document ready to be cut, and why it is left out ("" when it is not)."""
    prepared = made_ready(document, recipe, told)
    if prepared is None:
        return document, "language"
    return prepared, "" if has_body(prepared) else "no_text"


def _reading(document: Document, left_out: str, recipe: Recipe, told: Told) -> Reading:
    return Reading(
        document=document if recipe.texts else replace(document, text="", blocks=(), zones=(), turns=()),
        told=told,
        left_out=left_out,
        sha256=hashlib.sha256(document.text.encode("utf-8", "surrogatepass")).hexdigest(),
        words=count_words(document.text),
        dropped=dropped_of(document, show=recipe.show_dropped),
        body=body_of(document),
    )


def _as_known(reading: Reading, known: Reading) -> Reading:
    return replace(reading, passages=known.passages, excluded=known.excluded, tagged=known.tagged)


def _with_passages(reading: Reading, tagged: Sequence[TaggedPassage], *, fingerprints: bool) -> Reading:
    """The reading of a document once it is tagged."""
    excluded = Counter(one.passage.excluded_reason or "?" for one in tagged if not one.passage.counted)
    return replace(
        reading,
        passages=len(tagged),
        excluded=dict(sorted(excluded.items())),
        tagged=pack(tagged, fingerprints=fingerprints),
    )


def made_ready(document: Document, recipe: Recipe, told: Told) -> Document | None:
    """Repair, turns, cleaning, languages; None when the document is not in French and only French is wanted."""
    document = repaired(document) if recipe.repair else document
    if document.record:
        return document
    document = find_turns(document, recipe.roles, recipe.find_speakers, told.roles)
    if not document.turns:
        titled = {**document.metadata, "title": told.title} if told.title else document.metadata
        document = replace(clean(replace(document, metadata=titled)), metadata=document.metadata)
    if recipe.any_language:
        return document
    marked = mark_foreign(document)
    return marked if french_share(marked) >= MIN_FRENCH_SHARE else None


def has_body(document: Document) -> bool:
    """Something is left to cut once the zones are taken out: a turn, or a block that no zone covers."""
    if document.record or document.turns:
        return True
    zones, rank = document.zones, 0
    for block in document.blocks:
        while rank < len(zones) and zones[rank].end <= block.start:
            rank += 1
        if rank == len(zones) or not (zones[rank].start <= block.start and block.end <= zones[rank].end):
            return True
    return False


def dropped_of(document: Document, *, show: bool) -> tuple[Dropped, ...]:
    """The parts of a document that are not body, labels apart; `show`: with their text."""
    return tuple(
        Dropped(
            zone.start,
            zone.end,
            zone.kind,
            zone.detail,
            count_words(document.text, zone.start, zone.end),
            document.text[zone.start : zone.end] if show else None,
        )
        for zone in document.zones
        if zone.kind is not ZoneKind.LABEL
    )


def _passages(document: Document, recipe: Recipe) -> list[Passage]:
    passages = segment(document, recipe.keep_interviewer, recipe.lengths)
    return [replace(one, fingerprint=fingerprint(one.text)) for one in passages] if recipe.fingerprints else passages


def _tagged(documents: Sequence[Sequence[Passage]], recipe: Recipe) -> list[list[TaggedPassage]]:
    """The passages of each document with their codes."""
    if not documents:
        return []
    from tensions_cli.tagging.tag import tag

    tagged = tag(chain.from_iterable(documents), opened(recipe.model or "", recipe.model_sha256))
    return [list(islice(tagged, len(passages))) for passages in documents]


@lru_cache(maxsize=1)
def opened(name: str, sha256: str) -> Any:
    """The model of a recipe, loaded once by process; its codebook is put in use.

    Raises ModelError as `open_model` does, or where the folder changed since the work began.
    """
    from tensions_cli.errors import ModelError
    from tensions_cli.tagging.model_folder import open_model

    model = open_model(name)
    if model.sha256 != sha256:
        raise ModelError(
            f"le modèle «\u00a0{model.name}\u00a0» a changé pendant le travail",
            why="des passages seraient étiquetés par l’un, d’autres par l’autre",
            hint="relancez la commande, quand plus rien n’écrit dans ce dossier",
        )
    return model
