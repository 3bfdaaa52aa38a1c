"""Every engine gives the answers of the brute-force oracle: `tests.conformance` on random searches."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

import pytest

from directory import parameters, plan, search_request
from directory.engines.base import Engine
from directory.errors import BadRequest, NoGeneration, WalkGone
from directory.facets import FACETS
from tests import conformance
from tests.conftest import NewEngine
from tests.oracle import Oracle
from tests.profiles import bare, profiles, real

_A_RUN = 500
"""Searches a test at most, so that processes can share them."""


@dataclass(frozen=True, slots=True)
class World:
    """An engine and the oracle over the same profiles."""

    engine: Engine
    oracle: Oracle


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Spread the searches over seeds."""
    if "run" in metafunc.fixturenames:
        wanted: int = metafunc.config.getoption("--conformance")
        sizes = [min(_A_RUN, wanted - start) for start in range(0, wanted, _A_RUN)]
        metafunc.parametrize("run", list(enumerate(sizes, 1)), ids=lambda run: f"seed{run[0]}")


@pytest.fixture(scope="session")
def world(new_engine: NewEngine, today: date) -> World:
    """1,500 made-up profiles and the people of the NPPES rows."""
    made = [*profiles(1500, 1, today), *real(today)]
    engine = new_engine("conformance")
    conformance.build(engine, made)
    return World(engine, Oracle(made))


def test_random_searches(
    world: World, run: tuple[int, int], today: date, record_property: Callable[[str, object], None]
) -> None:
    seed, examples = run
    tally = conformance.conform(world.engine, world.oracle, today, examples=examples, seed=seed)
    record_property("searches", dataclasses.asdict(tally))
    # Empty answers prove little: most searches find somebody, also with several filters.
    assert tally.with_results > 0.7 * tally.searches
    assert tally.three_filters_with_results > 0.2 * tally.searches


@pytest.mark.parametrize("count", [0, 1, 2, 30])
def test_small_directories(new_engine: NewEngine, today: date, count: int) -> None:
    made = [*profiles(count - 1, 2, today), bare(99_999)] if count else []
    engine = new_engine(f"small{count}")
    conformance.build(engine, made)
    conformance.conform(engine, Oracle(made), today, examples=60, seed=count)


def test_quick_counts_of_the_oracle_are_the_facet_law(today: date) -> None:
    oracle = Oracle(profiles(300, 6, today))
    queries = (
        "meeting=video&language=en&include_unknown=language&max_fee=100",
        "state=TX&meeting=in_person&meeting=phone&remote=true&include_unknown=remote&include_unknown=meeting",
        "state=NY&concern=anxiety&remote=false&include_unknown=state",
        "q=therapy&sliding_scale=true&include_unknown=sliding_scale&near=78704&include_unknown=near",
    )
    for query in queries:
        request = search_request.parse(query.encode(), today)
        quick = oracle.search(request).facets
        for facet in FACETS:
            assert quick[facet.name] == oracle.literal_counts(request, facet.name), (query, facet.name)


def test_walk_stays_in_its_generation_until_it_is_pruned(new_engine: NewEngine, today: date) -> None:
    made = profiles(60, 3, today)
    engine = new_engine("walk")
    first = conformance.build(engine, made)
    request = search_request.parse(b"sort=name&page_size=7", today)
    page = engine.search(plan.plan(request))
    second = conformance.build(engine, made[::2])
    seen = [hit.profile.id for hit in page.hits]
    while page.more:
        request = search_request.parse(conformance.next_query(request, page, 11).encode(), today)
        page = engine.search(plan.plan(request))
        assert page.generation.name == first.name
        assert page.total == len(made)
        seen += [hit.profile.id for hit in page.hits]
    assert seen == list(Oracle(made).search(request).ids)
    fresh = engine.search(plan.plan(search_request.parse(b"", today)))
    assert (fresh.generation.name, fresh.total) == (second.name, len(made[::2]))
    engine.prune(1)
    with pytest.raises(WalkGone):
        engine.search(plan.plan(request))


@pytest.mark.parametrize("sort", parameters.SORTS)
@pytest.mark.parametrize("q", ["", "therapy"])
def test_a_forged_key_is_a_bad_request(world: World, today: date, sort: str, q: str) -> None:
    request = search_request.parse(f"sort={sort}&near=78704&q={q}&page_size=3".encode(), today)
    result = world.engine.search(plan.plan(request))
    forged: list[tuple[Any, ...]] = [(), (1, 2, 3), ("a",), ("a", "b"), (None,), (0.5, None), (1e300, -5), (10**18,)]
    for key in forged:
        hit = dataclasses.replace(result.hits[-1], key=key)
        query = conformance.next_query(request, dataclasses.replace(result, hits=(hit,)), 3)
        try:
            page = world.engine.search(plan.plan(search_request.parse(query.encode(), today)))
        except (BadRequest, WalkGone):
            continue
        assert page.total == result.total


def test_before_the_first_build_there_is_nothing(new_engine: NewEngine, today: date) -> None:
    engine = new_engine("empty")
    with pytest.raises(NoGeneration):
        engine.live()
    with pytest.raises(NoGeneration):
        engine.search(plan.plan(search_request.parse(b"", today)))
    with pytest.raises(NoGeneration):
        engine.get("npi:1")


def test_a_profile_is_had_whole_by_its_exact_id(world: World) -> None:
    made = world.oracle.profiles
    for profile in made[::50]:
        answer = world.engine.get(profile.id)
        assert answer is not None
        assert answer[0] == profile
        assert answer[1].live
    first, last = made[0].id, made[-1].id
    for other in (
        "",
        first[:-1],
        first + "0",
        last + "0",
        first + "\0",
        first.upper(),
        "npi:é",
        "../" + first,
        "x" * 600,
    ):
        assert world.engine.get(other) is None
