"""Spoilt files by the thousand: what each reader does with them, and how long the worst one takes.

    python benchmarks/fuzz.py [--inputs N] [--seed N] [--only READER] [--keep FOLDER]

Every input is a small valid file with one to four accidents (`tests/fuzz_files.py`), the same ones for the same seed.
Each is read as `tensions` reads it, up to its passages; files of codes up to what they mean. A fault is an error
of ours, which `tests/corpus/test_fuzz.py` forbids; `--keep` writes the inputs that show one. Prints a Markdown table.
Exit status: 0, 1 when there is a fault.
"""

import argparse
import random
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from fuzz_files import CODE_SEEDS, SEEDS, mutated, seed_of  # noqa: E402
from tensions_cli.coding.read import read_codes  # noqa: E402
from tensions_cli.coding.understand import understand  # noqa: E402
from tensions_cli.corpus import read as reading  # noqa: E402
from tensions_cli.corpus.persons import load_all_persons  # noqa: E402
from tensions_cli.corpus.sources import find_files  # noqa: E402
from tensions_cli.errors import UnreadableError  # noqa: E402
from tensions_cli.pipeline import Options, has_body, passages_of, prepare  # noqa: E402
from tensions_cli.records import Document  # noqa: E402

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
    reader: str, inputs: int, seed: int, is_read: Callable[[str, bytes], bool], keep: Path | None
) -> tuple[int, float, list[str]]:
    """How many inputs were read, the slowest in seconds, and the faults."""
    read, slowest = 0, 0.0
    faults: list[str] = []
    seed_file = seed_of(reader)
    is_read(seed_file.extension, seed_file.data)  # libraries and models are loaded once, out of the measure
    for rank in range(inputs):
        extension, data = mutated(reader, random.Random(f"{seed}/{reader}/{rank}"))  # noqa: S311
        start = time.perf_counter()
        try:
            read += is_read(extension, data)
        except Exception as error:
            last = traceback.extract_tb(error.__traceback__)[-1]
            faults.append(f"{type(error).__name__} in {Path(last.filename).name}, line {last.lineno}, input {rank}")
            if keep is not None:
                (keep / f"{reader.replace(' ', '-')}-{rank}.{extension}").write_bytes(data)
        slowest = max(slowest, time.perf_counter() - start)
    return read, slowest, faults


def main() -> int:
    """Spoil, read, print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--inputs", type=int, default=1000, help="of each reader; a tenth of it for pdf")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only")
    parser.add_argument("--keep", type=Path)
    arguments = parser.parse_args()
    if arguments.keep is not None:
        arguments.keep.mkdir(parents=True, exist_ok=True)
    failed: list[str] = []
    print("| reader | inputs | refused | read | slowest seconds |\n| --- | ---: | ---: | ---: | ---: |")
    for reader in (*SEEDS, *CODE_SEEDS):
        if arguments.only not in (None, reader):
            continue
        inputs = max(1, arguments.inputs // 10) if reader == "pdf" else arguments.inputs
        is_read = codes_read if reader in CODE_SEEDS else texts_read
        read, slowest, faults = measure(reader, inputs, arguments.seed, is_read, arguments.keep)
        refused = inputs - read - len(faults)
        print(f"| {reader} | {inputs:,} | {refused:,} | {read:,} | {slowest:.2f} |", flush=True)
        failed += [f"{reader}: {fault}" for fault in faults]
    if failed:
        print(*failed, sep="\n", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
