"""Pages of large sets on the embedded engine: found from the front of an order, they are those of the whole set."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from directory.engines import embedded_order, embedded_score
from directory.engines.embedded import EmbeddedEngine
from directory.interpret import interpret
from directory.plan import plan
from directory.search_request import SearchRequest
from tests import conformance
from tests.oracle import Oracle
from tests.profiles import profiles


def test_every_set_is_large(tmp_path: Path, today: date, monkeypatch: pytest.MonkeyPatch) -> None:
    made = profiles(700, 11, today)
    engine = EmbeddedEngine(tmp_path)
    conformance.build(engine, made)
    monkeypatch.setattr(embedded_order, "_SMALL", 0)
    monkeypatch.setattr(embedded_order, "_SAMPLE", 8)
    monkeypatch.setattr(embedded_order, "_GROUP", 3)
    monkeypatch.setattr(embedded_order, "_worth_walking", lambda members, wanted, count: True)
    conformance.conform(engine, Oracle(made), today, examples=500, seed=5)


def test_the_first_by_score_are_those_of_all(tmp_path: Path, today: date, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = EmbeddedEngine(tmp_path)
    conformance.build(engine, profiles(700, 12, today))
    monkeypatch.setattr(embedded_score, "_TRIED", 4)
    said = st.sampled_from(
        ("anxiety", "couples", "therapist", "cbt", "in Texas", "obrien", "near 78704", "can't sleep", "trauma", "grief",
         "psychologist", "for teens", "evenings", "sleeping")
    )  # fmt: skip

    @settings(max_examples=200, deadline=None)
    @given(st.lists(said, min_size=1, max_size=4, unique=True), st.booleans(), st.integers(1, 12), st.integers(1, 4))
    def run(words: list[str], understand: bool, size: int, page: int) -> None:
        asked = SearchRequest(today, q=" ".join(words), understand=understand, page=page, page_size=size)
        wanted = plan(interpret(asked, engine.lexicon()))
        everybody = engine.search(replace(wanted, offset=0, limit=700)).hits
        found = engine.search(wanted).hits
        assert found == everybody[wanted.offset : wanted.offset + size]

    run()
