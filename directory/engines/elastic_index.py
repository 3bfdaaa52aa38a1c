"""What an Elasticsearch generation looks like: mapping and settings from the facet table, and a profile's document.
Pure: no connection. Our tokens go into whitespace-analyzed fields, so Elasticsearch analyzes nothing itself.
"""

from __future__ import annotations

from datetime import date
from typing import Any, Final

import orjson

from directory.document import NUMBERS, TEXTS, document
from directory.facets import FACETS
from directory.licensure import WAYS
from directory.profile import Profile, to_json

FACET_FIELDS: Final = tuple(f.name for f in FACETS)

_KEYWORD: Final = {"type": "keyword"}
_TOKENS: Final = {"type": "text", "analyzer": "tokens", "index_options": "freqs"}


def mapping() -> dict[str, Any]:
    """The mapping: strict, so that a field nobody declared is an error and not a guess."""
    return {
        "dynamic": "strict",
        "properties": {
            "id": _KEYWORD,
            # Kept for the answer, searched by nothing.
            "profile": {"type": "object", "enabled": False},
            **dict.fromkeys((*FACET_FIELDS, "office_state"), _KEYWORD),
            **{name: {"type": "integer"} for name in NUMBERS},
            "point": {"type": "geo_point"},
            "licensed": {"properties": dict.fromkeys(WAYS, _KEYWORD)},
            "has_grants": {"type": "boolean"},
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
        "analysis": {"analyzer": {"tokens": {"type": "custom", "tokenizer": "tokens"}}, "tokenizer": _TOKENIZER},
    }


# The longest token that the tokenizer lets through whole; ours are at most 100 characters.
_TOKENIZER: Final = {"tokens": {"type": "whitespace", "max_token_length": 1000}}

FINISHED: Final = {"auto_expand_replicas": "0-1", "refresh_interval": None, "blocks.write": True}
"""Settings of a finished generation: one copy more where there is a second node, and nothing can change it."""


def licensed_term(state: str, day: int) -> str:
    """A grant's state and last good day (an ordinal) as one keyword, which a range of keywords can bound."""
    return f"{state}:{date.fromordinal(day).isoformat()}"


def body(profile: Profile) -> dict[str, Any]:
    """The document of `profile`. What is not stated is left out."""
    doc = document(profile)
    out: dict[str, Any] = {
        "id": doc.id,
        "profile": orjson.Fragment(to_json(profile)),
        **{name: list(codes) for name, codes in doc.codes.items()},
        **{name: value for name, value in doc.numbers.items() if value is not None},
        "has_grants": doc.has_grants,
        "text": {name: " ".join(found) for name, found in doc.texts.items() if found},
        "licensed": {
            way: [licensed_term(state, until) for state, until in sorted(states.items())]
            for way, states in doc.licensed.items()
            if states
        },
        "name": doc.name_key,
        "shuffle": doc.shuffle,
    }
    if doc.points:
        out["point"] = [{"lat": lat, "lon": lon} for lat, lon in doc.points]
    return out
