"""Which lines of a text are header, legend or trailer, which labels count, and is it a dialogue at all?

Rules 2, 5 and 6 of the speaker specification. Everything here works on lines and on what each may open
(`speaker_labels`); turns are built by `speakers` once the answer is yes.
"""

import re
from collections import Counter
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import groupby

from tensions_cli.corpus.patterns import needs
from tensions_cli.corpus.speaker_cast import same_names
from tensions_cli.corpus.speaker_labels import (
    Line,
    Opening,
    Shape,
    ends_in_digit,
    fold,
    is_remark_line,
    is_stamp_line,
    is_unknown,
    label_key,
    read_line,
    role_in_description,
    role_of,
    role_word,
    split_lines,
    starts_with_stamp,
    words,
)
from tensions_cli.knowledge.files import read_toml
from tensions_cli.records import BlockKind, Document, Role
from tensions_cli.words import WORD, count_words

# Rule 6: share of the units (paragraphs, or parts of one) that open a turn. The 50 % alone removed the 11
# false dialogues of 1,489 administrative sheets.
_DENSITY_PLAIN = 0.5
_DENSITY_PROVEN = 0.04

# Words of a passage cut by hand (see `segment`): what a paragraph of speech holds at least.
_PARAGRAPH_WORDS = 45

# A role word among many other labels proves nothing: « Journaliste » heads one paragraph of 17 in a sheet
# on dismissal. An interviewer has a third of the turns or more; a tenth leaves room for a round table.
_ROLE_WORD_SHARE = 0.1

# A legend or a header stands in the first lines; a trailer is short (rule 2).
_HEAD_LINES = 60
_TRAILER_WORDS = 150
_TRAILER_SHARE = 0.1
_LEGEND_WORDS = 12

# Letters that stand for who asks or who answers: « I – », « E – ».
_EITHER = frozenset({"e", "i"})


@dataclass(frozen=True, slots=True)
class Script:
    """The document as lines; `openings[i]` is what line i may open, or None."""

    document: Document
    lines: tuple[Line, ...]
    openings: tuple[Opening | None, ...]

    def text_of(self, i: int) -> str:
        return self.document.text[self.lines[i].start : self.lines[i].end]

    def is_title(self, i: int) -> bool:
        return self.document.blocks[self.lines[i].block].kind is BlockKind.TITLE


@dataclass(frozen=True, slots=True)
class Layout:
    """Lines that are not speech, whatever their shape, and what they teach (rule 2)."""

    legend: frozenset[int]
    head: int  # first line after the header keys
    trailer: int  # first line of the trailer, or the number of lines
    roles: Mapping[str, Role]
    declared: frozenset[str]

    def skips(self, i: int) -> bool:
        return i in self.legend or i < self.head or i >= self.trailer


def read_script(document: Document, forced: Container[str]) -> Script:
    """The lines of a document and what each may open; `forced`: label keys that the user names."""
    text, blocks = document.text, document.blocks
    lines = split_lines(text, blocks)
    openings = [read_line(text, line, blocks[line.block], forced) for line in lines]
    for i, opening in enumerate(openings):
        if opening is not None and _is_stamped_speech(text, lines, i, opening):
            openings[i] = None
            continue
        # A name alone is a label when its time is on the next line, unless every line has its time.
        if opening is None or opening.shape is not Shape.BARE or i + 1 == len(lines):
            continue
        if is_stamp_line(text, lines[i + 1]) and not (i and is_stamp_line(text, lines[i - 1])):
            openings[i] = replace(opening, shape=Shape.STAMPED)
    if any(block.kind is BlockKind.CELL and block.voice for block in blocks):
        # An empty cell in the column of speakers is somebody unknown, never the one above (variant 28).
        for i, line in enumerate(lines):
            block = blocks[line.block]
            if block.kind is BlockKind.CELL and block.voice is None and line.opens_block and openings[i] is None:
                openings[i] = Opening("", line.start, Shape.VOICE)
    named = _names_under_ranges(text, lines, openings)
    openings = [
        replace(o, shape=Shape.STAMPED, stamped=True) if o and i in named else o for i, o in enumerate(openings)
    ]
    if not _dashes_exchange(openings):
        openings = [None if o and o.shape is Shape.DASH else o for o in openings]
    return Script(document, tuple(lines), tuple(openings))


def _names_under_ranges(text: str, lines: Sequence[Line], openings: Sequence[Opening | None]) -> set[int]:
    """Lines that are a bare name under « 0:0:0.0 --> 0:0:3.540 » and above speech (Teams, in Word): none unless
    half of the ranges have a name, so that the first line of a pasted subtitle is no speaker."""
    under = [i for i in range(1, len(lines)) if _is_range_line(text, lines[i - 1])]
    named = {
        i
        for i in under
        if (opening := openings[i]) is not None
        and opening.shape is Shape.BARE
        and all(token[0].isupper() or token[0].isdigit() for token in opening.label.split())
        and i + 1 < len(lines)
        and not is_stamp_line(text, lines[i + 1])
    }
    return named if 2 * len(named) >= len(under) else set()


def _is_range_line(text: str, line: Line) -> bool:
    return "-->" in text[line.start : line.end] and is_stamp_line(text, line)


def _dashes_exchange(openings: Iterable[Opening | None]) -> bool:
    """Whether dashes follow labels (« Q – », « R – ») and are no list: two labels or more, each twice or more, one
    who asks and another who answers."""
    counts = Counter(label_key(o.label) for o in openings if o and o.shape is Shape.DASH)
    asking = {key for key in counts if role_of(key) is Role.INTERVIEWER or key in _EITHER}
    answering = {key for key in counts if role_of(key) is Role.RESPONDENT or key in _EITHER}
    both = bool(asking) and bool(answering) and len(asking | answering) > 1
    return both and all(count > 1 for count in counts.values())


def _is_stamped_speech(text: str, lines: Sequence[Line], i: int, opening: Opening) -> bool:
    """« [00:01:02] Exactement » where the next line has its time too: every segment is stamped, this is speech."""
    alone = opening.shape is Shape.STAMPED and opening.content == lines[i].end
    if not alone or role_word(opening.label) is not None or ends_in_digit(opening.label):
        return False
    return starts_with_stamp(text, lines[i]) and (i + 1 == len(lines) or starts_with_stamp(text, lines[i + 1]))


# --- header, legend, trailer (rule 2) ---------------------------------------------------------------


def lay_out(script: Script, forced: set[str]) -> Layout:
    """Header, legend and trailer of a text; `forced`: label keys that the user names."""
    counts = Counter(label_key(opening.label) for opening in script.openings if opening)
    trailer = _trailer(script)
    legend, meanings = _legend(script, counts, trailer)
    roles = {key: role for key, meaning in meanings.items() if (role := role_in_description(meaning))}
    head = _head(script, counts, legend, forced)
    return Layout(frozenset(legend), head, trailer, roles, frozenset(meanings))


def _trailer(script: Script) -> int:
    """First line of the closing part: speaking times, credits; short, and after two speakers."""
    if len({label_key(opening.label) for opening in script.openings if opening}) < 2:
        return len(script.lines)
    limit = max(_TRAILER_WORDS, int(_TRAILER_SHARE * count_words(script.document.text)))
    first, after, seen = len(script.lines), 0, set()
    for i in reversed(range(len(script.lines))):
        line = script.lines[i]
        after += count_words(script.document.text, line.start, line.end)
        if after > limit:
            break
        if _starts_with_cue(script.text_of(i), words("zones", "trailer")):
            first = i
    for opening in script.openings[:first]:
        seen.add(label_key(opening.label) if opening else None)
    return first if len(seen - {None}) > 1 else len(script.lines)


def _starts_with_cue(line: str, cues: frozenset[str]) -> bool:
    """A cue of one word must fill the line or stand before a colon; a longer one opens a short line."""
    if len(line) > 160:
        return False
    folded = fold(line).strip("-=*#_–—[]() .")
    head = folded.split(":")[0].strip(" *")
    return head in cues or (len(folded.split()) <= 12 and any(" " in cue and folded.startswith(cue) for cue in cues))


def _legend(script: Script, counts: Counter[str], trailer: int) -> tuple[set[int], dict[str, str]]:
    """Lines of the legend and the meaning of each of its labels."""
    lines: set[int] = set()
    meanings: dict[str, str] = {}
    for i in range(trailer):
        if i in lines or len(script.text_of(i)) > 160:
            continue
        if fold(script.text_of(i)).strip("-=*#_–— .:") in words("zones", "legend"):
            entries = _entries_after_cue(script, i + 1, trailer)
            if entries:
                lines.update({i, *entries})
                meanings.update(entries.values())
        elif i < _HEAD_LINES and _is_self_made_entry(script, i, counts):
            entries = _entries_around(script, i, counts, lines)
            lines.update(entries)
            meanings.update(entries.values())
    return lines, {key: meaning for key, meaning in meanings.items() if key}


def _entry(script: Script, i: int) -> tuple[str, str] | None:
    """`M : moi, l'interviewer` or `M = moi`: label key and meaning of a legend line."""
    line = script.text_of(i)
    opening = script.openings[i]
    if len(line) > 160 or (opening and (opening.numbered or opening.stamped)):
        return None
    symbol, separator, meaning = line.partition("=" if "=" in line else ":")
    meaning = meaning.strip()
    if not separator or not meaning or len(symbol) > 40 or meaning[-1] in "?!…":
        return None
    return label_key(symbol.strip(" -–—•*@[]\t\u00a0\u202f")), meaning


def _entries_after_cue(script: Script, i: int, trailer: int) -> dict[int, tuple[str, str]]:
    """Legend lines after « Conventions : »: until a blank line, a label seen twice, or speech."""
    found: dict[int, tuple[str, str]] = {}
    seen: set[str] = set()
    while i < trailer:
        entry = _entry(script, i)
        if entry is None or entry[0] in seen or len(entry[1].split()) > _LEGEND_WORDS:
            break
        if found and script.lines[i].after_blank and role_in_description(entry[1]) is None:
            break
        found[i] = entry
        seen.add(entry[0])
        i += 1
    return found


def _is_self_made_entry(script: Script, i: int, counts: Counter[str]) -> bool:
    """A legend line without heading: the label speaks later, and the line only says who it is."""
    entry, opening = _entry(script, i), script.openings[i]
    if entry is None or opening is None or opening.shape is not Shape.COLON or counts[entry[0]] < 2:
        return False
    if any(o and label_key(o.label) == entry[0] for o in script.openings[:i]):
        return False
    meaning = entry[1]
    if len(meaning.split()) > 8 or meaning[-1] == ".":
        return False
    return any(role_of(" ".join(part.split())) is not None for part in (meaning, *meaning.split(",")))


def _entries_around(script: Script, i: int, counts: Counter[str], known: Iterable[int]) -> dict[int, tuple[str, str]]:
    """The entry on line i and its neighbours: short lines, each the first of its label."""
    found: dict[int, tuple[str, str]] = {}
    seen: set[str] = set()
    first = i
    while first > 0 and first - 1 not in known and _is_companion(script, first - 1, counts):
        first -= 1
    for at in range(first, len(script.lines)):
        entry = _entry(script, at)
        if entry is None or entry[0] in seen:
            break
        if at > i and (script.lines[at].after_blank or not _is_companion(script, at, counts)):
            break
        found[at] = entry
        seen.add(entry[0])
    return found if i in found else {}


def _is_companion(script: Script, i: int, counts: Counter[str]) -> bool:
    entry = _entry(script, i)
    return (
        entry is not None
        and counts[entry[0]] > 1
        and len(entry[1].split()) <= 8
        and entry[1][-1] != "."
        and script.openings[i] is not None
    )


def _head(script: Script, counts: Counter[str], legend: set[int], forced: set[str]) -> int:
    """First line after the header keys (« Date : … », « Enquêteur : Claire D. »)."""
    end = 0
    for i in range(min(_HEAD_LINES, len(script.lines))):
        opening = script.openings[i]
        if opening and i not in legend and counts[label_key(opening.label)] > 1:
            break
        if ":" in script.text_of(i) and _starts_with_cue(script.text_of(i), words("zones", "header")):
            end = i + 1
    repeated = [key for key, count in counts.items() if count > 1]
    if len(repeated) < 2:
        return end
    for i in range(end, min(_HEAD_LINES, len(script.lines))):
        opening = script.openings[i]
        if opening is None and i > end:
            break
        if opening and i not in legend:
            key = label_key(opening.label)
            if counts[key] > 1 or key in forced or not _is_name(script.document.text, opening, script.lines[i]):
                break
            end = i + 1
    return end


def _is_name(text: str, opening: Opening, line: Line) -> bool:
    """The whole content is a name (« Claire D. »): a header line, not the beginning of a turn."""
    tokens = text[opening.content : line.end].split()
    free = words("titles", "particles") | words("titles", "words")
    return 1 < len(tokens) <= 5 and all(token[0].isupper() or fold(token) in free for token in tokens)


# --- is it a dialogue? (rules 5 and 6) --------------------------------------------------------------


def accept(script: Script, layout: Layout, forced: set[str]) -> dict[int, Opening]:
    """The openings whose label counts (rule 5), by line."""
    shapes: dict[str, list[Opening]] = {}
    usable: dict[int, Opening] = {}
    for i, opening in enumerate(script.openings):
        if opening is not None and not layout.skips(i):
            usable[i] = opening
            shapes.setdefault(label_key(opening.label), []).append(opening)
    sure = {key for key, found in shapes.items() if key in forced or key in layout.declared or _proven(found)}
    if sure:
        sure |= _full_names_in_subtitles(script, usable) | _other_styles(shapes, sure)
        sure |= _styled_beside_interviewer(script, usable, sure)
    bare = sure & (forced | _alone_on_lines(script, usable))
    return {
        i: opening
        for i, opening in usable.items()
        if label_key(opening.label) in (bare if opening.shape is Shape.BARE else sure)
        or (is_unknown(opening.label) and script.lines[i].opens_block and (bare if _is_bare(opening) else sure))
    }


def _is_bare(opening: Opening) -> bool:
    return opening.shape is Shape.BARE


def _other_styles(shapes: Mapping[str, Sequence[Opening]], sure: set[str]) -> set[str]:
    """Keys of labels that open one line each but name somebody who is known in another style (variant 28)."""
    firm = {key: found[0].label for key, found in shapes.items() if any(not _is_bare(opening) for opening in found)}
    same = same_names({key: label for key, label in firm.items() if not is_unknown(label)})
    known = {same.get(key, key) for key in sure}
    return {key for key, target in same.items() if target in known} | (known & set(firm))


def _full_names_in_subtitles(script: Script, usable: Mapping[int, Opening]) -> set[str]:
    """Keys of « Prénom Nom: » at the head of a subtitle (Zoom): who speaks once only is not the one before."""
    return {
        label_key(opening.label)
        for i, opening in usable.items()
        if opening.shape is Shape.COLON
        and script.document.blocks[script.lines[i].block].kind is BlockKind.CUE
        and script.lines[i].opens_block
        and len(opening.label.split()) > 1
        and all(token[0].isupper() for token in opening.label.split())
    }


def _styled_beside_interviewer(script: Script, usable: Mapping[int, Opening], sure: set[str]) -> set[str]:
    """Keys alone on their lines in bold or as headings, twice or more, whatever their case, where an interviewer
    is named in the same way: « Veilleur de nuit ». Speech follows each: a heading may stand above a label."""
    if not any(
        o.shape is Shape.STYLED and label_key(o.label) in sure and role_of(o.label) is Role.INTERVIEWER
        for o in usable.values()
    ):
        return set()
    found: dict[str, list[bool]] = {}
    for i, opening in usable.items():
        if opening.shape is not Shape.BARE:
            after = script.openings[i + 1] if i + 1 < len(script.lines) else opening
            speaks = after is None or after.shape is Shape.BARE
            found.setdefault(label_key(opening.label), []).append(opening.shape is Shape.STYLED and speaks)
    return {key for key, speaking in found.items() if len(speaking) > 1 and all(speaking)}


def _alone_on_lines(script: Script, usable: Mapping[int, Opening]) -> set[str]:
    """Keys whose bare name on a line is a label: always written so, or so in a surer form elsewhere.

    Where « Claire : » opens the turns, a line that only says « Claire » is speech.
    """
    with_text = {label_key(o.label) for o in usable.values() if o.shape is not Shape.BARE}
    alone = {
        label_key(o.label) for i, o in usable.items() if o.shape is not Shape.BARE and o.content == script.lines[i].end
    }
    return alone | ({label_key(o.label) for o in usable.values()} - with_text)


def _is_function(label: str) -> bool:
    """`Directeur adjoint`, `Éducatrice spécialisée`: what somebody does, lower case after the first word."""
    tokens = fold(label).replace("-", " ").split()
    known = words("functions", "words")
    return any(" ".join(tokens[:n]) in known for n in (1, 2))


def _proven(found: Sequence[Opening]) -> bool:
    """Whether one label counts, from all the lines that it opens."""
    label = found[0].label
    if is_unknown(label):
        return False
    firm = [o for o in found if o.shape is not Shape.BARE]
    if not firm:
        return len(found) > 1 and (role_word(label) is not None or label.isupper())
    if role_word(label) is not None:
        return True
    capitals = all(token[0].isupper() or token[0].isdigit() for token in label.split())
    if all(o.shape is Shape.STYLED for o in firm):
        return len(firm) > 1 and (capitals or _is_function(label))  # « Nos missions », a heading, is no name
    only = firm[0]
    return (
        len(firm) > 1
        or only.shape in (Shape.VOICE, Shape.BOLD)
        or (only.stamped and (only.shape is Shape.BRACKET or capitals))
        or ends_in_digit(label)
    )


def _is_one_interviewer(script: Script, layout: Layout, kept: Mapping[int, Opening], turns: Counter[str]) -> bool:
    """Only the interviewer's turns: a guide or a fragment, whose questions must not count as speech."""
    asks = any(role_of(o.label) is Role.INTERVIEWER for o in kept.values())
    return asks and max(turns.values(), default=0) > 1 and len(kept) >= _DENSITY_PLAIN * _units(script, layout, kept)


def is_dialogue(script: Script, layout: Layout, kept: Mapping[int, Opening], forced: set[str]) -> bool:
    """Two speakers who speak, and dense enough labels (rules 5 and 6)."""
    if any(script.document.blocks[script.lines[i].block].voice for i in kept):
        return True  # the format names its speakers: nothing is guessed
    speaking = [
        label_key(o.label) for i, o in kept.items() if _speaks(script, layout, kept, i) and not is_unknown(o.label)
    ]
    turns = Counter(speaking)
    if forced & set(turns):
        return True
    if len(turns) < 2:
        return _is_one_interviewer(script, layout, kept, turns)
    said = sum(role_word(o.label) is not None for o in kept.values() if o.shape not in (Shape.BARE, Shape.DASH))
    by_word = said >= _ROLE_WORD_SHARE * len(kept) and said > 0
    proof = by_word or _has_stamps_or_markup(script, kept)
    density = len(kept) / _units(script, layout, kept)
    if density < (_DENSITY_PROVEN if proof else _DENSITY_PLAIN):
        return False
    repeated = sum(count > 1 for count in turns.values())
    if (by_word and any(role_of(o.label) is Role.INTERVIEWER for o in kept.values())) or repeated > 1:
        return proof or not _is_form(speaking)
    # One label at most speaks twice: an exchange when most paragraphs open with a label, but a numbered
    # list (« Étape 1 : », « Étape 2 : ») or run-in headings in bold never repeat any.
    if density < _DENSITY_PLAIN:
        return False
    two_codes = len(turns) == 2 and all(ends_in_digit(o.label) for o in kept.values())
    return repeated == 1 or by_word or two_codes or any(o.stamped for o in kept.values())


def _speaks(script: Script, layout: Layout, kept: Mapping[int, Opening], i: int) -> bool:
    """Whether some text follows the label: on its line, or on the next one that is no stamp."""
    if kept[i].content < script.lines[i].end:
        return True
    after = i + 1
    while after < len(script.lines) and is_stamp_line(script.document.text, script.lines[after]):
        after += 1
    beyond = after == len(script.lines) or after in kept or layout.skips(after)
    return not beyond and not script.is_title(after)


def _has_stamps_or_markup(script: Script, kept: Mapping[int, Opening]) -> bool:
    """Rule 6: half of the openings or more carry a stamp, a mark or a known title, or are subtitles."""
    strong = [
        opening.stamped
        or opening.shape in (Shape.VOICE, Shape.BOLD, Shape.TITLED)
        or script.document.blocks[script.lines[i].block].kind is BlockKind.CUE
        for i, opening in kept.items()
    ]
    return 2 * sum(strong) >= len(strong)


def _units(script: Script, layout: Layout, kept: Mapping[int, Opening]) -> int:
    """Paragraphs, or parts of one that a label opens; a label alone and the next line are one.

    Subtitles without label are no paragraphs: as many of them as make a paragraph's words count for one.
    """
    units, waiting, subtitled = 0, False, 0
    for i, line in enumerate(script.lines):
        if i in kept:
            units += 1
            waiting = kept[i].content == line.end
        elif layout.skips(i) or is_stamp_line(script.document.text, line):
            continue
        elif waiting:
            waiting = False
        elif script.document.blocks[line.block].kind is BlockKind.CUE:
            subtitled += count_words(script.document.text, line.start, line.end)
        elif line.opens_block and not is_remark_line(script.document.text, line):
            units += 1
    return max(units + subtitled // _PARAGRAPH_WORDS, 1)


def _is_form(speaking: Sequence[str]) -> bool:
    """Three labels or more that always come back in the same order: records, not talk (N6)."""
    period = len(set(speaking))
    return period > 2 and all(key == speaking[i % period] for i, key in enumerate(speaking))


# --- speech that a machine made up -------------------------------------------------------------------

Stretch = tuple[int, int, str]  # start, end, French reason

_CREDITS = "ligne de crédits inventée"
_UNHEARD = "parole non transcrite"
_LOOP = "phrase répétée par la machine"

# A sentence, or a new piece of speech, begins here: where a loop is cut from what is said once.
_SENTENCE_START = re.compile(r"[.!?…][»”\"')\]]*\s+\Z")


def invented_speech(
    text: str, pieces: Sequence[tuple[int, int]], loops: bool = True, segments: bool = False
) -> list[Stretch]:
    """What a machine made up in the speech of one person, in order and without overlap.

    `pieces`: the stretches that this person says in a row, labels and stamps taken out. `loops`: look for
    phrases that come back many times too; the first one is kept: somebody may have said it. `segments`: each
    piece is a segment of a machine transcript; one that comes back many times in a row is a loop, however
    short. Time grows with the length of the speech.
    """
    found = [stretch for piece in pieces for stretch in _known_inventions(text, *piece)]
    if loops:
        found += _loops(text, without(pieces, found))
    if segments:
        found += _same_segments(text, without(pieces, found))
    return sorted(found)


def _same_segments(text: str, pieces: Sequence[tuple[int, int]]) -> list[Stretch]:
    """Successive segments of the same words, « Merci. » eight times, the first one left out."""
    fewest = read_toml("machine_transcripts.toml")["loops"]["fewest_repetitions"]
    said = [(piece, [word.casefold() for word in WORD.findall(text, *piece)]) for piece in pieces]
    found: list[Stretch] = []
    for _, run in groupby(filter(lambda one: one[1], said), key=lambda one: one[1]):
        same = [piece for piece, _ in run]
        if len(same) >= fewest:
            found += [(*_visible(text, *piece), _LOOP) for piece in same[1:]]
    return found


def without(pieces: Sequence[tuple[int, int]], stretches: Iterable[Stretch]) -> list[tuple[int, int]]:
    """The pieces minus some stretches of theirs; both in order."""
    left: list[tuple[int, int]] = []
    taken = sorted(stretches)
    rank = 0
    for start, end in pieces:
        at = start
        while rank < len(taken) and taken[rank][0] < end:
            if taken[rank][0] > at:
                left.append((at, taken[rank][0]))
            at = max(at, taken[rank][1])
            rank += 1
        if at < end:
            left.append((at, end))
    return left


# What most of the known patterns hold (« sous-titrage », « soustitreur »): looked for first, it spares the others.
_CUE = "titr"
_CUED = re.compile(_CUE, re.IGNORECASE)


@cache
def _inventions() -> tuple[tuple[re.Pattern[str], bool, str, bool], ...]:
    """Pattern, whether it must fill the line, reason, whether nothing matches it without the cue."""
    known = read_toml("machine_transcripts.toml")["invented"]
    return tuple(
        (re.compile(pattern, re.IGNORECASE), whole, reason, needs(pattern, _CUE))
        for name, whole, reason in (
            ("credits", False, _CREDITS), ("credit_lines", True, _CREDITS), ("placeholders", False, _UNHEARD),
        )
        for pattern in known[name]
    )  # fmt: skip


def _known_inventions(text: str, start: int, end: int) -> list[Stretch]:
    found: list[Stretch] = []
    cued = _CUED.search(text, start, end) is not None
    said = text[start:end]
    begin = start + len(said) - len(said.lstrip())
    for pattern, whole, reason, needs_cue in _inventions():
        if needs_cue and not cued:
            continue
        if whole:
            match = pattern.fullmatch(text, begin, start + len(said.rstrip()))
            matches = [match] if match else []
        else:
            matches = list(pattern.finditer(text, start, end))
        found += [(match.start(), match.start() + len(match[0].rstrip()), reason) for match in matches]
    return _disjoint(found)


def _disjoint(stretches: Iterable[Stretch]) -> list[Stretch]:
    kept: list[Stretch] = []
    for stretch in sorted(stretches):
        if not kept or stretch[0] >= kept[-1][1]:
            kept.append(stretch)
    return kept


def _loops(text: str, pieces: Sequence[tuple[int, int]]) -> list[Stretch]:
    """Phrases that come back without a word in between, their first occurrence left out.

    Each word is compared with the one that follows the last occurrence of the same three words: in a loop
    the distance to it stays the same.
    """
    rules = read_toml("machine_transcripts.toml")["loops"]
    places = [(m.start(), rank) for rank, piece in enumerate(pieces) for m in WORD.finditer(text, *piece)]
    said = [match.casefold() for piece in pieces for match in WORD.findall(text, *piece)]
    last: dict[tuple[str, str, str], int] = {}
    found: list[Stretch] = []
    first, period = 0, 0
    for i in range(len(said)):
        distance = 0
        if i + 2 < len(said):
            three = said[i], said[i + 1], said[i + 2]
            distance = i - last.get(three, i)
            last[three] = i
        if distance == period:
            continue
        if 0 < period <= rules["longest_phrase"]:
            begin, end = _whole_phrases(text, pieces, places, first, i + 2, period)
            often = (end - begin) // period + 1 >= rules["fewest_repetitions"]
            if often and len(set(said[begin : begin + period])) >= rules["fewest_distinct_words"]:
                found += _word_stretches(text, pieces, places, begin, end)
        first, period = i, distance
    return found


def _whole_phrases(
    text: str, pieces: Sequence[tuple[int, int]], places: Sequence[tuple[int, int]], first: int, last: int, period: int
) -> tuple[int, int]:
    """The repeated words from the beginning of a sentence, if one begins there, in whole phrases; all of them
    where the loop goes to the end."""
    begin = first
    for i in range(first, min(first + period, last)):
        at, piece = places[i]
        if i == 0 or places[i - 1][1] != piece or _SENTENCE_START.search(text, max(pieces[piece][0], at - 12), at):
            begin = i
            break
    end = last if last == len(places) else begin + (last - begin) // period * period
    return begin, end


def _word_stretches(
    text: str, pieces: Sequence[tuple[int, int]], places: Sequence[tuple[int, int]], begin: int, end: int
) -> list[Stretch]:
    """The words `begin` to `end` with what follows each, piece by piece."""
    stretches: list[Stretch] = []
    for rank, own in groupby(places[begin:end], key=lambda place: place[1]):
        first = next(own)[0]
        start = pieces[rank][0] if begin == 0 or places[begin - 1][1] < rank else first
        stop = places[end][0] if end < len(places) and places[end][1] == rank else pieces[rank][1]
        stretches.append((*_visible(text, start, stop), _LOOP))
    return stretches


def _visible(text: str, start: int, end: int) -> tuple[int, int]:
    """The edges of `text[start:end]` without the spaces around it."""
    said = text[start:end]
    return start + len(said) - len(said.lstrip()), start + len(said.rstrip())
