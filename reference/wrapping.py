"""Prose wrapped to the width of a terminal, for every command line of the project."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

WIDTH = 80


def wrapped(words: str, first: str = "", width: int = WIDTH) -> Iterator[str]:
    """The lines of some paragraphs, wrapped between words.

    A paragraph that begins with a space is a command to paste or a quotation: it is never wrapped.
    No wrapped text begins at the margin, where something quoted could pass for a verdict.

    Args:
        words: the paragraphs, one a line.
        first: what the first line begins with. Further lines begin below the words that follow it,
            or two columns further in if it is blank.
        width: columns of a line. A longer word stays whole: it may be a path.
    """
    margin = " " * (len(first) if first.strip() else len(first) + 2)
    for paragraph in words.split("\n"):
        if not paragraph or paragraph.startswith(" "):
            yield first + paragraph
        else:
            yield from textwrap.wrap(
                paragraph,
                width,
                initial_indent=first,
                subsequent_indent=margin,
                break_long_words=False,
                break_on_hyphens=False,
            )
        first = " " * len(first)
