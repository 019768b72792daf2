"""From a tagged corpus back to its passages: filters, then a concordance or the best examples."""

import difflib
import math
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tensions_cli.errors import TensionsError
from tensions_cli.knowledge.codebook import codebook
from tensions_cli.knowledge.lexicon import Cue
from tensions_cli.output.french import integer
from tensions_cli.pipeline import field_names
from tensions_cli.records import Relation, TaggedPassage
from tensions_cli.results import Extract
from tensions_cli.statistics.extracts import best_examples, ordered, persons, plain
from tensions_cli.statistics.summary import UNKNOWN, field_value
from tensions_cli.studies.tagged import TaggedCorpus
from tensions_cli.tagging.french import Words, words_of
from tensions_cli.tagging.lexicon import find_cues

BEST = 10  # examples when no number is asked for; a concordance is whole
SECONDS = 2.0  # of search in one passage: ordinary expressions take a thousandth of one
LONGEST_PATTERN = 500  # characters
MOST_REPEATS = 100_000  # obligatory repetitions, which are unrolled: so many take 0.1 s, a thousand times more 10 GB
INTERVIEWER = "interviewer"  # the reason for which a question is not counted
LISTED = 12  # values of a field named in a message
NEAR_CUES = 5
# Endings of verbs in -er: one that only a verb has, then those of forms that may also be a noun or an adjective.
PROOF = "aient"
SHARED_ENDINGS = ("e", "es", "é", "ée", "és", "ées", "ant")
# One character for one, in the text and in the expression, whatever the keyboard that typed it: offsets do not move.
TYPED = str.maketrans({"’": "'", "ʼ": "'", "\n": " ", "\r": " ", "\t": " ", "\u00a0": " ", "\u202f": " "})

Spans = list[tuple[int, int]]
Search = Callable[[Sequence[str]], list[Spans]]  # texts to the stretches found in each, in order, not overlapping


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the user asked for. `stance`: logic and posture; `axis`: axis and logic, None for either logic.

    `where`: field to the values accepted: one of them is enough, and every field must agree. At most one of `pattern`,
    `lemma` and `cue`: with one it is a concordance, without it the best examples.
    """

    pattern: str | None = None
    lemma: str | None = None
    cue: str | None = None
    label: str | None = None
    relation: Relation | None = None
    stance: tuple[str, str] | None = None
    axis: tuple[str, str | None] | None = None
    where: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    count: int | None = None
    sort: str = "document"
    mask_under: int = 0


@dataclass(frozen=True, slots=True)
class Found:
    """What was brought back. `total`: occurrences, or passages of the kind, before `count` cut them.

    `passages`, `documents`: those that the total lies in. `unheard`: interviewer's passages of the group that a
    concordance did not read. `empty`: French, what left nothing, None when something was found.
    """

    extracts: tuple[Extract, ...]
    total: int
    passages: int
    documents: int
    unheard: int
    empty: str | None


@dataclass(frozen=True, slots=True)
class _Filter:
    """A condition on passages; `option`: as one types it."""

    option: str
    keeps: Callable[[TaggedPassage], bool]


def find_extracts(corpus: TaggedCorpus, wanted: Wanted, search: Search | None) -> Found:
    """Filters in turn, then the concordance of `search` or the best examples, the first `count` of them.

    Raises TensionsError for a field that no document has, a group of too few persons (`mask_under`), a posture that
    the model does not say.
    """
    if wanted.stance and all(one.tags.stance is None for one in corpus.passages):
        raise _no_stance()
    fields = {name: field_names(corpus.batch.documents, (name,), "--where")[0] for name in wanted.where}
    groups = _groups(wanted, fields)
    heard = [one for one in corpus.passages if one.passage.excluded_reason != INTERVIEWER]
    # A reply of two words is no example, but what is looked for may stand in it.
    start = heard if search else [one for one in heard if one.passage.counted]
    group, empty = _kept(start, groups, corpus)
    if group:
        _check_persons(group, wanted.mask_under)
    asked = [one for one in corpus.passages if one.passage.excluded_reason == INTERVIEWER]
    unheard = sum(all(each.keeps(one) for each in groups) for one in asked) if search else 0
    kept, emptied = _kept(group, _kinds(wanted), corpus) if group else (group, empty)
    if search is None or not kept:
        extracts = best_examples(kept, BEST if wanted.count is None else wanted.count)
        return Found(extracts, len(kept), len(kept), _documents(kept), unheard, emptied)
    occurrences = list(_occurrences(kept, search))
    if not occurrences:
        emptied = f"{options_of(wanted)[0]} ne trouve rien dans {_count(kept)}"
    lines = ordered(occurrences, wanted.sort)[: wanted.count]
    holding = list({one.tagged.passage.id: one.tagged for one in occurrences}.values())
    return Found(lines, len(occurrences), len(holding), _documents(holding), unheard, emptied)


def options_of(wanted: Wanted) -> tuple[str, ...]:
    """What was asked for, as one types it: search, group, kind."""
    searched = {"--pattern": wanted.pattern, "--lemma": wanted.lemma, "--cue": wanted.cue}
    filters = (*_groups(wanted, {name: name for name in wanted.where}), *_kinds(wanted))
    return (
        *(f"{option} «\u00a0{value}\u00a0»" for option, value in searched.items() if value),
        *(one.option for one in filters),
    )


def _documents(passages: Sequence[TaggedPassage]) -> int:
    return len({one.passage.document for one in passages})


def _count(passages: Sequence[TaggedPassage]) -> str:
    return f"{len(passages)} passage{'s' * (len(passages) > 1)}"


# --- filters ----------------------------------------------------------------------------------------


def _kept(
    passages: list[TaggedPassage], filters: Sequence[_Filter], corpus: TaggedCorpus
) -> tuple[list[TaggedPassage], str | None]:
    """The passages that every filter keeps, or the filter that left none of them, in French."""
    kept = passages
    for one in filters:
        before, kept = kept, [tagged for tagged in kept if one.keeps(tagged)]
        if not kept:
            return [], f"{one.option} ne garde rien, sur {_count(before)}{_choices(one.option, corpus)}"
    return kept, None if kept else "il n’y a pas de passage"


def _groups(wanted: Wanted, fields: Mapping[str, str]) -> list[_Filter]:
    """One filter for each field of `--where`; `fields`: names as typed to names as they are."""
    return [
        _Filter(f"--where {fields[name]}={', '.join(values)}", _in_group(fields[name], values))
        for name, values in wanted.where.items()
    ]


def _in_group(name: str, values: Sequence[str]) -> Callable[[TaggedPassage], bool]:
    typed = {plain(value) for value in values}
    if name == "speaker":  # the label alone will do: in most corpora it names one person
        return lambda one: bool(typed & {plain(field_value(one, name)), plain(one.passage.speaker or UNKNOWN)})
    return lambda one: plain(field_value(one, name)) in typed


def _kinds(wanted: Wanted) -> list[_Filter]:
    """Filters on what the model says of a passage."""
    filters: list[_Filter] = []
    if (label := wanted.label) is not None:
        filters.append(_Filter(f"--label {label}", lambda one: one.tags.label == label))
    if (relation := wanted.relation) is not None:
        filters.append(_Filter(f"--relation {relation}", lambda one: one.tags.relation == relation))
    if wanted.stance is not None:
        pole, stance = wanted.stance
        filters.append(_Filter(f"--stance {pole}:{stance}", lambda one: (one.tags.stance or {}).get(pole) == stance))
    if wanted.axis is not None:
        filters.append(_on_axis(*wanted.axis))
    return filters


def _on_axis(axis: str, pole: str | None) -> _Filter:
    if pole is None:
        return _Filter(f"--axis {axis}", lambda one: bool(one.tags.axes.get(axis)))
    return _Filter(f"--axis {axis}:{pole}", lambda one: pole in one.tags.axes.get(axis, ()))


def _choices(option: str, corpus: TaggedCorpus) -> str:
    """The values that a group may have, after an empty one; not those of speakers, which may be names."""
    name = option.removeprefix("--where ").partition("=")[0]
    if not option.startswith("--where ") or name in ("speaker", "person"):
        return ""
    values = sorted({field_value(one, name) for one in corpus.passages})
    more = ", …" if len(values) > LISTED else ""
    return f"\u00a0; {name} vaut\u00a0: {', '.join(values[:LISTED])}{more}"


def _check_persons(group: Sequence[TaggedPassage], least: int) -> None:
    """Refuse to show the words of a group so small that they tell who speaks (confidentiality, section 4)."""
    if persons(group) < least:
        raise TensionsError(
            "les extraits de ce groupe sont masqués",
            why=f"il repose sur moins de {least} personnes (--mask-under {least}), que leurs mots feraient reconnaître",
            hint="élargissez --where, ou baissez --mask-under si ces personnes ont donné leur accord",
        )


def _no_stance() -> TensionsError:
    return TensionsError(
        "--stance\u00a0: ce modèle ne dit pas la posture",
        why="il n’a pas été entraîné à la reconnaître",
        hint="retirez --stance, ou choisissez un autre modèle\u00a0: tensions model list",
    )


# --- what is looked for -----------------------------------------------------------------------------


def searched(wanted: Wanted) -> Search | None:
    """The search of a concordance, None for the best examples. Raises TensionsError for one that cannot be made."""
    if wanted.pattern is not None:
        return pattern_search(wanted.pattern)
    if wanted.lemma is not None:
        return lemma_search(wanted.lemma)
    return None if wanted.cue is None else cue_search(wanted.cue)


def _occurrences(passages: Sequence[TaggedPassage], search: Search) -> Iterator[Extract]:
    for one, spans in zip(passages, search([one.passage.text for one in passages]), strict=True):
        for start, end in spans:
            yield Extract(one, start, end)


def pattern_search(pattern: str) -> Search:
    """A regular expression, where it finds something: `’` is `'`, a line feed or a no-break space is a space.

    Capitals count only when the expression has one; accents count. Raises TensionsError for an expression that means
    nothing, that finds empty strings, or (while it searches) that would run for hours in a passage.
    """
    import regex  # unlike `re` it can be told to stop

    if len(pattern) > LONGEST_PATTERN:
        raise TensionsError(
            "--pattern\u00a0: l’expression est trop longue",
            why=f"elle a {len(pattern)} caractères, {LONGEST_PATTERN} au plus",
            hint="cherchez en plusieurs fois",
        )
    # Nested repetitions multiply; those side by side add up, but no ordinary expression comes near the limit.
    if math.prod(max(1, int(least)) for least in regex.findall(r"\{\s*([0-9]+)", pattern)) > MOST_REPEATS:
        raise TensionsError(
            "--pattern\u00a0: l’expression répète trop",
            why=f"ses répétitions, multipliées entre elles, dépassent {integer(MOST_REPEATS)}",
            hint="baissez les nombres entre accolades, par exemple [^.]{0,40}",
        )
    named = regex.sub(r"\\[pP]\{[^}]*\}|\\.|\(\?P", "", pattern)  # \W, \P{…} and (?P<…> ask for no capital
    ignoring = 0 if any(c.isupper() for c in named) else regex.IGNORECASE
    try:
        compiled = regex.compile(unicodedata.normalize("NFC", pattern).translate(TYPED), ignoring)
    except regex.error as error:
        place = "" if error.pos is None else f" au caractère {error.pos + 1}"
        raise TensionsError(
            f"--pattern\u00a0: l’expression ne se comprend pas{place}",
            why="une parenthèse, un crochet ou une répétition y est mal formée",
            hint=r'pour un signe tel quel, mettez \ devant, par exemple --pattern "\(rires\)"',
        ) from error
    try:
        nothing = not pattern or compiled.fullmatch("", timeout=SECONDS)
    except (TimeoutError, MemoryError) as error:
        raise _endless() from error
    if nothing:
        raise _finds_nothing()

    def search(texts: Sequence[str]) -> list[Spans]:
        try:
            found = [_found(compiled, text) for text in texts]
        except (TimeoutError, MemoryError) as error:  # an expression that calls itself, (?R), runs out of memory first
            raise _endless() from error
        spans = [[(start, end) for start, end in one if start < end] for one in found]
        if any(found) and not any(spans):
            raise _finds_nothing()
        return spans

    return search


def _endless() -> TensionsError:
    return TensionsError(
        "--pattern\u00a0: la recherche de cette expression n’en finit pas",
        why="ses répétitions s’emboîtent, comme (a+)+, ou se suivent, comme .*.*.*",
        hint="remplacez .* par ce qui peut vraiment s’y trouver, par exemple [^.]{0,40}",
    )


def _finds_nothing() -> TensionsError:
    return TensionsError(
        "--pattern\u00a0: l’expression trouve du vide",
        why="elle est vide, ou rien n’y est obligatoire",
        hint='demandez au moins une lettre, par exemple --pattern "pris.? en charge"',
    )


def _found(compiled: Any, text: str) -> Spans:
    """Stretches of a text that an expression matches; accents written as two characters (NFD) are found as one."""
    if unicodedata.is_normalized("NFC", text):
        return [match.span() for match in compiled.finditer(text.translate(TYPED), timeout=SECONDS)]
    starts = [at for at, c in enumerate(text) if not at or not unicodedata.combining(c)]
    letters = [unicodedata.normalize("NFC", text[a:b]) for a, b in zip(starts, [*starts[1:], len(text)], strict=True)]
    places = [at for at, letter in zip(starts, letters, strict=True) for _ in letter] + [len(text)]
    matches = compiled.finditer("".join(letters).translate(TYPED), timeout=SECONDS)
    return [(places[match.start()], places[match.end()]) for match in matches]


def lemma_search(typed: str) -> Search:
    """Every form of a word, or of several in a row; `écouter|écoute` looks for either. Raises TensionsError for none.

    The table of lemmas gives one lemma to a written form, whatever its context: see `lemma_advice`.
    """
    sequences = sorted({words.lemmas for words in words_of(_alternatives(typed)) if words.lemmas}, key=len)
    if not sequences:
        raise TensionsError(
            "--lemma\u00a0: il n’y a pas de mot à chercher",
            why="la valeur donnée ne contient ni lettre ni chiffre",
            hint='un mot ou plusieurs, par exemple --lemma temps ou --lemma "prendre le temps"',
        )

    def search(texts: Sequence[str]) -> list[Spans]:
        return [_rows(words, sequences[::-1]) for words in words_of(texts)]

    return search


def _alternatives(typed: str) -> list[str]:
    return [unicodedata.normalize("NFC", part) for part in typed.split("|")]


def _rows(words: Words, sequences: Sequence[tuple[str, ...]]) -> Spans:
    """Stretches of a text whose lemmas are one of the sequences, the longest first, without overlap."""
    spans: Spans = []
    for first, start in enumerate(words.starts):
        if spans and start < spans[-1][1]:
            continue
        for lemmas in sequences:
            last = first + len(lemmas)
            if words.lemmas[first:last] == lemmas:
                spans.append((int(start), int(words.ends[last - 1])))
                break
    return spans


def lemma_advice(typed: str) -> str | None:
    """What `--lemma` with a verb in -er misses: forms that are also a noun or an adjective, kept under that lemma.

    « J’écoute » and « l’écoute » have one entry, `écoute`, in the table of lemmas.
    """
    verbs = [part.strip().lower() for part in _alternatives(typed) if part.strip().lower().endswith("er")]
    missed: dict[str, None] = {}
    for verb in verbs:
        proof, *forms = words_of(verb[:-2] + ending for ending in (PROOF, *SHARED_ENDINGS))
        if proof.lemmas != (verb,):
            continue  # « métier », « papier »
        known = [words for words in forms if words.vectors.max(initial=-1) >= 0]
        missed |= dict.fromkeys(lemma for words in known for lemma in words.lemmas if lemma != verb)
    asked = {part.strip() for part in _alternatives(typed)}
    missing = [lemma for lemma in missed if lemma not in asked]
    if not missing:
        return None
    return (
        f"--lemma {typed}\u00a0: des formes de ce verbe sont aussi des noms ou des adjectifs, rangés à part. "
        f'Pour les avoir aussi\u00a0: --lemma "{"|".join([typed, *missing])}"'
    )


def cue_search(typed: str) -> Search:
    """The cues of an axis (`temps`, `temps:rationalisation`), or one cue of the lexicon, where the tool reads them.

    Cues under a trap of the lexicon or inside a longer cue are not read. Raises TensionsError for anything else.
    """
    chosen = frozenset(_cues_named(typed))

    def search(texts: Sequence[str]) -> list[Spans]:
        found = []
        for words in words_of(texts):
            spans: Spans = []
            for match in find_cues(words, codebook()):
                start, end = int(words.starts[match.first]), int(words.ends[match.last - 1])
                if match.cue in chosen and (not spans or start >= spans[-1][1]):
                    spans.append((start, end))
            found.append(spans)
        return found

    return search


def _cues_named(typed: str) -> list[Cue]:
    read = [cue for cue in codebook().cues if cue.kind != "trap"]
    axis, _, pole = (plain(part) for part in typed.partition(":"))
    if axis in codebook().axes and (not pole or pole in codebook().poles):
        return [cue for cue in read if cue.kind == "axis" and cue.name == axis and pole in ("", cue.pole)]
    named = [cue for cue in read if plain(cue.expression) == plain(typed)]
    if named:
        return named
    expressions = {plain(cue.expression): cue.expression for cue in read}
    near = difflib.get_close_matches(plain(typed), expressions, NEAR_CUES)
    proposed = (
        f", ou l’un de ces repères proches\u00a0: {', '.join(expressions[name] for name in near)}" if near else ""
    )
    raise TensionsError(
        f"--cue\u00a0: «\u00a0{typed}\u00a0» n’est ni un axe ni un repère du lexique",
        why="--cue ne cherche que ce que l’outil sait lire\u00a0; pour tout autre mot, --lemma ou --pattern",
        hint=f"--cue avec l’un de ces axes\u00a0: {', '.join(codebook().axes)}{proposed}",
    )
