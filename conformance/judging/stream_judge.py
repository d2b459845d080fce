"""Judges of an answer that takes its `step` notifications as they arrive."""

from dataclasses import dataclass, field
from typing import Any, Protocol

from msgspec import structs

from conformance.oracle.answer import Answer
from golden.budgets import Precision
from ports_adapter.messages import Message, StepParams

from .compare import compare
from .divergence import Comparison

STREAMED = ("train", "replicate")
"""The methods that send `step` notifications before their answer."""


class StreamJudge(Protocol):
    """Judges one answer; each question gets a new judge.

    A judge of a long stream keeps what it found and what the next step needs, not the steps.
    """

    def take(self, step: StepParams) -> None:
        """Take the next step."""

    def finish(self, result: Message) -> Comparison:
        """Judge the answer that ends the stream; gives everything that was found."""


@dataclass
class WholeAnswerJudge:
    """Keeps all steps, and compares the whole answer once it is complete."""

    expected: Answer
    method: str
    precision: Precision
    steps: list[StepParams] = field(default_factory=list)

    def take(self, step: StepParams) -> None:
        """Keep the next step."""
        self.steps.append(step)

    def whole(self, result: Message) -> dict[str, Any]:
        """The fields of an answer, with its steps if the method is streamed."""
        return structs.asdict(result) | ({"steps": self.steps} if self.method in STREAMED else {})

    def finish(self, result: Message) -> Comparison:
        """Compare the whole answer."""
        return compare(self.expected, self.whole(result), self.precision)
