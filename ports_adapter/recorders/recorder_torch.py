"""Writes the trace of a PyTorch program: a folder with an npz file for each record.

params = dict(model.named_parameters())
record(trace=1, n_head=4, num_steps=1000, weights=params)  # before training
if step in RECORDED_STEPS:  # before the gradients are cleared
record(step=step, tokens=tokens, loss=loss, grads={n: p.grad for n, p in params.items()})
if step in RECORDED_STEPS:  # after the update by torch.optim.Adam
m = {n: optimizer.state[p]["exp_avg"] for n, p in params.items()}
v = {n: optimizer.state[p]["exp_avg_sq"] for n, p in params.items()}
record(step=step, m=m, v=v, weights=params)
"""

import os
from pathlib import Path
from typing import Any

import numpy as np
import torch

RECORDED_STEPS = {0, 1, 2, 9, 10, 99, 100}
folder = Path(os.environ.get("MICROGPT_TRACE") or "trace")
folder.mkdir(parents=True, exist_ok=True)
for file in folder.glob("step_*.npz"):
    file.unlink()  # of an earlier run


def record(**fields: Any) -> None:
    """Write a record: tensors, dictionaries of tensors by name, numbers and texts."""
    name = f"step_{fields.pop('step'):06}_{[*fields][-1]}.npz" if "step" in fields else "first.npz"
    with (folder / "unfinished").open("wb") as file:
        np.savez(file, **{entry: x for part in fields for entry, x in arrays(part, fields[part])})
    (folder / "unfinished").replace(folder / name)


def arrays(name: str, x: Any) -> list[tuple[str, Any]]:
    """The arrays of a value, each with its name; NumPy has no bfloat16."""
    if isinstance(x, dict):
        return [entry for key in x for entry in arrays(f"{name}/{key}", x[key])]
    x = x.detach().cpu() if torch.is_tensor(x) else x
    return [(name, x.float() if getattr(x, "dtype", None) == torch.bfloat16 else x)]
