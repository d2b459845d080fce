"""`conformance judge`: judge the answers of a file as a run judges those of a port."""

import shlex
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import msgspec
from msgspec import structs

from conformance.asking.case_result import Finished
from conformance.asking.run_report import Asked, case_report, make_report, port_report
from conformance.baseline.run_baseline import Rules, rules_for
from conformance.cases import select
from conformance.cases.by_level.handshake import introduction
from conformance.cases.question_file import (
    FileQuestion,
    FirstParams,
    Origin,
    cases_of,
    questions_of,
)
from conformance.cases.request import BaselineChoice, Unusable
from conformance.judging.outcome import ExitCode
from conformance.judging.report import SUITE_VERSION, Report
from conformance.reports.destinations import TO_THE_TERMINAL, Outputs, write_run
from ports_adapter.answers.answer_file import AnswerFile, BadAnswers, read_answers
from ports_adapter.answers.answered_client import Answered
from ports_adapter.failures import NotStarted, PortFailure
from ports_adapter.manifest import Port
from ports_adapter.messages import InitializeResult
from ports_adapter.quoting import printable

from .preparation import fallback_profile, usable, warn
from .running import Watch, ask

NO_BASELINE = BaselineChoice(ignored=True)


def judge_answer_file(
    questions: Path,
    answers: Path,
    patterns: Sequence[str] = (),
    baseline: BaselineChoice = NO_BASELINE,
    outputs: Outputs = TO_THE_TERMINAL,
) -> ExitCode:
    """Judge a file of answers, and print and write the report.

    Raises:
        Unusable: a file, the selection, the baseline, names.txt or the golden traces cannot be
            used, or the answers are to other questions.
    """
    with usable():
        report, _ = judged_answers(questions, answers, patterns, baseline)
    write_run(report, outputs)
    return report.exit_code


def judged_answers(
    questions: Path,
    answers: Path,
    patterns: Sequence[str] = (),
    baseline: BaselineChoice = NO_BASELINE,
    watch: Watch = lambda _result: None,
) -> tuple[Report, Port]:
    """The report on a file of answers, and the port that wrote it, which cannot be run.

    Args:
        questions: the file that `ask` wrote.
        answers: the port's answers to it.
        patterns: the cases of interest; all if empty.
        baseline: the known failures.
        watch: takes each result as it comes.

    Raises:
        BadBaseline: the baseline cannot be used.
        UnreadableGolden: the golden trace is missing or damaged.
        Unusable: as for `judge_answer_file`.
    """
    origin, lines = read_questions(questions)
    cases = select(cases_of(origin), patterns)
    if not cases:
        words = " ".join(patterns)
        raise Unusable(f"{questions} asks no case that matches {words}", ExitCode.USAGE)
    try:
        with read_answers(answers, [line.id for line in lines]) as file:
            offer = _offer_in(file)
            if offer is not None:
                _demand_fitting(questions, origin, offer)
            port = _port_of(answers, origin, offer)
            finished = ask(port, cases, Answered(file, _ids(lines, offer)), watch)
    except BadAnswers as error:
        raise Unusable(str(error), ExitCode.USAGE) from None
    rules = rules_for(port, replace(origin.request, baseline=baseline))
    files = f"{shlex.quote(str(questions))} {shlex.quote(str(answers))}"
    report = _report(port, origin, finished, rules, f"python -m conformance judge {files}")
    return rules.rewritten(report, warn) if baseline.update else report, port


def _report(port: Port, origin: Origin, finished: Finished, rules: Rules, again: str) -> Report:
    """The report on finished cases; the command `again` judges the files again."""
    asked = Asked(
        port, origin.seed, origin.profile, origin.settings, rules.edition, rules.report,
        answers=port.label,
    )  # fmt: skip
    cases = [case_report(result, asked) for result in finished.results]
    return make_report(
        asked,
        port_report(port, finished.offer),
        [
            rules.judged(structs.replace(case, rerun=f"{again} --case {shlex.quote(case.slug)}"))
            for case in cases
        ],
        was_interrupted=finished.was_interrupted,
    )


class _FirstLine(msgspec.Struct, frozen=True):
    params: FirstParams


def read_questions(path: Path) -> tuple[Origin, list[FileQuestion]]:
    """What the questions of a file follow from, and its lines, which this suite asks as well.

    Raises:
        UnreadableGolden: the golden trace is missing or damaged.
        Unusable: the file cannot be read, is not what `ask` wrote, or asks what this suite would
            not ask.
    """
    try:
        found = path.read_bytes().splitlines()
        origin = msgspec.json.decode(found[0] if found else b"", type=_FirstLine).params.questions
    except OSError as error:
        message = f"{path} cannot be read: {error.strerror or error}"
        raise Unusable(message, ExitCode.USAGE) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        why = printable(str(error), 300)
        raise Unusable(
            f"{path}, line 1: not a file of questions ({why}); "
            "`python -m conformance ask --out FILE` writes one",
            ExitCode.USAGE,
        ) from None
    lines = questions_of(origin)
    if reason := _difference(origin, found, lines):
        raise Unusable(f"{path}{reason}", ExitCode.USAGE)
    return origin, lines


def _difference(origin: Origin, found: Sequence[bytes], lines: Sequence[FileQuestion]) -> str:
    """The first difference between a file and what this suite asks; empty if there is none."""
    for number, (there, here) in enumerate(zip(found, lines, strict=False), 1):
        if there != here.line.rstrip(b"\n"):
            return (
                f", line {number}: this suite asks another question. The file was changed, or it "
                f"was written by another suite: by version {printable(origin.suite_version, 60)} "
                f"on {printable(origin.machine, 100)}, and this is version {SUITE_VERSION}. Write "
                "the questions again, or judge the answers there"
            )
    if len(found) == len(lines):
        return ""
    return f" has {len(found)} lines, and {len(lines)} were written: it is cut off, or was added to"


def _offer_in(file: AnswerFile) -> InitializeResult | None:
    """What the port offers, by the first answer of a file; None if there is no such answer."""
    try:
        with Answered(file, {}).client(Port(folder=Path(), name="", language="", run=())) as client:
            return client.ask("initialize", introduction(), InitializeResult, 0.0)
    except (PortFailure, NotStarted):
        return None


def _port_of(answers: Path, origin: Origin, offer: InitializeResult | None) -> Port:
    """The port that wrote a file of answers; it cannot be run."""
    return Port(
        folder=Path(),
        name=printable(offer.name if offer else answers.name, 100),
        language=printable(offer.language if offer else "of an unknown language", 100),
        run=(),
        precision=origin.precision,
        label=printable(str(answers)),
    )


def _ids(lines: Sequence[FileQuestion], offer: InitializeResult | None) -> dict[str, int]:
    """The id of each case's question: the last one of a case if the port offers intermediates."""
    wanted = lines if offer and offer.intermediates else lines[::-1]
    return {line.slug: line.id for line in wanted}


def _demand_fitting(questions: Path, origin: Origin, offer: InitializeResult) -> None:
    """Refuse questions for another precision, and warn of a profile that is not offered.

    Raises:
        Unusable: the port computes in another precision.
    """
    if offer.precision != origin.precision:
        raise Unusable(
            f"the port computes in {offer.precision}, and {questions} is for {origin.precision}: "
            f"write the questions again with --precision {offer.precision}",
            ExitCode.USAGE,
        )
    other = fallback_profile(offer.profiles)
    if origin.profile not in offer.profiles and other is not None:
        warn(
            f"the port does not offer the profile {origin.profile}: write the questions again "
            f"with --profile {other}"
        )
