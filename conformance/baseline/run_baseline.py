"""Finds the baseline of a run, applies it to the cases, and rewrites it on request."""

from collections.abc import Callable, Set
from dataclasses import dataclass
from pathlib import Path

from msgspec import structs

from conformance.cases.request import BaselineChoice, Request, Unusable
from conformance.cases.selection import known_slugs
from conformance.judging.assembly import assembled
from conformance.judging.edition import current_edition, listed
from conformance.judging.outcome import ExitCode
from conformance.judging.report import BaselineReport, CaseReport, Report
from conformance.judging.standing import Standing
from golden.store import replace_file
from ports_adapter.manifest import Port
from ports_adapter.quoting import printable
from reference.profiles import MICROGPT

from .applying import Expectations
from .entries import BASELINE, BadBaseline, Baseline, parse_baseline, read_baseline
from .rewriting import EMPTY, updated


@dataclass(frozen=True, slots=True)
class Rules:
    """The rules by which outcomes of a run count: its edition, and its baseline if there is one.

    `slugs` are those of all cases about the run's program, asked or not.
    """

    profile: str
    variant: str
    baseline: Baseline | None
    slugs: Set[str]

    @property
    def edition(self) -> int:
        """The edition whose cases count."""
        return self.baseline.edition if self.baseline else current_edition()

    @property
    def report(self) -> BaselineReport | None:
        """The report's part about the baseline."""
        if self.baseline is None:
            return None
        unmatched = [
            self.baseline.description(entry)
            for entry in self._expectations.entries
            if not any(map(entry.matches, self.slugs))
        ]
        path = printable(str(self.baseline.path), 300)
        return BaselineReport(path, self.baseline.sha256, unmatched)

    @property
    def recorded(self) -> str | None:
        """The content of the baseline, as a transcript keeps it."""
        return self.baseline.content.decode("utf-8-sig") if self.baseline else None

    @property
    def _expectations(self) -> Expectations:
        if self.baseline is None:
            return Expectations(self.edition)
        return Expectations.of(self.baseline, self.profile, self.variant)

    def judged(self, case: CaseReport) -> CaseReport:
        """The case with its standing."""
        return self._expectations.judged(structs.replace(case, standing=Standing.COUNTS, reason=""))

    def rewritten(self, report: Report, warn: Callable[[str], None]) -> Report:
        """Rewrite the baseline to the outcomes of a run, and give the run's report by it.

        An incomplete run does not change the baseline.

        Raises:
            BadBaseline: the baseline cannot be rewritten.
            Unusable: its file cannot be written.
        """
        assert self.baseline is not None
        path = self.baseline.path
        was_asked = report.port.methods or report.trace
        if report.part or not was_asked or report.exit_code in _INCOMPLETE:
            warn(f"{path} is not changed: {report.verdict}")
            return report
        content = updated(self.baseline, report.cases, self.slugs, self.profile, self.variant)
        try:
            has_changed = replace_file(path, content)
        except OSError as error:
            message = f"the baseline cannot be written to {path}: {error.strerror}"
            raise Unusable(message, ExitCode.USAGE) from None
        now = parse_baseline(path, content)
        warn(
            f"{path} is rewritten: {len(now.entries)} entries, {len(self.baseline.entries)} before"
            if has_changed
            else f"{path} needs no change"
        )
        rules = Rules(self.profile, self.variant, now, self.slugs)
        head = structs.replace(report, baseline=rules.report)
        return assembled(head, [rules.judged(case) for case in report.cases])


_INCOMPLETE = (ExitCode.INTERRUPTED, ExitCode.SUITE_FAULT, ExitCode.NOTHING_VERIFIED)


def rules_for(port: Port, request: Request) -> Rules:
    """The rules for a run of this port.

    Raises:
        BadBaseline: the baseline cannot be read or used.
        UnreadableGolden: the golden trace is missing or damaged.
        Unusable: there is no such profile.
    """
    judged_program = request.judged_program
    baseline = _chosen(request.baseline, port.folder)
    is_of_use = baseline is not None and (baseline.entries or request.baseline.update)
    slugs = known_slugs(judged_program, port.precision) if is_of_use else set()
    return Rules(judged_program.name, port.variant, baseline, slugs)


def trace_rules(choice: BaselineChoice, folder: Path, variant: str = "") -> Rules:
    """The rules for a trace, or for the traces of a program in a folder.

    The baseline may also have entries about cases of the protocol.

    Raises:
        BadBaseline: the baseline cannot be read or used.
    """
    return Rules(MICROGPT.name, variant, _chosen(choice, folder), listed().keys())


def recorded_rules(port: Port, request: Request, content: str) -> Rules:
    """The rules for a run whose transcript kept this content of the baseline.

    Raises:
        BadBaseline: the content cannot be used.
    """
    judged_program = request.judged_program
    baseline = parse_baseline(Path(BASELINE), content.encode())
    return Rules(
        judged_program.name, port.variant, baseline, known_slugs(judged_program, port.precision)
    )


def _chosen(choice: BaselineChoice, folder: Path) -> Baseline | None:
    if choice.ignored:
        return None
    path = choice.path or folder / BASELINE
    if path.exists():
        return read_baseline(path)
    if choice.update:
        return parse_baseline(path, EMPTY)
    if choice.path is not None:
        raise BadBaseline(f"{path} does not exist; create it with --update-baseline")
    return None
