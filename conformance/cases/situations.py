"""What the model is asked about: weights and a document, from the goldens, by hand, or fresh."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache, cached_property

import numpy as np

from conformance.anatomy.golden_values import recorded_evaluation, recorded_state
from conformance.anatomy.judged_program import JudgedProgram
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
from golden.trace import Trace, full_steps, state_before
from golden.trajectories import nearest_kink, rounded
from ports_adapter.messages import ModelParams
from reference.config import Config
from reference.evaluation import Evaluation
from reference.model import Weights, initial_weights
from reference.state import State
from reference.tape.machine import FlatState, Machine, Replay, flat

from .other_sizes import LARGER_VOCABULARY, OTHER_SIZES

FRESH = 2
DRAWS = 100


@cache
def machine_of(config: Config, vocab_size: int) -> Machine:
    """The program at machine speed."""
    return Machine(config, vocab_size)


@dataclass(frozen=True)
class Situation:
    """One document before a model in some state, of numbers that `precision` can represent.

    Where it is a golden trace's own, it is its `step`, and `recorded` what the trace holds.
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
        """What evaluates it."""
        return machine_of(self.config, vocab_size_of(self.weights))

    @cached_property
    def replay(self) -> Replay:
        """What the canonical program makes of it."""
        return self.machine.evaluate(flat(self.weights), self.tokens)

    @cached_property
    def evaluation(self) -> Evaluation:
        """The same by name: golden where recorded."""
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
        """How far honest roundings of it spread."""
        machine = self.machine
        return model_spread(
            self.config, machine.vocab_size, flat(self.weights), self.tokens, self.precision
        )

    @cached_property
    def budgets(self) -> Budgets:
        """Of everything observed: golden where kept, else derived."""
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


@dataclass(frozen=True)
class Situations:
    """All situations of a run, the program that they are of, and the trace that they start from."""

    judged_program: JudgedProgram
    trace: Trace
    warm: int
    seed: int
    precision: Precision
    each: tuple[Situation, ...]

    @classmethod
    def of(cls, judged_program: JudgedProgram, seed: int, precision: Precision) -> Situations:
        """Situations around a program's trace; the fresh ones are drawn from `seed`.

        Raises:
            UnreadableGolden: the golden trace is missing or damaged.
        """
        trace = judged_program.trace
        warm = max(step.step for step, _ in full_steps(trace)) - 1
        builder = _Builder(judged_program, trace, warm, precision)
        each = (*builder.golden(), *builder.by_hand(), *builder.fresh(seed))
        return cls(judged_program, trace, warm, seed, precision, each)

    @property
    def machine(self) -> Machine:
        """The trace's program at machine speed."""
        return machine_of(self.trace.config, self.trace.tokenizer.vocab_size)

    def state_before(self, step: int) -> State:
        """A recorded state, its numbers rounded to the precision."""
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
        """A state that no port can know beforehand, near the warm one."""
        warm = recorded_state(self.trace, self.warm)

        def moved(tensors: Weights, by: float) -> Weights:
            return {
                name: [[x + by * generator.gauss(0, 1) for x in row] for row in rows]
                for name, rows in tensors.items()
            }

        def scaled(tensors: Weights) -> Weights:
            return {
                name: [[x * generator.uniform(0.5, 2) for x in row] for row in rows]
                for name, rows in tensors.items()
            }

        weights, m, v = moved(warm.weights, FRESH_STD), scaled(warm.m), scaled(warm.v)
        step = generator.randrange(self.trace.config.num_steps // 2)
        return self.representable(State(step, weights, m, v))

    def fresh_document(self, generator: random.Random) -> list[int]:
        """The tokens of a document drawn anew."""
        tokenizer = self.trace.tokenizer
        letters = len(tokenizer.characters)
        return between_special(
            [generator.randrange(letters) for _ in range(generator.randint(4, 13))],
            self.trace.config,
            tokenizer.vocab_size,
        )


@dataclass(frozen=True)
class _Builder:
    judged_program: JudgedProgram
    trace: Trace
    warm: int
    precision: Precision

    def _situation(self, name: str, about: str, weights: Weights, document: str) -> Situation:
        tokens = self.trace.tokenizer.encode(document)
        return self._of(name, about, self.trace.config, weights, tokens)

    def _of(
        self, name: str, about: str, config: Config, weights: Weights, tokens: Sequence[int]
    ) -> Situation:
        if self.precision != "float64":
            weights = {
                matrix: np.asarray(rows, self.precision).astype(np.float64).tolist()
                for matrix, rows in weights.items()
            }
        profile = self.trace.profile
        return Situation(name, about, profile, config, weights, tokens, self.precision)

    def golden(self) -> Iterator[Situation]:
        """The steps that the trace records in full and knows the state before."""
        for step, full in full_steps(self.trace):
            state = state_before(self.trace, step.step)
            if state is None or step.step in (2, 3):
                continue
            temperature = "warm" if step.step >= self.warm else "cold"
            about = f"step {step.step + 1} of the golden trace, document {step.document!r}"
            name = f"{temperature}-step-{step.step + 1}"
            found = self._situation(name, about, state.weights, step.document)
            exact = self.precision == "float64"
            recorded = recorded_evaluation(step, full) if exact else None
            kept = step.step if self.judged_program.is_published else None
            yield replace(found, step=kept, recorded=recorded)

    def by_hand(self) -> Iterator[Situation]:
        """Documents and weights at the edges."""
        warm = recorded_state(self.trace, self.warm).weights
        alphabet, block = "".join(self.trace.characters), self.trace.config.block_size
        for name, about, document in (
            ("empty-document", "a document without a letter: one position", ""),
            ("one-letter", "a document of one letter", "q"),
            ("repeated-letter", "one letter over and over: its row is used many times", "eeeeeee"),
            (
                "block-size",
                f"a document of {block} letters: the last target is cut off",
                alphabet[:block],
            ),
            ("beyond-block-size", "a document of 26 letters, cut at the block size", alphabet),
            ("alternating", "two letters in turn", "nananananana"),
        ):
            yield self._situation(name, about, warm, document)
        zeros = {name: [[0.0] * len(row) for row in rows] for name, rows in warm.items()}
        yield self._situation("zero-weights", "all weights 0: every token alike", zeros, "wren")
        yield self._large(warm)
        steep = {
            name: [[40 * w for w in row] for row in rows] if name.endswith(STEEP) else rows
            for name, rows in warm.items()
        }
        if steep != warm:
            about = "attention scores beyond what exp can take, of either sign"
            yield self._situation("steep-scores", about, steep, "owl")
        yield self._situation("zero-units", "hidden units at exactly 0", _units_at_0(warm), "owl")
        for name, about, sizes in OTHER_SIZES[self.trace.config.model]:
            config = replace(self.trace.config, init_std_out=None, **sizes)
            own = self.trace.tokenizer.vocab_size
            vocab_size = LARGER_VOCABULARY if name == "larger-vocabulary" else own
            weights = initial_weights(config, vocab_size, random.Random(name))
            count = letters_in(config, vocab_size)
            letters = [10, 8, 19, 19, 8, count - 4, 0, 10, count - 2]
            tokens = between_special(letters, config, vocab_size)
            yield replace(self._of(name, about, config, weights, tokens), other_sizes=True)

    def _large(self, weights: Weights) -> Situation:
        """Large weights, but not so large that single precision has no number for a loss."""

        def times(factor: float, about: str) -> Situation:
            large = {n: [[factor * w for w in row] for row in rows] for n, rows in weights.items()}
            return self._situation("large-weights", about, large, "kestrel")

        made = (times(factor, f"weights {factor} times as large") for factor in LARGER)
        return next(found for found in made if found.replay.losses.max() < LARGEST_LOSS)

    def fresh(self, seed: int) -> Iterator[Situation]:
        """Documents and weights, and a model of other sizes, that no port can know beforehand."""
        for number in range(1, FRESH + 1):
            yield self._without_kink(f"{seed}/situation/{number}", f"fresh-{number}")
        yield self._without_kink(f"{seed}/sizes", "fresh-sizes")

    def _without_kink(self, seed: str, name: str) -> Situation:
        """The first situation drawn in which rounding cannot turn a ReLU."""
        generator = random.Random(seed)
        draw = self._fresh_sizes if name == "fresh-sizes" else self._fresh
        drawn = (draw(generator, name) for _ in range(DRAWS))
        return next(s for s in drawn if nearest_kink(s.replay, self.precision) is None)

    def _fresh(self, generator: random.Random, name: str) -> Situation:
        weights = {
            matrix: [[w + generator.gauss(0, FRESH_STD) for w in row] for row in rows]
            for matrix, rows in recorded_state(self.trace, self.warm).weights.items()
        }
        letters = generator.choices(self.trace.characters, k=generator.randint(5, 14))
        about = "a document and weights drawn anew"
        return self._situation(name, about, weights, "".join(letters))

    def _fresh_sizes(self, generator: random.Random, name: str) -> Situation:
        has_heads = self.trace.config.model == "gpt"
        n_head, vocab_size = generator.randint(1, 4), generator.randint(3, 40)
        config = replace(
            self.trace.config,
            n_embd=n_head * generator.randint(1, 4),
            n_head=n_head if has_heads else 1,
            n_layer=generator.randint(1, 3) if has_heads else 1,
            block_size=generator.randint(3, 12),
            init_std=0.3,
            init_std_out=None,
        )
        weights = initial_weights(config, vocab_size, generator)
        length, count = generator.randint(1, 14), letters_in(config, vocab_size)
        letters = [generator.randrange(count) for _ in range(length)]
        tokens = between_special(letters, config, vocab_size)
        about = "a document before a model of sizes drawn anew"
        return replace(self._of(name, about, config, weights, tokens), other_sizes=True)


def letters_in(config: Config, vocab_size: int) -> int:
    """How many tokens of a vocabulary are no special ones."""
    return vocab_size - 1 - (config.special_tokens == "bos-eos")


def between_special(letters: Sequence[int], config: Config, vocab_size: int) -> list[int]:
    """The tokens of a document, its letters counted from 0."""
    bos = bos_of(config, vocab_size)
    end = config.end_after(bos)
    first = end + 1 if bos == 0 else 0
    return [bos, *(first + letter for letter in letters), end]


FRESH_STD = 0.02

LARGER = (3, 2, 1.5, 1.2, 1)
LARGEST_LOSS = 80.0
"""In nats: the probability is then a number in single precision, too, however it is computed."""

STEEP = ("attn_wq", "attn_wk")


def _units_at_0(weights: Weights) -> Weights:
    """The weights with every other hidden unit's row 0, so that it is exactly 0."""
    return {
        name: [[0.0] * len(row) if name.endswith("mlp_fc1") and index % 2 else row
               for index, row in enumerate(rows)]
        for name, rows in weights.items()
    }  # fmt: skip
