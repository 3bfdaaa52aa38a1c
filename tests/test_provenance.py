"""Who said what: the groups of fields, and what the pages say of sources, plans and other words."""

from __future__ import annotations

import dataclasses
import json
from datetime import date
from pathlib import Path

import pytest

from directory.profile import Network, OtherWord, Profile, Provenance, from_dict, to_dict, to_json
from directory.profile_schema import load
from directory.provenance import GROUP_OF, GROUPS, stated
from directory.web_sources import plans, told
from indexer.normalize import settle
from tests.reading import TODAY, Reading, json_file, table

WHEN = date(2026, 10, 1)
PROFILE = Profile(
    id="npi:1999999984",
    npi="1999999984",
    name="Ann Lee",
    networks=(
        Network("Silver PPO", "aetna", "preferred", "qhp", WHEN),
        Network("Choice Plus", source="plan_net"),
    ),
    provenance={
        "identity": Provenance(
            "NPPES", WHEN, "self-reported", (OtherWord("plan_net", date(2024, 1, 3), None, ("gender", "given")),)
        ),
        "network": Provenance("qhp", WHEN, others=(OtherWord("plan_net"),)),
    },
)


def test_every_field_is_in_one_group() -> None:
    outside = {"id", "npi", "demo", "verified_on", "provenance"}
    fields = [field for group in GROUPS.values() for field in group.fields]
    assert sorted(fields) == sorted({f.name for f in dataclasses.fields(Profile)} - outside)
    assert all(field in GROUPS[GROUP_OF[field]].fields for field in fields)


def test_a_default_states_nothing() -> None:
    bare = Profile(id="profiles:1", name="Ann Lee")
    assert [name for name in GROUPS if stated(bare, name)] == ["identity"]
    assert stated(dataclasses.replace(bare, sliding_scale=False), "cost")


def test_networks_and_other_words_come_back_as_they_went() -> None:
    public = to_dict(PROFILE)
    assert from_dict(public) == PROFILE
    assert from_dict(json.loads(to_json(PROFILE))) == PROFILE
    assert load({k: v for k, v in public.items() if k != "license_states"}) == PROFILE
    assert {"networks", "provenance"} & to_dict(PROFILE, detail=False).keys() == set()


def test_the_company_of_a_network_is_an_insurer() -> None:
    assert settle(PROFILE).insurers == ("aetna",)
    assert settle(PROFILE).payment == ("insurance",)


# Own files


def test_own_json_states_networks(tmp_path: Path) -> None:
    record = {
        "npi": "1999999984",
        "name": "Ann Lee",
        "networks": [{"name": "Silver PPO", "company": "Aetna", "as_of": "10/1/2026"}, {"name": "Choice"}],
    }
    profile = Reading(json_file(tmp_path / "a.json", [record])).one
    assert profile.networks == (Network("Silver PPO", "aetna", as_of=WHEN), Network("Choice"))
    assert profile.insurers == ("aetna",)
    assert profile.provenance["network"] == Provenance("own profile", None, "self-reported")


def test_what_the_api_says_of_networks_and_words_can_be_fed_back(tmp_path: Path) -> None:
    assert Reading(json_file(tmp_path / "a.json", [to_dict(settle(PROFILE))])).one == settle(PROFILE)


def test_a_column_of_networks_names_insurers(tmp_path: Path) -> None:
    reading = Reading(table(tmp_path / "a.csv", {"npi": "1999999984", "name": "Ann Lee", "networks": "Aetna; Cigna"}))
    assert (reading.one.insurers, reading.one.networks) == (("aetna", "cigna"), ())


@pytest.mark.parametrize(
    ("value", "field", "code"),
    [
        ([{"name": "X", "company": "Nobody Inc"}], "networks[0].company", "unknown_code"),
        ([{"name": "X", "as_of": "2027-01-01"}], "networks[0].as_of", "date_in_future"),
        ([{"company": "aetna"}], "networks[0].name", "invalid"),
        ([{"name": "X"}, "Y"], "networks", "wrong_type"),
        ([{"name": "X", "color": "red"}], "networks[0].color", "invalid"),
    ],
)
def test_mistakes_in_networks_are_named(tmp_path: Path, value: object, field: str, code: str) -> None:
    reading = Reading(json_file(tmp_path / "a.json", [{"npi": "1999999984", "name": "Ann Lee", "networks": value}]))
    assert [(i.field, i.code) for i in reading.issues] == [(field, code)]


# What pages say


def test_plans_come_with_company_source_and_date() -> None:
    assert [(p.company, p.names, p.said) for p in plans(PROFILE)] == [
        ("Aetna", "Silver PPO (preferred)", "source: a marketplace health plan, 1 Oct 2026"),
        ("", "Choice Plus", "source: a health plan’s directory, date not stated"),
    ]


def test_a_plan_without_a_source_has_that_of_its_group() -> None:
    profile = dataclasses.replace(
        PROFILE, networks=(Network("Silver", "aetna"), Network("Gold", "aetna", source="qhp"))
    )
    assert [(p.names, p.said) for p in plans(profile)] == [
        ("Gold", "source: a marketplace health plan, date not stated"),
        ("Silver", "source: a marketplace health plan, 1 Oct 2026"),
    ]


def test_each_group_tells_who_said_it_and_who_says_otherwise() -> None:
    profile = dataclasses.replace(PROFILE, provenance={"odd_one": Provenance("someone"), **PROFILE.provenance})
    assert [(t.label, t.said, t.others) for t in told(profile, TODAY)] == [
        (
            "Name and profession",
            "NPPES, the national registry of providers, 1 Oct 2026, self-reported",
            ("Different gender and given name: a health plan’s directory, 3 Jan 2024, over 2 years ago",),
        ),
        (
            "Insurance",
            "a marketplace health plan, 1 Oct 2026",
            ("Nothing different: a health plan’s directory, date not stated",),
        ),
        ("Odd one", "someone, date not stated", ()),
    ]
