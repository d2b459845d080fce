"""Writes traces of the canonical program, in the ways in which programs write them."""

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from conformance.judging.report import Report
from conformance.runs.tracing import judged_trace_file
from golden.numbers import Array
from reference.config import Config
from reference.corpus import embedded_corpus
from reference.profiles import MICROGPT
from reference.tape.machine import FlatState, Machine, TapeRun, named

EMBEDDINGS = ("wte", "wpe")

Records = list[dict[str, Any]]


def published(name: str) -> str:
    """The name of a matrix in the published program."""
    return name


@dataclass(frozen=True)
class Writer:
    """How a program writes its trace.

    Attributes:
        config: the program.
        single: whether it computes in single precision.
        form: the format of every number.
        order: the matrices in the order of flat lists; None is the published one.
        transposed: whether linear layers are written as inputs by outputs.
        named: gives the program's name of a matrix; None writes flat lists.
        first: the number of the first step.
        without: fields that it does not write.
        head: fields of the first record that it writes otherwise.
    """

    config: Config = MICROGPT.config
    single: bool = False
    form: str = "{!r}"
    order: Sequence[str] | None = None
    transposed: bool = False
    named: Callable[[str], str] | None = None
    first: int = 0
    without: Collection[str] = ()
    head: Mapping[str, Any] = field(default_factory=dict)

    def records(self, steps: int = 2) -> Records:
        """The records of the first steps on the embedded corpus."""
        run = run_of(self.config)
        machine = Machine(self.config, run.tokenizer.vocab_size, self._dtype)
        state = FlatState.of(run.state, self._dtype)
        head = {
            "trace": 1,
            **{n: getattr(self.config, n) for n in ("n_layer", "n_embd", "n_head", "block_size")},
            "num_steps": self.config.num_steps,
            "vocab": "".join(run.tokenizer.characters),
            "weights": self._tensors(state.weights, machine),
        }
        records = [head | dict(self.head)]
        for number, tokens in enumerate(run.tokens()[:steps]):
            step = machine.step(state, tokens)
            state = step.state
            records += [
                {
                    "step": number + self.first,
                    "document": run.documents[number],
                    "tokens": list(tokens),
                    "logits": [self._numbers(row) for row in step.replay.logits],
                    "losses": self._numbers(step.replay.losses),
                    "loss": self._numbers([step.replay.loss])[0],
                    "grads": self._tensors(step.replay.grads, machine),
                    "learning_rate": step.learning_rate,
                },
                {
                    "step": number + self.first,
                    **{n: self._tensors(getattr(state, n), machine) for n in ("m", "v", "weights")},
                },
            ]
        return [{k: v for k, v in r.items() if k not in self.without} for r in records]

    @property
    def _dtype(self) -> Any:
        return np.float32 if self.single else np.float64

    def _numbers(self, numbers: Any) -> list[float]:
        typed = [np.float32(x) if self.single else float(x) for x in numbers]
        return [float(self.form.format(x)) for x in typed]

    def _tensors(self, numbers: Array, machine: Machine) -> Any:
        views = {
            name: matrix.T if self.transposed and name not in EMBEDDINGS else matrix
            for name, matrix in named(numbers, machine.shapes).items()
        }
        if self.named is not None:
            return {self.named(n): [self._numbers(row) for row in m] for n, m in views.items()}
        return self._numbers(np.concatenate([views[n].ravel() for n in self.order or views]))


@cache
def run_of(config: Config) -> TapeRun:
    """The run of a program on the embedded corpus."""
    return TapeRun.prepare(config, 42, embedded_corpus())


@cache
def usual_lines() -> tuple[str, ...]:
    """The lines of a plain right trace of two steps."""
    return tuple(json.dumps(record) for record in Writer().records())


def usual() -> Records:
    """The records of a plain right trace of two steps, to be changed."""
    return [json.loads(line) for line in usual_lines()]


def written(folder: Path, records: Records) -> Path:
    """The file of a trace."""
    path = folder / "trace.jsonl"
    path.write_text("".join(json.dumps(record) + "\n" for record in records))
    return path


def judged(folder: Path, records: Records) -> Report:
    """The report on a trace."""
    return judged_trace_file(written(folder, records))[0]


def outcomes(report: Report) -> dict[str, str]:
    """How each case of a report ended, by its slug."""
    return {case.slug: str(case.outcome) for case in report.cases}
