"""Summaries of runs of every kind, as the forms of a report have them."""

import pytest
from msgspec import structs

from conformance.anatomy.levels import Level
from conformance.judging.outcome import ExitCode, Outcome
from conformance.judging.report import BaselineReport, CaseReport, Report
from conformance.judging.standing import Standing
from conformance.programs.program_report import Check, ProgramPort, ProgramReport
from conformance.reports.summary import program_summary, run_summary, trouble_summary
from tests.support import diagnoses

NASTY = (
    "x]]>\x00\x08\x1b[31m\ud800\uffff</testcase>&<!--",
    "::error file=/etc/passwd::pwned\r\n::add-mask::a%0A%25,:",
    "##[error]pwned",
    "`` `a` ``` ~~~ </details></code><script>alert(1)</script>",
    "| a | b |\n\n# heading\n\n- [x] ![i](http://e.vil/i.png) [l](javascript:1) <http://e.vil>",
    "@octocat #1 www.e.vil https://e.vil a@e.vil *b* __c__ &lt; \\` \\| \\",
)
NAMES = [repr(text)[:20] for text in NASTY]


def with_standings() -> Report:
    """Every outcome and every standing at once."""
    ended = {
        Level.PROTOCOL: (Outcome.PASS, Standing.COUNTS),
        Level.TOKENIZER: (Outcome.PASS, Standing.STALE),
        Level.AUTOGRAD: (Outcome.CRASH, Standing.COUNTS),
        Level.LAYERS: (Outcome.MISMATCH, Standing.DIFFERENT),
        Level.FORWARD: (Outcome.MISMATCH, Standing.KNOWN),
        Level.BACKWARD: (Outcome.MISMATCH, Standing.COUNTS),
        Level.ADAM: (Outcome.TIMEOUT, Standing.FLAKY),
        Level.TRAIN: (Outcome.NOT_RUN, Standing.COUNTS),
        Level.RANDOM: (Outcome.ERROR, Standing.WONTFIX),
        Level.SAMPLE: (Outcome.NOT_OFFERED, Standing.COUNTS),
        Level.REPLICATE: (Outcome.MISMATCH, Standing.ANNOUNCED),
    }
    report = diagnoses.report_of({level: outcome for level, (outcome, _) in ended.items()})
    cases = [
        structs.replace(case, standing=ended[case.level][1], reason=f"why {case.level}")
        for case in report.cases
    ]
    baseline = BaselineReport("baseline.toml", "0" * 64, ["line 7: layers/gone (mismatch)"])
    return structs.replace(report, cases=cases, baseline=baseline)


def filled_with(text: str, failures: int = 1) -> Report:
    """A failed run in which every text that is not ours is this one."""
    report = with_standings()

    def filled(case: CaseReport, number: int) -> CaseReport:
        differences = [
            structs.replace(d, part=text, pointer=text, first=text, expected=text, got=text)
            for d in case.differences
        ]
        return structs.replace(
            case, slug=f"{case.level}/{number}{text}", about=text, detail=text, reason=text,
            rerun=text, log=[text] * 12, differences=differences, tainted_by=text,
        )  # fmt: skip

    cases = [filled(case, number) for number in range(failures) for case in report.cases]
    levels = [structs.replace(level, worst_at=text) for level in report.levels]
    return structs.replace(
        report,
        port=structs.replace(report.port, name=text, label=text, language=text),
        settings=[text], verdict=text, grade=text, cases=cases, levels=levels,
        first_divergence=next(case.slug for case in cases if case.fails),
        baseline=BaselineReport(text, "", [text]),
    )  # fmt: skip


def program(outcome: Outcome) -> ProgramReport:
    passed = outcome is Outcome.PASS
    return ProgramReport(
        port=ProgramPort("p", "my program", "C", "float64"),
        generator="cpython",
        exit_code=ExitCode.PASS if passed else ExitCode.FAIL,
        verdict=f"{'PASS: 1' if passed else 'FAIL: 0'} of 1 checks passed",
        checks=[Check("losses", outcome, "10 losses were compared"),
                Check("samples", Outcome.NOT_OFFERED, "none was printed")],
        notes=["Its random numbers are CPython's."],
        seconds=1.5,
    )  # fmt: skip


SUMMARIES = {
    "passed": run_summary(diagnoses.passed_story().report),
    "failed": run_summary(diagnoses.failed_story().report),
    "empty": run_summary(diagnoses.empty_story().report),
    "hostile": run_summary(diagnoses.hostile_story().report),
    "standings": run_summary(with_standings()),
    "program": program_summary(program(Outcome.PASS)),
    "failed program": program_summary(program(Outcome.MISMATCH)),
    "trouble": trouble_summary("p", "the build ended with 3\n  | oh no", ExitCode.UNUSABLE_PORT),
    **{name: run_summary(filled_with(text)) for name, text in zip(NAMES, NASTY, strict=True)},
}
every_summary = pytest.mark.parametrize("summary", SUMMARIES.values(), ids=SUMMARIES)
