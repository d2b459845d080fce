"""The records of a trace: what a program writes, a line each, while it trains and samples.

The JSON Schema of a record is published as `trace.schema.json`, the format is described in
docs/reference/trace.md. Fields are named as in the golden traces.
"""

from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from golden.budgets import Precision

Size = Annotated[int, Meta(ge=1, le=2**20)]
Token = Annotated[int, Meta(ge=0, le=2**20)]
Document = Annotated[list[Token], Meta(min_length=2)]
NotNegative = Annotated[float, Meta(ge=0)]
Positive = Annotated[float, Meta(gt=0)]
Share = Annotated[float, Meta(ge=0, lt=1)]
Tensors = Any
"""A flat list of all numbers, in the order of `order`, or an object of matrices by name."""


class Head(Struct, frozen=True, kw_only=True):
    """The first record: the sizes, and the weights before the first step.

    What is absent is that of the published program, or follows from the shapes of the weights.
    """

    trace: Annotated[Literal[1], Meta(description="The version of this format: 1.")]
    name: Annotated[str, Meta(description="The name of the program.")] = ""
    language: str = ""
    n_layer: Size | UnsetType = UNSET
    n_embd: Size | UnsetType = UNSET
    n_head: Size | UnsetType = UNSET
    block_size: Size | UnsetType = UNSET
    vocab: Annotated[
        str | list[str] | Size | UnsetType,
        Meta(description="The characters in the order of their tokens, or the number of tokens."),
    ] = UNSET
    num_steps: Annotated[
        Size | UnsetType, Meta(description="Over how many steps the learning rate decays.")
    ] = UNSET
    learning_rate: Annotated[
        Positive | UnsetType, Meta(description="The initial learning rate.")
    ] = UNSET
    beta1: Share | UnsetType = UNSET
    beta2: Share | UnsetType = UNSET
    eps: Positive | UnsetType = UNSET
    schedule: Annotated[
        Literal["linear", "cosine", "constant"] | UnsetType,
        Meta(description="How the learning rate decays."),
    ] = UNSET
    init_std: Annotated[Positive | UnsetType, Meta(description="Of the initial weights.")] = UNSET
    init_std_out: Annotated[
        NotNegative | UnsetType,
        Meta(description="Of attn_wo and mlp_fc2, if theirs is another."),
    ] = UNSET
    activation: Annotated[
        Literal["relu", "squared_relu", "gelu"] | UnsetType, Meta(description="Of the MLP.")
    ] = UNSET
    precision: Annotated[
        Precision | UnsetType,
        Meta(description="In which the program computes, if its numbers show a finer one."),
    ] = UNSET
    first_step: Annotated[
        Literal[0, 1] | UnsetType, Meta(description="The number of the first training step.")
    ] = UNSET
    order: Annotated[
        list[str] | UnsetType, Meta(description="The matrices in the order of flat lists.")
    ] = UNSET
    weights: Annotated[Tensors, Meta(description="Before the first step.")] = UNSET


class StepRecord(Struct, frozen=True, kw_only=True):
    """A training step, or a part of it: records of the same step are joined.

    `tokens` up to `grads` belong to the weights before the step; `m`, `v` and `weights` are
    those after it. `grads` are read before they are cleared.
    """

    step: Annotated[int, Meta(ge=0, le=2**40, description="Its number, from 0 or from 1 on.")]
    document: Annotated[str | UnsetType, Meta(description="The text that it learns from.")] = UNSET
    tokens: Annotated[Document | UnsetType, Meta(description="Special tokens included.")] = UNSET
    intermediates: Annotated[
        Any, Meta(description="Values on the way to the logits by name, `[positions][…]`.")
    ] = UNSET
    logits: Annotated[Any, Meta(description="`[positions][vocabulary]`.")] = UNSET
    losses: Annotated[Any, Meta(description="Of each position, in nats.")] = UNSET
    loss: Annotated[Any, Meta(description="The mean of `losses`.")] = UNSET
    intermediate_grads: Annotated[
        Any, Meta(description="Of `loss`, by the intermediates, by name.")
    ] = UNSET
    grads: Annotated[Tensors, Meta(description="Of `loss`, by the weights.")] = UNSET
    learning_rate: Annotated[Any, Meta(description="That of this step.")] = UNSET
    m: Annotated[Tensors, Meta(description="Adam's first moment after the step.")] = UNSET
    v: Annotated[Tensors, Meta(description="Adam's second moment after the step.")] = UNSET
    weights: Annotated[Tensors, Meta(description="After the step.")] = UNSET


class SampleRecord(Struct, frozen=True, kw_only=True):
    """A document sampled from the weights after the last recorded step."""

    sample: Annotated[int, Meta(ge=0, le=2**40)]
    tokens: Annotated[
        list[Token] | UnsetType, Meta(description="Without the special tokens around them.")
    ] = UNSET
    uniforms: Annotated[
        list[float] | UnsetType,
        Meta(description="The random numbers in [0, 1) that chose the tokens, in order."),
    ] = UNSET
    temperature: Positive | UnsetType = UNSET


Record = Head | StepRecord | SampleRecord

KINDS: dict[str, type[Head] | type[StepRecord] | type[SampleRecord]] = {
    "trace": Head,
    "step": StepRecord,
    "sample": SampleRecord,
}
"""The kinds of records, by the field that each of them has."""

INTERMEDIATES = ("intermediates", "intermediate_grads")
"""The parts of a step that are objects of values by name, ragged where they are by head."""

STEP_PARTS = tuple(name for name in StepRecord.__struct_fields__ if name != "step")
"""The parts of a step, in the order in which they are computed."""


def fields_of(kind: type[Struct]) -> tuple[str, ...]:
    """The names of a record's fields."""
    return kind.__struct_fields__


def schema() -> bytes:
    """The JSON Schema of a record, as it is published."""
    documents, definitions = msgspec.json.schema_components(
        tuple(KINDS.values()), ref_template="#/$defs/{name}"
    )
    document = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A record of a trace: one line of JSON",
        "anyOf": list(documents),
        "$defs": definitions,
    }
    return msgspec.json.format(msgspec.json.encode(document), indent=1) + b"\n"
