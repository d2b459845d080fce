"""The console that the suite writes to: 80 columns, and no command to a CI that shows its log."""

import re
import sys
from typing import IO, Any, cast

from rich.console import Console
from rich.table import Table
from rich.text import Text

from ports_adapter.quoting import disarmed
from reference.wrapping import WIDTH, wrapped

_PADDING = re.compile(" +(?=\n)")


class _SafeFile:
    """A text file that keeps out what a CI takes for a command, and spaces at the end of a line."""

    def __init__(self, file: IO[str]) -> None:
        self._file = file

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)

    def write(self, text: str) -> int:
        return self._file.write(_PADDING.sub("", disarmed(text)))


def screen(*, stderr: bool = False) -> Console:
    """Standard output, or standard error, as a console at most 80 columns wide."""
    file = cast(IO[str], _SafeFile(sys.stderr if stderr else sys.stdout))
    console = Console(file=file, highlight=False, markup=False, emoji=False)
    console.width = min(console.width, WIDTH)
    return console


def put(console: Console, words: str, style: str = "", *, first: str | Text = "") -> None:
    """Print paragraphs, one a line of `words`, in a style of rich.

    They are wrapped between words, apart from those that begin with a space; `first` is what the
    first line begins with: see `reference.wrapping.wrapped`.
    """
    head = Text(first) if isinstance(first, str) else first
    for line in wrapped(words, head.plain, console.width):
        console.print(Text.assemble(head, (line[len(head) :], style)), soft_wrap=True)
        head = Text(" " * len(head))


def columns(*headings: str) -> Table:
    """An empty table; a heading that begins with `>` stands above numbers."""
    table = Table(box=None, pad_edge=False, header_style="dim")
    for heading in headings:
        is_right = heading.startswith(">")
        table.add_column(heading.lstrip(">"), justify="right" if is_right else "left", no_wrap=True)
    return table
