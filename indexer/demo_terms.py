"""What fictional providers say of meeting, money, time and contact; about a third leave the first two open."""

from __future__ import annotations

from datetime import date, timedelta
from random import Random
from typing import Any, Final

from directory.profile import Fee
from directory.text import fold
from indexer.demo_draws import one, weighted, whole
from indexer.demo_people import Person
from indexer.demo_places import Home
from indexer.demo_practice import Profession, insurers

_MEETING: Final = (("in_person", 0.75), ("video", 0.75), ("phone", 0.3), ("chat", 0.06), ("online", 0.03))
_TIMES: Final = (("daytime", 0.85), ("evening", 0.45), ("weekend", 0.15))
_ACCESS: Final = (("wheelchair", 0.65), ("public_transit", 0.5), ("asl_interpreter", 0.04))
_HOURS: Final = ("Mon-Thu 9-18", "Mon-Fri 8-16", "Tue-Sat 10-19", "Mon, Wed, Fri 12-20", "Tue-Thu 7-15, Sat 9-13")
_PRONOUNS: Final = {"female": "she/her", "male": "he/him", "nonbinary": "they/them"}


def _drawn(random: Random, shares: tuple[tuple[str, float], ...], stated: float) -> tuple[str, ...]:
    found = tuple(code for code, share in shares if random.random() < share)
    return found if random.random() < stated else ()


def days_ago(random: Random, today: date, mean: float, most: int) -> date:
    """A day up to `most` days ago, more often a near one (`mean` days ago on average)."""
    return today - timedelta(days=min(most, int(random.expovariate(1 / mean))))


def meeting(random: Random) -> dict[str, Any]:
    """Ways of meeting, times, accessibility and hours."""
    ways = _drawn(random, _MEETING, 0.68)
    times = _drawn(random, _TIMES, 0.65)
    access = _drawn(random, _ACCESS, 0.55 if "in_person" in ways else 0.1)
    hours = one(random, _HOURS)
    remote = one(random, (None, None, None, None, True, True, False)) if not ways else None
    return {
        "meeting": ways,
        "remote": remote,
        "times": times,
        "accessibility": access,
        "hours": hours if random.random() < 0.25 else None,
    }


def cost(random: Random, work: Profession, where: Home, today: date) -> dict[str, Any]:
    """Fee, sliding scale, insurers, ways to pay and the free first talk."""
    fee = _fee(random, work, where, today) if random.random() < 0.67 else None
    sliding = True if fee and fee.sliding_low is not None else one(random, (None, None, None, True, False))
    insured = random.random() < 0.65
    plans = insurers(random, where.state)
    payment = [code for code, share in (("self_pay", 0.7), ("hsa_fsa", 0.2), ("eap", 0.07)) if random.random() < share]
    payment += ["out_of_network"] if not insured and random.random() < 0.4 else []
    return {
        "fee": fee,
        "sliding_scale": sliding,
        "insurers": plans if insured else (),
        "payment": tuple(payment) if random.random() < 0.85 else (),
        "free_consultation": one(random, (None, None, None, None, True, True, True, True, False)),
    }


def _fee(random: Random, work: Profession, where: Home, today: date) -> Fee:
    """A fee around the profession's and the place's, in steps of five dollars."""
    full = _rounded(work.fee * where.fees * random.lognormvariate(0, 0.2))
    highest = full + 5 * whole(random, 2, 14) if random.random() < 0.25 else None
    low = _rounded(full * random.uniform(0.35, 0.65)) if random.random() < 0.38 else None
    first = _rounded(full * one(random, (1.0, 1.15, 1.25, 1.5))) if random.random() < 0.45 else None
    as_of = days_ago(random, today, 150, 1000) if random.random() < 0.85 else None
    minutes = one(random, work.minutes) if random.random() < 0.8 else None
    return Fee(full, highest, low, first, "USD", minutes, as_of)


def _rounded(dollars: float) -> int:
    return max(20, 5 * round(dollars / 5))


def accepting(random: Random, today: date) -> dict[str, Any]:
    """Whether new clients are taken, as of when, and the next free appointment."""
    said = weighted(random, ("yes", "waitlist", "no", None), (56, 70, 80, 100))
    as_of = days_ago(random, today, 60, 700) if random.random() < 0.9 else None
    soon = {"yes": whole(random, -10, 45), "waitlist": whole(random, 40, 200)}.get(said or "")
    known = soon is not None and random.random() < 0.6
    return {
        "accepting": said,
        "accepting_as_of": as_of if said else None,
        "next_available": today + timedelta(days=soon or 0) if known else None,
    }


def contact(random: Random, who: Person, where: Home, index: int) -> dict[str, Any]:
    """A number that nobody has, addresses that lead nowhere (RFC 2606), pronouns."""
    mailbox = ".".join("".join(c for c in fold(n) if c.isascii() and c.isalnum()) for n in (who.given, who.family))
    mailbox = mailbox.strip(".") or "hello"
    return {
        "phone": f"+1 {where.area_code} 555 01{whole(random, 0, 99):02d}" if random.random() < 0.97 else None,
        "email": f"{mailbox}@example.com" if random.random() < 0.6 else None,
        "website": f"https://www.example.com/{index + 1}" if random.random() < 0.7 else None,
        "pronouns": _PRONOUNS[who.gender] if random.random() < 0.35 else None,
        "gender": who.gender if random.random() < 0.67 else None,
        "languages": ("en", *who.languages) if random.random() < 0.88 else (),
    }
