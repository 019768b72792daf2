"""Passages to code, as files that people fill in: JSON Lines, CSV, annotation tools; and the design of the sample.

A row has the codes empty. The machine's proposal is in it only where it was asked for.
"""

import csv
from collections.abc import Iterable, Mapping
from typing import Any, TextIO

from tensions_cli import __version__
from tensions_cli.knowledge.code_names import all_codes, codes_of, labels_of
from tensions_cli.knowledge.codebook import codebook
from tensions_cli.knowledge.sample_design import SCHEMA
from tensions_cli.output.annotation import text_sha256, utf16_offsets
from tensions_cli.output.rows import to_json
from tensions_cli.output.tables import guarded
from tensions_cli.records import Tags
from tensions_cli.results import Sample, Task

# Said in the design and on the terminal, in the same words.
TRAINING_ONLY = (
    "Passages choisis, non tirés au hasard\u00a0: ils servent à entraîner un modèle. Ils ne doivent jamais corriger "
    "des parts (--gold) ni évaluer un modèle."
)
ESTIMATION = (
    "Passages tirés au hasard\u00a0: avec leurs poids, ils peuvent corriger des parts (--gold), évaluer un modèle et "
    "mesurer un accord."
)


def task_row(task: Task, coder: str | None) -> dict[str, Any]:
    """One passage to code (JSON Lines); `coder`: whose file it is in."""
    passage = task.passage
    row: dict[str, Any] = {
        "id": passage.id,
        "document": passage.document,
        "start": passage.start,
        "end": passage.end,
        "turn": passage.turn,
        "speaker": passage.speaker,
        "role": passage.role,
        "question": passage.context,
        "before": task.before,
        "after": task.after,
        "text": passage.text,
        "metadata": dict(passage.metadata),
        "coder": coder,
        "weight": task.weight,
        "drawn": task.drawn,
    }
    if task.proposal:
        row["proposal"] = proposal_row(task.proposal)
    return row | dict.fromkeys(codebook().letters.values()) | {"relation": None, "stance": {}, "axes": {}, "memo": ""}


def proposal_row(tags: Tags) -> dict[str, Any]:
    """What the machine says of a passage; relations by pair in a codebook of more than two logics."""
    relations = {pair: relation.value for pair, relation in tags.relations.items()}
    return {
        "label": tags.label,
        "relation": relations if codebook().by_pair else tags.relation,
        "stance": dict(tags.stance or {}),
        "axes": {axis: list(poles) for axis, poles in tags.axes.items()},
        "scores": dict(tags.scores),
        "model": tags.model,
    }


def write_tasks_jsonl(tasks: Iterable[Task], coder: str | None, stream: TextIO) -> None:
    """One passage a line."""
    stream.writelines(to_json(task_row(task, coder)) + "\n" for task in tasks)


def write_tasks_csv(tasks: Iterable[Task], coder: str | None, stream: TextIO) -> None:
    """The same as a table: one column a logic (oui, non), one relation (by pair where there are several), one stance
    a logic, axes as `temps:rationalisation|cout:professionnelle`."""
    rows = [flat_task_row(task, coder) for task in tasks]
    names = list(dict.fromkeys(name for row in rows for name in row if not name.startswith("meta_")))
    metadata = sorted({name for row in rows for name in row if name.startswith("meta_")})
    writer = csv.DictWriter(stream, [*names, *metadata], lineterminator="\n")
    writer.writeheader()
    writer.writerows(guarded(row) for row in rows)


def flat_task_row(task: Task, coder: str | None) -> dict[str, Any]:
    """A row for a table: nested fields flattened, `meta_` before metadata, `machine_` before a proposal."""
    book = codebook()
    row = task_row(task, coder)
    metadata, proposal = row.pop("metadata"), row.pop("proposal", None)
    memo = row.pop("memo")
    for name in ("relation", "stance", "axes"):
        del row[name]
    names = [f"relation_{pair}" for pair in book.pairs] if book.by_pair else ["relation"]
    row |= dict.fromkeys([*names, *(f"stance_{pole}" for pole in book.poles), "axes"]) | {"memo": memo}
    if proposal:
        row |= {f"machine_{name}": value for name, value in flat_proposal(proposal).items()}
    return row | {f"meta_{name}": value for name, value in metadata.items()}


def flat_proposal(proposal: Mapping[str, Any]) -> dict[str, Any]:
    """What the machine says, cell by cell: label, relation, stances, axes, scores, model."""
    relation = proposal["relation"]
    between = "|".join(f"{pair}:{name}" for pair, name in relation.items()) if isinstance(relation, dict) else relation
    return {
        "label": proposal["label"],
        "relation": between,
        **{f"stance_{pole}": proposal["stance"].get(pole) for pole in codebook().poles},
        "axes": "|".join(f"{axis}:{pole}" for axis, poles in proposal["axes"].items() for pole in poles),
        **{f"score_{pole}": proposal["scores"].get(pole) for pole in codebook().poles},
        "model": proposal["model"],
    }


# For annotation tools, the text is the passage alone and its name is the passage's id: what surrounds it is shown
# beside, where nobody can code it by mistake.


def write_tasks_doccano(tasks: Iterable[Task], coder: str | None, stream: TextIO) -> None:
    """One passage a line, for a sequence labelling project: the coder selects the whole text and gives it codes."""
    for task in tasks:
        text = task.passage.text
        names = labels_of(task.proposal) if task.proposal else ()
        spans = [[0, utf16_offsets(text)(len(text)), name] for name in names]
        stream.write(to_json({"text": text, "label": spans} | _provenance(task, coder) | _around(task)) + "\n")


def write_tasks_prodigy(tasks: Iterable[Task], coder: str | None, stream: TextIO) -> None:
    """One passage a line with every code to tick, for the recipe `choice` (`choice_style`: `multiple`)."""
    options = [{"id": code.name, "text": f"{code.family}\u00a0: {code.name}"} for code in all_codes()]
    for task in tasks:
        row: dict[str, Any] = {
            "text": task.passage.text,
            "options": options,
            "config": {"choice_style": "multiple"},
            "meta": {"id": task.passage.id} | _around(task),
        }
        if task.proposal:
            row["accept"] = list(codes_of(task.proposal))
        stream.write(to_json(row | _provenance(task, coder)) + "\n")


def write_tasks_label_studio(tasks: Iterable[Task], coder: str | None, stream: TextIO) -> None:
    """A JSON array of tasks, for the project of `label_studio_config()`."""
    rows = [_label_studio_task(task, coder) for task in tasks]
    stream.write("[\n" + ",\n".join(map(to_json, rows)) + "\n]\n" if rows else "[]\n")


def _label_studio_task(task: Task, coder: str | None) -> dict[str, Any]:
    text = task.passage.text
    data = {"text": text} | _provenance(task, coder) | _around(task)
    if not task.proposal:
        return {"data": data}
    place = {"start": 0, "end": len(text), "text": text}
    region = {
        "id": "p0",
        "from_name": "label",
        "to_name": "text",
        "type": "labels",
        "value": place | {"labels": list(labels_of(task.proposal))},
    }
    return {"data": data, "predictions": [{"model_version": task.proposal.model, "result": [region]}]}


def _provenance(task: Task, coder: str | None) -> dict[str, Any]:
    """Keys that come back from every tool: which passage, how it was drawn, whose task, what the machine proposed.

    The draw is told here too, so that weights survive an export under another name, away from its design.
    """
    text = task.passage.text
    row: dict[str, Any] = {
        "document": task.passage.id,
        "passage": task.passage.id,
        "sha256": text_sha256(text),
        "drawn": task.drawn,
    }
    if task.weight is not None:
        row["weight"] = task.weight
    if coder:
        row["coder"] = coder
    if task.proposal:
        row["proposed_by"] = task.proposal.model
        row["proposal"] = f"0-{len(text)}: {', '.join(codes_of(task.proposal))}"
    return row


def _around(task: Task) -> dict[str, Any]:
    """What a coder may read around the passage, where there is something."""
    passage = task.passage
    found = {
        "speaker": passage.speaker,
        "question": passage.context,
        "before": task.before,
        "after": task.after,
    }
    return {name: value for name, value in found.items() if value}


def design_row(sample: Sample) -> dict[str, Any]:
    """How the passages were drawn: what makes weights right later. No text, no path, no date."""
    book = codebook()
    return {
        "schema": SCHEMA,
        "tool": {"name": "tensions", "version": __version__},
        "codebook": {"name": book.name, "version": book.version, "sha256": book.sha256},
        "model": sample.model,
        "options": dict(sample.options),
        "seed": sample.seed,
        "strategy": sample.strategy,
        "purpose": "training" if sample.precision is None else "estimation",
        "statement": TRAINING_ONLY if sample.precision is None else ESTIMATION,
        "by": list(sample.by),
        "population": sample.population,
        "withdrawn": sample.withdrawn,
        "coders": list(sample.coders),
        "overlap": sample.overlap,
        "strata": [
            {"by": dict(one.by), "population": one.population, "drawn": one.drawn, "weight": one.weight}
            for one in sample.strata
        ],
        "passages": [
            {
                "id": task.passage.id,
                "sha256": task.fingerprint,
                "stratum": task.stratum,
                "weight": task.weight,
                "coders": list(task.coders),
            }
            for task in sample.tasks
        ],
    }
