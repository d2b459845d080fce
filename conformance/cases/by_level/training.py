"""Level `train`: training steps from a given state, judged by their losses and the last state.

`trajectory` has the cases in which a port records every step in full.
"""

import random
from dataclasses import replace

from conformance.oracle.answer import Answer
from golden.budgets import Precision
from golden.derived import short_runs
from golden.goldens import LENGTH
from golden.trajectories import FreeRun
from reference.tape.machine import FlatState

from ..case import Case
from ..situation_builder import DRAWS
from ..situations import Situations
from ..training_run import TrainingRun, budgets_of_run, golden_runs


def train_cases(situations: Situations) -> list[Case]:
    """Steps of the golden trajectory, a document index that wraps around, and fresh steps."""
    first = short_runs(situations.trace)[0]
    number = {2: "two", 5: "five"}[first.count]
    warm = FreeRun(situations.warm, 2)
    return [
        _golden_run("cold-start", f"takes the first {number} steps", situations, first),
        _golden_run("warm-start", "goes on from a late state", situations, warm),
        _wrapping(situations),
        _fresh_training(situations),
        # Deriving the budgets of so many steps would take a minute for a variation.
        *([_hundred_steps(situations)] if situations.judged_program.is_published else []),
    ]


def long_cases(situations: Situations) -> list[Case]:
    """The whole golden trajectory, run freely from kink to kink."""
    return [
        _losses_alone(f"trajectory-{number}", about_run(run), situations, run, run.count)
        for number, run in enumerate(golden_runs(situations), 1)
    ]


def about_run(run: FreeRun) -> str:
    """The description of a case about a run."""
    return f"follows the losses of steps {run.first + 1} to {run.first + run.count}"


def _golden_run(name: str, about: str, situations: Situations, run: FreeRun) -> Case:
    training = TrainingRun.of(situations, run)

    def answer(precision: Precision) -> Answer:
        return training.answer(budgets_of_run(situations, run, precision))

    return Case.fixed(f"train/{name}", about, "train", training.question(), answer)


def _losses_alone(name: str, about: str, situations: Situations, run: FreeRun, steps: int) -> Case:
    """The first `steps` of a long run, judged by their losses."""
    training = TrainingRun.of(situations, FreeRun(run.first, steps))

    def answer(precision: Precision) -> Answer:
        return training.losses(budgets_of_run(situations, run, precision))

    return Case.fixed(f"train/{name}", about, "train", training.question(), answer)


def _hundred_steps(situations: Situations) -> Case:
    run = max(golden_runs(situations), key=lambda run: min(run.count, LENGTH))
    about = "follows the losses of a hundred steps"
    return _losses_alone("hundred-steps", about, situations, run, min(run.count, LENGTH))


def _wrapping(situations: Situations) -> Case:
    state = FlatState.of(replace(situations.warm_state, step=1))
    documents = [step.tokens for step in situations.trace.steps[:3]]
    training = TrainingRun(situations, state, [documents[step % 3] for step in range(1, 5)])
    about = "starts over with the first document after the last one"
    return _judged_by_derived_budgets("document-index-wraps", about, training, documents)


def _fresh_training(situations: Situations) -> Case:
    generator = random.Random(f"{situations.seed}/train")
    drawn = (
        TrainingRun(
            situations,
            FlatState.of(situations.fresh_state(generator)),
            [situations.fresh_document(generator) for _ in range(3)],
        )
        for _ in range(DRAWS)
    )
    training = next(training for training in drawn if not training.has_kink)
    about = "takes three steps with documents from a state, all drawn anew"
    return _judged_by_derived_budgets("fresh", about, training)


def _judged_by_derived_budgets(
    name: str, about: str, training: TrainingRun, documents: list[list[int]] | None = None
) -> Case:
    return Case.fixed(
        f"train/{name}",
        about,
        "train",
        training.question(documents),
        lambda _precision: training.answer(training.budgets),
    )
