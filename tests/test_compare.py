"""`tensions compare`, from the command line to the page: groups, corpora, refusals, masks, formats."""

import csv
import io
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from rich.console import Console

from tensions_cli.cli import run
from tensions_cli.commands.compare import present
from tensions_cli.errors import TensionsError
from tensions_cli.output.comparison import (
    AXIS_WIDTH,
    differences_legend,
    point_bounds,
    points,
    print_comparison,
    probability,
    verdict,
    write_comparison_markdown,
)
from tensions_cli.output.comparison_rows import comparison_row, write_comparison_csv
from tensions_cli.output.rows import to_json
from tensions_cli.output.words import print_correspondence
from tensions_cli.pipeline import Options
from tensions_cli.records import Interval, TaggedPassage
from tensions_cli.results import Comparison, Correspondence, Difference, Estimate, FactorPoint
from tensions_cli.studies.compare import Request, compare, compare_groups, over_time
from tensions_cli.studies.tagged import TaggedCorpus, tag_corpus

ROOT = Path(__file__).parents[1]
SCHEMAS = ROOT / "docs" / "schemas"
NBSP = "\u00a0"

# Six short notes a side: what is counted rises at home, what is listened to in the hostel.
HOME = (
    "Chaque visite est badgée en arrivant et en partant, et l’écart au temps prévu remonte au tableau de bord. "
    "Au-delà de cinq minutes il faut un motif dans la liste déroulante.",
    "Madame Ferrand demande qu’on reste boire le café avec elle. On s’assoit, on écoute l’histoire du jardin, et c’est "
    "là qu’on voit si elle a mangé.",
    "Le plan d’aide donne trente minutes pour le lever. J’en mets quarante parce qu’on ne presse pas quelqu’un qui a "
    "peur de tomber, et le logiciel m’affiche en rouge.",
    "La réunion de secteur a lieu le premier mardi, dans la salle du fond, et la clé se demande à l’accueil.",
)
HOSTEL = (
    "Ici la porte reste ouverte après le dîner. Les résidents passent au bureau, on parle du chien, de la pluie, et la "
    "confiance vient sans qu’on l’ait inscrite nulle part.",
    "Le bilan d’activité compte les sorties vers le logement. Le taux visé est de soixante pour cent à dix-huit mois.",
    "On accompagne monsieur Diarra à la préfecture parce qu’il ne veut plus y aller seul, et on attend avec lui.",
    "Le bâtiment a été repeint au printemps par une entreprise de la commune voisine.",
)


def write_corpus(root: Path, notes: tuple[str, ...], turn: int, years: tuple[int, ...] = ()) -> None:
    """Six documents, each with three of the four notes and a line of its own."""
    root.mkdir(parents=True)
    for rank in range(6):
        kept = [note for place, note in enumerate(notes) if place != (rank + turn) % 4]
        own = f"Cette note est la {rank + 1}e du cahier de {root.name}, elle a été relue par l’équipe du matin."
        (root / f"note{rank}.txt").write_text("\n\n".join([*kept, own]) + "\n", encoding="utf-8")
    if years:
        table = ["file;year;genre", *(f"note{n}.txt;{year};note" for n, year in enumerate(years))]
        (root / "metadata.csv").write_text("\n".join(table) + "\n", encoding="utf-8")


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    root = tmp_path_factory.mktemp("corpora")
    write_corpus(root / "domicile", HOME, 0, (2019, 2019, 2020, 2020, 2022, 2022))
    write_corpus(root / "foyer", HOSTEL, 1, (2019, 2020, 2020, 2022, 2022, 2022))
    return str(root / "domicile"), str(root / "foyer")


@pytest.fixture(scope="module")
def grouped(tmp_path_factory: pytest.TempPathFactory) -> str:
    """One corpus: `side` and `place` cross; some texts have no side; names are hostile."""
    root = tmp_path_factory.mktemp("grouped") / "corpus"
    for name, notes, turn in (("a", HOME, 0), ("b", HOSTEL, 1)):
        write_corpus(root / name, notes, turn)
    lines = ["file;side;place;genre"]
    for name, side in (("a", "=domicile|[b]x[/b]"), ("b", "foyer")):
        lines += [
            f"{name}/note{n}.txt;{side if n < 5 else ''};{'ville' if n % 2 else 'bourg'};"
            f"{'entretien' if name == 'a' else 'rapport'}"
            for n in range(6)
        ]
    (root / "metadata.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return str(root)


# The notes share paragraphs, as notes of one service do: they are not taken for copies of one another.
OPTIONS = Options(by=(), keep_twins=True)


@pytest.fixture(scope="module")
def corpora(two: tuple[str, str]) -> Comparison:
    return compare(two, OPTIONS, Request(words=0))


@pytest.fixture(scope="module")
def tagged(grouped: str) -> TaggedCorpus:
    return tag_corpus([grouped], OPTIONS)


@pytest.fixture(scope="module")
def by(tagged: TaggedCorpus) -> Callable[..., Comparison]:
    """Groups of the one corpus that is tagged once."""

    def compared(*fields: str, mask_under: int = 0, **asked: Any) -> Comparison:
        return compare_groups(
            tagged, replace(OPTIONS, by=fields, mask_under=mask_under), Request(**{"words": 0, **asked})
        )

    return compared


@pytest.fixture(scope="module")
def sides(by: Callable[..., Comparison]) -> Comparison:
    return by("side")


def printed(found: Comparison, width: int = 120, encoding: str = "utf-8") -> str:
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding=encoding, errors="replace")
    print_comparison(found, Console(file=stream, width=width, highlight=False, color_system=None))
    stream.flush()
    return raw.getvalue().decode(encoding)


def markdown(found: Comparison) -> str:
    stream = io.StringIO()
    write_comparison_markdown(found, stream)
    return stream.getvalue()


# --- two corpora ------------------------------------------------------------------------------------


def test_two_corpora_bear_the_names_of_their_folders(corpora: Comparison) -> None:
    assert corpora.by == ("corpus",)
    assert [dict(group.by) for group in corpora.groups] == [{"corpus": "domicile"}, {"corpus": "foyer"}]
    assert {(one.first, one.second) for one in corpora.differences} == {("domicile", "foyer")}
    assert [one.clusters for one in corpora.differences] == [(6, 6)] * 5
    for one in corpora.differences:
        first, second = one.shares
        assert first is not None
        assert second is not None
        assert one.difference.value == pytest.approx(second - first, abs=1e-4)


def test_each_corpus_is_read_with_its_own_metadata(corpora: Comparison) -> None:
    assert corpora.trend is not None
    assert [one.name for one in corpora.trend.periods] == ["2019", "2020", "2021", "2022"]
    assert [one.documents for one in corpora.trend.periods] == [3, 4, 0, 5]
    assert corpora.trend.undated == 0


def test_equal_names_are_numbered_and_a_common_text_is_said(two: tuple[str, str], tmp_path: Path) -> None:
    write_corpus(tmp_path / "domicile", HOSTEL, 2)
    copied = (Path(two[0]) / "note0.txt").read_bytes()
    (tmp_path / "domicile" / "copie.txt").write_bytes(copied)
    found = compare([two[0], str(tmp_path / "domicile")], OPTIONS, Request(words=0, period="none"))
    assert [group.by["corpus"] for group in found.groups] == ["domicile (1)", "domicile (2)"]
    assert found.shared_documents == 1
    assert any("domicile (1)/note0" in warning and "1 texte" in warning for warning in found.warnings)
    assert {one.difference.method for one in found.differences if one.p is not None} <= {
        "student-linearised by shared document, 95 %"
    }


def test_the_corpus_that_cannot_be_read_is_named(
    two: tuple[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "vide").mkdir()
    (tmp_path / "vide" / "a.txt").write_text("\n", encoding="utf-8")
    assert run(["compare", two[0], str(tmp_path / "vide"), "-q"]) == 2
    assert f"corpus «{NBSP}vide{NBSP}»" in capsys.readouterr().err


# --- groups of one corpus ---------------------------------------------------------------------------


def test_passages_without_a_value_are_left_out_and_counted(sides: Comparison) -> None:
    assert [dict(group.by) for group in sides.groups] == [{"side": "=domicile|[b]x[/b]"}, {"side": "foyer"}]
    assert [group.documents for group in sides.groups] == [5, 5]
    assert any("qui n’ont pas de" in warning and "side" in warning for warning in sides.warnings)


def test_unlike_genres_are_said(sides: Comparison, corpora: Comparison, by: Callable[..., Comparison]) -> None:
    def warned(found: Comparison) -> bool:
        return any("mélange de genres" in warning for warning in found.warnings)

    assert warned(sides)
    assert not warned(corpora)
    assert not warned(by("genre"))


@pytest.mark.parametrize("wanted", ["entretien × ville", "entretien,ville", " entretien ×ville "])
def test_crossed_groups_and_a_reference(by: Callable[..., Comparison], wanted: str) -> None:
    found = by("genre", "place", against=wanted)
    assert found.against == "entretien × ville"
    assert {one.first for one in found.differences} == {"entretien × ville"}
    assert [one.second for one in found.differences[::5]] == ["entretien × bourg", "rapport × bourg", "rapport × ville"]
    assert {one.difference.method for one in found.differences} == {"none: fewer than 5 documents"}


def test_small_groups_are_masked_everywhere(by: Callable[..., Comparison]) -> None:
    shown = by("genre", mask_under=6)
    assert [group.masked for group in shown.groups] == [None, None]
    hidden = by("side", mask_under=6, words=5)
    assert all(group.masked for group in hidden.groups)
    assert hidden.differences == ()
    assert hidden.vocabulary is None or hidden.vocabulary.profiles == ()
    assert hidden.factors is None
    page = printed(hidden) + markdown(hidden)
    assert "masqué" in page
    assert "Aucune différence à donner" in page
    assert f"{NBSP}%{NBSP}[" not in page.replace("[6]", "")


def test_behind_a_mask_words_and_trend_are_those_of_the_groups(two: tuple[str, str]) -> None:
    corpus = tag_corpus([two[0]], OPTIONS)
    # Three of the six notes are a group, two another, masked with it, and one has no group: it stays out of the trend.
    sides = dict(zip((one.id for one in corpus.batch.documents), ("a", "b", "a", "b", "a", ""), strict=True))

    def moved(one: TaggedPassage) -> TaggedPassage:
        return replace(one, passage=replace(one.passage, metadata={"side": sides[one.passage.document]}))

    sided = replace(corpus, passages=tuple(map(moved, corpus.passages)))
    asked = Request(period="year", words=5)
    free = compare_groups(sided, replace(OPTIONS, by=("side",)), asked)
    masked = compare_groups(sided, replace(OPTIONS, by=("side",), mask_under=1), asked)
    assert free.trend is not None
    assert masked.trend is not None
    total = sum(group.passages for group in masked.groups)
    assert sum(one.passages for one in masked.trend.periods) == total < sum(one.passages for one in free.trend.periods)
    hidden = compare_groups(sided, replace(OPTIONS, by=("side",), mask_under=3), asked)
    assert all(group.masked for group in hidden.groups)
    assert hidden.vocabulary is None


def test_a_trend_that_cannot_be_given_is_explained(two: tuple[str, str]) -> None:
    corpus = tag_corpus([two[0]], OPTIONS)
    for period, mask_under, said in (("auto", 5, "--mask-under"), ("month", 0, "--period year")):
        found, warnings = over_time(corpus, period, mask_under)
        assert found is None
        assert said in warnings[0]
    assert over_time(corpus, "none") == (None, ())
    assert over_time(corpus)[0] is not None


# --- refusals ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--by", "inconnu"], "--by avec l’un de"),
        ([], "une comparaison en demande deux"),
        (["--by", "label", "--words", "0"], "--words 0"),
        (["--by", "label", "--against", "neutre"], "--against ne va pas"),
        (["--by", "label", "--mask-under", "5"], "--mask-under ne va pas"),
        (["--by", "genre", "--period", "week"], "auto, year, quarter, month, none"),
    ],
)
def test_refusals_say_what_why_and_what_to_type(
    grouped: str, arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["compare", grouped, "-q", *arguments]) == 2
    error = capsys.readouterr().err
    assert said in error
    assert [line.split(NBSP)[0] for line in error.splitlines()] == ["Erreur", "Pourquoi", "À faire"]
    assert "café" not in error


@pytest.mark.parametrize(
    ("fields", "against", "said"),
    [
        (("genre",), "roman", "les groupes par genre sont\u00a0: entretien, rapport"),
        (("person",), None, "aucun groupe"),
    ],
)
def test_groups_that_are_not_there(
    by: Callable[..., Comparison], fields: tuple[str, ...], against: str | None, said: str
) -> None:
    with pytest.raises(TensionsError) as refusal:
        by(*fields, against=against)
    assert said in f"{refusal.value.what} {refusal.value.why}"


# --- formats ----------------------------------------------------------------------------------------


def validator() -> Draft202012Validator:
    schema = json.loads((SCHEMAS / "comparison.schema.json").read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


def test_json_follows_the_schema(by: Callable[..., Comparison]) -> None:
    demo = tag_corpus([str(ROOT / "corpora" / "demo")], OPTIONS)
    found = [
        json.loads(to_json(comparison_row(one)))
        for one in (
            compare_groups(demo, replace(OPTIONS, by=("genre",))),  # words, a trend, a correspondence analysis
            compare_groups(demo, replace(OPTIONS, by=("label",))),
            by("side"),
            by("side", mask_under=6),
        )
    ]
    for row in found:
        assert [error.json_path for error in validator().iter_errors(row)] == []
        assert row["tests"] == sum(one["p"] is not None for one in row["differences"])
    genre, label = found[:2]
    assert genre["vocabulary"]
    assert genre["factors"]
    assert genre["trend"]
    assert (label["groups"], label["differences"]) == ([], [])
    assert label["vocabulary"]["profiles"]


def _add(row: Any) -> None:
    row["text"] = "x"


def _widen(row: Any) -> None:
    row["differences"][0]["difference"]["value"] = 1.5


def _rename(row: Any) -> None:
    row["differences"][0]["measure"] = "contrôle"


def _invent(row: Any) -> None:
    row["differences"][0]["difference"]["method"] = "à l’œil"


@pytest.mark.parametrize("damage", [_add, _widen, _rename, _invent])
def test_the_schema_is_closed(damage: Callable[[Any], None], sides: Comparison) -> None:
    row = json.loads(to_json(comparison_row(sides)))
    assert not list(validator().iter_errors(row))
    damage(row)
    assert list(validator().iter_errors(row))


def test_a_group_is_described_as_in_the_summary() -> None:
    ours, theirs = (
        json.loads((SCHEMAS / f"{name}.schema.json").read_text(encoding="utf-8"))["$defs"]
        for name in ("comparison", "summary")
    )
    shared = ("group", "masked_group", "shown_or_masked", "skipped", "share", "interval", "by_label", "by_pole", "some")
    assert {name: ours[name] for name in shared} == {name: theirs[name] for name in shared}


def test_csv_has_one_row_a_difference_and_no_formula(sides: Comparison) -> None:
    stream = io.StringIO()
    write_comparison_csv(sides, stream)
    table = list(csv.DictReader(io.StringIO(stream.getvalue())))
    assert [row["measure"] for row in table] == ["rationalisation", "professionnelle", "mixte", "neutre", "tension"]
    assert {row["first"] for row in table} == {"'=domicile|[b]x[/b]"}
    assert all(row["passages_first"] and row["method"] for row in table)


def test_words_have_no_row_in_the_csv(sides: Comparison) -> None:
    with pytest.raises(TensionsError, match="--format csv ne va pas avec --by label"):
        present(replace(sides, by=("label",), groups=(), differences=()), "csv", None)


def test_same_bytes_twice_and_no_text(two: tuple[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    pages = []
    for _ in range(2):
        assert run(["compare", *two, "--keep-twins", "--words", "5", "-f", "json"]) == 0
        pages.append(capsys.readouterr().out)
    assert pages[0] == pages[1]
    assert [error.json_path for error in validator().iter_errors(json.loads(pages[0]))] == []
    assert "le café avec elle" not in pages[0]
    assert str(Path(two[0]).parent) not in pages[0]


def test_names_of_groups_cannot_style_a_page_or_break_a_table(sides: Comparison) -> None:
    assert "=domicile|[b]x[/b]" in printed(sides)
    page = markdown(sides)
    assert "=domicile\\|\\[b\\]x\\[/b\\]" in page
    assert "[b]" not in page.replace("\\[b\\]", "")
    hostile = replace(sides, warnings=("un nom\x1b[31m rouge | ici",))
    assert "\x1b" not in printed(hostile) + markdown(hostile)


# --- reading ----------------------------------------------------------------------------------------


def line(measure: str, value: float, low: float, high: float, p: float) -> Difference:
    method = "student-recovered by document, 95 %"
    estimate = Estimate(value, Interval(low, high), method)
    return Difference(measure, "domicile", "foyer", (0.3, 0.3 + value), estimate, 0.2, p, p, (6, 6), (24, 24))


def test_the_forest_draws_the_interval_around_zero(corpora: Comparison) -> None:
    found = replace(
        corpora,
        trend=None,
        differences=(
            line("rationalisation", 0.1, 0.0, 0.2, 0.2),
            line("professionnelle", -0.1, -0.2, -0.04, 0.0004),
            line("mixte", 0.0, -0.2, 0.2, 1.0),
        ),
    )
    page = printed(found).splitlines()
    header = next(row for row in page if "écart" in row and "p\u00a0Holm" in row)
    start = header.index("−20")
    axes = {name: next(row for row in page if row.startswith(f"  {name}")) for name in ("rationalisation", "mixte")}
    axis = {name: row[start : start + AXIS_WIDTH] for name, row in axes.items()}
    # 31 columns from −20 to +20 points: zero at the sixteenth, ten points 7.5 columns further, rounded to eight.
    assert axis["rationalisation"] == " " * 15 + "┼" + "─" * 7 + "●" + "─" * 7
    assert axis["mixte"] == "─" * 15 + "●" + "─" * 15
    assert next(row for row in page if row.startswith("  professionnelle")).count("│") == 1
    assert header[start + 15] == "0"
    assert f"<{NBSP}0,001" in next(row for row in page if row.startswith("  professionnelle"))
    plain = printed(found, encoding="cp1252")
    assert "o" * 1 in plain
    assert not set("│─┼●") & set(plain)
    assert "+-------o-------" in plain
    for width in (60, 90):
        assert all(len(row) <= width for row in printed(found, width).splitlines() if row.startswith("  "))


def test_what_stands_out_is_said_in_words(corpora: Comparison) -> None:
    sure, unsure = line("tension", 0.123, 0.05, 0.2, 0.001), line("mixte", 0.02, -0.1, 0.1, 0.7)
    assert verdict(replace(corpora, differences=(sure, unsure))) == (
        f"1 différence sur 2 se distingue de zéro, une fois compté le nombre de tests{NBSP}: foyer (tension +12,3), en "
        "points."
    )
    assert verdict(replace(corpora, differences=(unsure, unsure))).startswith("Aucune des 2 différences testées")
    assert verdict(replace(corpora, differences=(unsure,))).startswith("Aucune différence testée ne se distingue")


def test_figures_in_french() -> None:
    assert points(-0.0001) == "+0,0"
    assert points(-0.1234) == "−12,3"
    assert point_bounds(Estimate(0.1, Interval(-0.05, 0.251), "")) == f"[−5,0{NBSP}; +25,1]"
    assert point_bounds(Estimate(0.1, None, "none: fewer than 5 documents")) == "trop peu"
    assert point_bounds(Estimate(0.1, None, "none: no spread")) == "–"
    assert (probability(None), probability(0.0312), probability(1.0)) == ("", "0,031", "1,000")


def test_the_page_says_what_the_numbers_rest_on(corpora: Comparison) -> None:
    corpora = replace(corpora, differences=(line("tension", 0.1, 0.0, 0.2, 0.04), line("mixte", 0.0, -0.2, 0.2, 1.0)))
    tests = sum(one.p is not None for one in corpora.differences)
    for page in (" ".join(printed(corpora).split()), " ".join(markdown(corpora).split())):
        for said in (
            "Évolution par année, de 2019 à 2022",
            "des textes, pas des personnes",
            "erreurs de la machine",
            "Modèle standard",
            f"les {tests} tests de ce tableau (Holm 1979)",
        ):
            assert said in page
    assert "aucun texte" in printed(corpora)


def test_a_field_is_found_whatever_its_accents_and_capitals(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for rank in range(4):
        text = f"On remplit la grille numéro {rank}, alors qu’elle voudrait qu’on reste un moment avec elle."
        (tmp_path / f"t{rank}.txt").write_text(f"{text} Le tableau de bord attend.\n", encoding="utf-8")
    rows = "".join(f"t{rank}.txt;{'cadre' if rank > 1 else 'éducatrice'}\n" for rank in range(4))
    (tmp_path / "metadata.csv").write_text(f"file;Métier\n{rows}", encoding="utf-8")
    for typed in ("Métier", "métier", "METIER"):
        assert run(["compare", str(tmp_path), "--by", typed, "--words", "0", "-f", "json", "-q", "--keep-twins"]) == 0
        assert json.loads(capsys.readouterr().out)["by"] == ["Métier"]


def test_a_question_against_an_answer_is_no_finding(corpora: Comparison) -> None:
    expected = "une question porte rarement une logique"
    asked = replace(corpora.differences[0], first="interviewer", second="respondent")
    by_role = replace(corpora, by=("role",), differences=(asked,))
    assert expected in differences_legend(by_role)
    assert expected not in differences_legend(replace(by_role, by=("genre",)))
    assert expected not in differences_legend(replace(by_role, differences=(replace(asked, first="unknown"),)))


def test_what_is_not_counted_is_said_once_and_the_direction_too(corpora: Comparison) -> None:
    few = tuple(replace(one, p=None) for one in corpora.differences)
    assert "Rien ici ne tient compte des erreurs de la machine" in differences_legend(replace(corpora, differences=few))
    tested = tuple(replace(one, p=0.5) for one in corpora.differences)
    legend = differences_legend(replace(corpora, differences=tested))
    assert "il ne tient pas compte des erreurs de la machine" in legend
    assert f"Écart{NBSP}: le groupe moins celui auquel il est comparé" in legend
    assert "| groupe | comparé à | mesure |" in markdown(corpora)


@pytest.mark.parametrize(
    ("contributions", "told"),
    [
        ((0.9, 0.1), f"professionnelle (+){NBSP}; aucun point marqué de l’autre côté."),
        ((0.9, 0.8), "professionnelle (+) contre mixte (−)."),
        ((0.1, 0.1), f"de l’inertie{NBSP}: aucun point marqué."),
    ],
)
def test_a_factor_names_the_sides_that_have_a_point(contributions: tuple[float, float], told: str) -> None:
    places = (("professionnelle", 0.4), ("mixte", -0.2))
    points_ = tuple(
        FactorPoint(name, 0.5, 20, (at,), (part,), (0.9,))
        for (name, at), part in zip(places, contributions, strict=True)
    )
    flat = tuple(FactorPoint(name, 0.5, 20, (0.1,), (0.5,), (0.9,)) for name in ("a", "b"))
    stream = io.StringIO()
    found = Correspondence("genre", 3.0, 40, (0.1,), (1.0,), points_, flat, ())
    print_correspondence(found, Console(file=stream, width=200))
    assert told in stream.getvalue()


def test_behind_a_mask_the_terminal_names_nobody(capsys: pytest.CaptureFixture[str]) -> None:
    source = str(ROOT / "corpora" / "demo" / "entretiens" / "E1_auxiliaire-de-vie.docx")
    assert run(["analyse", source]) == 0
    assert "Qui parle, et qui mène l’entretien" in capsys.readouterr().out
    assert run(["analyse", source, "--mask-under", "3"]) == 0
    out = capsys.readouterr().out
    assert f"Qui parle{NBSP}: noms masqués (--mask-under)." in out
    assert "enquêteur," not in out
