"""Mistakes in the loss, its mean and its targets."""

import math
from collections.abc import Callable, Sequence
from typing import Any

import reference.model
import reference.training
from conformance.anatomy.levels import Level
from reference.config import Config
from reference.model import Vector
from reference.value import Value

from ..mistake import Patch, mistake_at
from ..parts import constants, with_gradient_of
from ..patch_of_function import around, given_to
from ..seams import training
from ..seams.training import loss_with

layers_mistake = mistake_at(Level.LAYERS)
backward_mistake = mistake_at(Level.BACKWARD)
forward_mistake = mistake_at(Level.FORWARD)


@layers_mistake(
    "The loss is -log(p + 1e-8)",
    what="1e-8 is added to the probability before the logarithm.",
    why="It is meant to prevent log(0).",
    mend="Use -log(p) without an epsilon, or the log-sum-exp of the logits.",
    twins={
        "loss-of-log-p-plus-1e-10": "Compute the loss of an improbable target: it is too low by "
        "1e-8 / p or by 1e-10 / p.",
    },
)
def loss_of_log_p_plus_epsilon() -> Patch:
    return {"cross_entropy": _loss_of_p_plus(1e-8)}


@layers_mistake(
    "The loss is -log(p + 1e-10)",
    what="1e-10 is added to the probability before the logarithm.",
    why="It is meant to prevent log(0).",
    mend="Use -log(p) without an epsilon, or the log-sum-exp of the logits.",
    only_in_double=True,
)
def loss_of_log_p_plus_1e_10() -> Patch:
    return {"cross_entropy": _loss_of_p_plus(1e-10)}


def _loss_of_p_plus(epsilon: float) -> Any:
    def cross_entropy(logits: Vector, target: int) -> Value:
        picked = reference.model.pick(reference.model.softmax(logits), target)
        return -(picked + epsilon).log()

    return cross_entropy


@layers_mistake(
    "The loss is in bits",
    what="The loss is -log2(p): losses and gradients are 1 / log(2) = 1.44 times too large.",
    why="The logarithm has base 2.",
    mend="Use the natural logarithm.",
)
@around("cross_entropy")
def loss_in_bits(original: Callable[..., Value], logits: Vector, target: int) -> Value:
    return original(logits, target) * (1 / math.log(2))


@layers_mistake(
    "The loss has the wrong sign",
    what="The loss is log(p) instead of -log(p).",
    why="The minus sign was forgotten.",
    mend="Use -log(p).",
)
@around("cross_entropy")
def loss_sign_lost(original: Callable[..., Value], logits: Vector, target: int) -> Value:
    return -original(logits, target)


@layers_mistake(
    "The softmax is applied twice",
    what="Probabilities go into a cross-entropy that expects logits and applies another softmax.",
    why="The library's cross-entropy includes the softmax.",
    mend="Pass logits to the library's cross-entropy.",
    languages=("PyTorch", "TensorFlow", "Keras"),
)
@around("cross_entropy")
def softmax_taken_twice(original: Callable[..., Value], logits: Vector, target: int) -> Value:
    return original(reference.model.softmax(logits), target)


@layers_mistake(
    "The loss's gradient does not subtract 1 at the target",
    what="dL/dlogits is p everywhere, instead of p - 1 at the target and p elsewhere.",
    why="The subtraction was forgotten when the gradient was derived by hand.",
    mend="Subtract 1 from the probability of the target: dL/dlogits = p - onehot(target).",
    languages=("written by hand",),
)
@around("cross_entropy")
def target_not_subtracted(original: Callable[..., Value], logits: Vector, target: int) -> Value:
    shares = constants(reference.model.softmax(logits))
    return with_gradient_of(original(logits, target), reference.model.dot(shares, logits))


@backward_mistake(
    "The loss is a sum, not a mean",
    what="Loss and gradients are n times too large for n positions. Adam hides most of this from "
    "the weights.",
    why="The division by n was forgotten, and training with Adam works nearly as well without it.",
    mend="Divide the sum of the losses by the number of positions.",
    twins={
        "loss-over-the-block-size": "Compare documents of different lengths: the loss is off by n "
        "or by n / block_size. The weights hardly show the difference.",
        "gradients-of-the-sum": "Look at the loss (case backward/one-letter): it is right if only "
        "the gradients belong to the sum.",
    },
)
def loss_summed_not_averaged() -> Patch:
    return loss_with(mean_loss=lambda losses, _config: reference.model.total(losses) * 1.0)


@backward_mistake(
    "The loss is divided by block_size",
    what="The sum of the losses is divided by block_size instead of by the number of positions.",
    why="Documents are padded to block_size, and the padding counts.",
    mend="Divide by the number of positions in the document.",
    languages=("PyTorch", "NumPy", "JAX", "CUDA"),
    twins={
        "loss-over-one-more": "Compare documents of different lengths: the loss is off by n / 16 "
        "or by n / (n + 1). For 15 positions the two are equal.",
    },
)
@given_to(loss_with, "mean_loss")
def loss_over_the_block_size(losses: Vector, config: Config) -> Value:
    return (1 / config.block_size) * reference.model.total(losses)


@backward_mistake(
    "The loss is divided by one too many",
    what="The sum of the losses is divided by n + 1, the number of tokens, instead of by n, the "
    "number of predictions.",
    why="The length of the token list is at hand.",
    mend="Divide by the number of positions: one less than the number of tokens.",
)
@given_to(loss_with, "mean_loss")
def loss_over_one_more(losses: Vector, _config: Config) -> Value:
    return (1 / (len(losses) + 1)) * reference.model.total(losses)


@backward_mistake(
    "1 / n is an integer division",
    what="1 / n is 0 for n > 1, so loss and gradients are 0 except for documents of one position.",
    why="Both operands are integers, and the quotient is truncated.",
    mend="Divide floating-point numbers: `1.0 / n`.",
    languages=("C", "C++", "Java", "C#", "Rust", "Go", "Swift", "Ruby"),
)
@given_to(loss_with, "mean_loss")
def loss_of_whole_numbers(losses: Vector, _config: Config) -> Value:
    return reference.model.total(losses) * float(1 // len(losses))


@backward_mistake(
    "Only the last position counts in the loss",
    what="The loss is that of the last position instead of the mean over all positions.",
    why="The loop overwrites the loss, or only the last logits are kept.",
    mend="Take the mean of the losses at all positions.",
)
def loss_of_the_last_position() -> Patch:
    return loss_with(mean_loss=lambda losses, _config: losses[-1] * 1.0)


@backward_mistake(
    "The gradients belong to the sum of the losses, not to the mean",
    what="The loss is right, but every gradient is n times too large for n positions.",
    why="The gradients of all positions are added up without the factor 1 / n.",
    mend="Divide the gradients by the number of positions, like the loss.",
    languages=("written by hand",),
)
def gradients_of_the_sum() -> Patch:
    original = training.mean_loss

    def mean_loss(losses: Vector, config: Config) -> Value:
        mean = original(losses, config)
        return with_gradient_of(mean, mean * len(losses))

    return loss_with(mean_loss=mean_loss)


@backward_mistake(
    "Targets are not shifted",
    what="Each position predicts its own token, tokens[p] instead of tokens[p + 1].",
    why="Inputs and targets are the same list.",
    mend="Use tokens[p + 1] as the target of position p.",
)
def target_not_shifted() -> Patch:
    return loss_with(target=lambda tokens, position: tokens[position])


@backward_mistake(
    "Targets are shifted twice",
    what="Each position predicts tokens[p + 2] instead of tokens[p + 1].",
    why="Targets are shifted once by hand and once by a library.",
    mend="Use tokens[p + 1] as the target of position p.",
    languages=("PyTorch", "any"),
)
def target_shifted_twice() -> Patch:
    return loss_with(target=lambda tokens, position: tokens[min(position + 2, len(tokens) - 1)])


@forward_mistake(
    "The last prediction is left out",
    what="There is one position too few, so the model never learns that a document ends.",
    why="The loop stops one position early, or the final BOS was not counted.",
    mend="Use k + 1 positions for a document of k letters, up to block_size.",
)
def last_target_dropped() -> Patch:
    original = training.positions
    return loss_with(positions=lambda tokens, config: max(1, original(tokens[:-1], config)))


@backward_mistake(
    "The end of a document is not learned",
    what="Predictions of the final BOS do not count, and the mean is taken over the other "
    "positions.",
    why="BOS is treated as padding, which losses ignore.",
    mend="Count every position, including the one that predicts the final BOS.",
    languages=("PyTorch", "TensorFlow"),
)
@around("document_loss")
def end_ignored(
    original: Callable[..., Any], weights: Any, tokens: Sequence[int], config: Config, *rest: Any
) -> Any:
    logits, losses, _ = original(weights, tokens, config, *rest)
    counted = losses[:-1] if len(losses) == len(tokens) - 1 > 1 else losses
    return logits, losses, training.mean_loss(counted, config)
