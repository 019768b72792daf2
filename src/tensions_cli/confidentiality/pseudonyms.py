"""Who is who, the code of each, and the text with codes in place of names.

Codes are numbers drawn in an order that depends on every byte of the corpus: they follow neither the alphabet, nor
the order of the files, nor the name. A hash of the name alone would be reversed by trying a list of first names;
here who does not hold the whole corpus cannot try. The same bytes give the same codes; a corpus that grows keeps its
codes only through a table (`--write-table`, then `--table`).
"""

import hashlib
import hmac
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache

from tensions_cli.confidentiality.identifiers import PERSON, Found, find_identifiers, fold, knowledge
from tensions_cli.confidentiality.identities import CODED, TITLES, Identities, Identity, agree
from tensions_cli.confidentiality.names import find_names
from tensions_cli.confidentiality.tokens import Source, Token, lines, said_after_label
from tensions_cli.confidentiality.vocabulary import Usual, is_title
from tensions_cli.errors import TensionsError

KEPT = "gardé"  # what the user's table says is no identifier
KEEP_MARK = "="
DOCUMENT = "document"  # rows of file names: they say nothing of the words of the texts

# « d’Anne » becomes « de P-12 »: the elided words and what they are before a consonant.
_ELIDED = {
    "d": "de",
    "qu": "que",
    "jusqu": "jusque",
    "lorsqu": "lorsque",
    "puisqu": "puisque",
    "quoiqu": "quoique",
    "l": "",  # « à l’Escale » becomes « à O-12 »
    "s": "se",
}
_ELISION = re.compile(rf"\b({'|'.join(_ELIDED)})['’]$", re.IGNORECASE)
_DE = re.compile(r"\b([dD])e $")
_VOWELS = frozenset("aeiouyh")
_LAST_WORDS = 12  # characters of text before a name that an elision may take


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the user's table: its words, folded; code ("" to be given one, « = » to be kept); category."""

    line: int
    name: str
    form: tuple[str, ...]
    code: str
    category: str


@dataclass(frozen=True, slots=True)
class Table:
    """The rows of the user's table by form, and the lines left out (without a name, or named twice).

    `documents`: new id of a document, by its own id.
    """

    rows: Mapping[tuple[str, ...], Row]
    left_out: tuple[int, ...] = ()
    documents: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Pseudonymised:
    """The texts with codes, what was replaced or left in each, and the correspondence, which nothing writes unasked.

    `pairs`: name as first written, code, category, by identity and by table row. `distinct`: identities by category.
    `unmatched`: lines of the table whose name was never met.
    """

    texts: tuple[str, ...]
    placed: tuple[tuple["Placed", ...], ...]
    pairs: tuple[tuple[str, str, str], ...]
    distinct: Mapping[str, int]
    unmatched: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Placed:
    """A stretch of the written text: where it stands there, what it is, its code (None: left as it was).

    `doubt`: French, what a reader must decide; "" without any.
    """

    start: int
    end: int
    found: Found
    code: str | None
    doubt: str = ""


_COLUMNS = {
    "name": ("nom", "name", "noms", "valeur", "forme"),
    "code": ("code", "pseudonyme", "pseudonym", "remplacement"),
    "category": ("categorie", "category", "type"),
}


def pseudonymise(sources: Sequence[Source], table: Table, usual: Usual) -> Pseudonymised:
    """Find what identifies in all texts together, decide who is who, and replace. `usual`: see `names`."""
    tabled = [table_matches(source, table) for source in sources]
    known = [_known(rows, source) for rows, source in zip(tabled, sources, strict=True)]
    names = find_names(sources, usual, [settle(one) for one in known])
    found = agree([settle([*first, *then]) for first, then in zip(known, names, strict=True)])
    heard = [here if source.witness else [] for source, here in zip(sources, found, strict=True)]
    identities = Identities(heard)
    codes = _codes(sources, found, identities, table)
    texts: list[str] = []
    placed: list[tuple[Placed, ...]] = []
    for source, here in zip(sources, found, strict=True):
        text, places = replaced(source.text, here, {one: codes(one) for one in here if one.category in CODED})
        texts.append(text)
        placed.append(
            tuple(replace(place, doubt=identities.of(place.found)[1] if place.code else "") for place in places)
        )
    met = {one.form for rows in tabled for one in rows}
    return Pseudonymised(
        tuple(texts),
        tuple(placed),
        tuple(_pairs(sources, heard, codes, table)),
        Counter(identity[0] for identity in _met(heard, identities)),
        tuple(row.line for form, row in table.rows.items() if form not in met),
    )


def _known(rows: Sequence[Found], source: Source) -> list[Found]:
    """What needs no evidence, in order of precedence: a name of the table inside a mail is the mail's."""
    patterns = find_identifiers(source.text)
    kept = [row for row in rows if row.category == KEPT]
    whole = [
        one for one in patterns if one.replacement and not any(k.start <= one.start and one.end <= k.end for k in kept)
    ]
    return [*whole, *rows, *source.given, *(one for one in patterns if not one.replacement)]


def _codes(
    sources: Sequence[Source], found: Sequence[Sequence[Found]], identities: Identities, table: Table
) -> Callable[[Found], str]:
    """The code of any name: its row's, else that of a row of the same identity, else a number drawn."""
    given: dict[Identity, str] = {}
    for form, row in table.rows.items():
        if row.code not in ("", KEEP_MARK):
            given.setdefault(identities.of(Found(0, 0, row.category, "table", True, form))[0], row.code)
    wanted = _met(found, identities) - set(given)
    used = {row.code for row in table.rows.values()}
    drawn = numbered(wanted, corpus_key(source.text for source in sources), letters(), used)

    def code(one: Found) -> str:
        row = table.rows.get(one.form)
        if one.ground == "table" and row is not None and row.code:
            return row.code
        identity = identities.of(one)[0]
        return given.get(identity) or drawn[identity]

    return code


def _met(found: Sequence[Sequence[Found]], identities: Identities) -> set[Identity]:
    return {identities.of(one)[0] for here in found for one in here if one.category in CODED}


def _pairs(
    sources: Sequence[Source], found: Sequence[Sequence[Found]], codes: Callable[[Found], str], table: Table
) -> Iterator[tuple[str, str, str]]:
    """Each name met, as first written, and its code; then the rows of the table that were not met."""
    written: dict[tuple[str, ...], dict[str, tuple[str, Found]]] = {}
    for source, here in zip(sources, found, strict=True):
        for one in here:
            if one.category in CODED:
                name = " ".join(source.text[one.start : one.end].split()).rstrip(".")
                written.setdefault(one.form, {}).setdefault(codes(one), (name, one))
    for form, bearers in written.items():
        row = table.rows.get(form)
        for code, (name, one) in bearers.items():
            titled = {"m": "M. ", "f": "Mme "}.get(one.gender or "", "") if len(bearers) > 1 else ""
            if not row and _are_initials(form):  # « D » alone would be looked for in labels too
                titled = {"m": "M. ", "f": "Mme "}.get(one.gender or "", "Dr ")
            yield (row.name if row else f"{titled}{name}"), code, one.category
    yield from (
        (row.name, row.code, row.category) for form, row in table.rows.items() if form not in written and row.code
    )


def table_of(columns: Sequence[str], cells: Iterable[tuple[int, Mapping[str, str]]]) -> Table:
    """The user's table, from its columns and its rows (line, cells). Raises TensionsError without a column of names."""
    found = {
        purpose: next((c for c in columns if fold(c.strip()) in names), None) for purpose, names in _COLUMNS.items()
    }
    name, code, category = (found[purpose] for purpose in ("name", "code", "category"))
    if name is None or code is None:
        raise TensionsError(
            "--table\u00a0: les colonnes ne se comprennent pas",
            why="il faut une colonne nom et une colonne code",
            hint="première ligne du fichier\u00a0: nom;code (et, si vous voulez, categorie)",
        )
    rows: dict[tuple[str, ...], Row] = {}
    left_out: list[int] = []
    documents: dict[str, str] = {}
    for line, values in cells:
        if category and fold(values.get(category, "").strip()) == DOCUMENT:
            documents[values.get(name, "").strip()] = values.get(code, "").strip()
            continue
        written = " ".join(values.get(name, "").split())
        form = _titled_initials(_spelt(token.key for words in lines(written) for token in words))
        if not form or form in rows:
            left_out.append(line)
            continue
        given = " ".join(values.get(code, "").split())
        rows[form] = Row(line, written, form, given, _category(values.get(category, "") if category else ""))
    return Table(rows, tuple(left_out), {own: given for own, given in documents.items() if own and given})


def _category(written: str) -> str:
    key = fold(written.strip())
    return next((category for category in CODED if key and fold(category).startswith(key[:4])), PERSON)


def _spelt(keys: Iterable[str]) -> tuple[str, ...]:
    return tuple(TITLES.get(key, key) for key in keys)


@cache
def _title_kinds() -> Mapping[str, str]:
    """Titles, folded, and the one that stands for all titles of their gender before an initial."""
    kinds = {"masculine": "m", "feminine": "mme", "neutral": "docteur"}
    return {fold(word.rstrip(".")): kind for name, kind in kinds.items() for word in knowledge()["titles"][name]}


def _are_initials(form: Sequence[str]) -> bool:
    return bool(form) and all(len(word) == 1 and word.isalpha() for word in form)


def _titled_initials(form: tuple[str, ...]) -> tuple[str, ...]:
    """« Mlle D. » as « Mme D. »: before an initial, a title only tells the gender."""
    if len(form) > 1 and form[0] in _title_kinds() and _are_initials(form[1:]):
        return (_title_kinds()[form[0]], *form[1:])
    return form


def table_matches(source: Source, table: Table) -> list[Found]:
    """Occurrences of the table's names: whole words, the longest first, whatever case, accents and elision.

    A name of one or two letters needs its capital, initials a title before them or the label of a speaker.
    """
    if not table.rows:
        return []
    longest = max(map(len, table.rows))
    found: list[Found] = []
    for line in lines(source.text):
        keys = _spelt(token.key for token in line)
        said = said_after_label(source, line)
        i = 0
        while i < len(line):
            matched = None
            for length in range(min(longest, len(line) - i), 0, -1):
                row = table.rows.get(_titled_initials(keys[i : i + length]))
                if row is not None and _stands(source.text, line, i, i + length, said):
                    matched = _matched(source.text, line, i, i + length, said, row)
                    found.append(matched)
                    i += length
                    break
            if matched is None:
                i += 1
    return found


def _stands(text: str, line: Sequence[Token], first: int, end: int, said: int) -> bool:
    """These words are the name, and no elision nor ordinary letter that is written like it."""
    tokens, last = line[first:end], line[end - 1]
    if not _apart(tokens):
        return False
    if not last.text.isalpha() or len(last.text) > 2 or (len(last.text) == 2 and len(tokens) > 1):
        return True
    if not last.capital:
        return False
    if len(last.text) == 2:
        return True
    if text[last.end : last.end + 1] in ("'", "’"):
        return False
    titled = len(tokens) > 1 and is_title(tokens[0])
    if titled or not _are_initials([token.key for token in tokens]):
        return True
    before = line[first - 1] if first else None
    return end <= said or (before is not None and is_title(before) and tokens[0].gap.strip() in ("", "."))


def _matched(text: str, line: Sequence[Token], first: int, end: int, said: int, row: Row) -> Found:
    """A name of the table where it stands; a title before it stays in the text unless the code has one too."""
    tokens, last = line[first:end], line[end - 1]
    initials = _are_initials(row.form[1:] if row.form[0] in _title_kinds() and len(row.form) > 1 else row.form)
    titled = len(row.form) > 1 and (row.form[0] in TITLES.values() or (initials and row.form[0] in _title_kinds()))
    replaces_title = titled and TITLES.get(fold(row.code.split(" ")[0].rstrip("."))) is not None
    start = tokens[1] if titled and not replaces_title else tokens[0]
    # The full stop of an initial goes with it in a label and inside a sentence, as `names` takes it.
    inside = end <= said or (end < len(line) and not line[end].capital)
    stop = initials and inside and text[last.end : last.end + 1] == "."
    category = KEPT if row.code == KEEP_MARK else row.category
    return Found(start.start, last.end + stop, category, "table", True, row.form)


def _apart(tokens: Sequence[Token]) -> bool:
    """Nothing but spaces, apostrophes and the full stop of a title stands between these words."""
    return all(token.gap.strip(" \u00a0\u202f'’.") == "" for token in tokens[1:])


def settle(found: Iterable[Found]) -> tuple[Found, ...]:
    """Stretches that do not overlap, in text order; where two meet, the earlier of the list wins, then the longer."""
    taken: dict[int, Found] = {}
    kept: list[Found] = []
    ranked = sorted(
        enumerate(found),
        key=lambda one: (one[1].kept, one[1].ground == "déjà rencontré", one[0]),
    )
    for _, one in ranked:
        if one.start < one.end and not any(at in taken for at in range(one.start, one.end)):
            kept.append(one)
            taken.update(dict.fromkeys(range(one.start, one.end), one))
    return tuple(sorted(kept, key=lambda one: one.start))


# --- codes ------------------------------------------------------------------------------------------


def corpus_key(texts: Iterable[str]) -> bytes:
    """A key that depends on every byte of the corpus and not on the order of its texts."""
    hashes = sorted(hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest() for text in texts)
    return hashlib.sha256(b"".join(hashes)).digest()


def numbered(
    identities: Iterable[Identity], key: bytes, letters: Mapping[str, str], used: Iterable[str]
) -> dict[Identity, str]:
    """A code for each identity: its letter and a number drawn with the key, none of the codes `used` already.

    The numbers say neither how many names there are nor their order: they are drawn among twice as many at least.
    """
    taken = set(used)
    by_letter: dict[str, list[Identity]] = defaultdict(list)
    for identity in sorted(set(identities)):
        by_letter[letters[identity[0]]].append(identity)
    codes: dict[Identity, str] = {}
    for letter, bearers in by_letter.items():
        digits = 2
        while 9 * 10 ** (digits - 1) < 2 * (len(bearers) + sum(code.startswith(letter) for code in taken)):
            digits += 1
        pool = (f"{letter}-{number}" for number in range(10 ** (digits - 1), 10**digits))
        drawn = sorted((code for code in pool if code not in taken), key=lambda code: _drawn(key, code))
        codes.update(zip(bearers, drawn, strict=False))
    return codes


def _drawn(key: bytes, text: str) -> bytes:
    return hmac.digest(key, text.encode("utf-8"), "sha256")


def letters() -> Mapping[str, str]:
    """The letter of the codes of each category."""
    codes: Mapping[str, str] = knowledge()["codes"]
    return codes


# --- the text with codes ----------------------------------------------------------------------------


def replaced(text: str, found: Sequence[Found], code_of: Mapping[Found, str]) -> tuple[str, tuple[Placed, ...]]:
    """The text with its codes, and where each of them stands in it. `found`: settled, in text order."""
    pieces: list[str] = []
    placed: list[Placed] = []
    length = at = 0
    for one in found:
        before = text[at : one.start]
        code = None if one.kept or one.category == KEPT else one.replacement or code_of[one]
        if code is not None:
            before = _unelided(before, code, text[one.start : one.end])
        pieces.append(before)
        length += len(before)
        written = text[one.start : one.end] if code is None else code
        pieces.append(written)
        if one.category != KEPT:
            placed.append(Placed(length, length + len(written), one, code))
        length += len(written)
        at = one.end
    pieces.append(text[at:])
    return "".join(pieces), tuple(placed)


def _unelided(before: str, code: str, name: str) -> str:
    """The words before a code, as they are written before it: « d’ » before a vowel, « de » before anything else."""
    vowel = fold(code[:1]) in _VOWELS and code[:1].isalpha()
    tail = before[-_LAST_WORDS:]
    elided = _ELISION.search(tail)
    if elided and not vowel:
        full = _ELIDED[elided[1].casefold()]
        full = full.capitalize() if elided[1][0].isupper() else full
        return f"{before[: len(before) - len(elided[0])]}{full}{' ' if full else ''}"
    full_word = _DE.search(tail)
    if full_word and code.isalpha() and vowel and fold(name[:1]) not in _VOWELS:
        return f"{before[:-2]}’"
    return before
