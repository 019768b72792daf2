"""`tensions model`: train, evaluate, list, show."""

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tensions_cli.commands.common import say
from tensions_cli.errors import ExitStatus, ModelError, TensionsError
from tensions_cli.output import french
from tensions_cli.output.evaluation import lines_of_training
from tensions_cli.output.rows import to_json
from tensions_cli.output.sink import check_output, text_output
from tensions_cli.tagging.model_folder import (
    DEFAULT,
    find_model,
    installed_models,
    open_model,
    read_card,
    read_config,
    read_metrics,
)


def run_train(
    sources: list[Path],
    added: list[Path],
    folder: Path,
    encoders: list[str],
    own_codebook: Path | None,
    *,
    quiet: bool,
    force: bool,
    keep_rare_words: bool,
    show_text: bool,
) -> ExitStatus:
    """Train on coded passages, or on the shipped ones and one's own; evaluate on what was held out; write the folder.

    Raises TensionsError for sources that do not go together.
    """
    from tensions_cli.knowledge.codebook import load_codebook, use_codebook
    from tensions_cli.training.shipped import is_shipped
    from tensions_cli.training.train import Choices, train, train_added

    if not sources and not added:
        raise TensionsError(
            "aucun passage codé n’est donné",
            why="un modèle apprend de passages codés",
            hint="tensions model train --add mes_codes.jsonl -o models/mon_modele, ou --help",
        )
    if sources and added and not is_shipped(sources):
        raise TensionsError(
            "--add ne se combine pas avec d’autres CODES",
            why="--add ajoute vos passages à ceux qui sont livrés\u00a0; CODES entraîne sur ces passages seuls",
            hint="donnez tout avec --add (répétable), ou tout comme CODES",
        )
    if own_codebook is not None:
        use_codebook(load_codebook(own_codebook))

    def warn(what: str, names: Sequence[str]) -> None:
        say(what, quiet=False)
        if show_text:
            say(", ".join(map(french.printable, names)), quiet=False)

    choices = Choices(
        encoders=encoders,
        force=force,
        keep_rare_words=keep_rare_words,
        done=lambda step: say(step, quiet=quiet),
        warn=warn,
    )
    metrics = train_added(added, folder, choices) if added else train(sources, folder, choices)
    for line in lines_of_training(metrics, folder.name):
        say(line, quiet=quiet)
    return ExitStatus.DONE


def run_evaluate(
    gold: Path,
    texts: Path | None,
    model: str,
    form: str,
    output: Path | None,
    *,
    paragraph: str | None = None,
    show_text: bool,
) -> ExitStatus:
    """Figures of a model on coded passages (or on stand-off labels with their texts); warns of texts it learnt."""
    from tensions_cli.output import evaluation, terminal
    from tensions_cli.training.coded import check_file
    from tensions_cli.training.judge import gold_coding, gold_identity, judge, model_training, read_gold
    from tensions_cli.training.seen import seen_in_training

    check_output(output, [gold], [texts] if texts else [])

    def tell(notice: str) -> None:
        say(notice, quiet=False)

    check_file(gold)  # before the model is loaded, which takes a while
    opened = open_model(model)  # before the gold is read: its codebook says what the codes mean
    passages = read_gold(gold, texts, tell)
    figures = judge(passages, opened, show_text=show_text)
    figures["manifest"]["gold"] = gold_identity(gold)
    figures["manifest"]["model"]["training"] = model_training(metrics_of(model), metrics_of(DEFAULT))
    figures["coding"] = gold_coding(passages, gold)
    if 2 * (seen_in_training((p.text for p in passages), find_model(DEFAULT)) or 0) > len(passages):
        figures["coding"]["coded_by"] = None  # shipped passages, whose codes are no person's unless somebody says so
    figures["seen_in_training"] = seen_in_training((p.text for p in passages), find_model(model))
    if figures["seen_in_training"]:
        on_screen = form == "table" and output is None and sys.stdout.isatty()  # where the table says it too
        say(evaluation.seen_warning(figures["seen_in_training"], len(passages)), quiet=on_screen)
    if form == "table" and output is None:
        evaluation.print_evaluation(figures, terminal.console(), paragraph)
        return ExitStatus.DONE
    with text_output(output) as stream:
        if form == "json":
            stream.write(to_json(figures, indent=1) + "\n")
        elif form == "md":
            evaluation.write_evaluation_markdown(figures, stream, paragraph)
        else:
            evaluation.print_evaluation(figures, terminal.file_console(stream), paragraph)
    return ExitStatus.DONE


def metrics_of(model: str) -> dict[str, Any]:
    """Figures of a model's training, nothing where its folder holds none."""
    try:
        return read_metrics(model)
    except ModelError:
        return {}


def run_list() -> ExitStatus:
    """Name, version and macro-F1 of each installed model."""
    folders = installed_models()
    if not folders:
        raise TensionsError(
            "aucun modèle n’est installé", why="le paquet n’en contient pas", hint="réinstallez tensions-cli"
        )
    for folder in folders:
        config, figures = read_config(str(folder)), read_metrics(str(folder)).get("evaluation", {})
        score, bounds = figures.get("macro_f1"), figures.get("macro_f1_interval")
        told = "–" if score is None else f"{score:.3f}"
        told += f" [{bounds[0]:.3f}–{bounds[1]:.3f}]" if bounds else ""
        print(
            f"{config['name']} {config['version']}\tmacro-F1 {told}\t"
            f"{config['training'].get('passages', '–')} passages codés"
        )
    return ExitStatus.DONE


def run_show(name: str, form: str) -> ExitStatus:
    """The card of a model, or its metrics as JSON."""
    if form == "json":
        json.dump(read_metrics(name), sys.stdout, ensure_ascii=False, indent=1, sort_keys=True)
        print()
        return ExitStatus.DONE
    print(read_card(name), end="")
    return ExitStatus.DONE
