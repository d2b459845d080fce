"""The oracle's port at machine speed: its program, patched as it may be, recorded and replayed.

For patches of functions of the model; what patches the operations of `Value` itself is
not on a tape, and stays with the scalar program.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache

import reference.program
import reference.training
from conformance import oracle
from reference.adam import State
from reference.config import Config
from reference.model import Weights
from reference.tape.machine import Machine, flat
from reference.tape.recording import record
from reference.tape.tape import Tape
from reference.training import Evaluation, Step

SCALAR_ONLY = (
    "other-libm",
    "every-inexact-product-and-sum-rounded-otherwise",
    "sums-in-pairs",
    "sums-from-the-end",
)
"""Variants that patch `Value` itself, or sum the vocabulary in a way that no tape can hold."""


class PatchedMachine(Machine):
    """A machine whose tapes are of the program as it is patched now, and never kept on disk."""

    def tape(self, positions: int) -> Tape:
        if positions not in self._tapes:
            self._tapes[positions] = record(self.config, self.vocab_size, positions)
        return self._tapes[positions]


@cache
def machine_of(config: Config, vocab_size: int) -> PatchedMachine:
    return PatchedMachine(config, vocab_size)


def evaluate(weights: Weights, tokens: Sequence[int], config: Config) -> Evaluation:
    machine = machine_of(config, len(weights["wte"]))
    return machine.evaluation(machine.evaluate(flat(weights), tokens))


def train(state: State, documents: Sequence[Sequence[int]], config: Config) -> Iterator[Step]:
    while state.step < config.num_steps:
        index, tokens = state.step, list(documents[state.step % len(documents)])
        evaluation = evaluate(state.weights, tokens, config)
        state = vars(reference.training)["adam"](state, evaluation.grads, config)
        yield Step(index, tokens, config.learning_rate_at(index), evaluation, state)


def use_tapes() -> None:
    """Answer from tapes from now on."""
    vars(oracle).update(evaluate=evaluate, train=train)
    vars(reference.program).update(train=train)
