"""The table of speakers: what it says wins over guesses, loses to --speakers, and is never quoted."""

from pathlib import Path

import pytest

from tensions_cli.corpus.persons import (
    Person,
    Persons,
    declared_roles,
    find_persons,
    interviewers_named,
    load_all_persons,
    load_persons,
    persons_of,
    persons_report,
)
from tensions_cli.corpus.sources import Found
from tensions_cli.corpus.speakers import find_turns
from tensions_cli.errors import TensionsError
from tensions_cli.records import Block, Document, Role

INTERVIEW = (
    "E : Le cahier de liaison, vous le relisez quand ?\n"
    "A : Le matin, avant la tournée, avec ma collègue.\n"
    "E : Et les jours de remplacement ?\n"
    "A : Personne ne le relit, on passe directement aux soins.\n"
)

TABLE = (
    "document;speaker;person;role;trade;rank\n"
    "E01;E;P00;enquêteur;;\n"
    "E01;A;P07;enquêtée;aide à domicile;première de cordée\n"
    "E02;A;P08;;éducatrice;\n"
)


def document(text: str = INTERVIEW, name: str = "E01", metadata: dict[str, str] | None = None) -> Document:
    blocks, at = [], 0
    for line in text.split("\n"):
        if line.strip():
            blocks.append(Block(at, at + len(line)))
        at += len(line) + 1
    return Document(name, f"{name}.txt", "txt", text, tuple(blocks), metadata=metadata or {})


def table(tmp_path: Path, text: str = TABLE, encoding: str = "utf-8") -> Persons:
    path = tmp_path / "speakers.csv"
    path.write_bytes(text.encode(encoding))
    return load_persons(path)


def roles(found: Document) -> dict[str, tuple[Role | None, str]]:
    return {member.speaker: (member.role, member.ground) for member in found.cast}


def test_rows_give_person_role_and_every_other_column(tmp_path: Path) -> None:
    persons = table(tmp_path)
    found = find_turns(document(), table=declared_roles(document(), persons))
    assert persons_of(found, persons) == {
        "E": Person("P00", Role.INTERVIEWER, {}),
        "A": Person("P07", Role.RESPONDENT, {"trade": "aide à domicile", "rank": "première de cordée"}),
    }


def test_the_table_wins_over_the_guess_and_loses_to_the_option(tmp_path: Path) -> None:
    reversed_roles = "document,speaker,role\nE01,E,respondent\nE01,A,interviewer\n"
    known = declared_roles(document(), table(tmp_path, reversed_roles))
    assert known == {"E": Role.RESPONDENT, "A": Role.INTERVIEWER}
    guessed = find_turns(document())
    assert (guessed.cast[0].speaker, guessed.cast[0].role) == ("E", Role.INTERVIEWER)
    said = find_turns(document(), table=known)
    assert roles(said) == {
        "E": (Role.RESPONDENT, "table des locuteurs"),
        "A": (Role.INTERVIEWER, "table des locuteurs"),
    }
    assert not any("--speakers" in notice for notice in said.notices)
    forced = find_turns(document(), {"e": Role.INTERVIEWER, "a": Role.RESPONDENT}, table=known)
    assert {member.speaker: member.role for member in forced.cast} == {
        "E": Role.INTERVIEWER,
        "A": Role.RESPONDENT,
    }


def test_a_label_without_role_counts_and_its_role_is_still_guessed(tmp_path: Path) -> None:
    text = "Un.\nNote : On lit le cahier ?\nDeux.\nClaire : Oui, chaque matin, à deux.\nTrois.\n"
    one = document(text)
    assert find_turns(one).turns == ()
    persons = table(tmp_path, "speaker,role\nNote,enquêtrice\nClaire,\n")
    found = find_turns(one, table=declared_roles(one, persons))
    assert [(turn.speaker, turn.role) for turn in found.turns] == [
        ("Note", Role.INTERVIEWER),
        ("Claire", Role.RESPONDENT),
    ]


def test_documents_are_named_by_id_file_or_end_of_path(tmp_path: Path) -> None:
    persons = table(tmp_path, "file,speaker,person\nnord/E01.docx,A,P1\nE02,A,P2\n*,A,P3\n")

    def person(name: str) -> str | None:
        return persons_of(find_turns(document(name=name)), persons)["A"].code

    assert person("lot/nord/E01") == "P1"
    assert person("E02") == "P2"
    assert person("sud/E01") == "P3"  # the row of every document
    assert person("XE02") == "P3"


def test_labels_are_compared_as_turns_compare_them(tmp_path: Path) -> None:
    text = INTERVIEW.replace("A :", "Élodie :")
    persons = table(tmp_path, "document,speaker,person\nE01,ELODIE,P1\n")
    found = find_turns(document(text), table=declared_roles(document(text), persons))
    assert persons_of(found, persons)["Élodie"].code == "P1"


def test_everything_is_text_in_any_usual_encoding(tmp_path: Path) -> None:
    persons = table(tmp_path, "document;locuteur;personne;rôle;grade\nE01;A;007;enquêté;NA\n", "cp1252")
    assert persons.rows[0].person == Person("007", Role.RESPONDENT, {"grade": "NA"})
    assert table(tmp_path, "\ufeff" + TABLE).rows == table(tmp_path).rows


def test_what_does_not_fit_is_counted_by_line_and_never_quoted(tmp_path: Path) -> None:
    persons = table(
        tmp_path,
        "document,speaker,person,role\nE01,E,Secret Un,patronne\nE01,Z,Secret Deux,\nE09,A,Secret Trois,enquêté\n"
        "E01,,Secret Quatre,\nE01,e,Secret Cinq,\n",
    )
    found = find_turns(document(), table=declared_roles(document(), persons))
    told = [*persons.notices, *persons_report([found], persons)]
    assert any("rôles non compris" in notice and "fichier\u00a0: 2)" in notice for notice in told)
    assert any("sans étiquette" in notice and "fichier\u00a0: 5)" in notice for notice in told)
    assert any("répétées" in notice and "fichier\u00a0: 6)" in notice for notice in told)
    assert any("aucun locuteur" in notice and "\u00a0: 2 (lignes du fichier\u00a0: 3, 4)" in notice for notice in told)
    assert any(notice.endswith("locuteurs sans ligne\u00a0: 1") for notice in told)
    assert not any("Secret" in notice or "patronne" in notice for notice in told)


def test_no_table_says_nothing() -> None:
    assert persons_report([find_turns(document())], Persons()) == ()
    assert declared_roles(document(), Persons()) == {}


def test_unusable_tables_are_refused_in_three_parts(tmp_path: Path) -> None:
    with pytest.raises(TensionsError) as refused:
        table(tmp_path, "document,person\nE01,P1\n")
    assert "étiquettes" in refused.value.why
    with pytest.raises(TensionsError):
        load_persons(tmp_path / "absent.csv")
    (tmp_path / "speakers.csv").write_bytes(b"a\x00b")
    with pytest.raises(TensionsError):
        load_persons(tmp_path / "speakers.csv")


def test_tables_of_the_folders_are_found_and_read_as_one(tmp_path: Path) -> None:
    folders = (tmp_path / "a", tmp_path / "b", tmp_path / "c")
    for folder in folders:
        folder.mkdir()
    for folder in folders[:2]:
        (folder / "speakers.csv").write_text("speaker,person\nA,P1\n", encoding="utf-8")
    paths = find_persons(Found((), (), folders))
    assert paths == (folders[0] / "speakers.csv", folders[1] / "speakers.csv")
    assert len(load_all_persons(paths).rows) == 2


def test_txm_columns_name_the_interviewers() -> None:
    metadata = {"structure": "IME", "enq1": "ENQ", "Enq2": " Paul ", "enq3": "", "enquete": "A"}
    assert interviewers_named(metadata) == {"ENQ": Role.INTERVIEWER, "Paul": Role.INTERVIEWER}
    text = INTERVIEW.replace("E :", "BB :")
    one = document(text, metadata={"enq1": "A"})
    found = find_turns(one, table=declared_roles(one, Persons()))
    assert {member.speaker: member.role for member in found.cast} == {"BB": Role.RESPONDENT, "A": Role.INTERVIEWER}
