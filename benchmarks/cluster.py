"""What a cluster costs beside processes of one machine, and the rate per core that `docs/scale.md` reckons from.

    python benchmarks/cluster.py [--words N] [--rounds N]

Passages of corpora/annotated are drawn again and again into files of a thousand words (repetition flatters caches),
which `tensions analyse -f json --no-cache` does in one process, in two, and on a Dask cluster of two workers of this
machine. Models are loaded beforehand on the cluster, as they are on one that lasts; times of one and two processes
hold that load. Exit status: 0, 1 when the three results are not the same bytes.
"""

import argparse
import contextlib
import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median

# One thread each, so that processor time compares.
os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1", MKL_NUM_THREADS="1")

import psutil

ROOT = Path(__file__).resolve().parents[1]
PER_FILE = 1000
TENSIONS = [sys.executable, "-m", "tensions_cli"]


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--words", type=int, default=400_000)
    options.add_argument("--rounds", type=int, default=3)
    asked = options.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        words = compose(folder / "corpus", asked.words)
        compose(folder / "first", 4 * PER_FILE)
        ways = {"one process": ["--jobs", "1"], "two processes": ["--jobs", "2"]}
        found: dict[str, list[tuple[float, float]]] = {}
        results = set()
        with machines(folder) as (address, workers):
            ways["two workers of a cluster"] = ["--cluster", address]
            analyse(folder / "first", ways["two workers of a cluster"], workers)
            for _ in range(asked.rounds):
                for way, typed in ways.items():
                    wall, processor, result = analyse(folder / "corpus", typed, workers)
                    found.setdefault(way, []).append((wall, processor))
                    results.add(result)
    print(f"{words} words in files of about {PER_FILE}, medians of {asked.rounds} rounds, {os.cpu_count()} cores")
    print(f"{'':26}{'seconds':>9}{'processor':>11}{'words per core-second':>23}")
    for way, times in found.items():
        wall, processor = (median(column) for column in zip(*times, strict=True))
        print(f"{way:26}{wall:9.1f}{processor:11.1f}{words / processor:23.0f}")
    print(f"same bytes: {'yes' if len(results) == 1 else 'NO'}")
    return int(len(results) != 1)


def compose(folder: Path, least: int) -> int:
    """Files of passages drawn with a fixed seed; the words in them."""
    passages = [
        json.loads(line)["text"]
        for path in sorted((ROOT / "corpora" / "annotated").glob("*.jsonl"))
        for line in path.read_text(encoding="utf-8").splitlines()
    ]
    draw, total, rank = random.Random(7), 0, 0  # noqa: S311
    folder.mkdir()
    while total < least:
        chosen: list[str] = []
        while sum(len(text.split()) for text in chosen) < PER_FILE:
            chosen.append(draw.choice(passages))
        (folder / f"d{rank:05}.txt").write_text("\n\n".join(chosen), encoding="utf-8")
        total += sum(len(text.split()) for text in chosen)
        rank += 1
    return total


@contextlib.contextmanager
def machines(folder: Path) -> Iterator[tuple[str, list[psutil.Process]]]:
    """A scheduler and two workers of one thread: its address, the processes."""
    file = folder / "scheduler.json"
    dask = [sys.executable, "-m", "dask"]
    log = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": folder}
    where = ["--host", "127.0.0.1", "--no-dashboard"]
    started = [subprocess.Popen([*dask, "scheduler", *where, "--port", "0", "--scheduler-file", str(file)], **log)]
    try:
        while not (file.exists() and file.read_text().endswith("}")):
            time.sleep(0.1)
        address = json.loads(file.read_text())["address"]
        one = [*dask, "worker", address, *where, "--nthreads", "1", "--no-nanny", "--local-directory", str(folder)]
        started += [subprocess.Popen(one, **log) for _ in range(2)]
        yield address, [psutil.Process(process.pid) for process in started]
    finally:
        for process in reversed(started):
            process.terminate()
            process.wait()


def analyse(corpus: Path, typed: list[str], workers: list[psutil.Process]) -> tuple[float, float, bytes]:
    """Seconds, processor seconds of all that worked, and the result."""
    before, started = processor(workers), time.perf_counter()
    command = [*TENSIONS, "analyse", str(corpus), "-f", "json", "--no-cache", "--quiet", "--keep-twins", *typed]
    result = subprocess.run(command, check=True, capture_output=True).stdout
    return time.perf_counter() - started, processor(workers) - before, result


def processor(workers: list[psutil.Process]) -> float:
    """Processor seconds so far of the commands that ended and of the cluster."""
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    there = (process.cpu_times() for process in workers)
    return ended.ru_utime + ended.ru_stime + sum(times.user + times.system for times in there)


if __name__ == "__main__":
    sys.exit(main())
