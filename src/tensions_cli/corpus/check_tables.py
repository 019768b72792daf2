"""Tables whose rows are texts: ids that come twice, rows that say nothing, texts that a spreadsheet cut."""

import json
from collections.abc import Iterator, Sequence
from typing import Any

from tensions_cli.corpus.check_places import TABLES, TextFile, places, row_of
from tensions_cli.corpus.formats.tables import at_cell_limit, parse_table
from tensions_cli.knowledge.corpus_rules import Finding, finding, table
from tensions_cli.knowledge.files import read_toml
from tensions_cli.records import Document, Skipped


def check_table(
    name: str, text: TextFile | None, documents: Sequence[Document], unread: Sequence[Skipped]
) -> tuple[bool, tuple[Finding, ...]]:
    """Whether the file is a table of texts, and what is wrong with it. `text`: None for a workbook."""
    is_table = any(document.format in TABLES for document in documents)
    is_table = is_table or any(row_of(item) is not None for item in unread)
    is_table = is_table or any(item.reason == "columns" for item in unread)
    if not is_table or any(document.format == "iramuteq" for document in documents):
        return False, ()
    return True, tuple(_check(name, text, documents, unread))


def _check(
    name: str, text: TextFile | None, documents: Sequence[Document], unread: Sequence[Skipped]
) -> Iterator[Finding]:
    for item in unread:
        line = row_of(item)
        if item.reason == "columns":
            yield finding("tableau-colonne-texte", name, 1)
        elif line is not None and item.reason == "empty":
            yield finding("tableau-texte-vide", name, line)
        elif line is not None and item.reason == "corrupt":
            said = item.detail.partition(":")[2].partition(",")[0].strip()
            yield finding("tableau-ligne-illisible", name, line, detail=said)
        elif item.reason in ("empty", "corrupt"):
            yield finding("fichier-vide" if item.reason == "empty" else "fichier-illisible", name, detail=item.detail)
    spots = places(text, documents, unread)
    for document in documents:
        if at_cell_limit(document.text):
            place = spots.get(document.id)
            yield finding("tableau-texte-coupe", name, place.line(0) if place else None)
    if text is None or text.decoded is None:
        if any(notice.startswith(table("tables")["repeated"]) for one in documents for notice in one.notices):
            yield finding("tableau-ids-repetes", name)
        return
    yield from _check_ids(name, text)
    if text.kind in ("csv", "tsv"):
        yield from _check_rows(name, text.decoded.text)


def _check_rows(name: str, text: str) -> Iterator[Finding]:
    read = parse_table(text)
    if any(notice.startswith(table("tables")["quotes"]) for notice in read.notices):
        yield finding("tableau-guillemets", name)
    for row in read.rows:
        if len(row.cells) < len(read.columns):
            yield finding("tableau-ligne-courte", name, row.line)


def _check_ids(name: str, text: TextFile) -> Iterator[Finding]:
    seen: dict[str, int] = {}
    for line, own in _ids(text):
        if own in seen:
            yield finding("tableau-id-repete", name, line, first=seen[own])
        elif own:
            seen[own] = line


def _ids(text: TextFile) -> Iterator[tuple[int, str]]:
    """The id of each row, with its line."""
    content = text.decoded.text if text.decoded else ""
    names = read_toml("reading.toml")["columns"]["id"]
    if text.kind in ("csv", "tsv"):
        read = parse_table(content)
        column = next((name for name in read.columns if name.casefold() in names), None)
        for row in read.rows if column else ():
            yield row.line, row.cells.get(column or "", "").strip()
        return
    for number, line in enumerate(content.split("\n"), start=1):
        value = _loaded(line) if line.strip() else None
        if isinstance(value, dict):
            own = next((cell for key, cell in value.items() if key.strip().casefold() in names), "")
            yield number, str(own).strip()


def _loaded(line: str) -> Any:
    try:
        return json.loads(line, parse_float=str, parse_int=str)
    except (ValueError, RecursionError):
        return None
