"""Atheris as an engine, where it is installed: libFuzzer, led by what of our code is reached.

It ends the process that it runs in, so it has one of its own, which leaves what it found in a file.
"""

import base64
import importlib.util
import os
import pickle
import subprocess
import sys
import tempfile
from pathlib import Path

from .feeding import ROOT, fed, quiet
from .running import Ran, in_small, mutator_of
from .target import Target

LONGEST = 1 << 16
LACKING = (
    "atheris is not installed: `pip install atheris` where there is a wheel of it, or choose "
    "--engine mutation or hypothesis, which need nothing more"
)
INSTRUMENTED = ("ports_adapter", "golden", "conformance")


class NoAtheris(Exception):
    """It is not installed; the message says what to do."""


def is_installed() -> bool:
    return importlib.util.find_spec("atheris") is not None


def run(target: Target, inputs: int, seed: int) -> Ran:
    """Feed a target so many inputs.

    Raises:
        NoAtheris: it is not installed.
    """
    if not is_installed():
        raise NoAtheris(LACKING)
    with tempfile.TemporaryDirectory(prefix="fuzz-atheris-") as folder:
        corpus, told = Path(folder) / "corpus", Path(folder) / "told"
        corpus.mkdir()
        for number, one in enumerate(mutator_of(target).seeds):
            (corpus / str(number)).write_bytes(one.content)
        command = [sys.executable, "-m", __name__, target.name, str(inputs), str(seed), folder]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, check=False)
        if not told.exists():
            raise RuntimeError(done.stderr.decode(errors="replace")[-2000:])
        return in_small(target, pickle.loads(told.read_bytes()))


def main() -> None:
    import atheris

    name, inputs, seed, folder = sys.argv[1:]
    with atheris.instrument_imports(include=list(INSTRUMENTED)):
        from .targets import TARGETS
    target, told = TARGETS[name], Path(folder) / "told"
    ran, limit = Ran(name, "atheris"), int(inputs)
    quiet()

    def one(content: bytes) -> None:
        ran.count(content, fed(target, content))
        if ran.inputs >= limit:
            told.write_bytes(pickle.dumps(ran))
            os._exit(0)

    options = [f"-seed={seed}", f"-max_len={LONGEST}", "-timeout=0", "-rss_limit_mb=8192"]
    atheris.Setup(["fuzz", *options, f"-artifact_prefix={folder}/", f"{folder}/corpus"], one)
    atheris.Fuzz()


def shown(content: bytes) -> str:
    """An input as it is given on a command line."""
    return base64.b64encode(content).decode()


if __name__ == "__main__":
    main()
