"""Traces in npz and safetensors files are judged as those of JSON Lines are."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from conformance.cases.request import Unusable
from conformance.judging.outcome import ExitCode
from conformance.judging.report import Report
from conformance.runs.tracing import judged_trace_file
from reference.profiles import MICROGPT
from tests.support.tensor_traces import (
    as_bfloat16,
    bfloat16_bytes,
    entries,
    folder,
    npz,
    raw_safetensors,
    safetensors,
    usual_entries,
)
from tests.support.traces import Writer, outcomes

LARGER = replace(MICROGPT.config, n_layer=2, n_embd=8, n_head=2, block_size=8)
WHOLE = (
    "PASS: initial weights, tokenizer, logits, loss, gradients, learning rate, Adam over 2 steps; "
    "not shown: samples"
)


def report_on(path: Path) -> Report:
    return judged_trace_file(path)[0]


def notes_of(report: Report) -> str:
    assert report.trace is not None
    return " ".join(report.trace.notes)


def torch_name(name: str) -> str:
    return name.replace("layer0.", "layers.0.").replace("_", ".", 1) + ".weight"


@pytest.mark.parametrize("write", [npz, safetensors])
def test_a_file_of_everything_is_bit_identical(write: Callable[..., Path], tmp_path: Path) -> None:
    report = report_on(write(tmp_path / f"trace.{write.__name__}", usual_entries()))
    assert report.verdict == WHOLE
    assert report.grade.startswith("bit-identical in all ")


@pytest.mark.parametrize("write", [npz, safetensors])
def test_a_folder_with_a_file_a_step_is_bit_identical(
    write: Callable[..., Path], tmp_path: Path
) -> None:
    report = report_on(folder(tmp_path / "trace", usual_entries(), write))
    assert report.verdict == WHOLE
    assert report.grade.startswith("bit-identical in all ")


RIGHT = {
    "dots": entries(Writer(named=torch_name, transposed=True).records(), separator="."),
    "flat arrays": entries(Writer().records()),
    "single precision": entries(Writer(single=True, form="{}").records(), np.float32),
    "two layers": entries(Writer(config=LARGER, named=str).records()),
    "steps from 1": entries(Writer(first=1, named=str).records()),
}


@pytest.mark.slow
@pytest.mark.parametrize("found", RIGHT.values(), ids=RIGHT)
def test_a_right_program_passes_in_whichever_form(found: dict[str, Any], tmp_path: Path) -> None:
    for write in (npz, safetensors):
        report = report_on(write(tmp_path / f"trace.{write.__name__}", found))
        assert report.verdict == WHOLE
        assert report.port.precision == (
            "float32" if found is RIGHT["single precision"] else "float64"
        )


def test_a_batch_of_one_document_is_that_document(tmp_path: Path) -> None:
    found = usual_entries()
    for name in [name for name in found if name[1:] in ("/tokens", "/logits", "/losses", "/loss")]:
        found[name] = found[name][None]
    assert report_on(npz(tmp_path / "trace.npz", found)).verdict == WHOLE


def test_numbered_matrices_are_a_list(tmp_path: Path) -> None:
    numbers = {name: str(number) for number, name in enumerate(MICROGPT.config.shapes(27))}
    found = {}
    for name, value in usual_entries().items():
        start, slash, matrix = name.rpartition("/")
        found[start + slash + numbers.get(matrix, matrix)] = value
    report = report_on(safetensors(tmp_path / "trace.safetensors", found))
    assert report.verdict == WHOLE


def test_a_wrong_number_is_found_in_its_step_and_place(tmp_path: Path) -> None:
    found = usual_entries()
    found["1/grads/wpe"][4, 4] *= 1 + 1e-6
    report = report_on(npz(tmp_path / "trace.npz", found))
    assert report.first_divergence == "backward/trace-grads"
    (wrong,) = (case for case in report.cases if case.slug == report.first_divergence)
    assert wrong.differences[0].pointer == "/steps/1/grads/wpe/4/4"


def test_a_number_that_is_not_finite_is_wrong(tmp_path: Path) -> None:
    found = usual_entries()
    found["0/grads/wte"][0, 0] = np.nan
    report = report_on(safetensors(tmp_path / "trace.safetensors", found))
    assert report.exit_code is ExitCode.FAIL
    assert outcomes(report)["backward/trace-grads"] == "mismatch"


def test_samples_have_names_of_their_own(tmp_path: Path) -> None:
    found = usual_entries() | {
        "sample/0/tokens": np.array([], np.int64),
        "sample/0/uniforms": np.array([1 - 2**-40]),
        "sample/0/temperature": np.float64(0.5),
    }
    assert report_on(npz(tmp_path / "trace.npz", found)).trace.samples == 1  # type: ignore[union-attr]


def test_facts_in_single_precision_are_those_that_were_meant(tmp_path: Path) -> None:
    found = usual_entries() | {"beta2": np.float32(0.99), "learning_rate": np.float32(0.01)}
    assert report_on(npz(tmp_path / "trace.npz", found)).verdict == WHOLE


def test_single_numbers_of_single_precision_widen_no_other_budget(tmp_path: Path) -> None:
    found = usual_entries()
    for step in (0, 1):
        for part in ("loss", "learning_rate"):
            found[f"{step}/{part}"] = found[f"{step}/{part}"].astype(np.float32)
    report = report_on(npz(tmp_path / "trace.npz", found))
    assert report.verdict == WHOLE
    assert "Storing has rounded loss (float32), learning_rate (float32)" in notes_of(report)
    found["0/grads/wte"][26, 0] *= 1 + 1e-9
    assert report_on(npz(tmp_path / "trace.npz", found)).exit_code is ExitCode.FAIL


SMALL = replace(MICROGPT.config, n_embd=4, n_head=2, block_size=8)


def single() -> dict[str, Any]:
    writer = Writer(config=SMALL, single=True, form="{}", named=str)
    return entries(writer.records(), np.float32)


def in_bfloat16(path: Path, found: dict[str, Any], start: str) -> Path:
    """A safetensors file with the weights in bfloat16 whose names start so."""
    of_type = {"f": "F32", "i": "I64"}
    arrays = {
        name: ("BF16", list(value.shape), bfloat16_bytes(value))
        if name.startswith(start) and "weights/" in name
        else (of_type[value.dtype.kind], list(value.shape), value.tobytes())
        for name, value in found.items()
        if not isinstance(value, str)
    }
    return raw_safetensors(path / "trace.safetensors", arrays)


def test_weights_after_the_update_may_be_rounded_to_bfloat16(tmp_path: Path) -> None:
    """Of one step: those after it are not computed with."""
    found = {name: value for name, value in single().items() if not name.startswith("1/")}
    report = report_on(in_bfloat16(tmp_path, found, "0/"))
    assert report.exit_code is ExitCode.PASS, [case.detail for case in report.cases]
    assert "Storing has rounded weights (bfloat16)" in notes_of(report)


def test_losses_that_rounded_weights_do_not_have_are_not_judged(tmp_path: Path) -> None:
    path = in_bfloat16(tmp_path, single(), "")
    with pytest.raises(Unusable, match="no further than half precision explains, of which weights"):
        judged_trace_file(path)


def test_a_wrong_update_of_weights_in_bfloat16_is_found(tmp_path: Path) -> None:
    found = {name: value for name, value in single().items() if not name.startswith("1/")}
    found["0/weights/wte"][0, 0] += 0.01
    report = report_on(in_bfloat16(tmp_path, found, "0/"))
    assert report.first_divergence == "adam/trace-update"


@pytest.mark.slow
@pytest.mark.parametrize("part", ["grads", "m", "logits", "losses"])
@pytest.mark.parametrize("half", [as_bfloat16, np.float16])
def test_a_program_that_computes_in_half_precision_is_not_judged(
    part: str, half: Callable[[Any], Any], tmp_path: Path
) -> None:
    found = single()
    found |= {name: half(value) for name, value in found.items() if f"/{part}" in name}
    path = npz(tmp_path / "trace.npz", found)
    with pytest.raises(Unusable, match=rf"step 0, at /{part}\S*: the numbers are of b?float16"):
        judged_trace_file(path)
    npz(path, found | {"precision": "float32"})
    assert report_on(path).exit_code is ExitCode.PASS
