"""A program at machine speed: it trains on input.txt, and prints in whichever shape is asked for.

Its training is the canonical program's, on tapes; the shuffling, the weights and the samples
come from CPython's generator or from NumPy's. Run as `python taped.py ROOT [options]`.
"""

# ruff: noqa: T201 (a program prints)

import argparse
import json
import random
import sys
from argparse import Namespace
from collections.abc import Iterator
from pathlib import Path
from typing import Any

parser = argparse.ArgumentParser()
parser.add_argument("--generator", choices=["cpython", "numpy"], default="cpython")
parser.add_argument("--seed", type=int, default=42)
parser.add_argument("--steps", type=int, default=1000)
parser.add_argument("--shape", default="published")
parser.add_argument("--precision", default="float64")
parser.add_argument("--uncorrected", action="store_true", help="Adam without bias correction")
parser.add_argument("--temperature", type=float, default=0.5)

if __name__ == "__main__":
    sys.path.insert(0, sys.argv.pop(1))

import numpy as np  # noqa: E402

from reference.config import Config  # noqa: E402
from reference.corpus import read_corpus  # noqa: E402
from reference.sampling import sample_from  # noqa: E402
from reference.tape.machine import FlatState, TapeRun  # noqa: E402


class Own(random.Random):
    """NumPy's generator in the place of CPython's."""

    def __init__(self, seed: int) -> None:
        self.source = np.random.default_rng(seed)
        super().__init__(seed)

    def random(self) -> float:
        return float(self.source.random())

    def getrandbits(self, k: int) -> int:
        return int(self.source.integers(0, 2**k))

    def gauss(self, mu: float = 0.0, sigma: float = 1.0) -> float:
        return float(self.source.normal(mu, sigma))


def line(shape: str, step: int, total: int, loss: float) -> str | None:
    """What is printed of a step, which counts from 1, with what ends it."""
    match shape:
        case "published":
            return f"step {step:4d} / {total:4d} | loss {loss:.4f}\n"
        case "returns":
            return f"step {step:4d} / {total:4d} | loss {loss:.4f}\r"
        case "colours":
            return (
                f"\x1b[2K\x1b[1G\x1b[36mStep {step}/{total}\x1b[0m - Loss: \x1b[1m{loss:.3f}\x1b[0m"
            )
        case "json":
            return json.dumps({"step": step, "loss": loss, "ms": 0.3}) + "\n"
        case "hundredth":
            return None if (step - 1) % 100 else f"iter {step - 1}: loss {loss:.4f} (2.1 ms)\n"
        case "last":
            return None if step < total else f"done in 3.2 s, final loss: {loss:.4f}\n"
        case "cut":
            return f"step {step} of {total}, train_loss = {int(loss * 1e4) / 1e4:.4f}\n"
        case _:
            raise ValueError(shape)


def losses(run: Any, options: Namespace) -> Iterator[tuple[float, Any]]:
    """Of each step, with the weights after it."""
    machine = run.machine
    machine.dtype = np.dtype(options.precision)
    state = FlatState.of(run.state, options.precision)
    documents = run.tokens()
    for step in range(run.config.num_steps):
        replay = machine.evaluate(state.weights, documents[step % len(documents)])
        if options.uncorrected:
            m = 0.85 * state.m + 0.15 * replay.grads
            v = 0.99 * state.v + 0.01 * replay.grads**2
            update = run.config.learning_rate_at(step) * m / (np.sqrt(v) + 1e-8)
            state = FlatState(step + 1, state.weights - update, m, v)
        else:
            state, _ = machine.update(state, replay.grads)
        yield replay.loss, state.weights


def printed(options: Namespace, corpus: Path) -> Iterator[str]:
    config = Config(num_steps=options.steps, temperature=options.temperature)
    run = TapeRun.prepare(config, options.seed, read_corpus(corpus))
    yield f"num docs: {len(run.documents)}\nvocab size: {run.tokenizer.vocab_size}\n"
    yield f"num params: {run.num_params}\n"
    weights: Any = run.weights
    for step, (loss, after) in enumerate(losses(run, options), start=1):
        yield line(options.shape, step, config.num_steps, loss) or ""
        weights = after
    yield "\n--- inference (new, hallucinated names) ---\n"
    vocabulary = range(run.tokenizer.vocab_size)
    for number in range(1, config.num_samples + 1):
        tokens = sample_from(
            run.next_logits(weights),
            run.tokenizer.bos,
            config.temperature,
            config,
            lambda shares: run.generator.choices(vocabulary, shares)[0],
        )
        yield f"sample {number:2d}: {run.tokenizer.decode(tokens)}\n"


def main() -> None:
    options = parser.parse_args()
    if options.generator == "numpy":
        random.Random = Own  # type: ignore[assignment, misc]
    for text in printed(options, Path("input.txt")):
        print(text, end="", flush=True)


if __name__ == "__main__":
    main()
