"""Types that several messages share: numbers, tensors, sizes, hyperparameters."""

from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

PROTOCOL_VERSION = 1

Number = float | Literal["NaN", "Infinity", "-Infinity"]
Vector = list[Number]
Matrix = list[Vector]
Tensors = dict[str, Matrix]
Count = Annotated[int, Meta(ge=0)]
Position = Annotated[int, Meta(ge=0)]
Precision = Literal["float64", "float32"]

Weights = Annotated[
    Tensors,
    Meta(
        description="The profile's matrices by name, each `[nout][nin]`. Their names and shapes "
        "are listed under Weights and Profiles."
    ),
]
Tokens = Annotated[
    list[Count],
    Meta(description="Tokens of one document, with its special tokens at both ends."),
]
Intermediates = Annotated[
    dict[str, list[Any]],
    Meta(
        description="By name, then by position: a vector, or for `attn_scores` and "
        "`attn_weights` one vector per head. The names are listed under Intermediates."
    ),
]


class Message(Struct, kw_only=True, omit_defaults=True):
    """Base of every type inside the `params` of a request or the `result` of an answer."""


class Sizes(Message, omit_defaults=False):
    """The shape of the model."""

    n_embd: int
    n_head: int
    n_layer: int
    block_size: int


class Optimizer(Message):
    """Hyperparameters. `beta1`, `beta2` and `eps` are present if the profile's optimizer is Adam.

    `learning_rate` is the initial one; see Update for its decay over `num_steps`.
    """

    learning_rate: float
    num_steps: int
    beta1: float | UnsetType = UNSET
    beta2: float | UnsetType = UNSET
    eps: float | UnsetType = UNSET


Activation = Annotated[
    str | UnsetType,
    Meta(
        description="An activation that replaces the profile's own: `relu`, `squared_relu` or "
        "`gelu`, defined under Forward pass. Sent only to a port that lists it in `activations`."
    ),
]
