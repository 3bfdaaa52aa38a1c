"""What a request means, in the algebra of `expressions` that every engine compiles: which providers match, which are
counted for each facet value, and in which order they come. Every rule about filters lives here, once; what a match is
worth says `ranking`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from directory.expressions import And, Between, Expr, Has, Licensed, Missing, Near, Or, Text
from directory.facets import FACET, FACETS
from directory.licensure import REMOTE, REMOTE_MEETING, WAYS
from directory.places import Point
from directory.ranking import Score, score
from directory.search_request import SearchRequest
from directory.text import words
from directory.vocabulary import facet_vocabulary


@dataclass(frozen=True, slots=True)
class FacetPlan:
    """How a facet is counted: `count(v)` = providers in `base` that match `values[v]`, or, where `values` is None,
    that state v; `not_stated` = those in `base` that match `missing`."""

    name: str
    base: Expr
    missing: Expr
    values: Mapping[str, Expr] | None = None


@dataclass(frozen=True, slots=True)
class SortKey:
    """One key of the order. `column` is a number column, `distance`, `name`, `score` or `rotation`; what is not stated
    comes last in either direction; values below `floor` count as not stated. Ties go by id, ascending."""

    column: str
    descending: bool = False
    floor: int | None = None


@dataclass(frozen=True, slots=True)
class SearchPlan:
    """A request ready for an engine. `score` is what an order by score counts; `day` is today's ordinal; `unknown` maps
    each active filter that is not a facet to those whom `include_unknown` would add."""

    where: Expr
    score: Score | None
    facets: tuple[FacetPlan, ...]
    unknown: Mapping[str, Expr]
    order: tuple[SortKey, ...]
    near: Point | None
    day: int
    offset: int
    limit: int
    generation: str | None = None
    after_key: tuple[int | float | str | None, ...] | None = None
    after_id: str | None = None


# The column that tells whether a filter is stated.
_STATED_BY: Final = {
    "max_fee": "lowest_fee",
    "min_experience": "experience_since",
    "verified_within": "verified_on",
    "near": "near",
    "state": "state",
}


def _asked_ways(request: SearchRequest) -> list[frozenset[str]]:
    """The sets of meeting codes of which a provider must offer an eligible one: one set for each filter on the way
    of meeting, or any way at all."""
    asked = []
    if chosen := request.selected.get("meeting"):
        asked.append(frozenset(chosen))
    if chosen := request.selected.get("remote"):
        asked.append(REMOTE_MEETING if chosen == ("true",) else frozenset({"in_person"}))
    return asked or [frozenset({"in_person"}) | REMOTE_MEETING]


def _may_see(request: SearchRequest, state: str) -> Expr:
    """A way that the provider offers and the request asks for is eligible in `state`. Who does not state `meeting`
    counts as possible in every way here: the filters on the way of meeting decide themselves whether they stay."""
    day = request.today.toordinal()
    every = []
    for asked in _asked_ways(request):
        either: list[Expr] = []
        for way in WAYS:
            codes = tuple(sorted(c for c in asked if (c in REMOTE_MEETING) == (way == REMOTE)))
            if codes:
                offered = Or((Has("meeting", codes), Missing("meeting")))
                either.append(And((Licensed(state, way, day), offered)))
        every.append(Or(tuple(either)))
    return And(tuple(every)) if len(every) > 1 else every[0]


def conditions(request: SearchRequest) -> dict[str, Expr]:
    """The active filters by name, each with those whom `include_unknown` keeps."""
    today = request.today.toordinal()
    found: dict[str, Expr] = {}
    if request.words:
        found["q"] = Text(request.words)
    for name, codes in request.selected.items():
        found[name] = Has(name, codes)
    if request.office_state:
        found["office_state"] = Has("office_state", (request.office_state,))
    if request.near:
        found["near"] = Near(request.near.point, request.radius)
    if request.max_fee is not None:
        found["max_fee"] = Between("lowest_fee", high=request.max_fee)
    if request.min_experience is not None:
        found["min_experience"] = Between("experience_since", high=request.today.year - request.min_experience)
    if request.verified_within is not None:
        found["verified_within"] = Between("verified_on", low=today - request.verified_within)
    if request.state:
        found["state"] = _may_see(request, request.state)
    for name in request.include_unknown & found.keys():
        found[name] = Or((found[name], Missing(_STATED_BY.get(name, name))))
    return found


def _all(conditions: Iterable[Expr]) -> Expr:
    items = tuple(conditions)
    return items[0] if len(items) == 1 else And(items)


def _facet(request: SearchRequest, active: Mapping[str, Expr], name: str) -> FacetPlan:
    if request.state and name in ("meeting", "remote"):
        rest = request.without(name)
        # Eligibility differs by way, so each value has its own condition on the state.
        shared = _all(c for n, c in active.items() if n not in (name, "state"))
        values = {}
        for code in facet_vocabulary(FACET[name]).codes:
            alone = conditions(rest.with_selected(name, (code,)))
            values[code] = And((alone[name], alone["state"]))
        return FacetPlan(name, shared, And((Missing(name), conditions(rest)["state"])), values)
    return FacetPlan(name, _all(c for n, c in active.items() if n != name), Missing(name))


def _scored(request: SearchRequest) -> bool:
    """Whether results come by score: with words, however they were understood, unless another order is asked for."""
    return request.sort == "relevance" and bool(words(request.q))


def _order(request: SearchRequest) -> tuple[SortKey, ...]:
    today = request.today.toordinal()
    if request.sort == "relevance":
        first = SortKey("score", descending=True) if _scored(request) else SortKey("verified_on", descending=True)
        return first, SortKey("rotation")
    return {
        "distance": (SortKey("distance"),),
        "fee": (SortKey("lowest_fee"),),
        "soonest": (SortKey("next_available", floor=today),),
        "verified": (SortKey("verified_on", descending=True),),
        "name": (SortKey("name"),),
    }[request.sort]


def matching(request: SearchRequest) -> Expr:
    """Who matches `request`."""
    return _all(conditions(request).values())


def plan(request: SearchRequest) -> SearchPlan:
    """The plan of `request`. Pure: the same request gives the same plan on every engine."""
    active = conditions(request)
    return SearchPlan(
        where=_all(active.values()),
        score=score(request) if _scored(request) else None,
        facets=tuple(_facet(request, active, f.name) for f in FACETS if f.name in request.facets),
        unknown={
            name: _all([*(c for n, c in active.items() if n != name), Missing(column)])
            for name, column in _STATED_BY.items()
            if name in active
        },
        order=_order(request),
        near=request.near.point if request.near else None,
        day=request.today.toordinal(),
        offset=request.offset,
        limit=request.page_size,
        generation=request.after.generation if request.after else None,
        after_key=request.after.key if request.after else None,
        after_id=request.after.id if request.after else None,
    )
