"""Numbers, labels and places as a French reader expects them."""

from collections.abc import Mapping, Sequence
from typing import Any

from tensions_cli.knowledge.codebook import codebook, shipped
from tensions_cli.records import MIN_BEARING, Interval, Passage, Role
from tensions_cli.results import CorrectedShare, Correction, Corrections, Cutting, Difference, Estimate

NBSP = "\u00a0"

STANCE_TITLES = {
    "soutenue": "soutenue",
    "contestee": "contestée",
    "decrite": "décrite",
    "menacee": "menacée",
}
ROLE_TITLES = {Role.INTERVIEWER: "enquêteur", Role.RESPONDENT: "enquêté", None: "rôle indécis"}
TOO_FEW = "trop peu"
MASKED = "masqué"
LISTED = 8  # groups named in one sentence
MIN_RATED = 30  # under thirty passages of a kind, counts rather than a rate (Wilson, .80 on thirty: .63 to .91)


def axis_titles() -> Mapping[str, str]:
    """Names of the axes with their accents."""
    return codebook().axis_titles


def stance_title(name: str) -> str:
    """Name of a stance with its accents, where the shipped codebook has it; else as its codebook writes it."""
    return STANCE_TITLES.get(name, name)


def measure_title(measure: str) -> str:
    """« porte M (rationalisation ou mixte) » for what bears a logic; labels and tension are their own names."""
    pole = measure.removesuffix("+")
    letter = codebook().letters.get(pole)
    return (
        f"porte {letter} ({pole}{', seule ou non' if codebook().by_pair else ' ou mixte'})" if pole != measure else pole
    )


def integer(number: int) -> str:
    """1 234 with a no-break space."""
    return f"{number:,}".replace(",", NBSP)


def percent(share: float | None) -> str:
    """A share in [0, 1] as a whole percentage, or a dash."""
    return "–" if share is None else f"{100 * share:.0f}{NBSP}%"


def grid(version: int) -> str:
    """« grille v4 » for the shipped codebook; another is named: « grille associations v1 »."""
    book = codebook()
    return f"grille v{version}" if book is shipped() else f"grille «{NBSP}{printable(book.name)}{NBSP}» v{version}"


def decided(passages: int, human: int) -> str:
    """« 215 passages comptés, dont 34 codés par une personne »."""
    counted = plural(passages, "passage compté", "passages comptés")
    return f"{counted}, dont {integer(human)} {'codés' if human > 1 else 'codé'} par une personne" if human else counted


# A short sentence (« Et vos collègues ? ») stands in many interviews: one passage in twenty that the model had learnt
# moves an agreement by five points at most. From there on, figures on these passages are said to be optimistic.
FEW_LEARNT = 0.05

# Under .40 a κ is « poor » (Fleiss, Levin and Paik 2003) and « weak » at best (McHugh 2012).
WEAK_KAPPA = 0.40


def weakness(figures: Mapping[str, Any]) -> str | None:
    """What to say before the numbers of a model that hardly agrees with its coders (by its metrics); or None."""
    kappa, bounds = figures.get("agreement", {}).get("kappa"), figures.get("kappa_interval")
    if kappa is None or kappa >= WEAK_KAPPA:
        return None
    told = f"κ {_two(kappa)}" + (f" [{_two(bounds[0])}{NBSP}; {_two(bounds[1])}]" if bounds else "")
    chance = kappa <= 0 or (bounds is not None and bounds[0] <= 0)
    verdict = "ne fait guère mieux que le hasard" if chance else "est loin d’un codeur"
    return (
        f"Attention{NBSP}: sur des textes qu’il n’avait pas appris, ce modèle {verdict} ({told}). Ne citez aucune de "
        "ses parts\u00a0: codez davantage, ou revoyez la grille."
    )


def _two(number: float) -> str:
    return f"{number:.2f}".replace("-", "−").replace(".", ",")


def stances(counts: Mapping[str, int]) -> str:
    """« soutenue 31 %, contestée 44 %, décrite 25 % (n = 120) »; « trop peu » under MIN_BEARING passages."""
    n = sum(counts.values())
    shares = [f"{stance_title(name)}{NBSP}{percent(count / n)}" for name, count in counts.items() if n >= MIN_BEARING]
    return f"{', '.join(shares) or TOO_FEW} (n{NBSP}={NBSP}{integer(n)})"


def decimal(number: float | None, places: int = 2) -> str:
    """A signed number with a decimal comma, or a dash."""
    return "–" if number is None else f"{number:+.{places}f}".replace(".", ",").replace("-", "−")


def bounds(interval: Interval | None, method: str) -> str:
    """[4–13], in per cent; « trop peu » without enough clusters; a dash where a share of 0 or 1 has no spread."""
    if interval is not None:
        return f"[{100 * interval.low:.0f}–{100 * interval.high:.0f}]"
    return TOO_FEW if method.startswith("none") else "–"


def printable(text: str) -> str:
    """Text fit for a terminal: control characters of a file name or of a label could drive it."""
    return "".join(c if c.isprintable() or c in " \u00a0\u202f" else "\ufffd" for c in text)


def plural(count: int, singular: str, plural_form: str | None = None) -> str:
    """« 1 passage », « 3 passages »."""
    return f"{integer(count)} {singular if count < 2 else plural_form or singular + 's'}"


def place(passage: Passage) -> str:
    """Copyable reference of a passage: its id, and its turn in an interview."""
    turn = f", tour {passage.turn}" if passage.turn else ""
    return printable(f"{passage.id}{turn}")


def method(name: str) -> str:
    """How intervals were made, in a few French words, from the name that the statistics give; docs/methods.md has more.

    Also what smoothed a trend (`kernel-…`), and why there is no interval (`none…`).
    """
    unit = "personne" if "person" in name else "document"
    if name.startswith("none"):
        return _no_interval(name, unit)
    if name.startswith("kernel"):
        return "parts lissées sur les périodes voisines"
    kind = "rééchantillonnage" if "bootstrap" in name else "Student"
    _, _, rare = name.partition("; student-logit: ")  # shares too rare for a bootstrap
    return f"{_correction(name)}{kind}, par {unit}{f', sauf {rare} (Student)' if rare else ''}"


def _no_interval(name: str, unit: str) -> str:
    if "gold passages" in name:
        return "moins de 30 passages codés"
    if "gold of" in name:
        return "passages codés dans moins de cinq documents"
    if name.startswith("none: fewer"):
        return f"aucun{NBSP}: moins de cinq {unit}s"
    return "rien ne varie" if name.startswith("none: no spread") else _NO_INTERVAL.get(name, "aucun passage")


_NO_INTERVAL = {
    "none: masked": MASKED,
    "none: sensitivity + specificity not above 1": f"refusée{NBSP}: le modèle ne distingue pas mieux que le hasard",
    "none: no gold passage with it": "absente des passages codés",
    "none: no gold passage without it": "dans tous les passages codés",
}


def _correction(name: str) -> str:
    """« PPI (λ = 0,43), » of `ppi++ lambda 0.43 …`."""
    if name.startswith("ppi++ lambda "):
        return f"PPI (λ{NBSP}={NBSP}{name.split()[2].replace('.', ',')}), "
    return "Rogan-Gladen, " if name.startswith("rogan-gladen") else ""


def masking_legend(under: int) -> str:
    """What `--mask-under` did."""
    return (
        f"masqué (--mask-under {under}){NBSP}: groupe de moins de {under} personnes (locuteurs, ou documents sans "
        f"locuteur), ou un autre, sans lequel une soustraction le donnerait."
    )


def share_and_bounds(share: float | None, interval: Interval | None, method: str) -> str:
    """« 19 % [12–25] », without the interval where there is none to give."""
    if share is None:
        return "–"
    return f"{percent(share)} {bounds(interval, method)}"


def estimate(found: Estimate) -> str:
    """A corrected share with its interval, or why there is none."""
    if found.value is None:
        return _WHY_NO_ESTIMATE.get(found.method, "–")
    return f"{percent(found.value)} {bounds(found.interval, found.method if found.interval else '')}"


_WHY_NO_ESTIMATE = {
    "none: sensitivity + specificity not above 1": "refusée",
    "none: no gold passage with it": "absente du gold",
    "none: no gold passage without it": "partout dans le gold",
}


def rate(value: float | None, base: int, *, weighted: bool) -> str:
    """« 87 % (n = 52) »; « 8 sur 11 » where the base is too small for a rate (weighted: the base alone)."""
    if value is not None and base >= MIN_RATED:
        return f"{percent(value)} (n{NBSP}={NBSP}{base})"
    return f"– (n{NBSP}={NBSP}{base})" if value is None or weighted else f"{round(value * base)} sur {base}"


def correction_legend(found: Corrections) -> str:
    """What the corrected shares rest on, and what they suppose."""
    weights = ", pondérés" if found.weighted else ""
    coders = ", ".join(printable(coder) for coder in found.coders)
    return (
        f"Gold{NBSP}: {plural(found.matched, 'passage apparié', 'passages appariés')}{weights}"
        f"{f', {integer(found.unmatched)} hors du corpus' if found.unmatched else ''}, "
        f"{plural(found.groups[0].gold_documents, 'document')}, {coders}. "
        f"PPI (par défaut){NBSP}: suppose un gold tiré au hasard dans ce corpus, ou pondéré par l’inverse de la "
        f"probabilité de tirage. Rogan-Gladen{NBSP}: suppose les mêmes sensibilité et spécificité dans le gold et dans "
        f"le corpus. Intervalles à 95{NBSP}% par document (Student){NBSP}; celui de la part brute ignore les erreurs "
        "de la machine."
    )


def uncorrected(found: Corrections) -> list[str]:
    """Which groups have no corrected share, and why, one line a reason."""
    names: dict[bool, list[str]] = {}
    for group in found.groups[1:]:
        if group.reason:
            names.setdefault(group.reason == "none: masked", []).append(_group_name(group))
    lines = [_uncorrected(_listed(several), masked=masked) for masked, several in names.items()]
    whole = found.groups[0].reason
    return [_uncorrected("tout le corpus", masked=whole == "none: masked"), *lines] if whole else lines


def _uncorrected(who: str, *, masked: bool) -> str:
    if masked:
        return f"Parts corrigées, {who}{NBSP}: {MASKED}."
    return f"Parts corrigées, {who}{NBSP}: trop peu de gold (il faut au moins 30 passages codés dans 5 documents)."


def _group_name(group: Correction) -> str:
    roles = {role.value: ROLE_TITLES[role] for role in Role}
    values = (roles.get(value, value) if field == "role" else value for field, value in group.by.items())
    return printable(" × ".join(values))


def _listed(names: Sequence[str]) -> str:
    """« 3 groupes (a, b, c) », the first ones of many."""
    more = "…" if len(names) > LISTED else ""
    return f"{plural(len(names), 'groupe')} ({', '.join(names[:LISTED])}{more})"


def corrected_cells(share: CorrectedShare, *, weighted: bool) -> list[str]:
    """One share: its name, raw, corrected both ways, and how the machine errs."""
    raw = share_and_bounds(share.raw.value, share.raw.interval, share.raw.method)
    rates = share.rates
    return [
        measure(share.measure),
        raw,
        estimate(share.prediction_powered),
        estimate(share.rogan_gladen) if min(rates.positives, rates.negatives) >= MIN_RATED else TOO_FEW,
        rate(rates.sensitivity, rates.positives, weighted=weighted),
        rate(rates.specificity, rates.negatives, weighted=weighted),
    ]


def cutting_cells(cutting: Cutting) -> list[str]:
    """One length of passages: what was aimed at and reached, then the shares."""
    shipped = " (employée)" if cutting.shipped else ""
    return [
        f"{cutting.target_words}{shipped}",
        integer(cutting.passages),
        f"{cutting.mean_words:.0f}",
        *(percent(share) for share in cutting.shares.values()),
        percent(cutting.tension_share),
    ]


def measure(name: str) -> str:
    """A label or a measure of the correction, as a reader knows it."""
    return measure_title(name)


BY_ROLE = f"Attendu{NBSP}: une question porte rarement une logique{NBSP}; ce n’est pas un résultat sur les personnes."


def is_question_against_answer(by: Sequence[str], differences: Sequence[Difference]) -> bool:
    """By role, and the interviewer is one of the groups: `BY_ROLE` is to be said."""
    return tuple(by) == ("role",) and any(Role.INTERVIEWER.value in (one.first, one.second) for one in differences)


SENSITIVITY_LEGEND = (
    f"Longueur visée, en mots{NBSP}: les passages ne franchissent ni paragraphe ni tour de parole, leur moyenne reste "
    f"donc en deçà. Le modèle a appris sur des passages d’environ 45 mots{NBSP}: ailleurs, une part change aussi parce "
    "qu’il lit moins bien. Une conclusion qui ne vaut qu’à une longueur ne vaut pas."
)
