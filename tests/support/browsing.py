"""Pages in a real browser, which may ask nothing of the network and complain of nothing."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, Request, sync_playwright

from ports_adapter.browser.availability import browser

Scheme = Literal["light", "dark"]
GROUNDS: dict[Scheme, str] = {"light": "rgb(255, 255, 255)", "dark": "rgb(16, 21, 27)"}

Open = Callable[..., Page]
"""`Tab.open`"""


@contextmanager
def launched() -> Iterator[Browser]:
    """A browser of this machine; a test that uses it says `needs("chromium")`."""
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=browser())
        yield started
        started.close()


class Tab:
    """A tab that opens one document after the other, and hears what they complain of."""

    def __init__(self, browser: Browser, folder: Path) -> None:
        self.file = folder / "page.html"
        self.complaints: list[str] = []
        self.page = browser.new_page()
        self.page.set_default_timeout(120_000)
        self.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        self.page.on("console", lambda said: self.complaints.append(f"console: {said.text}"))
        self.page.on("pageerror", lambda error: self.complaints.append(f"error: {error}"))
        self.page.on("request", self._hear)

    def _hear(self, request: Request) -> None:
        if not request.url.startswith(("data:", self.file.as_uri())):
            self.complaints.append(f"request: {request.url}")

    def open(self, document: str, scheme: Scheme = "light", width: int = 1280) -> Page:
        """Show a document in a scheme, and in a window of a width in pixels."""
        self.file.write_text(document, encoding="utf-8")
        self.page.emulate_media(media="screen", color_scheme=scheme)
        self.page.set_viewport_size({"width": width, "height": 900})
        self.page.goto(self.file.as_uri())
        return self.page


def check_accessible(page: Page, **options: object) -> None:
    found = Axe().run(page, options={"resultTypes": ["violations"], **options})
    assert found.violations_count == 0, found.generate_report()


def width_of(page: Page) -> int:
    """How wide a page is with all that sticks out of it, in pixels."""
    return int(page.evaluate("document.documentElement.scrollWidth"))


def ground_of(page: Page) -> str:
    return str(page.evaluate("getComputedStyle(document.body).backgroundColor"))
