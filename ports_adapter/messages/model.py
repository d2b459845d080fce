"""The whole model on one document: `forward`, `backward`, `sample`."""

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
    """The model is that of `profile`, `sizes` and `weights`.

    A document of tokens `t` has `n = min(block_size, len(t) - 1)` positions; in `train1` and
    `train2` it has `n = len(t) - 1`.
    """

    profile: str
    sizes: Sizes
    weights: Weights
    tokens: Tokens
    intermediates: Annotated[
        bool,
        Meta(description="Whether to return them; sent only to a port that offers them."),
    ] = False
    activation: Activation = UNSET


class ForwardResult(Message):
    logits: Annotated[Matrix, Meta(description="`[positions][vocabulary]`.")]
    intermediates: Intermediates | UnsetType = UNSET


class BackwardResult(Message):
    loss: Annotated[Number, Meta(description="The mean of `losses`, in nats.")]
    losses: Annotated[Vector, Meta(description="`[positions]`.")]
    grads: Annotated[
        Tensors, Meta(description="The gradient of `loss`, shaped and named like the weights.")
    ]
    intermediate_grads: Intermediates | UnsetType = UNSET


class SampleParams(Message):
    """The tokens are drawn as described under Samples.

    Draw number `i` uses `uniforms[i]` in place of `random()`. There are always enough of them.
    """

    profile: str
    sizes: Sizes
    weights: Weights
    temperature: Annotated[float, Meta(description="Divides the logits. It is above 0.")]
    uniforms: Annotated[list[float], Meta(description="Each in [0, 1).")]
    activation: Activation = UNSET


class SampleResult(Message):
    tokens: Annotated[
        list[Count], Meta(description="Without the special tokens at the beginning and the end.")
    ]
    uniforms_used: Annotated[
        Count, Meta(description="How many tokens were drawn, the one that ended it included.")
    ]
