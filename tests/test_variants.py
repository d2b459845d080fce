"""Honest variants: whoever computes the same mathematics in another order is never failed."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from conformance.outcome import ExitCode
from ports_adapter.manifest import OURS

from .conftest import oracle_port, run_suite
from .ports.variants import VARIANTS


@pytest.mark.parametrize("variant", VARIANTS)
def test_an_honest_variant_passes(variant: str) -> None:
    quick = (
        "autograd", "layers", "forward", "backward", "adam", "train/[cdw]*", "sample", "replicate",
    )  # fmt: skip
    report = run_suite(oracle_port(variant), *quick)
    assert [case.slug for case in report.cases if case.outcome != "pass"] == []
    assert report.exit_code is ExitCode.PASS
    assert not report.grade.startswith("bit-identical")


def in_precision(precision: str, folder: Path) -> str:
    """The NumPy port, in that precision."""
    if precision == "float64":
        return "python"
    copy = folder / precision
    shutil.copytree(OURS / "python", copy, ignore=shutil.ignore_patterns("__pycache__"))
    for path in [*copy.glob("*/*.py"), copy / "port.toml"]:
        path.write_text(path.read_text().replace("float64", precision))
    return str(copy)


@pytest.mark.parametrize("seed", [1, 2])
def test_an_honest_port_in_single_precision_passes(tmp_path: Path, seed: int) -> None:
    report = run_suite(in_precision("float32", tmp_path), seed=seed)
    assert [case.slug for case in report.cases if case.outcome != "pass"] == []
    assert report.grade.startswith("float32")


def test_a_port_in_single_precision_does_not_pass_as_double(tmp_path: Path) -> None:
    copy = tmp_path / "float32"
    shutil.copytree(OURS / "python", copy, ignore=shutil.ignore_patterns("__pycache__"))
    for path in copy.glob("*/*.py"):
        source = path.read_text().replace("np.float64", "np.float32")
        path.write_text(source)
    report = run_suite(str(copy), "layers", "forward", "backward", "adam")
    assert report.exit_code is ExitCode.FAIL
    assert not [
        case.slug for case in report.cases if case.level == "backward" and case.outcome == "pass"
    ]
