"""The report as a workbook: real numbers, French sheets, nothing that runs, nothing that tells who or when."""

import io
import zipfile
from collections.abc import Mapping
from dataclasses import replace

import openpyxl
import pytest
from composed_report import HOSTILE, SENTENCES, bare_report, full_report, group, masked, passage
from hypothesis import given, settings
from hypothesis import strategies as st

from tensions_cli.errors import TensionsError
from tensions_cli.output import sheets
from tensions_cli.output.report.workbook import TABLES, write_report_workbook
from tensions_cli.output.sheets import CUT_MARK, LONGEST_CELL
from tensions_cli.results import Report

NAMES = [
    "Lisez-moi", "Documents", "Groupes", "Postures", "Axes", "Axes ensemble", "Écarts", "Temps", "Pentes", "Mots",
    "AFC", "Rencontres", "Qui apporte", "Réponses", "Parcours", "Parts corrigées", "Longueur des passages", "Passages",
]  # fmt: skip


def written(report: Report) -> bytes:
    stream = io.BytesIO()
    write_report_workbook(report, stream)
    return stream.getvalue()


@pytest.fixture(scope="module")
def full() -> bytes:
    return written(full_report())


def rows(data: bytes, sheet: str) -> list[dict]:
    header, *lines = openpyxl.load_workbook(io.BytesIO(data))[sheet].iter_rows(values_only=True)
    return [dict(zip(header, line, strict=True)) for line in lines]


def guide_text(data: bytes) -> str:
    """Topics and sentences of the first sheet, one a line."""
    lines = openpyxl.load_workbook(io.BytesIO(data))["Lisez-moi"].iter_rows(values_only=True)
    return "\n".join(" | ".join(cell for cell in line if cell) for line in lines)


def formats(data: bytes, sheet: str) -> Mapping[str, str]:
    """Number format of the second row by header."""
    page = openpyxl.load_workbook(io.BytesIO(data))[sheet]
    return {head.value: cell.number_format for head, cell in zip(page[1], page[2], strict=True)}


def test_sheets_are_in_reading_order_with_names_that_excel_takes(full: bytes) -> None:
    assert openpyxl.load_workbook(io.BytesIO(full)).sheetnames == NAMES
    for name in (table(full_report()).name for table in TABLES):
        assert len(name) <= 31
        assert not set(name) & set("[]:*?/\\")


def test_every_table_can_be_filtered_and_keeps_its_header_in_view(full: bytes) -> None:
    book = openpyxl.load_workbook(io.BytesIO(full))
    for sheet in book.worksheets[1:]:
        assert sheet.freeze_panes.endswith("2"), sheet.title
        assert sheet.auto_filter.ref == sheet.dimensions, sheet.title
        headers = [cell.value for cell in sheet[1]]
        assert len(set(headers)) == len(headers), sheet.title
        assert all(headers), sheet.title


def test_a_group_has_its_shares_as_numbers_and_its_bounds_in_columns(full: bytes) -> None:
    corpus, interview, *_others = rows(full, "Groupes")
    assert (corpus["champ"], corpus["groupe"]) == ("(corpus)", "tout le corpus")
    assert (interview["champ"], interview["groupe"], interview["passages comptés"]) == ("genre", "entretien", 160)
    assert (interview["rationalisation"], interview["rationalisation, bas"]) == (0.3, 0.25)
    assert interview["rationalisation, haut"] == 0.35
    assert (interview["tension"], interview["tension, bas"], interview["tension, haut"]) == (0.06, 0.01, 0.11)
    assert interview["intervalle"] == "Student, par document"
    assert interview["opposition"] == 6
    shapes = formats(full, "Groupes")
    assert shapes["rationalisation, bas"] == '0.0"\u00a0"%'  # the % outside the quotes: Excel multiplies by 100
    assert shapes["groupe"] == "@"


def test_every_share_is_a_number_with_a_percent_format(full: bytes) -> None:
    book = openpyxl.load_workbook(io.BytesIO(full))
    shares = ("part", "part,", "part lissée", "part brute", "écart", "mixte", "tension", "sensibilité", "bas", "haut")
    cells = [
        cell
        for sheet in book.worksheets[1:]
        for head, *column in sheet.iter_cols()
        if head.value in shares or head.value.endswith((", bas", ", haut", ", en mots", ", contribution"))
        for cell in column
        if cell.value is not None
    ]
    assert len(cells) > 100
    assert {cell.data_type for cell in cells} == {"n"}
    assert all(cell.number_format.split('"')[-1].endswith("%") for cell in cells)
    assert all(-1 <= cell.value <= 1 for cell in cells)


def test_small_documents_say_too_few_and_have_no_bounds(full: bytes) -> None:
    small = rows(full, "Documents")[0]
    assert small["document"] == "E1-aide-a-domicile"
    assert small["intervalle"] == "trop peu"
    assert small["rationalisation"] == 0.3
    assert small["rationalisation, bas"] is None
    assert small["rationalisation, haut"] is None


def test_masked_groups_keep_their_row_without_a_number(full: bytes) -> None:
    found = {row["groupe"]: row for row in rows(full, "Groupes")}
    for name, said in (("projet", "masqué\u00a0: <\u00a05"), ("tract", "masqué, pour qu’un autre le reste")):
        row = found[name]
        assert row.pop("intervalle") == said
        assert {key for key, value in row.items() if value is not None} == {"champ", "groupe"}
    for sheet in ("Postures", "Axes"):
        assert not {row["groupe"] for row in rows(full, sheet)} & {"projet", "tract"}


def test_a_masked_document_tells_nothing_of_what_it_is() -> None:
    report = full_report()
    whole, _interview, other = report.documents.groups
    hidden = replace(report.documents, groups=(whole, masked({"document": "E1-aide-a-domicile"}), other))
    first, second = rows(written(replace(report, documents=hidden)), "Documents")
    assert {key for key, value in first.items() if value is not None} == {"document", "intervalle"}
    assert (second["mots lus"], second["passages comptés"]) == (1200, 300)
    hidden = replace(hidden, groups=(whole, masked({"document": "E1-aide-a-domicile"})))
    told = guide_text(written(replace(report, documents=hidden, courses=())))
    assert "Parcours\u00a0: feuille absente, les documents sont masqués" in told


def test_a_masked_corpus_has_no_number_at_all() -> None:
    report = bare_report()
    data = written(replace(report, mask_under=5, documents=replace(report.documents, groups=(masked({}),))))
    (row,) = rows(data, "Groupes")
    assert {key for key, value in row.items() if value is not None} == {"champ", "groupe", "intervalle"}
    assert "moins de 5 personnes" in guide_text(data)


def test_differences_have_their_bounds_tests_and_bases(full: bytes) -> None:
    tension, neutre = rows(full, "Écarts")
    assert (tension["part du groupe"], tension["part, comparé à"]) == (0.09, 0.03)
    gap = "écart en points (le groupe moins celui auquel il est comparé)"
    assert (tension[gap], tension["écart, bas"], tension["écart, haut"]) == (0.06, 0.01, 0.11)
    assert (tension["p"], tension["p ajusté (Holm)"], tension["h de Cohen"]) == (0.0004, 0.002, 0.2621)
    assert (neutre["documents du groupe"], neutre["documents, comparé à"]) == (4, 6)
    assert neutre["intervalle"] == "trop peu"
    assert neutre["écart, bas"] is neutre["p"] is None


def test_words_have_what_they_rest_on_and_none_that_one_text_carries(full: bytes) -> None:
    over, under = rows(full, "Mots")
    assert (over["partie"], over["sens"], over["mot"]) == ("rationalisation", "sur-employé", "tableau de bord")
    assert (over["f (dans la partie)"], over["F (parties comparées)"], over["attendu"]) == (12, 20, 6)
    assert (over["spécificité"], over["z"], over["documents"], over["locuteurs nommés"]) == (2.3246, 3.49, 5, 7)
    assert over["part du premier document"] == 0.25
    assert (under["mot"], under["spécificité"]) == ("écouter", -2.1423)
    assert "1 mot caractéristique n’est porté que par un document" in guide_text(full)


def test_time_factors_and_meetings(full: bytes) -> None:
    first, second = rows(full, "Temps")
    assert (first["période"], first["part"], first["lissée, haut"]) == ("2021", 0.04, 0.06)
    assert (second["période"], second["mesure"]) == ("2022", "tension")
    assert rows(full, "Pentes")[0]["haut"] == 0.07
    logic, _genre, axis = rows(full, "AFC")
    assert (logic["facteur 1, coordonnée"], logic["facteur 2, contribution"]) == (0.5001, 0.3062)
    assert (axis["nom"], axis["masse"], axis["facteur 1, contribution"]) == ("temps M", None, None)
    meetings = [tuple(row.values()) for row in rows(full, "Rencontres")]
    assert ("(corpus)", "opposition", "temps", 5, 6) in meetings
    assert ("E1-aide-a-domicile", "juxtaposition", "(sans axe)", None, 1) in meetings
    bringer = rows(full, "Qui apporte")[0]
    assert (bringer["qui"], bringer["passages"]) == ("enquêté 1", 24)
    assert (bringer["rationalisation, apportée"], bringer["professionnelle, reprise"]) == (4, 6)
    assert rows(full, "Réponses")[0]["logique de la réponse"] == "mixte"
    assert rows(full, "Parcours")[1]["score P (professionnelle)"] == 0.12


def test_corrected_shares_stand_beside_the_raw_ones(full: bytes) -> None:
    share, tract = rows(full, "Parts corrigées")
    assert (share["part brute"], share["part PPI"], share["part Rogan-Gladen"]) == (0.31, 0.28, 0.274)
    assert (share["PPI, bas"], share["PPI, haut"], share["sensibilité"]) == (0.23, 0.33, 0.8667)
    assert share["sur n passages qui l’ont"] == 60
    assert tract["groupe"] == "tract"
    assert "trop peu" in tract["remarque"]
    assert tract["part brute"] is None


def test_a_passage_has_its_codes_words_and_place(full: bytes) -> None:
    first, second = rows(full, "Passages")
    assert (first["passage"], second["passage"]) == SENTENCES
    assert (first["logique"], first["relation"]) == ("mixte", "opposition")
    assert (first["posture, rationalisation"], first["posture, professionnelle"]) == ("contestée", "menacée")
    assert first["axes"] == "temps M, temps P, évaluation M"
    assert (first["score M (rationalisation)"], first["certain"]) == (0.91, "oui")
    assert first["indices"] == "Chronométrer (M)\u00a0; l’écoute (P)"
    assert first["place"] == "E1-aide-a-domicile#0-67"
    assert (first["tour"], first["genre"], first["codé par"]) == (4, "entretien", "machine")


@pytest.mark.parametrize(
    ("everything", "said"), [(False, "un passage qui porte une logique"), (True, "Passages\u00a0: un passage.")]
)
def test_the_guide_says_which_passages_are_there(everything: bool, said: str) -> None:
    assert said in guide_text(written(replace(full_report(), all_passages=everything)))


def test_without_verbatim_no_passage_is_written_even_if_there_are_some() -> None:
    data = written(replace(full_report(), verbatim=False))
    assert "Passages" not in openpyxl.load_workbook(io.BytesIO(data)).sheetnames
    assert "sans citation" in guide_text(data)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert SENTENCES[0].encode() not in b"".join(archive.read(name) for name in archive.namelist())


def test_empty_tables_are_left_out_and_the_guide_says_why() -> None:
    data = written(bare_report())
    assert openpyxl.load_workbook(io.BytesIO(data)).sheetnames == ["Lisez-moi", "Documents", "Groupes", "Axes"]
    told = guide_text(data)
    for name in set(NAMES) - {"Lisez-moi", "Documents", "Groupes", "Axes"}:
        assert f"{name}\u00a0: feuille absente, " in told
    assert "Logiques en tension" in told


def test_the_guide_says_what_the_numbers_rest_on(full: bytes) -> None:
    told = guide_text(full)
    for said in (
        "Aide à domicile et presse",
        "À regarder avant de partager | Un groupe de cinq personnes n’a que des passages neutres.",
        "2 documents\u00a0: 324 passages comptés, 12\u00a0960 mots",
        "standard 0.1.0 (4d97ed5e)",
        "grille de codage version 4",
        "Non lu\u00a0: notes/vide.txt, le fichier est vide.",
        "47\u00a0% des tensions annoncées en sont, 59\u00a0% sont trouvées",
        "Un groupe de moins de 5 personnes",
        "macro-F1 0,75 [0,74–0,76]",
        "aucun n’a été codé par une personne",
        "groupes demandés\u00a0: genre",
        "paroles de l’enquêteur comptées\u00a0: non",
        "jamais des personnes",
        "Les groupes viennent de metadata.csv.",
        "Lemmes, mots-outils exclus",
        "χ²\u00a0=\u00a059,5",
    ):
        assert said in told, said


def test_another_model_says_its_provenance_in_its_own_words() -> None:
    card = "# Model\n\n**Provenance:** Coded by two members\nof the team, 2025.\n\n## Rights\n"
    assert "d’après la fiche du modèle\u00a0: Coded by two members of the team, 2025." in guide_text(
        written(replace(full_report(), card=card))
    )
    assert "ne dit pas d’où viennent" in guide_text(written(replace(full_report(), card="# Model\n")))


def test_no_text_becomes_a_formula_or_a_link() -> None:
    report = full_report(HOSTILE)
    data = written(
        replace(report, title=HOSTILE, warnings=(HOSTILE,), passages=(passage(HOSTILE, HOSTILE, cle=HOSTILE),))
    )
    book = openpyxl.load_workbook(io.BytesIO(data))
    assert {cell.data_type for sheet in book for row in sheet.iter_rows() for cell in row} <= {"s", "n"}
    assert rows(data, "Passages")[0]["passage"] == HOSTILE
    assert HOSTILE in {row["groupe"] for row in rows(data, "Écarts")}
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for name in archive.namelist():
            content = archive.read(name)
            assert b"<f>" not in content
            assert b"<hyperlink" not in content
            assert b"external" not in content.lower()


@pytest.mark.parametrize("letter", ["a", "😀"])
def test_a_passage_too_long_is_cut_with_a_mark_and_the_guide_says_so(letter: str) -> None:
    data = written(replace(full_report(), passages=(passage(letter * 40_000),)))
    cell = rows(data, "Passages")[0]["passage"]
    assert cell.endswith(CUT_MARK)
    assert len(cell.encode("utf-16-le")) // 2 <= LONGEST_CELL
    assert "cellules coupées" in guide_text(data)


def test_control_characters_are_replaced_and_the_guide_says_so() -> None:
    data = written(replace(full_report(), passages=(passage("On\x0bcoche des cases\x00, encore."),)))
    assert rows(data, "Passages")[0]["passage"] == "On coche des cases , encore."
    assert "caractères de contrôle" in guide_text(data)


def test_more_passages_than_rows_are_refused_with_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheets, "MOST_ROWS", 2)
    with pytest.raises(TensionsError, match="trop de passages") as error:
        written(full_report())
    assert "--all-passages" in error.value.hint


def test_no_identity_no_date_and_the_same_bytes(full: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("USER", "LOGNAME", "USERNAME"):
        monkeypatch.setenv(name, "canari-dupont")
    assert written(full_report()) == full
    with zipfile.ZipFile(io.BytesIO(full)) as archive:
        assert {info.date_time for info in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert b"canari" not in b"".join(archive.read(info) for info in archive.infolist())
    properties = openpyxl.load_workbook(io.BytesIO(full)).properties
    assert not properties.creator
    assert not properties.lastModifiedBy
    assert properties.created.year == properties.modified.year == 1980


def test_other_readers_open_it_without_a_warning(full: bytes, recwarn: pytest.WarningsRecorder) -> None:
    openpyxl.load_workbook(io.BytesIO(full))
    assert not recwarn.list


def test_roles_are_told_in_french() -> None:
    report = full_report()
    roles = (report.documents.groups[0], group({"role": "respondent"}, 6, 60), group({"role": "interviewer"}, 6, 60))
    found = rows(written(replace(report, fields={"role": roles})), "Groupes")
    assert [(row["champ"], row["groupe"]) for row in found[1:]] == [("rôle", "enquêté"), ("rôle", "enquêteur")]


@settings(max_examples=15, deadline=None)
@given(st.text(max_size=60))
def test_any_name_gives_a_workbook_that_opens(name: str) -> None:
    data = written(replace(full_report(name or "x"), title=name, notes=(name,)))
    assert len(rows(data, "Groupes")) == 5
