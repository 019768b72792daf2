"""`tensions explain`: why one passage got its label."""

import contextlib
from pathlib import Path

from tensions_cli.errors import ExitStatus, TensionsError
from tensions_cli.output import terminal
from tensions_cli.output.rows import explanation_row, to_json
from tensions_cli.output.sink import text_output
from tensions_cli.tagging.explain import explain
from tensions_cli.tagging.model_folder import open_model

FORMATS = ("table", "json")


def run(text: str, model: str, form: str) -> ExitStatus:
    """Print the label, the words underlined, and contributions that add up to the log-odds."""
    text = text.encode("utf-8", "replace").decode("utf-8")  # an argument that was not UTF-8 holds lone surrogates
    with contextlib.suppress(OSError, ValueError):
        if Path(text).is_file():
            raise TensionsError(
                "c’est un fichier, pas un passage",
                why="explain explique un passage donné entre guillemets",
                hint="tensions tag FICHIER pour tous ses passages",
            )
    if not any(character.isalnum() for character in text):
        raise TensionsError(
            "il n’y a pas de texte à expliquer",
            why="le passage donné ne contient aucun mot",
            hint='tensions explain "On coche des cases, on n’a plus le temps d’écouter les résidents."',
        )
    explanation = explain(text, open_model(model))
    if form == "json":
        with text_output(None) as stream:
            stream.write(to_json(explanation_row(explanation), indent=1) + "\n")
    else:
        terminal.print_explanation(explanation, terminal.console())
    return ExitStatus.DONE
