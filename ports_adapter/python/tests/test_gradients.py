"""Every vector-Jacobian product against the slope of what it differentiates."""

import random
from collections.abc import Callable

import numpy as np
import pytest
from microgpt_numpy import layers
from microgpt_numpy.activations import ACTIVATIONS, Activation
from microgpt_numpy.array import Array, Real, Tensors
from microgpt_numpy.attention import attention, attention_vjp
from microgpt_numpy.model import Network, Sizes
from microgpt_numpy.profiles import PROFILES

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


@pytest.mark.parametrize("activation", ACTIVATIONS.values(), ids=ACTIVATIONS)
def test_activations_and_the_perceptron_around_them(activation: Activation) -> None:
    x, g = drawn(3, 6), drawn(3, 6)
    value = lambda: float((activation.value(x) * g).sum())  # noqa: E731
    assert np.allclose(activation.vjp(x, g), slopes(value, x))

    x, fc1, fc2, g = drawn(3, 4), drawn(7, 4), drawn(5, 7), drawn(3, 5)
    nodes = layers.mlp(x, fc1, fc2, activation)
    found = layers.mlp_vjp(x, fc1, fc2, activation, nodes, g)
    output = lambda: float((layers.mlp(x, fc1, fc2, activation).output * g).sum())  # noqa: E731
    for weights, grad in ((x, found.x), (fc1, found.fc1), (fc2, found.fc2)):
        assert np.allclose(grad, slopes(output, weights))


@pytest.mark.parametrize("activation", ACTIVATIONS.values(), ids=ACTIVATIONS)
def test_activations_far_from_0_are_the_identity_or_nothing(activation: Activation) -> None:
    x, g = np.array([-1e4, -60.0, 0.0]), np.ones(3)
    with np.errstate(over="ignore"):
        assert np.abs(activation.value(x)).max() == 0
        assert np.array_equal(activation.vjp(x, g)[:2], [0, 0])
        far = np.array([60.0, 1e4])
        if activation is not ACTIVATIONS["squared_relu"]:
            assert np.array_equal(activation.value(far), far)
            assert np.array_equal(activation.vjp(far, g[:2]), [1, 1])


def test_gelus_slope_does_not_cancel_where_tanh_is_nearly_1() -> None:
    x, wide = np.array([-5.0, -4.0, 4.0, 5.0], np.float32), np.array([-5.0, -4.0, 4.0, 5.0])
    gelu = ACTIVATIONS["gelu"]
    error = gelu.vjp(x, np.ones(4, np.float32)) - gelu.vjp(wide, np.ones(4))
    assert np.abs(error).max() < 2e-7


NETWORKS = [name for name in PROFILES if name != "train0"]
TOKENS = [3, 0, 2, 2, 1, 0, 1, 3]


def small(name: str, activation: str | None = None) -> tuple[Network, Tensors]:
    """A small model of a profile, no weight of which is 0."""
    profile = PROFILES[name]
    sizes = Sizes(n_embd=4, n_head=2, n_layer=2, block_size=5)
    if name == "train3":
        sizes = Sizes(n_embd=4, n_head=1, n_layer=1, block_size=5)
    network = profile.model(sizes, ACTIVATIONS[activation or profile.activation])
    assert isinstance(network, Network)
    gauss = random.Random(1).gauss
    return network, network.initial_weights(4, np.float64, lambda _: gauss(0, 0.4))


@pytest.mark.parametrize("real", [np.float64, np.float32])
@pytest.mark.parametrize("name", NETWORKS)
def test_every_whole_model(name: str, real: Real) -> None:
    network, exact = small(name)
    grads = network.backward({n: w.astype(real) for n, w in exact.items()}, TOKENS).grads
    assert list(grads) == list(exact)
    near = 1e-8 if real is np.float64 else 1e-5
    for weight, weights in exact.items():
        assert grads[weight].dtype == real
        found = slopes(lambda: network.backward(exact, TOKENS).loss, weights)
        assert np.allclose(grads[weight], found, atol=near), weight


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("name", ["train2", "microgpt"])
def test_whole_models_with_another_activation(name: str, activation: str) -> None:
    network, weights = small(name, activation)
    grads = network.backward(weights, TOKENS).grads
    for matrix in ("wte", next(n for n in weights if n.endswith("mlp_fc1"))):
        found = slopes(lambda: network.backward(weights, TOKENS).loss, weights[matrix])
        assert np.allclose(grads[matrix], found, atol=1e-8), matrix


def test_a_tied_embedding_has_a_gradient_from_the_logits_for_tokens_never_read() -> None:
    network, weights = small("first-revision")
    assert "lm_head" not in weights
    grads = network.backward(weights, [0, 2, 1]).grads
    assert np.abs(grads["wte"][3]).min() > 0


def test_the_mlp_on_one_token_reads_a_whole_document_and_nothing_before_a_token() -> None:
    network, weights = small("train2")
    logits = network.backward(weights, [3, *[1, 2] * 10, 3]).logits
    assert len(logits) == 21
    assert np.array_equal(logits[1], logits[19])
