"""`tensions coding annotate`: passages coded in the terminal; every decision is on disk before the next key."""

import contextlib
import os
import shlex
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from tensions_cli.coding.annotation import SOMEBODY
from tensions_cli.coding.coded_rows import coded_row, codes_of, is_by_machine, loses, parse_rows, passage_of
from tensions_cli.coding.session import ASKED, begin, press
from tensions_cli.commands import keyboard
from tensions_cli.commands.common import choice, print_error
from tensions_cli.errors import ExitStatus, TensionsError
from tensions_cli.knowledge.codebook import codebook, label_of, load_codebook, use_codebook
from tensions_cli.output.annotate import draw
from tensions_cli.output.french import integer, plural, printable
from tensions_cli.output.rows import to_json
from tensions_cli.output.sink import PRIVATE, check_output, reason_of
from tensions_cli.records import CodingSession, PassageCodes

SUFFIX = ".codes.jsonl"
MAX_BYTES = 200_000_000  # a file of passages to code by hand is a thousand times smaller


@dataclass(slots=True)
class _Work:
    """The rows being coded, and the file that receives them.

    `first`: the codes that each row came with. `known`: ids that the output already holds. `others`: its rows that are
    not in the file being coded. `latest`: the codes to write; `written`: those that are on disk. `failure`: why not.
    """

    rows: Sequence[Mapping[str, Any]]
    others: Sequence[Mapping[str, Any]]
    known: frozenset[str]
    first: tuple[PassageCodes, ...]
    latest: tuple[PassageCodes, ...]
    written: tuple[PassageCodes, ...]
    coder: str | None
    output: Path
    lines: dict[int, tuple[PassageCodes, str]] = field(default_factory=dict)
    failure: OSError | None = None


def run(
    file: Path, output: Path | None, coder: str | None, book: Path | None, asked: str, *, show_proposal: bool
) -> ExitStatus:
    """Code the passages of a file until `q`; the codes are written after each key that changes them.

    Raises TensionsError off a terminal, for a file that cannot be coded, and for codes that another window is writing.
    """
    if book is not None:
        use_codebook(load_codebook(book))
    wanted = [name.strip() for name in asked.split(",") if name.strip()]
    for name in wanted:
        choice("--ask", name, ASKED)
    rows = parse_rows(_read(file), printable(file.name))
    _check_terminal()
    codes = output or _beside(file)
    if codes.resolve() != file.resolve():
        check_output(codes, [file], [])
    with _alone(codes):
        work = _begin(rows, file, codes, coder)
        passages = [passage_of(row) for row in work.rows]
        session = begin(passages, work.first, wanted, show_proposal=show_proposal)
        options = {"-o": output, "--coder": coder, "--codebook": book, "--ask": None if asked == "relation" else asked}
        return _code(session, work, _command(file, options, show_proposal=show_proposal))


def _beside(file: Path) -> Path:
    """`a_coder.codes.jsonl` for `a_coder.jsonl`; a file of that name goes on receiving its own codes."""
    return file if file.name.endswith(SUFFIX) else file.with_name(file.name.removesuffix(".jsonl") + SUFFIX)


def _command(file: Path, options: Mapping[str, object], *, show_proposal: bool) -> str:
    """What to type to go on, with the names as they were typed."""
    typed = [str(file), *(part for name, value in options.items() if value is not None for part in (name, str(value)))]
    shown = ["--show-proposal"] if show_proposal else []
    return printable(shlex.join(["tensions", "coding", "annotate", *typed, *shown]))


def _read(file: Path) -> bytes:
    try:
        if not file.is_file() or file.stat().st_size > MAX_BYTES:
            raise OSError
        return file.read_bytes()
    except OSError as error:
        raise TensionsError(
            f"{printable(file.name)} ne se lit pas",
            why="le fichier n’existe pas, ne peut pas être ouvert, ou n’est pas un fichier de passages",
            hint="tensions coding sample SOURCES -n 200 -o a_coder.jsonl tire des passages à coder",
        ) from error


def _check_terminal() -> None:
    # A stream is None where it was closed before the start.
    if not all(stream is not None and stream.isatty() for stream in (sys.stdin, sys.stdout)):
        raise TensionsError(
            "tensions coding annotate se fait au clavier, dans un terminal",
            why="l’entrée ou la sortie de la commande n’est pas un terminal",
            hint="lancez-la seule dans un terminal, ou codez dans un tableur\u00a0: "
            "tensions coding sample SOURCES -o a_coder.xlsx",
        )


# What is coded, and what already was


def _begin(rows: Sequence[dict[str, Any]], file: Path, output: Path, coder: str | None) -> _Work:
    """The rows of the file, each with the codes that the output already has for it."""
    named = None if coder is None else f"codeur {coder.strip().removeprefix('codeur ')}"
    kept: list[dict[str, Any]] = []
    if output.exists() and output.resolve() != file.resolve():
        kept = parse_rows(_read(output), printable(output.name))
    coded = {row["id"]: row for row in kept}
    for row in rows:
        known = coded.get(row["id"])
        if known is not None and known["text"] != row["text"]:
            raise TensionsError(
                f"{printable(output.name)} tient les codes d’un autre tirage",
                why="un même identifiant y porte un autre texte que dans le fichier à coder",
                hint="donnez un autre fichier de codes\u00a0: -o NOM.codes.jsonl",
            )
    merged = [coded.get(row["id"], row) for row in rows]
    for number, row in enumerate(merged, 1):
        if loses(row):
            raise TensionsError(
                f"le passage {number} porte des codes que la grille «\u00a0{codebook().title}\u00a0» ne permet pas",
                why="sa relation, une posture ou un axe ne va pas avec ses logiques, ou n’est pas de cette grille",
                hint="donnez la grille qui a servi, --codebook DOSSIER, ou corrigez ce passage dans le fichier",
            )
    ids = {row["id"] for row in rows}
    first = tuple(codes_of(row) for row in merged)
    return _Work(
        rows=merged,
        others=[row for row in kept if row["id"] not in ids],
        known=frozenset(ids if output.resolve() == file.resolve() else coded),
        first=first,
        latest=first,
        written=first,
        coder=named,
        output=output.resolve(),
    )


def _line(work: _Work, rank: int, codes: PassageCodes) -> str:
    """One row of the output, as it came where nothing has changed; nothing for a passage that was only read."""
    row = work.rows[rank]
    if codes == work.first[rank]:
        return to_json(row) + "\n" if row["id"] in work.known else ""
    who = "" if is_by_machine(row) else str(row.get("coder") or row.get("author") or "")
    return to_json(coded_row(row, codes, work.coder or who or SOMEBODY)) + "\n"


# On disk


@contextmanager
def _alone(output: Path) -> Iterator[None]:
    """Nobody else writes these codes meanwhile: two windows would take turns to erase each other's work.

    The lock is the system's: it goes with the process, whatever ends it.
    """
    target = output.resolve()
    lock = target.with_name(f".{target.name}.lock")
    try:
        descriptor = os.open(lock, os.O_RDWR | os.O_CREAT, PRIVATE)
    except OSError as error:
        raise _unwritable(output, error) from error
    try:
        if not _locked(descriptor) or not _still_there(lock, descriptor):
            raise TensionsError(
                f"{printable(output.name)} est déjà ouvert dans une autre fenêtre",
                why="un autre tensions coding annotate y écrit\u00a0: l’un effacerait les codes de l’autre",
                hint="fermez-la, ou continuez là-bas\u00a0; pour coder à part\u00a0: -o AUTRE.codes.jsonl",
            )
        yield
        with contextlib.suppress(OSError):
            lock.unlink()
    finally:
        os.close(descriptor)


def _still_there(lock: Path, descriptor: int) -> bool:
    """False where a session that was ending took the file away between its opening and its locking."""
    try:
        return os.path.samestat(os.stat(lock), os.fstat(descriptor))
    except OSError:
        return False


if sys.platform == "win32":
    import msvcrt

    def _locked(descriptor: int) -> bool:
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

else:
    import fcntl

    def _locked(descriptor: int) -> bool:
        """False where another process holds the lock; a disk that knows no lock does not keep anyone from coding."""
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        except OSError:
            return True
        return True


def _save(work: _Work) -> None:
    """Put the codes on disk if they have changed; a refusal is kept, to be shown and tried again."""
    if work.latest == work.written:
        work.failure = None
        return
    try:
        _write(work.output, _content(work))
    except OSError as error:
        work.failure = error
    else:
        work.written, work.failure = work.latest, None


def _content(work: _Work) -> bytes:
    for rank, codes in enumerate(work.latest):
        known = work.lines.get(rank)
        if known is None or known[0] != codes:
            work.lines[rank] = (codes, _line(work, rank, codes))
    lines = [work.lines[rank][1] for rank in range(len(work.latest))]
    return "".join([*lines, *(to_json(row) + "\n" for row in work.others)]).encode("utf-8")


def _write(target: Path, content: bytes) -> None:
    """The whole file or the former one, even if the machine stops. Always the same temporary name, under the lock:
    what a killed process leaves behind is replaced by the next one."""
    temporary = target.with_name(f".{target.name}.tmp")
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_NOFOLLOW", 0), PRIVATE)
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(temporary, target)
    except OSError:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise
    if sys.platform != "win32":
        with contextlib.suppress(OSError):
            folder = os.open(target.parent, os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)


def _unwritable(output: Path, error: OSError) -> TensionsError:
    return TensionsError(
        f"impossible d’écrire {printable(output.name)}",
        why=reason_of(error),
        hint="vérifiez le dossier et la place sur le disque, ou donnez un autre fichier\u00a0: -o AUTRE.codes.jsonl",
    )


# The session


def _code(session: CodingSession, work: _Work, command: str) -> ExitStatus:
    interrupted = False
    try:
        with keyboard.listening() as terminal:
            session = _listen(session, work, terminal)
    except KeyboardInterrupt:
        interrupted = True
        _save(work)  # the interruption may have cut a writing short
    try:
        return _leave(work, command, interrupted=interrupted)
    except OSError:  # the terminal is gone
        nowhere = os.open(os.devnull, os.O_WRONLY)
        for stream in (sys.stdout, sys.stderr):
            os.dup2(nowhere, stream.fileno())
        return ExitStatus.INTERRUPTED


def _listen(session: CodingSession, work: _Work, terminal: keyboard.Terminal) -> CodingSession:
    """Draw, wait for a key, decide, write; until `q`, twice if codes could not be written."""
    top: int | None = None
    warned = False
    while True:
        columns, lines = keyboard.size()
        screen = draw(session, columns, lines, top=top, warning=_warning(work, leaving=warned))
        terminal.show(screen.text)
        top = None if top is None else screen.top
        for key in terminal.struck():
            moved = _scrolled(session.mode, key, screen.top if top is None else top, screen.page)
            if moved is not None:
                top = moved
                continue
            after = press(session, key)
            if _place(after) != _place(session):
                top = None
            session, work.latest = after, after.codes
            if session.mode == "quit":
                break
        _save(work)
        if session.mode == "quit":
            if work.failure is None or warned:
                return session
            session, warned = replace(session, mode="code"), True
        else:
            warned = False


def _place(session: CodingSession) -> tuple[int, str, str, int]:
    """What the text on screen depends on; elsewhere, it is shown from its best place again."""
    return session.at, session.mode, session.draft, session.focus


def _scrolled(mode: str, key: str, top: int, page: int) -> int | None:
    """The first line shown after a key that scrolls; None for a key that does something else."""
    steps = {"pageup": -page, "pagedown": page}
    if mode != "axes":
        steps |= {"up": -1, "down": 1}
    if mode in ("code", "stance"):
        steps[" "] = max(page - 1, 1)
    return max(top + steps[key], 0) if key in steps else None


def _warning(work: _Work, *, leaving: bool) -> str:
    if work.failure is None:
        return ""
    why = reason_of(work.failure)
    if leaving:
        return f"Toujours pas enregistré ({why}). Libérez la place, ou q encore une fois pour partir sans ces codes."
    return f"Pas enregistré\u00a0: {why}. Vos codes sont gardés ici, nouvel essai à chaque touche."


def _leave(work: _Work, command: str, *, interrupted: bool) -> ExitStatus:
    """What is done, what is left, where the codes are, what to type next."""
    if work.failure is not None:
        lost = sum(one != two for one, two in zip(work.latest, work.written, strict=True))
        print_error(
            TensionsError(
                f"les codes de {plural(lost, 'passage n’ont', 'passages n’ont')} pas pu être écrits dans "
                f"{printable(work.output.name)}",
                why=f"{reason_of(work.failure)}\u00a0; les codes d’avant y sont toujours",
                hint=f"libérez la place ou changez de dossier, puis {command} (ou -o AUTRE.codes.jsonl)",
            )
        )
        return ExitStatus.UNUSABLE_INPUT
    print("\n".join(_summary(work, command)), file=sys.stderr, flush=True)
    return ExitStatus.INTERRUPTED if interrupted else ExitStatus.DONE


def _summary(work: _Work, command: str) -> list[str]:
    finished = [codes for codes in work.latest if codes.finished]
    begun = sum(not codes.finished and codes != PassageCodes() for codes in work.latest)
    flagged = sum(codes.review for codes in work.latest)
    left = len(work.latest) - len(finished)
    counts = Counter(label_of(codes.logics or ()) for codes in finished)
    labels = ", ".join(f"{label} {integer(counts[label])}" for label in codebook().labels if counts[label])
    said = f"{plural(len(finished), 'passage codé', 'passages codés')} sur {integer(len(work.latest))}"
    lines = [f"{said}\u00a0: {labels}." if labels else f"{said}."]
    if left:
        started = f", dont {integer(begun)} commencé{'s' if begun > 1 else ''}" if begun else ""
        lines.append(f"Reste à coder\u00a0: {integer(left)}{started}.")
    if flagged:
        lines.append(f"À revoir\u00a0: {integer(flagged)} (g puis r y mène).")
    if work.output.exists():
        lines.append(f"Codes\u00a0: {printable(work.output.name)}")
    return [*lines, f"{'Reprendre' if left else 'Relire'}\u00a0: {command}"]
