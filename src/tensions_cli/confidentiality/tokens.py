"""The words of a text with what surrounds them: capitals, sentence openings, what stands between two words."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from tensions_cli.confidentiality.identifiers import fold

_LETTER = "[^\\W\\d_][\u0300-\u036f]*"
# « O’Brien », « N’Diaye »: the letter and its apostrophe belong to the name; « d’Anne » is two words.
_WORD = re.compile(rf"(?:[OMN]['’](?=[A-ZÀ-Ý]))?(?:{_LETTER})+(?:[-‐\u2011](?:{_LETTER})+)*|\d+", re.UNICODE)
_OPENING = re.compile(r"[.!?…:«“\"\[]")


@dataclass(frozen=True, slots=True)
class Token:
    """A word or a number. `key`: folded; `gap`: what precedes it on its line; `opens`: a sentence may begin here."""

    start: int
    end: int
    text: str
    key: str
    gap: str
    opens: bool

    @property
    def capital(self) -> bool:
        """It begins with a capital."""
        return self.text[0].isupper()

    @property
    def upper(self) -> bool:
        """All its letters are capitals, and it has two at least."""
        return len(self.text) > 1 and self.text.isupper()

    @property
    def joined(self) -> bool:
        """Only a space, or the apostrophe of an elision, stands between it and the word before."""
        return self.gap in (" ", "\u00a0", "\u202f", "’", "'")


def lines(text: str) -> Iterator[list[Token]]:
    """The words of each line of a text that has any."""
    start = 0
    for line in text.split("\n"):
        words: list[Token] = []
        last = start
        for match in _WORD.finditer(text, start, start + len(line)):
            gap = text[last : match.start()]
            opens = not words or _OPENING.search(gap) is not None
            words.append(Token(match.start(), match.end(), match[0], fold(match[0]), gap, opens))
            last = match.end()
        if words:
            yield words
        start += len(line) + 1
