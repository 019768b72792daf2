"""A summary of `tensions analyse -f json`, read back from a file or taken from an analysis: one record for both.

A file may come from another version, another codebook, or a person's editor: what is there is taken, what is missing
stays missing, and what is no summary is refused with its place. Nothing here computes a share.
"""

import json
import math
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

from tensions_cli.errors import TensionsError
from tensions_cli.output.rows import SUMMARY_SCHEMA, summary, to_json
from tensions_cli.records import Analysis, Interval

STDIN = "-"
MAX_BYTES = 256 * 1024**2  # a summary by document takes 3 kB a document: eighty thousand of them
SCHEMA = re.compile(r"tensions-([a-z-]{1,40})/([0-9]{1,4})")
COUNTS = ("documents", "speakers", "persons", "passages", "words", "certain", "human")
SHARES = ("shares", "shares_by_words", "shares_by_document", "shares_certain")
MOST = 10**12  # counts beyond are no counts
UNREADABLE: Mapping[type[Exception], str] = {
    FileNotFoundError: "aucun fichier ne porte ce nom",
    IsADirectoryError: "c’est un dossier",
    PermissionError: "vous n’avez pas le droit de le lire",
}


@dataclass(frozen=True, slots=True)
class SummaryDocument:
    """One document that was read. `reading`: what was kept of its text (counts of passages, of words left out…)."""

    id: str
    sha256: str
    words: int | None
    counted: int | None
    reading: str


@dataclass(frozen=True, slots=True)
class SummaryGroup:
    """One group; `values` by measure: `shares.mixte`, `tension_share`, `balance`, `passages`… None: cannot be given.

    A masked group has no value. `certain_share`: passages whose label is certain over all of them.
    """

    by: Mapping[str, str]
    masked: bool
    values: Mapping[str, float | None] = field(default_factory=dict)
    intervals: Mapping[str, Interval] = field(default_factory=dict)  # by measure

    def count(self, name: str) -> int | None:
        """One of COUNTS."""
        value = self.values.get(name)
        return None if value is None else int(value)


@dataclass(frozen=True, slots=True)
class Summary:
    """What two summaries are compared by. `version`: of its schema. `unread`: reason by file that could not be read."""

    version: int
    manifest: Mapping[str, Any]
    documents: tuple[SummaryDocument, ...]
    unread: Mapping[str, str]
    groups: tuple[SummaryGroup, ...]


def summary_of(analysis: Analysis) -> Summary:
    """The summary of an analysis, through the very JSON that `analyse -f json` writes."""
    return parse_summary(json.loads(to_json(summary(analysis))), "l’analyse")


def read_summary(source: str) -> Summary:
    """The summary in a file, or on the standard input (`-`). Raises TensionsError for anything else."""
    name = "l’entrée standard" if source == STDIN else Path(source).name
    try:
        text = _bytes(source, name).decode("utf-8-sig")
        row = json.loads(text, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise _refused(name, "ce n’est pas du JSON bien formé, en UTF-8") from error
    return parse_summary(row, name)


def parse_summary(row: Any, name: str) -> Summary:
    """The summary in a JSON value; `name`: of its file, for errors. Raises TensionsError."""
    if not isinstance(row, dict):
        raise _refused(name, "ce n’est pas le résultat de tensions analyse")
    version = _version(row.get("schema"), name)
    try:
        documents = _dict(row.get("documents", {}))
        groups = tuple(_group(_dict(one)) for one in _list(row["groups"]))
        found = Summary(
            version=version,
            manifest=_dict(row.get("manifest", {})),
            documents=tuple(_document(_dict(one)) for one in _list(documents.get("read", []))),
            unread=dict(_unread(_list(documents.get("skipped", [])))),
            groups=groups,
        )
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise _refused(name, "un champ manque, ou n’a pas la forme attendue") from error
    if not groups or groups[0].by:
        raise _refused(name, "son premier groupe n’est pas le corpus entier")
    return found


def _bytes(source: str, name: str) -> bytes:
    try:
        if source == STDIN:
            data = sys.stdin.buffer.read(MAX_BYTES + 1)
        else:
            with Path(source).open("rb") as stream:
                data = stream.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        why = UNREADABLE.get(type(error), "le système a refusé de l’ouvrir")
        raise _refused(name, why) from error
    if len(data) > MAX_BYTES:
        raise _refused(name, f"il a plus de {MAX_BYTES // 1024**2}\u00a0Mo")
    return data


def _refused(name: str, why: str) -> TensionsError:
    return TensionsError(
        f"{name} n’est pas un résumé qui se lit",
        why=why,
        hint="donnez un fichier écrit par\u00a0: tensions analyse corpus/ -f json -o statistiques.json",
    )


def _no_constant(name: str) -> NoReturn:
    raise ValueError(name)  # NaN and Infinity: no JSON, and never written by us


def _version(schema: Any, name: str) -> int:
    found = SCHEMA.fullmatch(schema) if isinstance(schema, str) else None
    if found is None:
        raise _refused(name, "il ne dit pas, par son champ «\u00a0schema\u00a0», que tensions analyse l’a écrit")
    kind = SCHEMA.fullmatch(SUMMARY_SCHEMA)
    if kind is None or found[1] != kind[1]:
        raise _refused(name, f"c’est un autre résultat de tensions ({found[1]}), pas celui de tensions analyse")
    return int(found[2])


def _dict(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise TypeError
    return value


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise TypeError
    return value


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _number(value: Any, low: float, high: float) -> float | None:
    """A finite number within its bounds, or None; raises ValueError, TypeError or OverflowError."""
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError
    number = float(value)
    if not (math.isfinite(number) and low <= number <= high):
        raise ValueError
    return number


def _count(value: Any) -> int | None:
    number = _number(value, 0, MOST)
    return None if number is None else int(number)


def _document(row: Mapping[str, Any]) -> SummaryDocument:
    reading = {name: row.get(name) for name in ("passages", "counted", "excluded", "dropped_words", "speakers")}
    return SummaryDocument(
        id=_text(row["id"]),
        sha256=_text(row["sha256"]),
        words=_count(row.get("words")),
        counted=_count(row.get("counted")),
        reading=json.dumps(reading, sort_keys=True),
    )


def _unread(rows: list[Any]) -> Iterator[tuple[str, str]]:
    for row in map(_dict, rows):
        if row.get("failed") is True:
            yield _text(row["source"]), _text(row.get("reason", "?"))


def _group(row: Mapping[str, Any]) -> SummaryGroup:
    by = {_text(name): _text(value) for name, value in _dict(row["by"]).items()}
    if row.get("masked"):
        return SummaryGroup(by, masked=True)
    values: dict[str, float | None] = {name: _number(row.get(name), 0, MOST) for name in COUNTS if name in row}
    values["tension_share"] = _number(row.get("tension_share"), 0, 1)
    values["balance"] = _number(row.get("balance"), -1, 1)
    for kind in SHARES:
        shares = _dict(row.get(kind) or {})
        values |= {f"{kind}.{label}": _number(share, 0, 1) for label, share in shares.items()}
    passages, certain = values.get("passages"), values.get("certain")
    if certain is not None:
        values["certain_share"] = round(certain / passages, 4) if passages else None
    return SummaryGroup(by, masked=False, values=values, intervals=dict(_intervals(_dict(row.get("intervals") or {}))))


def _intervals(row: Mapping[str, Any]) -> Iterator[tuple[str, Interval]]:
    for name, pair in row.items():
        if pair is None:
            continue
        low, high = (_number(bound, 0, 1) for bound in _list(pair))
        if low is not None and high is not None:
            yield "tension_share" if name == "tension" else f"shares.{name}", Interval(low, high)
