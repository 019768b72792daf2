"""Bad days, as the user of the command lives them: killed, interrupted, out of disk, cut off, spied on.

Each case is a process of its own on a small corpus; `tests/spy` is a witness in it and in its workers.
"""

import contextlib
import io
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tensions_cli.cli import run
from tensions_cli.tagging.model_folder import find_model

HERE = Path(__file__).parent
COMMAND = (sys.executable, "-m", "tensions_cli")
LINUX = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="reads the table of processes of Linux")
NBSP = "\u00a0"
INTERRUPTED = f"Interrompu{NBSP}: rien n’a été écrit à moitié.\n"

# Words that no French text has: one in what is said, one who speaks, one in the tables, one in a folder above.
SECRET, NAME, PERSON, FOLDER = "ZZTOPSECRET", "Quirinelle", "Wolframe", "Zkdossier"
CANARIES = (SECRET, NAME, PERSON)
SAID = (
    f"On coche des cases toute la matinée, dit {SECRET}, et on n’a plus le temps d’écouter les résidents.",
    f"Avec {NAME} on a repris le projet d’accompagnement, parce que la personne voulait rentrer chez elle.",
    "La direction demande des tableaux de bord, et l’équipe demande du temps pour les réunions.",
    f"Le soir, {SECRET} note dans le logiciel ce que chacun a fait, minute par minute, et cela ne dit rien du soin.",
    f"Quand {NAME} va mal, on s’assoit à côté d’elle, on attend, et cela ne rentre dans aucune grille.",
)


def write_corpus(folder: Path) -> Path:
    """Five interviews, and a table that names who speaks."""
    folder.mkdir(parents=True)
    for rank, answer in enumerate(SAID, 1):
        text = f"M : Comment se passe la journée {rank} ?\n\nC : {answer}\n\nM : Et après ?\n\nC : {answer}\n"
        (folder / f"e{rank}.txt").write_text(text, encoding="utf-8")
    rows = "".join(f"e{rank};C;{PERSON};aide-soignante\n" for rank in range(1, len(SAID) + 1))
    (folder / "speakers.csv").write_text(f"document;speaker;person;trade\n{rows}", encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_corpus(tmp_path_factory.mktemp("jours") / FOLDER / "corpus")


def environment(**changes: object) -> dict[str, str]:
    """The variables of the tests, with the witness; a variable set to None is taken out."""
    ours = ("SPY_", "COVERAGE", "PYTHONWARNINGS")
    env = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    path = os.pathsep.join(filter(None, (str(HERE / "spy"), env.get("PYTHONPATH"))))
    changed = {"PYTHONPATH": path, **changes}
    return {**env, **{name: str(value) for name, value in changed.items() if value is not None}}


def start(*arguments: object, **changes: object) -> "subprocess.Popen[bytes]":
    """The command, in a group of its own as a shell starts it, its streams kept."""
    return subprocess.Popen(
        [*COMMAND, *map(str, arguments)],
        env=environment(**changes),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),  # ignored under some runners
    )


def call(*arguments: object, **changes: object) -> tuple[int, bytes, str]:
    """Status, stdout and stderr of a command that is left to finish."""
    process = start(*arguments, **changes)
    out, err = process.communicate(timeout=200)
    return process.returncode, out, err.decode()


def told(log: Path, event: str) -> list[list[str]]:
    """What the witness said of an event."""
    lines = log.read_text(encoding="utf-8").splitlines() if log.exists() else []
    return [told for line in lines for told in [json.loads(line)] if told[1].startswith(event)]


def until(true: Callable[[], Any], process: "subprocess.Popen[bytes]") -> Any:
    """Wait for something that the command does; it must not have ended before."""
    deadline = time.monotonic() + 120
    while not (found := true()):
        assert process.poll() is None, process.stderr.read().decode() if process.stderr else ""
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return found


def members(group: int) -> list[int]:
    """Processes of a session that are still at work."""
    found = []
    for entry in Path("/proc").iterdir():
        with contextlib.suppress(OSError, ValueError):
            state, _, _, session = (entry / "stat").read_text().rpartition(")")[2].split()[:4]
            if int(session) == group and state != "Z":
                found.append(int(entry.name))
    return found


def nobody_left(group: int) -> bool:
    deadline = time.monotonic() + 20
    while members(group) and time.monotonic() < deadline:
        time.sleep(0.05)
    return members(group) == []


def in_three_parts(said: str) -> bool:
    """An error that says what, why, and what to do."""
    heads = [line.split(NBSP)[0] for line in said.splitlines() if re.match("(Erreur|Pourquoi|À faire)\u00a0:", line)]
    return heads == ["Erreur", "Pourquoi", "À faire"]


def silent(said: str) -> bool:
    """No word of a text, no path of this machine, no trace of our code."""
    core = ("Traceback", 'File "', "site-packages", "tensions_cli/", "Error:", str(Path.home()), sys.prefix, FOLDER)
    return not any(word in said for word in (*CANARIES, *core))


@pytest.fixture(scope="module")
def summary(corpus: Path) -> bytes:
    """What one undisturbed process says of the corpus."""
    status, out, err = call("analyse", corpus, "-f", "json", "--no-cache", "-q")
    assert (status, err) == (0, "")
    return out


# --- killed, interrupted ------------------------------------------------------------------------------------


@LINUX
def test_killed_then_taken_up_then_a_worker_lost(corpus: Path, summary: bytes, tmp_path: Path) -> None:
    """The command, killed in the middle, leaves entries; the next takes them up, loses a worker, says the same."""
    output, log, flag, cache = (tmp_path / name for name in ("r.json", "log", "flag", "cache"))
    flag.touch()
    arguments = ("analyse", corpus, "-f", "json", "-q", "-j", "2", "-o", output)
    spied = {"SPY_LOG": log, "SPY_FILE": "e4.txt", "SPY_FLAG": flag, "TENSIONS_CACHE": cache}
    process = start(*arguments, SPY_ACT="wait", **spied)
    until(lambda: len(list(cache.glob("??/*"))) >= 3, process)  # e1, e2 and e3; e4 waits
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    assert nobody_left(process.pid)
    assert not output.exists()
    assert not list(tmp_path.glob(".tensions-*"))
    kept = {path: path.read_bytes() for path in cache.glob("??/*")}
    log.unlink()
    status, _, err = call(*arguments, SPY_ACT="die once", **spied)
    assert (status, err) == (0, "")
    assert not flag.exists()  # one worker did die
    assert len(told(log, "act")) == 2
    assert output.read_bytes() == summary
    assert {path: path.read_bytes() for path in kept} == kept
    assert len(list(cache.glob("??/*"))) == len(SAID)

    # A file that kills whoever does it: the others are there all the same, the second time too, when it is alone to do.
    for path in set(cache.glob("??/*")) - set(kept):
        path.unlink()
    for _ in range(2):
        status, _, err = call(*arguments[:3], "csv", *arguments[4:], SPY_ACT="die", **spied)
        assert status == 3
        assert "e4.txt" in err
        assert silent(err)
        rows = output.read_text(encoding="utf-8").splitlines()
        assert [row.split(",")[0] for row in rows[2:]] == ["e1", "e2", "e3", "e5"]


@LINUX
@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", pytest.param("SIGHUP", marks=pytest.mark.full)])
def test_an_interruption_in_the_middle_of_two_processes(corpus: Path, tmp_path: Path, name: str) -> None:
    output, log, flag, temporary = (tmp_path / name for name in ("r.json", "log", "flag", "tmp"))
    flag.touch()
    temporary.mkdir()
    process = start(
        *("analyse", corpus, "-f", "json", "-j", "2", "-o", output),
        SPY_LOG=log,
        SPY_ACT="wait",
        SPY_FILE=".txt",
        SPY_FLAG=flag,
        TMPDIR=temporary,
    )
    until(lambda: len(told(log, "act")) >= 2, process)
    if name == "SIGINT":
        os.killpg(process.pid, signal.SIGINT)  # Ctrl-C reaches every process of the terminal
    else:
        os.kill(process.pid, getattr(signal, name))
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out, err.decode()) == (130, b"", INTERRUPTED)
    assert nobody_left(process.pid)
    assert not output.exists()
    assert list(temporary.iterdir()) == []
    assert not list(tmp_path.glob(".tensions-*"))


@LINUX
def test_an_interruption_while_workers_start(corpus: Path, tmp_path: Path) -> None:
    """A worker that is still importing what it needs has nothing to say either."""
    log = tmp_path / "log"
    process = start("analyse", corpus, "-j", "2", "--no-cache", SPY_LOG=log)
    until(lambda: len(members(process.pid)) >= 3, process)  # the command, the tracker of its resources, a worker
    os.killpg(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out, err.decode()) == (130, b"", INTERRUPTED)
    assert nobody_left(process.pid)


@LINUX
def test_an_interruption_while_a_file_is_done_again(corpus: Path, tmp_path: Path) -> None:
    """A worker died; what it held is done again, alone: Ctrl-C does not wait for its end."""
    log, flag = tmp_path / "log", tmp_path / "flag"
    flag.touch()
    process = start(
        *("analyse", corpus, "-j", "2", "--no-cache"),
        SPY_LOG=log,
        SPY_ACT="wait",
        SPY_FILE="e1.txt",
        SPY_FLAG=flag,
    )
    (first, *_), *_ = until(lambda: told(log, "act"), process)
    os.kill(int(first), signal.SIGKILL)
    until(lambda: len(told(log, "act")) >= 2, process)
    os.killpg(process.pid, signal.SIGINT)
    _, err = process.communicate(timeout=20)
    assert (process.returncode, err.decode()) == (130, INTERRUPTED)
    assert nobody_left(process.pid)


def test_a_fault_of_ours_in_a_worker_says_no_word(corpus: Path) -> None:
    """Status 70 and one line, which quotes nothing, whoever the fault happens to."""
    status, out, err = call("analyse", corpus, "-j", "2", "--no-cache", SPY_ACT="raise", SPY_FILE="e2.txt")
    assert (status, out) == (70, b"")
    assert len(err.splitlines()) == 1
    assert "(LookupError, " in err
    assert silent(err.replace("LookupError", ""))


# --- disks --------------------------------------------------------------------------------------------------

# Every command that writes, and what it writes. `*` stands for the corpus, `+` for codes, `=` for two summaries.
WRITERS = {
    "analyse": "analyse * -f json -o r.json",
    "analyse csv": "analyse * -f csv -o r.csv",
    "analyse md": "analyse * -f md -o r.md",
    "analyse table": "analyse * -o r.txt",
    **{f"tag {form}": f"tag * -f {form} -o r.{form}" for form in ("jsonl", "csv", "xlsx", "parquet", "qdpx")},
    **{
        f"tag {form}": f"tag * -f {form} -o r.{form}"
        for form in ("doccano", "label-studio", "prodigy", "cas-json", "iramuteq")
    },
    "compare": "compare * --by document -o r.txt",
    "compare json": "compare * --by document -f json -o r.json",
    "extracts": "extracts * --lemma temps -f csv -o r.csv",
    "report html": "report * -o r.html",
    "report xlsx": "report * -o r.xlsx",
    "report md": "report * -o r.md",
    "diff": "diff = -o r.txt",
    "info": "corpus info * -f json -o r.json",
    "check": "corpus check * -f json -o r.json",
    "check fix": "corpus check * --fix r",
    **{f"convert {form}": f"corpus convert * -f {form} -o r" for form in ("txt", "jsonl", "iramuteq", "txm", "tei")},
    "pseudonymise": "corpus pseudonymise * -o r",
    "pseudonymise table": "corpus pseudonymise * -o r --write-table t.csv",
    "withdraw": "corpus withdraw e1 --from * -o r.md",
    "sample xlsx": "coding sample * -n 5 -o r.xlsx",
    "sample csv": "coding sample * -n 5 -o r.csv",
    "import": "coding import + -o r.jsonl",
    "agreement": "coding agreement + -o r.txt",
    "evaluate": "model evaluate + -f json -o r.json",
    "codebook": "codebook new r --copy",
}


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], list[str]]]:
    """What `WRITERS` work on, made once, with a cache of its own; gives the words of a line of theirs."""
    place = tmp_path_factory.mktemp("scène")
    source = write_corpus(place / "corpus")
    patch = pytest.MonkeyPatch()
    patch.setenv("TENSIONS_CACHE", str(place / "cache"))
    summary, codes = place / "résumé.json", place / "codes.jsonl"
    assert run(["analyse", str(source), "-f", "json", "-q", "-o", str(summary)]) == 0
    rows = [
        {
            "id": f"e{rank}#{start}",
            "document": f"e{rank}",
            "author": f"e{rank}",
            "coder": coder,
            "text": f"{answer} {start}",
            "M": 1 if (rank + start) % 2 else 0,
            "P": 1 if coder == "A" else start % 2,
            "relation": None,
            "stance": {},
            "axes": {},
        }
        for coder in "AB"
        for rank, answer in enumerate(SAID)
        for start in range(3)
    ]
    for row in rows:
        row["relation"] = "juxtaposition" if row["M"] and row["P"] else None
    codes.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    stands = {"*": [str(source)], "+": [str(codes)], "=": [str(summary), str(summary)]}

    def words(line: str) -> list[str]:
        return [part for word in line.split() for part in stands.get(word, [word])]

    yield words
    patch.undo()


def contents(*folders: Path) -> dict[Path, bytes | str]:
    """Every file, its bytes, and every link, where it leads."""
    paths = sorted(path for folder in folders for path in folder.rglob("*"))
    return {
        path: os.readlink(path) if path.is_symlink() else path.read_bytes()
        for path in paths
        if path.is_symlink() or path.is_file()
    }


@pytest.mark.parametrize("name", WRITERS)
def test_a_disk_without_room(
    name: str,
    stage: Callable[[str], list[str]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """No file may grow, as on a full disk: status 2, in three parts, and nothing is left, not even a folder."""
    resource = pytest.importorskip("resource")
    (tmp_path / "out").mkdir()
    monkeypatch.chdir(tmp_path / "out")
    monkeypatch.setenv("TENSIONS_CACHE", str(Path(stage("*")[0]).parent / "cache"))
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, before[1]))
    try:
        status = run(stage(WRITERS[name]))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    err = capsys.readouterr().err
    assert status == 2, err
    assert in_three_parts(err)
    assert silent(err.replace(NAME, "") if "pseudonymise" in name else err)
    assert list(tmp_path.rglob("*")) == [tmp_path / "out"]


# One line of each command, and everything that it reads: the corpus and its tables, or what is named there.
READERS = {
    "analyse * -f json": [],
    "analyse * -f json --codes codes.jsonl": ["codes.jsonl"],
    "analyse * -f json --check résumé.json": ["résumé.json"],
    "analyse * -f json -m modèle": ["modèle/config.json", "modèle/weights.npz"],
    "analyse * -f json --gold codes.jsonl": ["codes.jsonl"],
    "tag *": [],
    "tag * -f xlsx": [],
    "compare * --by document": [],
    "extracts * --lemma temps -f csv": [],
    "report * -f html": [],
    "diff résumé.json résumé-2.json": ["résumé.json", "résumé-2.json"],
    "corpus info * -f json": [],
    "corpus check *": [],
    "corpus convert * -f jsonl": [],
    "corpus withdraw e1 --from *": [],
    "coding sample * -n 5 -f jsonl": [],
    "coding import codes.jsonl": ["codes.jsonl"],
    "coding agreement codes.jsonl": ["codes.jsonl"],
    "model evaluate codes.jsonl -f json": ["codes.jsonl"],
}


@pytest.mark.parametrize("line", READERS)
def test_an_output_is_never_what_was_read(
    line: str,
    stage: Callable[[str], list[str]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Under its own name, another spelling, a link, a link to its folder: refused, and it keeps its bytes."""
    place = Path(stage("*")[0]).parent
    monkeypatch.setenv("TENSIONS_CACHE", str(place / "cache"))
    monkeypatch.chdir(tmp_path)
    shutil.copytree(place / "corpus", tmp_path / "corpus")
    shutil.copy(place / "codes.jsonl", tmp_path)
    for name in ("résumé.json", "résumé-2.json"):
        shutil.copy(place / "résumé.json", tmp_path / name)
    if "modèle" in line:
        shutil.copytree(find_model("standard"), tmp_path / "modèle")
    (tmp_path / "corpus" / "tensions.toml").write_text("repair = false\n", encoding="utf-8")
    (tmp_path / "lien").symlink_to(tmp_path / "corpus")
    (tmp_path / "lien.txt").symlink_to(tmp_path / "corpus" / "e1.txt")
    texts = ["corpus/e1.txt", "corpus/../corpus//./e1.txt", str(tmp_path / "corpus" / "e1.txt"), "lien/e1.txt"]
    targets = [*texts, "lien.txt", "corpus/speakers.csv", "corpus/tensions.toml", "corpus/nouveau.txt", "corpus"]
    if "*" not in line:
        targets = []
    for name in READERS[line]:
        (tmp_path / f"lien-{Path(name).name}").symlink_to(tmp_path / name)
        targets += [name, f"./corpus/../{name}", f"lien-{Path(name).name}"]
    os.link(tmp_path / "corpus" / "e2.txt", tmp_path / "dur.txt")
    before = contents(tmp_path)
    words = line.replace("*", "corpus").split()
    for target in targets:
        status = run([*words, "-q", "-o", target])
        err = capsys.readouterr().err
        assert contents(tmp_path) == before, target
        assert status == 2, (target, err)
        assert in_three_parts(err), (target, err)
    if "*" in line:  # a hard link is another name of an input: the name is replaced, the input stays
        run([*words, "-q", "-o", "dur.txt"])
        after = contents(tmp_path / "corpus")
        assert after == {path: content for path, content in before.items() if path in after}


def test_a_real_full_disk(corpus: Path, tmp_path: Path) -> None:
    """Results, cache and temporary folder on a disk of 64 kB that fills up: told, and nothing half-written."""
    place = tmp_path / "petit"
    place.mkdir()
    script = (
        'mount -t tmpfs -o size=64k tmpfs "$0" || exit 97; cd "$0" || exit 97; mkdir out cache tmp; "$@"; status=$?; '
        'find out cache tmp -type f ! -path "cache/??/*"; exit $status'
    )
    line = ["unshare", "-m", *(["-r"] if os.geteuid() else []), "sh", "-c", script, str(place), *COMMAND]
    line += ["report", str(corpus), "-o", "out/rapport.html", "-q"]
    if shutil.which("unshare") is None:
        pytest.skip("no unshare here")
    env = environment(TENSIONS_CACHE=place / "cache", TMPDIR=place / "tmp")
    done = subprocess.run(line, env=env, capture_output=True, check=False)
    if done.returncode == 97 or b"unshare" in done.stderr:
        pytest.skip("this machine does not let a test mount a disk")
    err = done.stderr.decode()
    assert (done.returncode, done.stdout) == (2, b""), err
    assert "le disque est plein" in err
    assert in_three_parts(err)
    assert silent(err)


# --- sent, written, said ------------------------------------------------------------------------------------

# What a process of a study does, one command after the other, in one process and with two.
STUDY = (
    "--version",
    "--help",
    "analyse corpus -f json -j 2 --no-cache -o out/r.json",
    "analyse corpus -f json -o out/r.json",
    "analyse corpus --quotes 2 -f md -o out/r.md",
    "tag corpus -f jsonl -o out/p.jsonl",
    "tag corpus -f xlsx -o out/p.xlsx",
    "tag corpus -f qdpx -o out/p.qdpx",
    "compare corpus --by speaker -o out/c.txt",
    "extracts corpus --lemma temps -o out/e.csv -f csv",
    "report corpus -o out/r.html",
    "report corpus -o out/r.xlsx",
    "diff out/r.json out/r.json",
    "explain ZZTOPSECRET",
    "corpus info corpus -f json -o out/i.json",
    "corpus check corpus -o out/check.txt",
    "corpus convert corpus -f tei -o out/tei",
    "corpus pseudonymise corpus -o out/pseudo",
    "coding sample corpus -n 5 -o out/a_coder.xlsx",
    "coding import out/p.qdpx --coder A -o out/codes.jsonl",
    "model list",
    "model show",
    "model train --help",
    "codebook new out/grille --copy",
    "codebook check out/grille",
)
# Each of them fails, some in a worker: what is said then is searched too.
FAILURES = (
    "analyse broken",
    "analyse broken/e.csv --unit record",
    "analyse corpus -o corpus/e1.txt",
    "analyse corpus -o nulle/part/r.json",
    "analyse corpus -m broken",
    "analyse corpus --by Wolframe",
    "analyse corpus --codes broken/codes.jsonl",
    "analyse nothing",
    "tag broken -j 2 --no-cache",
    "coding import broken/codes.jsonl",
    "coding import broken/p.qdpx",
    "coding agreement broken/codes.jsonl",
    "diff broken/codes.jsonl broken/codes.jsonl",
    "codebook check broken",
    "model evaluate broken/codes.jsonl",
    "report broken -o out/x.html",
)
RUNNER = """
import contextlib, io, json, sys
from tensions_cli.cli import interrupt_on_signals, run
if __name__ == "__main__":
    interrupt_on_signals()
    for line in json.loads(sys.argv[1]):
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            status = run(line.split())
        print(json.dumps([line, status, out.getvalue(), err.getvalue()]), flush=True)
"""


def broken_files(folder: Path) -> None:
    """Files that no reader takes, each with what must not be told of it."""
    folder.mkdir()
    table = f"id,text\n1,{SAID[0]!r}\n2," + '"'
    names = {
        "e.docx": SAID[0],
        "e.odt": SAID[1],
        "e.xlsx": SAID[0],
        "e.pdf": f"%PDF-1.4 {SAID[0]}",
        "e.json": f'{{"text": "{SAID[0]}"',
        "e.jsonl": f'{{"text": "{SAID[0]}"\n{SAID[1]}',
        "e.csv": table,
        "e.xml": f"<TEI><text>{SAID[0]}",
        "e.trs": f"<Trans scribe='{NAME}'><Turn>{SAID[0]}",
        "e.html": f"<html><body><p>{SAID[0]}</p><p>{SAID[1]}</p>",
        "e.rtf": f"{{\\rtf1 {SAID[0]}",
        "e.vtt": f"WEBVTT\n\n00:00 --> x\n<v {NAME}>{SAID[1]}",
        "codes.jsonl": f'{{"id": "p1", "coder": "{NAME}", "text": 3}}\n{SAID[0]}\n',
        "p.qdpx": SAID[0],
        "config.json": f'{{"name": "{SECRET}",',
        "codebook.toml": f'name = "{SECRET}\n',
        "lexicon.csv": f"{SECRET};{NAME}\n",
        "metadata.csv": f"document;{NAME}\ne;{SECRET};{SECRET}\n",
        "speakers.csv": f"document;speaker\ne;{NAME};{SECRET};;\n",
    }
    for name, content in names.items():
        (folder / name).write_text(content, encoding="utf-8")


@pytest.fixture(scope="module")
def studied(tmp_path_factory: pytest.TempPathFactory) -> "Studied":
    """The study, made in a process that is cut off from every network where this machine allows it.

    The folder, what each command gave (line, status, stdout, stderr), and what the processes said besides.
    """
    place = tmp_path_factory.mktemp("étude") / FOLDER
    write_corpus(place / "corpus")
    broken_files(place / "broken")
    for name in ("out", "cache", "tmp", "home"):
        (place / name).mkdir()
    homes = dict.fromkeys(("HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME"), place / "home")
    env = environment(SPY_LOG=place / "log", TENSIONS_CACHE=place / "cache", TMPDIR=place / "tmp", **homes)
    line = [sys.executable, "-X", "utf8", str(place / "runner.py"), json.dumps([*STUDY, *FAILURES])]
    (place / "runner.py").write_text(RUNNER, encoding="utf-8")
    cut = ["unshare", "-n", *(["-r"] if os.geteuid() else [])]
    with contextlib.suppress(OSError):
        if subprocess.run([*cut, "true"], capture_output=True, check=False).returncode == 0:
            line = [*cut, *line]
    done = subprocess.run(line, cwd=place, env=env, capture_output=True, check=False)
    results = [tuple(json.loads(row)) for row in done.stdout.decode().splitlines()]
    return place, results, done.stderr.decode()


Studied = tuple[Path, list[tuple[str, int, str, str]], str]


def test_the_study_went_through(studied: Studied) -> None:
    _, results, _ = studied
    assert [line for line, *_ in results] == [*STUDY, *FAILURES]
    for line, status, _, err in results:
        assert status in ({0} if line in STUDY else {2, 3, 4}), (line, err)


def test_no_connection_is_tried(studied: Studied) -> None:
    """No socket at all (processes of one command talk by pipes), no name looked up, no other program.

    But `fc-list`, which the charts ask, once, for the fonts of the machine; it is told nothing.
    """
    place, *_ = studied
    log = place / "log"
    assert len({pid for pid, *_ in told(log, "write")}) >= 2  # the witness was there, in workers too
    for event in ("socket.", "urllib.", "http.", "ftplib.", "smtplib."):
        assert told(log, event) == []
    programs = {arguments[2] for arguments in told(log, "subprocess.Popen")} - {sys.executable}
    assert programs <= {"fc-list"}
    assert told(log, "os.system") + told(log, "os.exec") + told(log, "os.posix_spawn") == []


def test_nothing_is_written_but_results_and_the_cache(studied: Studied) -> None:
    """Neither now, nor for a moment: files that were made and taken away are in the log of the witness."""
    place, *_ = studied
    written = {Path(path) for _, _, path in told(place / "log", "write")}
    fine = (place / "out", place / "cache", place / "log", Path("/dev"), Path("/proc"))
    absolute = {place / path for path in written}
    elsewhere = {path for path in absolute if not any(one in (path, *path.parents) for one in fine)}
    # The charts keep their list of fonts; Python tries a temporary folder with a file of four letters (« blat »).
    fonts = {path for path in elsewhere if path.parent == place / "home" / "matplotlib" and "fontlist" in path.name}
    tries = {path for path in elsewhere if path.parent == place / "tmp" and re.fullmatch("[a-z0-9_]{8}", path.name)}
    assert elsewhere - fonts - tries == set()
    assert {path.name for path in (place / "home").iterdir()} <= {"matplotlib"}
    assert list((place / "tmp").iterdir()) == []
    assert sorted(path.name for path in place.iterdir()) == sorted(
        ["broken", "cache", "corpus", "home", "log", "out", "runner.py", "tmp"]
    )


def unpacked(content: bytes) -> Iterator[bytes]:
    """Bytes, and all that can be unpacked from them."""
    yield content
    with contextlib.suppress(zipfile.BadZipFile, OSError), zipfile.ZipFile(io.BytesIO(content)) as archive:
        for name in archive.namelist():
            yield archive.read(name)
    for place in [found.start() for found in re.finditer(rb"\x78[\x01\x5e\x9c\xda]|\x1f\x8b\x08", content)]:
        with contextlib.suppress(zlib.error):
            yield zlib.decompressobj(47).decompress(content[place:])


def held(folder: Path, words: Iterable[str]) -> set[tuple[str, str]]:
    """Which words are in which files, in any encoding, packed or not."""
    found = set()
    for path in filter(Path.is_file, folder.rglob("*")):
        pieces = [path.name.encode(), *unpacked(path.read_bytes())]
        for word in words:
            forms = {form.encode(code) for form in (word, word.lower()) for code in ("utf-8", "utf-16-le", "latin-1")}
            if any(form in piece for form in forms for piece in pieces):
                found.add((path.name, word))
    return found


def test_the_cache_and_the_temporary_folder_hold_no_word(studied: Studied) -> None:
    place, *_ = studied
    words = (*CANARIES, "résidents", "tableaux de bord", "aide-soignante")
    assert {word for _, word in held(place / "out", words)} == set(words)  # the search finds what there is
    assert len(list((place / "cache").glob("??/*"))) >= len(SAID)
    for folder in ("cache", "tmp", "home"):
        assert held(place / folder, words) == set()


def test_what_is_said_quotes_nothing(studied: Studied) -> None:
    """Notes and errors of every command, and whatever processes and libraries say besides."""
    _, results, besides = studied
    assert besides == ""
    for line, status, _, err in results:
        # What the user typed is said back (`--by Wolframe`), speakers are named to correct their roles.
        said = err.replace(PERSON, "") if PERSON in line else err
        assert silent(said), (line, [word for word in err.splitlines() if not silent(word)])
        if status in (2, 4) and not line.startswith("codebook check"):  # which lists what is wrong there
            assert in_three_parts(err), (line, err)


NOISE = """
import threading, warnings
from tensions_cli.errors import hush
from tensions_cli.runtime.workers import _start
class Broken:
    def __del__(self):
        raise ValueError("ZZTOPSECRET")
def broken():
    raise ValueError("ZZTOPSECRET")
if {worker}:
    _start()
else:
    hush()
warnings.warn("ZZTOPSECRET")
warnings.warn("ZZTOPSECRET", DeprecationWarning)
Broken()
thread = threading.Thread(target=broken)
thread.start()
thread.join()
"""


@pytest.mark.parametrize("worker", [False, True])
def test_libraries_say_nothing_by_themselves(worker: bool) -> None:
    """Warnings, exceptions of threads and of destructors: with a path, a line of code, sometimes a text."""
    script = NOISE.format(worker=worker)
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


def test_a_file_that_ends_too_soon_is_no_interruption(
    corpus: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A library may raise EOFError, which typer takes for a person who left the terminal."""

    def ended(*_: object, **__: object) -> None:
        raise EOFError(SECRET)

    monkeypatch.setattr("tensions_cli.pipeline.find_files", ended)
    assert run(["corpus", "info", str(corpus)]) == 70
    err = capsys.readouterr().err
    assert "EOFError" in err
    assert SECRET not in err
