"""The public form of a profile: what the schema takes, what it refuses, and the JSON Schema made from it."""

from __future__ import annotations

import dataclasses
from datetime import date
from typing import Any

import jsonschema
import pytest
from marshmallow import ValidationError

from directory.facets import FACETS
from directory.profile import Fee, Grant, Location, Profile, Provenance, to_dict
from directory.profile_schema import COMPUTED, json_schema, load, mistakes, rule
from directory.vocabulary import facet_vocabulary
from indexer import demo

TODAY = date(2026, 11, 23)
MINIMAL: dict[str, Any] = {"id": "npi:1999999984", "name": "Ann Lee"}


def _public(profile: Profile) -> dict[str, Any]:
    return {k: v for k, v in to_dict(profile).items() if k not in COMPUTED}


def _refused(**fields: Any) -> list[str]:
    """The paths that the schema complains of."""
    with pytest.raises(ValidationError) as caught:
        load(MINIMAL | fields)
    return [path for path, _ in mistakes(caught.value)]


def test_profiles_come_back_as_they_went() -> None:
    for profile in demo.profiles(200, 7, TODAY):
        assert load(_public(profile)) == profile


def test_every_field_has_a_rule() -> None:
    for cls in (Profile, Fee, Location, Grant, Provenance):
        for field in dataclasses.fields(cls):
            assert rule(cls, field.name).help


def test_the_codes_of_every_facet_are_those_of_its_vocabulary() -> None:
    for facet in FACETS:
        known = facet_vocabulary(facet).codes
        if facet.kind == "codes":
            assert getattr(load(MINIMAL | {facet.field: list(known)}), facet.field) == known
            assert _refused(**{facet.field: [known[0], "nonsense"]}) == [f"{facet.field}[1]"]
        elif facet.kind == "code":
            assert getattr(load(MINIMAL | {facet.field: known[0]}), facet.field) == known[0]
            assert _refused(**{facet.field: "nonsense"}) == [facet.field]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("id", "npi:123"),
        ("id", "Ann Lee"),
        ("npi", 1999999984),
        ("name", ""),
        ("name", "x" * 201),
        ("name", "Ann\u202eLee"),
        ("name", "\ud800"),
        ("bio", "x" * 20_001),
        ("bio", "a\x00b"),
        ("sliding_scale", "yes"),
        ("sliding_scale", 1),
        ("verified_on", "10/1/2026"),
        ("verified_on", "20261001"),
        ("website", "javascript:alert(1)"),
        ("website", "https://a b"),
        ("photo", "data:image/png;base64,AA"),
        ("email", "ann"),
        ("phone", "512-555-0142"),
        ("experience_since", 12),
        ("experience_since", True),
        ("nonsense", 1),
        ("modalities", "cbt"),
    ],
)
def test_what_is_refused(field: str, value: Any) -> None:
    assert [path.split("[")[0] for path in _refused(**{field: value})] == [field]


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({"fee": {"session": -1}}, "fee.session"),
        ({"fee": {"session": 10_001}}, "fee.session"),
        ({"fee": {"session": 120.5}}, "fee.session"),
        ({"fee": {"currency": "EUR"}}, "fee.currency"),
        ({"locations": [{}, {"zip": "7870"}]}, "locations[1].zip"),
        ({"locations": [{"state": "Texas"}]}, "locations[0].state"),
        ({"locations": [{"lat": 91}]}, "locations[0].lat"),
        ({"grants": [{"kind": "license"}]}, "grants[0].jurisdiction"),
        ({"grants": [{"kind": "license", "jurisdiction": "TX", "status": "good"}]}, "grants[0].status"),
    ],
)
def test_mistakes_within_are_named_by_path(fields: dict[str, Any], path: str) -> None:
    assert _refused(**fields) == [path]


def test_every_mistake_is_named() -> None:
    assert sorted(_refused(bio=1, gender="x", fee={"minutes": 1})) == ["bio", "fee.minutes", "gender"]


def test_the_json_schema_takes_what_the_api_answers_and_refuses_the_rest() -> None:
    schema = json_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    for profile in demo.profiles(50, 7, TODAY):
        validator.validate(to_dict(profile))
    for wrong in (
        {"name": "Ann"},
        MINIMAL | {"modalities": ["x"]},
        MINIMAL | {"q": 1},
        MINIMAL | {"fee": {"session": "1"}},
    ):
        assert not validator.is_valid(wrong)
    assert set(schema["properties"]) == {f.name for f in dataclasses.fields(Profile)} | set(COMPUTED)
