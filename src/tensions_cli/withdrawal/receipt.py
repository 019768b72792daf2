"""The receipt of a withdrawal, in Markdown: what was asked, done to each file, left to people, checked."""

import datetime
import os
from collections.abc import Mapping, Sequence

from tensions_cli.output.french import plural, printable
from tensions_cli.withdrawal.plan import Plan
from tensions_cli.withdrawal.steps import LEFT_TO_PEOPLE, Action

_DONE = {Action.DELETE: "supprimé", Action.REWRITE: "réécrit", Action.REPLACE: "remplacé par un .txt"}


def receipt(name: str, plan: Plan, *, done: bool, left: int, is_forgotten: bool = True) -> str:
    """The receipt; `name`: what was asked, `done`: the plan was carried out, `left`: files that still hold words.

    `is_forgotten`: the results kept from one run to the next are gone.
    """
    lines = [
        f"# {'Reçu de retrait' if done else 'Retrait prévu'}",
        "",
        f"- demande\u00a0: {printable(name)}",
        *([f"- date\u00a0: {_today()}"] if done else []),
        f"- concerne\u00a0: {_concerned(plan)}",
        "",
        f"## {'Fait' if done else 'Serait fait'}",
        "",
        *_listed(plan, [action for action in Action if action not in LEFT_TO_PEOPLE], _DONE if done else {}, "rien"),
        "",
        "## Reste à faire par vous",
        "",
        *_listed(plan, LEFT_TO_PEOPLE, {}, "rien d’autre dans ces dossiers"),
        *_mentioned(plan),
        "- chiffres et graphiques qui ne nomment aucun texte\u00a0: l’outil ne peut pas savoir s’ils comptent ce qui "
        "est retiré, refaites-les",
        "- sauvegardes, dossiers cachés, enregistrements sonores, envois par courriel et copies hors de ces "
        "dossiers\u00a0: l’outil ne les connaît pas",
        "- tensions ne garde aucune copie des textes ailleurs\u00a0; " + _cache(done=done, is_forgotten=is_forgotten),
    ]
    if done:
        checked = len(plan.checked)
        found = "aucun ne contient plus" if not left else f"{plural(left, 'contient', 'contiennent')} encore"
        lines += [
            "",
            "## Vérifié",
            "",
            f"- {plural(checked, 'fichier relu', 'fichiers relus')} après coup\u00a0: {found} de texte retiré",
            *(["- ce qui reste à faire par vous n’a pas été relu"] if _is_left(plan) else []),
        ]
    return "\n".join(lines) + "\n"


def _cache(*, done: bool, is_forgotten: bool) -> str:
    if not is_forgotten:
        return "son cache, sans texte, n’a pas pu être effacé\u00a0: tensions cache clear"
    return f"son cache, sans texte, {'est' if done else 'serait'} effacé en entier"


def _today() -> str:
    """The date of the receipt; SOURCE_DATE_EPOCH fixes it for programs that compare bytes."""
    epoch = os.environ.get("SOURCE_DATE_EPOCH")
    now = datetime.datetime.now(datetime.UTC)
    return (datetime.datetime.fromtimestamp(int(epoch), datetime.UTC) if epoch else now).date().isoformat()


def _concerned(plan: Plan) -> str:
    told = []
    if plan.documents:
        told.append(plural(plan.documents, "texte entier", "textes entiers"))
    if plan.interviews:
        where = "un texte qui reste" if plan.interviews == 1 else f"{plural(plan.interviews, 'texte')} qui restent"
        told.append(f"les tours d’une personne dans {where}")
    return ", ".join(told) or "une personne décrite et jamais entendue"


def _is_left(plan: Plan) -> bool:
    return any(step.action in LEFT_TO_PEOPLE for step in plan.steps)


def _mentioned(plan: Plan) -> list[str]:
    if not plan.mentions:
        return []
    times = plural(plan.mentions, "fois", "fois")
    return [f"- son nom est encore dit dans ce qui reste, {times}\u00a0: relisez, ou pseudonymisez"]


def _listed(plan: Plan, actions: Sequence[Action], words: Mapping[Action, str], nothing: str) -> list[str]:
    rows = [
        f"- {words.get(step.action, step.action.value)}\u00a0: `{printable(str(step.path))}` ({step.detail})"
        for step in plan.steps
        if step.action in actions
    ]
    return rows or [f"- {nothing}"]
