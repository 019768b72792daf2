"""What the commands share: options as the user typed them, progress, errors in three parts."""

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tensions_cli.errors import ExitStatus, TensionsError
from tensions_cli.output.french import printable
from tensions_cli.records import Document, DocumentInfo, HumanCodes, Role, Skipped

if TYPE_CHECKING:
    from tensions_cli.pipeline import Options, Progress


LONGEST = 1200  # characters of one part of an error: fifteen lines of a terminal
ROLE_NAMES = {
    "interviewer": Role.INTERVIEWER,
    "enquêteur": Role.INTERVIEWER,
    "enquêtrice": Role.INTERVIEWER,
    "respondent": Role.RESPONDENT,
    "enquêté": Role.RESPONDENT,
    "enquêtée": Role.RESPONDENT,
}


def choice(option: str, value: str, choices: Sequence[str]) -> None:
    """Refuse a value that is none of the choices, in French."""
    if value not in choices:
        raise TensionsError(
            f"{option}\u00a0: la valeur «\u00a0{value}\u00a0» est inconnue",
            why="cette option ne prend que certaines valeurs",
            hint=f"{option} avec l’une de\u00a0: {', '.join(choices)}",
        )


def parse_roles(text: str | None) -> tuple[dict[str, Role], bool]:
    """`--speakers "M=interviewer,C=respondent"` as labels and roles; `none` switches detection off."""
    if text is None:
        return {}, True
    if text.strip().lower() == "none":
        return {}, False
    roles: dict[str, Role] = {}
    for pair in text.split(","):
        label, equals, role = pair.partition("=")
        known = ROLE_NAMES.get(role.strip().lower())
        if equals and label.strip() and known is None:
            raise TensionsError(
                f"--speakers\u00a0: le rôle «\u00a0{role.strip()}\u00a0» est inconnu",
                why="un locuteur mène l’entretien ou y répond",
                hint=f"--speakers avec l’un de ces rôles\u00a0: {', '.join(ROLE_NAMES)}",
            )
        if not equals or known is None or not label.strip():
            raise TensionsError(
                "--speakers\u00a0: la valeur ne se comprend pas",
                why="il faut des paires étiquette=rôle, séparées par des virgules",
                hint='--speakers "M=enquêteur,C=enquêté" (ou interviewer, respondent), ou --speakers none',
            )
        if roles.get(label.strip(), known) != known:
            raise TensionsError(
                f"--speakers\u00a0: deux rôles pour «\u00a0{label.strip()}\u00a0»",
                why="un locuteur mène l’entretien ou y répond, pas les deux",
                hint="gardez une seule paire par étiquette",
            )
        roles[label.strip()] = known
    return roles, True


def use_model_codebook(model: str) -> None:
    """Put the codebook of a model in use before the options that name its codes are read."""
    from tensions_cli.knowledge.codebook import use_codebook
    from tensions_cli.tagging.model_folder import read_codebook

    use_codebook(read_codebook(model))


def warn_of_weak_model(model: str) -> None:
    """Say so, even with --quiet, when the model's own measures forbid to quote its numbers."""
    from tensions_cli.errors import ModelError
    from tensions_cli.output.french import weakness
    from tensions_cli.tagging.model_folder import read_metrics

    try:
        warning = weakness(read_metrics(model).get("evaluation", {}))
    except ModelError:  # a folder without measures: the model may still be read, or is refused later
        return
    if warning is not None:
        print(warning, file=sys.stderr)


def build_options(*, speakers: str | None, unit: str, codes: Path | None = None, **chosen: Any) -> "Options":
    """Options of the pipeline from what was typed; raises TensionsError for a value that means nothing."""
    from tensions_cli.knowledge.settings import settings_applied
    from tensions_cli.pipeline import UNITS, Options

    roles, find_speakers = parse_roles(speakers)
    choice("--unit", unit, UNITS)
    if chosen.get("cluster") is not None and not chosen["cluster"].strip():
        raise TensionsError(
            "--cluster est vide",
            why="une adresse vide désignerait cette machine, sans doute par erreur (une variable non définie\u00a0?)",
            hint="donnez l’adresse de l’ordonnanceur (tcp://machine:8786), ou retirez --cluster",
        )
    if "role" in chosen["by"]:
        chosen["keep_interviewer"] = True
    if "model" in chosen:
        use_model_codebook(chosen["model"])  # before codes and a gold are read
        warn_of_weak_model(chosen["model"])
    if codes is not None:
        from tensions_cli.studies.human import read_human_codes

        chosen["codes"] = read_human_codes(codes)
    return Options(
        roles=roles,
        find_speakers=find_speakers,
        unit="record" if unit == "record" else "passage",
        settings=settings_applied(),
        **chosen,
    )


def protect_inputs(
    output: Path | None, sources: Sequence[str], codes: HumanCodes | None = None, model: str | None = None
) -> None:
    """Refuse an output that would replace, or join, what is read; and codes that would be read as texts.

    `model`: given by its folder, it is read too.
    """
    if codes is not None:
        from tensions_cli.studies.gold import check_outside

        check_outside(codes.file, sources)
    if output is None:
        return
    from tensions_cli.corpus.sources import companion_tables, find_files
    from tensions_cli.output.sink import check_output

    found = find_files(sources, remote=True)
    folders = [Path(source) for source in sources if Path(source).is_dir()]
    folders += [Path(model)] if model and (Path(model) / "config.json").is_file() else []
    check_output(
        output,
        [
            *(file.path for file in found.files if file.name != "stdin"),
            *companion_tables(found),
            *([codes.file] if codes else []),
        ],
        folders,
    )


@contextmanager
def progress_bar(*, quiet: bool) -> Iterator["Progress"]:
    """A bar on stderr, on a terminal only; counts and step names, never a file name."""
    from tensions_cli.pipeline import silent

    if quiet or sys.stderr is None or not sys.stderr.isatty():
        yield silent
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

    from tensions_cli.output.terminal import console

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console(stderr=True), transient=True) as bar:
        tasks: dict[str, TaskID] = {}

        def advance(step: str, done: int, total: int) -> None:
            if step not in tasks:
                tasks[step] = bar.add_task(step, total=total)
            bar.update(tasks[step], completed=done, total=total)

        yield advance


def say(message: str, *, quiet: bool) -> None:
    """One line on stderr, unless the user asked for silence."""
    if not quiet:
        print(message, file=sys.stderr)


def report_notices(notices: Sequence[str], *, quiet: bool) -> None:
    """Remarks on the corpus as a whole (metadata, roles), on stderr."""
    for notice in notices:
        say(printable(notice), quiet=quiet)


def report_doubts(documents: Sequence[Document | DocumentInfo], *, quiet: bool) -> None:
    """How many documents were read with a doubt (guessed roles, false encoding…); they may name speakers."""
    doubtful = [document.id for document in documents if document.notices]
    if doubtful:
        names = printable(", ".join(doubtful))
        say(
            f"Lus avec une remarque ({len(doubtful)})\u00a0: {names}. Pour la lire\u00a0: tensions analyse", quiet=quiet
        )


def report_names(documents: Sequence[Document], *, quiet: bool) -> None:
    """The result carries the labels of speakers, which may be names."""
    if any(document.cast for document in documents):
        say(
            "Le résultat porte les étiquettes des locuteurs, telles que dans les textes\u00a0: si ce sont des noms, "
            "passez d’abord par tensions corpus pseudonymise.",
            quiet=quiet,
        )


def report_skipped(skipped: Sequence[Skipped], *, quiet: bool) -> None:
    """Name what was left out and why, on stderr; failures are said even with --quiet."""
    unread = [item for item in skipped if item.failed]
    ignored = [] if quiet else [item for item in skipped if not item.failed]
    for title, items in (("Non lus", unread), ("Laissés de côté", ignored)):
        if items:
            print(f"{title} ({len(items)})\u00a0:", file=sys.stderr)
            for item in items:
                print(f"  {printable(item.source)}\u00a0: {printable(item.detail)}", file=sys.stderr)


def status_of(skipped: Sequence[Skipped], *, strict: bool) -> ExitStatus:
    """3 when a document could not be read (with --strict: when anything was left out), else 0."""
    unread = any(item.failed or strict for item in skipped)
    return ExitStatus.SOME_UNREAD if unread else ExitStatus.DONE


def unwritable_screen(error: OSError) -> TensionsError:
    """The system refused a file or a stream in the middle of the work."""
    from tensions_cli.output.sink import reason_of

    return TensionsError(
        "la lecture ou l’écriture a été refusée par le système",
        why=reason_of(error),
        hint="vérifiez la place sur le disque et le dossier courant, puis relancez",
    )


def _told(text: str) -> str:
    """Fit for a terminal, and no longer than a person reads: names of columns and of groups are the user's."""
    return printable(text) if len(text) <= LONGEST else f"{printable(text[:LONGEST])}…"


def print_error(error: TensionsError) -> None:
    """What and where, why, what to type next."""
    lines = [f"Erreur\u00a0: {_told(error.what)}.", *(f"  {_told(line)}" for line in error.details)]
    lines += [f"Pourquoi\u00a0: {_told(error.why)}.", f"À faire\u00a0: {_told(error.hint)}"]
    print("\n".join(lines), file=sys.stderr)
