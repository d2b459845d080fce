"""The program at machine speed, patched as it may be: recorded, and replayed.

For patches of functions of the model, of the optimiser and of training. What patches operations of
`Value` is not on a tape, and stays with the scalar program, as does what no tape can hold.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import reference.training
from reference.config import Config
from reference.model import Weights
from reference.tape.machine import Machine, flat
from reference.tape.recording import record
from reference.tape.symbols import Unrecordable
from reference.tape.tape import Tape
from reference.training import Evaluation

from .mistake import Patch

SCALAR_ONLY = ("Value.", "topological_order", "training.Cache")
"""What the names of patches begin with that no tape can hold."""


class PatchedMachine(Machine):
    """A machine whose tapes are of the program as it is patched now, and never kept on disk."""

    def tape(self, positions: int) -> Tape:
        """The tape of a document with this many positions."""
        if positions not in self._tapes:
            self._tapes[positions] = record(self.config, self.vocab_size, positions)
        return self._tapes[positions]


def on_tape() -> Patch:
    """Documents evaluated by tapes; to be put in place before all others."""
    scalar = reference.training.evaluate

    @cache
    def machine_of(config: Config, vocab_size: int) -> PatchedMachine:
        return PatchedMachine(config, vocab_size)

    def evaluate(weights: Weights, tokens: Sequence[int], config: Config) -> Evaluation:
        machine = machine_of(config, len(weights["wte"]))
        try:
            return machine.evaluation(machine.evaluate(flat(weights), tokens))
        except Unrecordable:
            return scalar(weights, tokens, config)

    return {"evaluate": evaluate}


def is_scalar_only(patch: Patch) -> bool:
    """Whether a patch changes what no tape can hold."""
    return any(name.startswith(SCALAR_ONLY) for name in patch)
