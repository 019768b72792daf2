"""Shares corrected for the tagger's own errors, from passages of the same corpus that a person has coded (the gold).

Prediction-powered inference, tuned (PPI++; Angelopoulos, Duchi and Zrnic 2023): what the machine says of the whole
corpus, plus what the gold shows to be missing or in excess, θ = λ·f̄ + (ȳ_gold − λ·f̄_gold), with
λ = cov(y, f)/((1 + n/N)·var f) on the gold, kept in [0, 1]. It supposes that the gold was drawn at random in the
corpus, or that each of its passages weighs the inverse of its probability to be drawn; nothing on how the machine errs.

Rogan and Gladen (1978): π = (p + Sp − 1)/(Se + Sp − 1). It supposes that sensitivity and specificity are the same in
the gold and in the corpus; the gold may hold more passages of one kind than the corpus, as long as they were not
chosen by what the machine says of them.

Passages of a document err together: both errors are those of documents (each of which brings its part of the corpus
and of the gold), never of passages. `benchmarks/coverage.py` measures the coverage, and how the first fails on a gold
that was not drawn at random.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from tensions_cli.knowledge.codebook import codebook
from tensions_cli.records import MIXTE, Interval, Relation
from tensions_cli.results import CorrectedShare, Correction, ErrorRates, Estimate
from tensions_cli.statistics.intervals import (
    DECIMALS,
    MIN_CLUSTERS,
    jackknife_logit_bounds,
    method_of,
    ratio_interval,
    rounded,
    student,
    total_error,
)

# Under thirty positives a rate says little (Wilson, .80 on thirty: .63 to .91); so does a correction made of it.
MIN_GOLD = 30
MIN_GOLD_DOCUMENTS = MIN_CLUSTERS

# One gold in a hundred that was drawn at random is told to look otherwise; the labels share this risk.
UNLIKE_RISK = 0.01


@dataclass(frozen=True, slots=True)
class Observed:
    """One counted passage: measures that the machine, and a person where it is in the gold, find in it.

    `key`: values of the grouping fields. `weight`: inverse of the probability to be in the gold, 1 without one.
    """

    key: tuple[str, ...]
    document: str
    machine: frozenset[str]
    human: frozenset[str] | None = None
    weight: float = 1.0


def measures() -> tuple[str, ...]:
    """What is corrected: the labels, `tension`, and by logic with `+` the passages that bear it, alone or not."""
    book = codebook()
    return (*book.measures, *(f"{pole}+" for pole in book.poles))


def measures_of(label: str, logics: Collection[str], relation: str | None) -> frozenset[str]:
    """Which of the measures a passage has."""
    tension = {"tension"} if label == MIXTE and relation == Relation.OPPOSITION else set()
    return frozenset({label, *(f"{pole}+" for pole in logics)} | tension)


def corrections(rows: Sequence[Observed], by: Sequence[str]) -> tuple[Correction, ...]:
    """The whole corpus (`by` = {}), then each group, sorted; one with too little gold has no share, and says why."""
    members: dict[tuple[str, ...], list[Observed]] = {}
    for row in rows:
        members.setdefault(row.key, []).append(row)
    groups = [_correction({}, rows)]
    if by:
        groups += [_correction(dict(zip(by, key, strict=True)), members[key]) for key in sorted(members)]
    return tuple(groups)


def _correction(by: Mapping[str, str], rows: Sequence[Observed]) -> Correction:
    gold = [row for row in rows if row.human is not None]
    documents = len({row.document for row in gold})
    reason = None
    if len(gold) < MIN_GOLD:
        reason = f"none: fewer than {MIN_GOLD} gold passages"
    elif documents < MIN_GOLD_DOCUMENTS:
        reason = f"none: gold of fewer than {MIN_GOLD_DOCUMENTS} documents"
    shares = () if reason else tuple(corrected_share(sums, name) for name, sums in _sums_by_measure(rows))
    return Correction(by, len(gold), documents, shares, reason)


@dataclass(frozen=True, slots=True)
class Sums:
    """One measure, by document: passages and those where the machine finds it; then the gold's weights by outcome.

    Every array has the shape (documents,). `positives`, `negatives`: gold passages that a person says have it, or not.
    """

    sizes: np.ndarray
    found: np.ndarray
    both: np.ndarray
    machine_only: np.ndarray
    human_only: np.ndarray
    neither: np.ndarray
    positives: int
    negatives: int
    names: tuple[str, ...]

    @property
    def gold(self) -> np.ndarray:
        """Weight of the gold of each document."""
        return np.asarray(self.both + self.machine_only + self.human_only + self.neither)

    @property
    def freedom(self) -> int:
        """Documents that have a gold passage, less one."""
        return int(np.count_nonzero(self.gold)) - 1


def _sums_by_measure(rows: Sequence[Observed]) -> Iterable[tuple[str, Sums]]:
    names = sorted({row.document for row in rows})
    place = {name: rank for rank, name in enumerate(names)}
    at = np.array([place[row.document] for row in rows])
    gold = np.array([row.human is not None for row in rows])
    weights = np.array([row.weight for row in rows])

    def by_document(values: np.ndarray) -> np.ndarray:
        return np.bincount(at, weights=values, minlength=len(names))

    for measure in measures():
        machine = np.array([measure in row.machine for row in rows])
        human = np.array([measure in (row.human or ()) for row in rows])
        weight = weights * gold
        yield (
            measure,
            Sums(
                sizes=by_document(np.ones(len(rows))),
                found=by_document(machine),
                both=by_document(weight * (machine & human)),
                machine_only=by_document(weight * (machine & ~human)),
                human_only=by_document(weight * (~machine & human)),
                neither=by_document(weight * (~machine & ~human)),
                positives=int((gold & human).sum()),
                negatives=int((gold & ~human).sum()),
                names=tuple(names),
            ),
        )


def corrected_share(sums: Sums, measure: str) -> CorrectedShare:
    """One share, raw, corrected both ways, with the error rates that correct it."""
    hits = {name: int(n) for name, n in zip(sums.names, sums.found, strict=True)}
    sizes = {name: int(n) for name, n in zip(sums.names, sums.sizes, strict=True)}
    raw = Estimate(
        round(float(sums.found.sum() / sums.sizes.sum()), DECIMALS),
        ratio_interval(hits, sizes),
        method_of(sums.found, sums.sizes, "document"),
    )
    return CorrectedShare(measure, raw, prediction_powered(sums), rogan_gladen(sums), _rates(sums))


def prediction_powered(sums: Sums) -> Estimate:
    """PPI++ with its interval: Student on the logit by jackknife of documents, else linearised and cut at 0 and 1."""
    gold = sums.gold
    share_found = sums.found.sum() / sums.sizes.sum()
    gold_found, gold_true = sums.both + sums.machine_only, sums.both + sums.human_only
    tuning = _tuning(sums)

    def estimate(
        n: np.ndarray, found: np.ndarray, g: np.ndarray, g_found: np.ndarray, g_true: np.ndarray
    ) -> np.ndarray:
        return np.asarray(g_true / g + tuning * (found / n - g_found / g))

    parts = (sums.sizes, sums.found, gold, gold_found, gold_true)
    value = float(estimate(*(np.asarray(part.sum()) for part in parts)))
    contributions = (
        (gold_true - gold_true.sum() / gold.sum() * gold) / gold.sum()
        + tuning * (sums.found - share_found * sums.sizes) / sums.sizes.sum()
        - tuning * (gold_found - gold_found.sum() / gold.sum() * gold) / gold.sum()
    )
    error = total_error(contributions)
    name = f"ppi++ lambda {tuning:.2f}"
    if not error:
        return Estimate(_clipped(value), None, f"none: no spread, {name}")
    others = [part.sum() - part for part in parts]
    bounds = jackknife_logit_bounds(value, estimate(*others), sums.freedom) if (others[2] > 0).all() else None
    if bounds is not None:
        return Estimate(_clipped(value), rounded(*bounds), f"{name} student-logit by document, 95 %")
    return Estimate(_clipped(value), _linear(value, error, sums.freedom), f"{name} student-linear by document, 95 %")


def _tuning(sums: Sums) -> float:
    """λ of PPI++ for a mean; 0 where the machine says the same of every gold passage."""
    gold = sums.gold
    total = gold.sum()
    found, true = (sums.both + sums.machine_only).sum() / total, (sums.both + sums.human_only).sum() / total
    spread = found * (1 - found)
    if spread <= 0:
        return 0.0
    covariance = sums.both.sum() / total - found * true
    ratio = (sums.positives + sums.negatives) / sums.sizes.sum()
    return float(min(max(covariance / ((1 + ratio) * spread), 0.0), 1.0))


def rogan_gladen(sums: Sums) -> Estimate:
    """Rogan and Gladen's share, linearised over documents; refused where the machine does no better than chance.

    Linear on purpose: in simulations the logit covers less (.89 of a rare share in fifty documents, against .94).
    """
    positives, negatives = sums.both + sums.human_only, sums.machine_only + sums.neither
    if not sums.positives or not sums.negatives:
        return Estimate(None, None, f"none: no gold passage {'with' if not sums.positives else 'without'} it")
    sensitivity = sums.both.sum() / positives.sum()
    specificity = sums.neither.sum() / negatives.sum()
    gain = sensitivity + specificity - 1
    if gain <= 0:
        return Estimate(None, None, "none: sensitivity + specificity not above 1")
    found = sums.found.sum() / sums.sizes.sum()
    value = float((found + specificity - 1) / gain)
    share = min(max(value, 0.0), 1.0)
    contributions = (
        (sums.found - found * sums.sizes) / sums.sizes.sum()
        - share * (sums.both - sensitivity * positives) / positives.sum()
        + (1 - share) * (sums.neither - specificity * negatives) / negatives.sum()
    ) / gain
    error = total_error(contributions)
    if not error:
        return Estimate(_clipped(value), None, "none: no spread, rogan-gladen")
    return Estimate(
        _clipped(value), _linear(value, error, sums.freedom), "rogan-gladen student-linear by document, 95 %"
    )


def _linear(value: float, error: float, freedom: int) -> Interval:
    """Student's interval cut at 0 and 1, also when the estimate itself lies outside."""
    reach = student(freedom) * error
    return rounded(min(value - reach, 1.0), max(value + reach, 0.0))


def _clipped(value: float) -> float:
    return round(min(max(value, 0.0), 1.0), DECIMALS)


def _rates(sums: Sums) -> ErrorRates:
    true, false = (sums.both + sums.human_only).sum(), (sums.machine_only + sums.neither).sum()
    return ErrorRates(
        sums.positives,
        sums.negatives,
        round(float(sums.both.sum() / true), DECIMALS) if sums.positives else None,
        round(float(sums.neither.sum() / false), DECIMALS) if sums.negatives else None,
    )


def unlike_the_corpus(rows: Sequence[Observed]) -> tuple[str, ...]:
    """Labels that the machine finds much more, or less, often in the gold than in the corpus: not drawn at random?

    Student over documents, the risk of UNLIKE_RISK shared by the labels (Bonferroni).
    """
    from scipy.stats import t

    found = []
    for measure, sums in _sums_by_measure(rows):
        if measure not in codebook().labels or sums.freedom < 1:
            continue
        gold, gold_found = sums.gold, sums.both + sums.machine_only
        here, there = gold_found.sum() / gold.sum(), sums.found.sum() / sums.sizes.sum()
        error = total_error(
            (gold_found - here * gold) / gold.sum() - (sums.found - there * sums.sizes) / sums.sizes.sum()
        )
        limit = float(t.ppf(1 - UNLIKE_RISK / 2 / len(codebook().labels), sums.freedom))
        if abs(here - there) > limit * error + 1e-12:
            found.append(measure)
    return tuple(found)


def documents_reached(rows: Sequence[Observed]) -> tuple[int, float]:
    """Documents that the gold reaches, and how many as many passages drawn at random would reach on average."""
    sizes = Counter(row.document for row in rows)
    gold = [row for row in rows if row.human is not None]
    expected = sum(1 - (1 - size / len(rows)) ** len(gold) for size in sizes.values())
    return len({row.document for row in gold}), expected
