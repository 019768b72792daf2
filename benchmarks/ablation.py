"""What each part of the model is worth and what it costs; Markdown on stdout (the table of docs/ablation.md).

    python benchmarks/ablation.py [--json FILE]

Accuracy: authors held out by fifths, labels only, on corpora/annotated; a part that is off is off in training too,
and calibration and thresholds are chosen again. Cost: processor seconds of the part alone on a third of the passages,
one thread, median of five rounds, first round left out.
"""

import argparse
import json
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from typing import Any

# One thread, as in measure.py; set before numpy is imported.
os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1", MKL_NUM_THREADS="1")

import numpy as np
from measure import ANNOTATED, machine, markdown, spent
from scipy.linalg import cho_solve

from tensions_cli.knowledge.codebook import codebook, label_of
from tensions_cli.records import MIXTE
from tensions_cli.statistics.agreement import DECIMALS, interval_by_document, macro_f1, precision_recall_f1
from tensions_cli.tagging import features
from tensions_cli.tagging.classifier import Model, encoder_part, encoder_parts, linear_part
from tensions_cli.tagging.encoders import encoder
from tensions_cli.tagging.french import words_of
from tensions_cli.tagging.kernel import likeness
from tensions_cli.tagging.lexicon import find_cues
from tensions_cli.tagging.model_folder import load_model, model_folders
from tensions_cli.tagging.tag import BATCH
from tensions_cli.training import evaluate, fit
from tensions_cli.training.coded import CodedPassage, read_coded
from tensions_cli.words import count_words

FOLDS, ROUNDS = 5, 5
BLOCKS = tuple(features.SCALES)
# Name of the row, linear blocks kept, encoder kept.
VARIANTS: tuple[tuple[str, tuple[str, ...], bool], ...] = (
    ("all", BLOCKS, True),
    *((f"without {off}", tuple(b for b in BLOCKS if b != off), True) for off in BLOCKS),
    ("without encoder", BLOCKS, False),
    ("encoder alone", (), True),
)
Parts = dict[str, tuple[np.ndarray, np.ndarray]]


def out_of_fold(material: fit.Material, folds: np.ndarray) -> Parts:
    """Linear and encoder's parts of the log-odds of every passage, by variant, from models that did not see it."""
    wanted = fit.answers(material.passages)
    parts = {name: (np.zeros(wanted.shape), np.zeros(wanted.shape)) for name, _, _ in VARIANTS}
    for fold in range(FOLDS):
        training, held = np.flatnonzero(folds != fold), np.flatnonzero(folds == fold)
        own, other = material.part(training.tolist()), material.part(held.tolist())
        space, kernel = features.fit_space(own.seen, codebook()), fit.fit_kernel(own)
        known, new = fit.features_of(space, own.seen), fit.features_of(space, other.seen)
        rows, taught = range(len(training)), wanted[training]
        duals = cho_solve(fit.factored(likeness(kernel, own.vectors)), targets_of(taught))
        empty = fit.heads_of(codebook().poles, np.zeros((taught.shape[1], 1)), np.zeros(taught.shape[1]), len(rows))
        heads = fit.with_duals(empty, rows, taught, lambda _, __, found=duals: found)
        encoded = encoder_part(heads, likeness(kernel, other.vectors))
        edges = space.starts
        ends = dict(zip(BLOCKS, [*list(edges.values())[1:]], strict=True))
        for name, blocks, with_encoder in VARIANTS:
            linear = np.zeros((len(held), taught.shape[1]))
            if blocks:
                columns = np.concatenate([np.arange(edges[block], ends[block]) for block in blocks])
                part = fit.fit_poles(own.passages, known[:, columns], rows, lambda _, __, found=duals: found)
                linear = linear_part(part, new[:, columns])
            # The encoder alone stands in the linear part's place: calibration then has one part to weigh.
            parts[name][0][held] = linear if blocks else encoded
            parts[name][1][held] = encoded if with_encoder and blocks else 0
        print(f"fold {fold + 1}/{FOLDS}", file=sys.stderr)
    return parts


def targets_of(wanted: np.ndarray) -> np.ndarray:
    """±1 answers around their mean, as `fit.with_duals` has them."""
    targets = np.where(wanted, 1.0, -1.0)
    return targets - targets.mean(axis=0)


def labels(parts: tuple[np.ndarray, np.ndarray], wanted: np.ndarray, folds: np.ndarray) -> list[str]:
    """Labels of the judged passages, calibrated and cut on the other folds."""
    said = np.zeros(wanted.shape, dtype=bool)
    for fold in range(FOLDS):
        own, others = folds == fold, folds != fold
        curves = evaluate.calibration(parts[0][others], parts[1][others], wanted[others])
        said[own] = curves.scores(parts[0][own], parts[1][own]) >= curves.thresholds
    return [label_of(codebook().present(row)) for row in said.tolist()]


def f1_of(pole: str, truth: Sequence[str], said: Sequence[str]) -> float:
    """F1 of one logic, alone or in `mixte`."""
    both = [[label in (pole, MIXTE) for label in labels_] for labels_ in (truth, said)]
    return precision_recall_f1(*both, True)["f1"]


def costs(passages: Sequence[CodedPassage], model: Model) -> dict[str, float]:
    """Processor seconds of each part for 100,000 words, of which the forms are known."""
    texts = [p.text for p in passages[::3]]
    words = sum(map(count_words, texts))
    split = words_of(texts)
    seen = [features.see(text, one, model.book) for text, one in zip(texts, split, strict=True)]
    batches = [seen[start : start + BATCH] for start in range(0, len(seen), BATCH)]
    timed: dict[str, Callable[[], object]] = {
        "words": lambda: words_of(texts),
        "lemmas": lambda: [features._lemma_counts(model.space, batch) for batch in batches],
        "pieces": lambda: [features._piece_counts(model.space, batch) for batch in batches],
        "cues": lambda: [features.cue_values(find_cues(one, model.book), model.book) for one in split],
        "discourse": lambda: [features.discourse_values(one) for one in seen],
        "encoder": lambda: [encoder_parts(model, batch) for batch in batches],
    }
    seconds = {name: [spent(work) for _ in range(ROUNDS + 1)][1:] for name, work in timed.items()}
    return {name: median(values) / words * 100_000 for name, values in seconds.items()}


def main() -> int:
    """Measure, print the two tables, return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--json", type=Path, help="write the figures there too")
    chosen = parser.parse_args()
    about = machine()
    passages = read_coded([ANNOTATED])
    material = fit.see_all(passages, [encoder("distilled", tuple(model_folders()))])
    folds = evaluate.fold_of_groups([p.author for p in passages], FOLDS)
    parts = out_of_fold(material, folds)
    judged = [i for i, p in enumerate(passages) if p.whole]
    own = [passages[i] for i in judged]
    wanted, documents = fit.answers(own), [p.document or p.author for p in own]
    truth = [p.label for p in own]
    said = {name: labels((a[judged], b[judged]), wanted, folds[judged]) for name, (a, b) in parts.items()}
    rows: dict[str, Any] = {}
    for name, _, _ in VARIANTS:

        def gap(ranks: Sequence[int], name: str = name) -> float:
            own = [truth[r] for r in ranks]
            return macro_f1(own, [said[name][r] for r in ranks]) - macro_f1(own, [said["all"][r] for r in ranks])

        rows[name] = {
            "macro_f1": round(macro_f1(truth, said[name]), DECIMALS),
            **{f"f1_{letter}": f1_of(pole, truth, said[name]) for pole, letter in codebook().letters.items()},
            "difference": gap(range(len(truth))),
            "interval": [0.0, 0.0] if name == "all" else interval_by_document(documents, gap, evaluate.SEED),
        }
    cost = costs(passages, load_model())
    print(f"{len(own)} passages of {len(set(documents))} documents judged, {len(passages)} coded.\n")
    lines = []
    for name, row in rows.items():
        low, high = row["interval"]
        gap_text = "" if name == "all" else f"{row['difference']:+.3f} ({low:+.3f} to {high:+.3f})"
        lines.append([name, f"{row['macro_f1']:.3f}", gap_text, f"{row['f1_M']:.3f}", f"{row['f1_P']:.3f}"])
    print(markdown(["", "macro-F1", "difference (95 %)", "F1 of M", "F1 of P"], lines))
    print()
    speeds = [[name, f"{value:.2f}", f"{100_000 / value:,.0f}"] for name, value in cost.items()]
    print(markdown(["part", "processor s for 100,000 words", "words/s alone"], speeds))
    if chosen.json:
        figures = {"machine": about, "rows": rows, "seconds_for_100000_words": cost}
        chosen.json.write_text(json.dumps(figures, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
