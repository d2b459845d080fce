"""Mistakes in the loss."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import reference.model
import reference.training
from conformance.anatomy.levels import Level
from reference.config import Config
from reference.model import Vector
from reference.value import Value

from .. import seams
from ..mistake import Patch, mistake
from ..parts import detached, with_gradient_of
from ..seams import loss_with


@mistake(
    "The loss is -log(p + 1e-8)",
    what="1e-8 is added to the probability before the logarithm.",
    why="It is meant to keep the logarithm from 0.",
    mend="Take the logarithm of the probability as it is, or the log-sum-exp of the logits.",
    level=Level.LAYERS,
    languages=("any",),
    twins={
        "loss-of-log-p-plus-1e-10": "Ask for the loss of an improbable target: the loss is lower "
        "by 1e-8 / p, or by 1e-10 / p.",
    },
)
def loss_of_log_p_plus_epsilon() -> Patch:
    return {"cross_entropy": _loss_of_p_plus(1e-8)}


@mistake(
    "The loss is -log(p + 1e-10)",
    what="1e-10 is added to the probability before the logarithm.",
    why="It is meant to keep the logarithm from 0.",
    mend="Take the logarithm of the probability as it is, or the log-sum-exp of the logits.",
    level=Level.LAYERS,
    languages=("any",),
    only_in_double=True,
)
def loss_of_log_p_plus_1e_10() -> Patch:
    return {"cross_entropy": _loss_of_p_plus(1e-10)}


def _loss_of_p_plus(epsilon: float) -> Any:
    def cross_entropy(logits: Vector, target: int) -> Value:
        picked = reference.model.pick(reference.model.softmax(logits), target)
        return -(picked + epsilon).log()

    return cross_entropy


@mistake(
    "The loss is in bits",
    what="Losses and gradients are larger by 1 / log(2), so by 1.44.",
    why="The logarithm to base 2 was taken.",
    mend="Take the natural logarithm.",
    level=Level.LAYERS,
    languages=("any",),
)
def loss_in_bits() -> Patch:
    right = reference.model.cross_entropy

    def cross_entropy(logits: Vector, target: int) -> Value:
        return right(logits, target) * (1 / math.log(2))

    return {"cross_entropy": cross_entropy}


@mistake(
    "The loss has the wrong sign",
    what="The loss is the logarithm of the probability: lower is worse.",
    why="The minus was forgotten.",
    mend="The loss is -log(p).",
    level=Level.LAYERS,
    languages=("any",),
)
def loss_sign_lost() -> Patch:
    right = reference.model.cross_entropy
    return {"cross_entropy": lambda logits, target: -right(logits, target)}


@mistake(
    "The softmax is taken twice",
    what="Probabilities go into a loss that expects logits, and are made into probabilities again.",
    why="A library's cross-entropy has its own softmax.",
    mend="Give a library's cross-entropy the logits.",
    level=Level.LAYERS,
    languages=("PyTorch", "TensorFlow", "Keras"),
)
def softmax_taken_twice() -> Patch:
    right = reference.model.cross_entropy
    return {"cross_entropy": lambda logits, target: right(reference.model.softmax(logits), target)}


@mistake(
    "The gradient of the loss is the probabilities",
    what="The target's gradient is p in place of p - 1.",
    why="The subtraction of 1 at the target was forgotten when the gradient was written by hand.",
    mend="The gradient by the logits is the probabilities, less 1 at the target.",
    level=Level.LAYERS,
    languages=("written by hand",),
)
def target_not_subtracted() -> Patch:
    right = reference.model.cross_entropy

    def cross_entropy(logits: Vector, target: int) -> Value:
        shares = [detached(p) for p in reference.model.softmax(logits)]
        return with_gradient_of(right(logits, target), reference.model.dot(shares, logits))

    return {"cross_entropy": cross_entropy}


@mistake(
    "The loss is a sum, not a mean",
    what="Loss and gradients are n times too large; Adam hides it from the weights.",
    why="Adding up the losses is half of the mean, and Adam trains as well.",
    mend="Divide the sum of the losses by the number of positions.",
    level=Level.BACKWARD,
    languages=("any",),
    twins={
        "loss-over-the-block-size": "Compare documents of different lengths: the loss is off by "
        "n, or by n / block_size. The weights alone hardly tell.",
        "gradients-of-the-sum": "Look at the loss (case backward/one-letter): it is right if only "
        "the gradients are those of the sum.",
    },
)
def loss_summed_not_averaged() -> Patch:
    return loss_with(mean_loss=lambda losses, _config: reference.model.total(losses) * 1.0)


@mistake(
    "The loss is divided by the block size",
    what="The sum of the losses is divided by block_size, however many positions there are.",
    why="Documents are padded to the block size, and the padding is counted.",
    mend="Divide by the number of positions of the document.",
    level=Level.BACKWARD,
    languages=("PyTorch", "NumPy", "JAX", "CUDA"),
    twins={
        "loss-over-one-more": "Compare documents of different lengths: the factor is n / 16, or "
        "n / (n + 1). Of 15 positions the two are one.",
    },
)
def loss_over_the_block_size() -> Patch:
    def mean_loss(losses: Vector, config: Config) -> Value:
        return (1 / config.block_size) * reference.model.total(losses)

    return loss_with(mean_loss=mean_loss)


@mistake(
    "The loss is divided by one too many",
    what="The sum of the losses is divided by the number of tokens, n + 1, not of predictions.",
    why="The length of the token list is at hand.",
    mend="Divide by the number of positions, which is one less than that of tokens.",
    level=Level.BACKWARD,
    languages=("any",),
)
def loss_over_one_more() -> Patch:
    def mean_loss(losses: Vector, _config: Config) -> Value:
        return (1 / (len(losses) + 1)) * reference.model.total(losses)

    return loss_with(mean_loss=mean_loss)


@mistake(
    "1 / n is a division of whole numbers",
    what="1 / n is 0: loss and gradients are 0, but for documents of one position.",
    why="Both operands are integers, and the quotient loses its fraction.",
    mend="Divide floating-point numbers: `1.0 / n`.",
    level=Level.BACKWARD,
    languages=("C", "C++", "Java", "C#", "Rust", "Go", "Swift", "Ruby"),
)
def loss_of_whole_numbers() -> Patch:
    def mean_loss(losses: Vector, _config: Config) -> Value:
        return reference.model.total(losses) * float(1 // len(losses))

    return loss_with(mean_loss=mean_loss)


@mistake(
    "The loss is that of the last position",
    what="Only the last prediction of a document counts.",
    why="The loss is overwritten in the loop, or only the last logits are kept.",
    mend="Take the mean of the losses at all positions.",
    level=Level.BACKWARD,
    languages=("any",),
)
def loss_of_the_last_position() -> Patch:
    return loss_with(mean_loss=lambda losses, _config: losses[-1] * 1.0)


@mistake(
    "Gradients are those of the sum of the losses",
    what="The loss is the mean, but gradients are n times too large.",
    why="Each position's gradients are added up without the factor 1 / n.",
    mend="Divide the gradients by the number of positions, as the loss is.",
    level=Level.BACKWARD,
    languages=("written by hand",),
)
def gradients_of_the_sum() -> Patch:
    right = seams.mean_loss

    def mean_loss(losses: Vector, config: Config) -> Value:
        mean = right(losses, config)
        return with_gradient_of(mean, mean * len(losses))

    return loss_with(mean_loss=mean_loss)


@mistake(
    "Targets are not shifted",
    what="Each position is to predict its own token.",
    why="Inputs and targets are the same list.",
    mend="The target of position p is token p + 1.",
    level=Level.BACKWARD,
    languages=("any",),
)
def target_not_shifted() -> Patch:
    return loss_with(target=lambda tokens, position: tokens[position])


@mistake(
    "Targets are two ahead",
    what="Each position is to predict the token after the next one.",
    why="Targets are shifted twice: once by hand, once by a library.",
    mend="The target of position p is token p + 1.",
    level=Level.BACKWARD,
    languages=("PyTorch", "any"),
)
def target_shifted_twice() -> Patch:
    def target(tokens: Sequence[int], position: int) -> int:
        return tokens[min(position + 2, len(tokens) - 1)]

    return loss_with(target=target)


@mistake(
    "The last prediction is left out",
    what="One position too few: that the document ends is never learned.",
    why="The loop ends one too early, or the final BOS was not counted.",
    mend="A document of k letters has k + 1 positions, up to the block size.",
    level=Level.FORWARD,
    languages=("any",),
)
def last_target_dropped() -> Patch:
    right = seams.positions
    return loss_with(positions=lambda tokens, config: max(1, right(tokens[:-1], config)))


@mistake(
    "The end of a document is not learned",
    what="Predictions of the final BOS do not count in the loss; all else is divided by less.",
    why="BOS is taken for padding, which losses ignore.",
    mend="Count every position, that of the final BOS, too.",
    level=Level.BACKWARD,
    languages=("PyTorch", "TensorFlow"),
)
def end_ignored() -> Patch:
    right_loss, right_mean = reference.training.document_loss, seams.mean_loss

    def document_loss(weights: Any, tokens: Sequence[int], config: Config, *rest: Any) -> Any:
        logits, losses, _ = right_loss(weights, tokens, config, *rest)
        counted = losses[:-1] if len(losses) == len(tokens) - 1 > 1 else losses
        return logits, losses, right_mean(counted, config)

    return {"document_loss": document_loss}
