"""Passages of a corpus to be coded by people: drawn to estimate, or chosen to teach a model."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tensions_cli.coding.design import read_design
from tensions_cli.coding.matching import Key, match
from tensions_cli.coding.read import read_codes
from tensions_cli.errors import TensionsError, UnreadableError
from tensions_cli.fingerprint import fingerprint
from tensions_cli.knowledge.codebook import Codebook, use_codebook
from tensions_cli.knowledge.sample_design import DIVERSE, MIXED, RANDOM, SCHEMA, UNCERTAIN
from tensions_cli.output.french import integer, plural
from tensions_cli.pipeline import (
    Batch,
    Options,
    Progress,
    field_names,
    load,
    load_tagged,
    nothing_counted,
    passages_of,
    silent,
    tagged_passages,
)
from tensions_cli.records import NEUTRE, Role, TaggedPassage, Tags
from tensions_cli.results import Sample, SamplePrecision, Stratum, Task
from tensions_cli.statistics.sampling import (
    DOCUMENT_CORRELATION,
    allocate,
    draw,
    effective_size,
    half_width,
    least_sure,
    share_out,
    spread,
    text_vectors,
)
from tensions_cli.statistics.summary import field_value
from tensions_cli.tagging.classifier import Model
from tensions_cli.tagging.model_folder import DEFAULT, open_model

SHARE = 0.30  # the share whose precision is announced (docs/methods.md)
MAX_BYTES = 200_000_000  # of a file of codes: a hundred thousand passages with their texts
# A passage as it is before anybody codes it, where a grouping field is asked of a passage with tags.
_UNCODED = Tags(NEUTRE, (), None, {}, {}, (), certain=False, coded_by="", model="")


@dataclass(frozen=True, slots=True)
class SampleRequest:
    """What is asked for. `book`: a codebook of one's own, with or without a model; `without`: codes, or designs."""

    count: int
    strategy: str = RANDOM
    coders: tuple[str, ...] = ()
    overlap: float = 0.0
    show_proposal: bool = False
    seed: int = 0
    without: tuple[Path, ...] = ()
    book: Codebook | None = None

    @property
    def needs_model(self) -> bool:
        """The machine chooses, or is shown."""
        return self.show_proposal or self.strategy in (UNCERTAIN, MIXED)


def draw_sample(
    sources: Sequence[str], options: Options, request: SampleRequest, progress: Progress = silent
) -> tuple[Batch, Sample]:
    """Read the corpus, draw, and share out between coders. No model is loaded where none is needed.

    Raises TensionsError when nothing can be drawn, or fewer passages are asked for than there are strata.
    """
    known = [one for file in request.without for one in read_known(file)]
    model = _model(options, request)
    batch = load_tagged(sources, options, progress) if model else load(sources, options, progress)
    by = field_names(batch.documents, options.by)
    everything = _passages(batch, options)
    counted = [rank for rank, one in enumerate(everything) if one.passage.counted]
    if not counted:
        raise nothing_counted(batch.documents)
    prints = {rank: fingerprint(everything[rank].passage.text) for rank in counted}
    keys = [Key(everything[rank].passage.id, everything[rank].passage.document, prints[rank]) for rank in counted]
    taken = already_known(keys, known)
    population = [rank for at, rank in enumerate(counted) if at not in taken]
    if not population:
        raise TensionsError(
            "il ne reste aucun passage à tirer",
            why=f"les {integer(len(counted))} passages du corpus sont déjà dans les fichiers donnés à --without",
            hint="retirez --without, ou ajoutez des textes au corpus",
        )
    drawn, strata = _draw([everything[rank] for rank in population], by, request, model)
    chosen = sorted(rank for members in drawn for rank in members)
    stratum_of = {rank: at for at, members in enumerate(drawn) for rank in members}
    coders = share_out(drawn, request.coders, request.overlap, np.random.default_rng([request.seed, 1]))
    strategy = RANDOM if len(chosen) == len(population) else request.strategy
    tasks = tuple(
        Task(
            passage=everything[population[rank]].passage,
            fingerprint=prints[population[rank]].hex(),
            before=_neighbour(everything, population[rank], -1),
            after=_neighbour(everything, population[rank], 1),
            stratum=stratum_of[rank],
            weight=strata[stratum_of[rank]].weight,
            drawn=strategy,
            coders=coders[rank],
            proposal=everything[population[rank]].tags if request.show_proposal else None,
        )
        for rank in chosen
    )
    return batch, Sample(
        strategy=strategy,
        seed=request.seed,
        by=by,
        population=len(population),
        withdrawn=len(taken),
        strata=strata,
        tasks=tasks,
        coders=request.coders,
        overlap=sum(len(task.coders) > 1 for task in tasks),
        precision=_precision(tasks),
        model=model.identity if model and request.needs_model else None,
        options=_reading(options),
    )


def _model(options: Options, request: SampleRequest) -> Model | None:
    """The model where it is needed, and the codebook in use: one's own, else that of the model named."""
    needed = request.needs_model or (request.book is None and options.model != DEFAULT)
    model = open_model(options.model) if needed else None
    if model and request.book and model.book is not request.book:
        raise TensionsError(
            f"le modèle «\u00a0{options.model}\u00a0» n’a pas appris la grille donnée à --codebook",
            why="choisir d’après ses doutes, ou montrer ce qu’il propose, demande un modèle de cette grille",
            hint="--strategy random ou diverse sans --show-proposal, ou --model avec un modèle appris sur cette grille",
        )
    book = request.book or (model.book if model else None)
    if book:
        use_codebook(book)
    return model if request.needs_model else None


def _passages(batch: Batch, options: Options) -> list[TaggedPassage]:
    if batch.model:
        return list(tagged_passages(batch))
    return [TaggedPassage(passage, _UNCODED) for passage in passages_of(batch.documents, options)]


def _draw(
    population: Sequence[TaggedPassage], by: Sequence[str], request: SampleRequest, model: Model | None
) -> tuple[list[list[int]], tuple[Stratum, ...]]:
    """Ranks drawn in each stratum, and the strata, sorted by their values."""
    members: defaultdict[tuple[str, ...], list[int]] = defaultdict(list)
    for rank, one in enumerate(population):
        members[tuple(field_value(one, name) for name in by)].append(rank)
    keys = sorted(members)
    groups = [members[key] for key in keys]
    count = min(request.count, len(population))
    try:
        counts = allocate([len(group) for group in groups], count)
    except ValueError as error:
        raise TensionsError(
            f"{plural(count, 'passage')} pour {plural(len(groups), 'strate')}\u00a0: ce n’est pas assez",
            why="une strate sans aucun passage tiré ne serait représentée par rien",
            hint=f"-n {2 * len(groups)} au moins, ou moins de champs dans --by",
        ) from error
    drawn = _choose(population, groups, counts, request, model)
    random = request.strategy == RANDOM or count == len(population)
    strata = tuple(
        Stratum(
            by=dict(zip(by, key, strict=True)),
            population=len(group),
            drawn=len(chosen),
            weight=len(group) / len(chosen) if random else None,
        )
        for key, group, chosen in zip(keys, groups, drawn, strict=True)
    )
    return drawn, strata


def _choose(
    population: Sequence[TaggedPassage],
    groups: Sequence[Sequence[int]],
    counts: Sequence[int],
    request: SampleRequest,
    model: Model | None,
) -> list[list[int]]:
    """Ranks of each stratum, as the strategy chooses them."""
    random = np.random.default_rng([request.seed, 0])
    if request.strategy == RANDOM or sum(counts) == len(population):
        return draw(groups, counts, random.random(len(population)))
    drawn: list[list[int]] = []
    if request.strategy in (UNCERTAIN, MIXED) and model:
        margins = _margins(population, model)
        halves = [count if request.strategy == UNCERTAIN else (count + 1) // 2 for count in counts]
        drawn = [least_sure(group, margins, half) for group, half in zip(groups, halves, strict=True)]
    if request.strategy in (DIVERSE, MIXED):
        vectors = text_vectors([one.passage.text for one in population])
        drawn = drawn or [[] for _ in groups]
        chosen = [rank for found in drawn for rank in found]
        for group, count, found in zip(groups, counts, drawn, strict=True):
            more = spread(vectors, group, count - len(found), random, chosen)
            found += more
            chosen += more
    return [sorted(found) for found in drawn]


def _margins(population: Sequence[TaggedPassage], model: Model) -> list[float]:
    """By passage, the smallest distance of its scores to their thresholds."""
    thresholds = dict(zip(model.poles.names, (float(value) for value in model.poles.thresholds), strict=True))
    return [min(abs(score - thresholds[pole]) for pole, score in one.tags.scores.items()) for one in population]


def _neighbour(everything: Sequence[TaggedPassage], rank: int, step: int) -> str | None:
    """The passage before or after in the same document; with who speaks, where another does.

    None for the question answered, which a task shows apart.
    """
    if not 0 <= rank + step < len(everything):
        return None
    own, other = everything[rank].passage, everything[rank + step].passage
    if own.document != other.document:
        return None
    if step < 0 and other.role is Role.INTERVIEWER and own.context and other.text in own.context:
        return None
    speaks = f"{other.speaker}\u00a0: " if other.speaker and other.speaker != own.speaker else ""
    return f"{speaks}{other.text}"


def _precision(tasks: Sequence[Task]) -> SamplePrecision | None:
    weights = [task.weight for task in tasks if task.weight is not None]
    if len(weights) < len(tasks):
        return None
    size = effective_size(weights, [task.passage.document for task in tasks])
    return SamplePrecision(SHARE, half_width(SHARE, size), size, DOCUMENT_CORRELATION)


def _reading(options: Options) -> dict[str, Any]:
    """The options that change what the population is."""
    return {
        "unit": options.unit,
        "text_column": options.text_column,
        "keep_interviewer": options.keep_interviewer,
        "find_speakers": options.find_speakers,
        "roles_given": len(options.roles),
        "any_language": options.any_language,
        "keep_twins": options.keep_twins,
        "repair": options.repair,
    }


# What is coded already


def read_known(file: Path) -> list[Key]:
    """The passages of a file of codes, of tasks, or of a design; an empty fingerprint where it does not tell the text.

    Raises TensionsError for any other file.
    """
    try:
        if not file.is_file() or file.stat().st_size > MAX_BYTES:
            raise OSError
        data = file.read_bytes()
    except OSError as error:
        raise TensionsError(
            f"--without\u00a0: {file.name} ne se lit pas",
            why="le fichier n’existe pas, n’est pas un fichier ordinaire, ou est trop grand",
            hint="donnez un fichier de passages codés (codes.jsonl), une feuille à coder, ou un .tirage.json",
        ) from error
    design = _design(data)
    if design is not None:
        return design
    try:
        _, codings = read_codes(data)
    except UnreadableError as error:
        raise TensionsError(
            f"--without\u00a0: {file.name} n’est pas un fichier de codes",
            why=error.detail,
            hint="donnez un fichier de passages codés (codes.jsonl), une feuille à coder, ou un .tirage.json",
        ) from error
    return [
        Key(
            coding.id or f"{coding.document}#{coding.start}-{coding.end}",
            coding.document,
            fingerprint(coding.text) if coding.text is not None else b"",
        )
        for coding in codings.codings
    ]


def _design(data: bytes) -> list[Key] | None:
    """The passages of a design of ours; None for anything else."""
    if SCHEMA.encode() not in data[:200]:
        return None
    try:
        passages = read_design(data).passages
        return [Key(one.id, one.id.rpartition("#")[0], bytes.fromhex(one.fingerprint)) for one in passages]
    except (UnreadableError, ValueError):
        return None


def already_known(passages: Sequence[Key], known: Iterable[Key]) -> set[int]:
    """Ranks of the passages that are known; a text that two persons said, coded once, is still to be coded once.

    The same passage coded by two persons is one. One that tells no text is known by its id alone.
    """
    texts = {one.id: one.fingerprint for one in passages}
    told = (one if one.fingerprint else Key(one.id, one.document, texts.get(one.id, b"")) for one in known)
    return set(match(passages, list(dict.fromkeys(told))).values())
