"""What happens to one file when somebody withdraws."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from tensions_cli.output.french import plural
from tensions_cli.withdrawal.rows import FileRow, without_rows


class Action(StrEnum):
    """What happens to one file; the French word is shown."""

    DELETE = "supprimer"
    REWRITE = "réécrire"
    REPLACE = "remplacer"
    REDO = "à refaire"
    BY_HAND = "à la main"


LEFT_TO_PEOPLE = (Action.BY_HAND, Action.REDO)


@dataclass(frozen=True, slots=True)
class Step:
    """One file and what happens to it. `content`: its new bytes; `target`: where they go when it changes format."""

    path: Path
    action: Action
    detail: str
    content: bytes | None = None
    target: Path | None = None


def by_hand(path: Path, detail: str) -> Step:
    """What only a person can do to a file."""
    return Step(path, Action.BY_HAND, detail)


def cut(path: Path, data: bytes, rows: Sequence[FileRow]) -> Step:
    """The file without these rows; `data`: its bytes."""
    return Step(path, Action.REWRITE, f"{plural(len(rows), 'ligne')} en moins", without_rows(data, rows))
