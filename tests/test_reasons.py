"""Why somebody is among the results, and why not: examples with the answers written out, the oracle for the rest."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any, Final

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from directory import places, reasons, search_request
from directory.profile import Fee, Grant, Location, Profile, to_json
from directory.understanding import Concept, Correction, Finding, Understanding
from tests.oracle import Oracle
from tests.profiles import profiles
from tests.strategies import search

TODAY: Final = date(2026, 11, 23)
ORACLE: Final = Oracle(profiles(150, 9, TODAY))

_AUSTIN: Final = places.zip_point("78704") or (0.0, 0.0)
SOMEONE: Final = Profile(
    id="a",
    name="Maribel O'Brien",
    provider_types=("therapist",),
    modalities=("cbt", "emdr"),
    concerns=("anxiety",),
    meeting=("video",),
    fee=Fee(session=150),
    experience_since=2020,
    verified_on=TODAY - timedelta(days=100),
    locations=(Location("Austin", "TX", "78704", *_AUSTIN),),
    grants=(Grant("license", "TX", "1", "listed"),),
    bio="I help when worry won't stop.",
)
SILENT: Final = Profile(id="b", name="Nobody")


def _not(query: str, profile: Profile) -> dict[str, tuple[Any, Any, str]]:
    found = reasons.why_not(profile, search_request.parse(query.encode(), TODAY))
    return {r["filter"]: (r["asked"], r["stated"], r["reason"]) for r in found}


@pytest.mark.parametrize(
    ("query", "asked", "stated"),
    [
        ("max_fee=120", 120, 150),
        ("min_experience=10", 10, 6),
        ("verified_within=90", 90, 100),
        ("modality=dbt&modality=act", ["dbt", "act"], ["cbt", "emdr"]),
        ("meeting=in_person", ["in_person"], ["video"]),
        ("state=NY", "NY", {"in_person": "not_verified", "remote": "not_verified"}),
        ("office_state=NY", "NY", ["TX"]),
        ("near=78666", 25.0, 27.45),
    ],
)
def test_which_filter_and_what_is_stated_instead(query: str, asked: Any, stated: Any) -> None:
    name = query.partition("=")[0]
    assert _not(query, SOMEONE)[name] == (asked, stated, "states otherwise")
    assert _not(query, SILENT)[name] == (asked, None, "not stated")


def test_words_that_do_not_occur() -> None:
    assert _not("q=OBrien+worrying+Sailing+knots", SOMEONE) == {
        "q": (["Sailing", "knots"], None, "does not occur"),
    }


@settings(max_examples=60)
@given(data=st.binary(min_size=200, max_size=200))
def test_a_reason_for_everybody_who_is_not_found_and_for_nobody_else(data: bytes) -> None:
    drawn = search(data, ORACLE.profiles, TODAY)
    request = replace(search_request.parse(drawn.query.encode(), TODAY), understood=drawn.understood)
    found = set(ORACLE.search(request).ids)
    for profile in ORACLE.profiles:
        said = reasons.why_not(profile, request)
        assert bool(said) == (profile.id not in found)
        # Without the filters that are named it is found.
        rest = request
        for reason in said:
            rest = rest.without(reason["filter"])
        assert reasons.why_not(profile, rest) == ()


def _explained(profile: Profile, request: search_request.SearchRequest) -> tuple[reasons.Reason, ...]:
    return reasons.Explainer(request).why(orjson.loads(to_json(profile)))


def _why(q: str, understood: Understanding | None, profile: Profile = SOMEONE) -> list[tuple[Any, ...]]:
    request = replace(search_request.SearchRequest(TODAY, q), understood=understood)
    return [(r["field"], r["code"], r["matched"], r["how"]) for r in _explained(profile, request)]


def test_plain_words_say_where_they_occur() -> None:
    assert _why("obrien Therapists worried", None) == [
        ("name", None, "obrien", "text"),
        ("provider_type", "therapist", "Therapists", "text"),
        ("bio", None, "worried", "text"),
    ]


def test_what_was_understood_says_from_which_words() -> None:
    q = "cognitve therapy for panic by video under $200 stop"
    understood = Understanding(
        q,
        findings=(
            Finding("modality", ("cbt", "dbt"), "cognitve therapy", 0, 16),
            Finding("meeting", ("video",), "video", 30, 35),
            Finding("max_fee", ("200",), "under $200", 36, 46),
            Finding("modality", ("emdr",), "not EMDR", 0, 0, applied=False, because="negated"),
        ),
        concepts=(Concept("panic", 1.0, "panic", 21, 26, "name"),),
        text="stop",
        corrected=(Correction("cognitve", "cognitive", 0, 8),),
    )
    assert _why(q, understood) == [
        ("modality", "cbt", "cognitve therapy", "typo"),
        ("meeting", "video", "video", "filter"),
        ("max_fee", None, "under $200", "filter"),
        ("concern", "anxiety", "panic", "related"),
        ("modality", "cbt", "panic", "evidence"),
        ("bio", None, "stop", "text"),
    ]


def test_a_synonym_is_one() -> None:
    q = "talk with worry"
    understood = Understanding(
        q,
        findings=(Finding("meeting", ("video",), "online face to face", 0, 4),),
        concepts=(Concept("anxiety", 0.8, "worry", 10, 15, "synonym"),),
    )
    assert _why(q, understood) == [
        ("meeting", "video", "online face to face", "synonym"),
        ("concern", "anxiety", "worry", "synonym"),
        ("modality", "cbt", "worry", "evidence"),
    ]
    request = replace(search_request.SearchRequest(TODAY, q), understood=understood)
    evidence = _explained(SOMEONE, request)[-1]
    assert evidence["concern"] == "anxiety"
    assert {"strength", "source", "date"} < evidence.keys()
    assert _why(q, understood, SILENT) == []
