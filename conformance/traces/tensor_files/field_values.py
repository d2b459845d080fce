"""Turns what a file of tensors has into the values that the fields of a record have."""

from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from ..writing.record_lines import BadTrace
from .entry_names import WITH_NAMES, RecordKey
from .stored_values import Stored

AXES = {"logits": 2, "tokens": 1, "losses": 1, "uniforms": 1}
"""The axes of the parts that have any; a batch of one document may be a further one."""

OUTPUTS = ("logits", "losses", "loss", "learning_rate")
"""Parts of a step that stay arrays."""

LONGEST = 1 << 20
"""The most elements of a list."""

LISTS = ("vocab", "order")
"""Facts of the first record that may be lists."""

TEXTS = ("name", "language", "activation", "schedule", "precision", "document", *LISTS)
"""Facts that are texts; the text of another one is a number."""


def field_value(record: RecordKey, part: str, stored: Stored) -> Any:
    """A value as a record of JSON has it; tensors and outputs stay arrays.

    Raises:
        BadTrace: a list is too long.
    """
    if isinstance(stored, str):
        is_text = part in TEXTS and not (part in LISTS and stored.startswith("["))
        return stored if is_text else _decoded(stored)
    if isinstance(stored, list) or part in WITH_NAMES:
        return stored
    array = _without_batch(stored, AXES.get(part, 0))
    if record.kind == "step" and part in OUTPUTS:
        return array
    if array.size > LONGEST:
        raise BadTrace(f"{part} of {record.words} has the shape {list(array.shape)}")
    if array.ndim == 0 and array.dtype.kind == "f":
        return float(str(array[()]))  # 0.85 is meant, not the number of float32 nearest to it
    return array.tolist()


def _without_batch(array: NDArray[Any], axes: int) -> NDArray[Any]:
    """The array without leading axes of length 1, if it has more axes than it should."""
    surplus = max(array.ndim - axes, 0)
    is_batch = array.shape[:surplus] == (1,) * surplus
    return np.reshape(array, array.shape[surplus:]) if is_batch else array


def _decoded(text: str) -> Any:
    """The number or list that a text writes as JSON; the text if it writes none."""
    try:
        return msgspec.json.decode(text)
    except msgspec.DecodeError:
        return text
