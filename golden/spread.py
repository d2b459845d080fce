"""Measures how far honest rounding spreads numbers, by replicas that round in other ways.

Balls enclose the exact values, the *truth*. A *replica* is the same computation or a rewrite of
it, in the precision that a port declares, with every inexact operation rounded up or down at
random and sums taken in one of several orders. If a replica and the truth are on different sides
of a ReLU, the replica is dropped and the place is a *kink*: rounding has no bounded effect there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from reference.config import Config
from reference.tape import perturbed
from reference.tape.formula import formula_of
from reference.tape.machine import FlatState, FlatStep, Machine, tape_of
from reference.tape.rewrites import CANONICAL, REWRITES
from reference.tape.tape import Tape, flattened

from .budgets import Precision
from .numbers import Array

if TYPE_CHECKING:
    from reference.tape.balls import Enclosure

REPLICAS = 24

PRE_ACTIVATION = "mlp_hidden"


@dataclass(frozen=True, slots=True)
class Kink:
    """A pre-activation so near 0 that honest rounding may move it to the other side.

    `step` is the 0-based training step, or 0 outside training. `index` is the flat index of the
    element in the tensor at `pointer`.
    """

    step: int
    pointer: str
    index: int
    value: float


@dataclass(frozen=True, slots=True)
class Spread:
    """The exact values and the spread of each observable, by JSON Pointer, all arrays flat.

    `truth` encloses the exact values. `sigma` has the root mean square errors of the `replicas`
    that were not dropped.
    """

    truth: dict[str, Enclosure]
    sigma: dict[str, Array]
    kinks: tuple[Kink, ...]
    replicas: int


@dataclass(frozen=True, slots=True)
class Replica:
    """One way to compute: a rewrite, a style of summation, and a seed for the rounding."""

    rewrite: str
    style: int
    seed: int

    def rounding(self, step: int = 0) -> np.uint64:
        """The seed of the rounding in one step."""
        return np.uint64((self.seed * 0x9E3779B97F4A7C15 + step * 0x632BE59BD9B4E019) % 2**64)


def replicas(count: int = REPLICAS, rewrites: Sequence[str] = tuple(REWRITES)) -> list[Replica]:
    """`count` replicas, which take rewrites and styles in turn."""
    styles = perturbed.STYLES
    return [
        Replica(rewrites[n % len(rewrites)], styles[n // len(rewrites) % len(styles)], n + 1)
        for n in range(count)
    ]


def model_spread(
    config: Config, vocab_size: int, weights: Array, tokens: Sequence[int], precision: Precision
) -> Spread:
    """The spread of the evaluation of one document; `weights` are flat, of that precision."""
    positions = config.positions(tokens)
    tapes = {name: tape_of(config, vocab_size, positions, name) for name in REWRITES}
    return spread_of(tapes, weights, precision, tokens)


def spread_of(
    tapes: Mapping[str, Tape], inputs: Array, precision: Precision, tokens: Sequence[int] = ()
) -> Spread:
    """The spread of all observables of a tape.

    Args:
        tapes: the canonical tape under `CANONICAL`, and rewrites with the same observables.
        inputs: the parameters, floats of that precision.
        precision: the precision of the replicas.
        tokens: the tokens of the document, if there is one.
    """
    from reference.tape import balls  # Arb takes long to import, and kept answers need none

    row = _Row.of(tapes[CANONICAL])
    exact = balls.evaluate(tapes[CANONICAL], inputs, tokens)
    truth = balls.Enclosure.of(row.look_up(exact.values, exact.gradients))
    is_on = truth.high[row.kinks] > 0
    squares, count, flips = np.zeros(truth.high.shape), 0, set()
    for replica in replicas(rewrites=tuple(tapes)):
        tape = tapes[replica.rewrite]
        x, g = perturbed_replay(tape, inputs, tokens, precision, replica)
        numbers = np.asarray(_Row.of(tape).look_up(x, g), np.float64)
        flipped = row.kinks[(numbers[row.kinks] > 0) != is_on]
        if flipped.size:
            flips.update(flipped.tolist())
        else:
            squares += ((numbers - truth.high) - truth.low) ** 2
            count += 1
    sigma = np.sqrt(squares / max(count, 1))
    return Spread(
        truth={name: truth[part] for name, part in row.parts.items()},
        sigma={name: sigma[part] for name, part in row.parts.items()},
        kinks=tuple(Kink(0, *row.place(i), float(truth.high[i])) for i in sorted(flips)),
        replicas=count,
    )


def perturbed_replay(
    tape: Tape,
    inputs: Array,
    tokens: Sequence[int],
    precision: Precision,
    replica: Replica,
    step: int = 0,
) -> tuple[Any, Any]:
    """The values and gradients of all slots, computed as a replica computes them."""
    dtype = np.dtype(precision)
    x, g = np.empty(tape.num_slots, dtype), np.empty(tape.num_slots, dtype)
    perturbed.evaluate(
        tape.forward, tape.backward, tape.tables, tape.constants, tape.root,
        np.asarray(tokens[: tape.positions + 1], np.int64), tape.vocab_size,
        np.asarray(inputs, dtype), x, g, replica.style, replica.rounding(step),
        perturbed.kind_of(dtype),
    )  # fmt: skip
    return x, g


@dataclass(frozen=True, slots=True)
class _Row:
    """A tape's observables in one row, values before gradients, with the possible kinks."""

    values: list[int]
    gradients: list[int]
    parts: dict[str, slice]
    kinks: Any

    @classmethod
    def of(cls, tape: Tape) -> _Row:
        slots: list[list[int]] = [[], []]
        parts: dict[str, slice] = {}
        kinks: list[int] = []
        start = 0
        for collected, observed in zip(slots, (tape.values, tape.gradients), strict=True):
            for name, where in observed.items():
                found = flattened(where)
                collected += found
                parts[name] = slice(start, start + len(found))
                if observed is tape.values and name.endswith(PRE_ACTIVATION):
                    kinks += range(start, start + len(found))
                start += len(found)
        return cls(slots[0], slots[1], parts, np.array(kinks, dtype=np.int64))

    def look_up(self, values: Any, gradients: Any) -> Any:
        """The row of observables, out of the numbers of all slots."""
        if isinstance(values, list):
            return [values[s] for s in self.values] + [gradients[s] for s in self.gradients]
        return np.concatenate([values[self.values], gradients[self.gradients]])

    def place(self, index: int) -> tuple[str, int]:
        """The observable at an index of the row, and the index of the element within it."""
        name, part = next(item for item in self.parts.items() if index < item[1].stop)
        return name, index - part.start


@dataclass(frozen=True, slots=True)
class TrainingSpread:
    """The spread of a free run: of each loss, and of the state after the last step.

    Errors are differences between replicas and the float64 program, which is itself about one
    such error away from the exact values. `losses` is `[steps]`; the other arrays are flat. A
    replica counts up to its first kink, and `replicas` of them had none.
    """

    losses: Array
    m: Array
    v: Array
    weights: Array
    kinks: tuple[Kink, ...]
    replicas: int


def training_spread(
    machine: Machine,
    state: FlatState,
    documents: Sequence[Sequence[int]],
    precision: Precision,
    count: int = REPLICAS,
) -> TrainingSpread:
    """The spread of one step for each document, from a state that the precision can represent."""
    steps = list(machine.follow(state, documents))
    losses, counted = np.zeros(len(steps)), np.zeros(len(steps))
    squares = {part: np.zeros(getattr(state, part).shape) for part in ("m", "v", "weights")}
    kinks: set[Kink] = set()
    survivors = 0
    for replica in replicas(count):
        after = state
        run = _perturbed_steps(machine, steps, state, precision, replica)
        for index, (found, loss, then) in enumerate(run):
            after = then
            kinks.update(found)
            if found:
                break
            losses[index] += (loss - steps[index].replay.loss) ** 2
            counted[index] += 1
        else:
            survivors += 1
            for part, total in squares.items():
                total += (getattr(after, part) - getattr(steps[-1].state, part)) ** 2
    return TrainingSpread(
        losses=np.sqrt(losses / np.maximum(counted, 1)),
        **{part: np.sqrt(total / max(survivors, 1)) for part, total in squares.items()},
        kinks=tuple(sorted(kinks, key=lambda kink: (kink.step, kink.index))),
        replicas=survivors,
    )


def _perturbed_steps(
    machine: Machine,
    steps: Sequence[FlatStep],
    state: FlatState,
    precision: Precision,
    replica: Replica,
) -> Iterator[tuple[list[Kink], float, FlatState]]:
    """For each step of a replica: its kinks, its loss, and the state after it."""
    dtype, formula = np.dtype(precision), formula_of(machine.config)
    kind = perturbed.kind_of(dtype)
    weights, m, v = (a.astype(dtype) for a in (state.weights, state.m, state.v))
    for step in steps:
        positions = step.replay.tape.positions
        tape = tape_of(machine.config, machine.vocab_size, positions, replica.rewrite)
        x, g = perturbed_replay(tape, weights, step.tokens, precision, replica, step.index)
        perturbed.apply_update(
            formula.once, formula.each, formula.registers(machine.config, step.index, dtype),
            formula.outputs, step.index, weights, m, v, g[: tape.num_params],
            replica.rounding(step.index), kind,
        )  # fmt: skip
        kinks = list(_flips(step, tape, x))
        yield kinks, float(x[tape.root]), FlatState(step.index + 1, weights, m, v)


def _flips(step: FlatStep, tape: Tape, values: Any) -> Iterator[Kink]:
    """The kinks of a replica's step: ReLUs on the other side than in the right step."""
    right = step.replay
    for pointer, slots in right.tape.values.items():
        if pointer.endswith(PRE_ACTIVATION):
            exact = right.values[np.asarray(slots).ravel()]
            other = values[np.asarray(tape.values[pointer]).ravel()]
            for index in np.flatnonzero((exact > 0) != (other > 0)).tolist():
                yield Kink(step.index, pointer, index, float(exact[index]))
