"""Time of each stage and peak memory of `analyse` and `report` on a large corpus, each in a process of its own.

    python benchmarks/sheets.py package corpus/ --documents 300 --words 1000000
    python benchmarks/scale.py corpus/ [--json FILE]

Asked: under 1 GB of memory for 300 documents and a million words, a page under 5 MB. Exit status 1 when either is
missed.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

# One thread each, so that processor time compares; set before numpy is imported.
os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1", MKL_NUM_THREADS="1")

MOST_MEMORY = 1000  # MB
MOST_PAGE = 5.0  # MB
COMMANDS = ("analyse", "report")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--only", choices=COMMANDS, help="one command, in this very process")
    options = parser.parse_args()
    if options.only:
        print(json.dumps(measured(options.only, options.corpus)))
        return 0
    found = {command: in_a_process(command, options.corpus) for command in COMMANDS}
    show(found)
    if options.json:
        options.json.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    missed = any(one["peak_mb"] > MOST_MEMORY or one["output_mb"] > MOST_PAGE for one in found.values())
    return int(missed)


def in_a_process(command: str, corpus: Path) -> dict[str, Any]:
    """Stages of one command, and the peak memory of the process."""
    child = subprocess.Popen(  # peak memory is asked of the system when it ends
        [sys.executable, __file__, str(corpus), "--only", command], stdout=subprocess.PIPE, text=True
    )
    assert child.stdout is not None
    printed = child.stdout.read()
    _, status, usage = os.wait4(child.pid, 0)
    if status:
        raise SystemExit(f"{command} failed")
    return {**json.loads(printed), "peak_mb": round(usage.ru_maxrss / 1024)}


def measured(command: str, corpus: Path) -> dict[str, Any]:
    """Processor seconds of each stage, size of what is written."""
    stages: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / ("rapport.html" if command == "report" else "parts.json")
        words, passages = (report if command == "report" else analyse)(corpus, target, stages)
        size = target.stat().st_size / 1e6
    return {"words": words, "passages": passages, "stages": stages, "output_mb": round(size, 2)}


def report(corpus: Path, target: Path, stages: dict[str, float]) -> tuple[int, int]:
    with stage(stages, "start: libraries, model"):
        from tensions_cli.commands.report import write
        from tensions_cli.pipeline import Options, load, tagged_passages
        from tensions_cli.studies.report import ReportRequest, compose
        from tensions_cli.studies.tagged import TaggedCorpus
        from tensions_cli.tagging.french import pipeline as french
        from tensions_cli.tagging.model_folder import load_model

        french()
        model = load_model()
    options = Options(by=(), mask_under=5)
    with stage(stages, "read, clean"):
        batch = load([str(corpus)], options)
    with stage(stages, "segment, tag"):
        tagged = TaggedCorpus(batch, model, tuple(tagged_passages(batch, model, options)))
    with stage(stages, "statistics"):
        found = compose(tagged, options, ReportRequest())
    with stage(stages, "page"):
        write(found, "html", target)
    whole = found.documents.groups[0]
    return whole.words, whole.passages


def analyse(corpus: Path, target: Path, stages: dict[str, float]) -> tuple[int, int]:
    with stage(stages, "start: libraries, model"):
        from tensions_cli.output.tables import write_summary_json
        from tensions_cli.pipeline import Options
        from tensions_cli.pipeline import analyse as run
        from tensions_cli.tagging.french import pipeline as french
        from tensions_cli.tagging.model_folder import load_model

        french()
        load_model()
    with stage(stages, "read to statistics"):
        found = run([str(corpus)], Options())
    with stage(stages, "output"), target.open("w", encoding="utf-8") as stream:
        write_summary_json(found, stream)
    return found.groups[0].words, found.groups[0].passages


@contextmanager
def stage(stages: dict[str, float], name: str) -> Iterator[None]:
    start = time.process_time()
    yield
    stages[name] = round(time.process_time() - start, 2)


def show(found: dict[str, dict[str, Any]]) -> None:
    for command, one in found.items():
        total = sum(one["stages"].values())
        print(f"\n{command}: {one['words']:,} words, {one['passages']:,} passages")
        print(f"peak {one['peak_mb']} MB, output {one['output_mb']} MB, {total:.0f} processor seconds\n")
        print("| stage | seconds | share |\n| --- | ---: | ---: |")
        for name, seconds in one["stages"].items():
            print(f"| {name} | {seconds:.1f} | {seconds / total:.0%} |")


if __name__ == "__main__":
    sys.exit(main())
