"""Composition of a training: coded passages in; model folder, metrics and card out."""

import csv
import json
import os
import tempfile
import tomllib
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from tensions_cli import __version__
from tensions_cli.errors import TensionsError
from tensions_cli.knowledge.codebook import codebook
from tensions_cli.records import NEUTRE
from tensions_cli.statistics.agreement import DECIMALS, interval_by_document, macro_f1
from tensions_cli.tagging import french
from tensions_cli.tagging.classifier import Heads, Model
from tensions_cli.tagging.encoders import encoder
from tensions_cli.tagging.model_folder import config_sha256, load_model, model_folders, save_model
from tensions_cli.tagging.tag import tag_texts
from tensions_cli.training.card import card
from tensions_cli.training.coded import CodedPassage, corpus_sha256, read_coded
from tensions_cli.training.encoder_texts import UNREAD_AUTHORS
from tensions_cli.training.evaluate import SEED, OutOfFold, deployed_heads, held_out_groups, out_of_fold, report
from tensions_cli.training.fit import fit, see_all
from tensions_cli.training.seen import FILE, training_lines

HELD_OUT = "held_out.csv"
NEUTRAL = "neutral/neutral.jsonl"  # passages without any logic, beside the corpus; they measure, they never train
MARGIN = 0.02  # a model gives way to one that is not worse by more than this (design: paired bootstrap)
# δ: nearer than this to a threshold, a label is right about as often as a coin between the two likeliest
# labels (metrics.json, `doubt`).
DOUBT = 0.1


def train(
    sources: Sequence[Path],
    folder: Path,
    encoders: Sequence[str] = ("distilled",),
    done: Callable[[str], None] | None = None,
    *,
    force: bool = False,
) -> dict[str, Any]:
    """Train, evaluate and write a model folder; returns the metrics written. `done` hears of each step.

    The folder is put in place when all is written, and a model that is there gives way only to one that is not
    worse on the passages both judged (`not_worse`), unless `force`. Raises TensionsError when training cannot be
    done, before it is, and ModelError when an encoder is missing.
    """
    passages = read_coded(sources, done)
    check_classes(passages)
    # One thread: sums taken in another order would give other bytes on another number of cores.
    with threadpool_limits(limits=1):
        return _train(passages, sources, folder.resolve(), encoders, done, force=force)


def _train(
    passages: Sequence[CodedPassage],
    sources: Sequence[Path],
    target: Path,
    encoders: Sequence[str],
    done: Callable[[str], None] | None,
    *,
    force: bool,
) -> dict[str, Any]:
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".tensions-", dir=target.parent) as temporary:
        material = see_all(passages, [encoder(name, tuple(model_folders())) for name in encoders])
        found = out_of_fold(material, done)
        metrics: dict[str, Any] = {
            "schema": "tensions-metrics/2",
            "protocol": protocol(passages),
            "training": describe(passages),
            "evaluation": report(material, found, UNREAD_AUTHORS),
            "false_alarms": {},
        }
        fitted = fit(material)
        heads = deployed_heads(fitted, found, passages)
        config = configuration(target.name, passages, heads, metrics["evaluation"])
        written = Path(temporary) / target.name
        save_model(written, fitted.space, fitted.kernel, heads, config)
        for source in sources:
            apart = (source if source.is_dir() else source.parent) / NEUTRAL
            if apart.is_file():
                metrics["false_alarms"] = false_alarms(load_model(str(written)), read_coded([apart]))
        held = held_out_lines(passages, found)
        _write(written / HELD_OUT, held)
        _write(written / FILE, training_lines(p.text for p in passages))
        against = comparison(target, held)
        if against and done:
            low, high = against["interval"]
            done(f"face au modèle en place, macro-F1 {against['gain_macro_f1']:+.3f} [{low:+.3f} à {high:+.3f}]")
        if against and not against["not_worse"] and not force:
            raise TensionsError(
                f"le modèle de {target.name} n’est pas remplacé",
                why="sur les mêmes passages, le nouveau est moins bon de plus de 0,02 (macro-F1, bootstrap apparié)",
                hint="gardez l’ancien, ou relancez avec --force si la grille a changé",
            )
        metrics["model"] = {"name": target.name, "version": __version__, "sha256": config_sha256(written)}
        _write(written / "metrics.json", json.dumps(metrics, ensure_ascii=False, indent=1, sort_keys=True) + "\n")
        _write(written / "README.md", card(metrics, {**config, "encoders": list(encoders)}, told_provenance(sources)))
        target.mkdir(exist_ok=True)
        for path in sorted(written.iterdir()):
            os.replace(path, target / path.name)
    return metrics


def protocol(passages: Sequence[CodedPassage]) -> str:
    """How the figures were obtained, in one line."""
    unit, _ = held_out_groups(passages)
    judged = "whole-document passages" if any(p.whole for p in passages) else "all passages"
    return f"{unit}s held out by tenths; {judged} judged; calibration and thresholds from the other tenths"


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


def held_out_lines(passages: Sequence[CodedPassage], found: OutOfFold) -> str:
    """What the held-out models said of each judged passage, CSV without text: id, document, coder's label, model's."""
    rows = ["id,document,coder,model"]
    for rank, said in zip(found.judged, found.labels, strict=True):
        p = passages[rank]
        rows.append(f"{p.id},{p.document or p.author},{p.label},{said}")
    return "\n".join(rows) + "\n"


def comparison(target: Path, held: str) -> dict[str, Any] | None:
    """The model that is there against the new one, on passages both judged; None when there is none to compare.

    The coder's present codes are the truth for both.
    """
    path = target / HELD_OUT
    if not path.is_file():
        return None
    old = {row["id"]: row["model"] for row in csv.DictReader(path.read_text(encoding="utf-8").splitlines())}
    new = [row for row in csv.DictReader(held.splitlines()) if row["id"] in old]
    if not new:
        return None
    truth = [row["coder"] for row in new]
    said, before = [row["model"] for row in new], [old[row["id"]] for row in new]

    def gain(ranks: Sequence[int]) -> float:
        wanted = [truth[r] for r in ranks]
        return macro_f1(wanted, [said[r] for r in ranks]) - macro_f1(wanted, [before[r] for r in ranks])

    interval = interval_by_document([row["document"] for row in new], gain, SEED)
    return {
        "passages": len(new),
        "gain_macro_f1": round(gain(range(len(new))), DECIMALS),
        "interval": interval,
        "not_worse": interval[0] > -MARGIN,
    }


def false_alarms(model: Model, passages: Sequence[CodedPassage]) -> dict[str, Any]:
    """Share of passages without any logic that the model marks M or P, over all and by genre."""
    marked = [tags.label != NEUTRE for tags in tag_texts([p.text for p in passages], model)]
    genres = sorted({p.genre for p in passages})
    by_genre = {g: [m for m, p in zip(marked, passages, strict=True) if p.genre == g] for g in genres}
    return {
        "passages": len(passages),
        "share": round(sum(marked) / len(marked), DECIMALS),
        "by_genre": {g: {"passages": len(m), "share": round(sum(m) / len(m), DECIMALS)} for g, m in by_genre.items()},
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
        yes_and_no = all(len({pole in p.logics for p in kept}) == 2 for pole in codebook().poles)
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
        "labels": dict(sorted(Counter(p.label for p in passages).items())),
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
