"""A model is a folder: weights without pickle, a configuration, its metrics and its card.

`config.json` carries what the weights were made with (features, codebook, lexicon, language model,
training data) and the hash of every file; a folder that does not match is refused, never executed.
"""

import hashlib
import json
import math
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tensions_cli import __version__
from tensions_cli.errors import ModelError
from tensions_cli.files.arrays import read_arrays
from tensions_cli.knowledge.codebook import FILE as CODEBOOK
from tensions_cli.knowledge.codebook import LEXICON, Codebook, parse_codebook, shipped, use_codebook
from tensions_cli.records import Relation
from tensions_cli.tagging import french
from tensions_cli.tagging.classifier import AXES, POLES, RELATION, STANCE, Heads, Model, stacked
from tensions_cli.tagging.encoders import Encoder, encoder
from tensions_cli.tagging.features import Space, discourse_sha256, feature_names
from tensions_cli.tagging.kernel import Kernel

SCHEMA = "tensions-model/3"
DEFAULT = "standard"
CONFIG, WEIGHTS, LEMMAS, PIECES = "config.json", "weights.npz", "lemmas.txt", "pieces.txt"
METRICS = "metrics.json"
HEAD_ARRAYS = ("coefficients", "intercepts", "duals", "means", "blends", "slopes", "offsets", "thresholds")
BY_HEAD = tuple(array for array in HEAD_ARRAYS if array not in ("coefficients", "duals"))  # one number by head
TENSION = ("precision", "recall")  # of tensions, measured on passages never seen
MAX_BYTES = 200_000_000  # ten times the largest shipped model; a larger file is not one of ours
MAX_JSON = 5_000_000  # ours take 20 kB
LONGEST_NAME = 100  # characters


def model_folders() -> list[Path]:
    """Where models are looked for: `TENSIONS_MODELS`, the package (wheel), the repository."""
    package = Path(__file__).resolve().parents[1]
    chosen = os.environ.get("TENSIONS_MODELS")
    return [*([Path(chosen)] if chosen else []), package / "models", package.parents[1] / "models"]


def installed_models() -> list[Path]:
    """Folders that hold a model, first found first, one per name."""
    found: dict[str, Path] = {}
    for folder in model_folders():
        for config in sorted(folder.glob(f"*/{CONFIG}")):
            found.setdefault(config.parent.name, config.parent)
    return [found[name] for name in sorted(found)]


def find_model(name: str) -> Path:
    """Folder of a model given by name or by path; raises ModelError when there is none."""
    if (Path(name) / CONFIG).is_file():
        return Path(name)
    for folder in installed_models():
        if folder.name == name:
            return folder
    known = ", ".join(folder.name for folder in installed_models()) or "aucun"
    raise ModelError(
        f"le modèle «\u00a0{name}\u00a0» est introuvable",
        why=f"ni un dossier de modèle, ni un modèle installé (installés\u00a0: {known})",
        hint="tensions model list, ou --model DOSSIER",
    )


def load_model(name: str = DEFAULT) -> Model:
    """Load and verify a model; raises ModelError when it is missing, damaged or of another version."""
    folder = find_model(name)
    config = _read_config(folder)
    book = _codebook(folder, config)
    _check_fits(folder, config, book)
    hashes = config["files"]
    content = {file: _read_checked(folder, file, hashes) for file in (WEIGHTS, LEMMAS, PIECES)}
    try:
        weights: dict[str, Any] = dict(read_arrays(content[WEIGHTS]))
        space = Space(
            book=book,
            lemmas=_columns(content[LEMMAS]),
            lemma_idf=weights["lemma_idf"],
            pieces=_columns(content[PIECES]),
            piece_idf=weights["piece_idf"],
        )
        heads = {
            group: Heads(tuple(config["heads"][group]), *(_widened(weights, group, array) for array in HEAD_ARRAYS))
            for group in head_groups(book)
        }
        names = list(config["encoders"])
        doubt = float(config["doubt"])
        tension = _tension(config)
        landmarks = [weights[f"landmarks_{name}"].astype(np.float32, order="F") for name in names]
        centres = [weights[f"centre_{name}"] for name in names]
        if not math.isfinite(doubt):
            raise ValueError("doubt")
        _check_names(book, heads)
        _check_shapes(space, heads)
        _check_landmarks(heads, centres, landmarks)
        stack, heads = stacked(heads)
    except (KeyError, ValueError, TypeError, OSError, OverflowError) as error:
        raise _damaged(folder, "ses poids ne se lisent pas") from error
    kernel = Kernel(tuple(_encoder(folder, config, name) for name in names), tuple(centres), tuple(landmarks))
    if any(one.size != len(centre) for one, centre in zip(kernel.encoders, centres, strict=True)):
        raise _damaged(folder, "ses poids ne se lisent pas")
    digest = config_sha256(folder)
    return Model(
        identity=f"{config['name']} {config['version']} ({digest[:8]})",
        name=config["name"],
        sha256=digest,
        space=space,
        kernel=kernel,
        stack=stack,
        poles=heads[POLES],
        relations={pair: heads[f"{RELATION}{pair}"] for pair in book.pairs},
        axes=heads[AXES],
        stances={pole: heads[f"{STANCE}{pole}"] for pole in book.poles},
        doubt=doubt,
        tension=tension,
    )


@dataclass(frozen=True, slots=True)
class Described:
    """What is known of a model without its weights. `tension`, `encoders`: as its configuration says."""

    identity: str
    name: str
    sha256: str
    book: Codebook
    tension: Mapping[str, float]
    encoders: tuple[str, ...]


def describe_model(name: str = DEFAULT) -> Described:
    """Which model this is, and its codebook; raises ModelError as `load_model` does, weights apart."""
    folder = find_model(name)
    config = _read_config(folder)
    book = _codebook(folder, config)
    _check_fits(folder, config, book)
    digest = config_sha256(folder)
    try:
        tension = _tension(config)
    except (KeyError, ValueError, TypeError, OverflowError) as error:
        raise _damaged(folder, "sa configuration est incomplète") from error
    identity = f"{config['name']} {config['version']} ({digest[:8]})"
    return Described(identity, config["name"], digest, book, tension, tuple(config["encoders"]))


def open_model(name: str = DEFAULT) -> Model:
    """Load a model and put its codebook in use for the rest of the run; raises ModelError as `load_model` does."""
    model = load_model(name)
    use_codebook(model.book)
    return model


def read_codebook(name: str) -> Codebook:
    """The codebook of a model, without loading its weights; raises ModelError as `load_model` does."""
    folder = find_model(name)
    return _codebook(folder, _read_config(folder))


def _tension(config: dict[str, Any]) -> dict[str, float]:
    """How well tensions are found; raises KeyError, ValueError or TypeError where the configuration does not say."""
    tension = {measure: float(config["tension"][measure]) for measure in TENSION}
    if not all(0 <= value <= 1 for value in tension.values()):
        raise ValueError("tension")
    return tension


def head_groups(book: Codebook) -> tuple[str, ...]:
    """Names under which the heads of a model are stored."""
    relations, stances = (f"{RELATION}{pair}" for pair in book.pairs), (f"{STANCE}{pole}" for pole in book.poles)
    return (POLES, AXES, *relations, *stances)


def _codebook(folder: Path, config: dict[str, Any]) -> Codebook:
    """The codebook that the folder keeps; the shipped one where it keeps none."""
    if CODEBOOK not in config["files"]:
        return shipped()
    content, lexicon = (_read_checked(folder, file, config["files"]) for file in (CODEBOOK, LEXICON))
    try:
        return parse_codebook(content, lexicon)
    except ValueError as error:
        raise _damaged(folder, "sa grille de codage ne se lit pas") from error


def _encoder(folder: Path, config: dict[str, Any], name: str) -> Encoder:
    """The encoder the model was trained with; raises ModelError when another version is installed."""
    found = encoder(name, tuple(model_folders()))
    if found.identity != config["encoders"][name]:
        raise ModelError(
            f"le modèle «\u00a0{folder.name}\u00a0» ne va pas avec l’encodeur installé",
            why=f"il a été entraîné avec une autre version de «\u00a0{name}\u00a0»",
            hint="tensions model train, ou installez la version qui l’accompagne",
        )
    return found


def _widened(weights: dict[str, Any], group: str, array: str) -> Any:
    """Arrays of heads as they compute: duals are stored in half precision."""
    stored = weights[f"{group}_{array}"]
    return stored.astype(np.float32) if stored.dtype == np.float16 else stored


def _check_names(book: Codebook, heads: dict[str, Heads]) -> None:
    """Raise ValueError where heads do not answer the questions of the codebook, in its order."""
    axes = tuple(f"{axis}:{pole}" for axis in book.axes for pole in book.poles)
    if (heads[POLES].names, heads[AXES].names) != (book.poles, axes):
        raise ValueError("names")
    known = {f"{RELATION}{pair}": {one.value for one in Relation} for pair in book.pairs}
    known |= {f"{STANCE}{pole}": {"", *book.stances[pole]} for pole in book.poles}  # "": nobody coded any
    for group, names in known.items():
        said = heads[group].names
        if not said or len(set(said)) != len(said) or not names.issuperset(said):
            raise ValueError("names")


def _check_shapes(space: Space, heads: dict[str, Heads]) -> None:
    """Raise ValueError where weights do not fit the columns, or are no numbers."""
    idf = ((space.lemma_idf, space.lemmas), (space.piece_idf, space.pieces))
    if any(values.shape != (len(columns),) or not np.isfinite(values).all() for values, columns in idf):
        raise ValueError("columns")
    for head in heads.values():
        if head.coefficients.shape != (len(head.names), space.starts["end"]):
            raise ValueError("shape")
        if any(getattr(head, array).shape != (len(head.names),) for array in BY_HEAD):
            raise ValueError("shape")
        if not all(np.isfinite(getattr(head, array)).all() for array in HEAD_ARRAYS):
            raise ValueError("not a number")


def _check_landmarks(heads: dict[str, Heads], centres: list[Any], landmarks: list[Any]) -> None:
    """Raise ValueError where the landmarks of the encoders do not fit one another, their centres or the heads."""
    if not landmarks or any(points.ndim != 2 or len(points) != len(landmarks[0]) for points in landmarks):
        raise ValueError("landmarks")
    for centre, points in zip(centres, landmarks, strict=True):
        if centre.shape != (points.shape[1],) or not (np.isfinite(points).all() and np.isfinite(centre).all()):
            raise ValueError("landmarks")
    if any(head.duals.shape != (len(head.names), len(landmarks[0])) for head in heads.values()):
        raise ValueError("shape")


def config_sha256(folder: Path) -> str:
    """Hash of the configuration, which holds the hash of every other file: the model's fingerprint."""
    return hashlib.sha256((folder / CONFIG).read_bytes()).hexdigest()


def read_config(name: str) -> dict[str, Any]:
    """Configuration of a model, without loading its weights."""
    return _read_config(find_model(name))


def read_metrics(name: str) -> dict[str, Any]:
    """Figures measured when the model was trained; raises ModelError where they are not what training writes."""
    folder = find_model(name)
    metrics = _read_json(folder, METRICS, "ses mesures (metrics.json) ne se lisent pas")
    figures = metrics.get("evaluation", {}) if isinstance(metrics, dict) else None
    if not isinstance(figures, dict) or not _are_figures(figures):
        raise _damaged(folder, "ses mesures (metrics.json) ne sont pas celles que l’entraînement a écrites")
    return dict(metrics)


def _are_figures(figures: dict[str, Any]) -> bool:
    """What is shown of an evaluation is made of numbers: this file, unlike the weights, has no hash."""
    agreement = figures.get("agreement", {})
    if not isinstance(agreement, dict):
        return False
    numbers = [figures.get("macro_f1"), agreement.get("kappa"), figures.get("passages"), figures.get("documents")]
    intervals = [figures.get("macro_f1_interval"), figures.get("kappa_interval")]
    numbers += [bound for bounds in intervals if isinstance(bounds, list) for bound in bounds]
    return all(one is None or (isinstance(one, int | float) and math.isfinite(one)) for one in numbers) and all(
        one is None or (isinstance(one, list) and len(one) == 2) for one in intervals
    )


def read_card(name: str) -> str:
    """Text of the card of a model."""
    folder = find_model(name)
    try:
        return (folder / "README.md").read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        raise _damaged(folder, "sa fiche (README.md) ne se lit pas") from error


def save_model(folder: Path, space: Space, kernel: Kernel, heads: dict[str, Heads], config: dict[str, Any]) -> None:
    """Write weights, columns and configuration; the hashes of the first two go into the last.

    Landmarks and duals are written in half precision: scores move by less than the fourth decimal.
    """
    folder.mkdir(parents=True, exist_ok=True)
    arrays: dict[str, Any] = {"lemma_idf": space.lemma_idf, "piece_idf": space.piece_idf}
    for one, centre, landmarks in zip(kernel.encoders, kernel.centres, kernel.landmarks, strict=True):
        arrays |= {f"centre_{one.name}": centre, f"landmarks_{one.name}": landmarks.astype(np.float16)}
    for group, head in heads.items():
        arrays |= {f"{group}_{array}": getattr(head, array) for array in HEAD_ARRAYS}
        arrays[f"{group}_duals"] = head.duals.astype(np.float16)
    with (folder / WEIGHTS).open("wb") as file:
        np.savez_compressed(file, **{key: arrays[key] for key in sorted(arrays)})
    for name, columns in ((LEMMAS, space.lemmas), (PIECES, space.pieces)):
        (folder / name).write_text("".join(f"{gram}\n" for gram in columns), encoding="utf-8", newline="\n")
    names = [WEIGHTS, LEMMAS, PIECES]
    if space.book is not shipped():
        names += [CODEBOOK, LEXICON]
        (folder / CODEBOOK).write_bytes(space.book.content)
        (folder / LEXICON).write_bytes(space.book.lexicon)
    complete = {
        "schema": SCHEMA,
        "version": __version__,
        **_made_with(space.book),
        **config,
        "encoders": {one.name: one.identity for one in kernel.encoders},
        "heads": {group: list(head.names) for group, head in heads.items()},
        "files": {name: _sha256((folder / name).read_bytes()) for name in names},
    }
    text = json.dumps(complete, ensure_ascii=False, indent=1, sort_keys=True)
    (folder / CONFIG).write_text(text + "\n", encoding="utf-8", newline="\n")


def _made_with(book: Codebook) -> dict[str, Any]:
    """What a model depends on: it is refused where these differ."""
    return {
        "features": list(feature_names(book)),
        "codebook": {"name": book.name, "version": book.version, "sha256": book.sha256},
        "lexicon": {"sha256": book.lexicon_sha256},
        "discourse": {"sha256": discourse_sha256()},
        "language_model": french.version(),
    }


def _check_fits(folder: Path, config: dict[str, Any], book: Codebook) -> None:
    names = {
        "features": "avec d’autres traits",
        "codebook": "avec une autre grille de codage",
        "lexicon": "avec un autre lexique",
        "discourse": "avec d’autres listes de mots du discours",
        "language_model": "avec une autre version du modèle de langue",
    }
    for key, value in _made_with(book).items():
        if config.get(key) != value:
            raise ModelError(
                f"le modèle «\u00a0{folder.name}\u00a0» ne va pas avec cette version de tensions",
                why=f"il a été entraîné {names[key]}",
                hint="tensions model train, ou installez la version qui l’accompagne",
            )


def _read_config(folder: Path) -> dict[str, Any]:
    config = _read_json(folder, CONFIG, "sa configuration ne se lit pas")
    if not isinstance(config, dict) or config.get("schema") != SCHEMA:
        raise _damaged(folder, f"sa configuration n’est pas au format {SCHEMA}")
    kinds = {"name": str, "version": str, "files": dict, "heads": dict, "training": dict, "encoders": dict}
    if any(not isinstance(config.get(key), kind) for key, kind in kinds.items()):
        raise _damaged(folder, "sa configuration est incomplète")
    # They are shown on terminals and written into every manifest.
    if any(not config[key].isprintable() or not 0 < len(config[key]) <= LONGEST_NAME for key in ("name", "version")):
        raise _damaged(folder, "son nom ou sa version n’en est pas un")
    return config


def _read_json(folder: Path, name: str, why: str) -> Any:
    """What a small JSON file of the folder holds; raises ModelError, with this reason, where it cannot be read."""
    try:
        if (folder / name).stat().st_size > MAX_JSON:
            raise ValueError("size")
        return json.loads((folder / name).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise _damaged(folder, why) from error


def _read_checked(folder: Path, name: str, hashes: dict[str, str]) -> bytes:
    path = folder / name
    if not path.is_file() or path.stat().st_size > MAX_BYTES:
        raise _damaged(folder, f"le fichier {name} manque ou n’est pas des nôtres")
    content = path.read_bytes()
    if _sha256(content) != hashes.get(name):
        raise _damaged(folder, f"le fichier {name} n’est plus celui que l’entraînement a écrit")
    return content


def _columns(content: bytes) -> dict[str, int]:
    return {gram: rank for rank, gram in enumerate(content.decode("utf-8").split("\n")[:-1])}


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _damaged(folder: Path, why: str) -> ModelError:
    return ModelError(
        f"le modèle «\u00a0{folder.name}\u00a0» est abîmé",
        why=why,
        hint="réinstallez tensions, ou tensions model train",
    )
