"""A profile's document on Elasticsearch says as JSON what its `Document` says. Pure: no node."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

import orjson
import pytest

from directory.document import document
from directory.engines.elastic_index import NOTHING, body, counted, licensed_term, place
from directory.profile import Location, Profile, as_stored, to_json
from tests.profiles import profiles

TODAY: Final = date(2026, 11, 23)
ODD: Final = Profile(
    'npi:"\\1',
    'Ana "Nan" O\\Brien\t\u2028',
    family='"',
    given="\\",
    locations=(Location('St. "Louis\\', "MO"),),
    bio='"\\',
)


def _expected(person: Profile) -> dict[str, Any]:
    doc = document(as_stored(person))
    texts = {name: found for name, found in doc.texts.items() if found}
    out: dict[str, Any] = {
        "id": person.id,
        "profile": to_json(person).decode(),
        **{name: list(codes) for name, codes in doc.codes.items()},
        "counted": counted(doc.codes),
        **{name: value for name, value in doc.numbers.items() if value is not None},
        "has_grants": bool(person.grants),
        "all": " ".join(dict.fromkeys(token for found in texts.values() for token in found)),
        "text": {name: " ".join(found) for name, found in texts.items()},
        "licensed": {
            way: [licensed_term(state, day) for state, day in sorted(states.items())]
            for way, states in doc.licensed.items()
            if states
        },
        "name": doc.name_key,
        "shuffle": doc.shuffle,
    }
    if doc.points:
        out["point"] = [{"lat": lat, "lon": lon} for lat, lon in doc.points]
        out["place"] = [place(lat, lon) for lat, lon in doc.points]
    return out


@pytest.mark.parametrize("people", [profiles(500, 8, TODAY), [ODD, Profile("x", "")]], ids=["many", "odd"])
def test_a_document_says_what_is_derived_of_its_profile(people: list[Profile]) -> None:
    for person in people:
        written = body(as_stored(person), to_json(person))
        assert b"\n" not in written
        assert orjson.loads(written) == _expected(person)


def test_what_facets_count_is_every_code_and_what_is_not_stated() -> None:
    stated = Profile("x", "", concerns=("anxiety", "grief"), remote=False)
    found = orjson.loads(body(as_stored(stated), to_json(stated)))["counted"]
    assert {"concern/anxiety", "concern/grief", "remote/false", f"gender/{NOTHING}"} <= set(found)
    assert f"concern/{NOTHING}" not in found
