"""Links that keep their promise, and a form that forgives: the website's view of a request, without a browser."""

from __future__ import annotations

from datetime import date, datetime
from types import MappingProxyType
from urllib.parse import parse_qs, urlencode

import pytest

from directory import places
from directory.engines.base import Generation
from directory.facets import FACET
from directory.parameters import Place
from directory.search import FacetCounts, Page
from directory.search_request import SearchRequest, parse
from directory.vocabulary import facet_vocabulary
from directory.web_chips import chips
from directory.web_filters import address, facet_panels, filter_count, pages, sorts, toggled, unknowns
from directory.web_form import Asked, form, understand
from directory.web_results import demo_note

TODAY = date(2026, 11, 23)
GENERATION = Generation("providers-00000000-20261123t010203z-0000", datetime(2026, 11, 23, 1, 2, 3), 0, "00000000")


def asked(query: str) -> Asked:
    """What the website makes of a query string."""
    return understand(query.encode(), TODAY)


def request(query: str) -> SearchRequest:
    """What the API makes of it."""
    return parse(query.encode(), TODAY)


def found(
    query: str = "", *, total: int = 1, counts: dict[str, dict[str, int]] | None = None, not_stated: int = 0,
    unknown: dict[str, int] | None = None, next_: str | None = None,
) -> Page:  # fmt: skip
    """A page as the use case gives it, with `counts` by facet and code."""
    wanted = request(query)
    facets = []
    for name, by_code in (counts or {}).items():
        facets.append(FacetCounts(FACET[name], by_code, wanted.selected.get(name, ()), not_stated))
    return Page(wanted, total, (), next_, tuple(facets), unknown or {}, GENERATION, False)


def of(href: str | None) -> SearchRequest:
    """The search that a link leads to."""
    assert href is not None
    return request(href.removeprefix("?"))


# Facets


def test_a_value_is_added_to_those_chosen_and_taken_out_again() -> None:
    start = request("state=TX&modality=emdr&page=3")
    both = toggled(start, "modality", "cbt")
    assert both.selected["modality"] == ("cbt", "emdr")
    assert both.page == 1
    assert toggled(both, "modality", "cbt") == request("state=TX&modality=emdr")
    assert toggled(toggled(both, "modality", "cbt"), "modality", "emdr") == request("state=TX")


def test_a_switch_has_one_value_at_a_time() -> None:
    assert toggled(request("remote=true"), "remote", "false").selected["remote"] == ("false",)


def test_taking_out_the_last_value_takes_those_who_do_not_say_out_too() -> None:
    start = request("modality=emdr&include_unknown=modality")
    assert toggled(start, "modality", "emdr").include_unknown == frozenset()


def test_a_value_that_nobody_has_is_shown_without_a_link() -> None:
    (panel,) = facet_panels(found(counts={"meeting": {"video": 57}}))
    by_code = {v.code: v for v in panel.values}
    assert of(by_code["video"].href).selected == {"meeting": ("video",)}
    assert (by_code["chat"].href, by_code["chat"].count) == (None, "0")
    assert len(panel.values) == len(facet_vocabulary(FACET["meeting"]))


def test_long_facets_show_the_most_frequent_and_fold_the_rest_away() -> None:
    codes = facet_vocabulary(FACET["concern"]).codes
    chosen = codes[-1]
    counts = {code: n for n, code in enumerate(codes)} | {chosen: 0}
    (panel,) = facet_panels(found(f"concern={chosen}", counts={"concern": counts}))
    assert [v.code for v in panel.values] == [*codes[-2:-9:-1], chosen]
    assert panel.values[-1].selected
    assert panel.open
    assert {v.code for v in (*panel.values, *panel.folded)} == set(codes)
    labels = [v.label.lower() for v in panel.folded]
    assert labels == sorted(labels)


def test_those_who_do_not_say_are_text_until_something_is_chosen() -> None:
    (panel,) = facet_panels(found(counts={"meeting": {"video": 5}}, not_stated=40))
    assert (panel.not_stated.label, panel.not_stated.count, panel.not_stated.href) == ("Not stated", "40", None)
    (panel,) = facet_panels(found("meeting=video", counts={"meeting": {"video": 5}}, not_stated=40))
    assert (panel.not_stated.count, panel.not_stated.selected) == ("+40", False)
    assert of(panel.not_stated.href) == request("meeting=video&include_unknown=meeting")
    (panel,) = facet_panels(
        found("meeting=video&include_unknown=meeting", counts={"meeting": {"video": 5}}, not_stated=40)
    )
    assert panel.not_stated.selected
    assert of(panel.not_stated.href) == request("meeting=video")


# Chips, orders, pages

EVERYTHING = (
    "q=panic&meeting=video&modality=cbt&modality=emdr&remote=true&state=TX&office_state=OK&near=78704&radius=50"
    "&max_fee=100&min_experience=5&verified_within=90&include_unknown=max_fee&include_unknown=modality"
)


def test_everything_that_is_on_has_a_chip_that_turns_it_off() -> None:
    start = request(EVERYTHING)
    shown = chips(start)
    off = [of(chip.href) for chip in shown]
    assert start not in off
    assert len(set(map(address, off))) == len(shown) == 13
    labels = [chip.label for chip in shown]
    assert labels[:3] == ["“panic”", "Video", "Cognitive behavioral therapy (CBT)"]
    assert "Within 50 miles of 78704" in labels
    assert "Remote: yes" in labels
    assert filter_count(start) == 10


def test_turning_off_every_chip_leaves_nothing() -> None:
    left = request(EVERYTHING)
    for _ in range(20):
        if not (shown := chips(left)):
            break
        left = of(shown[0].href)
    assert left == SearchRequest(TODAY)


def test_orders_that_make_no_sense_are_not_offered() -> None:
    def labels(query: str) -> list[str]:
        return [s.label for s in sorts(request(query))]

    assert labels("") == ["Recently confirmed", "Lowest fee", "Soonest opening", "Name"]
    assert "Nearest" in labels("near=78704")
    assert labels("q=panic")[0] == "Best match"
    for query in ("", "q=panic", "near=78704&sort=distance", "sort=verified", "sort=name&page=4"):
        current = [s for s in sorts(request(query)) if s.current]
        assert len(current) == 1
        assert of(current[0].href).sort == request(query).sort
        assert len({s.label for s in sorts(request(query))}) == len(sorts(request(query)))


def test_pages_lead_on_and_back() -> None:
    shown = pages(found("state=TX&page=5", total=400))
    assert shown is not None
    assert [n.label if n else "…" for n in shown.numbers] == ["1", "2", "…", "4", "5", "6", "…", "20"]
    assert [n.label for n in shown.numbers if n and n.current] == ["5"]
    assert of(shown.before) == request("state=TX&page=4")
    assert of(shown.next) == request("state=TX&page=6")
    assert pages(found(total=20)) is None


def test_pages_end_where_results_end_and_where_numbers_end() -> None:
    last = pages(found("page=2", total=21))
    assert last is not None
    assert last.next is None
    beyond = pages(found("page=9", total=21))
    assert beyond is not None
    assert of(beyond.before).page == 2
    many = pages(found("page=2", total=1_000_000))
    assert many is not None
    assert many.numbers[-1] is not None
    assert many.numbers[-1].label == "500"


def test_those_left_out_can_be_taken_in() -> None:
    (left_out,) = unknowns(found("max_fee=100", unknown={"max_fee": 40}))
    assert (left_out.text, left_out.included) == ("40 who don’t state a fee", False)
    assert of(left_out.href) == request("max_fee=100&include_unknown=max_fee")
    (taken_in,) = unknowns(found("max_fee=100&include_unknown=max_fee", unknown={"max_fee": 1}))
    assert (taken_in.text, taken_in.included) == ("1 who doesn’t state a fee", True)
    assert of(taken_in.href) == request("max_fee=100")
    assert unknowns(found("max_fee=100", unknown={"max_fee": 0})) == ()


# The form


@pytest.mark.parametrize("typed", ["$80", "80 dollars", "80.00", "$ 80", "80"])
def test_amounts_are_read_as_people_write_them(typed: str) -> None:
    assert asked(urlencode({"max_fee": typed})).request.max_fee == 80
    assert asked(urlencode({"max_fee": typed})).troubles == ()


def test_thousands_states_and_units_are_read_too() -> None:
    told = asked(urlencode({"max_fee": "1,200", "state": "texas", "near": "78704", "radius": "10 miles"}))
    assert (told.request.max_fee, told.request.state, told.request.radius) == (1200, "TX", 10)
    assert told.troubles == ()
    assert form(told).values["state"] == "TX"


def test_names_that_are_no_parameters_are_ignored() -> None:
    told = asked("utm_source=x&fbclid=y&facets=none&modality=emdr")
    assert told.troubles == ()
    assert told.request == request("modality=emdr")


@pytest.mark.parametrize(
    ("query", "field", "words"),
    [
        ("max_fee=lots", "max_fee", "“lots” isn’t an amount"),
        ("near=Nowhereville", "near", "We couldn’t find “Nowhereville”"),
        ("state=ZZ", "state", "“ZZ” isn’t a state"),
        ("near=78704&radius=900", "radius", "“900” as a distance"),
        ("radius=10", "radius", "“10” as a distance"),
        ("min_experience=99", "min_experience", "“99” isn’t a number of years"),
        ("modality=voodoo", "", "“voodoo” isn’t in our list for “Therapy type”"),
        ("sort=distance", "", "say where you are"),
        ("page=0", "", "no such page"),
        ("page_size=999", "", "“999” people"),
        ("q=a%00b", "q", "couldn’t read"),
        ("q=%ff", "q", "couldn’t read"),
        ("max_fee=1&max_fee=2", "max_fee", "more than once"),
        ("after=x", "", "beginning of the list"),
        ("include_unknown=moon", "", "left out"),
    ],
)
def test_a_mistake_is_explained_and_the_rest_still_works(query: str, field: str, words: str) -> None:
    told = asked(f"modality=emdr&{query}")
    assert told.request == request("modality=emdr" + ("&near=78704" if "near=78704" in query else ""))
    (trouble,) = told.troubles
    assert trouble.field == field
    assert words in trouble.text
    assert "`" not in trouble.text
    assert "api" not in trouble.text.lower()


def test_a_near_spelling_is_offered_and_leads_to_the_same_search() -> None:
    (trouble,) = asked("near=Asutin%2C+TX&modality=emdr").troubles
    assert trouble.suggestion is not None
    assert of(trouble.suggestion.href) == request("modality=emdr&near=Austin%2C+TX")
    (trouble,) = asked("modality=emrd&state=TX").troubles
    assert trouble.suggestion is not None
    assert of(trouble.suggestion.href) == request("modality=emdr&state=TX")


def test_the_form_keeps_what_was_typed_and_takes_the_rest_along() -> None:
    shown = form(
        asked("q=panic&max_fee=lots&near=Asutin%2C+TX&modality=emdr&include_unknown=modality&sort=name&page=3")
    )
    assert shown.values["max_fee"] == "lots"
    assert shown.values["near"] == "Asutin, TX"
    assert shown.values["q"] == "panic"
    assert set(shown.troubles) == {"max_fee", "near"}
    assert shown.hidden == (("modality", "emdr"), ("include_unknown", "modality"), ("sort", "name"))


def test_a_long_story_is_searched_by_its_beginning_and_read_whole_for_help() -> None:
    story = "I have been so tired of everything " * 20 + "and I want to die"
    told = asked(urlencode({"q": story}))
    assert 150 < len(told.request.q) <= 200
    assert story.startswith(told.request.q + " ")
    assert told.words == (story,)
    assert "long" in told.troubles[0].text


def test_whatever_was_typed_every_link_can_be_followed() -> None:
    near = Place("Austin, TX", places.find("Austin, TX"))
    start = SearchRequest(TODAY, q='"><script>&q=x#', near=near, selected=MappingProxyType({"concern": ("panic",)}))
    assert of(address(start)) == start
    assert parse_qs(address(start)[1:])["q"] == ['"><script>&q=x#']


# Demo profiles


def test_how_many_are_fictional_is_said_exactly_or_not_at_all() -> None:
    def note(providers: int, sources: dict[str, object]) -> str:
        return demo_note(Generation("n", GENERATION.built_at, providers, "0", sources))

    assert note(5000, {"profiles": {"read": 4800, "demo": 4800}, "nppes": {"read": 900}}) == (
        "This is a demo: 4,800 of its profiles are fictional, 200 people are real."
    )
    assert note(10, {"profiles": {"demo": 10}}) == "This is a demo: all 10 profiles are fictional."
    assert note(10, {"profiles": {"demo": 0}}) == ""
    assert note(10, {"nppes": {"read": 10}}) == ""
