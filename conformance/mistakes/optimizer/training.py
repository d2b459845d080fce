"""Mistakes in the training loop: which document, and what is carried over."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import reference.training
from conformance.anatomy.levels import Level
from reference.config import Config
from reference.model import Cache
from reference.state import State, zeros_like
from reference.training import Step

from ..mistake import Patch, mistake
from ..parts import detached
from ..seams import train_with


@mistake(
    "The document's number does not wrap around",
    what="After the last document, it is taken again and again.",
    why="names.txt has more documents than the training has steps.",
    mend="Step k takes document k % (number of documents).",
    level=Level.TRAIN,
    languages=("any",),
)
def document_number_does_not_wrap() -> Patch:
    def document(documents: Sequence[Sequence[int]], index: int, _first: int) -> Sequence[int]:
        return documents[min(index, len(documents) - 1)]

    return train_with(document=document)


@mistake(
    "Documents are taken from the second one on",
    what="Step k takes document k + 1.",
    why="Steps are counted from 1.",
    mend="The first step takes the first document.",
    level=Level.TRAIN,
    languages=("Lua", "Julia", "R", "MATLAB", "Fortran", "any"),
    twins={
        "documents-counted-from-the-resumption": "Train from step 0 (case train/cold-start): it "
        "is right if documents are only miscounted on resumption.",
    },
)
def documents_from_the_second() -> Patch:
    def document(documents: Sequence[Sequence[int]], index: int, _first: int) -> Sequence[int]:
        return documents[(index + 1) % len(documents)]

    return train_with(document=document)


@mistake(
    "Every step takes the same document",
    what="The first document is learned by heart.",
    why="The number is not advanced, or the document is chosen before the loop.",
    mend="Step k takes document k % (number of documents).",
    level=Level.TRAIN,
    languages=("any",),
)
def same_document_at_every_step() -> Patch:
    return train_with(document=lambda documents, _index, _first: documents[0])


@mistake(
    "Documents are counted from where training was resumed",
    what="A training that goes on from step k takes the first document first.",
    why="The loop's own counter is used, which starts at 0.",
    mend="Use the step of the question: step k takes document k % (number of documents).",
    level=Level.TRAIN,
    languages=("any",),
)
def documents_counted_from_the_resumption() -> Patch:
    def document(documents: Sequence[Sequence[int]], index: int, first: int) -> Sequence[int]:
        return documents[(index - first) % len(documents)]

    return train_with(document=document)


@mistake(
    "Moments start at 0 in every step",
    what="m and v are those of the latest gradient alone.",
    why="The optimiser is made inside of the loop.",
    mend="Keep m and v from step to step.",
    level=Level.TRAIN,
    languages=("PyTorch", "JAX", "functional languages"),
)
def moments_not_carried_over() -> Patch:
    def carried(state: State) -> State:
        return replace(state, m=zeros_like(state.m), v=zeros_like(state.v))

    return train_with(carried=carried)


@mistake(
    "Keys and values of earlier documents are still in the cache",
    what="From the second step on, every position also attends to the documents before.",
    why="The cache is made once, and not emptied for each document.",
    mend="Start every document with an empty cache.",
    level=Level.TRAIN,
    languages=("any",),
)
def cache_not_reset() -> Patch:
    right = reference.training.train
    kept: list[Cache] = []

    def train(state: State, documents: Sequence[Sequence[int]], config: Config) -> Iterator[Step]:
        kept[:] = [Cache(config.n_layer)]
        try:
            yield from right(state, documents, config)
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
    what="Each update uses half of the last gradient and half of the one before.",
    why="Gradients are accumulated over a batch of two documents.",
    mend="Update after every document, by its gradient alone.",
    level=Level.TRAIN,
    languages=("any",),
)
def gradients_of_two_steps() -> Patch:
    def learning() -> Any:
        before: dict[str, Any] = {}

        def learned(evaluation: Any) -> Any:
            grads = evaluation.grads
            earlier = dict(before) or grads
            before.update(grads)
            mean = {
                name: [
                    [(g + old) * 0.5 for g, old in zip(*both, strict=True)]
                    for both in zip(rows, earlier[name], strict=True)
                ]
                for name, rows in grads.items()
            }
            return replace(evaluation, grads=mean)

        return learned

    return train_with(learning=learning)
