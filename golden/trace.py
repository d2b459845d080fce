"""The data model of a golden trace: one run, every step in brief and chosen steps in full.

Places inside a trace are JSON Pointers (RFC 6901): `/steps/0/grads/layer0.attn_wq/5/2`.
"""

import math
from collections.abc import Iterator
from typing import Any, Literal

import msgspec
from msgspec import UNSET, Struct, UnsetType

from reference.config import Config
from reference.model import Weights
from reference.state import State
from reference.tokenizer import Tokenizer
from reference.training import initial_state

from .json_documents import decoded

SCHEMA_VERSION: Literal[1] = 1

Number = float | Literal["NaN", "Infinity", "-Infinity"]
Matrix = list[list[Number]]
Tensors = dict[str, Matrix]


class TracedCorpus(Struct, frozen=True):
    """Which documents were trained on: the file's name, its SHA-256, and how many it holds."""

    name: str
    sha256: str
    num_docs: int


class FullStep(Struct, frozen=True):
    """Everything that a chosen step computes.

    `logits` is `[positions][vocab_size]`, `losses` is `[positions]` in nats. `grads`, and `m`,
    `v` and `weights` after the update, are matrices by their `state_dict` names.
    """

    logits: Matrix
    losses: list[Number]
    grads: Tensors
    m: Tensors
    v: Tensors
    weights: Tensors


class TracedStep(Struct, frozen=True):
    """A step, 0-based: what every step records, and for a chosen one the fields of `FullStep`.

    The norms are Euclidean over all scalars; `weight_norm` is taken after the update.
    """

    step: int
    document: str
    tokens: list[int]
    learning_rate: float
    loss: Number
    grad_norm: Number
    weight_norm: Number
    logits: Matrix | UnsetType = UNSET
    losses: list[Number] | UnsetType = UNSET
    grads: Tensors | UnsetType = UNSET
    m: Tensors | UnsetType = UNSET
    v: Tensors | UnsetType = UNSET
    weights: Tensors | UnsetType = UNSET

    def full(self) -> FullStep | None:
        """All fields, or None if this step is not recorded in full."""
        fields = {name: getattr(self, name) for name in FullStep.__struct_fields__}
        return None if UNSET in fields.values() else FullStep(**fields)


class Trace(Struct, frozen=True, kw_only=True):
    """A run from a seed and a corpus to its samples."""

    schema_version: Literal[1] = SCHEMA_VERSION
    profile: str
    config: Config
    seed: int
    corpus: TracedCorpus
    characters: list[str]
    initial_weights: Tensors
    steps: list[TracedStep]
    samples: list[str]

    @property
    def tokenizer(self) -> Tokenizer:
        """The tokenizer of the corpus."""
        return Tokenizer(tuple(self.characters), self.config.special_tokens)


def number(x: float) -> Number:
    """A float for JSON: a number that is not finite becomes a string."""
    if math.isfinite(x):
        return x
    if math.isnan(x):
        return "NaN"
    return "Infinity" if x > 0 else "-Infinity"


def encode(trace: Trace) -> bytes:
    """The trace as JSON, one line for each step, floats as shortest round-trip decimals."""
    head = msgspec.json.encode(msgspec.structs.replace(trace, steps=[], samples=[]))
    steps = b",\n".join(msgspec.json.encode(step) for step in trace.steps)
    samples = msgspec.json.encode(trace.samples)
    head = head.removesuffix(b'"steps":[],"samples":[]}')
    return head + b'\n"steps":[\n' + steps + b'\n],\n"samples":' + samples + b"}\n"


def decode(content: bytes) -> Trace:
    """The trace in JSON.

    Raises:
        msgspec.DecodeError: the bytes are not JSON, or not a trace of this schema version.
    """
    return decoded(content, Trace)


def full_steps(trace: Trace) -> Iterator[tuple[TracedStep, FullStep]]:
    """The steps recorded in full, in order."""
    for step in trace.steps:
        if (full := step.full()) is not None:
            yield step, full


def recorded_tensors(trace: Trace) -> Iterator[tuple[str, Any]]:
    """All recorded tensors, each with its JSON Pointer, in order."""
    yield from ((f"/initial_weights/{name}", w) for name, w in trace.initial_weights.items())
    for step in trace.steps:
        at = f"/steps/{step.step}"
        yield f"{at}/loss", step.loss
        if (full := step.full()) is not None:
            yield f"{at}/logits", full.logits
            yield f"{at}/losses", full.losses
            for part in ("grads", "m", "v", "weights"):
                for name, matrix in getattr(full, part).items():
                    yield f"{at}/{part}/{name}", matrix


def state_before(trace: Trace, step: int) -> State | None:
    """The state from which the 0-based `step` starts, or None if the trace does not hold it.

    A trace holds it for the first step, and for steps after one that is recorded in full.
    """
    if step == 0:
        return initial_state(floats(trace.initial_weights), trace.config)
    full = trace.steps[step - 1].full()
    if full is None:
        return None
    return State(step, floats(full.weights), floats(full.m), floats(full.v))


def floats(tensors: Tensors) -> Weights:
    """Named matrices whose strings are converted to floats."""
    return {name: [[float(x) for x in row] for row in matrix] for name, matrix in tensors.items()}
