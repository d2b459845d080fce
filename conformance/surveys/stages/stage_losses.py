"""The losses of all stages on one corpus, each with its published settings."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from reference.corpus import Corpus
from reference.profiles import STAGES, Profile
from reference.program import Run
from reference.tape.machine import TapeRun

WINDOW = 100
"""A loss is of one document, and so jumps; over this many steps the mean is telling."""


@dataclass(frozen=True, slots=True)
class Curve:
    """One stage's training: each step's loss in nats, and the documents sampled after it."""

    stage: Profile
    num_params: int
    losses: tuple[float, ...]
    samples: tuple[str, ...]

    @property
    def smooth(self) -> list[float]:
        """The mean of the losses so far, of the last `WINDOW` at most."""
        return [
            _mean(self.losses[max(0, step - WINDOW + 1) : step + 1])
            for step in range(len(self.losses))
        ]

    @property
    def last(self) -> float:
        """The mean loss of the last `WINDOW` steps."""
        return _mean(self.losses[-WINDOW:])


def _mean(losses: tuple[float, ...]) -> float:
    return sum(losses) / len(losses)


def curves_of(corpus: Corpus, note: Callable[[str], None]) -> Iterator[Curve]:
    """Run every stage; `note` takes the name of the one that is run."""
    for stage in STAGES:
        note(stage.name)
        kind = Run if stage.config.gradient == "none" else TapeRun
        run = kind.prepare(stage.config, stage.seed, corpus)
        losses, weights = [], run.weights
        for loss, after in run.losses():
            losses.append(loss)
            weights = after
        yield Curve(stage, run.num_params, tuple(losses), tuple(run.samples(weights)))
