"""The tagging stage: passages in, tagged passages out, in the same order whatever the batches."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice

import numpy as np

from tensions_cli.knowledge.codebook import codebook, label_of
from tensions_cli.records import Evidence, Label, Passage, Relation, TaggedPassage, Tags
from tensions_cli.tagging.attribution import attribute
from tensions_cli.tagging.classifier import (
    Model,
    are_certain,
    best_name,
    log_odds,
    probabilities,
)
from tensions_cli.tagging.evidence import underline
from tensions_cli.tagging.features import Row, matrix, row_of, see
from tensions_cli.tagging.french import words_of
from tensions_cli.tagging.kernel import likeness, vectors_of

BATCH = 256  # passages scored together; larger ones gain nothing and hold more memory


def tag(passages: Iterable[Passage], model: Model) -> Iterator[TaggedPassage]:
    """Tag each passage with the model."""
    remaining = iter(passages)
    while batch := list(islice(remaining, BATCH)):
        for passage, tags in zip(batch, tag_texts([p.text for p in batch], model), strict=True):
            yield TaggedPassage(passage, tags)


def tag_texts(texts: list[str], model: Model) -> list[Tags]:
    """Tags of each text, taken as one passage each."""
    seen = [see(text, words) for text, words in zip(texts, words_of(texts), strict=True)]
    rows = [row_of(model.space, one) for one in seen]
    features = matrix(model.space, rows)
    like = likeness(model.kernel, vectors_of(model.kernel, seen))
    scores = probabilities(model.poles, log_odds(model.poles, features, like))
    answers = scores >= model.poles.thresholds
    relations = best_name(model.relations, log_odds(model.relations, features, like))
    stances = {pole: best_name(heads, log_odds(heads, features, like)) for pole, heads in model.stances.items()}
    axes = probabilities(model.axes, log_odds(model.axes, features, like)) >= model.axes.thresholds
    certain = are_certain(scores, model.poles.thresholds, model.doubt).tolist()
    return [
        _tags(
            model,
            rows[i],
            scores[i].tolist(),
            answers[i].tolist(),
            relations[i],
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
    relation: str,
    stances: Mapping[str, str],
    axes: np.ndarray,
    certain: bool,
) -> Tags:
    label = label_of(*answers)
    poles = [pole for pole, answer in zip(model.poles.names, answers, strict=True) if answer]
    found = _axes(model, axes.tolist(), poles)
    return Tags(
        label=label,
        relation=Relation(relation) if label is Label.MIXTE else None,
        stance={pole: stances[pole] for pole in poles},
        axes=found,
        scores=dict(zip(model.poles.names, scores, strict=True)),
        evidence=tuple(_evidence(model, row, poles, found)),
        certain=certain,
        coded_by="model",
        model=model.identity,
    )


def _axes(model: Model, answers: list[bool], poles: list[str]) -> Mapping[str, tuple[str, ...]]:
    """Axes with the poles at work; an axis counts on a pole only if the passage bears that logic."""
    present = {name for name, answer in zip(model.axes.names, answers, strict=True) if answer}
    found = {axis: tuple(pole for pole in poles if f"{axis}:{pole}" in present) for axis in codebook().axes}
    return {axis: sides for axis, sides in found.items() if sides}


def _evidence(model: Model, row: Row, poles: list[str], axes: Mapping[str, tuple[str, ...]]) -> list[Evidence]:
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
