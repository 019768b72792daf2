"""The words of a text with what surrounds them: capitals, sentence openings, what stands between two words."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tensions_cli.confidentiality.identifiers import Found, fold

_LETTER = "[^\\W\\d_][\u0300-\u036f]*"
# « O’Brien », « N’Diaye »: the letter and its apostrophe belong to the name; « d’Anne » is two words.
_WORD = re.compile(rf"(?:[OMN]['’](?=[A-ZÀ-Ý]))?(?:{_LETTER})+(?:[-‐\u2011](?:{_LETTER})+)*|\d+", re.UNICODE)
Span = tuple[int, int, str]  # start, end, kind
_LONGEST_LABEL = 12  # words
_LABEL_TAIL = 8  # characters from the last word of a label to the end of its colon: « D. », « [Marie] »
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


@dataclass(frozen=True, slots=True)
class Source:
    """A text to search. `labels`: speakers as they open its lines; `seen`: what the recogniser saw.

    `given`: identifiers known beforehand (the cells of a column of names). `witness`: false for a text that is no
    evidence for the others and is not counted (the words of a file name).
    """

    text: str
    labels: frozenset[str] = frozenset()
    seen: tuple[Span, ...] = ()
    given: tuple[Found, ...] = ()
    witness: bool = True


def said_after_label(source: Source, line: Sequence[Token]) -> int:
    """Rank of the first word after the speaker's label that opens a line, 0 without a label."""
    for token in line[:_LONGEST_LABEL]:
        end = source.text.find(" : ", token.end, token.end + _LABEL_TAIL)
        if end >= 0 and source.text[line[0].start - _lead(source.text, line[0].start) : end] in source.labels:
            return sum(word.end <= end for word in line)
    return 0


def _lead(text: str, start: int) -> int:
    """Signs of a label before its first word (« [Marie] », « @claire »)."""
    return start - (text.rfind("\n", 0, start) + 1)
