"""Made-up resources of a health plan's directory, as Plan-Net writes them, and what the source makes of them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from indexer.sources.plan_net import PlanNetSource
from tests.reading import Read

BASE = "http://hl7.org/fhir/us/davinci-pdex-plan-net/StructureDefinition/"
NUCC = "http://nucc.org/provider-taxonomy"
NPI = "http://hl7.org/fhir/sid/us-npi"
VALID = "1999999984"
SMALL = Path(__file__).parent / "fixtures" / "plan_net"


def concept(code: str, system: str = "http://example.org") -> dict[str, Any]:
    return {"coding": [{"system": system, "code": code}]}


def extension(name: str, **parts: Any) -> dict[str, Any]:
    """An extension of parts: `extension("newpatients", acceptingPatients=concept("newpt"))`; a list repeats."""
    inner = []
    for url, value in parts.items():
        for one in value if isinstance(value, list) else [value]:
            inner.append({"url": url, "valueCode" if isinstance(one, str) else "valueCodeableConcept": one})
    return {"url": BASE + name, "extension": inner}


def practitioner(id_: str = "p1", npi: str | None = VALID, **fields: Any) -> dict[str, Any]:
    found: dict[str, Any] = {
        "resourceType": "Practitioner",
        "id": id_,
        "meta": {"lastUpdated": "2026-09-30T10:00:00Z"},
        "active": True,
        "name": [{"use": "official", "family": "LEE", "given": ["ANN", "B"], "suffix": ["LCSW"]}],
        "gender": "female",
    }
    if npi is not None:
        found["identifier"] = [{"system": NPI, "value": npi}]
    return found | fields


def qualification(
    code: str = "1041C0700X", state: str = "CT", number: str | None = "12345", **fields: Any
) -> dict[str, Any]:
    return {
        "extension": [extension("practitioner-qualification", status="active", whereValid=concept(state))],
        "code": concept(code, NUCC),
        **({"identifier": [{"system": "https://ct.gov/DPH", "value": number}]} if number else {}),
    } | fields


def role(id_: str = "r1", of: str = "Practitioner/p1", code: str = "1041C0700X", **fields: Any) -> dict[str, Any]:
    return {
        "resourceType": "PractitionerRole",
        "id": id_,
        "meta": {"lastUpdated": "2026-10-01T10:00:00Z"},
        "active": True,
        "practitioner": {"reference": of},
        "specialty": [concept(code, NUCC)],
    } | fields


def service(id_: str = "s1", **fields: Any) -> dict[str, Any]:
    return {"resourceType": "HealthcareService", "id": id_, "active": True} | fields


def location(id_: str = "l1", **address: Any) -> dict[str, Any]:
    given = {"line": ["12 ELM ST"], "city": "HARTFORD", "state": "CT", "postalCode": "061051234"} | address
    return {"resourceType": "Location", "id": id_, "status": "active", "address": given}


def organization(id_: str, name: str, part_of: str | None = None, **fields: Any) -> dict[str, Any]:
    above = {"partOf": {"reference": part_of}} if part_of else {}
    return {"resourceType": "Organization", "id": id_, "active": True, "name": name} | above | fields


def plan(id_: str, name: str, network: str, **fields: Any) -> dict[str, Any]:
    body = {"resourceType": "InsurancePlan", "id": id_, "status": "active", "name": name}
    return body | {"network": [{"reference": network}]} | fields


def in_network(reference: str) -> dict[str, Any]:
    return {"url": BASE + "network-reference", "valueReference": {"reference": reference}}


def refers(*references: str) -> list[dict[str, str]]:
    return [{"reference": r} for r in references]


def folder(path: Path, *resources: Any) -> Path:
    """A folder with a file for each kind of resource, in the order given."""
    path.mkdir(exist_ok=True)
    kinds: dict[str, list[Any]] = {}
    for resource in resources:
        kinds.setdefault(resource["resourceType"], []).append(resource)
    for kind, several in kinds.items():
        ndjson(path / f"{kind}.ndjson", several)
    return path


def ndjson(path: Path, records: Iterable[Any]) -> Path:
    """A file with a record a line; a text stands as it is."""
    lines = (r if isinstance(r, str) else json.dumps(r) for r in records)
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return path


class Reading(Read):
    """What the source makes of directories."""

    kind = PlanNetSource

    @property
    def said(self) -> list[tuple[str, int, str | None, str, str]]:
        """File, line, field, value and code of each issue."""
        return [(i.file, i.line, i.field, i.value, i.code) for i in self.issues]


def read(tmp_path: Path, *resources: Any) -> Reading:
    """What it makes of a directory of these resources."""
    return Reading(folder(tmp_path / "directory", *resources))
