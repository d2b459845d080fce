"""Sampling cut into replaceable functions: the first token, probabilities, the end."""

from functools import partial

import reference.model
from reference.config import Config
from reference.model import Vector
from reference.sampling import Choose, NextLogits

from ..mistake import seam_patch


def sample_from(
    logits_after: NextLogits, bos: int, temperature: float, config: Config, choose: Choose
) -> list[int]:
    """The tokens of one sampled document, at most `block_size`."""
    tokens = [first_token(bos)]
    for _ in range(config.block_size):
        token = choose([node.data for node in heated(logits_after(tokens), temperature)])
        if ends(token, config.end_after(bos)):
            break
        tokens.append(token)
    return tokens[1:]


sample_with = partial(seam_patch, sample_from)
"""Sampling with some of this module's functions replaced, by name."""


def first_token(bos: int) -> int:
    """The token that a document starts from."""
    return bos


def heated(logits: Vector, temperature: float) -> Vector:
    """The probabilities `[vocab_size]` of the next token."""
    return reference.model.softmax([logit / temperature for logit in logits])


def ends(token: int, end: int) -> bool:
    """Whether a token ends the document."""
    return token == end
