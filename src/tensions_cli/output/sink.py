"""Where results go: standard output or a file that appears whole or not at all."""

import errno
import io
import os
import shutil
import sys
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, TextIO

from tensions_cli.errors import TensionsError

PRIVATE = 0o600  # results may hold interviews: nobody else on the machine reads them


def check_output(output: Path | None, inputs: Iterable[Path], folders: Iterable[Path]) -> None:
    """Refuse an output that is an input, that lies in a folder read as a source, or that has no folder.

    `inputs`: every file that will be read, metadata tables included.
    """
    if output is None:
        return
    target = output.resolve()
    if not target.parent.is_dir():
        raise _unwritable(output, FileNotFoundError(errno.ENOENT, ""))
    inside = any(folder.resolve() in target.parents for folder in folders)
    if inside or target in {path.resolve() for path in inputs}:
        raise TensionsError(
            f"le résultat ne peut pas être écrit dans {output.name}",
            why="ce fichier est lu par la commande, ou se trouve dans un dossier source et serait relu comme un texte",
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
    with binary_output(output) as raw:
        stream = io.TextIOWrapper(raw, encoding="utf-8", newline="\n")
        yield stream
        stream.flush()
        stream.detach()  # closing is up to `binary_output`


@contextmanager
def binary_output(output: Path, mode: int = PRIVATE) -> Iterator[BinaryIO]:
    """A stream of bytes to a file put in place when all is written, readable by its owner alone. Raises as above."""
    target = output.resolve()  # through a link, the file it leads to is replaced, not the link
    if target.exists() and not target.is_file():
        with _device(output, target) as stream:
            yield stream
        return
    try:
        handle, temporary = tempfile.mkstemp(prefix=".tensions-", dir=target.parent)
    except OSError as error:
        raise _unwritable(output, error) from error
    try:
        with os.fdopen(handle, "wb") as stream:
            yield stream
        Path(temporary).chmod(mode)
        os.replace(temporary, target)
    except OSError as error:
        raise _unwritable(output, error) from error
    finally:
        Path(temporary).unlink(missing_ok=True)


@contextmanager
def folder_output(output: Path) -> Iterator[Path]:
    """A new folder put in place when all is written; what it holds is readable by its owner alone.

    Raises TensionsError when something already stands there, or when it cannot be written.
    """
    target = output.resolve()
    if target.exists() and not (target.is_dir() and not any(target.iterdir())):
        raise TensionsError(
            f"{output.name} existe déjà",
            why="un dossier de résultats s’écrit en entier, sans rien remplacer",
            hint="donnez à --output un dossier nouveau ou vide",
        )
    try:
        temporary = Path(tempfile.mkdtemp(prefix=".tensions-", dir=target.parent))
    except OSError as error:
        raise _unwritable(output, error) from error
    try:
        yield temporary
        for path in temporary.rglob("*"):
            path.chmod(0o700 if path.is_dir() else PRIVATE)
        if target.exists():
            target.rmdir()
        os.replace(temporary, target)
    except OSError as error:
        raise _unwritable(output, error) from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def lend_folder(output: Path) -> None:
    """Libraries that want a temporary folder get that of the output, where the machine has none to write to."""
    try:
        tempfile.gettempdir()
    except FileNotFoundError:
        tempfile.tempdir = str(output.resolve().parent)


@contextmanager
def _device(output: Path, target: Path) -> Iterator[BinaryIO]:
    """A pipe or a device (/dev/null) is written to as it is: replacing it would destroy it."""
    try:
        with target.open("wb") as stream:
            yield stream
    except OSError as error:
        raise _unwritable(output, error) from error


# Reasons of the system that users meet, in French.
REASONS = {
    errno.ENOENT: "le dossier n’existe pas",
    errno.ENOTDIR: "le chemin passe par un fichier, pas par un dossier",
    errno.EISDIR: "c’est un dossier",
    errno.EACCES: "vous n’avez pas le droit d’y écrire",
    errno.EPERM: "vous n’avez pas le droit d’y écrire",
    errno.EROFS: "ce disque est en lecture seule",
    errno.ENOSPC: "le disque est plein",
    errno.EDQUOT: "votre part du disque est pleine",
    errno.EFBIG: "le fichier serait plus gros que ce système ne le permet",
    errno.ELOOP: "des liens y tournent en rond",
    errno.ENAMETOOLONG: "le nom est trop long",
}


def reason_of(error: OSError) -> str:
    """Why the system refused, in French."""
    return REASONS.get(error.errno or 0, "le système l’a refusé")


def _unwritable(output: Path, error: OSError) -> TensionsError:
    return TensionsError(
        f"impossible d’écrire {output.name}",
        why=reason_of(error),
        hint="vérifiez que le dossier existe, qu’il est accessible en écriture et que le disque n’est pas plein",
    )
