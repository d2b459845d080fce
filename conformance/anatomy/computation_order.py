"""The order in which a model computes its observables, forward and backward."""

from __future__ import annotations

from collections.abc import Iterator

from reference.config import Config

BEFORE_LAYERS = ("embedding", "input_norm")
IN_LAYER = (
    "attn_norm", "q", "k", "v", "attn_scores", "attn_weights", "attn_heads", "attn_out",
    "attn_residual", "mlp_norm", "mlp_hidden", "mlp_activation", "mlp_out", "mlp_residual",
)  # fmt: skip
ON_ONE_TOKEN = ("mlp_hidden", "mlp_activation", "logits")
"""All that there is in an MLP on the current token alone."""

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

WEIGHTS_ON_ONE_TOKEN = {"mlp_hidden": ("mlp_fc1", "wte"), "logits": ("mlp_fc2",)}


def forward_order(config: Config) -> Iterator[str]:
    """The intermediates as the forward pass computes them, logits last."""
    if config.model == "mlp":
        yield from ON_ONE_TOKEN
        return
    yield from BEFORE_LAYERS
    for layer in range(config.n_layer):
        yield from (config.at_layer(layer) + name for name in IN_LAYER)
    yield "logits"


def backward_order(config: Config) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The intermediates as the backward pass reaches them, each with the weights it completes.

    Where the output projection is the embedding, it is complete with the latter.
    """
    completed = dict(WEIGHTS_ON_ONE_TOKEN if config.model == "mlp" else WEIGHTS_OF)
    if config.tied:
        del completed["logits"]
    for name in reversed(list(forward_order(config))):
        layer, dot, plain = name.rpartition(".")
        yield name, tuple(layer + dot + weight for weight in completed.get(plain, ()))
