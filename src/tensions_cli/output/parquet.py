"""Coded passages as Parquet, for programs that read a million rows: same columns as CSV, with types.

One table, or a folder of parts that pandas, DuckDB, R and Spark read as one table.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, BinaryIO

from tensions_cli.errors import ModelError
from tensions_cli.knowledge.codebook import codebook
from tensions_cli.output.annotation import text_sha256
from tensions_cli.output.rows import flat_passage_row
from tensions_cli.records import CodedBy, Document, TaggedDocument

if TYPE_CHECKING:
    import pyarrow

_INTEGERS = ("start", "end", "turn")
_BOOLEANS = {"certain", "counted"}
# Passages of a part, whole documents together: about a million words, 10 MB of Parquet and 200 MB while it is made.
PART = 20_000
DONE = "_SUCCESS"  # written last, as Hadoop and Spark do; readers of folders leave out names with _


def write_parquet(documents: Iterable[TaggedDocument], by: CodedBy, stream: BinaryIO) -> None:
    """One row per passage; ids and metadata are text, whatever they look like; no index column.

    The file's metadata hold, under `tensions`, the coder, the method and the SHA-256 of each text. Raises
    ModelError when the extra `parquet` is not installed.
    """
    check_installed()
    read = list(documents)
    metadata = {name for one in read for passage in one.passages for name in passage.passage.metadata}
    _write_table(read, sorted(metadata), by, stream)


def write_parquet_parts(
    documents: Iterable[TaggedDocument],
    metadata: Sequence[str],
    by: CodedBy,
    open_part: Callable[[str], AbstractContextManager[BinaryIO]],
    most: int = PART,
) -> int:
    """The same table in parts, `part-00000.parquet` and on, each of whole documents, `most` passages or few more.

    Every part has the columns of all: `metadata`, the names that any document has (`metadata_of`). Texts are held one
    part at a time. Then comes an empty `_SUCCESS`. Returns the number of parts; raises as `write_parquet` does.
    """
    check_installed()
    parts = 0
    for part in _parts(documents, most):
        with open_part(f"part-{parts:05}.parquet") as stream:
            _write_table(part, metadata, by, stream)
        parts += 1
    with open_part(DONE):
        pass
    return parts


def metadata_of(documents: Iterable[Document]) -> list[str]:
    """Names of the metadata that passages of these documents may have: theirs, and those of their speakers."""
    names = {name for one in documents for name in (*one.metadata, *_attributes(one))}
    return sorted(names)


def check_installed() -> None:
    """Raise ModelError when the extra `parquet` is not installed."""
    try:
        import pyarrow  # noqa: F401
    except ImportError:
        raise ModelError(
            "le format Parquet demande une bibliothèque de plus",
            why="pyarrow n’est pas installé",
            hint='pip install "tensions-cli[parquet]"',
        ) from None


def _attributes(document: Document) -> Iterator[str]:
    for member in document.cast:
        yield from member.attributes


def _parts(documents: Iterable[TaggedDocument], most: int) -> Iterator[list[TaggedDocument]]:
    """Documents by groups of `most` passages or a little more; one group at least."""
    part: list[TaggedDocument] = []
    passages, given = 0, False
    for one in documents:
        part.append(one)
        passages += len(one.passages)
        if passages >= most:
            yield part
            part, passages, given = [], 0, True
    if part or not given:
        yield part


def _write_table(read: Sequence[TaggedDocument], metadata: Sequence[str], by: CodedBy, stream: BinaryIO) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    rows = [_typed(flat_passage_row(one)) for tagged in read for one in tagged.passages]
    table = pa.Table.from_pylist(rows, schema=_schema(metadata))
    # Without Arrow's own copy of the schema, which changes with its version.
    with pq.ParquetWriter(stream, table.schema, compression="zstd", store_schema=False) as writer:
        writer.write_table(table)
        writer.add_key_value_metadata({"tensions": _provenance(read, by)})


def _schema(metadata: Sequence[str]) -> "pyarrow.Schema":
    import pyarrow as pa

    book = codebook()
    pairs = ("logics", *(f"relation_{pair}" for pair in book.pairs)) if book.by_pair else ()
    own = [
        *("id", "document", "start", "end", "turn", "speaker", "person", "role", "time_start", "time_end", "context"),
        *("text", "label", "relation", *pairs, *(f"stance_{pole}" for pole in book.poles), "axes"),
        *(f"score_{pole}" for pole in book.poles),
        *("evidence", "certain", "counted", "excluded_reason", "coded_by", "model"),
    ]
    return pa.schema([(name, _kind(name)) for name in (*own, *(f"meta_{name}" for name in metadata))])


def _kind(name: str) -> "pyarrow.DataType":
    import pyarrow as pa

    if name in _INTEGERS:
        return pa.int64()
    if name in _BOOLEANS:
        return pa.bool_()
    return pa.float64() if name.startswith(("time_", "score_")) else pa.string()


def _typed(row: dict[str, Any]) -> dict[str, Any]:
    """Yes and no as Parquet has them, names and labels as plain text."""
    typed = {name: str(value) if isinstance(value, str) else value for name, value in row.items()}
    return typed | {name: row[name] == "true" for name in _BOOLEANS}


def _provenance(read: Iterable[TaggedDocument], by: CodedBy) -> str:
    texts = {tagged.document.id: text_sha256(tagged.document.text) for tagged in read}
    return json.dumps({"coder": by.coder, "method": by.method, "texts": texts}, ensure_ascii=False)
