"""The oracle's losses over many seeds, on each corpus of `designs`.

Those of the published sizes are in `reference_losses.npz`, which `python -m conformance.programs`
writes. Others are computed when they are first needed, and kept in the user's cache folder.
"""

import contextlib
import hashlib
import io
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import astuple, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from golden.store import replace_file
from reference.config import Config
from reference.profiles import MICROGPT
from reference.program import Run
from reference.tape import cache
from reference.tape.machine import FlatState, Machine

from ..watcher import Watcher
from .designs import Design, designed, natural

SHIPPED = Path(__file__).parent / "reference_losses.npz"
SEEDS = 256
FEWER = 96
"""Runs of the oracle; fewer for models that are much larger than the published one."""

LEVELS = 65535
"""The logarithm of a loss is stored as one of so many levels between a corpus's extremes."""

SMALLEST = 1e-6
"""Smaller losses are stored as this; no program prints digits that small."""

Curves = NDArray[np.float32]
"""Losses `[seeds][steps]` in nats."""

OnSeed = Callable[[], None]


def curves_of(design: Design, config: Config, watcher: Watcher) -> Curves:
    """The oracle's losses on a corpus, read from a file or computed now."""
    usual = MICROGPT.config
    # Sampling does not change losses.
    config = replace(config, temperature=usual.temperature, num_samples=usual.num_samples)
    if config == usual:
        return shipped(design)
    path = cache.folder(cache.CURVES) / f"{_key(design, config)}.npy"
    with contextlib.suppress(OSError, ValueError):
        return unpacked(np.load(path))
    seeds = range(_seeds(config))
    watcher.computing(f"{len(seeds)} runs of the oracle on {design.about}", len(seeds))
    curves = simulated(design, config, seeds, watcher.advanced)
    content = io.BytesIO()
    np.save(content, packed(curves))
    with contextlib.suppress(OSError):
        replace_file(path, content.getvalue())
    return unpacked(packed(curves))


def shipped(design: Design) -> Curves:
    """The losses of the published sizes on a corpus, which `build` computed once."""
    with np.load(SHIPPED) as file:
        return unpacked(file[design.name])


def simulated(
    design: Design, config: Config, seeds: Sequence[int], on_seed: OnSeed = lambda: None
) -> Curves:
    """Compute the oracle's losses on a corpus from each of these seeds."""
    corpus = design.corpus
    steps = design.steps_of(config.num_steps)
    machine = Machine(config, len(set("".join(corpus.documents))) + 1)
    for length in {len(document) + 1 for document in corpus.documents}:
        machine.tape(min(config.block_size, length))

    def curve(seed: int) -> list[float]:
        run = Run.prepare(config, seed, corpus)
        documents = run.tokens()
        state = FlatState.of(run.state)
        tokens = [documents[step % len(documents)] for step in range(steps)]
        losses = [step.replay.loss for step in machine.follow(state, tokens)]
        on_seed()
        return losses

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return np.array(list(pool.map(curve, seeds)), np.float32)


def packed(curves: Curves) -> NDArray[Any]:
    """Store losses in 16 bits each; the first row has the extremes of their logarithms."""
    logs = np.log(np.maximum(curves.astype(np.float64), SMALLEST))
    low, high = logs.min(), logs.max()
    codes = np.round((logs - low) / max(high - low, 1e-9) * LEVELS).astype("<u2")
    head = np.zeros(codes.shape[1] + 8, "<u2")[None, :]
    extremes = np.array([low, high]).astype("<f8").view("<u2")
    head[0, :8] = extremes
    return np.vstack([head, np.pad(codes, ((0, 0), (0, 8)))])


def unpacked(codes: NDArray[Any]) -> Curves:
    """Restore losses from `packed`, accurate to half a level."""
    low, high = np.ascontiguousarray(codes[0, :8]).view("<f8")
    levels = codes[1:, :-8].astype(np.float64) / LEVELS
    curves: Curves = np.exp(low + levels * (high - low)).astype(np.float32)
    return curves


def build(on_seed: OnSeed = lambda: None) -> bytes:
    """The content of `reference_losses.npz`: the losses of the published sizes."""
    config = MICROGPT.config
    arrays: dict[str, Any] = {
        design.name: packed(simulated(design, config, range(SEEDS), on_seed))
        for design in (natural(), *designed(config.block_size))
    }
    content = io.BytesIO()
    np.savez_compressed(content, **arrays)
    return content.getvalue()


def _seeds(config: Config) -> int:
    usual = MICROGPT.config
    is_large = config.n_layer * config.n_embd**2 > 4 * usual.n_layer * usual.n_embd**2
    return FEWER if is_large else SEEDS


def _key(design: Design, config: Config) -> str:
    """A key that depends on the corpus, the configuration and the number of runs."""
    words = (design.content, design.steps, astuple(config), _seeds(config))
    return hashlib.sha256(repr(words).encode()).hexdigest()[:16]
