"""Tagged documents as a REFI-QDA project (`.qdpx`) or codebook (`.qdc`), for NVivo, MAXQDA, ATLAS.ti, QualCoder.

Rules of formats.md §9: a zip of `project.qde` and of one text for each source, nothing with a byte order mark;
GUIDs made from what they name, so that the same corpus gives the same file; one user, the machine. Nothing of
the machine that writes, and no speaker's name, goes into the file.
"""

import hashlib
import os
import re
import zipfile
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from colorsys import hls_to_rgb
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from itertools import groupby
from typing import BinaryIO, Literal
from uuid import UUID, uuid5
from xml.sax.saxutils import escape

from tensions_cli.knowledge.code_names import NamedCode, all_codes, codes_of
from tensions_cli.knowledge.files import read_toml
from tensions_cli.output.french import NBSP, ROLE_TITLES
from tensions_cli.records import CodedBy, Document, Role, TaggedDocument, TaggedPassage

LineEnds = Literal["lf", "crlf"]

# Not allowed in XML 1.0, or changed by every reader (carriage return, a byte order mark at the start): in the
# exported copy each becomes one space, so that no position moves.
_UNWRITABLE = re.compile("[\x00-\x08\x0b\x0c\r\x0e-\x1f\ud800-\udfff\ufffe\uffff]|\\A\ufeff")

# A zip knows no date before 1980 and none after 2107.
_EARLIEST = datetime(1980, 1, 1, tzinfo=UTC)
_LATEST = datetime(2107, 12, 31, tzinfo=UTC)

_DECLARATION = '<?xml version="1.0" encoding="utf-8"?>\n'
_EXCLUDED = {
    "interviewer": "passages de l’enquêteur, non exportés",
    "short": "passages de deux mots ou moins, non exportés",
}
_LINE_ENDS = {
    "lf": "Fins de ligne LF, comptées pour un caractère.",
    "crlf": "Fins de ligne CRLF, comptées pour deux caractères (MAXQDA).",
}


@dataclass(frozen=True, slots=True)
class _Member:
    """One document as the project holds it: its text file, and its part of each list of `project.qde`."""

    name: str
    content: bytes
    source: str
    cases: str
    note: str


@dataclass(frozen=True, slots=True)
class _Signature:
    """The attributes of whatever someone created."""

    user: str
    moment: str

    def attributes(self) -> dict[str, str]:
        return {"creatingUser": self.user, "creationDateTime": self.moment}


def write_qdpx(
    documents: Iterable[TaggedDocument], by: CodedBy, stream: BinaryIO, *, line_ends: LineEnds = "lf"
) -> None:
    """Write one REFI-QDA project of these documents, their codes and the whole codebook.

    `line_ends`: `crlf` writes texts with CRLF and counts each as two characters, as MAXQDA does. Passages that are
    not counted get no selection; the note « Méthode » says how many there are. The documents are taken one by one
    and not kept. Raises ValueError when a passage is not what its document says at its place.
    """
    moment = _moment()
    stamp = f"{moment:%Y-%m-%dT%H:%M:%SZ}"
    users: dict[str, str] = {}
    _user(by.coder, by, users)
    counts: Counter[str] = Counter()
    variables: dict[str, None] = {}
    members = []
    for document in documents:
        members.append(_member(document, by, users, counts, stamp, line_ends))
        variables |= dict.fromkeys(field for field, value in document.document.metadata.items() if value)
    project = _project(members, by, users, counts, list(variables), stamp, line_ends)
    contents = {"project.qde": project.encode("utf-8"), **{member.name: member.content for member in members}}
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in sorted(contents.items()):
            info = zipfile.ZipInfo(name, (moment.year, moment.month, moment.day, moment.hour, moment.minute, 0))
            info.create_system = 3  # same bytes on every system
            info.external_attr = 0o600 << 16
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, content)


def write_qdc(by: CodedBy, stream: BinaryIO) -> None:
    """Write the codebook alone, as a REFI-QDA codebook in UTF-8."""
    schema = read_toml("qda.toml")["codebook_schema"]
    book = _element("CodeBook", {"xmlns": schema, "origin": by.tool}, _codes())
    stream.write((_DECLARATION + book).encode("utf-8"))


def _moment() -> datetime:
    """`SOURCE_DATE_EPOCH` (seconds) if the user set it, else a date that says nothing."""
    said = os.environ.get("SOURCE_DATE_EPOCH", "")
    if not re.fullmatch(r"\d{1,11}", said):
        return _EARLIEST
    return min(max(datetime.fromtimestamp(int(said), UTC), _EARLIEST), _LATEST)


def _guid(kind: str, path: str) -> str:
    """Upper case: ATLAS.ti and MAXQDA are reported to refuse others."""
    return str(uuid5(_namespace(), f"{kind}/{path}".encode("utf-8", "replace").decode("utf-8"))).upper()


@cache
def _namespace() -> UUID:
    return UUID(read_toml("qda.toml")["namespace"])


def _written(text: str) -> str:
    return _UNWRITABLE.sub(" ", text)


def _element(name: str, attributes: Mapping[str, str], *inside: str) -> str:
    """`inside` is markup already; attributes are plain text, on one line since XML would fold them anyway."""
    quoted = {key: escape(re.sub("[\t\n]", " ", _written(value)), {'"': "&quot;"}) for key, value in attributes.items()}
    opening = " ".join([name, *(f'{key}="{value}"' for key, value in quoted.items())])
    return f"<{opening}>{''.join(inside)}</{name}>\n" if any(inside) else f"<{opening}/>\n"


def _text_element(name: str, text: str) -> str:
    return _element(name, {}, escape(_written(text)))


def _reference(name: str, guid: str) -> str:
    return _element(name, {"targetGUID": guid})


def _project(
    members: Sequence[_Member],
    by: CodedBy,
    users: Mapping[str, str],
    counts: Mapping[str, int],
    variables: Sequence[str],
    stamp: str,
    line_ends: LineEnds,
) -> str:
    """The text of `project.qde`; the order is that of the schema, and an empty list is not written at all."""
    signature = _Signature(users[by.coder], stamp)
    note = _guid("note", "méthode")
    return _DECLARATION + _element(
        "Project",
        {
            "xmlns": read_toml("qda.toml")["project_schema"],
            "name": "corpus",
            "origin": by.tool,
            "creatingUserGUID": signature.user,
            "creationDateTime": stamp,
        },
        _list(
            "Users",
            *(_element("User", {"guid": guid, "name": _user_name(name, by, users)}) for name, guid in users.items()),
        ),
        _list("CodeBook", _codes()),
        _list("Variables", *map(_variable, variables)),
        _list("Cases", *(member.cases for member in members)),
        _list("Sources", *(member.source for member in members)),
        _list(
            "Notes",
            _element(
                "Note",
                {"guid": note, "name": "Méthode"} | signature.attributes(),
                _text_element("PlainTextContent", "\n".join(_method(members, by, counts, line_ends))),
            ),
        ),
        # QualCoder reads no note written in the project itself, but keeps this as the project's memo.
        _text_element("Description", "\n".join(by.method)) if by.method else "",
        _reference("NoteRef", note),
    )


def _list(name: str, *inside: str) -> str:
    return _element(name, {}, "\n", *inside) if any(inside) else ""


def _variable(field: str) -> str:
    return _element("Variable", {"guid": _guid("variable", field), "name": field, "typeOfVariable": "Text"})


def _method(members: Sequence[_Member], by: CodedBy, counts: Mapping[str, int], line_ends: LineEnds) -> list[str]:
    return [
        *by.method,
        _LINE_ENDS[line_ends],
        *(f"{what}{NBSP}: {count}" for what, count in sorted(counts.items()) if count),
        f"SHA-256 du texte canonique de chaque document (UTF-8){NBSP}:",
        *(member.note for member in members),
    ]


def _codes() -> str:
    """The codebook in use, one parent for each family; a parent is no code."""
    families = groupby(all_codes(), key=lambda code: code.family)
    parents = (
        _element(
            "Code",
            {"guid": _guid("family", family), "name": family, "isCodable": "false"},
            "\n",
            *map(_code, codes),
        )
        for family, codes in families
    )
    return _list("Codes", *parents)


def _code(code: NamedCode) -> str:
    # QualCoder takes a code with any child but a description for a folder.
    colour = read_toml("qda.toml")["colours"].get(code.name) or _colour(code)
    attributes = {"guid": _code_guid(code.name), "name": code.name, "isCodable": "true", "color": colour}
    return _element("Code", attributes, _text_element("Description", code.description))


def _colour(code: NamedCode) -> str:
    """A colour for a code of another codebook: hues of its family, evenly spread, none twice."""
    names = [one.name for one in all_codes()]
    rank = names.index(code.name)
    # The golden ratio spreads any number of hues; lightness alternates, as in the colours that we chose.
    hue, light = (rank * 0.618034) % 1, (0.35, 0.5, 0.65, 0.8)[rank % 4]
    red, green, blue = (round(255 * part) for part in hls_to_rgb(hue, light, 0.6))
    return f"#{red:02X}{green:02X}{blue:02X}"


@cache
def _code_guid(name: str) -> str:
    return _guid("code", name)


def _user(coder: str, by: CodedBy, users: dict[str, str]) -> str:
    """The GUID of who coded, added to the users at first sight. People are numbered, never named."""
    known = by.coder if coder == "model" else coder
    if known not in users:
        users[known] = ""  # takes its rank
        users[known] = _guid("user", _user_name(known, by, users))
    return users[known]


def _user_name(coder: str, by: CodedBy, users: Mapping[str, str]) -> str:
    if coder == by.coder or re.fullmatch(read_toml("qda.toml")["impersonal_users"], coder):
        return coder
    return f"codeur humain {list(users).index(coder)}"  # rank 0 is the machine


def _member(
    tagged: TaggedDocument,
    by: CodedBy,
    users: dict[str, str],
    counts: Counter[str],
    stamp: str,
    line_ends: LineEnds,
) -> _Member:
    document = tagged.document
    guid = _guid("source", document.id)
    text = _written(document.text)
    counts["caractères interdits en XML, remplacés par un espace"] += len(_UNWRITABLE.findall(document.text))
    newlines = [found.start() for found in re.finditer("\n", text)] if line_ends == "crlf" else []
    selections = []
    for passage in tagged.passages:
        _check(document, passage)
        if passage.passage.counted:
            coder = _Signature(_user(passage.tags.coded_by, by, users), stamp)
            selections.append(_selection(passage, coder, newlines))
        else:
            reason = passage.passage.excluded_reason or ""
            counts[_EXCLUDED.get(reason, "passages non comptés, non exportés")] += 1
    counts["passages exportés"] += len(selections)
    signature = _Signature(users[by.coder], stamp)
    place = {"guid": guid, "name": document.id, "plainTextPath": f"internal://{guid}.txt"}
    digest = hashlib.sha256(document.text.encode("utf-8", "surrogatepass")).hexdigest()
    return _Member(
        name=f"sources/{guid}.txt",
        content=(text.replace("\n", "\r\n") if line_ends == "crlf" else text).encode("utf-8"),
        source=_element("TextSource", place | signature.attributes(), "\n", *selections),
        cases=_cases(tagged, guid),
        note=f"{document.id}{NBSP}: {digest}",
    )


def _check(document: Document, tagged: TaggedPassage) -> None:
    passage = tagged.passage
    if document.text[passage.start : passage.end] != passage.text:
        raise ValueError(f"passage {passage.id} is not the text at its place")


def _selection(tagged: TaggedPassage, coder: _Signature, newlines: Sequence[int]) -> str:
    """A passage and its codes. `newlines`: places of the line ends that count twice."""
    passage = tagged.passage
    start, end = (at + bisect_left(newlines, at) for at in (passage.start, passage.end))
    codings = (
        _element(
            "Coding",
            {"guid": _guid("coding", f"{passage.id}/{code}")} | coder.attributes(),
            _reference("CodeRef", _code_guid(code)),
        )
        for code in codes_of(tagged.tags)
    )
    return _element(
        "PlainTextSelection",
        {"guid": _selection_guid(tagged), "name": "", "startPosition": str(start), "endPosition": str(end)}
        | coder.attributes(),
        _text_element("Description", _description(tagged)),
        *codings,
    )


def _selection_guid(tagged: TaggedPassage) -> str:
    return _guid("selection", tagged.passage.id)


def _description(tagged: TaggedPassage) -> str:
    """What flat codes cannot say. The id comes last: `coding.qdpx` reads it back to the end of the line."""
    passage, tags = tagged.passage, tagged.tags
    parts = ["auto" if tags.coded_by == "model" else "codage humain", f"label={tags.label}"]
    parts += [f"relation={tags.relation.value}"] if tags.relation else []
    parts += [f"{pole}={score:g}" for pole, score in tags.scores.items()]
    parts += [f"certain={'oui' if tags.certain else 'non'}"] if tags.scores else []
    parts += [f"tour={passage.turn}"] if passage.turn else []
    parts += [f"rôle={ROLE_TITLES[passage.role]}"] if passage.speaker else []
    return "; ".join([*parts, f"id={passage.id}"])


def _cases(tagged: TaggedDocument, source: str) -> str:
    """One case for the document, or one for each person where several answer, by rank and never by name."""
    document = tagged.document
    values = [
        _element(
            "VariableValue", {}, _reference("VariableRef", _guid("variable", field)), _text_element("TextValue", value)
        )
        for field, value in document.metadata.items()
        if value
    ]
    people: dict[str | None, list[str]] = {}
    for one in tagged.passages:
        if one.passage.counted and one.passage.role is not Role.INTERVIEWER:
            people.setdefault(one.passage.person or one.passage.speaker, []).append(_selection_guid(one))
    named = [person for person in people if person is not None]
    if len(named) < 2:
        return _case(document.id, values, _reference("SourceRef", source))
    return "".join(
        _case(
            f"{document.id} – {'personne inconnue' if person is None else f'personne {named.index(person) + 1}'}",
            values,
            *(_reference("SelectionRef", selection) for selection in selections),
        )
        for person, selections in people.items()
    )


def _case(name: str, values: Sequence[str], *references: str) -> str:
    return _element("Case", {"guid": _guid("case", name), "name": name}, "\n", *values, *references)
