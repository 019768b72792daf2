"""Tell what is not French, paragraph by paragraph.

A cheap gate (share of French function words) settles ordinary French paragraphs; py3langid is asked
only about the others, and its answer needs the support of function words, because names, acronyms
and titles make it say anything.
"""

import io
import re
import tempfile
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from tensions_cli.knowledge.files import read_toml
from tensions_cli.records import Block, Document, Zone, ZoneKind

FRENCH = "fr"
# Shares of function words among the words of a paragraph of at least SHORT words. On 1,462 composed
# French passages the French share has median 0.31 and 1st centile 0.07, and 7 % (lists, titles, menus)
# fall under GATE; they are then nearly all cleared by _suspect, without py3langid.
GATE = 0.16
SUPPORT = 0.12  # least share of function words of the language that is to be believed
SHORT = 8  # under so many words a block takes the language of its neighbours
UNLISTED_WORDS = 20  # a language without a list here is believed only from so many words on …
UNLISTED_FRENCH = 0.03  # … nearly without French function words …
UNLISTED_LOWER = 0.6  # … and mostly in lower case (not a list of names or acronyms)
PROBABILITY = 0.95  # least probability given by py3langid
SAMPLE = 4000  # characters shown to py3langid

_WORD = re.compile(r"[^\W_]+")
_QUOTED = re.compile(r"«[^«»]*»|“[^“”]*”|\"[^\"]*\"")


def mark_foreign(document: Document) -> Document:
    """Return the document with FOREIGN zones over the blocks that are not in French.

    An interview (`turns` not empty) is judged as a whole: unchanged when most of its words are
    French, else every block is FOREIGN. Blocks inside an existing zone are not looked at.
    """
    blocks = _free_blocks(document, ZoneKind.FOREIGN)
    if document.turns:
        whole = " ".join(document.text[block.start : block.end] for block in blocks)
        (language,) = _settled([whole])
        foreign = blocks if language != FRENCH else []
        languages = [language] * len(foreign)
    else:
        judged = _settled([document.text[block.start : block.end] for block in blocks])
        pairs = [(block, language) for block, language in zip(blocks, judged, strict=True) if language != FRENCH]
        foreign, languages = [block for block, _ in pairs], [language for _, language in pairs]
    zones = [*document.zones, *_zones(document, foreign, languages)]
    return replace(document, zones=tuple(sorted(zones, key=lambda zone: (zone.start, zone.end))))


def french_share(document: Document) -> float:
    """Share of the words of the body that stand in blocks not marked FOREIGN (1.0 without words).

    The body is what no other zone covers; words are alphanumeric tokens.
    """
    total = french = 0
    foreign = [zone for zone in document.zones if zone.kind is ZoneKind.FOREIGN]
    if not foreign:
        return 1.0
    for block in _free_blocks(document):
        words = len(_WORD.findall(document.text[block.start : block.end]))
        total += words
        if not _inside(block, foreign):
            french += words
    return french / total if total else 1.0


def _inside(block: Block, zones: Sequence[Zone]) -> bool:
    return any(zone.start <= block.start and block.end <= zone.end for zone in zones)


def _free_blocks(document: Document, *also: ZoneKind) -> list[Block]:
    """Blocks that no zone covers, FOREIGN zones apart (unless named in `also`)."""
    covering = [zone for zone in document.zones if zone.kind is not ZoneKind.FOREIGN or zone.kind in also]
    covering.sort(key=lambda zone: zone.start)
    free = []
    rank = 0
    for block in document.blocks:
        while rank < len(covering) and covering[rank].end <= block.start:
            rank += 1
        if not _inside(block, covering[rank : rank + 1]):
            free.append(block)
    return free


OTHER_ALPHABET = "xx"
# Below this code point stand the letters of every language written in Latin letters (Latin Extended Additional
# ends at U+1EFF and is rare in them); Greek, Cyrillic, Arabic, Chinese… stand above.
_LAST_LATIN = 0x24F
# A quick look first: Greek to the Greek extensions, then what follows the signs (U+2000 to U+2BFF).
_OTHER_LETTER = re.compile(r"[\u0370-\u1fff\u2c00-\ud7ff\uf900-\ufaff\ufb1d-\ufdff\ufe70-\ufefc]")

_NAMES = {
    OTHER_ALPHABET: "un autre alphabet",
    "en": "anglais",
    "de": "allemand",
    "es": "espagnol",
    "it": "italien",
    "pt": "portugais",
    "nl": "néerlandais",
    "ca": "catalan",
    "pl": "polonais",
    "ro": "roumain",
}


def _zones(document: Document, blocks: Sequence[Block], languages: Sequence[str]) -> list[Zone]:
    """One zone for each run of neighbouring blocks in the same language, unless a zone parts them."""
    starts = sorted(zone.start for zone in document.zones)
    ranks = {block: rank for rank, block in enumerate(document.blocks)}
    zones: list[Zone] = []
    previous = -2
    for block, language in zip(blocks, languages, strict=True):
        detail = f"texte en {_NAMES[language]}" if language != OTHER_ALPHABET else "texte en un autre alphabet"
        joined = zones and ranks[block] == previous + 1 and zones[-1].detail == detail
        if joined and bisect_left(starts, zones[-1].end) == bisect_left(starts, block.start):
            zones[-1] = replace(zones[-1], end=block.end)
        else:
            zones.append(Zone(block.start, block.end, ZoneKind.FOREIGN, detail))
        previous = ranks[block]
    return zones


# ------------------------------------------------------------------------------- one paragraph


@dataclass(frozen=True, slots=True)
class _Knowledge:
    words: Mapping[str, frozenset[str]]
    headings: Mapping[str, str]
    candidates: tuple[str, ...]


@cache
def _knowledge() -> _Knowledge:
    data = read_toml("language.toml")
    return _Knowledge(
        words={language: frozenset(words.split()) for language, words in data["words"].items()},
        headings={heading: language for language, found in data["headings"].items() for heading in found},
        candidates=tuple(data["candidates"]),
    )


def _gated(words: Sequence[str]) -> str | None:
    """FRENCH for an ordinary French paragraph, None when the gate cannot tell."""
    return FRENCH if len(words) >= SHORT and _share(words, _knowledge().words[FRENCH]) >= GATE else None


def _other_alphabet(text: str) -> bool:
    """Most letters are not Latin ones."""
    if not _OTHER_LETTER.search(text):
        return False
    letters = [character for character in text if character.isalpha()]
    return 2 * sum(ord(letter) > _LAST_LATIN for letter in letters) > len(letters)


def _own_words(text: str) -> list[str]:
    """The words outside quotation marks, none when they are too few to tell a language."""
    words = _WORD.findall(_QUOTED.sub(" ", text.lower()))
    return words if len(words) >= SHORT else []


def _suspect(words: Sequence[str]) -> bool:
    """Whether a paragraph that the gate did not pass could be in another language."""
    known = _knowledge().words
    if len(words) < SHORT:
        return False
    french = _share(words, known[FRENCH])
    others = max(_share(words, known[language]) for language in known if language != FRENCH)
    return others >= max(SUPPORT, french) or (len(words) >= UNLISTED_WORDS and french < UNLISTED_FRENCH)


def _share(words: Sequence[str], known: frozenset[str]) -> float:
    return sum(map(known.__contains__, words)) / len(words)


def _asked(text: str, words: Sequence[str]) -> str | None:
    """The answer of py3langid when function words bear it out, else None."""
    if len(words) < SHORT:
        return None
    french = _share(words, _knowledge().words[FRENCH])
    language, probability = _identifier().classify(text[:SAMPLE])
    if language == FRENCH:
        return FRENCH
    if probability < PROBABILITY:
        return None
    known = _knowledge().words.get(language)
    if known is not None:
        share = _share(words, known)
        return language if share >= SUPPORT and share > french else None
    tokens = _WORD.findall(text)
    lower = sum(token[0].islower() for token in tokens) / len(tokens)
    sure = len(words) >= UNLISTED_WORDS and french < UNLISTED_FRENCH and lower >= UNLISTED_LOWER
    return language if sure else None


@cache
def _identifier() -> Any:
    """py3langid restricted to our candidates, with probabilities (loads its model: about 0.2 s)."""
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    try:
        identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    except OSError:  # it unpacks its 68 MB in the temporary folder: there is none, or it is full
        with _unpacked_in_memory():
            identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    identifier.set_languages(_knowledge().candidates)
    return identifier


@contextmanager
def _unpacked_in_memory() -> Iterator[None]:
    """A temporary file is memory for the time of this."""
    usual = tempfile.TemporaryFile
    tempfile.TemporaryFile = lambda *_, **__: io.BytesIO()  # type: ignore[assignment]
    try:
        yield
    finally:
        tempfile.TemporaryFile = usual


# ------------------------------------------------------------------------------ among neighbours


def _settled(texts: Sequence[str]) -> list[str]:
    """The language of each block, the undecided ones settled by their neighbours."""
    tokens = [_WORD.findall(text.lower()) for text in texts]
    gated = [
        OTHER_ALPHABET if _other_alphabet(text) else _gated(words) for text, words in zip(texts, tokens, strict=True)
    ]
    for rank, language in enumerate(gated):
        if language is None and len(tokens[rank]) >= SHORT:
            tokens[rank] = _own_words(texts[rank]) or tokens[rank]
            gated[rank] = _gated(tokens[rank])
    suspect = any(_suspect(words) for words, language in zip(tokens, gated, strict=True) if language is None)
    if not suspect and OTHER_ALPHABET not in gated:
        return [FRENCH] * len(texts)
    judged = [language or _asked(text, words) for text, words, language in zip(texts, tokens, gated, strict=True)]
    following = _next_decided(judged)
    settled: list[str] = []
    for text, language, after in zip(texts, judged, following, strict=True):
        before = settled[-1] if settled else None
        settled.append(language or _undecided(text, before, after))
    return settled


def _next_decided(judged: Sequence[str | None]) -> list[str | None]:
    """For each block, the first language decided at it or after it."""
    result: list[str | None] = []
    ahead: str | None = None
    for language in reversed(judged):
        ahead = language or ahead
        result.append(ahead)
    return result[::-1]


def _undecided(text: str, before: str | None, after: str | None) -> str:
    """A short block: like both neighbours, or like the one whose function words it holds.

    A line that a known heading opens (« Keywords: … ») is of the language of the heading. Between
    French and another language a block stays French unless it is a known heading of the other part
    (« Abstract ») or holds more of its function words than French ones.
    """
    candidates = [language for language in (before, after) if language]
    if ":" in text and (own := _heading_language(text)):
        return own
    foreign = next((language for language in candidates if language != FRENCH), None)
    if foreign is None:
        return FRENCH
    if FRENCH not in candidates:
        return foreign
    if _heading_language(text) == foreign:
        return foreign
    words = Counter(_WORD.findall(text.lower()))
    return foreign if _votes(words, foreign) > _votes(words, FRENCH) else FRENCH


def _heading_language(text: str) -> str | None:
    """The language whose known heading opens the block."""
    return _knowledge().headings.get(text.lower().split(":", 1)[0].strip(" .\u00a0\u202f–—-*#"))


def _votes(words: Counter[str], language: str) -> int:
    known = _knowledge().words.get(language, frozenset())
    return sum(count for word, count in words.items() if word in known)
