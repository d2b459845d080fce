"""The sandbox: bubblewrap, if it is installed and the system allows it."""

import errno
import fcntl
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator
from enum import StrEnum
from functools import cache
from pathlib import Path

PROGRAM = "bwrap"

HIDDEN = (
    ".ssh", ".gnupg", ".netrc", ".git-credentials", ".config/git/credentials", ".password-store",
    ".aws", ".azure", ".kube", ".docker", ".config/containers", ".config/gcloud", ".config/gh",
    ".config/hub", ".config/glab-cli", ".config/op", ".config/rclone", ".vault-token",
    ".terraform.d", ".npmrc", ".yarnrc.yml", ".pypirc", ".config/pip", ".gem/credentials",
    ".cargo/credentials", ".cargo/credentials.toml", ".m2/settings.xml",
    ".gradle/gradle.properties", ".nuget/NuGet/NuGet.Config", ".composer/auth.json",
    ".huggingface", ".cache/huggingface/token", ".pgpass", ".my.cnf",
    ".bash_history", ".zsh_history", ".python_history", ".node_repl_history", ".psql_history",
    ".mozilla", ".thunderbird", ".config/google-chrome", ".config/chromium",
    ".local/share/keyrings", "Library/Keychains",
)  # fmt: skip
"""Files and folders in the home folder with keys, passwords and histories."""

KEPT_OF_RUN = ("/run/current-system", "/run/opengl-driver", "/run/wrappers")
"""Folders of /run with programs of NixOS; the rest of /run, with sockets, is hidden."""

STDOUT = 9
OPENING = ("/bin/sh", "-c", f'exec "$0" "$@" >&{STDOUT} {STDOUT}>&-')
"""Bubblewrap keeps its own standard output open, so the program gets another file descriptor.

If they shared one, the suite could not see when the program closes it.
"""


class Sandbox(StrEnum):
    """Whether a port runs inside bubblewrap."""

    AUTO = "auto"
    ALWAYS = "always"
    NEVER = "never"


class NoSandbox(Exception):
    """A sandbox is required but not available; the message says what to do."""


def is_used(sandbox: Sandbox) -> bool:
    """Whether a port runs inside bubblewrap on this machine.

    Raises:
        NoSandbox: it must, but cannot.
    """
    if sandbox is Sandbox.NEVER:
        return False
    why = why_not()
    if why and sandbox is Sandbox.ALWAYS:
        raise NoSandbox(f"--sandbox always requires a sandbox, but {why}")
    return not why


@cache
def why_not() -> str:
    """Why bubblewrap cannot be used on this machine and what to do, or an empty string."""
    if sys.platform != "linux":
        return "bubblewrap works on Linux only"
    if shutil.which(PROGRAM) is None:
        return (
            "bubblewrap is not installed: apt-get install bubblewrap, dnf install bubblewrap, "
            "or pacman -S bubblewrap"
        )
    command = [word for word in words("/", Path("/"), ()) if word not in OPENING] + ["true"]
    try:
        trial = subprocess.run(
            command, capture_output=True, stdin=subprocess.DEVNULL, timeout=20, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"bubblewrap does not work here: {error}"
    said = trial.stderr.decode(errors="replace").strip().splitlines()
    if trial.returncode == 0:
        return ""
    return (
        f"bubblewrap does not work here: {said[-1] if said else trial.returncode}. It needs user "
        "namespaces, which the system or the container may forbid"
    )


def status_pipe() -> tuple[int, int]:
    """A pipe for bubblewrap to report its process id; its writing end is not at `STDOUT`."""
    ours, theirs = os.pipe()
    moved = fcntl.fcntl(theirs, fcntl.F_DUPFD_CLOEXEC, STDOUT + 1)
    os.close(theirs)
    return ours, moved


def words(
    private: str, folder: Path, writable: Iterable[Path], status: int | None = None
) -> list[str]:
    """The command line of bubblewrap, without the command that runs in it.

    Args:
        private: the temporary folder, which also becomes /dev/shm.
        folder: where the command runs.
        writable: the folders that the command may write to.
        status: the file descriptor where bubblewrap reports the id of its process.
    """
    status_option = [] if status is None else ["--json-status-fd", str(status)]
    binds = [place for path in (*writable, Path(private)) for place in ("--bind", path, path)]
    kept = [place for path in KEPT_OF_RUN for place in ("--ro-bind-try", path, path)]
    return [
        PROGRAM, *status_option, "--die-with-parent", "--cap-drop", "ALL",
        "--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts",
        "--ro-bind", "/", "/",
        "--proc", "/proc",
        "--tmpfs", "/run", *kept, "--remount-ro", "/run",
        "--dev", "/dev", "--remount-ro", "/dev", "--bind", private, "/dev/shm",
        *map(str, binds if private != "/" else ()),
        *_hidden(folder),
        "--chdir", str(folder), "--", *OPENING,
    ]  # fmt: skip


def _hidden(folder: Path) -> Iterator[str]:
    """Options that hide sensitive places, except those that contain the port."""
    for name in HIDDEN:
        place = (Path.home() / name).resolve()
        if folder.is_relative_to(place):
            continue
        if place.is_dir():
            yield from ("--tmpfs", str(place), "--remount-ro", str(place))
        elif place.exists():
            yield from ("--dev-bind", "/dev/null", str(place))


def why_not_executable(program: str, folder: Path, path: str) -> OSError | None:
    """The error of executing a program, or None; a sandbox would not report it."""
    named = str(folder / program) if "/" in program else program
    found = shutil.which(named, path=path)
    if found is None:
        number = errno.EACCES if "/" in program and Path(named).exists() else errno.ENOENT
        return OSError(number, os.strerror(number), program)
    try:
        with Path(found).open("rb") as file:
            start = file.readline(256)
    except OSError:
        return None  # it may be executable without being readable
    interpreter = start[2:].split(maxsplit=1)[:1] if start.startswith(b"#!") else []
    if interpreter and not Path(os.fsdecode(interpreter[0])).exists():
        return OSError(errno.ENOENT, os.strerror(errno.ENOENT), program)
    if not start.startswith((b"\x7fELF", b"#!")):
        return OSError(errno.ENOEXEC, os.strerror(errno.ENOEXEC), program)
    return None
