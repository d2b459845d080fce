"""Recognizes numbers that were written at the wrong moment of a step."""

from collections.abc import Iterator, Mapping

import numpy as np

from ..writing.shown_numbers import Bounded


def recorder_slips(
    step: int,
    weights: Bounded | None,
    grads: Bounded | None,
    after: Mapping[str, Bounded | None],
) -> Iterator[str]:
    """Sentences on what a recorder probably wrote too early or too late.

    Args:
        step: the number of the step in the trace.
        weights: the weights before it.
        grads: the gradients that it wrote.
        after: moments and weights that it wrote, by name.
    """
    if grads is not None and not grads.numbers.any():
        yield (
            f"All gradients of step {step} are 0. If the program cleared them before they were "
            "written, write them before the optimizer's update."
        )
    written = after["weights"]
    is_same = weights and written and np.array_equal(weights.numbers, written.numbers)
    if is_same:
        yield (
            f"The weights after step {step} are those before it. If they were written before the "
            "optimizer's update, write them after it; if not, its learning rate is 0."
        )
    moments = [after[name] for name in ("m", "v")]
    if any(part is not None and not part.numbers.any() for part in moments):
        yield (
            f"All moments of step {step} are 0. If they were written before the optimizer's "
            "update, write them after it."
        )
