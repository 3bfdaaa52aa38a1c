"""What was counted in a generation is not asked of Elasticsearch again, and nothing of another generation is used."""

from __future__ import annotations

from datetime import UTC, date, datetime

from directory.engines.base import FacetCount, Generation
from directory.engines.elastic_known import Counted, Known
from directory.plan import SearchPlan, plan
from directory.search_request import parse

FIRST = Generation("providers-00000000-20260101t000000z-0000", datetime(2026, 1, 1, tzinfo=UTC), 10, "0")
SECOND = Generation("providers-00000000-20260101t000000z-0001", datetime(2026, 1, 1, tzinfo=UTC), 20, "0")


def asked(query: str, today: date) -> SearchPlan:
    """The plan of a query string."""
    return plan(parse(query.encode(), today))


def counted(of: SearchPlan, total: int) -> Counted:
    """Made-up counts of everything in a plan."""
    return Counted({f.name: FacetCount({}, total) for f in of.facets}, dict.fromkeys(of.unknown, total), total)


def test_counts_come_back_for_the_same_filters_in_the_same_generation(today: date) -> None:
    known, first = Known(), asked("concern=anxiety&max_fee=100", today)
    assert known.recall(FIRST, first) == Counted({}, {}, None)
    known.learn(FIRST, first, counted(first, 7))
    assert known.recall(FIRST, asked("max_fee=100&concern=anxiety&page=3&sort=fee", today)) == counted(first, 7)
    assert known.recall(SECOND, first) == Counted({}, {}, None)
    other = known.recall(FIRST, asked("concern=grief&max_fee=100", today))
    # Without its own selection the facet is counted among the same people.
    assert (other.facets, other.total) == ({"concern": FacetCount({}, 7)}, None)


def test_counts_under_a_state_are_those_of_its_day(today: date) -> None:
    known, first = Known(), asked("state=TX", today)
    known.learn(FIRST, first, counted(first, 3))
    assert known.recall(FIRST, asked("state=TX", today)) == counted(first, 3)
    other = known.recall(FIRST, asked("state=TX", date(2030, 1, 1)))
    assert (other.facets, other.unknown, other.total) == ({}, {"state": 3}, None)


def test_everybody_is_known_without_asking(today: date) -> None:
    assert Known().recall(SECOND, asked("", today)) == Counted({}, {}, 20)
