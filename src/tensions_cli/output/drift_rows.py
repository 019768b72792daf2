"""A comparison of two summaries as JSON (`docs/schemas/diff.schema.json`)."""

from typing import Any, TextIO

from tensions_cli.output.rows import to_json
from tensions_cli.results import Cause, Drift, Figure, GroupChange, Move, TextChange

DIFF_SCHEMA = "tensions-diff/1"


def drift_row(found: Drift) -> dict[str, Any]:
    """The whole comparison, nested; `moved` is what the exit status says."""
    return {
        "schema": DIFF_SCHEMA,
        "tolerance": found.tolerance,
        "moved": found.moved,
        "sizes": {name: {"old": old, "new": new} for name, (old, new) in found.sizes.items()},
        "texts": {"same": found.same_texts, "changes": [text_row(one) for one in found.texts]},
        "causes": [cause_row(one) for one in found.causes],
        "other_codebook": found.other_codebook,
        "compared": found.compared,
        "identical": found.identical,
        "largest_within": None if found.largest is None else move_row(found.largest),
        "moves": [move_row(one) for one in found.moves],
        "groups_gone": [group_change_row(one) for one in found.groups_gone],
        "groups_new": [group_change_row(one) for one in found.groups_new],
        "masked": [dict(by) for by in found.masked],
        "unsettled": [move_row(one) for one in found.unsettled],
        "measures_gone": list(found.measures_gone),
        "measures_new": list(found.measures_new),
        "notices": list(found.notices),
    }


def text_row(one: TextChange) -> dict[str, Any]:
    """What became of one document."""
    return {
        "kind": one.kind,
        "document": one.document,
        "was": one.was,
        "words": {"old": one.words[0], "new": one.words[1]},
        "counted": {"old": one.counted[0], "new": one.counted[1]},
    }


def cause_row(one: Cause) -> dict[str, Any]:
    """One thing that differs besides the texts."""
    return {"kind": one.kind, "name": one.name, "old": one.old, "new": one.new}


def move_row(one: Move) -> dict[str, Any]:
    """One measure of one group, before and after."""
    return {
        "by": dict(one.by),
        "measure": one.measure,
        "change": one.change,
        "old": figure_row(one.old),
        "new": figure_row(one.new),
        "held": one.held,
    }


def figure_row(one: Figure) -> dict[str, Any]:
    """A number, what it rests on, its interval."""
    return {
        "value": one.value,
        "n": one.n,
        "interval": None if one.interval is None else [one.interval.low, one.interval.high],
    }


def group_change_row(one: GroupChange) -> dict[str, Any]:
    """A group that only one of the two has."""
    return {"by": dict(one.by), "documents": one.documents, "passages": one.passages}


def write_drift_json(found: Drift, stream: TextIO) -> None:
    """Indented, keys in the order of the schema."""
    stream.write(to_json(drift_row(found), indent=1) + "\n")
