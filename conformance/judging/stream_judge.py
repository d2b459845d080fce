"""Judging an answer while it arrives, where it is too long to be kept."""

from __future__ import annotations

from typing import Protocol

from ports_adapter.messages import Message, StepParams

from .divergence import Comparison


class StreamJudge(Protocol):
    """Judges the `step` notifications of one answer as they come; made anew for every asking.

    It keeps what it found and what it needs for the next step, never the steps.
    """

    def take(self, step: StepParams) -> None:
        """Judge the next step."""

    def finish(self, result: Message) -> Comparison:
        """Judge the answer that ends the stream; gives all that was found."""
