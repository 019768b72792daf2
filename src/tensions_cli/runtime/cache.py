"""Results of former runs, kept so that a corpus that did not change is not done again.

An entry holds no text, and is sealed: it can be read only by who has the very file that it was made from, since the
key is drawn from the content of that file. Somebody who finds the folder learns how many files were analysed and how
long they are, nothing else. A damaged, foreign or half-written entry is no entry.
"""

import contextlib
import hashlib
import hmac
import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

FOLDER = "TENSIONS_CACHE"  # environment variable: another folder
MARK = b"tensions-cache/1\n"
MOST_BYTES = 1_000_000_000  # beyond, the entries that served longest ago leave: about two hundred million words
_NONCE, _TAG = 16, 32


@dataclass(frozen=True, slots=True)
class Place:
    """Where one entry lies, and what opens it; both drawn from what the entry depends on."""

    name: str
    secret: bytes


def place_of(content: str, *depends: str) -> Place:
    """The place of a result made from a content (its SHA-256) and from everything else that it depends on."""
    told = "\0".join((content, *depends)).encode("utf-8", "surrogatepass")
    return Place(hashlib.sha256(b"name" + told).hexdigest(), hashlib.sha256(b"seal" + told).digest())


def folder() -> Path:
    """The folder of the cache, which may not exist."""
    if chosen := os.environ.get(FOLDER):
        return Path(chosen)
    from platformdirs import user_cache_path

    return user_cache_path("tensions", appauthor=False)


def get(place: Place) -> bytes | None:
    """The content of an entry, None when there is none that can be trusted."""
    path = _path(place)
    try:
        sealed = path.read_bytes()
        content = unseal(sealed, place.secret)
        if content is not None:
            os.utime(path)  # it served: it is not among the first to leave
    except OSError:
        return None
    return content


def put(place: Place, content: bytes) -> bool:
    """Keep an entry; False when the folder refuses it (no space, no right): the work goes on without."""
    path = _path(place)
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=".new-")
    except OSError:
        return False
    try:
        with open(handle, "wb") as file:
            file.write(seal(content, place.secret))
        os.replace(name, path)
    except OSError:
        with contextlib.suppress(OSError):
            os.unlink(name)
        return False
    return True


def clear() -> tuple[int, int]:
    """Remove every entry; how many there were, and their bytes. Raises OSError when they cannot be removed."""
    files = _entries()
    total = sum(size for _, size, _ in files)
    if folder().is_dir():
        for shelf in _shelves():
            shutil.rmtree(shelf)
    return len(files), total


def make_room(most: int = MOST_BYTES) -> None:
    """Remove the entries that served longest ago until `most` bytes are left."""
    files = sorted(_entries())
    total = sum(size for _, size, _ in files)
    for _, size, path in files:
        if total <= most:
            return
        with contextlib.suppress(OSError):
            path.unlink()
        total -= size


def seal(content: bytes, secret: bytes) -> bytes:
    """Content that only the secret opens: a stream of SHAKE-256, and an HMAC over what is written."""
    nonce = os.urandom(_NONCE)
    hidden = _mixed(content, secret, nonce)
    return MARK + nonce + hmac.digest(secret, nonce + hidden, "sha256") + hidden


def unseal(sealed: bytes, secret: bytes) -> bytes | None:
    """The content again; None when it is not what was sealed with this secret."""
    start = len(MARK)
    nonce, tag = sealed[start : start + _NONCE], sealed[start + _NONCE : start + _NONCE + _TAG]
    hidden = sealed[start + _NONCE + _TAG :]
    if not sealed.startswith(MARK) or not hmac.compare_digest(tag, hmac.digest(secret, nonce + hidden, "sha256")):
        return None
    return _mixed(hidden, secret, nonce)


def _mixed(content: bytes, secret: bytes, nonce: bytes) -> bytes:
    stream = hashlib.shake_256(secret + nonce).digest(len(content))
    mixed = int.from_bytes(content, "big") ^ int.from_bytes(stream, "big")
    return mixed.to_bytes(len(content), "big")


def _path(place: Place) -> Path:
    return folder() / place.name[:2] / place.name[2:]


def _shelves() -> list[Path]:
    """Our folders, named by two hexadecimal digits: a folder given by mistake keeps everything else."""
    return [path for path in folder().iterdir() if path.is_dir() and _is_hex(path.name, 2)]


def _entries() -> list[tuple[float, int, Path]]:
    """Every entry and rest of an entry: when it served last, its bytes, its path."""
    found: list[tuple[float, int, Path]] = []
    with contextlib.suppress(OSError):
        for path in (path for shelf in _shelves() for path in shelf.iterdir()):
            with contextlib.suppress(OSError):
                state = path.stat()
                found.append((state.st_mtime, state.st_size, path))
    return found


def _is_hex(name: str, length: int) -> bool:
    return len(name) == length and all(sign in "0123456789abcdef" for sign in name)
