"""The levels, in the order in which a port is written, and what each builds on."""

from __future__ import annotations

from enum import StrEnum


class Level(StrEnum):
    """A part of a port that is judged by itself, from correct inputs."""

    PROTOCOL = "protocol"
    TOKENIZER = "tokenizer"
    AUTOGRAD = "autograd"
    LAYERS = "layers"
    FORWARD = "forward"
    BACKWARD = "backward"
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
    Level.ADAM: (),
    Level.TRAIN: (Level.BACKWARD, Level.ADAM),
    Level.RANDOM: (),
    Level.SAMPLE: (Level.FORWARD,),
    Level.REPLICATE: (Level.TOKENIZER, Level.TRAIN, Level.RANDOM, Level.SAMPLE),
}
"""What goes wrong in a level may come from these; a failure there taints it."""


def upstream(level: Level) -> set[Level]:
    """Every level that `level` builds on, directly or not."""
    direct = BUILT_ON[level]
    return set(direct).union(*(upstream(below) for below in direct))
