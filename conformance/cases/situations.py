"""What the model is asked about: weights and a document, from the goldens, by hand, or fresh."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache, cached_property

import numpy as np

from golden.budgets import Precision
from golden.derived import Budgets, budgets_of
from golden.goldens import step_budgets
from golden.spread import Spread, model_spread
from golden.trace import Trace, full_steps, state_before
from golden.trajectories import nearest_kink, rounded
from ports_adapter.messages import ModelParams
from reference.adam import State
from reference.config import Config
from reference.model import Weights, initial_weights
from reference.tape.machine import FlatState, Machine, Replay, flat
from reference.training import Evaluation

from ..oracle import as_json, sizes_of
from ..recorded import recorded_evaluation, recorded_state

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
        return machine_of(self.config, len(self.weights["wte"]))

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
        golden = None if self.step is None else step_budgets(self.step, self.precision)
        return budgets_of(self.spread, self.precision) if golden is None else golden

    def params(self, *, intermediates: bool) -> ModelParams:
        """The question to `forward` and `backward`."""
        return ModelParams(
            profile=self.profile,
            sizes=sizes_of(self.config),
            weights=as_json(self.weights),
            tokens=list(self.tokens),
            intermediates=intermediates,
        )


@dataclass(frozen=True)
class Situations:
    """All situations of a run, and the golden trace that they start from."""

    trace: Trace
    warm: int
    seed: int
    precision: Precision
    each: tuple[Situation, ...]

    @classmethod
    def of(cls, trace: Trace, seed: int, precision: Precision) -> Situations:
        """Situations around a trace; the fresh ones are drawn from `seed`."""
        warm = max(step.step for step, _ in full_steps(trace)) - 1
        builder = _Builder(trace, warm, precision)
        each = (*builder.golden(), *builder.by_hand(), *builder.fresh(seed))
        return cls(trace, warm, seed, precision, each)

    @property
    def machine(self) -> Machine:
        """The trace's program at machine speed."""
        return machine_of(self.trace.config, len(self.trace.characters) + 1)

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
        bos = len(self.trace.characters)
        return [bos, *(generator.randrange(bos) for _ in range(generator.randint(4, 13))), bos]


@dataclass(frozen=True)
class _Builder:
    trace: Trace
    warm: int
    precision: Precision

    def _situation(self, name: str, about: str, weights: Weights, document: str) -> Situation:
        bos = len(self.trace.characters)
        tokens = [bos, *(self.trace.characters.index(char) for char in document), bos]
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
            yield replace(found, step=step.step, recorded=recorded)

    def by_hand(self) -> Iterator[Situation]:
        """Documents and weights at the edges."""
        warm = recorded_state(self.trace, self.warm).weights
        alphabet = "".join(self.trace.characters)
        for name, about, document in (
            ("empty-document", "a document without a letter: one position", ""),
            ("one-letter", "a document of one letter", "q"),
            ("repeated-letter", "one letter over and over: its row is used many times", "eeeeeee"),
            ("block-size", "a document of 16 letters: the last target is cut off", alphabet[:16]),
            ("beyond-block-size", "a document of 26 letters, cut at the block size", alphabet),
            ("alternating", "two letters in turn", "nananananana"),
        ):
            yield self._situation(name, about, warm, document)
        zeros = {name: [[0.0] * len(row) for row in rows] for name, rows in warm.items()}
        yield self._situation("zero-weights", "all weights 0: every token alike", zeros, "wren")
        large = {name: [[3 * w for w in row] for row in rows] for name, rows in warm.items()}
        yield self._situation("large-weights", "weights three times as large", large, "kestrel")
        steep = {
            name: [[40 * w for w in row] for row in rows] if name.endswith(STEEP) else rows
            for name, rows in warm.items()
        }
        about = "attention scores beyond what exp can take, of either sign"
        yield self._situation("steep-scores", about, steep, "owl")
        yield self._situation("zero-units", "hidden units at exactly 0", _units_at_0(warm), "owl")
        for name, about, config in OTHER_SIZES:
            vocab_size = LARGER_VOCABULARY if name == "larger-vocabulary" else len(alphabet) + 1
            weights = initial_weights(config, vocab_size, random.Random(name))
            bos = vocab_size - 1
            tokens = [bos, 10, 8, 19, 19, 8, bos - 4, 0, 10, bos - 2, bos]
            yield replace(self._of(name, about, config, weights, tokens), other_sizes=True)

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
        n_head, vocab_size = generator.randint(1, 4), generator.randint(3, 40)
        config = Config(
            n_embd=n_head * generator.randint(1, 4),
            n_head=n_head,
            n_layer=generator.randint(1, 3),
            block_size=generator.randint(3, 12),
            init_std=0.3,
        )
        weights = initial_weights(config, vocab_size, generator)
        bos, length = vocab_size - 1, generator.randint(1, 14)
        tokens = [bos, *(generator.randrange(bos) for _ in range(length)), bos]
        about = "a document before a model of sizes drawn anew"
        return replace(self._of(name, about, config, weights, tokens), other_sizes=True)


FRESH_STD = 0.02

STEEP = ("attn_wq", "attn_wk")

LARGER_VOCABULARY = 45

OTHER_SIZES = (
    (
        "larger-vocabulary",
        "a document before a model of more than 27 tokens",
        Config(n_embd=8, n_head=2, n_layer=1, block_size=16, init_std=0.3),
    ),
    (
        "two-layers",
        "a document before a model of two layers",
        Config(n_embd=8, n_head=2, n_layer=2, block_size=8, init_std=0.3),
    ),
    (
        "one-head",
        "a document before a model with a single head",
        Config(n_embd=6, n_head=1, n_layer=1, block_size=4, init_std=0.3),
    ),
    (
        "deep-model",
        "a document before a model of eight layers, whose graph is deeper than some stacks",
        Config(n_embd=16, n_head=4, n_layer=8, block_size=2, init_std=0.15),
    ),
    (
        "heads-of-one",
        "a document before a model whose heads have one dimension",
        Config(n_embd=4, n_head=4, n_layer=1, block_size=16, init_std=0.3),
    ),
)
"""Models of other sizes; the weights are larger than initial ones, so that attention matters."""


def _units_at_0(weights: Weights) -> Weights:
    """The weights with every other hidden unit's row 0, so that it is exactly 0."""
    return {
        name: [[0.0] * len(row) if name.endswith("mlp_fc1") and index % 2 else row
               for index, row in enumerate(rows)]
        for name, rows in weights.items()
    }  # fmt: skip
