"""Workbooks: one row, one text; cells as a person would type them; hostile sheets refused."""

import datetime
import io
import re
import zipfile
import zlib
from contextlib import suppress
from pathlib import Path

import openpyxl
import pytest
from accounting import assert_accounted
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl.comments import Comment

from tensions_cli.corpus.formats import spreadsheet
from tensions_cli.corpus.formats.spreadsheet import read_ods, read_xlsx
from tensions_cli.corpus.formats.tables import parse_table, read_csv
from tensions_cli.corpus.sources import SourceFile
from tensions_cli.errors import UnreadableError
from tensions_cli.records import Document, Skipped

FILE = SourceFile(Path("enquete.xlsx"), "enquete.xlsx", "enquete")
LONG = "On remplit la grille avant même de s’asseoir avec la personne, et l’entretien commence une demi-heure après. "


def book(*sheets: list[list], edit=None) -> bytes:
    """A workbook with one sheet per table of rows."""
    workbook = openpyxl.Workbook()
    workbook.remove(workbook.active)
    for rank, rows in enumerate(sheets, start=1):
        sheet = workbook.create_sheet(f"F{rank}")
        for row in rows:
            sheet.append(row)
    if edit is not None:
        edit(workbook)
    stream = io.BytesIO()
    workbook.save(stream)
    return stream.getvalue()


def read(data: bytes, *, record=False, text_column=None) -> list[Document | Skipped]:
    return list(read_xlsx(data, FILE, record=record, text_column=text_column))


def said(results: list[Document | Skipped]) -> str:
    return " ".join(notice for result in results if isinstance(result, Document) for notice in result.notices)


def test_a_row_is_a_text_and_its_other_columns_are_metadata():
    rows = [
        ["id", "structure", "texte"],
        ["E01", "IME", "On coche des cases."],
        [None, "CHRS", "Elle a dit non.\nPuis elle est partie."],
        ["E03", "IME", None],
    ]
    first, second, empty = read(book(rows))
    assert (first.id, first.text, first.metadata) == ("E01", "On coche des cases.", {"structure": "IME"})
    assert (first.format, first.source, first.encoding) == ("xlsx", "enquete.xlsx", None)
    assert (second.id, len(second.blocks)) == ("enquete#2", 2)
    assert (empty.reason, "ligne 4" in empty.detail) == ("empty", True)
    for document in (first, second):
        assert_accounted(document)


def test_cells_are_read_as_a_person_would_type_them():
    values = {
        "code": ("007", "007"),
        "reponse": ("NA", "NA"),
        "entier": (12, "12"),
        "rond": (3.0, "3"),
        "demi": (0.5, "0.5"),
        "somme": (0.1 + 0.2, "0.3"),
        "jour": (datetime.date(2024, 3, 12), "2024-03-12"),
        "minuit": (datetime.datetime(2024, 3, 12), "2024-03-12"),
        "moment": (datetime.datetime(2024, 3, 12, 9, 30), "2024-03-12T09:30:00"),
        "arrondi": (datetime.datetime(2024, 3, 12, 9, 29, 59, 997_000), "2024-03-12T09:30:00"),
        "heure": (datetime.time(14, 5), "14:05:00"),
        "presque": (datetime.time(14, 4, 59, 997_000), "14:05:00"),
        "duree": (datetime.timedelta(hours=26, minutes=3), "26:03:00"),
        "oui": (True, "true"),
        "non": (False, "false"),
        "negatif": (-4, "-4"),
    }
    data = book([["texte", *values], ["On coche.", *(value for value, _ in values.values())]])
    (document,) = read(data)
    assert document.metadata == {name: text for name, (_, text) in values.items()}


def test_blank_rows_and_columns_do_not_count():
    data = book([[None, "texte", None, "lieu"], [], [None, "Un.", None, "IME"], [None, "  "], [], [None, "Deux."], []])
    results = read(data)
    assert [result.text for result in results] == ["Un.", "Deux."]
    assert results[0].metadata == {"lieu": "IME"}


def test_a_cell_right_of_the_headers_is_kept_under_its_place():
    (document,) = read(book([["texte", "lieu"], ["On coche.", "IME", None, "à revoir"]]))
    assert document.metadata == {"lieu": "IME", "colonne_4": "à revoir"}


def test_escaped_line_ends_are_line_ends():
    # openpyxl writes the text as it is given, as the programs do that leave these marks.
    (document,) = read(book([["texte"], ["Un._x000D_\nDeux._x000d_Trois._x0009_Quatre. L’outil _x0041_."]]))
    assert document.text == "Un.\nDeux.\nTrois.\tQuatre. L’outil _x0041_."


@pytest.mark.parametrize(("length", "cut"), [(32_766, False), (32_767, True)])
def test_a_text_at_the_limit_of_a_cell_is_probably_cut(length, cut):
    results = read(book([["texte"], ["Court."], ["m" * length]]))
    assert ("coupé" in said(results)) is cut
    assert ("lignes 3" in said(results)) is cut
    csv_file = SourceFile(Path("e.csv"), "e.csv", "e")
    same = list(read_csv(f"texte\nCourt.\n{'m' * length}\n".encode(), csv_file, record=False, text_column=None))
    assert ("coupé" in said(same)) is cut


def test_the_limit_counts_as_the_spreadsheet_does():
    # An emoji counts for two: 16,383 of them and one letter make 32,767.
    table = parse_table("texte\n" + "😀" * 16_383 + "m\n")
    assert any("coupé" in notice for notice in table.notices)
    assert parse_table("texte\n" + "😀" * 16_383 + "\n").notices == ()


def test_the_sheet_with_a_text_column_is_read_and_the_others_are_counted():
    guide = [["Comment remplir ce classeur"], ["Une ligne par personne."]]
    data = book([], guide, [["id", "texte"], ["1", "On coche."]], [["id", "note"], ["1", "3"]])
    results = read(data)
    assert [result.text for result in results] == ["On coche."]
    assert "la 3e du classeur" in said(results)
    assert "pas lues\u00a0: 2" in said(results)
    assert "F3" not in said(results)  # names of sheets may be names of persons


def test_the_first_sheet_with_rows_is_read_when_none_names_its_text():
    results = read(book([], [["num", "propos"], ["1", LONG]], [["num", "autre"], ["1", LONG]]))
    assert [result.metadata for result in results] == [{"num": "1"}]


def test_a_hidden_sheet_comes_last():
    def hide(workbook):
        workbook["F1"].sheet_state = "hidden"

    data = book([["texte"], ["Ancienne version."]], [["texte"], ["On coche."]], edit=hide)
    assert [result.text for result in read(data)] == ["On coche."]


def test_the_text_column_by_name_and_by_length():
    data = book([["num", "propos", "notes"], [1, LONG, LONG]])
    with pytest.raises(UnreadableError) as caught:
        read(data)
    assert caught.value.reason == "columns"
    (document,) = read(data, text_column="notes")
    assert document.text == LONG
    (document,) = read(book([["num", "propos"], [1, LONG]]))
    assert "n°\u00a02" in said([document])


def test_records_stand_as_they_are():
    (document,) = read(book([["text", "M"], ["  On coche.\n\nPuis on part. ", 1]]), record=True)
    assert (document.record, document.text) == (True, "  On coche.\n\nPuis on part. ")
    assert document.metadata == {"M": "1"}


def test_values_are_read_and_formulas_never():
    xml = (
        '<row r="1"><c r="A1" t="inlineStr"><is><t>texte</t></is></c>'
        '<c r="B1" t="inlineStr"><is><t>total</t></is></c></row>'
        '<row r="2"><c r="A2" t="inlineStr"><is><t>On coche.</t></is></c><c r="B2"><f>SUM(2,3)</f><v>5</v></c></row>'
        '<row r="3"><c r="A3" t="str"><f>CONCAT("Un"," deux.")</f><v>Un deux.</v></c><c r="B3"><f>1+1</f></c></row>'
        '<row r="4"><c r="A4" t="inlineStr"><is><t>Trois.</t></is></c><c r="B4" t="e"><f>X</f><v>#NAME?</v></c></row>'
    )
    results = read(raw_book(xml))
    assert [(result.text, result.metadata) for result in results] == [
        ("On coche.", {"total": "5"}),
        ("Un deux.", {}),
        ("Trois.", {}),
    ]
    assert "sans valeur enregistrée, lues comme vides\u00a0: 1" in said(results)
    assert "cellules en erreur (#NOM?, #N/A…), lues comme vides\u00a0: 1" in said(results)


def test_comments_and_merged_cells_are_told():
    def edit(workbook):
        sheet = workbook["F1"]
        sheet["A2"].comment = Comment("à vérifier avec elle", "Prénom Nom")
        sheet["A3"].comment = Comment("idem", "Prénom Nom")
        sheet.merge_cells("B2:B3")

    results = read(book([["texte", "lieu"], ["Un.", "IME"], ["Deux."]], edit=edit))
    assert "commentaires de cellules, pas lus\u00a0: 2" in said(results)
    assert "fusionnées" in said(results)
    assert not any("Nom" in str(result) for result in results)


def test_an_empty_workbook_is_told():
    for data in (book([]), book([[None, ""], [" "]])):
        with pytest.raises(UnreadableError) as caught:
            read(data)
        assert caught.value.reason == "empty"


# --- hostile workbooks -------------------------------------------------------------------------------


def inline(reference: str, text: str) -> str:
    return f'<c r="{reference}" t="inlineStr"><is><t>{text}</t></is></c>'


HEADER = f'<row r="1">{inline("A1", "id")}{inline("B1", "texte")}</row>'


def raw_book(rows: str, shared: str = "", extra: dict[str, str] | None = None, before: str = "") -> bytes:
    """A workbook of one sheet whose XML is written by hand."""
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    kinds = "application/vnd.openxmlformats-officedocument.spreadsheetml"
    links = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    package = "http://schemas.openxmlformats.org/package/2006"
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{package}/content-types"><Default Extension="rels" ContentType="'
        'application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="'
        f'application/xml"/><Override PartName="/xl/workbook.xml" ContentType="{kinds}.sheet.main+xml"/><Override '
        f'PartName="/xl/worksheets/sheet1.xml" ContentType="{kinds}.worksheet+xml"/><Override '
        f'PartName="/xl/sharedStrings.xml" ContentType="{kinds}.sharedStrings+xml"/></Types>',
        "_rels/.rels": f'<Relationships xmlns="{package}/relationships"><Relationship Id="r1" '
        f'Type="{links}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{main}" xmlns:r="{links}"><sheets><sheet name="S" sheetId="1" '
        'r:id="r1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{package}/relationships"><Relationship Id="r1" '
        f'Type="{links}/worksheet" Target="worksheets/sheet1.xml"/><Relationship Id="r2" '
        f'Type="{links}/sharedStrings" Target="sharedStrings.xml"/></Relationships>',
        "xl/worksheets/sheet1.xml": f'{before}<worksheet xmlns="{main}"><sheetData>{rows}</sheetData></worksheet>',
        "xl/sharedStrings.xml": f'<sst xmlns="{main}">{shared}</sst>',
        **(extra or {}),
    }
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return stream.getvalue()


def refused(data: bytes, reader=read_xlsx) -> str:
    with pytest.raises(UnreadableError) as caught:
        list(reader(data, FILE, record=False, text_column=None))
    return caught.value.reason


def test_a_cell_in_the_last_corner_costs_nothing():
    rows = f'{HEADER}<row r="2">{inline("B2", "On coche.")}</row>'
    document, corner = read(raw_book(f'{rows}<row r="1048576">{inline("XFD1048576", "x")}</row>'))
    assert document.text == "On coche."
    assert "ligne 1048576" in corner.detail


def test_a_row_beyond_the_last_one_is_refused():
    assert refused(raw_book(f'{HEADER}<row r="4000000000">{inline("A4000000000", "x")}</row>')) == "too_large"


def test_rows_that_are_all_as_wide_as_a_sheet_are_refused(monkeypatch):
    monkeypatch.setattr(spreadsheet, "_MAX_CELLS", 100_000)
    rows = "".join(f'<row r="{n}"><c r="XFD{n}"><v>1</v></c></row>' for n in range(2, 10))
    assert refused(raw_book(HEADER + rows)) == "too_large"


def test_one_string_named_by_every_row_is_refused():
    rows = "".join(f'<row r="{n}"><c r="B{n}" t="s"><v>0</v></c></row>' for n in range(2, 2_500))
    assert refused(raw_book(HEADER + rows, f"<si><t>{'mot ' * 25_000}</t></si>")) == "too_large"


def test_too_many_cells_are_refused_before_they_are_read(monkeypatch):
    monkeypatch.setattr(spreadsheet, "_MAX_MARKS", 1_000)
    assert refused(raw_book(HEADER, "<si/>" * 1_000)) == "too_large"


def test_a_workbook_that_swells_is_refused():
    assert refused(raw_book(HEADER, f"<si><t>{' ' * 40_000_000}</t></si>")) == "too_large"


def test_entities_are_refused_even_behind_a_long_comment():
    doctype = '<!DOCTYPE a [<!ENTITY b "c">]>'
    assert refused(raw_book(HEADER, before=doctype)) == "corrupt"
    assert refused(raw_book(HEADER, before=f"<!--{'x' * 5_000}-->{doctype}")) == "corrupt"


def test_entities_are_refused_across_the_pieces_that_are_looked_through():
    # A piece is 1 MiB: the declaration begins a few bytes before its end.
    before = f"<!--{'x' * ((1 << 20) - 14)}-->"
    assert refused(raw_book(HEADER, before=before + '<!DOCTYPE a [<!ENTITY b "c">]>')) == "corrupt"


def test_links_to_other_workbooks_are_not_followed():
    link = (
        '<externalLink xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><externalBook '
        'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships" r:id="r1"/></externalLink>'
    )
    rows = f'{HEADER}<row r="2">{inline("A2", "1")}{inline("B2", "On coche.")}</row>'
    (document,) = read(raw_book(rows, extra={"xl/externalLinks/externalLink1.xml": link}))
    assert document.text == "On coche."


# --- .ods --------------------------------------------------------------------------------------------

ODS_NAMES = (
    " ".join(
        f'xmlns:{short}="urn:oasis:names:tc:opendocument:xmlns:{full}:1.0"'
        for short, full in {"office": "office", "table": "table", "text": "text"}.items()
    )
    + ' xmlns:calcext="urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0"'
)


def ods(*sheets: str, manifest: str = "<manifest/>") -> bytes:
    tables = "".join(f"<table:table>{rows}</table:table>" for rows in sheets)
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("META-INF/manifest.xml", manifest)
        archive.writestr(
            "content.xml",
            f"<office:document-content {ODS_NAMES}><office:body><office:spreadsheet>{tables}</office:spreadsheet>"
            "</office:body></office:document-content>",
        )
    return stream.getvalue()


def row(*cells: str, times: int = 1) -> str:
    return f'<table:table-row table:number-rows-repeated="{times}">{"".join(cells)}</table:table-row>'


def cell(text: str = "", kind: str = "string", attributes: str = "") -> str:
    return f'<table:table-cell office:value-type="{kind}" {attributes}><text:p>{text}</text:p></table:table-cell>'


BLANK = '<table:table-cell table:number-columns-repeated="16380"/>'
ODS_HEADER = row(cell("id"), cell("jour"), cell("note"), cell("texte"), BLANK)


def read_calc(data: bytes) -> list[Document | Skipped]:
    return list(read_ods(data, FILE, record=False, text_column=None))


def test_a_calc_sheet_as_libreoffice_writes_it():
    rows = (
        ODS_HEADER
        + row(
            cell("007"),
            cell("12/03/24", "date", 'office:date-value="2024-03-12"'),
            cell("3,00", "float", 'office:value="3"'),
            cell("On <text:span>coche</text:span><text:s text:c='2'/>des cases.</text:p><text:p>Puis<text:tab/>rien."),
            BLANK,
        )
        + row('<table:table-cell table:number-columns-repeated="3"/>', cell("Deux fois."), BLANK, times=2)
        + row(BLANK, times=1_048_000)
    )
    results = read_calc(ods("", rows, row(cell("reste"))))
    assert [result.text for result in results] == ["On coche  des cases.\nPuis\trien.", "Deux fois.", "Deux fois."]
    assert results[0].id == "007"
    assert results[0].metadata == {"jour": "2024-03-12", "note": "3"}
    assert results[0].format == "ods"
    assert "la 2e du classeur" in said(results)
    for document in results:
        assert_accounted(document)


def test_values_of_calc():
    cells = {
        "heure": (cell("14:05", "time", 'office:time-value="PT14H05M00S"'), "14:05:00"),
        "moment": (cell("x", "date", 'office:date-value="2024-03-12T09:30:00"'), "2024-03-12T09:30:00"),
        "minuit": (cell("x", "date", 'office:date-value="2024-03-12T00:00:00"'), "2024-03-12"),
        "oui": (cell("VRAI", "boolean", 'office:boolean-value="true"'), "true"),
        "taux": (cell("25 %", "percentage", 'office:value="0.25"'), "0.25"),
        "prix": (cell("3,50 €", "currency", 'office:value="3.5"'), "3.5"),
    }
    rows = row(cell("texte"), *map(cell, cells), cell("faux")) + row(
        cell("On coche.<office:annotation><text:p>qui ?</text:p></office:annotation>"),
        *(written for written, _ in cells.values()),
        cell("#NOM ?", "string", 'calcext:value-type="error"'),
    )
    (document,) = read_calc(ods(rows))
    assert document.text == "On coche."
    assert document.metadata == {name: text for name, (_, text) in cells.items()}
    assert "cellules en erreur" in said([document])
    assert "commentaires de cellules, pas lus\u00a0: 1" in said([document])


@pytest.mark.parametrize(
    "rows",
    [
        row(cell("x", attributes='table:number-columns-repeated="999999999"')),
        row(cell("x"), times=999_999_999),
        row(cell("x", attributes='table:number-columns-repeated="16000"'), times=1_000_000),
        row(cell("<text:s text:c='900000000'/>x")),
    ],
)
def test_repeated_cells_are_bounded(rows):
    assert refused(ods(ODS_HEADER + rows), read_ods) == "too_large"


def test_an_encrypted_calc_workbook_is_told():
    assert refused(ods(manifest="<manifest><encryption-data/></manifest>"), read_ods) == "encrypted"


@pytest.mark.parametrize(("part", "reason"), [("META-INF/manifest.xml", None), ("content.xml", "corrupt")])
def test_a_calc_workbook_that_lacks_a_part(part, reason):
    whole, stream = ods(ODS_HEADER + row(cell("1"), cell(), cell(), cell("On coche."))), io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(whole)) as old, zipfile.ZipFile(stream, "w") as new:
        for name in set(old.namelist()) - {part}:
            new.writestr(name, old.read(name))
    if reason is None:
        (document,) = read_ods(stream.getvalue(), FILE, record=False, text_column=None)
        assert document.text == "On coche."
    else:
        assert refused(stream.getvalue(), read_ods) == reason


# What zipfile, expat and openpyxl raise on damaged bytes; the batch goes on whatever they raise.
DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    zlib.error,
    KeyError,
    ValueError,
    SyntaxError,
    OSError,
    NotImplementedError,
    TypeError,
)

# --- properties --------------------------------------------------------------------------------------

# What a sheet can hold: no control character but tab and line feed, nothing that openpyxl takes for a formula.
TEXTS = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cc", "Cs"), exclude_characters="\ufffe\uffff_=")
    | st.sampled_from("\t\n"),
    max_size=60,
)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(TEXTS, TEXTS), min_size=1, max_size=6))
def test_what_is_typed_is_read(pairs):
    typed = [(text, place) for text, place in pairs if text not in spreadsheet._ERRORS]
    rows = [[text or None, place or None] for text, place in typed]
    data = book([["texte", "lieu"], *rows])
    if not any(text.strip() or (place.strip() and place not in spreadsheet._ERRORS) for text, place in typed):
        assert refused(data) == "empty"
        return
    results = read(data)
    documents = [result for result in results if isinstance(result, Document)]
    assert [document.text for document in documents] == [text for text, _ in typed if text.strip()]
    kept = [place.strip() for text, place in typed if text.strip()]
    assert [document.metadata.get("lieu", "") for document in documents] == [
        "" if place in spreadsheet._ERRORS else place for place in kept
    ]
    for document in documents:
        assert_accounted(document)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 255)), max_size=20))
def test_a_damaged_workbook_is_read_or_refused(changes):
    whole = bytearray(book([["texte", "lieu"], ["On coche.", "IME"]]))
    for at, value in changes:
        whole[at % len(whole)] = value
    with suppress(UnreadableError, *DAMAGE):
        read(bytes(whole))


# --- a title above the header --------------------------------------------------------------------------


TITLED = [
    ["Réponses ouvertes, printemps"],
    [],
    ["Réf.", "Service", "Verbatim"],
    ["1", "IME", "On manque de temps."],
    ["2", "CHRS", "On se parle entre deux portes."],
    ["Total", "2"],
]


def test_a_title_above_the_header_is_counted_and_the_columns_keep_their_names():
    results = read(book(TITLED), text_column="Verbatim")
    documents = [one for one in results if isinstance(one, Document)]
    assert [(one.text, one.metadata) for one in documents] == [
        ("On manque de temps.", {"Réf.": "1", "Service": "IME"}),
        ("On se parle entre deux portes.", {"Réf.": "2", "Service": "CHRS"}),
    ]
    assert "au-dessus de l’en-tête du tableau (un titre), pas lues\u00a0: 1" in said(results)
    assert "printemps" not in said(results)
    assert [one.reason for one in results if isinstance(one, Skipped)] == ["empty"]  # the last row stays a row


def test_a_title_of_two_cells_stands_above_a_header_that_names_its_text():
    rows = [["Enquête", "2024"], ["Réf.", "Service", "Texte"], *TITLED[3:5]]
    assert [one.text for one in read(book(rows))] == [TITLED[3][2], TITLED[4][2]]


def test_a_header_is_not_looked_for_under_a_header():
    # A header narrower than its rows, and one column only: the first row names the columns.
    wide = [["texte"], ["On manque de temps.", "IME"], ["On se parle.", "CHRS"]]
    assert [one.text for one in read(book(wide))] == ["On manque de temps.", "On se parle."]
    assert [one.text for one in read(book([["Verbatim"], ["a"], ["b"]]), text_column="verbatim")] == ["a", "b"]


def test_errors_of_a_sheet_that_is_not_read_are_not_told():
    results = read(book([["id", "texte"], ["1", "On manque de temps."]], [["a", "b"], ["#N/A", "c"]]))
    assert "erreur" not in said(results)


def test_damaged_styles_print_nothing(capsys):
    whole, stream = book([["text"], ["On coche."]]), io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(whole)) as old, zipfile.ZipFile(stream, "w") as new:
        for name in old.namelist():
            part = old.read(name)
            if name == "xl/styles.xml":
                part = re.sub(rb"<cellStyleXfs.*?</cellStyleXfs>", b"<cellStyleXfs count='0'/>", part, flags=re.DOTALL)
            new.writestr(name, part)
    with suppress(Exception):
        list(read_xlsx(stream.getvalue(), FILE, record=False, text_column=None))
    assert capsys.readouterr().out == ""
