"""`tensions report`: a page, a workbook or a Markdown file that holds everything there is to show."""

from collections.abc import Sequence
from pathlib import Path

from tensions_cli.commands.common import (
    progress_bar,
    protect_inputs,
    report_doubts,
    report_notices,
    report_skipped,
    status_of,
)
from tensions_cli.errors import ExitStatus, TensionsError
from tensions_cli.output.sink import binary_output, check_output, lend_folder, text_output
from tensions_cli.pipeline import Options
from tensions_cli.results import Report
from tensions_cli.studies.gold import check_outside
from tensions_cli.studies.report import ReportRequest, check_request, compose
from tensions_cli.studies.tagged import tag_corpus

FORMATS = ("html", "xlsx", "md")
SUFFIXES = {".html": "html", ".htm": "html", ".xlsx": "xlsx", ".md": "md"}


def run(
    sources: Sequence[str],
    options: Options,
    request: ReportRequest,
    form: str,
    output: Path,
    *,
    quiet: bool,
    strict: bool,
) -> ExitStatus:
    """Make and write the report; the status tells whether some documents could not be read."""
    protect_inputs(output, sources, options.codes, options.model)
    if request.gold is not None:
        check_output(output, [request.gold], [])
        check_outside(request.gold, sources)
    gold = check_request(options, request)
    with progress_bar(quiet=quiet) as progress:
        corpus = tag_corpus(sources, options, progress)
        report = compose(corpus, options, request, gold)
        progress("écriture", 0, 1)
        write(report, form, output)
    report_notices((*corpus.batch.notices, *report.warnings), quiet=quiet)
    if report.corrections is not None:
        report_notices(report.corrections.notices, quiet=quiet)
    report_doubts(corpus.batch.documents, quiet=quiet)
    report_skipped(corpus.batch.skipped, quiet=quiet)
    return status_of(corpus.batch.skipped, strict=strict)


def write(report: Report, form: str, output: Path) -> None:
    """One of the formats, in a file that appears whole or not at all."""
    if form == "xlsx":
        from tensions_cli.output.report.workbook import write_report_workbook

        with binary_output(output) as raw:
            write_report_workbook(report, raw)
        return
    if form == "md":
        from tensions_cli.output.report.markdown import write_report_markdown as write_text
    else:
        from tensions_cli.output.report.page import write_report_page as write_text
    lend_folder(output)  # the charts keep a list of fonts while they are drawn
    with text_output(output) as stream:
        write_text(report, stream)


def output_and_format(output: Path | None, form: str | None) -> tuple[Path, str]:
    """Where and in what form: the form is read from the name of the file unless it is given. Raises TensionsError."""
    if output is None:
        raise TensionsError(
            "un rapport s’écrit dans un fichier",
            why="il tient trop de place pour un écran",
            hint="ajoutez -o rapport.html (ou rapport.xlsx, rapport.md)",
        )
    known = form or SUFFIXES.get(output.suffix.lower())
    if known is None:
        raise TensionsError(
            f"la forme du rapport ne se devine pas d’après {output.name}",
            why="le nom ne finit ni par .html, ni par .xlsx, ni par .md",
            hint="-o rapport.html, ou --format html, xlsx ou md",
        )
    return output, known
