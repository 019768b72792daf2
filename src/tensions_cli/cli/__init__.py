"""The command line: parse, call one command, choose the status. Heavy modules are imported by the commands."""

import contextlib
import difflib
import io
import os
import re
import signal
import sys
import traceback
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from tensions_cli import __version__
from tensions_cli.cli.cache import cache_app
from tensions_cli.cli.codebook import codebook_app
from tensions_cli.cli.coding import coding_app
from tensions_cli.cli.compare import EPILOG as COMPARE_EPILOG
from tensions_cli.cli.compare import compare
from tensions_cli.cli.corpus import corpus_app
from tensions_cli.cli.diff import EPILOG as DIFF_EPILOG
from tensions_cli.cli.diff import diff
from tensions_cli.cli.extracts import EPILOG as EXTRACTS_EPILOG
from tensions_cli.cli.extracts import extracts
from tensions_cli.cli.help import FrenchCommand, FrenchGroup
from tensions_cli.cli.model import model_app
from tensions_cli.cli.options import (
    AnyLanguage,
    By,
    Check,
    Cluster,
    Codes,
    FailIf,
    Gold,
    Jobs,
    KeepInterviewer,
    KeepTwins,
    MaskUnder,
    ModelName,
    NoCache,
    Output,
    OutputOrFolder,
    Quiet,
    Repair,
    Sources,
    Speakers,
    Strict,
    TextColumn,
    Tolerance,
    Unit,
)
from tensions_cli.cli.report import EPILOG as REPORT_EPILOG
from tensions_cli.cli.report import report
from tensions_cli.errors import ExitStatus, TensionsError, hush

app = typer.Typer(
    name="tensions",
    cls=FrenchGroup,
    no_args_is_help=True,
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    rich_markup_mode=None,
    # A traceback would print the texts being read.
    pretty_exceptions_enable=False,
    pretty_exceptions_show_locals=False,
    help=(
        "Quelle logique parle où, dans un corpus d’articles et d’entretiens du secteur social et médico-social\u00a0: "
        "rationalisation gestionnaire, logique professionnelle et relationnelle, et leurs tensions."
    ),
    epilog="Premier pas\u00a0: tensions analyse corpus/",
)
app.add_typer(corpus_app, name="corpus")
app.add_typer(coding_app, name="coding")
app.add_typer(model_app, name="model")
app.add_typer(codebook_app, name="codebook")
app.add_typer(cache_app, name="cache")


@app.callback(invoke_without_command=True)
def _root(
    version: Annotated[bool, typer.Option("--version", help="Afficher la version.", show_default=False)] = False,
) -> None:
    if version:
        print(f"tensions {__version__}")
        raise typer.Exit


@app.command(
    cls=FrenchCommand,
    epilog=(
        "Exemples\u00a0: tensions analyse corpus/ · tensions analyse entretiens/ --by role · "
        "tensions analyse corpus/ --by genre -f csv -o genres.csv · "
        'tensions analyse corpus/ -f json --check statistiques.json --fail-if "tension_share > 0,3"'
    ),
)
def analyse(
    sources: Sources,
    by: By = None,
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
    quotes: Annotated[
        int | None,
        typer.Option(
            "--quotes", metavar="N", min=0, help="Tensions citées (3 à l’écran, 0 ailleurs).", show_default=False
        ),
    ] = None,
    show_dropped: Annotated[
        bool, typer.Option("--show-dropped", help="Montrer ce qui a été laissé hors du texte.", show_default=False)
    ] = False,
    intervals: Annotated[
        bool,
        typer.Option(
            "--intervals", help="À l’écran, l’intervalle de chaque part (ailleurs, toujours).", show_default=False
        ),
    ] = False,
    gold: Gold = None,
    sensitivity: Annotated[
        bool,
        typer.Option("--sensitivity", help="Les mêmes parts, à d’autres longueurs de passages.", show_default=False),
    ] = False,
    course: Annotated[
        bool,
        typer.Option(
            "--course",
            help="Le cours des deux logiques le long de chaque texte, qui répond, qui les apporte.",
            show_default=False,
        ),
    ] = False,
    mask_under: MaskUnder = 0,
    check: Check = None,
    tolerance: Tolerance = None,
    fail_if: FailIf = None,
    quiet: Quiet = False,
    strict: Strict = False,
) -> None:
    """Lire, étiqueter, imprimer le résumé comparé : le travail principal."""
    from tensions_cli.commands import analyse as command
    from tensions_cli.commands.common import build_options, choice

    choice("--format", form, command.FORMATS)
    on_screen = form == "table" and output is None and sys.stdout.isatty()
    options = build_options(
        by=tuple(by or ("document",)),
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
        quotes=quotes if quotes is not None else 3 * on_screen,
        show_dropped=show_dropped,
        mask_under=mask_under,
        sensitivity=sensitivity,
        course=course,
    )
    raise typer.Exit(
        command.run(
            sources,
            options,
            form,
            output,
            gold=gold,
            asked=command.asked_checks(check, tolerance, fail_if or (), options.by),
            intervals=intervals,
            quiet=quiet,
            strict=strict,
        )
    )


@app.command(
    cls=FrenchCommand,
    epilog=(
        "Exemples\u00a0: tensions tag corpus/ > passages.jsonl · tensions tag corpus/ -f xlsx -o passages.xlsx · "
        "tensions tag entretiens/ -f qdpx -o projet.qdpx · tensions tag presse/ -f parquet -o passages/"
    ),
)
def tag(
    sources: Sources,
    form: Annotated[
        str,
        typer.Option(
            "--format",
            "-f",
            metavar="FORME",
            help=(
                "jsonl, csv, xlsx, parquet\u00a0; qdpx (NVivo, MAXQDA, ATLAS.ti, QualCoder)\u00a0; doccano, "
                "label-studio, prodigy, cas-json (INCEpTION)\u00a0; iramuteq."
            ),
        ),
    ] = "jsonl",
    output: OutputOrFolder = None,
    line_ends: Annotated[
        str, typer.Option("--line-ends", metavar="lf|crlf", help="Fins de ligne d’un qdpx (crlf pour MAXQDA).")
    ] = "lf",
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
    """Chaque passage avec son étiquette, ses scores, sa relation, ses axes et ses mots soulignés."""
    from tensions_cli.commands import tag as command
    from tensions_cli.commands.common import build_options, choice

    choice("--format", form, command.FORMATS)
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
        keep_interviewer=keep_interviewer,
        any_language=any_language,
    )
    choice("--line-ends", line_ends, ("lf", "crlf"))
    raise typer.Exit(command.run(sources, options, form, output, line_ends=line_ends, quiet=quiet, strict=strict))


@app.command(
    cls=FrenchCommand,
    epilog='Exemple\u00a0: tensions explain "On coche des cases, on n’a plus le temps d’écouter les résidents."',
)
def explain(
    text: Annotated[str, typer.Argument(metavar="TEXTE", help="Un passage\u00a0: une à quatre phrases.")],
    form: Annotated[str, typer.Option("--format", "-f", metavar="table|json", help="Forme du résultat.")] = "table",
    model: ModelName = "standard",
) -> None:
    """Pourquoi ce passage a cette étiquette : mots soulignés, contributions qui s’additionnent."""
    from tensions_cli.commands import explain as command
    from tensions_cli.commands.common import choice

    choice("--format", form, command.FORMATS)
    raise typer.Exit(command.run(text, model, form))


app.command(cls=FrenchCommand, epilog=COMPARE_EPILOG)(compare)
app.command(cls=FrenchCommand, epilog=EXTRACTS_EPILOG)(extracts)
app.command(cls=FrenchCommand, epilog=REPORT_EPILOG)(report)
app.command(cls=FrenchCommand, epilog=DIFF_EPILOG)(diff)


def main(arguments: list[str] | None = None) -> NoReturn:
    """Entry point: run, and leave with a documented exit status."""
    hush()
    interrupt_on_signals()
    sys.exit(int(run(sys.argv[1:] if arguments is None else arguments)))


def run(arguments: list[str]) -> int:
    """Exit status of one command line; every failure has said why on stderr."""
    prepare_streams()
    try:
        status = status_of(arguments)
        sys.stdout.flush()  # while a disk that is full can still be told
        return status
    except TensionsError as error:
        from tensions_cli.commands.common import print_error

        print_error(error)
        return error.status
    except typer.TyperException as error:
        print_usage(error)
        return ExitStatus.UNUSABLE_INPUT
    except (KeyboardInterrupt, typer.Abort) as stopped:
        if isinstance(stopped.__cause__, EOFError):  # typer takes a file that ends too soon for a person who left
            print_internal(stopped.__cause__)
            return ExitStatus.INTERNAL
        say_interrupted()
        return ExitStatus.INTERRUPTED
    except (BrokenPipeError, SystemExit) as left:
        if isinstance(left, SystemExit) and left.code not in (None, 0, 1):
            raise
        # The reader of our output has seen enough (typer then leaves with SystemExit); keep Python from
        # complaining when it closes stdout.
        with contextlib.suppress(OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ExitStatus.DONE
    except OSError as error:
        from tensions_cli.commands.common import print_error, unwritable_screen

        print_error(unwritable_screen(error))
        return ExitStatus.UNUSABLE_INPUT
    except Exception as error:
        print_internal(error)
        return ExitStatus.INTERNAL


def status_of(arguments: list[str]) -> int:
    """What the command ends with when nothing breaks."""
    try:
        status = int(app(arguments, prog_name="tensions", standalone_mode=False) or 0)
    except typer.Exit as done:
        return done.exit_code
    if status == ExitStatus.INTERRUPTED:  # typer turns an interruption into this status
        say_interrupted()
    return status


class Notes(io.TextIOWrapper):
    """stderr: what cannot be said there (a full disk, a reader or a terminal that left) stops no work."""

    def write(self, text: str) -> int:
        """Say it if it can be said."""
        with contextlib.suppress(OSError):
            return super().write(text)
        return len(text)

    def flush(self) -> None:
        """Send what waits if it can be sent."""
        with contextlib.suppress(OSError):
            super().flush()


def prepare_streams() -> None:
    """Streams that exist (a window without console has none) and never fail on a character they lack.

    In this order: where the shell closed one, the next file to be opened, a result perhaps, would take its number.
    """
    sys.stdin = sys.stdin or open(os.devnull, encoding="utf-8")  # noqa: SIM115 - as long as the process
    sys.stdout = sys.stdout or open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115
    sys.stderr = sys.stderr or open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115
    if sys.stderr is sys.__stderr__ and isinstance(sys.stderr, io.TextIOWrapper):
        sys.stderr = Notes(sys.stderr.buffer, encoding=sys.stderr.encoding, errors="replace", line_buffering=True)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


def say_interrupted() -> None:
    """One line, on stderr."""
    print("Interrompu\u00a0: rien n’a été écrit à moitié.", file=sys.stderr)


def interrupt_on_signals() -> None:
    """A terminated process cleans up as an interrupted one does: no temporary file stays behind."""

    def interrupt(*_: object) -> NoReturn:
        raise KeyboardInterrupt

    for name in ("SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), interrupt)


COMMANDS = (
    "analyse",
    "tag",
    "explain",
    "compare",
    "extracts",
    "report",
    "diff",
    "corpus",
    "info",
    "check",
    "convert",
    "pseudonymise",
    "withdraw",
    "coding",
    "sample",
    "annotate",
    "import",
    "agreement",
    "model",
    "train",
    "evaluate",
    "list",
    "show",
    "codebook",
    "new",
    "cache",
    "clear",
)


# Why the command line is refused, by the library's name of the mistake.
WHY = {
    "MissingParameter": "la commande ne peut pas le deviner",
    "BadParameter": "l’aide dit quelles valeurs elle prend",
    "NoSuchOption": "cette commande ne la connaît pas",
}


def print_usage(error: typer.TyperException) -> None:
    """A mistake on the command line, in French, whatever the library says of it."""
    kind = type(error).__name__
    parameter = getattr(error, "param", None)
    name = getattr(error, "option_name", None) or getattr(parameter, "metavar", None) or getattr(parameter, "name", "")
    if parameter is not None and parameter.param_type_name == "option":
        name = f"{parameter.opts[0]} {name}"
    context = getattr(error, "ctx", None)
    command = context.command_path if context is not None else "tensions"
    if kind == "NoArgsIsHelpError":
        print(error.format_message())
        return
    unknown = re.search(r"No such command '(.+?)'", error.message)
    what = {
        "NoSuchOption": f"l’option {name} n’existe pas",
        "MissingParameter": f"il manque {name}",
        "BadParameter": f"la valeur donnée à {name} ne convient pas",
        "BadOptionUsage": f"l’option {name} attend une valeur",
    }.get(kind, f"la commande {unknown[1]} n’existe pas" if unknown else "la ligne de commande ne se comprend pas")
    near = ", ".join(getattr(error, "possibilities", None) or ())
    if unknown and not near:
        near = ", ".join(difflib.get_close_matches(unknown[1], COMMANDS, 1))
    why = f"vouliez-vous dire {near}\u00a0?" if near else WHY.get(kind, "l’aide dit ce que la commande attend") + "."
    print(f"Erreur\u00a0: {what}.\nPourquoi\u00a0: {why}\nÀ faire\u00a0: {command} --help", file=sys.stderr)


def print_internal(error: Exception) -> None:
    """One line on a bug of ours: its kind and place, never its message, which may quote a text."""
    frames = traceback.extract_tb(error.__traceback__)
    place = f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else "?"
    with contextlib.suppress(OSError):
        print(
            f"Erreur interne de tensions {__version__} ({type(error).__name__}, {place}). "
            "Ce n’est pas votre faute\u00a0: signalez cette ligne, avec la commande tapée, dans les tickets du projet.",
            file=sys.stderr,
        )


if __name__ == "__main__":
    main()
