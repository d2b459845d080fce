"""A trace with values on the way to the logits shows which operation goes wrong first."""

from collections.abc import Callable, Collection
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from conformance.cases.request import Unusable
from conformance.judging.outcome import ExitCode
from conformance.mistakes import MISTAKES, applied
from conformance.oracle import reference_answer
from conformance.runs.tracing import debugged_trace, judged_trace_file
from conformance.traces.checks.traced_questions import model_question
from conformance.traces.model.model_sizes import ModelSizes
from reference.config import Config
from reference.corpus import corpus_of
from reference.program import Run
from reference.tape.machine import flat
from tests.support.traces import Records, judged, outcomes, written

SMALL = Config(n_embd=4, n_head=2, block_size=4, num_steps=20, num_samples=0)
NAMES = corpus_of("names", b"ada\nbob\ncab\nabba\n" * 5)


def records(mistake: str = "", names: Collection[str] = ()) -> Records:
    """A trace of one step with intermediates: these, or all, each `[position][…]`."""
    with applied(MISTAKES[mistake].patch()) if mistake else nullcontext():
        run = Run.prepare(SMALL, 42, NAMES)
        before, step = run.state.weights, next(run.steps())
        size = ModelSizes(SMALL, run.tokenizer.vocab_size)
        asked = model_question(size, np.array(flat(before)), list(step.tokens), intermediates=True)
        forward: Any = reference_answer.answer("forward", asked)
        backward: Any = reference_answer.answer("backward", asked)
    kept = names or forward.intermediates
    return [
        {"trace": 1, "n_head": 2, "num_steps": 20, "weights": before},
        {
            "step": 0,
            "tokens": list(step.tokens),
            "intermediates": {name: forward.intermediates[name] for name in kept},
            "loss": step.evaluation.loss,
            "intermediate_grads": {name: backward.intermediate_grads[name] for name in kept},
            "grads": step.evaluation.grads,
        },
    ]


def blamed(folder: Path, *made: Any) -> str:
    """The operation to blame for the mistake of a trace."""
    found = debugged_trace(written(folder, records(*made)), (), lambda _words: None, ())
    assert found.divergence is not None
    return found.divergence.place.operation


def test_right_intermediates_are_judged_and_bit_identical(tmp_path: Path) -> None:
    report = judged(tmp_path, records())
    assert report.exit_code is ExitCode.PASS
    assert outcomes(report)["forward/trace-nodes"] == "pass"
    assert outcomes(report)["backward/trace-node-grads"] == "pass"
    assert report.grade.startswith("bit-identical")
    assert "intermediates, loss, gradients of intermediates, gradients" in report.verdict


def square(step: dict[str, Any]) -> None:
    """Write attention as matrices do: with later positions, whose scores are masked."""
    for kind, masked in (("attn_scores", float("-inf")), ("attn_weights", 0.0)):
        of_kind = step["intermediates"][f"layer0.{kind}"]
        positions = len(of_kind)
        step["intermediates"][f"layer0.{kind}"] = [
            [[*row, *[masked] * (positions - len(row))] for row in heads] for heads in of_kind
        ]


def short_names(step: dict[str, Any]) -> None:
    for kind in ("intermediates", "intermediate_grads"):
        step[kind] = {name.rpartition(".")[2]: value for name, value in step[kind].items()}


@pytest.mark.parametrize("change", [square, short_names])
def test_other_ways_to_write_them_are_read(
    change: Callable[[dict[str, Any]], None], tmp_path: Path
) -> None:
    made = records()
    change(made[1])
    assert judged(tmp_path, made).exit_code is ExitCode.PASS


@pytest.mark.parametrize(
    ("mistake", "names", "operation"),
    [
        ("attention-scale-missing", (), "the scaled dot products of query and keys"),
        ("mlp-norm-missing", (), "the RMSNorm before the MLP"),
        (
            "mlp-norm-missing", ("layer0.attn_out", "layer0.mlp_out"),
            "the forward pass, from layer0.attn_residual to layer0.mlp_out",
        ),
        ("final-norm-added", ("layer0.mlp_residual",), "the output projection (lm_head), or the"),
    ],
)  # fmt: skip
def test_the_blame_goes_to_what_lies_between_two_recorded_values(
    mistake: str, names: tuple[str, ...], operation: str, tmp_path: Path
) -> None:
    assert blamed(tmp_path, mistake, names).startswith(operation)


def test_one_wrong_number_is_found_in_its_place(tmp_path: Path) -> None:
    made = records()
    made[1]["intermediates"]["layer0.attn_weights"][2][1][0] *= 1 + 1e-6
    report = judged(tmp_path, made)
    case = next(c for c in report.cases if c.slug == "forward/trace-nodes")
    assert case.differences[0].pointer == "/steps/0/intermediates/layer0.attn_weights/2/1/0"
    assert outcomes(report)["backward/trace-grads"] == "pass"


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ([1.0], "at /intermediates: expected an object of values by name"),
        ({"layer0.qq": [[1.0]]}, "'layer0.qq' is not known; the names are embedding,"),
        ({"layer0.q": [[1.0]]}, "at /intermediates/layer0.q: expected the shape [4, 4]"),
        ({"attn_scores": [[[1.0]]]}, "/layer0.attn_scores: expected a list for each of the 4"),
        ({"q": [["a"]]}, "at /intermediates/q/0: 'a' is not a number"),
    ],
)
def test_what_is_no_intermediate_is_refused(value: Any, words: str, tmp_path: Path) -> None:
    made = records()
    made[1]["intermediates"] = value
    with pytest.raises(Unusable) as refused:
        judged_trace_file(written(tmp_path, made))
    assert words in str(refused.value)
