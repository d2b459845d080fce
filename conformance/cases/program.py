"""Levels `sample` and `replicate`: documents from given uniforms, and the whole program."""

from __future__ import annotations

import random
from dataclasses import replace

from golden.budgets import Precision, tensor_budget
from golden.derived import run_budgets
from ports_adapter.messages import ReplicateParams, SampleParams
from reference.config import MICROGPT, Config
from reference.corpus import EMBEDDED, Corpus
from reference.model import Weights
from reference.sampling import choose_by, sample
from reference.tape.machine import FlatState

from .. import oracle
from ..case import Answer, Case, Numbers
from ..expectation import exactly, of_losses
from ..oracle import as_json, optimizer_of, sizes_of
from .situations import Situations, machine_of

ALMOST_1 = 1 - 2.0**-53

SHORT = replace(MICROGPT.config, num_steps=8, num_samples=5)


def sample_cases(situations: Situations) -> list[Case]:
    """Several temperatures, and the two ways in which a document ends."""
    drawn, fresh = random.Random("sample"), random.Random(f"{situations.seed}/sample")
    temperature = fresh.uniform(0.3, 1.2)
    weights = situations.fresh_state(fresh).weights
    about = "samples from weights and by uniforms drawn anew"
    return [
        _sample(situations, "fresh", about, temperature, _uniforms(fresh), weights),
        *_fixed_samples(situations, drawn),
    ]


def _fixed_samples(situations: Situations, drawn: random.Random) -> list[Case]:
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
    situations: Situations,
    name: str,
    about: str,
    temperature: float,
    uniforms: list[float],
    weights: Weights | None = None,
) -> Case:
    trace, weights = situations.trace, weights or situations.warm_state.weights
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


def replicate_cases(seed: int) -> list[Case]:
    """The program from seed to samples, in runs short enough for every day."""
    embedded = EMBEDDED.read_text()
    generator = random.Random(f"{seed}/replicate")
    documents = generator.sample(embedded.splitlines(), 40)
    fresh = replicate_question(SHORT, "\n".join(documents), generator.randrange(2**31))
    about = "trains and samples from a seed and a corpus drawn anew"
    return [
        _program("fresh", about, fresh),
        _replicate("short-run", "trains 8 steps on the embedded corpus and samples", embedded),
        _replicate("one-document", "runs on a corpus of one document", "heron\n"),
        _replicate("korean", "runs on characters outside ASCII", "까치\r\n\r\n두루미\r\n 참새\r\n"),
    ]


def _replicate(name: str, about: str, text: str) -> Case:
    return _program(name, about, replicate_question(SHORT, text))


def _program(name: str, about: str, params: ReplicateParams) -> Case:
    return Case.fixed(
        f"replicate/{name}", about, "replicate", params, lambda p: program_answer(params, p)
    )


def program_answer(params: ReplicateParams, precision: Precision) -> Answer:
    """What the whole program gives: counts, the losses of a free run, and samples."""
    run = oracle.run_of(params)
    machine = machine_of(run.config, run.tokenizer.vocab_size)
    start = FlatState.of(run.state)
    documents = [run.tokenizer.encode(document) for document in run.documents]
    steps = list(machine.train(start, documents))
    budgets = run_budgets(machine, start, [step.tokens for step in steps], precision)
    losses = of_losses(
        [step.replay.loss for step in steps],
        [step.learning_rate for step in steps],
        0,
        run.config,
        budgets["/losses"],
        precision,
    )
    weights = steps[-1].state.named(machine.shapes).weights
    counts = exactly(
        num_docs=len(run.documents),
        vocab_size=run.tokenizer.vocab_size,
        num_params=run.num_params,
    )
    return counts | losses | exactly(samples=list(run.samples(weights)))


def replicate_question(config: Config, text: str, seed: int = MICROGPT.seed) -> ReplicateParams:
    """The question for the whole program, with the published seed if no other is given."""
    return ReplicateParams(
        profile=MICROGPT.name,
        sizes=sizes_of(config),
        optimizer=optimizer_of(config),
        seed=seed,
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
