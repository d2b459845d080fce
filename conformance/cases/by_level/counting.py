"""Stage `train0`: trains and samples a table of counts, and runs its whole program.

Counts are exact. Losses are logarithms of quotients of whole numbers, one or two roundings
away from the exact value, so a rule gives their budgets.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from conformance.anatomy.golden_values import recorded_state, warm_step
from conformance.anatomy.judged_program import JudgedProgram
from conformance.oracle import reference_answer
from conformance.oracle.answer import Answer, Exact
from conformance.oracle.expected_answer import exactly, losses_answer
from golden.budgets import Precision, tensor_budget
from golden.trace import Trace
from ports_adapter.messages import ReplicateParams
from reference.model import Weights
from reference.sampling import sample
from reference.state import State
from reference.training import Step, train

from ..case import Case
from ..situation import mapped
from ..situation_builder import DRAWS
from ..training_run import train_question
from .program import CORPORA, counts_of, drawn_corpus, short
from .sampling import ALMOST_1, CLEAR, Choices, sample_case, twenty_uniforms


def train_cases(trace: Trace, seed: int) -> list[Case]:
    """Counting from tables that the golden trace records, and from a fresh one."""
    documents = [step.tokens for step in trace.steps]
    start, warm = recorded_state(trace, 0), recorded_state(trace, warm_step(trace))
    drawn = random.Random(f"{seed}/counts")
    fresh = State(drawn.randrange(trace.config.num_steps // 2), _counts(drawn, trace), {}, {})
    tokenizer = trace.tokenizer
    fresh_documents = [
        tokenizer.encode("".join(drawn.choices(tokenizer.characters, k=drawn.randint(0, 20))))
        for _ in range(5)
    ]
    return [
        _train("cold-start", "counts the first five documents", trace, start, documents[:5]),
        _train("warm-start", "goes on from a late table", trace, warm, documents[:3]),
        _train(
            "long-documents", "counts documents longer than the block size", trace, warm,
            [tokenizer.encode("".join(tokenizer.characters)), tokenizer.encode("e" * 40)],
        ),
        _train("empty-document", "counts a document without a letter", trace, warm,
               [tokenizer.encode("")]),
        _train("document-index-wraps", "starts over after the last document", trace,
               replace(start, step=1), documents[:3], steps=4),
        _train("fresh", "counts documents on a table, all drawn anew", trace, fresh,
               fresh_documents),
        _train("hundred-steps", "counts a hundred documents", trace, start, documents[:100]),
    ]  # fmt: skip


def _counts(generator: random.Random, trace: Trace) -> Weights:
    size = range(trace.tokenizer.vocab_size)
    return {"counts": [[float(generator.randrange(300)) for _ in size] for _ in size]}


def _train(
    name: str,
    about: str,
    trace: Trace,
    state: State,
    documents: Sequence[Sequence[int]],
    steps: int | None = None,
) -> Case:
    count = len(documents) if steps is None else steps

    def answer(precision: Precision) -> Answer:
        run = train(state, documents, trace.config)
        right = [next(run) for _ in range(count)]
        after = right[-1].state.weights
        counts = {f"/weights/{name}": Exact(matrix) for name, matrix in after.items()}
        return _losses(trace, right, precision) | counts

    question = train_question(trace, state, documents, count)
    return Case.fixed(f"train/{name}", about, "train", question, answer)


def _losses(trace: Trace, steps: Sequence[Step], precision: Precision) -> Answer:
    losses = [step.evaluation.loss for step in steps]
    # A relative error of p is an absolute one of log(p), even where log(p) is nearly 0.
    budgets = [tensor_budget(loss, precision, magnitude=1.0) for loss in losses]
    rates = [step.learning_rate for step in steps]
    return losses_answer(losses, rates, steps[0].index, trace.config, budgets, precision)


def sample_cases(trace: Trace, seed: int, precision: Precision) -> list[Case]:
    """Samples from a recorded table, from an empty one, and from a fresh one."""
    drawn = random.Random("sample")
    warm = recorded_state(trace, warm_step(trace)).weights
    nothing = mapped(warm, lambda _: 0.0)
    fresh = random.Random(f"{seed}/sample")
    table = _counts(fresh, trace)
    uniforms = next(
        uniforms
        for uniforms in (twenty_uniforms(fresh) for _ in range(DRAWS))
        if _sampled(trace, table, uniforms)[1] > CLEAR[precision]
    )
    return [
        _sample("trained", "samples from the probabilities as they are", trace, warm,
                twenty_uniforms(drawn)),
        _sample("nothing-counted", "samples evenly before anything was counted", trace, nothing,
                twenty_uniforms(drawn)),
        _sample("full-block", "stops after 16 letters", trace, warm, [0.0] * 20),
        _sample("at-once", "stops at the special token, which is the last", trace, warm,
                [ALMOST_1] * 3),
        _sample("fresh", "samples from a table and by uniforms drawn anew", trace, table, uniforms),
    ]  # fmt: skip


def _sample(name: str, about: str, trace: Trace, weights: Weights, uniforms: list[float]) -> Case:
    def tokens() -> list[int]:
        return _sampled(trace, weights, uniforms)[0]

    return sample_case(name, about, trace, weights, trace.config.temperature, uniforms, tokens)


def _sampled(trace: Trace, weights: Weights, uniforms: Sequence[float]) -> tuple[list[int], float]:
    """The tokens, and the margin of the closest choice."""
    choices, config = Choices(iter(uniforms).__next__), trace.config
    bos = trace.tokenizer.bos
    return sample(weights, bos, config.temperature, config, choices), choices.margin


@dataclass(frozen=True)
class _CountingProgram:
    """A run of the whole program, with the margin of its closest choice."""

    params: ReplicateParams
    trace: Trace

    @cached_property
    def steps(self) -> list[Step]:
        return list(reference_answer.run_of(self.params).steps())

    @cached_property
    def samples(self) -> tuple[list[str], float]:
        run = reference_answer.run_of(self.params)
        choices = Choices(run.generator.random)
        weights = self.steps[-1].state.weights
        samples = [
            run.tokenizer.decode(run.sample(weights, choices))
            for _ in range(run.config.num_samples)
        ]
        return samples, choices.margin

    def answer(self, precision: Precision) -> Answer:
        """Counts and losses; also samples, unless rounding decides one."""
        samples, margin = self.samples
        judged = exactly(samples=samples) if margin > CLEAR[precision] else {}
        counts = counts_of(reference_answer.run_of(self.params))
        return counts | _losses(self.trace, self.steps, precision) | judged


def replicate_cases(judged_program: JudgedProgram, seed: int, precision: Precision) -> list[Case]:
    """The program from seed to samples."""
    trace = judged_program.trace
    drawn = (_CountingProgram(params, trace) for params in drawn_corpus(judged_program, seed))
    fresh = next(program for program in drawn if program.samples[1] > CLEAR[precision])
    fixed = [
        (name, about, _CountingProgram(short(judged_program, text), trace))
        for name, (about, text) in CORPORA.items()
    ]
    about = "counts and samples from a seed and a corpus drawn anew"
    return [
        Case.fixed(f"replicate/{name}", what, "replicate", program.params, program.answer)
        for name, what, program in (*fixed, ("fresh", about, fresh))
    ]
