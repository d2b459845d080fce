"""The model cut into replaceable functions: embedding, attention, MLP, residuals, logits.

Unless a docstring has another shape, a vector is one position's `[n_embd]` values, and `at` is the
prefix of a layer's names, such as `layer0.`.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import reference.model
from reference.activation import ACTIVATIONS
from reference.config import Config
from reference.model import Cache, Matrix, Nodes, Tap, Vector, no_tap
from reference.value import Value

from ..mistake import Patch, seam_patch


def activation_with(activation: Callable[[Value], Value]) -> Patch:
    """Another activation in the MLP, both inside the model and as a layer by itself."""

    def mlp(at: dict[str, Any]) -> Vector:
        hidden = reference.model.linear(at["x"], at["fc1"])
        return reference.model.linear([activation(unit) for unit in hidden], at["fc2"])

    return {"ACTIVATIONS": ACTIVATIONS | {"relu": activation}, "small_functions._mlp": mlp}


def gpt(
    token: int, position: int, cache: Cache, weights: Nodes, config: Config, tap: Tap = no_tap
) -> Vector:
    """Logits `[vocab_size]` of the token after `token` at `position`; extends the cache."""
    x = entered(token, position, weights, config, tap)
    for layer in range(config.n_layer):
        at = config.at_layer(layer)
        normed, q, k, v = projected(x, weights, at, tap)
        cache.keys[layer].append(k)
        cache.values[layer].append(v)
        heads = reference.model.attention(
            q, cache.keys[layer], cache.values[layer], config, tap, at
        )
        x = finished(heads, x, normed, weights, config, at, tap)
    return seen(tap, "logits", output(x, weights, config))


gpt_with = partial(seam_patch, gpt)
"""The model with some of this module's functions replaced, by name."""


def seen(tap: Tap, name: str, nodes: Vector) -> Vector:
    """Show nodes to the tap, and return them."""
    tap(name, nodes)
    return nodes


def entered(token: int, position: int, weights: Nodes, config: Config, tap: Tap) -> Vector:
    """The input of the first layer."""
    x = seen(tap, "embedding", embedding(token, position, weights, config))
    return seen(tap, "input_norm", input_norm(x))


def projected(
    x: Vector, weights: Nodes, at: str, tap: Tap
) -> tuple[Vector, Vector, Vector, Vector]:
    """A layer up to attention: the normalized input, query, key and value of one position."""
    normed = seen(tap, at + "attn_norm", attn_norm(x))
    q = seen(tap, at + "q", query(normed, weights, at))
    k = seen(tap, at + "k", key(normed, weights, at))
    v = seen(tap, at + "v", value(normed, weights, at))
    return normed, q, k, v


def finished(
    heads: Vector, x: Vector, normed: Vector, weights: Nodes, config: Config, at: str, tap: Tap
) -> Vector:
    """A layer after attention: its output, from the joined heads and the layer's input `x`."""
    attended = seen(tap, at + "attn_out", attn_out(heads, weights, at))
    x = seen(tap, at + "attn_residual", attn_residual(attended, x, normed))
    normed = seen(tap, at + "mlp_norm", mlp_norm(x))
    hidden = seen(tap, at + "mlp_hidden", reference.model.linear(normed, weights[at + "mlp_fc1"]))
    activation = vars(reference.model)["ACTIVATIONS"][config.activation]
    active = seen(tap, at + "mlp_activation", [activation(unit) for unit in hidden])
    out = seen(tap, at + "mlp_out", mlp_out(active, weights, at))
    return seen(tap, at + "mlp_residual", mlp_residual(out, x, normed))


def embedding(token: int, position: int, weights: Nodes, config: Config) -> Vector:
    """The token's row of wte plus the position's row of wpe."""
    return reference.model.add(weights["wte"][token], position_of(position, weights, config))


def position_of(position: int, weights: Nodes, _config: Config) -> Vector:
    """The position's row of wpe."""
    return weights["wpe"][position]


def _norm(x: Vector) -> Vector:
    return reference.model.rmsnorm(x)


input_norm = attn_norm = mlp_norm = _norm
"""The norms before the first layer, before attention, and before the MLP."""


def _projection(name: str) -> Callable[[Vector, Nodes, str], Vector]:
    return lambda x, weights, at: reference.model.linear(x, weights[at + name])


query = _projection("attn_wq")
key = _projection("attn_wk")
value = _projection("attn_wv")
attn_out = _projection("attn_wo")
"""The output of attention, from the joined heads."""

mlp_out = _projection("mlp_fc2")
"""The output of the MLP, from its `[4 * n_embd]` activations."""


def _residual(out: Vector, x: Vector, _normed: Vector) -> Vector:
    return reference.model.add(out, x)


attn_residual = mlp_residual = _residual
"""The output of attention, or of the MLP, plus the input from before its norm."""


def output(x: Vector, weights: Nodes, config: Config) -> Vector:
    """The logits `[vocab_size]`."""
    return reference.model.linear(x, weights["wte" if config.tied else "lm_head"])


def attention(
    q: Vector, keys: Matrix, values: Matrix, config: Config, tap: Tap = no_tap, prefix: str = ""
) -> Vector:
    """The joined heads of one query over all cached positions."""
    slices = [slice(h * config.head_dim, (h + 1) * config.head_dim) for h in range(config.n_head)]
    scores = [
        [scaled(reference.model.dot(q[head], key[head]), config) for key in keys] for head in slices
    ]
    weights = [weighed(row, config) for row in scores]
    heads = [
        reference.model.dot(row, [value[j] for value in values])
        for row, head in zip(weights, slices, strict=True)
        for j in range(head.start, head.stop)
    ]
    tap(prefix + "attn_scores", scores)
    tap(prefix + "attn_weights", weights)
    tap(prefix + "attn_heads", heads)
    return heads


attention_with = partial(seam_patch, attention)
"""Attention with `scaled` or `weighed` replaced."""


def scaled(product: Value, config: Config) -> Value:
    """The score, from the product of a query and a key."""
    score: Value = product / config.head_dim**0.5
    return score


def weighed(scores: Vector, _config: Config) -> Vector:
    """One head's weights of all cached positions, from its scores."""
    return reference.model.softmax(scores)
