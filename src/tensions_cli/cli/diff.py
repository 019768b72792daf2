"""`tensions diff`: options of the command that sets two summaries side by side."""

from typing import Annotated

import typer

from tensions_cli.cli.options import Output, Quiet

EPILOG = (
    "Exemples\u00a0: tensions diff avant.json apres.json · tensions diff avant.json apres.json --tolerance 5% -f md · "
    "tensions analyse corpus/ -f json | tensions diff statistiques.json -"
)


def diff(
    old: Annotated[
        str, typer.Argument(metavar="ANCIEN", help="Résumé écrit par tensions analyse -f json, ou - (entrée standard).")
    ],
    new: Annotated[str, typer.Argument(metavar="NOUVEAU", help="Le résumé à lui comparer, ou -.")],
    tolerance: Annotated[
        str, typer.Option("--tolerance", metavar="T", help="Écart toléré\u00a0: 0.02, ou 2 %, deux points d’une part.")
    ] = "0.02",
    form: Annotated[str, typer.Option("--format", "-f", metavar="table|json|md", help="Forme du résultat.")] = "table",
    output: Output = None,
    quiet: Quiet = False,
) -> None:
    """Deux résumés : ce qui a changé (textes, modèle, options, versions), puis les chiffres qui ont bougé."""
    from tensions_cli.commands import diff as command
    from tensions_cli.commands.common import choice

    choice("--format", form, command.FORMATS)
    raise typer.Exit(command.run(old, new, form, output, tolerance=tolerance, quiet=quiet))
