"""What several messages are made of: numbers, tensors, sizes, hyperparameters."""

from __future__ import annotations

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
        description="Matrices `[nout][nin]` by their names: `wte` [vocabulary][n_embd], `wpe` "
        "[block_size][n_embd], `lm_head` [vocabulary][n_embd], then for each layer `layer0.attn_wq`"
        ", `attn_wk`, `attn_wv`, `attn_wo` [n_embd][n_embd], `mlp_fc1` [4 n_embd][n_embd], "
        "`mlp_fc2` [n_embd][4 n_embd]. Other profiles have other ones; they are listed above."
    ),
]
Tokens = Annotated[
    list[Count],
    Meta(description="Tokens of one document, special tokens at both ends."),
]
Intermediates = Annotated[
    dict[str, list[Any]],
    Meta(
        description="By name, then by position: a vector, or one vector a head for `attn_scores` "
        "and `attn_weights`. The names are listed above."
    ),
]


class Message(Struct, kw_only=True, omit_defaults=True):
    """Base of everything inside a request's `params` or an answer's `result`."""


class Sizes(Message, omit_defaults=False):
    """The model's shape."""

    n_embd: int
    n_head: int
    n_layer: int
    block_size: int


class Optimizer(Message):
    """Hyperparameters; those of Adam are there where the profile's optimiser is Adam.

    Where the learning rate decays linearly, 0-based step `s` has
    `learning_rate * (1 - s / num_steps)`.
    """

    learning_rate: float
    num_steps: int
    beta1: float | UnsetType = UNSET
    beta2: float | UnsetType = UNSET
    eps: float | UnsetType = UNSET


Activation = Annotated[
    str | UnsetType,
    Meta(
        description="`relu`, `squared_relu` (its square) or `gelu` (as GPT-2 has it: "
        "`0.5 x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x**3)))`), in place of the profile's own; "
        "asked only of a port that lists it in `activations`."
    ),
]
