"""Two corpora, or the groups of one: shares, their differences, change over time, characteristic words."""

import hashlib
import re
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from tensions_cli.corpus.sources import STDIN
from tensions_cli.errors import TensionsError
from tensions_cli.manifest import manifest
from tensions_cli.output import french
from tensions_cli.output.french import integer, percent, plural
from tensions_cli.pipeline import (
    Batch,
    Options,
    Progress,
    field_names,
    silent,
)
from tensions_cli.records import Document, Group, Role, Skipped, TaggedPassage
from tensions_cli.results import Comparison, Difference, Trend, Vocabulary
from tensions_cli.statistics.cooccurrence import axis_pairs
from tensions_cli.statistics.correspondence import correspondence_by
from tensions_cli.statistics.differences import differences, group_name, holm, shared_documents, widest_gap
from tensions_cli.statistics.masking import masked_groups
from tensions_cli.statistics.periods import Date, date_of, period_of, trend, unit_for
from tensions_cli.statistics.summary import UNKNOWN, Counted, counted, field_value, summarise
from tensions_cli.studies.tagged import TaggedCorpus, tag_corpus
from tensions_cli.studies.words import characteristic_words
from tensions_cli.tagging.model_folder import describe_model

CORPUS = "corpus"  # the grouping field of two corpora, that of no metadata
CODES = ("label", "relation")  # what the model says: groups of words, never of shares
PERIODS = ("auto", "year", "quarter", "month", "none")
# A genre whose share differs by a fifth between two groups can make a difference of several points by itself.
UNLIKE = 0.2
LISTED = 8


@dataclass(frozen=True, slots=True)
class Request:
    """What a user asks of a comparison, beside the options of every command.

    `against`: name of the reference group; `period`: one of PERIODS; `words`: characteristic words a group, 0 for none.
    """

    against: str | None = None
    period: str = "auto"
    words: int = 10


def compare(
    sources: Sequence[str], options: Options, request: Request | None = None, progress: Progress = silent
) -> Comparison:
    """Groups of one corpus when `options.by` names them, else one corpus for each source. Raises TensionsError."""
    request = request or Request()
    _check_request(sources, options, request)
    if options.by:
        fields = tuple(name for name in options.by if name not in CODES)
        corpus = tag_corpus(sources, replace(options, by=fields), progress)
        known = dict(zip(fields, field_names(corpus.batch.documents, fields), strict=True))
        return compare_groups(corpus, replace(options, by=tuple(known.get(name, name) for name in options.by)), request)
    corpora = {name: _corpus(name, source, options, progress) for name, source in _names(sources).items()}
    return compare_groups(_together(corpora), replace(options, by=(CORPUS,)), request, _same_texts(corpora))


def compare_groups(
    corpus: TaggedCorpus,
    options: Options,
    request: Request | None = None,
    same: Mapping[str, str] | None = None,
) -> Comparison:
    """Groups of a tagged corpus by `options.by`. `same`: documents that are one text, by id, and its common name.

    Raises TensionsError when there are not two groups, or when `request.against` is none of them.
    """
    request = request or Request()
    same = same or {}
    if set(options.by) & set(CODES):
        return _words_only(corpus, options, request)
    known, lost = _with_values(corpus.counted, options.by)
    rows = [_row(one, options.by, same) for one in known]
    groups, masking = masked_groups(summarise(rows, options.by), options.mask_under)
    keys = _keys(rows, options.by)
    against = None if request.against is None else _reference(keys, options.by, request.against)
    shown = {group_name(list(group.by.values())) for group in groups if not group.masked}
    found = holm([one for one in differences(rows, against) if _is_shown(one, shown, groups[0])])
    warnings = (*_lost(lost, len(corpus.counted), options.by), *_unlike(known, options.by), *_shared_texts(same))
    # Behind a mask, the trend and the words are those of the groups alone: what they would have more of than the groups
    # shown is a passage without value, or a masked group.
    dated = replace(corpus, passages=tuple(known)) if options.mask_under else corpus
    change, late = over_time(dated, request.period, options.mask_under, same)
    heard = [one for one in known if not options.mask_under or _group_of(one, options.by) in shown]
    return Comparison(
        manifest=_manifest(options, request),
        by=options.by,
        skipped=corpus.batch.skipped,
        notices=corpus.batch.notices,
        groups=tuple(groups[1:]),
        against=None if against is None else group_name(against),
        differences=found,
        shared_documents=shared_documents(rows),
        trend=change,
        vocabulary=_words(heard, options.by, request.words),
        factors=correspondence_by(rows, " × ".join(options.by)) if not options.mask_under else None,
        warnings=(*warnings, *masking, *late),
    )


def over_time(
    corpus: TaggedCorpus, period: str = "auto", mask_under: int = 0, same: Mapping[str, str] | None = None
) -> tuple[Trend | None, tuple[str, ...]]:
    """Change over time of the whole corpus, and why there is none when one could be expected.

    None without dates, under three periods, when `period` is `none`, or when a period would have to be masked, or the
    documents without a date, which the whole less the periods would give.
    """
    if period == "none":
        return None, ()
    heard = (one for one in corpus.counted if one.passage.role is not Role.INTERVIEWER)  # `--by role` counts questions
    rows = [_row(one, (), same or {}) for one in heard]
    dates = {(same or {}).get(one.id, one.id): date_of(one.metadata) for one in corpus.batch.documents}
    unit = None if period == "auto" else period
    found = trend(rows, dates, unit)
    if found is None:
        return None, _no_trend(rows, dates, unit)
    if mask_under and min(_persons_by_period(rows, dates, found.unit)) < mask_under:
        return None, (
            f"Pas d’évolution dans le temps\u00a0: une période, ou ce qui n’a pas de date, repose sur moins de "
            f"{mask_under} personnes (--mask-under).",
        )
    return found, ()


def _persons_by_period(rows: Sequence[Counted], dates: Mapping[str, Date | None], unit: str) -> list[int]:
    """Persons behind each period, and behind what has no date."""
    named = [replace(row, key=(period_of(dates.get(row.document), unit) or UNKNOWN,)) for row in rows]
    return [group.persons for group in summarise(named, ("period",))[1:]]


def _no_trend(rows: Sequence[Counted], dates: Mapping[str, Date | None], unit: str | None) -> tuple[str, ...]:
    """Said when most documents carry dates, or a period was asked for: a corpus without dates expects nothing."""
    names = {row.document for row in rows}
    known = [date for name in names if (date := dates.get(name)) is not None]
    if unit is None and 2 * len(known) < len(names):
        return ()
    if not known:
        return ("Pas d’évolution dans le temps\u00a0: aucun document n’a de date lisible.",)
    unit = unit or unit_for(known)
    periods = {name for date in known if (name := period_of(date, unit))}
    if not periods:
        return ("Pas d’évolution dans le temps\u00a0: les dates n’ont pas de mois. --period year compare les années.",)
    return (
        f"Pas d’évolution dans le temps\u00a0: les textes datés tiennent en {plural(len(periods), 'période')}, "
        "il en faut trois.",
    )


# --- reading ----------------------------------------------------------------------------------------


def _corpus(name: str, source: str, options: Options, progress: Progress) -> TaggedCorpus:
    try:
        return tag_corpus([source], options, progress)
    except TensionsError as error:
        error.what = f"corpus «\u00a0{name}\u00a0»\u00a0: {error.what}"
        raise


def _names(sources: Sequence[str]) -> dict[str, str]:
    """Each source under the name of its folder or file; equal names get the number of their place."""
    plain = [_name(source) for source in sources]
    counts = Counter(plain)
    ranks: Counter[str] = Counter()
    names = {}
    for name, source in zip(plain, sources, strict=True):
        ranks[name] += 1
        names[f"{name} ({ranks[name]})" if counts[name] > 1 else name] = source
    return names


def _name(source: str) -> str:
    if source == STDIN:
        return "entrée standard"
    path = Path(source)
    name = path.resolve().name if path.is_dir() else path.stem if path.exists() else source
    return unicodedata.normalize("NFC", name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")) or source


def _together(corpora: Mapping[str, TaggedCorpus]) -> TaggedCorpus:
    """One corpus whose documents bear the name of theirs, in their id and in the column CORPUS."""
    documents: list[Document] = []
    skipped: list[Skipped] = []
    notices: list[str] = []
    passages: list[TaggedPassage] = []
    for name, corpus in corpora.items():
        documents += (
            replace(one, id=f"{name}/{one.id}", metadata={**one.metadata, CORPUS: name})
            for one in corpus.batch.documents
        )
        skipped += (replace(one, source=f"{name}/{one.source}") for one in corpus.batch.skipped)
        notices += (f"{name}\u00a0: {notice}" for notice in corpus.batch.notices)
        passages += (_of_corpus(name, one) for one in corpus.passages)
    batch = Batch(tuple(documents), tuple(skipped), tuple(notices))
    return TaggedCorpus(batch, tuple(passages))


def _of_corpus(name: str, tagged: TaggedPassage) -> TaggedPassage:
    own = tagged.passage
    moved = replace(
        own, id=f"{name}/{own.id}", document=f"{name}/{own.document}", metadata={**own.metadata, CORPUS: name}
    )
    return replace(tagged, passage=moved)


def _same_texts(corpora: Mapping[str, TaggedCorpus]) -> dict[str, str]:
    """Documents whose text is in several corpora, by id, and the id of the first that bears it."""
    bearers: dict[str, dict[str, str]] = {}
    for name, corpus in corpora.items():
        for document in corpus.batch.documents:
            print_ = hashlib.sha256(document.text.encode("utf-8", "surrogatepass")).hexdigest()
            bearers.setdefault(print_, {}).setdefault(name, f"{name}/{document.id}")
    shared = (list(by.values()) for by in bearers.values() if len(by) > 1)
    return {one: ids[0] for ids in shared for one in ids}


# --- groups -----------------------------------------------------------------------------------------


def _row(tagged: TaggedPassage, by: Sequence[str], same: Mapping[str, str]) -> Counted:
    row = counted(tagged, by)
    assert row is not None  # noqa: S101 - only counted passages come here
    return replace(row, document=same.get(row.document, row.document))


def _with_values(passages: Sequence[TaggedPassage], by: Sequence[str]) -> tuple[list[TaggedPassage], Mapping[str, int]]:
    """Passages that have a value in every field, and by field how many have none: what is unknown is no group."""
    lost: Counter[str] = Counter()
    known = []
    for one in passages:
        missing = [field for field in by if field_value(one, field) == UNKNOWN]
        lost.update(missing)
        if not missing:
            known.append(one)
    return known, lost


def _keys(rows: Sequence[Counted], by: Sequence[str]) -> list[tuple[str, ...]]:
    """The groups, sorted; refused when there are not two."""
    keys = sorted({row.key for row in rows})
    if len(keys) < 2:
        found = f"qu’un groupe, «\u00a0{group_name(keys[0])}\u00a0»" if keys else "aucun groupe"
        raise TensionsError(
            f"rien à comparer\u00a0: {' × '.join(by)} ne donne {found}",
            why="tous les passages comptés y ont la même valeur, ou n’en ont pas",
            hint="--by avec un champ qui prend plusieurs valeurs (tensions analyse --by les montre), ou deux corpus",
        )
    return keys


def _reference(keys: Sequence[tuple[str, ...]], by: Sequence[str], wanted: str) -> tuple[str, ...]:
    """The group that the user names: « entretien × terrain », « entretien,terrain », roles in French too."""
    roles = {french.ROLE_TITLES[role]: role.value for role in Role}
    parts = [part.strip() for part in re.split("[×,]", wanted)]
    for key in keys:
        spoken = [roles.get(part, part) if field == "role" else part for field, part in zip(by, parts, strict=False)]
        if wanted == group_name(key) or (len(parts) == len(key) and tuple(spoken) == key):
            return key
    listed = ", ".join(map(group_name, keys[:LISTED])) + ("…" if len(keys) > LISTED else "")
    raise TensionsError(
        f"--against\u00a0: le groupe «\u00a0{wanted}\u00a0» n’existe pas",
        why=f"les groupes par {' × '.join(by)} sont\u00a0: {listed}",
        hint=f'--against "{group_name(keys[0])}", ou sans --against pour comparer chaque groupe à tous les autres',
    )


def _is_shown(one: Difference, shown: set[str], whole: Group) -> bool:
    """A difference tells of both groups: a masked one hides it. « The others » are the whole less the group."""
    return not whole.masked and one.second in shown and (one.first in shown or one.is_against_others)


def _words(passages: Sequence[TaggedPassage], by: Sequence[str], count: int) -> Vocabulary | None:
    return characteristic_words(passages, by, top=count) if count else None


def _group_of(tagged: TaggedPassage, by: Sequence[str]) -> str:
    return group_name([field_value(tagged, field) for field in by])


def _words_only(corpus: TaggedCorpus, options: Options, request: Request) -> Comparison:
    """Groups that the model itself makes: their shares would be tautologies, their words are not."""
    if not request.words:
        raise TensionsError(
            f"--words 0 ne va pas avec --by {' --by '.join(options.by)}",
            why="par étiquette ou par relation, seuls les mots se comparent\u00a0: les parts y sont de 0 ou 100\u00a0%",
            hint="retirez --words 0, ou groupez par genre, role ou une métadonnée",
        )
    if options.mask_under:
        raise TensionsError(
            f"--mask-under ne va pas avec --by {' --by '.join(options.by)}",
            why="une étiquette n’est pas un groupe de personnes\u00a0; les mots d’une seule sont déjà mis à part",
            hint="retirez --mask-under",
        )
    known, lost = _with_values(corpus.counted, [name for name in options.by if name not in CODES])
    vocabulary = _words(known, options.by, request.words)
    if vocabulary is None:
        raise TensionsError(
            f"pas de mots à comparer par {' × '.join(options.by)}",
            why="moins de deux groupes ont assez de texte",
            hint="ajoutez des textes au corpus, ou groupez autrement",
        )
    return Comparison(
        manifest=_manifest(options, request),
        by=options.by,
        skipped=corpus.batch.skipped,
        notices=corpus.batch.notices,
        groups=(),
        against=None,
        differences=(),
        shared_documents=0,
        trend=None,
        vocabulary=vocabulary,
        factors=None,
        warnings=tuple(_lost(lost, len(corpus.counted), options.by)),
        axis_pairs=axis_pairs([tuple(one.tags.axes) for one in known]),
    )


# --- what a reader must know ------------------------------------------------------------------------


def _lost(lost: Mapping[str, int], total: int, by: Sequence[str]) -> list[str]:
    return [
        f"Hors de la comparaison\u00a0: {plural(lost[field], 'passage')} sur {integer(total)}, qui n’ont pas de "
        f"«\u00a0{field}\u00a0»."
        for field in by
        if lost.get(field)
    ]


def _unlike(passages: Sequence[TaggedPassage], by: Sequence[str]) -> list[str]:
    """Genre drives vocabulary and labels alike: groups that differ in it cannot be compared without it."""
    genres = [field_value(one, "genre") for one in passages]
    if "genre" in by or set(genres) <= {UNKNOWN}:
        return []
    keys = [tuple(field_value(one, field) for field in by) for one in passages]
    gap, genre, shares = widest_gap(keys, genres)
    if gap < UNLIKE:
        return []
    low, high = min(shares.values()), max(shares.values())
    return [
        f"Les groupes n’ont pas le même mélange de genres\u00a0: «\u00a0{genre}\u00a0» fait de {percent(low)} à "
        f"{percent(high)} de leurs passages. Une différence peut tenir au genre des textes plutôt qu’au groupe\u00a0: "
        + (
            "choisissez des corpus de même genre."
            if by == (CORPUS,)
            else f"comparez à genre égal (--by genre {' '.join(f'--by {name}' for name in by)}, ou un seul genre)."
        )
    ]


def _shared_texts(same: Mapping[str, str]) -> list[str]:
    names = sorted(set(same.values()))
    if not names:
        return []
    listed = ", ".join(names[:LISTED]) + ("…" if len(names) > LISTED else "")
    return [
        f"Dans plusieurs corpus à la fois\u00a0: {plural(len(names), 'texte')} ({listed}), compté dans chacun, ce qui "
        "rapproche les parts."
    ]


def _manifest(options: Options, request: Request) -> dict[str, object]:
    base = manifest(describe_model(options.model), options)
    asked = {"against": request.against, "period": request.period, "words": request.words}
    return {**base, "options": {**base["options"], **asked}}


def _check_request(sources: Sequence[str], options: Options, request: Request) -> None:
    if not options.by and len(sources) < 2:
        raise TensionsError(
            "il n’y a qu’un corpus, et pas de groupes",
            why="une comparaison en demande deux",
            hint="tensions compare A B pour deux corpus, ou --by genre (role, une métadonnée…) pour des groupes",
        )
    if set(options.by) & set(CODES) and request.against is not None:
        raise TensionsError(
            f"--against ne va pas avec --by {' --by '.join(options.by)}",
            why="par étiquette ou par relation, les mots de chaque groupe se comparent à tous les autres",
            hint="retirez --against",
        )
