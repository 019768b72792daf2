"""Why a passage got its label: the terms of each pole's log-odds, word by word."""

from tensions_cli.records import Explanation, PoleExplanation, WordTerm
from tensions_cli.tagging.attribution import attribute
from tensions_cli.tagging.classifier import SCORE_DECIMALS, Model
from tensions_cli.tagging.features import row_of, see
from tensions_cli.tagging.french import words_of
from tensions_cli.tagging.tag import tag_texts


def explain(text: str, model: Model) -> Explanation:
    """Tags of one passage and, for each pole, terms that add up to the log-odds before calibration."""
    row = row_of(model.space, see(text, words_of([text])[0]))
    poles = []
    for head, pole in enumerate(model.poles.names):
        terms = attribute(model.space, row, model.poles.coefficients[head], model.poles.intercepts[head])
        words = tuple(
            WordTerm(int(start), int(end), float(term) + 0.0)  # + 0.0 turns -0.0 into 0.0
            for start, end, term in zip(row.seen.words.starts, row.seen.words.ends, terms.words, strict=True)
        )
        poles.append(
            PoleExplanation(
                pole=pole,
                words=words,
                form={name: term + 0.0 for name, term in terms.form.items()},
                start=terms.start,
                log_odds=terms.total,
                slope=float(model.poles.slopes[head]),
                offset=float(model.poles.offsets[head]),
                threshold=round(float(model.poles.thresholds[head]), SCORE_DECIMALS),
            )
        )
    return Explanation(text, tag_texts([text], model)[0], tuple(poles))
