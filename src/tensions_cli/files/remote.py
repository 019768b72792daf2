"""Files that an address names (`s3://bucket/corpus/`), through fsspec, of which this module is the only user.

They are read into memory and never copied to a disk of this machine. Rights are those of whoever runs the command:
fsspec finds them where each service keeps them (environment, files of its own tools).
"""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, BinaryIO, cast

from tensions_cli.errors import ModelError, TensionsError, UnreadableError

_ADDRESS = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*://")
_MAGIC = re.compile(r"[*?\[]")
# What a user installs to read an address, beside fsspec (https://filesystem-spec.readthedocs.io, “Implementations”).
_PACKAGES = {"s3": "s3fs", "s3a": "s3fs", "gs": "gcsfs", "gcs": "gcsfs", "abfs": "adlfs", "az": "adlfs"}
_PACKAGES |= {"http": "aiohttp", "https": "aiohttp", "sftp": "paramiko", "ssh": "paramiko"}


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """One file: its address, its name from the folder listed (`/`), its size in bytes (0 where nobody says)."""

    url: str
    name: str
    size: int


@dataclass(frozen=True, slots=True)
class Listing:
    """What an address names: files, and their folder or the fixed part of a pattern. `walked`: all that it holds."""

    folder: str
    files: tuple[RemoteFile, ...]
    walked: bool


def is_remote(name: str) -> bool:
    """Whether a source or an output is an address rather than a path; a file here wins."""
    return _ADDRESS.match(name) is not None and not os.path.exists(name)


def shown(address: str) -> str:
    """An address without the name and password that it may bear."""
    scheme, mark, rest = address.partition("://")
    place, slash, path = rest.partition("/")
    return f"{scheme}{mark}{place.rpartition('@')[2]}{slash}{path}"


def listing(address: str) -> Listing:
    """The files that an address names: one, those of a folder and of its sub-folders, those of a pattern.

    Raises ModelError where a library is missing, TensionsError where nothing is there or the service refuses.
    """
    with _refusals(address):
        system, path = _opened(address)
        if not _MAGIC.search(path) and system.isfile(path):
            folder = path.rpartition("/")[0]
            return Listing(system.unstrip_protocol(folder), (_file(system, system.info(path), folder),), False)
        walked = not _MAGIC.search(path)
        folder = path if walked else path[: _MAGIC.search(path).start()].rpartition("/")[0]  # type: ignore[union-attr]
        folder = folder.rstrip("/")
        if walked:
            found = system.find(folder, detail=True)
        else:
            found = {}
            for name, info in system.glob(path, detail=True).items():
                found |= system.find(name, detail=True) if info["type"] == "directory" else {name: info}
        files = tuple(_file(system, info, folder) for info in found.values() if info["type"] == "file")
        if not files:
            raise FileNotFoundError
        return Listing(system.unstrip_protocol(folder), files, walked)


def content(url: str, most: int) -> bytes:
    """The bytes of a file, `most` + 1 of them where it is larger; raises UnreadableError where they do not come."""
    try:
        system, path = _opened(url)
        with system.open(path, "rb") as stream:
            data: bytes = stream.read(most + 1)
    except (OSError, ModelError):
        raise UnreadableError("access", "le fichier ne se lit pas à cette adresse\u00a0: vérifiez vos droits") from None
    except Exception as error:  # each service has errors of its own; their messages may hold addresses and keys
        detail = f"le service qui garde ce fichier l’a refusé ({type(error).__name__})\u00a0: vérifiez vos droits"
        raise UnreadableError("access", detail) from None
    return data


def beside(address: str, names: tuple[str, ...], most: int) -> dict[str, bytes]:
    """The content of the files of these names that lie in a folder."""
    found: dict[str, bytes] = {}
    with _refusals(address):
        system, path = _opened(address)
        for name in names:
            own = f"{path.rstrip('/')}/{name}"
            if system.isfile(own):
                with system.open(own, "rb") as stream:
                    found[name] = stream.read(most + 1)
    return found


def folder_beside(address: str) -> str:
    """The folder that an address names, or that of the file or pattern it names."""
    with _refusals(address):
        system, path = _opened(address)
        if magic := _MAGIC.search(path):
            path = path[: magic.start()].rpartition("/")[0]
        elif system.isfile(path):
            path = path.rpartition("/")[0]
        return cast("str", system.unstrip_protocol(path.rstrip("/")))


# --- writing ---------------------------------------------------------------------------------------------


def is_empty(address: str) -> bool:
    """Whether nothing lies under an address."""
    with _refusals(address):
        system, path = _opened(address)
        system.invalidate_cache()
        return not system.exists(path) or not system.find(path)


@contextmanager
def new_file(address: str, name: str) -> Iterator[BinaryIO]:
    """A stream to a new file of a folder."""
    with _refusals(address):
        system, path = _opened(address)
        system.makedirs(path, exist_ok=True)
        stream = system.open(f"{path.rstrip('/')}/{name}", "wb")
    try:
        yield stream
    except BaseException:
        with suppress(Exception):
            stream.close()
        raise
    with _refusals(address):
        stream.close()


def remove(address: str, names: tuple[str, ...]) -> None:
    """Remove files of a folder, those that are there."""
    with _refusals(address):
        system, path = _opened(address)
        system.invalidate_cache()
        for own in (f"{path.rstrip('/')}/{name}" for name in names):
            if system.exists(own):
                system.rm_file(own)


def _opened(address: str) -> tuple[Any, str]:
    """The file system of an address, and the path there."""
    try:
        from fsspec.core import url_to_fs
    except ImportError:
        raise ModelError(
            f"l’adresse {shown(address)} demande une bibliothèque de plus",
            why="fsspec n’est pas installé",
            hint='pip install "tensions-cli[cluster]"',
        ) from None
    if "::" in address:
        # A chain may copy what it reads into a temporary folder (`simplecache::`).
        raise TensionsError(
            f"l’adresse {shown(address)} ne se comprend pas",
            why="une adresse enchaînée (::) pourrait laisser une copie des textes sur le disque",
            hint="donnez l’adresse simple, par exemple s3://dépôt/corpus/",
        )
    try:
        system, path = url_to_fs(address)
    except ImportError:
        scheme = address.partition("://")[0].lower()
        package = _PACKAGES.get(scheme)
        raise ModelError(
            f"l’adresse {shown(address)} demande une bibliothèque de plus",
            why=f"rien n’est installé ici qui lise {scheme}://",
            hint=f"pip install {package}" if package else "installez le paquet fsspec de ce service",
        ) from None
    return system, str(path)


def _file(system: Any, info: Any, folder: str) -> RemoteFile:
    path = info["name"]
    name = path[len(folder) :].lstrip("/") if path.startswith(folder) else path.rpartition("/")[2]
    return RemoteFile(system.unstrip_protocol(path), name, int(info.get("size") or 0))


@contextmanager
def _refusals(address: str) -> Iterator[None]:
    """Errors of services as three parts, without their messages, which may hold keys."""
    try:
        yield
    except TensionsError:
        raise
    except FileNotFoundError:
        raise TensionsError(
            f"source introuvable\u00a0: {shown(address)}",
            why="il n’y a rien à cette adresse",
            hint="vérifiez-la\u00a0: s3://dépôt/dossier/, entre guillemets si elle contient *",
        ) from None
    except Exception as error:
        raise TensionsError(
            f"l’adresse {shown(address)} n’est pas accessible",
            why=f"le service l’a refusée, ou ne répond pas ({type(error).__name__})",
            hint="vérifiez l’adresse, le réseau et vos droits (variables d’environnement du service)",
        ) from None
