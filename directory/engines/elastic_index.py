"""What an Elasticsearch generation looks like: mapping and settings from the facet table, and a profile's document.
Pure: no connection. Our tokens go into whitespace-analyzed fields, so Elasticsearch analyzes nothing itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from functools import lru_cache
from itertools import chain
from typing import Any, Final

import orjson

from directory.document import KEPT, NUMBERS, TEXTS, Coded, Licensed, document
from directory.facets import FACETS
from directory.licensure import WAYS
from directory.profile import Stored
from directory.vocabulary import facet_vocabulary

FACET_FIELDS: Final = tuple(f.name for f in FACETS)

_KEYWORD: Final = {"type": "keyword"}
# The built-in analyzer splits at blanks and changes nothing; it lets tokens of 255 characters through, ours end at 100.
_TOKENS: Final = {"type": "text", "analyzer": "whitespace", "index_options": "freqs"}


def mapping() -> dict[str, Any]:
    """The mapping: strict, so that a field nobody declared is an error and not a guess."""
    return {
        "dynamic": "strict",
        "properties": {
            "id": _KEYWORD,
            # Kept for the answer, searched by nothing: its JSON as one string, which nobody on the way takes apart.
            "profile": {"type": "object", "enabled": False},
            **dict.fromkeys((*FACET_FIELDS, "office_state"), _KEYWORD),
            # What every facet counts of a provider, in one column: see `counted`.
            "counted": {"type": "keyword", "index": False},
            # Long, because an integer refuses bounds beyond its range.
            **{name: {"type": "long"} for name in NUMBERS},
            "point": {"type": "geo_point"},
            "place": {"type": "long"},
            "licensed": {"properties": dict.fromkeys(WAYS, _KEYWORD)},
            "has_grants": {"type": "boolean"},
            # Every token of every text, once: what filters. The texts themselves only rank.
            "all": {"type": "text", "analyzer": "whitespace", "index_options": "docs", "norms": False},
            "text": {"properties": dict.fromkeys(TEXTS, _TOKENS)},
            "name": _KEYWORD,
            "shuffle": {"type": "long"},
        },
    }


def settings() -> dict[str, Any]:
    """Settings while building: no replicas and no refresh; `FINISHED` follows."""
    return {
        "number_of_shards": 1,
        "number_of_replicas": 0,
        "refresh_interval": "-1",
    }


FINISHED: Final = {"auto_expand_replicas": "0-1", "refresh_interval": None, "blocks.write": True}
"""Settings of a finished generation: one copy more where there is a second node, and nothing can change it."""


_MICRO: Final = 1_000_000


def place(lat: float, lon: float) -> int:
    """Both coordinates, in millionths of a degree, as one number: a `geo_point` rounds them, and two columns would lose
    which latitude belongs to which longitude. `elastic_query` takes it apart."""
    return (round(lat * _MICRO) + 90 * _MICRO) << 29 | (round(lon * _MICRO) + 180 * _MICRO)


@lru_cache(maxsize=20_000)
def licensed_term(state: str, day: int) -> str:
    """A grant's state and last good day (an ordinal) as one keyword, which a range of keywords can bound."""
    return f"{state}:{date.fromordinal(day).isoformat()}"


NOTHING: Final = "-"
"""Stands for a code where a facet is not stated."""

_TERMS: Final = {f.name: {code: f"{f.name}/{code}" for code in (*facet_vocabulary(f).codes, NOTHING)} for f in FACETS}

COUNTED: Final = sum(map(len, _TERMS.values()))
"""How many different terms there can be in `counted`."""


def counted(codes: Mapping[str, Iterable[str]]) -> list[str]:
    """What the facets count of a provider of these `codes`: `<facet>/<code>`, or `<facet>/-` where nothing is stated.
    To read this one column is to count them all."""
    out: list[str] = []
    for name, terms in _TERMS.items():
        out += [terms[code] for code in codes[name]] if name in codes else [terms[NOTHING]]
    return out


@lru_cache(maxsize=KEPT)
def _coded(coded: Coded) -> tuple[Mapping[str, Any], Mapping[str, str], list[str]]:
    """What codes become in a document: members of its object, members of its `text`, and the tokens of these."""
    return (
        {**coded.codes, "counted": orjson.Fragment(orjson.dumps(counted(coded.codes)))},
        {name: " ".join(found) for name, found in coded.texts.items() if found},
        list(dict.fromkeys(chain.from_iterable(coded.texts.values()))),
    )


@lru_cache(maxsize=KEPT)
def _licensed(granted: Licensed) -> orjson.Fragment:
    held = {way: sorted(states.items()) for way, states in granted.until.items() if states}
    terms = {way: [licensed_term(state, until) for state, until in states] for way, states in held.items()}
    return orjson.Fragment(orjson.dumps(terms))


def body(stored: Stored, data: bytes) -> bytes:
    """The document of a profile, of which the JSON `data` is kept, as JSON. What is not stated is left out."""
    id_, coded, offices, numbers, points, granted, has_grants, names, cities, bio, name_key, shuffle = document(stored)
    members, texts, tokens = _coded(coded)
    text = {"names": " ".join(names), **texts} if names else {**texts}
    if cities:
        text["cities"] = " ".join(cities)
    if bio:
        text["bio"] = " ".join(bio)
    out: dict[str, Any] = {
        "id": id_,
        "profile": data.decode(),
        **members,
        "has_grants": has_grants,
        "all": " ".join(dict.fromkeys([*names, *tokens, *cities, *bio])),
        "text": text,
        "licensed": _licensed(granted),
        "name": name_key,
        "shuffle": shuffle,
    }
    for name, value in numbers.items():
        if value is not None:
            out[name] = value
    if offices:
        out["office_state"] = offices
    if points:
        out["point"] = [{"lat": lat, "lon": lon} for lat, lon in points]
        out["place"] = [place(lat, lon) for lat, lon in points]
    return orjson.dumps(out)
