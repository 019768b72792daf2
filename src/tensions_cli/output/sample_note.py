"""What a sample is worth and what to do next, in a few French lines for the terminal."""

from collections.abc import Sequence

from tensions_cli.output.french import integer, percent, plural, printable
from tensions_cli.output.tasks import TRAINING_ONLY
from tensions_cli.results import Sample, Stratum

# 200 independent passages: a κ of .70 comes out between .62 and .78 (docs/methods.md; simulation, four classes).
KAPPA_PASSAGES = 200
LISTED = 30  # strata shown on a terminal; the design has them all
CHOSEN = {
    "uncertain": "choisis là où le modèle hésite le plus",
    "diverse": "choisis pour leur variété (mots des passages, k-means++ sur tf-idf réduit)",
    "mixed": "choisis pour moitié là où le modèle hésite, pour moitié pour leur variété (mots des passages)",
}


def sample_note(sample: Sample, documents: int, files: Sequence[str], form: str) -> list[str]:
    """How many passages out of how many, strata, coders, precision, next command. `files`: names of the task files."""
    return [
        *_drawn(sample, documents),
        *(_strata(sample) if sample.by else ()),
        *_coders(sample),
        *_worth(sample),
        *_next(files, form),
    ]


def _drawn(sample: Sample, documents: int) -> list[str]:
    count, population = len(sample.tasks), f"{integer(sample.population)} comptés dans {plural(documents, 'document')}"
    if count == sample.population:
        lines = [f"Tous les passages sont à coder ({population})\u00a0: chacun a un poids de 1."]
    else:
        how = CHOSEN.get(sample.strategy, "tirés au hasard")
        lines = [f"{plural(count, 'passage')} à coder sur {population}, {how if count > 1 else _one(how)}."]
    if sample.withdrawn:
        left = plural(sample.withdrawn, "passage déjà codé ou tiré", "passages déjà codés ou tirés")
        said = "\u00a0; les poids valent pour les autres" if sample.precision else ""
        lines.append(f"Laissés de côté (--without)\u00a0: {left}{said}.")
    return lines


def _one(how: str) -> str:
    """« choisi », « tiré » of one passage."""
    return how.replace("tirés", "tiré").replace("choisis", "choisi").replace("leur variété", "sa variété")


def _strata(sample: Sample) -> list[str]:
    """A table of strata: their values, N, n, weight."""
    names = [_name(one) for one in sample.strata[:LISTED]]
    title = " × ".join(map(printable, sample.by))
    width = max(map(len, (title, *names)))
    weighted = sample.precision is not None
    lines = [f"  {title:<{width}}  {'passages':>8}  {'tirés':>6}{'   poids' if weighted else ''}"]
    for name, one in zip(names, sample.strata, strict=False):
        weight = f"  {one.weight:>6.2f}".replace(".", ",") if one.weight is not None else ""
        lines.append(f"  {name:<{width}}  {integer(one.population):>8}  {integer(one.drawn):>6}{weight}")
    more = len(sample.strata) - LISTED
    return [
        *lines,
        *([f"  … et {plural(more, 'autre strate', 'autres strates')} (voir le tirage)"] if more > 0 else ()),
    ]


def _name(stratum: Stratum) -> str:
    return printable(" × ".join(stratum.by.values()))


def _coders(sample: Sample) -> list[str]:
    if not sample.coders:
        return []
    shares = [(coder, sum(coder in task.coders for task in sample.tasks)) for coder in sample.coders]
    said = ", ".join(f"{coder}\u00a0{integer(n)}" for coder, n in shares)
    if len(sample.coders) < 2:
        return [f"À coder\u00a0: {said}."]
    alike = "codé par tous" if sample.overlap == 1 else "codés par tous"
    return [f"À coder\u00a0: {said}, dont {integer(sample.overlap)} {alike}, pour mesurer l’accord."]


def _worth(sample: Sample) -> list[str]:
    """What the sample can say, or that it must say nothing."""
    if sample.precision is None:
        return [TRAINING_ONLY]
    lines = []
    if len(sample.tasks) < sample.population:
        known = sample.precision
        near = f"{100 * known.half_width:.0f}"
        points = "point" if near in ("0", "1") else "points"
        correlation = f"{known.correlation:.2f}".replace(".", ",")
        lines.append(
            f"Précision attendue\u00a0: une part de {percent(known.share)} à ±\u00a0{near} {points} (95\u00a0%). Les "
            f"passages d’un même document se ressemblent\u00a0: ces {integer(len(sample.tasks))} en valent environ "
            f"{integer(round(known.effective))} indépendants (corrélation supposée de {correlation})."
        )
    lines.append(_kappa(sample))
    return lines


def _kappa(sample: Sample) -> str:
    need = (
        f"κ\u00a0: comptez au moins {KAPPA_PASSAGES} passages codés deux fois (un κ de 0,70 s’y mesure entre 0,62 et "
        "0,78)"
    )
    if len(sample.coders) < 2:
        return f"{need}\u00a0: --coders A,B prépare un double codage."
    return f"{need}\u00a0; ici {integer(sample.overlap)}."


def _next(files: Sequence[str], form: str) -> list[str]:
    """What to type once the files are coded."""
    names = [printable(file) for file in files]
    where = {
        "xlsx": "Codez dans un tableur (feuille «\u00a0À coder\u00a0»), puis\u00a0:",
        "csv": "Codez dans un tableur, puis\u00a0:",
        "jsonl": "Codez dans le terminal\u00a0:",
    }.get(form, f"Importez dans {TOOLS.get(form, form)}, codez, exportez, puis\u00a0:")
    if form == "jsonl":
        return [where, *(f"  tensions coding annotate {name}" for name in names)]
    if len(names) == 1:
        return [where, f"  tensions coding import {names[0]} --coder A -o codes.jsonl"]
    codes = [f"{name.rpartition('.')[0]}.codes.jsonl" for name in names]
    imports = [f"  tensions coding import {name} -o {code}" for name, code in zip(names, codes, strict=True)]
    return [where, *imports, f"  tensions coding agreement {' '.join(codes)}"]


TOOLS = {
    "doccano": (
        "doccano (étiquetage de séquences, «\u00a0Allow overlapping entities\u00a0» coché\u00a0: "
        "sélectionnez tout le passage)"
    ),
    "label-studio": "Label Studio",
    "prodigy": "Prodigy (recette choice)",
}
