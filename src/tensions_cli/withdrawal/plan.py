"""What a withdrawal does to each file, then doing it.

Nothing is touched while planning. Rows and lines are taken out of the files that hold several texts; a file that
holds one text is deleted; what was computed from it is listed, to be made again from what remains.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

from tensions_cli.corpus.metadata import FILE_NAME as METADATA_FILE
from tensions_cli.corpus.metadata import load_metadata
from tensions_cli.corpus.persons import Persons, find_persons, load_all_persons, load_persons, persons_of
from tensions_cli.corpus.segment import segment
from tensions_cli.corpus.sources import Found, SourceFile, companion_tables, find_files, without_extension
from tensions_cli.corpus.speaker_labels import label_key
from tensions_cli.corpus.twins import find_twins
from tensions_cli.errors import TensionsError, UnreadableError
from tensions_cli.files.encoding import decode, with_lines
from tensions_cli.output.corpora import clean_txt
from tensions_cli.output.sink import PRIVATE, binary_output
from tensions_cli.pipeline import Options, read_documents
from tensions_cli.records import Document, Role, Turn, Zone, ZoneKind
from tensions_cli.training.seen import FILE as TRAINING_TEXTS
from tensions_cli.training.seen import seen_in_training
from tensions_cli.withdrawal.rows import FileRow, holds_rows, rows_of, rows_of_texts, without_rows
from tensions_cli.withdrawal.traces import QUOTED, names, quotes

_SUMMARY = b"by_"  # how the columns of a summary begin: its rows are counts of the whole
_IN_LINES = ("iramuteq", "lexico")  # corpora of one file, each text of which takes whole lines


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

    Raises TensionsError when nobody and nothing bears that name, or when a file of codes or of results is missing.
    """
    for path in (*codes, *outputs):
        if not path.exists():
            raise TensionsError(
                f"{path.name} est introuvable",
                why="aucun fichier ni dossier ne porte ce nom",
                hint="vérifiez le chemin donné à --codes ou à --outputs",
            )
    found = find_files(sources)
    persons = load_all_persons(find_persons(found))
    documents = read_documents(found, options, persons)
    leaving = _renumbered(_who_leaves(name, documents, persons), documents)
    said_by_others = {text for document in documents for text in _passages_of(document, leaving, leave=False)}
    gone = (text for document in documents for text in _passages_of(document, leaving, leave=True))
    passages = tuple(text for text in gone if text not in said_by_others)
    results = [*codes, *_files_of(outputs)]
    copies = [path for path in results if path.suffix == ".txt" and _quoting(path, passages)]
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
            if skipped.reason in ("backup", "hidden") and path.is_file() and _quoting(path, passages):
                yield Step(path, Action.DELETE, "copie de sauvegarde du texte retiré")
    unfinished = any(step.action is Action.BY_HAND for step in steps)
    for path in filter(Path.is_file, companion_tables(found)):
        step = _table_step(path, leaving, documents)
        # Without its row, a text that is still there could no longer be found by the name of the person.
        later = "ses lignes restent tant que ce qui précède n’est pas fait : relancez ensuite la même commande"
        if step is not None:
            yield Step(path, Action.BY_HAND, later) if unfinished else step


def _retrain(folder: Path) -> Step:
    return Step(folder, Action.REDO, "ce modèle a appris des passages retirés : entraînez-le de nouveau")


def carry_out(plan: Plan) -> None:
    """Write what is written again, then delete. Raises TensionsError when a file cannot be changed."""
    for step in plan.steps:
        try:
            if step.action in (Action.REWRITE, Action.REPLACE) and step.content is not None:
                target = step.target or step.path
                with binary_output(target, target.stat().st_mode & 0o777 if target.exists() else PRIVATE) as stream:
                    stream.write(step.content)
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
        _quoting(path, plan.passages) for path in plan.checked if path.is_file()
    )


def _quoting(path: Path, passages: Sequence[str]) -> bool:
    """A file quotes a withdrawn text; what cannot be searched is told where results are."""
    try:
        return quotes(path.read_bytes(), passages)
    except UnreadableError:
        return False


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
        if (document.id in leaving.documents or theirs) is leave and len(passage.text) >= QUOTED:
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
        yield _without_texts(file, documents, gone)
    for document in documents:
        if document.id in leaving.speakers:
            yield _without_speakers(file, document, leaving.speakers[document.id], alone=len(documents) == 1)


def _without_texts(file: SourceFile, documents: Sequence[Document], gone: Sequence[Document]) -> Step:
    """A file of several texts without some of them."""
    by_hand = Step(file.path, Action.BY_HAND, "ce fichier tient plusieurs textes : retirez celui-ci vous-même")
    data = file.path.read_bytes()
    if holds_rows(file.path):
        rows = rows_of_texts(rows_of(file.path, decode(data).text), [document.text for document in documents])
        if rows is None:
            return by_hand
        return _cut(file.path, data, [row for row, one in zip(rows, documents, strict=True) if one in gone])
    if any(document.format not in _IN_LINES for document in gone):
        return by_hand
    text = decode(data).text
    lost: dict[int, None] = {}
    for document in gone:
        start = text.find(document.text)
        if text.count(document.text) != 1 or (start and text[start - 1] != "\n"):  # where it stands would be a guess
            return by_hand
        first = text.count("\n", 0, start)
        lost |= dict.fromkeys(range(first, first + len(document.text.removesuffix("\n").split("\n"))))
    return Step(file.path, Action.REWRITE, _fewer(len(gone), "texte"), with_lines(data, lost))


def _cut(path: Path, data: bytes, rows: Sequence[FileRow]) -> Step:
    return Step(path, Action.REWRITE, _fewer(len(rows), "ligne"), without_rows(data, rows))


def _fewer(count: int, what: str) -> str:
    return f"{count} {what}{'s' if count > 1 else ''} en moins"


def _without_speakers(file: SourceFile, document: Document, labels: frozenset[str], *, alone: bool) -> Step:
    """An interview without the turns of someone.

    In a plain text they become blanks, so that the passages of the others stay where they are. No other format can be
    cut safely: the interview becomes a plain text.
    """
    if not alone:
        return Step(file.path, Action.BY_HAND, "ce fichier tient plusieurs entretiens : retirez ces tours vous-même")
    removed = [turn for turn in document.turns if turn.speaker is not None and label_key(turn.speaker) in labels]
    if document.format == "txt":
        before, after = document.text.split("\n"), _blanked(document, removed).split("\n")
        changes = {at: line for at, line in enumerate(after) if line != before[at]}
        content = with_lines(file.path.read_bytes(), changes)
        return Step(file.path, Action.REWRITE, f"{len(removed)} tours effacés, les autres gardent leur place", content)
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


def _table_step(path: Path, leaving: _Leaving, documents: Sequence[Document]) -> Step | None:
    """`metadata.csv` or `speakers.csv` without the rows that describe who leaves; None when they all stay."""
    told = _described if path.name == METADATA_FILE else _speaking
    lines = told(path, leaving, documents)
    data = path.read_bytes()
    rows = [row for row in rows_of(path, decode(data).text) if row.lines.start + 1 in lines]
    return _cut(path, data, rows) if rows else None


def _described(path: Path, leaving: _Leaving, documents: Sequence[Document]) -> set[int]:
    """Lines of `metadata.csv` that describe a text that leaves, and none that stays."""
    going = [document for document in documents if document.id in leaving.documents]
    staying = [document for document in documents if document.id not in leaving.documents]
    return {
        row.line
        for row in load_metadata(path).rows
        if any(_is_named(row.id or row.key, one) or _is_named(row.key, one) for one in going)
        and not any(_is_named(row.key, one) for one in staying)
    }


def _speaking(path: Path, leaving: _Leaving, documents: Sequence[Document]) -> set[int]:
    """Lines of `speakers.csv` that describe who leaves; a row for every text stays, unless it names the person."""
    lines: set[int] = set()
    for row in load_persons(path).rows:
        named = [document for document in documents if row.document and _is_named(row.document, document)]
        heard = any(label_key(row.label) in leaving.speakers.get(document.id, frozenset()) for document in named)
        gone = bool(named) and all(document.id in leaving.documents for document in named)
        if heard or gone or (leaving.person is not None and row.person.code == leaving.person):
            lines.add(row.line)
    return lines


def _is_named(name: str, document: Document) -> bool:
    """A table names a document by its id or its path, whole or from the end, without extension."""
    wanted = without_extension(name)
    known = (document.id, without_extension(document.id), without_extension(document.source))
    return any(one == wanted or one.endswith(f"/{wanted}") for one in known)


def _result_steps(path: Path, leaving: _Leaving, passages: Sequence[str]) -> Iterator[Step]:
    """A file of codes or of passages loses its rows; what was counted from them is to be made again."""
    try:
        data = path.read_bytes()
        if holds_rows(path) and not data.startswith(_SUMMARY):
            rows = rows_of(path, decode(data).text)
            gone = [row for row in rows if _leaves(row.cells, leaving, passages)]
            if gone:
                step = _cut(path, data, gone)
                yield step
                data = step.content or b""
            if any(_document_of(row.cells) in leaving.renumbered for row in rows):
                said = "des textes qui suivent changent de numéro : rattachez leurs codes par le texte"
                yield Step(path, Action.BY_HAND, said)
            elif quotes(data, passages):
                yield _again(path)
        elif quotes(data, passages) or names(data, {*leaving.documents, *leaving.speakers}):
            yield _again(path)
    except UnreadableError:
        if path.suffix.lower() not in _PICTURES:
            said = "ce fichier n’a pas pu être fouillé : refaites-le, ou assurez-vous qu’il ne contient rien"
            yield Step(path, Action.REDO, said)


_PICTURES = (".png", ".jpg", ".jpeg", ".webp")


def _again(path: Path) -> Step:
    return Step(path, Action.REDO, "ce résultat tient compte de ce qui est retiré : refaites-le, puis effacez-le")


def _document_of(cells: Mapping[str, str]) -> str:
    return cells.get("document") or cells.get("id", "").partition("#")[0]


def _leaves(cells: Mapping[str, str], leaving: _Leaving, passages: Sequence[str]) -> bool:
    """A row of codes or of passages is of a text or of a speaker who leaves, by its document, its label or its text."""
    document, text = _document_of(cells), cells.get("text", "")
    labels = leaving.speakers.get(document, frozenset())
    opens = bool(labels) and text.startswith(tuple(passage[:QUOTED] for passage in passages))
    return document in leaving.documents or text in passages or label_key(cells.get("speaker", "")) in labels or opens


def _files_of(folders: Iterable[Path]) -> list[Path]:
    files: list[Path] = []
    for folder in folders:
        if folder.is_file():
            files.append(folder)
        files += sorted(path for path in folder.rglob("*") if path.is_file() and path.name != TRAINING_TEXTS)
    return files


def _models_of(folders: Iterable[Path]) -> list[Path]:
    return sorted(path.parent for folder in folders for path in folder.rglob(TRAINING_TEXTS))
