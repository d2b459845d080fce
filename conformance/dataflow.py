"""The order in which the model computes its observables, forward and backward."""

from __future__ import annotations

from collections.abc import Iterator

BEFORE_LAYERS = ("embedding", "input_norm")
IN_LAYER = (
    "attn_norm", "q", "k", "v", "attn_scores", "attn_weights", "attn_heads", "attn_out",
    "attn_residual", "mlp_norm", "mlp_hidden", "mlp_activation", "mlp_out", "mlp_residual",
)  # fmt: skip

WEIGHTS_OF = {
    "embedding": ("wpe", "wte"),
    "q": ("attn_wq",),
    "k": ("attn_wk",),
    "v": ("attn_wv",),
    "attn_out": ("attn_wo",),
    "mlp_hidden": ("mlp_fc1",),
    "mlp_out": ("mlp_fc2",),
    "logits": ("lm_head",),
}
"""The weights that an intermediate is computed with: their gradient follows from its own."""


def forward_order(n_layer: int) -> Iterator[str]:
    """The intermediates as the forward pass computes them, logits last."""
    yield from BEFORE_LAYERS
    for layer in range(n_layer):
        yield from (f"layer{layer}.{name}" for name in IN_LAYER)
    yield "logits"


def backward_order(n_layer: int) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The intermediates as the backward pass reaches them, each with the weights it completes."""
    for name in reversed(list(forward_order(n_layer))):
        layer, dot, plain = name.rpartition(".")
        yield name, tuple(layer + dot + weight for weight in WEIGHTS_OF.get(plain, ()))
