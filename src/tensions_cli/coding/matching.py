"""Which passage each code is of."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Key:
    """What a passage, or a code, is known by. `fingerprint`: of its text (`tensions_cli.fingerprint`)."""

    id: str
    document: str | None
    fingerprint: bytes


def match(passages: Sequence[Key], codes: Sequence[Key]) -> dict[int, int]:
    """Rank of the code → rank of the passage.

    By identifier where the text is the same, else by text, so that codes survive a corrected transcript; of equal
    texts, the first free one of the same document, else the first free one. A passage takes one code.
    """
    by_id = {one.id: rank for rank, one in enumerate(passages)}
    found = {
        rank: by_id[code.id]
        for rank, code in enumerate(codes)
        if code.id in by_id and passages[by_id[code.id]].fingerprint == code.fingerprint
    }
    taken = set(found.values())
    by_text: dict[bytes, list[int]] = {}
    for at, one in enumerate(passages):
        if at not in taken:
            by_text.setdefault(one.fingerprint, []).append(at)
    for rank, code in enumerate(codes):
        free = by_text.get(code.fingerprint, []) if rank not in found else []
        if free:
            at = next((at for at in free if passages[at].document == code.document), free[0])
            free.remove(at)
            found[rank] = at
    return dict(sorted(found.items()))
