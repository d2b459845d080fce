"""Chooses the layout and the number of heads with which a trace's first numbers agree."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from msgspec import UNSET

from golden.numbers import Array
from reference.tape.machine import Machine

from ..writing.raw_numbers import RawTensors
from ..writing.record_lines import BadTrace, Note
from ..writing.records import Head
from .model_sizes import ModelSizes
from .written_layout import WrittenLayout, layouts_of

LOSS_AGREES = 2e-4
"""The largest relative error of a loss that agrees; some are printed with four decimals."""

GRADS_AGREE = 1e-2
"""The largest relative error of gradients that agree, as a whole."""

EXACT = 1e-5
"""The error of a fit that needs no comparison with others."""

CLEARLY_WORSE = 3
"""A fit with so many times the error of the best one is not its rival."""

CLEARLY_BETTER = 0.5
"""Gradients of a wrong program decide for a layout whose error is this share of the usual one."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """The first evaluation of a trace whose weights are known: what a layout must explain."""

    weights: RawTensors
    tokens: list[int]
    loss: float | None
    grads: RawTensors | None

    @property
    def shows_nothing(self) -> bool:
        """Whether it has nothing that a layout would have to explain."""
        return self.loss is None and self.grads is None


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
    has_grads: bool

    @property
    def agrees(self) -> bool:
        return self.loss_error <= LOSS_AGREES and self.grads_error <= GRADS_AGREE

    @property
    def is_exact(self) -> bool:
        return self.agrees and self.has_grads and self.error <= EXACT

    @property
    def error(self) -> float:
        return self.loss_error + self.grads_error


def traced_model(head: Head, sizes: ModelSizes, evidence: Evidence, note: Note) -> TracedModel:
    """The model as its first evaluation shows it.

    Raises:
        BadTrace: the weights fit no layout, or the number of heads stays open.
    """
    fits: list[_Fit] = []
    for model in _models(head, sizes, evidence):
        fits.append(_fit(model, evidence))
        if fits[-1].is_exact:
            break
        if evidence.shows_nothing:
            return fits[-1].model
    best = _likeliest(fits)
    if best.model.layout.words:
        _say_layout(best, note)
    if head.n_head is UNSET:
        _say_heads(best, fits, note)
    elif not best.is_exact:
        _doubt_heads(best, sizes, evidence, note)
    return best.model


def _likeliest(fits: list[_Fit]) -> _Fit:
    """The nearest fit that agrees; of a program with a mistake, in doubt the first fit."""
    best = min(fits, key=lambda fit: fit.error)
    is_clear = best.agrees or best.error <= CLEARLY_BETTER * fits[0].error
    return best if is_clear else fits[0]


def _say_heads(best: _Fit, fits: list[_Fit], note: Note) -> None:
    n_head = best.model.sizes.config.n_head
    rivals = {
        fit.model.sizes.config.n_head
        for fit in fits
        if fit.agrees and fit.error <= CLEARLY_WORSE * best.error
    }
    if best.agrees and len(rivals) > 1:
        both = " and ".join(str(n) for n in sorted(rivals))
        raise BadTrace(f'line 1: {both} heads both give the first loss; state "n_head"')
    why = "these give the first loss" if best.agrees else "those of the published program"
    note(f"n_head is not stated: {n_head} heads, {why}.")


def _doubt_heads(best: _Fit, sizes: ModelSizes, evidence: Evidence, note: Note) -> None:
    """Say so if the first loss is that of another number of heads than the one stated."""
    stated = sizes.config.n_head
    for n_head in _divisors(sizes.config.n_embd):
        of_heads = replace(sizes, config=replace(sizes.config, n_head=n_head))
        machine = Machine(of_heads.config, sizes.vocab_size)
        if n_head != stated:
            other = _fit(TracedModel(of_heads, best.model.layout, machine), evidence)
            if other.agrees and CLEARLY_WORSE * other.error < best.error:
                note(
                    f"The first record states {stated} heads, but the first loss is that of "
                    f"{n_head} heads."
                )


def _models(head: Head, sizes: ModelSizes, evidence: Evidence) -> Iterator[TracedModel]:
    config = sizes.config
    heads = [config.n_head]
    if head.n_head is UNSET:
        heads += [n for n in _divisors(config.n_embd) if n not in heads]
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
    return _Fit(model, loss_error, grads_error, evidence.grads is not None)


def _error(right: Array, got: Array) -> float:
    error = float(np.linalg.norm(right - got) / (np.linalg.norm(right) or 1.0))
    return error if np.isfinite(error) else float("inf")


def _divisors(number: int) -> list[int]:
    return [n for n in range(1, number + 1) if number % n == 0]


def _say_layout(fit: _Fit, note: Note) -> None:
    words = fit.model.layout.words
    if fit.agrees:
        note(f"Layout: {words}; it gives the program's own first loss.")
    else:
        note(f"Layout: {words}; it is the nearest, since none gives the program's first loss.")
