"""Mistakes in single operations: their values and their local gradients."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from conformance.anatomy.levels import Level
from reference.value import Value

from ..mistake import Patch, mistake


@mistake(
    "The gradients of a product are swapped",
    what="Of a * b, a gets the gradient a and b gets b.",
    why="Each operand's own value is at hand where its gradient is written.",
    mend="Of a * b, a's gradient is b and b's is a.",
    level=Level.AUTOGRAD,
    languages=("any",),
)
def product_gradients_swapped() -> Patch:
    def multiply(self: Value, other: Value | float) -> Value:
        other = other if isinstance(other, Value) else Value(other)
        return Value(self.data * other.data, (self, other), (self.data, other.data))

    return {"Value.__mul__": multiply}


@mistake(
    "The gradient of a difference has the wrong sign for the second operand",
    what="Of a - b, b gets the gradient 1.",
    why="The code of the sum was copied.",
    mend="Of a - b, b's gradient is -1; or write it as a + b * -1.",
    level=Level.AUTOGRAD,
    languages=("any",),
    twins={
        "negation-gradient-sign": "Ask for the gradient of -a alone (case autograd/neg): it is "
        "right if only differences are wrong.",
    },
)
def difference_gradient_sign() -> Patch:
    def subtract(self: Value, other: Value | float) -> Value:
        other = other if isinstance(other, Value) else Value(other)
        return Value(self.data - other.data, (self, other), (1.0, 1.0))

    return {"Value.__sub__": subtract}


@mistake(
    "The gradient of a negation has lost its sign",
    what="Of -a, a gets the gradient 1.",
    why="The gradient is passed on as it comes.",
    mend="The gradient of -a is -1; or write it as a * -1.",
    level=Level.AUTOGRAD,
    languages=("any",),
)
def negation_gradient_sign() -> Patch:
    return {"Value.__neg__": lambda self: Value(-self.data, (self,), (1.0,))}


@mistake(
    "The gradient of a quotient by its denominator is not divided by the square",
    what="Of a / b, b gets the gradient -a / b.",
    why="The quotient rule was remembered by half.",
    mend="Of a / b, b's gradient is -a / b**2; or write it as a * b**-1.",
    level=Level.AUTOGRAD,
    languages=("any",),
    twins={
        "power-gradient-exponent": "Ask for the gradient of a**2 (case autograd/pow-two): it is "
        "right if only quotients are wrong.",
    },
)
def quotient_gradient_not_squared() -> Patch:
    return {"Value.__truediv__": _divide(lambda a, b: -a / b)}


@mistake(
    "The gradient of a quotient by its denominator has lost its sign",
    what="Of a / b, b gets the gradient a / b**2.",
    why="The minus of the quotient rule was forgotten.",
    mend="Of a / b, b's gradient is -a / b**2; or write it as a * b**-1.",
    level=Level.AUTOGRAD,
    languages=("any",),
    twins={
        "power-gradient-factor": "Ask for the gradient of a**2 (case autograd/pow-two): it is "
        "right if only quotients are wrong.",
    },
)
def quotient_gradient_sign() -> Patch:
    return {"Value.__truediv__": _divide(lambda a, b: a / b**2)}


def _divide(gradient: Callable[[float, float], float]) -> Callable[[Value, Any], Value]:
    """A division with a gradient of its own by the denominator."""

    def divide(self: Value, other: Value | float) -> Value:
        other = other if isinstance(other, Value) else Value(other)
        a, b = self.data, other.data
        return Value(a * b**-1, (self, other), (b**-1, gradient(a, b)))

    return divide


@mistake(
    "The exponent is not lowered in the gradient of a power",
    what="Of a**n, a gets the gradient n * a**n.",
    why="The `- 1` of the power rule was forgotten.",
    mend="Of a**n, a's gradient is n * a**(n - 1).",
    level=Level.AUTOGRAD,
    languages=("any",),
)
def power_gradient_exponent() -> Patch:
    return {"Value.__pow__": lambda self, n: Value(self.data**n, (self,), (n * self.data**n,))}


@mistake(
    "The gradient of a power lacks the factor n",
    what="Of a**n, a gets the gradient a**(n - 1).",
    why="The power rule was remembered by half.",
    mend="Of a**n, a's gradient is n * a**(n - 1).",
    level=Level.AUTOGRAD,
    languages=("any",),
)
def power_gradient_factor() -> Patch:
    return {"Value.__pow__": lambda self, n: Value(self.data**n, (self,), (self.data ** (n - 1),))}


@mistake(
    "Powers are of whole numbers",
    what="The exponent loses its fraction: x**-0.5 is x**0, so 1.",
    why="The function at hand takes a whole exponent, and the number is cast to fit.",
    mend="Take the function for floating-point exponents (`powf`, `pow`, `**`), or a root.",
    level=Level.AUTOGRAD,
    languages=("Rust", "C", "Haskell", "Ada"),
)
def powers_of_whole_numbers() -> Patch:
    right = Value.__pow__
    return {"Value.__pow__": lambda self, exponent: right(self, float(int(exponent)))}


@mistake(
    "The gradient of exp is the input",
    what="Of exp(a), a gets the gradient a.",
    why="The node's input is at hand where the output is meant.",
    mend="The gradient of exp(a) is exp(a), the node's own value.",
    level=Level.AUTOGRAD,
    languages=("any",),
)
def exp_gradient_of_the_input() -> Patch:
    right = Value.exp
    return {"Value.exp": lambda self: Value(right(self).data, (self,), (self.data,))}


@mistake(
    "The gradient of log is taken at the output",
    what="Of log(a), a gets the gradient 1 / log(a).",
    why="The node's own value is at hand where its input is meant.",
    mend="The gradient of log(a) is 1 / a.",
    level=Level.AUTOGRAD,
    languages=("any",),
)
def log_gradient_of_the_output() -> Patch:
    right = Value.log

    def log(self: Value) -> Value:
        node = right(self)
        return Value(node.data, (self,), (1 / node.data if node.data else math.inf,))

    return {"Value.log": log}


@mistake(
    "The logarithm is to base 10",
    what="Logarithms, and so losses, are smaller by a factor of 2.3; the gradient is 1 / a still.",
    why="`log` is to base 10 in some languages and libraries, and `ln` is the natural one.",
    mend="Take the natural logarithm.",
    level=Level.AUTOGRAD,
    languages=("SQL", "spreadsheets", "PostScript", "calculators"),
)
def log_to_base_10() -> Patch:
    return {"Value.log": lambda self: Value(math.log10(self.data), (self,), (1 / self.data,))}


@mistake(
    "ReLU passes every gradient",
    what="The gradient is 1 where the value is negative, too.",
    why="The mask of the forward pass was not kept for the backward pass.",
    mend="Multiply by 1 where the input is above 0, else by 0.",
    level=Level.AUTOGRAD,
    languages=("any",),
    twins={
        "relu-gradient-at-zero": "Look at a unit that is negative (case autograd/relu-below-zero): "
        "wrong only if every gradient passes.",
    },
)
def relu_gradient_always_1() -> Patch:
    return {"Value.relu": lambda self: Value(max(0.0, self.data), (self,), (1.0,))}


@mistake(
    "ReLU passes the gradient at exactly 0",
    what="The gradient is 1 where the value is exactly 0.",
    why="`>=` was written for `>`.",
    mend="Multiply by 1 only where the input is above 0.",
    level=Level.AUTOGRAD,
    languages=("any",),
)
def relu_gradient_at_zero() -> Patch:
    return {
        "Value.relu": lambda self: Value(max(0.0, self.data), (self,), (float(self.data >= 0),))
    }


@mistake(
    "The gradient of ReLU is its output",
    what="The gradient is multiplied by the unit's value, in place of 1.",
    why="The comparison with 0 was forgotten where the mask is made.",
    mend="Multiply by 1 where the output is above 0, not by the output.",
    level=Level.AUTOGRAD,
    languages=("any",),
)
def relu_gradient_of_the_output() -> Patch:
    return {"Value.relu": lambda self: Value(max(0.0, self.data), (self,), (max(0.0, self.data),))}
