"""The API as a partner meets it, on every engine: answers, mistakes, walks, probes."""

from __future__ import annotations

import dataclasses
from datetime import date, timedelta
from typing import Any
from urllib.parse import quote, urlencode

import jsonschema
import pytest
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from directory import openapi
from directory.app import create_app
from directory.config import Settings
from directory.engines.base import Engine
from directory.facets import FACET
from directory.licensure import COMPACTS
from directory.parameters import PARAMETERS
from directory.profile import Fee, Profile
from tests import conformance
from tests.conftest import NewEngine
from tests.profiles import bare, profiles

SEARCH = "/api/v1/providers"

NAMES = {"npi:1999900012": ("O'Brien", "Seán"), "npi:1999900020": ("Muñoz", "Ana"), "npi:1999900038": ("王", "芳")}


def _named() -> list[Profile]:
    people = [
        Profile(id=i, name=f"{given} {family}", family=family, given=given) for i, (family, given) in NAMES.items()
    ]
    people[2] = dataclasses.replace(people[2], name="王芳")
    sayed = Profile(id="npi:1999900046", name="Omar Al-Sayed", family="Al-Sayed", given="Omar")
    return [*people, sayed]


@pytest.fixture(scope="module")
def engine(new_engine: NewEngine, today: date) -> Engine:
    """Some 200 made-up profiles and a few people with names that are typed in many ways."""
    made = new_engine("api")
    published = {*COMPACTS, None}
    made_up = [p for p in profiles(220, 5, today) if {g.compact for g in p.grants} <= published]
    conformance.build(made, sorted([*made_up, *_named()], key=lambda p: p.id))
    return made


@pytest.fixture(scope="module")
def client(engine: Engine, today: date) -> FlaskClient:
    """A client of the application, on a fixed day."""
    return create_app(Settings(), engine, lambda: today).test_client()


def _get(client: FlaskClient, query: str = "", path: str = SEARCH) -> dict[str, Any]:
    response = client.get(f"{path}?{query}")
    assert response.status_code == 200, response.text
    assert response.mimetype == "application/json"
    return dict(response.json or {})


def _problem(client: FlaskClient, query: str, status: int = 400, path: str = SEARCH) -> dict[str, Any]:
    response = client.get(f"{path}?{query}")
    assert response.status_code == status, response.text
    assert response.mimetype == "application/problem+json"
    body = dict(response.json or {})
    assert {"type", "title", "status", "detail"} <= body.keys()
    assert body["status"] == status
    return body


def _errors(client: FlaskClient, query: str) -> dict[str, dict[str, Any]]:
    return {e["parameter"]: e for e in _problem(client, query)["errors"]}


# Answers


def test_an_answer_has_all_that_the_contract_names(client: FlaskClient) -> None:
    answer = _get(client)
    assert set(answer) == {
        "total", "page", "page_size", "next", "degraded", "generation", "results", "facets", "filters", "understood",
        "relax",
    }  # fmt: skip
    assert len(answer["results"]) == 20
    assert answer["generation"]["built_at"].endswith("Z")
    assert [f["name"] for f in answer["facets"]] == list(FACET)
    assert answer["understood"] is None


@pytest.mark.parametrize("query", ["", "q=therapy&state=TX&near=78704&sort=distance", "facets=none&page_size=100"])
def test_answers_fit_the_published_document(client: FlaskClient, query: str) -> None:
    document = _get(client, path="/api/v1/openapi.json")
    schema = {"$ref": "#/components/schemas/Page", "components": document["components"]}
    jsonschema.validate(_get(client, query), schema)


def test_one_provider_fits_the_published_document(client: FlaskClient) -> None:
    schema = {"$ref": "#/components/schemas/Provider", "components": openapi.document()["components"]}
    for found in _get(client, "page_size=100")["results"]:
        jsonschema.validate(_get(client, "state=TX", f"{SEARCH}/{found['id']}"), schema)


def test_the_document_names_every_parameter(client: FlaskClient) -> None:
    operation = _get(client, path="/api/v1/openapi.json")["paths"][SEARCH]["get"]
    assert [p["name"] for p in operation["parameters"]] == list(PARAMETERS)


def test_one_provider_has_the_details_and_the_list_has_not(client: FlaskClient) -> None:
    listed = _get(client, "page_size=1")["results"][0]
    whole = _get(client, path=f"{SEARCH}/{listed['id']}")
    assert {k: v for k, v in whole.items() if k in listed} == listed
    assert whole.keys() - listed.keys() == {
        "bio", "website", "email", "photo", "hours", "pronouns", "grants", "networks", "provenance", "generation",
        "matches", "why_not",
    }  # fmt: skip


def test_selected_values_stay_in_the_list_with_their_counts(client: FlaskClient) -> None:
    facets = {f["name"]: f for f in _get(client, "language=yo&modality=cbt&facets=language&facets=modality")["facets"]}
    assert next(v for v in facets["language"]["values"] if v["code"] == "yo")["selected"]
    assert [v["code"] for v in facets["modality"]["values"] if v["selected"]] == ["cbt"]
    assert any(v["count"] == 0 for v in facets["modality"]["values"])


@pytest.mark.parametrize(
    ("typed", "id_"),
    [
        *((t, "npi:1999900012") for t in ("O'Brien", "obrien", "o brien", "O’Brien", "sean o'brien", "SEAN OBRIEN")),
        *((t, "npi:1999900020") for t in ("Muñoz", "munoz", "MUÑOZ", "ana munoz", "Mun\u0303oz")),
        *((t, "npi:1999900046") for t in ("Al-Sayed", "alsayed", "al sayed", "omar al-sayed", "Al–Sayed")),
        *((t, "npi:1999900038") for t in ("王芳", "王 芳", "芳")),
    ],
)
def test_names_are_found_however_they_are_typed(client: FlaskClient, typed: str, id_: str) -> None:
    query = urlencode({"q": typed, "page_size": 100, "understand": "false"})
    found = _get(client, query)
    assert id_ in [r["id"] for r in found["results"]]
    why = next(r["why"] for r in found["results"] if r["id"] == id_)
    assert {w["field"] for w in why} >= {"name"}


def test_eligibility_and_distance_come_with_their_parameters(client: FlaskClient) -> None:
    found = _get(client, "state=TX&near=78704&include_unknown=near")["results"]
    assert all(r["eligibility"]["state"] == "TX" and "distance_miles" in r for r in found)
    assert {"yes", "listed"} & {r["eligibility"]["in_person"] for r in found}
    assert "eligibility" not in _get(client)["results"][0]
    assert "distance_miles" not in _get(client)["results"][0]


# Walks


def test_a_walk_sees_everyone_once(client: FlaskClient) -> None:
    first = _get(client, "page_size=7&sort=name&facets=none")
    seen, token = [r["id"] for r in first["results"]], first["next"]
    while token:
        page = _get(client, urlencode({"after": token, "page_size": 30, "facets": "none"}))
        seen += [r["id"] for r in page["results"]]
        token = page["next"]
    assert len(seen) == len(set(seen)) == first["total"]


def test_a_walk_refuses_other_filters(client: FlaskClient) -> None:
    token = _get(client, "page_size=5&remote=true")["next"]
    assert token
    assert "remote" in _errors(client, urlencode({"after": token, "remote": "false"}))
    assert "sort" in _errors(client, urlencode({"after": token, "sort": "name"}))
    assert "page" in _errors(client, urlencode({"after": token, "page": 2}))
    assert _get(client, urlencode({"after": token, "remote": "true"}))["results"]
    assert "after" in _errors(client, f"after={token[:-4]}")


def test_a_walk_goes_on_in_its_generation_until_that_is_pruned(new_engine: NewEngine, today: date) -> None:
    engine = new_engine("walk")
    conformance.build(engine, profiles(40, 6, today))
    days = iter([today, *[today + timedelta(days=1)] * 9])
    client = create_app(Settings(), engine, lambda: next(days)).test_client()
    first = _get(client, "page_size=25")
    conformance.build(engine, [bare(1)])
    second = _get(client, urlencode({"after": first["next"]}))
    assert second["generation"] == first["generation"]
    assert len({r["id"] for r in first["results"] + second["results"]}) == 40
    assert second["next"] is None
    assert _get(client)["total"] == 1
    engine.prune(1)
    gone = _problem(client, urlencode({"after": first["next"]}), 410)
    assert "start again" in gone["detail"]


# Mistakes


def test_every_mistake_is_named_at_once(client: FlaskClient) -> None:
    query = (
        "modalty=cbt&modality=cbtt&page=0&page_size=1000&radius=-1&near=99999&max_fee=abc&q=a%00b&state=tx"
        "&remote=true&remote=false&language=%ff"
    )
    errors = _errors(client, query)
    assert set(errors) == {
        "modalty", "modality", "page", "page_size", "radius", "near", "max_fee", "q", "state", "remote", "language",
    }  # fmt: skip
    assert errors["modalty"]["suggestion"] == "modality"
    assert errors["modality"]["suggestion"] == "cbt"
    assert errors["state"]["suggestion"] == "TX"


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ("q=" + "x" * 10_000, "q"),
        ("q=" + quote("é" * 5000), "q"),
        ("radius=10", "radius"),
        ("sort=distance", "sort"),
        ("facets=none&facets=modality", "facets"),
        ("page=501&page_size=20", "page"),
        ("page=1e1", "page"),
        ("page=%C2%B2", "page"),
        ("max_fee=-5", "max_fee"),
        ("min_experience=61", "min_experience"),
        ("verified_within=0", "verified_within"),
        ("include_unknown=office_state", "include_unknown"),
        ("near=Nowhere%2C+TX", "near"),
        ("q=a&q=b", "q"),
        ("after=rubbish", "after"),
        ("understand=maybe", "understand"),
    ],
)
def test_single_mistakes(client: FlaskClient, query: str, parameter: str) -> None:
    errors = _errors(client, query)
    assert set(errors) == {parameter}
    assert len(errors[parameter]["value"]) <= 100


def test_empty_values_count_as_absent(client: FlaskClient) -> None:
    assert _get(client, "q=&modality=&state=&near=&radius=&q=+")["total"] == _get(client)["total"]


def test_the_last_page_by_page_and_the_one_after(client: FlaskClient) -> None:
    assert _get(client, "page=500&page_size=20")["results"] == []
    assert _get(client, "page=100&page_size=100")["results"] == []
    assert "page" in _errors(client, "page=101&page_size=100")


@pytest.mark.parametrize("id_", ["npi:1", "nobody", "%00", "%ff%fe", "a" * 3000, "..%2f..%2fetc", "npi:1999900012%00"])
def test_unknown_ids_are_not_found(client: FlaskClient, id_: str) -> None:
    _problem(client, "", 404, f"{SEARCH}/{id_}")


def test_addresses_and_methods_that_are_not_there(client: FlaskClient) -> None:
    _problem(client, "", 404, "/api/v1/nothing")
    response = client.post(SEARCH)
    assert (response.status_code, response.mimetype) == (405, "application/problem+json")
    assert "GET" in response.headers["Allow"]


def test_an_endless_query_is_refused(client: FlaskClient) -> None:
    _problem(client, "q=" + "x" * 70_000, 413)


_NAMES = st.one_of(st.sampled_from(PARAMETERS), st.text(max_size=12))
_VALUES = st.one_of(
    st.sampled_from(["cbt", "true", "TX", "78704", "1", "0", "-1", "name", "distance", "none", "modality"]),
    st.text(max_size=30),
    st.binary(max_size=12).map(lambda raw: raw.decode("latin-1")),
    st.integers().map(str),
)


@settings(max_examples=400, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(_NAMES, _VALUES), max_size=6))
def test_whatever_is_asked_is_answered_or_explained(client: FlaskClient, pairs: list[tuple[str, str]]) -> None:
    query = "&".join(f"{quote(name)}={quote(value, encoding='latin-1', errors='replace')}" for name, value in pairs)
    response = client.get(f"{SEARCH}?{query}")
    assert response.status_code in (200, 400)
    assert response.mimetype in ("application/json", "application/problem+json")
    if response.status_code == 400:
        assert (response.json or {})["errors"]


# Crisis, probes, headers


def test_crisis_language_is_told_with_every_answer(client: FlaskClient, new_engine: NewEngine, today: date) -> None:
    said = urlencode({"q": "i want to kill myself", "understand": "false"})
    assert _get(client, said)["understood"]["crisis"] is True
    assert _get(client, "q=anxiety")["understood"]["crisis"] is False
    empty = create_app(Settings(), new_engine("nothing"), lambda: today).test_client()
    assert _problem(empty, said, 503)["crisis"] is True
    assert "crisis" not in _problem(empty, "", 503)


def test_probes(client: FlaskClient, new_engine: NewEngine, today: date) -> None:
    assert _get(client, path="/healthz") == {"status": "ok"}
    ready = _get(client, path="/readyz")
    assert ready["generation"] == _get(client)["generation"]
    assert ready["warnings"] == []
    empty = create_app(Settings(), new_engine("unbuilt"), lambda: today).test_client()
    assert _get(empty, path="/healthz") == {"status": "ok"}
    response = empty.get("/readyz")
    assert response.status_code == 503
    assert response.headers["Retry-After"]
    assert "not been built" in (response.json or {})["title"]


def test_vocabularies_explain_every_facet(client: FlaskClient) -> None:
    answer = _get(client, path="/api/v1/vocabularies")
    assert [f["name"] for f in answer["facets"]] == list(FACET)
    for facet in answer["facets"]:
        if facet["vocabulary"]:
            assert answer["vocabularies"][facet["vocabulary"]]


def test_headers_and_no_cookie(client: FlaskClient) -> None:
    for path in (SEARCH, "/", "/search?q=anxiety", "/api/v1/nothing", f"{SEARCH}?page=0"):
        response = client.get(path)
        assert response.headers["Referrer-Policy"] == "no-referrer"
        assert "unsafe" not in response.headers["Content-Security-Policy"]
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert "Set-Cookie" not in response.headers


def test_a_price_is_compared_by_its_lowest(new_engine: NewEngine, today: date) -> None:
    engine = new_engine("fees")
    sliding = dataclasses.replace(bare(1), fee=Fee(session=150, sliding_low=60))
    conformance.build(engine, [sliding, dataclasses.replace(bare(2), fee=Fee(session=90)), bare(3)])
    client = create_app(Settings(), engine, lambda: today).test_client()
    answer = _get(client, "max_fee=80")
    assert [r["id"] for r in answer["results"]] == [sliding.id]
    assert answer["filters"] == [{"name": "max_fee", "not_stated": 1}]
    assert _get(client, "max_fee=80&include_unknown=max_fee")["total"] == 2
