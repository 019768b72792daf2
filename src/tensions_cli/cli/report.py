"""`tensions report`: options of the command that makes a page, a workbook or a Markdown file to share."""

from dataclasses import replace
from typing import Annotated

import typer

from tensions_cli.cli.options import (
    AnyLanguage,
    Cluster,
    Codes,
    Gold,
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
    "Exemples\u00a0: tensions report corpus/ -o rapport.html · tensions report corpus/ --by rank -o rapport.xlsx · "
    "tensions report entretiens/ --no-verbatim -o synthese.html"
)


def report(
    sources: Sources,
    output: Output = None,
    form: Annotated[
        str | None,
        typer.Option(
            "--format",
            "-f",
            metavar="html|xlsx|md",
            help="Forme du rapport (défaut\u00a0: d’après le nom du fichier).",
            show_default=False,
        ),
    ] = None,
    by: Annotated[
        list[str] | None,
        typer.Option(
            "--by",
            "-b",
            metavar="CHAMP",
            help="Un chapitre par champ\u00a0: role, genre, year, une métadonnée\u00a0; répétable (défaut\u00a0: genre "
            "et role, s’il y en a).",
            show_default=False,
        ),
    ] = None,
    title: Annotated[str, typer.Option("--title", metavar="TEXTE", help="Titre du rapport.", show_default=False)] = "",
    mask_under: MaskUnder = 5,  # a report is shared: colleagues recognise fewer persons than this
    no_verbatim: Annotated[
        bool,
        typer.Option("--no-verbatim", help="Ni texte ni nom\u00a0: seulement des chiffres.", show_default=False),
    ] = False,
    all_passages: Annotated[
        bool,
        typer.Option("--all-passages", help="Montrer aussi les passages neutres et non comptés.", show_default=False),
    ] = False,
    gold: Gold = None,
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
    """Une page à partager : les figures d’abord, puis le retour aux passages."""
    from tensions_cli.commands import report as command
    from tensions_cli.commands.common import build_options, choice
    from tensions_cli.studies.report import ReportRequest

    if form is not None:
        choice("--format", form, command.FORMATS)
    file, known = command.output_and_format(output, form)
    options = build_options(
        by=(),  # grouping by role would count the interviewer everywhere; here, in its own chapter only
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
    options = replace(options, by=tuple(dict.fromkeys(by or ())))
    request = ReportRequest(title=title.strip(), verbatim=not no_verbatim, all_passages=all_passages, gold=gold)
    raise typer.Exit(command.run(sources, options, request, known, file, quiet=quiet, strict=strict))
