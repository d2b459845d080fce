"""Steps of a trace as questions of the protocol, for the search of known mistakes."""

from typing import Any

from conformance.oracle.reference_answer import activation_of, as_json, optimizer_of, sizes_of
from golden.numbers import Array
from ports_adapter.messages import AdamParams, ModelParams
from reference.profiles import MICROGPT
from reference.tape.machine import lists, named

from ..model.model_sizes import ModelSizes


def model_question(
    sizes: ModelSizes, weights: Array, tokens: list[int], *, intermediates: bool = False
) -> ModelParams:
    """The question for logits, loss or gradients of a document, and for what is on the way."""
    return ModelParams(
        profile=MICROGPT.name,
        sizes=sizes_of(sizes.config),
        weights=_named(sizes, weights),
        tokens=tokens,
        intermediates=intermediates,
        activation=activation_of(MICROGPT.name, sizes.config),
    )


def update_question(
    sizes: ModelSizes, step: int, weights: Array, m: Array, v: Array, grads: Array
) -> AdamParams:
    """The question for an update by Adam; all arrays are flat, in canonical order."""
    return AdamParams(
        profile=MICROGPT.name,
        sizes=sizes_of(sizes.config),
        optimizer=optimizer_of(sizes.config),
        step=step,
        weights=_named(sizes, weights),
        m=_named(sizes, m),
        v=_named(sizes, v),
        grads=_named(sizes, grads),
    )


def _named(sizes: ModelSizes, numbers: Array) -> Any:
    return as_json(lists(named(numbers, sizes.shapes)))
