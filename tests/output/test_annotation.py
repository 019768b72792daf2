"""Files for annotation tools: offsets in each tool's unit, proposals never taken for a person's codes."""

import io
import json
import zipfile
from dataclasses import replace
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from tagged_documents import BY, FULL, any_documents, document, tags, two_documents

from tensions_cli.knowledge.code_names import all_codes
from tensions_cli.output.annotation import (
    doccano_labels,
    label_score,
    label_studio_config,
    utf16_offsets,
    write_doccano,
    write_label_studio,
    write_prodigy,
)
from tensions_cli.output.cas import write_cas_json
from tensions_cli.records import TaggedDocument


def lines(documents: list[TaggedDocument], **options: bool) -> list[dict]:
    stream = io.StringIO()
    write_doccano(documents, BY, stream, **options)
    return [json.loads(line) for line in stream.getvalue().split("\n") if line]


def tasks(documents: list[TaggedDocument]) -> list[dict]:
    stream = io.StringIO()
    write_label_studio(documents, BY, stream)
    return json.loads(stream.getvalue())


def archive(documents: list[TaggedDocument]) -> zipfile.ZipFile:
    stream = io.BytesIO()
    write_cas_json(documents, BY, stream)
    return zipfile.ZipFile(stream)


def test_utf16_offsets_of_the_reference() -> None:
    # formats.md, section 2: start of "On" is 4 code points, 5 UTF-16 units.
    assert utf16_offsets("😀 é\nOn coche")(4) == 5
    assert utf16_offsets("é On")(2) == 2


def test_doccano_counts_utf16_units_and_codes_one_label_a_passage() -> None:
    (row,) = lines([document("E01", "😀 On coche des cases.", [(2, 21, FULL)])])
    assert row["label"] == [[3, 22, "mixte"]]
    assert row["document"] == "E01"
    assert row["proposed_by"] == BY.coder
    assert row["proposal"].startswith("2-21: mixte, opposition, rationalisation contestee")
    assert len(row["sha256"]) == 64


def test_doccano_all_names_overlap_and_say_so() -> None:
    stream = io.StringIO()
    notices = write_doccano([document("E01", "On coche.", [(0, 9, FULL)])], BY, stream, all_names=True)
    spans = json.loads(stream.getvalue())["label"]
    assert [0, 9, "opposition"] in spans
    assert [0, 9, "temps (professionnelle)"] in spans
    assert any("chevauchent" in notice for notice in notices)


def test_empty_documents_are_skipped_and_counted() -> None:
    stream = io.StringIO()
    notices = write_doccano([document("vide", "", []), document("blanc", " \n", [])], BY, stream)
    assert stream.getvalue() == ""
    assert any(notice.endswith(": 2") and "vides" in notice for notice in notices)
    assert tasks([document("vide", "", [])]) == []


def test_overlapping_passages_are_our_bug_and_stop() -> None:
    with pytest.raises(AssertionError, match="overlap"):
        lines([document("d", "On coche.", [(0, 5, FULL), (3, 9, FULL)])])


def test_moved_offsets_stop() -> None:
    one = document("d", "On coche.", [(0, 2, FULL)])
    moved = replace(one, document=replace(one.document, text=" On coche."))
    with pytest.raises(AssertionError, match="offsets"):
        lines([moved])


def test_label_studio_predicts_and_never_annotates() -> None:
    (task,) = tasks([document("E01", "😀 On coche des cases.", [(2, 21, FULL)])])
    assert "annotations" not in task
    (prediction,) = task["predictions"]
    assert prediction["model_version"] == BY.coder
    label, relation, stances, axes = prediction["result"]
    assert label["value"] == {"start": 2, "end": 21, "text": "On coche des cases.", "labels": ["mixte"]}
    assert label["type"] == "labels"
    assert relation["value"]["choices"] == ["opposition"]
    assert stances["value"]["choices"] == ["rationalisation contestee", "professionnelle menacee"]
    assert axes["value"]["choices"] == [
        "temps (rationalisation)",
        "temps (professionnelle)",
        "evaluation (rationalisation)",
    ]
    assert len({result["id"] for result in prediction["result"]}) == 1
    assert prediction["score"] == label["score"] == 0.91


def test_the_configuration_knows_every_name_and_value_of_the_predictions() -> None:
    root = ElementTree.fromstring(label_studio_config())  # noqa: S314 (our own text)
    controls = {element.get("name"): element for element in root.iter() if element.get("toName")}
    values = {name: {child.get("value") for child in element} for name, element in controls.items()}
    for task in tasks(two_documents()):
        for result in task["predictions"][0]["result"]:
            control = controls[result["from_name"]]
            assert control.get("toName") == result["to_name"]
            assert control.tag.lower() == result["type"]
            assert set(result["value"][result["type"]]) <= values[result["from_name"]]
    assert {value for found in values.values() for value in found} == {code.name for code in all_codes()}


def test_a_label_is_as_sure_as_its_least_sure_answer() -> None:
    sure = replace(FULL, scores={"rationalisation": 0.8, "professionnelle": 0.6})
    assert label_score(sure) == 0.6
    assert label_score(replace(sure, label="neutre", logics=())) == 0.2
    assert label_score(replace(sure, label="rationalisation", logics=("rationalisation",))) == 0.4
    assert label_score(replace(FULL, scores={})) is None


def test_doccano_labels_are_unique_and_have_what_the_import_wants() -> None:
    for all_names in (False, True):
        rows = json.loads(doccano_labels(all_names=all_names))
        assert len({row["text"] for row in rows}) == len(rows)
        assert all(row["background_color"].startswith("#") and row["text_color"] for row in rows)
    assert {row["text"] for row in json.loads(doccano_labels())} == {
        "rationalisation",
        "professionnelle",
        "mixte",
        "neutre",
    }


def test_prodigy_counts_code_points() -> None:
    stream = io.StringIO()
    write_prodigy([document("E01", "😀 On coche des cases.", [(2, 21, FULL)])], BY, stream)
    task = json.loads(stream.getvalue())
    assert task["spans"] == [{"start": 2, "end": 21, "label": "mixte"}]
    assert task["meta"] == {"document": "E01"}


def test_cas_json_reloads_in_cassis_with_the_same_passages() -> None:
    cassis = pytest.importorskip("cassis")
    documents = two_documents()
    with archive(documents) as read:
        names = [name for name in read.namelist() if name.startswith("corpus/")]
        assert names == ["corpus/entretiens_E_01.json", "corpus/note.json"]
        for tagged, name in zip(documents, names, strict=True):
            cas = cassis.load_cas_from_json(io.BytesIO(read.read(name)))
            assert cas.sofa_string == tagged.document.text
            found = list(cas.select("tensions.Passage"))
            sentences = cas.select("de.tudarmstadt.ukp.dkpro.core.api.segmentation.type.Sentence")
            assert [one.get_covered_text() for one in found] == [one.passage.text for one in tagged.passages]
            assert [(one.begin, one.end) for one in sentences] == [(one.begin, one.end) for one in found]
            assert [one.label for one in found] == [one.tags.label for one in tagged.passages]
            assert [one.relation for one in found] == [one.tags.relation for one in tagged.passages]
            assert [one.certain for one in found] == [True] * len(found)
        talk = cassis.load_cas_from_json(io.BytesIO(read.read(names[0]))).select("tensions.Passage")[1]
        assert talk.axes == "temps:rationalisation|temps:professionnelle|evaluation:rationalisation"
        assert talk.stance_professionnelle == "menacee"
        assert talk.score_rationalisation == 0.91
        system = cassis.load_typesystem(io.BytesIO(read.read("typesystem.xml")))
        assert {feature.name for feature in system.get_type("tensions.Passage").features} >= {"label", "axes", "memo"}


def test_cas_files_have_safe_names_and_no_date() -> None:
    names = ["../../etc/passwd", "É/é", "E/e", "CON:*?", "…", "a" * 300]
    with archive([document(name, "On coche.", []) for name in names]) as read:
        members = [info for info in read.infolist() if info.filename.startswith("corpus/")]
        found = [info.filename.removeprefix("corpus/") for info in members]
        assert len({name.lower() for name in found}) == len(names)
        assert all("/" not in name and ".." not in name and len(name) < 100 for name in found)
        assert {info.date_time for info in read.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert {info.external_attr >> 16 for info in read.infolist()} == {0o600}
        documents = [json.loads(read.read(info))["%FEATURE_STRUCTURES"][1]["document"] for info in members]
        assert documents == names


@settings(max_examples=25, deadline=None)
@given(documents=any_documents())
def test_the_same_codes_give_the_same_bytes_and_every_span_is_its_text(documents: list[TaggedDocument]) -> None:
    for write in (write_doccano, write_label_studio, write_prodigy):
        first, second = io.StringIO(), io.StringIO()
        write(documents, BY, first)
        write(iter(documents), BY, second)
        assert first.getvalue() == second.getvalue()
    one, two = io.BytesIO(), io.BytesIO()
    write_cas_json(documents, BY, one)
    write_cas_json(documents, BY, two)
    assert one.getvalue() == two.getvalue()
    for row in lines(documents):
        units = row["text"].encode("utf-16-le")
        for start, end, _ in row["label"]:
            assert units[2 * start : 2 * end].decode("utf-16-le").strip()


def test_codes_of_a_person_have_no_score() -> None:
    person = replace(tags("neutre", None, coded_by="codeur 1"), scores={})
    (task,) = tasks([document("d", "Oui.", [(0, 4, person)])])
    assert "score" not in task["predictions"][0]["result"][0]
