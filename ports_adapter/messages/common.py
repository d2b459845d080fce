"""What several messages are made of: numbers, tensors, sizes, hyperparameters."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

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
        "`mlp_fc2` [n_embd][4 n_embd]."
    ),
]
Tokens = Annotated[
    list[Count],
    Meta(description="Tokens of one document, the special token (BOS, the last) at both ends."),
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


class Optimizer(Message, omit_defaults=False):
    """Adam's hyperparameters; 0-based step `s` has `learning_rate * (1 - s / num_steps)`."""

    learning_rate: float
    beta1: float
    beta2: float
    eps: float
    num_steps: int
