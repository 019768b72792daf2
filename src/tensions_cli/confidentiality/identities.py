"""Who is who: which names of a corpus are the same person, place or organisation."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace

from tensions_cli.confidentiality.identifiers import NAME, ORGANISATION, PERSON, PLACE, Found
from tensions_cli.confidentiality.vocabulary import first_names, is_first_name, words_of

CODED = (PERSON, PLACE, ORGANISATION, NAME)

Identity = tuple[str, ...]  # category, then what tells one from another

# Titles as they are compared: « Madame Durand » and « Mme Durand » are one name of a table.
TITLES = {
    "m": "m",
    "mr": "m",
    "monsieur": "m",
    "mme": "mme",
    "madame": "mme",
    "mlle": "mlle",
    "mademoiselle": "mlle",
    "dr": "docteur",
    "docteur": "docteur",
}


def agree(found: Sequence[Sequence[Found]]) -> list[list[Found]]:
    """The same name is one kind of thing: doubtful occurrences take the category of the sure ones."""
    votes: dict[tuple[str, ...], Counter[str]] = defaultdict(Counter)
    for names in found:
        for one in names:
            if one.category in CODED:
                weight = 100 if one.ground == "table" else 3 if one.sure else 1
                votes[_bare(one.form)][one.category] += weight
                for word in one.form if one.category == PERSON and len(one.form) > 1 else ():
                    votes[_bare((word,))][PERSON] += weight
    result = []
    for names in found:
        result.append([_voted(one, votes) for one in names])
    return result


def _voted(one: Found, votes: Mapping[tuple[str, ...], Counter[str]]) -> Found:
    if one.category not in CODED or one.gender is not None or (one.sure and one.ground != "déjà rencontré"):
        return one
    kinds = votes[_bare(one.form)]
    return replace(one, category=max(sorted(kinds), key=lambda kind: kinds[kind]))


def _bare(form: tuple[str, ...]) -> tuple[str, ...]:
    """The words of a name that tell it: no title, no article, no particle, hyphens open."""
    spelt = [part for word in form if word not in set(TITLES.values()) for part in word.split("-")]
    telling = tuple(
        word for word in spelt if word not in words_of("cues", "noble") and word not in words_of("cues", "articles")
    )
    return telling or tuple(spelt) or form


class Identities:
    """Which names are the same person, place or organisation; doubts are told by `doubt`.

    Built from every name of the corpus, by document: « Mme Durand » is « Anne Durand » when one full name only bears
    that surname and the genders agree; a first name alone is the full name that every document using it also holds.
    """

    def __init__(self, found: Sequence[Sequence[Found]]) -> None:
        persons = [(rank, one) for rank, names in enumerate(found) for one in names if one.category == PERSON]
        self._full: dict[frozenset[str], set[int]] = defaultdict(set)
        self._alone: dict[str, set[int]] = defaultdict(set)
        self._genders: dict[str, set[str]] = defaultdict(set)
        for rank, one in persons:
            words = _bare(one.form)
            if _is_full(one.form):
                self._full[frozenset(words)].add(rank)
            else:
                self._alone[" ".join(words)].add(rank)
                if one.gender:
                    self._genders[" ".join(words)].add(one.gender)
        self._by_surname: dict[str, list[frozenset[str]]] = defaultdict(list)
        self._by_first: dict[str, list[frozenset[str]]] = defaultdict(list)
        order = {frozenset(_bare(one.form)): one.form for _, one in persons if _is_full(one.form)}
        for full, form in order.items():
            first, surname = _parted(form)
            self._by_surname[surname].append(full)
            self._by_first[first].append(full)

    def of(self, one: Found) -> tuple[Identity, str]:
        """The identity of a name, and the doubt to tell a reader (French, "" without any)."""
        words = _bare(one.form)
        if one.category != PERSON:
            return (one.category, *words), ""
        if _is_full(one.form):
            return _person(frozenset(words)), ""
        name = " ".join(words)
        bearers = self._by_surname.get(name, [])
        if len(bearers) == 1 and not self._is_shared(name, one.gender, bearers[0]):
            return _person(bearers[0]), ""
        namesakes = self._by_first.get(name, [])
        if not one.gender and len(namesakes) == 1 and not bearers:
            if self._alone[name] <= self._full[namesakes[0]]:
                return _person(namesakes[0]), ""
            return (PERSON, name), "prénom seul\u00a0: peut-être la même personne qu’un nom complet"
        genders = self._genders.get(name, set())
        if not one.gender and len(genders) == 1 and not bearers:
            return (PERSON, name, next(iter(genders))), ""
        shared = len(bearers) > 1 or namesakes or (not one.gender and (bearers or len(genders) > 1))
        doubt = "nom porté par plusieurs personnes" if shared else ""
        return (PERSON, name, one.gender) if one.gender else (PERSON, name), doubt

    def _is_shared(self, name: str, gender: str | None, full: frozenset[str]) -> bool:
        """Another person bears the surname of this full name, or the gender of the title is not theirs."""
        known = "".join(first_names().get(word, "mf") for word in full if word != name and is_first_name(word)) or "mf"
        if gender:
            return gender not in known
        return any(other not in known for other in self._genders.get(name, set()))


def _person(full: frozenset[str]) -> Identity:
    return (PERSON, *sorted(full))


def _is_full(form: tuple[str, ...]) -> bool:
    """A first name and something else."""
    words = [word for word in form if word not in words_of("cues", "noble") and word not in set(TITLES.values())]
    return len(words) > 1


def _parted(form: tuple[str, ...]) -> tuple[str, str]:
    """First name and surname of a full name, whatever their order (« DURAND Paul »), without hyphens."""
    words = [word for word in form if word not in words_of("cues", "noble") and word not in set(TITLES.values())]
    if is_first_name(words[-1]) and not is_first_name(words[0]):
        words = [words[-1], *words[:-1]]
    cut = next((i for i, word in enumerate(words) if i and not is_first_name(word)), len(words) - 1)
    return " ".join(words[0].split("-")), " ".join(part for word in words[cut:] for part in word.split("-"))
