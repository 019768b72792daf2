"""Renderings: formulas guarded, French numbers, bars that add up, files whole or not at all."""

import csv
import io
from pathlib import Path

import pytest
from rich.console import Console

from shipped import LOGICS
from tensions_cli.errors import TensionsError
from tensions_cli.knowledge.codebook import codebook
from tensions_cli.output import french
from tensions_cli.output.evaluation import seen_warning
from tensions_cli.output.rows import explanation_row, flat_group_row, flat_passage_row, group_row, passage_row
from tensions_cli.output.sink import check_output, text_output
from tensions_cli.output.tables import guarded, write_passages_csv, write_summary_csv, write_summary_markdown
from tensions_cli.output.terminal import _bar, file_console, print_analysis, print_explanation, underlined
from tensions_cli.records import (
    Analysis,
    Evidence,
    Explanation,
    Group,
    Interval,
    Passage,
    TaggedPassage,
    Tags,
)


def passage(text: str, metadata: dict[str, str] | None = None, stance: dict[str, str] | None = None) -> TaggedPassage:
    tags = Tags(
        label="mixte",
        logics=LOGICS["mixte"],
        relation=None,
        axes={"temps": ("rationalisation", "professionnelle")},
        scores={"rationalisation": 0.9, "professionnelle": 0.1},
        evidence=(Evidence(0, 2, "rationalisation", "temps"),),
        certain=True,
        coded_by="model",
        model="m",
        stance=stance,
    )
    return TaggedPassage(Passage("d#0-9", "d", 0, len(text), text, metadata=metadata or {}), tags)


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_text_that_a_spreadsheet_would_run_is_guarded(start: str) -> None:
    assert guarded({"text": f"{start}1+1", "n": -5, "x": None}) == {"text": f"'{start}1+1", "n": -5, "x": None}


def test_passages_csv_flattens_and_keeps_every_metadata_column() -> None:
    stream = io.StringIO()
    rows = [passage("- Oui, dit-elle.", {"a": "1"}), passage("Non.", {"b": "2"})]
    write_passages_csv(rows, ["a", "b"], stream)
    header, first, second = stream.getvalue().strip().split("\n")
    assert header.endswith("meta_a,meta_b")
    assert "'- Oui" in first
    assert first.endswith("1,")
    assert second.endswith(",2")
    flat = flat_passage_row(rows[0])
    assert flat["axes"] == "temps:rationalisation|temps:professionnelle"
    assert flat["score_rationalisation"] == 0.9
    assert flat["counted"] == "true"


def test_french_numbers() -> None:
    assert french.integer(1234567) == "1\u00a0234\u00a0567"
    assert french.decimal(-0.1234) == "−0,12"
    assert french.decimal(0.5) == "+0,50"
    assert french.decimal(None) == "–"
    assert french.bounds(Interval(0.034, 0.126), "student-ratio by document, 95 %") == "[3–13]"
    assert french.bounds(None, "none: fewer than 5 documents") == "trop peu"
    assert french.bounds(None, "student-ratio by document, 95 %") == "–"
    assert french.plural(1, "document") == "1 document"
    assert french.plural(2, "passage compté", "passages comptés") == "2 passages comptés"


@pytest.mark.parametrize(
    "shares", [(0.25, 0.25, 0.25, 0.25), (1.0, 0.0, 0.0, 0.0), (0.3333, 0.3333, 0.3333, 0.0), (0.01, 0.01, 0.01, 0.97)]
)
def test_a_bar_always_has_its_full_width(shares: tuple[float, ...]) -> None:
    group = Group(
        by={}, documents=1, speakers=0, passages=9, words=9, certain=9, relations={}, tension_share=0.0, balance=None,
        stance=None, axes={}, intervals={}, method="", shares_by_words={}, shares_certain={},
        shares=dict(zip(list(codebook().labels), shares, strict=True)),
    )  # fmt: skip
    assert len(_bar(group, Console(file=io.StringIO())).plain) == 16


# --- stance ---------------------------------------------------------------------------------------------

LOST = {"rationalisation": "contestee", "professionnelle": "menacee"}
MANY = {
    "rationalisation": {"soutenue": 37, "contestee": 53, "decrite": 30},
    "professionnelle": {"soutenue": 12, "contestee": 0, "decrite": 4, "menacee": 3},
}
FEW = {
    "rationalisation": {"soutenue": 1, "contestee": 0, "decrite": 1},
    "professionnelle": {"soutenue": 0, "contestee": 0, "decrite": 0, "menacee": 0},
}
Stances = dict[str, dict[str, int]]


def group(by: dict[str, str], stance: Stances | None) -> Group:
    shares = dict.fromkeys(LOGICS, 0.25)
    intervals = dict.fromkeys([*shares, "tension"])
    return Group(
        by=by, documents=1, speakers=0, passages=140, words=9, certain=9, relations={}, tension_share=0.0,
        balance=None, stance=stance, axes={}, intervals=intervals, method="none: fewer than 5 documents",
        shares=shares, shares_by_words=shares, shares_certain=shares,
    )  # fmt: skip


def analysis(*stances: Stances | None) -> Analysis:
    """The whole corpus, then the groups r1, r2…"""
    manifest = {
        "model": {"identity": "m", "tension": {"precision": 0.5, "recall": 0.5}},
        "codebook": {"version": 3},
        "options": {"show_dropped": False},
    }
    groups = [group({"rang": f"r{rank}"} if rank else {}, one) for rank, one in enumerate(stances)]
    return Analysis(manifest, ("rang",), (), (), (), tuple(groups), ())


def on_screen(*stances: Stances | None) -> str:
    stream = io.StringIO()
    print_analysis(analysis(*stances), file_console(stream), speakers=False)
    return stream.getvalue().replace("\u00a0", " ")


def test_every_stance_of_the_codebook_has_its_french_name() -> None:
    for names in codebook().stances.values():
        assert set(names) <= set(french.STANCE_TITLES)


def test_stances_in_a_sentence() -> None:
    # 37, 53 and 30 of 120: 30.8, 44.2 and 25.0 %.
    sentence = french.stances(MANY["rationalisation"]).replace("\u00a0", " ")
    assert sentence == "soutenue 31 %, contestée 44 %, décrite 25 % (n = 120)"
    assert french.stances({"soutenue": 10, "menacee": 10}).replace("\u00a0", " ") == (
        "soutenue 50 %, menacée 50 % (n = 20)"
    )
    assert french.stances({"soutenue": 19, "menacee": 0}).replace("\u00a0", " ") == "trop peu (n = 19)"
    assert french.stances({}).replace("\u00a0", " ") == "trop peu (n = 0)"


def test_screen_says_who_defends_and_who_contests() -> None:
    shown = on_screen(MANY, MANY, FEW, FEW)
    lines = [" ".join(line.split()) for line in shown.split("\n")]
    sentence = "soutenue 31 %, contestée 44 %, décrite 25 % (n = 120)"
    place = lines.index(f"Posture — rationalisation : {sentence}")
    assert lines[place + 1 : place + 5] == [
        f"r1 {sentence}",
        "2 groupes : trop peu",
        "Posture — professionnelle : trop peu (n = 19)",
        "3 groupes : trop peu",
    ]
    assert "posture : qui parle" in shown


def test_screen_does_not_repeat_the_only_group_nor_speak_of_a_stance_that_is_not_coded() -> None:
    assert "r1  " in on_screen(MANY, MANY)  # in the table of shares
    assert on_screen(MANY, MANY).count("soutenue 31 %") == 1
    assert "osture" not in on_screen(None, None)


def test_stance_in_markdown() -> None:
    stream = io.StringIO()
    write_summary_markdown(analysis(MANY, FEW, None), stream)
    lines = stream.getvalue().replace("\u00a0", " ").split("\n")
    place = lines.index("| rang | posture, rationalisation | posture, professionnelle |")
    assert lines[place + 1 : place + 6] == [
        "|---|---|---|",
        "| tout le corpus | soutenue 31 %, contestée 44 %, décrite 25 % (n = 120) | trop peu (n = 19) |",
        "| r1 | trop peu (n = 2) | trop peu (n = 0) |",
        "| r2 | trop peu (n = 0) | trop peu (n = 0) |",
        "",
    ]
    without = io.StringIO()
    write_summary_markdown(analysis(None), without)
    assert "posture" not in without.getvalue()


def test_stance_of_a_group_as_data() -> None:
    assert group_row(group({}, MANY))["stance"] == MANY
    assert group_row(group({}, None))["stance"] is None
    flat = flat_group_row(group({}, MANY), ())
    assert {name: n for name, n in flat.items() if name.startswith("stance")} == {
        "stance_rationalisation_soutenue": 37,
        "stance_rationalisation_contestee": 53,
        "stance_rationalisation_decrite": 30,
        "stance_professionnelle_soutenue": 12,
        "stance_professionnelle_contestee": 0,
        "stance_professionnelle_decrite": 4,
        "stance_professionnelle_menacee": 3,
    }
    assert list(flat_group_row(group({}, None), ())) == list(flat)  # the columns do not depend on the model


def test_summary_csv_keeps_counts_whole_beside_empty_cells() -> None:
    stream = io.StringIO()
    write_summary_csv(analysis(MANY, None), stream)
    whole, first = csv.DictReader(io.StringIO(stream.getvalue()))
    assert whole["stance_rationalisation_soutenue"] == "37"
    assert whole["stance_professionnelle_contestee"] == "0"
    assert first["stance_rationalisation_soutenue"] == ""


def test_stance_of_a_passage_as_data() -> None:
    assert passage_row(passage("Non.", stance=LOST))["stance"] == LOST
    assert passage_row(passage("Non."))["stance"] is None
    flat = flat_passage_row(passage("Non.", stance={"rationalisation": "contestee"}))
    assert flat["stance_rationalisation"] == "contestee"
    assert flat["stance_professionnelle"] is None
    stream = io.StringIO()
    write_passages_csv([passage("Non.", stance=LOST), passage("Non.")], [], stream)
    first, second = csv.DictReader(io.StringIO(stream.getvalue()))
    assert (first["stance_rationalisation"], first["stance_professionnelle"]) == ("contestee", "menacee")
    assert (second["stance_rationalisation"], second["stance_professionnelle"]) == ("", "")


def test_stance_of_an_explanation() -> None:
    def explained(stance: dict[str, str] | None) -> str:
        stream = io.StringIO()
        print_explanation(Explanation("Non.", passage("Non.", stance=stance).tags, ()), file_console(stream))
        return stream.getvalue().replace("\u00a0", " ")

    assert "\nPosture : rationalisation contestée, professionnelle menacée\n" in explained(LOST)
    assert "Posture" not in explained(None)
    assert "Posture" not in explained({})
    assert explanation_row(Explanation("Non.", passage("Non.", stance=LOST).tags, ()))["stance"] == LOST


def test_underlining_keeps_the_words_and_their_place() -> None:
    text = underlined("Le\ntemps long", [Evidence(3, 8, "professionnelle", "temps")])
    assert text.plain == "«\u00a0Le temps long\u00a0»"
    (span,) = [s for s in text.spans if "underline" in str(s.style)]
    assert text.plain[span.start : span.end] == "temps"


def test_a_file_appears_whole_or_not_at_all(tmp_path: Path) -> None:
    target = tmp_path / "r.txt"
    target.write_text("ancien", encoding="utf-8")

    def half_written() -> None:
        with text_output(target) as stream:
            stream.write("neuf")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        half_written()
    assert target.read_text(encoding="utf-8") == "ancien"
    assert list(tmp_path.iterdir()) == [target]
    with text_output(target) as stream:
        stream.write("neuf\n")
    assert target.read_bytes() == b"neuf\n"


def test_unwritable_output_is_a_message(tmp_path: Path) -> None:
    with pytest.raises(TensionsError, match="impossible d’écrire"), text_output(tmp_path / "absent" / "r.txt"):
        pass


def test_output_may_not_be_a_source_nor_lie_in_one(tmp_path: Path) -> None:
    source = tmp_path / "corpus"
    source.mkdir()
    (source / "a.txt").write_text("x", encoding="utf-8")
    text = source / "a.txt"
    for target, folders in ((source / "r.csv", [source]), (text, [])):
        with pytest.raises(TensionsError, match="ne peut pas être écrit"):
            check_output(target, [text], folders)
    check_output(tmp_path / "r.csv", [text], [source])
    check_output(source / "r.csv", [text], [])  # beside a file given by name: nothing reads it
    check_output(None, [text], [source])


@pytest.mark.parametrize(
    ("kappa", "bounds", "said"),
    [
        (0.70, [0.68, 0.72], None),
        (0.40, [0.30, 0.50], None),
        (0.35, [0.25, 0.45], "est loin d’un codeur (κ 0,35 [0,25 ; 0,45])"),
        (0.07, [-0.07, 0.21], "ne fait guère mieux que le hasard (κ 0,07 [−0,07 ; 0,21])"),
        (-0.2, None, "ne fait guère mieux que le hasard (κ −0,20)"),
    ],
)
def test_a_weak_model_is_said_to_be(kappa: float, bounds: list[float] | None, said: str | None) -> None:
    told = french.weakness({"agreement": {"kappa": kappa}} | ({"kappa_interval": bounds} if bounds else {}))
    assert (told is None) if said is None else (told is not None and said in told.replace("\u00a0", " "))


def test_one_short_sentence_that_the_model_had_learnt_makes_no_figure_optimistic() -> None:
    """One rule for the warning, the methods paragraph and `--gold`: one passage in twenty."""
    assert "optimistes" not in seen_warning(6, 120)
    assert "6 de ces 120 passages" in seen_warning(6, 120)
    assert "optimistes" in seen_warning(7, 120)
