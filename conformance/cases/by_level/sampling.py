"""Level `sample`: documents sampled from given weights by given uniform numbers."""

import random
from bisect import bisect
from collections.abc import Callable, Iterator, Sequence
from itertools import accumulate

from conformance.oracle.answer import Answer
from conformance.oracle.expected_answer import exactly
from conformance.oracle.reference_answer import activation_of, as_json, sizes_of
from golden.budgets import Precision
from golden.trace import Trace
from ports_adapter.messages import SampleParams
from reference.model import Weights
from reference.sampling import NextLogits, sample_from
from reference.tape.machine import Array, Machine, flat
from reference.value import Value

from ..case import Case
from ..situation import mapped
from ..situation_builder import DRAWS
from ..situations import Situations

ALMOST_1 = 1 - 2.0**-53

CLEAR: dict[Precision, float] = {"float64": 1e-11, "float32": 1e-4}
"""A choice at least this far from any other is the same however it is rounded."""

POSSIBLE = 3
"""The only token that is possible where all others have probability 0."""


class Choices:
    """Chooses tokens as `random.choices` does, with one uniform number for each choice.

    `margin` is the smallest distance so far of a uniform number from a border between tokens.
    """

    def __init__(self, uniform: Callable[[], float]) -> None:
        self.uniform = uniform
        self.margin = 1.0

    def __call__(self, probabilities: Sequence[float]) -> int:
        """The token chosen."""
        cumulative = list(accumulate(probabilities))
        at = self.uniform() * cumulative[-1]
        self.margin = min(self.margin, *(abs(at - end) for end in cumulative[:-1]))
        return bisect(cumulative, at, 0, len(cumulative) - 1)


def logits_by(machine: Machine, weights: Array) -> NextLogits:
    """A function from the tokens so far to the logits of the next token, at machine speed."""
    return lambda tokens: [Value(logit) for logit in machine.logits(weights, tokens).tolist()]


def sample_cases(situations: Situations) -> list[Case]:
    """Several temperatures, the two ways in which a document ends, and a fresh sample."""
    drawn = random.Random("sample")
    weights = situations.warm_state.weights
    fixed = (
        ("published-temperature", "divides the logits by 0.5", 0.5, twenty_uniforms(drawn)),
        ("temperature-one", "samples at temperature 1", 1.0, twenty_uniforms(drawn)),
        ("low-temperature", "samples at temperature 0.2", 0.2, twenty_uniforms(drawn)),
        ("full-block", "stops at the block size", 1.0, [0.0] * 20),
        ("at-once", "stops at the special token, which is the last", 1.0, [ALMOST_1] * 3),
    )
    ends_with_special = situations.trace.config.special_tokens == "bos"
    return [
        *(
            _sample(situations, name, about, weights, temperature, uniforms)
            for name, about, temperature, uniforms in fixed
            if ends_with_special or name != "at-once"
        ),
        _sample(
            situations, "impossible", "never draws a token of probability 0",
            certain_of(POSSIBLE, weights), 1.0, [0.0] * 20,
        ),
        _fresh(situations),
    ]  # fmt: skip


def certain_of(token: int, weights: Weights) -> Weights:
    """Weights of the same shapes with which every token but one is impossible at any position.

    All positions look alike, a vector of ones; no logit is above 0, so no exponential overflows.
    """
    certain = mapped(weights, lambda _: 0.0)
    certain["wte"] = [[1.0] * len(row) for row in weights["wte"]]
    if "wpe" not in weights:
        certain["mlp_fc1"] = [[1.0] * len(row) for row in weights["mlp_fc1"]]
    elif "lm_head" not in weights:
        certain["wpe"] = [[1000.0] * len(row) for row in weights["wpe"]]
    certain[output_of(weights)] = [
        [0.0 if index == token else -200.0] * len(row)
        for index, row in enumerate(weights[output_of(weights)])
    ]
    return certain


def output_of(weights: Weights) -> str:
    """The name of the matrix that gives the logits: of a GPT, of an MLP, or the embedding."""
    if "lm_head" in weights:
        return "lm_head"
    return "wte" if "wpe" in weights else "mlp_fc2"


def twenty_uniforms(generator: random.Random) -> list[float]:
    """As many uniform numbers as any sampled document needs."""
    return [generator.random() for _ in range(20)]


def _fresh(situations: Situations) -> Case:
    generator = random.Random(f"{situations.seed}/sample")
    temperature = generator.uniform(0.3, 1.2)
    weights = situations.fresh_state(generator).weights

    def drawn() -> Iterator[list[float]]:
        for _ in range(DRAWS):
            uniforms = twenty_uniforms(generator)
            _, margin = _sampled(situations, weights, temperature, uniforms)
            if margin > CLEAR[situations.precision]:
                yield uniforms

    about = "samples from weights and by uniforms drawn anew"
    return _sample(situations, "fresh", about, weights, temperature, next(drawn()))


def _sample(
    situations: Situations,
    name: str,
    about: str,
    weights: Weights,
    temperature: float,
    uniforms: list[float],
) -> Case:
    def tokens() -> list[int]:
        return _sampled(situations, weights, temperature, uniforms)[0]

    return sample_case(name, about, situations.trace, weights, temperature, uniforms, tokens)


def sample_case(
    name: str,
    about: str,
    trace: Trace,
    weights: Weights,
    temperature: float,
    uniforms: list[float],
    tokens: Callable[[], list[int]],
) -> Case:
    """Asks a port of a trace's program for one sample; `tokens` computes the right one."""
    params = SampleParams(
        profile=trace.profile,
        sizes=sizes_of(trace.config),
        weights=as_json(weights),
        temperature=temperature,
        uniforms=uniforms,
        activation=activation_of(trace.profile, trace.config),
    )

    def answer(_precision: Precision) -> Answer:
        right = tokens()
        used = len(right) + (len(right) < trace.config.block_size)
        return exactly(tokens=right, uniforms_used=used)

    return Case.fixed(f"sample/{name}", about, "sample", params, answer)


def _sampled(
    situations: Situations, weights: Weights, temperature: float, uniforms: Sequence[float]
) -> tuple[list[int], float]:
    """The tokens, and the margin of the closest choice."""
    choices = Choices(iter(uniforms).__next__)
    machine, bos = situations.machine, situations.trace.tokenizer.bos
    logits = logits_by(machine, flat(weights))
    return sample_from(logits, bos, temperature, machine.config, choices), choices.margin
