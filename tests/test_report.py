"""`tensions report` and what it is composed of: masks, roles, names, gold, the three formats, its refusals."""

import csv
import json
import re
import stat
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tensions_cli.cli import run
from tensions_cli.errors import TensionsError
from tensions_cli.pipeline import Options
from tensions_cli.records import Relation, Role, TaggedPassage
from tensions_cli.results import Report
from tensions_cli.studies.compare import over_time
from tensions_cli.studies.report import ReportRequest, check_request, compose
from tensions_cli.studies.tagged import TaggedCorpus, tag_corpus

# Names that must not leave a report without verbatim, and those of interviewers, that leave none.
CANARY, ASKER, FILE = "Zéphyrine Quintrec", "Barnabé Loriot", "dossier_Quintrec"
ANSWERS = (
    "On me demande des tableaux toutes les semaines. Le temps de les remplir, c’est du temps que je ne passe plus à "
    "écouter les résidents.",
    "Moi je prends le café avec elle, je m’assois. La confiance, ça vient de là, de ces moments où l’on ne fait rien.",
    "Le taux d’occupation doit atteindre 95 %. La direction suit les indicateurs chaque mois et compare les services.",
    "Je suis arrivée ici en septembre, après le déménagement de mes parents dans le village d’à côté.",
    "La grille d’évaluation, on la remplit pour le financeur. Ce que vit la personne n’entre dans aucune case.",
    "Le budget est voté en décembre, il faut que les dépenses par place ne dépassent pas celles de l’an dernier.",
    "Avec l’équipe on parle des situations le jeudi, on cherche ensemble comment accompagner chacun à son rythme.",
    "Le logiciel compte les visites, pas ce qu’on y fait. Une heure à tenir une main, ça ne se coche pas.",
    "Il avait plu toute la nuit, le car était en retard et le portail du jardin ne fermait plus.",
    "Le nouveau contrat fixe des objectifs de délai. Nous devons répondre à chaque demande en moins de dix jours.",
    "Elle avait besoin qu’on l’attende. J’ai attendu, trois mois, et un matin elle a raconté son histoire.",
    "Les procédures nous aident aussi, elles protègent les plus fragiles quand un remplaçant arrive sans rien savoir.",
)
NOTES = (
    "Le comité de pilotage arrête le calendrier des audits. Chaque service remet ses chiffres avant la fin du "
    "trimestre, selon le modèle transmis par le siège.\n\nLa salle du rez-de-chaussée sera repeinte en avril.",
    "Les équipes demandent du temps pour accueillir les familles, sans formulaire entre elles et nous.\n\nUn fauteuil "
    "et deux lampes ont été commandés pour le petit salon du premier étage.",
)
QUESTIONS = (
    "Comment se passe une journée ordinaire dans votre service\u00a0?",
    "Et les tableaux, qui les regarde\u00a0?",
)


def write_corpus(folder: Path) -> Path:
    """Six interviews of two persons each, and two notes; a document bears the canary in its name and its labels."""
    folder.mkdir()
    rows = [("file", "id", "genre", "year")]
    for rank in range(6):
        name = FILE if rank == 0 else f"entretien_{rank}"
        who = CANARY if rank == 0 else f"Enquêtée {rank}"
        turns = []
        for turn, answer in enumerate(ANSWERS[(2 * rank + n) % len(ANSWERS)] for n in range(6)):
            turns += [f"{ASKER}\u00a0: {QUESTIONS[turn % 2]}", f"{who}\u00a0: {answer}"]
        (folder / f"{name}.txt").write_text("\n\n".join(turns) + "\n", encoding="utf-8")
        rows.append((f"{name}.txt", f"doc-{name}", "entretien", str(2019 + rank)))
    for rank in range(2):
        (folder / f"note_{rank}.txt").write_text(NOTES[rank] + "\n", encoding="utf-8")
        rows.append((f"note_{rank}.txt", f"doc-note-{rank}", "institution", "2024"))
    with (folder / "metadata.csv").open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream, delimiter=";").writerows(rows)
    return folder


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_corpus(tmp_path_factory.mktemp("report") / "corpus")


@pytest.fixture(scope="session")
def corpus(folder: Path) -> TaggedCorpus:
    roles = {ASKER: Role.INTERVIEWER}
    return tag_corpus([str(folder)], Options(by=(), roles=roles))


def report_of(corpus: TaggedCorpus, *by: str, under: int = 5, **request: object) -> Report:
    return compose(corpus, Options(by=by, mask_under=under), ReportRequest(**request))  # type: ignore[arg-type]


# --- what is composed ---------------------------------------------------------------------------------


def test_the_default_chapters_are_those_that_divide_the_corpus(corpus: TaggedCorpus) -> None:
    assert list(report_of(corpus).fields) == ["genre", "role"]


def test_questions_count_in_the_chapter_by_role_alone(corpus: TaggedCorpus) -> None:
    report = report_of(corpus, under=0)
    counted = len(corpus.counted)
    assert report.documents.groups[0].passages == counted
    assert report.fields["genre"][0].passages == counted
    groups = {group.by.get("role", ""): group for group in report.fields["role"]}
    assert groups["interviewer"].passages == sum(
        one.passage.excluded_reason == "interviewer" and len(one.passage.text.split()) > 2 for one in corpus.passages
    )
    assert set(groups) == {"", "interviewer", "respondent"}  # the notes, where nobody speaks, are no group


def test_shown_passages_bear_a_logic_and_count(corpus: TaggedCorpus) -> None:
    shown = report_of(corpus).passages
    assert shown
    assert all(one.passage.counted and one.tags.label != "neutre" for one in shown)
    assert len(report_of(corpus, all_passages=True).passages) == len(corpus.passages)


def test_meetings_are_those_of_the_mixed_passages(corpus: TaggedCorpus) -> None:
    expected = sum(
        one.tags.label == "mixte" and one.tags.relation is Relation.OPPOSITION and "temps" in one.tags.axes
        for one in corpus.counted
    )
    assert report_of(corpus).meetings[Relation.OPPOSITION].get("temps", 0) == expected


def test_the_manifest_says_what_was_asked(corpus: TaggedCorpus) -> None:
    options = report_of(corpus, "genre", under=3).documents.manifest["options"]
    assert (options["by"], options["mask_under"], options["verbatim"]) == (["genre"], 3, True)


# --- masks --------------------------------------------------------------------------------------------


def test_a_small_group_is_masked_and_compared_with_nothing(corpus: TaggedCorpus) -> None:
    report = report_of(corpus, "genre")
    groups = {group.by.get("genre"): group.masked for group in report.fields["genre"]}
    assert groups["institution"] == "few"
    assert groups["entretien"] == "secondary"  # the whole less the interviews would give the two notes
    assert report.comparisons == {}
    assert report.factors == ()
    assert len(report_of(corpus, "genre", under=0).comparisons["genre"].differences) == 5


def test_documents_are_masked_only_where_their_passages_are_hidden(corpus: TaggedCorpus) -> None:
    assert {group.masked for group in report_of(corpus).documents.groups} == {None}
    hidden = report_of(corpus, verbatim=False)
    assert {group.masked for group in hidden.documents.groups[1:]} == {"few"}
    assert hidden.documents.groups[0].masked is None
    assert hidden.courses == ()
    assert len(report_of(corpus, verbatim=False, under=0).courses) == 8


def changed(corpus: TaggedCorpus, document: str, change: Callable[[TaggedPassage, int], TaggedPassage]) -> TaggedCorpus:
    """The corpus with the passages of one document changed, each by its rank."""
    moved = (change(one, n) if one.passage.document == document else one for n, one in enumerate(corpus.passages))
    return replace(corpus, passages=tuple(moved))


def test_a_masked_whole_is_told_by_nothing_else(corpus: TaggedCorpus) -> None:
    hidden = report_of(corpus, verbatim=False, under=9)  # six interviewed persons and two notes
    assert hidden.documents.groups[0].masked == "few"
    assert (hidden.trend, hidden.vocabulary, hidden.axis_pairs, hidden.courses) == (None, None, (), ())
    assert not any(hidden.meetings.values())
    shown = report_of(corpus, verbatim=False, under=5)
    assert any(shown.meetings.values())


def test_a_text_without_date_is_not_the_whole_less_the_periods(corpus: TaggedCorpus) -> None:
    ids = [one.id for one in corpus.batch.documents]
    years = dict(zip(ids, (2019, 2019, 2020, 2020, 2021, 2021, 2021, None), strict=True))

    def dated(years: dict[str, int | None]) -> TaggedCorpus:
        documents = (replace(one, metadata={"year": str(years[one.id] or "")}) for one in corpus.batch.documents)
        return replace(corpus, batch=replace(corpus.batch, documents=tuple(documents)))

    assert over_time(dated(years), mask_under=0)[0] is not None
    assert over_time(dated(years), mask_under=2)[0] is None
    assert over_time(dated({**years, ids[-1]: 2021}), mask_under=2)[0] is not None


def test_a_chapter_that_another_would_subtract_is_masked_whole(corpus: TaggedCorpus) -> None:
    """The corpus less its answers would be two notes: two documents, fewer than five persons."""
    report = report_of(corpus)
    assert report.fields["genre"][0].passages
    assert all(group.masked and not group.passages for group in report.fields["role"])
    assert "role" not in report.comparisons
    assert any("par role est masqué en entier" in warning for warning in report.warnings)
    assert not any(group.masked for group in report_of(corpus, under=2).fields["role"])


def test_roles_are_masked_together_since_another_chapter_counts_the_answers(corpus: TaggedCorpus) -> None:
    lone = changed(corpus, f"doc-{FILE}", lambda one, _: replace(one, passage=replace(one.passage, role=None)))
    groups = report_of(lone, "genre", "role", verbatim=False).fields["role"]
    assert {group.by.get("role"): group.masked for group in groups}["(non renseigné)"] == "few"
    assert all(group.masked and not group.passages for group in groups)


def test_documents_are_masked_together_since_chapters_count_them(corpus: TaggedCorpus) -> None:
    crowd = changed(
        corpus, f"doc-{FILE}", lambda one, n: replace(one, passage=replace(one.passage, speaker=f"Voix {n}"))
    )
    groups = report_of(crowd, "genre", verbatim=False, under=3).documents.groups
    assert groups[0].masked is None
    assert {group.masked for group in groups[1:]} == {"few", "secondary"}


def test_a_warning_on_a_document_does_not_name_it(corpus: TaggedCorpus) -> None:
    plain = changed(
        corpus, f"doc-{FILE}", lambda one, _: replace(one, tags=replace(one.tags, label="neutre", relation=None))
    )
    warnings = report_of(plain, "genre", verbatim=False, under=1).warnings
    assert any(warning.startswith("Texte ") for warning in warnings)
    assert FILE not in repr(warnings)


# --- names --------------------------------------------------------------------------------------------


def test_the_interviewer_has_no_name_even_with_verbatim(corpus: TaggedCorpus) -> None:
    report = report_of(corpus, all_passages=True)
    assert ASKER not in repr(report)
    assert CANARY in repr(report)
    assert {one.speaker for course in report.courses for one in course.bringers} == {"enquêteur", "enquêté"}


@pytest.mark.parametrize("under", [0, 5])
def test_without_verbatim_neither_text_nor_name(corpus: TaggedCorpus, under: int) -> None:
    report = report_of(corpus, verbatim=False, under=under)
    told = repr(report)
    for secret in (*CANARY.split(), *ASKER.split(), FILE, "doc-", "Enquêtée", *ANSWERS, *QUESTIONS, ".txt"):
        assert secret not in told, secret
    names = [info.id for info in report.documents.documents]
    assert names == [f"Texte {rank}" for rank in range(1, 9)]


def test_without_verbatim_the_order_of_files_is_lost(corpus: TaggedCorpus) -> None:
    words = [info.words for info in report_of(corpus).documents.documents]
    hidden = report_of(corpus, verbatim=False).documents.documents
    assert sorted(words) == sorted(info.words for info in hidden)
    assert {info.sha256 for info in hidden} == {""}


def test_without_verbatim_words_come_from_enough_persons(corpus: TaggedCorpus) -> None:
    found = report_of(corpus, verbatim=False).vocabulary
    words = [word for profile in found.profiles for word in (*profile.over, *profile.under)] if found else []
    assert all(max(word.documents, word.speakers) >= 5 for word in words)
    assert all(profile.lone == () for profile in (found.profiles if found else ()))


# --- gold ---------------------------------------------------------------------------------------------


@pytest.fixture
def gold(corpus: TaggedCorpus, tmp_path: Path) -> Path:
    """Every counted passage coded by a person who agrees with the machine, but for its first tension."""
    rows = []
    for one in corpus.counted:
        label = one.tags.label
        rows.append(
            {
                "id": one.passage.id,
                "document": one.passage.document,
                "author": one.passage.document,
                "coder": "Clotilde",
                "text": one.passage.text,
                "M": label in ("rationalisation", "mixte"),
                "P": label in ("professionnelle", "mixte"),
                "relation": one.tags.relation,
                "axes": {},
            }
        )
    file = tmp_path / "gold.jsonl"
    file.write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in rows) + "\n", encoding="utf-8")
    return file


def test_a_gold_gives_corrected_shares_and_coders_have_no_name(corpus: TaggedCorpus, gold: Path) -> None:
    request = ReportRequest(gold=gold)
    options = Options(by=("genre",), mask_under=5)
    report = compose(corpus, options, request, check_request(options, request))
    assert report.corrections is not None
    assert report.corrections.matched == len(corpus.counted)
    assert report.corrections.coders == ("codeur 1",)
    reasons = {one.by.get("genre", ""): one.reason for one in report.corrections.groups}
    assert reasons["institution"] == reasons["entretien"] == "none: masked"
    assert report.documents.manifest["gold"]["matched"] == len(corpus.counted)
    raw = {one.measure: one for one in report.corrections.groups[0].shares}["neutre"]
    # The gold is the whole corpus and agrees with the machine: nothing to correct.
    assert raw.prediction_powered.value == pytest.approx(raw.raw.value, abs=1e-4)


# --- refusals -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("by", "request_"),
    [
        (("document",), ReportRequest()),
        (("speaker",), ReportRequest(verbatim=False)),
        (("person",), ReportRequest(verbatim=False)),
        ((), ReportRequest(verbatim=False, all_passages=True)),
    ],
)
def test_what_cannot_be_asked_together_is_refused(by: tuple[str, ...], request_: ReportRequest) -> None:
    with pytest.raises(TensionsError):
        check_request(Options(by=by), request_)


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert run(["report", *arguments]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert re.search(r"^Erreur.*\nPourquoi.*\nÀ faire", said.err, re.S)
    return said.err


def test_a_report_needs_a_file(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "-o rapport.html" in refused(capsys, str(folder))


def test_a_form_that_cannot_be_guessed_is_asked_for(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "--format html" in refused(capsys, str(folder), "-o", str(tmp_path / "rapport.pdf"))
    assert "--format" in refused(capsys, str(folder), "-f", "pdf", "-o", str(tmp_path / "rapport.html"))


def test_an_unknown_field_is_refused_before_anything_is_tagged(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def tagged(*_: object) -> Iterator[object]:
        raise AssertionError("tagged")

    monkeypatch.setattr("tensions_cli.studies.tagged.tagged_passages", tagged)
    assert "« terrain »" in refused(capsys, str(folder), "--by", "terrain", "-o", str(tmp_path / "r.html")).replace(
        "\u00a0", " "
    )


def test_the_report_never_lands_among_the_texts(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "hors du corpus" in refused(capsys, str(folder), "-o", str(folder / "rapport.html"))
    assert not (folder / "rapport.html").exists()


# --- the command --------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["rapport.html", "rapport.xlsx", "rapport.md"])
def test_the_form_is_that_of_the_name(
    name: str, folder: Path, corpus: TaggedCorpus, tmp_path: Path, capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr("tensions_cli.commands.report.tag_corpus", lambda *_: corpus)
    output = tmp_path / name
    assert run(["report", str(folder), "-o", str(output), "--title", "Étude"]) == 0
    said = capsys.readouterr()
    assert said.out == ""
    assert "étiquettes de ceux qui parlent" in said.err
    written = output.read_bytes()
    assert written.startswith({"html": b"<!doctype html>", "xlsx": b"PK", "md": b"# "}[name.split(".")[1]])
    assert stat.S_IMODE(output.stat().st_mode) == 0o600


def test_two_runs_give_the_same_bytes_and_quiet_says_nothing(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The whole way, tagging included, without any name in the file."""
    pages = []
    for rank in range(2):
        output = tmp_path / f"{rank}.html"
        arguments = ["--no-verbatim", "-q", "--speakers", f"{ASKER}=interviewer"]
        assert run(["report", str(folder), *arguments, "-o", str(output)]) == 0
        pages.append(output.read_text(encoding="utf-8"))
    assert pages[0] == pages[1]
    assert capsys.readouterr() == ("", "")
    for secret in (*CANARY.split(), *ASKER.split(), FILE, "doc-note", *ANSWERS):
        assert secret not in pages[0]


def test_a_corpus_of_one_short_text_makes_a_page(tmp_path: Path) -> None:
    alone = tmp_path / "seul"
    alone.mkdir()
    (alone / "note.txt").write_text(ANSWERS[0] + "\n", encoding="utf-8")
    assert run(["report", str(alone), "-q", "-o", str(tmp_path / "r.html")]) == 0
    assert "trop peu pour des parts" in (tmp_path / "r.html").read_text(encoding="utf-8")


def test_a_passage_keeps_its_place(corpus: TaggedCorpus) -> None:
    """What a reader copies leads back to the text."""
    texts = {one.id: one.text for one in corpus.batch.documents}
    for one in report_of(corpus).passages:
        passage = replace(one.passage)
        assert texts[passage.document][passage.start : passage.end] == passage.text
        assert passage.id == f"{passage.document}#{passage.start}-{passage.end}"
