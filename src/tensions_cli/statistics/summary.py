"""From tagged passages to one record per group: counts, shares, intervals, balance, stances, axes.

The unit of analysis is the passage; the unit of dependence is the document (inside one document, the
person). Every share has the counted passages of the group as its base. Only small records without
text are kept, so a corpus can stream through.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from tensions_cli.knowledge.codebook import codebook
from tensions_cli.records import MIN_BEARING, MIXTE, Group, Interval, Relation, TaggedPassage
from tensions_cli.statistics.intervals import cluster_sums, method, method_of_sums, ratio_interval
from tensions_cli.words import count_words

DECIMALS = 4
UNKNOWN = "(non renseigné)"

# Columns that give a `year` where there is none of that name.
DATED = ("annee", "année", "date")
_YEAR = re.compile(r"(?<![0-9])(?:1[89]|20)[0-9]{2}(?![0-9])")


@dataclass(frozen=True, slots=True)
class Counted:
    """What statistics keep of a counted passage: nothing of its text.

    `key`: values of the grouping fields; `stance`: `pole:stance`, None when not coded; `axes`: `axis:pole`;
    `relations`: `pair:relation`;
    `words`: alphanumeric tokens; `person`: code of `speakers.csv`, the same in all documents.
    """

    key: tuple[str, ...]
    document: str
    speaker: str | None
    words: int
    label: str
    logics: tuple[str, ...]
    relation: Relation | None
    stance: tuple[str, ...] | None
    axes: tuple[str, ...]
    certain: bool
    person: str | None = None
    human: bool = False
    relations: tuple[str, ...] = ()


def counted(tagged: TaggedPassage, by: Sequence[str]) -> Counted | None:
    """The countable part of a tagged passage, or None when it is left out of statistics."""
    passage, tags = tagged.passage, tagged.tags
    if not passage.counted:
        return None
    return Counted(
        key=_shared(tuple(field_value(tagged, field) for field in by)),
        document=passage.document,
        speaker=passage.person or passage.speaker,
        words=count_words(passage.text) if passage.words is None else passage.words,
        label=tags.label,
        logics=tags.logics,
        relation=tags.relation,
        stance=None if tags.stance is None else _named(tuple(tags.stance.items())),
        axes=_named(tuple((axis, pole) for axis, poles in tags.axes.items() for pole in poles)),
        certain=tags.certain,
        person=passage.person,
        human=tags.coded_by != "model",
        relations=_named(tuple(tags.relations.items())),
    )


@lru_cache(maxsize=10_000)
def _named(pairs: tuple[tuple[str, str], ...]) -> tuple[str, ...]:
    """`first:second` of each pair; passages that say the same share one tuple, which keeps large corpora in memory."""
    return tuple(f"{first}:{second}" for first, second in pairs)


@lru_cache(maxsize=10_000)
def _shared(key: tuple[str, ...]) -> tuple[str, ...]:
    return key


def field_value(tagged: TaggedPassage, field: str) -> str:
    """Value of a grouping field: document, speaker, person, role, or a metadata column.

    A label names a speaker inside one document only: « Interviewée » is not the same person twice.
    """
    passage = tagged.passage
    own = {
        "document": passage.document,
        "speaker": f"{passage.document} / {passage.speaker}" if passage.speaker else None,
        "person": passage.person,
        "role": passage.role.value if passage.role else None,
    }
    value = own[field] if field in own else passage.metadata.get(field)
    if value is None and field == "year":
        value = year_of(passage.metadata)
    return value or UNKNOWN


def year_of(metadata: Mapping[str, str]) -> str | None:
    """Year of a document without a column `year`: the first four digits that can be one in its date."""
    for name in DATED:
        if found := _YEAR.search(metadata.get(name, "")):
            return found[0]
    return None


def summarise(rows: Iterable[Counted], by: Sequence[str]) -> list[Group]:
    """The whole corpus (`by` = {}), then one group per combination of values, sorted by code point."""
    everything = list(rows)
    members: dict[tuple[str, ...], list[Counted]] = {}
    for row in everything:
        members.setdefault(row.key, []).append(row)
    groups = [_group({}, everything)]
    if by:
        groups += [_group(dict(zip(by, key, strict=True)), members[key]) for key in sorted(members)]
    return groups


def _group(by: Mapping[str, str], rows: list[Counted]) -> Group:
    documents = {row.document for row in rows}
    clusters, unit = _clusters(rows, documents)
    certain = [row for row in rows if row.certain]
    sums = _sums(rows, clusters)
    return Group(
        by=by,
        documents=len(documents),
        speakers=len({(row.document, row.speaker) for row in rows if row.speaker}),
        passages=len(rows),
        words=sum(row.words for row in rows),
        shares=_shares(rows, _one),
        shares_by_words=_shares(rows, lambda row: row.words),
        shares_certain=_shares(certain, _one),
        certain=len(certain),
        relations={name: sum(row.relation == name for row in rows) for name in codebook().relations},
        tension_share=_ratio(sum(map(is_tension, rows)), len(rows)),
        balance=_balance(rows),
        stance=_stances(rows),
        axes=_axes(rows),
        intervals={name: ratio_interval(*one) for name, one in sums.items()},
        method=_method(sums, unit, len(set(clusters))),
        persons=_persons(rows),
        shares_by_document=_shares_by_document(rows),
        stance_intervals=_stance_intervals(rows, clusters),
        human=sum(row.human for row in rows),
        pairs=_pairs(rows),
    )


def is_tension(row: Counted) -> bool:
    """`mixte` in `opposition`."""
    return row.label == MIXTE and row.relation is Relation.OPPOSITION


def _persons(rows: list[Counted]) -> int:
    """Persons on whom the passages rest; a document in which nobody speaks is one."""
    named = {row.person or (row.document, row.speaker) for row in rows if row.speaker}
    spoken = {row.document for row in rows if row.speaker}
    return len(named) + len({row.document for row in rows} - spoken)


def _clusters(rows: list[Counted], documents: set[str]) -> tuple[list[str], str]:
    """Cluster of each passage: its document, or its speaker where all come from one document."""
    if len(documents) == 1 and any(row.speaker for row in rows):
        return [row.speaker or UNKNOWN for row in rows], "person"
    return [row.document for row in rows], "document"


def _shares(rows: list[Counted], weight: Callable[[Counted], int]) -> dict[str, float | None]:
    sums: Counter[str] = Counter()
    for row in rows:
        sums[row.label] += weight(row)
    total = sum(sums.values())
    return {label: _ratio(sums[label], total) for label in codebook().labels}


def _shares_by_document(rows: list[Counted]) -> dict[str, float | None]:
    """Mean of the documents' shares: a long interview weighs no more than a short one."""
    sizes = Counter(row.document for row in rows)
    sums: dict[str, float] = dict.fromkeys(codebook().measures, 0.0)
    for row in rows:
        sums[row.label] += 1 / sizes[row.document]
        sums["tension"] += is_tension(row) / sizes[row.document]
    return {name: round(total / len(sizes), DECIMALS) if sizes else None for name, total in sums.items()}


def _one(_row: Counted) -> int:
    return 1


def _ratio(part: int, whole: int) -> float | None:
    return round(part / whole, DECIMALS) if whole else None


def _balance(rows: list[Counted]) -> float | None:
    """Between two logics only: with three, nobody could say towards what it leans."""
    if codebook().by_pair:
        return None
    first, second = (sum(pole in row.logics for row in rows) for pole in codebook().poles)
    total = first + second
    return round((second - first) / total, DECIMALS) if total >= MIN_BEARING else None


def _pairs(rows: list[Counted]) -> dict[str, dict[str, int]]:
    """Passages by pair of logics and relation; empty for two logics, where `relations` says it."""
    book = codebook()
    if not book.by_pair:
        return {}
    counts = Counter(name for row in rows for name in row.relations)
    return {pair: {name: counts[f"{pair}:{name}"] for name in book.relations} for pair in book.pairs}


def _stances(rows: list[Counted]) -> dict[str, dict[str, int]] | None:
    """Passages by pole and stance; None, not zeros, where no passage was coded for stance."""
    if all(row.stance is None for row in rows):
        return None
    counts = Counter(name for row in rows for name in row.stance or ())
    return {pole: {name: counts[f"{pole}:{name}"] for name in names} for pole, names in codebook().stances.items()}


def _axes(rows: list[Counted]) -> dict[str, dict[str, int]]:
    counts = Counter(axis for row in rows for axis in row.axes)
    book = codebook()
    return {axis: {pole: counts[f"{axis}:{pole}"] for pole in book.poles} for axis in book.axes}


def _sums(rows: list[Counted], clusters: list[str]) -> dict[str, tuple[dict[str, int], dict[str, int]]]:
    """By share with an interval: its passages, and all passages, by cluster."""
    # One list at a time: a large corpus has a million passages.
    sums = {label: cluster_sums(clusters, [row.label == label for row in rows]) for label in codebook().labels}
    return sums | {"tension": cluster_sums(clusters, [is_tension(row) for row in rows])}


def _method(sums: Mapping[str, tuple[dict[str, int], dict[str, int]]], unit: str, clusters: int) -> str:
    """How the intervals were made; shares too rare for a bootstrap, which stay with Student, are named."""
    usual = method(clusters, unit)
    others = [name for name, (hits, sizes) in sums.items() if method_of_sums(hits, sizes, unit) != usual]
    return f"{usual}; student-logit: {', '.join(others)}" if others else usual


def _stance_intervals(rows: list[Counted], clusters: list[str]) -> dict[str, dict[str, Interval | None]]:
    """Intervals of the share of each stance, among the passages coded for a stance on that logic."""
    intervals: dict[str, dict[str, Interval | None]] = {}
    for pole, names in codebook().stances.items():
        sizes: dict[str, int] = {}
        hits: dict[str, dict[str, int]] = {name: {} for name in names}
        for cluster, row in zip(clusters, rows, strict=True):
            for name in (one.removeprefix(f"{pole}:") for one in row.stance or () if one.startswith(f"{pole}:")):
                sizes[cluster] = sizes.get(cluster, 0) + 1
                hits[name][cluster] = hits[name].get(cluster, 0) + 1
        if sum(sizes.values()) >= MIN_BEARING:
            intervals[pole] = {
                name: ratio_interval({cluster: hits[name].get(cluster, 0) for cluster in sizes}, sizes)
                for name in names
            }
    return intervals
