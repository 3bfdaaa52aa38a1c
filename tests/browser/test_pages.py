"""Every page and state, on every screen: no barriers, no sideways scroll, nothing foreign."""

from __future__ import annotations

from typing import Any, Final

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, ViewportSize

from tests.browser.conftest import PHONE, WIDE, OpenPage
from tests.browser.people import BARE, FULL, HOSTILE, REAL
from tests.served import Service

PAGES: Final = {
    "start": "/",
    "results": "/search",
    "filtered": "/search?meeting=video&modality=cbt&state=TX&near=78704&radius=99&max_fee=150&include_unknown=modality",
    "words": "/search?q=anxiety&state=TX",
    "last page": "/search?page=21",
    "no such page": "/search?page=400",
    "nothing found": "/search?q=zzqx&modality=emdr&state=TX",
    "bad values": "/search?near=Asutin%2C+TX&max_fee=lots&radius=x&min_experience=a&modality=cbtt&sort=distance&q=%00",
    "crisis": "/search?q=I+want+to+die",
    "profile": f"/providers/{FULL}?state=TX&near=78704",
    "real profile": f"/providers/{REAL}?state=OK",
    "bare profile": f"/providers/{BARE}",
    "hostile profile": f"/providers/{HOSTILE}",
    "hostile card": "/search?q=zed",
    "kinds of help": "/kinds-of-help",
    "help": "/help",
    "about": "/about",
    "missing": "/providers/npi:1",
}
BROKEN: Final = {
    "start, search down": "/",
    "search down": "/search?q=panic&modality=emdr",
    "crisis, search down": "/search?q=I+want+to+die",
}
NARROWEST: Final[ViewportSize] = {"width": 320, "height": 640}
RULES: Final = {
    "runOnly": {
        "type": "tag",
        "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    }
}


def violations(page: Page) -> list[str]:
    """What axe-core finds: the rule, and where."""
    found: list[dict[str, Any]] = Axe().run(page, options=RULES).response["violations"]
    return [f"{v['id']}: {node['html'][:160]} {node['failureSummary']}" for v in found for node in v["nodes"]]


@pytest.fixture(params=[*PAGES, *BROKEN])
def address(request: pytest.FixtureRequest, site: Service, broken_site: Service) -> str:
    """The address of every page and state in turn."""
    name = request.param
    return site.url + PAGES[name] if name in PAGES else broken_site.url + BROKEN[name]


def test_a_page_has_no_barrier_and_no_sideways_scroll(open_page: OpenPage, address: str) -> None:
    # Without transitions, so that the colors are there at once when the scheme changes.
    page = open_page(viewport=PHONE, color_scheme="light", reduced_motion="reduce")
    page.goto(address)
    assert violations(page) == []
    page.emulate_media(color_scheme="dark")
    page.set_viewport_size(WIDE)
    assert violations(page) == []
    page.set_viewport_size(NARROWEST)
    assert page.evaluate("document.documentElement.scrollWidth") <= NARROWEST["width"]


def test_axe_finds_no_barrier_in_the_opened_filters(open_page: OpenPage, site: Service) -> None:
    page = open_page(viewport=PHONE)
    page.goto(site.url + PAGES["filtered"])
    page.get_by_role("link", name="Filter:").click()
    page.evaluate("document.querySelectorAll('#filters details').forEach(panel => { panel.open = true })")
    assert violations(page) == []
    page.set_viewport_size(NARROWEST)
    assert page.evaluate("document.documentElement.scrollWidth") <= NARROWEST["width"]


def test_the_first_page_of_results_is_light(open_page: OpenPage, site: Service) -> None:
    page = open_page()
    requests: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    for path in ("/search", "/search?q=anxiety&state=TX&near=78704"):
        requests.clear()
        answer = page.goto(site.url + path, wait_until="networkidle")
        assert answer is not None
        assert len(answer.body()) < 60_000
        assert len(requests) <= 3


def test_style_is_light_and_kept(open_page: OpenPage, site: Service) -> None:
    page = open_page()
    page.goto(site.url)
    answer = page.request.get(site.url + (page.locator("link[rel=stylesheet]").get_attribute("href") or ""))
    assert len(answer.body()) < 15_000
    assert "immutable" in answer.headers["cache-control"]


def test_what_is_pressed_on_a_phone_is_large(open_page: OpenPage, site: Service) -> None:
    page = open_page(viewport=PHONE)
    for path in ("/", f"{PAGES['filtered']}#filters", PAGES["profile"]):
        page.goto(site.url + path)
        small = page.evaluate(
            """() => [...document.querySelectorAll(
                'main .button, main .chip, main input:not([type=hidden], [type=checkbox]), main select, main summary, '
                + '.facets li > a, fieldset label, .pages a, .leave, .top a')]
                .filter(e => e.checkVisibility() && e.getBoundingClientRect().height < 44)
                .map(e => e.outerHTML.slice(0, 120))"""
        )
        assert small == []


def test_people_who_want_stillness_get_it(open_page: OpenPage, site: Service) -> None:
    page = open_page(reduced_motion="reduce")
    page.goto(site.url)
    moving = "[...document.querySelectorAll('*')].filter(e => getComputedStyle(e).transitionDuration != '0s').length"
    assert page.evaluate(moving) == 0


def test_forced_colors_keep_what_is_chosen_visible(open_page: OpenPage, site: Service) -> None:
    page = open_page(forced_colors="active")
    page.goto(site.url + "/search?meeting=video")
    chosen = page.locator("#filters [aria-current]").first
    assert chosen.evaluate("e => getComputedStyle(e).outlineStyle") == "solid"
