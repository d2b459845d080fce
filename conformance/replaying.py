"""Replaying a run from its transcript: the same cases, judged by the same engine, and no port."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ports_adapter.layout import Layout
from ports_adapter.manifest import Port
from ports_adapter.quoting import printable
from ports_adapter.transcript.events import RECORD, Header, Unreplayable
from ports_adapter.transcript.reading import Transcript, read_transcript
from ports_adapter.transcript.replaying import Replay

from .case import Case
from .cases import select
from .outcome import ExitCode
from .report import SUITE_VERSION, Report, encode, make_report
from .running import Request, Unusable, ask, selection, usable, warn, write_report
from .terminal import show


def replay_transcript(
    path: Path, patterns: Sequence[str] = (), json_path: Path | None = None
) -> ExitCode:
    """Replay a transcript and print or write the report.

    Raises:
        Unusable: the transcript, the selection, names.txt, the goldens or the report's place
            cannot be used.
    """
    try:
        with read_transcript(path) as transcript, usable():
            if not transcript.is_whole:
                warn(_what_is_left(transcript))
            report = judge_transcript(transcript, patterns)
    except Unreplayable as error:
        raise Unusable(str(error), ExitCode.USAGE) from None
    request = Request(report.port.label, patterns, report.seed, json_path=json_path)
    write_report(encode(report), request, lambda console: show(report, console))
    return report.exit_code


def judge_transcript(transcript: Transcript, patterns: Sequence[str] = ()) -> Report:
    """The report of a recorded run, or of some of its cases.

    Cases that an interrupted or killed run did not come to, or not to the end of, are not run,
    and the report is that of an interrupted run.

    Raises:
        NotStarted: the port could not be started in the recorded run.
        UnreadableGolden: the golden trace is missing or damaged.
        Unreplayable: the transcript has not what this suite asks.
        Unusable: no case matches, or names.txt is not there.
    """
    header = transcript.header
    port = port_of(header)
    finished = ask(port, _selected(transcript, patterns), Replay(transcript))
    asked = header.profile, header.settings
    report = make_report(port, finished, header.seed, None, *asked)
    if transcript.end and transcript.end.layout and report.exit_code is ExitCode.FAIL:
        layout = Layout(transcript.end.layout)
        return make_report(port, finished, header.seed, layout, *asked)
    return report


def port_of(header: Header) -> Port:
    """The port of a recorded run, which cannot be run."""
    return Port(
        folder=Path(),
        name=header.name,
        language=header.language,
        run=(),
        precision=header.precision,
        label=printable(header.label),
        layout=Layout(header.layout),
    )


def _selected(transcript: Transcript, patterns: Sequence[str]) -> list[Case]:
    """The cases to judge again, which are all of the recorded run's if no patterns are given."""
    header = transcript.header
    request = Request(
        header.label, header.patterns, header.seed, header.names, header.long,
        profile=header.profile, settings=header.settings,
    )  # fmt: skip
    cases = selection(request, header.seed, header.precision)
    asked = {case.slug for case in cases}
    for section in transcript.sections.values():
        if section.slug not in asked:
            raise _other_cases(transcript, section.slug, "which this one does not ask")
    for case in cases:
        if transcript.is_whole and case.slug not in transcript.sections:
            raise _other_cases(transcript, case.slug, "which this one asks and it does not have")
    selected = select(cases, patterns)
    if not selected:
        raise Unusable(
            f"no case of {transcript.path} matches {' '.join(patterns)}; the first of the "
            f"{len(cases)} that it has is {cases[0].slug}",
            ExitCode.USAGE,
        )
    return selected


def _other_cases(transcript: Transcript, slug: str, why: str) -> Unreplayable:
    version = printable(transcript.header.suite_version, 60)
    return Unreplayable(
        f"{transcript.path} was recorded with suite {version}, this is {SUITE_VERSION}, and it "
        f"is about other cases: {printable(slug, 100)}, {why}. Replay it with the suite that "
        f"recorded it, or record it anew: {RECORD}"
    )


def _what_is_left(transcript: Transcript) -> str:
    last = printable(transcript.last_case, 100)
    where = f"in the middle of {last}" if last else "before its first case"
    return (
        f"{transcript.path} breaks off after line {transcript.lines}, {where}: the run was "
        "interrupted, or the file is cut off. What is whole is replayed, the rest is not run."
    )
