"""The tagging stage: passages in, tagged passages out, in the same order whatever the batches."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import islice

import numpy as np

from tensions_cli.knowledge.codebook import label_of
from tensions_cli.records import Evidence, Passage, Relation, TaggedPassage, Tags
from tensions_cli.tagging.attribution import attribute
from tensions_cli.tagging.classifier import (
    AXES,
    POLES,
    RELATION,
    STANCE,
    Model,
    all_log_odds,
    are_certain,
    best_name,
    probabilities,
)
from tensions_cli.tagging.evidence import underline
from tensions_cli.tagging.features import Row, rows_of, see
from tensions_cli.tagging.french import words_of

BATCH = 256  # passages scored together; larger ones gain nothing and hold more memory


def tag(passages: Iterable[Passage], model: Model) -> Iterator[TaggedPassage]:
    """Tag each passage with the model."""
    remaining = iter(passages)
    while batch := list(islice(remaining, BATCH)):
        for passage, tags in zip(batch, tag_texts([p.text for p in batch], model), strict=True):
            yield TaggedPassage(passage, tags)


def tag_texts(texts: list[str], model: Model) -> list[Tags]:
    """Tags of each text, taken as one passage each."""
    seen = [see(text, words, model.book) for text, words in zip(texts, words_of(texts), strict=True)]
    if not seen:
        return []
    rows = rows_of(model.space, seen)
    odds = all_log_odds(model, rows)
    scores = probabilities(model.poles, odds[POLES])
    answers = scores >= model.poles.thresholds
    relations = {pair: best_name(heads, odds[f"{RELATION}{pair}"]) for pair, heads in model.relations.items()}
    stances = {pole: best_name(heads, odds[f"{STANCE}{pole}"]) for pole, heads in model.stances.items()}
    axes = probabilities(model.axes, odds[AXES]) >= model.axes.thresholds
    certain = are_certain(scores, model.poles.thresholds, model.doubt).tolist()
    return [
        _tags(
            model,
            rows[i],
            scores[i].tolist(),
            answers[i].tolist(),
            {pair: said[i] for pair, said in relations.items()},
            {pole: said[i] for pole, said in stances.items()},
            axes[i],
            certain[i],
        )
        for i in range(len(texts))
    ]


def _tags(
    model: Model,
    row: Row,
    scores: list[float],
    answers: list[bool],
    relations: Mapping[str, str],
    stances: Mapping[str, str],
    axes: np.ndarray,
    certain: bool,
) -> Tags:
    poles = model.book.present(answers)
    between = {pair: Relation(relations[pair]) for pair in model.book.pairs_of(poles)}
    found = _axes(model, axes.tolist(), poles)
    return Tags(
        label=label_of(poles),
        logics=poles,
        relation=strongest(between.values()),
        relations=between,
        stance=_stance(model, stances, poles),
        axes=found,
        scores=dict(zip(model.poles.names, scores, strict=True)),
        evidence=tuple(_evidence(model, row, poles, found)),
        certain=certain,
        coded_by="model",
        model=model.identity,
    )


def strongest(relations: Collection[Relation]) -> Relation | None:
    """The relation of a passage, from those of its pairs of logics: opposition first; None without a pair."""
    return next((relation for relation in Relation if relation in relations), None)


def _stance(model: Model, stances: Mapping[str, str], poles: Sequence[str]) -> Mapping[str, str] | None:
    """What was learnt to be said of each logic present; None from a model whose coders coded no stance."""
    if not any(name for heads in model.stances.values() for name in heads.names):
        return None
    return {pole: stances[pole] for pole in poles if stances[pole]}


def _axes(model: Model, answers: list[bool], poles: Sequence[str]) -> Mapping[str, tuple[str, ...]]:
    """Axes with the poles at work; an axis counts on a pole only if the passage bears that logic."""
    present = {name for name, answer in zip(model.axes.names, answers, strict=True) if answer}
    found = {axis: tuple(pole for pole in poles if f"{axis}:{pole}" in present) for axis in model.book.axes}
    return {axis: sides for axis, sides in found.items() if sides}


def _evidence(model: Model, row: Row, poles: Sequence[str], axes: Mapping[str, tuple[str, ...]]) -> list[Evidence]:
    heads = model.poles
    terms = {
        pole: attribute(model.space, row, heads.coefficients[head], heads.intercepts[head])
        for head, pole in enumerate(heads.names)
        if pole in poles
    }
    evidence: list[Evidence] = []
    for pole in poles:
        own = frozenset(axis for axis, sides in axes.items() if pole in sides)
        rivals = [terms[other].words for other in poles if other != pole]
        evidence += underline(row.seen, pole, own, terms[pole].words, rivals)
    return sorted(evidence, key=lambda e: (e.start, e.end, e.pole))
