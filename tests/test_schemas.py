"""The published schemas against what the commands print and what the training corpus holds."""

import copy
import io
import json
from collections.abc import Callable, Iterator
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from shipped import LOGICS
from tensions_cli.cli import run
from tensions_cli.errors import ExitStatus
from tensions_cli.knowledge.files import read_toml
from tensions_cli.records import ZoneKind

ROOT = Path(__file__).parents[1]
SCHEMAS = {
    name: json.loads((ROOT / "docs" / "schemas" / f"{name}.schema.json").read_text(encoding="utf-8"))
    for name in ("passage", "summary", "corpus", "findings", "explanation", "coded-passage", "sample", "agreement")
}
BOOK = read_toml("codebook.toml")
POLES = [logic["name"] for logic in BOOK["logics"]]
AXES = [axis["name"] for axis in BOOK["axes"]]
# « menacee » : logique professionnelle seulement.
STANCES = {pole: [s for s in BOOK["stances"] if s != "menacee" or pole == "professionnelle"] for pole in POLES}
ANNOTATED = sorted((ROOT / "corpora" / "annotated").glob("*.jsonl"))
MIXED = (
    "Le logiciel compte vingt minutes par visite, alors qu’écouter une personne demande du temps et de la confiance."
)

Json = dict[str, Any]
FILES = {
    "entretiens/E1.txt": (
        "Enquêtrice : Comment se passe une journée, ici ?\n"
        "Aïcha : On badge en arrivant, puis la tablette donne les minutes de chaque toilette. Je prends quand même le "
        "temps de parler avec madame Lenoir, sinon elle ne mange pas.\n"
        "Enquêtrice : Et avec vos collègues ?\n"
        "Aïcha : On se relaie, on se raconte les nuits. C’est là que j’ai appris le métier, pas dans les protocoles.\n"
        "Enquêtrice : D’accord.\n"
        "Aïcha : Oui.\n"
    ),
    "note.txt": (
        "Le conseil d’administration a adopté les indicateurs du prochain contrat pluriannuel. Chaque service rendra "
        "ses tableaux de bord le cinq du mois et les écarts seront discutés en comité de pilotage.\n\n"
        "L’association a été fondée en 1962 ; elle gère deux foyers dans la vallée de l’Orne.\n"
    ),
    "page.html": (
        "<!doctype html><html lang='fr'><head><title>Une maison à soi</title></head><body>"
        "<nav><ul><li>Accueil</li><li>Nos offres</li><li>Contact</li></ul></nav><article><h1>Une maison à soi</h1>"
        "<p>Dans cette pension de famille, personne ne demande aux habitants de rendre des comptes sur leur journée. "
        "L’hôtesse boit le café avec eux, et la confiance vient lentement, parfois au bout d’un hiver.</p>"
        "<p>Le financeur voudrait des sorties mesurées au bout de dix-huit mois. L’équipe répond que l’on ne "
        "chronomètre pas le retour d’une parole, et continue de recevoir chacun comme il vient.</p>"
        "</article></body></html>"
    ),
    "vide.txt": "\n",
    "note.txt.bak": "Une ancienne version.",
    "metadata.csv": "file;genre\nentretiens/E1.txt;entretien\nnote.txt;institution\npage.html;presse\n",
}


def printed(*arguments: str, status: ExitStatus) -> str:
    """Standard output of one command line, run in this process."""
    out = io.StringIO()
    with redirect_stdout(out):
        assert run(list(arguments)) == status
    return out.getvalue()


def rows(lines: str) -> list[Json]:
    return [json.loads(line) for line in lines.split("\n") if line]


def faults(name: str, row: Json) -> list[str]:
    """Places of a row that its schema refuses."""
    return [error.json_path for error in Draft202012Validator(SCHEMAS[name]).iter_errors(row)]


def coded_rows(file: Path) -> list[Json]:
    return rows(file.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> str:
    root = tmp_path_factory.mktemp("corpus")
    for name, content in FILES.items():
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).write_text(content, encoding="utf-8")
    return str(root)


@pytest.fixture(scope="module")
def passages(folder: str) -> list[Json]:
    return rows(printed("tag", folder, "-q", status=ExitStatus.SOME_UNREAD))


@pytest.fixture(scope="module")
def summary(folder: str) -> Json:
    command = ("analyse", folder, "-q", "-f", "json", "--by", "genre", "--show-dropped")
    return dict(json.loads(printed(*command, status=ExitStatus.SOME_UNREAD)))


@pytest.fixture(scope="module")
def inventory(folder: str) -> Json:
    command = ("corpus", "info", folder, "-q", "-f", "json", "--show-dropped")
    return dict(json.loads(printed(*command, status=ExitStatus.SOME_UNREAD)))


@pytest.fixture(scope="module")
def findings(folder: str) -> Json:
    return dict(json.loads(printed("corpus", "check", folder, "-q", "-f", "json", status=ExitStatus.CHECK_FAILED)))


@pytest.fixture(scope="module")
def explanation() -> Json:
    return dict(json.loads(printed("explain", MIXED, "-f", "json", status=ExitStatus.DONE)))


@pytest.fixture(scope="module")
def design(folder: str, tmp_path_factory: pytest.TempPathFactory) -> Json:
    output = tmp_path_factory.mktemp("tirage") / "a_coder.jsonl"
    command = ("coding", "sample", folder, "-q", "-n", "6", "--by", "genre", "--coders", "A,B", "-o", str(output))
    printed(*command, status=ExitStatus.SOME_UNREAD)
    return dict(json.loads(output.with_name("a_coder.tirage.json").read_text(encoding="utf-8")))


@pytest.fixture(scope="module")
def agreement(passages: list[Json], tmp_path_factory: pytest.TempPathFactory) -> Json:
    """The machine's own tags against the same with two passages in three said neutral."""
    root = tmp_path_factory.mktemp("coders")
    bare = {"label": "neutre", "relation": None, "stance": {}, "axes": {}}
    changed = [row | {"coded_by": "B"} | (bare if rank % 3 else {}) for rank, row in enumerate(passages)]
    for name, coded in (("machine", passages), ("B", changed)):
        lines = (json.dumps(row, ensure_ascii=False) + "\n" for row in coded)
        (root / f"{name}.jsonl").write_text("".join(lines), encoding="utf-8")
    files = [str(root / "machine.jsonl"), str(root / "B.jsonl")]
    command = ("coding", "agreement", *files, "--by", "genre", "--show-text", "-q", "-f", "json")
    return dict(json.loads(printed(*command, status=ExitStatus.DONE)))


@pytest.fixture(scope="module")
def valid(
    passages: list[Json],
    summary: Json,
    inventory: Json,
    findings: Json,
    explanation: Json,
    design: Json,
    agreement: Json,
) -> Callable[[str], Json]:
    """A fresh valid row of each schema, to be damaged."""
    word = {"start": 0, "end": 2, "pole": "rationalisation", "axis": "temps"}
    stance = dict.fromkeys(POLES, "contestee")
    mixed = {
        "label": "mixte", "relation": "opposition", "stance": stance, "axes": {"temps": list(POLES)}, "evidence": [word]
    }  # fmt: skip
    counts = {pole: dict.fromkeys(names, 0) for pole, names in STANCES.items()}
    groups = [group | {"stance": counts} for group in summary["groups"]]
    kept = {
        "passage": next(row for row in passages if row["counted"]) | mixed,
        "summary": summary | {"groups": groups},
        "corpus": inventory,
        "findings": findings,
        "explanation": explanation | mixed,
        "coded-passage": next(row for file in ANNOTATED for row in coded_rows(file) if row["M"] and row["P"]),
        "sample": design,
        "agreement": agreement,
    }
    return lambda name: copy.deepcopy(kept[name])


# --- what is printed follows the schema -----------------------------------------------------------------


def test_tagged_passages_of_a_folder(passages: list[Json]) -> None:
    assert [faults("passage", row) for row in passages] == [[]] * len(passages)
    # The folder was composed so that the rows are of every kind.
    assert {row["role"] for row in passages} == {"interviewer", "respondent", None}
    assert {row["excluded_reason"] for row in passages} == {"interviewer", "short", None}
    assert {row["metadata"]["genre"] for row in passages} == {"entretien", "institution", "presse"}
    assert any(row["context"] for row in passages)


def test_a_passage_says_where_it_is(passages: list[Json]) -> None:
    for row in passages:
        assert row["id"] == f"{row['document']}#{row['start']}-{row['end']}"
        assert len(row["text"]) == row["end"] - row["start"]


def test_summary_of_a_folder(summary: Json) -> None:
    assert faults("summary", summary) == []
    assert {(item["source"], item["failed"]) for item in summary["documents"]["skipped"]} == {
        ("note.txt.bak", False),
        ("vide.txt", True),
    }
    assert any("dropped" in document for document in summary["documents"]["read"])
    assert [group["by"] for group in summary["groups"]] == [
        {},
        {"genre": "entretien"},
        {"genre": "institution"},
        {"genre": "presse"},
    ]


def test_inventory_of_a_folder(inventory: Json) -> None:
    assert faults("corpus", inventory) == []
    assert set(inventory["formats"]) == {"txt", "html"}
    assert inventory["whole"]["documents"] == sum(tally["documents"] for tally in inventory["formats"].values())
    assert inventory["whole"]["speakers"] == {"interviewer": 1, "respondent": 1}


def test_findings_of_a_folder(findings: Json) -> None:
    assert faults("findings", findings) == []
    assert ("vide.txt", "error") in {(row["file"], row["severity"]) for row in findings["findings"]}


def test_explanation(explanation: Json) -> None:
    assert faults("explanation", explanation) == []


def test_design_of_a_sample(design: Json) -> None:
    assert faults("sample", design) == []
    assert [one["by"] for one in design["strata"]] == [
        {"genre": "entretien"},
        {"genre": "institution"},
        {"genre": "presse"},
    ]


@pytest.mark.parametrize("strategy", ["uncertain", "diverse", "mixed"])
def test_design_of_a_sample_that_teaches(strategy: str, folder: str, tmp_path: Path) -> None:
    command = ("coding", "sample", folder, "-q", "-n", "2", "--strategy", strategy, "-o", str(tmp_path / "a.jsonl"))
    printed(*command, status=ExitStatus.SOME_UNREAD)
    found = json.loads((tmp_path / "a.tirage.json").read_text(encoding="utf-8"))
    assert faults("sample", found) == []
    assert found["purpose"] == "training"
    assert faults("sample", found | {"purpose": "estimation"})


def test_demo_corpus_tagged() -> None:
    found = rows(printed("tag", str(ROOT / "corpora" / "demo"), "-q", status=ExitStatus.DONE))
    assert [(row["id"], wrong) for row in found if (wrong := faults("passage", row))] == []
    assert any(row["time_start"] is not None for row in found)
    assert any(row["evidence"] for row in found)


def test_demo_corpus_summarised() -> None:
    command = ("analyse", str(ROOT / "corpora" / "demo"), "-q", "-f", "json", "--by", "genre", "--by", "role")
    found = json.loads(printed(*command, status=ExitStatus.DONE))
    assert faults("summary", found) == []
    assert any(group["intervals"]["neutre"] for group in found["groups"])


def test_records_of_a_table(tmp_path: Path) -> None:
    (tmp_path / "reponses.csv").write_text(f'id,text,service\nr1,"{MIXED}",nuit\n', encoding="utf-8")
    command = ("tag", str(tmp_path / "reponses.csv"), "-q", "--unit", "record")
    (row,) = rows(printed(*command, status=ExitStatus.DONE))
    assert faults("passage", row) == []
    assert row["metadata"] == {"service": "nuit"}


@pytest.mark.parametrize("file", ANNOTATED, ids=lambda file: file.name)
def test_coded_passages(file: Path) -> None:
    assert [(row.get("id"), wrong) for row in coded_rows(file) if (wrong := faults("coded-passage", row))] == []


def test_coded_passages_have_ids_of_their_own() -> None:
    ids = [row["id"] for file in ANNOTATED for row in coded_rows(file)]
    assert len(ids) > 3000  # the corpus of the first model; fewer means that a file was lost
    assert len(set(ids)) == len(ids)


# --- the schemas themselves -----------------------------------------------------------------------------


def subschemas(node: Any) -> Iterator[Json]:
    if isinstance(node, dict):
        yield node
        node = list(node.values())
    if isinstance(node, list):
        for item in node:
            yield from subschemas(item)


@pytest.mark.parametrize("name", SCHEMAS)
def test_schema_is_valid_and_says_what_is_open(name: str) -> None:
    Draft202012Validator.check_schema(SCHEMAS[name])
    assert SCHEMAS[name]["$id"] == f"urn:tensions:schema:{name}:1"
    for part in subschemas(SCHEMAS[name]):
        if part.get("type") == "object":
            assert "additionalProperties" in part
            assert set(part.get("required", ())) <= set(part.get("properties", ()))


def part_of(name: str, *path: str) -> Json:
    """The part of a schema at a path of keys."""
    part: Any = SCHEMAS[name]
    for key in path:
        part = part[key]
    return dict(part)


def test_lists_are_those_of_the_codebook() -> None:
    for name in ("passage", "explanation"):
        assert part_of(name, "properties", "label")["enum"] == list(BOOK["labels"])
        assert part_of(name, "$defs", "evidence", "properties", "axis")["enum"] == [*AXES, None]
        assert list(part_of(name, "properties", "scores", "properties")) == POLES
    for name in ("passage", "explanation", "coded-passage"):
        assert part_of(name, "properties", "relation")["enum"] == [*BOOK["relations"], None]
        assert part_of(name, "properties", "axes", "propertyNames")["enum"] == AXES
        assert part_of(name, "$defs", "pole")["enum"] == POLES
    group = part_of("summary", "$defs", "group", "properties")
    assert list(group["axes"]["properties"]) == AXES
    assert list(group["relations"]["properties"]) == list(BOOK["relations"])
    assert list(group["intervals"]["properties"]) == [*BOOK["labels"], "tension"]
    assert list(part_of("summary", "$defs", "by_label", "properties")) == [*LOGICS]
    stances = [part_of("coded-passage", "properties", "stance")]
    stances += [part_of(name, "properties", "stance")["anyOf"][1] for name in ("passage", "explanation")]
    for stance in stances:
        assert {pole: part["enum"] for pole, part in stance["properties"].items()} == STANCES
    counted = group["stance"]["anyOf"][1]
    assert counted["required"] == POLES
    for pole, part in counted["properties"].items():
        assert part["required"] == list(part["properties"]) == STANCES[pole]


def test_lists_are_those_of_the_readers() -> None:
    zones = [kind.value for kind in ZoneKind if kind is not ZoneKind.LABEL]
    assert list(part_of("summary", "$defs", "document", "properties", "dropped_words", "properties")) == zones
    reasons = part_of("summary", "$defs", "skipped", "properties", "reason")["enum"]
    assert set(read_toml("ignored_files.toml")["reasons"]) == set(reasons)


# --- a damaged row is refused ---------------------------------------------------------------------------


@pytest.mark.parametrize("name", SCHEMAS)
def test_a_missing_or_unknown_field_is_refused(name: str, valid: Callable[[str], Json]) -> None:
    assert faults(name, valid(name)) == []
    for field in valid(name):
        row = valid(name)
        del row[field]
        assert faults(name, row), f"{field} may be missing"
    assert faults(name, valid(name) | {"colour": "red"})


def put(value: Any, *path: str | int) -> Callable[[Json], None]:
    """A damage: this value at this place."""

    def damage(row: Any) -> None:
        for key in path[:-1]:
            row = row[key]
        row[path[-1]] = value

    return damage


DAMAGED: dict[str, tuple[str, Callable[[Json], None]]] = {
    "label unknown": ("passage", put("rationnelle", "label")),
    "stance not by logic": ("passage", put("contestee", "stance")),
    "stance unknown": ("passage", put("contestée", "stance", "rationalisation")),
    "management threatened": ("passage", put("menacee", "stance", "rationalisation")),
    "mixed without relation": ("passage", put(None, "relation")),
    "relation without mixed": ("passage", put("neutre", "label")),
    "axis unknown": ("passage", put({"argent": ["rationalisation"]}, "axes")),
    "axis without a logic": ("passage", put({"temps": []}, "axes")),
    "axis with an unknown logic": ("passage", put({"temps": ["M"]}, "axes")),
    "score over 1": ("passage", put(1.2, "scores", "rationalisation")),
    "score as text": ("passage", put("0,93", "scores", "rationalisation")),
    "third score": ("passage", put(0.5, "scores", "mixte")),
    "offset below zero": ("passage", put(-1, "evidence", 0, "start")),
    "offset with a fraction": ("passage", put(1.5, "start")),
    "evidence of an unknown axis": ("passage", put("argent", "evidence", 0, "axis")),
    "role unknown": ("passage", put("enquêteur", "role")),
    "counted and excluded": ("passage", put("short", "excluded_reason")),
    "excluded without reason": ("passage", put(False, "counted")),
    "excluded for another reason": ("passage", put("ennui", "excluded_reason")),
    "metadata as a number": ("passage", put(2024, "metadata", "year")),
    "blank text": ("passage", put(" \n", "text")),
    "id without offsets": ("passage", put("E1", "id")),
    "schema of another version": ("summary", put("tensions-summary/2", "schema")),
    "hash cut short": ("summary", put("752c6c2d", "manifest", "model", "sha256")),
    "date in the manifest": ("summary", put("2026-11-21", "manifest", "date")),
    "option unknown": ("summary", put(1, "manifest", "options", "seed")),
    "no document read": ("summary", put([], "documents", "read")),
    "speaker named": ("summary", put(1, "documents", "read", 0, "speakers", "Aïcha")),
    "part of an unknown kind": ("summary", put(3, "documents", "read", 0, "dropped_words", "label")),
    "skipped for an unknown reason": ("summary", put("ennui", "documents", "skipped", 0, "reason")),
    "no group": ("summary", put([], "groups")),
    "first group not the whole corpus": ("summary", put({"genre": "presse"}, "groups", 0, "by")),
    "second group without its values": ("summary", put({}, "groups", 1, "by")),
    "share in percent": ("summary", put(31.0, "groups", 0, "shares", "mixte")),
    "interval of one bound": ("summary", put([0.1], "groups", 0, "intervals", "mixte")),
    "interval without its method": ("summary", put("student", "groups", 0, "method")),
    "balance under -1": ("summary", put(-1.5, "groups", 0, "balance")),
    "axis of a group unknown": ("summary", put({}, "groups", 0, "axes", "argent")),
    "stance not counted by logic": ("summary", put(dict.fromkeys(BOOK["stances"], 0), "groups", 0, "stance")),
    "stance of one logic only": ("summary", put({"rationalisation": {}}, "groups", 0, "stance")),
    "stance missing": ("summary", put({"soutenue": 1}, "groups", 0, "stance", "professionnelle")),
    "management threatened in a group": ("summary", put(1, "groups", 0, "stance", "rationalisation", "menacee")),
    "stance as a share": ("summary", put(0.31, "groups", 0, "stance", "rationalisation", "soutenue")),
    "stance explained unknown": ("explanation", put("contestée", "stance", "rationalisation")),
    "third logic explained": ("explanation", put({}, "poles", "mixte")),
    "term as text": ("explanation", put("0,5", "poles", "rationalisation", "words", 0, "term")),
    "log-odds missing": ("explanation", put({}, "poles", "rationalisation")),
    "threshold over 1": ("explanation", put(45, "poles", "rationalisation", "threshold")),
    "model without fingerprint": ("explanation", put("standard 0.1.0", "model")),
    "answer as text": ("coded-passage", put("oui", "M")),
    "answer as a number": ("coded-passage", put(1, "P")),
    "relation without P": ("coded-passage", put(False, "P")),
    "M and P without relation": ("coded-passage", put(None, "relation")),
    "stance coded unknown": ("coded-passage", put("contestée", "stance", "rationalisation")),
    "management coded as threatened": ("coded-passage", put("menacee", "stance", "rationalisation")),
    "stance on a label": ("coded-passage", put("decrite", "stance", "mixte")),
    "axis of a coded passage unknown": ("coded-passage", put({"coût": ["rationalisation"]}, "axes")),
    "axis twice on a logic": ("coded-passage", put({"cout": ["rationalisation", "rationalisation"]}, "axes")),
    "design with a date": ("sample", put("2026-11-21", "date")),
    "design with a text": ("sample", put("On badge en arrivant.", "passages", 0, "text")),
    "passage without weight in a random sample": ("sample", put(None, "passages", 0, "weight")),
    "stratum without weight in a random sample": ("sample", put(None, "strata", 0, "weight")),
    "weight under 1": ("sample", put(0.5, "passages", 0, "weight")),
    "random sample said to teach": ("sample", put("training", "purpose")),
    "coder named by an account": ("sample", put(["marie@exemple.fr"], "coders")),
    "empty stratum": ("sample", put(0, "strata", 0, "drawn")),
    "no coder": ("coded-passage", put(None, "coder")),
    "document without a name": ("coded-passage", put("", "document")),
}


@pytest.mark.parametrize("case", DAMAGED)
def test_a_damaged_row_is_refused(case: str, valid: Callable[[str], Json]) -> None:
    name, damage = DAMAGED[case]
    row = valid(name)
    damage(row)
    assert faults(name, row), "the schema lets it pass"


@pytest.mark.parametrize("absent", ["M", "P"])
def test_axes_and_stances_belong_to_logics_that_are_there(absent: str, valid: Callable[[str], Json]) -> None:
    pole = dict(zip("MP", POLES, strict=True))[absent]
    other = next(name for name in POLES if name != pole)
    row = valid("coded-passage") | {absent: False, "relation": None, "axes": {"temps": [other]}}
    row["stance"] = {other: "soutenue"}
    assert faults("coded-passage", row) == []
    assert faults("coded-passage", row | {"axes": {"temps": [pole]}})
    assert faults("coded-passage", row | {"stance": {pole: "soutenue"}})


@pytest.mark.parametrize("name", ["passage", "explanation"])
@pytest.mark.parametrize("pole", POLES)
def test_axes_and_stances_of_a_tagged_passage_go_with_its_label(
    pole: str, name: str, valid: Callable[[str], Json]
) -> None:
    other = next(name for name in POLES if name != pole)
    row = valid(name) | {"label": pole, "relation": None, "axes": {"temps": [pole]}, "stance": {pole: "decrite"}}
    assert faults(name, row) == []
    assert faults(name, row | {"axes": {"temps": [other]}})
    assert faults(name, row | {"stance": {other: "decrite"}})
    neutral = row | {"label": "neutre", "axes": {}, "stance": {}}
    assert faults(name, neutral) == []
    assert faults(name, neutral | {"axes": {"temps": [pole]}})
    assert faults(name, neutral | {"stance": {pole: "decrite"}})
    assert faults(name, row | {"stance": None}) == []  # a model that was not trained to say
