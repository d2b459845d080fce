"""Stage `train0`: a table of how often each token followed each other one.

`counts[i][j]` says how often token `j` came after token `i`; one more is added to every count,
so that nothing is impossible.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

from .evaluation import Evaluation, mean
from .model import Floats, Weights
from .state import State
from .tokenizer import Tokenizer

COUNTS = "counts"


def no_counts(vocab_size: int) -> Weights:
    """The table before anything was seen, `[vocab_size][vocab_size]`."""
    return {COUNTS: [[0.0] * vocab_size for _ in range(vocab_size)]}


def probabilities(counts: Floats, token: int) -> list[float]:
    """Of every token after `token`: `[vocab_size]`."""
    row = counts[token]
    total = sum(row) + len(row)
    return [(count + 1) / total for count in row]


def evaluate(weights: Weights, tokens: Sequence[int]) -> Evaluation:
    """The loss of one document, before it is counted."""
    seen = [probabilities(weights[COUNTS], token) for token in tokens[:-1]]
    losses = [-math.log(row[target]) for row, target in zip(seen, tokens[1:], strict=True)]
    return Evaluation([], losses, mean(losses), {}, {"probabilities": seen}, {})


def count(state: State, tokens: Sequence[int]) -> State:
    """The state after a document's pairs of neighbours were counted."""
    counts = [list(row) for row in state.weights[COUNTS]]
    for token, target in pairwise(tokens):
        counts[token][target] += 1
    return State(state.step + 1, {COUNTS: counts}, state.m, state.v)


def most_frequent(weights: Weights, tokenizer: Tokenizer, number: int) -> list[tuple[str, int]]:
    """The pairs that were seen most often, and how often; a document's end is a dot."""

    def shown(token: int) -> str:
        return "." if token in (tokenizer.bos, tokenizer.eos) else tokenizer.decode([token])

    pairs = [
        (shown(i) + shown(j), int(count))
        for i, row in enumerate(weights[COUNTS])
        for j, count in enumerate(row)
        if count
    ]
    return sorted(pairs, key=lambda pair: -pair[1])[:number]
