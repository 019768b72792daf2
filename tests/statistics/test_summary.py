"""Groups: counts and shares by hand, what is left out, and the unit of dependence."""

from collections.abc import Sequence

from shipped import LOGICS
from tensions_cli.knowledge.files import read_toml
from tensions_cli.records import Passage, Relation, Role, TaggedPassage, Tags
from tensions_cli.statistics.examples import keep_best, most_telling
from tensions_cli.statistics.intervals import ratio_interval
from tensions_cli.statistics.summary import Counted, counted, summarise


def tagged(
    label: str = "neutre",
    relation: Relation | None = None,
    document: str = "d1",
    start: int = 0,
    words: int = 10,
    speaker: str | None = None,
    role: Role | None = None,
    counted_: bool = True,
    scores: tuple[float, float] = (0.9, 0.9),
    metadata: dict[str, str] | None = None,
    axes: dict[str, tuple[str, ...]] | None = None,
    stance: dict[str, str] | None = None,
) -> TaggedPassage:
    text = " ".join(["mot"] * words)
    passage = Passage(
        id=f"{document}#{start}-{start + len(text)}",
        document=document,
        start=start,
        end=start + len(text),
        text=text,
        speaker=speaker,
        role=role,
        metadata=metadata or {},
        counted=counted_,
        excluded_reason=None if counted_ else "interviewer",
    )
    pair = dict(zip(("rationalisation", "professionnelle"), scores, strict=True))
    tags = Tags(label, LOGICS[label], relation, axes or {}, pair, (), True, "model", "test 0 (0)", stance)
    return TaggedPassage(passage, tags)


def rows(passages: Sequence[TaggedPassage], by: Sequence[str] = ()) -> list[Counted]:
    return [row for t in passages if (row := counted(t, by)) is not None]


def test_shares_count_passages_and_words_apart() -> None:
    passages = [
        tagged("rationalisation", words=30),
        tagged("professionnelle", words=10),
        tagged("mixte", Relation.OPPOSITION, words=20),
        tagged("mixte", Relation.ARTICULATION, words=20),
        tagged("neutre", words=20),
    ]
    (whole,) = summarise(rows(passages), ())
    assert whole.passages == 5
    assert whole.words == 100
    assert whole.shares == {"rationalisation": 0.2, "professionnelle": 0.2, "mixte": 0.4, "neutre": 0.2}
    assert whole.shares_by_words["rationalisation"] == 0.3
    assert whole.tension_share == 0.2  # one opposition among five passages, the base of every share
    assert whole.relations == {"opposition": 1, "articulation": 1, "juxtaposition": 0}


def test_interviewer_is_in_no_number() -> None:
    answers = [tagged("professionnelle", speaker="A", role=Role.RESPONDENT) for _ in range(4)]
    asked = [tagged("rationalisation", speaker="Q", role=Role.INTERVIEWER, counted_=False) for _ in range(4)]
    assert summarise(rows([*answers, *asked]), ()) == summarise(rows(answers), ())


def test_balance_needs_twenty_bearing_passages() -> None:
    # 12 P and 8 M: (12 − 8)/20 = .2; one fewer says nothing.
    passages = [tagged("professionnelle")] * 12 + [tagged("rationalisation")] * 8
    assert summarise(rows(passages), ())[0].balance == 0.2
    assert summarise(rows(passages[1:]), ())[0].balance is None
    # A mixte passage bears both.
    assert summarise(rows([tagged("mixte", Relation.OPPOSITION)] * 10), ())[0].balance == 0.0


def test_groups_are_sorted_and_cross() -> None:
    passages = [
        tagged(document="b", metadata={"genre": "presse"}),
        tagged(document="a", metadata={"genre": "entretien"}),
        tagged(document="c"),
    ]
    groups = summarise(rows(passages, ("genre", "document")), ("genre", "document"))
    assert groups[0].by == {}
    assert [tuple(g.by.values()) for g in groups[1:]] == [
        ("(non renseigné)", "c"),
        ("entretien", "a"),
        ("presse", "b"),
    ]


def test_inside_one_document_people_are_the_clusters() -> None:
    people = [tagged("professionnelle" if i % 3 else "neutre", speaker=f"P{i % 6}", start=i) for i in range(60)]
    (whole,) = summarise(rows(people), ())
    assert "person" in whole.method
    assert whole.speakers == 6
    # Six speakers, each constant: P0 and P3 always neutral; the share is 2/3 and there is an interval.
    assert whole.shares["professionnelle"] == 0.6667
    assert whole.intervals["professionnelle"] is not None


def test_axes_are_counted_by_pole() -> None:
    both = {"temps": ("rationalisation", "professionnelle"), "cout": ("rationalisation",)}
    (whole,) = summarise(rows([tagged("mixte", Relation.OPPOSITION, axes=both)] * 3), ())
    assert whole.axes["temps"] == {"rationalisation": 3, "professionnelle": 3}
    assert whole.axes["cout"] == {"rationalisation": 3, "professionnelle": 0}


def test_stances_are_counted_by_pole() -> None:
    lost = {"rationalisation": "contestee", "professionnelle": "menacee"}
    passages = [
        *[tagged("mixte", Relation.OPPOSITION, "a", stance=lost)] * 3,
        *[tagged("rationalisation", document="b", stance={"rationalisation": "soutenue"})] * 2,
        tagged(document="b", stance={}),
        tagged("rationalisation", document="b", stance={"rationalisation": "decrite"}, counted_=False),
    ]
    whole, a, b = summarise(rows(passages, ("document",)), ("document",))
    assert whole.stance == {
        "rationalisation": {"soutenue": 2, "contestee": 3, "decrite": 0},
        "professionnelle": {"soutenue": 0, "contestee": 0, "decrite": 0, "menacee": 3},
    }
    assert a.stance is not None
    assert b.stance is not None
    assert a.stance["rationalisation"] == {"soutenue": 0, "contestee": 3, "decrite": 0}
    assert set(b.stance["professionnelle"].values()) == {0}


def test_stance_follows_the_order_of_the_codebook() -> None:
    (whole,) = summarise(rows([tagged("rationalisation", stance={"rationalisation": "decrite"})]), ())
    assert whole.stance is not None
    in_order = list(read_toml("codebook.toml")["stances"])
    assert list(whole.stance["professionnelle"]) == in_order
    # « menacee » : logique professionnelle seulement.
    assert list(whole.stance["rationalisation"]) == [name for name in in_order if name != "menacee"]


def test_a_model_without_stance_gives_none_rather_than_zeros() -> None:
    uncoded = tagged("rationalisation")
    assert summarise(rows([uncoded]), ())[0].stance is None
    # Of a passage not coded for stance and one that is, the second alone is in the base.
    (whole,) = summarise(rows([uncoded, tagged("rationalisation", stance={"rationalisation": "decrite"})]), ())
    assert whole.stance is not None
    assert sum(whole.stance["rationalisation"].values()) == 1


def test_nothing_counted_gives_no_share() -> None:
    (whole,) = summarise([], ())
    assert whole.passages == 0
    assert whole.tension_share is None
    assert set(whole.shares.values()) == {None}


def test_most_telling_tensions_come_from_several_documents() -> None:
    a = [tagged("mixte", Relation.OPPOSITION, "a", start, scores=(0.9, 0.99 - start / 1000)) for start in (0, 100)]
    b = tagged("mixte", Relation.OPPOSITION, "b", scores=(0.9, 0.6))
    calm = tagged("mixte", Relation.ARTICULATION, "c", scores=(0.99, 0.99))
    asked = tagged("mixte", Relation.OPPOSITION, "d", counted_=False)
    assert most_telling([calm, *a, b, asked], 2) == [a[0], b]
    kept: list[TaggedPassage] = []
    for one in (a[1], calm, b, asked, a[0]):
        kept = keep_best(kept, one, 2)
    assert kept == [a[0], b]


def test_a_label_names_a_speaker_of_one_document() -> None:
    passages = [tagged(document="e1", speaker="Interviewée"), tagged(document="e2", speaker="Interviewée")]
    groups = summarise(rows(passages, ("speaker",)), ("speaker",))
    assert [group.by["speaker"] for group in groups[1:]] == ["e1 / Interviewée", "e2 / Interviewée"]


def test_documents_weigh_the_same_in_the_mean_of_their_shares() -> None:
    # One long interview, nine neutral passages and a mixte one; one short note, all mixte: (.1 + 1)/2 against 2/11.
    opposed = ("mixte", Relation.OPPOSITION)
    passages = [tagged(document="a")] * 9 + [tagged(*opposed, document="a"), tagged(*opposed, document="b")]
    (whole,) = summarise(rows(passages), ())
    assert whole.shares["mixte"] == 0.1818
    assert whole.shares_by_document["mixte"] == whole.shares_by_document["tension"] == 0.55
    assert whole.shares_by_document["neutre"] == 0.45


def test_stances_have_intervals_on_their_own_base() -> None:
    # Six documents; of the four passages that bear M in each, i are contested; neutral ones must not count.
    passages = [
        tagged("rationalisation", document=f"d{i}", stance={"rationalisation": "contestee" if j < i else "decrite"})
        for i in range(1, 7)
        for j in range(6)
    ]
    neutral = [tagged(document=f"d{i}", stance={}) for i in range(1, 7) for _ in range(20)]
    (whole,) = summarise(rows([*passages, *neutral]), ())
    alone = ratio_interval({f"d{i}": i for i in range(1, 7)}, {f"d{i}": 6 for i in range(1, 7)})
    assert whole.stance_intervals["rationalisation"]["contestee"] == alone
    assert "professionnelle" not in whole.stance_intervals  # nothing to divide


def test_year_comes_from_a_date_when_no_column_says_it() -> None:
    metadata = [
        {"date": "12/03/2021"},
        {"date": "2021-11-02"},
        {"annee": "2022"},
        {"date": "le 3 mai"},
        {"year": "2020", "date": "2021"},
        {"date": "réf. 120210"},
    ]
    passages = [tagged(document=f"d{i}", metadata=one) for i, one in enumerate(metadata)]
    groups = summarise(rows(passages, ("year",)), ("year",))
    assert [(g.by["year"], g.documents) for g in groups[1:]] == [
        ("(non renseigné)", 2),
        ("2020", 1),
        ("2021", 2),
        ("2022", 1),
    ]


def test_a_share_too_rare_for_a_bootstrap_is_named_in_the_method() -> None:
    """Forty documents, three with a tension: replicates without any would be common."""
    passages = [
        tagged(label, relation, document=f"d{rank:02}", start=start)
        for rank in range(40)
        for start, (label, relation) in enumerate(
            (
                ("rationalisation" if rank % 2 else "professionnelle", None),
                ("mixte", Relation.OPPOSITION if rank < 3 else Relation.ARTICULATION),
                ("mixte" if rank % 3 else "neutre", Relation.ARTICULATION if rank % 3 else None),
            )
        )
    ]
    told = summarise(rows(passages), ())[0].method
    assert told.startswith("bootstrap-t-2000")
    assert told.endswith("; student-logit: tension")
