"""`tensions extracts`: options of the command that goes back to the text."""

from typing import Annotated

import typer

from tensions_cli.cli.options import (
    AnyLanguage,
    Cluster,
    Codes,
    Jobs,
    KeepInterviewer,
    KeepTwins,
    MaskUnder,
    ModelName,
    NoCache,
    Output,
    Quiet,
    Repair,
    Sources,
    Speakers,
    Strict,
    TextColumn,
    Unit,
)

EPILOG = (
    "Exemples\u00a0: tensions extracts corpus/ --relation opposition · tensions extracts corpus/ --lemma temps · "
    'tensions extracts corpus/ --pattern "pris.? en charge" --where genre=entretien -f csv -o pec.csv'
)


def extracts(
    sources: Sources,
    pattern: Annotated[
        str | None,
        typer.Option(
            "--pattern",
            metavar="REGEX",
            help="Concordance d’une expression régulière (les majuscules comptent s’il y en a).",
            show_default=False,
        ),
    ] = None,
    lemma: Annotated[
        str | None,
        typer.Option(
            "--lemma",
            metavar="MOT",
            help="Concordance de toutes les formes d’un mot, ou de plusieurs à la suite\u00a0; | pour l’un ou l’autre.",
            show_default=False,
        ),
    ] = None,
    cue: Annotated[
        str | None,
        typer.Option(
            "--cue",
            metavar="AXE|TEXTE",
            help="Concordance des repères d’un axe, ou d’un repère du lexique.",
            show_default=False,
        ),
    ] = None,
    label: Annotated[
        str | None,
        typer.Option(
            "--label",
            metavar="ÉTIQUETTE",
            help="Une logique de la grille (rationalisation, professionnelle), mixte ou neutre.",
            show_default=False,
        ),
    ] = None,
    relation: Annotated[
        str | None,
        typer.Option(
            "--relation",
            metavar="RELATION",
            help="opposition (défaut sans autre demande), articulation ou juxtaposition.",
            show_default=False,
        ),
    ] = None,
    stance: Annotated[
        str | None,
        typer.Option(
            "--stance",
            metavar="LOGIQUE:POSTURE",
            help="Posture envers une logique, par exemple professionnelle:menacee.",
            show_default=False,
        ),
    ] = None,
    axis: Annotated[
        str | None,
        typer.Option(
            "--axis",
            metavar="AXE[:LOGIQUE]",
            help="Axe où joue une logique, par exemple temps ou temps:professionnelle.",
            show_default=False,
        ),
    ] = None,
    where: Annotated[
        list[str] | None,
        typer.Option(
            "--where",
            metavar="CHAMP=VALEUR",
            help="Seulement un document, speaker, role ou une métadonnée\u00a0; répétable.",
            show_default=False,
        ),
    ] = None,
    number: Annotated[
        int | None,
        typer.Option(
            "--number",
            "-n",
            metavar="N",
            help="Extraits montrés (10 exemples, ou toute la concordance).",
            show_default=False,
        ),
    ] = None,
    sort: Annotated[
        str,
        typer.Option(
            "--sort",
            metavar="document|left|right",
            help="Ordre d’une concordance\u00a0: le texte (défaut), ou les mots d’avant, d’après.",
            show_default=False,
        ),
    ] = "document",
    context: Annotated[
        bool, typer.Option("--context", help="Montrer la question à laquelle répond l’extrait.", show_default=False)
    ] = False,
    names: Annotated[
        bool, typer.Option("--no-names", help="Sans l’étiquette des locuteurs.", show_default=False)
    ] = False,
    mask_under: MaskUnder = 0,
    form: Annotated[
        str, typer.Option("--format", "-f", metavar="table|jsonl|csv|md", help="Forme du résultat.")
    ] = "table",
    output: Output = None,
    model: ModelName = "standard",
    codes: Codes = None,
    speakers: Speakers = None,
    keep_interviewer: KeepInterviewer = False,
    any_language: AnyLanguage = False,
    unit: Unit = "passage",
    text_column: TextColumn = None,
    keep_twins: KeepTwins = False,
    repair: Repair = False,
    jobs: Jobs = 0,
    cluster: Cluster = None,
    no_cache: NoCache = False,
    quiet: Quiet = False,
    strict: Strict = False,
) -> None:
    """Retour au texte : une concordance, ou les passages les plus parlants d’une sorte, prêts à citer."""
    from tensions_cli.commands import extracts as command
    from tensions_cli.commands.common import build_options, choice, use_model_codebook
    from tensions_cli.statistics.extracts import SORTS

    choice("--format", form, command.FORMATS)
    choice("--sort", sort, SORTS)
    use_model_codebook(model)  # `--label`, `--stance` and `--axis` name what is in it
    wanted = command.build_wanted(
        pattern=pattern,
        lemma=lemma,
        cue=cue,
        label=label,
        relation=relation,
        stance=stance,
        axis=axis,
        where=where or (),
        count=number,
        sort=sort,
        mask_under=mask_under,
    )
    options = build_options(
        by=(),
        model=model,
        codes=codes,
        unit=unit,
        text_column=text_column,
        keep_twins=keep_twins,
        repair=repair,
        jobs=jobs,
        cluster=cluster,
        cache=not no_cache,
        speakers=speakers,
        keep_interviewer=keep_interviewer or command.asks_interviewer(wanted),
        any_language=any_language,
    )
    shown = command.Shown(form, output, names=not names, context=context)
    raise typer.Exit(command.run(sources, options, wanted, shown, quiet=quiet, strict=strict))
