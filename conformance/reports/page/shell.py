"""What every page of ours shares: its templates and style, its signs, and what it may do."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from conformance.judging.outcome import Outcome

from .visible_text import amount, counted, of_budget, split_alike, visible

HERE = Path(__file__).parent
_NONE = "'none'"


def environment(*folders: Path) -> Environment:
    """Templates from these folders and from this one, which show text as it can be seen."""
    made = Environment(
        loader=FileSystemLoader([*folders, HERE]),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_finalized,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= _FILTERS
    made.globals["split_alike"] = split_alike
    return made


def policy(*scripts: str) -> str:
    """Only these scripts run, none if there are none, and nothing is fetched."""
    digests = (hashlib.sha256(script.encode()).digest() for script in scripts if script)
    allowed = " ".join(f"'sha256-{base64.b64encode(digest).decode()}'" for digest in digests)
    return (
        f"default-src 'none'; script-src {allowed or _NONE}; style-src 'unsafe-inline'; "
        "img-src data:; base-uri 'none'; form-action 'none'"
    )


def content_of(path: Path) -> str:
    """A style sheet or script as it goes into a page.

    Raises:
        OSError: it is not there.
    """
    return path.read_text(encoding="utf-8").strip()


def sign(outcome: Outcome) -> str:
    """An outcome without colour."""
    return "✗" if outcome.is_failure else "✓" if outcome is Outcome.PASS else "–"


def css(outcome: Outcome) -> str:
    """An outcome as a class."""
    return "wrong" if outcome.is_failure else "right" if outcome is Outcome.PASS else "unasked"


def _finalized(value: Any) -> Any:
    """Text as it can be seen; what is markup already stays."""
    return visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value


_FILTERS: Mapping[str, Any] = {
    "amount": amount,
    "of_budget": of_budget,
    "counted": counted,
    "sign": sign,
    "css": css,
}
