"""The functions that `evaluate` and the layer methods compute: an expression, or one layer.

Each function uses the operators of `Value`, and so it runs in any arithmetic. Over values it
gives the right answer; over symbols it gives a tape, from which the budgets are derived.
"""

import operator
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from conformance.anatomy.nested_numbers import flat
from golden.budgets import Precision
from golden.derived import Budgets, budgets_of
from golden.spread import Spread, spread_of
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
from reference import activation as activations
from reference import model
from reference.config import Config
from reference.tape.recording import record_function
from reference.tape.rewrites import CANONICAL, REWRITES, rewritten
from reference.value import Value

Nodes = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Graph:
    """The nodes of a function that was computed at one point.

    Attributes:
        output: a node, or a vector of nodes.
        leaves: nested lists of nodes, by name.
        root: the scalar whose gradient by the leaves the question asks for; for a vector
            `output`, this gradient is a vector-Jacobian product.
    """

    output: Any
    leaves: Nodes
    root: Value


@dataclass(frozen=True, slots=True)
class Function:
    """A question to `evaluate` or to a layer, as numbers and a function of them.

    Attributes:
        numbers: nested lists of numbers, by name.
        output: the name of the value in an answer.
        build: takes nodes nested like `numbers`; gives the value and the scalar to differentiate.
        rewrites: the ways to write the layers that it calls; replicas use all of them.
    """

    numbers: Nodes
    output: str
    build: Callable[[Nodes], tuple[Any, Value]]
    rewrites: tuple[str, ...] = (CANONICAL,)

    def graph(self) -> Graph:
        """The function over values."""
        leaves = {name: _values(numbers) for name, numbers in self.numbers.items()}
        output, root = self.build(leaves)
        return Graph(output, leaves, root)

    def spread(self, precision: Precision) -> Spread:
        """How far honest rounding spreads the value and its gradients."""
        tapes = {}
        for rewrite in self.rewrites:
            with rewritten(rewrite):
                tapes[rewrite] = record_function(self.numbers, self.output, self.build)
        inputs = np.concatenate([flat(numbers) for numbers in self.numbers.values()])
        return spread_of(tapes, inputs, precision)

    def budgets(self, precision: Precision) -> Budgets:
        """The budgets of the value and its gradients, by JSON Pointer."""
        return budgets_of(self.spread(precision), precision)


def function_of(method: str, params: Message) -> Function:
    """The function of a question to `evaluate` or to a layer.

    Raises:
        ValueError: the method does not ask for such a function.
    """
    match params:
        case EvaluateParams(nodes=nodes):
            leaves = [node.value for node in nodes if node.op == "leaf"]
            return Function({"": leaves}, "value", lambda at: _expression(nodes, at[""]))
        case LinearParams():
            return _vector(
                {"x": params.x, "w": params.w},
                params.output_grad,
                lambda at: model.linear(at["x"], at["w"]),
            )
        case VectorParams():
            return _vector(
                {"x": params.x},
                params.output_grad,
                lambda at: getattr(model, method)(at["x"]),
                tuple(REWRITES),
            )
        case AttentionParams():
            config = Config(n_embd=len(params.q), n_head=params.n_head)
            return _vector(
                {"q": params.q, "k": params.k, "v": params.v},
                params.output_grad,
                lambda at: model.attention(at["q"], at["k"], at["v"], config),
                tuple(REWRITES),
            )
        case MlpParams():
            return _vector(
                {"x": params.x, "fc1": params.fc1, "fc2": params.fc2},
                params.output_grad,
                _mlp if params.activation == "relu" else _mlp_with(params.activation),
                tuple(REWRITES) if params.activation == "gelu" else (CANONICAL,),
            )
        case CrossEntropyParams(logits=logits, target=target):
            return Function(
                {"logits": logits}, "loss", lambda at: _loss(at["logits"], target), tuple(REWRITES)
            )
        case _:
            raise ValueError(f"{method} asks for no expression or layer")


def _vector(
    numbers: Nodes,
    output_grad: Any,
    build: Callable[[Nodes], list[Value]],
    rewrites: tuple[str, ...] = (CANONICAL,),
) -> Function:
    """A function of vectors; its scalar to differentiate is `sum(output * output_grad)`."""

    def seeded(leaves: Nodes) -> tuple[list[Value], Value]:
        output = build(leaves)
        terms = [node * float(grad) for node, grad in zip(output, output_grad, strict=True)]
        return output, model.total(terms)

    return Function(numbers, "output", seeded, rewrites)


def _mlp_with(activation: str) -> Callable[[Nodes], list[Value]]:
    """The MLP with another activation than relu."""

    def mlp(at: Nodes) -> list[Value]:
        hidden = model.linear(at["x"], at["fc1"])
        return model.linear(
            [activations.ACTIVATIONS[activation](unit) for unit in hidden], at["fc2"]
        )

    return mlp


def _mlp(at: Nodes) -> list[Value]:
    hidden = [unit.relu() for unit in model.linear(at["x"], at["fc1"])]
    return model.linear(hidden, at["fc2"])


def _loss(logits: list[Value], target: int) -> tuple[Value, Value]:
    loss = model.cross_entropy(logits, target)
    return loss, loss


def _expression(nodes: list[Node], leaves: list[Value]) -> tuple[Value, Value]:
    values: list[Value] = []
    remaining = iter(leaves)
    for node in nodes:
        args = [values[index] for index in node.args]
        values.append(next(remaining) if node.op == "leaf" else _apply(node, args))
    return values[-1], values[-1]


OPERATIONS: dict[str, Callable[..., Value]] = {
    "add": operator.add,
    "sub": operator.sub,
    "mul": operator.mul,
    "div": operator.truediv,
    "neg": operator.neg,
    "exp": operator.methodcaller("exp"),
    "log": operator.methodcaller("log"),
    "relu": operator.methodcaller("relu"),
}


def _apply(node: Node, args: list[Value]) -> Value:
    if node.op == "pow":
        power: Value = args[0] ** float(node.exponent)  # type: ignore[arg-type]
        return power
    return OPERATIONS[node.op](*args)


def _values(numbers: Any) -> Any:
    if isinstance(numbers, list):
        return [_values(part) for part in numbers]
    return Value(float(numbers))
