"""Coded passages for INCEpTION and other UIMA tools: CAS JSON 0.4, one file per document in a zip."""

import re
import unicodedata
import zipfile
from collections.abc import Iterable
from typing import Any, BinaryIO
from xml.sax.saxutils import escape

from tensions_cli.knowledge.codebook import codebook
from tensions_cli.output.annotation import apart, text_sha256, utf16_offsets
from tensions_cli.output.rows import to_json
from tensions_cli.records import CodedBy, TaggedDocument, TaggedPassage

# INCEpTION cuts a text into sentences by itself unless it finds some: a passage is given as one.
_SENTENCE = "de.tudarmstadt.ukp.dkpro.core.api.segmentation.type.Sentence"
_PASSAGE = "tensions.Passage"
_DOCUMENT = "tensions.Document"
_STRING, _DOUBLE, _BOOLEAN = "uima.cas.String", "uima.cas.Double", "uima.cas.Boolean"

# First date a zip can hold: the same codes give the same bytes.
_NO_DATE = (1980, 1, 1, 0, 0, 0)
_UNIX, _PRIVATE = 3, 0o600 << 16
_LONGEST_NAME = 80


def write_cas_json(documents: Iterable[TaggedDocument], by: CodedBy, stream: BinaryIO) -> tuple[str, ...]:
    """A zip of `corpus/NAME.json`, offsets in UTF-16 units, and `typesystem.xml` to import as a layer first.

    Returns French notices.
    """
    names: set[str] = set()
    empty = renamed = 0
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        _add(archive, "typesystem.xml", _type_system_xml())
        for tagged in documents:
            if not tagged.document.text.strip():
                empty += 1
                continue
            name = _file_name(tagged.document.id, names)
            renamed += name != tagged.document.id
            _add(archive, f"corpus/{name}.json", to_json(_cas(tagged, by)) + "\n")
    notices = [f"textes vides laissés de côté\u00a0: {empty}"] if empty else []
    if renamed:
        what = "documents nommés autrement dans l’archive, leur identifiant n’étant pas un nom de fichier sûr"
        notices.append(f"{what}\u00a0: {renamed}")
    return tuple(notices)


def _cas(tagged: TaggedDocument, by: CodedBy) -> dict[str, Any]:
    text = tagged.document.text
    units = utf16_offsets(text)
    structures: list[dict[str, Any]] = [
        {
            "%ID": 1,
            "%TYPE": "uima.cas.Sofa",
            "sofaNum": 1,
            "sofaID": "_InitialView",
            "mimeType": "text/plain",
            "sofaString": text,
        },
        {
            "%ID": 2,
            "%TYPE": _DOCUMENT,
            "@sofa": 1,
            "document": tagged.document.id,
            "sha256": text_sha256(text),
            "coder": by.coder,
        },
    ]
    for one in apart(tagged):
        place = {"@sofa": 1, "begin": units(one.passage.start), "end": units(one.passage.end)}
        structures.append({"%ID": len(structures) + 1, "%TYPE": _SENTENCE} | place)
        structures.append({"%ID": len(structures) + 1, "%TYPE": _PASSAGE} | place | _features(one))
    members = [structure["%ID"] for structure in structures[1:]]
    return {
        "%TYPES": _types(),
        "%FEATURE_STRUCTURES": structures,
        "%VIEWS": {"_InitialView": {"%SOFA": 1, "%MEMBERS": members}},
    }


def _features(one: TaggedPassage) -> dict[str, Any]:
    """What is said of a passage, flat as in CSV; absent answers are left out."""
    tags = one.tags
    values = {
        "label": tags.label,
        "relation": tags.relation.value if tags.relation else None,
        **{f"relation_{pair}": relation.value for pair, relation in tags.relations.items() if codebook().by_pair},
        **{f"stance_{pole}": (tags.stance or {}).get(pole) for pole in codebook().poles},
        "axes": "|".join(f"{axis}:{pole}" for axis, poles in tags.axes.items() for pole in poles) or None,
        **{f"score_{pole}": tags.scores.get(pole) for pole in codebook().poles},
        "certain": tags.certain,
    }
    return {name: value for name, value in values.items() if value is not None}


def _layers() -> dict[str, tuple[str, dict[str, str]]]:
    """Our types: parent and features with their ranges."""
    poles = codebook().poles
    passage = {"label": _STRING, "relation": _STRING}
    passage |= {f"relation_{pair}": _STRING for pair in codebook().pairs if codebook().by_pair}
    passage |= {f"stance_{pole}": _STRING for pole in poles} | {"axes": _STRING}
    passage |= {f"score_{pole}": _DOUBLE for pole in poles} | {"certain": _BOOLEAN, "memo": _STRING}
    return {
        _SENTENCE: ("uima.tcas.Annotation", {}),
        _DOCUMENT: ("uima.cas.AnnotationBase", dict.fromkeys(("document", "sha256", "coder"), _STRING)),
        _PASSAGE: ("uima.tcas.Annotation", passage),
    }


def _types() -> dict[str, Any]:
    return {
        name: {
            "%NAME": name,
            "%SUPER_TYPE": parent,
            **{feature: {"%NAME": feature, "%RANGE": kind} for feature, kind in features.items()},
        }
        for name, (parent, features) in _layers().items()
    }


def _type_system_xml() -> str:
    """The same types as INCEpTION imports them (Settings, Layers, Import)."""
    types = []
    for name, (parent, features) in _layers().items():
        if name == _SENTENCE:  # built in
            continue
        listed = "".join(
            f"<featureDescription><name>{escape(feature)}</name><description/>"
            f"<rangeTypeName>{kind}</rangeTypeName></featureDescription>"
            for feature, kind in features.items()
        )
        types.append(
            f"<typeDescription><name>{name}</name><description/><supertypeName>{parent}</supertypeName>"
            f"<features>{listed}</features></typeDescription>\n"
        )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<typeSystemDescription xmlns="http://uima.apache.org/resourceSpecifier"><types>\n'
        f"{''.join(types)}</types></typeSystemDescription>\n"
    )


def _add(archive: zipfile.ZipFile, name: str, content: str) -> None:
    entry = zipfile.ZipInfo(name, _NO_DATE)
    entry.create_system, entry.external_attr = _UNIX, _PRIVATE
    entry.compress_type = zipfile.ZIP_DEFLATED
    archive.writestr(entry, content.encode("utf-8"))


def _file_name(document: str, taken: set[str]) -> str:
    """A name that every system accepts, unique even where case does not count."""
    ascii_only = unicodedata.normalize("NFKD", document).encode("ascii", "ignore").decode()
    base = re.sub(r"[^A-Za-z0-9._-]+", "_", ascii_only).strip("._-")[:_LONGEST_NAME] or "document"
    name, rank = base, 1
    while name.lower() in taken:
        rank += 1
        name = f"{base}-{rank}"
    taken.add(name.lower())
    return name
