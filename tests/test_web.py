"""The pages as the application answers them: what they say, what they forgive, and what they never let through."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from directory.app import create_app
from directory.config import Settings
from directory.engines.base import Engine
from directory.engines.embedded import EmbeddedEngine
from directory.facets import FACET, FACETS
from directory.parameters import SORTS
from directory.vocabulary import facet_vocabulary
from directory.web import STARTING_POINTS, is_page
from tests import conformance
from tests.browser.people import BARE, FULL, HOSTILE, REAL, everyone, full, real

LINES = ("988", "741741", "911", "1-800-799-7233", "1-800-662-HELP (4357)")


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory, today: date) -> EmbeddedEngine:
    """Some 400 people."""
    made = EmbeddedEngine(tmp_path_factory.mktemp("web"))
    conformance.build(made, everyone(today))
    return made


@pytest.fixture(scope="module")
def client(engine: Engine, today: date) -> FlaskClient:
    """A visitor, on a fixed day."""
    return create_app(Settings(), engine, lambda: today).test_client()


@pytest.fixture
def broken(tmp_path: Path, today: date) -> FlaskClient:
    """A visitor while the search is down."""
    return create_app(Settings(), EmbeddedEngine(tmp_path), lambda: today).test_client()


def page(client: FlaskClient, path: str, status: int = 200) -> str:
    """The HTML at `path`."""
    response = client.get(path)
    assert (response.status_code, response.mimetype) == (status, "text/html")
    return response.text


def main_of(html: str) -> str:
    """What stands between the header and the footer."""
    match = re.search(r"<main.*?</main>", html, re.DOTALL)
    assert match is not None
    return match[0]


def total(html: str) -> int:
    """How many people the heading counts."""
    match = re.search(r"<h1>([\d,]+) (?:people|person)</h1>", html)
    return int(match[1].replace(",", "")) if match else 0


def chips(html: str) -> list[str]:
    """What is on."""
    return re.findall(r"Remove: </span>([^<]+)", html)


ALL_PAGES = ("/", "/search", "/search?q=grief", f"/providers/{FULL}", "/kinds-of-help", "/help", "/about")


@pytest.mark.parametrize("path", ALL_PAGES)
def test_every_page_has_helplines_a_way_out_and_the_disclaimer(client: FlaskClient, path: str) -> None:
    html = page(client, path)
    assert 'href="tel:988"' in html
    assert re.search(r'<a class="leave" href="https://[^"]+" rel="noreferrer">Leave this site</a>', html)
    assert "not medical advice" in html
    assert 'id="crisis"' not in html


@pytest.mark.parametrize("path", [*ALL_PAGES, "/nowhere", f"/providers/{HOSTILE}", f"/providers/{REAL}"])
def test_no_page_holds_code_styles_of_its_own_or_foreign_parts(client: FlaskClient, path: str) -> None:
    response = client.get(path)
    html = response.text
    assert not re.search(r"<[^>]+\s(?:style|on\w+)=", html.replace("&#34;", ""))
    own = r'<script type="(?:application/ld\+json|module" src="/static/\w+\.js\?v=\w+)">'
    assert [tag for tag in re.findall(r"<script[^>]*>", html) if not re.fullmatch(own, tag)] == []
    assert not re.search(r'<(?:link|img|script|iframe|use)[^>]+(?:href|src)="(?:https?:)?//', html)
    assert "Set-Cookie" not in response.headers
    assert "no-cache" in response.headers["Cache-Control"]


def test_search_pages_are_not_for_search_engines_and_titles_keep_secrets(client: FlaskClient) -> None:
    html = page(client, "/search?q=heartbroken&near=78704")
    assert '<meta name="robots" content="noindex">' in html
    assert re.search(r"<title>([^<]*)</title>", html)[1] == "Results · Find someone to talk to"  # type: ignore[index]
    assert "noindex" not in page(client, "/")
    assert "noindex" not in page(client, f"/providers/{REAL}")
    assert "noindex" in page(client, f"/providers/{FULL}")


# Searching


def test_the_start_form_asks_what_the_search_understands(client: FlaskClient) -> None:
    html = page(client, "/")
    fields = set(re.findall(r' name="(\w+)"', main_of(html)))
    assert fields == {"q", "near", "state", "max_fee", "meeting"}
    found = page(client, "/search?q=&near=78704&state=TX&max_fee=%24150&meeting=video")
    assert chips(found) == ["Video", "I’m in Texas", "Within 25 miles of 78704", "At most $150 a session"]


@pytest.mark.parametrize("code", STARTING_POINTS)
def test_starting_points_are_known_concerns(code: str) -> None:
    assert code in facet_vocabulary(FACET["concern"])


def test_the_website_finds_what_the_api_finds(client: FlaskClient) -> None:
    for query in ("state=TX", "meeting=video&max_fee=150", "q=anxiety", "near=78704&radius=100&include_unknown=near"):
        answer = client.get(f"/api/v1/providers?{query}").get_json()
        html = page(client, f"/search?{query}")
        assert total(html) == answer["total"]
        names = re.findall(r'<h2><a href="/providers/([^"?]+)', html)
        assert names == [r["id"] for r in answer["results"]]


def test_every_facet_shows_its_exact_counts(client: FlaskClient) -> None:
    answer = client.get("/api/v1/providers?state=TX").get_json()
    html = page(client, "/search?state=TX")
    for facet in answer["facets"]:
        panel = re.search(rf'id="facet-{facet["name"]}">.*?<p class="unsaid">.*?</p>', html, re.DOTALL)
        assert panel is not None
        shown = {
            label.strip(): int(count.replace(",", ""))
            for label, count in (
                *re.findall(r'<li>(?:<a[^>]*>)?([^<]+) <b>([\d,]+)</b>', panel[0]),
                *re.findall(r'<li class="zero">([^<]+) <b>([\d,]+)</b>', panel[0]),
                *re.findall(r"<option[^>]*>([^<]+) \(([\d,]+)\)", panel[0]),
                *((label, "0") for label in re.findall(r"<option>([^<\n]+)", panel[0])),
            )
        }  # fmt: skip
        wanted = {v["label"].replace("&", "&amp;").replace("'", "&#39;"): v["count"] for v in facet["values"]}
        assert shown == wanted
        assert f"Not stated <b>{facet['not_stated']:,}</b>" in panel[0]


def test_what_is_chosen_is_marked(client: FlaskClient) -> None:
    html = page(client, "/search?meeting=video&modality=cbt")
    assert re.findall(r'aria-current="true">([^<]+) <b>', html) == ["Video", "Cognitive behavioral therapy (CBT)"]
    assert "Filter: 2 on" in html


@pytest.mark.parametrize("sort", [s for s in SORTS if s != "distance"])
def test_every_order_works_and_is_marked(client: FlaskClient, sort: str) -> None:
    html = page(client, f"/search?sort={sort}")
    order = re.search(r'<nav class="sorts".*?</nav>', html, re.DOTALL)
    assert order is not None
    assert order[0].count("aria-current") == 1


def test_pages_are_links_and_a_page_too_far_says_so(client: FlaskClient) -> None:
    html = page(client, "/search?page=2")
    assert 'href="?page=3" rel="next"' in html
    assert 'aria-current="page"><span class="sr">Page </span>2</a>' in html
    assert "There is no such page" in page(client, "/search?page=499")


def test_the_walk_of_the_api_can_be_followed_and_ends_politely(client: FlaskClient) -> None:
    answer = client.get("/api/v1/providers?page_size=20").get_json()
    second = page(client, f"/search?after={answer['next']}")
    first_ids = {r["id"] for r in answer["results"]}
    assert not first_ids & set(re.findall(r'<h2><a href="/providers/([^"?]+)', second))
    assert 'rel="next"' in second


def test_nothing_found_says_what_finds_somebody(client: FlaskClient) -> None:
    html = page(client, "/search?q=zzqx&state=TX&understand=false")
    assert "Nobody matches all of this" in html
    match = re.search(r'<a href="\?([^"]+)">Search without “zzqx” \((\d+)\)', html)
    assert match is not None
    assert total(page(client, f"/search?{match[1]}")) == int(match[2]) > 0


def test_mistakes_are_explained_on_the_page_and_the_rest_works(client: FlaskClient) -> None:
    html = page(client, "/search?state=TX&max_fee=lots&near=Asutin%2C+TX&modality=voodoo&utm_source=x")
    assert total(html) == total(page(client, "/search?state=TX"))
    assert html.count('aria-invalid="true"') == 2
    for described in re.findall(r'aria-describedby="([^"]+)"', html):
        assert f'id="{described}"' in html
    assert 'value="lots"' in html
    assert 'value="Asutin, TX"' in html
    assert "utm_source" not in html


# Profiles


def test_a_profile_says_what_is_known_and_for_the_place_that_was_asked(client: FlaskClient) -> None:
    html = page(client, f"/providers/{FULL}?state=TX&near=78704")
    for text in (
        "Maribel Okafor-Reyes", "demo profile", "$60–$150", "May see you in Texas: license confirmed", "Under a mile",
        "Accepting new clients (as of ", "Next opening", "(512) 555-0142", "mailto:maribel@example.org",
        "Website: example.org", "she/her", "In their own words", "What to ask in a first call", "12345",
    ):  # fmt: skip
        assert text in html
    assert "Texas: not verified" in page(client, f"/providers/{BARE}?state=TX")


def test_a_profile_of_the_registry_says_how_little_is_known(client: FlaskClient) -> None:
    html = page(client, f"/providers/{REAL}?state=TX")
    assert "Also lists counseling" in html
    assert "Lists a Texas license" in html
    assert re.search(r"Not verified since 3 Jan 2024 \(NPPES\), over 2 years ago", html)
    assert "Fee not stated" in html
    assert "How to meet: not stated" in html


def test_a_provider_who_is_not_there_is_a_page_too(client: FlaskClient) -> None:
    html = page(client, "/providers/npi:1", 404)
    assert "Nobody in this directory has this address" in html


def test_demo_profiles_are_announced_with_how_many_are_real(tmp_path: Path, today: date) -> None:
    made = EmbeddedEngine(tmp_path)
    making = made.start_build()
    making.add(sorted([full(today), real()], key=lambda p: p.id))
    made.promote(making.finish({"profiles": {"read": 1, "demo": 1}, "nppes": {"read": 1}}).name, expected=None)
    visitor = create_app(Settings(), made, lambda: today).test_client()
    for path in ("/", "/search", f"/providers/{FULL}", "/about"):
        assert "This is a demo: 1 of its profiles is fictional, 1 person is real." in page(visitor, path)


def test_demo_profiles_are_announced_where_nobody_counted_them(client: FlaskClient) -> None:
    note = "Some of these profiles are fictional"
    assert note in page(client, f"/providers/{FULL}")
    assert note in page(client, "/search")
    assert note not in page(client, f"/providers/{REAL}")


# When things go wrong


@pytest.mark.parametrize("path", ["/search", "/search?q=I+want+to+die"])
def test_help_is_there_when_the_search_is_down(broken: FlaskClient, path: str) -> None:
    response = broken.get(path)
    assert response.status_code == 503
    assert response.headers["Retry-After"]
    assert ('id="crisis"' in response.text) == ("die" in path)
    assert "Try again" in response.text
    assert page(broken, "/")


@pytest.mark.parametrize(
    "query",
    ["q=I+want+to+die", "q=I+want+to+die&q=tonight", "q=" + "so+tired+" * 60 + "I+want+to+die", "q=I+want+to+die%00"],
)
def test_crisis_language_is_seen_however_it_arrives(client: FlaskClient, broken: FlaskClient, query: str) -> None:
    for visitor, status in ((client, 200), (broken, 503)):
        content = main_of(page(visitor, f"/search?{query}", status))
        assert re.match(r'<main[^>]*>\s*<section id="crisis"', content)
        assert all(line in content for line in LINES)
    assert 'id="crisis"' in page(client, f"/?{query}")


def test_too_long_an_address_is_a_page_that_lets_people_search_again(client: FlaskClient) -> None:
    html = page(client, "/search?q=" + "a" * 70_000, 413)
    assert "too large" in html
    assert 'role="search"' in html
    assert len(html) < 10_000


def test_methods_that_pages_do_not_have_are_told(client: FlaskClient) -> None:
    response = client.post("/search")
    assert response.status_code == 405
    assert response.mimetype == "text/html"
    assert "GET" in response.headers["Allow"]


@pytest.mark.parametrize(
    ("path", "website"),
    [("/", True), ("/search", True), ("/apiary", True), ("/api", False), ("/api/v1/x", False), ("/healthz", False)],
)
def test_pages_and_machines_are_told_apart(path: str, website: bool) -> None:
    assert is_page(path) is website


def test_static_files_are_kept_by_their_version_only(client: FlaskClient) -> None:
    address = re.search(r'<link rel="stylesheet" href="([^"]+)"', page(client, "/"))
    assert address is not None
    with client.get(address[1]) as versioned, client.get(address[1].partition("?")[0]) as plain:
        assert "immutable" in versioned.headers["Cache-Control"]
        assert "immutable" not in plain.headers["Cache-Control"]


# The glossary


def test_which_kind_of_help_explains_every_profession_and_therapy(client: FlaskClient) -> None:
    html = page(client, "/kinds-of-help")
    for name in ("provider_type", "modality", "format", "payment", "credential"):
        for term in facet_vocabulary(FACET[name]):
            assert f'id="{name}-{term.code}"' in html
            assert f"/search?{name}={term.code}" in html
    assert all(f.help for f in FACETS)


def test_the_profile_of_everything_is_found_again(client: FlaskClient, today: date) -> None:
    assert full(today).name in page(client, "/search?q=maribel")
