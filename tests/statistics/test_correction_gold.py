"""The user's gold: what it matches in the corpus, and what is refused."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tensions_cli.coding.matching import match
from tensions_cli.errors import TensionsError
from tensions_cli.output.french import uncorrected
from tensions_cli.pipeline import Options
from tensions_cli.records import Passage, TaggedPassage, Tags
from tensions_cli.studies.gold import Gold, analyse_with_gold, correct_with_gold, key_of, read_gold, refuse_learnt, seen
from tensions_cli.studies.human import read_human_codes

TEXTS = (
    "On note l’heure d’arrivée sur la tablette.",
    "Elle prend le temps d’un café avec lui.",
    "La réunion est reportée au jeudi.",
)


def tagged(text: str, document: str = "e1", start: int = 0) -> TaggedPassage:
    passage = Passage(f"{document}#{start}-{start + len(text)}", document, start, start + len(text), text)
    return TaggedPassage(passage, Tags("neutre", (), None, {}, {}, (), True, "model", "test"))


def row(text: str, name: str, **more: Any) -> dict[str, Any]:
    return {"id": name, "document": "e1", "coder": "codeur A", "text": text, "M": False, "P": False} | more


def gold_of(folder: Path, *rows: dict[str, Any]) -> Path:
    file = folder / "gold.jsonl"
    file.write_text("".join(json.dumps(one, ensure_ascii=False) + "\n" for one in rows), encoding="utf-8")
    return file


def read(folder: Path, *rows: dict[str, Any]) -> Gold:
    return read_gold(gold_of(folder, *rows))


def test_matched_by_identifier_else_by_text(tmp_path: Path) -> None:
    corpus = [seen(tagged(text, start=100 * i), ()) for i, text in enumerate(TEXTS)]
    gold = read(
        tmp_path,
        row(TEXTS[1], corpus[1].key.id),
        row("On  note l'heure\nd'arrive\u0301e sur la tablette.", "ancien#3-45"),  # NFD, apostrophes, line feed
        row("Autre chose.", corpus[2].key.id),  # the identifier names another text now: not the passage that was coded
        row("Un texte d’ailleurs.", "ailleurs#0-20"),
    )
    assert match([one.key for one in corpus], [key_of(one) for one in gold.passages]) == {0: 1, 1: 0}
    found = correct_with_gold(corpus, gold, ())
    assert (found.matched, found.unmatched, found.coders) == (2, 2, ("codeur A",))
    assert any("4 passages codés\u00a0: 2 appariés, 2 hors du corpus" in notice for notice in found.notices)


def test_equal_texts_take_one_code_each(tmp_path: Path) -> None:
    corpus = [seen(tagged(TEXTS[0], name), ()) for name in ("e2", "e1", "e3")]
    gold = read(tmp_path, row(TEXTS[0], "a"), row(TEXTS[0], "b"), row(TEXTS[0], "c"), row(TEXTS[0], "d"))
    # The same document first, then the first free one; the fourth finds none.
    assert match([one.key for one in corpus], [key_of(one) for one in gold.passages]) == {0: 1, 1: 0, 2: 2}


def test_a_gold_from_elsewhere_is_refused_with_the_command_that_makes_one(tmp_path: Path) -> None:
    gold = read(tmp_path, row("Un texte d’ailleurs.", "ailleurs#0-20"))
    with pytest.raises(TensionsError) as refused:
        correct_with_gold([seen(tagged(TEXTS[0]), ())], gold, ())
    assert "ne corrige que les parts du corpus où il a été tiré" in refused.value.why
    assert "tensions coding sample" in refused.value.hint
    assert "tensions coding import" in refused.value.hint
    assert "ailleurs" not in refused.value.what  # nor a word of the texts


def test_two_codes_on_one_passage_are_refused(tmp_path: Path) -> None:
    with pytest.raises(TensionsError, match="plusieurs codes"):
        read(tmp_path, row(TEXTS[0], "a"), row(TEXTS[0], "a", coder="codeur B", P=True))
    # A proposal of the machine beside the code of a person is none: it is left out, and told.
    gold = read(tmp_path, row(TEXTS[0], "a"), row(TEXTS[0], "a", coded_by="model"))
    assert len(gold.passages) == len(gold.notices) == 1


def test_a_machine_is_no_gold(tmp_path: Path) -> None:
    with pytest.raises(TensionsError, match="aucun passage codé par une personne"):
        read(tmp_path, row(TEXTS[0], "a", coded_by="model"))


def test_passages_chosen_to_teach_correct_no_share(tmp_path: Path) -> None:
    # A sample drawn to learn has no weights; one drawn at random has: together they are no mistake of weights.
    chosen = row(TEXTS[0], "a", drawn="uncertain", weight=None)
    gold = read(tmp_path, chosen, row(TEXTS[1], "b", drawn="random", weight=2.5))
    assert ([one.id for one in gold.passages], gold.weights) == (["b"], (2.5,))
    corpus = [seen(tagged(text, start=100 * i), ()) for i, text in enumerate(TEXTS)]
    (told,) = [one for one in correct_with_gold(corpus, gold, ()).notices if "2 passages codés" in one]
    assert "1 écarté (1 passage choisi pour entraîner)" in told
    with pytest.raises(TensionsError, match="ne peut pas corriger"):
        read(tmp_path, chosen)
    # A person's code on a passage holds however it was chosen.
    assert [one.id for one in read_human_codes(gold_of(tmp_path, chosen)).codes] == ["a"]


def test_accounts_of_people_are_numbered(tmp_path: Path) -> None:
    coders = ("m.dupont@asso.example", "B", "codeur A", "Jean Petit")
    file = gold_of(tmp_path, *(row(f"Texte {rank}.", f"p{rank}", coder=name) for rank, name in enumerate(coders)))
    assert [one.coder for one in read_gold(file).passages] == ["codeur 2", "B", "codeur A", "codeur 1"]
    assert [one.coder for one in read_human_codes(file).codes] == ["codeur 2", "B", "codeur A", "codeur 1"]


@pytest.mark.parametrize("weights", [(1, None), (0, 1), (-2, 1), (True, 1), ("2", 1), (float("nan"), 1)])
def test_weights_are_given_everywhere_or_nowhere(tmp_path: Path, weights: tuple[object, object]) -> None:
    rows = [row(text, f"p{i}") for i, text in enumerate(TEXTS[:2])]
    for one, weight in zip(rows, weights, strict=True):
        if weight is not None:
            one["weight"] = weight
    with pytest.raises(TensionsError) as refused:
        read(tmp_path, *rows)
    assert re.search(r"poids|weight", f"{refused.value} {refused.value.why}")


def test_weights_are_kept_with_their_passage(tmp_path: Path) -> None:
    gold = read(tmp_path, row(TEXTS[0], "a", weight=4), row(TEXTS[1], "b", weight=1.5))
    assert (gold.weights, gold.weighted) == ((4.0, 1.5), True)
    equal = read(tmp_path, row(TEXTS[0], "a", weight=3), row(TEXTS[1], "b", weight=3))
    assert not equal.weighted


def test_a_gold_that_only_agrees_with_the_machine_is_told(tmp_path: Path) -> None:
    texts = [f"Le couloir {rank} est repeint au printemps." for rank in range(40)]
    corpus = [seen(tagged(text, f"e{rank % 8}"), ()) for rank, text in enumerate(texts)]
    rows = [row(text, f"p{rank}") for rank, text in enumerate(texts)]
    assert any("d’accord" in notice for notice in correct_with_gold(corpus, read(tmp_path, *rows), ()).notices)
    rows[3] |= {"P": True}
    assert not any("d’accord" in notice for notice in correct_with_gold(corpus, read(tmp_path, *rows), ()).notices)


def test_a_gold_inside_the_corpus_is_refused(tmp_path: Path) -> None:
    # Read as texts, its passages would be counted twice, and would match themselves.
    (tmp_path / "note.txt").write_text(TEXTS[0], encoding="utf-8")
    file = gold_of(tmp_path, row(TEXTS[0], "a"))
    with pytest.raises(TensionsError, match="dans le corpus"):
        analyse_with_gold([str(tmp_path)], Options(), file)


def test_a_folder_or_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TensionsError, match="n’est pas un fichier de passages codés"):
        read_gold(tmp_path)
    with pytest.raises(TensionsError, match="ne se lit pas") as absent:
        read_gold(tmp_path / "absent.jsonl")
    assert absent.value.why == "le fichier n’existe pas"


def test_a_workbook_and_another_encoding_have_their_own_reasons(tmp_path: Path) -> None:
    (tmp_path / "relu.xlsx").write_bytes(b"PK\x03\x04")
    with pytest.raises(TensionsError, match="n’est pas un fichier de passages codés") as sheet:
        read_gold(tmp_path / "relu.xlsx")
    assert sheet.value.why == "un classeur se relit d’abord"
    assert "tensions coding import relu.xlsx --coder A -o codes.jsonl" in (sheet.value.hint or "")
    (tmp_path / "latin.jsonl").write_bytes('{"id": "été"}'.encode("latin-1"))
    with pytest.raises(TensionsError, match="ne se lit pas") as latin:
        read_gold(tmp_path / "latin.jsonl")
    assert latin.value.why == "il n’est pas en UTF-8"


def test_every_row_of_the_gold_is_accounted_for(tmp_path: Path) -> None:
    corpus = [seen(tagged(text, start=100 * i), ()) for i, text in enumerate(TEXTS)]
    gold = read(
        tmp_path,
        row(TEXTS[0], corpus[0].key.id),
        row(TEXTS[1], "b", coded_by="model"),
        row(TEXTS[2], "c", decision="rejected"),
        row("Un texte d’ailleurs.", "ailleurs#0-20"),
    )
    (told,) = [notice for notice in correct_with_gold(corpus, gold, ()).notices if "4 passages codés" in notice]
    assert "1 apparié, 2 écartés (1 passage codé par la machine, 1 passage rejeté), 1 hors du corpus" in told


def test_groups_without_enough_gold_are_named_with_what_is_missing(tmp_path: Path) -> None:
    corpus = [seen(tagged(text, f"e{i}", start=100 * i), ("document",)) for i, text in enumerate(TEXTS)]
    found = correct_with_gold(corpus, read(tmp_path, row(TEXTS[0], corpus[0].key.id)), ("document",))
    whole, groups = uncorrected(found)
    assert "au moins 30 passages codés dans 5 documents" in whole
    assert "3 groupes (e0, e1, e2)" in groups


def test_a_gold_that_the_model_learnt_is_refused(tmp_path: Path) -> None:
    """Passages of the shipped corpus, which the shipped model learnt."""
    source = Path(__file__).parents[2] / "corpora" / "annotated" / "author-07.jsonl"
    learnt = [json.loads(line) for line in source.read_text(encoding="utf-8").splitlines()[:40]]
    with pytest.raises(TensionsError, match="a appris 40 des 40 passages"):
        refuse_learnt(read(tmp_path, *learnt), "standard")
    refuse_learnt(read(tmp_path, row("Une phrase que le modèle n’a jamais lue.", "d#0-9")), "standard")
