"""What a few cells of an NPPES row say, as JSON where a profile holds it. Pure; no cell makes anything here fail."""

from __future__ import annotations

import re
from datetime import date
from functools import lru_cache
from typing import Final

import orjson

from directory.text import fold
from directory.vocabulary import state_code, taxonomy, vocabulary
from indexer import credentials
from indexer.addresses import located
from indexer.names import SUFFIXES, family_name, given_name, is_business, middle_name, split_family
from indexer.normalize import in_order, license_number

SEPARATOR: Final = "\x1f"
"""Stands between cells."""

NOTHING: Final = "[]"
"""An empty list."""


state: Final = lru_cache(maxsize=4096)(state_code)


def as_text(value: object) -> str:
    """JSON as text."""
    return orjson.dumps(value).decode()


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


@lru_cache(maxsize=20_000)
def day(text: str) -> str | None:
    """A date; None for anything else.

    >>> day(" 01/31/2024")
    '"2024-01-31"'
    """
    found = read_date(text.strip())
    return as_text(found) if found else None


@lru_cache(maxsize=20_000)
def work(cells: str) -> tuple[int, int, str, str, str, str]:
    """What taxonomy codes and primary switches of all slots tell (code, switch, code, ...; at least one code is ours).

    The slots with one of our codes as bits, the main one of them; the main profession, all professions, whether the
    main one is what the row calls primary, and whether their provider prescribes.
    """
    given = cells.split(SEPARATOR)
    # X means "not answered": only Y marks the primary taxonomy.
    slots = [(code.strip(), mark.strip().upper() == "Y") for code, mark in zip(given[::2], given[1::2], strict=True)]
    rules = {i: rule for i, (code, _) in enumerate(slots) if (rule := taxonomy(code))}
    main = next((i for i in rules if slots[i][1]), next(iter(rules)))
    said = {rule.prescribes for rule in rules.values()}
    return (
        sum(1 << i for i in rules),
        main,
        as_text(rules[main].provider_type),
        as_text(in_order("professions", (rule.provider_type for rule in rules.values()))),
        as_text(slots[main][1] or not any(primary for code, primary in slots if code)),
        as_text(True if True in said else None if None in said else False),
    )


@lru_cache(maxsize=100_000)
def family(text: str) -> tuple[str | None, str | None]:
    """A family name, and the generational suffix in it."""
    bare, found = split_family(text)
    return family_name(bare) or None, found


def given(text: str) -> str | None:
    """A given name."""
    return given_name(text) or None


def middle(text: str) -> str | None:
    """A middle name."""
    return (middle_name(text) or None) if text else None


def suffix(text: str) -> str | None:
    """A generational suffix."""
    return SUFFIXES.get(text.strip().upper().rstrip(".")) if text else None


def other_names(family_text: str, given_text: str, name: str, other: str) -> str:
    """The list with the name `other`, which these cells make, unless it is a firm's or says nothing that `name`
    doesn't."""
    new = not is_business(f"{family_text} {given_text}") and not set(fold(other).split()) <= set(fold(name).split())
    return as_text([other]) if new else NOTHING


@lru_cache(maxsize=50_000)
def place(cells: str) -> tuple[str, str | None]:
    """The list of the practice's only place (city, state, ZIP, country), and its state: see `addresses.located`."""
    city, code, zip_code, country = cells.split(SEPARATOR)
    found = located(city, code, zip_code, country)
    return (as_text([found]), found.state) if found else (NOTHING, None)


@lru_cache(maxsize=64)
def gender(text: str) -> str:
    """A gender, or null."""
    return as_text(vocabulary("genders").find(text) if text.strip() else None)


@lru_cache(maxsize=20_000)
def known_credentials(cells: str) -> tuple[str, str | None, bool]:
    """The credentials in a text, those that nobody here knows (with `SEPARATOR` between them), and whether states would
    make a difference. The states of licenses and practice may follow it as they are written, the main license's first:
    see `credentials.parse`."""
    text, *states = cells.split(SEPARATOR)
    found = credentials.parse(text, tuple({code: None for s in states if (code := state(s))}))
    return as_text(found.codes), SEPARATOR.join(found.unmapped) or None, found.by_state


def number(text: str, npi: str) -> str | None:
    """A license number (see `normalize.license_number`)."""
    found = license_number(text, npi)
    return None if found is None else as_text(found)
