"""The computation graphs of the small methods: one expression, or one layer by itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ports_adapter.messages import (
    AttentionParams,
    CrossEntropyParams,
    EvaluateParams,
    LinearParams,
    Message,
    MlpParams,
    Node,
    VectorParams,
)
from reference.config import Config
from reference.model import attention, cross_entropy, linear, rmsnorm, softmax, total
from reference.value import Value, topological_order


@dataclass(frozen=True, slots=True)
class Graph:
    """A function at a point.

    `output` is a node or a vector of nodes, `leaves` nested lists of nodes by name, and
    `root` the scalar whose gradient by the leaves is the vector-Jacobian product asked for.
    """

    output: Any
    leaves: dict[str, Any]
    root: Value


def graph_of(method: str, params: Message) -> Graph:
    """The graph of a question to `evaluate` or to a layer.

    Raises:
        ValueError: the method has no graph of its own.
    """
    match params:
        case EvaluateParams():
            return _expression(params.nodes)
        case LinearParams():
            x, w = _leaves(params.x), _leaves(params.w)
            return _seeded(linear(x, w), params.output_grad, {"x": x, "w": w})
        case VectorParams():
            x = _leaves(params.x)
            output = {"softmax": softmax, "rmsnorm": rmsnorm}[method](x)
            return _seeded(output, params.output_grad, {"x": x})
        case AttentionParams():
            q, k, v = _leaves(params.q), _leaves(params.k), _leaves(params.v)
            config = Config(n_embd=len(q), n_head=params.n_head)
            output = attention(q, k, v, config)
            return _seeded(output, params.output_grad, {"q": q, "k": k, "v": v})
        case MlpParams():
            x, fc1, fc2 = _leaves(params.x), _leaves(params.fc1), _leaves(params.fc2)
            output = linear([hidden.relu() for hidden in linear(x, fc1)], fc2)
            return _seeded(output, params.output_grad, {"x": x, "fc1": fc1, "fc2": fc2})
        case CrossEntropyParams():
            logits = _leaves(params.logits)
            loss = cross_entropy(logits, params.target)
            return Graph(loss, {"logits": logits}, loss)
        case _:
            raise ValueError(f"{method} has no graph of its own")


def magnitudes(graph: Graph) -> tuple[dict[Value, float], dict[Value, float]]:
    """How large the terms are that values and gradients are made of, node by node.

    Where terms cancel, the result is smaller than they are, but the rounding error is not.
    A value's magnitude is its sum of `|local gradient| * magnitude` over its children (to
    first order, what a relative change of the leaves by 1 would add up to); a gradient's is
    the sum of `|local gradient * gradient|` over the node's uses.
    """
    order = topological_order(graph.root)
    values: dict[Value, float] = {}
    for node in order:
        edges = zip(node.children, node.local_grads, strict=True)
        terms = sum(abs(local) * values[child] for child, local in edges)
        values[node] = max(abs(node.data), terms)
    gradients = dict.fromkeys(order, 0.0)
    gradients[graph.root] = 1.0
    for node in reversed(order):
        for child, local in zip(node.children, node.local_grads, strict=True):
            gradients[child] += abs(local) * gradients[node]
    return values, gradients


def _expression(nodes: list[Node]) -> Graph:
    values: list[Value] = []
    for node in nodes:
        args = [values[index] for index in node.args]
        values.append(_apply(node, args))
    leaves = [value for value, node in zip(values, nodes, strict=True) if node.op == "leaf"]
    return Graph(values[-1], {"": leaves}, values[-1])


def _apply(node: Node, args: list[Value]) -> Value:
    match node.op, args:
        case "leaf", []:
            return Value(float(node.value))  # type: ignore[arg-type]
        case "add", [a, b]:
            return a + b
        case "sub", [a, b]:
            return a - b
        case "mul", [a, b]:
            return a * b
        case "div", [a, b]:
            return a / b
        case "neg", [a]:
            return -a
        case "pow", [a]:
            power: Value = a ** float(node.exponent)  # type: ignore[arg-type]
            return power
        case "exp", [a]:
            return a.exp()
        case "log", [a]:
            return a.log()
        case "relu", [a]:
            return a.relu()
        case _:
            raise ValueError(f"{node.op} does not take {len(args)} operands")


def _seeded(output: list[Value], output_grad: Any, leaves: dict[str, Any]) -> Graph:
    """The scalar `sum(output * output_grad)` has the vector-Jacobian product for a gradient."""
    root = total([node * float(grad) for node, grad in zip(output, output_grad, strict=True)])
    return Graph(output, leaves, root)


def _leaves(numbers: Any) -> Any:
    if isinstance(numbers, list):
        return [_leaves(part) for part in numbers]
    return Value(float(numbers))
