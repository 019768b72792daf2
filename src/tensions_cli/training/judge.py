"""Figures of a trained model on gold it never saw: coded passages, or stand-off labels beside their texts."""

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tensions_cli import __version__
from tensions_cli.errors import TensionsError
from tensions_cli.knowledge.codebook import codebook, label_of
from tensions_cli.output.adjudication import AGREED, ALONE, DISAGREEMENT
from tensions_cli.records import MIXTE, Tags
from tensions_cli.statistics.agreement import DECIMALS
from tensions_cli.statistics.agreement_by_document import Sample, coding, draw, method, sets, yes_or_no
from tensions_cli.tagging.classifier import Model
from tensions_cli.tagging.french import words_of
from tensions_cli.tagging.lexicon import find_cues
from tensions_cli.tagging.tag import tag_texts
from tensions_cli.training.coded import CodedPassage, coded_by, read_coded, told_provenance
from tensions_cli.training.figures import calibration_error, reliability
from tensions_cli.training.keywords import LEAST_STRENGTH, keyword_logics

SCHEMA = "tensions-evaluation/1"
BATCH = 256  # passages tagged together
ADJUDICATOR = "codeur arbitrage"  # what `coding agreement --adjudicate` tells to type: --coder arbitrage
WORST = 20  # errors listed


@dataclass(frozen=True, slots=True)
class Gold:
    """One passage with the codes to compare with; None for what was not coded.

    `start` and `end` are offsets in the document, when the codes stand off it. `relation` is None too for a passage
    that is not `mixte`. `stance` maps logics to stances, `axes` holds `axis:pole`.
    """

    id: str
    document: str
    start: int | None
    end: int | None
    text: str
    label: str
    logics: tuple[str, ...]
    relation: str | None
    stance: Mapping[str, str] | None
    axes: frozenset[str] | None
    genre: str | None
    sector: str | None
    coder: str | None = None
    weight: float | None = None


_TO_TEACH = (
    "1 passage choisi pour entraîner (et non tiré au hasard), laissé de côté\u00a0: il n’évalue pas",
    "{n} passages choisis pour entraîner (et non tirés au hasard), laissés de côté\u00a0: ils n’évaluent pas",
)


def read_gold(path: Path, texts: Path | None, tell: Callable[[str], None] | None = None) -> list[Gold]:
    """Gold of a JSON Lines file.

    Without `texts`: coded passages; stance and axes count as coded when one passage at least has one. With `texts`:
    stand-off rows `{"file", "start", "end", "label", "relation"}`, and `stance`, `axes`, `genre`, `sector` if they are
    there, whose offsets are code points of the UTF-8 files in that folder. Raises TensionsError for a file that does
    not fit, without quoting it. `tell` hears what coded passages are left out (`read_coded`); those that were chosen
    to teach (`drawn`) are, for they are no sample of anything.
    """
    if texts is not None:
        return _read_stand_off(path, texts)
    coded = read_coded([path], tell)
    passages = [p for p in coded if p.drawn is None]
    if not passages:
        raise TensionsError(
            f"{path.name} ne peut pas évaluer un modèle",
            why="tous ses passages ont été choisis pour entraîner, aucun n’a été tiré au hasard",
            hint="tensions coding sample SOURCES -n 200 -o a_coder.xlsx tire au hasard",
        )
    if tell is not None and len(passages) < len(coded):
        tell(_TO_TEACH[len(coded) - len(passages) > 1].format(n=len(coded) - len(passages)))
    has_stance, has_axes = any(p.stance for p in passages), any(p.axes for p in passages)
    return [_gold_of(p, has_stance=has_stance, has_axes=has_axes) for p in passages]


def _gold_of(passage: CodedPassage, *, has_stance: bool, has_axes: bool) -> Gold:
    return Gold(
        id=passage.id,
        document=passage.document or passage.author,
        start=None,
        end=None,
        text=passage.text,
        label=passage.label,
        logics=passage.logics,
        relation=passage.relation,
        stance=passage.stance if has_stance else None,
        axes=_pairs(passage.axes) if has_axes else None,
        genre=_name(passage.genre),
        sector=_name(passage.sector),
        coder=_name(passage.coder),
        weight=passage.weight,
    )


def gold_coding(gold: Sequence[Gold], path: Path) -> dict[str, Any]:
    """Who coded the gold and how it was drawn, as far as the file (and a card beside it) says."""
    coders = {g.coder for g in gold if g.coder}
    told = told_provenance([path])
    by = coded_by(told) if coders or told else None
    weights = {g.weight for g in gold if g.weight is not None}
    return {
        "coders": len(coders) or None,
        "coded_by": by,
        "adjudicated": _adjudicated(path) if coders == {ADJUDICATOR} and by == "people" else None,
        "at_random": sum(g.weight is not None for g in gold),
        "unequal_weights": len(weights) > 1,
    }


def _adjudicated(path: Path) -> dict[str, int] | None:
    """How many codes were agreed from the start, settled together, or given by one person; None where rows do not say.

    The adjudication workbook writes it beside each passage, and `coding import` keeps it.
    """
    counts: Counter[str] = Counter()
    for line in path.read_text(encoding="utf-8-sig").split("\n"):
        said = (json.loads(line).get("metadata") or {}).get(DISAGREEMENT) if line.strip() else None
        if said is not None:
            counts[{AGREED: "agreed", ALONE: "alone"}.get(said, "settled")] += 1
    return {name: counts[name] for name in ("agreed", "settled", "alone")} if counts else None


def model_training(metrics: Mapping[str, Any], shipped: Mapping[str, Any]) -> dict[str, Any] | None:
    """What a model learnt, from its metrics, for the manifest; None when they do not say.

    `shipped`: metrics of the model that ships. `composed`: all but what was added is the shipped corpus, whose texts
    were composed; one's own texts that a machine coded are not.
    """
    training, added = metrics.get("training"), metrics.get("added") or {}
    if not training:
        return None
    return {
        "passages": training["passages"],
        "coded_by": training.get("coded_by"),
        "composed": bool(added) or training.get("sha256") == (shipped.get("training") or {}).get("sha256", ""),
        "added": added.get("passages", 0),
        "added_coded_by": added.get("coded_by"),
    }


def _pairs(axes: Mapping[str, Sequence[str]]) -> frozenset[str]:
    return frozenset(f"{axis}:{pole}" for axis, poles in axes.items() for pole in poles)


def _name(value: object) -> str | None:
    """A genre or a sector; « ? » is what coded passages get when nobody said."""
    return None if value is None or str(value).strip() in ("", "?") else str(value)


def _read_stand_off(path: Path, texts: Path) -> list[Gold]:
    contents: dict[str, str] = {}
    found: dict[str, Gold] = {}
    try:
        if not path.is_file():  # a pipe or a device would be read without end
            raise OSError
        lines = path.read_text(encoding="utf-8-sig").split("\n")
    except (OSError, ValueError) as error:
        raise _refused(path.name, "fichier absent, ou qui n’est pas en UTF-8") from error
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
            file = str(row["file"])
            if file not in contents:
                contents[file] = _inside(texts, file).read_bytes().decode("utf-8")
            gold = _stand_off(row, contents[file])
        except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise _refused(f"{path.name}, ligne {number}") from error
        if gold.id in found:
            raise _refused(f"{path.name}, ligne {number}", "ce passage y est déjà")
        found[gold.id] = gold
    if not found:
        raise _refused(path.name, "il n’y a aucune ligne")
    return list(found.values())


def _refused(place: str, why: str = "") -> TensionsError:
    expected = "il faut des lignes {file, start, end, label, relation}, des bornes dans les textes, et leur dossier"
    return TensionsError(
        f"{place}\u00a0: ne se lit pas comme des codes à distance",
        why=why or expected,
        hint="tensions model evaluate CODES.jsonl --texts DOSSIER",
    )


def _stand_off(row: Mapping[str, Any], content: str) -> Gold:
    """Gold of one row; ValueError, KeyError or TypeError when it does not fit the text or the codebook."""
    file, start, end, logics = str(row["file"]), row["start"], row["end"], _logics(row)
    label = label_of(logics)
    if not 0 <= start < end <= len(content):
        raise ValueError("offsets")
    relation, stance, axes = row.get("relation"), row.get("stance"), row.get("axes")
    if relation is not None and (label != MIXTE or relation not in codebook().relations):
        raise ValueError("relation")
    for pole, name in (stance or {}).items():
        if pole not in logics or name not in codebook().stances[pole]:
            raise ValueError("stance")
    for axis, poles in (axes or {}).items():
        if axis not in codebook().axes or not poles or not set(poles) <= set(logics):
            raise ValueError("axis")
    return Gold(
        id=f"{file}#{start}-{end}",
        document=file,
        start=start,
        end=end,
        text=content[start:end],
        label=label,
        logics=logics,
        relation=relation,
        stance=stance,
        axes=None if axes is None else _pairs(axes),
        genre=_name(row.get("genre")),
        sector=_name(row.get("sector")),
    )


def _logics(row: Mapping[str, Any]) -> tuple[str, ...]:
    """Logics of a row, from its label, or from its letters where `mixte` does not say which; ValueError for others."""
    book, label = codebook(), str(row["label"])
    if label not in book.labels:
        raise ValueError("label")
    if label != MIXTE:
        return tuple(pole for pole in book.poles if pole == label)
    return book.present([bool(row[letter]) for letter in book.letters.values()]) if book.by_pair else book.poles


def _inside(folder: Path, name: str) -> Path:
    """A file of the folder; ValueError when the name leads out of it."""
    path = (folder / name).resolve()
    if folder.resolve() not in path.parents:
        raise ValueError("outside")
    return path


def judge(gold: Sequence[Gold], model: Model, *, show_text: bool = False) -> dict[str, Any]:
    """Figures of the model's answers against the gold (`docs/schemas/evaluation.schema.json`), intervals by document.

    `show_text` adds the text of the worst errors. What the command knows of the files is left to it (`manifest`).
    """
    sample, tags = draw([g.document for g in gold]), list(_answers(gold, model))
    truth, said = [g.logics for g in gold], [t.logics for t in tags]
    documents = len({g.document for g in gold})
    return {
        "schema": SCHEMA,
        "manifest": manifest(model),
        "passages": len(gold),
        "documents": documents,
        "intervals": method(documents),
        "labels": label_figures(truth, said, sample),
        "tension": _tension(gold, tags, sample),
        "relation": _relation(gold, tags, sample),
        "stance": _stance(gold, tags, sample),
        "axes": _axes(gold, tags, sample),
        "calibration": {pole: _calibration(gold, tags, pole) for pole in codebook().poles},
        "baselines": _baselines(gold, sample),
        "by_genre": _slices([g.genre for g in gold], truth, said, sample),
        "by_sector": _slices([g.sector for g in gold], truth, said, sample),
        "errors": _errors(gold, tags, show_text=show_text),
    }


def manifest(model: Model) -> dict[str, Any]:
    """What was measured: no date and no path."""
    book = codebook()
    return {
        "tool": {"name": "tensions", "version": __version__},
        "model": {"identity": model.identity, "name": model.name, "sha256": model.sha256},
        "codebook": {"name": book.name, "title": book.title, "version": book.version, "sha256": book.sha256},
    }


def gold_identity(path: Path) -> dict[str, str]:
    """Name and fingerprint of the file of codes, for the manifest."""
    return {"file": path.name, "sha256": hashlib.sha256(path.read_bytes()).hexdigest()}


def _answers(gold: Sequence[Gold], model: Model) -> Iterator[Tags]:
    for start in range(0, len(gold), BATCH):
        yield from tag_texts([g.text for g in gold[start : start + BATCH]], model)


def label_figures(
    truth: Sequence[tuple[str, ...] | None], said: Sequence[tuple[str, ...]], sample: Sample
) -> dict[str, Any]:
    """The labels, and the yes/no question of each logic, from the logics of each passage."""
    poles = {
        pole: yes_or_no([None if t is None else pole in t for t in truth], [pole in s for s in said], sample)
        for pole in codebook().poles
    }
    labels = [None if t is None else label_of(t) for t in truth]
    return coding(labels, [label_of(s) for s in said], codebook().labels, sample) | {"poles": poles}


def _tension(gold: Sequence[Gold], tags: Sequence[Tags], sample: Sample) -> dict[str, Any]:
    """A tension is `mixte` in opposition; a `mixte` gold passage without a relation is not compared."""
    truth = [None if g.label == MIXTE and g.relation is None else g.relation == "opposition" for g in gold]
    return yes_or_no(truth, [t.relation is not None and t.relation.value == "opposition" for t in tags], sample)


def _relation(gold: Sequence[Gold], tags: Sequence[Tags], sample: Sample) -> dict[str, Any]:
    """The relation, where gold and model both say `mixte`."""
    said = [None if t.relation is None else t.relation.value for t in tags]
    return coding([g.relation for g in gold], said, codebook().relations, sample)


def _stance(gold: Sequence[Gold], tags: Sequence[Tags], sample: Sample) -> dict[str, Any] | None:
    """The stance on each logic, where gold and model both give one; None when the gold does not code it."""
    if all(g.stance is None for g in gold):
        return None
    return {
        pole: coding(
            [(g.stance or {}).get(pole) for g in gold], [(t.stance or {}).get(pole) for t in tags], names, sample
        )
        for pole, names in codebook().stances.items()
    }


def _axes(gold: Sequence[Gold], tags: Sequence[Tags], sample: Sample) -> dict[str, Any] | None:
    """Agreement on the set of axis poles, and each axis pole; None when the gold does not code axes."""
    truth, said = [g.axes for g in gold], [_pairs(t.axes) for t in tags]
    if all(axes is None for axes in truth):
        return None
    names = [f"{axis}:{pole}" for axis in codebook().axes for pole in codebook().poles]
    classes = {
        name: yes_or_no([None if t is None else name in t for t in truth], [name in s for s in said], sample)
        for name in names
    }
    return sets(truth, said, sample) | {"classes": classes}


def _calibration(gold: Sequence[Gold], tags: Sequence[Tags], pole: str) -> dict[str, Any]:
    scores, truth = [t.scores[pole] for t in tags], [pole in g.logics for g in gold]
    return {"error": calibration_error(scores, truth), "bins": reliability(scores, truth)}


def _baselines(gold: Sequence[Gold], sample: Sample) -> dict[str, Any]:
    """What two coders without understanding get: the commonest label of the gold, and the cues of the lexicon."""
    truth, labels = [g.logics for g in gold], [g.label for g in gold]
    most = max(codebook().labels, key=labels.count)
    commonest = next(g.logics for g in gold if g.label == most)
    keywords = [keyword_logics(find_cues(words, codebook())) for words in words_of(g.text for g in gold)]
    return {
        "majority": {"label": most, "labels": label_figures(truth, [commonest] * len(truth), sample)},
        "keywords": {"least_strength": LEAST_STRENGTH, "labels": label_figures(truth, keywords, sample)},
    }


def _slices(
    names: Sequence[str | None],
    truth: Sequence[tuple[str, ...]],
    said: Sequence[tuple[str, ...]],
    sample: Sample,
) -> dict[str, dict[str, Any]]:
    """Figures of the labels in each genre or sector that the gold names; empty when it names none."""
    return {
        name: label_figures([t if n == name else None for n, t in zip(names, truth, strict=True)], said, sample)
        for name in sorted({name for name in names if name})
    }


def _errors(gold: Sequence[Gold], tags: Sequence[Tags], *, show_text: bool) -> dict[str, Any]:
    """How many labels are wrong, and those where the model was surest, in falling order then in that of the gold."""
    wrong = [i for i, (g, t) in enumerate(zip(gold, tags, strict=True)) if g.label != t.label]
    worst = sorted(wrong, key=lambda i: (-wrong_confidence(gold[i].logics, tags[i]), i))[:WORST]
    return {"count": len(wrong), "worst": [_error(gold[i], tags[i], show_text=show_text) for i in worst]}


def wrong_confidence(logics: Sequence[str], tags: Tags) -> float:
    """Probability that the model gave to the answer it got most wrong, of those on each logic (0: all are right)."""
    wrong = [pole for pole in codebook().poles if (pole in logics) != (pole in tags.logics)]
    given = [tags.scores[pole] if pole in tags.logics else 1 - tags.scores[pole] for pole in wrong]
    return round(max(given, default=0.0), DECIMALS)


def _error(gold: Gold, tags: Tags, *, show_text: bool) -> dict[str, Any]:
    row: dict[str, Any] = {
        "id": gold.id,
        "document": gold.document,
        "start": gold.start,
        "end": gold.end,
        "gold": {"label": gold.label, "relation": gold.relation},
        "said": {"label": tags.label, "relation": tags.relation.value if tags.relation else None},
        "scores": dict(tags.scores),
        "confidence": wrong_confidence(gold.logics, tags),
        "certain": tags.certain,
    }
    return row | ({"text": gold.text} if show_text else {})
