"""`tensions model`: train, evaluate, list, show."""

from pathlib import Path
from typing import Annotated

import typer

from tensions_cli.cli.help import FrenchCommand, FrenchGroup
from tensions_cli.cli.options import Codebook, ModelName, Output, Quiet

model_app = typer.Typer(
    cls=FrenchGroup,
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Modèles\u00a0: entraîner, évaluer, lister, montrer.",
)


@model_app.command(
    "train",
    cls=FrenchCommand,
    epilog=(
        "Exemples\u00a0: tensions model train --add mes_codes.jsonl -o models/mon_modele · "
        "tensions model train mes_codes.jsonl --codebook ma_grille/ -o models/mon_modele · "
        "tensions model train corpora/annotated -o models/standard"
    ),
)
def model_train(
    folder: Annotated[Path, typer.Option("--output", "-o", metavar="DOSSIER", help="Dossier du modèle à écrire.")],
    sources: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="[CODES…]",
            help="Passages codés (jsonl) dont apprendre, et d’eux seuls, ou dossiers qui en contiennent.",
            show_default=False,
        ),
    ] = None,
    added: Annotated[
        list[Path] | None,
        typer.Option(
            "--add",
            metavar="CODES",
            help="Vos passages codés, à ajouter à ceux qui sont livrés\u00a0; répétable.",
            show_default=False,
        ),
    ] = None,
    codebook: Codebook = None,
    encoders: Annotated[
        list[str],
        typer.Option("--encoder", metavar="NOM", help="Encodeur des passages\u00a0: distilled, e5 (répétable)."),
    ] = ["distilled"],  # noqa: B006 (typer reads it, nobody changes it)
    keep_rare_words: Annotated[
        bool,
        typer.Option(
            "--keep-rare-words",
            help="Laisser dans le modèle les noms propres qui ne sont que dans vos passages.",
            show_default=False,
        ),
    ] = False,
    show_text: Annotated[
        bool, typer.Option("--show-text", help="Citer à l’écran ces noms propres.", show_default=False)
    ] = False,
    force: Annotated[
        bool,
        typer.Option(
            "--force", help="Remplacer le modèle même s’il est meilleur sur les mêmes passages.", show_default=False
        ),
    ] = False,
    quiet: Quiet = False,
) -> None:
    """Entraîner sur des passages codés, évaluer sur des documents jamais vus, écrire le modèle et sa fiche."""
    from tensions_cli.commands import model as command

    raise typer.Exit(
        command.run_train(
            sources or [],
            added or [],
            folder,
            encoders,
            codebook,
            quiet=quiet,
            force=force,
            keep_rare_words=keep_rare_words,
            show_text=show_text,
        )
    )


@model_app.command(
    "evaluate",
    cls=FrenchCommand,
    epilog=(
        "Exemples\u00a0: tensions model evaluate mes_codes.jsonl · tensions model evaluate mes_codes.jsonl -f md · "
        "tensions model evaluate mes_codes.jsonl --paragraph fr · "
        "tensions model evaluate codes.jsonl --texts textes/ -f json -o mesures.json"
    ),
)
def model_evaluate(
    gold: Annotated[Path, typer.Argument(metavar="CODES", help="Passages codés (jsonl) que le modèle n’a jamais vus.")],
    texts: Annotated[
        Path | None,
        typer.Option(
            "--texts", metavar="DOSSIER", help="Textes des codes à distance (file, start, end).", show_default=False
        ),
    ] = None,
    form: Annotated[str, typer.Option("--format", "-f", metavar="table|json|md", help="Forme du résultat.")] = "table",
    output: Output = None,
    model: ModelName = "standard",
    paragraph: Annotated[
        str | None,
        typer.Option(
            "--paragraph",
            metavar="fr|en|both",
            help="Ajouter le paragraphe de méthode, prêt à coller (déjà dans -f md, en deux langues).",
            show_default=False,
        ),
    ] = None,
    show_text: Annotated[
        bool, typer.Option("--show-text", help="Citer le texte des pires erreurs.", show_default=False)
    ] = False,
) -> None:
    """Mesurer un modèle sur vos propres codes : précision, rappel, accord, calibrage, pires erreurs."""
    from tensions_cli.commands import model as command
    from tensions_cli.commands.common import choice

    choice("--format", form, ("table", "json", "md"))
    if paragraph is not None:
        choice("--paragraph", paragraph, ("fr", "en", "both"))
    raise typer.Exit(command.run_evaluate(gold, texts, model, form, output, paragraph=paragraph, show_text=show_text))


@model_app.command("list", cls=FrenchCommand)
def model_list() -> None:
    """Les modèles installés et leur macro-F1."""
    from tensions_cli.commands import model as command

    raise typer.Exit(command.run_list())


@model_app.command("show", cls=FrenchCommand)
def model_show(
    name: Annotated[str, typer.Argument(metavar="NOM|DOSSIER", help="Un modèle.")] = "standard",
    form: Annotated[str, typer.Option("--format", "-f", metavar="md|json", help="La fiche, ou les mesures.")] = "md",
) -> None:
    """La fiche d’un modèle, ou ses mesures."""
    from tensions_cli.commands import model as command
    from tensions_cli.commands.common import choice

    choice("--format", form, ("md", "json"))
    raise typer.Exit(command.run_show(name, form))
