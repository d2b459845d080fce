"""What all pages share: the template that they fill, their style, and what they may do.

A page is one file. It opens offline, and a policy in it forbids everything but its own script.
What a port printed is text: it is escaped, and characters that cannot be seen are spelled out.
"""

import base64
import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from conformance.judging.outcome import Outcome
from conformance.judging.report import SUITE_VERSION

from .visible_text import amount, counted, of_budget, visible

HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Verdict:
    """What stands at the top of a page, in a word and a sentence."""

    is_pass: bool
    word: str
    sentence: str


def render(template: str, folder: Path = HERE, *, script: str = "", **content: Any) -> str:
    """A page: one HTML document, with its style and script in it.

    Args:
        template: extends `shell.html.j2`, which says what every page has to give.
        folder: where the template is.
        script: the one script that the page may run.
        content: the template's variables.

    Raises:
        jinja2.UndefinedError: the template uses a variable that is not given.
    """
    environment = Environment(
        loader=FileSystemLoader([folder, HERE]),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_finalized,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "amount": amount, "of_budget": of_budget, "counted": counted, "sign": sign, "css": css,
    }  # fmt: skip
    return environment.get_template(template).render(
        policy=_policy(script),
        css=Markup(content_of(HERE / "page.css")),
        script=Markup(script),
        suite_version=SUITE_VERSION,
        **content,
    )


def content_of(path: Path) -> str:
    """A style sheet or script as it goes into a page.

    Raises:
        OSError: the file cannot be read.
    """
    return path.read_text(encoding="utf-8").strip()


def sign(outcome: Outcome) -> str:
    """A sign for an outcome, which does without color."""
    return "✗" if outcome.is_failure else "✓" if outcome is Outcome.PASS else "–"


def css(outcome: Outcome) -> str:
    """The CSS class of an outcome."""
    return "wrong" if outcome.is_failure else "right" if outcome is Outcome.PASS else "unasked"


def _policy(script: str) -> str:
    """A Content Security Policy: only this script runs, and nothing is fetched."""
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    allowed = f"'sha256-{digest}'" if script else "'none'"
    return (
        f"default-src 'none'; script-src {allowed}; style-src 'unsafe-inline'; "
        "img-src data:; base-uri 'none'; form-action 'none'"
    )


def _finalized(value: Any) -> Any:
    """Text with what cannot be seen spelled out; markup is left alone."""
    return visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value
