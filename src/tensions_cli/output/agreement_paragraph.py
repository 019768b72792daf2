"""The sentences of a methods section on the agreement of coders, in French and in English, numbers filled in."""

from collections.abc import Callable, Mapping
from typing import Any

from tensions_cli.knowledge.codebook import codebook
from tensions_cli.output import french
from tensions_cli.output.methods_paragraph import (
    in_brackets_en,
    in_brackets_fr,
    number_en,
    number_fr,
    share_en,
    share_fr,
)

Json = Mapping[str, Any]


def agreement_paragraphs(figures: Json, language: str) -> list[str]:
    """The paragraph in French (`fr`), in English (`en`), or both, of an agreement (agreement.schema.json)."""
    return [_WRITERS[one](figures) for one in (("fr", "en") if language == "both" else (language,))]


def _measured(figures: Json) -> list[tuple[str, str | None, Json]]:
    """The questions that a methods section gives: label, each logic, tension, relation, where they have a value."""
    asked = ("label", "logic", "tension", "relation")
    rows = [row for row in figures["questions"] if row["question"] in asked and row["passages"]]
    return [(row["question"], row["of"], row) for row in rows if row["alpha"]["value"] is not None]


def _coders(figures: Json) -> tuple[int, int]:
    machines = sum(coder["machine"] for coder in figures["coders"])
    return len(figures["coders"]) - machines, machines


def _in_french(figures: Json) -> str:
    people, machines = _coders(figures)
    book = codebook()
    who = " et ".join(
        part
        for part in (
            french.plural(people, "personne") if people else "",
            french.plural(machines, "machine") if machines else "",
        )
        if part
    )
    two = len(figures["coders"]) == 2  # κ compares two codings
    told = [
        f"{_name_fr(question, of)} (n\u00a0=\u00a0{french.integer(row['passages'])})\u00a0: accord "
        f"{share_fr(row['agreement'])}, {f'κ {number_fr(_kappa(row))}, ' if two else ''}α {number_fr(row['alpha'])}, "
        f"AC1 {number_fr(row['ac1'])}"
        for question, of, row in _measured(figures)
    ]
    return (
        f"{french.plural(_shared(figures), 'passage')} de {french.plural(figures['documents'], 'document')} ont été "
        f"codés par {who}, séparément, avec la grille «\u00a0{french.printable(book.title)}\u00a0», version "
        f"{book.version}. {_chosen_fr(figures)}{f'{french.NBSP}; '.join(told)}. "
        f"{'κ de Cohen (1960), ' if two else ''}α nominal de Krippendorff (2018), AC1 de Gwet (2008), l’unité étant le "
        f"passage. {in_brackets_fr(figures['intervals'])}"
    )


def _in_english(figures: Json) -> str:
    people, machines = _coders(figures)
    book = codebook()
    parts = ((people, "person", "people"), (machines, "machine", "machines"))
    who = " and ".join(f"{n} {one if n == 1 else several}" for n, one, several in parts if n)
    two = len(figures["coders"]) == 2
    told = [
        f"{_name_en(question, of)} (n = {row['passages']:,}): agreement {share_en(row['agreement'])}, "
        f"{f'κ {number_en(_kappa(row))}, ' if two else ''}α {number_en(row['alpha'])}, AC1 {number_en(row['ac1'])}"
        for question, of, row in _measured(figures)
    ]
    return (
        f"{_shared(figures):,} passages from {figures['documents']:,} documents were coded by {who}, separately, with "
        f"the codebook “{french.printable(book.title)}”, version {book.version}. {_chosen_en(figures)}"
        f"{'; '.join(told)}. "
        f"{'Cohen’s (1960) κ, ' if two else ''}Krippendorff’s (2018) nominal α, Gwet’s (2008) AC1; the unit is the "
        f"passage. {in_brackets_en(figures['intervals'])}"
    )


def _chosen_fr(figures: Json) -> str:
    """Passages chosen to teach are no sample: what is said of them goes before the figures."""
    chosen, shared = figures["passages"]["chosen"], _shared(figures)
    if not chosen:
        return ""
    some = f"{french.integer(chosen)} de ces passages ont été choisis"
    one = "Ce passage a été choisi" if shared == 1 else "Un de ces passages a été choisi"
    who = "Ces passages ont été choisis" if chosen == shared > 1 else some if chosen > 1 else one
    return f"{who} pour entraîner un modèle, non au hasard\u00a0: cet accord n’est pas celui du corpus. "


def _chosen_en(figures: Json) -> str:
    chosen, shared = figures["passages"]["chosen"], _shared(figures)
    if not chosen:
        return ""
    one = "This passage was" if shared == 1 else "One of these passages was"
    who = "These passages were" if chosen == shared > 1 else f"{chosen:,} of these passages were" if chosen > 1 else one
    return f"{who} chosen to train a model, not drawn at random: this agreement is not that of the corpus. "


def _shared(figures: Json) -> int:
    return int(figures["passages"]["by_all"] + figures["passages"]["by_some"])


def _kappa(row: Json) -> Json:
    found: Json = row["pairs"][0]["kappa"] if row["pairs"] else row["kappa"]
    return found


def _name_fr(question: str, of: str | None) -> str:
    names = {"label": "Étiquette", "tension": "tension", "relation": "relation, là où les codeurs disent mixte"}
    named = names.get(question) or f"présence de {codebook().said.get(of or '', of or '')}"
    return f"{named} ({of})" if of and question == "relation" else named


def _name_en(question: str, of: str | None) -> str:
    names = {"label": "Label", "tension": "tension", "relation": "relation, where coders say mixte"}
    named = names.get(question) or f"presence of “{of}”"
    return f"{named} ({of})" if of and question == "relation" else named


_WRITERS: Mapping[str, Callable[[Json], str]] = {"fr": _in_french, "en": _in_english}
