"""In words, and never more than is known: may they see a client there, and when was that last confirmed? Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Final

from directory.licensure import IN_PERSON, REMOTE, REMOTE_MEETING, WAYS, eligibility, ways_of
from directory.profile import Grant, OtherWord, Profile, Provenance
from directory.provenance import PAYERS
from directory.vocabulary import vocabulary
from directory.web_words import day, listing, plural

STALE_DAYS: Final = 90
"""What was said of new clients longer ago than this is shown with its date; plans must verify as often."""

OLD_DAYS: Final = 365
"""What was said or confirmed longer ago than this is plainly called old."""

_COMPACTS: Final = {
    "psypact": "PSYPACT privilege",
    "counseling": "Counseling Compact privilege",
    "social_work": "Social Work Compact privilege",
}
_KINDS: Final = {"license": "license", "telehealth_registration": "telehealth registration"}
_WAY_WORDS: Final = {IN_PERSON: "In person", REMOTE: "Remote"}
_TONES: Final = {"yes": "ok", "listed": "ok", "not_verified": "unsure", "no": "unsure"}


@dataclass(frozen=True, slots=True)
class Said:
    """One short statement. `tone` is `ok`, `unsure`, `quiet` or empty; `icon` names a symbol; `way` comes before."""

    text: str
    tone: str = ""
    icon: str = ""
    way: str = ""


def with_article(noun: str) -> str:
    """`a Texas license`, `an Ohio license`. Good for names of states, which is what it is for.

    >>> with_article("Utah license")
    'a Utah license'
    """
    return f"{'an' if noun[0] in 'AEIO' else 'a'} {noun}"


def grant_words(grant: Grant) -> str:
    """What kind of right it is: `license`, `PSYPACT privilege`."""
    if grant.kind == "compact_privilege":
        return _COMPACTS.get(grant.compact or "", "compact privilege")
    return _KINDS.get(grant.kind, grant.kind.replace("_", " "))


def offered_ways(profile: Profile) -> tuple[str, ...]:
    """The ways that a client could meet them: those stated, else all that are not ruled out."""
    if profile.meeting:
        offered = {REMOTE if code in REMOTE_MEETING else IN_PERSON for code in profile.meeting}
        return tuple(way for way in WAYS if way in offered)
    return (IN_PERSON,) if profile.remote is False else WAYS


def standing(profile: Profile, state: str, today: date) -> tuple[Said, ...]:
    """What is known of seeing a client who is in `state`: one statement, or one for each way when they differ."""
    known = eligibility(profile.grants, state, today)
    name = vocabulary("states").label(state)
    by_way = {way: _said(profile, state, name, way, known[way], today) for way in offered_ways(profile)}
    if len(set(by_way.values())) == 1:
        return (next(iter(by_way.values())),)
    return tuple(Said(s.text, s.tone, s.icon, _WAY_WORDS[way]) for way, s in by_way.items())


def _said(profile: Profile, state: str, name: str, way: str, status: str, today: date) -> Said:
    tone = _TONES[status]
    if status == "not_verified":
        return Said(f"{name}: not verified", tone, "ask")
    if status == "no":
        return Said(f"No current {name} license known", tone, "ask")
    wanted = "active" if status == "yes" else "listed"
    grants = [g for g in profile.grants if g.jurisdiction == state and g.status == wanted and way in ways_of(g)]
    current = [g for g in grants if g.expires_on is None or g.expires_on >= today]
    # A license says most; among equals, what was checked last.
    best = max(current, key=lambda g: (g.kind == "license", g.checked_on or date.min))
    if status == "listed":
        return Said(f"{_lists([best])} {with_article(f'{name} {grant_words(best)}')}", tone, "check")
    when = f" {day(best.checked_on)}" if best.checked_on else ""
    return Said(f"May see you in {name}: {grant_words(best)} confirmed{when}", tone, "check")


def _lists(grants: Iterable[Grant]) -> str:
    """Who lists the grants: they themselves, unless only a health plan does."""
    return "A health plan lists" if all(g.source in PAYERS for g in grants) else "Lists"


def licenses(profile: Profile, today: date) -> Said:
    """Where they hold or list a license, for a client who has not said where they are."""
    current = [
        g
        for g in profile.grants
        if g.kind == "license" and g.jurisdiction in profile.license_states
        and g.status in ("active", "listed") and (g.expires_on is None or g.expires_on >= today)
    ]  # fmt: skip
    if not current:
        return Said("License not stated", "quiet")
    confirmed = {g.jurisdiction for g in current if g.status == "active"}
    states = sorted({g.jurisdiction for g in current}, key=lambda s: (s not in confirmed, s))
    names = [vocabulary("states").label(s) for s in states]
    if len(names) == 1:
        listed = f"{_lists(current)} {with_article(f'{names[0]} license')}"
        text = f"{names[0]} license confirmed" if confirmed else listed
    else:
        verb = "Licenses confirmed in" if len(confirmed) == len(states) else f"{_lists(current)} licenses in"
        text = f"{verb} {listing(names, 3)}"
    return Said(text, "ok", "check")


def confirmed(profile: Profile, today: date) -> Said:
    """When the provider or a board last confirmed the profile, and in words when that is long ago."""
    when = profile.verified_on
    if when is None:
        return Said(_never_confirmed(profile), "quiet", "clock")
    age = (today - when).days
    nppes = _by_nppes(profile)
    if age > OLD_DAYS:
        return Said(
            f"Not verified since {day(when)}{' (NPPES)' if nppes else ''}, {ago(when, today)}", "unsure", "clock"
        )
    text = f"Last confirmed {'with NPPES ' if nppes else ''}{day(when)}"
    if age > STALE_DAYS:
        return Said(f"{text}, not verified since", "unsure", "clock")
    return Said(text, "", "clock")


def ago(when: date, today: date) -> str:
    """`over a year ago`, `over 2 years ago`; empty for less than a year."""
    years = int((today - when).days / 365.25) or 1
    if (today - when).days <= OLD_DAYS:
        return ""
    return f"over {'a year' if years == 1 else plural(years, 'year', 'years')} ago"


def _never_confirmed(profile: Profile) -> str:
    """What is said where nobody confirmed anything: when a health plan last listed them, if one does."""
    listed = [p.as_of for p in profile.provenance.values() if p.source in PAYERS and p.as_of]
    if listed:
        return f"Listed by a health plan {day(max(listed))}, not verified"
    return "Last confirmed: not stated"


def _by_nppes(profile: Profile) -> bool:
    """Whether the date of confirmation is NPPES's: of the sources that give that date, or of all when none does. Payers
    confirm nothing."""
    spoken: list[Provenance | OtherWord] = [*profile.provenance.values()]
    spoken += [other for p in profile.provenance.values() for other in p.others]
    words = [w for w in spoken if w.source not in PAYERS]
    said = [w.source for w in words if w.as_of == profile.verified_on]
    sources = set(said or [w.source for w in words])
    return bool(sources) and {s.lower() for s in sources} == {"nppes"}


def new_clients(profile: Profile, today: date) -> Said:
    """Whether they take new clients, and from when; what was said over 90 days ago comes with its date."""
    if profile.accepting is None:
        if profile.next_available and profile.next_available >= today:
            return Said("", "", "")
        return Said("New clients: not stated", "quiet")
    text = {"yes": "Accepting new clients", "waitlist": "Waiting list", "no": "Not accepting new clients"}[
        profile.accepting
    ]
    tone = {"yes": "", "waitlist": "unsure", "no": "unsure"}[profile.accepting]
    as_of = profile.accepting_as_of
    if as_of is None:
        return Said(f"{text} (date not stated)", tone)
    return Said(f"{text} (as of {day(as_of)})" if (today - as_of).days > STALE_DAYS else text, tone)
