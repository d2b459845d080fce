"""Pytest as a port's own repository runs it, with the suite's plugin."""

import os
import subprocess
from pathlib import Path

from tests.support.command import run as run_command
from tests.support.ports.broken import MANIFEST, folder_of
from tests.support.suite import ROOT

WRONG = "def wrong(r): reply(r, {'characters': [], 'vocab_size': 1, 'tokens': []})\n"
WRONG += "HANDLERS['tokenize'] = wrong"
CRASHING = "def crash(r): sys.stderr.write('boo'); sys.exit(7)\nHANDLERS['tokenize'] = crash"
WORDS, LINEAR = "tokenizer/words", "layers/linear-square"
TWO = ("--port-case", WORDS, "--port-case", LINEAR)
PLUGIN = ("-p", "conformance.pytest_plugin", "-p", "no:cacheprovider")
SEED = ("--port-seed", "1")


def elsewhere() -> dict[str, str]:
    """The environment in a repository that knows nothing of the suite."""
    return os.environ | {"PYTHONPATH": str(ROOT)}


def ask(
    folder: Path, *arguments: str, seed: tuple[str, ...] = SEED
) -> subprocess.CompletedProcess[str]:
    """Pytest in the port's own repository."""
    words = (*PLUGIN, *seed, "--port", ".", *arguments)
    return run_command("pytest", *words, cwd=folder, env=elsewhere())


def change(folder: Path, source: str, manifest: str = "") -> Path:
    folder_of(folder, source, MANIFEST + manifest)
    (folder / "test_own.py").write_text("def test_own(request):\n    print('my own test runs')\n")
    return folder


def known(folder: Path, *entries: str) -> None:
    text = "".join(f"[[known]]\n{entry}\nreason = 'issue 7'\n" for entry in entries)
    (folder / "baseline.toml").write_text(text)
