"""Summaries and passages as files for programs and spreadsheets: JSON, JSON Lines, CSV, Markdown."""

import csv
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import Any, TextIO

from tensions_cli.knowledge.codebook import codebook
from tensions_cli.output import french
from tensions_cli.output.rows import (
    flat_group_row,
    flat_passage_row,
    passage_row,
    summary,
    to_json,
)
from tensions_cli.records import Analysis, Group, TaggedPassage
from tensions_cli.results import Corrections, Cutting

# A spreadsheet takes a cell that begins with one of these for a formula (formats.md, section 13).
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
MARKDOWN_SPECIAL = str.maketrans({c: f"\\{c}" for c in "|*_`#<>[]"})


def write_summary_json(analysis: Analysis, stream: TextIO) -> None:
    """The whole summary, indented, keys in the order of the schema."""
    stream.write(to_json(summary(analysis), indent=1) + "\n")


def write_summary_csv(analysis: Analysis, stream: TextIO) -> None:
    """One row per group, comma and decimal point, for programs."""
    import pandas as pd

    rows = [guarded(flat_group_row(group, analysis.by)) for group in analysis.groups]
    frame = pd.DataFrame(rows, dtype=object)  # a count stays an integer beside a cell without one
    frame.to_csv(stream, index=False, lineterminator="\n", na_rep="")


def write_summary_markdown(analysis: Analysis, stream: TextIO) -> None:
    """A table for a repository, with what the numbers rest on."""
    header = [*(map(_safe, analysis.by) if analysis.by else ("corpus",)), "passages", "mots"]
    header += [*codebook().measures, "intervalle 95 %", *([] if codebook().by_pair else ["balance"])]
    stream.write(f"| {' | '.join(header)} |\n|{'---|' * len(header)}\n")
    for group in analysis.groups:
        stream.write(f"| {' | '.join(_markdown_cells(group, analysis.by))} |\n")
    _write_stances(analysis, stream)
    _write_intervals(analysis, stream)
    manifest = analysis.manifest
    whole = analysis.groups[0]
    how = french.method(whole.method)
    by_persons = f"{french.decided(whole.passages, whole.human)}, " if whole.human else ""
    stream.write(
        f"\n{french.plural(len(analysis.documents), 'document')}, {by_persons}modèle {manifest['model']['identity']}, "
        f"{french.grid(manifest['codebook']['version'])}. Intervalle\u00a0: {how}.\n"
    )
    if under := manifest["options"].get("mask_under"):
        stream.write(f"\n{french.masking_legend(under)}\n")
    if analysis.corrections is not None:
        write_corrections_markdown(analysis.corrections, stream)
    if analysis.cuttings:
        write_sensitivity_markdown(analysis.cuttings, stream)
    for tagged in analysis.examples:
        stream.write(f"\n> {_safe(tagged.passage.text)}\n>\n> — {_safe(french.place(tagged.passage))}\n")


def _safe(text: str) -> str:
    """A name or a text that can neither break a table, nor style or run anything, nor drive a terminal."""
    return french.printable(" ".join(text.split("\n"))).translate(MARKDOWN_SPECIAL)


def _write_stances(analysis: Analysis, stream: TextIO) -> None:
    """A second table, where the stance is coded: who defends and who contests each logic."""
    whole = analysis.groups[0].stance
    if whole is None:
        return
    header = [*(map(_safe, analysis.by) if analysis.by else ("corpus",)), *(f"posture, {pole}" for pole in whole)]
    stream.write(f"\n| {' | '.join(header)} |\n|{'---|' * len(header)}\n")
    for group in analysis.groups:
        counts = group.stance or {}
        cells = [french.MASKED if group.masked else french.stances(counts.get(pole, {})) for pole in whole]
        stream.write(f"| {' | '.join([*_markdown_names(group, analysis.by), *cells])} |\n")


def _write_intervals(analysis: Analysis, stream: TextIO) -> None:
    """The shares and tension, each with its interval."""
    _write_table(
        [
            *(map(_safe, analysis.by) if analysis.by else ("corpus",)),
            *(f"{name} (95\u00a0%)" for name in codebook().measures),
        ],
        ([*_markdown_names(group, analysis.by), *_interval_cells(group)] for group in analysis.groups),
        stream,
    )


def _interval_cells(group: Group) -> list[str]:
    shares = {**group.shares, "tension": group.tension_share}
    return [
        french.MASKED if group.masked else french.share_and_bounds(share, group.intervals[name], group.method)
        for name, share in shares.items()
    ]


def write_corrections_markdown(found: Corrections, stream: TextIO) -> None:
    """Raw and corrected shares of the whole corpus, then of each group that has enough gold."""
    header = ["part", "brute", "corrigée (PPI)", "Rogan-Gladen", "sensibilité", "spécificité"]
    for group in found.groups:
        name = _safe(" × ".join(group.by.values())) or "tout le corpus"
        if group.reason:
            continue
        stream.write(f"\nParts corrigées, {name} (gold\u00a0: {french.plural(group.gold, 'passage')})\n")
        _write_table(header, (french.corrected_cells(one, weighted=found.weighted) for one in group.shares), stream)
    for line in (*french.uncorrected(found), french.correction_legend(found), *found.notices):
        stream.write(f"\n{_safe(line)}\n")


def write_sensitivity_markdown(cuttings: Sequence[Cutting], stream: TextIO) -> None:
    """Shares of the whole corpus at each length of passages."""
    header = ["longueur visée", "passages", "mots par passage", *codebook().measures]
    _write_table(header, (french.cutting_cells(cutting) for cutting in cuttings), stream)
    stream.write(f"\n{french.SENSITIVITY_LEGEND}\n")


def _write_table(header: Sequence[str], rows: Iterable[Sequence[str]], stream: TextIO) -> None:
    stream.write(f"\n| {' | '.join(header)} |\n|{'---|' * len(header)}\n")
    stream.writelines(f"| {' | '.join(row)} |\n" for row in rows)


def _markdown_names(group: Group, by: Sequence[str]) -> list[str]:
    names = [_safe(str(group.by.get(field, "tout le corpus"))) for field in by]
    return names or ["tout le corpus"]


def _markdown_cells(group: Group, by: Sequence[str]) -> list[str]:
    if group.masked:
        return [*_markdown_names(group, by), *[french.MASKED] * (len(codebook().labels) + 5 - codebook().by_pair)]
    return [
        *_markdown_names(group, by),
        french.integer(group.passages),
        french.integer(group.words),
        *(french.percent(group.shares[label]) for label in codebook().labels),
        french.percent(group.tension_share),
        french.bounds(group.intervals["tension"], group.method),
        *([] if codebook().by_pair else [french.decimal(group.balance)]),
    ]


def write_passages_jsonl(tagged: Iterable[TaggedPassage], stream: TextIO) -> None:
    """One passage a line, as it comes."""
    for passage in tagged:
        stream.write(to_json(passage_row(passage)) + "\n")


def write_passages_csv(tagged: Iterable[TaggedPassage], metadata: Sequence[str], stream: TextIO) -> None:
    """One passage a row; `metadata` names the metadata columns, which must be known beforehand."""
    rows = (flat_passage_row(passage) for passage in tagged)
    first = next(rows, None)
    if first is None:  # documents always have passages; only an empty batch, refused before, would come here
        return
    own = [name for name in first if not name.startswith("meta_")]
    columns = own + [f"meta_{field}" for field in metadata]
    writer = csv.DictWriter(stream, columns, restval="", extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows(_guarded_rows(chain([first], rows)))


def _guarded_rows(rows: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    return (guarded(row) for row in rows)


def guarded(row: dict[str, Any]) -> dict[str, Any]:
    """Text cells that a spreadsheet would run as a formula begin with an apostrophe; numbers are left alone.

    Names of columns too: those of metadata are the user's.
    """
    return {_guarded(name): _guarded(value) for name, value in row.items()}


def _guarded(value: Any) -> Any:
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA_STARTS) else value
