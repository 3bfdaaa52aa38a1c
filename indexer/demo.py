"""Fictional providers for trying the directory out: `demo: true`, telephone numbers that nobody has (555-01xx), NPIs
that were never issued, invented names, licenses called DEMO.

The same seed and day give the same profiles, byte by byte. Every provider has random numbers of their own, so the
first hundred of a thousand are the first hundred of a million.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from random import Random
from typing import Any, Final

from directory.profile import Profile
from indexer import demo_practice, demo_terms
from indexer.demo_bios import bio
from indexer.demo_people import person
from indexer.demo_places import home
from indexer.normalize import settle
from indexer.sources.profiles_record import own_word

LARGEST: Final = 10_000_000
"""Profiles that can be asked for."""

_FIRST: Final = range(199_990_000, 200_000_000)
_SECOND: Final = 290_000_000


def npi(index: int) -> str:
    """The NPI of the provider `index` (from 0), increasing: 19999xxxxx for the first 10,000, then 29xxxxxxxx.

    Its check digit is right, but it was never issued: in NPPES's files of 2018 and 2024 issued NPIs lie between
    1003000000 and 1993000000, and none begins with 2 yet.
    """
    base = _FIRST[index] if index < len(_FIRST) else _SECOND + index - len(_FIRST)
    digits = [int(d) for d in str(base)]
    # Luhn over 80840 + NPI (24 is the sum over 80840): every other digit, from the last but one, counts double.
    total = 24 + sum(digits[1::2]) + sum(d * 2 - 9 if d > 4 else d * 2 for d in digits[0::2])
    return f"{base}{-total % 10}"


def profiles(count: int = 5000, seed: int = 1, today: date | None = None, *, start: int = 0) -> Iterator[Profile]:
    """`count` fictional providers, without the first `start`, in increasing order of id; dates lie around `today`
    (default: this day, UTC)."""
    if not 0 <= count <= LARGEST:
        raise ValueError(f"count is {count:,}; expected 0 to {LARGEST:,}")
    day = today or datetime.now(UTC).date()
    random = Random()  # noqa: S311 - nothing secret is made
    for index in range(start, count):
        random.seed((seed << 32) + index)
        yield _profile(random, index, day)


def _profile(random: Random, index: int, today: date) -> Profile:
    who, work, where = person(random), demo_practice.profession(random), home(random)
    years = min(45, 2 + int(random.gammavariate(2.2, 6.0)))
    practice = demo_practice.specialties(random, work, who)
    number = npi(index)
    said: dict[str, Any] = {
        **practice.stated,
        "locations": where.locations,
        "provider_types": (work.code,),
        "credentials": demo_practice.credentials(random, work, where.state, practice.modalities),
        "grants": demo_practice.grants(random, work, where.state, today),
        **demo_terms.meeting(random),
        **demo_terms.cost(random, work, where, today),
        **demo_terms.accepting(random, today),
        **demo_terms.contact(random, who, where, index),
        "experience_since": today.year - years if random.random() < 0.7 else None,
        "verified_on": demo_terms.days_ago(random, today, 110, 1500) if random.random() < 0.92 else None,
        "name": who.name,
        "demo": True,
    }
    said["bio"] = bio(random, said, practice, work.job, years) if random.random() < 0.96 else None
    profile = Profile(
        id=f"npi:{number}",
        npi=number,
        family=who.family,
        given=who.given,
        other_names=who.other_names,
        provider_type=work.code,
        **said,
    )
    return own_word(settle(profile))
