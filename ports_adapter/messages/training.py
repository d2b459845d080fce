"""Updates of the weights: `adam`, `train` and its `step` notifications."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import UNSET, Meta, UnsetType, field

from .common import (
    Activation,
    Count,
    Matrix,
    Message,
    Number,
    Optimizer,
    Sizes,
    Tensors,
    Tokens,
    Vector,
    Weights,
)


class AdamParams(Message):
    """One update from a given state. `step` is 0-based, so bias correction uses `step + 1`."""

    profile: str
    sizes: Sizes
    optimizer: Optimizer
    step: Count
    weights: Weights
    m: Tensors
    v: Tensors
    grads: Tensors


class AdamResult(Message):
    learning_rate: Number
    m: Tensors
    v: Tensors
    weights: Tensors


class SgdParams(Message):
    """One update down the gradient: `weight - learning_rate * gradient`. `step` is 0-based."""

    profile: str
    sizes: Sizes
    optimizer: Optimizer
    step: Count
    weights: Weights
    grads: Tensors


class SgdResult(Message):
    learning_rate: Number
    weights: Tensors


Moments = Annotated[
    Tensors, Meta(description="Shaped and named like the weights; not there without Adam.")
]


class TrainParams(Message):
    """`steps` training steps from a given state; step `s` takes `documents[s % len(documents)]`."""

    profile: str
    sizes: Sizes
    optimizer: Optimizer
    step: Count
    weights: Weights
    documents: Annotated[list[Tokens], Meta(min_length=1)]
    steps: Count
    m: Moments = field(default_factory=dict)
    v: Moments = field(default_factory=dict)
    record: Annotated[
        Literal["light", "full"],
        Meta(
            description="What each `step` tells; `full`, all of it, is asked only of a port that "
            "says `full_record`."
        ),
    ] = "light"
    activation: Activation = UNSET


class StepParams(Message):
    """Of the notification `step`, sent after each training step, before the answer.

    What is optional belongs to a full record: what the step computed from the state before
    it, and the state that it led to.
    """

    id: Annotated[int, Meta(description="Of the request that is being answered.")]
    step: Annotated[Count, Meta(description="0-based.")]
    loss: Number
    learning_rate: Annotated[
        Number | UnsetType, Meta(description="Left out where nothing but counting is done.")
    ] = UNSET
    logits: Annotated[
        Matrix | UnsetType,
        Meta(
            description="`[positions][vocabulary]`. This and what follows belong to a full record."
        ),
    ] = UNSET
    losses: Annotated[Vector | UnsetType, Meta(description="`[positions]`.")] = UNSET
    grads: Annotated[
        Tensors | UnsetType, Meta(description="Of `loss`, shaped and named like the weights.")
    ] = UNSET
    m: Annotated[
        Tensors | UnsetType, Meta(description="After the update, like `v` and `weights`.")
    ] = UNSET
    v: Tensors | UnsetType = UNSET
    weights: Tensors | UnsetType = UNSET


class TrainResult(Message):
    """The state after the last step."""

    weights: Tensors
    m: Moments = field(default_factory=dict)
    v: Moments = field(default_factory=dict)
