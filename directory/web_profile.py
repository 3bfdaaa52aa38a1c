"""Everything known of one provider, in words, with what is not stated said plainly. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from directory.facets import FACET
from directory.licensure import GRANT_STATUSES
from directory.profile import Fee, Grant, Profile
from directory.provenance import PAYERS
from directory.search_request import SearchRequest
from directory.vocabulary import facet_vocabulary, vocabulary
from directory.web_card import (
    Price,
    availability,
    experience,
    kind,
    letters,
    place,
    price,
    spoken,
    town_of,
    ways,
)
from directory.web_reasons import why_not
from directory.web_sources import CONFIRM_PLAN, Plans, Told, plans, source_label, told
from directory.web_standing import Said, confirmed, grant_words, licenses, standing
from directory.web_words import Link, day, dollars, email, line, listing, paragraphs, telephone, website


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a table of facts; an empty `text` is not stated."""

    label: str
    text: str


@dataclass(frozen=True, slots=True)
class Table:
    """Facts of one kind: those stated, and the names of those that are not."""

    rows: tuple[Row, ...]
    not_stated: str


@dataclass(frozen=True, slots=True)
class Topic:
    """A concern or therapy they name, with what it is in plain words and where the glossary has it."""

    label: str
    help: str
    anchor: str


@dataclass(frozen=True, slots=True)
class License:
    """A license or other right to practice: `title`, its number, and what is known of it and from whom."""

    title: str
    number: str
    tone: str
    said: str


@dataclass(frozen=True, slots=True)
class ProfilePage:
    """What the profile page shows, in its order. `outside`: why the search that was asked doesn't find it."""

    id: str
    outside: tuple[str, ...]
    name: str
    letters: str
    pronouns: str
    other_names: str
    demo: bool
    npi: str | None
    who: str
    price: Price
    practical: tuple[Said, ...]
    trust: tuple[Said, ...]
    phone: Link | None
    email: Link | None
    website: Link | None
    bio: tuple[str, ...]
    concerns: tuple[Topic, ...]
    modalities: tuple[Topic, ...]
    professions: tuple[Topic, ...]
    credentials: tuple[Topic, ...]
    cost: Table
    meeting: Table
    clients: Table
    licenses: tuple[License, ...]
    questions: tuple[str, ...]
    plans: tuple[Plans, ...]
    confirm_plan: str
    sources: tuple[Told, ...]


def profile_page(profile: Profile, asked: SearchRequest) -> ProfilePage:
    """The page of `profile` for someone who asked for `asked` (their state and place matter)."""
    today, state = asked.today, asked.state
    return ProfilePage(
        id=profile.id,
        outside=why_not(profile, asked),
        name=line(profile.name, 200),
        letters=letters(profile),
        pronouns=line(profile.pronouns or "", 40),
        other_names=listing([line(n, 80) for n in profile.other_names], 3),
        demo=profile.demo,
        npi=profile.npi,
        who=" · ".join(p for p in (kind(profile), experience(profile, today), spoken(profile, 4)) if p),
        price=price(profile),
        practical=(
            *ways(profile),
            *place(profile, asked.near.point if asked.near else None),
            *availability(profile, today),
        ),
        trust=(*(standing(profile, state, today) if state else (licenses(profile, today),)), confirmed(profile, today)),
        phone=telephone(profile.phone),
        email=email(profile.email),
        website=website(profile.website),
        bio=paragraphs(profile.bio or ""),
        concerns=topics("concern", profile.concerns),
        modalities=topics("modality", profile.modalities),
        professions=topics("provider_type", profile.provider_types),
        credentials=topics("credential", profile.credentials),
        cost=table(_cost(profile)),
        meeting=table(_meeting(profile)),
        clients=table(_clients(profile, today)),
        licenses=tuple(_license(g, today) for g in profile.grants),
        questions=tuple(questions(profile, asked)),
        plans=plans(profile),
        confirm_plan=CONFIRM_PLAN,
        sources=told(profile, today),
    )


def topics(facet: str, codes: Iterable[str]) -> tuple[Topic, ...]:
    """What `codes` of a facet mean, in plain words."""
    known = facet_vocabulary(FACET[facet])
    return tuple(Topic(known.label(c), known.terms[c].help, f"{facet}-{c}") for c in codes if c in known)


def table(rows: Iterable[Row]) -> Table:
    """`rows` parted into what is stated and what isn't."""
    found = tuple(rows)
    return Table(
        tuple(r for r in found if r.text), listing([r.label[:1].lower() + r.label[1:] for r in found if not r.text])
    )


def _labels(facet: str, codes: Iterable[str]) -> str:
    known = facet_vocabulary(FACET[facet])
    return ", ".join(known.label(c) for c in codes)


def _flag(value: bool | None, yes: str = "Yes", no: str = "No") -> str:
    return "" if value is None else yes if value else no


def _cost(profile: Profile) -> Iterator[Row]:
    fee = profile.fee or Fee()
    session = dollars(fee.session) if fee.session is not None else ""
    if fee.session_max is not None:
        session = f"{session}–{dollars(fee.session_max)}" if session else f"Up to {dollars(fee.session_max)}"
    if session and fee.minutes is not None:
        session += f" for {fee.minutes} minutes"
    sliding = _flag(profile.sliding_scale)
    if fee.sliding_low is not None:
        sliding = f"Yes, from {dollars(fee.sliding_low)} when you earn less"
    yield Row("Fee for a session", session)
    yield Row("Fee for the first visit", dollars(fee.first_visit) if fee.first_visit is not None else "")
    yield Row("Sliding scale", sliding)
    yield Row("Free first talk", _flag(profile.free_consultation))
    yield Row("Ways to pay", _labels("payment", profile.payment))
    yield Row("Insurance", _insurance(profile))
    if fee.as_of is not None:
        yield Row("Fees as of", day(fee.as_of))


def _insurance(profile: Profile) -> str:
    if profile.insurers:
        return f"{_labels('insurer', profile.insurers)}. {CONFIRM_PLAN}"
    return "Plans and networks are listed below" if profile.networks else ""


def _meeting(profile: Profile) -> Iterator[Row]:
    yield Row("How to meet", _labels("meeting", profile.meeting) or _flag(profile.remote, "Remote", "Not remote"))
    places = [
        ", ".join(line(p, 80) for p in (loc.street, town_of(loc)) if p) + (f" {line(loc.zip, 10)}" if loc.zip else "")
        for loc in profile.locations
    ]
    yield Row("Where", "; ".join(p.strip() for p in dict.fromkeys(places[:20]) if p.strip()))
    yield Row("Times", _labels("times", profile.times))
    yield Row("Hours", line(profile.hours or "", 300))
    yield Row("Access", _labels("accessibility", profile.accessibility))


def _clients(profile: Profile, today: date) -> Iterator[Row]:
    yield Row("Who comes along", _labels("format", profile.formats))
    yield Row("Age", _labels("age_group", profile.age_groups))
    yield Row("Languages", spoken(profile))
    yield Row("Community", _labels("community", profile.communities))
    yield Row("Prescribing", _flag(profile.prescribes, "Can prescribe medication", "Does not prescribe medication"))
    yield Row("Experience", experience(profile, today))
    yield Row("Gender", _labels("gender", [profile.gender] if profile.gender else []))


_STATUS_WORDS: Final = dict(
    zip(GRANT_STATUSES, ("Confirmed", "Listed by themselves", "Expired", "Revoked"), strict=True)
)


def _license(grant: Grant, today: date) -> License:
    ended = grant.expires_on is not None and grant.expires_on < today and grant.status in ("active", "listed")
    said = "Expired" if ended else _STATUS_WORDS[grant.status]
    if said == _STATUS_WORDS["listed"] and grant.source in PAYERS:
        said = "Listed by a health plan"
    words = grant_words(grant)
    parts = [
        said,
        f"source: {source_label(grant.source)}" if grant.source else "source not stated",
        f"checked {day(grant.checked_on)}" if grant.checked_on else "date not stated",
    ]
    if grant.expires_on:
        parts.append(f"{'expired' if ended else 'good until'} {day(grant.expires_on)}")
    return License(
        title=f"{vocabulary('states').label(grant.jurisdiction)} {words}",
        number=line(grant.number or "", 60),
        tone="ok" if not ended and grant.status in ("active", "listed") else "unsure",
        said=", ".join(parts),
    )


def questions(profile: Profile, asked: SearchRequest) -> Iterator[str]:
    """What to ask in a first call: first what the profile leaves open and what the search was about."""
    if profile.accepting != "yes":
        yield "Are you taking new clients, and when could we start?"
    if asked.state:
        yield f"Are you licensed to see someone who is in {vocabulary('states').label(asked.state)}?"
    else:
        yield "Are you licensed to see someone in the state where I am?"
    if profile.fee is None or profile.fee.lowest is None:
        yield "What does a session cost, and how long is it?"
    if profile.sliding_scale is None:
        yield "Do you have a lower fee for people who earn less?"
    if profile.insurers or "insurance" in profile.payment or not profile.payment:
        yield "Do you take my insurance, and are you in its network?"
    if not profile.meeting:
        yield "Can we meet by video or phone, or in person?"
    yield "Have you worked with people who have what I have? What did you do together?"
    yield "How will we notice that it helps?"


def json_ld(profile: Profile, today: date) -> Mapping[str, Any] | None:
    """The profile as a schema.org Person for search engines; None for a fictional one. Only what is stated."""
    if profile.demo:
        return None
    professions, languages = vocabulary("professions"), vocabulary("languages")
    site, phone = website(profile.website), telephone(profile.phone)
    found: dict[str, Any] = {
        "@context": "https://schema.org",
        "@type": "Person",
        "name": line(profile.name, 200),
        "jobTitle": [professions.label(t) for t in profile.provider_types],
        "honorificSuffix": letters(profile),
        "knowsLanguage": [languages.label(c) for c in profile.languages],
        "telephone": phone.href.removeprefix("tel:") if phone else None,
        "url": site.href if site else None,
        "identifier": {"@type": "PropertyValue", "propertyID": "NPI", "value": profile.npi} if profile.npi else None,
        "workLocation": [
            {
                "@type": "Place",
                "address": {
                    "@type": "PostalAddress",
                    **{
                        key: line(value, 80)
                        for key, value in (
                            ("streetAddress", loc.street),
                            ("addressLocality", loc.city),
                            ("addressRegion", loc.state),
                            ("postalCode", loc.zip),
                            ("addressCountry", loc.country),
                        )
                        if value
                    },
                },
            }
            for loc in profile.locations
        ],
        "hasCredential": [
            {
                "@type": "EducationalOccupationalCredential",
                "credentialCategory": grant_words(g),
                "recognizedBy": {"@type": "State", "name": vocabulary("states").label(g.jurisdiction)},
            }
            for g in profile.grants
            if g.status in ("active", "listed") and (g.expires_on is None or g.expires_on >= today)
        ],
    }
    return {key: value for key, value in found.items() if value}
