"""May this provider see a client who is in state S, in this way, on this date? Pure; the rule is: licensed where the
*client* is at the time. What is not proven is `not_verified`, never no, and nothing is inferred from a state's
membership in a compact alone.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from types import MappingProxyType
from typing import Any, Final

from directory.profile import Grant
from directory.provenance import PAYERS

IN_PERSON: Final = "in_person"
REMOTE: Final = "remote"
WAYS: Final = (IN_PERSON, REMOTE)
"""Eligibility differs by way: across the desk, or by video, phone, chat or online."""

REMOTE_MEETING: Final = frozenset({"video", "phone", "chat", "online"})
"""Codes of the facet `meeting` that are remote."""

NO_END: Final = date.max
"""A grant without an expiry date."""

# A PSYPACT privilege (APIT) is for telepsychology; its in-person counterpart (TAP) is 30 days a year and not held here.
_COMPACT_WAYS: Final = MappingProxyType({"psypact": (REMOTE,), "counseling": WAYS, "social_work": WAYS})
_KIND_WAYS: Final = MappingProxyType({"license": WAYS, "telehealth_registration": (REMOTE,)})
GRANT_KINDS: Final = (*_KIND_WAYS, "compact_privilege")
GRANT_STATUSES: Final = ("active", "listed", "expired", "revoked")
"""`active`: confirmed by a board or compact. `listed`: self-reported. The others end a grant."""
COMPACTS: Final = tuple(_COMPACT_WAYS)

_KIND_WORDS: Final = {
    "license": "license",
    "compact_privilege": "compact privilege",
    "telehealth_registration": "telehealth registration",
}
_STATUS_WORDS: Final = {
    "active": "confirmed",
    "listed": "self-reported",
    "expired": "expired",
    "revoked": "revoked",
}


def ways_of(grant: Grant) -> tuple[str, ...]:
    """The ways that a grant covers; none for a compact that is not known here."""
    if grant.kind == "compact_privilege":
        return _COMPACT_WAYS.get(grant.compact or "", ())
    return _KIND_WAYS.get(grant.kind, ())


def _overruled(grant: Grant, grants: Iterable[Grant]) -> bool:
    """Whether another statement about the same grant takes this one's word: a board's or compact's takes that of a
    self-report, and an end takes that of a confirmation, unless it is known to be older."""
    others = [g for g in grants if g is not grant and g.status != "listed" and g.identity == grant.identity]
    if grant.status == "listed":
        return bool(others)
    ends = [g.checked_on or date.max for g in others if g.status != "active"]
    return grant.status == "active" and any(day >= (grant.checked_on or date.min) for day in ends)


def good_until(grants: Iterable[Grant]) -> dict[str, dict[str, date]]:
    """way -> state -> the last day on which a confirmed or self-reported grant holds there (`NO_END` without expiry).

    Only for what is good: revoked, expired and overruled grants are absent. This is what engines index.
    """
    grants = tuple(grants)
    out: dict[str, dict[str, date]] = {way: {} for way in WAYS}
    for grant in grants:
        if grant.status in ("active", "listed") and not _overruled(grant, grants):
            until = grant.expires_on or NO_END
            for way in ways_of(grant):
                out[way][grant.jurisdiction] = max(until, out[way].get(grant.jurisdiction, until))
    return out


def _standing(grant: Grant, grants: Iterable[Grant], today: date) -> str:
    expired = grant.expires_on is not None and grant.expires_on < today
    if expired or _overruled(grant, grants):
        return "no"
    return {"active": "yes", "listed": "listed"}.get(grant.status, "no")


def _because(grant: Grant, today: date) -> str:
    expired = grant.status in ("active", "listed") and grant.expires_on is not None and grant.expires_on < today
    status = f"expired {grant.expires_on}" if expired else _STATUS_WORDS[grant.status]
    if grant.status == "listed" and not expired and grant.source in PAYERS:
        status = "listed by a health plan"
    name = " ".join(p for p in (_KIND_WORDS[grant.kind], grant.jurisdiction, grant.number) if p)
    said = ", ".join(p for p in (status, grant.source, str(grant.checked_on or "")) if p)
    return f"{name} ({said})"


def eligibility(grants: Iterable[Grant], state: str, today: date) -> dict[str, Any]:
    """What is known of seeing a client in `state` on `today`, by way, with the grants it rests on.

    Each way is `yes` (active grant confirmed by a board or compact), `listed` (self-reported), `no` (every grant known
    there is expired or revoked) or `not_verified` (nothing is known).
    """
    here = [g for g in grants if g.jurisdiction == state]
    out: dict[str, Any] = {"state": state}
    for way in WAYS:
        standings = {_standing(g, here, today) for g in here if way in ways_of(g)}
        out[way] = next((s for s in ("yes", "listed", "no") if s in standings), "not_verified")
    out["because"] = [_because(g, today) for g in here if ways_of(g)]
    return out
