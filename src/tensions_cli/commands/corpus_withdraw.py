"""`tensions corpus withdraw`: what a withdrawal would do, then the withdrawal and its receipt."""

import datetime
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from tensions_cli.commands.common import say
from tensions_cli.errors import ExitStatus
from tensions_cli.output.french import plural
from tensions_cli.output.sink import text_output
from tensions_cli.pipeline import Options
from tensions_cli.withdrawal.plan import Action, Plan, carry_out, plan_withdrawal, remains

DONE = {Action.DELETE: "supprimé", Action.REWRITE: "réécrit", Action.REPLACE: "remplacé par un .txt"}
LEFT_TO_PEOPLE = (Action.BY_HAND, Action.REDO)


def run(
    name: str,
    sources: list[str],
    codes: list[Path],
    outputs: list[Path],
    output: Path | None,
    *,
    yes: bool,
    quiet: bool,
) -> ExitStatus:
    """Plan, carry out with --yes, and write the receipt; 1 when something is left to do by hand."""
    plan = plan_withdrawal(name, sources, codes, outputs, Options())
    left = 0
    if yes:
        carry_out(plan)
        left = remains(plan)
    with text_output(output) as stream:
        stream.write(receipt(name, plan, done=yes, left=left))
    by_hand = sum(step.action is Action.BY_HAND for step in plan.steps)
    if not yes:
        say("Rien n’a été touché. Pour faire ce retrait\u00a0: la même commande avec --yes", quiet=quiet)
        return ExitStatus.DONE
    if by_hand or left:
        print("Il reste à faire à la main\u00a0: voyez le reçu.", file=sys.stderr)
        return ExitStatus.CHECK_FAILED
    return ExitStatus.DONE


def receipt(name: str, plan: Plan, *, done: bool, left: int) -> str:
    """The receipt in Markdown: what was asked, what was done file by file, what remains, how it was checked."""
    lines = [
        f"# {'Reçu de retrait' if done else 'Retrait prévu'}",
        "",
        f"- demande\u00a0: {name}",
        *([f"- date\u00a0: {today()}"] if done else []),
        f"- concerne\u00a0: {_concerned(plan)}",
        "",
        f"## {'Fait' if done else 'Serait fait'}",
        "",
        *_listed(plan, [action for action in Action if action not in LEFT_TO_PEOPLE], DONE if done else {}),
        "",
        "## Reste à faire par vous",
        "",
        *_listed(plan, LEFT_TO_PEOPLE, {}),
        *_mentioned(plan),
        "- sauvegardes, enregistrements sonores, envois par courriel et copies hors de ces dossiers\u00a0: "
        "l’outil ne les connaît pas",
        "- tensions ne garde aucune copie des textes ailleurs",
    ]
    if done:
        checked = len(plan.checked)
        found = "aucun ne contient plus" if not left else f"{plural(left, 'contient', 'contiennent')} encore"
        lines += [
            "",
            "## Vérifié",
            "",
            f"- {plural(checked, 'fichier relu', 'fichiers relus')} après coup\u00a0: {found} de texte retiré",
            *(["- ce qui reste à faire par vous n’a pas été relu"] if _left(plan) else []),
        ]
    return "\n".join(lines) + "\n"


def today() -> str:
    """The date of the receipt; SOURCE_DATE_EPOCH fixes it for programs that compare bytes."""
    epoch = os.environ.get("SOURCE_DATE_EPOCH")
    now = datetime.datetime.now(datetime.UTC)
    return (datetime.datetime.fromtimestamp(int(epoch), datetime.UTC) if epoch else now).date().isoformat()


def _concerned(plan: Plan) -> str:
    whole = plural(plan.documents, "texte entier", "textes entiers")
    turns = plural(plan.speakers, "locuteur", "locuteurs")
    return f"{whole}, {turns} dans un texte qui reste" if plan.speakers else whole


def _left(plan: Plan) -> bool:
    return any(step.action in LEFT_TO_PEOPLE for step in plan.steps)


def _mentioned(plan: Plan) -> list[str]:
    if not plan.mentions:
        return []
    times = plural(plan.mentions, "fois", "fois")
    return [f"- d’autres disent son nom dans ce qui reste, {times}\u00a0: relisez, ou pseudonymisez"]


def _listed(plan: Plan, actions: Sequence[Action], words: Mapping[Action, str]) -> list[str]:
    rows = [
        f"- {words.get(step.action, step.action.value)}\u00a0: `{step.path}` ({step.detail})"
        for step in plan.steps
        if step.action in actions
    ]
    return rows or (["- rien"] if words or actions != LEFT_TO_PEOPLE else ["- rien d’autre dans ces dossiers"])
