"""What leads from a Plan-Net Practitioner to a person: roles with what they refer to, and what is found on the way."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple

from directory.profile import Profile
from indexer.sources.fhir import Resource, day, one, text


@dataclass(frozen=True, slots=True)
class InNetwork:
    """A network that a role names: its plans and itself by name, the owner's name, and public programs they are of."""

    names: tuple[str, ...]
    owner: str
    programs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Role:
    """A PractitionerRole with what it refers to."""

    resource: Resource
    services: tuple[Resource, ...] = ()
    locations: tuple[Resource, ...] = ()
    networks: tuple[InNetwork, ...] = ()


@dataclass(frozen=True, slots=True)
class RoleFound:
    """A PractitionerRole with what it refers to, all of it as JSON: how it goes to another process."""

    body: bytes
    services: tuple[bytes, ...]
    locations: tuple[bytes, ...]
    networks: tuple[InNetwork, ...]


@dataclass(frozen=True, slots=True)
class Remark:
    """What is wrong with a value: of a rejected row, or of one that is kept without it."""

    field: str
    value: str
    code: str
    message: str


@dataclass(slots=True)
class Person:
    """What becomes of a Practitioner: a profile, or a mistake that rejects; with the payers who list
    them, `remarks`, and words that no vocabulary knows as (field, word)."""

    profile: Profile | None = None
    mistake: Remark | None = None
    payers: dict[str, str] = field(default_factory=dict)
    remarks: list[Remark] = field(default_factory=list)
    unmapped: list[tuple[str, str]] = field(default_factory=list)


class Made(NamedTuple):
    """What is kept of a `Person`: the id and the profile as `profile.to_json` has it (empty where there is a mistake),
    the rest as there."""

    id: str
    word: bytes
    payers: dict[str, str]
    mistake: Remark | None
    remarks: list[Remark]
    unmapped: list[tuple[str, str]]


def written_on(resource: Resource, today: date, out: Person) -> date | None:
    """The day on which a resource was last written; a day to come or no date is remarked upon and not used."""
    updated = text(one(resource, "meta"), "lastUpdated")
    when = day(updated)
    if updated and (when is None or when > today):
        where = f"{text(resource, 'resourceType')}/{text(resource, 'id')}.meta.lastUpdated"
        code, said = ("date_in_future", "the date is after today") if when else ("date_malformed", "expected a date")
        out.remarks.append(Remark(where, updated, code, f"{said}; it is not used"))
        return None
    return when
