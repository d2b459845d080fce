"""How the learning rate decays: the share of it that is left at a step, by name."""

from __future__ import annotations

import math
from collections.abc import Callable

cos: Callable[[float], float] = math.cos
"""Of a module of its own name, so that a schedule can be recorded (`reference.tape.formula`)."""


def constant(_step: int, _num_steps: int) -> float:
    """All of it, at every step."""
    return 1.0


def linear(step: int, num_steps: int) -> float:
    """From 1 at the first step to nothing after the last one, evenly."""
    return 1 - step / num_steps


def cosine(step: int, num_steps: int) -> float:
    """From 1 to nothing along half a wave of the cosine (Loshchilov and Hutter 2017)."""
    return 0.5 * (1 + cos(math.pi * step / num_steps))


SCHEDULES: dict[str, Callable[[int, int], float]] = {
    "constant": constant,
    "linear": linear,
    "cosine": cosine,
}
