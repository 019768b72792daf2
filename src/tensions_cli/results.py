"""What the statistics find in tagged passages: plain records, ready to be presented.

Shares and differences of shares are in [0, 1] and [-1, 1], rounded to four decimals. `method` names say how an
interval was made, or begin with `none:` and say why there is none; `output/french.py` puts them in French.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tensions_cli.records import (
    Analysis,
    CastMember,
    Group,
    Interval,
    Passage,
    Relation,
    Skipped,
    TaggedPassage,
    Tags,
)


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
    """Corrected shares of one group. `by` is {} for the whole corpus; `gold`, `gold_documents`: what was matched.

    `reason` (`none: …`) says why a group has no share: too little gold, or masked.
    """

    by: Mapping[str, str]
    gold: int
    gold_documents: int
    shares: tuple[CorrectedShare, ...]
    reason: str | None = None


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

    `p` and `p_adjusted` (Holm over the family) are None where no interval can be made. `clusters` (documents, or
    persons where each group lies in one document) and `passages`: of the first, of the second group.
    `is_against_others`: `first` is no group, but all the others together.
    """

    measure: str
    first: str
    second: str
    shares: tuple[float | None, float | None]
    difference: Estimate
    effect: float | None
    p: float | None
    p_adjusted: float | None
    clusters: tuple[int, int] = (0, 0)
    passages: tuple[int, int] = (0, 0)
    is_against_others: bool = False


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
    `groups` holds masked ones in their place, `differences` only those between groups that are shown. By `label` or
    `relation` there is nothing but `vocabulary` and `axis_pairs`. `warnings`: French sentences on what the groups can
    bear.
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
    warnings: tuple[str, ...] = ()
    axis_pairs: tuple["AxisPair", ...] = ()


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
    """What one part says more than the others (`over`), and less (`under`).

    `lone`: words that one document or one person carries, or that are as expected without their main document. They
    may identify: no rendering shows them unless asked. `part`: one value, or several joined by ` × `.
    """

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
    `tests`: words × parts; `threshold`: least |specificity| that stands at 5 % of false discoveries over all of them
    (Benjamini, Hochberg 1995), None where no word does. `left_out`: parts with too few words for a profile.
    """

    by: str
    words: int
    distinct: int
    tests: int
    policy: str
    profiles: tuple[Profile, ...]
    threshold: float | None = None
    left_out: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AxisPair:
    """Two axes in the same passages, among those that bear at least one axis.

    `lift`: observed over expected if they were independent; None where fewer than five were expected.
    """

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

    `inertia`: by factor, eigenvalue; `shares`: part of the total inertia. Supplementary points (`axis:pole`) have no
    contribution and no mass. `left_out`: values of the variable with too few passages to be placed, in no other figure.
    """

    variable: str
    chi2: float
    passages: int
    inertia: tuple[float, ...]
    shares: tuple[float, ...]
    rows: tuple[FactorPoint, ...]
    columns: tuple[FactorPoint, ...]
    supplementary: tuple[FactorPoint, ...]
    left_out: tuple[str, ...] = ()


# --- where logics meet -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class CoursePoint:
    """One step along a text. `position`: middle of the step, in [0, 1] of its counted words.

    `scores`: by logic, means of the passages' scores, weighted by their words in the step. `passage`: the one that
    fills it most, to jump to.
    """

    position: float
    scores: Mapping[str, float]
    passage: str


@dataclass(frozen=True, slots=True)
class Reply:
    """A turn that answers another with another logic. Ids are those of the passages; `question`: context, or None.

    `from_pole`: the one logic of the first turn; `to_pole`: another, or `mixte` when the answer bears several.
    """

    from_passage: str
    to_passage: str
    from_speaker: str | None
    to_speaker: str | None
    from_pole: str
    to_pole: str
    question: str | None


@dataclass(frozen=True, slots=True)
class Bringer:
    """What one speaker puts into the exchange: passages of more than two words, those bearing each logic.

    An interviewer's row tells of questions, which count in no share. `brought`: by logic, passages that bear it when
    none of the last WINDOW passages did, whoever spoke: it comes from them; `taken_up`: it was already there.
    """

    speaker: str
    role: str | None
    passages: int
    bearing: Mapping[str, int]
    brought: Mapping[str, int]
    taken_up: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Course:
    """Where logics meet in one document. `meetings`: by relation then axis, the number of `mixte` passages.

    `mixed`: by relation, the `mixte` passages, with an axis or not (one passage may have several).
    """

    document: str
    points: tuple[CoursePoint, ...]
    replies: tuple[Reply, ...]
    bringers: tuple[Bringer, ...]
    meetings: Mapping[Relation, Mapping[str, int]]
    mixed: Mapping[Relation, int] = field(default_factory=dict)


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
    """Everything that a report shows; a rendering chooses nothing, counts nothing, masks nothing.

    `title`: what the user asked for, or "". `documents`: the whole corpus, then each document; its manifest says the
    options of the report too. `fields`: by grouping field, the whole then its groups, masked ones in their place.
    `comparisons`, by field: only between groups that are not masked. `trend`: shares over time of the whole corpus.
    `vocabulary`: characteristic words of the labels. `factors`: one analysis a field. `meetings`: by relation then
    axis, the `mixte` passages of the whole corpus. `courses`: one a document; `bringers` are roles, never persons, and
    the interviewer has no name. `cast`: by document, who speaks. `passages`: those to be shown, in order; empty
    without `verbatim`, and then documents are « Texte 1 »… and no speaker is named. `figures`: measures of the model
    (`card`: its card, in Markdown). `notes`: French sentences on what was decided and left out. `warnings`: what to
    look at before sharing.
    """

    title: str
    documents: Analysis
    fields: Mapping[str, tuple[Group, ...]]
    comparisons: Mapping[str, Comparison]
    trend: Trend | None
    vocabulary: Vocabulary | None
    factors: tuple[Correspondence, ...]
    axis_pairs: tuple[AxisPair, ...]
    meetings: Mapping[Relation, Mapping[str, int]]
    courses: tuple[Course, ...]
    corrections: Corrections | None
    cast: Mapping[str, tuple[CastMember, ...]]
    passages: tuple[TaggedPassage, ...]
    all_passages: bool
    verbatim: bool
    mask_under: int
    figures: Mapping[str, Any]
    card: str
    notes: tuple[str, ...] = field(default=())
    warnings: tuple[str, ...] = field(default=())


# --- passages to code --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Stratum:
    """Passages drawn in one crossing of fields (`by` = {}: the whole corpus). `weight`: N/n; None for learning."""

    by: Mapping[str, str]
    population: int
    drawn: int
    weight: float | None


@dataclass(frozen=True, slots=True)
class SamplePrecision:
    """What a share of `share` would be known to: plus or minus `half_width` (95 %).

    `effective`: independent passages of equal weight that the sample is worth, where the passages of one document
    are supposed to correlate by `correlation`.
    """

    share: float
    half_width: float
    effective: float
    correlation: float


@dataclass(frozen=True, slots=True)
class Task:
    """A passage to code. `before`, `after`: what is said around it in its document; `stratum`: rank in the sample's.

    `weight`: passages of the corpus that it stands for; None where it was chosen to teach (`drawn`: `uncertain`,
    `diverse` or `mixed`; else `random`). `coders`: who codes it; empty when nobody is named. `proposal`: what the
    machine says, only to be shown.
    """

    passage: Passage
    fingerprint: str
    before: str | None
    after: str | None
    stratum: int
    weight: float | None
    drawn: str
    coders: tuple[str, ...]
    proposal: Tags | None


@dataclass(frozen=True, slots=True)
class Sample:
    """Passages to code, in the order of the corpus, and how they were drawn.

    `population`: counted passages that could be drawn; `withdrawn`: those left out because they are coded already.
    `strategy`: `random` (also where everything was taken), `uncertain`, `diverse` or `mixed`. `model`: identity of
    the model, where one was needed. `precision`: None for a sample that teaches. `options`: how the corpus was read.
    """

    strategy: str
    seed: int
    by: tuple[str, ...]
    population: int
    withdrawn: int
    strata: tuple[Stratum, ...]
    tasks: tuple[Task, ...]
    coders: tuple[str, ...]
    overlap: int
    precision: SamplePrecision | None
    model: str | None
    options: Mapping[str, Any]


# --- two summaries ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class TextChange:
    """What became of one document between two summaries.

    `kind`: `new`, `gone`, `changed` (other text), `renamed` (same text, other id) or `reread` (same text, other words
    or passages kept: cleaning, turns or roles differ). `counts`: words and counted passages before and after; None
    where the document is not. `was`: the former id of a renamed one.
    """

    kind: str
    document: str
    words: tuple[int | None, int | None]
    counted: tuple[int | None, int | None]
    was: str | None = None


@dataclass(frozen=True, slots=True)
class Cause:
    """Something but the texts that may move numbers from one summary to the next; None where one does not say it.

    `kind`: `tool`, `model`, `codebook`, `lexicon`, `language_model`, `python`, `library`, `option`, `settings`
    (`tensions.toml`), `metadata` (the same texts fall in other groups), `unread` (files that could not be read).
    `name`: which library, option or file; else "". `old`, `new`: short texts, names or versions, never a path.
    """

    kind: str
    name: str
    old: str | None
    new: str | None


@dataclass(frozen=True, slots=True)
class Figure:
    """A number of a summary with what it rests on. `n`: passages, or words for a share of words."""

    value: float | None
    n: int | None
    interval: Interval | None = None


@dataclass(frozen=True, slots=True)
class Move:
    """One measure of one group in two summaries. `by` is {} for the whole corpus.

    `measure`: `tension_share`, `balance`, `shares.mixte`, `shares_by_words.mixte`… `change`: new − old, None where one
    of them cannot be given. `held`: the old interval holds the new value; None without an interval.
    """

    by: Mapping[str, str]
    measure: str
    old: Figure
    new: Figure
    change: float | None
    held: bool | None


@dataclass(frozen=True, slots=True)
class GroupChange:
    """A group that only one summary has; counts are None where it is masked."""

    by: Mapping[str, str]
    documents: int | None
    passages: int | None


@dataclass(frozen=True, slots=True)
class Drift:
    """What differs between two summaries: the causes that they tell, then what moved beyond `tolerance`.

    `sizes`: documents, passages and words of the whole corpus, before and after (None: masked or not said).
    `same_texts`: documents whose text did not change. `moves`: by size, the largest first. `compared`: measures set
    side by side; `identical` of them are the same to the last digit; `largest`: the widest move within the tolerance.
    `unsettled`: measures that only one summary can give. `masked`: groups masked in one of the two at least.
    `measures_gone`, `measures_new`: names that only one has. `other_codebook`: measures of one name may not mean the
    same. `notices`: French sentences.
    """

    tolerance: float
    sizes: Mapping[str, tuple[int | None, int | None]]
    same_texts: int
    texts: tuple[TextChange, ...]
    causes: tuple[Cause, ...]
    moves: tuple[Move, ...]
    groups_gone: tuple[GroupChange, ...]
    groups_new: tuple[GroupChange, ...]
    masked: tuple[Mapping[str, str], ...]
    unsettled: tuple[Move, ...]
    measures_gone: tuple[str, ...]
    measures_new: tuple[str, ...]
    other_codebook: bool
    compared: int
    identical: int
    largest: Move | None
    notices: tuple[str, ...] = ()

    @property
    def moved(self) -> bool:
        """A check fails: a number moved too far, groups or measures are not the same, or nothing could be compared."""
        others = self.groups_gone or self.groups_new or self.measures_gone or self.measures_new
        return bool(self.moves or others) or not self.compared


# --- conditions ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Condition:
    """`--fail-if`: `[GROUP:]MEASURE OP NUMBER`. `text`: as typed. `measure`: as `Figure` names them (`shares.mixte`).

    `scope`: None for the whole corpus, {} for every group, else values of fields that a group must have.
    `operator`: `<`, `<=`, `>`, `>=`, `==` or `!=`.
    """

    text: str
    scope: Mapping[str, str] | None
    measure: str
    operator: str
    number: float


@dataclass(frozen=True, slots=True)
class Verdict:
    """A condition in one group. `by` is {} for the whole corpus, None where no group is meant by the condition.

    `state`: `true` (the check fails), `false`, `unknown` (the measure cannot be given there), `masked`, or `nowhere`
    (no such group: the check fails).
    """

    condition: Condition
    by: Mapping[str, str] | None
    figure: Figure
    state: str

    @property
    def fails(self) -> bool:
        """The condition holds, or means no group at all."""
        return self.state in ("true", "nowhere")
