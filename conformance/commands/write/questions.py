"""`conformance ask`: write the questions of a run to a file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..ending import exit_with
from ..options import CASES, FILE_OR_STDOUT, LONG, NAMES, SEED, SETTINGS, with_request

if TYPE_CHECKING:
    from conformance.cases.request import Request
    from golden.budgets import Precision


@click.command()
@click.option(
    "--out",
    required=True,
    type=FILE_OR_STDOUT,
    metavar="FILE",
    help="Write the questions to FILE; `-` is standard output.",
)
@click.option(
    "--precision",
    type=click.Choice(["float64", "float32"]),
    default="float64",
    show_default=True,
    help="In which precision the port computes.",
)
@click.option(
    "--profile",
    metavar="NAME",
    help="The program to ask about, for example train0. Default: microgpt.",
)
@with_request(SETTINGS, CASES, SEED, LONG, NAMES)
def ask(request: Request, out: Path, precision: Precision) -> None:
    """Write the questions of a run to a file, for a port that cannot be started here.

    The port reads the file's lines as its standard input, wherever it runs, and writes each answer
    as a line of another file. `judge` judges both files.
    """
    from conformance.runs.question_writing import write_questions

    exit_with(lambda: write_questions(request, precision, out))
