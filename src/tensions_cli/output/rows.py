"""Records as plain dictionaries: the only source of field names and order of JSON, JSON Lines and CSV."""

import json
from collections import Counter
from collections.abc import Mapping
from typing import Any

from tensions_cli.knowledge.codebook import codebook
from tensions_cli.records import (
    Analysis,
    DocumentInfo,
    Dropped,
    Explanation,
    Group,
    Interval,
    Inventory,
    PoleExplanation,
    Skipped,
    TaggedPassage,
    Tally,
)

SUMMARY_SCHEMA = "tensions-summary/1"
CORPUS_SCHEMA = "tensions-corpus/1"
# Beginning of the column names that a nested field of a group gives in a table.
FLAT_NAMES = {
    "shares": "share",
    "shares_by_words": "share_by_words",
    "shares_certain": "share_certain",
    "relations": "relation",
}


def passage_row(tagged: TaggedPassage) -> dict[str, Any]:
    """One passage as design section 4 names its fields (`docs/schemas/passage.schema.json`)."""
    passage, tags = tagged.passage, tagged.tags
    return {
        "id": passage.id,
        "document": passage.document,
        "start": passage.start,
        "end": passage.end,
        "turn": passage.turn,
        "speaker": passage.speaker,
        "person": passage.person,
        "role": passage.role,
        "time_start": passage.time_start,
        "time_end": passage.time_end,
        "context": passage.context,
        "metadata": dict(passage.metadata),
        "text": passage.text,
        "label": tags.label,
        "relation": tags.relation,
        "stance": None if tags.stance is None else dict(tags.stance),
        "axes": {axis: list(poles) for axis, poles in tags.axes.items()},
        "scores": dict(tags.scores),
        "evidence": [{"start": e.start, "end": e.end, "pole": e.pole, "axis": e.axis} for e in tags.evidence],
        "certain": tags.certain,
        "counted": passage.counted,
        "excluded_reason": passage.excluded_reason,
        "coded_by": tags.coded_by,
        "model": tags.model,
    }


def flat_passage_row(tagged: TaggedPassage) -> dict[str, str | int | float | None]:
    """The same for a table: scores and metadata prefixed, lists joined by `|`."""
    row = passage_row(tagged)
    flat: dict[str, Any] = {}
    for name, value in row.items():
        if name == "scores":
            flat |= {f"score_{pole}": score for pole, score in value.items()}
        elif name == "axes":
            flat["axes"] = "|".join(f"{axis}:{pole}" for axis, poles in value.items() for pole in poles)
        elif name == "stance":
            flat |= {f"stance_{pole}": (value or {}).get(pole) for pole in codebook().poles}
        elif name == "evidence":
            spans = (f"{e['start']}-{e['end']}:{e['pole']}:{e['axis'] or ''}" for e in value)
            flat["evidence"] = "|".join(spans)
        elif name == "metadata":
            flat |= {f"meta_{field}": content for field, content in value.items()}
        elif isinstance(value, bool):
            flat[name] = "true" if value else "false"
        else:
            flat[name] = value
    return flat


def summary(analysis: Analysis) -> dict[str, Any]:
    """The summary as `docs/schemas/summary.schema.json` describes it."""
    return {
        "schema": SUMMARY_SCHEMA,
        "manifest": dict(analysis.manifest),
        "documents": {
            "read": [document_row(document) for document in analysis.documents],
            "skipped": [skipped_row(skipped) for skipped in analysis.skipped],
        },
        "groups": [group_row(group) for group in analysis.groups],
    }


def document_row(document: DocumentInfo) -> dict[str, Any]:
    """One document: counts and hash; speakers by role only, since labels may be names."""
    dropped_words: dict[str, int] = {}
    for part in document.dropped:
        dropped_words[part.kind.value] = dropped_words.get(part.kind.value, 0) + part.words
    roles = Counter(member.role.value if member.role else "unknown" for member in document.cast)
    row: dict[str, Any] = {
        "id": document.id,
        "source": document.source,
        "format": document.format,
        "encoding": document.encoding,
        "sha256": document.sha256,
        "words": document.words,
        "passages": document.passages,
        "counted": document.counted,
        "excluded": dict(sorted(document.excluded.items())),
        "dropped_words": dict(sorted(dropped_words.items())),
        "speakers": dict(sorted(roles.items())),
        "notices": len(document.notices),
    }
    shown = [dropped_row(part) for part in document.dropped if part.text is not None]
    return row | ({"dropped": shown} if shown else {})


def dropped_row(part: Dropped) -> dict[str, Any]:
    """One part left out, with its text."""
    return {"start": part.start, "end": part.end, "kind": part.kind, "reason": part.detail, "text": part.text}


def inventory_row(inventory: Inventory) -> dict[str, Any]:
    """What `tensions corpus info -f json` prints (`docs/schemas/corpus.schema.json`)."""
    return {
        "schema": CORPUS_SCHEMA,
        "documents": {
            "read": [document_row(document) for document in inventory.documents],
            "skipped": [skipped_row(skipped) for skipped in inventory.skipped],
        },
        "whole": tally_row(inventory.whole),
        "formats": {name: tally_row(tally) for name, tally in inventory.formats.items()},
        "languages": dict(inventory.languages),
    }


def tally_row(tally: Tally) -> dict[str, Any]:
    """Counts of one format or of the whole corpus."""
    return {
        "documents": tally.documents,
        "words": tally.words,
        "dropped_words": {kind.value: n for kind, n in tally.dropped_words.items()},
        "passages": tally.passages,
        "counted": tally.counted,
        "turns": tally.turns,
        "speakers": dict(tally.speakers),
    }


def skipped_row(skipped: Skipped) -> dict[str, Any]:
    """One source not analysed."""
    return {
        "source": skipped.source,
        "reason": skipped.reason,
        "detail": skipped.detail,
        "failed": skipped.failed,
    }


def group_row(group: Group) -> dict[str, Any]:
    """One group, nested as in the JSON summary."""
    return {
        "by": dict(group.by),
        "documents": group.documents,
        "speakers": group.speakers,
        "passages": group.passages,
        "words": group.words,
        "shares": dict(group.shares),
        "shares_by_words": dict(group.shares_by_words),
        "shares_certain": dict(group.shares_certain),
        "certain": group.certain,
        "intervals": {name: _pair(interval) for name, interval in group.intervals.items()},
        "method": group.method,
        "relations": dict(group.relations),
        "tension_share": group.tension_share,
        "balance": group.balance,
        "stance": None if group.stance is None else {pole: dict(counts) for pole, counts in group.stance.items()},
        "axes": {axis: dict(poles) for axis, poles in group.axes.items()},
    }


def flat_group_row(group: Group, by: tuple[str, ...]) -> dict[str, Any]:
    """One group for a table; the whole corpus has empty grouping columns."""
    flat: dict[str, Any] = {f"by_{field}": group.by.get(field, "") for field in by}
    for name, value in group_row(group).items():
        if name == "by":
            continue
        if name == "intervals":
            for key, pair in value.items():
                flat[f"{key}_low"], flat[f"{key}_high"] = pair or (None, None)
        elif name == "stance":
            flat |= {
                f"stance_{pole}_{stance}": (value or {}).get(pole, {}).get(stance)
                for pole, stances in codebook().stances.items()
                for stance in stances
            }
        elif name == "axes":
            flat |= {f"axis_{axis}_{pole}": n for axis, poles in value.items() for pole, n in poles.items()}
        elif isinstance(value, Mapping):
            flat |= {f"{FLAT_NAMES[name]}_{key}": item for key, item in value.items()}
        else:
            flat[name] = value
    return flat


def _pair(interval: Interval | None) -> list[float] | None:
    return None if interval is None else [interval.low, interval.high]


def to_json(value: Any, *, indent: int | None = None) -> str:
    """JSON without NaN, accents kept, keys in the order given."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False, indent=indent)


def explanation_row(explanation: Explanation) -> dict[str, Any]:
    """An explanation: tags, then the terms of each pole."""
    tags = explanation.tags
    return {
        "text": explanation.text,
        "label": tags.label,
        "relation": tags.relation,
        "stance": None if tags.stance is None else dict(tags.stance),
        "axes": {axis: list(poles) for axis, poles in tags.axes.items()},
        "scores": dict(tags.scores),
        "certain": tags.certain,
        "evidence": [{"start": e.start, "end": e.end, "pole": e.pole, "axis": e.axis} for e in tags.evidence],
        "model": tags.model,
        "poles": {pole.pole: _pole_row(explanation.text, pole) for pole in explanation.poles},
    }


def _pole_row(text: str, pole: PoleExplanation) -> dict[str, Any]:
    return {
        "log_odds": pole.log_odds,
        "start": pole.start,
        "form": dict(pole.form),
        "words": [{"start": w.start, "end": w.end, "word": text[w.start : w.end], "term": w.term} for w in pole.words],
        "slope": pole.slope,
        "offset": pole.offset,
        "threshold": pole.threshold,
    }
