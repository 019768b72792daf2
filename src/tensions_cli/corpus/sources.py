"""From what the user names (files, folders, globs, `-`) to the ordered list of files to read."""

import fnmatch
import glob
import os
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from tensions_cli.errors import TensionsError, UnreadableError
from tensions_cli.files.remote import beside, content, folder_beside, is_remote, listing, shown
from tensions_cli.knowledge.files import read_toml
from tensions_cli.records import Skipped

COMPANION_BYTES = 20 * 1024 * 1024  # a table of a hundred thousand texts takes ten
STDIN = "-"
STDIN_PATH = Path("\0")  # no file can bear this name; one called - can be in a folder


@dataclass(frozen=True, slots=True)
class SourceFile:
    """One file to read.

    `name`: path relative to its SOURCE, `/`, NFC, extension kept. `id`: the name without
    extension, unique in the list (the extension, then parent folders, come back on collision).
    `url`: where it is not a file of this machine, its address, and `size`; `path` then only orders and names.
    """

    path: Path
    name: str
    id: str
    url: str = ""
    size: int = 0


@dataclass(frozen=True, slots=True)
class Found:
    """Files to read, in order; files left out by name; folders where companion tables may lie.

    `companions`: content of the companion tables that are not on this machine.
    """

    files: tuple[SourceFile, ...]
    skipped: tuple[Skipped, ...]
    folders: tuple[Path, ...] = ()
    companions: Mapping[Path, bytes] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Candidate:
    path: Path
    name: str
    url: str = ""
    size: int = 0


def find_files(sources: Sequence[str], *, remote: bool = False) -> Found:
    """List the files that the sources name, sorted by code point of their name.

    Every file counts once, however many times it is given or reached. `remote`: addresses (`s3://…`) are listed too.
    Raises `TensionsError` when a source does not exist, a glob matches nothing, or nothing at all can be read.
    """
    if not sources:
        raise TensionsError(
            "aucune source n’est donnée",
            why="la commande lit des fichiers, des dossiers, des motifs ou l’entrée standard",
            hint="donnez au moins un fichier ou un dossier, par exemple : tensions analyse corpus/",
        )
    candidates: list[_Candidate] = []
    skipped: list[Skipped] = []
    folders: list[Path] = []
    companions: dict[Path, bytes] = {}
    for source in dict.fromkeys(sources):
        if is_remote(source):
            more, left_out, looked_in = _expand_remote(source, companions, allowed=remote)
        else:
            more, left_out, looked_in = _expand(source)
        candidates += more
        skipped += left_out
        folders += looked_in
    readable, refused = _by_name(_once(candidates), folders)
    skipped = sorted({*skipped, *refused}, key=lambda item: (item.source, item.reason))
    if not readable:
        raise _nothing_to_read(sources, skipped)
    return Found(
        files=_with_ids(sorted(readable, key=lambda item: (item.name, str(item.path)))),
        skipped=tuple(skipped),
        folders=tuple(dict.fromkeys(folders)),
        companions=companions,
    )


def find_members(archive: SourceFile, names: Sequence[str]) -> Found:
    """The files of an archive, ruled by their names as a folder of the same content would be.

    `names`: paths inside the archive, `/`, each once. A file `a/x.docx` of `corpus.zip` gets the name
    `corpus.zip/a/x.docx` and the id `corpus/a/x`; nothing is looked up on the disk.
    """
    candidates: list[_Candidate] = []
    skipped: set[Skipped] = set()
    for inner in names:
        name = f"{archive.name}/{_nfc(inner)}"
        ruled_out = _ruled_out_by_folder(name, len(archive.name) + 1)
        if ruled_out is not None:
            skipped.add(ruled_out)
        elif _presents_folder(name.rpartition("/")[2]):
            about = _rules()["presentations"]
            skipped.add(Skipped(name, about["reason"], about["detail"], failed=False))
        else:
            candidates.append(_Candidate(archive.path / inner, name))
    readable, refused = _by_name(candidates)
    readable.sort(key=lambda item: item.name)
    ids = _member_ids(archive, [item.name[len(archive.name) + 1 :] for item in readable])
    files = (SourceFile(item.path, item.name, own) for item, own in zip(readable, ids, strict=True))
    return Found(tuple(files), tuple(sorted({*skipped, *refused}, key=lambda item: (item.source, item.reason))))


def _ruled_out_by_folder(name: str, start: int) -> Skipped | None:
    """The first folder of `name[start:]` that is ignored by name: it is told once for all that lies in it."""
    at = name.find("/", start)
    while at >= 0:
        if ignored := _ignored(name[:at]):
            return Skipped(f"{name[:at]}/", ignored[0], ignored[1], failed=False)
        at = name.find("/", at + 1)
    return None


def _member_ids(archive: SourceFile, inner: Sequence[str]) -> list[str]:
    """The id of each file of an archive: without its extension, unless two would be the same."""
    counts = Counter(map(without_extension, inner))
    own = [name if counts[without_extension(name)] > 1 else without_extension(name) for name in inner]
    return _numbered([f"{archive.id}/{name}" for name in own])


def folders_beside(sources: Sequence[str]) -> tuple[Path, ...]:
    """The folders of the sources, where what describes them lies; none is walked, none is a parent of a folder given.

    A source that does not exist has none: it is refused when it is read.
    """
    folders: list[Path] = []
    for source in sources:
        path = Path(source)
        if source == STDIN or not source.strip():
            continue
        if path.is_dir():
            folders.append(path)
        elif path.exists():
            folders.append(path.parent)
        elif glob.has_magic(source):
            matches = map(Path, sorted(glob.glob(source, recursive=True)))
            folders += [_fixed_part(source), *(match.parent for match in matches if not match.is_dir())]
    return tuple(dict.fromkeys(folders))


def remote_companions(sources: Sequence[str], name: str) -> dict[Path, bytes]:
    """The content of the file of that name in the folders of the sources that are addresses."""
    found: dict[Path, bytes] = {}
    for folder in dict.fromkeys(folder_beside(source) for source in sources if is_remote(source)):
        found |= {remote_path(folder) / name: data for data in beside(folder, (name,), COMPANION_BYTES).values()}
    return found


def companion_tables(found: Found) -> tuple[Path, ...]:
    """Where the tables that describe the texts lie, or may lie."""
    return tuple(folder / name for folder in found.folders for name in _rules()["companions"]["names"])


def without_extension(name: str) -> str:
    """The name without its extension, if that is one of a text: `notes.2024` stays as it is."""
    stem, dot, extension = name.rpartition(".")
    known = extension.lower() in {**_rules()["readable"], **_rules()["refused"]}
    return stem if dot and known and stem and not stem.endswith("/") else name


def reader_of(name: str) -> str | None:
    """Which reader the extension calls for (`txt`, `md`, `html`…), or None."""
    reader = _rules()["readable"].get(_extension(name))
    return None if reader is None else str(reader)


def _rules() -> dict[str, Any]:
    return read_toml("ignored_files.toml")


def _extension(name: str) -> str:
    return name.rpartition(".")[2].lower() if "." in name.rpartition("/")[2].lstrip(".") else ""


@cache
def _ignored_patterns() -> tuple[tuple[str, str, str], ...]:
    return tuple(
        (pattern, rule["reason"], rule["detail"]) for rule in _rules()["ignored"] for pattern in rule["patterns"]
    )


def _ignored(name: str) -> tuple[str, str] | None:
    """Reason and French detail when the last part of a name says that the file is not a text."""
    last = name.rpartition("/")[2]
    for pattern, reason, detail in _ignored_patterns():
        if fnmatch.fnmatchcase(last, pattern):
            return reason, detail
    return None


def _presents_folder(name: str) -> bool:
    """README and licence files, whatever their case."""
    return any(fnmatch.fnmatchcase(name.lower(), pattern) for pattern in _rules()["presentations"]["patterns"])


def _expand(source: str) -> tuple[list[_Candidate], list[Skipped], list[Path]]:
    """Files under one source, what its folders leave out by name, folders of companion tables."""
    if source == STDIN:
        return [_Candidate(STDIN_PATH, "stdin")], [], []
    if not source.strip():
        raise TensionsError(
            "une source est vide",
            why="un nom vide désignerait le dossier courant, sans doute par erreur (une variable non définie ?)",
            hint="donnez un fichier ou un dossier ; le dossier courant s’écrit .",
        )
    path = Path(source)
    if path.is_dir():
        return *_walk(path, path), [path]
    if path.exists():
        return [_Candidate(path, _nfc(path.name))], [], [path.parent]
    if glob.has_magic(source):
        return _expand_glob(source)
    raise TensionsError(
        f"source introuvable : {source}",
        why="ce lien ne mène nulle part" if path.is_symlink() else "aucun fichier ni dossier ne porte ce nom",
        hint="vérifiez le chemin ; entre guillemets si le nom contient des espaces",
    )


def _expand_remote(
    source: str, companions: dict[Path, bytes], *, allowed: bool
) -> tuple[list[_Candidate], list[Skipped], list[Path]]:
    """The same of an address, as of a folder of the same content; `companions` gets the tables that lie there."""
    if not allowed:
        raise TensionsError(
            f"cette commande ne lit pas d’adresse\u00a0: {shown(source)}",
            why="elle ne travaille que sur des fichiers de cette machine",
            hint="copiez d’abord les textes dans un dossier, et donnez ce dossier",
        )
    found = listing(source)
    folder = remote_path(found.folder)
    for name, data in beside(found.folder, tuple(_rules()["companions"]["names"]), COMPANION_BYTES).items():
        companions[folder / name] = data
    candidates: list[_Candidate] = []
    skipped: dict[Skipped, None] = {}
    for file in found.files:
        name = _nfc(file.name)
        if (ruled_out := _ruled_out_by_folder(name, 0)) is not None:
            skipped[ruled_out] = None
        elif found.walked and _presents_folder(name.rpartition("/")[2]):
            about = _rules()["presentations"]
            skipped[Skipped(name, about["reason"], about["detail"], failed=False)] = None
        else:
            candidates.append(_Candidate(remote_path(file.url), name, file.url, file.size))
    return candidates, list(skipped), [folder]


def remote_path(url: str) -> Path:
    """What stands for an address where files are ordered and named; nothing is read there."""
    return Path(shown(url).rstrip("/"))


def _expand_glob(source: str) -> tuple[list[_Candidate], list[Skipped], list[Path]]:
    matches = sorted(glob.glob(source, recursive=True))
    if not matches:
        raise TensionsError(
            f"aucun fichier ne correspond à {source}",
            why="le motif ne désigne rien dans ce dossier",
            hint="vérifiez le motif ; **/*.docx cherche aussi dans les sous-dossiers",
        )
    root = _fixed_part(source)
    candidates: list[_Candidate] = []
    skipped: list[Skipped] = []
    folders = [root]
    for match in map(Path, matches):
        if match.is_dir():
            more, left_out = _walk(match, root)
            candidates += more
            skipped += left_out
        else:
            candidates.append(_Candidate(match, _relative(match, root)))
            folders.append(match.parent)
    return candidates, skipped, folders


def _fixed_part(pattern: str) -> Path:
    """The folder before the first wildcard."""
    fixed: list[str] = []
    for part in Path(pattern).parts[:-1]:
        if glob.has_magic(part):
            break
        fixed.append(part)
    return Path(*fixed)


def _walk(folder: Path, root: Path) -> tuple[list[_Candidate], list[Skipped]]:
    """All files under a folder. Linked folders come last, so that a file keeps its real name."""
    candidates: list[_Candidate] = []
    skipped: list[Skipped] = []
    visited: set[str] = set()
    pending = [folder]
    while pending:
        current = pending.pop(0)
        real = os.path.realpath(current)
        if real in visited:
            continue
        visited.add(real)
        plain: list[Path] = []
        linked: list[Path] = []
        for entry in _entries(current, root, skipped):
            name = _relative(entry, root)
            if not os.path.isdir(entry):
                if _presents_folder(entry.name):
                    about = _rules()["presentations"]
                    skipped.append(Skipped(name, about["reason"], about["detail"], failed=False))
                else:
                    candidates.append(_Candidate(entry, name))
            elif ignored := _ignored(name):
                skipped.append(Skipped(f"{name}/", ignored[0], ignored[1], failed=False))
            else:
                (linked if entry.is_symlink() else plain).append(entry)
        pending = plain + pending + linked
    return candidates, skipped


def _entries(folder: Path, root: Path, skipped: list[Skipped]) -> list[Path]:
    try:
        return sorted(folder.iterdir(), key=lambda entry: entry.name)
    except OSError:
        detail = "ce dossier ne peut pas être ouvert : vérifiez vos droits"
        skipped.append(Skipped(f"{_relative(folder, root)}/", "access", detail))
        return []


def _once(candidates: Iterable[_Candidate]) -> Iterator[_Candidate]:
    """Each real file once, under a name that is not a link when it has one."""
    chosen: dict[str, _Candidate] = {}
    for candidate in candidates:
        key = os.path.realpath(candidate.path) if candidate.path != STDIN_PATH else STDIN
        known = chosen.get(key)
        if known is None or (_is_linked(known.path, key) and not _is_linked(candidate.path, key)):
            chosen[key] = candidate
    yield from chosen.values()


def _is_linked(path: Path, real: str) -> bool:
    return os.path.basename(real) != path.name


def _by_name(candidates: Iterable[_Candidate], folders: Iterable[Path] = ()) -> tuple[list[_Candidate], list[Skipped]]:
    """Separate the files to read from those whose name says that they are something else.

    `folders`: those of the sources; a `tensions.toml` anywhere else sets nothing, and that is said.
    """
    beside = {os.path.abspath(folder) for folder in folders}
    readable: list[_Candidate] = []
    skipped: list[Skipped] = []
    for candidate in candidates:
        name = candidate.name
        extension = _extension(name)
        if candidate.path == STDIN_PATH:
            readable.append(candidate)
        elif (last := name.rpartition("/")[2]) in _rules()["companions"]["names"]:
            elsewhere = os.path.abspath(candidate.path.parent) not in beside
            if elsewhere and last in _rules()["companions"]["of_sources"]:
                skipped.append(Skipped(name, "unused", _rules()["companions"]["unused_detail"], failed=False))
        elif last == _rules()["statistics"]["name"] and _holds_no_text(candidate):
            continue
        elif ignored := _ignored(name):
            skipped.append(Skipped(name, ignored[0], ignored[1], failed=False))
        elif advice := _rules()["refused"].get(extension):
            skipped.append(Skipped(name, "format", advice))
        elif reader_of(name):
            readable.append(candidate)
        else:
            kind = f".{extension}" if extension else "sans extension"
            detail = f"ce n’est pas un format de texte lu ici ({kind})"
            skipped.append(Skipped(name, "format", detail, failed=False))
    return readable, skipped


# How every JSON of ours begins (`docs/schemas`); a byte order mark, or spaces of an editor, may come before.
_RESULT = re.compile(rb'(?:\xef\xbb\xbf)?\s{0,64}\{\s{0,64}"schema"\s{0,64}:\s{0,64}"tensions-[a-z-]{1,40}/[0-9]')
_HEAD = 512


def is_result(head: bytes) -> bool:
    """Whether a file that begins so is a result of ours: read as a text, it would be counted as one."""
    return _RESULT.match(head) is not None


def _holds_no_text(candidate: _Candidate) -> bool:
    """A result, or the empty file that a redirection of the shell has just opened for one."""
    path = candidate.path
    if candidate.url:
        try:
            head = content(candidate.url, _HEAD)
        except UnreadableError:
            return False
        return not head or is_result(head)
    if not path.is_file():  # a pipe would be waited for
        return False
    try:
        with path.open("rb") as stream:
            head = stream.read(_HEAD)
    except OSError:  # a member of an archive, or a file that the reader will refuse with its reason
        return False
    return not head or is_result(head)


def _with_ids(candidates: Sequence[_Candidate]) -> tuple[SourceFile, ...]:
    """Give each file the shortest id that no other has: name, with extension, with parent folders."""
    levels = [0] * len(candidates)
    while True:
        ids = [_id_at(candidate, level) for candidate, level in zip(candidates, levels, strict=True)]
        counts = Counter(ids)
        again = [i for i, name in enumerate(ids) if counts[name] > 1 and levels[i] < _deepest(candidates[i])]
        if not again:
            break
        for i in again:
            levels[i] += 1
    return tuple(
        SourceFile(candidate.path, candidate.name, name, candidate.url, candidate.size)
        for candidate, name in zip(candidates, _numbered(ids), strict=True)
    )


def _id_at(candidate: _Candidate, level: int) -> str:
    name = candidate.name
    if level > 1:
        parts = Path(os.path.abspath(candidate.path)).parts[1:]
        name = _nfc("/".join(parts[-(len(candidate.name.split("/")) + level // 2) :]))
    return name if level % 2 else without_extension(name)


def _deepest(candidate: _Candidate) -> int:
    if candidate.path == STDIN_PATH:
        return 0
    return 2 * (len(Path(os.path.abspath(candidate.path)).parts) - len(candidate.name.split("/"))) + 1


def _numbered(ids: Sequence[str]) -> list[str]:
    """Number what is still equal: two names that differ only by Unicode form in one folder."""
    seen: defaultdict[str, int] = defaultdict(int)
    numbered = []
    for name in ids:
        seen[name] += 1
        numbered.append(name if seen[name] == 1 else f"{name}~{seen[name]}")
    return numbered


def _relative(path: Path, root: Path) -> str:
    return _nfc(Path(os.path.relpath(path, root)).as_posix())


def _nfc(name: str) -> str:
    # A name that is not UTF-8 on disk has lone surrogates, which nothing could write out.
    return unicodedata.normalize("NFC", name.encode("utf-8", "surrogateescape").decode("utf-8", "replace"))


def _nothing_to_read(sources: Sequence[str], skipped: Sequence[Skipped]) -> TensionsError:
    counts = Counter(item.reason for item in skipped)
    words = _rules()["reasons"]
    listed = ", ".join(f"{words.get(reason, reason)} : {n}" for reason, n in sorted(counts.items()))
    return TensionsError(
        f"aucun texte à lire dans {', '.join(sources)}",
        why=f"fichiers laissés de côté par motif : {listed}" if listed else "il n’y a aucun fichier de texte",
        hint="formats lus : .docx, .odt, .rtf, .pdf, .txt, .md, .html, .vtt, .srt, .xlsx, .csv, .jsonl, .xml, .zip",
    )
