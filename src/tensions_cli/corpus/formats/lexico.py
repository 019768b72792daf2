"""Corpora with the keys of Lexico or Hyperbase (`<annee=2024>`), and reports of Alceste, which are no corpora.

Rule for texts: keys that follow one another, with nothing visible between them, are read together. When they give a
key another value than it had, a new text begins there; its metadata are the values in force, those of earlier keys
included, since in Lexico a key holds until its value changes. Keys that number places (`<page=12>`) never begin a
text.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache

from tensions_cli.corpus.formats.plain import blocks_of, visible, visible_zone
from tensions_cli.corpus.sources import SourceFile
from tensions_cli.files.encoding import Decoded
from tensions_cli.knowledge.files import read_toml
from tensions_cli.records import Block, Document, Skipped, Zone, ZoneKind


@dataclass(frozen=True, slots=True)
class _Part:
    """One text of the corpus: its stretch, the values in force, the stretches of its keys."""

    start: int
    end: int
    values: Mapping[str, str]
    keys: tuple[tuple[int, int], ...]


def is_lexico(text: str) -> bool:
    """The first visible characters are a key, or two lines at least begin with one."""
    if "<" not in text:
        return False
    first = visible(text, 0, len(text))
    if first is None:
        return False
    if _key().match(text, first[0]):
        return True
    lines = (line for line in text.split("\n") if line.startswith("<"))
    return sum(_key().match(line) is not None for line in lines) >= 2


def read_lexico(decoded: Decoded, file: SourceFile) -> Iterator[Document | Skipped]:
    """One document per text; what precedes the first key is a document of its own, `file#0`. Keys are zones."""
    parts = list(_parts(decoded.text))
    keys = sum(len(part.keys) for part in parts)
    said = f"clés Lexico ou Hyperbase lues comme des métadonnées, un texte à chaque valeur nouvelle\u00a0: {keys}"
    notices = (*decoded.notices, said)
    preamble = visible(decoded.text, 0, parts[0].start)
    if preamble is not None:
        before = _Part(0, parts[0].start, {}, ())
        told = "du texte précède la première clé\u00a0: il est gardé à part"
        yield _document(decoded, before, f"{file.id}#0", file, (*notices, told))
        notices = ()
    several = len(parts) > 1
    for rank, part in enumerate(parts, start=1):
        document = _document(decoded, part, f"{file.id}#{rank}" if several else file.id, file, notices)
        if document.blocks:
            yield document
            notices = ()  # what is said of the file is said once
        else:
            line = decoded.text.count("\n", 0, part.start) + 1
            detail = f"texte vide sous la clé de la ligne {line}\u00a0: complétez-le ou retirez la clé"
            yield Skipped(file.name, "empty", detail)


def is_alceste_report(text: str) -> bool:
    """Two headings, at least, of the report that Alceste writes stand in the first lines."""
    rules = read_toml("lexicometry.toml")["alceste"]
    marks = [re.compile(mark, re.IGNORECASE) for mark in rules["marks"]]
    head = [line.strip() for line in text.split("\n", rules["within"])[: rules["within"]]]
    return sum(any(mark.match(line) for line in head) for mark in marks) >= int(rules["needed"])


@cache
def _key() -> re.Pattern[str]:
    return re.compile(read_toml("lexicometry.toml")["lexico"]["key"])


def _parts(text: str) -> Iterator[_Part]:
    """The texts in order, from the first key on."""
    inner = frozenset(read_toml("lexicometry.toml")["lexico"]["inner"])
    values: dict[str, str] = {}
    start: int | None = None
    keys: list[tuple[int, int]] = []
    for run in _runs(text):
        given = {key["name"]: key["value"].strip() for key in run if key["name"].casefold() not in inner}
        spans = [key.span() for key in run]
        changed = {name: value for name, value in given.items() if values.get(name) != value}
        if start is None or changed:
            if start is not None:
                yield _Part(start, run[0].start(), dict(values), tuple(keys))
            start, keys = run[0].start(), []
            values |= changed
        keys += spans
    if start is not None:
        yield _Part(start, len(text), dict(values), tuple(keys))


def _runs(text: str) -> Iterator[list[re.Match[str]]]:
    """Keys that follow one another with nothing visible between them."""
    run: list[re.Match[str]] = []
    for key in _key().finditer(text):
        if run and visible(text, run[-1].end(), key.start()) is not None:
            yield run
            run = []
        run.append(key)
    if run:
        yield run


def _document(decoded: Decoded, part: _Part, name: str, file: SourceFile, notices: tuple[str, ...]) -> Document:
    text = decoded.text[part.start : part.end]
    zones: list[Zone] = []
    blocks: list[Block] = []
    at = 0
    for start, end in ((start - part.start, end - part.start) for start, end in part.keys):
        blocks += blocks_of(text, at, start)
        zones += visible_zone(text, start, end, ZoneKind.METADATA, "clé Lexico ou Hyperbase")
        at = end
    blocks += blocks_of(text, at)
    return Document(
        id=name,
        source=file.name,
        format="lexico",
        text=text,
        blocks=tuple(blocks),
        zones=tuple(zones),
        metadata={key: value for key, value in part.values.items() if value},
        encoding=decoded.encoding,
        notices=notices,
    )
