"""How often 95 % intervals hold the true share, on simulated corpora; Markdown on stdout.

    python benchmarks/coverage.py [--fast] [--json FILE]

Corpora: documents of 15 to 45 passages, the share of each document drawn from a beta law (intra-document correlation
ρ = 1/(a + b + 1)); the interval is to hold the share of the law, as a sociologist speaks of documents like these.
First table: shares as they are counted; beside ours, what simpler intervals cover. Second table: shares read by a
machine of known errors (sensitivity .85, specificity .90), corrected by a gold of 200 passages. A gold that was not
drawn at random comes last: there prediction-powered inference is expected to fail.
"""

import argparse
import json
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import numpy as np

from tensions_cli.records import Interval
from tensions_cli.statistics import intervals
from tensions_cli.statistics.correction import Sums, prediction_powered, rogan_gladen
from tensions_cli.statistics.intervals import linearised_error, share_bounds, student

SHARES = (0.05, 0.10, 0.30, 0.50)
DOCUMENTS = (10, 15, 20, 30, 50, 100)
CORRELATIONS = (0.05, 0.10)
SENSITIVITY, SPECIFICITY, GOLD = 0.85, 0.90, 200
TRIALS = 2000  # simulation error of a coverage of .95: .005
SEED = 20261122

Bounds = tuple[float, float] | None
Cell = dict[str, float | int | str]

_draws = intervals.draws


@cache
def kept_draws(clusters: int) -> tuple[np.ndarray, ...]:
    """The replicates are the same for every corpus of as many documents: made once."""
    return tuple(_draws(clusters))


def documents(
    random: np.random.Generator, share: float, number: int, correlation: float
) -> tuple[np.ndarray, np.ndarray]:
    """Sizes and shares of the documents of one corpus."""
    both = 1 / correlation - 1
    return random.integers(15, 46, size=number), random.beta(both * share, both * (1 - share), size=number)


def student_on_ratio(x: np.ndarray, m: np.ndarray) -> Bounds:
    """Linearised error around the ratio itself (what we do not do, for comparison)."""
    share, reach = x.sum() / m.sum(), student(len(x) - 1) * linearised_error(x, m)
    return share - reach, share + reach


def percentiles(x: np.ndarray, m: np.ndarray) -> Bounds:
    """Plain percentiles of the bootstrap of documents (for comparison)."""
    shares = np.concatenate([(counts @ x) / (counts @ m) for counts in kept_draws(len(x))])
    low, high = np.percentile(shares, [2.5, 97.5])
    return float(low), float(high)


def of_passages(x: np.ndarray, m: np.ndarray) -> Bounds:
    """Passages taken for independent (the usual mistake, for comparison)."""
    share = x.sum() / m.sum()
    reach = 1.96 * np.sqrt(share * (1 - share) / m.sum())
    return share - reach, share + reach


INTERVALS: dict[str, Callable[[np.ndarray, np.ndarray], Bounds]] = {
    "ours": share_bounds,
    "student_on_ratio": student_on_ratio,
    "percentiles": percentiles,
    "passages": of_passages,
}


def counted_shares(share: float, number: int, correlation: float, trials: int) -> Cell:
    """Coverage of each interval of a share; `none`: corpora where there is no interval to give."""
    random = np.random.default_rng([SEED, number, round(1000 * share), round(1000 * correlation)])
    inside = dict.fromkeys(INTERVALS, 0)
    none, width = 0, 0.0
    for _ in range(trials):
        m, chances = documents(random, share, number, correlation)
        x = random.binomial(m, chances).astype(float)
        found = {name: make(x, m.astype(float)) for name, make in INTERVALS.items()}
        if found["ours"] is None:
            none += 1
            continue
        width += found["ours"][1] - found["ours"][0]
        for name, bounds in found.items():
            inside[name] += bounds is not None and bounds[0] <= share <= bounds[1]
    covered = {name: round(n / (trials - none), 3) for name, n in inside.items()}
    return {
        "share": share, "documents": number, "correlation": correlation, "trials": trials, "none": none,
        **covered, "width": round(width / (trials - none), 3),
    }  # fmt: skip


def read_by_machine(random: np.random.Generator, share: float, number: int, correlation: float, drawn: str) -> Sums:
    """One corpus as correction sees it. `drawn`: `random`; `weighted`, half of the gold among what the machine found,
    with weights; `telling`, three gold passages in ten truly have it, chosen by a person, without weights.
    """
    sizes, chances = documents(random, share, number, correlation)
    document = np.repeat(np.arange(number), sizes)
    human = random.random(len(document)) < chances[document]
    right = random.random(len(document)) < np.where(human, SENSITIVITY, SPECIFICITY)
    machine = human == right
    weight = np.zeros(len(document))
    if drawn == "random":
        weight[random.choice(len(document), min(GOLD, len(document)), replace=False)] = 1
    else:
        kind, part = (human, 0.3) if drawn == "telling" else (machine, 0.5)
        for value, wanted in ((True, round(GOLD * part)), (False, GOLD - round(GOLD * part))):
            stratum = np.flatnonzero(kind == value)
            chosen = random.choice(stratum, min(wanted, len(stratum)), replace=False)
            weight[chosen] = len(stratum) / len(chosen) if drawn == "weighted" else 1
    gold = weight > 0

    def sums(values: np.ndarray) -> np.ndarray:
        return np.bincount(document, weights=values, minlength=number)

    return Sums(
        sizes.astype(float), sums(machine), sums(weight * (machine & human)), sums(weight * (machine & ~human)),
        sums(weight * (~machine & human)), sums(weight * (~machine & ~human)), int((gold & human).sum()),
        int((gold & ~human).sum()), tuple(map(str, range(number))),
    )  # fmt: skip


def corrected_shares(share: float, number: int, correlation: float, drawn: str, trials: int) -> Cell:
    """Coverage of the true share by the raw interval and the corrected ones; `refused`: no Rogan-Gladen."""
    kinds = ("random", "weighted", "telling")
    seed = [SEED, number, round(1000 * share), round(1000 * correlation), kinds.index(drawn)]
    random = np.random.default_rng(seed)
    inside = dict.fromkeys(("raw", "prediction_powered", "rogan_gladen"), 0)
    means = dict.fromkeys(inside, 0.0)
    refused, widths = 0, {"prediction_powered": 0.0, "rogan_gladen": 0.0}
    for _ in range(trials):
        sums = read_by_machine(random, share, number, correlation, drawn)
        raw = share_bounds(sums.found, sums.sizes)
        means["raw"] += sums.found.sum() / sums.sizes.sum() / trials
        inside["raw"] += raw is not None and raw[0] <= share <= raw[1]
        for name, estimate in (("prediction_powered", prediction_powered(sums)), ("rogan_gladen", rogan_gladen(sums))):
            if estimate.value is None or estimate.interval is None:
                refused += 1
                continue
            means[name] += estimate.value / trials
            inside[name] += holds(estimate.interval, share)
            widths[name] += (estimate.interval.high - estimate.interval.low) / trials
    return {
        "share": share, "documents": number, "correlation": correlation, "gold": drawn, "trials": trials,
        "refused": refused, **{name: round(n / trials, 3) for name, n in inside.items()},
        **{f"mean_{name}": round(mean, 3) for name, mean in means.items()},
        **{f"width_{name}": round(width, 3) for name, width in widths.items()},
    }  # fmt: skip


def holds(interval: Interval, share: float) -> bool:
    """The true share is inside."""
    return interval.low <= share <= interval.high


def measure(trials: int, *, fast: bool) -> dict[str, list[Cell]]:
    """Every table; `fast`: the corners only."""
    intervals.draws = kept_draws  # type: ignore[assignment]
    numbers = (10, 30) if fast else DOCUMENTS
    shares = (0.05, 0.30) if fast else SHARES
    correlations = (0.10,) if fast else CORRELATIONS
    grid = [(share, number, rho) for rho in correlations for share in shares for number in numbers]
    try:
        return {
            "shares": [counted_shares(*cell, trials) for cell in grid],
            "corrected": [corrected_shares(*cell, "random", trials) for cell in grid if cell[1] != 15],
            "not_at_random": [
                corrected_shares(share, 30, 0.10, drawn, trials)
                for drawn in ("weighted", "telling")
                for share in shares
            ],
        }
    finally:
        intervals.draws = _draws


def markdown(tables: dict[str, list[Cell]]) -> Iterator[str]:
    """The tables, one after the other."""
    for name, cells in tables.items():
        columns = list(cells[0])
        yield f"\n### {name}\n"
        yield f"| {' | '.join(columns)} |"
        yield f"|{'---|' * len(columns)}"
        for cell in cells:
            yield f"| {' | '.join(str(cell[column]) for column in columns)} |"


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--fast", action="store_true", help="the corners of the grid, 400 corpora each")
    parser.add_argument("--json", type=Path, default=None)
    chosen = parser.parse_args()
    tables = measure(400 if chosen.fast else TRIALS, fast=chosen.fast)
    print("\n".join(markdown(tables)))
    if chosen.json:
        known = {"seed": SEED, "sensitivity": SENSITIVITY, "specificity": SPECIFICITY, "gold": GOLD}
        chosen.json.write_text(json.dumps(known | tables, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
