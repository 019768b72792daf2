"""Reports of sittings: every word to its orator, mentions of the report to nobody."""

from pathlib import Path

import pytest
from accounting import assert_accounted
from hypothesis import given
from hypothesis import strategies as st

from tensions_cli.corpus.formats.xml_text import read_xml
from tensions_cli.corpus.sources import SourceFile
from tensions_cli.corpus.speakers import find_turns
from tensions_cli.errors import UnreadableError
from tensions_cli.records import BlockKind, Document, ZoneKind

NAMESPACE = "http://schemas.assemblee-nationale.fr/referentiel"


def orators(*names: tuple[str, str]) -> str:
    inner = "".join(
        f"<orateur><nom>{name}</nom><id>77</id><qualite>{title}</qualite></orateur>" for name, title in names
    )
    return f"<orateurs>{inner}</orateurs>"


def paragraph(text: str, *names: tuple[str, str], style: str = "NORMAL", time: str = "") -> str:
    stamp = f' stime="{time}"' if time else ""
    return f'<paragraphe code_style="{style}">{orators(*names)}<texte{stamp}>{text}</texte></paragraphe>'


CHAIR = ("Mme la présidente", "")
MEMBER = ("M.\u00a0Paul Ost", "rapporteur")
SITTING = (
    "<quantiemes><journee>Séance du lundi 3 mars 2031</journee><session>Session 2030-2031</session></quantiemes>"
    + f"<ouvertureSeance><texte>Présidence de Mme Zeller<br/> vice-présidente</texte>{orators()}"
    + paragraph("La séance est ouverte.", CHAIR, time="12.50")
    + paragraph("<italique>(La séance est ouverte à neuf heures.)</italique>", style="Info Italiques")
    + "</ouvertureSeance><point nivpoint='1'><texte>Accueil de nuit <italique>(suite)</italique></texte>"
    + f"<point nivpoint='4'>{orators()}<interExtraction>"
    + paragraph("La parole est à M. le rapporteur.", CHAIR, time="20")
    + paragraph(
        "Deux veilleurs pour quarante lits.<br/>L’article 1<exposant>er</exposant> en demande un"
        " <italique>(Rires)</italique>&#160;: c’est peu.",
        MEMBER,
        time="31.00",
    )
    + paragraph("C’est faux&#160;!", ("Mme Anne Lys", ""), time="60")
    + "</interExtraction>"
    + paragraph("Nous verrons.", ("M. Paul Ost (UTR)", ""))
    + paragraph("(L’amendement n<exposant>o</exposant> 4 est adopté.) (Murmures.)", style="Info Italiques")
    + "</point></point><finSeance><point><texte>Ordre du jour</texte>"
    + paragraph("Le directeur Luc Serre", style="Signature droite")
    + "</point></finSeance>"
)


def report(content: str, more: str = "") -> str:
    return (
        f"<?xml version='1.0' encoding='UTF-8'?>\n<compteRendu xmlns='{NAMESPACE}'><uid>CR1</uid><metadonnees>"
        "<dateSeance>20310303090000000</dateSeance><session>Session 2030-2031</session><etat>complet</etat>"
        f"{more}</metadonnees><contenu>{content}</contenu></compteRendu>"
    )


def read(content: str) -> Document:
    (document,) = read_xml(content.encode(), SourceFile(Path("CR1.xml"), "CR1.xml", "CR1"))
    assert isinstance(document, Document)
    assert_accounted(document)
    return document


def zoned(document: Document, kind: ZoneKind) -> list[str]:
    return [document.text[zone.start : zone.end] for zone in document.zones if zone.kind is kind]


def test_each_word_to_its_orator() -> None:
    document = read(report(SITTING))
    assert [(block.voice, document.text[block.start : block.end]) for block in document.blocks] == [
        (None, "Présidence de Mme Zeller vice-présidente"),
        ("Mme la présidente", "La séance est ouverte."),
        (None, "Accueil de nuit (suite)"),
        ("Mme la présidente", "La parole est à M. le rapporteur."),
        ("M.\u00a0Paul Ost", "Deux veilleurs pour quarante lits."),
        ("M.\u00a0Paul Ost", "L’article 1er en demande un (Rires)\u00a0: c’est peu."),
        ("Mme Anne Lys", "C’est faux\u00a0!"),
        ("M. Paul Ost", "Nous verrons."),
        (None, "Ordre du jour"),
    ]
    assert [block.kind for block in document.blocks if block.voice is None] == [BlockKind.TITLE] * 3
    assert [block.time_start for block in document.blocks if block.voice] == [12.5, 20.0, 31.0, None, 60.0, None]


def test_turns_follow_the_orators_and_mentions_are_nobody_s() -> None:
    ready = find_turns(read(report(SITTING)))
    assert [((turn.speaker or "").replace("\u00a0", " "), turn.time_start) for turn in ready.turns] == [
        ("Mme la présidente", 12.5),
        ("Mme la présidente", 20.0),
        ("M. Paul Ost", 31.0),
        ("Mme Anne Lys", 60.0),
        ("M. Paul Ost", None),
    ]
    assert zoned(ready, ZoneKind.REMARK) == [
        "(La séance est ouverte à neuf heures.)",
        "(L’amendement no 4 est adopté.) (Murmures.)",
    ]
    assert zoned(ready, ZoneKind.TRAILER) == ["Le directeur Luc Serre"]


def test_orators_are_printed_above_their_words_as_labels() -> None:
    document = read(report(SITTING))
    assert zoned(document, ZoneKind.LABEL) == [
        "Mme la présidente", "Mme la présidente", "M.\u00a0Paul Ost, rapporteur", "Mme Anne Lys", "M. Paul Ost (UTR)",
    ]  # fmt: skip


def test_summary_and_fields() -> None:
    summary = (
        "<sommaire><presidentSeance>Présidence de Mme Zeller</presidentSeance><sommaire1><titreStruct>"
        "<intitule>Accueil de nuit</intitule></titreStruct><para>Amendement n<sup>o</sup> <lienAdt>4</lienAdt></para>"
        "</sommaire1></sommaire>"
    )
    document = read(report(SITTING, summary))
    first, *_ = zoned(document, ZoneKind.METADATA)
    assert first == "Présidence de Mme Zeller\nAccueil de nuit\nAmendement no 4"
    assert document.metadata == {"date": "2031-03-03", "session": "Session 2030-2031"}
    assert document.notices == ("champs techniques du compte rendu laissés de côté\u00a0: 2",)


def test_two_orators_at_once_are_named_together() -> None:
    document = read(report(paragraph("Scandaleux&#160;!", ("M. Paul Ost", ""), ("Mme Anne Lys", ""))))
    assert document.blocks[0].voice == "M. Paul Ost et Mme Anne Lys"


def test_words_of_nobody_are_not_the_previous_orator_s() -> None:
    content = paragraph("Bonjour.", CHAIR) + paragraph("Une voix s’élève.") + paragraph("Silence.", CHAIR)
    document = read(report(content))
    assert [turn.speaker for turn in find_turns(document).turns] == ["Mme la présidente", None, "Mme la présidente"]


def test_text_outside_paragraphs_is_kept_apart() -> None:
    document = read(report(f"<point>hors texte{paragraph('Bonjour.', CHAIR)}suite</point>"))
    assert zoned(document, ZoneKind.METADATA) == ["hors texte", "suite"]


def test_a_report_without_words_is_refused() -> None:
    with pytest.raises(UnreadableError) as error:
        read(report("<point/>"))
    assert error.value.reason == "no_text"


NAMES = st.sampled_from(["Mme la présidente", "M. Paul Ost", "Mme Anne Lys", ""])
SPOKEN = st.lists(st.sampled_from(["lits", "l’accueil", "article", "été", "!"]), min_size=1, max_size=6)


@given(st.lists(st.tuples(NAMES, st.lists(SPOKEN, min_size=1, max_size=3)), min_size=1, max_size=8))
def test_words_in_are_words_out_per_orator_in_order(speeches: list) -> None:
    content = "".join(
        paragraph("<br/>".join(" ".join(words) for words in parts), *([(name, "")] if name else []))
        for name, parts in speeches
    )
    document = read(report(content))
    expected = [(name or "inconnu", words) for name, parts in speeches for words in parts]
    found = [(block.voice, document.text[block.start : block.end].split()) for block in document.blocks]
    assert found == expected
