"""The layout of a port: how it names and arranges weights, as its manifest declares.

A rule maps one or several of the suite's tensors to one of the port's by an einops pattern
(https://einops.rocks). The pattern is applied to the tensors' indices once; the resulting array
of indices converts numbers in both directions.
"""

import re
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from typing import Any

import msgspec
import numpy as np
from einops import EinopsError, pack, rearrange
from msgspec import Struct
from numpy.typing import NDArray

from .failures import WrongAnswer

Shape = tuple[int, ...]

MOST_AXES = 16
"""No rule needs so many axes, and NumPy arrays cannot have many more."""

OF_THE_MODEL = ("wte", "wpe", "lm_head")
OF_A_LAYER = tuple(
    f"layer{{l}}.{name}"
    for name in ("attn_wq", "attn_wk", "attn_wv", "attn_wo", "mlp_fc1", "mlp_fc2")
)
OF_METHODS = ("w", "fc1", "fc2")
"""The matrices of the methods `linear` and `mlp`."""

TENSORS = (*OF_THE_MODEL, *OF_A_LAYER, *OF_METHODS)


class Rule(Struct, frozen=True, forbid_unknown_fields=True):
    """One `[[layout]]` table of a manifest.

    Attributes:
        ours: one or several of the suite's tensors; `{l}` stands for every layer.
        pattern: an einops pattern, in which `h` is the number of heads. With an arrow, it applies
            to one tensor, or to several of the same shape, stacked along a new first axis.
            Without an arrow, it packs several as `einops.pack` does: `* i` on top of each other,
            `*` into one vector.
        port: the port's name for the result; with `{h}`, there is one tensor per head, along the
            pattern's first axis.
    """

    ours: str | list[str]
    pattern: str = ""
    port: str = ""

    @property
    def names(self) -> list[str]:
        """The suite's tensors as a list."""
        return [self.ours] if isinstance(self.ours, str) else self.ours


class BadRule(Exception):
    """A rule cannot be applied; the message says why."""


def check(rules: Sequence[Rule]) -> None:
    """Check rules by applying them to a small model.

    Raises:
        BadRule: a rule names an unknown tensor or that of another rule, or its pattern cannot be
            applied.
    """
    used: set[str] = set()
    renamed: list[tuple[str, str]] = []
    moved: set[str] = set()
    for number, rule in enumerate(rules, 1):
        where = f"layout rule {number}"
        for name in rule.names:
            if name not in TENSORS:
                raise BadRule(f"{where}: there is no {name!r}; possible are {', '.join(TENSORS)}")
            if name in used:
                raise BadRule(f"{where}: {name} is in two rules")
            used.add(name)
        if not rule.names:
            raise BadRule(f"{where}: ours is empty")
        if len(rule.names) > 1 and not (rule.port and rule.pattern):
            raise BadRule(f"{where}: several tensors need the keys port and pattern")
        if "{l}" in rule.port and not all("{l}" in name for name in rule.names):
            raise BadRule(f"{where}: port {rule.port} has {{l}}, so all of {rule.names} need it")
        if set(rule.names) & set(OF_METHODS) and (rule.port or len(rule.names) > 1):
            raise BadRule(f"{where}: {rule.names[0]} of a method can be rearranged, not renamed")
        if not f"{rule.port}{rule.pattern}".isprintable():
            raise BadRule(f"{where}: port and pattern must be printable")
        model = not set(rule.names) & set(OF_METHODS)
        try:
            bound = list(_bind(rule, EXAMPLE if model else {rule.names[0]: (16, 4)}, n_head=2))
        except (EinopsError, RuntimeError, ValueError, IndexError) as error:
            raise BadRule(f"{where}: {_first_line(error)}") from None
        renamed += [(where, tensor.port) for tensor in bound if model]
        moved |= {name for tensor in bound for name in tensor.ours}
    _check_names(renamed, EXAMPLE.keys() - moved)


def _check_names(named: Sequence[tuple[str, str]], kept: Set[str]) -> None:
    """Refuse two of the port's tensors with the same name."""
    known = set(kept)
    for where, name in named:
        if name in known:
            raise BadRule(f"{where}: the port would have two tensors called {name}")
        known.add(name)


EXAMPLE: dict[str, Shape] = {
    "wte": (5, 4), "wpe": (3, 4), "lm_head": (5, 4),
    **{
        f"layer{layer}.{name}": shape
        for layer in range(2)
        for name, shape in (
            ("attn_wq", (4, 4)), ("attn_wk", (4, 4)), ("attn_wv", (4, 4)), ("attn_wo", (4, 4)),
            ("mlp_fc1", (16, 4)), ("mlp_fc2", (4, 16)),
        )
    },
}  # fmt: skip
"""The shapes of a small model with 2 layers and 2 heads."""


@dataclass(frozen=True, slots=True)
class Arranged:
    """A tensor of the port: `indices` into the concatenated elements of the suite's tensors."""

    port: str
    ours: tuple[str, ...]
    shapes: tuple[Shape, ...]
    indices: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Arrangement:
    """A layout applied to a model of a certain size."""

    tensors: Sequence[Arranged] = ()

    def to_port(self, ours: Mapping[str, Any]) -> dict[str, Any]:
        """Rename and rearrange the suite's tensors, nested lists by name, for the port."""
        given = dict(ours)
        for tensor in self.tensors:
            parts = [np.array(ours[name]).ravel() for name in tensor.ours]
            given[tensor.port] = np.concatenate(parts)[tensor.indices].tolist()
        kept = {tensor.port for tensor in self.tensors}
        for name in {name for tensor in self.tensors for name in tensor.ours} - kept:
            del given[name]
        return given

    def to_ours(self, port: Mapping[str, Any], at: str) -> dict[str, Any]:
        """Rename and rearrange the port's tensors for the suite.

        Args:
            port: the nested lists that the port sent, by its names.
            at: their place in its answer, a JSON Pointer.

        Raises:
            WrongAnswer: a tensor is missing or has the wrong shape.
        """
        given = {name: tensor for name, tensor in port.items() if name not in self._port_names}
        gathered: dict[tuple[str, ...], NDArray[Any]] = {}
        shapes: dict[tuple[str, ...], tuple[Shape, ...]] = {}
        for tensor in self.tensors:
            total = sum(int(np.prod(shape)) for shape in tensor.shapes)
            shapes[tensor.ours] = tensor.shapes
            whole = gathered.setdefault(tensor.ours, np.empty(total, dtype=object))
            whole[tensor.indices] = _shaped(port, tensor, at)
        for names, whole in gathered.items():
            start = 0
            for name, shape in zip(names, shapes[names], strict=True):
                stop = start + int(np.prod(shape))
                given[name] = whole[start:stop].reshape(shape).tolist()
                start = stop
        return given

    @property
    def _port_names(self) -> set[str]:
        return {tensor.port for tensor in self.tensors}


def _shaped(port: Mapping[str, Any], tensor: Arranged, at: str) -> NDArray[Any]:
    place, shape = f"{at}/{tensor.port}", tensor.indices.shape
    if tensor.port not in port:
        raise WrongAnswer(f"wrong answer: {place} is missing; the layout in port.toml has it")
    got = _as_objects(port[tensor.port])
    if got is None or got.shape != shape:
        what = "ragged lists" if got is None else str(list(got.shape))
        raise WrongAnswer(
            f"wrong answer: {place} must have shape {list(shape)} by the layout in port.toml, "
            f"got {what}"
        )
    return got


def _as_objects(nested: Any) -> NDArray[Any] | None:
    """Nested lists as an array of their elements, or None if they are ragged."""
    shape: list[int] = []
    part = nested
    while isinstance(part, list):
        shape.append(len(part))
        part = part[0] if part else None
    if len(shape) > MOST_AXES:
        return None
    flat = nested if shape else [nested]
    for length in shape[1:]:
        if any(not isinstance(row, list) or len(row) != length for row in flat):
            return None
        flat = [element for row in flat for element in row]
    if any(isinstance(element, list) for element in flat):
        return None
    array = np.empty(len(flat), dtype=object)
    array[:] = flat
    return array.reshape(shape)


@dataclass(frozen=True)
class Layout:
    """The rules of a manifest; without rules, the port names and arranges tensors as the suite."""

    rules: Sequence[Rule] = ()
    _known: dict[Any, Arrangement] = field(default_factory=dict, compare=False, repr=False)

    def arrangement(self, shapes: Mapping[str, Shape], n_head: int) -> Arrangement:
        """Apply the rules to tensors of these shapes; rules for other tensors are skipped."""
        key = (tuple(sorted(shapes.items())), n_head)
        if key not in self._known:
            bound = [tensor for rule in self.rules for tensor in _bind(rule, shapes, n_head)]
            self._known[key] = Arrangement(tuple(bound))
        return self._known[key]

    def toml(self) -> str:
        """The rules as TOML."""
        return "\n\n".join(map(_toml, self.rules))


def _toml(rule: Rule) -> str:
    keys = {"ours": rule.ours, "port": rule.port, "pattern": rule.pattern}
    lines = [f"{name} = {msgspec.json.encode(key).decode()}" for name, key in keys.items() if key]
    return "\n".join(["[[layout]]", *lines])


def _bind(rule: Rule, shapes: Mapping[str, Shape], n_head: int) -> Iterator[Arranged]:
    layers = sum(name.endswith(".attn_wq") for name in shapes)
    if "{l}" in (rule.port or rule.names[0]):
        for layer in range(layers):
            port = (rule.port or rule.names[0]).replace("{l}", str(layer))
            names = [name.replace("{l}", str(layer)) for name in rule.names]
            yield from _arranged(rule, port, names, shapes, n_head)
        return
    names = [name for name in rule.names if "{l}" not in name]
    for layer in range(layers):
        names += [name.replace("{l}", str(layer)) for name in rule.names if "{l}" in name]
    if any(name in shapes for name in names):
        yield from _arranged(rule, rule.port or rule.names[0], names, shapes, n_head)


def _arranged(
    rule: Rule, port: str, names: Sequence[str], shapes: Mapping[str, Shape], n_head: int
) -> Iterator[Arranged]:
    ours = [shapes[name] for name in names]
    indices = _indices(rule.pattern, ours, n_head)
    parts = [(port, indices)]
    if "{h}" in port:
        parts = [(port.replace("{h}", str(head)), part) for head, part in enumerate(indices)]
    for name, part in parts:
        yield Arranged(name, tuple(names), tuple(ours), part)


def _indices(pattern: str, shapes: Sequence[Shape], n_head: int) -> NDArray[np.int64]:
    """Apply a pattern to tensors that contain the numbers 0, 1, 2, ... in order."""
    numbered, start = [], 0
    for shape in shapes:
        stop = start + int(np.prod(shape))
        numbered.append(np.arange(start, stop).reshape(shape))
        start = stop
    if "->" in pattern:
        heads = {"h": n_head} if re.search(r"\bh\b", pattern) else {}
        tensors = numbered[0] if len(numbered) == 1 else np.stack(numbered)
        indices = rearrange(tensors, pattern, **heads)
    else:
        indices = pack(numbered, pattern or "* i")[0]
    if np.sort(indices, axis=None).tolist() != list(range(start)):
        raise ValueError(f"{pattern!r} does not keep every number exactly once")
    return indices


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0].strip()
