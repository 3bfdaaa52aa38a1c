"""What an engine holds of a profile so that it can filter, count and order: one derivation for every engine.

Dates are proleptic ordinals (days), fees whole units, years years, coordinates degrees.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from operator import attrgetter
from typing import Any, Final

from directory.facets import FACETS, Facet
from directory.licensure import good_until
from directory.profile import Profile
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


def stated(stored: Mapping[str, Any], facet: Facet) -> tuple[str, ...]:
    """The codes that a profile as it is stored (see `base.Hit`) states for `facet`; flags as `true` and `false`."""
    return _codes(facet, stored.get(facet.field))


def _codes(facet: Facet, value: Any) -> tuple[str, ...]:
    if value is None or value == () or value == []:
        return ()
    if facet.kind == "codes":
        return tuple(value)
    return (str(value).lower(),) if facet.kind == "flag" else (value,)


_facet_values: Final = attrgetter(*(f.field for f in FACETS))
_deciding_values: Final = attrgetter(*DECIDING)
_folded: Final = lru_cache(maxsize=50_000)(fold)


@lru_cache(maxsize=4096)
def _label_tokens(name: str, code: str) -> tuple[str, ...]:
    return tuple(tokens(vocabulary(name).label(code)))


_kept_tokens: Final = lru_cache(maxsize=50_000)(tokens)
"""The tokens of what many have in common: names of cities, given and family names."""


def _labels(name: str, codes: tuple[str, ...]) -> list[str]:
    return [t for code in codes for t in _label_tokens(name, code)]


def name_key(profile: Profile) -> str:
    """Folded family, then given name, as one string that orders by code point."""
    return f"{_folded(profile.family or profile.name)}\t{_folded(profile.given or '')}"


def completeness(profile: Profile) -> int:
    """Percent of the fields in `DECIDING` that are stated, rounded down."""
    values = _deciding_values(profile)
    missing = values.count(None) + values.count(())
    return 100 * (len(DECIDING) - missing) // len(DECIDING)


def own_names(name: str, family: str | None, given: str | None, others: tuple[str, ...]) -> tuple[str, ...]:
    """Every name of a profile; family and given name only where the whole name lacks them."""
    told = set(tokens(name))
    return name, *[n for n in (family, given) if n and not told.issuperset(_kept_tokens(n))], *others


def texts(profile: Profile) -> dict[str, list[str]]:
    """The tokens under which `profile` is found, by text (see `TEXTS`)."""
    return {
        "names": name_tokens(own_names(profile.name, profile.family, profile.given, profile.other_names)),
        "modalities": _labels("modalities", profile.modalities),
        "concerns": _labels("concerns", profile.concerns),
        "professions": _labels("professions", profile.provider_types),
        "cities": [t for loc in profile.locations if loc.city for t in _kept_tokens(loc.city)],
        "bio": tokens(profile.bio) if profile.bio else [],
    }


def document(profile: Profile) -> Document:
    """The document of `profile`: pure, the same on every engine."""
    codes = {
        facet.name: _codes(facet, value)
        for facet, value in zip(FACETS, _facet_values(profile), strict=True)
        if value is not None and value != ()
    }
    offices = tuple(dict.fromkeys([loc.state for loc in profile.locations if loc.state]))
    if offices:
        codes["office_state"] = offices
    fee = profile.fee
    verified, available = profile.verified_on, profile.next_available
    return Document(
        id=profile.id,
        codes=codes,
        numbers={
            "lowest_fee": fee.lowest if fee else None,
            "experience_since": profile.experience_since,
            "verified_on": verified.toordinal() if verified else None,
            "next_available": available.toordinal() if available else None,
            "completeness": completeness(profile),
        },
        points=tuple(
            dict.fromkeys(
                [(loc.lat, loc.lon) for loc in profile.locations if loc.lat is not None and loc.lon is not None]
            )
        ),
        licensed={
            way: {state: until.toordinal() for state, until in states.items()}
            for way, states in good_until(profile.grants).items()
        },
        has_grants=bool(profile.grants),
        texts=texts(profile),
        name_key=name_key(profile),
        shuffle=int.from_bytes(hashlib.blake2b(profile.id.encode(), digest_size=8).digest()) >> 12,
    )


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
