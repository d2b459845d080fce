"""The command line: `run` a port, `debug` it, `replay` a run, list the `cases`, and more."""

import io
import sys

import click

from .inspect.budget import budget
from .inspect.cases import cases
from .inspect.doctor import doctor
from .judge.answers import judge
from .judge.debug import debug
from .judge.merge import merge
from .judge.replay_transcript import replay
from .judge.run import run
from .judge.trace_file import trace
from .measure.all import all_
from .measure.bench import bench
from .measure.score import score
from .measure.scoreboard import scoreboard
from .measure.stages import stages
from .write.port import port
from .write.protocol import protocol
from .write.questions import ask
from .write.trace_recorder import recorder


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Say whether a port of microgpt is right, and if not, where it first goes wrong."""
    # A terminal that cannot show a character gets its escape, and the verdict all the same.
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")


for command in (
    run, trace, recorder, debug, ask, judge, replay, merge, all_, scoreboard, cases, budget,
    doctor, port, bench, stages, score, protocol,
):  # fmt: skip
    main.add_command(command)
