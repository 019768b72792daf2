"""The coded passages that ship with the tool: what `model train --add` adds one's own to."""

from collections.abc import Sequence
from pathlib import Path

from tensions_cli.errors import TensionsError

FOLDER = Path("corpora") / "annotated"


def shipped_folders() -> list[Path]:
    """Where the shipped coded passages are looked for: the package (wheel), then the repository."""
    package = Path(__file__).resolve().parents[1]
    return [package / FOLDER, package.parents[1] / FOLDER]


def shipped_passages(folders: Sequence[Path] | None = None) -> Path:
    """The folder of the shipped coded passages; raises TensionsError when none of `folders` holds any."""
    for folder in shipped_folders() if folders is None else folders:
        if any(folder.glob("*.jsonl")):
            return folder
    raise TensionsError(
        "les passages codés livrés avec tensions sont introuvables",
        why="ils ne sont ni dans le paquet installé, ni à côté de ses sources",
        hint="réinstallez tensions-cli, ou donnez leur dossier parmi les CODES, sans --add",
    )


def is_shipped(sources: Sequence[Path]) -> bool:
    """These sources are the shipped coded passages and nothing else."""
    ours = {folder.resolve() for folder in shipped_folders()}
    return bool(sources) and all(source.resolve() in ours for source in sources)
