"""Words of a PDF with their places, read by PDFium in a process of its own.

PDFium is C++ and cannot be interrupted: a form that calls another ten times, eight deep, is 3 kB and would
hold it for minutes, a stream can swell to a gigabyte, and a crash would end the whole batch. So the parent
(`words_of`) starts this module as a program of its own with bounded memory and time, hands it the bytes of the
file and gets back one line of JSON per page. Nothing is written anywhere; the title, author and dates of the
file are never asked for.
"""

import contextlib
import ctypes
import faulthandler
import io
import json
import math
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, BinaryIO

from tensions_cli.errors import UnreadableError
from tensions_cli.knowledge.files import read_toml

# Measured on one core, pages of 3,600 characters: this module reads 120 a second, the whole reader 50, in 70 bytes of
# memory a character. 800 pages, as long as reports get, take 16 s and 0.22 GB; six million characters (1,650 such
# pages) 34 s and 0.42 GB.
MAX_PAGES = 5_000
MAX_CHARACTERS = 6_000_000
# The densest newspaper page has 30,000 characters; a page with more than this is a table or an attack.
MAX_PAGE_CHARACTERS = 200_000
# Wall clock. The slowest page allowed (200,000 characters) takes 1 s, the longest file 25 s, on a free core;
# other work on the machine can make them ten times longer.
PAGE_SECONDS = 30
FILE_SECONDS = 300
# Address space beside two copies of the file: PDFium takes 60 MB for 3,000 pages, 340 for a stream of 20 MB.
MEMORY = 1024 * 1024 * 1024

# Objects looked at for rules and pictures on a page: maps have a hundred thousand.
_MAX_OBJECTS = 20_000
_MAX_ANNOTATIONS = 1_000

# A drawn object this low and this wide is a rule (points).
_RULE_HEIGHT = 2.5
_RULE_WIDTH = 20.0

# Text tilted by less is a crooked scan, not a turned text (degrees).
_TILT = 5.0

_BREAKS = frozenset((0x0A, 0x0D))
_BLANKS = frozenset((0x20, 0x09)) | _BREAKS
_LINE_END_HYPHEN = 0x02  # what PDFium makes of a hyphen before a line that goes on

_SPACED, _GLUED, _BROKEN = 0, 1, 2


@dataclass(frozen=True, slots=True)
class Word:
    """Characters without a space between them, in points from the bottom left of the page as it is shown.

    `y` is the baseline. `link`: what the file has between the word before and this one: a space (0), nothing
    (1) or the end of a line (2). `unmapped`: the font does not say which characters these are.
    """

    x0: float
    x1: float
    y: float
    size: float
    bold: bool
    italic: bool
    link: int
    unmapped: bool
    text: str


@dataclass(frozen=True, slots=True)
class PageWords:
    """One page. `turned`: words of each other direction of writing, in a frame turned with them.

    `rules`: horizontal rules as (left, right, height). `picture`: share of the page that the largest picture
    covers. `drawn`: something is drawn there. `annotations`: comments and form fields, which are not read.
    """

    width: float
    height: float
    words: tuple[Word, ...]
    turned: tuple[tuple[Word, ...], ...]
    rules: tuple[tuple[float, float, float], ...]
    picture: float
    drawn: bool
    annotations: int


def words_of(data: bytes) -> list[PageWords]:
    """The words of every page of a PDF.

    Raises `UnreadableError`: `encrypted`, `corrupt`, or `too_large` when the file has too many pages or
    characters, or asks for more than its share of time and memory.
    """
    # -P: nothing is imported from the current folder, which is the user's.
    command = [sys.executable, "-P", "-m", __name__]
    try:
        done = subprocess.run(  # noqa: S603  our own interpreter and module
            command, input=data, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=FILE_SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        raise _exhausted() from None
    pages: list[PageWords] = []
    last: dict[str, Any] = {}
    for line in io.BytesIO(done.stdout):
        # A process that was stopped leaves a line unfinished.
        last = json.loads(line) if line.endswith(b"\n") else {}
        if "words" in last:
            pages.append(_page_of(last))
    if "refused" in last:
        raise _refusal(last["refused"])
    if done.returncode != 0 or "end" not in last:
        raise _exhausted()
    return pages


def _page_of(record: dict[str, Any]) -> PageWords:
    turned = tuple(tuple(Word(*word) for word in words) for words in record["turned"])
    return PageWords(
        width=record["width"],
        height=record["height"],
        words=tuple(Word(*word) for word in record["words"]),
        turned=turned,
        rules=tuple((left, right, y) for left, right, y in record["rules"]),
        picture=record["picture"],
        drawn=record["drawn"],
        annotations=record["annotations"],
    )


def _exhausted() -> UnreadableError:
    return UnreadableError(
        "too_large",
        f"la lecture de ce PDF a été arrêtée : il demande plus de {PAGE_SECONDS} secondes pour une page ou plus de "
        f"{MEMORY // 1024**3} Go de mémoire ; enregistrez-le de nouveau (« imprimer en PDF »), puis relancez",
    )


def _refusal(code: str) -> UnreadableError:
    details = {
        "encrypted": "le PDF est protégé par un mot de passe : enregistrez-le sans mot de passe, puis relancez",
        "corrupt": "le PDF est abîmé ou incomplet : téléchargez-le ou enregistrez-le de nouveau",
        "pages": f"plus de {MAX_PAGES} pages : découpez le PDF en plusieurs fichiers",
        "characters": f"plus de {MAX_CHARACTERS // 1_000_000} millions de caractères : découpez le PDF en plusieurs "
        "fichiers",
        "page": f"une page de plus de {MAX_PAGE_CHARACTERS} caractères : enregistrez le PDF de nouveau "
        "(« imprimer en PDF »), puis relancez",
    }
    return UnreadableError(code if code in ("encrypted", "corrupt") else "too_large", details[code])


# --- the process that reads ---------------------------------------------------------------------------


# A page that PDFium cannot open: something stands there, nobody knows what.
_UNREAD: dict[str, Any] = {
    "width": 0.0,
    "height": 0.0,
    "words": [],
    "turned": [],
    "rules": [],
    "picture": 0.0,
    "drawn": True,
    "annotations": 0,
}


class _RefusedError(Exception):
    """Why the file is not read: a key of `_refusal`."""


def main(source: BinaryIO, sink: BinaryIO) -> None:
    """Read a PDF from `source`; write one line of JSON per page to `sink`, then `end` or `refused`."""
    data = source.read()
    _bound_memory(MEMORY + 2 * len(data))
    try:
        for record in _records(data):
            sink.write(json.dumps(record, separators=(",", ":")).encode() + b"\n")
        last: dict[str, Any] = {"end": True}
    except _RefusedError as refused:
        last = {"refused": str(refused)}
    sink.write(json.dumps(last).encode() + b"\n")
    sink.flush()


def _bound_memory(most: int) -> None:
    """Bound the address space where the system can (not on Windows; macOS ignores it)."""
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (most, most))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _records(data: bytes) -> Iterator[dict[str, Any]]:
    import pypdfium2 as pdfium
    from pypdfium2 import raw

    faulthandler.dump_traceback_later(PAGE_SECONDS, exit=True)
    try:
        document = pdfium.PdfDocument(data)
    except pdfium.PdfiumError as error:
        protected = getattr(error, "err_code", None) in (raw.FPDF_ERR_PASSWORD, raw.FPDF_ERR_SECURITY)
        raise _RefusedError("encrypted" if protected else "corrupt") from None
    count = len(document)
    if count == 0:
        raise _RefusedError("corrupt")
    if count > MAX_PAGES:
        raise _RefusedError("pages")
    left = MAX_CHARACTERS
    for number in range(count):
        faulthandler.dump_traceback_later(PAGE_SECONDS, exit=True)
        page = raw.FPDF_LoadPage(document.raw, number)
        text = raw.FPDFText_LoadPage(page) if page else None
        if not text:
            yield _UNREAD
            continue
        characters = raw.FPDFText_CountChars(text)
        left -= max(characters, 0)
        if characters > MAX_PAGE_CHARACTERS or left < 0:
            raise _RefusedError("page" if left >= 0 else "characters")
        yield _read_page(raw, page, text, characters)
        raw.FPDFText_ClosePage(text)
        raw.FPDF_ClosePage(page)
    faulthandler.cancel_dump_traceback_later()


def _read_page(raw: Any, page: Any, text: Any, characters: int) -> dict[str, Any]:
    turn = 90 * raw.FPDFPage_GetRotation(page)
    straight: list[tuple[Any, ...]] = []
    turned: dict[int, list[tuple[Any, ...]]] = {}
    for angle, word in _words(raw, text, characters, turn):
        (straight if angle == turn % 360 else turned.setdefault(angle, [])).append(word)
    rules, picture, drawn = _drawings(raw, page, turn)
    return {
        "width": raw.FPDF_GetPageWidthF(page),
        "height": raw.FPDF_GetPageHeightF(page),
        "words": straight,
        "turned": [turned[angle] for angle in sorted(turned)],
        "rules": rules,
        "picture": picture,
        "drawn": drawn or bool(characters),
        "annotations": _annotations(raw, page),
    }


def _words(raw: Any, text: Any, characters: int, turn: int) -> Iterator[tuple[int, tuple[Any, ...]]]:
    """Each word with the direction it is written in (degrees), in the order of the file."""
    code_of, size_of = raw.FPDFText_GetUnicode, raw.FPDFText_GetFontSize
    at: list[int] = []
    codes: list[int] = []
    size = 0.0
    link = _BROKEN
    for i in range(characters):
        code = code_of(text, i)
        if code in _BLANKS:
            if at:
                yield from _placed(raw, text, at, codes, link, turn)
                at, codes, link = [], [], _SPACED
            if code in _BREAKS:
                link = _BROKEN
            continue
        now = size_of(text, i)
        if at and now != size:
            yield from _placed(raw, text, at, codes, link, turn)
            at, codes, link = [], [], _GLUED
        size = now
        at.append(i)
        codes.append(code)
        if code == _LINE_END_HYPHEN:
            codes[-1] = 0x2D
            yield from _placed(raw, text, at, codes, link, turn)
            at, codes, link = [], [], _BROKEN
    if at:
        yield from _placed(raw, text, at, codes, link, turn)


def _placed(
    raw: Any, text: Any, at: Sequence[int], codes: Sequence[int], link: int, turn: int
) -> Iterator[tuple[int, tuple[Any, ...]]]:
    """A word with its place; one whose characters leave the baseline comes in pieces."""
    angle, height = _direction(raw, text, at[0], turn)
    first, last = _origin(raw, text, at[0], angle), _origin(raw, text, at[-1], angle)
    if abs(first[1] - last[1]) > 0.05 * height and abs(angle - turn) % 360 < 1 and len(at) > 1:
        start = 0
        lines = [_origin(raw, text, i, angle)[1] for i in at]
        for stop in range(1, len(at) + 1):
            if stop == len(at) or abs(lines[stop] - lines[start]) > 0.05 * height:
                place = _origin(raw, text, at[start], angle)
                yield angle, _word(raw, text, at[start:stop], codes[start:stop], link, angle, height, place)
                start, link = stop, _GLUED
        return
    yield angle, _word(raw, text, at, codes, link, angle, height, first)


def _word(
    raw: Any,
    text: Any,
    at: Sequence[int],
    codes: Sequence[int],
    link: int,
    angle: int,
    height: float,
    place: tuple[float, float],
) -> tuple[Any, ...]:
    x, y = place
    bold, italic = _look(_font(raw, text, at[0]))
    return (
        round(x, 2),
        round(max(_right(raw, text, at[-1], angle), x), 2),
        round(y, 2),
        round(height, 2),
        bold,
        italic,
        link,
        bool(raw.FPDFText_HasUnicodeMapError(text, at[0])) or 0 in codes,
        "".join(map(_character, codes)),
    )


@cache
def _character(code: int) -> str:
    """A character as the text keeps it: bullets of symbol fonts as bullets, what cannot be written as U+FFFD."""
    if code in _private_bullets():
        return "•"
    if code < 0x20 or 0xD800 <= code <= 0xDFFF or code in (0xFFFE, 0xFFFF) or code > 0x10FFFF:
        return "\ufffd"
    return _LIGATURES.get(code, chr(code))


_LIGATURES = {0xFB00: "ff", 0xFB01: "fi", 0xFB02: "fl", 0xFB03: "ffi", 0xFB04: "ffl", 0xFB05: "st", 0xFB06: "st"}


@cache
def _private_bullets() -> frozenset[int]:
    return frozenset(int(code, 16) for code in read_toml("pdf.toml")["bullets"]["private"])


def _direction(raw: Any, text: Any, i: int, turn: int) -> tuple[int, float]:
    """Direction of writing in degrees, and height of the type in points."""
    matrix = raw.FS_MATRIX()
    raw.FPDFText_GetMatrix(text, i, matrix)
    size = raw.FPDFText_GetFontSize(text, i) * (math.hypot(matrix.c, matrix.d) or 1.0)
    angle = math.degrees(math.atan2(matrix.b, matrix.a)) if matrix.a or matrix.b else 0.0
    away = (angle - turn + 180) % 360 - 180
    return (turn if abs(away) < _TILT else round(angle)) % 360, size or 1.0


def _origin(raw: Any, text: Any, i: int, angle: int) -> tuple[float, float]:
    x, y = ctypes.c_double(), ctypes.c_double()
    raw.FPDFText_GetCharOrigin(text, i, x, y)
    return _in_frame(x.value, y.value, angle)


def _right(raw: Any, text: Any, i: int, angle: int) -> float:
    box = raw.FS_RECTF()
    raw.FPDFText_GetLooseCharBox(text, i, box)
    if angle == 0:
        return float(box.right)
    return max(_in_frame(x, y, angle)[0] for x in (box.left, box.right) for y in (box.bottom, box.top))


def _in_frame(x: float, y: float, angle: int) -> tuple[float, float]:
    """Coordinates along and across a direction of writing."""
    if angle == 0:
        return x, y
    cos, sin = math.cos(math.radians(angle)), math.sin(math.radians(angle))
    return x * cos + y * sin, y * cos - x * sin


def _font(raw: Any, text: Any, i: int) -> bytes:
    name = ctypes.create_string_buffer(128)
    flags = ctypes.c_int()
    raw.FPDFText_GetFontInfo(text, i, name, 128, flags)
    return name.value


@cache
def _look(font: bytes) -> tuple[bool, bool]:
    """Bold, italic: the name of a font says so."""
    known = read_toml("pdf.toml")["fonts"]
    name = font.decode("latin-1")
    bold, italic = (bool(re.search(known[look], name, re.IGNORECASE)) for look in ("bold", "italic"))
    return bold, italic


def _drawings(raw: Any, page: Any, turn: int) -> tuple[list[tuple[float, ...]], float, bool]:
    """Horizontal rules, share of the page under its largest picture, whether anything is drawn."""
    area = raw.FPDF_GetPageWidthF(page) * raw.FPDF_GetPageHeightF(page) or 1.0
    rules: list[tuple[float, ...]] = []
    picture = 0.0
    count = raw.FPDFPage_CountObjects(page)
    edges = [ctypes.c_float() for _ in range(4)]
    for i in range(min(count, _MAX_OBJECTS)):
        drawn = raw.FPDFPage_GetObject(page, i)
        kind = raw.FPDFPageObj_GetType(drawn)
        if kind not in (raw.FPDF_PAGEOBJ_PATH, raw.FPDF_PAGEOBJ_IMAGE):
            continue
        if not raw.FPDFPageObj_GetBounds(drawn, *edges):
            continue
        left, bottom, right, top = (edge.value for edge in edges)
        if kind == raw.FPDF_PAGEOBJ_IMAGE:
            picture = max(picture, abs((right - left) * (top - bottom)) / area)
            continue
        one, two = _in_frame(left, bottom, turn % 360), _in_frame(right, top, turn % 360)
        if abs(one[1] - two[1]) <= _RULE_HEIGHT and abs(one[0] - two[0]) >= _RULE_WIDTH:
            rules.append((round(min(one[0], two[0]), 1), round(max(one[0], two[0]), 1), round(one[1], 1)))
    return rules, round(min(picture, 1.0), 3), count > 0


def _annotations(raw: Any, page: Any) -> int:
    """How many comments and form fields the page has (links and pop-ups hold no text)."""
    silent = (raw.FPDF_ANNOT_LINK, raw.FPDF_ANNOT_POPUP)
    found = 0
    for i in range(min(raw.FPDFPage_GetAnnotCount(page), _MAX_ANNOTATIONS)):
        annotation = raw.FPDFPage_GetAnnot(page, i)
        found += raw.FPDFAnnot_GetSubtype(annotation) not in silent
        raw.FPDFPage_CloseAnnot(annotation)
    return found


if __name__ == "__main__":
    main(sys.stdin.buffer, sys.stdout.buffer)
