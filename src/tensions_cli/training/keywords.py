"""The baseline a dictionary gives: the logics of a passage from the cues of the lexicon alone."""

from collections.abc import Sequence

from tensions_cli.knowledge.codebook import codebook
from tensions_cli.tagging.lexicon import Match

LEAST_STRENGTH = 2  # summed strength of cues from which the baseline says yes: one plain cue or two weak ones


def keyword_logics(cues: Sequence[Match]) -> tuple[str, ...]:
    """Logics by keywords alone: a logic is there when its cues, traps masked, add up to LEAST_STRENGTH."""
    strengths = dict.fromkeys(codebook().poles, 0)
    for match in cues:
        if match.cue.pole in strengths:
            strengths[match.cue.pole] += match.cue.strength
    return tuple(pole for pole, strength in strengths.items() if strength >= LEAST_STRENGTH)
