"""What a command owes to the machine it runs on: terminals, closed streams, full or locked disks, locales, signals.

Each case is a process of its own, on a small corpus, with `corpus info` where no model is needed.
"""

import errno
import fcntl
import io
import json
import os
import pty
import re
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import termios
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tensions_cli.corpus.language import _identifier
from tensions_cli.output.sink import lend_folder

INTERVIEW = """M : Comment se passe une journée ici ?

C : On remplit des grilles le matin, et l’après-midi on prend le temps de parler avec les résidents.

M : Et les tableaux de suivi, à quoi servent-ils ?

C : Ils nous prennent du temps, mais ils montrent à la direction ce que l’équipe fait chaque jour.
"""
# A paragraph in another language, so that languages are told apart with the help of a model.
ARTICLE = """L’équipe a écrit son projet à l’été, après plusieurs réunions où chacun a pu parler de son métier. \
Elle y dit comment elle accueille les familles, ce qu’elle attend de la direction, et le temps qu’il faut pour se \
connaître.

The residents are waiting for their families and the team is trying to find some time for them, which is not always \
possible during the week.
"""
COMMAND = (sys.executable, "-m", "tensions_cli")
INFO = ("corpus", "info", ".", "-f", "json")
ESCAPE = re.compile(rb"\x1b\[[0-9;?]*[a-zA-Z]")
COLOUR = re.compile(rb"\x1b\[(?:[0-9]+;)*(?:3[0-8]|4[0-8]|9[0-7]|10[0-7])(?:;[0-9]+)*m")


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An interview and an article, under names with accents."""
    folder = tmp_path_factory.mktemp("manières") / "corpus"
    folder.mkdir()
    (folder / "Entretien été.txt").write_text(INTERVIEW, encoding="utf-8")
    (folder / "Élan.txt").write_text(ARTICLE, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def inventory(corpus: Path) -> bytes:
    """What `corpus info -f json` gives when nothing is in its way."""
    done = call(corpus, *INFO)
    assert done.returncode == 0, done.stderr.decode()
    assert [one["id"] for one in json.loads(done.stdout)["documents"]["read"]] == ["Entretien été", "Élan"]
    assert "anglais" in done.stdout.decode()
    return done.stdout


def call(folder: Path, *arguments: str, env: Mapping[str, str | None] | None = None, **more: Any) -> Any:
    """Run the command in a folder. `env`: variables set, or removed by None."""
    return subprocess.run([*COMMAND, *arguments], cwd=folder, env=environment(env), check=False, **(PIPES | more))


PIPES: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}


def environment(changes: Mapping[str, str | None] | None) -> dict[str, str]:
    """The variables of the tests, without those that speak of terminals and encodings, then the changes."""
    ours = ("NO_COLOR", "FORCE_COLOR", "COLUMNS", "LINES", "TERM", "LANG", "PYTHONIOENCODING", "PYTHONUTF8")
    kept = {name: value for name, value in os.environ.items() if name not in ours and not name.startswith("LC_")}
    return {name: value for name, value in (kept | dict(changes or {})).items() if value is not None}


def shell(folder: Path, script: str, *arguments: str, env: Mapping[str, str | None] | None = None) -> Any:
    """Run the command through a shell that redirects it: `script` says `"$@"` where the command stands."""
    line = ["sh", "-c", script, "sh", *COMMAND, *arguments]
    return subprocess.run(line, cwd=folder, env=environment(env), check=False, capture_output=True)


def three_parts(said: bytes) -> list[str]:
    return [line.split("\u00a0")[0] for line in said.decode().splitlines() if not line.startswith(" ")]


# --- terminals ------------------------------------------------------------------------------------------------


def on_terminal(folder: Path, *arguments: str, env: Mapping[str, str], width: int = 100) -> tuple[int, bytes]:
    """Status and all that a terminal of this width has received."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 40, width, 0, 0))
    streams = {"stdin": slave, "stdout": slave, "stderr": slave}
    process = subprocess.Popen([*COMMAND, *arguments], cwd=folder, env=environment(env), **streams)
    os.close(slave)
    received = b""
    while True:
        try:
            piece = os.read(master, 65536)
        except OSError:  # the other end is closed: Linux says so with an error
            break
        if not piece:
            break
        received += piece
    os.close(master)
    return process.wait(30), received


@pytest.mark.parametrize(
    ("env", "escapes", "colours"),
    [
        ({"TERM": "xterm-256color"}, True, True),
        ({"TERM": "xterm-256color", "NO_COLOR": "1"}, True, False),
        ({"TERM": "dumb"}, False, False),
    ],
    ids=["colour", "NO_COLOR", "dumb"],
)
def test_a_terminal_gets_what_it_asks_for(corpus: Path, env: dict[str, str], escapes: bool, colours: bool) -> None:
    status, received = on_terminal(corpus, "corpus", "info", ".", env=env)
    assert status == 0
    assert "2 documents" in received.decode()
    assert bool(ESCAPE.search(received)) is escapes
    assert bool(COLOUR.search(received)) is colours


def test_a_narrow_terminal_is_kept_to(corpus: Path) -> None:
    status, received = on_terminal(corpus, "corpus", "info", ".", env={"TERM": "xterm"}, width=40)
    assert status == 0
    assert max(len(line) for line in ESCAPE.sub(b"", received).decode().splitlines()) <= 40


def test_off_a_terminal_no_colour_and_no_bar(corpus: Path) -> None:
    done = call(corpus, "corpus", "info", ".", env={"TERM": "xterm-256color", "COLUMNS": "40"})
    assert done.returncode == 0
    assert b"\x1b" not in done.stdout + done.stderr
    assert "lecture" not in done.stderr.decode()
    assert max(len(line) for line in done.stdout.decode().splitlines()) > 40  # a file is no window


def test_a_terminal_closed_in_the_middle_interrupts(corpus: Path, tmp_path: Path) -> None:
    master, slave = pty.openpty()

    def take_terminal() -> None:
        fcntl.ioctl(1, termios.TIOCSCTTY, 0)

    process = subprocess.Popen(
        [*COMMAND, "corpus", "info", "-", "-f", "json", "-o", str(tmp_path / "r.json")],
        stdin=subprocess.PIPE,
        stdout=slave,
        stderr=slave,
        start_new_session=True,
        preexec_fn=take_terminal,
        env=environment({"TERM": "xterm"}),
    )
    os.close(slave)
    feed(process)
    os.close(master)
    assert process.wait(30) == 130
    assert list(tmp_path.iterdir()) == []


# --- streams --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_closed_streams_do_not_touch_the_result(corpus: Path, inventory: bytes, tmp_path: Path, closed: str) -> None:
    output = tmp_path / "r.json"
    done = shell(corpus, f'exec "$@" {closed}', *INFO, "-o", str(output))
    assert done.returncode == 0
    assert output.read_bytes() == inventory
    assert done.stdout == b""


def test_a_closed_stdin_is_an_empty_text(corpus: Path) -> None:
    done = shell(corpus, 'exec "$@" <&-', "corpus", "info", "-")
    assert done.returncode == 2
    assert three_parts(done.stderr) == ["Erreur", "Pourquoi", "À faire"]
    assert "vide" in done.stderr.decode()


@pytest.mark.parametrize("arguments", [INFO, ("corpus", "info", "."), ("--version",), ("--help",)], ids=" ".join)
def test_a_full_disk_under_stdout_is_told(corpus: Path, arguments: tuple[str, ...]) -> None:
    done = shell(corpus, 'exec "$@" >/dev/full', *arguments)
    assert done.returncode == 2
    assert [line for line in three_parts(done.stderr) if line in ("Erreur", "Pourquoi", "À faire")] == [
        "Erreur",
        "Pourquoi",
        "À faire",
    ]
    assert "le disque est plein" in done.stderr.decode()


def test_notes_that_cannot_be_said_stop_nothing(corpus: Path, tmp_path: Path, inventory: bytes) -> None:
    noisy = tmp_path / "corpus"
    shutil.copytree(corpus, noisy)
    (noisy / "tensions.toml").write_text("repair = false\n", encoding="utf-8")  # said on stderr
    assert b"tensions.toml" in call(noisy, *INFO).stderr
    done = shell(noisy, 'exec "$@" 2>/dev/full', *INFO)
    assert (done.returncode, done.stdout) == (0, inventory)
    done = shell(noisy, 'exec "$@" 2>/dev/full', "corpus", "info", "rien.txt")
    assert (done.returncode, done.stdout) == (2, b"")
    reader, writer = os.pipe()
    os.close(reader)  # `2>&1 | head` once it has left
    done = call(noisy, *INFO, stderr=writer)
    os.close(writer)
    assert (done.returncode, done.stdout) == (0, inventory)


@pytest.mark.parametrize("arguments", [INFO, ("corpus", "info", "."), ("--help",)], ids=" ".join)
def test_a_reader_that_left_is_no_failure(corpus: Path, arguments: tuple[str, ...]) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    done = call(corpus, *arguments, stdout=writer)
    os.close(writer)
    assert done.returncode == 0
    assert b"Broken" not in done.stderr
    assert b"Traceback" not in done.stderr
    assert "Erreur" not in done.stderr.decode()


# --- disks ----------------------------------------------------------------------------------------------------

LOCKED = """
mount --make-rprivate / 2>/dev/null
if [ -n "$KEPT" ]; then mount --bind "$KEPT" "$KEPT" || exit 97; fi
awk '{print $2}' /proc/mounts | while read -r point; do
  case "$point" in "$KEPT"|/proc*|/sys*|/dev*) ;; *) mount -o remount,bind,ro "$point" 2>/dev/null ;; esac
done
if touch "$PROBE/essai" 2>/dev/null; then exit 97; fi
exec "$@"
"""


def locked(folder: Path, *arguments: str, kept: Path | None = None) -> Any:
    """Run the command where every disk is read-only but `kept`: corpus, current folder, HOME, /tmp and all."""
    line = ["unshare", "-m", "sh", "-c", LOCKED, "sh", *COMMAND, *arguments]
    if os.geteuid() != 0:
        line.insert(1, "-r")
    env = environment({"KEPT": str(kept or ""), "PROBE": str(folder), "TMPDIR": None, "HOME": "/nulle-part"})
    try:
        done = subprocess.run(line, cwd=folder, env=env, check=False, capture_output=True)
    except FileNotFoundError:
        pytest.skip("no unshare here")
    if done.returncode == 97 or b"unshare" in done.stderr:
        pytest.skip("this machine does not let a test lock its disks")
    return done


def test_nothing_needs_to_be_written_to_read(corpus: Path, inventory: bytes) -> None:
    done = locked(corpus, *INFO)
    assert (done.returncode, done.stdout) == (0, inventory), done.stderr.decode()
    assert done.stderr == b""
    refused = locked(corpus, "corpus", "info", "Élan.txt", "-f", "json", "-o", str(corpus.parent / "r.json"))
    assert refused.returncode == 2
    assert "lecture seule" in refused.stderr.decode()


def test_a_report_needs_no_disk_but_its_own(corpus: Path, tmp_path: Path) -> None:
    before = {path: path.read_bytes() for path in corpus.iterdir()}
    output = tmp_path / "rapport.html"
    done = locked(corpus, "report", ".", "-q", "-o", str(output), kept=tmp_path)
    assert done.returncode == 0, done.stderr.decode()
    assert [path.name for path in tmp_path.iterdir()] == ["rapport.html"]
    assert "<svg" in output.read_text(encoding="utf-8")
    assert {path: path.read_bytes() for path in corpus.iterdir()} == before


@pytest.mark.parametrize(
    "env",
    [{"HOME": None}, {"HOME": "/nulle-part"}, {"TMPDIR": "/nulle-part"}, {"XDG_CACHE_HOME": "/dev/null"}],
    ids=lambda env: str(env)[1:-1],
)
def test_no_home_and_no_temporary_folder(corpus: Path, inventory: bytes, env: dict[str, str | None]) -> None:
    done = call(corpus, *INFO, env=env)
    assert (done.returncode, done.stdout, done.stderr) == (0, inventory, b"")


def test_languages_are_told_without_a_temporary_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> io.BytesIO:
        raise OSError(errno.ENOSPC, "")

    text = "The team is trying to find some time for the residents and their families."
    usual = _identifier().classify(text)
    _identifier.cache_clear()
    monkeypatch.setattr(tempfile, "TemporaryFile", full)
    try:
        assert _identifier().classify(text) == usual
        assert tempfile.TemporaryFile is full  # put back as it was
    finally:
        _identifier.cache_clear()


def test_a_temporary_folder_is_lent_only_where_there_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "usuel"))
    lend_folder(tmp_path / "r.html")
    assert tempfile.gettempdir() == str(tmp_path / "usuel")

    def none() -> str:
        raise FileNotFoundError(errno.ENOENT, "")

    with monkeypatch.context() as patch:
        patch.setattr(tempfile, "gettempdir", none)
        lend_folder(tmp_path / "r.html")
    assert tempfile.gettempdir() == str(tmp_path)


# --- locales --------------------------------------------------------------------------------------------------

PLAIN_C = {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}


@pytest.mark.parametrize(
    "env",
    [
        {"LC_ALL": "C"},
        PLAIN_C,
        {"LC_ALL": "fr_FR.UTF-8"},
        {"PYTHONIOENCODING": "cp1252"},
        {"TZ": "Asia/Tokyo", "LANG": "de_DE"},
    ],
    ids=lambda env: " ".join(f"{name}={value}" for name, value in env.items()),
)
def test_data_are_the_same_bytes_in_every_locale(corpus: Path, inventory: bytes, env: dict[str, str]) -> None:
    done = call(corpus, *INFO, env=env)
    assert (done.returncode, done.stdout) == (0, inventory), done.stderr


def test_a_file_is_the_same_bytes_in_the_poorest_locale(corpus: Path, inventory: bytes, tmp_path: Path) -> None:
    done = call(corpus, *INFO, "-o", str(tmp_path / "été.json"), env=PLAIN_C)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "été.json").read_bytes() == inventory


def test_what_a_person_reads_keeps_its_accents_where_the_locale_has_them(corpus: Path) -> None:
    # A container without a locale is UTF-8 (PEP 538); who asks for ASCII gets `?`, never a failure.
    assert "Élan" in call(corpus, "corpus", "info", ".", env={"LC_ALL": "C"}).stdout.decode()
    poor = call(corpus, "corpus", "info", ".", env={"PYTHONIOENCODING": "ascii"})
    assert poor.returncode == 0
    assert "?lan" in poor.stdout.decode("ascii")


# --- signals --------------------------------------------------------------------------------------------------


def feed(process: "subprocess.Popen[bytes]") -> None:
    """Write more to the command than a pipe holds: once all is taken, the command is at work, waiting for the rest."""
    assert process.stdin is not None
    process.stdin.write("On prend le temps de parler avec les résidents.\n\n".encode() * 20_000)
    process.stdin.flush()
    waiting = b"    "
    while any(waiting):
        waiting = fcntl.ioctl(process.stdin, termios.FIONREAD, waiting)
    # Python looks at signals when a read of the system returns, not just before it begins.
    time.sleep(0.5)


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_an_interruption_leaves_nothing_behind(tmp_path: Path, name: str) -> None:
    process = subprocess.Popen(
        [*COMMAND, "corpus", "info", "-", "-f", "json", "-o", str(tmp_path / "r.json")],
        stdin=subprocess.PIPE,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # ignored under some runners of tests
        env=environment(None),
        **PIPES,
    )
    feed(process)
    process.send_signal(getattr(signal, name))
    assert process.stdin is not None
    try:
        process.wait(30)
    finally:
        process.kill()
    assert process.stdout is not None
    assert process.stderr is not None
    said = process.stderr.read().decode()
    assert process.returncode == 130
    assert process.stdout.read() == b""
    assert said == "Interrompu\u00a0: rien n’a été écrit à moitié.\n"
    assert list(tmp_path.iterdir()) == []
    for stream in (process.stdout, process.stderr):
        stream.close()
