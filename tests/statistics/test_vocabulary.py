"""Profiles of words: what is compared, what is shown, and what one document or one person carries."""

from collections.abc import Mapping

import numpy as np
import pytest

from tensions_cli.results import CharacteristicWord, Profile, Vocabulary
from tensions_cli.statistics.specificity import specificity
from tensions_cli.statistics.vocabulary import MIN_PART, Speech, discovery_threshold, vocabulary

SIZE = 1000


def speech(part: str, document: str, counts: Mapping[str, int], speaker: str | None = None, size: int = SIZE) -> Speech:
    return Speech(part, document, speaker, size, counts)


def profiles(speeches: list[Speech], **options: int) -> dict[str, Profile]:
    result = vocabulary(speeches, "genre", **options)
    assert result is not None
    return {profile.part: profile for profile in result.profiles}


def words(found: tuple[CharacteristicWord, ...]) -> list[str]:
    return [word.word for word in found]


# Two parts of three documents; `indicateur` is said everywhere in the first one.
SPEECHES = [
    speech("direction", "d1", {"indicateur": 6, "jour": 5}),
    speech("direction", "d2", {"indicateur": 5, "jour": 4}),
    speech("direction", "d3", {"indicateur": 5, "jour": 6}),
    speech("terrain", "t1", {"indicateur": 1, "jour": 5, "écoute": 7}),
    speech("terrain", "t2", {"jour": 5, "écoute": 6}),
    speech("terrain", "t3", {"jour": 6, "écoute": 7}),
]


def test_a_word_with_what_it_rests_on() -> None:
    found = profiles(SPEECHES)["direction"]
    (word,) = found.over
    assert (word.word, word.count, word.total, word.part, word.words) == ("indicateur", 16, 17, 3000, 6000)
    assert word.expected == 8.5
    assert word.specificity == float(specificity(16, 17, 3000, 6000))
    assert (word.documents, word.speakers, word.largest_share) == (3, 0, 0.375)
    # y = 16 and 1, α = 17, n = 3000 each, α₀ = 6000: ln(33/8967) − ln(18/8982) = 0.6078; √(1/33 + 1/18) = 0.29302.
    assert word.log_odds == pytest.approx(0.6078, abs=1e-4)
    assert word.z == pytest.approx(0.6078 / 0.29302, abs=1e-3)


def test_banal_words_are_not_shown_and_missing_ones_are() -> None:
    found = profiles(SPEECHES)
    assert words(found["terrain"].over) == ["écoute"]
    assert words(found["terrain"].under) == ["indicateur"]
    assert words(found["direction"].under) == ["écoute"]
    assert found["direction"].under[0].specificity < -2


def test_a_word_of_one_document_goes_apart() -> None:
    carried = [speech("direction", "d0", {"pergola": 12}), *SPEECHES]
    found = profiles(carried)["direction"]
    assert "pergola" not in words(found.over)
    assert words(found.lone) == ["pergola"]
    assert found.lone[0].largest_share == 1.0


def test_a_word_of_one_person_in_two_documents_goes_apart() -> None:
    spoken = [
        speech("direction", "d1", {"pergola": 6}, "person P1"),
        speech("direction", "d2", {"pergola": 6}, "person P1"),
        speech("direction", "d3", {"bilan": 4}, "person P2"),
        *SPEECHES[3:],
    ]
    assert words(profiles(spoken)["direction"].lone) == ["pergola"]
    other = [*spoken[:2], speech("direction", "d3", {"pergola": 2}, "person P2"), *SPEECHES[3:]]
    assert words(profiles(other)["direction"].over) == ["pergola"]


def test_a_word_that_falls_without_its_main_document_goes_apart() -> None:
    # 20 in d1 and 1 in d2; without d1, 1 of 3 where 2,000 words of 5,000 would have 1.2.
    speeches = [
        speech("direction", "d1", {"pergola": 20}),
        speech("direction", "d2", {"pergola": 1}),
        speech("direction", "d3", {}),
        speech("terrain", "t1", {"pergola": 1}),
        speech("terrain", "t2", {"pergola": 1}),
        speech("terrain", "t3", {}),
    ]
    found = profiles(speeches)["direction"]
    assert (words(found.over), words(found.lone)) == ([], ["pergola"])
    assert (found.lone[0].documents, found.lone[0].largest_share) == (2, 0.9524)


def test_a_word_that_one_document_elsewhere_has_in_plenty_is_not_missing_here() -> None:
    speeches = [speech("direction", "d0", {"pergola": 30}), *SPEECHES]
    assert "pergola" not in words(profiles(speeches)["terrain"].under)


def test_a_part_of_one_document_shows_what_others_say_too() -> None:
    # By document nobody else is in the part: `écoute`, said by three, is shown; `pergola`, said by one alone, is not.
    speeches = [Speech(one.document, one.document, None, SIZE, dict(one.counts)) for one in SPEECHES]
    speeches[3] = Speech("t1", "t1", None, SIZE, {"écoute": 17, "pergola": 9})
    found = profiles(speeches)["t1"]
    assert words(found.over) == ["écoute"]
    assert words(found.lone) == ["pergola"]


def test_two_people_of_one_interview_are_several() -> None:
    speeches = [
        speech("groupe", "g1", {"relais": 6}, "g1 / A"),
        speech("groupe", "g1", {"relais": 5}, "g1 / B"),
        *SPEECHES,
    ]
    (word,) = profiles(speeches)["groupe"].over
    assert (word.word, word.documents, word.speakers) == ("relais", 1, 2)


def test_parts_too_short_are_named_and_out_of_the_margins() -> None:
    speeches = [*SPEECHES, speech("tract", "x", {"indicateur": 40}, size=MIN_PART - 1)]
    result = vocabulary(speeches, "genre")
    assert result is not None
    assert result.left_out == ("tract",)
    assert result.words == 6000
    assert result.profiles[0].over[0].total == 17


def test_nothing_to_compare() -> None:
    assert vocabulary([], "genre") is None
    assert vocabulary(SPEECHES[:3], "genre") is None


def test_a_corpus_of_one_person_is_not_asked_for_others() -> None:
    speeches = [speech("mixte", "e1", {"tableau": 12}, "e1 / A"), speech("neutre", "e1", {"repas": 12}, "e1 / A")]
    found = profiles(speeches)
    assert words(found["mixte"].over) == ["tableau"]
    assert words(found["neutre"].under) == ["tableau"]


def test_order_of_parts_and_limit() -> None:
    many = {f"mot{i}": 4 + i for i in range(8)}
    speeches = [
        *(speech("terrain", f"t{i}", many) for i in range(3)),
        *(speech("direction", f"d{i}", {}) for i in range(3)),
    ]
    result = vocabulary(speeches, "rank", order=("terrain",), top=5)
    assert result is not None
    assert [profile.part for profile in result.profiles] == ["terrain", "direction"]
    assert words(result.profiles[0].over) == ["mot7", "mot6", "mot5", "mot4", "mot3"]
    assert len(result.profiles[1].under) == 5


def test_order_of_speeches_does_not_matter() -> None:
    def result(speeches: list[Speech]) -> Vocabulary | None:
        return vocabulary(speeches, "genre")

    assert result(SPEECHES) == result(SPEECHES[::-1])


def test_threshold_by_hand() -> None:
    # p = 2·10^−S: .00002, .002, .02, .2. Benjamini-Hochberg at .05 over 4: .0125, .025, .0375, .05: three stand.
    assert discovery_threshold(np.array([[5.0, -3.0], [2.0, 1.0]])) == 2.0
    # Over 40 tests the steps are .00125, .0025, .00375: .002 stands, .02 does not.
    assert discovery_threshold(np.array([5.0, -3.0, 2.0, 1.0] + [0.0] * 36)) == 3.0
    assert discovery_threshold(np.zeros((3, 3))) is None
    assert discovery_threshold(np.zeros((0, 3))) is None


def test_threshold_against_statsmodels() -> None:
    from statsmodels.stats.multitest import multipletests

    random = np.random.default_rng(3)
    strengths = np.abs(random.normal(0, 2.2, size=(200, 4))).round(4)
    threshold = discovery_threshold(strengths)
    rejected = multipletests(np.minimum(1, 2 * 10.0 ** -strengths.ravel()), alpha=0.05, method="fdr_bh")[0]
    assert threshold is not None
    assert threshold == max(2.0, strengths.ravel()[rejected].min())


def test_words_drawn_at_random_have_few_profiles() -> None:
    # Forty documents of 500 words drawn from one urn of 300 words: no word belongs to a part.
    random = np.random.default_rng(11)
    shares = random.dirichlet(np.ones(300))
    speeches = [
        speech(
            "ab"[i % 2],
            f"d{i:02}",
            {f"w{j}": int(n) for j, n in enumerate(random.multinomial(500, shares)) if n},
            size=500,
        )
        for i in range(40)
    ]
    result = vocabulary(speeches, "genre")
    assert result is not None
    assert result.threshold is None
    assert sum(len(profile.over) for profile in result.profiles) < 0.02 * result.tests
