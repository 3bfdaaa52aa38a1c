"""A provider in a few lines: what decides comes first, what is not known is said in a quieter voice. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final
from urllib.parse import quote, urlencode

from directory.places import Point, miles
from directory.profile import Fee, Location, Profile
from directory.search import Found
from directory.search_request import SearchRequest
from directory.vocabulary import vocabulary
from directory.web_reasons import why
from directory.web_standing import Said, confirmed, licenses, new_clients, standing
from directory.web_words import Link, dollars, line, listing, plural, soon, telephone

LONGEST_EXCERPT: Final = 130
"""Characters of a provider's own words on a card."""

MEETING_ICONS: Final = {"in_person": "door", "video": "video", "phone": "phone", "chat": "chat", "online": "globe"}

_FIELDS: Final = {
    "therapist": "counseling",
    "psychologist": "psychology",
    "psychiatrist": "psychiatry",
    "social_worker": "social work",
    "psychiatric_nurse": "psychiatric nursing",
}


@dataclass(frozen=True, slots=True)
class Price:
    """`amount` is what is read first (`$60–$130`), `note` the rest (`a session, sliding scale`)."""

    amount: str
    note: str = ""
    known: bool = True


@dataclass(frozen=True, slots=True)
class Card:
    """One provider among the results. `who` is kind, experience and languages; `why` is what matched the words."""

    id: str
    href: str
    name: str
    letters: str
    demo: bool
    who: str
    price: Price
    practical: tuple[Said, ...]
    trust: tuple[Said, ...]
    why: str
    excerpt: str
    phone: Link | None


def card(found: Found, request: SearchRequest) -> Card:
    """The card of `found` among the results of `request`."""
    profile, state, today = found.profile, request.state, request.today
    return Card(
        id=profile.id,
        href=profile_address(profile.id, request),
        name=line(profile.name, 90),
        letters=letters(profile),
        demo=profile.demo,
        who=" · ".join(p for p in (kind(profile), experience(profile, today), spoken(profile, 3)) if p),
        price=price(profile),
        practical=(
            *ways(profile),
            *place(profile, request.near.point if request.near else None),
            *availability(profile, today),
        ),
        trust=(*(standing(profile, state, today) if state else (licenses(profile, today),)), confirmed(profile, today)),
        why=why(found.why or ()),
        excerpt=line(profile.bio, LONGEST_EXCERPT) if profile.bio else "",
        phone=telephone(profile.phone),
    )


def profile_address(id_: str, request: SearchRequest) -> str:
    """The address of a provider's page. Where the client is goes along, because the page depends on it; what troubles
    them does not."""
    where = [(name, value) for name, value in request.to_args() if name in ("state", "near")]
    return f"/providers/{quote(id_, safe=':')}" + (f"?{urlencode(where)}" if where else "")


def letters(profile: Profile) -> str:
    """The letters after the name, at most four: `LCSW, PhD`."""
    known = vocabulary("credentials")
    return ", ".join(known.terms[c].short or known.label(c) for c in profile.credentials[:4] if c in known)


def kind(profile: Profile) -> str:
    """What they are: `Social worker`, `Psychologist, also social worker`, or `Also lists counseling`."""
    known = vocabulary("professions")
    types = profile.provider_types or ((profile.provider_type,) if profile.provider_type else ())
    if not types:
        return ""
    if not profile.primary:
        return f"Also lists {listing([_FIELDS.get(t, known.label(t).lower()) for t in types])}"
    main = profile.provider_type or types[0]
    others = [known.label(t).lower() for t in types if t != main]
    return known.label(main) + (f", also {listing(others)}" if others else "")


def experience(profile: Profile, today: date) -> str:
    """`12 years in practice`; empty when not stated."""
    if profile.experience_since is None:
        return ""
    years = today.year - profile.experience_since
    return f"{plural(years, 'year', 'years')} in practice" if years > 0 else "New in practice"


def spoken(profile: Profile, most: int | None = None) -> str:
    """The languages of sessions; empty when not stated."""
    known = vocabulary("languages")
    return listing([known.label(c) for c in profile.languages], most)


def price(profile: Profile) -> Price:
    """The price of a session first; a range from the lowest sliding fee to the highest."""
    fee = profile.fee or Fee()
    sliding = bool(profile.sliding_scale or fee.sliding_low is not None)
    stated = [n for n in (fee.sliding_low, fee.session, fee.session_max) if n is not None]
    if stated:
        low, high = min(stated), max(stated)
        amount = dollars(low) if low == high else f"{dollars(low)}–{dollars(high)}"
        if fee.sliding_low is not None and fee.session is None and fee.session_max is None:
            amount = f"From {dollars(low)}"
        return Price(amount, "a session, sliding" if sliding else "a session")
    if profile.payment == ("free",):
        return Price("Free")
    if fee.first_visit is not None:
        return Price(dollars(fee.first_visit), "first visit; later fee not stated")
    return Price("Fee not stated", "sliding scale offered" if sliding else "", known=False)


def ways(profile: Profile) -> tuple[Said, ...]:
    """How to meet, each with its symbol."""
    if profile.meeting:
        known = vocabulary("meeting")
        return tuple(Said(known.label(c), icon=MEETING_ICONS.get(c, "globe")) for c in profile.meeting)
    if profile.remote is not None:
        text = "Remote, way not stated" if profile.remote else "No remote sessions"
        return (Said(text, icon="globe" if profile.remote else "door"),)
    return (Said("How to meet: not stated", "quiet"),)


def place(profile: Profile, near: Point | None) -> tuple[Said, ...]:
    """Where they practice; from `near`, how far the nearest place is."""
    towns = tuple(dict.fromkeys(town for loc in profile.locations if (town := town_of(loc))))
    if not towns:
        return ()
    distances = [
        (miles(near, Point(loc.lat, loc.lon)), town_of(loc))
        for loc in profile.locations
        if near and loc.lat is not None and loc.lon is not None
    ]
    if not distances:
        return (Said(listing(towns, 2 if len(towns) == 2 else 1), icon="pin"),)
    nearest, town = min(distances)
    return (Said(", ".join(p for p in (distance(nearest), town) if p), icon="pin"),)


def town_of(location: Location) -> str:
    """`Austin, TX`; empty when neither is stated."""
    return line(", ".join(p for p in (location.city, location.state) if p), 60)


def distance(far: float) -> str:
    """`3.2 miles`, `24 miles`."""
    return "Under a mile" if far < 1 else f"{far:.1f} miles" if far < 9.95 else plural(round(far), "mile", "miles")


def availability(profile: Profile, today: date) -> tuple[Said, ...]:
    """The next opening, if it lies ahead, and whether new clients are taken."""
    found = []
    if profile.next_available and profile.next_available >= today:
        found.append(Said(f"Next opening {soon(profile.next_available, today)}", icon="day"))
    if (said := new_clients(profile, today)).text:
        found.append(Said(said.text, said.tone, "" if said.tone == "quiet" else "new"))
    return tuple(found)
