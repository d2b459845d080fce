"""The model: from weights and tokens to logits and a loss, one position at a time.

Weights are `[nout][nin]` matrices by their `state_dict` names (`Config.shapes`).
`gpt` hands each named intermediate to a `Tap` as it is computed, in this order:

    embedding, input_norm,
    per layer: attn_norm, q, k, v, attn_scores, attn_weights, attn_heads, attn_out,
               attn_residual, mlp_norm, mlp_hidden, mlp_activation, mlp_out, mlp_residual
    logits

and `token_mlp`, the model of the stages before attention, mlp_hidden, mlp_activation, logits.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping

from .activation import ACTIVATIONS
from .config import Config
from .value import Value

Vector = list[Value]
Matrix = list[Vector]
Floats = list[list[float]]
Weights = dict[str, Floats]
Nodes = Mapping[str, Matrix]

Tap = Callable[[str, Vector | Matrix], None]
"""Takes an intermediate's name and its nodes: a vector, or one vector a head."""


def no_tap(_name: str, _nodes: Vector | Matrix) -> None:
    """The tap that records nothing."""


class Cache:
    """The KV cache: for each layer the keys and values of all positions so far, as live nodes."""

    def __init__(self, n_layer: int) -> None:
        self.keys: list[Matrix] = [[] for _ in range(n_layer)]
        self.values: list[Matrix] = [[] for _ in range(n_layer)]


def initial_weights(config: Config, vocab_size: int, generator: random.Random) -> Weights:
    """Weights drawn from a normal distribution, matrix by matrix and row by row."""
    weights = {}
    for name, (nout, nin) in config.shapes(vocab_size).items():
        std = initial_std(name, config)
        weights[name] = [[generator.gauss(0, std) for _ in range(nin)] for _ in range(nout)]
    return weights


def initial_std(name: str, config: Config) -> float:
    """The standard deviation that a weight matrix is drawn with; with 0, too, it is drawn."""
    if config.init_std_out is not None and name.endswith(("attn_wo", "mlp_fc2")):
        return config.init_std_out
    return config.init_std


def linear(x: Vector, w: Matrix) -> Vector:
    """`w @ x`: `x` is `[nin]`, `w` is `[nout][nin]`, the result `[nout]`."""
    return [dot(row, x) for row in w]


def softmax(logits: Vector) -> Vector:
    """Probabilities of the same length; the maximum is subtracted as a constant."""
    highest = maximum(logits)
    exps = [(logit - highest).exp() for logit in logits]
    denominator = total(exps)
    return [e / denominator for e in exps]


def rmsnorm(x: Vector) -> Vector:
    """`x` divided by its root mean square, 1e-5 added under the root."""
    mean_square = dot(x, x) / len(x)
    scale = (mean_square + 1e-5) ** -0.5
    return [xi * scale for xi in x]


def total(terms: Vector) -> Value:
    """The sum from left to right, starting at a constant 0."""
    return type(terms[0]).total(terms)


def dot(ws: Vector, xs: Vector) -> Value:
    """The sum of the products `w * x` from left to right, starting at a constant 0."""
    return type(xs[0]).dot(ws, xs)


def maximum(values: Vector) -> Value | float:
    """The largest value as a constant: no gradient flows through it."""
    return type(values[0]).maximum(values)


def pick(values: Vector, token: int) -> Value:
    """The value of `token`, of one for each token of the vocabulary."""
    return type(values[0]).pick(values, token)


def add(xs: Vector, ys: Vector) -> Vector:
    """`xs + ys`, element by element."""
    return [x + y for x, y in zip(xs, ys, strict=True)]


def attention(
    q: Vector, keys: Matrix, values: Matrix, config: Config, tap: Tap = no_tap, prefix: str = ""
) -> Vector:
    """Multi-head attention of one query over all cached positions, heads concatenated."""
    scores: Matrix = []
    weights: Matrix = []
    heads: Vector = []
    for head in range(config.n_head):
        start, end = head * config.head_dim, (head + 1) * config.head_dim
        scores.append([dot(q[start:end], key[start:end]) / config.head_dim**0.5 for key in keys])
        weights.append(softmax(scores[-1]))
        heads.extend(dot(weights[-1], [value[j] for value in values]) for j in range(start, end))
    tap(prefix + "attn_scores", scores)
    tap(prefix + "attn_weights", weights)
    tap(prefix + "attn_heads", heads)
    return heads


def next_token(
    token: int, position: int, cache: Cache, weights: Nodes, config: Config, tap: Tap = no_tap
) -> Vector:
    """Logits `[vocab_size]` of the token that follows `token`, by the configuration's model."""
    if config.model == "mlp":
        return token_mlp(token, weights, config, tap)
    return gpt(token, position, cache, weights, config, tap)


def token_mlp(token: int, weights: Nodes, config: Config, tap: Tap = no_tap) -> Vector:
    """Logits `[vocab_size]` of the token that follows `token`, whatever came before it."""

    def see(name: str, nodes: Vector) -> Vector:
        tap(name, nodes)
        return nodes

    activation = ACTIVATIONS[config.activation]
    x = see("mlp_hidden", linear(list(weights["wte"][token]), weights["mlp_fc1"]))
    x = see("mlp_activation", [activation(xi) for xi in x])
    return see("logits", linear(x, weights["mlp_fc2"]))


def gpt(
    token: int, position: int, cache: Cache, weights: Nodes, config: Config, tap: Tap = no_tap
) -> Vector:
    """Logits `[vocab_size]` of the token that follows `token` at `position`; extends `cache`."""

    def see(name: str, nodes: Vector) -> Vector:
        tap(name, nodes)
        return nodes

    activation = ACTIVATIONS[config.activation]
    x = see("embedding", add(weights["wte"][token], weights["wpe"][position]))
    x = see("input_norm", rmsnorm(x))
    for layer in range(config.n_layer):
        at = config.at_layer(layer)

        residual = x
        x = see(at + "attn_norm", rmsnorm(x))
        q = see(at + "q", linear(x, weights[at + "attn_wq"]))
        k = see(at + "k", linear(x, weights[at + "attn_wk"]))
        v = see(at + "v", linear(x, weights[at + "attn_wv"]))
        cache.keys[layer].append(k)
        cache.values[layer].append(v)
        x = attention(q, cache.keys[layer], cache.values[layer], config, tap, at)
        x = see(at + "attn_out", linear(x, weights[at + "attn_wo"]))
        x = see(at + "attn_residual", add(x, residual))

        residual = x
        x = see(at + "mlp_norm", rmsnorm(x))
        x = see(at + "mlp_hidden", linear(x, weights[at + "mlp_fc1"]))
        x = see(at + "mlp_activation", [activation(xi) for xi in x])
        x = see(at + "mlp_out", linear(x, weights[at + "mlp_fc2"]))
        x = see(at + "mlp_residual", add(x, residual))
    return see("logits", linear(x, weights["wte" if config.tied else "lm_head"]))


def cross_entropy(logits: Vector, target: int) -> Value:
    """Minus the log-probability of the target, in nats."""
    return -pick(softmax(logits), target).log()
