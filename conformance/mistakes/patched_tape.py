"""The patched program at machine speed: recorded on tapes once, and replayed.

This works for patches of the model, the optimizer and the training loop. A patch of the
operations of `Value`, or one that cannot be recorded, runs in the scalar program instead.
"""

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
"""Prefixes of patched names that a tape cannot contain, or that make recording too slow."""

OF_THE_MODEL = ("n_embd", "n_head", "n_layer", "block_size", "model", "activation", "tied")
"""The fields of the configuration that tapes depend on; optimizers do not change them."""


class PatchedMachine(Machine):
    """A machine that records the program with its current patches, and stores no tape on disk."""

    def tape(self, positions: int) -> Tape:
        """The tape of a document with so many positions, recorded at the first call."""
        if positions not in self._tapes:
            self._tapes[positions] = record(self.config, self.vocab_size, positions)
        return self._tapes[positions]

    def logits(self, weights: Array, tokens: Sequence[int]) -> Array:
        """Logits `[vocab_size]` of the token that follows these.

        The tape of a whole block serves documents of any length, since no position depends on
        later ones.
        """
        rest = [0] * (self.config.block_size + 1 - len(tokens))
        logits: Array = self.evaluate(weights, [*tokens, *rest]).logits[len(tokens) - 1]
        return logits


def on_tape(dtype: DTypeLike = np.float64) -> Patch:
    """A patch that evaluates and samples documents by tapes; apply it before all other patches.

    With `numpy.float32`, results are `numpy.float32` numbers, which the optimizer continues with.
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
    """Whether a patch changes something that a tape cannot contain."""
    return any(name.startswith(SCALAR_ONLY) for name in patch)
