"""Is the conformance suite red when something is wrong? Each test here breaks one rule, in the plan, in an engine or in
its results, and a few hundred random searches must notice."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pyroaring import BitMap

from directory import plan, ranking
from directory.engines import embedded_order
from directory.engines.base import FacetCount, Result
from directory.engines.embedded import EmbeddedEngine
from directory.engines.embedded_places import Places
from directory.engines.embedded_reader import Reader
from directory.expressions import And, Between, Has, Licensed, Missing, Near, Or, Text
from directory.plan import SearchPlan, SortKey
from directory.ranking import Score
from directory.search_request import SearchRequest
from tests import conformance
from tests.oracle import Oracle
from tests.profiles import profiles
from tests.strategies import Search

_Spoil = Callable[[Any], Any]


def _everywhere(spoil: _Spoil) -> _Spoil:
    """`spoil`, applied to every part of an expression."""

    def change(expr: Any) -> Any:
        if isinstance(expr, And | Or):
            return type(expr)(tuple(change(e) for e in expr.items))
        return spoil(expr)

    return change


def _in_plan(spoil: _Spoil) -> Callable[[SearchPlan], SearchPlan]:
    """A plan whose expressions are all spoilt."""
    change = _everywhere(spoil)

    def whole(made: SearchPlan) -> SearchPlan:
        facets = tuple(
            dataclasses.replace(
                f,
                base=change(f.base),
                missing=change(f.missing),
                values={c: change(e) for c, e in f.values.items()} if f.values else None,
            )
            for f in made.facets
        )
        unknown = {name: change(e) for name, e in made.unknown.items()}
        return dataclasses.replace(made, where=change(made.where), facets=facets, unknown=unknown)

    return whole


def _between(column: str, low: int, high: int) -> _Spoil:
    """Bounds of `column` moved by `low` and `high`."""

    def spoil(expr: Any) -> Any:
        if not (isinstance(expr, Between) and expr.name == column):
            return expr
        return Between(
            column,
            None if expr.low is None else expr.low + low,
            None if expr.high is None else expr.high + high,
        )

    return _in_plan(spoil)


def _replacing(kind: type, change: Callable[[Any], Any]) -> _Spoil:
    return _in_plan(lambda expr: change(expr) if isinstance(expr, kind) else expr)


def _order(*keys: SortKey, when: str) -> _Spoil:
    """Another order in place of one by the column `when`."""

    def spoil(made: SearchPlan) -> SearchPlan:
        return dataclasses.replace(made, order=keys) if made.order[0].column == when else made

    return spoil


def _of_order(column: str, **changes: Any) -> _Spoil:
    def spoil(made: SearchPlan) -> SearchPlan:
        order = tuple(dataclasses.replace(k, **changes) if k.column == column else k for k in made.order)
        return dataclasses.replace(made, order=order)

    return spoil


def _score(**changes: Callable[[Score], Any]) -> _Spoil:
    def spoil(made: SearchPlan) -> SearchPlan:
        if made.score is None:
            return made
        changed = {name: change(made.score) for name, change in changes.items()}
        return dataclasses.replace(made, score=dataclasses.replace(made.score, **changed))

    return spoil


def _own_selection(made: SearchPlan) -> SearchPlan:
    facets = tuple(dataclasses.replace(f, base=made.where) for f in made.facets)
    return dataclasses.replace(made, facets=facets)


def _no_values(made: SearchPlan) -> SearchPlan:
    """The counts of `meeting` and `remote` under one eligibility for all ways."""
    facets = tuple(dataclasses.replace(f, values=None, base=made.where if f.values else f.base) for f in made.facets)
    return dataclasses.replace(made, facets=facets)


_WRONG_PLANS: dict[str, _Spoil] = {
    "max_fee one too high": _between("lowest_fee", 0, 1),
    "max_fee exclusive": _between("lowest_fee", 0, -1),
    "min_experience one year less": _between("experience_since", 0, 1),
    "min_experience exclusive": _between("experience_since", 0, -1),
    "verified_within one day less": _between("verified_on", 1, 0),
    "verified_within one day more": _between("verified_on", -1, 0),
    "first code of a selection only": _replacing(Has, lambda e: Has(e.name, e.codes[:1])),
    "include_unknown ignored": _replacing(Missing, lambda e: Or(())),
    "nobody unplaced": _replacing(Missing, lambda e: Or(()) if e.name == "near" else e),
    "no grants means nothing": _replacing(Missing, lambda e: Or(()) if e.name == "state" else e),
    "a radius of half": _replacing(Near, lambda e: Near(e.point, e.miles / 2)),
    "grants end a day early": _replacing(Licensed, lambda e: Licensed(e.state, e.way, e.day + 1)),
    "grants hold a day longer": _replacing(Licensed, lambda e: Licensed(e.state, e.way, e.day - 1)),
    "remote like in person": _replacing(Licensed, lambda e: Licensed(e.state, "in_person", e.day)),
    "last word dropped": _replacing(Text, lambda e: Text(e.words[:-1] or e.words)),
    "first spelling only": _replacing(Text, lambda e: Text(tuple(w[:1] for w in e.words))),
    "facets under their own selection": _own_selection,
    "one eligibility for all ways": _no_values,
    "concepts and distance worth nothing": _score(boosts=lambda s: ()),
    "the standing of a day before": _score(
        standing=lambda s: ranking.standing(date(2026, 11, 22)),
    ),
    "words that need not occur do not rank": _score(words=lambda s: s.required),
    "one point more": _score(
        standing=lambda s: (dataclasses.replace(s.standing[0], points=s.standing[0].points + 1), *s.standing[1:]),
    ),
    "no unknowns counted": lambda made: dataclasses.replace(made, unknown={}),
    "fee downwards": _of_order("lowest_fee", descending=True),
    "past dates first": _of_order("next_available", floor=None),
    "today is past": _of_order("next_available", floor=date(2026, 11, 24).toordinal()),
    "oldest first": _of_order("verified_on", descending=False),
    "no rotation": _order(SortKey("verified_on", descending=True), when="verified_on"),
    "another order by name": _order(SortKey("lowest_fee"), when="name"),
    "the order of yesterday": lambda made: dataclasses.replace(made, day=made.day - 1),
    "page one too far": lambda made: dataclasses.replace(made, offset=made.offset + 1),
    "page one too long": lambda made: dataclasses.replace(made, limit=made.limit + 1),
}


@pytest.fixture(scope="module")
def oracle(today: date) -> Oracle:
    """600 profiles."""
    return Oracle(profiles(600, 4, today))


@pytest.fixture(scope="module")
def folder(oracle: Oracle, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The embedded generation of these profiles."""
    data = tmp_path_factory.mktemp("faults")
    conformance.build(EmbeddedEngine(data), oracle.profiles)
    return data


@pytest.fixture
def engine(folder: Path) -> Iterator[EmbeddedEngine]:
    """Opened anew for each test: an engine keeps some counts, and a fault must not outlive its test."""
    opened = EmbeddedEngine(folder)
    yield opened
    opened.close()


def _run(engine: Any, oracle: Oracle, today: date) -> None:
    conformance.conform(engine, oracle, today, examples=250, seed=6, shrink=False)


def _red(engine: Any, oracle: Oracle, today: date) -> None:
    with pytest.raises(AssertionError, match="/api/v1/providers"):
        _run(engine, oracle, today)


def test_nothing_is_wrong_without_a_fault(engine: EmbeddedEngine, oracle: Oracle, today: date) -> None:
    _run(engine, oracle, today)


@pytest.mark.parametrize("fault", _WRONG_PLANS)
def test_a_wrong_plan_is_noticed(
    engine: EmbeddedEngine, oracle: Oracle, today: date, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    right, spoil = plan.plan, _WRONG_PLANS[fault]
    monkeypatch.setattr(plan, "plan", lambda request: spoil(right(request)))
    _red(engine, oracle, today)


def _result(**changes: Callable[[Result], Any]) -> _Spoil:
    return lambda result: dataclasses.replace(result, **{n: change(result) for n, change in changes.items()})


def _one_count_more(result: Result) -> dict[str, FacetCount]:
    facets = dict(result.facets)
    if name := next(iter(facets), None):
        counts = dict(facets[name].counts)
        code = next(iter(counts), "in_person")
        facets[name] = FacetCount({**counts, code: counts.get(code, 0) + 1}, facets[name].not_stated)
    return facets


def _not_stated_off(result: Result) -> dict[str, FacetCount]:
    return {n: FacetCount(f.counts, f.not_stated + (n == "times")) for n, f in result.facets.items()}


_WRONG_RESULTS: dict[str, _Spoil] = {
    "total": _result(total=lambda r: r.total + (r.total > 40)),
    "a count": _result(facets=_one_count_more),
    "not stated": _result(facets=_not_stated_off),
    "a facet left out": _result(facets=lambda r: {n: f for n, f in r.facets.items() if n != "times"}),
    "two results swapped": _result(hits=lambda r: (*r.hits[1:2], *r.hits[:1], *r.hits[2:])),
    "a result left out": _result(hits=lambda r: r.hits[:-1]),
    "a result twice": _result(hits=lambda r: (*r.hits[:-1], *r.hits[:1])),
    "more": _result(more=lambda r: False),
    "a field of a profile": _result(
        hits=lambda r: tuple(dataclasses.replace(h, stored={**h.stored, "bio": None}) for h in r.hits)
    ),
}


@dataclass(frozen=True, slots=True)
class _Spoilt:
    """An engine with one thing wrong in its results."""

    engine: Any
    spoil: _Spoil

    def search(self, made: SearchPlan) -> Result:
        result: Result = self.spoil(self.engine.search(made))
        return result


@pytest.mark.parametrize("fault", _WRONG_RESULTS)
def test_a_wrong_result_is_noticed(engine: EmbeddedEngine, oracle: Oracle, today: date, fault: str) -> None:
    spoilt: Any = _Spoilt(engine, _WRONG_RESULTS[fault])
    _red(spoilt, oracle, today)


def test_a_walk_that_skips_is_noticed(engine: EmbeddedEngine, oracle: Oracle, today: date) -> None:
    def skip(result: Result) -> Result:
        last = result.hits[-1:] and dataclasses.replace(result.hits[-1], stored=result.hits[0].stored)
        return dataclasses.replace(result, hits=(*result.hits[:-1], last)) if last and result.more else result

    search = Search("sort=fee", (7, 3), ("sort",))
    conformance.check(engine, oracle, search, today)
    spoilt: Any = _Spoilt(engine, skip)
    with pytest.raises(AssertionError, match="sort=fee"):
        conformance.check(spoilt, oracle, search, today)


def test_wrong_rules_of_the_state_are_noticed(
    engine: EmbeddedEngine, oracle: Oracle, today: date, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A way that is asked for, but not offered, must not make somebody eligible; nor one filter excuse the other."""

    def one_set(request: SearchRequest) -> list[frozenset[str]]:
        return [frozenset({"in_person", "video", "phone", "chat", "online"})]

    monkeypatch.setattr(plan, "_asked_ways", one_set)
    _red(engine, oracle, today)


def _between_exclusive(values: Any, low: int | None, high: int | None) -> BitMap:
    return _RIGHT_BETWEEN(values, None if low is None else low + 1, high)


def _ties_by_number(columns: Sequence[Any], wanted: int) -> Any:
    return np.argsort(columns[0], kind="stable")[:wanted]


def _after_the_first_key(columns: Sequence[Any], numbers: Any, key: Any, number: int) -> Any:
    return np.flatnonzero(columns[0] > (np.inf if key[0] is None else key[0]))


_RIGHT_BETWEEN = Reader._between
_RIGHT_ROTATIONS = embedded_order.rotations

_WRONG_ENGINES: dict[str, tuple[Any, str, Any]] = {
    "lower bound exclusive": (Reader, "_between", staticmethod(_between_exclusive)),
    "grants that end left out": (Reader, "_licensed", lambda self, key, day: self._bitmap(key)),
    "distance of everybody alike": (Places, "distances", lambda self, point, numbers: np.zeros(len(numbers))),
    "places of nobody": (Places, "within", lambda self, point, miles: BitMap()),
    "ties by number": (embedded_order, "first", _ties_by_number),
    "walks by the first key alone": (embedded_order, "after", _after_the_first_key),
    "another rotation": (embedded_order, "rotations", lambda shuffle, day: _RIGHT_ROTATIONS(shuffle, day + 1)),
    "not stated not counted": (Reader, "_count", lambda self, p, base, memo: FacetCount({}, 0)),
}


@pytest.mark.parametrize("fault", _WRONG_ENGINES)
def test_a_wrong_engine_is_noticed(
    engine: EmbeddedEngine, oracle: Oracle, today: date, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    # What the engine keeps of other answers would hide the fault, and what it keeps of these would spoil others.
    engine.close()
    monkeypatch.setattr(*_WRONG_ENGINES[fault])
    try:
        _red(engine, oracle, today)
    finally:
        engine.close()
