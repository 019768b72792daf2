"""Passages brought back: a concordance or best examples, on screen, in Markdown, and as rows for programs.

References name the speaker, as one cites an interview: whoever asks for extracts means to quote them. `names=False`
leaves speakers out of references and rows; names inside the texts stay.
"""

import csv
from collections.abc import Iterable, Sequence
from typing import Any, TextIO

from rich.cells import cell_len
from rich.console import Console
from rich.console import Group as Lines
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from tensions_cli.knowledge.codebook import codebook
from tensions_cli.output import french
from tensions_cli.output.french import NBSP
from tensions_cli.output.rows import flat_passage_row, passage_row, to_json
from tensions_cli.output.tables import MARKDOWN_SPECIAL, guarded
from tensions_cli.output.terminal import underlined
from tensions_cli.records import Passage, Tags
from tensions_cli.results import Extract

LEAST_LINE = 66  # columns that a line of concordance needs: under it the reference goes below
LEAST_SIDE = 8  # columns of context kept after a long match
LEFT_SHARE = 0.45  # of a line, before the match
GAP = "  "  # on both sides of a match: it is seen without colour
MODEL = "model"
OWN_COLUMNS = ("reference", "typicality", "left", "match", "right", "match_start", "match_end")


def reference(passage: Passage, *, names: bool = True) -> str:
    """« (E2-directrice-ehpad, tour 20, Mme D., 4689-4963) »: document, turn, speaker, place in the text."""
    parts = [
        passage.document,
        *([f"tour {passage.turn}"] if passage.turn else []),
        *([passage.speaker] if passage.speaker and names else []),
        f"{passage.start}-{passage.end}",
    ]
    return french.printable(f"({', '.join(parts)})")


def title(asked: Sequence[str], extracts: Sequence[Extract], total: int, passages: int, documents: int) -> str:
    """« 74 occurrences, dans 60 passages de 12 documents, pour --lemma « temps ». En voici 20. »"""
    found = french.plural(total, "passage")
    if is_concordance(extracts):
        found = f"{french.plural(total, 'occurrence')}, dans {french.plural(passages, 'passage')}"
    shown = f" En voici {french.integer(len(extracts))}." if len(extracts) < total else ""
    place = f"{'de' if is_concordance(extracts) else 'dans'} {french.plural(documents, 'document')}"
    named = f", pour {' '.join(asked)}" if asked else ""
    return french.printable(f"{found} {place}{named}.{shown}")


def is_concordance(extracts: Sequence[Extract]) -> bool:
    """Something was looked for in the passages."""
    return any(one.start is not None for one in extracts)


# --- on screen --------------------------------------------------------------------------------------


def print_extracts(
    extracts: Sequence[Extract], out: Console, heading: str, *, names: bool = True, context: bool = False
) -> None:
    """A line per occurrence, or a paragraph per example; `context` adds the question answered."""
    out.print(Text(heading, style="bold"))
    if is_concordance(extracts):
        _print_concordance(extracts, out, names=names, context=context)
        return
    for rank, one in enumerate(extracts, 1):
        _print_example(rank, one, out, names=names, context=context)
    out.print()
    out.print(Text(_legend(extracts), style="dim"))


def _print_concordance(extracts: Sequence[Extract], out: Console, *, names: bool, context: bool) -> None:
    """Every match begins in the same column; references stand on the right when they all fit, else below."""
    references = [reference(one.tagged.passage, names=names) for one in extracts]
    widest = max(map(cell_len, references))
    beside = out.width - widest - 2 >= LEAST_LINE
    width = out.width - widest - 2 if beside else out.width
    out.print()
    for one, place in zip(extracts, references, strict=True):
        line = _line(one, width)
        if beside:
            line.append(" " * (width - line.cell_len + 2))
            line.append(place, style="dim")
        out.print(line, no_wrap=True, overflow="ignore", crop=False)
        if not beside:
            out.print(Padding(Text(place, style="dim"), (0, 0, 0, 2), expand=False))
        if context and one.tagged.passage.context:
            out.print(Padding(_question(one.tagged.passage.context), (0, 0, 0, 2), expand=False))


def _line(one: Extract, width: int) -> Text:
    """Left context against the match, the match, right context: `width` columns at most.

    A space beside the match becomes GAP; what touches it (« l’ », a comma) stays against it.
    """
    before, match, after = (french.printable(part) for part in _parts(one))
    left = int(width * LEFT_SHARE)
    right = width - left
    gap = GAP if before[-1:].isspace() else ""
    context = _end(before.strip(), left - len(gap)) + gap
    match = _beginning(match, right - LEAST_SIDE)
    gap = GAP if after[:1].isspace() else ""
    rest = gap + _beginning(after.strip(), right - cell_len(match) - len(gap))
    return Text.assemble(" " * (left - cell_len(context)), context, (match, "bold"), rest)


def _parts(one: Extract) -> tuple[str, str, str]:
    """Before, the match, after, each on one line."""
    text = _one_line(one.tagged.passage.text)
    start, end = one.start or 0, one.end or 0
    return text[:start], text[start:end], text[end:]


def _one_line(text: str) -> str:
    """The same characters at the same places, spaces for line feeds; a no-break space stays."""
    return "".join(" " if c in "\n\r\t\v\f\u2028\u2029" else c for c in text)


def _beginning(text: str, width: int) -> str:
    """As many whole words as fit, « … » where something is left out."""
    return text if cell_len(text) <= width else f"{_whole_words(text.split(' '), width - 2)} …"


def _end(text: str, width: int) -> str:
    if cell_len(text) <= width:
        return text
    return f"… {_whole_words(text.split(' ')[::-1], width - 2, backwards=True)}"


def _whole_words(words: Sequence[str], width: int, *, backwards: bool = False) -> str:
    kept: list[str] = []
    for word in words:
        if cell_len(" ".join([*kept, word])) > width:
            break
        kept.append(word)
    return " ".join(kept[::-1] if backwards else kept)


def _print_example(rank: int, one: Extract, out: Console, *, names: bool, context: bool) -> None:
    """The number in the margin, then the question, the passage underlined, its reference, what is said of it."""
    passage, tags = one.tagged.passage, one.tagged.tags
    lines = [
        underlined(french.printable(_one_line(passage.text)), tags.evidence),
        Text(reference(passage, names=names), style="dim"),
        Text(_verdict(one), style="dim"),
    ]
    if context and passage.context:
        lines.insert(0, _question(passage.context))
    table = Table.grid(padding=(0, 1))
    table.add_column(justify="right", no_wrap=True)
    table.add_column(overflow="fold")
    table.add_row(f"{rank}.", Lines(*lines))
    out.print()
    out.print(table)


def _question(text: str) -> Text:
    return Text(f"Question{NBSP}: «{NBSP}{french.printable(' '.join(text.split()))}{NBSP}»", style="dim")


def _verdict(one: Extract) -> str:
    """« proposé : mixte, opposition (M 0,91, P 0,82), incertain ; typicité 0,74 ; axes : temps M P, coût M »."""
    tags = one.tagged.tags
    relation = f", {tags.relation}" if tags.relation else ""
    return f"{_said_by(tags)}{NBSP}: {tags.label}{relation} ({_scores(tags)}){_doubt(tags)}{_typical(one)}{_axes(tags)}"


def _said_by(tags: Tags) -> str:
    return "proposé" if tags.coded_by == MODEL else f"codé par {french.printable(tags.coded_by)}"


def _scores(tags: Tags) -> str:
    return ", ".join(f"{letter} {_figure(tags.scores[pole])}" for pole, letter in codebook().letters.items())


def _figure(number: float) -> str:
    return f"{number:.2f}".replace(".", ",")


def _doubt(tags: Tags) -> str:
    return "" if tags.certain else ", incertain"


def _typical(one: Extract) -> str:
    return "" if one.typicality is None else f"{NBSP}; typicité {_figure(one.typicality)}"


def _axes(tags: Tags) -> str:
    """Axes with the letters of the logics at work on them."""
    named = [
        " ".join([french.axis_titles()[axis], *(codebook().letters[pole] for pole in poles)])
        for axis, poles in tags.axes.items()
    ]
    return f"{NBSP}; axes{NBSP}: {', '.join(named)}" if named else ""


def _legend(extracts: Sequence[Extract]) -> str:
    """What the figures are, and by what they were made."""
    models = sorted({one.tagged.tags.model for one in extracts if one.tagged.tags.coded_by == MODEL})
    both = "" if codebook().by_pair else "deux "
    lines = [
        f"{', '.join(codebook().letters.values())}{NBSP}: scores des {both}logiques, de 0 à 1{NBSP}; "
        f"incertain{NBSP}: l’un d’eux est près de son seuil.",
        f"typicité{NBSP}: certitude des {both}scores × ressemblance au centre des passages retenus, de 0 à 1, moindre "
        f"sous quinze mots{NBSP}; un extrait par document tant qu’il en reste, sans redites.",
    ]
    if models:
        lines.append(f"Étiquettes proposées par le modèle {', '.join(models)}{NBSP}: à relire avant de citer.")
    return "\n".join(lines)


# --- for a repository -------------------------------------------------------------------------------


def write_extracts_markdown(
    extracts: Sequence[Extract], stream: TextIO, heading: str, *, names: bool = True, context: bool = False
) -> None:
    """A table of occurrences, or a list of quotations."""
    stream.write(f"{_escaped(heading)}\n")
    if is_concordance(extracts):
        columns = ["avant", "occurrence", "après", "référence", *(["question"] if context else [])]
        stream.write(f"\n| {' | '.join(columns)} |\n|---:|---|---|---|{'---|' * context}\n")
        for one in extracts:
            before, match, after = (_escaped(part.strip()) for part in _parts(one))
            cells = [before, f"**{match}**", after, _escaped(reference(one.tagged.passage, names=names))]
            cells += [_escaped(one.tagged.passage.context or "")] if context else []
            stream.write(f"| {' | '.join(cells)} |\n")
        return
    for one in extracts:
        passage = one.tagged.passage
        if context and passage.context:
            stream.write(f"\n{_escaped(_question(passage.context).plain)}\n")
        stream.write(f"\n> {_escaped(passage.text)}\n>\n> — {_escaped(reference(passage, names=names))}  \n")
        stream.write(f"> {_escaped(_verdict(one))}\n")
    stream.write(f"\n{_escaped(_legend(extracts))}\n")


def _escaped(text: str) -> str:
    return french.printable(_one_line(text)).translate(MARKDOWN_SPECIAL)


# --- for programs -----------------------------------------------------------------------------------


def write_extracts_jsonl(extracts: Iterable[Extract], stream: TextIO, *, names: bool = True) -> None:
    """One extract a line (`docs/schemas/extract.schema.json`)."""
    for one in extracts:
        stream.write(to_json(_own_row(one, names) | _unnamed(passage_row(one.tagged), names)) + "\n")


def write_extracts_csv(extracts: Sequence[Extract], stream: TextIO, *, names: bool = True) -> None:
    """One extract a row, passages flattened as in `tensions tag`; the header alone when nothing was found."""
    rows = [_own_row(one, names) | _unnamed(flat_passage_row(one.tagged), names) for one in extracts]
    own = columns()
    metadata = sorted({name for row in rows for name in row} - set(own))
    writer = csv.DictWriter(stream, [*own, *metadata], restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(map(guarded, rows))


def columns() -> list[str]:
    """Columns of a csv that may have no row to take them from; metadata columns come with rows."""
    book = codebook()
    return [
        *OWN_COLUMNS,
        *("id", "document", "start", "end", "turn", "speaker", "person", "role", "time_start", "time_end", "context"),
        *("text", "label", "relation"),
        *(("logics", *(f"relation_{pair}" for pair in book.pairs)) if book.by_pair else ()),
        *(f"stance_{pole}" for pole in book.poles),
        "axes",
        *(f"score_{pole}" for pole in book.poles),
        *("evidence", "certain", "counted", "excluded_reason", "coded_by", "model"),
    ]


def _own_row(one: Extract, names: bool) -> dict[str, Any]:
    """What an extract says beside its passage; a best example has no match, an occurrence no typicality."""
    row = dict.fromkeys(OWN_COLUMNS) | {
        "reference": reference(one.tagged.passage, names=names),
        "typicality": one.typicality,
    }
    if one.start is None or one.end is None:
        return row
    text = one.tagged.passage.text
    found = {"left": text[: one.start], "match": text[one.start : one.end], "right": text[one.end :]}
    return row | found | {"match_start": one.start, "match_end": one.end}


def _unnamed(row: dict[str, Any], names: bool) -> dict[str, Any]:
    return row if names else row | {"speaker": None, "person": None}
