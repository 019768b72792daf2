"""Time and memory that hostile files cost: one process per file, each beside one good text.

    python benchmarks/hostile.py [--json FILE] [--only NAME]

Each file is read by `tensions corpus info` together with a good text: the good one must be counted whatever the
other does. Seconds are processor seconds of the command and of the processes it starts; peak memory is that of the
largest of them, of which an ordinary run on the good text alone is the first row. Exit status: 0, 1 when a run passes
a limit, dies, or loses the good text.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from hostile_files import HOSTILE  # noqa: E402

# What a user of a laptop would bear for one bad file in a corpus.
MOST_SECONDS = 60.0
MOST_MEGABYTES = 2048.0
GOOD = "Nous prenons le temps d’écouter chaque personne avant de remplir la moindre grille. " * 5


def measure(folder: Path) -> dict[str, object]:
    """One run of `tensions corpus info`: status, seconds, peak megabytes, what was said of the bad file."""
    command = [sys.executable, "-m", "tensions_cli", "corpus", "info", str(folder), "-f", "json"]
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        process = subprocess.Popen(command, stdout=out, stderr=err)
        _, status, usage = os.wait4(process.pid, 0)
        out.seek(0)
        printed = out.read()
    found = json.loads(printed) if printed else {"documents": {"read": [], "skipped": []}}
    good = [row for row in found["documents"]["read"] if row["id"] == "bon"]
    others = [row for row in found["documents"]["read"] if row["id"] != "bon"]
    return {
        "status": os.waitstatus_to_exitcode(status),
        "seconds": round(usage.ru_utime + usage.ru_stime, 1),
        "megabytes": round(usage.ru_maxrss / 1024),
        "good": bool(good),
        "outcome": "read" if others else ", ".join(row["reason"] for row in found["documents"]["skipped"]) or "–",
    }


def main() -> int:
    """Build, measure, print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--only")
    parser.add_argument("--build", nargs=2, metavar=("NAME", "PATH"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.build:
        Path(arguments.build[1]).write_bytes(HOSTILE[arguments.build[0]](True))
        return 0
    rows: dict[str, dict[str, object]] = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "bon.txt").write_text(GOOD, encoding="utf-8")
        rows["(none)"] = {"bytes": 0} | measure(folder)
        for file in HOSTILE:
            if arguments.only not in (None, file):
                continue
            path = folder / file
            # Built apart: a process inherits the peak memory of the one that starts it.
            subprocess.run([sys.executable, __file__, "--build", file, str(path)], check=True)
            rows[file] = {"bytes": path.stat().st_size} | measure(folder)
            path.unlink()
            print(f"{file}: {rows[file]}", file=sys.stderr)
    print("| file | size | outcome | seconds | peak MB |\n| --- | ---: | --- | ---: | ---: |")
    for file, row in rows.items():
        print(f"| `{file}` | {row['bytes']:,} | {row['outcome']} | {row['seconds']} | {row['megabytes']} |")
    if arguments.json:
        arguments.json.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
    missed = [
        file
        for file, row in rows.items()
        if not row["good"]
        or row["status"] not in (0, 3)
        or row["seconds"] > MOST_SECONDS
        or row["megabytes"] > MOST_MEGABYTES
    ]
    if missed:
        print(f"missed: {', '.join(missed)}", file=sys.stderr)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
