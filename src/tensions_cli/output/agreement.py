"""Agreement of coders for a reader: the same tables on the terminal and in Markdown, in French; rows for CSV."""

import csv
from collections.abc import Iterator, Sequence
from typing import Any, TextIO

from rich.console import Console
from rich.text import Text

from tensions_cli.knowledge.codebook import codebook
from tensions_cli.output import french
from tensions_cli.output.french import NBSP
from tensions_cli.output.sections import (
    ENOUGH_PASSAGES,
    FEW_DOCUMENTS,
    LEAST_DOCUMENTS,
    Json,
    Section,
    number,
    per_cent,
    plain,
    print_sections,
    write_sections_markdown,
)
from tensions_cli.output.tables import MARKDOWN_SPECIAL, guarded

SHOWN = 5  # disagreements of each kind on a screen; the other formats have them all
MEMO_SHOWN = 60  # characters of a memo in a table

FIGURES = ("agreement", "kappa", "alpha", "ac1", "brennan_prediger")


# As usually rendered in French; the original words are in docs/methods.md and in the JSON.
_BANDS = {
    "landis_koch_1977": {
        "poor": "mauvais",
        "slight": "très faible",
        "fair": "faible",
        "moderate": "modéré",
        "substantial": "substantiel",
        "almost_perfect": "presque parfait",
    },
    "mchugh_2012": {
        "none": "nul",
        "minimal": "minimal",
        "weak": "faible",
        "moderate": "modéré",
        "strong": "fort",
        "almost_perfect": "presque parfait",
    },
    "krippendorff_2018": {
        "unreliable": "insuffisant",
        "tentative": "provisoire",
        "reliable": "fiable",
    },
}
_AUTHORS = {
    "landis_koch_1977": "Landis et Koch (1977)",
    "mchugh_2012": "McHugh (2012)",
    "krippendorff_2018": "Krippendorff (2018)",
}
_LEFT_OUT = {
    "rejected": ("ligne rejetée", "lignes rejetées"),
    "not_coded": ("ligne sans code", "lignes sans code"),
    "incomplete": ("ligne à moitié codée", "lignes à moitié codées"),
    "repeated": ("ligne en double", "lignes en double"),
    "contradictory": ("passage codé deux fois autrement", "passages codés deux fois autrement"),
}
_KINDS = {
    "mixte-logic": "mixte pour l’un, une seule logique pour l’autre",
    "logic-logic": "une logique contre l’autre",
    "mixte-neutre": "mixte contre neutre",
    "mixte-mixte": "mixte, de logiques différentes",
    "several": "trois réponses ou plus",
    "relation": "même logique, autre relation",
    "stance": "même logique, autre posture",
    "axes": "même logique, autres axes",
}


# --- renderings -----------------------------------------------------------------------------------------


def print_agreement(figures: Json, out: Console) -> None:
    """Who was compared, warnings, tables, disagreements and method, as wide as the console allows."""
    out.print(Text(heading(figures), style="bold"))
    for line in facts(figures):
        out.print(Text(line))
    for line in warnings(figures):
        out.print(Text(line, style="yellow"))
    print_sections((*sections(figures), *disagreements(figures, most=SHOWN)), out)
    out.print()
    out.print(Text(how(figures), style="dim"))


def write_agreement_markdown(figures: Json, stream: TextIO) -> None:
    """The same, ready to be pasted, with every disagreement."""
    stream.write(f"## Accord entre codeurs\n\n{heading(figures).translate(MARKDOWN_SPECIAL)}\n")
    for line in facts(figures):
        stream.write(f"\n{line.translate(MARKDOWN_SPECIAL)}\n")
    for line in warnings(figures):
        stream.write(f"\n**{line.translate(MARKDOWN_SPECIAL)}**\n")
    write_sections_markdown((*sections(figures), *disagreements(figures)), stream)
    stream.write(f"\n{how(figures).translate(MARKDOWN_SPECIAL)}\n")


def write_agreement_csv(figures: Json, stream: TextIO) -> None:
    """One row a figure: each question, its answers (`class`), its pairs of coders, in the whole and by group."""
    rows = [guarded(row) for row in agreement_rows(figures)]
    writer = csv.DictWriter(stream, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)


def agreement_rows(figures: Json) -> list[dict[str, Any]]:
    """The figures flattened; every row has the same columns, empty where they do not apply."""
    coders = [coder["coder"] for coder in figures["coders"]]
    empty = {
        "field": "",
        "group": "",
        "question": "",
        "of": "",
        "class": "",
        "coders": "",
        "passages": "",
        "documents": "",
    }
    empty |= {name: "" for figure in (*FIGURES, "masi", "masi_where_any", "alpha_masi") for name in _columns(figure)}
    empty |= {f"given_{coder}": "" for coder in coders}
    whole = [(("", ""), figures["questions"] + (figures["axes"] or {"each": []})["each"])]
    rows = []
    for (field, group), questions in whole + [(next(iter(g["by"].items())), g["questions"]) for g in figures["groups"]]:
        for one in questions:
            base = empty | {"field": field, "group": group or "", "question": one["question"], "of": one["of"] or ""}
            rows.append(
                base | _counted(one) | {name: v for figure in FIGURES for name, v in _flat(figure, one).items()}
            )
            for name, rates in one["classes"].items():
                given = {f"given_{coder}": n for coder, n in rates["given"].items()}
                rows.append(base | _counted(one) | {"class": name} | _flat("agreement", rates) | given)
            if len(coders) > 2:
                for pair in one["pairs"]:
                    told = {"coders": "+".join(pair["coders"])} | _flat("agreement", pair) | _flat("kappa", pair)
                    rows.append(base | _counted(pair) | told)
    if figures["axes"]:
        found = {
            name: v
            for figure in ("masi", "masi_where_any", "alpha_masi")
            for name, v in _flat(figure, figures["axes"]).items()
        }
        rows.append(empty | {"question": "axes"} | _counted(figures["axes"]) | found)
    return rows


def _columns(figure: str) -> tuple[str, str, str]:
    return figure, f"{figure}_low", f"{figure}_high"


def _flat(figure: str, found: Json) -> dict[str, Any]:
    value, interval = found[figure]["value"], found[figure]["interval"] or (None, None)
    return {name: "" if v is None else v for name, v in zip(_columns(figure), (value, *interval), strict=True)}


def _counted(found: Json) -> dict[str, Any]:
    return {"passages": found["passages"], "documents": found["documents"]}


# --- what is said ---------------------------------------------------------------------------------------


def heading(figures: Json) -> str:
    """Who was compared, on what."""
    coders = figures["coders"]
    said = [f"{french.printable(c['coder'])} ({'machine' if c['machine'] else 'personne'})" for c in coders]
    compared = figures["passages"]["by_all"] + figures["passages"]["by_some"]
    who = "les deux" if len(coders) == 2 else "deux codeurs au moins"
    return (
        f"Accord entre {', '.join(said[:-1])} et {said[-1]}{NBSP}: "
        f"{french.plural(compared, 'passage codé', 'passages codés')} par {who}, dans "
        f"{french.plural(figures['documents'], 'document')}."
    )


def facts(figures: Json) -> list[str]:
    """How passages were matched, and what every file holds that was not compared."""
    found, coders = figures["passages"], figures["coders"]
    lines = []
    if found["by_some"]:
        lines.append(
            f"Codés par tous{NBSP}: {french.integer(found['by_all'])}{NBSP}; par plusieurs, pas tous{NBSP}: "
            f"{french.integer(found['by_some'])}."
        )
    if found["by_one"]:
        alone = french.plural(found["by_one"], "passage n’est codé", "passages ne sont codés")
        lines.append(f"{alone} que par un codeur, et ne {'compte' if found['by_one'] < 2 else 'comptent'} pas ici.")
    for coder in coders:
        if coder["left_out"]:
            told = ", ".join(french.plural(n, *_LEFT_OUT[why]) for why, n in coder["left_out"].items())
            lines.append(f"Laissé de côté, {french.printable(coder['coder'])}{NBSP}: {told}.")
    return lines


def warnings(figures: Json) -> list[str]:
    """What would make a reader trust the figures too much."""
    lines = [_machines(figures)] if any(coder["machine"] for coder in figures["coders"]) else []
    documents, spread = figures["documents"], figures["spread"]
    if spread:
        lines.append(
            f"Moins de 200 passages{NBSP}: la dispersion est grande. Même sur {spread['passages']} passages "
            f"indépendants et quatre classes, un κ dont la vraie valeur est {plain(spread['true'])} s’observe entre "
            f"{plain(spread['low'])} et {plain(spread['high'])}{NBSP}; davantage encore quand les passages d’un "
            f"document se ressemblent."
        )
    if documents < LEAST_DOCUMENTS:
        lines.append(
            f"Moins de cinq documents{NBSP}: un intervalle n’aurait pas de sens, il n’y en a pas. Ces chiffres "
            "décrivent ces textes-là, rien de plus."
        )
    elif documents < FEW_DOCUMENTS:
        lines.append(
            f"Moins de quinze documents{NBSP}: les intervalles sont trop étroits (à cinq documents, 83{NBSP}% "
            f"d’entre eux contiennent la vraie valeur au lieu de 95{NBSP}%)."
        )
    return lines


def _machines(figures: Json) -> str:
    machines = [french.printable(coder["coder"]) for coder in figures["coders"] if coder["machine"]]
    people = len(figures["coders"]) - len(machines)
    if not people:
        return (
            "Accord entre machines\u00a0: il dit qu’elles répondent pareil, pas qu’elles ont raison, et ne remplace "
            "pas l’accord entre personnes."
        )
    who = f"{', '.join(machines)} {'est une machine' if len(machines) == 1 else 'sont des machines'}"
    if people == 1:
        return (
            f"{who}\u00a0: cet accord mesure la machine face à une personne, ce n’est pas un accord entre codeurs "
            "humains."
        )
    return (
        f"{who}\u00a0: α, AC1 et le κ moyen mêlent ici personnes et machine. L’accord entre personnes se lit dans "
        "«\u00a0Paires de codeurs\u00a0», ou en relançant sans le fichier de la machine."
    )


def sections(figures: Json) -> Iterator[Section]:
    """The tables in reading order; those that the codes do not allow are left out."""
    questions = [one for one in figures["questions"] if one["passages"]]
    yield _agreement(figures, questions)
    yield _bands(questions)
    yield _classes(figures, questions)
    label = figures["questions"][0]
    if len(figures["coders"]) == 2:
        yield _confusion(label["pairs"][0])
    else:
        yield _pairs(figures, label)
    if figures["axes"] and figures["axes"]["each"]:
        yield _axes(figures)
    if figures["groups"]:
        yield _groups(figures)


def _agreement(figures: Json, questions: Sequence[Json]) -> Section:
    whole = figures["documents"]
    several = len(figures["coders"]) > 2
    unasked = [question_title(one) for one in figures["questions"] if not one["passages"]]
    note = (
        f"%{NBSP}: accord observé{NBSP}; B-P{NBSP}: Brennan et Prediger. Relation{NBSP}: passages que tous disent "
        f"mixtes{NBSP}; posture{NBSP}: là où deux codeurs en donnent une{NBSP}; tension{NBSP}: mixte en opposition. "
        "Un κ bas avec un AC1 haut signale souvent une réponse rare, pas un mauvais codage."
    )
    if several:
        note += f" κ{NBSP}: moyenne des paires de codeurs."
    if any(one["kappa"]["value"] is None for one in questions):
        note += f" –{NBSP}: une seule réponse employée, ni κ ni α n’y sont définis."
    if unasked:
        note += f" Sans passage à comparer{NBSP}: {', '.join(unasked)}."
    return Section(
        "Accord",
        ("", "n", "%", "κ" if not several else "κ moyen", "α", "AC1", "B-P"),
        tuple((question_title(one), french.integer(one["passages"]), *_five(one, whole)) for one in questions),
        note,
    )


def _five(one: Json, whole: int) -> tuple[str, ...]:
    documents = one["documents"]
    return (per_cent(one["agreement"], documents, whole), *(number(one[f], documents, whole) for f in FIGURES[1:]))


def question_title(one: Json) -> str:
    """« étiquette », « M (rationalisation) », « posture P »…"""
    book = codebook()
    name, of = one["question"], one["of"]
    if name == "label":
        return "étiquette"
    if name == "logic":
        return f"{book.letters[of]} ({of})"
    if name == "tension":
        return "tension"
    if name == "relation":
        return f"relation {of}" if of else "relation"
    if name == "stance":
        return f"posture {book.letters[of]}"
    axis, _, pole = of.partition(":")
    return f"{french.axis_titles()[axis]} ({book.letters[pole]})"


def _bands(questions: Sequence[Json]) -> Section:
    rows = []
    for one in questions:
        kappa, alpha = one["bands"]["kappa"], one["bands"]["alpha"]
        rows.append(
            (
                question_title(one),
                plain(one["kappa"]["value"]),
                _band(kappa["landis_koch_1977"], "landis_koch_1977"),
                _band(kappa["mchugh_2012"], "mchugh_2012"),
                plain(one["alpha"]["value"]),
                _band(alpha["krippendorff_2018"], "krippendorff_2018"),
            )
        )
    header = ("", "κ", _AUTHORS["landis_koch_1977"], _AUTHORS["mchugh_2012"], "α", _AUTHORS["krippendorff_2018"])
    note = (
        f"Ces seuils sont des conventions, chacun de son auteur{NBSP}; entre crochets, ce que couvre l’intervalle. "
        f"Landis et Koch{NBSP}: 0,21 faible, 0,41 modéré, 0,61 substantiel, 0,81 presque parfait. McHugh, qui les juge "
        f"trop indulgents{NBSP}: 0,40 faible, 0,60 modéré, 0,80 fort, au-delà de 0,90 presque parfait. Krippendorff"
        f"{NBSP}: 0,667 provisoire (on n’en tire que des conclusions prudentes), 0,800 fiable."
    )
    return Section("Lecture, selon qui a proposé les seuils", header, tuple(rows), note, left=6)


def _band(found: Json, author: str) -> str:
    words = _BANDS[author]
    if found["value"] is None:
        return "–"
    spread = list(dict.fromkeys(words[name] for name in (found["low"], found["high"]) if name))
    said = words[found["value"]]
    return f"{said} [{' à '.join(spread)}]" if len(spread) > 1 else said


def _classes(figures: Json, questions: Sequence[Json]) -> Section:
    whole, coders = figures["documents"], [coder["coder"] for coder in figures["coders"]]
    rows = []
    for one in questions:
        yes_no = one["question"] in ("logic", "tension")
        for name, rates in one["classes"].items():
            if (yes_no and name == "no") or not any(rates["given"].values()):
                continue
            title = question_title(one) if yes_no else _answer_title(one, name)
            given = [_share(rates["given"][coder], one["answered"][coder]) for coder in coders]
            rows.append((title, *given, number(rates["agreement"], one["documents"], whole)))
    several = len(coders) > 2
    formula = (
        "de deux réponses tirées d’un même passage, quand l’une est celle-ci, part où l’autre l’est aussi"
        if several
        else "F1, deux fois les passages ainsi codés par les deux, sur la somme de ceux de chacun"
    )
    note = (
        f"Pour chaque codeur, nombre et part de ses réponses dans les passages comparés (prévalence). Accord propre à "
        f"une réponse{NBSP}: {formula}. °{NBSP}: moins de trente passages chez un codeur, lire les effectifs."
    )
    header = ("", *(french.printable(coder) for coder in coders), "accord propre" if several else "accord propre (F1)")
    return Section("Par réponse", header, tuple(rows), note)


def _answer_title(one: Json, name: str) -> str:
    if one["question"] == "label":
        return name
    said = french.stance_title(name) if one["question"] == "stance" else name
    return f"{question_title(one)}{NBSP}: {said}"


def _share(count: int, total: int) -> str:
    few = "°" if count < ENOUGH_PASSAGES else ""
    return f"{french.integer(count)}{few} ({french.percent(count / total)})" if total else "–"


def _few(count: int) -> str:
    """A count, marked where a rate would say little."""
    return f"{french.integer(count)}{'°' if count < ENOUGH_PASSAGES else ''}"


def _confusion(pair: Json) -> Section:
    first, second = map(french.printable, pair["coders"])
    order, rows = pair["confusion"]["order"], pair["confusion"]["rows_first"]
    body = [(name, *map(french.integer, row), french.integer(sum(row))) for name, row in zip(order, rows, strict=True)]
    totals = [sum(column) for column in zip(*rows, strict=True)]
    body.append(("total", *map(french.integer, totals), french.integer(sum(totals))))
    note = f"Lignes{NBSP}: {first}{NBSP}; colonnes{NBSP}: {second}."
    return Section("Étiquettes croisées", (f"{first} \\ {second}", *order, "total"), tuple(body), note)


def _pairs(figures: Json, label: Json) -> Section:
    whole = figures["documents"]
    machines = {coder["coder"] for coder in figures["coders"] if coder["machine"]}
    who = {0: "deux personnes", 1: "personne et machine", 2: "deux machines"}
    rows = tuple(
        (
            " et ".join(map(french.printable, pair["coders"])),
            who[len(machines & set(pair["coders"]))],
            french.integer(pair["passages"]),
            per_cent(pair["agreement"], pair["documents"], whole),
            number(pair["kappa"], pair["documents"], whole),
        )
        for pair in label["pairs"]
    )
    note = (
        f"Étiquette. κ moyen des paires (Light 1971){NBSP}: {number(label['kappa'], label['documents'], whole)}. Les "
        "étiquettes croisées de chaque paire sont dans -f json."
    )
    return Section("Paires de codeurs", ("", "qui", "n", "%", "κ"), rows, note, left=2)


def _axes(figures: Json) -> Section:
    axes, whole, coders = figures["axes"], figures["documents"], [coder["coder"] for coder in figures["coders"]]
    documents = axes["documents"]
    counted = "Colonnes des codeurs\u00a0: passages où l’axe est coché"
    if len(coders) > 2:
        counted = f"Cochés\u00a0: passages où l’axe l’est, par {', '.join(map(french.printable, coders))}"
    rows = []
    for one in axes["each"]:
        yes = one["classes"]["yes"]
        given = [_few(yes["given"][coder]) for coder in coders]
        given = given if len(coders) == 2 else [", ".join(given)]
        figures_ = (number(one[name], one["documents"], whole) for name in ("kappa", "alpha", "ac1"))
        rows.append((question_title(one), *given, number(yes["agreement"], one["documents"], whole), *figures_))
    band = _band(axes["bands"]["alpha_masi"]["krippendorff_2018"], "krippendorff_2018")
    asked = len(codebook().axes) * len(codebook().poles)
    unused = french.plural(asked - len(rows), "axe que personne n’emploie", "axes que personne n’emploie")
    left = f" {unused}, non {'montré' if asked - len(rows) < 2 else 'montrés'}." if asked > len(rows) else ""
    note = (
        f"Ensemble des axes d’un passage{NBSP}: MASI moyen {number(axes['masi'], documents, whole)} sur "
        f"{french.plural(axes['passages'], 'passage')}, {number(axes['masi_where_any'], documents, whole)} sur les "
        f"{french.integer(axes['passages_where_any'])} où quelqu’un en nomme un{NBSP}; α de distance MASI "
        f"{number(axes['alpha_masi'], documents, whole)}, {band} selon Krippendorff. {counted}.{left}"
    )
    names = [french.printable(coder) for coder in coders]
    header = ("", *(names if len(names) == 2 else ["cochés"]), "accord propre", "κ", "α", "AC1")
    return Section("Axes, par logique", header, tuple(rows), note)


def _groups(figures: Json) -> Section:
    whole = figures["documents"]
    rows = []
    for group in figures["groups"]:
        (field, value), label = next(iter(group["by"].items())), group["questions"][0]
        name = french.printable(value) if value else f"({french.printable(field)} non dit)"
        logics = [one for one in group["questions"] if one["question"] == "logic"]
        rows.append(
            (
                name,
                french.integer(group["documents"]),
                french.integer(group["passages"]),
                *(
                    (per_cent if figure == "agreement" else number)(label[figure], label["documents"], whole)
                    for figure in ("agreement", "kappa", "alpha", "ac1")
                ),
                *(plain(one["alpha"]["value"]) for one in logics),
            )
        )
    fields = list(dict.fromkeys(french.printable(next(iter(group["by"]))) for group in figures["groups"]))
    letters = (f"α de {letter}" for letter in codebook().letters.values())
    header = ("", "doc.", "n", "%", "κ", "α", "AC1", *letters)
    return Section(f"Par {', '.join(fields)}", header, tuple(rows), f"%, κ, α et AC1{NBSP}: de l’étiquette.")


# --- disagreements --------------------------------------------------------------------------------------


def disagreements(figures: Json, most: int | None = None) -> Iterator[Section]:
    """Counts by kind, then the passages, sorted by kind; `most`: how many are shown."""
    found = figures["disagreements"]
    if not found["count"]:
        return
    compared = found["compared"]
    rows = tuple((kind_title(kind), french.integer(n), _small_share(n, compared)) for kind, n in found["kinds"].items())
    agreed = french.plural(compared - found["count"], "passage", "passages")
    note = f"Un passage compte une fois, à sa différence la plus grave. Accord sur tout{NBSP}: {agreed}."
    if not any("text" in row for row in found["passages"]):
        note += " Le texte n’est montré qu’avec --show-text, et dans le classeur de --adjudicate."
    title = f"Désaccords{NBSP}: {french.integer(found['count'])} sur {french.plural(compared, 'passage')}"
    yield Section(title, ("", "passages", "part"), rows, note)
    for kind, count in found["kinds"].items():
        yield _listed(figures, kind, count, most)


def _listed(figures: Json, kind: str, count: int, most: int | None) -> Section:
    """The passages of one kind, with what each coder said."""
    coders = [coder["coder"] for coder in figures["coders"]]
    shown = [row for row in figures["disagreements"]["passages"] if row["kind"] == kind][:most]
    with_text = any("text" in row for row in shown)
    header = ("passage", *map(french.printable, coders), *(["texte"] if with_text else []))
    rows = []
    for row in shown:
        codes = [answer(row["codes"].get(coder), row["aspects"], memo=True) for coder in coders]
        text = [french.printable((row["text"] or "").replace("\n", " "))] if with_text else []
        rows.append((french.printable(row["id"]), *codes, *text))
    rest = count - len(shown)
    note = f"Et {_others(rest)}{NBSP}: -f md, -f json ou --adjudicate les donnent tous." if rest else ""
    return Section(f"{_capital(kind_title(kind))} ({french.integer(count)})", header, tuple(rows), note, len(header))


def _others(rest: int) -> str:
    """« un autre », « 12 autres »."""
    return "un autre" if rest == 1 else f"{french.integer(rest)} autres"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _small_share(count: int, total: int) -> str:
    """A share that is not zero is never shown as zero."""
    return f"<{NBSP}1{NBSP}%" if 0 < count / total < 0.005 else french.percent(count / total)


def kind_title(kind: str) -> str:
    """A kind of disagreement in French."""
    name, _, pole = kind.partition(":")
    if name == "logic":
        return f"{codebook().letters[pole]} ({pole}) vue par l’un, pas par l’autre"
    return _KINDS[kind]


def answer(code: Json | None, aspects: Sequence[str] | None = None, *, memo: bool = False) -> str:
    """« mixte, opposition · posture M contestée · axes temps:M »: what one coder said, of the aspects that differ."""
    if code is None:
        return "–"
    letters = codebook().letters
    parts = [code["label"]]
    if code["relations"]:
        pairs = code["relations"].items()
        told = (f"{name} ({pair})" for pair, name in pairs) if codebook().by_pair else (name for _, name in pairs)
        parts[0] += f", {', '.join(told)}"
    elif codebook().by_pair and len(code["logics"]) > 1:
        parts[0] += f" ({'+'.join(letters[pole] for pole in code['logics'])})"
    if aspects is None or "stance" in aspects:
        parts += [f"posture {letters[pole]} {french.stance_title(name)}" for pole, name in code["stance"].items()]
    if aspects is None or "axes" in aspects:
        named = ", ".join(f"{axis}:{'+'.join(letters[p] for p in poles)}" for axis, poles in code["axes"].items())
        parts.append(f"axes {named}" if named else "aucun axe")
    if memo and code["memo"]:
        line = french.printable(" ".join(code["memo"].split()))
        parts.append(f"«{NBSP}{line[:MEMO_SHOWN]}{'…' if len(line) > MEMO_SHOWN else ''}{NBSP}»")
    return " · ".join(parts)


# --- figures --------------------------------------------------------------------------------------------


def how(figures: Json) -> str:
    """Unit, coders, formulas, intervals: a κ is never compared without them."""
    if figures["intervals"].startswith("none"):
        intervals = "aucun intervalle"
    else:
        intervals = (
            f"intervalles à 95{NBSP}% par rééchantillonnage des documents, graine fixe («{NBSP}trop peu{NBSP}»{NBSP}: "
            f"moins de cinq documents{NBSP}; –{NBSP}: valeur sans dispersion, ou absente de trop de tirages)"
        )
    coders = f"{NBSP}; ".join(
        f"{french.printable(coder['coder'])}, {'machine' if coder['machine'] else 'personne'}"
        for coder in figures["coders"]
    )
    book = figures["manifest"]["codebook"]
    several = len(figures["coders"]) > 2
    kappa = "κ de Cohen (1960)" + (", moyenne des paires (Light 1971)" if several else "")
    return (
        f"Unité{NBSP}: le passage. Codeurs, d’après les fichiers{NBSP}: {coders}. Grille "
        f"«{NBSP}{french.printable(book['name'])}{NBSP}», version {book['version']}. {kappa}, α nominal de "
        "Krippendorff (2018), AC1 de Gwet (2008), Brennan et Prediger (1981), MASI de Passonneau (2006)"
        f"{NBSP}; {intervals}. Un κ ne se compare pas d’un logiciel à l’autre sans l’unité{NBSP}: NVivo, QualCoder ou "
        "MAXQDA comptent des caractères ou des segments."
    )
