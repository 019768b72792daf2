"""What the encoder adds to a score: likeness of a passage to the coded passages (kernel ridge regression).

Each head weighs the likeness to every training passage: `likeness @ duals`. The kernel is the mean over the
encoders of exp(−γ·d²), d the distance of the two unit vectors after centring (Saunders et al. 1998; Rasmussen
and Williams 2006, ch. 6). A straight line over the same vectors does worse: macro-F1 .68 against .70 alone, and
nothing beside the linear features against +.02 (docs/ablation.md).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tensions_cli.tagging.encoders import Encoder
from tensions_cli.tagging.features import Seen
from tensions_cli.tagging.french import FloatArray
from tensions_cli.tagging.products import product

GAMMA = 1.0  # .7 to 1.5 give the same macro-F1 within .003

# Passages compared at once: 256 would take a fifth off on long texts and double the cost of a text of ten passages.
ROWS = 64

Likeness = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Kernel:
    """The encoders, the centre of each, and the landmarks: the training passages' unit vectors.

    Shapes: centres (size,), landmarks (passages, size), one of each by encoder. Landmarks in use are in single
    precision (a model weighs 14 MB less for each of its encoders), in double precision where a model is trained.
    """

    encoders: tuple[Encoder, ...]
    centres: tuple[FloatArray, ...]
    landmarks: tuple[NDArray[np.floating], ...]


def unit(vectors: FloatArray, centre: FloatArray) -> NDArray[np.float64]:
    """Vectors seen from the centre, unit length, shape (passages, size)."""
    away = vectors.astype(np.float64) - centre
    return np.asarray(away / np.maximum(np.linalg.norm(away, axis=1, keepdims=True), 1e-9))


def vectors_of(kernel: Kernel, passages: Sequence[Seen]) -> list[FloatArray]:
    """Raw vectors of passages, one array by encoder, shape (passages, size)."""
    return [encoder.encode(passages) for encoder in kernel.encoders]


def likeness(kernel: Kernel, vectors: Sequence[FloatArray]) -> Likeness:
    """Likeness of passages to each landmark, shape (passages, landmarks), from each encoder's raw vectors.

    In double precision, for training; `pull` serves the passages to tag.
    """
    parts = [
        np.exp(-GAMMA * (2 - 2 * (unit(raw, centre) @ landmarks.T)))
        for raw, centre, landmarks in zip(vectors, kernel.centres, kernel.landmarks, strict=True)
    ]
    return np.asarray(sum(parts) / len(parts))


def pull(kernel: Kernel, vectors: Sequence[FloatArray], duals: FloatArray) -> NDArray[np.float64]:
    """`likeness @ duals` without holding the likeness, shape (passages, heads); `duals`: (landmarks, heads).

    In single precision: exp(2γ·cos) is near one for most landmarks and duals take away what they give, so one is taken
    from it and added apart: log-odds then differ from double precision by 1e-5 at most (3e-5 without).
    """
    total = np.zeros((len(vectors[0]), duals.shape[1]))
    for raw, centre, landmarks in zip(vectors, kernel.centres, kernel.landmarks, strict=True):
        near = (2 * GAMMA * unit(raw, centre)).astype(np.float32)
        for start in range(0, len(near), ROWS):
            like = product(near[start : start + ROWS], landmarks.T, ROWS)
            np.exp(like, out=like)
            like -= 1
            total[start : start + ROWS] += product(like, duals, ROWS)
    usual = duals.sum(axis=0, dtype=np.float64)
    return np.asarray((total / len(vectors) + usual) * np.exp(-2 * GAMMA))
