"""Our own tables after a spreadsheet and a person went through them: decisions recovered, damage counted."""

import contextlib
import csv
import io
import json
import re
import zipfile
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

import openpyxl
import pytest
from hypothesis import given, settings
from tagged_documents import BY, FULL, any_documents, document, two_documents

from tensions_cli.coding import tables
from tensions_cli.coding.understand import understand
from tensions_cli.errors import UnreadableError
from tensions_cli.output.parquet import write_parquet
from tensions_cli.output.tables import write_passages_csv, write_passages_jsonl
from tensions_cli.output.workbook import write_workbook
from tensions_cli.records import ReadCodings, TaggedDocument


def xlsx_of(documents: list[TaggedDocument]) -> bytes:
    stream = io.BytesIO()
    write_workbook(documents, BY, stream)
    return stream.getvalue()


def csv_of(documents: list[TaggedDocument]) -> bytes:
    stream = io.StringIO()
    passages = [one for tagged in documents for one in tagged.passages]
    names = sorted({name for one in passages for name in one.passage.metadata})
    write_passages_csv(passages, names, stream)
    return stream.getvalue().encode("utf-8")


def jsonl_of(documents: list[TaggedDocument]) -> bytes:
    stream = io.StringIO()
    write_passages_jsonl([one for tagged in documents for one in tagged.passages], stream)
    return stream.getvalue().encode("utf-8")


def parquet_of(documents: list[TaggedDocument]) -> bytes:
    pytest.importorskip("pyarrow")
    stream = io.BytesIO()
    write_parquet(documents, BY, stream)
    return stream.getvalue()


ROUND_TRIPS: dict[str, tuple[Callable[[list[TaggedDocument]], bytes], Callable[[bytes], ReadCodings], str]] = {
    "xlsx": (xlsx_of, tables.read_xlsx, BY.coder),
    "csv": (csv_of, tables.read_csv, BY.model),
    "jsonl": (jsonl_of, tables.read_jsonl, BY.model),
    "parquet": (parquet_of, tables.read_parquet, BY.model),
}


@pytest.mark.parametrize("form", ROUND_TRIPS)
@settings(max_examples=20, deadline=None)
@given(documents=any_documents())
def test_round_trip_keeps_ids_texts_and_codes(form: str, documents: list[TaggedDocument]) -> None:
    write, read, machine = ROUND_TRIPS[form]
    expected = [one for tagged in documents for one in tagged.passages]
    if not expected:
        return
    codings = read(write(documents))
    assert codings.notices == ()
    passages, problems = understand(codings)
    assert problems == []
    assert len(passages) == len(expected)
    for one, passage in zip(expected, passages, strict=True):
        assert passage["id"] == one.passage.id
        assert (passage["document"], passage["start"], passage["end"]) == (
            one.passage.document,
            one.passage.start,
            one.passage.end,
        )
        assert passage["text"] == one.passage.text
        assert passage["label"] == one.tags.label
        assert passage["relation"] == one.tags.relation
        assert passage["stance"] == (one.tags.stance or {})
        assert passage["axes"] == {axis: list(poles) for axis, poles in one.tags.axes.items()}
        assert (passage["coder"], passage["decision"]) == (machine, None)


def edited(data: bytes, edit: Callable[[Any], None]) -> bytes:
    book = openpyxl.load_workbook(io.BytesIO(data))
    edit(book)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def column(sheet: Any, name: str) -> int:
    return next(cell.column for cell in sheet[1] if cell.value == name)


def test_decisions_and_corrections_of_a_workbook_are_recovered() -> None:
    def edit(book: Any) -> None:
        sheet = book["Passages"]
        sheet.cell(2, column(sheet, "décision"), "Accepté")
        sheet.cell(3, column(sheet, "décision"), "modifié")
        sheet.cell(3, column(sheet, "relation"), "Articulation")
        sheet.cell(3, column(sheet, "commentaire"), "- on discute")
        sheet.cell(4, column(sheet, "décision"), "rejeté")

    passages, problems = understand(tables.read_xlsx(edited(xlsx_of(two_documents()), edit)))
    assert problems == []
    assert [(p["coder"], p["decision"], p["label"], p["relation"], p["memo"]) for p in passages] == [
        ("codeur 1", "accepted", "neutre", None, ""),
        ("codeur 1", "modified", "mixte", "articulation", "- on discute"),
        ("codeur 1", "rejected", "rationalisation", None, ""),
        (BY.coder, None, "professionnelle", None, ""),
    ]


def test_a_correction_without_decision_is_seen_and_said() -> None:
    def edit(book: Any) -> None:
        sheet = book["Passages"]
        sheet.cell(2, column(sheet, "logique"), "professionnelle")
        sheet.cell(4, column(sheet, "logique"), "neutre")
        sheet.cell(4, column(sheet, "axes"), None)
        sheet.cell(4, column(sheet, "décision"), "accepté")

    read = tables.read_xlsx(edited(xlsx_of(two_documents()), edit))
    passages, _ = understand(read)
    assert [(p["coder"], p["decision"]) for p in passages] == [
        ("codeur 1", "modified"),
        (BY.coder, None),
        ("codeur 1", "modified"),
        (BY.coder, None),
    ]
    assert any("sans décision" in notice and notice.endswith(": 1") for notice in read.notices)
    assert any("acceptées mais modifiées" in notice for notice in read.notices)


def test_export_fill_import_export_keeps_decisions() -> None:
    def edit(book: Any) -> None:
        sheet = book["Passages"]
        sheet.cell(3, column(sheet, "décision"), "rejeté")
        sheet.cell(3, column(sheet, "commentaire"), "hors sujet")

    documents = two_documents()
    passages, _ = understand(tables.read_xlsx(edited(xlsx_of(documents), edit)))
    reviews = {one["id"]: (one["decision"], one["memo"]) for one in passages}
    stream = io.BytesIO()
    write_workbook(documents, BY, stream, reviews)
    again, _ = understand(tables.read_xlsx(stream.getvalue()))
    assert [(p["decision"], p["memo"]) for p in again] == [(p["decision"], p["memo"]) for p in passages]
    assert [p["decision"] for p in again] == [None, "rejected", None, None]


def shuffled(data: bytes, separator: str = ";", encoding: str = "cp1252") -> bytes:
    """The CSV as a French Excel would save it: columns and rows in another order, names retouched."""
    rows = list(csv.DictReader(io.StringIO(data.decode("utf-8"))))
    for row in rows:
        row["Décision"] = "accepté"
    renamed = {name: f" {name.upper().replace('_', ' ')} " for name in rows[0]}
    stream = io.StringIO()
    writer = csv.DictWriter(stream, list(reversed(renamed.values())), delimiter=separator, lineterminator="\r\n")
    writer.writeheader()
    writer.writerows({renamed[name]: cell for name, cell in row.items()} for row in reversed(rows))
    return stream.getvalue().encode(encoding, "replace")


@pytest.mark.parametrize(
    ("separator", "encoding"), [(";", "cp1252"), ("\t", "utf-16"), (",", "utf-8-sig"), (";", "utf-8")]
)
def test_a_csv_saved_by_a_spreadsheet_gives_the_same_codes(separator: str, encoding: str) -> None:
    documents = [document("é 01", "- Oui, ça coche ; « bon ».\nNon…", [(0, 26, FULL), (27, 31, FULL)])]
    passages, problems = understand(tables.read_csv(shuffled(csv_of(documents), separator, encoding)))
    assert problems == []
    assert [(p["id"], p["text"], p["decision"], p["coder"], p["relation"]) for p in passages] == [
        ("é 01#27-31", "Non…", "accepted", "codeur 1", "opposition"),
        ("é 01#0-26", "- Oui, ça coche ; « bon ».", "accepted", "codeur 1", "opposition"),
    ]


def test_deleted_rows_and_columns_leave_the_others() -> None:
    rows = list(csv.DictReader(io.StringIO(csv_of(two_documents()).decode())))
    stream = io.StringIO()
    writer = csv.DictWriter(stream, ["id", "label", "relation", "avis perso"], extrasaction="ignore")
    writer.writeheader()
    writer.writerow(rows[1] | {"avis perso": "bof"})
    read = tables.read_csv(stream.getvalue().encode())
    assert [(one.id, one.text) for one in read.codings] == [(rows[1]["id"], None)]
    assert any("colonnes inconnues" in notice and notice.endswith(": 1") for notice in read.notices)


def test_the_guard_is_removed_once_and_only_where_we_put_it() -> None:
    guarded = csv_of([document("d", "- Oui", [(0, 5, FULL)])])
    assert b"'- Oui" in guarded
    assert tables.read_csv(guarded).codings[0].text == "- Oui"
    # Somebody removed it, or the text itself begins with an apostrophe.
    assert tables.read_csv(guarded.replace(b"'- Oui", b"- Oui")).codings[0].text == "- Oui"
    assert tables.read_csv(csv_of([document("d", "'- Oui", [(0, 6, FULL)])])).codings[0].text == "'- Oui"


def test_a_text_that_became_a_formula_error_is_told() -> None:
    damaged = csv_of([document("d", "- Oui", [(0, 5, FULL)])]).replace(b"'- Oui", b"#NOM?")
    read = tables.read_csv(damaged)
    assert read.codings[0].text is None
    assert read.codings[0].id == "d#0-5"
    assert any("formule" in notice for notice in read.notices)


@pytest.mark.parametrize("value", [45363, date(2024, 3, 12), "", None, "12/03/2024"])
def test_a_damaged_id_is_rebuilt_from_its_columns(value: object) -> None:
    def edit(book: Any) -> None:
        sheet = book["Passages"]
        sheet.cell(2, column(sheet, "identifiant"), value).number_format = "General"
        if value is None:
            sheet.cell(2, column(sheet, "identifiant")).value = None

    read = tables.read_xlsx(edited(xlsx_of([document("007", "On coche.", [(0, 9, FULL)])]), edit))
    assert [one.id for one in read.codings] == ["007#0-9"]
    assert any("rétablis" in notice for notice in read.notices)


def test_the_id_wins_over_a_document_turned_into_a_number() -> None:
    def edit(book: Any) -> None:
        sheet = book["Passages"]
        sheet.cell(2, column(sheet, "document"), 7)
        sheet.cell(2, column(sheet, "début"), "1\u202f047,0")

    read = tables.read_xlsx(edited(xlsx_of([document("007", "On coche.", [(0, 9, FULL)])]), edit))
    assert (read.codings[0].document, read.codings[0].start) == ("007", 0)
    assert any("contredisent" in notice for notice in read.notices)


def test_numbers_as_a_french_spreadsheet_writes_them() -> None:
    data = "document;début;fin;logique\nE01;1\u202f047,0;1 060;neutre\n".encode()
    (coding,) = tables.read_csv(data).codings
    assert (coding.id, coding.start, coding.end) == ("E01#1047-1060", 1047, 1060)


def test_a_trimmed_or_retouched_text_is_counted() -> None:
    data = csv_of([document("d", "On coche.", [(0, 9, FULL)])]).replace(b"On coche.", b"On coche")
    read = tables.read_csv(data)
    assert read.codings[0].text == "On coche"
    assert any("longueur" in notice for notice in read.notices)


def test_excels_line_ends_inside_a_cell() -> None:
    text = "Oui.\nNon."

    def edit(book: Any) -> None:
        sheet = book["Passages"]
        sheet.cell(2, column(sheet, "passage"), "Oui._x000D_\nNon.")

    read = tables.read_xlsx(edited(xlsx_of([document("d", text, [(0, 9, FULL)])]), edit))
    assert read.codings[0].text == text
    assert read.notices == ()


def test_coded_passages_with_m_and_p() -> None:
    row = {
        "id": "r-001",
        "document": None,
        "author": "a",
        "coder": "zoe.durand",
        "genre": "entretien",
        "sector": None,
        "speaker": None,
        "text": "On coche.",
        "M": True,
        "P": True,
        "relation": "opposition",
        "stance": {"rationalisation": "contestee"},
        "axes": {"temps": ["rationalisation"]},
    }
    read = tables.read_jsonl((json.dumps(row) + "\n\n{\n").encode())
    ((passage,), problems) = understand(read)
    assert problems == []
    assert (passage["id"], passage["coder"], passage["label"]) == ("r-001", "codeur 1", "mixte")
    assert passage["stance"] == {"rationalisation": "contestee"}
    assert passage["axes"] == {"temps": ["rationalisation"]}
    assert read.notices == ("lignes illisibles, laissées de côté\u00a0: 1",)


def test_several_people_in_one_table() -> None:
    data = b"identifiant;logique;codeuse\nE#0-4;mixte;zoe\nE#0-4;neutre;abel\n"
    assert [one.coder for one in tables.read_csv(data).codings] == ["codeur 2", "codeur 1"]
    assert "zoe" not in repr(tables.read_csv(data))


def test_codes_of_a_person_exported_with_the_machines_stay_theirs() -> None:
    person = replace(FULL, coded_by="codeur 2")
    data = csv_of([document("d", "Oui. Non.", [(0, 4, person), (5, 9, FULL)])])
    assert [one.coder for one in tables.read_csv(data).codings] == ["codeur 2", BY.model]


def test_places_are_lines_of_the_file() -> None:
    data = b'sep=;\nidentifiant;passage;logique\nE#0-9;"Oui.\nNon.";neutre\nE#9-12;abc;neutre\n'
    assert [one.place for one in tables.read_csv(data).codings] == ["ligne 3", "ligne 5"]


def test_the_sheet_is_found_after_it_was_renamed_and_moved() -> None:
    def edit(book: Any) -> None:
        book["Passages"].title = "Relecture Zoé"
        book.move_sheet("Relecture Zoé", 3)

    assert len(tables.read_xlsx(edited(xlsx_of(two_documents()), edit)).codings) == 4


@pytest.mark.parametrize("read", [tables.read_csv, tables.read_jsonl, tables.read_xlsx])
@pytest.mark.parametrize(
    "data",
    [b"", b"a;b\n1;2\n", b'{"a": 1}\n', b"PK\x03\x04tronqu\xe9", b"\xd0\xcf\x11\xe0\xa1", b"\x00\x01\x02", b"[1"],
)
def test_what_is_no_table_of_codes_is_refused_in_one_sentence(
    read: Callable[[bytes], ReadCodings], data: bytes
) -> None:
    with pytest.raises(UnreadableError) as error:
        read(data)
    assert error.value.reason in {"columns", "corrupt", "binary", "encrypted"}


def test_a_workbook_that_is_another_archive_or_claims_far_cells_is_bounded() -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("mot.xml", "<a/>")
    with pytest.raises(UnreadableError):
        tables.read_xlsx(stream.getvalue())
    source = zipfile.ZipFile(io.BytesIO(xlsx_of([document("d", "Oui.", [(0, 4, FULL)])])))
    far = io.BytesIO()
    with zipfile.ZipFile(far, "w") as archive:
        for name in source.namelist():
            content = source.read(name)
            if name.endswith("sheet1.xml"):
                row = b'<row r="99999999"><c r="XFD99999999" t="inlineStr"><is><t>x</t></is></c></row></sheetData>'
                content = content.replace(b"</sheetData>", row)
            archive.writestr(name, content)
    assert len(tables.read_xlsx(far.getvalue()).codings) == 1


@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_codes_edited_in_a_table_without_proposals_are_those_of_the_coder_who_is_named(form: str) -> None:
    write, read, _ = ROUND_TRIPS[form]
    person = replace(FULL, coded_by="codeur 2")
    data = write([document("d", "Oui. Non.", [(0, 4, person), (5, 9, FULL)])])
    codings = read(data, "codeur A")  # type: ignore[call-arg]
    assert [one.coder for one in codings.codings] == ["codeur 2", "codeur A"]
    assert any("mises au nom du codeur donné\u00a0: 1" in notice for notice in codings.notices)


def test_a_workbook_shows_what_was_edited_whoever_is_named() -> None:
    documents = [document("d", "Oui. Non.", [(0, 4, FULL), (5, 9, FULL)])]
    codings = tables.read_xlsx(xlsx_of(documents), "codeur A")
    assert {one.coder for one in codings.codings} == {BY.coder}
    assert codings.notices == ()


def test_damaged_accents_are_told_without_an_option_that_import_does_not_have() -> None:
    damaged = "id;passage;logique\nE#0-9;ÃƒÂ©vidence rÃ©pÃ©tÃ©e;neutre\n".encode()
    (notice,) = [one for one in tables.read_csv(damaged).notices if "accents" in one]
    assert "--repair" not in notice


def test_damaged_styles_print_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    whole, stream = xlsx_of(two_documents()), io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(whole)) as old, zipfile.ZipFile(stream, "w") as new:
        for name in old.namelist():
            part = old.read(name)
            if name == "xl/styles.xml":
                part = re.sub(rb"<cellStyleXfs.*?</cellStyleXfs>", b"<cellStyleXfs count='0'/>", part, flags=re.DOTALL)
            new.writestr(name, part)
    with contextlib.suppress(Exception):
        tables.read_xlsx(stream.getvalue())
    assert capsys.readouterr().out == ""
