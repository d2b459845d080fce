"""Programs with a generator of their own: their losses are as likely as the oracle's."""

import pytest

from conformance.judging.outcome import ExitCode
from ports_adapter.manifest import Port
from tests.support.judged_programs import MakeProgram, detail, judged, outcomes
from tests.support.programs.mistakes import compiled

pytestmark = pytest.mark.slow

needs_cc = pytest.mark.needs("cc")


def binary(program: MakeProgram, *switches: str) -> Port:
    port = program(run=("./program",))
    compiled(port.folder / "program", *switches)
    return port


@needs_cc
@pytest.mark.parametrize("switches", [("SEED=7",), ("SEED=8", "REAL=float", "EVERY=100")])
def test_an_honest_program_with_its_own_generator_passes(
    program: MakeProgram, switches: tuple[str, ...]
) -> None:
    report = judged(binary(program, *switches))
    assert report.exit_code is ExitCode.PASS, report
    assert report.generator == "own"
    assert sum(check.name.startswith("losses") for check in report.checks) == 4
    notes = " ".join(report.notes)
    assert "a generator of its own" in notes
    assert "evidence, not proof" in notes
    assert "about once in 1000" in notes
    assert ("It prints 10 of 1000 losses" in notes) == ("EVERY=100" in switches)


@pytest.mark.sampled(3)
@needs_cc
@pytest.mark.parametrize(
    ("switches", "check"),
    [
        (("MEAN=1",), "losses, two lengths"),
        (("MEAN=1", "TAKEN=1"), "losses, names"),
        (("BETA1=0.9",), "losses, one document"),
        (("STD=0.02",), "losses, one document"),
        (("CORRECTION(b)=1",), "losses, one document"),
        (("RATE=0.01",), "losses, two letters"),
        (("RESIDUAL=0",), "losses, one document"),
        (("POSITIONS=0",), "losses, two lengths"),
    ],
)
def test_a_mistake_is_seen_on_the_corpus_made_for_it(
    program: MakeProgram, switches: tuple[str, ...], check: str
) -> None:
    report = judged(binary(program, *switches, "SEED=5"))
    assert report.exit_code is ExitCode.FAIL
    assert outcomes(report)[check] == "mismatch", report
    assert "the oracle's runs have" in detail(report)


@needs_cc
def test_a_mistake_is_seen_in_each_hundredth_loss(program: MakeProgram) -> None:
    assert judged(binary(program, "EVERY=100", "MEAN=1")).exit_code is ExitCode.FAIL


def test_a_last_loss_alone_is_judged_with_what_power_remains(taped: MakeProgram) -> None:
    report = judged(taped("--generator", "numpy", "--shape", "last"))
    assert report.exit_code is ExitCode.PASS, report
    assert outcomes(report)["losses, one document"] == "not offered"
