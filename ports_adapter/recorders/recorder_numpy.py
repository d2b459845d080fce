"""Writes a trace: what a program computes while it trains, one JSON record a line.

    record(trace=1, n_head=4, num_steps=1000, weights=weights)  # before training
    if step in RECORDED_STEPS:  # before the gradients are cleared
        record(step=step, tokens=tokens, loss=loss, grads=grads)
    if step in RECORDED_STEPS:  # after the update
        record(step=step, m=m, v=v, weights=weights)

Weights, gradients and moments are arrays, lists of arrays, or dictionaries of matrices by name.
The arrays may be of NumPy, PyTorch, JAX, MLX or any other library that gives them a tolist().
"""

import json
import os
from typing import Any

RECORDED_STEPS = {0, 1, 2, 9, 10, 99, 100}

trace = open(os.environ.get("MICROGPT_TRACE") or "trace.jsonl", "w")


def record(**fields: Any) -> None:
    """Write a record; the numbers read back as the same numbers."""
    print(json.dumps(fields, default=lambda array: array.tolist()), file=trace, flush=True)
