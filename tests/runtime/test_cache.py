"""The cache: what it spares, what it never serves, and what nobody can read in it."""

import hashlib
import os
import subprocess
import sys
import threading
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tensions_cli import sharing
from tensions_cli.cli import run
from tensions_cli.one_file import FileReading, Item, Recipe, do_files
from tensions_cli.pipeline import Options, analyse
from tensions_cli.runtime import cache

NOTE = """Note de service sur la transmission du soir.

Le logiciel demande quatre croix avant vingt et une heures, et la cadre regarde le taux de remplissage le lendemain.
Odile Marchandot préfère s’asseoir au bord du lit : elle dit que la zibeline se retrouve toujours dans le troisième
tiroir, et que ce n’est écrit nulle part.

On nous demande de prouver le temps passé. Le temps passé ne se prouve pas, il se passe avec quelqu’un.
"""
TALK = """ENQUÊTRICE : Comment se décide une admission ici ?

MADAME PASTOUREAU : On remplit la grille, et puis je vais voir la personne. La grille dit un chiffre, la personne
dit qu’elle a peur des ascenseurs. C’est avec les ascenseurs que je travaille, pas avec le chiffre.

ENQUÊTRICE : Et la direction ?

MADAME PASTOUREAU : La direction voudrait que les deux tiennent dans la même case avant vendredi midi.
"""
CANARIES = ("zibeline", "ascenseurs", "Marchandot", "PASTOUREAU", "Pastoureau", "admission", "transmission du soir")


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    folder = tmp_path / "corpus"
    folder.mkdir()
    (folder / "note.txt").write_text(NOTE, encoding="utf-8")
    (folder / "entretien.txt").write_text(TALK, encoding="utf-8")
    (folder / "autre.txt").write_text(NOTE.replace("quatre croix", "douze signatures") + TALK[100:], encoding="utf-8")
    return folder


@pytest.fixture
def done(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the files that are really read and tagged, in the order of the work."""
    names: list[str] = []

    def counting(recipe: Recipe, items: Sequence[Item]) -> tuple[FileReading, ...]:
        names.extend(item.file.name for item in items)
        return do_files(recipe, items)

    monkeypatch.setattr(sharing, "do_files", counting)
    return names


def summary(corpus: Path, capsys: pytest.CaptureFixture[str], *options: str) -> str:
    assert run(["analyse", str(corpus), "-f", "json", "--jobs", "1", *options]) == 0
    return capsys.readouterr().out


# --- what it spares --------------------------------------------------------------------------------------


def test_an_unchanged_corpus_is_not_done_again(
    corpus: Path, done: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    first = summary(corpus, capsys)
    assert sorted(done) == ["autre.txt", "entretien.txt", "note.txt"]
    done.clear()
    assert summary(corpus, capsys) == first
    assert done == []
    assert summary(corpus, capsys, "--no-cache") == first
    assert len(done) == 3


def test_only_the_file_that_changed_is_done_again(
    corpus: Path, done: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    summary(corpus, capsys)
    done.clear()
    (corpus / "note.txt").write_text(NOTE.replace("quatre", "cinq"), encoding="utf-8")
    changed = summary(corpus, capsys)
    assert done == ["note.txt"]
    assert changed == summary(corpus, capsys, "--no-cache")


def test_a_folder_moved_elsewhere_keeps_its_results(
    corpus: Path, tmp_path: Path, done: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    first = summary(corpus, capsys)
    done.clear()
    moved = corpus.rename(tmp_path / "ailleurs")
    assert summary(moved, capsys) == first
    assert done == []


def test_metadata_are_joined_anew(corpus: Path, done: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    summary(corpus, capsys)
    done.clear()
    (corpus / "metadata.csv").write_text("file,genre\nnote.txt,note\nentretien.txt,entretien\n", encoding="utf-8")
    grouped = summary(corpus, capsys, "--by", "genre")
    assert done == []
    assert '"entretien"' in grouped
    assert grouped == summary(corpus, capsys, "--by", "genre", "--no-cache")


def test_roles_that_a_table_declares_are_no_longer_those_kept(
    corpus: Path, done: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """A table of speakers changes who counts: only the files it speaks of are done again, and rightly."""
    summary(corpus, capsys)
    done.clear()
    table = "document,speaker,role\nentretien,ENQUÊTRICE,enquêté\nentretien,MADAME PASTOUREAU,enquêteur\n"
    (corpus / "speakers.csv").write_text(table, encoding="utf-8")
    told = summary(corpus, capsys)
    assert done == ["entretien.txt"]
    assert told == summary(corpus, capsys, "--no-cache")
    done.clear()
    assert summary(corpus, capsys) == told
    assert done == []


@pytest.mark.parametrize(
    "options",
    [
        ["--keep-interviewer"],
        ["--any-language"],
        ["--repair"],
        ["--speakers", "none"],
        ["--speakers", "ENQUÊTRICE=respondent"],
        ["--model", "fine"],
    ],
)
def test_what_changes_a_result_is_another_entry(
    corpus: Path, done: list[str], capsys: pytest.CaptureFixture[str], options: list[str]
) -> None:
    summary(corpus, capsys)
    done.clear()
    told = summary(corpus, capsys, *options)
    assert len(done) == 3
    assert told == summary(corpus, capsys, "--no-cache", *options)


def test_every_command_takes_up_the_codes_and_reads_the_texts(
    corpus: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """`tag` after `analyse`: the same lines as without the cache, evidence included, and nothing is tagged."""
    assert run(["tag", str(corpus), "--no-cache", "--jobs", "1"]) == 0
    first = capsys.readouterr().out
    assert '"evidence": [{' in first
    summary(corpus, capsys)

    def forbidden(*_: object) -> None:
        raise AssertionError("a passage is tagged again")

    monkeypatch.setattr("tensions_cli.one_file._tagged", lambda documents, _recipe: [forbidden() for _ in documents])
    assert run(["tag", str(corpus), "--jobs", "1"]) == 0
    assert capsys.readouterr().out == first


def test_neither_spacy_nor_the_weights_are_loaded_for_an_unchanged_corpus(corpus: Path) -> None:
    code = (
        "import sys; from tensions_cli.cli import run; status = run(['analyse', sys.argv[1], '-f', 'json']);"
        "heavy = {'spacy', 'pandas', 'sklearn', 'trafilatura', 'lxml'};"
        "print(sorted(heavy & set(sys.modules)), file=sys.stderr); sys.exit(status)"
    )
    told = [
        subprocess.run([sys.executable, "-c", code, str(corpus)], capture_output=True, text=True, check=True)
        for _ in range(2)
    ]
    assert told[0].stdout == told[1].stdout
    assert "spacy" in told[0].stderr
    assert told[1].stderr.splitlines()[-1] == "[]"


def test_a_run_killed_in_the_middle_is_taken_up_where_it_was(corpus: Path, tmp_path: Path) -> None:
    """kill -9 once two files are done: the next run does the third alone."""
    code = (
        "import os, sys; from tensions_cli import sharing; from tensions_cli.cli import run; real = sharing.do_files\n"
        "def counted(recipe, items):\n"
        "    done = real(recipe, items); print(items[0].file.name, file=sys.stderr, flush=True)\n"
        "    return done\n"
        "def dying(recipe, items):\n"
        "    if items[0].file.name == 'note.txt': os.kill(os.getpid(), 9)\n"
        "    return counted(recipe, items)\n"
        "sharing.do_files = dying if sys.argv[2] == 'die' else counted\n"
        "sharing.TOGETHER = 1\n"
        "sys.exit(run(['analyse', sys.argv[1], '-f', 'json', '--jobs', '1']))"
    )
    killed, again = (
        subprocess.run([sys.executable, "-c", code, str(corpus), what], capture_output=True, text=True, check=False)
        for what in ("die", "live")
    )
    assert (killed.returncode, killed.stdout) == (-9, "")
    assert killed.stderr.split() == ["autre.txt", "entretien.txt"]
    assert (again.returncode, again.stderr.split()) == (0, ["note.txt"])


# --- what it never serves --------------------------------------------------------------------------------


def entries() -> list[Path]:
    return sorted(path for path in cache.folder().rglob("*") if path.is_file())


@pytest.mark.parametrize(
    "damage",
    [
        lambda _: b"",
        lambda content: content[:-7],
        lambda content: content[: len(content) // 2],
        lambda content: content[:40] + bytes([content[40] ^ 1]) + content[41:],
        lambda content: content[:-1] + bytes([content[-1] ^ 128]),
        lambda _: b"tensions-cache/1\n" + os.urandom(400),
        lambda _: zlib.compress(b"{}"),
        lambda _: b"\x80\x04cos\nsystem\n",
    ],
)
def test_a_damaged_entry_is_no_entry(
    corpus: Path,
    done: list[str],
    capsys: pytest.CaptureFixture[str],
    damage: "pytest.Mark | object",
) -> None:
    first = summary(corpus, capsys)
    for path in entries():
        path.write_bytes(damage(path.read_bytes()))  # type: ignore[operator]
    done.clear()
    assert summary(corpus, capsys) == first
    assert len(done) == 3


def test_an_entry_in_the_place_of_another_is_no_entry(
    corpus: Path, done: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    first = summary(corpus, capsys)
    paths = entries()
    contents = [path.read_bytes() for path in paths]
    for path, content in zip(paths, contents[1:] + contents[:1], strict=True):
        path.write_bytes(content)
    done.clear()
    assert summary(corpus, capsys) == first
    assert len(done) == 3


def test_an_entry_of_another_make_is_no_entry(
    corpus: Path, done: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Sealed as ours are, but holding something else: another version of this tool wrote it."""
    from tensions_cli import kept

    first = summary(corpus, capsys)
    for strange in (b"", b"\0\0\0\2{}", b"\0\0\0\2[]", b"\0\0\0\x0f" + b'{"sizes": [99]}', b"nothing of ours"):
        monkeypatch.setattr(kept, "pack_file", lambda _, strange=strange: strange)
        cache.clear()
        summary(corpus, capsys)
        done.clear()
        assert summary(corpus, capsys) == first
        assert len(done) == 3


@pytest.mark.parametrize("where", ["a file", "a folder under a file", "no right"])
def test_without_a_place_to_write_the_work_goes_on(
    corpus: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    first = summary(corpus, capsys, "--no-cache")
    taken = tmp_path / "taken"
    if where == "no right":
        taken.mkdir(mode=0o500)
        if os.access(taken, os.W_OK):
            pytest.skip("this account may write anywhere")
    else:
        taken.write_text("un fichier", encoding="utf-8")
    monkeypatch.setenv(cache.FOLDER, str(taken / "cache" if where.endswith("under a file") else taken))
    assert summary(corpus, capsys) == first
    assert capsys.readouterr().err == ""


def test_a_full_disk_leaves_no_half_entry(
    corpus: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    first = summary(corpus, capsys, "--no-cache")
    monkeypatch.setattr(cache.os, "replace", full)
    assert summary(corpus, capsys) == first
    assert entries() == []


def test_two_runs_on_one_cache_at_once(corpus: Path) -> None:
    command = [sys.executable, "-m", "tensions_cli", "analyse", str(corpus), "-f", "json", "--jobs", "1"]
    runs = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    told = [one.communicate(timeout=120) for one in runs]
    assert [one.returncode for one in runs] == [0, 0]
    assert told[0] == told[1]
    assert len(entries()) == 3


def test_two_threads_that_keep_one_entry_leave_it_whole() -> None:
    place = cache.place_of("a" * 64, "note.txt")
    content = os.urandom(200_000)
    threads = [threading.Thread(target=cache.put, args=(place, content)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert cache.get(place) == content
    assert len(entries()) == 1


# --- what nobody can read in it --------------------------------------------------------------------------


def forms(word: str) -> Iterator[bytes]:
    for form in (word, word.lower(), word.upper()):
        for encoding in ("utf-8", "utf-16-le", "latin-1"):
            yield form.encode(encoding)


def inflated(content: bytes) -> bytes:
    """Whatever zlib stream lies in it, from any byte on."""
    found = b""
    for start in range(len(content)):
        try:
            found += zlib.decompressobj().decompress(content[start:])
        except zlib.error:
            continue
    return found


def test_the_cache_holds_no_word_of_the_texts(corpus: Path, capsys: pytest.CaptureFixture[str]) -> None:
    summary(corpus, capsys)
    run(["tag", str(corpus)])
    assert len(entries()) == 3
    for path in entries():
        content = path.read_bytes()
        for seen in (content, inflated(content)):
            for canary in CANARIES:
                assert not any(form in seen for form in forms(canary))
        assert "note" not in str(path)
        assert "entretien" not in str(path)
        assert oct(path.stat().st_mode & 0o777) == "0o600"


def test_what_is_sealed_inside_holds_no_text_either(
    corpus: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Opened with the key: labels of speakers are there (they are in the results), no word that was said or written."""
    kept: list[bytes] = []
    monkeypatch.setattr(cache, "seal", lambda content, _: kept.append(content) or b"")
    summary(corpus, capsys)
    assert len(kept) == 3
    for content in kept:
        seen = content + inflated(content)
        assert b'"kinds"' in seen  # the search does see what is compressed
        for canary in ("zibeline", "ascenseurs", "Marchandot", "admission", "transmission du soir", "tiroir"):
            assert not any(form in seen for form in forms(canary))


@given(st.binary(max_size=400), st.binary(min_size=32, max_size=32))
def test_what_is_sealed_comes_back_and_only_with_its_secret(content: bytes, secret: bytes) -> None:
    sealed = cache.seal(content, secret)
    assert cache.unseal(sealed, secret) == content
    assert cache.unseal(sealed, hashlib.sha256(secret).digest()) is None
    assert cache.seal(content, secret) != sealed  # a key stream never serves twice
    if len(content) >= 16:
        assert content not in sealed


@given(st.binary(max_size=200))
def test_foreign_bytes_are_never_opened(content: bytes) -> None:
    assert cache.unseal(content, b"s" * 32) is None
    assert cache.unseal(cache.MARK + content, b"s" * 32) is None


# --- its size --------------------------------------------------------------------------------------------


def test_clear_removes_ours_and_nothing_else(
    corpus: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    summary(corpus, capsys)
    own = cache.folder() / "mes notes"
    own.mkdir()
    (own / "these.txt").write_text("à garder", encoding="utf-8")
    assert run(["cache", "clear"]) == 0
    assert "3 résultats effacés" in capsys.readouterr().err
    assert [path.name for path in entries()] == ["these.txt"]
    assert run(["cache", "clear"]) == 0
    assert "il était vide" in capsys.readouterr().err


def test_the_oldest_results_leave_first() -> None:
    places = [cache.place_of(str(n) * 64) for n in range(4)]
    for rank, place in enumerate(places):
        assert cache.put(place, bytes(1000))
        os.utime(cache._path(place), (rank, rank))
    cache.get(places[0])  # it serves again: it is the youngest
    cache.make_room(most=2500)
    assert [cache.get(place) is not None for place in places] == [True, False, False, True]


def test_a_library_call_keeps_nothing_unless_asked(corpus: Path) -> None:
    analyse([str(corpus)], Options())
    assert entries() == []


def test_a_withdrawal_empties_the_cache(corpus: Path, capsys: pytest.CaptureFixture[str]) -> None:
    summary(corpus, capsys)
    assert entries()
    run(["corpus", "withdraw", "note", "--from", str(corpus)])
    assert "son cache, sans texte, serait effacé en entier" in capsys.readouterr().out
    assert entries()
    assert run(["corpus", "withdraw", "note", "--from", str(corpus), "--yes"]) == 0
    assert "son cache, sans texte, est effacé en entier" in capsys.readouterr().out
    assert entries() == []


# --- files done together ---------------------------------------------------------------------------------


@given(st.lists(st.integers(0, 50), max_size=30), st.integers(1, 60))
def test_files_go_together_in_order_and_within_a_size(sizes: list[int], most: int) -> None:
    stretches = sharing.together([str(rank) for rank in range(len(sizes))], sizes, most)  # type: ignore[arg-type,list-item]
    assert [int(name) for stretch in stretches for name in stretch] == list(range(len(sizes)))
    for stretch in stretches:
        assert sum(sizes[int(name)] for name in stretch) <= max(most, sizes[int(stretch[0])])


def test_files_done_together_give_what_each_gives_alone(
    corpus: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    together = summary(corpus, capsys, "--no-cache")
    monkeypatch.setattr(sharing, "TOGETHER", 1)
    assert summary(corpus, capsys, "--no-cache") == together


# --- a file that changes while the work goes on ----------------------------------------------------------


def changing(monkeypatch: pytest.MonkeyPatch, path: Path, text: str) -> None:
    """The file gets another text once it was looked up in the cache, before it is read."""
    from tensions_cli import kept

    recall = kept.recall

    def then_changed(place: cache.Place) -> FileReading | None:
        found = recall(place)
        path.write_text(text, encoding="utf-8")
        return found

    monkeypatch.setattr(kept, "recall", then_changed)


def test_what_was_done_is_kept_for_the_content_that_was_read(
    corpus: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else the first text, put back, would be given the codes of the second."""
    before = summary(corpus, capsys, "--no-cache")
    with monkeypatch.context() as patch:
        changing(patch, corpus / "note.txt", TALK)
        summary(corpus, capsys, "--keep-twins")
    (corpus / "note.txt").write_text(NOTE, encoding="utf-8")
    assert summary(corpus, capsys) == before


def test_codes_kept_for_another_content_are_not_given_to_a_text(
    corpus: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    summary(corpus, capsys)
    longer = f"{NOTE}\n\nLe lendemain, la cadre a demandé les croix, et personne n’a parlé du tiroir.\n"
    with monkeypatch.context() as patch:
        changing(patch, corpus / "note.txt", longer)
        assert run(["tag", str(corpus), "--jobs", "1"]) == 0
    told = capsys.readouterr().out
    assert run(["tag", str(corpus), "--jobs", "1", "--no-cache"]) == 0
    assert told == capsys.readouterr().out
