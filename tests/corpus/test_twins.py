"""The same text in several files is counted once; texts that only resemble each other are left alone."""

import random
import unicodedata
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tensions_cli.corpus import twins
from tensions_cli.corpus.clean import clean
from tensions_cli.corpus.formats.html import read_html
from tensions_cli.corpus.formats.markdown import read_markdown
from tensions_cli.corpus.formats.plain import blocks_of, read_plain
from tensions_cli.corpus.sources import SourceFile
from tensions_cli.corpus.twins import Twins, find_twins, without_twins
from tensions_cli.records import Document, Zone, ZoneKind

NOTE = """\
Le service d’accueil de jour a changé de logiciel au printemps. Chaque visite doit désormais être saisie avant midi.

L’équipe s’est partagée en deux. Les plus anciens tiennent à leur cahier, où l’on écrivait ce qui ne rentre pas dans \
les cases. Les autres trouvent que le cahier cachait les oublis.

La cheffe de service a tranché : le cahier reste, mais une fois par semaine on relit ensemble ce que le logiciel a \
retenu et ce qu’il a perdu. Personne n’est sûr que cela tienne jusqu’à l’hiver.
"""


def document(name: str, text: str, metadata: dict[str, str] | None = None, **fields) -> Document:
    kind = name.rpartition(".")[2]
    return Document(
        id=name, source=name, format=kind, text=text, blocks=tuple(blocks_of(text)), metadata=metadata or {}, **fields
    )


def pseudo_text(seed: int, words: int) -> str:
    """A text of made-up words, which no other seed gives."""
    draw = random.Random(seed)  # noqa: S311
    return " ".join(f"{draw.choice('bcdfglmnprst')}{draw.choice('aeiou')}{draw.randrange(900)}" for _ in range(words))


def test_one_note_as_markdown_page_and_text():
    page = (
        "<html><body><nav><a>Accueil</a> <a>Agenda</a> <a>Contact</a></nav><main><h1>Le cahier et le logiciel</h1>"
        + "".join(f"<p>{paragraph}</p>" for paragraph in NOTE.strip().split("\n\n"))
        + "</main><footer>Mentions légales</footer></body></html>"
    )
    typed = "# Le cahier et le logiciel\n\n" + NOTE.replace("’", "'")
    plain = "LE CAHIER ET LE LOGICIEL\n\n" + unicodedata.normalize("NFD", NOTE)
    documents = []
    for name, reader, content in (
        ("a.html", read_html, page), ("b.md", read_markdown, typed), ("c.txt", read_plain, plain)
    ):  # fmt: skip
        (read,) = reader(content.encode(), SourceFile(Path(name), name, name))
        documents.append(clean(read))
    assert find_twins(documents) == (Twins("b.md", ("a.html", "c.txt")),)


def test_case_signs_ligatures_and_broken_words_do_not_matter():
    broken = NOTE.upper().replace("LOGICIEL", "LOGI-\nCIEL").replace("’", "'")
    assert find_twins([document("a.txt", NOTE), document("b.txt", broken)])
    assert find_twins([document("a.txt", "Un ﬁlm, un cœur, ½."), document("b.txt", "un film un coeur 1⁄2")])


def test_page_furniture_that_cleaning_left_does_not_matter():
    # 20 words of running heads for 1,000 words of text: 2 % of the words, under a tenth of the runs.
    words = pseudo_text(1, 1_000).split()
    pages = [[*words[at : at + 250], "Rapport", "annuel", "page", str(at), "suite"] for at in range(0, 1_000, 250)]
    pdf = document("a.pdf", " ".join(word for page in pages for word in page))
    assert find_twins([pdf, document("b.odt", " ".join(words))]) == (Twins("b.odt", ("a.pdf",)),)


@pytest.mark.parametrize(("changed", "same"), [((), True), ((30,), True), ((30, 70), True), ((30, 50, 70), False)])
def test_nine_tenths_of_the_runs_make_twins(changed, same):
    # 104 words make 100 runs of five; a changed word takes five of them: the limit is two words.
    words = pseudo_text(1, 104).split()
    other = [f"autre{at}" if at in changed else word for at, word in enumerate(words)]
    assert bool(find_twins([document("a.txt", " ".join(words)), document("b.txt", " ".join(other))])) is same


def test_an_excerpt_is_no_twin():
    words = pseudo_text(1, 1_000).split()
    whole, most = document("a.txt", " ".join(words)), document("b.txt", " ".join(words[:850]))
    assert find_twins([whole, most]) == ()
    assert find_twins([whole, document("b.txt", " ".join(words[:950]))]) != ()


def test_two_articles_with_a_paragraph_in_common_are_no_twins():
    shared = pseudo_text(0, 120)
    documents = [document(f"{n}.txt", f"{pseudo_text(n, 150)}\n\n{shared}") for n in range(1, 30)]
    assert find_twins(documents) == ()


def test_two_interviews_from_one_guide_are_no_twins():
    questions = [pseudo_text(n, 15) for n in range(12)]

    def interview(name: int) -> Document:
        turns = (f"E : {asked}\nA : {pseudo_text(100 * name + n, 20)}" for n, asked in enumerate(questions))
        return document(f"{name}.txt", "\n".join(turns))

    assert find_twins([interview(1), interview(2)]) == ()


def test_short_texts_are_twins_only_to_the_letter():
    first = "On coche des cases toute la journée et le soir on recommence."
    assert find_twins([document("a.txt", first), document("b.md", f"**{first}**")]) == (Twins("b.md", ("a.txt",)),)
    assert find_twins([document("a.txt", first), document("b.txt", first.replace("soir", "matin"))]) == ()


def test_texts_without_a_word_are_no_twins():
    assert find_twins([document("a.txt", "…"), document("b.txt", "— !"), document("c.txt", "…")]) == ()


def test_rows_of_one_table_and_records_are_left_alone():
    rows = [document("t.csv", "Rien à dire."), document("t.csv", "Rien à dire.")]
    rows += [document("t.csv", NOTE), document("t.csv", NOTE + " Fin.")]
    assert find_twins(rows) == ()
    assert find_twins([document("a.jsonl", NOTE, record=True), document("b.jsonl", NOTE, record=True)]) == ()


def test_what_is_no_body_does_not_count():
    head = "Menu Accueil Agenda Contact Connexion Newsletter "
    zone = Zone(0, len(head) - 1, ZoneKind.CHROME)
    marked = document("a.html", head + NOTE, zones=(zone, Zone(5, 12, ZoneKind.CHROME)))
    assert find_twins([marked, document("b.txt", NOTE)]) == (Twins("a.html", ("b.txt",)),)


@pytest.mark.parametrize(
    ("names", "kept"),
    [
        (["a.pdf", "b.txt", "c.docx", "d.html", "e.md"], "c.docx"),
        (["a.pdf", "b.rtf"], "b.rtf"),
        (["a.docx", "b.vtt"], "b.vtt"),
        (["b.txt", "a.txt"], "b.txt"),
        (["a.inconnu", "b.pdf"], "b.pdf"),
    ],
)
def test_which_copy_is_kept(names, kept):
    (group,) = find_twins([document(name, NOTE) for name in names])
    assert group.kept == kept
    assert {kept, *group.others} == set(names)


def test_the_others_are_told_and_left_out():
    documents = [document("a.pdf", NOTE, {"lieu": "IME", "annee": "2020"}), document("b.txt", "Autre texte.")]
    documents.append(document("c.md", NOTE, {"annee": "2021"}))
    left, skipped, notices = without_twins(documents, keep=False)
    assert [item.id for item in left] == ["b.txt", "c.md"]
    assert left[1].metadata == {"lieu": "IME", "annee": "2021"}
    assert left[0] is documents[1]
    ((item,), (notice,)) = skipped, notices
    assert (item.source, item.reason, item.failed) == ("a.pdf", "twin", False)
    assert "c.md" in item.detail
    assert "c.md = a.pdf" in notice
    assert "--keep-twins" in notice


def test_a_row_left_out_is_named():
    row = replace(document("t.csv", NOTE), id="E07")
    _, (item,), _ = without_twins([row, document("t.csv", "Autre ligne."), document("a.md", NOTE)], keep=False)
    assert item.source == "t.csv"
    assert item.detail.startswith("E07 : ")


def test_all_are_kept_on_request_and_still_told():
    documents = [document("a.pdf", NOTE), document("c.md", NOTE)]
    left, skipped, (notice,) = without_twins(documents, keep=True)
    assert (left, skipped) == (tuple(documents), ())
    assert "tous gardés" in notice
    assert without_twins(documents[:1], keep=False) == (tuple(documents[:1]), (), ())


def test_many_copies_are_not_compared_pair_by_pair(monkeypatch):
    compared = []
    share = twins._Index._share
    monkeypatch.setattr(twins._Index, "_share", lambda *pair: compared.append(pair) or share(*pair))
    words = pseudo_text(1, 300).split()
    copies = [document(f"{n}.txt", " ".join([*words[:n], f"mot{n}", *words[n:]])) for n in range(60)]
    (group,) = find_twins(copies)
    assert len(group.others) == 59
    assert len(compared) == 59  # each with the one kept
    compared.clear()
    assert find_twins([replace(copy, source="t.csv") for copy in copies]) == ()
    assert len(compared) == 59
    compared.clear()
    boilerplate = pseudo_text(2, 100)
    articles = [f"{boilerplate} {pseudo_text(n + 10, 200)}" for n in range(60)]
    find_twins([document(f"{n}.txt", article) for n, article in enumerate(articles)])
    assert not compared
    pairs = [document(f"{n}{side}.txt", f"{a} {side}") for n, a in enumerate(articles) for side in "ab"]
    assert len(find_twins(pairs)) == 60
    assert len(compared) == 60


# --- properties --------------------------------------------------------------------------------------

WORDS = st.lists(st.sampled_from([f"mot{n}" for n in range(40)]), min_size=0, max_size=60)


def runs(words: list[str]) -> set[tuple[str, ...]]:
    return {tuple(words[at : at + 5]) for at in range(len(words) - 4)}


@settings(max_examples=150, deadline=None)
@given(st.lists(WORDS, min_size=2, max_size=5), st.data())
def test_twins_are_those_that_the_definition_names(bodies, data):
    # Half of the bodies are another one with a few words changed, so that both sides of the limit are seen.
    for at in range(1, len(bodies), 2):
        bodies[at] = list(bodies[at - 1])
        for _ in range(data.draw(st.integers(0, 2))):
            place = data.draw(st.integers(0, len(bodies[at])))
            bodies[at][place : place + 1] = [data.draw(st.sampled_from(["autre", "mot1"]))]
    documents = [document(f"{n}.txt", " ".join(words)) for n, words in enumerate(bodies)]
    expected = {}
    kept: list[int] = []
    for at, words in enumerate(bodies):
        for one in kept:
            both = min(len(words), len(bodies[one])) >= 30
            shared = len(runs(words) & runs(bodies[one]))
            near = both and shared >= 0.9 * max(len(runs(words)), len(runs(bodies[one])))
            if words and ("".join(words) == "".join(bodies[one]) or near):
                expected[at] = one
                break
        else:
            kept.append(at)
    found = {other: group.kept for group in find_twins(documents) for other in group.others}
    assert set(found) == {f"{at}.txt" for at in expected}


@settings(max_examples=100, deadline=None)
@given(st.lists(st.text(max_size=80), min_size=1, max_size=6), st.booleans())
def test_no_document_is_lost(texts, keep):
    documents = [document(f"{n}.txt", text) for n, text in enumerate(texts)]
    left, skipped, notices = without_twins(documents, keep)
    assert sorted([item.source for item in left] + [item.source for item in skipped]) == sorted(d.id for d in documents)
    assert bool(notices) or not skipped


# --- tables: one answer given by two people ------------------------------------------------------------------


def answers(source: str, *texts: str) -> list[Document]:
    return [replace(document(source, text), id=f"{source}{rank}") for rank, text in enumerate(texts)]


def test_one_answer_in_two_tables_is_two_answers():
    north = answers("site_nord.csv", "Manque de temps et de moyens.", "On remplit trop de grilles chaque mois.")
    south = answers("site_sud.csv", "Manque de temps et de moyens.", "Les collègues m’ont soutenue cet hiver.")
    assert find_twins(north + south) == ()
    assert find_twins(north[:1] + south[:1]) == ()  # files of one answer, all the same: two respondents still
    assert find_twins([*answers("nord.xlsx", NOTE, *"abc"), *answers("sud.ods", NOTE, *"def")]) == ()  # a long one too


def test_a_table_saved_twice_is_one_table():
    texts = [f"Réponse {n} : on manque de temps pour les personnes." for n in range(20)]
    first, second = answers("a.csv", *texts), answers("b.xlsx", *texts[:18], "Autre réponse.", "Encore une autre.")
    found = find_twins(first + second)
    assert found == tuple(Twins(f"a.csv{n}", (f"b.xlsx{n}",)) for n in range(18))
    assert find_twins(first + answers("b.xlsx", *texts[:17], *"abc")) == ()


def test_a_row_and_a_document_need_thirty_words():
    short = "Manque de temps et de moyens."
    assert find_twins([*answers("a.csv", short), document("note.docx", short)]) == ()
    assert find_twins([*answers("a.csv", NOTE, short), document("note.docx", NOTE)]) == (
        Twins("note.docx", ("a.csv0",)),
    )
