"""Where results go: standard output or a file that appears whole or not at all."""

import io
import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from tensions_cli.errors import TensionsError

PRIVATE = 0o600  # results may hold interviews: nobody else on the machine reads them


def check_output(output: Path | None, sources: Sequence[str]) -> None:
    """Refuse an output that is, or lies inside, a source: it would be read as a text the next time."""
    if output is None:
        return
    target = output.resolve()
    for source in sources:
        path = Path(source)
        if source != "-" and path.exists() and (target == path.resolve() or path.resolve() in target.parents):
            raise TensionsError(
                f"le résultat ne peut pas être écrit dans {output.name}",
                why="ce fichier est une source, ou se trouve dans un dossier source et serait relu comme un texte",
                hint="donnez à --output un chemin hors du corpus",
            )


@contextmanager
def text_output(output: Path | None) -> Iterator[TextIO]:
    """A text stream in UTF-8 with LF: standard output, or a file put in place when all is written.

    An interruption or an error leaves neither the file nor a part of it. Raises TensionsError when
    the file cannot be written.
    """
    if output is None:
        # Same bytes whatever the locale and the system; a closed pipe is the caller's to ignore.
        if isinstance(sys.stdout, io.TextIOWrapper):
            sys.stdout.reconfigure(encoding="utf-8", newline="\n")
        yield sys.stdout
        sys.stdout.flush()
        return
    try:
        handle, temporary = tempfile.mkstemp(prefix=".tensions-", dir=output.parent)
    except OSError as error:
        raise _unwritable(output, error) from error
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as stream:
            yield stream
        Path(temporary).chmod(PRIVATE)
        os.replace(temporary, output)
    except OSError as error:
        raise _unwritable(output, error) from error
    finally:
        Path(temporary).unlink(missing_ok=True)


def _unwritable(output: Path, error: OSError) -> TensionsError:
    return TensionsError(
        f"impossible d’écrire {output.name}",
        why=(error.strerror or "erreur d’écriture").lower(),
        hint="vérifiez que le dossier existe, qu’il est accessible en écriture et que le disque n’est pas plein",
    )
