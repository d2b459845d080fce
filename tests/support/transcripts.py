"""Recording a port, replaying what it answered, and comparing what both tell."""

from pathlib import Path

import msgspec
from msgspec import structs

from conformance.cases.request import Request
from conformance.judging.report import Report
from conformance.runs.replaying import judge_transcript
from conformance.runs.running import judge_port
from ports_adapter.manifest import Port
from ports_adapter.transcript.reader import read_transcript


def record(made: Port, path: Path, *patterns: str, seed: int = 1) -> Report:
    return judge_port(made, Request(made.label, patterns, seed, transcript=path))


def replayed(path: Path, *patterns: str) -> Report:
    with read_transcript(path) as transcript:
        return judge_transcript(transcript, patterns)


def timeless(report: Report) -> Report:
    """A report without its seconds, as JSON has it."""
    cases = [structs.replace(case, seconds=0.0) for case in report.cases]
    return structs.replace(report, cases=cases, seconds=0.0)


def same(report: Report, other: Report) -> bool:
    return msgspec.json.encode(timeless(report)) == msgspec.json.encode(timeless(other))


def assert_reproduced(made: Port, path: Path, *patterns: str) -> Report:
    """The port's run and its replay tell the same; so does the first failure alone."""
    report = record(made, path, *patterns)
    assert same(report, replayed(path))
    for failed in [case for case in report.cases if case.slug == report.first_divergence]:
        (alone,) = replayed(path, failed.slug).cases
        assert structs.replace(alone, seconds=failed.seconds) == failed
    return report
