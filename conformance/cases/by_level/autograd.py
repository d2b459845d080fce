"""Level `autograd`: values and gradients of scalar expressions."""

import random

from ports_adapter.messages import EvaluateParams, Node

from ..case import Case
from ..function_case import function_case

CHAIN = 20_000
FRESH = 4
FRESH_NODES = 40


class Expression:
    """An expression under construction; each method adds a node and gives the node's index."""

    def __init__(self) -> None:
        self.nodes: list[Node] = []

    def leaf(self, value: float) -> int:
        """A number to differentiate by."""
        return self._add(Node(op="leaf", value=value))

    def pow(self, base: int, exponent: float) -> int:
        """A node to a constant power."""
        return self._add(Node(op="pow", args=[base], exponent=exponent))

    def op(self, name: str, *args: int) -> int:
        """A node of any other operation."""
        return self._add(Node(op=name, args=list(args)))  # type: ignore[arg-type]

    def _add(self, node: Node) -> int:
        self.nodes.append(node)
        return len(self.nodes) - 1


def cases(seed: int) -> list[Case]:
    """Each operation by itself, expressions that many autograds get wrong, and fresh ones."""
    return [
        *(_binary(op) for op in ("add", "sub", "mul", "div")),
        *(_unary(op) for op in ("neg", "exp", "log")),
        *(_power(name, exponent) for name, exponent in POWERS.items()),
        _case("relu-above-zero", "passes a positive value and its gradient", _relu(0.7)),
        _case("relu-below-zero", "stops a negative value and its gradient", _relu(-0.7)),
        _case("relu-at-zero", "has gradient 0 at exactly 0", _relu(0.0)),
        _case("square-by-product", "counts x twice in x * x", _squares()),
        _case("sum-with-itself", "counts x twice in x + x", _doubled()),
        _case("shared-node", "adds up the gradients of a shared node", _shared()),
        _case("uneven-paths", "finishes a node before going below it", _uneven()),
        _case("unused-leaf", "gives 0 for a leaf the output does not depend on", _unused()),
        _case("one-neuron", "differentiates a neuron with softmax-like parts", _neuron()),
        _case("deep-chain", f"differentiates a chain of {CHAIN} nodes", _chain()),
        *(
            _case(
                f"fresh-{n}", "differentiates an expression drawn anew", fresh_expression(seed, n)
            )
            for n in range(1, FRESH + 1)
        ),
    ]


POWERS = {"pow-two": 2.0, "pow-minus-one": -1.0, "pow-half": 0.5, "pow-minus-half": -0.5}


def _case(name: str, about: str, expression: Expression) -> Case:
    params = EvaluateParams(nodes=expression.nodes)
    return function_case(f"autograd/{name}", about, "evaluate", params)


def _binary(op: str) -> Case:
    e = Expression()
    e.op(op, e.leaf(1.75), e.leaf(-0.6))
    return _case(op, f"differentiates `{op}` by both operands", e)


def _unary(op: str) -> Case:
    e = Expression()
    e.op(op, e.leaf(1.3))
    return _case(op, f"differentiates `{op}`", e)


def _power(name: str, exponent: float) -> Case:
    e = Expression()
    e.pow(e.leaf(1.7), exponent)
    return _case(name, f"differentiates a power of {exponent:g}", e)


def _relu(value: float) -> Expression:
    e = Expression()
    x, scale = e.leaf(value), e.leaf(3.0)
    e.op("mul", e.op("relu", x), scale)
    return e


def _squares() -> Expression:
    e = Expression()
    x = e.leaf(-1.4)
    e.op("mul", x, x)
    return e


def _doubled() -> Expression:
    e = Expression()
    x = e.leaf(0.9)
    e.op("add", x, x)
    return e


def _shared() -> Expression:
    e = Expression()
    a, b = e.leaf(-2.0), e.leaf(3.0)
    shared = e.op("mul", a, b)
    e.op("mul", e.op("add", shared, a), e.op("exp", e.op("neg", e.op("add", shared, b))))
    return e


def _uneven() -> Expression:
    """A node reached both directly and along a longer path: breadth-first order fails here."""
    e = Expression()
    x = e.leaf(0.8)
    near = e.op("mul", x, x)
    far = e.op("exp", e.op("neg", e.op("mul", near, near)))
    e.op("add", near, e.op("mul", far, near))
    return e


def _unused() -> Expression:
    e = Expression()
    a, _, b = e.leaf(1.5), e.leaf(2.5), e.leaf(3.5)
    e.op("mul", a, b)
    return e


def _neuron() -> Expression:
    e = Expression()
    weights = [e.leaf(w) for w in (0.4, -1.1, 0.3)]
    exps = [e.op("exp", w) for w in weights]
    denominator = e.op("add", e.op("add", exps[0], exps[1]), exps[2])
    e.op("neg", e.op("log", e.op("div", exps[1], denominator)))
    return e


def _chain() -> Expression:
    e = Expression()
    total, step = e.leaf(1.0), e.leaf(0.0001220703125)
    for _ in range(CHAIN):
        total = e.op("add", total, step)
    return e


def fresh_expression(seed: int, number: int) -> Expression:
    """A random expression with shared nodes whose values stay near 1."""
    generator = random.Random(f"{seed}/autograd/{number}")
    e = Expression()
    values = [e.leaf(generator.uniform(0.5, 2.0)) for _ in range(5)]
    while len(e.nodes) < FRESH_NODES:
        a, b = generator.choice(values), generator.choice(values)
        match generator.choice(("blend", "ratio", "root", "log", "relu")):
            case "blend":
                half = e.leaf(generator.uniform(0.3, 0.7))
                node = e.op("mul", e.op("add", a, b), half)
            case "ratio":
                node = e.op("div", a, b)
            case "root":
                node = e.pow(e.op("mul", a, b), 0.5)
            case "log":
                node = e.op("log", e.op("add", e.op("exp", a), b))
            case _:
                node = e.op("relu", a)
        values = [*values[-4:], node]
    e.op("sub", values[-1], e.op("mul", values[-2], values[0]))
    return e
