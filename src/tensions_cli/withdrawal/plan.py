"""What a withdrawal does to each file, then doing it.

Nothing is touched while planning. Rows and lines are taken out of the files that hold several texts; a file that
holds one text is deleted; what was computed from it is listed, to be made again from what remains.
"""

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from tensions_cli.corpus.metadata import join, metadata_tables
from tensions_cli.corpus.persons import find_persons, load_all_persons
from tensions_cli.corpus.segment import segment
from tensions_cli.corpus.sources import STDIN, Found, companion_tables, find_files, without_extension
from tensions_cli.errors import TensionsError, UnreadableError
from tensions_cli.output.sink import PRIVATE, binary_output
from tensions_cli.pipeline import Options, prepare, read_documents
from tensions_cli.records import Document
from tensions_cli.withdrawal.leaving import Leaving, blanked, mentions, turns_of, who_leaves
from tensions_cli.withdrawal.results import model_steps, result_files, result_steps
from tensions_cli.withdrawal.sources import beside_steps, table_steps, text_steps
from tensions_cli.withdrawal.steps import LEFT_TO_PEOPLE, Action, Step, by_hand
from tensions_cli.withdrawal.traces import Traces, is_only, quotes, traces_of


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that a withdrawal does, to the corpus and to what was made of it.

    `documents`: how many leave whole. `interviews`: how many lose the turns of somebody. `traces`: the words that
    must not be found afterwards, never shown. `checked`: the files where they are looked for. `mentions`: how often
    what stays of an interview says the label of who leaves.
    """

    corpus: tuple[Step, ...]
    results: tuple[Step, ...]
    documents: int
    interviews: int
    traces: Traces
    checked: tuple[Path, ...]
    mentions: int

    @property
    def steps(self) -> tuple[Step, ...]:
        """Every step, as the receipt tells them."""
        return (*self.corpus, *self.results)


def plan_withdrawal(name: str, sources: Sequence[str], codes: Sequence[Path], outputs: Sequence[Path]) -> Plan:
    """What taking `name` out would do. `name`: a document, `document:speaker`, or a person of `speakers.csv`.

    Raises TensionsError when nobody and nothing bears that name, or when a file of codes or of results is missing.
    """
    _check_paths(sources, [*codes, *outputs])
    found = find_files(sources)
    _refuse_same_names(found)
    persons = load_all_persons(find_persons(found))
    tables = metadata_tables(found)
    options = Options(any_language=True)
    read, unread = read_documents(found, options)
    prepared = (prepare(document, options, persons) for document in join(read, tables).documents)
    documents = [document for document in prepared if document is not None]
    described = {row.id or without_extension(row.key) for table in tables for row in table.rows}
    described |= {row.document for row in persons.rows if row.document}
    leaving = who_leaves(name, documents, persons, described)
    traces = traces_of(_said(documents, leaving), _kept(documents, leaving))
    of_corpus = _files_of_corpus(found, documents)
    apart = {path.resolve() for path in of_corpus}
    results = [path for path in result_files([*codes, *outputs]) if path.resolve() not in apart]
    texts = list(text_steps(found, documents, unread, leaving))
    unfinished = any(step.action is Action.BY_HAND and step.path in of_corpus for step in texts)
    folders = [Path(source) for source in sources if Path(source).is_dir()]
    corpus = [
        *texts,
        *_nearly_the_same(found, documents, leaving),
        *beside_steps(folders, [*of_corpus, *results], documents, leaving, traces),
        *table_steps(found, documents, leaving, unfinished=unfinished),
    ]
    made = [
        *result_steps(results, documents, leaving, traces),
        *model_steps([*codes, *outputs], _learnt(documents, leaving, traces)),
    ]
    steps = [*corpus, *made]
    to_do = {step.path for step in steps if step.action in LEFT_TO_PEOPLE}
    written = [step.target or step.path for step in steps if step.content is not None]
    return Plan(
        tuple(corpus),
        tuple(made),
        documents=len(leaving.documents),
        interviews=len(leaving.speakers),
        traces=traces,
        checked=tuple(path for path in dict.fromkeys([*written, *results]) if path not in to_do),
        mentions=sum(mentions(document, leaving) for document in documents),
    )


def carry_out(plan: Plan) -> None:
    """Write what is written again, then delete. Raises TensionsError when a file cannot be changed.

    Results first, then the texts, then their tables: while a text and its rows are there, its name is found, so that
    the same command takes up a withdrawal that was cut short.
    """
    steps = [step for step in (*plan.results, *plan.corpus) if step.action not in LEFT_TO_PEOPLE]
    closed = [step.path for step in steps if not os.access(_folder(step), os.W_OK)]
    if closed:
        raise _stopped("le retrait ne peut pas être fait, rien n’a été touché", closed[0])
    for step in steps:
        try:
            if step.content is not None:
                target = step.target or step.path
                with binary_output(target, target.stat().st_mode & 0o777 if target.exists() else PRIVATE) as stream:
                    stream.write(step.content)
            if step.action in (Action.DELETE, Action.REPLACE):
                step.path.unlink()
        except OSError as error:
            raise _stopped("le retrait s’est arrêté avant la fin", step.path) from error


def _folder(step: Step) -> Path:
    """The folder that changes: through a link, the file it leads to is written again, and the link is deleted."""
    return step.path.parent if step.action is Action.DELETE else (step.target or step.path.resolve()).parent


def remains(plan: Plan) -> int:
    """How many files still hold a withdrawn text once the plan is carried out, those left to people apart."""
    deleted = [step.path for step in plan.steps if step.action in (Action.DELETE, Action.REPLACE)]
    return sum(path.exists() for path in deleted) + sum(_is_quoting(path, plan.traces) for path in plan.checked)


def _is_quoting(path: Path, traces: Traces) -> bool:
    """The file still quotes a withdrawn text, or cannot be read any more."""
    try:
        return quotes(path.read_bytes(), traces)
    except (UnreadableError, OSError):
        return True


def _stopped(what: str, path: Path) -> TensionsError:
    return TensionsError(
        what,
        why=f"{path.name} ne peut pas être modifié",
        hint="donnez-vous le droit d’écrire dans ce dossier, puis relancez la même commande\u00a0: elle reprend",
    )


# --- what is refused -----------------------------------------------------------------------------------


def _check_paths(sources: Sequence[str], results: Sequence[Path]) -> None:
    if STDIN in sources:
        raise TensionsError(
            "corpus withdraw ne lit pas l’entrée standard",
            why="un retrait change des fichiers",
            hint="donnez à --from le dossier du corpus",
        )
    for path in results:
        if not path.exists():
            raise TensionsError(
                f"{path.name} est introuvable",
                why="aucun fichier ni dossier ne porte ce nom",
                hint="vérifiez le chemin donné à --codes ou à --outputs",
            )


def _refuse_same_names(found: Found) -> None:
    """Texts are told apart by the path of their file in its source: two sources may have the same one."""
    twice = [name for name, n in Counter(file.name for file in found.files).items() if n > 1]
    if twice:
        raise TensionsError(
            "le retrait ne peut pas être fait dans toutes ces sources à la fois",
            why=f"deux fichiers y portent le même nom\u00a0: {twice[0]}",
            hint="donnez à --from le dossier qui les contient tous, ou une source à la fois",
        )


# --- what leaves, what stays -----------------------------------------------------------------------------


def _said(documents: Sequence[Document], leaving: Leaving) -> Iterator[str]:
    """The texts that leave: whole documents, and the turns of speakers."""
    for document in documents:
        if document.id in leaving.documents:
            yield document.text
        for turn in turns_of(document, leaving.speakers.get(document.id, frozenset())):
            yield document.text[turn.start : turn.end]


def _kept(documents: Sequence[Document], leaving: Leaving) -> Iterator[str]:
    """The texts that stay."""
    for document in documents:
        if document.id not in leaving.documents:
            yield blanked(document, turns_of(document, leaving.speakers.get(document.id, frozenset())))


def _learnt(documents: Sequence[Document], leaving: Leaving, traces: Traces) -> list[str]:
    """The passages that leave, as a model may have learnt them: those that nobody who stays says."""
    touched = [document for document in documents if leaving.touches(document)]
    passages = (passage.text for document in touched for passage in segment(document, keep_interviewer=True))
    return [text for text in passages if is_only(text, traces)]


def _files_of_corpus(found: Found, documents: Sequence[Document]) -> list[Path]:
    """The files that hold the texts, archives included, and the tables that describe them."""
    sources = {document.source for document in documents}
    names = sources | {str(folder) for source in sources for folder in PurePosixPath(source).parents}
    tables = [path for path in companion_tables(found) if path.suffix == ".csv"]
    return [*(file.path for file in found.files if file.name in names), *tables]


def _nearly_the_same(found: Found, documents: Sequence[Document], leaving: Leaving) -> Iterator[Step]:
    """Texts under another name that say nearly the same: a former version of what leaves, or somebody else’s form."""
    alike = {document.source for document in documents if document.id in leaving.alike}
    for file in found.files:
        if file.name in alike:
            said = "presque le même texte que celui qui est retiré\u00a0: si c’en est une copie, retirez-la aussi"
            yield by_hand(file.path, said)
