"""Suggestions as people meet them: by keyboard, by finger, read aloud, and not at all without JavaScript."""

from __future__ import annotations

import json
import re

from playwright.sync_api import Locator, Page, Route, expect

from tests.browser.conftest import PATIENCE, PHONE, OpenPage
from tests.browser.test_journeys import heading
from tests.browser.test_pages import violations
from tests.served import Service


def _box(page: Page) -> Locator:
    return page.get_by_role("combobox", name="What’s going on?")


def _list(page: Page) -> Locator:
    return page.get_by_role("listbox", name="Suggestions")


def _type(page: Page, text: str) -> None:
    _box(page).press_sequentially(text)
    expect(_box(page)).to_have_attribute("aria-expanded", "true", timeout=PATIENCE)


def test_a_suggestion_is_chosen_by_keyboard(open_page: OpenPage, site: Service) -> None:
    page = open_page()
    page.goto(site.url)
    page.get_by_label("State you’re in").select_option("TX")
    _type(page, "anx")
    expect(page.locator(".sr[role=status]")).to_have_text(re.compile(r"^\d+ suggestions?$"))
    box = _box(page)
    assert box.get_attribute("aria-activedescendant") is None
    box.press("ArrowDown")
    chosen = _list(page).get_by_role("option", selected=True)
    assert chosen.get_attribute("id") == box.get_attribute("aria-activedescendant")
    promised = re.search(r"([\d,]+) (?:people|person)$", chosen.inner_text())
    assert chosen.inner_text().startswith("Anxiety")
    assert promised
    box.press("ArrowUp")
    assert box.get_attribute("aria-activedescendant") is None
    box.press("ArrowUp")
    assert chosen.get_attribute("id") == _list(page).get_by_role("option").last.get_attribute("id")
    box.press("ArrowDown")
    box.press("ArrowDown")
    box.press("Enter")
    page.wait_for_url("**/search?**concern=anxiety**")
    assert "state=TX" in page.url
    assert heading(page) == int(promised[1].replace(",", ""))


def test_escape_closes_and_enter_searches_for_what_was_typed(open_page: OpenPage, site: Service) -> None:
    page = open_page()
    page.goto(f"{site.url}/search?meeting=video")
    _type(page, "maribel")
    expect(_list(page).get_by_role("option", name="Maribel").first).to_be_visible()
    _box(page).press("Escape")
    expect(_list(page)).to_be_hidden()
    assert _box(page).input_value() == "maribel"
    _box(page).press("ArrowDown")
    expect(_list(page)).to_be_visible(timeout=PATIENCE)
    _box(page).press("Enter")
    page.wait_for_url("**/search?**q=maribel**")
    assert "meeting=video" in page.url


def test_the_open_list_has_no_barrier_and_fits_a_phone(open_page: OpenPage, site: Service) -> None:
    page = open_page(viewport=PHONE, has_touch=True, color_scheme="light", reduced_motion="reduce")
    page.goto(site.url)
    _type(page, "gri")
    assert violations(page) == []
    page.emulate_media(color_scheme="dark")
    assert violations(page) == []
    heights = _list(page).get_by_role("option").evaluate_all("all => all.map(e => e.getBoundingClientRect().height)")
    assert heights
    assert min(heights) >= 44
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    _list(page).get_by_role("option", name="Grief and loss").first.tap()
    page.wait_for_url("**/search?**concern=grief**")


def test_an_unfinished_place_costs_no_suggestions_and_is_kept(open_page: OpenPage, site: Service) -> None:
    page = open_page()
    page.goto(site.url)
    page.get_by_label("Near").fill("Aust")
    _type(page, "grief")
    _list(page).get_by_role("option", name="Grief and loss").first.click()
    page.wait_for_url("**/search?**near=Aust**")


def test_only_the_last_question_is_answered_and_none_while_composing(open_page: OpenPage, site: Service) -> None:
    page = open_page()
    asked: list[str] = []

    def slowly(route: Route) -> None:
        asked.append(route.request.url)
        route.continue_()

    page.route("**/api/v1/suggest?**", slowly)
    page.goto(site.url)
    _box(page).evaluate(
        "box => { box.value = 'gri'; box.dispatchEvent(new InputEvent('input', {isComposing: true, bubbles: true})) }"
    )
    page.wait_for_timeout(600)
    assert asked == []
    _box(page).fill("")
    _box(page).press_sequentially("depre", delay=10)
    expect(_list(page).get_by_role("option", name="Depression").first).to_be_visible(timeout=PATIENCE)
    assert asked[-1].endswith("q=depre")
    assert len(asked) < 5


def test_crisis_language_shows_whom_to_call_at_once(open_page: OpenPage, site: Service) -> None:
    page = open_page()
    page.goto(site.url)
    _box(page).press_sequentially("i want to die")
    expect(page.locator(".suggest-crisis a[href='tel:988']")).to_be_visible(timeout=PATIENCE)
    _box(page).press("Escape")
    _box(page).press("Enter")
    expect(page.locator("#crisis")).to_be_visible()


def test_a_label_is_shown_as_text_whatever_is_in_it(open_page: OpenPage, site: Service) -> None:
    page = open_page()
    hostile = {"group": "name", "id": "x", "code": None, "label": "<img src=x onerror=window.pwned=1>", "detail": None,
               "matched": "ze", "parameter": None, "value": None, "count": 1, "search": None}  # fmt: skip
    answer = {"q": "ze", "crisis": False, "groups": {"name": "<b>People</b>"}, "suggestions": [hostile]}
    page.route("**/api/v1/suggest?**", lambda r: r.fulfill(body=json.dumps(answer), content_type="application/json"))
    page.goto(site.url)
    _type(page, "ze")
    assert _list(page).get_by_role("option").inner_text() == hostile["label"]
    assert page.evaluate("window.pwned") is None


def test_without_javascript_or_answers_it_is_a_plain_field(
    open_page: OpenPage, site: Service, broken_site: Service
) -> None:
    page = open_page(java_script_enabled=False)
    page.goto(site.url)
    field = page.get_by_role("textbox", name="What’s going on?")
    field.fill("anxiety")
    field.press("Enter")
    page.wait_for_url("**/search?**q=anxiety**")
    page = open_page()
    page.goto(broken_site.url)
    _box(page).press_sequentially("anx")
    page.wait_for_timeout(800)
    expect(_list(page)).to_be_hidden()
