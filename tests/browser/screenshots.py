"""Takes the pictures in docs/screenshots: `python -m tests.browser.screenshots http://localhost:8000 docs/screenshots`.

The service should hold the demo profiles, as after `make run`.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import Final

from playwright.sync_api import sync_playwright

from tests.browser.conftest import ARGUMENTS, NAMES, PHONE, WIDE

SEARCH: Final = "/search?concern=anxiety&meeting=video&state=TX&max_fee=150"
PICTURES: Final = (
    ("start-390", "/", PHONE, "light"),
    ("start-1280", "/", WIDE, "light"),
    ("results-1280", SEARCH, WIDE, "light"),
    ("results-390", SEARCH, PHONE, "light"),
    ("results-1280-dark", SEARCH, WIDE, "dark"),
    ("profile-1280", "", WIDE, "light"),
    ("profile-390-dark", "", PHONE, "dark"),
    ("kinds-of-help-1280", "/kinds-of-help", WIDE, "light"),
    ("crisis-390", "/search?q=I+want+to+die", PHONE, "light"),
)
"""File, address (empty: the first of the results), screen and color scheme."""


def main(url: str, folder: Path) -> None:
    """Write every picture to `folder`."""
    path = next(p for p in map(shutil.which, NAMES) if p)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(ARGUMENTS))
        for name, address, screen, scheme in PICTURES:
            page = browser.new_page(viewport=screen, color_scheme="dark" if scheme == "dark" else "light")
            page.goto(url + (address or SEARCH))
            if not address:
                page.locator("article h2 a").first.click()
                page.locator("#bio, h1").first.wait_for()
            page.screenshot(path=folder / f"{name}.png")
            page.close()
        browser.close()


if __name__ == "__main__":
    main(sys.argv[1].rstrip("/"), Path(sys.argv[2]))
