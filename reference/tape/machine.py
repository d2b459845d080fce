"""Runs the program at machine speed: evaluations and training steps on flat arrays.

Parameters, gradients and moments are one-dimensional arrays in the order of `Config.shapes`,
row by row. In float64 every number is equal to the scalar program's, bit for bit.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from ..by_hand import Check
from ..config import Config
from ..evaluation import Evaluation
from ..model import Vector, Weights
from ..program import Run
from ..sampling import Choose, NextLogits, sample_from
from ..state import State
from ..training import Step
from ..value import Value
from . import by_hand, cache
from .formula import apply_update, formula_of
from .recording import record
from .replay import evaluate, forward, walk_orders
from .rewrites import CANONICAL, rewritten
from .tape import Slots, Tape

Array = NDArray[Any]


def flat(tensors: Mapping[str, Any], dtype: DTypeLike = np.float64) -> Array:
    """Named matrices as one flat array, in order."""
    parts = [np.asarray(matrix, dtype).ravel() for matrix in tensors.values()]
    return np.concatenate(parts) if parts else np.empty(0, dtype)


def named(array: Array, shapes: Mapping[str, tuple[int, int]]) -> dict[str, Array]:
    """The matrices of a flat array by name, as views; none if the array is empty."""
    tensors: dict[str, Array] = {}
    start = 0
    if not array.size:
        return tensors
    for name, (rows, columns) in shapes.items():
        tensors[name] = array[start : start + rows * columns].reshape(rows, columns)
        start += rows * columns
    return tensors


@dataclass(frozen=True, slots=True)
class Replay:
    """The replay of a tape for one document: values and gradients of all slots, `[slots]`."""

    tape: Tape
    values: Array
    gradients: Array

    @property
    def loss(self) -> float:
        """The mean loss in nats."""
        return float(self.values[self.tape.root])

    @property
    def losses(self) -> Array:
        """The loss of each position in nats, `[positions]`."""
        return self.values[self.tape.values["/losses"]]

    @property
    def logits(self) -> Array:
        """The logits, `[positions][vocab_size]`."""
        return self.values[self.tape.values["/logits"]]

    @property
    def grads(self) -> Array:
        """The gradients of the loss by the parameters, flat."""
        return self.gradients[: self.tape.num_params]

    def intermediates(self, of: str = "intermediates") -> dict[str, Any]:
        """The intermediates by name, as nested lists; or `of` "intermediate_grads"."""
        places, numbers = (
            (self.tape.values, self.values)
            if of == "intermediates"
            else (self.tape.gradients, self.gradients)
        )
        return {
            pointer.removeprefix(f"/{of}/"): look_up(numbers, slots)
            for pointer, slots in places.items()
            if pointer.startswith(f"/{of}/")
        }


def look_up(numbers: Array, slots: Slots) -> Any:
    """The numbers in these slots, in lists nested like the slots."""
    if isinstance(slots, list):
        return [look_up(numbers, part) for part in slots]
    return numbers[slots].tolist()


@dataclass(frozen=True, slots=True)
class FlatState:
    """The training state between two steps: `reference.state.State` in flat arrays."""

    step: int
    weights: Array
    m: Array
    v: Array

    @classmethod
    def of(cls, state: State, dtype: DTypeLike = np.float64) -> FlatState:
        """The state in flat arrays, rounded to `dtype`."""
        return cls(
            state.step, flat(state.weights, dtype), flat(state.m, dtype), flat(state.v, dtype)
        )

    def named(self, shapes: Mapping[str, tuple[int, int]]) -> State:
        """The state as nested lists by name."""
        parts = (lists(named(a, shapes)) for a in (self.weights, self.m, self.v))
        return State(self.step, *parts)


@dataclass(frozen=True, slots=True)
class FlatStep:
    """A training step: its 0-based index, tokens, evaluation, and the state it leads to."""

    index: int
    tokens: Sequence[int]
    learning_rate: float
    replay: Replay
    state: FlatState


class Machine:
    """The program for one configuration and vocabulary, in float64 or float32."""

    def __init__(self, config: Config, vocab_size: int, dtype: DTypeLike = np.float64) -> None:
        self.config = config
        self.vocab_size = vocab_size
        self.dtype = np.dtype(dtype)
        self.shapes = config.shapes(vocab_size)
        self._tapes: dict[int, Tape] = {}

    def tape(self, positions: int) -> Tape:
        """The tape for documents with this many positions; it is recorded if there is none."""
        if positions not in self._tapes:
            self._tapes[positions] = tape_of(self.config, self.vocab_size, positions)
        return self._tapes[positions]

    def evaluate(self, weights: Array, tokens: Sequence[int]) -> Replay:
        """The forward and backward pass through one document, cut at the block size."""
        positions = self.config.positions(tokens)
        tape = self.tape(positions)
        if self.config.gradient == "by-hand" and self.dtype == np.float64:
            return Replay(tape, *by_hand.replay(tape, self.shapes, weights, tokens))
        values = np.empty(tape.num_slots, self.dtype)
        gradients = np.empty(tape.num_slots, self.dtype)
        evaluate(
            tape.forward, tape.backward, tape.tables, tape.constants, tape.root,
            np.asarray(tokens[: positions + 1], np.int64), self.vocab_size, weights,
            values, gradients,
        )  # fmt: skip
        return Replay(tape, values, gradients)

    def logits(self, weights: Array, tokens: Sequence[int]) -> Array:
        """The logits of the token after these, `[vocab_size]`; they must fit the block."""
        tape = self.tape(len(tokens))
        values = np.empty(tape.num_slots, self.dtype)
        values[: weights.size] = weights
        values[values.size - tape.constants.size :] = tape.constants
        # The tape also computes the loss of the next token, which does not affect the logits.
        tokens_and_next = np.array([*tokens, 0], np.int64)
        orders = walk_orders(tokens_and_next, self.vocab_size)
        forward(tape.forward, tape.tables, tokens_and_next, orders, values)
        logits: Array = values[tape.values["/logits"][-1]]
        return logits

    def update(self, state: FlatState, grads: Array) -> tuple[FlatState, float]:
        """The state after one update, and its learning rate."""
        formula = formula_of(self.config)
        weights, m, v = state.weights.copy(), state.m.copy(), state.v.copy()
        rate = apply_update(
            formula.once, formula.each,
            formula.registers(self.config, state.step, self.dtype), formula.outputs,
            weights, m, v, grads,
        )  # fmt: skip
        return FlatState(state.step + 1, weights, m, v), float(rate)

    def step(self, state: FlatState, tokens: Sequence[int]) -> FlatStep:
        """One training step on one document."""
        replay = self.evaluate(state.weights, tokens)
        after, rate = self.update(state, replay.grads)
        return FlatStep(state.step, tokens, rate, replay, after)

    def follow(self, state: FlatState, documents: Iterable[Sequence[int]]) -> Iterator[FlatStep]:
        """One training step for each document."""
        for tokens in documents:
            step = self.step(state, tokens)
            state = step.state
            yield step

    def train(self, state: FlatState, documents: Sequence[Sequence[int]]) -> Iterator[FlatStep]:
        """All steps up to `num_steps`; step `k` takes document `k % len(documents)`."""
        while state.step < self.config.num_steps:
            step = self.step(state, documents[state.step % len(documents)])
            state = step.state
            yield step

    def evaluation(self, replay: Replay) -> Evaluation:
        """The replay as an evaluation of the scalar program: nested lists by name."""
        return Evaluation(
            logits=replay.logits.tolist(),
            losses=replay.losses.tolist(),
            loss=replay.loss,
            grads=lists(named(replay.grads, self.shapes)),
            intermediates=replay.intermediates(),
            intermediate_grads=replay.intermediates("intermediate_grads"),
        )

    def unpacked(self, step: FlatStep) -> Step:
        """The step as a step of the scalar program."""
        return Step(
            step.index,
            list(step.tokens),
            step.learning_rate,
            self.evaluation(step.replay),
            step.state.named(self.shapes),
        )


class TapeRun(Run):
    """A run at machine speed, with the same losses and samples; its weights are flat."""

    @cached_property
    def machine(self) -> Machine:
        """The machine that replays the tapes of the run."""
        return Machine(self.config, self.tokenizer.vocab_size)

    @property
    def weights(self) -> Array:
        """The initial weights, flat."""
        return flat(self.state.weights)

    def steps(self) -> Iterator[Step]:
        """Training from the initial state to the last step, unpacked."""
        steps = self.machine.train(FlatState.of(self.state), self.tokens())
        return map(self.machine.unpacked, steps)

    def losses(self) -> Iterator[tuple[float, Array]]:
        """The loss of each training step, and the weights after it."""
        steps = self.machine.train(FlatState.of(self.state), self.tokens())
        return ((step.replay.loss, step.state.weights) for step in steps)

    def gradient_check(self) -> Check:
        """The comparison of the first document's gradient with numerical differences."""
        tokens = self.tokenizer.encode(self.documents[0])
        replay = self.machine.evaluate(self.weights, tokens)
        return by_hand.check(self.machine.shapes, self.weights, replay, tokens)

    def sample(self, weights: Array, choose: Choose) -> list[int]:
        """The tokens of one sampled document."""
        config, bos = self.config, self.tokenizer.bos
        if config.gradient == "by-hand":
            return super().sample(lists(named(weights, self.machine.shapes)), choose)
        return sample_from(self.next_logits(weights), bos, config.temperature, config, choose)

    def next_logits(self, weights: Array) -> NextLogits:
        """A function from the tokens so far to the logits of the next token."""

        def logits_after(tokens: Sequence[int]) -> Vector:
            return [Value(logit) for logit in self.machine.logits(weights, tokens).tolist()]

        return logits_after


@lru_cache(maxsize=64)
def tape_of(config: Config, vocab_size: int, positions: int, rewrite: str = CANONICAL) -> Tape:
    """The tape of the program, or of a rewrite of it; it is recorded unless the cache has it."""
    sizes = (config.n_embd, config.n_head, config.n_layer, config.block_size, vocab_size)
    words = [config.model, *map(str, (*sizes, positions)), config.activation]
    words += ["tied"] * config.tied + [rewrite] * bool(rewrite)
    key = "-".join(words)
    tape = cache.load(key)
    if tape is None:
        with rewritten(rewrite):
            tape = record(config, vocab_size, positions)
        cache.save(key, tape)
    return tape


def lists(tensors: Mapping[str, Array]) -> Weights:
    """Named matrices as nested lists."""
    return {name: matrix.tolist() for name, matrix in tensors.items()}
