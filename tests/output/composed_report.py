"""Reports made by hand for the tests of their renderings: every kind of finding, small groups, masks, hostile names."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from tagged_documents import tags

from tensions_cli.knowledge.codebook import (
    Codebook,
    codebook,
    load_codebook,
    parse_codebook,
    shipped,
    use_codebook,
)
from tensions_cli.records import (
    Analysis,
    CastMember,
    DocumentInfo,
    Dropped,
    Evidence,
    Group,
    Interval,
    Passage,
    Relation,
    Role,
    Skipped,
    TaggedPassage,
    ZoneKind,
)
from tensions_cli.results import (
    AxisPair,
    Bringer,
    CharacteristicWord,
    Comparison,
    CorrectedShare,
    Correction,
    Corrections,
    Correspondence,
    Course,
    CoursePoint,
    Cutting,
    Difference,
    ErrorRates,
    Estimate,
    FactorPoint,
    Period,
    Profile,
    Reply,
    Report,
    Trend,
    Vocabulary,
)

STUDENT = "student-ratio by document, 95 %"
FEW = "none: fewer than 5 documents"
MASKED = "none: masked"
HOSTILE = '=HYPERLINK("http://exemple.invalid";"clic") | <b>*_`[x](y)`_*</b> \\| $a$ ~~b~~'
MANIFEST = {
    "tool": {"name": "tensions", "version": "0.1.0"},
    "model": {
        "identity": "standard 0.1.0 (4d97ed5e)",
        "name": "standard",
        "sha256": "4d97ed5e" * 8,
        "tension": {"precision": 0.4714, "recall": 0.5862},
    },
    "codebook": {"version": 4, "sha256": "f7483a7b" * 8},
    "lexicon": {"sha256": "deb2481e" * 8},
    "language_model": "fr_core_news_md 3.8.0",
    "options": {"by": ["genre"], "unit": "passage", "keep_interviewer": False, "text_column": None},
}
FIGURES = {
    "evaluation": {"macro_f1": 0.7533, "macro_f1_interval": [0.7415, 0.7649], "passages": 7414, "documents": 253}
}
CARD = (
    "# Model `standard` 0.1.0\n\n**Provenance:** The texts were composed for this project, written and coded with "
    "language models; nobody coded them to date.\n\n## How good it is\n"
)


ASSOCIATIONS = Path(__file__).parents[2] / "corpora" / "associations"
NAMES = ("soin", "gestion", "droit", "egalite", "marche", "usage")
SAID = ("l’éthique du soin", "la gestion", "le droit", "l’égalité", "le marché", "l’usage")
LETTERS = "SGDEMU"


def of_logics(count: int) -> Codebook:
    """A codebook of our own, of two to six logics whose names take every article."""
    stances = "stances = ['soutenue', 'contestee', 'tue']"
    logics = "".join(
        f"[[logics]]\nname = '{name}'\nletter = '{letter}'\nsaid = '{said}'\n{stances}\n"
        f"question = 'Le passage parle de {name} :'\ncases = ['premier cas ; second cas']\n"
        for name, said, letter in list(zip(NAMES, SAID, LETTERS, strict=True))[:count]
    )
    axes = "".join(
        f"[[axes]]\nname = '{axis}'\n" + "".join(f"{name} = 'ce que {name} en dit'\n" for name in NAMES[:count])
        for axis in ("horaires", "argent", "parole", "preuve", "lieu", "dehors")
    )
    return parse_codebook(
        f"""name = 'trois-mondes'
version = 7
title = 'Soigner, gérer, défendre'
{logics}
[relations]
opposition = 'contre'
articulation = 'avec'
juxtaposition = 'à côté'
[stances]
soutenue = 'défendue'
contestee = 'refusée'
tue = 'passée sous silence'
{axes}
[[rules]]
number = 1
title = 'Le mot seul'
text = 'Un mot ne suffit pas : « soin » cité en passant ne compte pas.'
""".encode(),
        b"",
    )


@contextmanager
def in_use(book: Codebook) -> Iterator[Codebook]:
    """A codebook in use for a while, then the shipped one again."""
    use_codebook(book)
    try:
        yield book
    finally:
        use_codebook(shipped())


def associations() -> Codebook:
    """The second codebook, with two logics."""
    return load_codebook(ASSOCIATIONS)


def group(by: dict[str, str], documents: int, passages: int, method: str = STUDENT) -> Group:
    """Shares 30 % M, 20 % P, 10 % mixte, 40 % neutre, 6 % tension; bounds five points away where there is a method.

    With more logics, the share of P is theirs in equal parts.
    """
    book = codebook()
    first, *others = book.poles
    shares = {first: 0.3, **{pole: round(0.2 / len(others), 4) for pole in others}, "mixte": 0.1, "neutre": 0.4}
    measured = {**shares, "tension": 0.06}
    return Group(
        by=by,
        documents=documents,
        speakers=documents,
        passages=passages,
        words=40 * passages,
        shares=shares,
        shares_by_words=shares,
        shares_certain=shares,
        certain=passages - 10,
        relations={"opposition": 6, "articulation": 3, "juxtaposition": 1},
        tension_share=0.06,
        balance=None if book.by_pair else -0.1429,
        stance={pole: dict.fromkeys(names, 10) for pole, names in book.stances.items()},
        axes={axis: {first: rank, **dict.fromkeys(others, 0)} for rank, axis in enumerate(book.axes)},
        intervals={
            name: None if method.startswith("none") else Interval(round(share - 0.05, 4), round(share + 0.05, 4))
            for name, share in measured.items()
        },
        method=method,
        persons=documents,
        shares_by_document=measured,
        stance_intervals={first: {"contestee": Interval(0.2, 0.5)}},
        pairs=pairs_of(6, 3, 1) if book.by_pair else {},
    )


def pairs_of(*counts: int) -> dict[str, dict[str, int]]:
    """The first pair has these passages by relation, and each pair after it one opposition more."""
    book = codebook()
    return {
        pair: {"opposition": counts[0] + rank, "articulation": counts[1], "juxtaposition": counts[2]}
        for rank, pair in enumerate(book.pairs)
    }


def masked(by: dict[str, str], why: str = "few") -> Group:
    """A group whose numbers are held back."""
    none: dict[str, float | None] = dict.fromkeys(codebook().labels)
    axes = {axis: dict.fromkeys(codebook().poles, 0) for axis in codebook().axes}
    relations = dict.fromkeys(codebook().relations, 0)
    intervals = dict.fromkeys((*none, "tension"))
    return Group(by, 0, 0, 0, 0, none, none, none, 0, relations, None, None, None, axes, intervals, MASKED, masked=why)


def document(name: str, words: int = 1200) -> DocumentInfo:
    return DocumentInfo(
        name, f"{name}.docx", "docx", None, "0" * 64, words, 30, 24, {"interviewer": 6},
        (Dropped(0, 9, ZoneKind.METADATA, "", 3),), (), (),
    )  # fmt: skip


def passage(text: str, document_name: str = "E1-aide-a-domicile", start: int = 0, **metadata: str) -> TaggedPassage:
    """A tension of the first two logics on the first axis; its first word is evidence of one, its last of the other."""
    book = codebook()
    one, other = book.poles[:2]
    first, last = len(text.split(" ")[0]), len(text.rstrip(".").split(" ")[-1])
    own = Passage(
        f"{document_name}#{start}-{start + len(text)}", document_name, start, start + len(text), text, turn=4,
        speaker="Interviewée", role=Role.RESPONDENT, context="Et le logiciel, alors\u00a0?", metadata=metadata,
    )  # fmt: skip
    coded = tags(
        axes={book.axes[0]: (one, other), book.axes[1]: (one,)},
        stance={one: "contestee", other: book.stances[other][-1]},
        logics=(one, other),
    )
    end = len(text.rstrip("."))
    marks = (Evidence(0, first, one, book.axes[0]), Evidence(end - last, end, other, None))
    return TaggedPassage(own, replace(coded, evidence=marks))


SENTENCES = (
    "Chronométrer une toilette, d’accord, mais qui chronomètre l’écoute.",
    "Les grilles se remplissent le soir, quand il n’y a plus de présence.",
)


def word(name: str, specificity: float) -> CharacteristicWord:
    return CharacteristicWord(name, 12, 20, 300, 1000, 6.0, specificity, 1.25, 3.49, 5, 7, 0.25)


def estimate(value: float, spread: float = 0.08, method: str = STUDENT) -> Estimate:
    return Estimate(value, Interval(round(value - spread, 4), round(value + spread, 4)), method)


def scores(*given: float) -> dict[str, float]:
    """Of the first logics; a fifth for the others."""
    return {pole: given[rank] if rank < len(given) else 0.2 for rank, pole in enumerate(codebook().poles)}


def point(name: str, *, supplementary: bool = False) -> FactorPoint:
    return FactorPoint(
        name, 0.0 if supplementary else 0.24, 65, (0.5001, -0.3416),
        () if supplementary else (0.4687, 0.3062), (0.6818, 0.3182),
    )  # fmt: skip


def full_report(name: str = "presse") -> Report:
    """Everything there is, on two genres of which `name` is one, and a third that is masked."""
    book = codebook()
    one, other = book.poles[:2]
    time, worth, _, cost, *_, user = book.axes[:6]
    whole = group({}, 12, 324)
    analysis = Analysis(
        MANIFEST, ("document",), (document("E1-aide-a-domicile"), document("P1-tribune")),
        (Skipped("notes/vide.txt", "empty", "le fichier est vide"),), ("Trois documents n’ont pas de genre.",),
        (whole, group({"document": "E1-aide-a-domicile"}, 1, 24, FEW), group({"document": "P1-tribune"}, 1, 300, FEW)),
        (passage(SENTENCES[0]),),
        cuttings=(Cutting(30, 500, 22.4, whole.shares, 0.05, False), Cutting(45, 324, 31.6, whole.shares, 0.06, True)),
    )  # fmt: skip
    genres = (
        whole,
        group({"genre": "entretien"}, 6, 160),
        group({"genre": name}, 6, 164),
        masked({"genre": "projet"}),
        masked({"genre": "tract"}, "secondary"),
    )
    differences = (
        Difference(
            "tension", "entretien", name, (0.03, 0.09), estimate(0.06, 0.05, "student-difference by document, 95 %"),
            0.2621, 0.0004, 0.002, (6, 6), (160, 164),
        ),
        Difference(
            "neutre", "entretien", name, (0.4, 0.25), Estimate(-0.15, None, "none: fewer than 5 documents"),
            -0.3222, None, None, (6, 4), (160, 90),
        ),
    )  # fmt: skip
    comparison = Comparison(MANIFEST, ("genre",), (), (), genres, None, differences, 1, None, None, None)
    trend = Trend(
        "year",
        tuple(
            Period(year, 6, 160, {"tension": share}, {"tension": estimate(share, 0.02)})
            for year, share in (("2021", 0.04), ("2022", 0.08))
        ),
        {"tension": estimate(0.04, 0.03)},
        2,
        STUDENT,
    )
    vocabulary = Vocabulary(
        "label", 1000, 400, 800, "Lemmes, mots-outils exclus, trois occurrences au moins.",
        (Profile(one, 300, 5, (word("tableau de bord", 2.3246),), (word("écouter", -2.1423),),
                 (word("qualiticien", 4.0),)),),
    )  # fmt: skip
    factors = Correspondence(
        "genre", 59.4735, 324, (0.115639, 0.082606), (0.5833, 0.4167),
        (point(one),), (point(name),), (point(f"{time}:{one}", supplementary=True),),
    )  # fmt: skip
    course = Course(
        "E1-aide-a-domicile",
        (CoursePoint(0.25, scores(0.0, 1.0), "E1-aide-a-domicile#0-10"),
         CoursePoint(0.75, scores(0.5, 0.12), "E1-aide-a-domicile#11-40")),
        (Reply("E1-aide-a-domicile#0-10", "E1-aide-a-domicile#11-40", "enquêté 1", "enquêté 2", one, "mixte",
               "Qui décide des horaires\u00a0?"),),
        (Bringer("enquêté 1", "respondent", 24, {one: 9, other: 8}, {one: 4, other: 2}, {one: 5, other: 6}),),
        {Relation.OPPOSITION: {time: 2}},
        {Relation.OPPOSITION: 3, Relation.JUXTAPOSITION: 1},
    )  # fmt: skip
    corrected = CorrectedShare(
        f"{one}+", estimate(0.31, 0.02), estimate(0.28, 0.05), estimate(0.274, 0.062),
        ErrorRates(60, 140, 0.8667, 0.9),
    )  # fmt: skip
    return Report(
        title="Aide à domicile et presse",
        documents=analysis,
        fields={"genre": genres},
        comparisons={"genre": comparison},
        trend=trend,
        vocabulary=vocabulary,
        factors=(factors,),
        axis_pairs=(AxisPair(time, worth, 12, 30, 40, 242, 6.74, 1.78),),
        meetings={Relation.OPPOSITION: {time: 5, cost: 2}, Relation.ARTICULATION: {user: 1}},
        courses=(course,),
        corrections=Corrections(
            ("codeur 1",),
            200,
            3,
            False,
            (
                Correction({}, 200, 9, (corrected,)),
                Correction({"genre": "tract"}, 4, 1, (), "none: fewer than 30 gold passages"),
            ),
        ),
        cast={"E1-aide-a-domicile": (CastMember("Interviewée", Role.RESPONDENT, 12, 900, "étiquette"),)},
        passages=(passage(SENTENCES[0], genre="entretien"), passage(SENTENCES[1], start=80, genre="entretien")),
        all_passages=False,
        verbatim=True,
        mask_under=5,
        figures=FIGURES,
        card=CARD,
        notes=("Les groupes viennent de metadata.csv.",),
        warnings=("Un groupe de cinq personnes n’a que des passages neutres.",),
    )


def bare_report() -> Report:
    """One short text, no group, no date, nothing to compare, nothing quoted."""
    full = full_report()
    whole = replace(group({}, 1, 24, FEW), stance=None, relations=dict.fromkeys(codebook().relations, 0))
    return replace(
        full,
        title="",
        documents=replace(
            full.documents,
            documents=(document("Texte 1"),),
            skipped=(),
            groups=(whole, replace(whole, by={"document": "Texte 1"})),
            examples=(),
            cuttings=(),
        ),
        fields={},
        comparisons={},
        trend=None,
        vocabulary=None,
        factors=(),
        axis_pairs=(),
        meetings={},
        courses=(),
        corrections=None,
        cast={},
        passages=(),
        verbatim=False,
        mask_under=0,
        notes=(),
        warnings=(),
    )
