"""A situation: one document before a model in some state, with its right numbers and budgets.

`forward` and `backward` are asked about situations; `situations` has those of a run.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache, cached_property

from conformance.oracle.reference_answer import (
    activation_of,
    as_json,
    bos_of,
    sizes_of,
    vocab_size_of,
)
from golden.budgets import Precision
from golden.derived import Budgets, budgets_of
from golden.goldens import step_budgets
from golden.spread import Spread, model_spread
from ports_adapter.messages import ModelParams
from reference.config import Config
from reference.evaluation import Evaluation
from reference.model import Weights
from reference.tape.machine import Machine, Replay, flat


@cache
def machine_of(config: Config, vocab_size: int) -> Machine:
    """The program at machine speed; one machine for each configuration and vocabulary size."""
    return Machine(config, vocab_size)


@dataclass(frozen=True)
class Situation:
    """One document before a model whose weights `precision` can represent.

    A situation of the golden trace has the 0-based `step` that it is from, and the `recorded`
    evaluation. With `other_sizes` the model does not have the profile's sizes.
    """

    name: str
    about: str
    profile: str
    config: Config
    weights: Weights
    tokens: Sequence[int]
    precision: Precision
    step: int | None = None
    recorded: Evaluation | None = None
    other_sizes: bool = False

    @property
    def machine(self) -> Machine:
        """The machine that evaluates it."""
        return machine_of(self.config, vocab_size_of(self.weights))

    @cached_property
    def replay(self) -> Replay:
        """The canonical program's evaluation, as flat arrays."""
        return self.machine.evaluate(flat(self.weights), self.tokens)

    @cached_property
    def evaluation(self) -> Evaluation:
        """The evaluation by name: the golden one if recorded, with computed intermediates."""
        live = self.machine.evaluation(self.replay)
        if self.recorded is None:
            return live
        return replace(
            self.recorded,
            intermediates=live.intermediates,
            intermediate_grads=live.intermediate_grads,
        )

    @cached_property
    def spread(self) -> Spread:
        """How far honest rounding spreads its numbers."""
        machine = self.machine
        return model_spread(
            self.config, machine.vocab_size, flat(self.weights), self.tokens, self.precision
        )

    @cached_property
    def budgets(self) -> Budgets:
        """The budgets of all its numbers: golden ones where there are any, else derived."""
        golden = None
        if self.step is not None:
            golden = step_budgets(self.profile, self.step, self.precision)
        return budgets_of(self.spread, self.precision) if golden is None else golden

    def params(self, *, intermediates: bool) -> ModelParams:
        """The question to `forward` and `backward`."""
        return ModelParams(
            profile=self.profile,
            sizes=sizes_of(self.config),
            weights=as_json(self.weights),
            tokens=list(self.tokens),
            intermediates=intermediates,
            activation=activation_of(self.profile, self.config),
        )


def mapped(weights: Weights, change: Callable[[float], float]) -> Weights:
    """Matrices of the same names and shapes, every number changed."""
    return {name: [[change(w) for w in row] for row in rows] for name, rows in weights.items()}


def letters_in(config: Config, vocab_size: int) -> int:
    """How many tokens of a vocabulary stand for letters."""
    return vocab_size - 1 - (config.special_tokens == "bos-eos")


def between_special(letters: Sequence[int], config: Config, vocab_size: int) -> list[int]:
    """The tokens of a document whose letters are given by number, from 0."""
    bos = bos_of(config, vocab_size)
    end = config.end_after(bos)
    first = end + 1 if bos == 0 else 0
    return [bos, *(first + letter for letter in letters), end]
