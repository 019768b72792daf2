"""Everything that a report shows, from sources to one record; no rendering adds to it.

Two rules of confidentiality are decided here. Groups that rest on too few persons are masked, and nothing that would
give them back is kept. A document is masked like a group when its passages are not shown: where they are, its shares
can be counted by anyone, and hiding them would protect nobody.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from tensions_cli.corpus.segment import BACKCHANNEL_WORDS
from tensions_cli.errors import TensionsError
from tensions_cli.manifest import manifest
from tensions_cli.output.french import plural
from tensions_cli.pipeline import (
    Batch,
    Options,
    document_info,
    field_names,
    fields_of,
)
from tensions_cli.records import NEUTRE, Analysis, CastMember, DocumentInfo, Group, Relation, Role, TaggedPassage
from tensions_cli.results import (
    Bringer,
    CharacteristicWord,
    Comparison,
    Correction,
    Corrections,
    Correspondence,
    Course,
    Profile,
    Report,
    Vocabulary,
)
from tensions_cli.statistics.cooccurrence import axis_pairs
from tensions_cli.statistics.correspondence import correspondence_by
from tensions_cli.statistics.course import courses
from tensions_cli.statistics.examples import most_telling
from tensions_cli.statistics.extracts import plain
from tensions_cli.statistics.masking import SECONDARY, emptied, masked_groups
from tensions_cli.statistics.summary import UNKNOWN, Counted, counted, field_value, summarise
from tensions_cli.studies.compare import Request, compare_groups, over_time
from tensions_cli.studies.gold import Gold, correct_with_gold, read_gold, refuse_both, refuse_learnt, seen
from tensions_cli.studies.tagged import TaggedCorpus
from tensions_cli.studies.words import vocabulary_by_label
from tensions_cli.tagging.model_folder import describe_model, read_card, read_metrics
from tensions_cli.words import count_words

DEFAULT_FIELDS = ("genre", "role")  # chapters of a report that asks for none, where the corpus has them
PERSONAL_FIELDS = ("document", "speaker", "person")
TENSIONS = 10  # quoted where a rendering quotes some
WORDS = 20  # kept over and under each part
INTERVIEWER, RESPONDENT = "enquêteur", "enquêté"


@dataclass(frozen=True, slots=True)
class ReportRequest:
    """What a user asks of a report, beside the options of every command (`by`: one chapter a field)."""

    title: str = ""
    verbatim: bool = True
    all_passages: bool = False
    gold: Path | None = None


def compose(corpus: TaggedCorpus, options: Options, request: ReportRequest, gold: Gold | None = None) -> Report:
    """The report of a corpus that is already tagged."""
    fields = field_names(corpus.batch.documents, options.by) or _default_fields(corpus)
    by_document, masking = _by_document(corpus, options.mask_under, verbatim=request.verbatim)
    chapters = _chapters(corpus, fields, options)
    trend, late = over_time(corpus, "auto", options.mask_under)
    found = courses(corpus.passages)
    report = Report(
        title=request.title,
        documents=_analysis(corpus, by_document, options, request, fields),
        fields={field: chapter.groups for field, chapter in chapters.items()},
        comparisons={field: chapter.comparison for field, chapter in chapters.items() if chapter.comparison},
        trend=trend,
        vocabulary=vocabulary_by_label(corpus.counted, top=WORDS),
        factors=tuple(chapter.factors for chapter in chapters.values() if chapter.factors),
        axis_pairs=axis_pairs([tuple(one.tags.axes) for one in corpus.counted]),
        meetings=_meetings(found),
        courses=tuple(_without_persons(course) for course in found),
        corrections=None,
        cast={one.id: tuple(map(_unnamed, one.cast)) for one in corpus.batch.documents if one.cast},
        passages=tuple(_interviewer_unnamed(one) for one in corpus.passages if _is_shown(one, request)),
        all_passages=request.all_passages,
        verbatim=request.verbatim,
        mask_under=options.mask_under,
        figures=read_metrics(options.model),
        card=read_card(options.model),
        notes=(*_notes(corpus, fields, request), *late),
        warnings=tuple(dict.fromkeys((*_warnings(request), *masking, *_masking_of(chapters.values())))),
    )
    if gold is not None:
        report = _corrected(report, corpus, gold, fields)
    if by_document[0].masked:
        report = _without_whole(report)
    return report if request.verbatim else without_names(report)


def _without_whole(report: Report) -> Report:
    """A whole corpus of too few persons is masked everywhere: what is counted over all its passages says the same."""
    return replace(report, trend=None, vocabulary=None, axis_pairs=(), meetings=_meetings(()), corrections=None)


# --- what is asked ------------------------------------------------------------------------------------


def check_request(options: Options, request: ReportRequest) -> Gold | None:
    """Refuse what cannot be asked together, before anything is read; the gold, if one is given."""
    fields = options.by
    personal = [field for field in fields if field in PERSONAL_FIELDS]
    if "document" in personal:
        raise TensionsError(
            "--by document ne va pas avec un rapport",
            why="les documents y ont déjà leur chapitre",
            hint="--by avec role, genre ou une autre métadonnée, ou sans --by",
        )
    if personal and not request.verbatim:
        raise TensionsError(
            f"--by {personal[0]} ne va pas avec --no-verbatim",
            why="une ligne par personne nommerait les personnes",
            hint="--by avec role, genre ou une autre métadonnée",
        )
    if request.all_passages and not request.verbatim:
        raise TensionsError(
            "--all-passages ne va pas avec --no-verbatim",
            why="l’un montre tous les passages, l’autre aucun",
            hint="gardez l’une des deux options",
        )
    if request.gold is None:
        return None
    refuse_both(options)
    gold = read_gold(request.gold)
    refuse_learnt(gold, options.model)
    return gold


def _default_fields(corpus: TaggedCorpus) -> tuple[str, ...]:
    """Those of DEFAULT_FIELDS that the corpus has, as it writes them, and that make several groups."""
    wanted = {plain(name) for name in DEFAULT_FIELDS}
    known = (name for name in reversed(fields_of(corpus.batch.documents)) if plain(name) in wanted)
    return tuple(field for field in known if _divides(corpus, field))


def _divides(corpus: TaggedCorpus, field: str) -> bool:
    """The corpus has two values of the field at least."""
    values = {field_value(one, field) for one in _speaking(corpus, field)}
    return len(values - {UNKNOWN}) > 1


def _speaking(corpus: TaggedCorpus, field: str) -> list[TaggedPassage]:
    """Passages of a chapter: those that count. By role, those of interviews, the interviewer's too, which answers are
    set against."""
    if field != "role":
        return list(corpus.counted)
    spoken = (one for one in corpus.passages if one.passage.turn is not None)
    return [_counted_too(one) for one in spoken if one.passage.counted or _is_question(one)]


def _is_question(tagged: TaggedPassage) -> bool:
    passage = tagged.passage
    return passage.excluded_reason == Role.INTERVIEWER and count_words(passage.text) > BACKCHANNEL_WORDS


def _counted_too(tagged: TaggedPassage) -> TaggedPassage:
    return replace(tagged, passage=replace(tagged.passage, counted=True, excluded_reason=None))


def _is_shown(tagged: TaggedPassage, request: ReportRequest) -> bool:
    if not request.verbatim:
        return False
    return request.all_passages or (tagged.passage.counted and tagged.tags.label != NEUTRE)


# --- groups -------------------------------------------------------------------------------------------


def _by_document(corpus: TaggedCorpus, under: int, *, verbatim: bool) -> tuple[tuple[Group, ...], list[str]]:
    """The whole, then each document; masked like any group when no passage is shown."""
    rows = _rows(corpus.counted, "document")
    groups, notices = masked_groups(summarise(rows, ("document",)), 0 if verbatim else under)
    # A document lies inside the groups of every chapter: theirs, less a document shown, would give those beside it.
    return (groups[0], *_all_or_none(groups[1:])), notices


def _all_or_none(groups: Sequence[Group]) -> Iterable[Group]:
    """All the groups masked where one is: another table of the report has their margins."""
    one_is = any(group.masked for group in groups)
    return (emptied(group, group.masked or SECONDARY) if one_is else group for group in groups)


def _rows(passages: Iterable[TaggedPassage], field: str) -> list[Counted]:
    return [row for one in passages if (row := counted(one, (field,))) is not None]


@dataclass(frozen=True, slots=True)
class _Chapter:
    """What one grouping field gives."""

    groups: tuple[Group, ...]
    comparison: Comparison | None
    factors: Correspondence | None
    masking: tuple[str, ...]


def _chapter(corpus: TaggedCorpus, field: str, options: Options) -> _Chapter:
    """Groups of one field; what compares them leaves masked groups out."""
    passages = _speaking(corpus, field)
    groups, masking = masked_groups(summarise(_rows(passages, field), (field,)), options.mask_under)
    if field == "role":  # the answers are a genre: less them, or less that genre, the whole would give the others
        groups = [*_all_or_none(groups)]
    shown = {group.by[field] for group in groups if group.by and not group.masked} - {UNKNOWN}
    kept = [one for one in passages if field_value(one, field) in shown]
    comparison = None
    if len(shown) > 1:
        alone = replace(options, by=(field,))
        comparison = compare_groups(replace(corpus, passages=tuple(kept)), alone, Request(period="none", words=WORDS))
    return _Chapter(tuple(groups), comparison, correspondence_by(_rows(kept, field), field), tuple(masking))


def _chapters(corpus: TaggedCorpus, fields: Sequence[str], options: Options) -> dict[str, _Chapter]:
    """A chapter for each field; one that would give a few persons back, set beside those before it, is masked."""
    found: dict[str, _Chapter] = {}
    tables: list[list[frozenset[str]]] = []
    for field in fields:
        chapter = _chapter(corpus, field, options)
        table = _published(corpus, field, chapter)
        if options.mask_under and any(_tells(table, other, corpus, options.mask_under) for other in tables):
            groups = tuple(emptied(group, group.masked or SECONDARY) for group in chapter.groups)
            why = (
                f"Le chapitre par {field} est masqué en entier\u00a0: posé à côté d’un autre, il rendrait par "
                f"soustraction moins de {options.mask_under} personnes."
            )
            chapter = _Chapter(groups, None, None, (why,))
        else:
            tables.append(table)
        found[field] = chapter
    return found


def _published(corpus: TaggedCorpus, field: str, chapter: _Chapter) -> list[frozenset[str]]:
    """The passages behind each row of a chapter that is shown, the whole included."""
    members: dict[str, set[str]] = {}
    for one in _speaking(corpus, field):
        members.setdefault(field_value(one, field), set()).add(one.passage.id)
    whole = frozenset().union(*members.values())
    return [frozenset(members[group.by[field]]) if group.by else whole for group in chapter.groups if not group.masked]


def _tells(table: Iterable[frozenset[str]], other: Sequence[frozenset[str]], corpus: TaggedCorpus, under: int) -> bool:
    """A row of one table lies inside a row of the other, and what is left of it rests on fewer than `under` persons."""
    persons = {one.passage.id: _person(one) for one in corpus.passages}
    return any(
        0 < len({persons[name] for name in large - small}) < under
        for mine in table
        for theirs in other
        for small, large in ((mine, theirs), (theirs, mine))
        if small < large
    )


def _person(tagged: TaggedPassage) -> tuple[str, str | None]:
    """Who speaks, as the groups count persons: a code anywhere, a label in its document, else the document."""
    passage = tagged.passage
    return (passage.person, None) if passage.person else (passage.document, passage.speaker)


def _masking_of(chapters: Iterable[_Chapter]) -> list[str]:
    return [notice for chapter in chapters for notice in chapter.masking]


def _analysis(
    corpus: TaggedCorpus, groups: tuple[Group, ...], options: Options, request: ReportRequest, fields: Sequence[str]
) -> Analysis:
    base = manifest(describe_model(options.model), replace(options, by=tuple(fields)))
    asked = {"mask_under": options.mask_under, "verbatim": request.verbatim, "all_passages": request.all_passages}
    return Analysis(
        manifest={**base, "options": {**base["options"], **asked}},
        by=("document",),
        documents=_infos(corpus.batch),
        skipped=corpus.batch.skipped,
        notices=corpus.batch.notices,
        groups=groups,
        examples=tuple(most_telling(corpus.counted, TENSIONS)) if request.verbatim else (),
    )


def _infos(batch: Batch) -> tuple[DocumentInfo, ...]:
    """What was read of each document, without remarks on its speakers, which name them."""
    infos = [document_info(document, batch.readings[document.id]) for document in batch.documents]
    return tuple(replace(info, cast=tuple(map(_unnamed, info.cast)), notices=()) for info in infos)


# --- names --------------------------------------------------------------------------------------------


def _unnamed(member: CastMember) -> CastMember:
    """The interviewer has no name in a report; which labels were merged into one is no matter of it."""
    if member.role is not Role.INTERVIEWER:
        return replace(member, merged=())
    return replace(member, speaker=INTERVIEWER, merged=(), person=None, attributes={})


def _interviewer_unnamed(tagged: TaggedPassage) -> TaggedPassage:
    if tagged.passage.role is not Role.INTERVIEWER:
        return tagged
    return replace(tagged, passage=replace(tagged.passage, speaker=INTERVIEWER, person=None))


def _without_persons(course: Course) -> Course:
    """Who brings what, by role: a table a person would be read as a judgement on the person."""
    by_role: dict[str | None, list[Bringer]] = {}
    for one in course.bringers:
        by_role.setdefault(one.role, []).append(one)
    return replace(course, bringers=tuple(_together(role, mine) for role, mine in by_role.items()))


def _together(role: str | None, mine: Sequence[Bringer]) -> Bringer:
    return Bringer(
        speaker=INTERVIEWER if role == Role.INTERVIEWER else RESPONDENT,
        role=role,
        passages=sum(one.passages for one in mine),
        bearing=_sum(one.bearing for one in mine),
        brought=_sum(one.brought for one in mine),
        taken_up=_sum(one.taken_up for one in mine),
    )


def _sum(counts: Iterable[Mapping[str, int]]) -> dict[str, int]:
    total: Counter[str] = Counter()
    for one in counts:
        for name, n in one.items():
            total[name] += n
    return dict(total)


def _meetings(found: Iterable[Course]) -> dict[Relation, dict[str, int]]:
    every = list(found)
    return {relation: _sum(course.meetings.get(relation, {}) for course in every) for relation in Relation}


def without_names(report: Report) -> Report:
    """The report without a text and without a name: documents are numbered, words that few persons use are left out.

    Numbers follow the hashes of the texts, so that they say nothing of the order of the files.
    """
    ordered = sorted(report.documents.documents, key=lambda info: (info.sha256, info.id))
    names = {info.id: f"Texte {rank}" for rank, info in enumerate(ordered, 1)}
    shown = {group.by["document"] for group in report.documents.groups if group.by and not group.masked}
    few = max(report.mask_under, 2)
    hidden = _hidden_remarks(report.documents)
    return replace(
        report,
        documents=_analysis_without_names(report.documents, names),
        comparisons={field: _comparison_without_names(found, few) for field, found in report.comparisons.items()},
        vocabulary=_common_words(report.vocabulary, few),
        courses=tuple(
            _course_without_names(course, names[course.document])
            for course in sorted(report.courses, key=lambda course: int(names[course.document].split()[1]))
            if course.document in shown
        ),
        cast={},
        passages=(),
        corrections=replace(report.corrections, notices=()) if report.corrections else None,
        notes=(*report.notes, *hidden),
        warnings=tuple(_without_document(warning, names) for warning in report.warnings),
    )


def _without_document(warning: str, names: Mapping[str, str]) -> str:
    """A warning on the document it begins with, under its number."""
    begun = (name for name in sorted(names, key=len, reverse=True) if warning.startswith(f"{name}\u00a0: "))
    name = next(begun, None)
    return warning if name is None else names[name] + warning.removeprefix(name)


def _hidden_remarks(analysis: Analysis) -> list[str]:
    remarks = len(analysis.notices) + len(analysis.skipped)
    if not remarks:
        return []
    told = plural(len(analysis.skipped), "fichier laissé de côté", "fichiers laissés de côté")
    return [
        f"{told} et {plural(len(analysis.notices), 'remarque')} de lecture, qui nommeraient des fichiers ou des "
        "personnes\u00a0: tensions analyse les donne."
    ]


def _analysis_without_names(analysis: Analysis, names: Mapping[str, str]) -> Analysis:
    infos = (
        replace(info, id=names[info.id], source="", encoding=None, sha256="", cast=()) for info in analysis.documents
    )
    whole, *groups = analysis.groups
    renamed = (replace(group, by={"document": names[group.by["document"]]}) for group in groups)
    return replace(
        analysis,
        documents=tuple(sorted(infos, key=_number)),
        skipped=(),
        notices=(),
        groups=(whole, *sorted(renamed, key=lambda group: int(group.by["document"].split()[1]))),
    )


def _number(info: DocumentInfo) -> int:
    return int(info.id.split()[1])


def _comparison_without_names(found: Comparison, few: int) -> Comparison:
    return replace(found, skipped=(), notices=(), vocabulary=_common_words(found.vocabulary, few))


def _common_words(vocabulary: Vocabulary | None, few: int) -> Vocabulary | None:
    """Words used in enough documents, or by enough persons, to point to none of them."""

    def common(words: Iterable[CharacteristicWord]) -> tuple[CharacteristicWord, ...]:
        return tuple(word for word in words if (word.speakers or word.documents) >= few)

    def kept(profile: Profile) -> Profile:
        return replace(profile, over=common(profile.over), under=common(profile.under), lone=())

    return replace(vocabulary, profiles=tuple(map(kept, vocabulary.profiles))) if vocabulary else None


def _course_without_names(course: Course, name: str) -> Course:
    replies = (
        replace(one, from_passage=name, to_passage=name, from_speaker=None, to_speaker=None, question=None)
        for one in course.replies
    )
    points = (replace(point, passage=name) for point in course.points)
    return replace(course, document=name, points=tuple(points), replies=tuple(replies))


# --- gold ---------------------------------------------------------------------------------------------


def _corrected(report: Report, corpus: TaggedCorpus, gold: Gold, fields: Sequence[str]) -> Report:
    """Shares corrected by the user's gold: the whole, then the groups of each field that are not masked."""
    whole = correct_with_gold([seen(one, ()) for one in corpus.counted], gold, ())
    groups = [*whole.groups]
    for field in fields:
        if field == "role":
            continue  # its groups count questions, that the other shares do not
        masked = {group.by.get(field) for group in report.fields[field] if group.masked}
        found = correct_with_gold([seen(one, (field,)) for one in corpus.counted], gold, (field,))
        groups += (_masked(one) if one.by[field] in masked else one for one in found.groups[1:])
    used = {"sha256": gold.sha256, "matched": whole.matched, "unmatched": whole.unmatched, "weighted": whole.weighted}
    coders = tuple(f"codeur {rank}" for rank, _ in enumerate(whole.coders, 1))
    return replace(
        report,
        documents=replace(report.documents, manifest={**report.documents.manifest, "gold": used}),
        corrections=_with_groups(whole, coders, groups),
    )


def _masked(one: Correction) -> Correction:
    return Correction(one.by, 0, 0, (), "none: masked")


def _with_groups(whole: Corrections, coders: tuple[str, ...], groups: Sequence[Correction]) -> Corrections:
    return replace(whole, coders=coders, groups=tuple(groups))


# --- what a reader must know --------------------------------------------------------------------------


def _notes(corpus: TaggedCorpus, fields: Sequence[str], request: ReportRequest) -> list[str]:
    doubtful = sum(bool(document.notices) for document in corpus.batch.documents)
    notes = []
    if "role" in fields:
        notes.append(
            "Les questions de l’enquêteur ne comptent que dans le chapitre par rôle, pour y être comparées aux "
            "réponses."
        )
    if request.verbatim:
        notes.append(
            "Les parts par document ne sont pas masquées\u00a0: les passages sont montrés, chacun peut les compter. Un "
            "groupe masqué peut se recompter de même\u00a0; pour un lecteur qui ne doit pas le pouvoir\u00a0: "
            "--no-verbatim."
        )
    else:
        notes.append(
            "Sans verbatim, un document est masqué comme un groupe s’il repose sur trop peu de personnes. Les numéros "
            "des textes ne suivent ni l’ordre des fichiers ni celui des noms, et les mots cités sont ceux d’assez de "
            "personnes."
        )
    if doubtful:
        notes.append(
            f"{plural(doubtful, 'document lu', 'documents lus')} avec une remarque (rôles devinés, étiquettes "
            "réunies…)\u00a0: tensions analyse la donne."
        )
    return notes


def _warnings(request: ReportRequest) -> list[str]:
    if not request.verbatim:
        return []
    return [
        "Ce rapport cite les textes, avec les étiquettes de ceux qui parlent\u00a0: ne le transmettez qu’à qui peut "
        "les lire."
    ]
