"""Pure work on many items, spread over processes (or threads: `ahead`): as many as there are processors, results in the
order of the items.

What is under way is bounded, whatever the items' number; a short run starts no process at all. The processes are
fresh (never forks of this one, which has threads), leave Ctrl-C to this one, and end with the last run. Where they
cannot be started, or one is killed, this process does the work itself: that is slower, and nothing else.
"""

from __future__ import annotations

import gc
import os
import signal
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from itertools import islice
from multiprocessing import get_context
from typing import Final, TypeVar

_T = TypeVar("_T")
_R = TypeVar("_R")

_ALONE: Final = 4
"""Chunks that this process does before it starts others: starting them takes about a second."""

_PRELOADED: Final[list[str]] = []

_WAITING: Final = 2
"""Chunks for each process that are under way or done and not yet asked for."""


class _Pool:
    """The processes, shared by all runs of the moment; `users` are those."""

    def __init__(self) -> None:
        self._executor: ProcessPoolExecutor | None = None
        self._users = 0

    def enter(self) -> ProcessPoolExecutor:
        """The processes, started if nobody else uses them; `leave` follows."""
        if self._executor is None:
            context = get_context("forkserver")
            context.set_forkserver_preload(_PRELOADED)
            self._executor = ProcessPoolExecutor(processes(), mp_context=context, initializer=_begin)
        self._users += 1
        return self._executor

    def leave(self) -> None:
        """The last one ends the processes."""
        self._users -= 1
        if self._users == 0 and self._executor is not None:
            self._executor.shutdown(cancel_futures=True)
            self._executor = None


_POOL: Final = _Pool()


def preload(*modules: str) -> None:
    """Have `modules`, which the work needs, imported once for all processes that are started from now on."""
    _PRELOADED.extend(m for m in modules if m not in _PRELOADED)


def processes() -> int:
    """How many processes work; with one processor this one does everything."""
    return os.cpu_count() or 1


def _begin() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    gc.disable()


def _done(work: Callable[[_T], _R], item: _T) -> _R:
    """The work makes many objects and no cycles of them: to look for these costs a quarter of the time."""
    looking = gc.isenabled()
    gc.disable()
    try:
        return work(item)
    finally:
        if looking:
            gc.enable()


def spread(work: Callable[[list[_T]], _R], items: Iterable[_T], size: int) -> Iterator[_R]:
    """`work` of each chunk of `size` items, in order. `work`, its chunks and its results must be picklable."""
    rest = iter(items)
    for _ in range(_ALONE):
        if not (chunk := list(islice(rest, size))):
            return
        yield _done(work, chunk)
    if processes() == 1:
        while chunk := list(islice(rest, size)):
            yield _done(work, chunk)
        return
    yield from _spread(work, rest, size)


def _spread(work: Callable[[list[_T]], _R], rest: Iterator[_T], size: int) -> Iterator[_R]:
    running: deque[tuple[Future[_R] | None, list[_T]]] = deque()
    executor = _POOL.enter()
    try:
        while True:
            while len(running) < _WAITING * processes() and (chunk := list(islice(rest, size))):
                running.append((_submitted(executor, work, chunk), chunk))
            if not running:
                return
            future, chunk = running.popleft()
            yield _result(work, future, chunk)
    finally:
        for future, _ in running:
            if future is not None:
                future.cancel()
        _POOL.leave()


def _submitted(executor: ProcessPoolExecutor, work: Callable[[list[_T]], _R], chunk: list[_T]) -> Future[_R] | None:
    try:
        return executor.submit(work, chunk)
    except BrokenProcessPool:
        return None


def _result(work: Callable[[list[_T]], _R], future: Future[_R] | None, chunk: list[_T]) -> _R:
    if future is None:
        return _done(work, chunk)
    try:
        return future.result()
    except BrokenProcessPool:
        return _done(work, chunk)


def ahead(work: Callable[[_T], _R], items: Iterable[_T]) -> Iterator[_R]:
    """`work` of each item, in order, in threads: for work that lets go of Python's lock most of the time. Each thread
    is one item ahead of what has been asked for."""
    rest = iter(items)
    running: deque[Future[_R]] = deque()
    with ThreadPoolExecutor(processes()) as threads:
        running.extend(threads.submit(_done, work, item) for item in islice(rest, processes()))
        while running:
            result = running.popleft().result()
            running.extend(threads.submit(_done, work, item) for item in islice(rest, 1))
            yield result
