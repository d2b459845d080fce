"""The whole model before one document: `forward`, `backward`, `sample`."""

from __future__ import annotations

from typing import Annotated

from msgspec import UNSET, Meta, UnsetType

from .common import (
    Activation,
    Count,
    Intermediates,
    Matrix,
    Message,
    Number,
    Sizes,
    Tensors,
    Tokens,
    Vector,
    Weights,
)


class ModelParams(Message):
    """A model and one document. Positions are `min(block_size, len(tokens) - 1)`.

    A model without positions (`train0` to `train2`) has no such limit.
    """

    profile: str
    sizes: Sizes
    weights: Weights
    tokens: Tokens
    intermediates: bool = False
    activation: Activation = UNSET


class ForwardResult(Message):
    logits: Annotated[Matrix, Meta(description="`[positions][vocabulary]`.")]
    intermediates: Intermediates | UnsetType = UNSET


class BackwardResult(Message):
    loss: Annotated[Number, Meta(description="Mean of `losses`, in nats.")]
    losses: Annotated[Vector, Meta(description="`[positions]`.")]
    grads: Annotated[Tensors, Meta(description="Of `loss`, shaped and named like the weights.")]
    intermediate_grads: Intermediates | UnsetType = UNSET


class SampleParams(Message):
    """One document, each token chosen by the next uniform as `random.choices` chooses."""

    profile: str
    sizes: Sizes
    weights: Weights
    temperature: float
    uniforms: list[float]
    activation: Activation = UNSET


class SampleResult(Message):
    tokens: Annotated[list[Count], Meta(description="Without those at its beginning and its end.")]
    uniforms_used: Count
