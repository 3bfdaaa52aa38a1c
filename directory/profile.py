"""THE provider: what is imported, stored, indexed and answered. None or an empty tuple means *not stated*, never no.

`Profile` is plain data; `ProfileSchema` reads and checks the public form (an own JSON file, an API answer).
Readers of official formats build the dataclass directly, because marshmallow is too slow for a national file.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from typing import Any, Final

import orjson


@dataclass(frozen=True, slots=True)
class Fee:
    """What a session costs, in whole units of `currency`; `minutes` is its length, `as_of` when that was said."""

    session: int | None = None
    session_max: int | None = None
    sliding_low: int | None = None
    first_visit: int | None = None
    currency: str = "USD"
    minutes: int | None = None
    as_of: date | None = None

    @property
    def lowest(self) -> int | None:
        """The lowest fee stated for a session: what `max_fee` and the order by fee compare."""
        stated = [n for n in (self.session, self.sliding_low) if n is not None]
        return min(stated) if stated else None


@dataclass(frozen=True, slots=True)
class Location:
    """A place of practice. `lat` and `lon` (degrees) are the centroid of its ZIP or city, never of a street;
    `street` only where a source publishes it as an office. `country` is an ISO 3166-1 alpha-2 code."""

    city: str | None = None
    state: str | None = None
    zip: str | None = None
    lat: float | None = None
    lon: float | None = None
    street: str | None = None
    country: str = "US"


@dataclass(frozen=True, slots=True)
class Grant:
    """A right to practise in `jurisdiction` (USPS code). `kind` and `status` are keys of the tables in `licensure`;
    `compact` names the compact of a privilege."""

    kind: str
    jurisdiction: str
    number: str | None = None
    status: str = "listed"
    source: str | None = None
    checked_on: date | None = None
    expires_on: date | None = None
    compact: str | None = None

    @property
    def identity(self) -> tuple[str, str | None, str, str]:
        """What statements about one and the same grant have in common, however its number is written."""
        return self.kind, self.compact, self.jurisdiction, re.sub(r"[^0-9A-Z]", "", (self.number or "").upper())


@dataclass(frozen=True, slots=True)
class Network:
    """A plan or network that someone is in, by its own `name`. `company` is a code of the insurers where its company is
    one of them; `tier` is what the plan calls its part of the network; `source` said so, on the day `as_of`."""

    name: str
    company: str | None = None
    tier: str | None = None
    source: str | None = None
    as_of: date | None = None


@dataclass(frozen=True, slots=True)
class OtherWord:
    """Who else said something of a group of fields, when, and how it was checked; `fields` are those that they state
    differently from what is shown (none: they agree as far as they say anything)."""

    source: str
    as_of: date | None = None
    how: str | None = None
    fields: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Provenance:
    """Who said a group of fields (see `provenance.GROUPS`), when, how it was checked, and who else spoke of it."""

    source: str
    as_of: date | None = None
    how: str | None = None
    others: tuple[OtherWord, ...] = ()


@dataclass(frozen=True, slots=True)
class Profile:
    """One provider. `id` is `npi:<NPI>`, or `<source>:<the source's id>` where there is no NPI."""

    id: str
    name: str
    npi: str | None = None
    family: str | None = None
    given: str | None = None
    other_names: tuple[str, ...] = ()
    demo: bool = False
    provider_type: str | None = None
    provider_types: tuple[str, ...] = ()
    primary: bool = True
    credentials: tuple[str, ...] = ()
    modalities: tuple[str, ...] = ()
    concerns: tuple[str, ...] = ()
    formats: tuple[str, ...] = ()
    age_groups: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    gender: str | None = None
    meeting: tuple[str, ...] = ()
    remote: bool | None = None
    prescribes: bool | None = None
    experience_since: int | None = None
    fee: Fee | None = None
    sliding_scale: bool | None = None
    free_consultation: bool | None = None
    payment: tuple[str, ...] = ()
    insurers: tuple[str, ...] = ()
    times: tuple[str, ...] = ()
    accessibility: tuple[str, ...] = ()
    communities: tuple[str, ...] = ()
    accepting: str | None = None
    accepting_as_of: date | None = None
    next_available: date | None = None
    verified_on: date | None = None
    phone: str | None = None
    locations: tuple[Location, ...] = ()
    grants: tuple[Grant, ...] = ()
    networks: tuple[Network, ...] = ()
    bio: str | None = None
    website: str | None = None
    email: str | None = None
    photo: str | None = None
    hours: str | None = None
    pronouns: str | None = None
    provenance: Mapping[str, Provenance] = field(default_factory=dict)

    @property
    def license_states(self) -> tuple[str, ...]:
        """States with a license that is confirmed or self-reported, sorted; not one that a board says has ended."""
        licenses = [g for g in self.grants if g.kind == "license"]
        ended = {g.identity for g in licenses if g.status not in ("active", "listed")}
        good = {g.jurisdiction for g in licenses if g.status in ("active", "listed") and g.identity not in ended}
        return tuple(sorted(good))


DETAIL_FIELDS: Final = ("bio", "website", "email", "photo", "hours", "pronouns", "grants", "networks", "provenance")
"""Fields that only the answer for one provider carries."""

_NESTED: Final[Mapping[str, Any]] = {"locations": Location, "grants": Grant, "networks": Network}
_DATES: Final = frozenset({"accepting_as_of", "next_available", "verified_on", "as_of", "checked_on", "expires_on"})


def to_json(profile: Profile) -> bytes:
    """The profile as stored: its fields as JSON, dates as ISO 8601. `from_dict` reads it back.

    A reader of millions may write the same without making the object, and leave out what is not stated."""
    return orjson.dumps(profile)


def to_dict(profile: Profile, *, detail: bool = True) -> dict[str, Any]:
    """The public form: plain JSON values, dates as ISO 8601, every field present.

    Without `detail` the fields of `DETAIL_FIELDS` are left out, as in a list of results.
    """
    out: dict[str, Any] = orjson.loads(to_json(profile))
    if not detail:
        for name in DETAIL_FIELDS:
            del out[name]
    out["license_states"] = list(profile.license_states)
    return out


def _build(cls: Any, data: Mapping[str, Any]) -> Any:
    return cls(**{k: date.fromisoformat(v) if v and k in _DATES else v for k, v in data.items()})


@lru_cache(maxsize=4096)
def _alone(source: str, as_of: str | None, how: str | None) -> Provenance:
    return Provenance(source, date.fromisoformat(as_of) if as_of else None, how)


def _provenance(data: Mapping[str, Any]) -> Provenance:
    if not data.get("others"):
        return _alone(data["source"], data.get("as_of"), data.get("how"))
    others = tuple(_build(OtherWord, o | {"fields": tuple(o.get("fields", ()))}) for o in data.get("others", ()))
    said: Provenance = _build(Provenance, {**data, "others": others})
    return said


def from_dict(data: Mapping[str, Any]) -> Profile:
    """The profile whose `to_dict` is `data`. Trusts its input: only for what `to_dict` wrote.

    A field left out is not stated; an unknown one is a TypeError.
    """
    values: dict[str, Any] = {}
    for key, value in data.items():
        if key == "license_states":
            continue
        if key in _NESTED:
            value = tuple(_build(_NESTED[key], v) for v in value)
        elif key == "fee":
            value = _build(Fee, value) if value else None
        elif key == "provenance":
            value = {group: _provenance(v) for group, v in value.items()}
        elif key in _DATES:
            value = date.fromisoformat(value) if value else None
        elif isinstance(value, list):
            value = tuple(value)
        values[key] = value
    return Profile(**values)
