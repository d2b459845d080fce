"""The program at machine speed, patched as it may be: recorded, and replayed.

For patches of functions of the model, of the optimiser and of training. What patches operations of
`Value` is not on a tape, and stays with the scalar program, as does what no tape can hold.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from functools import cache

import numpy as np
from numpy.typing import DTypeLike

import reference.sampling
import reference.training
from conformance.oracle.reference_answer import vocab_size_of
from reference.config import Config
from reference.evaluation import Evaluation
from reference.model import Weights
from reference.sampling import NextLogits
from reference.tape.machine import Array, Machine, flat
from reference.tape.recording import record
from reference.tape.symbols import Unrecordable
from reference.tape.tape import Tape
from reference.value import Value

from .mistake import Patch
from .single_precision import single

SCALAR_ONLY = ("Value.", "topological_order", "training.Cache", "dot", "total")
"""What the names of patches begin with that no tape can hold, or none that is soon recorded."""

OF_THE_MODEL = ("n_embd", "n_head", "n_layer", "block_size", "model", "activation", "tied")
"""What tapes depend on; those of two optimisers are the same."""


class PatchedMachine(Machine):
    """A machine whose tapes are of the program as it is patched now, and never kept on disk."""

    def tape(self, positions: int) -> Tape:
        """The tape of a document with this many positions."""
        if positions not in self._tapes:
            self._tapes[positions] = record(self.config, self.vocab_size, positions)
        return self._tapes[positions]

    def logits(self, weights: Array, tokens: Sequence[int]) -> Array:
        """Of the token that comes after these: a whole block's tape serves documents of any length.

        No position sees what comes after it.
        """
        rest = [0] * (self.config.block_size + 1 - len(tokens))
        logits: Array = self.evaluate(weights, [*tokens, *rest]).logits[len(tokens) - 1]
        return logits


def on_tape(dtype: DTypeLike = np.float64) -> Patch:
    """Documents evaluated and continued by tapes; to be put in place before all others.

    Single-precision numbers stay that, for the optimiser to go on with.
    """
    scalar, scalar_logits = reference.training.evaluate, reference.sampling.next_logits
    carried = single if dtype == np.float32 else lambda numbers: numbers

    @cache
    def machine(config: Config, vocab_size: int) -> PatchedMachine:
        return PatchedMachine(config, vocab_size, dtype)

    def machine_of(config: Config, weights: Weights) -> PatchedMachine:
        model = {name: getattr(config, name) for name in OF_THE_MODEL}
        return machine(Config(**model), vocab_size_of(weights))

    def evaluate(weights: Weights, tokens: Sequence[int], config: Config) -> Evaluation:
        if config.gradient != "autograd":
            return scalar(weights, tokens, config)
        machine = machine_of(config, weights)
        try:
            found = machine.evaluation(machine.evaluate(flat(weights, dtype), tokens))
        except Unrecordable:
            return scalar(weights, tokens, config)
        return Evaluation(*(carried(getattr(found, field.name)) for field in fields(found)))

    def next_logits(weights: Weights, config: Config) -> NextLogits:
        machine, array = machine_of(config, weights), flat(weights, dtype)
        try:
            machine.tape(config.block_size)
        except Unrecordable:
            return scalar_logits(weights, config)
        return lambda tokens: [Value(logit) for logit in machine.logits(array, tokens).tolist()]

    return {"evaluate": evaluate, "next_logits": next_logits}


def is_scalar_only(patch: Patch) -> bool:
    """Whether a patch changes what no tape can hold."""
    return any(name.startswith(SCALAR_ONLY) for name in patch)
