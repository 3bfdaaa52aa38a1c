"""What an engine holds of a profile so that it can filter, count and order: one derivation for every engine.

Dates are proleptic ordinals (days), fees whole units, years years, coordinates degrees.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any, Final

from directory.facets import FACETS, Facet
from directory.licensure import good_until
from directory.profile import Stored, fee_of, grants_of
from directory.text import fold, name_tokens, tokens
from directory.vocabulary import vocabulary

NUMBERS: Final = ("lowest_fee", "experience_since", "verified_on", "next_available", "completeness")
"""Columns of whole numbers; None where a profile does not state it. `completeness` is a percentage."""

DECIDING: Final = (
    "provider_types", "credentials", "grants", "modalities", "concerns", "formats", "age_groups", "languages",
    "meeting", "times", "payment", "fee", "accepting", "experience_since", "verified_on", "locations", "phone", "bio",
)  # fmt: skip
"""Fields of a profile that clients decide by; `completeness` is the share of them that is stated."""

TEXTS: Final[Mapping[str, float]] = {
    "names": 4.0,
    "modalities": 2.0,
    "concerns": 2.0,
    "professions": 1.5,
    "cities": 1.5,
    "bio": 1.0,
}
"""Text fields that `q` searches, with their weight in the ranking."""


@dataclass(frozen=True, slots=True)
class Document:
    """The searchable side of a profile.

    `codes`: facet name -> the codes stated (flags as `true`/`false`), and `office_state`; an absent name is not stated.
    `numbers`: see `NUMBERS`. `points`: (lat, lon) of the placed locations. `licensed`: way -> state -> last good day.
    `has_grants`: whether any grant is known. `texts`: field -> tokens. `name_key`: order by name.
    `shuffle`: 52 bits of a hash of the id, for the daily rotation among equals.
    """

    id: str
    codes: Mapping[str, tuple[str, ...]]
    numbers: Mapping[str, int | None]
    points: tuple[tuple[float, float], ...]
    licensed: Mapping[str, Mapping[str, int]]
    has_grants: bool
    texts: Mapping[str, list[str]]
    name_key: str
    shuffle: int


def stated(stored: Stored, facet: Facet) -> tuple[str, ...]:
    """The codes that a profile states for `facet`; flags as `true` and `false`."""
    value = stored.get(facet.field)
    return _codes(facet, value) if value or value is False else ()


def _codes(facet: Facet, value: Any) -> tuple[str, ...]:
    """The codes in the value of a facet's field, which states something."""
    if facet.kind == "codes":
        return tuple(value)
    return (str(value).lower(),) if facet.kind == "flag" else (value,)


_folded: Final = lru_cache(maxsize=50_000)(fold)


@lru_cache(maxsize=4096)
def _label_tokens(name: str, code: str) -> tuple[str, ...]:
    return tuple(tokens(vocabulary(name).label(code)))


_kept_tokens: Final = lru_cache(maxsize=50_000)(tokens)
"""The tokens of what many have in common: names of cities, given and family names."""


def _labels(name: str, codes: Iterable[str]) -> list[str]:
    return [t for code in codes for t in _label_tokens(name, code)]


def name_key(stored: Stored) -> str:
    """Folded family, then given name, as one string that orders by code point."""
    return f"{_folded(stored.get('family') or stored['name'])}\t{_folded(stored.get('given') or '')}"


def completeness(stored: Stored) -> int:
    """Percent of the fields in `DECIDING` that are stated, rounded down."""
    values = list(map(stored.get, DECIDING))
    missing = values.count(None) + values.count([])
    return 100 * (len(DECIDING) - missing) // len(DECIDING)


def own_names(name: str, family: str | None, given: str | None, others: tuple[str, ...]) -> tuple[str, ...]:
    """Every name of a profile; family and given name only where the whole name lacks them."""
    pieces = set(name.split())
    # Nearly always both are there letter by letter; else their tokens decide.
    lacking = [n for n in (family, given) if n and not pieces.issuperset(n.split())]
    if lacking:
        told = set(tokens(name))
        lacking = [n for n in lacking if not told.issuperset(_kept_tokens(n))]
    return name, *lacking, *others


def texts(stored: Stored) -> dict[str, list[str]]:
    """The tokens under which a profile is found, by text (see `TEXTS`)."""
    others, bio = tuple(stored.get("other_names", ())), stored.get("bio")
    return {
        "names": name_tokens(own_names(stored["name"], stored.get("family"), stored.get("given"), others)),
        "modalities": _labels("modalities", stored.get("modalities", ())),
        "concerns": _labels("concerns", stored.get("concerns", ())),
        "professions": _labels("professions", stored.get("provider_types", ())),
        "cities": [t for place in stored.get("locations", ()) if (c := place.get("city")) for t in _kept_tokens(c)],
        "bio": tokens(bio) if bio else [],
    }


def document(stored: Stored) -> Document:
    """The document of a profile: pure, the same on every engine."""
    codes = {
        facet.name: _codes(facet, value) for facet in FACETS if (value := stored.get(facet.field)) or value is False
    }
    places = stored.get("locations", ())
    if offices := tuple(dict.fromkeys([state for place in places if (state := place.get("state"))])):
        codes["office_state"] = offices
    fee = fee_of(stored)
    points = [(place.get("lat"), place.get("lon")) for place in places]
    return Document(
        id=stored["id"],
        codes=codes,
        numbers={
            "lowest_fee": fee.lowest if fee else None,
            "experience_since": stored.get("experience_since"),
            "verified_on": _day(stored.get("verified_on")),
            "next_available": _day(stored.get("next_available")),
            "completeness": completeness(stored),
        },
        points=tuple(dict.fromkeys([point for point in points if None not in point])),
        licensed={
            way: {state: until.toordinal() for state, until in states.items()}
            for way, states in good_until(grants_of(stored)).items()
        },
        has_grants=bool(stored.get("grants")),
        texts=texts(stored),
        name_key=name_key(stored),
        shuffle=int.from_bytes(hashlib.blake2b(stored["id"].encode(), digest_size=8).digest()) >> 12,
    )


@lru_cache(maxsize=20_000)
def _day(written: str | None) -> int | None:
    return date.fromisoformat(written).toordinal() if written else None


_MASK: Final = (1 << 64) - 1


def rotation(shuffle: int, day: int) -> int:
    """The place of a provider among equals on a day (an ordinal): 52 bits of a hash of both, so that nobody is first
    by alphabet and the order changes daily. The finalizer is splitmix64's (Steele, Lea, Flood 2014), which every
    engine can compute in 64-bit integers.
    """
    z = (shuffle + day * 0x9E3779B97F4A7C15) & _MASK
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & _MASK
    return (z ^ (z >> 31)) >> 12
