"""Who may see a client where: the whole matrix of kind, status, expiry and way."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from directory.licensure import (
    COMPACTS,
    GRANT_KINDS,
    GRANT_STATUSES,
    IN_PERSON,
    NO_END,
    REMOTE,
    WAYS,
    eligibility,
    good_until,
    ways_of,
)
from directory.profile import Grant, Profile

TODAY = date(2026, 11, 23)
YESTERDAY, TOMORROW = TODAY - timedelta(days=1), TODAY + timedelta(days=1)

COVERED = {
    ("license", None): WAYS,
    ("telehealth_registration", None): (REMOTE,),
    ("compact_privilege", "psypact"): (REMOTE,),
    ("compact_privilege", "counseling"): WAYS,
    ("compact_privilege", "social_work"): WAYS,
    ("compact_privilege", "unheard_of"): (),
    ("compact_privilege", None): (),
}
"""The ways that a kind of grant covers."""

STANDING = {
    ("active", None): "yes",
    ("active", TOMORROW): "yes",
    ("active", TODAY): "yes",
    ("active", YESTERDAY): "no",
    ("listed", None): "listed",
    ("listed", TOMORROW): "listed",
    ("listed", TODAY): "listed",
    ("listed", YESTERDAY): "no",
    **{(status, day): "no" for status in ("expired", "revoked") for day in (None, YESTERDAY, TODAY, TOMORROW)},
}
"""What a grant of a status and last day says today, for the ways that it covers."""


def ways(*grants: Grant, state: str = "TX") -> tuple[str, str]:
    """(in person, remote) of the eligibility in `state` today."""
    found = eligibility(grants, state, TODAY)
    return found[IN_PERSON], found[REMOTE]


@pytest.mark.parametrize(("kind", "standing"), list(product(COVERED, STANDING)))
def test_one_grant(kind: tuple[str, str | None], standing: tuple[str, date | None]) -> None:
    grant = Grant(kind[0], "TX", "1", standing[0], expires_on=standing[1], compact=kind[1])
    wanted = tuple(STANDING[standing] if way in COVERED[kind] else "not_verified" for way in WAYS)
    assert ways(grant) == wanted
    assert ways(grant, state="NY") == ("not_verified", "not_verified")


def test_the_matrix_is_whole() -> None:
    assert {kind for kind, _ in COVERED} == set(GRANT_KINDS)
    assert {compact for _, compact in COVERED} > set(COMPACTS)
    assert {status for status, _ in STANDING} == set(GRANT_STATUSES)


def test_nothing_known_is_not_verified() -> None:
    assert eligibility((), "TX", TODAY) == {
        "state": "TX", IN_PERSON: "not_verified", REMOTE: "not_verified", "because": [],
    }  # fmt: skip


def test_the_best_grant_counts() -> None:
    listed, active = Grant("license", "TX", "1"), Grant("license", "TX", "2", "active")
    revoked = Grant("license", "TX", "3", "revoked")
    assert ways(revoked, listed) == ("listed", "listed")
    assert ways(revoked, listed, active) == ("yes", "yes")
    assert ways(listed, Grant("telehealth_registration", "TX", "4", "active")) == ("listed", "yes")


@pytest.mark.parametrize("status", ["expired", "revoked"])
def test_a_board_overrules_a_self_report_of_the_same_grant(status: str) -> None:
    listed = Grant("license", "TX", "LCS-123")
    assert ways(listed, Grant("license", "TX", "lcs 123", status)) == ("no", "no")
    for other in (
        Grant("license", "TX", "124", status),
        Grant("license", "NY", "LCS-123", status),
        Grant("telehealth_registration", "TX", "LCS-123", status),
    ):
        assert ways(listed, other)[0] == "listed"


def test_a_confirmation_that_has_ended_ends_the_self_report_too() -> None:
    listed = Grant("license", "TX", "1")
    assert ways(listed, Grant("license", "TX", "1", "active", expires_on=YESTERDAY)) == ("no", "no")
    assert ways(listed, Grant("license", "TX", "1", "active", expires_on=TOMORROW)) == ("yes", "yes")


def test_privileges_of_two_compacts_are_two_grants() -> None:
    listed = Grant("compact_privilege", "TX", compact="counseling")
    revoked = Grant("compact_privilege", "TX", None, "revoked", compact="psypact")
    assert ways(listed, revoked) == ("listed", "listed")


def test_because_says_what_is_known_and_from_whom() -> None:
    grants = (
        Grant("license", "TX", "77", source="NPPES", checked_on=date(2026, 9, 30)),
        Grant("license", "TX", "78", "active", "board", expires_on=YESTERDAY),
        Grant("compact_privilege", "TX", None, "revoked", compact="psypact"),
        Grant("license", "NY", "79"),
    )
    assert eligibility(grants, "TX", TODAY)["because"] == [
        "license TX 77 (self-reported, NPPES, 2026-09-30)",
        "license TX 78 (expired 2026-11-22, board)",
        "compact privilege TX (revoked)",
    ]


def test_an_unknown_compact_covers_nothing() -> None:
    assert ways_of(Grant("compact_privilege", "TX", compact="imlc")) == ()


grants = st.lists(
    st.builds(
        Grant,
        kind=st.sampled_from(GRANT_KINDS),
        jurisdiction=st.sampled_from(["TX", "NY"]),
        number=st.sampled_from(["1", " 1", "2", None]),
        status=st.sampled_from(GRANT_STATUSES),
        expires_on=st.none() | st.dates(YESTERDAY, TOMORROW),
        compact=st.sampled_from([*COMPACTS, "other", None]),
    ),
    max_size=5,
)


@given(grants, st.dates(YESTERDAY - timedelta(days=1), TOMORROW + timedelta(days=1)))
def test_what_engines_index_says_the_same_on_every_day(held: list[Grant], day: date) -> None:
    until = good_until(held)
    for way, state in product(WAYS, ("TX", "NY")):
        last = until[way].get(state)
        good = last is not None and day <= last
        assert good == (eligibility(held, state, day)[way] in ("yes", "listed"))
        assert last is None or last == NO_END or last <= TOMORROW


def test_a_license_that_a_board_ended_is_listed_no_more() -> None:
    reported = Grant("license", "TX", "LPC-123", source="NPPES")
    ended = Grant("license", "TX", "lpc 123", status="revoked", source="board")
    other = Grant("license", "NM", "9")
    assert Profile(id="x:1", name="A", grants=(reported, other)).license_states == ("NM", "TX")
    assert Profile(id="x:1", name="A", grants=(reported, ended, other)).license_states == ("NM",)


@pytest.mark.parametrize(
    ("ended_on", "standing"),
    [(date(2026, 9, 1), "no"), (date(2026, 3, 1), "no"), (None, "no"), (date(2026, 1, 1), "yes")],
)
def test_an_end_takes_a_confirmation_back_unless_it_is_older(ended_on: date | None, standing: str) -> None:
    confirmed = Grant("license", "TX", "123", status="active", source="board", checked_on=date(2026, 3, 1))
    ended = Grant("license", "TX", "123", status="revoked", source="board", checked_on=ended_on)
    for grants in ((confirmed, ended), (ended, confirmed)):
        assert eligibility(grants, "TX", date(2026, 11, 23))["in_person"] == standing
        assert ("TX" in good_until(grants)["in_person"]) == (standing == "yes")
