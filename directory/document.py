"""What an engine holds of a profile so that it can filter, count and order: one derivation for every engine.

What many profiles state alike is derived once for all of them (`Coded`, `Licensed`), and what an engine makes of it can
be remembered by it. Dates are proleptic ordinals (days), fees whole units, years years, coordinates degrees.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any, Final, NamedTuple, TypeAlias

import orjson

from directory.facets import FACETS, Facet
from directory.licensure import good_until
from directory.profile import Grant, Stored, fee_of, grants_of
from directory.text import fold, is_plain, name_tokens, tokens
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


KEPT: Final = 5_000
"""How many different statements are remembered. One of codes takes about five kilobytes; where each is another, as in
profiles that people write themselves, remembering them is of no use."""


@dataclass(frozen=True, slots=True, eq=False)
class Coded:
    """What follows from the codes that a profile states: one object for all who state the same, by which what an engine
    makes of it can be remembered.

    `codes`: facet name -> the codes stated (flags as `true`/`false`); an absent name is not stated. `texts`: the tokens
    of their labels, by text. `deciding`: how many fields of `DECIDING` are stated by it.
    """

    codes: Mapping[str, tuple[str, ...]]
    texts: Mapping[str, list[str]]
    deciding: int


@dataclass(frozen=True, slots=True, eq=False)
class Licensed:
    """Way -> state -> last good day: one object for many whose grants hold alike, as `Coded` is."""

    until: Mapping[str, Mapping[str, int]]


class Document(NamedTuple):
    """The searchable side of a profile.

    `offices`: the states of its locations. `numbers`: see `NUMBERS`. `points`: (lat, lon) of the placed locations.
    `has_grants`: whether any grant is known. `names`, `cities`, `bio`: tokens. `name_key`: order by name.
    `shuffle`: 52 bits of a hash of the id, for the daily rotation among equals.
    """

    id: str
    coded: Coded
    offices: tuple[str, ...]
    numbers: Mapping[str, int | None]
    points: tuple[tuple[float, float], ...]
    granted: Licensed
    has_grants: bool
    names: list[str]
    cities: list[str]
    bio: list[str]
    name_key: str
    shuffle: int

    @property
    def codes(self) -> Mapping[str, tuple[str, ...]]:
        """The codes stated by facet, and `office_state`."""
        return {**self.coded.codes, "office_state": self.offices} if self.offices else self.coded.codes

    @property
    def licensed(self) -> Mapping[str, Mapping[str, int]]:
        """Way -> state -> last good day."""
        return self.granted.until

    @property
    def texts(self) -> dict[str, list[str]]:
        """The tokens under which a profile is found, by text (see `TEXTS`)."""
        return {"names": self.names, **self.coded.texts, "cities": self.cities, "bio": self.bio}


def stated(stored: Stored, facet: Facet) -> tuple[str, ...]:
    """The codes that a profile states for `facet`; flags as `true` and `false`."""
    value = stored.get(facet.field)
    return _codes(facet, value) if value or value is False else ()


def _codes(facet: Facet, value: Any) -> tuple[str, ...]:
    """The codes in the value of a facet's field, which states something."""
    if facet.kind == "codes":
        return tuple(value)
    return (str(value).lower(),) if facet.kind == "flag" else (value,)


_folded_once: Final = lru_cache(maxsize=50_000)(fold)


def _folded(name: str) -> str:
    return name.lower() if is_plain(name) else _folded_once(name)


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


_FIELDS: Final = tuple(facet.field for facet in FACETS)
_DECIDING_CODES: Final = tuple(place for place, field in enumerate(_FIELDS) if field in DECIDING)
_OTHER_DECIDING: Final = tuple(field for field in DECIDING if field not in _FIELDS)


def _coded(stored: Stored) -> Coded:
    return _coded_alike(orjson.dumps([*map(stored.get, _FIELDS)]))


@lru_cache(maxsize=KEPT)
def _coded_alike(written: bytes) -> Coded:
    """What follows from the values of `_FIELDS`, as JSON."""
    values = orjson.loads(written)
    said = dict(zip(_FIELDS, values, strict=True))
    return Coded(
        {facet.name: _codes(facet, v) for facet, v in zip(FACETS, values, strict=True) if v or v is False},
        {
            "modalities": _labels("modalities", said["modalities"] or ()),
            "concerns": _labels("concerns", said["concerns"] or ()),
            "professions": _labels("professions", said["provider_types"] or ()),
        },
        _count_stated([values[place] for place in _DECIDING_CODES]),
    )


def _count_stated(values: list[Any]) -> int:
    return len(values) - values.count(None) - values.count([])


def completeness(stored: Stored) -> int:
    """Percent of the fields in `DECIDING` that are stated, rounded down."""
    return _completeness(stored, _coded(stored))


def _completeness(stored: Stored, coded: Coded) -> int:
    return 100 * (coded.deciding + _count_stated([*map(stored.get, _OTHER_DECIDING)])) // len(DECIDING)


_Held: TypeAlias = tuple[str, str | None, str, str, str | None]
"""Of a grant: kind, compact, jurisdiction, status, last day."""


def _licensed(stored: Stored) -> Licensed:
    held = [
        (
            grant["kind"],
            grant.get("compact"),
            grant["jurisdiction"],
            grant.get("status", "listed"),
            grant.get("expires_on"),
        )
        for grant in stored.get("grants", ())
    ]
    return _licensed_alike(tuple(held)) or _days(grants_of(stored))


@lru_cache(maxsize=KEPT)
def _licensed_alike(held: tuple[_Held, ...]) -> Licensed | None:
    """What follows from grants of one standing: of these none overrules another, so their numbers do not matter. None
    for others."""
    if len({status for _, _, _, status, _ in held}) > 1:
        return None
    return _days(
        Grant(kind, jurisdiction, status=status, compact=compact, expires_on=date.fromisoformat(end) if end else None)
        for kind, compact, jurisdiction, status, end in held
    )


def _days(grants: Iterable[Grant]) -> Licensed:
    until = good_until(grants).items()
    return Licensed({way: {state: day.toordinal() for state, day in states.items()} for way, states in until})


def own_names(name: str, family: str | None, given: str | None, others: tuple[str, ...]) -> tuple[str, ...]:
    """Every name of a profile; family and given name only where the whole name lacks them."""
    pieces = name.split()
    # Nearly always both are there letter by letter; else their tokens decide.
    if family in pieces and given in pieces:
        return name, *others
    lacking = [n for n in (family, given) if n and not set(pieces).issuperset(n.split())]
    if lacking:
        told = set(tokens(name))
        lacking = [n for n in lacking if not told.issuperset(_kept_tokens(n))]
    return name, *lacking, *others


def document(stored: Stored) -> Document:
    """The document of a profile: pure, the same on every engine."""
    coded, fee, bio = _coded(stored), fee_of(stored), stored.get("bio")
    offices: dict[str, None] = {}
    points: dict[tuple[float, float], None] = {}
    cities: list[str] = []
    for place in stored.get("locations", ()):
        if state := place.get("state"):
            offices[state] = None
        if city := place.get("city"):
            cities += _kept_tokens(city)
        if (lat := place.get("lat")) is not None and (lon := place.get("lon")) is not None:
            points[lat, lon] = None
    names = own_names(stored["name"], stored.get("family"), stored.get("given"), tuple(stored.get("other_names", ())))
    return Document(
        stored["id"],
        coded,
        tuple(offices),
        {
            "lowest_fee": fee.lowest if fee else None,
            "experience_since": stored.get("experience_since"),
            "verified_on": _day(day) if (day := stored.get("verified_on")) else None,
            "next_available": _day(day) if (day := stored.get("next_available")) else None,
            "completeness": _completeness(stored, coded),
        },
        tuple(points),
        _licensed(stored),
        bool(stored.get("grants")),
        name_tokens(names),
        cities,
        tokens(bio) if bio else [],
        name_key(stored),
        int.from_bytes(hashlib.blake2b(stored["id"].encode(), digest_size=8).digest()) >> 12,
    )


@lru_cache(maxsize=20_000)
def _day(written: str) -> int:
    return date.fromisoformat(written).toordinal()


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
