"""A real Chromium on a real gunicorn. Every page that a test opens must be quiet: no request to another host, no
cookie, no error in the console."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final, Protocol
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize, sync_playwright

from directory.engines.embedded import EmbeddedEngine
from tests import conformance
from tests.browser.people import everyone
from tests.served import Service, served

NAMES: Final = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
ARGUMENTS: Final = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip
PHONE: Final[ViewportSize] = {"width": 390, "height": 844}
WIDE: Final[ViewportSize] = {"width": 1280, "height": 900}
PATIENCE: Final = 90_000
"""Milliseconds to wait for what should come at once, because machines that run tests may be busy."""


class OpenPage(Protocol):
    """Opens an empty page of a new visitor."""

    def __call__(self, **options: Any) -> Page:
        """`options` are those of Playwright's `new_context`; the default screen is a wide one."""


@dataclass
class Traffic:
    """What the visitors' browsers asked for and complained about."""

    hosts: set[str] = field(default_factory=set)
    complaints: list[str] = field(default_factory=list)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """The Chromium on this machine. Without one the tests are skipped, and fail where CI is set."""
    path = next((p for p in map(shutil.which, NAMES) if p), None)
    if path is None:
        message = f"no Chromium on PATH (looked for {', '.join(NAMES)}); on Debian: apt-get install chromium"
        if os.environ.get("CI", "").lower() not in ("", "0", "false"):
            pytest.fail(message)
        pytest.skip(message)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(ARGUMENTS))
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """The website over some 400 people."""
    folder = tmp_path_factory.mktemp("site")
    conformance.build(EmbeddedEngine(folder), everyone(datetime.now(UTC).date()))
    with served(folder) as running:
        yield running


@pytest.fixture(scope="session")
def broken_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """The website whose search is down: nothing was ever built."""
    with served(tmp_path_factory.mktemp("broken")) as running:
        yield running


@pytest.fixture
def open_page(chromium: Browser) -> Iterator[OpenPage]:
    """Opens pages of new visitors, and checks at the end that they were quiet."""
    contexts: list[BrowserContext] = []
    traffic = Traffic()

    def open_one(**options: Any) -> Page:
        context = chromium.new_context(**{"viewport": WIDE, **options})
        contexts.append(context)
        context.on("request", lambda request: traffic.hosts.add(urlsplit(request.url).hostname or ""))
        context.set_default_timeout(PATIENCE)
        page = context.new_page()
        page.on("console", lambda message: _note(traffic, message.type, message.text))
        page.on("pageerror", lambda error: traffic.complaints.append(str(error)))
        return page

    yield open_one
    cookies = [cookie for context in contexts for cookie in context.cookies()]
    for context in contexts:
        context.close()
    assert cookies == []
    assert traffic.hosts <= {"127.0.0.1", ""}
    assert traffic.complaints == []


def _note(traffic: Traffic, kind: str, text: str) -> None:
    # Chromium says so of every page that is an error by its status; that is the page's purpose.
    if kind in ("error", "warning") and not text.startswith("Failed to load resource: the server responded with"):
        traffic.complaints.append(text)
