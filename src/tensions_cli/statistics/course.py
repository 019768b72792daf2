"""Where logics meet along a text: the course of the two scores, replies, who brings what, axes of the meetings.

Replies and bringers describe an exchange, they never rank persons: speakers stay in the order in which they
first speak. The interviewer's passages are the context of an answer, whether they count in shares or not.
"""

from collections import Counter, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate, pairwise

from tensions_cli.knowledge.codebook import codebook, label_of
from tensions_cli.records import MIXTE, Relation, Role, TaggedPassage
from tensions_cli.results import Bringer, Course, CoursePoint, Reply
from tensions_cli.words import count_words

DECIMALS = 4
STEPS = 24  # as many points as stand side by side on a narrow terminal, beside the name of the document

# How many passages back a logic is still « there ». Three are the question just put and the turn before it: a turn
# of the demo interviews has 1.7 counted passages (92 turns). In those interviews a logic is met 1.2 to 1.3 times as
# often as elsewhere right after it was met, and no oftener two to four passages later (professional logic).
WINDOW = 3

SAYS_NOTHING = 2  # words: « oui », « mm » neither answer nor cut an answer (speakers, rule 12)


def courses(passages: Iterable[TaggedPassage]) -> tuple[Course, ...]:
    """One course for each document with counted passages, in the order of the passages.

    `passages`: all of them, in the order of each text, the interviewer's and the short ones included.
    """
    found: dict[str, list[TaggedPassage]] = {}
    for one in passages:
        found.setdefault(one.passage.document, []).append(one)
    return tuple(_course(name, mine) for name, mine in found.items() if any(one.passage.counted for one in mine))


def _course(document: str, passages: Sequence[TaggedPassage]) -> Course:
    counted = [one for one in passages if one.passage.counted]
    mixed = Counter(one.tags.relation for one in counted if one.tags.label == MIXTE)
    return Course(
        document=document,
        points=points(counted),
        replies=tuple(replies(passages)),
        bringers=bringers(passages),
        meetings=meetings(counted),
        mixed={relation: mixed[relation] for relation in Relation},
    )


def points(counted: Sequence[TaggedPassage]) -> tuple[CoursePoint, ...]:
    """The counted words of a text cut in equal steps, at most STEPS and one a passage; no other smoothing.

    A step is the mean of the scores of its passages, each weighted by its words in the step: a passage across two
    steps counts in both. Word counts are whole numbers, so that sums are exact.
    """
    words = [count_words(one.passage.text) for one in counted]
    total, steps = sum(words), min(STEPS, len(counted))
    if not total:
        return ()
    edges = [0, *accumulate(words)]  # of the passages, in words
    course = []
    for step in range(steps):
        low, high = step * total, (step + 1) * total  # of the step, in words × steps
        inside = [max(0, min(high, end * steps) - max(low, start * steps)) for start, end in pairwise(edges)]
        means = {
            pole: sum(n * one.tags.scores[pole] for n, one in zip(inside, counted, strict=True)) / total
            for pole in codebook().poles
        }
        fullest = max(range(len(counted)), key=lambda rank: (inside[rank], -rank))
        course.append(
            CoursePoint(
                position=round((step + 0.5) / steps, DECIMALS),
                scores={pole: round(mean, DECIMALS) for pole, mean in means.items()},
                passage=counted[fullest].passage.id,
            )
        )
    return tuple(course)


def meetings(passages: Iterable[TaggedPassage]) -> dict[Relation, dict[str, int]]:
    """By relation, then axis: the counted `mixte` passages in which at least one logic works on that axis.

    A passage counts once on each of its axes; one without axis counts nowhere.
    """
    mixed = [one.tags for one in passages if one.passage.counted and one.tags.label == MIXTE]
    found = Counter((tags.relation, axis) for tags in mixed for axis, poles in tags.axes.items() if poles)
    return {relation: {axis: found[relation, axis] for axis in codebook().axes} for relation in Relation}


# --- replies ----------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Turn:
    """What one respondent says in a row (None: nobody knows who), after `question`, if one was put."""

    speaker: str | None
    question: str | None
    passages: list[TaggedPassage] = field(default_factory=list)

    @property
    def logics(self) -> tuple[str, ...]:
        """The logics of the whole turn: each is there when one of its passages bears it."""
        return tuple(pole for pole in codebook().poles if any(bears(one, pole) for one in self.passages))


def bears(tagged: TaggedPassage, pole: str) -> bool:
    """The passage puts this logic to work, alone or with another."""
    return pole in tagged.tags.logics


def replies(passages: Iterable[TaggedPassage]) -> Iterator[Reply]:
    """Turns that answer the turn before with the other logic, in the order of the text.

    The first turn bears one logic only; the next, of another speaker, bears one other, alone or with the first
    (`mixte`). Both are respondents' turns with counted passages; a neutral turn between them ends the exchange, an
    approval of two words does not, nor does a question, which is then given. Ids: the last passage that bears the
    first logic, the first that bears the other.
    """
    turns = list(_turns(passages))
    for before, after in pairwise(turns):
        if None in (before.speaker, after.speaker) or before.speaker == after.speaker:
            continue
        others = [pole for pole in after.logics if pole not in before.logics]
        if len(before.logics) == len(others) == 1:
            pole, other = before.logics[0], others[0]
            yield Reply(
                from_passage=next(one for one in reversed(before.passages) if bears(one, pole)).passage.id,
                to_passage=next(one for one in after.passages if bears(one, other)).passage.id,
                from_speaker=before.speaker,
                to_speaker=after.speaker,
                from_pole=pole,
                to_pole=label_of(after.logics),
                question=after.question,
            )


def _turns(passages: Iterable[TaggedPassage]) -> Iterator[_Turn]:
    """Respondents' turns; one goes on across an approval of two words, and ends with a question."""
    asked: list[str] = []
    turn: _Turn | None = None
    for one in passages:
        passage = one.passage
        if passage.role is Role.INTERVIEWER:
            if count_words(passage.text) > SAYS_NOTHING or "?" in passage.text:
                asked.append(" ".join(passage.text.split()))
            continue
        if not passage.counted:
            continue
        if turn is None or asked or turn.speaker != passage.speaker:
            if turn is not None:
                yield turn
            turn = _Turn(passage.speaker, " ".join(asked) or None)
            asked = []
        turn.passages.append(one)
    if turn is not None:
        yield turn


# --- who brings what --------------------------------------------------------------------------------


def bringers(passages: Iterable[TaggedPassage]) -> tuple[Bringer, ...]:
    """What each speaker puts into the exchange; respondents in the order they first speak, then interviewers.

    A passage brings a logic when none of the WINDOW passages before it bore it, whoever spoke: a question too may
    have put it there. Passages of two words or fewer are not looked at. An interviewer's row tells of questions: its
    passages are in no share.
    """
    spoken = [one for one in passages if one.passage.counted or count_words(one.passage.text) > SAYS_NOTHING]
    heard: deque[TaggedPassage] = deque(maxlen=WINDOW)
    found: dict[tuple[bool, str], list[tuple[TaggedPassage, Mapping[str, bool]]]] = {}
    for one in spoken:
        speaker = one.passage.speaker
        if speaker is not None:
            key = (one.passage.role is Role.INTERVIEWER, speaker)
            there = {pole: any(bears(other, pole) for other in heard) for pole in codebook().poles}
            found.setdefault(key, []).append((one, there))
        heard.append(one)
    return tuple(_bringer(key[1], mine) for key, mine in sorted(found.items(), key=lambda item: item[0][0]))


def _bringer(speaker: str, mine: Sequence[tuple[TaggedPassage, Mapping[str, bool]]]) -> Bringer:
    bearing = {pole: [there[pole] for one, there in mine if bears(one, pole)] for pole in codebook().poles}
    return Bringer(
        speaker=speaker,
        role=mine[0][0].passage.role,
        passages=len(mine),
        bearing={pole: len(there) for pole, there in bearing.items()},
        brought={pole: there.count(False) for pole, there in bearing.items()},
        taken_up={pole: there.count(True) for pole, there in bearing.items()},
    )
