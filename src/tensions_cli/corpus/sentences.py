"""Where a French sentence ends, and where a sentence that is too long may be cut.

Everything works on offsets into a text that is never changed. The decisions rest on the
punctuation, on the word before it and on the first letter after it; the words are data
(`knowledge/abbreviations.txt`). Stated limits: a title that ends in `!` or `?` before a capital
(« Tous ensemble ! Bretagne ») is cut, and an abbreviation that the file does not know is taken for
the last word of a sentence.
"""

import re
from bisect import bisect_left
from collections.abc import Iterator
from functools import cache

from tensions_cli.knowledge.files import read_bytes
from tensions_cli.words import WORD

Span = tuple[int, int]


_EMOJI = r"[\U0001F1E6-\U0001FAFF\u2639\u263A\u2764\uFE0F\u200D]"

# The end mark, then all that closes with it: brackets, guillemets with their space, a note call,
# an emoji, a transcriber's remark « (rires) », the attribution of a quotation « (Éducatrice, 34 ans) ».
# The first mark stands alone, and is not `[.!?…]+`: `re` then looks for it before it tries anything.
_END = re.compile(
    rf"""
    ([.!?…][.!?…]*(?:[^\S\n]?[!?]+)*)
    ((?: [)\]}}”’»›"']
      | \s»
      | [^\S\n]"(?=[\s,.;:)]|\Z)
      | \[\d{{1,3}}\]
      | [¹²³⁰-⁹]+
      | [^\S\n]?{_EMOJI}+
    )*)
    ((?: \s?[(\[][a-zà-öø-ÿœ][^()\[\]\n]{{0,60}}[)\]] (?!\s?[.,;:!?…])
      | (?<=[»”"])\s?\([^()\n]{{1,120}}\) (?!\s?[.,;:!?…])
    )?)
    """,
    re.VERBOSE,
)

# From the end mark to the first character that says what comes next.
_NEXT = re.compile(r"(\s*)(?:[«“\"‘'’(\[{–—‐\-•*·_¿¡>]\s*)*")

# A note call glued to the full stop: « travail.1 Ensuite ».
_NOTE_CALL = re.compile(r"\d{1,2}(?=\s+\S)")

_LEADING_MARKS = " \t\n\u00a0\u202f«“\"‘'’([{–—‐-•*·_"

# What opens a list item on a line of its own. A bullet always does; a number or a letter only after
# an end of clause, because a hard-wrapped line may begin with « 12. » or « A. Dupont ».
_LINE_FEED = re.compile(
    r"\n(?:(?P<blank>(?:[^\S\n]*\n)+)"
    r"|(?P<bullet>(?=[^\S\n]*(?:[•▪◦‣●○■□➢➤✓✔][^\S\n]?|[*·–—-][^\S\n])\S))"
    r"|(?P<number>(?=[^\S\n]*(?:(?:\d{1,2}|[ivxIVX]{1,4}|[A-Za-z])[.)]|\d{1,2}°)[^\S\n]\S)))"
)

_LIST_NUMBER = re.compile(r"\d{1,2}(?:\.\d{1,2})*|[IVX]{1,5}|[A-Za-z]")
_INITIALS = re.compile(r"(?:[^\W\d_]\.[-‐]?)*[^\W\d_]")
_ROMAN = re.compile(r"[IVXLC]+\b")
_CODE = re.compile(r"[A-Z]\.?\s?[\d*]")
_NEXT_WORD = re.compile(r"[^\W\d_]+")
_GLUED_START = re.compile(r"[^\W\d_](?:['’]|[^\W\d_]+)(?!\.\w)(?![\w@/])")
_VOWEL = re.compile(r"[aeiouyàâäéèêëîïôöùûüœæ]", re.IGNORECASE)

# How far back and forth a bracket is looked for; a bracket never closed must not swallow the text.
_BRACKET_REACH = 250
_TOKEN_REACH = 40


def sentence_spans(text: str, start: int = 0, end: int | None = None) -> list[Span]:
    """Spans of the sentences of `text[start:end]`, in order, trimmed of white space.

    Every visible character is in exactly one span. A single line feed is a space; a blank line and
    a line that opens with a list marker are ends.
    """
    stop = len(text) if end is None else end
    spans: list[Span] = []
    for first, last in _between_hard_breaks(text, start, stop):
        at = first
        for cut in _sentence_ends(text, first, last):
            spans.append((at, cut))
            at = _skip_space(text, cut, last)
        if at < last:
            spans.append((at, last))
    return spans


# The marks at which a sentence that is too long may be cut, with a cost in squared words, the unit
# of `segment`'s balance: a cost of 225 is worth moving the cut by 15 words.
_COST_STRONG = 0  # ; : … and ? ! before a lower-case letter
_COST_LINKED_COMMA = 120  # « , et », « , mais »
_COST_COMMA = 500  # a comma, a closing bracket, a dash
_COST_LINK = 900  # « et », « mais », « donc » without a comma
_COST_SPACE = 3600  # any other space between two words

# Longest stretch without any mark that is kept in one piece when a sentence is cut; small enough
# for a piece between 15 and 90 words to exist always.
_LONGEST_CLAUSE = 20


def clause_units(text: str, start: int, end: int, pauses: tuple[int, ...] = ()) -> list[tuple[int, int, int]]:
    """Cut one sentence into short units `(start, end, cost of a cut after it)`.

    `pauses` are offsets where speech is known to pause (edges of subtitles); they weigh as commas.
    Units cover every visible character and hold 1 to about 20 words (none if the sentence has none);
    the cost of the last one is 0.
    """
    words = [match.start() for match in WORD.finditer(text, start, end)]
    costs = dict.fromkeys((at for at in pauses if start < at < end), _COST_COMMA)
    for match in _clause_marks().finditer(text, start, end):
        at = match.end()
        cost = _mark_cost(match)
        costs[at] = min(cost, costs.get(at, cost))
    units: list[tuple[int, int, int]] = []
    at = start
    done = 0
    for cut in sorted(costs):
        seen = bisect_left(words, cut)
        if done < seen < len(words):
            units.extend(_short_units(text, at, cut, words[done:seen], costs[cut]))
            at, done = _skip_space(text, cut, end), seen
    units.extend(_short_units(text, at, end, words[done:], 0))
    return units


def inner_marks(text: str, start: int, end: int) -> int:
    """Number of punctuation marks inside a sentence (commas, colons, dashes…), the last sign left out."""
    return sum(1 for match in _clause_marks().finditer(text, start, end - 1) if match["link"] is None)


# --- sentences -------------------------------------------------------------------------------------


def _between_hard_breaks(text: str, start: int, end: int) -> Iterator[Span]:
    """Trimmed stretches between blank lines and list markers."""
    at = start
    if text.find("\n", start, end) >= 0:
        for match in _LINE_FEED.finditer(text, start, end):
            if match.lastgroup == "number" and not _ends_clause(text, at, match.start()):
                continue
            if (stretch := _trim(text, at, match.start())) is not None:
                yield stretch
            at = match.end()
    if (stretch := _trim(text, at, end)) is not None:
        yield stretch


def _ends_clause(text: str, start: int, at: int) -> bool:
    while at > start and text[at - 1].isspace():
        at -= 1
    return at == start or text[at - 1] in ".;:!?…,»)"


def _trim(text: str, start: int, end: int) -> Span | None:
    start = _skip_space(text, start, end)
    while end > start and text[end - 1].isspace():
        end -= 1
    return (start, end) if start < end else None


def _skip_space(text: str, at: int, end: int) -> int:
    while at < end and text[at].isspace():
        at += 1
    return at


def _sentence_ends(text: str, start: int, end: int) -> Iterator[int]:
    """Ends of the sentences of a stretch, its own end left out."""
    sentence = start
    for match in _END.finditer(text, start, end):
        cut = match.end()
        if cut >= end:
            return
        mark, closers, remark = match.groups()
        if mark == "." and not closers and (call := _note_call(text, match.start(), cut, end)):
            cut = call
        following = _NEXT.match(text, cut, end)
        if following is None or (at := following.end()) >= end:
            return
        glued = not following[1]
        if mark == ".":
            bare = not (closers or remark or at > following.end(1))
            ends = _full_stop_ends(text, sentence, match.start(), at, end, bare=bare, glued=glued)
        elif glued:
            ends = at == cut and _glued_start(text, sentence, match.start(), at, end)
        else:
            ends = _strong_mark_ends(mark, text[at])
        if ends and not _inside_bracket(text, sentence, match.start(), end, closers):
            yield cut
            sentence = cut + len(following[1])


def _note_call(text: str, dot: int, cut: int, end: int) -> int | None:
    if not text[cut].isdigit() or not text[dot - 3 : dot].isalpha():
        return None
    call = _NOTE_CALL.match(text, cut, end)
    return call.end() if call else None


def _strong_mark_ends(mark: str, head: str) -> bool:
    """`?`, `!` and ellipses: a capital opens a sentence, a lower-case letter goes on."""
    if head.isupper():
        return True
    if head.islower() or head in ".…!?,;:)]}»":
        return False
    return "?" in mark or "!" in mark


def _full_stop_ends(text: str, sentence: int, dot: int, at: int, end: int, *, bare: bool, glued: bool) -> bool:
    """Does the full stop at `dot` end a sentence, `at` being the next letter or sign?

    `bare`: nothing but white space stands between them.
    """
    head = text[at]
    if head in ".…!?,;:)]}»" or (not glued and not bare and head.islower()):
        return False
    before, word = _words_before(text, sentence, dot)
    if glued:
        return (
            bare
            and len(word) >= 3
            and word.isalpha()
            and word.islower()
            and _kind(before, word) in ("", "fin")
            and _glued_start(text, sentence, dot, at, end)
        )
    if _LIST_NUMBER.fullmatch(word) and _starts_at(text, sentence, dot - len(word)):
        return False
    if _INITIALS.fullmatch(word) and word[-1].isupper() and not _is_title(before, word):
        return _opens_sentence(text, at, end)
    kind = _kind(before, word)
    if head.islower():
        return not kind and len(word) > 1 and word.isalpha() and _VOWEL.search(word) is not None
    if kind == "avant":
        return False
    if kind == "nombre":
        return not (head.isdigit() or _ROMAN.match(text, at, end) or _CODE.match(text, at, end))
    if kind == "fin":
        return head.isupper()
    return True


def _starts_at(text: str, sentence: int, at: int) -> bool:
    """Is there nothing before `at` in the sentence but opening signs and bullets?"""
    return at - sentence < _TOKEN_REACH and not text[sentence:at].strip(_LEADING_MARKS)


def _words_before(text: str, sentence: int, dot: int) -> tuple[str, str]:
    """The last two tokens of the sentence before `dot`, cut at apostrophes and opening signs."""
    chunk = text[max(sentence, dot - _TOKEN_REACH) : dot]
    for sign in "'’([«“\"/":
        if sign in chunk:
            chunk = chunk.replace(sign, " ")
    if not chunk or chunk[-1].isspace():
        return "", ""
    words = chunk.rsplit(None, 2)
    return (words[-2] if len(words) > 1 else "", words[-1])


def _is_title(before: str, word: str) -> bool:
    """« M. » before a name, but not the « M. » of « madame M. »."""
    return word == "M" and before.lower().rstrip(".") not in _words("civilite")


def _kind(before: str, word: str) -> str:
    """Class of an abbreviation in the data file, or an empty string."""
    known = _abbreviations()
    for form in (f"{before} {word}", f"{before} {word}".lower(), word, word.lower()):
        if kind := known.get(form):
            return kind
    return ""


def _opens_sentence(text: str, at: int, end: int) -> bool:
    """After an initial: « Mme B. Elle » is an end, « J. Dupont » and « J. Le Goff » are not."""
    found = _NEXT_WORD.match(text, at, end)
    if found is None or not text[at].isupper():
        return False
    word = found[0].lower()
    if word in _words("ouvre"):
        return True
    rest = text[found.end() : min(end, found.end() + 3)].lstrip(" \n\u00a0'’")
    return word in _words("particule") and rest[:1].islower()


def _glued_start(text: str, sentence: int, mark: int, at: int, end: int) -> bool:
    """« équipe.Le budget »: a missing space, unless it is a file name or an address."""
    if not text[at].isupper() or _GLUED_START.match(text, at, end) is None:
        return False
    chunk = text[max(sentence, mark - _TOKEN_REACH) : mark].rsplit(None, 1)
    return bool(chunk) and not any(sign in chunk[-1] for sign in "/@=&\\.") and chunk[-1][-1:].isalpha()


def _inside_bracket(text: str, sentence: int, mark: int, end: int, closers: str) -> bool:
    """Is the mark inside a bracket opened in mid-sentence (« Elle a dit (enfin !) Paul »)?"""
    low = max(sentence, mark - _BRACKET_REACH)
    if ")" in closers or "]" in closers:
        opening = max(text.rfind("(", low, mark), text.rfind("[", low, mark))
        if opening == mark - 1:  # « […] »
            return False
        return opening >= 0 and bool(text[low:opening].strip(_LEADING_MARKS))
    opening = text.rfind("(", low, mark)
    if opening < 0 or text.rfind(")", low, mark) > opening:
        return False
    if text.find(")", mark, min(end, mark + _BRACKET_REACH)) < 0:
        return False
    return bool(text[low:opening].strip(_LEADING_MARKS))


# --- long sentences --------------------------------------------------------------------------------


@cache
def _clause_marks() -> re.Pattern[str]:
    links = "|".join(re.escape(link).replace(r"\ ", r"\s") for link in sorted(_words("lien"), key=len, reverse=True))
    return re.compile(
        rf"(?:(?P<strong>(?:[;:…!?]|\.\.\.)(?:\s?[»)\]])*)"
        rf"|(?P<weak>,[»”\"]?|[)\]])"
        rf"|(?P<dash>\s(?=[–—-]\s))"
        rf"|(?P<link>(?<![\s,;:])(?=\s(?:{links})\b)))"
        rf"(?=\s(?P<linked>(?:{links})\b)?)",
        re.IGNORECASE,
    )


def _mark_cost(match: re.Match[str]) -> int:
    if match["strong"] is not None:
        return _COST_STRONG
    if match["link"] is not None:
        return _COST_LINK
    return _COST_LINKED_COMMA if match["linked"] else _COST_COMMA


def _short_units(text: str, start: int, end: int, words: list[int], cost: int) -> Iterator[tuple[int, int, int]]:
    """One unit, or several of about `_LONGEST_CLAUSE` words cut at spaces; `words` are their offsets."""
    pieces = -(-len(words) // _LONGEST_CLAUSE)
    at = start
    for piece in range(1, pieces):
        cut = _space_before(text, words[len(words) * piece // pieces], at)
        yield at, cut, _COST_SPACE
        at = _skip_space(text, cut, end)
    if (last := _trim(text, at, end)) is not None:
        yield *last, cost


def _space_before(text: str, word: int, start: int) -> int:
    """End of the token before the one that holds `word`; `word` itself when there is no space at hand."""
    at = word
    while at > start and word - at < _TOKEN_REACH and not text[at - 1].isspace():
        at -= 1
    if not (at > start and text[at - 1].isspace()):
        return word
    while at > start and text[at - 1].isspace():
        at -= 1
    return at if at > start else word


# --- knowledge -------------------------------------------------------------------------------------


@cache
def _entries() -> tuple[tuple[str, str], ...]:
    lines = read_bytes("abbreviations.txt").decode("utf-8").split("\n")
    rows = [line.split("\t") for line in lines if line.strip() and not line.startswith("#")]
    return tuple((kind, form) for kind, form in rows)


@cache
def _abbreviations() -> dict[str, str]:
    return {form: kind for kind, form in _entries() if kind in ("avant", "nombre", "fin")}


@cache
def _words(kind: str) -> frozenset[str]:
    return frozenset(form for entry, form in _entries() if entry == kind)
