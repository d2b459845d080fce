"""`conformance debug`: judge a port, and explain what is wrong with it."""

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import msgspec

from conformance.anatomy.levels import METHODS
from conformance.cases.request import Request
from conformance.explanation.diagnosing import Note, Run, diagnose
from conformance.explanation.diagnosis import Diagnosis, SmallestCase
from conformance.explanation.judged_cases import JudgedCases
from conformance.explanation.printing.test_source import printed
from conformance.explanation.shrinking.repeated_questions import Asker
from conformance.explanation.shrinking.search import smallest
from conformance.judging.outcome import ExitCode
from conformance.judging.report import excused
from conformance.mistakes import MISTAKES, Mistake
from conformance.reports.destinations import TO_THE_TERMINAL, Forms, Outputs, write_report
from conformance.reports.issue_text import issue_text
from conformance.reports.page.debug_page import page_of
from conformance.reports.summary import run_summary
from conformance.reports.terminal.explanation_text import in_short, show
from conformance.reports.terminal.live_view import activity
from conformance.reports.terminal.safe_console import screen
from ports_adapter.manifest import Port
from ports_adapter.transcript.events import Event, Failed, Line, Logged, Question
from ports_adapter.transcript.reader import read_transcript

from .answer_judging import NO_BASELINE, judged_answers
from .preparation import refuse_program, requested_port, usable
from .running import judge_port
from .traced_program import debug_traced_program


def debug_port(request: Request, outputs: Outputs = TO_THE_TERMINAL) -> ExitCode:
    """Run the cases, and print and write the diagnosis.

    Args:
        request: the port and the cases.
        outputs: where the diagnosis goes.

    Raises:
        Unusable: as for `running.run_port`.
    """
    with usable(), tempfile.TemporaryDirectory() as folder:
        port = requested_port(request)
        if port.program.trace:
            return debug_traced_program(port, request, outputs)
        refuse_program(port, "nothing can be explained; `conformance run` judges what it prints")
        kept = request.transcript or Path(folder) / "transcript.jsonl.gz"
        with activity(screen(stderr=True)) as note:
            diagnosis = debugged(port, replace(request, transcript=kept), note)
        if request.transcript is None:
            diagnosis = msgspec.structs.replace(diagnosis, transcript="")
        write_report(forms_of(diagnosis, kept), outputs)
    return diagnosis.report.exit_code


def debug_answers(
    questions: Path, answers: Path, request: Request, outputs: Outputs = TO_THE_TERMINAL
) -> ExitCode:
    """Judge a file of answers, and print and write the diagnosis; the port is not asked again.

    Args:
        questions: the file that `ask` wrote.
        answers: the port's answers to it.
        request: the cases of interest, and the baseline.
        outputs: where the diagnosis goes.

    Raises:
        Unusable: as for `answer_judging.judge_answer_file`.
    """
    cases = JudgedCases()
    with usable(), activity(screen(stderr=True)) as note:
        baseline = request.baseline if request.baseline.path else NO_BASELINE
        report, port = judged_answers(questions, answers, request.patterns, baseline, cases)
        cases.leave_out(excused(report))
        diagnosis = diagnose(Run(port, report, cases), note, lambda _run: [])
    write_report(forms_of(diagnosis), outputs)
    return diagnosis.report.exit_code


def forms_of(diagnosis: Diagnosis, kept: Path | None = None) -> Forms:
    """The forms of a diagnosis; `kept` is the transcript of its run, if there is one."""
    slug = diagnosis.divergence.case if diagnosis.divergence else ""
    return Forms(
        run_summary(diagnosis.report, list(in_short(diagnosis))),
        msgspec.json.encode(diagnosis) + b"\n",
        lambda console: show(diagnosis, len(MISTAKES), console),
        lambda: page_of(diagnosis, transcript_of(kept, slug) if kept else []),
        lambda: issue_text(diagnosis),
    )


def debugged(
    port: Port,
    request: Request,
    note: Note,
    mistakes: Sequence[Mistake] = tuple(MISTAKES.values()),
) -> Diagnosis:
    """The diagnosis of a port, without the failures that its baseline excuses.

    Args:
        port: the port to run.
        request: the cases to ask, and what to judge them by.
        note: called with the current activity.
        mistakes: the known mistakes to try.

    Raises:
        As for `running.judge_port`.
    """
    cases = JudgedCases()
    report = judge_port(port, request, cases)
    cases.leave_out(excused(report))
    run = Run(port, report, cases, mistakes)
    return diagnose(run, note, smallest_cases, str(request.transcript or ""))


def smallest_cases(run: Run) -> list[SmallestCase]:
    """The smallest question with the same failure, of the first level that fails by itself."""
    for level in run.cases.roots:
        of_level = [judged for judged in run.cases.wrong if judged.case.level is level]
        methods = [name for name in METHODS[level] if any(k.case.method == name for k in of_level)]
        with Asker(run.port) as asker:
            for method in methods[:1]:
                outcome = next(k.outcome for k in of_level if k.case.method == method)
                found = smallest(asker, method, outcome, judged_program=run.judged_program)
                if found is not None:
                    return [printed(found, run.port.language, run.port)]
    return []


def transcript_of(path: Path, slug: str) -> list[str]:
    """The questions, answers and log lines of one case in a transcript, a line each."""
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
