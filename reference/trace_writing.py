"""Writes the trace of a run: a line of JSON for the first weights, each step and each sample.

The format is described in docs/reference/trace.md. Numbers are shortest decimals that round back
to the same floats.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Container, Iterator
from dataclasses import dataclass
from typing import Any

from .program import Run
from .sampling import choose_by
from .training import Step

SETTINGS = ("n_layer", "n_embd", "n_head", "block_size", "num_steps", "learning_rate")
USUAL_STEPS = (0, 1, 2, 9, 10, 99, 100)
"""Steps worth recording: each of 0, 1, 2, 10 and 100 has the state before it."""

Write = Callable[[str], Any]
"""Takes a line of the trace."""


@dataclass(frozen=True, slots=True)
class TraceWriter:
    """Writes a run's trace while the run goes on.

    Attributes:
        run: the run; it has not begun.
        write: takes each line.
        recorded: the 0-based steps that are written.
    """

    run: Run
    write: Write
    recorded: Container[int] = USUAL_STEPS

    def losses(self) -> Iterator[tuple[float, Any]]:
        """The loss of each step and the weights after it, once they are written."""
        run, config = self.run, self.run.config
        head: dict[str, Any] = {"trace": 1, "name": "reference", "language": "Python"}
        head |= {name: getattr(config, name) for name in SETTINGS}
        head |= {"beta1": config.beta1, "beta2": config.beta2, "eps": config.eps_adam}
        head["vocab"] = "".join(run.tokenizer.characters)
        self._record(head | {"weights": run.state.weights})
        for step in run.steps():
            if step.index in self.recorded:
                document = run.documents[step.index % len(run.documents)]
                self._record({"step": step.index, "document": document, **_numbers(step)})
            yield step.evaluation.loss, step.state.weights

    def samples(self, weights: Any) -> Iterator[str]:
        """Documents drawn from trained weights, once they are written."""
        config = self.run.config
        if config.num_steps - 1 not in self.recorded:
            self._record({"step": config.num_steps - 1, "weights": weights})
        for number in range(config.num_samples):
            uniforms: list[float] = []

            def draw(uniforms: list[float] = uniforms) -> Iterator[float]:
                while True:
                    uniforms.append(self.run.generator.random())
                    yield uniforms[-1]

            tokens = Run.sample(self.run, weights, choose_by(draw()))  # of matrices by name
            self._record(
                {
                    "sample": number,
                    "temperature": config.temperature,
                    "uniforms": uniforms,
                    "tokens": tokens,
                }
            )
            yield self.run.tokenizer.decode(tokens)

    def _record(self, record: dict[str, Any]) -> None:
        self.write(json.dumps(record, separators=(",", ":"), ensure_ascii=False) + "\n")


def _numbers(step: Step) -> dict[str, Any]:
    computed, after = step.evaluation, step.state
    return {
        "tokens": list(step.tokens),
        "logits": computed.logits,
        "losses": computed.losses,
        "loss": computed.loss,
        "grads": computed.grads,
        "learning_rate": step.learning_rate,
        "m": after.m,
        "v": after.v,
        "weights": after.weights,
    }
