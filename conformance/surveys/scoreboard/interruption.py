"""Interruption without loss: signals set a flag that is checked between steps."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@dataclass
class Stop:
    """How often a signal asked to stop."""

    times: int = 0

    @property
    def asked(self) -> bool:
        """Whether to start nothing more, and to end what runs."""
        return self.times > 0

    @property
    def urged(self) -> bool:
        """Whether to kill what runs, instead of waiting for its end."""
        return self.times > 1

    def note(self, _number: int, _frame: FrameType | None) -> None:
        """A signal's handler."""
        self.times += 1


@contextmanager
def noted_signals() -> Iterator[Stop]:
    """Count Ctrl-C, SIGTERM and SIGHUP in the `Stop` that this gives, in place of their effects.

    Signals that are ignored, as under `nohup`, stay ignored.
    """
    stop = Stop()
    heeded = [number for number in SIGNALS if signal.getsignal(number) is not signal.SIG_IGN]
    before = {number: signal.signal(number, stop.note) for number in heeded}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
