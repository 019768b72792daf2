"""Documents as an IRaMuTeQ corpus that passes its checker whatever the texts hold (formats.md §7.2 and §7.6)."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from tensions_cli.output.corpora import (
    distinct,
    folded,
    left_out,
    metadata_names,
    speakers_lost,
    spoken,
    with_role_labels,
    writable,
)
from tensions_cli.output.french import plural
from tensions_cli.records import Document, Role
from tensions_cli.words import count_words

# What the first variables of every text are called; a metadata of the same name gets a number.
_OWN = ("doc", "speaker", "role", "turn")

# A modality heads columns of tables and labels of graphs: a title or a sentence is no modality.
_LONGEST_MODALITY = 60


@dataclass(slots=True)
class _Losses:
    """What did not go through, to be said."""

    modalities: defaultdict[tuple[str, str], set[str]] = field(default_factory=lambda: defaultdict(set))
    dropped: int = 0
    signs: int = 0
    empty: int = 0
    marked: int = 0


def iramuteq_corpus(
    documents: Sequence[Document],
    per: Literal["document", "turn"] = "document",
    *,
    keep_interviewer: bool = False,
) -> tuple[str, tuple[str, ...]]:
    """The corpus (to write as UTF-8 without BOM, LF) and French notices on what is lost.

    `per`: one text per document, or per turn with its speaker, role and rank. The interviewer's turns are left out
    unless `keep_interviewer`.
    """
    names = variable_names(metadata_names(documents), reserved=_OWN)
    losses = _Losses()
    taken: set[str] = set()
    texts: list[str] = []
    for document in map(with_role_labels, documents):
        own = distinct(modality(document.id)[:_LONGEST_MODALITY].strip("_") or "texte", taken, "_")
        shared = {"doc": own} | _variables(document.metadata, names, losses)
        for more, content in _texts(document, per, keep_interviewer):
            body = body_line(content)
            losses.signs += sum(content.count(sign) for sign in "*$")
            losses.marked += len(re.findall(r"(?<!\S)_\w{1,60}_(?!\w)", body))
            if not count_words(body):
                losses.empty += 1
                continue
            own_variables = _variables(more, {name: name for name in more}, losses)
            texts.append(f"{star_line(shared | own_variables)}\n{body}\n")
    left = 0 if keep_interviewer else sum(t.role is Role.INTERVIEWER for d in documents for t in d.turns)
    return "\n".join(texts), (*left_out(documents), *speakers_lost(documents), *_said(losses, left))


def variable_names(names: Iterable[str], reserved: Iterable[str] = ()) -> dict[str, str]:
    """A variable for each name: lower-case ASCII letters and digits, each once, none of `reserved`."""
    taken = set(reserved)
    return {name: distinct(re.sub(r"[^a-z0-9]", "", folded(name).lower()) or "variable", taken) for name in names}


def modality(value: str) -> str:
    """A value as IRaMuTeQ accepts it: ASCII letters, digits and `_`; empty when nothing of it is ASCII."""
    return re.sub(r"[^A-Za-z0-9]+", "_", folded(value)).strip("_")


def star_line(variables: Mapping[str, str]) -> str:
    """`**** *doc_E01 *annee_2024`: names and modalities already safe."""
    return " ".join(["****", *(f"*{name}_{value}" for name, value in variables.items())])


def body_line(text: str) -> str:
    """A text on one line, without the signs that mark something for IRaMuTeQ: `*` and `$` become spaces."""
    return " ".join(re.sub(r"[*$]", " ", writable(text)).split())


def _texts(document: Document, per: str, keep_interviewer: bool) -> Iterator[tuple[dict[str, str], str]]:
    """The texts that a document gives, each with the variables that are its own."""
    runs = list(spoken(document, keep_interviewer=keep_interviewer))
    contents = [" ".join(paragraph.text for paragraph in run) for _, _, run in runs]
    if per == "document" or not document.turns:
        yield {}, " ".join(contents)
        return
    for (turn, rank, _), content in zip(runs, contents, strict=True):
        if turn is None or rank is None:
            yield {}, content
        else:
            yield {"speaker": turn.speaker or "", "role": turn.role or "", "turn": str(rank + 1)}, content


def _variables(values: Mapping[str, str], names: Mapping[str, str], losses: _Losses) -> dict[str, str]:
    """Values as modalities; what has none, or a long one, is left out and counted."""
    found: dict[str, str] = {}
    for name, value in values.items():
        safe = modality(value)
        if safe and len(safe) <= _LONGEST_MODALITY:
            found[names[name]] = safe
            losses.modalities[names[name], safe.lower()].add(value)
        elif value.strip():
            losses.dropped += 1
    return found


def _said(losses: _Losses, interviewer: int) -> Iterator[str]:
    merged = Counter(len(values) > 1 for values in losses.modalities.values())[True]
    yield "les passages, leurs positions et les paragraphes ne survivent pas dans un corpus IRaMuTeQ"
    if interviewer:
        yield f"tours de l’enquêteur, laissés de côté\u00a0: {interviewer}"
    if losses.signs:
        yield f"signes * et $ retirés des textes, où IRaMuTeQ les prend pour des marques\u00a0: {losses.signs}"
    if losses.marked:
        yield f"mots entre _, que IRaMuTeQ tient pour supplémentaires\u00a0: {losses.marked}"
    if losses.dropped:
        yield (
            f"valeurs de métadonnées laissées de côté (plus de {_LONGEST_MODALITY} caractères, ou sans lettre"
            f" latine)\u00a0: {losses.dropped}"
        )
    if merged:
        yield f"valeurs de métadonnées confondues une fois écrites sans accent ni signe\u00a0: {merged}"
    if losses.empty:
        yield f"{plural(losses.empty, 'texte')} sans aucun mot, que IRaMuTeQ sauterait\u00a0: laissés de côté"
