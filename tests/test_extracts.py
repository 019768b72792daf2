"""`tensions extracts`: searches, filters, formats, messages, on a small corpus composed for it."""

import csv
import io
import json
import unicodedata
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NoReturn

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from rich.cells import cell_len

from tensions_cli.cli import run
from tensions_cli.errors import ExitStatus, TensionsError
from tensions_cli.output.extracts import _line, columns
from tensions_cli.pipeline import Options, Progress
from tensions_cli.records import Passage, TaggedPassage, Tags
from tensions_cli.results import Extract
from tensions_cli.studies import extracts as study
from tensions_cli.studies.extracts import cue_search, lemma_advice, lemma_search, pattern_search
from tensions_cli.studies.tagged import TaggedCorpus, tag_corpus

SCHEMA = json.loads((Path(__file__).parents[1] / "docs/schemas/extract.schema.json").read_text(encoding="utf-8"))
NBSP = "\u00a0"

FILES = {
    "groupe.txt": (
        "Animatrice : Est-ce que vous avez encore le temps d’écouter ?\n"
        "Maïté : On badge en arrivant et la tablette compte les minutes de chaque toilette. J’écoute quand même madame "
        "Lanoë, sinon elle ne mange pas, et tant pis pour le planning.\n"
        "Ange : Les temps sont serrés.\n"
        "Maïté : Oui.\n"
        "Animatrice : Et les familles, dans tout cela, qu’est-ce qu’elles disent ?\n"
        "Ange : Elles écoutaient autrefois nos histoires au portail ; maintenant l’indicateur de visite remonte "
        "au siège chaque vendredi, et on le commente en réunion de pilotage.\n"
    ),
    "bilan.txt": (
        "Le conseil a adopté les indicateurs du contrat pluriannuel. Chaque service rendra ses tableaux de bord le "
        "cinq du mois, et les écarts de coût seront discutés en comité de pilotage.\n\n"
        "=La prise en charge\nest refacturée au tarif médian, sans égard pour le temps passé auprès des résidents "
        "ni pour la confiance qui s’y noue.\n"
    ),
    "metadata.csv": "file;genre;année\ngroupe.txt;entretien;2024\nbilan.txt;Procès-verbal;2023\n",
}


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> str:
    root = tmp_path_factory.mktemp("corpus")
    for name, content in FILES.items():
        (root / name).write_text(content, encoding="utf-8")
    return str(root)


Printed = Callable[..., tuple[str, str]]


TAGGED: dict[tuple[str, ...], TaggedCorpus] = {}


def tagged_once(sources: Sequence[str], options: Options, progress: Progress) -> TaggedCorpus:
    key = (*sources, str(options.keep_interviewer))
    if key not in TAGGED:
        TAGGED[key] = tag_corpus(sources, options, progress)
    return TAGGED[key]


@pytest.fixture
def printed(corpus: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Printed:
    """One command line on the corpus, which is read and tagged once for all tests (twice with questions)."""
    monkeypatch.setattr("tensions_cli.commands.extracts.tag_corpus", tagged_once)

    def call(*options: str, status: ExitStatus = ExitStatus.DONE) -> tuple[str, str]:
        capsys.readouterr()
        assert run(["extracts", corpus, *options]) == status
        out, err = capsys.readouterr()
        return out, err

    return call


def rows(lines: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in lines.split("\n") if line]


def matches(printed: Printed, *options: str) -> list[str]:
    return [row["match"] for row in rows(printed("-q", "-f", "jsonl", *options)[0])]


# --- what is looked for -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        ("temps", "Les TEMPS et le temps", ["TEMPS", "temps"]),
        ("Temps", "Temps mort, temps plein", ["Temps"]),
        (r"\Wécout\w*", "elle écoutait", [" écoutait"]),  # \W asks for no capital
        ("ecoute", "On écoute", []),
        ("l'usager", "l’usager, l'usager", ["l’usager", "l'usager"]),
        ("prise en charge", "La prise\nen\u00a0charge", ["prise\nen\u00a0charge"]),
        ("é.oute", unicodedata.normalize("NFD", "Elle écoute"), [unicodedata.normalize("NFD", "écoute")]),
        (unicodedata.normalize("NFD", "écoute"), "Elle écoute", ["écoute"]),
        ("a*p|temps", "temps", ["temps"]),
    ],
)
def test_pattern(pattern: str, text: str, expected: list[str]) -> None:
    (spans,) = pattern_search(pattern)([text])
    assert [text[start:end] for start, end in spans] == expected


@given(st.text(max_size=60), st.sampled_from(["NFC", "NFD"]))
def test_pattern_gives_back_places_of_the_text_itself(text: str, form: Any) -> None:
    """Every run of letters is found again at its place, whatever the accents are made of."""
    text = unicodedata.normalize(form, text)
    (spans,) = pattern_search(r"\w+")([text])
    assert all(0 <= start < end <= len(text) for start, end in spans)
    composed = [unicodedata.normalize("NFC", text[start:end]) for start, end in spans]
    assert all(word and not any(c.isspace() for c in word) for word in composed)


@pytest.mark.parametrize("pattern", ["", "a*", "x?", "(?=temps)", r"\b"])
def test_pattern_that_finds_nothing_but_emptiness_is_refused(pattern: str) -> None:
    with pytest.raises(TensionsError, match="trouve du vide"):
        pattern_search(pattern)(["le temps de faire"])


@pytest.mark.parametrize(("pattern", "place"), [("(a", 3), ("a[b", 4), ("temps)", 6)])
def test_invalid_pattern_says_where(pattern: str, place: int) -> None:
    with pytest.raises(TensionsError, match=f"au caractère {place}"):
        pattern_search(pattern)


def test_endless_pattern_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(study, "SECONDS", 0.05)
    search = pattern_search(r"(.*)(.*)(.*)(.*)(.*)(.*)[é;]\Z")
    with pytest.raises(TensionsError, match="n’en finit pas"):
        search(["e" * 800])
    with pytest.raises(TensionsError, match="trop longue"):
        pattern_search("a" * 1000)


@pytest.mark.parametrize("pattern", ["a{1000000000}", "(?:(?:(?:a{100}){100}){100}){100}", "a{ 1000000000,}"])
def test_pattern_that_would_fill_the_memory_is_refused_unread(pattern: str) -> None:
    with pytest.raises(TensionsError, match="répète trop"):
        pattern_search(pattern)


def test_large_optional_repetitions_are_ordinary() -> None:
    assert pattern_search(r"temps.{0,200000}faire")(["le temps de faire"]) == [[(3, 17)]]


@pytest.mark.parametrize("exhausted", [MemoryError, TimeoutError])
def test_a_search_out_of_memory_is_the_fault_of_the_pattern(
    monkeypatch: pytest.MonkeyPatch, exhausted: type[Exception]
) -> None:
    def fail(*_: object) -> NoReturn:
        raise exhausted

    monkeypatch.setattr(study, "_found", fail)
    with pytest.raises(TensionsError, match="n’en finit pas"):
        pattern_search("temps")(["le temps"])


def test_lemma_finds_every_form_and_words_in_a_row() -> None:
    texts = ["Nous écoutons, ils écoutaient ; j’écoute.", "Les prises en charge ; la prise en charge. Une prise."]
    verb, noun, several = lemma_search("écouter"), lemma_search("écoute"), lemma_search("prise en charge|prise")
    assert [texts[0][a:b] for a, b in verb(texts)[0]] == ["écoutons", "écoutaient"]
    assert [texts[0][a:b] for a, b in noun(texts)[0]] == ["écoute"]
    assert [texts[1][a:b] for a, b in several(texts)[1]] == ["prises en charge", "prise en charge", "prise"]


@pytest.mark.parametrize("word", ["temps", "métier", "papier", "prendre le temps", "écouter|écoute|écoutant"])
def test_most_lemmas_need_no_advice(word: str) -> None:
    assert lemma_advice(word) is None


def test_a_verb_that_shares_a_form_with_a_noun_is_said_to() -> None:
    assert '--lemma "écouter|écoute' in str(lemma_advice("écouter"))


def test_cue_of_an_axis_one_pole_or_one_expression() -> None:
    texts = ["Les indicateurs remontent au siège ; le jugement clinique attendra."]

    def found(cue: str) -> list[str]:
        return [texts[0][a:b] for a, b in cue_search(cue)(texts)[0]]

    assert "indicateurs" in found("Évaluation")
    assert "indicateurs" in found("evaluation:rationalisation")
    assert "indicateurs" not in found("evaluation:professionnelle")
    assert found("Indicateur") == ["indicateurs"]


def test_unknown_cue_lists_axes_and_what_is_near() -> None:
    with pytest.raises(TensionsError) as refused:
        cue_search("indicateurr")
    assert "temps, evaluation" in refused.value.hint
    assert "indicateur" in refused.value.hint.split("proches")[1]


# --- the command ------------------------------------------------------------------------------------


def test_concordance_leaves_the_interviewer_out_unless_kept(printed: Printed) -> None:
    assert matches(printed, "--lemma", "temps") == ["temps", "temps"]  # bilan, then Ange's four words
    kept = rows(printed("-q", "-f", "jsonl", "--lemma", "temps", "--keep-interviewer")[0])
    assert [row["role"] for row in kept] == [None, "interviewer", "respondent"]
    assert "2 passages de l’enquêteur" in printed("--lemma", "temps")[1]


def test_a_reply_of_two_words_is_searched(printed: Printed) -> None:
    assert matches(printed, "--pattern", "^oui") == ["Oui"]


def test_number_and_sort(printed: Printed) -> None:
    assert len(matches(printed, "--pattern", "écout", "-n", "1")) == 1
    lines = rows(printed("-q", "-f", "jsonl", "--pattern", "écout|J’écout", "--sort", "right")[0])
    assert [row["speaker"] for row in lines] == ["Ange", "Maïté"]  # « aient », then « e quand »
    lines = rows(printed("-q", "-f", "jsonl", "--lemma", "le", "--where", "genre=entretien", "--sort", "left")[0])
    before = [row["left"].split()[-1:] for row in lines]
    assert before == sorted(before)


def test_filters_combine_with_a_concordance(printed: Printed) -> None:
    assert matches(printed, "--lemma", "temps", "--where", "GENRE=proces-verbal") == ["temps"]
    both = ("--where", "genre=entretien", "--where", "genre=procès-verbal")
    assert len(matches(printed, "--lemma", "temps", *both)) == 2
    assert matches(printed, "--lemma", "temps", *both, "--where", "annee=2024") == ["temps"]
    assert matches(printed, "--lemma", "temps", "--where", "speaker=ange") == ["temps"]


def test_extracts_follow_their_schema(printed: Printed) -> None:
    validator = Draft202012Validator(SCHEMA)
    Draft202012Validator.check_schema(SCHEMA)
    searched = rows(printed("-q", "-f", "jsonl", "--lemma", "temps")[0])
    best = rows(printed("-q", "-f", "jsonl", "--label", "rationalisation", "--no-names")[0])
    assert searched
    assert best
    assert [error.json_path for row in (*searched, *best) for error in validator.iter_errors(row)] == []
    for row in searched:
        assert row["left"] + row["match"] + row["right"] == row["text"]
        assert row["text"][row["match_start"] : row["match_end"]] == row["match"]
    for damage in ({"typicality": 2}, {"match": ""}, {"match_start": None}, {"reference": "E1"}, {"couleur": "bleu"}):
        assert list(validator.iter_errors(searched[0] | damage))
    assert list(validator.iter_errors(best[0] | {"match": "temps"}))


def test_label_filter_keeps_that_label(printed: Printed) -> None:
    found = rows(printed("-q", "-f", "jsonl", "--label", "RATIONALISATION")[0])
    assert {row["label"] for row in found} == {"rationalisation"}
    assert rows(printed("-q", "-f", "jsonl", "--label", "m")[0]) == found  # its letter, as in --stance and --axis
    assert all(row["typicality"] is not None and row["counted"] for row in found)
    axis = rows(printed("-q", "-f", "jsonl", "--axis", "Évaluation:M")[0])
    assert all("rationalisation" in row["axes"]["evaluation"] for row in axis)


def test_references_can_be_copied_and_names_left_out(printed: Printed) -> None:
    (row,) = rows(printed("-q", "-f", "jsonl", "--pattern", "serrés")[0])
    assert row["reference"] == f"(groupe, tour 3, Ange, {row['start']}-{row['end']})"
    (unnamed,) = rows(printed("-q", "-f", "jsonl", "--pattern", "serrés", "--no-names")[0])
    assert unnamed["reference"] == f"(groupe, tour 3, {row['start']}-{row['end']})"
    assert unnamed["speaker"] is None
    for form in ("table", "md", "csv"):
        assert "Ange" in printed("-q", "-f", form, "--pattern", "serrés")[0]
        assert "Ange" not in printed("-q", "-f", form, "--pattern", "serrés", "--no-names")[0]


def test_csv_is_safe_in_a_spreadsheet(printed: Printed) -> None:
    (row,) = csv.DictReader(io.StringIO(printed("-q", "-f", "csv", "--pattern", "prise en charge")[0]))
    assert row["left"] == "'=La "
    assert row["text"].startswith("'=La prise en charge\n".replace(" charge\n", " charge"))
    assert row["meta_genre"] == "Procès-verbal"
    assert list(row)[: len(columns())] == columns()
    assert printed("-q", "-f", "csv", "--pattern", "introuvable")[0] == ",".join(columns()) + "\n"


def test_markdown_is_escaped(printed: Printed) -> None:
    page = printed("-q", "-f", "md", "--pattern", "Prise|prise", "--context")[0]
    assert "| **prise** |" in page
    assert r"Prise\|prise" in page


def test_the_question_is_shown_when_asked(printed: Printed) -> None:
    question = f"Question{NBSP}: «{NBSP}Et les familles"
    assert question in printed("-q", "--pattern", "portail", "--context")[0]
    assert question not in printed("-q", "--pattern", "portail")[0]


def test_what_is_shown_says_what_it_rests_on(printed: Printed) -> None:
    page, _ = printed("-q", "--axis", "evaluation", "-n", "1")
    assert page.startswith("2 passages dans 2 documents, pour --axis evaluation. En voici 1.")
    assert f"proposé{NBSP}: rationalisation (M 1,00, P 0,09)" in page
    assert f"axes{NBSP}: évaluation M, coût M" in page
    assert "Étiquettes proposées par le modèle" in page


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--pattern", "hélicoptère"), "--pattern « hélicoptère » ne trouve rien dans "),
        (("--where", "genre=roman"), "--where genre=roman ne garde rien"),
        (("--where", "genre=roman"), "genre vaut : Procès-verbal, entretien"),
        (("--label", "neutre", "--relation", "articulation"), "--relation articulation ne garde rien"),
    ],
)
def test_nothing_found_says_why(printed: Printed, options: tuple[str, ...], said: str) -> None:
    out, err = printed(*options)
    assert out == ""
    assert said in err.replace(NBSP, " ")


def test_values_of_speakers_are_not_listed(printed: Printed) -> None:
    assert "Maïté" not in printed("--where", "speaker=Personne")[1]


@pytest.mark.parametrize(
    ("options", "parts"),
    [
        (("--label", "mixtes"), ("« mixtes » est inconnue", "rationalisation, professionnelle, mixte, neutre")),
        (("--relation", "tension"), ("opposition, articulation, juxtaposition",)),
        (("--axis", "argent"), ("temps, evaluation", "coût".replace("û", "u"))),
        (("--axis", "temps:Q"), ("rationalisation, professionnelle",)),
        (("--stance", "menacee"), ("LOGIQUE:POSTURE",)),
        (("--stance", "M:menacée"), ("soutenue, contestee, decrite",)),
        (("--where", "gnre=entretien"), ("« gnre » est inconnu", "document, speaker, person, role, année, genre")),
        (("--where", "genre"), ("ne se comprend pas",)),
        (("--pattern", "a", "--lemma", "b"), ("--pattern et --lemma ne vont pas ensemble",)),
        (("--lemma", "…"), ("pas de mot",)),
        (("--sort", "left"), ("concordance",)),
        (("-n", "0"), ("--number",)),
    ],
)
def test_errors_say_what_why_and_what_to_do(printed: Printed, options: tuple[str, ...], parts: tuple[str, ...]) -> None:
    out, err = printed(*options, status=ExitStatus.UNUSABLE_INPUT)
    err = err.replace(NBSP, " ")
    assert out == ""
    assert [line.split(" :")[0] for line in err.strip().split("\n")] == ["Erreur", "Pourquoi", "À faire"]
    for part in parts:
        assert part in err


def test_small_groups_are_masked(printed: Printed) -> None:
    shown, _ = printed("-q", "--pattern", "temps", "--where", "genre=entretien", "--mask-under", "2")
    assert "serrés" in shown
    out, err = printed(
        "--pattern", "temps", "--where", "genre=entretien", "--mask-under", "3", status=ExitStatus.UNUSABLE_INPUT
    )
    assert out == ""
    assert "moins de 3 personnes" in err
    assert "serrés" not in err


def test_questions_are_a_group_of_their_own(printed: Printed) -> None:
    found = rows(printed("-q", "-f", "jsonl", "--where", "role=enquêtrice", "--pattern", "e")[0])
    assert {row["speaker"] for row in found} == {"Animatrice"}


def test_same_bytes_twice(printed: Printed) -> None:
    assert printed("-f", "jsonl", "--axis", "evaluation") == printed("-f", "jsonl", "--axis", "evaluation")


# --- a line of concordance --------------------------------------------------------------------------


def occurrence(before: str, match: str, after: str) -> Extract:
    text = before + match + after
    tags = Tags("neutre", (), None, {}, {}, (), True, "model", "essai 1 (00000000)")
    return Extract(TaggedPassage(Passage("E1#0", "E1", 0, len(text), text), tags), len(before), len(before + match))


WORDS = st.text(st.sampled_from("aéàœ’, \n\u00a0漢"), max_size=120)


@given(WORDS, st.text(st.sampled_from("tempséx "), min_size=1, max_size=90).map(str.strip).filter(bool), WORDS)
def test_matches_are_aligned_and_lines_fit(before: str, match: str, after: str) -> None:
    width = 56
    line = _line(occurrence(before, match, after), width)
    assert line.cell_len <= width
    (bold,) = line.spans
    assert cell_len(line.plain[: bold.start]) == int(width * 0.45)


def test_what_touches_the_match_stays_against_it() -> None:
    assert (
        _line(occurrence("On pense à l’", "usager", ", dit-elle."), 60).plain.strip()
        == "On pense à l’usager, dit-elle."
    )
    assert _line(occurrence("Le ", "temps", " passe."), 60).plain.strip() == "Le  temps  passe."
