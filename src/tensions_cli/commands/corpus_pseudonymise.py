"""`tensions corpus pseudonymise`: texts with codes in place of what identifies, and a list for a human reader."""

import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from tensions_cli.commands.common import progress_bar, protect_inputs, say, status_of
from tensions_cli.confidentiality.pseudonyms import Pseudonymised, Table
from tensions_cli.confidentiality.review import counts
from tensions_cli.corpus.sources import find_files
from tensions_cli.errors import ExitStatus
from tensions_cli.knowledge.files import read_toml
from tensions_cli.output.corpora import left_out
from tensions_cli.output.french import plural
from tensions_cli.pipeline import Batch, Options
from tensions_cli.pseudonymisation import REVIEW_FILE, check_targets, pseudonymised, read_table, without_names, write


def run(
    sources: list[str],
    options: Options,
    output: Path,
    table: Path | None,
    write_table: Path | None,
    *,
    quiet: bool,
    strict: bool,
) -> ExitStatus:
    """Write the new folder, print the counts, say what remains to be read by somebody."""
    _check_paths(sources, output, table, write_table)
    rows = read_table(table)
    with progress_bar(quiet=quiet) as progress:
        corpus = pseudonymised(sources, options, rows, progress)
    write(corpus, output, rows, write_table)
    print(_counted(corpus.result), end="")
    _say_skipped(corpus.batch, quiet=quiet)
    _say_table(rows, corpus.result, quiet=quiet)
    _say_renamed(len(corpus.renamed), told=write_table is not None, quiet=quiet)
    _say_remains(len(corpus.batch.documents), quiet=quiet)
    return status_of(corpus.batch.skipped, strict=strict)


def _check_paths(sources: Sequence[str], output: Path, table: Path | None, write_table: Path | None) -> None:
    """Refuse what would mix the correspondence or the result with what is read, before any work is done."""
    with without_names():
        find_files(sources)
    for path in (output, write_table):
        protect_inputs(path, sources)
    check_targets(output, table, write_table)


def _counted(result: Pseudonymised) -> str:
    """The counts by category, as a table of plain text."""
    rows = [("catégorie", "remplacés", "distincts", "à vérifier", "laissés")]
    for one in counts(result.placed, result.distinct):
        distinct = "–" if one.distinct is None else str(one.distinct)
        rows.append((one.category, str(one.replaced), distinct, str(one.doubtful), str(one.left)))
    width = max(len(row[0]) for row in rows)
    return "".join(f"{first:<{width}}" + "".join(f"{cell:>12}" for cell in cells) + "\n" for first, *cells in rows)


def _say_skipped(batch: Batch, *, quiet: bool) -> None:
    """What was not read, by reason: file names are not shown."""
    titles = read_toml("ignored_files.toml")["reasons"]
    for title, items in (
        ("Non lus", [item for item in batch.skipped if item.failed]),
        ("Laissés de côté", [item for item in batch.skipped if not item.failed]),
    ):
        reasons = Counter(titles.get(item.reason, item.reason) for item in items)
        if reasons and not (quiet and title != "Non lus"):
            listed = ", ".join(f"{reason}\u00a0: {n}" for reason, n in sorted(reasons.items()))
            print(f"{title} ({len(items)})\u00a0: {listed}. Lesquels\u00a0: tensions corpus info", file=sys.stderr)
    for told in left_out(batch.documents):
        say(f"Non écrites\u00a0: {told}", quiet=quiet)
    remarks = len(batch.notices) + sum(bool(document.notices) for document in batch.documents)
    if remarks:
        say(f"Remarques de lecture\u00a0: {remarks}. Pour les lire\u00a0: tensions corpus info", quiet=quiet)


def _say_table(table: Table, result: Pseudonymised, *, quiet: bool) -> None:
    if table.rows or table.left_out:
        used = len(table.rows) - len(result.unmatched)
        say(
            f"Table\u00a0: {plural(used, 'ligne employée', 'lignes employées')}, {len(result.unmatched)} sans "
            f"occurrence dans ces textes, {len(table.left_out)} non comprises ou répétées.",
            quiet=quiet,
        )


def _say_renamed(count: int, *, told: bool, quiet: bool) -> None:
    if count:
        where = "la table de --write-table dit lesquels" if told else "--write-table dit lesquels"
        say(f"{plural(count, 'nom de fichier remplacé', 'noms de fichiers remplacés')}\u00a0: {where}.", quiet=quiet)


def _say_remains(documents: int, *, quiet: bool) -> None:
    """The result is a draft for a human reader; this line is said even when silence is asked for."""
    count = plural(documents, "texte écrit", "textes écrits")
    print(f"Pseudonymisation à relire\u00a0: {count}. Relisez chaque texte avec {REVIEW_FILE}.", file=sys.stderr)
    say("Aucun programme ne voit tout. Cherchez aussi\u00a0:", quiet=quiet)
    for line in read_toml("identifiers.toml")["reading"]["checklist"]:
        say(f"  - {line}", quiet=quiet)
    say(
        "Les textes restent des données personnelles, et a_relire.csv en contient des extraits.",
        quiet=quiet,
    )
