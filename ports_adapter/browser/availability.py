"""Finds the browser that pages are opened in, and the program that asks them."""

import importlib.util
import os
import shutil
import sys
from pathlib import Path

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
"""The commands of Chromium, by the system that installs it."""

PROGRAM = Path(__file__).with_name("page_port.py")

OWN_BROWSERS = (".cache/ms-playwright", "Library/Caches/ms-playwright")
"""Where Playwright keeps browsers that it installed, in the home folder."""


def command_for(page: str, name: str, precision: str) -> tuple[str, ...]:
    """The command that asks a page.

    Args:
        page: the HTML file, relative to the port's folder.
        name: how the port is called, if the page does not say.
        precision: in which it computes, if the page does not say.
    """
    return (sys.executable, str(PROGRAM), page, name, precision, browser() or "")


def browser() -> str | None:
    """The Chromium that is on PATH, or None."""
    return next(filter(None, map(shutil.which, BROWSERS)), None)


def why_no_page(page: str, folder: Path) -> str | None:
    """Why a page cannot be opened here and what to do, or None if it can."""
    path = (folder / page).resolve()
    if not path.is_file():
        return f"{page} does not exist in {folder}"
    if not path.is_relative_to(folder):
        return f"{page} is outside of {folder}; a page and all that it loads are in that folder"
    if importlib.util.find_spec("playwright") is None:
        return "a page needs Playwright: pip install playwright"
    if browser() is None and not _has_own_browser():
        return (
            "a page needs Chromium, which is not on PATH: apt-get install chromium, or "
            "python -m playwright install chromium"
        )
    return None


def _has_own_browser() -> bool:
    places = [Path.home() / place for place in OWN_BROWSERS]
    if named := os.environ.get("PLAYWRIGHT_BROWSERS_PATH"):
        places = [Path(named)]
    return any(any(place.glob("chromium*")) for place in places)
