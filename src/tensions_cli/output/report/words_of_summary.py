"""The summary of a report in words: made from its numbers, and never more precise or more sure than they are.

A share comes with its interval; a difference is told only where Holm's correction lets it stand; too few passages or
documents are said to be too few. What the relation is worth, and that talk is not practice, is said every time.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from tensions_cli.knowledge.codebook import codebook
from tensions_cli.output import french
from tensions_cli.output.french import NBSP
from tensions_cli.output.report.guide import field_title, in_number, interval_method, role_title, what_meets
from tensions_cli.records import MIN_BEARING, MIXTE, NEUTRE, Group, Interval, Relation
from tensions_cli.results import Comparison, Corrections, Difference, Estimate, Report, Trend

LEVEL = 0.05
MOST_DIFFERENCES = 3  # told in words; the figure and its table have them all
MOST_WORDS = 6
MOST_TIES = 3
# By the number of slopes looked at (labels and tensions), from a 95 % interval to the one that Bonferroni asks: Student
# at five degrees of freedom, 4.03 / 2.57 for five slopes; with more degrees, a little too wide.
WIDER = {5: 1.57, 6: 1.64, 7: 1.71, 8: 1.76, 9: 1.82}
NEVER = float("inf")  # no word stands out of this many tests


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence of the summary, or a few. `caution`: it tempers the others, and is set apart."""

    text: str
    caution: bool = False


def summary_in_words(report: Report) -> tuple[Sentence, ...]:
    """The sentences, in the order of the report."""
    whole = report.documents.groups[0]
    if whole.masked:
        return (Sentence(_hidden(report)), Sentence(_practice(0, 0), caution=True))
    told = [
        *_shares(whole),
        *_tensions(whole),
        *_pairs(whole),
        *_axes(whole),
        *_meetings(report.meetings),
        *(
            sentence
            for field, found in report.comparisons.items()
            if field != "role"  # that a question bears no logic is no finding
            for sentence in _differences(field, found)
        ),
        *_trend(report.trend),
        *_words(report),
        *_corrected(report.corrections),
    ]
    cautions = (*_doubt(report), _practice(whole.human, whole.passages))
    return (*map(Sentence, told), *(Sentence(text, caution=True) for text in cautions))


PRACTICE = (
    "Elles décrivent des passages, jamais des personnes\u00a0; le discours n’est pas la pratique\u00a0: on peut dire "
    "une logique sans la suivre, et une logique qui va de soi peut ne plus se dire."
)


def _practice(human: int, passages: int) -> str:
    """Who labelled, and what labels are of."""
    who = "Ces étiquettes sont proposées par une machine."
    if human:
        carry = "passages portent" if human > 1 else "passage porte"
        who = (
            f"{french.integer(human)} {carry} le code d’une personne, qui l’emporte\u00a0; les autres étiquettes, sur "
            f"{french.integer(passages)}, sont proposées par une machine."
        )
    return f"{who} {PRACTICE}"


def _hidden(report: Report) -> str:
    return (
        f"Le corpus repose sur moins de {report.mask_under} personnes\u00a0: aucun chiffre n’est donné "
        f"(--mask-under en décide)."
    )


def _shares(whole: Group) -> Iterator[str]:
    shares = whole.shares
    if whole.passages < MIN_BEARING:
        yield (
            f"Le corpus n’a que {french.plural(whole.passages, 'passage compté', 'passages comptés')}\u00a0: trop peu "
            "pour des parts. Lisez les passages."
        )
        return
    book = codebook()
    alone = (
        f"{_share(whole, pole)} {'' if rank else 'ne portent '}que {book.said[pole]}"
        for rank, pole in enumerate(book.poles)
    )
    mixed, neutral = _share(whole, MIXTE), french.percent(shares[NEUTRE])
    rest = (
        f"{mixed} en portent plusieurs à la fois, et {neutral} n’en portent aucune."
        if book.by_pair
        else f"{mixed} portent les deux logiques à la fois, et {neutral} ni l’une ni l’autre."
    )
    counted = french.plural(whole.passages, "passage compté", "passages comptés")
    yield f"Sur {counted}, {', '.join(alone)}, {rest}"
    yield _leader(whole)


def _leader(whole: Group) -> str:
    """Which logic leads, where its interval is apart from all the others; otherwise that one cannot say."""
    book = codebook()
    number = in_number(len(book.poles))
    intervals = {pole: found for pole in book.poles if (found := whole.intervals.get(pole)) is not None}
    if len(intervals) < len(book.poles):
        return (
            f"Il y a trop peu de documents pour dire si l’une des {number} logiques l’emporte\u00a0: ces parts "
            "décrivent ces textes, et eux seuls."
        )
    leader = max(intervals, key=lambda pole: intervals[pole].low)
    if all(intervals[leader].low > other.high for pole, other in intervals.items() if pole != leader):
        why = "son intervalle est séparé de tous les autres" if book.by_pair else "les deux intervalles sont séparés"
        return f"Des {number} logiques prises seules, la plus présente est {book.said[leader]}\u00a0: {why}."
    which = "laquelle l’emporte" if book.by_pair else "laquelle des deux logiques l’emporte"
    what = "Les intervalles des logiques les plus présentes" if book.by_pair else "Les deux intervalles"
    return f"{what} se recouvrent\u00a0: sans être un test, cela suffit à ne pas dire {which}."


def _tensions(whole: Group) -> Iterator[str]:
    mixed = sum(whole.relations.values())
    if whole.passages < MIN_BEARING or not mixed:
        return
    base = french.plural(mixed, "passage mixte", "passages mixtes")
    if mixed < MIN_BEARING:
        meet = "Plusieurs logiques ne sont ensemble" if codebook().by_pair else "Les deux logiques ne se rencontrent"
        yield f"{meet} que dans {base}\u00a0: trop peu pour dire comment."
        return
    how = ", ".join(
        f"{french.integer(n)} en {relation.value}" for relation in Relation if (n := whole.relations.get(relation, 0))
    )
    if not whole.relations.get(Relation.OPPOSITION, 0):
        yield f"Des {base}, aucun n’est en opposition d’après le modèle ({how})."
        return
    share = f"{french.percent(whole.tension_share)}{_reach(whole.intervals.get('tension'))}"
    yield f"Des {base}, {how}, d’après le modèle. Les tensions (mixte en opposition) font {share} des passages comptés."


def _pairs(whole: Group) -> Iterator[str]:
    """Between which logics most oppositions are, then most articulations; a passage counts in each of its pairs."""
    book, told = codebook(), []
    for relation in (Relation.OPPOSITION, Relation.ARTICULATION):
        counts = {pair: of.get(relation, 0) for pair, of in whole.pairs.items()}
        n, most = sum(counts.values()), max(counts.values(), default=0)
        if n < MIN_BEARING:
            continue
        first = [book.pairs[pair] for pair, count in counts.items() if count == most]
        between = _listed([f"entre {book.said[one]} et {book.said[other]}" for one, other in first])
        each = f"{french.integer(most)}{' chacune' if len(first) > 1 else ''}"
        told.append(f"des {french.integer(n)} {relation.value}s, le plus grand nombre est {between} ({each})")
    if told:
        yield f"Si l’on compte chaque paire de logiques d’un passage, {f'{NBSP}; '.join(told)}."


def _axes(whole: Group) -> Iterator[str]:
    """The two axes on which each logic bears most, with their passages, where there are enough of them."""
    for pole, name in codebook().said.items():
        counts = sorted(((-n, axis) for axis, poles in whole.axes.items() if (n := poles.get(pole, 0))))
        bearing = sum(-n for n, _ in counts)
        if bearing < MIN_BEARING:
            continue
        first = [(n, axis) for n, axis in counts if n <= counts[min(1, len(counts) - 1)][0]]
        passages = _listed([f"{_axis(axis)} ({french.integer(-n)})" for n, axis in first])
        yield f"{name[0].upper()}{name[1:]} se dit le plus souvent à propos de {passages}, en nombre de passages."


def _listed(names: Sequence[str]) -> str:
    """« a, b et c »; of more, that there are others."""
    if len(names) > MOST_TIES:
        return f"{', '.join(names[:MOST_TIES])} et d’autres"
    return " et ".join(part for part in (", ".join(names[:-1]), names[-1]) if part)


def _axis(axis: str) -> str:
    return f"«{NBSP}{french.axis_titles().get(axis, axis)}{NBSP}»"


def _meetings(meetings: Mapping[Relation, Mapping[str, int]]) -> Iterator[str]:
    told = []
    for relation, words in ((Relation.OPPOSITION, "s’opposent"), (Relation.ARTICULATION, "s’articulent")):
        counts = sorted((-n, axis) for axis, n in meetings.get(relation, {}).items() if n)
        if sum(-n for n, _ in counts) >= MIN_BEARING:
            n = counts[0][0]
            tied = [_axis(axis) for count, axis in counts if count == n]
            each = f"{french.plural(-n, 'passage')}{' chacun' if len(tied) > 1 else ''}"
            told.append(f"elles {words} le plus souvent sur {_listed(tied)} ({each})")
    if told:
        yield f"Là où {what_meets()} se rencontrent, {', '.join(told)}. Les axes sont donnés à titre indicatif."


def _differences(field: str, found: Comparison) -> Iterator[str]:
    about = f"Selon «{NBSP}{french.printable(field_title(field))}{NBSP}»"
    tested = [one for one in found.differences if one.p_adjusted is not None]
    if not tested:
        yield f"{about}, il y a trop peu de documents par groupe pour comparer\u00a0: aucun écart n’est affirmé."
        return
    sure = sorted(
        (one for one in tested if one.p_adjusted is not None and one.p_adjusted < LEVEL),
        key=lambda one: (one.p_adjusted or 0.0, -abs(one.difference.value or 0.0), one.measure, one.first, one.second),
    )
    if not sure:
        many = f"aucun des {french.integer(len(tested))} écarts examinés ne se distingue"
        none = many if len(tested) > 1 else "le seul écart examiné ne se distingue pas"
        yield f"{about}, {none} du hasard du choix des textes."
        return
    told = f"{NBSP}; ".join(_difference(field, one) for one in sure[:MOST_DIFFERENCES])
    yield f"{about}, {told}."
    if len(sure) > MOST_DIFFERENCES or len(tested) > len(sure):
        stand = f"{french.integer(len(sure))} des {french.integer(len(tested))} écarts examinés"
        yield f"En tout, {stand} {'résistent' if len(sure) > 1 else 'résiste'} à la correction de Holm."


def _difference(field: str, one: Difference) -> str:
    """« la part des tensions est plus élevée dans « entretien » que dans « presse » (9 points, [3 ; 15]) »."""
    value, interval = one.difference.value or 0.0, one.difference.interval
    ends = sorted(abs(100 * end) for end in (interval.low, interval.high)) if interval else []
    reach = f", entre {ends[0]:.0f} et {ends[1]:.0f}" if ends else ""
    measure = _measure(one.measure)
    how = f"({_points(abs(value))}{reach})"
    if one.is_against_others:
        compared = "plus élevée" if value > 0 else "plus basse"
        return f"{measure} est {compared} dans {_value(field, one.second)} que dans les autres groupes {how}"
    high, low = (one.second, one.first) if value > 0 else (one.first, one.second)
    return f"{measure} est plus élevée dans {_value(field, high)} que dans {_value(field, low)} {how}"


def _measure(name: str) -> str:
    """« la part des tensions », « la part des passages qui ne portent que la logique professionnelle »."""
    book = codebook()
    if name == NEUTRE:
        return f"la part des passages sans aucune {'logique' if book.by_pair else 'des deux logiques'}"
    if name in book.said:
        return f"la part des passages qui ne portent que {book.said[name]}"
    if (pole := name.removesuffix("+")) in book.said:
        return f"la part des passages qui portent {book.said[pole]}"
    return {MIXTE: "la part des passages mixtes", "tension": "la part des tensions"}.get(name, name)


def _value(field: str, value: str) -> str:
    return f"«{NBSP}{french.printable(value_name(field, value))}{NBSP}»"


def value_name(field: str, value: str) -> str:
    """A value of a grouping field as a reader meets it."""
    return (role_title(value) or value) if field == "role" else value


def _points(share: float) -> str:
    points = round(100 * share)
    return french.plural(points, "point") if points else "moins d’un point"


def _trend(trend: Trend | None) -> Iterator[str]:
    if trend is None or not trend.slopes:
        return
    moves = [
        f"{_measure(measure)} {'augmente' if (slope.value or 0.0) > 0 else 'diminue'}"
        for measure, slope in trend.slopes.items()
        if _is_apart_from_zero(slope)
    ]
    if moves:
        yield f"Dans le temps, {', '.join(moves)}. D’autres textes à chaque période donneraient une autre pente."
    elif any(slope.interval is not None for slope in trend.slopes.values()):
        yield "Dans le temps, aucune évolution ne se distingue du hasard du choix des textes."
    else:
        yield f"Dans le temps, il y a {french.TOO_FEW} de documents pour parler d’évolution."


def _is_apart_from_zero(slope: Estimate) -> bool:
    """The slope stands among those of labels and tensions: the interval, as wide as Bonferroni asks, has no zero."""
    if slope.value is None or slope.interval is None:
        return False
    below, above = slope.value - slope.interval.low, slope.interval.high - slope.value
    wider = WIDER[len(codebook().measures)]
    return slope.value - wider * below > 0 or slope.value + wider * above < 0


def _words(report: Report) -> Iterator[str]:
    found = report.vocabulary
    if found is None:
        return
    for profile in found.profiles:
        said = codebook().said.get(profile.part)
        words = [word.word for word in profile.over if word.specificity >= (found.threshold or NEVER)]
        if said and len(words) >= 3:
            listed = ", ".join(f"«{NBSP}{french.printable(word)}{NBSP}»" for word in words[:MOST_WORDS])
            yield f"Les mots qui distinguent le plus les passages qui ne portent que {said}\u00a0: {listed}."


def _corrected(found: Corrections | None) -> Iterator[str]:
    whole = next((group for group in found.groups if not group.by), None) if found else None
    tension = next((one for one in whole.shares if one.measure == "tension"), None) if whole else None
    if found is None or tension is None:
        return
    estimate = tension.prediction_powered
    if estimate.value is None or estimate.interval is None:
        yield "Vos codages sont trop peu nombreux pour corriger la part des tensions."
        return
    yield (
        f"Corrigée des erreurs du modèle d’après {french.plural(found.matched, 'passage codé', 'passages codés')} par "
        f"vous, la part des tensions est de {french.percent(estimate.value)}{_reach(estimate.interval)} au lieu de "
        f"{french.percent(tension.raw.value)}."
    )


def _doubt(report: Report) -> Iterator[str]:
    whole = report.documents.groups[0]
    measured = report.documents.manifest["model"]["tension"]
    if measured.get("precision") and measured.get("recall"):
        right, found = french.percent(measured["precision"]), french.percent(measured["recall"])
        yield (
            f"La relation est le code le moins sûr\u00a0: sur des textes jamais vus, {right} des tensions annoncées en "
            f"sont, et {found} des tensions réelles sont trouvées. Les intervalles disent le hasard du choix des "
            "textes, pas ces erreurs\u00a0: relisez les passages avant d’en citer un ou de comparer des groupes."
        )
    doubtful = whole.passages - whole.certain
    if doubtful:
        told = french.plural(doubtful, "passage compté est incertain", "passages comptés sont incertains")
        scores = "des scores" if codebook().by_pair else "des deux scores"
        yield f"{told}\u00a0: l’un {scores} y est proche de son seuil."


def _share(group: Group, label: str) -> str:
    return f"{french.percent(group.shares[label])}{_reach(group.intervals.get(label))}"


def _reach(interval: Interval | None) -> str:
    """« (entre 9 et 16) »; nothing where no interval was made."""
    if interval is None:
        return ""
    return f" (entre {100 * interval.low:.0f} et {100 * interval.high:.0f})"


def methods_of(groups: Sequence[Group]) -> str:
    """How the intervals of some groups were made, in words; « aucun » when none was."""
    found = dict.fromkeys(interval_method(group.method) for group in groups if not group.method.startswith("none"))
    return " ou ".join(found) or "aucun ici"
