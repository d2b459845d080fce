"""What the port answers: a function a method, from its params to its result.

Each reads and checks its params, calls the mathematics, and names the results. A vector of the
protocol is a matrix of one row to the layers, which work on many positions at once.
"""

import random as cpython
from collections.abc import Callable
from typing import Any

import numpy as np

from . import adam, expression, layers, model, program
from . import attention as attention_layer
from .fields import Fields
from .layers import Array, Tensors
from .params import (
    PROFILE,
    check_profile,
    draw,
    read_matrices,
    read_model,
    read_nodes,
    read_optimizer,
    read_sizes,
    read_state,
    read_temperature,
    read_tensors,
    shapes_of,
)
from .program import Step
from .tokenizer import Tokenizer, read_documents

Result = dict[str, Any]
Announce = Callable[[Result], None]
"""Sends what there is to tell of a training step."""


def initialize(params: Fields) -> Result:
    """Who we are and what we can do."""
    return {
        "protocol_version": 1,
        "name": "microgpt in NumPy",
        "language": "Python",
        "precision": np.dtype(params.real).name,
        "methods": [*METHODS, *STREAMING_METHODS],
        "profiles": [PROFILE],
        "other_sizes": True,
        "intermediates": True,
        "full_record": True,
    }


def tokenize(params: Fields) -> Result:
    """A corpus into tokens."""
    documents = read_documents(params.text("text"))
    tokenizer = Tokenizer.of(documents)
    return {
        "characters": tokenizer.characters,
        "vocab_size": tokenizer.vocab_size,
        "tokens": tokenizer.encode(documents),
    }


def evaluate(params: Fields) -> Result:
    """A scalar expression and its gradient."""
    value, grads = expression.evaluate(read_nodes(params))
    return {"value": value, "grads": grads}


def linear(params: Fields) -> Result:
    """A matrix times a vector."""
    x = params.array("x", None)
    w = params.array("w", None, len(x))
    output_grad = params.array("output_grad", len(w))
    x_grad, w_grad = layers.linear_vjp(_row(x), w, _row(output_grad))
    return {"output": layers.linear(_row(x), w)[0], "grads": {"x": x_grad[0], "w": w_grad}}


def softmax(params: Fields) -> Result:
    """Logits into probabilities."""
    x = params.array("x", None)
    output_grad = params.array("output_grad", len(x))
    output = layers.softmax(x)
    return {"output": output, "grads": {"x": layers.softmax_vjp(output, output_grad)}}


def rmsnorm(params: Fields) -> Result:
    """A vector scaled to a root mean square of about 1."""
    x = params.array("x", None)
    output_grad = params.array("output_grad", len(x))
    return {"output": layers.rmsnorm(x), "grads": {"x": layers.rmsnorm_vjp(x, output_grad)}}


def attention(params: Fields) -> Result:
    """One query over all cached positions, by heads."""
    q = params.array("q", None)
    k = params.array("k", None, len(q))
    v = params.array("v", len(k), len(q))
    output_grad = params.array("output_grad", len(q))
    n_head = params.integer("n_head", minimum=1)
    if len(q) % n_head:
        raise params.wrong("n_head", f"{n_head} heads do not divide {len(q)} evenly")
    nodes = attention_layer.attention(_row(q), k, v, n_head)
    grads = attention_layer.attention_vjp(_row(q), k, v, nodes.weights, _row(output_grad))
    return {"output": nodes.output[0], "grads": {"q": grads.q[0], "k": grads.k, "v": grads.v}}


def mlp(params: Fields) -> Result:
    """The two-layer perceptron."""
    x = params.array("x", None)
    fc1 = params.array("fc1", None, len(x))
    fc2 = params.array("fc2", None, len(fc1))
    output_grad = params.array("output_grad", len(fc2))
    nodes = layers.mlp(_row(x), fc1, fc2)
    grads = layers.mlp_vjp(_row(x), fc1, fc2, nodes, _row(output_grad))
    return {
        "output": nodes.output[0],
        "grads": {"x": grads.x[0], "fc1": grads.fc1, "fc2": grads.fc2},
    }


def cross_entropy(params: Fields) -> Result:
    """The loss of one position."""
    logits = params.array("logits", None)
    target = params.integer("target")
    if target >= len(logits):
        raise params.wrong("target", f"expected an integer below {len(logits)}")
    return {
        "loss": float(layers.cross_entropy(_row(logits), [target])[0]),
        "grads": {"logits": layers.cross_entropy_vjp(_row(logits), [target])[0]},
    }


def forward(params: Fields) -> Result:
    """Logits at every position."""
    sizes, weights = read_model(params)
    tokens = params.document("tokens", len(weights["wte"]))
    nodes = model.forward(weights, sizes, tokens[: sizes.positions(tokens)])
    result: Result = {"logits": nodes["logits"]}
    if params.flag("intermediates"):
        result["intermediates"] = _by_position(nodes)
    return result


def backward(params: Fields) -> Result:
    """Loss and all gradients."""
    sizes, weights = read_model(params)
    tokens = params.document("tokens", len(weights["wte"]))
    outcome = model.backward(weights, sizes, tokens)
    result: Result = {"loss": outcome.loss, "losses": outcome.losses, "grads": outcome.grads}
    if params.flag("intermediates"):
        result["intermediate_grads"] = _by_position(outcome.node_grads)
    return result


def adam_update(params: Fields) -> Result:
    """One update of the weights."""
    check_profile(params)
    optimizer = read_optimizer(params)
    step = params.integer("step")
    state = read_state(params, read_matrices(params, "weights"))
    grads = read_tensors(params, "grads", shapes_of(state.weights))
    updated = adam.update(state, grads, optimizer, step)
    return {"learning_rate": optimizer.rate(step), **updated._asdict()}


def train(params: Fields, announce: Announce) -> Result:
    """Many steps from a given state, each announced."""
    sizes, weights = read_model(params)
    state = read_state(params, weights)
    documents = params.documents("documents", len(weights["wte"]))
    first = params.integer("step")
    steps = range(first, first + params.integer("steps"))
    optimizer = read_optimizer(params)
    tell = _full if params.choice("record", "light", "full") == "full" else _light
    return program.train(
        state, sizes, optimizer, documents, steps, lambda step: announce(tell(step))
    )._asdict()


def random(params: Fields) -> Result:
    """Draws from CPython's generator, one after the other."""
    generator = cpython.Random(params.integer("seed"))
    return {"results": [draw(generator, record) for record in params.records("draws")]}


def sample(params: Fields) -> Result:
    """A document from given uniforms."""
    sizes, weights = read_model(params)
    uniforms = params.doubles("uniforms")
    try:
        drawn = program.sample(weights, sizes, read_temperature(params), iter(uniforms))
    except program.OutOfUniformsError as error:
        raise params.wrong("uniforms", str(error)) from None
    bos = len(weights["wte"]) - 1
    return {"tokens": [token for token in drawn if token != bos], "uniforms_used": len(drawn)}


def replicate(params: Fields, announce: Announce) -> Result:
    """The whole program, its training announced."""
    sizes = read_sizes(params)
    text = params.text("text")
    if not read_documents(text):
        raise params.wrong("text", "expected at least one document")
    replica = program.replicate(
        text,
        params.real,
        sizes,
        read_optimizer(params, min_steps=0),
        lambda step: announce(_light(step)),
        seed=params.integer("seed"),
        init_std=params.number("init_std"),
        temperature=read_temperature(params),
        num_samples=params.integer("num_samples"),
    )
    return replica._asdict()


def shutdown(_: Fields) -> Result:
    """Goodbye; the server then stops."""
    return {}


METHODS: dict[str, Callable[[Fields], Result]] = {
    "initialize": initialize,
    "tokenize": tokenize,
    "evaluate": evaluate,
    "linear": linear,
    "softmax": softmax,
    "rmsnorm": rmsnorm,
    "attention": attention,
    "mlp": mlp,
    "cross_entropy": cross_entropy,
    "forward": forward,
    "backward": backward,
    "adam": adam_update,
    "random": random,
    "sample": sample,
    "shutdown": shutdown,
}

STREAMING_METHODS: dict[str, Callable[[Fields, Announce], Result]] = {
    "train": train,
    "replicate": replicate,
}


def _row(vector: Array) -> Array:
    """A vector as a matrix of one position."""
    return vector.reshape(1, -1)


def _light(step: Step) -> Result:
    """The few numbers to watch a training by."""
    return {"step": step.number, "loss": step.result.loss, "learning_rate": step.learning_rate}


def _full(step: Step) -> Result:
    """All that a step computed, and the state after it."""
    logits, losses, grads = step.result.logits, step.result.losses, step.result.grads
    computed = {"logits": logits, "losses": losses, "grads": grads}
    return _light(step) | computed | step.state._asdict()


def _by_position(nodes: Tensors) -> dict[str, list[Array]]:
    """Nodes as the protocol wants them: of scores and weights only what a position sees."""
    return {
        name: [heads[:, : p + 1] for p, heads in enumerate(node)] if node.ndim == 3 else list(node)
        for name, node in nodes.items()
    }
