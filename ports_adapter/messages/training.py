"""Updates of the weights: `sgd`, `adam`, `train`, and the notification `step`."""

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
    """The formulas are under Update.

    Every matrix in `weights` is updated; a question may bring only some of the profile's.
    """

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
    """The formula is under Update.

    Every matrix in `weights` is updated; a question may bring only some of the profile's.
    """

    profile: str
    sizes: Sizes
    optimizer: Optimizer
    step: Annotated[Count, Meta(description="0-based.")]
    weights: Weights
    grads: Tensors


class SgdResult(Message):
    learning_rate: Annotated[Number, Meta(description="That of this step, after decay.")]
    weights: Tensors


Moments = Annotated[
    Tensors, Meta(description="Shaped and named like the weights; absent without Adam.")
]


class TrainParams(Message):
    """The steps are `step`, `step + 1`, and so on, `steps` of them.

    Step `s` takes `documents[s % len(documents)]`: it computes the loss and its gradients, then
    updates the weights by the profile's optimizer.
    """

    profile: str
    sizes: Sizes
    optimizer: Optimizer
    step: Annotated[Count, Meta(description="The first step, 0-based.")]
    weights: Weights
    documents: Annotated[list[Tokens], Meta(min_length=1)]
    steps: Annotated[Count, Meta(description="How many steps to take.")]
    m: Moments = field(default_factory=dict)
    v: Moments = field(default_factory=dict)
    record: Annotated[
        Literal["light", "full"],
        Meta(
            description="What each `step` holds; `light` if absent. `full` is sent only to a port "
            "that says `full_record`."
        ),
    ] = "light"
    activation: Activation = UNSET


class StepParams(Message):
    """The notification `step`, sent after each training step and before the answer.

    A full record also holds what the step computed from the state before it, and the state
    after it.
    """

    id: Annotated[int, Meta(description="The id of the request that is being answered.")]
    step: Annotated[Count, Meta(description="Which step it was, 0-based.")]
    loss: Annotated[Number, Meta(description="Of the weights before the update.")]
    learning_rate: Annotated[
        Number | UnsetType,
        Meta(description="That of this step, after decay; may be left out in `train0`."),
    ] = UNSET
    logits: Annotated[
        Matrix | UnsetType,
        Meta(
            description="`[positions][vocabulary]`. This field and those below are for a full "
            "record."
        ),
    ] = UNSET
    losses: Annotated[Vector | UnsetType, Meta(description="`[positions]`.")] = UNSET
    grads: Annotated[
        Tensors | UnsetType,
        Meta(description="The gradient of `loss`, shaped and named like the weights."),
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
