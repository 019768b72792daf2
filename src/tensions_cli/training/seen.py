"""Which passages a model learnt: figures on them say nothing of texts it has not seen.

A model folder may hold `training_texts.txt`: one line per training text, sorted, the first sixteen hexadecimal digits
of its SHA-256. Hashes cannot be read back as texts.
"""

import hashlib
from collections.abc import Iterable
from pathlib import Path

FILE = "training_texts.txt"
DIGITS = 16  # 64 bits: two of a hundred thousand texts share a hash about once in four billion corpora


def text_hash(text: str) -> str:
    """Beginning of the SHA-256 of a text in UTF-8."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:DIGITS]


def training_lines(texts: Iterable[str]) -> str:
    """Content of `training_texts.txt`."""
    return "".join(f"{line}\n" for line in sorted({text_hash(text) for text in texts}))


def training_hashes(folder: Path) -> frozenset[str]:
    """Hashes of the texts that the model of this folder learnt; empty when the folder does not say."""
    try:
        return frozenset((folder / FILE).read_text(encoding="ascii").split())
    except (OSError, UnicodeDecodeError):
        return frozenset()


def seen_in_training(texts: Iterable[str], folder: Path) -> int | None:
    """How many of the texts the model of this folder learnt; None when the folder does not say."""
    known = training_hashes(folder)
    return sum(text_hash(text) in known for text in texts) if known else None
