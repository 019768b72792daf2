"""What must be known to read a report, in French sentences: the same on the page, in the workbook and in Markdown.

Names of measures, groups and methods as a reader meets them; what was read; how numbers are made; limits; the model.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from tensions_cli.knowledge.codebook import Logic, codebook
from tensions_cli.output import french
from tensions_cli.output.french import NBSP
from tensions_cli.output.terminal import EXCLUDED_TITLES, ZONE_TITLES
from tensions_cli.records import Group, Role, ZoneKind
from tensions_cli.results import (
    CharacteristicWord,
    Corrections,
    Correspondence,
    FactorPoint,
    Profile,
    Report,
    Vocabulary,
)

DEFAULT_TITLE = "Logiques en tension"
_NUMBERS = ("zéro", "une", "deux", "trois", "quatre", "cinq", "six", "sept", "huit")
# Order and titles of the ways of being characteristic, as the fields of a profile.
SENSES = {"over": "sur-employé", "under": "sous-employé"}

_FIELD_TITLES = {"speaker": "locuteur", "person": "personne", "role": "rôle", "year": "année", "label": "logique"}
_ROLES: Mapping[str, str] = {role.value: french.ROLE_TITLES[role] for role in Role}
MOST_AXES = 3  # named where axes are explained
_REFERENCE = re.compile(r"\s*\(règle \d+\)")  # to a rule, from a case that it explains
_UNITS = {"year": "année", "quarter": "trimestre", "month": "mois"}
_OPTIONS = {
    "by": "groupes demandés",
    "unit": "unité",
    "text_column": "colonne du texte",
    "keep_interviewer": "paroles de l’enquêteur comptées",
    "find_speakers": "locuteurs cherchés",
    "roles_given": "rôles donnés à la main",
    "any_language": "textes en d’autres langues gardés",
    "keep_twins": "textes en double gardés",
    "repair": "encodages réparés",
    "show_dropped": "parties écartées montrées",
    "mask_under": "seuil de masquage",
    "verbatim": "passages cités",
    "all_passages": "passages neutres montrés",
    "period": "période",
    "gold": "codages de référence",
}
# The provenance that our own cards state (corpora/annotated/card.toml); another model says its own, in its own words.
_OWN_PROVENANCE = "composed for this project"

RULES = "Règles de codage"  # a page folds them

Topic = tuple[str, tuple[str, ...]]


def title(report: Report) -> str:
    """The title that was asked for, or ours."""
    return report.title or DEFAULT_TITLE


def measure_title(measure: str) -> str:
    """`mixte`, `tension`, `rationalisation+` as a reader finds them."""
    return french.measure_title(measure)


def in_number(count: int) -> str:
    """« trois », before a feminine noun; figures from nine on."""
    return _NUMBERS[count] if count < len(_NUMBERS) else str(count)


def what_meets() -> str:
    """« les deux logiques », or « des logiques » where there are more of them."""
    return "des logiques" if codebook().by_pair else "les deux logiques"


def pair_title(pair: str) -> str:
    """« marchande et civique » of `marchande+civique`."""
    return " et ".join(codebook().pairs.get(pair, (pair,)))


def pair_letters(pair: str) -> str:
    """« M et C » of `marchande+civique`."""
    book = codebook()
    return " et ".join(book.letters[pole] for pole in book.pairs[pair])


def bare_name(pole: str) -> str:
    """« rationalisation (M) »: a logic and its letter, for a header."""
    return f"{pole} ({codebook().letters[pole]})"


def field_title(field: str) -> str:
    """Name of a grouping field; metadata keep the name that the user gave them."""
    return _FIELD_TITLES.get(field, field)


def role_title(role: str | None) -> str | None:
    """« enquêteur », « enquêté »; None where nobody knows."""
    return _ROLES.get(role, role) if role else None


def value_name(field: str, value: str) -> str:
    """A value of a grouping field: roles in French, the others as the user wrote them."""
    return _ROLES.get(value, value) if field == "role" else value


def group_name(group: Group, chapter: str | None = None) -> str:
    """Values of the grouping fields, crossed with ×; the whole of the chapter by role is that of interviews."""
    whole = "tous les entretiens, questions comprises" if chapter == "role" else "tout le corpus"
    return " × ".join(value_name(field, value) for field, value in group.by.items()) or whole


def under(report: Report) -> str:
    """« < 5 »: what a masked cell shows."""
    return f"<{NBSP}{report.mask_under}"


def group_method(group: Group, report: Report) -> str:
    """How the intervals of a group were made, or why there are none, or that its numbers are held back."""
    if group.masked:
        return f"masqué{NBSP}: {under(report)}" if group.masked == "few" else "masqué, pour qu’un autre le reste"
    return interval_method(group.method)


def interval_method(name: str) -> str:
    """How an interval was made, or why there is none, in a few words."""
    if name.startswith(("none: fewer", "none: gold of")):
        return french.TOO_FEW
    shared = " (documents communs aux deux groupes)" if " shared " in name else ""
    return f"{french.method(name)}{shared}"


def why_uncorrected(reason: str) -> str:
    """Why a group has no corrected share, from the name that the statistics give."""
    if reason == "none: masked":
        return french.MASKED
    return f"trop peu de passages codés (il en faut au moins 30, dans 5 documents){NBSP}: {french.method(reason)}"


def axis_pole(name: str) -> str:
    """« temps M » of `temps:rationalisation`."""
    axis, _, pole = name.partition(":")
    return f"{french.axis_titles().get(axis, axis)} {codebook().letters.get(pole, pole)}".rstrip()


def factor_points(found: Correspondence) -> Iterator[tuple[str, str, FactorPoint]]:
    """What each point stands for, its name, and the point: logics, groups, then supplementary axes."""
    for kind, points in (("logique", found.rows), ("groupe", found.columns)):
        yield from ((kind, point.name, point) for point in points)
    yield from (("axe (supplémentaire)", axis_pole(point.name), point) for point in found.supplementary)


def profile_words(profile: Profile) -> Iterator[tuple[str, CharacteristicWord]]:
    """Words of a part with the way in which they are characteristic, in the order of SENSES."""
    for field, sense in SENSES.items():
        for word in getattr(profile, field):
            yield sense, word


def guide(report: Report) -> tuple[Topic, ...]:
    """Every topic, in reading order."""
    return (*first_topics(report), *last_topics(report))


def first_topics(report: Report) -> tuple[Topic, ...]:
    """What comes before any number. Topics without anything to say are left out, here and below."""
    return _told(
        ("À regarder avant de partager", report.warnings),
        ("Ce qui a été lu", (*_what_was_read(report), *_skipped(report))),
    )


def last_topics(report: Report) -> tuple[Topic, ...]:
    """How to read the numbers, what they are worth, what made them."""
    return _told(
        ("Comment lire", tuple(_reading(report))),
        (RULES, tuple(_rules())),
        ("Intervalles", tuple(_intervals(report))),
        ("Masquage", tuple(_masking(report))),
        ("Autres tableaux", tuple(_other_tables(report))),
        ("Limites", tuple(_limits(report))),
        ("Choix et remarques", tuple(dict.fromkeys((*report.notes, *_notices(report))))),
        ("Modèle", tuple(_model(report))),
        ("Options", tuple(_options(report.documents.manifest["options"]))),
    )


def _told(*topics: Topic) -> tuple[Topic, ...]:
    return tuple((name, lines) for name, lines in topics if lines)


def summary_line(report: Report) -> str:
    """« 12 documents : 323 passages comptés, 9 683 mots. »; no count of what is masked."""
    whole, read = report.documents.groups[0], french.plural(len(report.documents.documents), "document")
    if whole.masked:
        return f"{read}, moins de {report.mask_under} personnes{NBSP}: aucun chiffre n’est donné."
    counted = french.plural(whole.passages, "passage compté", "passages comptés")
    return f"{read}{NBSP}: {counted}, {french.plural(whole.words, 'mot')}."


def model_line(report: Report) -> str:
    """Identity of the model and version of the codebook."""
    manifest = report.documents.manifest
    return f"Modèle {manifest['model']['identity']}, grille de codage {grid(report)}."


def grid(report: Report) -> str:
    """« Le marché et la cité », version 1: the codebook in use."""
    title = french.printable(typeset(codebook().title))
    return f"«{NBSP}{title}{NBSP}», version{NBSP}{report.documents.manifest['codebook']['version']}"


def _what_was_read(report: Report) -> Iterator[str]:
    documents = report.documents.documents
    yield f"{summary_line(report)} {model_line(report)}"
    excluded: Counter[str] = Counter()
    dropped: Counter[ZoneKind] = Counter()
    for document in documents:
        excluded.update(document.excluded)
        dropped.update({part.kind: 0 for part in document.dropped})
        for part in document.dropped:
            dropped[part.kind] += part.words
    if excluded:
        told = [f"{french.integer(n)} {EXCLUDED_TITLES.get(reason, reason)}" for reason, n in sorted(excluded.items())]
        yield f"Passages lus mais non comptés{NBSP}: {', '.join(told)}."
    if words := [f"{ZONE_TITLES[kind]} {french.integer(dropped[kind])}" for kind in ZoneKind if dropped[kind]]:
        yield f"Mots laissés hors du texte{NBSP}: {', '.join(words)}."
    if silent := [document.id for document in documents if not document.counted]:
        yield f"Documents sans passage compté{NBSP}: {', '.join(silent)}."


def _reading(report: Report) -> Iterator[str]:
    book = codebook()
    for logic in book.logics:
        yield f"{logic.name} ({logic.letter}){NBSP}: {_gloss(logic)}."
    several = "au moins deux logiques" if book.by_pair else "les deux logiques"
    yield f"mixte{NBSP}: le passage porte {several}{NBSP}; neutre{NBSP}: il n’en porte aucune."
    yield (
        f"relation d’un passage mixte{NBSP}: opposition, articulation ou juxtaposition. Une tension est un passage "
        "mixte en opposition."
    )
    if book.by_pair:
        yield (
            f"relations par paire{NBSP}: chaque paire de logiques d’un passage a la sienne. La relation du passage est "
            "la plus forte, dans l’ordre opposition, articulation, juxtaposition."
        )
    yield (
        f"part{NBSP}: passages d’une logique sur tous les passages comptés. Une part en mots pèse chaque passage par "
        f"sa longueur. Un passage est incertain quand l’un de ses {'' if book.by_pair else 'deux '}scores est près de "
        "son seuil\u00a0; il compte, et les parts sans les incertains sont données à côté."
    )
    if not book.by_pair:
        first, second = book.letters.values()
        yield (
            f"balance{NBSP}: de −1 ({first} seule) à +1 ({second} seule), sur vingt passages porteurs au moins. Un "
            "passage mixte compte des deux côtés."
        )
    if report.documents.groups[0].stance is not None:
        yield (
            f"posture{NBSP}: qui parle prend-il la logique à son compte{NBSP}? Parts sur les passages qui la portent, "
            "vingt au moins, à titre indicatif."
        )
    if titles := [*book.axis_titles.values()]:
        some = ", ".join(titles[:MOST_AXES]) + ("…" if len(titles) > MOST_AXES else "")
        yield f"axes{NBSP}: sur quoi portent les logiques ({some})\u00a0; à titre indicatif."


def _gloss(logic: Logic) -> str:
    """The question that the codebook asks, and what answers it, as one typographically correct sentence."""
    question = logic.question.rstrip().removesuffix(":").rstrip() or logic.title or logic.name
    cases = f"{NBSP}; ".join(
        re.sub("\\s*;\\s*", ", ", _REFERENCE.sub("", case).strip().rstrip(".;")) for case in logic.cases
    )
    return typeset(f"{question[0].lower()}{question[1:]}{f'{NBSP}: {cases}' if cases else ''}")


def _rules() -> Iterator[str]:
    """Titles alone: the rules of a codebook, with their cases, may be as long as the report."""
    if rules := codebook().rules:
        told = f"{NBSP}; ".join(typeset(f"({rule.number}) {rule.title.rstrip('.')}") for rule in rules)
        yield f"{told}. La grille de codage en donne le texte."


def typeset(text: str) -> str:
    """A sentence of a codebook on one line, with the apostrophes and the no-break spaces of French print."""
    line = re.sub(r"[ \t\r\n]+", " ", text.replace("'", "’")).strip()
    return re.sub(r"« ?(?=[^\u00a0])", f"«{NBSP}", re.sub(r" (?=[:;?!»%])", NBSP, line))


def _intervals(report: Report) -> Iterator[str]:
    groups = [*report.documents.groups, *(group for groups in report.fields.values() for group in groups)]
    methods = dict.fromkeys(french.method(group.method) for group in groups if not group.method.startswith("none"))
    yield (
        f"Intervalle à 95{NBSP}%, de «{NBSP}bas{NBSP}» à «{NBSP}haut{NBSP}»{NBSP}: sur cent études faites de la même "
        "façon avec d’autres documents du même genre, quatre-vingt-quinze donneraient un intervalle qui contient la "
        "vraie part. Le hasard pris en compte est celui des documents (des personnes quand il n’y a qu’un document), "
        "jamais celui des passages, qui se ressemblent trop à l’intérieur d’un texte."
    )
    yield f"Méthode{NBSP}: {' ou '.join(methods) or 'aucun intervalle n’était possible ici'}."
    yield (
        f"«{NBSP}trop peu{NBSP}»{NBSP}: moins de cinq documents (ou personnes d’un seul document), un intervalle "
        "n’aurait pas de sens. Une part de 0 ou de 100\u00a0% n’a pas d’intervalle non plus."
    )
    yield "L’intervalle dit le hasard des documents, pas les erreurs du modèle, qui s’y ajoutent."


def _masking(report: Report) -> Iterator[str]:
    if report.mask_under:
        yield (
            f"Un groupe de moins de {report.mask_under} personnes (locuteurs, ou documents sans locuteur) garde sa "
            f"ligne avec «{NBSP}{under(report)}{NBSP}» et aucun chiffre, pour que personne n’y soit reconnu. Un autre "
            "peut l’être avec lui\u00a0: sans cela, une soustraction donnerait le premier."
        )
    else:
        yield f"Aucun groupe n’est masqué{NBSP}: relisez les petits groupes avant de partager."
    if not report.verbatim:
        yield "Aucun passage n’est cité et aucune personne n’est nommée."


def _other_tables(report: Report) -> Iterator[str]:
    if report.comparisons:
        yield (
            f"écart{NBSP}: le groupe moins celui auquel il est comparé, en points, avec son intervalle à 95{NBSP}%. "
            f"h de Cohen{NBSP}: taille de l’écart (0,2 petit, 0,5 moyen, 0,8 grand). p ajusté{NBSP}: corrigé par la "
            "méthode de Holm pour tous les écarts d’un même champ."
        )
    for field, comparison in report.comparisons.items():
        if comparison.shared_documents:
            shared = french.plural(comparison.shared_documents, "document a", "documents ont")
            yield f"{field_title(field)}{NBSP}: {shared} des passages dans plusieurs groupes, on en tient compte."
    if report.trend is not None:
        undated = french.plural(report.trend.undated, "document sans date lisible", "documents sans date lisible")
        yield (
            f"temps{NBSP}: une ligne par {_UNITS.get(report.trend.unit, report.trend.unit)}. La part lissée tient "
            f"compte des périodes voisines, son intervalle est le sien. Hors du calcul{NBSP}: {undated}."
        )
    if report.vocabulary is not None:
        yield (
            f"mots{NBSP}: f occurrences dans la partie, F dans les parties comparées, «{NBSP}attendu{NBSP}» si le mot "
            "était réparti au hasard. Spécificité (Lafon, 1980)\u00a0: à +3, une chance sur mille d’en trouver autant "
            "ou plus par hasard\u00a0; à −3, autant ou moins. z\u00a0: log-cotes pondérées (Monroe, Colaresi et Quinn, "
            "2008), notable au-delà de 1,96. Part du premier\u00a0: part des occurrences dans le document qui en a le "
            "plus. "
        ) + report.vocabulary.policy
        yield from _words_left_out(report.vocabulary)
    for found in report.factors:
        shares = ", ".join(f"facteur {rank} {french.percent(share)}" for rank, share in enumerate(found.shares, 1))
        yield (
            f"analyse des correspondances, logiques × {field_title(found.variable)}{NBSP}: "
            f"{french.plural(found.passages, 'passage')}, χ²{NBSP}={NBSP}{_decimal(found.chi2, 1)}, inertie{NBSP}: "
            f"{shares}. N’interprétez pas un point dont le cos² est faible."
            + (f" Trop peu de passages pour être placés{NBSP}: {', '.join(found.left_out)}." if found.left_out else "")
        )
    if report.axis_pairs:
        yield (
            f"axes ensemble{NBSP}: parmi les passages qui ont un axe au moins. «{NBSP}attendu{NBSP}», passages communs "
            f"si les deux axes étaient indépendants{NBSP}; «{NBSP}rapport{NBSP}», observés sur attendus, à partir de "
            "cinq attendus."
        )
    if report.documents.cuttings:
        yield f"longueur des passages{NBSP}: {french.SENSITIVITY_LEGEND}"
    if report.corrections is not None and report.corrections.groups:
        yield from _corrections(report.corrections)


def _words_left_out(found: Vocabulary) -> Iterator[str]:
    if found.threshold is not None:
        yield (
            f"mots{NBSP}: parmi {french.integer(found.tests)} couples d’un mot et d’une partie, ceux dont la "
            f"spécificité passe ±{_decimal(found.threshold)} ont au plus 5{NBSP}% de fausses alertes (Benjamini et "
            "Hochberg, 1995)."
        )
    if lone := sum(len(profile.lone) for profile in found.profiles):
        words = french.plural(lone, "mot caractéristique n’est porté", "mots caractéristiques ne sont portés")
        yield f"mots{NBSP}: {words} que par un document ou une personne\u00a0; non montrés, ils pourraient identifier."
    if found.left_out:
        yield f"mots{NBSP}: parties de trop peu de mots pour avoir les leurs, {', '.join(found.left_out)}."


def _corrections(found: Corrections) -> Iterator[str]:
    yield f"parts corrigées{NBSP}: {french.correction_legend(found)}"
    yield from french.uncorrected(found)
    if found.unmatched:
        lost = french.plural(found.unmatched, "ligne du gold n’a pas été retrouvée", "lignes n’ont pas été retrouvées")
        yield f"parts corrigées{NBSP}: {lost} dans le corpus."
    yield from found.notices


def _limits(report: Report) -> Iterator[str]:
    measured = {name: french.percent(share) for name, share in report.documents.manifest["model"]["tension"].items()}
    yield "Les scores décrivent des passages, jamais des personnes\u00a0: ils ne classent ni n’évaluent personne."
    yield "Un texte dit ce que l’on dit, pas ce que l’on fait\u00a0: le discours n’est pas la pratique."
    yield (
        "Comparez à genre égal\u00a0: un entretien, un projet d’établissement et un article ne parlent pas de la même "
        "manière, et l’écart entre eux peut n’être que celui-là."
    )
    yield "Une logique qui a gagné se tait parfois\u00a0: ce qui va de soi ne se dit plus."
    if not report.documents.cuttings:
        yield "Les parts dépendent de la longueur des passages\u00a0: tensions analyse --sensitivity montre de combien."
    if measured.get("precision") and measured.get("recall"):
        yield (
            "La relation est le code le moins sûr\u00a0: sur des textes jamais vus, "
            f"{measured['precision']} des tensions annoncées en sont, {measured['recall']} sont trouvées. Lisez les "
            "passages avant de conclure."
        )


def _notices(report: Report) -> Iterator[str]:
    yield from report.documents.notices
    for comparison in report.comparisons.values():
        yield from (notice for notice in comparison.notices if notice not in report.documents.notices)


def _model(report: Report) -> Iterator[str]:
    manifest = report.documents.manifest
    yield (
        f"{manifest['model']['identity']}, tensions {manifest['tool']['version']}, grille de codage version "
        f"{manifest['codebook']['version']}, analyse du français {manifest['language_model']}."
    )
    figures = report.figures.get("evaluation", report.figures)
    if "macro_f1" in figures and "macro_f1_interval" in figures:
        low, high = figures["macro_f1_interval"]
        yield (
            f"Sur {french.plural(figures['passages'], 'passage')} de {french.plural(figures['documents'], 'document')} "
            f"jamais vus{NBSP}: macro-F1 {_decimal(figures['macro_f1'])} [{_decimal(low)}–{_decimal(high)}] sur les "
            f"{in_number(len(codebook().labels))} étiquettes. Ces textes ressemblent à ceux de l’entraînement\u00a0: "
            "attendez moins des vôtres, et mesurez-le (tensions model evaluate)."
        )
    yield provenance(report.card)
    hashes = (("modèle", "model"), ("grille", "codebook"), ("lexique", "lexicon"))
    told = ", ".join(f"{name} {manifest[key]['sha256']}" for name, key in hashes)
    yield f"Empreintes (SHA-256){NBSP}: {told}."


def provenance(card: str) -> str:
    """What the training texts are, from the model's card: ours in French, another's in its own words."""
    _, found, rest = card.partition("**Provenance:**")
    told = " ".join(rest.partition("\n\n")[0].split())
    if not found or not told:
        return "La fiche du modèle ne dit pas d’où viennent ses textes d’entraînement."
    if _OWN_PROVENANCE in told:
        return (
            "Les textes d’entraînement ont été composés pour le projet, écrits et codés avec des modèles de langue"
            "\u00a0; aucun n’a été codé par une personne à ce jour. Les accords mesurés sont donc ceux de machines."
        )
    return f"Textes d’entraînement, d’après la fiche du modèle{NBSP}: {told}"


def _options(options: Mapping[str, Any]) -> Iterator[str]:
    for name, value in options.items():
        yield f"{_OPTIONS.get(name, name)}{NBSP}: {_option(value)}"


def _option(value: Any) -> str:
    if isinstance(value, bool):
        return "oui" if value else "non"
    if value is None or value in ([], (), ""):
        return "–"
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def _skipped(report: Report) -> Iterator[str]:
    for item in report.documents.skipped:
        what = "Non lu" if item.failed else "Laissé de côté"
        yield f"{what}{NBSP}: {item.source}, {item.detail}."


def _decimal(number: float, places: int = 2) -> str:
    return f"{number:.{places}f}".replace(".", ",")
