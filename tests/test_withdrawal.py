"""A person or a text leaves: the corpus, its tables, its codes and its results, as if it had never been there."""

import json
import shutil
import zipfile
from pathlib import Path

import pytest
from openpyxl import Workbook

from tensions_cli.cli import run
from tensions_cli.errors import ExitStatus

GROUP = (
    "Enquêtrice : Comment se passe une journée, ici ?\n\n"
    "Aïcha : On badge en arrivant, puis la tablette donne les minutes de chaque toilette.\n\n"
    "Paul : Moi je préfère rester un moment avec elle, même si le planning ne le prévoit pas.\n\n"
    "Enquêtrice : Et avec vos collègues ?\n\n"
    "Aïcha : On se relaie, on se raconte les nuits, c’est là que j’ai appris le métier.\n\n"
    "Paul : Les réunions ont disparu, on se croise dans le couloir avec la feuille.\n"
)
ALONE = (
    "Enquêtrice : Et vous, depuis quand travaillez-vous au foyer ?\n\n"
    "Lina : Depuis l’ouverture ; on comptait les repas, jamais les silences, et personne ne s’en plaignait.\n\n"
    "Enquêtrice : Et aujourd’hui ?\n\n"
    "Lina : Aujourd’hui je remplis une grille par résident avant d’aller lui dire bonjour.\n"
)
METADATA = "id,genre\nE1,collectif\nE2,individuel\n"
SPEAKERS = "document,speaker,person,role\nE1,Aïcha,P1,enquêté\nE1,Paul,P2,enquêté\nE2,Lina,P3,enquêté\n"


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    folder = tmp_path / "corpus"
    folder.mkdir()
    for name, content in {
        "E1.txt": GROUP,
        "E2.txt": ALONE,
        "metadata.csv": METADATA,
        "speakers.csv": SPEAKERS,
    }.items():
        (folder / name).write_text(content, encoding="utf-8")
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def withdraw(name: str, corpus: Path, *more: str) -> int:
    return run(["corpus", "withdraw", name, "--from", str(corpus), "-o", str(corpus.parent / "recu.md"), *more])


def test_nothing_is_touched_without_yes(corpus: Path) -> None:
    before = contents(corpus)
    assert withdraw("E2", corpus) == ExitStatus.DONE
    assert contents(corpus) == before
    assert "Retrait prévu" in (corpus.parent / "recu.md").read_text(encoding="utf-8")


def test_a_document_leaves_and_the_rest_is_as_if_it_had_never_been(corpus: Path, tmp_path: Path) -> None:
    never = tmp_path / "jamais"
    shutil.copytree(corpus, never)
    (never / "E2.txt").unlink()
    (never / "metadata.csv").write_text("id,genre\nE1,collectif\n", encoding="utf-8")
    (never / "speakers.csv").write_text(SPEAKERS.replace("E2,Lina,P3,enquêté\n", ""), encoding="utf-8")
    assert withdraw("E2", corpus, "--yes") == ExitStatus.DONE
    assert contents(corpus) == contents(never)
    for folder, output in ((corpus, "a.jsonl"), (never, "b.jsonl")):
        assert run(["tag", str(folder), "-q", "-o", str(tmp_path / output)]) == ExitStatus.DONE
    assert (tmp_path / "a.jsonl").read_bytes() == (tmp_path / "b.jsonl").read_bytes()


def test_a_person_who_answered_alone_takes_the_interview_along(corpus: Path) -> None:
    assert withdraw("P3", corpus, "--yes") == ExitStatus.DONE
    assert sorted(contents(corpus)) == ["E1.txt", "metadata.csv", "speakers.csv"]


@pytest.mark.parametrize("name", ["P2", "E1:Paul", "E1:paul"])
def test_a_person_of_a_group_leaves_their_turns(corpus: Path, name: str) -> None:
    assert withdraw(name, corpus, "--yes") == ExitStatus.DONE
    left = (corpus / "E1.txt").read_text(encoding="utf-8")
    assert "rester un moment" not in left
    assert "Paul" not in left
    assert left.split() == [word for line in GROUP.split("\n") if not line.startswith("Paul") for word in line.split()]
    assert "Paul" not in (corpus / "speakers.csv").read_text(encoding="utf-8")
    assert (corpus / "E2.txt").read_text(encoding="utf-8") == ALONE


def test_codes_and_results_lose_their_lines_and_counts_are_to_be_made_again(corpus: Path, tmp_path: Path) -> None:
    results = tmp_path / "resultats"
    results.mkdir()
    for form, name in (("jsonl", "p.jsonl"), ("csv", "p.csv"), ("xlsx", "p.xlsx"), ("qdpx", "p.qdpx")):
        assert run(["tag", str(corpus), "-q", "-f", form, "-o", str(results / name)]) == ExitStatus.DONE
    for form, name in (("json", "r.json"), ("csv", "r.csv")):
        assert run(["analyse", str(corpus), "-q", "-f", form, "-o", str(results / name)]) == ExitStatus.DONE
    codes = tmp_path / "codes.jsonl"
    rows = [{"id": "E1#0-10", "document": "E1", "text": "x"}, {"id": "E2#0-10", "document": "E2", "text": "y"}]
    codes.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    assert withdraw("E2", corpus, "--yes", "--outputs", str(results), "--codes", str(codes)) == ExitStatus.DONE
    assert [json.loads(line)["id"] for line in codes.read_text().splitlines()] == ["E1#0-10"]
    lines = [json.loads(line) for line in (results / "p.jsonl").read_text(encoding="utf-8").splitlines()]
    assert {line["document"] for line in lines} == {"E1"}
    assert "jamais les silences" not in (results / "p.csv").read_text(encoding="utf-8")
    receipt = (tmp_path / "recu.md").read_text(encoding="utf-8")
    to_do = receipt.split("## Reste à faire")[1]
    assert all(f"{name}`" in to_do for name in ("p.xlsx", "p.qdpx", "r.json", "r.csv"))
    assert "jamais les silences" not in receipt


def test_rows_leave_a_table_of_texts(tmp_path: Path) -> None:
    folder = tmp_path / "corpus"
    folder.mkdir()
    table = folder / "textes.csv"
    table.write_bytes(
        'id;texte\r\nA;"On écoute ;\r\nlongtemps."\r\nB;On compte les actes.\r\nC;On attend.\r\n'.encode("cp1252")
    )
    assert withdraw("A", folder, "--yes") == ExitStatus.DONE
    assert table.read_bytes().decode("cp1252").split() == [
        "id;texte",
        "B;On",
        "compte",
        "les",
        "actes.",
        "C;On",
        "attend.",
    ]


def test_a_copy_in_another_format_leaves_too(corpus: Path) -> None:
    text = "Ce matin-là, " + "nous avons attendu que chacun trouve ses mots avant de parler du planning. " * 8
    (corpus / "note.txt").write_text(text, encoding="utf-8")
    (corpus / "note.md").write_text(text, encoding="utf-8")
    assert withdraw("note.md", corpus, "--yes") == ExitStatus.DONE
    assert not list(corpus.glob("note.*"))


def test_those_who_stay_keep_their_place(corpus: Path, tmp_path: Path) -> None:
    before, after = tmp_path / "avant.jsonl", tmp_path / "apres.jsonl"
    assert run(["tag", str(corpus), "-q", "-o", str(before)]) == ExitStatus.DONE
    assert withdraw("P2", corpus, "--yes") == ExitStatus.DONE
    assert run(["tag", str(corpus), "-q", "-o", str(after)]) == ExitStatus.DONE
    rows = [json.loads(line) for line in before.read_text(encoding="utf-8").splitlines()]
    kept = {row["id"]: row["text"] for row in rows if row["speaker"] != "Paul"}
    assert {r["id"]: r["text"] for r in map(json.loads, after.read_text(encoding="utf-8").splitlines())} == kept


def test_codes_without_speaker_leave_by_their_text(corpus: Path, tmp_path: Path) -> None:
    project, codes = tmp_path / "p.qdpx", tmp_path / "codes.jsonl"
    assert run(["tag", str(corpus), "-q", "-f", "qdpx", "-o", str(project)]) == ExitStatus.DONE
    assert run(["coding", "import", str(project), "-q", "-o", str(codes)]) == ExitStatus.DONE
    assert "rester un moment" in codes.read_text(encoding="utf-8")
    assert withdraw("E1:Paul", corpus, "--yes", "--codes", str(codes)) == ExitStatus.DONE
    left = codes.read_text(encoding="utf-8")
    assert "rester un moment" not in left
    assert "le temps" in left or "métier" in left


def test_whole_texts_in_results_are_to_be_made_again(corpus: Path, tmp_path: Path) -> None:
    results = tmp_path / "resultats"
    results.mkdir()
    for form, name in (("doccano", "d.jsonl"), ("prodigy", "p.jsonl")):
        assert run(["tag", str(corpus), "-q", "-f", form, "-o", str(results / name)]) == ExitStatus.DONE
    summary = results / "s.md"
    assert run(["analyse", str(corpus), "-q", "-f", "md", "-o", str(summary)]) == ExitStatus.DONE
    assert withdraw("E1:Paul", corpus, "--yes", "--outputs", str(results)) == ExitStatus.DONE
    to_do = (tmp_path / "recu.md").read_text(encoding="utf-8").split("## Reste à faire")[1]
    assert all(f"{name}`" in to_do for name in ("d.jsonl", "p.jsonl", "s.md"))


def test_a_workbook_is_left_to_people(tmp_path: Path) -> None:
    folder = tmp_path / "corpus"
    folder.mkdir()
    book = Workbook()
    for row in (("id", "texte"), ("R1", "On écoute longtemps chacun."), ("R2", "On compte les actes du mois.")):
        book.active.append(row)
    book.save(folder / "x.xlsx")
    assert withdraw("R1", folder, "--yes") == ExitStatus.CHECK_FAILED
    assert "x.xlsx`" in (tmp_path / "recu.md").read_text(encoding="utf-8").split("## Reste à faire")[1]


def test_texts_numbered_in_a_file_change_their_number_and_it_is_said(tmp_path: Path) -> None:
    folder = tmp_path / "corpus"
    folder.mkdir()
    said = [f"Ce jour-là, l’équipe {n} a pris le temps de parler avec chaque résident du foyer." for n in range(3)]
    (folder / "c.txt").write_text("".join(f"**** *n_{n}\n{text}\n\n" for n, text in enumerate(said)), encoding="utf-8")
    codes = tmp_path / "codes.jsonl"
    rows = [{"id": f"c#{n + 1}#10-90", "document": f"c#{n + 1}", "text": text} for n, text in enumerate(said)]
    codes.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    assert withdraw("c#2", folder, "--yes", "--codes", str(codes)) == ExitStatus.CHECK_FAILED
    assert "codes.jsonl`" in (tmp_path / "recu.md").read_text(encoding="utf-8").split("## Reste à faire")[1]
    # The text that has become the second one leaves by what it says, whatever its codes call it.
    assert withdraw("c#2", folder, "--yes", "--codes", str(codes)) in (ExitStatus.DONE, ExitStatus.CHECK_FAILED)
    assert [json.loads(line)["text"] for line in codes.read_text(encoding="utf-8").splitlines()] == said[:1]


def test_links_backups_and_names_said_by_others(corpus: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "ailleurs"
    elsewhere.mkdir()
    (elsewhere / "vrai.txt").write_text(ALONE.replace("Lina", "Nadia").replace("repas", "lits"), encoding="utf-8")
    (corpus / "E3.txt").symlink_to(elsewhere / "vrai.txt")
    (corpus / "E2.txt~").write_text(ALONE, encoding="utf-8")
    (corpus / "E1.txt").write_text(GROUP.replace("On se relaie", "Comme dit Paul, on se relaie"), encoding="utf-8")
    assert withdraw("E2", corpus, "--yes") == ExitStatus.DONE
    assert not (corpus / "E2.txt~").exists()
    assert withdraw("E3", corpus, "--yes") == ExitStatus.CHECK_FAILED
    assert "vrai.txt`" in (tmp_path / "recu.md").read_text(encoding="utf-8")
    assert withdraw("P2", corpus, "--yes") == ExitStatus.DONE
    assert "son nom" in (tmp_path / "recu.md").read_text(encoding="utf-8")


def test_the_tables_wait_for_what_is_left_to_people(corpus: Path) -> None:
    with zipfile.ZipFile(corpus / "lot.zip", "w") as archive:
        archive.writestr("E5.txt", ALONE.replace("Lina", "Nadia").replace("repas", "lits"))
    with (corpus / "speakers.csv").open("a", encoding="utf-8") as stream:
        stream.write("E5,Nadia,P3,enquêté\n")
    assert withdraw("P3", corpus, "--yes") == ExitStatus.CHECK_FAILED
    assert "Nadia" in (corpus / "speakers.csv").read_text(encoding="utf-8")
    receipt = (corpus.parent / "recu.md").read_text(encoding="utf-8")
    assert "n’a pas été relu" in receipt
    (corpus / "lot.zip").unlink()  # done by hand
    assert withdraw("P3", corpus, "--yes") == ExitStatus.DONE
    assert "P3" not in (corpus / "speakers.csv").read_text(encoding="utf-8")


def test_the_list_beside_a_renamed_copy_loses_its_rows(corpus: Path, tmp_path: Path) -> None:
    results = tmp_path / "resultats"
    results.mkdir()
    (results / "document-57.txt").write_text(ALONE.replace("Lina", "P-8"), encoding="utf-8")
    (results / "a_relire.csv").write_text("document,contexte\ndocument-57,on comptait\nE1,autre\n", encoding="utf-8")
    assert withdraw("E2", corpus, "--yes", "--outputs", str(results)) == ExitStatus.DONE
    assert (results / "a_relire.csv").read_text(encoding="utf-8") == "document,contexte\nE1,autre\n"
    assert "document-57.txt`" in (tmp_path / "recu.md").read_text(encoding="utf-8")


def test_a_person_never_heard_leaves_the_table(corpus: Path) -> None:
    with (corpus / "speakers.csv").open("a", encoding="utf-8") as stream:
        stream.write("E9,Inconnue,P77,enquêté\n")
    assert withdraw("P77", corpus, "--yes") == ExitStatus.DONE
    assert "P77" not in (corpus / "speakers.csv").read_text(encoding="utf-8")


def test_a_name_that_nobody_bears(corpus: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = contents(corpus)
    assert withdraw("E9", corpus, "--yes") == ExitStatus.UNUSABLE_INPUT
    assert contents(corpus) == before
    assert "corpus info" in capsys.readouterr().err
