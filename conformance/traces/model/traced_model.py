"""Chooses the layout and the number of heads with which a trace's first numbers agree."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import accumulate

import numpy as np
from msgspec import UNSET

from golden.numbers import Array
from reference.tape.machine import Machine

from ..writing.record_lines import BadTrace, Note
from ..writing.records import Head
from .model_sizes import ModelSizes, refuse_large_tokens
from .order_search import possible_orders, shows_unused_rows
from .traced_evaluation import Evidence
from .written_layout import WrittenLayout, flat_layouts, layouts_of

LOSS_AGREES = 2e-4
"""The largest relative error of a loss that agrees; some are printed with four decimals."""

GRADS_AGREE = 1e-2
"""The largest relative error of gradients that agree, as a whole."""

EXACT = 1e-5
"""The error of a fit that needs no comparison with others."""

OF_ROUNDING = 30
"""The relative error of an exact fit, in multiples of that of printing."""

FEW_MOVED = 3
"""So many matrices out of the published order may be a mistake of the program."""

CLEARLY_WORSE = 3
"""A fit with so many times the error of the best one is not its rival."""

CLEARLY_LIKER = 0.1
"""Gradients of a wrong program decide for a layout in which their cosine to the right ones is so
much larger than in the published one: a mistake rarely turns them all."""


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
    likeness: float
    evidence: Evidence

    @property
    def agrees(self) -> bool:
        return self.loss_error <= LOSS_AGREES and self.grads_error <= GRADS_AGREE

    @property
    def has_exact_loss(self) -> bool:
        return self.evidence.loss is not None and self.loss_error <= EXACT

    @property
    def is_near(self) -> bool:
        enough = EXACT + OF_ROUNDING * self.evidence.rounding
        return self.agrees and self.error <= enough

    @property
    def is_exact(self) -> bool:
        return self.is_near and self.evidence.grads is not None

    @property
    def error(self) -> float:
        return self.loss_error + self.grads_error


def traced_model(head: Head, sizes: ModelSizes, evidence: Evidence, note: Note) -> TracedModel:
    """The model as its first evaluation shows it.

    Raises:
        BadTrace: the weights fit no layout, or the number of heads stays open.
    """
    refuse_large_tokens(evidence.tokens, sizes, evidence.where)
    fits: list[_Fit] = []
    for model in _models(head, sizes, evidence):
        fits.append(_fit(model, evidence))
        if fits[-1].is_exact:
            break
        if evidence.shows_nothing:
            return fits[-1].model
    best = _likeliest(fits)
    if not best.is_exact and head.order is UNSET and not evidence.weights.shapes:
        best = _in_any_order(best, evidence, note)
    if best.model.layout.words:
        _say_layout(best, note)
    if head.n_head is UNSET:
        _say_heads(best, fits, note)
    elif not best.is_exact:
        _doubt_heads(best, sizes, evidence, note)
    return best.model


def _likeliest(fits: list[_Fit]) -> _Fit:
    """The nearest fit that agrees; of a program with a mistake, in doubt the first fit."""
    nearest = min(fits, key=lambda fit: fit.error)
    if nearest.agrees:
        return nearest
    likest = max(fits, key=lambda fit: fit.likeness)
    needed = 0 if likest.has_exact_loss and not fits[0].has_exact_loss else CLEARLY_LIKER
    return likest if likest.likeness > fits[0].likeness + needed else fits[0]


def _in_any_order(known: _Fit, evidence: Evidence, note: Note) -> _Fit:
    """The fit in an order that follows no rule, if one agrees; otherwise the known one.

    An order that exchanges a few matrices of the published one may be a mistake of the program
    as well, so it is not taken for its own.

    Raises:
        BadTrace: there are too many orders to try, and the gradients refute the known ones.
    """
    sizes, best = known.model.sizes, known
    likest, is_known = known, _has_its_order(known)
    for order in _orders_left(sizes, evidence):
        moved = sum(a != b for a, b in zip(order, sizes.shapes, strict=True))
        for layout in flat_layouts(f"the order {', '.join(order)}", order, sizes.shapes):
            model = TracedModel(sizes, layout, known.model.machine)
            if is_known and _loss_error(model, evidence) > LOSS_AGREES:
                continue
            fit = _fit(model, evidence)
            if moved > FEW_MOVED:
                likest = max(likest, fit, key=lambda fit: fit.likeness)
            best = min(best, fit, key=lambda fit: fit.error if fit.agrees else np.inf)
            if best.is_exact and best is fit:
                if moved > FEW_MOVED:
                    return best
                note(
                    f"With the order {', '.join(order)} the first loss would be right. If the "
                    f'program lists its matrices so, state it: "order" in the first record.'
                )
                return known
    if known.agrees or is_known:
        return known
    if likest.likeness > known.likeness + CLEARLY_LIKER:
        note(
            "The gradients of unused tokens and positions show an order of the matrices that is "
            "not a known one. The likeliest is taken. To be sure, state the program's: "
            '"order": ["wte", …] in the first record.'
        )
        return likest
    has_grads = evidence.grads is not None and np.isfinite(evidence.grads.numbers).all()
    if has_grads and sizes.config.n_layer > 1:
        raise BadTrace(
            "the first record: no known order of the matrices has the gradients of unused tokens "
            'and positions where they are; state the program\'s order, "order": ["wte", …], or '
            "write the matrices by name"
        )
    unused = "" if evidence.grads is None else ", nor do the gradients of unused tokens fit one"
    note(
        f"No order of the matrices that is tried gives the program's first loss{unused}. If it "
        'writes them in an order of its own, state it: "order": ["wte", …] in the first record.'
    )
    return known


def _has_its_order(fit: _Fit) -> bool:
    """Whether the gradients of unused tokens and positions show that the order is the program's."""
    evidence, sizes = fit.evidence, fit.model.sizes
    if evidence.grads is None:
        return False
    grads = fit.model.layout.canonical(evidence.grads, "the gradients")
    return shows_unused_rows(sizes.shapes, grads, evidence.tokens)


def _orders_left(sizes: ModelSizes, evidence: Evidence) -> Iterator[list[str]]:
    if sizes.config.n_layer == 1 and evidence.grads is not None:
        yield from possible_orders(sizes.shapes, evidence.grads.numbers, evidence.tokens)


def _say_heads(best: _Fit, fits: list[_Fit], note: Note) -> None:
    n_head = best.model.sizes.config.n_head
    rivals = {
        fit.model.sizes.config.n_head
        for fit in fits
        if fit.agrees and fit.error <= CLEARLY_WORSE * best.error
    }
    if best.agrees and len(rivals) > 1:
        both = " and ".join(str(n) for n in sorted(rivals))
        raise BadTrace(f'the first record: {both} heads both give the first loss; state "n_head"')
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
def _loss_error(model: TracedModel, evidence: Evidence) -> float:
    """The relative error of the loss by a layout; 0 if the trace has none."""
    if evidence.loss is None:
        return 0.0
    weights = model.layout.canonical(evidence.weights, "the weights")
    right = model.machine.evaluate(weights, evidence.tokens)
    return _error(np.array([right.loss]), np.array([evidence.loss]))


@np.errstate(all="ignore")
def _fit(model: TracedModel, evidence: Evidence) -> _Fit:
    weights = model.layout.canonical(evidence.weights, "the weights")
    right = model.machine.evaluate(weights, evidence.tokens)
    loss_error = grads_error = likeness = 0.0
    if evidence.loss is not None:
        loss_error = _error(np.array([right.loss]), np.array([evidence.loss]))
    if evidence.grads is not None:
        grads = model.layout.canonical(evidence.grads, evidence.grads_where)
        grads_error = _error(right.grads, grads)
        likeness = _likeness(right.grads, grads, model.sizes.shapes)
    return _Fit(model, loss_error, grads_error, likeness, evidence)


def _likeness(right: Array, got: Array, shapes: Mapping[str, tuple[int, int]]) -> float:
    """The mean of the cosines of all matrices, so that no large gradient decides for all."""
    stops = list(accumulate(rows * columns for rows, columns in shapes.values()))
    pairs = zip(np.split(right, stops[:-1]), np.split(got, stops[:-1]), strict=True)
    cosines = [a @ b / (np.linalg.norm(a) * np.linalg.norm(b) or 1.0) for a, b in pairs]
    likeness = float(np.mean(cosines))
    return likeness if np.isfinite(likeness) else 0.0


def _error(right: Array, got: Array) -> float:
    error = float(np.linalg.norm(right - got) / (np.linalg.norm(right) or 1.0))
    return error if np.isfinite(error) else float("inf")


def _divisors(number: int) -> list[int]:
    return [n for n in range(1, number + 1) if number % n == 0]


def _say_layout(fit: _Fit, note: Note) -> None:
    words = fit.model.layout.words
    if fit.is_near:
        note(f"Layout: {words}; it gives the program's own first loss.")
    else:
        note(f"Layout: {words}; it is the nearest, and does not give the program's first loss.")
