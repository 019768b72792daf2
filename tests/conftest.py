"""Fixtures shared by the tests: the shipped model, loaded once."""

import pytest

from tensions_cli.tagging.classifier import Model
from tensions_cli.tagging.model_folder import load_model


@pytest.fixture(scope="session")
def model() -> Model:
    return load_model()
