"""Methods about a part of a program: a layer, an expression, the random numbers.

A vector of the protocol is a matrix of one row to the layers, which work on many positions at
once.
"""

import random as cpython
from typing import Any

from . import attention as attention_layer
from . import expression, layers
from .array import Array
from .expression import OPERATIONS, Node
from .fields import Fields
from .params import read_activation

Result = dict[str, Any]

CONSTANTS = {"leaf": "value", "pow": "exponent"}
"""The field that holds an operation's constant, for those that have one."""


def evaluate(params: Fields) -> Result:
    """A scalar expression and its gradient."""
    value, grads = expression.evaluate(_read_nodes(params))
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
    activation = read_activation(params, default="relu")
    nodes = layers.mlp(_row(x), fc1, fc2, activation)
    grads = layers.mlp_vjp(_row(x), fc1, fc2, activation, nodes, _row(output_grad))
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


def random(params: Fields) -> Result:
    """Draws from CPython's generator, one after the other."""
    generator = cpython.Random(params.integer("seed"))
    return {"results": [_draw(generator, record) for record in params.records("draws")]}


def _row(vector: Array) -> Array:
    """A vector as a matrix of one position."""
    return vector.reshape(1, -1)


def _read_nodes(params: Fields) -> list[Node]:
    """An expression graph."""
    records = params.records("nodes")
    if not records:
        raise params.wrong("nodes", "expected at least one node")
    return [_read_node(record, index) for index, record in enumerate(records)]


def _read_node(record: Fields, index: int) -> Node:
    """The node that stands at `index`; its arguments stand before it."""
    op = record.text("op")
    if op not in OPERATIONS:
        raise record.wrong("op", f"expected one of {', '.join(OPERATIONS)}")
    arity, constant = OPERATIONS[op].arity, CONSTANTS.get(op)
    args = record.indices("args", below=index) if arity else []
    if len(args) != arity:
        raise record.wrong("args", f"{op} takes {arity}, got {len(args)}")
    return Node(op, args, [record.real(record.number(constant))] if constant else [])


def _draw(generator: cpython.Random, record: Fields) -> list[Any]:
    """One draw from CPython's generator: `count` numbers, or a shuffled `range(count)`."""
    kind, count = record.text("draw"), record.integer("count")
    match kind:
        case "random":
            return [generator.random() for _ in range(count)]
        case "gauss":
            mean, std = record.number("mean"), record.number("std")
            return [generator.gauss(mean, std) for _ in range(count)]
        case "shuffle":
            deck = list(range(count))
            generator.shuffle(deck)
            return deck
        case "choices":
            weights = record.doubles("weights")
            if min(weights) < 0 or sum(weights) <= 0:
                raise record.wrong("weights", "expected none below 0, and not all 0")
            return [generator.choices(range(len(weights)), weights)[0] for _ in range(count)]
        case _:
            raise record.wrong("draw", "expected random, gauss, shuffle or choices")
