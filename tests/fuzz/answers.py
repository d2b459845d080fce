"""Files of answers, and of the questions to them: each has a verdict, or it is said why not."""

from functools import cache
from pathlib import Path
from unittest.mock import patch

from conformance.cases import selection
from conformance.cases.request import Unusable
from conformance.judging.outcome import ExitCode
from ports_adapter.manifest import find_port
from tests.support.answer_files import answer, ask, judged
from tests.support.ports.broken import folder_of

from .folder import folder
from .target import Ending, Target, claim, claim_printable, refused, strings_in
from .transcripts import cases_of_a_seed

PATTERNS = ("protocol/i*", "tokenizer/words", "layers/linear-square")
ANSWERS, QUESTIONS = range(2)
"""What is fed: answers to the right questions, or the questions of right answers."""


@cache
def right() -> tuple[Path, Path]:
    """Questions, and the answers of a right port."""
    made = folder_of(folder("answers") / "answering")
    questions = ask(folder("answers") / "questions.jsonl", *PATTERNS)
    return questions, answer(
        find_port(str(made)).run, made, questions, folder("answers") / "answers.jsonl"
    )


def feed(choice: int, payload: bytes) -> Ending:
    questions, answers = right()
    fed = folder("answers") / "fed-answers.jsonl"
    fed.write_bytes(payload)
    pair = (questions, fed) if choice == ANSWERS else (fed, answers)
    try:
        with patch.object(selection, "all_cases", cases_of_a_seed):
            report = judged(*pair)
    except Unusable as error:
        claim(error.exit_code is ExitCode.USAGE, "a bad file is the suite's fault")
        return refused(error)
    claim(report.exit_code is not ExitCode.SUITE_FAULT, f"suite fault: {report.verdict}")
    for text in strings_in([report.verdict, *(case.detail for case in report.cases)]):
        claim_printable(text, "the report")
    is_whole = choice == ANSWERS or payload.splitlines() == questions.read_bytes().splitlines()
    claim(is_whole, "changed questions are taken for what the port was asked")
    return Ending.ACCEPTED if report.exit_code is ExitCode.PASS else Ending.REFUSED


def seeds() -> list[bytes]:
    """The right answers, and the questions to them."""
    questions, answers = right()
    return [bytes([ANSWERS]) + answers.read_bytes(), bytes([QUESTIONS]) + questions.read_bytes()]


ANSWER = Target(
    name="answers",
    about="a file of answers, or of the questions to them, to its judge",
    feed=feed,
    seeds=seeds,
    choices=2,
    seconds=20.0,
    share=1,
)
