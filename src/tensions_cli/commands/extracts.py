"""`tensions extracts`: from a corpus back to its passages, as a concordance or as best examples."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TypeVar

from tensions_cli.commands.common import (
    ROLE_NAMES,
    progress_bar,
    protect_inputs,
    report_doubts,
    report_names,
    report_notices,
    report_skipped,
    say,
    status_of,
)
from tensions_cli.errors import ExitStatus, TensionsError
from tensions_cli.knowledge.codebook import codebook
from tensions_cli.output import extracts as output
from tensions_cli.output import terminal
from tensions_cli.output.french import plural, printable
from tensions_cli.output.sink import text_output
from tensions_cli.pipeline import Options
from tensions_cli.records import Relation
from tensions_cli.statistics.extracts import plain
from tensions_cli.studies.extracts import Found, Wanted, find_extracts, lemma_advice, options_of, searched
from tensions_cli.studies.tagged import tag_corpus

FORMATS = ("table", "jsonl", "csv", "md")

Name = TypeVar("Name", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class Shown:
    """How extracts are presented. `context`: with the question answered."""

    form: str
    output: Path | None
    names: bool
    context: bool


def run(sources: list[str], options: Options, wanted: Wanted, shown: Shown, *, quiet: bool, strict: bool) -> ExitStatus:
    """Find and present; nothing found is no failure, and stderr says which condition left nothing."""
    search = searched(wanted)
    protect_inputs(shown.output, sources, options.codes, options.model)
    with progress_bar(quiet=quiet) as progress:
        corpus = tag_corpus(sources, options, progress)
    found = find_extracts(corpus, wanted, search)
    present(found, wanted, shown)
    if wanted.lemma and (advice := lemma_advice(wanted.lemma)):
        say(printable(advice), quiet=quiet)
    if found.empty is not None:
        say(printable(f"Rien trouvé\u00a0: {found.empty}."), quiet=quiet)
    if found.unheard:
        unheard = plural(found.unheard, "passage")
        say(f"Laissés de côté\u00a0: {unheard} de l’enquêteur (--keep-interviewer pour les lire).", quiet=quiet)
    report_notices(corpus.batch.notices, quiet=quiet)
    report_doubts(corpus.batch.documents, quiet=quiet)
    if shown.output is not None and shown.names and found.extracts:
        report_names(corpus.batch.documents, quiet=quiet)
    report_skipped(corpus.batch.skipped, quiet=quiet)
    return status_of(corpus.batch.skipped, strict=strict)


def present(found: Found, wanted: Wanted, shown: Shown) -> None:
    """One of the formats, on stdout or in a file; a table of nothing is nothing."""
    extracts = found.extracts
    heading = output.title(options_of(wanted), extracts, found.total, found.passages, found.documents)
    if shown.form == "table" and shown.output is None:
        if extracts:
            out = terminal.console()
            output.print_extracts(extracts, out, heading, names=shown.names, context=shown.context)
        return
    with text_output(shown.output) as stream:
        if shown.form == "jsonl":
            output.write_extracts_jsonl(extracts, stream, names=shown.names)
        elif shown.form == "csv":
            output.write_extracts_csv(extracts, stream, names=shown.names)
        elif shown.form == "md" and extracts:
            output.write_extracts_markdown(extracts, stream, heading, names=shown.names, context=shown.context)
        elif extracts:
            out = terminal.file_console(stream)
            output.print_extracts(extracts, out, heading, names=shown.names, context=shown.context)


# --- what was typed ---------------------------------------------------------------------------------


def build_wanted(
    *,
    pattern: str | None,
    lemma: str | None,
    cue: str | None,
    label: str | None,
    relation: str | None,
    stance: str | None,
    axis: str | None,
    where: Sequence[str],
    count: int | None,
    sort: str,
    mask_under: int,
) -> Wanted:
    """What the options ask for. Without a search nor a kind: tensions. Raises TensionsError for what means nothing."""
    given = [name for name, value in (("--pattern", pattern), ("--lemma", lemma), ("--cue", cue)) if value is not None]
    if len(given) > 1:
        raise TensionsError(
            f"{' et '.join(given)} ne vont pas ensemble",
            why="une concordance ne cherche qu’une chose à la fois",
            hint="gardez l’une de ces options\u00a0; les autres conditions (--label, --axis, --where…) s’y ajoutent",
        )
    if sort != "document" and not given:
        raise TensionsError(
            f"--sort {sort} ne va qu’avec une concordance",
            why="les meilleurs exemples sont rangés par typicité",
            hint="ajoutez --pattern, --lemma ou --cue, ou retirez --sort",
        )
    if count is not None and count < 1:
        raise TensionsError(
            f"--number\u00a0: {count} ne convient pas",
            why="on ne peut montrer moins d’un extrait",
            hint="--number avec un nombre à partir de 1, ou sans --number pour tout ce qui est prévu",
        )
    kinds = (label, relation, stance, axis)
    default = Relation.OPPOSITION if not given and all(kind is None for kind in kinds) else None
    return Wanted(
        pattern=pattern,
        lemma=lemma,
        cue=cue,
        label=None if label is None else named("--label", _logic(label), codebook().labels),
        relation=default if relation is None else Relation(named("--relation", relation, tuple(Relation))),
        stance=None if stance is None else parse_stance(stance),
        axis=None if axis is None else parse_axis(axis),
        where=parse_where(where),
        count=count,
        sort=sort,
        mask_under=mask_under,
    )


def named(option: str, typed: str, choices: Sequence[str]) -> str:
    """The choice that was meant, accents and capitals forgiven. Raises TensionsError with the list."""
    for choice in choices:
        if plain(choice) == plain(typed):
            return choice
    raise TensionsError(
        f"{option}\u00a0: la valeur «\u00a0{typed}\u00a0» est inconnue",
        why="cette option ne prend que les mots de la grille de codage",
        hint=f"{option} avec l’une de\u00a0: {', '.join(choices)}",
    )


def parse_stance(typed: str) -> tuple[str, str]:
    """`professionnelle:menacee` as a logic and a posture; `M` and `P` stand for the logics."""
    logic, colon, stance = typed.partition(":")
    if not colon:
        pole, stances = list(codebook().stances.items())[-1]
        example = f"{pole}:{stances[-1]}"
        raise TensionsError(
            f"--stance\u00a0: la valeur «\u00a0{typed}\u00a0» est inconnue",
            why="une posture est celle de qui parle envers l’une des logiques",
            hint=f"--stance LOGIQUE:POSTURE, par exemple\u00a0: --stance {example}",
        )
    pole = _pole("--stance", logic)
    return pole, named(f"--stance {pole}:", stance, codebook().stances[pole])


def parse_axis(typed: str) -> tuple[str, str | None]:
    """`temps` or `temps:professionnelle`."""
    axis, colon, logic = typed.partition(":")
    return named("--axis", axis, codebook().axes), _pole("--axis", logic) if colon else None


def _pole(option: str, typed: str) -> str:
    return named(option, _logic(typed), codebook().poles)


def _logic(typed: str) -> str:
    """The logic whose letter was typed; anything else as it was."""
    letters = {plain(letter): pole for pole, letter in codebook().letters.items()}
    return letters.get(plain(typed), typed)


def parse_where(typed: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """`field=value` pairs, by field; a role may be said in French."""
    values: dict[str, list[str]] = {}
    for pair in typed:
        name, equals, value = (part.strip() for part in pair.partition("="))
        if not (name and equals and value):
            raise TensionsError(
                f"--where\u00a0: «\u00a0{pair}\u00a0» ne se comprend pas",
                why="il faut un champ et une valeur, séparés par =",
                hint='--where genre=entretien, ou --where "sector=grand âge"',
            )
        if plain(name) == "role":
            roles = {plain(said): role.value for said, role in ROLE_NAMES.items()}
            value = roles.get(plain(value), value)
        values.setdefault(name, []).append(value)
    return {name: tuple(found) for name, found in values.items()}


def asks_interviewer(wanted: Wanted) -> bool:
    """`--where role=interviewer` keeps the interviewer, who would otherwise leave nothing."""
    return any(plain(name) == "role" and "interviewer" in values for name, values in wanted.where.items())
