"""The terminal while a command listens to its keys: one key at a time, a screen of its own, given back as it was."""

import contextlib
import os
import select
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from tensions_cli.coding.keys import keys_of

ESCAPE_WAIT = 0.05  # seconds; a terminal sends the bytes of one key together, a finger does not
LOOK_AGAIN = 0.5  # seconds between two looks at the size of the window

# A screen of its own, so that no passage stays in the history of the terminal; pasted text told from keys; no cursor.
_ENTER = "\x1b[?1049h\x1b[?2004h\x1b[?25l"
_LEAVE = "\x1b[?25h\x1b[?2004l\x1b[?1049l"


@dataclass(frozen=True, slots=True)
class Terminal:
    """`struck`: waits for keys, and gives none when the window has changed. `show`: puts a whole screen in place."""

    struck: Callable[[], list[str]]
    show: Callable[[str], None]


def size() -> tuple[int, int]:
    """Columns and lines of the window; 80 × 24 where it does not say."""
    try:
        columns, lines = os.get_terminal_size(sys.stdout.fileno())
    except (OSError, ValueError):
        columns, lines = shutil.get_terminal_size()
    return columns or 80, lines or 24


@contextmanager
def listening() -> Iterator[Terminal]:
    """The terminal for the time of a session. A closed one raises KeyboardInterrupt, as Ctrl-C does."""
    plain = os.environ.get("TERM") == "dumb"
    with _key_by_key() as keys:
        try:
            _write("" if plain else _ENTER)
            yield Terminal(keys, _show_below if plain else _show)
        finally:
            with contextlib.suppress(KeyboardInterrupt):
                _write("\n" if plain else _LEAVE)


def _show(screen: str) -> None:
    """Over what was there, line by line, so that nothing blinks."""
    lines = "".join(f"{line}\x1b[K\n" for line in screen.split("\n"))
    _write(f"\x1b[H{lines.removesuffix(chr(10))}\x1b[J")


def _show_below(screen: str) -> None:
    """A terminal that moves no cursor gets one screen after another."""
    _write(f"\n{screen}\n")


def _write(text: str) -> None:
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except OSError as error:
        raise KeyboardInterrupt from error


if sys.platform == "win32":
    import msvcrt

    @contextmanager
    def _key_by_key() -> Iterator[Callable[[], list[str]]]:
        yield _windows_keys

    def _windows_keys() -> list[str]:
        struck = msvcrt.getwch()
        if struck == "\x03":
            raise KeyboardInterrupt
        if struck == "\x00" or (struck == "\xe0" and msvcrt.kbhit()):  # an arrow; alone, the second is an « à »
            struck = "\x00" + msvcrt.getwch()
        return keys_of(struck)[0]

else:
    import codecs
    import termios

    @contextmanager
    def _key_by_key() -> Iterator[Callable[[], list[str]]]:
        """Keys as they are struck, not echoed; Ctrl-C still interrupts, Ctrl-Z and Ctrl-\\ do nothing."""
        descriptor = sys.stdin.fileno()
        before = termios.tcgetattr(descriptor)
        mode = termios.tcgetattr(descriptor)
        mode[3] &= ~(termios.ICANON | termios.ECHO | termios.IEXTEN)
        mode[6][termios.VMIN], mode[6][termios.VTIME] = 1, 0
        mode[6][termios.VSUSP] = mode[6][termios.VQUIT] = b"\x00"
        termios.tcsetattr(descriptor, termios.TCSADRAIN, mode)
        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        rest = ""

        def keys() -> list[str]:
            nonlocal rest
            shape = size()
            while True:
                wait = ESCAPE_WAIT if rest else LOOK_AGAIN
                if select.select([descriptor], [], [], wait)[0]:
                    rest += decoder.decode(_bytes(descriptor))
                    names, rest = keys_of(rest, more=True)
                elif rest:
                    # Nothing follows: an escape alone is a key; the beginning of a paste goes on waiting.
                    names, rest = keys_of(rest)
                else:
                    names = []
                if names or size() != shape:
                    return names

        try:
            yield keys
        finally:
            with contextlib.suppress(termios.error):
                termios.tcsetattr(descriptor, termios.TCSADRAIN, before)

    def _bytes(descriptor: int) -> bytes:
        try:
            found = os.read(descriptor, 4096)
        except OSError as error:
            raise KeyboardInterrupt from error
        if not found:
            raise KeyboardInterrupt
        return found
