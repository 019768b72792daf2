"""Fixtures shared by the tests: the shipped model, loaded once."""

import pytest

from tensions_cli.tagging.classifier import Model
from tensions_cli.tagging.model_folder import load_model


@pytest.fixture(scope="session")
def model() -> Model:
    return load_model()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="write the golden outputs again, to review as a diff")
