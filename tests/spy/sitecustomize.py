"""A witness in every process of a command under test: Python imports this module first, workers included.

`SPY_LOG`: a file that gets one line of JSON for each socket, connection, look-up of a name, program started and file
opened to be written. In worker processes, for the file whose name ends with `SPY_FILE`: `SPY_ACT` says `wait` (as long
as the flag file `SPY_FLAG` is there), `die`, `die once` (the flag file is taken away) or `raise`.
"""

import json
import os
import sys
import time

LOG, ACT = os.environ.get("SPY_LOG"), os.environ.get("SPY_ACT", "")
FILE, FLAG = os.environ.get("SPY_FILE", "\0"), os.environ.get("SPY_FLAG", "")
WORKER = "--multiprocessing-fork" in sys.orig_argv
NETWORK = ("socket.", "urllib.", "http.", "ftplib.", "smtplib.")
WATCHED = (*NETWORK, "subprocess.", "os.system", "os.exec", "os.posix_spawn")
WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT
_log = os.open(LOG, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600) if LOG else None
_ours = False


def _say(event: str, *told: object) -> None:
    if _log is not None:
        os.write(_log, (json.dumps([os.getpid(), event, *map(str, told)]) + "\n").encode())


def _act(path: str) -> None:
    _say("act", path)
    if ACT == "wait":
        while os.path.exists(FLAG):
            time.sleep(0.02)
    elif ACT == "die" or (ACT == "die once" and os.path.exists(FLAG)):
        if ACT == "die once":
            os.unlink(FLAG)
        os.kill(os.getpid(), 9)
    elif ACT == "raise":
        raise LookupError("ZZTOPSECRET: Quirinelle " + path)


def _witness(event: str, arguments: tuple[object, ...]) -> None:
    global _ours
    if _ours:
        return
    _ours = True
    try:
        if event == "open":
            path, _, flags = arguments
            if isinstance(path, bytes):
                path = os.fsdecode(path)
            if WORKER and isinstance(path, str) and path.endswith(FILE):
                _act(path)
            if isinstance(flags, int) and flags & WRITES and not isinstance(path, int):
                _say("write", path)
        elif event.startswith(WATCHED):
            _say(event, *arguments)
    finally:
        _ours = False


sys.addaudithook(_witness)
