"""A person or a text leaves a corpus, its tables, its codes and its results: what to do, then doing it.

Nothing is touched while planning. Rows and lines are taken out of the files that hold several texts; a file that
holds one text is deleted; what was computed from it is listed, to be made again from what remains.
"""

import html
import io
import json
import os
import re
import tempfile
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

from tensions_cli.corpus.formats.tables import parse_table
from tensions_cli.corpus.persons import Persons, find_persons, load_all_persons, persons_of
from tensions_cli.corpus.segment import segment
from tensions_cli.corpus.sources import Found, SourceFile, companion_tables, find_files, without_extension
from tensions_cli.corpus.speaker_labels import label_key
from tensions_cli.corpus.twins import find_twins
from tensions_cli.errors import TensionsError, UnreadableError
from tensions_cli.files.encoding import decode
from tensions_cli.output.corpora import clean_txt
from tensions_cli.output.sink import PRIVATE
from tensions_cli.pipeline import Options, read_documents
from tensions_cli.records import Document, Role, Turn, Zone, ZoneKind
from tensions_cli.training.seen import FILE as TRAINING_TEXTS
from tensions_cli.training.seen import seen_in_training

_TABLES = (".csv", ".tsv")
_LINES = (".jsonl", ".ndjson")
_SUMMARY = b"by_"  # how the columns of a summary begin: its rows are counts of the whole
_QUOTED = 40  # characters of a passage by which a quotation of it is recognised in a result


class Action(StrEnum):
    """What happens to one file; the French word is shown."""

    DELETE = "supprimer"
    REWRITE = "réécrire"
    REPLACE = "remplacer"
    REDO = "à refaire"
    BY_HAND = "à la main"


@dataclass(frozen=True, slots=True)
class Step:
    """One file and what happens to it. `content`: its new bytes; `target`: where they go when it changes format."""

    path: Path
    action: Action
    detail: str
    content: bytes | None = None
    target: Path | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that a withdrawal does. `documents`, `speakers`: how many leave.

    `passages`: texts that must not be found afterwards, never shown. `checked`: the files where they are looked for.
    `mentions`: how often those who stay say the label of who leaves.
    """

    steps: tuple[Step, ...]
    documents: int
    speakers: int
    passages: tuple[str, ...]
    checked: tuple[Path, ...]
    mentions: int


@dataclass(frozen=True, slots=True)
class _Leaving:
    """Who leaves: whole documents, and speakers (folded labels) of documents that stay.

    `renumbered`: documents that stay and get another id, since theirs was their rank in a file.
    """

    documents: frozenset[str]
    speakers: Mapping[str, frozenset[str]]
    person: str | None
    renumbered: frozenset[str] = frozenset()


def plan_withdrawal(
    name: str, sources: Sequence[str], codes: Sequence[Path], outputs: Sequence[Path], options: Options
) -> Plan:
    """What taking `name` out would do. `name`: a document, `document:speaker`, or a person of `speakers.csv`.

    Raises TensionsError when nobody and nothing bears that name.
    """
    found = find_files(sources)
    persons = load_all_persons(find_persons(found))
    documents = read_documents(found, options, persons)
    leaving = _renumbered(_who_leaves(name, documents, persons), documents)
    said_by_others = {text for document in documents for text in _passages_of(document, leaving, leave=False)}
    gone = (text for document in documents for text in _passages_of(document, leaving, leave=True))
    passages = tuple(text for text in gone if text not in said_by_others)
    results = [*codes, *_files_of(outputs)]
    copies = [path for path in results if path.suffix == ".txt" and _quotes(path.read_bytes(), passages)]
    steps = [
        *_corpus_steps(found, documents, leaving, passages),
        *(step for path in results for step in _result_steps(path, _beside(path, copies, leaving), passages)),
        *(_retrain(folder) for folder in _models_of(outputs) if seen_in_training(passages, folder)),
    ]
    to_do = {step.path for step in steps if step.action in (Action.REDO, Action.BY_HAND)}
    written = [step.target or step.path for step in steps if step.action in (Action.REWRITE, Action.REPLACE)]
    return Plan(
        tuple(steps),
        len(leaving.documents),
        sum(map(len, leaving.speakers.values())),
        passages,
        tuple(path for path in dict.fromkeys([*written, *results]) if path not in to_do),
        sum(_mentions(document, leaving) for document in documents),
    )


def _beside(path: Path, copies: Sequence[Path], leaving: _Leaving) -> _Leaving:
    """Who leaves, for a table that lies beside a copy of their text under another name (a pseudonymised folder)."""
    names = {copy.stem for copy in copies if copy.parent == path.parent}
    return replace(leaving, documents=leaving.documents | names) if leaving.documents and names else leaving


def _corpus_steps(
    found: Found, documents: Sequence[Document], leaving: _Leaving, passages: Sequence[str]
) -> Iterator[Step]:
    """What happens to the texts, to those inside archives, to forgotten copies, and to the tables beside them."""
    by_source: dict[str, list[Document]] = {}
    for document in documents:
        by_source.setdefault(document.source, []).append(document)
    steps = [step for file in found.files for step in _source_steps(file, by_source.pop(file.name, []), leaving)]
    for member, inside in by_source.items():
        if any(document.id in leaving.documents or document.id in leaving.speakers for document in inside):
            archive = next(file for file in found.files if member.startswith(f"{file.name}/"))
            detail = "retirez ce texte de l’archive, ou décompressez-la d’abord"
            steps.append(Step(archive.path, Action.BY_HAND, detail))
    yield from steps
    for skipped in found.skipped:
        for path in (folder / skipped.source for folder in found.folders):
            if skipped.reason in ("backup", "hidden") and path.is_file() and _quotes(path.read_bytes(), passages):
                yield Step(path, Action.DELETE, "copie de sauvegarde du texte retiré")
    stems = {without_extension(document.source) for document in documents if document.id in leaving.documents}
    unfinished = any(step.action is Action.BY_HAND for step in steps)
    for path in filter(Path.is_file, companion_tables(found)):
        for step in _table_steps(path, leaving, stems):
            # Without its row, a text that is still there could no longer be found by the name of the person.
            later = "ses lignes restent tant que ce qui précède n’est pas fait : relancez ensuite la même commande"
            yield Step(path, Action.BY_HAND, later) if unfinished else step


def _retrain(folder: Path) -> Step:
    return Step(folder, Action.REDO, "ce modèle a appris des passages retirés : entraînez-le de nouveau")


def carry_out(plan: Plan) -> None:
    """Write what is written again, then delete. Raises TensionsError when a file cannot be changed."""
    for step in plan.steps:
        try:
            if step.action in (Action.REWRITE, Action.REPLACE) and step.content is not None:
                _put(step.target or step.path, step.content)
            if step.action in (Action.DELETE, Action.REPLACE):
                step.path.unlink()
        except OSError as error:
            raise TensionsError(
                "le retrait s’est arrêté avant la fin",
                why=f"{step.path.name} ne peut pas être modifié",
                hint="donnez-vous le droit d’écrire dans ce dossier, puis relancez la même commande : elle reprend",
            ) from error


def remains(plan: Plan) -> int:
    """How many files still hold a withdrawn text once the plan is carried out, those left to people apart."""
    deleted = [step.path for step in plan.steps if step.action is Action.DELETE]
    return sum(path.exists() for path in deleted) + sum(
        _quotes(path.read_bytes(), plan.passages) for path in plan.checked if path.is_file()
    )


# --- who leaves --------------------------------------------------------------------------------------


def _who_leaves(name: str, documents: Sequence[Document], persons: Persons) -> _Leaving:
    ids = {document.id for document in documents}
    if name in ids:
        return _with_twins({name}, {}, None, documents)
    told = [
        (document, member.speaker)
        for document in documents
        for member in document.cast
        if _is_meant(name, document, member.speaker, persons)
    ]
    if not told and any(row.person.code == name for row in persons.rows):
        return _Leaving(frozenset(), {}, name)  # described, never heard: only their row leaves
    if not told:
        raise TensionsError(
            "rien ne porte ce nom dans le corpus",
            why="ce n’est ni un document, ni document:locuteur, ni une personne de speakers.csv",
            hint="tensions corpus info corpus/ donne les noms des documents et des locuteurs",
        )
    whole: set[str] = set()
    partial: dict[str, frozenset[str]] = {}
    for document in {id(document): document for document, _ in told}.values():
        labels = {speaker for other, speaker in told if other is document}
        others = [one for one in document.cast if one.role is not Role.INTERVIEWER and one.speaker not in labels]
        if others:
            partial[document.id] = frozenset(label_key(label) for label in labels)
        else:  # nobody else answers: the whole interview is theirs
            whole.add(document.id)
    person = name if ":" not in name else None
    return _with_twins(whole, partial, person, documents)


def _is_meant(name: str, document: Document, speaker: str, persons: Persons) -> bool:
    described = persons_of(document, persons).get(speaker)
    if described is not None and described.code == name:
        return True
    owner, colon, label = name.rpartition(":")
    return bool(colon) and owner == document.id and label_key(label) == label_key(speaker)


def _with_twins(
    whole: set[str], partial: Mapping[str, frozenset[str]], person: str | None, documents: Sequence[Document]
) -> _Leaving:
    """The same text in another format leaves too."""
    for group in find_twins(documents):
        members = {group.kept, *group.others}
        if members & whole:
            whole |= members
    return _Leaving(frozenset(whole), dict(partial), person)


_RANKED = re.compile(r"(?P<file>.+)#(?P<rank>\d+)")


def _renumbered(leaving: _Leaving, documents: Sequence[Document]) -> _Leaving:
    """With the documents whose id is their rank in a file that loses one before them."""
    renumbered: set[str] = set()
    lost: set[str] = set()
    for document in documents:
        if _RANKED.fullmatch(document.id) and document.id in leaving.documents:
            lost.add(document.source)
        elif _RANKED.fullmatch(document.id) and document.source in lost:
            renumbered.add(document.id)
    return replace(leaving, renumbered=frozenset(renumbered))


def _mentions(document: Document, leaving: _Leaving) -> int:
    """How often the turns that stay say the label of a speaker who leaves, as a name is said."""
    labels = leaving.speakers.get(document.id, frozenset())
    said = [one.speaker for one in document.cast if label_key(one.speaker) in labels and one.speaker[:1].isupper()]
    kept = [turn for turn in document.turns if turn.speaker not in said]
    return sum(
        len(re.findall(rf"(?<!\w){re.escape(label)}(?!\w)", document.text[turn.start : turn.end]))
        for label in said
        for turn in kept
    )


def _passages_of(document: Document, leaving: _Leaving, *, leave: bool) -> Iterator[str]:
    """The texts of a document that leave, or that stay, long enough to be recognised in a result."""
    labels = leaving.speakers.get(document.id, frozenset())
    for passage in segment(document, keep_interviewer=True):
        theirs = passage.speaker is not None and label_key(passage.speaker) in labels
        if (document.id in leaving.documents or theirs) is leave and len(passage.text) >= _QUOTED:
            yield passage.text


# --- sources -----------------------------------------------------------------------------------------


def _source_steps(file: SourceFile, documents: Sequence[Document], leaving: _Leaving) -> Iterator[Step]:
    gone = [document for document in documents if document.id in leaving.documents]
    if gone and len(gone) == len(documents):
        yield Step(file.path, Action.DELETE, "le texte entier est retiré")
        if file.path.is_symlink():
            yield Step(file.path.resolve(), Action.BY_HAND, "le fichier retiré est un lien : effacez aussi sa cible")
        return
    if gone:
        yield _without_texts(file, gone)
    for document in documents:
        if document.id in leaving.speakers:
            yield _without_speakers(file, document, leaving.speakers[document.id], alone=len(documents) == 1)


def _without_texts(file: SourceFile, gone: Sequence[Document]) -> Step:
    """A file of several texts without some of them."""
    by_hand = Step(file.path, Action.BY_HAND, "ce fichier tient plusieurs textes : retirez celui-ci vous-même")
    suffix = file.path.suffix.lower()
    if suffix in (*_TABLES, *_LINES):
        texts = {document.text for document in gone}
        return _filtered(file.path, lambda cells: not any(_same(cell, texts) for cell in cells.values())) or by_hand
    try:
        decoded = decode(file.path.read_bytes())
    except UnreadableError:  # a workbook
        return by_hand
    text = decoded.text
    for document in gone:
        if text.count(document.text) != 1:  # where it stands would be a guess
            return by_hand
        text = text.replace(document.text, "")
    return Step(file.path, Action.REWRITE, "un texte en est retiré", text.encode(decoded.encoding, "replace"))


def _same(cell: str, texts: set[str]) -> bool:
    return cell in texts or cell.replace("\r\n", "\n") in texts


def _without_speakers(file: SourceFile, document: Document, labels: frozenset[str], *, alone: bool) -> Step:
    """An interview without the turns of someone.

    In a plain text they become blanks, so that the passages of the others stay where they are. No other format can be
    cut safely: the interview becomes a plain text.
    """
    if not alone:
        return Step(file.path, Action.BY_HAND, "ce fichier tient plusieurs entretiens : retirez ces tours vous-même")
    removed = [turn for turn in document.turns if turn.speaker is not None and label_key(turn.speaker) in labels]
    if document.format == "txt":
        content = _blanked(document, removed).encode(document.encoding or "utf-8", "replace")
        return Step(
            file.path, Action.REWRITE, f"{len(removed)} tours effacés, les autres restent à leur place", content
        )
    zones = [*document.zones, *(Zone(turn.start, turn.end, ZoneKind.REMARK, "retiré") for turn in removed)]
    kept = replace(document, zones=tuple(sorted(zones, key=lambda zone: (zone.start, zone.end))))
    target = file.path.with_suffix(".txt")
    if target.exists():
        return Step(file.path, Action.BY_HAND, f"{target.name} existe déjà à côté : déplacez-le, puis relancez")
    detail = (
        f"{len(removed)} tours retirés ; l’entretien devient un texte sans mise en forme, les passages changent de "
        "place et leurs codes s’y rattachent par leur texte"
    )
    return Step(file.path, Action.REPLACE, detail, clean_txt(kept).encode("utf-8", "replace"), target)


def _blanked(document: Document, removed: Sequence[Turn]) -> str:
    """The text of a document where these turns and their labels are spaces; line ends stay."""
    labels = {zone.end: zone.start for zone in document.zones if zone.kind is ZoneKind.LABEL}
    characters = list(document.text)
    for turn in removed:
        start = turn.start
        before = len(document.text[:start].rstrip())
        while before in labels:  # a stamp may stand before the label
            start = labels[before]
            before = len(document.text[:start].rstrip())
        characters[start : turn.end] = ["\n" if c == "\n" else " " for c in characters[start : turn.end]]
    return "".join(characters)


# --- tables, codes, results --------------------------------------------------------------------------


def _table_steps(path: Path, leaving: _Leaving, stems: set[str]) -> list[Step]:
    """`metadata.csv` and `speakers.csv` without the rows that describe who leaves."""
    gone = {*leaving.documents, *stems, *(stem.rpartition("/")[2] for stem in stems)}

    def stays(cells: Mapping[str, str]) -> bool:
        values = [cell.strip() for cell in cells.values()]
        names = {without_extension(value.replace("\\", "/")) for value in values[:2]}
        if names & gone or (leaving.person is not None and leaving.person in values):
            return False
        spoken = {label_key(value) for value in values}
        described = (keys for document, keys in leaving.speakers.items() if without_extension(document) in names)
        return not any(spoken & keys for keys in described)

    step = _filtered(path, stays)
    return [step] if step is not None else []


def _result_steps(path: Path, leaving: _Leaving, passages: Sequence[str]) -> Iterator[Step]:
    """A file of codes or of passages loses its lines; what was counted from them is to be made again."""
    texts = frozenset(passages)
    quotes = tuple(text[:_QUOTED] for text in passages)
    shifted = False

    def stays(cells: Mapping[str, str]) -> bool:
        nonlocal shifted
        document = cells.get("document") or cells.get("id", "").partition("#")[0]
        shifted = shifted or document in leaving.renumbered
        labels = leaving.speakers.get(document, frozenset())
        theirs = label_key(cells.get("speaker", "")) in labels or (labels and cells.get("text", "").startswith(quotes))
        return document not in leaving.documents and cells.get("text", "") not in texts and not theirs

    try:
        data = path.read_bytes()
    except OSError:
        return
    if path.suffix.lower() in (*_TABLES, *_LINES) and not data.startswith(_SUMMARY):
        step = _filtered(path, stays)
        if step is not None:
            yield step
            data = step.content or b""
        if shifted:
            yield Step(
                path, Action.BY_HAND, "des textes qui suivent changent de numéro : rattachez leurs codes par le texte"
            )
            return
        if not _quotes(data, passages):
            return
    if _quotes(data, passages) or _names(data, {*leaving.documents, *leaving.speakers}):
        yield Step(path, Action.REDO, "ce résultat tient compte de ce qui est retiré : refaites-le, puis effacez-le")


def _filtered(path: Path, stays: Callable[[Mapping[str, str]], bool]) -> Step | None:
    """A table or a file of JSON lines without the rows that leave; None when they all stay."""
    try:
        decoded = decode(path.read_bytes())
    except (OSError, UnreadableError):
        return None
    lines = decoded.text.split("\n")
    gone: set[int] = set()
    if path.suffix.lower() in _LINES:
        gone = {at for at, line in enumerate(lines) if line.strip() and not stays(_cells(line))}
        rows = len(gone)
    else:
        table = parse_table(decoded.text)
        starts = sorted([row.line for row in table.rows] + [line for line, _ in table.broken] + [len(lines) + 1])
        leaving = [row.line for row in table.rows if not stays(row.cells)]
        rows = len(leaving)
        for start in leaving:
            gone |= set(range(start - 1, starts[starts.index(start) + 1] - 1))
    if not rows:
        return None
    kept = "\n".join(line for at, line in enumerate(lines) if at not in gone)
    if decoded.text.endswith("\n") and kept and not kept.endswith("\n"):
        kept += "\n"
    detail = f"{rows} ligne{'s' if rows > 1 else ''} en moins"
    return Step(path, Action.REWRITE, detail, kept.encode(decoded.encoding, "replace"))


def _cells(line: str) -> dict[str, str]:
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return {}
    return {key: cell for key, cell in value.items() if isinstance(cell, str)} if isinstance(value, dict) else {}


def _quotes(data: bytes, passages: Sequence[str]) -> bool:
    """A withdrawn text is quoted in these bytes, as it is, in JSON or in HTML, inside an archive too."""
    quotes = {passage[:_QUOTED] for passage in passages}
    forms = {form for quote in quotes for form in (quote, html.escape(quote), json.dumps(quote)[1:-1])}
    return any(form in text for text in _texts(data) for form in forms)


def _names(data: bytes, ids: Iterable[str]) -> bool:
    """One of these ids stands alone in these bytes."""
    patterns = [re.compile(rf"(?<![\w-]){re.escape(name)}(?![\w-])") for name in ids]
    return any(pattern.search(text) for text in _texts(data) for pattern in patterns)


def _texts(data: bytes) -> Iterator[str]:
    """The bytes as text, those of an archive part by part."""
    if data.startswith(b"PK\x03\x04"):
        try:
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                parts = [archive.read(part) for part in archive.infolist()]
        except (zipfile.BadZipFile, RuntimeError, NotImplementedError):
            parts = []
        yield from (part.decode("utf-8", "replace") for part in parts)
    else:
        try:
            yield decode(data).text
        except UnreadableError:
            yield data.decode("utf-8", "replace")


def _files_of(folders: Iterable[Path]) -> list[Path]:
    files: list[Path] = []
    for folder in folders:
        if folder.is_file():
            files.append(folder)
        files += sorted(path for path in folder.rglob("*") if path.is_file() and path.name != TRAINING_TEXTS)
    return files


def _models_of(folders: Iterable[Path]) -> list[Path]:
    return sorted(path.parent for folder in folders for path in folder.rglob(TRAINING_TEXTS))


def _put(path: Path, content: bytes) -> None:
    """Write beside, then put in place: an interruption leaves the old file or the new one."""
    handle, temporary = tempfile.mkstemp(prefix=".tensions-", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
        Path(temporary).chmod(path.stat().st_mode & 0o777 if path.exists() else PRIVATE)
        os.replace(temporary, path)
    finally:
        Path(temporary).unlink(missing_ok=True)
