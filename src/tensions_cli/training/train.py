"""Composition of a training: coded passages in; model folder, metrics and card out."""

import json
import os
import tempfile
import tomllib
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from tensions_cli import __version__
from tensions_cli.errors import TensionsError
from tensions_cli.knowledge.codebook import codebook
from tensions_cli.tagging import french
from tensions_cli.tagging.classifier import Heads
from tensions_cli.tagging.model_folder import config_sha256, save_model
from tensions_cli.training.card import card
from tensions_cli.training.coded import CodedPassage, corpus_sha256, read_coded
from tensions_cli.training.evaluate import SEED, deployed_heads, held_out_groups, out_of_fold, report
from tensions_cli.training.fit import fit, see_all

# δ: nearer than this to a threshold, a label is right about as often as a coin between the two likeliest
# labels (metrics.json, `doubt`).
DOUBT = 0.1


def train(sources: Sequence[Path], folder: Path, done: Callable[[str], None] | None = None) -> dict[str, Any]:
    """Train, evaluate and write a model folder; returns the metrics written. `done` hears of each step.

    The folder is put in place when all is written. Raises TensionsError when it cannot be, before training.
    """
    passages = read_coded(sources)
    check_classes(passages)
    target = folder.resolve()
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".tensions-", dir=target.parent) as temporary:
        seen = see_all(passages)
        found = out_of_fold(passages, seen, done)
        metrics: dict[str, Any] = {
            "schema": "tensions-metrics/1",
            "protocol": protocol(passages),
            "training": describe(passages),
            "evaluation": report(passages, found),
        }
        fitted = fit(passages, seen)
        heads = deployed_heads(fitted, found, passages)
        config = configuration(target.name, passages, heads, metrics["evaluation"])
        written = Path(temporary) / target.name
        save_model(written, fitted.space, heads, config)
        metrics["model"] = {"name": target.name, "version": __version__, "sha256": config_sha256(written)}
        _write(written / "metrics.json", json.dumps(metrics, ensure_ascii=False, indent=1, sort_keys=True) + "\n")
        _write(written / "README.md", card(metrics, config, told_provenance(sources)))
        target.mkdir(exist_ok=True)
        for path in sorted(written.iterdir()):
            os.replace(path, target / path.name)
    return metrics


def protocol(passages: Sequence[CodedPassage]) -> str:
    """How the figures were obtained, in one line."""
    unit, _ = held_out_groups(passages)
    judged = "whole-document passages" if any(p.whole for p in passages) else "all passages"
    return f"leave one {unit} out; {judged} judged; calibration and thresholds inside the fold"


def configuration(
    name: str, passages: Sequence[CodedPassage], heads: dict[str, Heads], figures: dict[str, Any]
) -> dict[str, Any]:
    """What the model folder says of its making, beyond what every model depends on."""
    poles = heads["poles"]
    return {
        "name": name,
        "doubt": DOUBT,
        "seed": SEED,
        "training": {"sha256": corpus_sha256(passages), "passages": len(passages)},
        "thresholds": dict(zip(poles.names, poles.thresholds.tolist(), strict=True)),
        "tension": {key: figures["relation"]["tension"][key] for key in ("precision", "recall")},
        "libraries": libraries(),
    }


def told_provenance(sources: Sequence[Path]) -> dict[str, str]:
    """`card.toml` beside the coded passages: who wrote, who coded, which rights. Empty when nobody said."""
    told: dict[str, str] = {}
    for source in sources:
        path = (source if source.is_dir() else source.parent) / "card.toml"
        if path.is_file():
            for key, text in tomllib.loads(path.read_text(encoding="utf-8")).items():
                told[key] = f"{told[key]} {text}" if key in told else str(text)
    return told


def check_classes(passages: Sequence[CodedPassage]) -> None:
    """Refuse what cannot teach: every yes, every no and two relations must be there, in more than one group."""
    _, groups = held_out_groups(passages)
    for group in sorted(set(groups)):
        kept = [p for p, g in zip(passages, groups, strict=True) if g != group]
        yes_and_no = all(len({getattr(p, pole) for p in kept}) == 2 for pole in ("rationalisation", "professionnelle"))
        if not yes_and_no or len({p.relation for p in kept if p.relation}) < 2:
            raise TensionsError(
                "ces passages codés ne suffisent pas pour entraîner un modèle",
                why="il faut, dans plus d’un groupe, des passages avec et sans chaque logique, et deux relations",
                hint="ajoutez des passages, par exemple ceux de corpora/annotated",
            )


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
