"""From the text of passages to the units that a profile of words counts: lemmas, acronyms, set expressions.

The lemma table knows forms, not contexts, and takes many nouns for verbs (« minutes » → `minuter`). The word before a
form mostly settles it; where it does not, the more frequent of the two words in French is taken.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache
from itertools import islice

from tensions_cli.confidentiality.identifiers import fold
from tensions_cli.confidentiality.vocabulary import is_first_name
from tensions_cli.knowledge.codebook import codebook
from tensions_cli.knowledge.files import read_toml
from tensions_cli.tagging.french import Words, function_words, usual_writing, words_of
from tensions_cli.tagging.lexicon import find_cues

FILE = "vocabulary.toml"
BATCH = 512
# Of two homographs, the one whose base form is three times as frequent (by rank) is taken without looking further:
# ranks in the language model's table: spécialisé 2 700, spécialiser 16 900; demandé 2 000, demander 1 500.
_MORE_FREQUENT = 3
# « Nearly always » with a capital inside a sentence: a proper name.
_NAME_SHARE = 0.8
# What stands between two words where a sentence, a title or a quotation may open: a capital there tells nothing.
_OPENING = frozenset('.!?…:;\n\r\t«»“”"—–-•*|/()[]')


@dataclass(frozen=True, slots=True)
class Units:
    """Units of one passage. `size`: words and expressions, function words too; `keys`: those that may be shown.

    `expressions`: each expression with the keys that its words have when they count one by one, and how many words
    it joins. The words of an expression are in `keys` too: it is known only at the end whether it is frequent enough.
    """

    size: int
    keys: tuple[str, ...]
    expressions: tuple[tuple[str, tuple[str, ...], int], ...]


@dataclass(slots=True)
class Capitals:
    """How each key is written inside sentences: with a capital, or without (or all in capitals: an acronym)."""

    capital: Counter[str] = field(default_factory=Counter)
    plain: Counter[str] = field(default_factory=Counter)

    def names(self, keys: Iterable[str]) -> frozenset[str]:
        """The keys that are proper names: written with a capital nearly always, or known as names by the language."""
        return frozenset(key for key in keys if key not in _lists().institutions and self._is_name(key))

    def _is_name(self, key: str) -> bool:
        capital, plain = self.capital[key], self.plain[key]
        if plain and capital < _NAME_SHARE * (capital + plain):
            return is_first_name(fold(key)) and usual_writing(key)[0] == "name"  # transcripts without capitals
        return capital > 0 or (not key.isupper() and usual_writing(key)[0] == "name")


@dataclass(frozen=True, slots=True)
class _Homograph:
    """A form that is a noun (or an adjective) or a verb: « visite », « salarié ». `participle`: after an auxiliary."""

    noun: str
    verb: str
    participle: bool
    usually_verb: bool


@dataclass(frozen=True, slots=True)
class _Lists:
    left_out: frozenset[str]
    numbers: frozenset[str]
    institutions: frozenset[str]


@cache
def _lists() -> _Lists:
    data = read_toml(FILE)
    left_out = (function_words() - set(data["content"])) | set(data["left_out"])
    return _Lists(left_out, frozenset(data["numbers"]), frozenset(data["institutions"]))


@cache
def _before(kind: str) -> frozenset[str]:
    """Forms of the table `before`; `auxiliary` are lemmas."""
    return frozenset(read_toml(FILE)["before"][kind])


@cache
def _verbs(table: str) -> dict[str, str]:
    """Verbs by form, from a table of the file: `forms` always, `participles` after an auxiliary."""
    return dict(read_toml(FILE)[table])


@cache
def expressions() -> dict[str, tuple[tuple[tuple[str, ...], str], ...]]:
    """Lemma sequences of the set expressions and the name of each, under their first lemma, longest first."""
    writings = [
        (writing, entry.split("|")[0]) for entry in read_toml(FILE)["expressions"] for writing in entry.split("|")
    ]
    table: dict[str, dict[tuple[str, ...], str]] = {}
    for (_, name), words in zip(writings, words_of(writing for writing, _ in writings), strict=True):
        if len(words.lemmas) > 1:  # a compound that the tokenizer leaves whole is a word like others
            table.setdefault(words.lemmas[0], {}).setdefault(words.lemmas, name.replace("'", "’"))
    return {
        first: tuple(sorted(tails.items(), key=lambda tail: (-len(tail[0]), tail))) for first, tails in table.items()
    }


def units_of(texts: Iterable[str], capitals: Capitals) -> Iterator[Units]:
    """The units of each text, in order; `capitals` learns how words are written."""
    remaining = iter(texts)
    while batch := list(islice(remaining, BATCH)):
        for text, words in zip(batch, words_of(batch), strict=True):
            yield _units(text, words, capitals)


def _units(text: str, words: Words, capitals: Capitals) -> Units:
    keys = _keys(text, words, capitals)
    joined = tuple(
        (name, tuple(key for key in keys[first:last] if key is not None), last - first)
        for first, last, name in _joined(words)
    )
    return Units(len(keys), tuple(key for key in keys if key is not None), joined)


def _keys(text: str, words: Words, capitals: Capitals) -> list[str | None]:
    """The key of each word, None for one that profiles leave out."""
    shouted = text.isupper()
    keys: list[str | None] = []
    end, after_capital = 0, False
    for rank, (start, stop) in enumerate(zip(words.starts.tolist(), words.ends.tolist(), strict=True)):
        first = text[start]
        if not first.isupper() or shouted:
            key = _key(words, rank)
            if key is not None:
                capitals.plain[key] += 1
            after_capital = False
        else:
            written = text[start:stop]
            inside = rank > 0 and not _OPENING.intersection(text[end:start])
            if written.isupper() and sum(map(str.isalpha, written)) > 1:
                key = None if any(map(str.isdigit, written)) else _acronym(written, words.forms[rank])
                if key is not None:
                    (capitals.capital if inside and after_capital else capitals.plain)[key] += 1
            else:
                key = _key(words, rank)
                if key is not None and inside:
                    (capitals.plain if key.isupper() else capitals.capital)[key] += 1
                after_capital = True
        keys.append(key)
        end = stop
    return keys


def _acronym(written: str, form: str) -> str | None:
    """CPOM as it is written; a word in capitals (« JAMAIS ») as the word."""
    writing, _ = usual_writing(form)
    if writing == "word":
        return None if form in _lists().left_out else form
    return written.replace("’", "'")


def _key(words: Words, rank: int) -> str | None:
    """The key of one word that is not written in capitals."""
    reading = _reading(words.forms[rank], words.lemmas[rank])
    if not isinstance(reading, _Homograph):
        return reading
    found = reading.verb if _is_verb(reading, words, rank) else reading.noun
    return None if found in _lists().left_out else found


def _is_verb(word: _Homograph, words: Words, rank: int) -> bool:
    """What the words before settle; else what French mostly means by the form."""
    before = words.forms[rank - 1] if rank else ""
    if word.participle:
        spread = range(rank - 1, max(rank - 4, -1), -1)
        first = next((i for i in spread if words.forms[i] not in _before("between")), None)
        if first is not None and words.lemmas[first] in _before("auxiliary"):
            return True
    elif rank > 1 and before in _before("both") and words.forms[rank - 2] in _before("verb"):
        return True  # « il la porte »
    elif before in _before("verb"):
        return True
    return word.usually_verb and before not in _before("noun")


@cache
def _reading(form: str, lemma: str) -> str | _Homograph | None:
    """The key of a form whatever stands before it, or the two that it may have; None where it is left out."""
    lemma = _verbs("forms").get(form, lemma)
    if _is_left_out(form, lemma):
        return None
    if form in _verbs("participles"):
        return _Homograph(form, _verbs("participles")[form], participle=True, usually_verb=True)
    stem = _participle_stem(form)
    if stem is not None:
        noun = min(stem + "é", stem + "ée", key=_rank)  # a noun may be feminine: durée, journée
        return _Homograph(noun, stem + "er", participle=True, usually_verb=_is_commoner(stem + "er", noun))
    verb = lemma if lemma.endswith("er") else form + "r"
    if verb.endswith("er") and form in (verb[:-1], verb[:-1] + "s"):
        if usual_writing(verb) != ("unknown", None):
            return _Homograph(verb[:-1], verb, participle=False, usually_verb=_is_commoner(verb, verb[:-1]))
        lemma = verb[:-1] if lemma == verb else lemma  # `feuiller` is no verb of today: « feuille »
    if form.endswith(("ale", "ales")) and lemma in (form, form.removesuffix("s")):
        feminine = form.removesuffix("s")
        masculine = feminine.removesuffix("e")
        return masculine if _is_commoner(masculine, feminine) else feminine
    return form.upper() if lemma == form and form.isascii() and usual_writing(form)[0] == "acronym" else lemma


def _is_left_out(form: str, lemma: str) -> bool:
    lists = _lists()
    if form in lists.left_out or lemma in lists.left_out or len(lemma) < 2 or not lemma[0].isalpha():
        return True
    if any(map(str.isdigit, form)) or (lemma.endswith(".") and len(lemma) < 4):
        return True
    return all(piece in lists.numbers for piece in form.split("-"))


def _participle_stem(form: str) -> str | None:
    """« demand » of demandé, demandée, demandés, demandées, where there is such a verb."""
    for ending in ("é", "ée", "és", "ées"):
        stem = form.removesuffix(ending)
        if stem != form and stem and usual_writing(stem + "er") != ("unknown", None):
            return stem
    return None


def _is_commoner(word: str, other: str) -> bool:
    """False only where the other is clearly more frequent in French."""
    return _rank(other) * _MORE_FREQUENT > _rank(word)


@cache
def _rank(word: str) -> int:
    """Rank of a form in the frequency table of French; past its end where it has none."""
    writing, rank = usual_writing(word)
    return rank if rank is not None and writing in ("word", "name") else 10**7


def _says_something(words: Words, first: int, last: int) -> bool:
    """Two words at least that profiles do not leave out: « tableau de bord », not « l’autre »."""
    return sum(_reading(words.forms[i], words.lemmas[i]) is not None for i in range(first, last)) > 1


def _joined(words: Words) -> list[tuple[int, int, str]]:
    """Set expressions of a passage, and cues of several words: longest first where they overlap; in text order."""
    found = [
        (match.first, match.last, match.cue.expression.replace("'", "’"))
        for match in find_cues(words, codebook())
        if match.cue.kind != "relation" and _says_something(words, match.first, match.last)
    ]
    table, lemmas = expressions(), words.lemmas
    for first, lemma in enumerate(lemmas):
        for sequence, name in table.get(lemma, ()):
            if lemmas[first : first + len(sequence)] == sequence:
                found.append((first, first + len(sequence), name))
    kept: list[tuple[int, int, str]] = []
    taken: set[int] = set()
    for first, last, name in sorted(found, key=lambda one: (one[0] - one[1], one[0])):
        if taken.isdisjoint(range(first, last)):
            taken.update(range(first, last))
            kept.append((first, last, name))
    return sorted(kept)
