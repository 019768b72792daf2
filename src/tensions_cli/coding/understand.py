"""From the names that people and tools give to codes, to the codes of the codebook.

Nothing is guessed in silence: a name read with a typing error is told, what cannot be read is listed with its
place, and the codes of one coder on one passage are checked together against the codebook.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from tensions_cli.coding.names import (
    FORMULA_ERROR,
    NO_VALUE,
    Meaning,
    Say,
    bare,
    decision_of,
    is_code,
    look_up,
    parts,
    plain_name,
    relation_parts,
    yes_or_no,
)
from tensions_cli.knowledge.code_names import axis_name, stance_name
from tensions_cli.knowledge.codebook import codebook, label_of
from tensions_cli.records import MIXTE, NEUTRE, ReadCoding, ReadCodings

__all__ = ["Problem", "decision_of", "plain_name", "understand"]


class Problem(NamedTuple):
    """What a reader of codes must be told. `lost`: something that was coded is not in the coded passages.

    `column`: where in the row, in the words of our tables; empty for the whole row.
    """

    place: str
    reason: str
    lost: bool = True
    column: str = ""


@dataclass(slots=True)
class _Draft:
    """The codes of one coder on one passage, before they are checked together."""

    codings: list[ReadCoding] = field(default_factory=list)
    meanings: dict[Meaning, None] = field(default_factory=dict)
    logics_by_row: list[tuple[str, ...]] = field(default_factory=list)
    decisions: list[str] = field(default_factory=list)


def understand(codings: ReadCodings) -> tuple[list[dict[str, Any]], list[Problem]]:
    """Coded passages (design, section 4) with what could not be understood, in the order of the file.

    A passage: `id, document, start, end, text, coder`, one yes/no by letter of the codebook (`M, P`), `label, relation,
    stance, axes, memo, decision`, then `place`, where it stands in the file. `decision` is None, `accepted`,
    `modified` or `rejected`; a rejected row keeps the codes that were refused. Every coding is in a passage or in a
    problem that is `lost`, but those that nobody has coded (`is_uncoded`).
    """
    problems: list[Problem] = []
    drafts: dict[tuple[Any, ...], _Draft] = {}
    for coding in codings.codings:
        if is_uncoded(coding):
            if coding.memo:
                said = "commentaire sur une ligne sans code, non repris"
                problems.append(Problem(coding.place, said, lost=False, column="commentaire"))
            continue
        key = _key(coding)
        if key is None:
            problems.append(Problem(coding.place, "codes sans passage\u00a0: ni identifiant, ni position, ni texte"))
            continue
        draft = drafts.setdefault(key, _Draft())
        draft.codings.append(coding)
        _read_coding(coding, draft, problems)
    passages = [_passage(draft, codings.texts, problems) for draft in drafts.values()]
    return [passage for passage in passages if passage is not None], problems


def is_uncoded(coding: ReadCoding) -> bool:
    """Nobody has coded this yet: no code, no answer, and no code in its comment."""
    return not coding.codes and not any(map(bare, coding.answers.values())) and not _codes_in_memo(coding)


def _codes_in_memo(coding: ReadCoding) -> bool:
    """The comment is a label and nothing else: typed in the wrong column. « rien » is a comment."""
    memo = plain_name(coding.memo)
    return is_code(coding.memo, "label") and (
        memo == NEUTRE or not is_code(coding.memo) or look_up(coding.memo, _unheard, "")[0].name != NEUTRE
    )


def _unheard(reason: str, *, lost: bool = True, column: str = "") -> None:
    """For a name that is known to be understood."""


def _key(coding: ReadCoding) -> tuple[Any, ...] | None:
    """What makes two codings one passage of one coder."""
    if coding.id:
        return (coding.coder, "id", coding.id)
    if coding.start is not None and coding.end is not None:
        return (coding.coder, "id", _id(coding) or (coding.start, coding.end, coding.text))
    return (coding.coder, "text", " ".join(coding.text.split())) if coding.text and coding.text.strip() else None


def _id(coding: ReadCoding) -> str | None:
    if coding.id:
        return coding.id
    known = coding.document is not None and coding.start is not None and coding.end is not None
    return f"{coding.document}#{coding.start}-{coding.end}" if known else None


# From cells and names to meanings


def _read_coding(coding: ReadCoding, draft: _Draft, problems: list[Problem]) -> None:
    """Add what one coding says to its draft, and what it says that nobody understands to the problems."""

    def add(meanings: Iterable[Meaning]) -> None:
        draft.meanings |= dict.fromkeys(meanings)

    def say(reason: str, *, lost: bool = True, column: str = "") -> None:
        problems.append(Problem(coding.place, reason, lost, column))

    for code in coding.codes:
        add(look_up(code, say, "code"))
    answers, in_label = coding.answers, coding.answers.get("label", "")
    if not coding.codes and not any(map(bare, answers.values())):
        in_label = coding.memo
        say("logique lue dans la colonne «\u00a0commentaire\u00a0»", lost=False, column="commentaire")
    cell = [meaning for part in parts(in_label) for meaning in look_up(part, say, "logique")]
    relations = _relations_of_row(answers, say) + [meaning for meaning in cell if meaning.kind == "relation"]
    add(relations)
    add(meaning for meaning in cell if meaning.kind != "label")
    labels = [meaning.name for meaning in cell if meaning.kind == "label"]
    logics = _logics_of_row(labels, _implied(relations), answers, say)
    if logics is not None:
        draft.logics_by_row.append(logics)
        add(Meaning("label", name) for name in logics or (NEUTRE,))
    for part in parts(answers.get("axes", "")):
        add(_of_kind("axis", part, say, "axe"))
    for part in parts(answers.get("stance", "")):
        add(_of_kind("stance", part, say, "posture"))
    for pole in codebook().poles:
        add(_stance_of(pole, answers.get(f"stance_{pole}", ""), say))
    for column in answers:
        if column.startswith("colonne "):
            say("code dans une colonne qui n’a pas de nom connu, non repris", column=column)
    decision = answers.get("decision", "")
    if understood := decision_of(decision):
        draft.decisions.append(understood)
    elif bare(decision):
        say("décision non comprise\u00a0: écrivez accepté, modifié ou rejeté", column="décision")


def _relations_of_row(answers: Mapping[str, str], say: Say) -> list[Meaning]:
    """The column `relation`, where each item may say its pair, and one column for each pair."""
    book, by_column = codebook(), []
    for pair in book.pairs:
        found = _of_kind("relation", answers.get(f"relation_{pair}", ""), say, f"relation ({pair})")
        by_column += [meaning._replace(pole=pair if book.by_pair else None) for meaning in found]
    said = {meaning.name for meaning in by_column}
    alone = [
        one
        for part in relation_parts(answers.get("relation", ""))
        for one in _of_kind("relation", part, say, "relation")
    ]
    # Beside columns by pair, a relation without its pair is the strongest of them, told again.
    return by_column + [meaning for meaning in alone if meaning.pole or not book.by_pair or meaning.name not in said]


def _stance_of(pole: str, cell: str, say: Say) -> list[Meaning]:
    """The cell of the column of one logic: a stance alone, or with the name of its logic."""
    if not bare(cell):
        return []
    broken = cell == NO_VALUE or FORMULA_ERROR.fullmatch(bare(cell))
    full = cell if broken or is_code(cell, "stance") else stance_name(pole, cell)
    found = _of_kind("stance", full, say, f"posture ({pole})")
    if any(meaning.pole != pole for meaning in found):
        say("posture d’une autre logique que celle de la colonne, non reprise", column=f"posture ({pole})")
    return [meaning for meaning in found if meaning.pole == pole]


def _of_kind(kind: str, cell: str, say: Say, what: str) -> list[Meaning]:
    """The meanings of a cell whose column says what it holds."""
    if not bare(cell):
        return []
    found = look_up(cell, say, what)
    implied = {Meaning("label", MIXTE)} if kind == "relation" else set()  # « Tension » says both
    if any(meaning.kind != kind and meaning not in implied for meaning in found) or set(found) == implied != set():
        say(f"la colonne «\u00a0{what}\u00a0» contient un code d’une autre famille, non repris", column=what)
    return [meaning for meaning in found if meaning.kind == kind]


def _logics_of_row(
    labels: Sequence[str], implied: tuple[str, ...], answers: Mapping[str, str], say: Say
) -> tuple[str, ...] | None:
    """The logics that a row of a table says, by its label cell and by its answers, one a letter."""
    book = codebook()
    said = _united(labels, implied)
    given = [_answer(answers.get(letter, ""), letter, say) for letter in book.letters.values()]
    letters = " et ".join(book.letters.values()) if len(given) == 2 else ", ".join(book.letters.values())
    several = set(labels) == {MIXTE}
    if labels and said is None and not several:
        say("logiques contradictoires dans la même cellule", column="logique")
        return None
    if None in given:
        by_pole = zip(book.poles, given, strict=True)
        if said is not None and any(answer is not None and answer != (pole in said) for pole, answer in by_pole):
            say(f"la logique ne correspond pas aux réponses {letters}", column="logique")
            return None
        if said is None and several:
            say("«\u00a0mixte\u00a0» sans dire quelles logiques", column="logique")
        elif said is None and any(answer is not None for answer in given):
            some = "une seule des deux réponses" if len(given) == 2 else "une partie seulement des réponses"
            say(f"{some} {letters} est remplie", column=letters)
        return said
    by_answers = book.present([bool(answer) for answer in given])
    if labels and (len(by_answers) < 2 if several else said != by_answers):
        say(f"la logique ne correspond pas aux réponses {letters}", column="logique")
        return None
    return by_answers


def _answer(cell: str, letter: str, say: Say) -> bool | None:
    if not bare(cell):
        return None
    answer = yes_or_no(cell)
    if answer is None and is_code(cell, "label"):  # « M » typed in the column M
        meant = {meaning.name for meaning in look_up(cell, _unheard, "")}
        if meant == {pole for pole, own in codebook().letters.items() if own == letter}:
            return True
    if answer is None:
        say(f"réponse {letter} ni oui ni non, non reprise", column=letter)
    return answer


def _implied(relations: Iterable[Meaning]) -> tuple[str, ...]:
    """The logics that relations by pair join."""
    joined = {pole for meaning in relations for pole in codebook().pairs.get(meaning.pole or "", ())}
    return tuple(pole for pole in codebook().poles if pole in joined)


def _united(labels: Iterable[str], implied: tuple[str, ...] = ()) -> tuple[str, ...] | None:
    """The logics that labels name together; None when there are none, or when they contradict each other.

    `mixte` alone says both logics of a codebook that has two; of more, those that its relations join (`implied`), if
    they are told by pair.
    """
    found, book = set(labels), codebook()
    named = tuple(pole for pole in book.poles if pole in found)
    if found == {NEUTRE}:
        return ()
    if found == {MIXTE}:
        return (implied or None) if book.by_pair else book.poles
    if NEUTRE in found or (MIXTE in found and len(named) == 1):
        return None
    return named or None


# From meanings to a passage


def _passage(draft: _Draft, texts: Mapping[str, str], problems: list[Problem]) -> dict[str, Any] | None:
    """A coded passage, or None with a problem for each of its codings."""
    first = draft.codings[0]

    # Of rows of a table each says what it loses; a tool has one place for each code.
    places = dict.fromkeys([first.place, *(coding.place for coding in draft.codings if coding.answers)])

    def say(reason: str, *, lost: bool = True, column: str = "") -> None:
        problems.extend(Problem(place, reason, lost, column) for place in (places if lost else [first.place]))

    def give_up(reason: str) -> None:
        problems.extend(Problem(coding.place, reason) for coding in draft.codings)

    by_kind: defaultdict[str, list[Meaning]] = defaultdict(list)
    for meaning in draft.meanings:
        by_kind[meaning.kind].append(meaning)
    labels = [meaning.name for meaning in by_kind["label"]]
    logics = _united(labels, _implied(by_kind["relation"]))
    if logics is None or len(set(draft.logics_by_row)) > 1:
        told = {problem.place for problem in problems if problem.lost}
        if labels:
            give_up("codes contradictoires sur le même passage")
        elif draft.meanings or draft.decisions or not told.issuperset(places):
            give_up("aucune logique codée sur ce passage")
        return None
    if len(set(labels)) > 1 and not draft.logics_by_row:
        both = f"{len(logics)} logiques" if codebook().by_pair else "les deux logiques"
        say(f"{both} sont codées sur le même passage, lues «\u00a0mixte\u00a0»", lost=False)
    if len(set(draft.decisions)) > 1:
        give_up("décisions contradictoires sur le même passage")
        return None
    text = _text(draft, texts, say)
    return {
        "id": _id(first),
        "document": first.document,
        "start": first.start,
        "end": first.end,
        "text": text,
        "coder": first.coder,
        **{letter: pole in logics for pole, letter in codebook().letters.items()},
        "label": label_of(logics),
        "relation": _relation(by_kind["relation"], logics, say),
        "stance": _stance(by_kind["stance"], logics, say),
        "axes": _axes(by_kind["axis"], logics, say),
        "memo": "\n".join(dict.fromkeys(coding.memo for coding in draft.codings if coding.memo)),
        "decision": draft.decisions[0] if draft.decisions else None,
        "place": first.place,
        **{name: value for coding in reversed(draft.codings) for name, value in coding.kept.items()},
    }


def _text(draft: _Draft, texts: Mapping[str, str], say: Say) -> str | None:
    """The text of the passage: the document's own where it is known, else what the file says."""
    first = draft.codings[0]
    said = next((coding.text for coding in draft.codings if coding.text is not None), None)
    if first.document not in texts or first.start is None or first.end is None:
        return said
    own = texts[first.document or ""][first.start : first.end]
    if said is not None and " ".join(said.split()) != " ".join(own.split()):
        say("le texte du passage n’est pas celui du document à cette position", lost=False)
        return said
    return own


def _relation(meanings: Sequence[Meaning], logics: Sequence[str], say: Say) -> str | dict[str, str] | None:
    """The relation of the two logics; by pair where there are several pairs; None where there is none."""
    pairs = codebook().pairs_of(logics)
    if meanings and not pairs:
        say("relation sur un passage qui n’est pas mixte, non reprise")
        return None
    found: defaultdict[str, set[str]] = defaultdict(set)
    for meaning in meanings:
        pair = meaning.pole or (pairs[0] if len(pairs) == 1 else "")
        if pair in pairs:
            found[pair].add(meaning.name)
        elif pair:
            say("relation avec une logique absente du passage, non reprise")
        else:
            say("relation sans dire entre quelles logiques, non reprise")
    for pair in pairs:
        if len(found[pair]) > 1:
            say("deux relations sur le même passage, aucune n’est reprise")
        elif not found[pair]:
            say("passage mixte sans relation\u00a0: à compléter", lost=False)
    said = {pair: next(iter(found[pair])) for pair in pairs if len(found[pair]) == 1}
    return said or None if len(pairs) > 1 else next(iter(said.values()), None)


def _stance(meanings: Iterable[Meaning], present: Sequence[str], say: Say) -> dict[str, str]:
    by_pole: defaultdict[str, list[str]] = defaultdict(list)
    for meaning in meanings:
        by_pole[meaning.pole or ""].append(meaning.name)
    stances = {}
    for pole in codebook().poles:
        found = by_pole.get(pole, [])
        if found and pole not in present:
            say(f"posture ({pole}) sur une logique absente du passage, non reprise")
        elif len(found) > 1:
            say(f"deux postures pour la même logique ({pole}), aucune n’est reprise")
        elif found:
            stances[pole] = found[0]
    return stances


def _axes(meanings: Iterable[Meaning], present: Sequence[str], say: Say) -> dict[str, list[str]]:
    """Axes to the logics at work, both in the order of the codebook; an axis alone takes the only logic present."""
    found: defaultdict[str, set[str]] = defaultdict(set)
    for meaning in meanings:
        if meaning.pole is None and len(present) == 1:
            say(f"axe sans logique, lu «\u00a0{axis_name(meaning.name, present[0])}\u00a0»", lost=False)
            found[meaning.name].add(present[0])
        elif meaning.pole is None:
            say("axe sans logique, sur un passage qui n’en a pas une seule, non repris")
        elif meaning.pole not in present:
            say("axe d’une logique absente du passage, non repris")
        else:
            found[meaning.name].add(meaning.pole)
    book = codebook()
    return {axis: [pole for pole in book.poles if pole in found[axis]] for axis in book.axes if axis in found}
