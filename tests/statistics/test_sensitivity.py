"""Other lengths of passages: what is counted, and that the shipped cutting is untouched."""

from shipped import LOGICS
from tensions_cli.corpus.segment import SHIPPED, lengths_around, segment
from tensions_cli.records import Block, Document, Passage, Relation, TaggedPassage, Tags
from tensions_cli.statistics.sensitivity import OTHER_TARGETS, cutting

SENTENCE = "L’équipe du soir range la salle et note ce que chacun a mangé avant de partir. "


def tagged(label: str, relation: Relation | None = None, words: int = 10, counted: bool = True) -> TaggedPassage:
    passage = Passage("d#0-1", "d", 0, 1, " ".join(["mot"] * words), counted=counted)
    return TaggedPassage(passage, Tags(label, LOGICS[label], relation, {}, {}, (), True, "model", "test"))


def test_shares_at_one_length_by_hand() -> None:
    passages = [
        tagged("mixte", Relation.OPPOSITION, 30),
        tagged("mixte", Relation.ARTICULATION, 20),
        tagged("neutre", words=5),
        tagged("rationalisation", words=25),
        tagged("professionnelle", counted=False),
    ]
    found = cutting(passages, 70, shipped=False)
    assert (found.passages, found.mean_words, found.tension_share) == (4, 20.0, 0.25)
    assert found.shares == {"rationalisation": 0.25, "professionnelle": 0.0, "mixte": 0.5, "neutre": 0.25}


def test_nothing_counted_gives_no_share() -> None:
    found = cutting([tagged("neutre", counted=False)], 25, shipped=False)
    assert found.passages == 0
    assert found.tension_share is None


def test_passages_follow_the_length_aimed_at() -> None:
    text = (SENTENCE * 40).strip()
    document = Document("d", "d.txt", "txt", text, (Block(0, len(text)),))
    lengths = [len(segment(document, lengths=lengths_around(target))) for target in (25, 45, 70, 100)]
    # 16 words a sentence, 640 in all: passages of one or two sentences, of three, of four or five, of six.
    assert lengths == sorted(lengths, reverse=True)
    assert 640 / lengths[0] < 33 < 640 / lengths[1] < 55 < 640 / lengths[2] < 85 < 640 / lengths[3]
    assert segment(document, lengths=lengths_around(45)) == segment(document)


def test_the_shipped_length_is_not_among_the_others() -> None:
    assert lengths_around(SHIPPED.target) == SHIPPED
    assert SHIPPED.target not in OTHER_TARGETS
