"""Mistakes in what happens around the model when it samples, and before it trains."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import reference.model
import reference.sampling
from ports_adapter.messages import SampleParams, SampleResult
from reference.config import Config
from reference.corpus import Corpus
from reference.model import Cache, Vector
from reference.program import Run
from reference.sampling import Choose, NextLogits
from reference.training import Step

from .. import oracle
from ..levels import Level
from .mistake import Patch, mistake
from .patching import applied
from .seams import sample_with


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
    right, right_answer = reference.sampling.sample_from, oracle._sample

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

    return {"sample_from": sample_from, "oracle._sample": answer}


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


@mistake(
    "The cache is kept from sample to sample",
    what="From the second sample on, every token also attends to the samples before.",
    why="The cache is made once, before the loop.",
    mend="Start every sample with an empty cache.",
    level=Level.REPLICATE,
    languages=("any",),
)
def cache_kept_between_samples() -> Patch:
    right = Run.samples

    def samples(self: Run, weights: Any) -> Iterator[str]:
        cache = Cache(self.config.n_layer)
        before = reference.sampling.Cache  # type: ignore[attr-defined]
        vars(reference.sampling)["Cache"] = lambda _n_layer: cache
        try:
            return iter(list(right(self, weights)))
        finally:
            vars(reference.sampling)["Cache"] = before

    return {"Run.samples": samples}


@mistake(
    "Samples are drawn by a generator that is seeded anew",
    what="Sampling starts the stream over in place of going on after the weights.",
    why="Training and sampling are two programs, each of which seeds.",
    mend="Go on with the one generator.",
    level=Level.REPLICATE,
    languages=("any",),
)
def generator_seeded_anew() -> Patch:
    right = Run.prepare

    def prepare(_cls: type[Run], config: Config, seed: int, corpus: Corpus) -> Run:
        return replace(right(config, seed, corpus), generator=random.Random(seed))

    return {"Run.prepare": classmethod(prepare)}


@mistake(
    "Samples are made with the initial weights",
    what="What was learned is not used.",
    why="Training updates a copy.",
    mend="Sample with the weights after the last step.",
    level=Level.REPLICATE,
    languages=("any",),
)
def samples_of_the_untrained_model() -> Patch:
    right = Run.samples
    return {"Run.samples": lambda self, _weights: right(self, self.weights)}


@mistake(
    "Documents are not shuffled",
    what="Training takes the documents in file order, and the weights get the numbers that the "
    "shuffle should have taken.",
    why="It seems not to matter.",
    mend="Shuffle the documents before drawing the weights.",
    level=Level.REPLICATE,
    languages=("any",),
)
def documents_not_shuffled() -> Patch:
    return {"Corpus.shuffled": lambda self, _generator: list(self.documents)}


@mistake(
    "Documents are shuffled after the weights are drawn",
    what="Order and weights are those of other numbers of the one stream.",
    why="The shuffle stands where training begins.",
    mend="Shuffle first, then draw the weights.",
    level=Level.REPLICATE,
    languages=("any",),
)
def documents_shuffled_after_the_weights() -> Patch:
    right = Run.prepare

    def prepare(_cls: type[Run], config: Config, seed: int, corpus: Corpus) -> Run:
        shuffled, in_order = Corpus.shuffled, {"Corpus.shuffled": lambda c, _g: list(c.documents)}
        with applied(in_order):
            run = right(config, seed, corpus)
        return replace(run, documents=tuple(shuffled(corpus, run.generator)))

    return {"Run.prepare": classmethod(prepare)}


@mistake(
    "Documents are drawn at random at every step",
    what="Each step takes any document; some come twice before others come once.",
    why="It is how batches are usually drawn.",
    mend="Shuffle once; step k takes document k % (number of documents).",
    level=Level.REPLICATE,
    languages=("PyTorch", "JAX", "any"),
)
def documents_drawn_at_random() -> Patch:
    right = Run.tokens

    def tokens(self: Run) -> list[list[int]]:
        documents = right(self)
        return [self.generator.choice(documents) for _ in range(self.config.num_steps)]

    return {"Run.tokens": tokens}


@mistake(
    "The last step is left out",
    what="Training makes one step too few.",
    why="Steps are counted from 1, up to but not including the last.",
    mend="Make num_steps steps, from 0 to num_steps - 1.",
    level=Level.REPLICATE,
    languages=("any",),
)
def last_step_left_out() -> Patch:
    right = Run.steps

    def steps(self: Run) -> Iterator[Step]:
        for step in right(self):
            if step.index < self.config.num_steps - 1:
                yield step

    return {"Run.steps": steps}
