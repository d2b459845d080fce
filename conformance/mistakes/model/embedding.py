"""Mistakes in what goes into the model and comes out: tokens, positions, logits."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import reference.model
from conformance.anatomy.levels import Level
from reference.config import Config
from reference.model import Nodes, Tap, Vector

from ..mistake import Patch, mistake
from ..parts import without_tape
from ..seams import gpt_with, loss_with


@mistake(
    "Positions are counted from 1",
    what="The first position has the second row of wpe; the last has the first.",
    why="The language counts from 1, or the position was advanced before it was used.",
    mend="Give the first token, BOS, the row 0 of wpe.",
    level=Level.FORWARD,
    languages=("Lua", "Julia", "R", "MATLAB", "Fortran", "any"),
)
def positions_from_1() -> Patch:
    def position_of(position: int, weights: Nodes, config: Config) -> Vector:
        return weights["wpe"][(position + 1) % config.block_size]

    return gpt_with(position_of=position_of)


@mistake(
    "The position is always 0",
    what="Every token has the first row of wpe.",
    why="The position is not advanced, or each token is taken for a document of its own.",
    mend="Give the p-th token the p-th row of wpe.",
    level=Level.FORWARD,
    languages=("any",),
)
def position_constant() -> Patch:
    return gpt_with(position_of=lambda _position, weights, _config: weights["wpe"][0])


@mistake(
    "Positions are not used",
    what="The embedding is the token's row of wte alone.",
    why="The second half of the sum was forgotten.",
    mend="Add the position's row of wpe to the token's row of wte.",
    level=Level.FORWARD,
    languages=("any",),
)
def positions_missing() -> Patch:
    return gpt_with(embedding=lambda token, _p, weights, _c: [x * 1 for x in weights["wte"][token]])


@mistake(
    "Positions are sines and cosines",
    what="Fixed waves are added to the token's row in place of the row of wpe.",
    why="The first Transformer had them.",
    mend="Add the position's row of wpe, which is learned.",
    level=Level.FORWARD,
    languages=("any",),
)
def positions_of_waves() -> Patch:
    def embedding(token: int, position: int, weights: Nodes, config: Config) -> Vector:
        row = weights["wte"][token]
        angles = [position / 10000 ** ((i - i % 2) / config.n_embd) for i in range(len(row))]
        waves = [math.cos(a) if i % 2 else math.sin(a) for i, a in enumerate(angles)]
        return [x + wave for x, wave in zip(row, waves, strict=True)]

    return gpt_with(embedding=embedding)


@mistake(
    "Embeddings are scaled by the root of their size",
    what="The sum of the embeddings is multiplied by the root of n_embd. The norm undoes it, but "
    "for its epsilon, and gradients are smaller.",
    why="The first Transformer scaled its embeddings.",
    mend="Use the sum of the rows of wte and wpe as it is.",
    level=Level.FORWARD,
    languages=("any",),
)
def embedding_scaled() -> Patch:
    from .. import seams

    right = seams.embedding

    def embedding(token: int, position: int, weights: Nodes, config: Config) -> Vector:
        return [x * config.n_embd**0.5 for x in right(token, position, weights, config)]

    return gpt_with(embedding=embedding)


@mistake(
    "The output matrix is the token embedding",
    what="Logits are products with the rows of wte; lm_head is not used.",
    why="GPT-2 and an early revision of the program tie the two.",
    mend="Make logits with lm_head, a matrix of its own.",
    level=Level.FORWARD,
    languages=("any",),
)
def output_tied_to_the_embedding() -> Patch:
    return gpt_with(output=lambda x, weights, _config: reference.model.linear(x, weights["wte"]))


@mistake(
    "Tokens and positions are looked up in each other's table",
    what="wpe is asked for the token and wte for the position.",
    why="Two tables of one width are easily taken for each other.",
    mend="Look tokens up in wte and positions in wpe.",
    level=Level.FORWARD,
    languages=("any",),
)
def embedding_tables_swapped() -> Patch:
    def embedding(token: int, position: int, weights: Nodes, config: Config) -> Vector:
        without_tape(token)
        rows = len(weights["wte"])
        by_token = weights["wpe"][token % config.block_size]
        return reference.model.add(by_token, weights["wte"][position % rows])

    return gpt_with(embedding=embedding)


@mistake(
    "Documents are not cut at the block size",
    what="Positions beyond the block size are computed, too; their rows of wpe are whatever lies "
    "behind it in memory.",
    why="No document of names.txt is long enough to show it.",
    mend="Use min(block_size, tokens - 1) positions.",
    level=Level.FORWARD,
    languages=("C", "C++", "any"),
)
def block_size_not_applied() -> Patch:
    def position_of(position: int, weights: Nodes, config: Config) -> Vector:
        beyond = position - config.block_size
        if beyond < 0:
            return weights["wpe"][position]
        behind = weights["wte" if config.tied else "lm_head"]
        return behind[beyond % len(behind)]

    return {
        **gpt_with(position_of=position_of),
        **loss_with(positions=lambda tokens, _config: len(tokens) - 1),
    }


@mistake(
    "The block size counts tokens, not predictions",
    what="A document is cut to block_size tokens, BOS included: one position too few.",
    why="The cut is made before inputs and targets are separated.",
    mend="Use min(block_size, tokens - 1) positions, so up to block_size + 1 tokens.",
    level=Level.FORWARD,
    languages=("any",),
)
def block_size_counts_tokens() -> Patch:
    def positions(tokens: Sequence[int], config: Config) -> int:
        return min(config.block_size, len(tokens)) - 1

    return loss_with(positions=positions)


@mistake(
    "A long document loses its beginning",
    what="Of a document beyond the block size the last letters are used, not the first.",
    why="The context is a window that slides, as where text is generated.",
    mend="Use the first block_size positions.",
    level=Level.FORWARD,
    languages=("any",),
)
def block_of_the_last_tokens() -> Patch:
    from .. import seams

    right_logits, right_target = seams.logits_of, seams.target
    cut = 0

    def positions(tokens: Sequence[int], config: Config) -> int:
        nonlocal cut
        cut = max(0, len(tokens) - 1 - config.block_size)
        return len(tokens) - 1 - cut

    def logits_of(
        weights: Nodes, tokens: Sequence[int], n: int, config: Config, tap: Tap
    ) -> list[Vector]:
        return right_logits(weights, tokens[cut:], n, config, tap)

    def target(tokens: Sequence[int], position: int) -> int:
        return right_target(tokens, position + cut)

    return loss_with(positions=positions, logits_of=logits_of, target=target)


@mistake(
    "Only the first layer is computed",
    what="The model has one layer, whatever n_layer says.",
    why="The published model has one, and the loop was left out.",
    mend="Run every layer, each with its own weights and its own keys and values.",
    level=Level.FORWARD,
    languages=("any",),
    twins={
        "layers-share-weights": "Change a weight of the second layer: nothing follows from it in "
        "either; change one of the first: with a loop, it counts once for each layer.",
    },
)
def one_layer_only() -> Patch:
    right = reference.model.gpt

    def gpt(
        token: int, position: int, cache: Any, weights: Nodes, config: Config, *rest: Any
    ) -> Vector:
        return right(token, position, cache, weights, replace(config, n_layer=1), *rest)

    return {"gpt": gpt}


@mistake(
    "All layers use the first layer's weights",
    what="The loop runs, and takes layer 0's matrices each time.",
    why="The published model has one layer, and the 0 was not replaced by the loop's number.",
    mend="Take the matrices of the layer that is computed.",
    level=Level.FORWARD,
    languages=("any",),
)
def layers_share_weights() -> Patch:
    right = reference.model.gpt

    def gpt(
        token: int, position: int, cache: Any, weights: Nodes, config: Config, *rest: Any
    ) -> Vector:
        shared = dict(weights)
        for name in weights:
            if name.startswith("layer"):
                shared[name] = weights["layer0." + name.partition(".")[2]]
        return right(token, position, cache, shared, config, *rest)

    return {"gpt": gpt}
