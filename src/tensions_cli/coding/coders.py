"""Names of coders: accounts of people become `codeur 1`, `codeur 2`…; the machine keeps its name."""

import re
from collections.abc import Collection, Iterable
from itertools import count

NUMBERED = re.compile(r"codeur [\w-]{1,20}")  # also `codeur A`, as `--coder A` names one
# What a team calls its coders; anything longer may be the account of a person.
SHORT = re.compile(r"[A-Z][0-9]?|[0-9]{1,2}")
# Whom a file does not name, for who will look for the name elsewhere.
UNNAMED = "codeur inconnu"
_MACHINE = re.compile(r"tensions-\S+")


def is_machine(name: str) -> bool:
    """The name is that of our tool, with its version and the hash of the model."""
    return _MACHINE.fullmatch(name) is not None


def numbered(names: Iterable[str], machines: Collection[str] = ()) -> dict[str, str]:
    """The name each coder gets outside: by sorted account, so the same file always gives the same numbers.

    A name that is already `codeur N` (or another code), or a machine's (`machines`: those that only the file tells),
    stays. The accounts themselves go nowhere else.
    """
    known = set(names)
    kept = {name: name for name in known if NUMBERED.fullmatch(name) or is_machine(name) or name in machines}
    free = (name for rank in count(1) if (name := f"codeur {rank}") not in kept)
    return kept | dict(zip(sorted(known - set(kept), key=_by_number), free, strict=False))


def _by_number(name: str) -> tuple[bool, int, str]:
    number = name.isascii() and name.isdecimal()
    return (not number, int(name[:18]) if number else 0, name)
