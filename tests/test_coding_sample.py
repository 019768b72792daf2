"""`tensions coding sample`: files that people fill in, weights that are right, codes that are never written over."""

import csv
import json
import shutil
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook

from tensions_cli.cli import run
from tensions_cli.errors import ExitStatus
from tensions_cli.knowledge.codebook import shipped, use_codebook

ROOT = Path(__file__).parents[1]
DEMO = str(ROOT / "corpora" / "demo")
ASSOCIATIONS = str(ROOT / "corpora" / "associations")
Row = dict[str, Any]

THREE_LOGICS = """
name = 'trois'
version = 1
title = 'Trois logiques'

[[logics]]
name = 'marchande'
letter = 'M'
said = 'la logique marchande'

[[logics]]
name = 'civique'
letter = 'C'
said = 'la logique civique'

[[logics]]
name = 'domestique'
letter = 'D'
said = 'la logique domestique'

[relations]
opposition = 'l’une heurte l’autre'
articulation = 'l’une sert l’autre'
juxtaposition = 'les deux sans lien'

[stances]
soutenue = 'défendue'
contestee = 'refusée'
"""


@pytest.fixture(autouse=True)
def _shipped_codebook() -> Any:
    """One run, one codebook: another test starts with the shipped one."""
    yield
    use_codebook(shipped())


def sample(output: Path, *more: str, status: ExitStatus = ExitStatus.DONE, sources: str = DEMO) -> None:
    assert run(["coding", "sample", sources, "-o", str(output), *more]) == status


def rows(path: Path) -> list[Row]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n") if line]


def design(output: Path) -> Row:
    return dict(json.loads(output.with_name(f"{output.stem}.tirage.json").read_text(encoding="utf-8")))


def sheet(path: Path) -> tuple[list[str], list[Row]]:
    """Header and rows of the sheet to fill in, which is the first one."""
    lines = list(load_workbook(path).worksheets[0].iter_rows(values_only=True))
    header = [str(name) for name in lines[0]]
    return header, [dict(zip(header, line, strict=True)) for line in lines[1:]]


def fill(path: Path, codes: list[Row]) -> None:
    """Type codes in the sheet, as a coder does."""
    book = load_workbook(path)
    page = book.worksheets[0]
    header = {str(cell.value): cell.column for cell in page[1]}
    for at, answers in enumerate(codes, start=2):
        for name, value in answers.items():
            page.cell(at, header[name]).value = value
    book.save(path)


# --- the draw -------------------------------------------------------------------------------------------


def test_a_simple_sample_weighs_the_corpus(tmp_path: Path) -> None:
    sample(tmp_path / "a.jsonl", "-n", "40", "-q")
    tasks, drawn = rows(tmp_path / "a.jsonl"), design(tmp_path / "a.jsonl")
    assert len(tasks) == len({task["id"] for task in tasks}) == 40
    assert {task["weight"] for task in tasks} == {drawn["population"] / 40}
    assert {task["drawn"] for task in tasks} == {"random"}
    assert drawn["model"] is None  # none was needed
    assert not any("proposal" in task for task in tasks)
    assert all(task["M"] is None and task["P"] is None and task["relation"] is None for task in tasks)
    assert all(task["stance"] == task["axes"] == {} for task in tasks)


def test_the_population_is_what_shares_count(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["analyse", DEMO, "-q", "-f", "json"]) == ExitStatus.DONE
    counted = json.loads(capsys.readouterr().out)["groups"][0]["passages"]
    sample(tmp_path / "tout.jsonl", "-n", "5000", "-q", "--strategy", "uncertain")
    tasks, drawn = rows(tmp_path / "tout.jsonl"), design(tmp_path / "tout.jsonl")
    assert drawn["population"] == len(tasks) == counted
    assert (drawn["strategy"], drawn["purpose"]) == ("random", "estimation")  # nothing was chosen: all is there
    assert {task["weight"] for task in tasks} == {1.0}
    assert "interviewer" not in {task["role"] for task in tasks}


def test_strata_are_proportional_and_weights_sum_to_the_corpus(tmp_path: Path) -> None:
    sample(tmp_path / "a.jsonl", "-n", "60", "--by", "genre", "-q")
    tasks, drawn = rows(tmp_path / "a.jsonl"), design(tmp_path / "a.jsonl")
    assert [one["by"]["genre"] for one in drawn["strata"]] == ["entretien", "institution", "presse", "revue"]
    by_genre = Counter(task["metadata"]["genre"] for task in tasks)
    for one in drawn["strata"]:
        assert by_genre[one["by"]["genre"]] == one["drawn"]
        assert abs(one["drawn"] - 60 * one["population"] / drawn["population"]) < 1
        assert one["weight"] == one["population"] / one["drawn"]
    assert sum(task["weight"] for task in tasks) == pytest.approx(drawn["population"])
    assert [task["weight"] for task in tasks] == [one["weight"] for one in drawn["passages"]]


def test_more_strata_than_passages_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sample(tmp_path / "a.jsonl", "-n", "5", "--by", "document", status=ExitStatus.UNUSABLE_INPUT)
    assert "-n 24 au moins" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_same_command_same_bytes_and_another_seed_another_draw(tmp_path: Path) -> None:
    for name, seed in (("a", "1"), ("b", "1"), ("c", "2")):
        sample(tmp_path / f"{name}.xlsx", "-n", "20", "--by", "genre", "--seed", seed, "-q", "--coders", "A,B")
    bytes_of = {name: (tmp_path / name).read_bytes() for name in ("a.A.xlsx", "b.A.xlsx", "c.A.xlsx")}
    assert bytes_of["a.A.xlsx"] == bytes_of["b.A.xlsx"] != bytes_of["c.A.xlsx"]
    assert design(tmp_path / "a.xlsx") == design(tmp_path / "b.xlsx") != design(tmp_path / "c.xlsx")
    assert (tmp_path / "a.A.xlsx").stat().st_mode & 0o077 == 0


def test_the_design_tells_nothing_of_the_texts(tmp_path: Path) -> None:
    sample(tmp_path / "a.jsonl", "-n", "30", "-q")
    said = (tmp_path / "a.tirage.json").read_text(encoding="utf-8")
    assert not any(task["text"][:25] in said for task in rows(tmp_path / "a.jsonl"))
    assert DEMO not in said
    assert str(tmp_path) not in said


# --- chosen to teach ------------------------------------------------------------------------------------


@pytest.mark.parametrize("strategy", ["uncertain", "diverse", "mixed"])
def test_what_is_chosen_has_no_weight(tmp_path: Path, strategy: str, capsys: pytest.CaptureFixture[str]) -> None:
    sample(tmp_path / "a.jsonl", "-n", "20", "--strategy", strategy)
    assert "jamais corriger" in capsys.readouterr().err
    tasks, drawn = rows(tmp_path / "a.jsonl"), design(tmp_path / "a.jsonl")
    assert len(tasks) == 20 == len({task["id"] for task in tasks})
    assert {task["weight"] for task in tasks} == {None} == {one["weight"] for one in drawn["strata"]}
    assert {task["drawn"] for task in tasks} == {strategy}
    assert drawn["purpose"] == "training"
    assert (drawn["model"] is None) == (strategy == "diverse")


def test_uncertain_takes_the_passages_nearest_the_thresholds(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["tag", DEMO, "-q"]) == ExitStatus.DONE
    from tensions_cli.tagging.model_folder import load_model

    heads = load_model().poles
    thresholds = dict(zip(heads.names, heads.thresholds.tolist(), strict=True))
    tagged = [json.loads(line) for line in capsys.readouterr().out.split("\n") if line]
    margins = {
        row["id"]: min(abs(row["scores"][pole] - thresholds[pole]) for pole in thresholds)
        for row in tagged
        if row["counted"]
    }
    sample(tmp_path / "a.jsonl", "-n", "15", "--strategy", "uncertain", "-q")
    chosen = {task["id"] for task in rows(tmp_path / "a.jsonl")}
    left = min(margin for name, margin in margins.items() if name not in chosen)
    assert max(margins[name] for name in chosen) <= left


# --- coders ---------------------------------------------------------------------------------------------


def test_one_file_a_coder_with_a_shared_part(tmp_path: Path) -> None:
    sample(tmp_path / "a.jsonl", "-n", "40", "--coders", "A,B", "--overlap", "0.25", "-q")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.A.jsonl", "a.B.jsonl", "a.tirage.json"]
    files = {coder: rows(tmp_path / f"a.{coder}.jsonl") for coder in "AB"}
    ids = {coder: {task["id"] for task in tasks} for coder, tasks in files.items()}
    drawn = design(tmp_path / "a.jsonl")
    assert len(ids["A"] & ids["B"]) == 10 == drawn["overlap"]
    assert len(ids["A"] | ids["B"]) == 40
    assert len(ids["A"]) == len(ids["B"]) == 25
    for coder, tasks in files.items():
        assert {task["coder"] for task in tasks} == {f"codeur {coder}"}
        told = [one["id"] for one in drawn["passages"] if f"codeur {coder}" in one["coders"]]
        assert [task["id"] for task in tasks] == told  # in the order of the corpus


@pytest.mark.parametrize("typed", ["A,,B", "A,a", "A;B", "../x,B", "A, mon collègue"])
def test_coders_that_make_no_file_name_are_refused(typed: str, tmp_path: Path) -> None:
    sample(tmp_path / "a.jsonl", "--coders", typed, "-q", status=ExitStatus.UNUSABLE_INPUT)
    assert not list(tmp_path.iterdir())


# --- what is coded already ------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["a.jsonl", "a.tirage.json", "a.xlsx"])
def test_what_was_drawn_before_is_left_out(form: str, tmp_path: Path) -> None:
    sample(tmp_path / f"a{Path(form).suffix if 'tirage' not in form else '.jsonl'}", "-n", "30", "-q")
    before = {one["id"] for one in design(tmp_path / "a.jsonl")["passages"]}
    sample(tmp_path / "b.jsonl", "-n", "50", "--without", str(tmp_path / form), "-q")
    drawn = design(tmp_path / "b.jsonl")
    assert drawn["withdrawn"] == 30
    assert not before & {one["id"] for one in drawn["passages"]}
    assert sum(task["weight"] for task in rows(tmp_path / "b.jsonl")) == pytest.approx(drawn["population"])
    sample(tmp_path / "c.jsonl", "-n", "5000", "--without", str(tmp_path / form), "-q")
    assert len(rows(tmp_path / "c.jsonl")) == drawn["population"] == design(tmp_path / "c.jsonl")["population"]


def test_codes_survive_a_corrected_transcript(tmp_path: Path) -> None:
    """By text where the place has moved; a text that two persons said, coded once, is still to be coded once."""
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    told = "On nous demande de remplir le tableau chaque vendredi, et personne ne le lit."
    (corpus / "a.txt").write_text(told, encoding="utf-8")
    (corpus / "b.txt").write_text(f"{told}\n\nElle reste assise auprès de lui jusqu’au soir.", encoding="utf-8")
    codes = tmp_path / "codes.jsonl"
    code = {"id": "b#900-980", "document": "b", "text": told, "coder": "codeur A", "M": True, "P": False}
    codes.write_text(json.dumps(code), encoding="utf-8")
    sample(tmp_path / "s.jsonl", "--without", str(codes), "-q", "--keep-twins", sources=str(corpus))
    assert [task["document"] for task in rows(tmp_path / "s.jsonl")] == ["a", "b"]
    assert design(tmp_path / "s.jsonl")["withdrawn"] == 1


def test_nothing_left_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sample(tmp_path / "a.jsonl", "-n", "5000", "-q")
    more = ("--without", str(tmp_path / "a.jsonl"))
    sample(tmp_path / "b.jsonl", *more, status=ExitStatus.UNUSABLE_INPUT)
    assert "il ne reste aucun passage" in capsys.readouterr().err


# --- nothing coded is lost ------------------------------------------------------------------------------


def test_a_coded_file_is_never_written_over(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    output = tmp_path / "a.xlsx"
    sample(output, "-n", "5", "-q")
    sample(output, "-n", "5", "-q")  # nothing coded yet, same draw
    fill(output, [{"logique": "neutre"}])
    coded = output.read_bytes()
    sample(output, "-n", "5", "-q", status=ExitStatus.UNUSABLE_INPUT)
    assert "tient des codes" in capsys.readouterr().err
    assert output.read_bytes() == coded
    sample(output, "-n", "5", "-q", "--force")
    assert output.read_bytes() != coded


def test_another_draw_of_the_same_name_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    output = tmp_path / "a.jsonl"
    sample(output, "-n", "5", "-q")
    before = output.read_bytes()
    sample(output, "-n", "6", "-q", status=ExitStatus.UNUSABLE_INPUT)
    assert "autre tirage" in capsys.readouterr().err
    assert output.read_bytes() == before


def test_an_unreadable_file_of_that_name_is_kept(tmp_path: Path) -> None:
    output = tmp_path / "a.xlsx"
    output.write_bytes(b"PK\x03\x04 damaged")
    sample(output, "-n", "5", "-q", status=ExitStatus.UNUSABLE_INPUT)
    assert output.read_bytes() == b"PK\x03\x04 damaged"


# --- the workbook ---------------------------------------------------------------------------------------


def test_the_workbook_offers_lists_context_and_the_codebook(tmp_path: Path) -> None:
    sample(tmp_path / "a.xlsx", "-n", "12", "-q")
    book = load_workbook(tmp_path / "a.xlsx")
    assert book.sheetnames == ["À coder", "Grille", "Mode d’emploi"]
    page = book.worksheets[0]
    assert page.freeze_panes == "A2"
    header, tasks = sheet(tmp_path / "a.xlsx")
    lists = {
        header[next(iter(validation.sqref.ranges)).min_col - 1]: validation.formula1
        for validation in page.data_validations.dataValidation
    }
    assert lists["logique"] == '"rationalisation,professionnelle,mixte,neutre"'
    assert lists["relation"] == '"opposition,articulation,juxtaposition"'
    assert lists["posture (professionnelle)"] == '"soutenue,contestee,decrite,menacee"'
    first, last = lists["axes"].removeprefix("Grille!").replace("$B$", "").split(":")
    names = [book["Grille"].cell(row, 2).value for row in range(int(first), int(last) + 1)]
    assert names[0] == "temps (rationalisation)"
    assert len(names) == 18
    assert any(task["avant"] for task in tasks)
    assert any(task["après"] for task in tasks)
    assert not any(name.startswith("machine") for name in header)
    assert len(list(book["Mode d’emploi"].iter_rows())) == 10


def test_the_proposal_is_there_only_when_asked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sample(tmp_path / "a.xlsx", "-n", "12", "--show-proposal")
    assert "meilleur qu’il n’est" in capsys.readouterr().err
    _, tasks = sheet(tmp_path / "a.xlsx")
    assert {task["machine\u00a0: logique"] for task in tasks} <= set(shipped().labels)
    assert all(task["logique"] is None for task in tasks)
    # Nobody has coded yet: nothing of what is shown comes back, and nothing is lost.
    assert run(["coding", "import", str(tmp_path / "a.xlsx"), "-o", str(tmp_path / "codes.jsonl")]) == ExitStatus.DONE
    assert rows(tmp_path / "codes.jsonl") == []
    sample(tmp_path / "a.jsonl", "-n", "12", "--show-proposal", "-q", "--force")
    proposal = rows(tmp_path / "a.jsonl")[0]["proposal"]
    assert set(proposal) == {"label", "relation", "stance", "axes", "scores", "model"}


def test_codes_and_weights_come_back(tmp_path: Path) -> None:
    output = tmp_path / "a.xlsx"
    sample(output, "-n", "12", "--by", "genre", "--coders", "A", "-q")
    filled = tmp_path / "a.A.xlsx"
    mixed = {
        "logique": "mixte",
        "relation": "opposition",
        "posture (rationalisation)": "contestee",
        "posture (professionnelle)": "menacee",
        "axes": "temps (rationalisation) ; cout (professionnelle)",
        "commentaire": "à revoir",
    }
    fill(filled, [mixed, *[{"logique": "neutre"}] * 11])
    codes = tmp_path / "codes.jsonl"
    assert run(["coding", "import", str(filled), "-o", str(codes), "-q"]) == ExitStatus.DONE
    coded, drawn = rows(codes), design(output)["passages"]
    assert [row["id"] for row in coded] == [one["id"] for one in drawn]
    assert {row["coder"] for row in coded} == {"codeur A"}
    assert [row["label"] for row in coded] == ["mixte", *["neutre"] * 11]
    first = coded[0]
    assert (first["M"], first["P"], first["relation"]) == (True, True, "opposition")
    assert first["stance"] == {"rationalisation": "contestee", "professionnelle": "menacee"}
    assert first["axes"] == {"temps": ["rationalisation"], "cout": ["professionnelle"]}
    assert [row.get("weight") for row in coded] == [pytest.approx(one["weight"]) for one in drawn]


# --- other codebooks, other files -----------------------------------------------------------------------


def test_another_codebook_needs_no_model(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sample(tmp_path / "a.jsonl", "-n", "5", "--codebook", ASSOCIATIONS, "--strategy", "diverse", "-q")
    assert {"M", "C"} < set(rows(tmp_path / "a.jsonl")[0])
    assert design(tmp_path / "a.jsonl")["codebook"]["name"] == "associations-marche-et-cite"
    more = ("-n", "5", "--codebook", ASSOCIATIONS, "--show-proposal")
    sample(tmp_path / "b.jsonl", *more, status=ExitStatus.UNUSABLE_INPUT)
    assert "n’a pas appris la grille" in capsys.readouterr().err


def test_three_logics_have_a_yes_or_no_each_and_a_relation_by_pair(tmp_path: Path) -> None:
    (tmp_path / "grille").mkdir()
    (tmp_path / "grille" / "codebook.toml").write_text(THREE_LOGICS, encoding="utf-8")
    sample(tmp_path / "a.xlsx", "-n", "5", "--codebook", str(tmp_path / "grille"), "-q")
    header, _ = sheet(tmp_path / "a.xlsx")
    assert [name for name in header if name.startswith("logique")] == [
        "logique (marchande)",
        "logique (civique)",
        "logique (domestique)",
    ]
    assert [name for name in header if name.startswith("relation")] == [
        "relation (marchande+civique)",
        "relation (marchande+domestique)",
        "relation (civique+domestique)",
    ]
    assert "axes" not in header  # this codebook has none


def test_a_table_with_hostile_values_stays_text(tmp_path: Path) -> None:
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    shutil.copy(next(Path(DEMO).rglob("I2*")), corpus / "lettre.txt")
    (corpus / "metadata.csv").write_text('id,service\nlettre,"=HYPERLINK(""x"")"\n', encoding="utf-8")
    sample(tmp_path / "a.csv", "-n", "3", "-q", sources=str(corpus))
    with (tmp_path / "a.csv").open(encoding="utf-8", newline="") as stream:
        table = list(csv.DictReader(stream))
    assert {row["meta_service"] for row in table} == {'\'=HYPERLINK("x")'}
    assert all(row["M"] == row["P"] == row["relation"] == row["memo"] == "" for row in table)
    sample(tmp_path / "b.xlsx", "-n", "3", "-q", sources=str(corpus))
    cells = [cell for row in load_workbook(tmp_path / "b.xlsx").worksheets[0].iter_rows() for cell in row]
    assert any(cell.value == '=HYPERLINK("x")' and cell.data_type == "s" for cell in cells)


def test_annotation_tools_get_the_passage_and_its_context_beside(tmp_path: Path) -> None:
    for form, name in (("doccano", "d.jsonl"), ("prodigy", "p.jsonl"), ("label-studio", "l.json")):
        sample(tmp_path / name, "-n", "6", "-f", form, "-q")
    drawn = [one["id"] for one in design(tmp_path / "d.jsonl")["passages"]]
    doccano, prodigy = rows(tmp_path / "d.jsonl"), rows(tmp_path / "p.jsonl")
    studio = json.loads((tmp_path / "l.json").read_text(encoding="utf-8"))
    assert [row["document"] for row in doccano] == [row["meta"]["id"] for row in prodigy] == drawn
    assert [task["data"]["document"] for task in studio] == drawn
    assert all(row["label"] == [] for row in doccano)
    assert all("accept" not in row for row in prodigy)
    assert all("predictions" not in task for task in studio)
    assert any(row.get("before") or row.get("after") for row in doccano)
    assert [row["text"] for row in doccano] == [task["data"]["text"] for task in studio]


def test_prodigy_choices_come_back(tmp_path: Path) -> None:
    sample(tmp_path / "p.jsonl", "-n", "4", "-f", "prodigy", "-q")
    tasks = rows(tmp_path / "p.jsonl")
    answers = [{"answer": "accept", "accept": ["mixte", "opposition", "rationalisation contestee"]}]
    answers += [{"answer": "accept", "accept": ["neutre"]}] * 3
    exported = tmp_path / "retour.jsonl"
    exported.write_text(
        "".join(json.dumps(task | answer) + "\n" for task, answer in zip(tasks, answers, strict=True)), encoding="utf-8"
    )
    codes = tmp_path / "codes.jsonl"
    assert run(["coding", "import", str(exported), "--coder", "A", "-o", str(codes), "-q"]) == ExitStatus.DONE
    coded = rows(codes)
    assert [row["id"] for row in coded] == [task["meta"]["id"] for task in tasks]
    assert [row["label"] for row in coded] == ["mixte", "neutre", "neutre", "neutre"]
    assert coded[0]["stance"] == {"rationalisation": "contestee"}


def exported(task: Row, form: str, rank: int) -> Row:
    """A task as its tool gives it back, coded neutre; what the tool does not know, it keeps."""
    text = task["data"]["text"] if form == "label-studio" else task["text"]
    if form == "doccano":
        return task | {"id": rank + 1, "label": [[0, len(text.encode("utf-16-le")) // 2, "neutre"]], "Comments": []}
    if form == "prodigy":
        return task | {"answer": "accept", "accept": ["neutre"], "_session_id": "projet-martine"}
    value = {"start": 0, "end": len(text), "text": text, "labels": ["neutre"]}
    result = {"id": "r1", "from_name": "label", "to_name": "text", "type": "labels", "value": value}
    return {"id": rank + 1, "data": task["data"], "annotations": [{"completed_by": 1, "result": [result]}]}


def tasks_of(path: Path, form: str) -> list[Row]:
    return list(json.loads(path.read_text(encoding="utf-8"))) if form == "label-studio" else rows(path)


@pytest.mark.parametrize("strategy", ["random", "diverse"])
@pytest.mark.parametrize("form", ["doccano", "prodigy", "label-studio"])
def test_weights_survive_annotation_tools_and_another_name(form: str, strategy: str, tmp_path: Path) -> None:
    """The export has the tool's name and is far from its design: what was drawn comes back with each passage."""
    more = ("-n", "6", "--strategy", strategy, "--coders", "A", "-f", form, "-q")
    sample(tmp_path / "a.json", *more)
    back = [exported(task, form, rank) for rank, task in enumerate(tasks_of(tmp_path / "a.A.json", form))]
    (tmp_path / "ailleurs").mkdir()
    export = tmp_path / "ailleurs" / "project-7-at-noon.json"
    if form == "label-studio":
        export.write_text(json.dumps(back), encoding="utf-8")
    else:
        export.write_text("".join(json.dumps(row) + "\n" for row in back), encoding="utf-8")
    codes = tmp_path / "codes.jsonl"
    assert run(["coding", "import", str(export), "-o", str(codes), "-q"]) == ExitStatus.DONE
    drawn = {one["id"]: one["weight"] for one in design(tmp_path / "a.json")["passages"]}
    coded = rows(codes)
    assert {row["id"]: row.get("weight") for row in coded} == drawn
    assert {row["drawn"] for row in coded} == {strategy}
    assert {row["label"] for row in coded} == {"neutre"}
    assert {row["coder"] for row in coded} == {"codeur A"}
    assert all((row["document"], row["start"]) == (row["id"].rpartition("#")[0], _start(row["id"])) for row in coded)


def _start(name: str) -> int:
    return int(name.rpartition("#")[2].partition("-")[0])


@pytest.mark.parametrize("form", ["doccano", "prodigy", "label-studio"])
def test_codes_of_a_draw_without_their_weights_say_how_to_give_them(
    form: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sample(tmp_path / "a.json", "-n", "2", "-f", form, "-q")
    back = [exported(task, form, rank) for rank, task in enumerate(tasks_of(tmp_path / "a.json", form))]
    for row in back:  # a tool, or a person, that drops what it does not know
        for place in (row, row.get("data", {})):
            place.pop("weight", None)
            place.pop("drawn", None)
    (tmp_path / "ailleurs").mkdir()
    export = tmp_path / "ailleurs" / "export.json"
    export.write_text(json.dumps(back), encoding="utf-8")
    codes = tmp_path / "codes.jsonl"
    capsys.readouterr()
    assert run(["coding", "import", str(export), "-o", str(codes)]) == ExitStatus.DONE
    assert "--design FICHIER.tirage.json" in capsys.readouterr().err
    assert not any("weight" in row for row in rows(codes))
    drawn = tmp_path / "a.tirage.json"
    assert run(["coding", "import", str(export), "-o", str(codes), "--design", str(drawn)]) == ExitStatus.DONE
    assert "--design" not in capsys.readouterr().err
    assert all(row["weight"] > 1 for row in rows(codes))


@pytest.mark.parametrize("wrong", [("-n", "0"), ("--seed", "-1"), ("--overlap", "1.5"), ("--overlap", "nan")])
def test_numbers_that_mean_nothing_are_refused(wrong: tuple[str, str], tmp_path: Path) -> None:
    sample(tmp_path / "a.jsonl", *wrong, status=ExitStatus.UNUSABLE_INPUT)
    assert not list(tmp_path.iterdir())


def test_an_extension_that_says_nothing_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sample(tmp_path / "a.docx", status=ExitStatus.UNUSABLE_INPUT)
    assert "ne dit pas le format" in capsys.readouterr().err
