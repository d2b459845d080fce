"""Layout: how a port names and arranges the weights, declared in its manifest.

A rule takes one tensor of ours, or several, to one of the port's, by an einops pattern
(https://einops.rocks). Whatever a pattern does to numbers it does to their indices too, so a
rule is turned into an array of indices once, and that serves both ways.
"""

from __future__ import annotations

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
"""No rule comes near it, and no array has many more."""

OF_THE_MODEL = ("wte", "wpe", "lm_head")
OF_A_LAYER = tuple(
    f"layer{{l}}.{name}"
    for name in ("attn_wq", "attn_wk", "attn_wv", "attn_wo", "mlp_fc1", "mlp_fc2")
)
OF_METHODS = ("w", "fc1", "fc2")
"""What the methods `linear` and `mlp` call theirs."""

TENSORS = (*OF_THE_MODEL, *OF_A_LAYER, *OF_METHODS)


class Rule(Struct, frozen=True, forbid_unknown_fields=True):
    """One `[[layout]]` of a manifest.

    `ours` is a tensor or a list of them, `{l}` stands for every layer. `port` is what the port
    calls it; where that has `{h}`, there is one tensor a head, the pattern's first axis. The
    `pattern` has an arrow, for one tensor or for several of one shape stacked along a first
    axis; without an arrow it packs several, as einops' `pack` does: `* i` on top of each other,
    `*` all into one vector. In it `h` is the number of heads.
    """

    ours: str | list[str]
    pattern: str = ""
    port: str = ""

    @property
    def names(self) -> list[str]:
        """What it takes of ours."""
        return [self.ours] if isinstance(self.ours, str) else self.ours


class BadRule(Exception):
    """A rule means nothing; the message says why."""


def check(rules: Sequence[Rule]) -> None:
    """Apply rules to a small model, to find what is wrong with them.

    Raises:
        BadRule: a rule names what does not exist or what another one takes, or has a pattern
            that cannot be applied.
    """
    taken: set[str] = set()
    named: list[tuple[str, str]] = []
    moved: set[str] = set()
    for number, rule in enumerate(rules, 1):
        where = f"layout rule {number}"
        for name in rule.names:
            if name not in TENSORS:
                raise BadRule(f"{where}: there is no {name!r}; ours are {', '.join(TENSORS)}")
            if name in taken:
                raise BadRule(f"{where}: {name} is in two rules")
            taken.add(name)
        if not rule.names:
            raise BadRule(f"{where}: ours is empty")
        if len(rule.names) > 1 and not (rule.port and rule.pattern):
            raise BadRule(f"{where}: several tensors need a port's name and a pattern")
        if "{l}" in rule.port and not all("{l}" in name for name in rule.names):
            raise BadRule(f"{where}: {rule.port} is one a layer, {rule.names} are not")
        if set(rule.names) & set(OF_METHODS) and (rule.port or len(rule.names) > 1):
            raise BadRule(f"{where}: {rule.names[0]} of a method can be rearranged, not renamed")
        if not f"{rule.port}{rule.pattern}".isprintable():
            raise BadRule(f"{where}: port and pattern are what can be printed")
        model = not set(rule.names) & set(OF_METHODS)
        try:
            bound = list(_bind(rule, EXAMPLE if model else {rule.names[0]: (16, 4)}, n_head=2))
        except (EinopsError, RuntimeError, ValueError, IndexError) as error:
            raise BadRule(f"{where}: {_first_line(error)}") from None
        named += [(where, tensor.port) for tensor in bound if model]
        moved |= {name for tensor in bound for name in tensor.ours}
    _check_names(named, EXAMPLE.keys() - moved)


def _check_names(named: Sequence[tuple[str, str]], kept: Set[str]) -> None:
    """Refuse two of the port's tensors under one name, which is all that tells them apart."""
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
    """One tensor of the port's: which elements of ours, one after the other, it holds."""

    port: str
    ours: tuple[str, ...]
    shapes: tuple[Shape, ...]
    indices: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Arrangement:
    """A layout for a model of a certain size."""

    tensors: Sequence[Arranged] = ()

    def to_port(self, ours: Mapping[str, Any]) -> dict[str, Any]:
        """Tensors as nested lists by our names, renamed and rearranged as the port has them."""
        given = dict(ours)
        for tensor in self.tensors:
            parts = [np.array(ours[name]).ravel() for name in tensor.ours]
            given[tensor.port] = np.concatenate(parts)[tensor.indices].tolist()
        kept = {tensor.port for tensor in self.tensors}
        for name in {name for tensor in self.tensors for name in tensor.ours} - kept:
            del given[name]
        return given

    def to_ours(self, port: Mapping[str, Any], at: str) -> dict[str, Any]:
        """Tensors by the port's names, as we name and arrange them.

        Args:
            port: nested lists of whatever the port sent.
            at: their place in its answer, a JSON Pointer.

        Raises:
            WrongAnswer: one is missing, or is not shaped as the layout says.
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
        raise WrongAnswer(f"wrong answer: {place} is missing; port.toml's layout has it")
    got = _as_objects(port[tensor.port])
    if got is None or got.shape != shape:
        what = "none that is regular" if got is None else str(list(got.shape))
        raise WrongAnswer(
            f"wrong answer: {place} must have shape {list(shape)} by port.toml's layout, got {what}"
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
    """All rules of a manifest; without any, a port's tensors are ours."""

    rules: Sequence[Rule] = ()
    _known: dict[Any, Arrangement] = field(default_factory=dict, compare=False, repr=False)

    def arrangement(self, shapes: Mapping[str, Shape], n_head: int) -> Arrangement:
        """The rules for tensors of these shapes; a rule of which none is there does nothing."""
        key = (tuple(sorted(shapes.items())), n_head)
        if key not in self._known:
            bound = [tensor for rule in self.rules for tensor in _bind(rule, shapes, n_head)]
            self._known[key] = Arrangement(tuple(bound))
        return self._known[key]

    def toml(self) -> str:
        """The rules as they stand in a manifest."""
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
    """What a pattern makes of tensors that hold the numbers 0, 1, 2, ... one after the other."""
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
        raise ValueError(f"{pattern!r} does not keep every number once")
    return indices


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0].strip()
