"""Coded passages as an IRaMuTeQ corpus: one text per passage, its codes and metadata as variables."""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from typing import TextIO

from tensions_cli.records import CodedBy, TaggedDocument, TaggedPassage


def write_iramuteq_passages(documents: Iterable[TaggedDocument], by: CodedBy, stream: TextIO) -> tuple[str, ...]:
    """`**** *doc_E01 *label_mixte *relation_opposition` above each passage (formats.md, section 7.6).

    The stream must be UTF-8 without byte order mark, LF. Returns French notices.
    """
    removed = dropped = 0
    first = True
    for tagged in documents:
        for one in tagged.passages:
            body = _body(one.passage.text)
            removed += sum(one.passage.text.count(c) for c in "*$")
            if not body:  # IRaMuTeQ skips an empty text, with a line in its log only
                dropped += 1
                continue
            stream.write(f"{'' if first else chr(10)}**** {' '.join(_variables(one, by))}\n{body}\n")
            first = False
    notices = ["les positions des passages dans les textes ne survivent pas dans un corpus IRaMuTeQ"]
    if removed:
        notices.append(f"caractères * et $ retirés des textes, où IRaMuTeQ les prend pour des marques\u00a0: {removed}")
    if dropped:
        notices.append(f"passages sans mot pour IRaMuTeQ, laissés de côté\u00a0: {dropped}")
    return tuple(notices)


def _variables(one: TaggedPassage, by: CodedBy) -> Iterator[str]:
    """`*name_modality`, each name once, without empty values."""
    passage, tags = one.passage, one.tags
    pairs = [
        ("doc", passage.document),
        ("turn", str(passage.turn or "")),
        ("speaker", passage.speaker or ""),
        ("role", passage.role or ""),
        ("label", tags.label),
        ("relation", tags.relation or ""),
        ("certain", "oui" if tags.certain else "non"),
        ("counted", "oui" if passage.counted else "non"),
        ("coder", by.coder if tags.coded_by == "model" else tags.coded_by),
        *passage.metadata.items(),
    ]
    taken: set[str] = set()
    for name, value in pairs:
        modality = re.sub(r"[^A-Za-z0-9]+", "_", _ascii(value)).strip("_")
        if modality:
            yield f"*{_unique(name, taken)}_{modality}"


def _unique(name: str, taken: set[str]) -> str:
    base = re.sub(r"[^a-z0-9]", "", _ascii(name).lower()) or "variable"
    unique, rank = base, 1
    while unique in taken:
        rank += 1
        unique = f"{base}{rank}"
    taken.add(unique)
    return unique


def _ascii(text: str) -> str:
    folded = text.replace("œ", "oe").replace("Œ", "Oe").replace("æ", "ae").replace("Æ", "Ae")
    return unicodedata.normalize("NFKD", folded).encode("ascii", "ignore").decode()


def _body(text: str) -> str:
    """One paragraph without the two characters that IRaMuTeQ takes for marks."""
    return re.sub(r"\s+", " ", re.sub(r"[*$]", "", text)).strip()
