"""Work shared out between machines: a real scheduler and real workers, killed, refused, searched for text."""

import contextlib
import io
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from tensions_cli import kept
from tensions_cli.cli import run
from tensions_cli.corpus.sources import find_files
from tensions_cli.errors import ModelError, TensionsError
from tensions_cli.one_file import FileReading, Item, Recipe, do_file
from tensions_cli.output.rows import summary, to_json
from tensions_cli.pipeline import Options, analyse, load_tagged, tagged_passages
from tensions_cli.records import Skipped
from tensions_cli.runtime import cache as store
from tensions_cli.runtime import cluster
from tensions_cli.tagging.model_folder import describe_model

distributed = pytest.importorskip("distributed")

DEMO = Path(__file__).parents[2] / "corpora" / "demo"
SPEAKER, WORD = "Mme Zéphirine", "hortensiacanari"  # looked for everywhere afterwards
SENTENCES = (
    "On coche des cases toute la journée, on n’a plus le temps d’écouter les résidents.",
    "Le tableau de bord sert à préparer la réunion, et la réunion sert à parler des personnes accompagnées.",
    "Hier je suis restée un moment avec lui, il m’a parlé de son jardin et de sa sœur.",
    "La direction demande des indicateurs d’activité pour le contrat pluriannuel d’objectifs.",
)


class Machines:
    """A scheduler and its workers, each a process; everything that they print goes to one folder."""

    def __init__(self, folder: Path, **settings: str) -> None:
        self.folder, self.local = folder, folder / "local"
        self.local.mkdir(parents=True)
        self.environment = os.environ | settings | {"PYTHONPATH": str(Path(__file__).parent)}
        self.file = folder / "scheduler.json"
        self.processes: list[subprocess.Popen[bytes]] = []
        self._start("scheduler", "--host", "127.0.0.1", "--port", "0", "--scheduler-file", str(self.file))
        try:
            until(lambda: self.file.exists() and self.file.read_text().endswith("}"))
        except BaseException:
            self.close()
            raise
        self.address = json.loads(self.file.read_text())["address"]

    def _start(self, *arguments: str) -> subprocess.Popen[bytes]:
        log = (self.folder / f"log-{len(self.processes)}").open("wb")
        command = [sys.executable, "-m", "dask", *arguments, "--no-dashboard"]
        process = subprocess.Popen(command, stdout=log, stderr=log, env=self.environment, cwd=self.folder)
        self.processes.append(process)
        return process

    def worker(self, *options: str) -> subprocess.Popen[bytes]:
        where = ("--host", "127.0.0.1", "--local-directory", str(self.local), "--memory-limit", "2GB")
        return self._start("worker", self.address, "--nthreads", "1", *where, *options)

    def wait(self, workers: int) -> None:
        with distributed.Client(self.address, set_as_default=False) as client:
            client.wait_for_workers(workers, timeout=60)

    def said(self) -> str:
        logs = (path.read_text(encoding="utf-8", errors="replace") for path in sorted(self.folder.glob("log-*")))
        return "".join(logs)

    def close(self) -> None:
        for process in reversed(self.processes):
            process.terminate()
        for process in self.processes:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(20)
            process.kill()


def until(true: Callable[[], object], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.05)


@pytest.fixture(scope="module")
def machines(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machines]:
    """Two workers without a nanny: one that is killed stays dead. All that they hold goes to the disk at once."""
    spilling = {"DASK_DISTRIBUTED__WORKER__MEMORY__TARGET": "1e-9", "DASK_DISTRIBUTED__WORKER__MEMORY__SPILL": "1e-9"}
    found = Machines(tmp_path_factory.mktemp("machines"), WHOSE="theirs", **spilling)
    found.worker("--no-nanny", "--name", "one")
    found.worker("--no-nanny", "--name", "two")
    found.wait(2)
    yield found
    found.close()


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Sixty interviews, each with its own words, and a table of their speakers."""
    folder = tmp_path_factory.mktemp("entretiens")
    for rank in range(60):
        answers = [f"{SPEAKER} : {SENTENCES[(rank + turn) % 4]} {WORD} {rank * turn}." for turn in range(1, 9)]
        text = "\n\n".join(f"Enquêtrice : Et la question {turn} ?\n\n{said}" for turn, said in enumerate(answers))
        (folder / f"e{rank:02}.txt").write_text(text, encoding="utf-8")
    (folder / "speakers.csv").write_text(f"speaker,role\n{SPEAKER},enquêté\n", encoding="utf-8")
    return folder


def double(number: int) -> int:
    time.sleep(0.02 * (number % 3))
    return 2 * number


def minus(number: int) -> int:
    return -number


def same() -> Mapping[str, str]:
    return {"tensions": "1"}


def whose() -> Mapping[str, str]:
    here = os.environ.get("WHOSE", "ours")
    return {"tensions": "1", "numpy": {"ours": "2.1.0", "theirs": "2.0.0"}[here], "le modèle": "ab" * 32}


def quoting(number: int) -> int:
    raise ValueError(f"{WORD} {number}")


def refusing(number: int) -> int:
    raise ModelError("le modèle a changé", why="un autre est là", hint="relancez", details=(str(number),))


def deadly(number: int) -> int:
    if number == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    return number


def test_results_come_in_the_order_of_the_items(machines: Machines) -> None:
    found = list(cluster.in_order(double, range(40), machines.address, minus, same))
    assert found == [2 * number for number in range(40)]


def test_the_scheduler_file_is_an_address_too(machines: Machines) -> None:
    assert list(cluster.in_order(double, [1], str(machines.file), minus, same)) == [2]


def test_an_error_comes_back_in_its_three_parts_and_a_bug_without_its_message(machines: Machines) -> None:
    with pytest.raises(ModelError) as known:
        list(cluster.in_order(refusing, [7], machines.address, minus, same))
    assert (known.value.what, known.value.details) == ("le modèle a changé", ("7",))
    with pytest.raises(RuntimeError) as bug:
        list(cluster.in_order(quoting, [7], machines.address, minus, same))
    assert str(bug.value) == "ValueError"
    assert WORD not in machines.said()


def test_workers_with_something_else_are_refused_with_what_differs(machines: Machines) -> None:
    with pytest.raises(TensionsError) as refusal:
        list(cluster.in_order(double, [1], machines.address, minus, whose))
    assert "numpy (2.1.0 ici, 2.0.0 là-bas)" in refusal.value.why
    assert "modèle" not in refusal.value.why


def test_a_worker_that_joins_later_is_refused_too() -> None:
    order = cluster._Order(double, same, {"tensions": "2"}, b"secret")
    with pytest.raises(TensionsError, match="mêmes résultats"):
        cluster._opened(cluster.carry_out(order, cluster._Quiet(1)), b"secret")


class WithoutTensions:
    """What the scheduler says of workers where the package is not installed."""

    def wait_for_workers(self, count: int, timeout: int) -> None: ...

    def get_versions(self, packages: list[str]) -> dict[str, Any]:
        there = {"tcp://a": None, "tcp://b": "1"}
        assert packages == ["tensions_cli"]
        return {"workers": {name: {"packages": {"tensions_cli": version}} for name, version in there.items()}}


def test_workers_without_tensions_are_counted() -> None:
    with pytest.raises(TensionsError, match="1 processus sur 2"):
        cluster._check_workers(WithoutTensions(), "tcp://x", same(), same)  # type: ignore[arg-type]


def test_every_machine_tells_what_moves_a_number() -> None:
    own = kept.identity("standard")
    assert own["le modèle"] == describe_model("standard").sha256
    assert {"Python", "tensions", "le code de tensions", "numpy", "spacy"} <= set(own)
    assert kept.identity("absent")["le modèle"] == ""


def test_nothing_that_a_worker_writes_to_its_disk_can_be_read(machines: Machines, corpus: Path) -> None:
    model = describe_model("standard")
    recipe = Recipe(model="standard", model_sha256=model.sha256, fingerprints=True)
    order = cluster._Order(Tagging(recipe), same, same(), b"secret")
    items = [Item(file) for file in find_files([str(corpus)]).files[:4]]
    with distributed.Client(machines.address, set_as_default=False) as client:
        futures = [client.submit(cluster.carry_out, order, cluster._Quiet(item), pure=False) for item in items]
        until(lambda: all(future.done() for future in futures))
        written = [path for path in machines.local.rglob("*") if path.is_file() and path.stat().st_size > 1000]
        assert len(written) >= len(items)  # they did go to the disk
        content = b"".join(path.read_bytes() for path in written)
        result = cluster._opened(futures[0].result(), b"secret")
    names = "".join(str(path) for path in machines.local.rglob("*"))
    for secret in (WORD, SPEAKER, "Zéphirine", "Enquêtrice", "e00", "résidents"):
        assert secret.encode() not in content
        assert json.dumps(secret).strip('"').encode() not in content
        assert secret not in names
    assert isinstance(result, FileReading)
    assert {member.speaker for member in result.readings[0].document.cast} == {SPEAKER, "Enquêtrice"}
    assert result.readings[0].document.text == ""


class Tagging:
    """`partial(do_file, recipe)`, told apart by name where a worker would print its arguments."""

    def __init__(self, recipe: Recipe) -> None:
        self.recipe = recipe

    def __call__(self, item: Item) -> FileReading:
        return do_file(self.recipe, item)


def command(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert run([*arguments, "--no-cache", "-q"]) == 0
    captured = capsys.readouterr()
    assert captured.err == ""  # neither dask nor its machines
    return captured.out


def test_texts_stay_here_and_the_bytes_are_those_of_one_process(
    machines: Machines, corpus: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    few = [str(corpus / f"e0{rank}.txt") for rank in range(5)]
    for words in (["tag", *few], ["analyse", str(DEMO / "presse"), "-f", "json", "--show-dropped"]):
        alone = command(capsys, *words, "--jobs", "1")
        assert command(capsys, *words, "--cluster", machines.address) == alone
        assert WORD in alone or '"dropped": [' in alone


def test_the_standard_input_is_done_here(
    machines: Machines, corpus: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    found = []
    for place in (["--jobs", "1"], ["--cluster", machines.address]):
        stream = io.TextIOWrapper(io.BytesIO((corpus / "e07.txt").read_bytes()))
        monkeypatch.setattr("sys.stdin", stream)
        found.append(command(capsys, "analyse", "-", str(corpus / "e01.txt"), "-f", "json", *place))
    assert found[0] == found[1]


def test_what_is_done_is_kept_and_taken_up_without_the_cluster(machines: Machines, corpus: Path) -> None:
    few = [str(corpus / f"e0{rank}.txt") for rank in range(4)]
    first = load_tagged(few, Options(cluster=machines.address, cache=True), texts=False)
    again = load_tagged(few, Options(cluster="tcp://127.0.0.1:1", cache=True), texts=False)  # nobody is there
    assert list(tagged_passages(first)) == list(tagged_passages(again))


def test_a_file_that_the_cluster_does_not_see_is_told(corpus: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    blind = FileReading("", (), (Skipped("e00.txt", "access", "…"),))
    monkeypatch.setattr(cluster, "in_order", lambda *_: iter([blind]))
    with pytest.raises(TensionsError) as refusal:
        load_tagged([str(corpus / "e00.txt")], Options(cluster="tcp://x"))
    assert "ne voit pas le fichier e00.txt" in refusal.value.what


def test_nobody_answers(capsys: pytest.CaptureFixture[str], corpus: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "SCHEDULER_SECONDS", 1)
    assert run(["analyse", str(corpus), "--cluster", " "]) == 2  # a variable of the shell that is not set
    assert "--cluster est vide" in capsys.readouterr().err
    for address in ("tcp://anne:secret@127.0.0.1:1", "nulle-part.json", "wxyz://127.0.0.1:1", "127.0.0.1:port"):
        assert run(["analyse", str(corpus), "--cluster", address]) == 2
        said = capsys.readouterr()
        assert [line.partition("\u00a0:")[0] for line in said.err.splitlines()] == ["Erreur", "Pourquoi", "À faire"]
        assert "ne répond pas" in said.err
        assert "secret" not in said.err
        assert said.out == ""


def test_without_the_libraries_the_message_says_what_to_install(
    capsys: pytest.CaptureFixture[str], corpus: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    assert run(["analyse", str(corpus), "--cluster", "tcp://127.0.0.1:1"]) == 4
    assert 'pip install "tensions-cli[cluster]"' in capsys.readouterr().err


def test_a_worker_killed_in_the_middle_loses_nothing(
    machines: Machines, corpus: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """The last test of these two machines: one of them dies. Texts long enough that it has work in hand then."""
    long = tmp_path / "longs"
    long.mkdir()
    for path in sorted(corpus.glob("e*.txt"))[:36]:
        (long / path.name).write_text("\n\n".join([path.read_text(encoding="utf-8")] * 12), encoding="utf-8")
    alone = to_json(summary(analyse([str(long)], Options(jobs=1))))
    victim = machines.worker("--no-nanny", "--name", "victim")
    machines.wait(3)
    held: list[int] = []

    def kill_at_the_first_result(step: str, done: int, total: int) -> None:
        if step == "étiquetage" and done and not held:
            with distributed.Client(machines.address, set_as_default=False) as client:
                workers = client.scheduler_info()["workers"]
                address = next(one for one, said in workers.items() if said["name"] == "victim")
                held.append(len(client.processing()[address]))
            victim.send_signal(signal.SIGKILL)
            victim.wait()

    together = to_json(summary(analyse([str(long)], Options(cluster=machines.address), kill_at_the_first_result)))
    assert held[0] > 0  # it died with work in hand
    assert together == alone
    assert len(json.loads(together)["documents"]["read"]) == 36
    assert capfd.readouterr().err == ""
    for secret in (WORD, SPEAKER, "Enquêtrice", str(corpus), "e01"):
        assert secret not in machines.said()


@pytest.mark.full
def test_an_item_that_kills_every_worker_is_lost_alone(tmp_path: Path) -> None:
    found = Machines(tmp_path, DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES="0")
    try:
        found.worker()
        found.worker()
        found.wait(2)
        assert list(cluster.in_order(deadly, range(8), found.address, minus, same)) == [0, 1, 2, -3, 4, 5, 6, 7]
    finally:
        found.close()


@pytest.mark.full
def test_a_cluster_that_goes_away_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "ALONE_SECONDS", 1)
    monkeypatch.setattr(cluster, "COUNTED_EVERY", 1)
    found = Machines(tmp_path)
    try:
        found.worker("--no-nanny")
        found.wait(1)
        with pytest.raises(TensionsError) as alone:
            list(cluster.in_order(deadly, range(8), found.address, minus, same))
        assert "plus de processus de travail" in alone.value.why
        found.worker("--no-nanny")
        found.wait(1)
        results = cluster.in_order(double, range(2000), found.address, minus, same)
        assert next(results) == 0
        found.processes[0].kill()
        with pytest.raises(TensionsError) as gone:
            list(results)
        assert "ordonnanceur" in gone.value.why
    finally:
        found.close()


def test_the_seal_of_another_run_opens_nothing() -> None:
    with pytest.raises(TensionsError, match="interrompu"):
        cluster._opened(store.seal(b"", b"one"), b"other")
