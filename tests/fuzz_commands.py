"""Plausible and less plausible command lines, and spoilt companions of a corpus: for the tests and the benchmark.

Options, their kinds and the commands are read from the application itself: a new one is tried as soon as it is there.
"""

import contextlib
import io
import random
import shutil
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import typer.main

from fuzz_files import NASTY, SPOIL
from tensions_cli.cli import app, run

STATUSES = {0, 1, 2, 3, 4}
CANARY = "ZZTOPSECRET"
TEXT = (
    f"M : Et la journée ?\n\nC : On coche des cases, dit {CANARY}, et on n’a plus le temps d’écouter les résidents.\n"
)
LINES = 'id;text;genre\n1;"On prend le temps de parler.";presse\n2;"On remplit la grille.";revue\n'
CODE = (
    '{"id": "a#0-30", "document": "a", "author": "a", "coder": "A", "text": "On remplit la grille le matin.", "M": 1, '
    '"P": 0, "relation": null, "stance": {"rationalisation": "decrite"}, "axes": {"temps": ["rationalisation"]}}\n'
)
# Never tried: they train a model, wait for a person at a terminal, or for a cluster.
NEVER = {("model", "train"), ("coding", "annotate")}
NEVER_OPTIONS = {"--cluster", "--help", "--sensitivity"}
VALUES = (
    *("corpus", "corpus/a.txt", "table.csv", "codes.jsonl", "r.json", "grille", "*.txt", "**/*", "-", "."),
    *("rien.txt", "sortie/x.txt", "x.html", "x.xlsx", "x.md", "x.jsonl", "x.csv", "x.qdpx", "x.zip", "nouveau"),
    *("standard", "fine", "json", "csv", "md", "table", "txt", "jsonl", "html", "xlsx", "qdpx", "iramuteq", "tei"),
    *("document", "speaker", "role", "person", "year", "genre", "label", "relation", "inconnu", "Genre"),
    *("M=interviewer,C=respondent", "none", "M=", "=", "M=enquêteur,M=enquêté", "record", "passage", "auto", "month"),
    *("temps", "rationalisation", "opposition", "professionnelle:menacee", "temps:professionnelle", "genre=presse"),
    *("tension_share > 0.3", "presse: neutre > 60 %", "0.02", "5 %", "-1", "0", "1", "2", "3", "1e9", "nan", "A,B"),
    *("[a-z", "(a+)+$", "a{99999}", ".", "^", "|", "", " ", "\x00", "-x", "--", "--inconnue", "@x", "$(ls)", "é" * 300),
)


@contextlib.contextmanager
def quietly() -> Iterator[tuple[io.StringIO, io.StringIO]]:
    """What is written to stdout and stderr; a short interview is on stdin."""
    out, err, before = io.StringIO(), io.StringIO(), sys.stdin
    sys.stdin = io.TextIOWrapper(io.BytesIO(TEXT.encode()))
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            yield out, err
    finally:
        sys.stdin = before


def commands() -> dict[tuple[str, ...], Any]:
    """Every command by its words."""
    found: dict[tuple[str, ...], Any] = {}

    def walk(words: tuple[str, ...], command: Any) -> None:
        if hasattr(command, "commands"):
            for name, one in sorted(command.commands.items()):
                walk((*words, name), one)
        elif words not in NEVER:
            found[words] = command

    walk((), typer.main.get_command(app))
    return found


COMMANDS = commands()


def value(rng: random.Random) -> str:
    """Something to type: most often something that could be meant."""
    if rng.randrange(8) == 0:
        return rng.choice(NASTY).replace("\x00", "")[:5000].encode("utf-8", "replace").decode()
    return rng.choice(VALUES).replace("\x00", "")


def command_line(rng: random.Random) -> list[str]:
    """A command, its arguments and a few options, in any order, with a mistake now and then."""
    words = rng.choice(sorted(COMMANDS))
    line: list[str] = []
    for parameter in COMMANDS[words].params:
        if parameter.param_type_name == "argument":
            line += [
                rng.choice(("corpus", "corpus", "codes.jsonl", value(rng))) for _ in range(rng.choice((1, 1, 1, 2, 0)))
            ]
            continue
        names = sorted(set(parameter.opts) - NEVER_OPTIONS)
        if not names or rng.random() > (0.9 if parameter.required else 0.15):
            continue
        flag = getattr(parameter, "is_flag", False)
        choices = [one for one in VALUES if one in str(getattr(parameter, "metavar", "") or "").split("|")]
        said = rng.choice(choices) if choices and rng.randrange(3) else value(rng)
        line += [rng.choice(names), *([] if flag else [said])]
    if rng.randrange(12) == 0:
        line.insert(rng.randrange(len(line) + 1), value(rng))
    if rng.randrange(20) == 0:
        rng.shuffle(line)
    head = list(words) if rng.randrange(25) else [value(rng), *words[1:]]
    return [*head, *line]


def make_place(place: Path) -> None:
    """A small corpus with its tables, codes, a summary and a codebook, under the names that command lines say."""
    (place / "corpus").mkdir(parents=True)
    (place / "sortie").mkdir()
    (place / "corpus" / "a.txt").write_text(TEXT, encoding="utf-8")
    (place / "corpus" / "b.txt").write_text(TEXT.replace("cases", "grilles"), encoding="utf-8")
    (place / "corpus" / "metadata.csv").write_text("document;genre;date\na;presse;2020-01\nb;revue;2021\n", "utf-8")
    (place / "corpus" / "speakers.csv").write_text("document;speaker;person;role\na;C;P1;respondent\n", "utf-8")
    (place / "table.csv").write_text(LINES, encoding="utf-8")
    (place / "codes.jsonl").write_text(CODE + CODE.replace('"A"', '"B"'), encoding="utf-8")
    with quietly():
        assert run(["analyse", str(place / "corpus"), "-f", "json", "-q", "-o", str(place / "r.json")]) == 0
        assert run(["codebook", "new", str(place / "grille"), "--copy"]) == 0


def renewed(place: Path, model: Path) -> None:
    """The place as it was, whatever the last command wrote there."""
    shutil.rmtree(place, ignore_errors=True)
    shutil.copytree(model, place)


def fault_of(line: Sequence[str]) -> str | None:
    """What is wrong with how a command line ended; None when it ended as the README says."""
    with quietly() as (_, err):
        status = run(list(line))
    said = err.getvalue()
    if status not in STATUSES:
        return f"status {status}: {said[-300:]}"
    if "Traceback" in said or 'File "' in said or "site-packages" in said or "Warning:" in said:
        return "a trace of our code on stderr"
    if status == 4 or (status == 2 and line[:2] != ["codebook", "check"]):
        heads = [row.partition("\u00a0")[0] for row in said.splitlines()]
        if not {"Erreur", "Pourquoi", "À faire"} <= set(heads) and "Usage" not in said:
            return f"status {status} without its three parts: {said[-300:]}"
    if status == 2 and CANARY in said:
        return "a text is quoted"
    return None


# --- companions of a corpus: tables, settings, summaries, codebooks, configurations ---------------------------

# What is spoilt, in what way, and the command that then reads it.
COMPANIONS: dict[str, tuple[str, str, list[str]]] = {
    "metadata.csv": ("corpus/metadata.csv", "text", ["corpus", "info", "corpus", "-f", "json"]),
    "speakers.csv": ("corpus/speakers.csv", "text", ["corpus", "info", "corpus", "-f", "json"]),
    "tensions.toml": ("corpus/tensions.toml", "text", ["corpus", "info", "corpus", "-f", "json"]),
    "summary": ("r.json", "json", ["diff", "r.json", "r.json"]),
    "summary, checked": ("r.json", "json", ["analyse", "corpus", "-f", "json", "--check", "r.json"]),
    "codes": ("codes.jsonl", "json", ["analyse", "corpus", "-f", "json", "--codes", "codes.jsonl"]),
    "codes, agreement": ("codes.jsonl", "json", ["coding", "agreement", "codes.jsonl"]),
    "codebook.toml": ("grille/codebook.toml", "text", ["codebook", "check", "grille"]),
    "lexicon.csv": ("grille/lexicon.csv", "text", ["codebook", "check", "grille"]),
    "config.json": ("modèle/config.json", "json", ["analyse", "corpus", "-f", "json", "-m", "modèle"]),
    "metrics.json": ("modèle/metrics.json", "json", ["report", "corpus", "-f", "md", "-o", "x.md", "-m", "modèle"]),
    "pseudonyms": ("noms.csv", "text", ["corpus", "pseudonymise", "corpus", "--table", "noms.csv", "-o", "nouveau"]),
}


def make_companions(place: Path, standard: Path) -> None:
    """What `COMPANIONS` spoils, beside what `make_place` makes."""
    toml = 'model = "standard"\nmask_under = 3\n\n[speakers]\nM = "interviewer"\nC = "respondent"\n'
    (place / "corpus" / "tensions.toml").write_text(toml, encoding="utf-8")
    (place / "noms.csv").write_text("nom;code\nMarie Dupont;P01\nSaint-Brieuc;V01\n", encoding="utf-8")
    shutil.copytree(standard, place / "modèle")


def spoilt(name: str, content: bytes, rng: random.Random) -> bytes:
    """A companion after one to four accidents."""
    _, kind, _ = COMPANIONS[name]
    for _ in range(rng.choice((1, 1, 2, 4))):
        content = SPOIL[kind](content, rng)
    return content
