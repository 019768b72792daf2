"""Who leaves: whole documents, or some speakers of documents that stay."""

import re
from collections import Counter, defaultdict
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, field, replace

from tensions_cli.corpus.persons import Persons, persons_of
from tensions_cli.corpus.segment import segment
from tensions_cli.corpus.sources import without_extension
from tensions_cli.corpus.speaker_labels import label_key
from tensions_cli.corpus.twins import find_twins
from tensions_cli.errors import TensionsError
from tensions_cli.records import CastMember, Document, Role, Turn, ZoneKind
from tensions_cli.withdrawal.traces import letters

# Corpora of one file, each text of which takes whole lines; the only text of a file has no number in its id.
IN_LINES = ("iramuteq", "lexico")


@dataclass(frozen=True, slots=True)
class Leaving:
    """Who leaves: ids of whole documents, and speakers (folded labels) of documents that stay.

    `person`: the code under which `speakers.csv` knows them. `alike`: documents that stay although they say nearly
    the same as one that leaves. `renumbered`: documents that stay and get another id, since theirs was their rank in
    a file.
    """

    documents: frozenset[str] = frozenset()
    speakers: Mapping[str, frozenset[str]] = field(default_factory=dict)
    person: str | None = None
    alike: frozenset[str] = frozenset()
    renumbered: frozenset[str] = frozenset()

    def touches(self, document: Document) -> bool:
        """The document leaves, or some of its speakers do."""
        return document.id in self.documents or document.id in self.speakers


def who_leaves(name: str, documents: Sequence[Document], persons: Persons, described: Container[str]) -> Leaving:
    """Who bears this name: a document (its id or its file), `document:speaker`, or a person of `speakers.csv`.

    `described`: texts that a table names; one that is no longer there leaves its rows, as a person never heard does.
    Raises TensionsError when nobody and nothing does, or when a document and a person of several voices both do.
    """
    texts = frozenset(document.id for document in documents if name in (document.id, document.source))
    speaking = _speaking(name, documents, persons)
    person = name if any(row.person.code == name for row in persons.rows) else None
    if not texts and not speaking and person is None:
        if name in described:
            return Leaving(frozenset({name}))
        raise TensionsError(
            "rien ne porte ce nom dans le corpus",
            why="ce n’est ni un document, ni document:locuteur, ni une personne de speakers.csv",
            hint="tensions corpus info corpus/ donne les noms des documents et des locuteurs",
        )
    leaving = Leaving(
        frozenset(document for document, labels in speaking.items() if labels is None),
        {document: labels for document, labels in speaking.items() if labels is not None},
        person,
    )
    if texts and speaking and (leaving.speakers or leaving.documents != texts):
        raise TensionsError(
            "ce nom est celui d’un document et celui d’une personne",
            why="le document a d’autres voix que la sienne, ou elle parle aussi ailleurs",
            hint="donnez le nom du fichier avec son extension pour le texte entier, document:locuteur pour la personne",
        )
    return _renumbered(_with_twins(replace(leaving, documents=leaving.documents | texts), documents), documents)


def member_keys(member: CastMember) -> frozenset[str]:
    """The folded labels of one speaker, misspelt ones included."""
    return frozenset(label_key(label) for label in (member.speaker, *(spelt for spelt, _ in member.merged)))


def turns_of(document: Document, labels: frozenset[str]) -> list[Turn]:
    """The turns of these speakers."""
    return [turn for turn in document.turns if turn.speaker is not None and label_key(turn.speaker) in labels]


def blanked(document: Document, removed: Sequence[Turn]) -> str:
    """The text of a document where these turns and their labels are spaces; line ends stay."""
    labels = {zone.end: zone.start for zone in document.zones if zone.kind is ZoneKind.LABEL}
    characters = list(document.text)
    for turn in removed:
        start = turn.start
        before = len(document.text[:start].rstrip())
        while before in labels:  # a stamp may stand before the label
            start = labels[before]
            before = len(document.text[:start].rstrip())
        characters[start : turn.end] = ["\n" if c == "\n" else " " for c in characters[start : turn.end]]
    return "".join(characters)


def mentions(document: Document, leaving: Leaving) -> int:
    """How often what stays of a document says the label of a speaker who leaves, as a name is said."""
    labels = leaving.speakers.get(document.id, frozenset())
    said = [one.speaker for one in document.cast if member_keys(one) & labels and one.speaker[:1].isupper()]
    kept = [blanked(document, turns_of(document, labels)), *document.metadata.values()] if said else []
    return sum(len(re.findall(rf"(?<!\w){re.escape(label)}(?!\w)", text)) for label in said for text in kept)


def _speaking(name: str, documents: Sequence[Document], persons: Persons) -> dict[str, frozenset[str] | None]:
    """Documents where somebody of this name speaks: their folded labels, or None when nobody else answers there."""
    found: dict[str, frozenset[str] | None] = {}
    for document in documents:
        meant = [member for member in document.cast if _is_meant(name, document, member, persons)]
        if not meant:
            continue
        others = [one for one in document.cast if one.role is not Role.INTERVIEWER and one not in meant]
        found[document.id] = frozenset[str]().union(*map(member_keys, meant)) if others else None
    return found


def _is_meant(name: str, document: Document, member: CastMember, persons: Persons) -> bool:
    described = persons_of(document, persons).get(member.speaker)
    if described is not None and described.code == name:
        return True
    owner, colon, label = name.rpartition(":")
    return bool(colon) and owner == document.id and label_key(label) in member_keys(member)


def _with_twins(leaving: Leaving, documents: Sequence[Document]) -> Leaving:
    """The same text in another format leaves too, whole or for the same speakers.

    A text that is only nearly the same under another name may be somebody else's (two forms filled in): it stays.
    """
    by_id = {document.id: document for document in documents}
    texts_in = Counter(document.source for document in documents)
    alone = {one.id: without_extension(one.source) for one in documents if texts_in[one.source] == 1}

    def same(one: Document, other: Document) -> bool:
        """A file saved in two formats, or the very same words."""
        return (one.id in alone and alone[one.id] == alone.get(other.id)) or _body(one) == _body(other)

    whole, speakers, alike = set(leaving.documents), dict(leaving.speakers), set[str]()
    for group in find_twins(documents):
        members = (group.kept, *group.others)
        touched = [by_id[one] for one in members if leaving.touches(by_id[one])]
        for other in (by_id[one] for one in members if not leaving.touches(by_id[one])):
            first = next((one for one in touched if same(one, other)), None)
            if first is None:
                alike |= {other.id} if touched else set()
            elif first.id in whole:
                whole.add(other.id)
            else:
                speakers[other.id] = speakers[first.id]
    return replace(leaving, documents=frozenset(whole), speakers=speakers, alike=frozenset(alike - whole))


def _body(document: Document) -> str:
    return letters("".join(passage.text for passage in segment(document, keep_interviewer=True)))


_RANKED = re.compile(r".+#(?P<rank>\d+)")


def _renumbered(leaving: Leaving, documents: Sequence[Document]) -> Leaving:
    """With the documents whose id is their rank in a file that loses one before them, or all the others."""
    ranked: defaultdict[str, dict[int, Document]] = defaultdict(dict)
    for document in documents:
        if match := _RANKED.fullmatch(document.id):
            ranked[document.source][int(match["rank"])] = document
    renumbered: set[str] = set()
    for by_rank in ranked.values():
        lost = [rank for rank, one in by_rank.items() if rank and one.id in leaving.documents]
        kept = {rank: one for rank, one in by_rank.items() if rank and one.id not in leaving.documents}
        if not lost:
            continue
        alone = len(kept) == 1 and all(one.format in IN_LINES for one in kept.values())
        renumbered |= {one.id for rank, one in kept.items() if alone or rank > min(lost)}
    return replace(leaving, renumbered=frozenset(renumbered))
