"""The yardstick for speed: the program's training steps as plain loops in C.

Same arithmetic as the program's, to the last bit; `plain_loop.c` says how.
"""

import atexit
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from reference.config import Config
from reference.model import Weights

SOURCE = Path(__file__).with_suffix(".c")

COMPILER = "cc"

FLAGS = ("-std=c11", "-O2", "-ffp-contract=off", "-fno-builtin-pow")


@dataclass(frozen=True, slots=True)
class PlainRun:
    """What a run came to.

    `weights_fnv` is the 64-bit FNV-1a of the final weights' bytes. Multiply-adds are those
    of the dot products, forward and backward; seconds and multiply-adds are means.
    """

    losses: list[float]
    weights_fnv: int
    seconds_per_step: float
    multiply_adds_per_step: float


@cache
def build() -> Path:
    """The compiled program, in a folder that goes when we do."""
    folder = tempfile.mkdtemp(prefix="plain_loop-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    program = Path(folder) / "plain_loop"
    subprocess.run([COMPILER, *FLAGS, "-o", program, SOURCE, "-lm"], check=True)
    return program


def flattened(weights: Weights) -> NDArray[np.float64]:
    """Matrix by matrix, row by row."""
    return np.concatenate([np.ravel(matrix) for matrix in weights.values()]).astype(np.float64)


def fnv1a(data: bytes) -> int:
    value = 14695981039346656037
    for byte in data:
        value = (value ^ byte) * 1099511628211 % 2**64
    return value


def run(
    config: Config,
    vocab_size: int,
    weights_flat: NDArray[np.float64],
    documents: Sequence[Sequence[int]],
    steps: int,
) -> PlainRun:
    """`steps` steps from step 0 on; step `k` takes document `k % len(documents)`.

    All that the C program reads is int64 and float64 in native byte order.
    """
    sizes = [config.n_embd, config.n_head, config.n_layer, config.block_size, vocab_size]
    counts = [weights_flat.size, config.num_steps, steps, len(documents)]
    rates = [config.learning_rate, config.beta1, config.beta2, config.eps_adam]
    tokens = [number for document in documents for number in (len(document), *document)]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "input"
        with path.open("wb") as file:
            file.write(np.array(sizes + counts, dtype=np.int64).tobytes())
            file.write(np.array(rates, dtype=np.float64).tobytes())
            file.write(weights_flat.astype(np.float64).tobytes())
            file.write(np.array(tokens, dtype=np.int64).tobytes())
        command = [build(), path]
        lines = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout
    *losses, checksum, seconds, multiply_adds = lines.splitlines()
    return PlainRun(
        losses=[float.fromhex(loss) for loss in losses],
        weights_fnv=int(checksum.split()[-1], 16),
        seconds_per_step=float(seconds.split()[-1]),
        multiply_adds_per_step=float(multiply_adds.split()[-1]),
    )
