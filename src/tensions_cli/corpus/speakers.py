"""Speaker turns of a transcript: who speaks, from where to where, and what of the text is not speech.

`speaker_labels` knows the shapes of labels, `speaker_layout` whether the text is a dialogue,
`speaker_roles` who asks; here each turn gets its edges. Rule numbers are those of the speaker
specification. Nothing is lost: every visible character of a dialogue is in a turn or in a zone.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import groupby

from tensions_cli.corpus.speaker_cast import Draft, Labels, cast_of, near_labels, quoted, same_names, stated_roles
from tensions_cli.corpus.speaker_labels import (
    STAMP_AT_START,
    STAMP_INSIDE,
    Opening,
    Shape,
    is_remark_line,
    is_stamp_line,
    is_unknown,
    label_key,
    role_of,
    stamp_times,
)
from tensions_cli.corpus.speaker_layout import (
    Layout,
    Script,
    accept,
    invented_speech,
    is_dialogue,
    lay_out,
    read_script,
    without,
)
from tensions_cli.records import Block, BlockKind, Document, Role, Turn, Zone, ZoneKind
from tensions_cli.words import count_words

# A text before the first label that is longer than this is no header: kept as speech of nobody.
_LONG_HEADER_WORDS = 300
_LONG_HEADER_SHARE = 0.3

# Questions in italic or bold (variant 23): at least three, half of them with a question mark.
_FEWEST_QUESTIONS = 3
# A longer emphasised paragraph without question mark is the lead of an article, not a prompt.
_LEAD_WORDS = 40
_QUESTIONS, _ANSWERS = "questions", "reponses"  # keys, as `label_key` folds them

_Times = tuple[float | None, float | None]
_NO_TIME: _Times = (None, None)


def find_turns(
    document: Document,
    roles: Mapping[str, Role] | None = None,
    enabled: bool = True,
    table: Mapping[str, Role | None] | None = None,
) -> Document:
    """The document with its speaker turns, cast, zones and notices; unchanged when it is no dialogue.

    `roles`: what the user says (label → role; case, accents and spacing folded); such a label counts
    even where nothing else proves it. `table`: what the table of speakers says of this document's labels; a
    label without role counts too, and `roles` wins. `enabled=False` switches detection off. A doubt (labels too
    rare, subtitles without speakers) leaves the text as prose with a notice. A label of `roles` that a
    dialogue does not have gives a notice; a document that is no dialogue says nothing about it.
    """
    if document.record or not document.blocks:
        return document
    if not enabled:
        return _without_inventions(document)
    forced = {label_key(label) for label in (*(roles or {}), *(table or {}))}
    script = read_script(document, forced)
    layout = lay_out(script, forced)
    kept = accept(script, layout, forced)
    if is_dialogue(script, layout, kept, forced):
        labels = _settle_labels(script, layout, kept)
        drafts, zones = _read_turns(script, layout, labels)
        if drafts:
            return _assemble(document, labels, drafts, zones, layout.roles, roles or {}, table)
    return _emphasised_questions(script, roles or {}) or _without_inventions(_no_dialogue(script, kept))


def _no_dialogue(script: Script, kept: Mapping[int, Opening]) -> Document:
    """The document as prose, with a notice when it looks like a transcript."""
    document = script.document
    if all(block.kind is BlockKind.CUE for block in document.blocks):
        notice = "Aucun locuteur reconnu dans cette transcription\u00a0: texte lu comme un seul monologue."
        return replace(document, notices=(*document.notices, notice))
    said = {label_key(o.label): o.label for o in kept.values() if role_of(o.label) is not None}
    if len(said) < 2 or len(kept) < 3:
        return document
    labels = ", ".join(quoted(label) for label in list(said.values())[:4])
    notice = (
        f"Étiquettes possibles ({labels}) trop rares pour un dialogue\u00a0: texte lu comme de la prose. Pour "
        f'les prendre en compte\u00a0: --speakers "{next(iter(said.values()))}=interviewer".'
    )
    return replace(document, notices=(*document.notices, notice))


# --- labels: one key per speaker (rule 9) -----------------------------------------------------------


def _settle_labels(script: Script, layout: Layout, kept: Mapping[int, Opening]) -> Labels:
    """The openings, misspelt labels included, and the speaker of each."""
    usable = {i: o for i, o in enumerate(script.openings) if o and not layout.skips(i)}
    spelt: dict[str, Counter[str]] = {}
    for opening in usable.values():
        spelt.setdefault(label_key(opening.label), Counter())[opening.label] += 1
    shown = {key: found.most_common(1)[0][0] for key, found in spelt.items()}
    counted = {label_key(opening.label) for opening in kept.values()}
    near = near_labels({key: found.total() for key, found in spelt.items()}, shown, counted)
    same = same_names({key: shown[key] for key in counted - set(near) if not is_unknown(shown[key])})
    merged = same | {key: same.get(target, target) for key, target in near.items()}
    openings = {
        i: opening
        for i, opening in usable.items()
        if i in kept or (label_key(opening.label) in merged and opening.shape is not Shape.BARE)
    }
    keys: dict[int, str | None] = {}
    for i, opening in openings.items():
        key = label_key(opening.label)
        keys[i] = None if is_unknown(opening.label) else merged.get(key, key)
    return Labels(openings, keys, shown, stated_roles(openings, keys, shown))


# --- turns and zones (rules 2, 3, 10, 12, 13) -------------------------------------------------------


def _read_turns(script: Script, layout: Layout, labels: Labels) -> tuple[list[Draft], list[Zone]]:
    """The turns, in order, and all that is not speech as zones."""
    drafts: list[Draft] = []
    zones: list[Zone] = []
    current: Draft | None = None
    waiting = _NO_TIME  # of a stamp line above a label
    first = _first_line(script, labels)
    for i, line in enumerate(script.lines):
        aside = _aside(script, layout, labels, i, first)
        if aside is not None:
            kind, detail = aside
            zones.append(Zone(line.start, line.end, kind, detail))
            if kind is ZoneKind.LABEL and i + 1 in labels.openings:
                waiting = stamp_times(script.text_of(i))
            elif kind is ZoneKind.LABEL and current is not None:
                current.time_start, current.time_end = stamp_times(script.text_of(i))
            elif kind is not ZoneKind.REMARK:
                current = None
            elif current is not None:
                _cover(current, line.start, line.end)
            continue
        draft = _draft_of(script, labels, i, current, waiting)
        if draft is not current:
            drafts.append(draft)
        current, waiting = draft, _NO_TIME
        zones.extend(_read_content(script, labels, i, draft))
    return [draft for draft in drafts if draft.end], zones


def _first_line(script: Script, labels: Labels) -> int:
    """The line where speech begins: the first label, or the stamp lines right above it; with subtitles,
    the first line."""
    first = min(labels.openings)
    if script.document.blocks[script.lines[0].block].kind is BlockKind.CUE:
        return 0
    while first > 0 and is_stamp_line(script.document.text, script.lines[first - 1]):
        first -= 1
    return first


def _aside(script: Script, layout: Layout, labels: Labels, i: int, first: int) -> tuple[ZoneKind, str] | None:
    """Why line i is not speech, or None."""
    text, line = script.document.text, script.lines[i]
    if i in layout.legend:
        return ZoneKind.LEGEND, "légende de la transcription"
    if i >= layout.trailer:
        return ZoneKind.TRAILER, "fin de la transcription"
    if i < first:
        return ZoneKind.METADATA, "en-tête de la transcription"
    if i in labels.openings:
        return None
    if is_stamp_line(text, line):
        above = labels.openings.get(i - 1)
        if i + 1 in labels.openings or (above and above.content == script.lines[i - 1].end):
            return ZoneKind.LABEL, "horodatage"
        return ZoneKind.REMARK, "horodatage"
    if script.is_title(i):
        return ZoneKind.METADATA, "intertitre"
    if is_remark_line(text, line):
        return ZoneKind.REMARK, "remarque du transcripteur"
    return None


def _draft_of(script: Script, labels: Labels, i: int, current: Draft | None, waiting: _Times) -> Draft:
    """The turn that line i belongs to: the current one, or a new one."""
    opening = labels.openings.get(i)
    if opening is None:
        return current or Draft(None)
    block = script.document.blocks[script.lines[i].block]
    successive = opening.shape is Shape.VOICE or block.kind is BlockKind.CUE
    if successive and current is not None and current.key == labels.keys[i]:
        return current
    start, end = waiting if opening.time_start is None else (opening.time_start, opening.time_end)
    return Draft(labels.keys[i], time_start=start, time_end=end)


def _read_content(script: Script, labels: Labels, i: int, draft: Draft) -> list[Zone]:
    """Add line i to a turn; the zones of its label and of the stamps inside."""
    text, line = script.document.text, script.lines[i]
    content = labels.openings[i].content if i in labels.openings else line.start
    zones = []
    if content > line.start:
        end = line.start + len(text[line.start : content].rstrip())
        zones.append(Zone(line.start, end, ZoneKind.LABEL, "étiquette"))
    at = content
    leading = STAMP_AT_START.match(text, content, line.end)
    if leading:
        zones.append(Zone(leading.start(), leading.end(), ZoneKind.LABEL, "horodatage"))
        at = leading.end()
        if not draft.end and draft.time_start is None:
            draft.time_start = stamp_times(leading[0])[0]
    for stamp in STAMP_INSIDE.finditer(text, at, line.end):
        zones.append(Zone(stamp.start(), stamp.end(), ZoneKind.LABEL, "horodatage"))
        draft.pieces.append((at, stamp.start()))
        at = stamp.end()
        if at == line.end and draft.time_end is None:
            draft.time_end = stamp_times(stamp[0])[0]
    draft.pieces.append((at, line.end))
    if content < line.end:
        _cover(draft, content, line.end)
    block = script.document.blocks[line.block]
    times = [time for time in (draft.time_start, block.time_start) if time is not None]
    draft.time_start = min(times, default=None)
    times = [time for time in (draft.time_end, block.time_end) if time is not None]
    draft.time_end = max(times, default=None)
    return zones


def _cover(draft: Draft, start: int, end: int) -> None:
    if not draft.end:
        draft.start = start
    draft.end = end


# --- the whole ---------------------------------------------------------------------------------------


def _assemble(
    document: Document, labels: Labels, drafts: list[Draft], zones: list[Zone],
    legend: Mapping[str, Role], roles: Mapping[str, Role], table: Mapping[str, Role | None] | None = None,
) -> Document:  # fmt: skip
    drafts, zones, notices = _keep_long_header(document.text, drafts, zones)
    cues = all(block.kind is BlockKind.CUE for block in document.blocks)
    drafts, invented = _drop_inventions(document.text, drafts, cues)
    zones = [*zones, *invented]
    notices += _invention_notice(invented)
    cast, decided, told = cast_of(document.text, labels, drafts, legend, roles, table)
    turns = tuple(
        Turn(
            draft.start, draft.end, labels.shown[draft.key] if draft.key else None,
            decided[draft.key] if draft.key else None, draft.time_start, draft.time_end,
        )
        for draft in drafts
    )  # fmt: skip
    return replace(
        document,
        turns=turns,
        cast=cast,
        zones=tuple(sorted((*document.zones, *zones), key=lambda zone: (zone.start, zone.end))),
        notices=(*document.notices, *notices, *told),
    )


def _keep_long_header(text: str, drafts: list[Draft], zones: list[Zone]) -> tuple[list[Draft], list[Zone], list[str]]:
    """A long text before the first label is no header: it becomes the speech of nobody, not metadata."""
    header = [zone for zone in zones if zone.kind is ZoneKind.METADATA and zone.end <= drafts[0].start]
    length = sum(count_words(text, zone.start, zone.end) for zone in header)
    if length <= max(_LONG_HEADER_WORDS, _LONG_HEADER_SHARE * count_words(text)):
        return drafts, zones, []
    dropped = set(header)
    kept = [zone for zone in zones if zone not in dropped]
    spoken = [
        Draft(None, zone.start, zone.end, [(zone.start, zone.end)])
        for zone in _joined(header, [zone for zone in kept if zone.end <= drafts[0].start])
    ]
    notice = f"{length} mots avant la première étiquette : trop pour un en-tête, gardés comme texte sans locuteur."
    return [*spoken, *drafts], kept, [notice]


def _joined(zones: Sequence[Zone], between: Sequence[Zone]) -> list[Zone]:
    """Successive zones as one, unless a zone of another kind stands between."""
    joined: list[Zone] = []
    for zone in zones:
        if joined and not any(joined[-1].end <= other.start < zone.start for other in between):
            joined[-1] = replace(joined[-1], end=zone.end)
        else:
            joined.append(zone)
    return joined


# --- speech that a machine made up -------------------------------------------------------------------


def _drop_inventions(text: str, drafts: list[Draft], cues: bool) -> tuple[list[Draft], list[Zone]]:
    """The turns whose pieces hold speech only, and what a machine made up as zones.

    `cues`: the text is subtitles or segments only. A turn that was invented from end to end is nobody's: it is
    left out.
    """
    zones: list[Zone] = []
    kept: list[Draft] = []
    for _, run in groupby(drafts, key=lambda draft: draft.key):
        turns = list(run)
        found = invented_speech(text, [piece for draft in turns for piece in draft.pieces], segments=cues)
        zones += [Zone(start, end, ZoneKind.REMARK, reason) for start, end, reason in found]
        for draft in turns:
            first, last = (bisect_left(found, (edge,)) for edge in (draft.start, draft.end))
            own = found[first:last]
            draft.pieces = without(draft.pieces, own) if own else draft.pieces
            if not own or any(text[start:end].strip() for start, end in draft.pieces):
                kept.append(draft)
    return (kept, zones) if kept else (drafts, [])


def _without_inventions(document: Document) -> Document:
    """A text without speakers, what a machine made up set apart as zones.

    Loops are looked for in subtitles and segments only: a form may repeat its lines.
    """
    cues = all(block.kind is BlockKind.CUE for block in document.blocks)
    if not cues and document.format != "txt":
        return document
    taken = [(zone.start, zone.end, "") for zone in document.zones]
    pieces = without([(block.start, block.end) for block in document.blocks], taken)
    found = [
        Zone(start, end, ZoneKind.REMARK, reason)
        for start, end, reason in invented_speech(document.text, pieces, loops=cues, segments=cues)
    ]
    if not found:
        return document
    zones = tuple(sorted((*document.zones, *found), key=lambda zone: (zone.start, zone.end)))
    return replace(document, zones=zones, notices=(*document.notices, *_invention_notice(found)))


def _invention_notice(zones: Sequence[Zone]) -> list[str]:
    if not zones:
        return []
    counts = Counter(zone.detail for zone in zones)
    said = ", ".join(f"{reason} ({n})" for reason, n in sorted(counts.items()))
    return [
        f"Ce qui n’est pas de la parole dans cette transcription est gardé et jamais compté\u00a0: {said}. "
        "Réécoutez ces endroits de l’enregistrement."
    ]


# --- no label at all: questions in italic or bold (rule 10, variant 23) -----------------------------


def _emphasised_questions(script: Script, roles: Mapping[str, Role]) -> Document | None:
    """Turns from paragraphs in italic or bold that ask, answered by plain ones; None when they do not.

    An emphasised block that is no sentence is a title.
    """
    document = script.document
    kinds = [_emphasis_kind(document.text, block) for block in document.blocks]
    spoken = [i for i, kind in enumerate(kinds) if kind == _QUESTIONS]
    asking = sum(document.text[document.blocks[i].end - 1] == "?" for i in spoken)
    answered = sum(kinds[i] == _QUESTIONS and kinds[i + 1] == _ANSWERS for i in range(len(kinds) - 1))
    marked = sum(block.emphasis and block.kind is not BlockKind.TITLE for block in document.blocks)
    if min(asking, answered) < _FEWEST_QUESTIONS or 2 * asking < marked:
        return None
    first = min(spoken)
    drafts: list[Draft] = []
    zones: list[Zone] = []
    for i, (block, kind) in enumerate(zip(document.blocks, kinds, strict=True)):
        if i < first or kind is None:
            detail = "en-tête de la transcription" if i < first else "intertitre"
            zones.append(Zone(block.start, block.end, ZoneKind.METADATA, detail))
            continue
        if not drafts or drafts[-1].key != kind or kinds[i - 1] is None:
            drafts.append(Draft(kind, block.start))
        drafts[-1].end = block.end
        drafts[-1].pieces.append((block.start, block.end))
    ground = "paragraphes en gras ou en italique"
    stated = {_QUESTIONS: (Role.INTERVIEWER, ground), _ANSWERS: (Role.RESPONDENT, ground)}
    shown = {_QUESTIONS: "questions", _ANSWERS: "réponses"}
    notice = (
        f"Aucune étiquette\u00a0: {len(spoken)} paragraphes en gras ou en italique pris pour les questions de "
        "l’enquêteur. Si ce sont des intertitres, désactivez la détection des tours (--speakers none)."
    )
    understood = _assemble(document, Labels({}, {}, shown, stated), drafts, zones, {}, roles)
    return replace(understood, notices=(*document.notices, notice, *understood.notices[len(document.notices) :]))


def _emphasis_kind(text: str, block: Block) -> str | None:
    """A question, an answer, or None for a title or the emphasised lead of an article."""
    if block.kind is BlockKind.TITLE:
        return None
    if not block.emphasis:
        return _ANSWERS
    if text[block.end - 1] == "?":
        return _QUESTIONS
    is_sentence = text[block.end - 1] in ".!…:»" and count_words(text, block.start, block.end) <= _LEAD_WORDS
    return _QUESTIONS if is_sentence else None
