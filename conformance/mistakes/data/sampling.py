"""Mistakes in sampling one document."""

from bisect import bisect_left
from collections.abc import Callable, Sequence
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

from ..mistake import Patch, mistake_at
from ..patch_of_function import around, given_to
from ..seams.sampling import sample_with

mistake = mistake_at(Level.SAMPLE)


@mistake(
    "The temperature has no effect",
    what="softmax(logits) is divided by the temperature and normalized again, which cancels the "
    "temperature.",
    why="The two lines are in the wrong order, or the temperature is not used.",
    mend="Divide the logits by the temperature, then apply the softmax.",
)
@given_to(sample_with, "heated")
def temperature_after_the_softmax(logits: Vector, temperature: float) -> Vector:
    return [share / temperature for share in reference.model.softmax(logits)]


@mistake(
    "Logits are multiplied by the temperature",
    what="A low temperature makes samples more random instead of less.",
    why="The division was inverted.",
    mend="Divide the logits by the temperature.",
)
@given_to(sample_with, "heated")
def temperature_multiplied(logits: Vector, temperature: float) -> Vector:
    return reference.model.softmax([logit * temperature for logit in logits])


@mistake(
    "The temperature is always 0.5",
    what="The logits are divided by 0.5, whatever the question's temperature is.",
    why="The published program's number was written into the code.",
    mend="Divide the logits by the question's temperature.",
)
@given_to(sample_with, "heated")
def temperature_always_one_half(logits: Vector, _temperature: float) -> Vector:
    return reference.model.softmax([logit / 0.5 for logit in logits])


@mistake(
    "The most probable token is always chosen",
    what="Samples do not depend on the uniform numbers and are all the same.",
    why="Choosing the largest probability is simplest.",
    mend="Choose by probability, as `random.choices` does.",
)
@around("sample_from")
def most_probable_token_taken(original: Callable[..., list[int]], *asked: Any) -> list[int]:
    *question, choose = asked

    def largest(probabilities: Sequence[float]) -> int:
        choose(probabilities)
        return max(range(len(probabilities)), key=probabilities.__getitem__)

    return original(*question, largest)


@mistake(
    "A number equal to a running sum chooses the wrong token",
    what="A uniform number equal to a running sum chooses the token that ends there, not the next "
    "one; 0 chooses the first token even if its probability is 0.",
    why="The comparison is `<=` instead of `<`, or the bisection is `bisect_left`.",
    mend="Choose the first token whose running sum is above the number: `bisect_right`.",
)
def choices_up_to_the_sum() -> Patch:
    return {"sampling.bisect": bisect_left}


@mistake(
    "A sample does not end at BOS",
    what="Every sample has block_size tokens, possibly including BOS.",
    why="The condition was forgotten, or it compares with another token.",
    mend="Stop when BOS is drawn.",
)
def sample_does_not_end() -> Patch:
    return sample_with(ends=lambda _token, _bos: False)


@mistake(
    "A sample ends at token 0",
    what="The alphabet's first letter ends a sample; BOS does not.",
    why="The special token was assumed to be 0.",
    mend="Stop when BOS, the last token, is drawn.",
)
def sample_ends_at_token_0() -> Patch:
    return sample_with(ends=lambda token, _bos: token == 0)


@mistake(
    "A sample starts from token 0",
    what="The model predicts what follows the alphabet's first letter instead of BOS.",
    why="The first token keeps its initial value 0.",
    mend="Start from BOS, the last token.",
)
def sample_starts_from_token_0() -> Patch:
    return sample_with(first_token=lambda _bos: 0)


@mistake(
    "Samples are one token too short",
    what="At most block_size - 1 tokens are drawn.",
    why="BOS, which starts the sample, is counted.",
    mend="Draw up to block_size tokens.",
)
@around("sample_from")
def sample_one_token_short(original: Callable[..., list[int]], *asked: Any) -> list[int]:
    *question, config, choose = asked
    shorter = replace(config, block_size=max(1, config.block_size - 1))
    return original(*question, shorter, choose)


@mistake(
    "A uniform number is drawn after the last token",
    what="A sample of block_size tokens uses one more uniform number than it has tokens.",
    why="The length is checked after drawing.",
    mend="Check the length before drawing the next number.",
)
def sample_draws_once_too_often() -> Patch:
    original, original_answer = reference.sampling.sample_from, reference_answer._sample

    def sample_from(
        logits_after: NextLogits, bos: int, temperature: float, config: Config, choose: Choose
    ) -> list[int]:
        tokens = original(logits_after, bos, temperature, config, choose)
        if len(tokens) == config.block_size:
            choose([1.0])
        return tokens

    def answer(params: SampleParams) -> SampleResult:
        result: Any = original_answer(params)
        return SampleResult(tokens=result.tokens, uniforms_used=len(result.tokens) + 1)

    return {"sample_from": sample_from, "reference_answer._sample": answer}


@mistake(
    "Sampling has no cache",
    what="Each token is at its right position, but attends only to itself.",
    why="The cache is created again for every token.",
    mend="Keep the keys and values of all earlier tokens of the sample.",
)
@around("next_logits")
def sample_without_a_cache(
    original: Callable[..., NextLogits], weights: Any, config: Config
) -> NextLogits:
    return lambda tokens: original(weights, config)(tokens)


@mistake(
    "The position stays 0 while sampling",
    what="Every token of a sample uses row 0 of wpe.",
    why="The position is not incremented when tokens come one at a time.",
    mend="Use position p for the token at position p.",
)
@around("next_logits")
def sample_position_constant(
    original: Callable[..., NextLogits], weights: Any, config: Config
) -> NextLogits:
    logits_after = original(weights, config)
    return lambda tokens: logits_after(tokens[-1:])
