"""Plan-Net: what is taken of a health plan's directory, what is not, and what becomes of broken ones."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from directory import processes
from directory.places import zip_point
from directory.profile import Grant, Location, Network, Profile, to_dict
from directory.profile_schema import COMPUTED, load
from indexer.normalize import settle
from indexer.sources import plan_net
from tests.plan_net_rows import (
    SMALL,
    VALID,
    Reading,
    concept,
    extension,
    folder,
    in_network,
    location,
    organization,
    plan,
    practitioner,
    qualification,
    read,
    refers,
    role,
    service,
)

CENTER = zip_point("06105") or (0.0, 0.0)


# What is taken


def test_everything_that_is_taken(tmp_path: Path) -> None:
    person = practitioner(
        qualification=[qualification(period={"end": "2027-06"}), {"code": concept("PHD", "http://hl7.org/v2-0360")}],
        communication=[
            concept("es-MX", "urn:ietf:bcp:47"),
            concept("fr")
            | {"extension": [{"url": "x/communication-proficiency", "valueCodeableConcept": concept("10")}]},
        ],
        telecom=[{"system": "phone", "value": "(512) 555-0142 x77", "use": "work"}],
    )
    where = location() | {"extension": [{"url": "x/accessibility", "valueCodeableConcept": concept("handiaccess")}]}
    what = service(
        extension=[
            extension("delivery-method", type=concept("physical")),
            extension("delivery-method", type=concept("virtual"), virtualModalities=[concept("video"), concept("tdd")]),
        ]
    )
    how = role(
        extension=[in_network("Organization/n1"), extension("newpatients", acceptingPatients=concept("newpt"))],
        location=refers("Location/l1"),
        healthcareService=refers("HealthcareService/s1"),
        telecom=[{"system": "email", "value": "ann@example.com"}, {"system": "url", "value": "https://example.com/ann"}],
        availableTime=[
            {"daysOfWeek": ["mon", "tue", "wed"], "availableStartTime": "09:00:00", "availableEndTime": "18:30:00"},
            {"daysOfWeek": ["sat"], "allDay": True},
        ],
    )  # fmt: skip
    network = (organization("n1", "Choice Network", "Organization/o1"), organization("o1", "Aetna Health Inc."))
    reading = read(tmp_path, person, where, what, how, *network, plan("i1", "Silver PPO", "Organization/n1"))
    profile = reading.one
    said, role_said = date(2026, 9, 30), date(2026, 10, 1)
    assert profile == Profile(
        id=f"npi:{VALID}", npi=VALID, name="Ann B. Lee", family="Lee", given="Ann", provider_type="social_worker",
        provider_types=("social_worker",), credentials=("lcsw", "phd"), languages=("es",), gender="female",
        meeting=("in_person", "video", "online"), remote=True, prescribes=False, payment=("insurance",),
        insurers=("aetna",), times=("daytime", "evening", "weekend"), hours="Mon–Wed 9 am–6:30 pm; Sat all day",
        accessibility=("wheelchair",), accepting="yes", accepting_as_of=role_said, phone="+1 512 555 0142",
        email="ann@example.com", website="https://example.com/ann",
        locations=(Location("Hartford", "CT", "06105", CENTER[0], CENTER[1], "12 Elm St"),),
        grants=(Grant("license", "CT", "12345", "listed", "plan_net", said, date(2027, 6, 30)),),
        networks=(
            Network("Choice Network", "aetna", None, "plan_net", role_said),
            Network("Silver PPO", "aetna", None, "plan_net", role_said),
        ),
        provenance=profile.provenance,
    )  # fmt: skip
    assert {(g, p.source, p.as_of) for g, p in profile.provenance.items()} == {
        *((g, "plan_net", said) for g in ("identity", "license", "practice")),
        *((g, "plan_net", role_said) for g in ("location", "cost", "network", "remote", "availability")),
    }
    assert reading.issues == []
    assert profile.verified_on is None  # a server's date confirms nothing


def test_profiles_are_settled_and_fit_the_schema() -> None:
    for profile in Reading(SMALL).profiles:
        assert settle(profile) == profile
        assert load({k: v for k, v in to_dict(profile).items() if k not in COMPUTED}) == profile


def test_an_npi_that_fails_keeps_the_person_under_the_directory_s_id(tmp_path: Path) -> None:
    reading = read(
        tmp_path, practitioner(npi="1999999985"), practitioner("p2", None), role(), role("r2", "Practitioner/p2")
    )
    assert [(p.id, p.npi) for p in reading.profiles] == [("plan_net:p1", None), ("plan_net:p2", None)]
    assert reading.said == [("Practitioner.ndjson", 1, "identifier", "1999999985", "npi_check_digit")]
    assert reading.counts.rejected == 0


@pytest.mark.parametrize(
    ("levels", "expected"),
    [
        ((["newpt"], [], []), "yes"),
        ((["nopt"], ["newpt"], ["newpt"]), "no"),  # the role's own word counts
        (([], ["existptonly"], ["newpt"]), "no"),
        (([], [], ["existptfam"]), "no"),
        ((["nopt", "newpt"], [], []), "yes"),
        (([], [], []), None),
        ((["whatever"], [], ["newpt"]), "yes"),
    ],
)
def test_new_patients_of_role_then_service_then_location(tmp_path: Path, levels: Any, expected: str | None) -> None:
    for_role, for_service, for_location = (
        [extension("newpatients", acceptingPatients=concept(c)) for c in codes] for codes in levels
    )
    how = role(extension=for_role, location=refers("Location/l1"), healthcareService=refers("HealthcareService/s1"))
    where = location() | {"extension": for_location}
    profile = read(tmp_path, practitioner(), how, service(extension=for_service), where).one
    assert profile.accepting == expected


def test_any_role_that_takes_clients_takes_clients(tmp_path: Path) -> None:
    said = [[extension("newpatients", acceptingPatients=concept(c))] for c in ("nopt", "newpt")]
    roles = [role(f"r{i}", extension=e) for i, e in enumerate(said)]
    assert read(tmp_path, practitioner(), *roles).one.accepting == "yes"


@pytest.mark.parametrize(
    ("codes", "qualified", "expected"),
    [
        (["2084P0800X"], [], ("psychiatrist", ("psychiatrist",), True, True)),
        (["207R00000X", "2084P0800X"], [], ("psychiatrist", ("psychiatrist",), True, True)),
        (["103T00000X", "1041C0700X"], [], ("psychologist", ("psychologist", "social_worker"), True, None)),
        (["207R00000X"], ["2084P0800X"], ("psychiatrist", ("psychiatrist",), False, True)),
        (["207R00000X"], ["207R00000X"], None),
        (["2084N0400X"], [], None),
        ([], ["101YM0800X"], ("therapist", ("therapist",), True, False)),
    ],
)
def test_what_they_are(tmp_path: Path, codes: list[str], qualified: list[str], expected: Any) -> None:
    roles = [role(specialty=[concept(c, "http://nucc.org/provider-taxonomy") for c in codes])] if codes else []
    reading = read(tmp_path, practitioner(qualification=[qualification(c) for c in qualified]), *roles)
    found = [(p.provider_type, p.provider_types, p.primary, p.prescribes) for p in reading.profiles]
    assert found == ([expected] if expected else [])
    assert reading.counts.reasons == ({} if expected else {"no_behavioral_code": 1})


def test_a_specialty_in_words_is_enough(tmp_path: Path) -> None:
    roles = [
        role(specialty=[{"text": "Psychologist, Clinical"}]),
        role("r2", "Practitioner/p2", specialty=[{"text": "Mental wellness"}]),
    ]
    reading = read(tmp_path, practitioner(), practitioner("p2", None), *roles)
    assert reading.one.provider_types == ("psychologist",)
    assert reading.source.unmapped["specialty"] == {"Mental wellness": 1}


def test_unknown_specialties_are_counted_of_those_alone_whom_nothing_else_makes_ours(tmp_path: Path) -> None:
    unknown = [{"text": "Mental wellness"}]
    people = [practitioner(), practitioner("p2", None, qualification=[qualification()]), practitioner("p3", None)]
    roles = [role(), *(role(f"r-{of}", f"Practitioner/{of}", specialty=unknown) for of in ("p1", "p2", "nobody"))]
    assert read(tmp_path, *people, *roles).source.unmapped["specialty"] == {}
    again = [role("r8", "Practitioner/p3", specialty=unknown), role("r9", "Practitioner/p3", specialty=unknown)]
    assert read(tmp_path, *people, *roles, *again).source.unmapped["specialty"] == {"Mental wellness": 2}


@pytest.mark.parametrize(
    ("fields", "grants"),
    [
        ({}, [("CT", "12345")]),
        ({"number": None}, [("CT", None)]),
        ({"number": "PENDING"}, []),
        ({"state": "Connecticut"}, [("CT", "12345")]),
        ({"state": "Atlantis"}, []),
        ({"code": "207R00000X"}, []),
        ({"extension": [extension("practitioner-qualification", status="revoked", whereValid=concept("CT"))]}, []),
        ({"extension": []}, []),
        (
            {"extension": [extension("practitioner-qualification", whereValid=[concept("CT"), concept("MA")])]},
            [("CT", "12345"), ("MA", "12345")],
        ),
    ],
)  # fmt: skip
def test_licenses_are_listed_where_they_are_valid(tmp_path: Path, fields: Any, grants: list[Any]) -> None:
    profile = read(tmp_path, practitioner(qualification=[qualification(**fields)]), role()).one
    assert [(g.jurisdiction, g.number) for g in profile.grants] == grants
    assert {g.status for g in profile.grants} <= {"listed"}


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ({"postalCode": "06105-1234"}, ("CT", "06105", "US", True)),
        ({"postalCode": "06105 1234"}, ("CT", "06105", "US", True)),
        ({"postalCode": "061051234"}, ("CT", "06105", "US", True)),
        ({"postalCode": "6105"}, ("CT", "06105", "US", True)),
        ({"postalCode": "", "state": "Connecticut"}, ("CT", None, "US", True)),
        ({"state": "AE", "city": "APO", "postalCode": "09012"}, ("AE", "09012", "US", False)),
        ({"state": "PR", "city": "San Juan", "postalCode": "00901", "country": "PRI"}, ("PR", "00901", "US", True)),
        ({"state": "ON", "city": "Toronto", "postalCode": "M5V 2T6", "country": "CA"}, (None, None, "CA", False)),
        ({"state": "Bayern", "city": "Ansbach", "postalCode": "91522", "country": "DEU"}, (None, None, "ZZ", False)),
    ],
)
def test_addresses_of_every_kind(tmp_path: Path, address: dict[str, str], expected: Any) -> None:
    profile = read(tmp_path, practitioner(), role(location=refers("Location/l1")), location(**address)).one
    (place,) = profile.locations
    assert (place.state, place.zip, place.country, place.lat is not None) == expected


def test_a_practitioner_s_own_address_has_no_street(tmp_path: Path) -> None:
    homes = [{"use": "home", "city": "Boston", "state": "MA"}, {"line": ["1 Oak"], "city": "Hartford", "state": "CT"}]
    (place,) = read(tmp_path, practitioner(address=homes), role()).one.locations
    assert (place.city, place.street) == ("Hartford", None)


def test_public_programs_and_unknown_companies(tmp_path: Path) -> None:
    network = (organization("n1", "Gold Net", "Organization/o1"), organization("o1", "Acme Insurance Co"))
    advantage = plan("i1", "Acme Advantage", "Organization/n1", type=[concept("medicare")])
    over = plan("i2", "Old plan", "Organization/n1", period={"end": "2025-12-31"})
    reading = read(tmp_path, practitioner(), role(extension=[in_network("Organization/n1")]), *network, advantage, over)
    profile = reading.one
    assert [n.name for n in profile.networks] == ["Gold Net", "Acme Advantage"]
    assert (profile.insurers, profile.payment) == (("medicare",), ("insurance", "medicare"))
    assert reading.source.unmapped["insurer"] == {"Acme Insurance Co": 1}


# References


@pytest.mark.parametrize(
    "reference",
    [
        "Practitioner/p1",
        "https://plan.example.com/fhir/Practitioner/p1",
        "Practitioner/p1/_history/3",
        "http://x/Practitioner/p1/",
    ],
)
def test_references_in_every_form(tmp_path: Path, reference: str) -> None:
    assert read(tmp_path, practitioner(), role(of=reference)).one.name == "Ann B. Lee"


def test_a_bundle_with_urn_references(tmp_path: Path) -> None:
    entries = [
        {"fullUrl": "urn:uuid:a1", "resource": role(of="urn:uuid:b2", location=refers("urn:uuid:c3"))},
        {"fullUrl": "urn:uuid:b2", "resource": {k: v for k, v in practitioner(npi=None).items() if k != "id"}},
        {"fullUrl": "urn:uuid:c3", "resource": location("x")},
    ]  # fmt: skip
    path = tmp_path / "bundle.json"
    path.write_text(json.dumps({"resourceType": "Bundle", "type": "collection", "entry": entries}, indent=1))
    profile = Reading(path).one
    assert (profile.id, profile.locations[0].city) == ("plan_net:b2", "Hartford")


def test_contained_resources(tmp_path: Path) -> None:
    how = role(
        contained=[location("here"), service("soon")], location=refers("#here"), healthcareService=refers("#gone")
    )
    reading = read(tmp_path, practitioner(), how)
    assert reading.one.locations[0].zip == "06105"
    assert reading.said == [("PractitionerRole.ndjson", 1, "healthcareService", "#gone", "dangling_reference")]


def test_dangling_and_cyclic_references_are_told_and_passed_over(tmp_path: Path) -> None:
    how = role(
        location=refers("Location/nowhere", "Organization/n1"),
        extension=[in_network("Organization/n1"), in_network("Organization/no")],
    )
    ring = (organization("n1", "Ring Net", "Organization/n2"), organization("n2", "Ring Co", "Organization/n1"))
    reading = read(tmp_path, practitioner(), how, role("r2", "Practitioner/nobody"), *ring)
    assert [n.name for n in reading.one.networks] == ["Ring Net"]
    assert sorted((line, field, value, code) for _, line, field, value, code in reading.said) == [
        (1, "location", "Location/nowhere", "dangling_reference"),
        (1, "location", "Organization/n1", "dangling_reference"),
        (1, "network-reference", "Organization/no", "dangling_reference"),
        (1, "partOf", "Organization/n1", "cyclic_reference"),
        (2, "practitioner", "Practitioner/nobody", "dangling_reference"),
    ]


def test_only_what_concerns_us_is_told(tmp_path: Path) -> None:
    other = [concept("207R00000X", "http://nucc.org/provider-taxonomy")]
    roles = [
        role("r1", "Practitioner/nobody", specialty=other, location=refers("Location/no")),
        role("r2", specialty=other, location=refers("Location/no")),
        role("r3", active=False, location=refers("Location/no")),
        role("r4", location=refers("Location/gone")),
    ]
    reading = read(tmp_path, practitioner(), *roles)
    assert reading.said == [("PractitionerRole.ndjson", 4, "location", "Location/gone", "dangling_reference")]


def test_other_processes_change_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    people = [practitioner(f"p{n:02}", "1234567890", qualification=[qualification(number=f"{n}")]) for n in range(30)]
    people[7]["name"], people[9]["active"] = [], False
    roles = [
        role(f"r{n}", f"Practitioner/p{n:02}", location=refers("Location/l1", f"Location/no{n}")) for n in range(30)
    ]
    alone = read(tmp_path, *people, *roles, location())
    monkeypatch.setattr(processes, "processes", lambda: 2)
    monkeypatch.setattr(plan_net, "_AT_ONCE", 3)
    several = read(tmp_path, *people, *roles, location())
    assert len(alone.profiles) == 28
    assert (several.profiles, several.issues) == (alone.profiles, alone.issues)
    assert (several.counts, list(several.source.memory())) == (alone.counts, list(alone.source.memory()))


# Who is left out


def test_who_is_skipped_and_why(tmp_path: Path) -> None:
    people = [practitioner(f"p{i}", None) for i in range(6)]
    people[1]["active"] = False
    roles = [role(f"r{i}", f"Practitioner/p{i}") for i in range(6)]
    roles[2]["active"] = False
    roles[3]["period"] = {"end": "2026-01-01"}
    roles[4]["specialty"] = [concept("207R00000X", "http://nucc.org/provider-taxonomy")]
    reading = read(tmp_path, *people, *roles)
    assert [p.id for p in reading.profiles] == ["plan_net:p0", "plan_net:p5"]
    assert reading.counts.reasons == {"inactive": 1, "no_active_role": 2, "no_behavioral_code": 1}


def test_who_is_rejected_and_why(tmp_path: Path) -> None:
    people = [
        practitioner("p0", None, name=[]),
        practitioner("p1", None, meta={"lastUpdated": "2030-01-01T00:00:00Z"}),
        practitioner("p 2", None),
        practitioner("p3", None, name="Ann Lee", gender=7, qualification="none", communication=[None], telecom={}),
    ]
    reading = read(tmp_path, *people, *(role(f"r{i}", f"Practitioner/p{i}") for i in (0, 1, 3)))
    assert reading.profiles == []
    assert sorted((line, field, code) for _, line, field, _, code in reading.said) == [
        (1, "name", "name_missing"),
        (2, "meta.lastUpdated", "date_in_future"),
        (3, "id", "bad_id"),
        (4, "name", "name_missing"),
    ]
    assert reading.counts.rejected == 4


def test_dates_that_cannot_be_are_not_used(tmp_path: Path) -> None:
    how = role(
        meta={"lastUpdated": "2031-01-01"}, extension=[extension("newpatients", acceptingPatients=concept("newpt"))]
    )
    person = practitioner(meta={"lastUpdated": "yesterday"}, qualification=[qualification(period={"end": "soon"})])
    reading = read(tmp_path, person, how)
    assert (reading.one.accepting, reading.one.accepting_as_of) == ("yes", None)
    assert reading.one.provenance["identity"].as_of is None
    assert {i.code for i in reading.issues} == {"date_in_future", "date_malformed"}


def test_lines_that_cannot_be_read_cost_no_other(tmp_path: Path) -> None:
    lines = [
        '{"resourceType": "Practitioner", "id": ',
        "[1]",
        json.dumps(practitioner()),
        "",
        '{"id": "x"}',
        '"\udce9"',
    ]
    path = folder(tmp_path / "d", role())
    (path / "Practitioner.ndjson").write_bytes("\n".join(lines).encode("utf-8", "surrogateescape") + b"\n")
    with (path / "Patient.ndjson").open("w") as file:
        file.write('{"resourceType": "Patient", "id": "1"}\n' * 3)
    with (path / "Location.ndjson").open("w") as file:
        file.write('{"resourceType": "Location", \n')
    reading = Reading(path)
    assert reading.one.name == "Ann B. Lee"
    assert [(i.file, i.line, i.code) for i in reading.issues] == [
        ("Location.ndjson", 1, "not_json"),
        ("Patient.ndjson", 1, "unknown_resource_type"),
        ("Practitioner.ndjson", 1, "not_json"),
        ("Practitioner.ndjson", 2, "not_a_resource"),
        ("Practitioner.ndjson", 5, "not_a_resource"),
        ("Practitioner.ndjson", 6, "not_json"),
    ]
    assert (reading.counts.indexed, reading.counts.rejected) == (1, 4)


@pytest.mark.parametrize(
    ("first", "second", "later"),
    [
        ("2026-01-02T01:00:00+05:00", "2026-01-01T23:00:00Z", "second"),
        ("2026-01-01T23:00:00Z", "2026-01-02T01:00:00+05:00", "first"),
        ("2026-01-01T20:00:00.5-05:00", "2026-01-02T01:00:00.123456789Z", "first"),
        ("2026-01-01T20:00:00-05:00", "2026-01-02T01:00:00Z", "second"),
        ("yesterday", "2026-01-01", "second"),
    ],
)
def test_instants_of_several_time_zones(tmp_path: Path, first: str, second: str, later: str) -> None:
    copies = [
        practitioner(meta={"lastUpdated": when}, gender=gender, name=[{"family": name}])
        for when, gender, name in ((first, "male", "First"), (second, "female", "Second"))
    ]
    reading = read(tmp_path, *copies, role())
    assert reading.one.name == later.capitalize()
    assert reading.counts.reasons == {"superseded": 1}


def test_of_two_with_one_id_the_last_written_counts(tmp_path: Path) -> None:
    old = practitioner(meta={"lastUpdated": "2026-01-01T00:00:00Z"}, gender="male")
    reading = read(tmp_path, practitioner(), old, role(), location("l1"), location("l1", city="Avon"))
    assert reading.one.gender == "female"
    assert reading.counts.reasons == {"superseded": 1}
    assert [(i.file, i.line, i.code) for i in reading.issues] == [("Location.ndjson", 1, "given_twice")]


def test_entries_with_one_npi_are_joined_also_over_directories(tmp_path: Path) -> None:
    def directory(name: str, company: str, day: str) -> Path:
        return folder(
            tmp_path / name,
            practitioner(name, meta={"lastUpdated": day}, communication=[concept("es" if name == "a" else "en")]),
            role(of=f"Practitioner/{name}", extension=[in_network("Organization/n")], meta={"lastUpdated": day}),
            organization("n", f"{company} PPO", "Organization/o"),
            organization("o", company),
        )

    reading = Reading(directory("a", "Aetna", "2026-03-01"), directory("b", "Cigna", "2026-02-01"))
    assert (reading.one.insurers, reading.one.languages) == (("aetna", "cigna"), ("en", "es"))
    assert reading.one.provenance["identity"].as_of == date(2026, 3, 1)
    assert reading.counts.indexed == 2
