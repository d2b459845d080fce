"""Mistakes in the gradient of the embeddings, which is a sum over the positions of each token."""

import reference.model
from conformance.anatomy.levels import Level
from reference.config import Config
from reference.model import Nodes, Vector

from ..mistake import Patch, mistake_at
from ..parts import constants, without_tape
from ..seams.model import gpt_with

backward_mistake = mistake_at(Level.BACKWARD)


@backward_mistake(
    "A repeated token's embedding gradient is overwritten",
    what="If a letter occurs several times, only its first occurrence counts in the gradient of "
    "wte.",
    why="The row is written with `=` while the positions are walked backwards.",
    mend="Accumulate: dL/dwte[token] is the sum over all positions of that token.",
    languages=("written by hand", "C", "Rust", "Swift", "NumPy"),
)
def embedding_gradient_overwritten() -> Patch:
    seen: set[int] = set()

    def embedding(token: int, position: int, weights: Nodes, _config: Config) -> Vector:
        without_tape(token)
        if position == 0:
            seen.clear()
        row = list(weights["wte"][token])
        row = constants(row) if token in seen else row
        seen.add(token)
        return reference.model.add(row, weights["wpe"][position])

    return gpt_with(embedding=embedding)


@backward_mistake(
    "Of a repeated token, `grad[tokens] += g` keeps the last gradient only",
    what="If a letter occurs several times, only its last occurrence counts in the gradient of "
    "wte.",
    why="With an array of indices, NumPy and PyTorch read all rows, add, and write the rows one "
    "after the other: of equal indices, the last one remains.",
    mend="Use np.add.at(grad, tokens, g), or grad.index_add_(0, tokens, g) in PyTorch.",
    languages=("NumPy", "PyTorch"),
)
def embedding_gradient_of_last_occurrence() -> Patch:
    latest: dict[int, Vector] = {}

    def embedding(token: int, position: int, weights: Nodes, _config: Config) -> Vector:
        without_tape(token)
        if position == 0:
            latest.clear()
        for node in latest.get(token, ()):  # the row is the first child of each sum
            node.children, node.local_grads = node.children[1:], node.local_grads[1:]
        latest[token] = reference.model.add(weights["wte"][token], weights["wpe"][position])
        return latest[token]

    return gpt_with(embedding=embedding)
