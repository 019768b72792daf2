"""What single words tell: how French writes them, first names, titles, heads of organisations, public names."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache

from tensions_cli.confidentiality.identifiers import Found, fold, knowledge
from tensions_cli.confidentiality.tokens import Source, Token, lines
from tensions_cli.knowledge.files import read_bytes

# How a word is mostly written in French (`word`, `name`, `acronym`, `unknown`) and the frequency rank of that form.
Usual = Callable[[str], tuple[str, int | None]]

# An acronym among the first ranks of the frequency table is everybody's (SMS 7177, HLM 20472, GIR 78749).
KNOWN_ACRONYM = 60_000
# « les Cado », « La Chênaie »: words that rare are written with a capital because they name (243695 and 108710).
_RARE_WORD = 100_000
_LONGEST_ACRONYM = 6
SHORTEST_LOWER_NAME = 4


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """What French and this corpus say of a word. `lower`, `capital`: occurrences so written, by folded word."""

    usual: Usual
    lower: Mapping[str, int] = field(default_factory=dict)
    capital: Mapping[str, int] = field(default_factory=dict)

    def is_word(self, token: Token) -> bool:
        """An ordinary word that only its place in the sentence wrote with a capital."""
        if token.key in words_of("oral", "words"):
            return True
        if "-" in token.text and sum(part[:1].isupper() for part in token.text.split("-")) > 1:
            return self.usual(token.text.lower())[0] == "word"
        writing, _ = self.usual(token.text.lower())
        if writing == "unknown" and "-" in token.text:
            return all(self.usual(part)[0] == "word" for part in token.text.lower().split("-") if part)
        return writing == "word" or (writing == "unknown" and self._is_mostly_lower(token.key))

    def _is_mostly_lower(self, key: str) -> bool:
        """A single name typed without its capital must not hide all the others."""
        return self.lower.get(key, 0) > self.capital.get(key, 0)

    def is_rare(self, token: Token) -> bool:
        """An ordinary word that few texts use, with a capital inside a sentence and never without in this corpus."""
        rank = self.usual(token.text.lower())[1]
        return not token.opens and not self.lower.get(token.key) and rank is not None and rank > _RARE_WORD

    def is_name(self, token: Token) -> bool:
        """A word that French writes with a capital, or does not know."""
        return self.usual(token.text.lower())[0] in ("name", "unknown")


@cache
def words_of(table: str, name: str) -> frozenset[str]:
    """A list of `identifiers.toml`, folded."""
    return frozenset(fold(word) for word in knowledge()[table][name])


@cache
def first_names() -> Mapping[str, str]:
    """First names, folded, and their gender: f, m, mf."""
    listed = read_bytes("first_names.txt").decode("utf-8").splitlines()
    return {fold(name): gender for name, gender in (line.split() for line in listed if line and line[0] != "#")}


def is_first_name(key: str) -> bool:
    """A first name of the list, or two of them with a hyphen."""
    return key in first_names() or ("-" in key and all(part in first_names() for part in key.split("-")))


def vocabulary_of(sources: Sequence[Source], blocked: Sequence[Sequence[Found]], usual: Usual) -> Vocabulary:
    """What the texts say of their words, mails and other identifiers (`blocked`) left out."""
    lower: Counter[str] = Counter()
    capital: Counter[str] = Counter()
    for source, spans in zip(sources, blocked, strict=True):
        if not source.witness:
            continue
        closed = {at for one in spans for at in range(one.start, one.end)}
        for token in (token for line in lines(source.text) for token in line if token.start not in closed):
            if token.text.islower():
                lower[token.key] += 1
            elif token.capital:
                capital[token.key] += 1
    return Vocabulary(usual, lower, capital)


def is_acronym(token: Token, vocabulary: Vocabulary) -> bool:
    if not token.upper or len(token.text) > _LONGEST_ACRONYM:
        return False
    return is_public((token,)) or vocabulary.usual(token.text)[0] in ("acronym", "unknown")


def is_title(token: Token) -> bool:
    return any(token.text in titles for titles in _titles().values())


def gender_of(token: Token) -> str | None:
    return next((gender for gender, titles in _titles().items() if token.text in titles and gender), None)


@cache
def _titles() -> Mapping[str, frozenset[str]]:
    listed = knowledge()["titles"]
    strip = {
        name: frozenset(word.rstrip(".") for word in listed[name]) for name in ("masculine", "feminine", "neutral")
    }
    return {"m": strip["masculine"], "f": strip["feminine"], "": strip["neutral"]}


@cache
def _heads() -> tuple[frozenset[tuple[str, ...]], frozenset[str]]:
    """Heads of organisations, folded word by word, and the acronyms among them as they are written."""
    listed = knowledge()["organisations"]["heads"]
    split = frozenset(tuple(fold(part) for part in head.replace("'", " ").split()) for head in listed)
    return split, frozenset(head for head in listed if head.isupper())


def is_head(token: Token) -> bool:
    split, acronyms = _heads()
    if token.upper:
        return token.text in acronyms
    return (token.key,) in split and fold(token.text) not in {fold(word) for word in acronyms}


def head_length(line: Sequence[Token], end: int) -> int:
    """Number of words of the head of an organisation that stops before `end`, 0 without any."""
    split, acronyms = _heads()
    for length in (4, 3, 2, 1):
        words = tuple(token.key for token in line[max(0, end - length) : end])
        if len(words) != length or words not in split:
            continue
        if length == 1 and words[0].upper() in acronyms and not line[end - 1].upper:
            return 0  # « as », « us », « mas » in lower case are no acronyms
        return length
    return 0


@cache
def _public() -> Mapping[str, tuple[tuple[str, ...], ...]]:
    """Names kept, by their first word, the longest first."""
    listed = knowledge()["public"]
    names = [
        name
        for table in ("institutions", "countries", "peoples", "authors", "eponyms", "brands", "calendar")
        for name in listed[table]
    ]
    phrases: dict[str, list[tuple[str, ...]]] = {}
    for name in names:
        words = tuple(token.key for line in lines(name) for token in line)
        phrases.setdefault(words[0], []).append(words)
    return {first: tuple(sorted(found, key=len, reverse=True)) for first, found in phrases.items()}


def is_public(tokens: Sequence[Token]) -> bool:
    return public_length(tokens, 0) == len(tokens)


def public_length(line: Sequence[Token], i: int) -> int:
    """Number of words of the longest public name that begins at this word, 0 without any."""
    token = line[i]
    for phrase in _public().get(token.key, ()) or _public().get(token.key.rstrip("se"), ()):
        if len(phrase) == 1 and (
            token.key == phrase[0]
            or token.key in (f"{phrase[0]}s", f"{phrase[0]}e", f"{phrase[0]}es", f"{phrase[0]}ne", f"{phrase[0]}nes")
        ):
            return 1
        if len(phrase) > 1 and tuple(word.key for word in line[i : i + len(phrase)]) == phrase:
            return len(phrase)
    return 0


def acts(line: Sequence[Token], i: int) -> bool:
    """What follows a word makes it somebody: « Rose elle », « Pierre a dit », « Marine, »."""
    if i + 1 >= len(line):
        return len(line) == 1  # a signature
    return line[i + 1].key in words_of("cues", "after_person") and line[i + 1].gap.strip() in ("", ",")
