"""Records tapes: runs the canonical program over symbols, once for each document length."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from ..config import Config
from ..model import Matrix, Vector
from ..training import collector_paused, document_loss
from ..value import Value
from .encoding import Encoder
from .order import needed, topological_order
from .symbols import Operand, Recorder, Symbol, SymbolicMatrix, Token
from .tape import Slots, Tape, flattened


@collector_paused()
def record(config: Config, vocab_size: int, positions: int) -> Tape:
    """The tape of the program for documents with this many positions.

    Raises:
        Unrecordable: the program, or a rewrite of it, does something that no tape can hold.
    """
    shapes = config.shapes(vocab_size)
    recorder = Recorder(sum(rows * columns for rows, columns in shapes.values()))
    weights, gradients, slot = {}, {}, 0
    for name, shape in shapes.items():
        weights[name] = SymbolicMatrix(recorder, slot, shape)
        size = shape[0] * shape[1]
        gradients[f"/grads/{name}"] = np.arange(slot, slot + size).reshape(shape)
        slot += size
    seen: dict[str, list[Any]] = {}

    def tap(name: str, nodes: Vector | Matrix) -> None:
        seen.setdefault(name, []).append(nodes)

    tokens = [Token(place) for place in range(positions + 1)]
    logits, losses, loss = document_loss(weights, tokens, config, tap)  # type: ignore[arg-type]
    intermediates = {name: slots_of(nodes) for name, nodes in seen.items()}
    values = {f"/intermediates/{name}": slots for name, slots in intermediates.items()}
    values |= {"/logits": slots_of(logits), "/losses": slots_of(losses), "/loss": slots_of(loss)}
    for name, slots in intermediates.items():
        gradients[f"/intermediate_grads/{name}"] = slots
    return _tape(recorder, vocab_size, positions, values["/loss"], values, gradients)


Build = Callable[[dict[str, Any]], tuple[Any, Value]]


@collector_paused()
def record_function(leaves: Mapping[str, Any], output: str, build: Build) -> Tape:
    """The tape of a function of nested lists of numbers.

    Args:
        leaves: the numbers by name, of which only the shapes matter; in order, they are the
            parameters of the tape.
        output: the name of the function's value.
        build: takes lists of symbols of these shapes; gives the value and the scalar to
            differentiate.
    """
    symbols, count = _numbered(leaves, 0)
    recorder = Recorder(count)
    nodes = {name: _symbols(recorder, slots) for name, slots in symbols.items()}
    value, root = build(nodes)
    assert isinstance(root, Symbol)
    gradients = {f"/grads/{name}" if name else "/grads": slots for name, slots in symbols.items()}
    values = {f"/{output}": slots_of(value)}
    return _tape(recorder, 0, 0, root.operand.slot, values, gradients)


def _tape(
    recorder: Recorder,
    vocab_size: int,
    positions: int,
    root: int,
    values: dict[str, Slots],
    gradients: dict[str, Slots],
) -> Tape:
    recorder.mark_users_alike(vocab_size)
    encoder = Encoder(recorder, vocab_size)
    used = needed(recorder, [root, *(s for slots in values.values() for s in flattened(slots))])
    forward = encoder.code(used)
    backward = encoder.code(reversed(topological_order(recorder, root)))
    return Tape(
        vocab_size=vocab_size,
        positions=positions,
        num_params=recorder.num_params,
        num_slots=encoder.num_slots + len(recorder.constants),
        forward=forward,
        backward=backward,
        tables=encoder.tables,
        constants=np.array(list(recorder.constants), dtype=np.float64),
        root=root,
        values=values,
        gradients=gradients,
    )


def slots_of(nodes: Any) -> Slots:
    """The slots of nested lists of symbols: an array if the lists are regular."""
    slots = _nested_slots(nodes)
    if isinstance(slots, int):
        return slots
    try:
        return np.array(slots, dtype=np.int64)
    except ValueError:
        return slots


def _nested_slots(nodes: Any) -> Any:
    if isinstance(nodes, Symbol):
        return nodes.operand.slot
    return [_nested_slots(node) for node in nodes]


def _numbered(leaves: Any, first: int) -> tuple[Any, int]:
    """Nested lists or dicts with numbers replaced by slots, and the slot after the last one."""
    if isinstance(leaves, Mapping):
        parts: dict[str, Any] = {}
        for name, part in leaves.items():
            parts[name], first = _numbered(part, first)
        return parts, first
    if isinstance(leaves, list):
        listed: list[Any] = []
        for part in leaves:
            slots, first = _numbered(part, first)
            listed.append(slots)
        return listed, first
    return first, first + 1


def _symbols(recorder: Recorder, slots: Any) -> Any:
    if isinstance(slots, list):
        return [_symbols(recorder, part) for part in slots]
    return Symbol(recorder, Operand(slots))
