"""Commands as we have them: help pages in French, and options that a `tensions.toml` sets."""

import re
from typing import Any

from typer.core import TyperCommand, TyperGroup

# What the library writes in help pages, in the language of those who read them.
HELP_WORDS = (
    ("Usage: ", "Usage\u00a0: "),
    ("COMMAND [ARGS]...", "COMMANDE…"),
    ("Arguments:", "Arguments\u00a0:"),
    ("Options:", "Options\u00a0:"),
    ("Commands:", "Commandes\u00a0:"),
    ("Show this message and exit.", "Afficher cette aide."),
    ("[default: ", "[défaut\u00a0: "),
    ("[required]", "[obligatoire]"),
    ("[x>=0]", "[N ≥ 0]"),
    (" <list[str]>", ""),
    (" <list[Path]>", ""),
    (" <str>", ""),
    (" <Path>", ""),
    ("…}...", "…}"),
)


def french_help(page: str) -> str:
    """A help page with the library's own words in French."""
    for english, french in HELP_WORDS:
        page = page.replace(english, french)
    return re.sub(r"(?<=\S) (?=[:;?!»](?:\s|$))", "\u00a0", page)


class FrenchGroup(TyperGroup):
    """A group of commands whose help is in French."""

    def get_help(self, ctx: Any) -> str:
        """The help page."""
        return french_help(super().get_help(ctx))


class FrenchCommand(TyperCommand):
    """A command whose help is in French, and whose options not typed are those of the corpus."""

    def invoke(self, ctx: Any) -> Any:
        """Run, with what a `tensions.toml` beside the sources sets."""
        from tensions_cli.cli.settings import set_from_file

        set_from_file(self, ctx)
        return super().invoke(ctx)

    def get_help(self, ctx: Any) -> str:
        """The help page."""
        return french_help(super().get_help(ctx))
