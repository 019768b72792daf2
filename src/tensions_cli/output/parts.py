"""A result in several files: a folder of this machine, or an address (`s3://bucket/passages/`)."""

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from tensions_cli.errors import TensionsError
from tensions_cli.files.remote import is_empty, is_remote, new_file, remove, shown
from tensions_cli.output.sink import folder_output

OpenPart = Callable[[str], AbstractContextManager[BinaryIO]]


def names_folder(output: str) -> bool:
    """Whether an output is a folder: an address, a path that ends with `/`, a folder that exists."""
    return is_remote(output) or output.endswith(("/", os.sep)) or os.path.isdir(output)


@contextmanager
def parts_output(output: str) -> Iterator[OpenPart]:
    """What opens each file of a new folder, by its name.

    Here, the folder appears whole or not at all. At an address, where nothing can be renamed, files come one by one:
    those of a run that fails are removed, and the file to write last tells a whole folder from one that a crash left.
    Raises TensionsError when something already stands there, or when it cannot be written.
    """
    if not is_remote(output):
        with folder_output(Path(output)) as folder:
            yield lambda name: (folder / name).open("wb")
        return
    if not is_empty(output):
        raise TensionsError(
            f"{shown(output)} existe déjà",
            why="un dossier de résultats s’écrit en entier, sans rien remplacer",
            hint="donnez à --output une adresse où il n’y a rien",
        )
    written: list[str] = []

    @contextmanager
    def open_part(name: str) -> Iterator[BinaryIO]:
        written.append(name)
        with new_file(output, name) as stream:
            yield stream

    try:
        yield open_part
    except BaseException:
        with suppress(TensionsError):
            remove(output, tuple(written))
        raise
