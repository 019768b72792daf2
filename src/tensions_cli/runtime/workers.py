"""Work shared out between processes of this machine: results in the order of the items, nothing lost.

What is done of an item must depend on the item alone. A process that dies (out of memory, killed, a library that
crashes) takes nothing with it: what it held is done again, each item alone, so that the one at fault is known.
"""

import contextlib
import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.connection import wait
from typing import TypeVar

from tensions_cli.errors import hush

AHEAD = 4  # items given to each process in advance: enough that none waits, little to hold
MOST = 4  # processes taken unless told: each holds the model (about 200 MB), and a laptop has other work
SHARED_FROM = 2_000_000  # bytes to do under which one process is done before two have loaded the model

Item = TypeVar("Item")
Result = TypeVar("Result")


def processes(asked: int, size: int) -> int:
    """How many processes to use: `asked`, or, for 0, what this machine and `size` (bytes to do) call for."""
    if asked:
        return asked
    return min(MOST, _cores()) if size >= SHARED_FROM else 1


def _cores() -> int:
    """Cores that this process may use, which a container or a batch queue may have cut down."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0)) or 1
    return os.cpu_count() or 1


def in_order(
    work: Callable[[Item], Result], items: Iterable[Item], jobs: int, lost: Callable[[Item], Result]
) -> Iterator[Result]:
    """`work` of each item, in their order, by `jobs` processes; with one, in this process.

    `work` and the items are sent to other processes. `lost`: what stands for an item that kills two processes.
    """
    if jobs == 1:
        yield from map(work, items)
        return
    remaining = iter(items)
    pending: deque[tuple[Item, Future[Result]]] = deque()
    pool = _pool(jobs)
    try:
        while True:
            while len(pending) < jobs * AHEAD and (item := next(remaining, None)) is not None:
                pending.append((item, _submitted(pool, work, item)))
            if not pending:
                return
            try:
                result = pending[0][1].result()
            except BrokenProcessPool:
                pool.shutdown(wait=False, cancel_futures=True)
                yield from _again(work, pending, lost)
                pending.clear()
                pool = _pool(jobs)
            else:
                pending.popleft()
                yield result
    finally:
        _close(pool)


def _again(
    work: Callable[[Item], Result], pending: Iterable[tuple[Item, Future[Result]]], lost: Callable[[Item], Result]
) -> Iterator[Result]:
    """What was under way when a process died: results that had come; the others one by one, each in a new process."""
    for item, future in pending:
        if future.done() and future.exception() is None:
            yield future.result()
            continue
        alone = _pool(1)
        try:
            result = _submitted(alone, work, item).result()
        except BrokenProcessPool:
            result = lost(item)
        finally:
            _close(alone)
        yield result


def _submitted(pool: ProcessPoolExecutor, work: Callable[[Item], Result], item: Item) -> Future[Result]:
    """The item on its way, by a process that may be started for it.

    A process inherits what is blocked: one that is still importing what it needs is not interrupted, which it would
    tell with a traceback. Here, an interruption comes a moment later.
    """
    if not hasattr(signal, "pthread_sigmask"):
        return pool.submit(work, item)
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        return pool.submit(work, item)
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _close(pool: ProcessPoolExecutor) -> None:
    """Nobody is at work any more: an interruption does not wait for the end of an item.

    Processes first: the thread that watches them then ends too, and has ended before Python does.
    """
    for child in multiprocessing.active_children():
        child.kill()
    pool.shutdown(wait=True, cancel_futures=True)


def _pool(jobs: int) -> ProcessPoolExecutor:
    # Started anew rather than forked: the same on every system, and no lock of a progress bar is copied half-held.
    return ProcessPoolExecutor(jobs, mp_context=multiprocessing.get_context("spawn"), initializer=_start)


def _start() -> None:
    """A worker leaves interruptions to its parent, does not outlive it, and says nothing by itself."""
    hush()
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        with contextlib.suppress(AttributeError, ValueError):
            signal.signal(getattr(signal, name), signal.SIG_IGN if name == "SIGINT" else signal.SIG_DFL)
    threading.Thread(target=_leave_with_parent, daemon=True).start()


def _leave_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)
