"""The screen of a coder at work: one passage, its codes, the keys. It is drawn whole from the session."""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from io import StringIO

from rich.console import Console
from rich.text import Text

from tensions_cli.knowledge.codebook import codebook
from tensions_cli.output.french import NBSP, integer, plural, printable, stance_title
from tensions_cli.records import NEUTRE, CodingSession, PassageCodes, PassageToCode, Relation

MEASURE = 90  # columns of text; a longer line is hard to come back from
SMALLEST = (60, 18)  # columns, lines; under this the keys and three lines of text no longer fit together
_MARGIN = "  "
_GREY = "bright_black"
_RELATION_KEYS = {Relation.OPPOSITION: "o", Relation.ARTICULATION: "a", Relation.JUXTAPOSITION: "j"}
# Letters that are commands: a logic with one of these is struck in capitals.
_TAKEN = frozenset("noajtxegrusfbq")

_NOTES = {
    "no_logics": f"Répondez d’abord{NBSP}: une logique, plusieurs, ou n pour neutre.",
    "no_relation": f"Deux logiques{NBSP}: il faut dire leur relation (o, a ou j) avant de continuer.",
    "no_stance": f"Posture demandée{NBSP}: un chiffre par logique.",
    "no_pair": "Une relation va avec deux logiques présentes.",
    "no_logic_for_stance": f"Pas de posture sans logique{NBSP}: répondez d’abord.",
    "no_logic_for_axes": f"Pas d’axe sans logique{NBSP}: répondez d’abord.",
    "dropped": f"Retiré aussi ce qui n’allait qu’avec cette réponse{NBSP}; u le rend.",
    "undone": "Dernière décision annulée.",
    "nothing_to_undo": "Rien à annuler.",
    "first": "C’est le premier passage.",
    "last": "C’est le dernier passage.",
    "all_done": f"Tous les passages sont codés{NBSP}: q pour finir.",
    "no_such_number": "Aucun passage ne porte ce numéro.",
    "no_flag": "Aucun passage n’est à revoir.",
    "flagged": "Passage précédent marqué à revoir.",
    "unflagged": "Passage à revoir\u00a0: marque retirée.",
    "no_proposal": "Pas de proposition pour ce passage (elles se montrent avec --show-proposal).",
    "accepted": f"Proposition reprise{NBSP}: Entrée la valide.",
}


@dataclass(frozen=True, slots=True)
class Screen:
    """What to print, and how far the text can be scrolled: `top` is its first line shown, `page` how many show."""

    text: str
    top: int
    page: int


def draw(session: CodingSession, width: int, height: int, *, top: int | None = None, warning: str = "") -> Screen:
    """The screen of a session in `width` × `height` characters.

    `top`: first line of the text shown, None for the place that shows the passage best. `warning`: what must not be
    missed (codes that could not be written). The result has `height` lines at most, none longer than `width`.
    """
    if width < SMALLEST[0] or height < SMALLEST[1]:
        said = Text(f"Fenêtre trop petite{NBSP}: agrandissez-la (80{NBSP}×{NBSP}24), vos codes sont gardés.")
        return Screen(_printed(_lines(said, max(width, 1))[: max(height, 1)], width), 0, 1)
    head = _head(session, width)
    foot = _foot(session, width, warning)
    room = max(height - len(head) - len(foot) - 2, 1)
    body, first, last = _body(session, width)
    start = _start(len(body), first, last, room) if top is None else max(min(top, len(body) - room), 0)
    shown = body[start : start + room]
    shown += [Text("")] * (room - len(shown))
    above = _rule(width, plural(start, "ligne plus haut", "lignes plus haut") + f"{NBSP}↑" if start else "")
    hidden = len(body) - start - room
    below = _rule(width, plural(hidden, "ligne plus bas", "lignes plus bas") + f"{NBSP}↓" if hidden > 0 else "")
    lines = [*head, above, *shown, below, *foot]
    return Screen(_printed(lines[:height], width), start, room)


def _start(total: int, first: int, last: int, room: int) -> int:
    """First line shown: the passage (lines `first` to `last`) whole if it fits, with as much before as after."""
    spare = room - (last - first)
    if spare <= 0:
        return min(first, max(total - room, 0))
    return max(min(first - spare // 2, total - room), 0)


# Parts of the screen


def _head(session: CodingSession, width: int) -> list[Text]:
    passage, codes = session.passages[session.at], session.codes[session.at]
    done = sum(one.finished for one in session.codes)
    flagged = sum(one.review for one in session.codes)
    total = len(session.codes)
    counts = [
        plural(done, "codé", "codés"),
        f"{integer(total - done)} à coder",
        *([f"{integer(flagged)} à revoir"] if flagged else []),
    ]
    first = Text.assemble(
        (f"{_MARGIN}Passage {integer(session.at + 1)}/{integer(total)}", "bold"), f" · {', '.join(counts)}"
    )
    state = _state(codes)
    where = Text(_MARGIN + _where(passage), style=_GREY)
    where.truncate(width - len(state) - 4, overflow="ellipsis")
    where.append(" " * max(min(width, MEASURE + 4) - where.cell_len - len(state) - 2, 2))
    where.append(state, style="bold" if state else "")
    return [first, where]


def _where(passage: PassageToCode) -> str:
    parts = [passage.document or "document inconnu", passage.speaker or ""]
    return printable(" · ".join(part for part in parts if part))


def _state(codes: PassageCodes) -> str:
    begun = codes.logics is not None or bool(codes.memo)
    pairs = codebook().pairs_of(codes.logics or ())
    complete = codes.logics is not None and not set(pairs) - codes.relations.keys()
    state = "codé" if codes.finished else "" if not begun else "à valider" if complete else "à compléter"
    return " · ".join(part for part in (state, "à revoir" if codes.review else "") if part)


def _body(session: CodingSession, width: int) -> tuple[list[Text], int, int]:
    """Lines that scroll, and which of them must be seen."""
    if session.mode in ("book", "rules"):
        lines = _wrapped(_book(session) if session.mode == "book" else _rules(session), width)
        return lines, 0, min(len(lines), 1)
    passage = session.passages[session.at]
    question, neighbour = _one_line(passage.question), _one_line(passage.before)
    before = [
        Text(f"Question{NBSP}: {question}", style=_GREY) if question and question not in neighbour else None,
        Text(neighbour, style=_GREY) if neighbour else None,
    ]
    # A blank line sets the passage apart from what surrounds it, in terminals without bold or grey too.
    above = [line for part in before if part for line in [*_wrapped([part], width), Text("")]]
    # A line end inside a passage is that of a subtitle or of a page: the lines of the window are made anew.
    passage_lines = _wrapped([Text(_one_line(passage.text), style="bold")], width)
    after = [Text(""), *_wrapped([Text(_one_line(passage.after), style=_GREY)], width)] if passage.after else []
    return [*above, *passage_lines, *after], len(above), len(above) + len(passage_lines)


def _one_line(text: str) -> str:
    """The text without its line ends; spaces that hold words together stay."""
    return printable(re.sub(r"[\n\r\t\v\f\x85\u2028\u2029 ]+", " ", text).strip())


def _foot(session: CodingSession, width: int, warning: str) -> list[Text]:
    if session.mode in ("book", "rules"):
        what, sought = ("la grille", "un mot") if session.mode == "book" else ("les règles", "un mot ou un numéro")
        return [
            *_wrapped([_typed_line(f"Chercher {sought} dans {what}{NBSP}: ", session)], width),
            *_keys([("↑ ↓", "défiler"), ("Entrée", "revenir au passage")], width),
        ]
    said = warning or _NOTES.get(session.note, "")
    note = _wrapped([Text(said, style="bold red" if warning else "yellow")], width)[:2]
    keys = _help(session, width)
    return [*_codes(session, width), *note, *keys, *[Text("")] * (2 - len(keys))]


def _codes(session: CodingSession, width: int) -> list[Text]:
    """What is decided, one kind of code a line; what is long is cut, the memo where it is typed."""
    codes = session.codes[session.at]
    memo = _typed_line("", session) if session.mode == "memo" else Text(_one_line(codes.memo) or "–")
    # Always the same lines, so that the text above does not move while one codes.
    rows = [("Logiques", _logics(codes)), *_relation_rows(session), ("Posture", _stances(session))]
    rows += [*_axis_rows(session), ("Mémo", memo)]
    proposal = session.passages[session.at].proposal
    if session.show_proposal and proposal is not None:
        rows.append(("Machine", Text(_summary(proposal), style=_GREY)))
    lines = []
    for title, said in rows:
        wrapped = _lines(said, min(width, MEASURE + 4) - 14)
        most = 6 if title in ("Relations", "Axes") else 2
        kept = wrapped[-2:] if session.mode == "memo" and title == "Mémo" else wrapped[:most]
        if len(kept) < len(wrapped) and kept[-1] is not wrapped[-1]:
            kept[-1].append("…")
        for rank, line in enumerate(kept):
            lines.append(Text.assemble(f"{_MARGIN}{title if rank == 0 else '':<10}", line))
    return lines


def _logics(codes: PassageCodes) -> Text:
    book = codebook()
    said = Text()
    for pole, letter in book.letters.items():
        key = f"Maj+{letter}" if letter.lower() in _TAKEN else letter
        said.append_text(_choice(key, pole, chosen=pole in (codes.logics or ())))
    return said.append_text(_choice("n", NEUTRE, chosen=codes.logics == ()))


def _choice(key: str, name: str, *, chosen: bool) -> Text:
    """`M rationalisation`, with a mark that does not need colour when it is chosen."""
    name = name.replace(" ", NBSP)
    mark = Text(
        f"[{key}{NBSP}{name}]" if chosen else f"{NBSP}{key}{NBSP}{name}{NBSP}", style="reverse" if chosen else ""
    )
    return mark.append(" ")


def _relation_rows(session: CodingSession) -> list[tuple[str, Text]]:
    """The relation of each pair; of several, the one that the next key is for is pointed at."""
    book, codes = codebook(), session.codes[session.at]
    pairs = book.pairs_of(codes.logics or ())
    if len(pairs) == 1:
        return [("Relation", _relation_choices(codes.relations.get(pairs[0])))]
    if not pairs:
        return [("Relation", Text("–"))]
    turn = pairs[session.focus % len(pairs)] if session.mode == "code" else pairs[0]
    said = Text()
    for pair in pairs:
        told = codes.relations.get(pair, "?")
        letters = "+".join(book.letters[pole] for pole in book.pairs[pair])
        words = f"{'›' if pair == turn else NBSP}{letters}{NBSP}{told}"
        said.append(words, style="bold" if pair == turn else "").append("  ")
    return [("Relations", said), ("", _relation_choices(codes.relations.get(turn)))]


def _relation_choices(told: str | None) -> Text:
    said = Text()
    for relation, key in _RELATION_KEYS.items():
        said.append_text(_choice(key, relation.value, chosen=told == relation))
    return said


def _stances(session: CodingSession) -> Text:
    codes, book = session.codes[session.at], codebook()
    logics = codes.logics or ()
    if session.mode == "stance":
        pole = logics[session.focus]
        said = Text(f"{pole}{NBSP}: ", style="bold")
        for number, stance in enumerate(book.stances[pole], 1):
            said.append_text(_choice(str(number), stance_title(stance), chosen=codes.stance.get(pole) == stance))
        return said.append_text(_choice("0", "rien", chosen=False))
    told = [f"{pole} {stance_title(codes.stance[pole])}" for pole in logics if pole in codes.stance]
    return Text(", ".join(told) or "–")


def _axes(codes: PassageCodes) -> Text:
    book = codebook()
    several = len(codes.logics or ()) > 1
    told = [
        book.axis_titles[axis] + (f" ({' '.join(book.letters[pole] for pole in poles)})" if several else "")
        for axis, poles in codes.axes.items()
    ]
    return Text(", ".join(told).replace(" (", f"{NBSP}(") if told else "–")


def _axis_rows(session: CodingSession) -> list[tuple[str, Text]]:
    """The axes of the passage; while they are chosen, all of them, and what the one pointed at is for each logic."""
    book, codes = codebook(), session.codes[session.at]
    if session.mode != "axes":
        return [("Axes", _axes(codes))]
    if not book.axes:
        return [("Axes", Text("cette grille n’en a pas"))]
    said = Text()
    for rank, axis in enumerate(book.axis_list):
        letters = "".join(f"{NBSP}{book.letters[pole]}" for pole in codes.axes.get(axis.name, ()))
        pointed = "›" if rank == session.focus else NBSP
        name = f"{rank + 1}{NBSP}{axis.title.replace(' ', NBSP)}{letters}"
        said.append(pointed).append(f"[{name}]" if letters else f"{NBSP}{name}{NBSP}", "reverse" if letters else "")
        said.append(" ")
    here = book.axis_list[session.focus]
    sides = [Text(f"{book.letters[pole]}{NBSP}: {here.sides[pole]}", style=_GREY) for pole in codes.logics or ()]
    return [("Axes", said), *(("", side) for side in sides)]


def _summary(codes: PassageCodes) -> str:
    book = codebook()
    parts = [" + ".join(codes.logics or ()) or NEUTRE, *dict.fromkeys(codes.relations.values())]
    parts += [f"{pole} {stance_title(stance)}" for pole, stance in codes.stance.items()]
    parts += [book.axis_titles[axis] for axis in codes.axes]
    return printable(", ".join(parts))


# Lists


def _book(session: CodingSession) -> list[Text]:
    """The codebook as coders consult it, or what of it holds the words sought."""
    book = codebook()
    said: list[Text] = []
    for logic in book.logics:
        entries = [logic.question, *(f"– {case}" for case in logic.cases)]
        said += _section(f"{logic.letter} · {logic.title}", entries, session.draft)
    relations = [f"{name}{NBSP}: {meaning}" for name, meaning in book.relation_meanings.items()]
    stances = [f"{stance_title(name)}{NBSP}: {meaning}" for name, meaning in book.stance_meanings.items()]
    axes = []
    for rank, axis in enumerate(book.axis_list, 1):
        sides = f"{NBSP}; ".join(f"{book.letters[pole]}{NBSP}{side}" for pole, side in axis.sides.items())
        axes.append(f"{rank} {axis.title}{NBSP}: {sides}")
    said += _section("Relations, entre deux logiques présentes", relations, session.draft)
    said += _section("Postures, pour chaque logique présente", stances, session.draft)
    said += _section("Axes", axes, session.draft)
    return said or [Text("Rien de tel dans la grille.")]


def _section(title: str, entries: Sequence[str], query: str) -> list[Text]:
    """A title and its entries, or those that match; nothing when none does."""
    whole = not query.strip() or _matches(title, query)
    kept = [entry for entry in entries if entry and (whole or _matches(entry, query))]
    return [Text(_spaced(title), style="bold"), *(Text(_spaced(entry)) for entry in kept), Text("")] if kept else []


def _rules(session: CodingSession) -> list[Text]:
    """Titles of the rules; in full, the one whose number is typed or those that hold the words."""
    book, query = codebook(), session.draft.strip()
    if not book.rules:
        return [Text("Cette grille n’a pas de règle numérotée.")]
    if not query:
        return [Text(_spaced(f"{rule.number:>3}  {rule.title}")) for rule in book.rules]
    kept = [
        rule
        for rule in book.rules
        if (str(rule.number) == query if query.isdecimal() else _matches(f"{rule.title} {rule.text}", query))
    ]
    said: list[Text] = []
    for rule in kept:
        title = Text(_spaced(f"{rule.number}. {rule.title}"), style="bold")
        said += [title, Text(_spaced(rule.text)), Text("")]
    return said or [Text("Aucune règle de ce numéro, ou avec ces mots.")]


def _matches(text: str, query: str) -> bool:
    """Every word sought begins a word of the text, whatever accents and capitals."""
    words = _plain(text).split()
    return all(any(word.startswith(sought) for word in words) for sought in _plain(query).split())


def _plain(text: str) -> str:
    folded = unicodedata.normalize("NFKD", text.casefold())
    return "".join(c if c.isalnum() else " " for c in folded if not unicodedata.combining(c))


def _spaced(text: str) -> str:
    """French spaces that no line end takes."""
    for sign in ":;?!»":
        text = text.replace(f" {sign}", f"{NBSP}{sign}")
    return printable(text.replace("« ", f"«{NBSP}").replace("'", "’"))


# Keys


def _help(session: CodingSession, width: int) -> list[Text]:
    """The keys that mean something here."""
    letters = "/".join(codebook().letters.values())
    if session.mode == "stance":
        keys = [("chiffre", "posture"), ("Tab", "autre logique"), ("u", "annuler"), ("Échap", "fermer")]
        return _keys(keys, width)
    if session.mode == "axes":
        keys = [("chiffre", "mettre, ôter"), ("↑ ↓", "pointer"), (letters, "une logique"), ("u", "annuler")]
        return _keys([*keys, ("Entrée", "fermer")], width)
    if session.mode == "memo":
        return _keys([("Entrée", "garder"), ("Échap", "laisser comme avant")], width)
    if session.mode == "goto":
        line = _wrapped([_typed_line(f"Aller au passage n°{NBSP}", session)], width)
        return [
            *line,
            *_keys([("Entrée seule", "premier à coder"), ("r", "prochain à revoir"), ("Échap", "rester")], width),
        ]
    coding = [("t", "posture"), ("x", "axes"), ("e", "mémo"), ("s", "à revoir"), ("u", "annuler")]
    if len(session.codes[session.at].logics or ()) > 2:
        coding.insert(0, ("Tab", "autre paire"))
    if session.show_proposal and session.passages[session.at].proposal is not None:
        coding.append(("=", "accepter"))
    going = [("Entrée", "valider"), ("← →", "passage"), ("g", "aller à"), ("?", "grille"), ("r", "règles")]
    return [*_keys(coding, width), *_keys([*going, ("q", "quitter")], width)]


def _keys(keys: Iterable[tuple[str, str]], width: int) -> list[Text]:
    said = Text()
    for key, meaning in keys:
        said.append(key.replace(" ", NBSP), style="bold")
        said.append(NBSP + meaning.replace(" ", NBSP), style=_GREY).append("  ")
    return _wrapped([said], width)[:2]


def _typed_line(prompt: str, session: CodingSession) -> Text:
    """A line being typed, with its cursor."""
    draft, cursor = printable(session.draft.replace("\n", " ")), session.cursor
    under = draft[cursor : cursor + 1]
    return Text.assemble(prompt, draft[:cursor], (under, "reverse") if under else "▏", draft[cursor + 1 :])


# Drawing


def _rule(width: int, said: str) -> Text:
    wide = min(width, MEASURE + 4)
    line = Text("─" * (wide - len(said) - (1 if said else 0)), style=_GREY)
    return line.append(f" {said}" if said else "", style=_GREY)


def _wrapped(parts: Iterable[Text], width: int) -> list[Text]:
    """Lines of text inside the margins, cut between words."""
    lines: list[Text] = []
    for part in parts:
        lines += [Text.assemble(_MARGIN, line) for line in _lines(part, min(width - 2 * len(_MARGIN), MEASURE))]
    return lines


# The library takes every space for a place to cut, those that forbid it too: they are hidden from it.
_KEPT_SPACES = ((NBSP, "\ue000"), ("\u202f", "\ue001"))


def _lines(part: Text, width: int) -> list[Text]:
    """Lines no wider than `width`, cut between words, never at a no-break space."""
    part = part.copy()
    for space, mark in _KEPT_SPACES:
        part.plain = part.plain.replace(space, mark)
    lines = list(part.wrap(Console(file=StringIO(), width=width), max(width, 1))) or [Text("")]
    for line in lines:
        line.rstrip()
        for space, mark in _KEPT_SPACES:
            line.plain = line.plain.replace(mark, space)
    return lines


def _printed(lines: Sequence[Text], width: int) -> str:
    """The lines with the codes that this terminal understands (NO_COLOR, TERM=dumb: fewer, or none)."""
    out = Console(highlight=False, width=max(width, 1), soft_wrap=True)
    with out.capture() as captured:
        for line in lines:
            line.truncate(width, overflow="crop")
            out.print(line, end="\n")
    return captured.get().removesuffix("\n")
