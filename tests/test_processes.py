"""Work that is spread over processes: in order, bounded, and done all the same when a process dies."""

from __future__ import annotations

import gc
import os
import signal
from collections.abc import Iterator
from itertools import chain, count, islice
from time import sleep

import pytest

from directory import processes
from directory.processes import ahead, spread


@pytest.fixture(autouse=True)
def _two(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "processes", lambda: 2)
    monkeypatch.setattr(processes, "_ALONE", 1)


def _squares(chunk: list[int]) -> list[int]:
    return [n * n for n in chunk]


def _who(chunk: list[int]) -> int:
    return os.getpid()


def _refused(chunk: list[int]) -> int:
    raise ValueError(f"no {chunk[0]}")


def _killed(chunk: list[int]) -> list[int]:
    if os.getpid() != chunk[0]:
        os.kill(os.getpid(), signal.SIGKILL)
    return chunk[1:]


@pytest.mark.parametrize("items", [0, 1, 10, 95])
def test_results_in_order(items: int) -> None:
    assert list(chain.from_iterable(spread(_squares, range(items), 10))) == [n * n for n in range(items)]


def test_the_first_chunk_is_done_here_and_the_others_elsewhere() -> None:
    first, *others = spread(_who, range(12), 2)
    assert first == os.getpid()
    assert os.getpid() not in others


def test_no_more_is_taken_than_is_under_way() -> None:
    taken = 0

    def items() -> Iterator[int]:
        nonlocal taken
        for n in count():
            taken = n + 1
            yield n

    results = spread(_squares, items(), 10)
    assert list(islice(results, 3)) == [[n * n for n in range(s, s + 10)] for s in (0, 10, 20)]
    assert taken <= 10 * (3 + 2 * 2)
    results.close()  # type: ignore[attr-defined]


def test_runs_within_runs_share_the_processes() -> None:
    inner = chain.from_iterable(spread(_squares, range(50), 5))
    assert list(chain.from_iterable(spread(_squares, inner, 7))) == [n**4 for n in range(50)]
    assert processes._POOL._executor is None


def test_an_error_of_the_work_comes_back() -> None:
    with pytest.raises(ValueError, match="no 0"):
        list(spread(_refused, range(9), 3))


def test_a_killed_process_loses_nothing() -> None:
    here = os.getpid()
    items = [part for n in range(6) for part in (here, n)]
    assert list(spread(_killed, items, 2)) == [[n] for n in range(6)]


# In threads


@pytest.mark.parametrize("items", [0, 1, 50])
def test_threads_give_results_in_order(items: int) -> None:
    assert list(ahead(_slowly, range(items))) == [n * n for n in range(items)]


def test_threads_take_no_more_than_they_are_ahead() -> None:
    taken: list[int] = []
    results = ahead(_slowly, (taken.append(n) or n for n in count()))  # type: ignore[func-returns-value]
    assert list(islice(results, 3)) == [0, 1, 4]
    assert len(taken) <= 3 + processes.processes()
    results.close()  # type: ignore[attr-defined]


def test_an_error_in_a_thread_comes_back_in_its_turn() -> None:
    results = ahead(_inverse, [1, 0, 2])
    assert next(results) == 1
    with pytest.raises(ZeroDivisionError):
        next(results)


def _slowly(n: int) -> int:
    sleep(0.003 * (n % 3 == 0))  # so that later ones are done earlier
    return n * n


def _inverse(n: int) -> float:
    return 1 / n


def _looks(chunk: list[int]) -> bool:
    return gc.isenabled()


def test_nobody_looks_for_cycles_during_the_work_and_this_process_does_again_after_it() -> None:
    assert set(spread(_looks, range(20), 5)) == {False}
    assert gc.isenabled()
    assert False in set(ahead(_looks, [[n] for n in range(20)]))
    assert gc.isenabled()
