"""The summary of a run: what all forms of its report share."""

from collections.abc import Sequence
from dataclasses import dataclass

from conformance.anatomy.levels import Level
from conformance.judging.outcome import ExitCode, Outcome
from conformance.judging.report import CaseReport, Difference, LevelReport, Report
from conformance.judging.standing import Standing
from conformance.programs.program_report import ProgramReport

from .terminal.run_text import budgets, heading, next_steps

PROGRAM = "program"
"""The group of a program's checks."""

PORT = "port"
STARTS = "port builds and starts"
"""The only case of a run that could not be made, and its group."""


@dataclass(frozen=True, slots=True)
class Ending:
    """A case of a level, or a check of a program, as it ended; its `group` is its level.

    `standing` says how the outcome counts, and `reason` why, if a baseline says so. `detail` is
    what is wrong, `difference` the first wrong part of an answer. `seconds` is how long the case
    took, 0 if that is unknown.
    """

    group: str
    name: str
    outcome: Outcome
    detail: str
    standing: Standing = Standing.COUNTS
    reason: str = ""
    about: str = ""
    seconds: float = 0.0
    rerun: str = ""
    log: tuple[str, ...] = ()
    difference: Difference | None = None
    tainted_by: str = ""

    @property
    def slug(self) -> str:
        """Its group and its name."""
        return f"{self.group}/{self.name}"

    @property
    def fails(self) -> bool:
        """Whether a run with this case fails."""
        return self.standing.fails(self.outcome)

    @property
    def is_excused(self) -> bool:
        """Whether it failed without failing the run."""
        return self.outcome.is_failure and not self.fails


@dataclass(frozen=True, slots=True)
class Group:
    """A level: `passed` of `asked` cases, its outcome, and its largest error in words."""

    name: str
    outcome: Outcome
    passed: int
    asked: int
    worst: str = ""


@dataclass(frozen=True, slots=True)
class RunSummary:
    """A run, or why there is none.

    `label` is the port as the user named it, `first` the case to look at first, if any. `facts`
    are the run's seed, profile and the like, by name. `baseline` is the path of the baseline,
    empty if there is none, and `unmatched` its entries that match no case. `why` explains the
    failure.
    """

    label: str
    title: str
    verdict: str
    exit_code: ExitCode
    grade: str
    facts: dict[str, str]
    groups: tuple[Group, ...]
    endings: tuple[Ending, ...]
    first: Ending | None = None
    baseline: str = ""
    profile: str = ""
    unmatched: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    why: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether the run passed."""
        return self.exit_code is ExitCode.PASS

    @property
    def failures(self) -> list[Ending]:
        """The cases that fail the run, the first one first, tainted ones last."""
        failing = [ending for ending in self.endings if ending.fails]
        return sorted(failing, key=lambda e: (e is not self.first, e.tainted_by != ""))


def run_summary(report: Report, why: Sequence[str] = ()) -> RunSummary:
    """The summary of a run; `why` explains its failure, if that is known."""
    endings = tuple(_ending(case) for case in report.cases)
    facts = {
        "seed": str(report.seed),
        "profile": report.profile,
        "settings": " ".join(report.settings),
        "precision": report.port.precision,
        "edition": str(report.edition),
        "suite": report.suite_version,
        "part": f"{report.part.index}/{report.part.of}" if report.part else "",
        "answers": report.answers,
    }
    return RunSummary(
        label=report.port.label,
        title=heading(report),
        verdict=report.verdict,
        exit_code=report.exit_code,
        grade=report.grade,
        facts={name: value for name, value in facts.items() if value},
        groups=tuple(_group(level) for level in report.levels),
        endings=endings,
        first=next((e for e in endings if e.slug == report.first_divergence), None),
        baseline=report.baseline.path if report.baseline else "",
        profile=report.profile,
        unmatched=tuple(report.baseline.unmatched) if report.baseline else (),
        notes=tuple(" ".join(note.split()) for note in next_steps(report)),
        why=tuple(why),
    )


def program_summary(report: ProgramReport) -> RunSummary:
    """The summary of a run of a program as it is."""
    port = report.port
    endings = tuple(
        Ending(PROGRAM, check.name, check.outcome, check.detail, log=tuple(check.log))
        for check in report.checks
    )
    asked = [ending for ending in endings if ending.outcome is not Outcome.NOT_OFFERED]
    failed = [ending for ending in asked if ending.fails]
    outcome = failed[0].outcome if failed else Outcome.PASS if asked else Outcome.NOT_OFFERED
    facts = {
        "generator": report.generator,
        "precision": port.precision,
        "suite": report.suite_version,
        "seconds": f"{report.seconds:g}",
    }
    return RunSummary(
        label=port.label,
        title=f"{port.name} ({port.language}, {port.precision}), run as it is",
        verdict=report.verdict,
        exit_code=report.exit_code,
        grade="checks" if report.exit_code is ExitCode.PASS else "none",
        facts=facts,
        groups=(Group(PROGRAM, outcome, len(asked) - len(failed), len(asked)),),
        endings=endings,
        first=failed[0] if failed else None,
        notes=tuple(report.notes),
    )


def trouble_summary(label: str, message: str, exit_code: ExitCode) -> RunSummary:
    """The summary of a run that could not be made: one failed case that says why."""
    said, *log = message.splitlines() or [exit_code.meaning]
    failed = Ending(PORT, STARTS, Outcome.ERROR, said, log=tuple(log))
    return RunSummary(
        label=label,
        title=label,
        verdict=f"NOT RUN: {exit_code.meaning}",
        exit_code=exit_code,
        grade="none",
        facts={},
        groups=(Group(PORT, Outcome.ERROR, 0, 1),),
        endings=(failed,),
        first=failed,
    )


def _ending(case: CaseReport) -> Ending:
    return Ending(
        group=case.level,
        name=case.slug.partition("/")[2],
        outcome=case.outcome,
        detail=case.detail,
        standing=case.standing,
        reason=case.reason,
        about=case.about,
        seconds=case.seconds,
        rerun=case.rerun,
        log=tuple(case.log),
        difference=case.differences[0] if case.differences else None,
        tainted_by=case.tainted_by,
    )


def _group(level: LevelReport) -> Group:
    worst = f"{budgets(float(level.worst))} at {level.worst_at}" if level.worst_at else ""
    name: Level = level.level
    return Group(name, level.outcome, level.passed, level.asked, worst)
