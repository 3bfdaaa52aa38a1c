"""What the website says of a provider: never more than is known, and in the words of the contract."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from directory import places
from directory.engines.base import Hit
from directory.licensure import eligibility
from directory.parameters import Place
from directory.profile import Fee, Grant, Location, Profile, Provenance
from directory.search import explained
from directory.search_request import SearchRequest, parse
from directory.web_card import Price, card, kind, place, price
from directory.web_profile import json_ld, profile_page
from directory.web_reasons import why, why_not
from directory.web_standing import Said, confirmed, licenses, new_clients, standing
from directory.web_words import Link, clean, email, line, listing, paragraphs, soon, telephone, website

TODAY = date(2026, 11, 23)
SINCE = date(2026, 10, 1)


def person(**values: object) -> Profile:
    """Someone of whom only `values` are known."""
    return Profile(id="npi:1999999984", name="Maribel Okafor-Reyes", **values)  # type: ignore[arg-type]


def texts(said: tuple[Said, ...]) -> list[str]:
    """The statements with their ways, as they are read."""
    return [f"{s.way}: {s.text}" if s.way else s.text for s in said]


@pytest.mark.parametrize(
    ("grant", "text"),
    [
        (Grant("license", "TX", "1", "listed"), "Lists a Texas license"),
        (Grant("license", "TX", "1", "active", checked_on=SINCE), "May see you in Texas: license confirmed 1 Oct 2026"),
        (Grant("license", "TX", "1", "active"), "May see you in Texas: license confirmed"),
        (Grant("license", "TX", "1", "expired"), "No current Texas license known"),
        (Grant("license", "TX", "1", "revoked"), "No current Texas license known"),
        (Grant("license", "TX", "1", "active", expires_on=TODAY - timedelta(1)), "No current Texas license known"),
        (Grant("license", "OH", "1", "active"), "Texas: not verified"),
    ],
)
def test_eligibility_is_said_in_the_words_of_the_contract(grant: Grant, text: str) -> None:
    assert texts(standing(person(grants=(grant,)), "TX", TODAY)) == [text]


def test_a_state_with_a_vowel_takes_an() -> None:
    said = standing(person(grants=(Grant("license", "OH", "1", "listed"),)), "OH", TODAY)
    assert texts(said) == ["Lists an Ohio license"]
    said = standing(person(grants=(Grant("license", "UT", "1", "listed"),)), "UT", TODAY)
    assert texts(said) == ["Lists a Utah license"]


def test_ways_that_differ_are_said_apart_and_only_if_offered() -> None:
    remote_only = Grant("telehealth_registration", "FL", "T1", "active", checked_on=SINCE)
    confirmed_remote = "May see you in Florida: telehealth registration confirmed 1 Oct 2026"
    both = person(grants=(remote_only,), meeting=("in_person", "video"))
    assert texts(standing(both, "FL", TODAY)) == [
        "In person: Florida: not verified",
        f"Remote: {confirmed_remote}",
    ]
    by_video = person(grants=(remote_only,), meeting=("video",))
    assert texts(standing(by_video, "FL", TODAY)) == [confirmed_remote]


def test_a_compact_is_named_and_membership_alone_proves_nothing() -> None:
    own = Grant("compact_privilege", "TX", "A1", "active", checked_on=SINCE, compact="psypact")
    said = standing(person(grants=(own,), meeting=("video",)), "TX", TODAY)
    assert texts(said) == ["May see you in Texas: PSYPACT privilege confirmed 1 Oct 2026"]
    assert texts(standing(person(grants=(Grant("license", "OK"),)), "TX", TODAY)) == ["Texas: not verified"]


@pytest.mark.parametrize(
    ("days", "text", "tone"),
    [
        (90, "Last confirmed with NPPES 25 Aug 2026", ""),
        (91, "Last confirmed with NPPES 24 Aug 2026, not verified since", "unsure"),
        (366, "Not verified since 22 Nov 2025 (NPPES), over a year ago", "unsure"),
        (1055, "Not verified since 3 Jan 2024 (NPPES), over 2 years ago", "unsure"),
    ],
)
def test_age_of_a_confirmation_is_said_in_words(days: int, text: str, tone: str) -> None:
    when = TODAY - timedelta(days)
    said = confirmed(person(verified_on=when, provenance={"identity": Provenance("nppes", when)}), TODAY)
    assert (said.text, said.tone) == (text, tone)


def test_only_a_confirmation_by_nppes_is_said_to_be_one() -> None:
    sources = {"identity": Provenance("nppes", date(2024, 1, 3)), "fee": Provenance("profiles", SINCE)}
    said = confirmed(person(verified_on=SINCE, provenance=sources), TODAY)
    assert said.text == "Last confirmed 1 Oct 2026"


def test_a_health_plan_s_date_confirms_nothing() -> None:
    listed = {"identity": Provenance("plan_net", SINCE), "network": Provenance("plan_net", TODAY)}
    said = confirmed(person(provenance=listed), TODAY)
    assert (said.text, said.tone) == ("Listed by a health plan 23 Nov 2026, not verified", "quiet")
    both = {"identity": Provenance("NPPES", SINCE), "location": Provenance("plan_net", TODAY)}
    assert confirmed(person(verified_on=SINCE, provenance=both), TODAY).text == "Last confirmed with NPPES 1 Oct 2026"


def test_a_license_that_only_a_health_plan_lists_is_said_to_be_so() -> None:
    grant = Grant("license", "OH", "1", "listed", "plan_net", SINCE)
    assert texts(standing(person(grants=(grant,)), "OH", TODAY)) == ["A health plan lists an Ohio license"]
    assert licenses(person(grants=(grant,)), TODAY).text == "A health plan lists an Ohio license"
    own = Grant("license", "OH", "1", "listed", "NPPES")
    assert licenses(person(grants=(grant, own)), TODAY).text == "Lists an Ohio license"
    because = eligibility((grant,), "OH", TODAY)["because"]
    assert because == ["license OH 1 (listed by a health plan, plan_net, 2026-10-01)"]


@pytest.mark.parametrize(
    ("accepting", "days", "text"),
    [
        ("yes", 90, "Accepting new clients"),
        ("yes", 91, "Accepting new clients (as of 24 Aug 2026)"),
        ("waitlist", 1, "Waiting list"),
        ("no", 100, "Not accepting new clients (as of 15 Aug 2026)"),
        ("yes", None, "Accepting new clients (date not stated)"),
        (None, None, "New clients: not stated"),
    ],
)
def test_what_was_said_of_new_clients_long_ago_comes_with_its_date(
    accepting: str | None, days: int | None, text: str
) -> None:
    as_of = None if days is None else TODAY - timedelta(days)
    assert new_clients(person(accepting=accepting, accepting_as_of=as_of), TODAY).text == text


@pytest.mark.parametrize(
    ("values", "shown"),
    [
        ({}, Price("Fee not stated", known=False)),
        ({"sliding_scale": True}, Price("Fee not stated", "sliding scale offered", known=False)),
        ({"fee": Fee(session=95)}, Price("$95", "a session")),
        ({"fee": Fee(session=130, sliding_low=60), "sliding_scale": True}, Price("$60–$130", "a session, sliding")),
        ({"fee": Fee(session=1300, session_max=1500)}, Price("$1,300–$1,500", "a session")),
        ({"fee": Fee(sliding_low=0)}, Price("From $0", "a session, sliding")),
        ({"fee": Fee(first_visit=160)}, Price("$160", "first visit; later fee not stated")),
        ({"payment": ("free",)}, Price("Free")),
    ],
)
def test_the_price_is_what_was_stated(values: dict[str, object], shown: Price) -> None:
    assert price(person(**values)) == shown


def test_who_lists_a_profession_beside_another_is_not_said_to_be_it() -> None:
    assert kind(person(provider_type="therapist", provider_types=("therapist",))) == "Therapist or counselor"
    assert kind(person(provider_type="therapist", provider_types=("therapist",), primary=False)) == (
        "Also lists counseling"
    )


def test_distance_is_to_the_nearest_place_and_names_it() -> None:
    austin, new_york = places.find("78704"), places.find("10001")
    both = person(
        locations=(
            Location("New York", "NY", "10001", new_york.lat, new_york.lon),
            Location("Austin", "TX", "78704", austin.lat, austin.lon),
        )
    )
    assert texts(place(both, austin)) == ["Under a mile, Austin, TX"]
    assert texts(place(both, places.find("Dallas, TX"))) == ["185 miles, Austin, TX"]
    assert texts(place(both, None)) == ["New York, NY and Austin, TX"]
    assert texts(place(person(locations=(Location("Austin", "TX"),)), austin)) == ["Austin, TX"]


def test_reasons_name_what_matched() -> None:
    reasons: list[dict[str, Any]] = [
        {"field": "concern", "code": "insomnia", "matched": "sleep", "how": "text"},
        {"field": "concern", "code": "anxiety", "matched": "anxious", "how": "text"},
        {"field": "modality", "code": "cbt_i", "matched": "sleep", "how": "text"},
        {"field": "bio", "code": None, "matched": "sleep", "how": "text"},
    ]
    assert why(reasons) == (
        "Works with insomnia and sleep, anxiety; offers Cognitive behavioral therapy for insomnia (CBT-I); "
        "says “sleep” about their work"
    )
    assert why([]) == ""


def test_a_treatment_has_evidence_and_not_who_offers_it() -> None:
    reasons: list[dict[str, Any]] = [
        {"field": "modality", "code": "emdr", "matched": "EMDR", "how": "filter"},
        {"field": "concern", "code": "ptsd", "matched": "flashbacks", "how": "need"},
        {"field": "modality", "code": "emdr", "matched": "flashbacks", "how": "evidence", "concern": "ptsd"},
    ]
    assert why(reasons) == "Works with PTSD; offers EMDR, a treatment with evidence for PTSD"
    reasons.append({"field": "modality", "code": "cpt", "matched": "flashbacks", "how": "evidence", "concern": "ptsd"})
    assert why(reasons[2:]) == "Offers EMDR and CPT, treatments with evidence for PTSD"
    young = {**reasons[3], "code": "tf_cbt", "audience": ["child", "teen"]}
    assert why([young]) == "Offers TF-CBT (for children and teens), a treatment with evidence for PTSD"


def test_why_a_search_does_not_show_somebody_is_said_in_words() -> None:
    query = (
        b"max_fee=80&modality=dbt&state=NY&office_state=NY&near=10001&min_experience=10&verified_within=9&q=sailing"
        b"&accepting=yes"
    )
    request = parse(query, TODAY)
    silent = why_not(person(), request)
    assert set(silent) == {
        "“sailing”: not in this profile.",
        "Therapy type: not stated. You asked for Dialectical behavior therapy (DBT).",
        "New clients: not stated. You asked for Accepting new clients.",
        "No fee is stated. You asked for at most $80.",
        "No license is known, in New York or elsewhere.",
        "No office in New York is stated.",
        "No place is known. You asked for at most 25 miles.",
        "Experience is not stated. You asked for at least 10 years.",
        "Never confirmed so far. You asked for at most 9 days.",
    }
    austin = places.find("78704")
    other = person(
        fee=Fee(session=150),
        experience_since=TODAY.year - 1,
        verified_on=TODAY - timedelta(days=10),
        locations=(Location("Austin", "TX", "78704", austin.lat, austin.lon),),
        grants=(Grant("license", "TX", "1"),),
        modalities=("cbt",),
    )
    said = why_not(other, request)
    for sentence in (
        "The lowest fee stated is $150 a session. You asked for at most $80.",
        "In practice for 1 year. You asked for at least 10 years.",
        "Last confirmed 10 days ago. You asked for at most 9 days.",
        "Not known to be allowed to see someone in New York in a way that you asked for and they offer.",
        "Therapy type: Cognitive behavioral therapy (CBT). You asked for Dialectical behavior therapy (DBT).",
    ):
        assert sentence in said
    assert why_not(other, parse(b"max_fee=150&state=TX&modality=cbt", TODAY)) == ()


def test_the_profile_link_takes_the_place_along_but_not_what_troubles() -> None:
    near = Place("Austin, TX", places.find("Austin, TX"))
    request = SearchRequest(TODAY, q="panic", state="TX", near=near, selected={"concern": ("panic",)})
    (result,) = explained([Hit.of(person())], request)
    shown = card(result, request)
    assert shown.href == "/providers/npi:1999999984?state=TX&near=Austin%2C+TX"


def test_what_is_not_stated_is_named_and_nothing_is_guessed() -> None:
    page = profile_page(person(), SearchRequest(TODAY))
    assert (page.cost.rows, page.meeting.rows, page.clients.rows) == ((), (), ())
    assert page.cost.not_stated == (
        "fee for a session, fee for the first visit, sliding scale, free first talk, ways to pay and insurance"
    )
    said = [s.text for s in (*page.practical, *page.trust)]
    assert said == [
        "How to meet: not stated", "New clients: not stated", "License not stated", "Last confirmed: not stated"
    ]  # fmt: skip
    assert page.pronouns == ""
    assert not {"he", "she", "his", "her"} & set(" ".join([*said, *page.questions]).lower().split())


def test_search_engines_are_told_of_real_people_only() -> None:
    listed = person(provider_types=("therapist",), website="javascript:alert(1)", grants=(Grant("license", "TX"),))
    data = json_ld(listed, TODAY)
    assert data is not None
    assert data["@type"] == "Person"
    assert "url" not in data
    assert data["hasCredential"][0]["recognizedBy"]["name"] == "Texas"
    assert json_ld(person(demo=True), TODAY) is None


@pytest.mark.parametrize(
    "address",
    [
        "javascript:alert(1)", "JaVaScRiPt:alert(1)", "data:text/html,x", "//example.org", "ftp://example.org", "https://",
        "https://exa mple.org", "https://example.org/\u202egpj.exe", "java\nscript:alert(1)", "http://[", "", None,
    ],
)  # fmt: skip
def test_only_web_addresses_become_links(address: str | None) -> None:
    assert website(address) is None


def test_web_addresses_and_mail_are_shown_shortly() -> None:
    assert website("https://www.example.org/a?b=c") == Link("https://www.example.org/a?b=c", "example.org")
    assert email("lee@example.org") == Link("mailto:lee@example.org", "lee@example.org")
    assert email("lee@example.org?bcc=all@example.org") is None
    assert telephone("+1 512 555 0142") == Link("tel:+15125550142", "(512) 555-0142")
    assert telephone("call me") is None


def test_texts_of_others_cannot_turn_or_flood_the_page() -> None:
    assert clean("a\u202eb\u2066c\x00d\u200fe") == "abcd\u200fe"
    assert line("word " * 100_000, 20) == "word word word word…"
    assert line("x" * 100_000, 20) == "x" * 19 + "…"
    assert sum(map(len, paragraphs("word " * 20_000))) <= 20_001
    assert paragraphs("One\r\ntwo.\n\n\nThree.") == ("One two.", "Three.")


def test_lists_and_days_read_well() -> None:
    assert listing(["a"]) == "a"
    assert listing(["a", "b", "c"]) == "a, b and c"
    assert listing(["a", "b", "c", "d"], 2) == "a, b and 2 more"
    assert soon(date(2026, 12, 1), TODAY) == "Tue 1 Dec"
    assert soon(date(2027, 1, 4), TODAY) == "Mon 4 Jan 2027"
