"""Documents as a folder that TXM imports (manual 0.7.9, unverified; formats.md §8)."""

import re
from collections.abc import Mapping, Sequence

from tensions_cli.output.corpora import (
    METADATA_FILE,
    UNKNOWN,
    file_names,
    folded,
    left_out,
    merged_codes,
    metadata_csv,
    metadata_names,
    paragraphs,
    speakers_lost,
    spoken,
    with_role_labels,
)
from tensions_cli.output.corpus_iramuteq import variable_names
from tensions_cli.records import Document, Role

TRANSCRIPTS, TEXTS = "transcriptions", "textes"


def txm_folder(documents: Sequence[Document]) -> tuple[dict[str, bytes], tuple[str, ...]]:
    """Files by path, and French notices.

    Transcripts are `CODE<TAB>speech`, with the interviewers in the columns `enq1`, `enq2`… of `metadata.csv`; prose is
    one paragraph per line. TXM imports the two by different modules: where there are both, each has its own folder.
    """
    talks = [with_role_labels(document) for document in documents if document.turns]
    prose = [document for document in documents if not document.turns]
    both = bool(talks and prose)
    files = _folder(talks, f"{TRANSCRIPTS}/" if both else "") | _folder(prose, f"{TEXTS}/" if both else "")
    codes = [_codes(document) for document in talks]
    notices = [*left_out(documents), *speakers_lost(documents), *merged_codes(talks, codes)]
    if both:
        notices.append(
            f"TXM lit les transcriptions et les textes par deux modules\u00a0: importez les dossiers {TRANSCRIPTS} et"
            f" {TEXTS} séparément"
        )
    remarks = sum(len(re.findall(r"[(\[]", one.text)) for document in talks for one in paragraphs(document))
    if remarks:
        notices.append(f"parenthèses et crochets des propos, que TXM lit comme des commentaires\u00a0: {remarks}")
    return files, tuple(notices)


def _folder(documents: Sequence[Document], prefix: str) -> dict[str, bytes]:
    if not documents:
        return {}
    names = file_names([document.id for document in documents])
    written = {
        f"{prefix}{name}.txt": (_transcript(document) if document.turns else _prose(document)).encode()
        for name, document in zip(names, documents, strict=True)
    }
    most = max(len(_interviewers(document)) for document in documents)
    reserved = ("id", "document", *(f"enq{rank}" for rank in range(1, most + 1)))
    columns = variable_names(metadata_names(documents), reserved)
    asking = [
        {f"enq{rank}": code for rank, code in enumerate(_interviewers(document), start=1)} for document in documents
    ]
    return written | {f"{prefix}{METADATA_FILE}": metadata_csv(documents, names, columns, asking).encode()}


def _prose(document: Document) -> str:
    return "".join(f"{paragraph.text}\n" for paragraph in paragraphs(document))


def _transcript(document: Document) -> str:
    """One line per turn, one TAB per line; the first line opens at `(00:00:00.0)`, as TXM asks."""
    codes = _codes(document)
    lines: list[str] = []
    for turn, _, run in spoken(document, keep_interviewer=True):
        stamps = [] if lines else ["(00:00:00.0)"]
        if turn is not None and turn.time_start:
            stamps.append(_stamp(turn.time_start))
        code = codes[(turn.speaker if turn else None) or ""]
        lines.append(f"{code}\t{' '.join([*stamps, *(paragraph.text for paragraph in run)])}\n")
    return "".join(lines)


def _codes(document: Document) -> Mapping[str, str]:
    """Label → code in ASCII capitals, since TXM puts them in capitals; "" stands for nobody."""
    labels = dict.fromkeys(turn.speaker or "" for turn in document.turns)
    found = {label: re.sub(r"[^A-Z0-9]+", "_", folded(label).upper()).strip("_") for label in labels}
    return {"": UNKNOWN.upper()} | {label: code or UNKNOWN.upper() for label, code in found.items()}


def _interviewers(document: Document) -> list[str]:
    codes = _codes(document)
    asking = (turn for turn in document.turns if turn.role is Role.INTERVIEWER)
    return list(dict.fromkeys(codes[turn.speaker or ""] for turn in asking))


def _stamp(seconds: float) -> str:
    tenths = round(seconds * 10)
    return f"({tenths // 36_000}:{tenths // 600 % 60:02}:{tenths // 10 % 60:02}.{tenths % 10})"
