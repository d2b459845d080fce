"""Chooses the layout and the number of heads with which a trace's first numbers agree."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from msgspec import UNSET

from golden.numbers import Array
from reference.tape.machine import Machine

from ..writing.raw_numbers import RawTensors
from ..writing.record_lines import Note
from ..writing.records import Head
from .model_sizes import ModelSizes
from .written_layout import WrittenLayout, layouts_of

LOSS_AGREES = 2e-4
"""The largest relative error of a loss that agrees; some are printed with four decimals."""

GRADS_AGREE = 1e-2
"""The largest relative error of gradients that agree, as a whole."""

CLEARLY_BETTER = 0.5
"""Gradients of a wrong program decide for a layout whose error is this share of the usual one."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """The first evaluation of a trace whose weights are known: what a layout must explain."""

    weights: RawTensors
    tokens: list[int]
    loss: float | None
    grads: RawTensors | None


@dataclass(frozen=True, slots=True)
class TracedModel:
    """The model of a trace: its sizes, its layout, and the machine that computes it."""

    sizes: ModelSizes
    layout: WrittenLayout
    machine: Machine


@dataclass(frozen=True, slots=True)
class _Fit:
    model: TracedModel
    loss_error: float
    grads_error: float

    @property
    def agrees(self) -> bool:
        return self.loss_error <= LOSS_AGREES and self.grads_error <= GRADS_AGREE

    @property
    def error(self) -> float:
        return self.loss_error + self.grads_error


def traced_model(head: Head, sizes: ModelSizes, evidence: Evidence, note: Note) -> TracedModel:
    """The model as its first evaluation shows it.

    Raises:
        BadTrace: the weights fit no layout.
    """
    fits: list[_Fit] = []
    for model in _models(head, sizes, evidence):
        fits.append(_fit(model, evidence))
        if fits[-1].agrees:
            break
    best = fits[-1] if fits[-1].agrees else _nearest(fits)
    if best.model.layout.words:
        _say_layout(best, note)
    if head.n_head is UNSET:
        config = best.model.sizes.config
        why = "these give the first loss" if best.agrees else "those of the published program"
        note(f"n_head is not stated: {config.n_head} heads, {why}.")
    return best.model


def _models(head: Head, sizes: ModelSizes, evidence: Evidence) -> Iterator[TracedModel]:
    config = sizes.config
    heads = [config.n_head]
    if head.n_head is UNSET:
        heads += [
            n for n in range(1, config.n_embd + 1) if config.n_embd % n == 0 and n not in heads
        ]
    order = None if head.order is UNSET else head.order
    for n_head in heads:
        of_heads = replace(sizes, config=replace(config, n_head=n_head))
        machine = Machine(of_heads.config, sizes.vocab_size)
        for layout in layouts_of(evidence.weights, sizes.shapes, n_head, order):
            yield TracedModel(of_heads, layout, machine)


@np.errstate(all="ignore")
def _fit(model: TracedModel, evidence: Evidence) -> _Fit:
    weights = model.layout.canonical(evidence.weights, "the weights")
    right = model.machine.evaluate(weights, evidence.tokens)
    loss_error = grads_error = 0.0
    if evidence.loss is not None:
        loss_error = _error(np.array([right.loss]), np.array([evidence.loss]))
    if evidence.grads is not None:
        grads_error = _error(right.grads, model.layout.canonical(evidence.grads, "the gradients"))
    return _Fit(model, loss_error, grads_error)


def _error(right: Array, got: Array) -> float:
    error = float(np.linalg.norm(right - got) / (np.linalg.norm(right) or 1.0))
    return error if np.isfinite(error) else float("inf")


def _nearest(fits: list[_Fit]) -> _Fit:
    """The most likely of the fits of a program with a mistake: in doubt the first one."""
    best = min(fits, key=lambda fit: fit.error)
    return best if best.error <= CLEARLY_BETTER * fits[0].error else fits[0]


def _say_layout(fit: _Fit, note: Note) -> None:
    words = fit.model.layout.words
    if fit.agrees:
        note(f"Layout: {words}; it gives the program's own first loss.")
    else:
        note(f"Layout: {words}; it is the nearest, since none gives the program's first loss.")
