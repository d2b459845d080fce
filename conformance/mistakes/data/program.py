"""Mistakes in the order of the program's parts, which share one random number generator."""

import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import reference.model
import reference.sampling
from conformance.anatomy.levels import Level
from reference.config import Config
from reference.corpus import Corpus
from reference.model import Cache
from reference.program import Run
from reference.training import Step

from ..mistake import Patch, mistake_at
from ..patch_of_function import around
from ..patching import applied

mistake = mistake_at(Level.REPLICATE)


@mistake(
    "The cache is kept between samples",
    what="From the second sample on, every token also attends to the samples before.",
    why="The cache is created once, before the loop.",
    mend="Start every sample with an empty cache.",
)
@around("Run.samples")
def cache_kept_between_samples(
    original: Callable[..., Iterator[str]], self: Run, weights: Any
) -> Iterator[str]:
    cache = Cache(self.config.n_layer)
    before = reference.sampling.Cache  # type: ignore[attr-defined]
    vars(reference.sampling)["Cache"] = lambda _n_layer: cache
    try:
        return iter(list(original(self, weights)))
    finally:
        vars(reference.sampling)["Cache"] = before


@mistake(
    "The generator is seeded again before sampling",
    what="Sampling starts the stream over instead of continuing after the weights were drawn.",
    why="Training and sampling are two programs, and each one seeds its generator.",
    mend="Use one generator for everything, and seed it once.",
)
def generator_seeded_anew() -> Patch:
    original = Run.prepare

    def prepare(_cls: type[Run], config: Config, seed: int, corpus: Corpus) -> Run:
        return replace(original(config, seed, corpus), generator=random.Random(seed))

    return {"Run.prepare": classmethod(prepare)}


@mistake(
    "Samples come from the initial weights",
    what="Sampling uses the weights from before training.",
    why="Training updates a copy.",
    mend="Sample with the weights after the last step.",
)
def samples_of_the_untrained_model() -> Patch:
    original = Run.samples
    return {"Run.samples": lambda self, _weights: original(self, self.weights)}


@mistake(
    "Documents are not shuffled",
    what="Training uses the documents in file order. The weights get the random numbers that the "
    "shuffle should have used.",
    why="The shuffle looks unimportant.",
    mend="Shuffle the documents before drawing the weights.",
)
def documents_not_shuffled() -> Patch:
    return {"Corpus.shuffled": lambda self, _generator: list(self.documents)}


@mistake(
    "Documents are shuffled after the weights are drawn",
    what="The order of the documents and the weights come from the wrong part of the stream.",
    why="The shuffle was written where training begins.",
    mend="Shuffle first, then draw the weights.",
)
def documents_shuffled_after_the_weights() -> Patch:
    original = Run.prepare

    def prepare(_cls: type[Run], config: Config, seed: int, corpus: Corpus) -> Run:
        shuffled, in_order = Corpus.shuffled, {"Corpus.shuffled": lambda c, _g: list(c.documents)}
        with applied(in_order):
            run = original(config, seed, corpus)
        return replace(run, documents=tuple(shuffled(corpus, run.generator)))

    return {"Run.prepare": classmethod(prepare)}


@mistake(
    "Every step draws a random document",
    what="Some documents are used twice before others are used once.",
    why="Batches are usually drawn this way.",
    mend="Shuffle once; in step k, use document k % (number of documents).",
    languages=("PyTorch", "JAX", "any"),
)
@around("Run.tokens")
def documents_drawn_at_random(
    original: Callable[..., list[list[int]]], self: Run
) -> list[list[int]]:
    documents = original(self)
    return [self.generator.choice(documents) for _ in range(self.config.num_steps)]


@mistake(
    "The last step is left out",
    what="Training runs one step too few.",
    why="Steps are counted from 1, up to but excluding num_steps.",
    mend="Run num_steps steps, from 0 to num_steps - 1.",
)
@around("Run.steps")
def last_step_left_out(original: Callable[..., Iterator[Step]], self: Run) -> Iterator[Step]:
    for step in original(self):
        if step.index < self.config.num_steps - 1:
            yield step
