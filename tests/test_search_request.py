"""A query string becomes one request, or every mistake in it is named at once."""

from __future__ import annotations

from datetime import date, timedelta
from urllib.parse import quote, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from directory.cursor import Cursor
from directory.errors import BadRequest, ParameterError
from directory.facets import FACET
from directory.parameters import PARAMETERS
from directory.search_request import SearchRequest, parse, parse_leniently
from directory.text import words
from tests.profiles import profiles
from tests.strategies import Search, searches

TODAY = date(2026, 11, 23)
MADE = profiles(60, 7, TODAY)


def mistakes(query: str | bytes) -> dict[str, ParameterError]:
    """The mistakes of a query string by parameter; no parameter may be named twice."""
    with pytest.raises(BadRequest) as caught:
        parse(query if isinstance(query, bytes) else query.encode(), TODAY)
    errors = caught.value.errors
    assert len({e.parameter for e in errors}) == len(errors)
    assert all(e.message for e in errors)
    assert caught.value.status == 400
    return {e.parameter: e for e in errors}


def cursor(query: str, today: date = TODAY) -> Cursor:
    """A cursor as an answer to `query` gives it."""
    request = parse(query.encode(), today)
    return Cursor(
        "providers-1a2b3c4d-20261123t010203z-9f3c", tuple(request.to_args(everything=False)), (1,), "npi:1", today
    )


def going_on(query: str, **args: object) -> str:
    """The query string that goes on after an answer to `query`."""
    return urlencode({"after": cursor(query).token(), **args}, doseq=True)


def test_nothing_asked_is_everything() -> None:
    request = parse(b"", TODAY)
    assert request == SearchRequest(TODAY)
    assert (request.page, request.page_size, request.radius, request.sort) == (1, 20, 25, "relevance")
    assert request.facets == frozenset(FACET)
    assert request.understand


def test_everything_asked() -> None:
    request = parse(
        b"q=sleep&modality=dbt&modality=cbt&modality=cbt&remote=true&state=TX&office_state=NY&near=78704&radius=10"
        b"&max_fee=80&min_experience=5&verified_within=90&include_unknown=max_fee&include_unknown=modality"
        b"&sort=distance&page=2&page_size=50&facets=modality&understand=false",
        TODAY,
    )
    assert dict(request.selected) == {"modality": ("cbt", "dbt"), "remote": ("true",)}
    assert (request.state, request.office_state, request.radius) == ("TX", "NY", 10)
    assert (request.max_fee, request.min_experience, request.verified_within) == (80, 5, 90)
    assert request.include_unknown == {"max_fee", "modality"}
    assert (request.sort, request.page, request.page_size, request.offset) == ("distance", 2, 50, 50)
    assert request.facets == {"modality"}
    assert not request.understand


@pytest.mark.parametrize(
    ("query", "parameter", "value", "suggestion"),
    [
        ("modalty=cbt", "modalty", "cbt", "modality"),
        ("pagesize=5", "pagesize", "5", "page_size"),
        ("fee=80", "fee", "80", "max_fee"),
        ("utm_source=x", "utm_source", "x", None),
        ("foo=1", "foo", "1", None),
        ("=1", "", "1", None),
        ("modality=cbd", "modality", "cbd", "cbt"),
        ("concern=anxeity", "concern", "anxeity", "anxiety"),
        ("modality=CBT", "modality", "CBT", "cbt"),
        ("language=english", "language", "english", "en"),
        ("state=Texas", "state", "Texas", "TX"),
        ("state=tx", "state", "tx", "TX"),
        ("remote=yes", "remote", "yes", None),
        ("sort=distanc&near=78704", "sort", "distanc", "distance"),
        ("sort=distance", "sort", "distance", None),
        ("include_unknown=maxfee", "include_unknown", "maxfee", "max_fee"),
        ("include_unknown=q", "include_unknown", "q", None),
        ("facets=modalities", "facets", "modalities", "modality"),
        ("facets=none&facets=modality", "facets", "none", None),
        ("page=0", "page", "0", None),
        ("page=1.5", "page", "1.5", None),
        ("page=501", "page", "501", None),
        ("page=101&page_size=100", "page", "101", None),
        ("page_size=0", "page_size", "0", None),
        ("page_size=1000", "page_size", "1000", None),
        ("radius=10", "radius", "10", None),
        ("radius=-1&near=78704", "radius", "-1", None),
        ("radius=0&near=78704", "radius", "0", None),
        ("radius=501&near=78704", "radius", "501", None),
        ("near=99999", "near", "99999", None),
        ("near=99999&radius=10&sort=distance", "near", "99999", None),
        ("near=Huston, TX", "near", "Huston, TX", "Houston, TX"),
        (f"near={quote('７８７０４')}", "near", "７８７０４", None),
        ("max_fee=abc", "max_fee", "abc", None),
        ("max_fee=-5", "max_fee", "-5", None),
        ("max_fee=1e3", "max_fee", "1e3", None),
        (f"max_fee={quote('８０')}", "max_fee", "８０", None),
        ("max_fee=" + "9" * 30, "max_fee", "9" * 30, None),
        ("min_experience=0", "min_experience", "0", None),
        ("min_experience=61", "min_experience", "61", None),
        ("verified_within=3651", "verified_within", "3651", None),
        ("understand=maybe", "understand", "maybe", None),
        ("after=abc", "after", "abc", None),
        ("after=abc&sort=distance&radius=3", "after", "abc", None),
        ("state=TX&state=NY", "state", "NY", None),
        ("remote=true&remote=false", "remote", "false", None),
        ("near=78704&near=78701&radius=5&sort=distance", "near", "78701", None),
        ("q=a&q=b&q=c", "q", "b", None),
        ("q=%00", "q", "�", None),
        ("q=a%1Bb", "q", "a�b", None),
        ("state=T%00X", "state", "T�X", None),
        ("q=%ff", "q", "�", None),
        ("modality=%C3%28", "modality", "�(", None),
        ("q=%ED%A0%80", "q", "���", None),
    ],
)  # fmt: skip
def test_one_mistake(query: str, parameter: str, value: str, suggestion: str | None) -> None:
    (error,) = mistakes(query).values()
    assert (error.parameter, error.value, error.suggestion) == (parameter, value, suggestion)


def test_a_name_that_is_not_utf8() -> None:
    (error,) = mistakes(b"%ff=1").values()
    assert "UTF-8" in error.message


def test_long_values_are_cut() -> None:
    errors = mistakes("q=" + "a" * 10_000 + "&state=" + "b" * 300 + "&" + "c" * 5_000 + "=1&near=" + "d" * 5_000)
    assert {len(e.value) for e in errors.values()} == {1, 100}
    assert all(len(name) <= 100 for name in errors)
    assert "10,000 characters" in errors["q"].message
    assert parse(b"q=" + b"a" * 200, TODAY).q == "a" * 200


def test_all_mistakes_are_named_together() -> None:
    query = (
        "foo=1&bar=2&modality=cbd&page=0&page_size=1000&radius=-1&near=99999&max_fee=abc&state=TX&state=NY&q=%00"
        "&gender=%ff&sort=best&include_unknown=all&facets=everything&after=x&understand=2&min_experience=99"
        "&verified_within=0&remote=1&office_state=ZZ"
    )
    assert set(mistakes(query)) == {
        "foo", "bar", "modality", "page", "page_size", "radius", "near", "max_fee", "state", "q", "gender", "sort",
        "include_unknown", "facets", "after", "understand", "min_experience", "verified_within", "remote",
        "office_state",
    }  # fmt: skip


def test_each_unknown_code_of_a_list_is_named() -> None:
    with pytest.raises(BadRequest) as caught:
        parse(b"concern=anxeity&concern=grief&concern=depresion", TODAY)
    assert [(e.value, e.suggestion) for e in caught.value.errors] == [
        ("anxeity", "anxiety"),
        ("depresion", "depression"),
    ]


def test_empty_values_count_as_absent() -> None:
    assert parse(b"q=&modality=&state=&state=TX&near=&page=&&=&".replace(b"&=&", b"&"), TODAY) == parse(
        b"state=TX", TODAY
    )


def test_white_space_is_folded() -> None:
    assert parse(b"q=%0A+a%09%0D%0A+b++", TODAY).q == "a b"
    assert parse(b"q=a%C2%A0b", TODAY).q == "a b"
    assert parse(b"q=a%20b&state=+TX+", TODAY).state == "TX"


def test_words_of_the_query() -> None:
    assert parse("q=O'Brien 王芳".encode(), TODAY).words == words("O'Brien 王芳")
    assert parse(b"q=...", TODAY).words == ()


def test_the_first_ten_thousand_results_can_be_paged() -> None:
    assert parse(b"page=100&page_size=100", TODAY).offset == 9_900
    assert parse(b"page=10000&page_size=1", TODAY).offset == 9_999


def test_facets_none() -> None:
    assert parse(b"facets=none", TODAY).facets == frozenset()


@given(searches(MADE, TODAY))
def test_arguments_of_a_request_give_it_back(search: Search) -> None:
    request = parse(search.query.encode(), TODAY)
    again = parse(request.query_string().encode(), TODAY)
    assert again == request
    assert again.to_args() == request.to_args()


@given(searches(MADE, TODAY))
def test_a_walk_goes_on_with_its_request(search: Search) -> None:
    request = parse(search.query.encode(), TODAY)
    after = parse(going_on(search.query).encode(), TODAY + timedelta(days=3))
    assert after.to_args(everything=False) == request.to_args(everything=False)
    assert (after.today, after.offset) == (TODAY, 0)
    # The same parameters may stand beside it, page apart.
    given_again = [(n, v) for n, v in request.to_args() if n != "page"]
    beside = urlencode([*given_again, ("after", cursor(search.query).token())])
    assert parse(beside.encode(), TODAY).to_args(everything=False) == request.to_args(everything=False)


def test_a_walk_may_change_its_page_size_and_facets() -> None:
    after = parse(going_on("q=sleep&sort=fee", page_size=7, facets=["times", "meeting"]).encode(), TODAY)
    assert (after.page_size, after.q, after.sort) == (7, "sleep", "fee")
    assert after.facets == {"times", "meeting"}


@pytest.mark.parametrize(
    ("parameter", "value"),
    [
        ("q", "other"), ("sort", "name"), ("modality", "dbt"), ("state", "NY"), ("near", "10001"), ("radius", "26"),
        ("max_fee", "81"), ("include_unknown", "state"), ("understand", "false"), ("remote", "false"), ("page", "1"),
        ("min_experience", "1"),
    ],
)  # fmt: skip
def test_a_walk_may_change_nothing_else(parameter: str, value: str) -> None:
    walked = "q=sleep&sort=distance&modality=cbt&near=78704&max_fee=80&remote=true"
    assert set(mistakes(going_on(walked, **{parameter: value}))) == {parameter}


def test_what_needs_near_may_stand_beside_a_walk_that_has_it() -> None:
    walked = "near=78704&radius=50&sort=distance"
    assert parse(going_on(walked, radius=50, sort="distance").encode(), TODAY).radius == 50
    assert set(mistakes(going_on("", radius=50))) == {"radius"}


@pytest.mark.parametrize(
    "args",
    [
        (("page", "2"),),
        (("after", "x"),),
        (("foo", "1"),),
        (("state", "ZZ"),),
        (("radius", "9"),),
        (("q", "a"), ("q", "b")),
    ],
)
def test_a_forged_request_in_a_walk(args: tuple[tuple[str, str], ...]) -> None:
    forged = Cursor("g", args, (1,), "npi:1", TODAY)
    assert set(mistakes(urlencode({"after": forged.token()}))) == {"after"}


def test_the_website_drops_mistakes_and_keeps_the_rest() -> None:
    request, errors, unknown = parse_leniently(
        b"utm_source=x&modality=cbd&modality=cbt&max_fee=abc&state=TX&near=99999&radius=5&sort=distance&page=0", TODAY
    )
    assert {e.parameter for e in errors} == {"modality", "max_fee", "near", "page"}
    assert {e.parameter for e in unknown} == {"utm_source"}
    assert request == parse(b"modality=cbt&state=TX", TODAY)


@pytest.mark.parametrize("query", [b"sort=distance", b"sort=distance&after=x", going_on("", sort="distance").encode()])
def test_nothing_is_sorted_by_a_distance_from_nowhere(query: bytes) -> None:
    request, errors, _ = parse_leniently(query, TODAY)
    assert errors
    assert request.sort == "relevance"


VALUES = ("", "0", "1", "-1", "true", "cbt", "TX", "78704", "none", "fee", "%00", "%ff", "Austin, TX")
raw = st.lists(
    st.tuples(
        st.sampled_from([*PARAMETERS, "foo", ""]).map(str.encode) | st.binary(max_size=5),
        st.sampled_from(VALUES).map(str.encode) | st.binary(max_size=8),
    ),
    max_size=6,
)


@given(raw)
def test_whatever_is_sent_is_a_request_or_its_mistakes(pairs: list[tuple[bytes, bytes]]) -> None:
    query = b"&".join(name + b"=" + value for name, value in pairs)
    request, errors, unknown = parse_leniently(query, TODAY)
    if not errors and not unknown:
        assert parse(query, TODAY) == request
    else:
        with pytest.raises(BadRequest):
            parse(query, TODAY)
    # What is left is in order, so that the website can always search for it.
    assert parse(request.query_string().encode(), TODAY) == request
    for error in (*errors, *unknown):
        assert len(error.value) <= 100
        error.value.encode()
