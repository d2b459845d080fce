"""The catalogue of known mistakes, and of honest variants that are none."""

from .data import generator, lines, program, sampling, shuffling, tokens, weights
from .gradients import autograd, by_hand, number_formats, operations
from .honest_variants import VARIANTS
from .mistake import MISTAKES, Mistake, Patch, arrange
from .model import attention, embedding, loss, masks, mlp, norms, projections, residuals, softmax
from .optimizer import adam, hyperparameters, moments, schedule, training
from .patching import applied, apply

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
    "moments",
    "norms",
    "number_formats",
    "operations",
    "program",
    "projections",
    "residuals",
    "sampling",
    "schedule",
    "shuffling",
    "softmax",
    "tokens",
    "training",
    "weights",
]
