"""Hostile and clumsy input through the command line: a documented status, a French reason, nothing lost or leaked."""

import contextlib
import csv
import io
import json
import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import docx
import pytest

from tensions_cli import cli
from tensions_cli.commands import tag as tag_command

pytestmark = pytest.mark.skipif(os.name != "posix", reason="links, pipes, signals and names of POSIX systems")

MODEL = Path(__file__).parents[1] / "models" / "standard"

GOOD = (
    "Le directeur a présenté le tableau de bord des indicateurs. Les éducateurs ont rappelé que le temps passé "
    "avec chaque famille ne se compte pas, alors que la grille doit être remplie avant vendredi.\n\n"
    "La cheffe de service accompagne les jeunes vers leur logement et défend la confiance construite avec eux.\n"
)
# Words that no message may hold: they stand for what a participant said, and for a person's name.
CANARIES = ("ZZTOPSECRET", "Quirinelle")
SAID = "ZZTOPSECRET Quirinelle"


@dataclass(frozen=True)
class Outcome:
    """One command line: its status and what it wrote."""

    status: int
    out: str
    err: str

    def rows(self) -> list[dict[str, object]]:
        return [json.loads(line) for line in self.out.split("\n")[:-1]]

    def documents(self) -> set[object]:
        return {row["document"] for row in self.rows()}


Command = Callable[..., Outcome]


@pytest.fixture
def tensions(capfd: pytest.CaptureFixture[str]) -> Command:
    """Run one command line in this process. Nothing may ever escape, nor be our own fault (70)."""

    def command(*arguments: object) -> Outcome:
        capfd.readouterr()
        status = cli.run([str(argument) for argument in arguments])
        out, err = capfd.readouterr()
        assert status != 70, err
        assert "Traceback" not in err
        return Outcome(int(status), out, err)

    return command


def explained(err: str) -> bool:
    """An error says what and where, why, and what to type next (design, section 3)."""
    starts = [line.replace("\u00a0", " ").partition(" : ")[0] for line in err.splitlines()]
    return all(part in starts for part in ("Erreur", "Pourquoi", "À faire"))


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    """A folder with one good text."""
    folder = tmp_path / "corpus"
    folder.mkdir()
    (folder / "bon.txt").write_text(GOOD, encoding="utf-8")
    return folder


def word(*paragraphs: str) -> bytes:
    document = docx.Document()
    for paragraph in paragraphs:
        document.add_paragraph(paragraph)
    content = io.BytesIO()
    document.save(content)
    return content.getvalue()


def repacked(data: bytes, change: Callable[[str, bytes], bytes | None]) -> bytes:
    """A Word file whose parts were changed; None drops a part."""
    content = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            changed = change(name, old.read(name))
            if changed is not None:
                new.writestr(name, changed)
    return content.getvalue()


def in_body(data: bytes, before: bytes) -> bytes:
    """A Word file with something written just before its root element."""

    def change(name: str, part: bytes) -> bytes:
        return part.replace(b"<w:document", before + b"<w:document", 1) if name == "word/document.xml" else part

    return repacked(data, change)


# --- Sources that hold nothing to read


@pytest.mark.parametrize("source", ["absent", "absent*.txt", "vide", "images"])
def test_nothing_to_read_is_a_usage_error(tensions: Command, tmp_path: Path, source: str) -> None:
    (tmp_path / "vide").mkdir()
    (tmp_path / "images").mkdir()
    (tmp_path / "images" / "photo.png").write_bytes(b"\x89PNG")
    got = tensions("analyse", tmp_path / source)
    assert (got.status, got.out) == (2, "")
    assert explained(got.err)


@pytest.mark.parametrize("name", ["x.txt", "x.md", "x.html", "x.docx", "x.vtt", "x.srt", "x.csv", "x.jsonl"])
def test_empty_file_is_named_and_the_others_are_read(tensions: Command, corpus: Path, name: str) -> None:
    (corpus / name).write_bytes(b"")
    got = tensions("tag", corpus)
    assert got.status == 3
    assert got.documents() == {"bon"}
    assert name in got.err
    (corpus / "bon.txt").unlink()
    alone = tensions("tag", corpus)
    assert (alone.status, alone.out) == (2, "")
    assert explained(alone.err)


def test_empty_source_is_not_the_current_folder(
    tensions: Command, corpus: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # An unset variable in a script ("$CORPUS") must not read whatever lies around.
    monkeypatch.chdir(corpus)
    assert tensions("analyse", "").status == 2


# --- Files that are not what they say


def hostile() -> Iterator[tuple[str, bytes]]:
    good = word(SAID)
    ole = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)
    yield "octets.txt", bytes(range(256)) * 8
    yield "pdf.html", b"%PDF-1.7\n" + bytes(range(128, 256))
    yield "coupe.pdf", b"%PDF-1.7\n1 0 obj\n<< /Title (" + SAID.encode() + b") >>"
    for kind in ("rtf", "odt", "pdf", "xlsx", "ods", "zip", "xls", "epub"):
        yield f"prose.{kind}", SAID.encode()
    yield "coupe.trs", f"<Trans><Episode><Turn speaker='s1'>{SAID}".encode()
    yield "dtd.trs", f"<!DOCTYPE Trans [<!ENTITY a '{SAID}'>]><Trans><Episode>&a;</Episode></Trans>".encode()
    yield "autre.xml", f"<facture><client>{SAID}</client></facture>".encode()
    yield "coupe.otr", f'{{"text": "{SAID}'.encode()
    yield "coupe.odt", repacked(good, lambda _, part: part)[:-200]
    yield "chiffre.docx", ole + "EncryptedPackage".encode("utf-16-le")
    yield "ancien.docx", ole
    yield "coupe.docx", good[: len(good) // 2]
    yield "prose.docx", SAID.encode()
    yield "sans-corps.docx", repacked(good, lambda name, part: None if name == "word/document.xml" else part)
    yield "xml.docx", repacked(good, lambda name, part: part[:-40] if name == "word/document.xml" else part)
    yield "dtd.docx", in_body(good, b'<!DOCTYPE x SYSTEM "http://127.0.0.1:9/x.dtd">')
    yield "entite.docx", in_body(good, b'<!DOCTYPE x [<!ENTITY a "ZZTOPSECRET"><!ENTITY b "&a;&a;&a;&a;">]>')
    yield "bombe.docx", in_body(good, b"<!--" + b"a" * 20_000_000 + b"-->")
    yield "sans-texte.csv", f"{SAID * 3},{SAID * 3}\n{SAID},{SAID}\n".encode()
    yield "abime.jsonl", f'{{"text": "{SAID}\n[1]\n"{SAID}"\n'.encode()
    yield "profond.jsonl", b"[" * 100_000
    yield "sans-cue.vtt", f"WEBVTT\n\n00:0{SAID}\n".encode()
    yield "prose.srt", SAID.encode()
    yield "commentaire.html", f"<!-- {SAID}".encode()
    yield "profond.html", b"<div>" * 20_000 + SAID.encode()


@pytest.mark.parametrize(("name", "content"), list(hostile()), ids=[name for name, _ in hostile()])
def test_unreadable_file_is_named_never_quoted(tensions: Command, corpus: Path, name: str, content: bytes) -> None:
    (corpus / name).write_bytes(content)
    got = tensions("tag", corpus)
    assert got.status == 3
    assert name in got.err
    assert got.documents() == {"bon"}
    assert not any(canary in got.err for canary in CANARIES)


def test_all_unreadable_files_at_once(tensions: Command, corpus: Path) -> None:
    for name, content in hostile():
        (corpus / name).write_bytes(content)
    got = tensions("analyse", corpus, "-f", "json")
    assert got.status == 3
    documents = json.loads(got.out)["documents"]
    assert [document["id"] for document in documents["read"]] == ["bon"]
    assert {skipped["source"] for skipped in documents["skipped"]} == {name for name, _ in hostile()}
    assert not any(canary in got.out + got.err for canary in CANARIES)


def test_external_entity_is_never_fetched(tensions: Command, corpus: Path, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text(SAID, encoding="utf-8")
    # A long comment first, so that the declaration is not among the first bytes that are looked at.
    target = (tmp_path / "secret").as_uri().encode()
    declaration = b"<!--" + b"x" * 9000 + b'--><!DOCTYPE x [<!ENTITY a SYSTEM "' + target + b'">]>'
    data = in_body(word("Bonjour à toute l’équipe du service.", "ici"), declaration)
    data = repacked(data, lambda _name, part: part.replace(b"<w:t>ici", b"<w:t>&a;", 1))
    (corpus / "entite.docx").write_bytes(data)
    got = tensions("tag", corpus)
    assert got.status in (0, 3)
    assert "ZZTOPSECRET" not in got.out + got.err


def test_malformed_rows_leave_the_good_ones(tensions: Command, tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text(
        '{"id": "un", "text": "La grille remplace la relation."}\n{"id": "deux", "text": \n[1, 2]\nnull\n'
        '{"id": "trois", "text": null}\n{"id": "\\ud800", "text": "Demi \\udc00 signe dans un texte."}\n',
        encoding="utf-8",
    )
    (tmp_path / "b.csv").write_text(
        'id;text\nquatre;"On a le temps, ""vraiment""; enfin."\ncinq;a;b;c\n', encoding="cp1252"
    )
    got = tensions("tag", tmp_path, "--unit", "record")
    assert got.status == 3
    assert {"un", "quatre"} <= got.documents()
    assert all(f"ligne {n}" in got.err for n in (2, 3, 4, 5))
    assert any(row["text"] == 'On a le temps, "vraiment"; enfin.' for row in got.rows())


def test_special_files_and_loops_of_links_do_not_hang(tensions: Command, corpus: Path) -> None:
    os.mkfifo(corpus / "tube.txt")
    (corpus / "boucle").symlink_to("..")
    (corpus / "soi.txt").symlink_to("soi.txt")
    (corpus / "copie.txt").symlink_to("bon.txt")
    got = tensions("tag", corpus)
    assert got.status == 3
    assert got.documents() == {"bon"}
    assert "tube.txt" in got.err


# --- Texts that are read but hard


def test_speech_without_punctuation_is_cut_within_turns(tensions: Command, tmp_path: Path) -> None:
    words = "alors moi je dis que la grille elle nous prend du temps sur les familles et puis on remplit des tableaux"
    # Not one sentence over and over, which is how a transcription program stutters.
    speech = " ".join(words.split()[(rank * rank + rank // 7) % 21] for rank in range(1500))
    text = f"Enquêtrice : Et alors ?\nMarie : {speech}\nEnquêtrice : Merci.\nMarie : Voilà.\n"
    (tmp_path / "e.txt").write_text(text, encoding="utf-8")
    rows = tensions("tag", tmp_path).rows()
    assert all(text[row["start"] : row["end"]] == row["text"] for row in rows)
    answer = [row for row in rows if row["turn"] == rows[1]["turn"]]
    # The codebook's passage is one to four sentences: neither one giant passage nor crumbs.
    assert 10 <= len(answer) <= 100
    assert sum(len(str(row["text"]).split()) for row in answer) == 1500


def test_hostile_names_give_one_document_each(tensions: Command, corpus: Path) -> None:
    names = [*"?#%:&[]*=@|`\\'😀", "a b  c", "[bold]x", "-o", "x" * 200, "e\u0301te\u0301", "l\ni", "..x"]
    for name in names:
        (corpus / f"n{name}.txt").write_text(GOOD, encoding="utf-8")
    got = tensions("tag", corpus, "-f", "csv", "--keep-twins")
    rows = list(csv.DictReader(io.StringIO(got.out)))
    assert got.status == 0
    assert len({row["document"] for row in rows}) == len(names) + 1
    assert "nété" in {row["document"] for row in rows}
    assert tensions("analyse", corpus, "-f", "md").status == 0


def test_control_characters_of_a_name_never_reach_the_terminal(tensions: Command, corpus: Path) -> None:
    (corpus / "\x1b[31mrouge.txt").write_text(GOOD, encoding="utf-8")
    (corpus / "vide\x1b]0;titre\x07.txt").write_bytes(b"")
    got = tensions("analyse", corpus)
    assert "\x1b" not in got.out + got.err


@pytest.mark.parametrize(
    "text",
    [
        "قال المدير إن المؤشرات مهمة جدا لفريق العمل في المؤسسة الاجتماعية. " * 5,
        "Социальные работники помогают семьям каждый день и ведут отчётность. " * 5,
    ],
)
def test_text_in_another_alphabet_is_not_french(tensions: Command, corpus: Path, text: str) -> None:
    (corpus / "autre.txt").write_text(text, encoding="utf-8")
    got = tensions("tag", corpus)
    assert got.documents() == {"bon"}
    assert "autre.txt" in got.err


def test_text_in_english_is_listed_and_kept_on_demand(tensions: Command, corpus: Path) -> None:
    (corpus / "en.txt").write_text(
        "The manager presented the dashboard and the team discussed the indicators with the board. They said that "
        "the relationship with families takes time and cannot be measured.\n",
        encoding="utf-8",
    )
    assert (got := tensions("tag", corpus)).documents() == {"bon"}
    assert got.status == 0
    assert "en.txt" in got.err
    assert tensions("tag", corpus, "--strict").status == 3
    assert tensions("tag", corpus, "--any-language").documents() == {"bon", "en"}
    (corpus / "bon.txt").unlink()
    alone = tensions("analyse", corpus)
    assert alone.status == 2
    assert "--any-language" in alone.err


@pytest.mark.parametrize("text", [".", "Enquêteur : Et vous, ici ?\nMarie : Oui.\nEnquêteur : Bien.\nMarie : Non.\n"])
def test_no_counted_passage_is_said(tensions: Command, tmp_path: Path, text: str) -> None:
    (tmp_path / "x.txt").write_text(text, encoding="utf-8")
    got = tensions("analyse", tmp_path, "-f", "csv")
    assert got.status == 2 or "aucun passage" in got.err.lower()


@pytest.mark.parametrize("command", ["analyse", "tag"])
def test_page_without_an_article_is_no_empty_result(tensions: Command, tmp_path: Path, command: str) -> None:
    menu = "Accueil\n\nSe connecter\n\nMot de passe oublié\u00a0?\n\nRecevoir la newsletter\n\nS’abonner\n"
    (tmp_path / "menu.txt").write_text(menu, encoding="utf-8")
    alone = tensions(command, tmp_path)
    assert (alone.status, alone.out) == (2, "")
    assert explained(alone.err)
    (tmp_path / "bon.txt").write_text(GOOD, encoding="utf-8")
    beside = tensions(command, tmp_path)
    assert beside.status == 3
    assert "menu.txt" in beside.err


def test_document_without_a_counted_passage_is_still_named(tensions: Command, corpus: Path) -> None:
    (corpus / "muet.txt").write_text("Oui.\n", encoding="utf-8")
    got = tensions("analyse", corpus)
    assert "muet" in got.out + got.err


@pytest.mark.parametrize("options", [[], ["--speakers", "Enquêteur=interviewer"]], ids=["found", "given"])
def test_interviewer_alone_is_not_counted(tensions: Command, tmp_path: Path, options: list[str]) -> None:
    (tmp_path / "q.txt").write_text(
        "Enquêteur : Pouvez-vous me parler de votre travail ?\nEnquêteur : Depuis quand êtes-vous dans ce service ?\n"
        "Enquêteur : Merci de votre accueil aujourd’hui.\n",
        encoding="utf-8",
    )
    assert not any(row["counted"] for row in tensions("tag", tmp_path, *options).rows())


# --- Metadata


@pytest.mark.parametrize("content", [b"", b"id\0,genre", b"file,id\nbon.txt,x\nb.txt,x\n"])
def test_broken_metadata_is_refused_with_a_reason(tensions: Command, corpus: Path, content: bytes) -> None:
    (corpus / "b.txt").write_text(GOOD, encoding="utf-8")
    (corpus / "metadata.csv").write_bytes(content)
    got = tensions("analyse", corpus)
    assert (got.status, got.out) == (2, "")
    assert explained(got.err)
    assert "metadata.csv" in got.err


def test_metadata_error_does_not_print_the_path(tensions: Command, tmp_path: Path) -> None:
    folder = tmp_path / "Quirinelle" / "corpus"
    folder.mkdir(parents=True)
    (folder / "a.txt").write_text(GOOD, encoding="utf-8")
    (folder / "metadata.csv").write_bytes(b"")
    assert "Quirinelle" not in tensions("analyse", folder).err


@pytest.mark.parametrize("command", ["analyse", "tag"])
def test_metadata_that_names_no_text_is_reported(tensions: Command, corpus: Path, command: str) -> None:
    (corpus / "metadata.csv").write_text("id,genre\nautre,presse\n", encoding="utf-8")
    got = tensions(command, corpus)
    assert "metadata.csv" in got.out + got.err


def test_metadata_in_cp1252_and_nfc_joins_an_nfd_name(tensions: Command, tmp_path: Path) -> None:
    (tmp_path / "e\u0301te\u0301.txt").write_text(GOOD, encoding="utf-8")
    (tmp_path / "metadata.csv").write_bytes("id;genre\nété;=récit()\n".encode("cp1252"))
    rows = tensions("tag", tmp_path).rows()
    assert {json.dumps(row["metadata"], ensure_ascii=False) for row in rows} == {'{"genre": "=récit()"}'}
    table = tensions("analyse", tmp_path, "--by", "genre", "-f", "csv").out
    assert "'=récit()" in table  # a spreadsheet would run it


def test_table_without_header_is_not_quoted(tensions: Command, corpus: Path) -> None:
    (corpus / "liste.csv").write_text("ZZTOPSECRET,Quirinelle\nPaul,Jeanne\n", encoding="utf-8")
    got = tensions("analyse", corpus)
    assert got.status == 3
    assert not any(canary in got.err for canary in CANARIES)


# --- Options


@pytest.mark.parametrize(
    "options",
    [
        ["-f", "xml"],
        ["-f", ""],
        ["--by", "inconnu"],
        ["--by", ""],
        ["--speakers", "n’importe quoi"],
        ["--speakers", "A=roi"],
        ["--speakers", "=interviewer"],
        ["--unit", "phrase"],
        ["--unit", "record"],
        ["--quotes", "-1"],
        ["--quotes", "trois"],
        ["--formt", "json"],
        ["-o"],
    ],
    ids=" ".join,
)
def test_wrong_option_is_a_usage_error(tensions: Command, corpus: Path, options: list[str]) -> None:
    got = tensions("analyse", corpus, *options)
    assert (got.status, got.out) == (2, "")
    assert explained(got.err)


def test_advice_for_records_of_a_text_is_to_drop_the_option(tensions: Command, corpus: Path) -> None:
    advice = tensions("tag", corpus, "--unit", "record").err.splitlines()[-1]
    assert "--unit" in advice


@pytest.mark.parametrize("text", ["", " … ", "a\0b mot", "\x1b[31m mot"])
def test_explain_takes_any_text(tensions: Command, text: str) -> None:
    assert tensions("explain", text).status in (0, 2)


def test_explain_takes_bytes_that_are_not_utf8(tensions: Command) -> None:
    assert tensions("explain", "l\udce9quipe remplit la grille").status in (0, 2)


# --- Outputs


@pytest.mark.parametrize("name", ["bon.txt", "resultat.jsonl", "lien/resultat.jsonl"])
def test_output_in_the_sources_is_refused(tensions: Command, corpus: Path, tmp_path: Path, name: str) -> None:
    (tmp_path / "lien").symlink_to(corpus)
    output = tmp_path / name if name.startswith("lien") else corpus / name
    got = tensions("tag", corpus, "-o", output)
    assert got.status == 2
    assert explained(got.err)
    assert [path.name for path in corpus.iterdir()] == ["bon.txt"]
    assert (corpus / "bon.txt").read_text(encoding="utf-8") == GOOD


def test_output_among_the_files_of_a_pattern_is_refused(tensions: Command, corpus: Path) -> None:
    got = tensions("tag", corpus / "*.txt", "-o", corpus / "bon.txt")
    assert (corpus / "bon.txt").read_text(encoding="utf-8") == GOOD
    assert got.status == 2


def test_output_never_replaces_the_metadata(tensions: Command, corpus: Path) -> None:
    (corpus / "metadata.csv").write_text("id,genre\nbon,récit\n", encoding="utf-8")
    got = tensions("tag", corpus / "bon.txt", "-o", corpus / "metadata.csv")
    assert (corpus / "metadata.csv").read_text(encoding="utf-8") == "id,genre\nbon,récit\n"
    assert got.status == 2


@pytest.mark.parametrize("place", ["absent/x.jsonl", "fichier/x.jsonl", "dossier", "x" * 300])
def test_unwritable_output_is_said(tensions: Command, corpus: Path, tmp_path: Path, place: str) -> None:
    (tmp_path / "fichier").write_text("x", encoding="utf-8")
    (tmp_path / "dossier").mkdir()
    before = sorted(tmp_path.rglob("*"))
    got = tensions("tag", corpus, "-o", tmp_path / place)
    assert got.status == 2
    assert explained(got.err)
    assert sorted(tmp_path.rglob("*")) == before


def test_reason_of_an_unwritable_output_is_french(tensions: Command, corpus: Path, tmp_path: Path) -> None:
    assert "no such file" not in tensions("tag", corpus, "-o", tmp_path / "absent" / "x.jsonl").err


def test_output_through_a_link_keeps_the_link(tensions: Command, corpus: Path, tmp_path: Path) -> None:
    (tmp_path / "vrai.jsonl").write_text("ancien", encoding="utf-8")
    (tmp_path / "lien.jsonl").symlink_to(tmp_path / "vrai.jsonl")
    assert tensions("tag", corpus, "-o", tmp_path / "lien.jsonl").status == 0
    assert (tmp_path / "lien.jsonl").is_symlink()
    assert (tmp_path / "vrai.jsonl").read_text(encoding="utf-8").startswith("{")


def test_output_to_a_named_pipe_keeps_the_pipe(tensions: Command, corpus: Path, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "tube")
    reader = os.open(tmp_path / "tube", os.O_RDWR | os.O_NONBLOCK)  # so that nobody waits for a reader
    try:
        tensions("tag", corpus, "-o", tmp_path / "tube")
    finally:
        os.close(reader)
    assert stat.S_ISFIFO((tmp_path / "tube").stat().st_mode)


def test_failure_keeps_the_earlier_result(tensions: Command, corpus: Path, tmp_path: Path) -> None:
    output = tmp_path / "r.jsonl"
    output.write_text("ancien", encoding="utf-8")
    assert tensions("tag", corpus, "-o", output, "--model", "absent").status == 4
    assert output.read_text(encoding="utf-8") == "ancien"
    assert tensions("tag", corpus, "-o", output).status == 0
    assert stat.S_IMODE(output.stat().st_mode) == 0o600


# --- Interruptions, pipes, full disks, consoles


def test_interruption_leaves_no_part_of_the_result(
    tensions: Command, corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tag_command, "tagged_passages", broken_by(KeyboardInterrupt))
    before = sorted(tmp_path.rglob("*"))
    assert tensions("tag", corpus, "-o", tmp_path / "r.jsonl").status == 130
    assert sorted(tmp_path.rglob("*")) == before


def test_interruption_is_said(tensions: Command, corpus: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tag_command, "tagged_passages", broken_by(KeyboardInterrupt))
    assert "Interrompu" in tensions("tag", corpus).err


def broken_by(failure: type[BaseException]) -> Callable[..., Iterator[NoReturn]]:
    def passages(*_arguments: object) -> Iterator[NoReturn]:
        raise failure
        yield

    return passages


def test_termination_leaves_no_part_of_the_result(
    corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_arguments: object) -> Iterator[NoReturn]:
        os.kill(os.getpid(), signal.SIGTERM)
        signal.pause()
        yield

    monkeypatch.setattr(tag_command, "tagged_passages", killed)
    before = sorted(tmp_path.rglob("*"))
    child = os.fork()
    if not child:
        with contextlib.suppress(BaseException):
            cli.main(["tag", str(corpus), "-o", str(tmp_path / "r.jsonl")])
        os._exit(0)
    os.waitpid(child, 0)
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize("arguments", [["analyse"], ["analyse", "-f", "csv"], ["tag"]], ids=" ".join)
def test_closed_pipe_is_quiet(corpus: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str]) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    assert status_with_stdout(os.fdopen(writing, "w"), [*arguments, str(corpus)], monkeypatch) == 0


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
@pytest.mark.parametrize("arguments", [["analyse"], ["analyse", "-f", "csv"], ["tag"]], ids=" ".join)
def test_full_disk_behind_stdout_is_an_unwritable_output(
    corpus: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str]
) -> None:
    stream = Path("/dev/full").open("w")  # noqa: SIM115 - closed by the helper, which must bear its failure
    assert status_with_stdout(stream, [*arguments, str(corpus)], monkeypatch) == 2


def status_with_stdout(stream: io.TextIOWrapper, arguments: list[str], monkeypatch: pytest.MonkeyPatch) -> int:
    """Status of a command whose standard output is the stream, as the process would end with it."""
    with monkeypatch.context() as patch:
        patch.setattr(sys, "stdout", stream)
        try:
            return int(cli.run(arguments))
        except SystemExit as leaving:
            return int(leaving.code or 0)
        finally:
            with contextlib.suppress(OSError):
                stream.close()


@pytest.mark.parametrize("arguments", [["model", "show"], ["analyse", "--help"]], ids=" ".join)
def test_console_that_lacks_a_character(monkeypatch: pytest.MonkeyPatch, arguments: list[str]) -> None:
    stream = io.TextIOWrapper(io.BytesIO(), encoding="cp1252")  # a Windows console, or a redirection there
    assert status_with_stdout(stream, arguments, monkeypatch) == 0


def test_without_stderr_the_analysis_still_runs(corpus: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(sys, "stderr", None)
        status = cli.run(["tag", str(corpus)])
    assert status == 0


def test_narrow_terminal_still_names_the_groups(
    tensions: Command, corpus: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from rich.console import Console

    from tensions_cli.output import terminal

    monkeypatch.setattr(terminal, "console", lambda **_: Console(width=40, force_terminal=False, highlight=False))
    assert "bon" in tensions("analyse", corpus).out


def test_file_called_dash_is_not_the_standard_input(
    tensions: Command, corpus: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (corpus / "-").write_text("x", encoding="utf-8")
    monkeypatch.chdir(corpus)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(GOOD.encode())))
    assert tensions("tag", ".").documents() == {"bon"}


@pytest.mark.parametrize("content", [b"", b"\0\1\2", b"%PDF-1.7 x"])
def test_bad_standard_input(tensions: Command, monkeypatch: pytest.MonkeyPatch, content: bytes) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))
    got = tensions("analyse", "-")
    assert got.status == 2
    assert explained(got.err)


# --- Models


@pytest.mark.parametrize("name", ["config.json", "weights.npz", "lemmas.txt", "pieces.txt"])
@pytest.mark.parametrize("damage", ["missing", "empty", "other"])
def test_damaged_model_is_refused(tensions: Command, corpus: Path, tmp_path: Path, name: str, damage: str) -> None:
    shutil.copytree(MODEL, tmp_path / "modele")
    damaged = tmp_path / "modele" / name
    if damage == "missing":
        damaged.unlink()
    else:
        damaged.write_bytes(b"" if damage == "empty" else bytes(range(256)))
    got = tensions("tag", corpus, "--model", tmp_path / "modele")
    assert (got.status, got.out) == (4, "")
    assert explained(got.err)


@pytest.mark.parametrize("damage", ["files", "name", "version", "card"])
def test_model_with_a_broken_field_is_refused(tensions: Command, corpus: Path, tmp_path: Path, damage: str) -> None:
    folder = tmp_path / "modele"
    shutil.copytree(MODEL, folder)
    if damage == "card":
        (folder / "README.md").unlink()
        assert tensions("model", "show", folder).status == 4
        return
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    config = config | {"files": []} if damage == "files" else {k: v for k, v in config.items() if k != damage}
    (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
    assert tensions("tag", corpus, "--model", folder).status == 4


# --- Promises over a whole run


def test_nothing_is_sent_nothing_is_started_and_nothing_leaks(
    tensions: Command, corpus: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_arguments: object, **_options: object) -> NoReturn:
        raise AssertionError("network or another program")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "create_connection", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setattr(subprocess.Popen, "__init__", refuse)
    page = f'<html><head><link rel="stylesheet" href="http://127.0.0.1:9/x.css"></head><p>{SAID} {GOOD}</p></html>'
    (corpus / "page.html").write_text(page, encoding="utf-8")
    (corpus / "e.txt").write_text(f"Enquêteur : {SAID} ?\nQuirinelle : Oui, {SAID}.\n" * 3, encoding="utf-8")
    (corpus / "metadata.csv").write_text(f'id,genre\nbon,{SAID}\ne,"{SAID}\n', encoding="utf-8")
    before = {path: path.read_bytes() for path in corpus.iterdir()}
    for arguments in (["analyse"], ["analyse", "-f", "json"], ["analyse", "--by", "genre", "-f", "md"], ["tag"]):
        got = tensions(*arguments, corpus)
        assert got.status == 0
        assert not any(canary in got.err for canary in CANARIES)
    assert {path: path.read_bytes() for path in corpus.iterdir()} == before


def test_same_bytes_whatever_the_folder_and_the_order(
    tensions: Command, corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("c", "a", "b"):
        (corpus / f"{name}.txt").write_text(GOOD, encoding="utf-8")
    once = tensions("tag", corpus, "--keep-twins")
    assert once.documents() == {"a", "b", "bon", "c"}
    monkeypatch.chdir(corpus)
    assert tensions("tag", ".", "--keep-twins") == once
    assert tensions("tag", corpus / "c.txt", ".", corpus, "--keep-twins") == once
    monkeypatch.chdir(tmp_path)
    assert tensions("tag", "corpus/*.txt", "--keep-twins") == once


def coded(**more: object) -> str:
    """One row of a gold."""
    return json.dumps({"id": "x", "text": "Une phrase.", "M": True, "P": False, "axes": {}, **more}) + "\n"


@pytest.mark.parametrize("weight", [0, -1, 10**400, 1e300, 5e-324, float("nan"), float("inf"), "3", True, [1]])
def test_absurd_weights_of_a_gold_are_refused(tensions: Command, corpus: Path, tmp_path: Path, weight: object) -> None:
    """10**400 is no float; squares of 1e300 are infinite, and the shares would be NaN."""
    gold = tmp_path / "gold.jsonl"
    gold.write_text(coded(weight=weight), encoding="utf-8")
    done = tensions("analyse", corpus, "--gold", gold)
    assert done.status == 2
    assert explained(done.err)
    assert "poids" in done.err


def test_a_gold_nested_beyond_any_stack_is_refused(tensions: Command, corpus: Path, tmp_path: Path) -> None:
    gold = tmp_path / "gold.jsonl"
    gold.write_text(coded() + "[" * 100_000, encoding="utf-8")
    done = tensions("analyse", corpus, "--gold", gold)
    assert done.status == 2
    assert "gold.jsonl, ligne 2" in done.err


def test_a_gold_that_can_be_read_only_once_is_refused(tensions: Command, corpus: Path, tmp_path: Path) -> None:
    """A named pipe without a writer would be waited for without end."""
    pipe = tmp_path / "gold.jsonl"
    os.mkfifo(pipe)
    done = tensions("analyse", corpus, "--gold", pipe)
    assert done.status == 2
    assert explained(done.err)


@pytest.mark.parametrize("command", ["analyse", "report"])
def test_a_gold_among_the_texts_is_refused(tensions: Command, corpus: Path, tmp_path: Path, command: str) -> None:
    gold = corpus / "gold.jsonl"
    gold.write_text(coded(), encoding="utf-8")
    output = tmp_path / "dehors" / "rapport.md"
    output.parent.mkdir()
    done = tensions(command, corpus, "--gold", gold, "--format", "md", "--output", output)
    assert done.status == 2
    assert "dans le corpus" in done.err
    assert not output.exists()


@pytest.mark.parametrize("pattern", ["a{1000000000}", "(?:(?:(?:a{100}){100}){100}){100}", "(?R)", "(a"])
def test_a_pattern_that_would_fill_the_memory_is_refused(tensions: Command, corpus: Path, pattern: str) -> None:
    done = tensions("extracts", corpus, "--pattern", pattern)
    assert done.status == 2
    assert explained(done.err)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device of Linux that is always full")
@pytest.mark.filterwarnings("error::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("command", ["report", "tag"])
def test_a_workbook_on_a_full_disk_is_one_message(tensions: Command, corpus: Path, command: str) -> None:
    """A zip that cannot be finished tells so once more, with a traceback, when it is forgotten."""
    done = tensions(command, corpus, "--format", "xlsx", "--output", "/dev/full")
    assert done.status == 2
    assert explained(done.err)
    assert "disque est plein" in done.err


def test_hostile_names_of_fields_and_groups_stay_names(tensions: Command, corpus: Path) -> None:
    """Neither HTML nor a new row in a Markdown table, nor a formula in a CSV, names of columns included."""
    names = sorted(path.stem for path in corpus.iterdir())
    field, value = "=<b onclick=alert(1)>a|b", "<script>x|y\n\n# z\x07\u202e"
    with (corpus / "metadata.csv").open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows([("id", field), *((name, value) for name in names)])
    page = tensions("analyse", corpus, "--by", field, "--format", "md")
    assert page.status == 0
    tables = [line.replace("\\|", "") for line in page.out.split("\n") if line.startswith("|")]
    assert {line.count("|") for line in tables[:3]} == {11}  # nine columns of figures after that of the groups
    assert "\n#" not in page.out
    for char in ("\x07", "\u202e"):
        assert char not in page.out
    assert "<" not in page.out.replace("\\<", "")
    rows = [*csv.reader(io.StringIO(tensions("analyse", corpus, "--by", field, "--format", "csv").out))]
    assert not any(cell.startswith(("=", "@", "+")) for row in rows for cell in row)
    assert any(field in cell for cell in rows[0])


def test_an_error_drives_no_terminal_and_never_fills_it(tensions: Command, tmp_path: Path) -> None:
    (tmp_path / "t.txt").write_text("On remplit des grilles au lieu d’écouter les résidents.\n", encoding="utf-8")
    columns = ";".join(f"\x1b[31mcol{rank}" for rank in range(400))
    (tmp_path / "metadata.csv").write_text(f"file;{columns}\nt.txt;{';'.join('v' * 400)}\n", encoding="utf-8")
    done = tensions("analyse", tmp_path, "--by", "inconnu")
    assert done.status == 2
    assert explained(done.err)
    assert "\x1b" not in done.err
    assert len(done.err) < 2500
