"""The type of callbacks that show the progress of long work."""

from collections.abc import Callable

Progress = Callable[[str, int, int], None]
"""Is called with a description of the work, the amount done, and the whole amount."""


def no_progress(_what: str, _done: int, _of: int) -> None:
    """A callback that shows nothing."""
