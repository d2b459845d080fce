"""The port of a page: opens it in headless Chromium, and asks it what the suite asks.

It speaks the protocol on standard input and output, as any port. The page gets each request as the
text that came, and the text of its answer goes out unchanged. What the page says on its console is
the log. A page gets the files of the port's folder, and nothing else: there is no network.

Usage: page_port.py PAGE NAME PRECISION BROWSER, in the port's folder. It imports nothing of the
suite, since it runs where the port runs.
"""

import json
import os
import sys
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote, unquote, urlsplit

from playwright.sync_api import CDPSession, Error, Page, Route, sync_playwright

ORIGIN = "http://localhost/"
"""The address of the folder in the browser; nobody listens there, requests are answered here."""

HEADERS = {
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
}
"""With these a page may share memory between its threads."""

ANSWERING = Path(__file__).with_name("answering.js")
SECONDS_TO_DEFINE = 10.0
"""How long a page may take, once it is loaded, to define `window.microgpt`."""

POLL = 50
INTERNAL_ERROR = -32603


class Given(NamedTuple):
    """What the manifest says of a page: its file, and what holds if the page says nothing."""

    page: str
    name: str
    precision: str
    browser: str


class Folder:
    """Answers the requests of a page with the files of the port's folder.

    `troubles` says what the page asked for in vain.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder.resolve()
        self.troubles: list[str] = []

    def answer(self, route: Route) -> None:
        """Answer a request with a file, or refuse it."""
        address = route.request.url
        if not address.startswith(ORIGIN):
            self._refuse(route, f"{address} is not loaded: a page has no network")
            return
        name = unquote(urlsplit(address).path).lstrip("/")
        path = (self.folder / name).resolve()
        if path.is_relative_to(self.folder) and path.is_file():
            route.fulfill(path=path, headers=HEADERS)
        elif name == "favicon.ico":
            route.fulfill(status=404)
        else:
            self._refuse(route, f"{name} is not in the port's folder")

    def _refuse(self, route: Route, trouble: str) -> None:
        self.troubles.append(trouble)
        log(trouble)
        route.abort()


def log(text: str) -> None:
    """Write a line to the port's log."""
    print(text, file=sys.stderr, flush=True)  # noqa: T201


def put(line: str) -> None:
    """Write a message, as a line."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def exception_text(details: dict[str, Any]) -> str:
    """What an exception of a page says, with its file and line."""
    exception = details.get("exception", {})
    first = str(exception.get("description") or exception.get("value") or details["text"])
    where = str(details.get("url", "")).removeprefix(ORIGIN)
    line = f"{details.get('lineNumber', 0) + 1}:{details.get('columnNumber', 0) + 1}"
    return first.splitlines()[0] + (f" ({where}:{line})" if where else "")


class OpenPage:
    """A page in the browser; `trouble` says why it cannot be asked, or is empty."""

    def __init__(self, page: Page, given: Given) -> None:
        self._page = page
        self._given = given
        self._errors: list[str] = []
        self._folder = Folder(Path())
        page.on("console", lambda said: log(said.text))
        page.on("crash", lambda _: self._die("the page crashed, perhaps out of memory"))
        page.route("**/*", self._folder.answer)
        page.add_init_script(path=ANSWERING)
        self._session: CDPSession = page.context.new_cdp_session(page)
        self._session.on("Runtime.bindingCalled", lambda event: put(event["payload"]))
        self._session.on("Runtime.exceptionThrown", self._hear)
        self._session.send("Runtime.enable")
        self._session.send("Runtime.addBinding", {"name": "microgptSend"})
        page.goto(ORIGIN + quote(given.page))
        self.trouble = self._waited()

    def ask(self, line: str) -> None:
        """Ask the page; its answer is written as it comes."""
        given = {"name": self._given.name, "precision": self._given.precision}
        self._session.send(
            "Runtime.evaluate",
            {
                "expression": f"microgptAnswer({json.dumps(line)}, {json.dumps(given)})",
                "awaitPromise": True,
            },
        )

    def _hear(self, event: dict[str, Any]) -> None:
        said = exception_text(event["exceptionDetails"])
        self._errors.append(said)
        log(said)

    def _die(self, why: str) -> None:
        log(why)
        os._exit(1)

    def _waited(self) -> str:
        """Wait until the page can be asked; gives why it cannot be."""
        waited = 0.0
        while not self._page.evaluate("typeof microgpt === 'object' && microgpt !== null"):
            troubles = self._errors or self._folder.troubles
            if troubles or waited > SECONDS_TO_DEFINE * 1000:
                why = f": {troubles[0]}" if troubles else ""
                limit = "" if troubles else f" within {SECONDS_TO_DEFINE:g} s"
                return f"{self._given.page} defines no window.microgpt{limit}{why}"
            self._page.wait_for_timeout(POLL)
            waited += POLL
        return ""


def serve(page: OpenPage) -> None:
    """Answer the lines of standard input until `shutdown`, or its end."""
    for line in sys.stdin:
        request = json.loads(line)
        if page.trouble:
            error = {"code": INTERNAL_ERROR, "message": page.trouble}
            put(json.dumps({"jsonrpc": "2.0", "id": request["id"], "error": error}))
        else:
            page.ask(line)
        if request["method"] == "shutdown":
            return


def main() -> None:
    """Open the page, and answer."""
    given = Given(*sys.argv[1:])
    # The sandbox moves the cache, where Playwright would look for browsers that it installed.
    os.environ.pop("XDG_CACHE_HOME", None)
    sys.stdin.reconfigure(encoding="utf-8", newline="\n")  # type: ignore[union-attr]
    sys.stdout.reconfigure(encoding="utf-8", newline="\n")  # type: ignore[union-attr]
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=given.browser or None)
            serve(OpenPage(browser.new_page(), given))
            browser.close()
    except Error as error:
        log(error.message)
        sys.exit(1)


if __name__ == "__main__":
    main()
