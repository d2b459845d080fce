"""Every vector-Jacobian product against the slope of what it differentiates."""

from collections.abc import Callable

import numpy as np
import pytest
from microgpt_numpy import layers
from microgpt_numpy.attention import attention, attention_vjp
from microgpt_numpy.layers import Array
from microgpt_numpy.model import Sizes, backward
from microgpt_numpy.program import draw_weights

generator = np.random.default_rng(3)


def drawn(*shape: int) -> Array:
    return generator.normal(size=shape)


def slopes(f: Callable[[], float], x: Array, h: float = 1e-6) -> Array:
    """The slope of `f` by each element of `x`, which it reads."""
    found = np.empty_like(x)
    for index in np.ndindex(x.shape):
        kept = x[index]
        x[index] = kept + h
        above = f()
        x[index] = kept - h
        found[index] = (above - f()) / (2 * h)
        x[index] = kept
    return found


def test_linear() -> None:
    x, w, g = drawn(3, 4), drawn(5, 4), drawn(3, 5)
    x_grad, w_grad = layers.linear_vjp(x, w, g)
    assert np.allclose(x_grad, slopes(lambda: float((layers.linear(x, w) * g).sum()), x))
    assert np.allclose(w_grad, slopes(lambda: float((layers.linear(x, w) * g).sum()), w))


def test_softmax() -> None:
    x, g = drawn(2, 6), drawn(2, 6)
    found = layers.softmax_vjp(layers.softmax(x), g)
    assert np.allclose(found, slopes(lambda: float((layers.softmax(x) * g).sum()), x))


def test_rmsnorm() -> None:
    x, g = drawn(2, 6), drawn(2, 6)
    found = layers.rmsnorm_vjp(x, g)
    assert np.allclose(found, slopes(lambda: float((layers.rmsnorm(x) * g).sum()), x))


def test_cross_entropy() -> None:
    logits, targets = drawn(3, 5), [4, 0, 0]
    found = layers.cross_entropy_vjp(logits, targets)
    loss = lambda: float(layers.cross_entropy(logits, targets).sum())  # noqa: E731
    assert np.allclose(found, slopes(loss, logits))


@pytest.mark.parametrize("n_head", [1, 2, 4])
def test_attention_sees_no_later_position_and_has_the_right_gradients(n_head: int) -> None:
    q, k, v, g = (drawn(3, 4) for _ in range(4))
    nodes = attention(q, k, v, n_head)
    found = attention_vjp(q, k, v, nodes.weights, g)
    for x, grad in ((q, found.q), (k, found.k), (v, found.v)):
        value = lambda: float((attention(q, k, v, n_head).output * g).sum())  # noqa: E731
        assert np.allclose(grad, slopes(value, x))
    later = k.copy()
    later[2] += 1
    assert np.array_equal(attention(q, later, v, n_head).output[:2], nodes.output[:2])


@pytest.mark.parametrize("real", [np.float64, np.float32])
def test_the_whole_model(real: layers.Real) -> None:
    import random

    sizes = Sizes(n_embd=4, n_head=2, n_layer=2, block_size=5)
    exact = draw_weights(random.Random(1), np.float64, sizes, 4, 0.4)
    tokens = [3, 0, 2, 2, 1, 0, 1, 3]
    grads = backward({n: w.astype(real) for n, w in exact.items()}, sizes, tokens).grads
    for name, weights in exact.items():
        assert grads[name].dtype == real
        near = 1e-8 if real is np.float64 else 1e-5
        found = slopes(lambda: backward(exact, sizes, tokens).loss, weights)
        assert np.allclose(grads[name], found, atol=near), name
