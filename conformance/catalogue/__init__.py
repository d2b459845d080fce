"""The catalogue of known mistakes, and of honest variants that are none."""

from . import (
    adam,
    attention,
    autograd,
    by_hand,
    embedding,
    generator,
    hyperparameters,
    lines,
    loss,
    masks,
    mlp,
    norms,
    numbers,
    operations,
    program,
    residuals,
    sampling,
    schedule,
    softmax,
    tokens,
    training,
    weights,
)
from .mistake import MISTAKES, Mistake, Patch, arrange
from .patching import applied, apply
from .variants import VARIANTS

arrange()

__all__ = [
    "MISTAKES",
    "VARIANTS",
    "Mistake",
    "Patch",
    "adam",
    "applied",
    "apply",
    "attention",
    "autograd",
    "by_hand",
    "embedding",
    "generator",
    "hyperparameters",
    "lines",
    "loss",
    "masks",
    "mlp",
    "norms",
    "numbers",
    "operations",
    "program",
    "residuals",
    "sampling",
    "schedule",
    "softmax",
    "tokens",
    "training",
    "weights",
]
