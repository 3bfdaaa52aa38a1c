"""How fictional providers practice: professions, licenses, specialties and insurers (`demo_practice.yaml`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from itertools import accumulate
from pathlib import Path
from random import Random
from typing import Any, Final

import yaml

from directory.profile import Grant
from indexer.demo_draws import few, one, weighted, whole
from indexer.demo_people import Person

_FILE: Final = Path(__file__).with_name("demo_practice.yaml")
_BOARD: Final = "state board (fictional)"
_COMMON: Final = (("anxiety", 0.5), ("depression", 0.45), ("stress", 0.3), ("trauma", 0.15), ("life_transition", 0.15))
_WELCOMED: Final = (("lgbtq_affirming", 0.25), ("neurodivergent", 0.07), ("students", 0.04), ("secular", 0.03))


@dataclass(frozen=True, slots=True)
class Profession:
    """A profession: its code, the word for it in a bio, the usual fee (US dollars), lengths of a session (minutes),
    degrees, modalities that everyone of it offers, and specialties with the running sums of their weights."""

    code: str
    job: str
    fee: int
    minutes: tuple[int, ...]
    degrees: tuple[str, ...]
    always: tuple[str, ...]
    specialties: tuple[str, ...]
    sums: tuple[int, ...]


@cache
def _data() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(_FILE.read_text(encoding="utf-8"))
    return loaded


@cache
def _professions() -> tuple[tuple[Profession, ...], tuple[int, ...]]:
    found = tuple(
        Profession(
            code,
            said["job"],
            said["fee"],
            tuple(said["minutes"]),
            tuple(said["degrees"]),
            tuple(said["always"]),
            tuple(said["specialties"]),
            tuple(accumulate(said["specialties"].values())),
        )
        for code, said in _data()["professions"].items()
    )
    return found, tuple(accumulate(said["share"] for said in _data()["professions"].values()))


def profession(random: Random) -> Profession:
    """One of the five professions, as often as there are such people."""
    known, sums = _professions()
    return weighted(random, known, sums)


def _some(random: Random, codes: Sequence[str], least: int, most: int) -> list[str]:
    return few(random, codes, whole(random, least, most))


@dataclass(frozen=True, slots=True)
class Practice:
    """What someone does (`concerns`, `modalities`), and what of it, by field, the profile states in codes."""

    concerns: tuple[str, ...]
    modalities: tuple[str, ...]
    stated: Mapping[str, tuple[str, ...]]


def specialties(random: Random, work: Profession, who: Person) -> Practice:
    """Concerns, modalities, formats, age groups and communities that go together; some are not stated."""
    count = one(random, (1, 2, 2, 3))
    chosen = dict.fromkeys(weighted(random, work.specialties, work.sums) for _ in range(count))
    concerns, modalities = [c for c, share in _COMMON if random.random() < share], list(work.always)
    formats, ages = ["individual"], [] if "child" in chosen and random.random() < 0.5 else ["adult"]
    communities = [c for c, share in _WELCOMED if random.random() < share]
    for name in chosen:
        said: Mapping[str, Sequence[str]] = _data()["specialties"][name]
        concerns += _some(random, said["concerns"], 2, 4)
        modalities += _some(random, said["modalities"], 1, 3)
        formats += [f for f in said.get("formats", ()) if random.random() < 0.85]
        ages += said.get("ages", ())
        communities += [c for c in said.get("communities", ()) if random.random() < 0.5]
    ages += [age for age, share in (("teen", 0.15), ("older_adult", 0.25)) if random.random() < share]
    if who.community and random.random() < 0.4:
        communities.append(who.community)
    said_of = {
        "concerns": (concerns, 0.95),
        "modalities": (modalities, 0.9),
        "formats": (formats, 0.85),
        "age_groups": (ages, 0.85),
        "communities": (communities, 0.85),
    }
    stated = {k: tuple(dict.fromkeys(v)) if random.random() < share else () for k, (v, share) in said_of.items()}
    return Practice(tuple(dict.fromkeys(concerns)), tuple(dict.fromkeys(modalities)), stated)


@cache
def _insurers(state: str) -> tuple[tuple[str, ...], tuple[int, ...]]:
    here = {c: i["weight"] for c, i in _data()["insurers"].items() if state in i.get("states", (state,))}
    return tuple(here), tuple(accumulate(here.values()))


def insurers(random: Random, state: str) -> tuple[str, ...]:
    """One to six insurers as they are found in `state`."""
    known, sums = _insurers(state)
    return tuple(dict.fromkeys(weighted(random, known, sums) for _ in range(whole(random, 1, 6))))


def credentials(random: Random, work: Profession, state: str, modalities: Sequence[str]) -> tuple[str, ...]:
    """Letters that fit profession, state and therapies; one in twenty of those who can be is still supervised."""
    tables = _data()["licenses"].get(work.code)
    degrees = [one(random, work.degrees)] if work.degrees else []
    if tables is None:
        more = [c for c, share in (("aprn", 0.6),) if work.code == "psychiatric_nurse" and random.random() < share]
        return (*degrees, *more)
    letters = ["supervised" if random.random() < 0.05 else one(random, tables.get(state, tables["default"]))]
    arts = {"art_therapy": "atr", "music_therapy": "mt_bc", "dance_movement": "bc_dmt"}
    letters += [code for modality, code in arts.items() if modality in modalities]
    letters += [
        code for code, share in (("ncc", 0.2), ("phd", 0.03)) if work.code == "therapist" and random.random() < share
    ]
    return tuple(letters)


def _number(random: Random) -> str:
    return f"DEMO {whole(random, 10_000, 999_999)}"


def grants(random: Random, work: Profession, state: str, today: date) -> tuple[Grant, ...]:
    """A license of the own state, for some one of a neighbor or a compact's privileges; a few confirmed or expired."""
    found = [_license(random, state, today)]
    neighbors = _data()["neighbors"].get(state, ())
    if neighbors and random.random() < 0.15:
        found.append(_license(random, one(random, neighbors), today))
    if state != "FL" and random.random() < 0.02:
        found.append(Grant("telehealth_registration", "FL", _number(random), "listed", "self-reported"))
    members = _data()["psypact"]
    if work.code == "psychologist" and state in members and random.random() < 0.12:
        checked = today - timedelta(days=whole(random, 0, 199))
        others = few(random, [m for m in members if m != state], whole(random, 3, 6))
        found += [
            Grant("compact_privilege", m, None, "active", "PSYPACT (fictional)", checked, compact="psypact")
            for m in sorted(others)
        ]
    return tuple(found) if random.random() < 0.95 else ()


def _license(random: Random, state: str, today: date) -> Grant:
    number, share = _number(random), random.random()
    if share < 0.06:
        checked = today - timedelta(days=whole(random, 0, 299))
        expires = checked + timedelta(days=whole(random, 320, 899))
        return Grant("license", state, number, "active", _BOARD, checked, expires)
    if share < 0.08:
        checked = today - timedelta(days=whole(random, 1, 299))
        expired = checked - timedelta(days=whole(random, 1, 399))
        return Grant("license", state, number, "expired", _BOARD, checked, expired)
    if share < 0.3:
        return Grant("license", state, number, expires_on=today + timedelta(days=whole(random, 30, 799)))
    return Grant("license", state, number)
