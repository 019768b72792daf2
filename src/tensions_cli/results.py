"""What the statistics find in tagged passages: plain records, ready to be presented.

Shares and differences of shares are in [0, 1] and [-1, 1], rounded to four decimals. `method` names say how an
interval was made, or begin with `none:` and say why there is none; `output/french.py` puts them in French.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tensions_cli.records import Analysis, CastMember, Group, Interval, Relation, Skipped, TaggedPassage


@dataclass(frozen=True, slots=True)
class Estimate:
    """A share, or a difference of shares, with what it rests on. `value` is None without a base."""

    value: float | None
    interval: Interval | None
    method: str


# --- shares corrected for the errors of the tagger ---------------------------------------------------


@dataclass(frozen=True, slots=True)
class ErrorRates:
    """How the machine errs on one measure, in the user's gold. Rates are None without a passage of that kind.

    `positives`, `negatives`: gold passages that have, that lack, what is measured.
    """

    positives: int
    negatives: int
    sensitivity: float | None
    specificity: float | None


@dataclass(frozen=True, slots=True)
class CorrectedShare:
    """One share, raw and corrected. `measure`: a label, `tension`, `rationalisation+` or `professionnelle+` (bearing).

    `prediction_powered` assumes that the gold is a random sample of the same corpus; `rogan_gladen` that sensitivity
    and specificity are the same in the gold and in the corpus.
    """

    measure: str
    raw: Estimate
    prediction_powered: Estimate
    rogan_gladen: Estimate
    rates: ErrorRates


@dataclass(frozen=True, slots=True)
class Correction:
    """Corrected shares of one group. `by` is {} for the whole corpus; `gold`, `gold_documents`: what was matched."""

    by: Mapping[str, str]
    gold: int
    gold_documents: int
    shares: tuple[CorrectedShare, ...]


@dataclass(frozen=True, slots=True)
class Corrections:
    """What `--gold` gives. `unmatched`: rows of the gold that no counted passage of this corpus bears."""

    coders: tuple[str, ...]
    matched: int
    unmatched: int
    weighted: bool
    groups: tuple[Correction, ...]
    notices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Cutting:
    """Shares of the whole corpus when passages are cut at another length (`--sensitivity`)."""

    target_words: int
    passages: int
    mean_words: float
    shares: Mapping[str, float | None]
    tension_share: float | None
    shipped: bool  # the length that every other table uses


# --- differences -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Difference:
    """One share in two groups: `difference` = second − first. `effect`: Cohen's h, arcsine scale.

    `p` and `p_adjusted` (Holm over the family) are None where no interval can be made.
    """

    measure: str
    first: str
    second: str
    shares: tuple[float | None, float | None]
    difference: Estimate
    effect: float | None
    p: float | None
    p_adjusted: float | None


@dataclass(frozen=True, slots=True)
class Period:
    """Shares of one period; `smoothed` takes the neighbouring periods in. `intervals` are those of `smoothed`."""

    name: str
    documents: int
    passages: int
    shares: Mapping[str, float | None]
    smoothed: Mapping[str, Estimate]


@dataclass(frozen=True, slots=True)
class Trend:
    """Change over time. `unit`: year, quarter or month. `undated`: documents without a date that can be read.

    `slopes`: by measure, change of the share per period (linear, weighted by passages), with its interval.
    """

    unit: str
    periods: tuple[Period, ...]
    slopes: Mapping[str, Estimate]
    undated: int
    method: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """The result of `tensions compare`: one row a group, then the family of differences.

    `against`: the group that the others are compared with, None when each is compared with all the others.
    `shared_documents`: documents that have passages in several groups (roles, speakers): they are resampled whole.
    """

    manifest: Mapping[str, Any]
    by: tuple[str, ...]
    skipped: tuple[Skipped, ...]
    notices: tuple[str, ...]
    groups: tuple[Group, ...]
    against: str | None
    differences: tuple[Difference, ...]
    shared_documents: int
    trend: Trend | None
    vocabulary: "Vocabulary | None"
    factors: "Correspondence | None"


# --- words -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class CharacteristicWord:
    """A lemma or an expression in one part. `count` of `total` occurrences, in a part of `part` words out of `words`.

    `specificity`: signed log10 (Lafon 1980). `log_odds`, `z`: weighted log-odds with an informative Dirichlet prior
    (Monroe, Colaresi, Quinn 2008). `largest_share`: share of `count` held by the one document that holds most.
    """

    word: str
    count: int
    total: int
    part: int
    words: int
    expected: float
    specificity: float
    log_odds: float
    z: float
    documents: int
    speakers: int
    largest_share: float


@dataclass(frozen=True, slots=True)
class Profile:
    """What one part says more than the others (`over`), and less (`under`). `lone`: words carried by one document."""

    part: str
    words: int
    documents: int
    over: tuple[CharacteristicWord, ...]
    under: tuple[CharacteristicWord, ...]
    lone: tuple[CharacteristicWord, ...]


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Characteristic words of the parts of a corpus. `by`: what makes the parts (`label`, `genre`…).

    `policy`: French sentence that says what was counted (lemmas, function words, minimum frequency, margins, prior).
    """

    by: str
    words: int
    distinct: int
    tests: int
    policy: str
    profiles: tuple[Profile, ...]


@dataclass(frozen=True, slots=True)
class AxisPair:
    """Two axes in the same passages. `lift`: observed over expected if they were independent; None without base."""

    first: str
    second: str
    together: int
    only_first: int
    only_second: int
    neither: int
    expected: float
    lift: float | None


@dataclass(frozen=True, slots=True)
class FactorPoint:
    """A row or a column of a correspondence analysis: by factor, its coordinate, contribution (0–1) and cos² (0–1)."""

    name: str
    mass: float
    count: int
    coordinates: tuple[float, ...]
    contributions: tuple[float, ...]
    cos2: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Correspondence:
    """Correspondence analysis of labels (and axes by pole, supplementary) by the values of a variable.

    `inertia`: by factor, eigenvalue; `shares`: part of the total inertia. Supplementary points have no contribution.
    """

    variable: str
    chi2: float
    passages: int
    inertia: tuple[float, ...]
    shares: tuple[float, ...]
    rows: tuple[FactorPoint, ...]
    columns: tuple[FactorPoint, ...]
    supplementary: tuple[FactorPoint, ...]


# --- where logics meet -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class CoursePoint:
    """One step along a text. `position`: middle of the step, in [0, 1] of its counted words.

    Scores are means of the passages' scores, weighted by their words in the step. `passage`: the one that fills it
    most, to jump to.
    """

    position: float
    rationalisation: float
    professionnelle: float
    passage: str


@dataclass(frozen=True, slots=True)
class Reply:
    """A turn that answers another with the other logic. Ids are those of the passages; `question`: context, or None."""

    from_passage: str
    to_passage: str
    from_speaker: str | None
    to_speaker: str | None
    from_pole: str
    to_pole: str
    question: str | None


@dataclass(frozen=True, slots=True)
class Bringer:
    """What one speaker puts into the exchange: counted passages, those bearing each logic.

    `brought`: by logic, passages that bear it when nobody had since the last WINDOW passages: it comes from them;
    `taken_up`: it was already there.
    """

    speaker: str
    role: str | None
    passages: int
    bearing: Mapping[str, int]
    brought: Mapping[str, int]
    taken_up: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Course:
    """Where logics meet in one document. `meetings`: by relation then axis, the number of `mixte` passages."""

    document: str
    points: tuple[CoursePoint, ...]
    replies: tuple[Reply, ...]
    bringers: tuple[Bringer, ...]
    meetings: Mapping[Relation, Mapping[str, int]]


# --- back to the text --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Extract:
    """A passage brought back. `start`, `end`: what was looked for, offsets in the passage; None for a best example.

    `typicality`: in [0, 1], how like the others of its kind the passage is; None in a concordance.
    """

    tagged: TaggedPassage
    start: int | None = None
    end: int | None = None
    typicality: float | None = None


# --- report ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Report:
    """Everything that a report shows; a rendering chooses nothing, counts nothing.

    `documents`: the analysis by document; `fields`: by grouping field, the groups. `passages`: those to be shown, in
    order, empty without verbatim; `verbatim` tells which. `figures`: measures of the model's card.
    """

    title: str
    documents: Analysis
    fields: Mapping[str, tuple[Group, ...]]
    comparisons: Mapping[str, Comparison]
    trend: Trend | None
    vocabulary: Vocabulary | None
    factors: tuple[Correspondence, ...]
    axis_pairs: tuple[AxisPair, ...]
    courses: tuple[Course, ...]
    corrections: Corrections | None
    cast: Mapping[str, tuple[CastMember, ...]]
    passages: tuple[TaggedPassage, ...]
    all_passages: bool
    verbatim: bool
    mask_under: int
    figures: Mapping[str, Any]
    card: str
    warnings: tuple[str, ...] = field(default=())
