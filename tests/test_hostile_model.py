"""A model folder that somebody damaged, or changed on purpose: refused in three parts, and nothing of it is executed.

Whoever changes a file on purpose writes its new hash into the configuration: so do most cases here.
"""

import hashlib
import io
import json
import os
import pickle
import shutil
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tensions_cli.cli import run
from tensions_cli.errors import ModelError
from tensions_cli.files.arrays import read_arrays
from tensions_cli.tagging.distilled import load_distilled
from tensions_cli.tagging.encoders import encoder
from tensions_cli.tagging.model_folder import find_model, model_folders

TEXT = "On coche des cases toute la matinée, dit ZZTOPSECRET, et on n’a plus le temps d’écouter les résidents.\n"
STANDARD = find_model("standard")
HASHED = ("weights.npz", "lemmas.txt", "pieces.txt")


class Trap:
    """An object that writes a file when it is unpickled."""

    def __init__(self, witness: Path) -> None:
        self.witness = witness

    def __reduce__(self) -> tuple[Any, ...]:
        return (self.witness.write_text, ("executed",))


def stored(arrays: Mapping[str, Any]) -> bytes:
    stream = io.BytesIO()
    np.savez(stream, **arrays)  # type: ignore[arg-type]
    return stream.getvalue()


def forged(shape: tuple[int, ...], kind: str = "<f8") -> bytes:
    """An array that claims to be larger than its bytes."""
    stream = io.BytesIO()
    np.lib.format.write_array_header_1_0(stream, {"descr": kind, "fortran_order": False, "shape": shape})
    return stream.getvalue() + bytes(64)


def archive(parts: Mapping[str, bytes], way: int = zipfile.ZIP_STORED) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", way) as zipped:
        for name, content in parts.items():
            zipped.writestr(name, content)
    return stream.getvalue()


@pytest.fixture(scope="module")
def arrays() -> dict[str, Any]:
    return dict(read_arrays((STANDARD / "weights.npz").read_bytes()))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(STANDARD, tmp_path / "modèle"))


def configure(folder: Path, **changes: Any) -> None:
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    (folder / "config.json").write_text(json.dumps(config | changes), encoding="utf-8")


def sign(folder: Path) -> None:
    """Write the hashes of the files as they now are."""
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    hashes = {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in config["files"]}
    configure(folder, files=hashes)


def assert_refused(folder: Path, capsys: pytest.CaptureFixture[str], what: object = "") -> str:
    """The command that a user types ends with 4, says it in three parts, quotes nothing."""
    source = folder.parent / "texte.txt"
    source.write_text(TEXT, encoding="utf-8")
    status = run(["tag", str(source), "-m", str(folder), "-q", "--no-cache"])
    out, err = capsys.readouterr()
    assert (status, out) == (4, ""), (what, err)
    assert [line.split("\u00a0")[0] for line in err.splitlines()] == ["Erreur", "Pourquoi", "À faire"], what
    assert not any(word in err for word in ("ZZTOPSECRET", "Traceback", str(folder.parent), "site-packages"))
    return err


def damages(content: bytes) -> list[bytes]:
    """A file after what happens to files: emptied, cut, a byte changed, prolonged, replaced."""
    middle = len(content) // 2
    changed = content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]
    return [b"", content[:-1], content[:middle], changed, b"PK\x03\x04" + bytes(100), bytes(1000), content + b"\n"]


@pytest.mark.parametrize("name", ["config.json", *HASHED])
def test_a_damaged_file_is_refused(name: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    content = (folder / name).read_bytes()
    for damaged in damages(content):
        if name == "config.json" and damaged.strip() == content.strip():
            continue  # a blank line more: the same configuration
        (folder / name).write_bytes(damaged)
        if name == "config.json":
            try:
                json.loads(damaged)
            except ValueError:
                pass
            else:
                continue
        assert_refused(folder, capsys, name)
    (folder / name).unlink()
    assert_refused(folder, capsys, name) if name != "config.json" else None
    (folder / name).mkdir()
    assert_refused(folder, capsys, name) if name != "config.json" else None


def test_damaged_weights_with_their_new_hash_are_refused(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for damaged in damages((STANDARD / "weights.npz").read_bytes())[:-1]:  # a byte after the end changes nothing
        (folder / "weights.npz").write_bytes(damaged)
        sign(folder)
        assert_refused(folder, capsys)


def test_pickles_are_never_opened(folder: Path, arrays: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> None:
    witness = folder.parent / "exécuté"
    trap = pickle.dumps(Trap(witness))
    pickled = io.BytesIO()
    np.save(pickled, np.array([Trap(witness)], dtype=object), allow_pickle=True)
    inside = {**{f"{name}.npy": forged((2,)) for name in arrays}, "poles_thresholds.npy": trap}
    objects = {**inside, "poles_thresholds.npy": pickled.getvalue()}
    for name in HASHED:
        for content in (trap, pickled.getvalue(), archive(inside), archive(objects), archive({"data.pkl": trap})):
            shutil.copy(STANDARD / name, folder)
            (folder / name).write_bytes(content)
            assert_refused(folder, capsys)
            sign(folder)
            assert_refused(folder, capsys)
        shutil.copy(STANDARD / name, folder)
    for name in ("extra.pkl", "model.joblib", "config.pkl", "metrics.pkl", "sitecustomize.py", "__init__.py"):
        (folder / name).write_bytes(
            trap if name.endswith(("pkl", "joblib")) else f"open({str(witness)!r}, 'w')".encode()
        )
    sign(folder)
    source = folder.parent / "texte.txt"
    assert run(["tag", str(source), "-m", str(folder), "-q"]) == 0  # files that we do not know are not looked at
    assert not witness.exists()


def test_bombs_and_forged_shapes_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tensions_cli.files.arrays.MAX_BYTES", 10_000_000)
    huge = {
        "a.npy": forged((10**12,)),
        "b.npy": forged((2**40, 2**20)),
        "c.npy": forged((-1,)),
        "d.npy": forged((3, 7)),
    }
    bomb = archive({"a.npy": bytes(10_000_001)}, zipfile.ZIP_DEFLATED)
    assert len(bomb) < 1_000_000
    for content in (*(archive({name: part}) for name, part in huge.items()), bomb, forged((10**12,)), b"", b"PK"):
        with pytest.raises(ValueError):  # noqa: PT011 - of any kind: the caller tells
            read_arrays(content)


def changes(arrays: dict[str, Any]) -> list[dict[str, Any]]:
    """Weights of a wrong kind, shape or value, one array at a time."""
    made: list[dict[str, Any]] = []
    for name in (
        "lemma_idf",
        "piece_idf",
        "centre_distilled",
        "landmarks_distilled",
        "poles_thresholds",
        "axes_slopes",
    ):
        good = arrays[name].astype(np.float32)
        bad = [good * np.nan, good[:-1], good[..., None], np.float32(1), good.astype(str), good.astype(bool), good + 1j]
        made += [{name: one} for one in bad]
    made += [
        {f"poles_{part}": np.ones(shape, dtype=np.float32)}
        for part in ("coefficients", "intercepts", "duals", "means", "blends", "slopes", "offsets", "thresholds")
        for shape in ((), (3,), (2, 2, 2))
    ]
    narrow = {"centre_distilled": arrays["centre_distilled"][:3]}
    made.append({**narrow, "landmarks_distilled": arrays["landmarks_distilled"][:, :3]})
    made += [{name: None} for name in sorted(arrays)[::6]]
    return made


def test_weights_that_do_not_fit_are_refused(
    folder: Path, arrays: dict[str, Any], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong = changes(arrays)
    for change in wrong:
        changed = {name: value for name, value in {**arrays, **change}.items() if value is not None}
        # What `read_arrays` makes of the file, without writing it each time; it refuses kinds by itself.
        if any(getattr(value, "dtype", np.dtype("f4")).kind not in "fiu" for value in changed.values()):
            (folder / "weights.npz").write_bytes(stored(changed))
            sign(folder)
            assert_refused(folder, capsys, list(change))
            continue
        with monkeypatch.context() as patch:
            patch.setattr("tensions_cli.tagging.model_folder.read_arrays", lambda _, found=changed: found)
            shutil.copy(STANDARD / "weights.npz", folder)
            sign(folder)
            assert_refused(folder, capsys, list(change))
    assert len(wrong) > 60


def test_a_configuration_that_lies_is_refused(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    good = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    outside = {"../../secret": "0" * 64, "/etc/passwd": "0" * 64}
    wrong: list[dict[str, Any]] = [
        {"features": good["features"][:-1]},
        {"features": [*good["features"], "tension"]},
        {"codebook": {**good["codebook"], "version": 99}},
        {"codebook": {**good["codebook"], "sha256": "0" * 64}},
        {"lexicon": {"sha256": "0" * 64}},
        {"discourse": {"sha256": "0" * 64}},
        {"language_model": "fr_core_news_md 0.0.1"},
        {"schema": "tensions-model/2"},
        {"name": "\x1b[31mrouge"},
        {"name": "a\nb"},
        {"name": ""},
        {"name": "\ud800"},
        {"version": "x" * 10_000},
        {"files": {}},
        {"files": dict.fromkeys(good["files"], 3)},
        {"files": {**good["files"], "codebook.toml": "0" * 64, "lexicon.csv": "0" * 64}},
        {"tension": None},
        {"tension": {"precision": float("nan"), "recall": 1}},
        {"tension": {"precision": 3, "recall": 1}},
        {"doubt": None},
        {"doubt": 10**400},
        {"tension": {"precision": 10**400, "recall": 1}},
        {"doubt": float("inf")},
        {"encoders": {}},
        {"encoders": {"os": "0"}},
        {"encoders": {"distilled": "0" * 64}},
        {"heads": dict.fromkeys(good["heads"])},
        {"heads": {}},
    ]
    for change in wrong:
        (folder / "config.json").write_text(json.dumps(good | change), encoding="utf-8")
        assert_refused(folder, capsys, change)
    # Names of files that lead outside are never followed: only our own are read.
    (folder / "config.json").write_text(json.dumps(good | {"files": {**good["files"], **outside}}), encoding="utf-8")
    assert run(["tag", str(folder.parent / "texte.txt"), "-m", str(folder), "-q"]) == 0
    capsys.readouterr()
    (folder / "config.json").write_bytes(b" " * 6_000_000)
    assert_refused(folder, capsys)


@pytest.mark.skipif(not hasattr(os, "symlink"), reason="no links here")
def test_a_link_to_another_file_is_refused(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    secret = folder.parent / "secret.txt"
    secret.write_text("ZZTOPSECRET", encoding="utf-8")
    for name in HASHED:
        for target in (secret, Path("/dev/zero"), folder / name, Path("/nulle/part")):
            (folder / name).unlink()
            (folder / name).symlink_to(target)
            assert_refused(folder, capsys, target)
        (folder / name).unlink()
        shutil.copy(STANDARD / name, folder)


@pytest.mark.parametrize(
    "content",
    [b"[]", b"3", b'{"evaluation": "x"}', b'{"evaluation": {"macro_f1": "x"}}', b'{"evaluation": {"agreement": 3}}',
     b'{"evaluation": {"macro_f1_interval": [1]}}', b'{"evaluation": {"macro_f1": NaN}}', b"{", b"\xff\xfe", b"{}"],
)  # fmt: skip
def test_measures_of_another_make_break_nothing(
    content: bytes, folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """`metrics.json` has no hash (it is measured once the weights are written): shown only if it is made of numbers."""
    (folder / "metrics.json").write_bytes(content)
    source = folder.parent / "texte.txt"
    source.write_text(TEXT, encoding="utf-8")
    monkeypatch.setenv("TENSIONS_MODELS", str(folder.parent))
    expected = 0 if content == b"{}" else 4
    assert run(["tag", str(source), "-m", str(folder), "-q"]) == 0
    assert run(["model", "list"]) == expected
    assert run(["model", "show", str(folder), "-f", "json"]) == expected
    assert "Traceback" not in capsys.readouterr().err


def test_a_damaged_encoder_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Cut, changed, and signed again with arrays that do not fit."""
    shipped = model_folders()[-1] / "encoder" / "distilled"
    good = dict(read_arrays((shipped / "weights.npz").read_bytes()))
    rank = 0

    def refused(config: Mapping[str, Any], files: Mapping[str, bytes]) -> None:
        nonlocal rank
        rank += 1
        folder = Path(shutil.copytree(shipped, tmp_path / str(rank)))
        for name, content in files.items():
            (folder / name).write_bytes(content)
        hashes = {
            name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in ("weights.npz", "forms.txt")
        }
        told = json.loads((shipped / "config.json").read_text(encoding="utf-8")) | {"files": hashes} | dict(config)
        (folder / "config.json").write_text(json.dumps(told), encoding="utf-8")
        with pytest.raises(ModelError, match="encodeur"):
            load_distilled(folder)
        shutil.rmtree(folder)

    for damaged in damages((shipped / "weights.npz").read_bytes())[:-1]:
        refused({}, {"weights.npz": damaged})
    for blocks in (None, "x", -1, 10**9, 4, 1e400):
        refused({"blocks": blocks}, {})
    for name in ("static", "out", "own", "pieces", "attention", "conv1", "down2", "norm_scale"):
        for bad in (good[name][..., :-1], good[name] * np.float16(np.nan), good[name][None]):
            refused({}, {"weights.npz": stored({**good, name: bad})})
    refused({}, {"forms.txt": b"une\n"})
    refused({}, {"forms.txt": b"\xff\n"})

    monkeypatch.setenv("TENSIONS_MODELS", str(tmp_path))
    (tmp_path / "encoder" / "distilled").mkdir(parents=True)
    encoder.cache_clear()
    try:
        with pytest.raises(ModelError, match="encodeur"):
            encoder("distilled", tuple(model_folders()))
    finally:
        encoder.cache_clear()


def test_a_model_changed_while_it_is_used_stops_the_work(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half of the passages would be tagged by one model, half by another."""
    from tensions_cli import one_file

    opened = one_file.opened.__wrapped__

    def changed(name: str, sha256: str) -> Any:
        configure(folder, doubt=0.25)
        return opened(name, sha256)

    monkeypatch.setattr(one_file, "opened", changed)
    assert "a changé pendant le travail" in assert_refused(folder, capsys)
