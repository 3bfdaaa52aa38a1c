"""THE provider: what is imported, stored, indexed and answered. None or an empty tuple means *not stated*, never no.

`Profile` is plain data; `ProfileSchema` reads and checks the public form (an own JSON file, an API answer).
Readers of official formats build the dataclass directly, because marshmallow is too slow for a national file.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from datetime import date
from functools import cache, lru_cache
from typing import Any, Final, TypeAlias

import orjson

_NOT_IN_NUMBERS: Final = re.compile("[^0-9A-Z]")


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
        """See `grant_identity`."""
        return grant_identity(self.kind, self.compact, self.jurisdiction, self.number)


def grant_identity(
    kind: str, compact: str | None, jurisdiction: str, number: str | None
) -> tuple[str, str | None, str, str]:
    """What statements about one and the same grant have in common, however its number is written."""
    bare = (number or "").upper()
    if not (bare.isascii() and bare.isalnum()):
        bare = _NOT_IN_NUMBERS.sub("", bare)
    return kind, compact, jurisdiction, bare


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
        return license_states(self.grants)


_GOOD: Final = ("active", "listed")
"""Statuses of a grant that holds, as far as is known."""


def license_states(grants: Iterable[Grant]) -> tuple[str, ...]:
    """See `Profile.license_states`."""
    licenses = [g for g in grants if g.kind == "license"]
    ended = {g.identity for g in licenses if g.status not in _GOOD}
    good = {g.jurisdiction for g in licenses if g.status in _GOOD and g.identity not in ended}
    return tuple(sorted(good))


DETAIL_FIELDS: Final = ("bio", "website", "email", "photo", "hours", "pronouns", "grants", "networks", "provenance")
"""Fields that only the answer for one provider carries."""

_NESTED: Final[Mapping[str, Any]] = {"locations": Location, "grants": Grant, "networks": Network}
_DATES: Final = frozenset({"accepting_as_of", "next_available", "verified_on", "as_of", "checked_on", "expires_on"})


Stored: TypeAlias = Mapping[str, Any]
"""A profile as it is stored (see `to_json`), as JSON values. What is not stated may be missing."""


def to_json(profile: Profile) -> bytes:
    """The profile as stored: its fields as JSON, dates as ISO 8601. `from_dict` reads it back.

    A reader of millions may write the same without making the object, and leave out what is not stated."""
    return orjson.dumps(profile)


def as_stored(profile: Profile) -> dict[str, Any]:
    """`profile` as the JSON values that are stored of it."""
    read: dict[str, Any] = orjson.loads(to_json(profile))
    return read


def to_dict(profile: Profile, *, detail: bool = True) -> dict[str, Any]:
    """The public form: plain JSON values, dates as ISO 8601, every field present.

    Without `detail` the fields of `DETAIL_FIELDS` are left out, as in a list of results.
    """
    return public(as_stored(profile), detail=detail)


def public(stored: Stored, *, detail: bool = True) -> dict[str, Any]:
    """`to_dict` of the profile that was `stored` (what `to_json` wrote, as JSON values), without making it."""
    out = {name: stored.get(name, blank) for name, blank in _blank(detail).items()}
    if out["fee"]:
        out["fee"] = {**_BLANK_FEE, **out["fee"]}
    for name in ("locations", "grants", "networks"):
        if out.get(name):
            out[name] = [{**_BLANK_NESTED[name], **item} for item in out[name]]
    if detail:
        out["provenance"] = {group: _whole(said) for group, said in out["provenance"].items()}
    out["license_states"] = _license_states(stored)
    return out


def _license_states(stored: Stored) -> list[str]:
    """`license_states` of the profile that was `stored`; grants are made only where one has ended."""
    licenses = [g for g in stored.get("grants", ()) if g["kind"] == "license"]
    if all(g.get("status", "listed") in _GOOD for g in licenses):
        return sorted({g["jurisdiction"] for g in licenses})
    return list(license_states(grants_of(stored)))


def grants_of(stored: Stored) -> tuple[Grant, ...]:
    """The grants of the profile that was `stored`, without making it."""
    return tuple([_build(Grant, g) for g in stored.get("grants", ())])


def fee_of(stored: Stored) -> Fee | None:
    """The fee of the profile that was `stored`, without making it."""
    fee: Fee | None = _build(Fee, found) if (found := stored.get("fee")) else None
    return fee


def _values(of: Any) -> dict[str, Any]:
    read: dict[str, Any] = orjson.loads(orjson.dumps(of))
    return read


def _whole(said: Mapping[str, Any]) -> dict[str, Any]:
    others = [{**_values(OtherWord("")), **other} for other in said.get("others", ())]
    return {**_BLANK_PROVENANCE, **said, "others": others}


@lru_cache(maxsize=2)
def _blank(detail: bool) -> dict[str, Any]:
    """Every field, not stated, in order."""
    return {k: v for k, v in _values(Profile("", "")).items() if detail or k not in DETAIL_FIELDS}


_BLANK_FEE: Final = _values(Fee())
_BLANK_PROVENANCE: Final = _values(Provenance(""))
_BLANK_NESTED: Final = {
    "locations": _values(Location()),
    "grants": _values(Grant("", "")),
    "networks": _values(Network("")),
}


def _build(cls: Any, data: Mapping[str, Any]) -> Any:
    dates = {name: date.fromisoformat(value) for name in _dates_of(cls) if (value := data.get(name))}
    return cls(**{**data, **dates})


@cache
def _dates_of(cls: Any) -> tuple[str, ...]:
    return tuple(f.name for f in fields(cls) if f.name in _DATES)


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
    values: dict[str, Any] = {name: tuple(value) if type(value) is list else value for name, value in data.items()}
    values.pop("license_states", None)
    for name in _dates_of(Profile):
        if value := values.get(name):
            values[name] = date.fromisoformat(value)
    for name, cls in _NESTED.items():
        if value := values.get(name):
            values[name] = tuple([_build(cls, v) for v in value])
    if value := values.get("fee"):
        values["fee"] = _build(Fee, value)
    if value := values.get("provenance"):
        values["provenance"] = {group: _provenance(v) for group, v in value.items()}
    return Profile(**values)
