"""Questions in a file, a port that answers them through a plain pipe, and the verdict on that."""

import subprocess
from collections.abc import Sequence
from pathlib import Path

from conformance.cases.request import Request
from conformance.judging.report import Report
from conformance.runs.answer_judging import judged_answers
from conformance.runs.question_writing import write_questions
from golden.budgets import Precision
from ports_adapter.manifest import Port


def ask(path: Path, *patterns: str, precision: Precision = "float64", seed: int = 1) -> Path:
    """A file of questions."""
    write_questions(Request("", patterns, seed), precision, path)
    return path


def answer(run: Sequence[str], folder: Path, questions: Path, answers: Path) -> Path:
    """A file of answers, as a shell makes it: `port < questions > answers`."""
    with questions.open("rb") as asked, answers.open("wb") as answered:
        subprocess.run(run, cwd=folder, stdin=asked, stdout=answered, check=False, timeout=300)
    return answers


def judged(questions: Path, answers: Path, *patterns: str) -> Report:
    """The verdict on a file of answers."""
    report, _ = judged_answers(questions, answers, patterns)
    return report


def answered(port: Port, folder: Path, *patterns: str, seed: int = 1) -> Report:
    """The verdict on a port that gets its questions as a file in a folder."""
    questions = ask(folder / "questions.jsonl", *patterns, precision=port.precision, seed=seed)
    answers = answer(port.run, port.folder, questions, folder / "answers.jsonl")
    return judged(questions, answers)
