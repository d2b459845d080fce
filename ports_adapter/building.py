"""Runs the build command of a port."""

import os
import select
import subprocess
import time

from .containment.contained import Contained
from .failures import NotBuilt
from .manifest import Port, missing_tool
from .quoting import printable, tail

CHUNK = 1 << 16
OUTPUT_KEPT = 64 << 10
LINGER = 0.05
"""Seconds between checks whether a silent build has ended."""


def build(port: Port) -> None:
    """Run the port's build command, if it has one.

    A build is not in a sandbox, since tools download packages and keep caches in the home folder.
    Its limits apply, and all processes that it started end with it.

    Raises:
        NotBuilt: the command is missing, fails, or takes too long; the message has the end of its
            output.
    """
    if not port.build:
        return
    command = printable(" ".join(port.build))
    if reason := missing_tool(port.build, port.folder):
        raise NotBuilt(f"the build command cannot be run: {reason} (build of {port.folder})")
    try:
        process = Contained(
            port.build,
            port.folder,
            port.build_terms,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
    except OSError as error:
        raise NotBuilt(f"the build command cannot be run: {error}") from None
    try:
        output = _output(process, port.timeouts.build)
        code, why = process.poll(), process.why_ended()
    finally:
        process.close()
    if code == 0 and not why:
        return
    log = "\n".join(f"  | {line}" for line in tail(output))
    ended = f"ended with {code}"
    if why:
        ended = f"was stopped: {why}"
    elif code is None:
        ended = f"took longer than {port.timeouts.build:g} s (timeouts.build)"
    raise NotBuilt(f"the build {ended}: `{command}` in {port.folder}\n{log}".rstrip())


def _output(process: Contained, seconds: float) -> bytes:
    """The end of the output of a build that ends, or has taken `seconds`."""
    assert process.stdout is not None
    pipe = process.stdout.fileno()
    os.set_blocking(pipe, False)
    poll = select.poll()
    poll.register(pipe, select.POLLIN)
    output = b""
    deadline = time.monotonic() + seconds
    is_open = True
    while is_open and time.monotonic() < deadline:
        has_ended = process.poll() is not None
        if poll.poll(LINGER * 1000):
            chunk = os.read(pipe, CHUNK)
            output = (output + chunk)[-OUTPUT_KEPT:]
            is_open = bool(chunk)
        elif has_ended:  # a process that it left running may still hold the pipe
            break
    process.wait(deadline - time.monotonic())
    return output
