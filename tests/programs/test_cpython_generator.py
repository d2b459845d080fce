"""Programs that draw as CPython does: their losses and samples are the oracle's own."""

import sys

import pytest
from msgspec import structs

from conformance.judging.outcome import ExitCode
from tests.support.judged_programs import MakeProgram, detail, judged, outcomes, printing
from tests.support.suite import ROOT

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("shape", ["returns", "colours", "json", "hundredth"])
def test_a_program_that_follows_cpython_is_compared_at_its_digits(
    program: MakeProgram, shape: str
) -> None:
    report = judged(program(printing("--shape", shape, "--steps", "201"), num_steps=201))
    assert outcomes(report) == {"counts": "pass", "losses": "pass", "samples": "pass"}, report
    assert (report.generator, report.exit_code) == ("cpython", ExitCode.PASS)
    assert "CPython's generator, seed 42" in report.notes[1]
    assert "evidence, not proof" in report.notes[-1]


def test_single_precision_that_follows_cpython_passes_if_it_says_so(program: MakeProgram) -> None:
    port = program(printing("--precision", "float32", "--shape", "json", "--steps", "60"))
    report = judged(structs.replace(port, precision="float32"))
    assert (report.generator, report.exit_code) == ("cpython", ExitCode.PASS), report
    assert judged(port).exit_code is ExitCode.FAIL


def test_the_first_wrong_step_is_named(taped: MakeProgram) -> None:
    report = judged(taped("--steps", "60", "--uncorrected"))
    assert report.generator == "cpython"
    assert outcomes(report)["losses"] == "mismatch"
    assert "the first wrong loss is at step 2: expected " in detail(report)
    assert "Adam's first update is wrong" in detail(report)


def test_digits_cut_off_are_not_digits_rounded(program: MakeProgram) -> None:
    report = judged(program(printing("--steps", "60", "--shape", "cut"), generator="cpython"))
    assert report.exit_code is ExitCode.FAIL
    assert "cut off after the last digit" in detail(report)


def test_other_samples_than_the_oracles_are_a_mismatch(program: MakeProgram) -> None:
    report = judged(program(printing("--steps", "30", "--temperature", "1.0")))
    assert outcomes(report) == {"counts": "pass", "losses": "pass", "samples": "mismatch"}
    assert "sample 1: expected '" in detail(report)


def test_a_manifest_that_says_cpython_forces_the_comparison(program: MakeProgram) -> None:
    report = judged(program(printing("--steps", "30", "--seed", "43"), generator="cpython"))
    assert (report.generator, report.exit_code) == ("cpython", ExitCode.FAIL)
    assert "step 1: expected " in detail(report)
    assert "the forward pass already differ" in detail(report)


def test_the_reference_itself_is_such_a_program(program: MakeProgram) -> None:
    command = (sys.executable, "-m", "reference", "--corpus", "input.txt", "--steps", "3")
    port = program(run=command)
    (port.folder / "reference").symlink_to(ROOT / "reference")
    report = judged(port)
    assert (report.generator, report.exit_code) == ("cpython", ExitCode.PASS), report
