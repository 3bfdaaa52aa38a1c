"""Suggestions as someone types, on every engine: what they complete, and that their counts are kept."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any
from urllib.parse import parse_qsl, quote

import jsonschema
import pytest
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from directory import suggest
from directory.app import create_app
from directory.config import Settings
from directory.engines.base import Engine
from directory.interpret import interpret
from directory.lexicon import Lexicon
from directory.licensure import COMPACTS
from directory.openapi import document as openapi_document
from directory.plan import plan
from directory.profile import Profile, as_stored
from directory.search_request import parse
from directory.suggest import Suggestion
from directory.suggest_terms import terms
from tests import conformance
from tests.conftest import NewEngine
from tests.profiles import profiles

GRACE = Profile(id="npi:1999900053", name="Grace Muñoz", family="Muñoz", given="Grace", provider_type="psychologist",
                provider_types=("psychologist",), modalities=("cbt",), concerns=("grief",))  # fmt: skip
BIO = Profile(id="npi:1999900061", name="Ann Otherone", family="Otherone", given="Ann", bio="With grace and munoz.")


@pytest.fixture(scope="module")
def people(today: date) -> list[Profile]:
    published = {*COMPACTS, None}
    made_up = [p for p in profiles(150, 11, today) if {g.compact for g in p.grants} <= published]
    return sorted([*made_up, GRACE, BIO], key=lambda p: p.id)


@pytest.fixture(scope="module")
def lexicon(people: list[Profile]) -> Lexicon:
    return Lexicon.of(map(as_stored, people))


@pytest.fixture(scope="module")
def engine(new_engine: NewEngine, people: list[Profile]) -> Engine:
    made = new_engine("suggest")
    conformance.build(made, people)
    return made


@pytest.fixture(scope="module")
def client(engine: Engine, today: date) -> FlaskClient:
    return create_app(Settings(), engine, lambda: today).test_client()


@pytest.fixture
def suggested(engine: Engine, lexicon: Lexicon, today: date) -> Any:
    """Suggestions for a query string."""

    def ask(query: str) -> Sequence[Suggestion]:
        return suggest.suggest(parse(query.encode(), today), engine, lexicon).items

    return ask


@pytest.mark.parametrize(
    ("q", "group", "code"),
    [
        ("anx", "concern", "anxiety"),
        ("ANXI", "concern", "anxiety"),
        ("anxeity", "concern", "anxiety"),
        ("help with dep", "concern", "depression"),
        ("obsessive-comp", "concern", "ocd"),
        ("can't sle", "concern", "insomnia"),
        ("cant sle", "concern", "insomnia"),
        ("I can't sleep since my dad died", "concern", "grief"),
        ("cogn", "modality", "cbt"),
        ("cognative beh", "modality", "cbt"),
        ("psycholo", "profession", "psychologist"),
        ("a psichiatr", "profession", "psychiatrist"),
    ],
)
def test_the_end_of_what_is_typed_is_completed(suggested: Any, q: str, group: str, code: str) -> None:
    assert (group, code) in {(s.group, s.code) for s in suggested(f"q={quote(q)}")}


@pytest.mark.parametrize("q", ["grace mu", "Grace Munoz", "muñ", "MUNO", "grace munos", "for grace mu"])
def test_people_are_found_by_their_names(suggested: Any, q: str) -> None:
    found = [s for s in suggested(f"q={quote(q)}") if s.group == "name"]
    assert GRACE.id in {s.id for s in found}
    assert BIO.id not in {s.id for s in found}


def test_a_person_comes_with_what_tells_namesakes_apart(suggested: Any) -> None:
    found = next(s for s in suggested("q=grace+mu") if s.id == GRACE.id)
    assert (found.label, found.detail, found.matched, found.count) == ("Grace Muñoz", "Psychologist", "grace mu", 1)


@pytest.mark.parametrize(
    ("q", "value"), [("aus", "Austin, TX"), ("near new yo", "New York, NY"), ("chigago", "Chicago, IL")]
)
def test_places_are_completed(suggested: Any, q: str, value: str) -> None:
    assert value in {s.value for s in suggested(f"q={quote(q)}") if s.parameter == "near"}


def test_a_state_is_suggested_as_the_state_of_the_client(suggested: Any) -> None:
    assert ("state", "TX") in {(s.parameter, s.value) for s in suggested("q=texa")}


def test_what_is_on_already_is_not_suggested(suggested: Any) -> None:
    assert "anxiety" not in {s.code for s in suggested("q=anx&concern=anxiety")}


def test_filters_leave_out_people_and_codes(suggested: Any) -> None:
    assert not [s for s in suggested("q=grace+mu&modality=emdr") if s.id == GRACE.id]
    assert [s for s in suggested("q=grace+mu&modality=cbt") if s.id == GRACE.id]


def test_a_label_comes_before_another_name(suggested: Any) -> None:
    found = [(m.code, m.name) for m in terms("concerns").starting("mar")]
    assert found[0] == ("marriage", "Marriage")
    assert ("cannabis", "marijuana") in found[1:]
    assert next(s.detail for s in suggested("q=marij") if s.code == "cannabis") == "marijuana"


def test_nothing_typed_suggests_nothing(suggested: Any) -> None:
    assert list(suggested("")) == []
    assert list(suggested("q=%3F%21")) == []


_ENDS = ("anx", "gri", "cb", "em", "psy", "ther", "mu", "obr", "aus", "hou", "texa", "cant sleep", "panic at", "x", "a")
_BEGINNINGS = ("", "female ", "cbt ", "therapist under $150 ", "video ", "in Austin, TX ", "zoë ")
_FILTERS = (
    "", "state=TX", "modality=cbt", "meeting=video", "near=78704&radius=50", "max_fee=120&include_unknown=max_fee",
    "concern=grief&concern=anxiety", "understand=false", "gender=female&language=es",
)  # fmt: skip


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(_BEGINNINGS), st.sampled_from(_ENDS), st.sampled_from(_FILTERS))
def test_a_suggestion_leads_to_as_many_as_it_says(
    engine: Engine, lexicon: Lexicon, suggested: Any, today: date, beginning: str, end: str, filters: str
) -> None:
    found = suggested(f"q={quote(beginning + end)}&{filters}")
    assert len(found) <= 10
    groups = [s.group for s in found]
    assert groups == sorted(groups, key=list(suggest.GROUPS).index)
    for suggestion in found:
        assert suggestion.count > 0
        assert suggestion.matched in beginning + end
        if suggestion.id is None:
            leads_to = parse(suggestion.request.query_string().encode(), today)
            assert engine.search(plan(interpret(leads_to, lexicon))).total == suggestion.count


def test_the_answer_is_what_the_document_says(client: FlaskClient) -> None:
    schemas = openapi_document()["components"]["schemas"]
    for query in ("q=anx", "q=muno", "q=aus&state=TX", "", "q=i+want+to+die"):
        answer = client.get(f"/api/v1/suggest?{query}").json
        jsonschema.validate(answer, {**schemas["Suggestions"], "components": {"schemas": schemas}})
        assert answer is not None
        assert answer["crisis"] == ("die" in query)
    first = client.get("/api/v1/suggest?q=for+anx&meeting=video").json["suggestions"][0]  # type: ignore[index]
    assert (first["parameter"], first["value"], first["matched"]) == ("concern", "anxiety", "anx")
    assert parse_qsl(first["search"]) == [("q", "for"), ("meeting", "video"), ("concern", "anxiety")]


@pytest.mark.parametrize(
    ("query", "parameter"),
    [("q=a&utm_source=x", "utm_source"), ("q=a&concern=nosuch", "concern"), ("q=a&page=2", "page"),
     ("q=a&sort=fee", "sort"), ("q=" + "a" * 201, "q"), ("q=a%00", "q"), ("q=%FF", "q")],
)  # fmt: skip
def test_mistakes_are_named(client: FlaskClient, query: str, parameter: str) -> None:
    response = client.get(f"/api/v1/suggest?{query}")
    assert response.status_code == 400
    assert response.mimetype == "application/problem+json"
    assert parameter in {e["parameter"] for e in (response.json or {})["errors"]}


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(q=st.text(max_size=60))
def test_any_text_gets_an_answer(client: FlaskClient, q: str) -> None:
    assert client.get("/api/v1/suggest", query_string={"q": q}).status_code in (200, 400)
