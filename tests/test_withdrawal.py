"""A person or a text leaves: the corpus, its tables, its codes and its results, as if it had never been there."""

import codecs
import io
import json
import shutil
import sys
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


def test_the_rows_of_a_text_that_is_no_longer_there_leave(corpus: Path, tmp_path: Path) -> None:
    codes = tmp_path / "codes.jsonl"
    codes.write_text('{"id": "E2#1-2", "document": "E2"}\n{"id": "E1#1-2", "document": "E1"}\n', encoding="utf-8")
    (corpus / "E2.txt").unlink()  # by hand, before anything else
    assert withdraw("E2", corpus, "--yes", "--codes", str(codes)) == ExitStatus.DONE
    assert (corpus / "metadata.csv").read_text(encoding="utf-8") == "id,genre\nE1,collectif\n"
    assert "Lina" not in (corpus / "speakers.csv").read_text(encoding="utf-8")
    assert codes.read_text(encoding="utf-8") == '{"id": "E1#1-2", "document": "E1"}\n'


def test_the_target_of_a_link_keeps_no_row_waiting(corpus: Path, tmp_path: Path) -> None:
    (tmp_path / "vrai.txt").write_text(ALONE, encoding="utf-8")
    (corpus / "E2.txt").unlink()
    (corpus / "E2.txt").symlink_to(tmp_path / "vrai.txt")
    assert withdraw("E2", corpus, "--yes") == ExitStatus.CHECK_FAILED  # the target is left to people
    assert (corpus / "metadata.csv").read_text(encoding="utf-8") == "id,genre\nE1,collectif\n"


def test_a_name_that_nobody_bears(corpus: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = contents(corpus)
    assert withdraw("E9", corpus, "--yes") == ExitStatus.UNUSABLE_INPUT
    assert contents(corpus) == before
    assert "corpus info" in capsys.readouterr().err


# --- tables of texts -----------------------------------------------------------------------------------------


def one_file(tmp_path: Path, name: str, data: bytes | str) -> Path:
    """A corpus of one file."""
    folder = tmp_path / "corpus"
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_bytes(data.encode("utf-8") if isinstance(data, str) else data)
    return path


def to_do(tmp_path: Path) -> str:
    return (tmp_path / "recu.md").read_text(encoding="utf-8").split("## Reste à faire")[1]


@pytest.mark.parametrize("name", ["B", "C"])
def test_the_same_answer_of_somebody_else_stays(tmp_path: Path, name: str) -> None:
    rows = {"A": "On verra bien.", "B": "On verra bien.", "C": "On verra bien.", "D": "Rien à dire."}
    table = one_file(tmp_path, "textes.csv", "".join(f"{k};{v}\n" for k, v in {"id": "texte", **rows}.items()))
    lines = one_file(
        tmp_path, "autres.jsonl", "".join(json.dumps({"id": f"J{k}", "texte": rows[k]}) + "\n" for k in rows)
    )
    before = table.read_text(encoding="utf-8"), lines.read_text(encoding="utf-8")
    assert withdraw(name, table.parent, "--yes") == ExitStatus.DONE
    assert table.read_text(encoding="utf-8") == before[0].replace(f"{name};{rows[name]}\n", "")
    assert lines.read_text(encoding="utf-8") == before[1]
    assert withdraw(f"J{name}", table.parent, "--yes") == ExitStatus.DONE
    assert [json.loads(line)["id"] for line in lines.read_text(encoding="utf-8").splitlines()] == [
        f"J{other}" for other in rows if other != name
    ]


def test_a_row_is_known_by_its_text_never_by_a_remark_that_says_the_same(tmp_path: Path) -> None:
    # A has no text of its own: what it quotes in a remark is the text of B.
    table = one_file(
        tmp_path, "textes.csv", "id;remarque;texte\nA;On verra bien.;\nB;;On verra bien.\nC;;Rien à dire.\n"
    )
    assert withdraw("B", table.parent, "--yes") == ExitStatus.DONE
    assert table.read_text(encoding="utf-8") == "id;remarque;texte\nA;On verra bien.;\nC;;Rien à dire.\n"


@pytest.mark.parametrize(
    ("encoding", "mark"),
    [
        ("utf-8", b""),
        ("utf-8", codecs.BOM_UTF8),
        ("cp1252", b""),
        ("utf-16-le", codecs.BOM_UTF16_LE),
        ("utf-16-be", codecs.BOM_UTF16_BE),
    ],
)
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_every_other_byte_of_a_table_stays(tmp_path: Path, encoding: str, mark: bytes, end: str) -> None:
    rows = ["id;genre;texte", 'A;é;"On écoute ;', 'longtemps."', "B;œ;On compte les actes – 3 €.", "", "C;à;On attend."]
    table = one_file(tmp_path, "textes.csv", mark + end.join(rows).encode(encoding))
    metadata = one_file(tmp_path, "metadata.csv", mark + end.join(["id;lieu", "A;forêt", "B;été"]).encode(encoding))
    assert withdraw("A", table.parent, "--yes") == ExitStatus.DONE
    assert table.read_bytes() == mark + end.join([rows[0], *rows[3:]]).encode(encoding)
    assert metadata.read_bytes() == mark + end.join(["id;lieu", "B;été"]).encode(encoding)


def test_a_table_that_loses_its_only_text_keeps_its_other_rows(tmp_path: Path) -> None:
    # B was not read (a cell too many): its words are not those of A.
    table = one_file(tmp_path, "textes.csv", "id;texte\nA;On écoute longtemps.\nB;On compte;les actes.\n")
    assert withdraw("A", table.parent, "--yes") == ExitStatus.DONE
    assert table.read_text(encoding="utf-8") == "id;texte\nB;On compte;les actes.\n"


def test_a_table_of_one_row_goes_with_it(tmp_path: Path) -> None:
    table = one_file(tmp_path, "textes.csv", "id;texte\nA;On écoute longtemps.\n")
    assert withdraw("A", table.parent, "--yes") == ExitStatus.DONE
    assert not table.exists()


def test_a_quote_left_open_is_left_to_people(tmp_path: Path) -> None:
    content = 'id;texte\nA;On attend.\nB;"On écoute longtemps.\nC;On compte les actes.\n'
    table = one_file(tmp_path, "textes.csv", content)
    assert withdraw("B", table.parent, "--yes") == ExitStatus.CHECK_FAILED
    assert table.read_text(encoding="utf-8") == content
    assert "textes.csv`" in to_do(tmp_path)


def test_files_of_several_texts_are_left_to_people(tmp_path: Path) -> None:
    texts = ["L’équipe compte les actes du mois.", "L’équipe écoute longtemps chacun."]
    array = json.dumps([{"id": f"R{n}", "texte": text} for n, text in enumerate(texts)], ensure_ascii=False, indent=0)
    for name, data in (("a.json", array), ("b.jsonl", array)):
        path = one_file(tmp_path, name, data)
        assert withdraw("R0", path.parent, "--yes") == ExitStatus.CHECK_FAILED
        assert path.read_text(encoding="utf-8") == data
        assert f"{name}`" in to_do(tmp_path)
        path.unlink()


def test_the_turns_of_an_interview_in_a_table_are_left_to_people(tmp_path: Path) -> None:
    content = f'id;texte;lieu\nE1;"{GROUP}";Caen\n'
    table = one_file(tmp_path, "textes.csv", content)
    assert withdraw("E1:Paul", table.parent, "--yes") == ExitStatus.CHECK_FAILED
    assert [path.name for path in table.parent.iterdir()] == ["textes.csv"]
    assert table.read_text(encoding="utf-8") == content


def test_a_workbook_of_one_text_is_left_to_people(tmp_path: Path) -> None:
    book = Workbook()
    for row in (("id", "texte"), ("R1", "On écoute longtemps chacun.")):
        book.active.append(row)
    book.create_sheet("autres").append(("budget",))
    path = one_file(tmp_path, "x.xlsx", b"")
    book.save(path)
    assert withdraw("R1", path.parent, "--yes") == ExitStatus.CHECK_FAILED
    assert path.exists()


LEXICO = "<ville=Caen>\n<annee=2023>\nOn compte les actes.\n<annee=2024>\nOn écoute longtemps.\n"


@pytest.mark.parametrize(
    ("content", "name", "left"),
    [
        # The second text is in Caen because the first one says so.
        (LEXICO, "c#1", None),
        (LEXICO, "c#2", "<ville=Caen>\n<annee=2023>\nOn compte les actes.\n"),
        # The second text begins on the last line of the first one.
        ("<annee=2023>\nOn compte les actes. <annee=2024> On écoute.\n", "c#1", None),
        ("<annee=2023>\nOn compte les actes. <annee=2024> On écoute.\n", "c#2", None),
        ("**** *n_1\nOn compte.\n\n**** *n_2\nOn écoute.", "c#2", "**** *n_1\nOn compte.\n\n"),
        # Twice the very same lines: which one is whose would be a guess.
        ("**** *n_1\nOn compte.\n**** *n_1\nOn compte.\n**** *n_2\nOn va.\n", "c#1", None),
    ],
)
def test_only_whole_lines_leave_a_corpus_of_one_file(tmp_path: Path, content: str, name: str, left: str | None) -> None:
    path = one_file(tmp_path, "c.txt", content)
    assert withdraw(name, path.parent, "--yes") == (ExitStatus.CHECK_FAILED if left is None else ExitStatus.DONE)
    assert path.read_text(encoding="utf-8") == (content if left is None else left)


def test_the_text_that_stays_alone_in_its_file_loses_its_number(tmp_path: Path) -> None:
    path = one_file(tmp_path, "c.txt", "**** *n_1\nOn compte les actes.\n**** *n_2\nOn écoute longtemps.\n")
    codes = tmp_path / "codes.jsonl"
    codes.write_text(json.dumps({"id": "c#1#10-30", "document": "c#1", "text": "On compte les actes."}) + "\n", "utf-8")
    assert withdraw("c#2", path.parent, "--yes", "--codes", str(codes)) == ExitStatus.CHECK_FAILED
    assert "codes.jsonl`" in to_do(tmp_path)


# --- tables of documents and of speakers ---------------------------------------------------------------------


def test_other_cells_that_equal_a_code_or_a_name_remove_no_row(corpus: Path) -> None:
    speakers = (
        "document,speaker,person,role,age,rang\n"
        "E1,Aïcha,2,enquêté,1,3\nE1,Paul,1,enquêté,2,E2\nE2,Lina,3,enquêté,1,Paul\n,Zoé,4,enquêté,1,1\n"
    )
    (corpus / "speakers.csv").write_text(speakers, encoding="utf-8")
    (corpus / "metadata.csv").write_text("id,suite,genre\nE1,E2,1\nE2,E1,1\n", encoding="utf-8")
    assert withdraw("1", corpus, "--yes") == ExitStatus.DONE
    left = speakers.replace("E1,Paul,1,enquêté,2,E2\n", "")
    assert (corpus / "speakers.csv").read_text(encoding="utf-8") == left
    assert withdraw("E2", corpus, "--yes") == ExitStatus.DONE
    assert (corpus / "speakers.csv").read_text(encoding="utf-8") == left.replace("E2,Lina,3,enquêté,1,Paul\n", "")
    assert (corpus / "metadata.csv").read_text(encoding="utf-8") == "id,suite,genre\nE1,E2,1\n"


def test_a_row_for_every_text_goes_with_the_last_who_bears_the_label(corpus: Path) -> None:
    (corpus / "speakers.csv").write_text("speaker,age\nLina,54\nPaul,31\nEnquêtrice,40\n", encoding="utf-8")
    assert withdraw("E2", corpus, "--yes") == ExitStatus.DONE
    assert (corpus / "speakers.csv").read_text(encoding="utf-8") == "speaker,age\nPaul,31\nEnquêtrice,40\n"


def test_a_table_in_a_folder_below_and_a_configuration_are_told(corpus: Path, tmp_path: Path) -> None:
    (corpus / "lot").mkdir()
    (corpus / "lot" / "metadata.csv").write_text("id,genre\nE2,individuel\n", encoding="utf-8")
    (corpus / "tensions.toml").write_text('[speakers]\n"Lina" = "enquêté"\n', encoding="utf-8")
    assert withdraw("E2", corpus, "--yes") == ExitStatus.CHECK_FAILED
    assert "lot/metadata.csv`" in to_do(tmp_path)
    assert not (corpus / "E2.txt").exists()


# --- who is meant --------------------------------------------------------------------------------------------


def test_a_name_borne_by_a_text_and_by_one_of_its_voices_is_refused(
    corpus: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (corpus / "speakers.csv").write_text(SPEAKERS.replace("P2", "E1").replace("P3", "E2"), encoding="utf-8")
    before = contents(corpus)
    assert withdraw("E1", corpus, "--yes") == ExitStatus.UNUSABLE_INPUT
    assert "document:locuteur" in capsys.readouterr().err
    assert contents(corpus) == before
    assert withdraw("E2", corpus, "--yes") == ExitStatus.DONE  # the only voice of this text: the same thing
    assert withdraw("E1.txt", corpus, "--yes") == ExitStatus.DONE  # its file is the text, never somebody
    assert not (corpus / "E1.txt").exists()


def test_a_text_is_named_by_its_file_too(corpus: Path) -> None:
    assert withdraw("E2.txt", corpus, "--yes") == ExitStatus.DONE
    assert sorted(contents(corpus)) == ["E1.txt", "metadata.csv", "speakers.csv"]


def test_a_group_interview_in_two_formats_loses_the_same_turns_in_both(corpus: Path, tmp_path: Path) -> None:
    (corpus / "E1.md").write_text(GROUP, encoding="utf-8")
    assert withdraw("E1.txt:Paul", corpus, "--yes") == ExitStatus.CHECK_FAILED  # E1.txt stands beside E1.md
    assert "rester un moment" not in (corpus / "E1.txt").read_text(encoding="utf-8")
    assert "E1.md`" in to_do(tmp_path)


def test_nearly_the_same_text_of_somebody_else_stays(tmp_path: Path) -> None:
    asked = "Le formulaire demande si la personne a mangé, si elle a dormi, si elle a pris ses cachets, puis "
    filled = {name: asked * 8 + f"elle répond {answer}.\n" for name, answer in (("A", "oui"), ("B", "non"))}
    for name, text in filled.items():
        one_file(tmp_path, f"{name}.txt", text)
    assert withdraw("A", tmp_path / "corpus", "--yes") == ExitStatus.CHECK_FAILED
    assert not (tmp_path / "corpus" / "A.txt").exists()
    assert (tmp_path / "corpus" / "B.txt").read_text(encoding="utf-8") == filled["B"]
    assert "B.txt`" in to_do(tmp_path)


def test_two_sources_that_hold_the_same_name_are_refused(corpus: Path, tmp_path: Path) -> None:
    other = tmp_path / "autre"
    (corpus / "metadata.csv").unlink()
    shutil.copytree(corpus, other)
    (other / "E2.txt").write_text(ALONE.replace("repas", "lits"), encoding="utf-8")
    before = contents(corpus), contents(other)
    name = f"{other.name}/E2"
    assert withdraw(name, corpus, "--from", str(other), "--yes") == ExitStatus.UNUSABLE_INPUT
    assert (contents(corpus), contents(other)) == before


def test_the_standard_input_holds_nothing_to_withdraw(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(ALONE.encode("utf-8"))))
    assert run(["corpus", "withdraw", "stdin", "--from", "-", "--yes"]) == ExitStatus.UNUSABLE_INPUT
    assert "entrée standard" in capsys.readouterr().err


# --- turns ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("encoding", "mark"), [("utf-8", codecs.BOM_UTF8), ("cp1252", b""), ("utf-16-le", codecs.BOM_UTF16_LE)]
)
def test_every_other_byte_of_an_interview_stays(corpus: Path, encoding: str, mark: bytes) -> None:
    lines = GROUP.replace("\n", "\r\n")
    (corpus / "E1.txt").write_bytes(mark + lines.encode(encoding))
    assert withdraw("E1:Paul", corpus, "--yes") == ExitStatus.DONE
    blank = [" " * len(line) if line.startswith("Paul") else line for line in lines.split("\r\n")]
    assert (corpus / "E1.txt").read_bytes() == mark + "\r\n".join(blank).encode(encoding)


# --- results -------------------------------------------------------------------------------------------------


def results_of(tmp_path: Path, files: dict[str, bytes | str]) -> Path:
    folder = tmp_path / "resultats"
    folder.mkdir()
    for name, data in files.items():
        (folder / name).write_bytes(data.encode("utf-8") if isinstance(data, str) else data)
    return folder


def zipped(files: dict[str, bytes | str]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return stream.getvalue()


@pytest.mark.parametrize("option", ["--codes", "--outputs"])
def test_a_missing_file_of_results_stops_everything(
    corpus: Path, tmp_path: Path, option: str, capsys: pytest.CaptureFixture[str]
) -> None:
    before = contents(corpus)
    assert withdraw("E2", corpus, "--yes", option, str(tmp_path / "absent.jsonl")) == ExitStatus.UNUSABLE_INPUT
    said = capsys.readouterr().err
    assert all(part in said for part in ("absent.jsonl est introuvable", "Pourquoi", "À faire", "--codes"))
    assert contents(corpus) == before
    assert not (tmp_path / "recu.md").exists()


QUOTE = "je préfère rester un moment avec elle, même si le planning ne le prévoit pas"  # from the middle of a turn


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("note.txt", QUOTE),
        ("coupe.txt", QUOTE.replace(" ", "\n")),
        ("typo.txt", QUOTE.replace("é", "e\u0301").replace(" ", "\u00a0").upper()),
        ("page.html", f"<p>{QUOTE.replace('moment', '<mark>mo&shy;ment</mark>').replace('é', '&eacute;')}</p>"),
        ("liste.json", json.dumps({"dit": QUOTE})),
        ("liste.csv", f"passage\n{QUOTE}\n"),
        ("memo.md", zipped({"memo.txt": QUOTE})),
        ("projet.qdpx", zipped({"project.qde": "<Project/>", "sources/a.docx": zipped({"word/document.xml": QUOTE})})),
    ],
)
def test_words_of_who_left_are_found_again_however_they_are_written(
    corpus: Path, tmp_path: Path, name: str, content: bytes | str
) -> None:
    folder = results_of(tmp_path, {name: content, "sans.txt": "Les réunions ont disparu, dit l’équipe du foyer."})
    assert withdraw("E1:Paul", corpus, "--yes", "--outputs", str(folder)) == ExitStatus.DONE
    assert f"{name}`" in to_do(tmp_path)
    assert "sans.txt`" not in to_do(tmp_path)


def test_what_cannot_be_searched_is_told(corpus: Path, tmp_path: Path) -> None:
    bomb = zipped({"word/document.xml": b"0" * 40_000_000})
    whole = zipped({"project.qde": QUOTE})
    files: dict[str, bytes | str] = {
        "bombe.docx": bomb,
        "abime.qdpx": whole[: len(whole) // 2],
        "passages.parquet": b"PAR1" + QUOTE.encode(),
        "rapport.pdf": b"%PDF-1.4\n" + QUOTE.encode(),
        "rapport.rtf": b"{\\rtf1 je pr\\'e9f\\'e8re}",
        "dans.zip": zipped({"rapport.pdf": b"%PDF-1.4\n"}),
        "image.png": b"\x89PNG\r\n\x00\x00",
        "ouverts.csv": 'document,text\nE1,"ouvert\n',
    }
    folder = results_of(tmp_path, files)
    assert withdraw("E1:Paul", corpus, "--yes", "--outputs", str(folder)) == ExitStatus.DONE
    told = to_do(tmp_path)
    assert all(f"{name}` (ce fichier n’a pas pu être fouillé" in told for name in files)
    assert {name: (folder / name).read_bytes() for name in files} == {
        name: data.encode("utf-8") if isinstance(data, str) else data for name, data in files.items()
    }


def test_counts_that_name_no_text_are_told(corpus: Path, tmp_path: Path) -> None:
    folder = results_of(tmp_path, {"roles.csv": "by_role,passages\nenquêté,12\n", "vide.jsonl": ""})
    assert withdraw("E2", corpus, "--yes", "--outputs", str(folder)) == ExitStatus.DONE
    assert "roles.csv`" in to_do(tmp_path)
    assert "vide.jsonl`" not in to_do(tmp_path)


def test_a_short_code_leaves_by_its_place(corpus: Path, tmp_path: Path) -> None:
    codes = tmp_path / "codes.jsonl"
    at, other = GROUP.index("rester un moment"), GROUP.index("On badge")
    rows = [
        {"id": f"E1#{at}-{at + 16}", "document": "E1", "text": "rester un moment"},
        {"id": f"E1#{other}-{other + 8}", "document": "E1", "text": "On badge"},
        # Codes of a former version of the interview: the place is no longer that of these words.
        {"id": f"E1#{at}-{at + 8}", "document": "E1", "text": "On badge"},
        {"id": "c1", "document": "E1.txt", "start": at, "end": at + 6, "text": "rester"},
    ]
    codes.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    assert withdraw("E1:Paul", corpus, "--yes", "--codes", str(codes)) == ExitStatus.DONE
    assert [json.loads(line) for line in codes.read_text(encoding="utf-8").splitlines()] == rows[1:3]


def test_words_that_somebody_else_says_too_remove_nothing(corpus: Path, tmp_path: Path) -> None:
    rule = "chaque résident peut à tout moment demander à voir son projet personnalisé"
    with (corpus / "E1.txt").open("a", encoding="utf-8") as stream:
        stream.write(f"\nPaul : Le règlement dit que {rule}, et c’est tout.\n\nAïcha : Oui, {rule}.\n")
    codes = tmp_path / "codes.jsonl"
    codes.write_text(json.dumps({"id": "x", "document": "autre", "text": rule}) + "\n", encoding="utf-8")
    assert withdraw("E1:Paul", corpus, "--yes", "--codes", str(codes)) == ExitStatus.DONE
    assert json.loads(codes.read_text(encoding="utf-8"))["text"] == rule


def test_a_text_that_only_quotes_who_left_gives_its_name_to_no_row(corpus: Path, tmp_path: Path) -> None:
    quoted = ALONE.split("Lina : ")[1].split("\n")[0]
    folder = results_of(
        tmp_path,
        {
            "synthese.txt": "Les équipes racontent la même chose, d’un foyer à l’autre, depuis dix ans. " * 6 + quoted,
            "a_relire.csv": "document,contexte\nsynthese,gardez-moi\nE2,partez\n",
        },
    )
    assert withdraw("E2", corpus, "--yes", "--outputs", str(folder)) == ExitStatus.DONE
    assert (folder / "a_relire.csv").read_text(encoding="utf-8") == "document,contexte\nsynthese,gardez-moi\n"


def test_tables_beside_a_copy_of_the_interview_are_to_be_made_again(corpus: Path, tmp_path: Path) -> None:
    # The list for review of a pseudonymisation quotes thirty characters at a time, and does not say whose.
    listed = "document,contexte\nE1,rester un P-12 avec elle\nE1,la tablette\nE2,on comptait\n"
    folder = results_of(
        tmp_path,
        {
            "E1.txt": GROUP.replace("Paul", "P-12"),
            "E2.txt": ALONE,
            "a_relire.csv": listed,
            "speakers.csv": "document,speaker,age\nE1,P-12,54\n",
            "metadata.csv": "id,genre\nE1,collectif\n",
        },
    )
    assert withdraw("E1:Paul", corpus, "--yes", "--outputs", str(folder)) == ExitStatus.DONE
    told = to_do(tmp_path)
    assert all(f"resultats/{name}`" in told for name in ("E1.txt", "a_relire.csv", "speakers.csv"))
    assert all(f"resultats/{name}`" not in told for name in ("E2.txt", "metadata.csv"))
    assert (folder / "a_relire.csv").read_text(encoding="utf-8") == listed


def test_results_that_are_the_corpus_itself_have_their_steps_once(corpus: Path, tmp_path: Path) -> None:
    codes = tmp_path / "codes.jsonl"
    codes.write_text('{"id": "E2#1-2", "document": "E2", "text": "x"}\n{"id": "E1#1-2", "document": "E1"}\n', "utf-8")
    more = ["--codes", str(codes), "--codes", str(codes), "--outputs", str(tmp_path)]
    assert run(["corpus", "withdraw", "E2", "--from", str(corpus), *more, "--yes", "-o", str(tmp_path / "r.md")]) == 0
    assert codes.read_text(encoding="utf-8") == '{"id": "E1#1-2", "document": "E1"}\n'
    receipt = (tmp_path / "r.md").read_text(encoding="utf-8")
    assert all(receipt.count(f"{name}`") == 1 for name in ("codes.jsonl", "E2.txt", "metadata.csv", "speakers.csv"))


# --- files beside --------------------------------------------------------------------------------------------


def test_only_copies_of_the_text_itself_are_deleted(corpus: Path, tmp_path: Path) -> None:
    (corpus / ".carnet.md").write_text("Mon carnet de terrain, avec mes idées.\n\n" + ALONE, encoding="utf-8")
    (corpus / "E2.bak").write_text(ALONE, encoding="utf-8")
    (corpus / "E20.bak").write_text("Un autre entretien, sans rapport avec celui qui part.", encoding="utf-8")
    (corpus / "E2.mp3").write_bytes(b"ID3\x00\x00")
    (corpus / "E20.mp3").write_bytes(b"ID3\x00\x00")
    assert withdraw("E2", corpus, "--yes") == ExitStatus.CHECK_FAILED
    assert not (corpus / "E2.bak").exists()
    assert (corpus / ".carnet.md").exists()
    assert (corpus / "E20.bak").exists()
    told = to_do(tmp_path)
    assert ".carnet.md`" in told
    assert "E2.mp3`" in told
    assert "E20" not in told


# --- doing it ------------------------------------------------------------------------------------------------


def test_a_withdrawal_cut_short_is_taken_up(corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    codes = tmp_path / "codes.jsonl"
    codes.write_text('{"id": "E2#1-2", "document": "E2", "text": "x"}\n', encoding="utf-8")
    unlink = Path.unlink

    def refused(path: Path, missing_ok: bool = False) -> None:
        if path.name == "E2.txt":
            raise PermissionError(13, "")
        unlink(path, missing_ok=missing_ok)

    monkeypatch.setattr(Path, "unlink", refused)
    assert withdraw("E2", corpus, "--yes", "--codes", str(codes)) == ExitStatus.UNUSABLE_INPUT
    assert (corpus / "metadata.csv").read_text(encoding="utf-8") == METADATA  # the text is still there
    assert codes.read_text(encoding="utf-8") == ""
    monkeypatch.undo()
    assert withdraw("E2", corpus, "--yes", "--codes", str(codes)) == ExitStatus.DONE
    assert "E2" not in (corpus / "metadata.csv").read_text(encoding="utf-8")


@pytest.mark.parametrize("where", ["corpus/E1.txt", "corpus/recu.md", "codes.jsonl"])
def test_the_receipt_replaces_no_text_and_no_code(corpus: Path, tmp_path: Path, where: str) -> None:
    codes = tmp_path / "codes.jsonl"
    codes.write_text('{"id": "E1#1-2", "document": "E1", "text": "x"}\n', encoding="utf-8")
    before = contents(corpus), codes.read_bytes()
    command = ["corpus", "withdraw", "E2", "--from", str(corpus), "--codes", str(codes), "--yes"]
    assert run([*command, "-o", str(tmp_path / where)]) == ExitStatus.UNUSABLE_INPUT
    assert (contents(corpus), codes.read_bytes()) == before
