"""What the documentation says against what is there: codebook, commands, make targets, links, versions."""

import json
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml

from tensions_cli import __version__
from tensions_cli.cli import app
from tensions_cli.knowledge.files import read_toml

ROOT = Path(__file__).parents[1]
GUIDES = ("README.md", "CONTRIBUTING.md")
PAGES = sorted(
    path
    for pattern in ("*.md", "docs/**/*.md", "corpora/**/*.md", "models/**/*.md", "benchmarks/**/*.md")
    for path in ROOT.glob(pattern)
)
BOOK = read_toml("codebook.toml")

FENCE = re.compile(r"^[ >]*```[^\n]*\n(.*?)^[ >]*```", re.MULTILINE | re.DOTALL)
SPAN = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")
LINK = re.compile(r"\]\(<?([^)\s>]+)>?(?:\s+\"[^\"]*\")?\)")
HEADING = re.compile(r"^#{1,6}\s+(.+?)\s*#*$", re.MULTILINE)
MAKE = re.compile(r"(?:^|[;&|]|\s)make((?:[ \t]+[\w.-]+(?:=\S+)?)+)")


def read(name: str | Path) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def plain(text: str) -> str:
    """One spelling: French typography and layout do not count when two texts are compared."""
    return " ".join(text.replace("’", "'").replace("\u202f", " ").replace("\u00a0", " ").split())


def code_of(text: str) -> list[str]:
    """Lines of code blocks, then code spans."""
    blocks = [line for block in FENCE.findall(text) for line in block.split("\n")]
    return [line.split("  #")[0].strip() for line in blocks] + SPAN.findall(FENCE.sub("", text))


# --- codebook -------------------------------------------------------------------------------------------


CODEBOOK_PAGE = plain(read("docs/codebook.md"))


def test_codebook_page_has_the_version_and_unit() -> None:
    assert f"version {BOOK['version']} " in CODEBOOK_PAGE
    assert plain(BOOK["title"]) in CODEBOOK_PAGE
    assert plain(BOOK["unit"]).removeprefix("passage : ") in CODEBOOK_PAGE


@pytest.mark.parametrize("rule", BOOK["rules"], ids=lambda rule: f"rule {rule['number']}")
def test_codebook_page_has_every_rule(rule: dict[str, Any]) -> None:
    line = rf"{rule['number']}\. \*\*{re.escape(plain(rule['title']))}\.?\*\* {re.escape(plain(rule['text']))}"
    assert re.search(rf"(?<!\d){line}", CODEBOOK_PAGE)


@pytest.mark.parametrize("axis", BOOK["axes"], ids=lambda axis: axis["name"])
def test_codebook_page_has_every_axis(axis: dict[str, str]) -> None:
    name = f"**{axis['title']}**" + (f" (`{axis['name']}`)" if axis["name"] != axis["title"] else "")
    row = f"| {name} | {plain(axis['rationalisation'])} | {plain(axis['professionnelle'])} |"
    assert row in CODEBOOK_PAGE


def test_codebook_page_has_logics_labels_relations_and_stances() -> None:
    for logic in BOOK["logics"]:
        assert f"### {plain(logic['title'])} ({logic['letter']}, `{logic['name']}`)" in CODEBOOK_PAGE
        assert plain(logic["question"]) in CODEBOOK_PAGE
        for case in logic["cases"]:
            assert f"- {plain(case)}" in CODEBOOK_PAGE
    for label, answers in BOOK["labels"].items():
        m, p = ("oui" if answers[letter] else "non" for letter in "MP")
        assert f"| {m} | {p} | `{label}` |" in CODEBOOK_PAGE
    for name, meaning in (BOOK["relations"] | BOOK["stances"]).items():
        assert f"| `{name}` | {plain(meaning)} |" in CODEBOOK_PAGE


def test_codebook_page_has_no_other_rule() -> None:
    rules = read("docs/codebook.md").split("## Règles")[1].split("\n## ")[0]
    numbers = [int(number) for number in re.findall(r"^(\d+)\. ", rules, re.MULTILINE)]
    assert numbers == [rule["number"] for rule in BOOK["rules"]]


# --- commands and options -------------------------------------------------------------------------------


def commands(command: Any, path: str) -> Iterator[tuple[str, Any]]:
    """Every command of the tool with the words that call it; groups are not commands."""
    if not hasattr(command, "commands"):
        yield path, command
        return
    for name, inner in command.commands.items():
        yield from commands(inner, f"{path} {name}")


TOOL: Any = typer.main.get_command(app)
COMMANDS = dict(commands(TOOL, "tensions"))
OPTIONS = sorted(
    {
        name
        for command in (TOOL, *COMMANDS.values())
        for parameter in command.params
        if parameter.param_type_name == "option" and not parameter.hidden
        for name in (*parameter.opts, *parameter.secondary_opts)
    }
)


def test_the_tool_was_looked_into() -> None:
    assert {"tensions analyse", "tensions tag", "tensions explain", "tensions model train"} <= set(COMMANDS)
    assert {"--version", "--by", "-b", "--keep-interviewer"} <= set(OPTIONS)


@pytest.mark.parametrize("command", COMMANDS)
def test_readme_has_every_command(command: str) -> None:
    assert re.search(rf"\b{command}\b", plain(read("README.md"))), f"README.md never says `{command}`"


@pytest.mark.parametrize("option", OPTIONS)
def test_readme_has_every_option(option: str) -> None:
    assert re.search(rf"(?<![\w-]){option}(?![\w-])", read("README.md")), f"README.md never says `{option}`"


@pytest.mark.parametrize("guide", GUIDES)
def test_guides_name_options_that_exist(guide: str) -> None:
    """Of a code span or line that calls `tensions`, every long option is one of that command."""
    for line in code_of(read(guide)):
        for call in re.findall(r"(?:^|[\s/;|&])(tensions [^|;&>]*)", line):
            path = max((name for name in COMMANDS if f"{call} ".startswith(f"{name} ")), key=len, default=None)
            own = COMMANDS[path] if path else TOOL
            known = {name for parameter in own.params for name in parameter.opts} | {"--help"}
            assert set(re.findall(r"(?<!\S)--[a-z-]+", call)) <= known, f"{guide}: {line}"


# --- make targets ---------------------------------------------------------------------------------------


TARGETS = set(re.findall(r"^([a-z][a-z-]*):", read("Makefile"), re.MULTILINE))


def targets_named(text: str) -> set[str]:
    """Targets of the calls of `make` in code; `NAME=value` is a variable."""
    words = [word for code in code_of(text) for call in MAKE.findall(code) for word in call.split()]
    return {word for word in words if "=" not in word and not word.startswith("-")}


@pytest.mark.parametrize("guide", GUIDES)
def test_make_targets_exist(guide: str) -> None:
    named = targets_named(read(guide))
    assert named, f"{guide} names no target"
    assert named <= TARGETS


def test_make_targets_are_found_in_every_writing() -> None:
    text = "`make a b`, `make PYTHON=python3.12 c`\n\n```sh\nmake d  # make z\ncd x && make -s e\n```\nthey make sense"
    assert targets_named(text) == {"a", "b", "c", "d", "e"}


# --- links and paths ------------------------------------------------------------------------------------


def anchors(text: str) -> set[str]:
    """Anchors of the headings, as GitHub makes them."""
    found: set[str] = set()
    for heading in HEADING.findall(FENCE.sub("", text)):
        shown = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading)
        slug = re.sub(r"[^\w\- ]", "", shown.lower()).replace(" ", "-")
        rank = 1
        while (anchor := slug if rank == 1 else f"{slug}-{rank - 1}") in found:
            rank += 1
        found.add(anchor)
    return found


def leads_somewhere(page: Path, link: str, root: Path) -> bool:
    """True for a file of the repository and, with `#`, a heading of it; other sites are not visited."""
    if re.match(r"[a-z][a-z0-9+.-]*:", link):
        return True
    path, _, anchor = link.partition("#")
    target = (page.parent / path).resolve() if path else page
    if not target.exists() or root not in (target, *target.parents):
        return False
    return not anchor or (target.suffix == ".md" and anchor in anchors(target.read_text(encoding="utf-8")))


def broken_links(page: Path, root: Path = ROOT) -> list[str]:
    text = SPAN.sub("", FENCE.sub("", page.read_text(encoding="utf-8")))
    return [link for link in LINK.findall(text) if not leads_somewhere(page, link, root)]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_internal_links_resolve(page: Path) -> None:
    assert broken_links(page) == []


def test_broken_links_are_found(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        "# Été : l’axe `coût`\n[a](#été--laxe-coût) [b](#ete) [c](page.md) [d](other.md) [e](https://example.org) "
        "`[f](g)` [h](../page.md)\n",
        encoding="utf-8",
    )
    assert broken_links(page, tmp_path) == ["#ete", "other.md", "../page.md"]


@pytest.mark.parametrize("guide", ["CONTRIBUTING.md", "docs/schemas/README.md"])
def test_paths_named_exist(guide: str) -> None:
    rooms = tuple(f"{path.name}/" for path in ROOT.iterdir() if path.is_dir() and path.name[0] != ".")
    spans = [span for span in SPAN.findall(FENCE.sub("", read(guide))) if span.startswith(rooms)]
    assert spans
    missing = [span for span in spans if "NAME" not in span and not list(ROOT.glob(span))]
    assert missing == []


# --- versions -------------------------------------------------------------------------------------------


def test_one_version_everywhere() -> None:
    project = tomllib.loads(read("pyproject.toml"))["project"]
    citation = yaml.safe_load(read("CITATION.cff"))
    assert project["version"] == citation["version"] == __version__
    assert re.search(rf"^## .*\b{re.escape(__version__)}", read("CHANGELOG.md"), re.MULTILINE)
    assert project["license"] == citation["license"]


def test_citation_has_what_the_format_requires() -> None:
    """Citation File Format 1.2.0: `cff-version`, `message`, `title`, `authors`; an entity has a `name`."""
    citation = yaml.safe_load(read("CITATION.cff"))
    assert citation["cff-version"] == "1.2.0"
    assert citation["title"] == "tensions"
    assert citation["message"]
    assert citation["authors"] == [{"name": "the tensions maintainers"}]
    assert isinstance(citation["version"], str)


def test_changelog_has_a_place_for_numbers() -> None:
    versions = read("CHANGELOG.md").split("\n## ")[1:]
    assert versions
    assert all("\n### Numbers that changed\n" in version for version in versions)


# --- figures --------------------------------------------------------------------------------------------


def test_readme_quotes_the_figures_of_the_shipped_model() -> None:
    figures = json.loads(read("models/standard/metrics.json"))["evaluation"]
    table = read("README.md").split("## How good it is", 1)[1].split("\n- ", 1)[0]
    low, high = figures["macro_f1_interval"]
    expected = [
        f"{figures['passages']} of {figures['documents']} whole documents",
        f"**{figures['macro_f1']:.2f}** (95 % interval by document {low:.2f}–{high:.2f})",
        *(f"{figures['poles'][pole]['f1']:.2f}" for pole in figures["poles"]),
        *(f"{label} {value['f1']:.2f}" for label, value in figures["classes"].items()),
        f"{figures['agreement']['kappa']:.2f}",
        f"κ {figures['relation']['agreement']['kappa']:.2f}",
        f"{100 * figures['relation']['tension']['precision']:.0f} % of the time",
    ]
    assert [text for text in expected if text not in table] == []
