"""One NPPES row -> a profile. Pure; the row has been checked before (see `nppes`), so that nothing here fails.

NPPES says nothing of modalities, fees, ways to meet or accepting: those stay not stated. Its enumeration date is no
experience, its address may be a home: city, state and ZIP are kept, the street is not.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache, partial
from typing import Final

from directory.places import city_point, zip_point
from directory.profile import Grant, Location, Profile, Provenance
from directory.text import fold
from directory.vocabulary import TaxonomyRule, state_code, taxonomy, vocabulary
from indexer import credentials
from indexer.names import SUFFIXES, city_name, family_name, given_name, is_business, middle_name, split_family
from indexer.normalize import in_order, license_number, phone, zip5

SLOTS: Final = 15
"""Taxonomy codes a row has room for."""

_BEFORE: Final = (
    "npi",
    "family",
    "given",
    "middle",
    "suffix",
    "credential",
    "other_family",
    "other_given",
    "other_middle",
    "other_suffix",
    "city",
    "state",
    "zip",
    "country",
    "phone",
    "updated",
    "certified",
    "sex",
)
_IN_SLOTS: Final = ("taxonomy", "license", "license_state", "primary")
FIELDS: Final = (*_BEFORE, *(f"{name}_{n}" for name in _IN_SLOTS for n in range(1, SLOTS + 1)))
"""The columns that make a profile, in the order in which `build` takes their values."""

_SOURCE: Final = "NPPES"
_HOW: Final = "self-reported"
_LONGEST_FULL_NAME: Final = 40
_US: Final = frozenset({"", "US", "USA"})
_TERRITORIES: Final = frozenset({"PR", "GU", "VI", "AS", "MP"})


@lru_cache(maxsize=65_536)
def read_date(text: str) -> date | None:
    """A date as CMS writes it, MM/DD/YYYY, or ISO 8601; None for anything else.

    >>> read_date("01/31/2024"), read_date("2024-01-31"), read_date("31/01/2024")
    (datetime.date(2024, 1, 31), datetime.date(2024, 1, 31), None)
    """
    if match := re.fullmatch(r"(\d{1,2})/(\d{1,2})/(\d{4})", text, re.ASCII):
        parts = int(match[3]), int(match[1]), int(match[2])
    elif match := re.fullmatch(r"(\d{4})-(\d{2})-(\d{2})(?:[T ]00:00:00)?", text, re.ASCII):
        parts = int(match[1]), int(match[2]), int(match[3])
    else:
        return None
    try:
        return date(*parts)
    except ValueError:
        return None


@dataclass(frozen=True, slots=True)
class _Slot:
    """A taxonomy slot with one of our codes."""

    rule: TaxonomyRule
    license: str
    state: str | None
    primary: bool


_rule = lru_cache(maxsize=4096)(taxonomy)
_types = lru_cache(maxsize=4096)(partial(in_order, "professions"))
_state = lru_cache(maxsize=4096)(state_code)


def build(values: Sequence[str]) -> tuple[Profile, tuple[str, ...]]:
    """The profile of a row, given its values in the order of `FIELDS`, and the credentials that nobody here knows."""
    row = dict(zip(_BEFORE, values, strict=False))
    npi = row["npi"].strip()
    slots, has_primary = _slots(values[len(_BEFORE) :])
    main = next((s for s in slots if s.primary), slots[0])
    updated, certified = read_date(row["updated"].strip()), read_date(row["certified"].strip())
    family, given, name = _name(row["given"], row["middle"], row["family"], row["suffix"])
    location = _location(row["city"], row["state"], row["zip"], row["country"])
    states = _states(main, slots, location)
    known = credentials.parse(row["credential"], states)
    grants = _grants(slots, npi, certified or updated)
    reached = phone(row["phone"])
    profile = Profile(
        id=f"npi:{npi}",
        npi=npi,
        name=name,
        family=family or None,
        given=given or None,
        other_names=_other_names(row, name),
        provider_type=main.rule.provider_type,
        provider_types=_types(tuple(s.rule.provider_type for s in slots)),
        primary=main.primary or not has_primary,
        credentials=known.codes,
        gender=_gender(row["sex"]),
        prescribes=_prescribes(slots),
        verified_on=certified or updated,
        phone=reached,
        locations=(location,) if location else (),
        grants=grants,
        provenance=_provenance(updated or certified, bool(grants), location is not None or reached is not None),
    )
    return profile, known.unmapped


def _slots(values: Sequence[str]) -> tuple[list[_Slot], bool]:
    """The slots with one of our codes, in the row's order, and whether any slot is marked as the primary one."""
    slots: list[_Slot] = []
    has_primary = False
    for i in range(SLOTS):
        code = values[i].strip()
        if not code:
            continue
        # X means "not answered": only Y marks the primary taxonomy.
        primary = values[i + 3 * SLOTS].strip().upper() == "Y"
        has_primary = has_primary or primary
        rule = _rule(code)
        if rule is not None:
            slots.append(_Slot(rule, values[i + SLOTS], _state(values[i + 2 * SLOTS]), primary))
    return slots, has_primary


def _prescribes(slots: Sequence[_Slot]) -> bool | None:
    said = {s.rule.prescribes for s in slots}
    if True in said:
        return True
    return None if None in said else False


def _states(main: _Slot, slots: Sequence[_Slot], location: Location | None) -> tuple[str, ...]:
    """States that decide what ambiguous letters mean: the main license's, the others', the practice's."""
    found = (main.state, *(s.state for s in slots), location.state if location else None)
    return tuple(dict.fromkeys(s for s in found if s))


def _grants(slots: Sequence[_Slot], npi: str, checked_on: date | None) -> tuple[Grant, ...]:
    """Licenses from slots with our codes, each number of a state once."""
    found: dict[tuple[str, str], Grant] = {}
    for slot in slots:
        number = license_number(slot.license, npi) if slot.state and slot.license else None
        if number is not None and slot.state is not None:
            key = slot.state, re.sub(r"[^0-9A-Z]", "", number)
            found.setdefault(key, Grant("license", slot.state, number, "listed", _SOURCE, checked_on))
    return tuple(found.values())


def _provenance(as_of: date | None, licensed: bool, located: bool) -> Mapping[str, Provenance]:
    groups = ("identity", *(("license",) if licensed else ()), *(("location",) if located else ()))
    said = Provenance(_SOURCE, as_of, _HOW)
    return dict.fromkeys(groups, said)


def _name(given: str, middle: str, family: str, suffix: str) -> tuple[str, str, str]:
    """(family, given, the whole name with middle name and suffix)."""
    bare, found = split_family(family)
    last, first, between = family_name(bare), given_name(given), middle_name(middle)
    after = SUFFIXES.get(suffix.strip().upper().rstrip(".")) or found
    full = " ".join(p for p in (first, between, last, after) if p)
    if len(full) > _LONGEST_FULL_NAME and between and not between.endswith("."):
        full = " ".join(p for p in (first, f"{between[0].upper()}.", last, after) if p)
    return last, first, full


def _other_names(row: Mapping[str, str], name: str) -> tuple[str, ...]:
    """The former, professional or other name, unless it is a firm's or says nothing that `name` doesn't."""
    family, given = row["other_family"], row["other_given"]
    if not (family or given) or is_business(f"{family} {given}"):
        return ()
    other = _name(given, row["other_middle"], family, row["other_suffix"])[2]
    return () if set(fold(other).split()) <= set(fold(name).split()) else (other,)


@lru_cache(maxsize=64)
def _gender(text: str) -> str | None:
    return vocabulary("genders").find(text) if text.strip() else None


@lru_cache(maxsize=200_000)
def _location(city: str, state: str, zip_code: str, country: str) -> Location | None:
    """The practice's city, state and ZIP with their centroid. States come in full too, and countries as states:
    what is no US state is left out, and the country kept."""
    country = country.strip().upper()
    usps = _state(state)
    # UM is chosen by mistake for US; a territory may be given as a country or as a state.
    at_home = country in _US or (usps is not None and (country == "UM" or country in _TERRITORIES))
    city = city_name(city)
    if not at_home:
        place = Location(city=city or None, country=country if re.fullmatch("[A-Z]{2}", country) else "ZZ")
        return place if city or place.country != "ZZ" else None
    code = zip5(zip_code)
    point = zip_point(code) if code else city_point(city, usps) if city and usps else None
    lat, lon = point or (None, None)
    if not (city or usps or code):
        return None
    return Location(city=city or None, state=usps, zip=code, lat=lat, lon=lon)
