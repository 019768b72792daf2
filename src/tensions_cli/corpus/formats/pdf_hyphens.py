"""Lines of a paragraph joined: the hyphen at the end of a line goes when the word has none.

In order: the form with a hyphen stands elsewhere in the document (kept); the form without stands there or in the
lexicon (joined); the first or second part makes compounds (`sous-`, `-même`, kept); the second part ends as words do
and begins a line in lower case (joined); else the hyphen stays, and is counted.
"""

import re
from collections.abc import Iterable, Sequence
from functools import cache
from itertools import pairwise
from typing import Any

from tensions_cli.knowledge.files import read_rows, read_toml

_LETTERS = r"[^\W\d_]+(?:[-\u2010][^\W\d_]+)*"
_WORD = re.compile(_LETTERS)
_SOFT = "\u00ad"
_BROKEN = re.compile(rf"({_LETTERS})[-\u2010{_SOFT}]$")
# « - » or « – » between two words that a line separates: a dash, not a hyphen.
_ENDS_WITH_HYPHEN = re.compile(r"\w[-\u2010]$")


def words_seen(paragraphs: Iterable[Sequence[str]]) -> frozenset[str]:
    """Words of the document in lower case, without those that the end of a line cuts."""
    seen: set[str] = set()
    for lines in paragraphs:
        for at, line in enumerate(lines):
            found = [word.casefold() for word in _WORD.findall(line)]
            first = 1 if at and _BROKEN.search(lines[at - 1]) else 0
            last = len(found) - 1 if at + 1 < len(lines) and _BROKEN.search(line) else len(found)
            seen.update(found[first:last])
    return frozenset(seen)


def join_lines(lines: Sequence[str], seen: frozenset[str]) -> tuple[str, int]:
    """The lines as one text, and how many hyphens nobody could decide about (they stay)."""
    parts = [lines[0]]
    undecided = 0
    for before, line in pairwise(lines):
        broken = _BROKEN.search(before)
        following = _WORD.match(line)
        if broken is None or following is None or not line[:1].islower():
            parts.append(line if _ENDS_WITH_HYPHEN.search(before) and line[:1].isalnum() else f" {line}")
            continue
        joined = True if before.endswith(_SOFT) else _is_one_word(broken[1], following[0], seen)
        undecided += joined is None
        if joined:
            parts[-1] = parts[-1][:-1]
        parts.append(line)
    return "".join(parts), undecided


def _is_one_word(first: str, second: str, seen: frozenset[str]) -> bool | None:
    """Whether two parts around a line-end hyphen are one word without it; None when nothing says so."""
    known = _known()
    first, second = first.casefold(), second.casefold()
    if f"{first}-{second}" in seen:
        return False
    if first + second in seen or first + second in _lexicon():
        return True
    head = second.partition("-")[0]
    if known["inclusive"].search(f"{first}-{second}"):
        return False
    if first.rpartition("-")[2] in known["prefixes"] and not known["learned"].match(second):
        return False
    if head in known["tails"]:
        return False
    return True if known["endings"].search(head) else None


@cache
def _known() -> dict[str, Any]:
    rules = read_toml("pdf.toml")["hyphens"]
    patterns = {name: re.compile(rules[name]) for name in ("learned", "inclusive", "endings")}
    return patterns | {name: frozenset(rules[name]) for name in ("prefixes", "tails")}


@cache
def _lexicon() -> frozenset[str]:
    rows = read_rows("lexicon.csv")
    return frozenset(word.casefold() for row in rows for word in _WORD.findall(row["expression"]))
