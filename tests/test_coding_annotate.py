"""`tensions coding annotate` in a real terminal: keys in, files out, killed and resumed."""

import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tensions_cli.knowledge.codebook import load_codebook, shipped, use_codebook
from tensions_cli.training.coded import CodedPassage, read_coded

pty = pytest.importorskip("pty", reason="no pseudo-terminal on this system")

ROOT = Path(__file__).parents[1]
COMMAND = [sys.executable, "-m", "tensions_cli", "coding", "annotate"]
LIMIT = 30  # seconds before a test that waits for something fails
TEXTS = (
    "On coche des cases toute la matinée, et personne ne va s’asseoir près d’elle.",
    "Le planning arrive le vendredi soir.",
    "La démarche qualité prévoit trois indicateurs par unité.",
    "Je suis restée une heure, elle m’a parlé de son jardin.",
)
THREE = """
name = "trois-mondes"
version = 1
[[logics]]
name = "artisanale"
letter = "A"
[[logics]]
name = "juridique"
letter = "J"
[[logics]]
name = "domestique"
letter = "D"
[relations]
opposition = "l’une heurte l’autre"
articulation = "l’une sert l’autre"
juxtaposition = "côte à côte"
[stances]
soutenue = "défendue"
contestee = "refusée"
"""


def tasks(folder: Path, letters: str = "MP", **more: Any) -> Path:
    file = folder / "a_coder.jsonl"
    rows = [
        {
            "id": f"e1#{n}",
            "document": "e1",
            "speaker": "Mme D.",
            "question": "Et la relève ?",
            "before": "Avant.",
            "text": text,
        }
        | {"after": "Après.", "coder": "codeur A", "weight": 2.5}
        | dict.fromkeys(letters)
        | {"relation": None, "stance": {}, "axes": {}, "memo": ""}
        | more
        for n, text in enumerate(TEXTS)
    ]
    file.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return file


class Window:
    """The command in a terminal of 80 × 24."""

    def __init__(self, *arguments: str | Path, **environment: str) -> None:
        self.seen = ""
        self.pid, self.terminal = pty.fork()
        if self.pid == 0:
            os.environ.update({"TERM": "xterm", "COLUMNS": "80", "LINES": "24"} | environment)
            os.execv(sys.executable, [*COMMAND, *map(str, arguments)])  # noqa: S606 - our own interpreter

    def until(self, said: str) -> None:
        """Wait for words on screen that were not there before."""
        self.wait(lambda: said in self.seen)
        self.seen = self.seen[self.seen.index(said) + len(said) :]

    def wait(self, done: Callable[[], bool]) -> None:
        end = time.monotonic() + LIMIT
        while not done():
            assert time.monotonic() < end, self.seen
            self._listen(0.05)

    def _listen(self, patience: float) -> bool:
        if not select.select([self.terminal], [], [], patience)[0]:
            return True
        try:
            heard = os.read(self.terminal, 65536)
        except OSError:
            return False
        self.seen += heard.decode("utf-8", "replace")
        return bool(heard)

    def strike(self, *keys: str) -> None:
        for key in keys:
            os.write(self.terminal, key.encode())

    def end(self) -> int:
        """Exit status, when the command has ended."""
        while self._listen(LIMIT):
            pass
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])


def rows_of(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()] if file.exists() else []


def finished(file: Path) -> list[dict[str, Any]]:
    return [row for row in rows_of(file) if row.get("finished") is not False]


def coded(file: Path) -> list[CodedPassage]:
    return read_coded([file])


def test_three_passages_killed_and_resumed(tmp_path: Path) -> None:
    file, codes = tasks(tmp_path), tmp_path / "a_coder.codes.jsonl"
    window = Window(file)
    window.until("Passage 1/4")
    window.strike("m", "p", "o", "\r")
    window.until("Passage 2/4")
    window.strike("n", "\r")
    window.until("Passage 3/4")
    window.strike("m")
    window.wait(lambda: len(rows_of(codes)) == 3 or not window._listen(0.05))
    os.kill(window.pid, signal.SIGKILL)
    assert window.end() == -signal.SIGKILL
    assert [passage.label for passage in coded(codes)] == ["mixte", "neutre"]

    again = Window(file)
    again.until("Passage 3/4")  # where she was, with the answer she had begun
    again.strike("\r")
    again.until("Passage 4/4")
    again.strike("q")
    assert again.end() == 0
    assert "3 passages codés sur 4" in again.seen
    found = coded(codes)
    assert [passage.label for passage in found] == ["mixte", "neutre", "rationalisation"]
    assert found[0].relation == "opposition"
    assert [row["weight"] for row in rows_of(codes)] == [2.5] * 3  # what the row came with stays
    assert {row["coder"] for row in rows_of(codes)} == {"codeur A"}
    assert codes.stat().st_mode & 0o077 == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a_coder.codes.jsonl", "a_coder.jsonl"]


def test_killed_at_any_moment_only_the_last_key_can_be_missing(tmp_path: Path) -> None:
    file, codes = tasks(tmp_path), tmp_path / "a_coder.codes.jsonl"
    window = Window(file)
    window.until("Passage 1/4")
    for number, key in enumerate("nmpn", 1):
        window.strike(key, "\r")
        if number < 4:
            window.until(f"Passage {number + 1}/4")
        # The screen that follows a decision is drawn when the decision is on disk.
        if number == 3:
            os.kill(window.pid, signal.SIGKILL)
            break
    window.end()
    assert [row["id"] for row in finished(codes)] == ["e1#0", "e1#1", "e1#2"]


def test_ctrl_c_leaves_the_codes_and_the_terminal_as_they_were(tmp_path: Path) -> None:
    import termios

    file, codes = tasks(tmp_path), tmp_path / "a_coder.codes.jsonl"
    window = Window(file)
    window.until("Passage 1/4")
    window.strike("m", "\r")
    window.until("Passage 2/4")
    assert not termios.tcgetattr(window.terminal)[3] & termios.ECHO
    window.strike("\x03")
    window.until("\x1b[?1049l")
    window.until("Reprendre")
    assert window.end() == 130
    assert len(finished(codes)) == 1


def test_a_closed_terminal_leaves_the_codes(tmp_path: Path) -> None:
    file, codes = tasks(tmp_path), tmp_path / "a_coder.codes.jsonl"
    window = Window(file)
    window.until("Passage 1/4")
    window.strike("m", "\r")
    window.until("Passage 2/4")
    os.close(window.terminal)
    assert os.waitstatus_to_exitcode(os.waitpid(window.pid, 0)[1]) == 130
    assert len(finished(codes)) == 1


def test_two_windows_on_one_file(tmp_path: Path) -> None:
    file = tasks(tmp_path)
    window = Window(file)
    window.until("Passage 1/4")
    second = Window(file)
    assert second.end() == 2
    assert "autre fenêtre" in second.seen
    window.strike("q")
    assert window.end() == 0


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root writes everywhere")
def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    file = tasks(tmp_path)
    tmp_path.chmod(0o500)
    try:
        window = Window(file)
        assert window.end() == 2
        assert "impossible d’écrire" in window.seen
    finally:
        tmp_path.chmod(0o700)


def test_a_disk_that_fills_up_is_told_and_tried_again(tmp_path: Path) -> None:
    file, codes = tasks(tmp_path), tmp_path / "a_coder.codes.jsonl"
    window = Window(file)
    window.until("Passage 1/4")
    window.strike("n", "\r")
    window.until("Passage 2/4")
    temporary = tmp_path / ".a_coder.codes.jsonl.tmp"
    temporary.mkdir()  # nothing can be written there any more
    window.strike("m")
    window.until("Pas enregistré")
    window.strike("q")
    window.until("Toujours pas")
    temporary.rmdir()
    window.strike("\r")
    window.until("Passage 3/4")
    assert len(finished(codes)) == 2
    temporary.mkdir()
    window.strike("m")
    window.until("Pas enregistré")
    window.strike("q")
    window.until("Toujours pas")
    window.strike("q")
    assert window.end() == 2
    assert "les codes de 1 passage" in window.seen
    assert len(finished(codes)) == 2


def test_no_terminal_is_one_clear_message(tmp_path: Path) -> None:
    done = subprocess.run([*COMMAND, str(tasks(tmp_path))], capture_output=True, text=True, stdin=subprocess.DEVNULL)
    assert done.returncode == 2
    assert done.stdout == ""
    assert "coding sample SOURCES -o a_coder.xlsx" in done.stderr
    assert len(done.stderr.splitlines()) == 3


def test_a_damaged_file_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    file = tasks(tmp_path)
    whole = file.read_bytes()
    file.write_bytes(whole[:-40])
    window = Window(file)
    assert window.end() == 2
    assert "ligne 4" in window.seen
    assert TEXTS[3] not in window.seen  # an error never quotes
    assert file.read_bytes() == whole[:-40]


def test_damaged_codes_are_never_written_over(tmp_path: Path) -> None:
    file, codes = tasks(tmp_path), tmp_path / "a_coder.codes.jsonl"
    codes.write_text('{"id": "e1#0", "te', encoding="utf-8")
    window = Window(file)
    assert window.end() == 2
    assert "a_coder.codes.jsonl, ligne 1" in window.seen
    assert codes.read_text(encoding="utf-8") == '{"id": "e1#0", "te'


def test_codes_of_other_passages_stay(tmp_path: Path) -> None:
    file, codes = tasks(tmp_path), tmp_path / "a_coder.codes.jsonl"
    other = {"id": "autre", "document": "e9", "text": "On reste.", "coder": "codeur A", "M": False, "P": True}
    codes.write_text(json.dumps(other) + "\n", encoding="utf-8")
    window = Window(file)
    window.until("Passage 1/4")
    window.strike("n", "\r")
    window.until("Passage 2/4")
    window.strike("q")
    window.end()
    assert [row["id"] for row in rows_of(codes)] == ["e1#0", "autre"]
    assert rows_of(codes)[1] == other


def test_reviewing_coded_passages_in_place(tmp_path: Path) -> None:
    file = tmp_path / "vus.codes.jsonl"
    rows = [
        {"id": str(n), "document": "e1", "text": text, "coder": "codeur B", "M": True, "P": False, "place": n}
        for n, text in enumerate(TEXTS)
    ]
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    window = Window(file, "--coder", "A")
    window.until("Passage 1/4")
    window.strike("n", "\r")
    window.until("Passage 2/4")
    window.strike("q")
    assert window.end() == 0
    found = rows_of(file)
    assert found[1:] == rows[1:]
    assert (found[0]["M"], found[0]["coder"], found[0]["place"]) == (False, "codeur A", 0)


def test_the_other_codebook(tmp_path: Path) -> None:
    associations = ROOT / "corpora" / "associations"
    file = tasks(tmp_path, "MC")
    refused = Window(file)
    assert refused.end() == 2
    assert "--codebook" in refused.seen
    window = Window(file, "--codebook", associations)
    window.until("civique")
    window.strike("c", "m", "a", "\r")
    window.until("Passage 2/4")
    window.strike("q")
    assert window.end() == 0
    use_codebook(load_codebook(associations))
    try:
        [passage] = coded(tmp_path / "a_coder.codes.jsonl")
        assert passage.relations == {"marchande+civique": "articulation"}
    finally:
        use_codebook(shipped())


def test_a_codebook_of_three_logics(tmp_path: Path) -> None:
    book = tmp_path / "grille"
    book.mkdir()
    (book / "codebook.toml").write_text(THREE, encoding="utf-8")
    window = Window(tasks(tmp_path, "AJD"), "--codebook", book)
    window.until("Maj+A")  # a letter that is also a command says how to strike it
    window.strike("A", "J", "d", "o", "j", "a", "\r")
    window.until("Passage 2/4")
    window.strike("A", "d", "o", "\r")
    window.until("Passage 3/4")
    window.strike("q")
    assert window.end() == 0
    use_codebook(load_codebook(book))
    try:
        first, second = coded(tmp_path / "a_coder.codes.jsonl")
        assert dict(first.relations) == {
            "artisanale+juridique": "opposition",
            "artisanale+domestique": "juxtaposition",
            "juridique+domestique": "articulation",
        }
        assert dict(second.relations) == {"artisanale+domestique": "opposition"}
    finally:
        use_codebook(shipped())


@pytest.mark.parametrize("environment", [{"TERM": "dumb"}, {"NO_COLOR": "1"}])
def test_plain_terminals(tmp_path: Path, environment: dict[str, str]) -> None:
    window = Window(tasks(tmp_path), **environment)
    window.until("Passage 1/4")
    window.strike("m", "\r")
    window.wait(lambda: "Passage 2/4" in window.seen)
    colours = [f"\x1b[{code}m" for code in (33, 90, 31)]
    assert not any(colour in window.seen for colour in colours)
    assert environment.get("TERM") != "dumb" or "\x1b" not in window.seen
    window.strike("q")
    assert window.end() == 0
