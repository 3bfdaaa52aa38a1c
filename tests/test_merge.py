"""One provider from several words: whose word counts, what adds up, what is kept of the others, what is a conflict."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from directory.profile import Fee, Grant, Location, Network, OtherWord, Profile, Provenance, as_stored
from directory.provenance import GROUPS
from indexer.duplicates import Duplicates, keys
from indexer.merge import PRECEDENCE, Conflict, merge
from indexer.normalize import settle
from indexer.words import pack, unpack
from tests import profiles as made

AUSTIN = Location("Austin", "TX", "78704", 30.24, -97.77)
DALLAS = Location("Dallas", "TX", "75201", 32.79, -96.8)
NPPES = Provenance("NPPES", date(2024, 1, 5), "self-reported")
PLAN = Provenance("Plan", date(2026, 2, 1), "published by the plan")
OWN = Provenance("own profile", date(2026, 10, 1), "self-reported")

REGISTER = Profile(
    "npi:1", "Ana Maria Rivera", "1", "Rivera", "Ana Maria", provider_type="therapist", provider_types=("therapist",),
    gender="female", verified_on=date(2024, 1, 5), phone="+1 512 555 0142", locations=(AUSTIN,),
    grants=(Grant("license", "TX", "123", "listed", "NPPES", date(2024, 1, 5)),),
    provenance={"identity": NPPES, "license": NPPES, "location": NPPES},
)  # fmt: skip
ITSELF = Profile(
    "npi:1", "Ana Rivera", "1", "Rivera", "Ana", modalities=("cbt",), meeting=("video",), remote=True,
    fee=Fee(120), verified_on=date(2026, 10, 1), accepting="no", accepting_as_of=date(2026, 1, 1),
    provenance={"identity": OWN, "practice": OWN, "remote": OWN, "cost": OWN, "availability": OWN},
)  # fmt: skip
LISTED = Profile(
    "npi:1", "Anna Rivers", "1", "Rivers", "Anna", languages=("en", "es"), insurers=("aetna",), payment=("insurance",),
    networks=(Network("Aetna Open", "aetna", None, "Plan", date(2026, 2, 1)),), accepting="yes",
    accepting_as_of=date(2026, 2, 1), phone="+1 512 555 0199", locations=(replace(AUSTIN, street="1 Elm St"), DALLAS),
    provenance={"identity": PLAN, "practice": PLAN, "network": PLAN, "availability": PLAN, "location": PLAN},
)  # fmt: skip
WORDS = {"nppes": REGISTER, "plan_net": LISTED, "profiles": ITSELF}


def test_one_word_needs_no_merge() -> None:
    assert merge({"nppes": REGISTER}).profile is REGISTER


def test_every_group_has_its_order() -> None:
    assert list(PRECEDENCE) == list(GROUPS)
    assert len({frozenset(order) for order in PRECEDENCE.values()}) == 1


def test_the_weightiest_word_counts_group_by_group() -> None:
    found = merge(WORDS).profile
    assert (found.name, found.family, found.given) == ("Ana Rivera", "Rivera", "Ana")
    assert (found.gender, found.provider_types, found.modalities) == ("female", ("therapist",), ("cbt",))
    assert (found.languages, found.insurers, found.networks) == (("en", "es"), ("aetna",), LISTED.networks)
    assert (found.phone, found.fee, found.grants) == (LISTED.phone, ITSELF.fee, REGISTER.grants)
    assert found.verified_on == date(2026, 10, 1)
    # Said last, a month after they said no themselves.
    assert (found.accepting, found.accepting_as_of) == ("yes", date(2026, 2, 1))
    # The plan knows the street in the ZIP that the register has.
    assert found.locations == LISTED.locations


def test_who_else_spoke_is_kept() -> None:
    said = merge(WORDS).profile.provenance
    assert said["identity"] == replace(
        OWN,
        others=(
            OtherWord("NPPES", date(2024, 1, 5), "self-reported"),
            OtherWord("Plan", date(2026, 2, 1), "published by the plan", ("name",)),
        ),
    )
    assert said["location"].others == (OtherWord("NPPES", date(2024, 1, 5), "self-reported", ("phone",)),)
    assert said["availability"] == replace(
        PLAN, others=(OtherWord("own profile", date(2026, 10, 1), "self-reported", ("accepting",)),)
    )
    assert said["cost"].source == "own profile"


def test_conflicts_name_group_and_sources() -> None:
    assert set(merge(WORDS).conflicts) == {
        Conflict("identity", "profiles", "plan_net"),
        Conflict("location", "plan_net", "nppes"),
        Conflict("availability", "plan_net", "profiles"),
    }


def test_places_are_listed_once() -> None:
    elm, oak = replace(AUSTIN, street="1 Elm St"), replace(AUSTIN, street="2 Oak St")
    for first, second, found in (
        ((AUSTIN,), (AUSTIN, DALLAS), (AUSTIN, DALLAS)),
        ((elm,), (AUSTIN,), (elm,)),
        ((AUSTIN,), (elm,), (elm,)),
        ((elm,), (replace(elm, street="1 ELM ST"), oak), (elm, oak)),
        ((Location("Austin", "TX"),), (Location("AUSTIN", "TX"),), (Location("Austin", "TX"),)),
    ):
        words = {"plan_net": replace(LISTED, locations=first), "nppes": replace(REGISTER, locations=second)}
        assert merge(words).profile.locations == found


def test_what_a_board_says_of_a_license_is_kept_beside_what_they_say() -> None:
    board = Grant("license", "TX", "1-23", "revoked", "board", date(2026, 5, 1))
    found = merge({"nppes": REGISTER, "profiles": replace(ITSELF, grants=(board,))})
    assert found.profile.grants == (board, *REGISTER.grants)
    assert found.profile.license_states == ()
    assert Conflict("license", "profiles", "nppes") in found.conflicts


@pytest.mark.parametrize(
    ("own", "plan", "shown"),
    [
        ({"sliding_scale": False}, {"fee": Fee(100, sliding_low=50)}, {"sliding_scale": False, "fee": None}),
        ({"sliding_scale": False}, {"payment": ("sliding_scale",)}, {"sliding_scale": False, "payment": ()}),
        ({"fee": Fee(100, sliding_low=50)}, {"sliding_scale": False}, {"sliding_scale": True}),
        ({"remote": False}, {"meeting": ("video",)}, {"remote": False, "meeting": ()}),
        ({"meeting": ("video",)}, {"remote": False}, {"remote": True, "meeting": ("video",)}),
        ({"meeting": ("in_person",)}, {"remote": True}, {"remote": False, "meeting": ("in_person",)}),
    ],
)
def test_of_two_words_that_exclude_each_other_the_weaker_is_left_out(
    own: dict[str, object], plan: dict[str, object], shown: dict[str, object]
) -> None:
    bare = Profile("npi:1", "Ana Rivera", "1")
    words = {"profiles": settle(replace(bare, **own)), "plan_net": settle(replace(bare, **plan))}  # type: ignore[arg-type]
    found = merge(words)
    assert {name: getattr(found.profile, name) for name in shown} == shown
    assert [(c.shown, c.other) for c in found.conflicts] == [("profiles", "plan_net")]


_PEOPLE = made.profiles(60, 4, date(2026, 11, 23))


@given(st.lists(st.sampled_from(_PEOPLE), min_size=2, max_size=4))
def test_any_words_make_one_settled_provider(people: list[Profile]) -> None:
    words = {
        source: replace(person, id="npi:1", npi="1")
        for source, person in zip(("profiles", "nppes", "plan_net", "qhp"), people, strict=False)
    }
    found = merge(words)
    assert settle(found.profile) == found.profile
    assert merge(dict(reversed(words.items()))) == found
    for group in found.profile.provenance:
        assert len(found.profile.provenance[group].others) < len(words)
    assert len(set(found.conflicts)) == len(found.conflicts)


def test_words_are_kept_as_they_are() -> None:
    words = {"profiles": b'{"id":"npi:1","name":"\xc3\x91"}', "nppes": b'{"x":[1,2.5,null]}'}
    assert unpack(pack(words)) == words
    assert (pack({}), unpack(b""), unpack(None)) == (b"", {}, {})


# The same person twice?


def _person(id_: str, *numbers: str, name: str = "Ana Rivera", state: str = "TX") -> Profile:
    given_name, family = name.split()
    grants = tuple(Grant("license", state, n) for n in numbers)
    return Profile(id_, name, family=family, given=given_name, grants=grants)


def test_who_shares_name_and_license_may_be_the_same() -> None:
    found = Duplicates()
    for person in (
        _person("a:1", "12-3", "9"),
        _person("a:2", "123", name="ANA RIVERA"),
        _person("a:3", "123", state="OK"),
        _person("a:4", "123", name="Ana Rios"),
        _person("a:5"),
        _person("a:6"),
    ):
        found.add(person.id, keys(as_stored(person)))
    assert found.found() == {"groups": 1, "providers": 2, "examples": [["a:1", "a:2"]]}
    later = Duplicates(found.memory())
    for person in (_person("a:2", "777", name="Ana Rivera"), _person("a:7", "9")):
        later.add(person.id, keys(as_stored(person)))
    assert later.found() == {"groups": 1, "providers": 2, "examples": [["a:1", "a:7"]]}
    later.remove("a:1")
    assert later.found()["groups"] == 0


def test_two_statements_of_one_license_are_no_two_people() -> None:
    person = _person("a:1", "123", "12-3")
    assert len(list(keys(as_stored(person)))) == 1
    found = Duplicates()
    found.add(person.id, keys(as_stored(person)))
    assert found.found()["groups"] == 0
