"""Access to the data files of this folder; each holds its own source and format in its first lines."""

import csv
import hashlib
import tomllib
from functools import cache
from importlib.resources import files
from typing import Any


def read_bytes(name: str) -> bytes:
    """The bytes of one data file of this folder."""
    return files("tensions_cli.knowledge").joinpath(name).read_bytes()


@cache
def read_toml(name: str) -> dict[str, Any]:
    """A TOML data file of this folder, parsed once."""
    return tomllib.loads(read_bytes(name).decode("utf-8"))


def read_rows(name: str) -> list[dict[str, str]]:
    """The rows of a `;` separated data file of this folder, comment lines (`#`) left out."""
    lines = [line for line in read_bytes(name).decode("utf-8").splitlines() if not line.startswith("#")]
    return list(csv.DictReader(lines, delimiter=";"))


def sha256(name: str) -> str:
    """Hash of a data file, as it goes into manifests and model folders."""
    return hashlib.sha256(read_bytes(name)).hexdigest()
