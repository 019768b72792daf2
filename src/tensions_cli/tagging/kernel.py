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

GAMMA = 1.0  # .7 to 1.5 give the same macro-F1 within .003

Likeness = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Kernel:
    """The encoders, the centre of each, and the landmarks: the training passages' unit vectors.

    Shapes: centres (size,), landmarks (passages, size), one of each by encoder. Landmarks are kept in double
    precision: a product of single precision moves its last digits with the number of rows multiplied at once.
    """

    encoders: tuple[Encoder, ...]
    centres: tuple[FloatArray, ...]
    landmarks: tuple[NDArray[np.float64], ...]


def unit(vectors: FloatArray, centre: FloatArray) -> NDArray[np.float64]:
    """Vectors seen from the centre, unit length, shape (passages, size)."""
    away = vectors.astype(np.float64) - centre
    return np.asarray(away / np.maximum(np.linalg.norm(away, axis=1, keepdims=True), 1e-9))


def vectors_of(kernel: Kernel, passages: Sequence[Seen]) -> list[FloatArray]:
    """Raw vectors of passages, one array by encoder, shape (passages, size)."""
    return [encoder.encode(passages) for encoder in kernel.encoders]


def likeness(kernel: Kernel, vectors: Sequence[FloatArray]) -> Likeness:
    """Likeness of passages to each landmark, shape (passages, landmarks), from each encoder's raw vectors."""
    parts = [
        np.exp(-GAMMA * (2 - 2 * (unit(raw, centre) @ landmarks.T)))
        for raw, centre, landmarks in zip(vectors, kernel.centres, kernel.landmarks, strict=True)
    ]
    return np.asarray(sum(parts) / len(parts))
