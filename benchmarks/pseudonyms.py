"""How many identifiers `tensions corpus pseudonymise` leaves readable, on texts composed with their identifiers marked.

    python benchmarks/pseudonyms.py [--half tuning|held_out] [--errors]

`corpora/pseudonyms/tuning.jsonl` served to tune the rules, `held_out.jsonl` never did: only its figures count. Both
were composed by the same hand as the rules, so that figures on real interviews will be worse. `--errors` prints what
is left and what is replaced for nothing: composed texts only, never those of a real corpus.

One JSON object a line: `id`, `genre`, `style` (oral, ecrit), `labels` (speakers), `text` as clean texts are written,
`spans` (`start`, `end` in code points, `category`). Persons, towns and numbers are invented or ordinary. What is
marked: first and last names, initials after a title, places other than countries, names of organisations without
their head, and every number or date that the tool claims to replace; not public institutions, authors and brands.

An identifier is *left* when one of its telling words (a capital, a digit, or any word of a text without capitals)
stands outside what was replaced. A replacement is *for nothing* when it meets no marked identifier. The code of a
category is not asked to be right: a person replaced as a place is replaced; `bonne catégorie` says how often it is.
"""

import argparse
import json
import re
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tensions_cli.confidentiality.identifiers import Found
from tensions_cli.confidentiality.pseudonyms import Pseudonymised, Table, pseudonymise
from tensions_cli.confidentiality.tokens import Source
from tensions_cli.tagging import french

TEXTS = Path(__file__).parents[1] / "corpora" / "pseudonyms"
_WORD = re.compile(r"[^\W_]+")
_SMALL = frozenset(
    re.findall(r"\w+", "de du des d la le les l et à au aux bis ter rue avenue place chemin allée résidence")
)


def read(half: str) -> list[dict[str, Any]]:
    """The texts of one half, with their marked spans."""
    lines = (TEXTS / f"{half}.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def pseudonymised(rows: Sequence[dict[str, Any]]) -> Pseudonymised:
    """The half treated as one corpus, as a user would."""
    seen = french.proper_names(row["text"] for row in rows)
    sources = [Source(row["text"], frozenset(row["labels"]), names) for row, names in zip(rows, seen, strict=True)]
    return pseudonymise(sources, Table({}), french.usual_writing)


def is_left(text: str, span: dict[str, Any], replaced: Sequence[Found]) -> bool:
    """A telling word of the marked identifier stands outside what was replaced."""
    bare = not any(c.isupper() for c in text)
    covered = {at for found in replaced for at in range(found.start, found.end)}
    for word in _WORD.finditer(text, span["start"], span["end"]):
        telling = bare or word[0][0].isupper() or word[0][0].isdigit()
        if telling and word[0].lower() not in _SMALL and not set(range(word.start(), word.end())) <= covered:
            return True
    return False


def measure(half: str, *, errors: bool) -> None:
    """Print the table of one half."""
    rows = read(half)
    result = pseudonymised(rows)
    counts: dict[str, Counter[str]] = {}
    for row, placed in zip(rows, result.placed, strict=True):
        text, spans = row["text"], row["spans"]
        replaced = [place.found for place in placed if place.code is not None]
        for span in spans:
            met = [found for found in replaced if found.start < span["end"] and span["start"] < found.end]
            for key in (span["category"], f"style {row['style']}", "ensemble"):
                count = counts.setdefault(key, Counter())
                count["marked"] += 1
                count["right"] += any(found.category == span["category"] for found in met)
                count["left"] += is_left(text, span, replaced)
            if errors and is_left(text, span, replaced):
                print(f"{row['id']} laissé ({span['category']}) : {text[span['start'] : span['end']]}", file=sys.stderr)
        for place in placed:
            found = place.found
            if place.code is None:
                continue
            useful = any(found.start < span["end"] and span["start"] < found.end for span in spans)
            for key in (found.category, f"style {row['style']}", "ensemble"):
                count = counts.setdefault(key, Counter())
                count["replaced"] += 1
                count["useful"] += useful
                count["doubtful"] += bool(place.doubt) or not found.sure
            if errors and not useful:
                said = text[found.start : found.end]
                print(f"{row['id']} pour rien ({found.category}, {found.ground}) : {said}", file=sys.stderr)
    print(f"\n{half} : {len(rows)} textes\n")
    print("| catégorie | marqués | laissés | rappel | bonne catégorie | remplacés | précision | à vérifier |")
    print("|---|---:|---:|---:|---:|---:|---:|---:|")
    for key, count in counts.items():
        hidden = count["marked"] - count["left"]
        print(
            f"| {key} | {count['marked']} | {count['left']} | {_share(hidden, count['marked'])}"
            f" | {_share(count['right'], count['marked'])} | {count['replaced']}"
            f" | {_share(count['useful'], count['replaced'])} | {_share(count['doubtful'], count['replaced'])} |"
        )


def _share(part: int, whole: int) -> str:
    return f"{100 * part / whole:.0f} %" if whole else "–"


def main() -> int:
    """Measure the halves asked for."""
    parser = argparse.ArgumentParser(description="Mesure de la pseudonymisation sur des textes composés.")
    parser.add_argument("--half", choices=("tuning", "held_out"), action="append")
    parser.add_argument("--errors", action="store_true")
    arguments = parser.parse_args()
    for half in arguments.half or ("tuning", "held_out"):
        measure(half, errors=arguments.errors)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
