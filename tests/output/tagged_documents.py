"""Coded documents for the tests of exchange formats: traps of offsets, of spreadsheets, of names."""

from collections.abc import Mapping, Sequence
from itertools import pairwise

from hypothesis import strategies as st

from tensions_cli.knowledge.codebook import codebook, label_of
from tensions_cli.records import (
    Block,
    CodedBy,
    Document,
    Evidence,
    Passage,
    Relation,
    Role,
    TaggedDocument,
    TaggedPassage,
    Tags,
)

BY = CodedBy("tensions 0.1.0", "tensions-0.1.0+4d97ed5e", "standard 0.1.0 (4d97ed5e)", ("Codes à relire.",))
POLES = ("rationalisation", "professionnelle")


def tags(
    label: str = "mixte",
    relation: str | None = "opposition",
    axes: Mapping[str, tuple[str, ...]] | None = None,
    stance: Mapping[str, str] | None = None,
    coded_by: str = "model",
    *,
    logics: tuple[str, ...] | None = None,
    relations: Mapping[str, str] | None = None,
) -> Tags:
    """Codes of a passage. `logics`: which, for a `mixte` of a codebook that has more than two; `relations` by pair."""
    book = codebook()
    if logics is None:
        logics = {"mixte": book.poles, "neutre": ()}.get(label, (label,))
    if relations is None:
        relations = dict.fromkeys(book.pairs_of(logics), relation) if relation else {}
    return Tags(
        label=label,
        logics=logics,
        relation=next((name for name in Relation if name in relations.values()), None),
        axes=dict(axes or {}),
        scores={pole: 0.91 if pole in logics else 0.07 for pole in book.poles},
        evidence=(Evidence(0, 1, book.poles[0], None),),
        certain=True,
        coded_by=coded_by,
        model=BY.model,
        stance=stance,
        relations={pair: Relation(name) for pair, name in relations.items()},
    )


def document(
    name: str, text: str, spans: Sequence[tuple[int, int, Tags]], metadata: Mapping[str, str] | None = None
) -> TaggedDocument:
    passages = tuple(
        TaggedPassage(
            Passage(
                f"{name}#{start}-{end}",
                name,
                start,
                end,
                text[start:end],
                turn=rank,
                speaker="A",
                role=Role.RESPONDENT,
                metadata=dict(metadata or {}),
            ),
            these,
        )
        for rank, (start, end, these) in enumerate(spans, start=1)
    )
    blocks = (Block(0, len(text)),) if text else ()
    return TaggedDocument(Document(name, f"{name}.txt", "txt", text, blocks, metadata=dict(metadata or {})), passages)


FULL = tags(
    axes={"temps": POLES, "evaluation": ("rationalisation",)},
    stance={"rationalisation": "contestee", "professionnelle": "menacee"},
)


def two_documents() -> list[TaggedDocument]:
    """An interview with an emoji before its passages, and a note that begins with a dash."""
    talk = "E\u00a0: Ça va \U0001f600\u202f?\nA : On coche des cases, on n'a plus le temps d'e\u0301couter."
    answer = talk.index("On coche")
    note = "- Budget voté. =1+1 euros par repas\nIl lui tient la main."
    hand = note.index("Il lui")
    return [
        document(
            "entretiens/E 01",
            talk,
            [(0, talk.index("\n"), tags("neutre", None)), (answer, len(talk), FULL)],
            {"structure": "IME", "code": "007"},
        ),
        document(
            "note",
            note,
            [
                (0, note.index("\n"), tags("rationalisation", None, {"cout": ("rationalisation",)})),
                (hand, len(note), tags("professionnelle", None, stance={"professionnelle": "soutenue"})),
            ],
            {"année": "2024"},
        ),
    ]


@st.composite
def any_tags(draw: st.DrawFn) -> Tags:
    """Codes that the codebook in use allows."""
    book = codebook()
    chosen = draw(st.sets(st.sampled_from(book.poles)))
    present = tuple(pole for pole in book.poles if pole in chosen)
    relations = {pair: draw(st.sampled_from(book.relations)) for pair in book.pairs_of(present)}
    axes: dict[str, tuple[str, ...]] = {}
    if present:
        for axis in draw(st.lists(st.sampled_from(book.axes), unique=True, max_size=3)):
            at_work = draw(st.sets(st.sampled_from(present), min_size=1))
            axes[axis] = tuple(pole for pole in book.poles if pole in at_work)
    stance = {pole: draw(st.sampled_from(book.stances[pole])) for pole in present if draw(st.booleans())}
    ordered = {axis: axes[axis] for axis in book.axes if axis in axes}
    return tags(label_of(present), None, ordered, stance or None, logics=present, relations=relations)


# The strings of formats.md, section 2, and those that break tables and markup.
PIECES = [
    "On coche des cases",
    "\U0001f600 ",
    "e\u0301couter",
    "\u00a0:",
    "\u202f?",
    "\n",
    "=1+1",
    "- Oui",
    "@",
    "'",
    "\t",
    '"',
    ";",
    "<b>&amp;",
    "_x0041_",
    "\u2028",
    "007",
    " ",
    "œ",
]


@st.composite
def any_documents(draw: st.DrawFn) -> list[TaggedDocument]:
    """One to three documents cut into passages that do not overlap and are not blank."""
    documents = []
    for rank in range(draw(st.integers(1, 3))):
        text = "".join(draw(st.lists(st.sampled_from(PIECES), min_size=1, max_size=14)))
        cuts = sorted(draw(st.sets(st.integers(0, len(text)), max_size=8)) | {0, len(text)})
        spans = [
            (start, end, draw(any_tags()))
            for start, end in pairwise(cuts)
            if text[start:end].strip() == text[start:end] and text[start:end]
        ]
        documents.append(document(f"doc {rank}", text, spans, {"code": "007"} if draw(st.booleans()) else {}))
    return documents
