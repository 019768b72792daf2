"""Names that people and tools give to codes, and what they mean in the codebook in use."""

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from functools import cache, lru_cache
from typing import NamedTuple

from tensions_cli.knowledge.code_names import axis_name, stance_name
from tensions_cli.knowledge.codebook import Codebook, codebook
from tensions_cli.knowledge.files import read_toml
from tensions_cli.records import MIXTE, NEUTRE

# A typing error is looked for from this length on: « M » and « P » are one letter apart.
_SHORTEST_TYPO = 5

# Where a tool puts the family of a code before its name (MAXQDA `\`, QualCoder and CAQDAS exports `>`, `/`, `::`).
_PATH = re.compile(r"\\|/|>|::")
_SEVERAL = re.compile(r"[|;,\n+&]|\bet\b")

# The name of a passage, everywhere in the project.
OUR_ID = re.compile(r"(?P<document>.+)#(?P<start>\d{1,12})-(?P<end>\d{1,12})", re.DOTALL)

# What a spreadsheet shows of a formula that no longer works.
FORMULA_ERROR = re.compile(r"#(?:NOM\?|NAME\?|REF!|VALEUR!|VALUE!|N/A|DIV/0!|NUL!|NULL!|NOMBRE!|NUM!|ERROR!)")
NO_VALUE = "\ue000"  # stands for a formula whose value is not in the file; private use, in no text

# Zero-width characters, word joiner, direction marks, byte order mark, soft hyphen.
_UNSEEN = re.compile("[\u200b-\u200f\u2060\ufeff\u00ad]")

# Kinds of codes whose French name is feminine.
_FEMININE = ("logique", "relation", "posture")

Say = Callable[..., None]  # a reason, whether something is lost (`lost`, true unless said), and the `column`


class Meaning(NamedTuple):
    """One code: `kind` is label, relation, stance or axis; `name` its word.

    `pole`: the logic of a stance or an axis; the pair of a relation, where the codebook has several.
    """

    kind: str
    name: str
    pole: str | None = None


def bare(cell: str) -> str:
    """A cell without what nobody sees: zero-width characters, byte order marks, soft hyphens, spaces around it."""
    return _UNSEEN.sub("", cell).strip()


@lru_cache(maxsize=10_000)  # a file repeats a few names thousands of times
def plain_name(name: str) -> str:
    """A name without case, accents, punctuation, repeated spaces and final s: two names that agree are one."""
    folded = unicodedata.normalize("NFKD", bare(name).casefold())
    kept = "".join(c for c in folded if not unicodedata.combining(c))
    words = re.findall(r"[^\W_]+", kept)
    return " ".join(word[:-1] if len(word) > 3 and word.endswith("s") else word for word in words)


def parts(cell: str) -> list[str]:
    """The items of a cell; a cell that is one name stays whole (`M + P`, `ni M ni P`)."""
    if not bare(cell) or _known(cell) is not None:
        return [cell] if bare(cell) else []
    return [part for part in _SEVERAL.split(cell) if bare(part)]


def relation_parts(cell: str) -> list[str]:
    """The items of a cell of relations, where `+` joins the two logics of a pair."""
    return [part for part in re.split(r"[|;,\n]", cell) if bare(part)]


def is_code(cell: str, kind: str | None = None) -> bool:
    """The cell is nothing but names of codes (of one kind)."""
    found = [_known(part) for part in parts(cell)]
    return bool(found) and all(
        meanings is not None and (kind is None or meanings[0].kind == kind) for meanings in found
    )


def codes_like(cell: str) -> list[Meaning]:
    """The codes that a cell would be read as, typing errors included; empty when some part of it is none."""

    def unheard(reason: str, *, lost: bool = True, column: str = "") -> None:
        """Nobody is told: the cell is only tried."""

    found = [look_up(part, unheard, "") for part in parts(cell)]
    return [meaning for meanings in found for meaning in meanings] if all(found) else []


def look_up(name: str, say: Say, what: str) -> tuple[Meaning, ...]:
    """What a name means: as it is, without the path of its families, then with one typing error."""
    e = "e" if what.startswith(_FEMININE) else ""
    if name == NO_VALUE or FORMULA_ERROR.fullmatch(bare(name)):
        say(f"{what}\u00a0: formule sans valeur lisible, non reprise\u00a0; tapez le code à sa place", column=what)
        return ()
    whole = _known(name)
    if whole is not None:
        return whole
    pieces = [piece for piece in _PATH.split(name) if bare(piece)]
    known = [_known(piece) for piece in pieces]
    if known and all(found is not None for found in known):  # `rationalisation/professionnelle`: no path, two codes
        return tuple(meaning for found in known for meaning in found or ())
    if known and known[-1] is not None:
        return known[-1]
    for written in (name, *pieces[-1:]):
        near = _near(plain_name(written), codebook())
        if len(near) == 1:
            meant = next(iter(near))
            said = " + ".join(_written(meaning) for meaning in meant)
            say(f"{what} écrit{e} avec une faute de frappe, lu{e} «\u00a0{said}\u00a0»", lost=False, column=what)
            return meant
    absent = f"{what} absent{e} de la grille de codage, non repris{e}"
    say(absent if bare(name) else f"{what} vide, non repris{e}", column=what)
    return ()


def _known(name: str) -> tuple[Meaning, ...] | None:
    """The codes of a name that is known, or of the letters of several logics (`MP`, `M et P`)."""
    book, plain = codebook(), plain_name(name)
    found = _meanings(book).get(plain)
    if found is not None:
        return found
    letters = {letter: logic for logic, letter in book.letters.items()}
    said = plain.upper().replace(" ET ", "").replace(" ", "")
    if not said or len(set(said)) < len(said) or not set(said) <= letters.keys():
        return None
    if len(said) == 2 and not book.by_pair:
        return (Meaning("label", MIXTE),)
    return tuple(Meaning("label", letters[letter]) for letter in said)


@cache
def _near(plain: str, book: Codebook) -> frozenset[tuple[Meaning, ...]]:
    """The codes one typing error away from a name."""
    if len(plain) < _SHORTEST_TYPO:
        return frozenset()
    return frozenset(
        meanings
        for name, meanings in _meanings(book).items()
        if len(name) >= _SHORTEST_TYPO and abs(len(name) - len(plain)) <= 1 and one_error(plain, name)
    )


def one_error(one: str, other: str) -> bool:
    """One letter missing, added, changed, or two neighbours swapped."""
    if len(one) > len(other):
        one, other = other, one
    at = next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), len(one))
    if len(one) < len(other):
        return one[at:] == other[at + 1 :]
    swapped = one[at : at + 2] == other[at : at + 2][::-1] and one[at + 2 :] == other[at + 2 :]
    return one[at + 1 :] == other[at + 1 :] or swapped


@cache
def _meanings(book: Codebook) -> Mapping[str, tuple[Meaning, ...]]:
    """Every known name, plain, with what it means.

    Logics, stances and axes are those of the codebook; `exchange.toml` adds other names of the codes that it has.
    """
    names = read_toml("exchange.toml")
    letters, titles = book.letters, book.axis_titles
    known: dict[str, tuple[Meaning, ...]] = {}

    def name(written: str, *meanings: Meaning) -> None:
        known.setdefault(plain_name(written), meanings)

    single = {label: Meaning("label", label) for label in book.labels}
    single |= {relation: Meaning("relation", relation) for relation in book.relations}
    for own in book.logics:  # its own names first: they win over those of another codebook
        for written in (own.name, own.letter, own.title, own.said):
            name(written, single[own.name])
            name(f"logique {written}", single[own.name])
    for names_of in (list(letters.values()), list(letters)):
        name(f"ni {' ni '.join(names_of)}", single[NEUTRE])
    for code, meaning in single.items():
        for written in (code, *names["codes"].get(code, ())):
            name(written, meaning)
    for letter, code in names["letters"].items():
        name(letter, single[code])
    for written, codes in names["compounds"].items():
        if all(code in single for code in codes):
            name(written, *(single[code] for code in codes))
    for pair, logics in book.pairs.items():
        for one, other in (logics, logics[::-1]):
            if book.by_pair:
                name(f"{one} {other}", single[one], single[other])
            else:
                name(f"{one} {other}", single[MIXTE])
            for relation in book.relations:
                meaning = Meaning("relation", relation, pair if book.by_pair else None)
                for written in (f"{one} {other}", f"{letters[one]} {letters[other]}"):
                    name(f"{relation} {written}", meaning)
                    name(f"{written} {relation}", meaning)
    for relation in book.relations:
        name(f"{MIXTE} {relation}", single[MIXTE], single[relation])
    for pole in book.poles:
        for stance in book.stances[pole]:
            for written in (stance, *names["stances"].get(stance, ())):
                for logic in (pole, letters[pole]):
                    name(stance_name(logic, written), Meaning("stance", stance, pole))
                    name(f"posture {logic} {written}", Meaning("stance", stance, pole))
        for axis in book.axes:
            for written in (axis, titles[axis]):
                for logic in (pole, letters[pole]):
                    name(axis_name(written, logic), Meaning("axis", axis, pole))
                    name(f"axe {written} {logic}", Meaning("axis", axis, pole))
    for axis in book.axes:
        for written in (axis, titles[axis]):
            name(written, Meaning("axis", axis))
            name(f"axe {written}", Meaning("axis", axis))
    return known


def _written(meaning: Meaning) -> str:
    """The name of a code in our own words: what was typed is never repeated."""
    if meaning.kind == "stance":
        return stance_name(meaning.pole or "", meaning.name)
    if meaning.kind == "axis" and meaning.pole:
        return axis_name(meaning.name, meaning.pole)
    return meaning.name


def yes_or_no(cell: str) -> bool | None:
    """A cell of an answer: `oui`, `x`, `1,0`, `VRAI`, `✓`; None for anything else."""
    said = bare(cell).casefold()
    plain = re.sub(r"^([01])[.,]0+$", r"\1", said)
    answer = _plain_words("answers").get(plain_name(plain) or plain)
    return None if answer is None else answer == "yes"


def decision_of(cell: str) -> str | None:
    """`accepted`, `modified` or `rejected`, as people type them; None for anything else."""
    return _plain_words("decisions").get(plain_name(cell))


@cache
def _plain_words(table: str) -> Mapping[str, str]:
    """What each word of a table of `exchange.toml` stands for."""
    words: Mapping[str, Sequence[str]] = read_toml("exchange.toml")[table]
    return {plain_name(word) or word: name for name, written in words.items() for word in written}
