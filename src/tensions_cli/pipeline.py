"""The order of the stages: read → clean → segment → tag → aggregate. Only this module knows it."""

import hashlib
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby
from typing import Any, Literal

from tensions_cli import __version__
from tensions_cli.coding.matching import Key, match
from tensions_cli.corpus.clean import clean
from tensions_cli.corpus.language import french_share, mark_foreign
from tensions_cli.corpus.metadata import join, metadata_tables
from tensions_cli.corpus.persons import (
    Persons,
    declared_roles,
    find_persons,
    join_persons,
    load_all_persons,
    persons_report,
)
from tensions_cli.corpus.read import ReadOptions, read
from tensions_cli.corpus.repair import repaired
from tensions_cli.corpus.segment import SHIPPED, TARGET_WORDS, Lengths, lengths_around, segment
from tensions_cli.corpus.sources import Found, find_files
from tensions_cli.corpus.speakers import find_turns
from tensions_cli.corpus.twins import without_twins
from tensions_cli.errors import TensionsError
from tensions_cli.fingerprint import fingerprint
from tensions_cli.knowledge.codebook import codebook, label_of
from tensions_cli.knowledge.files import read_toml
from tensions_cli.output.french import plural
from tensions_cli.records import (
    Analysis,
    CodedBy,
    Document,
    DocumentInfo,
    Dropped,
    HumanCode,
    HumanCodes,
    Inventory,
    Passage,
    Relation,
    Role,
    Skipped,
    TaggedDocument,
    TaggedPassage,
    Tags,
    ZoneKind,
)
from tensions_cli.results import Cutting
from tensions_cli.statistics.course import courses
from tensions_cli.statistics.examples import keep_best
from tensions_cli.statistics.extracts import plain
from tensions_cli.statistics.inventory import inventory
from tensions_cli.statistics.masking import masked_groups
from tensions_cli.statistics.sensitivity import OTHER_TARGETS, cutting
from tensions_cli.statistics.summary import DATED, Counted, counted, field_value, summarise
from tensions_cli.tagging import french
from tensions_cli.tagging.classifier import Model
from tensions_cli.tagging.model_folder import open_model
from tensions_cli.tagging.tag import BATCH, tag
from tensions_cli.words import count_words

# Under this share of French words a document is flagged and left out (unless any language is asked for);
# an article with a long English abstract keeps more than .6.
MIN_FRENCH_SHARE = 0.5
UNITS = ("passage", "record")
OWN_FIELDS = ("document", "speaker", "person", "role")


@dataclass(frozen=True, slots=True)
class Options:
    """What a user chose; the defaults are the ones that a researcher expects."""

    by: tuple[str, ...] = ("document",)
    model: str = "standard"
    unit: Literal["passage", "record"] = "passage"
    text_column: str | None = None
    roles: Mapping[str, Role] = field(default_factory=dict)
    find_speakers: bool = True
    keep_interviewer: bool = False
    any_language: bool = False
    keep_twins: bool = False
    repair: bool = False
    quotes: int = 0
    show_dropped: bool = False
    mask_under: int = 0
    sensitivity: bool = False
    course: bool = False
    codes: HumanCodes | None = None


@dataclass(frozen=True, slots=True)
class Batch:
    """Documents ready to be cut, in order, and everything that was left out.

    `human`: passage id → what a person decided of it (`--codes`).
    """

    documents: tuple[Document, ...]
    skipped: tuple[Skipped, ...]
    notices: tuple[str, ...]
    human: Mapping[str, HumanCode] = field(default_factory=dict)


Progress = Callable[[str, int, int], None]  # step, done, total


def silent(_step: str, _done: int, _total: int) -> None:
    """Progress that nobody watches."""


def load(sources: Sequence[str], options: Options, progress: Progress = silent) -> Batch:
    """Read, join metadata, find turns, clean, keep one of each text.

    Raises TensionsError when nothing can be analysed.
    """
    found = find_files(sources)
    persons = load_all_persons(find_persons(found))
    tables = metadata_tables(found)
    documents, unread = read_documents(found, options, progress)
    joined = join(documents, tables)
    skipped = [*found.skipped, *unread]
    ready: list[Document] = []
    for document in joined.documents:
        prepared = prepare(document, options, persons)
        if prepared is None:
            skipped.append(_foreign(document))
        elif not has_body(prepared):
            detail = "rien que des menus, des en-têtes ou des notes\u00a0: vérifiez le fichier"
            skipped.append(Skipped(document.source, "no_text", detail))
        else:
            ready.append(prepared)
    if not ready:
        raise nothing_to_analyse(skipped, options.unit)
    single, twins, said = without_twins(ready, options.keep_twins)
    notices = (*joined.notices, *persons.notices, *said, *persons_report(single, persons))
    human, decided = place_codes(single, options)
    notices = (*notices, *_unknown_speakers(single, options), *decided)
    return Batch(single, (*skipped, *twins), notices, human)


def place_codes(documents: Iterable[Document], options: Options) -> tuple[dict[str, HumanCode], list[str]]:
    """Which passage each human code decides, and a sentence that accounts for all of them.

    Raises TensionsError when none is of this corpus.
    """
    if options.codes is None:
        return {}, []
    keys = [Key(one.id, one.document, fingerprint(one.text)) for one in passages_of(documents, options)]
    codes = options.codes.codes
    found = match(keys, [Key(code.id, code.document, code.fingerprint) for code in codes])
    if not found:
        raise TensionsError(
            "aucun passage de --codes n’est dans ce corpus",
            why="ni les identifiants ni les textes des passages codés ne s’y retrouvent",
            hint="donnez les codes de ce corpus\u00a0: tensions coding sample corpus/ -o a_coder.xlsx, coder, puis "
            "tensions coding import a_coder.xlsx --coder A -o codes.jsonl",
        )
    said = f"--codes\u00a0: {plural(len(found), 'passage')} de ce corpus, sur {len(codes)} codés par une personne"
    lost = len(codes) - len(found)
    away = f"\u00a0; {plural(lost, 'autre')} hors du corpus (texte changé, découpage différent, autre texte)"
    return {keys[at].id: codes[rank] for rank, at in found.items()}, [
        f"{said}{away if lost else ''}.",
        *options.codes.notices,
    ]


def read_documents(found: Found, options: Options, progress: Progress = silent) -> tuple[list[Document], list[Skipped]]:
    """Every document of the files as it stands there, without its metadata, and what could not be read."""
    documents: list[Document] = []
    skipped: list[Skipped] = []
    for result in read(found, ReadOptions(options.unit, options.text_column)):
        if isinstance(result, Skipped):
            skipped.append(result)
        else:
            documents.append(result)
        progress("lecture", min(len(documents) + len(skipped), len(found.files)), len(found.files))
    return documents, skipped


def has_body(document: Document) -> bool:
    """Something is left to cut once the zones are taken out: a turn, or a block that no zone covers."""
    if document.record or document.turns:
        return True
    zones, rank = document.zones, 0
    for block in document.blocks:
        while rank < len(zones) and zones[rank].end <= block.start:
            rank += 1
        if rank == len(zones) or not (zones[rank].start <= block.start and block.end <= zones[rank].end):
            return True
    return False


def _unknown_speakers(documents: Sequence[Document], options: Options) -> list[str]:
    """Labels of `--speakers` that no document has: a typing error would silently change who counts."""
    heard = {_folded(member.speaker) for document in documents for member in document.cast}
    return [
        f"--speakers\u00a0: aucun locuteur ne s’appelle «\u00a0{label}\u00a0» dans ces documents."
        for label in options.roles
        if _folded(label) not in heard
    ]


def _folded(label: str) -> str:
    return "".join(filter(str.isalnum, unicodedata.normalize("NFKD", label).casefold()))


def prepare(document: Document, options: Options, persons: Persons) -> Document | None:
    """Repair, turns, cleaning, languages; None when the document is not in French and only French is wanted."""
    document = repaired(document) if options.repair else document
    if document.record:
        return document
    document = find_turns(document, options.roles, options.find_speakers, declared_roles(document, persons))
    document = join_persons(document, persons)
    if not document.turns:
        document = clean(document)
    if options.any_language:
        return document
    marked = mark_foreign(document)
    return marked if french_share(marked) >= MIN_FRENCH_SHARE else None


def passages_of(documents: Iterable[Document], options: Options, lengths: Lengths = SHIPPED) -> Iterator[Passage]:
    """Passages of every document, in order."""
    for document in documents:
        yield from segment(document, options.keep_interviewer, lengths)


def tagged_passages(
    batch: Batch, model: Model, options: Options, progress: Progress = silent, lengths: Lengths = SHIPPED
) -> Iterator[TaggedPassage]:
    """Every passage of the batch with its tags, in order."""
    place = {document.id: rank for rank, document in enumerate(batch.documents, 1)}
    for done, tagged in enumerate(tag(passages_of(batch.documents, options, lengths), model)):
        if done % BATCH == 0:
            progress("étiquetage", place[tagged.passage.document] - 1, len(batch.documents))
        code = batch.human.get(tagged.passage.id)
        yield tagged if code is None else replace(tagged, tags=decided(tagged.tags, code))
    progress("étiquetage", len(batch.documents), len(batch.documents))


def decided(tags: Tags, code: HumanCode) -> Tags:
    """A person's codes in place of the model's; what was not coded at all stays the model's. Scores say the answers."""
    kept = {axis: tuple(pole for pole in poles if pole in code.logics) for axis, poles in tags.axes.items()}
    stance = {pole: name for pole, name in (tags.stance or {}).items() if pole in code.logics}
    axes = {axis: poles for axis, poles in kept.items() if poles} if code.axes is None else code.axes
    return replace(
        tags,
        label=label_of(code.logics),
        logics=code.logics,
        relation=next((relation for relation in Relation if relation in code.relations.values()), None),
        relations=code.relations,
        stance=stance if code.stance is None else code.stance,
        axes=axes,
        scores={pole: float(pole in code.logics) for pole in tags.scores},
        evidence=tuple(
            replace(one, axis=one.axis if one.pole in axes.get(one.axis or "", ()) else None)
            for one in tags.evidence
            if one.pole in code.logics
        ),
        certain=True,
        coded_by=code.coder,
    )


def tagged_documents(
    batch: Batch, model: Model, options: Options, progress: Progress = silent
) -> Iterator[TaggedDocument]:
    """Every document of the batch with its tagged passages, in order: for tools that want whole texts."""
    documents = {document.id: document for document in batch.documents}
    tagged = tagged_passages(batch, model, options, progress)
    for name, passages in groupby(tagged, key=lambda one: one.passage.document):
        yield TaggedDocument(documents[name], tuple(passages))


def coded_by(model: Model) -> CodedBy:
    """The machine as a coder among others, and what a reader of its codes must know."""
    book = codebook()
    thresholds = ", ".join(
        f"{pole}\u00a0{value:.4f}" for pole, value in zip(book.poles, model.poles.thresholds, strict=True)
    )
    return CodedBy(
        tool=f"tensions {__version__}",
        coder=f"tensions-{__version__}+{model.sha256[:8]}",
        model=model.identity,
        method=(
            f"Codes proposés par tensions {__version__}, modèle {model.identity}\u00a0: à relire, aucun n’est humain.",
            f"Grille de codage version {book.version} ({book.sha256[:12]}), lexique {book.lexicon_sha256[:12]}.",
            f"Seuils des scores\u00a0: {thresholds}.",
            "Les textes d’entraînement ont été composés pour le projet, écrits et codés avec des modèles de langue.",
            "Les passages de l’enquêteur et ceux de deux mots ou moins ne comptent dans aucune part.",
        ),
    )


def analyse(
    sources: Sequence[str],
    options: Options,
    progress: Progress = silent,
    watch: Callable[[TaggedPassage], object] | None = None,
) -> Analysis:
    """The main job: from sources to a summary. `watch` sees every counted passage go by."""
    if options.course and options.mask_under:
        raise TensionsError(
            "--course ne va pas avec --mask-under",
            why="le cours est celui d’un seul texte, et ce masque cache ce qui repose sur peu de personnes",
            hint="retirez l’une des deux options",
        )
    if options.sensitivity and options.unit == "record":
        raise TensionsError(
            "--sensitivity ne va pas avec --unit record",
            why="ces passages sont donnés tels quels, il n’y a pas de longueur à changer",
            hint="retirez l’une des deux options",
        )
    model = open_model(options.model)
    batch = load(sources, options, progress)
    options = replace(options, by=field_names(batch.documents, options.by))
    rows: list[Counted] = []
    examples: list[TaggedPassage] = []
    totals: Counter[str] = Counter()
    counts: Counter[str] = Counter()
    excluded: dict[str, Counter[str]] = {}
    everything: list[TaggedPassage] = []  # only where questions and answers are wanted together
    for tagged in tagged_passages(batch, model, options, progress):
        document = tagged.passage.document
        totals[document] += 1
        if options.course:
            everything.append(tagged)
        row = counted(tagged, options.by)
        if row is None:
            excluded.setdefault(document, Counter())[tagged.passage.excluded_reason or "?"] += 1
            continue
        counts[document] += 1
        rows.append(row)
        if watch is not None:
            watch(tagged)
        examples = keep_best(examples, tagged, options.quotes)
    if not rows:
        raise nothing_counted(batch.documents)
    groups, masking = masked_groups(summarise(rows, options.by), options.mask_under)
    hidden = {tuple(group.by.values()) for group in groups if group.masked}
    cuttings = _cuttings(batch, model, options, progress) if options.sensitivity and not groups[0].masked else ()
    return Analysis(
        manifest=manifest(model, options),
        by=options.by,
        documents=tuple(
            document_info(
                document,
                passages=totals[document.id],
                counted=counts[document.id],
                excluded=excluded.get(document.id, {}),
                show_dropped=options.show_dropped,
            )
            for document in batch.documents
        ),
        skipped=batch.skipped,
        notices=(*batch.notices, *masking),
        groups=tuple(groups),
        examples=tuple(one for one in examples if tuple(field_value(one, name) for name in options.by) not in hidden),
        cuttings=cuttings,
        courses=courses(everything),
    )


def _cuttings(batch: Batch, model: Model, options: Options, progress: Progress) -> tuple[Cutting, ...]:
    """Shares at every length, each from the texts cut and tagged anew by the machine: people coded one cutting."""
    machine = replace(batch, human={})
    return tuple(
        cutting(
            tagged_passages(machine, model, options, progress, lengths_around(target)),
            target,
            shipped=target == TARGET_WORDS,
        )
        for target in sorted((*OTHER_TARGETS, TARGET_WORDS))
    )


def survey(sources: Sequence[str], options: Options, progress: Progress = silent) -> Inventory:
    """What would be read, without any model: `tensions corpus info`."""
    batch = load(sources, options, progress)
    documents = []
    for done, document in enumerate(batch.documents):
        progress("découpage", done, len(batch.documents))
        passages = segment(document, options.keep_interviewer)
        reasons = Counter(passage.excluded_reason or "?" for passage in passages if not passage.counted)
        documents.append(
            document_info(
                document,
                passages=len(passages),
                counted=len(passages) - reasons.total(),
                excluded=reasons,
                show_dropped=options.show_dropped,
            )
        )
    return inventory(documents, batch.skipped, batch.notices)


def document_info(
    document: Document, *, passages: int, counted: int, excluded: Mapping[str, int], show_dropped: bool
) -> DocumentInfo:
    """What is told of one document."""
    return DocumentInfo(
        id=document.id,
        source=document.source,
        format=document.format,
        encoding=document.encoding,
        sha256=hashlib.sha256(document.text.encode("utf-8", "surrogatepass")).hexdigest(),
        words=count_words(document.text),
        passages=passages,
        counted=counted,
        excluded=dict(excluded),
        dropped=tuple(
            Dropped(
                zone.start,
                zone.end,
                zone.kind,
                zone.detail,
                count_words(document.text, zone.start, zone.end),
                document.text[zone.start : zone.end] if show_dropped else None,
            )
            for zone in document.zones
            if zone.kind is not ZoneKind.LABEL
        ),
        cast=document.cast,
        notices=document.notices,
    )


def manifest(model: Model, options: Options) -> dict[str, Any]:
    """What the numbers rest on; no date, no path."""
    chosen: dict[str, Any] = {
        "by": list(options.by),
        "unit": options.unit,
        "text_column": options.text_column,
        "keep_interviewer": options.keep_interviewer,
        "find_speakers": options.find_speakers,
        "roles_given": len(options.roles),
        "any_language": options.any_language,
        "keep_twins": options.keep_twins,
        "repair": options.repair,
        "show_dropped": options.show_dropped,
    }
    chosen |= {"mask_under": options.mask_under} if options.mask_under else {}
    chosen |= {"sensitivity": True} if options.sensitivity else {}
    chosen |= {"course": True} if options.course else {}
    if options.codes is not None:
        coders = sorted({code.coder for code in options.codes.codes})
        chosen["codes"] = {"sha256": options.codes.sha256, "passages": len(options.codes.codes), "coders": coders}
    book = codebook()
    return {
        "tool": {"name": "tensions", "version": __version__},
        "model": {
            "identity": model.identity,
            "name": model.name,
            "sha256": model.sha256,
            "tension": dict(model.tension),
        },
        "codebook": {"name": book.name, "version": book.version, "sha256": book.sha256},
        "lexicon": {"sha256": book.lexicon_sha256},
        "language_model": french.version(),
        "options": chosen,
    }


def fields_of(documents: Sequence[Document]) -> list[str]:
    """The grouping fields of a corpus: ours, then the columns of its tables, sorted."""
    known = {name for document in documents for name in document.metadata}
    known |= {name for document in documents for member in document.cast for name in member.attributes}
    known |= {"year"} if known & set(DATED) else set()
    return [*OWN_FIELDS, *sorted(known - set(OWN_FIELDS))]


def field_names(documents: Sequence[Document], by: Sequence[str], option: str = "--by") -> tuple[str, ...]:
    """Grouping fields as the corpus writes them, accents and capitals forgiven. Raises TensionsError for another."""
    choices = fields_of(documents)
    return tuple(_field_name(name, choices, option) for name in by)


def _field_name(name: str, choices: Sequence[str], option: str) -> str:
    alike = [name] if name in choices else [choice for choice in choices if plain(choice) == plain(name)]
    if len(alike) == 1:
        return alike[0]
    raise TensionsError(
        f"{option}\u00a0: le champ «\u00a0{name}\u00a0» est {'ambigu' if alike else 'inconnu'}",
        why=f"plusieurs s’écrivent presque ainsi\u00a0: {', '.join(alike)}"
        if alike
        else "ni les métadonnées ni l’outil ne le donnent",
        hint=f"{option} avec l’un de\u00a0: {', '.join(alike or choices)}",
    )


def nothing_to_analyse(skipped: Sequence[Skipped], unit: str = "passage") -> TensionsError:
    """The error of a batch without a single document to analyse; the reasons are listed with it."""
    reasons = Counter(item.reason for item in skipped)
    titles = read_toml("ignored_files.toml")["reasons"]
    listed = ", ".join(f"{titles.get(reason, reason)}\u00a0: {n}" for reason, n in sorted(reasons.items()))
    if set(reasons) == {"language"}:
        advice = "ajoutez --any-language pour les lire quand même"
    elif unit == "record":
        advice = "retirez --unit record, qui ne lit que des csv, tsv et jsonl, ou donnez un tel tableau"
    else:
        advice = "convertissez-les en texte (UTF-8), docx, md ou html, puis relancez"
    return TensionsError(
        "aucun document ne peut être analysé",
        why=f"tous ont été laissés de côté ({listed})",
        hint=advice,
        details=tuple(f"{item.source}\u00a0: {item.detail}" for item in skipped),
    )


def nothing_counted(documents: Sequence[Document]) -> TensionsError:
    """An analysis without a single passage to count would be an empty table."""
    return TensionsError(
        "aucun passage à compter",
        why="il n’y a que des tours de l’enquêteur, ou des passages de deux mots ou moins",
        hint="tensions tag pour voir les passages, --keep-interviewer ou --speakers pour changer qui compte",
        details=tuple(document.source for document in documents),
    )


def _foreign(document: Document) -> Skipped:
    detail = "le texte n’est pas en français\u00a0: ajoutez --any-language pour le lire quand même"
    return Skipped(document.source, "language", detail, failed=False)
