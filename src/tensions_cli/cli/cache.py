"""`tensions cache`: what is kept from one run to the next."""

import typer

from tensions_cli.cli.help import FrenchCommand, FrenchGroup

cache_app = typer.Typer(
    cls=FrenchGroup,
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Résultats gardés d’un passage à l’autre, sans aucun texte.",
)


@cache_app.callback()
def _root() -> None:
    """A group, though it has one command."""


@cache_app.command("clear", cls=FrenchCommand, epilog="Exemple\u00a0: tensions cache clear")
def cache_clear() -> None:
    """Effacer tout ce qui a été gardé ; le prochain passage refera tout."""
    from tensions_cli.commands import cache as command

    raise typer.Exit(command.run_clear())
