"""`conformance merge`: join the reports of the parts of a run."""

from collections.abc import Sequence
from pathlib import Path

import msgspec
from msgspec import structs

from conformance.cases.request import MOST_PARTS, Unusable
from conformance.judging.assembly import assembled
from conformance.judging.outcome import ExitCode
from conformance.judging.report import PartReport, Report
from conformance.reports.destinations import TO_THE_TERMINAL, Outputs, write_run
from ports_adapter.quoting import printable

ALIKE = (
    "schema_version", "suite_version", "port", "profile", "settings", "edition", "seed", "baseline",
)  # fmt: skip
"""The fields that are equal in all parts of a run."""


def merge_reports(paths: Sequence[Path], outputs: Outputs = TO_THE_TERMINAL) -> ExitCode:
    """Join the reports of parts, and print and write the whole report.

    Raises:
        Unusable: a file cannot be read or is not the report of a part, the parts are not of one
            run, one is missing or given twice, or the report cannot be written.
    """
    report = merged([(path, read_part(path)) for path in paths])
    write_run(report, outputs)
    return report.exit_code


def read_part(path: Path) -> Report:
    """The report of a part that `run --shard I/N --json FILE` wrote.

    Raises:
        Unusable: the file cannot be read, or is not the report of a part.
    """
    try:
        return decode_part(path, path.read_bytes())
    except OSError as error:
        raise Unusable(f"{path} cannot be read: {error.strerror}", ExitCode.USAGE) from None


def decode_part(path: Path, content: bytes) -> Report:
    """The report of a part in this file content; `path` is for messages.

    Raises:
        Unusable: it is not the report of a part.
    """
    try:
        report = msgspec.json.decode(content, type=Report)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        why = printable(str(error), 300)
        raise Unusable(f"{path} is not a report of this suite: {why}", ExitCode.USAGE) from None
    if report.part is None:
        raise Unusable(
            f"{path} is the report of a whole run, not of a part: parts are made by "
            "`run --shard I/N --seed SEED --json FILE`",
            ExitCode.USAGE,
        )
    index, of = report.part.index, report.part.of
    if not 1 <= index <= of <= MOST_PARTS or len(set(report.part.slugs)) < len(report.part.slugs):
        raise Unusable(f"{path} is not a part of a run: it is part {index} of {of}", ExitCode.USAGE)
    return report


def merged(parts: Sequence[tuple[Path, Report]]) -> Report:
    """The report of the whole run.

    Raises:
        Unusable: the parts are not of one run, or one is missing, given twice, or incomplete.
    """
    (first_path, first), *others = parts
    for path, report in others:
        _demand_alike(first_path, first, path, report)
    by_index: dict[int, tuple[Path, Report]] = {}
    for path, report in parts:
        index = _part(report).index
        if index in by_index:
            raise _refused(f"{by_index[index][0]} and {path} are both part {index}")
        by_index[index] = path, report
    whole = _part(first)
    if missing := [str(i) for i in range(1, whole.of + 1) if i not in by_index]:
        raise _refused(f"of {whole.of} parts these are missing: {', '.join(missing)}")
    cases = {case.slug: case for _, report in parts for case in report.cases}
    for path, report in parts:
        expected = whole.slugs[_part(report).index - 1 :: whole.of]
        if [case.slug for case in report.cases] != expected:
            raise _refused(f"{path} does not have the cases of its part")
    was_interrupted = any(report.exit_code is ExitCode.INTERRUPTED for _, report in parts)
    port = next((report.port for _, report in parts if _is_introduced(report)), first.port)
    head = structs.replace(first, part=None, port=port)
    layout = next((report.layout for _, report in parts if report.layout), "")
    return assembled(
        structs.replace(head, layout=layout),
        [cases[slug] for slug in whole.slugs],
        was_interrupted=was_interrupted,
    )


def _demand_alike(first_path: Path, first: Report, path: Path, report: Report) -> None:
    a, b = _part(first), _part(report)
    if (a.of, a.slugs) != (b.of, b.slugs):
        raise _refused(
            f"{first_path} and {path} are parts of runs that were split in different ways"
        )
    for name in ALIKE:
        one, other = getattr(first, name), getattr(report, name)
        if name == "port" and not (_is_introduced(first) and _is_introduced(report)):
            # A part whose port did not start does not know its methods.
            one, other = one.label, other.label
        if one != other:
            raise _refused(f"{first_path} and {path} differ in {name.replace('_', ' ')}")


def _is_introduced(report: Report) -> bool:
    return bool(report.port.methods)


def _part(report: Report) -> PartReport:
    assert report.part is not None
    return report.part


def _refused(why: str) -> Unusable:
    return Unusable(f"the parts cannot be joined: {why}", ExitCode.USAGE)
