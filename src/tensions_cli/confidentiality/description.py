"""What describes a document and may name somebody: its id, the cells of its metadata."""

import re
from collections.abc import Mapping
from functools import cache

from tensions_cli.confidentiality.identifiers import Found, fold, knowledge
from tensions_cli.confidentiality.identities import CODED
from tensions_cli.confidentiality.tokens import Source, Token, lines
from tensions_cli.confidentiality.vocabulary import Usual, words_of

# One cell may hold several persons: « Anne Durand ; Paul Morel », « Anne et Paul ».
_SEVERAL = re.compile(r"\s*(?:[;,|/+]|\bet\b)\s*")
_CAMEL = re.compile(r"(?<=[a-zà-ÿ])(?=[A-ZÀ-Ý])")


def id_source(name: str, usual: Usual) -> Source:
    """The id of a document as a text: its words get a capital, which names in file names do not always have."""
    words = _CAMEL.sub(" ", re.sub(r"[\W_]+", " ", name)).split()
    return Source(" ".join(_capital(word, usual) for word in words), witness=False)


def _capital(word: str, usual: Usual) -> str:
    acronym = usual(word)[0] == "acronym" or word.upper() in knowledge()["organisations"]["heads"]
    return word.upper() if acronym else word[:1].upper() + word[1:]


def cell_source(column: str, cell: str, usual: Usual) -> Source:
    """A cell of metadata as a text; in a column of names, places or numbers, each of its parts is an identifier.

    What is generic in such a column stays (« EHPAD », « foyer de vie »). `usual`: see `names`.
    """
    category = _categories().get(fold(column.strip()).replace("_", " "))
    if category is None:
        return Source(cell)
    replacement = knowledge()["column_replacements"].get(category)
    given: list[Found] = []
    if replacement:
        given = [Found(0, len(cell), category, "colonne", True, (), replacement)] if cell.strip() else []
        return Source(cell, given=tuple(given))
    at = 0
    for part in [*_SEVERAL.finditer(cell), None]:
        end = part.start() if part else len(cell)
        given += _part(cell, at, end, category, usual)
        at = part.end() if part else end
    return Source(cell, given=tuple(given))


def _part(cell: str, start: int, end: int, category: str, usual: Usual) -> list[Found]:
    words = [token for line in lines(cell[start:end]) for token in line if not token.text.isdigit()]
    if not words or all(_is_generic(token, category, usual) for token in words):
        return []
    while words and len(words) > 1 and _is_generic(words[0], category, usual):
        words = words[1:]  # « EHPAD Les Tilleuls », « Mme Durand »
    first, last = words[0], words[-1]
    form = tuple(token.key for token in words)
    return [Found(start + first.start, start + last.end, category, "colonne", True, form)]


def _is_generic(token: Token, category: str, usual: Usual) -> bool:
    """A word that names a kind of place or of person, not one of them."""
    listed = words_of("organisations", "generic") | words_of("organisations", "heads") | words_of("labels", "parts")
    titles = {
        fold(word.rstrip(".")) for name in ("masculine", "feminine", "neutral") for word in knowledge()["titles"][name]
    }
    if token.key in listed | titles or len(token.text) == 1:
        return True
    return category != CODED[0] and token.text.islower() and usual(token.text)[0] == "word"


@cache
def _categories() -> Mapping[str, str]:
    return {fold(column): category for category, columns in knowledge()["columns"].items() for column in columns}
