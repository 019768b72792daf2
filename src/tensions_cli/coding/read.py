"""Which tool a file of codes comes from, told by its content, and the reader of that tool."""

import io
import json
import zipfile
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from tensions_cli.coding import annotation, tables
from tensions_cli.coding.design import whole_passages
from tensions_cli.coding.qdpx import read_qdpx
from tensions_cli.errors import UnreadableError
from tensions_cli.files.container import DAMAGE
from tensions_cli.files.encoding import decode
from tensions_cli.records import ReadCodings

_PARQUET = b"PAR1"
_ZIP = b"PK\x03\x04"
_OTHER_SHEETS = ("c’est un classeur .xlsb", "c’est un classeur LibreOffice (.ods)")


def read_codes(data: bytes, coder: str = annotation.SOMEBODY) -> tuple[str, ReadCodings]:
    """The name of the format and what the file holds. `coder`: who coded it, where the file does not say.

    Raises `UnreadableError` when no tool known here wrote it, when it is damaged, or when it holds no code.
    """
    name, codings = _read(data, coder)
    codings = whole_passages(codings)
    if not codings.codings:
        raise UnreadableError(
            "columns", "ce fichier ne tient aucun code\u00a0: donnez celui que l’outil de codage a exporté"
        )
    return name, codings


def _read(data: bytes, coder: str) -> tuple[str, ReadCodings]:
    if not data.strip():
        raise UnreadableError("empty", "le fichier est vide\u00a0: exportez les codes de nouveau")
    if data.startswith(_ZIP):
        return _read_archive(data, coder)
    if data.startswith(tables.OLD_EXCEL):
        return "xlsx", tables.read_xlsx(data, coder)
    if data.startswith(_PARQUET):
        return "parquet", tables.read_parquet(data, coder)
    first = _first_object(decode(data).text)
    if first is None:
        return "csv", tables.read_csv(data, coder)
    name = _tool_of(first)
    readers: Mapping[str, Callable[[bytes, str], ReadCodings]] = {
        "label-studio": annotation.read_label_studio,
        "doccano": annotation.read_doccano,
        "prodigy": annotation.read_prodigy,
        "jsonl": tables.read_jsonl,
    }
    if name == "cas-json":
        return name, annotation.read_cas_json(data, coder=coder)
    return name, readers[name](data, coder)


def _read_archive(data: bytes, coder: str) -> tuple[str, ReadCodings]:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = archive.namelist()
    except DAMAGE:
        raise UnreadableError("corrupt", "l’archive est abîmée\u00a0: exportez les codes de nouveau") from None
    if any("/" not in name and name.lower().endswith(".qde") for name in names):
        return "qdpx", read_qdpx(data)
    other = _OTHER_SHEETS[0] if "xl/workbook.bin" in names else _OTHER_SHEETS[1] if _is_ods(data, names) else None
    if other:
        raise UnreadableError("format", f"{other}\u00a0: ouvrez-le et enregistrez-le en .xlsx ou en .csv")
    if any(name.startswith("xl/") for name in names):
        return "xlsx", tables.read_xlsx(data, coder)
    return "cas-json", annotation.read_cas_json(data, coder=coder)


def _is_ods(data: bytes, names: Sequence[str]) -> bool:
    if "mimetype" not in names:
        return False
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return archive.open("mimetype").read(80).startswith(b"application/vnd.oasis.opendocument.spreadsheet")


def _first_object(text: str) -> dict[str, Any] | None:
    """The first JSON object of a file of lines, of an array or of one object; None when it is no JSON."""
    start = text.lstrip()
    if start[:1] not in ("{", "["):
        return None
    for candidate in (start.partition("\n")[0], start):
        try:
            value = json.loads(candidate)
        except (ValueError, RecursionError):
            continue
        if isinstance(value, list):
            value = next((item for item in value if isinstance(item, dict)), {})
        return value if isinstance(value, dict) else {}
    return {}


def _tool_of(row: Mapping[str, Any]) -> str:
    """Who writes objects with these keys."""
    if "%FEATURE_STRUCTURES" in row or "%TYPES" in row:
        return "cas-json"
    if isinstance(row.get("data"), dict) and {"annotations", "predictions"} & row.keys():
        return "label-studio"
    if isinstance(row.get("label"), list) or isinstance(row.get("entities"), list):
        return "doccano"
    if isinstance(row.get("spans"), list) or isinstance(row.get("options"), list) or "answer" in row:
        return "prodigy"
    return "jsonl"
