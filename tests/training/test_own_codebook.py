"""A model of one's own: another codebook, its lexicon, eighty short passages; no name of anybody in the folder."""

import json
from pathlib import Path

import pytest

from tensions_cli.cli import run
from tensions_cli.knowledge.codebook import use_codebook
from tensions_cli.tagging.model_folder import load_model
from tensions_cli.tagging.tag import tag_texts

BOOK = Path(__file__).parents[2] / "corpora" / "associations"
PLACES = ("au club de voile", "à la ludothèque", "au jardin partagé", "à la fanfare", "au ciné-club")
MARKET = (
    "On doit vendre nos prestations {} pour équilibrer les comptes.",
    "La facturation se fait à l’heure {}, avec un prix de vente par séance.",
    "Il faut augmenter les tarifs {} et trouver des recettes propres.",
    "Les mécènes attendent une image nette {}, et un bon rendement.",
)
CIVIC = (
    "L’assemblée a voté la gratuité {}, après un long débat.",
    "Chaque adhérent a une voix {}, et le conseil rend compte de son mandat.",
    "Les bénévoles tiennent à l’égalité d’accès {}, sans trier le public.",
    "On défend l’intérêt général {}, et l’on interpelle la mairie.",
)
BOTH = (
    ("On augmente les tarifs {} et le vote de l’assemblée n’y change rien.", "opposition"),
    ("Les recettes propres {} paient la gratuité pour tous.", "articulation"),
    ("On vend nos prestations {}, et l’assemblée vote toujours en juin.", "juxtaposition"),
)
NOTHING = ("La salle ferme à dix-huit heures {}.", "Il pleuvait ce jour-là {}.", "On a rangé les chaises {}.")
# Invented: neither in the language model nor in the shipped passages.
FIRST_NAME, TOWN = "Maëlvana", "Kerbouzic"


def rows() -> list[dict[str, object]]:
    """Seventy passages of five documents, then ten that tell of somebody, in two documents."""
    found: list[dict[str, object]] = []
    for rank, place in enumerate(PLACES):
        told = [(text, True, False, None) for text in MARKET] + [(text, False, True, None) for text in CIVIC]
        told += [(text, True, True, relation) for text, relation in BOTH]
        told += [(text, False, False, None) for text in NOTHING]
        for text, market, civic, relation in told:
            found.append(row(len(found), f"doc{rank}", text.format(place), market, civic, relation))
    for rank, (text, market, civic) in enumerate(
        [
            ("Avec {name}, on fixe un prix, explique-t-elle.", True, False),
            ("Le vote de {name} compte comme les autres à {town}.", False, True),
            ("Nous avons vu {name} lundi, au marché de {town}.", False, False),
            ("La mairie de {town} demande un tarif à {name}.", True, False),
            ("C’est {name} qui plaide pour la gratuité.", False, True),
        ]
        * 2
    ):
        said = text.format(name=FIRST_NAME, town=TOWN) + (" Encore une fois." if rank >= 5 else "")
        found.append(row(len(found), f"doc{rank % 2}", said, market, civic, None))
    return found


def row(rank: int, document: str, text: str, market: bool, civic: bool, relation: str | None) -> dict[str, object]:
    stance = ({"marchande": "decrite"} if market else {}) | ({"civique": "soutenue"} if civic else {})
    return {"id": f"p{rank}", "document": f"{document} {FIRST_NAME}.txt", "coder": "codeur A", "text": text,
            "M": market, "C": civic, "relation": relation, "stance": stance, "axes": {}}  # fmt: skip


def write(path: Path, lines: list[dict[str, object]]) -> Path:
    path.write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def codes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("codes") / "codes.jsonl", rows())


@pytest.fixture(scope="module")
def trained(codes: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models") / "associations"
    assert run(["model", "train", str(codes), "--codebook", str(BOOK), "-o", str(folder), "-q"]) == 0
    return folder


def test_it_carries_its_codebook_and_tags_with_it(trained: Path) -> None:
    model = load_model(str(trained))
    assert model.book.poles == ("marchande", "civique")
    use_codebook(model.book)
    market, civic = tag_texts(
        ["On doit vendre nos prestations et augmenter les tarifs.", "L’assemblée a voté la gratuité."], model
    )
    assert market.scores["marchande"] > market.scores["civique"]
    assert civic.scores["civique"] > civic.scores["marchande"]


def test_the_same_codes_give_the_same_bytes(codes: Path, trained: Path, tmp_path: Path) -> None:
    again = tmp_path / "associations"
    assert run(["model", "train", str(codes), "--codebook", str(BOOK), "-o", str(again), "-q"]) == 0
    assert sorted(p.name for p in again.iterdir()) == sorted(p.name for p in trained.iterdir())
    for path in sorted(trained.iterdir()):
        assert (again / path.name).read_bytes() == path.read_bytes(), path.name


def test_metrics_and_card_are_those_of_the_codebook(trained: Path) -> None:
    metrics = json.loads((trained / "metrics.json").read_text(encoding="utf-8"))
    assert metrics["training"]["passages"] == 80
    assert (metrics["training"]["coders"], metrics["training"]["coded_by"]) == (1, "people")
    assert metrics["evaluation"]["documents"] == 5
    assert set(metrics["evaluation"]["classes"]) == {"marchande", "civique", "mixte", "neutre"}
    assert metrics["evaluation"]["macro_f1"] > 0.5  # the sentences come back in each document: a quarter by chance
    card = (trained / "README.md").read_text(encoding="utf-8")
    assert "« Le marché et la cité dans les associations », version 1" in " ".join(card.split())
    assert "coded by 1 coder" in card
    for of_ours in ("rationalisation", "social work", "language models", "did not read when it was distilled"):
        assert of_ours not in card, of_ours


def test_no_name_of_the_passages_is_in_the_folder(trained: Path) -> None:
    for path in sorted(trained.iterdir()):
        content = path.read_bytes().lower()
        for name in (FIRST_NAME, TOWN):
            assert name.lower().encode("utf-8") not in content, path.name
    lines = (trained / "pieces.txt").read_text(encoding="utf-8").splitlines()
    assert [piece for piece in lines if piece in ("bouzi", "ouzic", "ëlvan", "lvana")] == []


def test_names_are_counted_and_shown_only_on_request(
    codes: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["model", "train", str(codes), "--codebook", str(BOOK), "-q", "-o"]
    assert run([*command, str(tmp_path / "a")]) == 0
    said = capsys.readouterr().err
    assert "noms propres" in said
    assert FIRST_NAME.lower() not in said.lower()
    assert run([*command, str(tmp_path / "b"), "--keep-rare-words", "--show-text"]) == 0
    said = capsys.readouterr().err
    assert "en clair" in said
    assert FIRST_NAME.lower() in said
    lemmas = (tmp_path / "b" / "lemmas.txt").read_text(encoding="utf-8").lower().split("\n")
    assert FIRST_NAME.lower() in lemmas  # what the option says it does


def test_list_and_show_read_it(trained: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["model", "show", str(trained), "-f", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["model"]["name"] == "associations"


def test_evaluate_with_its_codebook(trained: Path, codes: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["model", "evaluate", str(codes), "-m", str(trained), "-f", "md"]) == 0
    done = capsys.readouterr()
    assert "C\u00a0: n" in done.out  # reliability, by the letters of this codebook
    assert "Il avait appris tous les passages évalués" in done.out
    assert "entraîné sur 80 passages, codés par des personnes" in done.out.replace("\u00a0", " ")


# --- refusals -------------------------------------------------------------------------------------------


def refused(lines: list[dict[str, object]], tmp_path: Path, capsys: pytest.CaptureFixture[str], *more: str) -> str:
    path = write(tmp_path / "codes.jsonl", lines)
    assert run(["model", "train", str(path), "--codebook", str(BOOK), "-o", str(tmp_path / "m"), *more]) == 2
    assert not (tmp_path / "m").exists()
    return capsys.readouterr().err.replace("\u00a0", " ")


def test_one_logic_never_met(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "avec et sans chaque logique" in refused([line for line in rows() if not line["C"]], tmp_path, capsys)


def test_one_document(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "un seul document" in refused([line | {"document": "d"} for line in rows()], tmp_path, capsys)


def test_machine_codes_only(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    told = refused([line | {"coded_by": "model"} for line in rows()], tmp_path, capsys)
    assert "aucun passage codé par une personne" in told


def test_passages_all_chosen_to_teach(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    told = refused([line | {"drawn": "uncertain", "weight": None} for line in rows()], tmp_path, capsys)
    assert "choisis pour entraîner" in told


def test_the_shipped_passages_do_not_go_with_another_codebook(
    codes: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["model", "train", "--add", str(codes), "--codebook", str(BOOK), "-o", str(tmp_path / "m")]
    assert run(command) == 2
    assert "grille livrée" in capsys.readouterr().err


def test_an_unknown_codebook_or_nothing_to_learn(
    codes: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["model", "train", str(codes), "--codebook", str(tmp_path / "nulle"), "-o", str(tmp_path / "m")]) == 2
    assert "codebook" in capsys.readouterr().err
    assert run(["model", "train", "-o", str(tmp_path / "m")]) == 2
    assert "aucun passage codé n’est donné" in capsys.readouterr().err


def test_added_passages_do_not_go_with_other_sources(
    codes: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["model", "train", str(codes), "--add", str(codes), "-o", str(tmp_path / "m")]) == 2
    assert "ne se combine pas" in capsys.readouterr().err


def test_passages_chosen_to_teach_train_and_are_not_judged(tmp_path: Path) -> None:
    lines = [line | ({"drawn": "diverse"} if rank % 4 == 0 else {"weight": 2.5}) for rank, line in enumerate(rows())]
    path, folder = write(tmp_path / "codes.jsonl", lines), tmp_path / "m"
    assert run(["model", "train", str(path), "--codebook", str(BOOK), "-o", str(folder), "-q"]) == 0
    metrics = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))
    assert (metrics["training"]["passages"], metrics["evaluation"]["passages"]) == (80, 60)
    assert "drawn to teach" in metrics["protocol"]
