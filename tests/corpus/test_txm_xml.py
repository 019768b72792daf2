"""XML corpora of TXM: words put back into French lines, attributes of texts as metadata."""

from pathlib import Path
from xml.sax.saxutils import escape

import pytest
from accounting import assert_accounted
from hypothesis import given
from hypothesis import strategies as st

from tensions_cli.corpus.formats.tei import Word, spaced
from tensions_cli.corpus.formats.xml_text import read_xml
from tensions_cli.corpus.sources import SourceFile
from tensions_cli.corpus.speakers import find_turns
from tensions_cli.errors import UnreadableError
from tensions_cli.records import BlockKind, Document, Skipped

NB = "\u00a0"


def read_all(content: str) -> list[Document | Skipped]:
    results = list(read_xml(content.encode(), SourceFile(Path("E01.xml"), "E01.xml", "E01")))
    for result in results:
        if isinstance(result, Document):
            assert_accounted(result)
    return results


def read(content: str) -> Document:
    (document,) = read_all(content)
    assert isinstance(document, Document)
    return document


def shown(document: Document) -> list[str]:
    return [document.text[block.start : block.end] for block in document.blocks]


def txm(words: list[str]) -> str:
    """Words as XML-TXM writes them, each with its lemma and its part of speech."""
    return "\n".join(
        f'<w xml:id="w_E01_{rank}" n="{rank}"><txm:form>{escape(word)}</txm:form>'
        '<txm:ana resp="#txm" type="#frpos">NOM</txm:ana><txm:ana resp="#txm" type="#frlemma">lemme</txm:ana></w>'
        for rank, word in enumerate(words, start=1)
    )


def test_xml_txm_is_read_word_by_word_without_its_annotations() -> None:
    sentence = txm(["L'", "équipe", "a", "dit", ":", "«", "on", "ferme", "»", ",", "sans", "nous", "."])
    content = (
        '<?xml version="1.0" encoding="UTF-8"?>\n<TEI xmlns="http://www.tei-c.org/ns/1.0" '
        'xmlns:txm="http://textometrie.org/1.0"><teiHeader/><text id="E01" structure="IME" annee="2024">'
        f'<p n="1"><s n="1">{sentence}</s>\n<s n="2">{txm(["Personne", "ne", "répond", "."])}</s></p></text></TEI>'
    )
    document = read(content)
    assert shown(document) == [f"L'équipe a dit{NB}: «{NB}on ferme{NB}», sans nous. Personne ne répond."]
    assert document.metadata == {"structure": "IME", "annee": "2024"}
    assert document.id == "E01"


def test_words_of_a_transcript_keep_their_speakers() -> None:
    content = (
        '<TEI xmlns:txm="http://textometrie.org/1.0"><text id="E01">'
        f'<sp who="ENQ"><u time="0">{txm(["vous", "commencez", "quand", "?"])}</u></sp>'
        f'<sp who="A"><u time="2">{txm(["à", "sept", "heures", "."])}</u></sp></text></TEI>'
    )
    document = read(content)
    assert [(turn.speaker, document.text[turn.start : turn.end]) for turn in find_turns(document).turns] == [
        ("ENQ", f"vous commencez quand{NB}?"),
        ("A", "à sept heures."),
    ]


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["l’", "usager", "n'", "est", "pas", "là"], "l’usager n'est pas là"),
        (["aujourd'", "hui"], "aujourd'hui"),
        (["oui", "(", "rires", ")", ",", "mais", "non", "…"], "oui (rires), mais non…"),
        (["a", "-t", "-elle", "vu", "?"], f"a-t-elle vu{NB}?"),
        (["ah", "bon", "?!"], f"ah bon{NB}?!"),
        (["50", "%", ";", "rien"], f"50{NB}%{NB}; rien"),
        (["dit", '"', "oui", '"', "vite"], 'dit "oui" vite'),
        (["un", "-", "deux"], "un - deux"),
        (["[", "bruit", "]"], "[bruit]"),
        (["fin", "..."], "fin..."),
    ],
)
def test_french_spacing(words: list[str], line: str) -> None:
    assert spaced([Word(word) for word in words]) == line


def test_what_the_markup_says_of_a_join_wins() -> None:
    document = read('<text><p><w>anti</w><w join="left">-crise</w> <w join="right">re</w><w>lire</w></p></text>')
    assert shown(document) == ["anti-crise relire"]


def test_words_inside_plain_text_keep_its_spaces() -> None:
    document = read("<text><p>Le <w lemma='juge'>juge</w>, <w>seul</w> , tranche.</p></text>")
    assert shown(document) == ["Le juge, seul , tranche."]


def test_xtz_attributes_are_metadata_and_paragraphs_are_blocks() -> None:
    document = read(
        '<?xml version="1.0" encoding="UTF-8"?><text id="E01" structure="CHRS" annee="2023" xml:lang="fr" path="/x/y">'
        "<head>L’accueil</head>\n<p>On ouvre tôt.</p>\n<p>On ferme <emph>tard</emph>.</p></text>"
    )
    assert [(block.kind, document.text[block.start : block.end]) for block in document.blocks] == [
        (BlockKind.TITLE, "L’accueil"),
        (BlockKind.PARAGRAPH, "On ouvre tôt."),
        (BlockKind.PARAGRAPH, "On ferme tard."),
    ]
    assert document.metadata == {"structure": "CHRS", "annee": "2023"}
    assert document.format == "xml"


def test_several_texts_in_one_file_are_as_many_documents() -> None:
    content = (
        "<corpus><titre>Trois équipes de nuit</titre><text id='IME_1' structure='IME'><p>On veille.</p></text>"
        "<text id='vide'><p/></text><text structure='CHRS'><p>On oriente.</p></text></corpus>"
    )
    first, empty, last = read_all(content)
    assert isinstance(first, Document)
    assert isinstance(last, Document)
    assert (first.id, first.metadata, first.text) == ("IME_1", {"structure": "IME"}, "On veille.")
    assert (last.id, last.metadata, last.text) == ("E01#3", {"structure": "CHRS"}, "On oriente.")
    assert isinstance(empty, Skipped)
    assert empty.detail.startswith("texte 2 du corpus")
    assert any("mots hors des textes du corpus, laissés de côté\u00a0: 4" in notice for notice in first.notices)
    assert last.notices == ()


def test_elements_of_any_name_stand_on_lines_of_their_own_when_nothing_is_around_them() -> None:
    document = read(
        "<corpus><text><fiche><question>Qui signe ?</question><reponse>La <b>cheffe</b>.</reponse></fiche></text>"
        "</corpus>"
    )
    assert shown(document) == ["Qui signe ?", "La cheffe."]


def test_plain_paragraphs_of_a_text_without_markup() -> None:
    document = read("<text id='E01'>\nOn ouvre\ntôt.\n\nOn ferme tard.\n</text>")
    assert shown(document) == ["On ouvre tôt.", "On ferme tard."]


def test_a_corpus_of_words_without_text_element() -> None:
    document = read("<livre><chapitre><w>On</w> <w>attend</w><w>.</w></chapitre></livre>")
    assert shown(document) == ["On attend."]


def test_a_corpus_without_any_word_is_refused() -> None:
    with pytest.raises(UnreadableError) as error:
        read("<corpus><text id='a'/></corpus>")
    assert error.value.reason == "no_text"


TOKENS = st.lists(
    st.one_of(
        st.sampled_from(
            ["l'", "d’", "équipe", ",", ".", "«", "»", "?", ":", "(", ")", '"', "-t", "-il", "'", "…", "%", "&"]
        ),
        st.text("abcéàœ12", min_size=1, max_size=6),
    ),
    min_size=1,
    max_size=30,
)


@given(TOKENS)
def test_no_character_of_a_word_is_lost_and_words_never_melt(words: list[str]) -> None:
    document = read(f"<text><p>{''.join(f'<w>{escape(word)}</w>' for word in words)}</p></text>")
    assert "".join(document.text.split()) == "".join(words)
    line = spaced([Word(word) for word in words])
    at = 0
    for before, word in zip(["", *words], words, strict=False):
        found = line.index(word, at)
        if before.isalnum() and word.isalnum():
            assert found > at
        at = found + len(word)
