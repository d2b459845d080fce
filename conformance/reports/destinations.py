"""Where a report goes: to the terminal, and into the files that were asked for."""

from __future__ import annotations

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
from .junit import junit
from .markdown import markdown
from .summary import RunSummary, run_summary, trouble_summary
from .terminal.run_text import show
from .terminal.safe_console import screen


class Unwritable(Unusable):
    """A report was made and cannot be written; the message names the file."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"the report cannot be written to {path}: {reason}", ExitCode.USAGE)


WRITERS: dict[str, Callable[[RunSummary], bytes]] = {
    "junit": junit,
    "markdown": lambda summary: markdown(summary).encode(),
    "badge": badge,
}
"""The forms that are made from a run's summary alone, by the name of their option."""


@dataclass(frozen=True, slots=True)
class Outputs:
    """The files that a report goes to; `-` for `json` is standard output.

    `summaries` are the files of forms in `WRITERS`, by their names. With `annotations`, standard
    output has workflow commands for GitHub after the text.
    """

    json: Path | None = None
    html: Path | None = None
    summaries: Mapping[str, Path] = field(default_factory=dict)
    annotations: bool = False

    @property
    def is_for_a_program(self) -> bool:
        """Whether JSON takes the place of the text."""
        return self.json is not None and str(self.json) == "-"


TO_THE_TERMINAL = Outputs()
"""No file at all."""


@dataclass(frozen=True, slots=True)
class Forms:
    """A run as each kind of run has it, from which every form of its report is made.

    `page` gives the HTML page, None where there is none of such a run.
    """

    summary: RunSummary
    json: bytes
    show: Callable[[Console], None]
    page: Callable[[], str] | None = None


def write_run(report: Report, outputs: Outputs) -> None:
    """A run's report to where it was asked for.

    Raises:
        Unwritable: a file cannot be written.
    """

    def page() -> str:
        from .page import page_of

        return page_of(without_explanation(report))

    forms = Forms(run_summary(report), encoded(report), lambda console: show(report, console), page)
    write_report(forms, outputs)


def write_report(forms: Forms, outputs: Outputs) -> None:
    """A report to where it was asked for: as text or JSON to standard output, and to files.

    A file that cannot be written does not keep the others from being written.

    Raises:
        Unwritable: a file cannot be written.
    """
    if outputs.is_for_a_program:
        write_for_a_program(forms.json)
    else:
        forms.show(screen())
    try:
        write_files(_files(forms, outputs))
    finally:
        _annotate(forms.summary, outputs)


def write_trouble(label: str, message: str, exit_code: ExitCode, outputs: Outputs) -> None:
    """Why there is no run, in the forms that have a place for it.

    Args:
        label: what the user called the port.
        message: says why.
        exit_code: what the suite ends with.
        outputs: where to.

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
    yield from _summaries(forms.summary, outputs)


def _summaries(summary: RunSummary, outputs: Outputs) -> Iterator[tuple[Path, bytes]]:
    for form, path in outputs.summaries.items():
        yield path, WRITERS[form](summary)


def write_for_a_program(content: bytes) -> None:
    """JSON to standard output, in place of the text."""
    sys.stdout.buffer.write(content)
    sys.stdout.flush()


def write_files(files: Iterable[tuple[Path, bytes]]) -> None:
    """Files, each in one step; one that cannot be written does not keep the others from it.

    Raises:
        Unwritable: a file cannot be written.
    """
    failed: list[Unwritable] = []
    for path, content in files:
        try:
            replace_file(path, content)
        except OSError as error:
            failed.append(Unwritable(path, error.strerror or str(error)))
    if failed:
        raise failed[0]


def _annotate(summary: RunSummary, outputs: Outputs) -> None:
    if outputs.annotations:
        sys.stdout.write("".join(f"{line}\n" for line in annotated(summary)))
        sys.stdout.flush()
