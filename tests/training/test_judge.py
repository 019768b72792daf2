"""`model evaluate`: figures computed by hand on a gold of eight passages, with answers set in place of a model's."""

import hashlib
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from tensions_cli.cli import run
from tensions_cli.errors import TensionsError
from tensions_cli.knowledge.codebook import label_of, shipped
from tensions_cli.records import Relation, Tags
from tensions_cli.tagging.french import words_of
from tensions_cli.tagging.lexicon import find_cues
from tensions_cli.training import judge as judging
from tensions_cli.training.judge import gold_coding, judge, read_gold, wrong_confidence
from tensions_cli.training.keywords import keyword_logics
from tensions_cli.training.seen import FILE, seen_in_training, text_hash, training_lines

ROOT = Path(__file__).parents[2]
SCHEMA = json.loads((ROOT / "docs" / "schemas" / "evaluation.schema.json").read_text(encoding="utf-8"))
M, P = "rationalisation", "professionnelle"
MARK = "ZZTOPSECRET"

Json = dict[str, Any]


def tags(m: float, p: float, relation: str | None = None, **changes: Any) -> Tags:
    """An answer with both thresholds at one half."""
    logics = tuple(pole for pole, score in ((M, m), (P, p)) if score >= 0.5)
    fields: Json = {
        "label": label_of(logics),
        "logics": logics,
        "relation": Relation(relation or "opposition") if len(logics) == 2 else None,
        "axes": {},
        "scores": {M: m, P: p},
        "evidence": (),
        "certain": True,
        "coded_by": "model",
        "model": "essai 0.1.0 (00000000)",
    }
    return Tags(**(fields | changes))


# Id, document, genre, M, P, relation, stance and axes of the gold; then the model's answer.
CASES: list[tuple[str, str, str, bool, bool, str | None, Json, Json, Tags]] = [
    ("p1", "d1", "entretien", True, False, None, {M: "contestee"}, {"temps": [M]},
     tags(0.9, 0.1, axes={"temps": (M,)}, stance={M: "contestee"})),
    ("p2", "d1", "entretien", False, True, None, {}, {}, tags(0.1, 0.9, stance={P: "soutenue"})),
    ("p3", "d2", "entretien", True, True, "opposition", {M: "contestee", P: "soutenue"}, {"temps": [M], "usager": [P]},
     tags(0.8, 0.8, "opposition", axes={"temps": (M,)}, stance={M: "decrite", P: "soutenue"})),
    ("p4", "d2", "entretien", True, True, "articulation", {}, {}, tags(0.7, 0.6, "opposition", stance={})),
    ("p5", "d3", "presse", True, True, "opposition", {}, {}, tags(0.9, 0.3, stance={})),
    ("p6", "d3", "presse", False, False, None, {}, {}, tags(0.6, 0.0, stance={})),
    ("p7", "d4", "?", False, False, None, {}, {}, tags(0.05, 0.0, stance={})),
    ("p8", "d5", "?", False, False, None, {}, {}, tags(0.0, 0.0, stance={})),
]  # fmt: skip


def text_of(name: str) -> str:
    return f"{MARK} {name}, le train part à huit heures."


def gold_rows(**changes: Any) -> list[Json]:
    return [
        {"id": name, "document": document, "author": "a", "coder": "c", "genre": genre, "sector": None,
         "text": text_of(name), "M": m, "P": p, "relation": relation, "stance": stance, "axes": axes} | changes
        for name, document, genre, m, p, relation, stance, axes, _ in CASES
    ]  # fmt: skip


def write(path: Path, rows: list[Json]) -> Path:
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return path


@pytest.fixture(autouse=True)
def answers(monkeypatch: pytest.MonkeyPatch) -> dict[str, Tags]:
    """What the model says, by text; a text that is not there is `neutre`."""
    known = {text_of(case[0]): case[-1] for case in CASES}
    monkeypatch.setattr(judging, "tag_texts", lambda texts, _: [known.get(text, tags(0.1, 0.1)) for text in texts])
    return known


MODEL: Any = SimpleNamespace(identity="essai 0.1.0 (00000000)", name="essai", sha256="0" * 64)


@pytest.fixture
def gold(tmp_path: Path) -> Path:
    return write(tmp_path / "codes.jsonl", gold_rows())


@pytest.fixture
def figures(gold: Path) -> Json:
    return judge(read_gold(gold, None), MODEL)


def values(rates: Json) -> list[float | None]:
    return [rates[name]["value"] for name in ("precision", "recall", "f1")]


# --- figures by hand ------------------------------------------------------------------------------------


def test_labels(figures: Json) -> None:
    labels = figures["labels"]
    assert (figures["passages"], figures["documents"]) == (8, 5)
    assert labels["confusion"] == {
        "order": [M, P, "mixte", "neutre"],
        "rows_gold": [[1, 0, 0, 0], [0, 1, 0, 0], [1, 0, 2, 0], [1, 0, 0, 2]],
    }
    assert values(labels["classes"][M]) == [0.3333, 1.0, 0.5]
    assert values(labels["classes"][P]) == [1.0, 1.0, 1.0]
    assert values(labels["classes"]["mixte"]) == [1.0, 0.6667, 0.8]
    assert values(labels["classes"]["neutre"]) == [1.0, 0.6667, 0.8]
    assert labels["macro_f1"]["value"] == 0.775  # (.5 + 1 + .8 + .8)/4
    # Six of eight agree; chance (1·3 + 1·1 + 3·2 + 3·2)/64 = .25, so κ = .5/.75.
    assert labels["agreement"]["agreement"]["value"] == 0.75
    assert labels["agreement"]["kappa"]["value"] == 0.6667


def test_logics_and_tension(figures: Json) -> None:
    poles = figures["labels"]["poles"]
    assert values(poles[M]) == [0.8, 1.0, 0.8889]
    assert values(poles[P]) == [1.0, 0.75, 0.8571]
    assert (poles[P]["support"], poles[P]["said"], poles[P]["both"]) == (4, 3, 3)
    # Gold p3 and p5, said p3 and p4.
    assert values(figures["tension"]) == [0.5, 0.5, 0.5]
    assert figures["tension"]["agreement"]["agreement"]["value"] == 0.75


def test_relation_where_both_say_mixte(figures: Json) -> None:
    relation = figures["relation"]
    assert (relation["passages"], relation["documents"]) == (2, 1)
    assert values(relation["classes"]["opposition"]) == [0.5, 1.0, 0.6667]
    assert values(relation["classes"]["articulation"]) == [None, 0.0, 0.0]
    assert values(relation["classes"]["juxtaposition"]) == [None, None, None]
    assert relation["macro_f1"]["value"] == 0.3333
    assert relation["agreement"]["agreement"]["interval"] is None  # one document


def test_stance_by_logic(figures: Json) -> None:
    managerial, professional = figures["stance"][M], figures["stance"][P]
    assert managerial["passages"] == 2
    assert managerial["agreement"]["agreement"]["value"] == 0.5
    assert managerial["confusion"]["rows_gold"] == [[0, 0, 0], [0, 1, 1], [0, 0, 0]]
    assert managerial["confusion"]["order"] == ["soutenue", "contestee", "decrite"]
    assert professional["passages"] == 1  # p2: the gold gives no stance
    assert values(professional["classes"]["soutenue"]) == [1.0, 1.0, 1.0]


def test_axes(figures: Json) -> None:
    axes = figures["axes"]
    # p1 alike, p3 one of two (⅔ · ½), the six others both empty.
    assert axes["masi"]["value"] == 0.9167
    assert axes["masi_where_any"]["value"] == 0.6667
    assert axes["passages_where_any"] == 2
    assert values(axes["classes"][f"temps:{M}"]) == [1.0, 1.0, 1.0]
    assert values(axes["classes"][f"usager:{P}"]) == [None, 0.0, 0.0]


def test_calibration(figures: Json) -> None:
    bins = {row["from"]: row for row in figures["calibration"][M]["bins"] if row["passages"]}
    assert {low: (row["passages"], row["share_yes"]) for low, row in bins.items()} == {
        0.0: (2, 0.0), 0.1: (1, 0.0), 0.6: (1, 0.0), 0.7: (1, 1.0), 0.8: (1, 1.0), 0.9: (2, 1.0),
    }  # fmt: skip
    assert bins[0.0]["mean_score"] == 0.025
    # (2·.025 + .1 + .6 + .3 + .2 + 2·.1)/8.
    assert figures["calibration"][M]["error"] == pytest.approx(1.45 / 8, abs=6e-5)


def test_baselines(figures: Json) -> None:
    majority, keywords = figures["baselines"]["majority"], figures["baselines"]["keywords"]
    assert majority["label"] == "mixte"  # three of each: the first in the order of the labels
    # F1 of mixte 2·3/(3 + 8), three classes at zero.
    assert majority["labels"]["macro_f1"]["value"] == pytest.approx(6 / 11 / 4, abs=6e-5)
    assert majority["labels"]["agreement"]["kappa"] == {"value": 0.0, "interval": None}
    # The texts hold no cue: always neutre, F1 2·3/(3 + 8) too.
    assert keywords["labels"]["confusion"]["rows_gold"] == [[0, 0, 0, 1], [0, 0, 0, 1], [0, 0, 0, 3], [0, 0, 0, 3]]


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("Le service tourne à flux tendu.", M),  # one sure cue
        ("Il faut aller vite, dit le chef de gare.", "neutre"),  # one weak cue
        ("Il faut aller vite, le délai de traitement est court.", M),  # two weak cues
        ("À flux tendu, sans écoute ni présence.", "mixte"),
        ("L’écoute est bonne en présence de témoins.", "neutre"),  # « en présence de » is a trap
        ("Le train part à huit heures.", "neutre"),
    ],
)
def test_keyword_baseline(text: str, label: str) -> None:
    assert label_of(keyword_logics(find_cues(words_of([text])[0], shipped()))) == label


def test_slices_by_what_the_gold_names(figures: Json) -> None:
    assert set(figures["by_genre"]) == {"entretien", "presse"}  # « ? » is no genre
    talk = figures["by_genre"]["entretien"]
    assert (talk["passages"], talk["documents"], talk["macro_f1"]["value"]) == (4, 2, 1.0)
    assert figures["by_genre"]["presse"]["agreement"]["agreement"]["value"] == 0.0
    assert figures["by_sector"] == {}


def test_worst_errors_come_first_and_without_text(figures: Json, gold: Path) -> None:
    errors = figures["errors"]
    assert errors["count"] == 2
    assert [(row["id"], row["confidence"]) for row in errors["worst"]] == [("p5", 0.7), ("p6", 0.6)]
    assert errors["worst"][0]["gold"] == {"label": "mixte", "relation": "opposition"}
    assert errors["worst"][0]["said"] == {"label": M, "relation": None}
    assert MARK not in json.dumps(figures)
    shown = judge(read_gold(gold, None), MODEL, show_text=True)["errors"]["worst"]
    assert [row["text"] for row in shown] == [text_of("p5"), text_of("p6")]


def test_confidence_is_that_of_the_wrong_answer() -> None:
    assert wrong_confidence((), tags(0.6, 0.9)) == 0.9  # both wrong: the surer
    assert wrong_confidence((M, P), tags(0.2, 0.7)) == 0.8
    assert wrong_confidence((M, P), tags(0.9, 0.7)) == 0.0


def test_twenty_errors_at_most_and_batches_keep_the_order(
    tmp_path: Path, answers: dict[str, Tags], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(judging, "BATCH", 7)
    rows = [{"id": f"n{i}", "text": f"Texte {i}.", "M": False, "P": False} for i in range(30)]
    answers |= {f"Texte {i}.": tags(0.6 + i / 100, 0.0) for i in range(30)}
    found = judge(read_gold(write(tmp_path / "codes.jsonl", rows), None), MODEL)["errors"]
    assert found["count"] == 30
    assert [row["id"] for row in found["worst"]] == [f"n{i}" for i in range(29, 9, -1)]


# --- what the gold does not code ------------------------------------------------------------------------


def test_gold_of_m_and_p_alone(tmp_path: Path) -> None:
    rows = [{name: row[name] for name in ("id", "text", "M", "P", "relation")} for row in gold_rows()]
    found = judge(read_gold(write(tmp_path / "codes.jsonl", rows), None), MODEL)
    assert found["stance"] is None
    assert found["axes"] is None
    assert found["by_genre"] == found["by_sector"] == {}
    assert (found["documents"], found["intervals"]) == (1, "none: fewer than 5 documents")
    assert found["labels"]["macro_f1"] == {"value": 0.775, "interval": None}


def test_a_model_that_says_no_stance(gold: Path, answers: dict[str, Tags]) -> None:
    for case in CASES:
        fields = {name: getattr(case[-1], name) for name in ("axes", "certain")}
        answers[text_of(case[0])] = tags(case[-1].scores[M], case[-1].scores[P], case[-1].relation, **fields)
    found = judge(read_gold(gold, None), MODEL)
    assert found["stance"][M]["passages"] == found["stance"][P]["passages"] == 0
    assert found["stance"][M]["macro_f1"] == {"value": None, "interval": None}


TEXT = "😀 On coche des cases.\r\nElle reste avec lui."


def stand_off(**changes: Any) -> Json:
    return {"file": "t.txt", "start": 2, "end": 21, "label": M, "relation": None} | changes


@pytest.fixture
def texts(tmp_path: Path) -> Path:
    folder = tmp_path / "textes"
    folder.mkdir()
    (folder / "t.txt").write_bytes(TEXT.encode("utf-8"))
    (tmp_path / "dehors.txt").write_text(TEXT, encoding="utf-8")
    return folder


def test_stand_off_codes(texts: Path, tmp_path: Path) -> None:
    start = TEXT.index("Elle")
    rows = [
        stand_off(genre="presse", sector="handicap", axes={"controle": [M]}),
        stand_off(start=start, end=len(TEXT), label="mixte", stance={P: "menacee"}),
    ]
    first, second = read_gold(write(tmp_path / "codes.jsonl", rows), texts)
    assert (first.id, first.text) == ("t.txt#2-21", "On coche des cases.")
    assert (first.genre, first.sector, first.axes, first.stance) == ("presse", "handicap", {f"controle:{M}"}, None)
    assert (second.text, second.relation, second.axes) == ("Elle reste avec lui.", None, None)
    found = judge([first, second], MODEL)
    assert found["tension"]["passages"] == 1  # `mixte` without a relation may be a tension or not: left out
    assert found["axes"]["passages"] == 1
    assert found["errors"]["worst"][0]["start"] == 2


@pytest.mark.parametrize(
    "change",
    [
        {"end": 2}, {"end": 999}, {"start": -3}, {"start": "2"}, {"label": "autre"}, {"relation": "opposition"},
        {"label": "mixte", "relation": "accord"}, {"stance": {P: "soutenue"}}, {"stance": {M: "menacee"}},
        {"axes": {"temps": [P]}}, {"axes": {"temps": ["M"]}}, {"axes": {"temps": []}}, {"axes": {"météo": [M]}},
        {"file": "absent.txt"}, {"file": "../dehors.txt"},
        {"start": 2, "end": 21},  # the same passage again
    ],
)  # fmt: skip
def test_stand_off_rows_that_do_not_fit_are_named(change: Json, texts: Path, tmp_path: Path) -> None:
    first = stand_off(start=0, end=5) if change != {"start": 2, "end": 21} else stand_off()
    with pytest.raises(TensionsError) as refused:
        read_gold(write(tmp_path / "codes.jsonl", [first, stand_off(**change)]), texts)
    assert "codes.jsonl, ligne 2" in refused.value.what
    assert "coche" not in f"{refused.value.what}{refused.value.why}"


def test_an_empty_or_missing_file_is_refused(texts: Path, tmp_path: Path) -> None:
    for path in (write(tmp_path / "vide.jsonl", []), tmp_path / "absent.jsonl"):
        for folder in (texts, None):
            with pytest.raises(TensionsError):
                read_gold(path, folder)


# --- whose codes are judged -----------------------------------------------------------------------------


@pytest.mark.parametrize("machine", [{"coder": "tensions-0.1.0+4d97ed5e"}, {"coder": "v2", "coded_by": "model"}])
def test_the_codes_of_a_machine_judge_nothing(machine: Json, tmp_path: Path) -> None:
    rows = gold_rows()
    said: list[str] = []
    path = write(tmp_path / "codes.jsonl", [*rows, *(row | machine for row in rows[:3])])  # the same ids, coded twice
    assert len(read_gold(path, None, said.append)) == len(rows)
    assert len(said) == 1
    assert said[0].startswith("3 passages codés par la machine")
    with pytest.raises(TensionsError, match="aucun passage codé par une personne") as refused:
        read_gold(write(path, gold_rows(**machine)), None)
    assert "8 passages codés par la machine" in refused.value.why


def test_an_imported_passage_to_complete_is_left_out_and_said(tmp_path: Path) -> None:
    rows = gold_rows(place="ligne 7")
    rows[2]["relation"], rows[0]["text"] = None, None
    said: list[str] = []
    kept = read_gold(write(tmp_path / "codes.jsonl", rows), None, said.append)
    assert [one.id for one in kept] == ["p2", *(f"p{n}" for n in range(4, 9))]
    assert [notice.split(",")[0] for notice in said] == ["1 passage sans texte", "1 passage mixte sans relation"]


def test_a_passage_to_complete_in_a_corpus_written_by_hand_is_refused(tmp_path: Path) -> None:
    rows = gold_rows()
    rows[2]["relation"] = None
    with pytest.raises(TensionsError, match="ligne 3") as refused:
        read_gold(write(tmp_path / "codes.jsonl", rows), None)
    assert "relation absente d’un passage mixte" in refused.value.why


def test_a_model_does_not_learn_the_answers_of_a_machine(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write(tmp_path / "codes.jsonl", gold_rows(coder="tensions-0.1.0+4d97ed5e"))
    assert run(["model", "train", str(path), "-o", str(tmp_path / "modele")]) == 2
    assert "aucun passage codé par une personne" in capsys.readouterr().err


def test_passages_chosen_to_teach_do_not_evaluate(tmp_path: Path) -> None:
    rows = gold_rows(weight=3.5)
    for row in rows[:3]:
        row |= {"weight": None, "drawn": "uncertain"}
    said: list[str] = []
    path = write(tmp_path / "codes.jsonl", rows)
    kept = read_gold(path, None, said.append)
    assert [one.id for one in kept] == [f"p{n}" for n in range(4, 9)]
    assert said[0].startswith("3 passages choisis pour entraîner")
    coding = gold_coding(kept, path)
    assert coding == {"coders": 1, "coded_by": "people", "adjudicated": None, "at_random": 5, "unequal_weights": False}
    with pytest.raises(TensionsError, match="ne peut pas évaluer"):
        read_gold(write(path, gold_rows(drawn="mixed")), None)


def test_a_card_beside_the_gold_says_who_coded(tmp_path: Path) -> None:
    path = write(tmp_path / "codes.jsonl", gold_rows())
    (tmp_path / "card.toml").write_text('provenance = "Composed."\n', encoding="utf-8")
    assert gold_coding(read_gold(path, None), path)["coded_by"] == "told"
    (tmp_path / "card.toml").write_text('provenance = "Composed."\ncoded_by = "model"\n', encoding="utf-8")
    assert gold_coding(read_gold(path, None), path)["coded_by"] == "model"


# --- texts that the model learnt ------------------------------------------------------------------------


def test_texts_seen_in_training(tmp_path: Path) -> None:
    assert seen_in_training(["a"], tmp_path) is None
    (tmp_path / FILE).write_text(training_lines(["é", "b", "b"]), encoding="ascii")
    assert seen_in_training(["é", "e\u0301", "b", "B"], tmp_path) == 2
    digests = sorted(hashlib.sha256(text.encode()).hexdigest()[:16] for text in ("é", "b"))
    assert (tmp_path / FILE).read_text(encoding="ascii").split("\n") == [*digests, ""]
    assert text_hash("") == "e3b0c44298fc1c14"  # SHA-256 of nothing


# --- the command ----------------------------------------------------------------------------------------


@pytest.fixture
def evaluate(
    gold: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[str, str]]:
    """Standard output and errors of one evaluation of the gold, by a model folder `modele`."""
    folder = tmp_path / "modele"
    folder.mkdir()
    (folder / "config.json").write_text("{}", encoding="utf-8")
    monkeypatch.setattr("tensions_cli.commands.model.open_model", lambda _: MODEL)

    def call(*options: str, codes: Path = gold) -> tuple[str, str]:
        assert run(["model", "evaluate", str(codes), "-m", str(folder), *options]) == 0
        done = capsys.readouterr()
        return done.out, done.err

    return call


def faults(found: Json) -> list[str]:
    return [f"{error.json_path}: {error.validator}" for error in Draft202012Validator(SCHEMA).iter_errors(found)]


def test_json_follows_the_schema(evaluate: Callable[..., tuple[str, str]], texts: Path, tmp_path: Path) -> None:
    out, err = evaluate("-f", "json")
    found = json.loads(out)
    assert err == ""
    assert faults(found) == []
    assert found["seen_in_training"] is None
    assert found["manifest"]["gold"]["file"] == "codes.jsonl"
    assert str(tmp_path) not in out
    rows = write(tmp_path / "distance.jsonl", [stand_off()])
    assert faults(json.loads(evaluate("-f", "json", "--texts", str(texts), codes=rows)[0])) == []
    assert faults(json.loads(evaluate("-f", "json", "--show-text")[0])) == []


def put(value: Any, *path: str | int) -> Callable[[Json], None]:
    def damage(row: Any) -> None:
        for key in path[:-1]:
            row = row[key]
        row[path[-1]] = value

    return damage


@pytest.mark.parametrize(
    "damage",
    [
        put("tensions-evaluation/2", "schema"), put("2026", "manifest", "date"), put(0, "passages"),
        put(1.2, "labels", "macro_f1", "value"), put([0.1], "labels", "macro_f1", "interval"),
        put({}, "labels", "classes", "autre"), put({}, "relation", "classes", "accord"),
        put({}, "stance", M, "classes", "menacee"), put({}, "axes", "classes", "temps"),
        put([], "calibration", M, "bins"), put("x", "errors", "worst", 0, "comment"), put(None, "tension"),
        put(1, "by_genre", "presse"),
    ],
)  # fmt: skip
def test_a_damaged_evaluation_is_refused(damage: Callable[[Json], None], figures: Json) -> None:
    found = json.loads(json.dumps(figures)) | {"seen_in_training": 0}
    found["manifest"]["gold"] = {"file": "codes.jsonl", "sha256": "0" * 64}
    found["manifest"]["model"]["training"] = None
    found["coding"] = {
        "coders": 1,
        "coded_by": "people",
        "adjudicated": None,
        "at_random": 0,
        "unequal_weights": False,
    }
    assert faults(found) == []
    damage(found)
    assert faults(found)


def subschemas(node: Any) -> Iterator[Json]:
    if isinstance(node, dict):
        yield node
        node = list(node.values())
    if isinstance(node, list):
        for item in node:
            yield from subschemas(item)


def test_the_schema_is_closed(figures: Json) -> None:
    Draft202012Validator.check_schema(SCHEMA)
    for part in subschemas(SCHEMA):
        if part.get("type") == "object":
            assert "additionalProperties" in part
            assert set(part.get("required", ())) <= set(part.get("properties", ()))
    assert faults({**figures, "seen_in_training": None}) != []  # what the command adds is missing


def test_the_schema_fits_another_codebook() -> None:
    """Labels, logics and axes are names of the codebook: none is written in the schema."""
    text = json.dumps(SCHEMA)
    assert [name for name in (*shipped().poles, *shipped().axes) if f'"{name}"' in text] == []


TITLES = ("Accord avec les codes", "Par classe", "Confusions", "Fiabilité des scores", "Axes, par pôle", "Par genre")


@pytest.mark.parametrize("form", ["table", "md"])
def test_readable_forms(form: str, evaluate: Callable[..., tuple[str, str]]) -> None:
    out, err = evaluate("-f", form)
    assert err == ""
    assert [title for title in (*TITLES, "Pires erreurs (2 sur 2 étiquettes fausses)") if title not in out] == []
    assert "Par secteur" not in out
    assert "Moins de quinze documents" in out
    assert MARK not in out
    assert f"{MARK} p5" in evaluate("-f", form, "--show-text")[0]
    # French typography: a no-break space before tall punctuation and inside quotation marks.
    assert re.findall(r"[^\s:|-] [:;?!»]|« ", out) == []
    assert "0,78" in out  # macro-F1 .775, decimal comma
    assert "0.7" not in out.split("### Pour la section méthodes")[0]


def test_markdown_tables_are_whole(tmp_path: Path, evaluate: Callable[..., tuple[str, str]]) -> None:
    rows = gold_rows()
    rows[4]["id"] = "a|b_c"
    out, _ = evaluate("-f", "md", codes=write(tmp_path / "autres.jsonl", rows))
    assert r"| a\|b\_c | mixte, opposition | rationalisation | 0,90 | 0,30 |" in out
    blocks = [block for block in out.split("\n\n") if block.startswith("|")]
    assert len(blocks) == 7
    for block in blocks:
        columns = {len(re.findall(r"(?<!\\)\|", line)) for line in block.strip().split("\n")}
        assert len(columns) == 1, block


def test_the_table_goes_to_a_file_and_never_over_the_gold(
    gold: Path, tmp_path: Path, evaluate: Callable[..., tuple[str, str]], capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "mesures.txt"
    assert evaluate("-o", str(target))[0] == ""
    assert target.read_text(encoding="utf-8") == evaluate()[0]
    before = gold.read_bytes()
    assert run(["model", "evaluate", str(gold), "-o", str(gold)]) == 2
    assert gold.read_bytes() == before
    assert run(["model", "evaluate", str(gold), "-f", "csv"]) == 2
    assert "--format" in capsys.readouterr().err


@pytest.mark.parametrize("form", ["table", "json", "md"])
def test_a_gold_that_the_model_learnt_is_said(
    form: str, tmp_path: Path, evaluate: Callable[..., tuple[str, str]]
) -> None:
    lines = training_lines([text_of("p1"), text_of("p6"), "Un autre texte."])
    (tmp_path / "modele" / FILE).write_text(lines, encoding="ascii")
    out, err = evaluate("-f", form)
    assert "a appris sur 2 de ces 8 passages" in err.replace("\u00a0", " ")
    assert "optimistes" in err
    assert MARK not in err
    if form == "json":
        assert json.loads(out)["seen_in_training"] == 2
    else:
        assert "optimistes" in out


def test_few_documents_are_said_and_no_interval_is_printed(
    tmp_path: Path, evaluate: Callable[..., tuple[str, str]]
) -> None:
    out, _ = evaluate(codes=write(tmp_path / "un.jsonl", gold_rows(document="d1")))
    assert "Moins de cinq documents" in out
    assert "aucun intervalle" in out
    assert re.search(r"\[\d", out) is None
    assert re.search(r"\[\d", evaluate()[0])
