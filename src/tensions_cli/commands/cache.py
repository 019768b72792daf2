"""`tensions cache clear`."""

import sys

from tensions_cli.errors import ExitStatus, TensionsError
from tensions_cli.output.french import plural
from tensions_cli.output.sink import reason_of
from tensions_cli.runtime import cache


def run_clear() -> ExitStatus:
    """Remove every entry and say how many there were."""
    try:
        entries, size = cache.clear()
    except OSError as error:
        raise TensionsError(
            "le cache ne peut pas être effacé en entier",
            why=reason_of(error),
            hint=f"vérifiez vos droits sur ce dossier, ou effacez-le vous-même\u00a0: {cache.folder()}",
        ) from error
    said = f"{plural(entries, 'résultat effacé', 'résultats effacés')} ({size / 1e6:.1f} Mo)".replace(".", ",")
    print(f"Cache\u00a0: {said}." if entries else "Cache\u00a0: il était vide.", file=sys.stderr)
    return ExitStatus.DONE
