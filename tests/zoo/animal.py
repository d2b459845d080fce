"""What an animal is: a small real program, what it is asked, and what is right to say of it."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from textwrap import dedent, indent
from typing import Any

import tomlkit

from conformance.judging.outcome import ExitCode
from tests.support.ports.broken import port

FIRST = "tokenizer/fresh"
WORDS = "tokenizer/words"
LATER = "tokenizer/crlf"
GOODBYE = "protocol/shutdown"
INTRODUCTION = "protocol/initialize"
ASKED = (FIRST, WORDS, LATER, GOODBYE)
"""What most are asked, in the suite's order: they misbehave at `WORDS`."""

NO_REPORT = "no report"
"""In place of an outcome: the suite says why there was no run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Animal:
    """A program in a folder of its own.

    It is asked the cases `asked`: the `decisive` one must end as `outcome` and say `says`, the
    `others` as they are given, and all the rest must pass. The run must end `within` seconds.
    What `needs_containment` could do harm, and bounds itself as a second net.
    """

    name: str
    does: str
    outcome: str
    files: Mapping[str, str]
    says: str = ""
    decisive: str = WORDS
    asked: tuple[str, ...] = ASKED
    others: Mapping[str, str] = field(default_factory=dict)
    exit_code: ExitCode = ExitCode.FAIL
    run: tuple[str, ...] = ("{python}", "port.py")
    manifest: Mapping[str, Any] = field(default_factory=dict)
    start: float = 10.0
    message: float = 10.0
    within: float = 40.0
    seed: int = 1
    needs_containment: bool = False

    @property
    def expected(self) -> dict[str, str]:
        return {**dict.fromkeys(self.asked, "pass"), **self.others, self.decisive: self.outcome}

    def settle(self, folder: Path) -> None:
        folder.mkdir()
        for name, content in self.files.items():
            path = folder / name
            path.write_text(content, encoding="utf-8")
            path.chmod(0o755)
        manifest = {
            "name": self.name,
            "language": "Python",
            "run": [word.replace("{python}", sys.executable) for word in self.run],
            "timeouts": {"build": 10.0, "start": self.start, "message": self.message},
        }
        content = tomlkit.dumps(manifest | dict(self.manifest))
        (folder / "port.toml").write_text(content, encoding="utf-8")

    def command(self, folder: Path) -> list[str]:
        """The words of the suite's command line that judge it in its folder."""
        cases = [word for slug in self.asked for word in ("--case", slug)]
        return ["run", str(folder), "--seed", str(self.seed), *cases]


def wild(name: str, does: str, change: str, outcome: str, says: str = "", **more: Any) -> Animal:
    """An honest port in Python with some of its handlers replaced by a `change`."""
    return program(name, does, port(TOOLS + dedent(change)), outcome, says, **more)


def program(name: str, does: str, source: str, outcome: str, says: str = "", **more: Any) -> Animal:
    more.setdefault("files", {"port.py": source})
    return Animal(name=name, does=does, outcome=outcome, says=says, **more)


def at_words(name: str, does: str, deed: str, outcome: str, says: str = "", **more: Any) -> Animal:
    """An honest port that does something else when it is asked `WORDS`."""
    return wild(name, does, AT_WORDS + indent(dedent(deed).strip(), "    "), outcome, says, **more)


def odd(name: str, does: str, change: str, **more: Any) -> Animal:
    """A port that is strange and right: it must pass."""
    return wild(name, does, change, "pass", exit_code=ExitCode.PASS, **more)


def odd_at_words(name: str, does: str, deed: str, **more: Any) -> Animal:
    """A port that is strange when it is asked `WORDS`, and right: it must pass."""
    return at_words(name, does, deed, "pass", exit_code=ExitCode.PASS, **more)


TOOLS = r"""
WORDS = "wren\nrook\nteal\n"

def answer_to(r):
    return json.dumps({"jsonrpc": "2.0", "id": r["id"], "result": tokens_of(r["params"]["text"])})

def put_bytes(content):
    sys.stdout.buffer.write(content)
    sys.stdout.buffer.flush()

def note(pid):
    with open("pids", "a") as file:
        print(pid, file=file)

def sleeping_child(**options):
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"], **options)
    note(child.pid)
    return child
"""

AT_WORDS = r"""
def at_words(r):
    if r["params"]["text"] != WORDS:
        return tokenize(r)
    deed(r)

HANDLERS["tokenize"] = at_words

def deed(r):
"""
