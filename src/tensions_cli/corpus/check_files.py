"""Files as files: what cannot be read and why, what is not a text, names that other tools refuse."""

import unicodedata
from collections.abc import Iterable, Iterator, Sequence

from tensions_cli.corpus.sources import STDIN_PATH, Found, SourceFile, reader_of
from tensions_cli.knowledge.corpus_rules import Finding, finding, pattern, rule_of_reason, table
from tensions_cli.records import Document, Skipped

# Formats that readers recognise by their first bytes, whatever the name says.
_BY_CONTENT = ("pdf", "rtf", "docx", "odt", "xlsx", "ods")

# A folder that presents itself, and tables beside the texts: nothing is wrong with them.
_USUAL = ("about", "unused")


def check_skipped(skipped: Iterable[Skipped], direct: bool = True) -> Iterator[Finding]:
    """What was not read, and why; `direct`: not in an archive, so that a copy can leave it out."""
    for item in skipped:
        if item.reason in _USUAL:
            continue
        rule = rule_of_reason().get(item.reason, "fichier-illisible")
        if not item.failed and item.reason == "format":
            rule = "fichier-hors-corpus"
        yield finding(rule, item.source, fixable=direct, detail=item.detail)


def check_kind(file: SourceFile, documents: Sequence[Document]) -> Iterator[Finding]:
    """A file whose content is not what its name says."""
    for document in documents[:1]:
        if document.format in _BY_CONTENT and document.source == file.name and reader_of(file.name) != document.format:
            yield finding("fichier-deguise", file.name, kind=document.format)
        for beginning, kind in table("lookalikes").items():
            if any(notice.startswith(beginning) for notice in document.notices):
                yield finding("fichier-autre-genre", file.name, kind=kind)


def check_names(found: Found) -> Iterator[Finding]:
    """Names of files and of their folders, each folder once."""
    told: set[str] = set()
    for file in found.files:
        if file.path == STDIN_PATH:
            continue
        parts = file.name.split("/")
        on_disk = file.path.parts[-len(parts) :]
        for depth, written in enumerate(on_disk, start=1):
            name = "/".join(parts[:depth]) + ("/" if depth < len(parts) else "")
            if name not in told:
                told.add(name)
                yield from _check_name(name, written)


def _check_name(name: str, written: str) -> Iterator[Finding]:
    """`written`: the last part of the name, as the disk has it."""
    if pattern("names", "odd").search(written):
        yield finding("nom-caracteres", name)
    stem = written if name.endswith("/") else written.rpartition(".")[0]
    if written != written.strip() or stem != stem.strip():
        yield finding("nom-espaces", name)
    if not unicodedata.is_normalized("NFC", written):
        yield finding("nom-nfd", name)
    if len(written) > table("names")["longest"]:
        yield finding("nom-trop-long", name, count=len(written))
