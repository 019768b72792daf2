"""Codes that come back from annotation tools: doccano, Label Studio, Prodigy, and UIMA CAS JSON (INCEpTION).

Every reader takes the bytes of a file and gives `ReadCodings`. A person's codes are what they coded in the tool;
what our export only showed them (`proposal`) is taken from files that nobody touched, never put in their name.
"""

import hashlib
import io
import json
import re
import zipfile
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any, TypeGuard

from tensions_cli.coding.coders import NUMBERED, SHORT, numbered
from tensions_cli.coding.names import OUR_ID
from tensions_cli.coding.offset_units import (
    CODE_POINTS_FIRST,
    UTF16,
    UTF16_CRLF,
    UTF16_FIRST,
    SourceText,
    Span,
    Unit,
    find_unit,
    place,
    source_text,
)
from tensions_cli.errors import UnreadableError
from tensions_cli.files.container import DAMAGE, check_container
from tensions_cli.files.encoding import decode
from tensions_cli.knowledge.columns import code_fields
from tensions_cli.knowledge.sample_design import DRAWN, MOST_WEIGHT
from tensions_cli.records import ReadCoding, ReadCodings

# Who coded a file that names nobody.
SOMEBODY = "codeur 1"
MACHINE = "machine"

_PROPOSED = re.compile(r"(\d{1,9})-(\d{1,9}): ([^;]*)")

# What INCEpTION writes in every document it exports, and we do not.
_FROM_INCEPTION = ("DocumentMetaData", "CASMetadata")
_BUILT_IN = ("Sofa", "Sentence", "Token", "DocumentAnnotation", "DocumentMetaData", "CASMetadata", "TagsetDescription")

# What is counted while reading, and how it is said.
_SAID = {
    "broken": "lignes ou tâches illisibles, laissées de côté",
    "cancelled": "annotations annulées ou passées par leur auteur, laissées de côté",
    "placeless": "éléments sans position dans le texte (relations entre passages, choix sur un texte entier), non lus",
    "dialogue": "annotations de dialogue (paragraphes), non lues",
    "comments": "commentaires sur un texte entier, non repris",
    "shown": "passages dont la relation, les postures et les axes étaient montrés sans être codés, non repris",
    "renamed": "textes différents portant le même nom, distingués par un numéro",
    "changed": "textes modifiés depuis l’export (empreinte différente)",
    "layers": "annotations d’autres couches, non lues",
    "members": "fichiers de l’archive qui ne sont pas du CAS JSON, non lus",
}


@dataclass(slots=True)
class _Stretch:
    """A coded stretch, before its unit and its coder's name are known. `shown`: codes proposed there by our export."""

    place: str
    document: str | None
    span: Span | None
    coder: str
    codes: list[str]
    memo: str = ""
    text: str | None = None
    id: str | None = None
    answers: dict[str, str] = field(default_factory=dict)
    shown: Mapping[tuple[int, int], tuple[str, ...]] = field(default_factory=dict)
    untouched: bool = False
    kept: Mapping[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class _Reading:
    """What is gathered from one file."""

    stretches: list[_Stretch] = field(default_factory=list)
    texts: dict[str, str] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)
    machines: set[str] = field(default_factory=set)
    of_tasks: bool = False

    def name(self, wanted: str, text: str) -> str:
        """The name of a text, kept apart from another text of the same name."""
        name, rank = wanted, 1
        while self.texts.setdefault(name, text) != text:
            rank += 1
            name = f"{wanted} ({rank})"
        self.counts["renamed"] += name != wanted
        return name


def read_doccano(data: bytes, coder: str = SOMEBODY) -> ReadCodings:
    """Read a doccano export (JSONL, or JSON) of spans or entities; `coder` codes a file that has been in doccano.

    Raises `UnreadableError` when the file is no such export, or its offsets fit no unit.
    """
    reading = _Reading()
    for where, row in _objects(data, reading.counts):
        raw = row.get("text", row.get("data"))
        if not isinstance(raw, str):
            reading.counts["broken"] += 1
            continue
        source, document, shown = _document(row, raw, where, reading)
        untouched = "id" not in row and isinstance(row.get("proposed_by"), str)
        comments = row.get("Comments", row.get("comments"))
        reading.counts["comments"] += len(comments) if isinstance(comments, list) else 0
        reading.counts["placeless"] += len(row["relations"]) if isinstance(row.get("relations"), list) else 0
        for start, end, name in _doccano_spans(row, len(source.text), reading.counts):
            span = Span(source, start, end, expected=shown.keys())
            who = _untouched_by(row, reading) if untouched else _coder_of(row, coder)
            stretch = _Stretch(where, document, span, who, [name], shown=shown, untouched=untouched)
            stretch.kept = _drawn(row, reading)
            reading.stretches.append(stretch)
    return _codings(reading, UTF16_FIRST)


def read_prodigy(data: bytes, coder: str = SOMEBODY) -> ReadCodings:
    """Read the output of Prodigy's `db-out` (JSONL): spans, or choices on ready-made passages. Raises as above."""
    reading = _Reading()
    for where, row in _objects(data, reading.counts):
        raw = row.get("text")
        answer = row.get("answer")
        if not isinstance(raw, str):
            reading.counts["broken"] += 1
            continue
        if answer == "ignore":
            reading.counts["cancelled"] += 1
            continue
        meta = row["meta"] if isinstance(row.get("meta"), dict) else {}
        untouched = answer is None and isinstance(row.get("proposed_by"), str)
        account = _coder_of(row, row.get("_annotator_id") or row.get("_session_id") or coder)
        who = _untouched_by(row, reading) if untouched else _string(account)
        answers = {"decision": "rejected"} if answer == "reject" else {}
        if isinstance(row.get("accept"), list):
            codes = [_string(code) for code in row["accept"] if isinstance(code, str)]
            choice = _choice(where, meta, source_text(raw).text, who, codes, answers)
            choice.kept = _drawn(meta | row, reading)
            reading.stretches.append(choice)
            continue
        source, document, shown = _document(meta | row, raw, where, reading)
        for item in _dicts(row.get("spans")):
            start, end, name = item.get("start"), item.get("end"), item.get("label")
            if not (_is_offset(start) and _is_offset(end) and isinstance(name, str)):
                reading.counts["broken"] += 1
                continue
            covered = item["text"] if isinstance(item.get("text"), str) else None
            span = Span(source, start, end, covered, shown.keys())
            reading.stretches.append(
                _Stretch(
                    where,
                    document,
                    span,
                    who,
                    [_string(name)],
                    answers=dict(answers),
                    shown=shown,
                    untouched=untouched,
                    kept=_drawn(meta | row, reading),
                )
            )
    return _codings(reading, CODE_POINTS_FIRST)


def read_label_studio(data: bytes, coder: str = SOMEBODY) -> ReadCodings:
    """Read a Label Studio export (JSON or JSON-MIN): annotations by person, predictions by model version.

    Raises as above; the unit of the offsets is found by the text that each region says it covers.
    """
    reading = _Reading()
    for where, task in _objects(data, reading.counts):
        fields = task["data"] if isinstance(task.get("data"), dict) else task
        raw = fields.get("text", fields.get("texte"))
        if not isinstance(raw, str):
            reading.counts["dialogue" if isinstance(raw, list) else "broken"] += 1
            continue
        source, document, _ = _document(fields, raw, where, reading)
        for who, results in _label_studio_results(task, fields, coder, reading):
            regions: dict[str, _Stretch] = {}
            kept = _drawn(fields, reading)
            for result in results:
                empty = _Stretch(where, document, None, who, [], kept=kept)
                _add_result(result, regions, empty, source, reading.counts)
            reading.stretches += regions.values()
    return _codings(reading, CODE_POINTS_FIRST)


def read_cas_json(data: bytes, name: str = "texte", coder: str = SOMEBODY) -> ReadCodings:
    """Read UIMA CAS JSON 0.4: one file, or a zip of them as we or INCEpTION write it (one folder per document).

    `name`: the document's, where the file does not say it. Raises as above.
    """
    reading = _Reading()
    if not data.startswith(b"PK\x03\x04"):
        _read_cas(_json(decode(data).text), "fichier", name, reading, account=None, initial=False, otherwise=coder)
        return _codings(reading, (UTF16, UTF16_CRLF))
    check_container(data, "INCEpTION")
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for rank, member in enumerate(archive.infolist(), start=1):
            path = PurePosixPath(member.filename)
            if member.is_dir() or path.name == "typesystem.xml":
                continue
            if path.suffix.lower() != ".json":
                reading.counts["members"] += 1
                continue
            # INCEpTION: annotation/DOCUMENT/ACCOUNT.json; INITIAL_CAS is the text as it was imported.
            by_account = len(path.parts) > 2
            document = path.parts[-2] if by_account else path.stem
            initial = by_account and path.stem == "INITIAL_CAS"
            account = path.stem if by_account and not initial else None
            try:
                cas = _json(decode(archive.read(member)).text)
            except (UnreadableError, *DAMAGE):
                reading.counts["broken"] += 1
                continue
            where = f"fichier {rank} de l’archive"
            _read_cas(cas, where, document, reading, account=account, initial=initial, otherwise=coder)
    return _codings(reading, (UTF16, UTF16_CRLF))


def _codings(reading: _Reading, order: Sequence[Unit]) -> ReadCodings:
    """Stretches placed in code points, their coders renamed."""
    unit = find_unit([stretch.span for stretch in reading.stretches if stretch.span], order)
    names = numbered((stretch.coder for stretch in reading.stretches), reading.machines)
    places = [place(stretch.span, unit) if stretch.span else None for stretch in reading.stretches]
    coded: defaultdict[tuple[str | None, str, tuple[int, int] | None], set[str]] = defaultdict(set)
    for stretch, placed in zip(reading.stretches, places, strict=True):
        coded[stretch.document, stretch.coder, placed] |= set(stretch.codes)
    codings = []
    for stretch, placed in zip(reading.stretches, places, strict=True):
        text = stretch.span.source.text[placed[0] : placed[1]] if stretch.span and placed else stretch.text
        shown = stretch.shown.get(placed, ()) if placed else ()
        hidden = [code for code in shown if code not in coded[stretch.document, stretch.coder, placed]]
        reading.counts["shown"] += bool(hidden) and not stretch.untouched and shown[0] in stretch.codes
        codes = [*stretch.codes, *hidden] if stretch.untouched else stretch.codes
        codings.append(
            ReadCoding(
                place=stretch.place,
                id=stretch.id,
                document=stretch.document,
                start=placed[0] if placed else None,
                end=placed[1] if placed else None,
                text=text,
                coder=names[stretch.coder],
                codes=tuple(dict.fromkeys(codes)),
                answers=stretch.answers,
                memo=stretch.memo,
                kept=stretch.kept,
            )
        )
    notices = tuple(f"{said}\u00a0: {reading.counts[what]}" for what, said in _SAID.items() if reading.counts[what])
    return ReadCodings(tuple(codings), reading.texts, notices, reading.of_tasks)


def _document(
    row: Mapping[str, Any], raw: str, where: str, reading: _Reading
) -> tuple[SourceText, str, dict[tuple[int, int], tuple[str, ...]]]:
    """The text of a row, its name, and what our export proposed on it, by stretch in code points."""
    source = source_text(raw)
    said = row.get("document", row.get("doc"))
    document = reading.name(_string(said) if isinstance(said, str | int) and said != "" else where, source.text)
    sha256 = hashlib.sha256(source.text.encode("utf-8")).hexdigest()
    reading.counts["changed"] += isinstance(row.get("sha256"), str) and row["sha256"] != sha256
    proposal = row.get("proposal")
    found = _PROPOSED.findall(proposal) if isinstance(proposal, str) else []
    return source, document, {(int(start), int(end)): tuple(codes.split(", ")) for start, end, codes in found}


def _drawn(row: Mapping[str, Any], reading: _Reading) -> dict[str, Any]:
    """How the passage of a task of ours was drawn, and its weight, as coded passages name them (`kept`)."""
    passage = row.get("passage", row.get("document"))
    reading.of_tasks |= isinstance(passage, str) and OUR_ID.fullmatch(passage) is not None and "sha256" in row
    drawn, weight = row.get("drawn"), row.get("weight")
    kept: dict[str, Any] = {"drawn": drawn} if isinstance(drawn, str) and drawn in DRAWN else {}
    if isinstance(weight, int | float) and not isinstance(weight, bool) and 0 < weight <= MOST_WEIGHT:
        kept["weight"] = weight
    return kept


def _untouched_by(row: Mapping[str, Any], reading: _Reading) -> str:
    """The machine that proposed the codes of a row nobody touched."""
    machine = _string(row["proposed_by"])
    reading.machines.add(machine)
    return machine


def _coder_of(row: Mapping[str, Any], otherwise: Any) -> Any:
    """The coder whose task this is, as `tensions coding sample --coders` wrote it; else whom the tool names."""
    name = row.get("coder")
    if not isinstance(name, str):
        return otherwise
    return (
        name if NUMBERED.fullmatch(name) else f"codeur {name.upper()}" if SHORT.fullmatch(name.upper()) else otherwise
    )


# doccano


def _doccano_spans(row: Mapping[str, Any], length: int, counts: Counter[str]) -> Iterator[tuple[int, int, str]]:
    """Start, end and name of each span, as any of doccano's export forms writes it."""
    items: list[Any] = next(
        (row[key] for key in ("label", "labels", "entities", "spans") if isinstance(row.get(key), list)), []
    )
    for item in items:
        if isinstance(item, dict):
            start = item.get("start_offset", item.get("start"))
            end = item.get("end_offset", item.get("end"))
            name = item.get("label")
        elif isinstance(item, list) and len(item) == 3:
            start, end, name = item
        elif isinstance(item, str) and length:
            counts["placeless"] += 1
            continue
        else:
            start = end = name = None
        if _is_offset(start) and _is_offset(end) and isinstance(name, str):
            yield start, end, _string(name)
        else:
            counts["broken"] += 1


# Prodigy


def _choice(
    where: str, meta: Mapping[str, Any], text: str, who: str, codes: list[str], answers: dict[str, str]
) -> _Stretch:
    """A ready-made passage with the options that were accepted; its `meta` may say where it comes from."""
    document = meta.get("document", meta.get("doc"))
    stretch = _Stretch(where, _string(document) if isinstance(document, str) else None, None, who, codes, text=text)
    stretch.answers = dict(answers)
    stretch.id = _string(meta["id"]) if isinstance(meta.get("id"), str) else None
    return stretch


# Label Studio


def _label_studio_results(
    task: Mapping[str, Any], fields: Mapping[str, Any], coder: str, reading: _Reading
) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Who, and their results: one by annotation and by prediction."""
    for annotation in _dicts(task.get("annotations", task.get("completions"))):
        if annotation.get("was_cancelled") or annotation.get("skipped"):
            reading.counts["cancelled"] += 1
            continue
        yield _coder_of(fields, _account(annotation.get("completed_by"), coder)), _dicts(annotation.get("result"))
    for prediction in _dicts(task.get("predictions")):
        version = prediction.get("model_version")
        machine = _string(version) if isinstance(version, str) and version else MACHINE
        reading.machines.add(machine)
        yield machine, _dicts(prediction.get("result"))
    if fields is task:  # JSON-MIN: results by tag, beside the data
        flat = [
            {"id": f"{item.get('start')}-{item.get('end')}", "value": item}
            for value in task.values()
            for item in _dicts(value)
            if "start" in item
        ]
        yield _account(task.get("annotator"), coder), flat


def _add_result(
    result: Mapping[str, Any],
    regions: dict[str, _Stretch],
    empty: _Stretch,
    source: SourceText,
    counts: Counter[str],
) -> None:
    """Add one result to its region: labels and choices are codes, a text area is a memo."""
    value = result["value"] if isinstance(result.get("value"), dict) else {}
    start, end = value.get("start"), value.get("end")
    if isinstance(start, str) or "startOffset" in value:
        counts["dialogue"] += 1
        return
    if not (_is_offset(start) and _is_offset(end)):
        counts["placeless"] += 1
        return
    said = value.get("text")
    covered = said if isinstance(said, str) else None
    stretch = regions.setdefault(str(result.get("id") or f"{start}-{end}"), empty)
    if stretch.span is None or (stretch.span.covered is None and covered is not None):
        stretch.span = Span(source, start, end, covered)
    stretch.codes += [
        _string(code)
        for kind, codes in value.items()
        if kind != "text" and isinstance(codes, list)
        for code in codes
        if isinstance(code, str)
    ]
    notes = [note for note in said if isinstance(note, str)] if isinstance(said, list) else []
    meta = result.get("meta")
    if isinstance(meta, dict) and isinstance(meta.get("text"), list):
        notes += [note for note in meta["text"] if isinstance(note, str)]
    stretch.memo = "\n".join(filter(None, [stretch.memo, *map(_string, notes)]))


def _account(said: Any, coder: str) -> str:
    if isinstance(said, dict):
        said = said.get("email") or said.get("id")
    return coder if said is None or isinstance(said, list | dict) else _string(said)


# CAS JSON


def _read_cas(
    cas: Any, where: str, name: str, reading: _Reading, *, account: str | None, initial: bool, otherwise: str
) -> None:
    """Add the passages of one CAS, coded by the account that its path names, else by the machine, else by somebody.

    By the machine when nobody touched it: INCEpTION did not write it, or says that it is the text as imported
    (`initial`). `otherwise`: the name of somebody.
    """
    structures = cas.get("%FEATURE_STRUCTURES") if isinstance(cas, dict) else None
    if isinstance(structures, dict):  # the other form that the specification allows: by identifier
        structures = list(structures.values())
    structures = _dicts(structures)
    sofa = next((one["sofaString"] for one in structures if isinstance(one.get("sofaString"), str)), None)
    if sofa is None:
        reading.counts["broken"] += 1
        return
    ours = next((one for one in structures if one.get("%TYPE") == "tensions.Document"), {})
    titled = next((one["documentTitle"] for one in structures if isinstance(one.get("documentTitle"), str)), name)
    source, document, _ = _document({"document": titled} | ours, sofa, where, reading)
    touched = any(_kind(one) in _FROM_INCEPTION for one in structures)
    machine = _string(ours["coder"]) if isinstance(ours.get("coder"), str) and (initial or not touched) else None
    reading.machines |= {machine} if machine else set()
    coder = account or machine or otherwise
    for one in structures:
        begin, end, label = one.get("begin"), one.get("end"), one.get("label", one.get("value"))
        if _kind(one) in _BUILT_IN or not (_is_offset(begin) and _is_offset(end)):
            continue
        if not isinstance(label, str) and one.get("%TYPE") != "tensions.Passage":
            reading.counts["layers"] += 1
            continue
        answers = {key: _string(one[key]) for key in code_fields() - {"label"} if isinstance(one.get(key), str)}
        codes = [_string(label)] if isinstance(label, str) else []
        memo = _string(one["memo"]) if isinstance(one.get("memo"), str) else ""
        reading.stretches.append(
            _Stretch(where, document, Span(source, begin, end), coder, codes, memo, answers=answers)
        )


def _kind(structure: Mapping[str, Any]) -> str:
    return str(structure.get("%TYPE", "")).rpartition(".")[2]


# JSON


def _objects(data: bytes, counts: Counter[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Place and object: of each line, or of each item of a JSON array."""
    text = decode(data).text
    values: Iterable[tuple[str, Any]]
    if text.lstrip().startswith("["):
        array = _json(text)
        values = ((f"tâche {rank}", value) for rank, value in enumerate(array, start=1))
    else:
        values = _lines(text)
    empty = True
    for where, value in values:
        if isinstance(value, dict):
            empty = False
            yield where, value
        else:
            counts["broken"] += 1
    if empty:
        raise UnreadableError(
            "corrupt", "le fichier ne contient aucun objet JSON\u00a0: exportez de nouveau le projet en JSON ou JSONL"
        )


def _lines(text: str) -> Iterator[tuple[str, Any]]:
    for number, line in enumerate(text.split("\n"), start=1):  # not splitlines: U+2028 is legal in a JSON string
        if line.strip():
            try:
                yield f"ligne {number}", json.loads(line)
            except (ValueError, RecursionError):
                yield f"ligne {number}", None


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise UnreadableError("corrupt", "le JSON est mal formé\u00a0: exportez de nouveau le projet") from None


def _dicts(value: Any) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _is_offset(value: Any) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _string(value: Any) -> str:
    """A name or a note, half characters replaced: they cannot be written again."""
    return str(value).encode("utf-8", "replace").decode("utf-8")
