"""Starts a program in a child process of the guardian, with the limits that the kernel enforces.

Like the guardian, it imports little of the standard library and nothing else, to start fast.
"""

import fcntl
import os
import resource
import signal

from ports_adapter.containment import kernel

STARTED = b"0"
IGNORED_BY_PYTHON = (signal.SIGPIPE, signal.SIGXFSZ)
IGNORED_BY_THE_GUARDIAN = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)


def launch(
    folder: str, command: list[str], stdout: int, limits: dict[str, int]
) -> tuple[int, int, bool]:
    """Start a program.

    Args:
        folder: where it runs.
        command: its words.
        stdout: the file descriptor where the command expects its standard output.
        limits: the limits by name.

    Returns:
        The id of the child process; a pipe whose first line is the number of an error, or
        `STARTED` or empty; and whether the child is the first process of a namespace, which
        then writes the program's exit code as the second line.
    """
    reading, writing = _pipe_above(stdout)
    guardian = os.getpid()
    is_apart = stdout == 1 and kernel.separate_process_ids()
    child = os.fork()
    if child == 0:
        try:
            os.setsid()
            kernel.die_with(0 if is_apart else guardian)
            kernel.offer_to_the_oom_killer()
            if is_apart:
                writing = _first_process(writing)
            _become(folder, command, stdout, limits)
        except OSError as error:
            os.write(writing, b"%d\n" % (error.errno or 0))
        finally:
            os._exit(127)
    os.close(writing)
    return child, reading, is_apart


def line_of(pipe: int) -> bytes:
    """The next line of a pipe, or nothing at its end."""
    line = b""
    while (byte := os.read(pipe, 1)) not in (b"", b"\n"):
        line += byte
    return line


def _pipe_above(stdout: int) -> tuple[int, int]:
    """A pipe that the program does not inherit, whose writing end is not at `stdout`."""
    reading, narrow = os.pipe()
    writing = fcntl.fcntl(narrow, fcntl.F_DUPFD_CLOEXEC, stdout + 1)
    os.close(narrow)
    return reading, writing


def _first_process(writing: int) -> int:
    """Become the first process of a namespace, with which all other processes in it end.

    Returns only in a new child process, which becomes the program, with a pipe for its error.
    """
    inner_reading, inner_writing = _pipe_above(writing)
    program = os.fork()
    if program == 0:
        return inner_writing
    os.close(inner_writing)
    nothing = os.open("/dev/null", os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nothing, stream)
    os.write(writing, (line_of(inner_reading) or STARTED) + b"\n")
    while True:
        ended, status = os.wait()
        if ended == program:
            os.write(writing, b"%d\n" % os.waitstatus_to_exitcode(status))
            os._exit(0)


def _become(folder: str, command: list[str], stdout: int, limits: dict[str, int]) -> None:
    """Replace this process by the program."""
    _set_limits(limits)
    for ignored in (*IGNORED_BY_PYTHON, *IGNORED_BY_THE_GUARDIAN):
        signal.signal(ignored, signal.SIG_DFL)
    if stdout != 1:
        os.dup2(1, stdout)
        os.dup2(os.open("/dev/null", os.O_WRONLY), 1)
    os.chdir(folder)
    os.execvp(command[0], command)


def _set_limits(limits: dict[str, int]) -> None:
    """Set the limits that the kernel enforces for each process."""
    kernel.bind_tasks(limits["threads"])
    for kind, limit in (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, limits["file_mib"] << 20),
        (resource.RLIMIT_NOFILE, limits["open_files"]),
        (resource.RLIMIT_CPU, limits["processor_s"] + 5),
    ):
        hard = resource.getrlimit(kind)[1]
        most = limit if hard == resource.RLIM_INFINITY else min(limit, hard)
        resource.setrlimit(kind, (most, most))
