"""Traces: any file is one, or it is said why it is none; judged, it has a verdict."""

import gzip
import json
from dataclasses import replace
from functools import cache

import numpy as np

from conformance.cases.request import Unusable
from conformance.judging.outcome import ExitCode
from conformance.runs.tracing import judged_trace_file
from reference.config import Config
from reference.corpus import corpus_of
from reference.program import Run
from reference.trace_writing import TraceWriter
from tests.support.tensor_traces import Entries, entries, npz, safetensors
from tests.support.traces import Writer

from .folder import folder
from .target import Ending, Target, claim, claim_printable, refused, strings_in

SMALL = Config(n_embd=4, n_head=2, block_size=4, num_steps=20)
PLAIN, ZIPPED = range(2)
"""How what is fed becomes a file."""


@cache
def seeds() -> list[bytes]:
    names = list(SMALL.shapes(5))
    writers = (
        Writer(config=SMALL, head={"order": names}),
        Writer(config=SMALL, named=str, single=True, form="{}"),
        Writer(config=SMALL, named=str, without=("n_head", "num_steps", "m", "v", "logits")),
    )
    traces = [
        "".join(json.dumps(record) + "\n" for record in writer.records()).encode()
        for writer in writers
    ]
    traces.append("".join(_with_a_sample()).encode())
    traces += _of_tensors(entries(writers[1].records(), np.float32))
    return [*(bytes([PLAIN]) + t for t in traces), bytes([ZIPPED]) + traces[1]]


def _of_tensors(found: Entries) -> list[bytes]:
    """The same trace in npz and in safetensors."""
    return [
        npz(folder("trace") / "seed.npz", found).read_bytes(),
        safetensors(folder("trace") / "seed.safetensors", found).read_bytes(),
    ]


def _with_a_sample() -> list[str]:
    """The trace of the reference, which ends with a sample."""
    lines: list[str] = []
    config = replace(SMALL, num_steps=2, num_samples=1)
    writer = TraceWriter(Run.prepare(config, 42, corpus_of("names", b"ada\nbob\n")), lines.append)
    *_, (_, weights) = writer.losses()
    list(writer.samples(weights))
    return lines


def feed(choice: int, content: bytes) -> Ending:
    path = folder("trace") / "fed.jsonl"
    path.write_bytes(gzip.compress(content, 1) if choice == ZIPPED else content)
    try:
        report, _ = judged_trace_file(path)
    except Unusable as error:
        claim(error.exit_code is ExitCode.USAGE, "a bad trace is the suite's fault")
        return refused(error)
    assert report.trace is not None
    for text in strings_in(
        [*report.trace.notes, report.verdict, *(c.detail for c in report.cases)]
    ):
        claim_printable(text, "the report")
    if report.exit_code is ExitCode.PASS:
        strong = [c for c in report.cases if c.outcome == "pass" and c.values]
        claim(strong, "a trace without judged numbers passes")
        return Ending.ACCEPTED
    return Ending.REFUSED


TRACE = Target(
    name="trace",
    about="a trace, plain, zipped or of tensors, to its judge",
    feed=feed,
    seeds=seeds,
    choices=2,
    seconds=20.0,
    share=4,
)
