"""Health plans beside other sources: their word is merged and updated, and confirms nothing; on both engines."""

from __future__ import annotations

from datetime import date

import pytest

from directory import search
from directory.engines.base import Engine
from directory.profile import Profile
from directory.search_request import parse
from indexer.pipeline import Input, Options, build
from indexer.report import RejectLog
from indexer.update import update
from tests.conftest import NewEngine
from tests.plan_net_rows import VALID, folder, in_network, organization, practitioner, qualification, role
from tests.reading import json_file

TODAY = date(2026, 11, 23)
OPTIONS = Options(allow_rejects=True, allow_shrink=True, today=TODAY)
OWN = [
    {"npi": VALID, "name": "Ann Lee", "gender": "male", "verified_on": "2026-09-20", "provider_type": "social_worker"},
    {"id": "old", "name": "Bo Lee", "verified_on": "2024-01-03", "provider_type": "therapist"},
    {"id": "new", "name": "Cy Lee", "verified_on": "2026-11-01", "provider_type": "therapist"},
]


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> tuple[Input, Input]:
    path = tmp_path_factory.mktemp("payers")
    directory = folder(
        path / "plan",
        practitioner(qualification=[qualification()]),
        practitioner("p2", None),
        role(extension=[in_network("Organization/n")]),
        role("r2", "Practitioner/p2"),
        organization("n", "Aetna Choice"),
    )
    return Input("profiles", json_file(path / "own.json", OWN)), Input("plan_net", directory)


@pytest.fixture(scope="module")
def whole(new_engine: NewEngine, inputs: tuple[Input, Input]) -> Engine:
    engine = new_engine("payers")
    assert build(inputs, engine, RejectLog(), OPTIONS).refusal is None
    return engine


def _found(engine: Engine, query: str) -> list[Profile]:
    request = parse(query.encode(), TODAY)
    return [f.profile for f in search.page(request, engine).results]


def test_what_a_plan_wrote_lately_is_not_verified(whole: Engine) -> None:
    ids = [p.id for p in _found(whole, "verified_within=90")]
    assert sorted(ids) == [f"npi:{VALID}", "profiles:new"]
    with_unknown = [p.id for p in _found(whole, "verified_within=90&include_unknown=verified_within")]
    assert sorted(with_unknown) == [f"npi:{VALID}", "plan_net:p2", "profiles:new"]


def test_the_order_by_confirmation_is_that_of_those_who_confirm(whole: Engine) -> None:
    found = _found(whole, "sort=verified")
    assert [(p.id, p.verified_on) for p in found] == [
        ("profiles:new", date(2026, 11, 1)),
        (f"npi:{VALID}", date(2026, 9, 20)),
        ("profiles:old", date(2024, 1, 3)),
        ("plan_net:p2", None),
    ]


def test_each_says_what_it_knows_and_where_it_differs(whole: Engine) -> None:
    (profile,) = _found(whole, "insurer=aetna")
    assert (profile.id, profile.gender, profile.license_states) == (f"npi:{VALID}", "male", ("CT",))
    assert {g: p.source for g, p in profile.provenance.items()} == {
        "identity": "own profile", "license": "plan_net", "cost": "plan_net", "network": "plan_net",
    }  # fmt: skip
    (other,) = profile.provenance["identity"].others
    assert (other.source, other.as_of, other.fields) == ("plan_net", date(2026, 9, 30), ("gender",))


def test_an_update_with_a_plan_is_a_build_with_it_and_twice_changes_nothing(
    new_engine: NewEngine, whole: Engine, inputs: tuple[Input, Input]
) -> None:
    own, directory = inputs
    engine = new_engine("payersupdate")
    assert build([own], engine, RejectLog(), OPTIONS).providers == 3
    for _ in range(2):
        outcome = update([directory], engine, RejectLog(), OPTIONS)
        assert (outcome.refusal, outcome.providers) == (None, 4)
        assert _found(engine, "sort=name") == _found(whole, "sort=name")
        live, expected = engine.live().name, whole.live().name
        assert list(engine.said(live)) == list(whole.said(expected))
