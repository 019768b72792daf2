"""Rows of a task file, or of a file of coded passages, as passages to code; and back, with their codes.

A row keeps every field it came with. What a person has begun and not finished is a row too, with `finished: false`:
it is resumed exactly, and is no coded passage for whoever reads the file.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from tensions_cli.coding.coders import is_machine
from tensions_cli.coding.session import valid_part
from tensions_cli.errors import TensionsError
from tensions_cli.knowledge.codebook import codebook, label_of
from tensions_cli.records import MIXTE, NEUTRE, PassageCodes, PassageToCode

Row = Mapping[str, Any]
_ANSWERS = (True, False, None)


def parse_rows(data: bytes, name: str) -> list[dict[str, Any]]:
    """The rows of a JSON Lines file. Raises TensionsError with the first line that is no passage to code.

    A passage has an `id` of its own and a text; its answers, if it has any, are those of the codebook in use.
    """
    try:
        lines = data.decode("utf-8-sig").split("\n")
    except UnicodeDecodeError as error:
        raise _unusable(name, "ce n’est pas du texte en UTF-8\u00a0: un tableur, ou un autre encodage") from error
    rows: list[dict[str, Any]] = []
    places: dict[str, int] = {}
    for number, line in enumerate(lines, 1):
        if line.strip():
            row = _parse(line, name, number)
            first = places.setdefault(row["id"], number)
            if first != number:
                raise _damaged(name, number, f"le passage de la ligne {first} porte le même identifiant")
            rows.append(row)
    if not rows:
        raise _unusable(name, "le fichier est vide")
    return rows


def _parse(line: str, name: str, number: int) -> dict[str, Any]:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise _damaged(name, number, "la ligne est coupée ou abîmée") from error
    if not isinstance(row, dict) or not isinstance(row.get("id"), str) or not row["id"]:
        raise _damaged(name, number, "ce n’est pas un passage\u00a0: il lui manque un identifiant (id)")
    if not isinstance(row.get("text"), str) or not row["text"].strip():
        raise _damaged(name, number, "le passage est sans texte (text)")
    _check_answers(row, name, number)
    return row


def _check_answers(row: Row, name: str, number: int) -> None:
    """Letters of another codebook are told at once: coding would answer questions that nobody asked."""
    letters = set(codebook().letters.values())
    found = {key for key in row if len(key) == 1 and key.isupper()}
    if found and found != letters:
        raise TensionsError(
            f"{name} ne va pas avec la grille «\u00a0{codebook().title}\u00a0»",
            why=f"la ligne {number} porte {', '.join(sorted(found))}, la grille demande {', '.join(sorted(letters))}",
            hint="donnez la grille qui a servi au tirage\u00a0: --codebook DOSSIER",
        )
    if any(not any(row[letter] is answer for answer in _ANSWERS) for letter in found):
        raise _damaged(name, number, "une réponse n’est ni true, ni false, ni null")
    fields = (("stance", Mapping), ("axes", Mapping), ("relation", (str, Mapping)), ("memo", str))
    if any(row.get(field) is not None and not isinstance(row[field], kind) for field, kind in fields):
        raise _damaged(name, number, "la relation, la posture, les axes ou le mémo n’ont pas la forme attendue")
    stances, axes = (row.get("stance") or {}).values(), (row.get("axes") or {}).values()
    if any(not isinstance(poles, list) for poles in axes) or any(not isinstance(stance, str) for stance in stances):
        raise _damaged(name, number, "la posture ou les axes n’ont pas la forme attendue")


def passage_of(row: Row) -> PassageToCode:
    """What the coder reads of a row."""
    return PassageToCode(
        id=row["id"],
        document=_text(row, "document") or None,
        speaker=_text(row, "speaker") or None,
        question=_text(row, "question") or _text(row, "context"),
        before=_text(row, "before"),
        text=row["text"],
        after=_text(row, "after"),
        proposal=_proposal(row),
    )


def _text(row: Row, field: str) -> str:
    value = row.get(field)
    return value if isinstance(value, str) else ""


def is_by_machine(row: Row) -> bool:
    """The codes of the row are a machine's: a proposal, which nobody has accepted."""
    return row.get("coded_by") == "model" or is_machine(str(row.get("coder")))


def codes_of(row: Row) -> PassageCodes:
    """The codes that a person gave to a row; none for a row that nobody, or a machine, has coded.

    Codes that the codebook refuses are left out, and the row is then to be finished.
    """
    review = row.get("review") is True
    decision = row.get("decision")
    if is_by_machine(row) or decision == "rejected":  # a rejected row keeps what was refused: codes of nobody
        return PassageCodes(review=review)
    letters = codebook().letters
    answers = {pole: row.get(letter) for pole, letter in letters.items()}
    answered = all(isinstance(answer, bool) for answer in answers.values())
    return valid_part(
        PassageCodes(
            logics=tuple(pole for pole, answer in answers.items() if answer) if answered else None,
            relations=_relations(row.get("relation"), [pole for pole, answer in answers.items() if answer]),
            stance=row.get("stance") or {},
            axes={axis: tuple(poles) for axis, poles in (row.get("axes") or {}).items()},
            memo=row.get("memo") or "",
            review=review,
            decision=decision if isinstance(decision, str) else None,
            finished=answered and row.get("finished") is not False,
        )
    )


def loses(row: Row) -> bool:
    """The row has codes that the codebook in use refuses."""
    if is_by_machine(row) or row.get("decision") == "rejected":
        return False
    kept = codes_of(row)
    relation = row.get("relation")
    told = len(relation) if isinstance(relation, Mapping) else int(bool(relation))
    axes = {axis: sorted(poles) for axis, poles in (row.get("axes") or {}).items()}
    return (
        told > len(kept.relations)
        or dict(row.get("stance") or {}) != dict(kept.stance)
        or axes != {axis: sorted(poles) for axis, poles in kept.axes.items()}
    )


def _relations(value: object, logics: Sequence[str]) -> Mapping[str, str]:
    if isinstance(value, Mapping):
        return {str(pair): str(name) for pair, name in value.items()}
    pairs = codebook().pairs_of(logics)
    return {pairs[0]: str(value)} if value and len(pairs) == 1 else {}


def _proposal(row: Row) -> PassageCodes | None:
    """What the machine says of a row: its `proposal`, or its codes where a machine coded it."""
    said = row.get("proposal")
    if not isinstance(said, Mapping):
        said = row if is_by_machine(row) else None
    if said is None:
        return None
    stance, axes = _mapping(said.get("stance")), _mapping(said.get("axes"))
    logics = _logics(said, stance)
    if logics is None:
        return None
    return valid_part(
        PassageCodes(
            logics=logics,
            relations=_relations(said.get("relation"), logics),
            stance=stance,
            axes={axis: tuple(poles) for axis, poles in axes.items() if isinstance(poles, Sequence)},
        )
    )


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _logics(said: Row, stance: Mapping[str, Any]) -> tuple[str, ...] | None:
    """From the answers where they are told, else from the label; of a `mixte`, all logics, or those with a stance."""
    book = codebook()
    answers = [said.get(letter) for letter in book.letters.values()]
    if all(isinstance(answer, bool) for answer in answers):
        return book.present([bool(answer) for answer in answers])
    label = said.get("label")
    if label == MIXTE:
        named = tuple(pole for pole in book.poles if pole in stance)
        return book.poles if not book.by_pair else named if len(named) > 1 else None
    return () if label == NEUTRE else (str(label),) if label in book.poles else None


def coded_row(row: Row, codes: PassageCodes, coder: str) -> dict[str, Any]:
    """The row with the codes of a person. Only a finished one is a coded passage (`finished: false` otherwise).

    Genre and sector, which training counts by, come up from the metadata.
    """
    answers = {
        letter: None if codes.logics is None else pole in codes.logics for pole, letter in codebook().letters.items()
    }
    pairs = codebook().pairs_of(codes.logics or ())
    relation = next(iter(codes.relations.values()), None) if len(pairs) < 2 else dict(codes.relations)
    left = ("finished", "review", "decision", "label", "coded_by", "model") if is_by_machine(row) else _OURS
    written = {key: value for key, value in row.items() if key not in left} | {"coder": coder} | answers
    if is_by_machine(row) and "proposal" not in row:
        written["proposal"] = {key: row.get(key) for key in ("label", "relation", "stance", "axes", "scores")}
    if "label" in row:
        written["label"] = None if codes.logics is None else label_of(codes.logics)
    written |= {
        "relation": relation or None,
        "stance": dict(codes.stance),
        "axes": {axis: list(poles) for axis, poles in codes.axes.items()},
        "memo": codes.memo,
    }
    known = _mapping(row.get("metadata"))
    written |= {key: known[key] for key in ("genre", "sector") if isinstance(known.get(key), str) and key not in row}
    if codes.decision is not None:
        written["decision"] = codes.decision
    if codes.review:
        written["review"] = True
    return written if codes.finished else written | {"finished": False}


_OURS = ("finished", "review", "decision", "label")


def _unusable(name: str, why: str) -> TensionsError:
    return TensionsError(
        f"{name} ne se code pas",
        why=why,
        hint="tensions coding sample SOURCES -n 200 -o a_coder.jsonl tire des passages à coder",
    )


def _damaged(name: str, number: int, why: str) -> TensionsError:
    return TensionsError(
        f"{name}, ligne {number}\u00a0: la ligne ne se lit pas",
        why=why,
        hint="corrigez ou retirez cette ligne, puis relancez\u00a0; le fichier n’a pas été changé",
    )
