"""Makes text from a port safe to show: cut, quoted and escaped."""

import re

LINE_SHOWN = 120
TAIL_SHOWN = 12

COMMAND = re.compile(r"^([^\S\n]*):(?=:)|#(?=#\[)", re.MULTILINE)
"""What CI systems execute in a log: `::` at the start of a line, `##[` anywhere."""


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
    """A name at the start of a line, in quotes if it could look like a verdict or a command."""
    shown = printable(text, limit)
    return f"'{shown}'" if ":" in shown or shown != shown.lstrip() else shown


def tail(log: bytes, lines: int = TAIL_SHOWN) -> list[str]:
    """The last lines of a log, each printable and cut."""
    text = log.decode("utf-8", errors="replace")
    return [printable(line, 200) for line in text.splitlines()[-lines:]]


def _harmless(text: str) -> str:
    """Text with control characters escaped, and `##[`, which CI systems execute anywhere."""
    shown = "".join(char if char.isprintable() else ascii(char)[1:-1] for char in text)
    return shown.replace("##[", r"#\x23[")


def disarmed(text: str) -> str:
    """Text without lines that a CI system executes."""
    return COMMAND.sub(lambda found: f"{found[1]}\\x3a" if found[1] is not None else "\\x23", text)
