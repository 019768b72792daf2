"""What may tell who speaks in an interview: told by place and kind, never by value."""

from collections.abc import Callable, Iterable, Iterator, Sequence

from tensions_cli.corpus.check_places import Place
from tensions_cli.corpus.check_speech import first_turn
from tensions_cli.corpus.speaker_labels import near_role, role_of, role_word
from tensions_cli.knowledge.corpus_rules import Finding, finding, pattern, rule_of_category, words
from tensions_cli.records import Document, ZoneKind

# Where identifiers stand in a text: start, end, category (`categories` in corpus_rules.toml; others are told as such).
Identifiers = Callable[[str], Iterable[tuple[int, int, str]]]

# A word of a label with fewer letters is an initial or a code (« Mme D. », « A B »).
_NAME_LETTERS = 2

_MOST_NAMES = 4  # a label has no more words (rule 4 of the speaker specification)


def check_confidentiality(document: Document, place: Place, identifiers: Identifiers) -> Iterator[Finding]:
    """Identifiers in the text of an interview, and labels that look like a full name."""
    if document.format in words("speech", "public"):
        return
    for rank, member in enumerate(document.cast, start=1):
        if is_full_name(member.speaker):
            line = place.line(first_turn(document, member.speaker))
            yield finding("identite-etiquette", document.source, line, place=f"locuteur\u00a0{rank}")
    labels = [(zone.start, zone.end) for zone in document.zones if zone.kind is ZoneKind.LABEL]
    listed = sorted((start, end, kind) for start, end, kind in identifiers(document.text))
    found = [(start, end, rule_of_category().get(kind, "identite-autre")) for start, end, kind in _once(listed)]
    taken = sorted([*labels, *((start, end) for start, end, _ in found)])
    found += [(start, end, "identite-nom") for start, end in _apart(_titled_names(document.text), taken)]
    for start, _, rule in sorted(found):
        yield finding(rule, document.source, place.line(start), place=place.said(start))


def _once(listed: Iterable[tuple[int, int, str]]) -> Iterator[tuple[int, int, str]]:
    """The first of those that overlap."""
    last = 0
    for start, end, kind in listed:
        if start >= last:
            yield start, end, kind
            last = end


def is_full_name(label: str) -> bool:
    """« Claire ESSAI », « Mme Essai »: a title or a first name before a name; neither a role nor a code."""
    parts = label.split()
    if role_word(label) or role_of(label) or near_role(label):
        return False
    titled = bool(parts) and parts[0].casefold() in words("identity", "titles")
    names = parts[1:] if titled else parts
    if len(names) < (1 if titled else 2) or len(names) > _MOST_NAMES:
        return False
    shortest = _NAME_LETTERS if titled else _NAME_LETTERS + 1
    return all(_is_name(name, shortest) for name in names)


def _is_name(word: str, shortest: int) -> bool:
    """A capitalised word without digits, of at least so many letters, not all the same (« XXX »)."""
    letters = [letter.casefold() for letter in word if letter.isalpha()]
    plain = word[0].isupper() and not any(map(str.isdigit, word))
    return plain and len(letters) >= shortest and len(set(letters)) > 1


def _titled_names(text: str) -> Iterator[tuple[int, int]]:
    for found in pattern("identity", "titled").finditer(text):
        yield found.span()


def _apart(spans: Iterable[tuple[int, int]], taken: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """The spans, in order, that overlap none of the sorted ones."""
    at = 0
    for start, end in spans:
        while at < len(taken) and taken[at][1] <= start:
            at += 1
        if at == len(taken) or taken[at][0] >= end:
            yield start, end
