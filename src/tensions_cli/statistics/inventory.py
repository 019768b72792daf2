"""What a corpus holds before any logic is looked for: documents, words, languages, speakers, by format."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from tensions_cli.records import DocumentInfo, Inventory, Skipped, Tally, ZoneKind

FRENCH = "français"
_FOREIGN_DETAIL = "texte en "  # how corpus/language.py names the zones of another language


def inventory(documents: Sequence[DocumentInfo], skipped: Sequence[Skipped], notices: Sequence[str]) -> Inventory:
    """Tallies of the whole corpus and of each format, formats in order of their name."""
    formats = sorted({document.format for document in documents})
    return Inventory(
        documents=tuple(documents),
        skipped=tuple(skipped),
        notices=tuple(notices),
        whole=_tally(documents),
        formats={name: _tally([document for document in documents if document.format == name]) for name in formats},
        languages=_languages(documents),
    )


def speakers_by_role(documents: Iterable[DocumentInfo]) -> dict[str, int]:
    """Number of speakers by role; a label counts once in each document."""
    roles = Counter(
        member.role.value if member.role else "unknown" for document in documents for member in document.cast
    )
    return dict(sorted(roles.items()))


def _tally(documents: Sequence[DocumentInfo]) -> Tally:
    dropped: Counter[ZoneKind] = Counter()
    for document in documents:
        for part in document.dropped:
            dropped[part.kind] += part.words
    return Tally(
        documents=len(documents),
        words=sum(document.words for document in documents),
        dropped_words={kind: dropped[kind] for kind in ZoneKind if dropped[kind]},
        passages=sum(document.passages for document in documents),
        counted=sum(document.counted for document in documents),
        turns=sum(member.turns for document in documents for member in document.cast),
        speakers=speakers_by_role(documents),
    )


def _languages(documents: Iterable[DocumentInfo]) -> Mapping[str, int]:
    """Words of the text by language, the most frequent first; what is dropped for another reason has none."""
    words: Counter[str] = Counter()
    for document in documents:
        words[FRENCH] += document.words - sum(part.words for part in document.dropped)
        for part in document.dropped:
            if part.kind is ZoneKind.FOREIGN:
                words[part.detail.removeprefix(_FOREIGN_DETAIL)] += part.words
    return dict(sorted(words.items(), key=lambda item: (-item[1], item[0])))
