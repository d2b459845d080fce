"""Mistakes in the learning rate."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

from conformance.anatomy.levels import Level
from reference.config import Config

from ..mistake import Patch, mistake


def _rate(factor: Callable[[int, Config], float]) -> Patch:
    """A learning rate by another factor than the right one."""

    def learning_rate_at(self: Config, step: int) -> float:
        return self.learning_rate * factor(step, self)

    return {"Config.learning_rate_at": learning_rate_at}


@mistake(
    "The learning rate does not decay",
    what="Every step has the first step's rate.",
    why="The schedule was left out.",
    mend="Multiply the rate by 1 - step / num_steps.",
    level=Level.ADAM,
    languages=("any",),
    twins={
        "schedule-of-whole-numbers": "Nothing that is computed tells the two apart before step "
        "num_steps: look into the source for `step / num_steps` of integers. After it, the rate of "
        "whole numbers is 0.",
        "learning-rate-by-cosine": "Look at a late step: a constant rate is still the first one.",
    },
)
def constant_learning_rate() -> Patch:
    return _rate(lambda _step, _config: 1.0)


@mistake(
    "step / num_steps is a division of whole numbers",
    what="The quotient is 0 at every step: the rate does not decay.",
    why="Both operands are integers, and the quotient loses its fraction.",
    mend="Convert to floating point before dividing.",
    level=Level.ADAM,
    languages=("C", "C++", "Java", "C#", "Rust", "Go", "Swift", "Ruby"),
)
def schedule_of_whole_numbers() -> Patch:
    return _rate(lambda step, config: float(1 - step // config.num_steps))


@mistake(
    "The learning rate is a step ahead",
    what="Each step has the rate of the next one; the last has 0.",
    why="Steps are counted from 1, or the counter is advanced before it is used.",
    mend="Use the 0-based step: the first one has the full rate.",
    level=Level.ADAM,
    languages=("Lua", "Julia", "R", "MATLAB", "Fortran", "any"),
)
def learning_rate_of_the_next_step() -> Patch:
    return _rate(lambda step, config: 1 - (step + 1) / config.num_steps)


@mistake(
    "The learning rate reaches 0 at the last step",
    what="The decay is step / (num_steps - 1).",
    why="It is how a range with both ends is divided.",
    mend="Divide by num_steps: the last step still moves.",
    level=Level.ADAM,
    languages=("NumPy linspace", "any"),
)
def schedule_ends_at_the_last_step() -> Patch:
    return _rate(lambda step, config: 1 - step / max(1, config.num_steps - 1))


@mistake(
    "The learning rate decays by a cosine",
    what="The rate follows half a cosine from its first value to 0.",
    why="An early revision of the program has it, and so do many trainings.",
    mend="Decay linearly: 1 - step / num_steps.",
    level=Level.ADAM,
    languages=("any",),
)
def learning_rate_by_cosine() -> Patch:
    return _rate(lambda step, config: 0.5 * (1 + math.cos(math.pi * step / config.num_steps)))


@mistake(
    "The learning rate decays to a tenth",
    what="The rate falls linearly to a tenth of its first value.",
    why="Many trainings keep a smallest rate.",
    mend="Decay to 0: 1 - step / num_steps.",
    level=Level.ADAM,
    languages=("any",),
)
def learning_rate_to_a_tenth() -> Patch:
    return _rate(lambda step, config: 1 - 0.9 * step / config.num_steps)


@mistake(
    "The learning rate warms up",
    what="The rate grows over the first ten steps before it decays.",
    why="Most trainings of Transformers warm up.",
    mend="Start with the full rate.",
    level=Level.ADAM,
    languages=("any",),
    twins={
        "learning-rate-of-0-001": "At the first step both are a tenth. Ask for the update of a "
        "later step (case adam/cold-step-5): the rate has grown if it warms up.",
    },
)
def learning_rate_warms_up() -> Patch:
    return _rate(lambda step, config: min(1.0, (step + 1) / 10) * (1 - step / config.num_steps))


@mistake(
    "The learning rate decays over a thousand steps, however many there are",
    what="num_steps is a constant of the schedule; other trainings decay at the wrong pace.",
    why="The published program's number was written into the formula.",
    mend="Divide by the number of steps that is asked for.",
    level=Level.ADAM,
    languages=("any",),
)
def schedule_always_over_1000_steps() -> Patch:
    return _rate(lambda step, _config: 1 - step / 1000)


@mistake(
    "The learning rate is 0.001",
    what="The rate starts at a tenth of what it should.",
    why="0.001 is Adam's default everywhere; this program has 0.01.",
    mend="Take the rate from the configuration.",
    level=Level.ADAM,
    languages=("PyTorch", "TensorFlow", "any"),
)
def learning_rate_of_0_001() -> Patch:
    right = Config.learning_rate_at
    return {
        "Config.learning_rate_at": lambda self, step: right(
            replace(self, learning_rate=0.001), step
        )
    }
