"""Work shared out between processes: order, deaths, interruptions."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tensions_cli.errors import ModelError, TensionsError
from tensions_cli.runtime.workers import MOST, SHARED_FROM, in_order, processes


def square(number: int) -> int:
    time.sleep(0.02 * (number % 3))  # later items may be ready before earlier ones
    return number * number


def die_of_three(number: int) -> int:
    if number == 3:
        os.kill(os.getpid(), 9)
    return number


def die_once(path: str) -> str:
    """The first process to meet this item dies; the second finds the mark."""
    mark = Path(path)
    if not mark.exists():
        mark.touch()
        os.kill(os.getpid(), 9)
    return mark.name


def refuse(number: int) -> int:
    raise ModelError("le modèle est abîmé", why="un fichier manque", hint="réinstallez", details=(str(number),))


def lost(item: object) -> int:
    return -1


def test_results_come_in_the_order_of_the_items() -> None:
    assert list(in_order(square, range(20), 2, lost)) == [n * n for n in range(20)]
    assert list(in_order(square, range(5), 1, lost)) == [n * n for n in range(5)]
    assert list(in_order(square, [], 2, lost)) == []


def test_an_item_that_kills_its_process_is_the_only_one_lost() -> None:
    assert list(in_order(die_of_three, range(8), 2, lost)) == [0, 1, 2, -1, 4, 5, 6, 7]


def test_a_process_killed_by_chance_loses_nothing(tmp_path: Path) -> None:
    items = [str(tmp_path / name) for name in "abc"]
    for item in items[::2]:
        Path(item).touch()  # only b meets a death
    assert list(in_order(die_once, items, 2, lambda _: "perdu")) == ["a", "b", "c"]


def test_what_a_worker_refuses_is_told_in_its_three_parts() -> None:
    with pytest.raises(ModelError) as caught:
        list(in_order(refuse, range(3), 2, lost))
    error = caught.value
    assert (error.what, error.why, error.hint, error.details) == (
        "le modèle est abîmé",
        "un fichier manque",
        "réinstallez",
        ("0",),
    )


def test_errors_travel_between_processes() -> None:
    import pickle

    error = TensionsError("a", why="b", hint="c", details=("d",))
    again = pickle.loads(pickle.dumps(error))  # noqa: S301 - our own bytes
    assert (again.what, again.why, again.hint, again.details) == ("a", "b", "c", ("d",))


def test_small_work_is_done_by_one_process_unless_told() -> None:
    assert processes(0, SHARED_FROM - 1) == 1
    assert 1 <= processes(0, SHARED_FROM) <= MOST
    assert processes(7, 0) == 7


LONG = """
import sys, time
from tensions_cli.runtime.workers import in_order
sys.path.insert(0, {folder!r})
from test_workers import wait_long, lost
if __name__ == "__main__":
    print("début", flush=True)
    try:
        list(in_order(wait_long, range(4), 2, lost))
    except KeyboardInterrupt:
        sys.exit(130)
"""


def wait_long(number: int) -> int:
    Path(os.environ["ALIVE"], str(os.getpid())).touch()
    time.sleep(60)
    return number


@pytest.fixture
def long_work(tmp_path: Path) -> "subprocess.Popen[str]":
    script, alive = tmp_path / "long.py", tmp_path / "alive"
    alive.mkdir()
    script.write_text(LONG.format(folder=str(Path(__file__).parent)), encoding="utf-8")
    process = subprocess.Popen(
        [sys.executable, str(script)],
        env={**os.environ, "ALIVE": str(alive)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    deadline = time.monotonic() + 60
    while len(list(alive.iterdir())) < 2 and time.monotonic() < deadline:
        time.sleep(0.05)
    process.workers = [int(path.name) for path in alive.iterdir()]  # type: ignore[attr-defined]
    return process


def still_there(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def gone(pids: list[int]) -> bool:
    deadline = time.monotonic() + 20
    while any(map(still_there, pids)) and time.monotonic() < deadline:
        time.sleep(0.05)
    return not any(map(still_there, pids))


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="reads the table of processes of Linux")
def test_an_interruption_stops_every_process_and_says_nothing(long_work: "subprocess.Popen[str]") -> None:
    assert len(long_work.workers) == 2  # type: ignore[attr-defined]
    os.killpg(long_work.pid, signal.SIGINT)  # what Ctrl-C does: to the parent and to its workers
    _, said = long_work.communicate(timeout=30)
    assert long_work.returncode == 130
    assert said == ""
    assert gone(long_work.workers)  # type: ignore[attr-defined]


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="reads the table of processes of Linux")
def test_workers_do_not_outlive_a_killed_parent(long_work: "subprocess.Popen[str]") -> None:
    os.kill(long_work.pid, signal.SIGKILL)
    long_work.communicate(timeout=30)
    assert gone(long_work.workers)  # type: ignore[attr-defined]
