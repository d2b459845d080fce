"""Describes the pattern of the errors, for mistakes that are not in the catalogue.

A constant ratio suggests a scaled loss or learning rate, zero gradients suggest a detached graph,
and errors from position 1 on suggest attention.
"""

from collections.abc import Iterator, Mapping

import numpy as np

from conformance.anatomy.nested_numbers import shape_of
from conformance.asking.case_result import Result
from conformance.judging.compare import in_budgets
from golden.numbers import Array, as_array
from ports_adapter.messages import AdamParams, ModelParams

from .judged_cases import JudgedCases, Tensor, tensor_at

ALIKE = 1e-6
"""The largest relative difference between ratios that count as equal."""

SENTENCES = 4
"""The most sentences about single tensors of one case; the first ones say most."""

FEWEST = 8
"""The fewest numbers that a ratio must hold for."""


def symptoms(cases: JudgedCases) -> list[str]:
    """Sentences about the errors of some wrong cases of each root level, without repetition."""
    found: dict[str, None] = {}
    for level in cases.roots or sorted({judged.case.level for judged in cases.wrong}):
        wrong = [k for k in cases.wrong if k.case.level is level and k.exchange]
        for judged in _widest(wrong)[:2]:
            for sentence in of_case(judged):
                found.setdefault(f"{judged.case.slug}: {sentence}")
    return list(found)


def _widest(wrong: list[Result]) -> list[Result]:
    """The cases with the longest documents first, since they show the most."""

    def size(judged: Result) -> int:
        params = judged.exchange.params if judged.exchange else None
        return len(params.tokens) if isinstance(params, ModelParams) else 0

    return sorted(wrong, key=size, reverse=True)


def of_case(judged: Result) -> Iterator[str]:
    """Sentences about the errors of one case."""
    tensors = tensors_of(judged)
    wrong = {at: pair for at, pair in tensors.items() if not _is_right(pair)}
    if not wrong:
        return
    scaled = [*_ratio(tensors, "/grads/", "gradients"), *_ratio_of_updates(judged, tensors)]
    if scaled:
        yield from scaled
        return
    for prefix, what in (("/grads/", "gradients"), ("/weights/", "weights")):
        yield from _only(tensors, wrong, prefix, what)
    sentences = [sentence for at, pair in wrong.items() for sentence in _of_tensor(at, pair)]
    yield from sentences[:SENTENCES]
    yield from _first_position(wrong)


def tensors_of(judged: Result) -> dict[str, Tensor]:
    """The parts of an answer that have the right shape, by JSON Pointer."""
    if judged.exchange is None:
        return {}
    found = {pointer: tensor_at(judged.exchange, pointer) for pointer in judged.exchange.expected}
    return {pointer: tensor for pointer, tensor in found.items() if tensor is not None}


def _is_right(tensor: Tensor) -> bool:
    _, right, got, budgets = tensor
    return bool((in_budgets(right, got, budgets) <= 1).all())


def constant_ratio(
    right: Array, got: Array, alike: float = ALIKE, share: float = 1.0, fewest: int = FEWEST
) -> float | None:
    """The constant factor between two arrays, or None if there is none, or if it is 1.

    Args:
        right: the expected numbers, flat.
        got: the port's numbers, flat.
        alike: the largest relative difference between ratios that count as equal.
        share: the share of large numbers that must have the ratio.
        fewest: how many numbers must be comparable.
    """
    used = (right != 0) & np.isfinite(got)
    if used.sum() < fewest or (got[~used] != 0).any():
        return None
    ratios = got[used] / right[used]
    # Small elements may have cancelled and lost digits, so only the large ones are compared.
    large = np.abs(right[used]) > 1e-3 * np.abs(right[used]).max()
    ratio = float(np.median(ratios[large]))
    if ratio == 0 or np.mean(np.abs(ratios[large] / ratio - 1) < alike) < share:
        return None
    return None if abs(ratio - 1) < alike else ratio


def _ratio(tensors: Mapping[str, Tensor], prefix: str, what: str) -> Iterator[str]:
    group = [pair for at, pair in tensors.items() if at.startswith(prefix)]
    if len(group) < 2:
        return
    right, got = (np.concatenate([tensor[i] for tensor in group]) for i in (1, 2))
    ratio = constant_ratio(right, got)
    if ratio is not None:
        losses = tensors.get("/losses")
        positions = losses[1].size if losses else 0
        meant = _meaning(ratio, positions)
        yield f"All {what} are {ratio:.6g} times the expected ones{meant}."


def _meaning(ratio: float, positions: int) -> str:
    for of, words in (
        (positions, "the number of positions: the loss is a sum, not a mean"),
        (positions / 16 if positions else 0, "positions / 16: the loss is divided by 16"),
        (positions / (positions + 1), "n / (n + 1): the loss is divided by one too many"),
        (-1.0, "the sign is wrong"),
    ):
        if of and abs(ratio / of - 1) < ALIKE and abs(of - 1) > ALIKE:
            return f" ({words})"
    return " (a loss that is scaled by a constant does that)"


def _ratio_of_updates(judged: Result, tensors: Mapping[str, Tensor]) -> Iterator[str]:
    params = judged.exchange.params if judged.exchange else None
    if not isinstance(params, AdamParams):
        return
    moved_right, moved_got = [], []
    for name, before in params.weights.items():
        if f"/weights/{name}" in tensors:
            _, right, got, _ = tensors[f"/weights/{name}"]
            start = as_array(before).ravel()
            moved_right.append(right - start)
            moved_got.append(got - start)
    if not moved_right:
        return
    right, got = np.concatenate(moved_right), np.concatenate(moved_got)
    # Epsilon changes the ratio where gradients are as small as epsilon.
    ratio = constant_ratio(right, got, alike=1e-3, share=0.9)
    if ratio is not None:
        yield (
            f"The updates are {ratio:.4g} times the expected ones: check the learning rate and the "
            "bias correction."
        )


def _only(
    tensors: Mapping[str, Tensor], wrong: Mapping[str, Tensor], prefix: str, what: str
) -> Iterator[str]:
    names = [at.removeprefix(prefix) for at in wrong if at.startswith(prefix)]
    all_ = [at for at in tensors if at.startswith(prefix)]
    if names and len(names) < len(all_):
        others = len(all_) - len(names)
        yield f"Only these {what} are wrong: {', '.join(names)}; the other {others} are correct."


def _of_tensor(at: str, tensor: Tensor) -> Iterator[str]:
    nested, right, got, budgets = tensor
    wrong = in_budgets(right, got, budgets) > 1
    if right.any() and not got.any():
        yield f"{at} is 0 everywhere: its source is detached, or never added."
        return
    ratio = constant_ratio(right, got, fewest=1)
    if ratio is not None:
        all_of = "all numbers of " if right.size > 1 else ""
        yield f"The ratio to the expected value is {ratio:.6g} for {all_of}{at}."
        return
    is_regular = isinstance(nested, list) and isinstance(shape_of(nested), str)
    shape = np.shape(nested) if is_regular else ()
    if len(shape) == 2 and shape[0] == shape[1] and shape[0] > 1:
        square = right.reshape(shape)
        if (in_budgets(square.T.ravel(), got, budgets) <= 1).all():
            yield f"{at} is transposed."
            return
    if len(shape) == 2 and 0 < wrong.sum() < wrong.size:
        rows = np.flatnonzero(wrong.reshape(shape).any(axis=1))
        used = np.flatnonzero((right != 0).reshape(shape).any(axis=1))
        if rows.size <= used.size // 2:
            shown = ", ".join(map(str, rows[:8]))
            yield f"{at} is wrong only in {rows.size} of its {shape[0]} rows: {shown}."


def _first_position(wrong: Mapping[str, Tensor]) -> Iterator[str]:
    """The position from which on the first wrong part is wrong, if it is not the first."""
    for at in ("/logits", "/losses"):
        if at in wrong:
            nested, right, got, budgets = wrong[at]
            outside = (in_budgets(right, got, budgets) > 1).reshape(len(nested), -1).any(axis=1)
            first = int(np.flatnonzero(outside)[0])
            if first == 1:
                yield (
                    f"{at} is correct at position 0 and wrong from position 1 on: check attention "
                    "to earlier positions and the position embedding."
                )
            elif first > 1:
                yield f"{at} is correct up to position {first - 1} and wrong from {first} on."
            return
