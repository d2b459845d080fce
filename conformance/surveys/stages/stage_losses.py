"""Training all stages on one corpus, each with its published settings."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from reference.corpus import Corpus
from reference.profiles import STAGES, Profile
from reference.program import Run
from reference.tape.machine import TapeRun

WINDOW = 100
"""How many steps a mean loss covers; the loss of a single document varies too much."""


@dataclass(frozen=True, slots=True)
class Curve:
    """The training of a stage: the loss of each step in nats, and the samples after it."""

    stage: Profile
    num_params: int
    losses: tuple[float, ...]
    samples: tuple[str, ...]

    @property
    def smooth(self) -> list[float]:
        """For each step, the mean of the last `WINDOW` losses, or of fewer at the start."""
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
    """Train every stage; `note` is called with the name of each before it starts."""
    for stage in STAGES:
        note(stage.name)
        kind = Run if stage.config.gradient == "none" else TapeRun
        run = kind.prepare(stage.config, stage.seed, corpus)
        losses, weights = [], run.weights
        for loss, after in run.losses():
            losses.append(loss)
            weights = after
        yield Curve(stage, run.num_params, tuple(losses), tuple(run.samples(weights)))
