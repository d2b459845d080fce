"""Commands that judge ports: `run`, `replay`, `merge`, `debug`, `all`, `scoreboard`."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import TYPE_CHECKING

import click

from conformance.judging.outcome import ExitCode

from .ending import CONTEXT, EXIT_CODES, exit_with
from .options import (
    BASELINE,
    CASES,
    NO_BASELINE,
    PROFILE,
    RESUME,
    SANDBOX,
    SEED,
    SETTINGS,
    SHARD,
    TRANSCRIPT,
    baseline_of,
    fail,
    shard_of,
    with_baseline,
    with_outputs,
)

if TYPE_CHECKING:
    from conformance.reports.destinations import Outputs


@click.command(context_settings=CONTEXT, epilog=EXIT_CODES)
@click.argument("port")
@PROFILE
@SETTINGS
@CASES
@SEED
@SHARD
@RESUME
@with_baseline
@click.option("--long", is_flag=True, help="Also the golden trajectory: 1000 steps, run freely.")
@click.option("--names", is_flag=True, help="Also the published run on names.txt: 1000 steps.")
@with_outputs
@TRANSCRIPT
@SANDBOX
def run(
    port: str,
    profile: str | None,
    settings: tuple[str, ...],
    patterns: tuple[str, ...],
    seed: int | None,
    shard_text: str | None,
    journal: Path | None,
    baseline_path: Path | None,
    ignored: bool,
    update: bool,
    long: bool,
    names: bool,
    transcript: Path | None,
    outputs: Outputs,
    sandbox: str,
) -> None:
    """Build PORT, drive it through the cases, and print a verdict.

    PORT is a folder with a port.toml, or the name of a port that comes with the suite.
    """
    # Whoever ends us wants the port ended too, and the finished results kept.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    from conformance.cases.request import Request
    from conformance.runs.running import run_port
    from ports_adapter.containment.sandbox import Sandbox

    if journal and transcript:
        fail("--resume keeps no transcript; give one of the two", ExitCode.USAGE)
    request = Request(
        port, patterns, seed, names, long, transcript, profile, settings,
        shard_of(shard_text, seed), journal,
        baseline_of(baseline_path, ignored=ignored, update=update), Sandbox(sandbox),
    )  # fmt: skip
    exit_with(lambda: run_port(request, outputs), port, outputs)


@click.command(context_settings=CONTEXT, epilog=EXIT_CODES)
@click.argument("transcript", type=click.Path(path_type=Path))
@CASES
@with_outputs
def replay(transcript: Path, patterns: tuple[str, ...], outputs: Outputs) -> None:
    """Judge again what a port answered in a recorded run, without the port.

    TRANSCRIPT is what `run --transcript` wrote. The report and the exit code are the run's; a
    transcript that does not answer what this suite asks is refused, with exit code 2. One that
    breaks off is replayed up to the last case that it has whole, as an interrupted run.
    """
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    from conformance.runs.replaying import replay_transcript

    exit_with(lambda: replay_transcript(transcript, patterns, outputs), transcript.name, outputs)


@click.command(context_settings=CONTEXT, epilog=EXIT_CODES)
@click.argument(
    "parts", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="PART..."
)
@with_outputs
def merge(parts: tuple[Path, ...], outputs: Outputs) -> None:
    """Join the reports of a run that was split with `run --shard I/N`.

    A PART is what that wrote with --json. Parts of different runs, and a run of which one is
    missing, are refused with exit code 2.
    """
    from conformance.runs.merging import merge_reports

    exit_with(lambda: merge_reports(parts, outputs), "", outputs)


@click.command(context_settings=CONTEXT, epilog=EXIT_CODES)
@click.argument("port")
@PROFILE
@SETTINGS
@CASES
@SEED
@BASELINE
@NO_BASELINE
@with_outputs
@TRANSCRIPT
@SANDBOX
def debug(
    port: str,
    profile: str | None,
    settings: tuple[str, ...],
    patterns: tuple[str, ...],
    seed: int | None,
    baseline_path: Path | None,
    ignored: bool,
    transcript: Path | None,
    outputs: Outputs,
    sandbox: str,
) -> None:
    """Run PORT, and tell what is wrong with it and why.

    The first wrong place, the known mistake whose numbers the port's are, and the smallest case
    that fails, as a test in the port's own language. What a baseline excuses is left out.
    """
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    from conformance.cases.request import Request
    from conformance.runs.debugging import debug_port
    from ports_adapter.containment.sandbox import Sandbox

    request = Request(
        port, patterns, seed, transcript=transcript, profile=profile, settings=settings,
        baseline=baseline_of(baseline_path, ignored=ignored, update=False),
        sandbox=Sandbox(sandbox),
    )  # fmt: skip
    exit_with(lambda: debug_port(request, outputs), port, outputs)


@click.command(name="all", context_settings=CONTEXT, epilog=EXIT_CODES)
@PROFILE
@CASES
@SEED
@SANDBOX
def all_(profile: str | None, patterns: tuple[str, ...], seed: int | None, sandbox: str) -> None:
    """Run every port that comes with the suite and whose toolchain is there, variants too."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    from conformance.cases.request import Request
    from conformance.surveys.all_ports import conform_all
    from ports_adapter.containment.sandbox import Sandbox

    request = Request("", patterns, seed, profile=profile, sandbox=Sandbox(sandbox))
    exit_with(lambda: conform_all(request))


@click.command(context_settings=CONTEXT)
@click.argument("ports", nargs=-1, metavar="[PORT]...")
@PROFILE
@CASES
@SEED
@click.option(
    "--jobs",
    type=click.IntRange(min=1),
    help="How many ports run at once. Default: as many as there are cores.",
)
@click.option(
    "--timeout",
    type=click.FloatRange(min=0, min_open=True),
    default=900.0,
    show_default=True,
    metavar="SECONDS",
    help="How long the run of a port may take.",
)
@click.option("--no-speed", is_flag=True, help="Do not measure how fast the ports train.")
@click.option(
    "--history",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Append a line for each port to FILE, and say what has changed since the last one.",
)
@click.option(
    "--html",
    "html_path",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Write the scoreboard as one page, which opens offline.",
)
@click.option(
    "--json",
    "json_path",
    type=click.Path(path_type=Path, dir_okay=False, allow_dash=True),
    metavar="FILE",
    help="Write the scoreboard as JSON to FILE; to standard output, in place of the table, if `-`.",
)
def scoreboard(
    ports: tuple[str, ...],
    profile: str | None,
    patterns: tuple[str, ...],
    seed: int | None,
    jobs: int | None,
    timeout: float,
    no_speed: bool,
    history: Path | None,
    html_path: Path | None,
    json_path: Path | None,
) -> None:
    """Run many PORTs side by side, and rank them; all of ours whose toolchain is there if none.

    Exits with 0 if every port passes, 1 if one does not, 130 if interrupted: what is finished by
    then is written all the same.
    """
    from conformance.reports.destinations import Outputs
    from conformance.surveys.scoreboard.survey import Order, run_scoreboard

    order = Order(ports, patterns, seed, profile, timeout, jobs, not no_speed, history)
    exit_with(lambda: run_scoreboard(order, Outputs(json=json_path, html=html_path)))
