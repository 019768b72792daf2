"""Vocabulary, correspondence analysis and pairs of axes as plain dictionaries, for JSON and CSV."""

from typing import Any

from tensions_cli.results import AxisPair, CharacteristicWord, Correspondence, FactorPoint, Profile, Vocabulary


def vocabulary_row(vocabulary: Vocabulary, *, lone: bool = False) -> dict[str, Any]:
    """Characteristic words, profile by profile.

    `lone`: also the words that one document or one person carries, which may identify; else only their number.
    """
    return {
        "by": vocabulary.by,
        "words": vocabulary.words,
        "distinct": vocabulary.distinct,
        "tests": vocabulary.tests,
        "threshold": vocabulary.threshold,
        "policy": vocabulary.policy,
        "left_out": list(vocabulary.left_out),
        "profiles": [_profile_row(profile, lone=lone) for profile in vocabulary.profiles],
    }


def _profile_row(profile: Profile, *, lone: bool) -> dict[str, Any]:
    row = {
        "part": profile.part,
        "words": profile.words,
        "documents": profile.documents,
        "over": [word_row(word) for word in profile.over],
        "under": [word_row(word) for word in profile.under],
        "lone_count": len(profile.lone),
    }
    return row | ({"lone": [word_row(word) for word in profile.lone]} if lone else {})


def word_row(word: CharacteristicWord) -> dict[str, Any]:
    """One word in one part."""
    return {
        "word": word.word,
        "count": word.count,
        "total": word.total,
        "part": word.part,
        "words": word.words,
        "expected": word.expected,
        "specificity": word.specificity,
        "log_odds": word.log_odds,
        "z": word.z,
        "documents": word.documents,
        "speakers": word.speakers,
        "largest_share": word.largest_share,
    }


def correspondence_row(analysis: Correspondence) -> dict[str, Any]:
    """A correspondence analysis with its points."""
    return {
        "variable": analysis.variable,
        "chi2": analysis.chi2,
        "passages": analysis.passages,
        "inertia": list(analysis.inertia),
        "shares": list(analysis.shares),
        "rows": [_point_row(point) for point in analysis.rows],
        "columns": [_point_row(point) for point in analysis.columns],
        "supplementary": [_point_row(point) for point in analysis.supplementary],
        "left_out": list(analysis.left_out),
    }


def _point_row(point: FactorPoint) -> dict[str, Any]:
    return {
        "name": point.name,
        "mass": point.mass,
        "count": point.count,
        "coordinates": list(point.coordinates),
        "contributions": list(point.contributions),
        "cos2": list(point.cos2),
    }


def axis_pair_row(pair: AxisPair) -> dict[str, Any]:
    """Two axes: observed, expected, and the four cells."""
    return {
        "first": pair.first,
        "second": pair.second,
        "together": pair.together,
        "only_first": pair.only_first,
        "only_second": pair.only_second,
        "neither": pair.neither,
        "expected": pair.expected,
        "lift": pair.lift,
    }
