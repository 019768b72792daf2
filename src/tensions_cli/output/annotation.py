"""Coded passages for annotation tools: doccano, Label Studio and Prodigy, each with offsets in its own unit.

Each writer takes whole documents, writes UTF-8 text with LF, the same bytes for the same codes, and returns
French notices. Machine codes are proposals wherever the tool has such a thing.
"""

import hashlib
import json
from bisect import bisect_left
from collections.abc import Callable, Iterable
from itertools import pairwise
from typing import Any, TextIO
from xml.sax.saxutils import quoteattr

from tensions_cli.knowledge.code_names import AXES, LABELS, RELATIONS, STANCES, all_codes, codes_of, labels_of
from tensions_cli.knowledge.codebook import codebook
from tensions_cli.output.palette import shade
from tensions_cli.output.rows import to_json
from tensions_cli.records import MIXTE, CodedBy, TaggedDocument, TaggedPassage, Tags

_OTHER_COLOURS = ("#F0E442", "#000000")

# Names shared by the labelling configuration and the predictions: Label Studio refuses a prediction of another name.
_TEXT_TAG, _LABEL_TAG, _RELATION_TAG, _STANCE_TAG, _AXIS_TAG, _MEMO_TAG = (
    "text",
    "label",
    "relation",
    "posture",
    "axes",
    "commentaire",
)


def write_doccano(
    documents: Iterable[TaggedDocument], by: CodedBy, stream: TextIO, *, all_names: bool = False
) -> tuple[str, ...]:
    """One document a line, spans in UTF-16 units, for a sequence labelling project.

    `all_names`: relation, stances and axes become spans too; they overlap, which a project must allow. Without
    it they are only shown, in the document's key `proposal`.
    """
    empty = 0
    overlapping = all_names
    for tagged in documents:
        if _is_empty(tagged):
            empty += 1
            continue
        overlapping = overlapping or any(len(labels_of(one.tags)) > 1 for one in tagged.passages)
        units = utf16_offsets(tagged.document.text)
        spans = [
            [units(one.passage.start), units(one.passage.end), name]
            for one in apart(tagged)
            for name in (codes_of(one.tags) if all_names else labels_of(one.tags))
        ]
        stream.write(to_json({"text": tagged.document.text, "label": spans} | _provenance(tagged, by)) + "\n")
    overlap = "des codes se chevauchent\u00a0: cochez «\u00a0Allow overlapping entities\u00a0» dans le projet doccano"
    alone = "les relations, postures et axes sont montrés, non codés\u00a0: doccano ne garde qu’un code par passage"
    return (*_said_empty(empty), *((overlap,) if overlapping else ()), *(() if all_names else (alone,)))


def write_prodigy(documents: Iterable[TaggedDocument], by: CodedBy, stream: TextIO) -> tuple[str, ...]:
    """One document a line with its spans in code points, for the span recipes."""
    empty = 0
    for tagged in documents:
        if _is_empty(tagged):
            empty += 1
            continue
        task = {
            "text": tagged.document.text,
            "spans": [
                {"start": one.passage.start, "end": one.passage.end, "label": label}
                for one in apart(tagged)
                for label in labels_of(one.tags)
            ],
            "meta": {"document": tagged.document.id},
        }
        stream.write(to_json(task | _provenance(tagged, by)) + "\n")
    alone = "les relations, postures et axes accompagnent chaque texte (clé proposal), sans être codés dans Prodigy"
    return (*_said_empty(empty), alone)


def write_label_studio(documents: Iterable[TaggedDocument], by: CodedBy, stream: TextIO) -> tuple[str, ...]:
    """A JSON array of tasks with predictions, in code points; the project needs `label_studio_config()`."""
    empty = 0
    separator = "[\n"
    for tagged in documents:
        if _is_empty(tagged):
            empty += 1
            continue
        stream.write(separator + to_json(_task(tagged, by)))
        separator = ",\n"
    stream.write("[]\n" if separator == "[\n" else "\n]\n")
    return _said_empty(empty)


def label_studio_config() -> str:
    """The labelling configuration (XML) of a Label Studio project that takes our tasks."""
    labels = "".join(
        f"  <Label value={quoteattr(name)} background={quoteattr(_colours(name)[0])}/>\n" for name in _names(LABELS)
    )
    # Of more than two logics a passage bears several by their names, and `mixte` would not say which.
    by_pair = codebook().by_pair
    several, condition = (' choice="multiple"', "") if by_pair else ("", f' whenLabelValue="{MIXTE}"')
    return (
        "<View>\n"
        f' <Labels name="{_LABEL_TAG}" toName="{_TEXT_TAG}"{several}>\n{labels} </Labels>\n'
        f' <Text name="{_TEXT_TAG}" value="$text" granularity="word"/>\n'
        + _choices(_RELATION_TAG, RELATIONS, "multiple" if by_pair else "single", condition)
        + _choices(_STANCE_TAG, STANCES, "multiple")
        + _choices(_AXIS_TAG, AXES, "multiple")
        + f' <TextArea name="{_MEMO_TAG}" toName="{_TEXT_TAG}" perRegion="true" placeholder="Commentaire"/>\n'
        "</View>\n"
    )


def doccano_labels(*, all_names: bool = False) -> str:
    """The list of labels (JSON) to import in a doccano project before our file."""
    codes = [code for code in all_codes() if all_names or code.family == LABELS]
    rows = []
    for code in codes:
        background, text = _colours(code.name)
        rows.append({"text": code.name, "background_color": background, "text_color": text})
    return json.dumps(rows, ensure_ascii=False, indent=1) + "\n"


def apart(tagged: TaggedDocument) -> tuple[TaggedPassage, ...]:
    """The passages, checked: they hold the text they say, and never overlap, or doccano would drop some in silence."""
    passages = [one.passage for one in tagged.passages]
    if any(before.end > after.start for before, after in pairwise(passages)):
        raise AssertionError("passages overlap")
    if any(one.text != tagged.document.text[one.start : one.end] for one in passages):
        raise AssertionError("a passage is not the text at its offsets")
    return tagged.passages


def utf16_offsets(text: str) -> Callable[[int], int]:
    """From code point offsets of one text to UTF-16 units, the unit of browsers and of Java."""
    wide = [at for at, c in enumerate(text) if c > "\uffff"]
    return lambda offset: offset + bisect_left(wide, offset)


def text_sha256(text: str) -> str:
    """Hash of the canonical text: the first thing to compare when codes come back (formats.md, section 1.1)."""
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def label_score(tags: Tags) -> float | None:
    """How sure the label is, in [0, 1]: the least sure of its yes/no answers. None for codes without scores."""
    if not set(codebook().poles) <= set(tags.scores):
        return None
    return round(min(score if pole in tags.logics else 1 - score for pole, score in tags.scores.items()), 4)


def _task(tagged: TaggedDocument, by: CodedBy) -> dict[str, Any]:
    provenance = _provenance(tagged, by)
    scores = [score for one in tagged.passages if (score := label_score(one.tags)) is not None]
    prediction = {
        "model_version": by.coder,
        "score": min(scores, default=0.0),  # the least sure passage: sorting tasks by it shows what to read first
        "result": [result for one in apart(tagged) for result in _results(one)],
    }
    data = {"text": tagged.document.text, "document": provenance["document"], "sha256": provenance["sha256"]}
    return {"data": data, "predictions": [prediction]}


def _results(one: TaggedPassage) -> list[dict[str, Any]]:
    """The label of a passage, then what is said of the same region."""
    passage, tags = one.passage, one.tags
    place = {"start": passage.start, "end": passage.end, "text": passage.text}
    families = {code.name: code.family for code in all_codes()}
    names = codes_of(tags)

    def result(tag: str, kind: str, values: Iterable[str]) -> dict[str, Any]:
        value = place | {kind: list(values)}
        return {
            "id": f"p{passage.start}-{passage.end}",
            "from_name": tag,
            "to_name": _TEXT_TAG,
            "type": kind,
            "value": value,
        }

    label = result(_LABEL_TAG, "labels", labels_of(tags))
    score = label_score(tags)
    if score is not None:
        label["score"] = score
    label["meta"] = {"id": passage.id, "scores": dict(tags.scores), "certain": tags.certain}
    results = [label]
    for tag, family in ((_RELATION_TAG, RELATIONS), (_STANCE_TAG, STANCES), (_AXIS_TAG, AXES)):
        chosen = [name for name in names if families.get(name) == family]
        if chosen:
            results.append(result(tag, "choices", chosen))
    return results


def _provenance(tagged: TaggedDocument, by: CodedBy) -> dict[str, str]:
    """Keys that come back from every tool: which text, whose codes, and what was proposed, in code points."""
    proposal = "; ".join(
        f"{one.passage.start}-{one.passage.end}: {', '.join(codes_of(one.tags))}" for one in tagged.passages
    )
    return {
        "document": tagged.document.id,
        "sha256": text_sha256(tagged.document.text),
        "proposed_by": by.coder,
        "proposal": proposal,
    }


def _choices(tag: str, family: str, choice: str, condition: str = "") -> str:
    items = "".join(f"  <Choice value={quoteattr(name)}/>\n" for name in _names(family))
    return (
        f' <Choices name="{tag}" toName="{_TEXT_TAG}" choice="{choice}" perRegion="true"'
        f' visibleWhen="region-selected"{condition}>\n{items} </Choices>\n'
    )


def _names(family: str) -> list[str]:
    return [code.name for code in all_codes() if code.family == family]


def _colours(name: str) -> tuple[str, str]:
    return (shade(name).fill, shade(name).on) if name in codebook().labels else _OTHER_COLOURS


def _is_empty(tagged: TaggedDocument) -> bool:
    return not tagged.document.text.strip()


def _said_empty(count: int) -> tuple[str, ...]:
    return (f"textes vides laissés de côté\u00a0: {count}",) if count else ()
