"""Columns of a table of passages: what each is called, for the codebook in use."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from tensions_cli.knowledge.codebook import Codebook, codebook
from tensions_cli.knowledge.files import read_toml


@dataclass(frozen=True, slots=True)
class Column:
    """`field`: JSON Lines, CSV and Parquet; `header`: a sheet for people; `also`: other names seen for it.

    `width`: in characters of a spreadsheet; None for a column that is not on the sheet « Passages ».
    """

    field: str
    header: str
    also: tuple[str, ...]
    width: int | None


def columns() -> tuple[Column, ...]:
    """Every column that is known, in the order of the sheet: one by logic or by pair where its name says so."""
    return columns_of(codebook())


def code_fields() -> frozenset[str]:
    """Fields of the columns that hold codes."""
    return _code_fields(codebook())


def sheet_columns() -> tuple[Column, ...]:
    """The columns of the sheet « Passages »: one relation, or one by pair of logics where there are several pairs."""
    left = {"relation"} if codebook().by_pair else {f"relation_{pair}" for pair in codebook().pairs}
    return tuple(column for column in columns() if column.width is not None and column.field not in left)


@cache
def columns_of(book: Codebook) -> tuple[Column, ...]:
    """The columns that a codebook makes."""
    return tuple(column for row in read_toml("exchange.toml")["columns"] for column in _expanded(row, book))


@cache
def _code_fields(book: Codebook) -> frozenset[str]:
    return frozenset(
        {
            *("label", "relation", "stance", "axes"),
            *(f"relation_{pair}" for pair in book.pairs),
            *(f"stance_{pole}" for pole in book.poles),
            *book.letters.values(),
        }
    )


def _expanded(row: Mapping[str, Any], book: Codebook) -> Iterator[Column]:
    by_pair = [
        {"pair": pair, "letters": f"{book.letters[one]} {book.letters[other]}"}
        for pair, (one, other) in book.pairs.items()
    ]
    by_logic = [{"logic": one.name, "letter": one.letter, "title": one.title} for one in book.logics]
    pattern = row["field"]
    for names in by_pair if "{pair}" in pattern else by_logic if "{" in pattern else [{}]:
        also = tuple(name.format(**names) for name in row["also"])
        yield Column(pattern.format(**names), row["header"].format(**names), also, row.get("width"))
