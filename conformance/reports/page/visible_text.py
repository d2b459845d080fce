"""Text for the page. What a port printed is data: what cannot be seen is spelled out, and cut."""

import itertools
import re
from collections.abc import Sequence

from conformance.reports.terminal.run_text import budgets
from golden.trace import Number
from ports_adapter.quoting import printable

LINE_KEPT = 1200
TRANSCRIPT_KEPT = 300_000


def visible(text: str) -> str:
    """Text whose control and format characters are spelled out; lines and tabs stay."""
    return re.sub(r"[^\n\t]+", lambda match: printable(match[0], len(match[0])), text)


def amount(ratio: Number) -> str:
    """An error in budgets, as in the terminal: `0.3`, `4.1e+06`, or why it has none."""
    return of_budget(ratio).removesuffix(" of budget")


def of_budget(ratio: Number) -> str:
    """An error in words: `0.3 of budget`."""
    return budgets(float(ratio))


def counted(number: int, noun: str) -> str:
    """`1 case`, `1,024 cases`."""
    return f"{number:,} {noun}" + ("" if number == 1 else "s")


def split_alike(expected: str, got: str) -> tuple[str, str, str]:
    """What two numbers begin with alike, and the rest of each."""
    pairs = itertools.takewhile(lambda pair: pair[0] == pair[1], zip(expected, got, strict=False))
    alike = sum(1 for _ in pairs)
    return expected[:alike], expected[alike:], got[alike:]


def shortened(lines: Sequence[str]) -> tuple[list[str], int]:
    """The transcript's lines as far as the page keeps them, and how many it leaves out.

    A long line is cut with a note, from the end where the whole is too long.
    """
    kept: list[str] = []
    room = TRANSCRIPT_KEPT
    for line in lines:
        shown = visible(line[:LINE_KEPT].rstrip("\n"))
        if len(line) > LINE_KEPT:
            shown += f" … ({len(line):,} characters)"
        room -= len(shown)
        if room < 0:
            break
        kept.append(shown)
    return kept, len(lines) - len(kept)
