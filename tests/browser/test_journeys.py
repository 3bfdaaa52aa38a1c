"""What people do: search by keyboard, without JavaScript, on a phone; follow counts; and stay safe while they do."""

from __future__ import annotations

import json
import random
import re
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import PHONE, OpenPage
from tests.browser.people import FULL, HOSTILE, REAL
from tests.served import Service


def heading(page: Page) -> int:
    """How many people the results say there are."""
    text = page.locator("h1").inner_text()
    match = re.fullmatch(r"([\d,]+) (?:people|person)", text)
    return int(match[1].replace(",", "")) if match else 0


def test_from_the_start_to_a_telephone_number_by_keyboard(open_page: OpenPage, site: Service) -> None:
    page = open_page()
    page.goto(site.url)

    def focused() -> dict[str, Any]:
        found: dict[str, Any] = page.evaluate(
            "() => { const e = document.activeElement, s = getComputedStyle(e);"
            " return {id: e.id, href: e.getAttribute('href') || '', outline: s.outlineStyle,"
            " card: !!e.closest('article')} }"
        )
        return found

    def tab_to(wanted: str, most: int) -> None:
        for _ in range(most):
            page.keyboard.press("Tab")
            now = focused()
            assert now["outline"] != "none"
            if now["id"] == wanted or (wanted == "tel:" and now["card"] and now["href"].startswith("tel:")):
                return
        raise AssertionError(f"no {wanted} after {most} presses of Tab")

    tab_to("f-q", 15)
    page.keyboard.type("maribel")
    page.keyboard.press("Enter")
    page.wait_for_url("**/search?**")
    assert heading(page) >= 1
    page.keyboard.press("Tab")
    assert focused()["href"] == "#main"
    tab_to("tel:", 150)


def test_the_skip_link_leads_into_the_content(open_page: OpenPage, site: Service) -> None:
    page = open_page()
    page.goto(f"{site.url}/search")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"


def test_everything_works_without_javascript(open_page: OpenPage, site: Service) -> None:
    page = open_page(java_script_enabled=False, viewport=PHONE)
    page.goto(site.url)
    page.get_by_label("State you’re in").select_option("TX")
    page.get_by_label("Highest fee, $").fill("$150")
    page.get_by_label("Video").check()
    page.get_by_role("button", name="Search").click()
    total = heading(page)
    assert total > 0
    page.get_by_role("link", name=re.compile(r"^Include \d+ who don’t state a fee")).click()
    assert heading(page) > total
    page.get_by_role("link", name="Filter: 3 on").click()
    promised = page.locator("#facet-meeting a", has_text="Phone")
    assert promised.is_visible()
    promised.click()
    assert heading(page) >= total
    page.get_by_role("link", name="Clear all").click()
    assert "?" not in page.url.rstrip("?")
    page.locator("article h2 a").first.click()
    assert page.locator("h1").is_visible()


def test_filters_fold_on_a_phone_and_are_open_on_a_wide_screen(open_page: OpenPage, site: Service) -> None:
    wide = open_page()
    wide.goto(f"{site.url}/search")
    assert wide.locator("#facet-meeting a").first.is_visible()
    assert not wide.get_by_role("link", name="Filter:").is_visible()
    phone = open_page(viewport=PHONE)
    phone.goto(f"{site.url}/search?meeting=video&state=TX")
    assert not phone.locator("#facet-meeting a").first.is_visible()
    phone.get_by_role("link", name="Filter: 2 on").click()
    assert phone.locator("#facet-meeting a").first.is_visible()
    phone.get_by_role("link", name="Show the results").click()
    assert not phone.locator("#facet-meeting a").first.is_visible()


VALUES = """() => [...document.querySelectorAll('#filters > details[id]')].flatMap(panel => {
  if (panel.querySelector('[aria-current]')) return [];
  const links = [...panel.querySelectorAll('li > a')].map(a => ({facet: panel.id, href: a.getAttribute('href'),
    count: a.querySelector('b').textContent}));
  const folded = [...panel.querySelectorAll('option[value]:not([value=""])')].map(o => ({facet: panel.id,
    value: o.value, count: o.textContent.match(/\\(([\\d,]+)\\)\\s*$/)[1]}));
  return [...links, ...folded];
})"""


@pytest.mark.parametrize("seed", range(4))
def test_a_facet_value_gives_the_number_it_promises(open_page: OpenPage, site: Service, seed: int) -> None:
    """25 values each time, a hundred in all: clicked where they are links, chosen and added where they are folded."""
    rng = random.Random(seed)
    page = open_page()
    starts = (
        "/search",
        "/search?state=TX",
        "/search?near=78704&radius=200&include_unknown=near",
        "/search?max_fee=150",
    )
    page.goto(site.url + rng.choice(starts))
    for _ in range(25):
        values = page.evaluate(VALUES)
        if not values or heading(page) < 3:
            page.goto(site.url + rng.choice(starts))
            values = page.evaluate(VALUES)
        chosen = rng.choice(values)
        panel = page.locator(f"#{chosen['facet']}")
        if panel.get_attribute("open") is None:
            panel.locator("> summary").click()
        if "href" in chosen:
            panel.locator(f"li > a[href='{chosen['href']}']").click()
        else:
            panel.locator("details > summary").click()
            panel.locator("select").select_option(chosen["value"])
            panel.get_by_role("button", name="Add").click()
        assert heading(page) == int(chosen["count"].replace(",", "")), (chosen, page.url)


def test_those_who_do_not_say_are_added_as_promised(open_page: OpenPage, site: Service) -> None:
    page = open_page()
    page.goto(f"{site.url}/search?meeting=video")
    before = heading(page)
    toggle = page.locator("#facet-meeting .unsaid a")
    more = int(toggle.inner_text().split()[0].replace(",", "").lstrip("+"))
    toggle.click()
    assert heading(page) == before + more
    page.locator("#facet-meeting .unsaid a[aria-current]").click()
    assert heading(page) == before


def test_nothing_of_the_search_is_in_the_title_or_found_by_search_engines(open_page: OpenPage, site: Service) -> None:
    page = open_page()
    page.goto(f"{site.url}/search?q=heartbroken&near=78704")
    assert "heartbroken" not in page.title()
    assert page.locator("meta[name=robots]").get_attribute("content") == "noindex"
    assert page.locator("a.leave").get_attribute("rel") == "noreferrer"


def test_a_hostile_profile_is_inert(open_page: OpenPage, site: Service) -> None:
    page = open_page()
    page.on("dialog", lambda dialog: dialog.dismiss())
    for path in (f"/providers/{HOSTILE}?state=TX", "/search?q=zed"):
        page.goto(site.url + path, wait_until="networkidle")
        assert page.evaluate("window.pwned") is None
        assert page.locator("main script, main img, [onerror], [onmouseover]").count() == 0
        assert page.locator("main").inner_text().count("\u202e") == 0
        for href in page.locator("main a").evaluate_all("links => links.map(a => a.href)"):
            assert re.match(r"https?:|tel:|mailto:", href)
    card = page.locator("article", has_text="Zed")
    assert len(card.inner_text()) < 800
    box = page.locator("article").first.bounding_box()
    assert box is not None
    assert box["width"] < 1000


def test_a_website_is_linked_without_telling_it_where_from(open_page: OpenPage, site: Service) -> None:
    page = open_page()
    page.goto(f"{site.url}/providers/{FULL}")
    link = page.get_by_role("link", name="Website: example.org")
    assert set((link.get_attribute("rel") or "").split()) == {"noreferrer", "nofollow"}


def test_search_engines_read_real_profiles_and_no_fictional_ones(open_page: OpenPage, site: Service) -> None:
    page = open_page()
    page.goto(f"{site.url}/providers/{REAL}")
    data = json.loads(page.locator("script[type='application/ld+json']").inner_text())
    assert (data["@type"], data["name"]) == ("Person", "Lena Marsh")
    assert page.locator("meta[name=robots]").count() == 0
    page.goto(f"{site.url}/providers/{HOSTILE}")
    assert json.loads(page.locator("script[type='application/ld+json']").inner_text())["name"].startswith(
        "Zed <script>"
    )
    page.goto(f"{site.url}/providers/{FULL}")
    assert page.locator("script").count() == 0
    assert page.locator("meta[name=robots]").get_attribute("content") == "noindex"


@pytest.mark.parametrize("javascript", [True, False])
def test_the_crisis_panel_comes_first_and_results_stay_below(
    open_page: OpenPage, site: Service, broken_site: Service, javascript: bool
) -> None:
    page = open_page(java_script_enabled=javascript)
    page.goto(f"{site.url}/search?q=I+want+to+die&state=TX")
    assert page.locator("main > :first-child").get_attribute("id") == "crisis"
    assert page.locator("#crisis").get_by_role("link", name="988").first.is_visible()
    assert page.locator("h1").is_visible()
    page.goto(f"{broken_site.url}/search?q=I+want+to+die")
    assert page.locator("main > :first-child").get_attribute("id") == "crisis"
    assert page.get_by_label("What’s going on?").input_value() == "I want to die"
    for quiet in ("/search?q=grief", "/", "/help"):
        page.goto(site.url + quiet)
        assert page.locator("#crisis").count() == 0
        assert page.locator("a[href='tel:988']").first.is_visible()


def test_a_typo_is_explained_and_mended_with_one_press(open_page: OpenPage, site: Service) -> None:
    page = open_page(viewport=PHONE)
    page.goto(f"{site.url}/search?near=Asutin%2C+TX&state=TX")
    page.get_by_role("link", name="Change it").click()
    near = page.get_by_label("Near")
    assert near.is_visible()
    assert near.input_value() == "Asutin, TX"
    assert near.get_attribute("aria-invalid") == "true"
    page.get_by_role("link", name="Austin, TX").click()
    assert page.get_by_text("Within 25 miles of Austin, TX").is_visible()
    assert page.get_by_text("I’m in Texas").is_visible()
