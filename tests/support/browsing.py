"""Pages in a real browser, which may ask nothing of the network and complain of nothing."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.support.tools import BROWSERS

Scheme = Literal["light", "dark"]
GROUNDS: dict[Scheme, str] = {"light": "rgb(255, 255, 255)", "dark": "rgb(16, 21, 27)"}

Open = Callable[..., Page]


@contextmanager
def launched() -> Iterator[Browser]:
    """A browser of this machine; a test that uses it says `needs("chromium")`."""
    found = next(filter(None, map(shutil.which, BROWSERS)))
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=found)
        yield started
        started.close()


@contextmanager
def opening(browser: Browser, folder: Path) -> Iterator[Open]:
    """Opens documents, each in a scheme and a width; what they complain of fails at the end."""
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    def opens(document: str, scheme: Scheme = "light", width: int = 1280) -> Page:
        path = folder / f"page-{len(contexts)}.html"
        path.write_text(document, encoding="utf-8")
        context = browser.new_context(color_scheme=scheme, viewport={"width": width, "height": 900})
        contexts.append(context)
        context.grant_permissions(["clipboard-read", "clipboard-write"])
        page = context.new_page()
        page.on("console", lambda message: complaints.append(f"console: {message.text}"))
        page.on("pageerror", lambda error: complaints.append(f"error: {error}"))
        page.on(
            "request",
            lambda asked: (
                None
                if asked.url.startswith(("data:", path.as_uri()))
                else complaints.append(asked.url)
            ),
        )
        page.goto(path.as_uri())
        return page

    yield opens
    for context in contexts:
        context.close()
    assert complaints == []


def check_accessible(page: Page, **options: object) -> None:
    """Fail with what axe finds on a page."""
    found = Axe().run(page, options={"resultTypes": ["violations"], **options})
    assert found.violations_count == 0, found.generate_report()


def width_of(page: Page) -> int:
    """How wide a page is with all that sticks out of it, in pixels."""
    return int(page.evaluate("document.documentElement.scrollWidth"))


def ground_of(page: Page) -> str:
    """The color of a page's background."""
    return str(page.evaluate("getComputedStyle(document.body).backgroundColor"))
