"""Cases about small functions: an expression, or one layer by itself."""

from typing import Any

import msgspec
import numpy as np

from conformance.anatomy.nested_numbers import at_leaves
from conformance.anatomy.small_functions import function_of
from conformance.oracle.answer import Answer
from conformance.oracle.expected_answer import function_answer
from golden.budgets import Precision
from golden.spread import Spread
from ports_adapter.messages import InitializeResult, Message

from .case import Case, Params


def function_case(slug: str, about: str, method: str, params: Message) -> Case:
    """Asks for a function's value and gradients at numbers that the port can represent."""

    def question(offer: InitializeResult) -> Params:
        return representable(params, offer.precision)

    def answer(offer: InitializeResult) -> Answer:
        asked = representable(params, offer.precision)
        return function_answer(function_of(method, asked), offer.precision)

    def spread(precision: Precision) -> Spread:
        return function_of(method, representable(params, precision)).spread(precision)

    return Case(slug, about, method, question, answer, spread=spread)


def representable(params: Message, precision: Precision) -> Message:
    """The same question, with every float rounded to the precision."""
    if precision == "float64":
        return params
    kind = np.dtype(precision).type

    def rounded(part: Any) -> Any:
        return float(kind(part)) if isinstance(part, float) else part

    return msgspec.convert(at_leaves(rounded, msgspec.to_builtins(params)), type(params))
