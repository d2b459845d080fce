"""What each profile is composed of, and what is refused, asked as the suite asks."""

import io
import json
import random
from typing import Any

import numpy as np
import pytest
from microgpt_numpy.activations import RELU
from microgpt_numpy.counts import Counts
from microgpt_numpy.model import Sizes
from microgpt_numpy.profiles import PROFILES
from microgpt_numpy.program import Plan, draw_weights
from microgpt_numpy.server import serve

SIZES = {"n_embd": 2, "n_head": 1, "n_layer": 1, "block_size": 3}
OPTIMIZER = {"learning_rate": 0.1, "num_steps": 3, "beta1": 0.85, "beta2": 0.99, "eps": 1e-8}
REPLICATE = {
    "sizes": SIZES,
    "optimizer": OPTIMIZER,
    "seed": 42,
    "init_std": 0.08,
    "temperature": 0.5,
    "num_samples": 2,
    "text": "ab\nba\na\n",
}
TRAIN = {"sizes": SIZES, "optimizer": OPTIMIZER, "step": 0, "documents": [[2, 0, 2]], "steps": 1}
COUNTS = {"counts": [[0.0] * 3] * 3}


def ask(method: str, **params: Any) -> list[dict[str, Any]]:
    """All that is answered, notifications first."""
    request = json.dumps({"id": 1, "method": method, "params": params})
    output = io.StringIO()
    serve([request.encode()], output, np.float64)
    return [json.loads(line) for line in output.getvalue().splitlines()]


def result(method: str, **params: Any) -> Any:
    return ask(method, **params)[-1]["result"]


def refusal(method: str, **params: Any) -> str:
    error = ask(method, **params)[-1]["error"]
    assert error["code"] == -32602
    return str(error["message"])


def test_every_profile_and_activation_is_offered() -> None:
    offer = result("initialize", protocol_version=1, suite="")
    assert offer["profiles"] == list(PROFILES)
    assert offer["activations"] == ["relu", "squared_relu", "gelu"]
    assert {"sgd", "adam"} <= set(offer["methods"])


NUM_PARAMS = {
    "train0": 9,
    "train1": 6 + 16 + 24,
    "train2": 6 + 16 + 24,
    "train3": 3 * 6 + 4 * 4 + 32,
    "first-revision": 2 * 4 * 2 - 2 + 4 * 4 + 32,
}


@pytest.mark.parametrize("profile", PROFILES)
def test_the_whole_program_of_every_profile(profile: str) -> None:
    *steps, end = ask("replicate", profile=profile, **REPLICATE)
    assert len(steps) == 3
    assert all(("learning_rate" in s["params"]) == (profile != "train0") for s in steps)
    assert end["result"]["num_params"] == NUM_PARAMS.get(profile, 3 * 6 + 4 * 4 + 32)
    assert end["result"]["vocab_size"] == (4 if profile == "first-revision" else 3)


def test_counting_draws_nothing() -> None:
    generator = random.Random(42)
    deck = [0, 1, 2]
    generator.shuffle(deck)
    # With no training all tokens are equally likely, so a sample shows the uniforms.
    question = REPLICATE | {"optimizer": {"num_steps": 0}, "num_samples": 1}
    drawn = "".join("ab."[int(3 * generator.random())] for _ in range(3)).partition(".")[0]
    assert result("replicate", profile="train0", **question)["samples"] == [drawn]


LAYER = ["attn_wq", "attn_wk", "attn_wv", "attn_wo", "mlp_fc1", "mlp_fc2"]
OF_LAYER_0 = [f"layer0.{name}" for name in LAYER]
NAMES = {
    "train0": ["counts"],
    "train1": ["wte", "mlp_fc1", "mlp_fc2"],
    "train2": ["wte", "mlp_fc1", "mlp_fc2"],
    "train3": ["wte", "wpe", *LAYER, "lm_head"],
    "first-revision": ["wte", "wpe", *OF_LAYER_0],
}


@pytest.mark.parametrize("name", PROFILES)
def test_weights_are_drawn_in_the_programs_order(name: str) -> None:
    profile = PROFILES[name]
    model = profile.model(Sizes(**SIZES), RELU)
    plan = Plan(profile, model, Counts(Sizes(**SIZES)), 0, 42, 0.3, 0.5, 0)
    drawn, expected = random.Random(5), random.Random(5)
    weights = draw_weights(plan, 4, np.float64, drawn)
    assert list(weights) == NAMES.get(name, ["wte", "wpe", "lm_head", *OF_LAYER_0])
    for matrix, found in weights.items():
        is_0 = name.endswith("revision") and matrix.endswith(("attn_wo", "mlp_fc2"))
        if name != "train0":
            assert found.ravel().tolist() == [
                expected.gauss(0, 0.0 if is_0 else 0.3) for _ in range(found.size)
            ]
    assert drawn.random() == expected.random()


def test_counts_are_trained_without_moments_and_without_a_learning_rate() -> None:
    question = TRAIN | {"optimizer": {"num_steps": 3}}
    step, end = ask("train", profile="train0", weights=COUNTS, **question)
    assert step["params"].keys() == {"id", "step", "loss"}
    assert end["result"] == {"weights": {"counts": [[0, 0, 1], [0, 0, 0], [1, 0, 0]]}}


def test_gradient_descent_is_asked_for_no_moments() -> None:
    weights = {"wte": [[0.1, 0.2]] * 3, "mlp_fc1": [[0.3, 0.1]] * 8, "mlp_fc2": [[0.2] * 8] * 3}
    question = TRAIN | {"optimizer": {"learning_rate": 1.0, "num_steps": 3}}
    assert result("train", profile="train2", weights=weights, **question).keys() == {"weights"}


def test_special_tokens_are_those_of_the_profile() -> None:
    assert result("tokenize", text="ba")["tokens"] == [[2, 1, 0, 2]]
    assert result("tokenize", text="ba", profile="first-revision")["tokens"] == [[0, 3, 2, 1]]


def test_an_unknown_profile_is_refused_everywhere() -> None:
    assert "expected one of train0, " in refusal("tokenize", text="a", profile="train6")
    assert "profile" in refusal("forward", profile=["microgpt"])
    for method in ("forward", "backward", "sgd", "adam", "train", "sample", "replicate"):
        assert "params.profile: expected one of" in refusal(method, profile="train6")
        assert refusal(method) == "params.profile: missing"


@pytest.mark.parametrize(
    ("method", "profile"),
    [("forward", "train0"), ("backward", "train0"), ("sgd", "train0"), ("adam", "train0"),
     ("sgd", "microgpt"), ("adam", "train4")],
)  # fmt: skip
def test_what_a_profile_does_not_have_is_refused(method: str, profile: str) -> None:
    question = {"sizes": SIZES, "optimizer": OPTIMIZER, "step": 0}
    assert "params.profile: " in refusal(method, profile=profile, weights=COUNTS, **question)


def test_train3_has_no_second_head_or_layer() -> None:
    for more in ({"n_head": 2}, {"n_layer": 2}):
        question = REPLICATE | {"sizes": SIZES | more}
        said = refusal("replicate", profile="train3", **question)
        assert said == "params.sizes: expected one layer with one head"


def test_an_unknown_activation_is_refused() -> None:
    said = refusal("replicate", profile="microgpt", activation="tanh", **REPLICATE)
    assert said == "params.activation: expected one of relu, squared_relu, gelu"
