"""The cues of a lexicon as data: a `;` separated file that a sociologist can read, edit and cite."""

import csv
from dataclasses import dataclass

KINDS = ("axis", "general", "relation", "trap")
COLUMNS = ("kind", "name", "pole", "expression", "strength", "source")


@dataclass(frozen=True, slots=True)
class Cue:
    """One entry of the lexicon.

    `kind`: axis, general, relation or trap; `name`: the axis or the relation; `pole`: the logic
    an axis or general cue speaks for; `strength`: 1 (weak) to 3 (sure).
    """

    kind: str
    name: str
    pole: str
    expression: str
    strength: int


def read_lexicon(content: bytes) -> tuple[Cue, ...]:
    """Every entry, in the order of the file; comment lines (`#`) are left out.

    A strength that is no whole number is 0, which no entry may have (`codebook_check`). Raises ValueError when the
    file is not UTF-8, or a line lacks a column.
    """
    lines = [line for line in content.decode("utf-8-sig").splitlines() if line.strip() and not line.startswith("#")]
    try:
        rows = list(csv.DictReader(lines, delimiter=";"))
        if any(row[column] is None for row in rows for column in COLUMNS[:5]):  # a line cut short
            raise KeyError
        return tuple(
            Cue(row["kind"], row["name"], row["pole"], row["expression"], _strength(row["strength"])) for row in rows
        )
    except (KeyError, TypeError, csv.Error) as error:
        raise ValueError(f"columns: {';'.join(COLUMNS)}") from error


def _strength(value: str) -> int:
    return int(value) if value.strip().isdecimal() else 0
