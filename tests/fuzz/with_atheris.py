"""Atheris as an engine, where it is installed: libFuzzer, led by what of our code is reached.

It ends the process that it runs in, so it has one of its own, which leaves what it found in a file.
"""

import base64
import importlib.util
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import msgspec

from .feeding import ROOT, Fault, fed, quiet
from .running import Finding, Ran, in_small, mutator_of
from .target import Ending, Target

LONGEST = 1 << 16
LACKING = (
    "atheris is not installed: `pip install atheris` where there is a wheel of it, or choose "
    "--engine mutation or hypothesis, which need nothing more"
)
INSTRUMENTED = ("ports_adapter", "golden", "conformance")


class NoAtheris(Exception):
    """It is not installed; the message says what to do."""


class _Told(msgspec.Struct):
    """What a process leaves."""

    endings: dict[str, int]
    findings: list[tuple[bytes, str, str, int]]


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
        corpus, told = Path(folder) / "corpus", Path(folder) / "told.json"
        corpus.mkdir()
        for number, one in enumerate(mutator_of(target).seeds):
            (corpus / str(number)).write_bytes(one.content)
        command = [sys.executable, "-m", __name__, target.name, str(inputs), str(seed), folder]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, check=False)
        if not told.exists():
            raise RuntimeError(done.stderr.decode(errors="replace")[-2000:])
        return in_small(target, _read(target, told.read_bytes()))


def _read(target: Target, content: bytes) -> Ran:
    told = msgspec.json.decode(content, type=_Told)
    ran = Ran(target.name, "atheris")
    ran.endings.update({Ending(name): count for name, count in told.endings.items()})
    for fed_, kind, message, count in told.findings:
        fault = Fault(kind, message)
        ran.findings[kind] = Finding(target.name, fed_, fault, count)
    return ran


def _leave(ran: Ran, path: Path) -> None:
    endings = {ending.value: count for ending, count in ran.endings.items()}
    findings = [
        (found.content, found.fault.kind, found.fault.message, found.count)
        for found in ran.findings.values()
    ]
    path.write_bytes(msgspec.json.encode(_Told(endings, findings)))


def main() -> None:
    import atheris

    name, inputs, seed, folder = sys.argv[1:]
    with atheris.instrument_imports(include=list(INSTRUMENTED)):
        from .targets import TARGETS
    target, told = TARGETS[name], Path(folder) / "told.json"
    ran, limit = Ran(name, "atheris"), int(inputs)
    quiet()

    def one(content: bytes) -> None:
        ending = fed(target, content)
        if isinstance(ending, Fault):
            ran.keep(content, ending)
        else:
            ran.endings[ending] += 1
        if ran.inputs >= limit:
            _leave(ran, told)
            os._exit(0)

    options = [f"-seed={seed}", f"-max_len={LONGEST}", "-timeout=0", "-rss_limit_mb=8192"]
    atheris.Setup(["fuzz", *options, f"-artifact_prefix={folder}/", f"{folder}/corpus"], one)
    atheris.Fuzz()


def shown(content: bytes) -> str:
    """An input as it is given on a command line."""
    return base64.b64encode(content).decode()


if __name__ == "__main__":
    main()
