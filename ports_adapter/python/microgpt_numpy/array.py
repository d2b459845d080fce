"""The arrays that everything is computed in."""

from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.floating[Any]]

Real = type[np.float64] | type[np.float32]
"""The numbers that everything is computed in."""

Tensors = dict[str, Array]
"""Arrays by their names: weights, gradients, a model's nodes."""
