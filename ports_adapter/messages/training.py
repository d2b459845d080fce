"""Updates of the weights: `adam`, `train` and its `step` notifications."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from .common import (
    Count,
    Message,
    Number,
    Optimizer,
    Sizes,
    Tensors,
    Tokens,
    Weights,
)


class AdamParams(Message):
    """One update from a given state. `step` is 0-based, so bias correction uses `step + 1`."""

    profile: str
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


class TrainParams(Message):
    """`steps` training steps from a given state; step `s` takes `documents[s % len(documents)]`."""

    profile: str
    sizes: Sizes
    optimizer: Optimizer
    step: Count
    weights: Weights
    m: Tensors
    v: Tensors
    documents: Annotated[list[Tokens], Meta(min_length=1)]
    steps: Count


class StepParams(Message):
    """Of the notification `step`, sent after each training step, before the answer."""

    id: Annotated[int, Meta(description="Of the request that is being answered.")]
    step: Annotated[Count, Meta(description="0-based.")]
    loss: Number
    learning_rate: Number


class TrainResult(Message):
    """The state after the last step."""

    m: Tensors
    v: Tensors
    weights: Tensors
