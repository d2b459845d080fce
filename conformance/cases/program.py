"""Levels `sample` and `replicate`: documents from given uniforms, and the whole program."""

from __future__ import annotations

import random
from dataclasses import replace

from golden.budgets import Precision, tensor_budget
from ports_adapter.messages import ReplicateParams, SampleParams
from reference.config import MICROGPT, Config
from reference.corpus import EMBEDDED, Corpus
from reference.sampling import choose_by, sample

from .. import oracle
from ..case import Answer, Case, Numbers
from ..expectation import exactly, of_losses
from ..oracle import as_json, optimizer_of, sizes_of
from .situations import Situations

ALMOST_1 = 1 - 2.0**-53

SHORT = replace(MICROGPT.config, num_steps=8, num_samples=5)


def sample_cases(situations: Situations) -> list[Case]:
    """Several temperatures, and the two ways in which a document ends."""
    drawn = random.Random("sample")
    return [
        _sample(situations, name, about, temperature, uniforms)
        for name, about, temperature, uniforms in (
            ("published-temperature", "divides the logits by 0.5", 0.5, _uniforms(drawn)),
            ("temperature-one", "samples at temperature 1", 1.0, _uniforms(drawn)),
            ("low-temperature", "samples at temperature 0.2", 0.2, _uniforms(drawn)),
            ("full-block", "stops at the block size", 1.0, [0.0] * 20),
            ("at-once", "stops at the special token, which is the last", 1.0, [ALMOST_1] * 3),
        )
    ]


def _uniforms(generator: random.Random) -> list[float]:
    return [generator.random() for _ in range(20)]


def _sample(
    situations: Situations, name: str, about: str, temperature: float, uniforms: list[float]
) -> Case:
    trace, weights = situations.trace, situations.warm_state.weights
    params = SampleParams(
        profile=trace.profile,
        sizes=sizes_of(trace.config),
        weights=as_json(weights),
        temperature=temperature,
        uniforms=uniforms,
    )

    def answer(_precision: Precision) -> Answer:
        bos = len(trace.characters)
        tokens = sample(weights, bos, temperature, trace.config, choose_by(uniforms))
        used = len(tokens) + (len(tokens) < trace.config.block_size)
        return exactly(tokens=tokens, uniforms_used=used)

    return Case.fixed(f"sample/{name}", about, "sample", params, answer)


def replicate_cases() -> list[Case]:
    """The program from seed to samples, in runs short enough for every day."""
    embedded = EMBEDDED.read_text()
    return [
        _replicate("short-run", "trains 8 steps on the embedded corpus and samples", embedded),
        _replicate("one-document", "runs on a corpus of one document", "heron\n"),
        _replicate("korean", "runs on characters outside ASCII", "까치\r\n\r\n두루미\r\n 참새\r\n"),
    ]


def _replicate(name: str, about: str, text: str) -> Case:
    params = replicate_question(SHORT, text)

    def answer(precision: Precision) -> Answer:
        run = oracle.run_of(params)
        steps = list(run.steps())
        counts = exactly(
            num_docs=len(run.documents),
            vocab_size=run.tokenizer.vocab_size,
            num_params=run.num_params,
        )
        losses = [step.evaluation.loss for step in steps]
        rates = [step.learning_rate for step in steps]
        samples = list(run.samples(steps[-1].state.weights))
        answer = counts | of_losses(losses, rates, 0, run.config, precision)
        return answer | exactly(samples=samples)

    return Case.fixed(f"replicate/{name}", about, "replicate", params, answer)


def replicate_question(config: Config, text: str) -> ReplicateParams:
    """The question for the whole program, with the published seed."""
    return ReplicateParams(
        profile=MICROGPT.name,
        sizes=sizes_of(config),
        optimizer=optimizer_of(config),
        seed=MICROGPT.seed,
        init_std=config.init_std,
        temperature=config.temperature,
        num_samples=config.num_samples,
        text=text,
    )


PUBLISHED_COUNTS = {"num_docs": 32033, "vocab_size": 27, "num_params": 4192}
PUBLISHED_LOSSES = {
    2: 3.4243, 3: 3.1778, 998: 2.4764, 999: 2.4730, 1000: 2.6497,
}  # fmt: skip
PUBLISHED_SAMPLES = (
    "kamon", "ann", "karai", "jaire", "vialan", "karia", "yeran", "anna", "areli", "kaina",
    "konna", "keylen", "liole", "alerin", "earan", "lenne", "kana", "lara", "alela", "anton",
)  # fmt: skip
PUBLISHED_FIRST_LOSS = 3.3659669475848504
PRINTED_TO = 0.00005


def published_case(names: Corpus) -> Case:
    """The published program on its own corpus: a thousand steps, and the twenty names."""
    params = replicate_question(MICROGPT.config, "\n".join(names.documents))

    def answer(precision: Precision) -> Answer:
        losses: Answer = {
            f"/steps/{step - 1}/loss": Numbers(loss, PRINTED_TO)
            for step, loss in PUBLISHED_LOSSES.items()
        }
        in_full = Numbers(PUBLISHED_FIRST_LOSS, tensor_budget(PUBLISHED_FIRST_LOSS, precision))
        losses["/steps/0/loss"] = in_full
        return exactly(**PUBLISHED_COUNTS) | losses | exactly(samples=list(PUBLISHED_SAMPLES))

    about = "gives the published losses and the twenty names"
    return Case.fixed("replicate/published", about, "replicate", params, answer)
