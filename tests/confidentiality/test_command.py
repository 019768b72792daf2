"""The folder that the command writes, and everything that it must never show."""

import csv
import os
import stat
import sys
from pathlib import Path

import pytest

from tensions_cli import pseudonymisation
from tensions_cli.commands import corpus_pseudonymise
from tensions_cli.commands.common import build_options, print_error
from tensions_cli.confidentiality import pseudonyms
from tensions_cli.errors import TensionsError
from tensions_cli.knowledge.files import read_bytes
from tensions_cli.output.corpora import clean_txt
from tensions_cli.pipeline import load

OPTIONS = build_options(by=(), speakers=None, unit="passage")
CANARIES = ("Quirinelle", "Zorgabule", "ZZTOP", "quirinelle@secret.example", "06 99 88 77 66")
INTERVIEW = """Enquêtrice : Vous travaillez ici depuis longtemps ?

Quirinelle : Oui, depuis dix ans. Moi c'est Quirinelle Zorgabule, on m'appelle au 06 99 88 77 66, ou par mail à
quirinelle@secret.example. Mme Zorgabule, c'est ma mère.

Enquêtrice : Et la direction, comment elle voit les choses ?

Quirinelle : La direction, on la voit le mardi, elle nous parle des tableaux et du taux d'occupation.
"""


def pseudonymised(
    sources: Path, output: Path, *, table: Path | None = None, write_table: Path | None = None, quiet: bool = False
) -> int:
    """Status of the command, errors printed as the command line prints them."""
    try:
        return corpus_pseudonymise.run([str(sources)], OPTIONS, output, table, write_table, quiet=quiet, strict=False)
    except TensionsError as error:
        print_error(error)
        return error.status


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    folder = tmp_path / "corpus"
    folder.mkdir()
    (folder / "Zorgabule_Quirinelle.txt").write_text(INTERVIEW, encoding="utf-8")
    (folder / "e2.txt").write_text(INTERVIEW.replace("longtemps", "peu de temps"), encoding="utf-8")
    (folder / "metadata.csv").write_text(
        "id,prenom,ville,genre,remarque\n"
        "Zorgabule_Quirinelle,Quirinelle,ZZTOPville,entretien,vue avec Mme Zorgabule\n"
        "e2,Quirinelle,ZZTOPville,entretien,\n",
        encoding="utf-8",
    )
    return folder


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def assert_silent(text: str, *more: str) -> None:
    assert not [canary for canary in (*CANARIES, *more) if canary.casefold() in text.casefold()]


def test_nothing_of_the_source_is_left_anywhere(
    corpus: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "sortie"
    assert pseudonymised(corpus, output) == 0
    said = capsys.readouterr()
    assert_silent(said.out + said.err, str(tmp_path))
    names = sorted(path.name for path in output.iterdir())
    assert_silent(" ".join(names))
    assert "e2.txt" in names
    assert [name for name in names if name.startswith("document-")]
    for path in output.iterdir():
        assert_silent(path.read_text(encoding="utf-8"))


def test_what_is_written_is_private_and_complete(corpus: Path, tmp_path: Path) -> None:
    output = tmp_path / "sortie"
    assert pseudonymised(corpus, output, quiet=True) == 0
    assert {path.name for path in output.iterdir()} >= {"metadata.csv", "a_relire.csv", "e2.txt"}
    if os.name == "posix":
        assert {stat.S_IMODE(path.stat().st_mode) for path in output.iterdir()} == {0o600}
        assert stat.S_IMODE(output.stat().st_mode) == 0o700


def test_sources_are_untouched(corpus: Path, tmp_path: Path) -> None:
    before = {path.name: path.read_bytes() for path in corpus.iterdir()}
    assert pseudonymised(corpus, tmp_path / "sortie", quiet=True) == 0
    assert {path.name: path.read_bytes() for path in corpus.iterdir()} == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["corpus", "sortie"]


def test_turns_are_read_again(corpus: Path, tmp_path: Path) -> None:
    output = tmp_path / "sortie"
    assert pseudonymised(corpus, output, quiet=True) == 0
    before = load([str(corpus / "e2.txt")], OPTIONS).documents[0]
    after = load([str(output / "e2.txt")], OPTIONS).documents[0]
    assert [turn.role for turn in after.turns] == [turn.role for turn in before.turns]
    assert len({turn.speaker for turn in after.turns}) == 2
    assert clean_txt(after).count("Enquêtrice : ") == 2


def test_the_review_list_points_at_the_written_text(corpus: Path, tmp_path: Path) -> None:
    output = tmp_path / "sortie"
    assert pseudonymised(corpus, output, quiet=True) == 0
    listed = rows(output / "a_relire.csv")
    in_text = [row for row in listed if row["position"].isdigit() and row["code"]]
    assert in_text
    for row in in_text:
        text = (output / f"{row['document']}.txt").read_text(encoding="utf-8")
        assert text[int(row["position"]) :].startswith(row["code"])
    assert {row["confiance"] for row in listed} <= {"sûr", "à vérifier", "laissé"}
    assert {row["position"] for row in listed if row["categorie"] == "lieu"} == {"metadata.csv, ville"}


def test_metadata_keep_what_identifies_nobody(corpus: Path, tmp_path: Path) -> None:
    output = tmp_path / "sortie"
    assert pseudonymised(corpus, output, quiet=True) == 0
    first, second = rows(output / "metadata.csv")
    assert first["genre"] == "entretien"
    assert first["ville"] == second["ville"] != ""
    assert first["prenom"] == second["prenom"]
    assert "document" not in first


def test_the_counts_are_the_data(corpus: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert pseudonymised(corpus, tmp_path / "sortie", quiet=True) == 0
    said = capsys.readouterr()
    lines = {line.split("  ")[0]: line.split() for line in said.out.splitlines()}
    assert lines["téléphone"][1] == "2"
    assert lines["adresse mail"][2] == "2"
    assert said.err.splitlines() == [
        "Pseudonymisation à relire\u00a0: 2 textes écrits. Relisez chaque texte avec a_relire.csv."
    ]


def test_the_table_is_read_and_never_copied(corpus: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table = tmp_path / "noms.csv"
    table.write_text("nom;code\nQuirinelle Zorgabule;P-01\nIntrouvable Zztopette;P-02\n", encoding="utf-8")
    output = tmp_path / "sortie"
    assert pseudonymised(corpus, output, table=table) == 0
    said = capsys.readouterr()
    assert "1 ligne employée, 1 sans occurrence" in said.err
    assert "P-01" in (output / "e2.txt").read_text(encoding="utf-8")
    everything = " ".join(path.read_text(encoding="utf-8") for path in output.iterdir())
    assert_silent(everything + said.err + said.out, "Introuvable")


def test_the_correspondence_is_written_only_where_it_is_asked_for(corpus: Path, tmp_path: Path) -> None:
    kept = tmp_path / "correspondance.csv"
    first, second = tmp_path / "un", tmp_path / "deux"
    assert pseudonymised(corpus, first, write_table=kept, quiet=True) == 0
    assert "Quirinelle" in kept.read_text(encoding="utf-8")
    if os.name == "posix":
        assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    (corpus / "e3.txt").write_text(
        "Enquêtrice : Et vous ?\n\nBérengère : Je viens d'arriver avec Karim.\n", encoding="utf-8"
    )
    assert pseudonymised(corpus, second, table=kept, quiet=True) == 0
    assert (second / "e2.txt").read_bytes() == (first / "e2.txt").read_bytes()


@pytest.mark.parametrize("where", ["sortie/noms.csv", "corpus/noms.csv", "ancien.csv"])
def test_the_correspondence_never_goes_with_the_texts(
    corpus: Path, tmp_path: Path, where: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "ancien.csv").write_text("nom;code\n", encoding="utf-8")
    assert pseudonymised(corpus, tmp_path / "sortie", write_table=tmp_path / where) == 2
    assert not (tmp_path / "sortie").exists()
    assert (tmp_path / "ancien.csv").read_text(encoding="utf-8") == "nom;code\n"
    assert_silent(capsys.readouterr().err)


def test_a_folder_that_holds_something_or_a_source_is_refused(
    corpus: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    full = tmp_path / "plein"
    full.mkdir()
    (full / "x.txt").write_text("x", encoding="utf-8")
    assert pseudonymised(corpus, full) == 2
    assert pseudonymised(corpus, corpus / "sortie") == 2
    assert sorted(path.name for path in full.iterdir()) == ["x.txt"]
    assert_silent(capsys.readouterr().err)


def test_bad_input_names_nobody(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "ZZTOP_dossier"
    folder.mkdir()
    (folder / "Quirinelle.docx").write_bytes(b"PK\x03\x04 Zorgabule")
    (folder / "vide_Zorgabule.txt").write_bytes(b"")
    assert pseudonymised(folder, tmp_path / "sortie") == 2
    assert pseudonymised(tmp_path / "Quirinelle_absent", tmp_path / "sortie") == 2
    (folder / "bon.txt").write_text(INTERVIEW, encoding="utf-8")
    assert pseudonymised(folder, tmp_path / "sortie") == 3  # the good one is written, the others are counted
    (folder / "metadata.csv").write_bytes(b"\x00\x00Quirinelle")
    assert pseudonymised(folder, tmp_path / "autre") == 2
    table = tmp_path / "noms.csv"
    table.write_text("Quirinelle;Zorgabule\nx;y\n", encoding="utf-8")
    (folder / "metadata.csv").unlink()
    assert pseudonymised(folder, tmp_path / "autre", table=table) == 2
    assert pseudonymised(folder, tmp_path / "autre", table=tmp_path / "Zorgabule.csv") == 2
    said = capsys.readouterr()
    assert_silent(said.out + said.err)
    assert not (tmp_path / "autre").exists()


def test_an_interruption_leaves_nothing(corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write, written = Path.write_bytes, []

    def interrupted(path: Path, data: bytes) -> int:
        if written:
            raise KeyboardInterrupt
        written.append(path)
        return write(path, data)

    monkeypatch.setattr(Path, "write_bytes", interrupted)
    with pytest.raises(KeyboardInterrupt):
        corpus_pseudonymise.run(
            [str(corpus)], OPTIONS, tmp_path / "sortie", None, tmp_path / "noms.csv", quiet=True, strict=False
        )
    assert sorted(path.name for path in tmp_path.iterdir()) == ["corpus"]


INITIALS = """Enquêtrice : On parle de la marée d'un soir ?

Mme D. : D'abord, Mlle D. est partie, et Mme D. est restée. Tu m'as dit d'abord, marée d'un jour.

Dr D. : À demain, dit le professeur D. à la fin.

Enquêtrice : Anne D. est là, Anne d'abord.
"""


def test_the_written_table_gives_the_same_texts_again(tmp_path: Path) -> None:
    folder, kept = tmp_path / "corpus", tmp_path / "noms.csv"
    folder.mkdir()
    (folder / "ent1.txt").write_text(INITIALS, encoding="utf-8")
    (folder / "Quirinelle.txt").write_text(INTERVIEW, encoding="utf-8")
    assert pseudonymised(folder, tmp_path / "un", write_table=kept, quiet=True) == 0
    assert pseudonymised(folder, tmp_path / "deux", table=kept, quiet=True) == 0
    texts = {path.name: path.read_text(encoding="utf-8") for path in (tmp_path / "un").glob("*.txt")}
    assert {path.name: path.read_text(encoding="utf-8") for path in (tmp_path / "deux").glob("*.txt")} == texts
    assert "marée d'un jour" in texts["ent1.txt"]
    assert "D. : " not in texts["ent1.txt"]
    assert texts["ent1.txt"].count("d'abord") == 2


def test_only_file_names_that_name_somebody_change(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder, kept = tmp_path / "corpus", tmp_path / "noms.csv"
    folder.mkdir()
    texts = {
        "zorgabule-2": INTERVIEW,
        "ent1": INITIALS,
        "E4-educatrice-aemo": "Le matin, on prépare les visites, puis on part voir les familles en voiture.\n",
    }
    for name, text in texts.items():
        (folder / f"{name}.txt").write_text(text, encoding="utf-8")
    assert pseudonymised(folder, tmp_path / "sortie", write_table=kept) == 0
    names = {path.stem for path in (tmp_path / "sortie").glob("*.txt")}
    assert names > {"E4-educatrice-aemo", "ent1"}
    (code,) = names - {"E4-educatrice-aemo", "ent1"}
    assert f"zorgabule-2;{code};document" in kept.read_text(encoding="utf-8").splitlines()
    assert "1 nom de fichier remplacé\u00a0: la table de --write-table" in capsys.readouterr().err


def test_declared_speakers_are_read_again(corpus: Path, tmp_path: Path) -> None:
    (corpus / "speakers.csv").write_text(
        "document,speaker,person,role,metier,ami\n"
        "e2,Enquêtrice,E,respondent,cadre,Mme Zorgabule\ne2,Quirinelle,Quirinelle,interviewer,aide,\n",
        encoding="utf-8",
    )
    output = tmp_path / "sortie"
    assert pseudonymised(corpus, output, quiet=True) == 0
    assert_silent((output / "speakers.csv").read_text(encoding="utf-8"))
    (before,) = [one for one in load([str(corpus)], OPTIONS).documents if one.id == "e2"]
    (after,) = [one for one in load([str(output)], OPTIONS).documents if one.id == "e2"]
    assert [turn.role for turn in after.turns] == [turn.role for turn in before.turns]
    assert [one.attributes["metier"] for one in after.cast] == [one.attributes["metier"] for one in before.cast]


def test_the_result_is_never_called_anonymous() -> None:
    files = [
        Path(pseudonyms.__file__).parent,
        Path(corpus_pseudonymise.__file__),
        Path(pseudonymisation.__file__),
    ]
    sources = [path for file in files for path in (file.rglob("*.py") if file.is_dir() else [file])]
    said = [path.read_text(encoding="utf-8") for path in sources] + [read_bytes("identifiers.toml").decode("utf-8")]
    assert len(said) > 5
    assert not any("anonym" in text.casefold() for text in said)
    assert sys.modules["tensions_cli.commands.corpus_pseudonymise"] is corpus_pseudonymise
