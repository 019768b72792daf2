"""Characteristic words of a tagged corpus: what is counted, and for which parts."""

from collections import Counter
from collections.abc import Sequence

from tensions_cli.knowledge.codebook import codebook
from tensions_cli.output.french import NBSP, integer
from tensions_cli.records import Relation, Role, TaggedPassage
from tensions_cli.results import Vocabulary
from tensions_cli.statistics.summary import field_value
from tensions_cli.statistics.vocabulary import MIN_COUNT, MIN_PART, MIN_TOTAL, Speech, vocabulary
from tensions_cli.studies.units import Capitals, units_of

JOINED = " × "
_Place = tuple[str, str, str | None]  # part, document, speaker


def _order() -> tuple[str, ...]:
    """Labels, relations and roles stand in the order of the codebook; any other part in that of its name."""
    return (*codebook().labels, *(relation.value for relation in Relation), *(role.value for role in Role))


def characteristic_words(passages: Sequence[TaggedPassage], by: Sequence[str], *, top: int = 20) -> Vocabulary | None:
    """Words that each part says more and less than the others; None when fewer than two parts are long enough.

    `by`: `label`, `relation` (passages `mixte` only), or grouping fields (`speaker`, `role`, a metadata column…),
    crossed when there are several. Only counted passages count. `top`: words kept over and under each part.
    """
    parted = [(one, part) for one in passages if one.passage.counted and (part := _part(one, by)) is not None]
    speeches, names = _speeches(parted)
    return vocabulary(speeches, JOINED.join(by), order=_order(), top=top, policy=_policy(by, names))


def vocabulary_by_label(passages: Sequence[TaggedPassage], *, top: int = 20) -> Vocabulary | None:
    """Characteristic words of the four labels."""
    return characteristic_words(passages, ("label",), top=top)


def _part(tagged: TaggedPassage, by: Sequence[str]) -> str | None:
    values = [_value(tagged, field) for field in by]
    return None if None in values else JOINED.join(value for value in values if value is not None)


def _value(tagged: TaggedPassage, field: str) -> str | None:
    if field == "label":
        return tagged.tags.label
    if field == "relation":
        return tagged.tags.relation.value if tagged.tags.relation else None
    return field_value(tagged, field)


def _speaker(tagged: TaggedPassage) -> str | None:
    """One name a person: the code of `speakers.csv` anywhere, else the label inside its document."""
    passage = tagged.passage
    if passage.person:
        return f"person {passage.person}"
    return f"{passage.document} / {passage.speaker}" if passage.speaker else None


def _speeches(parted: Sequence[tuple[TaggedPassage, str]]) -> tuple[list[Speech], int]:
    """Counts by part, document and speaker; and the number of distinct proper names left out."""
    capitals = Capitals()
    sizes: Counter[_Place] = Counter()
    counts: dict[_Place, Counter[str]] = {}
    joined: dict[_Place, Counter[tuple[str, tuple[str, ...], int]]] = {}
    for (tagged, part), units in zip(parted, units_of((one.passage.text for one, _ in parted), capitals), strict=True):
        key = (part, tagged.passage.document, _speaker(tagged))
        sizes[key] += units.size
        counts.setdefault(key, Counter()).update(units.keys)
        joined.setdefault(key, Counter()).update(units.expressions)
    totals: Counter[str] = Counter()
    for expressions in joined.values():
        for (name, _, _), n in expressions.items():
            totals[name] += n
    names = capitals.names({word for counter in counts.values() for word in counter})
    speeches = []
    for key, counter in counts.items():
        size = sizes[key]
        for (name, words, length), n in joined[key].items():
            if totals[name] >= MIN_TOTAL:
                counter[name] += n
                size -= n * (length - 1)
                for word in words:
                    counter[word] -= n
        part, document, speaker = key
        shown = {word: n for word, n in counter.items() if n > 0 and word not in names}
        speeches.append(Speech(part, document, speaker, size, shown))
    return speeches, len(names)


def _policy(by: Sequence[str], names: int) -> str:
    """What was counted, in French, for the reader of the tables."""
    among = ", dans les passages mixtes" if "relation" in by else ""
    return (
        f"Comptés{among}{NBSP}: lemmes (table de formes de spaCy, corrigée d’après les mots qui précèdent), sigles, et "
        f"expressions figées («{NBSP}prise en charge{NBSP}»), qui comptent pour un mot à "
        f"la place des leurs. Montrés{NBSP}: "
        f"ceux qui ont {MIN_TOTAL} occurrences au moins dans le corpus, et {MIN_COUNT} au moins dans la partie qu’ils "
        f"caractérisent, hors mots-outils, nombres, marques d’oral et noms propres (reconnus à leur majuscule{NBSP}: "
        f"{integer(names)} en tout). Marges{NBSP}: tous les mots des parties comparées, "
        f"mots-outils compris, comme TXM{NBSP}; "
        f"une partie de moins de {MIN_PART} mots n’est pas comparée. Spécificité{NBSP}: "
        f"Lafon (1980). z{NBSP}: rapport de "
        "cotes pondéré de Monroe, Colaresi et Quinn (2008), de la partie au reste, avec pour a priori (Dirichlet) les "
        "fréquences de tout le corpus, à son poids (α₀ = T)."
    )
