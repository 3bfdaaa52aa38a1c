"""What requests mean, by examples with the answers written out: the engines and the oracle must both give them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import pytest

from directory import places, search_request
from directory.engines.base import Engine
from directory.plan import plan
from directory.profile import Fee, Grant, Location, Profile
from tests import conformance
from tests.conftest import NewEngine
from tests.oracle import Oracle

TODAY = date(2026, 11, 23)


def person(id_: str, **stated: Any) -> Profile:
    """Someone who states only this."""
    return Profile(id=id_, name=stated.pop("name", id_), **stated)


def license_(state: str, **more: Any) -> Grant:
    return Grant("license", state, "1", **more)


def placed(zip5: str) -> Location:
    lat, lon = places.zip_point(zip5) or (None, None)
    return Location(zip=zip5, lat=lat, lon=lon, state="TX")


REGISTERED = Grant("telehealth_registration", "TX", "2", "active")
PEOPLE = (
    # Where they may see a client
    person("both", meeting=("in_person", "video"), remote=True, grants=(license_("TX"),)),
    person("both_registered", meeting=("in_person", "video"), remote=True, grants=(REGISTERED,)),
    person("elsewhere", meeting=("video",), remote=True, grants=(license_("NY"),)),
    person("ended", meeting=("video",), remote=True, grants=(license_("TX", expires_on=date(2026, 11, 22)),)),
    person("says_remote", remote=True, grants=(REGISTERED,)),
    person("room", meeting=("in_person",), remote=False, grants=(license_("TX"),)),
    person("silent", grants=(license_("TX", expires_on=TODAY),)),
    person("video", meeting=("video", "phone"), remote=True, grants=(license_("TX"),)),
    # What they cost
    person("fee_80", fee=Fee(session=80)),
    person("fee_81", fee=Fee(session=81)),
    person("fee_sliding", fee=Fee(session=150, sliding_low=60), sliding_scale=True),
    person("fee_first_visit", fee=Fee(first_visit=10)),
    # How long they have practised, and when that was confirmed
    person("since_2016", experience_since=2016, verified_on=date(2026, 8, 25)),
    person("since_2017", experience_since=2017, verified_on=date(2026, 8, 24)),
    # Where they are
    person("near", locations=(placed("09001"), placed("78745"))),
    person("nearer", locations=(placed("10001"), placed("78701"))),
    person("unplaced", locations=(placed("09001"),)),
    person("far", locations=(placed("10001"),)),
    # When they are free
    person("free_today", next_available=TODAY),
    person("free_yesterday", next_available=TODAY - timedelta(days=1)),
    person("free_tomorrow", next_available=TODAY + timedelta(days=1)),
    # What they do, and their names
    person(
        "word_bio", name="Zoë Ångström", family="Ångström", given="Zoë", bio="Help with grief.", concerns=("anxiety",)
    ),
    person("word_name", name="Grief O'Brien", family="O'Brien", given="Grief", modalities=("cbt", "dbt")),
)


@pytest.fixture(scope="module")
def engine(new_engine: NewEngine) -> Engine:
    """An engine with these people."""
    made = new_engine("meaning")
    conformance.build(made, PEOPLE)
    return made


@dataclass(frozen=True, slots=True)
class Answer:
    """What was found: ids in order, counts above zero, who states nothing, and whom `include_unknown` would add."""

    ids: list[str]
    counts: dict[str, dict[str, int]]
    silent: dict[str, int]
    unknown: dict[str, int]
    total: int


Ask = Callable[[str], Answer]


def _above_zero(counts: Mapping[str, int]) -> dict[str, int]:
    return {code: count for code, count in counts.items() if count}


@pytest.fixture(scope="module")
def ask(engine: Engine) -> Ask:
    """Answers a query string, once engine and oracle agree: what is written here binds both."""
    oracle = Oracle(PEOPLE)

    def answer(query: str) -> Answer:
        request = search_request.parse(f"{query}&page_size=100".encode(), TODAY)
        result, expected = engine.search(plan(request)), oracle.search(request)
        found = Answer(
            [h.profile.id for h in result.hits],
            {n: _above_zero(f.counts) for n, f in result.facets.items()},
            {n: f.not_stated for n, f in result.facets.items()},
            dict(result.unknown),
            result.total,
        )
        ids = list(expected.ids)
        assert found == Answer(
            ids if expected.ordered or set(ids) != set(found.ids) else found.ids,
            {n: _above_zero(f) for n, f in expected.facets.items()},
            dict(expected.not_stated),
            dict(expected.unknown),
            expected.total,
        )
        return found

    return answer


STATE = [
    ("state=TX", "both both_registered room says_remote silent video"),
    ("state=NY", "elsewhere"),
    ("state=TX&meeting=in_person", "both room"),
    ("state=TX&meeting=video", "both both_registered video"),
    ("state=TX&meeting=phone&meeting=in_person", "both room video"),
    ("state=TX&meeting=video&include_unknown=meeting", "both both_registered says_remote silent video"),
    ("state=TX&meeting=in_person&include_unknown=meeting", "both room silent"),
    ("state=TX&remote=true", "both both_registered says_remote video"),
    ("state=TX&remote=false", "room"),
    ("state=TX&remote=true&include_unknown=remote", "both both_registered says_remote silent video"),
    ("state=TX&remote=false&include_unknown=remote", "room silent"),
    ("state=TX&meeting=in_person&remote=true", "both"),
    ("state=TX&meeting=video&include_unknown=state", "both both_registered video"),
    ("state=NY&remote=false", ""),
]
OTHERS = [
    ("max_fee=80", "fee_80 fee_sliding"),
    ("max_fee=79", "fee_sliding"),
    ("max_fee=59", ""),
    ("min_experience=10", "since_2016"),
    ("min_experience=9", "since_2016 since_2017"),
    ("verified_within=90", "since_2016"),
    ("verified_within=91", "since_2016 since_2017"),
    ("near=78704", "near nearer"),
    ("near=78704&radius=3", "nearer"),
    ("near=10001&radius=1", "far nearer"),
    ("near=78704&include_unknown=near&sliding_scale=true", "fee_sliding"),
    ("office_state=TX", "far near nearer unplaced"),
    ("modality=cbt&modality=emdr", "word_name"),
    ("modality=cbt&concern=anxiety", ""),
    ("modality=cbt&concern=anxiety&include_unknown=concern", "word_name"),
    ("modality=cbt&concern=anxiety&include_unknown=concern&include_unknown=modality&q=grief", "word_bio word_name"),
    ("q=grief", "word_bio word_name"),
    ("q=obrien", "word_name"),
    ("q=angstrom+grief", "word_bio"),
    ("q=dialectical", "word_name"),
    ("q=anxiety", "word_bio"),
    ("q=...&modality=cbt", "word_name"),
    ("q=nosuchword", ""),
]


@pytest.mark.parametrize(("query", "ids"), STATE + OTHERS)
def test_who_is_found(ask: Ask, query: str, ids: str) -> None:
    found = ask(query)
    assert sorted(found.ids) == ids.split()
    assert found.total == len(ids.split())


def test_include_unknown_of_the_state_adds_those_without_any_grant(ask: Ask) -> None:
    without = {p.id for p in PEOPLE if not p.grants}
    assert set(ask("state=TX&include_unknown=state").ids) == without | set(ask("state=TX").ids)


def test_counts_under_a_state_go_by_way(ask: Ask) -> None:
    found = ask("state=TX")
    assert found.counts["meeting"] == {"in_person": 2, "video": 3, "phone": 1}
    assert found.counts["remote"] == {"true": 4, "false": 1}
    assert (found.silent["meeting"], found.silent["remote"]) == (2, 1)
    assert found.unknown == {"state": sum(not p.grants for p in PEOPLE)}


def test_counts_of_one_way_keep_the_other_filter(ask: Ask) -> None:
    found = ask("state=TX&meeting=in_person")
    # Each count of `remote` is for both: a room, and the way of `remote`.
    assert found.counts["remote"] == {"true": 1, "false": 1}
    assert found.counts["meeting"] == {"in_person": 2, "video": 3, "phone": 1}
    assert (found.silent["meeting"], found.silent["remote"]) == (2, 0)


@pytest.mark.parametrize("query", [q for q, _ in STATE + OTHERS])
def test_a_click_finds_the_number_that_was_promised(ask: Ask, query: str) -> None:
    found = ask(query)
    for facet in ("meeting", "remote", "modality"):
        own = (f"{facet}=", f"include_unknown={facet}")
        rest = "&".join(part for part in query.split("&") if not part.startswith(own))
        for code, count in found.counts[facet].items():
            assert ask(f"{rest}&{facet}={code}").total == count
            # Where somebody may be seen hangs on the way asked for, also for who states none.
            if facet == "modality" or "state=" not in query.replace("office_state=", ""):
                wider = ask(f"{rest}&{facet}={code}&include_unknown={facet}")
                assert wider.total == count + found.silent[facet]


@pytest.mark.parametrize(
    ("query", "unknown"),
    [
        ("max_fee=80&sliding_scale=true", {"max_fee": 0}),
        ("max_fee=80", {"max_fee": len(PEOPLE) - 3}),
        ("max_fee=80&include_unknown=max_fee", {"max_fee": len(PEOPLE) - 3}),
        ("near=78704&office_state=TX", {"near": 1}),
        ("min_experience=10&verified_within=91", {"min_experience": 0, "verified_within": 0}),
        ("q=grief&min_experience=10", {"min_experience": 2}),
        ("modality=cbt", {}),
    ],
)
def test_how_many_include_unknown_would_add(ask: Ask, query: str, unknown: dict[str, int]) -> None:
    assert ask(query).unknown == unknown


@pytest.mark.parametrize(
    ("query", "first"),
    [
        ("sort=fee", "fee_sliding fee_80 fee_81 both both_registered"),
        ("sort=soonest", "free_today free_tomorrow both both_registered"),
        ("sort=verified", "since_2016 since_2017 both both_registered"),
        ("sort=distance&near=78704&include_unknown=near", "nearer near both both_registered"),
        ("sort=distance&near=78704&radius=500&include_unknown=near", "nearer near both both_registered"),
        ("sort=name&q=grief", "word_bio word_name"),
        ("sort=name", "word_bio both both_registered elsewhere ended far fee_80"),
        ("", "since_2016 since_2017"),
    ],
)
def test_the_order_with_not_stated_last_and_ties_by_id(ask: Ask, query: str, first: str) -> None:
    assert ask(query).ids[: len(first.split())] == first.split()


def test_equals_take_turns_from_day_to_day(engine: Engine) -> None:
    def order(day: date) -> list[str]:
        result = engine.search(plan(search_request.parse(b"page_size=100&facets=none", day)))
        return [h.profile.id for h in result.hits]

    assert order(TODAY) == order(TODAY)
    assert order(TODAY) != order(TODAY + timedelta(days=1))
    assert order(TODAY)[2:] != sorted(order(TODAY)[2:])


def test_only_the_facets_asked_for_are_counted(ask: Ask) -> None:
    assert set(ask("facets=times&facets=meeting").counts) == {"times", "meeting"}
    assert ask("facets=none").counts == {}


def test_the_same_request_has_the_same_plan() -> None:
    query = b"q=grief&state=TX&meeting=video&near=78704&include_unknown=near&max_fee=80&page=3&page_size=7"
    request = search_request.parse(query, TODAY)
    assert plan(request) == plan(search_request.parse(query, TODAY))
    assert (plan(request).offset, plan(request).limit, plan(request).day) == (14, 7, TODAY.toordinal())
