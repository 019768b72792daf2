"""A codebook of one's own: what is read of it, what is refused, all of it said."""

import tomllib
from pathlib import Path

import pytest

import three_logics
from tensions_cli.commands.codebook import run_check
from tensions_cli.errors import TensionsError
from tensions_cli.knowledge.code_names import all_codes
from tensions_cli.knowledge.codebook import (
    codebook,
    label_of,
    load_codebook,
    parse_codebook,
    shipped,
    use_codebook,
)
from tensions_cli.knowledge.codebook_check import problems_of

ROOT = Path(__file__).parents[2]
GOOD = three_logics.CODEBOOK


def problems(content: str, lexicon: str = "") -> list[str]:
    return problems_of(content.encode(), lexicon.encode())


def test_the_shipped_codebook_and_the_second_one_are_sound() -> None:
    assert problems_of(shipped().content, shipped().lexicon) == []
    second = load_codebook(ROOT / "corpora" / "associations")
    assert second.poles == ("marchande", "civique")
    assert second.letters == {"marchande": "M", "civique": "C"}
    assert second.stances["marchande"] == ("soutenue", "contestee", "decrite")  # `menacee` is of the other logic only
    assert second.measures == ("marchande", "civique", "mixte", "neutre", "tension")
    assert not second.by_pair


def test_the_template_is_a_codebook_that_can_be_used_at_once() -> None:
    folder = ROOT / "src" / "tensions_cli" / "knowledge"
    template = (folder / "codebook_template.toml").read_bytes(), (folder / "lexicon_template.csv").read_bytes()
    assert problems_of(*template) == []
    assert len(parse_codebook(*template).logics) == 2


def test_three_logics_have_three_pairs() -> None:
    book = parse_codebook(GOOD.encode(), three_logics.LEXICON.encode())
    assert book.by_pair
    assert dict(book.pairs) == {
        "marchande+civique": ("marchande", "civique"),
        "marchande+domestique": ("marchande", "domestique"),
        "civique+domestique": ("civique", "domestique"),
    }
    assert book.pairs_of({"domestique", "civique"}) == ("civique+domestique",)
    assert book.present([True, False, True]) == ("marchande", "domestique")


@pytest.mark.parametrize(
    ("logics", "label"), [((), "neutre"), (("civique",), "civique"), (("a", "b"), "mixte"), (("a", "b", "c"), "mixte")]
)
def test_the_label_is_the_logic_alone_and_mixte_for_two_or_more(logics: tuple[str, ...], label: str) -> None:
    assert label_of(logics) == label


def test_the_codebook_in_use_is_the_shipped_one_until_a_command_says_otherwise() -> None:
    assert codebook() is shipped()
    book = parse_codebook(GOOD.encode(), b"")
    use_codebook(book)
    assert codebook() is book
    names = [code.name for code in all_codes()]  # what other tools are told follows
    assert "opposition (marchande+domestique)" in names
    assert "rationalisation" not in names


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("name = 'trois-mondes'", "name = ''", "name manque"),
        ("version = 1", "version = 'un'", "version manque"),
        ("name = 'civique'", "name = 'Civique !'", "logique n°\u00a02\u00a0: name doit s’écrire en minuscules"),
        ("name = 'civique'", "name = 'mixte'", "ne peut pas s’appeler «\u00a0mixte\u00a0»"),
        ("letter = 'C'", "letter = 'V'", "deux logiques ont le même letter\u00a0: V"),
        ("letter = 'C'", "letter = 'é'", "letter doit être une lettre majuscule"),
        ("opposition = 'l’une heurte l’autre'\n", "", "[relations] doit définir exactement opposition"),
        ("soutenue = 'défendue'\ncontestee = 'refusée'\n", "", "[stances] manque"),
        (
            "civique = 'citoyen, élu'\n",
            "",
            "l’axe n°\u00a01 ne dit pas ce qu’il est pour la logique «\u00a0civique\u00a0»",
        ),
        ("number = 1", "number = 'un'", "la règle n°\u00a01 doit avoir number"),
        ("question = 'Le passage met en jeu la vente :'", "question = 3", "question est une phrase"),
        ("[stances]", "[stances", "ce n’est pas du TOML\u00a0: ligne"),
        ("name = 'civique'", "name = ‘civique’", "tapez une apostrophe droite"),
    ],
)
def test_each_mistake_is_said(old: str, new: str, said: str) -> None:
    assert old in GOOD
    found = problems(GOOD.replace(old, new, 1))
    assert any(said in problem for problem in found), found


def test_several_mistakes_are_said_together() -> None:
    broken = GOOD.replace("version = 1", "version = 0").replace("letter = 'D'", "letter = 'd'")
    assert len(problems(broken)) == 2


def test_one_logic_is_too_few_and_seven_too_many() -> None:
    head, *logics = GOOD.split("[[logics]]")
    one = head + "[[logics]]" + logics[0] + "[relations]" + logics[2].split("[relations]")[1]
    assert any("de 2 à 6" in problem for problem in problems(one))


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("general;;inconnue;vendre;2;x", "pole doit être une logique"),
        ("axis;temps;civique;vendre;2;x", "name doit être un axe"),
        ("relation;conflit;;contre;2;x", "name doit être une relation"),
        ("mot;;civique;vendre;2;x", "kind doit être"),
        ("general;;civique;vendre;9;x", "la force est 1, 2 ou 3"),
        ("general;;civique; ;2;x", "expression vide"),
        ("general;;civique;vendre;deux;x", "entrée 14\u00a0: la force est 1, 2 ou 3"),
        ("general;;civique;voter;2;x", "déjà donnée à l’entrée 4"),
    ],
)
def test_each_mistake_of_the_lexicon_is_said_with_its_entry(row: str, said: str) -> None:
    found = problems(GOOD, three_logics.LEXICON + row + "\n")
    assert any(said in problem for problem in found), found


@pytest.mark.parametrize(
    "content", [b"", b"\xff\xfe", b"logics = 3", b"[[logics]]\nname = 1", b"relations = [1]", b"[[axes]]\nname=[]"]
)
def test_anything_is_refused_with_a_sentence(content: bytes) -> None:
    assert problems_of(content, b"")
    with pytest.raises(ValueError, match=r"\w"):
        parse_codebook(content, b"")


def test_a_codebook_that_is_not_there_says_what_to_type(tmp_path: Path) -> None:
    with pytest.raises(TensionsError) as error:
        load_codebook(tmp_path / "rien.toml")
    assert "tensions codebook new" in error.value.hint


def test_quoted_text_never_reaches_a_message() -> None:
    """A codebook may quote interviews: messages name places, not contents."""
    quoted = "MARIE-MADELEINE"
    broken = GOOD.replace("cases = ['assemblée, vote, droits']", f"cases = '{quoted}'").replace(
        "question = 'Le passage met en jeu la décision commune :'", f"question = ['{quoted}']"
    )
    found = problems(broken)
    assert found
    assert quoted not in " ".join(found)
    assert tomllib.loads(broken)["logics"][1]["cases"] == quoted


def test_coded_passages_given_for_a_codebook_say_where_they_go(tmp_path: Path) -> None:
    (tmp_path / "codes.jsonl").write_text("", encoding="utf-8")
    with pytest.raises(TensionsError) as error:
        run_check(tmp_path / "codes.jsonl", [])
    assert "codebook check DOSSIER --codes codes.jsonl" in error.value.hint


@pytest.mark.parametrize("line", ["axis", "axis;temps;une;minute"])
def test_a_line_of_the_lexicon_cut_short_is_told(line: str) -> None:
    """Found by fuzzing: a line without its last cells ended in a fault of ours."""
    head = "kind;name;pole;expression;strength;source"
    assert "lexicon.csv\u00a0: il faut les colonnes kind;name;pole;expression;strength;source" in problems(
        GOOD, f"{head}\n{line}\n"
    )
