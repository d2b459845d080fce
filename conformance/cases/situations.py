"""What the model is asked about: weights and a document, from the goldens, by hand, or fresh."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from golden.trace import Trace, full_steps, state_before
from ports_adapter.messages import ModelParams
from reference.adam import State
from reference.config import Config
from reference.model import Weights, initial_weights
from reference.training import Evaluation, evaluate

from ..oracle import as_json, sizes_of
from ..recorded import recorded_evaluation, recorded_state

FRESH = 2


@dataclass(frozen=True)
class Situation:
    """One document before a model in some state.

    `recorded` replaces what is computed live by what a golden trace holds of it.
    """

    name: str
    about: str
    profile: str
    config: Config
    weights: Weights
    tokens: Sequence[int]
    recorded: Evaluation | None = None
    other_sizes: bool = False

    @cached_property
    def evaluation(self) -> Evaluation:
        """What the canonical program makes of it: golden where recorded, and intermediates."""
        live = evaluate(self.weights, self.tokens, self.config)
        if self.recorded is None:
            return live
        return replace(
            self.recorded,
            intermediates=live.intermediates,
            intermediate_grads=live.intermediate_grads,
        )

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
    each: tuple[Situation, ...]

    @classmethod
    def of(cls, trace: Trace, seed: int) -> Situations:
        """Situations around a trace; the fresh ones are drawn from `seed`."""
        warm = max(step.step for step, _ in full_steps(trace)) - 1
        builder = _Builder(trace, warm)
        return cls(trace, warm, (*builder.golden(), *builder.by_hand(), *builder.fresh(seed)))

    @property
    def warm_state(self) -> State:
        """The state before the trace's warm step."""
        return recorded_state(self.trace, self.warm)


@dataclass(frozen=True)
class _Builder:
    trace: Trace
    warm: int

    def _situation(self, name: str, about: str, weights: Weights, document: str) -> Situation:
        bos = len(self.trace.characters)
        tokens = [bos, *(self.trace.characters.index(char) for char in document), bos]
        return Situation(name, about, self.trace.profile, self.trace.config, weights, tokens)

    def golden(self) -> Iterator[Situation]:
        """The steps that the trace records in full and knows the state before."""
        for step, full in full_steps(self.trace):
            state = state_before(self.trace, step.step)
            if state is None or step.step in (2, 3):
                continue
            temperature = "warm" if step.step >= self.warm else "cold"
            about = f"step {step.step + 1} of the golden trace, document {step.document!r}"
            yield replace(
                self._situation(
                    f"{temperature}-step-{step.step + 1}", about, state.weights, step.document
                ),
                recorded=recorded_evaluation(step, full),
            )

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
            yield Situation(
                name, about, self.trace.profile, config, weights, tokens, other_sizes=True
            )

    def fresh(self, seed: int) -> Iterator[Situation]:
        """Documents and weights that no port can know beforehand."""
        warm = recorded_state(self.trace, self.warm).weights
        for number in range(1, FRESH + 1):
            generator = random.Random(f"{seed}/situation/{number}")
            weights = {
                name: [[w + generator.gauss(0, 0.02) for w in row] for row in rows]
                for name, rows in warm.items()
            }
            letters = generator.choices(self.trace.characters, k=generator.randint(5, 14))
            about = "a document and weights drawn anew"
            yield self._situation(f"fresh-{number}", about, weights, "".join(letters))


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
