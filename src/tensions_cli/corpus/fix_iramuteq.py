"""A copy of an IRaMuTeQ corpus that passes IRaMuTeQ's checker, without losing a word of a text."""

import re
import unicodedata
from collections.abc import Sequence
from itertools import count

from tensions_cli.corpus.check_iramuteq import is_glued_header
from tensions_cli.knowledge.files import read_toml

_STARS = re.compile(r"[ \t]*\*{4,5}")
_NUMBER = re.compile(r"\d{4}")
_THEME = re.compile(r"[ \t]*-\*\S")
_BETWEEN_WORDS = re.compile(r"(?<=\w)\*+(?=\w)")


def corrected_iramuteq(text: str) -> str:
    """The corpus with its star lines, themes and stars put right; texts keep every word, in order."""
    patterns = read_toml("lexicometry.toml")["iramuteq"]
    header, bare, numbered, numbered_bare = (
        re.compile(patterns[name]) for name in ("header", "bare", "numbered", "numbered_bare")
    )
    lines: list[str] = []
    by_number = False
    begun = False
    rank = 0
    for line in text.split("\n"):
        certain = numbered.match(line) is not None
        by_number = by_number or certain
        if certain or (by_number and numbered_bare.match(line)):
            mark = line[:4]
        elif header.match(line) or is_glued_header(line):
            mark = "****"
        elif bare.match(line):
            lines.append("****")
            begun = True
            continue
        else:
            lines.append(_corrected_line(line) if begun else line)
            continue
        begun = True
        rank += 1
        lines.append(_corrected_mark(line, mark, rank))
    return "\n".join(lines)


def _corrected_line(line: str) -> str:
    """A line of text or a theme."""
    if "*" not in line:
        return line
    if _THEME.match(line):
        return "-*" + "_".join(line.strip()[2:].replace("*", " ").split())
    return _BETWEEN_WORDS.sub(" ", line).replace("*", "")


def _corrected_mark(line: str, mark: str, rank: int) -> str:
    """A star line: each variable once, with a value in ASCII and without space; one at least."""
    beginning = _NUMBER.match(line) if mark != "****" else _STARS.match(line)
    rest = line[beginning.end() :] if beginning else line
    if mark == "****" and rest[:1].strip() and not rest.startswith("*"):
        rest = f"*{rest}" if "_" in rest.split()[0] else rest
    variables: dict[str, str] = {}
    names: dict[str, str] = {}
    for name, value in _variables(rest):
        if name in names or not value:
            continue
        names[name] = written = _distinct(_name(name), variables)
        variables[written] = value
    if not variables and rest.strip():
        variables["texte"] = str(rank)
    return " ".join([mark, *(f"*{name}_{value}" for name, value in variables.items())])


def _variables(rest: str) -> list[tuple[str, str]]:
    """Names and values of a star line, as they stand there; a word without star goes on with the value before."""
    found: list[tuple[str, list[str]]] = []
    for token in rest.split():
        if not token.startswith("*"):
            if not found:
                found.append(("texte", []))
            found[-1][1].append(token)
            continue
        for part in filter(None, token.split("*")):
            name, _, value = part.partition("_")
            found.append((name, [value] if value else []))
    return [(name, _value(words)) for name, words in found]


def _value(words: Sequence[str]) -> str:
    joined = re.sub(r"[\s*-]+", "_", _unaccented(" ".join(words)))
    return joined.strip("_") if joined.strip("_") else ""


def _name(name: str) -> str:
    return re.sub(r"[\s*_-]+", "", _unaccented(name)) or "variable"


def _unaccented(text: str) -> str:
    decomposed = unicodedata.normalize("NFD", text)
    return unicodedata.normalize("NFC", "".join(sign for sign in decomposed if not unicodedata.combining(sign)))


def _distinct(name: str, taken: dict[str, str]) -> str:
    """The name, or the name and a number where accents alone told two variables apart."""
    return next(own for n in count(1) if (own := name if n == 1 else f"{name}{n}") not in taken)
