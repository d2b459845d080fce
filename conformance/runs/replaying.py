"""`conformance replay`: judge a recorded run again, from its transcript and without the port."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from msgspec import structs

from conformance.asking.run_report import Asked, case_report, make_report, port_report
from conformance.baseline.entries import BadBaseline
from conformance.baseline.run_baseline import Rules, recorded_rules, rules_for
from conformance.cases import select
from conformance.cases.case import Case
from conformance.cases.request import BaselineChoice, Request, Shard, Unusable
from conformance.cases.selection import selection
from conformance.judging.outcome import ExitCode
from conformance.judging.report import SUITE_VERSION, PartReport, Report
from conformance.reports.destinations import TO_THE_TERMINAL, Outputs, write_run
from ports_adapter.layout import Layout
from ports_adapter.manifest import Port
from ports_adapter.quoting import printable
from ports_adapter.transcript.events import RECORD, Header, Unreplayable
from ports_adapter.transcript.reader import Transcript, read_transcript
from ports_adapter.transcript.recorded_client import Replay

from .preparation import usable, warn
from .running import ask


def replay_transcript(
    path: Path, patterns: Sequence[str] = (), outputs: Outputs = TO_THE_TERMINAL
) -> ExitCode:
    """Judge a transcript, and print and write the report.

    Raises:
        Unusable: the transcript, the selection, names.txt, the golden traces or a report's file
            cannot be used.
    """
    try:
        with read_transcript(path) as transcript, usable():
            if not transcript.is_whole:
                warn(_what_is_left(transcript))
            report = judge_transcript(transcript, patterns)
    except Unreplayable as error:
        raise Unusable(str(error), ExitCode.USAGE) from None
    write_run(report, outputs)
    return report.exit_code


def judge_transcript(transcript: Transcript, patterns: Sequence[str] = ()) -> Report:
    """The report of a recorded run, or of some of its cases.

    The cases that an interrupted run did not finish are not run, and the report is that of an
    interrupted run.

    Raises:
        NotStarted: the port could not be started in the recorded run.
        UnreadableGolden: the golden trace is missing or damaged.
        Unreplayable: the transcript does not have the questions of this suite.
        Unusable: no case matches, or names.txt is missing.
    """
    header = transcript.header
    port = port_of(header)
    whole, selected = _selected(transcript, patterns)
    finished = ask(port, selected, Replay(transcript))
    rules, shard = _rules(port, header), _shard(header)
    asked = Asked(
        port, header.seed, header.profile, header.settings, rules.edition, rules.report,
        PartReport(shard.index, shard.of, [case.slug for case in whole]) if shard else None,
    )  # fmt: skip
    cases = [rules.judged(case_report(result, asked)) for result in finished.results]
    report = make_report(
        asked,
        port_report(port, finished.offer),
        cases,
        was_interrupted=finished.was_interrupted,
    )
    if transcript.end and transcript.end.layout and report.exit_code is ExitCode.FAIL:
        return structs.replace(report, layout=Layout(transcript.end.layout).toml())
    return report


def _rules(port: Port, header: Header) -> Rules:
    """The rules by which outcomes counted in the recorded run."""
    request = _request(header)
    if header.baseline is None:
        return rules_for(port, replace(request, baseline=BaselineChoice(ignored=True)))
    try:
        return recorded_rules(port, request, header.baseline)
    except BadBaseline as error:
        raise Unreplayable(f"the transcript's baseline cannot be used: {error}") from None


def _shard(header: Header) -> Shard | None:
    """The part of a split run that was recorded, if it was split."""
    if not header.shard:
        return None
    try:
        return Shard.parse(header.shard)
    except ValueError as error:
        raise Unreplayable(
            f"the transcript is of the shard {printable(header.shard, 60)!r}: {error}"
        ) from None


def _request(header: Header) -> Request:
    return Request(
        header.label, header.patterns, header.seed, header.names, header.long,
        profile=header.profile, settings=header.settings,
    )  # fmt: skip


def port_of(header: Header) -> Port:
    """The port of a recorded run; it cannot be run."""
    return Port(
        folder=Path(),
        name=header.name,
        language=header.language,
        run=(),
        precision=header.precision,
        label=printable(header.label),
        variant=header.variant,
        layout=Layout(header.layout),
    )


def _selected(transcript: Transcript, patterns: Sequence[str]) -> tuple[list[Case], list[Case]]:
    """All cases of the recorded run, and those of its part to judge again.

    Without patterns, all cases of the part are judged.
    """
    header = transcript.header
    whole = selection(_request(header), header.seed, header.precision)
    shard = _shard(header)
    cases = shard.part(whole) if shard else whole
    asked = {case.slug for case in cases}
    for section in transcript.sections.values():
        if section.slug not in asked:
            raise _other_cases(transcript, section.slug, "which this suite does not ask")
    for case in cases:
        if transcript.is_whole and case.slug not in transcript.sections:
            raise _other_cases(transcript, case.slug, "which this suite asks and it lacks")
    selected = select(cases, patterns)
    if not selected:
        raise Unusable(
            f"no case of {transcript.path} matches {' '.join(patterns)}; the first of its "
            f"{len(cases)} cases is {cases[0].slug}",
            ExitCode.USAGE,
        )
    return whole, selected


def _other_cases(transcript: Transcript, slug: str, why: str) -> Unreplayable:
    version = printable(transcript.header.suite_version, 60)
    return Unreplayable(
        f"{transcript.path} was recorded with suite {version}, this is {SUITE_VERSION}, and it "
        f"is about other cases: {printable(slug, 100)}, {why}. Replay it with that version of the "
        f"suite, or record it again: {RECORD}"
    )


def _what_is_left(transcript: Transcript) -> str:
    last = printable(transcript.last_case, 100)
    where = f"in the middle of {last}" if last else "before its first case"
    return (
        f"{transcript.path} breaks off after line {transcript.lines}, {where}: the run was "
        "interrupted, or the file is cut off. What is whole is replayed, the rest is not run."
    )
