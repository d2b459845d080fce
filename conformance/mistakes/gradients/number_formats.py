"""Mistakes in how numbers are stored, computed and printed."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import msgspec

import reference.adam
from conformance.anatomy import small_functions
from conformance.anatomy.levels import Level
from conformance.anatomy.nested_numbers import at_leaves
from conformance.oracle import reference_answer
from golden.trace import floats
from ports_adapter.messages import StepParams
from reference.config import Config
from reference.model import Weights
from reference.state import State
from reference.value import Value

from ..mistake import Patch, mistake_at
from ..parts import elementwise, single
from ..patch_of_function import around

autograd_mistake = mistake_at(Level.AUTOGRAD)
layers_mistake = mistake_at(Level.LAYERS)
adam_mistake = mistake_at(Level.ADAM)


@autograd_mistake(
    "Numbers are read in single precision",
    what="Every number of a question is rounded to single precision and then used in double.",
    why="The JSON parser returns single precision, or the numbers are read into single-precision "
    "arrays.",
    mend="Read numbers in double precision: `strtod`, `double`, `f64`.",
    languages=("C", "C++", "Rust", "Swift", "C#"),
    only_in_double=True,
)
def numbers_read_in_single_precision() -> Patch:
    original = small_functions._values
    return {
        "reference_answer.floats": lambda numbers: at_leaves(single, floats(numbers)),
        "small_functions._values": lambda numbers: original(at_leaves(single, numbers)),
    }


@autograd_mistake(
    "exp is computed in single precision",
    what="exp(x) has only seven significant digits.",
    why="`expf` was called, or a vector library that computes in single precision.",
    mend="Call the double-precision function.",
    languages=("C", "C++", "CUDA", "Rust"),
    only_in_double=True,
)
@around("Value.exp")
def exp_in_single_precision(original: Callable[..., Value], self: Value) -> Value:
    y = single(original(self).data)
    return Value(y, (self,), (y,))


@autograd_mistake(
    "Powers are computed in single precision",
    what="Powers, and with them roots and quotients, have only seven significant digits.",
    why="`powf` or `sqrtf` was called.",
    mend="Call the double-precision function.",
    languages=("C", "C++", "CUDA"),
    only_in_double=True,
)
@around("Value.__pow__")
def powers_in_single_precision(
    original: Callable[..., Value], self: Value, exponent: float
) -> Value:
    node = original(self, exponent)
    return Value(single(node.data), (self,), node.local_grads)


@layers_mistake(
    "Sums are accumulated in single precision",
    what="The running sum of a dot product is rounded to single precision after every term.",
    why="The accumulator was declared in single precision, or that is the language's default.",
    mend="Declare accumulators in double precision.",
    languages=("C", "C++", "Rust", "Swift", "CUDA"),
    only_in_double=True,
)
def sums_in_single_precision() -> Patch:
    def total(_cls: Any, terms: Sequence[Value]) -> Value:
        result = terms[0] + 0
        for term in terms[1:]:
            result = result + term
            result.data = single(result.data)
        return result

    return {"Value.total": classmethod(total)}


@adam_mistake(
    "Weights and moments are stored in single precision",
    what="Weights, m and v are rounded to single precision after every update.",
    why="The computation is in double precision, but the arrays are not.",
    mend="Store weights and both moments in double precision, or declare the port as float32.",
    languages=("C", "C++", "Rust", "NumPy", "Swift"),
    only_in_double=True,
)
def state_kept_in_float32() -> Patch:
    return _rounded_after_updates("weights", "m", "v")


def _rounded_after_updates(*parts: str) -> Patch:
    """Adam with parts of the state rounded to single precision after every update."""
    original = reference.adam.adam

    def adam(state: State, grads: Weights, config: Config) -> State:
        new = original(state, grads, config)
        rounded: Any = {part: elementwise(single, getattr(new, part)) for part in parts}
        return replace(new, **rounded)

    return {"adam": adam}


@adam_mistake(
    "Moments are stored in single precision",
    what="m and v are rounded to single precision after every update; the weights are not.",
    why="The arrays of the moments have another type than those of the weights.",
    mend="Store both moments in double precision.",
    languages=("C", "C++", "Rust", "NumPy"),
    only_in_double=True,
    twins={
        "state-kept-in-float32": "Look at the weights after one update (case adam/cold-step-1): "
        "they have all digits if only the moments are rounded.",
    },
)
def moments_kept_in_float32() -> Patch:
    return _rounded_after_updates("m", "v")


def _printed(form: Callable[[float], str]) -> Patch:
    """Answers whose floats are printed in a form and read again."""
    original = reference_answer.answer

    def read(value: Any) -> Any:
        return float(form(value)) if isinstance(value, float) else value

    def printed(message: Any) -> Any:
        fields = at_leaves(read, msgspec.to_builtins(message, enc_hook=float))
        return msgspec.convert(fields, type(message))

    def answer(
        method: str,
        params: Any,
        on_step: reference_answer.OnStep = lambda _step: None,
        id_: int = 1,
    ) -> Any:
        def announced(step: StepParams) -> None:
            on_step(printed(step))

        return printed(original(method, params, announced, id_))

    return {"reference_answer.answer": answer}


@autograd_mistake(
    "Numbers are printed with six decimals",
    what="Numbers below a millionth are printed as 0.",
    why='It is what "%f" does.',
    mend='Print 17 significant digits ("%.17g"), or the shortest form that reads back as the same '
    "number.",
    languages=("C", "C++", "Go", "Perl", "awk", "Fortran"),
)
def numbers_printed_with_6_decimals() -> Patch:
    return _printed(lambda x: f"{x:.6f}")


@autograd_mistake(
    "Numbers are printed with six significant digits",
    what="Answers have relative errors of up to 5e-6.",
    why='It is what "%g" and C++ streams do.',
    mend='Print 17 significant digits ("%.17g", `setprecision(17)`).',
    languages=("C", "C++", "awk", "Tcl"),
)
def numbers_printed_with_6_digits() -> Patch:
    return _printed(lambda x: f"{x:.6g}")


@autograd_mistake(
    "Numbers are printed with fifteen significant digits",
    what="Answers have relative errors of up to 5e-15, about ten times those of rounding.",
    why="Doubles are known for 15 digits, but they need 17 to read back as the same number.",
    mend='Print 17 significant digits ("%.17g"), or the shortest form that reads back as the same '
    "number.",
    languages=("C", "PHP", "R", "Lua", "Excel", "OCaml"),
    only_in_double=True,
)
def numbers_printed_with_15_digits() -> Patch:
    return _printed(lambda x: f"{x:.15g}")
