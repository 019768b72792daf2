"""What each block of features is worth: accuracy and speed without it, and with the neural lemmatizer.

    python benchmarks/features.py [--every N] [--json FILE]

Accuracy: the evaluation of `tensions model train` (leave one author out, labels only) on
corpora/annotated; by default one author out of four is judged, so that it takes minutes; the models
still train on everybody else. Speed: words, rows and matrix of a third of the passages, no heads
and no evidence. A block that is off is not computed; the weights of the others stay as they are.
"""

import argparse
import contextlib
import json
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from statistics import median
from typing import Any
from unittest import mock

# One thread, as in speed.py; set before numpy is imported.
os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1", MKL_NUM_THREADS="1")

import numpy as np
import spacy
from speed import ANNOTATED, machine, markdown, spent

from tensions_cli.knowledge.codebook import codebook
from tensions_cli.records import Label
from tensions_cli.tagging import features, french
from tensions_cli.tagging.classifier import Heads
from tensions_cli.tagging.features import Counts, Seen, see
from tensions_cli.training import evaluate, fit
from tensions_cli.training.coded import CodedPassage, read_coded
from tensions_cli.training.figures import DECIMALS, interval_by_document, macro_f1
from tensions_cli.words import count_words

ROUNDS = 5
NOT_FOR_LEMMAS = ("parser", "senter", "ner")
Look = Callable[[Sequence[str]], list[Seen]]


@dataclass(frozen=True, slots=True)
class Variant:
    """One row of the table: how passages are seen, and functions of `features` replaced."""

    name: str
    look: Look
    replaced: dict[str, Callable[..., Any]] = field(default_factory=dict)


def look(texts: Sequence[str]) -> list[Seen]:
    """Passages as the product sees them."""
    return [see(text, words) for text, words in zip(texts, french.words_of(texts), strict=True)]


def look_without_cues(texts: Sequence[str]) -> list[Seen]:
    """The lexicon is not read."""
    return [Seen(text, words, ()) for text, words in zip(texts, french.words_of(texts), strict=True)]


def neural(nlp: Any) -> Look:
    """Lemmas by tagger and rules, in place of the table; cues are still found with the table's lemmas."""

    def look_with_tagger(texts: Sequence[str]) -> list[Seen]:
        result = []
        for seen, doc in zip(look(texts), nlp.pipe(texts), strict=True):
            lemmas = {token.idx: token.lemma_.lower().translate(french.FOLDED) for token in doc}
            own = tuple(lemmas[start] for start in seen.words.starts.tolist())
            result.append(replace(seen, words=replace(seen.words, lemmas=own)))
        return result

    return look_with_tagger


def variants() -> list[Variant]:
    """Rows of the table; the first is the product."""

    def no_counts(*_: object) -> Counts:
        empty = np.empty(0, dtype=np.int64)
        return Counts(empty, np.empty(0, dtype=np.float32), empty, empty)

    def zeros(size: int) -> Callable[..., Any]:
        values = np.zeros(size, dtype=np.float32)
        return lambda *_: values

    no_cues = {"cue_values": zeros(len(features.cue_names()))}
    return [
        Variant("all", look),
        Variant("without lemmas", look, {"lemma_counts": no_counts}),
        Variant("without pieces", look, {"piece_counts": no_counts}),
        Variant("without vector", look, {"vector_values": zeros(french.vector_table().shape[1])}),
        Variant("without cues", look_without_cues, no_cues),
        Variant("without discourse", look, {"discourse_values": zeros(len(features.DISCOURSE))}),
        Variant("neural tagger and lemmatizer", neural(spacy.load(french.PIPELINE, exclude=list(NOT_FOR_LEMMAS)))),
    ]


@contextlib.contextmanager
def switched(variant: Variant) -> Any:
    """The features module with the variant's functions."""
    with contextlib.ExitStack() as stack:
        for name, function in variant.replaced.items():
            stack.enter_context(mock.patch.object(features, name, function))
        yield


def no_relations(columns: Any, _: object) -> Heads:
    """A relation head that learnt nothing: labels do not depend on it, and it takes a fifth of the time."""
    names = codebook().relations
    zeros = np.zeros(len(names), dtype=np.float32)
    coefficients = np.zeros((len(names), columns.shape[1]), dtype=np.float32)
    return Heads(names, coefficients, zeros, zeros + 1, zeros, zeros)


def judged(variant: Variant, passages: Sequence[CodedPassage], authors: list[str]) -> tuple[list[int], list[str]]:
    """Ranks of the judged passages, and what models that never saw their author say of them."""
    with (
        switched(variant),
        mock.patch.object(evaluate, "is_judged", lambda passage, _: passage.whole and passage.author in authors),
        mock.patch.object(fit, "fit_relations", no_relations),
    ):
        seen = variant.look([p.text for p in passages])
        found = evaluate.out_of_fold(passages, seen, lambda author: print(f"  {author}", file=sys.stderr))
    return found.judged, found.labels


def speeds(rows: Sequence[Variant], texts: Sequence[str]) -> dict[str, list[float]]:
    """Processor seconds of the features of `texts`, by variant, rounds alternating after one to warm up."""
    seconds: dict[str, list[float]] = {row.name: [] for row in rows}
    spaces = {row.name: features.fit_space(row.look(texts)) for row in rows}
    for turn in range(ROUNDS + 1):
        for row in rows:
            space = spaces[row.name]

            def measure(row: Variant = row, space: features.Space = space) -> object:
                return features.matrix(space, [features.row_of(space, seen) for seen in row.look(texts)])

            with switched(row):
                taken = spent(measure)
            if turn:
                seconds[row.name].append(taken)
    return seconds


def figures_of(said: list[str], reference: list[str], passages: Sequence[CodedPassage]) -> dict[str, Any]:
    """Macro-F1, F1 of the two answers, and the difference with the first row, interval by document."""
    truth = [p.label.value for p in passages]

    def gap(ranks: Sequence[int]) -> float:
        own = [truth[r] for r in ranks]
        return macro_f1(own, [said[r] for r in ranks]) - macro_f1(own, [reference[r] for r in ranks])

    documents = [p.document or p.author for p in passages]
    figures = evaluate.label_figures(truth, said, documents)
    return {
        "macro_f1": figures["macro_f1"],
        "f1_M": figures["poles"]["rationalisation"]["f1"],
        "f1_P": figures["poles"]["professionnelle"]["f1"],
        "f1_mixte": figures["classes"][Label.MIXTE.value]["f1"],
        "difference": round(gap(range(len(said))), DECIMALS),
        "difference_interval": interval_by_document(documents, gap, evaluate.SEED) if said != reference else [0.0, 0.0],
    }


def main() -> int:
    """Measure, print the table, return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--every", type=int, default=4, help="judge one author out of so many (1: all)")
    parser.add_argument("--json", type=Path, help="write the figures there too")
    chosen = parser.parse_args()
    about = machine()
    # Labels only: without axes in the codes, their eighteen heads are not learnt, and the labels are the same.
    passages = [replace(p, axes={}) for p in read_coded([ANNOTATED])]
    authors = sorted({p.author for p in passages if p.whole})[:: chosen.every]
    rows = variants()
    texts = [p.text for p in passages[::3]]
    words = sum(map(count_words, texts))
    seconds = speeds(rows, texts)
    said: dict[str, list[str]] = {}
    ranks: list[int] = []
    for row in rows:
        print(row.name, file=sys.stderr)
        ranks, said[row.name] = judged(row, passages, authors)
    own = [passages[rank] for rank in ranks]
    table = {row.name: figures_of(said[row.name], said[rows[0].name], own) for row in rows}
    for name, row_seconds in seconds.items():
        table[name]["seconds"] = [round(value, 3) for value in row_seconds]
        table[name]["words_per_second"] = round(words / median(row_seconds))
    figures = {
        "machine": about,
        "corpus": {"passages": len(passages), "judged": len(own), "documents": len({p.document for p in own})},
        "authors": authors,
        "timed_words": words,
        "rows": table,
    }
    print_figures(figures)
    if chosen.json:
        chosen.json.write_text(json.dumps(figures, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return 0


def print_figures(figures: dict[str, Any]) -> None:
    """The table in Markdown."""
    corpus = figures["corpus"]
    print(
        f"\n{corpus['judged']} passages of {corpus['documents']} documents judged, {corpus['passages']} coded; "
        f"authors judged: {', '.join(figures['authors'])}; {figures['timed_words']:,} words timed\n"
    )
    reference = median(figures["rows"]["all"]["seconds"])
    header = ["", "macro-F1", "difference (95 %)", "F1 of M", "F1 of P", "F1 of mixte", "words/s", "time / all"]
    lines = []
    for name, row in figures["rows"].items():
        low, high = row["difference_interval"]
        gap = "" if name == "all" else f"{row['difference']:+.3f} ({low:+.3f} to {high:+.3f})"
        scores = [f"{row[key]:.3f}" for key in ("f1_M", "f1_P", "f1_mixte")]
        time = median(row["seconds"]) / reference
        lines.append([name, f"{row['macro_f1']:.3f}", gap, *scores, f"{row['words_per_second']:,}", f"{time:.2f}"])
    print(markdown(header, lines))


if __name__ == "__main__":
    raise SystemExit(main())
