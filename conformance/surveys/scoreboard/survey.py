"""`conformance scoreboard`: judge ports side by side, measure their speeds, and report."""

import datetime as dt
import os
import secrets
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from msgspec import structs
from rich.console import Console

from conformance.cases.request import Request, Unusable
from conformance.cases.selection import selection
from conformance.judging.edition import current_edition
from conformance.judging.outcome import ExitCode
from conformance.reports.destinations import Forms, Outputs, write_report
from conformance.reports.terminal.safe_console import screen
from golden.json_documents import encoded
from golden.store import UnreadableGolden
from ports_adapter.manifest import OURS, our_ports
from ports_adapter.port_toml import FILE

from ..all_ports import present_and_absent
from .board import Board, Row, best_first, exit_code_of
from .board_page import page_of
from .board_text import note_row, show
from .history import Record, append_history, read_history, record_of, with_history
from .interruption import Stop, noted_signals
from .rows import REPORT, row_of
from .speeds import with_speeds
from .worker_processes import Job, run_all

TIMEOUT = 900.0


@dataclass(frozen=True, slots=True)
class Order:
    """What the command line asks for.

    Without `ports`: all that come with the suite and can run here. `timeout` is the most seconds
    for the run of a port, and for its measurement. `jobs` is how many ports run at once; if None,
    one for each processor core.
    """

    ports: Sequence[str] = ()
    patterns: Sequence[str] = ()
    seed: int | None = None
    profile: str | None = None
    timeout: float = TIMEOUT
    jobs: int | None = None
    has_speeds: bool = True
    history: Path | None = None


def run_scoreboard(order: Order, outputs: Outputs) -> ExitCode:
    """Run the ports, and print and write the scoreboard.

    Raises:
        Unusable: the profile, the cases, the history or a file to write cannot be used.
    """
    _check(order)
    records = read_history(order.history) if order.history else []
    status = screen(stderr=True)
    with noted_signals() as stop:
        board = judged(order, stop, status)
        now = [record_of(row, board) for row in board.rows]
        if order.history:
            pairs = zip(now, board.rows, strict=True)
            append_history(order.history, [r for r, row in pairs if row.ending.is_final])
            board = _with_changes(board, now, records)
        write_report(
            Forms(
                None, encoded(board), lambda console: show(board, console), lambda: page_of(board)
            ),
            outputs,
        )
    return board.exit_code


def _check(order: Order) -> None:
    """Refuse an order that no port can fulfil.

    Raises:
        Unusable: there is no such profile, or no such case.
    """
    request = Request("", order.patterns, 0, profile=order.profile)
    try:
        _ = selection(request, 0, "float64") if order.patterns else request.judged_program
    except UnreadableGolden as error:
        raise Unusable(str(error), ExitCode.SUITE_FAULT) from None


def judged(order: Order, stop: Stop, status: Console) -> Board:
    """The board of everything that finished before an interruption.

    Args:
        order: what is asked for.
        stop: whether to stop, checked all the time.
        status: where progress is printed.
    """
    began = time.monotonic()
    date = dt.datetime.now(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    seed = secrets.randbelow(2**32) if order.seed is None else order.seed
    ports, left_out = (list(order.ports), {}) if order.ports else present_and_absent()
    reference_step = 0.0
    with tempfile.TemporaryDirectory(prefix="scoreboard-") as scratch:
        rows = _rows(order, _jobs(order, ports, seed, Path(scratch)), stop, status)
        if order.has_speeds and not stop.asked:
            folder = Path(scratch) / "speeds"
            reference_step, rows = with_speeds(rows, folder, stop, order.timeout, status)
    ranked = best_first(rows.values())
    return Board(
        date=date,
        edition=current_edition(),
        seed=seed,
        patterns=list(order.patterns),
        profile=order.profile,
        exit_code=exit_code_of(ranked, was_interrupted=stop.asked),
        was_interrupted=stop.asked,
        seconds=round(time.monotonic() - began, 2),
        reference_step=reference_step,
        rows=ranked,
        left_out=left_out,
    )


def _jobs(order: Order, ports: Sequence[str], seed: int, scratch: Path) -> list[Job]:
    options = ["--seed", str(seed)]
    options += ["--profile", order.profile] if order.profile else []
    options += [word for pattern in order.patterns for word in ("--case", pattern)]
    jobs = []
    for number, port in enumerate(dict.fromkeys(ports)):
        folder = scratch / str(number)
        report = ("--json", str(folder / REPORT), "--", port)
        command = (sys.executable, "-m", "conformance", "run", *options, *report)
        jobs.append(Job(port, command, place_of(port), folder))
    return jobs


def place_of(port: str) -> str:
    """The folder in which a port is built, found without reading any file of the port."""
    try:
        place = port if Path(port).exists() else port.rpartition(":")[0] or port
        path = Path(place)
        path = path.parent if path.name == FILE else path
        if place in our_ports() and not (path / FILE).exists():
            path = OURS / place
        return str(path.resolve())
    except (OSError, RuntimeError):  # a name too long for a path, or links that run in a circle
        return port


def _rows(order: Order, jobs: Sequence[Job], stop: Stop, status: Console) -> dict[str, Row]:
    """The rows of all ports, by name, in the order in which their runs ended."""
    at_once = order.jobs or os.cpu_count() or 1
    rows: dict[str, Row] = {}
    with closing(run_all(jobs, stop, at_once=at_once, seconds=order.timeout)) as runs:
        for ended in runs:
            rows[ended.job.name] = row = row_of(ended, order.timeout)
            note_row(row, f"{len(rows)}/{len(jobs)}", status)
    return rows


def _with_changes(board: Board, now: Sequence[Record], before: Sequence[Record]) -> Board:
    rows = [with_history(row, r, before) for row, r in zip(board.rows, now, strict=True)]
    return structs.replace(board, rows=rows)
