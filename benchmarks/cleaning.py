"""How much body is kept and how much page furniture is dropped, on the five reference pages.

    python benchmarks/cleaning.py --seeds FOLDER

The pages are not in the repository. `seed_lines.json` says, by line number (from 1, ends included),
what a reader found: body, chrome, note, foreign; and the SHA-256 of each file, checked first.
Exit status: 0, 1 when a total is under 97 %, 2 when a page is missing or is another one.
"""

import argparse
import hashlib
import json
import re
import sys
from collections import Counter
from pathlib import Path

from tensions_cli.corpus.clean import clean
from tensions_cli.corpus.language import mark_foreign
from tensions_cli.records import Block, Document

LEAST = 0.97
_WORD = re.compile(r"[^\W_]+")


def page(name: str, text: str) -> Document:
    """A document with one block for each line that is not blank."""
    blocks = []
    start = 0
    for line in text.split("\n"):
        visible = line.strip()
        if visible:
            first = start + line.index(visible)
            blocks.append(Block(first, first + len(visible)))
        start += len(line) + 1
    return Document(id=name, source=name, format="txt", text=text, blocks=tuple(blocks))


def counted(document: Document, kinds: dict[int, str]) -> Counter[tuple[str, str, str]]:
    """Words and lines by (unit, expected kind, kind found)."""
    counts: Counter[tuple[str, str, str]] = Counter()
    for block in document.blocks:
        covering = [zone for zone in document.zones if zone.start <= block.start and block.end <= zone.end]
        found = covering[0].kind.value if covering else "body"
        expected = kinds[document.text.count("\n", 0, block.start) + 1]
        counts["words", expected, found] += len(_WORD.findall(document.text[block.start : block.end]))
        counts["lines", expected, found] += 1
    return counts


def share(counts: Counter[tuple[str, str, str]], unit: str, expected: str, *, body: bool) -> float | None:
    """Share of what was expected `expected` that was found body (or not body); None without any."""
    total = sum(n for (u, e, _), n in counts.items() if (u, e) == (unit, expected))
    kept = counts[unit, expected, "body"]
    return None if not total else (kept if body else total - kept) / total


def printed(name: str, counts: Counter[tuple[str, str, str]]) -> list[float]:
    """Print one row; return the measures that have a threshold."""
    measures = [
        share(counts, "words", "body", body=True),
        share(counts, "words", "chrome", body=False),
        share(counts, "lines", "chrome", body=False),
        share(counts, "words", "note", body=False),
        share(counts, "words", "foreign", body=False),
    ]
    cells = ["–" if measure is None else f"{measure:.2%}" for measure in measures]
    print(f"{name:28}" + "".join(f"{cell:>10}" for cell in cells))
    return [measure for measure in measures[:3] if measure is not None]


def main() -> int:
    """Measure every page listed in `seed_lines.json`, print a table, return the exit status."""
    parser = argparse.ArgumentParser(description="Mesure du nettoyage sur les pages de référence.")
    parser.add_argument("--seeds", type=Path, required=True, help="dossier des pages de référence")
    seeds: Path = parser.parse_args().seeds
    listed = json.loads(Path(__file__).with_name("seed_lines.json").read_text(encoding="utf-8"))
    print(f"{'page':28}{'corps':>10}{'habillage':>10}{'lignes':>10}{'notes':>10}{'étranger':>10}")
    totals: Counter[tuple[str, str, str]] = Counter()
    for name, truth in listed.items():
        path = seeds / name
        data = path.read_bytes() if path.is_file() else b""
        if hashlib.sha256(data).hexdigest() != truth.pop("sha256"):
            print(f"{name} : page absente ou différente", file=sys.stderr)
            return 2
        kinds = {n: kind for kind, spans in truth.items() for first, last in spans for n in range(first, last + 1)}
        counts = counted(mark_foreign(clean(page(name, data.decode("utf-8")))), kinds)
        printed(name, counts)
        totals += counts
    measures = printed("total", totals)
    print("corps : mots gardés ; habillage, notes, étranger : mots écartés ; lignes : lignes écartées")
    return 0 if min(measures) >= LEAST else 1


if __name__ == "__main__":
    raise SystemExit(main())
