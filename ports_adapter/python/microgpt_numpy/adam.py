"""Adam (Kingma and Ba, 2015)."""

from dataclasses import dataclass

from .array import Array, Tensors
from .optimizer import Optimizer, State


@dataclass(frozen=True)
class Adam(Optimizer):
    """Steps by a running mean of gradients `m` over the root of one of their squares `v`."""

    beta1: float
    beta2: float
    eps: float

    hyperparameters = ("beta1", "beta2", "eps")
    moments = ("m", "v")

    def update(self, state: State, grads: Tensors, step: int) -> State:
        """The state after a 0-based step. Rows without gradient move too, by their momentum."""
        weights: Tensors = {}
        m: Tensors = {}
        v: Tensors = {}
        for name, grad in grads.items():
            m[name] = self.beta1 * state.moments["m"][name] + (1 - self.beta1) * grad
            v[name] = self.beta2 * state.moments["v"][name] + (1 - self.beta2) * grad**2
            change = _direction(m[name], v[name], self, step)
            weights[name] = state.weights[name] - self.rate(step) * change
        return State(weights, {"m": m, "v": v})


def _direction(m: Array, v: Array, optimizer: Adam, step: int) -> Array:
    """`m_hat / (sqrt(v_hat) + eps)`.

    The running means start at 0 and so lean towards it; after `t` updates they hold only
    `1 - beta ** t` of the weight, by which they are divided. `eps` stands outside the root.
    """
    m_hat = m / (1 - optimizer.beta1 ** (step + 1))
    v_hat = v / (1 - optimizer.beta2 ** (step + 1))
    return m_hat / (v_hat**0.5 + optimizer.eps)
