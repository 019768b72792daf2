"""Coded passages as a Parquet table, for programs that read a million rows: same columns as CSV, with types."""

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, BinaryIO

from tensions_cli.errors import ModelError
from tensions_cli.knowledge.codebook import codebook
from tensions_cli.output.annotation import text_sha256
from tensions_cli.output.rows import flat_passage_row
from tensions_cli.records import CodedBy, TaggedDocument

if TYPE_CHECKING:
    import pyarrow

_INTEGERS = ("start", "end", "turn")
_BOOLEANS = {"certain", "counted"}


def write_parquet(documents: Iterable[TaggedDocument], by: CodedBy, stream: BinaryIO) -> None:
    """One row per passage; ids and metadata are text, whatever they look like; no index column.

    The file's metadata hold, under `tensions`, the coder, the method and the SHA-256 of each text. Raises
    ModelError when the extra `parquet` is not installed.
    """
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError:
        raise ModelError(
            "le format Parquet demande une bibliothèque de plus",
            why="pyarrow n’est pas installé",
            hint='pip install "tensions-cli[parquet]"',
        ) from None
    read = list(documents)
    rows = [_typed(flat_passage_row(one)) for tagged in read for one in tagged.passages]
    table = pa.Table.from_pylist(rows, schema=_schema(rows))
    # Without Arrow's own copy of the schema, which changes with its version.
    with pq.ParquetWriter(stream, table.schema, compression="zstd", store_schema=False) as writer:
        writer.write_table(table)
        writer.add_key_value_metadata({"tensions": _provenance(read, by)})


def _schema(rows: list[dict[str, Any]]) -> "pyarrow.Schema":
    import pyarrow as pa

    own = [
        *("id", "document", "start", "end", "turn", "speaker", "person", "role", "time_start", "time_end", "context"),
        *("text", "label", "relation", *(f"stance_{pole}" for pole in codebook().poles), "axes"),
        *(f"score_{pole}" for pole in codebook().poles),
        *("evidence", "certain", "counted", "excluded_reason", "coded_by", "model"),
    ]
    metadata = sorted({name for row in rows for name in row if name.startswith("meta_")})
    return pa.schema([(name, _kind(name)) for name in (*own, *metadata)])


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
