"""Masking: the cells of the reference, subtraction, crossings, and that nothing of a masked group is left."""

from dataclasses import fields

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shipped import LOGICS
from tensions_cli.output.rows import flat_group_row, group_row
from tensions_cli.records import Group, Passage, TaggedPassage, Tags
from tensions_cli.statistics.masking import masked_groups
from tensions_cli.statistics.summary import counted, summarise


def group(by: dict[str, str], persons: int, share: float = 0.25) -> Group:
    shares: dict[str, float | None] = {label: round((1 - share) / 3, 4) for label in LOGICS}
    shares["mixte"] = share
    return Group(
        by=by,
        documents=persons,
        speakers=persons,
        passages=20 * persons,
        words=600 * persons,
        shares=shares,
        shares_by_words=shares,
        shares_certain=shares,
        certain=3,
        relations={"opposition": 2},
        tension_share=0.1,
        balance=0.5,
        stance={"rationalisation": {"soutenue": 7}},
        axes={"temps": {"rationalisation": 3}},
        intervals=dict.fromkeys([*shares, "tension"]),
        method="student-logit by document, 95 %",
        persons=persons,
        shares_by_document=shares,
        stance_intervals={"rationalisation": {"soutenue": None}},
        human=4,
        pairs={"rationalisation+professionnelle": {"opposition": 2}},
    )


def table(cells: dict[tuple[str, ...], int], *by: str) -> list[Group]:
    rows = [group(dict(zip(by, key, strict=True)), persons) for key, persons in cells.items()]
    return [group({}, sum(cells.values())), *rows]


def masked(groups: list[Group], under: int) -> dict[str, str]:
    return {" ".join(g.by.values()): g.masked for g in masked_groups(groups, under)[0] if g.masked}


def test_nothing_is_masked_without_a_threshold() -> None:
    groups = table({("a",): 1, ("b",): 7}, "genre")
    assert masked_groups(groups, 0) == (groups, [])


def test_a_second_cell_is_masked_since_subtraction_would_give_the_first() -> None:
    # Reference, section 4: cells 12 / 4 / 9 under 5. The whole (25) less 12 and 9 would give the 4.
    assert masked(table({("a",): 12, ("b",): 4, ("c",): 9}, "genre"), 5) == {"b": "few", "c": "secondary"}


def test_masked_cells_together_rest_on_enough_persons() -> None:
    # 1 and 2 are masked, but the whole less the others tells of these 3 persons as of one group.
    cells = {("a",): 1, ("b",): 2, ("c",): 30, ("d",): 8}
    assert masked(table(cells, "genre"), 5) == {"a": "few", "b": "few", "d": "secondary"}
    assert masked(table(cells, "genre"), 3) == {"a": "few", "b": "few"}


def test_exactly_the_threshold_is_shown() -> None:
    assert masked(table({("a",): 5, ("b",): 5}, "genre"), 5) == {}


def test_rows_and_columns_of_a_crossing_are_protected() -> None:
    cells = {(row, column): 10 for row in "abc" for column in "xyz"} | {("a", "x"): 2}
    found = masked(table(cells, "terrain", "métier"), 5)
    assert found.pop("a x") == "few"
    assert set(found.values()) == {"secondary"}
    for rank in (0, 1):  # in each row and column none, or at least two
        for value in ("abc", "xyz")[rank]:
            assert sum(name.split()[rank] == value for name in ["a x", *found]) != 1


def test_a_corpus_of_a_few_persons_is_masked_whole() -> None:
    groups, notices = masked_groups(table({("a",): 1, ("b",): 1}, "genre"), 5)
    assert [g.masked for g in groups] == ["few"] * 3
    assert notices == []


def test_a_group_of_one_label_is_told() -> None:
    groups = [group({}, 20), group({"genre": "presse"}, 10, share=1.0), group({"genre": "revue"}, 10)]
    notices = masked_groups(groups, 5)[1]
    assert len(notices) == 1
    assert "presse" in notices[0]
    assert "mixte" in notices[0]


def test_no_number_of_a_masked_group_is_left() -> None:
    empty = masked_groups(table({("a",): 3, ("b",): 3}, "genre"), 5)[0][1]
    row = group_row(empty)
    assert {name: value for name, value in row.items() if value is not None} == {
        "by": {"genre": "a"},
        "method": "none: masked",
        "masked": "few",
    }
    flat = flat_group_row(empty, ("genre",))
    assert {name: value for name, value in flat.items() if value is not None} == {
        "by_genre": "a",
        "method": "none: masked",
        "masked": "oui",
    }
    assert list(flat) == list(flat_group_row(group({"genre": "b"}, 9), ("genre",)))
    # A field added to groups must be emptied too: this test then fails until it is.
    full = group({"genre": "a"}, 3)
    kept = {f.name for f in fields(Group) if getattr(full, f.name) == getattr(empty, f.name)}
    assert kept == {"by", "intervals"}  # the intervals of this group were already None


@given(
    st.dictionaries(st.tuples(st.sampled_from("abc"), st.sampled_from("xyz")), st.integers(1, 15), min_size=1),
    st.integers(1, 8),
)
def test_no_margin_gives_a_masked_group_away(cells: dict[tuple[str, ...], int], under: int) -> None:
    whole, *groups = masked_groups(table(cells, "terrain", "métier"), under)[0]
    if whole.masked:
        return
    hidden = [key for key, g in zip(cells, groups, strict=True) if g.masked]
    assert {key for key, n in cells.items() if n < under} <= set(hidden)
    margins = [
        list(cells),
        *([k for k in cells if k[0] == r] for r in "abc"),
        *([k for k in cells if k[1] == c] for c in "xyz"),
    ]
    for line in margins:
        inside = [key for key in line if key in hidden]
        alone = len(inside) == 1 or sum(cells[key] for key in inside) < under
        assert not inside or not alone or len(inside) == len(line)


def passage(document: str, speaker: str | None, person: str | None = None) -> TaggedPassage:
    one = Passage(f"{document}#0-3", document, 0, 3, "mot", speaker=speaker, person=person)
    return TaggedPassage(one, Tags("neutre", (), None, {}, {}, (), True, "model", "test"))


@pytest.mark.parametrize(
    ("passages", "persons"),
    [
        ([("e1", "A", None), ("e1", "B", None), ("e1", "A", None)], 2),
        ([("e1", "A", None), ("e2", "A", None)], 2),  # a label names a speaker of one document only
        ([("e1", "A", "p1"), ("e2", "Mme X", "p1")], 1),  # the code of speakers.csv says it is the same person
        ([("note", None, None), ("note", None, None), ("e1", "A", None)], 2),  # a text without speakers is one
        ([("e1", "A", None), ("e1", None, None)], 1),
    ],
)
def test_persons_are_counted_not_passages(passages: list[tuple[str, str | None, str | None]], persons: int) -> None:
    rows = [row for one in passages if (row := counted(passage(*one), ()))]
    assert summarise(rows, ())[0].persons == persons
