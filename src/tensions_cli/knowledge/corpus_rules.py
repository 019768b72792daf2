"""The rules of `tensions corpus check` (`corpus_rules.toml`), and what one of them says of a place."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Any

from tensions_cli.knowledge.files import read_toml

FILE = "corpus_rules.toml"
WHOLE_CORPUS = "."  # the `file` of a finding about the corpus as a whole


class Severity(StrEnum):
    """Text is lost or misread; a result may be wrong; another tool may stumble."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule. `fix`: what `--fix` does (French), None when nothing; `left_out`: the fix is not to copy the file."""

    severity: Severity
    title: str
    message: str
    advice: str
    fix: str | None = None
    left_out: bool = False
    defect: str | None = None
    reasons: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Finding:
    """What is wrong somewhere: never a word of the corpus.

    `file`: its name relative to its source, or WHOLE_CORPUS. `line`: from 1, as an editor shows it; None when the
    whole file is concerned or its format has no lines. `place`: what tells the spot besides (`tour 12`, `locuteur 3`).
    `fix`: what the corrected copy changes, None when nothing.
    """

    file: str
    line: int | None
    rule: str
    severity: Severity
    message: str
    fix: str | None
    place: str = ""

    @property
    def sentence(self) -> str:
        """The message with its place."""
        return f"{self.message} ({self.place})" if self.place else self.message

    @property
    def order(self) -> tuple[str, int, str, str, tuple[int, ...], str]:
        """Sorts findings by file, line, rule; then by place, turn 9 before turn 12."""
        numbers = tuple(map(int, re.findall(r"\d+", self.place)))
        return self.file, self.line or 0, self.rule, self.message, numbers, self.place


@cache
def rules() -> Mapping[str, Rule]:
    """Every rule by its code, in the order of the file."""
    return {code: _rule(entry) for code, entry in read_toml(FILE)["rules"].items()}


def _rule(entry: Mapping[str, Any]) -> Rule:
    return Rule(
        severity=Severity(entry["severity"]),
        title=entry["title"],
        message=entry["message"],
        advice=entry["advice"],
        fix=entry.get("fix"),
        left_out=entry.get("left_out", False),
        defect=entry.get("defect"),
        reasons=tuple(entry.get("reasons", ())),
        categories=tuple(entry.get("categories", ())),
    )


def finding(
    rule: str, file: str, line: int | None = None, *, place: str = "", fixable: bool = True, **said: int | str
) -> Finding:
    """A finding of one rule. `said` fills its message: numbers, file names and words of ours, never of a text.

    `place`: what tells the spot besides the line; `fixable`: whether the rule's fix applies here.
    """
    known = rules()[rule]
    fix = known.fix if fixable else None
    return Finding(file, line, rule, known.severity, known.message.format(**said), fix, place)


@cache
def rule_of_reason() -> Mapping[str, str]:
    """The rule that tells each reason for which a file is skipped; the first rule that names it."""
    told: dict[str, str] = {}
    for code, rule in rules().items():
        for reason in rule.reasons:
            told.setdefault(reason, code)
    return told


@cache
def rule_of_defect() -> Mapping[str, str]:
    """The rule of each defect of an IRaMuTeQ corpus."""
    return {rule.defect: code for code, rule in rules().items() if rule.defect}


@cache
def rule_of_category() -> Mapping[str, str]:
    """The rule of each kind of identifier."""
    return {category: code for code, rule in rules().items() for category in rule.categories}


def table(name: str) -> Mapping[str, Any]:
    """One of the tables of words and patterns beside the rules."""
    entries: Mapping[str, Any] = read_toml(FILE)[name]
    return entries


@cache
def pattern(name: str, key: str) -> re.Pattern[str]:
    """A pattern of one of these tables."""
    return re.compile(read_toml(FILE)[name][key])


def words(name: str, key: str) -> Sequence[str]:
    """A list of one of these tables."""
    listed: Sequence[str] = read_toml(FILE)[name][key]
    return listed
