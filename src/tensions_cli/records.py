"""The records that travel from stage to stage.

All offsets are code points in the canonical text of the document (`formats` read it, nothing
changes it afterwards); ends are exclusive: ``document.text[x.start:x.end]`` is the thing itself.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tensions_cli.results import Corrections, Course, Cutting


# A label is the name of the one logic that a passage puts to work, or one of these two, in every codebook.
MIXTE = "mixte"  # two logics or more
NEUTRE = "neutre"  # none


class Relation(StrEnum):
    """How the logics of a `mixte` passage meet; the same three in every codebook, from the strongest."""

    OPPOSITION = "opposition"
    ARTICULATION = "articulation"
    JUXTAPOSITION = "juxtaposition"


class Role(StrEnum):
    """Who asks and who answers in an interview."""

    INTERVIEWER = "interviewer"
    RESPONDENT = "respondent"


class BlockKind(StrEnum):
    """What the format says a stretch of text is."""

    PARAGRAPH = "paragraph"
    TITLE = "title"
    ITEM = "item"
    CELL = "cell"
    CUE = "cue"


class ZoneKind(StrEnum):
    """Why a stretch of canonical text is not body."""

    CHROME = "chrome"  # menus, log-in lines, prices, newsletters, comments, job boards, cookies…
    METADATA = "metadata"  # front matter, IRaMuTeQ star lines, header of a transcript
    LEGEND = "legend"  # transcription conventions, cast list
    TRAILER = "trailer"  # speaking times, credits after the last turn
    LABEL = "label"  # speaker label, time stamp, line number
    REMARK = "remark"  # transcriber's remark on a line of its own, non-speech
    NOTE = "note"  # footnotes, endnotes
    BIBLIOGRAPHY = "bibliography"
    FOREIGN = "foreign"  # another language than French (an English abstract)


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph, title, list item, table cell or subtitle: passages never cross its edges.

    Blocks are in text order, do not overlap, are not blank, and start and end on a visible
    character. `emphasis` is true when the whole block is bold or italic. `voice` is the speaker
    that the markup itself names (`<v X>`, a speaker column), never guessed from the text. Times
    are seconds.
    """

    start: int
    end: int
    kind: BlockKind = BlockKind.PARAGRAPH
    emphasis: bool = False
    voice: str | None = None
    time_start: float | None = None
    time_end: float | None = None


@dataclass(frozen=True, slots=True)
class Zone:
    """A stretch that is not body, with its reason. `detail`: which rule, in a few French words."""

    start: int
    end: int
    kind: ZoneKind
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Turn:
    """One speaker's turn; `start` is after the label. Labels and stamps inside are LABEL zones."""

    start: int
    end: int
    speaker: str | None
    role: Role | None
    time_start: float | None = None
    time_end: float | None = None


@dataclass(frozen=True, slots=True)
class CastMember:
    """One speaker as understood: printed so that a wrong guess is seen."""

    speaker: str
    role: Role | None
    turns: int
    words: int
    ground: str  # French: why this role ("étiquette", "légende", "pose le plus de questions"…)
    merged: tuple[tuple[str, int], ...] = ()  # near-labels folded into this one, with their turns
    person: str | None = None  # code of the person in `speakers.csv`
    attributes: Mapping[str, str] = field(default_factory=dict)  # trade, rank… from `speakers.csv`


@dataclass(frozen=True, slots=True)
class Document:
    """One text with what is known of its parts.

    `blocks` cover every visible character that is not a zone set by the reader. `turns` is empty
    for prose. `notices` are French sentences for the user, never quoting the text.
    """

    id: str
    source: str  # path relative to the SOURCE given, `/`, NFC, extension kept
    format: str
    text: str
    blocks: tuple[Block, ...]
    zones: tuple[Zone, ...] = ()
    turns: tuple[Turn, ...] = ()
    cast: tuple[CastMember, ...] = ()
    metadata: Mapping[str, str] = field(default_factory=dict)
    encoding: str | None = None
    notices: tuple[str, ...] = ()
    record: bool = False  # one ready-made passage (`--unit record`): no cleaning, no cutting


@dataclass(frozen=True, slots=True)
class Skipped:
    """A file or document that is not analysed. `failed` is false for files ignored by name."""

    source: str
    reason: str
    detail: str
    failed: bool = True


@dataclass(frozen=True, slots=True)
class Passage:
    """One to four sentences of one paragraph or turn, the unit of coding.

    `text` and `context` are empty where only the place is kept: statistics of a large corpus, results taken up again
    from the cache. `words` and `fingerprint` (`tensions_cli.fingerprint`) are then known without them.
    """

    id: str  # document#start-end
    document: str
    start: int
    end: int
    text: str
    turn: int | None = None  # rank of the turn in the document, from 1
    speaker: str | None = None
    person: str | None = None
    role: Role | None = None
    time_start: float | None = None
    time_end: float | None = None
    context: str | None = None  # the question answered
    metadata: Mapping[str, str] = field(default_factory=dict)
    counted: bool = True
    excluded_reason: str | None = None
    words: int | None = None  # alphanumeric tokens
    fingerprint: bytes | None = None


@dataclass(frozen=True, slots=True)
class Evidence:
    """Words to underline, offsets inside the passage. `axis` is None for a general cue."""

    start: int
    end: int
    pole: str  # the logic
    axis: str | None


@dataclass(frozen=True, slots=True)
class Tags:
    """What the model (or a coder) says of one passage.

    `logics`: those present, in the order of the codebook; `label` follows from them. `relations`: by pair of logics
    present (`marchande+civique`); `relation`: the strongest of them. `scores`: calibrated probabilities, rounded to
    four decimals, by pole. `axes`: axis to the poles at work. `certain`: every score at least δ away from its
    threshold. `stance`: each logic that is present to what the speaker does with it; None when it was not coded.
    """

    label: str
    logics: tuple[str, ...]
    relation: Relation | None
    axes: Mapping[str, tuple[str, ...]]
    scores: Mapping[str, float]
    evidence: tuple[Evidence, ...]
    certain: bool
    coded_by: str
    model: str
    stance: Mapping[str, str] | None = None
    relations: Mapping[str, Relation] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TaggedPassage:
    """A passage and its tags."""

    passage: Passage
    tags: Tags


@dataclass(frozen=True, slots=True)
class TaggedDocument:
    """A document and its tagged passages, in order: what travels to other tools."""

    document: Document
    passages: tuple[TaggedPassage, ...]


@dataclass(frozen=True, slots=True)
class CodedBy:
    """Who coded, as other tools are told: never a person's login. `coder` is `tensions-0.1.0+4d97ed5e`.

    `method`: French lines that say what a reader of the export must know (model, codebook, thresholds).
    """

    tool: str
    coder: str
    model: str
    method: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ReadCoding:
    """One coded stretch as a file of codes gives it back, before its codes are understood.

    `place`: French, where it stands in the file (`ligne 12`), for messages that never quote the text. `id`: our
    passage id when the file kept it. `start`, `end`: code points in the document's canonical text. `text` is
    None when the file does not say it. `codes`: names as written there. `answers`: cells by our field names
    (`label`, `relation`, `axes`…) where the file is a table. `kept`: what goes with the passage and is no code
    (`weight`, `drawn`, `question`, `speaker`…), as coded passages name it.
    """

    place: str
    id: str | None
    document: str | None
    start: int | None
    end: int | None
    text: str | None
    coder: str
    codes: tuple[str, ...]
    answers: Mapping[str, str] = field(default_factory=dict)
    memo: str = ""
    kept: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ReadCodings:
    """What a file of codes holds: coded stretches in file order, canonical texts by document name, French notices.

    Nothing of the file is lost silently: what was not read is counted in `notices`. `of_tasks`: annotation tools gave
    back tasks that `tensions coding sample` made.
    """

    codings: tuple[ReadCoding, ...]
    texts: Mapping[str, str] = field(default_factory=dict)
    notices: tuple[str, ...] = ()
    of_tasks: bool = False


@dataclass(frozen=True, slots=True)
class HumanCode:
    """What a person decided of one passage. `fingerprint`: of its text (`tensions_cli.fingerprint`).

    `stance`, `axes`: None where the person did not code them at all, and the model's are kept for the logics that the
    person saw.
    """

    id: str
    document: str | None
    fingerprint: bytes
    coder: str
    logics: tuple[str, ...]
    relations: Mapping[str, Relation]
    stance: Mapping[str, str] | None
    axes: Mapping[str, tuple[str, ...]] | None


@dataclass(frozen=True, slots=True)
class HumanCodes:
    """The codes of `--codes`, one a passage.

    `file` is told nowhere; `sha256`: its hash; `notices`: what of it was left out, in French.
    """

    file: Path
    codes: tuple[HumanCode, ...]
    sha256: str
    notices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Interval:
    """Bounds of a 95 % interval, both in [0, 1]."""

    low: float
    high: float


MIN_BEARING = 20  # passages bearing a logic, under which a balance or a share of them says nothing (design, section 4)


@dataclass(frozen=True, slots=True)
class Group:
    """One row of the summary. Shares are in [0, 1], rounded to four decimals, None without passages.

    `intervals` are 95 % intervals of the shares and of `tension`; `method` says how they were made, or why there are
    none. `balance` = (nP − nM)/(nP + nM) over passages bearing P and M (the second logic and the first), None under
    MIN_BEARING or where there are more than two logics. `pairs`: then, by pair of logics, relation → passages.
    `human`: passages whose codes are a person's (`--codes`). `stance`: by logic then stance, the number of passages;
    None when no passage was coded for it; `stance_intervals`: of its shares. `persons`: on how many persons the group
    rests (codes of `speakers.csv`, else speakers of a document, else documents). `shares_by_document`: mean of the
    documents' shares, each document weighing the same, of the labels and `tension`. `masked`: None, or why nothing but
    the name is given (`few` persons; `secondary`: subtraction would give back a masked group).
    """

    by: Mapping[str, str]
    documents: int
    speakers: int
    passages: int
    words: int
    shares: Mapping[str, float | None]
    shares_by_words: Mapping[str, float | None]
    shares_certain: Mapping[str, float | None]
    certain: int
    relations: Mapping[str, int]
    tension_share: float | None
    balance: float | None
    stance: Mapping[str, Mapping[str, int]] | None
    axes: Mapping[str, Mapping[str, int]]
    intervals: Mapping[str, Interval | None]
    method: str
    persons: int = 0
    shares_by_document: Mapping[str, float | None] = field(default_factory=dict)
    stance_intervals: Mapping[str, Mapping[str, Interval | None]] = field(default_factory=dict)
    masked: str | None = None
    human: int = 0
    pairs: Mapping[str, Mapping[str, int]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Dropped:
    """A part of a document left out of the body. `text` is filled only when it was asked for."""

    start: int
    end: int
    kind: ZoneKind
    detail: str
    words: int
    text: str | None = None


@dataclass(frozen=True, slots=True)
class DocumentInfo:
    """What was read of one document: nothing of its text unless it was asked for.

    `excluded`: passages left out of statistics, by reason. `dropped`: parts that are not body.
    """

    id: str
    source: str
    format: str
    encoding: str | None
    sha256: str  # of the canonical text, in UTF-8
    words: int
    passages: int
    counted: int
    excluded: Mapping[str, int]
    dropped: tuple[Dropped, ...]
    cast: tuple[CastMember, ...]
    notices: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Analysis:
    """The result of `tensions analyse`. `manifest` holds no date and no absolute path.

    `corrections` with a gold, `cuttings` with other lengths of passages, `courses` with
    the course of each text; None and empty when they were not asked for.
    """

    manifest: Mapping[str, Any]
    by: tuple[str, ...]
    documents: tuple[DocumentInfo, ...]
    skipped: tuple[Skipped, ...]
    notices: tuple[str, ...]
    groups: tuple[Group, ...]
    examples: tuple[TaggedPassage, ...]
    corrections: "Corrections | None" = None
    cuttings: tuple["Cutting", ...] = ()
    courses: tuple["Course", ...] = ()


@dataclass(frozen=True, slots=True)
class Tally:
    """What one format, or the whole corpus, holds. `dropped_words`: words outside the body, by reason."""

    documents: int
    words: int
    dropped_words: Mapping[ZoneKind, int]
    passages: int
    counted: int
    turns: int
    speakers: Mapping[str, int]  # by role, `unknown` where it is undecided


@dataclass(frozen=True, slots=True)
class Inventory:
    """What `tensions corpus info` says: what would be read, before any logic is looked for.

    `languages`: words by French name of the language (`français`, `anglais`…).
    """

    documents: tuple[DocumentInfo, ...]
    skipped: tuple[Skipped, ...]
    notices: tuple[str, ...]
    whole: Tally
    formats: Mapping[str, Tally]
    languages: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class WordTerm:
    """A word of a passage and what it adds to a log-odds."""

    start: int
    end: int
    term: float


@dataclass(frozen=True, slots=True)
class PoleExplanation:
    """Terms of one pole: Σ words + Σ form + start = log_odds; the score is σ(slope·log_odds + offset)."""

    pole: str
    words: tuple[WordTerm, ...]
    form: Mapping[str, float]
    start: float
    log_odds: float
    slope: float
    offset: float
    threshold: float


@dataclass(frozen=True, slots=True)
class Explanation:
    """The result of `tensions explain`."""

    text: str
    tags: Tags
    poles: tuple[PoleExplanation, ...]


@dataclass(frozen=True, slots=True)
class PassageCodes:
    """What one person has decided of one passage so far, while coding it.

    `logics`: those present, in the order of the codebook; None until the question is answered. `relations`: by pair
    of logics present. `axes`: the logics at work on each. `review`: to come back to. `decision`: `accepted` or
    `modified`, where the coder saw a proposal. `finished`: complete, and left as such by the coder.
    """

    logics: tuple[str, ...] | None = None
    relations: Mapping[str, str] = field(default_factory=dict)
    stance: Mapping[str, str] = field(default_factory=dict)
    axes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    memo: str = ""
    review: bool = False
    decision: str | None = None
    finished: bool = False


@dataclass(frozen=True, slots=True)
class PassageToCode:
    """One passage as a coder reads it. `question`: the one it answers; `before` and `after`: its neighbours.

    `proposal`: the machine's codes, None where the file has none.
    """

    id: str
    document: str | None
    speaker: str | None
    question: str
    before: str
    text: str
    after: str
    proposal: PassageCodes | None = None


@dataclass(frozen=True, slots=True)
class CodingSession:
    """A coder at work: the passages, what is decided of each, and where she is.

    `at`: the passage on screen. `mode`: what keys mean (`code`, `stance`, `axes`, `memo`, `goto`, `book`, `rules`,
    `quit`). `draft`, `cursor`: the line being typed. `focus`: the logic (in `stance`) or the axis (in `axes`) by rank,
    or the pair whose relation comes next (in `code`). `finishing`: the mode was opened by Enter, which goes on when it
    closes. `before`: the codes before a memo was opened. `note`: what the last key did, by name.
    `past`: every decision so far, as the passage and its codes before it. `asked`: what a finished passage must have.
    """

    passages: tuple[PassageToCode, ...]
    codes: tuple[PassageCodes, ...]
    at: int = 0
    mode: str = "code"
    draft: str = ""
    cursor: int = 0
    focus: int = 0
    finishing: bool = False
    before: PassageCodes | None = None
    note: str = ""
    past: tuple[tuple[int, PassageCodes], ...] = ()
    asked: frozenset[str] = frozenset({"relation"})
    show_proposal: bool = False
