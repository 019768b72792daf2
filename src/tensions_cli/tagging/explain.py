"""Why a passage got its label: the terms of each pole's log-odds, word by word."""

import numpy as np

from tensions_cli.records import Explanation, PoleExplanation, WordTerm
from tensions_cli.tagging.attribution import Terms, attribute
from tensions_cli.tagging.classifier import POLES, SCORE_DECIMALS, Model, encoder_parts
from tensions_cli.tagging.features import Seen, rows_of, see
from tensions_cli.tagging.french import words_of
from tensions_cli.tagging.tag import tag_texts

# A word's share of the encoder's term is what the term loses without the word. Words say part of the same thing, so
# losses rarely add up to the term: they are rescaled, by two at most, and what is left belongs to the whole passage.
MOST_RESCALED = 2.0
MAX_OCCLUDED = 400  # beyond, a passage is no passage: the encoder's term is left to the whole


def explain(text: str, model: Model) -> Explanation:
    """Tags of one passage and, for each pole, terms that add up to the log-odds before calibration."""
    seen = see(text, words_of([text])[0], model.book)
    (row,) = rows_of(model.space, [seen])
    usual, wholes, shares = _encoder_terms(seen, model)
    poles = []
    for head, pole in enumerate(model.poles.names):
        terms = attribute(model.space, row, model.poles.coefficients[head], model.poles.intercepts[head])
        of_words = terms.words + shares[head]
        words = tuple(
            WordTerm(int(start), int(end), float(term) + 0.0)  # + 0.0 turns -0.0 into 0.0
            for start, end, term in zip(seen.words.starts, seen.words.ends, of_words, strict=True)
        )
        form = {**terms.form, "whole": float(wholes[head])}
        start = terms.start + float(usual[head])
        poles.append(
            PoleExplanation(
                pole=pole,
                words=words,
                form={name: term + 0.0 for name, term in form.items()},
                start=start,
                log_odds=float(of_words.sum()) + sum(form.values()) + start,
                slope=float(model.poles.slopes[head]),
                offset=float(model.poles.offsets[head]),
                threshold=round(float(model.poles.thresholds[head]), SCORE_DECIMALS),
            )
        )
    return Explanation(text, tag_texts([text], model)[0], tuple(poles))


def _encoder_terms(seen: Seen, model: Model) -> tuple[Terms, Terms, Terms]:
    """The encoder's term of each pole: what is usual, what stays with the whole, and the shares of the words.

    Shapes (heads,), (heads,), (heads, words); for each head the three add up to the term.
    """
    heads, count = model.poles, len(seen.words.forms)
    variants = [seen, *(_without(seen, word) for word in range(count if count <= MAX_OCCLUDED else 0))]
    parts = encoder_parts(model, variants)[:, model.stack.groups[POLES]] * heads.blends
    usual = heads.means * heads.blends
    shares = np.zeros((len(heads.names), count))
    wholes = np.zeros(len(heads.names))
    for head in range(len(heads.names)):
        own = parts[0, head] - usual[head]
        losses = parts[0, head] - parts[1:, head]
        total = float(losses.sum())
        scale = min(max(own / total, 0.0), MOST_RESCALED) if abs(total) > 1e-9 else 0.0
        if len(losses):
            shares[head] = losses * scale
        wholes[head] = own - shares[head].sum()
    return np.asarray(usual, dtype=np.float64), wholes, shares


def _without(seen: Seen, word: int) -> Seen:
    """The passage without one word, for encoders of words and of text alike."""
    text = seen.text[: int(seen.words.starts[word])] + seen.text[int(seen.words.ends[word]) :]
    return Seen(text, words_of([text])[0], ())
