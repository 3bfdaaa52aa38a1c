"""What a reader needs of FHIR R4: fields of a resource whatever is wrong with it, references, days. Pure.

A light reading of the few fields that matter here; `fhir.resources` validates everything at some milliseconds a
resource, and refuses a whole practitioner for a slip in a field that nobody reads.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Any, Final, TypeAlias

Resource: TypeAlias = Mapping[str, Any]

ID: Final = re.compile(r"[A-Za-z0-9.-]{1,64}")
_REFERENCE: Final = re.compile(r"(?:.*/)?([A-Za-z]+)/([A-Za-z0-9.-]{1,64})(?:/_history/[^/]*)?")
_DAY: Final = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2})(?:T.*)?)?)?", re.ASCII)


def objects(resource: Resource, name: str) -> list[Resource]:
    """The objects in a field that repeats; none where it is missing or something else."""
    value = resource.get(name)
    if isinstance(value, list):
        return [v for v in value if isinstance(v, dict)]
    return [value] if isinstance(value, dict) else []


def one(resource: Resource, name: str) -> Resource:
    """The object in a field, the first where it repeats; an empty one where there is none."""
    found = objects(resource, name)
    return found[0] if found else {}


def text(resource: Resource, name: str) -> str:
    """The text of a field, white space at its ends removed; empty where there is none."""
    value = resource.get(name)
    return value.strip() if isinstance(value, str) else ""


def texts(resource: Resource, name: str) -> list[str]:
    """The texts in a field that repeats."""
    value = resource.get(name)
    several = value if isinstance(value, list) else [value]
    return [stripped for item in several if isinstance(item, str) and (stripped := item.strip())]


def extensions(resource: Resource, name: str) -> list[Resource]:
    """The extensions whose address ends with `name`, which is how profiles of different versions call them."""
    if "extension" not in resource:
        return []
    return [e for e in objects(resource, "extension") if text(e, "url").rpartition("/")[2] == name]


def codes(concept: Resource, system: str = "") -> list[str]:
    """The codes of a CodeableConcept, those of systems whose address has `system` in it."""
    return [
        code
        for coding in objects(concept, "coding")
        if (not system or system in text(coding, "system")) and (code := text(coding, "code"))
    ]


def key(type_: str, id_: str) -> str:
    """What a resource is called here: `Location/123`."""
    return f"{type_}/{id_}"


def reference(resource: Resource, owner: str = "") -> str:
    """Which resource a Reference means: `Location/123` of a relative or absolute address; `urn:…` as it is; `owner` and
    the name within it for a contained one. Empty where it names none."""
    address = text(resource, "reference")
    if address.startswith("#"):
        return f"{owner}{address}" if len(address) > 1 else owner
    if address.startswith("urn:"):
        return address
    match = _REFERENCE.fullmatch(address.partition("?")[0].rstrip("/"))
    return key(match[1], match[2]) if match else ""


@lru_cache(maxsize=10_000)
def day(value: str, *, last: bool = False) -> date | None:
    """The day of a date, dateTime or instant, of instants the day in UTC; of a year or a month the first day, or the
    `last`. None for anything else.

    >>> day("2027-02"), day("2027-02", last=True), day("2026-01-01T23:30:00-05:00")
    (datetime.date(2027, 2, 1), datetime.date(2027, 2, 28), datetime.date(2026, 1, 2))
    """
    match = _DAY.fullmatch(value)
    if match is None:
        return None
    try:
        if "T" in value:
            when = datetime.fromisoformat(_short_fraction(value))
            return when.astimezone(UTC).date() if when.tzinfo else when.date()
        month, number = int(match[2] or (12 if last else 1)), int(match[3] or 1)
        first = date(int(match[1]), month, number)
        if match[3] or not last:
            return first
        return (first.replace(day=28) + timedelta(4)).replace(day=1) - timedelta(1)
    except (ValueError, OverflowError):
        return None


def moment(value: str) -> datetime:
    """When a date, dateTime or instant is, in UTC, so that those of several time zones compare; one without a zone is
    taken for UTC, a day for its beginning, and what is no date for before all others.

    >>> moment("2026-01-02T01:00:00+05:00") < moment("2026-01-01T23:00:00Z")
    True
    """
    if "T" in value and day(value):
        found = datetime.fromisoformat(_short_fraction(value))
        return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
    return datetime.combine(day(value) or date.min, time.min, UTC)


def _short_fraction(value: str) -> str:
    """Servers write up to nanoseconds; microseconds are what Python reads."""
    return re.sub(r"(\.\d{6})\d+", r"\1", value)


def current(element: Resource, today: date) -> bool:
    """Whether the period of an element, if it has one, has not ended before `today` and has begun."""
    period = one(element, "period")
    start, end = day(text(period, "start")), day(text(period, "end"), last=True)
    return (start is None or start <= today) and (end is None or end >= today)
