"""Mistakes in the learning rate."""

import math
from collections.abc import Callable
from dataclasses import replace

from conformance.anatomy.levels import Level
from reference.config import Config

from ..mistake import Patch, mistake_at
from ..patch_of_function import around

mistake = mistake_at(Level.ADAM)


def _rate(factor: Callable[[int, Config], float]) -> Patch:
    """A learning rate that decays by another factor."""

    def learning_rate_at(self: Config, step: int) -> float:
        return self.learning_rate * factor(step, self)

    return {"Config.learning_rate_at": learning_rate_at}


@mistake(
    "The learning rate does not decay",
    what="Every step uses the first step's rate.",
    why="The schedule was left out.",
    mend="Multiply the rate by 1 - step / num_steps.",
    twins={
        "schedule-of-whole-numbers": "Before step num_steps both compute the same numbers: look "
        "for an integer `step / num_steps` in the source. From step num_steps on, integers give a "
        "rate of 0.",
        "learning-rate-by-cosine": "Look at a late step: a constant rate still equals the first "
        "one.",
    },
)
def constant_learning_rate() -> Patch:
    return _rate(lambda _step, _config: 1.0)


@mistake(
    "step / num_steps is an integer division",
    what="step / num_steps is 0 at every step, so the rate does not decay.",
    why="Both operands are integers, and the quotient is truncated.",
    mend="Convert to floating point before dividing.",
    languages=("C", "C++", "Java", "C#", "Rust", "Go", "Swift", "Ruby"),
)
def schedule_of_whole_numbers() -> Patch:
    return _rate(lambda step, config: float(1 - step // config.num_steps))


@mistake(
    "The learning rate is one step ahead",
    what="Each step uses the rate of the next step; the last step uses 0.",
    why="Steps are counted from 1, or the counter is incremented before it is used.",
    mend="Count steps from 0: the first step uses the full rate.",
    languages=("Lua", "Julia", "R", "MATLAB", "Fortran", "any"),
)
def learning_rate_of_the_next_step() -> Patch:
    return _rate(lambda step, config: 1 - (step + 1) / config.num_steps)


@mistake(
    "The learning rate is 0 at the last step",
    what="The rate decays by step / (num_steps - 1) instead of step / num_steps.",
    why="A range that includes both ends is divided this way.",
    mend="Divide by num_steps: the last step still has a small rate.",
    languages=("NumPy linspace", "any"),
)
def schedule_ends_at_the_last_step() -> Patch:
    return _rate(lambda step, config: 1 - step / max(1, config.num_steps - 1))


@mistake(
    "The learning rate follows a cosine",
    what="The rate is lr * 0.5 * (1 + cos(pi * step / num_steps)) instead of lr * (1 - step / "
    "num_steps).",
    why="An early revision of the program and many training programs do this.",
    mend="Decay linearly: multiply by 1 - step / num_steps.",
)
def learning_rate_by_cosine() -> Patch:
    return _rate(lambda step, config: 0.5 * (1 + math.cos(math.pi * step / config.num_steps)))


@mistake(
    "The learning rate decays to a tenth, not to 0",
    what="The factor is 1 - 0.9 * step / num_steps instead of 1 - step / num_steps.",
    why="Many training programs keep a minimum rate.",
    mend="Decay to 0: multiply by 1 - step / num_steps.",
)
def learning_rate_to_a_tenth() -> Patch:
    return _rate(lambda step, config: 1 - 0.9 * step / config.num_steps)


@mistake(
    "The learning rate warms up",
    what="The rate grows over the first ten steps before it decays.",
    why="Most training programs of Transformers have a warmup.",
    mend="Start with the full rate.",
    twins={
        "learning-rate-of-0-001": "At the first step both rates are a tenth of the right one. Look "
        "at a later update (case adam/cold-step-5): with a warmup, the rate has grown.",
    },
)
def learning_rate_warms_up() -> Patch:
    return _rate(lambda step, config: min(1.0, (step + 1) / 10) * (1 - step / config.num_steps))


@mistake(
    "The learning rate always decays over 1000 steps",
    what="The factor is 1 - step / 1000, whatever num_steps says.",
    why="The published program's number was written into the formula.",
    mend="Divide by num_steps, which a port reads from the question.",
)
def schedule_always_over_1000_steps() -> Patch:
    return _rate(lambda step, _config: 1 - step / 1000)


@mistake(
    "The learning rate is 0.001",
    what="The rate starts at 0.001 instead of 0.01.",
    why="0.001 is Adam's default everywhere; this program uses 0.01.",
    mend="Use 0.01, as published; a port reads the learning rate from the question.",
    languages=("PyTorch", "TensorFlow", "any"),
)
@around("Config.learning_rate_at")
def learning_rate_of_0_001(original: Callable[..., float], self: Config, step: int) -> float:
    return original(replace(self, learning_rate=0.001), step)
