"""The catalogue of known mistakes, and of honest variants that are not mistakes.

Importing a module of mistakes enters them into `MISTAKES`.
"""

from .data import generator, lines, program, sampling, shuffling, tokens, weights  # noqa: F401
from .gradients import autograd, by_hand, embeddings, number_formats, operations  # noqa: F401
from .honest_variants import VARIANTS
from .mistake import MISTAKES, Mistake, Patch, arrange
from .model import (  # noqa: F401
    attention,
    embedding,
    heads,
    loss,
    masks,
    mlp,
    norms,
    projections,
    residuals,
    softmax,
)
from .optimizer import adam, hyperparameters, moments, schedule, training  # noqa: F401
from .patching import applied, apply

arrange()

__all__ = ["MISTAKES", "VARIANTS", "Mistake", "Patch", "applied", "apply"]
