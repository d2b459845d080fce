"""Honest variants: whoever computes the same mathematics in another order is never failed."""

import pytest
from msgspec import structs

from conformance.judging.outcome import ExitCode
from conformance.mistakes import VARIANTS
from ports_adapter.manifest import find_port
from tests.support.suite import oracle_port, run_suite

pytestmark = pytest.mark.slow


@pytest.mark.sampled(1)
@pytest.mark.parametrize("variant", VARIANTS)
def test_an_honest_variant_passes(variant: str) -> None:
    quick = (
        "autograd", "layers", "forward/[cf]*", "backward/[cf]*", "adam",
        "train/cold-start", "sample/f*",
    )  # fmt: skip
    report = run_suite(oracle_port(variant, "--tape"), *quick)
    assert [case.slug for case in report.cases if case.outcome != "pass"] == []
    assert report.exit_code is ExitCode.PASS
    assert not report.grade.startswith("bit-identical")


@pytest.mark.thorough
@pytest.mark.parametrize("name", ["python:float32", "rust:float32"])
@pytest.mark.parametrize("seed", [1, 2])
def test_an_honest_port_in_single_precision_passes(name: str, seed: int) -> None:
    report = run_suite(name, seed=seed)
    assert [case.slug for case in report.cases if case.outcome != "pass"] == []
    assert report.grade.startswith("float32")


def test_a_port_in_single_precision_does_not_pass_as_double() -> None:
    port = structs.replace(find_port("python:float32"), precision="float64")
    report = run_suite(port, "layers", "forward/cold*", "backward/cold*", "adam/cold*")
    assert report.exit_code is ExitCode.FAIL
    assert not [
        case.slug for case in report.cases if case.level == "backward" and case.outcome == "pass"
    ]
