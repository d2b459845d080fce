"""Mistakes in sampling one document."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import reference.model
import reference.sampling
from conformance.anatomy.levels import Level
from conformance.oracle import reference_answer
from ports_adapter.messages import SampleParams, SampleResult
from reference.config import Config
from reference.model import Vector
from reference.sampling import Choose, NextLogits

from ..mistake import Patch, mistake
from ..seams import sample_with


@mistake(
    "The temperature does nothing",
    what="Probabilities, not logits, are divided by the temperature; made into shares again, they "
    "are those of temperature 1.",
    why="The two lines are the wrong way round, or the temperature is not used.",
    mend="Divide the logits, then take the softmax.",
    level=Level.SAMPLE,
    languages=("any",),
)
def temperature_after_the_softmax() -> Patch:
    def heated(logits: Vector, temperature: float) -> Vector:
        return [share / temperature for share in reference.model.softmax(logits)]

    return sample_with(heated=heated)


@mistake(
    "Logits are multiplied by the temperature",
    what="A low temperature makes samples wilder, not tamer.",
    why="The division was turned around.",
    mend="Divide the logits by the temperature.",
    level=Level.SAMPLE,
    languages=("any",),
)
def temperature_multiplied() -> Patch:
    def heated(logits: Vector, temperature: float) -> Vector:
        return reference.model.softmax([logit * temperature for logit in logits])

    return sample_with(heated=heated)


@mistake(
    "The temperature is always 0.5",
    what="The temperature that is asked for is not used.",
    why="The published program's number was written into the code.",
    mend="Divide the logits by the temperature of the question.",
    level=Level.SAMPLE,
    languages=("any",),
)
def temperature_always_one_half() -> Patch:
    def heated(logits: Vector, _temperature: float) -> Vector:
        return reference.model.softmax([logit / 0.5 for logit in logits])

    return sample_with(heated=heated)


@mistake(
    "The most probable token is taken",
    what="Samples do not depend on the uniform numbers, and are all alike.",
    why="Taking the largest is the simplest choice.",
    mend="Choose by probability, as `random.choices` does.",
    level=Level.SAMPLE,
    languages=("any",),
)
def most_probable_token_taken() -> Patch:
    right = reference.sampling.sample_from

    def sample_from(
        logits_after: NextLogits, bos: int, temperature: float, config: Config, choose: Choose
    ) -> list[int]:
        def largest(probabilities: Sequence[float]) -> int:
            choose(probabilities)
            return max(range(len(probabilities)), key=probabilities.__getitem__)

        return right(logits_after, bos, temperature, config, largest)

    return {"sample_from": sample_from}


@mistake(
    "Of equal sums the first is taken, not the last",
    what="A number that is exactly a running sum chooses the token that ends there, not the next "
    "one; 0 chooses the first token, impossible as it may be.",
    why="The comparison is `<=` where it should be `<`, or the bisection `bisect_left`.",
    mend="Take the first running sum that is above the number: `bisect_right`.",
    level=Level.SAMPLE,
    languages=("any",),
)
def choices_up_to_the_sum() -> Patch:
    return {"sampling.bisect": bisect_left}


@mistake(
    "A sample does not end at the special token",
    what="Every sample is as long as the block, BOS among its letters.",
    why="The condition was forgotten, or compares with another token.",
    mend="Stop when BOS is drawn.",
    level=Level.SAMPLE,
    languages=("any",),
)
def sample_does_not_end() -> Patch:
    return sample_with(ends=lambda _token, _bos: False)


@mistake(
    "A sample ends at token 0",
    what="The first letter of the alphabet ends a sample; BOS does not.",
    why="The special token is taken to be 0.",
    mend="Stop when BOS, the last token, is drawn.",
    level=Level.SAMPLE,
    languages=("any",),
)
def sample_ends_at_token_0() -> Patch:
    return sample_with(ends=lambda token, _bos: token == 0)


@mistake(
    "A sample starts from token 0",
    what="The model is asked what follows the first letter of the alphabet.",
    why="The first token is left at 0.",
    mend="Start from BOS, the last token.",
    level=Level.SAMPLE,
    languages=("any",),
)
def sample_starts_from_token_0() -> Patch:
    return sample_with(first_token=lambda _bos: 0)


@mistake(
    "Samples are one token too short",
    what="At most block_size - 1 tokens are drawn.",
    why="BOS, which starts the sample, is counted.",
    mend="Draw up to block_size tokens.",
    level=Level.SAMPLE,
    languages=("any",),
)
def sample_one_token_short() -> Patch:
    right = reference.sampling.sample_from

    def sample_from(
        logits_after: NextLogits, bos: int, temperature: float, config: Config, choose: Choose
    ) -> list[int]:
        shorter = replace(config, block_size=max(1, config.block_size - 1))
        return right(logits_after, bos, temperature, shorter, choose)

    return {"sample_from": sample_from}


@mistake(
    "A uniform number is drawn after the last token",
    what="A sample that fills the block takes one number more than it has tokens.",
    why="The length is looked at after drawing.",
    mend="Stop at the block size before drawing again.",
    level=Level.SAMPLE,
    languages=("any",),
)
def sample_draws_once_too_often() -> Patch:
    right, right_answer = reference.sampling.sample_from, reference_answer._sample

    def sample_from(
        logits_after: NextLogits, bos: int, temperature: float, config: Config, choose: Choose
    ) -> list[int]:
        tokens = right(logits_after, bos, temperature, config, choose)
        if len(tokens) == config.block_size:
            choose([1.0])
        return tokens

    def answer(params: SampleParams) -> SampleResult:
        result: Any = right_answer(params)
        return SampleResult(tokens=result.tokens, uniforms_used=len(result.tokens) + 1)

    return {"sample_from": sample_from, "reference_answer._sample": answer}


@mistake(
    "Samples are made without a cache",
    what="Each token sees itself alone, at its right position.",
    why="The cache is made anew for every token.",
    mend="Keep keys and values from token to token of one sample.",
    level=Level.SAMPLE,
    languages=("any",),
)
def sample_without_a_cache() -> Patch:
    right = reference.sampling.next_logits

    def next_logits(weights: Any, config: Config) -> NextLogits:
        return lambda tokens: right(weights, config)(tokens)

    return {"next_logits": next_logits}


@mistake(
    "The position stays 0 while sampling",
    what="Every token of a sample has the first position's embedding.",
    why="The position is not advanced when tokens come one by one.",
    mend="Give the p-th token the position p.",
    level=Level.SAMPLE,
    languages=("any",),
)
def sample_position_constant() -> Patch:
    right = reference.sampling.next_logits

    def next_logits(weights: Any, config: Config) -> NextLogits:
        logits_after = right(weights, config)
        return lambda tokens: logits_after(tokens[-1:])

    return {"next_logits": next_logits}
