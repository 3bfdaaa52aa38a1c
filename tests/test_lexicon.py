"""The words of a generation are counted by batch: each once for a provider, wherever it is taken in."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

from directory.lexicon import Builder, Lexicon
from directory.profile import as_stored
from tests.profiles import profiles

PEOPLE: Final = [as_stored(person) for person in profiles(300, 8, date(2026, 11, 23))]


def _named(name: str, *others: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "other_names": list(others), **more}


def test_a_word_counts_once_for_a_provider() -> None:
    towns = [{"city": "Walla Walla"}, {"city": "Walla Walla"}, {"city": None}]
    found = Lexicon.of(
        [_named("Ana Rios", "Ana Lopez", "ANA", family="Rios", given="Ana", locations=towns), _named("Ana O'Brien")]
    )
    assert found.words("name") == {"ana": 2, "rios": 1, "lopez": 1, "obrien": 1}
    assert found.words("city") == {"walla": 1}
    assert (found.shown("obrien"), found.shown("rios")) == ("O'Brien", "Rios")


def test_names_are_borne_together_up_to_three_words_apart() -> None:
    found = Lexicon.of([_named("Ana María Luz Vega Soto"), _named("Bo", family="Ek", given="Li-Wu")])
    assert found.together("ana", "vega")
    assert not found.together("ana", "soto")
    assert not found.together("vega", "ana")
    assert found.together("wu", "ek")
    assert not found.together("bo", "ek")


def test_parts_taken_in_one_after_the_other_are_the_whole() -> None:
    whole, parts = Builder(), Builder()
    whole.add(PEOPLE)
    for start in range(0, len(PEOPLE), 70):
        part = Builder()
        part.add(PEOPLE[start : start + 70])
        parts.take(part)
    assert parts.to_bytes() == whole.to_bytes()
    whole.drop(PEOPLE[100:])
    assert whole.to_bytes() == Lexicon.of(PEOPLE[:100])._data
