"""What the linear heads see of a passage: words, pieces of words, cues of the lexicon, form of the speech.

One list of blocks serves training and use. Columns, in order: lemmas (one and two words), pieces of
words, cues, discourse. The first two blocks are TF-IDF with log counts and unit length, the last two are
small numbers; `SCALES` weighs the blocks. What a passage is about is the encoder's part (`kernel.py`).
"""

import math
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import chain, pairwise, repeat
from typing import Any

import numpy as np

from tensions_cli.knowledge.codebook import Codebook
from tensions_cli.knowledge.files import read_toml, sha256
from tensions_cli.tagging.french import FloatArray, IntArray, Words
from tensions_cli.tagging.lexicon import Match, find_cues

# Weights of the blocks, chosen by hand while looking at leave-one-author-out figures of the first 1,462 coded
# passages and not searched further; benchmarks/README.md tells what each block brings.
SCALES = {"lemmas": 1.0, "pieces": 1.0, "cues": 0.5, "discourse": 0.5}
PIECE_LENGTHS = (3, 4, 5)
KEPT_FORMS = 50_000  # words whose pieces are kept (10 MB at most); beyond, the table starts again
MIN_PASSAGES = 2  # a word or a piece of word seen in one passage only says nothing to another author


@dataclass(frozen=True, slots=True)
class Seen:
    """One passage as the features read it."""

    text: str
    words: Words
    cues: tuple[Match, ...]


def see(text: str, words: Words, book: Codebook) -> Seen:
    """A passage with the cues of the codebook found in it."""
    return Seen(text, words, tuple(find_cues(words, book)))


@dataclass(slots=True)
class _Pieces:
    """Columns of the pieces of each word form met so far: words come back, their pieces need one look-up."""

    ranks: dict[str, int] = field(default_factory=dict)
    firsts: IntArray = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    sizes: IntArray = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    columns: IntArray = field(default_factory=lambda: np.empty(0, dtype=np.int64))


@dataclass(frozen=True, slots=True)
class Space:
    """The columns that training fixed: rank and inverse document frequency of each lemma and piece.

    `book`: the codebook whose cues have columns too.
    """

    book: Codebook
    lemmas: dict[str, int]
    lemma_idf: FloatArray
    pieces: dict[str, int]
    piece_idf: FloatArray
    piece_rows: _Pieces = field(default_factory=_Pieces, compare=False, repr=False)

    @property
    def starts(self) -> dict[str, int]:
        """First column of each block, and the number of columns under `end`."""
        sizes = [len(self.lemmas), len(self.pieces), len(cue_names(self.book)), len(DISCOURSE)]
        edges = np.cumsum([0, *sizes]).tolist()
        return dict(zip([*SCALES, "end"], edges, strict=True))


def grams(words: Words) -> list[str]:
    """Lemmas and pairs of neighbouring lemmas."""
    return [*words.lemmas, *map(" ".join, zip(words.lemmas, words.lemmas[1:], strict=False))]


def pieces_of(form: str, edges: str = "  ") -> tuple[str, ...]:
    """Runs of 3 to 5 letters of a word between its two edge marks, spaces unless told."""
    marked = f"{edges[0]}{form}{edges[1]}"
    return tuple(marked[i : i + n] for n in PIECE_LENGTHS for i in range(len(marked) - n + 1))


def fit_space(passages: Sequence[Seen], book: Codebook) -> Space:
    """Columns and document frequencies of the training passages."""
    of_lemmas: Counter[str] = Counter()
    of_pieces: Counter[str] = Counter()
    for seen in passages:
        of_lemmas.update(set(grams(seen.words)))
        of_pieces.update({piece for form in set(seen.words.forms) for piece in pieces_of(form)})
    total = len(passages)
    lemmas, lemma_idf = _columns(of_lemmas, total)
    pieces, piece_idf = _columns(of_pieces, total)
    return Space(book, lemmas, lemma_idf, pieces, piece_idf)


def _columns(counts: Counter[str], total: int) -> tuple[dict[str, int], FloatArray]:
    kept = sorted(gram for gram, n in counts.items() if n >= MIN_PASSAGES)
    frequencies = np.array([counts[gram] for gram in kept], dtype=np.float64)
    idf = np.log((1 + total) / (1 + frequencies)) + 1
    return {gram: rank for rank, gram in enumerate(kept)}, idf.astype(np.float32)


@dataclass(frozen=True, slots=True)
class Counts:
    """TF-IDF of one block of a passage: `columns` (inside the block, sorted), `values`, how many `times` each is there.

    `found` are the columns of every known gram of the passage, in word order; `owners` are the ranks of the words
    that each of them belongs to (a pair of lemmas belongs to its first word).
    """

    columns: IntArray
    values: FloatArray
    times: IntArray
    found: IntArray
    owners: IntArray


def _tfidf(found: IntArray, owners: IntArray, sizes: IntArray, idf: FloatArray) -> list[Counts]:
    """TF-IDF of passages from what was found in them, end to end; `sizes`: how much was found in each."""
    width = max(len(idf), 1)
    keys: Any = np.repeat(np.arange(len(sizes)) * width, sizes) + found
    keys = np.sort(keys.astype(np.uint32) if len(sizes) * width < 2**32 else keys)  # half the bytes: twice as fast
    firsts = np.flatnonzero(np.concatenate([[True], keys[1:] != keys[:-1]])) if len(keys) else np.empty(0, np.int64)
    passages, columns = np.divmod(keys[firsts].astype(np.int64), width)
    counts = np.diff(np.append(firsts, len(keys)))
    values = (1 + np.log(counts)) * idf[columns]
    ends = np.cumsum(np.bincount(passages, minlength=len(sizes))).tolist()
    edges = zip([0, *ends], ends, strict=False)
    reached = np.cumsum(sizes).tolist()
    result = []
    for (start, end), (first, last) in zip(edges, zip([0, *reached], reached, strict=False), strict=True):
        own = values[start:end]
        norm = max(math.sqrt(own @ own), 1e-9)
        result.append(
            Counts(
                columns=columns[start:end],
                values=(own / norm).astype(np.float32),
                times=counts[start:end],
                found=found[first:last],
                owners=owners[first:last],
            )
        )
    return result


def _lemma_counts(space: Space, seen: Sequence[Seen]) -> list[Counts]:
    """TF-IDF of lemmas, then of pairs of neighbouring lemmas; a pair's owner is counted from the number of words."""
    lengths = np.array([len(one.words.lemmas) for one in seen], dtype=np.int64)
    lemmas = list(chain.from_iterable(one.words.lemmas for one in seen))
    columns = np.full((len(lemmas), 2), -1, dtype=np.int64)  # of each lemma, and of the pair that it begins
    rank, unknown = space.lemmas.get, repeat(-1)
    columns[:, 0] = np.fromiter(map(rank, lemmas, unknown), dtype=np.int64, count=len(lemmas))
    if len(lemmas) > 1:
        pairs = map(" ".join, pairwise(lemmas))
        columns[:-1, 1] = np.fromiter(map(rank, pairs, unknown), dtype=np.int64, count=len(lemmas) - 1)
    ends = np.cumsum(lengths)
    columns[ends[lengths > 0] - 1, 1] = -1  # the last word of a passage begins no pair
    words = np.arange(len(lemmas)) - np.repeat(ends - lengths, lengths)
    owners = np.stack([words, words + np.repeat(lengths, lengths)], axis=1)
    kept = columns >= 0
    known = np.concatenate([[0], np.cumsum(kept.sum(axis=1))])
    edges = np.concatenate([[0], ends])
    return _tfidf(columns[kept], owners[kept], np.diff(known[edges]), space.lemma_idf)


def _piece_counts(space: Space, seen: Sequence[Seen]) -> list[Counts]:
    """TF-IDF of the pieces of words."""
    lengths = np.array([len(one.words.forms) for one in seen], dtype=np.int64)
    ranks = _piece_rows(space, list(chain.from_iterable(one.words.forms for one in seen)))
    known = space.piece_rows
    sizes = known.sizes[ranks]
    reached = np.concatenate([[0], np.cumsum(sizes)])
    places = np.arange(reached[-1]) + np.repeat(known.firsts[ranks] - reached[:-1], sizes)
    words = np.arange(len(ranks)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    edges = np.concatenate([[0], np.cumsum(lengths)])
    return _tfidf(known.columns[places], np.repeat(words, sizes), np.diff(reached[edges]), space.piece_idf)


def _piece_rows(space: Space, forms: Sequence[str]) -> IntArray:
    """Rows of words in the table of pieces, new words added."""
    known = space.piece_rows
    fresh = list(dict.fromkeys(form for form in forms if form not in known.ranks))
    if len(known.ranks) + len(fresh) > KEPT_FORMS:
        known.ranks.clear()
        known.columns, known.firsts, known.sizes = (np.empty(0, dtype=np.int64) for _ in range(3))
        fresh = list(dict.fromkeys(forms))
    if fresh:
        column = space.pieces.get
        runs = [[at for piece in pieces_of(form) if (at := column(piece)) is not None] for form in fresh]
        sizes = np.array([len(run) for run in runs], dtype=np.int64)
        known.firsts = np.append(known.firsts, len(known.columns) + np.cumsum(sizes) - sizes)
        known.columns = np.append(known.columns, np.array(list(chain.from_iterable(runs)), dtype=np.int64))
        known.sizes = np.append(known.sizes, sizes)
        known.ranks.update((form, rank) for rank, form in enumerate(fresh, len(known.ranks)))
    return np.fromiter(map(known.ranks.__getitem__, forms), dtype=np.int64, count=len(forms))


@cache
def cue_names(book: Codebook) -> tuple[str, ...]:
    """Names of the cue features: axis and pole, general by pole, relation, total by pole, second strongest pole."""
    axes = [f"{axis}:{pole}" for axis in book.axes for pole in book.poles]
    general = [f"general:{pole}" for pole in book.poles]
    relations = [f"relation:{relation}" for relation in book.relations]
    return (*axes, *general, *relations, *(f"all:{pole}" for pole in book.poles), "both")


def cue_families(match: Match) -> tuple[str, ...]:
    """Names of the cue features that one cue feeds."""
    cue = match.cue
    if cue.kind == "relation":
        return (f"relation:{cue.name}",)
    return (f"{cue.name or 'general'}:{cue.pole}", f"all:{cue.pole}")


def cue_values(cues: Sequence[Match], book: Codebook) -> FloatArray:
    """Log of one plus the summed strengths of the cues, by family; shape (len(cue_names(book)),).

    `both` is the second strongest logic: the weaker of two.
    """
    names = cue_names(book)
    if not cues:
        return np.zeros(len(names), dtype=np.float32)
    sums = dict.fromkeys(names, 0.0)
    for match in cues:
        for family in cue_families(match):
            sums[family] += match.cue.strength
    sums["both"] = sorted(sums[f"all:{pole}"] for pole in book.poles)[-2]
    return np.log1p(np.array(list(sums.values()), dtype=np.float32))


_DIGIT, _EUROS, _ACRONYM = re.compile(r"\d"), re.compile(r"\beuros?\b"), re.compile(r"\b[A-ZÀ-Ý]{3,}\b")


def length(seen: Seen) -> float:
    """Log of the number of words, about one for a passage of 150 words."""
    return math.log1p(len(seen.words.lemmas)) / 5


def asks(seen: Seen) -> float:
    """The passage holds a question."""
    return float("?" in seen.text)


def counts_things(seen: Seen) -> float:
    """The passage holds a figure."""
    return float(_DIGIT.search(seen.text) is not None)


def percent_or_money(seen: Seen) -> float:
    """The passage holds a percentage or an amount of money."""
    text = seen.text
    return float("%" in text or "€" in text or ("euro" in text and _EUROS.search(text) is not None))


def first_person(seen: Seen) -> float:
    """Share of first-person words."""
    return _share(seen, "first_persons")


def negation(seen: Seen) -> float:
    """Share of negations."""
    return _share(seen, "negations")


def opposing(seen: Seen) -> float:
    """Share of words that oppose (mais, pourtant, sans, plutôt…)."""
    return _share(seen, "opposing")


def acronyms(seen: Seen) -> float:
    """Share of words in capitals (CPOM, ARS, EHPAD)."""
    found = len(_ACRONYM.findall(seen.text))
    return found / max(len(seen.words.lemmas), 1)


def quotes(seen: Seen) -> float:
    """The passage quotes somebody."""
    return float("«" in seen.text or "“" in seen.text)


def unended(seen: Seen) -> float:
    """No final punctuation: a title, an item, a menu."""
    return float(seen.text.rstrip()[-1:] not in (".", "?", "!", "…", "»", ";"))


DISCOURSE_FILE = "discourse.toml"


@cache
def _forms(name: str) -> frozenset[str]:
    return frozenset(read_toml(DISCOURSE_FILE)[name])


def discourse_sha256() -> str:
    """Hash of the word lists of the discourse features, for model folders."""
    return sha256(DISCOURSE_FILE)


def _share(seen: Seen, name: str) -> float:
    forms = _forms(name)
    return sum(map(forms.__contains__, seen.words.forms)) / max(len(seen.words.forms), 1)


DISCOURSE: tuple[Callable[[Seen], float], ...] = (
    length,
    asks,
    counts_things,
    percent_or_money,
    first_person,
    negation,
    opposing,
    acronyms,
    quotes,
    unended,
)


def discourse_values(seen: Seen) -> FloatArray:
    """Values of the discourse features, in the order of `DISCOURSE`."""
    return np.array([feature(seen) for feature in DISCOURSE], dtype=np.float32)


@dataclass(frozen=True, slots=True)
class Row:
    """The features of one passage, block by block, before `SCALES`."""

    seen: Seen
    lemmas: Counts
    pieces: Counts
    cues: FloatArray
    discourse: FloatArray


def rows_of(space: Space, seen: Sequence[Seen]) -> list[Row]:
    """Measure passages, in order: each row is the same whatever stands beside it."""
    if not seen:
        return []
    blocks = zip(seen, _lemma_counts(space, seen), _piece_counts(space, seen), strict=True)
    return [
        Row(one, lemmas, pieces, cue_values(one.cues, space.book), discourse_values(one))
        for one, lemmas, pieces in blocks
    ]


def matrix(space: Space, rows: Sequence[Row]) -> Any:
    """Features of the passages as a scipy CSR matrix, shape (passages, columns), float32."""
    from scipy.sparse import csr_matrix

    starts = space.starts
    dense = np.arange(starts["cues"], starts["end"])
    columns: list[IntArray] = []
    values: list[FloatArray] = []
    edges = [0]
    for row in rows:
        columns += [row.lemmas.columns, row.pieces.columns + starts["pieces"], dense]
        values += [
            row.lemmas.values * np.float32(SCALES["lemmas"]),
            row.pieces.values * np.float32(SCALES["pieces"]),
            row.cues * np.float32(SCALES["cues"]),
            row.discourse * np.float32(SCALES["discourse"]),
        ]
        edges.append(edges[-1] + len(row.lemmas.columns) + len(row.pieces.columns) + len(dense))
    data = np.concatenate(values) if values else np.empty(0, dtype=np.float32)
    indices = np.concatenate(columns) if columns else np.empty(0, dtype=np.int64)
    return csr_matrix((data, indices, edges), shape=(len(rows), starts["end"]), dtype=np.float32)


def feature_names(book: Codebook) -> tuple[str, ...]:
    """Blocks and named features, to refuse a model trained on others."""
    discourse = [f"discourse:{feature.__name__}" for feature in DISCOURSE]
    return ("lemmas", "pieces", *(f"cue:{name}" for name in cue_names(book)), *discourse)
