"""`tensions corpus check`: a linter of corpora, and the corrected copy that `--fix` writes."""

import shutil
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from tensions_cli.commands.common import progress_bar, protect_inputs, say
from tensions_cli.confidentiality.identifiers import find_identifiers
from tensions_cli.corpus.check import Corpus, check
from tensions_cli.corpus.fix import copies, left_out
from tensions_cli.corpus.metadata import join, metadata_tables
from tensions_cli.corpus.persons import Persons, find_persons, load_all_persons
from tensions_cli.corpus.sources import STDIN, Found, find_files
from tensions_cli.errors import ExitStatus, TensionsError
from tensions_cli.knowledge.corpus_rules import Finding, Severity
from tensions_cli.one_file import MIN_FRENCH_SHARE
from tensions_cli.output.findings import findings_row, print_findings
from tensions_cli.output.french import plural, printable
from tensions_cli.output.rows import to_json
from tensions_cli.output.sink import folder_output, text_output
from tensions_cli.output.terminal import console, file_console
from tensions_cli.pipeline import Options, Progress, prepare, read_documents
from tensions_cli.records import Document

FORMATS = ("table", "json")

# Names listed when a copy leaves files out; beyond, only their number.
_LISTED = 10


def run(
    sources: list[str],
    options: Options,
    form: str,
    output: Path | None,
    *,
    fix: Path | None,
    quiet: bool,
) -> ExitStatus:
    """Check and present, write the copy if asked; the status tells whether there is an error."""
    if STDIN in sources:
        raise TensionsError(
            "corpus check ne lit pas l’entrée standard",
            why="les défauts se disent par fichier et par ligne",
            hint="enregistrez le texte dans un fichier, puis donnez son nom",
        )
    protect_inputs(output, sources)
    if fix is not None:
        _check_folder(fix, sources)
    with progress_bar(quiet=quiet) as progress:
        corpus = read_corpus(find_files(sources), options, progress)
        findings = check(corpus, _identifiers, MIN_FRENCH_SHARE)
    _present(findings, form, output)
    if fix is not None:
        _write_copy(fix, corpus, findings, quiet=quiet)
    wrong = any(one.severity is Severity.ERROR for one in findings)
    return ExitStatus.CHECK_FAILED if wrong else ExitStatus.DONE


def _identifiers(text: str) -> Iterator[tuple[int, int, str]]:
    """What surely identifies somebody; doubts are for `tensions corpus pseudonymise` and its list to read."""
    for found in find_identifiers(text):
        if found.sure and not found.kept:
            yield found.start, found.end, found.category


def _present(findings: Sequence[Finding], form: str, output: Path | None) -> None:
    if form == "table" and output is None:
        print_findings(findings, console())
        return
    with text_output(output) as stream:
        if form == "json":
            stream.write(to_json(findings_row(findings), indent=1) + "\n")
        else:
            print_findings(findings, file_console(stream))


def read_corpus(found: Found, options: Options, progress: Progress) -> Corpus:
    """Every document with its turns and metadata, in any language; tables that cannot be read are left to the check."""
    persons = _persons(found)
    documents, skipped = read_documents(found, options, progress)
    as_they_are = replace(options, any_language=True, repair=False)
    prepared = []
    for done, document in enumerate(_with_metadata(documents, found)):
        progress("vérification", done, len(documents))
        ready = prepare(document, as_they_are, persons or Persons())
        # Several ids may be one in the metadata: that is for the check to say.
        prepared.append(replace(ready or document, id=documents[done].id))
    return Corpus(found, tuple(prepared), tuple(skipped), persons)


def _persons(found: Found) -> Persons | None:
    try:
        return load_all_persons(find_persons(found))
    except TensionsError:
        return None


def _with_metadata(documents: Sequence[Document], found: Found) -> Sequence[Document]:
    """Documents with what their row says (TXM names interviewers there), or without when the table is no good."""
    try:
        return join(documents, metadata_tables(found)).documents
    except TensionsError:
        return documents


def _check_folder(fix: Path, sources: Sequence[str]) -> None:
    """Refuse a copy that would land among the texts; a folder that is not empty is refused when it is written."""
    target = fix.resolve()
    inside = any(target == Path(one).resolve() or Path(one).resolve() in target.parents for one in sources)
    occupied = target.exists() and not (target.is_dir() and not any(target.iterdir()))
    if inside or occupied:
        raise TensionsError(
            f"la copie corrigée ne peut pas être écrite dans {fix.name}",
            why="ce dossier est dans le corpus" if inside else "il existe déjà et n’est pas vide",
            hint="donnez à --fix un dossier nouveau, hors du corpus",
        )


def _write_copy(fix: Path, corpus: Corpus, findings: Sequence[Finding], *, quiet: bool) -> None:
    written = changed = 0
    with folder_output(fix) as folder:
        for name, content in copies(corpus, findings):
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            if isinstance(content, bytes):
                target.write_bytes(content)
                changed += 1
            else:
                shutil.copyfile(content, target)
            written += 1
    say(f"Copie corrigée\u00a0: {plural(written, 'fichier')}, dont {plural(changed, 'corrigé')}.", quiet=quiet)
    out = left_out(findings)
    if out:
        more = f" et {len(out) - _LISTED} autres" if len(out) > _LISTED else ""
        names = ", ".join(map(printable, out[:_LISTED]))
        say(f"Non copiés ({len(out)})\u00a0: {names}{more}.", quiet=quiet)
