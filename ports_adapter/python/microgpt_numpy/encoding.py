"""Numbers in JSON: arrays as nested lists, and what JSON has no numbers for as strings.

Python writes a float in the fewest digits that read back as the same float.
"""

import math
from typing import Any

import numpy as np


def to_json(value: Any) -> Any:
    """A copy of `value` that `json.dumps` takes, and that any JSON parser reads."""
    match value:
        case np.ndarray():
            numbers = value.tolist()
            return numbers if np.isfinite(value).all() else to_json(numbers)
        case dict():
            return {key: to_json(item) for key, item in value.items()}
        case list():
            return [to_json(item) for item in value]
        case float() if not math.isfinite(value):
            return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
        case _:
            return value
