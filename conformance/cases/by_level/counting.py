"""Stage `train0`: a table of counts is asked to train, to sample, and to do all of it.

Counts are exact. Losses are logarithms of quotients of whole numbers, each a rounding or two
from the truth, so that a rule suffices for their budgets.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from conformance.anatomy.golden_values import recorded_state
from conformance.anatomy.judged_program import JudgedProgram
from conformance.oracle import reference_answer
from conformance.oracle.answer import Answer, Exact
from conformance.oracle.expected_answer import exactly, of_losses
from conformance.oracle.reference_answer import as_json, optimizer_of, sizes_of
from golden.budgets import Precision, tensor_budget
from golden.trace import Trace
from ports_adapter.messages import ReplicateParams, SampleParams, TrainParams
from reference.model import Weights
from reference.sampling import sample
from reference.state import State
from reference.training import Step, train

from ..case import Case
from ..situation_builder import DRAWS
from .program import CORPORA, drawn_corpus, short
from .sampling import CLEAR, Choices


def counting_cases(judged_program: JudgedProgram, seed: int, precision: Precision) -> list[Case]:
    """Everything that a table of counts is asked, but for its tokens."""
    trace = judged_program.trace
    return [
        *_train_cases(trace, seed),
        *_sample_cases(trace, seed, precision),
        *_replicate_cases(judged_program, seed, precision),
    ]


def _train_cases(trace: Trace, seed: int) -> list[Case]:
    documents = [step.tokens for step in trace.steps]
    start, warm = recorded_state(trace, 0), recorded_state(trace, _warm(trace))
    drawn = random.Random(f"{seed}/counts")
    fresh = State(drawn.randrange(trace.config.num_steps // 2), _counts(drawn, trace), {}, {})
    tokenizer = trace.tokenizer
    own = [
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
        _train("fresh", "counts documents on a table, all drawn anew", trace, fresh, own),
        _train("hundred-steps", "counts a hundred documents", trace, start, documents[:100]),
    ]  # fmt: skip


def _warm(trace: Trace) -> int:
    return max(step.step for step in trace.steps if step.full()) - 1


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
    params = TrainParams(
        profile=trace.profile,
        sizes=sizes_of(trace.config),
        optimizer=optimizer_of(trace.config),
        step=state.step,
        weights=as_json(state.weights),
        documents=[list(tokens) for tokens in documents],
        steps=count,
    )

    def answer(precision: Precision) -> Answer:
        run = train(state, documents, trace.config)
        taken = [next(run) for _ in range(count)]
        after = {
            f"/weights/{name}": Exact(matrix) for name, matrix in taken[-1].state.weights.items()
        }
        return _losses(trace, taken, precision) | after

    return Case.fixed(f"train/{name}", about, "train", params, answer)


def _losses(trace: Trace, steps: Sequence[Step], precision: Precision) -> Answer:
    losses = [step.evaluation.loss for step in steps]
    # An error of p is one of log(p) whatever that is, which may be nearly 0.
    budgets = [tensor_budget(loss, precision, magnitude=1.0) for loss in losses]
    rates = [step.learning_rate for step in steps]
    return of_losses(losses, rates, steps[0].index, trace.config, budgets, precision)


def _sample_cases(trace: Trace, seed: int, precision: Precision) -> list[Case]:
    drawn = random.Random("sample")
    warm = recorded_state(trace, _warm(trace)).weights
    nothing = {"counts": [[0.0] * len(row) for row in warm["counts"]]}
    fresh = random.Random(f"{seed}/sample")
    table = _counts(fresh, trace)
    uniforms = next(
        uniforms
        for uniforms in ([fresh.random() for _ in range(20)] for _ in range(DRAWS))
        if _sampled(trace, table, uniforms)[1] > CLEAR[precision]
    )
    return [
        _sample("trained", "samples from the probabilities as they are", trace, warm,
                [drawn.random() for _ in range(20)]),
        _sample("nothing-counted", "samples evenly before anything was counted", trace, nothing,
                [drawn.random() for _ in range(20)]),
        _sample("full-block", "stops after 16 letters", trace, warm, [0.0] * 20),
        _sample("at-once", "stops at the special token, which is the last", trace, warm,
                [1 - 2.0**-53] * 3),
        _sample("fresh", "samples from a table and by uniforms drawn anew", trace, table, uniforms),
    ]  # fmt: skip


def _sample(name: str, about: str, trace: Trace, weights: Weights, uniforms: list[float]) -> Case:
    params = SampleParams(
        profile=trace.profile,
        sizes=sizes_of(trace.config),
        weights=as_json(weights),
        temperature=trace.config.temperature,
        uniforms=uniforms,
    )

    def answer(_precision: Precision) -> Answer:
        tokens, _ = _sampled(trace, weights, uniforms)
        used = len(tokens) + (len(tokens) < trace.config.block_size)
        return exactly(tokens=tokens, uniforms_used=used)

    return Case.fixed(f"sample/{name}", about, "sample", params, answer)


def _sampled(trace: Trace, weights: Weights, uniforms: Sequence[float]) -> tuple[list[int], float]:
    """The tokens, and how clearly they were chosen."""
    remaining = iter(uniforms)
    choices, config = Choices(lambda: next(remaining)), trace.config
    bos = trace.tokenizer.bos
    return sample(weights, bos, config.temperature, config, choices), choices.margin


@dataclass(frozen=True)
class _Program:
    """The whole program, its choices watched."""

    params: ReplicateParams
    trace: Trace

    @cached_property
    def steps(self) -> list[Step]:
        """Of its training."""
        return list(reference_answer.run_of(self.params).steps())

    @cached_property
    def samples(self) -> tuple[list[str], float]:
        """Its samples, and how clearly they were chosen."""
        run = reference_answer.run_of(self.params)
        choices = Choices(run.generator.random)
        weights = self.steps[-1].state.weights
        samples = [
            run.tokenizer.decode(run.sample(weights, choices))
            for _ in range(run.config.num_samples)
        ]
        return samples, choices.margin

    def answer(self, precision: Precision) -> Answer:
        """Counts, losses, and samples if rounding decides none."""
        run = reference_answer.run_of(self.params)
        samples, margin = self.samples
        counts = exactly(
            num_docs=len(run.documents),
            vocab_size=run.tokenizer.vocab_size,
            num_params=run.num_params,
        )
        judged = exactly(samples=samples) if margin > CLEAR[precision] else {}
        return counts | _losses(self.trace, self.steps, precision) | judged


def _replicate_cases(judged_program: JudgedProgram, seed: int, precision: Precision) -> list[Case]:
    drawn = (
        _Program(params, judged_program.trace) for params in drawn_corpus(judged_program, seed)
    )
    fresh = next(program for program in drawn if program.samples[1] > CLEAR[precision])
    fixed = [
        (name, about, _Program(short(judged_program, text), judged_program.trace))
        for name, (about, text) in CORPORA.items()
    ]
    about = "counts and samples from a seed and a corpus drawn anew"
    return [
        Case.fixed(f"replicate/{name}", what, "replicate", program.params, program.answer)
        for name, what, program in (*fixed, ("fresh", about, fresh))
    ]
