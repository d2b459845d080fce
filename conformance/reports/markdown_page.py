"""Pages of the documents that a command writes, from templates beside what fills them."""

from pathlib import Path
from typing import Any

from jinja2 import StrictUndefined, Template


def filled(template: Path, **content: Any) -> str:
    """The Markdown of a template with its variables.

    Raises:
        jinja2.UndefinedError: the template uses a variable that is not given.
    """
    page: str = Template(
        template.read_text(encoding="utf-8"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    ).render(**content)
    return page
