"""`tensions codebook`: begin a codebook of one's own, and check it."""

import sys
from collections import Counter
from contextlib import suppress
from pathlib import Path

from tensions_cli.commands.common import say
from tensions_cli.errors import ExitStatus, TensionsError
from tensions_cli.knowledge.codebook import (
    FILE,
    LEXICON,
    Codebook,
    files_of,
    load_codebook,
    parse_codebook,
    shipped,
    use_codebook,
)
from tensions_cli.knowledge.codebook_check import problems_of
from tensions_cli.knowledge.files import read_bytes
from tensions_cli.output.french import plural, printable
from tensions_cli.output.sink import binary_output

TEMPLATES = {FILE: "codebook_template.toml", LEXICON: "lexicon_template.csv"}
CODES = ".jsonl"
READABLE = 0o644  # a codebook is no research data: colleagues read it
FEW_CUES = 5  # of a logic: under this the baseline by keywords and the words underlined say little


def run_new(folder: Path, *, copy: bool) -> ExitStatus:
    """Write a codebook to fill in, or a copy of the shipped one to change; never over one that is there."""
    written = {FILE: shipped().content, LEXICON: shipped().lexicon} if copy else _templates()
    for name in written:
        if (folder / name).exists():
            raise TensionsError(
                f"{folder.name}/{name} existe déjà",
                why="une grille ne s’écrase pas\u00a0: des codes s’y appuient peut-être",
                hint="donnez un autre dossier, ou ouvrez celui-ci avec un éditeur de texte",
            )
    made = [place for place in (folder, *folder.parents) if not place.exists()]
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise TensionsError(
            f"le dossier {folder.name} ne peut pas être créé",
            why="un fichier porte ce nom, ou le dossier d’au-dessus ne s’écrit pas",
            hint="donnez un autre dossier, par exemple\u00a0: tensions codebook new ma_grille",
        ) from error
    try:
        for name, content in written.items():
            with binary_output(folder / name, READABLE) as stream:
                stream.write(content)
    except BaseException:  # an interruption too: the folder was ours
        with suppress(OSError):
            for name in written:
                (folder / name).unlink(missing_ok=True)
            for place in made:
                place.rmdir()
        raise
    say(
        f"Écrits dans {printable(folder.name)}\u00a0: {FILE} (la grille) et {LEXICON} (ses indices). Ouvrez-les avec "
        f"un éditeur de texte, puis\u00a0: tensions codebook check {printable(str(folder))}",
        quiet=False,
    )
    return ExitStatus.DONE


def template() -> Codebook:
    """The codebook to fill in, as `new` writes it."""
    return parse_codebook(*_templates().values())


def _templates() -> dict[str, bytes]:
    return {name: read_bytes(template) for name, template in TEMPLATES.items()}


def run_check(path: Path, codes: list[Path]) -> ExitStatus:
    """Say what is wrong in a codebook, all of it; else what it holds, and whether coded passages fit it."""
    if path.suffix.lower() == CODES:
        raise TensionsError(
            f"{printable(path.name)} n’est pas une grille",
            why=f"une grille est un dossier, ou son fichier {FILE}\u00a0; un .jsonl tient des passages codés",
            hint="tensions codebook check DOSSIER --codes " + printable(path.name),
        )
    problems = problems_of(*files_of(path))
    if problems:
        print(f"{printable(path.name)}\u00a0: {plural(len(problems), 'problème')}.", file=sys.stderr)
        for problem in problems:
            print(f"  {printable(problem)}", file=sys.stderr)
        return ExitStatus.UNUSABLE_INPUT
    book = load_codebook(path)
    use_codebook(book)
    print(_described(book))
    for remark in _remarks(book):
        say(f"Remarque\u00a0: {remark}", quiet=False)
    if codes:
        from tensions_cli.training.coded import read_coded

        coded = read_coded(codes, lambda notice: say(notice, quiet=False))
        counts = Counter(one.label for one in coded)
        labels = ", ".join(f"{label} {counts[label]}" for label in book.labels)
        print(f"{plural(len(coded), 'passage codé', 'passages codés')} vont avec cette grille\u00a0: {labels}.")
    return ExitStatus.DONE


def _described(book: Codebook) -> str:
    of_cues = Counter(cue.pole for cue in book.cues if cue.pole)
    logics = [
        f"  {logic.letter}  {logic.name}\u00a0: {plural(len(logic.cases), 'cas', 'cas')}, "
        f"{plural(of_cues[logic.name], 'indice')}, postures {', '.join(logic.stances)}"
        for logic in book.logics
    ]
    return printable_lines(
        f"{book.title} («\u00a0{book.name}\u00a0», version {book.version}, empreinte {book.sha256[:12]})",
        f"{plural(len(book.logics), 'logique')}\u00a0:",
        *logics,
        f"{plural(len(book.axes), 'axe')}\u00a0: {', '.join(book.axis_titles.values()) or 'aucun'}",
        f"{plural(len(book.rules), 'règle')}, {plural(len(book.cues), 'entrée')} de lexique.",
    )


def printable_lines(*lines: str) -> str:
    """Lines without anything that could drive a terminal."""
    return "\n".join(printable(line) for line in lines)


def _remarks(book: Codebook) -> list[str]:
    """What does not prevent work, but that its author would want to know."""
    of_cues = Counter(cue.pole for cue in book.cues)
    sides = {(cue.name, cue.pole) for cue in book.cues if cue.kind == "axis"}
    bare = [logic.name for logic in book.logics if of_cues[logic.name] < FEW_CUES]
    silent = [
        f"{axis} ({pole})" for axis in book.axes for pole in book.poles if book.cues and (axis, pole) not in sides
    ]
    uncased = [logic.name for logic in book.logics if not logic.cases or not logic.question]
    untouched = {case for logic in template().logics for case in logic.cases}
    left = [logic.name for logic in book.logics if untouched & set(logic.cases)]
    return [
        *([f"cas du modèle à compléter, encore là\u00a0: {', '.join(left)}."] if left else []),
        *(
            [f"sans cas ni question, deux codeurs ne coderont pas pareil\u00a0: {', '.join(uncased)}."]
            if uncased
            else []
        ),
        *([f"moins de {FEW_CUES} indices au lexique\u00a0: {', '.join(bare)}. Le modèle s’en passe."] if bare else []),
        *([f"axes sans indice au lexique\u00a0: {', '.join(silent)}."] if silent else []),
        *(["aucune règle\u00a0: notez-en une à chaque désaccord tranché."] if not book.rules else []),
    ]
