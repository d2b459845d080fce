"""The screen that is written to: what a port printed is no command to a CI that shows it."""

from __future__ import annotations

import sys
from typing import IO, Any, cast

from rich.console import Console

from ports_adapter.quoting import disarmed


class _Disarmed:
    """A text file into which nothing is written that a CI takes for a command."""

    def __init__(self, file: IO[str]) -> None:
        self._file = file

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)

    def write(self, text: str) -> int:
        return self._file.write(disarmed(text))


def screen(*, stderr: bool = False) -> Console:
    """Standard output, or standard error, for text that a port may have a part in."""
    return Console(file=cast(IO[str], _Disarmed(sys.stderr if stderr else sys.stdout)))
