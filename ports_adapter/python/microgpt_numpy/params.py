"""Reading what several methods have in common: sizes, optimizer, weights, documents, draws."""

import random
from collections.abc import Mapping
from typing import Any

from .adam import Optimizer, State
from .expression import OPERATIONS, Node
from .fields import Fields
from .layers import Tensors
from .model import Sizes

PROFILE = "microgpt"

CONSTANTS = {"leaf": "value", "pow": "exponent"}
"""The field that holds an operation's constant, for those that have one."""

Shapes = Mapping[str, tuple[int, ...]]


def check_profile(params: Fields) -> None:
    """Refuse profiles that are not offered."""
    if params.text("profile") != PROFILE:
        raise params.wrong("profile", f"only {PROFILE} is offered")


def read_sizes(params: Fields) -> Sizes:
    """The model's shape."""
    check_profile(params)
    fields = params.fields("sizes")
    sizes = Sizes(
        n_embd=fields.integer("n_embd", minimum=1),
        n_head=fields.integer("n_head", minimum=1),
        n_layer=fields.integer("n_layer"),
        block_size=fields.integer("block_size", minimum=1),
    )
    if sizes.n_embd % sizes.n_head:
        raise fields.wrong("n_head", f"{sizes.n_head} heads do not divide {sizes.n_embd} evenly")
    return sizes


def read_model(params: Fields) -> tuple[Sizes, Tensors]:
    """The model's shape, and its weights, which must have that shape."""
    sizes = read_sizes(params)
    vocab_size = len(params.fields("weights").array("wte", None, sizes.n_embd))
    return sizes, read_tensors(params, "weights", sizes.weight_shapes(vocab_size))


def read_matrices(params: Fields, name: str) -> Tensors:
    """Whatever matrices there are."""
    fields = params.fields(name)
    return {tensor: fields.array(tensor, None, None) for tensor in fields.names()}


def read_tensors(params: Fields, name: str, shapes: Shapes) -> Tensors:
    """Matrices of the given names and shapes."""
    fields = params.fields(name)
    return {tensor: fields.array(tensor, *shape) for tensor, shape in shapes.items()}


def read_state(params: Fields, weights: Tensors) -> State:
    """The state of training: Adam's running means go with the weights."""
    m, v = (read_tensors(params, name, shapes_of(weights)) for name in ("m", "v"))
    return State(weights, m, v)


def shapes_of(tensors: Tensors) -> Shapes:
    """Names and shapes."""
    return {name: tensor.shape for name, tensor in tensors.items()}


def read_optimizer(params: Fields, min_steps: int = 1) -> Optimizer:
    """Adam's hyperparameters."""
    fields = params.fields("optimizer")
    return Optimizer(
        learning_rate=fields.number("learning_rate"),
        beta1=fields.number("beta1"),
        beta2=fields.number("beta2"),
        eps=fields.number("eps"),
        num_steps=fields.integer("num_steps", minimum=min_steps),
    )


def read_temperature(params: Fields) -> float:
    """What logits are divided by."""
    temperature = params.number("temperature")
    if temperature <= 0:
        raise params.wrong("temperature", "expected a number above 0")
    return temperature


def read_nodes(params: Fields) -> list[Node]:
    """An expression graph."""
    records = params.records("nodes")
    if not records:
        raise params.wrong("nodes", "expected at least one node")
    return [_read_node(record, index) for index, record in enumerate(records)]


def _read_node(record: Fields, index: int) -> Node:
    """The node that stands at `index`; its arguments stand before it."""
    op = record.text("op")
    if op not in OPERATIONS:
        raise record.wrong("op", f"expected one of {', '.join(OPERATIONS)}")
    arity, constant = OPERATIONS[op].arity, CONSTANTS.get(op)
    args = record.indices("args", below=index) if arity else []
    if len(args) != arity:
        raise record.wrong("args", f"{op} takes {arity}, got {len(args)}")
    return Node(op, args, [record.real(record.number(constant))] if constant else [])


def draw(generator: random.Random, record: Fields) -> list[Any]:
    """One draw from CPython's generator: `count` numbers, or a shuffled `range(count)`."""
    kind, count = record.text("draw"), record.integer("count")
    match kind:
        case "random":
            return [generator.random() for _ in range(count)]
        case "gauss":
            mean, std = record.number("mean"), record.number("std")
            return [generator.gauss(mean, std) for _ in range(count)]
        case "shuffle":
            deck = list(range(count))
            generator.shuffle(deck)
            return deck
        case "choices":
            weights = record.doubles("weights")
            if min(weights) < 0 or sum(weights) <= 0:
                raise record.wrong("weights", "expected none below 0, and not all 0")
            return [generator.choices(range(len(weights)), weights)[0] for _ in range(count)]
        case _:
            raise record.wrong("draw", "expected random, gauss, shuffle or choices")
