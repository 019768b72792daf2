"""The design of a sample, put back on the codes of its task files: which passage, what weight, whose task.

The design (`NAME.tirage.json`, `tensions coding sample`) has no text. A row is one of its passages by its id, else by
the fingerprint of its text, so that codes survive a spreadsheet that changed the ids.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace

from tensions_cli.coding.coders import NUMBERED, UNNAMED
from tensions_cli.coding.names import OUR_ID, bare
from tensions_cli.errors import UnreadableError
from tensions_cli.fingerprint import fingerprint
from tensions_cli.knowledge.sample_design import MOST_WEIGHT, SCHEMA
from tensions_cli.records import ReadCoding, ReadCodings


@dataclass(frozen=True, slots=True)
class DrawnPassage:
    """One passage of a design. `coders`: who codes it; empty when nobody is named."""

    id: str
    fingerprint: str
    weight: float | None
    coders: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Design:
    """A sample as it was drawn. `drawn`: `random`, `uncertain`, `diverse` or `mixed`."""

    drawn: str
    codebook_sha256: str | None
    coders: tuple[str, ...]
    passages: tuple[DrawnPassage, ...]


@dataclass(frozen=True, slots=True)
class Restored:
    """Codings with what the design says of them.

    `missing`: ranks in the design, from 1, of passages of this coder that the file no longer has. `strangers`: places
    of rows that are not of the design. `by_text`, `edited`: rows found by their text, and rows whose text changed.
    `crossed`: rows whose id and text name two passages of the design.
    """

    codings: ReadCodings
    missing: tuple[int, ...]
    strangers: tuple[str, ...]
    by_text: int
    edited: int
    crossed: int


def read_design(data: bytes) -> Design:
    """A design from its bytes. Raises UnreadableError when it is none, or none of this version."""
    try:
        row = json.loads(data.decode("utf-8-sig"))
        if row["schema"] != SCHEMA:
            raise ValueError
        book = row.get("codebook") or {}
        return Design(
            drawn=str(row["strategy"]),
            codebook_sha256=book.get("sha256"),
            coders=tuple(map(str, row.get("coders") or ())),
            passages=tuple(
                DrawnPassage(
                    str(one["id"]),
                    str(one["sha256"]),
                    _weight(one.get("weight")),
                    tuple(map(str, one.get("coders") or ())),
                )
                for one in row["passages"]
            ),
        )
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise UnreadableError(
            "corrupt", "ce n’est pas le tirage que tensions coding sample écrit à côté de la feuille à coder"
        ) from None


def _weight(value: object) -> float | None:
    """How many passages one stands for. Raises ValueError for NaN, a negative or an absurd number."""
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= MOST_WEIGHT:
        raise ValueError
    return value


def restore(codings: ReadCodings, design: Design) -> Restored:
    """Give each coding its passage of the design: id, document, offsets, weight, way of drawing and coder.

    What the file itself says of weights gives way to the design. A row whose id is known keeps it, whatever its text.
    """
    counts: Counter[str] = Counter()
    ranks = _ranks(codings.codings, design, counts)
    found = {rank for rank in ranks if rank is not None}
    whose = _whose(design, found)
    restored = [
        coding if rank is None else _restored(coding, design, design.passages[rank], whose)
        for coding, rank in zip(codings.codings, ranks, strict=True)
    ]
    here = {coding.coder for coding in restored}
    named = {code for code in design.coders if _name(code, design) in here}
    expected = [
        rank for rank, one in enumerate(design.passages) if not (named and one.coders) or named & set(one.coders)
    ]
    return Restored(
        replace(codings, codings=tuple(restored)),
        tuple(rank + 1 for rank in expected if rank not in found),
        tuple(coding.place for coding, rank in zip(codings.codings, ranks, strict=True) if rank is None),
        counts["by_text"],
        counts["edited"],
        counts["crossed"],
    )


def _ranks(codings: Sequence[ReadCoding], design: Design, counts: Counter[str]) -> list[int | None]:
    """The passage of the design that each coding is of: by id, else by text.

    Where the id and the whole text name two passages, the text wins: it is what the coder read. Of passages that say
    the same words, the first that this coder has not coded, in the same document first.
    """
    by_id = {_plain_id(one.id): rank for rank, one in enumerate(design.passages)}
    by_text: defaultdict[str, list[int]] = defaultdict(list)
    for number, one in enumerate(design.passages):
        by_text[one.fingerprint].append(number)
    taken: set[tuple[str, int]] = set()
    ranks: list[int | None] = []
    later: list[int] = []
    for at, coding in enumerate(codings):
        rank = by_id.get(_plain_id(coding.id or coding.document or ""))
        same = by_text.get(fingerprint(bare(coding.text)).hex(), []) if coding.text else []
        crossed = rank is not None and bool(same) and rank not in same
        counts["crossed"] += crossed
        if rank is None or crossed:
            later.append(at)
            ranks.append(None)
            continue
        counts["edited"] += bool(coding.text) and not same
        taken.add((coding.coder, rank))
        ranks.append(rank)
    for at in later:
        coding = codings[at]
        same = by_text.get(fingerprint(bare(coding.text)).hex(), []) if coding.text else []
        free = [one for one in same if (coding.coder, one) not in taken] or same
        if free:
            near = [one for one in free if _document(design.passages[one].id) == coding.document] or free
            ranks[at] = near[0]
            taken.add((coding.coder, near[0]))
            counts["by_text"] += 1
    return ranks


def _plain_id(name: str) -> str:
    return " ".join(bare(name).split())


def _document(name: str) -> str | None:
    found = OUR_ID.fullmatch(name)
    return found["document"] if found else None


def _whose(design: Design, found: set[int]) -> str | None:
    """The one coder whose task holds all these passages; None when several may be, or nobody is named."""
    coders = [set(design.passages[rank].coders) for rank in found if design.passages[rank].coders]
    common = set.intersection(*coders) if coders else set()
    return common.pop() if len(common) == 1 else None


def _name(code: str, design: Design) -> str:
    """What a coder of the design is called outside; a name that may be a person's, by its rank."""
    return code if NUMBERED.fullmatch(code) else f"codeur {design.coders.index(code) + 1}"


def _restored(coding: ReadCoding, design: Design, drawn: DrawnPassage, whose: str | None) -> ReadCoding:
    place = OUR_ID.fullmatch(drawn.id)
    own = {"drawn": design.drawn} | ({"weight": drawn.weight} if drawn.weight is not None else {})
    kept = {name: value for name, value in coding.kept.items() if name != "weight"}
    restored = replace(coding, id=drawn.id, kept=kept | own)
    if coding.coder == UNNAMED and whose is not None:
        restored = replace(restored, coder=_name(whose, design))
    if place is None:
        return restored
    return replace(restored, document=place["document"], start=int(place["start"]), end=int(place["end"]))


def whole_passages(codings: ReadCodings) -> ReadCodings:
    """Codings of tasks whose text is one passage, named by its id: whatever words were selected, it is that passage."""

    def whole(coding: ReadCoding) -> ReadCoding:
        name = coding.document or coding.id or ""  # of a choice on a ready-made passage, the id alone is told
        place = OUR_ID.fullmatch(name)
        text = codings.texts.get(name) if coding.document else coding.text
        if place is None or text is None or len(text) != int(place["end"]) - int(place["start"]):
            return coding
        return replace(
            coding,
            id=name,
            document=place["document"],
            start=int(place["start"]),
            end=int(place["end"]),
            text=text,
        )

    return replace(codings, codings=tuple(map(whole, codings.codings)))
