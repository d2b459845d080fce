"""An animal that has written a trace: the file alone is judged, no program runs."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

from conformance.judging.outcome import ExitCode
from reference.profiles import MICROGPT
from tests.support.traces import Records, Writer

from .animal import NO_REPORT, Animal

SMALL = replace(MICROGPT.config, n_embd=4, n_head=2, block_size=4, num_steps=20)
LOSS = "forward/trace-loss"
GRADIENTS = "backward/trace-grads"
UPDATE = "adam/trace-update"
SAMPLES = "sample/trace-samples"

Content = Callable[[Records], bytes]
"""Makes the content of a trace from the records of a right one."""


@cache
def _lines() -> tuple[str, ...]:
    return tuple(json.dumps(record) for record in Writer(config=SMALL).records())


def right() -> Records:
    """The records of a right trace of two steps, to be changed: head, then two of each step."""
    return [json.loads(line) for line in _lines()]


def text(records: Sequence[Any]) -> bytes:
    """Records as JSON Lines."""
    return "".join(json.dumps(record) + "\n" for record in records).encode()


@dataclass(frozen=True, slots=True, kw_only=True)
class TraceAnimal(Animal):
    """A trace. `content` makes it; None leaves the file to `settle_more`, or to nobody."""

    content: Content | None = None
    place: Callable[[Path], Any] | None = None
    name_of_file: str = "trace.jsonl"
    asked: tuple[str, ...] = ()
    files: dict[str, str] = field(default_factory=dict)

    @property
    def expected(self) -> dict[str, str]:
        """How the decisive case must end; the others are what they are."""
        return {self.decisive: self.outcome}

    def settle(self, folder: Path) -> None:
        """Write the trace into a new folder."""
        folder.mkdir()
        path = folder / self.name_of_file
        if self.content is not None:
            path.write_bytes(self.content(right()))
        if self.place is not None:
            self.place(path)

    def command(self, folder: Path) -> list[str]:
        """The words of the suite's command line."""
        return ["trace", str(folder / self.name_of_file)]


def unreadable(name: str, does: str, content: Content | None, says: str, **more: Any) -> Animal:
    """A trace that cannot be read: one message says where and why."""
    return TraceAnimal(
        name=name, does=does, content=content, says=says, outcome=NO_REPORT,
        exit_code=ExitCode.USAGE, **more,
    )  # fmt: skip


def with_line(name: str, does: str, line: str, says: str) -> Animal:
    """A trace whose second line is this one."""
    return unreadable(name, does, lambda r: text(r[:1]) + line.encode() + b"\n", says)


def with_head(name: str, does: str, head: dict[str, Any], says: str) -> Animal:
    """A trace whose first record states something that cannot be."""
    return unreadable(name, does, lambda r: text([r[0] | head, *r[1:]]), says)


def with_step(name: str, does: str, step: dict[str, Any], says: str) -> Animal:
    """A trace whose first step has something that cannot be."""
    return unreadable(name, does, lambda r: text([r[0], r[1] | step, *r[2:]]), says)


def wrong(name: str, does: str, change: Callable[[Records], Any], case: str) -> Animal:
    """A trace that can be read, and whose numbers fail this case."""

    def content(records: Records) -> bytes:
        change(records)
        return text(records)

    return TraceAnimal(name=name, does=does, content=content, outcome="mismatch", decisive=case)


def strange(name: str, does: str, content: Content, **more: Any) -> Animal:
    """A trace that is odd, and right: it must pass."""
    return TraceAnimal(
        name=name, does=does, content=content, outcome="pass", decisive=GRADIENTS,
        exit_code=ExitCode.PASS, **more,
    )  # fmt: skip


def idle(name: str, does: str, content: Content) -> Animal:
    """A trace that shows nothing that could be judged: it must not pass."""
    return TraceAnimal(
        name=name, does=does, content=content, outcome="not offered", decisive=SAMPLES,
        exit_code=ExitCode.NOTHING_VERIFIED,
    )  # fmt: skip
