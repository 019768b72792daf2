"""The published schemas against what the commands print and what the training corpus holds."""

import copy
import io
import json
from collections.abc import Callable, Iterator
from contextlib import redirect_stdout
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

import three_logics
from shipped import LOGICS, M, P
from tensions_cli.cli import run
from tensions_cli.errors import ExitStatus
from tensions_cli.knowledge.codebook import label_of, parse_codebook, use_codebook
from tensions_cli.knowledge.codebook_check import problems_of
from tensions_cli.knowledge.files import read_toml
from tensions_cli.manifest import manifest
from tensions_cli.output.comparison_rows import comparison_row
from tensions_cli.output.extracts import columns, write_extracts_csv, write_extracts_jsonl
from tensions_cli.output.rows import explanation_row, flat_group_row, flat_passage_row, passage_row, to_json
from tensions_cli.output.rows import summary as summary_row
from tensions_cli.pipeline import Options
from tensions_cli.records import (
    Analysis,
    DocumentInfo,
    Evidence,
    Explanation,
    HumanCode,
    HumanCodes,
    Passage,
    PoleExplanation,
    Relation,
    TaggedPassage,
    Tags,
    WordTerm,
    ZoneKind,
)
from tensions_cli.results import Comparison, Corrections, Cutting, Extract
from tensions_cli.statistics.correction import Observed, corrections, measures_of
from tensions_cli.statistics.course import courses
from tensions_cli.statistics.differences import differences
from tensions_cli.statistics.masking import masked_groups
from tensions_cli.statistics.periods import Date, trend
from tensions_cli.statistics.summary import counted, summarise
from tensions_cli.tagging.classifier import Model

Json = dict[str, Any]
ROOT = Path(__file__).parents[1]
OF_PASSAGES = ("passage", "extract", "explanation")
OF_GROUPS = ("summary", "comparison")
SCHEMAS = {
    name: json.loads((ROOT / "docs" / "schemas" / f"{name}.schema.json").read_text(encoding="utf-8"))
    for name in (*OF_PASSAGES, *OF_GROUPS, "corpus", "findings", "coded-passage", "sample", "agreement")
}
BOOK = read_toml("codebook.toml")
POLES = [M, P]
AXES = [axis["name"] for axis in BOOK["axes"]]
# « menacee » : logique professionnelle seulement.
STANCES = {pole: [s for s in BOOK["stances"] if s != "menacee" or pole == "professionnelle"] for pole in POLES}


def of_the_shipped_codebook(schema: Json) -> Json:
    """The schema with the names of the shipped codebook alone: what `docs/schemas/README.md` says how to do, and
    which logic a stance, an axis or a letter goes with."""
    closed = copy.deepcopy(schema)
    lists = {
        "pole": POLES,
        "label": list(LOGICS),
        "measure": [*LOGICS, "tension"],
        "axis": AXES,
        "stance": BOOK["stances"],
        "borne": [f"{pole}+" for pole in POLES],
    }
    of_each = {pole: {"enum": names} for pole, names in STANCES.items()}
    counted_each = {pole: {"required": names, "propertyNames": {"enum": names}} for pole, names in STANCES.items()}
    parts = closed.get("$defs", {})
    for name in lists.keys() & parts.keys():
        parts[name] = {"enum": lists[name]}
    for name, properties in (("stances", of_each), ("by_stance", counted_each)):
        if name in parts:
            parts[name]["properties"] = properties
            parts[name]["additionalProperties"] = False
    alone = [{"if": {"properties": {"label": {"const": pole}}}, "then": only(pole)} for pole in POLES]
    absent = [{"if": {"properties": {x: {"const": False}}}, "then": only(pole)} for x, pole in (("M", P), ("P", M))]
    if "label" in closed["properties"]:
        closed["allOf"] += alone
    elif "patternProperties" in closed:
        closed["allOf"] += [{"required": ["M", "P"], "maxProperties": 13}, *absent]
    return closed


def only(pole: str) -> Json:
    """Axes and stances on this logic alone."""
    axes = {"additionalProperties": {"items": {"const": pole}}}
    return {"properties": {"axes": axes, "stance": {"propertyNames": {"const": pole}}}}


SHIPPED = {name: of_the_shipped_codebook(schema) for name, schema in SCHEMAS.items()}
ANNOTATED = sorted((ROOT / "corpora" / "annotated").glob("*.jsonl"))
ASSOCIATIONS = sorted((ROOT / "corpora" / "associations").glob("*.jsonl"))
MIXED = (
    "Le logiciel compte vingt minutes par visite, alors qu’écouter une personne demande du temps et de la confiance."
)

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


def faults_of_shipped(name: str, row: Json) -> list[str]:
    """The same, where no name may be of another codebook."""
    return [error.json_path for error in Draft202012Validator(SHIPPED[name]).iter_errors(row)]


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
def comparison(folder: str) -> Json:
    command = ("compare", folder, "-q", "-f", "json", "--by", "genre", "--words", "2")
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
    bare: Json = {"label": "neutre", "relation": None, "stance": {}, "axes": {}}
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
    comparison: Json,
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
    passage = next(row for row in passages if row["counted"]) | mixed
    place = {"reference": f"({passage['document']}, {passage['start']}-{passage['end']})", "typicality": 0.5}
    kept = {
        "passage": passage,
        "extract": place | dict.fromkeys(("left", "match", "right", "match_start", "match_end")) | passage,
        "summary": summary | {"groups": groups},
        "comparison": comparison,
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
    assert [faults_of_shipped("passage", row) for row in passages] == [[]] * len(passages)
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
    assert faults_of_shipped("summary", summary) == []
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
    assert faults_of_shipped("explanation", explanation) == []


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


# What a group of the shipped codebook is told by: every name, and no other.
NAMES: Json = {
    "shares": [*LOGICS],
    "shares_by_words": [*LOGICS],
    "shares_certain": [*LOGICS],
    "shares_by_document": [*LOGICS, "tension"],
    "intervals": [*LOGICS, "tension"],
    "relations": ["opposition", "articulation", "juxtaposition"],
    "axes": dict.fromkeys(AXES, POLES),
    "stance": {pole: list(names) for pole, names in STANCES.items()},
}


def names_of(group: Json) -> Json:
    """The names by which a group is told, in their order; a stance that was not coded is told by none."""
    found: Json = {name: list(group[name]) for name in list(NAMES)[:-2]}
    found["axes"] = {axis: list(poles) for axis, poles in group["axes"].items()}
    stance = group["stance"]
    found["stance"] = NAMES["stance"] if stance is None else {pole: list(names) for pole, names in stance.items()}
    return found


def test_outputs_hold_the_labels_of_their_codebook(summary: Json, comparison: Json, passages: list[Json]) -> None:
    for group in (*summary["groups"], *comparison["groups"]):
        assert names_of(group) == NAMES
        assert group["human"] == 0
        assert "pairs" not in group
    for row in passages:
        assert list(row["scores"]) == POLES
        assert not {"logics", "relations"} & set(row)
    for found in (summary, comparison):
        assert found["manifest"]["codebook"]["name"] == BOOK["name"]
        assert "codes" not in found["manifest"]["options"]


def test_comparison_of_a_folder(comparison: Json) -> None:
    assert faults_of_shipped("comparison", comparison) == []
    assert {row["measure"] for row in comparison["differences"]} == {*LOGICS, "tension"}


def test_outputs_that_people_decided(folder: str, passages: list[Json], tmp_path: Path) -> None:
    """`--codes`: the coder is named in passages and in the manifest, and groups count what was decided."""
    decided = next(row for row in passages if row["counted"])
    keys = ("id", "document", "text")
    code = {key: decided[key] for key in keys} | {"coder": "codeur A", "M": True, "P": True, "relation": "opposition"}
    codes = tmp_path / "codes.jsonl"
    codes.write_text(json.dumps(code, ensure_ascii=False) + "\n", encoding="utf-8")
    option = ("-q", "--codes", str(codes))
    tagged = rows(printed("tag", folder, *option, status=ExitStatus.SOME_UNREAD))
    assert [wrong for row in tagged if (wrong := faults_of_shipped("passage", row))] == []
    assert [row["id"] for row in tagged if row["coded_by"] == "codeur A"] == [decided["id"]]
    for name, command in (("summary", "analyse"), ("comparison", "compare")):
        found = json.loads(
            printed(command, folder, *option, "-f", "json", "--by", "genre", status=ExitStatus.SOME_UNREAD)
        )
        assert faults_of_shipped(name, found) == []
        chosen = found["manifest"]["options"]["codes"]
        assert (chosen["passages"], chosen["coders"]) == (1, ["codeur A"])
        assert sum(group["human"] for group in found["groups"] if group["by"]) == 1


def test_outputs_of_before_stay_valid(valid: Callable[[str], Json]) -> None:
    """0.1.0 before codebooks of one's own told neither the name of the codebook nor who decided."""
    for name in OF_GROUPS:
        row = valid(name)
        del row["manifest"]["codebook"]["name"]
        for group in row["groups"]:
            del group["human"]
        assert faults_of_shipped(name, row) == []


def test_demo_corpus_tagged() -> None:
    found = rows(printed("tag", str(ROOT / "corpora" / "demo"), "-q", status=ExitStatus.DONE))
    assert [(row["id"], wrong) for row in found if (wrong := faults_of_shipped("passage", row))] == []
    assert any(row["time_start"] is not None for row in found)
    assert any(row["evidence"] for row in found)


def test_demo_corpus_summarised() -> None:
    command = ("analyse", str(ROOT / "corpora" / "demo"), "-q", "-f", "json", "--by", "genre", "--by", "role")
    found = json.loads(printed(*command, status=ExitStatus.DONE))
    assert faults_of_shipped("summary", found) == []
    assert [names_of(group) for group in found["groups"]] == [NAMES] * len(found["groups"])
    assert any(group["intervals"]["neutre"] for group in found["groups"])


def test_records_of_a_table(tmp_path: Path) -> None:
    (tmp_path / "reponses.csv").write_text(f'id,text,service\nr1,"{MIXED}",nuit\n', encoding="utf-8")
    command = ("tag", str(tmp_path / "reponses.csv"), "-q", "--unit", "record")
    (row,) = rows(printed(*command, status=ExitStatus.DONE))
    assert faults_of_shipped("passage", row) == []
    assert row["metadata"] == {"service": "nuit"}


@pytest.mark.parametrize("file", ANNOTATED, ids=lambda file: file.name)
def test_coded_passages(file: Path) -> None:
    assert [
        (row.get("id"), wrong) for row in coded_rows(file) if (wrong := faults_of_shipped("coded-passage", row))
    ] == []


@pytest.mark.parametrize("file", ASSOCIATIONS, ids=lambda file: file.name)
def test_coded_passages_of_another_codebook(file: Path) -> None:
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


def test_no_name_of_a_codebook_is_written_in_a_schema() -> None:
    names = {*POLES, *AXES, *BOOK["stances"]}
    text = {name: json.dumps(schema) for name, schema in SCHEMAS.items()}
    assert [(name, word) for name, found in text.items() for word in names if f'"{word}"' in found] == []


@pytest.mark.parametrize("name", sorted(set(SCHEMAS) - {"corpus", "findings", "sample"}))
def test_relations_are_those_of_every_codebook(name: str) -> None:
    written = [part["enum"] for part in subschemas(SCHEMAS[name]) if "opposition" in part.get("enum", ())]
    written += [part["required"] for part in subschemas(SCHEMAS[name]) if "opposition" in part.get("required", ())]
    assert written
    assert [[relation for relation in found if relation] for found in written] == [list(Relation)] * len(written)


def test_names_are_described_alike() -> None:
    """A schema stands alone: what several of them define is the same in each."""
    shared = ("pole", "label", "axis", "stance", "pair", "stances", "evidence", "measure", "by_stance", "by_relation")
    for part in shared:
        found = [schema["$defs"][part] for schema in SCHEMAS.values() if part in schema.get("$defs", ())]
        found = [one for one in found if one]
        assert len(found) > 1
        assert found == [found[0]] * len(found), part


@pytest.mark.parametrize("word", ["mixte", "neutre", "tension", "position", "passage"])
def test_no_logic_is_named_as_what_stands_beside_logics(word: str) -> None:
    content = three_logics.CODEBOOK.replace("marchande", word).encode()
    assert any(f"«\u00a0{word}\u00a0»" in problem for problem in problems_of(content, b""))


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
    "label with a capital": ("passage", put("Rationalisation", "label")),
    "label that is no label": ("passage", put("tension", "label")),
    "stance not by logic": ("passage", put("contestee", "stance")),
    "stance unknown": ("passage", put("contestée", "stance", "rationalisation")),
    "mixed without relation": ("passage", put(None, "relation")),
    "relation without mixed": ("passage", put("neutre", "label")),
    "axis with a space": ("passage", put({"le temps": ["rationalisation"]}, "axes")),
    "axis without a logic": ("passage", put({"temps": []}, "axes")),
    "axis with an unknown logic": ("passage", put({"temps": ["M"]}, "axes")),
    "score over 1": ("passage", put(1.2, "scores", "rationalisation")),
    "score as text": ("passage", put("0,93", "scores", "rationalisation")),
    "score of a label": ("passage", put(0.5, "scores", "mixte")),
    "third score without logics": ("passage", put(0.5, "scores", "civique")),
    "one score": ("passage", put({"rationalisation": 0.5}, "scores")),
    "logics of two": ("passage", put(["rationalisation"], "logics")),
    "offset below zero": ("passage", put(-1, "evidence", 0, "start")),
    "offset with a fraction": ("passage", put(1.5, "start")),
    "evidence of no axis": ("passage", put("", "evidence", 0, "axis")),
    "evidence of a label": ("passage", put("mixte", "evidence", 0, "pole")),
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
    "stance without a count": ("summary", put({}, "groups", 0, "stance", "professionnelle")),
    "share of a logic alone": ("summary", put({"rationalisation": 1, "mixte": 0, "neutre": 0}, "groups", 0, "shares")),
    "tension among the labels": ("summary", put(0.1, "groups", 0, "shares", "tension")),
    "label as a sentence": ("summary", put(0.1, "groups", 0, "shares", "Logique civique")),
    "human as a share": ("summary", put(0.5, "groups", 0, "human")),
    "pairs of two logics": ("summary", put({}, "groups", 0, "pairs")),
    "codes without coders": ("summary", put({"sha256": "0" * 64, "passages": 3}, "manifest", "options", "codes")),
    "codes by their file": ("summary", put("codes.jsonl", "manifest", "options", "codes")),
    "codebook without a name": ("summary", put(" ", "manifest", "codebook", "name")),
    "codebook without a version": ("summary", put({"name": "x", "sha256": "0" * 64}, "manifest", "codebook")),
    "measure with an accent": ("comparison", put("contrôle", "differences", 0, "measure")),
    "difference over 1": ("comparison", put(1.5, "differences", 0, "difference", "value")),
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
    "stance on a label": ("coded-passage", put("decrite", "stance", "mixte")),
    "axis of a coded passage with an accent": ("coded-passage", put({"coût": ["rationalisation"]}, "axes")),
    "pair where there is one": ("coded-passage", put({"rationalisation+professionnelle": "opposition"}, "relation")),
    "letter in lower case": ("coded-passage", put(True, "c")),
    "seven letters": ("coded-passage", lambda row: row.update(dict.fromkeys("ABCDE", False))),
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


# Names that follow the format: only who knows the codebook can tell that they are not of it.
OF_ANOTHER_CODEBOOK: dict[str, tuple[str, Callable[[Json], None]]] = {
    "label unknown": ("passage", lambda row: row.update(label="civique", relation=None, axes={}, stance={})),
    "management threatened": ("passage", put("menacee", "stance", "rationalisation")),
    "axis unknown": ("passage", put({"argent": ["rationalisation"]}, "axes")),
    "score unknown": ("passage", put({"civique": 0.5, "marchande": 0.5}, "scores")),
    "evidence of an unknown axis": ("passage", put("argent", "evidence", 0, "axis")),
    "share unknown": ("summary", put({"a": 0.5, "b": 0.5, "mixte": 0, "neutre": 0}, "groups", 0, "shares")),
    "axis of a group unknown": ("summary", put(dict.fromkeys(POLES, 0), "groups", 0, "axes", "argent")),
    "stance missing": ("summary", put({"soutenue": 1}, "groups", 0, "stance", "professionnelle")),
    "management threatened in a group": ("summary", put(1, "groups", 0, "stance", "rationalisation", "menacee")),
    "measure unknown": ("comparison", put("civique", "differences", 0, "measure")),
    "explained logics unknown": ("explanation", put({"civique": 0.5, "marchande": 0.5}, "scores")),
    "management coded as threatened": ("coded-passage", put("menacee", "stance", "rationalisation")),
    "axis of a coded passage unknown": ("coded-passage", put({"argent": ["rationalisation"]}, "axes")),
    "letter unknown": ("coded-passage", put(False, "C")),
}


@pytest.mark.parametrize("case", OF_ANOTHER_CODEBOOK)
def test_a_name_of_another_codebook_is_refused_where_names_are_known(case: str, valid: Callable[[str], Json]) -> None:
    name, damage = OF_ANOTHER_CODEBOOK[case]
    row = valid(name)
    assert faults_of_shipped(name, row) == []
    damage(row)
    assert faults(name, row) == []
    assert faults_of_shipped(name, row), "the names of the codebook let it pass"


@pytest.mark.parametrize("absent", ["M", "P"])
def test_axes_and_stances_belong_to_logics_that_are_there(absent: str, valid: Callable[[str], Json]) -> None:
    pole = dict(zip("MP", POLES, strict=True))[absent]
    other = next(name for name in POLES if name != pole)
    row = valid("coded-passage") | {absent: False, "relation": None, "axes": {"temps": [other]}}
    row["stance"] = {other: "soutenue"}
    assert faults_of_shipped("coded-passage", row) == []
    assert faults_of_shipped("coded-passage", row | {"axes": {"temps": [pole]}})
    assert faults_of_shipped("coded-passage", row | {"stance": {pole: "soutenue"}})
    assert faults("coded-passage", row | {"axes": {"temps": [pole, other]}})
    assert faults("coded-passage", row | {"relation": "opposition"})


@pytest.mark.parametrize("name", OF_PASSAGES)
@pytest.mark.parametrize("pole", POLES)
def test_axes_and_stances_of_a_tagged_passage_go_with_its_label(
    pole: str, name: str, valid: Callable[[str], Json]
) -> None:
    other = next(name for name in POLES if name != pole)
    row = valid(name) | {"label": pole, "relation": None, "axes": {"temps": [pole]}, "stance": {pole: "decrite"}}
    assert faults_of_shipped(name, row) == []
    assert faults_of_shipped(name, row | {"axes": {"temps": [other]}})
    assert faults_of_shipped(name, row | {"stance": {other: "decrite"}})
    # Whatever the codebook, one logic has one stance, and stands alone on its axes.
    assert faults(name, row | {"axes": {"temps": [pole, other]}})
    assert faults(name, row | {"stance": dict.fromkeys((pole, other), "decrite")})
    neutral = row | {"label": "neutre", "axes": {}, "stance": {}}
    assert faults(name, neutral) == []
    assert faults(name, neutral | {"axes": {"temps": [pole]}})
    assert faults(name, neutral | {"stance": {pole: "decrite"}})
    assert faults(name, row | {"stance": None}) == []  # a model that was not trained to say


# --- three logics ---------------------------------------------------------------------------------------


PAIRS = ["marchande+civique", "marchande+domestique", "civique+domestique"]
THREE = three_logics.LOGICS


@pytest.fixture
def three() -> tuple[TaggedPassage, ...]:
    """The coded passages of the three-logic codebook, as if a model had tagged them and a person decided a few."""
    use_codebook(parse_codebook(three_logics.CODEBOOK.encode(), three_logics.LEXICON.encode()))
    return tuple(tagged_of(rank, row) for rank, row in enumerate(three_logics.rows()))


def tagged_of(rank: int, row: Json) -> TaggedPassage:
    logics = tuple(name for name, letter in three_logics.LETTERS.items() if row[letter])
    relation = row["relation"]
    pair = "+".join(logics)
    relations = {name: Relation(one) for name, one in (relation or {}).items()} if len(logics) != 2 else {
        pair: Relation(relation)
    }  # fmt: skip
    strongest = next((one for one in Relation if one in relations.values()), None)
    start = 1000 * rank
    passage = Passage(
        id=f"{row['document']}#{start}-{start + len(row['text'])}",
        document=row["document"],
        start=start,
        end=start + len(row["text"]),
        text=row["text"],
        speaker=f"S{rank % 3}",
        metadata={"genre": "entretien" if row["document"] < "d4" else "bulletin"},
    )
    human = row["document"] == "d0"
    tags = Tags(
        label=label_of(logics),
        logics=logics,
        relation=strongest,
        axes={axis: tuple(poles) for axis, poles in row["axes"].items()},
        scores={name: (1.0 if human else 0.9) if name in logics else 0.0 for name in THREE},
        evidence=tuple(Evidence(0, 2, name, None) for name in logics),
        certain=bool(rank % 5),
        coded_by="codeur A" if human else "model",
        model="essai 1.0.0 (0123abcd)",
        stance=row["stance"],
        relations=relations,
    )
    return TaggedPassage(passage, tags)


def through_json(row: Json) -> Json:
    return dict(json.loads(to_json(row)))


def test_passages_of_three_logics(three: tuple[TaggedPassage, ...]) -> None:
    found = [through_json(passage_row(one)) for one in three]
    assert [(row["id"], wrong) for row in found if (wrong := faults("passage", row))] == []
    assert {len(row["logics"]) for row in found} == {0, 1, 2, 3}
    assert {len(row["relations"]) for row in found} == {0, 1, 3}
    assert {row["coded_by"] for row in found} == {"model", "codeur A"}
    mixed = next(row for row in found if len(row["logics"]) == 3)
    alone = next(row for row in found if len(row["logics"]) == 1)
    damage: Json
    for damage in (
        {"logics": ["marchande"]}, {"logics": ["marchande", "mixte"]}, {"logics": ["marchande", "marchande"]},
        {"relations": {}}, {"relations": {"marchande": "opposition"}}, {"relations": {PAIRS[0]: "tension"}},
        {"relations": None}, {"relation": None}, {"label": "neutre"}, {"label": "marchande"},
    ):  # fmt: skip
        assert faults("passage", mixed | damage), damage
    for damage in ({"logics": []}, {"relations": {PAIRS[0]: "opposition"}}, {"logics": list(THREE)}):
        assert faults("passage", alone | damage), damage
    for field in ("logics", "relations"):
        assert faults("passage", {name: value for name, value in mixed.items() if name != field}), field


def test_extracts_of_three_logics(three: tuple[TaggedPassage, ...]) -> None:
    mixed = next(one for one in three if len(one.tags.logics) == 3)
    found = [Extract(mixed, 0, 2), Extract(mixed, typicality=0.7)]
    stream = io.StringIO()
    write_extracts_jsonl(found, stream)
    for row in rows(stream.getvalue()):
        assert faults("extract", row) == []
        assert faults("extract", row | {"logics": ["marchande"]})
    stream = io.StringIO()
    write_extracts_csv(found, stream)
    header = stream.getvalue().split("\n")[0].split(",")
    assert header == [*columns(), "meta_genre"]
    assert not any(pole in name for name in header for pole in POLES)
    assert set(flat_passage_row(mixed)) <= set(header)


def test_an_explanation_of_three_logics(three: tuple[TaggedPassage, ...]) -> None:
    mixed = next(one for one in three if len(one.tags.logics) == 3)
    terms: Json = {"words": (WordTerm(0, 2, 0.5),), "form": {"length": 0.1}, "start": -1.0, "log_odds": -0.4}
    poles = tuple(PoleExplanation(name, **terms, slope=1.0, offset=0.0, threshold=0.4) for name in THREE)
    row = through_json(explanation_row(Explanation(mixed.passage.text, mixed.tags, poles)))
    assert faults("explanation", row) == []
    assert row["logics"] == list(THREE)
    assert faults("explanation", {name: value for name, value in row.items() if name != "logics"})


CODES = HumanCodes(
    Path("codes.jsonl"),
    (HumanCode("d0#0-1", "d0", b"", "codeur A", (), {}, None, None),),
    "0" * 64,
)  # fmt: skip


@pytest.fixture
def three_summary(three: tuple[TaggedPassage, ...], model: Model) -> Json:
    """Everything that a summary may hold."""
    options = Options(by=("genre",), codes=CODES, course=True, sensitivity=True)
    kept = [row for one in three if (row := counted(one, options.by))]
    groups = summarise(kept, options.by)
    seen = [measures_of(one.tags.label, one.tags.logics, one.tags.relation) for one in three]
    observed = [
        Observed(
            (one.passage.metadata["genre"],), one.passage.document, found, found if rank % 9 else frozenset({"neutre"})
        )
        for rank, (one, found) in enumerate(zip(three, seen, strict=True))
    ]
    cutting = Cutting(45, len(kept), 12.5, groups[0].shares, groups[0].tension_share, shipped=True)
    return through_json(
        summary_row(
            Analysis(
                manifest=manifest(model, options),
                by=options.by,
                documents=(DocumentInfo("d0", "d0.txt", "txt", "utf-8", "0" * 64, 90, 8, 8, {}, (), (), ()),),
                skipped=(),
                notices=(),
                groups=tuple(groups),
                examples=(),
                corrections=Corrections(("codeur A",), len(three), 0, weighted=False, groups=corrections(observed, ())),
                cuttings=(cutting, replace(cutting, target_words=20, shipped=False)),
                courses=courses(three),
            )
        )
    )


def test_a_summary_of_three_logics(three_summary: Json) -> None:
    assert faults("summary", three_summary) == []
    whole, *genres = three_summary["groups"]
    labels = [*THREE, "mixte", "neutre"]
    assert [group["by"] for group in genres] == [{"genre": "bulletin"}, {"genre": "entretien"}]
    for group in three_summary["groups"]:
        assert list(group["shares"]) == labels
        assert list(group["intervals"]) == [*labels, "tension"]
        assert list(group["pairs"]) == PAIRS
        assert list(group["axes"]) == ["place"]
        assert list(group["stance"]) == list(THREE)
        assert group["balance"] is None
    assert whole["stance_intervals"]  # each logic is borne by forty passages
    # Each pair meets in eight passages of its own and in the eight where all three are.
    assert [sum(counts.values()) for counts in whole["pairs"].values()] == [16, 16, 16]
    assert [group["human"] for group in three_summary["groups"]] == [8, 0, 8]
    assert three_summary["manifest"]["options"]["codes"] == {
        "sha256": "0" * 64, "passages": 1, "coders": ["codeur A"]
    }  # fmt: skip
    assert three_summary["manifest"]["codebook"]["name"] == "trois-mondes"
    assert {share["measure"] for share in three_summary["corrections"]["groups"][0]["shares"]} == {
        *labels, "tension", "marchande+", "civique+", "domestique+"
    }  # fmt: skip
    points = [point for course in three_summary["courses"] for point in course["points"]]
    assert {tuple(point) for point in points} == {("position", *THREE, "passage")}
    assert any(course["replies"] for course in three_summary["courses"])


@pytest.mark.parametrize(
    "damage",
    [
        put(0.2, "groups", 0, "balance"), put({}, "groups", 0, "pairs"), put({"a": 1}, "groups", 0, "pairs", PAIRS[0]),
        put({"opposition": 1}, "groups", 0, "pairs", PAIRS[0]), put({}, "groups", 0, "pairs", "marchande"),
        put(-1, "groups", 0, "human"), put([], "manifest", "options", "codes", "coders"),
        put(1.5, "courses", 0, "points", 0, "civique"), put(0.5, "courses", 0, "points", 0, "mixte"),
        put("mixte+", "corrections", "groups", 0, "shares", 0, "measure"),
        put({"marchande": 1}, "groups", 0, "axes", "place"), lambda row: row["groups"][0].pop("pairs"),
    ],
)  # fmt: skip
def test_a_damaged_summary_of_three_logics_is_refused(damage: Callable[[Json], None], three_summary: Json) -> None:
    damage(three_summary)
    assert faults("summary", three_summary)


def test_a_comparison_of_three_logics(three: tuple[TaggedPassage, ...], model: Model) -> None:
    options = Options(by=("genre",), codes=CODES)
    base = manifest(model, options)
    asked = {"against": None, "period": "auto", "words": 0}
    kept = [kept_row for one in three if (kept_row := counted(one, options.by))]
    groups = summarise(kept, options.by)
    change = trend(kept, {f"d{rank}": Date(2020 + rank % 4, None) for rank in range(8)})
    assert change is not None
    found = Comparison(
        manifest={**base, "options": {**base["options"], **asked}},
        by=options.by,
        skipped=(),
        notices=(),
        groups=tuple(groups[1:]),
        against=None,
        differences=differences(kept),
        shared_documents=0,
        trend=change,
        vocabulary=None,
        factors=None,
    )
    row = through_json(comparison_row(found))
    assert faults("comparison", row) == []
    assert [one["measure"] for one in row["differences"]] == [*THREE, "mixte", "neutre", "tension"]
    assert list(row["trend"]["slopes"]) == [*THREE, "mixte", "neutre", "tension"]
    masked, _ = masked_groups(groups, 1000)
    hidden = through_json(comparison_row(replace(found, groups=tuple(masked[1:]))))
    assert faults("comparison", hidden) == []
    assert {group["human"] for group in hidden["groups"]} == {None}
    for damage in (put("civique+", "differences", 0, "measure"), put({}, "trend", "slopes"), put(8, "groups", 0, "x")):
        spoilt = copy.deepcopy(row)
        damage(spoilt)
        assert faults("comparison", spoilt)
    flat = flat_group_row(groups[0], ())
    assert [name for name in flat if any(pole in name for pole in POLES)] == []


def test_coded_passages_of_three_logics() -> None:
    found = three_logics.rows()
    assert [(row["id"], wrong) for row in found if (wrong := faults("coded-passage", row))] == []
    all_three = next(row for row in found if row["V"] and row["C"] and row["D"])
    damage: Json
    for damage in ({"relation": None}, {"relation": {}}, {"relation": {PAIRS[0]: None}}, {"V": None}, {"v": True}):
        assert faults("coded-passage", all_three | damage), damage
    none = next(row for row in found if not (row["V"] or row["C"] or row["D"]))
    for damage in ({"relation": "opposition"}, {"stance": {"civique": "soutenue"}}, {"axes": {"place": ["civique"]}}):
        assert faults("coded-passage", none | damage), damage
    assert faults("coded-passage", {name: value for name, value in none.items() if name not in "VD"})
