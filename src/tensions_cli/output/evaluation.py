"""The figures of an evaluation for a reader: the same tables on the terminal and in Markdown, in French."""

from collections.abc import Iterator
from typing import TextIO

from rich.console import Console
from rich.text import Text

from tensions_cli.knowledge.codebook import codebook
from tensions_cli.output import french
from tensions_cli.output.french import NBSP
from tensions_cli.output.methods_paragraph import methods_paragraphs
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
from tensions_cli.output.tables import MARKDOWN_SPECIAL


def lines_of_training(metrics: Json, folder: str) -> list[str]:
    """What was written and how good it is, for who has just trained a model."""
    figures = metrics["evaluation"]
    lines = [
        f"modèle écrit dans {french.printable(folder)}{NBSP}: macro-F1 {plain(figures['macro_f1'])}, κ "
        f"{plain(figures['agreement']['kappa'])} sur {french.plural(figures['passages'], 'passage')} de "
        f"{french.plural(figures['documents'], 'document')} qu’il n’avait pas appris (metrics.json, README.md)"
    ]
    if warning := french.weakness(figures):
        lines.append(warning)
    added = metrics.get("added")
    if added:
        curve = ", ".join(
            f"{plain(point['macro_f1']['value'])} avec {french.integer(point['passages'])}"
            for point in added["learning_curve"]
        )
        lines += [added["verdict"], f"macro-F1 selon le nombre de vos passages qu’il apprend{NBSP}: {curve}"]
        if not added["calibrated_on_added"]:
            lines.append(
                "vos passages sont trop peu nombreux pour régler seuils et scores sur eux\u00a0: ceux du modèle livré "
                "sont gardés"
            )
    return lines


def print_evaluation(figures: Json, out: Console, paragraph: str | None = None) -> None:
    """Heading, warnings, tables and method, as wide as the console allows; the methods paragraph when asked for."""
    out.print(Text(heading(figures), style="bold"))
    for line in warnings(figures):
        out.print(Text(line, style="yellow"))
    print_sections(sections(figures), out)
    out.print()
    out.print(Text(how(figures), style="dim"))
    for text in methods_paragraphs(figures, paragraph) if paragraph else ():
        out.print()
        out.print(Text(text))


def write_evaluation_markdown(figures: Json, stream: TextIO, paragraph: str | None = None) -> None:
    """The same, ready to be pasted: a heading, one table by section, and the methods paragraph (in both languages)."""
    stream.write(f"## Évaluation\n\n{heading(figures).translate(MARKDOWN_SPECIAL)}\n")
    for line in warnings(figures):
        stream.write(f"\n**{line}**\n")
    write_sections_markdown(sections(figures), stream)
    stream.write(f"\n{how(figures)}\n\n### Pour la section méthodes\n")
    for text in methods_paragraphs(figures, paragraph or "both"):
        stream.write(f"\n{text.translate(MARKDOWN_SPECIAL)}\n")


def heading(figures: Json) -> str:
    """What was compared with what."""
    manifest = figures["manifest"]
    gold = manifest.get("gold", {}).get("file")
    told = f" ({french.printable(gold)})" if gold else ""
    return (
        f"Modèle {manifest['model']['identity']}, {french.grid(manifest['codebook']['version'])}, face à "
        f"{french.plural(figures['passages'], 'passage codé', 'passages codés')} de "
        f"{french.plural(figures['documents'], 'document')}{told}."
    )


def warnings(figures: Json) -> list[str]:
    """What would make a reader trust the figures too much."""
    seen, documents = figures.get("seen_in_training"), figures["documents"]
    lines = [seen_warning(seen, figures["passages"])] if seen else []
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


def seen_warning(seen: int, passages: int) -> str:
    """The model learnt some of the passages that judge it."""
    learnt = f"ce modèle a appris sur {french.integer(seen)} de ces {french.integer(passages)} passages."
    if seen <= french.FEW_LEARNT * passages:
        return f"Remarque{NBSP}: {learnt}"
    return (
        f"Attention{NBSP}: {learnt} "
        f"Les chiffres sont optimistes{NBSP}; retirez ces passages pour savoir ce qu’il vaut sur d’autres textes."
    )


def sections(figures: Json) -> Iterator[Section]:
    """The tables in reading order; those that the gold does not allow are left out."""
    yield _agreement(figures)
    yield _classes(figures)
    yield _confusion(figures["labels"]["confusion"])
    yield _calibration(figures["calibration"])
    if figures["axes"]:
        yield _axes(figures["axes"])
    for key, title in (("by_genre", "Par genre"), ("by_sector", "Par secteur")):
        if figures[key]:
            yield _slices(figures[key], title, whole=figures["documents"])
    if figures["errors"]["worst"]:
        yield _errors(figures["errors"])


def _agreement(figures: Json) -> Section:
    labels, baselines, whole = figures["labels"], figures["baselines"], figures["documents"]
    majority, keywords = baselines["majority"], baselines["keywords"]
    rows = [
        ("étiquette, modèle", labels, "macro_f1"),
        ("étiquette, majoritaire", majority["labels"], "macro_f1"),
        ("étiquette, mots-clés", keywords["labels"], "macro_f1"),
    ]
    for pole, letter in codebook().letters.items():
        rows += [(f"{letter}, modèle", labels["poles"][pole], "f1")]
        rows += [(f"{letter}, mots-clés", keywords["labels"]["poles"][pole], "f1")]
    rows += [("tension, modèle", figures["tension"], "f1")]
    others = {"relation": figures["relation"]}
    others |= {f"posture, {codebook().letters[pole]}": found for pole, found in (figures["stance"] or {}).items()}
    rows += [(f"{name}, modèle", found, "macro_f1") for name, found in others.items() if found["passages"]]
    note = (
        f"macro-F1{NBSP}: moyenne des F1 des classes{NBSP}; pour {', '.join(codebook().letters.values())} et tension, "
        f"F1 du oui. Majoritaire{NBSP}: "
        f"toujours «{NBSP}{majority['label']}{NBSP}». Mots-clés{NBSP}: une logique est dite présente quand les repères "
        f"du lexique, pièges masqués, totalisent une force de {keywords['least_strength']}. Relation et posture{NBSP}: "
        "là où l’or et le modèle en donnent une."
    )
    if figures["stance"] and not any(found["passages"] for found in figures["stance"].values()):
        note += " L’or code la posture, ce modèle ne la dit pas."
    return Section(
        "Accord avec les codes",
        ("", "n", "F1, macro-F1", "accord", "κ", "α", "AC1"),
        tuple(_agreement_row(name, found, found[score], whole) for name, found, score in rows),
        note,
    )


def _agreement_row(name: str, found: Json, score: Json, whole: int) -> tuple[str, ...]:
    agreement, documents = found["agreement"], min(found["documents"], whole)
    return (
        name,
        french.integer(found["passages"]),
        number(score, documents, whole),
        per_cent(agreement["agreement"], documents, whole),
        *(number(agreement[statistic], documents, whole) for statistic in ("kappa", "alpha", "ac1")),
    )


def _classes(figures: Json) -> Section:
    labels, relation, whole = figures["labels"], figures["relation"], figures["documents"]
    rows = [(name, rates, labels["documents"]) for name, rates in labels["classes"].items()]
    for pole, rates in labels["poles"].items():
        rows.append((french.measure_title(f"{pole}+").removeprefix("porte "), rates, rates["documents"]))
    rows.append(("tension (mixte en opposition)", figures["tension"], figures["tension"]["documents"]))
    rows += [(f"relation{NBSP}: {name}", rates, relation["documents"]) for name, rates in relation["classes"].items()]
    for pole, found in (figures["stance"] or {}).items():
        rows += [
            (f"posture {codebook().letters[pole]}{NBSP}: {french.stance_title(name)}", rates, found["documents"])
            for name, rates in found["classes"].items()
        ]
    shown = [(name, rates, documents) for name, rates, documents in rows if rates["support"] or rates["said"]]
    note = (
        f"or{NBSP}: passages ainsi codés{NBSP}; dits{NBSP}: par le modèle{NBSP}; justes{NBSP}: par les deux. "
        f"°{NBSP}: moins de trente passages dans l’or, lire les effectifs plutôt que les taux."
    )
    return Section(
        "Par classe",
        ("", "or", "dits", "justes", "précision", "rappel", "F1"),
        tuple(_class_row(name, rates, documents, whole) for name, rates, documents in shown),
        note,
    )


def _class_row(name: str, rates: Json, documents: int, whole: int) -> tuple[str, ...]:
    return (
        name,
        _support(rates["support"]),
        french.integer(rates["said"]),
        french.integer(rates["both"]),
        *(number(rates[rate], documents, whole) for rate in ("precision", "recall", "f1")),
    )


def _support(count: int) -> str:
    return f"{french.integer(count)}{'°' if count < ENOUGH_PASSAGES else ''}"


def _confusion(confusion: Json) -> Section:
    order, rows = confusion["order"], confusion["rows_gold"]
    return Section(
        "Confusions",
        ("or \\ modèle", *order, "total"),
        tuple(
            (name, *map(french.integer, row), french.integer(sum(row))) for name, row in zip(order, rows, strict=True)
        ),
        f"Lignes{NBSP}: l’or{NBSP}; colonnes{NBSP}: le modèle.",
    )


def _calibration(calibration: Json) -> Section:
    header = ["score"]
    for pole in calibration:
        header += [f"{codebook().letters[pole]}{NBSP}: n", "score moyen", "part de oui"]
    rows = []
    for bins in zip(*(found["bins"] for found in calibration.values()), strict=True):
        row = [f"{plain(bins[0]['from'], 1)}–{plain(bins[0]['to'], 1)}"]
        for one in bins:
            row += [french.integer(one["passages"]), plain(one["mean_score"]), plain(one["share_yes"])]
        rows.append(tuple(row))
    errors = ", ".join(f"{codebook().letters[pole]} {plain(found['error'], 3)}" for pole, found in calibration.items())
    note = (
        f"Erreur de calibrage attendue{NBSP}: {errors}. Un score est calibré quand la part de oui suit le score moyen."
    )
    return Section("Fiabilité des scores", tuple(header), tuple(rows), note)


def _axes(axes: Json) -> Section:
    rows = []
    for axis, title in french.axis_titles().items():
        row = [title]
        for pole in codebook().letters:
            found = axes["classes"][f"{axis}:{pole}"]
            row += [_support(found["support"]), french.integer(found["said"]), plain(found["f1"]["value"])]
        rows.append(tuple(row))
    documents = axes["documents"]
    note = (
        f"Ensemble des axes{NBSP}: MASI moyen {number(axes['masi'], documents, documents)} sur "
        f"{french.plural(axes['passages'], 'passage')}, {number(axes['masi_where_any'], documents, documents)} sur les "
        f"{french.integer(axes['passages_where_any'])} où l’or ou le modèle en nomme un{NBSP}; α de distance MASI "
        f"{number(axes['alpha_masi'], documents, documents)}."
    )
    header = (
        "",
        *(f"{letter}{NBSP}: {name}" for letter in codebook().letters.values() for name in ("or", "dits", "F1")),
    )
    return Section("Axes, par pôle", header, tuple(rows), note)


def _slices(slices: Json, title: str, *, whole: int) -> Section:
    rows = []
    for name, found in slices.items():
        documents = found["documents"]
        rows.append(
            (
                french.printable(name),
                french.integer(documents),
                french.integer(found["passages"]),
                number(found["macro_f1"], documents, whole),
                *(
                    plain(figure["value"]) if documents < LEAST_DOCUMENTS else number(figure, documents, whole)
                    for figure in (
                        found["agreement"]["kappa"],
                        *(found["poles"][pole]["f1"] for pole in codebook().letters),
                    )
                ),
            )
        )
    header = ("", "doc.", "pass.", "macro-F1", "κ", *(f"F1 de {letter}" for letter in codebook().letters.values()))
    return Section(title, header, tuple(rows))


def _errors(errors: Json) -> Section:
    worst = errors["worst"]
    with_text, letters = any("text" in row for row in worst), codebook().letters.values()
    header = ("passage", "or", "modèle", *(["texte"] if with_text else []), *map("score {}".format, letters))
    rows = []
    for row in worst:
        text = [french.printable(row["text"].replace("\n", " "))] if with_text else []
        scores = [plain(row["scores"][pole]) for pole in codebook().letters]
        rows.append((french.printable(row["id"]), _label(row["gold"]), _label(row["said"]), *text, *scores))
    count = french.plural(errors["count"], "étiquette fausse", "étiquettes fausses")
    note = "En tête, celles que le modèle croyait le plus."
    if not with_text:
        note += " Le texte n’est montré qu’avec --show-text."
    return Section(
        f"Pires erreurs ({len(worst)} sur {count})", header, tuple(rows), note, left=len(header) - len(letters)
    )


def _label(codes: Json) -> str:
    return f"{codes['label']}, {codes['relation']}" if codes["relation"] else str(codes["label"])


def how(figures: Json) -> str:
    """Unit, coders, formulas and intervals: a κ is never compared without them."""
    if figures["intervals"].startswith("none"):
        intervals = "aucun intervalle"
    else:
        intervals = (
            f"intervalles à 95{NBSP}% par rééchantillonnage des documents, graine fixe («{NBSP}trop peu{NBSP}»{NBSP}: "
            f"moins de cinq documents{NBSP}; –{NBSP}: valeur sans dispersion, ou absente de trop de tirages)"
        )
    seen = figures.get("seen_in_training")
    known = " Ce modèle ne dit pas sur quels textes il a appris." if seen is None else ""
    return (
        f"Unité{NBSP}: le passage. Codeur 1{NBSP}: l’or{NBSP}; codeur 2{NBSP}: le modèle. κ de Cohen (1960), α nominal "
        f"de Krippendorff (2018), AC1 de Gwet (2008), MASI de Passonneau (2006){NBSP}; {intervals}.{known}"
    )
