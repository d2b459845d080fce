"""Being interrupted without losing anything: signals are noted, and looked at between steps."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@dataclass
class Stop:
    """How often someone has asked for the end: `asked` to end things well, `urged` at once."""

    times: int = 0

    @property
    def asked(self) -> bool:
        """Whether nothing more is to be begun, and what runs is to be ended."""
        return self.times > 0

    @property
    def urged(self) -> bool:
        """Whether what runs is not to be waited for, either."""
        return self.times > 1

    def note(self, _number: int, _frame: FrameType | None) -> None:
        """A signal's handler."""
        self.times += 1


@contextmanager
def noted_signals() -> Iterator[Stop]:
    """While this lasts, Ctrl-C, SIGTERM and SIGHUP are noted, and end nothing by themselves.

    What is ignored, as below `nohup`, stays so.
    """
    stop = Stop()
    heeded = [number for number in SIGNALS if signal.getsignal(number) is not signal.SIG_IGN]
    before = {number: signal.signal(number, stop.note) for number in heeded}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
