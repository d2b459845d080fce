"""The order in which a model computes its observables, forward and backward."""

from collections.abc import Iterator

from reference.config import Config

BEFORE_LAYERS = ("embedding", "input_norm")
IN_LAYER = (
    "attn_norm", "q", "k", "v", "attn_scores", "attn_weights", "attn_heads", "attn_out",
    "attn_residual", "mlp_norm", "mlp_hidden", "mlp_activation", "mlp_out", "mlp_residual",
)  # fmt: skip
ON_ONE_TOKEN = ("mlp_hidden", "mlp_activation", "logits")
"""The intermediates of an MLP that sees only the current token."""

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
"""The weights with which an intermediate is computed: its gradient completes theirs."""

WEIGHTS_ON_ONE_TOKEN = {"mlp_hidden": ("mlp_fc1", "wte"), "logits": ("mlp_fc2",)}


def forward_order(config: Config) -> Iterator[str]:
    """The intermediates in the order of the forward pass; the logits come last."""
    if config.model == "mlp":
        yield from ON_ONE_TOKEN
        return
    yield from BEFORE_LAYERS
    for layer in range(config.n_layer):
        yield from (config.at_layer(layer) + name for name in IN_LAYER)
    yield "logits"


def backward_order(config: Config) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The intermediates in the order of the backward pass, each with the weights it completes.

    The gradient of a weight is complete once the backward pass has reached that intermediate. An
    output projection that is tied to the embedding is complete when the embedding is.
    """
    completed = dict(WEIGHTS_ON_ONE_TOKEN if config.model == "mlp" else WEIGHTS_OF)
    if config.tied:
        del completed["logits"]
    for name in reversed(list(forward_order(config))):
        layer, dot, plain = name.rpartition(".")
        yield name, tuple(layer + dot + weight for weight in completed.get(plain, ()))
