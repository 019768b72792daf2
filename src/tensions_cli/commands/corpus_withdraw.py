"""`tensions corpus withdraw`: what a withdrawal would do, then the withdrawal and its receipt."""

import sys
from pathlib import Path

from tensions_cli.commands.common import protect_inputs, say
from tensions_cli.errors import ExitStatus
from tensions_cli.output.sink import check_output, text_output
from tensions_cli.runtime import cache
from tensions_cli.withdrawal.plan import carry_out, plan_withdrawal, remains
from tensions_cli.withdrawal.receipt import receipt
from tensions_cli.withdrawal.results import result_files
from tensions_cli.withdrawal.steps import Action


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
    plan = plan_withdrawal(name, sources, codes, outputs)
    protect_inputs(output, sources)
    check_output(output, result_files([*codes, *outputs]), ())
    left, is_forgotten = 0, True
    if yes:
        carry_out(plan)
        left = remains(plan)
        is_forgotten = _forgotten()
    with text_output(output) as stream:
        stream.write(receipt(name, plan, done=yes, left=left, is_forgotten=is_forgotten))
    if not yes:
        say("Rien n’a été touché. Pour faire ce retrait\u00a0: la même commande avec --yes", quiet=quiet)
        return ExitStatus.DONE
    if left or not is_forgotten or any(step.action is Action.BY_HAND for step in plan.steps):
        print("Il reste à faire à la main\u00a0: voyez le reçu.", file=sys.stderr)
        return ExitStatus.CHECK_FAILED
    return ExitStatus.DONE


def _forgotten() -> bool:
    """Empty the cache, where no entry can be told from another; False when the system refuses it."""
    try:
        cache.clear()
    except OSError:
        return False
    return True
