"""Hypothesis as an engine: it draws which parts of a seed become what, and makes that small."""

import json
from typing import Any

import hypothesis
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from .feeding import Fault, fed
from .mutation import WEIRD, Seed
from .running import Ran, mutator_of
from .target import Target

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(width=64) | st.text(max_size=20),
    lambda inside: (
        st.lists(inside, max_size=4) | st.dictionaries(st.text(max_size=5), inside, max_size=3)
    ),
    max_leaves=12,
)


def pieces() -> st.SearchStrategy[bytes]:
    decoded = VALUES.map(lambda value: json.dumps(value).encode())
    return st.sampled_from(WEIRD) | decoded | st.binary(max_size=20)


def inputs(target: Target) -> st.SearchStrategy[bytes]:
    """Seeds with some of their parts changed, and now and then just bytes."""
    choice = st.integers(0, target.choices - 1).map(lambda number: bytes([number]))
    return edited(mutator_of(target).seeds) | st.builds(
        bytes.__add__, choice, st.binary(max_size=300)
    )


@st.composite
def edited(draw: Any, seeds: list[Seed]) -> bytes:
    """A seed in which up to three parts are something else."""
    seed = draw(st.sampled_from(seeds))
    content: bytes = seed.content
    limit = len(content)
    chosen = draw(st.lists(st.sampled_from(seed.spans), max_size=3)) if seed.spans else []
    for start, stop in sorted(chosen, reverse=True):
        if stop <= limit:
            content = content[:start] + draw(pieces()) + content[stop:]
            limit = start
    return content


class Failed(Exception):
    """An input failed; the exception's text tells faults apart."""


def run(target: Target, examples: int, seed: int, *, derandomize: bool = False) -> Ran:
    """Feed a target so many inputs, fewer if one fails: that is then made small."""
    ran = Ran(target.name, "hypothesis")
    last: list[tuple[bytes, Fault]] = []

    def one(content: bytes) -> None:
        ending = fed(target, content)
        if isinstance(ending, Fault):
            last[:] = [(content, ending)]
            raise Failed(ending.kind)
        if not last:
            ran.endings[ending] += 1

    tried: Any = hypothesis.given(inputs(target))(one)
    if not derandomize:
        tried = hypothesis.seed(seed)(tried)
    tried = settings(
        max_examples=examples,
        derandomize=derandomize,
        database=None,
        deadline=None,
        report_multiple_bugs=False,
        suppress_health_check=list(HealthCheck),
    )(tried)
    try:
        tried()
    except (Failed, hypothesis.errors.Flaky):
        ran.count(*last[0])
    return ran
