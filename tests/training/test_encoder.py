"""The encoder with numpy gives what the network that was trained gives (needs the extra `encoder`)."""

import numpy as np
import pytest

from tensions_cli.tagging.distilled import encode, load_distilled
from tensions_cli.tagging.french import words_of

torch = pytest.importorskip("torch", reason="the extra `encoder` is not installed")

TEXTS = [
    "Elle est restée près de lui jusqu’au matin, sans rien dire.",
    "Le tableau de bord remonte chaque vendredi au siège avec les taux d’occupation.",
    "Oui.",
    "On m’a demandé de coter chaque geste ; je note l’heure et je repars, mais la chambre 12 attend.",
]


def test_numpy_and_torch_agree(tmp_path):
    from tensions_cli.training import distil

    torch.manual_seed(0)
    seen = words_of([*TEXTS * 5])
    material = distil.material(seen)
    assert material.own, "a form seen five times has a row of its own"
    student = distil.Student(len(material.own))
    torch.nn.init.normal_(student.own.weight, std=0.3)
    distil.save(student, material.own, tmp_path, {})
    loaded = load_distilled(tmp_path)
    vectors = distil.vectors_of(student, distil.Batches(material), np.arange(len(TEXTS)))
    for row, ours in enumerate(encode(loaded, words_of(TEXTS))):
        cosine = float(ours @ vectors[row] / np.linalg.norm(ours))
        assert cosine > 0.9999
