"""One NPPES row -> a profile, as JSON. Pure; the row has been checked before (see `nppes`), so that nothing here fails.

There are millions of rows and only so many names, cities and credentials: whatever depends on a few cells is made once
and kept, and no object is made that would only be written out.

NPPES says nothing of modalities, fees, ways to meet or accepting: those stay not stated. Its enumeration date is no
experience, its address may be a home: city, state and ZIP are kept, the street is not.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any, Final

import orjson

from directory.profile import Provenance
from directory.text import fold
from directory.vocabulary import state_code, taxonomy, vocabulary
from indexer import credentials
from indexer.addresses import located
from indexer.names import SUFFIXES, family_name, given_name, is_business, middle_name, split_family
from indexer.normalize import in_order, license_number, phone

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
FIELDS: Final = (*_BEFORE, *(f"{name}_{n}" for n in range(1, SLOTS + 1) for name in _IN_SLOTS))
"""The columns that make a profile, in the order in which `word` takes their values."""

SEPARATOR: Final = "\x1f"
"""Stands between the values of `FIELDS`."""

_SOURCE: Final = "NPPES"
_HOW: Final = "self-reported"
_LONGEST_FULL_NAME: Final = 40


@lru_cache(maxsize=20_000)
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


_state = lru_cache(maxsize=4096)(state_code)


def words(rows: Iterable[str]) -> tuple[list[str], list[bytes], Counter[str]]:
    """The ids and the words (see `word`) of rows, and how often credentials came that nobody here knows."""
    ids: list[str] = []
    found: list[bytes] = []
    unmapped: Counter[str] = Counter()
    for row in rows:
        id_, said, unknown = word(row)
        ids.append(id_)
        found.append(said)
        if unknown:
            unmapped.update(unknown)
    return ids, found, unmapped


def word(row: str) -> tuple[str, bytes, tuple[str, ...]]:
    """The id of a row's profile, that profile as JSON that `profile.from_dict` reads, and the credentials that nobody
    here knows.

    `row` has the values of `FIELDS` with `SEPARATOR` between them; empty ones at the end may be left out.
    """
    cells = row.split(SEPARATOR)
    cells += _PADDING
    (
        npi, family, given, middle, suffix, credential, other_family, other_given, other_middle, other_suffix,
        city, state, zip_code, country, telephone, updated, certified, sex,
    ) = cells[:_BEFORE_SLOTS]  # fmt: skip
    npi = npi.strip()
    id_ = f"npi:{npi}"
    work = _work(tuple(cells[_BEFORE_SLOTS::4]), tuple(cells[_BEFORE_SLOTS + 3 :: 4]))
    licenses = [(_state(cells[at + 2]), cells[at + 1]) for at in work.slots]
    last_update, certification = read_date(updated.strip()), read_date(certified.strip())
    checked_on = certification or last_update
    last, first, name = _name(given, middle, family, suffix)
    location, home = _location(city, state, _five_digits(zip_code), country)
    known = _NO_CREDENTIALS
    if credential:
        states = (_state(cells[work.main + 2]), *[state for state, _ in licenses], home)
        known = credentials.parse(credential, tuple({s: None for s in states if s}))
    grants = _grants(licenses, npi, checked_on)
    others = (
        _other_names(other_given, other_middle, other_family, other_suffix, name) if other_family or other_given else ()
    )
    reached = phone(telephone)
    placed = reached is not None or location is not _NOWHERE
    said: dict[str, Any] = {
        "id": id_,
        "name": name,
        "npi": npi,
        "family": last or None,
        "given": first or None,
        "other_names": others,
        "provider_type": work.provider_type,
        "provider_types": work.provider_types,
        "primary": work.primary,
        "credentials": known.codes,
        "gender": _gender(sex),
        "prescribes": work.prescribes,
        "verified_on": checked_on,
        "phone": reached,
        "locations": location,
        "grants": grants,
        "provenance": _provenance(last_update or certification, bool(grants), placed),
    }
    return id_, orjson.dumps(said), known.unmapped


_BEFORE_SLOTS: Final = len(_BEFORE)
_PADDING: Final = ("",) * (len(_IN_SLOTS) - 1)
_NO_CREDENTIALS: Final = credentials.parse("")
_NOWHERE: Final = orjson.Fragment(b"[]")


@dataclass(frozen=True, slots=True)
class _Work:
    """What the taxonomy codes of a row tell: where in it the slots with one of our codes begin, and the main one of
    them; and what a profile says of professions."""

    slots: tuple[int, ...]
    main: int
    provider_type: str
    provider_types: tuple[str, ...]
    primary: bool
    prescribes: bool | None


@lru_cache(maxsize=20_000)
def _work(codes: tuple[str, ...], switches: tuple[str, ...]) -> _Work:
    """For the codes and the primary switches of all slots; at least one code is ours."""
    # X means "not answered": only Y marks the primary taxonomy. The last code may be of no whole slot, and empty.
    slots = [(code.strip(), switch.strip().upper() == "Y") for code, switch in zip(codes, switches, strict=False)]
    rules = {i: rule for i, (code, _) in enumerate(slots) if (rule := taxonomy(code))}
    main = next((i for i in rules if slots[i][1]), next(iter(rules)))
    said = {rule.prescribes for rule in rules.values()}
    return _Work(
        slots=tuple(_BEFORE_SLOTS + 4 * i for i in rules),
        main=_BEFORE_SLOTS + 4 * main,
        provider_type=rules[main].provider_type,
        provider_types=in_order("professions", (rule.provider_type for rule in rules.values())),
        primary=slots[main][1] or not any(primary for code, primary in slots if code),
        prescribes=True if True in said else None if None in said else False,
    )


def _grants(licenses: Iterable[tuple[str | None, str]], npi: str, checked_on: date | None) -> list[dict[str, Any]]:
    """Licenses from states and what stands where their number should, each number of a state once."""
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for state, text in licenses:
        number = license_number(text, npi) if state and text else None
        if number is not None and state is not None:
            key = state, number if number.isalnum() and number.isascii() else re.sub(r"[^0-9A-Z]", "", number)
            if key not in found:
                found[key] = {
                    "kind": "license",
                    "jurisdiction": state,
                    "number": number,
                    "status": "listed",
                    "source": _SOURCE,
                    "checked_on": checked_on,
                }
    return list(found.values())


def _kept(data: bytes) -> orjson.Fragment:
    """JSON to be kept. A copy, because orjson's own bytes are the beginning of a kilobyte."""
    return orjson.Fragment(bytes(memoryview(data)))


@lru_cache(maxsize=20_000)
def _provenance(as_of: date | None, licensed: bool, located: bool) -> orjson.Fragment:
    groups = ("identity", *(("license",) if licensed else ()), *(("location",) if located else ()))
    said = Provenance(_SOURCE, as_of, _HOW)
    return _kept(orjson.dumps(dict.fromkeys(groups, said)))


@lru_cache(maxsize=100_000)
def _family(text: str) -> tuple[str, str | None]:
    """A family name, and the generational suffix in it."""
    bare, found = split_family(text)
    return family_name(bare), found


def _name(given: str, middle: str, family: str, suffix: str) -> tuple[str, str, str]:
    """(family, given, the whole name with middle name and suffix)."""
    last, found = _family(family)
    first, between = given_name(given), middle_name(middle) if middle else ""
    after = (SUFFIXES.get(suffix.strip().upper().rstrip(".")) if suffix else None) or found
    full = " ".join(filter(None, (first, between, last, after)))
    if len(full) > _LONGEST_FULL_NAME and between and not between.endswith("."):
        full = " ".join(p for p in (first, f"{between[0].upper()}.", last, after) if p)
    return last, first, full


def _other_names(given: str, middle: str, family: str, suffix: str, name: str) -> tuple[str, ...]:
    """The former, professional or other name, unless it is a firm's or says nothing that `name` doesn't."""
    if is_business(f"{family} {given}"):
        return ()
    other = _name(given, middle, family, suffix)[2]
    return () if set(fold(other).split()) <= set(fold(name).split()) else (other,)


@lru_cache(maxsize=64)
def _gender(text: str) -> str | None:
    return vocabulary("genders").find(text) if text.strip() else None


def _five_digits(zip_code: str) -> str:
    """A ZIP+4 as its ZIP, for there are far fewer of those; anything else as it is."""
    return zip_code[:5] if len(zip_code) == 9 and zip_code.isdecimal() else zip_code


@lru_cache(maxsize=50_000)
def _location(city: str, state: str, zip_code: str, country: str) -> tuple[orjson.Fragment, str | None]:
    """The list of the practice's only place, and its state: see `addresses.located`."""
    place = located(city, state, zip_code, country)
    return (_kept(orjson.dumps([place])), place.state) if place else (_NOWHERE, None)
