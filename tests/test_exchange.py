"""Passages leave for the tools that people use and come back: same places, same codes, one message for what is lost."""

import csv
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook

from tensions_cli.cli import run
from tensions_cli.errors import ExitStatus

# An emoji, a decomposed accent, no-break spaces, a passage at the very start and one at the very end.
INTERVIEW = (
    "😀 Enquêtrice\u00a0: Comment se passent les e\u0301valuations\u202f?\n"
    "Aïcha : On coche des cases, on n’a plus le temps d’écouter, et c’est en restant là que la confiance vient.\n"
    "Enquêtrice : Et le logiciel ?\n"
    "Aïcha : =Le logiciel compte les actes ; 😀 il faut rendre les indicateurs le cinq du mois à la direction.\n"
    "Enquêtrice : Oui.\n"
    "Aïcha : Le matin je bois un café avec madame Lenoir, je la laisse parler, je ne regarde pas ma montre."
)
NOTE = (
    "Les tableaux de bord du contrat pluriannuel seront rendus chaque trimestre et les écarts discutés en comité.\n\n"
    "L’équipe demande que l’on prenne le temps de connaître chaque personne avant d’écrire son projet."
)
FORMATS = {
    "qdpx": "p.qdpx",
    "xlsx": "p.xlsx",
    "csv": "p.csv",
    "jsonl": "p.jsonl",
    "parquet": "p.parquet",
    "doccano": "doccano.jsonl",
    "label-studio": "ls.json",
    "prodigy": "prodigy.jsonl",
    "cas-json": "cas.zip",
}
Row = dict[str, Any]


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("echange") / "corpus"
    folder.mkdir()
    (folder / "E1.txt").write_text(INTERVIEW, encoding="utf-8")
    (folder / "note.txt").write_text(NOTE, encoding="utf-8")
    (folder / "metadata.csv").write_text("id,service\nE1,SAAD\nnote,siège\n", encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def exported(corpus: Path) -> dict[str, Path]:
    """The corpus in every format, each beside the others."""
    paths = {form: corpus.parent / name for form, name in FORMATS.items()}
    for form, path in paths.items():
        assert run(["tag", str(corpus), "-q", "-f", form, "-o", str(path)]) == ExitStatus.DONE
    return paths


def rows(path: Path) -> list[Row]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n") if line]


def codes(row: Row) -> tuple[Any, ...]:
    axes = {axis: sorted(poles) for axis, poles in row["axes"].items()}
    return row["id"], row["label"], row["relation"], dict(sorted((row["stance"] or {}).items())), axes


def imported(path: Path, *more: str, status: ExitStatus = ExitStatus.DONE) -> list[Row]:
    output = path.parent / f"{path.name}.codes.jsonl"
    assert run(["coding", "import", str(path), "-q", "-o", str(output), *more]) == status
    return rows(output)


@pytest.mark.parametrize("form", FORMATS)
def test_every_export_comes_back_with_the_same_codes_at_the_same_places(exported: dict[str, Path], form: str) -> None:
    tagged = rows(exported["jsonl"])
    counted = [row for row in tagged if row["counted"]]
    assert {row["label"] for row in counted} > {"rationalisation"}
    expected = tagged if form in ("xlsx", "csv", "jsonl", "parquet") else counted
    back = imported(exported[form])
    assert sorted(map(codes, back), key=str) == sorted(map(codes, expected), key=str)
    texts = {row["id"]: row["text"] for row in tagged}
    assert all(row["text"] == texts[row["id"]] for row in back)


def test_maxqda_counts_line_ends_twice_and_the_codes_come_back(corpus: Path, exported: dict[str, Path]) -> None:
    path = corpus.parent / "maxqda.qdpx"
    assert run(["tag", str(corpus), "-q", "-f", "qdpx", "--line-ends", "crlf", "-o", str(path)]) == ExitStatus.DONE
    assert sorted(map(codes, imported(path)), key=str) == sorted(map(codes, imported(exported["qdpx"])), key=str)


def test_a_workbook_corrected_by_hand_comes_back_corrected(exported: dict[str, Path], tmp_path: Path) -> None:
    book = load_workbook(exported["xlsx"])
    sheet = book["Passages"]
    header = [cell.value for cell in sheet[1]]
    column = {name: rank + 1 for rank, name in enumerate(header)}
    label, decision = column["logique"], column["décision"]
    first = sheet.cell(3, column["identifiant"]).value
    sheet.cell(3, label).value = " Rationalisations "
    sheet.cell(3, column["relation"]).value = None
    sheet.cell(3, decision).value = "Modifié"
    sheet.cell(4, label).value = "je ne sais pas"
    path = tmp_path / "relu.xlsx"
    book.save(path)
    back = {row["id"]: row for row in imported(path, "--coder", "A", status=ExitStatus.SOME_UNREAD)}
    assert (back[first]["label"], back[first]["decision"], back[first]["coder"]) == (
        "rationalisation",
        "modified",
        "codeur A",
    )


def test_nothing_that_starts_a_formula_runs(exported: dict[str, Path]) -> None:
    with exported["csv"].open(encoding="utf-8", newline="") as stream:
        cells = [row["text"] for row in csv.DictReader(stream)]
    assert any(cell.startswith("'=Le logiciel") for cell in cells)
    sheet = load_workbook(exported["xlsx"])["Passages"]
    said = [cell for line in sheet.iter_rows() for cell in line if str(cell.value).startswith("=Le logiciel")]
    assert [cell.data_type for cell in said] == ["s"]


@pytest.mark.parametrize("form", ["qdpx", "xlsx", "cas-json"])
def test_containers_say_nothing_of_who_made_them_and_when(exported: dict[str, Path], form: str, corpus: Path) -> None:
    again = corpus.parent / f"encore.{form}"
    assert run(["tag", str(corpus), "-q", "-f", form, "-o", str(again)]) == ExitStatus.DONE
    assert again.read_bytes() == exported[form].read_bytes()
    with zipfile.ZipFile(again) as archive:
        inside = b"".join(archive.read(name) for name in archive.namelist())
        assert {part.date_time[0] for part in archive.infolist()} == {1980}
    assert str(corpus.parent).encode() not in inside
    assert again.stat().st_mode & 0o077 == 0


def test_a_binary_format_needs_a_file(corpus: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["tag", str(corpus), "-f", "qdpx"]) == ExitStatus.UNUSABLE_INPUT
    assert "--output" in capsys.readouterr().err


def test_a_file_that_holds_no_codes_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "notes.csv"
    path.write_text("ZZTOPSECRET;autre\n1;2\n", encoding="utf-8")
    assert run(["coding", "import", str(path)]) == ExitStatus.UNUSABLE_INPUT
    said = capsys.readouterr().err
    assert "notes.csv" in said
    assert "ZZTOPSECRET" not in said


def test_what_nobody_decided_is_left_to_the_machine(
    exported: dict[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    book = load_workbook(exported["xlsx"])
    sheet = book["Passages"]
    decision = [cell.value for cell in sheet[1]].index("décision") + 1
    for line in (2, 3):
        sheet.cell(line, decision).value = "accepté"
    book.save(tmp_path / "relu.xlsx")
    codes_of = tmp_path / "codes.jsonl"
    assert run(["coding", "import", str(tmp_path / "relu.xlsx"), "--coder", "A", "-o", str(codes_of)]) == 0
    left = len(rows(exported["jsonl"])) - 2
    said = f"2 passages codés par 1 codeur, {left} laissés à la machine (ils ne comptent pas comme codes humains)"
    assert said in capsys.readouterr().err
    assert len(rows(codes_of)) == left + 2
    assert run(["model", "evaluate", str(codes_of), "-f", "json", "-o", str(tmp_path / "e.json")]) == 0
    assert f"{left} passages codés par la machine" in capsys.readouterr().err
    assert json.loads((tmp_path / "e.json").read_text(encoding="utf-8"))["passages"] == 2


def test_an_archive_without_codes_and_a_folder_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with zipfile.ZipFile(tmp_path / "note.docx", "w") as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("word/document.xml", "<document/>")
    for source, why in ((tmp_path / "note.docx", "ne tient aucun code"), (tmp_path, "c’est un dossier")):
        output = tmp_path / "codes.jsonl"
        assert run(["coding", "import", str(source), "-o", str(output)]) == ExitStatus.UNUSABLE_INPUT
        assert why in capsys.readouterr().err
        assert not output.exists()


@pytest.mark.parametrize(("form", "output"), [("txt", "textes"), ("txm", "txm"), ("tei", "tei"), ("jsonl", "c.jsonl")])
def test_a_converted_corpus_is_read_again_with_the_same_words(
    corpus: Path, tmp_path: Path, form: str, output: str
) -> None:
    target = tmp_path / output
    assert run(["corpus", "convert", str(corpus), "-q", "-f", form, "-o", str(target)]) == ExitStatus.DONE
    kept = tmp_path / "avant.jsonl"
    back = tmp_path / "apres.jsonl"
    sources = [str(folder) for folder in sorted(target.iterdir()) if folder.is_dir()] if target.is_dir() else []
    assert run(["tag", str(corpus), "-q", "-o", str(kept)]) == ExitStatus.DONE
    assert run(["tag", *(sources or [str(target)]), "-q", "-o", str(back)]) == ExitStatus.DONE
    words = [" ".join(row["text"].split()) for row in rows(kept)]
    assert " ".join(words).split() == " ".join(row["text"] for row in rows(back)).split()
    assert [row["role"] for row in rows(kept)] == [row["role"] for row in rows(back)]
    assert {row["metadata"].get("service") for row in rows(back)} == {"SAAD", "siège"}


def test_an_iramuteq_corpus_leaves_the_interviewer_out(corpus: Path, tmp_path: Path) -> None:
    target = tmp_path / "corpus_iramuteq.txt"
    assert run(["corpus", "convert", str(corpus), "-q", "-f", "iramuteq", "-o", str(target)]) == ExitStatus.DONE
    text = target.read_text(encoding="utf-8")
    assert text.count("**** *doc_") == 2
    assert "Comment se passent" not in text
    assert "*service_siege" in text


def test_an_endless_file_of_codes_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["coding", "import", "/dev/zero"]) == ExitStatus.UNUSABLE_INPUT
    assert "fichier ordinaire" in capsys.readouterr().err


def test_a_folder_is_never_written_over(corpus: Path, tmp_path: Path) -> None:
    target = tmp_path / "plein"
    target.mkdir()
    (target / "precieux.txt").write_text("à garder", encoding="utf-8")
    assert run(["corpus", "convert", str(corpus), "-f", "txt", "-o", str(target)]) == ExitStatus.UNUSABLE_INPUT
    assert [path.name for path in target.iterdir()] == ["precieux.txt"]


# --- what is known of speakers, and columns -------------------------------------------------------------------

GROUP = (
    "Odile : Et le logiciel, on en parle quand au juste ?\n"
    "Berthe : On coche des cases toute la matinée, on n’a plus le temps d’écouter les personnes.\n"
    "Odile : Et avec les familles de l’étage ?\n"
    "Paule : La confiance vient en restant là, on ne regarde pas sa montre, on prend le temps qu’il faut.\n"
    "Odile : Et la direction, elle en dit quoi ?\n"
    "Berthe : Il faut rendre les indicateurs le cinq du mois, sinon le financement est discuté.\n"
)
# Against what behaviour would say: Berthe asks, Odile answers.
SPEAKERS = """\
document,speaker,person,role,métier
G1,Odile,P1,enquêté,cadre
G1,Berthe,P2,enquêteur,
G1,Paule,P3,,aide à domicile
"""


@pytest.fixture
def described(tmp_path: Path) -> Path:
    folder = tmp_path / "groupe"
    folder.mkdir()
    (folder / "G1.txt").write_text(GROUP, encoding="utf-8")
    (folder / "speakers.csv").write_text(SPEAKERS, encoding="utf-8")
    return folder


def converted(source: Path, form: str, output: Path, capsys: pytest.CaptureFixture[str]) -> str:
    assert run(["corpus", "convert", str(source), "-f", form, "-o", str(output)]) == ExitStatus.DONE
    return capsys.readouterr().err


def spoken(source: Path, output: Path) -> list[tuple[Any, ...]]:
    assert run(["tag", str(source), "-q", "-o", str(output)]) == ExitStatus.DONE
    return [
        (row["speaker"], row["person"], row["role"], row["metadata"].get("métier"), " ".join(row["text"].split()))
        for row in rows(output)
    ]


def test_persons_roles_and_attributes_survive_a_folder_of_texts(
    described: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "speakers.csv écrit" in converted(described, "txt", tmp_path / "textes", capsys)
    before = spoken(described, tmp_path / "avant.jsonl")
    assert {("Odile", "P1", "respondent", "cadre"), ("Berthe", "P2", "interviewer", None)} < {one[:4] for one in before}
    assert spoken(tmp_path / "textes", tmp_path / "apres.jsonl") == before
    by = ["analyse", str(tmp_path / "textes"), "-q", "--by", "métier", "-f", "csv", "-o", str(tmp_path / "by.csv")]
    assert run(by) == ExitStatus.DONE
    assert "aide à domicile" in (tmp_path / "by.csv").read_text(encoding="utf-8")


def test_a_guessed_role_is_not_written_as_a_role_that_somebody_gave(
    described: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (described / "speakers.csv").write_text("speaker,person\nPaule,P3\n", encoding="utf-8")
    converted(described, "txt", tmp_path / "textes", capsys)
    table = list(csv.DictReader((tmp_path / "textes" / "speakers.csv").open(encoding="utf-8")))
    assert [(row["speaker"], row["person"], row["role"]) for row in table] == [
        ("Odile", "", ""),
        ("Berthe", "", ""),
        ("Paule", "P3", ""),
    ]
    (described / "speakers.csv").unlink()
    assert "speakers.csv" not in converted(described, "txt", tmp_path / "sans", capsys)
    assert not (tmp_path / "sans" / "speakers.csv").exists()


@pytest.mark.parametrize(
    ("form", "output"), [("jsonl", "c.jsonl"), ("txm", "txm"), ("tei", "tei"), ("iramuteq", "c_iramuteq.txt")]
)
def test_formats_without_a_table_of_speakers_say_what_they_lose(
    described: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], form: str, output: str
) -> None:
    assert "que ce format ne porte pas\u00a0: 3 locuteurs" in converted(described, form, tmp_path / output, capsys)


@pytest.mark.parametrize(("form", "output"), [("txt", "textes"), ("jsonl", "c.jsonl"), ("txm", "txm")])
def test_questions_in_bold_keep_their_roles(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], form: str, output: str
) -> None:
    said = GROUP.replace("Odile : ", "").replace("Berthe : ", "").replace("Paule : ", "").splitlines()
    page = "".join(f"<p><b>{line}</b></p>" if line.endswith("?") else f"<p>{line}</p>" for line in said)
    source = tmp_path / "entretien.html"
    source.write_text(f"<html><body><main>{page}</main></body></html>", encoding="utf-8")
    converted(source, form, tmp_path / output, capsys)
    before = [one[2] for one in spoken(source, tmp_path / "avant.jsonl")]
    assert before == ["interviewer", "respondent"] * 3
    assert [one[2] for one in spoken(tmp_path / output, tmp_path / "apres.jsonl")] == before


def test_columns_that_differ_by_case_are_one_unless_a_text_has_both(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first, second = NOTE.split("\n\n")
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "un.csv").write_text(f"id;Structure;texte\n1;IME;{first}\n", encoding="utf-8")
    (tmp_path / "a" / "deux.csv").write_text(f"id;structure;texte\n2;CHRS;{second}\n", encoding="utf-8")
    assert "réunies sous le premier de leurs noms\u00a0: 2" in converted(tmp_path / "a", "txt", tmp_path / "t", capsys)
    table = list(csv.DictReader((tmp_path / "t" / "metadata.csv").open(encoding="utf-8")))
    merged = [name for name in table[0] if name.casefold().startswith("structure")]
    assert len(merged) == 1
    assert {row[merged[0]] for row in table} == {"IME", "CHRS"}
    (tmp_path / "a" / "deux.csv").write_text(
        f"id;structure;Structure;texte\n2;CHRS;Samu social;{second}\n", encoding="utf-8"
    )
    assert "laissées à part" in converted(tmp_path / "a", "txt", tmp_path / "t2", capsys)


def test_one_reason_in_many_rows_is_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = tmp_path / "relu.csv"
    lines = [f"La réunion {n} a lieu jeudi.;neutre;temps P" for n in range(2, 12)]
    source.write_text("passage;logique;axes\n" + "\n".join(lines) + "\n", encoding="utf-8")
    output = tmp_path / "codes.jsonl"
    assert run(["coding", "import", str(source), "--coder", "A", "-o", str(output)]) == ExitStatus.SOME_UNREAD
    told = capsys.readouterr().err
    assert told.count("axe d’une logique absente du passage") == 1
    assert "10 fois\u00a0: lignes 2, 3, 4, 5, 6, 7, 8, 9, 10, 11" in told
