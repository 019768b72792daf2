"""Spoilt files by the thousand: what each reader does with them, and how long the worst one takes.

    python benchmarks/fuzz.py [--inputs N] [--seconds N] [--seed N] [--only NAME] [--keep FOLDER] [--json FILE]

Every input is a small valid file with one to four accidents (`tests/fuzz_files.py`), the same ones for the same seed.
Each is read as `tensions` reads it, up to its passages; files of codes up to what they mean. Companions of a corpus
(tables, settings, codes, summaries, codebooks, configurations of models) are spoilt in the same way and given to the
command that reads them, and command lines are drawn at random (`tests/fuzz_commands.py`). A fault is an error of ours,
which `tests/corpus/test_fuzz.py` and `tests/test_fuzz_commands.py` forbid; `--keep` writes the inputs that show one.
`--seconds`: for all of them together, shared out evenly. Prints a Markdown table. Exit status: 0, 1 when there is a
fault.
"""

import argparse
import json
import os
import random
import shutil
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from fuzz_commands import COMPANIONS, command_line, fault_of, make_companions, make_place, spoilt  # noqa: E402
from fuzz_files import CODE_SEEDS, SEEDS, mutated, seed_of  # noqa: E402
from tensions_cli.coding.read import read_codes  # noqa: E402
from tensions_cli.coding.understand import understand  # noqa: E402
from tensions_cli.corpus import read as reading  # noqa: E402
from tensions_cli.corpus.persons import load_all_persons  # noqa: E402
from tensions_cli.corpus.sources import find_files  # noqa: E402
from tensions_cli.errors import UnreadableError  # noqa: E402
from tensions_cli.one_file import has_body  # noqa: E402
from tensions_cli.pipeline import Options, passages_of, prepare  # noqa: E402
from tensions_cli.records import Document  # noqa: E402
from tensions_cli.tagging.model_folder import find_model  # noqa: E402

OURS = str(ROOT / "src")
NO_PERSONS = load_all_persons(())


def texts_read(extension: str, data: bytes) -> bool:
    """Whether a file gives any document; raises what our code raises, on the way to its passages too."""
    found = []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"entretien.{extension}"
        path.write_bytes(data)
        (file,) = find_files([folder]).files
        try:
            found += list(reading._read_one(data, file, reading.ReadOptions()))
        except (UnreadableError, OSError):
            pass
        except Exception as error:
            # A library may raise on a damaged file: `read` tells it as such.
            if traceback.extract_tb(error.__traceback__)[-1].filename.startswith(OURS):
                raise
    documents = [result for result in found if isinstance(result, Document)]
    for document in documents:
        ready = prepare(document, Options(), NO_PERSONS)
        if ready is not None and has_body(ready):
            list(passages_of([ready], Options()))
    return bool(documents)


def codes_read(_extension: str, data: bytes) -> bool:
    """Whether a file of codes is read."""
    try:
        _, codings = read_codes(data)
    except UnreadableError:
        return False
    understand(codings)
    return True


def measure(
    reader: str, inputs: int, seed: int, is_read: Callable[[str, bytes], bool], keep: Path | None, seconds: float
) -> tuple[int, int, float, list[str]]:
    """How many inputs were tried and read, the slowest in seconds, and the faults."""
    tried, read, slowest = 0, 0, 0.0
    faults: list[str] = []
    seed_file = seed_of(reader)
    is_read(seed_file.extension, seed_file.data)  # libraries and models are loaded once, out of the measure
    until = time.perf_counter() + seconds
    while tried < inputs and time.perf_counter() < until:
        extension, data = mutated(reader, random.Random(f"{seed}/{reader}/{tried}"))  # noqa: S311
        start = time.perf_counter()
        try:
            read += is_read(extension, data)
        except Exception as error:
            last = traceback.extract_tb(error.__traceback__)[-1]
            faults.append(f"{type(error).__name__} in {Path(last.filename).name}, line {last.lineno}, input {tried}")
            if keep is not None:
                (keep / f"{reader.replace(' ', '-')}-{tried}.{extension}").write_bytes(data)
        slowest = max(slowest, time.perf_counter() - start)
        tried += 1
    return tried, read, slowest, faults


def restore(place: Path, model: Path) -> None:
    """The place as it was; the model folder, which only its own companions touch, is left."""
    for path in place.iterdir():
        if path.name != "modèle":
            shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
    shutil.copytree(model, place, dirs_exist_ok=True, ignore=shutil.ignore_patterns("modèle"))


def measure_commands(
    name: str, inputs: int, seed: int, keep: Path | None, seconds: float, model: Path
) -> tuple[int, float, list[str]]:
    """How many command lines were run (with a spoilt companion, or drawn at random), the slowest, and the faults."""
    place = model.parent / "lieu"
    shutil.rmtree(place, ignore_errors=True)
    shutil.copytree(model, place)
    os.chdir(place)
    path, line = (COMPANIONS[name][0], COMPANIONS[name][2]) if name in COMPANIONS else ("", [])
    content = (model / path).read_bytes() if path else b""
    tried, slowest = 0, 0.0
    faults: list[str] = []
    until = time.perf_counter() + seconds
    while tried < inputs and time.perf_counter() < until:
        draw = random.Random(f"{seed}/{name}/{tried}")  # noqa: S311
        said = line or command_line(draw)
        data = spoilt(name, content, draw) if path else "\n".join(said).encode("utf-8", "replace")
        restore(place, model)
        if path:
            (place / path).write_bytes(data)
        start = time.perf_counter()
        if fault := fault_of(said):
            faults.append(f"{fault}, input {tried}")
            if keep is not None:
                (keep / f"{name.replace(' ', '-')}-{tried}").write_bytes(data)
        slowest = max(slowest, time.perf_counter() - start)
        tried += 1
    os.chdir(ROOT)
    return tried, slowest, faults


def main() -> int:
    """Spoil, read, print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--inputs", type=int, default=1000, help="of each reader; a tenth of it for pdf and reports")
    parser.add_argument("--seconds", type=float, default=float("inf"), help="for all readers together")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only")
    parser.add_argument("--keep", type=Path)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    keep = None if arguments.keep is None else arguments.keep.resolve()
    output = None if arguments.json is None else arguments.json.resolve()
    if keep is not None:
        keep.mkdir(parents=True, exist_ok=True)
    names = [one for one in (*SEEDS, *CODE_SEEDS, *COMPANIONS, "command line") if arguments.only in (None, one)]
    share = arguments.seconds / max(len(names), 1)
    rows: list[dict[str, object]] = []
    failed: list[str] = []
    print("| what is read | inputs | refused | read | slowest seconds |\n| --- | ---: | ---: | ---: | ---: |")
    with tempfile.TemporaryDirectory() as folder:
        os.environ["TENSIONS_CACHE"] = str(Path(folder) / "cache")
        model = Path(folder) / "modèle"
        make_place(model)
        make_companions(model, find_model("standard"))
        for name in names:
            inputs = max(1, arguments.inputs // 10) if name in ("pdf", "metrics.json") else arguments.inputs
            if name in SEEDS or name in CODE_SEEDS:
                is_read = codes_read if name in CODE_SEEDS else texts_read
                tried, read, slowest, faults = measure(name, inputs, arguments.seed, is_read, keep, share)
                told = {"refused": tried - read - len(faults), "read": read}
            else:
                tried, slowest, faults = measure_commands(name, inputs, arguments.seed, keep, share, model)
                told = {}
            refused, fine = (f"{told[key]:,}" if told else "" for key in ("refused", "read"))
            print(f"| {name} | {tried:,} | {refused} | {fine} | {slowest:.2f} |", flush=True)
            rows.append({"name": name, "inputs": tried, **told, "slowest_seconds": round(slowest, 2), "faults": faults})
            failed += [f"{name}: {fault}" for fault in faults]
    print(f"\n{sum(int(str(row['inputs'])) for row in rows):,} inputs, {len(failed)} faults", flush=True)
    if output is not None:
        told = {"schema": "tensions-fuzz/1", "seed": arguments.seed, "results": rows}
        output.write_text(json.dumps(told, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    if failed:
        print(*failed, sep="\n", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
