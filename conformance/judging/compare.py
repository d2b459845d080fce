"""Compares a port's answer with the right one: structure with DeepDiff, numbers with NumPy.

Divergences are listed in the order of computation, since the earliest may cause the others.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
from msgspec import UNSET, Struct

from conformance.anatomy.nested_numbers import flat, pointer_of, shape_of
from conformance.oracle.answer import Answer, Expected, Numbers
from golden.budgets import Precision
from golden.numbers import Array, as_array, as_carried, ulps
from ports_adapter.quoting import printable

from .divergence import Comparison, Divergence

MISSING = "nothing"
BEYOND = 100
"""How many surplus items of a list are compared: DeepDiff is slow on long lists."""


def compare(expected: Answer, got: Any, precision: Precision = "float64") -> Comparison:
    """Compare every part of an answer.

    Args:
        expected: the right answer, by JSON Pointer.
        got: the port's answer, as decoded structs, dicts and lists.
        precision: in which the port computes.
    """
    found = {pointer: resolve(got, pointer) for pointer in expected}
    wrong = structural_divergences(expected, found) | unexpected_parts(expected, got)
    worst, worst_at, values, identical, apart = 0.0, "", 0, 0, 0.0
    for pointer, part in expected.items():
        if pointer in wrong or not isinstance(part, Numbers):
            continue
        measured = measure(pointer, part, found[pointer], precision)
        values += measured.values
        identical += measured.identical
        apart = max(apart, measured.ulps)
        if measured.worst > worst:
            worst, worst_at = measured.worst, measured.worst_at
        wrong |= {divergence.part: divergence for divergence in measured.divergences}
    order = {pointer: index for index, pointer in enumerate(expected)}
    divergences = sorted(wrong.values(), key=lambda d: order.get(d.part, len(order)))
    return Comparison(tuple(divergences), worst, worst_at, values, identical, apart)


def parts_before_the_first_wrong(expected: Answer, got: Any, precision: Precision) -> int:
    """How many parts of an answer are right before the first that is not; all if none is wrong."""
    for index, (pointer, part) in enumerate(expected.items()):
        value = resolve(got, pointer)
        if _outline(part, part.value) != _outline(part, value):
            return index
        if isinstance(part, Numbers) and measure(pointer, part, value, precision).divergences:
            return index
    return len(expected)


def resolve(answer: Any, pointer: str) -> Any:
    """The part of a decoded answer at a JSON Pointer, or UNSET if nothing is there."""
    for token in pointer.split("/")[1:]:
        key = token.replace("~1", "/").replace("~0", "~")
        match answer:
            case Struct():
                answer = getattr(answer, key, UNSET)
            case dict():
                answer = answer.get(key, UNSET)
            case list() if key.isdecimal() and int(key) < len(answer):
                answer = answer[int(key)]
            case _:
                return UNSET
    return answer


def structural_divergences(expected: Answer, found: dict[str, Any]) -> dict[str, Divergence]:
    """The parts that are missing, have another shape, or must be equal and are not."""
    right = {at: _outline(part, part.value) for at, part in expected.items()}
    actual = {at: _outline(expected[at], value) for at, value in found.items()}
    if right == actual:
        return {}
    from deepdiff import DeepDiff  # its import takes long, and most answers have the right shape

    changes: dict[str, list[tuple[list[Any], Any]]] = {}
    for group in DeepDiff(right, actual, view="tree").values():
        for change in group:
            part, *inside = change.path(output_format="list")
            changes.setdefault(part, []).append((inside, change))
    divergences = {part: _structural(part, wrong) for part, wrong in changes.items()}
    for part, value in right.items():
        # DeepDiff takes some unequal values for equal; none of them may pass.
        if value != actual[part] and part not in divergences:
            shown = _shown(value), _shown(actual[part])
            divergences[part] = Divergence(part, part, *shown, np.inf)
    return divergences


def _structural(part: str, changes: list[tuple[list[Any], Any]]) -> Divergence:
    """The divergence for all changes within a part; it shows the first one."""
    inside, change = min(changes, key=lambda found: [f"{step:>9}" for step in found[0]])
    pointer = part + "".join(f"/{step}" for step in inside)
    expected, got = _shown(change.t1), _shown(change.t2)
    return Divergence(part, pointer, expected, got, np.inf, len(changes), len(changes), pointer)


def unexpected_parts(expected: Answer, got: Any) -> dict[str, Divergence]:
    """Tensors or items that the right answer does not have; unknown fields are allowed."""
    known = {above for pointer in expected for above in _ancestors(pointer)}
    extra: dict[str, Divergence] = {}
    for parent in sorted(known - set(expected) - {""}):
        match resolve(got, parent):
            case dict() as named:
                keys = [str(key).replace("~", "~0").replace("/", "~1") for key in named]
            case list() as items:
                # Unjudged items may stand between judged ones, but not after the last of them.
                inside = [at[len(parent) + 1 :] for at in known if at.startswith(parent + "/")]
                last = max(int(place.partition("/")[0]) for place in inside)
                keys = [str(index) for index in range(last + 1, len(items))]
            case _:
                keys = []
        for pointer in (f"{parent}/{key}" for key in keys):
            if pointer not in known:
                extra[pointer] = Divergence(pointer, pointer, MISSING, "an extra part", np.inf)
    return extra


def _ancestors(pointer: str) -> Iterator[str]:
    """The pointer itself and all pointers above it, up to that of the whole document."""
    while pointer:
        yield pointer
        pointer = pointer.rpartition("/")[0]
    yield ""


def measure(pointer: str, part: Numbers, got: Any, precision: Precision) -> Comparison:
    """Compare a tensor of the right shape, element by element, in budgets."""
    right, actual = flat(part.value), as_carried(flat(got), precision)
    ratios = in_budgets(right, actual, budgets_of(part, right))
    worst = int(np.argmax(ratios)) if ratios.size else 0
    apart = ulps(right, actual)
    identical = int((apart == 0).sum())
    worst_at = pointer + pointer_of(part.value, worst) if ratios.size else pointer
    ratio = float(ratios[worst]) if ratios.size else 0.0
    outside = np.flatnonzero(ratios > 1)
    divergences: tuple[Divergence, ...] = ()
    if outside.size:
        is_exact = budgets_of(part, right)[worst] == 0
        divergences = (
            Divergence(
                part=pointer,
                pointer=worst_at,
                expected=repr(float(right[worst])) + (" exactly" if is_exact else ""),
                got=repr(float(actual[worst])),
                ratio=ratio,
                wrong=int(outside.size),
                values=int(ratios.size),
                first=pointer + pointer_of(part.value, int(outside[0])),
            ),
        )
    largest = float(apart.max()) if apart.size else 0.0
    return Comparison(divergences, ratio, worst_at, int(ratios.size), identical, largest)


def budgets_of(part: Numbers, values: Array) -> Array:
    """The budget of each of a part's values, flat."""
    return np.broadcast_to(np.ravel(as_array(part.budget)), values.shape)


def in_budgets(right: Array, actual: Array, budgets: Array) -> Array:
    """The error of each element in budgets: 0 if equal, infinite if only one of two is finite."""
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        ratios: Array = np.abs(right - actual) / budgets
    unclear = np.isnan(ratios)
    if unclear.any():
        equal = (right == actual) | (np.isnan(right) & np.isnan(actual))
        ratios = np.where(unclear, np.where(equal, 0.0, np.inf), ratios)
    return ratios


def _outline(part: Expected, value: Any) -> Any:
    """What DeepDiff compares of a part: the shape of numbers, everything of other values."""
    if value is UNSET:
        return MISSING
    return shape_of(value) if isinstance(part, Numbers) else _clipped(value, part.value)


def _clipped(value: Any, like: Any) -> Any:
    """A value whose lists are cut `BEYOND` items after the end of the right ones."""
    if not isinstance(value, list):
        return value
    right = like if isinstance(like, list) else []
    return [
        _clipped(item, right[index] if index < len(right) else None)
        for index, item in enumerate(value[: len(right) + BEYOND])
    ]


def _shown(value: Any) -> str:
    """A value as the report shows it: words about a shape as they are, other values quoted."""
    if value is None or type(value).__name__ == "NotPresent":
        return MISSING
    is_outline = isinstance(value, str) and value.startswith(("number", MISSING))
    return str(value) if is_outline else printable(repr(value), 200)
