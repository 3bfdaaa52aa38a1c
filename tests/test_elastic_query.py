"""The bodies that searches send, kept in files and reviewed like code; each is also sent to a real node.

    python -m pytest tests/test_elastic_query.py --write-golden

writes `tests/golden/*.json` anew; read the difference before committing it.
"""

from __future__ import annotations

import dataclasses
import json
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final

import pytest
from elasticsearch import Elasticsearch

from directory import plan, search_request
from directory.config import Settings
from directory.cursor import Cursor
from directory.engines.base import Engine
from directory.engines.elastic import ElasticEngine
from directory.engines.elastic_query import searches
from directory.interpret import interpret
from directory.plan import SearchPlan
from directory.profile import Profile
from tests import conformance
from tests.elastic_node import Node
from tests.oracle import Oracle
from tests.profiles import profiles

GOLDEN: Final = Path(__file__).parent / "golden"

REQUESTS: Final = {
    "no_filter": "facets=concern&facets=accepting",
    "text": "q=couples+therapy+EMDR&facets=none&page=2",
    "three_filters": "concern=anxiety&concern=depression&language=en&accepting=yes",
    "state_meeting_remote": "state=TX&meeting=video&remote=true&facets=meeting&facets=remote&facets=payment",
    "near_by_distance": "near=78704&radius=30&sort=distance&office_state=TX&facets=gender",
    "include_unknown": "max_fee=120&min_experience=5&language=es&include_unknown=max_fee&include_unknown=language"
    "&facets=language",
    "soonest": "sort=soonest&verified_within=365&facets=none",
    "walk": "q=therapy&sort=fee&page_size=10&facets=none",
}
"""Name of the file: the request. One counts all facets, the others few, so that they can be read."""


@dataclass(frozen=True, slots=True)
class World:
    """A real node's engine and the oracle over the same profiles."""

    engine: Engine
    oracle: Oracle
    client: Elasticsearch


@pytest.fixture(scope="module")
def world(node: Node, today: date) -> Iterator[World]:
    """400 made-up profiles."""
    made = profiles(400, 4, today)
    alias = f"golden{secrets.token_hex(3)}"
    engine = ElasticEngine(Settings("elasticsearch", (node.url,), alias=alias), search_seconds=60)
    client = Elasticsearch(node.url, request_timeout=60)
    generation = conformance.build(engine, made)
    yield World(engine, Oracle(made), client)
    engine.close()
    client.indices.delete(index=[generation.name, f"{generation.name}-words"])
    client.close()


def _plan(name: str, today: date) -> SearchPlan:
    made = plan.plan(search_request.parse(REQUESTS[name].encode(), today))
    if name != "walk":
        return made
    # A walk goes on after a provider of some fee; the generation is in the address, not in the bodies.
    return dataclasses.replace(made, after_key=(100,), after_id="npi:1000000042", offset=0)


def _text(plan_: SearchPlan) -> str:
    bodies = [search.body for search in searches(plan_)]
    return json.dumps(bodies, indent=1, ensure_ascii=False) + "\n"


@pytest.mark.parametrize("name", REQUESTS)
def test_bodies_are_the_reviewed_ones(name: str, today: date, request: pytest.FixtureRequest) -> None:
    file = GOLDEN / f"{name}.json"
    text = _text(_plan(name, today))
    if request.config.getoption("--write-golden"):
        file.write_text(text, encoding="utf-8")
    assert text == file.read_text("utf-8")


def test_every_file_is_of_a_request() -> None:
    assert {file.stem for file in GOLDEN.glob("*.json")} == set(REQUESTS)


@pytest.mark.parametrize("name", REQUESTS)
def test_a_real_node_understands_them(world: World, name: str, today: date) -> None:
    bodies = json.loads((GOLDEN / f"{name}.json").read_text("utf-8"))
    generation = world.engine.live().name
    lines: list[dict[str, Any]] = [line for body in bodies for line in ({"index": generation}, body)]
    answers = world.client.msearch(searches=lines)["responses"]
    assert [answer.get("error") for answer in answers] == [None] * len(bodies)
    expected = world.oracle.search(search_request.parse(REQUESTS[name].encode(), today))
    assert expected.total > 0
    totals = [answer["hits"]["total"] for answer in answers if "total" in answer["hits"]]
    assert totals[0] == {"value": expected.total, "relation": "eq"}
    if name != "walk":
        assert len(answers[0]["hits"]["hits"]) == max(0, min(20, expected.total - bodies[0].get("from", 0)))


@pytest.mark.parametrize("name", [name for name in REQUESTS if name != "walk"])
def test_the_engine_counts_as_the_oracle_does(world: World, name: str, today: date) -> None:
    request = search_request.parse(REQUESTS[name].encode(), today)
    result, expected = world.engine.search(plan.plan(request)), world.oracle.search(request)
    assert result.total == expected.total
    assert result.unknown == expected.unknown
    for facet in request.facets:
        stated = {code: count for code, count in result.facets[facet].counts.items() if count}
        assert stated == {code: count for code, count in expected.facets[facet].items() if count}
        assert result.facets[facet].not_stated == expected.not_stated[facet]


def test_a_walk_goes_on_after_its_last_provider(world: World, today: date) -> None:
    request = search_request.parse(REQUESTS["walk"].encode(), today)
    first = world.engine.search(plan.plan(request))
    last = first.hits[-1]
    cursor = Cursor(first.generation.name, tuple(request.to_args(everything=False)), last.key, last.profile.id, today)
    second = search_request.parse(f"after={cursor.token()}&page_size=10&facets=none".encode(), today)
    ids = [hit.profile.id for hit in (*first.hits, *world.engine.search(plan.plan(second)).hits)]
    assert ids == list(world.oracle.search(request).ids[:20])


def test_who_has_no_points_comes_last_and_is_not_left_out(node: Node, today: date) -> None:
    bare = [Profile(f"npi:100000000{i}", "Pat Doe", accepting="no") for i in range(3)]
    engine = ElasticEngine(Settings("elasticsearch", (node.url,), alias=f"bare{secrets.token_hex(3)}"), 60)
    generation = conformance.build(engine, [*bare, Profile("npi:1000000009", "Kim Roe", concerns=("anxiety",))])
    result = engine.search(plan.plan(interpret(search_request.parse(b"q=anxiety", today), None)))
    with Elasticsearch(node.url, request_timeout=60) as client:
        client.indices.delete(index=[generation.name, f"{generation.name}-words"])
    engine.close()
    assert (result.total, len(result.hits)) == (4, 4)
    assert result.hits[0].profile.id == "npi:1000000009"
    assert [hit.key[0] for hit in result.hits[1:]] == [0.0] * 3
