"""Describes a smallest case in one sentence."""

import msgspec

from conformance.judging.divergence import Divergence
from ports_adapter.messages import (
    AdamParams,
    CrossEntropyParams,
    EvaluateParams,
    Message,
    ModelParams,
    SgdParams,
    Tensors,
    TrainParams,
)

from .expressions import formula, letters_of

LONGEST = 160
FEW = 6


def about(method: str, params: Message, divergence: Divergence | None, failure: str) -> str:
    """The question, then the expected and the port's number, or how the port failed."""
    asked = question(method, params)
    if divergence is None:
        return f"{asked}: {failure}"
    what = _part(params, divergence.pointer)
    return (
        f"{asked}: expected {_short(divergence.expected)} for {what}, got {_short(divergence.got)}"
    )


def question(method: str, params: Message) -> str:
    """The question in a few words."""
    match params:
        case EvaluateParams(nodes=nodes):
            leaves = [node.value for node in nodes if node.op == "leaf"]
            numbers = [f"{x} = {v:g}" for x, v in zip(letters_of(params), leaves, strict=True)]
            return _cut(f"{formula(params)} at {', '.join(numbers)}")
        case CrossEntropyParams():
            return _cut(f"cross_entropy of {_list(params.logits)} for target {params.target}")
        case ModelParams():
            asked = f"{method} of tokens {params.tokens} in a model with {_sizes(params)}"
            return asked + _where_not_0(weights=params.weights)
        case AdamParams():
            asked = f"adam, step {params.step + 1} of {params.optimizer.num_steps}"
            return asked + _where_not_0(
                weights=params.weights, m=params.m, v=params.v, grads=params.grads
            )
        case SgdParams():
            asked = f"gradient descent, step {params.step + 1} of {params.optimizer.num_steps}"
            return asked + _where_not_0(weights=params.weights, grads=params.grads)
        case TrainParams():
            steps = "1 step" if params.steps == 1 else f"{params.steps} steps"
            return _cut(f"train, {steps} on {params.documents} in a model with {_sizes(params)}")
        case _:
            parts = msgspec.to_builtins(params)
            shown = [f"{name} {_list(part)}" for name, part in parts.items()]
            return _cut(f"{method} of {', '.join(shown)}")


def _where_not_0(**parts: Tensors) -> str:
    """Words for the numbers that are not 0, if they are few."""
    found = [
        f"{part}/{name}/{i}/{j} = {number:g}"
        for part, tensors in parts.items()
        for name, rows in tensors.items()
        for i, row in enumerate(rows)
        for j, number in enumerate(row)
        if number
    ]
    if len(found) > FEW:
        return ""
    return f", all 0 except {', '.join(found)}" if found else ", all 0"


def _part(params: Message, pointer: str) -> str:
    """Words for a place in an answer, or its JSON Pointer."""
    if isinstance(params, EvaluateParams):
        if pointer == "/value":
            return "the value"
        index = pointer.rpartition("/")[2]
        if index.isdecimal():
            return f"the gradient of {letters_of(params)[int(index)]}"
    return pointer


def _sizes(params: ModelParams | TrainParams) -> str:
    sizes = params.sizes
    named = {name: getattr(sizes, name) for name in sizes.__struct_fields__}
    return ", ".join(f"{name} {size}" for name, size in named.items())


def _list(part: object) -> str:
    """Numbers without trailing zeros."""
    match part:
        case list():
            return f"[{', '.join(map(_list, part))}]"
        case float():
            return f"{part:g}"
        case _:
            return str(part)


def _short(number: str) -> str:
    """A number without `.0`, after "exactly" if it has no budget."""
    plain = number.removesuffix(" exactly")
    return ("exactly " if plain != number else "") + plain.removesuffix(".0")


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"
