"""Libraries that open a socket as they are imported: kept from it."""

import contextlib
import importlib
from functools import cache


@cache
def import_urllib3_without_socket() -> None:
    """To call before spaCy or trafilatura is imported, which bring urllib3 along though nothing here uses it.

    As it is imported, urllib3 binds a socket to this machine to see whether it has IPv6, unless Python says that it
    has none.
    """
    import socket

    before, socket.has_ipv6 = socket.has_ipv6, False
    try:
        with contextlib.suppress(ImportError):
            importlib.import_module("urllib3")
    finally:
        socket.has_ipv6 = before
