"""Composition of a training: coded passages in; model folder, metrics and card out."""

import csv
import io
import json
import os
import tempfile
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from tensions_cli import __version__
from tensions_cli.errors import TensionsError
from tensions_cli.knowledge.codebook import codebook
from tensions_cli.knowledge.codebook import shipped as shipped_codebook
from tensions_cli.records import NEUTRE
from tensions_cli.statistics.agreement import DECIMALS, interval_by_document, macro_f1
from tensions_cli.tagging import french
from tensions_cli.tagging.classifier import Heads, Model, small_columns
from tensions_cli.tagging.encoders import Encoder, encoder
from tensions_cli.tagging.features import Seen, Space
from tensions_cli.tagging.kernel import Kernel
from tensions_cli.tagging.model_folder import DEFAULT, config_sha256, find_model, load_model, model_folders, save_model
from tensions_cli.tagging.tag import tag_texts
from tensions_cli.training.added import figures_of, judge_added, together, verdict
from tensions_cli.training.card import card
from tensions_cli.training.coded import CodedPassage, coders_of, corpus_sha256, read_coded, told_provenance
from tensions_cli.training.encoder_texts import UNREAD_AUTHORS
from tensions_cli.training.evaluate import (
    FOLDS,
    SEED,
    OutOfFold,
    calibrates,
    decide,
    deployed_heads,
    held_out_groups,
    is_judged,
    out_of_fold,
    report,
    without_each_fold,
)
from tensions_cli.training.fit import fit, fit_heads, see_all
from tensions_cli.training.rare_names import carried, rare_names
from tensions_cli.training.seen import FILE, text_hash, training_hashes, training_lines
from tensions_cli.training.shipped import is_shipped, shipped_passages

SCHEMA = "tensions-metrics/2"
HELD_OUT = "held_out.csv"
NEUTRAL = "neutral/neutral.jsonl"  # passages without any logic, beside the corpus; they measure, they never train
MARGIN = 0.02  # a model gives way to one that is not worse by more than this (design: paired bootstrap)
# δ: nearer than this to a threshold, a label is right about as often as a coin between the two likeliest
# labels (metrics.json, `doubt`).
DOUBT = 0.1


@dataclass(frozen=True, slots=True)
class Choices:
    """How a model is trained. `encoders`: read passages; `force`: replace a better model; `keep_rare_words`: names too.

    `done` hears of each step; `warn` of what must be known before the model is passed on, with the names (forms) that
    it is about.
    """

    encoders: Sequence[str] = ("distilled",)
    force: bool = False
    keep_rare_words: bool = False
    done: Callable[[str], None] | None = None
    warn: Callable[[str, Sequence[str]], None] | None = None

    def tell(self, step: str) -> None:
        """Say a step to who listens."""
        if self.done is not None:
            self.done(step)


def train(sources: Sequence[Path], folder: Path, choices: Choices | None = None) -> dict[str, Any]:
    """Train on these passages alone, evaluate, write a model folder; returns the metrics written.

    The folder is put in place when all is written, and a model that is there gives way only to one that is not
    worse on the passages both judged (`not_worse`), unless `force`. Raises TensionsError when training cannot be
    done, before it is, and ModelError when an encoder is missing.
    """
    chosen = choices or Choices()
    passages = read_coded(sources, chosen.done)
    check_classes(passages)
    # One thread: sums taken in another order would give other bytes on another number of cores.
    with threadpool_limits(limits=1):
        material = see_all(passages, _encoders(chosen))
        ours = is_shipped(sources)
        hidden = frozenset() if ours else _hidden(material.seen, passages, (), chosen)
        found = out_of_fold(material, chosen.done, hidden)
        space, kernel, fitted = fit(material, hidden)
        decisions = decide([passages[i] for i in found.judged], found.linear, found.encoded, found.axes)
        metrics: dict[str, Any] = {
            "schema": SCHEMA,
            "protocol": protocol(passages, found),
            "training": describe(passages, sources),
            "evaluation": report(material, found, UNREAD_AUTHORS if ours else ()),
        }
        if not ours:
            _without_persons(metrics)
        made = Made(space, kernel, deployed_heads(fitted, decisions), found, passages, metrics)
        return write_model(made, folder.resolve(), chosen, sources, private=not ours)


def train_added(
    added: Sequence[Path],
    folder: Path,
    choices: Choices | None = None,
    *,
    base: Path | None = None,
    against: str | None = None,
) -> dict[str, Any]:
    """Train on the shipped coded passages and one's own, evaluate on one's own, write a model folder; as `train`.

    `base`: folder of the shipped passages; `against`: the shipped model that the new one is compared with, and whose
    calibration it keeps where one's own passages are few. Both are found unless told.
    """
    chosen = choices or Choices()
    if base is None and codebook() is not shipped_codebook():
        raise TensionsError(
            "--add ne va pas avec une grille à vous",
            why="les passages livrés sont codés avec la grille livrée, et ne répondent pas aux questions de la vôtre",
            hint="tensions model train VOS_CODES… --codebook DOSSIER -o models/mon_modele, sans --add",
        )
    sources = [base or shipped_passages()]
    shipped, own = read_coded(sources), read_coded(added, chosen.done)
    held_out_groups(own)  # refused before anything is computed
    name = against or _shipped_model(chosen.encoders)
    model = load_model(name)
    known = training_hashes(find_model(name)) | {text_hash(p.text) for p in shipped}
    seen = [text_hash(p.text) in known for p in own]
    if all(seen):
        raise TensionsError(
            "vos passages ne peuvent pas dire ce qu’un modèle vaut",
            why="ils sont tous parmi ceux que le modèle livré a appris",
            hint="ajoutez des passages de vos propres textes",
        )
    if any(seen):
        chosen.tell(_SEEN[sum(seen) > 1].format(n=sum(seen)))
    own = [replace(p, drawn="seen") if again else p for p, again in zip(own, seen, strict=True)]
    passages = [*shipped, *own]
    with threadpool_limits(limits=1):
        chosen.tell("lecture des passages livrés et des vôtres")
        material = see_all(passages, _encoders(chosen))
        hidden = _hidden(material.seen[len(shipped) :], own, material.seen[: len(shipped)], chosen)
        both = together(material, len(shipped), hidden)
        labels = [tags.label for tags in tag_texts([p.text for p in own], model)]
        heads = {"poles": model.poles, "axes": model.axes}
        judged = judge_added(both, heads, labels, chosen.done)
        chosen.tell("entraînement sur le tout")
        everything = range(len(passages))
        fitted = fit_heads(passages, both.features, small_columns(both.space), everything, both.solve)
        figures = figures_of(judged, passages)
        metrics: dict[str, Any] = {
            "schema": SCHEMA,
            "protocol": f"{judged.unit}s of the added passages held out in five parts or fewer; added passages judged; "
            + (
                "calibration and thresholds from the other parts"
                if judged.calibrated and calibrates(judged.found)
                else "calibration of the shipped model"
            ),
            "training": describe(passages, [*sources, *added]),
            "evaluation": report(material, judged.found),
            "added": {
                **describe_added(own, added),
                "seen_by_shipped": sum(seen),
                "shipped_model": model.identity,
                "calibrated_on_added": judged.calibrated,
                "hidden_words": len(hidden),
                **figures,
                "verdict": verdict(figures["gain"]["shipped"]["macro_f1"]),
            },
        }
        _without_persons(metrics)
        made = Made(both.space, both.kernel, deployed_heads(fitted, judged.decisions), judged.found, passages, metrics)
        return write_model(made, folder.resolve(), chosen, [*sources, *added], private=True)


# Own passages that the shipped model learnt: for one, and for several.
_SEEN = (
    "1 de vos passages est parmi les passages livrés\u00a0: il n’est pas évalué",
    "{n} de vos passages sont parmi les passages livrés\u00a0: ils ne sont pas évalués",
)


def _shipped_model(encoders: Sequence[str]) -> str:
    """The shipped model that reads passages with the same encoders."""
    return "fine" if "e5" in encoders else DEFAULT


def _encoders(choices: Choices) -> list[Encoder]:
    return [encoder(name, tuple(model_folders())) for name in choices.encoders]


def _hidden(
    own: Sequence[Seen], passages: Sequence[CodedPassage], others: Sequence[Seen], choices: Choices
) -> frozenset[str]:
    """Names that the lists of words of the model would show; warns of them. None are hidden with `keep_rare_words`."""
    names = rare_names(own, [p.document or p.author for p in passages], others)
    columns = carried(names, own)
    kept = choices.keep_rare_words
    if choices.warn is not None and names and (columns or not kept):
        choices.warn(_NAMES[kept][len(names) > 1].format(n=len(names), columns=columns), sorted(names))
    return frozenset() if kept else names


# What is said of names of persons and places found in one's own passages only: left out or kept, one or several.
_NAMES = {
    False: (
        "1 mot qui ressemble à un nom propre n’est que dans vos passages\u00a0: il reste hors du modèle "
        "(--keep-rare-words l’y laisserait)",
        "{n} mots qui ressemblent à des noms propres ne sont que dans vos passages\u00a0: ils restent hors du modèle "
        "(--keep-rare-words les y laisserait)",
    ),
    True: (
        "attention, 1 mot qui ressemble à un nom propre n’est que dans vos passages, et le dossier du modèle peut le "
        "porter en clair (lemmas.txt, pieces.txt)\u00a0: ne le donnez à personne sans l’avoir relu",
        "attention, {n} mots qui ressemblent à des noms propres ne sont que dans vos passages\u00a0; le dossier du "
        "modèle en porte en clair (lemmas.txt, pieces.txt)\u00a0: ne le donnez à personne sans l’avoir relu",
    ),
}


@dataclass(frozen=True, slots=True)
class Made:
    """A trained model before it is written, with what was measured."""

    space: Space
    kernel: Kernel
    heads: dict[str, Heads]
    found: OutOfFold
    passages: Sequence[CodedPassage]
    metrics: dict[str, Any]


def write_model(
    made: Made, target: Path, choices: Choices, sources: Sequence[Path], *, private: bool
) -> dict[str, Any]:
    """Write the folder beside its place, compare with the model that is there, put it in place; returns the metrics.

    `private`: the passages are one's own; nothing names their documents or authors.
    """
    metrics = made.metrics
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".tensions-", dir=target.parent) as temporary:
        config = configuration(target.name, made.passages, made.heads, metrics["evaluation"])
        written = Path(temporary) / target.name
        save_model(written, made.space, made.kernel, made.heads, config)
        metrics["false_alarms"] = {}
        for source in sources:
            apart = (source if source.is_dir() else source.parent) / NEUTRAL
            if apart.is_file():
                metrics["false_alarms"] = false_alarms(load_model(str(written)), read_coded([apart]))
        held = held_out_lines(made.passages, made.found, private=private)
        _write(written / HELD_OUT, held)
        _write(written / FILE, training_lines(p.text for p in made.passages))
        against = comparison(target, held)
        if against:
            low, high = against["interval"]
            told = f"{against['gain_macro_f1']:+.3f} [{low:+.3f}\u00a0; {high:+.3f}]".replace(".", ",")
            choices.tell(f"face au modèle en place, macro-F1 {told}".replace("-", "−").replace("macro−", "macro-"))
        if against and not against["not_worse"] and not choices.force:
            raise TensionsError(
                f"le modèle de {target.name} n’est pas remplacé",
                why="sur les mêmes passages, le nouveau est moins bon de plus de 0,02 (macro-F1, bootstrap apparié)",
                hint="gardez l’ancien, ou relancez avec --force si la grille a changé",
            )
        metrics["model"] = {"name": target.name, "version": __version__, "sha256": config_sha256(written)}
        _write(written / "metrics.json", json.dumps(metrics, ensure_ascii=False, indent=1, sort_keys=True) + "\n")
        told_of = {**told_provenance(sources), **({} if not private else {"private": "yes"})}
        _write(written / "README.md", card(metrics, {**config, "encoders": list(choices.encoders)}, told_of))
        target.mkdir(mode=0o700 if private else 0o777, exist_ok=True)
        for path in sorted(written.iterdir()):
            if private:  # like every output made from one's own texts
                path.chmod(0o600)
            os.replace(path, target / path.name)
    return metrics


def describe_added(own: Sequence[CodedPassage], sources: Sequence[Path]) -> dict[str, Any]:
    """What was added, without a name of anybody."""
    return {
        "passages": len(own),
        "judged": sum(is_judged(p, own) for p in own),
        "drawn_to_teach": sum(p.drawn not in (None, "seen") for p in own),
        "drawn_at_random": sum(p.weight is not None for p in own),
        "documents": len({p.document or p.author for p in own}),
        **coders_of(own, sources),
    }


def _without_persons(metrics: dict[str, Any]) -> None:
    """Authors may be persons: a model trained on one's own passages does not name them."""
    metrics["training"]["evaluated_authors"] = []
    metrics["evaluation"]["by_author"] = {}


def protocol(passages: Sequence[CodedPassage], found: OutOfFold) -> str:
    """How the figures were obtained, in one line."""
    unit, groups = held_out_groups(passages)
    parts, others = ("by tenths", "tenths") if len(set(groups)) >= FOLDS else ("one by one", f"{unit}s")
    judged = "whole-document passages" if any(p.whole for p in passages) else "all passages"
    drawn = " but those drawn to teach" if any(p.drawn for p in passages) else ""
    curves = (
        f"calibration and thresholds from the other {others}"
        if calibrates(found)
        else "neither calibration nor thresholds chosen: one part alone is judged"
    )
    return f"{unit}s held out {parts}; {judged}{drawn} judged; {curves}"


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


def held_out_lines(passages: Sequence[CodedPassage], found: OutOfFold, *, private: bool) -> str:
    """What the held-out models said of each judged passage, CSV without text: id, document, coder's label, model's.

    `private`: fingerprints stand for ids and documents, which are often named after somebody.
    """
    lines = io.StringIO()
    rows = csv.writer(lines, lineterminator="\n")
    rows.writerow(("id", "document", "coder", "model"))
    for rank, said in zip(found.judged, found.labels, strict=True):
        p = passages[rank]
        names = p.id, p.document or p.author
        rows.writerow((*(map(text_hash, names) if private else names), p.label, said))
    return lines.getvalue()


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
    """Share of passages without any logic that the model gives one, over all and by genre."""
    marked = [tags.label != NEUTRE for tags in tag_texts([p.text for p in passages], model)]
    genres = sorted({p.genre for p in passages})
    by_genre = {g: [m for m, p in zip(marked, passages, strict=True) if p.genre == g] for g in genres}
    return {
        "passages": len(passages),
        "share": round(sum(marked) / len(marked), DECIMALS),
        "by_genre": {g: {"passages": len(m), "share": round(sum(m) / len(m), DECIMALS)} for g, m in by_genre.items()},
    }


def check_classes(passages: Sequence[CodedPassage]) -> None:
    """Refuse what cannot teach: every yes, every no and two relations must be there, whatever fold is held out."""
    _, groups = held_out_groups(passages)
    for kept in without_each_fold(passages, groups, FOLDS):
        yes_and_no = all(len({pole in p.logics for p in kept}) == 2 for pole in codebook().poles)
        if not yes_and_no or len({name for p in kept for name in p.relations.values()}) < 2:
            ours = codebook() is shipped_codebook()
            raise TensionsError(
                "ces passages codés ne suffisent pas pour entraîner un modèle",
                why="il faut, dans plus d’un groupe, des passages avec et sans chaque logique, et deux relations",
                hint="ajoutez-les aux passages livrés\u00a0: tensions model train --add VOS_CODES -o DOSSIER"
                if ours
                else "codez d’autres passages, de plusieurs documents",
            )


def describe(passages: Sequence[CodedPassage], sources: Sequence[Path]) -> dict[str, Any]:
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
        **coders_of(passages, sources),
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
