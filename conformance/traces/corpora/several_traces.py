"""Joins what the traces of one program on several corpora show."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from ports_adapter.failures import PortFailure
from reference.profiles import MICROGPT

from ..checks.traced_case import TracedCase
from ..judge_trace import JudgedTrace
from ..writing.records import Head

RUNS = ("train/trace-runs", "trains on every corpus, and writes a trace", "train")

SIZES_SAID = "From the "
"""How notes on sizes begin."""

NOTHING = JudgedTrace(Head(trace=1), MICROGPT.config, "float64", [], 0, 0, 0, [], [])
"""What a program shows that wrote no trace."""


def runs_case(traced: int, failure: PortFailure | None, log: bytes) -> TracedCase:
    """The case of the runs themselves: `traced` gave a trace, and one may have ended in a failure.

    Args:
        traced: how many runs gave a trace.
        failure: how the first other one ended.
        log: the end of its standard error.
    """
    return TracedCase(*RUNS, steps=traced, failure=failure, log=log)


def _notes(traces: Sequence[JudgedTrace]) -> Iterator[str]:
    """The notes of all traces; sizes are said once, since they differ only by the vocabulary."""
    for number, trace in enumerate(traces):
        yield from (n for n in trace.notes if number == 0 or not n.startswith(SIZES_SAID))


def joined_traces(judged: Mapping[str, JudgedTrace], runs: TracedCase) -> JudgedTrace:
    """What all traces show together, by the names of their corpora.

    Every case is the same case of each trace. Its pointers begin with the name of the corpus.
    """
    first = next(iter(judged.values()), NOTHING)
    cases: dict[str, TracedCase] = {}
    for name, trace in judged.items():
        for case in trace.cases:
            joined = cases.setdefault(case.slug, TracedCase(case.slug, case.about, case.method))
            joined.add(case, f"/{name}")
    return replace(
        first,
        cases=[runs, *cases.values()],
        steps=sum(trace.steps for trace in judged.values()),
        judged_steps=sum(trace.judged_steps for trace in judged.values()),
        samples=sum(trace.samples for trace in judged.values()),
        notes=list(dict.fromkeys(_notes(list(judged.values())))),
    )
