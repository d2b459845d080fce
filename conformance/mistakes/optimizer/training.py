"""Mistakes in the training loop: the choice of documents, and the state kept between steps."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import reference.training
from conformance.anatomy.levels import Level
from reference.config import Config
from reference.model import Cache
from reference.state import State, zeros_like
from reference.training import Step

from ..mistake import Patch, mistake_at
from ..parts import detached, elementwise
from ..patch_of_function import given_to
from ..seams.training import train_with

mistake = mistake_at(Level.TRAIN)


@mistake(
    "The document index does not wrap around",
    what="After the last document, every step uses the last document again.",
    why="names.txt has more documents than the training has steps.",
    mend="In step k, use document k % (number of documents).",
)
@given_to(train_with, "document")
def document_number_does_not_wrap(
    documents: Sequence[Sequence[int]], index: int, _first: int
) -> Sequence[int]:
    return documents[min(index, len(documents) - 1)]


@mistake(
    "Training starts with the second document",
    what="Step k uses document k + 1 instead of k.",
    why="Steps are counted from 1.",
    mend="Use the first document in the first step.",
    languages=("Lua", "Julia", "R", "MATLAB", "Fortran", "any"),
    twins={
        "documents-counted-from-the-resumption": "Train from step 0 (case train/cold-start): it "
        "passes if documents are miscounted only when training resumes.",
    },
)
@given_to(train_with, "document")
def documents_from_the_second(
    documents: Sequence[Sequence[int]], index: int, _first: int
) -> Sequence[int]:
    return documents[(index + 1) % len(documents)]


@mistake(
    "Every step uses the same document",
    what="Every step trains on the first document.",
    why="The index is never incremented, or the document is chosen before the loop.",
    mend="In step k, use document k % (number of documents).",
)
def same_document_at_every_step() -> Patch:
    return train_with(document=lambda documents, _index, _first: documents[0])


@mistake(
    "Resumed training starts with the first document",
    what="Training that resumes at step k uses document 0 instead of document k.",
    why="The loop has its own counter, which starts at 0.",
    mend="Count from the question's step: in step k, use document k % (number of documents).",
)
@given_to(train_with, "document")
def documents_counted_from_the_resumption(
    documents: Sequence[Sequence[int]], index: int, first: int
) -> Sequence[int]:
    return documents[(index - first) % len(documents)]


@mistake(
    "Moments are reset at every step",
    what="m and v are 0 before each update, so they contain the latest gradient only.",
    why="The optimizer is created inside the loop.",
    mend="Keep m and v from step to step.",
    languages=("PyTorch", "JAX", "functional languages"),
)
@given_to(train_with, "carried")
def moments_not_carried_over(state: State) -> State:
    return replace(state, m=zeros_like(state.m), v=zeros_like(state.v))


@mistake(
    "The cache still holds earlier documents",
    what="From the second step on, every position also attends to the documents before.",
    why="The cache is created once and never emptied.",
    mend="Start every document with an empty cache.",
)
def cache_not_reset() -> Patch:
    original = reference.training.train
    kept: list[Cache] = []

    def train(state: State, documents: Sequence[Sequence[int]], config: Config) -> Iterator[Step]:
        kept[:] = [Cache(config.n_layer)]
        try:
            yield from original(state, documents, config)
        finally:
            kept.clear()

    def cache(n_layer: int) -> Cache:
        if not kept:
            return Cache(n_layer)
        for matrices in (kept[0].keys, kept[0].values):
            matrices[:] = [[[detached(n) for n in row] for row in rows] for rows in matrices]
        return kept[0]

    return {"train": train, "training.Cache": cache}


@mistake(
    "Gradients are averaged over two steps",
    what="Each update uses half of the current gradient plus half of the previous one.",
    why="Gradients are accumulated over a batch of two documents.",
    mend="Update after every document, with its own gradient only.",
)
@given_to(train_with, "learning")
def gradients_of_two_steps() -> Any:
    before: dict[str, Any] = {}

    def learned(evaluation: Any) -> Any:
        grads = evaluation.grads
        earlier = dict(before) or grads
        before.update(grads)
        mean = elementwise(lambda g, old: (g + old) * 0.5, grads, earlier)
        return replace(evaluation, grads=mean)

    return learned
