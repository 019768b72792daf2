"""Converters: what is written passes the other tool's rules whatever the text, and reads back with the same words."""

import csv
import io
import json
import re
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from tensions_cli.corpus.formats.plain import blocks_of, read_plain
from tensions_cli.corpus.formats.tables import read_jsonl
from tensions_cli.corpus.metadata import join, load_metadata
from tensions_cli.corpus.sources import SourceFile
from tensions_cli.corpus.speakers import find_turns
from tensions_cli.output.corpora import clean_txt, file_names, jsonl_row, paragraphs, txt_folder
from tensions_cli.output.corpus_iramuteq import iramuteq_corpus
from tensions_cli.output.corpus_tei import tei_document, tei_folder
from tensions_cli.output.corpus_txm import txm_folder
from tensions_cli.records import Block, BlockKind, Document, Role, Turn, Zone, ZoneKind
from tensions_cli.words import WORD

NS = {"t": "http://www.tei-c.org/ns/1.0"}
XML_ID = "{http://www.w3.org/XML/1998/namespace}id"
INTERVIEW = """Enquêtrice : Ça se passe comment, les évaluations ?
Odile : On coche des cases, on n’a plus le temps d’écouter.

Et puis le soir, on recommence.
Enquêtrice : Et avec l’équipe ?
Odile : L’équipe, c’est ce qui tient, on se parle entre deux portes.
Enquêtrice : D’accord.
Odile : Voilà, c’est à peu près tout.
"""


def prose(content: str, name: str = "note", /, **metadata: str) -> Document:
    return Document(name, f"{name}.txt", "txt", content, tuple(blocks_of(content)), metadata=metadata)


def interview(name: str = "E01", /, **metadata: str) -> Document:
    document = find_turns(prose(INTERVIEW, name, **metadata))
    assert [turn.role for turn in document.turns] == [Role.INTERVIEWER, Role.RESPONDENT] * 3
    return document


def words(text: str) -> list[str]:
    return WORD.findall(text)


def body_words(document: Document) -> list[str]:
    """The words outside zones, counted without the converter."""
    kept = list(document.text)
    for zone in document.zones:
        kept[zone.start : zone.end] = " " * (zone.end - zone.start)
    return words("".join(kept))


def checker_errors(corpus: str) -> list[str]:
    """The four rules of IRaMuTeQ's checker (formats.md §7.2), and what stops or loses a text (§7.3, §7.4)."""
    errors = ["bom"] * corpus.startswith("\ufeff") + ["return"] * ("\r" in corpus)
    empty = True
    for number, line in enumerate(corpus.split("\n"), start=1):
        if line.startswith("****"):
            errors += [f"{number}: previous text empty"] * (empty and number > 1)
            empty = True
            if " * " in line or line != line.rstrip():
                errors.append(f"{number}: lone star")
            for token in line.split(" ")[1:]:
                if not re.fullmatch(r"\*[a-z0-9]+_[A-Za-z0-9_]*[A-Za-z0-9][A-Za-z0-9_]*", token):
                    errors.append(f"{number}: variable")
            names = re.findall(r"\*([^_ ]+)_", line)
            errors += [f"{number}: repeated"] * (len(names) != len(set(names)))
        elif line.startswith("-*"):
            errors.append(f"{number}: theme")
        elif "*" in line or "$" in line or re.search("[\x00-\x08\x0b-\x1f]", line):
            errors.append(f"{number}: sign")
        elif line.strip():
            empty = False
    return errors


# clean text


def test_clean_text_is_the_body_with_a_label_per_turn() -> None:
    assert clean_txt(interview()) == (
        "Enquêtrice : Ça se passe comment, les évaluations ?\n\n"
        "Odile : On coche des cases, on n’a plus le temps d’écouter.\n\n"
        "Et puis le soir, on recommence.\n\n"
        "Enquêtrice : Et avec l’équipe ?\n\n"
        "Odile : L’équipe, c’est ce qui tient, on se parle entre deux portes.\n\n"
        "Enquêtrice : D’accord.\n\n"
        "Odile : Voilà, c’est à peu près tout.\n"
    )


def test_zones_are_out_and_words_around_them_stay_apart() -> None:
    text = "Accueil | Contact\nOn coche[3]tout\u00a0: la\u202fcase\n et le geste."
    document = Document(
        "a",
        "a.html",
        "html",
        text,
        (Block(18, len(text)),),
        zones=(Zone(0, 17, ZoneKind.CHROME), Zone(26, 29, ZoneKind.NOTE)),
    )
    assert clean_txt(document) == "On coche tout\u00a0: la\u202fcase et le geste.\n"


def test_the_subtitles_of_a_turn_are_one_paragraph() -> None:
    text = "On coche\ndes cases.\nPourquoi ?"
    cues = tuple(Block(start, end, BlockKind.CUE) for start, end in ((0, 8), (9, 19), (20, 30)))
    turns = (Turn(0, 19, "A", None), Turn(20, 30, None, None))
    document = Document("a", "a.vtt", "vtt", text, cues, turns=turns)
    assert clean_txt(document) == "A : On coche des cases.\n\nInconnu : Pourquoi ?\n"


def test_clean_text_reads_back_with_the_same_turns_and_words() -> None:
    before = interview()
    (read,) = read_plain(clean_txt(before).encode(), SourceFile(Path("E01.txt"), "E01.txt", "E01"))
    assert isinstance(read, Document)
    after = find_turns(read)
    assert [(turn.speaker, turn.role) for turn in after.turns] == [(turn.speaker, turn.role) for turn in before.turns]
    assert body_words(after) == body_words(before)


def test_json_lines_read_back() -> None:
    rows = [jsonl_row(interview(structure="IME", text="x", ID="7")), jsonl_row(prose("On coche.\n\n\x00Puis rien."))]
    assert list(rows[0]) == ["id", "text", "structure", "meta_text", "meta_ID"]
    data = "".join(json.dumps(row) + "\n" for row in rows).encode()
    results = list(read_jsonl(data, SourceFile(Path("c.jsonl"), "c.jsonl", "c"), record=False, text_column=None))
    one, two = (result for result in results if isinstance(result, Document))
    assert (one.id, one.metadata["structure"]) == ("E01", "IME")
    assert body_words(find_turns(one)) == body_words(interview())
    assert words(two.text) == ["On", "coche", "Puis", "rien"]


def test_a_folder_of_texts_joins_its_metadata_again(tmp_path: Path) -> None:
    files, _ = txt_folder([interview("dossier/É 01", structure="IME"), prose("On coche.", "b", structure="=1+1")])
    assert sorted(files) == ["b.txt", "dossier_E_01.txt", "metadata.csv"]
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    texts = [Document(name, f"{name}.txt", "txt", "Oui.", ()) for name in ("dossier_E_01", "b")]
    joined = join(texts, [load_metadata(tmp_path / "metadata.csv")])
    assert joined.notices == ()
    assert [dict(document.metadata) for document in joined.documents] == [
        {"document": "dossier/É 01", "structure": "IME"},
        {"document": "b", "structure": "'=1+1"},
    ]


def test_file_names_are_plain_and_distinct_whatever_the_case() -> None:
    names = file_names(["E 01", "e_01", "../../etc", "corpus#1", "日本", "", "x" * 300, "x" * 301])
    assert names[:6] == ["E_01", "e_01_2", "etc", "corpus_1", "texte", "texte_2"]
    assert all(re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]{0,110}", name) for name in names)
    assert len({name.lower() for name in names}) == len(names)


# IRaMuTeQ


def test_one_text_per_document_without_the_interviewer() -> None:
    corpus, notices = iramuteq_corpus([interview(structure="IME Nord", année="2024"), prose("Elle part.", "E-02")])
    assert corpus == (
        "**** *doc_E01 *structure_IME_Nord *annee_2024\n"
        "On coche des cases, on n’a plus le temps d’écouter. Et puis le soir, on recommence. "
        "L’équipe, c’est ce qui tient, on se parle entre deux portes. Voilà, c’est à peu près tout.\n"
        "\n"
        "**** *doc_E_02\n"
        "Elle part.\n"
    )
    assert any("enquêteur" in notice and notice.endswith("3") for notice in notices)
    kept, _ = iramuteq_corpus([interview()], keep_interviewer=True)
    assert "Ça se passe comment" in kept


def test_one_text_per_turn() -> None:
    corpus, _ = iramuteq_corpus([interview()], "turn")
    assert [line for line in corpus.split("\n") if line.startswith("****")] == [
        "**** *doc_E01 *speaker_Odile *role_respondent *turn_2",
        "**** *doc_E01 *speaker_Odile *role_respondent *turn_4",
        "**** *doc_E01 *speaker_Odile *role_respondent *turn_6",
    ]


def test_what_is_lost_is_said() -> None:
    texts = [
        prose("Des prestations* à 3 $.", "a", titre="x" * 90, lieu="IME-Nord", vide="日本"),
        prose("Elle _rit_.", "b", lieu="IME Nord"),
        prose("…", "c"),
    ]
    corpus, notices = iramuteq_corpus(texts)
    said = " ".join(notices)
    for part in ("* et $ retirés", "60 caractères", "confondues", "1 texte sans aucun mot", "entre _"):
        assert part in said
    assert "titre" not in corpus
    assert corpus.count("*lieu_IME_Nord") == 2
    assert "prestations à 3 ." in corpus


def test_two_ids_and_two_variables_that_fold_alike_stay_two() -> None:
    corpus, _ = iramuteq_corpus([prose("Un.", "a-b", année="1", annee="2", doc="3"), prose("Deux.", "a b")])
    assert "**** *doc_a_b *annee_1 *annee2_2 *doc2_3\n" in corpus
    assert "**** *doc_a_b_2\n" in corpus


ANY = st.text(st.characters(codec=None, exclude_categories=()), max_size=60)
SIGNS = st.text(st.sampled_from('*$-_ \n\té0001aœ’«=+@\x00\x1c\u2028\u00a0\ufeff<>&;"'), max_size=60)
TEXTS = st.one_of(ANY, SIGNS, st.sampled_from(["**** *a_b", "-*thème", "0001 *a_b", "$", "=1+1", "\ufeff**** *a_b"]))


@st.composite
def corpora(draw: st.DrawFn) -> list[Document]:
    ids = draw(st.lists(TEXTS, min_size=1, max_size=3))
    return [
        prose(draw(TEXTS).replace("\r", "\n"), name, **draw(st.dictionaries(TEXTS, TEXTS, max_size=3))) for name in ids
    ]


def read_back(corpus: str) -> Sequence[Document]:
    results = read_plain(corpus.encode("utf-8"), SourceFile(Path("c.txt"), "c.txt", "c"))
    return [result for result in results if isinstance(result, Document)]


@settings(deadline=None)
@given(corpora())
def test_the_checker_accepts_any_corpus_and_the_words_come_back(documents: list[Document]) -> None:
    corpus, _ = iramuteq_corpus(documents)
    assert checker_errors(corpus) == []
    assert iramuteq_corpus(documents)[0] == corpus
    expected = [found for document in documents if (found := body_words(document))]
    if not expected:
        assert corpus == ""
        return
    read = read_back(corpus)
    assert [document.format for document in read] == ["iramuteq"] * len(expected)
    assert [body_words(document) for document in read] == expected


@settings(deadline=None)
@given(corpora())
def test_every_converter_takes_any_text(documents: list[Document]) -> None:
    for convert in (txt_folder, txm_folder, tei_folder):
        files, _ = convert(documents)
        assert convert(documents)[0] == files
        assert len(files) == len(documents) + 1
        for name, content in files.items():
            assert re.fullmatch(r"[\w-]+\.(?:txt|xml|csv)", name)
            assert "\x00" not in content.decode("utf-8")
    for document in documents:
        json.dumps(jsonl_row(document)).encode("utf-8")
        assert words(clean_txt(document)) == body_words(document)


@settings(deadline=None)
@given(corpora())
def test_no_cell_of_a_metadata_table_is_a_formula(documents: list[Document]) -> None:
    table = txt_folder(documents)[0]["metadata.csv"].decode("utf-8")
    rows = list(csv.reader(io.StringIO(table, newline="")))
    assert len({len(row) for row in rows}) == 1
    assert len(set(rows[0])) == len(rows[0])
    assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r")) for row in rows for cell in row)


LABELS = st.lists(TEXTS, min_size=1, max_size=4)


@settings(deadline=None)
@given(LABELS)
def test_whatever_the_labels_transcripts_are_well_formed(labels: list[str]) -> None:
    text = "\n".join("On coche." for _ in labels)
    spans = [(10 * i, 10 * i + 9) for i in range(len(labels))]
    roles = [Role.INTERVIEWER, Role.RESPONDENT, None, Role.RESPONDENT]
    turns = tuple(Turn(*span, label, role) for span, label, role in zip(spans, labels, roles, strict=False))
    document = Document("a", "a.txt", "txt", text, tuple(Block(*span) for span in spans), turns=turns)
    corpus, _ = iramuteq_corpus([document], "turn", keep_interviewer=True)
    assert checker_errors(corpus) == []
    assert corpus.count("****") == len(labels)
    lines = txm_folder([document])[0]["a.txt"].decode("utf-8").split("\n")[:-1]
    assert [re.fullmatch(r"[A-Z0-9_]+\t(?:\(00:00:00\.0\) )?On coche\.", line) is not None for line in lines] == [
        True for _ in labels
    ]
    people = etree.fromstring(tei_document(document)).findall(".//t:person", NS)
    assert len(people) == len(set(labels))
    assert clean_txt(document).count(" : On coche.") == len(labels)


# TXM


def test_a_transcript_is_code_tab_speech() -> None:
    files, notices = txm_folder([interview(structure="IME", **{"année d’entrée": "2019"})])
    assert files["E01.txt"].decode() == (
        "ENQUETRICE\t(00:00:00.0) Ça se passe comment, les évaluations ?\n"
        "ODILE\tOn coche des cases, on n’a plus le temps d’écouter. Et puis le soir, on recommence.\n"
        "ENQUETRICE\tEt avec l’équipe ?\n"
        "ODILE\tL’équipe, c’est ce qui tient, on se parle entre deux portes.\n"
        "ENQUETRICE\tD’accord.\n"
        "ODILE\tVoilà, c’est à peu près tout.\n"
    )
    assert files["metadata.csv"].decode() == (
        '"id","structure","anneedentree","enq1"\n"E01","IME","2019","ENQUETRICE"\n'
    )
    assert notices == ()


def test_times_are_stamps_and_the_first_is_zero() -> None:
    text = "Oui\tdonc (rires).\nNon."
    turns = (Turn(0, 17, "A", None, 3.25, 7.0), Turn(18, 22, "B", None, 3725.96, None))
    files, notices = txm_folder([Document("a", "a.vtt", "vtt", text, (Block(0, 17), Block(18, 22)), turns=turns)])
    assert files["a.txt"].decode() == "A\t(00:00:00.0) (0:00:03.2) Oui donc (rires).\nB\t(1:02:06.0) Non.\n"
    assert any("commentaires" in notice and notice.endswith("1") for notice in notices)


@pytest.mark.parametrize("labels", [("Lise", "LISE"), ("Élise", "Elise"), ("Mme A", "Mme_A")])
def test_codes_that_txm_would_merge_are_told(labels: tuple[str, str]) -> None:
    turns = (Turn(0, 4, labels[0], None), Turn(5, 9, labels[1], None))
    document = Document("a", "a.txt", "txt", "Oui.\nNon.", (Block(0, 4), Block(5, 9)), turns=turns)
    _, notices = txm_folder([document])
    (notice,) = notices
    assert "casse" in notice
    assert "lise" not in notice.lower()


def test_prose_and_transcripts_are_two_folders() -> None:
    files, notices = txm_folder([interview(), prose("On coche.\n\nPuis rien.", lieu="IME")])
    assert sorted(files) == [
        "textes/metadata.csv",
        "textes/note.txt",
        "transcriptions/E01.txt",
        "transcriptions/metadata.csv",
    ]
    assert files["textes/note.txt"].decode() == "On coche.\nPuis rien.\n"
    assert any("séparément" in notice for notice in notices)


def test_a_txm_transcript_reads_back_with_the_same_words() -> None:
    files, _ = txm_folder([interview()])
    (read,) = read_plain(files["E01.txt"], SourceFile(Path("E01.txt"), "E01.txt", "E01"))
    assert isinstance(read, Document)
    assert body_words(find_turns(read)) == body_words(interview())


# TEI


def test_turns_are_utterances_of_coded_speakers() -> None:
    root = etree.fromstring(tei_document(interview(author="Odile Fabre")))
    people = [(person.get(XML_ID), person.get("role")) for person in root.findall(".//t:listPerson/t:person", NS)]
    assert people == [("ENQ1", "interviewer"), ("R1", "respondent")]
    assert [u.get("who") for u in root.findall(".//t:body/t:u", NS)] == ["#ENQ1", "#R1"] * 3
    second = root.findall(".//t:body/t:u", NS)[1]
    assert [seg.text for seg in second.findall("t:seg", NS)] == [
        "On coche des cases, on n’a plus le temps d’écouter.",
        "Et puis le soir, on recommence.",
    ]
    header = etree.tostring(root.find("t:teiHeader", NS), encoding="unicode")
    assert "Odile" not in header
    assert [child.tag.split("}")[1] for child in root] == ["teiHeader", "text"]
    assert [child.tag.split("}")[1] for child in root[0]] == ["fileDesc", "profileDesc"]


def test_dropped_parts_are_counted_in_the_header() -> None:
    text = "Menu\nOn coche.\n1. Une note."
    zones = (Zone(0, 4, ZoneKind.CHROME), Zone(15, 27, ZoneKind.NOTE))
    root = etree.fromstring(tei_document(Document("a", "a.html", "html", text, (Block(5, 14),), zones=zones)))
    (said,) = root.findall(".//t:editorialDecl/t:p", NS)
    assert "2 (" in said.text
    assert "Menu" not in etree.tostring(root, encoding="unicode")


def test_prose_is_divisions_heads_paragraphs_and_lists() -> None:
    text = "Un début.\nLe titre\nSuite\u00a0: a < b & c.\nun\ndeux\nFin."
    ends = [9, 18, 37, 40, 45, 50]
    kinds = [
        BlockKind.PARAGRAPH,
        BlockKind.TITLE,
        BlockKind.PARAGRAPH,
        BlockKind.ITEM,
        BlockKind.ITEM,
        BlockKind.PARAGRAPH,
    ]
    starts = [0, *(end + 1 for end in ends[:-1])]
    blocks = tuple(Block(*block) for block in zip(starts, ends, kinds, strict=True))
    body = etree.fromstring(tei_document(Document("a", "a.docx", "docx", text, blocks))).find(".//t:body", NS)
    assert [[child.tag.split("}")[1] for child in div] for div in body] == [["p"], ["head", "p", "list", "p"]]
    assert body[1][1].text == "Suite\u00a0: a < b & c."
    assert [item.text for item in body.findall(".//t:item", NS)] == ["un", "deux"]


def test_times_are_a_timeline() -> None:
    turns = (Turn(0, 4, "A", Role.RESPONDENT, 0.0, 7.0), Turn(5, 9, "A", Role.RESPONDENT, 7.0, 8.125))
    document = Document("a", "a.vtt", "vtt", "Oui.\nNon.", (Block(0, 4), Block(5, 9)), turns=turns)
    root = etree.fromstring(tei_document(document))
    line = root.find("t:text/t:timeline", NS)
    assert (line.get("unit"), line.get("origin")) == ("s", "#T0")
    assert [(when.get(XML_ID), when.get("interval"), when.get("since")) for when in line] == [
        ("T0", None, None),
        ("T1", "7", "#T0"),
        ("T2", "8.125", "#T0"),
    ]
    first, second = root.findall(".//t:u", NS)
    assert (first.get("start"), first.get("end"), second.get("end")) == ("#T0", "#T1", "#T2")


@settings(deadline=None)
@given(corpora())
def test_tei_is_well_formed_and_keeps_every_word(documents: list[Document]) -> None:
    for document in documents:
        root = etree.fromstring(tei_document(document))
        ids = [element.get(XML_ID) for element in root.iter() if element.get(XML_ID)]
        assert len(ids) == len(set(ids))
        body = root.find(".//t:body", NS)
        assert words(" ".join(map(str, body.itertext()))) == body_words(document)


def test_paragraphs_keep_their_turn() -> None:
    assert [paragraph.turn for paragraph in paragraphs(interview())] == [0, 1, 1, 2, 3, 4, 5]
