"""The paragraph of a methods section that an evaluation allows, in French and in English, its numbers filled in.

It says nothing that the figures do not know: who coded, how passages were drawn, whether the model had learnt them.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from tensions_cli.output import french
from tensions_cli.output.french import NBSP

Json = Mapping[str, Any]
LANGUAGES = ("fr", "en", "both")
AUTHORS = "the tensions maintainers"  # as in CITATION.cff

# Where the shipped coded passages come from (corpora/annotated/card.toml), as a reader must know it.
_COMPOSED = {
    "fr": "composés et codés avec des modèles de langue, sans codage par des personnes",
    "en": "composed and coded with language models, without any coding by people",
}


def methods_paragraphs(figures: Json, language: str) -> list[str]:
    """The paragraph in French (`fr`), in English (`en`), or both, of an evaluation (evaluation.schema.json)."""
    chosen = ("fr", "en") if language == "both" else (language,)
    return [_WRITERS[one](figures) for one in chosen]


def _paragraph(sentences: Sequence[str]) -> str:
    return " ".join(sentence for sentence in sentences if sentence)


# --- French -------------------------------------------------------------------------------------------


def _in_french(figures: Json) -> str:
    manifest, labels = figures["manifest"], figures["labels"]
    model, book, agreement = manifest["model"], manifest["codebook"], labels["agreement"]
    passages = french.plural(figures["passages"], "passage")
    order = list(labels["classes"])
    f1 = ", ".join(
        f"{name} {number_fr(rates['f1'])} (n{NBSP}={NBSP}{_count(rates['support'])})" for name, rates in _met(labels)
    )
    return _paragraph(
        [
            f"Le modèle {model['identity']} du logiciel tensions (version {manifest['tool']['version']}) a été évalué "
            f"sur {passages} de {french.plural(figures['documents'], 'document')}{_drawn_fr(figures)}. "
            f"{_coded_fr(figures)} avec la grille «{NBSP}{french.printable(book['title'])}{NBSP}», version "
            f"{book['version']}.",
            _learnt_fr(model["training"]),
            _seen_fr(figures["seen_in_training"], figures["passages"]),
            f"Sur l’étiquette ({len(order)} classes{NBSP}: {', '.join(order)}), le macro-F1 est de "
            f"{number_fr(labels['macro_f1'])}, l’accord de {share_fr(agreement['agreement'])}, le κ de Cohen (1960) de "
            f"{number_fr(agreement['kappa'])} et l’α nominal de Krippendorff (2018) de "
            f"{number_fr(agreement['alpha'])}.",
            f"F1 par classe{NBSP}: {f1}.",
            _tension_fr(figures["tension"]),
            in_brackets_fr(figures["intervals"]),
            _weights_fr(figures["coding"]),
            f"Logiciel{NBSP}: {AUTHORS}, tensions, version {manifest['tool']['version']}, licence MIT.",
        ]
    )


def _drawn_fr(figures: Json) -> str:
    drawn, passages = figures["coding"]["at_random"], figures["passages"]
    if drawn == passages:
        return f", {'tirés' if drawn > 1 else 'tiré'} au hasard dans le corpus"
    if drawn:
        return f", dont {_count(drawn)} tirés au hasard{NBSP}; la façon dont les autres ont été choisis n’est pas dite"
    return f"{NBSP}; la façon dont les passages ont été choisis n’est pas dite"


def _coded_fr(figures: Json) -> str:
    coding, one = figures["coding"], figures["passages"] == 1
    coders, by = coding["coders"], coding["coded_by"]
    subject = "Il a été codé" if one else "Ils ont été codés"
    if found := coding["adjudicated"]:
        told = (
            (found["agreed"], "ont été codés de la même façon par plusieurs personnes"),
            (found["settled"], "arrêtés après arbitrage entre elles"),
            (found["alone"], "codés par une seule"),
        )
        *firsts, last = (f"{_count(n)} {what}" for n, what in told if n)
        return f"{', '.join(firsts)} et {last}," if firsts else f"{last},"
    if by == "people" and coders:
        who = "une personne" if coders == 1 else f"{french.integer(coders)} personnes"
        return f"{subject} par {who}"
    if by == "model":
        return f"{subject} par une machine, non par des personnes,"
    if by == "told":
        return f"{subject} comme l’indique la fiche qui les accompagne (card.toml),"
    return f"{subject}, par qui n’est pas consigné,"


def _learnt_fr(training: Json | None) -> str:
    if training is None:
        return "Ce que ce modèle a appris n’est pas consigné."
    added, coded = training["added"], _CODED_FR.get(training["coded_by"], "sans que l’on sache qui les a codés")
    base = french.plural(training["passages"] - added, "passage")
    if not training["composed"]:
        return f"Ce modèle a été entraîné sur {base}, {coded}."
    learnt = f"Ce modèle a été entraîné sur {base} ({_COMPOSED['fr']})"
    if not added:
        return f"{learnt}."
    who = _CODED_FR.get(training["added_coded_by"], _CODED_FR["told"])
    return f"{learnt} et sur {french.plural(added, 'passage ajouté', 'passages ajoutés')}, {who}."


# Who coded one's own passages; what a machine coded was not, for that, written by one.
_CODED_FR = {
    "people": "codés par des personnes",
    "model": "codés par une machine, non par des personnes",
    "told": "dont sa fiche dit la provenance",
}


def _seen_fr(seen: int | None, passages: int) -> str:
    if seen is None:
        return "On ne sait pas s’il avait appris certains de ces passages."
    if not seen:
        return "Il n’avait appris aucun des passages évalués."
    told = (
        "tous les passages évalués" if seen == passages else f"{_count(seen)} des {_count(passages)} passages évalués"
    )
    if seen <= french.FEW_LEARNT * passages:
        return f"Il avait appris {told}."
    return f"Il avait appris {told}{NBSP}: ces chiffres sont optimistes et ne valent pas pour d’autres textes."


def _tension_fr(tension: Json) -> str:
    support = tension["support"]
    if not support:
        return "Aucune tension (passage mixte en opposition) n’est codée\u00a0: leur repérage n’est pas mesuré."
    told = f"Pour les tensions (passages mixtes en opposition, n{NBSP}={NBSP}{_count(support)})"
    if not tension["said"]:
        return f"{told}, le modèle n’en dit aucune."
    return (
        f"{told}, la précision est de {number_fr(tension['precision'])}, le rappel de {number_fr(tension['recall'])} "
        f"et le F1 de {number_fr(tension['f1'])}."
    )


def in_brackets_fr(method: str) -> str:
    """How intervals were made (`intervals` of the JSON), or why there are none."""
    if method.startswith("none"):
        return (
            "Avec moins de cinq documents, aucun intervalle de confiance n’est donné\u00a0: ces chiffres décrivent ces "
            "textes et ne se généralisent pas."
        )
    replicates = _count(int(method.split("-")[1]))
    return (
        f"Entre crochets, intervalles à 95{NBSP}% par rééchantillonnage des documents ({replicates} tirages, "
        f"percentiles)."
    )


def _weights_fr(coding: Json) -> str:
    return _UNEQUAL_FR if coding["unequal_weights"] else ""


_UNEQUAL_FR = (
    "Les chiffres ne sont pas pondérés, alors que les passages n’avaient pas tous la même chance d’être tirés."
)


def number_fr(figure: Json) -> str:
    """A figure and its interval: « 0,73 [0,70 ; 0,75] »."""
    if figure["value"] is None:
        return "non défini"
    bounds = figure["interval"]
    told = _deux(figure["value"])
    return f"{told} [{_deux(bounds[0])}{NBSP}; {_deux(bounds[1])}]" if bounds else told


def _deux(number: float) -> str:
    return _two(number).replace(".", ",")


def share_fr(figure: Json) -> str:
    """A share and its interval: « 79 % [71 ; 87] »."""
    if figure["value"] is None:
        return "non défini"
    bounds = figure["interval"]
    told = french.percent(figure["value"])
    return f"{told} [{100 * bounds[0]:.0f}{NBSP}; {100 * bounds[1]:.0f}]" if bounds else told


def _count(number: int) -> str:
    return french.integer(number)


def _met(labels: Json) -> list[tuple[str, Json]]:
    """Classes that the gold or the model names."""
    return [(name, rates) for name, rates in labels["classes"].items() if rates["support"] or rates["said"]]


# --- English ------------------------------------------------------------------------------------------


def _in_english(figures: Json) -> str:
    manifest, labels = figures["manifest"], figures["labels"]
    model, book, agreement = manifest["model"], manifest["codebook"], labels["agreement"]
    order = list(labels["classes"])
    f1 = ", ".join(f"{name} {number_en(rates['f1'])} (n = {rates['support']:,})" for name, rates in _met(labels))
    return _paragraph(
        [
            f"The model {model['identity']} of the software tensions (version {manifest['tool']['version']}) was "
            f"evaluated on {_some(figures['passages'], 'passage')} from {_some(figures['documents'], 'document')}"
            f"{_drawn_en(figures)}. {_coded_en(figures)} with the codebook “{french.printable(book['title'])}”, "
            f"version {book['version']}.",
            _learnt_en(model["training"]),
            _seen_en(figures["seen_in_training"], figures["passages"]),
            f"On the label ({len(order)} classes: {', '.join(order)}), macro-F1 is {number_en(labels['macro_f1'])}, "
            f"agreement {share_en(agreement['agreement'])}, Cohen’s (1960) κ {number_en(agreement['kappa'])} and "
            f"Krippendorff’s (2018) nominal α {number_en(agreement['alpha'])}.",
            f"F1 by class: {f1}.",
            _tension_en(figures["tension"]),
            in_brackets_en(figures["intervals"]),
            "Figures are unweighted, although passages did not all have the same chance of being drawn."
            if figures["coding"]["unequal_weights"]
            else "",
            f"Software: {AUTHORS}, tensions, version {manifest['tool']['version']}, MIT licence.",
        ]
    )


def _drawn_en(figures: Json) -> str:
    drawn, passages = figures["coding"]["at_random"], figures["passages"]
    if drawn == passages:
        return ", drawn at random from the corpus"
    if drawn:
        return f", {drawn:,} of them drawn at random; how the others were chosen is not recorded"
    return "; how the passages were chosen is not recorded"


def _coded_en(figures: Json) -> str:
    coding, one = figures["coding"], figures["passages"] == 1
    coders, by = coding["coders"], coding["coded_by"]
    subject = "It was coded" if one else "They were coded"
    if found := coding["adjudicated"]:
        told = (
            (found["agreed"], "were coded alike by several people"),
            (found["settled"], "settled between them by adjudication"),
            (found["alone"], "coded by one person"),
        )
        *firsts, last = (f"{n:,} {what}" for n, what in told if n)
        return f"{', '.join(firsts)} and {last}," if firsts else f"{last},"
    if by == "people" and coders:
        return f"{subject} by {'one person' if coders == 1 else f'{coders:,} people'}"
    if by == "model":
        return f"{subject} by a machine, not by people,"
    if by == "told":
        return f"{subject} as told by the card beside them (card.toml),"
    return f"{subject}, by whom is not recorded,"


def _learnt_en(training: Json | None) -> str:
    if training is None:
        return "What this model learnt is not recorded."
    added, coded = training["added"], _CODED_EN.get(training["coded_by"], "by whom coded is not recorded")
    base = _some(training["passages"] - added, "passage")
    if not training["composed"]:
        return f"The model was trained on {base}, {coded}."
    learnt = f"The model was trained on {base} ({_COMPOSED['en']})"
    if not added:
        return f"{learnt}."
    who = _CODED_EN.get(training["added_coded_by"], _CODED_EN["told"])
    return f"{learnt} and on {_some(added, 'added passage')}, {who}."


_CODED_EN = {
    "people": "coded by people",
    "model": "coded by a machine, not by people",
    "told": "whose provenance its card tells",
}


def _seen_en(seen: int | None, passages: int) -> str:
    if seen is None:
        return "Whether it had learnt some of these passages is not known."
    if not seen:
        return "It had learnt none of the passages evaluated."
    told = "all the passages evaluated" if seen == passages else f"{seen:,} of the {passages:,} passages evaluated"
    if seen <= french.FEW_LEARNT * passages:
        return f"It had learnt {told}."
    return f"It had learnt {told}: these figures are optimistic and do not hold for other texts."


def _tension_en(tension: Json) -> str:
    support = tension["support"]
    if not support:
        return "No tension (a passage coded mixte, in opposition) is coded: how well they are found is not measured."
    told = f"For tensions (passages coded mixte, in opposition; n = {support:,})"
    if not tension["said"]:
        return f"{told}, the model names none."
    return (
        f"{told}, precision is {number_en(tension['precision'])}, recall {number_en(tension['recall'])} and F1 "
        f"{number_en(tension['f1'])}."
    )


def in_brackets_en(method: str) -> str:
    """The same in English."""
    if method.startswith("none"):
        return (
            "With fewer than five documents no confidence interval is given: these figures describe these texts and do "
            "not generalise."
        )
    replicates = int(method.split("-")[1])
    return f"In brackets, 95% intervals by resampling of documents ({replicates:,} draws, percentiles)."


def number_en(figure: Json) -> str:
    """The same in English: “0.73 [0.70, 0.75]”."""
    if figure["value"] is None:
        return "undefined"
    bounds = figure["interval"]
    told = _two(figure["value"])
    return f"{told} [{_two(bounds[0])}, {_two(bounds[1])}]" if bounds else told


def _two(number: float) -> str:
    return f"{number:.2f}".replace("-", "−")


def share_en(figure: Json) -> str:
    """The same in English: “79% [71, 87]”."""
    if figure["value"] is None:
        return "undefined"
    bounds = figure["interval"]
    told = f"{100 * figure['value']:.0f}%"
    return f"{told} [{100 * bounds[0]:.0f}, {100 * bounds[1]:.0f}]" if bounds else told


def _some(count: int, thing: str) -> str:
    return f"one {thing}" if count == 1 else f"{count:,} {thing}s"


_WRITERS: Mapping[str, Callable[[Json], str]] = {"fr": _in_french, "en": _in_english}
