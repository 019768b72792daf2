"""Fixtures shared by the tests: the shipped model, loaded once."""

from collections.abc import Iterator

import pytest
from hypothesis import settings

from tensions_cli.knowledge.codebook import shipped, use_codebook
from tensions_cli.tagging.classifier import Model
from tensions_cli.tagging.model_folder import load_model

# No test is timed: the first example of a reader imports its libraries.
settings.register_profile("tensions", deadline=None)
settings.load_profile("tensions")


@pytest.fixture(scope="session")
def model() -> Model:
    return load_model()


@pytest.fixture(autouse=True)
def _own_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test takes up the results of another, nor writes in the cache of who runs the tests."""
    monkeypatch.setenv("TENSIONS_CACHE", str(tmp_path_factory.mktemp("cache")))


@pytest.fixture(autouse=True)
def _shipped_codebook() -> Iterator[None]:
    """A test that puts another codebook in use leaves the shipped one to the next."""
    yield
    use_codebook(shipped())


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="write the golden outputs again, to review as a diff")
