"""The order of the stages: read → clean → segment → tag → aggregate. Only this module and `one_file.py` know it.

Files are done one by one, here, in other processes or on other machines (`runtime/`), or taken up from the cache; what
depends on the whole corpus is joined afterwards: metadata, persons, twins, human codes.
"""

import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby
from typing import TYPE_CHECKING, Any, Literal

from tensions_cli import __version__
from tensions_cli.coding.matching import Key, match
from tensions_cli.compact import unpack, unpack_tags
from tensions_cli.corpus.metadata import Metadata, join, metadata_tables
from tensions_cli.corpus.persons import (
    Persons,
    declared_roles,
    find_persons,
    join_persons,
    load_all_persons,
    persons_report,
)
from tensions_cli.corpus.read import ReadOptions, file_bytes, read, unique
from tensions_cli.corpus.repair import mended_metadata
from tensions_cli.corpus.segment import SHIPPED, TARGET_WORDS, Lengths, lengths_around, segment
from tensions_cli.corpus.sources import STDIN_PATH, Found, SourceFile, find_files
from tensions_cli.corpus.twins import NO_BODY, without_twins
from tensions_cli.errors import TensionsError, UnreadableError
from tensions_cli.knowledge.codebook import codebook, label_of, use_codebook
from tensions_cli.knowledge.files import read_toml
from tensions_cli.manifest import manifest
from tensions_cli.one_file import FileReading, Item, Reading, Recipe, Told, do_file, made_ready
from tensions_cli.output.french import plural
from tensions_cli.records import (
    Analysis,
    CodedBy,
    Document,
    DocumentInfo,
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
)
from tensions_cli.results import Cutting
from tensions_cli.sharing import Means, share_out
from tensions_cli.sharing import Progress as Progress
from tensions_cli.statistics.course import courses
from tensions_cli.statistics.examples import keep_best
from tensions_cli.statistics.extracts import plain
from tensions_cli.statistics.inventory import inventory
from tensions_cli.statistics.masking import masked_groups
from tensions_cli.statistics.sensitivity import OTHER_TARGETS, cutting
from tensions_cli.statistics.summary import DATED, Counted, counted, field_value, summarise
from tensions_cli.tagging.model_folder import describe_model

if TYPE_CHECKING:
    from tensions_cli.tagging.classifier import Model

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
    jobs: int = 1  # processes; 0: as many as the machine and the work call for
    cache: bool = False
    cluster: str | None = None  # address of a Dask scheduler, which then does what is tagged
    settings: Mapping[str, Any] | None = None  # of the `tensions.toml` beside the corpus: its hash, the keys used


@dataclass(frozen=True, slots=True)
class Batch:
    """Documents ready to be cut, in order, and everything that was left out.

    `documents`: with their metadata and persons; with their text only where it was asked for. `readings`: what else is
    known of each, by id; `origins`: the file of each, and its rank there. `human`: passage id → what a person decided
    of it (`--codes`). `model`: identity of the model that tagged, "" where nothing was tagged; `recipe`:
    how the files were read and cut.
    """

    documents: tuple[Document, ...]
    skipped: tuple[Skipped, ...]
    notices: tuple[str, ...]
    human: Mapping[str, HumanCode] = field(default_factory=dict)
    readings: Mapping[str, Reading] = field(default_factory=dict)
    origins: Mapping[str, tuple[Item, int]] = field(default_factory=dict)
    model: str = ""
    recipe: Recipe = field(default_factory=Recipe)


def silent(_step: str, _done: int, _total: int) -> None:
    """Progress that nobody watches."""


def load(sources: Sequence[str], options: Options, progress: Progress = silent) -> Batch:
    """Read, join metadata, find turns, clean, keep one of each text; nothing is tagged.

    Raises TensionsError when nothing can be analysed.
    """
    return _gather(sources, options, recipe_of(options, texts=True), progress)


def load_tagged(
    sources: Sequence[str],
    options: Options,
    progress: Progress = silent,
    *,
    texts: bool = True,
    fingerprints: bool = False,
    lengths: Lengths = SHIPPED,
) -> Batch:
    """`load`, and tag; without `texts`, only what statistics need is kept, whatever the size of the corpus.

    `fingerprints`: passages know that of their text. The codebook of the model is put in use. Raises TensionsError as
    `load` does, ModelError as `open_model` does.
    """
    model = describe_model(options.model)
    use_codebook(model.book)
    recipe = recipe_of(options, texts=texts)
    recipe = replace(
        recipe,
        lengths=lengths,
        model=options.model,
        model_sha256=model.sha256,
        fingerprints=fingerprints or options.codes is not None,
    )
    batch = replace(_gather(sources, options, recipe, progress), model=model.identity)
    human, said = place_codes(batch, options)
    return replace(batch, human=human, notices=(*batch.notices, *said))


def recipe_of(options: Options, *, texts: bool = False) -> Recipe:
    """How to read each file, as the user chose; without a model."""
    return Recipe(
        unit=options.unit,
        text_column=options.text_column,
        roles=dict(options.roles),
        find_speakers=options.find_speakers,
        keep_interviewer=options.keep_interviewer,
        any_language=options.any_language,
        repair=options.repair,
        show_dropped=options.show_dropped,
        texts=texts,
    )


def _gather(sources: Sequence[str], options: Options, recipe: Recipe, progress: Progress) -> Batch:
    """Do every file, then join what depends on all of them. Raises TensionsError when nothing can be analysed."""
    found = find_files(sources, remote=True)
    persons = load_all_persons(find_persons(found), found.companions)
    tables = metadata_tables(found)
    guessed = _told_by_name(found, tables, persons)
    items = [_item(file, guessed.get(file.name, Told())) for file in found.files]
    means = Means(options.jobs, options.cache, options.cluster)
    done = share_out(recipe, items, means, progress)
    corpus = _joined(done, tables, options)
    # What is told of a text was looked up by the name of its file: texts of one file may have names of their own.
    wrong = _told_otherwise(corpus, persons)
    if wrong:
        ranks = sorted(wrong)
        again = [replace(items[rank], told=wrong[rank]) for rank in ranks]
        for rank, item, one in zip(ranks, again, share_out(recipe, again, means, progress, exact=True), strict=True):
            items[rank], done[rank] = item, one
        corpus = _joined(done, tables, options)
    return replace(_batch(found, items, done, corpus, persons, options), recipe=recipe)


def _item(file: SourceFile, told: Told) -> Item:
    """One file to do; the standard input is read here, once and for all."""
    if file.path != STDIN_PATH:
        return Item(file, told={0: told})
    try:
        return Item(file, file_bytes(file), {0: told})
    except UnreadableError as error:
        raise TensionsError(
            "l’entrée standard ne se lit pas",
            why=error.detail,
            hint="enregistrez le texte dans un fichier, et donnez ce fichier",
        ) from error


@dataclass(frozen=True, slots=True)
class _Corpus:
    """Every document that could be read, in order: where it comes from (file, rank there), as read, as joined."""

    places: tuple[tuple[int, int], ...]
    readings: tuple[Reading, ...]
    documents: tuple[Document, ...]
    notices: tuple[str, ...]


def _joined(done: Sequence[FileReading], tables: Sequence[Metadata], options: Options) -> _Corpus:
    seen: set[str] = set()
    places = tuple((at, rank) for at, one in enumerate(done) for rank in range(len(one.readings)))
    readings = tuple(done[at].readings[rank] for at, rank in places)
    joined = join([unique(one.document, seen) for one in readings], tables)
    documents = joined.documents
    if options.repair:
        documents = tuple(replace(one, metadata=mended_metadata(one.metadata)) for one in documents)
    return _Corpus(places, readings, documents, joined.notices)


def _told_by_name(found: Found, tables: Sequence[Metadata], persons: Persons) -> dict[str, Told]:
    """What the tables say of each file, by its name, as far as its name alone can tell."""
    if not tables and not persons.rows:
        return {}
    named = [Document(file.id, file.name, "", "", ()) for file in found.files]
    try:
        documents = join(named, tables).documents
    except TensionsError:  # two texts under one name: said once the files are read, if they can be
        return {}
    return {one.source: Told(declared_roles(one, persons), one.metadata.get("title", "")) for one in documents}


def _told_otherwise(corpus: _Corpus, persons: Persons) -> dict[int, dict[int, Told]]:
    """The files to read again, by rank: those with a text of which something else is told than when it was read."""
    told: dict[int, dict[int, Told]] = {}
    wrong: set[int] = set()
    for (at, rank), reading, document in zip(corpus.places, corpus.readings, corpus.documents, strict=True):
        roles, title = declared_roles(document, persons), document.metadata.get("title", "")
        own = reading.document.metadata.get("title", "")
        told.setdefault(at, {})[rank] = Told(roles, title if title != own else "")
        if reading.told.roles != roles or (reading.told.title or own) != title:
            wrong.add(at)
    return {at: told[at] for at in wrong}


def _batch(
    found: Found,
    items: Sequence[Item],
    done: Sequence[FileReading],
    corpus: _Corpus,
    persons: Persons,
    options: Options,
) -> Batch:
    skipped = [*found.skipped, *(one for file in done for one in file.skipped)]
    ready: list[tuple[Document, Reading, tuple[Item, int]]] = []
    for (at, rank), reading, document in zip(corpus.places, corpus.readings, corpus.documents, strict=True):
        if reading.left_out == "language":
            skipped.append(_foreign(document))
        elif reading.left_out:
            detail = "rien que des menus, des en-têtes ou des notes\u00a0: vérifiez le fichier"
            skipped.append(Skipped(document.source, "no_text", detail))
        else:
            ready.append((join_persons(document, persons), reading, (items[at], rank)))
    if not ready:
        raise nothing_to_analyse(skipped, options.unit)
    bodies = [reading.body for _, reading, _ in ready]
    single, twins, said = without_twins([document for document, _, _ in ready], options.keep_twins, bodies)
    notices = (*corpus.notices, *persons.notices, *said, *persons_report(single, persons))
    return Batch(
        single,
        (*skipped, *twins),
        (*notices, *_unknown_speakers(single, options)),
        # Bodies have served: their runs of words take four bytes a word.
        readings={document.id: replace(reading, body=NO_BODY) for document, reading, _ in ready},
        origins={document.id: origin for document, _, origin in ready},
    )


# --- passages --------------------------------------------------------------------------------------------


def place_codes(batch: Batch, options: Options) -> tuple[dict[str, HumanCode], list[str]]:
    """Which passage each human code decides, and a sentence that accounts for all of them.

    Raises TensionsError when none is of this corpus.
    """
    if options.codes is None:
        return {}, []
    passages = [one.passage for one in tagged_passages(batch, evidence=False)]
    keys = [Key(one.id, one.document, one.fingerprint or b"") for one in passages]
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


def prepare(document: Document, options: Options, persons: Persons) -> Document | None:
    """A document that has its metadata, ready to be cut; None when it is not in French and only French is wanted."""
    ready = made_ready(document, recipe_of(options), Told(declared_roles(document, persons)))
    return ready and join_persons(ready, persons)


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


def passages_of(documents: Iterable[Document], options: Options) -> Iterator[Passage]:
    """Passages of documents read with their text, in order."""
    for document in documents:
        yield from segment(document, options.keep_interviewer)


def tagged_passages(batch: Batch, *, evidence: bool = True) -> Iterator[TaggedPassage]:
    """Every passage of a tagged batch, in order: with its text where the batch has texts, else without.

    `evidence`: with the words to underline, where the text is there.
    """
    for document in batch.documents:
        reading = batch.readings[document.id]
        if document.text and evidence:
            tagged = _whole(batch, document, reading)
        else:
            tagged = unpack(reading.tagged, document, batch.model) if reading.tagged else iter(())
        for one in tagged:
            code = batch.human.get(one.passage.id)
            yield one if code is None else replace(one, tags=decided(one.tags, code))


def _whole(batch: Batch, document: Document, reading: Reading) -> Iterator[TaggedPassage]:
    """Passages cut again from the text, with the codes that they were given."""
    passages = segment(document, batch.recipe.keep_interviewer, batch.recipe.lengths)
    said = unpack_tags(reading.tagged, batch.model) if reading.tagged else []
    for passage, (place, tags) in zip(passages, said, strict=True):
        if place != (passage.start, passage.end):
            raise ValueError("passages and their codes are not of one cutting")
        yield TaggedPassage(passage, tags)


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


def tagged_documents(batch: Batch) -> Iterator[TaggedDocument]:
    """Every document of a tagged batch with its passages, in order: for tools that want whole texts."""
    documents = {document.id: document for document in batch.documents}
    for name, passages in groupby(tagged_passages(batch), key=lambda one: one.passage.document):
        yield TaggedDocument(documents[name], tuple(passages))


def documents_again(batch: Batch) -> Iterator[TaggedDocument]:
    """The same of a batch without texts: each file is read again when its turn comes, and no text is kept after.

    Raises TensionsError for a file that changed since it was tagged.
    """
    for document, whole in _read_again(batch):
        if whole is None:
            raise TensionsError(
                f"{document.source} a changé pendant le travail",
                why="ses passages ont été étiquetés dans un autre texte que celui qui s’y trouve maintenant",
                hint="relancez la commande, quand plus rien n’écrit dans ce dossier",
            )
        yield TaggedDocument(whole, tuple(tagged_passages(replace(batch, documents=(whole,)))))


def _read_again(batch: Batch) -> Iterator[tuple[Document, Document | None]]:
    """Every document of a batch without texts, and the same with its text; None where it is no longer the same."""
    done: tuple[Item, FileReading] | None = None
    for document in batch.documents:
        item, rank = batch.origins[document.id]
        if done is None or done[0] is not item:
            done = item, do_file(replace(batch.recipe, texts=True, model=None), item)
        readings = done[1].readings
        if rank >= len(readings) or readings[rank].sha256 != batch.readings[document.id].sha256:
            yield document, None
            continue
        read = readings[rank].document
        yield document, replace(document, text=read.text, blocks=read.blocks, zones=read.zones, turns=read.turns)


def coded_by(model: "Model") -> CodedBy:
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
    """The main job: from sources to a summary. `watch` sees every counted passage go by, with its fingerprint."""
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
    batch = load_tagged(sources, options, progress, texts=options.course, fingerprints=watch is not None)
    options = replace(options, by=field_names(batch.documents, options.by))
    rows: list[Counted] = []
    examples: list[TaggedPassage] = []
    for tagged in tagged_passages(batch, evidence=False):
        row = counted(tagged, options.by)
        if row is None:
            continue
        rows.append(row)
        if watch is not None:
            watch(tagged)
        examples = keep_best(examples, tagged, options.quotes)
    if not rows:
        raise nothing_counted(batch.documents)
    groups, masking = masked_groups(summarise(rows, options.by), options.mask_under)
    hidden = {tuple(group.by.values()) for group in groups if group.masked}
    shown = [one for one in examples if tuple(field_value(one, name) for name in options.by) not in hidden]
    cuttings = _cuttings(sources, options, progress) if options.sensitivity and not groups[0].masked else ()
    return Analysis(
        manifest=manifest(describe_model(options.model), options),
        by=options.by,
        documents=tuple(document_info(document, batch.readings[document.id]) for document in batch.documents),
        skipped=batch.skipped,
        notices=(*batch.notices, *masking),
        groups=tuple(groups),
        examples=tuple(with_texts(batch, shown)),
        cuttings=cuttings,
        courses=courses(list(tagged_passages(batch))) if options.course else (),
    )


def with_texts(batch: Batch, passages: Sequence[TaggedPassage]) -> list[TaggedPassage]:
    """A few passages of a batch with their text, their question and their evidence: their files are read again.

    Those of a file that changed in between are left out.
    """
    wanted = {one.passage.document for one in passages}
    few = replace(batch, documents=tuple(one for one in batch.documents if one.id in wanted))
    wholes = tuple(whole for _, whole in _read_again(few) if whole is not None)
    found = {one.passage.id: one for one in tagged_passages(replace(batch, documents=wholes))}
    return [found[one.passage.id] for one in passages if one.passage.id in found]


def _cuttings(sources: Sequence[str], options: Options, progress: Progress) -> tuple[Cutting, ...]:
    """Shares at every length, each from the texts cut and tagged anew by the machine: people coded one cutting."""
    machine = replace(options, codes=None)
    return tuple(
        cutting(
            tagged_passages(
                load_tagged(sources, machine, progress, texts=False, lengths=lengths_around(target)), evidence=False
            ),
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
        known = replace(batch.readings[document.id], passages=len(passages), excluded=reasons)
        documents.append(document_info(document, known))
    return inventory(documents, batch.skipped, batch.notices)


def document_info(document: Document, reading: Reading) -> DocumentInfo:
    """What is told of one document."""
    return DocumentInfo(
        id=document.id,
        source=document.source,
        format=document.format,
        encoding=document.encoding,
        sha256=reading.sha256,
        words=reading.words,
        passages=reading.passages,
        counted=reading.passages - sum(reading.excluded.values()),
        excluded=dict(reading.excluded),
        dropped=reading.dropped,
        cast=document.cast,
        notices=document.notices,
    )


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
