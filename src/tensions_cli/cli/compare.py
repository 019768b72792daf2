"""`tensions compare`: options of the command that sets groups side by side."""

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
    "Exemples\u00a0: tensions compare entretiens/ presse/ · tensions compare corpus/ --by role · "
    "tensions compare corpus/ --by genre --by rank --against entretien,terrain · "
    "tensions compare corpus/ --by label --words 30"
)


def compare(
    sources: Sources,
    by: Annotated[
        list[str] | None,
        typer.Option(
            "--by",
            "-b",
            metavar="CHAMP",
            help=(
                "Groupes d’un seul corpus\u00a0: role, genre, year, une métadonnée\u00a0; répétable, les champs se "
                "croisent. label ou relation\u00a0: les mots seulement."
            ),
            show_default=False,
        ),
    ] = None,
    against: Annotated[
        str | None,
        typer.Option(
            "--against",
            metavar="GROUPE",
            help="Comparer chaque groupe à celui-ci (défaut\u00a0: à tous les autres réunis).",
            show_default=False,
        ),
    ] = None,
    period: Annotated[
        str,
        typer.Option(
            "--period",
            metavar="auto|year|quarter|month|none",
            help="Évolution dans le temps, si les textes sont datés.",
        ),
    ] = "auto",
    words: Annotated[
        int,
        typer.Option(
            "--words",
            metavar="N",
            min=0,
            help="Mots caractéristiques par groupe (10)\u00a0; 0\u00a0: aucun.",
            show_default=False,
        ),
    ] = 10,
    mask_under: MaskUnder = 0,
    form: Annotated[
        str, typer.Option("--format", "-f", metavar="table|json|csv|md", help="Forme du résultat.")
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
    """Différences entre deux corpus, ou entre les groupes d’un seul, avec leurs intervalles."""
    from tensions_cli.commands import compare as command
    from tensions_cli.commands.common import build_options, choice
    from tensions_cli.studies.compare import PERIODS, Request

    choice("--format", form, command.FORMATS)
    choice("--period", period, PERIODS)
    options = build_options(
        by=tuple(dict.fromkeys(by or ())),
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
        keep_interviewer=keep_interviewer,
        any_language=any_language,
        mask_under=mask_under,
    )
    request = Request(against=against, period=period, words=words)
    raise typer.Exit(command.run(sources, options, request, form, output, quiet=quiet, strict=strict))
