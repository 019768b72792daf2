"""`analyse` on a large corpus, as a user types it: two processes, cache, memory, the rate of one core.

    python benchmarks/sheets.py package corpus/
    python benchmarks/large.py [corpus/] [--rounds N] [--json FILE] [--others]

Without a folder, 4.4 million words are composed from corpora/annotated (`measure.composed_texts`). --others: memory of
`tag` and `report` too. Every command writes its JSON to a file, of which the bytes are compared: one process or two,
with the cache or without. Exit status: 0, 1 when a target is missed.
"""

import argparse
import shutil
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from statistics import median
from typing import Any

from measure import Spent, Target, composed_texts, imported, machine, markdown, run, tensions, told

from tensions_cli.words import count_words

COMPOSED = 4_400_000
SMALL = 400_000  # words beside which the memory of all of them is seen
LEAST_TWO = 1.7  # elapsed time of one process over that of two
LEAST_AGAIN = 20.0  # time of the first analysis over that of the second
MOST_GROWTH = 150  # MB of memory, all the words over SMALL of them
NOT_AGAIN = ("spacy", "thinc")  # not loaded when nothing is tagged
ONE, TWO = "one process, no cache", "two processes, filling the cache"
AGAIN, CHANGED = "again, from the cache", "again, one file changed"
Figures = dict[str, Any]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", type=Path, nargs="?")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--words", type=int, default=COMPOSED, help="words composed, without a folder")
    parser.add_argument("--what", default="a folder of the user's", help="what the folder holds, for the report")
    parser.add_argument("--others", action="store_true", help="memory of `tag` and `report` too")
    parser.add_argument("--json", type=Path)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        place = Path(scratch)
        words = write_texts(chosen.corpus, chosen.words, place / "all")
        few = write_small(place / "all", place / "small")
        about = machine()
        texts = {
            "what": chosen.what if chosen.corpus else "composed from corpora/annotated",
            "all": {"files": len(list((place / "all").iterdir())), "words": words},
            "small": {"files": len(list((place / "small").iterdir())), "words": few},
        }
        print(f"{texts['all']['files']:,} files, {words:,} words; {few:,} words beside", file=sys.stderr)
        rounds = [measured(place, turn) for turn in range(chosen.rounds)]
        figures = {
            "machine": about,
            "texts": texts,
            "rounds": [{name: asdict(one) for name, one in found.items()} for found, _ in rounds],
            "done_again": [again for _, again in rounds],
            "loaded_again": loaded(place),
            "others": others(place) if chosen.others else {},
        }
    found = [one for one, _ in rounds]
    show(figures, found)
    return told(figures, targets(figures, found), chosen.json)


# --- texts -----------------------------------------------------------------------------------------------


def write_texts(corpus: Path | None, words: int, folder: Path) -> int:
    """The texts alone, without their table, in a folder of ours, where one will be changed; their words."""
    folder.mkdir()
    texts = ((path.name, path.read_text("utf-8")) for path in sorted(corpus.glob("*.txt"))) if corpus else None
    total = 0
    for name, text in texts or composed_texts(words):
        (folder / name).write_text(text, encoding="utf-8")
        total += count_words(text)
    return total


def write_small(whole: Path, folder: Path) -> int:
    """The first texts of a folder, up to `SMALL` words; their words."""
    folder.mkdir()
    words = 0
    for path in sorted(whole.iterdir()):
        words += count_words(path.read_text("utf-8"))
        shutil.copy(path, folder / path.name)
        if words >= SMALL:
            break
    return words


# --- measures --------------------------------------------------------------------------------------------


def analyse(place: Path, corpus: str, output: str, *options: str) -> list[str]:
    return [*tensions(), "analyse", str(place / corpus), *options, "-q", "-f", "json", "-o", str(place / output)]


def measured(place: Path, turn: int) -> tuple[dict[str, Spent], int]:
    """One round: every command once, and how many files were done again once one had changed.

    Two processes fill the cache, which costs them what one process is spared: their gain is not flattered, nor is
    that of the second analysis over the one without a cache.
    """
    cache = {"TENSIONS_CACHE": str(place / f"cache{turn}")}
    few = {"TENSIONS_CACHE": str(place / f"few{turn}")}
    steps: dict[str, tuple[list[str], Mapping[str, str]]] = {
        f"{ONE}, small": (analyse(place, "small", "small.json", "-j", "1", "--no-cache"), {}),
        ONE: (analyse(place, "all", "one.json", "-j", "1", "--no-cache"), {}),
        f"{TWO}, small": (analyse(place, "small", "small2.json", "-j", "2"), few),
        TWO: (analyse(place, "all", "two.json", "-j", "2"), cache),
        f"{AGAIN}, small": (analyse(place, "small", "small3.json", "-j", "1"), few),
        AGAIN: (analyse(place, "all", "again.json", "-j", "1"), cache),
    }
    found = {name: timed(name, command, extra) for name, (command, extra) in steps.items()}
    same(place, "one.json", "two.json", "again.json")
    same(place, "small.json", "small2.json", "small3.json")
    changed = sorted((place / "all").iterdir())[turn]
    with changed.open("a", encoding="utf-8") as stream:
        stream.write("\nOn nous demande des chiffres, et les gens attendent.\n")
    before = entries(place / f"cache{turn}")
    found[CHANGED] = timed(CHANGED, analyse(place, "all", "changed.json", "-j", "1"), cache)
    return found, entries(place / f"cache{turn}") - before


def timed(name: str, command: Sequence[str], extra: Mapping[str, str]) -> Spent:
    found = run(command, extra)
    print(f"{name}: {found}", file=sys.stderr)
    return found


def same(place: Path, *names: str) -> None:
    """The same corpus gives the same bytes, whatever the way."""
    if len({(place / name).read_bytes() for name in names}) != 1:
        raise SystemExit(f"these differ: {', '.join(names)}")


def entries(cache: Path) -> int:
    """How many files the cache keeps: each file that was done adds one."""
    return sum(path.is_file() for path in cache.rglob("*"))


def loaded(place: Path) -> list[str]:
    """Which libraries of tagging an analysis loads that finds every file of the small corpus in the cache."""
    extra = {"TENSIONS_CACHE": str(place / "few0")}
    modules = imported(["analyse", str(place / "small"), "-q", "-f", "json", "-o", str(place / "last.json")], extra)
    return sorted({name.split(".")[0] for name in modules} & set(NOT_AGAIN))


def others(place: Path) -> dict[str, dict[str, Any]]:
    """Memory and time of the commands that write every passage, or a page."""
    commands = {"tag": ("-f", "jsonl", "-o", "tagged.jsonl"), "report": ("-o", "report.html")}
    return {
        f"{command}, {corpus}": asdict(
            timed(
                f"{command}, {corpus}",
                [*tensions(), command, str(place / corpus), "-q", *options[:-1], str(place / corpus) + options[-1]],
                {"TENSIONS_CACHE": str(place / "none")},
            )
        )
        for command, options in commands.items()
        for corpus in ("small", "all")
    }


# --- what is printed -------------------------------------------------------------------------------------


def targets(figures: Figures, rounds: Sequence[Mapping[str, Spent]]) -> list[Target]:
    def over(above: str, under: str, what: str) -> float:
        return round(median(getattr(one[above], what) / getattr(one[under], what) for one in rounds), 2)

    def growth(name: str, what: str) -> float:
        return median(getattr(one[name], what) - getattr(one[f"{name}, small"], what) for one in rounds)

    words, few = figures["texts"]["all"]["words"], figures["texts"]["small"]["words"]
    more = f"MB for {words / 1e6:.1f} million words over {few / 1e6:.1f}"
    return [
        Target("elapsed time, one process / two", over(ONE, TWO, "elapsed"), least=LEAST_TWO),
        Target("elapsed time, first analysis / second", over(ONE, AGAIN, "elapsed"), least=LEAST_AGAIN),
        Target("processor time, first analysis / second", over(ONE, AGAIN, "processor"), least=LEAST_AGAIN),
        Target("tagging libraries loaded by the second", len(figures["loaded_again"]), most=0),
        Target("files done again when one changed", max(figures["done_again"]), most=1),
        Target(f"{more}, one process", growth(ONE, "peak_mb"), most=MOST_GROWTH),
        Target(f"{more}, from the cache", growth(AGAIN, "peak_mb"), most=MOST_GROWTH),
        Target(f"{more}, two processes and their parent", growth(TWO, "together_mb"), most=MOST_GROWTH),
    ]


def show(figures: Figures, rounds: Sequence[Mapping[str, Spent]]) -> None:
    texts = figures["texts"]
    words = {"all": texts["all"]["words"], "small": texts["small"]["words"]}
    print(f"\n{texts['what']}: {texts['all']['files']:,} files, {words['all']:,} words")
    print("one process, two, with the cache or without: the same bytes\n")
    rows = []
    for name in rounds[0]:
        own = [one[name] for one in rounds]
        many = words["small" if name.endswith("small") else "all"]
        elapsed = median(one.elapsed for one in own)
        rows.append(row(name, many, elapsed, own))
    for name, one in figures["others"].items():
        spent = Spent(**one)
        rows.append(row(f"`{name}`", words["small" if name.endswith("small") else "all"], spent.elapsed, [spent]))
    header = [
        "`tensions analyse`",
        "words",
        "elapsed s",
        "processor s",
        "parent and busiest worker",
        "words per processor s",
        "peak MB, one process",
        "MB together",
        "load",
    ]
    print(markdown(header, rows))
    rate = median(words["all"] / one[ONE].processor for one in rounds)
    alone = median(one[ONE].longest / one[TWO].longest for one in rounds)
    print(f"\none process / two, by the processor time of the parent and its busiest worker: {alone:.2f}")
    print(f"\nrate of one core: {rate:,.0f} words per processor second, {3600 * rate / 1e6:,.0f} million an hour")


def row(name: str, words: int, elapsed: float, own: Sequence[Spent]) -> list[str]:
    processor = median(one.processor for one in own)
    return [
        name,
        f"{words:,}",
        f"{elapsed:.1f}",
        f"{processor:.1f}",
        f"{median(one.longest for one in own):.1f}",
        f"{words / processor:,.0f}",
        f"{median(one.peak_mb for one in own):.0f}",
        f"{median(one.together_mb for one in own):.0f}",
        " ".join(f"{one.load:.1f}" for one in own),
    ]


if __name__ == "__main__":
    raise SystemExit(main())
