"""Compiles all kernels and records the tapes of the published program: `python -m reference.tape`.

Both are kept on disk. Without this, the first run of the suite has to wait for them.
"""

from __future__ import annotations

import random
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import numpy as np
from numpy.typing import DTypeLike

from ..corpus import embedded_corpus
from ..model import initial_weights
from ..profiles import MICROGPT
from ..tokenizer import Tokenizer
from . import perturbed
from .formula import formula_of
from .machine import FlatState, Machine, flat, tape_of
from .rewrites import REWRITES


def main() -> None:
    """Record the tapes and compile the kernels for each precision, in a process each."""
    work = [record_tapes, compile_double, compile_single]
    with ProcessPoolExecutor(mp_context=get_context("spawn")) as pool:
        for done in [pool.submit(part) for part in work]:
            done.result()


def record_tapes() -> None:
    """Record the tapes of documents of every length."""
    config, tokenizer = MICROGPT.config, Tokenizer.of(embedded_corpus().documents)
    for positions in range(1, config.block_size + 1):
        for rewrite in REWRITES:
            tape_of(config, tokenizer.vocab_size, positions, rewrite)


def compile_double() -> None:
    """Compile the kernels for float64."""
    compile_kernels(np.float64)


def compile_single() -> None:
    """Compile the kernels for float32."""
    compile_kernels(np.float32)


def compile_kernels(dtype: DTypeLike) -> None:
    """Call every kernel once."""
    config, tokenizer = MICROGPT.config, Tokenizer.of(embedded_corpus().documents)
    weights = flat(initial_weights(config, tokenizer.vocab_size, random.Random(1)))
    machine = Machine(config, tokenizer.vocab_size, dtype)
    start = FlatState(0, *(np.zeros_like(weights, dtype) + w for w in (weights, 0, 0)))
    perturb(machine, start, [tokenizer.bos, tokenizer.bos])


def perturb(machine: Machine, start: FlatState, tokens: list[int]) -> None:
    """Compute one training step, then the same step perturbed."""
    tape = machine.step(start, tokens).replay.tape
    x, g = (np.empty(tape.num_slots, machine.dtype) for _ in range(2))
    kind, seed, formula = perturbed.kind_of(machine.dtype), np.uint64(1), formula_of(machine.config)
    perturbed.evaluate(
        tape.forward, tape.backward, tape.tables, tape.constants, tape.root,
        np.array(tokens, np.int64), machine.vocab_size, start.weights, x, g, 0, seed, kind,
    )  # fmt: skip
    perturbed.apply_update(
        formula.once, formula.each, formula.registers(machine.config, 0, machine.dtype),
        formula.outputs, 0, start.weights, start.m, start.v, g[: tape.num_params], seed, kind,
    )  # fmt: skip


if __name__ == "__main__":
    main()
