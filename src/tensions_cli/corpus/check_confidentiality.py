"""What may tell who speaks in an interview: told by place and kind, never by value."""

from collections.abc import Callable, Iterable, Iterator, Sequence

from tensions_cli.corpus.check_places import Place
from tensions_cli.corpus.check_speech import first_turn
from tensions_cli.corpus.speaker_labels import near_role, role_of, role_word
from tensions_cli.knowledge.corpus_rules import Finding, finding, pattern, rule_of_category, words
from tensions_cli.records import Document, ZoneKind

# Where identifiers stand in a text: start, end, category (a word of `categories` in corpus_rules.toml).
Identifiers = Callable[[str], Iterable[tuple[int, int, str]]]

# A shorter word of a label is an initial or a code.
_NAME_LETTERS = 2


def check_confidentiality(document: Document, place: Place, identifiers: Identifiers) -> Iterator[Finding]:
    """Identifiers in the text of an interview, and labels that look like a full name."""
    if document.format in words("speech", "public"):
        return
    for rank, member in enumerate(document.cast, start=1):
        if is_full_name(member.speaker):
            line = place.line(first_turn(document, member.speaker))
            yield finding("identite-etiquette", document.source, line, place=f"locuteur\u00a0{rank}")
    labels = [(zone.start, zone.end) for zone in document.zones if zone.kind is ZoneKind.LABEL]
    found = [
        (start, end, rule_of_category().get(kind, "identite-autre")) for start, end, kind in identifiers(document.text)
    ]
    taken = sorted([*labels, *((start, end) for start, end, _ in found)])
    found += [(start, end, "identite-nom") for start, end in _apart(_titled_names(document.text), taken)]
    for start, _, rule in sorted(found):
        yield finding(rule, document.source, place.line(start), place=place.said(start))


def is_full_name(label: str) -> bool:
    """« Claire ESSAI », « Mme Essai »: a title or a first name before a name; neither a role nor a code."""
    parts = label.split()
    if role_word(label) or role_of(label) or near_role(label):
        return False
    titled = bool(parts) and parts[0].casefold() in words("identity", "titles")
    names = parts[1:] if titled else parts
    if len(names) < (1 if titled else 2) or len(names) > 4:
        return False
    return all(
        part[0].isupper() and len(part) >= _NAME_LETTERS and not any(map(str.isdigit, part)) for part in names
    ) and (titled or all(len(part) > _NAME_LETTERS for part in names))


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
