"""Plan-Net: files in their several forms, what is wrong with whole ones, the command line, and the samples."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from directory.engines.embedded import EmbeddedEngine
from directory.profile import to_dict
from directory.profile_schema import COMPUTED, load
from directory.vocabulary import taxonomy
from indexer.normalize import npi_problem
from indexer.pipeline import Input, Options, build
from indexer.report import RejectLog
from indexer.sources.files import Unusable
from tests.plan_net_rows import (
    NPI,
    SMALL,
    Reading,
    folder,
    location,
    ndjson,
    practitioner,
    read,
    refers,
    role,
)
from tests.reading import TODAY

SHARED = Path(__file__).parents[2] / "shared" / "data" / "plan-net"


# Files


def test_files_in_every_form_say_the_same(tmp_path: Path) -> None:
    resources = [practitioner(), role(location=refers("Location/l1")), location()]
    expected = read(tmp_path, *resources).profiles
    single = tmp_path / "single"
    single.mkdir()
    for resource in resources:
        (single / f"{resource['resourceType']}-x.json").write_text(json.dumps(resource, indent=2))
    packed = tmp_path / "packed"
    packed.mkdir()
    (packed / "all.ndjson.gz").write_bytes(gzip.compress("\n".join(map(json.dumps, resources)).encode()))
    listed = tmp_path / "list.json"
    listed.write_text(json.dumps(resources))
    assert Reading(single).profiles == Reading(packed).profiles == Reading(listed).profiles == expected


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ({}, "the folder has no file ending in .ndjson"),
        ({"a.ndjson": json.dumps(location())}, "there is no Practitioner in it"),
        ({"a.json": '{"resourceType": "Bundle", "entry": [{"resource": {"resourceType": "Pra'}, "cut off"),
        ({"a.json": "hello"}, "no JSON list or object"),
        ({"a.json": ""}, "empty"),
    ],
)
def test_a_directory_that_cannot_be_used(tmp_path: Path, content: dict[str, str], said: str) -> None:
    for name, text in content.items():
        (tmp_path / name).write_text(text)
    with pytest.raises(Unusable, match=said):
        Reading(tmp_path)


_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=12)
    | st.sampled_from(["Practitioner/p1", "#", "urn:", "a/b"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["reference", "coding", "code", "url", "extension", "value", "valueReference", "text", "period", "end"]
            ),
            inner,
            max_size=3,
        )
    ),
    max_leaves=8,
)
_FIELDS = [
    "name",
    "meta",
    "identifier",
    "qualification",
    "communication",
    "telecom",
    "address",
    "extension",
    "contained",
]


_ROLE_FIELDS = ["practitioner", "specialty", "location", "healthcareService", "availableTime", "extension", "period"]


@given(
    st.dictionaries(st.sampled_from(_FIELDS), _VALUES, max_size=5),
    st.dictionaries(st.sampled_from(_ROLE_FIELDS), _VALUES, max_size=4),
)
def test_whatever_stands_in_a_field_is_survived(
    tmp_path_factory: pytest.TempPathFactory, of_person: dict[str, Any], of_role: dict[str, Any]
) -> None:
    path = folder(tmp_path_factory.mktemp("any"), practitioner() | of_person, role() | of_role)
    reading = Reading(path)
    for profile in reading.profiles:
        load({k: v for k, v in to_dict(profile).items() if k not in COMPUTED})


@given(st.binary(max_size=120))
def test_any_bytes_are_read_or_refused(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    for ending in (".ndjson", ".json"):
        path = tmp_path_factory.mktemp("bytes")
        ndjson(path / "Practitioner.ndjson", [practitioner()])
        (path / f"a{ending}").write_bytes(content)
        with suppress(Unusable):
            Reading(path)


# From the command line


def test_a_folder_is_built_and_told_apart_by_its_files(tmp_path: Path) -> None:
    engine = EmbeddedEngine(tmp_path / "data", "providers")
    outcome = build([Input("plan_net", SMALL)], engine, RejectLog(), Options(today=TODAY))
    assert (outcome.refusal, outcome.providers) == (None, 6)
    about = engine.live().sources["plan_net"]
    assert [f["name"] for f in about["files"]] == sorted(p.name for p in SMALL.glob("*.ndjson"))
    assert (about["read"], about["indexed"], about["skipped"]) == (7, 6, 1)
    engine.close()


# Samples, counted another way


def _rows(folder_: Path, kind: str) -> Iterable[dict[str, Any]]:
    path = folder_ / f"{kind}.ndjson.gz"
    content = gzip.decompress(path.read_bytes()) if path.exists() else path.with_suffix("").read_bytes()
    return map(json.loads, content.splitlines())


@pytest.mark.parametrize(
    "path", [SMALL, pytest.param(SHARED, marks=pytest.mark.skipif(not SHARED.exists(), reason="no sample"))]
)
def test_a_whole_directory_counted_by_plain_reading(path: Path) -> None:
    def ours(concepts: Iterable[Any]) -> list[str]:
        return [c["code"] for concept in concepts for c in concept["coding"] if taxonomy(c["code"])]

    roles = {r["practitioner"]["reference"]: r for r in _rows(path, "PractitionerRole")}
    people = list(_rows(path, "Practitioner"))
    accepting = {
        f"{r['resourceType']}/{r['id']}": x["valueCodeableConcept"]["coding"][0]["code"]
        for kind in ("HealthcareService", "Location")
        for r in _rows(path, kind)
        for e in r.get("extension", [])
        if e["url"].endswith("/newpatients")
        for x in e["extension"]
    }
    expected: Counter[str] = Counter()
    licensed = valid = 0
    networks: Counter[str] = Counter()
    for person in people:
        how = roles[f"Practitioner/{person['id']}"]
        qualified = [q for q in person.get("qualification", []) if ours([q["code"]])]
        if not ours(how["specialty"]) and not qualified:
            continue
        valid += npi_problem(next(i["value"] for i in person["identifier"] if i["system"] == NPI)) is None
        licensed += bool(qualified)
        word = accepting.get(how["healthcareService"][0]["reference"]) or accepting.get(how["location"][0]["reference"])
        expected["yes" if word == "newpt" else "no"] += 1
        networks.update(e["valueReference"]["display"] for e in how["extension"])
    reading = Reading(path)
    assert reading.counts.read == len(people)
    assert reading.counts.indexed == expected.total() == len(reading.profiles)
    assert reading.counts.reasons == {"no_behavioral_code": len(people) - expected.total()}
    assert Counter(p.accepting for p in reading.profiles) == expected
    assert sum(p.npi is not None for p in reading.profiles) == valid
    assert sum(bool(p.grants) for p in reading.profiles) == licensed
    assert Counter(p.networks[0].name for p in reading.profiles) == networks
    assert sum(i.code.startswith("npi_") for i in reading.issues) == expected.total() - valid


@pytest.mark.skipif(not SHARED.exists(), reason="no sample")
def test_the_examples_of_the_guide() -> None:
    reading = Reading(SHARED / "ig-examples")
    profile = reading.one
    assert (profile.id, profile.name, profile.meeting) == ("plan_net:Counselor", "Susie Smith", ("phone", "online"))
    assert reading.counts.as_dict() == {
        "read": 3, "indexed": 1, "skipped": 2, "deleted": 0, "rejected": 0, "reasons": {"no_behavioral_code": 2},
    }  # fmt: skip
