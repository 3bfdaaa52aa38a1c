"""QHP: what is taken of a marketplace issuer's files, what is not, and what becomes of broken ones."""

from __future__ import annotations

import gzip
import json
import re
from collections import Counter
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from directory.places import zip_point
from directory.profile import Location, Network, Profile, to_dict
from directory.profile_schema import COMPUTED, load
from indexer.insurers import insurer
from indexer.normalize import npi_problem, settle
from indexer.sources.files import Unusable
from indexer.sources.qhp import QhpSource
from indexer.sources.qhp_files import company_of
from tests.reading import TODAY, Read

SAID = date(2026, 10, 2)
NPI = "1999999984"
SMALL = Path(__file__).parent / "fixtures" / "qhp"
SHARED = Path(__file__).parents[2] / "shared" / "data" / "qhp"
CENTER = zip_point("78704") or (0.0, 0.0)


class Reading(Read):
    """What the source makes of issuers' files."""

    kind = QhpSource

    @property
    def said(self) -> list[tuple[int, str | None, str, str]]:
        return [(i.line, i.field, i.value, i.code) for i in self.issues]


def plan(id_: str = "12345TX0010001", name: str = "Ambetter Balanced Care 4", **fields: Any) -> dict[str, Any]:
    return {"plan_id_type": "HIOS-PLAN-ID", "plan_id": id_, "marketing_name": name, "years": [2026]} | fields


def entry(**fields: Any) -> dict[str, Any]:
    return {
        "npi": NPI,
        "type": "INDIVIDUAL",
        "name": {"first": "ANN", "middle": "B", "last": "LEE"},
        "addresses": [
            {
                "address": "1 ELM ST",
                "address_2": "STE 2",
                "city": "AUSTIN",
                "state": "TX",
                "zip": "78704",
                "phone": "5125550142",
            }
        ],
        "specialty": ["Clinical Social Worker"],
        "accepting": "accepting",
        "last_updated_on": "2026-10-02",
        "plans": [{"plan_id": "12345TX0010001", "network_tier": "PREFERRED", "years": [2026, 2027]}],
    } | fields


def issuer(path: Path, *entries: Any, plans: Any = None) -> Path:
    """A folder with an index, a file of plans and one of providers."""
    path.mkdir(exist_ok=True)
    (path / "plans.json").write_text(json.dumps([plan()] if plans is None else plans))
    (path / "providers.json").write_text("[\n" + ",\n".join(json.dumps(e) for e in entries) + "\n]\n")
    urls = {
        "provider_urls": ["https://x.example/d/providers.json"],
        "plan_urls": ["https://x.example/d/plans.json?v=2"],
    }
    (path / "index.json").write_text(json.dumps(urls | {"formulary_urls": ["https://x.example/drugs.json"]}))
    return path


def read(tmp_path: Path, *entries: Any, plans: Any = None) -> Reading:
    return Reading(issuer(tmp_path / "issuer", *entries, plans=plans))


# What is taken


def test_everything_that_is_taken(tmp_path: Path) -> None:
    reading = read(tmp_path, entry(gender="Female", languages=["English", "Spanish", "Klingon"]))
    profile = reading.one
    assert profile == Profile(
        id=f"npi:{NPI}", npi=NPI, name="Ann B. Lee", family="Lee", given="Ann", provider_type="social_worker",
        provider_types=("social_worker",), languages=("en", "es"), gender="female", prescribes=False,
        payment=("insurance",), insurers=("ambetter",), accepting="yes", accepting_as_of=SAID, phone="+1 512 555 0142",
        locations=(Location("Austin", "TX", "78704", CENTER[0], CENTER[1], "1 Elm St, Ste 2"),),
        networks=(Network("Ambetter Balanced Care 4", "ambetter", "preferred", "qhp", SAID),),
        provenance=profile.provenance,
    )  # fmt: skip
    assert {(g, p.source, p.as_of) for g, p in profile.provenance.items()} == {
        (g, "qhp", SAID) for g in ("identity", "practice", "location", "cost", "network", "availability")
    }
    assert settle(profile) == profile
    assert load({k: v for k, v in to_dict(profile).items() if k not in COMPUTED}) == profile
    assert reading.source.unmapped["language"] == {"Klingon": 1}
    assert reading.issues == []


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"specialty": ["Psychiatry", "Internal Medicine"]}, ("psychiatrist", True)),
        ({"specialty": [], "speciality": ["Psychologist - Clinical"]}, ("psychologist", None)),
        ({"specialty": "Marriage & Family Therapist"}, ("therapist", False)),
        ({"specialty": ["Dermatology"]}, None),
        ({"specialty": ["Physical Therapist"]}, None),
        ({"specialty": None}, None),
    ],
)
def test_who_is_ours_by_specialty(tmp_path: Path, fields: dict[str, Any], expected: Any) -> None:
    reading = read(tmp_path, entry(**fields))
    assert [(p.provider_type, p.prescribes) for p in reading.profiles] == ([expected] if expected else [])
    assert reading.counts.reasons == ({} if expected else {"no_behavioral_specialty": 1})


def test_specialties_that_sound_like_ours_are_counted(tmp_path: Path) -> None:
    reading = read(tmp_path, *[entry(specialty=["Behavioral Wellness", "Dermatology"])] * 3)
    assert reading.source.unmapped["specialty"] == {"Behavioral Wellness": 3}


@pytest.mark.parametrize(
    ("word", "code"),
    [
        ("accepting", "yes"),
        ("Not  Accepting", "no"),
        ("accepting in some locations", "yes"),
        ("", None),
        ("perhaps", None),
    ],
)
def test_accepting(tmp_path: Path, word: str, code: str | None) -> None:
    reading = read(tmp_path, entry(accepting=word))
    assert (reading.one.accepting, reading.one.accepting_as_of) == (code, SAID if code else None)
    assert [i.code for i in reading.issues] == (["unknown_code"] if word == "perhaps" else [])


def test_plans_of_past_years_are_left_out(tmp_path: Path) -> None:
    plans = [
        plan("a", "Oscar Gold", years=[2025]),
        plan("b", "Vandelay Silver", years=[2027]),
        plan("c", "Aetna CVS", years=[]),
    ]
    given_ = [
        *({"plan_id": id_} for id_ in "abcd"),
        {"plan_id": "b", "years": [2019, 2020], "network_tier": "OLD"},
        {"plan_id": "b", "years": [2025, 2026], "network_tier": "NOW"},
    ]
    reading = read(tmp_path, entry(plans=given_), plans=plans)
    assert [(n.name, n.company) for n in reading.one.networks] == [
        ("Vandelay Silver", None),
        ("Aetna CVS", "aetna"),
        ("d", None),
        ("Vandelay Silver", None),
    ]
    assert reading.one.networks[-1].tier == "now"
    assert reading.said == [(2, "plans.plan_id", "d", "unknown_plan")]
    assert reading.source.unmapped["insurer"] == {"Vandelay Silver": 1, "d": 1}


@pytest.mark.parametrize(
    ("name", "company"),
    [
        ("Ambetter Balanced Care 4", "ambetter"),
        ("Oscar Silver Classic", "oscar"),
        ("Blue Cross Blue Shield of Texas Blue Advantage Bronze", "bcbs_tx"),
        ("UnitedHealthcare of Texas, Inc.", "united"),
        ("Vandelay Insurance Gold Health Plan", None),
        ("Gold", None),
    ],
)
def test_the_company_of_a_plan(name: str, company: str | None) -> None:
    assert company_of(name) == company


def test_a_company_s_name_is_not_looked_for_within_another() -> None:
    assert insurer("United Technologies Preferred Provider Network") is None
    assert insurer("Cigna Health and Life Insurance Company") == "cigna"


@pytest.mark.parametrize("npi", ["1999999985", None, "null", 123, ""])
def test_without_a_right_npi_there_is_an_id_that_stays(tmp_path: Path, npi: Any) -> None:
    first = read(tmp_path, entry(npi=npi)).one
    later = read(tmp_path, entry(npi=npi, last_updated_on="2026-11-01", plans=[])).one
    other = read(tmp_path, entry(npi=npi, name={"first": "Bo", "last": "Lee"})).one
    assert first.npi is None
    assert re.fullmatch(r"qhp:[0-9a-f]{16}", first.id)
    assert first.id == later.id != other.id


def test_entries_of_one_npi_are_joined(tmp_path: Path) -> None:
    plans = [plan(), plan("b", "Oscar Silver")]
    second = entry(
        plans=[{"plan_id": "b"}], accepting="not accepting", last_updated_on="2026-11-01",
        addresses=[{"city": "Dallas", "state": "TX", "zip": "75201-0001"}],
    )  # fmt: skip
    profile = read(tmp_path, entry(), second, plans=plans).one
    assert profile.insurers == ("ambetter", "oscar")
    assert {n.name for n in profile.networks} == {"Ambetter Balanced Care 4", "Oscar Silver"}
    assert [p.city for p in profile.locations] == ["Dallas", "Austin"]
    assert (profile.accepting, profile.accepting_as_of, profile.phone) == ("yes", SAID, "+1 512 555 0142")


# Who is left out


def test_who_is_rejected_and_why(tmp_path: Path) -> None:
    reading = read(
        tmp_path,
        entry(type="FACILITY"),
        "Ann Lee",
        entry(type="PERSON"),
        entry(name={}),
        entry(last_updated_on="2027-01-01"),
        entry(npi="1999999976", last_updated_on="soon"),
    )
    assert reading.said == [
        (3, None, "Ann Lee", "not_an_object"),
        (4, "type", "PERSON", "unknown_type"),
        (5, "name", "{}", "name_missing"),
        (6, "last_updated_on", "2027-01-01", "date_in_future"),
        (7, "last_updated_on", "soon", "date_malformed"),
    ]
    assert reading.counts.reasons["organization"] == 1
    assert (reading.counts.indexed, reading.counts.rejected) == (1, 4)


# Files


def test_index_folder_and_packed_files_say_the_same(tmp_path: Path) -> None:
    path = issuer(tmp_path / "issuer", entry())
    expected = Reading(path).profiles
    assert Reading(path / "index.json").profiles == expected
    for name in ("plans.json", "providers.json"):
        (path / f"{name}.gz").write_bytes(gzip.compress((path / name).read_bytes()))
        (path / name).unlink()
    assert Reading(path).profiles == expected
    (path / "index.json").unlink()
    assert Reading(path).profiles == expected


def test_a_missing_file_is_named_with_its_address(tmp_path: Path) -> None:
    path = issuer(tmp_path / "issuer", entry())
    (path / "plans.json").unlink()
    with pytest.raises(Unusable, match=r"plans\.json is missing beside index\.json .*https://x\.example/d/plans\.json"):
        Reading(path)


def test_addresses_with_one_name_lie_in_their_folders(tmp_path: Path) -> None:
    path = issuer(tmp_path / "issuer")
    for folder, npi in (("a", NPI), ("b", "1999999976")):
        (path / folder).mkdir()
        (path / folder / "providers.json").write_text(json.dumps([entry(npi=npi)]))
    urls = [f"https://x.example/{f}/providers.json" for f in "ab"]
    (path / "index.json").write_text(json.dumps({"provider_urls": urls, "plan_urls": ["https://x.example/plans.json"]}))
    assert [p.npi for p in Reading(path).profiles] == ["1999999976", NPI]


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("index.json", "[]", "index.json is no index"),
        ("index.json", '{"provider_urls": []}', "index.json is no index"),
        ("providers.json", "[", "providers.json: the file is cut off"),
        ("providers.json", '[{"npi": "1"} {"npi": "2"}]', "providers.json: line 1 is no JSON: expected a comma"),
        ("providers.json", "[]", "no provider in its files"),
        ("plans.json", "plans", "plans.json: this is no JSON"),
    ],
)
def test_files_that_cannot_be_used(tmp_path: Path, name: str, content: str, said: str) -> None:
    path = issuer(tmp_path / "issuer", entry())
    (path / name).write_text(content)
    with pytest.raises(Unusable, match=said):
        Reading(path)


def test_a_folder_without_providers(tmp_path: Path) -> None:
    with pytest.raises(Unusable, match=r"neither an index\.json nor"):
        Reading(tmp_path)


def test_lines_are_those_of_the_file_also_far_into_it(tmp_path: Path) -> None:
    """More than fits into one block, with a wrong entry at its end."""
    filler = entry(specialty=["Dermatology"], note="x" * 20_000 + "\n")
    reading = read(tmp_path, *[filler] * 150, entry(type="X"))
    assert reading.said == [(152, "type", "X", "unknown_type")]
    assert reading.counts.read == 151


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)


@given(st.dictionaries(st.sampled_from(list(entry())), _VALUES, max_size=5))
def test_whatever_stands_in_a_field_is_survived(
    tmp_path_factory: pytest.TempPathFactory, fields: dict[str, Any]
) -> None:
    reading = Reading(issuer(tmp_path_factory.mktemp("any") / "x", entry(**fields)))
    assert reading.counts.read == 1
    for profile in reading.profiles:
        load({k: v for k, v in to_dict(profile).items() if k not in COMPUTED})


@given(st.binary(max_size=120))
def test_any_bytes_are_read_or_refused(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    path = issuer(tmp_path_factory.mktemp("bytes") / "x", entry())
    (path / "providers.json").write_bytes(content)
    with suppress(Unusable):
        Reading(path)


# Samples, counted another way


@pytest.mark.parametrize(
    "path", [SMALL, pytest.param(SHARED, marks=pytest.mark.skipif(not SHARED.exists(), reason="no sample"))]
)
def test_a_whole_folder_counted_by_plain_reading(path: Path) -> None:
    """Behavioral by a plain list of the specialties that the samples have."""
    ours = {"Psychiatry", "Clinical Psychology", "Licensed Clinical Social Worker", "Counselor - Mental Health"}
    people = json.loads((path / "providers.json").read_text("utf-8"))
    plans = {p["plan_id"]: p["marketing_name"] for p in json.loads((path / "plans.json").read_text("utf-8"))}
    expected = Counter(
        "organization"
        if p["type"] == "FACILITY"
        else "indexed"
        if ours & {*p["specialty"]}
        else "no_behavioral_specialty"
        for p in people
    )
    mine = [p for p in people if p["type"] == "INDIVIDUAL" and ours & {*p["specialty"]}]
    reading = Reading(path)
    assert reading.counts.read == len(people)
    assert reading.counts.indexed == expected.pop("indexed", 0)
    assert reading.counts.reasons == expected
    assert {p.npi for p in reading.profiles if p.npi} == {
        p["npi"] for p in mine if p["npi"] and not npi_problem(p["npi"])
    }
    assert {n.name for p in reading.profiles for n in p.networks} == {
        plans.get(x["plan_id"], x["plan_id"]) for p in mine for x in p["plans"] if max(x["years"]) >= TODAY.year
    }
