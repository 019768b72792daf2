"""A comparison as JSON (`docs/schemas/comparison.schema.json`) and CSV: one row a difference."""

import csv
from typing import Any, TextIO

from tensions_cli.output.rows import estimate_row, group_row, skipped_row, to_json
from tensions_cli.output.tables import guarded
from tensions_cli.output.words_rows import axis_pair_row, correspondence_row, vocabulary_row
from tensions_cli.results import Comparison, Difference, Period, Trend

COMPARISON_SCHEMA = "tensions-comparison/1"


def comparison_row(found: Comparison) -> dict[str, Any]:
    """The whole comparison, nested."""
    return {
        "schema": COMPARISON_SCHEMA,
        "manifest": dict(found.manifest),
        "by": list(found.by),
        "skipped": [skipped_row(one) for one in found.skipped],
        "warnings": list(found.warnings),
        "groups": [group_row(group) for group in found.groups],
        "against": found.against,
        "shared_documents": found.shared_documents,
        "tests": sum(one.p is not None for one in found.differences),
        "differences": [difference_row(one) for one in found.differences],
        "trend": None if found.trend is None else trend_row(found.trend),
        "vocabulary": None if found.vocabulary is None else vocabulary_row(found.vocabulary),
        "factors": None if found.factors is None else correspondence_row(found.factors),
        "axis_pairs": [axis_pair_row(pair) for pair in found.axis_pairs],
    }


def difference_row(one: Difference) -> dict[str, Any]:
    """One measure in one comparison; `first` is null where it is all the other groups."""
    return {
        "measure": one.measure,
        "first": None if one.is_against_others else one.first,
        "second": one.second,
        "shares": list(one.shares),
        "clusters": list(one.clusters),
        "passages": list(one.passages),
        "difference": estimate_row(one.difference),
        "effect": one.effect,
        "p": one.p,
        "p_adjusted": one.p_adjusted,
    }


def trend_row(trend: Trend) -> dict[str, Any]:
    """Change over time, periods without a text included."""
    return {
        "unit": trend.unit,
        "undated": trend.undated,
        "method": trend.method,
        "slopes": {measure: estimate_row(slope) for measure, slope in trend.slopes.items()},
        "periods": [period_row(period) for period in trend.periods],
    }


def period_row(period: Period) -> dict[str, Any]:
    """One period: raw shares, and smoothed ones with their intervals."""
    return {
        "name": period.name,
        "documents": period.documents,
        "passages": period.passages,
        "shares": dict(period.shares),
        "smoothed": {measure: estimate_row(one) for measure, one in period.smoothed.items()},
    }


def write_comparison_json(found: Comparison, stream: TextIO) -> None:
    """Indented, keys in the order of the schema."""
    stream.write(to_json(comparison_row(found), indent=1) + "\n")


def write_comparison_csv(found: Comparison, stream: TextIO) -> None:
    """One row per difference, comma and decimal point, for programs; `first` is empty against all the others."""
    rows = [guarded(flat_difference_row(one, found)) for one in found.differences]
    writer = csv.DictWriter(stream, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)


COLUMNS = (
    "by", "measure", "first", "second", "share_first", "share_second", "clusters_first", "clusters_second",
    "passages_first", "passages_second", "difference", "low", "high", "effect", "p", "p_adjusted", "method",
)  # fmt: skip


def flat_difference_row(one: Difference, found: Comparison) -> dict[str, Any]:
    """One difference for a table."""
    interval = one.difference.interval
    return {
        "by": "|".join(found.by),
        "measure": one.measure,
        "first": "" if one.is_against_others else one.first,
        "second": one.second,
        "share_first": one.shares[0],
        "share_second": one.shares[1],
        "clusters_first": one.clusters[0],
        "clusters_second": one.clusters[1],
        "passages_first": one.passages[0],
        "passages_second": one.passages[1],
        "difference": one.difference.value,
        "low": None if interval is None else interval.low,
        "high": None if interval is None else interval.high,
        "effect": one.effect,
        "p": one.p,
        "p_adjusted": one.p_adjusted,
        "method": one.difference.method,
    }
