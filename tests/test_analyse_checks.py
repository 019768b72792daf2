"""`analyse --check` and `--fail-if`: statuses, what is said, and that nothing is run for a check that means nothing."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tensions_cli.cli import run

NBSP = "\u00a0"
NOTES = {
    "visite.txt": (
        "Chaque visite est badgée, et l’écart au temps prévu remonte au tableau de bord du siège. Au-delà de cinq "
        "minutes il faut choisir un motif.\n\nMadame Oriol demande qu’on reste boire le café. On s’assoit, on écoute, "
        "et c’est là qu’on voit si elle a mangé.\n"
    ),
    "foyer.txt": (
        "La porte du foyer reste ouverte après le dîner. On parle du chien et de la pluie, et la confiance vient sans "
        "qu’on l’ait inscrite nulle part.\n\nLe bilan compte les sorties vers le logement, avec un taux visé.\n"
    ),
}


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("corpus")
    for name, text in NOTES.items():
        (folder / name).write_text(text, encoding="utf-8")
    (folder / "metadata.csv").write_text("id;genre\nvisite;domicile\nfoyer;foyer\n", encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def former(corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The summary of the corpus as it is."""
    target = tmp_path_factory.mktemp("avant") / "stats.json"
    assert run(["analyse", str(corpus), "-b", "genre", "-f", "json", "-q", "-o", str(target)]) == 0
    return target


@pytest.fixture
def analyse(corpus: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    """Status, stdout and stderr of an analysis by genre."""

    def call(*arguments: str) -> tuple[int, str, str]:
        capsys.readouterr()
        status = run(["analyse", str(corpus), "-b", "genre", "-f", "json", *arguments])
        out, err = capsys.readouterr()
        return status, out, err.replace(NBSP, " ")

    return call


def changed(former: Path, target: Path, change: Callable[[Any], None]) -> str:
    row = json.loads(former.read_text(encoding="utf-8"))
    change(row)
    target.write_text(json.dumps(row), encoding="utf-8")
    return str(target)


def test_nothing_moved(analyse: Callable[..., tuple[int, str, str]], former: Path) -> None:
    status, out, err = analyse("--check", str(former))
    assert status == 0
    assert out == former.read_text(encoding="utf-8")
    assert "--check stats.json : les chiffres sont les mêmes" in err
    assert analyse("--check", str(former), "-q")[2] == ""


def test_a_share_that_moved_fails_with_its_cause(
    analyse: Callable[..., tuple[int, str, str]], former: Path, tmp_path: Path
) -> None:
    def change(row: Any) -> None:
        row["groups"][0]["shares"]["neutre"] = round(row["groups"][0]["shares"]["neutre"] + 0.05, 4)
        row["manifest"]["libraries"]["numpy"] = "1.0.0"

    old = changed(former, tmp_path / "vieux.json", change)
    status, out, err = analyse("--check", old, "-q")  # a failed check is said even with --quiet
    assert status == 1
    assert out == former.read_text(encoding="utf-8")
    assert "--check vieux.json : 1 chiffre sur" in err
    assert "Bibliothèques : numpy 1.0.0 → " in err
    assert "tout le corpus, neutre" in err
    assert "−5,0 points" in err
    assert analyse("--check", old, "--tolerance", "6 %")[0] == 0


def test_the_check_is_not_made_where_documents_are_missing(
    corpus: Path, former: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in (*NOTES, "metadata.csv"):
        (tmp_path / name).write_text((corpus / name).read_text(encoding="utf-8"), encoding="utf-8")
    (tmp_path / "vide.txt").write_text("", encoding="utf-8")
    command = ["analyse", str(tmp_path), "-b", "genre", "-q", "--check", str(former), "--fail-if", "words > 0"]
    assert run(command) == 3
    err = capsys.readouterr().err
    assert "Contrôle non fait" in err
    assert "c’est le cas" not in err


@pytest.mark.parametrize(
    ("conditions", "status", "said"),
    [
        (["words > 0"], 1, "« words > 0 » : c’est le cas, tout le corpus ("),
        (["words < 5"], 0, "« words < 5 » : ce n’est pas le cas, tout le corpus ("),
        (["words < 5", "any: documents == 1"], 1, "c’est le cas, domicile (1) ; foyer (1)."),
        (["genre=Foyer: documents != 1"], 0, "ce n’est pas le cas, foyer (1)."),
        (["genre=hôpital: documents < 9"], 1, "aucun groupe de ce nom. Il y a : domicile ; foyer."),
        (["any: balance < 1"], 0, "ne peut pas se dire, trop peu de passages : domicile ; foyer."),
    ],
)
def test_conditions(
    analyse: Callable[..., tuple[int, str, str]], conditions: list[str], status: int, said: str
) -> None:
    found, _, err = analyse(*(part for one in conditions for part in ("--fail-if", one)))
    assert said in err
    assert found == status


def test_masked_groups_are_told_and_stay_masked(analyse: Callable[..., tuple[int, str, str]]) -> None:
    status, out, err = analyse("--mask-under", "2", "--fail-if", "any: words > 0")
    assert status == 0
    assert json.loads(out)["groups"][1]["words"] is None
    assert "ne se dit pas, masqué : domicile ; foyer." in err


@pytest.mark.parametrize(
    "arguments",
    [
        ("--fail-if", "tensio > 0.3"),
        ("--fail-if", "rank=terrain: words > 3"),
        ("--tolerance", "0.1"),
        ("--check", "absent.json"),
        ("--check", "metadata.csv"),
        ("--check", "stats.json", "--tolerance", "deux"),
        ("--check", "stats.json", "-o", "stats.json"),
    ],
)
def test_what_means_nothing_is_refused_before_anything_is_read(
    arguments: tuple[str, ...],
    analyse: Callable[..., tuple[int, str, str]],
    former: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(former.parent)
    monkeypatch.setattr("tensions_cli.commands.analyse.analyse", None)  # calling it would be a bug of ours: status 70
    before = former.read_bytes()
    status, out, err = analyse(*arguments)
    assert status == 2
    assert out == ""
    assert err.startswith("Erreur : ")
    assert former.read_bytes() == before


def test_a_text_that_changed_is_named(
    corpus: Path, former: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in (*NOTES, "metadata.csv"):
        (tmp_path / name).write_text((corpus / name).read_text(encoding="utf-8"), encoding="utf-8")
    text = "Le contrat fixe un nombre de visites par jour.\n\n" * 2
    (tmp_path / "foyer.txt").write_text(NOTES["foyer.txt"] + "\n" + text, encoding="utf-8")
    assert run(["analyse", str(tmp_path), "-b", "genre", "-q", "--check", str(former)]) == 1
    err = capsys.readouterr().err.replace(NBSP, " ")
    assert "Textes : 1 changé, 1 inchangé." in err
    assert "changé : foyer (" in err
    assert "contrat" not in err
