"""Reports for whoever gates by them: JUnit XML, Markdown, annotations, a badge.

Each is written once, from the summary that all kinds of runs have in common.
"""

from .annotations import annotated
from .badge import badge
from .junit import junit
from .markdown import markdown
from .summary import RunSummary, program_summary, run_summary, trouble_summary

__all__ = [
    "RunSummary",
    "annotated",
    "badge",
    "junit",
    "markdown",
    "program_summary",
    "run_summary",
    "trouble_summary",
]
