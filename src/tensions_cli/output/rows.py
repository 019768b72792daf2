"""Records as plain dictionaries: the only source of field names and order of JSON, JSON Lines and CSV."""

import json
from collections import Counter
from collections.abc import Collection, Mapping
from typing import Any

from tensions_cli.knowledge.codebook import codebook
from tensions_cli.output.course_rows import courses_row
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
from tensions_cli.results import CorrectedShare, Corrections, Cutting, Estimate

SUMMARY_SCHEMA = "tensions-summary/1"
CORPUS_SCHEMA = "tensions-corpus/1"
# Beginning of the column names that a nested field of a group gives in a table.
FLAT_NAMES = {
    "shares": "share",
    "shares_by_words": "share_by_words",
    "shares_by_document": "share_by_document",
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
        **({"logics": list(tags.logics), "relations": dict(tags.relations)} if codebook().by_pair else {}),
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
        elif name == "logics":
            flat["logics"] = "|".join(value)
        elif name == "relations":
            flat |= {f"relation_{pair}": value.get(pair) for pair in codebook().pairs}
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
    row: dict[str, Any] = {
        "schema": SUMMARY_SCHEMA,
        "manifest": dict(analysis.manifest),
        "documents": {
            "read": [document_row(document) for document in analysis.documents],
            "skipped": [skipped_row(skipped) for skipped in analysis.skipped],
        },
        "groups": [group_row(group) for group in analysis.groups],
    }
    if analysis.corrections is not None:
        row["corrections"] = corrections_row(analysis.corrections)
    if analysis.courses:
        row["courses"] = courses_row(analysis.courses)
    if analysis.cuttings:
        row["sensitivity"] = [cutting_row(cutting) for cutting in analysis.cuttings]
    return row


def corrections_row(found: Corrections) -> dict[str, Any]:
    """Shares corrected by a gold, group by group."""
    return {
        "coders": list(found.coders),
        "matched": found.matched,
        "unmatched": found.unmatched,
        "weighted": found.weighted,
        "groups": [
            {
                "by": dict(group.by),
                "gold": group.gold,
                "gold_documents": group.gold_documents,
                "reason": group.reason,
                "shares": [_corrected_row(share) for share in group.shares],
            }
            for group in found.groups
        ],
        "notices": list(found.notices),
    }


def _corrected_row(share: CorrectedShare) -> dict[str, Any]:
    return {
        "measure": share.measure,
        "raw": estimate_row(share.raw),
        "prediction_powered": estimate_row(share.prediction_powered),
        "rogan_gladen": estimate_row(share.rogan_gladen),
        "positives": share.rates.positives,
        "negatives": share.rates.negatives,
        "sensitivity": share.rates.sensitivity,
        "specificity": share.rates.specificity,
    }


def estimate_row(estimate: Estimate) -> dict[str, Any]:
    """A share or a difference, with its interval and how it was made."""
    return {"value": estimate.value, "interval": _pair(estimate.interval), "method": estimate.method}


def cutting_row(cutting: Cutting) -> dict[str, Any]:
    """Shares at one length of passages."""
    return {
        "target_words": cutting.target_words,
        "shipped": cutting.shipped,
        "passages": cutting.passages,
        "mean_words": cutting.mean_words,
        "shares": dict(cutting.shares),
        "tension_share": cutting.tension_share,
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
    """One group, nested as in the JSON summary; of a masked one, nothing but its name and why."""
    row = _group_values(group) | {
        "stance_intervals": {
            pole: {name: _pair(interval) for name, interval in intervals.items()}
            for pole, intervals in group.stance_intervals.items()
        }
    }
    return _masked(row, ("by", "method", "masked")) if group.masked else row


def _masked(row: dict[str, Any], kept: Collection[str]) -> dict[str, Any]:
    """Every value but those kept is None: zeros would be read as counts."""
    return {name: value if name in kept else None for name, value in row.items()}


def _group_values(group: Group) -> dict[str, Any]:
    return {
        "by": dict(group.by),
        "documents": group.documents,
        "speakers": group.speakers,
        "passages": group.passages,
        "words": group.words,
        "shares": dict(group.shares),
        "shares_by_words": dict(group.shares_by_words),
        "shares_by_document": dict(group.shares_by_document),
        "shares_certain": dict(group.shares_certain),
        "certain": group.certain,
        "intervals": {name: _pair(interval) for name, interval in group.intervals.items()},
        "method": group.method,
        "relations": dict(group.relations),
        "tension_share": group.tension_share,
        "balance": group.balance,
        "stance": None if group.stance is None else {pole: dict(counts) for pole, counts in group.stance.items()},
        "axes": {axis: dict(poles) for axis, poles in group.axes.items()},
        "persons": group.persons,
        "human": group.human,
        "masked": group.masked,
    } | ({"pairs": {pair: dict(counts) for pair, counts in group.pairs.items()}} if codebook().by_pair else {})


def flat_group_row(group: Group, by: tuple[str, ...]) -> dict[str, Any]:
    """One group for a table; the whole corpus has empty grouping columns, a masked group nothing but its name."""
    names = {f"by_{field}": group.by.get(field, "") for field in by}
    flat: dict[str, Any] = dict(names)
    for name, value in _group_values(group).items():
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
        elif name == "pairs":
            flat |= {
                f"relation_{pair}_{relation}": value.get(pair, {}).get(relation)
                for pair in codebook().pairs
                for relation in codebook().relations
            }
        elif name == "axes":
            flat |= {f"axis_{axis}_{pole}": n for axis, poles in value.items() for pole, n in poles.items()}
        elif isinstance(value, Mapping):
            flat |= {f"{FLAT_NAMES[name]}_{key}": item for key, item in value.items()}
        else:
            flat[name] = value
    if group.masked:
        return _masked(flat, (*names, "method")) | {"masked": "oui"}
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
        **({"logics": list(tags.logics), "relations": dict(tags.relations)} if codebook().by_pair else {}),
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
