"""Python source as a port's process: what it says, and how it ends."""

import os
import time
from collections.abc import Callable

import psutil
import pytest

from ports_adapter.containment.sandbox import Sandbox, why_not
from ports_adapter.failures import PortCrashed
from ports_adapter.process import PortProcess

NEEDS_SANDBOX = pytest.mark.skipif(bool(why_not()) and "CI" not in os.environ, reason=why_not())

BOTH = pytest.mark.parametrize(
    "sandbox", [Sandbox.NEVER, pytest.param(Sandbox.ALWAYS, marks=NEEDS_SANDBOX)]
)

SECONDS = 30.0


def is_gone(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def eventually(is_so: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + SECONDS
    while not is_so() and time.monotonic() < deadline:
        time.sleep(0.02)
    return is_so()


Made = Callable[..., PortProcess]


def said(process: PortProcess) -> str:
    return process.receive(SECONDS).decode()


def end_of(process: PortProcess) -> str:
    """The message of the crash that a misdeed ends in."""
    with pytest.raises(PortCrashed) as crash:
        process.receive(SECONDS)
    return str(crash.value)


DAEMON = """
import os, sys, time

def daemon():
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            for stream in (0, 1, 2):
                os.close(stream)
            with open("pids", "a") as file:
                print(os.getpid(), file=file)
            time.sleep(600)
        os._exit(0)
    os.wait()

for _ in range(3):
    daemon()
while not os.path.exists("pids") or len(open("pids").read().split()) < 3:
    time.sleep(0.01)
"""
