"""Made-up profiles that reach every branch of a search: everything not stated somewhere, ties, edges of dates and fees,
names with marks and from several scripts, grants of every kind and standing.

The same seed gives the same profiles. Codes are drawn unevenly, as in life, so that filters together still find some.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Final, TypeVar

from directory import places
from directory.facets import FACET
from directory.licensure import COMPACTS, GRANT_KINDS, GRANT_STATUSES
from directory.profile import Fee, Grant, Location, Profile, Provenance
from directory.vocabulary import facet_vocabulary
from indexer.normalize import settle
from indexer.sources.base import profiles_of
from indexer.sources.nppes import NppesSource

T = TypeVar("T")

NPPES_ROWS: Final = Path(__file__).parent / "fixtures" / "nppes" / "weekly_small.csv"

FAMILIES: Final = (
    "O'Brien", "O’Brien", "Obrien", "Muñoz", "Munoz", "Al-Sayed", "Alsayed", "Sørensen", "de la Cruz", "Delacruz",
    "Nguyễn", "Kaʻiulani", "Smith", "Smith-Jones", "Lee", "Garcia", "García", "Müller", "Straße", "王", "김", "佐々木",
    "D'Angelo", "St. John", "van der Berg", "Okafor-Reyes", "Çelik", "Łukasiewicz",
)  # fmt: skip
GIVENS: Final = (
    "Maribel", "Seán", "José", "Ana María",
    "芳", "小明", "민수", "J.", "Mary-Ann", "Zoë", "Ahmed", "Ashlee", "Wei", "Björk"
)  # fmt: skip
SENTENCES: Final = (
    "I offer warm, practical help with anxiety and low mood.",
    "Trained at Mount Sinai; Ph.D. in clinical psychology.",
    "EMDR, CBT-I and mindfulness for people who can't sleep.",
    "Se habla español.",
    "我们提供心理咨询服务。",
    "Couples therapists who listen. Listening matters!",
    "Evening and week-end hours; sliding scale from $60.",
    "Grief, loss and life's transitions",
    "Face to face, over the week end too.",
)
# Several ZIPs of a few towns: many are near each other, some share a place; two serve the military (unplaced).
ZIPS: Final = (
    "78704", "78704", "78701", "78745", "78702", "78731", "78757", "78613", "78666", "77005", "77002", "75201", "10001",
    "10025", "10013", "11201", "11215", "90012", "94110", "60614", "33130", "02139", "59801", "99501", "96813", "00901",
    "09001", "34004",
)  # fmt: skip
STATES: Final = ("TX", "TX", "TX", "NY", "NY", "CA", "FL", "WA", "PR")
"""Where grants hold and clients are, mostly."""

_LISTS: Final = (
    ("concerns", "concern", 6), ("modalities", "modality", 4), ("credentials", "credential", 2),
    ("formats", "format", 3),
    ("age_groups", "age_group", 3), ("languages", "language", 3), ("payment", "payment", 3), ("insurers", "insurer", 3),
    ("times", "times", 2), ("accessibility", "accessibility", 2), ("communities", "community", 2),
    ("meeting", "meeting", 3), ("provider_types", "provider_type", 2),
)  # fmt: skip
"""Field, facet, and how many codes at most."""


def _common(rng: random.Random, codes: Sequence[T]) -> T:
    """One of `codes`, the first ones much more often."""
    return codes[min(int(rng.expovariate(1 / (2 + len(codes) / 12))), len(codes) - 1)]


def _maybe(rng: random.Random, value: T, share: float = 0.6) -> T | None:
    return value if rng.random() < share else None


def _codes(rng: random.Random, facet: str, most: int) -> tuple[str, ...]:
    codes = facet_vocabulary(FACET[facet]).codes
    if rng.random() < 0.3:
        return ()
    return tuple(dict.fromkeys(_common(rng, codes) for _ in range(rng.randint(1, most))))


def _day(rng: random.Random, today: date, edges: Sequence[int]) -> date:
    """A day some days from `today`: mostly one of `edges` or right beside one."""
    return today + timedelta(days=rng.choice(edges) + rng.choice((-1, 0, 0, 0, 1)))


def _location(rng: random.Random) -> Location:
    zip5 = rng.choice(ZIPS)
    lat, lon = places.zip_point(zip5) or (None, None)
    state = {"7": "TX", "1": "NY", "9": "CA", "6": "IL", "3": "FL", "0": "PR", "5": "MT"}[zip5[0]]
    kind = rng.random()
    if kind < 0.75:
        return Location(rng.choice(("Austin", "San Marcos", "New York", "St. Louis", None)), state, zip5, lat, lon)
    if kind < 0.85:
        return Location("Springfield", _maybe(rng, rng.choice(STATES)))
    if kind < 0.92:
        return Location(None, None, zip5, lat, lon, street="1 Main Street")
    return Location("Toronto", None, None, country="CA")


def _grant(rng: random.Random, today: date) -> Grant:
    kind = rng.choice((*GRANT_KINDS, "license", "license", "license"))
    return Grant(
        kind=kind,
        jurisdiction=rng.choice(STATES),
        number=rng.choice(("123", "LCS 123", "lcs-123", "77", None)),
        status=rng.choice((*GRANT_STATUSES, "listed", "listed", "active")),
        source=_maybe(rng, "nppes"),
        checked_on=_maybe(rng, _day(rng, today, (-400, -30))),
        expires_on=_maybe(rng, _day(rng, today, (-365, 0, 0, 365)), 0.4),
        compact=rng.choice((*COMPACTS, "another", None)) if kind == "compact_privilege" else None,
    )


def _grants(rng: random.Random, today: date) -> tuple[Grant, ...]:
    grants = [_grant(rng, today) for _ in range(rng.choice((0, 0, 1, 1, 1, 2, 3, 5)))]
    if grants and rng.random() < 0.2:
        # The same grant again with another standing: listed by the person, ended by the board.
        first = grants[0]
        grants.append(Grant(first.kind, first.jurisdiction, first.number, rng.choice(GRANT_STATUSES), "board"))
    return tuple(grants)


def _fee(rng: random.Random, today: date) -> Fee | None:
    session = rng.choice((None, 80, 100, 100, 120, 120, 150, 200))
    low = rng.choice((None, None, 0, 40, 60, 80))
    if session is None and low is None and rng.random() < 0.7:
        return None
    return Fee(
        session=session,
        session_max=_maybe(rng, 250, 0.2) if session else None,
        sliding_low=low,
        first_visit=_maybe(rng, 160, 0.2),
        minutes=_maybe(rng, 50),
        as_of=_maybe(rng, _day(rng, today, (-40, -100))),
    )


def _flag(rng: random.Random) -> bool | None:
    return rng.choice((None, None, True, False))


def _name(rng: random.Random) -> tuple[str, str | None, str | None]:
    """(name, family, given), in the ways that sources write them."""
    family, given = rng.choice(FAMILIES), rng.choice(GIVENS)
    kind = rng.random()
    if kind > 0.9:
        return rng.choice((("王芳", "王", "芳"), ("김 민수", "김", "민수"), ("佐々木 小明", "佐々木", None)))
    if kind < 0.1:
        return f"{given} {family}".upper(), None, None
    if kind < 0.2:
        return family + given, family, given
    if kind < 0.3:
        return f"{given} {family}", family, None
    return f"{given} {family}", family, given


def profile(rng: random.Random, number: int, today: date) -> Profile:
    """One made-up profile, settled; `number` makes its id."""
    name, family, given = _name(rng)
    lists = {field: _codes(rng, facet, most) for field, facet, most in _LISTS}
    fee = _fee(rng, today)
    may_slide = "sliding_scale" in lists["payment"] or (fee is not None and fee.sliding_low is not None)
    made = Profile(
        id=f"npi:{1_000_000_000 + number}"
        if rng.random() < 0.4
        else f"{rng.choice(('profiles', 'plan_net'))}:{number:05d}",
        name=name,
        family=family,
        given=given,
        other_names=(rng.choice(FAMILIES),) if rng.random() < 0.15 else (),
        demo=True,
        primary=rng.random() < 0.9,
        gender=_maybe(rng, rng.choice(facet_vocabulary(FACET["gender"]).codes)),
        remote=None if lists["meeting"] else rng.choice((None, None, True, True, False)),
        prescribes=_flag(rng),
        experience_since=_maybe(rng, today.year - rng.choice((0, 1, 5, 9, 10, 11, 20, 20, 60, 61))),
        fee=fee,
        sliding_scale=rng.choice((None, True)) if may_slide else _flag(rng),
        free_consultation=_flag(rng),
        accepting=_maybe(rng, rng.choice(facet_vocabulary(FACET["accepting"]).codes)),
        accepting_as_of=_maybe(rng, _day(rng, today, (-90, -10)), 0.4),
        next_available=_maybe(rng, _day(rng, today, (-30, 0, 0, 7, 30))),
        verified_on=_maybe(rng, _day(rng, today, (0, -30, -90, -90, -365, -2000)), 0.8),
        phone=_maybe(rng, "+1 512 555 0142"),
        locations=tuple(_location(rng) for _ in range(rng.choice((0, 1, 1, 1, 2, 3)))),
        grants=_grants(rng, today),
        bio=_maybe(rng, " ".join(rng.sample(SENTENCES, rng.randint(1, 3)))),
        website=_maybe(rng, "https://example.org/", 0.1),
        email=_maybe(rng, "someone@example.org", 0.1),
        photo=_maybe(rng, "https://example.org/photo.jpg", 0.1),
        hours=_maybe(rng, "Mo-Fr 09:00-17:00", 0.1),
        pronouns=_maybe(rng, "they/them", 0.1),
        provenance={"fee": Provenance("profiles", today, "form")} if fee else {},
        **lists,  # type: ignore[arg-type]
    )
    return settle(made)


def bare(number: int) -> Profile:
    """A profile that states nothing but a name."""
    return Profile(id=f"bare:{number:05d}", name="Nobody Known")


def real(today: date) -> list[Profile]:
    """The people of the committed NPPES rows, in order of id."""
    source = NppesSource(today)
    for _ in source.read(NPPES_ROWS, lambda issue: None):
        pass
    source.settle()
    return list(profiles_of(source))


def profiles(count: int, seed: int, today: date) -> list[Profile]:
    """`count` made-up profiles around `today`, in order of id; a few of them state nothing at all."""
    rng = random.Random(seed)
    made = [bare(n) if n % 97 == 96 else profile(rng, n, today) for n in range(count)]
    return sorted(made, key=lambda p: p.id)
