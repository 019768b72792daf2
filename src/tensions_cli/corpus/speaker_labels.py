"""What a line of a transcript looks like: label, time stamp, remark, or plain speech.

Nothing here decides that a text is a dialogue: `speakers` does, with the whole text in view. Rule
numbers are those of the speaker specification; the words are data (`knowledge/speakers.toml`).
"""

import re
import unicodedata
from collections.abc import Container, Iterator
from dataclasses import dataclass
from enum import Enum, auto
from functools import cache, lru_cache
from itertools import pairwise

from tensions_cli.corpus.repair import mended
from tensions_cli.knowledge.files import read_toml
from tensions_cli.records import Block, BlockKind, Role

# Spaces that French typography puts before a colon: NBSP, NNBSP, figure space, thin space.
SP = r"[ \t\u00a0\u202f\u2007\u2009]"
_WORD_SP = r"[ \u00a0\u202f\u2007\u2009]"

# Rule 3. A colon is required, so that « (12.50) » or « (24.10.03) » stays an amount or a date.
# Teams writes « 0:0:3.540 »: one digit is enough where the hours and the decimals are there too.
_CLOCK = r"(?:\d{1,2}:\d{1,2}:\d{1,2}\.\d{1,3}|(?:\d{1,2}[:h])?\d{1,3}:\d{2}(?:[.,]\d{1,3})?)"
_RANGE = rf"{_CLOCK}(?:{SP}*(?:-->|-|–|—|/|à){SP}*{_CLOCK})?(?:-\d)?"
_STAMP = rf"[\[(<{{#]{SP}*{_RANGE}{SP}*[\])>}}#]"
_LONG_CLOCK = r"\d{1,2}:\d{2}:\d{2}(?:[.,]\d{1,3})?"

# Bold marks of Markdown and the few HTML tags that editors leave around a label (variants 6, 15, 26).
_MARK = r"(?:\*\*|__|</?(?:b|i|em|strong|span|p)\b[^<>\n]{0,200}>|&nbsp;)"

_PROOF = re.compile(rf"{_STAMP}|{_LONG_CLOCK}")
_CLOCKS = re.compile(rf"({_CLOCK})(?:-(\d)(?![\d:h]))?")
_LEAD = re.compile(
    rf"(?P<space>{SP}+|\u200b|\ufeff)|(?P<mark>{_MARK})|(?P<stamp>{_STAMP})"
    rf"|(?P<bare>{_RANGE})(?={SP}+[^\W\d_]|{SP}*{_MARK})|(?P<number>\d{{1,4}})(?={SP}+[\[*<]{{0,2}}[A-ZÀ-Ý])"
    rf"|(?P<bullet>[-–—•](?![-*])(?={SP}*[\w*\[<]))"
)
_VOICE_TAG = re.compile(rf"<v(?:\.[^\s<>]+)*(?:{SP}+(?P<label>[^<>\n]{{0,200}}?))?{SP}*>")
_BRACKET = re.compile(rf"\[{SP}*(?P<label>[^\[\]\n]{{0,120}}?){SP}*\]")
_LINK_AFTER = re.compile(rf"{SP}?\((?!{SP}*{_CLOCK})|:{SP}*(?:https?:|www\.|mailto:|[#/<.])")
_SEQUENCE = re.compile(rf"[A-Z]{{1,2}}\d{{1,3}},{_WORD_SP}+(?=[^\W\d_])")
# At most four words (rule 4); a fifth one before the colon and the shape does not match.
# « EnquÃªtÃ©e »: what stands after Ã in a damaged accent may be a sign.
_PART = r"[^\W_](?:[\w'’.·•&/°+-]|(?<=Ã)[©¨«»¢§®¯´¶‰€‚‡”])*"
_WORDS = re.compile(rf"(?P<label>{_PART}(?:{_WORD_SP}{{1,2}}{_PART}){{0,3}})")
# After a tabulation, a remark of the transcriber begins the speech unless a colon follows it.
_ATTRIBUTE = re.compile(
    rf"(?:{_WORD_SP}*|{SP}*(?=\([^()\n]{{1,60}}\){SP}*:))\((?!{SP}*{_RANGE}{SP}*\))(?P<attribute>[^()\n]{{1,60}})\)"
)
_ASKS = re.compile(rf"{SP}*\?(?={SP}*(?:{_MARK})?{SP}*:)")
_TAIL = re.compile(
    rf"(?P<marks>(?:{SP}*{_MARK})*)(?P<stamps>(?:{SP}*{_STAMP})*)(?P<dot>{SP}*(?::(?!//)))?"
    rf"(?P<more>(?:{SP}*(?:{_MARK}|{_STAMP}))*)"
)
# « Claire Essai  0:12 » (Otter): the clock ends the line, its hour is no part of the name.
_CLOCK_AFTER_NAME = re.compile(rf"(?<=[^\W_]){SP}+{_CLOCK}{SP}*$")
_FIRST_STAMP = re.compile(rf"{_STAMP}|{_LONG_CLOCK}")
_DASH_AFTER = re.compile(rf"{SP}+[–—](?={SP}+\S)")
_LATE_CLOCK = re.compile(rf"{SP}+(?P<clock>{_RANGE}){SP}*")
_EMPTY = re.compile(rf":(?={SP}+\S)")
_NAMELESS = re.compile(rf"\?{SP}*:(?={SP})")

# aTrain writes « [00:00:05] - texte » before every segment, and no brackets in its NVivo layout.
_AFTER_STAMP = rf"(?:{SP}*[-–—](?={SP}))?"
STAMP_INSIDE = re.compile(rf"{_STAMP}{_AFTER_STAMP}|</?v{SP}*>")
STAMP_AT_START = re.compile(rf"(?:{_STAMP}{_AFTER_STAMP}|{_LONG_CLOCK}{SP}*[-–—])(?={SP})")
_STAMP_LINE = re.compile(rf"(?:{SP}*(?:{_STAMP}|{_RANGE}|{_MARK}))+{SP}*")
_REMARK_LINE = re.compile(
    rf"{SP}*(?:\([^()\n]{{1,200}}\)|\[[^\[\]\n]{{1,200}}\]|<[^<>\n]{{1,200}}>|\*[^*\n]{{1,60}}\*)"
    rf"(?:{SP}*{_STAMP})*{SP}*\.?"
)
_INLINE_LABEL = re.compile(rf"(?<=\s)(?P<label>[A-ZÀ-Ý][\w'’-]*(?:{_WORD_SP}\d{{1,2}})?){SP}{{0,2}}:(?=\s)")

_INITIALS = re.compile(r"(?:[^\W\d_]\.-?)+")
# Three digits at least: « 1ER : » and « 2ND : » are no codes.
_DIGIT_CODE = re.compile(r"\d{3,4}[A-ZÀ-Ý]{2,}\d{0,3}")
_ENDS_IN_DIGIT = re.compile(r"(?:^|.*[^\d])\d{1,3}")
_RANK = re.compile(r"[\s_-]*(?:n°\s*)?\d{1,3}$")
_INCLUSIVE = re.compile(r"[·•./-](?:e|rice|trice|euse|ere|ne|le)(?:[·•.]?s)?$")  # « enquêteur·rice »
_APOSTROPHE = re.compile(r"['’]")

# Both labels of a near pair have at least six letters (rule 9).
_NEAR_LETTERS = 6

# Longest label that MAXQDA and QualCoder take (rule 4); names in `<v …>` and brackets included.
LONGEST_LABEL = 63


class Shape(Enum):
    """How a label is written; it decides how much proof it still needs (rules 5, 7, 11)."""

    VOICE = auto()  # the format itself names the speaker
    BOLD = auto()
    BRACKET = auto()
    COLON = auto()
    TAB = auto()
    TITLED = auto()  # « M. le président. »
    STAMPED = auto()  # name and time, no colon
    STYLED = auto()  # alone on its line, as a heading or in bold
    BARE = auto()  # alone on its line, without any style
    DASH = auto()  # « Q – texte », role words only
    EMPTY = auto()  # « : texte », an unknown speaker


@dataclass(frozen=True, slots=True)
class Line:
    """A line, or the part of a line that one role word opens; edges are visible characters."""

    start: int
    end: int
    block: int
    opens_block: bool
    after_blank: bool


@dataclass(frozen=True, slots=True)
class Opening:
    """A line that may open a turn. `content` is the first visible character after the label.

    `content` equals the end of the line when nothing follows. `stamped`: a bracketed or long time
    stamp stands beside the label (a bare « 17:30 » is a clock time and proves nothing).
    """

    label: str
    content: int
    shape: Shape
    attribute: str | None = None
    asks: bool = False
    numbered: bool = False
    stamped: bool = False
    time_start: float | None = None
    time_end: float | None = None


def _accented(label: str) -> str:
    """A label with its damaged accents mended: `EnquÃªteur`, or `EnquÃªteurÂ` before a damaged space."""
    if label.endswith("Â"):
        return mended(f"{label}\u00a0").strip()
    return mended(label) if "Ã" in label else label


@lru_cache(maxsize=4096)
def fold(text: str) -> str:
    """Lower case without accents, ligatures, typographic apostrophes or double spaces."""
    folded = unicodedata.normalize("NFKD", _accented(text).replace("’", "'").casefold().replace("œ", "oe"))
    return " ".join("".join(c for c in folded if not unicodedata.combining(c)).split())


@lru_cache(maxsize=4096)
def label_key(label: str) -> str:
    """What two spellings of one label share: case, accents and spacing folded (rule 9)."""
    return re.sub(r"[\s_.-]", "", fold(label))


@cache
def words(table: str, name: str) -> frozenset[str]:
    """A folded word list of `speakers.toml`."""
    return frozenset(fold(word) for word in read_toml("speakers.toml")[table][name])


@lru_cache(maxsize=4096)
def role_word(label: str) -> str | None:
    """The role word that a label is made of, folded: `Enquêteur 1`, `ENQ1`, `Participants`, `Chercheur A`.

    Exact words come before any approximation (trap 35): « Interviewe » is a word of the list, never a
    misspelt « interviewer ». None when the label is a name.
    """
    if unicodedata.normalize("NFC", _accented(label)).casefold() in read_toml("speakers.toml")["roles"]["not_roles"]:
        return None
    known = words("roles", "interviewer") | words("roles", "respondent") | words("roles", "ambiguous")
    whole = fold(label).strip(" .?")
    bare = _RANK.sub("", whole)
    for form in (whole, bare, _INCLUSIVE.sub("", bare)):
        if form in known:
            return form
        if len(form) > 3 and form.endswith("s") and form[:-1] in known:
            return form[:-1]
    first, *rest = label.split() or [""]
    if rest and len(first) > 2 and all(not word[0].islower() for word in rest):
        return role_word(first)
    return None


def role_of(label: str) -> Role | None:
    """The role that a label says by itself (rule 8), None for names and ambiguous words."""
    word = role_word(label) or _role_after_article(label)
    if word in words("roles", "interviewer"):
        return Role.INTERVIEWER
    return Role.RESPONDENT if word in words("roles", "respondent") else None


@lru_cache(maxsize=4096)
def near_role(label: str) -> tuple[Role, str] | None:
    """The role word that a label misspells by one letter, `Checheur`, with its role (rule 9).

    None for a role word, for what is one letter away from both roles (« interviewr ») and for words of fewer
    than six letters.
    """
    bare = _RANK.sub("", fold(label).strip(" .?"))
    exact = (
        unicodedata.normalize("NFC", _accented(label)).casefold() in read_toml("speakers.toml")["roles"]["not_roles"]
    )
    if exact or role_word(label) is not None:
        return None
    found = {
        role: word
        for role, name in ((Role.INTERVIEWER, "interviewer"), (Role.RESPONDENT, "respondent"))
        for word in sorted(words("roles", name))
        if one_letter_apart(bare, word)
    }
    return next(iter(found.items())) if len(found) == 1 else None


def one_letter_apart(one: str, other: str) -> bool:
    """Edit distance 1 between two words of six letters or more that hold the same digits (rule 9)."""
    short, long = sorted((one, other), key=len)
    if len(long) - len(short) > 1 or sum(c.isalpha() for c in short) < _NEAR_LETTERS or short == long:
        return False
    if re.findall(r"\d", short) != re.findall(r"\d", long):
        return False
    at = next((i for i, c in enumerate(short) if c != long[i]), len(short))
    return short[at + (len(short) == len(long)) :] == long[at + 1 :]


def _role_after_article(label: str) -> str | None:
    """`L'enquêteur`, `La journaliste`: a role, but no proof that the text is a dialogue."""
    match = re.fullmatch(r"(?:l['’]|la |le |mme la |m\. le )(.+)", label, re.IGNORECASE)
    return role_word(match[1]) if match else None


def role_in_description(description: str) -> Role | None:
    """The role that a legend or a parenthesis gives: `moi, l'interviewer`, `la personne enquêtée`."""
    found = set()
    for token in re.findall(r"[^\W\d_]{3,}", description):
        role = role_of(token)
        if role is not None:
            found.add(role)
    return found.pop() if len(found) == 1 else None


def is_unknown(label: str) -> bool:
    """Whether a label names nobody (variant 28)."""
    return not label or fold(label) in words("roles", "unknown")


def ends_in_digit(label: str) -> bool:
    """`id1`, `L1`, `Claire 2`, and codes such as `401PERS`, but no year (rule 5, variant 19)."""
    return bool(_ENDS_IN_DIGIT.fullmatch(label) or _DIGIT_CODE.fullmatch(label))


def seconds(clock: str) -> float:
    """Seconds of `1:02:03.5`, `12:31`, `1h02:03`."""
    total = 0.0
    for part in re.split(r"[:h]", clock.replace(",", ".")):
        total = total * 60 + float(part)
    return total


def stamp_times(stamp: str) -> tuple[float | None, float | None]:
    """Start and end, in seconds, of a stamp; `#00:00:12-4#` counts tenths."""
    found = [seconds(clock) + (int(tenth) / 10 if tenth else 0) for clock, tenth in _CLOCKS.findall(stamp)]
    return (found[0] if found else None), (found[-1] if len(found) > 1 else None)


def split_lines(text: str, blocks: tuple[Block, ...]) -> list[Line]:
    """The lines of the blocks, each cut again where a known role word speaks (variant 18)."""
    lines: list[Line] = []
    previous = 0
    for rank, block in enumerate(blocks):
        for start, end in _visible_lines(text, block):
            blank = text.count("\n", previous, start) > 1
            edges = [start, *_inline_openings(text, start, end), end]
            for i, (first, last) in enumerate(pairwise(edges)):
                stop = first + len(text[first:last].rstrip())
                lines.append(Line(first, stop, rank, first == block.start, blank and i == 0))
            previous = end
    return lines


def _visible_lines(text: str, block: Block) -> Iterator[tuple[int, int]]:
    start = block.start
    while start < block.end:
        end = text.find("\n", start, block.end)
        end = block.end if end < 0 else end
        line = text[start:end]
        visible = line.strip()
        if visible:
            first = start + len(line) - len(line.lstrip())
            yield first, first + len(visible)
        start = end + 1


def _inline_openings(text: str, start: int, end: int) -> list[int]:
    """Starts of the known role labels inside a line that itself opens with one (variant 18).

    An overlap (`//S00: oui //`) stays inside its turn (rule 12); a short code needs the end of a
    sentence before it.
    """
    if text.count(":", start, end) < 2:
        return []
    found = [
        match.start()
        for match in _INLINE_LABEL.finditer(text, start, end)
        if match.start() > start
        and role_of(match["label"])
        and _may_cut(text[max(start, match.start() - 8) : match.start()].rstrip(), match["label"])
    ]
    opening = read_opening(text, start, end) if found else None
    return found if opening and role_of(opening.label) else []


def _may_cut(before: str, label: str) -> bool:
    if before.endswith("/"):
        return False
    return len(label) >= 6 or before.endswith((".", "!", "?", "…", ")", "]", "»"))


def is_stamp_line(text: str, line: Line) -> bool:
    """Nothing but time stamps."""
    match = _STAMP_LINE.fullmatch(text, line.start, line.end)
    return match is not None and ":" in match[0]


def starts_with_stamp(text: str, line: Line) -> bool:
    """A time opens the line, in brackets or with its hours."""
    return _FIRST_STAMP.match(text, line.start, line.end) is not None


def is_remark_line(text: str, line: Line) -> bool:
    """Nothing but one bracketed remark of the transcriber, with or without its time."""
    return _REMARK_LINE.fullmatch(text, line.start, line.end) is not None


def read_line(text: str, line: Line, block: Block, declared: Container[str] = frozenset()) -> Opening | None:
    """The turn that a line may open, by its shape alone (rules 3, 4, 7, 11).

    `declared`: keys of the labels that the user names; the stop list does not apply to them.
    """
    if block.voice is not None:
        named = block.voice.strip()
        return Opening(named, line.start, Shape.VOICE) if line.opens_block and named else None
    is_title = block.kind is BlockKind.TITLE
    opening = read_opening(text, line.start, line.end, is_title or block.emphasis, declared)
    if is_title and opening and opening.content < line.end and role_word(opening.label) is None:
        return None  # « Le repas : ce qui change », a heading
    if opening and opening.content == line.end and fold(opening.label) in words("zones", "legend"):
        return None  # « Participants », a heading or the first line of a legend
    return opening


def read_opening(
    text: str, start: int, end: int, styled: bool = False, declared: Container[str] = frozenset()
) -> Opening | None:
    """The opening that `text[start:end]` has the shape of, or None."""
    pos, marked, numbered, stamps = _skip_lead(text, start, end)
    if pos >= end:
        return None
    lead = _Lead(end, pos, marked, numbered, stamps, declared)
    if text[pos] == "<":
        return _voice_tag(text, lead)
    if text[pos] == "[":
        return _bracket(text, lead)
    if text[pos] in ":?":
        empty = (_EMPTY if text[pos] == ":" else _NAMELESS).match(text, pos, end)
        return _opening(text, lead, "", empty.end(), Shape.EMPTY) if empty else None
    return _titled(text, lead) or _named(text, lead, styled)


@dataclass(frozen=True, slots=True)
class _Lead:
    """The line up to a label: where the label starts, and what was skipped to reach it."""

    end: int
    pos: int
    marked: bool
    numbered: bool
    stamps: tuple[str, ...]
    declared: Container[str]


def _skip_lead(text: str, start: int, end: int) -> tuple[int, bool, bool, tuple[str, ...]]:
    pos, marked, numbered = start, False, False
    stamps: list[str] = []
    while match := _LEAD.match(text, pos, end):
        if match.lastgroup == "number" and numbered:
            break
        marked = marked or match.lastgroup == "mark"
        numbered = numbered or match.lastgroup == "number"
        if match.lastgroup in ("stamp", "bare"):
            stamps.append(match[0])
        pos = match.end()
    return pos, marked, numbered, tuple(stamps)


def _opening(
    text: str, lead: _Lead, label: str, content: int, shape: Shape, stamps: str = "",
    attribute: str | None = None, asks: bool = False,
) -> Opening:  # fmt: skip
    while content < lead.end and text[content].isspace():
        content += 1
    times = [time for stamp in (*lead.stamps, stamps) for time in stamp_times(stamp) if time is not None]
    proof = any(_PROOF.search(stamp) for stamp in (*lead.stamps, stamps))
    return Opening(
        " ".join(label.split()), content, shape, attribute, asks, lead.numbered, proof,
        times[0] if times else None, times[-1] if len(times) > 1 else None,
    )  # fmt: skip


def _voice_tag(text: str, lead: _Lead) -> Opening | None:
    match = _VOICE_TAG.match(text, lead.pos, lead.end)
    if not match or not match["label"]:
        return None
    return _opening(text, lead, match["label"], match.end(), Shape.VOICE)


def _bracket(text: str, lead: _Lead) -> Opening | None:
    match = _BRACKET.match(text, lead.pos, lead.end)
    if not match or _LINK_AFTER.match(text, match.end(), lead.end):
        return None
    tail = _tail(text, match.end(), lead.end)
    label = match["label"]
    stamped = bool(tail["stamps"] or tail["more"] or lead.stamps)
    if not label:
        return _opening(text, lead, "", tail.end(), Shape.EMPTY, tail[0]) if stamped or tail["dot"] else None
    if label_key(label) not in lead.declared and (not _is_label(label, in_brackets=True) or len(label.split()) > 4):
        return None
    return _opening(text, lead, label, tail.end(), Shape.BRACKET, tail[0])


def _tail(text: str, pos: int, end: int) -> re.Match[str]:
    match = _TAIL.match(text, pos, end)
    if match is None:  # every part of the pattern is optional
        raise AssertionError
    return match


def _titled(text: str, lead: _Lead) -> Opening | None:
    match = _titled_pattern().match(text, lead.pos, lead.end)
    return _opening(text, lead, match["label"], match.end(), Shape.TITLED) if match else None


@cache
def _titled_pattern() -> re.Pattern[str]:
    """`M. le président.`, `Mme Claire Essai, rapporteure.`, `M. JOSPIN.-` (variants 24 and 28)."""
    table = read_toml("speakers.toml")["titles"]
    titles = "|".join(re.escape(word) for word in sorted(table["words"], key=len, reverse=True))
    particles = "|".join(re.escape(word) for word in sorted(table["particles"], key=len, reverse=True))
    name = rf"(?:[A-ZÀ-Ý][\w'’-]+|(?:[ld]['’])?(?:{particles})(?!\w)|[ld]['’][A-ZÀ-Ý][\w-]+)"
    return re.compile(
        rf"(?P<label>(?:{titles}){_WORD_SP}+{name}(?:{_WORD_SP}{name}){{0,6}})"
        rf"(?:,[^.:!?\n]{{1,120}})?\.(?:{SP}*[-–—])?(?={SP}|$)"
    )


def _named(text: str, lead: _Lead, styled: bool) -> Opening | None:
    pos = lead.pos + (text[lead.pos] in "@#" and lead.pos + 1 < lead.end)
    sequence = _SEQUENCE.match(text, pos, lead.end)
    begin = sequence.end() if sequence else pos
    short = lead.end - begin <= 2 * LONGEST_LABEL
    clock = _CLOCK_AFTER_NAME.search(text, begin, lead.end) if short else None
    if clock and text[clock.start() - 1].isdigit() and role_word(text[begin : clock.start()]) is None:
        clock = None  # « Atelier 2  10:30 », a programme; « Speaker 2  10:30 » is a label
    match = _WORDS.match(text, begin, clock.start() if clock else lead.end)
    if not match or not (label_key(match["label"]) in lead.declared or _is_label(match["label"])):
        return None
    at = match.end()
    attribute = _ATTRIBUTE.match(text, at, lead.end)
    at = attribute.end() if attribute else at
    asks = _ASKS.match(text, at, lead.end)
    tail = _tail(text, asks.end() if asks else at, lead.end)
    shape = _named_shape(text, lead, tail, styled)
    if shape is None:
        return None
    stamps, content = tail[0], tail.end()
    if shape is Shape.STAMPED and (late := _LATE_CLOCK.fullmatch(text, tail.start(), lead.end)):
        stamps, content = late["clock"], lead.end
    elif shape is Shape.DASH and (dash := _DASH_AFTER.match(text, content, lead.end)):
        if role_word(match["label"]) is None:
            return None
        content = dash.end()
    note = attribute["attribute"] if attribute else None
    return _opening(text, lead, match["label"], content, shape, stamps, note, asks is not None)


def _named_shape(text: str, lead: _Lead, tail: re.Match[str], styled: bool) -> Shape | None:
    """What follows the name decides: a colon, a stamp, a tabulation, the end of the line."""
    at, end = tail.end(), lead.end
    if tail["dot"]:
        after = tail.end("dot")
        if text[after - 2].isdigit() and text[after : after + 1].isdigit():
            return None  # « Psaume 12:3 »
        return Shape.BOLD if lead.marked and (tail["marks"] or tail["more"]) else Shape.COLON
    if tail["stamps"] or _LATE_CLOCK.fullmatch(text, tail.start(), end):
        return Shape.STAMPED
    if at >= end:
        after_dash = bool(lead.stamps) and text[max(0, lead.pos - 3) : lead.pos].rstrip().endswith(("-", "–", "—"))
        if any(_PROOF.search(stamp) for stamp in lead.stamps) and not after_dash:
            return Shape.STAMPED
        return Shape.STYLED if styled or lead.marked else Shape.BARE
    rest = text[at:end]
    if rest[0] == "\t" and "\t" not in rest.strip() and any(c.islower() for c in rest):
        return Shape.TAB
    return Shape.DASH if _DASH_AFTER.match(text, at, end) else None


@lru_cache(maxsize=4096)
def _is_label(label: str, in_brackets: bool = False) -> bool:
    """Rules 4 and 7 for a label outside markup."""
    if len(label) > LONGEST_LABEL or not any(c.isalpha() for c in label):
        return False
    if not all(_dots_allowed(token) for token in label.split()):
        return False
    if role_word(label) is not None or _role_after_article(label) is not None:
        return True
    if not (label[0].isupper() or _DIGIT_CODE.fullmatch(label) or (in_brackets and ends_in_digit(label))):
        return False
    if in_brackets and any(_listed(token, words("never", "remarks")) for token in label.split()):
        return False
    return not _opens_a_sentence(label) and not _is_stopped(label)


def _dots_allowed(token: str) -> bool:
    """A full stop belongs to a title, to initials or to an abbreviated role word only."""
    if "." not in token:
        return True
    if fold(token) in words("titles", "words") or _INITIALS.fullmatch(token):
        return True
    return role_word(token) is not None


def _opens_a_sentence(label: str) -> bool:
    first, *rest = label.split()
    if not rest and first.isupper():
        return False  # initials: « MA : », « LE : »
    head = _APOSTROPHE.split(first)
    if len(head) == 1 and len(first) == 1:
        return False  # « M : », « C 2 : »
    return fold(head[0]) in words("never", "sentence_openers")


def _is_stopped(label: str) -> bool:
    stopped = words("never", "words") | words("zones", "legend")
    first = _RANK.sub("", label.split()[0])
    return _listed(first, stopped) or _listed(label, stopped)


def _listed(token: str, listed: frozenset[str]) -> bool:
    folded = fold(token).strip(".,;")
    return folded in listed or (folded.endswith("s") and folded[:-1] in listed)
