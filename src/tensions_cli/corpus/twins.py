"""The same text in several files (a note as docx, web page and pdf): found, told, and counted once.

Two documents are twins when the letters and digits of their bodies are the same, or when at least nine tenths of
the runs of five words of each are in the other. Bodies only: zones (menus, headers, labels) are set before.
Two people may give one short answer: rows of two tables are twins only where the tables themselves are copies.
"""

import hashlib
import re
import unicodedata
import zlib
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from tensions_cli.knowledge.files import read_toml
from tensions_cli.records import Document, Skipped
from tensions_cli.words import WORD

# Share of the runs of words that must be found on both sides. A page and its pdf differ by captions, running
# heads and words cut at the end of lines: one word changed in fifty already takes a tenth of the runs. Two
# interviews from one guide share its questions, a few hundredths of their runs.
_CONTAINED = 0.9

# A shorter body has too few runs to compare: only the very same letters make it a twin.
_FEWEST_WORDS = 30

_RUN = 5  # words in a run

# Formats whose documents are the rows of one file.
_TABLES = frozenset({"csv", "tsv", "jsonl", "xlsx", "ods"})
_NO_TABLE, _ANY_TABLE = "", "*"  # where documents are looked for, beside the tables by their source

# Twins named in a notice; beyond, only their number.
_LISTED = 10

_MIX = np.uint64(0x9E3779B97F4A7C15)  # odd, bits well spread (Knuth's golden ratio): distinct runs, distinct numbers

Runs = npt.NDArray[np.uint32]


@dataclass(frozen=True, slots=True)
class Body:
    """What is compared of a document, once its text is gone.

    `letters`: a hash of its letters and digits, empty without any. `runs`: its runs of five words, as distinct numbers
    in order. Two different runs bear one number once in four thousand million: far from a tenth of the runs.
    """

    letters: bytes
    runs: Runs
    words: int


NO_BODY = Body(b"", np.empty(0, np.uint32), 0)


@dataclass(frozen=True, slots=True)
class Twins:
    """Documents that hold one text, by id: the one to keep, the others in their order."""

    kept: str
    others: tuple[str, ...]


def find_twins(documents: Sequence[Document], known: Sequence[Body] | None = None) -> tuple[Twins, ...]:
    """The groups of documents that hold the same text, in the order of the documents kept.

    Documents of one file (rows of a table, texts of one corpus file) are never twins, nor are records. The one
    kept is of the best format (knowledge/reading.toml, [twins]), then the first. Every other one is a twin of
    the one kept, not only of another twin. Rows of two tables are compared only where nine tenths of the rows of
    the smaller table are in the other; a row and a whole document, from thirty words on. Time grows with the number
    of words, not of pairs. `known`: their bodies, where the texts were read elsewhere.
    """
    read = known if known is not None else [body_of(document) for document in documents]
    bodies = {at: body for at, (body, document) in enumerate(zip(read, documents, strict=True)) if not document.record}
    index = _Index({at: body.runs for at, body in bodies.items()})
    copies = _copied_tables(documents, bodies)
    # The document that stands for all that have these letters: of each table, of all that are no tables, of any table.
    same_letters: dict[tuple[bytes, str], int] = {}
    others: defaultdict[int, list[int]] = defaultdict(list)
    for at in sorted((at for at, body in bodies.items() if body.letters), key=lambda at: (_rank(documents[at]), at)):
        source, letters, place = documents[at].source, bodies[at].letters, _place(documents[at])
        row = place != _NO_TABLE
        places = [place, *copies.get(place, ())]
        if bodies[at].words >= _FEWEST_WORDS:
            places.append(_NO_TABLE if row else _ANY_TABLE)
        alike = [same_letters[letters, one] for one in places if (letters, one) in same_letters] or [
            one for one in index.alike(at) if not row or _place(documents[one]) in places
        ]
        kept = next((one for one in alike if documents[one].source != source), None)
        if kept is not None:
            others[kept].append(at)
        elif not alike:  # a copy inside one file needs no place of its own in the index
            index.add(at)
        for where in (place, _ANY_TABLE) if row else (place,):
            same_letters.setdefault((letters, where), at if kept is None else kept)
    return tuple(
        Twins(documents[kept].id, tuple(documents[at].id for at in sorted(others[kept]))) for kept in sorted(others)
    )


def _place(document: Document) -> str:
    """The table that a document is a row of, or none."""
    return document.source if document.format in _TABLES else _NO_TABLE


def _copied_tables(documents: Sequence[Document], bodies: Mapping[int, Body]) -> dict[str, list[str]]:
    """Tables, each with those that are mostly the same: nine tenths of the texts of the smaller one, and more than
    an answer that two people could give."""
    tables: defaultdict[str, dict[bytes, int]] = defaultdict(dict)
    for at, body in bodies.items():
        if body.letters and _place(documents[at]) != _NO_TABLE:
            tables[documents[at].source][body.letters] = body.words
    found_in: defaultdict[bytes, list[str]] = defaultdict(list)
    for source, rows in tables.items():
        for letters in rows:
            found_in[letters].append(source)
    copies: defaultdict[str, list[str]] = defaultdict(list)
    for source, rows in tables.items():
        # At most a tenth of its texts is missing from the other: one of its rarest is there.
        rarest = sorted(rows, key=lambda letters: len(found_in[letters]))[: len(rows) // 10 + 1]
        for other in dict.fromkeys(one for letters in rarest for one in found_in[letters]):
            shared = rows.keys() & tables[other].keys()
            words = sum(rows[letters] for letters in shared)
            if other != source and len(shared) >= _CONTAINED * len(rows) and words >= _FEWEST_WORDS:
                copies[source].append(other)
                copies[other].append(source)
    return copies


def without_twins(
    documents: Sequence[Document], keep: bool, known: Sequence[Body] | None = None
) -> tuple[tuple[Document, ...], tuple[Skipped, ...], tuple[str, ...]]:
    """The documents with each text once, the files left out, and French notices that name the groups.

    `keep`: leave every document in, and only tell. `known`: as for `find_twins`. Metadata that only a left out twin
    has go to the one kept.
    """
    groups = find_twins(documents, known)
    notices = _notices(groups, keep)
    if keep:
        return tuple(documents), (), notices
    by_id = {document.id: document for document in documents}
    kept_for = {other: group.kept for group in groups for other in group.others}
    inherited: dict[str, dict[str, str]] = {}
    for other, kept in kept_for.items():
        values = inherited.setdefault(kept, dict(by_id[kept].metadata))
        inherited[kept] = {**by_id[other].metadata, **values}
    texts_of = Counter(document.source for document in documents)
    skipped = tuple(
        _skipped(document, kept_for[document.id], alone=texts_of[document.source] == 1)
        for document in documents
        if document.id in kept_for
    )
    left = (
        replace(document, metadata=inherited[document.id]) if document.id in inherited else document
        for document in documents
        if document.id not in kept_for
    )
    return tuple(left), skipped, notices


def _skipped(document: Document, kept: str, *, alone: bool) -> Skipped:
    """`alone`: the document is all that its file holds; else its id says which row or text is left out."""
    which = "" if alone else f"{document.id} : "
    detail = f"{which}même texte que {kept}, compté une seule fois (--keep-twins pour tout garder)"
    return Skipped(document.source, "twin", detail, failed=False)


def _notices(groups: Sequence[Twins], keep: bool) -> tuple[str, ...]:
    if not groups:
        return ()
    listed = " ; ".join(f"{group.kept} = {', '.join(group.others)}" for group in groups[:_LISTED])
    more = f" et {len(groups) - _LISTED} autres groupes" if len(groups) > _LISTED else ""
    copies = sum(len(group.others) for group in groups)
    done = "tous gardés et comptés" if keep else "comptés une seule fois, --keep-twins pour tout garder"
    return (f"textes en double dans plusieurs fichiers : {copies} ({done}) : {listed}{more}",)


def _rank(document: Document) -> int:
    formats: list[str] = read_toml("reading.toml")["twins"]["formats"]
    return formats.index(document.format) if document.format in formats else len(formats)


# --- bodies ------------------------------------------------------------------------------------------


def body_of(document: Document) -> Body:
    """What is compared of a document; a record, which is never a twin, has no body."""
    words = [] if document.record else _words(document)
    # All at once, then apart again: no word holds a line feed.
    spelt = "\n".join(words).encode("utf-8", "surrogatepass").split(b"\n") if words else []
    letters = hashlib.sha256(b"".join(spelt)).digest() if words else b""
    long = spelt if len(words) >= _FEWEST_WORDS else []
    return Body(letters, _runs(list(map(zlib.crc32, long))), len(words))


def _words(document: Document) -> list[str]:
    """The words of the body, so folded that typography, accents and Unicode forms do not matter."""
    words: list[str] = []
    edges = [0, *(edge for zone in _merged_zones(document) for edge in zone), len(document.text)]
    for start, end in zip(edges[::2], edges[1::2], strict=True):
        folded = unicodedata.normalize("NFKD", document.text[start:end]).casefold()
        # A character at a time: a text has four of them, and `translate`, which looks at each letter, takes four times
        # as long.
        for character in _FOLDED.keys() & set(_BEYOND_ASCII.findall(folded)):
            folded = folded.replace(character, _FOLDED[character])
        words += WORD.findall(folded)
    return words


_BEYOND_ASCII = re.compile(r"[^\x00-\x7f]")

# Accents, soft hyphens and the ligatures that Unicode does not take apart.
_FOLDED = {**dict.fromkeys(map(chr, range(0x300, 0x370)), ""), "\u00ad": "", "œ": "oe", "æ": "ae"}


def _merged_zones(document: Document) -> list[tuple[int, int]]:
    """The zones as stretches that do not overlap, in order."""
    merged: list[tuple[int, int]] = []
    for start, end in sorted((zone.start, zone.end) for zone in document.zones):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def _runs(words: Sequence[int]) -> Runs:
    """The runs of five words, as distinct numbers in order."""
    count = max(0, len(words) - _RUN + 1)
    numbers = (np.array(words, dtype=np.uint64) + np.uint64(1)) * _MIX
    numbers ^= numbers >> np.uint64(29)
    run = np.zeros(count, dtype=np.uint64)
    for k in range(_RUN if count else 0):
        run = run * _MIX + numbers[k : count + k]
    return _distinct((run >> np.uint64(32)).astype(np.uint32))


def _distinct(numbers: Runs) -> Runs:
    """Each number once, in order; on a thousand of them `np.unique` takes eight times as long."""
    numbers.sort()
    return numbers[np.concatenate(([True], numbers[1:] != numbers[:-1]))] if numbers.size else numbers


class _Index:
    """Documents by their rarest runs, to find those that share nine tenths of their runs with another.

    No twin is missed, and a paragraph that many documents share costs nothing: two sets that share nine tenths
    of both share at least one of the rarest tenth of each (prefix filter of similarity joins), so that only
    these are looked up.
    """

    def __init__(self, runs: Mapping[int, Runs]) -> None:
        self._runs = runs
        everything = np.concatenate([np.empty(0, np.uint32), *runs.values()])
        everything.sort()  # in place: with `np.unique` a corpus of four million words would take 150 MB here
        again = everything[1:][everything[1:] == everything[:-1]]
        self._shared, others = np.unique(again, return_counts=True)
        self._frequency = others + 1
        self._by_run: defaultdict[int, list[int]] = defaultdict(list)

    def add(self, at: int) -> None:
        for run in self._rarest(at):
            self._by_run[run].append(at)

    def alike(self, at: int) -> list[int]:
        """The documents added that share nine tenths of both, in the order they were added."""
        candidates = dict.fromkeys(other for run in self._rarest(at) for other in self._by_run.get(run, ()))
        return [other for other in candidates if self._share(at, other)]

    def _share(self, one: int, other: int) -> bool:
        larger = max(self._runs[one].size, self._runs[other].size)
        shared = np.intersect1d(self._runs[one], self._runs[other], assume_unique=True).size
        return bool(shared >= _CONTAINED * larger)

    def _rarest(self, at: int) -> list[int]:
        """The rarest tenth of the runs of a document, less those that no other document has."""
        own = self._runs[at]
        if not own.size or not self._shared.size:
            return []
        place = np.minimum(np.searchsorted(self._shared, own), self._shared.size - 1)
        known = self._shared[place] == own
        left = own.size - int(np.ceil(_CONTAINED * own.size)) + 1 - int(own.size - known.sum())
        if left <= 0:
            return []
        shared = own[known]
        order = np.lexsort((shared, self._frequency[place[known]]))
        return [int(run) for run in shared[order[:left]]]
