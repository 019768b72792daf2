"""Characteristic words of a tagged corpus: what counts as a word, names that never show, and how tables read."""

import io
import json
from collections.abc import Callable, Mapping, Sequence

import pytest
from rich.console import Console

from shipped import LOGICS
from tensions_cli.knowledge.files import read_toml
from tensions_cli.output.words import print_axis_pairs, print_correspondence, print_vocabulary
from tensions_cli.output.words_rows import axis_pair_row, correspondence_row, vocabulary_row
from tensions_cli.records import Passage, Relation, Role, TaggedPassage, Tags
from tensions_cli.results import CharacteristicWord, Profile, Vocabulary
from tensions_cli.statistics.cooccurrence import axis_pairs
from tensions_cli.statistics.correspondence import correspondence
from tensions_cli.studies.units import Capitals, units_of
from tensions_cli.studies.words import characteristic_words, vocabulary_by_label
from tensions_cli.tagging.french import function_words

NEUTRAL = "Le matin, la salle ouvre à huit heures et une voisine prépare le café pour tout le monde."
MANAGED = (
    "La direction suit le tableau de bord du CPOM, et Odile Castaing nous demande chaque mois le taux d’occupation, un "
    "indicateur de plus."
)
CARING = "Je m’assois près de la dame, on se tait, on écoute, et la confiance vient quand Samir lui prend la main."


def tagged(
    text: str,
    document: str,
    label: str = "neutre",
    *,
    speaker: str | None = None,
    role: Role | None = None,
    relation: Relation | None = None,
    metadata: Mapping[str, str] | None = None,
    counted: bool = True,
) -> TaggedPassage:
    passage = Passage(
        f"{document}#0-{len(text)}",
        document,
        0,
        len(text),
        text,
        speaker=speaker,
        role=role,
        metadata=metadata or {},
        counted=counted,
    )
    return TaggedPassage(passage, Tags(label, LOGICS[label], relation, {}, {}, (), True, "model", "m"))


def corpus() -> list[TaggedPassage]:
    """Four documents of two genres; each says the same kinds of sentence, under their labels."""
    passages = []
    for number in range(4):
        document, genre = f"d{number}", "presse" if number < 2 else "entretien"
        for text, label in ((NEUTRAL, "neutre"), (MANAGED, "rationalisation"), (CARING, "professionnelle")):
            passages += [tagged(text, document, label, speaker=f"S{number}", metadata={"genre": genre})] * 10
    return passages


def keys(text: str) -> list[str]:
    (units,) = units_of([text], Capitals())
    return list(units.keys)


def profile(vocabulary: Vocabulary | None, part: str) -> Profile:
    assert vocabulary is not None
    return next(profile for profile in vocabulary.profiles if profile.part == part)


def words(found: Sequence[CharacteristicWord]) -> list[str]:
    return [word.word for word in found]


def printed(draw: Callable[..., None], *arguments: object, width: int = 120) -> str:
    stream = io.StringIO()
    draw(*arguments, Console(file=stream, width=width, color_system=None, force_terminal=False))
    return stream.getvalue()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("La visite dure trois minutes.", ["visite", "durer", "minute"]),
        (
            "Elle visite les familles, on minute les gestes, il la porte.",
            ["visiter", "famille", "minuter", "geste", "porter"],
        ),
        ("Les salariés ont demandé des places.", ["salarié", "demander", "place"]),
        ("On a écrit, c’est un écrit de plus.", ["écrire", "écrit"]),
        ("Chaque journée, une idée ; l’employé accueilli.", ["journée", "idée", "employé", "accueillir"]),
        ("Une enquête nationale sur les feuilles.", ["enquête", "national", "feuille"]),
        ("Les EHPAD, un Ehpad, cet ehpad.", ["EHPAD", "EHPAD", "EHPAD"]),
        ("JAMAIS la personne ne parle.", ["jamais", "personne", "parler"]),
        ("Trente-quatre dossiers, 12 ans, 3,5 ETP en 2024.", ["dossier", "ETP"]),
        ("Euh, ben oui, voilà, c’est ça, hein.", []),
    ],
)
def test_what_a_word_is(text: str, expected: list[str]) -> None:
    assert keys(text) == expected


def test_apostrophes_do_not_matter() -> None:
    straight, curly = (list(units_of([f"Le taux d{mark}occupation et l{mark}écoute."], Capitals())) for mark in "'’")
    assert straight == curly
    assert straight[0].expressions == (("taux d’occupation", ("taux", "occupation"), 3),)


def test_an_expression_counts_once_and_its_words_no_more() -> None:
    result = vocabulary_by_label(corpus())
    managed = profile(result, "rationalisation")
    assert {"tableau de bord", "taux d’occupation", "CPOM", "indicateur", "direction"} <= set(words(managed.over))
    assert not {"tableau", "bord", "taux", "occupation"} & set(words(managed.over))
    # By hand: 24 words, less two for « tableau de bord » and two for « taux d’occupation », in 40 passages.
    assert managed.words == 40 * 20
    assert result is not None
    assert result.words == sum(one.words for one in result.profiles)


def test_a_rare_expression_counts_as_its_words() -> None:
    # Four times under five: « tableau » counts ten times with the six that stand alone.
    others = [
        tagged(one.passage.text.replace("tableau de bord", "calendrier"), one.passage.document, one.tags.label)
        for one in corpus()
    ]
    rare = [tagged("Un tableau de bord.", f"d{i % 2}", "rationalisation") for i in range(4)]
    alone = [tagged("Un tableau noir.", f"d{i % 3}", "rationalisation") for i in range(6)]
    found = profile(vocabulary_by_label([*others, *rare, *alone], top=100), "rationalisation")
    assert "tableau de bord" not in words(found.over)
    assert next(word.total for word in found.over if word.word == "tableau") == 10
    once_more = [tagged("Un tableau de bord.", "d0", "rationalisation")]
    found = profile(vocabulary_by_label([*others, *rare, *once_more, *alone], top=100), "rationalisation")
    assert next(word.total for word in found.over if word.word == "tableau de bord") == 5
    assert next(word.total for word in found.over if word.word == "tableau") == 6


def test_names_are_in_the_margins_and_nowhere_else() -> None:
    result = vocabulary_by_label(corpus(), top=1000)
    shown = json.dumps(vocabulary_row(result, lone=True), ensure_ascii=False).lower()  # type: ignore[arg-type]
    for name in ("odile", "castaing", "samir"):
        assert name not in shown
    assert result is not None
    assert "3 en tout" in result.policy


def test_name_in_capitals_after_a_title_and_names_without_capitals() -> None:
    capitals = Capitals()
    list(units_of(["On a vu Mme MARTIN et Jean DUPONT au CPOM.", "hier karim est venu au département"], capitals))
    assert capitals.names(["MARTIN", "DUPONT", "CPOM", "karim", "département", "venir"]) == {
        "MARTIN",
        "DUPONT",
        "karim",
    }


def test_words_of_each_label_and_the_order_of_labels() -> None:
    result = vocabulary_by_label(corpus())
    assert result is not None
    assert [one.part for one in result.profiles] == ["rationalisation", "professionnelle", "neutre"]
    assert {"écouter", "confiance", "dame", "taire"} <= set(words(profile(result, "professionnelle").over))
    assert "indicateur" in words(profile(result, "professionnelle").under)


def test_what_is_not_counted_is_not_read() -> None:
    aside = [tagged("Un perroquet répète perroquet.", f"d{i}", "neutre", counted=False) for i in range(4)] * 9
    assert vocabulary_by_label([*corpus(), *aside]) == vocabulary_by_label(corpus())


def test_metadata_crossed_fields_and_relations() -> None:
    crossed = characteristic_words(corpus(), ("genre", "label"))
    assert crossed is not None
    assert crossed.by == "genre × label"
    assert crossed.left_out == ()
    assert "presse × neutre" in [one.part for one in crossed.profiles]
    mixed = [
        tagged(text, f"d{i % 3}", "mixte", relation=relation, speaker=f"S{i % 3}")
        for text, relation in ((MANAGED, Relation.ARTICULATION), (CARING, Relation.OPPOSITION))
        for i in range(24)
    ]
    related = characteristic_words([*corpus(), *mixed], ("relation",))
    assert related is not None
    assert [one.part for one in related.profiles] == ["opposition", "articulation"]
    assert related.words == 24 * 20 + 24 * 22
    assert "passages mixtes" in related.policy


def test_too_little_to_compare() -> None:
    assert characteristic_words([], ("label",)) is None
    assert characteristic_words(corpus()[:3], ("label",)) is None
    assert characteristic_words(corpus(), ("sector",)) is None


def test_order_of_passages_does_not_matter() -> None:
    passages = corpus()
    assert vocabulary_by_label(passages) == vocabulary_by_label(passages[::-1])


def test_rows_for_programs() -> None:
    result = vocabulary_by_label(corpus())
    assert result is not None
    row = json.loads(json.dumps(vocabulary_row(result), allow_nan=False))
    assert "lone" not in row["profiles"][0]
    assert row["profiles"][0]["lone_count"] == 0


def lonely() -> list[TaggedPassage]:
    """The same, and a word that one document alone says."""
    return [*corpus(), *[tagged("Une pergola, la pergola.", "d0", "neutre", speaker="S0")] * 5]


def test_lonely_words_are_counted_and_shown_only_when_asked() -> None:
    result = vocabulary_by_label(lonely())
    assert result is not None
    assert words(profile(result, "neutre").lone) == ["pergola"]
    assert "pergola" not in printed(lambda out: print_vocabulary(result, out))
    assert "1 mot qu’un seul document" in printed(lambda out: print_vocabulary(result, out))
    assert "pergola" not in json.dumps(vocabulary_row(result))
    assert "pergola" in json.dumps(vocabulary_row(result, lone=True))


def test_the_page_is_french_and_says_what_it_rests_on() -> None:
    result = vocabulary_by_label(corpus())
    page = printed(lambda out: print_vocabulary(result, out, 3))  # type: ignore[arg-type]
    for said in (
        "spécificité",
        "documents",
        "locuteurs",
        "ce qui se dit, non ce qui se fait",
        "Lafon",
        "α₀ = T",
        "une fois",
    ):
        assert said in page
    assert "Moins qu’ailleurs\u00a0: " in page
    flat = " ".join(page.replace("\n", " ").split(" "))
    for sign in ":;?!":
        assert f" {sign}" not in flat


def test_hostile_names_do_not_reach_the_terminal() -> None:
    passages = [
        tagged(one.passage.text, one.passage.document, metadata={"genre": "a\x1b[31m" if i % 2 else "[bold]b"})
        for i, one in enumerate(corpus())
    ]
    page = printed(lambda out: print_vocabulary(characteristic_words(passages, ("genre",)), out))  # type: ignore[arg-type]
    assert "\x1b" not in page
    assert "[bold]b" in page


def test_tables_of_factors_and_pairs() -> None:
    table = {
        "rationalisation": {"A": 40, "B": 10, "[red]C": 15},
        "professionnelle": {"A": 20, "B": 35, "[red]C": 10},
        "neutre": {"A": 25, "B": 35, "[red]C": 63, "D": 2},
    }
    analysis = correspondence(table, {"cout:rationalisation": {"A": 9}}, "structure")
    assert analysis is not None
    page = printed(lambda out: print_correspondence(analysis, out))
    for said in ("cos²", "[red]C", "coût (rationalisation)", "contre", "trop peu de passages\u00a0: D"):
        assert said in page
    assert json.loads(json.dumps(correspondence_row(analysis), allow_nan=False))["left_out"] == ["D"]
    short = printed(lambda out: print_correspondence(analysis, out, 2))
    assert "1 autre modalité" in short
    pairs = axis_pairs([("temps", "cout")] * 6 + [("temps",)] * 6 + [("cout", "usager")])
    page = printed(lambda out: print_axis_pairs(pairs, out))
    assert "coût + temps" in page
    assert "trop peu" in page
    assert axis_pair_row(pairs[0])["together"] == 6
    assert "Aucun couple" in printed(lambda out: print_axis_pairs((), out))


def test_words_kept_against_the_list_are_on_it() -> None:
    # A word kept although spaCy leaves it out must be one that spaCy leaves out; lists hold no word twice.
    data = read_toml("vocabulary.toml")
    assert set(data["content"]) <= function_words()
    assert not set(data["content"]) & set(data["left_out"])
    for name in ("content", "left_out", "numbers", "institutions", "expressions"):
        assert len(data[name]) == len(set(data[name])), name
    writings = [writing for entry in data["expressions"] for writing in entry.split("|")]
    assert len(writings) == len(set(writings))
