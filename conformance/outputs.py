"""Where a report goes: to the terminal, and into the files that were asked for."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from golden.store import replace_file

from .outcome import ExitCode
from .request import Unusable


@dataclass(frozen=True, slots=True)
class Outputs:
    """The forms of a report that were asked for, each with its file; `-` is standard output."""

    json: Path | None = None


TO_THE_TERMINAL = Outputs()
"""No file at all."""


def write_report(content: bytes, outputs: Outputs, show: Callable[[Console], None]) -> None:
    """A report to where it was asked for: as text, as JSON to standard output or to a file.

    Raises:
        Unusable: a file cannot be written.
    """
    to_stdout = outputs.json is not None and str(outputs.json) == "-"
    if to_stdout:
        sys.stdout.buffer.write(content)
        sys.stdout.flush()
    else:
        show(Console())
    if outputs.json is not None and not to_stdout:
        try:
            replace_file(outputs.json, content)
        except OSError as error:
            message = f"the report cannot be written to {outputs.json}: {error.strerror}"
            raise Unusable(message, ExitCode.USAGE) from None
