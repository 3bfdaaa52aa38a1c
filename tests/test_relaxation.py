"""What would find more: every number that is promised is the total of the request with that change, on every engine."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from directory import search_request
from directory.engines.base import Engine
from directory.errors import WalkGone
from directory.interpret import interpreter
from directory.plan import matching, plan
from directory.relaxation import FEW, Change, relaxed
from directory.search import change_dict, page
from directory.search_request import SearchRequest
from directory.understanding import Concept, Finding, Understanding
from tests import conformance
from tests.conftest import NewEngine
from tests.oracle import Oracle
from tests.profiles import profiles
from tests.strategies import search


@dataclass(frozen=True, slots=True)
class World:
    """An engine and the oracle over the same profiles."""

    engine: Engine
    oracle: Oracle


@pytest.fixture(scope="module")
def world(new_engine: NewEngine, today: date) -> World:
    """400 made-up profiles."""
    made = profiles(400, 12, today)
    engine = new_engine("relaxed")
    conformance.build(engine, made)
    return World(engine, Oracle(made))


@settings(max_examples=20, suppress_health_check=list(HealthCheck))
@given(data=st.binary(min_size=200, max_size=200))
def test_every_promise_is_kept(world: World, today: date, data: bytes) -> None:
    drawn = search(data, world.oracle.profiles, today)
    request = search_request.parse(drawn.query.encode(), today)
    generation = world.engine.live().name
    interpret = interpreter(world.engine.lexicon())
    for change in relaxed(request, interpret, world.engine, generation, 0):
        again = search_request.parse(change.request.query_string().encode(), today)
        assert change.total == world.oracle.total(interpret(again)) > 0
    total = world.oracle.total(interpret(request))
    shown = page(request, world.engine)
    assert shown.total == total
    if total >= FEW or request.after:
        assert shown.relax == ()
    for change in shown.relax:
        assert change.total > total


def test_counts_are_those_of_the_generation(world: World, today: date) -> None:
    requests = [search_request.parse(q, today) for q in (b"", b"q=therapy", b"state=TX&meeting=video", b"q=zzzz")]
    live = world.engine.live().name
    counted = world.engine.count([matching(r) for r in requests], live)
    assert counted == [world.oracle.total(r) for r in requests]
    assert world.engine.count([], live) == []
    gone = f"{live[:-4]}{'0000' if live[-4:] != '0000' else '1111'}"
    for name in (gone, "nothing"):
        with pytest.raises(WalkGone):
            world.engine.count([matching(requests[0])], name)


def _said(world: World, query: str, today: date) -> list[dict[str, object]]:
    return [change_dict(c) for c in page(search_request.parse(query.encode(), today), world.engine).relax]


def test_which_changes_there_are_and_in_which_order(world: World, today: date) -> None:
    said = _said(world, "max_fee=0&modality=cbt&meeting=chat&near=78704&radius=5&verified_within=1&state=WY", today)
    kinds = [next(iter(s)) for s in said]
    assert kinds == sorted(kinds, key=["widen", "include_unknown", "drop"].index)
    drops = [s["total"] for s in said if "drop" in s]
    assert drops == sorted(drops, key=lambda n: int(str(n)))


def test_wider_values_and_filters_less(world: World, today: date) -> None:
    """One filter alone, so narrow that nobody is left: dropping it finds everybody."""
    said = _said(world, "near=59801&radius=1&sort=distance&min_experience=60&max_fee=1", today)
    by = {(next(iter(s)), str(next(iter(s.values())))) for s in said}
    assert by <= {
        *(("widen", n) for n in ("radius", "min_experience", "max_fee")),
        *((k, n) for k in ("include_unknown", "drop") for n in ("near", "min_experience", "max_fee")),
    }
    everybody = _said(world, "q=zzzz&understand=false", today)
    assert everybody == [{"drop": "q", "value": "zzzz", "total": len(world.oracle.profiles)}]


def test_words_that_must_occur_are_left_out_one_by_one(world: World, today: date) -> None:
    said = _said(world, "q=zzzz+anxiety+qqqq&understand=false", today)
    assert said[-1] == {"drop": "q", "value": "zzzz anxiety qqqq", "total": len(world.oracle.profiles)}
    said = _said(world, "q=anxiety+zzzz&understand=false", today)
    without = world.oracle.total(search_request.parse(b"q=anxiety&understand=false", today))
    assert {"drop": "q", "value": "zzzz", "total": without} in said


def _understands(request: SearchRequest) -> SearchRequest:
    """A small reading of a query: `cheap` asks for a fee of at most 1, `chat` for chat."""
    selected = dict(request.selected)
    findings = []
    fee = request.max_fee
    place = 0
    for word in request.q.split(" "):
        end = place + len(word)
        if word == "cheap":
            overruled = request.max_fee is not None
            findings.append(
                Finding("max_fee", ("1",), word, place, end, not overruled, "overruled" if overruled else "")
            )
            fee = request.max_fee if overruled else 1
        if word == "chat":
            findings.append(Finding("meeting", ("chat",), word, place, end))
            selected["meeting"] = ("chat", *(c for c in selected.get("meeting", ()) if c != "chat"))
        place = end + 1
    concepts = (Concept("grief", 1.0, "grief", 0, 5, "name"),) if "grief" in request.q else ()
    understood = Understanding(request.q, tuple(findings), concepts)
    return replace(request, understood=understood, max_fee=fee, selected=selected) if request.q else request


def _changes(world: World, query: str, today: date) -> dict[tuple[str, str], Change]:
    request = search_request.parse(query.encode(), today)
    found = relaxed(request, _understands, world.engine, world.engine.live().name, 0)
    for change in found:
        assert change.total == world.engine.search(plan(_understands(change.request))).total
    return {(c.kind, c.name): c for c in found}


def test_understood_filters_go_with_their_words(world: World, today: date) -> None:
    found = _changes(world, "q=grief+cheap+chat", today)
    assert found["drop", "max_fee"].request.q == "grief chat"
    assert found["drop", "max_fee"].words == "cheap"
    assert found["drop", "meeting"].request.q == "grief cheap"
    assert found["widen", "max_fee"].request.max_fee == 51
    assert found["widen", "max_fee"].request.q == "grief cheap chat"
    assert ("drop", "q") not in found


def test_dropping_a_parameter_does_not_bring_the_words_back(world: World, today: date) -> None:
    found = _changes(world, "q=grief+cheap&max_fee=2", today)
    dropped = found["drop", "max_fee"].request
    assert (dropped.max_fee, dropped.q) == (None, "grief")


def test_two_filters_less_where_one_does_not_help(world: World, today: date) -> None:
    """Each of the two alone leaves nobody; both promises are the totals of what the link asks for."""
    query = "gender=nonbinary&near=59801&radius=1&office_state=HI&q=cheap"
    for change in _changes_list(world, query, today):
        assert len(change.also) in (1, 2)
        for name in (change.name, *(c.name for c in change.also)):
            assert _asked_for(_understands(change.request), name) is None
        assert change_dict(change)["and"]
    assert _changes_list(world, query, today)


def _changes_list(world: World, query: str, today: date) -> tuple[Change, ...]:
    request = search_request.parse(query.encode(), today)
    found = relaxed(request, _understands, world.engine, world.engine.live().name, 0)
    for change in found:
        again = search_request.parse(change.request.query_string().encode(), today)
        assert change.total == world.oracle.total(_understands(again)) > 0
    return found


def _asked_for(request: SearchRequest, name: str) -> object:
    return request.selected.get(name) if name in request.selected else getattr(request, name, None)
