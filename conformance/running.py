"""One run from end to end: find the port, build it, ask it, report."""

from __future__ import annotations

import difflib
import platform
import secrets
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path

from rich.console import Console
from rich.text import Text

from golden.budgets import Precision
from golden.store import UnreadableGolden, replace_file
from ports_adapter.building import build
from ports_adapter.client import Source
from ports_adapter.failures import BadManifest, NotBuilt, NotStarted
from ports_adapter.manifest import Port, find_port, missing_tool
from ports_adapter.transcript.events import Header
from ports_adapter.transcript.recording import Recorder
from reference.config import InvalidConfig
from reference.corpus import NAMES_SHA256, Corpus, UnreadableCorpus, read_corpus
from reference.data import NAMES_VARIABLE, names_path
from reference.profiles import MICROGPT, PROFILES
from reference.variation import InvalidVariation

from . import programs
from .case import Case
from .cases import all_cases, long_cases, select
from .cases.handshake import shutdown_case
from .cases.program import published_case
from .engine import Engine, Finished, Result
from .layouts import recognised_layout
from .outcome import ExitCode
from .report import SUITE_VERSION, Report, encode, make_report
from .subject import Subject
from .terminal import progress, show

Watch = Callable[[Result], None]
"""Takes results as they come."""


def ignore(_result: Result) -> None:
    """The watch that looks away."""


@dataclass(frozen=True, slots=True)
class Request:
    """What was asked for on the command line."""

    port: str
    patterns: Sequence[str] = ()
    seed: int | None = None
    names: bool = False
    long: bool = False
    json_path: Path | None = None
    transcript: Path | None = None
    profile: str | None = None
    settings: Sequence[str] = ()

    @property
    def subject(self) -> Subject:
        """The program that the cases are about: the final one if no other was asked for.

        Raises:
            Unusable: there is no such profile or setting, or the settings do not fit together.
        """
        try:
            return Subject.of(self.profile or MICROGPT.name, self.settings)
        except (InvalidVariation, InvalidConfig) as error:
            raise Unusable(str(error), ExitCode.USAGE) from None


class Unusable(Exception):
    """There is no run to speak of; the message says why and what to do."""

    def __init__(self, message: str, exit_code: ExitCode) -> None:
        super().__init__(message)
        self.exit_code = exit_code


def run_port(request: Request) -> ExitCode:
    """Run the cases and print or write the report.

    Raises:
        Unusable: the port, the selection, names.txt, the goldens or the report's place
            cannot be used.
    """
    with usable():
        port = find_port(request.port)
    if port.kind == "program":
        return _run_program(port, request)
    report = judge(request)
    write_report(encode(report), request, lambda console: show(report, console))
    return report.exit_code


def _run_program(port: Port, request: Request) -> ExitCode:
    """The same for a program that only prints, which is asked no cases."""
    if request.patterns or request.long:
        raise Unusable(
            f'{port.label} is a program that is run as it is (kind = "program"): it is asked no '
            "cases, so --case and --long do not apply",
            ExitCode.USAGE,
        )
    if request.transcript is not None:
        raise Unusable(
            f'{port.label} is a program that is run as it is (kind = "program"): it is asked '
            "nothing, so there is no --transcript",
            ExitCode.USAGE,
        )
    names = _names() if request.names else None
    with usable(), programs.watching(Console(stderr=True)) as watcher:
        report = programs.judge_program(port, watcher, names)
    write_report(programs.encode(report), request, lambda console: programs.show(report, console))
    return report.exit_code


def write_report(content: bytes, request: Request, show: Callable[[Console], None]) -> None:
    """A report to where it was asked for: as text, as JSON to standard output or to a file."""
    to_stdout = request.json_path is not None and str(request.json_path) == "-"
    if to_stdout:
        sys.stdout.buffer.write(content)
        sys.stdout.flush()
    else:
        show(Console())
    if request.json_path is not None and not to_stdout:
        try:
            replace_file(request.json_path, content)
        except OSError as error:
            message = f"the report cannot be written to {request.json_path}: {error.strerror}"
            raise Unusable(message, ExitCode.USAGE) from None


def judge(request: Request) -> Report:
    """Find the port, build it, ask it, and report; prints progress alone.

    Raises:
        Unusable: as for `run_port`.
    """
    with usable():
        return judge_port(find_port(request.port), request)


@contextmanager
def usable() -> Iterator[None]:
    """Turns what keeps a port from being run into `Unusable`."""
    try:
        yield
    except BadManifest as error:
        raise Unusable(str(error), ExitCode.USAGE) from None
    except (NotBuilt, NotStarted) as error:
        raise Unusable(str(error), ExitCode.UNUSABLE_PORT) from None
    except UnreadableGolden as error:
        raise Unusable(str(error), ExitCode.SUITE_FAULT) from None


def judge_port(port: Port, request: Request, watch: Watch = ignore) -> Report:
    """Build a port, ask it what was requested, and report.

    Args:
        port: which port.
        request: what to ask.
        watch: takes each result as it comes, with all that was asked and answered.

    Raises:
        NotBuilt: its build command failed.
        NotStarted: its run command cannot be executed.
        UnreadableGolden: the golden trace is missing or damaged.
        Unusable: no case matches, names.txt is not there, or the transcript cannot be written.
    """
    seed = secrets.randbelow(2**32) if request.seed is None else request.seed
    selected = selection(request, seed, port.precision)
    build(port)
    report = _asked(port, request, selected, seed, watch)
    other = None if request.profile else offered_instead(report.port.profiles)
    if other is None:
        return report
    request = replace(request, profile=other)
    selected = selection(request, seed, port.precision)
    return _asked(port, request, selected, seed, watch)


def offered_instead(profiles: Sequence[str]) -> str | None:
    """The profile to ask for where none was named, if the final program is not offered.

    Of the stages it is the last; None if there is nothing else.
    """
    if MICROGPT.name in profiles:
        return None
    return next((name for name in reversed(PROFILES) if name in profiles), None)


def _asked(
    port: Port, request: Request, selected: Sequence[Case], seed: int, watch: Watch
) -> Report:
    if reason := missing_tool(port.run, port.folder):
        raise NotStarted(f"the run command cannot be started: {reason}")
    recorder = _recorder(port, request, seed) if request.transcript else None
    with recorder or nullcontext():
        finished = ask(port, selected, recorder or Source(), watch)
        layout = recognised_layout(port, finished)
        if recorder is not None and not finished.was_interrupted:
            recorder.finish(layout.rules if layout else ())
    if recorder is not None and recorder.failure is not None:
        warn(f"the transcript {request.transcript} is cut off: {recorder.failure.strerror}")
    return make_report(port, finished, seed, layout, request.subject.name, request.settings)


def selection(request: Request, seed: int, precision: Precision) -> list[Case]:
    """The cases that were requested, the port's goodbye at the end, if among them.

    Raises:
        UnreadableGolden: the golden trace is missing or damaged.
        Unusable: no case matches, or names.txt is not there.
    """
    subject = request.subject
    known = all_cases(seed, precision, subject)
    if request.long:
        known += long_cases(seed, precision, subject)
    if request.names:
        known.append(published_case(_names(), subject))
    selected = select([*known, shutdown_case()], request.patterns)
    if not selected:
        raise Unusable(_no_case(request.patterns, known), ExitCode.USAGE)
    return selected


def _recorder(port: Port, request: Request, seed: int) -> Recorder:
    header = Header(
        suite_version=SUITE_VERSION,
        label=port.label,
        name=port.name,
        language=port.language,
        precision=port.precision,
        kind=port.kind,
        layout=tuple(port.layout.rules),
        seed=seed,
        patterns=tuple(request.patterns),
        names=request.names,
        long=request.long,
        profile=request.profile or MICROGPT.name,
        settings=tuple(request.settings),
        machine=f"{platform.system()} {platform.machine()}, Python {platform.python_version()}",
    )
    assert request.transcript is not None
    try:
        return Recorder(request.transcript, header)
    except OSError as error:
        message = f"the transcript cannot be written to {request.transcript}: {error.strerror}"
        raise Unusable(message, ExitCode.USAGE) from None


def warn(message: str) -> None:
    """Say something on standard error that changes no verdict."""
    Console(stderr=True).print(Text(f"conformance: {message}", style="yellow"), soft_wrap=True)


def the_case(slug: str, known: Sequence[Case]) -> Case:
    """The case of that name.

    Raises:
        Unusable: there is none.
    """
    for case in known:
        if case.slug == slug:
            return case
    raise Unusable(_no_case([slug], known), ExitCode.USAGE)


def _no_case(patterns: Sequence[str], known: Sequence[Case]) -> str:
    near = difflib.get_close_matches(patterns[0], [case.slug for case in known], n=3, cutoff=0.4)
    hint = f"; near are {', '.join(near)}" if near else ""
    return (
        f"no case matches {' '.join(patterns)}{hint}. `python -m conformance cases` lists them all."
    )


def ask(port: Port, selected: Sequence[Case], source: Source, watch: Watch = ignore) -> Finished:
    """Ask a port, or what stands in for it, the selected cases, and show how far it is."""
    goodbye = shutdown_case().slug
    cases = [case for case in selected if case.slug != goodbye]
    with progress(len(selected), Console(stderr=True)) as on_result:

        def take(result: Result) -> None:
            watch(result)
            on_result(result)

        engine = Engine(port, take, source=source)
        return engine.run(cases, shut_down=len(cases) < len(selected))


def _names() -> Corpus:
    path = names_path()
    if path is None:
        raise Unusable(
            f"--names needs names.txt: `make data` downloads it, or {NAMES_VARIABLE} names it",
            ExitCode.USAGE,
        )
    try:
        corpus = read_corpus(path)
    except UnreadableCorpus as error:
        raise Unusable(str(error), ExitCode.USAGE) from None
    if corpus.sha256 != NAMES_SHA256:
        raise Unusable(
            f"{path} is not the published names.txt: its SHA-256 is {corpus.sha256}",
            ExitCode.USAGE,
        )
    return corpus
