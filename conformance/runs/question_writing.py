"""`conformance ask`: write the questions of a run to a file."""

import platform
import secrets
import shlex
import sys
from pathlib import Path

from conformance.cases.question_file import Origin, questions_of
from conformance.cases.request import Request, Unusable
from conformance.judging.outcome import ExitCode
from conformance.judging.report import SUITE_VERSION
from golden.budgets import Precision
from golden.store import replace_file

from .preparation import note, usable


def write_questions(request: Request, precision: Precision, out: Path) -> ExitCode:
    """Write the questions, and say how to go on.

    Args:
        request: which cases to ask.
        precision: in which the port computes.
        out: the file; `-` is standard output.

    Raises:
        Unusable: the selection, names.txt, the golden traces or the file cannot be used.
    """
    origin = Origin(
        suite_version=SUITE_VERSION,
        machine=f"{platform.system()} {platform.machine()}, Python {platform.python_version()}",
        seed=secrets.randbelow(2**32) if request.seed is None else request.seed,
        precision=precision,
        profile=request.judged_program.name,
        settings=list(request.settings),
        patterns=list(request.patterns),
        names=request.names,
        long=request.long,
    )
    with usable():
        lines = [question.line for question in questions_of(origin)]
    content = b"".join(lines)
    if str(out) == "-":
        sys.stdout.buffer.write(content)
        sys.stdout.buffer.flush()
    else:
        _write(out, content)
    file = "questions.jsonl" if str(out) == "-" else shlex.quote(str(out))
    note(
        f"{len(lines)} questions, seed {origin.seed}. Let the port answer them, and then:\n"
        f"  python -m conformance judge {file} answers.jsonl"
    )
    return ExitCode.PASS


def _write(out: Path, content: bytes) -> None:
    try:
        replace_file(out, content)
    except OSError as error:
        message = f"the questions cannot be written to {out}: {error.strerror}"
        raise Unusable(message, ExitCode.USAGE) from None
