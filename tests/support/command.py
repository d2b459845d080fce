"""The suite's commands, each in a process of its own that need not import everything first.

A server imports the suite once and forks for every command: what `python -m` would start, a
second of imports sooner.
"""

import io
import multiprocessing
import os
import runpy
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.support.suite import ROOT

_SERVER = multiprocessing.get_context("forkserver")
_SERVER.set_forkserver_preload(["tests.support.preloaded"])


def run(
    module: str,
    *arguments: str | Path,
    cwd: Path = ROOT,
    env: Mapping[str, str] | None = None,
    timeout: float = 500,
) -> subprocess.CompletedProcess[str]:
    """Run `python -m MODULE ARGUMENTS`, as `subprocess.run` would; nothing may print a traceback.

    Raises:
        subprocess.TimeoutExpired: it took longer than `timeout` seconds, and was killed.
    """
    words = [module, *map(str, arguments)]
    with TemporaryDirectory() as folder:
        out, errors = Path(folder) / "out", Path(folder) / "errors"
        became = dict(os.environ if env is None else env)
        process = _SERVER.Process(target=_become, args=(words, cwd, became, out, errors))
        process.start()
        process.join(timeout)
        if process.exitcode is None:
            process.kill()
            process.join()
            raise subprocess.TimeoutExpired(words, timeout)
        done = subprocess.CompletedProcess(
            words, process.exitcode, out.read_text(), errors.read_text()
        )
        assert "Traceback" not in done.stderr, done.stderr
        return done


def conformance(*arguments: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the suite's command line, with changes of the environment."""
    return run("conformance", *arguments, env=os.environ | environment)


def started(*arguments: str | Path) -> subprocess.Popen[str]:
    """The suite's command line while it runs, for those who want to end it."""
    return subprocess.Popen(
        [sys.executable, "-m", "conformance", *map(str, arguments)],
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def wait_for_marks(run: subprocess.Popen[str], *folders: Path) -> None:
    """Wait until the ports in these folders have left their process ids."""
    marks = [folder / "pid" for folder in folders]
    while not all(mark.exists() and mark.read_text() for mark in marks):
        assert run.poll() is None
        time.sleep(0.05)


def _become(words: list[str], cwd: Path, env: dict[str, str], out: Path, errors: Path) -> None:
    """Turn this process into the command: its streams, environment, folder, and main module."""
    for number, path in ((0, Path(os.devnull)), (1, out), (2, errors)):
        mode = os.O_RDONLY if number == 0 else os.O_WRONLY | os.O_CREAT
        os.dup2(os.open(path, mode), number)
    sys.stdin = io.TextIOWrapper(open(0, "rb", closefd=False))  # noqa: SIM115
    sys.stdout = io.TextIOWrapper(open(1, "wb", closefd=False))  # noqa: SIM115
    sys.stderr = io.TextIOWrapper(
        open(2, "wb", closefd=False),  # noqa: SIM115
        errors="backslashreplace",
        line_buffering=True,
    )
    os.environ.clear()
    os.environ.update(env)
    os.chdir(cwd)
    sys.path.insert(0, str(cwd))
    sys.argv = words[:]
    runpy.run_module(words[0], run_name="__main__", alter_sys=True)
