"""`tensions.toml` beside a corpus: what it sets, what wins over it, what it refuses."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tensions_cli.cli import app, run
from tensions_cli.errors import ExitStatus
from tensions_cli.knowledge.files import read_toml
from tensions_cli.knowledge.settings import FILE_NAME, MAX_BYTES, find_settings, keys, load_settings
from tensions_cli.tagging.model_folder import config_sha256, find_model

INTERVIEW = """M : Comment se passe une journée ici ?

C : On remplit des grilles le matin, et l’après-midi on prend le temps de parler avec les résidents.
"""
DOCS = Path(__file__).parents[1] / "docs" / "settings.md"

Write = Callable[..., Path]
Seen = dict[str, Any]


@pytest.fixture
def corpus(tmp_path: Path) -> Write:
    """A folder with one interview and the settings given."""

    def write(settings: str | bytes, name: str = "corpus") -> Path:
        folder = tmp_path / name
        folder.mkdir()
        (folder / f"{name}.txt").write_text(INTERVIEW, encoding="utf-8")
        (folder / FILE_NAME).write_bytes(settings.encode() if isinstance(settings, str) else settings)
        return folder

    return write


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> Seen:
    """What the commands are given, in place of their work."""
    found: Seen = {}

    def catch(name: str) -> Callable[..., ExitStatus]:
        def work(sources: list[str], options: Any, *others: Any, **named: Any) -> ExitStatus:
            found.update(sources=sources, options=options, others=others, named=named, command=name)
            return ExitStatus.DONE

        return work

    for name in ("analyse", "tag", "compare", "report", "extracts", "corpus_info", "corpus_check", "coding_sample"):
        monkeypatch.setattr(f"tensions_cli.commands.{name}.run", catch(name))
    return found


def test_the_file_sets_what_was_not_typed(corpus: Write, seen: Seen, capsys: pytest.CaptureFixture[str]) -> None:
    folder = corpus(
        'by = ["role", "genre"]\nmask_under = 5\nquotes = 2\nany_language = true\nstrict = true\n'
        'text_column = "texte"\n[speakers]\nM = "enquêteur"\n"Mme C." = "respondent"\n'
    )
    assert run(["analyse", str(folder)]) == 0
    options = seen["options"]
    assert options.by == ("role", "genre")
    assert (options.mask_under, options.quotes, options.any_language) == (5, 2, True)
    assert options.text_column == "texte"
    assert options.roles == {"M": "interviewer", "Mme C.": "respondent"}
    assert options.keep_interviewer  # implied by `role`, as on the command line
    assert seen["named"]["strict"] is True
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err == (
        "Réglages de corpus/tensions.toml\u00a0: by, text_column, speakers, any_language, mask_under, quotes, strict.\n"
    )


def test_the_command_line_wins(corpus: Write, seen: Seen, capsys: pytest.CaptureFixture[str]) -> None:
    folder = corpus('by = "role"\nmask_under = 5\nmodel_sha256 = "00000000"\nspeakers = "none"\n')
    line = [
        "analyse",
        str(folder),
        "--by",
        "document",
        "--mask-under",
        "0",
        "-m",
        "standard",
        "--speakers",
        "M=enquêté",
    ]
    assert run(line) == 0
    assert seen["options"].by == ("document",)
    assert seen["options"].mask_under == 0
    assert seen["options"].find_speakers is True
    assert seen["options"].settings is None
    assert capsys.readouterr().err == ""


def test_quiet_says_nothing(corpus: Write, seen: Seen, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["analyse", str(corpus("mask_under = 5\n")), "-q"]) == 0
    assert seen["options"].mask_under == 5
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("line", "used"),
    [
        (["tag"], ["keep_twins"]),
        (["report", "-o", "{out}.html"], ["by", "keep_twins", "mask_under"]),
        (["extracts"], ["keep_twins", "mask_under"]),
        (["compare"], ["by", "keep_twins", "mask_under"]),
        (["corpus", "info"], ["keep_twins"]),
        (["coding", "sample", "-o", "{out}.xlsx"], ["keep_twins"]),  # `by` would be strata: another question
    ],
)
def test_a_command_takes_the_keys_it_has(
    line: list[str], used: list[str], corpus: Write, seen: Seen, tmp_path: Path
) -> None:
    folder = corpus('by = "role"\nmask_under = 5\nkeep_twins = true\n')
    assert run([*(part.format(out=tmp_path / "out") for part in line), str(folder)]) == 0
    assert seen["options"].keep_twins is True
    assert seen["options"].settings["keys"] == used


def test_who_leaves_leaves_the_codes_of_the_corpus_too(corpus: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = corpus('codes = "../codes.jsonl"\nmask_under = 5\n')
    given: list[Any] = []
    monkeypatch.setattr("tensions_cli.commands.corpus_withdraw.run", lambda *all_of, **_: given.extend(all_of) or 0)
    assert run(["corpus", "withdraw", "C", "--from", str(folder)]) == 0
    assert given[2] == [folder / ".." / "codes.jsonl"]


def test_two_corpora_are_compared_whole(corpus: Write, seen: Seen) -> None:
    one, two = corpus('by = "role"\nkeep_twins = true\n', "a"), corpus('keep_twins = true\nby = "role" # idem\n', "b")
    assert run(["compare", str(one), str(two)]) == 0
    assert seen["options"].by == ()
    assert seen["options"].settings["keys"] == ["keep_twins"]


def test_two_files_that_differ_are_refused(corpus: Write, seen: Seen, capsys: pytest.CaptureFixture[str]) -> None:
    one, two = corpus("mask_under = 5\nstrict = true", "a"), corpus("mask_under = 3\nstrict = true\n", "b")
    assert run(["compare", str(one), str(two)]) == 2
    said = capsys.readouterr().err
    assert "a/tensions.toml et b/tensions.toml" in said
    assert "mask_under" in said
    assert "strict" not in said
    assert seen == {}


def test_the_same_relative_path_from_two_folders_is_two_files(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / FILE_NAME).write_text('codes = "../codes.jsonl"\n', encoding="utf-8")
    assert find_settings([tmp_path / "a", tmp_path / "b"]) is not None
    for name in ("a", "b"):
        (tmp_path / name / FILE_NAME).write_text('codes = "codes.jsonl"\n', encoding="utf-8")
    assert run(["compare", str(tmp_path / "a"), str(tmp_path / "b")]) == 2


def test_it_is_looked_for_beside_the_sources_and_never_above(
    corpus: Write, seen: Seen, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = corpus("mask_under = 5\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    (tmp_path / FILE_NAME).write_text("mask_under = 9\n", encoding="utf-8")
    for source in ("corpus", "corpus/corpus.txt", "corpus/*.txt", "cor*/corpus.txt"):
        if source.startswith("cor*"):
            (tmp_path / FILE_NAME).unlink()  # the fixed part of this pattern is the folder above
        assert run(["analyse", source, "-q"]) == 0
        assert seen["options"].mask_under == 5, source
    below = folder / "lot"
    below.mkdir()
    shutil.copy(folder / "corpus.txt", below)
    assert run(["analyse", str(below), "-q"]) == 0
    assert seen["options"].mask_under == 0


def test_paths_start_from_the_file(corpus: Write, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    settings = load_settings(corpus('codes = "../codes.jsonl"\nmodel = "../modeles/m"\n') / FILE_NAME)
    given: Seen = {}
    monkeypatch.setattr("tensions_cli.commands.common.build_options", lambda **chosen: given.update(chosen))
    monkeypatch.setattr("tensions_cli.commands.tag.run", lambda *_, **__: 0)
    assert run(["tag", str(settings.folder), "-q"]) == 0
    assert given["codes"] == settings.folder / ".." / "codes.jsonl"
    assert Path(given["model"]).resolve() == tmp_path / "modeles" / "m"


def test_the_model_asked_for_must_be_the_one_installed(
    corpus: Write, seen: Seen, capsys: pytest.CaptureFixture[str]
) -> None:
    installed = config_sha256(find_model("standard"))
    folder = corpus(f'model_sha256 = "{installed[:9].upper()}"\n')
    assert run(["analyse", str(folder)]) == 0
    assert seen["options"].settings["keys"] == ["model_sha256"]
    other = corpus(f'model = "standard"\nmodel_sha256 = "{"0" if installed[0] != "0" else "1"}{installed[1:9]}"\n', "b")
    capsys.readouterr()
    assert run(["analyse", str(other)]) == ExitStatus.MODEL
    said = capsys.readouterr().err
    assert installed[:12] in said
    assert "standard" in said
    assert run(["corpus", "info", str(other)]) == 0  # no model is asked for


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ("mask-under = 5\n", ["mask-under", "la clé la plus proche est mask_under"]),
        ("bye = 'role'\n", ["«\u00a0bye\u00a0»", "la clé la plus proche est by"]),
        ("[roles]\nM = 'enquêteur'\n", ["roles", "la clé la plus proche est speakers"]),
        ("zzzz = 1\n", ["zzzz", "aucun réglage ne porte ce nom", "any_language"]),
        ('mask_under = "5"\n', ["mask_under", "un nombre entier", "0 ou plus"]),
        ("mask_under = true\n", ["mask_under", "un nombre entier"]),
        ("mask_under = -1\n", ["mask_under", "0 ou plus"]),
        ("jobs = 1.5\n", ["jobs", "0 ou plus"]),
        ('strict = "true"\n', ["strict", "true ou false"]),
        ("by = []\n", ["by", "une liste de textes"]),
        ("by = [1]\n", ["by", "une liste de textes"]),
        ('unit = "ligne"\n', ["unit", "passage, record"]),
        ('model_sha256 = "94a0"\n', ["model_sha256", "hexadécimaux"]),
        ("text_column = ''\n", ["text_column", "un texte"]),
        ("speakers = {}\n", ["speakers", "des étiquettes avec leur rôle"]),
        ('[speakers]\n"M=C" = "enquêteur"\n', ["speakers"]),
        ('[speakers]\nM = "directrice"\n', ["speakers", "directrice", "enquêteur"]),
        ("by = [\n", ["TOML"]),
        ("by = “role”\n", ["TOML", "ligne 1", "guillemets typographiques"]),
        ("by = 'role'\nby = 'genre'\n", ["TOML", "ligne 2"]),
        (b"by = 'r\xf4le'\n", ["UTF-8"]),
        (f"quotes = {'9' * 5000}\n", ["trop grand"]),
        (f"by = {'[' * 20000}\n", ["imbriquées"]),
        (f"{'a.' * 5000}a = 1\n", ["trop de noms"]),
        (f"# {'é' * MAX_BYTES}\n", ["64 ko"]),
    ],
    ids=lambda value: None if isinstance(value, list) else str(value)[:20],
)
def test_a_mistake_is_told_in_three_parts(
    settings: str | bytes, told: list[str], corpus: Write, seen: Seen, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["analyse", str(corpus(settings))]) == 2
    said = capsys.readouterr().err
    assert [line.split("\u00a0")[0] for line in said.splitlines()] == ["Erreur", "Pourquoi", "À faire"]
    assert "corpus/tensions.toml" in said.splitlines()[0]
    assert all(part in said for part in told), said
    assert seen == {}


def test_a_file_saved_by_a_windows_editor_is_read(corpus: Write) -> None:
    folder = corpus(b"\xef\xbb\xbf# r\xc3\xa9glages\r\nby = ['role']\r\n")
    assert load_settings(folder / FILE_NAME).values == {"by": ["role"]}


def test_the_hash_is_of_the_values(corpus: Write) -> None:
    one = load_settings(corpus("by = 'role'\nmask_under = 5\n", "a") / FILE_NAME)
    same = load_settings(corpus('# groupes\nmask_under = 5\nby = "role"\n', "b") / FILE_NAME)
    other = load_settings(corpus("by = 'role'\nmask_under = 6\n", "c") / FILE_NAME)
    assert one.sha256 == same.sha256 != other.sha256


def test_how_the_work_is_done_is_not_in_the_manifest(corpus: Write, seen: Seen) -> None:
    # The same bytes whatever the number of processes and the cache.
    for name, more in (("a", ""), ("b", "jobs = 3\ncache = false\n")):
        assert run(["analyse", str(corpus(f"by = 'role'\n{more}", name)), "-q"]) == 0
        seen[name] = seen["options"].settings
    assert seen["a"] == seen["b"]
    assert seen["a"]["keys"] == ["by"]


def test_it_is_no_text_and_no_noise(corpus: Write, capsys: pytest.CaptureFixture[str]) -> None:
    folder = corpus('[speakers]\nC = "enquêteur"\nM = "enquêté"\n')
    assert run(["corpus", "info", str(folder), "-f", "json", "--strict"]) == 0
    captured = capsys.readouterr()
    documents = json.loads(captured.out)["documents"]
    assert [document["id"] for document in documents["read"]] == ["corpus"]
    assert documents["skipped"] == []
    assert captured.err == "Réglages de corpus/tensions.toml\u00a0: speakers.\n"
    assert run(["corpus", "info", str(folder)]) == 0
    assert "C (enquêteur, 1 tour, choisi" in capsys.readouterr().out


def test_the_result_never_replaces_it(corpus: Write) -> None:
    folder = corpus("strict = true\n")
    before = (folder / FILE_NAME).read_bytes()
    source = str(folder / "corpus.txt")
    assert run(["corpus", "info", source, "-f", "json", "-o", str(folder / FILE_NAME)]) == 2
    assert (folder / FILE_NAME).read_bytes() == before


def test_the_manifest_names_the_keys_and_the_hash_not_the_labels(
    corpus: Write, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = corpus('by = "role"\n[speakers]\nM = "enquêteur"\nC = "enquêté"\n"Zoraïde" = "enquêté"\n')
    assert run(["analyse", str(folder), "-f", "json", "-q"]) == 0
    out = capsys.readouterr().out
    manifest = json.loads(out)["manifest"]
    assert manifest["options"]["by"] == ["role"]
    assert manifest["options"]["roles_given"] == 3
    assert manifest["settings"] == {"sha256": load_settings(folder / FILE_NAME).sha256, "keys": ["by", "speakers"]}
    assert "Zoraïde" not in out


def test_every_key_stands_for_an_option_and_is_documented() -> None:
    commands = [command for command in app.registered_commands if command.callback]
    typed = {name for command in commands for name in command.callback.__annotations__}
    for key in keys().values():
        assert key.parameter is None or key.parameter in typed, key.name
        assert f"| `{key.name}` |" in DOCS.read_text(encoding="utf-8"), key.name
    assert {key.kind for key in keys().values()} == set(read_toml("settings.toml")["kinds"])
