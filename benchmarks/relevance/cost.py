"""What understanding a query costs: processor time of this process, the first time that each query is seen."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from benchmarks.relevance.measures import quantile


@dataclass(frozen=True, slots=True)
class Cost:
    """Milliseconds of processor time for one query."""

    p50: float
    p95: float
    most: float


def cost(work: Callable[[str], object], queries: Sequence[str]) -> Cost:
    """The cost of `work` on each query once, after one other query has loaded what is loaded once."""
    work("female cbt therapist near 10001")
    took = []
    for q in queries:
        began = time.process_time_ns()
        work(q)
        took.append((time.process_time_ns() - began) / 1e6)
    return Cost(quantile(took, 0.5), quantile(took, 0.95), max(took))


def told(spent: Cost) -> str:
    """`spent` in a line."""
    return (
        f"understanding a query, seen for the first time: {spent.p50:.2f} ms of processor time in the middle, "
        f"{spent.p95:.2f} ms at the 95th percentile, {spent.most:.2f} ms at most"
    )
