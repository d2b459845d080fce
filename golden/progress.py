"""Progress of long work, for whoever watches."""

from __future__ import annotations

from collections.abc import Callable

Progress = Callable[[str, int, int], None]
"""Takes what is being done, how much of it is done, and of how much."""


def no_progress(_what: str, _done: int, _of: int) -> None:
    """The progress nobody watches."""
