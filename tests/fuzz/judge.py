"""The judge: whatever an answer is, it has a verdict, and passes only if it is right."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import repeat
from pathlib import Path
from typing import Any
from zlib import crc32

import jsonschema
import msgspec

from conformance.asking.case_result import Finished, Result
from conformance.asking.engine import Engine
from conformance.asking.run_report import Asked, case_report, make_report, port_report
from conformance.cases import all_cases
from conformance.cases.case import Case
from conformance.commands.published_pages import REPORT_SCHEMA
from conformance.judging.outcome import ExitCode, Outcome
from conformance.judging.report import Report
from conformance.mistakes.patched_port import introduction
from conformance.oracle.answer import Answer, Refusal
from conformance.reports.terminal.run_text import show
from golden.json_documents import encoded
from ports_adapter.client import Client, Source
from ports_adapter.manifest import Port
from tests.support.suite import printed

from .material import envelope, exchanged
from .rightness import Rightness, rightness
from .standin import ID, StandIn
from .target import Ending, Target, claim, otherwise_decoded, strings_in

PORT = Port(folder=Path(), name="p\x1b[2J", language="none", run=("p",), label="a port's label")
SLUGS = (
    "tokenizer/words", "tokenizer/emoji", "autograd/one-neuron", "layers/linear-square",
    "layers/softmax-two", "layers/attention-first-position", "layers/mlp-exactly-zero",
    "layers/cross-entropy-sure", "forward/one-letter", "backward/fresh-sizes",
    "random/shuffle-one", "random/gauss", "sample/at-once", "replicate/short-run",
    "protocol/unknown-method", "protocol/initialize",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Judged:
    """A case, what is right, and the lines of the right answer."""

    case: Case
    expected: Answer | Refusal
    lines: Sequence[bytes]


@cache
def all_judged() -> list[Judged]:
    known = {case.slug: case for case in all_cases(1, "float64")}
    return [judged_of(known[slug]) for slug in SLUGS]


def judged_of(case: Case) -> Judged:
    """A case with its question and its answer computed once."""
    offer = introduction()
    expected, params = case.answer(offer), case.question(offer)
    kept = replace(case, answer=lambda _: expected, question=lambda _: params)
    if isinstance(expected, Refusal):
        error = envelope(id=ID, error={"code": expected.code, "message": "no"})
        return Judged(kept, expected, (error,))
    return Judged(kept, expected, exchanged(case.method, params).lines)


class Lines(Source):
    """A source of one client, which introduces itself and then gives some lines."""

    def __init__(self, lines: Sequence[bytes]) -> None:
        self.lines = [envelope(id=ID, result=introduction()), *lines]

    def client(self, port: Port) -> Client:
        lines, self.lines = self.lines, self.lines[:1]
        return Client(port, StandIn(lines), repeat(ID))


def ask(case: Case, lines: Sequence[bytes]) -> tuple[Result, Report]:
    """What comes of a case that is answered so, and the report of a run of it."""
    engine = Engine(PORT, source=Lines(lines))
    finished = engine.run([case], shut_down=False)
    asked = Asked(PORT, 1)
    cases = [case_report(result, asked) for result in finished.results]
    report = make_report(asked, port_report(PORT, finished.offer), cases)
    check_report(report, finished)
    return finished.results[0], report


def feed(choice: int, content: bytes) -> Ending:
    judged = all_judged()[choice]
    lines = content.split(b"\n")
    result, report = ask(judged.case, lines)
    passes = result.outcome is Outcome.PASS
    if isinstance(judged.expected, Refusal):
        return Ending.ACCEPTED if passes else Ending.REFUSED
    is_shown_right = report.exit_code in (ExitCode.PASS, ExitCode.NOTHING_VERIFIED)
    claim(is_shown_right == passes, f"{result.outcome} is reported as {report.exit_code}")
    right = rightness(judged.expected, answer_in(lines)) if passes or result.comparison else None
    claim(not (passes and right is Rightness.WRONG), "a wrong answer passes")
    claim(passes or right is not Rightness.RIGHT, f"a right answer fails: {result.detail}")
    return Ending.ACCEPTED if passes else Ending.REFUSED


def answer_in(lines: Sequence[bytes]) -> Any:
    """The answer among lines that were taken, its steps with it, decoded by another decoder."""
    steps: list[Any] = []
    for line in lines:
        message = otherwise_decoded(line)
        if "method" not in message:
            return message["result"] | ({"steps": steps} if steps else {})
        steps.append(message["params"])
    return None


def check_report(report: Report, finished: Finished) -> None:
    """What must hold of any report, in each of its forms."""
    faults = [r.detail for r in finished.results if r.outcome is Outcome.SUITE_FAULT]
    claim(not faults, f"suite fault: {' '.join(faults)[:300]}")
    written = encoded(report)
    claim(msgspec.json.decode(written, type=Report) == report, "the report changes in its JSON")
    document = json.loads(written)
    for text in strings_in(document):
        claim(all(c.isprintable() or c == "\n" for c in text), f"raw characters: {text!a:.300}")
    if crc32(written) % 64 == 0:  # which takes longer than all the rest
        _validator().validate(document)
    shown = printed(show, report)
    claim(
        all(c.isprintable() or c == "\n" for c in shown),
        f"raw characters are shown: {shown!a:.300}",
    )


@cache
def _validator() -> jsonschema.Draft202012Validator:
    return jsonschema.Draft202012Validator(json.loads(REPORT_SCHEMA.read_bytes()))


def seeds() -> list[bytes]:
    return [bytes([n]) + b"\n".join(judged.lines) for n, judged in enumerate(all_judged())]


JUDGE = Target(
    name="judge",
    about="answers to the engine, which compares them; the report as JSON and as text",
    feed=feed,
    seeds=seeds,
    choices=len(SLUGS),
    share=12,
)
