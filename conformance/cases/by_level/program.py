"""Level `replicate`: the whole program, from a seed and a corpus to losses and samples."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import takewhile
from typing import Self

import numpy as np

from conformance.anatomy.judged_program import PUBLISHED, JudgedProgram
from conformance.oracle import reference_answer
from conformance.oracle.answer import Answer, Exact
from conformance.oracle.expected_answer import exactly, losses_answer
from conformance.oracle.reference_answer import activation_of, optimizer_of, sizes_of
from golden.budgets import Precision
from golden.derived import LONG_REPLICAS, run_budgets
from golden.spread import REPLICAS
from golden.trajectories import nearest_kink, rounded
from ports_adapter.messages import ReplicateParams
from reference.config import Config
from reference.corpus import EMBEDDED, Corpus
from reference.profiles import MICROGPT
from reference.program import Run
from reference.sampling import sample_from
from reference.tape.machine import FlatState, FlatStep, Machine

from ..case import Case
from ..situation import machine_of
from ..situation_builder import DRAWS
from .sampling import CLEAR, Choices, logits_by

PUBLISHED_RUN = "replicate/published"
"""The case that needs names.txt."""

UNRULY = "a\r\n\r\n  \U0001f989 owl\t\r\ne\u0301tourneau\n\nthe quick brown fox jumps\n \n두루미"
"""Five documents: of one letter, of over 16, with an emoji, a combining mark, and Korean."""

CORPORA = {
    "short-run": ("trains 8 steps on the embedded corpus and samples", EMBEDDED.read_text()),
    "one-document": ("runs on a corpus of one document", "heron\n"),
    "korean": ("runs on characters outside ASCII", "까치\r\n\r\n두루미\r\n 참새\r\n"),
    "unruly-corpus": ("runs on long, short and odd documents, over and over", UNRULY),
}


def replicate_cases(judged_program: JudgedProgram, seed: int, precision: Precision) -> list[Case]:
    """The program from seed to samples, in runs of a few steps."""
    about = "trains and samples from a seed and a corpus drawn anew"
    return [
        *(
            _program(name, what, decided(judged_program, text))
            for name, (what, text) in CORPORA.items()
        ),
        _program("fresh", about, fresh_question(judged_program, seed, precision)),
    ]


def decided(judged_program: JudgedProgram, text: str) -> ReplicateParams:
    """The question with the first seed with which rounding decides nothing.

    Seeds are tried from the published one on. It is the right one for the final program, which a
    test checks.
    """
    published = short(judged_program, text)
    if judged_program == PUBLISHED:
        return published
    seeds = range(published.seed, published.seed + DRAWS)
    drawn = (short(judged_program, text, seed) for seed in seeds)
    return next((params for params in drawn if is_decided(params)), published)


def is_decided(params: ReplicateParams) -> bool:
    """Whether rounding decides nothing in either precision: no ReLU, and no choice."""
    program = Program.of(params)
    return program.is_decided("float64") and program.is_decided("float32")


def fresh_question(
    judged_program: JudgedProgram, seed: int, precision: Precision
) -> ReplicateParams:
    """The first program drawn in which rounding decides nothing."""
    drawn = drawn_corpus(judged_program, seed)
    return next(params for params in drawn if Program.of(params).is_decided(precision))


def drawn_corpus(judged_program: JudgedProgram, seed: int) -> Iterator[ReplicateParams]:
    """Questions for the program with freshly drawn corpora and seeds."""
    generator = random.Random(f"{seed}/replicate")
    documents = EMBEDDED.read_text().splitlines()
    for _ in range(DRAWS):
        text = "\n".join(generator.sample(documents, 40))
        yield short(judged_program, text, generator.randrange(2**31))


def short(judged_program: JudgedProgram, text: str, seed: int = MICROGPT.seed) -> ReplicateParams:
    """The question for a run of eight steps and five samples."""
    config = replace(judged_program.config, num_steps=8, num_samples=5)
    return replicate_question(config, text, seed, judged_program.name)


def _program(name: str, about: str, params: ReplicateParams) -> Case:
    return Case.fixed(
        f"replicate/{name}",
        about,
        "replicate",
        params,
        lambda precision: Program.of(params).answer(precision),
    )


def counts_of(run: Run) -> Answer:
    """The numbers of documents, tokens and parameters of a run."""
    return exactly(
        num_docs=len(run.documents), vocab_size=run.tokenizer.vocab_size, num_params=run.num_params
    )


@dataclass(frozen=True)
class Program:
    """The whole program at machine speed: its run, steps and samples.

    `margin` is the margin of the closest choice among the samples.
    """

    run: Run
    machine: Machine
    steps: Sequence[FlatStep]
    samples: Sequence[str]
    margin: float

    @classmethod
    def of(cls, params: ReplicateParams) -> Self:
        """The program that a question asks for."""
        run = reference_answer.run_of(params)
        config, tokenizer = run.config, run.tokenizer
        machine = machine_of(config, tokenizer.vocab_size)
        documents = [tokenizer.encode(document) for document in run.documents]
        steps = list(machine.train(FlatState.of(run.state), documents))
        choices = Choices(run.generator.random)
        logits = logits_by(machine, steps[-1].state.weights)
        samples = [
            tokenizer.decode(
                sample_from(logits, tokenizer.bos, config.temperature, config, choices)
            )
            for _ in range(config.num_samples)
        ]
        return cls(run, machine, steps, samples, choices.margin)

    def is_decided(self, precision: Precision) -> bool:
        """Whether ReLUs and samples are the same however the program is rounded."""
        has_kink = any(nearest_kink(step.replay, precision) for step in self.steps)
        return not has_kink and self.margin > CLEAR[precision]

    def answer(self, precision: Precision, replicas: int = REPLICAS) -> Answer:
        """Counts and the losses up to the first kink; also samples, unless rounding decides one."""
        run = self.run
        start = rounded(FlatState.of(run.state), precision)
        steps = list(takewhile(lambda step: not nearest_kink(step.replay, precision), self.steps))
        documents = [step.tokens for step in steps]
        budgets = {"/losses": np.empty(0)}
        if documents:
            budgets = run_budgets(self.machine, start, documents, precision, replicas)
        losses = losses_answer(
            [step.replay.loss for step in steps],
            [step.learning_rate for step in steps],
            0,
            run.config,
            budgets["/losses"],
            precision,
        )
        for index in range(len(steps), len(self.steps)):
            losses[f"/steps/{index}/step"] = Exact(index)
        judged = exactly(samples=list(self.samples)) if self.is_decided(precision) else {}
        return counts_of(run) | losses | judged


def replicate_question(
    config: Config, text: str, seed: int = MICROGPT.seed, profile: str = MICROGPT.name
) -> ReplicateParams:
    """The question for the whole program, by default with the published seed."""
    return ReplicateParams(
        profile=profile,
        sizes=sizes_of(config),
        optimizer=optimizer_of(config),
        seed=seed,
        init_std=config.init_std,
        temperature=config.temperature,
        num_samples=config.num_samples,
        text=text,
        activation=activation_of(profile, config),
    )


def published_case(names: Corpus, judged_program: JudgedProgram = PUBLISHED) -> Case:
    """The published program on its own corpus: a thousand steps, and the twenty names."""
    text = "\n".join(names.documents)
    params = replicate_question(judged_program.config, text, profile=judged_program.name)

    def answer(precision: Precision) -> Answer:
        return Program.of(params).answer(precision, LONG_REPLICAS)

    about = "gives the published losses and the twenty names"
    return Case.fixed(PUBLISHED_RUN, about, "replicate", params, answer)
