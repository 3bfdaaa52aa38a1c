"""One document at a time gives the oracle's answer: a third reading of the rules, beside it and the engines'."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from directory import matching, plan, search_request
from directory.document import document
from directory.profile import as_stored
from tests.oracle import Oracle
from tests.profiles import profiles
from tests.strategies import search

TODAY: Final = date(2026, 11, 23)
ORACLE: Final = Oracle(profiles(300, 8, TODAY))
DOCUMENTS: Final = {p.id: document(as_stored(p)) for p in ORACLE.profiles}


@settings(max_examples=200)
@given(data=st.binary(min_size=200, max_size=200))
def test_who_matches_is_who_the_oracle_finds(data: bytes) -> None:
    drawn = search(data, ORACLE.profiles, TODAY)
    request = replace(search_request.parse(drawn.query.encode(), TODAY), understood=drawn.understood)
    where = plan.plan(request).where
    found = {id_ for id_, doc in DOCUMENTS.items() if matching.matches(where, doc)}
    assert found == set(ORACLE.search(request).ids)


@pytest.mark.parametrize("query", ["q=therapy", "near=78704", "state=TX", "max_fee=100", "meeting=video", ""])
def test_some_match_and_others_do_not(query: str) -> None:
    where = plan.plan(search_request.parse(query.encode(), TODAY)).where
    found = sum(matching.matches(where, doc) for doc in DOCUMENTS.values())
    assert 0 < found < len(DOCUMENTS) if query else found == len(DOCUMENTS)
