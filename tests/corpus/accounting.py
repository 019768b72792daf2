"""Nothing is lost: every visible character of a document is in a passage or in a zone with a reason."""

from tensions_cli.corpus.segment import segment
from tensions_cli.corpus.speakers import find_turns
from tensions_cli.records import Document


def assert_accounted(document: Document) -> None:
    """Blocks and zones of the reader, then passages and zones after turns, cover every visible character."""
    _assert_covered(document, [(block.start, block.end) for block in document.blocks], "block")
    for ready in (document, find_turns(document)):
        passages = list(segment(ready, keep_interviewer=True))
        for passage in passages:
            assert passage.text == ready.text[passage.start : passage.end]
        _assert_covered(ready, [(passage.start, passage.end) for passage in passages], "passage")


def _assert_covered(document: Document, spans: list[tuple[int, int]], kind: str) -> None:
    covered = [0] * len(document.text)
    for start, end in (*spans, *((zone.start, zone.end) for zone in document.zones)):
        assert 0 <= start < end <= len(document.text)
        for at in range(start, end):
            covered[at] += 1
    lost = [at for at, (times, c) in enumerate(zip(covered, document.text, strict=True)) if not times and c.strip()]
    assert not lost, f"{len(lost)} visible characters in no {kind} and no zone, the first at {lost[0]}"
