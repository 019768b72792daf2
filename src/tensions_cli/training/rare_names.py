"""Names of persons and places that a model would carry in its lists of words, and that its users could read there.

A model folder keeps the lemmas and pieces of words that it learnt. The words of passages cannot be read back from it
otherwise: landmarks are vectors, and training texts are hashes (`seen.py`), which identify a text only to somebody
who already has it.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Sequence

from tensions_cli.confidentiality.identifiers import PERSON
from tensions_cli.confidentiality.names import find_names
from tensions_cli.confidentiality.tokens import Source
from tensions_cli.tagging import french
from tensions_cli.tagging.features import Seen

# An acronym of French (ESAT, EHPAD) met in more documents than this is that of a scheme. Any other name is dropped
# however often it comes: interviews of one service all name its head. Of the 9,054 shipped passages, read as one's
# own, 52 names stand in more documents: 5 acronyms of schemes, for the rest towns, houses and persons.
FEW_DOCUMENTS = 2


def rare_names(own: Sequence[Seen], documents: Sequence[str], others: Sequence[Seen] = ()) -> frozenset[str]:
    """Forms (as `Words` has them) that look like names in one's own passages and stand nowhere in the others.

    `documents`: that of each of one's own passages.
    """
    known = {form for seen in others for form in seen.words.forms}
    found = find_names([Source(seen.text) for seen in own], french.usual_writing)
    persons: set[str] = set()
    as_name: Counter[str] = Counter()
    for seen, names in zip(own, found, strict=True):
        for name in names:
            forms = _forms_between(seen, name.start, name.end) - known
            as_name.update(forms)
            if name.category == PERSON:
                persons |= forms
    where: defaultdict[str, set[str]] = defaultdict(set)
    written: Counter[str] = Counter()
    for seen, document in zip(own, documents, strict=True):
        written.update(seen.words.forms)
        for form in set(seen.words.forms):
            where[form].add(document)
    # A word that is mostly no name where it stands (« Accueil » once, « accueil » fifty times) is a word.
    return frozenset(
        form
        for form, times in as_name.items()
        if 2 * times >= written[form]
        and (form in persons or len(where[form]) <= FEW_DOCUMENTS or french.usual_writing(form)[0] != "acronym")
    )


def _forms_between(seen: Seen, start: int, end: int) -> set[str]:
    words = seen.words
    return {
        form
        for form, first, last in zip(words.forms, words.starts.tolist(), words.ends.tolist(), strict=True)
        if first < end and last > start
    }


def carried(names: Collection[str], own: Sequence[Seen]) -> int:
    """How many of these names a model would have as columns: those in two passages or more."""
    passages = Counter(form for seen in own for form in set(seen.words.forms) if form in names)
    return sum(n > 1 for n in passages.values())
