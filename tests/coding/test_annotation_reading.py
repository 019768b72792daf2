"""Codes that come back from annotation tools: units found, people renamed, machine codes never in their name."""

import contextlib
import io
import json
import zipfile
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tagged_documents import BY, FULL, any_documents, document, two_documents

from tensions_cli.coding.annotation import read_cas_json, read_doccano, read_label_studio, read_prodigy
from tensions_cli.coding.coders import numbered
from tensions_cli.coding.understand import understand
from tensions_cli.errors import UnreadableError
from tensions_cli.output.annotation import write_doccano, write_label_studio, write_prodigy
from tensions_cli.output.cas import write_cas_json
from tensions_cli.records import ReadCodings, TaggedDocument


def text_of(write: Callable[..., Any], documents: list[TaggedDocument], **options: bool) -> bytes:
    stream = io.StringIO()
    write(documents, BY, stream, **options)
    return stream.getvalue().encode("utf-8")


def cas_of(documents: list[TaggedDocument]) -> bytes:
    stream = io.BytesIO()
    write_cas_json(documents, BY, stream)
    return stream.getvalue()


def jsonl(*rows: object) -> bytes:
    return "\n".join(json.dumps(row, ensure_ascii=False) for row in rows).encode("utf-8")


def assert_same_codes(documents: list[TaggedDocument], read: ReadCodings) -> None:
    """Every passage comes back with its id, text and codes, coded by the machine."""
    passages, problems = understand(read)
    assert problems == []
    found = {passage["id"]: passage for passage in passages}
    expected = [one for tagged in documents for one in tagged.passages]
    assert len(found) == len(passages) == len(expected)
    for one in expected:
        passage, tags = found[one.passage.id], one.tags
        assert (passage["document"], passage["start"], passage["end"]) == (
            one.passage.document,
            one.passage.start,
            one.passage.end,
        )
        assert passage["text"] == one.passage.text
        assert passage["coder"] == BY.coder
        assert passage["label"] == tags.label
        assert (passage["M"], passage["P"]) == (
            tags.label in ("rationalisation", "mixte"),
            tags.label in ("professionnelle", "mixte"),
        )
        assert passage["relation"] == tags.relation
        assert passage["stance"] == (tags.stance or {})
        assert passage["axes"] == {axis: list(poles) for axis, poles in tags.axes.items()}
        assert passage["decision"] is None


ROUND_TRIPS = {
    "doccano": (lambda documents: text_of(write_doccano, documents), read_doccano),
    "doccano, all names": (lambda documents: text_of(write_doccano, documents, all_names=True), read_doccano),
    "label studio": (lambda documents: text_of(write_label_studio, documents), read_label_studio),
    "prodigy": (lambda documents: text_of(write_prodigy, documents), read_prodigy),
    "cas": (cas_of, read_cas_json),
}


@pytest.mark.parametrize("tool", ROUND_TRIPS)
@settings(max_examples=40, deadline=None)
@given(documents=any_documents())
def test_round_trip_keeps_ids_spans_and_all_codes(tool: str, documents: list[TaggedDocument]) -> None:
    write, read = ROUND_TRIPS[tool]
    documents = [tagged for tagged in documents if tagged.document.text.strip()]
    if not documents:
        return
    codings = read(write(documents))
    assert_same_codes(documents, codings)
    assert codings.texts == {tagged.document.id: tagged.document.text for tagged in documents}
    assert codings.notices == ()


@pytest.mark.parametrize("tool", ROUND_TRIPS)
def test_round_trip_of_an_interview_and_a_note(tool: str) -> None:
    write, read = ROUND_TRIPS[tool]
    assert_same_codes(two_documents(), read(write(two_documents())))


# Units


RAW = "😀 é\r\nOn coche"  # formats.md, section 2: "On" starts at 4, 5 and 5, and at 6 with both


@pytest.mark.parametrize(("start", "end"), [(4, 12), (5, 13), (6, 14)])
def test_the_unit_is_found_by_the_covered_text(start: int, end: int) -> None:
    result = {"id": "a", "value": {"start": start, "end": end, "text": "On coche", "labels": ["mixte"]}}
    task = {"data": {"text": RAW, "document": "E01"}, "annotations": [{"completed_by": 3, "result": [result]}]}
    read = read_label_studio(jsonl(task))
    assert [(one.start, one.end, one.text) for one in read.codings] == [(4, 12, "On coche")]
    assert read.texts == {"E01": "😀 é\nOn coche"}


def test_label_studio_writes_line_ends_as_two_characters() -> None:
    value = {"start": 0, "end": 13, "text": "😀 é\\nOn coche"[:14], "labels": ["mixte"]}
    task = {"data": {"text": "😀 é\nOn coche"}, "annotations": [{"result": [{"id": "a", "value": value}]}]}
    (coding,) = read_label_studio(jsonl(task)).codings
    assert (coding.start, coding.end) == (0, 12)


def test_one_span_that_fits_no_unit_stops_the_file() -> None:
    result = {"id": "a", "value": {"start": 1, "end": 4, "text": "coche", "labels": ["mixte"]}}
    task = {"data": {"text": "On coche des cases"}, "annotations": [{"result": [result]}]}
    with pytest.raises(UnreadableError) as error:
        read_label_studio(jsonl(task))
    assert error.value.reason == "corrupt"
    assert "coche" not in error.value.detail


def test_a_span_outside_the_text_stops_the_file() -> None:
    with pytest.raises(UnreadableError):
        read_doccano(jsonl({"id": 1, "text": "Oui.", "label": [[0, 9, "mixte"]]}))


def test_doccano_in_code_points_is_recognised_by_what_we_proposed() -> None:
    row = json.loads(text_of(write_doccano, [document("E", "😀 On coche. Non.", [(2, 11, FULL)])]))
    assert row["label"] == [[3, 12, "mixte"]]
    row |= {"id": 7, "label": [[2, 11, "mixte"], [12, 16, "neutre"]]}  # an old doccano counts characters
    read = read_doccano(jsonl(row))
    assert [one.text for one in read.codings] == ["On coche.", "Non."]


def test_doccano_without_our_keys_counts_utf16_units() -> None:
    read = read_doccano(jsonl({"id": 1, "text": "😀 On coche", "label": [[3, 11, "mixte"]]}))
    assert [one.text for one in read.codings] == ["On coche"]


# People


def test_accounts_become_numbers_in_a_stable_order() -> None:
    assert numbered(["zoe@x.fr", "abel@x.fr", "10", "9"]) == {
        "9": "codeur 1",
        "10": "codeur 2",
        "abel@x.fr": "codeur 3",
        "zoe@x.fr": "codeur 4",
    }
    assert numbered(["codeur 1", "zoe"]) == {"codeur 1": "codeur 1", "zoe": "codeur 2"}
    assert numbered([BY.coder, "zoe"])[BY.coder] == BY.coder


def region(label: str, **more: Any) -> dict[str, Any]:
    return {"id": "r", "value": {"start": 0, "end": 8, "text": "On coche", "labels": [label]}} | more


def test_label_studio_keeps_people_and_predictions_apart_and_no_account() -> None:
    memo = {"id": "r", "type": "textarea", "value": {"start": 0, "end": 8, "text": ["à revoir"]}}
    relation = {"id": "r", "type": "choices", "value": {"start": 0, "end": 8, "choices": ["articulation"]}}
    task = {
        "data": {"text": "On coche des cases", "document": "E01"},
        "annotations": [
            {"completed_by": {"id": 12, "email": "zoe.durand@x.fr"}, "result": [region("mixte"), relation, memo]},
            {"completed_by": {"id": 3, "email": "abel.roux@x.fr"}, "result": [region("neutre")]},
            {"completed_by": 3, "was_cancelled": True, "result": [region("mixte")]},
        ],
        "predictions": [{"model_version": BY.coder, "result": [region("rationalisation")]}],
    }
    read = read_label_studio(json.dumps([task]).encode())
    passages, problems = understand(read)
    assert problems == []
    assert [(one["coder"], one["label"], one["relation"], one["memo"]) for one in passages] == [
        ("codeur 2", "mixte", "articulation", "à revoir"),
        ("codeur 1", "neutre", None, ""),
        (BY.coder, "rationalisation", None, ""),
    ]
    assert {one["id"] for one in passages} == {"E01#0-8"}
    assert any("annulées" in notice for notice in read.notices)
    assert "durand" not in repr(read)


def test_label_studio_json_min() -> None:
    task = {
        "id": 4,
        "text": "On coche des cases",
        "label": [{"start": 0, "end": 8, "text": "On coche", "labels": ["mixte"]}],
        "relation": [{"start": 0, "end": 8, "text": "On coche", "choices": ["opposition"]}],
        "annotator": 5,
    }
    ((passage,), problems) = understand(read_label_studio(json.dumps([task]).encode()))
    assert problems == []
    assert (passage["coder"], passage["label"], passage["relation"]) == ("codeur 1", "mixte", "opposition")


def test_dialogues_and_placeless_results_are_counted() -> None:
    paragraph = {"type": "paragraphlabels", "value": {"start": "1", "end": "1", "startOffset": 0, "endOffset": 5}}
    link = {"type": "relation", "from_id": "a", "to_id": "b"}
    task = {"data": {"text": "On coche"}, "annotations": [{"result": [paragraph, link, region("mixte")]}]}
    read = read_label_studio(jsonl(task))
    assert len(read.codings) == 1
    assert sum(notice.endswith(": 1") for notice in read.notices) == 2


def test_what_doccano_only_showed_is_not_put_in_a_persons_name() -> None:
    row = json.loads(text_of(write_doccano, [document("E01", "On coche des cases.", [(0, 19, FULL)])]))
    read = read_doccano(jsonl(row | {"id": 1, "Comments": ["à voir"]}), coder="codeur 2")
    assert [(one.coder, one.codes) for one in read.codings] == [("codeur 2", ("mixte",))]
    assert any("montrés" in notice for notice in read.notices)
    assert any("commentaires" in notice for notice in read.notices)


def test_doccano_all_names_in_a_persons_name_loses_nothing_and_says_nothing() -> None:
    row = json.loads(text_of(write_doccano, [document("E01", "On coche.", [(0, 9, FULL)])], all_names=True))
    read = read_doccano(jsonl(row | {"id": 1}))
    assert read.notices == ()
    ((passage,), problems) = understand(read)
    assert problems == []
    assert passage["relation"] == "opposition"
    assert passage["coder"] == "codeur 1"


def test_doccano_entities_and_the_old_json_array() -> None:
    row = {
        "id": 1,
        "text": "On coche des cases",
        "doc": "E01",
        "entities": [{"id": 1, "label": "mixte", "start_offset": 0, "end_offset": 8}],
        "relations": [{"id": 1, "from_id": 1, "to_id": 2, "type": "x"}],
    }
    for data in (jsonl(row), json.dumps([row]).encode()):
        read = read_doccano(data)
        assert [(one.document, one.text, one.codes) for one in read.codings] == [("E01", "On coche", ("mixte",))]
        assert any("relations" in notice for notice in read.notices)


def test_a_text_changed_since_the_export_is_said_and_twin_names_stay_apart() -> None:
    row = json.loads(text_of(write_doccano, [document("E01", "On coche.", [(0, 9, FULL)])]))
    read = read_doccano(jsonl(row, row | {"text": "On cache."}))
    assert sorted(read.texts) == ["E01", "E01 (2)"]
    assert any("empreinte" in notice and notice.endswith(": 1") for notice in read.notices)
    assert any("même nom" in notice for notice in read.notices)


def test_prodigy_answers_and_annotators() -> None:
    spans = [{"start": 0, "end": 8, "label": "mixte", "token_start": 0}]
    base = {"text": "On coche des cases", "spans": spans, "meta": {"document": "E01"}}
    read = read_prodigy(
        jsonl(
            base | {"answer": "accept", "_annotator_id": "codage-zoe"},
            base | {"answer": "reject", "_annotator_id": "codage-abel"},
            base | {"answer": "ignore", "_annotator_id": "codage-abel"},
        )
    )
    assert [(one.coder, one.answers.get("decision")) for one in read.codings] == [
        ("codeur 2", None),
        ("codeur 1", "rejected"),
    ]
    assert "zoe" not in repr(read)
    passages, _ = understand(read)
    assert [one["decision"] for one in passages] == [None, "rejected"]


def test_prodigy_choices_code_a_ready_made_passage() -> None:
    task = {
        "text": "On coche des cases",
        "options": [{"id": "mixte", "text": "mixte"}],
        "accept": ["mixte", "opposition"],
        "answer": "accept",
        "meta": {"document": "E01", "id": "E01#5-23"},
    }
    ((passage,), problems) = understand(read_prodigy(jsonl(task)))
    assert problems == []
    assert (passage["id"], passage["label"], passage["relation"]) == ("E01#5-23", "mixte", "opposition")


def test_inception_archives_name_documents_and_accounts_by_path() -> None:
    with zipfile.ZipFile(io.BytesIO(cas_of([document("E01", "😀 On coche.", [(2, 11, FULL)])]))) as archive:
        cas = json.loads(archive.read("corpus/E01.json"))
    cas["%FEATURE_STRUCTURES"].append(
        {"%ID": 9, "%TYPE": "de.tudarmstadt.ukp.dkpro.core.api.metadata.type.DocumentMetaData", "@sofa": 1}
    )
    cas["%FEATURE_STRUCTURES"].append({"%ID": 10, "%TYPE": "x.Lemma", "@sofa": 1, "begin": 3, "end": 5})
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for account in ("INITIAL_CAS", "zoe", "abel"):
            archive.writestr(f"annotation/E01.json/{account}.json", json.dumps(cas))
        archive.writestr("annotation/E01.json/zoe.ser", b"x")
        archive.writestr("annotation/E01.json/abime.json", b"{")
    read = read_cas_json(stream.getvalue())
    assert {one.coder for one in read.codings} == {BY.coder, "codeur 1", "codeur 2"}
    assert {(one.document, one.text) for one in read.codings} == {("E01", "On coche.")}
    assert any("couches" in notice for notice in read.notices)
    assert any("archive" in notice for notice in read.notices)
    assert any("illisibles" in notice for notice in read.notices)
    alone = read_cas_json(json.dumps(cas).encode(), coder="codeur 4")
    assert {one.coder for one in alone.codings} == {"codeur 4"}


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 100_000), st.integers(0, 255)), min_size=1, max_size=30), st.integers(0, 60))
def test_a_damaged_archive_of_cas_is_read_or_refused(changes: list[tuple[int, int]], cut: int) -> None:
    whole = bytearray(cas_of(two_documents()))
    for at, value in changes:
        whole[at % len(whole)] = value
    with contextlib.suppress(UnreadableError):
        read_cas_json(bytes(b"PK\x03\x04" + whole[4 + cut :]))


def test_a_damaged_member_is_counted_and_the_others_are_read() -> None:
    whole = bytearray(cas_of(two_documents()))
    with zipfile.ZipFile(io.BytesIO(whole)) as archive:
        member = next(one for one in archive.infolist() if one.filename.endswith(".json"))
    start = member.header_offset + 30 + len(member.filename)
    whole[start : start + 40] = b"\xff" * 40
    read = read_cas_json(bytes(whole))
    assert read.codings
    assert any("illisibles" in notice and notice.endswith("1") for notice in read.notices)


def test_cassis_writes_what_we_read() -> None:
    cassis = pytest.importorskip("cassis")
    with zipfile.ZipFile(io.BytesIO(cas_of(two_documents()))) as archive:
        name = archive.namelist()[1]
        again = cassis.load_cas_from_json(io.BytesIO(archive.read(name))).to_json()
    assert_same_codes(two_documents()[:1], read_cas_json(again.encode("utf-8")))


# Hostile and broken files


@pytest.mark.parametrize("read", [read_doccano, read_label_studio, read_prodigy, read_cas_json])
@pytest.mark.parametrize("data", [b"", b"[]", b"null", b"[" * 100_000, b'{"a":' * 50_000, b"\x00\x01", b"Bonjour."])
def test_what_is_no_export_is_refused_in_one_sentence(read: Callable[[bytes], ReadCodings], data: bytes) -> None:
    try:
        codings = read(data)
    except UnreadableError as error:
        reason = error.reason
    else:
        assert codings.codings == ()
        reason = "corrupt" if codings.notices else "said nowhere"
    assert reason in {"corrupt", "binary"}


KEYS = """text label labels spans start end data annotations result value choices predictions meta document accept
answer proposal sha256 completed_by id %FEATURE_STRUCTURES %TYPE sofaString begin entities start_offset end_offset
"""
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 20) | st.sampled_from(["mixte", "On coche", "\ud83d", "E01", ""]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS.split()), inner, max_size=6),
    max_leaves=25,
)


@settings(max_examples=200, deadline=None)
@given(value=st.lists(JSON, max_size=3) | JSON)
def test_no_json_crashes_a_reader(value: Any) -> None:
    data = json.dumps(value).encode("utf-8")
    for read in (read_doccano, read_label_studio, read_prodigy, read_cas_json):
        try:
            passages, _ = understand(read(data))
        except UnreadableError:
            continue
        json.dumps(passages, ensure_ascii=False).encode("utf-8")
