"""`tensions codebook`: a codebook of one's own."""

from pathlib import Path
from typing import Annotated

import typer

from tensions_cli.cli.help import FrenchCommand, FrenchGroup

codebook_app = typer.Typer(
    cls=FrenchGroup,
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Grille de codage\u00a0: écrire la vôtre, la vérifier.",
)


@codebook_app.command(
    "new",
    cls=FrenchCommand,
    epilog="Exemples\u00a0: tensions codebook new ma_grille · tensions codebook new ma_grille --copy",
)
def codebook_new(
    folder: Annotated[Path, typer.Argument(metavar="DOSSIER", help="Où écrire codebook.toml et lexicon.csv.")],
    copy: Annotated[
        bool, typer.Option("--copy", help="Partir de la grille livrée, pour la modifier.", show_default=False)
    ] = False,
) -> None:
    """Écrire une grille à compléter : deux logiques ou plus, leurs axes, leurs règles, leur lexique."""
    from tensions_cli.commands import codebook as command

    raise typer.Exit(command.run_new(folder, copy=copy))


@codebook_app.command(
    "check",
    cls=FrenchCommand,
    epilog=(
        "Exemples\u00a0: tensions codebook check ma_grille · "
        "tensions codebook check corpora/associations --codes corpora/associations/asso-1.jsonl"
    ),
)
def codebook_check(
    path: Annotated[Path, typer.Argument(metavar="DOSSIER|FICHIER", help="La grille, ou le dossier qui la contient.")],
    codes: Annotated[
        list[Path] | None,
        typer.Option(
            "--codes",
            metavar="FICHIER",
            help="Passages codés à confronter à la grille\u00a0; répétable.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Dire tout ce qui ne va pas dans une grille et son lexique, puis ce qu’ils contiennent."""
    from tensions_cli.commands import codebook as command

    raise typer.Exit(command.run_check(path, codes or []))
