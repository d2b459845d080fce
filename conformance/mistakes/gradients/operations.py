"""Mistakes in single operations: their values and their local gradients."""

import math
from collections.abc import Callable
from typing import Any

from conformance.anatomy.levels import Level
from reference.value import Value

from ..mistake import Patch, mistake_at
from ..patch_of_function import around, in_place_of

mistake = mistake_at(Level.AUTOGRAD)


@mistake(
    "The gradients of a product are swapped",
    what="For a * b, a's gradient is a and b's gradient is b.",
    why="Each operand's own value is at hand where its gradient is written.",
    mend="For a * b, use b as a's gradient and a as b's.",
)
@in_place_of("Value.__mul__")
def product_gradients_swapped(self: Value, other: Value | float) -> Value:
    other = other if isinstance(other, Value) else Value(other)
    return Value(self.data * other.data, (self, other), (self.data, other.data))


@mistake(
    "The second operand of a difference has the wrong gradient sign",
    what="For a - b, b's gradient is 1 instead of -1.",
    why="The code was copied from the sum.",
    mend="For a - b, use -1 as b's gradient, or compute a + b * -1.",
    twins={
        "negation-gradient-sign": "Compute the gradient of -a alone (case autograd/neg): it is "
        "right if only differences are wrong.",
    },
)
@in_place_of("Value.__sub__")
def difference_gradient_sign(self: Value, other: Value | float) -> Value:
    other = other if isinstance(other, Value) else Value(other)
    return Value(self.data - other.data, (self, other), (1.0, 1.0))


@mistake(
    "The gradient of a negation has the wrong sign",
    what="For -a, a's gradient is 1 instead of -1.",
    why="The incoming gradient is passed on unchanged.",
    mend="For -a, use -1 as the gradient, or compute a * -1.",
)
def negation_gradient_sign() -> Patch:
    return {"Value.__neg__": lambda self: Value(-self.data, (self,), (1.0,))}


@mistake(
    "The denominator's gradient is not divided by its square",
    what="For a / b, b's gradient is -a / b instead of -a / b**2.",
    why="The quotient rule was only half remembered.",
    mend="For a / b, use -a / b**2 as b's gradient, or compute a * b**-1.",
    twins={
        "power-gradient-exponent": "Compute the gradient of a**2 (case autograd/pow-two): it is "
        "right if only quotients are wrong.",
    },
)
def quotient_gradient_not_squared() -> Patch:
    return {"Value.__truediv__": _divide(lambda a, b: -a / b)}


@mistake(
    "The denominator's gradient has the wrong sign",
    what="For a / b, b's gradient is a / b**2 instead of -a / b**2.",
    why="The minus sign of the quotient rule was forgotten.",
    mend="For a / b, use -a / b**2 as b's gradient, or compute a * b**-1.",
    twins={
        "power-gradient-factor": "Compute the gradient of a**2 (case autograd/pow-two): it is "
        "right if only quotients are wrong.",
    },
)
def quotient_gradient_sign() -> Patch:
    return {"Value.__truediv__": _divide(lambda a, b: a / b**2)}


def _divide(gradient: Callable[[float, float], float]) -> Callable[[Value, Any], Value]:
    """A division `a / b` whose derivative by `b` is another function of `a` and `b`."""

    def divide(self: Value, other: Value | float) -> Value:
        other = other if isinstance(other, Value) else Value(other)
        a, b = self.data, other.data
        return Value(a * b**-1, (self, other), (b**-1, gradient(a, b)))

    return divide


@mistake(
    "The gradient of a power keeps the exponent n",
    what="For a**n, a's gradient is n * a**n instead of n * a**(n - 1).",
    why="The `- 1` of the power rule was forgotten.",
    mend="For a**n, use n * a**(n - 1) as a's gradient.",
)
def power_gradient_exponent() -> Patch:
    return {"Value.__pow__": lambda self, n: Value(self.data**n, (self,), (n * self.data**n,))}


@mistake(
    "The gradient of a power lacks the factor n",
    what="For a**n, a's gradient is a**(n - 1) instead of n * a**(n - 1).",
    why="The power rule was only half remembered.",
    mend="For a**n, use n * a**(n - 1) as a's gradient.",
)
def power_gradient_factor() -> Patch:
    return {"Value.__pow__": lambda self, n: Value(self.data**n, (self,), (self.data ** (n - 1),))}


@mistake(
    "Exponents are truncated to integers",
    what="x**-0.5 is computed as x**0, which is 1.",
    why="The function takes an integer exponent, and the number is cast to fit.",
    mend="Use a power function for floating-point exponents (`powf`, `pow`, `**`), or a square "
    "root.",
    languages=("Rust", "C", "Haskell", "Ada"),
)
def powers_of_whole_numbers() -> Patch:
    original = Value.__pow__
    return {"Value.__pow__": lambda self, exponent: original(self, float(int(exponent)))}


@mistake(
    "The gradient of exp is its input",
    what="For exp(a), a's gradient is a instead of exp(a).",
    why="The node's input was used where its output is needed.",
    mend="For exp(a), use the node's own value, exp(a), as the gradient.",
)
def exp_gradient_of_the_input() -> Patch:
    original = Value.exp
    return {"Value.exp": lambda self: Value(original(self).data, (self,), (self.data,))}


@mistake(
    "The gradient of log uses its output",
    what="For log(a), a's gradient is 1 / log(a) instead of 1 / a.",
    why="The node's own value was used where its input is needed.",
    mend="For log(a), use 1 / a as the gradient.",
)
@around("Value.log")
def log_gradient_of_the_output(original: Callable[..., Value], self: Value) -> Value:
    node = original(self)
    return Value(node.data, (self,), (1 / node.data if node.data else math.inf,))


@mistake(
    "The logarithm has base 10",
    what="log(a) is log10(a), so losses are 2.3 times too small; the gradient is still 1 / a.",
    why="In some languages and libraries `log` has base 10, and the natural logarithm is `ln`.",
    mend="Use the natural logarithm.",
    languages=("SQL", "spreadsheets", "PostScript", "calculators"),
)
def log_to_base_10() -> Patch:
    return {"Value.log": lambda self: Value(math.log10(self.data), (self,), (1 / self.data,))}


@mistake(
    "ReLU passes every gradient",
    what="The gradient is 1 even where the input is negative.",
    why="The forward pass did not keep the mask for the backward pass.",
    mend="Multiply the gradient by 1 where the input is above 0, and by 0 elsewhere.",
    twins={
        "relu-gradient-at-zero": "Look at a negative unit (case autograd/relu-below-zero): it is "
        "wrong only if every gradient passes.",
    },
)
def relu_gradient_always_1() -> Patch:
    return {"Value.relu": lambda self: Value(max(0.0, self.data), (self,), (1.0,))}


@mistake(
    "ReLU passes the gradient at exactly 0",
    what="The gradient is 1 instead of 0 where the input is exactly 0.",
    why="`>=` was written instead of `>`.",
    mend="Multiply the gradient by 1 only where the input is above 0.",
)
@in_place_of("Value.relu")
def relu_gradient_at_zero(self: Value) -> Value:
    return Value(max(0.0, self.data), (self,), (float(self.data >= 0),))


@mistake(
    "The gradient of ReLU is its output",
    what="The gradient is multiplied by max(0, x) instead of by 1 where x > 0.",
    why="The mask lacks the comparison with 0.",
    mend="Multiply the gradient by 1 where the output is above 0, not by the output.",
)
def relu_gradient_of_the_output() -> Patch:
    return {"Value.relu": lambda self: Value(max(0.0, self.data), (self,), (max(0.0, self.data),))}
