"""What tagging promises: same answers whatever the batch, evidence inside the text, terms that add up."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tensions_cli.knowledge.codebook import codebook
from tensions_cli.tagging.attribution import attribute
from tensions_cli.tagging.classifier import Model, all_log_odds, encoder_part, linear_part
from tensions_cli.tagging.distilled import encode, load_distilled
from tensions_cli.tagging.explain import explain
from tensions_cli.tagging.features import matrix, rows_of, see
from tensions_cli.tagging.french import words_of
from tensions_cli.tagging.kernel import likeness, vectors_of
from tensions_cli.tagging.model_folder import model_folders
from tensions_cli.tagging.tag import tag_texts


def poles_of(label: str) -> tuple[bool, bool]:
    """The two yes/no answers (M, P) that a label stands for."""
    return label in ("rationalisation", "mixte"), label in ("professionnelle", "mixte")


PASSAGES = [
    "On coche des cases, on n’a plus le temps d’écouter les résidents.",
    "Le CPOM fixe douze indicateurs, et la file active remonte chaque trimestre au siège.",
    "Je m’assois sur le lit, je lui tiens la main, et on regarde la pluie. Elle parle de sa sœur.",
    "La réunion aura lieu le 12 mars à 14 h, salle des fêtes.",
    "😀 Les tableaux de bord, oui. Mais la confiance ? Ça ne se mesure pas !",
]
FRENCH = st.text(
    alphabet="aàbcdeéèfghijlmnoôpqrstuvxyz '’.,;:!?«»\u00a0\u202f-0123456789😀%€\n", min_size=1, max_size=300
)


@settings(max_examples=60, deadline=None)
@given(st.lists(FRENCH, min_size=1, max_size=5))
def test_batch_and_one_by_one_agree(model: Model, texts: list[str]) -> None:
    assert tag_texts(texts, model) == [tag_texts([text], model)[0] for text in texts]


def odds_of(model: Model, texts: list[str]) -> np.ndarray:
    """Log-odds of every head, to the last bit, shape (texts, heads)."""
    seen = [see(text, words, model.book) for text, words in zip(texts, words_of(texts), strict=True)]
    return np.concatenate(list(all_log_odds(model, rows_of(model.space, seen)).values()), axis=1)


# Lengths around every size at which products are cut: passages by 64, words by 256, at most 512 words a passage.
LENGTHS = (0, 1, 2, 3, 5, 8, 40, 255, 256, 257, 511, 512, 513, 700)


def test_scores_have_the_same_bits_in_any_company_and_place(model: Model) -> None:
    rng = np.random.default_rng(8)
    words = " ".join(PASSAGES).split()
    texts = [*PASSAGES, *(" ".join(rng.choice(words, size=length)) for length in LENGTHS * 2)]
    texts += [" ".join(rng.choice(words, size=int(length))) for length in rng.integers(1, 60, size=150)]
    alone = np.concatenate([odds_of(model, [text]) for text in texts])
    for size in (2, 3, 63, 64, 65, 130, 257):
        drawn = rng.integers(len(texts), size=size)
        assert np.array_equal(odds_of(model, [texts[rank] for rank in drawn]), alone[drawn])


def test_single_precision_says_what_double_precision_says(model: Model) -> None:
    """The weights as training solved them, in double precision and without sharing anything between heads."""
    seen = [see(text, words, model.book) for text, words in zip(PASSAGES, words_of(PASSAGES), strict=True)]
    rows = rows_of(model.space, seen)
    like = likeness(model.kernel, vectors_of(model.kernel, seen))
    found = all_log_odds(model, rows)
    groups = {"poles": model.poles, "axes": model.axes}
    groups |= {f"stance_{pole}": heads for pole, heads in model.stances.items()}
    groups |= {f"relation_{pair}": heads for pair, heads in model.relations.items()}
    assert set(found) == set(groups)
    for group, heads in groups.items():
        exact = linear_part(heads, matrix(model.space, rows)) + heads.blends * encoder_part(heads, like)
        assert found[group] == pytest.approx(exact, abs=5e-5)


def test_nothing_to_tag(model: Model) -> None:
    assert tag_texts([], model) == []


@settings(max_examples=100, deadline=None)
@given(FRENCH)
def test_evidence_lies_inside_the_passage_and_speaks_for_its_label(model: Model, text: str) -> None:
    (tags,) = tag_texts([text], model)
    bearing = {pole for pole, yes in zip(codebook().poles, poles_of(tags.label), strict=True) if yes}
    for evidence in tags.evidence:
        assert 0 <= evidence.start < evidence.end <= len(text)
        assert text[evidence.start : evidence.end].strip()
        assert evidence.pole in bearing
        assert evidence.axis is None or evidence.pole in tags.axes[evidence.axis]
    for poles in tags.axes.values():
        assert set(poles) <= bearing
    assert tags.stance is not None
    assert set(tags.stance) == bearing
    assert all(stance in codebook().stances[pole] for pole, stance in tags.stance.items())
    assert (tags.relation is not None) == (tags.label == "mixte")


def test_a_passage_that_bears_a_logic_has_underlined_words(model: Model) -> None:
    for text, tags in zip(PASSAGES, tag_texts(PASSAGES, model), strict=True):
        poles = {evidence.pole for evidence in tags.evidence}
        for pole, yes in zip(codebook().poles, poles_of(tags.label), strict=True):
            assert (pole in poles) == yes, text


@pytest.mark.parametrize("text", [*PASSAGES, "Équipe, équipe, équipe : le temps d’écouter.", "…", "12"])
def test_terms_add_up_to_the_linear_part(model: Model, text: str) -> None:
    (row,) = rows_of(model.space, [see(text, words_of([text])[0], model.book)])
    features = matrix(model.space, [row])
    for head in range(2):
        terms = attribute(model.space, row, model.poles.coefficients[head], model.poles.intercepts[head])
        assert terms.total == pytest.approx(float(linear_part(model.poles, features)[0, head]), abs=1e-4)


@pytest.mark.parametrize("text", PASSAGES)
def test_explanation_leads_to_the_score_and_the_label(model: Model, text: str) -> None:
    explanation = explain(text, model)
    answers = []
    for pole in explanation.poles:
        total = sum(word.term for word in pole.words) + sum(pole.form.values()) + pole.start
        assert total == pytest.approx(pole.log_odds, abs=1e-6)
        score = 1 / (1 + math.exp(-(pole.slope * pole.log_odds + pole.offset)))
        assert score == pytest.approx(explanation.tags.scores[pole.pole], abs=1e-4)
        answers.append(explanation.tags.scores[pole.pole] >= pole.threshold)
    assert tuple(answers) == poles_of(explanation.tags.label)


def test_the_encoder_reads_beyond_single_words(model: Model) -> None:
    """The same words in another order: the linear heads see nearly the same, the encoder does not."""
    told = "Elle est restée près de lui, sans rien noter, et il a fini par parler."
    shuffled = "Noter il elle rien parler de près fini lui est par, et a sans restée."
    one, other = encode(load_distilled(model_folders()[-1] / "encoder" / "distilled"), words_of([told, shuffled]))
    cosine = float(one @ other / (np.linalg.norm(one) * np.linalg.norm(other)))
    assert cosine < 0.99


def test_a_passage_without_words_is_neutral(model: Model) -> None:
    for text in ("…", "?!", "—", ""):
        (tags,) = tag_texts([text], model)
        assert tags.label == "neutre"
        assert tags.stance == {}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("L’équipe se réunit : on parle d’une œuvre.", "L'équipe se réunit\u00a0: on parle d'une oeuvre."),
        ("Le temps d’écoute, « lui », revient !", "Le temps d'écoute, «\u202flui\u202f», revient\u202f!"),
    ],
)
def test_typography_does_not_change_the_scores(model: Model, one: str, other: str) -> None:
    first, second = tag_texts([one, other], model)
    assert first.scores == pytest.approx(second.scores, abs=0.02)


# Ordering contracts survive a retraining; golden scores would not (codebook rules 1, 2 and 11).
@pytest.mark.parametrize(
    ("pole", "higher", "lower"),
    [
        (
            "rationalisation",
            "Les indicateurs de performance et les tableaux de bord remontent au siège chaque semaine.",
            "Les enfants remontent du jardin avec leurs dessins chaque semaine.",
        ),
        (
            "professionnelle",
            "Je prends le temps de l’écouter, je reste auprès d’elle jusqu’à ce qu’elle parle.",
            "Le service est ouvert du lundi au vendredi, de neuf heures à dix-sept heures.",
        ),
        (
            "professionnelle",
            "On ne compte que les actes, plus le temps d’écouter les gens et de tenir la relation.",
            "On ne compte que les actes, plus les actes et encore les actes.",
        ),
        (
            "rationalisation",
            "Le CPOM impose un taux d’occupation et des procédures de traçabilité.",
            "Le projet de loi sera discuté au Sénat à l’automne.",
        ),
    ],
)
def test_scores_are_in_the_order_a_coder_expects(model: Model, pole: str, higher: str, lower: str) -> None:
    first, second = tag_texts([higher, lower], model)
    assert first.scores[pole] > second.scores[pole]


def test_scores_have_four_decimals(model: Model) -> None:
    for tags in tag_texts(PASSAGES, model):
        assert all(score == round(score, 4) for score in tags.scores.values())
