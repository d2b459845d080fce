"""What a program may take, and how it is ended when it takes more: real processes."""

import sys
from pathlib import Path

import psutil
import pytest

from ports_adapter.building import build
from ports_adapter.containment.limits import BuildLimits, Limits
from ports_adapter.containment.sandbox import Sandbox
from ports_adapter.failures import NotBuilt
from ports_adapter.manifest import Port
from tests.support.processes import BOTH, Made, end_of, is_gone, said
from tests.support.suite import living


@pytest.mark.slow
@BOTH
def test_a_fork_bomb_is_ended(made: Made, tmp_path: Path, sandbox: Sandbox) -> None:
    process = made(
        """
        import os, time
        for _ in range(9):  # which makes 512 of them
            os.fork()
            if os.getpid() % 3 == 0:
                try:
                    os.setsid()
                except OSError:
                    pass
        time.sleep(20)
        """,
        sandbox,
        limits=Limits(processes=40),
    )
    pid = process.pid
    message = end_of(process)
    assert "the port was stopped: it had " in message
    assert message.endswith("processes, the limit is 40 (limits.processes in port.toml)")
    process.close()
    assert is_gone(pid)
    assert not living(tmp_path)


EATING = """
import time
eaten = []
for _ in range(100):
    eaten.append(b"x" * (10 << 20))
    time.sleep(0.005)
time.sleep(20)
"""


@pytest.mark.slow
@BOTH
def test_eating_memory_is_ended(made: Made, sandbox: Sandbox) -> None:
    message = end_of(made(EATING, sandbox, limits=Limits(memory_mib=200)))
    assert "the port was stopped: its processes held " in message
    assert message.endswith(" MiB, the limit is 200 (limits.memory_mib in port.toml)")


def test_memory_that_many_processes_share_is_counted_once(made: Made) -> None:
    process = made(
        """
        import os, time
        shared = b"x" * (100 << 20)
        for _ in range(5):
            if os.fork() == 0:
                time.sleep(600)
        time.sleep(1)
        print("still here", flush=True)
        """,
        limits=Limits(memory_mib=300),
    )
    assert said(process) == "still here"


WRITING = """
import os, time
place = {place}
for number in range(200):
    with open(place + f"/{{number}}", "wb") as file:
        file.write(b"x" * (4 << 20))
        file.flush()
        os.fsync(file.fileno())
    time.sleep(0.01)
time.sleep(20)
"""

BURNING = """
import os, time
end = time.monotonic() + 20
os.fork()
while time.monotonic() < end:
    pass
"""

GROWING = """
import signal
signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
with open("large", "wb") as file:
    for _ in range(10):
        file.write(b"x" * (1 << 20))
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("source", "limits", "before", "after"),
    [
        (
            BURNING, Limits(processor_s=1), "the port was stopped: its processes took ",
            " s of processor time, the limit is 1 (limits.processor_s in port.toml)",
        ),
        (
            WRITING.format(place="os.environ['TMPDIR']"), Limits(written_mib=40),
            "the port was stopped: it wrote ",
            " MiB, the limit is 40 (limits.written_mib in port.toml)",
        ),
        (
            WRITING.format(place="'.'"), Limits(written_mib=40), "the port was stopped: it wrote ",
            " MiB, the limit is 40 (limits.written_mib in port.toml)",
        ),
        (
            GROWING, Limits(file_mib=3), "",
            "a file of it exceeded 3 MiB (limits.file_mib in port.toml)",
        ),
    ],
    ids=["processor time", "temporary files", "files", "a file"],
)  # fmt: skip
def test_what_takes_more_than_its_limit_is_ended(
    made: Made, source: str, limits: Limits, before: str, after: str
) -> None:
    message = end_of(made(source, limits=limits))
    assert before in message
    assert message.endswith(after)


def test_no_more_files_are_open_than_allowed(made: Made) -> None:
    source = """
    try:
        files = [open("program.py") for _ in range(100)]
    except OSError as error:
        print(error.strerror, flush=True)
    """
    assert said(made(source, limits=Limits(open_files=50))) == "Too many open files"


def test_what_a_port_prints_after_its_goodbye_is_not_kept(made: Made) -> None:
    process = made("while True: print('x' * 1000)")
    before = psutil.Process().memory_info().rss
    assert process.wait(1.5) is None
    assert psutil.Process().memory_info().rss - before < 64 << 20


@pytest.mark.slow
def test_a_build_that_takes_too_much_says_how_to_allow_it(tmp_path: Path) -> None:
    command = (sys.executable, "-c", EATING)
    limits = BuildLimits(memory_mib=200)
    made = Port(
        folder=tmp_path, name="p", language="", run=("true",), build=command, build_limits=limits
    )
    with pytest.raises(NotBuilt, match=r"the limit is 200 \(build_limits.memory_mib in port.toml"):
        build(made)
