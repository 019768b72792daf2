"""Coding passages one by one: a session, a key, the next session. Nothing is read, printed or written here.

Whatever the keys, codes stay valid for the codebook in use: a relation, a stance or an axis goes with logics that are
present, and leaves with them. What a passage lacks keeps it from being finished.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial

from tensions_cli.coding.keys import PASTE
from tensions_cli.knowledge.codebook import codebook
from tensions_cli.records import CodingSession, PassageCodes, PassageToCode, Relation

ASKED = ("relation", "stance", "axes")
ALWAYS_ASKED = frozenset({"relation"})  # a coded passage with two logics and no relation is refused everywhere
_RELATION_KEYS = {"o": Relation.OPPOSITION, "a": Relation.ARTICULATION, "j": Relation.JUXTAPOSITION}
LONGEST_MEMO = 2000  # characters; a memo is a remark, and it is shown on one line


def begin(
    passages: Sequence[PassageToCode],
    codes: Sequence[PassageCodes],
    asked: Collection[str] = (),
    *,
    show_proposal: bool = False,
) -> CodingSession:
    """A session at the first passage to code, or at the first of all when none is left.

    `asked`: of `ASKED`, what a passage must have to be finished; a relation between logics always is.
    """
    session = CodingSession(
        passages=tuple(passages),
        codes=tuple(codes),
        at=first_to_code(codes) or 0,
        asked=ALWAYS_ASKED | frozenset(asked),
        show_proposal=show_proposal,
    )
    return replace(session, focus=_first_pair(session))


def first_to_code(codes: Iterable[PassageCodes]) -> int | None:
    """Rank of the first passage that is not finished."""
    return next((rank for rank, one in enumerate(codes) if not one.finished), None)


def press(session: CodingSession, key: str) -> CodingSession:
    """The session after one key (`coding.keys`); a key without meaning here changes nothing."""
    after = _MODES[session.mode](replace(session, note=""), key)
    moved = (after.mode, after.at, _pairs(after)) != (session.mode, session.at, _pairs(session))
    return replace(after, focus=_first_pair(after)) if after.mode == "code" and moved else after


def lacks(codes: PassageCodes, asked: Collection[str]) -> str:
    """What a passage must still be given: `logics`, `relation`, `stance`, or nothing."""
    if codes.logics is None:
        return "logics"
    if set(codebook().pairs_of(codes.logics)) - codes.relations.keys():
        return "relation"
    return "stance" if "stance" in asked and set(codes.logics) - codes.stance.keys() else ""


def valid_part(codes: PassageCodes) -> PassageCodes:
    """The codes without what the codebook refuses, in its order; finished only if they still are complete."""
    book = codebook()
    logics = codes.logics and tuple(pole for pole in book.poles if pole in codes.logics)
    present = logics or ()
    pairs = book.pairs_of(present)
    axes = {axis: tuple(pole for pole in present if pole in codes.axes.get(axis, ())) for axis in book.axes}
    kept = replace(
        codes,
        logics=logics,
        relations={pair: codes.relations[pair] for pair in pairs if codes.relations.get(pair) in book.relations},
        stance={pole: codes.stance[pole] for pole in present if codes.stance.get(pole) in book.stance_meanings},
        axes={axis: poles for axis, poles in axes.items() if poles},
    )
    return replace(kept, finished=kept.finished and not lacks(kept, ALWAYS_ASKED))


# What a key decides


def _codes(session: CodingSession) -> PassageCodes:
    return session.codes[session.at]


def _with_codes(session: CodingSession, codes: PassageCodes) -> CodingSession:
    return replace(session, codes=(*session.codes[: session.at], codes, *session.codes[session.at + 1 :]))


def _decide(session: CodingSession, codes: PassageCodes, note: str = "") -> CodingSession:
    """Other codes for the passage on screen, and the way back."""
    before = _codes(session)
    codes = replace(codes, finished=codes.finished and not lacks(codes, session.asked))
    proposal = session.passages[session.at].proposal
    if session.show_proposal and proposal is not None:
        codes = replace(codes, decision=_decision(codes, proposal) if codes.finished else None)
    if codes == before:
        return session
    return replace(_with_codes(session, codes), past=(*session.past, (session.at, before)), note=note)


def _decision(codes: PassageCodes, proposal: PassageCodes) -> str:
    return "accepted" if _bare(codes) == _bare(proposal) else "modified"


def _bare(codes: PassageCodes) -> PassageCodes:
    """The codes without what surrounds them."""
    return PassageCodes(codes.logics, codes.relations, codes.stance, codes.axes)


def _toggle_logic(session: CodingSession, pole: str) -> CodingSession:
    """A logic more or less; what held only with it leaves. No logic at all is no answer, not `neutre`."""
    codes = _codes(session)
    present = set(codes.logics or ()) ^ {pole}
    logics = tuple(name for name in codebook().poles if name in present) or None
    changed = valid_part(replace(codes, logics=logics))
    lost = len(changed.relations) < len(codes.relations) or len(changed.stance) < len(codes.stance)
    dropped = lost or changed.axes != codes.axes
    return _decide(session, changed, "dropped" if dropped else "")


def _neutral(session: CodingSession) -> CodingSession:
    codes = _codes(session)
    logics = None if codes.logics == () else ()
    dropped = bool(codes.relations or codes.stance or codes.axes)
    return _decide(session, valid_part(replace(codes, logics=logics)), "dropped" if dropped else "")


def _pairs(session: CodingSession) -> tuple[str, ...]:
    return codebook().pairs_of(_codes(session).logics or ())


def _first_pair(session: CodingSession) -> int:
    """Rank of the first pair without a relation: the next relation is for it, unless Tab chooses another."""
    told = _codes(session).relations
    return next((rank for rank, name in enumerate(_pairs(session)) if name not in told), 0)


def _relate(session: CodingSession, relation: str) -> CodingSession:
    pairs = _pairs(session)
    if not pairs:
        return replace(session, note="no_pair")
    codes, pair = _codes(session), pairs[session.focus % len(pairs)]
    relations = {name: relation if name == pair else codes.relations.get(name) for name in pairs}
    told = {name: value for name, value in relations.items() if value is not None}
    after = _decide(session, replace(codes, relations=told))
    return replace(after, focus=next((rank for rank, name in enumerate(pairs) if name not in told), pairs.index(pair)))


def _accept(session: CodingSession) -> CodingSession:
    proposal = session.passages[session.at].proposal if session.show_proposal else None
    if proposal is None:
        return replace(session, note="no_proposal")
    codes = replace(_bare(proposal), memo=_codes(session).memo, review=_codes(session).review)
    return _decide(session, valid_part(codes), "accepted")


def _undo(session: CodingSession) -> CodingSession:
    if not session.past:
        return replace(session, note="nothing_to_undo")
    at, codes = session.past[-1]
    back = replace(session, at=at, past=session.past[:-1])
    return replace(_with_codes(_to_code(back), codes), note="undone")


# Going from one passage to another


def _to_code(session: CodingSession) -> CodingSession:
    return replace(session, mode="code", draft="", cursor=0, focus=0, finishing=False, before=None)


def _finish(session: CodingSession) -> CodingSession:
    """A passage left complete is finished."""
    codes = _codes(session)
    if codes.finished or lacks(codes, session.asked) or _asks_axes(session):
        return session
    return _decide(session, replace(codes, finished=True))


def _asks_axes(session: CodingSession) -> bool:
    codes = _codes(session)
    return "axes" in session.asked and bool(codes.logics) and not codes.axes and session.mode != "axes"


def _go(session: CodingSession, at: int) -> CodingSession:
    """Another passage; the one that is left is finished if it can be."""
    if not 0 <= at < len(session.passages):
        return replace(_finish(session), note="first" if at < 0 else "last")
    return replace(_to_code(_finish(session)), at=at)


def _enter(session: CodingSession) -> CodingSession:
    """Finish the passage and go on, or open what it still lacks."""
    codes = _codes(session)
    if not codes.finished:
        missing = lacks(codes, session.asked)
        if missing == "stance":
            rank = next(rank for rank, pole in enumerate(codes.logics or ()) if pole not in codes.stance)
            return replace(_to_code(session), mode="stance", focus=rank, finishing=True, note="no_stance")
        if missing:
            return replace(session, note=f"no_{missing}")
        if _asks_axes(session):
            return replace(_to_code(session), mode="axes", finishing=True)
    done = _finish(session)
    if done.at + 1 < len(done.passages):
        return replace(_to_code(done), at=done.at + 1)
    left = first_to_code(done.codes)
    return replace(_to_code(done), note="all_done") if left is None else replace(_to_code(done), at=left)


def _review(session: CodingSession) -> CodingSession:
    """Flag the passage and go on; a flag that stands is taken off."""
    codes = _codes(session)
    if codes.review:
        return _decide(session, replace(codes, review=False), "unflagged")
    flagged = _decide(session, replace(codes, review=True))
    return replace(_go(flagged, flagged.at + 1), note="flagged")


# What keys mean, mode by mode


def _logic_of(key: str, commands: Collection[str]) -> str | None:
    """The logic of a letter: always in capitals, in small letters unless a command has that letter."""
    by_letter = {letter: pole for pole, letter in codebook().letters.items()}
    return by_letter.get(key) or (by_letter.get(key.upper()) if key not in commands else None)


def _in_code(session: CodingSession, key: str) -> CodingSession:
    pole = _logic_of(key, _COMMANDS)
    if pole is not None:
        return _toggle_logic(session, pole)
    command = _COMMANDS.get(key) or _COMMANDS.get(key.lower())
    return command(session) if command else session


def _open(mode: str) -> Callable[[CodingSession], CodingSession]:
    def opened(session: CodingSession) -> CodingSession:
        codes = _codes(session)
        if mode in ("stance", "axes") and not codes.logics:
            return replace(session, note=f"no_logic_for_{mode}")
        draft = codes.memo if mode == "memo" else ""
        return replace(_to_code(session), mode=mode, draft=draft, cursor=len(draft), before=codes)

    return opened


def _next_pair(session: CodingSession) -> CodingSession:
    pairs = _pairs(session)
    return replace(session, focus=(session.focus + 1) % len(pairs)) if pairs else session


_COMMANDS: Mapping[str, Callable[[CodingSession], CodingSession]] = {
    "n": _neutral,
    "0": _neutral,
    **{key: partial(_relate, relation=name.value) for key, name in _RELATION_KEYS.items()},
    "tab": _next_pair,
    "t": _open("stance"),
    "x": _open("axes"),
    "e": _open("memo"),
    "g": _open("goto"),
    "?": _open("book"),
    "r": _open("rules"),
    "=": _accept,
    "u": _undo,
    "s": _review,
    "enter": _enter,
    "right": lambda session: _go(session, session.at + 1),
    "f": lambda session: _go(session, session.at + 1),
    "left": lambda session: _go(session, session.at - 1),
    "b": lambda session: _go(session, session.at - 1),
    "q": lambda session: replace(session, mode="quit"),
}


def _close(session: CodingSession) -> CodingSession:
    """Back to the passage; on to the next one if Enter had opened this and all that is asked is there."""
    if session.finishing and not lacks(_codes(session), session.asked):
        return _enter(session)
    return _to_code(session)


def _in_stance(session: CodingSession, key: str) -> CodingSession:
    """One logic after the other: a number, or 0 for none."""
    codes = _codes(session)
    logics = codes.logics or ()
    pole = _logic_of(key, "u")
    if pole in logics:
        return replace(session, focus=logics.index(pole))
    if key in ("esc", "enter", "u"):
        return _undo(session) if key == "u" else _close(session) if key == "enter" else _to_code(session)
    if key == "tab":
        return replace(session, focus=(session.focus + 1) % len(logics))
    if not (key.isascii() and key.isdecimal()):
        return session
    here, choices = logics[session.focus], codebook().stances[logics[session.focus]]
    if int(key) > len(choices):
        return session
    others = {name: stance for name, stance in codes.stance.items() if name != here}
    chosen = others | ({here: choices[int(key) - 1]} if int(key) else {})
    after = _decide(session, replace(codes, stance={name: chosen[name] for name in logics if name in chosen}))
    return replace(after, focus=session.focus + 1) if session.focus + 1 < len(logics) else _close(after)


def _in_axes(session: CodingSession, key: str) -> CodingSession:
    """A number puts an axis on or off for every logic present; a letter, for one logic on the axis pointed at."""
    names = codebook().axes
    if key in ("esc", "enter"):
        return _close(session) if key == "enter" else _to_code(session)
    if key == "u":
        return _undo(session)
    if not names:
        return session
    logics = _codes(session).logics or ()
    if key in ("up", "down"):
        return replace(session, focus=(session.focus + (1 if key == "down" else -1)) % len(names), draft="")
    pole = _logic_of(key, "u")
    if pole in logics:
        return _toggle_axis(session, (pole,))
    if key == " ":
        return _toggle_axis(session, logics)
    return _number_axis(session, key, logics) if key.isascii() and key.isdecimal() else session


def _number_axis(session: CodingSession, key: str, logics: tuple[str, ...]) -> CodingSession:
    """Points at the axis that the number names; with ten axes or more, waits for a second figure that may come."""
    numbers = [str(rank) for rank in range(1, len(codebook().axes) + 1)]
    typed = session.draft + key if session.draft + key in numbers else key
    if typed not in numbers:
        return replace(session, draft="")
    pointed = replace(session, focus=int(typed) - 1)
    if any(number != typed and number.startswith(typed) for number in numbers):
        return replace(pointed, draft=typed)
    return replace(_toggle_axis(pointed, logics), draft="")


def _toggle_axis(session: CodingSession, poles: tuple[str, ...]) -> CodingSession:
    codes = _codes(session)
    axis = codebook().axes[session.focus]
    there = set(codes.axes.get(axis, ()))
    wanted = there - set(poles) if set(poles) <= there else there | set(poles)
    return replace(
        _decide(session, valid_part(replace(codes, axes=dict(codes.axes) | {axis: tuple(wanted)}))), draft=""
    )


def _in_memo(session: CodingSession, key: str) -> CodingSession:
    """The memo is in the codes at every letter, so that nothing typed is lost; it is undone as one decision."""
    before = session.before or _codes(session)
    if key == "esc":
        return _to_code(_with_codes(session, before))
    if key == "enter":
        codes = replace(_codes(session), memo=_codes(session).memo.strip())
        return _to_code(_decide(_with_codes(session, before), codes))
    session = _typed(session, key)
    return _with_codes(session, replace(before, memo=session.draft))


def _in_goto(session: CodingSession, key: str) -> CodingSession:
    """A number; Enter alone for the first passage to code; `r` for the next one flagged."""
    if key == "esc":
        return _to_code(session)
    if key.lower() == "r":
        ahead = [*range(session.at + 1, len(session.codes)), *range(session.at + 1)]
        flagged = next((rank for rank in ahead if session.codes[rank].review), None)
        return replace(_to_code(session), note="no_flag") if flagged is None else _go(session, flagged)
    if key != "enter":
        return _typed(session, key) if key in _EDITING or (key.isascii() and key.isdecimal()) else session
    if session.draft:
        number = int(session.draft[:9])
        known = 1 <= number <= len(session.passages)
        return _go(session, number - 1) if known else replace(_to_code(session), note="no_such_number")
    left = first_to_code(_finish(session).codes)
    return replace(_to_code(_finish(session)), note="all_done") if left is None else _go(session, left)


def _in_search(session: CodingSession, key: str) -> CodingSession:
    return _to_code(session) if key in ("esc", "enter") else _typed(session, key)


_MODES: Mapping[str, Callable[[CodingSession, str], CodingSession]] = {
    "code": _in_code,
    "stance": _in_stance,
    "axes": _in_axes,
    "memo": _in_memo,
    "goto": _in_goto,
    "book": _in_search,
    "rules": _in_search,
    "quit": lambda session, _key: session,
}


# A line being typed

_EDITING = ("backspace", "delete", "left", "right", "home", "end", "erase")


def _typed(session: CodingSession, key: str) -> CodingSession:
    draft, cursor = edit_line(session.draft, session.cursor, key)
    return replace(session, draft=draft, cursor=cursor)


def edit_line(line: str, cursor: int, key: str) -> tuple[str, int]:
    """A line and the place of its cursor after one key; pasted line ends become spaces."""
    moved = {"left": max(cursor - 1, 0), "right": min(cursor + 1, len(line)), "home": 0, "end": len(line)}
    if key in moved:
        return line, moved[key]
    if key == "erase":
        return "", 0
    if key == "backspace":
        return line[: max(cursor - 1, 0)] + line[cursor:], max(cursor - 1, 0)
    if key == "delete":
        return line[:cursor] + line[cursor + 1 :], cursor
    if not key.startswith(PASTE) and len(key) != 1:
        return line, cursor
    text = "".join(c if c.isprintable() else " " for c in key.removeprefix(PASTE))
    text = text[: max(LONGEST_MEMO - len(line), 0)]
    return line[:cursor] + text + line[cursor:], cursor + len(text)
