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
from typing import Annotated, Any, NoReturn

import typer
from typer.core import TyperCommand, TyperGroup

from tensions_cli import __version__
from tensions_cli.errors import ExitStatus, TensionsError

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
    return page


class FrenchGroup(TyperGroup):
    """A group of commands whose help is in French."""

    def get_help(self, ctx: Any) -> str:
        """The help page."""
        return french_help(super().get_help(ctx))


class FrenchCommand(TyperCommand):
    """A command whose help is in French."""

    def get_help(self, ctx: Any) -> str:
        """The help page."""
        return french_help(super().get_help(ctx))


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
model_app = typer.Typer(
    cls=FrenchGroup,
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Modèles\u00a0: entraîner, évaluer, lister, montrer.",
)
app.add_typer(model_app, name="model")

Sources = Annotated[
    list[str], typer.Argument(metavar="SOURCES…", help="Fichiers, dossiers, motifs, ou - (entrée standard).")
]
By = Annotated[
    list[str] | None,
    typer.Option(
        "--by",
        "-b",
        metavar="CHAMP",
        help="Grouper par document (défaut), speaker, role ou une métadonnée\u00a0; répétable.",
        show_default=False,
    ),
]
ModelName = Annotated[str, typer.Option("--model", "-m", metavar="NOM|DOSSIER", help="Modèle à employer.")]
Output = Annotated[
    Path | None,
    typer.Option(
        "--output", "-o", metavar="FICHIER", help="Écrire dans un fichier plutôt qu’à l’écran.", show_default=False
    ),
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Ni progression ni remarques.", show_default=False)]
KeepInterviewer = Annotated[
    bool, typer.Option("--keep-interviewer", help="Compter aussi les tours de l’enquêteur.", show_default=False)
]
Speakers = Annotated[
    str | None,
    typer.Option(
        "--speakers",
        metavar="X=RÔLE,…",
        help='Rôles imposés, "M=interviewer,C=respondent", ou none.',
        show_default=False,
    ),
]
AnyLanguage = Annotated[
    bool, typer.Option("--any-language", help="Lire aussi ce qui n’est pas en français.", show_default=False)
]
Unit = Annotated[
    str,
    typer.Option(
        "--unit", metavar="passage|record", help="record\u00a0: chaque ligne d’un csv ou jsonl est un passage."
    ),
]
TextColumn = Annotated[
    str | None,
    typer.Option("--text-column", metavar="NOM", help="Colonne du texte dans un csv ou jsonl.", show_default=False),
]
Strict = Annotated[
    bool, typer.Option("--strict", help="Code 3 dès qu’un fichier est laissé de côté.", show_default=False)
]


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
        "tensions analyse corpus/ --by genre -f csv -o genres.csv"
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
    speakers: Speakers = None,
    keep_interviewer: KeepInterviewer = False,
    any_language: AnyLanguage = False,
    unit: Unit = "passage",
    text_column: TextColumn = None,
    quotes: Annotated[
        int | None,
        typer.Option(
            "--quotes", metavar="N", min=0, help="Tensions citées (3 à l’écran, 0 ailleurs).", show_default=False
        ),
    ] = None,
    show_dropped: Annotated[
        bool, typer.Option("--show-dropped", help="Montrer ce qui a été laissé hors du texte.", show_default=False)
    ] = False,
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
        unit=unit,
        text_column=text_column,
        speakers=speakers,
        keep_interviewer=keep_interviewer,
        any_language=any_language,
        quotes=quotes if quotes is not None else 3 * on_screen,
        show_dropped=show_dropped,
    )
    raise typer.Exit(command.run(sources, options, form, output, quiet=quiet, strict=strict))


@app.command(
    cls=FrenchCommand,
    epilog="Exemples\u00a0: tensions tag corpus/ > passages.jsonl · tensions tag corpus/ -f csv -o passages.csv",
)
def tag(
    sources: Sources,
    form: Annotated[str, typer.Option("--format", "-f", metavar="jsonl|csv", help="Forme du résultat.")] = "jsonl",
    output: Output = None,
    model: ModelName = "standard",
    speakers: Speakers = None,
    keep_interviewer: KeepInterviewer = False,
    any_language: AnyLanguage = False,
    unit: Unit = "passage",
    text_column: TextColumn = None,
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
        unit=unit,
        text_column=text_column,
        speakers=speakers,
        keep_interviewer=keep_interviewer,
        any_language=any_language,
    )
    raise typer.Exit(command.run(sources, options, form, output, quiet=quiet, strict=strict))


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


@model_app.command(
    "train", cls=FrenchCommand, epilog="Exemple\u00a0: tensions model train corpora/annotated -o models/standard"
)
def model_train(
    sources: Annotated[
        list[Path], typer.Argument(metavar="CODES…", help="Passages codés (jsonl), ou dossiers qui en contiennent.")
    ],
    folder: Annotated[Path, typer.Option("--output", "-o", metavar="DOSSIER", help="Dossier du modèle à écrire.")],
    encoders: Annotated[
        list[str],
        typer.Option("--encoder", metavar="NOM", help="Encodeur des passages\u00a0: distilled, e5 (répétable)."),
    ] = ["distilled"],  # noqa: B006 (typer reads it, nobody changes it)
    force: Annotated[
        bool, typer.Option("--force", help="Remplacer le modèle même s’il est meilleur sur les mêmes passages.")
    ] = False,
    quiet: Quiet = False,
) -> None:
    """Entraîner sur des passages codés, évaluer par auteurs jamais vus, écrire le modèle et sa fiche."""
    from tensions_cli.commands import model as command

    raise typer.Exit(command.run_train(sources, folder, encoders, quiet=quiet, force=force))


@model_app.command(
    "evaluate",
    cls=FrenchCommand,
    epilog=(
        "Exemples\u00a0: tensions model evaluate mes_codes.jsonl · tensions model evaluate mes_codes.jsonl -f md · "
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
    show_text: Annotated[
        bool, typer.Option("--show-text", help="Citer le texte des pires erreurs.", show_default=False)
    ] = False,
) -> None:
    """Mesurer un modèle sur vos propres codes : précision, rappel, accord, calibrage, pires erreurs."""
    from tensions_cli.commands import model as command
    from tensions_cli.commands.common import choice

    choice("--format", form, ("table", "json", "md"))
    raise typer.Exit(command.run_evaluate(gold, texts, model, form, output, show_text=show_text))


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


def main(arguments: list[str] | None = None) -> NoReturn:
    """Entry point: run, and leave with a documented exit status."""
    interrupt_on_signals()
    sys.exit(int(run(sys.argv[1:] if arguments is None else arguments)))


def run(arguments: list[str]) -> int:
    """Exit status of one command line; every failure has said why on stderr."""
    prepare_streams()
    try:
        status = int(app(arguments, prog_name="tensions", standalone_mode=False) or 0)
        if status == ExitStatus.INTERRUPTED:  # typer turns an interruption into this status
            say_interrupted()
        return status
    except typer.Exit as done:
        return done.exit_code
    except TensionsError as error:
        from tensions_cli.commands.common import print_error

        print_error(error)
        return error.status
    except typer.TyperException as error:
        print_usage(error)
        return ExitStatus.UNUSABLE_INPUT
    except (KeyboardInterrupt, typer.Abort):
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


def prepare_streams() -> None:
    """Streams that exist (a window without console has none) and never fail on a character they lack."""
    sys.stdout = sys.stdout or open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115 - as long as the process
    sys.stderr = sys.stderr or open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115
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


COMMANDS = ("analyse", "tag", "explain", "model", "train", "evaluate", "list", "show")


def print_usage(error: typer.TyperException) -> None:
    """A mistake on the command line, in French, whatever the library says of it."""
    kind = type(error).__name__
    parameter = getattr(error, "param", None)
    name = getattr(error, "option_name", None) or getattr(parameter, "metavar", None) or getattr(parameter, "name", "")
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
    why = f"vouliez-vous dire {near}\u00a0?" if near else "l’aide dit ce que la commande attend"
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
