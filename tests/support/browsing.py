"""Pages in a real browser, which may ask nothing of the network and complain of nothing."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
GROUNDS = {"light": "rgb(255, 255, 255)", "dark": "rgb(16, 21, 27)"}

OpenFile = Callable[[Path, str, int], Page]


@contextmanager
def launched() -> Iterator[Browser]:
    """A browser of this machine."""
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        pytest.fail("Chromium is needed: apt-get install chromium")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=found)
        yield started
        started.close()


@contextmanager
def opening(browser: Browser) -> Iterator[OpenFile]:
    """Opens files, each in a scheme and a width; what was heard of them fails at the end."""
    contexts, heard = [], []

    def opens(path: Path, scheme: str, width: int) -> Page:
        context = browser.new_context(
            color_scheme="dark" if scheme == "dark" else "light",
            viewport={"width": width, "height": 900},
        )
        contexts.append(context)
        context.grant_permissions(["clipboard-read", "clipboard-write"])
        page = context.new_page()
        page.on("console", lambda message: heard.append(f"console: {message.text}"))
        page.on("pageerror", lambda error: heard.append(f"error: {error}"))
        page.on(
            "request",
            lambda asked: (
                None if asked.url.startswith(("data:", path.as_uri())) else heard.append(asked.url)
            ),
        )
        page.goto(path.as_uri())
        return page

    yield opens
    for context in contexts:
        context.close()
    assert heard == []


def colour_of(page: Page, name: str) -> str:
    return str(page.evaluate(f"getComputedStyle(document.body).{name}"))
