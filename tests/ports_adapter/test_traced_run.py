"""Programs that write a trace run until it is long enough."""

import json
import sys
import time
from pathlib import Path

import pytest

from ports_adapter.containment.sandbox import Sandbox
from ports_adapter.failures import PortCrashed, PortFailure, PortTimedOut, ProtocolViolated
from ports_adapter.manifest import Port
from ports_adapter.port_toml import Program, Timeouts
from ports_adapter.traced_run import TracedRun
from ports_adapter.unmodified_program import scratch_copy

WRITING = """
import os, sys, time
trace = open(os.environ["MICROGPT_TRACE"], "w")
def write(text):
    trace.write(text)
    trace.flush()
"""


def traced(
    folder: Path, source: str, start: float = 30.0, message: float = 30.0
) -> tuple[bytes, list[int]]:
    """The trace that a program wrote, and the steps that were seen while it ran."""
    (folder / "program.py").write_text(WRITING + source)
    port = Port(
        folder=folder,
        name="made for a test",
        language="Python",
        run=(sys.executable, "program.py"),
        kind="program",
        program=Program(trace="out/trace.jsonl" if "out/" in source else "trace.jsonl"),
        timeouts=Timeouts(start=start, message=message),
        sandbox=Sandbox.NEVER,
    )
    seen: list[int] = []
    with scratch_copy(port) as scratch:
        return TracedRun(port, scratch).trace(b"ada\n", seen.append).read_bytes(), seen


def steps_of(trace: bytes) -> list[int]:
    return [json.loads(line)["step"] for line in trace.splitlines()]


def test_the_whole_trace_of_a_program_that_ends_by_itself_is_read(tmp_path: Path) -> None:
    trace, _ = traced(tmp_path, "for i in range(4): write('{\"step\": %d}\\n' % i)")
    assert steps_of(trace) == [0, 1, 2, 3]


def test_steps_after_the_last_one_of_interest_are_cut_however_fast_they_come(
    tmp_path: Path,
) -> None:
    trace, _ = traced(tmp_path, "for i in range(40): write('{\"step\": %d}\\n' % i)")
    assert steps_of(trace) == list(range(11))


@pytest.mark.slow
@pytest.mark.parametrize(
    "after",
    [
        'write(\'{"step": 11, "loss"\'); time.sleep(60)',  # the line has no end
        "time.sleep(60)",
        "write('{\"step\": 99}\\n'); time.sleep(60)",
    ],
)
def test_a_program_that_trains_on_is_ended_and_a_line_without_end_is_cut(
    after: str, tmp_path: Path
) -> None:
    begun = time.monotonic()
    trace, seen = traced(
        tmp_path, f"[write('{{\"step\": %d}}\\n' % i) for i in range(11)]; {after}"
    )
    assert time.monotonic() - begun < 30
    assert steps_of(trace) == list(range(11))
    assert seen[-1] >= 10


@pytest.mark.slow
def test_a_silent_program_lives_as_long_as_its_trace_grows(tmp_path: Path) -> None:
    source = "for i in range(4): write('{\"step\": %d}\\n' % i); time.sleep(1.2)"
    assert steps_of(traced(tmp_path, source, start=1.0, message=3.0)[0]) == [0, 1, 2, 3]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("source", "failure", "message"),
    [
        ("sys.exit('no such file')", PortCrashed, "'no such file'; it had recorded no step"),
        ("write('{\"step\": 3}\\n'); time.sleep(9)", PortTimedOut, "that it recorded is 3"),
        ("os.remove('trace.jsonl')", ProtocolViolated, "wrote no trace to trace.jsonl"),
    ],
)
def test_a_run_without_a_whole_trace_says_why(
    source: str, failure: type[PortFailure], message: str, tmp_path: Path
) -> None:
    with pytest.raises(failure, match=message):
        traced(tmp_path, source, start=1.0, message=1.0)


def test_a_trace_of_an_earlier_run_is_not_taken_for_a_new_one(tmp_path: Path) -> None:
    (tmp_path / "trace.jsonl").write_text('{"step": 0}\n')
    with pytest.raises(ProtocolViolated, match="wrote no trace"):
        traced(tmp_path, "os.remove('trace.jsonl')")
