"""From the names that people and tools give to codes, to the codes of the codebook.

Nothing is guessed in silence: a name read with a typing error is told, what cannot be read is listed with its
place, and the codes of one coder on one passage are checked together against the codebook.
"""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, lru_cache
from typing import Any, NamedTuple

from tensions_cli.knowledge.code_names import axis_name, stance_name
from tensions_cli.knowledge.codebook import codebook, label_of
from tensions_cli.knowledge.files import read_toml
from tensions_cli.records import Label, ReadCoding, ReadCodings

# A typing error is looked for from this length on: « M » and « P » are one letter apart.
_SHORTEST_TYPO = 5

# Where a tool puts the family of a code before its name (MAXQDA `\`, QualCoder and CAQDAS exports `>`, `/`, `::`).
_PATH = re.compile(r"\\|/|>|::")
_SEVERAL = re.compile(r"[|;,\n+&]|\bet\b")


# Kinds of codes whose French name is feminine.
_FEMININE = ("logique", "relation", "posture")

Say = Callable[..., None]  # a reason, and whether something is lost (`lost`, true unless said)


class Problem(NamedTuple):
    """What a reader of codes must be told. `lost`: something that was coded is not in the coded passages."""

    place: str
    reason: str
    lost: bool = True


class Meaning(NamedTuple):
    """One code: `kind` is label, relation, stance or axis; `name` its word; `pole` for stances and axes."""

    kind: str
    name: str
    pole: str | None = None


@dataclass(slots=True)
class _Draft:
    """The codes of one coder on one passage, before they are checked together."""

    codings: list[ReadCoding] = field(default_factory=list)
    meanings: dict[Meaning, None] = field(default_factory=dict)
    labels_by_row: list[str] = field(default_factory=list)
    decisions: list[str] = field(default_factory=list)


def understand(codings: ReadCodings) -> tuple[list[dict[str, Any]], list[Problem]]:
    """Coded passages (design, section 4) with what could not be understood, in the order of the file.

    A passage: `id, document, start, end, text, coder, M, P, label, relation, stance, axes, memo, decision`, then
    `place`, where it stands in the file. `decision` is None, `accepted`, `modified` or `rejected`; a rejected
    row keeps the codes that were refused. Every coding is in a passage or in a problem that is `lost`.
    """
    problems: list[Problem] = []
    drafts: dict[tuple[Any, ...], _Draft] = {}
    for coding in codings.codings:
        key = _key(coding)
        if key is None:
            problems.append(Problem(coding.place, "codes sans passage\u00a0: ni identifiant, ni position, ni texte"))
            continue
        draft = drafts.setdefault(key, _Draft())
        draft.codings.append(coding)
        _read_coding(coding, draft, problems)
    passages = [_passage(draft, codings.texts, problems) for draft in drafts.values()]
    return [passage for passage in passages if passage is not None], problems


@lru_cache(maxsize=10_000)  # a file repeats a few names thousands of times
def plain_name(name: str) -> str:
    """A name without case, accents, punctuation, repeated spaces and final s: two names that agree are one."""
    folded = unicodedata.normalize("NFKD", name.casefold())
    kept = "".join(c for c in folded if not unicodedata.combining(c))
    words = re.findall(r"[^\W_]+", kept)
    return " ".join(word[:-1] if len(word) > 3 and word.endswith("s") else word for word in words)


def _key(coding: ReadCoding) -> tuple[Any, ...] | None:
    """What makes two codings one passage of one coder."""
    if coding.id:
        return (coding.coder, "id", coding.id)
    if coding.start is not None and coding.end is not None:
        return (coding.coder, "id", _id(coding) or (coding.start, coding.end, coding.text))
    return (coding.coder, "text", coding.text) if coding.text and coding.text.strip() else None


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

    def say(reason: str, *, lost: bool = True) -> None:
        problems.append(Problem(coding.place, reason, lost))

    for code in coding.codes:
        add(_look_up(code, say, "code"))
    answers = coding.answers
    cell = [meaning for part in _parts(answers.get("label", "")) for meaning in _look_up(part, say, "logique")]
    add(meaning for meaning in cell if meaning.kind != "label")
    label = _label_of_row([meaning.name for meaning in cell if meaning.kind == "label"], answers, say)
    if label is not None:
        draft.meanings[Meaning("label", label)] = None
        draft.labels_by_row.append(label)
    add(_of_kind("relation", answers.get("relation", ""), say, "relation"))
    for part in _parts(answers.get("axes", "")):
        add(_of_kind("axis", part, say, "axe"))
    for part in _parts(answers.get("stance", "")):
        add(_of_kind("stance", part, say, "posture"))
    for pole in codebook().poles:
        if answers.get(f"stance_{pole}", "").strip():
            add(_of_kind("stance", stance_name(pole, answers[f"stance_{pole}"]), say, f"posture ({pole})"))
    decision = answers.get("decision", "")
    if understood := decision_of(decision):
        draft.decisions.append(understood)
    elif decision.strip():
        say("décision non comprise\u00a0: écrivez accepté, modifié ou rejeté")


def _parts(cell: str) -> list[str]:
    """The items of a cell; a cell that is one name stays whole (`M + P`, `ni M ni P`)."""
    if not cell.strip() or plain_name(cell) in _meanings():
        return [cell] if cell.strip() else []
    return [part for part in _SEVERAL.split(cell) if part.strip()]


def _of_kind(kind: str, cell: str, say: Say, what: str) -> list[Meaning]:
    """The meanings of a cell whose column says what it holds."""
    if not cell.strip():
        return []
    found = _look_up(cell, say, what)
    implied = {Meaning("label", Label.MIXTE.value)} if kind == "relation" else set()  # « Tension » says both
    if any(meaning.kind != kind and meaning not in implied for meaning in found) or set(found) == implied != set():
        say(f"la colonne «\u00a0{what}\u00a0» contient un code d’une autre famille, non repris")
    return [meaning for meaning in found if meaning.kind == kind]


def _look_up(name: str, say: Say, what: str) -> tuple[Meaning, ...]:
    """What a name means: as it is, without the path of its families, then with one typing error."""
    pieces = [piece for piece in _PATH.split(name) if piece.strip()]
    e = "e" if what.startswith(_FEMININE) else ""
    whole = _meanings().get(plain_name(name))
    if whole is not None:
        return whole
    known = [_meanings().get(plain_name(piece)) for piece in pieces]
    if known and all(found is not None for found in known):  # `rationalisation/professionnelle`: no path, two codes
        return tuple(meaning for found in known for meaning in found or ())
    if known and known[-1] is not None:
        return known[-1]
    for written in (name, *pieces[-1:]):
        near = _near(plain_name(written))
        if len(near) == 1:
            meanings = next(iter(near))
            said = " + ".join(_written(meaning) for meaning in meanings)
            say(f"{what} écrit{e} avec une faute de frappe, lu «\u00a0{said}\u00a0»", lost=False)
            return meanings
    say(f"{what} absent{e} de la grille de codage, non repris{e}" if name.strip() else f"{what} vide, non repris{e}")
    return ()


@cache
def _near(plain: str) -> frozenset[tuple[Meaning, ...]]:
    """The codes one typing error away from a name."""
    if len(plain) < _SHORTEST_TYPO:
        return frozenset()
    return frozenset(
        meanings
        for name, meanings in _meanings().items()
        if len(name) >= _SHORTEST_TYPO and abs(len(name) - len(plain)) <= 1 and _one_error(plain, name)
    )


def _one_error(one: str, other: str) -> bool:
    """One letter missing, added, changed, or two neighbours swapped."""
    if len(one) > len(other):
        one, other = other, one
    at = next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), len(one))
    if len(one) < len(other):
        return one[at:] == other[at + 1 :]
    swapped = one[at : at + 2] == other[at : at + 2][::-1] and one[at + 2 :] == other[at + 2 :]
    return one[at + 1 :] == other[at + 1 :] or swapped


@cache
def _meanings() -> Mapping[str, tuple[Meaning, ...]]:
    """Every known name, plain, with what it means."""
    names = read_toml("exchange.toml")
    book = codebook()
    letters = {logic["name"]: logic["letter"] for logic in read_toml("codebook.toml")["logics"]}
    titles = {axis["name"]: axis["title"] for axis in read_toml("codebook.toml")["axes"]}
    known: dict[str, tuple[Meaning, ...]] = {}

    def name(written: str, *meanings: Meaning) -> None:
        known.setdefault(plain_name(written), meanings)

    single = {label.value: Meaning("label", label.value) for label in Label}
    single |= {relation: Meaning("relation", relation) for relation in book.relations}
    for code, meaning in single.items():
        for written in (code, *names["codes"].get(code, ())):
            name(written, meaning)
    for written, codes in names["compounds"].items():
        name(written, *(single[code] for code in codes))
    for relation in book.relations:
        name(f"{Label.MIXTE} {relation}", single[Label.MIXTE], single[relation])
    for pole in book.poles:
        for stance in book.stances[pole]:
            for written in (stance, *names["stances"].get(stance, ())):
                for logic in (pole, letters[pole]):
                    name(stance_name(logic, written), Meaning("stance", stance, pole))
                    name(f"posture {logic} {written}", Meaning("stance", stance, pole))
        for axis in book.axes:
            for written in (axis, titles[axis]):
                for logic in (pole, letters[pole]):
                    name(axis_name(written, logic), Meaning("axis", axis, pole))
                    name(f"axe {written} {logic}", Meaning("axis", axis, pole))
    for axis in book.axes:
        for written in (axis, titles[axis]):
            name(written, Meaning("axis", axis))
            name(f"axe {written}", Meaning("axis", axis))
    return known


def _written(meaning: Meaning) -> str:
    """The name of a code in our own words: what was typed is never repeated."""
    if meaning.kind == "stance":
        return stance_name(meaning.pole or "", meaning.name)
    if meaning.kind == "axis" and meaning.pole:
        return axis_name(meaning.name, meaning.pole)
    return meaning.name


def _label_of_row(labels: Sequence[str], answers: Mapping[str, str], say: Say) -> str | None:
    """The label that a row of a table says, by its label cell and by its answers M and P."""
    said = _united(labels)
    pair = [_yes_or_no(answers.get(letter, ""), say) for letter in ("M", "P")]
    if labels and said is None:
        say("logiques contradictoires dans la même cellule")
        return None
    if None in pair:
        if any(answer is not None for answer in pair) and said is None:
            say("une seule des deux réponses M et P est remplie")
        return said
    by_answers = label_of(bool(pair[0]), bool(pair[1])).value
    if said is not None and said != by_answers:
        say("la logique ne correspond pas aux réponses M et P")
        return None
    return by_answers


def _yes_or_no(cell: str, say: Say) -> bool | None:
    if not cell.strip():
        return None
    answer = _plain_words("answers").get(plain_name(cell))
    if answer is None:
        say("réponse M ou P ni oui ni non, non reprise")
    return None if answer is None else answer == "yes"


def decision_of(cell: str) -> str | None:
    """`accepted`, `modified` or `rejected`, as people type them; None for anything else."""
    return _plain_words("decisions").get(plain_name(cell))


@cache
def _plain_words(table: str) -> Mapping[str, str]:
    """What each word of a table of `exchange.toml` stands for."""
    words: Mapping[str, Sequence[str]] = read_toml("exchange.toml")[table]
    return {plain_name(word): name for name, written in words.items() for word in written}


def _united(labels: Iterable[str]) -> str | None:
    """One label of several: both logics make a mixte; None for none, and for any other two."""
    found = set(labels)
    if found == set(codebook().poles):
        return Label.MIXTE.value
    return found.pop() if len(found) == 1 else None


# From meanings to a passage


def _passage(draft: _Draft, texts: Mapping[str, str], problems: list[Problem]) -> dict[str, Any] | None:
    """A coded passage, or None with a problem for each of its codings."""
    first = draft.codings[0]

    def say(reason: str, *, lost: bool = True) -> None:
        problems.append(Problem(first.place, reason, lost))

    def give_up(reason: str) -> None:
        problems.extend(Problem(coding.place, reason) for coding in draft.codings)

    by_kind: defaultdict[str, list[Meaning]] = defaultdict(list)
    for meaning in draft.meanings:
        by_kind[meaning.kind].append(meaning)
    labels = [meaning.name for meaning in by_kind["label"]]
    label = _united(labels)
    if label is None or len(set(draft.labels_by_row)) > 1:
        give_up("codes contradictoires sur le même passage" if labels else "aucune logique codée sur ce passage")
        return None
    if len(set(labels)) > 1 and not draft.labels_by_row:
        say("les deux logiques sont codées sur le même passage, lues «\u00a0mixte\u00a0»", lost=False)
    if len(set(draft.decisions)) > 1:
        give_up("décisions contradictoires sur le même passage")
        return None
    present = [pole for pole in codebook().poles if label in (pole, Label.MIXTE)]
    text = _text(draft, texts, say)
    return {
        "id": _id(first),
        "document": first.document,
        "start": first.start,
        "end": first.end,
        "text": text,
        "coder": first.coder,
        "M": label in (Label.RATIONALISATION, Label.MIXTE),
        "P": label in (Label.PROFESSIONNELLE, Label.MIXTE),
        "label": label,
        "relation": _relation([meaning.name for meaning in by_kind["relation"]], label, say),
        "stance": _stance(by_kind["stance"], present, say),
        "axes": _axes(by_kind["axis"], present, say),
        "memo": "\n".join(dict.fromkeys(coding.memo for coding in draft.codings if coding.memo)),
        "decision": draft.decisions[0] if draft.decisions else None,
        "place": first.place,
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


def _relation(relations: Sequence[str], label: str, say: Say) -> str | None:
    if relations and label != Label.MIXTE:
        say("relation sur un passage qui n’est pas mixte, non reprise")
        return None
    if len(relations) > 1:
        say("deux relations sur le même passage, aucune n’est reprise")
        return None
    if label == Label.MIXTE and not relations:
        say("passage mixte sans relation\u00a0: à compléter", lost=False)
    return relations[0] if relations else None


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
