"""Builds a run's situations: from the golden trace, by hand at the edges, and freshly drawn."""

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from conformance.anatomy.golden_values import recorded_evaluation, recorded_state
from golden.budgets import Precision
from golden.trace import Trace, full_steps, state_before
from golden.trajectories import nearest_kink
from reference.config import Config
from reference.model import Weights, initial_weights

from .situation import Situation, between_special, letters_in, mapped

DRAWS = 100
"""How often to draw until rounding can decide nothing about what was drawn."""

FRESH = 2
FRESH_STD = 0.02

FACTORS = (3, 2, 1.5, 1.2, 1)
LARGEST_LOSS = 80.0
"""In nats. Below it, single precision has a number for the probability, however it is computed."""

STEEP = ("attn_wq", "attn_wk")

LARGER_VOCABULARY = 45

WITHOUT_HEADS = (
    ("larger-vocabulary", "of more than 27 tokens", (8, 1, 1, 16, 0.3)),
    ("narrow", "of width 6 and few positions", (6, 1, 1, 4, 0.3)),
)
WITH_HEADS = (
    ("larger-vocabulary", "of more than 27 tokens", (8, 2, 1, 16, 0.3)),
    ("two-layers", "of two layers", (8, 2, 2, 8, 0.3)),
    ("one-head", "with a single head", (6, 1, 1, 4, 0.3)),
    ("deep-model", "of eight layers, whose graph is deeper than some stacks", (16, 4, 8, 2, 0.15)),
    ("heads-of-one", "whose heads have one dimension", (4, 4, 1, 16, 0.3)),
)
OTHER_SIZES = {"counts": (), "mlp": WITHOUT_HEADS, "attention": WITHOUT_HEADS, "gpt": WITH_HEADS}
"""By the kind of model: name, description, and n_embd, n_head, n_layer, block_size and init_std.

The weights are larger than usual initial ones; with small ones attention hardly matters.
"""


@dataclass(frozen=True)
class SituationBuilder:
    """Builds situations around a trace, with weights that `precision` can represent.

    `warm` is the 0-based step whose recorded state they start from. Golden budgets are used
    only if the trace `is_published`.
    """

    trace: Trace
    warm: int
    precision: Precision
    is_published: bool

    def golden(self) -> Iterator[Situation]:
        """The steps that the trace records in full and of which it has the state before."""
        for step, full in full_steps(self.trace):
            state = state_before(self.trace, step.step)
            if state is None or step.step in (2, 3):
                continue
            temperature = "warm" if step.step >= self.warm else "cold"
            about = f"step {step.step + 1} of the golden trace, document {step.document!r}"
            name = f"{temperature}-step-{step.step + 1}"
            situation = self._of_document(name, about, state.weights, step.document)
            is_exact = self.precision == "float64"
            recorded = recorded_evaluation(step, full) if is_exact else None
            yield replace(
                situation, step=step.step if self.is_published else None, recorded=recorded
            )

    def by_hand(self) -> Iterator[Situation]:
        """Documents and weights at the edges."""
        warm = recorded_state(self.trace, self.warm).weights
        alphabet, block = "".join(self.trace.characters), self.trace.config.block_size
        cut = f"a document of {block} letters: the last target is cut off"
        for name, about, document in (
            ("empty-document", "a document without a letter: one position", ""),
            ("one-letter", "a document of one letter", "q"),
            ("repeated-letter", "one letter over and over: its row is used many times", "eeeeeee"),
            ("block-size", cut, alphabet[:block]),
            ("beyond-block-size", "a document of 26 letters, cut at the block size", alphabet),
            ("alternating", "two letters in turn", "nananananana"),
        ):
            yield self._of_document(name, about, warm, document)
        zeros = mapped(warm, lambda _: 0.0)
        yield self._of_document("zero-weights", "all weights 0: every token alike", zeros, "wren")
        yield self._large(warm)
        steep = warm | mapped({n: w for n, w in warm.items() if n.endswith(STEEP)}, times(40))
        if steep != warm:
            about = "attention scores beyond what exp can take, of either sign"
            yield self._of_document("steep-scores", about, steep, "owl")
        about = "hidden units at exactly 0"
        yield self._of_document("zero-units", about, _with_zero_units(warm), "owl")
        yield from self._other_sizes()

    def _other_sizes(self) -> Iterator[Situation]:
        for name, about, sizes in OTHER_SIZES[self.trace.config.model]:
            config = _resized(self.trace.config, *sizes)
            usual = self.trace.tokenizer.vocab_size
            vocab_size = LARGER_VOCABULARY if name == "larger-vocabulary" else usual
            weights = initial_weights(config, vocab_size, random.Random(name))
            count = letters_in(config, vocab_size)
            letters = [10, 8, 19, 19, 8, count - 4, 0, 10, count - 2]
            tokens = between_special(letters, config, vocab_size)
            about = f"a document before a model {about}"
            yield replace(self._of(name, about, config, weights, tokens), other_sizes=True)

    def _large(self, weights: Weights) -> Situation:
        """The largest weights with which single precision still has a number for each loss."""
        made = (
            self._of_document(
                "large-weights",
                f"weights {factor} times as large",
                mapped(weights, times(factor)),
                "kestrel",
            )
            for factor in FACTORS
        )
        return next(found for found in made if found.replay.losses.max() < LARGEST_LOSS)

    def fresh(self, seed: int) -> Iterator[Situation]:
        """Freshly drawn documents and weights, and a model of freshly drawn sizes."""
        for number in range(1, FRESH + 1):
            yield self._without_kink(f"{seed}/situation/{number}", f"fresh-{number}")
        yield self._without_kink(f"{seed}/sizes", "fresh-sizes")

    def _without_kink(self, seed: str, name: str) -> Situation:
        """The first situation drawn in which rounding cannot switch a ReLU."""
        generator = random.Random(seed)
        draw = self._fresh_sizes if name == "fresh-sizes" else self._fresh
        drawn = (draw(generator, name) for _ in range(DRAWS))
        return next(s for s in drawn if nearest_kink(s.replay, self.precision) is None)

    def _fresh(self, generator: random.Random, name: str) -> Situation:
        warm = recorded_state(self.trace, self.warm).weights
        weights = mapped(warm, lambda w: w + generator.gauss(0, FRESH_STD))
        letters = generator.choices(self.trace.characters, k=generator.randint(5, 14))
        about = "a document and weights drawn anew"
        return self._of_document(name, about, weights, "".join(letters))

    def _fresh_sizes(self, generator: random.Random, name: str) -> Situation:
        has_heads = self.trace.config.model == "gpt"
        n_head, vocab_size = generator.randint(1, 4), generator.randint(3, 40)
        config = _resized(
            self.trace.config,
            n_embd=n_head * generator.randint(1, 4),
            n_head=n_head if has_heads else 1,
            n_layer=generator.randint(1, 3) if has_heads else 1,
            block_size=generator.randint(3, 12),
            init_std=0.3,
        )
        weights = initial_weights(config, vocab_size, generator)
        length, count = generator.randint(1, 14), letters_in(config, vocab_size)
        letters = [generator.randrange(count) for _ in range(length)]
        tokens = between_special(letters, config, vocab_size)
        about = "a document before a model of sizes drawn anew"
        return replace(self._of(name, about, config, weights, tokens), other_sizes=True)

    def _of_document(self, name: str, about: str, weights: Weights, document: str) -> Situation:
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


def times(factor: float) -> Callable[[float], float]:
    """A function that multiplies by `factor`."""
    return lambda x: factor * x


def _resized(
    config: Config, n_embd: int, n_head: int, n_layer: int, block_size: int, init_std: float
) -> Config:
    return replace(
        config, n_embd=n_embd, n_head=n_head, n_layer=n_layer, block_size=block_size,
        init_std=init_std, init_std_out=None,
    )  # fmt: skip


def _with_zero_units(weights: Weights) -> Weights:
    """The weights with the row of every other hidden unit 0, which makes the unit exactly 0."""
    return {
        name: [[0.0] * len(row) if name.endswith("mlp_fc1") and index % 2 else row
               for index, row in enumerate(rows)]
        for name, rows in weights.items()
    }  # fmt: skip
