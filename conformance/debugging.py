"""`conformance debug`: run a port, and tell what is wrong with it and why."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import msgspec
from rich.console import Console

from ports_adapter.manifest import Port
from ports_adapter.transcript.events import Event, Failed, Line, Logged, Question
from ports_adapter.transcript.reading import read_transcript

from .catalogue import MISTAKES
from .explanation.gathering import Gathered
from .explanation.printing import printed
from .explanation.shrinking import Asker, smallest
from .explanation.story import SmallestCase, Story
from .explanation.telling import Note, Run, story_of
from .explanation.terminal import tell
from .levels import METHODS
from .outcome import ExitCode
from .outputs import TO_THE_TERMINAL, Outputs, write_report
from .page import write_page
from .request import Request, Unusable
from .running import judge_port, the_port, usable


def debug_port(request: Request, html: Path | None, outputs: Outputs = TO_THE_TERMINAL) -> ExitCode:
    """Run the cases and tell their story: in the terminal, as JSON, on a page.

    Args:
        request: what to run; its report becomes the whole story.
        html: where the page goes, if one is wanted.
        outputs: where else it goes.

    Raises:
        Unusable: as for `running.run_port`, or the page cannot be written.
    """
    with usable(), tempfile.TemporaryDirectory() as folder:
        port = the_port(request.port, request.sandbox)
        if port.kind == "program":
            raise Unusable(
                f'{port.label} is a program that is run as it is (kind = "program"): it answers no '
                "questions, so there is nothing to debug it by; `conformance run` judges what it "
                "prints",
                ExitCode.USAGE,
            )
        kept = request.transcript or Path(folder) / "transcript.jsonl.gz"
        with noted(Console(stderr=True)) as note:
            story = debugged(port, replace(request, transcript=kept), note)
        if request.transcript is None:
            story = msgspec.structs.replace(story, transcript="")
        if html is not None:
            _write_page(html, story, kept)
    content = msgspec.json.encode(story) + b"\n"
    write_report(content, outputs, lambda console: tell(story, len(MISTAKES), console))
    if html is not None:
        Console(stderr=True).print(f"The page is in {html}.", highlight=False, soft_wrap=True)
    return story.report.exit_code


def debugged(port: Port, request: Request, note: Note) -> Story:
    """The story of a port's run.

    Raises:
        as `running.judge_port`.
    """
    gathered = Gathered()
    report = judge_port(port, request, gathered)
    run = Run(port, report, gathered)
    return story_of(run, note, smallest_cases, str(request.transcript or ""))


def smallest_cases(run: Run) -> list[SmallestCase]:
    """Of the first level that fails by itself, the smallest question that fails alike."""
    for level in run.gathered.roots:
        of_level = [kept for kept in run.gathered.wrong if kept.case.level is level]
        methods = [name for name in METHODS[level] if any(k.case.method == name for k in of_level)]
        with Asker(run.port) as asker:
            for method in methods[:1]:
                outcome = next(k.outcome for k in of_level if k.case.method == method)
                found = smallest(asker, method, outcome, subject=run.subject)
                if found is not None:
                    return [printed(found, run.port.language, run.port)]
    return []


@contextmanager
def noted(console: Console) -> Iterator[Note]:
    """Says what is being done: in one changing line on a terminal, in plain lines elsewhere."""
    if not console.is_terminal:
        yield lambda words: console.print(words, highlight=False, soft_wrap=True)
        return
    with console.status("") as status:
        yield lambda words: status.update(words)


def _write_page(html: Path, story: Story, kept: Path) -> None:
    slug = story.divergence.case if story.divergence else ""
    try:
        write_page(html, story, transcript_of(kept, slug))
    except OSError as error:
        message = f"the page cannot be written to {html}: {error.strerror}"
        raise Unusable(message, ExitCode.USAGE) from None


def transcript_of(path: Path, slug: str) -> list[str]:
    """What was asked and answered in one case of a recorded run, a line each."""
    with read_transcript(path) as transcript:
        return [line for event in transcript.of_case(slug) for line in _lines(event)]


def _lines(event: Event) -> Iterator[str]:
    match event:
        case Question():
            yield "> " + event.line
        case Line():
            yield "< " + event.content.decode(errors="backslashreplace").rstrip("\n")
        case Logged():
            for line in event.content.decode(errors="backslashreplace").splitlines():
                yield "| " + line
        case Failed():
            yield f"! {event.message}"
        case _:
            return
