"""Showing what a port printed: it is data, so it is cut, quoted and escaped."""

from __future__ import annotations

import re

LINE_SHOWN = 120
TAIL_SHOWN = 12

COMMAND = re.compile(r"^([^\S\n]*):(?=:)|#(?=#\[)", re.MULTILINE)
"""What the log of a CI takes for a command: `::` where a line begins, `##[` anywhere."""


def quoted(content: bytes, limit: int = LINE_SHOWN) -> str:
    """Bytes as one printable line in quotes, cut to `limit` characters."""
    text = content[: 4 * limit].decode("utf-8", errors="replace")
    shown = _harmless(text)
    cut = len(shown) > limit or len(content) > 4 * limit
    return f"'{shown[:limit]}'" + (f"… ({len(content)} bytes)" if cut else "")


def printable(text: str, limit: int = 1000) -> str:
    """Text without control characters, cut to `limit` characters."""
    return _harmless(text[:limit]) + ("…" if len(text) > limit else "")


def titled(text: str, limit: int = 100) -> str:
    """A name that begins a line: in quotes if it could be taken for a verdict or a command."""
    shown = printable(text, limit)
    return f"'{shown}'" if ":" in shown or shown != shown.lstrip() else shown


def tail(log: bytes, lines: int = TAIL_SHOWN) -> list[str]:
    """The last lines of a log, each printable and cut."""
    text = log.decode("utf-8", errors="replace")
    return [printable(line, 200) for line in text.splitlines()[-lines:]]


def _harmless(text: str) -> str:
    """Text with its control characters escaped, and what GitHub obeys anywhere in a line."""
    shown = "".join(char if char.isprintable() else ascii(char)[1:-1] for char in text)
    return shown.replace("##[", r"#\x23[")


def disarmed(text: str) -> str:
    """Text for a terminal of which no line is a command to the CI that shows it."""
    return COMMAND.sub(lambda found: f"{found[1]}\\x3a" if found[1] is not None else "\\x23", text)
