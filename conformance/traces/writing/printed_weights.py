"""What the rounding of printed weights may change in what is computed from them."""

from collections.abc import Callable

import numpy as np

from golden.numbers import Array

from .shown_numbers import Bounded

PERTURBED = 8
"""Evaluations with perturbed weights show what the rounding of printed weights does to a step."""

SAFETY = 4
"""The errors that rounded weights may cause, in multiples of the largest that was seen."""


def widening(weights: Bounded, computed: Callable[[Array], Array]) -> Array:
    """By how much the budgets of numbers grow that are `computed` from printed weights, flat."""
    right = computed(weights.numbers)
    if not weights.error.any():
        return np.zeros(right.size)
    draw = np.random.default_rng(0)
    drawn = (draw.uniform(-1, 1, weights.error.size) for _ in range(PERTURBED))
    moved = [computed(weights.numbers + weights.error * each) for each in drawn]
    errors: Array = SAFETY * np.max([np.abs(each - right) for each in moved], axis=0)
    # A number that these draws hardly move may be moved by others as its neighbors are.
    return np.where(errors > 0, np.maximum(errors, np.median(errors[errors > 0])), 0.0)
