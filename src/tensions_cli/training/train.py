"""Composition of a training: coded passages in; model folder, metrics and card out."""

import json
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from tensions_cli import __version__
from tensions_cli.knowledge.codebook import codebook
from tensions_cli.tagging import french
from tensions_cli.tagging.model_folder import config_sha256, save_model
from tensions_cli.training.card import card
from tensions_cli.training.coded import CodedPassage, corpus_sha256, read_coded
from tensions_cli.training.evaluate import (
    SEED,
    choose_axis_thresholds,
    deployed_heads,
    out_of_fold,
    report,
)
from tensions_cli.training.fit import fit, see_all

# δ: nearer than this to a threshold, a label is right about as often as a coin between the two likeliest
# labels (metrics.json, `doubt`).
DOUBT = 0.1


def train(sources: Sequence[Path], folder: Path, done: Callable[[str], None] | None = None) -> dict[str, Any]:
    """Train, evaluate and write a model folder; returns the metrics written. `done` hears of each step."""
    passages = read_coded(sources)
    seen = see_all(passages)
    found = out_of_fold(passages, seen, done)
    own = [passages[i] for i in found.judged]
    metrics = {
        "schema": "tensions-metrics/1",
        "protocol": "leave one author out; whole-document passages judged; calibration inside the fold",
        "training": describe(passages),
        "evaluation": report(passages, found, choose_axis_thresholds(own, found.axes)),
    }
    fitted = fit(passages, seen)
    heads = deployed_heads(fitted, found, passages)
    poles = heads["poles"]
    config = {
        "name": folder.name,
        "doubt": DOUBT,
        "seed": SEED,
        "training": {"sha256": corpus_sha256(passages), "passages": len(passages)},
        "thresholds": dict(zip(poles.names, np.round(poles.thresholds.astype(float), 4).tolist(), strict=True)),
        "libraries": libraries(),
    }
    save_model(folder, fitted.space, heads, config)
    metrics["model"] = {"name": folder.name, "version": __version__, "sha256": config_sha256(folder)}
    _write(folder / "metrics.json", json.dumps(metrics, ensure_ascii=False, indent=1, sort_keys=True) + "\n")
    _write(folder / "README.md", card(metrics, config))
    return metrics


def describe(passages: Sequence[CodedPassage]) -> dict[str, Any]:
    """What the training corpus is made of."""
    whole = [p for p in passages if p.whole]
    return {
        "passages": len(passages),
        "whole_document_passages": len(whole),
        "documents": len({p.document for p in whole}),
        "authors": len({p.author for p in passages}),
        "evaluated_authors": sorted({p.author for p in whole}),
        "labels": dict(sorted(Counter(p.label.value for p in passages).items())),
        "relations": dict(sorted(Counter(p.relation for p in passages if p.relation).items())),
        "genres": dict(sorted(Counter(p.genre for p in passages).items())),
        "sha256": corpus_sha256(passages),
    }


def libraries() -> dict[str, str]:
    """Versions of what computed the weights."""
    import sklearn

    return {
        "numpy": np.__version__,
        "scikit-learn": sklearn.__version__,
        "language_model": french.version(),
        "codebook": str(codebook().version),
    }


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", newline="\n")
