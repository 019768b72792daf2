"""Figures of a trained model on gold it never saw: coded passages, or stand-off labels beside their texts."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tensions_cli.errors import TensionsError
from tensions_cli.records import Label
from tensions_cli.tagging.classifier import Model
from tensions_cli.tagging.tag import tag_texts
from tensions_cli.training.coded import read_coded
from tensions_cli.training.evaluate import label_figures
from tensions_cli.training.figures import agreement, precision_recall_f1


@dataclass(frozen=True, slots=True)
class Gold:
    """One passage with the codes to compare with."""

    document: str
    text: str
    label: str
    relation: str | None


def read_gold(path: Path, texts: Path | None) -> list[Gold]:
    """Gold of a JSON Lines file.

    Without `texts`: coded passages. With `texts`: stand-off rows `{"file", "start", "end", "label",
    "relation"}` whose offsets are code points of the UTF-8 files in that folder.
    """
    if texts is None:
        return [Gold(p.document or p.author, p.text, p.label.value, p.relation) for p in read_coded([path])]
    try:
        rows = [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n") if line.strip()]
        contents = {row["file"]: _inside(texts, row["file"]).read_bytes().decode("utf-8") for row in rows}
        for row in rows:
            if not 0 <= row["start"] < row["end"] <= len(contents[row["file"]]):
                raise ValueError("offsets")
        return [
            Gold(
                row["file"],
                contents[row["file"]][row["start"] : row["end"]],
                Label(row["label"]).value,
                row.get("relation"),
            )
            for row in rows
        ]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise TensionsError(
            f"{path.name} ne se lit pas comme des codes à distance",
            why="il faut des lignes {file, start, end, label, relation}, des bornes dans les textes, et leur dossier",
            hint="tensions model evaluate CODES.jsonl --texts DOSSIER",
        ) from error


def _inside(folder: Path, name: str) -> Path:
    """A file of the folder; ValueError when the name leads out of it."""
    path = (folder / name).resolve()
    if folder.resolve() not in path.parents:
        raise ValueError("outside")
    return path


def judge(gold: Sequence[Gold], model: Model) -> dict[str, Any]:
    """Figures of the model's labels and relations against the gold, intervals by document."""
    tags = tag_texts([g.text for g in gold], model)
    truth, said = [g.label for g in gold], [t.label.value for t in tags]
    figures = label_figures(truth, said, [g.document for g in gold])
    mixed = [i for i, g in enumerate(gold) if g.relation and tags[i].relation]
    wanted = [gold[i].relation == "opposition" for i in range(len(gold))]
    found = [t.relation is not None and t.relation.value == "opposition" for t in tags]
    figures["relation_where_both_mixte"] = (
        agreement([gold[i].relation or "" for i in mixed], [str(tags[i].relation) for i in mixed]) if mixed else {}
    )
    figures["tension"] = precision_recall_f1(wanted, found, True)
    figures["model"] = model.identity
    return figures
