"""The program's long functions, cut where mistakes are made.

Each computes bit for bit what the program's own does, out of small functions of this module. A
patch puts one of the small ones in another's place, and so composes with patches of the rest.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import reference.adam
import reference.model
import reference.training
from reference.activation import ACTIVATIONS
from reference.config import Config
from reference.evaluation import Evaluation
from reference.model import Cache, Matrix, Nodes, Tap, Vector, Weights, no_tap
from reference.sampling import Choose, NextLogits
from reference.state import State, zeros_like
from reference.training import Step
from reference.value import Value

from .mistake import Patch

See = Callable[[str, Vector], Vector]


def gpt_with(**parts: Any) -> Patch:
    """A model some of whose parts are others."""
    return _with("gpt", gpt, parts)


def loss_with(**parts: Any) -> Patch:
    """A loss of a document some of whose parts are others."""
    return _with("document_loss", document_loss, parts)


def adam_with(**parts: Any) -> Patch:
    """An optimiser some of whose parts are others."""
    return _with("adam", adam, parts)


def train_with(**parts: Any) -> Patch:
    """A training some of whose parts are others."""
    return _with("train", train, parts)


def sample_with(**parts: Any) -> Patch:
    """A sampling some of whose parts are others."""
    return _with("sample_from", sample_from, parts)


def _with(name: str, function: Any, parts: dict[str, Any]) -> Patch:
    return {name: function} | {f"seams.{part}": own for part, own in parts.items()}


# The model.


def gpt(
    token: int, position: int, cache: Cache, weights: Nodes, config: Config, tap: Tap = no_tap
) -> Vector:
    """Logits after a token, layer by layer."""
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


def seen(tap: Tap, name: str, nodes: Vector) -> Vector:
    """The nodes, shown to the tap."""
    tap(name, nodes)
    return nodes


def entered(token: int, position: int, weights: Nodes, config: Config, tap: Tap) -> Vector:
    """What comes before the layers."""
    x = seen(tap, "embedding", embedding(token, position, weights, config))
    return seen(tap, "input_norm", input_norm(x))


def projected(
    x: Vector, weights: Nodes, at: str, tap: Tap
) -> tuple[Vector, Vector, Vector, Vector]:
    """What comes before attention in a layer: the normed input, query, key, value."""
    normed = seen(tap, at + "attn_norm", attn_norm(x))
    q = seen(tap, at + "q", query(normed, weights, at))
    k = seen(tap, at + "k", key(normed, weights, at))
    v = seen(tap, at + "v", value(normed, weights, at))
    return normed, q, k, v


def finished(
    heads: Vector, x: Vector, normed: Vector, weights: Nodes, config: Config, at: str, tap: Tap
) -> Vector:
    """What comes after attention in a layer."""
    attended = seen(tap, at + "attn_out", attn_out(heads, weights, at))
    x = seen(tap, at + "attn_residual", attn_residual(attended, x, normed))
    normed = seen(tap, at + "mlp_norm", mlp_norm(x))
    hidden = seen(tap, at + "mlp_hidden", reference.model.linear(normed, weights[at + "mlp_fc1"]))
    activation = vars(reference.model)["ACTIVATIONS"][config.activation]
    active = seen(tap, at + "mlp_activation", [activation(unit) for unit in hidden])
    out = seen(tap, at + "mlp_out", mlp_out(active, weights, at))
    return seen(tap, at + "mlp_residual", mlp_residual(out, x, normed))


def embedding(token: int, position: int, weights: Nodes, config: Config) -> Vector:
    """A token's row and a position's, added."""
    return reference.model.add(weights["wte"][token], position_of(position, weights, config))


def position_of(position: int, weights: Nodes, _config: Config) -> Vector:
    """A position's row."""
    return weights["wpe"][position]


def input_norm(x: Vector) -> Vector:
    """The norm before the layers."""
    return reference.model.rmsnorm(x)


def attn_norm(x: Vector) -> Vector:
    """The norm before attention."""
    return reference.model.rmsnorm(x)


def query(x: Vector, weights: Nodes, at: str) -> Vector:
    """A position's query."""
    return reference.model.linear(x, weights[at + "attn_wq"])


def key(x: Vector, weights: Nodes, at: str) -> Vector:
    """A position's key."""
    return reference.model.linear(x, weights[at + "attn_wk"])


def value(x: Vector, weights: Nodes, at: str) -> Vector:
    """A position's value."""
    return reference.model.linear(x, weights[at + "attn_wv"])


def attn_out(heads: Vector, weights: Nodes, at: str) -> Vector:
    """What the heads together give."""
    return reference.model.linear(heads, weights[at + "attn_wo"])


def attn_residual(out: Vector, x: Vector, _normed: Vector) -> Vector:
    """What attention gives, added to what came before its norm."""
    return reference.model.add(out, x)


def mlp_norm(x: Vector) -> Vector:
    """The norm before the MLP."""
    return reference.model.rmsnorm(x)


def mlp_out(active: Vector, weights: Nodes, at: str) -> Vector:
    """The MLP's second matrix."""
    return reference.model.linear(active, weights[at + "mlp_fc2"])


def mlp_residual(out: Vector, x: Vector, _normed: Vector) -> Vector:
    """What the MLP gives, added to what came before its norm."""
    return reference.model.add(out, x)


def output(x: Vector, weights: Nodes, config: Config) -> Vector:
    """The logits."""
    return reference.model.linear(x, weights["wte" if config.tied else "lm_head"])


# The layers by themselves.


def activation_with(activation: Callable[[Value], Value]) -> Patch:
    """Something else between the two matrices of the MLP."""

    def mlp(at: dict[str, Any]) -> Vector:
        hidden = reference.model.linear(at["x"], at["fc1"])
        return reference.model.linear([activation(unit) for unit in hidden], at["fc2"])

    return {"ACTIVATIONS": ACTIVATIONS | {"relu": activation}, "small_functions._mlp": mlp}


def attention(
    q: Vector, keys: Matrix, values: Matrix, config: Config, tap: Tap = no_tap, prefix: str = ""
) -> Vector:
    """Attention, head by head."""
    slices = [slice(h * config.head_dim, (h + 1) * config.head_dim) for h in range(config.n_head)]
    scores = [
        [scaled(reference.model.dot(q[own], key[own]), config) for key in keys] for own in slices
    ]
    weights = [weighed(row, config) for row in scores]
    heads = [
        reference.model.dot(row, [value[j] for value in values])
        for row, own in zip(weights, slices, strict=True)
        for j in range(own.start, own.stop)
    ]
    tap(prefix + "attn_scores", scores)
    tap(prefix + "attn_weights", weights)
    tap(prefix + "attn_heads", heads)
    return heads


def attention_with(**parts: Any) -> Patch:
    """An attention some of whose parts are others."""
    return _with("attention", attention, parts)


def scaled(product: Value, config: Config) -> Value:
    """The score of a query's product with a key."""
    score: Value = product / config.head_dim**0.5
    return score


def weighed(scores: Vector, _config: Config) -> Vector:
    """The weights of one head's scores."""
    return reference.model.softmax(scores)


# The loss.


def document_loss(
    weights: Nodes, tokens: Sequence[int], config: Config, tap: Tap = no_tap
) -> tuple[list[Vector], Vector, Value]:
    """Logits and loss at every position, and the mean loss."""
    n = positions(tokens, config)
    logits = logits_of(weights, tokens, n, config, tap)
    losses = [
        reference.model.cross_entropy(row, target(tokens, position))
        for position, row in enumerate(logits)
    ]
    return logits, losses, mean_loss(losses, config)


def logits_of(
    weights: Nodes, tokens: Sequence[int], n: int, config: Config, tap: Tap
) -> list[Vector]:
    """The logits at the first `n` positions."""
    cache = vars(reference.training)["Cache"](config.n_layer)
    return [
        reference.model.next_token(tokens[position], position, cache, weights, config, tap)
        for position in range(n)
    ]


def positions(tokens: Sequence[int], config: Config) -> int:
    """How many positions of a document are learned from."""
    return config.positions(tokens)


def target(tokens: Sequence[int], position: int) -> int:
    """The token to predict at a position."""
    return tokens[position + 1]


def mean_loss(losses: Vector, _config: Config) -> Value:
    """The mean."""
    return (1 / len(losses)) * reference.model.total(losses)


# The optimiser.


def adam(state: State, gradients: Weights, config: Config) -> State:
    """One update."""
    rate = config.learning_rate_at(state.step)
    corrections = correction1(state.step, config), correction2(state.step, config)
    weights, m, v = zeros_like(gradients), zeros_like(gradients), zeros_like(gradients)
    for name, matrix in gradients.items():
        for i, row in enumerate(matrix):
            for j, g in enumerate(row):
                old = state.weights[name][i][j]
                mi = first_moment(state.m[name][i][j], g, config)
                vi = second_moment(state.v[name][i][j], g, mi, config)
                weights[name][i][j] = old - update(rate, mi, vi, corrections, config)
                m[name][i][j], v[name][i][j] = mi, vi
    return State(state.step + 1, weights, m, v)


def correction1(step: int, config: Config) -> float:
    """What the first moment is divided by."""
    return 1 - config.beta1 ** time(step)


def correction2(step: int, config: Config) -> float:
    """What the second moment is divided by."""
    return 1 - config.beta2 ** time(step)


def time(step: int) -> int:
    """The time of a 0-based step."""
    return step + 1


def first_moment(m: float, g: float, config: Config) -> float:
    """The running mean of the gradient."""
    return config.beta1 * m + (1 - config.beta1) * g


def second_moment(v: float, g: float, _m: float, config: Config) -> float:
    """The running mean of the gradient's square."""
    return config.beta2 * v + (1 - config.beta2) * g**2


def update(
    rate: float, m: float, v: float, corrections: tuple[float, float], config: Config
) -> float:
    """What a weight is lowered by."""
    m_hat, v_hat = m / corrections[0], v / corrections[1]
    change: float = rate * m_hat / (v_hat**0.5 + config.eps_adam)
    return change


# Training.


def train(state: State, documents: Sequence[Sequence[int]], config: Config) -> Iterator[Step]:
    """Steps up to the last."""
    first, learned = state.step, learning()
    while state.step < config.num_steps:
        index = state.step
        tokens = list(document(documents, index, first))
        evaluation = learned(reference.training.evaluate(state.weights, tokens, config))
        state = reference.training.updated(carried(state), tokens, evaluation, config)
        yield Step(index, tokens, config.learning_rate_at(index), evaluation, state)


def document(documents: Sequence[Sequence[int]], index: int, _first: int) -> Sequence[int]:
    """The document of a step, in a training that began with the step `first`."""
    return documents[index % len(documents)]


def learning() -> Callable[[Evaluation], Evaluation]:
    """What becomes of each step's evaluation; made anew for every training."""
    return lambda evaluation: evaluation


def carried(state: State) -> State:
    """What a step takes over from the one before it."""
    return state


# Sampling.


def sample_from(
    logits_after: NextLogits, bos: int, temperature: float, config: Config, choose: Choose
) -> list[int]:
    """The tokens of one document."""
    tokens = [first_token(bos)]
    for _ in range(config.block_size):
        token = choose([node.data for node in heated(logits_after(tokens), temperature)])
        if ends(token, config.end_after(bos)):
            break
        tokens.append(token)
    return tokens[1:]


def first_token(bos: int) -> int:
    """What a document starts from."""
    return bos


def heated(logits: Vector, temperature: float) -> Vector:
    """The probabilities of the next token."""
    return reference.model.softmax([logit / temperature for logit in logits])


def ends(token: int, end: int) -> bool:
    """Whether a token ends the document."""
    return token == end
