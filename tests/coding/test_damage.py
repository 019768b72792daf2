"""A damaged spreadsheet loses no code: each coded row is in the coded passages, or listed with its row."""

import csv
import io
import json
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tagged_documents import BY, document, tags

from tensions_cli.cli import run
from tensions_cli.coding.design import read_design, restore
from tensions_cli.coding.read import read_codes
from tensions_cli.coding.understand import Problem, understand
from tensions_cli.commands import coding_import
from tensions_cli.errors import ExitStatus, TensionsError, UnreadableError
from tensions_cli.fingerprint import fingerprint
from tensions_cli.knowledge.codebook import codebook, load_codebook, shipped, use_codebook
from tensions_cli.knowledge.sample_design import SCHEMA
from tensions_cli.output.cas import write_cas_json
from tensions_cli.output.qdpx import write_qdpx
from tensions_cli.output.workbook import write_workbook

HEADER = ["identifiant", "passage", "logique", "relation", "axes", "commentaire", "document", "début", "fin", "codeur"]
TEXTS = [
    "On coche les cases avant de monter, c’est la règle depuis janvier.",
    "Je reste un moment, elle me parle de son fils.",
    "Le tableau compte les toilettes\u00a0; il ne compte pas qui pleure.",
    "- Non, on n’a pas signé.",
    "L’équipe se voit le jeudi dans la petite salle.",
    "Il faut rendre les chiffres le cinq du mois à la direction.",
]
Table = list[list[Any]]


def table() -> Table:
    """Six passages, coded, with a header."""
    rows: Table = [list(HEADER)]
    for rank, text in enumerate(TEXTS):
        start = 100 * rank
        place = [f"E{rank}#{start}-{start + len(text)}", text, "neutre", None, None, None]
        rows.append([*place, f"E{rank}", start, start + len(text), "A"])
    return rows


def design_of(rows: Table, **more: Any) -> bytes:
    passages = [
        {"id": row[0], "sha256": fingerprint(row[1]).hex(), "stratum": 0, "weight": 2.5, "coders": ["codeur A"]}
        for row in rows[1:]
    ]
    design = {"schema": SCHEMA, "strategy": "random", "coders": ["codeur A"], "passages": passages}
    return json.dumps(design | {"codebook": {"sha256": codebook().sha256}} | more).encode()


def xlsx(rows: Table, *, first: bool = False) -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "À coder"
    for number, row in enumerate(rows, start=1):
        for column, value in enumerate(row, start=1):
            cell = sheet.cell(number, column)
            cell.value = value
            if isinstance(value, str) and value.startswith("-"):
                cell.data_type = "s"
    if first:
        book.create_sheet("Notes", 0)["A1"] = "à revoir"
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def csv_of(rows: Table, separator: str, encoding: str) -> bytes:
    stream = io.StringIO()
    csv.writer(stream, delimiter=separator, lineterminator="\r\n").writerows(
        [["" if cell is None else cell for cell in row] for row in rows]
    )
    return stream.getvalue().encode(encoding)


def imported(data: bytes, design: bytes | None = None) -> tuple[list[dict[str, Any]], list[Problem]]:
    codings = read_codes(data)[1]
    if design:
        codings = restore(codings, read_design(design)).codings
    return understand(codings)


# What people type for a label, and what it means; None where nobody can tell.
TYPED = {
    "neutre": "neutre", "NEUTRE ": "neutre", "N": "neutre", "ni l’un ni l’autre": "neutre", "ni M ni P": "neutre",
    "Mixtes": "mixte", "M+P": "mixte", "m et p": "mixte", "MP": "mixte", "les deux": "mixte",
    "M": "rationalisation", "\u200brationalisation\u00a0": "rationalisation", "Rationnalisation": "rationalisation",
    "p": "professionnelle", "Proféssionnelles": "professionnelle", "profesionnelle": "professionnelle",
    "bof": None, "?": None, "#NOM?": None, 12: None, "M, neutre": None,
}  # fmt: skip
DAMAGES = (
    "shuffle", "delete", "duplicate", "blank", "title", "columns", "rename", "unheard", "extra", "dates", "numbers",
    "cut ids", "cut texts", "spaces", "memo", "tail", "no ids", "no places",
)  # fmt: skip
RENAMED = {
    "identifiant": "IDENTIFIANTS", "passage": "Texte", "logique": "Label", "relation": "RELATIONS", "axes": "Axe",
    "commentaire": "Comment", "document": "Documents", "début": "start", "fin": "End", "codeur": "Annotatrice",
}  # fmt: skip


def damage(
    rows: Table, kinds: Sequence[str], pick: Callable[[int], int], order: Callable[[int], Sequence[int]]
) -> tuple[Table, dict[int, int]]:
    """The damaged table, and for each of its rows (from 1) the rank of the passage whose code stands there."""
    header, body = list(rows[0]), [[rank, list(row)] for rank, row in enumerate(rows[1:])]
    at = {name: column for column, name in enumerate(HEADER)}
    for _, row in body:
        if "dates" in kinds:
            row[at["identifiant"]] = datetime(2024, 3, 12)
        if "numbers" in kinds:
            row[at["identifiant"]] = 1.2e5
        if "cut ids" in kinds:
            row[at["identifiant"]] = str(row[at["identifiant"]])[:-1]
        if "no ids" in kinds:
            row[at["identifiant"]] = None
        if "cut texts" in kinds and not {"dates", "numbers", "cut ids", "no ids"} & set(kinds):
            row[at["passage"]] = row[at["passage"]][:20]
        if "spaces" in kinds:
            row[at["passage"]] = f"\u00a0{row[at['passage']]} \u200b"
        if "memo" in kinds and row[at["logique"]] in ("M", "neutre", "MP"):
            row[at["commentaire"]], row[at["logique"]] = row[at["logique"]], None
        if "no places" in kinds:
            row[at["document"]] = row[at["début"]] = row[at["fin"]] = None
    if "duplicate" in kinds:
        body.append([body[0][0], list(body[0][1])])
    if "delete" in kinds:
        del body[pick(len(body))]
    if "shuffle" in kinds:
        body = [body[rank] for rank in order(len(body))]
    if "blank" in kinds:
        body.insert(2, [-1, [None] * len(HEADER)])
    if "rename" in kinds:
        header = [RENAMED[name] for name in header]
    if "unheard" in kinds:
        header[at["logique"]] = "mon avis à moi"
    if "extra" in kinds:
        header.append("à voir avec Zoé")
        body = [[rank, [*row, "oui, jeudi"]] for rank, row in body]
    if "columns" in kinds:
        moved = order(len(header))
        header = [header[column] for column in moved]
        body = [[rank, [row[column] for column in moved]] for rank, row in body]
    lines = [[-1, header], *body]
    if "title" in kinds:
        lines = [[-1, ["Codage de novembre"]], [-1, [None]], *lines]
    if "tail" in kinds:
        lines += [[-1, [None, " ", None]] for _ in range(300)]
    return [row for _, row in lines], {number: rank for number, (rank, _) in enumerate(lines, start=1) if rank >= 0}


@settings(max_examples=100, deadline=None)
@given(
    labels=st.lists(st.sampled_from(list(TYPED)), min_size=len(TEXTS), max_size=len(TEXTS)),
    kinds=st.lists(st.sampled_from(DAMAGES), unique=True, max_size=7),
    form=st.sampled_from(["xlsx", "first", ";cp1252", "\tutf-16", ",utf-8-sig", ";utf-8"]),
    draw=st.data(),
)
def test_a_damaged_spreadsheet_loses_no_code(
    labels: list[Any], kinds: list[str], form: str, draw: st.DataObject
) -> None:
    rows = table()
    design = design_of(rows)
    for row, label in zip(rows[1:], labels, strict=True):
        row[2] = label
    damaged, places = damage(
        rows, kinds, lambda n: draw.draw(st.integers(0, n - 1)), lambda n: draw.draw(st.permutations(range(n)))
    )
    if form in ("xlsx", "first"):
        data = xlsx(damaged, first=form == "first")
    else:
        if form == ";cp1252":
            damaged = [[c.replace("\u200b", "") if isinstance(c, str) else c for c in row] for row in damaged]
        data = csv_of(damaged, form[0], form[1:])
    try:
        passages, problems = imported(data, design)
    except UnreadableError:
        # Every name of the codes gone, and most cells no code: the whole file is refused, nothing is lost in silence.
        assert "unheard" in kinds
        return
    listed = {problem.place for problem in problems if problem.lost}
    by_id = {passage["id"]: passage for passage in passages}
    for number, rank in places.items():
        if damaged[number - 1] and f"ligne {number}" in listed:
            continue
        expected = TYPED[labels[rank]]
        found = by_id.get(rows[rank + 1][0])
        if expected is not None:
            assert found is not None, (number, rank)
            assert found["label"] == expected
            assert found["weight"] == 2.5
        else:
            assert found is None


@pytest.mark.parametrize("kind", DAMAGES)
def test_each_damage_alone_loses_nothing(kind: str) -> None:
    rows = table()
    design = design_of(rows)
    typed = ["neutre", "M", "p", "MP", "Mixtes", "N"]
    for row, label in zip(rows[1:], typed, strict=True):
        row[2] = label

    damaged, places = damage(rows, [kind], lambda n: n // 2, lambda n: range(n)[::-1])
    passages, problems = imported(xlsx(damaged), design)
    assert [problem for problem in problems if problem.lost] == []
    expected = {rows[rank + 1][0]: TYPED[typed[rank]] for rank in places.values()}
    assert {passage["id"]: passage["label"] for passage in passages} == expected


def test_merged_cells_say_the_same_on_each_row_and_hidden_rows_are_read() -> None:
    rows = table()
    book = openpyxl.load_workbook(io.BytesIO(xlsx(rows)))
    sheet = book.active
    sheet.cell(2, 3).value = "M"
    sheet.merge_cells("C2:C4")
    sheet.row_dimensions[5].hidden = True
    sheet.auto_filter.ref = "A1:J7"
    stream = io.BytesIO()
    book.save(stream)
    codings = read_codes(stream.getvalue())[1]
    labels = [passage["label"] for passage in understand(codings)[0]]
    assert labels == ["rationalisation"] * 3 + ["neutre"] * 3
    assert any("fusionnées" in notice and notice.endswith(": 2") for notice in codings.notices)


def test_a_formula_without_its_value_is_listed_with_its_row_and_column() -> None:
    rows = table()
    rows[3][2] = '=CONCATENATE("mix","te")'
    passages, problems = imported(xlsx(rows))
    assert len(passages) == len(TEXTS) - 1
    assert [(problem.place, problem.column, problem.lost) for problem in problems] == [("ligne 4", "logique", True)]


def test_crosses_beside_empty_cells_and_the_words_of_yes_and_no() -> None:
    def answers(*pairs: tuple[Any, Any]) -> list[tuple[str, str]]:
        header = ["identifiant", "passage", "M", "P"]
        data = xlsx([header, *([f"E#{n}-{n + 1}", "a", *pair] for n, pair in enumerate(pairs))])
        return [(p["id"], p["label"]) for p in imported(data)[0]]

    assert answers(("x", None), (None, "X"), ("x", "x"), (None, None)) == [
        ("E#0-1", "rationalisation"), ("E#1-2", "professionnelle"), ("E#2-3", "mixte"),
    ]  # fmt: skip
    # One « non » is enough for an empty cell to be an answer that lacks.
    assert answers(("x", None), ("non", "oui")) == [("E#1-2", "professionnelle")]
    assert [label for _, label in answers((True, False), (1, 0), ("VRAI", "FAUX"), ("1,0", "0,0"))] == [
        "rationalisation"
    ] * 4


def test_a_second_column_of_codes_is_never_left_out_in_silence() -> None:
    rows = table()
    rows = [[*row, "avis de Zoé" if n == 0 else "mixte"] for n, row in enumerate(rows)]
    _, problems = imported(xlsx(rows))
    assert {problem.place for problem in problems if problem.lost} == {f"ligne {n}" for n in range(2, 8)}
    assert {problem.column for problem in problems} == {"colonne K"}


def test_an_open_quotation_mark_is_refused_rather_than_swallow_rows() -> None:
    data = csv_of(table(), ";", "utf-8").replace(b"E1#", b'"E1#', 1)
    with pytest.raises(UnreadableError) as error:
        read_codes(data)
    assert "guillemet" in error.value.detail


@pytest.mark.parametrize("data", [b"\xd0\xcf\x11\xe0rest", None])
def test_other_workbooks_have_a_clear_message(data: bytes | None) -> None:
    import zipfile

    if data is None:
        stream = io.BytesIO()
        with zipfile.ZipFile(stream, "w") as archive:
            archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
            archive.writestr("content.xml", "<a/>")
        data = stream.getvalue()
    with pytest.raises(UnreadableError) as error:
        read_codes(data)
    assert ".xlsx" in error.value.detail


# --- the design ------------------------------------------------------------------------------------------------


def test_the_design_beside_the_file_gives_weights_and_tells_what_is_missing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = table()
    (tmp_path / "a_coder.tirage.json").write_bytes(design_of(rows))
    rows[2][2] = None
    rows[3][0] = 45363
    rows[4][1] = "un texte tout à fait autre"
    stranger = [["Z#0-9", "Autre mot.", "M", None, None, None, "Z", 0, 9, "A"]]
    (tmp_path / "a_coder.A relu.xlsx").write_bytes(xlsx([*rows[:6], *stranger]))
    output = tmp_path / "codes.jsonl"
    assert coding_import.run([tmp_path / "a_coder.A relu.xlsx"], output, None, quiet=False) == ExitStatus.DONE
    said = capsys.readouterr().err
    for expected in (
        "tirage retrouvé",
        "1 passage du tirage absent du fichier (pas encore codés, ou lignes effacées)\u00a0: n°\u00a06",
        "1 ligne n’est pas du tirage, reprises sans poids\u00a0: ligne 7",
        "1 passage n’est pas encore codé\u00a0: ligne 3", "1 passage au texte modifié, reconnu par l’identifiant",
    ):  # fmt: skip
        assert expected in said
    coded = [json.loads(line) for line in output.read_text(encoding="utf-8").splitlines()]
    assert [row.get("weight") for row in coded] == [2.5] * 4 + [None]
    assert {row["coder"] for row in coded} == {"codeur A"}
    assert coded[0]["drawn"] == "random"


def test_a_design_names_the_coder_of_a_file_that_does_not(tmp_path: Path) -> None:
    rows = table()
    design = json.loads(design_of(rows))
    design["coders"] = ["codeur A", "codeur B"]
    for rank, one in enumerate(design["passages"]):
        one["coders"] = ["codeur A", "codeur B"] if rank < 3 else ["codeur B"]
    for row in rows[1:]:
        row[9] = None
    (tmp_path / "t.tirage.json").write_text(json.dumps(design), encoding="utf-8")
    (tmp_path / "rendu.csv").write_bytes(csv_of(rows, ";", "cp1252"))
    output = tmp_path / "codes.jsonl"
    given = {"quiet": True, "design": tmp_path / "t.tirage.json"}
    assert coding_import.run([tmp_path / "rendu.csv"], output, None, **given) == ExitStatus.DONE
    assert {json.loads(line)["coder"] for line in output.read_text(encoding="utf-8").splitlines()} == {"codeur B"}


def test_lost_codes_give_3_and_are_written_with_row_and_column_only(tmp_path: Path) -> None:
    rows = table()
    rows[1][2], rows[2][2] = "CANARI DURAND", "nuetre"
    (tmp_path / "c.xlsx").write_bytes(xlsx(rows))
    problems = tmp_path / "problemes.csv"
    status = coding_import.run([tmp_path / "c.xlsx"], tmp_path / "o.jsonl", None, quiet=True, problems=problems)
    assert status == ExitStatus.SOME_UNREAD
    said = problems.read_text(encoding="utf-8")
    assert "CANARI" not in said
    table_of = list(csv.DictReader(io.StringIO(said)))
    assert [(row["fichier"], row["ligne"], row["colonne"], row["perdu"]) for row in table_of] == [
        ("c.xlsx", "2", "logique", "oui"), ("c.xlsx", "3", "logique", "non"),
    ]  # fmt: skip


def test_a_design_of_another_codebook_is_refused(tmp_path: Path, of_associations: None) -> None:
    (tmp_path / "c.tirage.json").write_bytes(design_of(table(), codebook={"sha256": "0" * 64}))
    (tmp_path / "c.xlsx").write_bytes(xlsx(table()))
    with pytest.raises(TensionsError) as error:
        coding_import.run([tmp_path / "c.xlsx"], None, None, quiet=True)
    assert "--codebook" in error.value.hint


# --- other codebooks -------------------------------------------------------------------------------------------


@pytest.fixture
def of_associations() -> Iterator[None]:
    use_codebook(load_codebook(Path(__file__).parents[2] / "corpora" / "associations"))
    yield
    use_codebook(shipped())


@pytest.fixture
def three_logics(tmp_path: Path) -> Iterator[Path]:
    """Marché, cité, domestique: two passages of one office may set any two of them against each other."""
    logics = "".join(
        f"[[logics]]\nname='{name}'\nletter='{letter}'\ntitle='Logique {name}'\nquestion='?'\ncases=[]\n"
        for name, letter in (("marchande", "M"), ("civique", "C"), ("domestique", "D"))
    )
    (tmp_path / "codebook.toml").write_text(
        f"name='trois'\nversion=1\n{logics}[relations]\nopposition='a'\narticulation='b'\njuxtaposition='c'\n"
        "[stances]\nsoutenue='a'\ncontestee='b'\n[[axes]]\nname='argent'\nmarchande='a'\ncivique='b'\ndomestique='c'\n",
        encoding="utf-8",
    )
    yield tmp_path
    use_codebook(shipped())


def test_columns_and_letters_are_those_of_the_codebook_in_use(of_associations: None) -> None:
    rows = [["identifiant", "passage", "logique", "posture (civique)", "relation"]]
    rows += [["E#0-1", "a", "M+C", "menacée", "opposition"], ["E#1-2", "b", "Civiques", "C soutenue", None]]
    rows += [["E#2-3", "c", "P", None, None]]
    passages, problems = imported(xlsx(rows))
    assert [(p["M"], p["C"], p["label"], p["stance"]) for p in passages] == [
        (True, True, "mixte", {"civique": "menacee"}), (False, True, "civique", {"civique": "soutenue"}),
    ]  # fmt: skip
    assert [(problem.place, problem.lost) for problem in problems] == [("ligne 4", True)]  # P is of another codebook
    use_codebook(shipped())
    assert imported(xlsx([rows[0], rows[3]]))[0][0]["label"] == "professionnelle"


def test_three_logics_have_a_relation_by_pair(three_logics: Path, tmp_path: Path) -> None:
    header = ["identifiant", "passage", "M", "C", "D", "relation (marchande+civique)", "relation C D", "relation"]
    rows = [header, ["E#0-1", "a", "oui", "oui", "non", "Oposition", None, None]]
    rows += [["E#1-2", "b", "non", "oui", "oui", None, "articulation", "articulation"]]
    rows += [["E#2-3", "c", "oui", "oui", "oui", "opposition", "juxtaposition", "marchande+domestique:articulation"]]
    rows += [["E#3-4", "d", "non", "non", "non", None, None, None]]
    (tmp_path / "c.xlsx").write_bytes(xlsx(rows))
    output = tmp_path / "c.jsonl"
    assert coding_import.run([tmp_path / "c.xlsx"], output, "A", quiet=True, book=three_logics) == ExitStatus.DONE
    coded = [json.loads(line) for line in output.read_text(encoding="utf-8").splitlines()]
    assert [(row["label"], row["relation"]) for row in coded] == [
        ("mixte", "opposition"), ("mixte", "articulation"),
        ("mixte", {"marchande+civique": "opposition", "marchande+domestique": "articulation",
                   "civique+domestique": "juxtaposition"}),
        ("neutre", None),
    ]  # fmt: skip
    # What import writes, import reads.
    again = tmp_path / "again.jsonl"
    assert coding_import.run([output], again, None, quiet=True, book=three_logics) == ExitStatus.DONE
    second = [json.loads(line) for line in again.read_text(encoding="utf-8").splitlines()]
    assert [row["relation"] for row in second] == [row["relation"] for row in coded]


def test_what_the_machine_shows_is_never_read(three_logics: Path, tmp_path: Path) -> None:
    """A task file with its proposals (`--show-proposal`), where the person sees no relation yet."""
    shown = ["machine\u00a0: logique", "machine\u00a0: relation", "machine\u00a0: posture (civique)"]
    header = ["identifiant", "passage", "M", "C", "D", "relation (marchande+civique)", "posture (civique)", *shown]
    said = ["mixte", "marchande+civique:opposition", "contestee"]
    rows = [header, ["E#0-1", "a", "oui", "oui", "non", None, None, *said]]
    rows += [["E#1-2", "b", None, None, None, None, None, *said]]
    (tmp_path / "c.xlsx").write_bytes(xlsx(rows))
    output = tmp_path / "c.jsonl"
    assert coding_import.run([tmp_path / "c.xlsx"], output, "A", quiet=True, book=three_logics) == ExitStatus.DONE
    (row,) = [json.loads(line) for line in output.read_text(encoding="utf-8").splitlines()]
    assert (row["id"], row["label"], row["relation"], row["stance"]) == ("E#0-1", "mixte", None, {})


@pytest.mark.parametrize("form", ["xlsx", "qdpx", "cas"])
def test_our_own_exports_come_back_in_a_codebook_of_three_logics(three_logics: Path, form: str) -> None:
    use_codebook(load_codebook(three_logics))
    three = tags("mixte", logics=("marchande", "civique"), relations={"marchande+civique": "opposition"})
    every = dict(zip(codebook().pairs, codebook().relations, strict=True))
    text = "Oui. Non. Si."
    documents = [
        document("d", text, [(0, 4, three), (5, 9, tags("mixte", relations=every)), (10, 13, tags("civique"))])
    ]
    stream = io.BytesIO()
    {"xlsx": write_workbook, "qdpx": write_qdpx, "cas": write_cas_json}[form](documents, BY, stream)
    passages, problems = imported(stream.getvalue())
    assert [problem for problem in problems if problem.lost] == []
    assert [(p["label"], p["M"], p["C"], p["D"], p["relation"]) for p in passages] == [
        ("mixte", True, True, False, "opposition"), ("mixte", True, True, True, every),
        ("civique", False, True, False, None),
    ]  # fmt: skip


def test_a_sheet_without_a_code_never_empties_a_file_of_codes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    blank, codes = tmp_path / "vide.csv", tmp_path / "codes.jsonl"
    blank.write_text("id;text;label\na#0-9;Bonjour, entrez.;\n", encoding="utf-8")
    codes.write_text('{"id": "a#0-9"}\n', encoding="utf-8")
    assert run(["coding", "import", str(blank), "-o", str(codes)]) == 2
    assert "est laissé tel quel" in capsys.readouterr().err
    assert codes.read_text(encoding="utf-8") == '{"id": "a#0-9"}\n'
