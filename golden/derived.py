"""Derives budgets from spreads, and packs the golden budgets for the file that keeps them.

A packed tensor has its largest budget and one byte for each element: the number of factors of
`2 ** (1 / 8)` by which the element's budget is smaller, rounded toward the larger budget.
"""

import base64
import zlib
from collections.abc import Mapping, Sequence

import numpy as np
from msgspec import Struct

from reference.tape.machine import FlatState, Machine, named

from .budgets import Precision, spread_budget
from .json_documents import decoded
from .numbers import Array
from .progress import Progress
from .spread import REPLICAS, Spread, model_spread, training_spread
from .trace import Trace, TracedStep, full_steps, state_before
from .trajectories import FreeRun, Trajectory, free_runs, kink_ledger, rounded

Budgets = dict[str, Array]
"""The budget of every element, flat, by JSON Pointer."""

STEPS_TO_OCTAVE = 8

LONG_REPLICAS = 8
"""Long runs need fewer: the spread of each loss is averaged with those of all steps."""


class PackedTensor(Struct, frozen=True):
    """The budgets of one tensor; `codes` are the bytes, compressed and in base64."""

    largest: float
    codes: str


class PackedKink(Struct, frozen=True):
    """A place where rounding may switch a ReLU (`golden.spread.Kink`)."""

    step: int
    pointer: str
    index: int
    value: float


PackedBudgets = dict[str, PackedTensor]
"""Packed tensors by JSON Pointer."""


class ProfileBudgets(Struct, frozen=True):
    """The golden budgets of one profile in one precision.

    `steps` has the budgets of single recorded steps by their 0-based index; `runs` has those of
    free runs by first step and number of steps, as `"0+5"`. `kinks` lists the kinks of the
    trajectory.
    """

    steps: dict[str, PackedBudgets]
    runs: dict[str, PackedBudgets]
    kinks: list[PackedKink]


def budgets_of(spread: Spread, precision: Precision) -> Budgets:
    """The budgets that follow from a spread."""
    return {
        pointer: spread_budget(spread.truth[pointer].high, sigma, precision)
        for pointer, sigma in spread.sigma.items()
    }


def run_budgets(
    machine: Machine,
    state: FlatState,
    documents: Sequence[Sequence[int]],
    precision: Precision,
    replicas: int = REPLICAS,
) -> Budgets:
    """The derived budgets of a free run: those of `/losses`, and of the state after the last step.

    The run starts from a state that the precision can represent, and has a step per document.
    """
    spread = training_spread(machine, state, documents, precision, replicas)
    steps = list(machine.follow(state, documents))
    losses = np.array([step.replay.loss for step in steps])
    budgets = {"/losses": spread_budget(losses, spread.losses, precision)}
    for part in ("m", "v", "weights"):
        right = named(getattr(steps[-1].state, part), machine.shapes)
        sigma = named(getattr(spread, part), machine.shapes)
        for name, tensor in right.items():
            budget = spread_budget(tensor.ravel(), sigma[name].ravel(), precision)
            budgets[f"/{part}/{name}"] = budget
    return budgets


def pack(budgets: Mapping[str, Array]) -> PackedBudgets:
    """Pack budgets for the file."""
    return {pointer: _packed(tensor) for pointer, tensor in budgets.items()}


def unpack(packed: PackedBudgets) -> Budgets:
    """The budgets in the file's form, unpacked."""
    return {pointer: _unpacked(tensor) for pointer, tensor in packed.items()}


def profile_budgets(
    trace: Trace, precision: Precision, progress: Progress, length: int | None = None
) -> ProfileBudgets:
    """The golden budgets of a trace in one precision.

    `length` is the number of steps of the trajectory to follow, None for all. A table of counts
    has no golden budgets: its numbers are exact or follow a rule.
    """
    if trace.config.gradient == "none":
        return ProfileBudgets({}, {}, [])
    trajectory = Trajectory.of(trace)
    ledger = kink_ledger(trajectory, precision)
    long = free_runs(ledger, len(trace.steps) if length is None else length)
    recorded = [step for step, _ in full_steps(trace) if state_before(trace, step.step)]
    work: list[TracedStep | FreeRun] = [*recorded, *short_runs(trace), *long]
    steps, runs = {}, {}
    for done, item in enumerate(work):
        progress(f"budgets of {trace.profile} in {precision}", done, len(work))
        match item:
            case TracedStep(step=step):
                steps[str(step)] = pack(_of_step(trajectory, item, precision))
            case FreeRun(name=name):
                runs[name] = pack(_of_run(trajectory, item, precision, is_long=item in long))
    kinks = [PackedKink(k.step, k.pointer, k.index, k.value) for k in ledger]
    return ProfileBudgets(steps, runs, kinks)


def _of_step(trajectory: Trajectory, step: TracedStep, precision: Precision) -> Budgets:
    machine = trajectory.machine
    weights = rounded(trajectory.state_before(step.step), precision).weights
    spread = model_spread(machine.config, machine.vocab_size, weights, step.tokens, precision)
    return budgets_of(spread, precision)


def _of_run(
    trajectory: Trajectory, run: FreeRun, precision: Precision, *, is_long: bool
) -> Budgets:
    """The budgets of a run; of a long run only those of its losses."""
    state = rounded(trajectory.state_before(run.first), precision)
    replicas = LONG_REPLICAS if is_long else REPLICAS
    documents = trajectory.of_run(run)
    budgets = run_budgets(trajectory.machine, state, documents, precision, replicas)
    return {"/losses": budgets["/losses"]} if is_long else budgets


def short_runs(trace: Trace) -> list[FreeRun]:
    """The runs whose steps are all recorded in full: the first steps, and the warm ones."""
    full = [step.step for step, _ in full_steps(trace)]
    cold = next((i for i, step in enumerate(full) if step != i), len(full))
    runs = [FreeRun(0, cold)]
    if cold < len(full):
        runs.append(FreeRun(full[cold] + 1, len(full) - cold - 1))
    return runs


def _packed(tensor: Array) -> PackedTensor:
    largest = float(tensor.max(initial=0.0))
    with np.errstate(divide="ignore"):
        below = np.floor(STEPS_TO_OCTAVE * np.log2(largest / tensor)) if largest else None
    # The code 0 stands for a budget of 0.
    codes = np.zeros(tensor.size) if below is None else np.where(tensor > 0, below + 1, 0)
    content = zlib.compress(np.clip(codes, 0, 255).astype(np.uint8).tobytes(), 9)
    return PackedTensor(largest, base64.b64encode(content).decode())


def _unpacked(packed: PackedTensor) -> Array:
    codes = np.frombuffer(zlib.decompress(base64.b64decode(packed.codes)), np.uint8)
    budgets: Array = packed.largest * 2.0 ** (-(codes.astype(np.float64) - 1) / STEPS_TO_OCTAVE)
    return np.where(codes == 0, 0.0, budgets)


def decode(content: bytes) -> dict[str, dict[str, ProfileBudgets]]:
    """The golden budgets in JSON.

    Raises:
        msgspec.DecodeError: it is not JSON, or holds something else.
    """
    return decoded(content, dict[str, dict[str, ProfileBudgets]])
