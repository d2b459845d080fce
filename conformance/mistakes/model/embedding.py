"""Mistakes in the model's input and output: tokens, positions, block size, layers, logits."""

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import reference.model
from conformance.anatomy.levels import Level
from reference.config import Config
from reference.model import Nodes, Tap, Vector

from ..mistake import Patch, mistake_at
from ..parts import without_tape
from ..patch_of_function import around, given_to
from ..seams import model, training
from ..seams.model import gpt_with
from ..seams.training import loss_with

mistake = mistake_at(Level.FORWARD)


@mistake(
    "Positions are counted from 1",
    what="Position p uses row p + 1 of wpe, and the last position uses row 0.",
    why="The language counts from 1, or the position is incremented before it is used.",
    mend="Use row 0 of wpe for the first token, BOS.",
    languages=("Lua", "Julia", "R", "MATLAB", "Fortran", "any"),
)
@given_to(gpt_with, "position_of")
def positions_from_1(position: int, weights: Nodes, config: Config) -> Vector:
    return weights["wpe"][(position + 1) % config.block_size]


@mistake(
    "The position is always 0",
    what="Every token uses row 0 of wpe.",
    why="The position is never incremented, or each token is treated as a document by itself.",
    mend="Use row p of wpe for the token at position p.",
)
def position_constant() -> Patch:
    return gpt_with(position_of=lambda _position, weights, _config: weights["wpe"][0])


@mistake(
    "The position embedding is not added",
    what="The input is wte[token] instead of wte[token] + wpe[position].",
    why="The second term of the sum was forgotten.",
    mend="Add wpe[position] to wte[token].",
)
def positions_missing() -> Patch:
    return gpt_with(embedding=lambda token, _p, weights, _c: [x * 1 for x in weights["wte"][token]])


@mistake(
    "Positions are sines and cosines",
    what="Fixed sine and cosine waves are added to wte[token] instead of wpe[position].",
    why="The original Transformer encodes positions this way.",
    mend="Add wpe[position], whose rows are trained.",
)
@given_to(gpt_with, "embedding")
def positions_of_waves(token: int, position: int, weights: Nodes, config: Config) -> Vector:
    row = weights["wte"][token]
    angles = [position / 10000 ** ((i - i % 2) / config.n_embd) for i in range(len(row))]
    waves = [math.cos(a) if i % 2 else math.sin(a) for i, a in enumerate(angles)]
    return [x + wave for x, wave in zip(row, waves, strict=True)]


@mistake(
    "Embeddings are multiplied by sqrt(n_embd)",
    what="The input is (wte[token] + wpe[position]) * sqrt(n_embd). RMSNorm removes the factor "
    "except for its epsilon, and the gradients become smaller.",
    why="The original Transformer scales its embeddings.",
    mend="Do not scale wte[token] + wpe[position].",
)
def embedding_scaled() -> Patch:
    original = model.embedding

    def embedding(token: int, position: int, weights: Nodes, config: Config) -> Vector:
        return [x * config.n_embd**0.5 for x in original(token, position, weights, config)]

    return gpt_with(embedding=embedding)


@mistake(
    "The output matrix is the token embedding",
    what="Logits are computed with wte; lm_head is not used.",
    why="GPT-2 and an early revision of the program share one matrix for both.",
    mend="Compute the logits with lm_head, a matrix of its own.",
)
def output_tied_to_the_embedding() -> Patch:
    return gpt_with(output=lambda x, weights, _config: reference.model.linear(x, weights["wte"]))


@mistake(
    "The embedding tables are swapped",
    what="The token selects a row of wpe, and the position selects a row of wte.",
    why="Two tables of the same width are easily confused.",
    mend="Look up tokens in wte and positions in wpe.",
)
@given_to(gpt_with, "embedding")
def embedding_tables_swapped(token: int, position: int, weights: Nodes, config: Config) -> Vector:
    without_tape(token)
    rows = len(weights["wte"])
    by_token = weights["wpe"][token % config.block_size]
    return reference.model.add(by_token, weights["wte"][position % rows])


@mistake(
    "Long documents are not cut at block_size",
    what="Positions beyond block_size are computed too, with whatever memory follows wpe as their "
    "rows.",
    why="No document in names.txt is long enough to reveal it.",
    mend="Use min(block_size, number of tokens - 1) positions.",
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
    "block_size limits the tokens, not the predictions",
    what="A long document keeps block_size tokens, BOS included, and so loses one position.",
    why="The document is cut before it is split into inputs and targets.",
    mend="Use min(block_size, number of tokens - 1) positions, hence up to block_size + 1 tokens.",
)
def block_size_counts_tokens() -> Patch:
    return loss_with(positions=lambda tokens, config: min(config.block_size, len(tokens)) - 1)


@mistake(
    "A long document loses its beginning",
    what="The last block_size positions are used instead of the first.",
    why="The context is a sliding window, as in text generation.",
    mend="Use the first block_size positions.",
)
def block_of_the_last_tokens() -> Patch:
    original_logits, original_target = training.logits_of, training.target
    cut = 0

    def positions(tokens: Sequence[int], config: Config) -> int:
        nonlocal cut
        cut = max(0, len(tokens) - 1 - config.block_size)
        return len(tokens) - 1 - cut

    def logits_of(
        weights: Nodes, tokens: Sequence[int], n: int, config: Config, tap: Tap
    ) -> list[Vector]:
        return original_logits(weights, tokens[cut:], n, config, tap)

    def target(tokens: Sequence[int], position: int) -> int:
        return original_target(tokens, position + cut)

    return loss_with(positions=positions, logits_of=logits_of, target=target)


@mistake(
    "Only the first layer is computed",
    what="The model has one layer, whatever n_layer says.",
    why="The published model has one layer, and the loop was left out.",
    mend="Run all n_layer layers, each with its own weights, keys and values.",
    twins={
        "layers-share-weights": "Change a weight of layer 0. If there is no loop, it takes effect "
        "once; if all layers share weights, once per layer. A weight of layer 1 has no effect in "
        "either.",
    },
)
@around("gpt")
def one_layer_only(original: Callable[..., Vector], *asked: Any) -> Vector:
    token, position, cache, weights, config, *rest = asked
    return original(token, position, cache, weights, replace(config, n_layer=1), *rest)


@mistake(
    "All layers use the weights of layer 0",
    what="The loop runs n_layer times but always uses the matrices of layer 0.",
    why="The published model has one layer, and its 0 was not replaced by the loop variable.",
    mend="Use the matrices of the layer that is being computed.",
)
@around("gpt")
def layers_share_weights(original: Callable[..., Vector], *asked: Any) -> Vector:
    token, position, cache, weights, *rest = asked
    shared = dict(weights)
    for name in weights:
        if name.startswith("layer"):
            shared[name] = weights["layer0." + name.partition(".")[2]]
    return original(token, position, cache, shared, *rest)
