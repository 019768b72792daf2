"""Findings as people read them and as programs do."""

import copy
import io
import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from tensions_cli.knowledge.corpus_rules import WHOLE_CORPUS, Finding, Severity, finding, rules
from tensions_cli.output.findings import counts, findings_row, print_findings
from tensions_cli.output.terminal import file_console

SCHEMA = json.loads(
    (Path(__file__).parents[2] / "docs" / "schemas" / "findings.schema.json").read_text(encoding="utf-8")
)
FOUND = (
    finding("encodages-melanges", WHOLE_CORPUS, count=2, encodings="UTF-8\u00a0: 3, Windows-1252\u00a0: 1"),
    *(finding("iramuteq-etoile-texte", "c.txt", line) for line in (3, 12, 7)),
    finding("iramuteq-espace-fin", "c.txt", 4),
    finding("fichier-vide", "a.zip/vide.txt", fixable=False),
    *(finding("identite-nom", "e.docx", place=f"tour\u00a0{rank}") for rank in (12, 9)),
    finding("etiquette-unique", "e.docx", place="locuteur\u00a02, tour\u00a04"),
)


def faults(row: Any) -> list[str]:
    return [error.json_path for error in Draft202012Validator(SCHEMA).iter_errors(row)]


def printed(findings: tuple[Finding, ...]) -> str:
    stream = io.StringIO()
    print_findings(findings, file_console(stream))
    return stream.getvalue()


def test_rows_follow_their_schema_and_keep_their_order() -> None:
    row = findings_row(FOUND)
    assert faults(row) == []
    assert row["counts"] == {"error": 4, "warning": 4, "note": 1}
    assert [one["line"] for one in row["findings"]] == [None, 3, 12, 7, 4, None, None, None, None]
    assert row["findings"][-2]["message"].endswith(" (tour\u00a09)")
    assert row["findings"][5]["fix"] is None
    assert row["findings"][1]["fix"] == rules()["iramuteq-etoile-texte"].fix
    assert faults(findings_row(())) == []


def test_the_schema_names_every_rule_and_severity() -> None:
    fields = SCHEMA["$defs"]["finding"]["properties"]
    assert fields["rule"]["enum"] == list(rules())
    assert fields["severity"]["enum"] == list(SCHEMA["properties"]["counts"]["properties"]) == [*Severity]


@pytest.mark.parametrize(
    ("name", "value"),
    [("rule", "iramuteq-autre"), ("severity", "erreur"), ("line", 0), ("line", "3"), ("message", ""), ("fix", ""),
     ("file", "")],
)  # fmt: skip
def test_a_damaged_finding_is_refused(name: str, value: object) -> None:
    row = copy.deepcopy(findings_row(FOUND))
    row["findings"][1][name] = value
    assert faults(row)


def test_the_schema_is_closed() -> None:
    row = findings_row(FOUND)
    assert faults(row | {"texte": "x"})
    row["findings"][0]["texte"] = "x"
    assert faults(row)
    del row["findings"][0]["texte"], row["findings"][0]["line"]
    assert faults(row)


def test_the_table_groups_by_file_and_says_lines_once() -> None:
    lines = printed(FOUND).split("\n")
    names = [line for line in lines if line in ("a.zip/vide.txt", "c.txt", "e.docx", "Le corpus dans son ensemble")]
    assert names == ["a.zip/vide.txt", "c.txt", "e.docx", "Le corpus dans son ensemble"]
    star = next(line for line in lines if "iramuteq-etoile-texte" in line)
    assert star.startswith("erreur")
    assert "l.\u00a03, 7, 12 " in star
    assert lines.index(star) < next(i for i, line in enumerate(lines) if "iramuteq-espace-fin" in line)
    assert any("tours\u00a09, 12 " in line for line in lines)
    assert any("locuteur\u00a02, tour\u00a04 " in line for line in lines)
    assert lines[-2] == "4 erreurs, 4 alertes, 1 note, dans 3 fichiers."


def test_many_lines_are_counted() -> None:
    found = tuple(finding("iramuteq-accent", "c.txt", line) for line in range(1, 31))
    shown = " ".join(printed(found).split())
    assert "(30)" in shown
    assert "9" not in shown


def test_advice_tells_the_fix_where_there_is_one() -> None:
    text = " ".join(printed((finding("fichier-vide", "a.txt"),)).split())
    assert "Retirez-le ou remplacez-le par son texte. Avec --fix : le fichier n’est pas copié." in text
    assert "--fix" not in printed((finding("fichier-vide", "a.zip/a.txt", fixable=False),))


def test_nothing_to_say_is_said_and_names_cannot_drive_the_terminal() -> None:
    assert printed(()) == "Aucun défaut trouvé.\n"
    assert "\x1b" not in printed((finding("fichier-vide", "a\x1b[2J.txt"),))


@pytest.mark.parametrize("code", rules())
def test_every_rule_is_told_in_correct_french(code: str) -> None:
    rule = rules()[code]
    for sentence in (rule.title, rule.message, rule.advice, rule.fix or "…"):
        assert not any(f"{space}{mark}" in sentence for space in (" ",) for mark in ":;?!»%")
        assert "'" not in sentence
        assert not sentence.endswith(".")


def test_counts_name_every_severity() -> None:
    assert counts(()) == {"error": 0, "warning": 0, "note": 0}
