"""Making an input small that something fails on: parts are left out as long as it still fails."""

import time
from collections.abc import Callable

SECONDS = 5.0


def minimised(content: bytes, fails: Callable[[bytes], bool], seconds: float = SECONDS) -> bytes:
    """The smallest that leaving out parts comes to in so many seconds; its first byte is kept."""
    deadline = time.monotonic() + seconds
    size = max(1, len(content) // 2)
    while time.monotonic() < deadline:
        shorter = _without_a_part(content, size, fails, deadline)
        if shorter is not None:
            content = shorter
        elif size == 1:
            break
        size = max(1, min(size if shorter is not None else size // 2, len(content) // 2))
    return content


def _without_a_part(
    content: bytes, size: int, fails: Callable[[bytes], bool], deadline: float
) -> bytes | None:
    """The content without as many parts of a size as can be left out; None if none can."""
    before, at = content, 1
    while at < len(content) and time.monotonic() < deadline:
        shorter = content[:at] + content[at + size :]
        if fails(shorter):
            content = shorter
        else:
            at += size
    return content if content != before else None
