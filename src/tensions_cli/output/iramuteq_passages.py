"""Coded passages as an IRaMuTeQ corpus: one text per passage, its codes and metadata as variables."""

from collections.abc import Iterable
from typing import TextIO

from tensions_cli.output.corpus_iramuteq import body_line, modality, star_line, variable_names
from tensions_cli.records import CodedBy, TaggedDocument, TaggedPassage


def write_iramuteq_passages(documents: Iterable[TaggedDocument], by: CodedBy, stream: TextIO) -> tuple[str, ...]:
    """`**** *doc_E01 *label_mixte *relation_opposition` above each passage (formats.md, section 7.6).

    The stream must be UTF-8 without byte order mark, LF. Returns French notices.
    """
    removed = dropped = 0
    first = True
    for tagged in documents:
        for one in tagged.passages:
            body = body_line(one.passage.text)
            removed += sum(one.passage.text.count(c) for c in "*$")
            if not body:  # IRaMuTeQ skips an empty text, with a line in its log only
                dropped += 1
                continue
            stream.write(f"{'' if first else chr(10)}{star_line(_variables(one, by))}\n{body}\n")
            first = False
    notices = ["les positions des passages dans les textes ne survivent pas dans un corpus IRaMuTeQ"]
    if removed:
        notices.append(f"caractères * et $ retirés des textes, où IRaMuTeQ les prend pour des marques\u00a0: {removed}")
    if dropped:
        notices.append(f"passages sans mot pour IRaMuTeQ, laissés de côté\u00a0: {dropped}")
    return tuple(notices)


def _variables(one: TaggedPassage, by: CodedBy) -> dict[str, str]:
    """Variables and safe modalities, without empty values."""
    passage, tags = one.passage, one.tags
    own = {
        "doc": passage.document,
        "turn": str(passage.turn or ""),
        "speaker": passage.speaker or "",
        "role": passage.role or "",
        "label": tags.label,
        "relation": tags.relation or "",
        "certain": "oui" if tags.certain else "non",
        "coder": by.coder if tags.coded_by == "model" else tags.coded_by,
    }
    names = variable_names(passage.metadata, reserved=own)
    values = own | {names[name]: value for name, value in passage.metadata.items()}
    return {name: safe for name, value in values.items() if (safe := modality(value))}
