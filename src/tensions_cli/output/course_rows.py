"""Courses as plain dictionaries, for the `courses` of the JSON summary (`docs/schemas/summary.schema.json`).

Speakers are ranks in `bringers`, from 1, since labels may be names; no text is told.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from tensions_cli.results import Course


def courses_row(courses: Sequence[Course]) -> list[dict[str, Any]]:
    """One dictionary for each document, in their order."""
    return [_course_row(course) for course in courses]


def speaker_ranks(course: Course) -> Mapping[str | None, int]:
    """Rank of each speaker in `bringers`, from 1: what stands for a name."""
    return {bringer.speaker: rank for rank, bringer in enumerate(course.bringers, 1)}


def _course_row(course: Course) -> dict[str, Any]:
    ranks = speaker_ranks(course)
    return {
        "document": course.document,
        "points": [
            {
                "position": point.position,
                **point.scores,
                "passage": point.passage,
            }
            for point in course.points
        ],
        "replies": [
            {
                "from_passage": reply.from_passage,
                "to_passage": reply.to_passage,
                "from_speaker": ranks.get(reply.from_speaker),
                "to_speaker": ranks.get(reply.to_speaker),
                "from_pole": reply.from_pole,
                "to_pole": reply.to_pole,
                "asked": reply.question is not None,
            }
            for reply in course.replies
        ],
        "bringers": [
            {
                "speaker": ranks[bringer.speaker],
                "role": bringer.role,
                "passages": bringer.passages,
                "bearing": dict(bringer.bearing),
                "brought": dict(bringer.brought),
                "taken_up": dict(bringer.taken_up),
            }
            for bringer in course.bringers
        ],
        "meetings": {relation.value: dict(axes) for relation, axes in course.meetings.items()},
        "mixed": {relation.value: count for relation, count in course.mixed.items()},
    }
