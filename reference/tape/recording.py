"""Recording: the canonical program run over symbols, once for each length of document."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from ..config import Config
from ..model import Matrix, Vector
from ..training import document_loss
from .encoding import Encoder
from .order import needed, topological_order
from .symbols import Recorder, Symbol, SymbolicMatrix, Token
from .tape import Tape


def record(config: Config, vocab_size: int, positions: int) -> Tape:
    """Run the program over symbols for a document with this many positions.

    Raises:
        Unrecordable: the program, or a rewrite of it, does what no tape can hold.
    """
    shapes = config.shapes(vocab_size)
    recorder = Recorder(sum(rows * columns for rows, columns in shapes.values()))
    weights, slot = {}, 0
    for name, shape in shapes.items():
        weights[name] = SymbolicMatrix(recorder, slot, shape)
        slot += shape[0] * shape[1]
    seen: dict[str, list[Any]] = {}

    def tap(name: str, nodes: Vector | Matrix) -> None:
        seen.setdefault(name, []).append(_slots(nodes))

    tokens = [Token(place) for place in range(positions + 1)]
    logits, losses, loss = document_loss(weights, tokens, config, tap)  # type: ignore[arg-type]
    root = _slots(loss)
    logit_slots, loss_slots = _slots(logits), _slots(losses)
    order = topological_order(recorder, root)
    used = needed(recorder, [root, *_flat(logit_slots), *_flat(list(seen.values()))])
    encoder = Encoder(recorder, vocab_size)
    forward, backward = encoder.code(used), encoder.code(reversed(order))
    return Tape(
        vocab_size=vocab_size,
        positions=positions,
        num_params=recorder.num_params,
        num_slots=encoder.num_slots + len(recorder.constants),
        forward=forward,
        backward=backward,
        tables=encoder.tables,
        constants=np.array(list(recorder.constants)),
        logits=np.array(logit_slots, dtype=np.int64),
        losses=np.array(loss_slots, dtype=np.int64),
        loss=root,
        seen=seen,
    )


def _slots(nodes: Any) -> Any:
    """The slots of nested lists of symbols, nested alike."""
    return nodes.operand.slot if isinstance(nodes, Symbol) else [_slots(node) for node in nodes]


def _flat(slots: Any) -> Iterator[int]:
    if isinstance(slots, int):
        yield slots
    else:
        for part in slots:
            yield from _flat(part)
