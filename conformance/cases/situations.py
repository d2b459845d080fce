"""All situations of a run, with the golden trace that they start from."""

import random
from dataclasses import dataclass
from functools import cached_property
from typing import Self

from conformance.anatomy.golden_values import recorded_state, warm_step
from conformance.anatomy.judged_program import JudgedProgram
from golden.budgets import Precision
from golden.trace import Trace
from golden.trajectories import rounded
from reference.state import State
from reference.tape.machine import FlatState, Machine

from .situation import Situation, between_special, letters_in, machine_of, mapped
from .situation_builder import FRESH_STD, SituationBuilder


@dataclass(frozen=True)
class Situations:
    """The situations of a run about one program, in one precision, drawn from one seed.

    `warm` is the 0-based warm step of the trace.
    """

    judged_program: JudgedProgram
    trace: Trace
    warm: int
    seed: int
    precision: Precision

    @classmethod
    def of(cls, judged_program: JudgedProgram, seed: int, precision: Precision) -> Self:
        """The situations around a program's trace.

        Raises:
            UnreadableGolden: the golden trace is missing or damaged.
        """
        trace = judged_program.trace
        return cls(judged_program, trace, warm_step(trace), seed, precision)

    @cached_property
    def all(self) -> tuple[Situation, ...]:
        """The golden situations, those at the edges, and those drawn from the seed."""
        is_published = self.judged_program.is_published
        builder = SituationBuilder(self.trace, self.warm, self.precision, is_published)
        return (*builder.golden(), *builder.by_hand(), *builder.fresh(self.seed))

    @property
    def machine(self) -> Machine:
        """The trace's program at machine speed."""
        return machine_of(self.trace.config, self.trace.tokenizer.vocab_size)

    def state_before(self, step: int) -> State:
        """The recorded state before a 0-based step, its numbers rounded to the precision."""
        return self.representable(recorded_state(self.trace, step))

    @property
    def warm_state(self) -> State:
        """The state before the trace's warm step."""
        return self.state_before(self.warm)

    def representable(self, state: State) -> State:
        """The state with its numbers rounded to the precision."""
        if self.precision == "float64":
            return state
        return rounded(FlatState.of(state), self.precision).named(self.machine.shapes)

    def fresh_state(self, generator: random.Random) -> State:
        """A freshly drawn state near the warm one, which no port can know beforehand."""
        warm = recorded_state(self.trace, self.warm)
        weights = mapped(warm.weights, lambda w: w + FRESH_STD * generator.gauss(0, 1))
        m, v = (mapped(part, lambda x: x * generator.uniform(0.5, 2)) for part in (warm.m, warm.v))
        step = generator.randrange(self.trace.config.num_steps // 2)
        return self.representable(State(step, weights, m, v))

    def fresh_document(self, generator: random.Random) -> list[int]:
        """The tokens of a freshly drawn document."""
        config, vocab_size = self.trace.config, self.trace.tokenizer.vocab_size
        count = letters_in(config, vocab_size)
        letters = [generator.randrange(count) for _ in range(generator.randint(4, 13))]
        return between_special(letters, config, vocab_size)
