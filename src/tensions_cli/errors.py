"""What can go wrong for a user, said in three parts, and the exit statuses of every command."""

import sys
import threading
import warnings
from enum import IntEnum
from typing import Any


class ExitStatus(IntEnum):
    """Exit statuses of every command (documented in the README)."""

    DONE = 0
    CHECK_FAILED = 1
    UNUSABLE_INPUT = 2
    SOME_UNREAD = 3
    MODEL = 4
    INTERNAL = 70
    INTERRUPTED = 130


class TensionsError(Exception):
    """A user's mistake or a bad file: what and where, why, what to type next.

    The three parts are French and never quote the text of a corpus.
    """

    status = ExitStatus.UNUSABLE_INPUT

    def __init__(self, what: str, *, why: str, hint: str, details: tuple[str, ...] = ()) -> None:
        super().__init__(what)
        self.what = what
        self.why = why
        self.hint = hint
        self.details = details  # one line per file concerned

    def __reduce__(self) -> tuple[Any, ...]:
        """Raised in a worker process, told in another: the parts travel, and nothing else."""
        return _again, (type(self), self.what, self.why, self.hint, self.details)


def _again(kind: type["TensionsError"], what: str, why: str, hint: str, details: tuple[str, ...]) -> "TensionsError":
    return kind(what, why=why, hint=hint, details=details)


class ModelError(TensionsError):
    """A model is missing, damaged, or was trained for another version."""

    status = ExitStatus.MODEL


class UnreadableError(Exception):
    """One file cannot be read; the others still can.

    `reason` is a short code (`empty`, `binary`, `encrypted`, `corrupt`, …), `detail` one French
    sentence that says why and what to do, without quoting the file.
    """

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(reason)
        self.reason = reason
        self.detail = detail


def hush() -> None:
    """Keep Python from telling by itself what happens in libraries: it would print paths, code, sometimes a text.

    For a process of the command: warnings (unless Python was asked for some with -W), exceptions that nobody can catch
    (in a thread, in a destructor). What a user must know, commands say.
    """
    if not sys.warnoptions:
        warnings.simplefilter("ignore")
    sys.unraisablehook = _nothing
    threading.excepthook = _nothing


def _nothing(_: object) -> None:
    """Say nothing."""
