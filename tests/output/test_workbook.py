"""The workbook for people: no formula, no identity, no date, nothing cut in silence."""

import io
import zipfile
from dataclasses import replace

import openpyxl
import pytest
from tagged_documents import BY, FULL, document, tags, two_documents

from tensions_cli.output.sheets import CUT_MARK, LONGEST_CELL
from tensions_cli.output.workbook import write_workbook
from tensions_cli.records import TaggedDocument


def written(documents: list[TaggedDocument], **options: object) -> tuple[bytes, tuple[str, ...]]:
    stream = io.BytesIO()
    notices = write_workbook(documents, BY, stream, **options)  # type: ignore[arg-type]
    return stream.getvalue(), notices


def rows(data: bytes, sheet: str = "Passages") -> list[dict]:
    header, *lines = openpyxl.load_workbook(io.BytesIO(data))[sheet].iter_rows(values_only=True)
    return [dict(zip(header, line, strict=True)) for line in lines]


def test_the_sheets_and_headers_are_french_and_the_human_columns_empty() -> None:
    data, _ = written(two_documents())
    book = openpyxl.load_workbook(io.BytesIO(data))
    assert book.sheetnames == ["Passages", "Grille", "Méthode", "Documents"]
    first, second, third, fourth = rows(data)
    assert second["identifiant"].startswith("entretiens/E 01#")
    assert second["logique"] == "mixte"
    assert second["relation"] == "opposition"
    assert second["posture (professionnelle)"] == "menacee"
    assert second["axes"] == "temps:rationalisation|temps:professionnelle|evaluation:rationalisation"
    assert second["métadonnée : code"] == "007"
    assert second["score (rationalisation)"] == 0.91
    assert second["rôle"] == "enquêté"
    assert third["métadonnée : année"] == "2024"
    assert {row["décision"] for row in (first, second, third, fourth)} == {None}
    assert {row["commentaire"] for row in (first, second, third, fourth)} == {None}
    assert rows(data, "Méthode")[0]["méthode"] == "Codes à relire."
    assert any(row["code"] == "temps (rationalisation)" for row in rows(data, "Grille"))
    assert rows(data, "Documents")[1]["passages"] == "2"


def test_drop_downs_hold_the_codes_of_the_codebook() -> None:
    data, _ = written(two_documents())
    sheet = openpyxl.load_workbook(io.BytesIO(data))["Passages"]
    lists = {str(one.sqref).rstrip("0123456789"): one.formula1 for one in sheet.data_validations.dataValidation}
    assert '"accepté,modifié,rejeté"' in lists.values()
    assert '"rationalisation,professionnelle,mixte,neutre"' in lists.values()
    assert '"opposition,articulation,juxtaposition"' in lists.values()
    assert '"soutenue,contestee,decrite"' in lists.values()


@pytest.mark.parametrize(
    "text", ["=1+1", "+33 6", "- Oui", "@moi", "\tretrait", '=HYPERLINK("http://x")', "http://x.fr"]
)
def test_no_text_becomes_a_formula_or_a_link(text: str) -> None:
    data, _ = written([document("=d", text, [(0, len(text), FULL)], {"=m": "=1"})])
    sheet = openpyxl.load_workbook(io.BytesIO(data))["Passages"]
    assert {cell.data_type for row in sheet.iter_rows() for cell in row} <= {"s", "n"}
    assert rows(data)[0]["passage"] == text
    assert b"hyperlink" not in b"".join(zipfile.ZipFile(io.BytesIO(data)).read(n) for n in ["xl/worksheets/sheet1.xml"])


def test_control_characters_are_replaced_one_for_one_and_said() -> None:
    text = "On\x0bcoche\x01 _x0041_ des\uffff cases"
    data, notices = written([document("d", text, [(0, len(text), FULL)])])
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert b"_x005F_x0041_" in archive.read("xl/sharedStrings.xml")  # not taken for the letter A
    assert rows(data)[0]["passage"].replace("_x005F_", "_") == "On coche  _x0041_ des  cases"
    assert any("contrôle" in notice and notice.endswith(": 3") for notice in notices)


@pytest.mark.parametrize("letter", ["a", "😀"])
def test_a_cell_too_long_is_cut_with_a_mark_and_said(letter: str) -> None:
    text = letter * 40_000
    data, notices = written([document("d", text, [(0, len(text), FULL)])])
    cell = rows(data)[0]["passage"]
    assert cell.endswith(CUT_MARK)
    assert len(cell.encode("utf-16-le")) // 2 <= LONGEST_CELL
    assert any("coupées" in notice for notice in notices)


def test_a_cell_of_the_exact_limit_is_whole() -> None:
    text = "a" * LONGEST_CELL
    data, notices = written([document("d", text, [(0, len(text), FULL)])])
    assert rows(data)[0]["passage"] == text
    assert notices == ()


def test_no_identity_no_date_and_the_same_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("USER", "LOGNAME", "USERNAME"):
        monkeypatch.setenv(name, "canari-dupont")
    one, _ = written(two_documents())
    two, _ = written(two_documents())
    assert one == two
    with zipfile.ZipFile(io.BytesIO(one)) as archive:
        assert {info.date_time for info in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        content = b"".join(archive.read(info) for info in archive.infolist())
    assert b"canari" not in content
    properties = openpyxl.load_workbook(io.BytesIO(one)).properties
    assert not properties.creator
    assert not properties.lastModifiedBy
    assert properties.created.year == properties.modified.year == 1980


def test_decisions_of_an_earlier_reading_are_not_lost() -> None:
    documents = two_documents()
    name = documents[1].passages[0].passage.id
    data, _ = written(documents, reviews={name: ("rejected", "=hors sujet")})
    row = next(row for row in rows(data) if row["identifiant"] == name)
    assert row["décision"] == "rejeté"
    assert row["commentaire"] == "=hors sujet"


def test_codes_of_a_person_say_who() -> None:
    data, _ = written([document("d", "Oui.", [(0, 4, replace(tags(), coded_by="codeur 2"))])])
    assert rows(data)[0]["codé par"] == "codeur 2"
    assert rows(written(two_documents())[0])[0]["codé par"] == BY.coder


def test_a_corpus_without_passage_is_a_header() -> None:
    assert rows(written([document("d", "Oui.", [])])[0]) == []


def test_why_a_passage_is_not_counted_is_said_in_french() -> None:
    (first, *_rest) = two_documents()
    reasons = ["interviewer", "short", None]
    passages = tuple(
        replace(one, passage=replace(one.passage, counted=reason is None, excluded_reason=reason))
        for one, reason in zip(first.passages, reasons, strict=False)
    )
    data, _ = written([replace(first, passages=passages)])
    said = [row["motif d’exclusion"] for row in rows(data)]
    assert said == ["parole de l’enquêteur", "deux mots ou moins", None][: len(passages)]
    assert len(said) >= 2
