"""Work shared out between machines by Dask distributed: results in the order of the items, nothing lost.

The contract is that of `workers.py`. No text goes from one machine to another or to a disk: an item names a file,
which the machine that does it reads itself, and what comes back is sealed with a secret of this run, so that what
Dask writes to a disk when memory is short, or logs, says nothing. This module owns dask and distributed.
"""

import asyncio
import contextlib
import logging
import os
import pickle
import sys
import threading
import time
import uuid
import warnings
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import takewhile
from typing import TYPE_CHECKING, Any, TypeVar

from tensions_cli.errors import ModelError, TensionsError
from tensions_cli.runtime import cache as store

if TYPE_CHECKING:
    from distributed import Client, Future

AHEAD = 4  # items given to each process in advance, as on one machine
SCHEDULER_SECONDS = 10  # a scheduler that is there answers in less than one
WORKERS_SECONDS = 60  # a worker imports its libraries in ten; a queue may take hours, which is for the user to watch
ALONE_SECONDS = 600  # without any worker, in the middle: batch queues give machines back, and new ones take time
COUNTED_EVERY = 5  # seconds between two looks at how many processes there are
LOGGERS = ("distributed", "dask", "tornado", "asyncio", "bokeh")

Item = TypeVar("Item")
Result = TypeVar("Result")
Identity = Mapping[str, str]  # what two machines must have in common, by the name a user knows it under

_one_at_a_time = threading.Lock()  # models and codebooks belong to a process: its threads take turns
_checked: set[bytes] = set()  # secrets of the runs that this process may work for


def in_order(
    work: Callable[[Item], Result],
    items: Iterable[Item],
    address: str,
    lost: Callable[[Item], Result],
    identity: Callable[[], Identity],
) -> Iterator[Result]:
    """`work` of each item, in their order, by the workers of a Dask cluster.

    `address`: of the scheduler (`tcp://host:8786`), or path of a scheduler file. `lost`: what stands for an item that
    kills every worker it is given to. `identity`: what must be the same on every machine, called here and there.
    Raises ModelError without the libraries, TensionsError for a cluster that does not answer, has no worker, or has
    workers that would give other results.
    """
    own = identity()
    with _connected(address) as client:
        _check_workers(client, address, own, identity)
        order = _Order(work, identity, dict(own), os.urandom(32))
        yield from _results(client, order, items, lost)


@dataclass(frozen=True, repr=False)
class _Order:
    """What a worker needs beside the item. No `repr`: a worker logs the arguments of what fails."""

    work: Callable[[Any], Any]
    identity: Callable[[], Identity]
    expected: Identity
    secret: bytes


@dataclass(frozen=True, repr=False)
class _Quiet:
    """An item, which names a file and its speakers: never shown either."""

    item: Any


def carry_out(order: _Order, quiet: _Quiet) -> bytes:
    """On a worker: the result of one item, or what it raised, sealed. Never raises, so that nothing is logged there."""
    try:
        with _one_at_a_time:
            if order.secret not in _checked:  # a worker may join after the others were checked
                if differ := _differences({"": order.identity()}, order.expected):
                    raise _other_worker(differ)
                _checked.add(order.secret)
            result = order.work(quiet.item)
        return store.seal(pickle.dumps((True, result)), order.secret)
    except TensionsError as error:
        return store.seal(pickle.dumps((False, error)), order.secret)
    except Exception as error:  # its message may quote a text
        return store.seal(pickle.dumps((False, RuntimeError(type(error).__name__))), order.secret)


def _results(
    client: "Client", order: _Order, items: Iterable[Item], lost: Callable[[Item], Result]
) -> Iterator[Result]:
    from distributed import KilledWorker

    run = uuid.uuid4().hex  # names of tasks are shown on the dashboard: they tell nothing
    remaining = enumerate(items)
    pending: deque[tuple[int, Item, Future]] = deque()
    ready: dict[int, bytes] = {}
    threads, counted_at = 0, 0.0

    def submit(rank: int, item: Item, attempt: int = 0) -> "Future":
        key = f"tensions-{run}-{rank}-{attempt}"
        return client.submit(carry_out, order, _Quiet(item), key=key, pure=False)

    while True:
        if time.monotonic() - counted_at > COUNTED_EVERY:
            threads, counted_at = _threads(client), time.monotonic()
        while len(pending) < max(threads, 1) * AHEAD and (following := next(remaining, None)) is not None:
            pending.append((*following, submit(*following)))
        if not pending:
            return
        rank, item, future = pending.popleft()
        try:
            sealed = ready.pop(rank) if rank in ready else _awaited(client, future)
        except KilledWorker:
            # Everything that a dead worker held is under suspicion: this item is done again with nothing beside it.
            for *_, other in pending:
                with contextlib.suppress(KilledWorker):
                    _awaited(client, other)
            try:
                sealed = _awaited(client, submit(rank, item, 1))
            except KilledWorker:
                yield lost(item)
                continue
        future.release()
        ready = ready or _at_hand(client, pending)
        yield _opened(sealed, order.secret)


def _at_hand(client: "Client", pending: Iterable[tuple[int, Any, "Future"]]) -> dict[int, bytes]:
    """The results that follow and are there already, in one exchange: one each would bound what a cluster can give."""
    done = list(takewhile(lambda one: one[2].status == "finished", pending))

    async def fetched() -> list[bytes]:
        results: list[bytes] = await client.gather([future for *_, future in done], asynchronous=True)
        return results

    try:
        # Bounded: the worker that held them may be gone, and no other come to do them again.
        results = client.sync(fetched, callback_timeout=COUNTED_EVERY)
        return dict(zip((rank for rank, *_ in done), results, strict=True))
    except Exception:  # they are asked for one by one, and what is wrong is told then
        return {}


def _opened(sealed: bytes, secret: bytes) -> Any:
    content = store.unseal(sealed, secret)
    if content is None:
        raise _gone("ce qui en revient n’est pas ce qui y a été fait")
    fine, value = pickle.loads(content)  # noqa: S301 (sealed by the secret of this run)
    if not fine:
        raise value
    return value


def _awaited(client: "Client", future: "Future") -> bytes:
    """The result of a task; raises KilledWorker, TensionsError when the cluster goes away or keeps no worker."""
    from distributed import KilledWorker

    alone_since: float | None = None
    while True:
        try:
            result: bytes = future.result(timeout=COUNTED_EVERY)
            return result
        except KilledWorker:
            raise
        except TimeoutError:
            if _threads(client):
                alone_since = None
                continue
            alone_since = alone_since or time.monotonic()
            if time.monotonic() - alone_since > ALONE_SECONDS:
                raise _gone(f"il n’a plus de processus de travail depuis {ALONE_SECONDS // 60}\u00a0minutes") from None
        except (Exception, asyncio.CancelledError):  # cancelled, connection closed…
            raise _gone("la liaison avec l’ordonnanceur s’est rompue") from None


def _threads(client: "Client") -> int:
    """How many items the cluster does at once."""
    try:
        return sum(client.nthreads().values())
    except Exception:
        raise _gone("la liaison avec l’ordonnanceur s’est rompue") from None


# --- the cluster -----------------------------------------------------------------------------------------


@contextlib.contextmanager
def _connected(address: str) -> Iterator["Client"]:
    """A client of the scheduler, which says nothing on stderr."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import distributed
    except ImportError:
        raise ModelError(
            "--cluster demande des bibliothèques de plus",
            why="dask et distributed ne sont pas installés",
            hint='pip install "tensions-cli[cluster]"',
        ) from None
    _hush()
    is_file = os.path.exists(address)
    if not is_file and "://" not in address and (os.sep in address or address.endswith(".json")):
        raise _unreachable(address, "ce fichier d’ordonnanceur n’existe pas")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # versions that differ: we say it ourselves, where it matters
        try:
            where = {"scheduler_file": address} if is_file else {"address": address}
            client = distributed.Client(**where, timeout=SCHEDULER_SECONDS, set_as_default=False, name="tensions")
        except Exception:  # no such host, nobody listens, not a scheduler, unknown protocol…
            why = f"aucun ordonnanceur Dask n’y a répondu en {SCHEDULER_SECONDS}\u00a0secondes"
            raise _unreachable(address, why) from None
        try:
            yield client
        finally:
            with contextlib.suppress(Exception):
                client.close(timeout=SCHEDULER_SECONDS)


def _hush() -> None:
    """Dask logs connections, hosts and tracebacks to stderr: what a user must know, this module says."""
    for name in (*LOGGERS, *logging.root.manager.loggerDict):
        if name.split(".")[0] in LOGGERS:
            logger = logging.getLogger(name)
            logger.setLevel(logging.CRITICAL + 1)
            logger.handlers[:] = [logging.NullHandler()]
            logger.propagate = False


def _check_workers(client: "Client", address: str, own: Identity, identity: Callable[[], Identity]) -> None:
    """Refuse workers that would give other results. First by names of versions, which need no code of ours there."""
    try:
        client.wait_for_workers(1, timeout=WORKERS_SECONDS)
    except Exception:
        raise TensionsError(
            f"le cluster {_shown(address)} n’a aucun processus de travail",
            why=f"aucun ne s’est présenté en {WORKERS_SECONDS}\u00a0secondes",
            hint="démarrez-en\u00a0: dask worker ADRESSE, ou attendez que la file du cluster en donne",
        ) from None
    try:
        said = client.get_versions(packages=["tensions_cli"])
        found = {name: (told or {}).get("packages", {}) for name, told in said["workers"].items()}
        without = [name for name, told in found.items() if told.get("tensions_cli") is None]
        if without:
            raise TensionsError(
                f"tensions n’est pas installé sur tout le cluster ({len(without)} processus sur {len(found)})",
                why="chaque machine lit et étiquette elle-même ses fichiers",
                hint="installez-y la même version, dans l’environnement où tournent les processus de travail",
            )
        # Code of another Python cannot even be sent.
        minor = {name: {"Python": _minor(told.get("python"))} for name, told in found.items()}
        if differ := _differences(minor, {"Python": _minor(".".join(map(str, sys.version_info[:3])))}):
            raise _other_worker(differ)
        answers = client.run(identity, on_error="return")
        told = {name: answer if isinstance(answer, Mapping) else {} for name, answer in answers.items()}
    except TensionsError:
        raise
    except Exception:
        raise _gone("la liaison avec l’ordonnanceur s’est rompue") from None
    if differ := _differences(told, own):
        raise _other_worker(differ)


def _minor(version: str | None) -> str:
    return ".".join((version or "?").split(".")[:2])


def _differences(told: Mapping[str, Identity], own: Identity) -> str:
    """What is not the same there as here, in French; empty when all is."""
    names = [name for name in own if any(one.get(name) != own[name] for one in told.values())]
    there = {name: sorted({one.get(name) or "absent" for one in told.values()} - {own[name]}) for name in names}
    return "\u00a0; ".join(
        f"{name} ({_short(own[name])} ici, {', '.join(map(_short, there[name]))} là-bas)" for name in names
    )


def _short(value: str) -> str:
    """A version as it stands; the beginning of a hash."""
    return value if len(value) < 20 else value[:8]


def _other_worker(differences: str) -> TensionsError:
    return TensionsError(
        "le cluster ne donnerait pas les mêmes résultats que cette machine",
        why=f"ce qui y est installé est différent\u00a0: {differences}",
        hint="installez partout les mêmes versions (le même fichier de verrou) et le même modèle, puis relancez",
    )


def _unreachable(address: str, why: str) -> TensionsError:
    return TensionsError(
        f"le cluster {_shown(address)} ne répond pas",
        why=why,
        hint="vérifiez l’adresse que dask scheduler a affichée (tcp://machine:8786), ou démarrez-le",
    )


def _gone(why: str) -> TensionsError:
    return TensionsError(
        "le travail du cluster s’est interrompu",
        why=why,
        hint="relancez la même commande\u00a0: sans --no-cache, ce qui est déjà fait n’est pas refait",
    )


def _shown(address: str) -> str:
    """An address without the name and password that it may bear."""
    scheme, mark, rest = address.rpartition("://")
    return f"{scheme}{mark}{rest.rpartition('@')[2]}"
