"""The Parquet table: text stays text, no index, same content; and the IRaMuTeQ corpus of passages."""

import builtins
import io
import json
import re
from collections.abc import Mapping, Sequence

import pytest
from tagged_documents import BY, FULL, document, tags, two_documents

from tensions_cli.errors import ExitStatus, ModelError
from tensions_cli.output.iramuteq_passages import write_iramuteq_passages
from tensions_cli.output.parquet import write_parquet

pq = pytest.importorskip("pyarrow.parquet")


def test_columns_are_those_of_the_csv_with_types() -> None:
    stream = io.BytesIO()
    write_parquet(two_documents(), BY, stream)
    table = pq.read_table(io.BytesIO(stream.getvalue()))
    kinds = {field.name: str(field.type) for field in table.schema}
    assert kinds["id"] == kinds["document"] == kinds["meta_code"] == kinds["label"] == "string"
    assert kinds["start"] == "int64"
    assert kinds["score_rationalisation"] == "double"
    assert kinds["certain"] == "bool"
    assert not any("index" in name for name in kinds)
    rows = table.to_pylist()
    assert [row["meta_code"] for row in rows] == ["007", "007", None, None]
    assert rows[1]["axes"] == "temps:rationalisation|temps:professionnelle|evaluation:rationalisation"
    assert rows[1]["stance_professionnelle"] == "menacee"
    assert rows[2]["text"] == "- Budget voté. =1+1 euros par repas"
    said = json.loads(pq.ParquetFile(io.BytesIO(stream.getvalue())).metadata.metadata[b"tensions"])
    assert said["coder"] == BY.coder
    assert set(said["texts"]) == {"entretiens/E 01", "note"}


def test_same_codes_same_bytes_and_an_empty_corpus_has_the_columns() -> None:
    one, two, none = io.BytesIO(), io.BytesIO(), io.BytesIO()
    write_parquet(two_documents(), BY, one)
    write_parquet(two_documents(), BY, two)
    assert one.getvalue() == two.getvalue()
    write_parquet([], BY, none)
    assert pq.read_table(io.BytesIO(none.getvalue())).num_rows == 0


def test_without_pyarrow_the_message_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(
        name: str,
        globals_: Mapping[str, object] | None = None,
        locals_: Mapping[str, object] | None = None,
        fromlist: Sequence[str] = (),
        level: int = 0,
    ) -> object:
        if name.startswith("pyarrow"):
            raise ImportError(name)
        return real(name, globals_, locals_, fromlist, level)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(ModelError) as error:
        write_parquet(two_documents(), BY, io.BytesIO())
    assert error.value.hint == 'pip install "tensions-cli[parquet]"'
    assert error.value.status is ExitStatus.MODEL


def iramuteq(documents: list) -> tuple[str, tuple[str, ...]]:
    stream = io.StringIO()
    notices = write_iramuteq_passages(documents, BY, stream)
    return stream.getvalue(), notices


def test_iramuteq_has_one_text_per_passage_with_its_codes() -> None:
    written, notices = iramuteq(two_documents())
    texts = written.split("\n\n")
    assert len(texts) == 4
    header, body = texts[1].split("\n", 1)
    assert header.startswith("**** *doc_entretiens_E_01 ")
    assert " *label_mixte *relation_opposition " in header
    assert "*structure_IME" in header
    assert "*code_007" in header
    assert body.startswith("On coche des cases")
    assert "*relation" not in texts[0]
    assert any("positions" in notice for notice in notices)


def test_iramuteq_headers_and_texts_pass_its_checker() -> None:
    text = "Un * puis 5 $,\n0001 *x_y et\n-*thème _oui_"
    nasty = {"Âge du\u00a0cœur": "très-âgé ", "vide": "  ", "doc": "double", "date": "2024-03-12", "é": "…"}
    written, notices = iramuteq([document("É-01 b", text, [(0, len(text), FULL)], nasty)])
    header, body = written.rstrip("\n").split("\n")  # one header and one paragraph
    variables = header.removeprefix("**** ").split(" ")
    assert all(re.fullmatch(r"\*[a-z0-9]+_[A-Za-z0-9_]+", variable) for variable in variables)
    names = [variable.partition("_")[0] for variable in variables]
    assert len(set(names)) == len(names)
    assert "*ageducoeur_tres_age" in variables
    assert "*doc2_double" in variables
    assert not any(variable.startswith("*vide") for variable in variables)
    assert "*" not in body
    assert "$" not in body
    assert any(notice.endswith(": 4") and "*" in notice for notice in notices)


def test_iramuteq_leaves_out_and_counts_a_text_without_words() -> None:
    written, notices = iramuteq([document("d", "*** Oui.", [(0, 3, tags("neutre", None)), (4, 8, FULL)])])
    assert written.count("****") == 1
    assert any("sans mot" in notice and notice.endswith(": 1") for notice in notices)
