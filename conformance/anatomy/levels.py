"""The levels of a port, in the order in which people write them, and what each builds on."""

from collections.abc import Collection
from enum import StrEnum


class Level(StrEnum):
    """A part of a port that is judged separately, from correct inputs."""

    PROTOCOL = "protocol"
    TOKENIZER = "tokenizer"
    AUTOGRAD = "autograd"
    LAYERS = "layers"
    FORWARD = "forward"
    BACKWARD = "backward"
    SGD = "sgd"
    ADAM = "adam"
    TRAIN = "train"
    RANDOM = "random"
    SAMPLE = "sample"
    REPLICATE = "replicate"


BUILT_ON: dict[Level, tuple[Level, ...]] = {
    Level.PROTOCOL: (),
    Level.TOKENIZER: (),
    Level.AUTOGRAD: (),
    Level.LAYERS: (Level.AUTOGRAD,),
    Level.FORWARD: (Level.LAYERS,),
    Level.BACKWARD: (Level.FORWARD,),
    Level.SGD: (),
    Level.ADAM: (),
    Level.TRAIN: (Level.BACKWARD, Level.SGD, Level.ADAM),
    Level.RANDOM: (),
    Level.SAMPLE: (Level.FORWARD,),
    Level.REPLICATE: (Level.TOKENIZER, Level.TRAIN, Level.RANDOM, Level.SAMPLE),
}
"""The levels whose failures may cause failures in a level, and so taint it."""


def upstream(level: Level) -> set[Level]:
    """Every level that `level` builds on, directly or not."""
    direct = BUILT_ON[level]
    return set(direct).union(*(upstream(below) for below in direct))


METHODS: dict[Level, tuple[str, ...]] = {
    Level.PROTOCOL: ("initialize", "shutdown"),
    Level.TOKENIZER: ("tokenize",),
    Level.AUTOGRAD: ("evaluate",),
    Level.LAYERS: ("linear", "softmax", "rmsnorm", "attention", "mlp", "cross_entropy"),
    Level.FORWARD: ("forward",),
    Level.BACKWARD: ("backward",),
    Level.SGD: ("sgd",),
    Level.ADAM: ("adam",),
    Level.TRAIN: ("train",),
    Level.RANDOM: ("random",),
    Level.SAMPLE: ("sample",),
    Level.REPLICATE: ("replicate",),
}
"""The methods that the cases of a level ask, in the order in which people write them."""


def next_methods(
    offered: Collection[str],
    levels: Collection[Level] = tuple(Level),
    methods: Collection[str] | None = None,
) -> tuple[tuple[Level, str], ...]:
    """The method that a port's author should write next, with its level; empty if none is missing.

    A port does not need a scalar autograd. So the next method after `evaluate` is suggested
    with it, and `evaluate` is not suggested to a port that has later methods.

    Args:
        offered: the methods that the port has.
        levels: suggest only methods of these levels.
        methods: the methods that the program has; None means all methods.
    """
    due = [
        (level, name)
        for level, names in METHODS.items()
        if level in levels and level is not Level.PROTOCOL
        for name in names
        if methods is None or name in methods
    ]
    missing = [(level, name) for level, name in due if name not in offered]
    if not missing or missing[0][0] is not Level.AUTOGRAD:
        return tuple(missing[:1])
    has_gone_past = len(missing) < len(due[due.index(missing[0]) :])
    return tuple(missing[1:2] if has_gone_past else missing[:2])
