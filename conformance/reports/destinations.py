"""Where a report goes: to the terminal, and into the requested files."""

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console

from conformance.cases.request import Unusable
from conformance.explanation.diagnosis import without_explanation
from conformance.judging.outcome import ExitCode
from conformance.judging.report import Report
from golden.json_documents import encoded
from golden.store import replace_file

from .annotations import annotated
from .badge import badge
from .issue_text import issue_text
from .junit import junit
from .markdown import markdown
from .summary import RunSummary, run_summary, trouble_summary
from .terminal.run_text import show
from .terminal.safe_console import put, screen


class Unwritable(Unusable):
    """A report cannot be written to its file."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"the report cannot be written to {path}: {reason}", ExitCode.USAGE)


WRITERS: dict[str, Callable[[RunSummary], bytes]] = {
    "junit": junit,
    "markdown": lambda summary: markdown(summary).encode(),
    "badge": badge,
}
"""The forms that are made from a run's summary alone, by the names of their options."""


@dataclass(frozen=True, slots=True)
class Outputs:
    """The files that a report goes to; `-` for `json` is standard output.

    `summaries` are the files of forms in `WRITERS`, by their names. `issue` is the file of a text
    for the author of the port. With `annotations`, standard
    output has workflow commands for GitHub after the text.
    """

    json: Path | None = None
    html: Path | None = None
    issue: Path | None = None
    summaries: Mapping[str, Path] = field(default_factory=dict)
    annotations: bool = False

    @property
    def is_for_a_program(self) -> bool:
        """Whether JSON takes the place of the text."""
        return self.json is not None and str(self.json) == "-"


TO_THE_TERMINAL = Outputs()


@dataclass(frozen=True, slots=True)
class Forms:
    """What every form of a report is made from.

    `show` prints the text, `page` gives the HTML page, and `issue` the text for the author of the
    port. A program has no page and no issue, and a survey of several ports no summary.
    """

    summary: RunSummary | None
    json: bytes
    show: Callable[[Console], None]
    page: Callable[[], str] | None = None
    issue: Callable[[], str] | None = None


def write_run(report: Report, outputs: Outputs) -> None:
    """Print and write the report of a run.

    Raises:
        Unwritable: a file cannot be written.
    """

    def page() -> str:
        from .page.debug_page import page_of

        return page_of(without_explanation(report))

    forms = Forms(
        run_summary(report),
        encoded(report),
        lambda console: show(report, console),
        page,
        lambda: issue_text(without_explanation(report)),
    )
    write_report(forms, outputs)


def write_report(forms: Forms, outputs: Outputs) -> None:
    """Print a report, as text or as JSON, and write its files.

    Raises:
        Unwritable: a file cannot be written; all others are.
    """
    if outputs.is_for_a_program:
        sys.stdout.buffer.write(forms.json)
        sys.stdout.flush()
    else:
        forms.show(screen())
    try:
        write_files(_files(forms, outputs))
    finally:
        _annotate(forms.summary, outputs)
    if outputs.html is not None and forms.page is not None:
        put(screen(stderr=True), f"The page is in {outputs.html}.")


def write_trouble(label: str, message: str, exit_code: ExitCode, outputs: Outputs) -> None:
    """Write why there is no run, in the forms that can say it.

    Args:
        label: the port, as the user named it.
        message: why there is no run.
        exit_code: the exit code of the suite.
        outputs: where the report would have gone.

    Raises:
        Unwritable: a file cannot be written.
    """
    summary = trouble_summary(label, message, exit_code)
    try:
        write_files(_summaries(summary, outputs))
    finally:
        _annotate(summary, outputs)


def _files(forms: Forms, outputs: Outputs) -> Iterator[tuple[Path, bytes]]:
    if outputs.json is not None and not outputs.is_for_a_program:
        yield outputs.json, forms.json
    if outputs.html is not None and forms.page is not None:
        yield outputs.html, forms.page().encode()
    if outputs.issue is not None and forms.issue is not None:
        yield outputs.issue, forms.issue().encode()
    yield from _summaries(forms.summary, outputs)


def _summaries(summary: RunSummary | None, outputs: Outputs) -> Iterator[tuple[Path, bytes]]:
    if summary is None:
        return
    for form, path in outputs.summaries.items():
        yield path, WRITERS[form](summary)


def write_files(files: Iterable[tuple[Path, bytes]]) -> None:
    """Write files, each in one step.

    Raises:
        Unwritable: a file cannot be written; all others are.
    """
    failed: list[Unwritable] = []
    for path, content in files:
        try:
            replace_file(path, content)
        except OSError as error:
            failed.append(Unwritable(path, error.strerror or str(error)))
    if failed:
        raise failed[0]


def _annotate(summary: RunSummary | None, outputs: Outputs) -> None:
    if outputs.annotations and summary is not None:
        sys.stdout.write("".join(f"{line}\n" for line in annotated(summary)))
        sys.stdout.flush()
