"""The command line: `run` a port, `replay` a run, list `cases`, start a new `port`, and more."""

from __future__ import annotations

import contextlib
import io
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import click

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
from .outcome import ExitCode

if TYPE_CHECKING:
    from .outputs import Outputs

CONTEXT = {"help_option_names": ["-h", "--help"]}


@click.group(context_settings=CONTEXT)
def main() -> None:
    """Says whether a port of microgpt is right, and if not, where it first goes wrong."""
    # A terminal that cannot show a character gets its escape, and the verdict all the same.
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")


EXIT_CODES = "\n".join(["\b", "Exit codes:", *(f"{c.value:4d}  {c.meaning}" for c in ExitCode)])


@main.command(context_settings=CONTEXT, epilog=EXIT_CODES)
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
    from ports_adapter.containment.sandbox import Sandbox

    from .request import Request
    from .running import run_port

    if journal and transcript:
        fail("--resume keeps no transcript; give one of the two", ExitCode.USAGE)
    request = Request(
        port, patterns, seed, names, long, transcript, profile, settings,
        shard_of(shard_text, seed), journal,
        baseline_of(baseline_path, ignored=ignored, update=update), Sandbox(sandbox),
    )  # fmt: skip
    _exit_with(lambda: run_port(request, outputs), port, outputs)


@main.command(context_settings=CONTEXT, epilog=EXIT_CODES)
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
    from .replaying import replay_transcript

    _exit_with(lambda: replay_transcript(transcript, patterns, outputs), transcript.name, outputs)


@main.command(context_settings=CONTEXT, epilog=EXIT_CODES)
@click.argument(
    "parts", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="PART..."
)
@with_outputs
def merge(parts: tuple[Path, ...], outputs: Outputs) -> None:
    """Join the reports of a run that was split with `run --shard I/N`.

    A PART is what that wrote with --json. Parts of different runs, and a run of which one is
    missing, are refused with exit code 2.
    """
    from .merging import merge_reports

    _exit_with(lambda: merge_reports(parts, outputs), "", outputs)


@main.command(context_settings=CONTEXT, epilog=EXIT_CODES)
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
    from ports_adapter.containment.sandbox import Sandbox

    from .debugging import debug_port
    from .request import Request

    request = Request(
        port, patterns, seed, transcript=transcript, profile=profile, settings=settings,
        baseline=baseline_of(baseline_path, ignored=ignored, update=False),
        sandbox=Sandbox(sandbox),
    )  # fmt: skip
    _exit_with(lambda: debug_port(request, outputs), port, outputs)


@main.command(context_settings=CONTEXT)
@click.argument("slugs", nargs=-1, metavar="[MISTAKE]...")
@click.option(
    "--seeds",
    type=click.IntRange(min=0),
    default=None,
    help="How many honest programs are tried on. Default: 200, or none if mistakes are named.",
)
@click.option("--missing", is_flag=True, help="Only mistakes that have no score yet.")
def score(slugs: tuple[str, ...], seeds: int | None, missing: bool) -> None:
    """Score the suite itself: run the known mistakes as faulty ports, and honest programs.

    Writes conformance/score/score.json and docs/score.md anew.
    """
    from rich.console import Console

    from .catalogue import MISTAKES
    from .score.running import score_all, unscored

    if unknown := [slug for slug in slugs if slug not in MISTAKES]:
        fail(f"no mistake is called {', '.join(unknown)}", ExitCode.USAGE)
    tried_on = seeds if seeds is not None else (0 if slugs or missing else 200)
    work = unscored(slugs) if missing else None
    _exit_with(lambda: score_all(slugs, tried_on, Console(), work))


@main.command(name="all", context_settings=CONTEXT, epilog=EXIT_CODES)
@PROFILE
@CASES
@SEED
@SANDBOX
def all_(profile: str | None, patterns: tuple[str, ...], seed: int | None, sandbox: str) -> None:
    """Run every port that comes with the suite and whose toolchain is there, variants too."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    from ports_adapter.containment.sandbox import Sandbox

    from .request import Request
    from .several import conform_all

    request = Request("", patterns, seed, profile=profile, sandbox=Sandbox(sandbox))
    _exit_with(lambda: conform_all(request))


def _exit_with(
    run: Callable[[], ExitCode], label: str = "", outputs: Outputs | None = None
) -> NoReturn:
    """End with a run's exit code, or with a line that says why there was none.

    Why there was none is in the `outputs`, too, under the port's `label`.
    """
    from .request import Unusable

    try:
        sys.exit(run())
    except Unusable as error:
        message, code, cause = str(error), error.exit_code, error
    except KeyboardInterrupt:
        message, code, cause = "interrupted", ExitCode.INTERRUPTED, None
    except BrokenPipeError:
        raise
    except Exception:
        import traceback

        traceback.print_exc()
        message = "the suite itself failed; please report the lines above"
        code, cause = ExitCode.SUITE_FAULT, None
    if outputs is not None:
        from .outputs import Unwritable, write_trouble

        if not isinstance(cause, Unwritable):
            with contextlib.suppress(Unwritable):
                write_trouble(label, message, code, outputs)
    fail(message, code)


@main.command(context_settings=CONTEXT)
@click.argument("patterns", nargs=-1, metavar="[SLUG]...")
@PROFILE
def cases(patterns: tuple[str, ...], profile: str | None) -> None:
    """List the cases: slug, method, and what a port does that passes it."""
    from golden.store import UnreadableGolden

    from .cases import all_cases, long_cases, select
    from .cases.handshake import shutdown_case
    from .request import Request, Unusable

    try:
        asked = 0, "float64", Request("", profile=profile).subject
        known = [*all_cases(*asked), *long_cases(*asked), shutdown_case()]  # type: ignore[arg-type]
    except Unusable as error:
        fail(str(error), error.exit_code)
    except UnreadableGolden as error:
        fail(str(error), ExitCode.SUITE_FAULT)
    for case in select(known, patterns):
        click.echo(f"{case.slug:34} {case.method:14} {case.about}")


@main.command(context_settings=CONTEXT)
@click.argument("place", metavar="CASE[#POINTER]")
@PROFILE
@click.option("--precision", type=click.Choice(["float64", "float32"]), default="float64")
@click.option("--seed", type=click.IntRange(min=0), default=0, help="Of the fresh cases.")
@click.option("--json", "as_json", is_flag=True, help="As JSON, in place of the text.")
def budget(place: str, profile: str | None, precision: str, seed: int, as_json: bool) -> None:
    """Explain the budgets of a case, or of one number in it: truth, enclosure, spread, factor.

    A place reads as in a report: backward/warm-step-453#/grads/wte/3/0
    """
    import msgspec

    from golden.store import UnreadableGolden

    from .cases import all_cases, long_cases
    from .explained import NoSuchPlace, explain, sentences, summary
    from .request import Request, Unusable
    from .selection import the_case

    slug, _, pointer = place.partition("#")
    try:
        asked = seed, precision, Request("", profile=profile).subject
        known = [*all_cases(*asked), *long_cases(*asked)]  # type: ignore[arg-type]
        parts = explain(the_case(slug, known), precision, pointer)  # type: ignore[arg-type]
    except UnreadableGolden as error:
        fail(str(error), ExitCode.SUITE_FAULT)
    except NoSuchPlace as error:
        fail(str(error), ExitCode.USAGE)
    except Unusable as error:
        fail(str(error), error.exit_code)
    if as_json:
        click.echo(msgspec.json.encode(parts))
    elif not parts:
        click.echo(f"{slug}: nothing in its answer is rounded, so all of it is compared exactly")
    else:
        lines = sentences(parts[0], precision) if pointer else summary(parts)  # type: ignore[arg-type]
        for line in lines:
            click.echo(line)


@main.command(context_settings=CONTEXT)
@click.argument("language", default="")
@click.argument("folder", default="")
def port(language: str, folder: str) -> None:
    """Write a starter kit for a port in LANGUAGE into FOLDER, which is new or empty."""
    import shlex

    from ports_adapter.kits import KITS, Refused, write_kit

    if not language or not folder:
        usage = f"make port LANG={'|'.join(KITS)} DIR=folder"
        fail(f"a language and a folder are needed: {usage}", ExitCode.USAGE)
    try:
        written = write_kit(language, Path(folder).expanduser())
    except (Refused, RuntimeError) as error:  # the latter for a home (~name) that there is not
        fail(str(error), ExitCode.USAGE)
    click.echo(f"{written.name}, a port in {written.kit.language}, in {written.folder}:")
    for file in written.files:
        click.echo(f"  {file}")
    click.echo("Next:")
    click.echo(f"  make conform PORT={shlex.quote(str(written.folder))}")
    click.echo(f"  $EDITOR {shlex.quote(str(written.folder / written.kit.methods_file))}")


@main.command(context_settings=CONTEXT)
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
    from .outputs import Outputs
    from .scoreboard.running import Order, run_scoreboard

    order = Order(ports, patterns, seed, profile, timeout, jobs, not no_speed, history)
    _exit_with(lambda: run_scoreboard(order, Outputs(json=json_path, html=html_path)))


@main.command(context_settings=CONTEXT)
@click.argument("ports", nargs=-1, metavar="[PORT]...")
@click.option(
    "--html", "html_path", type=click.Path(path_type=Path, dir_okay=False), help="Write a plot."
)
@click.option("--json", "as_json", is_flag=True, help="As JSON, in place of the table.")
@SANDBOX
def bench(ports: tuple[str, ...], html_path: Path | None, as_json: bool, sandbox: str) -> None:
    """Compare how fast ports train, start, and how much memory they take; all of ours if none.

    The reference is measured beside them: times travel badly, ratios of one run do not.
    """
    from ports_adapter.containment.sandbox import Sandbox

    from .benchmark.running import compare_speeds

    chosen = Sandbox(sandbox)
    _exit_with(lambda: compare_speeds(ports, html_path, as_json=as_json, sandbox=chosen))


@main.command(context_settings=CONTEXT)
@click.option(
    "--corpus",
    "corpus_path",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Documents to train on, one a line. Default: names.txt if it is known, or else the "
    "embedded corpus.",
)
@click.option("--embedded", is_flag=True, help="Train on the embedded corpus.")
@click.argument("pictures", nargs=-1, type=click.Path(path_type=Path), metavar="[PICTURE]...")
def stages(corpus_path: Path | None, embedded: bool, pictures: tuple[Path, ...]) -> None:
    """Run the stages train0 to train5 side by side, and draw their loss curves.

    A PICTURE is a file to write: an SVG if its name ends so, or else a page that opens offline.
    """
    from .stages.running import compare_stages

    _exit_with(lambda: compare_stages(corpus_path, embedded=embedded, pictures=pictures))


@main.command(context_settings=CONTEXT)
@click.option("--json", "as_json", is_flag=True, help="As JSON, in place of the text.")
def doctor(as_json: bool) -> None:
    """Say what this machine has: protection from ports, toolchains, and what the suite needs."""
    from .doctor import examine

    _exit_with(lambda: examine(as_json=as_json))


@main.command(context_settings=CONTEXT)
def protocol() -> None:
    """Write PROTOCOL.md and the published schemas anew."""
    from .documents import write_all

    for line in write_all():
        click.echo(line)
