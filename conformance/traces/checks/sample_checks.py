"""Judges samples: each token must be the one that its random number chooses."""

from collections.abc import Sequence

import numpy as np

from golden.budgets import Precision
from golden.numbers import Array
from reference.config import Config
from reference.tape.machine import Machine

CLEAR: dict[Precision, float] = {"float64": 1e-11, "float32": 1e-4}
"""A random number this near a border between two tokens may choose either."""


def wrong_choice(
    machine: Machine,
    weights: Array,
    tokens: Sequence[int],
    uniforms: Sequence[float],
    temperature: float,
    precision: Precision,
) -> str:
    """What is wrong with a sample, in words; empty if every token is right.

    Args:
        machine: computes the logits.
        weights: the weights it was sampled from.
        tokens: the sampled tokens, without the special ones around them.
        uniforms: the random numbers that chose them, one each, and one for the end.
        temperature: divides the logits.
        precision: in which the program computes.
    """
    config: Config = machine.config
    bos = machine.vocab_size - 1
    drawn = [*tokens, *([bos] if len(tokens) < config.block_size else [])]
    if len(tokens) > config.block_size:
        return f"{len(tokens)} tokens, more than the block size of {config.block_size}"
    if len(uniforms) < len(drawn):
        return (
            f"{len(drawn)} tokens were drawn, the special one included, by {len(uniforms)} uniforms"
        )
    for place, token in enumerate(drawn):
        logits = machine.logits(weights, [bos, *drawn[:place]]) / temperature
        shares = np.exp(logits - logits.max())
        ends = np.cumsum(shares / shares.sum())
        below = ends[token - 1] if token else 0.0
        if not below - CLEAR[precision] <= uniforms[place] <= ends[token] + CLEAR[precision]:
            right = int(np.searchsorted(ends, uniforms[place], side="right"))
            return (
                f"token {place} is {token}; the random number {uniforms[place]!r} chooses {right}"
            )
    return ""
