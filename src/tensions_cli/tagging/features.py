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
    # Columns of the pieces of each word form met so far: words come back, their pieces need one look-up.
    piece_columns: dict[str, IntArray] = field(default_factory=dict, compare=False, repr=False)

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
    """TF-IDF of one block of a passage: `columns` (inside the block) and `values`, and where each word stands.

    `places` are ranks in `columns` of every known gram of the passage, in text order; `owners` are
    the ranks of the words that each of them belongs to (a pair of lemmas belongs to its first word).
    """

    columns: IntArray
    values: FloatArray
    places: IntArray
    owners: IntArray


def _tfidf(columns: IntArray, owners: IntArray, idf: FloatArray) -> Counts:
    kept, places, counts = np.unique(columns, return_inverse=True, return_counts=True)
    values = (1 + np.log(counts)) * idf[kept]
    norm = max(float(np.sqrt(values @ values)), 1e-9)
    return Counts(kept, (values / norm).astype(np.float32), places, owners)


def lemma_counts(space: Space, words: Words) -> Counts:
    """TF-IDF of lemmas, then of pairs of neighbouring lemmas; a pair's owner is counted from the number of words."""
    columns = np.array([space.lemmas.get(gram, -1) for gram in grams(words)], dtype=np.int64)
    owners = np.flatnonzero(columns >= 0)
    return _tfidf(columns[owners], owners, space.lemma_idf)


def piece_counts(space: Space, words: Words) -> Counts:
    """TF-IDF of the pieces of words."""
    runs = [_piece_columns(space, form) for form in words.forms]
    columns = np.concatenate(runs) if runs else np.empty(0, dtype=np.int64)
    owners = np.repeat(np.arange(len(runs)), [len(run) for run in runs])
    return _tfidf(columns, owners, space.piece_idf)


def _piece_columns(space: Space, form: str) -> IntArray:
    columns = space.piece_columns.get(form)
    if columns is None:
        found = [column for piece in pieces_of(form) if (column := space.pieces.get(piece)) is not None]
        columns = space.piece_columns[form] = np.array(found, dtype=np.int64)
    return columns


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
    sums = dict.fromkeys(cue_names(book), 0.0)
    for match in cues:
        for family in cue_families(match):
            sums[family] += match.cue.strength
    sums["both"] = sorted(sums[f"all:{pole}"] for pole in book.poles)[-2]
    return np.log1p(np.array(list(sums.values()), dtype=np.float32))


def length(seen: Seen) -> float:
    """Log of the number of words, about one for a passage of 150 words."""
    return math.log1p(len(seen.words.lemmas)) / 5


def asks(seen: Seen) -> float:
    """The passage holds a question."""
    return float("?" in seen.text)


def counts_things(seen: Seen) -> float:
    """The passage holds a figure."""
    return float(bool(re.search(r"\d", seen.text)))


def percent_or_money(seen: Seen) -> float:
    """The passage holds a percentage or an amount of money."""
    return float(bool(re.search(r"[%€]|\beuros?\b", seen.text)))


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
    found = len(re.findall(r"\b[A-ZÀ-Ý]{3,}\b", seen.text))
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


def row_of(space: Space, seen: Seen) -> Row:
    """Measure one passage."""
    return Row(
        seen=seen,
        lemmas=lemma_counts(space, seen.words),
        pieces=piece_counts(space, seen.words),
        cues=cue_values(seen.cues, space.book),
        discourse=discourse_values(seen),
    )


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
