"""IRaMuTeQ corpora: one document per star line, and what IRaMuTeQ itself would refuse or lose, named by line."""

import codecs
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from tensions_cli.corpus.formats.plain import blocks_of, visible, visible_zone
from tensions_cli.corpus.sources import SourceFile
from tensions_cli.files.encoding import Decoded, decode
from tensions_cli.knowledge.files import read_toml
from tensions_cli.records import Block, Document, Skipped, Zone, ZoneKind

# Lines named in a notice; beyond, only their number.
_LISTED = 10


@dataclass(frozen=True, slots=True)
class Defect:
    """One defect of a corpus: its line in the file (from 1) and its rule, a key of [iramuteq.defects]."""

    line: int
    rule: str

    @property
    def level(self) -> str:
        """`error`: IRaMuTeQ stops, loses or misreads text; `warning`: it goes on."""
        return str(_rules()["defects"][self.rule]["level"])

    @property
    def title(self) -> str:
        """What is wrong, in a few French words."""
        return str(_rules()["defects"][self.rule]["title"])


@dataclass(frozen=True, slots=True)
class _Mark:
    """One star line: where it is, its number in the file (from 1), its variables, its defects."""

    start: int
    end: int
    number: int
    variables: Mapping[str, str]
    rules: tuple[str, ...]


def is_iramuteq(text: str) -> bool:
    """At least one line bears a mark with a variable: rules of stars and years in prose are no marks."""
    if "*" not in text:
        return False
    return any(_pattern("header").match(line) or _pattern("numbered").match(line) for line in text.split("\n"))


def read_iramuteq(decoded: Decoded, file: SourceFile) -> Iterator[Document | Skipped]:
    """One document per star line; the text before the first one is a document of its own, `file#0`.

    Star lines and themes are zones; `_mots_` and expressions joined by `_` stay as they are, with a notice.
    """
    text = decoded.text
    marks = _marks(text)
    notices = (*decoded.notices, *_defect_notice(_line_defects(text, marks)), *_underscores(text))
    if visible(text, 0, marks[0].start) is not None:
        said = "du texte précède la première ligne ****, qu’IRaMuTeQ ignorerait\u00a0: il est gardé à part"
        yield _document(decoded, 0, None, marks[0].start, f"{file.id}#0", file, (*notices, said))
        notices = ()
    several = len(marks) > 1
    for rank, mark in enumerate(marks, start=1):
        end = marks[rank].start if rank < len(marks) else len(text)
        name = f"{file.id}#{rank}" if several else file.id
        document = _document(decoded, mark.start, mark, end, name, file, notices)
        if document.blocks:
            yield document
            notices = ()  # what is said of the file is said once
        else:
            detail = f"texte vide sous la ligne {mark.number}\u00a0: complétez-le ou retirez sa ligne ****"
            yield Skipped(file.name, "empty", detail)


def find_defects(data: bytes) -> list[Defect]:
    """Every defect of an IRaMuTeQ corpus, by line then rule; empty when the bytes are no such corpus.

    Raises `UnreadableError` ("binary") as `decode` does.
    """
    text = decode(data).text
    if not is_iramuteq(text):
        return []
    marks = _marks(text)
    found = {*_line_defects(text, marks), *_empty_texts(text, marks), *_variable_defects(text, marks)}
    if data.startswith(codecs.BOM_UTF8):
        found.add(Defect(1, "byte_order_mark"))
    lines = data.split(b"\n")
    with_return = [line.endswith(b"\r") for line in lines[:-1]]
    if any(with_return) and not all(with_return):
        minority = sum(with_return) <= len(with_return) / 2
        found.add(Defect(with_return.index(minority) + 1, "line_ends"))
    return sorted(found, key=lambda defect: (defect.line, defect.rule))


@cache
def _rules() -> Mapping[str, Mapping[str, Mapping[str, str]]]:
    rules: Mapping[str, Mapping[str, Mapping[str, str]]] = read_toml("lexicometry.toml")["iramuteq"]
    return rules


@cache
def _pattern(name: str) -> re.Pattern[str]:
    return re.compile(read_toml("lexicometry.toml")["iramuteq"][name])


def _marks(text: str) -> list[_Mark]:
    """The star lines of a corpus."""
    marks: list[_Mark] = []
    at = 0
    numbered = False  # the marking mode of the file: lines of four digits count once one is certain
    for number, line in enumerate(text.split("\n"), start=1):
        certain = _pattern("numbered").match(line) is not None
        numbered = numbered or certain
        if certain or _pattern("header").match(line) or (numbered and _pattern("numbered_bare").match(line)):
            marks.append(_mark(line, at, number))
        elif _pattern("bare").match(line):
            marks.append(_Mark(at, at + len(line), number, {}, ()))
        at += len(line) + 1
    return marks


def _mark(line: str, at: int, number: int) -> _Mark:
    """Read the variables of a star line; what IRaMuTeQ would refuse is read too, and named."""
    variables: dict[str, str] = {}
    rules = ["leading_space"] if line[:1].isspace() else []
    last = None
    for token in line.split()[1:]:
        if "-" in token:
            rules.append("hyphen")
        if not token.startswith("*"):
            rules.append("space")
            if last is not None:
                variables[last] = f"{variables[last]} {token}".strip()
            continue
        parts = [part for part in token.split("*") if part]
        rules += ["lone_star"] * (not parts) + ["glued"] * (len(parts) > 1)
        for part in parts:
            name, _, value = part.partition("_")
            if name in variables:
                rules.append("repeated")
                last = None  # words after it belong to the value that is not kept
            else:
                variables[name] = value
                last = name
    if any(not value for value in variables.values()):
        rules.append("no_value")
    kept = {name: value for name, value in variables.items() if name and value}
    return _Mark(at, at + len(line), number, kept, tuple(dict.fromkeys(rules)))


def _line_defects(text: str, marks: Sequence[_Mark]) -> list[Defect]:
    """What is wrong on a star line, or on a line of text that a star spoils."""
    found = [Defect(mark.number, rule) for mark in marks for rule in mark.rules]
    if visible(text, 0, marks[0].start) is not None:
        before = next(number for number, line in enumerate(text.split("\n"), start=1) if line.strip())
        found.append(Defect(before, "before_first"))
    numbers = {mark.number for mark in marks}
    for number, line in enumerate(text.split("\n"), start=1):
        if "*" not in line or number < marks[0].number or number in numbers:
            continue
        if _pattern("theme").match(line):
            if " " in line.strip() or "\t" in line.strip():
                found.append(Defect(number, "theme_space"))
        elif line.startswith("*"):
            found.append(Defect(number, "starred_line"))
        else:
            found.append(Defect(number, "star_in_text"))
    return found


def _empty_texts(text: str, marks: Sequence[_Mark]) -> Iterator[Defect]:
    for rank, mark in enumerate(marks, start=1):
        end = marks[rank].start if rank < len(marks) else len(text)
        if all(not line.strip() or _pattern("theme").match(line) for line in text[mark.end : end].split("\n")):
            yield Defect(mark.number, "empty_text")


def _variable_defects(text: str, marks: Sequence[_Mark]) -> Iterator[Defect]:
    """What no error of IRaMuTeQ says, and its tables show: accents, missing variables, spaces at the end."""
    everywhere = {name for mark in marks for name in mark.variables}
    for mark in marks:
        line = text[mark.start : mark.end]
        if line != line.rstrip():
            yield Defect(mark.number, "trailing_space")
        if any(unicodedata.combining(sign) for sign in unicodedata.normalize("NFD", line)):
            yield Defect(mark.number, "accent")
        if everywhere - set(mark.variables):
            yield Defect(mark.number, "missing")


def _defect_notice(defects: Iterable[Defect]) -> tuple[str, ...]:
    """One sentence that names the lines which IRaMuTeQ would refuse or misread."""
    by_line: dict[int, list[str]] = {}
    for defect in sorted(defects, key=lambda one: one.line):
        if defect.rule != "before_first":  # said by a sentence of its own
            by_line.setdefault(defect.line, []).append(defect.title)
    named = [f"ligne {line} ({', '.join(titles)})" for line, titles in by_line.items()]
    if not named:
        return ()
    more = f" et {len(named) - _LISTED} autres" if len(named) > _LISTED else ""
    listed = ", ".join(named[:_LISTED])
    return (f"corpus IRaMuTeQ\u00a0: lignes défectueuses, lues au mieux\u00a0: {listed}{more}",)


def _underscores(text: str) -> tuple[str, ...]:
    """What the author marked for IRaMuTeQ inside the text, and that stays there as it is written."""
    if "_" not in text:
        return ()
    marked = joined = 0
    for line in text.split("\n"):
        for word in line.split() if "_" in line else ():
            bare = word.strip(".,;:!?…()[]«»\"'’")
            inner = bare.strip("_")
            if "_" not in bare or not inner or word.startswith("*"):
                continue
            marked += bare.startswith("_") and bare.endswith("_")
            joined += "_" in inner
    notices = []
    if marked:
        notices.append(f"mots entre _ (supplémentaires pour IRaMuTeQ), gardés tels quels\u00a0: {marked}")
    if joined:
        notices.append(f"expressions reliées par _, gardées telles quelles\u00a0: {joined}")
    return tuple(notices)


def _document(
    decoded: Decoded,
    start: int,
    mark: _Mark | None,
    end: int,
    name: str,
    file: SourceFile,
    notices: tuple[str, ...],
) -> Document:
    """The document made of `text[start:end]`; its star line and theme lines are zones."""
    text = decoded.text[start:end]
    zones: list[Zone] = []
    blocks: list[Block] = []
    at = 0
    if mark is not None:
        at = mark.end - start
        zones += visible_zone(text, 0, at, ZoneKind.METADATA, "ligne étoilée IRaMuTeQ")
    body = at
    for line in text[body:].split("\n"):
        stop = at + len(line)
        if _pattern("theme").match(line):
            blocks += blocks_of(text, body, at)
            zones += visible_zone(text, at, stop, ZoneKind.METADATA, "thème IRaMuTeQ")
            body = stop
        at = stop + 1
    blocks += blocks_of(text, body)
    return Document(
        id=name,
        source=file.name,
        format="iramuteq",
        text=text,
        blocks=tuple(blocks),
        zones=tuple(zones),
        metadata=mark.variables if mark is not None else {},
        encoding=decoded.encoding,
        notices=notices,
    )
