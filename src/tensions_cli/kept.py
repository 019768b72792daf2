"""What the cache keeps of a file that was done: everything that an analysis needs, but no text.

An entry depends on the bytes of the file, its name, the way it is read and cut, the model, the code of this package
and the versions of what it rests on: anything else that changes a result would be a fault here.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from tensions_cli import __version__
from tensions_cli.corpus.sources import SourceFile
from tensions_cli.corpus.twins import Body
from tensions_cli.errors import ModelError
from tensions_cli.manifest import LANGUAGE_MODEL, libraries, python, version_of
from tensions_cli.one_file import FileReading, Reading, Recipe, Told
from tensions_cli.records import CastMember, Document, Dropped, Role, ZoneKind
from tensions_cli.runtime import cache as store
from tensions_cli.tagging.model_folder import describe_model

_KNOWN = (".py", ".toml", ".csv", ".txt")  # files of the package that decide what a passage is and what it says
_DATA = {"models", "corpora"}  # shipped in the package: the model is told by its own hash


def place_of(file: SourceFile, content: str, recipe: Recipe) -> store.Place:
    """Where the result for one file lies; `content`: SHA-256 of its bytes."""
    way = {**asdict(recipe), "model": None, "texts": None}
    return store.place_of(content, file.name, file.id, json.dumps(way, sort_keys=True), _generation())


@cache
def _generation() -> str:
    """Hash of everything else that a result depends on, the same as long as nothing is installed or edited."""
    package = Path(__file__).parent
    told = hashlib.sha256(json.dumps([__version__, python(), libraries(()), version_of(LANGUAGE_MODEL)]).encode())
    own = (path for path in package.rglob("*") if path.suffix in _KNOWN)
    for path in sorted(path for path in own if not _DATA.intersection(path.relative_to(package).parts)):
        told.update(path.relative_to(package).as_posix().encode() + b"\0" + hashlib.sha256(path.read_bytes()).digest())
    return told.hexdigest()


def identity(model: str) -> dict[str, str]:
    """What another machine must have in common with this one to give the same results, as a user calls it.

    The value of a model that cannot be used there is empty.
    """
    try:
        described = describe_model(model)
        own, encoders = described.sha256, described.encoders
    except ModelError:
        own, encoders = "", ()
    return {
        "Python": python(),
        "tensions": __version__,
        "le code de tensions": _generation(),
        "le modèle": own,
        LANGUAGE_MODEL: version_of(LANGUAGE_MODEL) or "",
        **libraries(encoders),
    }


def keepable(recipe: Recipe, done: FileReading) -> bool:
    """Whether a result may be kept: complete, tagged, and without a word of the text."""
    return bool(recipe.model and done.content and done.readings) and not done.skipped and not recipe.show_dropped


def recall(place: store.Place) -> FileReading | None:
    """The result that lies there, without texts; None when there is none."""
    content = store.get(place)
    if content is None:
        return None
    try:
        return unpack_file(content)
    except (ValueError, KeyError, TypeError, IndexError):  # sealed by us, so written by another of our versions
        return None


def keep(place: store.Place, done: FileReading) -> bool:
    """Keep a result; False when the folder of the cache refuses it."""
    return store.put(place, pack_file(done))


def pack_file(done: FileReading) -> bytes:
    """A result as bytes, without texts: what is said of the documents, then their passages and their runs of words."""
    blocks = [block for one in done.readings for block in (one.tagged, one.body.runs.astype("<u4").tobytes())]
    head = {
        "content": done.content,
        "documents": [_told(one) for one in done.readings],
        "sizes": [len(block) for block in blocks],
    }
    told = json.dumps(head, separators=(",", ":")).encode("ascii")
    return b"".join((len(told).to_bytes(4, "big"), told, *blocks))


def unpack_file(content: bytes) -> FileReading:
    """The result again; raises ValueError, KeyError, TypeError or IndexError for other bytes."""
    at = 4 + int.from_bytes(content[:4], "big")
    head = json.loads(content[4:at])
    blocks: list[bytes] = []
    for size in head["sizes"]:
        blocks.append(content[at : at + size])
        at += size
    if at != len(content):
        raise ValueError("length")
    documents = zip(head["documents"], blocks[::2], blocks[1::2], strict=True)
    return FileReading(head["content"], tuple(_reading(*one) for one in documents), ())


def _told(one: Reading) -> dict[str, Any]:
    document = one.document
    return {
        "id": document.id,
        "source": document.source,
        "format": document.format,
        "metadata": dict(document.metadata),
        "encoding": document.encoding,
        "notices": document.notices,
        "record": document.record,
        "cast": [[m.speaker, m.role, m.turns, m.words, m.ground, m.merged] for m in document.cast],
        "roles": dict(one.told.roles),
        "title": one.told.title,
        "left_out": one.left_out,
        "sha256": one.sha256,
        "words": one.words,
        "dropped": [[d.start, d.end, d.kind, d.detail, d.words] for d in one.dropped],
        "letters": one.body.letters.hex(),
        "body_words": one.body.words,
        "passages": one.passages,
        "excluded": dict(one.excluded),
    }


def _reading(told: dict[str, Any], tagged: bytes, runs: bytes) -> Reading:
    document = Document(
        id=told["id"],
        source=told["source"],
        format=told["format"],
        text="",
        blocks=(),
        cast=tuple(map(_member, told["cast"])),
        metadata=told["metadata"],
        encoding=told["encoding"],
        notices=tuple(told["notices"]),
        record=told["record"],
    )
    return Reading(
        document=document,
        told=Told({label: role and Role(role) for label, role in told["roles"].items()}, told["title"]),
        left_out=told["left_out"],
        sha256=told["sha256"],
        words=told["words"],
        dropped=tuple(Dropped(start, end, ZoneKind(kind), *others) for start, end, kind, *others in told["dropped"]),
        body=Body(bytes.fromhex(told["letters"]), np.frombuffer(runs, "<u4").astype(np.uint32), told["body_words"]),
        passages=told["passages"],
        excluded=told["excluded"],
        tagged=tagged,
    )


def _member(told: Sequence[Any]) -> CastMember:
    speaker, role, turns, words, ground, merged = told
    return CastMember(speaker, role and Role(role), turns, words, ground, tuple((name, n) for name, n in merged))
