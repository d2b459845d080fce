"""Building a port before it is run."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import tempfile

from .failures import NotBuilt
from .manifest import Port, missing_tool
from .quoting import tail


def build(port: Port) -> None:
    """Run the port's build command, if it has one.

    Raises:
        NotBuilt: the command is missing, fails, or takes too long; shows the end of its output.
    """
    if not port.build:
        return
    command = " ".join(port.build)
    if reason := missing_tool(port.build, port.folder):
        raise NotBuilt(f"the build command cannot be run: {reason} (build of {port.folder})")
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(
            port.build,
            cwd=port.folder,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            code = process.wait(port.timeouts.build)
        except subprocess.TimeoutExpired:
            code = None
        finally:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        if code == 0:
            return
        output.seek(0)
        log = "\n".join(f"  | {line}" for line in tail(output.read()))
    ended = f"took longer than {port.timeouts.build:g} s" if code is None else f"ended with {code}"
    raise NotBuilt(f"the build {ended}: `{command}` in {port.folder}\n{log}".rstrip())
