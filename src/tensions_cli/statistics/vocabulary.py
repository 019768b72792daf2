"""Characteristic words of the parts of a corpus: specificity, weighted log-odds and, always, dispersion.

Both measures suppose that words are drawn one by one, while people repeat themselves: a single long interview makes
its own vocabulary look typical of its group. So a word is shown for a part only if several documents and several
people of that part say it, and if it stays above what was expected once the document that says it most is taken away.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tensions_cli.results import CharacteristicWord, Profile, Vocabulary
from tensions_cli.statistics.log_odds import weighted_log_odds
from tensions_cli.statistics.specificity import BANALITY, specificity

DECIMALS = 4
# Under five occurrences in the corpus a word can hardly reach |S| = 2 in a part of a quarter of it (4 of 4: S = 2.4;
# 4 of 5: 1.8), and each more word costs every other one in the correction for many tests.
MIN_TOTAL = 5
# A word said twice characterises nothing, however unlikely: 2 of 5 in a part of 2 % of the corpus already has S = 2.4.
MIN_COUNT = 3
# A part of fewer words has no profile: at 300 words one occurrence is 3 ‰, the frequency of a common verb.
MIN_PART = 300
FALSE_DISCOVERIES = 0.05


@dataclass(frozen=True, slots=True)
class Speech:
    """What one person says in one document, in one part. `size`: every word; `counts`: words that may be shown.

    `speaker`: a name that is the same person wherever it stands; None where nobody is named.
    """

    part: str
    document: str
    speaker: str | None
    size: int
    counts: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class _Table:
    """Words by parts: counts, and what they are compared with."""

    words: tuple[str, ...]
    parts: tuple[str, ...]
    counts: NDArray[np.int64]
    totals: NDArray[np.int64]
    sizes: NDArray[np.int64]
    specificities: NDArray[np.float64]
    log_odds: NDArray[np.float64]
    z: NDArray[np.float64]

    @property
    def size(self) -> int:
        return int(self.sizes.sum())


def vocabulary(
    speeches: Iterable[Speech], by: str, *, order: Sequence[str] = (), top: int = 20, policy: str = ""
) -> Vocabulary | None:
    """Profiles of the parts, `top` words over and under each; None when fewer than two parts are long enough.

    `order`: parts that come first, in this order; the others follow by code point. Only parts of MIN_PART words are
    compared, and the margins (F, T) are theirs.
    """
    everything = list(speeches)
    sizes: Counter[str] = Counter()
    for speech in everything:
        sizes[speech.part] += speech.size
    ranked = sorted(sizes, key=lambda part: (order.index(part) if part in order else len(order), part))
    parts = tuple(part for part in ranked if sizes[part] >= MIN_PART)
    if len(parts) < 2:
        return None
    kept = [speech for speech in everything if speech.part in parts]
    table = _table(kept, parts)
    dispersion = _Dispersion(kept, table)
    return Vocabulary(
        by=by,
        words=table.size,
        distinct=len(table.words),
        tests=table.counts.size,
        policy=policy,
        profiles=tuple(_profile(table, column, dispersion, top) for column in range(len(parts))),
        threshold=discovery_threshold(table.specificities),
        left_out=tuple(part for part in ranked if part not in parts),
    )


def _table(speeches: Sequence[Speech], parts: tuple[str, ...]) -> _Table:
    totals: Counter[str] = Counter()
    by_part: dict[str, Counter[str]] = {part: Counter() for part in parts}
    sizes: Counter[str] = Counter()
    for speech in speeches:
        totals.update(speech.counts)
        by_part[speech.part].update(speech.counts)
        sizes[speech.part] += speech.size
    words = tuple(sorted(word for word, total in totals.items() if total >= MIN_TOTAL))
    counts = np.array([[by_part[part][word] for part in parts] for word in words], dtype=np.int64)
    counts = counts.reshape(len(words), len(parts))
    whole = np.array([totals[word] for word in words], dtype=np.int64)
    n = np.array([sizes[part] for part in parts], dtype=np.int64)
    size = int(n.sum())
    column = whole[:, None]
    # The prior is the whole corpus at its own size (α_w = F, α_0 = T): as much weight as what was observed.
    delta, z = weighted_log_odds(counts, column - counts, n, size - n, column, size)
    return _Table(words, parts, counts, whole, n, specificity(counts, column, n, size), delta, z)


def discovery_threshold(specificities: NDArray[np.float64]) -> float | None:
    """Least |S| that stands at 5 % of false discoveries in a whole table (Benjamini, Hochberg 1995); None if none does.

    A specificity holds the probability of one tail; twice that is the p-value tested. Never under the banality.
    """
    strength = np.sort(np.abs(specificities).ravel())[::-1]
    if not strength.size:
        return None
    rank = np.arange(1, strength.size + 1)
    passing = np.nonzero(-strength + np.log10(2) <= np.log10(FALSE_DISCOVERIES * rank / strength.size))[0]
    if not passing.size:
        return None
    return round(max(float(strength[passing[-1]]), BANALITY), DECIMALS)


class _Dispersion:
    """Who says each word that matters, document by document. Banal words are not followed: most of the memory."""

    def __init__(self, speeches: Sequence[Speech], table: _Table) -> None:
        followed = {
            word for word, row in zip(table.words, np.abs(table.specificities), strict=True) if row.max() >= BANALITY
        }
        self.places: dict[str, list[tuple[Speech, int]]] = {word: [] for word in followed}
        self.sizes: dict[tuple[str, str], int] = defaultdict(int)
        self.documents: dict[str, set[str]] = defaultdict(set)
        self.people: dict[str, set[str]] = defaultdict(set)
        for speech in speeches:
            self.sizes[speech.part, speech.document] += speech.size
            self.documents[speech.part].add(speech.document)
            self.people[speech.part].add(_person(speech))
            for word in followed & speech.counts.keys():
                self.places[word].append((speech, speech.counts[word]))
        self.everybody = set().union(*self.people.values())

    def said(self, word: str, part: str | None = None) -> list[tuple[Speech, int]]:
        """Where a word is said, in one part or anywhere."""
        return [(speech, n) for speech, n in self.places[word] if part is None or speech.part == part]

    def is_shared(self, word: str, part: str) -> bool:
        """Several documents and several people of the part say it.

        A part that is one document, or one person, has nobody else: its word must then be said elsewhere too.
        A corpus of one person can share nothing, and is not asked to.
        """
        places = self.said(word, part)
        if len(self.documents[part]) > 1 and len(self.people[part]) > 1:
            return _several(places)
        if len(self.people[part]) > 1:
            return len({_person(speech) for speech, _ in places}) > 1
        return len(self.everybody) < 2 or len({_person(speech) for speech, _ in self.said(word)}) > 1


def _person(speech: Speech) -> str:
    """Where nobody is named, the document stands for its author."""
    return f"document {speech.document}" if speech.speaker is None else f"speaker {speech.speaker}"


def _several(places: Iterable[tuple[Speech, int]]) -> bool:
    places = list(places)
    return len({speech.document for speech, _ in places}) > 1 and len({_person(speech) for speech, _ in places}) > 1


def _by_document(places: Iterable[tuple[Speech, int]]) -> Counter[str]:
    held: Counter[str] = Counter()
    for speech, n in places:
        held[speech.document] += n
    return held


def _profile(table: _Table, column: int, dispersion: _Dispersion, top: int) -> Profile:
    part = table.parts[column]
    strength = table.specificities[:, column]
    ranked = sorted(
        range(len(table.words)), key=lambda row: (-strength[row], -table.counts[row, column], table.words[row])
    )
    over: list[int] = []
    lone: list[int] = []
    for row in ranked:
        if strength[row] < BANALITY:
            break
        if table.counts[row, column] >= MIN_COUNT:
            (over if _holds(table, row, column, dispersion) else lone).append(row)
    under = [
        row for row in reversed(ranked) if strength[row] <= -BANALITY and _is_missing(table, row, column, dispersion)
    ]
    return Profile(
        part=part,
        words=int(table.sizes[column]),
        documents=len(dispersion.documents[part]),
        over=tuple(_word(table, row, column, dispersion) for row in over[:top]),
        under=tuple(_word(table, row, column, dispersion) for row in under[:top]),
        lone=tuple(_word(table, row, column, dispersion) for row in lone),
    )


def _holds(table: _Table, row: int, column: int, dispersion: _Dispersion) -> bool:
    """A word of the part, not of one person or one document of it."""
    part = table.parts[column]
    if not dispersion.is_shared(table.words[row], part):
        return False
    if len(dispersion.documents[part]) == 1:
        return True
    return _excess_without(table, row, column, dispersion, dispersion.said(table.words[row], part)) > 0


def _is_missing(table: _Table, row: int, column: int, dispersion: _Dispersion) -> bool:
    """A word that the part lacks, not one that a single document or person elsewhere has in plenty."""
    part = table.parts[column]
    elsewhere = [(speech, n) for speech, n in dispersion.said(table.words[row]) if speech.part != part]
    if len(dispersion.everybody) < 2:
        return True
    return _several(elsewhere) and _excess_without(table, row, column, dispersion, elsewhere) < 0


def _excess_without(
    table: _Table, row: int, column: int, dispersion: _Dispersion, places: Sequence[tuple[Speech, int]]
) -> float:
    """Count in the part over what was expected, once the main document of `places` is out of the whole corpus."""
    word, part = table.words[row], table.parts[column]
    held = _by_document(places)
    document = min(held, key=lambda name: (-held[name], name))
    said = dispersion.said(word)
    gone = sum(n for speech, n in said if speech.document == document)
    gone_here = sum(n for speech, n in said if speech.document == document and speech.part == part)
    size_gone = sum(dispersion.sizes.get((name, document), 0) for name in table.parts)
    size, size_here = table.size - size_gone, int(table.sizes[column]) - dispersion.sizes.get((part, document), 0)
    if not size:
        return 0.0
    return float(table.counts[row, column] - gone_here - (table.totals[row] - gone) * size_here / size)


def _word(table: _Table, row: int, column: int, dispersion: _Dispersion) -> CharacteristicWord:
    word, part = table.words[row], table.parts[column]
    places = dispersion.said(word, part)
    held = _by_document(places)
    count, total = int(table.counts[row, column]), int(table.totals[row])
    return CharacteristicWord(
        word=word,
        count=count,
        total=total,
        part=int(table.sizes[column]),
        words=table.size,
        expected=round(total * int(table.sizes[column]) / table.size, DECIMALS),
        specificity=float(table.specificities[row, column]),
        log_odds=round(float(table.log_odds[row, column]), DECIMALS),
        z=round(float(table.z[row, column]), DECIMALS),
        documents=len(held),
        speakers=len({speech.speaker for speech, _ in places if speech.speaker is not None}),
        largest_share=round(max(held.values(), default=0) / count, DECIMALS) if count else 0.0,
    )
