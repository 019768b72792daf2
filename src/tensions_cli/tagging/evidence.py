"""The words to underline: cues of the lexicon, then the words that weigh most (codebook rule 14)."""

from collections.abc import Sequence
from itertools import islice

import numpy as np

from tensions_cli.records import Evidence
from tensions_cli.tagging.attribution import Terms
from tensions_cli.tagging.features import Seen
from tensions_cli.tagging.french import function_words

# A word that is no cue is underlined when it adds at least this much to the log-odds, and at most MAX_WORDS by
# pole: fixed by reading what was underlined in the demo corpus, where smaller terms fell on chance words.
MIN_TERM = 0.25
MAX_WORDS = 3


def underline(
    seen: Seen, pole: str, axes: frozenset[str], terms: Terms, rivals: Sequence[Terms] = ()
) -> list[Evidence]:
    """Evidence for one pole that the passage bears; `terms` and `rivals`: one term per word, of it and of the other.

    A cue counts when it speaks for this pole and its words push the score up; its axis is given when
    the passage was given that axis. A word that is no cue goes to the pole it weighs most for. Spans do not
    overlap and are in text order.
    """
    spans: list[tuple[int, int, str | None]] = []
    for match in seen.cues:
        cue = match.cue
        if cue.pole == pole and terms[match.first : match.last].sum() > 0:
            axis = cue.name if cue.kind == "axis" and cue.name in axes else None
            spans.append((match.first, match.last, axis))
    taken = {word for first, last, _ in spans for word in range(first, last)}
    values, others, functions = terms.tolist(), [rival.tolist() for rival in rivals], function_words()
    by_weight = (
        word
        for word in np.argsort(-terms, kind="stable").tolist()
        if word not in taken
        and seen.words.forms[word] not in functions
        and all(values[word] >= rival[word] for rival in others)
    )
    heavy = list(islice(by_weight, MAX_WORDS))
    chosen = [word for word in heavy if values[word] >= MIN_TERM]
    if not spans and not chosen:
        chosen = [word for word in heavy[:1] if values[word] > 0]
    spans += [(word, word + 1, None) for word in chosen]
    return [
        Evidence(int(seen.words.starts[first]), int(seen.words.ends[last - 1]), pole, axis)
        for first, last, axis in _without_overlap(spans)
    ]


def _without_overlap(spans: list[tuple[int, int, str | None]]) -> list[tuple[int, int, str | None]]:
    kept: list[tuple[int, int, str | None]] = []
    for span in sorted(spans, key=lambda s: (s[0], -s[1], s[2] is None)):
        if not kept or span[0] >= kept[-1][1]:
            kept.append(span)
    return kept
