"""The table of the ranking: what a row is worth to the people in results."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from directory import document, places, ranking, search_request
from directory.engines.base import Engine
from directory.plan import plan
from directory.profile import Fee, Location, Profile, as_stored
from directory.understanding import Concept, Understanding
from tests import conformance
from tests.conftest import NewEngine

TODAY = date(2026, 11, 23)
PAGE = Path(__file__).parents[1] / "docs" / "relevance.md"


def person(id_: str, **stated: Any) -> Profile:
    """Someone who states only this, and no name that could match."""
    return Profile(id=id_, name="Someone", **stated)


def placed(zip5: str) -> Location:
    lat, lon = places.zip_point(zip5) or (None, None)
    return Location(zip=zip5, lat=lat, lon=lon)


def _ago(days: int) -> date:
    return TODAY - timedelta(days=days)


PAIRS = {
    "who states the concern": (person("a", concerns=("panic",)), person("b", concerns=("anxiety",))),
    "who states the concern above": (person("a", concerns=("anxiety",)), person("b", concerns=("grief",))),
    "who offers a treatment with evidence": (person("a", modalities=("cbt",)), person("b", modalities=("gestalt",))),
    "who states more": (
        person("a", concerns=("grief",), formats=("individual",), languages=("en",), meeting=("video",), phone="1",
               fee=Fee(100), payment=("self_pay",), age_groups=("adult",), times=("evening",)),
        person("b", concerns=("grief",)),
    ),
    "who was confirmed lately": (person("a", verified_on=_ago(90)), person("b", verified_on=_ago(91))),
    "who takes new clients": (person("a", accepting="yes"), person("b", accepting="waitlist")),
    "who has a waiting list": (person("a", accepting="waitlist"), person("b")),
    "who does not say": (person("a"), person("b", accepting="no")),
    "who is near": (person("a", locations=(placed("78704"),)), person("b", locations=(placed("78666"),))),
}  # fmt: skip


UNDERSTOOD = Understanding("panic", concepts=(Concept("panic", 1.0, "panic", 0, 5, "name"),))


@pytest.fixture(scope="module")
def engine(new_engine: NewEngine) -> Engine:
    """Everyone of the pairs, three times: were two equal, turns would hardly ever put all of one before all of the
    other."""
    made: Engine = new_engine("ranked")
    both = [p for pair in PAIRS.values() for p in pair]
    conformance.build(made, [replace(p, id=f"{turn}{n}") for turn in "xyz" for n, p in enumerate(both)])
    return made


def _ids(engine: Engine, query: bytes) -> list[str]:
    request = search_request.parse(query + b"&q=panic&facets=none&page_size=100", TODAY)
    return [hit.profile.id for hit in engine.search(plan(replace(request, understood=UNDERSTOOD))).hits]


@pytest.fixture(scope="module")
def places_of(engine: Engine) -> dict[str, int]:
    """Where each comes in a search for panic that filters nobody."""
    found = _ids(engine, b"near=78704&radius=500&include_unknown=near")
    return {id_: place for place, id_ in enumerate(found)}


def test_what_only_ranks_filters_nobody(engine: Engine, places_of: dict[str, int]) -> None:
    # Among them is somebody for whom no row of the table has a point.
    assert len(places_of) == len(_ids(engine, b"")) == 3 * 2 * len(PAIRS)


@pytest.mark.parametrize("pair", PAIRS)
def test_better_comes_first(places_of: dict[str, int], pair: str) -> None:
    n = 2 * list(PAIRS).index(pair)
    assert max(places_of[f"{t}{n}"] for t in "xyz") < min(places_of[f"{t}{n + 1}"] for t in "xyz")


def test_completeness_is_the_share_of_what_clients_decide_by() -> None:
    assert document.completeness(as_stored(person("a"))) == 0
    everything: dict[str, Any] = dict.fromkeys(document.DECIDING, ("x",))
    assert document.completeness(as_stored(person("a", **everything))) == 100
    assert document.completeness(as_stored(person("a", concerns=("grief",)))) == 100 // len(document.DECIDING)


def test_the_page_shows_the_table() -> None:
    rows = [
        f"| {r.feature} | {r.points}{' each at ' + ', '.join(map(str, r.steps)) if r.steps else ''} | {r.condition} "
        f"| {r.why} |"
        for r in ranking.TABLE
    ]
    order, _, _ = PAGE.read_text("utf-8").partition("### Measured")
    shown = [line for line in order.splitlines() if line.startswith("| ")]
    assert shown[1:] == rows
