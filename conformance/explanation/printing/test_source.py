"""Fills in the template of a test in a language."""

import math
import re
import sys
import textwrap
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from ports_adapter.manifest import Port
from ports_adapter.quoting import printable

from ..diagnosis import SmallestCase
from ..shrinking.search import Smallest
from .content import question_text, rows_of

WIDTH, MOST_WORDS = 92, 1000


@dataclass(frozen=True, slots=True)
class Language:
    """How a test is written in a language; `not_finite` has NaN, infinity and minus infinity."""

    template: str
    file_name: str
    not_finite: tuple[str, str, str]

    def number(self, number: float) -> str:
        """A number as source code."""
        if math.isfinite(number):
            return repr(number)
        nan, infinity, negative = self.not_finite
        return nan if math.isnan(number) else infinity if number > 0 else negative


SWIFT = Language("swift.jinja", "Smallest{camel}Tests.swift", (".nan", ".infinity", "-.infinity"))
RUST = Language(
    "rust.jinja", "smallest_{snake}.rs", ("f64::NAN", "f64::INFINITY", "f64::NEG_INFINITY")
)
JAVASCRIPT = Language(
    "javascript.jinja", "smallest-{kebab}.test.mjs", ("NaN", "Infinity", "-Infinity")
)
PYTHON = Language("python.jinja", "test_smallest_{snake}.py", ("math.nan", "math.inf", "-math.inf"))

LANGUAGES = {
    "swift": SWIFT,
    "rust": RUST,
    "javascript": JAVASCRIPT,
    "js": JAVASCRIPT,
    "node": JAVASCRIPT,
    "node.js": JAVASCRIPT,
    "typescript": JAVASCRIPT,
    "ts": JAVASCRIPT,
    "python": PYTHON,
}
"""Languages by the names that ports give them, in lower case."""


def printed(smallest: Smallest, language: str, port: Port | None = None) -> SmallestCase:
    """Make a test that fails until the port answers the question correctly.

    Args:
        smallest: the question.
        language: the language that the port declares. For an unknown language, the test is in
            Python and starts the port by its run command.
        port: the port whose functions the test calls, if they are found in its folder. Without
            a port, the test calls the functions of the suite's own port in that language.
    """
    known = LANGUAGES.get(language.strip().lower())
    form = known or PYTHON
    text, zeros = question_text(smallest)
    rows, total = rows_of(smallest)
    words = smallest.method.split("_")
    file_name = form.file_name.format(
        camel="".join(map(str.capitalize, words)), snake=smallest.method, kebab="-".join(words)
    )
    template = _environment().get_template(form.template)
    source = template.render(
        about=_comment(smallest.about),
        class_name=f"Smallest{''.join(map(str.capitalize, words))}Tests",
        file_name=file_name,
        method=smallest.method,
        number=form.number,
        params=text,
        precision=smallest.precision,
        rows=rows,
        total=total,
        zeros=zeros,
        **_handler(form, port, is_known=known is not None),
    )
    return SmallestCase(smallest.about, language, file_name, source)


def _comment(text: str) -> list[str]:
    """Lines of ASCII from a text that may contain a port's output."""
    plain = printable(text, MOST_WORDS).encode("ascii", "backslashreplace").decode()
    return textwrap.wrap(plain, WIDTH, break_on_hyphens=False)


def _handler(form: Language, port: Port | None, *, is_known: bool) -> dict[str, Any]:
    """The functions of the port that the test calls, for the template."""
    folder = port.folder if port else None
    run = list(port.run) if port else ["./my-port"]
    if form is SWIFT:
        kit = folder is not None and (folder / "Sources/Port/Server.swift").exists()
        engine = "VectorEngine" if "--vectors" in run else "ScalarEngine"
        return {"handler": "kit" if kit else "own", "engine": engine}
    if form is RUST:
        library = folder is None or (folder / "src/lib.rs").exists()
        crate = _crate(folder, library=library)
        return {"handler": "library" if library else "binary", "crate": crate}
    if form is PYTHON:
        return {"handler": _python_handler(folder, is_known), "run": [_shown(arg) for arg in run]}
    return {}


def _python_handler(folder: Path | None, is_known: bool) -> str:
    if not is_known:
        return "command"
    if folder is None or (folder / "microgpt_numpy/server.py").exists():
        return "own"
    return "kit" if (folder / "port/server.py").exists() else "command"


def _shown(argument: str) -> str:
    """A command's argument as Python source; this Python's own path becomes `sys.executable`."""
    return "sys.executable" if argument == sys.executable else ascii(argument)


def _crate(folder: Path | None, *, library: bool) -> str:
    """The name of a Rust package's library or program, and `microgpt` if it is not found."""
    try:
        content = tomllib.loads((folder / "Cargo.toml").read_text()) if folder else {}
        target = content.get("lib", {}) if library else content.get("bin", [{}])[0]
        name = str(target.get("name") or content["package"]["name"])
    except (OSError, ValueError, AttributeError, IndexError, KeyError, TypeError):
        return "microgpt"
    return name if re.fullmatch(r"[A-Za-z][A-Za-z0-9_-]*", name) else "microgpt"


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
