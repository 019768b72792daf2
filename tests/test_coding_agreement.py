"""`tensions coding agreement`: files of coders in, figures, disagreements and a file to adjudicate out."""

import csv
import io
import json
from collections.abc import Sequence
from contextlib import redirect_stderr, redirect_stdout
from contextvars import copy_context
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from jsonschema import Draft202012Validator
from sklearn.metrics import cohen_kappa_score, f1_score

from tensions_cli.cli import run
from tensions_cli.errors import ExitStatus

ROOT = Path(__file__).parents[1]
SCHEMA = json.loads((ROOT / "docs" / "schemas" / "agreement.schema.json").read_text(encoding="utf-8"))
LABELS = {"M": (True, False), "P": (False, True), "MP": (True, True), "-": (False, False)}
NAMES = {"M": "rationalisation", "P": "professionnelle", "MP": "mixte", "-": "neutre"}
SENTENCES = (
    "Le tableau de bord du service compte les visites, et la coordinatrice relance celles qui durent.",
    "On reste le temps qu’il faut auprès de madame Perrin, c’est ça le métier.",
    "La grille demande huit minutes pour un lever, et l’équipe en prend vingt quand la nuit a été mauvaise.",
    "Le foyer se trouve derrière la gare, au fond d’une cour.",
)
FIRST = ["M", "P", "MP", "-", "M", "MP", "-", "P", "MP", "M", "-", "-"]
SECOND = ["M", "P", "M", "-", "-", "MP", "MP", "M", "MP", "M", "-", "P"]

Json = dict[str, Any]


def rows_of(codes: Sequence[str], coder: str | None, **other: Any) -> list[Json]:
    rows = []
    for rank, code in enumerate(codes):
        answers = dict(zip("MP", LABELS[code], strict=True))
        row: Json = {
            "id": f"E{rank % 6}#{rank * 100}-{rank * 100 + 90}",
            "document": f"E{rank % 6}",
            "genre": "entretien" if rank % 2 else "rapport",
            "text": f"{SENTENCES[rank % 4]} ({rank})",
            **answers,
            "relation": "opposition" if code == "MP" else None,
            "stance": {},
            "axes": {},
        }
        rows.append(row | ({"coder": coder} if coder else {}) | other)
    return rows


def written(path: Path, rows: Sequence[Json]) -> str:
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return str(path)


def ran(*arguments: str, status: ExitStatus = ExitStatus.DONE) -> tuple[str, str]:
    """Standard output and error of one command, in a context of its own (a codebook stays in use for a run)."""
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        assert copy_context().run(run, ["coding", *arguments]) == status, err.getvalue()
    return out.getvalue(), err.getvalue()


def agreed(*arguments: str) -> Json:
    found: Json = json.loads(ran("agreement", *arguments, "-f", "json")[0])
    assert [error.json_path for error in Draft202012Validator(SCHEMA).iter_errors(found)] == []
    return found


def question(found: Json, name: str, of: str | None = None) -> Json:
    return next(one for one in found["questions"] if (one["question"], one["of"]) == (name, of))


@pytest.fixture
def pair(tmp_path: Path) -> tuple[str, str]:
    return written(tmp_path / "a.jsonl", rows_of(FIRST, "A")), written(tmp_path / "b.jsonl", rows_of(SECOND, "B"))


# --- figures --------------------------------------------------------------------------------------------


def test_figures_of_two_coders(pair: tuple[str, str]) -> None:
    found = agreed(*pair, "--by", "genre")
    label = question(found, "label")
    assert label["kappa"]["value"] == pytest.approx(cohen_kappa_score(FIRST, SECOND), abs=6e-5)
    scores = f1_score(FIRST, SECOND, labels=list(NAMES), average=None)
    for (code, name), score in zip(NAMES.items(), scores, strict=True):
        assert label["classes"][name]["agreement"]["value"] == pytest.approx(score, abs=6e-5)
        assert label["classes"][name]["given"] == {"A": FIRST.count(code), "B": SECOND.count(code)}
    for letter, pole in (("M", "rationalisation"), ("P", "professionnelle")):
        both = [[letter in code for code in codes] for codes in (FIRST, SECOND)]
        assert question(found, "logic", pole)["kappa"]["value"] == pytest.approx(cohen_kappa_score(*both), abs=6e-5)
    relation = question(found, "relation")
    assert relation["passages"] == sum(a == b == "MP" for a, b in zip(FIRST, SECOND, strict=True))
    assert found["passages"] == {"total": 12, "by_all": 12, "by_some": 0, "by_one": 0, "chosen": 0}
    assert [(group["by"], group["passages"]) for group in found["groups"]] == [
        ({"genre": "entretien"}, 6),
        ({"genre": "rapport"}, 6),
    ]


def test_disagreements_are_sorted_by_kind(pair: tuple[str, str]) -> None:
    found = agreed(*pair)["disagreements"]
    assert found["kinds"] == {
        "logic:rationalisation": 1,
        "logic:professionnelle": 1,
        "mixte-logic": 1,
        "logic-logic": 1,
        "mixte-neutre": 1,
    }
    assert (found["count"], found["compared"]) == (5, 12)
    assert [row["kind"] for row in found["passages"]] == list(found["kinds"])
    assert all("text" not in row for row in found["passages"])


def test_finer_disagreements_and_what_is_left_open(tmp_path: Path) -> None:
    """Same logics: relation, stance, axes, in that order; who never codes axes disagrees with nobody on them."""
    one = rows_of(["MP", "MP", "M", "M"], "A")
    other = rows_of(["MP", "MP", "M", "M"], "B")
    other[0]["relation"] = "articulation"
    one[0]["axes"], other[0]["axes"] = {"temps": ["rationalisation"]}, {"cout": ["rationalisation"]}
    other[1]["relation"] = None
    one[2]["stance"], other[2]["stance"] = {"rationalisation": "soutenue"}, {"rationalisation": "contestee"}
    one[3]["axes"] = {"temps": ["rationalisation"]}
    files = [written(tmp_path / "a.jsonl", one), written(tmp_path / "b.jsonl", other)]
    found = agreed(*files)
    listed = [(row["kind"], row["aspects"]) for row in found["disagreements"]["passages"]]
    assert listed == [("relation", ["relation", "axes"]), ("stance", ["stance"]), ("axes", ["axes"])]
    assert question(found, "relation")["passages"] == 1  # the second one was left open
    # Sets {t}, {c}: 0; twice nothing: 1, 1; {t} and nothing: 0.
    assert found["axes"]["masi"]["value"] == 0.5
    third = [row | {"axes": {}} for row in rows_of(["MP", "MP", "M", "M"], "C")]
    found = agreed(files[0], written(tmp_path / "c.jsonl", third))
    assert found["axes"] is None
    assert found["disagreements"]["count"] == 0


# --- who, and which passage -----------------------------------------------------------------------------


def test_passages_chosen_to_teach_are_counted_and_said(tmp_path: Path) -> None:
    drawn = ["uncertain", "mixed", "random", "diverse"] + [""] * 8
    one, other = ([row | {"drawn": how} for row, how in zip(rows_of(FIRST, name), drawn, strict=True)] for name in "AB")
    files = written(tmp_path / "a.jsonl", one), written(tmp_path / "b.jsonl", other)
    assert agreed(*files)["passages"]["chosen"] == 3
    said = ran("agreement", *files)[1].replace("\u00a0", " ")
    assert "3 des 12 passages comparés ont été choisis pour entraîner un modèle, non au hasard" in said
    assert "cet accord n’est pas celui du corpus" in said
    every = [written(tmp_path / f"{name}.jsonl", rows_of(FIRST, name, drawn="uncertain")) for name in "CD"]
    assert "tous les passages comparés ont été choisis" in ran("agreement", *every)[1]


def test_machine_is_named_and_left_out_rows_counted(tmp_path: Path) -> None:
    people = rows_of(FIRST, "prenom.nom@asso.example")
    people[0] |= {"M": None, "P": None}
    people[1]["decision"] = "rejected"
    people[2]["P"] = None
    people[3]["finished"] = False  # every answer, and the coder has not left it as done
    machine = [
        {name: value for name, value in row.items() if name not in ("M", "P")}
        | {"label": NAMES[code], "coded_by": "model", "model": "standard 9.9 (abcd1234)"}
        for row, code in zip(rows_of(SECOND, None), SECOND, strict=True)
    ]
    files = [written(tmp_path / "p.jsonl", people), written(tmp_path / "m.jsonl", machine)]
    found = agreed(*files)
    first, second = found["coders"]
    assert (first["coder"], first["machine"]) == ("codeur 1", False)
    assert first["left_out"] == {"incomplete": 2, "not_coded": 1, "rejected": 1}
    assert (second["coder"], second["machine"]) == ("standard 9.9 (abcd1234)", True)
    assert found["passages"] == {"total": 12, "by_all": 8, "by_some": 0, "by_one": 4, "chosen": 0}
    out, err = ran("agreement", *files)
    assert "prenom" not in out + json.dumps(found)
    assert "est une machine" in out
    assert "ce n’est pas un accord entre codeurs humains" in " ".join(out.split())
    assert "1 ligne rejetée" in out
    assert "codeur 1\u00a0= p.jsonl" in err


def test_passages_are_matched_by_text_and_never_by_an_id_that_lies(tmp_path: Path) -> None:
    one, other = rows_of(["M", "P", "-"], "A"), rows_of(["M", "P", "-"], "B")
    other[0]["id"] = "E0#7-97"  # a corrected transcript
    other[1]["text"] = "Une autre phrase, que personne d’autre n’a lue."
    other[2]["text"] = other[2]["text"].replace("’", "'").replace(" ", "  ")
    files = [written(tmp_path / "a.jsonl", one), written(tmp_path / "b.jsonl", other)]
    assert agreed(*files)["passages"] == {"total": 4, "by_all": 2, "by_some": 0, "by_one": 2, "chosen": 0}
    _, err = ran("agreement", *files)
    assert "1 passage apparié par le texte" in err
    assert "E1#100-190" in err
    assert "Une autre phrase" not in err


def test_names_of_coders(tmp_path: Path) -> None:
    """One file with several coders; the stem where nobody is named; the same coder twice is two codings."""
    together = written(tmp_path / "all.jsonl", rows_of(FIRST, "codeur A") + rows_of(SECOND, "B"))
    assert [coder["coder"] for coder in agreed(together)["coders"]] == ["A", "B"]
    stems = [
        written(tmp_path / name, rows_of(codes, None)) for name, codes in (("C.jsonl", FIRST), ("zoe.jsonl", SECOND))
    ]
    assert [coder["coder"] for coder in agreed(*stems)["coders"]] == ["C", "codeur 1"]
    again = [written(tmp_path / f"a{n}.jsonl", rows_of(codes, "A")) for n, codes in ((1, FIRST), (2, SECOND))]
    assert [coder["coder"] for coder in agreed(*again)["coders"]] == ["A (1)", "A (2)"]
    # What `coding import` calls somebody: two files, two people.
    imported = [
        written(tmp_path / f"{n}.jsonl", rows_of(codes, "codeur 1")) for n, codes in (("x", FIRST), ("y", SECOND))
    ]
    assert [coder["coder"] for coder in agreed(*imported)["coders"]] == ["codeur 1", "codeur 2"]


def test_repeated_rows_count_once_and_contradictions_not_at_all(tmp_path: Path) -> None:
    rows = rows_of(FIRST, "A")
    files = [
        written(tmp_path / "a.jsonl", [*rows, rows[3], rows[0] | {"M": False}]),
        written(tmp_path / "b.jsonl", rows_of(SECOND, "B")),
    ]
    found = agreed(*files)
    assert found["coders"][0]["left_out"] == {"contradictory": 1, "repeated": 1}
    assert found["passages"]["by_all"] == 11


def test_three_coders(tmp_path: Path) -> None:
    third = ["M"] * 6 + ["-"] * 6
    files = [
        written(tmp_path / f"{name}.jsonl", rows_of(codes, name))
        for name, codes in (("A", FIRST), ("B", SECOND), ("C", third[:8]))
    ]
    found = agreed(*files)
    assert found["passages"] == {"total": 12, "by_all": 8, "by_some": 4, "by_one": 0, "chosen": 0}
    pairs = [(FIRST, SECOND), (FIRST[:8], third[:8]), (SECOND[:8], third[:8])]
    kappas = [cohen_kappa_score(*both) for both in pairs]
    label = question(found, "label")
    assert [one["kappa"]["value"] for one in label["pairs"]] == pytest.approx(kappas, abs=6e-5)
    assert label["kappa"]["value"] == pytest.approx(sum(kappas) / 3, abs=6e-5)
    assert "several" in found["disagreements"]["kinds"]
    out, _ = ran("agreement", *files)
    assert "Paires de codeurs" in out


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (("A", "A"), "deux fois"),
        (("A",), "qu’un codeur"),
        (("A", "far"), "deux codeurs"),
        (("A", "empty"), "aucun passage codé"),
        (("A", "wrong"), "ligne 1"),
        (("A", "absent"), "ne se lit pas"),
    ],
)
def test_errors_say_what_to_do_and_quote_nothing(tmp_path: Path, names: tuple[str, ...], said: str) -> None:
    written(tmp_path / "A.jsonl", rows_of(FIRST, "A"))
    written(
        tmp_path / "far.jsonl",
        [row | {"id": f"z{row['id']}", "text": f"z{row['text']}"} for row in rows_of(FIRST, "B")],
    )
    written(tmp_path / "empty.jsonl", [row | {"M": None, "P": None} for row in rows_of(FIRST, "B")])
    written(tmp_path / "wrong.jsonl", [row | {"relation": "dispute"} for row in rows_of(["MP"], "B")])
    _, err = ran("agreement", *(str(tmp_path / f"{name}.jsonl") for name in names), status=ExitStatus.UNUSABLE_INPUT)
    assert said in err
    assert "À faire" in err
    assert not any(sentence[:20] in err for sentence in SENTENCES)


# --- renderings -----------------------------------------------------------------------------------------


def test_screen_says_what_the_figures_rest_on(pair: tuple[str, str]) -> None:
    out = " ".join(ran("agreement", *pair, "--by", "genre")[0].split())
    for said in (
        "A (personne) et B (personne)",
        "12 passages codés par les deux",
        "Moins de 200 passages",
        "Landis et Koch (1977)",
        "McHugh (2012)",
        "Krippendorff (2018)",
        "AC1 de Gwet (2008)",
        "Unité : le passage",
        "M (rationalisation) vue par l’un, pas par l’autre (1)",
    ):
        assert said in out
    assert not any(sentence[:20] in out for sentence in SENTENCES)
    assert SENTENCES[0][:20] in " ".join(ran("agreement", *pair, "--show-text")[0].split())


def test_markdown_and_csv(pair: tuple[str, str], tmp_path: Path) -> None:
    hostile = [row | {"genre": "=1+1|x", "memo": "a|b"} for row in rows_of(FIRST, "A")]
    files = [written(tmp_path / "h.jsonl", hostile), pair[1]]
    out, _ = ran("agreement", *files, "--by", "genre", "-f", "md")
    tables = [line for line in out.splitlines() if line.startswith("|")]
    assert all(line.endswith("|") for line in tables)
    assert "=1+1\\|x" in out
    rows = list(csv.DictReader(io.StringIO(ran("agreement", *files, "--by", "genre", "-f", "csv")[0])))
    assert {row["group"] for row in rows} == {"", "'=1+1|x"}
    label = next(row for row in rows if row["question"] == "label" and not row["class"] and not row["group"])
    assert float(label["kappa"]) == pytest.approx(cohen_kappa_score(FIRST, SECOND), abs=6e-5)
    assert ran("agreement", *files, "-f", "csv") == ran("agreement", *files, "-f", "csv")


def test_another_codebook(tmp_path: Path) -> None:
    codes = {"A": [(True, False), (False, True), (True, True)], "B": [(True, True), (False, True), (True, True)]}
    files = [
        written(
            tmp_path / f"{name}.jsonl",
            [
                {"id": str(n), "document": f"d{n}", "coder": name, "text": SENTENCES[n], "M": one, "C": other,
                 "relation": "opposition" if one and other else None, "stance": {}, "axes": {}}
                for n, (one, other) in enumerate(answers)
            ],
        )
        for name, answers in codes.items()
    ]  # fmt: skip
    found = agreed(*files, "--codebook", str(ROOT / "corpora" / "associations"))
    assert list(question(found, "label")["classes"]) == ["marchande", "civique", "mixte", "neutre"]
    assert question(found, "logic", "civique")["agreement"]["value"] == pytest.approx(2 / 3, abs=6e-5)
    assert found["disagreements"]["kinds"] == {"mixte-logic": 1}
    _, err = ran("agreement", *files, status=ExitStatus.UNUSABLE_INPUT)  # the shipped one asks for P
    assert "--codebook" in err


# --- adjudication ---------------------------------------------------------------------------------------


def test_adjudicated_workbook_is_read_back_whole(pair: tuple[str, str], tmp_path: Path) -> None:
    out = tmp_path / "arbitrage.xlsx"
    _, err = ran("agreement", *pair, "--adjudicate", str(out), "-f", "json")
    assert "5 désaccords à arbitrer, puis 7 passages" in err
    assert out.stat().st_mode & 0o077 == 0
    book = openpyxl.load_workbook(out)
    sheet = book.worksheets[0]
    header = [cell.value for cell in sheet[1]]
    label, relation, name = (header.index(title) + 1 for title in ("logique", "relation", "identifiant"))
    filled = [sheet.cell(row, label).value for row in range(2, sheet.max_row + 1)]
    assert filled[:5] == [None] * 5
    assert filled[5:] == [
        NAMES[code] for row in sheet.iter_rows(min_row=7, values_only=True)
        for rank, code in enumerate(FIRST) if row[name - 1] == f"E{rank % 6}#{rank * 100}-{rank * 100 + 90}"
    ]  # fmt: skip
    assert any("rationalisation" in str(one.formula1) for one in sheet.data_validations.dataValidation)
    for row in range(2, 7):
        sheet.cell(row, label).value, sheet.cell(row, relation).value = "mixte", "articulation"
    book.save(out)
    gold = tmp_path / "gold.jsonl"
    ran("import", str(out), "--coder", "arbitrage", "-o", str(gold))
    rows = {row["id"]: row for row in map(json.loads, gold.read_text(encoding="utf-8").splitlines())}
    assert len(rows) == 12
    for rank, coded in enumerate(rows_of(FIRST, "A")):
        same = FIRST[rank] == SECOND[rank]
        found = rows[coded["id"]]
        assert found["label"] == (NAMES[FIRST[rank]] if same else "mixte")
        assert (found["text"], found["coder"]) == (coded["text"], "codeur arbitrage")


def test_machines_that_agree_settle_nothing(tmp_path: Path) -> None:
    machine = {"coded_by": "model"}
    files = [
        written(tmp_path / "m1.jsonl", rows_of(FIRST, "tensions-1", **machine)),
        written(tmp_path / "m2.jsonl", rows_of(FIRST, "tensions-2", **machine)),
    ]
    out = tmp_path / "arbitrage.xlsx"
    text, _ = ran("agreement", *files, "--adjudicate", str(out))
    assert "Accord entre machines" in text
    sheet = openpyxl.load_workbook(out).worksheets[0]
    label = [cell.value for cell in sheet[1]].index("logique")
    assert all(row[label] is None for row in sheet.iter_rows(min_row=2, values_only=True))


def test_passages_that_one_person_coded_keep_their_code_in_the_gold(tmp_path: Path) -> None:
    """A sample shared out with an overlap comes back whole: what both coded, and what each coded alone."""
    files = [
        written(tmp_path / "a.jsonl", rows_of(FIRST, "A")),
        written(tmp_path / "b.jsonl", rows_of(SECOND, "B")[:4]),
    ]
    out, gold = tmp_path / "arbitrage.xlsx", tmp_path / "gold.jsonl"
    _, err = ran("agreement", *files, "--adjudicate", str(out), "-f", "json")
    assert "et 8 qu’une seule personne a codés" in err
    ran("import", str(out), "--coder", "arbitrage", "-o", str(gold))
    rows = {row["id"]: row for row in map(json.loads, gold.read_text(encoding="utf-8").splitlines())}
    for rank, coded in enumerate(rows_of(FIRST, "A")):
        if rank >= 4:
            assert rows[coded["id"]]["label"] == NAMES[FIRST[rank]]


def test_an_adjudication_that_is_there_is_never_overwritten(pair: tuple[str, str], tmp_path: Path) -> None:
    out = tmp_path / "arbitrage.xlsx"
    ran("agreement", *pair, "--adjudicate", str(out), "-f", "json")
    before = out.read_bytes()
    _, err = ran("agreement", *pair, "--adjudicate", str(out), status=ExitStatus.UNUSABLE_INPUT)
    assert "existe déjà" in err
    assert "--force" in err
    assert out.read_bytes() == before
    ran("agreement", *pair, "--adjudicate", str(out), "-f", "json", "--force")
