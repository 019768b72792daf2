"""The codebook in use: logics, labels, relations, stances, axes, rules, and the lexicon beside them.

The shipped one is only the default. A model carries the codebook it learnt, and a command puts it in use before
anything is counted or printed: one run, one codebook.
"""

import hashlib
import tomllib
from collections.abc import Collection, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache, cached_property
from itertools import combinations
from pathlib import Path
from typing import Any

from tensions_cli.errors import TensionsError
from tensions_cli.knowledge.codebook_check import problems_of
from tensions_cli.knowledge.files import read_bytes
from tensions_cli.knowledge.lexicon import Cue, read_lexicon
from tensions_cli.records import MIXTE, NEUTRE

FILE = "codebook.toml"
LEXICON = "lexicon.csv"
MAX_BYTES = 5_000_000  # ten times the shipped lexicon; a larger file is no codebook


@dataclass(frozen=True, slots=True)
class Logic:
    """One logic. `letter` names it in tables and in coded passages; `said` in a French sentence, with its article."""

    name: str
    letter: str
    title: str
    said: str
    question: str
    cases: tuple[str, ...]
    stances: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Axis:
    """One axis. `sides`: by logic, what is at work on it."""

    name: str
    title: str
    sides: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule for coders."""

    number: int
    title: str
    text: str


@dataclass(frozen=True, eq=False)
class Codebook:
    """Names in the order of the file; two codebooks are the same only if they are one object (`load_codebook`).

    `relation_meanings`, `stance_meanings`: what each name says. `content`, `lexicon`: the files themselves, which a
    model folder keeps.
    """

    name: str
    version: int
    title: str
    unit: str
    logics: tuple[Logic, ...]
    relation_meanings: Mapping[str, str]
    stance_meanings: Mapping[str, str]
    axis_list: tuple[Axis, ...]
    rules: tuple[Rule, ...]
    cues: tuple[Cue, ...]
    content: bytes
    lexicon: bytes

    @cached_property
    def poles(self) -> tuple[str, ...]:
        """Names of the logics."""
        return tuple(logic.name for logic in self.logics)

    @cached_property
    def letters(self) -> Mapping[str, str]:
        """Logic → its letter."""
        return {logic.name: logic.letter for logic in self.logics}

    @cached_property
    def said(self) -> Mapping[str, str]:
        """Logic → its name in a French sentence, with its article."""
        return {logic.name: logic.said for logic in self.logics}

    @cached_property
    def labels(self) -> tuple[str, ...]:
        """Each logic alone, `mixte` (two or more), `neutre` (none)."""
        return (*self.poles, MIXTE, NEUTRE)

    @cached_property
    def measures(self) -> tuple[str, ...]:
        """What shares are given of: the labels, and `tension`."""
        return (*self.labels, "tension")

    @cached_property
    def relations(self) -> tuple[str, ...]:
        """Names of the relations."""
        return tuple(self.relation_meanings)

    @cached_property
    def stances(self) -> Mapping[str, tuple[str, ...]]:
        """Logic → the stances that a speaker may take on it."""
        return {logic.name: logic.stances for logic in self.logics}

    @cached_property
    def axes(self) -> tuple[str, ...]:
        """Names of the axes."""
        return tuple(axis.name for axis in self.axis_list)

    @cached_property
    def axis_titles(self) -> Mapping[str, str]:
        """Axis → its French title."""
        return {axis.name: axis.title for axis in self.axis_list}

    @cached_property
    def pairs(self) -> Mapping[str, tuple[str, str]]:
        """`marchande+civique` → the two logics, for every two of them, in the order of the codebook."""
        return {pair_name(one, other): (one, other) for one, other in combinations(self.poles, 2)}

    @property
    def by_pair(self) -> bool:
        """More than two logics: relations are told pair by pair."""
        return len(self.logics) > 2

    @cached_property
    def sha256(self) -> str:
        """Hash of the codebook's file."""
        return hashlib.sha256(self.content).hexdigest()

    @cached_property
    def lexicon_sha256(self) -> str:
        """Hash of the lexicon's file."""
        return hashlib.sha256(self.lexicon).hexdigest()

    def present(self, answers: Sequence[bool]) -> tuple[str, ...]:
        """The logics answered yes, in the order of the codebook."""
        return tuple(pole for pole, answer in zip(self.poles, answers, strict=True) if answer)

    def pairs_of(self, logics: Collection[str]) -> tuple[str, ...]:
        """Names of the pairs that these logics make."""
        return tuple(name for name, pair in self.pairs.items() if set(pair) <= set(logics))


def pair_name(one: str, other: str) -> str:
    """`marchande+civique`: two logics, in the order of the codebook."""
    return f"{one}+{other}"


def label_of(logics: Sequence[str]) -> str:
    """The label that the logics present give: the logic alone, `mixte` for two or more, `neutre` for none."""
    if not logics:
        return NEUTRE
    return logics[0] if len(logics) == 1 else MIXTE


_in_use: ContextVar["Codebook | None"] = ContextVar("codebook", default=None)


def codebook() -> Codebook:
    """The codebook in use; the shipped one unless a command chose another."""
    return _in_use.get() or shipped()


def use_codebook(book: Codebook) -> None:
    """Put a codebook in use for the rest of the run."""
    _in_use.set(book)


@cache
def shipped() -> Codebook:
    """The codebook shipped with the tool."""
    return parse_codebook(read_bytes(FILE), read_bytes(LEXICON))


def load_codebook(path: Path) -> Codebook:
    """A codebook given by its file or its folder, with the `lexicon.csv` beside it (none: no cue).

    Raises TensionsError for a file that is not there, cannot be read, or breaks the format.
    """
    try:
        return parse_codebook(*files_of(path))
    except ValueError as error:
        raise TensionsError(
            f"{path.name} n’est pas une grille de codage utilisable",
            why=str(error),
            hint=f"tensions codebook check {path.name} montre tout ce qui est à corriger",
        ) from error


def files_of(path: Path) -> tuple[bytes, bytes]:
    """The two files of a codebook as they are; no lexicon is an empty one. Raises TensionsError when unreadable."""
    file = path / FILE if path.is_dir() else path
    lexicon = file.with_name(LEXICON)
    return _read(file), _read(lexicon) if lexicon.exists() else b""


def _read(file: Path) -> bytes:
    try:
        if not file.is_file() or file.stat().st_size > MAX_BYTES:
            raise OSError
        return file.read_bytes()
    except OSError as error:
        raise TensionsError(
            f"{file.name} ne se lit pas",
            why="le fichier n’existe pas, ne peut pas être ouvert, ou n’est pas une grille",
            hint="tensions codebook new mon_dossier/ en écrit une à compléter",
        ) from error


@cache
def parse_codebook(content: bytes, lexicon: bytes) -> Codebook:
    """A codebook from the bytes of its two files; the same bytes give the same object.

    Raises ValueError with the first problem, in French.
    """
    for problem in problems_of(content, lexicon):
        raise ValueError(problem)
    data = tomllib.loads(content.decode("utf-8-sig"))
    logics = tuple(_logic(logic, data) for logic in data["logics"])
    return Codebook(
        name=data["name"],
        version=data["version"],
        title=data.get("title") or data["name"],
        unit=data.get("unit", ""),
        logics=logics,
        relation_meanings=data["relations"],
        stance_meanings=data["stances"],
        axis_list=tuple(
            Axis(axis["name"], axis.get("title") or axis["name"], {logic.name: axis[logic.name] for logic in logics})
            for axis in data.get("axes", ())
        ),
        rules=tuple(Rule(rule["number"], rule["title"], rule["text"]) for rule in data.get("rules", ())),
        cues=read_lexicon(lexicon),
        content=content,
        lexicon=lexicon,
    )


def _logic(data: Mapping[str, Any], book: Mapping[str, Any]) -> Logic:
    return Logic(
        name=data["name"],
        letter=data["letter"],
        title=data.get("title") or data["name"],
        said=data.get("said") or f"la logique «\u00a0{data['name']}\u00a0»",
        question=data.get("question", ""),
        cases=tuple(data.get("cases", ())),
        stances=tuple(data.get("stances") or book["stances"]),
    )
