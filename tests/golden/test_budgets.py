"""Budgets: exact values enclosed, honest roundings within, and what they are made of explained."""

import math
import random
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from conformance.anatomy.small_functions import function_of
from conformance.reports.terminal.run_text import show
from golden.budgets import SPREAD_FACTOR, UNIT_ROUNDOFF, Precision, spread_budget
from golden.derived import budgets_of, pack, run_budgets, unpack
from golden.goldens import load_trace
from golden.goldens import run_budgets as golden_run_budgets
from golden.spread import REPLICAS, Replica, model_spread, perturbed_replay, replicas, spread_of
from golden.trajectories import FreeRun, Trajectory, rounded
from ports_adapter.manifest import our_ports
from ports_adapter.messages import EvaluateParams, Node, VectorParams
from reference.config import Config
from reference.model import initial_weights
from reference.tape import balls
from reference.tape.formula import formula_of
from reference.tape.machine import FlatState, Machine, flat, tape_of
from reference.tape.recording import record_function
from reference.tape.rewrites import CANONICAL, REWRITES
from reference.tape.symbols import Operand, Recorder, Symbol, Token, Unrecordable
from reference.value import Value
from tests.support.suite import printed, run_suite

PRECISIONS: list[Precision] = ["float64", "float32"]
TOKENS = [26, 4, 12, 12, 0, 26]


@pytest.fixture(scope="module")
def start() -> FlatState:
    weights = flat(initial_weights(Config(), 27, random.Random(42)))
    return FlatState(0, weights, np.zeros_like(weights), np.zeros_like(weights))


def both(value: Value) -> tuple[Value, Value]:
    """A value that is a function's output and its root alike."""
    return value, value


def encloses(ball: balls.Enclosure, exact: Fraction) -> bool:
    middle = Fraction(float(ball.high[0])) + Fraction(float(ball.low[0]))
    return abs(middle - exact) <= Fraction(float(ball.radius[0]))


@given(st.lists(st.integers(-999, 999), min_size=1, max_size=8), st.integers(1, 999))
@settings(max_examples=50, deadline=None)
def test_balls_enclose_exact_values(numbers: list[int], divisor: int) -> None:
    """Of `sum(x * x) / d + x0`, as fractions have it."""

    def build(at: dict[str, Any]) -> tuple[Value, Value]:
        return both(Symbol.dot(at["x"], at["x"]) * at["d"][0] ** -1 + at["x"][0])

    tape = record_function({"x": [0.0] * len(numbers), "d": [0.0]}, "value", build)
    found = balls.evaluate(tape, np.array([*numbers, divisor], float), ())
    exact = Fraction(sum(n * n for n in numbers), divisor) + numbers[0]
    value = balls.Enclosure.of([found.values[tape.root]])
    assert encloses(value, exact)
    assert value.radius[0] <= 1e-25 * max(1.0, abs(float(exact)))
    slope = balls.Enclosure.of([found.gradients[0]])
    assert encloses(slope, Fraction(2 * numbers[0], divisor) + 1)


def test_the_reference_is_as_near_the_truth_as_was_measured(start: FlatState) -> None:
    machine = Machine(Config(), 27)
    replay = machine.evaluate(start.weights, TOKENS)
    exact = balls.evaluate(replay.tape, start.weights, TOKENS)
    state = balls.BallState(0, *(balls.balls_of(a) for a in (start.weights, start.m, start.v)))
    gradients = exact.gradients[: replay.tape.num_params]
    after, rate = balls.update(formula_of(Config()), Config(), state, gradients)
    step = machine.step(start, TOKENS)
    assert abs(float(rate) - 0.01) < 1e-18
    for ours, truth, error in (
        (np.array([replay.loss]), [exact.values[replay.tape.root]], 6.2e-16),
        (replay.grads, gradients, 3e-16),
        (step.state.m, after.m, 5e-17),
        (step.state.v, after.v, 2e-18),
        (step.state.weights, after.weights, 1e-16),
    ):
        enclosure = balls.Enclosure.of(truth)
        assert np.abs((ours - enclosure.high) - enclosure.low).max() < error
        assert enclosure.radius.max() < 1e-30


def test_gelus_gradient_lies_inside_its_enclosure() -> None:
    config = Config(n_embd=8, n_head=2, activation="gelu", init_std=0.3)
    weights = flat(initial_weights(config, 9, random.Random(1)))
    tokens = [8, 1, 2, 2, 8]
    spread = model_spread(config, 9, weights, tokens, "float64")
    replay = Machine(config, 9).evaluate(weights, tokens)
    truth = spread.truth["/grads/layer0.mlp_fc1"]
    ours = replay.gradients[replay.tape.gradients["/grads/layer0.mlp_fc1"]].ravel()
    assert (truth.radius < 1e-30).all()
    assert (np.abs((ours - truth.high) - truth.low) < 4 * 2.0**-53 * np.abs(truth.high).max()).all()


def test_every_rewrite_is_replicated_in_every_style() -> None:
    assert len({(r.rewrite, r.style) for r in replicas()}) == len(REWRITES) * 4
    assert len(replicas()) == REPLICAS >= 24


@pytest.mark.parametrize("rewrite", REWRITES)
@pytest.mark.parametrize("config", [Config(), Config(n_embd=6, n_head=3, n_layer=2, tied=True)])
def test_a_rewrite_is_the_same_mathematics(rewrite: str, config: Config) -> None:
    weights = flat(initial_weights(config, 27, random.Random(2)))
    truths = []
    for name in (CANONICAL, rewrite):
        tape = tape_of(config, 27, 5, name)
        found = balls.evaluate(tape, weights, TOKENS)
        gradients = found.gradients[: tape.num_params]
        truths.append(balls.Enclosure.of([found.values[tape.root], *gradients]))
    canonical, other = truths
    assert np.abs(canonical.high - other.high).max() < 1e-15
    assert np.abs(canonical.low - other.low).max() < 1e-15


@pytest.mark.slow
@pytest.mark.parametrize("style", range(4))
def test_what_is_exact_is_never_perturbed(style: int) -> None:
    """Sums and products of small integers."""

    numbers = {"x": [1.0] * 5, "y": [1.0] * 5}
    tape = record_function(
        numbers, "value", lambda at: both(Symbol.dot(at["x"], at["y"]) + Symbol.total(at["x"]))
    )
    inputs = np.array([3.0, 5.0, -7.0, 11.0, 2.0, 4.0, 6.0, 1.0, -9.0, 8.0])
    for seed in range(20):
        x, g = perturbed_replay(tape, inputs, (), "float32", Replica(CANONICAL, style, seed))
        assert x[tape.root] == sum(inputs[k] * inputs[k + 5] for k in range(5)) + sum(inputs[:5])
        assert g[0] == inputs[5] + 1


def test_what_is_rounded_is_perturbed_by_single_units() -> None:
    tape = record_function({"x": [1.0] * 2}, "value", lambda at: both(at["x"][0] * at["x"][1]))
    inputs = np.array([1 / 3, 0.1])
    found = {
        float(
            perturbed_replay(tape, inputs, (), "float64", Replica(CANONICAL, 0, seed))[0][tape.root]
        )
        for seed in range(40)
    }
    exact = Fraction(1 / 3) * Fraction(0.1)
    below = max(x for x in found if Fraction(x) <= exact)
    assert found == {below, math.nextafter(below, 1)}


@pytest.mark.parametrize("precision", PRECISIONS)
def test_a_budget_is_a_few_hundred_roundings_at_most(
    start: FlatState, precision: Precision
) -> None:
    weights = rounded(start, precision).weights
    budgets = budgets_of(model_spread(Config(), 27, weights, TOKENS, precision), precision)
    replay = Machine(Config(), 27).evaluate(weights, TOKENS)
    u = UNIT_ROUNDOFF[precision]
    for name, slots in replay.tape.gradients.items():
        largest = np.abs(replay.gradients[np.asarray(slots)]).max() if name[:3] == "/gr" else 0
        if largest:
            # The most is where softmax's gradient cancels, in attention's queries and keys.
            assert budgets[name].max() < 400 * u * largest, name
            assert budgets[name].min() > 0.1 * u * largest / math.sqrt(budgets[name].size), name


def test_cancelling_numbers_have_the_budget_of_their_tensor() -> None:
    sigma = np.array([1e-17, 1e-15, 1e-15])
    budget = spread_budget(np.array([1e-30, 1.0, 1.0]), sigma, "float64")
    assert budget[0] == pytest.approx(SPREAD_FACTOR * 0.1 * math.sqrt((sigma**2).mean()))
    assert (spread_budget(np.zeros(3), np.zeros(3), "float64") == 0).all()


def test_softmax_of_one_logit_may_be_off_though_its_gradient_is_zero() -> None:
    params = VectorParams(x=[0.7], output_grad=[2.0])
    budgets = function_of("softmax", params).budgets("float64")
    assert 0 < budgets["/grads/x"][0] < 1e-13


def test_a_relu_at_exactly_zero_is_no_matter_of_rounding() -> None:
    nodes = [Node(op="leaf", value=0.0), Node(op="relu", args=[0])]
    budgets = function_of("evaluate", EvaluateParams(nodes=nodes)).budgets("float64")
    assert budgets["/grads"][0] == 0


@pytest.mark.slow
@pytest.mark.parametrize("precision", PRECISIONS)
def test_golden_budgets_are_those_that_are_derived(precision: Precision) -> None:
    trajectory = Trajectory.of(load_trace())
    run = FreeRun(0, 5)
    kept = golden_run_budgets("microgpt", run, precision)
    state = rounded(trajectory.start, precision)
    derived = run_budgets(trajectory.machine, state, trajectory.of_run(run), precision)
    assert kept.keys() == derived.keys()
    for name, budget in derived.items():
        assert (kept[name] >= budget).all()
        assert (kept[name] <= budget * 1.1).all()


def test_packed_budgets_are_rounded_up_and_zeros_stay() -> None:
    budgets = {"/a": np.array([0.0, 1e-300, 3e-17, 2.9e-17, 1e-16]), "/z": np.zeros(2)}
    budgets["/a"][1] = 1e-23
    unpacked = unpack(pack(budgets))
    assert unpacked["/a"][0] == 0
    assert (unpacked["/a"] >= budgets["/a"]).all()
    assert (unpacked["/a"] <= budgets["/a"] * 2 ** (1 / 8) * (1 + 1e-12)).all()
    assert (unpacked["/z"] == 0).all()


def test_what_no_tape_can_hold_is_refused_not_recorded_wrongly() -> None:
    recorder = Recorder(4)
    values = [Symbol(recorder, Operand(slot)) for slot in range(4)]
    squares = [value * value for value in values]
    _uneven = squares[0] + squares[1]
    Symbol.pick(squares, Token(1))
    with pytest.raises(Unrecordable, match="not used alike"):
        recorder.mark_users_alike(4)
    with pytest.raises(Unrecordable, match="no regular distance"):
        Symbol.pick([squares[0], squares[1], values[2].exp(), squares[3]], Token(1))
    with pytest.raises(Unrecordable, match="not computed alike"):
        Symbol.pick([v.exp() if k % 2 else v * v for k, v in enumerate(values)], Token(1))


def test_spreads_of_a_function_without_rewrites_come_from_its_own_tape() -> None:
    tape = record_function({"x": [1.0]}, "value", lambda at: both(at["x"][0].exp()))
    spread = spread_of({CANONICAL: tape}, np.array([1.3]), "float64")
    assert spread.replicas == REPLICAS
    assert spread.truth["/value"].high[0] == pytest.approx(math.exp(1.3))
    assert 0 < spread.sigma["/value"][0] < 4 * 2.0**-53 * math.exp(1.3)


SLOW_PORTS = ("js", "js:page", "swift")


@pytest.mark.thorough
@pytest.mark.parametrize("port", [name for name in our_ports() if name not in SLOW_PORTS])
def test_the_golden_trajectory_is_followed_by_our_fast_ports(port: str) -> None:
    report = run_suite(port, "train", seed=1, long=True)
    assert [case.slug for case in report.cases if case.outcome != "pass"] == []
    assert any(case.slug.startswith("train/trajectory-1-in-full") for case in report.cases)


def test_a_pass_that_no_honest_port_was_seen_so_far_from_is_a_warning() -> None:
    report = run_suite("python", "layers/linear*", seed=1)
    (level,) = report.levels
    for worst, warned in ((0.4, False), (0.6, True)):
        near = structs.replace(level, worst=worst)
        text = printed(show, structs.replace(report, levels=[near]), width=200)
        assert ("Warning: layers passes, but with more error than honest ports" in text) == warned
