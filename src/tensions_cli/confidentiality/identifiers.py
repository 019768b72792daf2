"""Identifiers that a pattern recognises: mails, phones, numbers, dates of birth, streets, postal codes.

The patterns are data (`knowledge/identifiers.toml`). Proper names are found by `names`.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

from tensions_cli.knowledge.files import read_toml

PERSON, PLACE, ORGANISATION, NAME = "personne", "lieu", "organisation", "nom propre"

# Letters that a street name is made of; a capital opens it, and small words may stand inside.
_CAPITAL_WORD = r"(?:[A-ZÀ-ÖØ-Þ][^\W_]*(?:[-’'][^\W_]+)*)"
_PARTICLE = r"(?:de\s+la\s+|de\s+l['’]|du\s+|des\s+|de\s+|d['’]|aux?\s+|à\s+la\s+|à\s+l['’]|les?\s+|la\s+|l['’])"
_NAME = rf"{_CAPITAL_WORD}(?:[ \u00a0]{_PARTICLE}?{_CAPITAL_WORD}){{0,4}}"
# « Le Bois Joli, 27210 Beuzeville »: what opens a line before a postal code is an address.
_BEFORE_POSTAL = re.compile(r"^(?P<x>[A-ZÀ-Ý0-9][^\n,:;.]{2,60}?),?\s+(?:F-)?\d{5}\s+[A-ZÀ-Ý]", re.MULTILINE)

_BEFORE = 80  # characters read before a match that a pattern refuses after certain words


@dataclass(frozen=True, slots=True)
class Found:
    """A stretch of text that may identify (code points, end exclusive).

    `form`: its words, folded, by which the same name is known again; empty for what gets no numbered code.
    `replacement`: words that replace it where there is no code. `kept`: left in the text, only listed. `ground`:
    French, why it was taken. `gender`: f or m, where a title says it.
    """

    start: int
    end: int
    category: str
    ground: str
    sure: bool = True
    form: tuple[str, ...] = ()
    replacement: str | None = None
    kept: bool = False
    gender: str | None = None


@lru_cache(maxsize=100_000)
def fold(text: str) -> str:
    """Text as it is compared: no case, no accent, one apostrophe."""
    letters = unicodedata.normalize("NFKD", text.replace("’", "'").replace("œ", "oe").replace("Œ", "Oe")).casefold()
    return "".join(letter for letter in letters if not unicodedata.combining(letter))


def knowledge() -> Mapping[str, Any]:
    """The words and patterns of `identifiers.toml`."""
    return read_toml("identifiers.toml")


def find_identifiers(text: str) -> list[Found]:
    """What the patterns recognise, in order of precedence; stretches may overlap."""
    found = [one for pattern in _patterns() for one in pattern.matches(text)]
    return [*found, *_streets(text)]


@dataclass(frozen=True, slots=True)
class _Pattern:
    regex: re.Pattern[str]
    category: str
    replacement: str | None
    sure: bool
    kept: bool
    ground: str
    digits: int
    not_after: re.Pattern[str] | None

    def matches(self, text: str) -> Iterator[Found]:
        named = "x" in self.regex.groupindex
        for match in self.regex.finditer(text):
            start, end = match.span("x" if named else 0)
            said = text[start:end]
            if sum(map(str.isdigit, said)) < self.digits or (self.category == "adresse web" and _is_public(said)):
                continue
            if self.not_after and self.not_after.search(text, max(0, start - _BEFORE), start):
                continue  # « loi n° 2002-2 »
            yield Found(start, end, self.category, self.ground, self.sure, (), self.replacement, self.kept)


@cache
def _patterns() -> tuple[_Pattern, ...]:
    pieces = _pieces()
    return tuple(
        _Pattern(
            regex=re.compile(_filled(item["pattern"], pieces)),
            category=item["category"],
            replacement=item.get("replacement"),
            sure=item.get("sure", True),
            kept=item.get("keep", False),
            ground=item.get("reason", "forme reconnue" if item.get("sure", True) else "forme qui y ressemble"),
            digits=item.get("digits", 0),
            not_after=re.compile(item["not_after"]) if "not_after" in item else None,
        )
        for item in knowledge()["patterns"]
    )


@cache
def _pieces() -> Mapping[str, str]:
    filled: dict[str, str] = {}
    for name, piece in knowledge()["pieces"].items():
        filled[name] = _filled(piece, filled)
    return filled


def _filled(pattern: str, pieces: Mapping[str, str]) -> str:
    for name, piece in pieces.items():
        pattern = pattern.replace(f"{{{name}}}", piece)
    return pattern


def _is_public(address: str) -> bool:
    host = re.sub(r"^https?://", "", address).split("/")[0].split(":")[0].casefold()
    return any(host == domain or host.endswith(f".{domain}") for domain in knowledge()["public"]["domains"])


@cache
def _street() -> re.Pattern[str]:
    rules = knowledge()["streets"]
    head = _filled(rules["head"], _pieces())
    return re.compile(
        rf"(?P<number>{rules['number']})\b(?P<head>(?i:{head}))\s+(?P<particle>{_PARTICLE}?)(?P<name>{_NAME})"
    )


def _streets(text: str) -> Iterator[Found]:
    """Addresses: the number, the kind of way and its name are one place."""
    weak = {fold(word) for word in knowledge()["streets"]["weak"]}
    for match in _street().finditer(text):
        is_weak = fold(match["head"]) in weak and not match["number"] and not match["head"][0].isupper()
        if is_weak and fold(match["particle"].strip()) in ("", "de", "d'"):
            continue  # « la place d’Anne », « à ma place Je… »
        if match["head"][0].isupper() and not match["number"] and fold(match["head"]) in weak and not match["particle"]:
            continue  # « Résidence Les Lilas » opening a line: an organisation, see `names`
        yield Found(*match.span(), PLACE, "adresse", not is_weak, _words(match["name"]))
    for match in _BEFORE_POSTAL.finditer(text):
        yield Found(*match.span("x"), PLACE, "ligne d’adresse", True, _words(match["x"]))


def _words(name: str) -> tuple[str, ...]:
    return tuple(fold(word) for word in re.findall(r"[^\W_]+(?:-[^\W_]+)*", name))
