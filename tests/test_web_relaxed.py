"""Links to find more, in the words that people know the filters by."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from directory.interpret import interpret
from directory.relaxation import Change
from directory.search_request import parse
from directory.web_relaxed import relaxed

TODAY = date(2026, 11, 23)


def _change(kind: Any, name: str, before: Any, after: Any = None, words: str = "") -> Change:
    return Change(kind, name, before, after, words, parse(b"state=TX", TODAY), 1234)


@pytest.mark.parametrize(
    ("query", "change", "label"),
    [
        ("max_fee=80", _change("widen", "max_fee", 80, 100), "up to $100"),
        ("near=78704", _change("widen", "radius", 25.0, 50), "within 50 miles"),
        ("verified_within=90", _change("widen", "verified_within", 90, 180), "checked within 180 days"),
        ("min_experience=9", _change("widen", "min_experience", 9, 5), "with 5 years or more in practice"),
        ("meeting=in_person", _change("widen", "meeting", ["in_person"], ["in_person", "video"]), "by video too"),
        ("accepting=yes", _change("widen", "accepting", ["yes"], ["yes", "waitlist"]), "with a waiting list too"),
        ("max_fee=80", _change("include_unknown", "max_fee", 80), "with those who don’t state a fee"),
        ("modality=cbt", _change("include_unknown", "modality", ["cbt"]), "with those who don’t say: therapy type"),
        ("max_fee=80", _change("drop", "max_fee", 80), "without “At most $80 a session”"),
        ("near=78704", _change("drop", "near", "78704"), "without “Within 25 miles of 78704”"),
        ("gender=female&language=es", _change("drop", "language", ["es"]), "without “Spanish”"),
        ("prescribes=true", _change("drop", "prescribes", ["true"]), "without “Can prescribe: Yes”"),
        ("q=under+80", _change("drop", "max_fee", 80, words="under 80"), "without “under 80”"),
        ("q=zzzz&understand=false", _change("drop", "q", "zzzz"), "without “zzzz”"),
    ],
)
def test_a_change_is_said_in_words_with_what_it_finds(query: str, change: Change, label: str) -> None:
    (choice,) = relaxed(interpret(parse(query.encode(), TODAY)), (change,))
    assert choice.label == f"{label} (1,234)"
    assert choice.href == "?state=TX"


def test_a_few_links_are_enough() -> None:
    changes = tuple(_change("drop", "q", f"word{n}") for n in range(30))
    assert len(relaxed(parse(b"q=x", TODAY), changes)) == 8
