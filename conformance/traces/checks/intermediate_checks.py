"""Compares the intermediate values of a step, and their gradients, with those of its weights."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from msgspec import UNSET

from conformance.anatomy.computation_order import backward_order, forward_order
from conformance.oracle.training_step import TapeOracle
from golden.budgets import Precision
from golden.numbers import Array
from ports_adapter.quoting import printable
from reference.config import Config
from reference.tape.machine import Machine

from ..writing.printed_weights import widening
from ..writing.raw_numbers import array
from ..writing.record_lines import BadTrace
from ..writing.recorded_steps import RecordedStep
from ..writing.records import INTERMEDIATES
from ..writing.shown_numbers import Bounded, Formats
from .traced_case import Part

BY_HEAD = ("attn_scores", "attn_weights")
"""Intermediates `[position][head][earlier position]`; all others are `[position][element]`."""


@dataclass(frozen=True)
class IntermediateChecks:
    """Compares the intermediates of a trace, step by step."""

    oracle: TapeOracle
    formats: Formats
    precision: Precision

    def parts(
        self, step: RecordedStep, weights: Bounded, tokens: list[int]
    ) -> dict[str, list[Part]]:
        """The parts of each kind that the step has, in the order of the computation.

        Raises:
            BadTrace: a name is not known, or a value has another shape than the model makes it.
            ArithmeticError, ValueError: the right numbers are not finite.
        """
        kinds = [kind for kind in INTERMEDIATES if getattr(step.record, kind) is not UNSET]
        if not kinds:
            return {}
        machine = self.oracle.machine
        budgets = self.oracle.budgets(weights.numbers, tokens, self.precision)
        found: dict[str, list[Part]] = {}
        for kind in kinds:
            right_at = partial(_right_at, machine, tokens, kind)
            right = right_at(weights.numbers)
            extra = widening(weights, partial(_flat_at, right_at))
            allowed = _like(right, np.concatenate([budgets[f"/{kind}/{n}"] for n in right]) + extra)
            got = _by_our_names(getattr(step.record, kind), machine.config, step.where(kind))
            order = _order(kind, machine.config)
            found[kind] = [
                part
                for name in order
                if name in got
                for part in self._of(kind, name, got[name], right[name], allowed[name], step)
            ]
        return found

    def _of(
        self, kind: str, name: str, got: Any, right: Any, allowed: list[Array], step: RecordedStep
    ) -> Iterator[Part]:
        """One part; of values by head, one a position, since later ones have more numbers."""
        where = f"{step.where(kind)}/{name}"
        if not name.endswith(BY_HEAD):
            numbers = np.array(right)
            shown = self.formats.bounded(kind, array(got, where, numbers.shape).ravel())
            budgets = np.concatenate(allowed) + shown.error
            yield Part(f"/{kind}/{name}", numbers.shape, numbers.ravel(), budgets, shown.numbers)
            return
        if not isinstance(got, list | np.ndarray) or len(got) != len(right):
            raise BadTrace(f"{where}: expected a list for each of the {len(right)} positions")
        for position, values in enumerate(right):
            numbers = np.array(values)
            square = (numbers.shape[0], len(right))  # with later positions, which are masked
            written = array(got[position], f"{where}/{position}")
            if written.shape == square:
                written = written[:, : position + 1]
            written = array(written, f"{where}/{position}", numbers.shape)
            shown = self.formats.bounded(kind, written.ravel())
            budgets = allowed[position] + shown.error
            at = f"/{kind}/{name}/{position}"
            yield Part(at, numbers.shape, numbers.ravel(), budgets, shown.numbers)


def _right_at(machine: Machine, tokens: list[int], kind: str, at: Array) -> dict[str, Any]:
    """The right values of a kind by name, for some weights."""
    values: dict[str, Any] = getattr(machine.evaluation(machine.evaluate(at, tokens)), kind)
    return values


def _flat_at(right_at: Callable[[Array], Mapping[str, Any]], at: Array) -> Array:
    """All numbers, name by name and position by position."""
    return np.concatenate([np.ravel(x) for of_name in right_at(at).values() for x in of_name])


def _order(kind: str, config: Config) -> list[str]:
    if kind == "intermediates":
        return list(forward_order(config))
    return [name for name, _ in backward_order(config)]


def _by_our_names(value: Any, config: Config, where: str) -> Mapping[str, Any]:
    """The values by the protocol's names; `q` is enough for a model of one layer.

    Raises:
        BadTrace: they are not an object, or a name is not known.
    """
    known = list(forward_order(config))
    ours = {name.replace(".", "_"): name for name in known} | {name: name for name in known}
    if config.n_layer == 1:
        ours |= {name.rpartition(".")[2]: name for name in known}
    if not isinstance(value, dict):
        raise BadTrace(f'{where}: expected an object of values by name, as in {{"layer0.q": […]}}')
    if unknown := [name for name in value if name not in ours]:
        raise BadTrace(
            f"{where}: {printable(unknown[0], 60)!r} is not known; the names are {', '.join(known)}"
        )
    return {ours[name]: part for name, part in value.items()}


def _like(values: Mapping[str, Any], numbers: Array) -> dict[str, list[Array]]:
    """Flat numbers, cut like the values: an array for each name and position."""
    cut: dict[str, list[Array]] = {}
    start = 0
    for name, of_name in values.items():
        cut[name] = []
        for at in of_name:
            end = start + np.size(at)
            cut[name].append(numbers[start:end])
            start = end
    return cut
