"""What a terminal sends when a key is struck, as the name of the key."""

import re

# The sequences of xterm, VT220, rxvt and the Linux console; on Windows, what the console gives for the same keys.
_NAMES = {
    "\x1b[A": "up",
    "\x1b[B": "down",
    "\x1b[C": "right",
    "\x1b[D": "left",
    "\x1bOA": "up",
    "\x1bOB": "down",
    "\x1bOC": "right",
    "\x1bOD": "left",
    "\x1b[5~": "pageup",
    "\x1b[6~": "pagedown",
    "\x1b[H": "home",
    "\x1b[F": "end",
    "\x1bOH": "home",
    "\x1bOF": "end",
    "\x1b[1~": "home",
    "\x1b[4~": "end",
    "\x1b[7~": "home",
    "\x1b[8~": "end",
    "\x1b[3~": "delete",
    "\x00H": "up",
    "\x00P": "down",
    "\x00M": "right",
    "\x00K": "left",
    "\x00I": "pageup",
    "\x00Q": "pagedown",
    "\x00G": "home",
    "\x00O": "end",
    "\x00S": "delete",
    "\r": "enter",
    "\n": "enter",
    "\t": "tab",
    "\x7f": "backspace",
    "\x08": "backspace",
    "\x15": "erase",  # Ctrl-U: the whole line
    "\x01": "home",
    "\x05": "end",
    "\x1b": "esc",
}
PASTE = "paste:"  # a name that begins so is followed by the text pasted
_PASTED = ("\x1b[200~", "\x1b[201~")
_SEQUENCE = re.compile(r"\x1b(?:\[[0-9;?<]*[ -/]*[@-~]|O[A-Za-z])|\x00.")
_UNFINISHED = re.compile(r"\x1b(?:\[[0-9;?<]*|O)?|\x00")


def keys_of(typed: str, *, more: bool = False) -> tuple[list[str], str]:
    """Names of the keys struck, and what is only the beginning of a key.

    `more`: the rest may still come; without it a lone escape is the key itself. A character is its own name, a key
    without a use gives nothing, and text pasted at once is one key (`paste:…`), never commands.
    """
    names: list[str] = []
    at = 0
    while at < len(typed):
        rest = typed[at:]
        if rest.startswith(_PASTED[0]):
            end = rest.find(_PASTED[1])
            if end < 0:
                return names, rest
            names.append(PASTE + rest[len(_PASTED[0]) : end])
            at += end + len(_PASTED[1])
            continue
        if (more and _UNFINISHED.fullmatch(rest)) or (not more and _UNFINISHED.fullmatch(rest) and rest != "\x1b"):
            return names, rest
        found = _SEQUENCE.match(rest)
        struck = found[0] if found else rest[0]
        at += len(struck)
        name = _NAMES.get(struck) or (struck if len(struck) == 1 and struck.isprintable() else "")
        if name:
            names.append(name)
    return names, ""
