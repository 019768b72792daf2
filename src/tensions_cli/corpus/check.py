"""The linter of corpora: everything that would stop a reader, spoil a result or trouble another tool.

Each kind of finding has its module (`check_…`); here they are put together and sorted. Nothing is written, nothing
of a text is quoted.
"""

import zipfile
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from tensions_cli.corpus.archives import companion
from tensions_cli.corpus.check_confidentiality import Identifiers, check_confidentiality
from tensions_cli.corpus.check_duplicates import check_duplicates
from tensions_cli.corpus.check_encoding import check_encoding, check_encodings, check_lost_characters
from tensions_cli.corpus.check_files import check_kind, check_names, check_skipped
from tensions_cli.corpus.check_iramuteq import check_iramuteq
from tensions_cli.corpus.check_metadata import (
    MetadataFile,
    check_join,
    check_metadata,
    check_persons,
    read_metadata,
)
from tensions_cli.corpus.check_places import Place, TextFile, companion_file, places, text_files
from tensions_cli.corpus.check_speech import check_speech
from tensions_cli.corpus.check_tables import check_table
from tensions_cli.corpus.language import french_share, mark_foreign
from tensions_cli.corpus.metadata import FILE_NAME as METADATA
from tensions_cli.corpus.persons import FILE_NAME as PERSONS
from tensions_cli.corpus.persons import Persons
from tensions_cli.corpus.read import MAX_BYTES
from tensions_cli.corpus.sources import Found, SourceFile, reader_of
from tensions_cli.errors import UnreadableError
from tensions_cli.knowledge.corpus_rules import Finding, finding
from tensions_cli.records import Document, Skipped

# Under this share of French words a text is simply not French; an article in English keeps a few quotations.
_HARDLY_ANY = 0.1


@dataclass(frozen=True, slots=True)
class Corpus:
    """What is checked: the files, and all that was read of them.

    `documents`: in any language, twins included, with their turns and zones, none repaired, ids unique. `skipped`:
    what reading refused (what the names ruled out is in `found.skipped`).
    """

    found: Found
    documents: tuple[Document, ...]
    skipped: tuple[Skipped, ...]
    persons: Persons | None = None


def check(corpus: Corpus, identifiers: Identifiers, min_french: float) -> tuple[Finding, ...]:
    """Every finding, sorted by file, line and rule.

    `identifiers`: where phone numbers, mails and the like stand in a text, as (start, end, category).
    `min_french`: the share of French words under which a text is left out of an analysis.
    """
    spots: dict[str, Place] = {}
    texts: list[TextFile] = []
    findings: set[Finding] = {*check_names(corpus.found), *check_skipped(corpus.found.skipped)}
    by_source: defaultdict[str, list[Document]] = defaultdict(list)
    refused: defaultdict[str, list[Skipped]] = defaultdict(list)
    for document in corpus.documents:
        by_source[document.source].append(document)
    for item in corpus.skipped:
        refused[item.source].append(item)
    shared = Counter(file.name for file in corpus.found.files)
    direct = set(shared)
    for source in corpus.found.files:
        for file, text in text_files(source, MAX_BYTES):
            documents, unread = by_source.get(file.name, []), refused.pop(file.name, [])
            text = text if shared[file.name] <= 1 else None  # two sources, one name: nobody knows which is which
            spots |= places(text, documents, unread)
            findings.update(_check_file(file, text, documents, unread, direct))
            if text is not None and text.decoded is not None:
                texts.append(text.without_content())
    for items in refused.values():  # what an archive holds and nobody reads
        findings.update(check_skipped(items, direct=False))
    findings.update(check_encodings(texts))
    findings.update(_check_tables_beside(corpus))
    findings.update(_check_documents(corpus, spots, direct, identifiers, min_french))
    return tuple(sorted(findings, key=lambda one: one.order))


def _check_file(
    file: SourceFile,
    text: TextFile | None,
    documents: Sequence[Document],
    unread: Sequence[Skipped],
    direct: Collection[str],
) -> Iterator[Finding]:
    if text is not None:
        yield from check_encoding(text, documents)
        yield from check_iramuteq(text)
    yield from check_kind(file, documents)
    is_table, told = check_table(file.name, text, documents, unread)
    yield from told
    nul = text is not None and text.decoded is None and b"\0" in text.data
    told_apart = is_table or nul or any(document.format == "iramuteq" for document in documents)
    left = [item for item in unread if not (told_apart and item.reason in _TOLD_APART)]
    yield from check_skipped(left, file.name in direct)


# What the checks of bytes, tables and IRaMuTeQ corpora tell with its line.
_TOLD_APART = ("empty", "corrupt", "columns", "binary")


def _check_documents(
    corpus: Corpus, spots: dict[str, Place], direct: Collection[str], identifiers: Identifiers, min_french: float
) -> Iterator[Finding]:
    yield from check_duplicates(corpus.documents, spots, direct)
    for document in corpus.documents:
        place = spots.get(document.id) or Place(document)
        yield from check_lost_characters(document, place)
        yield from _check_language(document, min_french)
        if document.turns:
            yield from check_speech(document, place, document.source in direct)
            yield from check_confidentiality(document, place, identifiers)


def _check_language(document: Document, min_french: float) -> Iterator[Finding]:
    share = french_share(mark_foreign(document))
    if share < min(_HARDLY_ANY, min_french):
        yield finding("langue-autre", document.source)
    elif share < min_french:
        yield finding("langue-melee", document.source, percent=round(100 * (1 - share)))


def _check_tables_beside(corpus: Corpus) -> Iterator[Finding]:
    """The tables that describe texts and speakers, in the folders and in the archives."""
    tables: list[MetadataFile] = []
    for text, folder in _metadata_files(corpus.found):
        read = read_metadata(text, folder)
        tables += [read] if read is not None else []
        yield from check_encoding(text, ())
        yield from check_metadata(text, read)
    yield from check_join(tables, corpus.documents)
    for folder_path in corpus.found.folders:
        beside = companion_file(folder_path / PERSONS, PERSONS)
        if beside is not None:
            yield from check_encoding(beside, ())
            yield from check_persons(beside, corpus.documents, corpus.persons)


def _metadata_files(found: Found) -> Iterator[tuple[TextFile, str]]:
    """Every table of metadata, with the name of the folder it describes."""
    for folder in found.folders:
        text = companion_file(folder / METADATA, METADATA)
        if text is not None:
            yield text, folder.resolve().name
    for file in found.files:
        text = _metadata_inside(file)
        if text is not None:
            yield text, file.id


def _metadata_inside(file: SourceFile) -> TextFile | None:
    if reader_of(file.name) != "zip":
        return None
    try:
        data = companion(file.path.read_bytes(), METADATA)
    except (UnreadableError, zipfile.BadZipFile, OSError):  # told by the reader of the archive
        return None
    return None if data is None else TextFile.of(f"{file.name}/{METADATA}", "csv", data)
