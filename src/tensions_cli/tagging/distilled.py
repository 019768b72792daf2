"""The distilled encoder at work: one vector per passage, from plain arrays, with numpy alone.

A student of multilingual-e5-small (its card, `models/encoder/README.md`, tells how it was made). Each word form
gets a vector from the static vectors of spaCy, hashed pieces of three to five letters and, for frequent forms, a
row of its own; three residual convolutions over five words mix neighbours; eight attention heads and a mean sum
the passage up. Passages are encoded one by one: a sum taken in another order would move the last digits, and the
same text must get the same score whatever stands beside it.
"""

import hashlib
import io
import json
import zlib
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import numpy as np

from tensions_cli.errors import ModelError
from tensions_cli.tagging.features import pieces_of
from tensions_cli.tagging.french import FloatArray, IntArray, Words, vector_table
from tensions_cli.tagging.french import version as language_model

SCHEMA = "tensions-encoder/1"
CONFIG, WEIGHTS, FORMS = "config.json", "weights.npz", "forms.txt"
MAX_BYTES = 30_000_000  # twice the shipped encoder; a larger file is not one of ours
MAX_WORDS = 512  # a passage is read up to here by the encoder: a list of thousands of names has no more meaning
SIZE = 384
EDGES = "<>"  # marks of the ends of a word in its hashed pieces
NORM_EPSILON = 1e-5  # of the layer norm it was trained with
KEPT_FORMS = 200_000  # word forms kept in memory (200 MB at most); beyond, the table starts again


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


def encode(encoder: Distilled, words: Words) -> FloatArray:
    """Vector of one passage, shape (384,), before centring; zeros for a passage without a word."""
    if not words.forms:
        return np.zeros(SIZE, dtype=np.float32)
    ranks = _ranks(encoder, words)
    hidden = encoder.forms.table[ranks]
    for block in range(encoder.blocks):
        hidden += _mixed(encoder.arrays, block, hidden)
    return _pooled(encoder.arrays, hidden)


def _mixed(arrays: dict[str, FloatArray], block: int, hidden: FloatArray) -> FloatArray:
    """What one residual block adds: neighbours two words away on each side, brought down to a few dimensions."""
    narrow = hidden @ arrays[f"down{block}"] + arrays[f"down{block}_bias"]
    reach = arrays[f"conv{block}"].shape[0] // narrow.shape[1] // 2
    edge = np.zeros((reach, narrow.shape[1]), dtype=np.float32)
    padded = np.concatenate([edge, narrow, edge])
    window = np.concatenate([padded[i : i + len(hidden)] for i in range(2 * reach + 1)], axis=1)
    return np.asarray(np.maximum(window @ arrays[f"conv{block}"] + arrays[f"conv{block}_bias"], 0), dtype=np.float32)


def _pooled(arrays: dict[str, FloatArray], hidden: FloatArray) -> FloatArray:
    weights = hidden @ arrays["attention"] + arrays["attention_bias"]
    weights = np.exp(weights - weights.max(axis=0))
    weights /= weights.sum(axis=0)
    heads = weights.shape[1]
    parts = hidden.reshape(len(hidden), heads, -1)
    attended = np.einsum("nh,nhd->hd", weights, parts).reshape(-1)
    summed = np.concatenate([attended, hidden.mean(axis=0)])
    return np.asarray(summed @ arrays["out"] + arrays["out_bias"], dtype=np.float32)


def _ranks(encoder: Distilled, words: Words) -> IntArray:
    """Rows of the words in the table of forms, new forms added."""
    known = encoder.forms
    pairs = list(zip(words.forms, words.vectors.tolist(), strict=True))[:MAX_WORDS]
    fresh = list(dict.fromkeys(pair for pair in pairs if pair not in known.ranks))
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
        for rank, pair in enumerate(fresh, start):
            known.table[rank] = _form_vector(encoder, *pair)
            known.ranks[pair] = rank
    return np.array([known.ranks[pair] for pair in pairs], dtype=np.int64)


def _form_vector(encoder: Distilled, form: str, row: int) -> FloatArray:
    arrays = encoder.arrays
    pieces = arrays["pieces"]
    buckets = [bucket_of(piece, len(pieces)) for piece in pieces_of(form, EDGES)]
    total = arrays["static_bias"] + pieces[buckets].mean(axis=0) @ arrays["pieces_up"]
    if row >= 0:
        total = total + vector_table()[row] @ arrays["static"]
    own = encoder.own_rows.get(form)
    if own is not None:
        total = total + arrays["own"][own] @ arrays["own_up"]
    centred = total - total.mean()
    norm = np.sqrt((centred * centred).mean() + np.float32(NORM_EPSILON))
    return np.asarray(centred / norm * arrays["norm_scale"] + arrays["norm_shift"], dtype=np.float32)


@cache
def load_distilled(folder: Path) -> Distilled:
    """Load and verify the encoder of a folder; raises ModelError when it is missing, damaged or of another kind."""
    try:
        config = json.loads((folder / CONFIG).read_text(encoding="utf-8"))
        if config["schema"] != SCHEMA or config["language_model"] != language_model():
            raise ValueError("another version")
        content = {name: _read_checked(folder / name, config["files"][name]) for name in (WEIGHTS, FORMS)}
        with np.load(io.BytesIO(content[WEIGHTS]), allow_pickle=False) as stored:
            arrays = {name: stored[name].astype(np.float32) for name in stored.files}
        forms = content[FORMS].decode("utf-8").split("\n")[:-1]
        if len(forms) != len(arrays["own"]) or arrays["out"].shape[1] != SIZE:
            raise ValueError("shape")
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelError(
            "l’encodeur des passages est abîmé ou d’une autre version",
            why="un fichier de models/encoder manque, ou n’est plus celui que l’entraînement a écrit",
            hint="réinstallez tensions-cli",
        ) from error
    digest = hashlib.sha256((folder / CONFIG).read_bytes()).hexdigest()
    return Distilled(digest, arrays, {form: rank for rank, form in enumerate(forms)}, int(config["blocks"]))


def _read_checked(path: Path, digest: str) -> bytes:
    if path.stat().st_size > MAX_BYTES:
        raise ValueError("size")
    content = path.read_bytes()
    if hashlib.sha256(content).hexdigest() != digest:
        raise ValueError("hash")
    return content
