"""The distilled encoder at work: one vector per passage, from plain arrays, with numpy alone.

A student of multilingual-e5-small (its card, `models/encoder/README.md`, tells how it was made). Each word form
gets a vector from the static vectors of spaCy, hashed pieces of three to five letters and, for frequent forms, a
row of its own; three residual convolutions over five words mix neighbours; eight attention heads and a mean sum
the passage up. Passages are encoded end to end, two empty words between them. Every product has the same number of
rows and every sum is over the rows of one passage, in order: the same text gets the same bits whatever stands beside
it.
"""

import hashlib
import json
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import chain, compress
from operator import not_
from pathlib import Path

import numpy as np

from tensions_cli.errors import ModelError
from tensions_cli.files.arrays import read_arrays
from tensions_cli.tagging.features import PIECE_LENGTHS, pieces_of
from tensions_cli.tagging.french import FloatArray, IntArray, Words, vectors_at
from tensions_cli.tagging.french import version as language_model
from tensions_cli.tagging.products import product

SCHEMA = "tensions-encoder/1"
CONFIG, WEIGHTS, FORMS = "config.json", "weights.npz", "forms.txt"
MAX_BYTES = 30_000_000  # twice the shipped encoder; a larger file is not one of ours
MAX_WORDS = 512  # a passage is read up to here by the encoder: a list of thousands of names has no more meaning
SIZE = 384
VECTOR = 300  # of the static vectors of spaCy
MOST_BLOCKS = 16  # the shipped encoder has three
EDGES = "<>"  # marks of the ends of a word in its hashed pieces
NORM_EPSILON = 1e-5  # of the layer norm it was trained with
# Word forms kept in memory (30 MB at most); beyond, the table starts again. 50,000 cost 20 MB more.
KEPT_FORMS = 30_000
ROWS = 256  # of every product; 512 would gain 4 % on long texts and double the cost of a text of one passage
WORDS_AT_ONCE = 8_192  # words mixed together: 20 MB


def _buckets(form: str, buckets: int) -> list[int]:
    """Rows of the pieces of a word; letters of one byte are cut as bytes, which is faster."""
    if form.isascii():
        marked, crc32 = f"{EDGES[0]}{form}{EDGES[1]}".encode(), zlib.crc32
        ends = len(marked) + 1
        return [crc32(marked[i : i + n]) % buckets for n in PIECE_LENGTHS for i in range(ends - n)]
    return [bucket_of(piece, buckets) for piece in pieces_of(form, EDGES)]


@dataclass(slots=True)
class _Forms:
    """Vectors of the word forms met so far, in the order they were met: text comes back to the same words."""

    ranks: dict[tuple[str, int], int] = field(default_factory=dict)
    table: FloatArray = field(default_factory=lambda: np.empty((0, 0), dtype=np.float32))


@dataclass(frozen=True, slots=True)
class Distilled:
    """Arrays of the encoder (float32) and the rows of the forms that have one."""

    sha256: str
    arrays: dict[str, FloatArray]
    own_rows: dict[str, int]
    blocks: int
    forms: _Forms = field(default_factory=_Forms, compare=False, repr=False)


def bucket_of(piece: str, buckets: int) -> int:
    """Row of a piece in the table of hashed pieces (CRC-32, the same everywhere)."""
    return zlib.crc32(piece.encode()) % buckets


def encode(encoder: Distilled, passages: Sequence[Words]) -> FloatArray:
    """Vectors of passages, shape (passages, 384), before centring; zeros for a passage without a word."""
    vectors = np.zeros((len(passages), SIZE), dtype=np.float32)
    for part in _parts(passages):
        vectors[part] = _encode(encoder, [passages[rank] for rank in part])
    return vectors


def _parts(passages: Sequence[Words]) -> Iterator[list[int]]:
    """Ranks of the passages that have words, in groups of about `WORDS_AT_ONCE` words."""
    part: list[int] = []
    words = 0
    for rank, passage in enumerate(passages):
        if passage.forms:
            part.append(rank)
            words += min(len(passage.forms), MAX_WORDS)
        if words >= WORDS_AT_ONCE:
            yield part
            part, words = [], 0
    if part:
        yield part


def _encode(encoder: Distilled, passages: Sequence[Words]) -> FloatArray:
    lengths = np.array([min(len(words.forms), MAX_WORDS) for words in passages], dtype=np.int64)
    firsts = np.cumsum(lengths) - lengths
    ranks = _ranks(encoder, passages)
    hidden = encoder.forms.table[ranks]
    for block in range(encoder.blocks):
        _mix(encoder.arrays, block, hidden, lengths)
    return _pooled(encoder.arrays, hidden, firsts, lengths)


def _mix(arrays: dict[str, FloatArray], block: int, hidden: FloatArray, lengths: IntArray) -> None:
    """Add one residual block: neighbours two words away on each side, brought down to a few dimensions."""
    narrow = product(hidden, arrays[f"down{block}"], ROWS)
    narrow += arrays[f"down{block}_bias"]
    size = narrow.shape[1]
    conv, bias = arrays[f"conv{block}"], arrays[f"conv{block}_bias"]
    reach = conv.shape[0] // size // 2
    # Empty words before each passage, and after the last.
    places = np.arange(len(hidden)) + np.repeat(reach * np.arange(1, len(lengths) + 1), lengths)
    padded = np.zeros((len(hidden) + reach * (len(lengths) + 1), size), dtype=np.float32)
    padded[places] = narrow
    windows = np.lib.stride_tricks.sliding_window_view(padded.reshape(-1), conv.shape[0])[::size]
    for start in range(0, len(hidden), ROWS):
        part = slice(start, start + ROWS)
        mixed = product(windows[places[part] - reach], conv, ROWS)
        mixed += bias
        hidden[part] += np.maximum(mixed, 0, out=mixed)


def _pooled(arrays: dict[str, FloatArray], hidden: FloatArray, firsts: IntArray, lengths: IntArray) -> FloatArray:
    weights = product(hidden, arrays["attention"], ROWS) + arrays["attention_bias"]
    weights = np.exp(weights - np.repeat(np.maximum.reduceat(weights, firsts), lengths, axis=0))
    weights /= np.repeat(np.add.reduceat(weights, firsts), lengths, axis=0)
    heads = weights.shape[1]
    parts = hidden.reshape(len(hidden), heads, -1) * weights[:, :, np.newaxis]
    parts, size = parts.reshape(hidden.shape), hidden.shape[1]
    summed = np.empty((len(lengths), 2 * size), dtype=np.float32)
    for rank, (first, length) in enumerate(zip(firsts.tolist(), lengths.tolist(), strict=True)):
        np.add.reduce(parts[first : first + length], axis=0, out=summed[rank, :size])
        np.add.reduce(hidden[first : first + length], axis=0, out=summed[rank, size:])
    summed[:, size:] /= lengths[:, np.newaxis].astype(np.float32)
    return product(summed, arrays["out"], ROWS) + arrays["out_bias"]


def _ranks(encoder: Distilled, passages: Sequence[Words]) -> IntArray:
    """Rows of the words of all passages in the table of forms, new forms added."""
    known = encoder.forms
    forms = chain.from_iterable(words.forms[:MAX_WORDS] for words in passages)
    rows = np.concatenate([words.vectors[:MAX_WORDS] for words in passages]).tolist()
    pairs = list(zip(forms, rows, strict=True))
    fresh = list(dict.fromkeys(compress(pairs, map(not_, map(known.ranks.__contains__, pairs)))))
    if len(known.ranks) + len(fresh) > KEPT_FORMS:
        known.ranks.clear()
        known.table = known.table[:0]
        fresh = list(dict.fromkeys(pairs))
    if fresh:
        start = len(known.ranks)
        if start + len(fresh) > len(known.table):  # grow by halves: one copy in a while
            size = max(1024, (start + len(fresh)) * 3 // 2)
            grown = np.zeros((size, encoder.arrays["norm_scale"].shape[0]), dtype=np.float32)
            if start:
                grown[:start] = known.table[:start]
            known.table = grown
        known.table[start : start + len(fresh)] = _form_vectors(encoder, fresh)
        known.ranks.update((pair, rank) for rank, pair in enumerate(fresh, start))
    return np.fromiter(map(known.ranks.__getitem__, pairs), dtype=np.int64, count=len(pairs))


def _form_vectors(encoder: Distilled, forms: Sequence[tuple[str, int]]) -> FloatArray:
    arrays = encoder.arrays
    pieces = arrays["pieces"]
    buckets = [_buckets(form, len(pieces)) for form, _ in forms]
    sizes = np.array([len(row) for row in buckets], dtype=np.int64)
    hashed: FloatArray = np.add.reduceat(pieces[list(chain.from_iterable(buckets))], np.cumsum(sizes) - sizes)
    hashed /= sizes[:, np.newaxis].astype(np.float32)
    total = product(hashed, arrays["pieces_up"], ROWS)
    total += arrays["static_bias"]
    known = [rank for rank, (_, row) in enumerate(forms) if row >= 0]
    total[known] += product(vectors_at([forms[rank][1] for rank in known]), arrays["static"], ROWS)
    own = [rank for rank, (form, _) in enumerate(forms) if form in encoder.own_rows]
    total[own] += product(arrays["own"][[encoder.own_rows[forms[rank][0]] for rank in own]], arrays["own_up"], ROWS)
    centred = total - total.mean(axis=1, keepdims=True)
    norms = np.sqrt((centred * centred).mean(axis=1, keepdims=True) + np.float32(NORM_EPSILON))
    return np.asarray(centred / norms * arrays["norm_scale"] + arrays["norm_shift"], dtype=np.float32)


@cache
def load_distilled(folder: Path) -> Distilled:
    """Load and verify the encoder of a folder; raises ModelError when it is missing, damaged or of another kind."""
    try:
        config = json.loads((folder / CONFIG).read_text(encoding="utf-8"))
        if config["schema"] != SCHEMA or config["language_model"] != language_model():
            raise ValueError("another version")
        content = {name: _read_checked(folder / name, config["files"][name]) for name in (WEIGHTS, FORMS)}
        arrays = {name: one.astype(np.float32) for name, one in read_arrays(content[WEIGHTS]).items()}
        forms = content[FORMS].decode("utf-8").split("\n")[:-1]
        blocks = int(config["blocks"])
        _check_shapes(arrays, len(forms), blocks)
    except (OSError, ValueError, KeyError, TypeError, IndexError, RecursionError, OverflowError) as error:
        raise ModelError(
            "l’encodeur des passages est abîmé ou d’une autre version",
            why="un fichier de models/encoder manque, ou n’est plus celui que l’entraînement a écrit",
            hint="réinstallez tensions-cli",
        ) from error
    digest = hashlib.sha256((folder / CONFIG).read_bytes()).hexdigest()
    return Distilled(digest, arrays, {form: rank for rank, form in enumerate(forms)}, blocks)


def _check_shapes(arrays: dict[str, FloatArray], forms: int, blocks: int) -> None:
    """Raise ValueError, KeyError or IndexError where arrays do not fit one another, or are no numbers."""
    own, (buckets, piece), width = arrays["own"].shape[1], arrays["pieces"].shape, len(arrays["norm_scale"])
    heads = arrays["attention"].shape[1]
    expected: dict[str, tuple[int, ...]] = {
        "static": (VECTOR, width),
        "static_bias": (width,),
        "pieces": (buckets, piece),
        "pieces_up": (piece, width),
        "own": (forms, own),
        "own_up": (own, width),
        "norm_scale": (width,),
        "norm_shift": (width,),
        "attention": (width, heads),
        "attention_bias": (heads,),
        "out": (2 * width, SIZE),
        "out_bias": (SIZE,),
    }
    if not 0 <= blocks <= MOST_BLOCKS or not buckets or not heads or width % heads:
        raise ValueError("shape")
    for block in range(blocks):
        narrow = arrays[f"down{block}"].shape[1]
        reach = arrays[f"conv{block}"].shape[0]
        if not narrow or reach % narrow or reach // narrow % 2 == 0:
            raise ValueError("shape")
        expected |= {f"down{block}": (width, narrow), f"down{block}_bias": (narrow,)}
        expected |= {f"conv{block}": (reach, width), f"conv{block}_bias": (width,)}
    if any(arrays[name].shape != shape for name, shape in expected.items()):
        raise ValueError("shape")
    if not all(np.isfinite(arrays[name]).all() for name in expected):
        raise ValueError("not a number")


def _read_checked(path: Path, digest: str) -> bytes:
    if path.stat().st_size > MAX_BYTES:
        raise ValueError("size")
    content = path.read_bytes()
    if hashlib.sha256(content).hexdigest() != digest:
        raise ValueError("hash")
    return content
