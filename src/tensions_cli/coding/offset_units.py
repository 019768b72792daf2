"""Which unit the offsets of a file of codes are in: no tool announces it (formats.md, section 2)."""

import re
from bisect import bisect_left
from collections.abc import Callable, Sequence, Set
from dataclasses import dataclass, field

from tensions_cli.errors import UnreadableError

_SURROGATE = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Unit:
    """What counts double: characters beyond U+FFFF (UTF-16), line ends written as CRLF."""

    utf16: bool
    crlf: bool


CODE_POINTS, UTF16 = Unit(False, False), Unit(True, False)
CODE_POINTS_CRLF, UTF16_CRLF = Unit(False, True), Unit(True, True)
CODE_POINTS_FIRST = (CODE_POINTS, UTF16, CODE_POINTS_CRLF, UTF16_CRLF)
UTF16_FIRST = (UTF16, CODE_POINTS, UTF16_CRLF, CODE_POINTS_CRLF)


@dataclass(frozen=True, slots=True, eq=False)
class SourceText:
    """A text as a file gives it: canonical (LF), and where its line ends may have counted double.

    `double`: by unit, the units at which each double character starts, made once for all spans of the text.
    """

    text: str
    line_ends: tuple[int, ...]
    double: dict[Unit, tuple[int, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch in the file's own unit. `covered`: its text, when the file says it.

    `expected`: stretches in code points that our export proposed; most spans are still there.
    """

    source: SourceText
    start: int
    end: int
    covered: str | None = None
    expected: Set[tuple[int, int]] = frozenset()


def source_text(raw: str) -> SourceText:
    """Canonical text of a JSON string: LF line ends, half characters replaced one for one."""
    raw = _SURROGATE.sub("\ufffd", raw)
    text = raw.replace("\r\n", "\n").replace("\r", "\n")
    if "\r\n" in raw:
        doubled = tuple(match.start() - rank for rank, match in enumerate(re.finditer("\r\n", raw)))
    else:  # the tool may have counted two where the file has one
        doubled = tuple(match.start() for match in re.finditer("\n", raw))
    return SourceText(text, doubled)


def find_unit(spans: Sequence[Span], order: Sequence[Unit]) -> Unit:
    """The unit under which every span of a file is in its text and is the text it says; `order` breaks ties.

    Raises `UnreadableError` ("corrupt") when no unit fits all spans.
    """
    fitting = (unit for unit in order if all(_fits(span, unit) for span in spans))
    first = next(fitting, None)
    if first is None:
        raise UnreadableError(
            "corrupt",
            "les positions des passages ne correspondent au texte dans aucune unité connue (caractères, UTF-16, "
            "fins de ligne Windows)\u00a0: exportez de nouveau le projet, sans modifier le fichier",
        )
    if not any(span.expected for span in spans):
        return first
    return max((first, *fitting), key=lambda unit: sum(place(span, unit) in span.expected for span in spans))


def place(span: Span, unit: Unit) -> tuple[int, int] | None:
    """Start and end in code points of the canonical text; None where the span is not in the text."""
    to_code_points = _converter(span.source, unit)
    start, end = to_code_points(span.start), to_code_points(span.end)
    if start is None or end is None or not start < end:
        return None
    return start, end


def _fits(span: Span, unit: Unit) -> bool:
    placed = place(span, unit)
    if placed is None:
        return False
    return span.covered is None or same_text(span.source.text[placed[0] : placed[1]], span.covered)


def same_text(text: str, said: str) -> bool:
    """Equal but for white space: Label Studio writes a line end as the two characters `\\n`, Word trims."""
    return text == said or _squeezed(text) == _squeezed(said)


def _squeezed(text: str) -> str:
    return re.sub(r"(?:\\[nr]|\s)+", " ", text).strip()


def _double(source: SourceText, unit: Unit) -> tuple[int, ...]:
    if unit not in source.double:
        wide = [at for at, c in enumerate(source.text) if c > "\uffff"] if unit.utf16 else []
        positions = sorted([*wide, *(source.line_ends if unit.crlf else ())])
        source.double[unit] = tuple(at + rank for rank, at in enumerate(positions))
    return source.double[unit]


def _converter(source: SourceText, unit: Unit) -> Callable[[int], int | None]:
    double = _double(source, unit)

    def to_code_points(offset: int) -> int | None:
        before = bisect_left(double, offset)
        inside = before > 0 and double[before - 1] == offset - 1
        at = offset - before
        if not 0 <= at <= len(source.text) or (inside and source.text[at : at + 1] != "\n"):
            return None
        return at

    return to_code_points
