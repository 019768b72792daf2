"""Renderings: formulas guarded, French numbers, bars that add up, files whole or not at all."""

import io
from pathlib import Path

import pytest
from rich.console import Console

from tensions_cli.errors import TensionsError
from tensions_cli.output import french
from tensions_cli.output.rows import flat_passage_row
from tensions_cli.output.sink import check_output, text_output
from tensions_cli.output.tables import guarded, write_passages_csv
from tensions_cli.output.terminal import _bar, underlined
from tensions_cli.records import Evidence, Group, Interval, Label, Passage, TaggedPassage, Tags


def passage(text: str, metadata: dict[str, str] | None = None) -> TaggedPassage:
    tags = Tags(
        label=Label.MIXTE,
        relation=None,
        axes={"temps": ("rationalisation", "professionnelle")},
        scores={"rationalisation": 0.9, "professionnelle": 0.1},
        evidence=(Evidence(0, 2, "rationalisation", "temps"),),
        certain=True,
        coded_by="model",
        model="m",
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
        axes={}, intervals={}, method="", shares_by_words={}, shares_certain={},
        shares=dict(zip([label.value for label in Label], shares, strict=True)),
    )  # fmt: skip
    assert len(_bar(group, Console(file=io.StringIO())).plain) == 16


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
