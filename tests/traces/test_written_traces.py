"""Traces of a right program pass, in whichever way they are written."""

import gzip
import random
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from conformance.cases.request import Unusable
from conformance.judging.outcome import ExitCode
from conformance.runs.tracing import judged_trace_file
from reference.profiles import MICROGPT
from tests.support.suite import ROOT
from tests.support.traces import Writer, judged, outcomes, usual, written

NAMES = list(MICROGPT.config.shapes(27))
LARGER = replace(MICROGPT.config, n_layer=2, n_embd=8, n_head=2, block_size=8)
SIZES = ("n_layer", "n_embd", "n_head", "block_size", "vocab")


def torch_name(name: str) -> str:
    return "transformer." + name.replace("layer0.", "h.0.").replace("_", ".", 1) + ".weight"


RIGHT = {
    "single precision, 9 digits": Writer(single=True, form="{:.9g}"),
    "single precision, shortest": Writer(single=True, form="{}"),
    "six decimals": Writer(form="{:.6f}"),
    "six digits": Writer(form="{:.6g}"),
    "matrices sorted by name": Writer(order=sorted(NAMES)),
    "lm_head last": Writer(order=[*(n for n in NAMES if n != "lm_head"), "lm_head"]),
    "transposed": Writer(transposed=True),
    "named": Writer(named=lambda name: name.replace(".", "_")),
    "named as in torch, transposed": Writer(named=torch_name, transposed=True),
    "sizes not stated": Writer(without=SIZES),
    "sizes not stated, named": Writer(without=SIZES, named=str),
    "no moments": Writer(without=("m", "v")),
    "no moments, single precision": Writer(without=("m", "v"), single=True, form="{}"),
    "no gradients": Writer(without=("grads",)),
    "weights and losses alone": Writer(
        without=("grads", "m", "v", "logits", "losses", "learning_rate", "document")
    ),
    "steps from 1": Writer(first=1),
    "two layers": Writer(config=LARGER),
    "two layers, named, sizes not stated": Writer(config=LARGER, named=str, without=SIZES),
}


@pytest.mark.slow
@pytest.mark.parametrize("writer", RIGHT.values(), ids=RIGHT)
def test_a_right_program_passes_however_it_writes(writer: Writer, tmp_path: Path) -> None:
    report = judged(tmp_path, writer.records())
    assert report.exit_code is ExitCode.PASS, [case.detail for case in report.cases]
    assert "mismatch" not in outcomes(report).values()


def test_the_reference_is_bit_identical_in_all_its_numbers(tmp_path: Path) -> None:
    report = judged(tmp_path, usual())
    assert report.grade.startswith("bit-identical in all ")
    assert report.verdict == (
        "PASS: initial weights, tokenizer, logits, loss, gradients, learning rate, Adam over "
        "2 steps; not shown: samples"
    )


@pytest.mark.slow
def test_what_is_recognized_is_said(tmp_path: Path) -> None:
    writer = Writer(order=sorted(NAMES), transposed=True, without=SIZES, first=1)
    report = judged(tmp_path, writer.records())
    assert report.trace is not None
    notes = " ".join(report.trace.notes)
    for words in (
        "the matrices sorted by name and linear layers transposed",
        "n_layer 1, n_embd 16, block_size 16, 27 tokens",
        "4 heads, these give the first loss",
        "Steps count from 1",
    ):
        assert words in notes


@pytest.mark.slow
@pytest.mark.parametrize("single", [False, True])
@pytest.mark.parametrize("without", [("m", "v"), ("learning_rate",), ()])
def test_a_number_of_steps_that_is_not_stated_is_inferred(
    single: bool, without: tuple[str, ...], tmp_path: Path
) -> None:
    config = replace(MICROGPT.config, num_steps=300)
    writer = Writer(config=config, single=single, form="{}", without=("num_steps", *without))
    report = judged(tmp_path, writer.records(3))
    assert report.exit_code is ExitCode.PASS
    assert report.trace is not None
    assert 'add "num_steps": 300 to the first record' in " ".join(report.trace.notes)


@pytest.mark.slow
def test_losses_alone_are_judged_by_a_free_run(tmp_path: Path) -> None:
    writer = Writer(without=("grads", "m", "v", "logits", "losses", "learning_rate"))
    head, *steps = writer.records(10)
    losses = [{k: v for k, v in step.items() if k != "weights"} for step in steps]
    report = judged(tmp_path, [head, *losses])
    assert report.verdict.startswith("PASS: initial weights, tokenizer, loss, losses, run freely")
    losses[8]["loss"] *= 1 + 1e-6
    report = judged(tmp_path, [head, *losses])
    assert report.exit_code is ExitCode.FAIL
    assert report.first_divergence == "train/trace-losses"
    assert report.cases[-2].differences[0].pointer == "/steps/4/loss"


def test_skipped_steps_are_judged_where_the_state_before_them_is_there(tmp_path: Path) -> None:
    head, *steps = Writer().records(5)
    kept = [step for step in steps if step["step"] in (0, 3, 4)]
    report = judged(tmp_path, [head, *kept])
    assert report.exit_code is ExitCode.PASS
    right = {case.slug: case.values for case in report.cases}
    # Step 0 and step 4 have the state before them, step 3 has not.
    assert right["backward/trace-grads"] == 2 * 4192


@pytest.mark.slow
@pytest.mark.parametrize("single", [False, True])
def test_an_order_that_follows_no_rule_is_found(single: bool, tmp_path: Path) -> None:
    order = random.Random(single).sample(NAMES, len(NAMES))
    writer = Writer(order=order, transposed=single, single=single, form="{}")
    report = judged(tmp_path, writer.records())
    assert report.exit_code is ExitCode.PASS
    assert report.trace is not None
    assert f"Layout: the order {', '.join(order)}" in " ".join(report.trace.notes)


@pytest.mark.slow
def test_an_order_is_found_where_matrices_start_at_0(tmp_path: Path) -> None:
    config = replace(MICROGPT.config, init_std_out=0.0)
    order = random.Random(1).sample(NAMES, len(NAMES))
    head = {"init_std_out": 0.0}
    report = judged(tmp_path, Writer(config=config, order=order, head=head).records())
    assert report.exit_code is ExitCode.PASS, outcomes(report)
    assert report.trace is not None
    assert f"Layout: the order {', '.join(order)}" in " ".join(report.trace.notes)


@pytest.mark.slow
def test_the_likeliest_order_is_taken_where_none_gives_the_loss(tmp_path: Path) -> None:
    order = random.Random(1).sample(NAMES, len(NAMES))
    config = replace(MICROGPT.config, activation="squared_relu")
    report = judged(tmp_path, Writer(config=config, order=order).records())
    assert report.exit_code is ExitCode.FAIL
    assert report.trace is not None
    notes = " ".join(report.trace.notes)
    assert f"Layout: the order {', '.join(order)}" in notes
    assert "The likeliest is taken" in notes


def test_an_order_that_is_stated_is_taken(tmp_path: Path) -> None:
    order = random.Random(3).sample(NAMES, len(NAMES))
    records = Writer(order=order, head={"order": order}, without=("grads",)).records()
    assert judged(tmp_path, records).exit_code is ExitCode.PASS
    records[0]["order"] = NAMES
    assert judged(tmp_path, records).exit_code is ExitCode.FAIL


@pytest.mark.slow
@pytest.mark.parametrize("without", [(), ("grads",)])
def test_a_wrong_program_whose_order_may_be_another_is_told_how_to_state_it(
    without: tuple[str, ...], tmp_path: Path
) -> None:
    records = Writer(without=without).records()
    records[1]["loss"] *= 1.5
    report = judged(tmp_path, records)
    assert report.exit_code is ExitCode.FAIL
    assert report.trace is not None
    # The gradients of unused tokens show that the order is the published one.
    assert ('state it: "order"' in " ".join(report.trace.notes)) == bool(without)


@pytest.mark.slow
def test_two_matrices_exchanged_are_no_order_but_a_mistake(tmp_path: Path) -> None:
    order = list(NAMES)
    order[3], order[5] = order[5], order[3]
    report = judged(tmp_path, Writer(order=order).records())
    assert report.exit_code is ExitCode.FAIL
    assert report.trace is not None
    assert "the first loss would be right" in " ".join(report.trace.notes)


def test_what_languages_write_without_knowing_better_is_read(tmp_path: Path) -> None:
    head, first, *rest = usual()
    first["tokens"] = [float(token) for token in first["tokens"]]  # Lua has no integers
    first["grads"] = {str(place): x for place, x in enumerate(first["grads"])}  # a Float64Array
    path = written(tmp_path, [head, first, *rest])
    path.write_text(path.read_text() + '{"step": 2, "tokens": [1, 2')
    report, _ = judged_trace_file(path)
    assert report.exit_code is ExitCode.PASS
    assert report.trace is not None
    assert "Line 6, the last one, breaks off and was not read." in report.trace.notes


def test_parts_in_two_precisions_are_told(tmp_path: Path) -> None:
    head, first, second, *_ = Writer(single=True, form="{}").records(1)
    doubles = Writer().records(1)[1]["grads"]
    report = judged(tmp_path, [head, first | {"grads": doubles}, second])
    assert report.trace is not None
    notes = " ".join(report.trace.notes)
    assert "In single precision are m, v, weights, in double grads" in notes


def test_the_verdict_counts_the_steps_that_could_be_judged(tmp_path: Path) -> None:
    head, *steps = Writer().records(5)
    report = judged(tmp_path, [head, *(step for step in steps if step["step"] != 1)])
    assert "over 3 steps of 4" in report.verdict


@pytest.mark.slow
def test_another_schedule_and_other_first_weights_can_be_stated(tmp_path: Path) -> None:
    config = replace(MICROGPT.config, schedule="cosine", init_std=0.02, init_std_out=0.0)
    records = Writer(config=config).records(3)
    assert judged(tmp_path, records).exit_code is ExitCode.FAIL
    stated = {"schedule": "cosine", "init_std": 0.02, "init_std_out": 0.0}
    report = judged(tmp_path, [records[0] | stated, *records[1:]])
    assert report.exit_code is ExitCode.PASS, [case.detail for case in report.cases]


@pytest.mark.slow
def test_a_trace_comes_from_a_pipe_or_a_gzipped_file(tmp_path: Path) -> None:
    path = written(tmp_path, usual())
    zipped = tmp_path / "trace.jsonl.gz"
    zipped.write_bytes(gzip.compress(path.read_bytes()))
    assert judged_trace_file(zipped)[0].exit_code is ExitCode.PASS
    zipped.write_bytes(zipped.read_bytes()[:-100])
    with pytest.raises(Unusable, match="it is not a whole gzip file"):
        judged_trace_file(zipped)
    with pytest.raises(Unusable, match="it cannot be read"):
        judged_trace_file(tmp_path / "nothing")
    words = [sys.executable, "-m", "conformance", "trace", "-"]
    done = subprocess.run(
        words, input=path.read_bytes(), capture_output=True, cwd=ROOT, check=False
    )
    assert done.returncode == ExitCode.PASS, done.stderr
