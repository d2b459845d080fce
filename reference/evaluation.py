"""What a model makes of one document, as plain numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from .model import Floats, Weights

Intermediates = dict[str, list[list[float]] | list[Floats]]
"""By name (`reference.model`), then by position: a vector, or one vector a head."""


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What the model makes of one document.

    `logits` is `[positions][vocab_size]`, `losses` `[positions]`, `loss` their mean in
    nats; `grads` are shaped like the weights. `intermediates` holds the values and
    `intermediate_grads` the derivatives of `loss` at every named node. A table of counts has
    no logits and no gradients: both are empty.
    """

    logits: Floats
    losses: list[float]
    loss: float
    grads: Weights
    intermediates: Intermediates = field(repr=False)
    intermediate_grads: Intermediates = field(repr=False)


def mean(losses: Sequence[float]) -> float:
    """The mean, added from left to right in plain floats."""
    total = 0.0
    for loss in losses:
        total += loss
    return (1 / len(losses)) * total
