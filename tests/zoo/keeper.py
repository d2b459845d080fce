"""The keeper: runs an animal through the real command line, and sees whether all is right."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import platformdirs

from tests.support.suite import ROOT

from .animal import NO_REPORT, Animal
from .leftovers import MARK, differing, left_processes, listing, told

SECRET = "the-keeper-sleeps-at-noon"
SECRET_VARIABLE = "MICROGPT_ZOO_TOKEN"


@dataclass(frozen=True, slots=True)
class Visit:
    """What was seen of an animal; `complaints` are empty if all was right."""

    animal: Animal
    outcome: str
    exit_code: int | None
    seconds: float
    complaints: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Run:
    """What a run has printed, reported, and ended with; no exit code if it had to be ended."""

    exit_code: int | None
    printed: str
    report: dict[str, Any] | None
    seconds: float


def visit(animal: Animal, den: Path) -> Visit:
    """Run an animal in a den, a new folder of its own, and judge what happened.

    Whatever the run left behind is a complaint, and is ended.
    """
    prepare(animal, den)
    before, since = listing(den), time.time()
    with open_door(den) as door:
        run = run_suite_on(animal, den)
        was_called = has_caller(door)
    complaints = [*wrong_verdicts(animal, run), *indecencies(run)]
    complaints += ["somebody came through the keeper's door"] * was_called
    left = left_processes(den, since)
    complaints += map(told, left)
    for process in left:
        with contextlib.suppress(Exception):
            process.kill()
    own = {"report.json", "printed"}
    complaints += differing(before, {n: s for n, s in listing(den).items() if n not in own})
    outcome = outcomes_of(run).get(animal.decisive, NO_REPORT)
    return Visit(animal, outcome, run.exit_code, run.seconds, tuple(complaints))


def prepare(animal: Animal, den: Path) -> None:
    """A den: the port's folder, a home and a folder for temporary files, and secrets."""
    (den / "tmp").mkdir(parents=True)
    (den / "home" / ".ssh").mkdir(parents=True)
    (den / "home" / ".ssh" / "id_ed25519").write_text(SECRET)
    (den / "home" / ".netrc").write_text(SECRET)
    (den / "beside").write_text("not yours")
    animal.settle(den / "port")


def run_suite_on(animal: Animal, den: Path) -> Run:
    command = [sys.executable, "-m", "conformance", *animal.command(den / "port")]
    command += ["--json", str(den / "report.json")]
    environment = os.environ | {
        "TMPDIR": str(den / "tmp"),
        "HOME": str(den / "home"),
        "XDG_CACHE_HOME": str(platformdirs.user_cache_path()),
        MARK: str(den),
        SECRET_VARIABLE: SECRET,
    }
    started = time.monotonic()
    with (den / "printed").open("wb") as printed:
        process = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdin=subprocess.DEVNULL,
            stdout=printed, stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip
        try:
            code: int | None = process.wait(animal.within)
        except subprocess.TimeoutExpired:
            code = None
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    seconds = time.monotonic() - started
    text = (den / "printed").read_bytes().decode("utf-8", errors="replace")
    return Run(code, text, read_report(den / "report.json"), seconds)


def read_report(path: Path) -> dict[str, Any] | None:
    try:
        report: dict[str, Any] = json.loads(path.read_bytes())
    except FileNotFoundError:
        return None
    return report


def outcomes_of(run: Run) -> dict[str, str]:
    return {case["slug"]: case["outcome"] for case in run.report["cases"]} if run.report else {}


def wrong_verdicts(animal: Animal, run: Run) -> Iterator[str]:
    """What the suite says of an animal, and should not, or the other way round."""
    if run.exit_code is None:
        yield f"the run did not end within {animal.within:g} s"
        return
    if run.exit_code != animal.exit_code:
        yield f"exit code {run.exit_code}, where {int(animal.exit_code)} is right"
    if animal.outcome == NO_REPORT:
        if run.report is not None:
            yield "there is a report, and should be none"
        if animal.says not in " ".join(run.printed.split()):
            yield f"{animal.says!r} is not in {run.printed[-500:]!r}"
        return
    if run.report is None:
        yield f"there is no report: {run.printed[-1000:]!r}"
        return
    details = {case["slug"]: case["detail"] for case in run.report["cases"]}
    for slug, outcome in animal.expected.items():
        got = outcomes_of(run).get(slug, "not asked")
        if got != outcome:
            yield f"{slug} is {got}, where {outcome} is right: {details.get(slug, '')[:300]}"
    if animal.says not in details.get(animal.decisive, ""):
        yield f"{animal.says!r} is not in {details.get(animal.decisive, '')[:300]!r}"


def indecencies(run: Run) -> Iterator[str]:
    """What must not be on a terminal, in the log of a workflow, or in any report."""
    controls = {char for char in run.printed if not char.isprintable()} - {"\n", "\ufffd"}
    if controls:
        yield f"raw {sorted(map(ascii, controls))} on the terminal"
    if "\nTraceback" in f"\n{run.printed}":
        yield f"a traceback: {run.printed[-1500:]}"
    for line in run.printed.split("\n"):
        if line.lstrip().startswith("::") or "##[" in line:
            yield f"a workflow command: {line[:120]!r}"
        if len(line) > 10_000:
            yield f"a line of {len(line)} characters: {line[:80]!r}"
    yield from forged_verdicts(run)
    if SECRET in run.printed or SECRET in json.dumps(run.report):
        yield "the keeper's secret was told"


def forged_verdicts(run: Run) -> Iterator[str]:
    """Lines that read like a verdict, and are not the report's."""
    seed = f" Seed {run.report['seed']}." if run.report and not run.report.get("trace") else ""
    right = f"{run.report['verdict']}.{seed}" if run.report else ""
    for line in run.printed.split("\n"):
        # A long verdict goes on in the next line.
        if line.startswith(("PASS", "FAIL")) and not (line and right.startswith(line)):
            yield f"a forged verdict: {line[:120]!r}"


@contextlib.contextmanager
def open_door(den: Path) -> Iterator[socket.socket]:
    """A socket on 127.0.0.1 that nobody should come to; its number is told to the animal."""
    with socket.create_server(("127.0.0.1", 0)) as door:
        door.setblocking(False)
        (den / "port" / "door").write_text(str(door.getsockname()[1]))
        yield door


def has_caller(door: socket.socket) -> bool:
    try:
        connection, _ = door.accept()
    except BlockingIOError:
        return False
    connection.close()
    return True
