"""What was counted before: a generation never changes, so counts and totals are asked of Elasticsearch once. Those of
no filter at all are wanted by every search with one selection, and the same filters come back with every page.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass
from threading import Lock
from typing import Final, Generic, TypeVar

from directory.engines.base import FacetCount, Generation
from directory.expressions import And
from directory.plan import FacetPlan, SearchPlan

_FACETS: Final = 1_000
_TOTALS: Final = 10_000

V = TypeVar("V")


class _Lately(Generic[V]):
    """A table of the `most` entries asked for lately."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._known: OrderedDict[Hashable, V] = OrderedDict()
        self._lock = Lock()

    def get(self, key: Hashable) -> V | None:
        with self._lock:
            if key in self._known:
                self._known.move_to_end(key)
            return self._known.get(key)

    def put(self, key: Hashable, value: V) -> None:
        with self._lock:
            self._known[key] = value
            if len(self._known) > self._most:
                self._known.popitem(last=False)


@dataclass(slots=True)
class Counted:
    """What of one plan is known by now: counts by facet, totals by unknown filter, and the total."""

    facets: dict[str, FacetCount]
    unknown: dict[str, int]
    total: int | None


class Known:
    """Counts of facets and totals of expressions, by the name of the generation."""

    def __init__(self) -> None:
        self._facets: _Lately[FacetCount] = _Lately(_FACETS)
        self._totals: _Lately[int] = _Lately(_TOTALS)

    def recall(self, generation: Generation, plan: SearchPlan) -> Counted:
        """What is known of `plan` in this generation."""
        name = generation.name
        facets = {f.name: found for f in plan.facets if (found := self._facets.get(_key(name, f)))}
        unknown = {n: v for n, expr in plan.unknown.items() if (v := self._totals.get((name, expr))) is not None}
        total = generation.providers if plan.where == And(()) else self._totals.get((name, plan.where))
        return Counted(facets, unknown, total)

    def learn(self, generation: Generation, plan: SearchPlan, counted: Counted) -> None:
        """Remember what was `counted` of `plan`."""
        name = generation.name
        for facet in plan.facets:
            self._facets.put(_key(name, facet), counted.facets[facet.name])
        for unknown, expr in plan.unknown.items():
            self._totals.put((name, expr), counted.unknown[unknown])
        if counted.total is not None:
            self._totals.put((name, plan.where), counted.total)


def _key(generation: str, facet: FacetPlan) -> Hashable:
    return generation, facet.name, facet.base, facet.missing, tuple((facet.values or {}).items())
