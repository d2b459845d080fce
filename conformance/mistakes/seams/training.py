"""Training cut into replaceable functions: a document's loss, Adam's update, the loop."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial

import reference.model
import reference.training
from reference.config import Config
from reference.evaluation import Evaluation
from reference.model import Nodes, Tap, Vector, Weights, no_tap
from reference.state import State, zeros_like
from reference.training import Step
from reference.value import Value

from ..mistake import seam_patch

Corrections = tuple[float, float]
"""The bias corrections of the first and second moment."""


def document_loss(
    weights: Nodes, tokens: Sequence[int], config: Config, tap: Tap = no_tap
) -> tuple[list[Vector], Vector, Value]:
    """Logits `[positions][vocab_size]`, losses `[positions]` in nats, and their mean."""
    n = positions(tokens, config)
    logits = logits_of(weights, tokens, n, config, tap)
    losses = [
        reference.model.cross_entropy(row, target(tokens, position))
        for position, row in enumerate(logits)
    ]
    return logits, losses, mean_loss(losses, config)


loss_with = partial(seam_patch, document_loss)
"""The loss of a document with some of its functions replaced, by name."""


def logits_of(
    weights: Nodes, tokens: Sequence[int], n: int, config: Config, tap: Tap
) -> list[Vector]:
    """Logits `[n][vocab_size]` at the first `n` positions."""
    cache = vars(reference.training)["Cache"](config.n_layer)
    return [
        reference.model.next_token(tokens[position], position, cache, weights, config, tap)
        for position in range(n)
    ]


def positions(tokens: Sequence[int], config: Config) -> int:
    """How many predictions of a document count."""
    return config.positions(tokens)


def target(tokens: Sequence[int], position: int) -> int:
    """The token to predict at a position."""
    return tokens[position + 1]


def mean_loss(losses: Vector, _config: Config) -> Value:
    """The mean of the losses at all positions."""
    return (1 / len(losses)) * reference.model.total(losses)


def adam(state: State, gradients: Weights, config: Config) -> State:
    """The state after one update."""
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


adam_with = partial(seam_patch, adam)
"""Adam's update with some of its functions replaced, by name."""


def correction1(step: int, config: Config) -> float:
    """The bias correction of the first moment, a divisor."""
    return 1 - config.beta1 ** time(step)


def correction2(step: int, config: Config) -> float:
    """The bias correction of the second moment, a divisor."""
    return 1 - config.beta2 ** time(step)


def time(step: int) -> int:
    """The exponent of the bias corrections at a 0-based step."""
    return step + 1


def first_moment(m: float, g: float, config: Config) -> float:
    """The new running mean of the gradient."""
    return config.beta1 * m + (1 - config.beta1) * g


def second_moment(v: float, g: float, _m: float, config: Config) -> float:
    """The new running mean of the gradient's square."""
    return config.beta2 * v + (1 - config.beta2) * g**2


def update(rate: float, m: float, v: float, corrections: Corrections, config: Config) -> float:
    """What is subtracted from a weight."""
    m_hat, v_hat = m / corrections[0], v / corrections[1]
    change: float = rate * m_hat / (v_hat**0.5 + config.eps_adam)
    return change


def train(state: State, documents: Sequence[Sequence[int]], config: Config) -> Iterator[Step]:
    """The steps from a state up to `num_steps`."""
    first, learned = state.step, learning()
    while state.step < config.num_steps:
        index = state.step
        tokens = list(document(documents, index, first))
        evaluation = learned(reference.training.evaluate(state.weights, tokens, config))
        state = reference.training.updated(carried(state), tokens, evaluation, config)
        yield Step(index, tokens, config.learning_rate_at(index), evaluation, state)


train_with = partial(seam_patch, train)
"""The training loop with some of its functions replaced, by name."""


def document(documents: Sequence[Sequence[int]], index: int, _first: int) -> Sequence[int]:
    """The document of step `index`, in a training that started with the step `first`."""
    return documents[index % len(documents)]


def learning() -> Callable[[Evaluation], Evaluation]:
    """A function, made once per training, that each step's evaluation passes through."""
    return lambda evaluation: evaluation


def carried(state: State) -> State:
    """The state that a step starts from, given the state after the previous step."""
    return state
