"""Drawing passages to code: at random for estimation, or chosen to teach a model; who codes what; precision to expect.

A random sample is drawn without replacement, stratum by stratum, with the same number n_h of the N_h passages of each
stratum whatever the seed: every passage of stratum h is in it with probability n_h/N_h exactly, and weighs N_h/n_h
(Horvitz and Thompson 1952; Cochran 1977, § 5.2). What is chosen because the model doubts, or because it differs from
the rest, has no such probability: it teaches, it never estimates.
"""

import math
from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from tensions_cli.words import WORD

# Two passages of a stratum are the fewest that show how much it varies (Cochran 1977, § 5A.7).
LEAST_BY_STRATUM = 2
# Intra-document correlation for the design effect announced before any code is known: the lower of the two values
# (.05 and .10) of the simulations of intervals (benchmarks/coverage.py).
DOCUMENT_CORRELATION = 0.05
# Dimensions of the space in which passages are told apart: 50 to 300 do for latent semantic analysis (Deerwester et
# al. 1990 keep 100 of a thousand abstracts); a sample of some hundreds needs no finer one.
DIMENSIONS = 50

Keys = NDArray[np.float64]


def allocate(sizes: Sequence[int], count: int, least: int = LEAST_BY_STRATUM) -> list[int]:
    """How many to draw in each stratum: in proportion to its size, by largest remainders, at least `least` in each.

    `sizes`: passages of each stratum, all above 0. Where `count` does not allow `least` (or the whole stratum, when it
    is smaller), one in each; ties go to the larger stratum, then to the first. Raises ValueError for more than there
    is, or for fewer than one in each stratum when `least` is not 0.
    """
    if count > sum(sizes):
        raise ValueError("more to draw than there is")
    floors = [min(least, size) for size in sizes]
    if sum(floors) > count:
        floors = [1] * len(sizes)
    if sum(floors) > count:
        raise ValueError("more strata than passages to draw")
    drawn: dict[int, int] = {}
    while True:  # a small stratum takes its least, and the others share what is left
        free = [h for h in range(len(sizes)) if h not in drawn]
        left, total = count - sum(drawn.values()), sum(sizes[h] for h in free)
        low = [h for h in free if left * sizes[h] < floors[h] * total]
        if not low:
            break
        drawn |= {h: floors[h] for h in low}
    parts = {h: divmod(left * sizes[h], total) for h in free}
    over = left - sum(whole for whole, _ in parts.values())
    first = sorted(free, key=lambda h: (-parts[h][1], -sizes[h], h))[:over]
    return [drawn[h] if h in drawn else parts[h][0] + (h in first) for h in range(len(sizes))]


def draw(strata: Sequence[Sequence[int]], counts: Sequence[int], keys: Keys) -> list[list[int]]:
    """Ranks drawn at random in each stratum, in order: those with the smallest keys.

    `keys`: one uniform number by passage of the corpus, so that a larger sample of the same seed holds the smaller one
    (permanent random numbers, Ohlsson 1995).
    """
    return [
        sorted(sorted(members, key=lambda rank: (keys[rank], rank))[:count])
        for members, count in zip(strata, counts, strict=True)
    ]


def least_sure(members: Sequence[int], margins: Sequence[float], count: int) -> list[int]:
    """The members whose scores lie nearest their thresholds (uncertainty sampling, Lewis and Gale 1994); ties in order.

    `margins`: by passage of the corpus, the smallest distance of its scores to their thresholds.
    """
    return sorted(members, key=lambda rank: (margins[rank], rank))[:count]


def spread(
    vectors: NDArray[np.float64],
    members: Sequence[int],
    count: int,
    random: np.random.Generator,
    already: Sequence[int] = (),
) -> list[int]:
    """Members unlike each other and unlike those `already` chosen: each drawn with probability ∝ D², its squared
    distance to the nearest chosen one (k-means++, Arthur and Vassilvitskii 2007).

    Drawn and not farthest first: the farthest passages of a corpus are its oddities, which teach little. `vectors`:
    shape (passages of the corpus, dimensions). In the order of choice.
    """
    left = [rank for rank in members if rank not in set(already)]
    distances = np.full(len(vectors), np.inf)
    for rank in already:
        distances = np.minimum(distances, _squared(vectors, rank))
    chosen: list[int] = []
    while left and len(chosen) < count:
        weights = distances[left]
        if np.isinf(weights).any():
            weights = np.ones(len(left))
        elif not weights.sum() > 0:  # nothing but copies of what is chosen
            chosen += left[: count - len(chosen)]
            break
        place = int(np.searchsorted(np.cumsum(weights), random.random() * weights.sum(), side="right"))
        rank = left.pop(min(place, len(left) - 1))
        chosen.append(rank)
        distances = np.minimum(distances, _squared(vectors, rank))
    return chosen


def _squared(vectors: NDArray[np.float64], rank: int) -> NDArray[np.float64]:
    gap = np.asarray(((vectors - vectors[rank]) ** 2).sum(axis=1))
    gap[gap < 1e-12] = 0.0  # copies, but for rounding
    return gap


def text_vectors(texts: Sequence[str]) -> NDArray[np.float64]:
    """Texts by their words alone, shape (texts, dimensions): tf-idf, then its first singular vectors, of length 1.

    Latent semantic analysis (Deerwester et al. 1990): in raw tf-idf nearly all short passages are equally far. Needs
    no model, so it serves a codebook that has none yet.
    """
    from scipy.sparse import csr_matrix
    from scipy.sparse.linalg import svds

    counts = [Counter(word.casefold() for word in WORD.findall(text)) for text in texts]
    found = Counter(word for one in counts for word in one)
    columns = {word: at for at, word in enumerate(sorted(word for word, n in found.items() if 1 < n < len(texts)))}
    if not columns:
        return np.zeros((len(texts), 1))
    entries = [(row, columns[word], n, found[word]) for row, one in enumerate(counts) for word, n in one.items()
               if word in columns]  # fmt: skip
    values = [(1 + math.log(n)) * math.log((1 + len(texts)) / (1 + df)) for _, _, n, df in entries]
    places = ([row for row, *_ in entries], [column for _, column, *_ in entries])
    matrix = csr_matrix((values, places), shape=(len(texts), len(columns)))
    smallest = min(matrix.shape)
    if smallest <= DIMENSIONS + 1:
        return _of_length_one(matrix.toarray())
    left, singular, _ = svds(matrix, k=DIMENSIONS, v0=np.ones(smallest), solver="arpack")
    return _of_length_one(left * singular)


def _of_length_one(vectors: NDArray[np.float64]) -> NDArray[np.float64]:
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(np.divide(vectors, norms, out=np.zeros_like(vectors), where=norms > 0))


def share_out(
    strata: Sequence[Sequence[int]], coders: Sequence[str], overlap: float, random: np.random.Generator
) -> dict[int, tuple[str, ...]]:
    """Who codes each drawn passage: `overlap` of them, at random and stratified alike, by all; the others by one each.

    `strata`: drawn ranks of each stratum. The overlap is rounded to the nearest number, at least one passage where it
    is not 0. Coders have the same number of passages to one unit.
    """
    total = sum(map(len, strata))
    if len(coders) < 2:
        return {rank: tuple(coders) for members in strata for rank in members}
    shared = min(max(math.floor(overlap * total + 0.5), 1), total) if overlap else 0
    counts = allocate([len(members) for members in strata], shared, least=0)
    found: dict[int, tuple[str, ...]] = {}
    turn = 0
    for members, count in zip(strata, counts, strict=True):
        mixed = [members[at] for at in random.permutation(len(members))]
        found |= dict.fromkeys(mixed[:count], tuple(coders))
        for rank in mixed[count:]:
            found[rank] = (coders[turn % len(coders)],)
            turn += 1
    return found


def effective_size(weights: Sequence[float], documents: Sequence[str]) -> float:
    """How many independent passages of equal weight the sample is worth (Kish 1965, § 8.2 and § 11.7).

    n / ((1 + cv² of the weights) · (1 + (m − 1)·ρ)), m the passages of the sample in the document of one of them, on
    average, and ρ the correlation inside a document that is supposed.
    """
    values = np.asarray(weights, dtype=float)
    equal = float(values.sum() ** 2 / (values**2).sum())
    sizes = Counter(documents)
    met = sum(n * n for n in sizes.values()) / len(documents)
    return equal / (1 + (met - 1) * DOCUMENT_CORRELATION)


def half_width(share: float, size: float) -> float:
    """Half of the 95 % interval (normal) of a share observed on `size` independent passages."""
    return 1.96 * math.sqrt(share * (1 - share) / size)
