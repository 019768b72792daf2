"""Tagged passages without their text, as bytes: what travels between processes, waits in memory and lies in the cache.

One JSON object of columns, compressed: a passage takes about twenty bytes. Codes come back often: each combination is
written once and passages point to it, so that they share it in memory too. Evidence, which statistics never look at,
is a part of its own. Nothing of the text is written: no word, no question, no underlined expression.
"""

import json
import zlib
from collections.abc import Iterator, Sequence
from typing import Any

from tensions_cli.records import Document, Evidence, Passage, Relation, Role, TaggedPassage, Tags

SCALE = 10_000  # scores have four decimals
LEVEL = 6


def pack(tagged: Sequence[TaggedPassage], *, fingerprints: bool = False) -> bytes:
    """Passages of one document, in order; `fingerprints`: keep those of their texts, to find codes again."""
    kinds: dict[str, int] = {}
    speakers: dict[str | None, int] = {}
    reasons: dict[str | None, int] = {}
    rows: list[list[Any]] = []
    for one in tagged:
        passage, tags = one.passage, one.tags
        kind = kinds.setdefault(json.dumps(_kind(tags), ensure_ascii=False), len(kinds))
        rows.append(
            [
                passage.start,
                passage.end,
                passage.turn,
                speakers.setdefault(passage.speaker, len(speakers)),
                None if passage.role is None else passage.role.value,
                passage.time_start,
                passage.time_end,
                passage.words,
                reasons.setdefault(passage.excluded_reason, len(reasons)),
                kind,
                *(round(score * SCALE) for score in tags.scores.values()),
            ]
        )
    columns = {
        "logics": list(tagged[0].tags.scores) if tagged else [],
        "kinds": [json.loads(kind) for kind in kinds],
        "speakers": list(speakers),
        "reasons": list(reasons),
        "columns": list(zip(*rows, strict=True)),
        "fingerprints": [(one.passage.fingerprint or b"").hex() for one in tagged] if fingerprints else None,
    }
    evidence = [[[e.start, e.end, e.pole, e.axis] for e in one.tags.evidence] for one in tagged]
    light, heavy = (zlib.compress(_json(part), LEVEL) for part in (columns, evidence))
    return len(light).to_bytes(4, "big") + light + heavy


def _kind(tags: Tags) -> list[Any]:
    stance = None if tags.stance is None else dict(tags.stance)
    relations = {pair: relation.value for pair, relation in tags.relations.items()}
    axes = {axis: list(poles) for axis, poles in tags.axes.items()}
    relation = tags.relation.value if tags.relation else None
    return [tags.label, list(tags.logics), relation, relations, stance, axes, tags.certain]


def unpack(content: bytes, document: Document, model: str) -> Iterator[TaggedPassage]:
    """The passages again, without text nor evidence; `document`: theirs, with its metadata and its cast."""
    columns = _light(content)
    logics = columns["logics"]
    cast = {member.speaker: member for member in document.cast}
    speakers = [(name, cast.get(name)) for name in columns["speakers"]]
    described = [{**document.metadata, **member.attributes} if member else document.metadata for _, member in speakers]
    kinds = [_said(kind) for kind in columns["kinds"]]
    roles = {role.value: role for role in Role}
    prints = columns["fingerprints"]
    for rank, row in enumerate(zip(*columns["columns"], strict=True)):
        start, end, turn, speaker, role, time_start, time_end, words, reason, kind, *scores = row
        name, member = speakers[speaker]
        excluded = columns["reasons"][reason]
        yield TaggedPassage(
            Passage(
                id=f"{document.id}#{start}-{end}",
                document=document.id,
                start=start,
                end=end,
                text="",
                turn=turn,
                speaker=name,
                person=member.person if member else None,
                role=roles.get(role),
                time_start=time_start,
                time_end=time_end,
                metadata=described[speaker],
                counted=excluded is None,
                excluded_reason=excluded,
                words=words,
                fingerprint=bytes.fromhex(prints[rank]) if prints else None,
            ),
            Tags(
                **kinds[kind],
                scores={pole: score / SCALE for pole, score in zip(logics, scores, strict=True)},
                evidence=(),
                coded_by="model",
                model=model,
            ),
        )


def unpack_tags(content: bytes, model: str) -> list[tuple[tuple[int, int], Tags]]:
    """Place and codes of every passage, evidence included, to be joined with passages cut again from the text."""
    columns = _light(content)
    evidence = json.loads(zlib.decompress(content[4 + int.from_bytes(content[:4], "big") :]))
    kinds = [_said(kind) for kind in columns["kinds"]]
    tagged = []
    for row, spans in zip(zip(*columns["columns"], strict=True), evidence, strict=True):
        start, end, *_, kind = row[: len(row) - len(columns["logics"])]
        scores = row[len(row) - len(columns["logics"]) :]
        tags = Tags(
            **kinds[kind],
            scores={pole: score / SCALE for pole, score in zip(columns["logics"], scores, strict=True)},
            evidence=tuple(Evidence(*span) for span in spans),
            coded_by="model",
            model=model,
        )
        tagged.append(((start, end), tags))
    return tagged


def _light(content: bytes) -> dict[str, Any]:
    size = int.from_bytes(content[:4], "big")
    columns: dict[str, Any] = json.loads(zlib.decompress(content[4 : 4 + size]))
    return columns


def _said(kind: Sequence[Any]) -> dict[str, Any]:
    label, logics, relation, relations, stance, axes, certain = kind
    return {
        "label": label,
        "logics": tuple(logics),
        "relation": None if relation is None else Relation(relation),
        "relations": {pair: Relation(name) for pair, name in relations.items()},
        "stance": stance,
        "axes": {axis: tuple(poles) for axis, poles in axes.items()},
        "certain": certain,
    }


def _json(value: Any) -> bytes:
    # Labels of speakers come from files: half a surrogate pair is written as an escape.
    return json.dumps(value, separators=(",", ":")).encode("ascii")
