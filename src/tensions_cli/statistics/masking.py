"""Small cells are masked: a group that rests on a few persons says what those persons said.

A masked group keeps its place and its name, nothing else. Masking one group alone would be useless, since the whole
less the others gives it back: other groups of its row, of its column and of the whole are masked with it, the
smallest first, until the masked ones together rest on enough persons (Willenborg and de Waal 2001, ch. 6).
"""

from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations

from tensions_cli.records import Group

FEW = "few"
SECONDARY = "secondary"
METHOD = "none: masked"


def masked_groups(groups: Sequence[Group], under: int) -> tuple[list[Group], list[str]]:
    """The groups, the first of which is the whole, with those of fewer than `under` persons emptied (0: none).

    `masked` says why: FEW, or SECONDARY where subtraction would have given a FEW one. Notices, in French, tell of the
    groups still shown in which all passages have the same label. Persons who belong to two groups count in each.
    """
    if under <= 0 or not groups:
        return list(groups), []
    whole, *cells = groups
    if whole.persons < under:
        return [emptied(group, FEW) for group in groups], []
    hidden = {rank: FEW for rank, cell in enumerate(cells) if cell.persons < under}
    lines = _lines(cells)
    while (line := next((line for line in lines if _given_away(line, hidden, cells, under)), None)) is not None:
        smallest = min((rank for rank in line if rank not in hidden), key=lambda rank: (cells[rank].persons, rank))
        hidden[smallest] = SECONDARY
    shown = [emptied(cell, hidden[rank]) if rank in hidden else cell for rank, cell in enumerate(cells)]
    return [whole, *shown], [notice for group in (whole, *shown) for notice in _unanimous(group)]


def emptied(group: Group, why: str) -> Group:
    """A masked group: its name and why, no number."""
    return replace(
        group,
        documents=0,
        speakers=0,
        persons=0,
        passages=0,
        words=0,
        certain=0,
        human=0,
        shares=dict.fromkeys(group.shares),
        shares_by_words=dict.fromkeys(group.shares_by_words),
        shares_by_document=dict.fromkeys(group.shares_by_document),
        shares_certain=dict.fromkeys(group.shares_certain),
        relations=dict.fromkeys(group.relations, 0),
        tension_share=None,
        balance=None,
        stance=None,
        stance_intervals={},
        pairs={pair: dict.fromkeys(counts, 0) for pair, counts in group.pairs.items()},
        axes={axis: dict.fromkeys(poles, 0) for axis, poles in group.axes.items()},
        intervals=dict.fromkeys(group.intervals),
        method=METHOD,
        masked=why,
    )


def _lines(cells: Sequence[Group]) -> list[list[int]]:
    """Ranks of the cells that add up to a margin which this table, or another one, may show."""
    fields = list(cells[0].by) if cells else []
    lines: dict[tuple[tuple[str, str], ...], list[int]] = {}
    for size in range(len(fields)):
        for kept in combinations(fields, size):
            for rank, cell in enumerate(cells):
                lines.setdefault(tuple((field, cell.by[field]) for field in kept), []).append(rank)
    return list(lines.values())


def _given_away(line: Sequence[int], hidden: dict[int, str], cells: Sequence[Group], under: int) -> bool:
    """The margin less what is shown tells of one group, or of fewer than `under` persons; one more can be masked."""
    masked = [rank for rank in line if rank in hidden]
    if not masked or len(masked) == len(line):
        return False
    return len(masked) == 1 or sum(cells[rank].persons for rank in masked) < under


def _unanimous(group: Group) -> list[str]:
    label = next((label for label, share in group.shares.items() if share == 1.0), None)
    if group.masked or label is None:
        return []
    name = " × ".join(group.by.values()) or "tout le corpus"
    return [
        f"{name}\u00a0: tous les passages ont l’étiquette {label}\u00a0; le dire du groupe, c’est le dire de chacun."
    ]
