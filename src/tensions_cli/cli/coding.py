"""`tensions coding`: codes made by people, in and out."""

from pathlib import Path
from typing import Annotated

import typer

from tensions_cli.cli.help import FrenchCommand, FrenchGroup
from tensions_cli.cli.options import Output, Quiet

coding_app = typer.Typer(
    cls=FrenchGroup,
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Codes humains\u00a0: relire ce qui a été codé ailleurs.",
)


@coding_app.callback()
def _coding() -> None:
    """Keeps `import` a command of a group, as long as it is the only one."""


@coding_app.command(
    "import",
    cls=FrenchCommand,
    epilog=(
        "Exemples\u00a0: tensions coding import projet.qdpx -o codes.jsonl · "
        "tensions coding import relu.xlsx --coder A -o codes.jsonl"
    ),
)
def coding_import(
    files: Annotated[
        list[Path],
        typer.Argument(
            metavar="FICHIERS…",
            help="qdpx, xlsx, csv, jsonl, parquet, ou export de doccano, Label Studio, Prodigy, INCEpTION.",
        ),
    ],
    output: Output = None,
    coder: Annotated[
        str | None,
        typer.Option(
            "--coder", metavar="CODE", help="Qui a codé (A, B…), quand le fichier ne le dit pas.", show_default=False
        ),
    ] = None,
    quiet: Quiet = False,
) -> None:
    """Relire des codes posés dans un autre outil : un passage codé par ligne, et ce qui n’a pas été compris."""
    from tensions_cli.commands import coding_import as command

    raise typer.Exit(command.run(files, output, coder, quiet=quiet))
