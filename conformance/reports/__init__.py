"""Reports for whoever gates by them: JUnit XML, Markdown, annotations, a badge.

Each is written once, from the gist that all kinds of runs have in common.
"""

from .annotations import annotated
from .badge import badge
from .junit import junit
from .markdown import markdown
from .summary import Gist, gist_of, gist_of_program, gist_of_trouble

__all__ = [
    "Gist",
    "annotated",
    "badge",
    "gist_of",
    "gist_of_program",
    "gist_of_trouble",
    "junit",
    "markdown",
]
