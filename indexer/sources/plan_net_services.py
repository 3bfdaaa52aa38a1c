"""How and when the services of Plan-Net roles are there: new patients, ways of delivery, access, hours. Pure."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from datetime import date
from functools import lru_cache
from pathlib import Path

from indexer.sources.fhir import Resource, codes, extensions, objects, one, text, texts
from indexer.sources.opening_hours import Opening
from indexer.sources.plan_net_parts import Person, Role, written_on


@lru_cache(maxsize=1)
def _tables() -> dict[tuple[str, str], str]:
    with Path(__file__).with_name("plan_net_codes.csv").open(encoding="utf-8", newline="") as file:
        return {(row["list"], row["code"]): row["value"] for row in csv.DictReader(file)}


def accepting(roles: Sequence[Role], today: date, out: Person) -> tuple[str | None, date | None]:
    """Whether new clients are taken, and when that was said: of each role by itself, else by its services, else by its
    places; over all roles yes, where any says so."""
    answers: dict[str, date | None] = {}
    for role in roles:
        for level in ((role.resource,), role.services, role.locations):
            here = [(code, r) for r in level for code in _new_patients(r)]
            for code, resource in here:
                when = written_on(resource, today, out)
                answers[code] = max(filter(None, (answers.get(code), when)), default=None)
            if here:
                break
    for code in ("yes", "no"):
        if code in answers:
            return code, answers[code]
    return None, None


def _new_patients(resource: Resource) -> Iterator[str]:
    for extension in extensions(resource, "newpatients"):
        for part in extensions(extension, "acceptingPatients"):
            for code in codes(one(part, "valueCodeableConcept")):
                if value := _tables().get(("accepting", code)):
                    yield value


def ways(roles: Sequence[Role]) -> tuple[str, ...]:
    """How the services of the roles are delivered; a virtual way that is neither telephone nor video is `online`."""
    found: list[str] = []
    for method in (m for r in roles for s in r.services for m in extensions(s, "delivery-method")):
        kinds = {c for part in extensions(method, "type") for c in codes(one(part, "valueCodeableConcept"))}
        if "physical" in kinds:
            found.append("in_person")
        if "virtual" in kinds:
            by = [
                c for part in extensions(method, "virtualModalities") for c in codes(one(part, "valueCodeableConcept"))
            ]
            found.extend(_tables().get(("virtual", c), "online") for c in by or [""])
    return tuple(found)


def accessibility(roles: Sequence[Role]) -> Iterator[str]:
    """What the places of the roles say of coming there."""
    for extension in (e for r in roles for loc in r.locations for e in extensions(loc, "accessibility")):
        for code in codes(one(extension, "valueCodeableConcept")):
            if value := _tables().get(("accessibility", code)):
                yield value


def openings(role: Role) -> Iterator[Opening]:
    """When the role is available, else when its services are."""
    own = objects(role.resource, "availableTime")
    for given in own or [a for s in role.services for a in objects(s, "availableTime")]:
        days = tuple(texts(given, "daysOfWeek"))
        if given.get("allDay") is True:
            yield Opening(days, "00:00", "24:00")
        elif (start := _clock(given, "availableStartTime")) and (end := _clock(given, "availableEndTime")):
            yield Opening(days, start, end)


def _clock(given: Resource, name: str) -> str:
    match = re.fullmatch(r"([01]\d|2[0-3]):([0-5]\d)(?::\d{2}(?:\.\d+)?)?", text(given, name), re.ASCII)
    return f"{match[1]}:{match[2]}" if match else ""
