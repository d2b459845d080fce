"""Level `train`, recorded in full: each step that a port reports is judged as it arrives."""

from dataclasses import replace

from msgspec import structs

from conformance.judging.recorded_training import Expected, TrajectoryJudge
from conformance.judging.stream_judge import StreamJudge
from conformance.oracle.training_step import TapeOracle
from golden.goldens import run_budgets
from golden.trajectories import FreeRun
from ports_adapter.messages import InitializeResult
from reference.tape.machine import FlatState

from ..case import Case
from ..situations import Situations
from ..training_run import TrainingRun, golden_runs
from .training import about_run

STEPS = 6
DOCUMENTS = 4


def trajectory_cases(situations: Situations) -> list[Case]:
    """A training run that a port records in full, longer than its list of documents."""
    trace, state = situations.trace, FlatState.of(situations.warm_state)
    documents = [step.tokens for step in trace.steps[:DOCUMENTS]]
    used = [documents[(state.step + step) % DOCUMENTS] for step in range(STEPS)]
    training = TrainingRun(situations, state, used)
    about = "records every step in full, each right by the state before it"
    return [_in_full("recorded-in-full", about, training, documents)]


def long_trajectory_cases(situations: Situations) -> list[Case]:
    """The whole golden trajectory, recorded in full."""
    return [
        _in_full(
            f"trajectory-{number}-in-full",
            f"{about_run(run)}, each step right by the state before it",
            TrainingRun.of(situations, run),
            run=run,
        )
        for number, run in enumerate(golden_runs(situations), 1)
    ]


def _in_full(
    name: str,
    about: str,
    training: TrainingRun,
    documents: list[list[int]] | None = None,
    run: FreeRun | None = None,
) -> Case:
    """Each step is judged from the port's state before it, each loss also by the right run's.

    The budgets of the losses are the golden ones of `run`, or derived if it is None.
    """
    question = structs.replace(training.question(documents), record="full")

    def judge(offer: InitializeResult) -> StreamJudge:
        name, precision = training.situations.judged_program.name, offer.precision
        budgets = training.budgets if run is None else run_budgets(name, run, precision)
        losses = [step.replay.loss for step in training.steps]
        expected = Expected(losses, budgets["/losses"].tolist())
        oracle = TapeOracle(training.situations.machine)
        return TrajectoryJudge(question, oracle, offer.precision, expected)

    case = Case.fixed(f"train/{name}", about, "train", question, lambda _precision: {})
    return replace(case, full_record=True, stream=judge)
