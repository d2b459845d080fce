"""The layouts in which programs write the numbers of a model, and how to read each of them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from einops import rearrange
from numpy.typing import NDArray

from golden.numbers import Array
from ports_adapter.quoting import printable

from ..writing.raw_numbers import RawTensors, Shape
from ..writing.record_lines import BadTrace
from .tensor_names import recognized

Shapes = Mapping[str, tuple[int, int]]
Indices = NDArray[np.int64]

EMBEDDINGS = ("wte", "wpe")
PUBLISHED = "the order of the published program"


@dataclass(frozen=True)
class WrittenLayout:
    """Where each number of a program belongs in the canonical order.

    Attributes:
        size: how many numbers the model has.
        places: the canonical index of each number, by the program's name of the matrix; for flat
            lists there is one, without a name.
        words: what was recognized; empty for the published order.
    """

    size: int
    places: Mapping[str, Indices]
    words: str = ""

    def canonical(self, raw: RawTensors, where: str) -> Array:
        """The numbers in canonical order.

        Raises:
            BadTrace: a matrix is missing, or has another size.
        """
        shapes = raw.shapes or {"": raw.numbers.shape}
        if shapes.keys() != self.places.keys():
            raise BadTrace(f"{where}: {self._other_names(raw)}")
        numbers = np.empty(self.size)
        start = 0
        for name, shape in shapes.items():
            stop = start + int(np.prod(shape))
            places = self.places[name]
            if stop - start != places.size:
                named = f"{printable(name, 60)}: " if name else ""
                raise BadTrace(f"{where}: {named}{stop - start} numbers in place of {places.size}")
            numbers[places.ravel()] = raw.numbers[start:stop]
            start = stop
        return numbers

    def _other_names(self, raw: RawTensors) -> str:
        if not raw.shapes or "" in self.places:
            return "one set of tensors is a flat list, another has names; write all alike"
        lacking = sorted(self.places.keys() - raw.shapes.keys())
        surplus = sorted(raw.shapes.keys() - self.places.keys())
        words = [f"{printable(lacking[0], 60)} is missing"] if lacking else []
        words += [f"{printable(surplus[0], 60)} is not among the weights"] if surplus else []
        return "; ".join(words)


def layouts_of(
    raw: RawTensors, shapes: Shapes, n_head: int, order: Sequence[str] | None
) -> Iterator[WrittenLayout]:
    """The layouts that the numbers may have, the most likely ones first.

    Args:
        raw: the weights as the program wrote them.
        shapes: the shapes of the model.
        n_head: the number of heads.
        order: the names of the matrices of a flat list, if the program states them.

    Raises:
        BadTrace: the names or the sizes fit no layout.
    """
    size = sum(rows * columns for rows, columns in shapes.values())
    if raw.numbers.size != size:
        raise BadTrace(f"{raw.numbers.size} weights in place of {size}")
    if raw.shapes:
        yield from _by_name(raw, shapes, n_head, size)
        return
    for words, names in _orders(shapes, order):
        yield from flat_layouts(words, names, shapes)


def flat_layouts(words: str, names: Sequence[str], shapes: Shapes) -> Iterator[WrittenLayout]:
    """The layouts of a flat list whose matrices are in an order, which `words` describe."""
    size = sum(rows * columns for rows, columns in shapes.values())
    for turned, transposed in _orientations(shapes):
        parts = [_canonical(name, shapes) for name in names]
        turned_parts = [
            part.T if name in transposed else part for name, part in zip(names, parts, strict=True)
        ]
        flat = np.concatenate([part.ravel() for part in turned_parts])
        yield WrittenLayout(size, {"": flat}, " and ".join(w for w in (words, turned) if w))


def _canonical(name: str, shapes: Shapes) -> Indices:
    """The canonical indices of a matrix."""
    start = 0
    for other, (rows, columns) in shapes.items():
        if other == name:
            return np.arange(start, start + rows * columns).reshape(rows, columns)
        start += rows * columns
    raise KeyError(name)


def _wrong_order(order: Sequence[str], n_layer: int, ours: Sequence[str]) -> str:
    """What is wrong with an order that does not have each matrix once."""
    if unknown := [name for name in order if not recognized(name, n_layer)]:
        return f"{printable(unknown[0], 60)!r} is not recognized"
    if twice := [name for name in ours if ours.count(name) > 1]:
        return f"{twice[0]!r} is there twice"
    return "matrices are missing"


def _orders(shapes: Shapes, order: Sequence[str] | None) -> Iterator[tuple[str, list[str]]]:
    """Known orders of the matrices in a flat list, with words for each."""
    names = list(shapes)
    layers = [name for name in names if name.startswith("layer")]
    n_layer = len({name.partition(".")[0] for name in layers})
    if order is not None:
        ours = [each for name in order for each in recognized(name, n_layer)]
        if sorted(ours) != sorted(names):
            raise BadTrace(
                f"the first record, at /order: {_wrong_order(order, n_layer, ours)}; the matrices "
                f"are {', '.join(names)}"
            )
        yield "the order that the first record states", ours
        return
    kinds = list(dict.fromkeys(name.partition(".")[2] for name in layers))
    by_kind = [f"layer{layer}.{kind}" for kind in kinds for layer in range(n_layer)]
    head_last = [name for name in names if name not in (*layers, "lm_head")]
    known = (
        ("", names),
        ("lm_head last", [*head_last, *layers, "lm_head"]),
        ("the matrices sorted by name", sorted(names)),
        ("layers kind by kind", [name for name in names if name not in layers] + by_kind),
        ("layers kind by kind, lm_head last", [*head_last, *by_kind, "lm_head"]),
        ("wte, lm_head, wpe, layers", ["wte", "lm_head", "wpe", *layers]),
        ("layers first", [*layers, *(name for name in names if name not in layers)]),
    )
    seen: list[list[str]] = []
    for words, ordered in known:
        if sorted(ordered) == sorted(names) and ordered not in seen:
            seen.append(ordered)
            yield words, ordered


def _orientations(shapes: Shapes) -> Iterator[tuple[str, frozenset[str]]]:
    """Which matrices may be transposed, with words for it."""
    linear = frozenset(name for name in shapes if name not in EMBEDDINGS)
    yield "", frozenset()
    yield "linear layers transposed (inputs by outputs)", linear
    yield "linear layers but lm_head transposed (inputs by outputs)", linear - {"lm_head"}


def _by_name(raw: RawTensors, shapes: Shapes, n_head: int, size: int) -> Iterator[WrittenLayout]:
    matched = _matched(raw, shapes)
    options = {
        name: list(_options(ours, raw.shapes[name], shapes, n_head))
        for name, ours in matched.items()
    }
    for name, found in options.items():
        if not found:
            ours = " and ".join(matched[name])
            raise BadTrace(
                f"the first record, at /weights/{printable(name, 60)}: the shape "
                f"{list(raw.shapes[name])} does not fit {ours}, which is "
                f"{list(shapes[matched[name][0]])}"
            )
    seen: list[dict[str, bytes]] = []
    for preferred in ("", "transposed", "by head", "interleaved"):
        chosen = {
            name: next((o for o in found if o[0] == preferred), found[0])
            for name, found in options.items()
        }
        key = {name: indices.tobytes() for name, (_, indices) in chosen.items()}
        if key in seen:
            continue
        seen.append(key)
        turned = sorted({words for words, _ in chosen.values() if words})
        renamed = [] if all((name,) == ours for name, ours in matched.items()) else ["renamed"]
        words = ", ".join([*renamed, *turned])
        yield WrittenLayout(
            size, {name: indices for name, (_, indices) in chosen.items()},
            f"matrices by name ({words})" if words else "",
        )  # fmt: skip


def _matched(raw: RawTensors, shapes: Shapes) -> dict[str, tuple[str, ...]]:
    """The matrices that each of the program's names stands for.

    Raises:
        BadTrace: a name is not recognized, or a matrix is missing or there twice.
    """
    n_layer = len({name.partition(".")[0] for name in shapes if name.startswith("layer")})
    matched = {name: recognized(name, n_layer) for name in raw.shapes}
    known = [name for ours in matched.values() for name in ours]
    unknown = [name for name, ours in matched.items() if not ours]
    left = [name for name in shapes if name not in known]
    if len(unknown) == 1 and len(left) == 1:
        return matched | {unknown[0]: (left[0],)}
    if unknown or left or sorted(known) != sorted(shapes):
        what = (
            f"{printable(unknown[0], 60)!r} is not recognized"
            if unknown
            else f"{left[0]} is missing"
            if left
            else "a matrix is there twice"
        )
        raise BadTrace(
            f"the first record, at /weights: {what}; the matrices are {', '.join(shapes)}"
        )
    return matched


def _options(
    ours: tuple[str, ...], shape: Shape, shapes: Shapes, n_head: int
) -> Iterator[tuple[str, Indices]]:
    """The ways in which matrices may fill a tensor of a shape, with words for each."""
    stacked = np.stack([_canonical(name, shapes) for name in ours])
    count, rows, columns = stacked.shape
    ways: list[tuple[str, Any]] = [
        ("", stacked.reshape(count * rows, columns)),
        ("transposed", stacked.reshape(count * rows, columns).T),
        ("transposed", rearrange(stacked, "k r c -> k c r").reshape(count * columns, rows)),
    ]
    if rows % n_head == 0:
        split = rearrange(stacked, "k (h d) c -> k h d c", h=n_head)
        ways.append(("by head", rearrange(split, "k h d c -> (k h c) d")))
        ways.append(("interleaved", rearrange(split, "k h d c -> (h k d) c")))
        ways.append(("interleaved", rearrange(split, "k h d c -> (h k d) c").T))
    for words, indices in ways:
        if words and ours[0] in EMBEDDINGS and _fits(ways[0][1].shape, shape):
            return  # a look-up table is not transposed, even if it is square
        if _fits(indices.shape, shape):
            yield words, np.ascontiguousarray(indices).reshape(shape)


def _fits(matrix: Shape, shape: Shape) -> bool:
    """Whether a tensor of a shape is the matrix, flat or with its rows in groups."""
    if int(np.prod(matrix)) != int(np.prod(shape)):
        return False
    return len(shape) == 1 or shape[-1] == matrix[-1]
