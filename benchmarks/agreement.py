"""Agreement between the first coding of the corpus and the blind second one; Markdown on stdout.

Run: python benchmarks/agreement.py (`make evaluate`). Both codings are machine codings; the first is taken as it
was before disagreements were adjudicated (`second/first.jsonl`).
"""

import json
from collections import Counter
from pathlib import Path
from typing import Any

from tensions_cli.knowledge.codebook import codebook, label_of
from tensions_cli.statistics.agreement import agreement, interval_by_document
from tensions_cli.training.evaluate import SEED

CORPUS = Path(__file__).parents[1] / "corpora" / "annotated"


def main() -> None:
    first = {row["id"]: row for row in rows_of("first.jsonl")}
    pairs = [(first[row["id"]], row) for row in rows_of("blind.jsonl")]
    documents = [one["document"] for one, _ in pairs]
    print(f"{len(pairs)} passages of {len(set(documents))} documents, coded twice by machine coders, blind.\n")
    print("| what | passages | agreement | κ | 95 % by document | α | AC1 |\n|---|---|---|---|---|---|---|")
    for name, one, two, kept in dimensions(pairs):
        print(row_of(name, one, two, [documents[i] for i in kept]))
    doubted = [(one, two) for one, two in pairs if not two["sure"]]
    same = sum(label(one) == label(two) for one, two in doubted)
    share = f"{100 * same / len(doubted):.0f} %"
    print(f"\nThe second coders doubted {len(doubted)} passages; on those the labels agree {share}.")
    won = Counter(row["won"] for row in rows_of("adjudicated.jsonl"))
    print("Adjudicated: " + ", ".join(f"{name} {count}" for name, count in sorted(won.items())) + ".")


def rows_of(name: str) -> list[dict[str, Any]]:
    """Rows of a file of the second coding."""
    return [json.loads(line) for line in (CORPUS / "second" / name).open(encoding="utf-8")]


def label(row: dict[str, Any]) -> str:
    """The label that the answers of a row give."""
    book = codebook()
    return label_of(book.present([row[letter] for letter in book.letters.values()]))


def dimensions(pairs: list[tuple[dict[str, Any], dict[str, Any]]]):
    """Name, both codes and ranks of the passages of every dimension."""
    everything = list(range(len(pairs)))
    labels = [tuple(map(label, pair)) for pair in pairs]
    yield "label", [a for a, _ in labels], [b for _, b in labels], everything
    yield "M", [one["M"] for one, _ in pairs], [row["M"] for _, row in pairs], everything
    yield "P", [one["P"] for one, _ in pairs], [row["P"] for _, row in pairs], everything
    mixed = [i for i, (a, b) in enumerate(labels) if a == b == "mixte"]
    yield (
        "relation (both mixte)",
        [pairs[i][0]["relation"] for i in mixed],
        [pairs[i][1]["relation"] for i in mixed],
        mixed,
    )
    for pole in codebook().poles:
        both = [i for i, (one, two) in enumerate(pairs) if pole in one["stance"] and pole in two["stance"]]
        yield (
            f"stance {pole}",
            [pairs[i][0]["stance"][pole] for i in both],
            [pairs[i][1]["stance"][pole] for i in both],
            both,
        )
    for axis in codebook().axes:
        for pole in codebook().poles:
            one = [pole in p["axes"].get(axis, ()) for p, _ in pairs]
            two = [pole in row["axes"].get(axis, ()) for _, row in pairs]
            yield f"axis {axis}, {pole}", one, two, everything


def row_of(name: str, one: list[Any], two: list[Any], documents: list[str]) -> str:
    found = agreement(one, two)

    def kappa(ranks: list[int]) -> float:
        return agreement([one[r] for r in ranks], [two[r] for r in ranks])["kappa"]

    low, high = interval_by_document(documents, kappa, SEED)
    cells = [f"{100 * found['agreement']:.0f} %", *(f"{found[key]:.2f}" for key in ("kappa",))]
    cells += [f"{low:.2f}–{high:.2f}", f"{found['alpha']:.2f}", f"{found['ac1']:.2f}"]
    return f"| {name} | {len(one)} | {' | '.join(cells)} |"


if __name__ == "__main__":
    main()
