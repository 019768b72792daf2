"""The promises that hold over whole commands: exclusion, same bytes, no network, nothing leaked, light start."""

import json
import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tensions_cli.cli import run

ROOT = Path(__file__).parents[1]
DEMO = ROOT / "corpora" / "demo"

INTERVIEW = """Enquêtrice : Le CPOM, les indicateurs, la démarche qualité, comment ça se passe chez vous ?

Mme D. : On coche des cases, on n’a plus le temps d’écouter les résidents, et ça me fait mal au métier.

Enquêtrice : Et les tableaux de bord, la performance, le taux d’occupation ?

Mme D. : Hier je suis restée un moment avec elle, je lui ai tenu la main, on a parlé de sa sœur et du jardin.

Enquêtrice : Merci beaucoup.

Mme D. : Oui.
"""


def out(capsys: pytest.CaptureFixture[str], *arguments: str, status: int = 0) -> str:
    assert run(list(arguments)) == status
    return capsys.readouterr().out


@pytest.fixture
def interview(tmp_path: Path) -> Path:
    folder = tmp_path / "corpus"
    folder.mkdir()
    (folder / "e1.txt").write_text(INTERVIEW, encoding="utf-8")
    return folder


def test_interviewer_is_tagged_marked_and_not_counted(capsys: pytest.CaptureFixture[str], interview: Path) -> None:
    rows = [json.loads(line) for line in out(capsys, "tag", str(interview), "-q").splitlines()]
    asked = [row for row in rows if row["role"] == "interviewer"]
    answered = [row for row in rows if row["role"] == "respondent"]
    assert len(asked) == 3
    assert all(not row["counted"] and row["excluded_reason"] == "interviewer" for row in asked)
    assert [row["counted"] for row in answered] == [True, True, False]  # « Oui. » is too short to count
    assert answered[0]["context"].endswith("comment ça se passe chez vous ?")
    text = (interview / "e1.txt").read_text(encoding="utf-8")
    assert all(row["text"] == text[row["start"] : row["end"]] for row in rows)


def test_exclusion_equals_a_corpus_without_the_interviewer(capsys: pytest.CaptureFixture[str], interview: Path) -> None:
    # Traps, 40: every number of the groups, whatever the output.
    with_questions = json.loads(out(capsys, "analyse", str(interview), "-f", "json", "-q"))
    answers = "\n\n".join(
        part.removeprefix("Mme D. : ") for part in INTERVIEW.split("\n\n") if part.startswith("Mme D.")
    )
    (interview / "e1.txt").write_text(answers, encoding="utf-8")
    without = json.loads(out(capsys, "analyse", str(interview), "-f", "json", "-q"))
    for one, two in zip(with_questions["groups"], without["groups"], strict=True):
        for field in ("passages", "words", "shares", "shares_by_words", "tension_share", "axes", "relations"):
            assert one[field] == two[field], field


def test_by_role_keeps_the_interviewer(capsys: pytest.CaptureFixture[str], interview: Path) -> None:
    found = json.loads(out(capsys, "analyse", str(interview), "--by", "role", "-f", "json", "-q"))
    assert [group["by"].get("role") for group in found["groups"]] == [None, "interviewer", "respondent"]


def test_roles_can_be_forced_and_detection_switched_off(capsys: pytest.CaptureFixture[str], interview: Path) -> None:
    forced = "Mme D.=interviewer,Enquêtrice=respondent"
    rows = [json.loads(line) for line in out(capsys, "tag", str(interview), "-q", "--speakers", forced).splitlines()]
    assert {row["speaker"] for row in rows if row["role"] == "interviewer"} == {"Mme D."}
    rows = [json.loads(line) for line in out(capsys, "tag", str(interview), "-q", "--speakers", "none").splitlines()]
    assert {row["role"] for row in rows} == {None}


def test_record_unit_keeps_records_as_they_stand(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    long = " ".join(["Elle reste auprès de lui et elle l’écoute longtemps."] * 30)
    lines = [{"id": "a", "text": long, "site": "nord"}, {"id": "b", "text": "Le CPOM est signé.", "site": "sud"}]
    table = tmp_path / "t.jsonl"
    table.write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines), encoding="utf-8")
    rows = [json.loads(line) for line in out(capsys, "tag", str(table), "--unit", "record", "-q").splitlines()]
    assert [(row["document"], row["text"], row["metadata"]["site"]) for row in rows] == [
        ("a", long, "nord"),
        ("b", "Le CPOM est signé.", "sud"),
    ]


def test_same_bytes_twice_and_from_another_folder(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    copy = shutil.copytree(DEMO, tmp_path / "x" / "demo")
    first = out(capsys, "analyse", str(DEMO), "-f", "json")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LC_ALL", "C")
    assert out(capsys, "analyse", str(DEMO), "-f", "json") == first
    assert out(capsys, "analyse", str(copy), "-f", "json") == first
    assert str(ROOT) not in first


def test_metadata_joins_and_groups(capsys: pytest.CaptureFixture[str]) -> None:
    found = json.loads(out(capsys, "analyse", str(DEMO), "--by", "genre", "-f", "json"))
    assert {group["by"].get("genre") for group in found["groups"]} == {
        None, "entretien", "institution", "presse", "revue"
    }  # fmt: skip
    whole = found["groups"][0]
    assert whole["passages"] == sum(group["passages"] for group in found["groups"][1:])
    assert whole["documents"] == 12


def test_no_connection_is_attempted(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a connection was attempted")

    monkeypatch.setattr(socket.socket, "__init__", refuse)  # libraries may still derive classes from it
    for name in ("getaddrinfo", "create_connection"):
        monkeypatch.setattr(socket, name, refuse)
    out(capsys, "analyse", str(DEMO), "-q")
    out(capsys, "explain", "On coche des cases.")


def test_nothing_is_written_outside_and_sources_stay_untouched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    corpus, home, temporary = (tmp_path / name for name in ("corpus", "home", "tmp"))
    shutil.copytree(DEMO, corpus)
    home.mkdir()
    temporary.mkdir()
    for name, value in (("HOME", home), ("TMPDIR", temporary), ("XDG_CACHE_HOME", home)):
        monkeypatch.setenv(name, str(value))
    before = {path: path.read_bytes() for path in corpus.rglob("*") if path.is_file()}
    out(capsys, "analyse", str(corpus), "-q", "-o", str(tmp_path / "out.txt"))
    assert {path: path.read_bytes() for path in corpus.rglob("*") if path.is_file()} == before
    assert not list(home.iterdir())
    assert not list(temporary.iterdir())
    assert sorted(path.name for path in tmp_path.iterdir()) == ["corpus", "home", "out.txt", "tmp"]
    if os.name == "posix":
        assert (tmp_path / "out.txt").stat().st_mode & 0o077 == 0  # nobody else reads the results


def test_quotations_carry_no_speaker_and_files_no_text_unless_asked(
    capsys: pytest.CaptureFixture[str], interview: Path
) -> None:
    for form in ("json", "csv", "md"):
        found = out(capsys, "analyse", str(interview), "-f", form, "-q")
        assert "cases" not in found
        assert "Mme D." not in found


@pytest.mark.parametrize("module", ["spacy", "sklearn", "pandas", "numpy", "rich.table"])
def test_help_stays_light(module: str) -> None:
    code = f"import sys; from tensions_cli.cli import run; run(['--help']); sys.exit({module!r} in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, check=False).returncode == 0


def test_explain_needs_neither_scikit_learn_nor_pandas() -> None:
    code = (
        "import sys; from tensions_cli.cli import run; run(['explain', 'On coche des cases.']); "
        "sys.exit('sklearn' in sys.modules or 'pandas' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, check=False).returncode == 0


def test_a_console_without_unicode_survives() -> None:
    code = f"from tensions_cli.cli import run; raise SystemExit(run(['analyse', {str(DEMO)!r}, '--quotes', '1']))"
    for encoding in ("cp1252", "ascii"):
        environment = os.environ | {"PYTHONIOENCODING": encoding}
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False, env=environment)
        assert done.returncode == 0, done.stderr.decode()
        assert "rationalisation" in done.stdout.decode(encoding)
        assert "####" in done.stdout.decode(encoding)  # the bar falls back to plain glyphs


def test_interruption_leaves_no_file_and_status_130(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, interview: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("tensions_cli.output.tables.passage_row", interrupted)
    target = tmp_path / "out"
    target.mkdir()
    assert run(["tag", str(interview), "-o", str(target / "p.jsonl")]) == 130
    assert list(target.iterdir()) == []
    assert "Traceback" not in capsys.readouterr().err


def test_an_internal_error_says_no_word_of_the_text(
    monkeypatch: pytest.MonkeyPatch, interview: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("ZZTOPSECRET " + INTERVIEW)

    monkeypatch.setattr("tensions_cli.one_file.segment", broken)
    assert run(["analyse", str(interview)]) == 70
    error = capsys.readouterr().err
    assert "ZZTOPSECRET" not in error
    assert "cases" not in error
    assert "RuntimeError" in error
