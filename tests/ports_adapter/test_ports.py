"""Our own ports: each passes everything, reproduces the twenty names, and fails when broken."""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from conformance.anatomy.judged_program import JudgedProgram
from conformance.asking.engine import Engine
from conformance.cases import all_cases, select
from conformance.judging.outcome import ExitCode, Outcome
from golden.budgets import Precision
from ports_adapter.building import build
from ports_adapter.manifest import OURS, find_port, our_ports
from reference.profiles import PROFILES
from tests.reference.test_reference import needs_names
from tests.support.changed_ports import Change, changed_port
from tests.support.selection import of_a_port
from tests.support.suite import case_of, failed_levels, run_suite

OWN_TESTS = {
    "js": ("npm", "test"),
    "python": (sys.executable, "-m", "pytest", "tests"),
    "rust": ("cargo", "test", "--release", "--offline"),
    "swift": ("swift", "test"),
}


def test_our_ports_are_written_in_four_languages_and_in_other_ways_where_that_is_worth_it() -> None:
    variants = ["js:page", "python:float32", "rust:float32", "swift:vectors"]
    assert our_ports() == sorted([*OWN_TESTS, *variants])


@pytest.mark.slow
@pytest.mark.sampled(1)
@pytest.mark.parametrize("name", [of_a_port(name, name) for name in OWN_TESTS])
def test_our_port_passes_the_tests_of_its_own_language(name: str) -> None:
    ended = subprocess.run(OWN_TESTS[name], cwd=OURS / name, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stdout + ended.stderr


@pytest.mark.sampled(1)
@pytest.mark.slow
@pytest.mark.parametrize("name", our_ports())
def test_our_port_passes_every_case(name: str) -> None:
    report = run_suite(name, seed=1)
    assert [case.slug for case in report.cases if case.outcome != "pass"] == []
    assert report.exit_code is ExitCode.PASS
    assert len({level.level for level in report.levels}) == 11


@pytest.mark.thorough
@needs_names
@pytest.mark.parametrize("name", our_ports())
def test_our_port_reproduces_the_published_losses_and_the_twenty_names(name: str) -> None:
    report = run_suite(name, "replicate/published", names=True)
    assert report.exit_code is ExitCode.PASS
    assert case_of(report, "replicate/published").outcome == "pass"


EVERYWHERE = ("python", "python:float32", "js")
"""Ports of every profile; the others are ports of the final program and the revisions before it."""

REVISIONS = ("first-revision", "early-revision")

SAME, ALIKE = "train5", ("rust",)
"""The stage that is the final program, and who is asked about it by this name."""


def failures_of(
    judged_program: JudgedProgram, ports: Sequence[str], *patterns: str
) -> dict[str, list[str]]:
    """What each of these ports fails of a program's cases, which are the same for all."""
    found = {}
    precisions: tuple[Precision, ...] = ("float64", "float32")
    for precision in precisions:
        cases = select(all_cases(1, precision, judged_program), patterns)
        for name in ports:
            port = find_port(name)
            if port.precision != precision:
                continue
            build(port)
            results = Engine(port).run(cases).results
            found[name] = [r.case.slug for r in results if r.outcome is not Outcome.PASS]
    return found


OFFERED = [
    (port, profile)
    for profile in PROFILES
    if profile != "microgpt"
    for port in (our_ports() if profile in REVISIONS else ALIKE if profile == SAME else EVERYWHERE)
]


@pytest.mark.thorough
@pytest.mark.parametrize(("port", "profile"), OFFERED)
def test_our_port_passes_every_case_of_a_profile_that_it_offers(port: str, profile: str) -> None:
    assert failures_of(JudgedProgram.of(profile), [port]) == {port: []}


INDEPENDENT = ("js", "python", "python:float32", "rust:float32", "swift:vectors")
"""Ports that share no code with each other, in both precisions."""


@pytest.mark.thorough
@pytest.mark.parametrize("port", INDEPENDENT)
def test_our_port_passes_with_gelu(port: str) -> None:
    judged_program = JudgedProgram.of("microgpt", ["activation=gelu"])
    changed = ("layers/mlp*", "forward/cold*", "backward/cold*", "train/cold-start")
    assert failures_of(judged_program, [port], *changed) == {port: []}


@pytest.mark.needs("node")
@pytest.mark.thorough
@pytest.mark.parametrize(
    ("right", "wrong", "blamed"),
    [
        ("return new Value(data, this, data);", "return new Value(data, this, -data);", "exp"),
        ("this, exponent * this.data **", "this, -exponent * this.data **", "div"),
    ],
)
def test_a_sign_in_the_js_ports_softmax_gradient_is_blamed_and_adam_is_not(
    tmp_path: Path, right: str, wrong: str, blamed: str
) -> None:
    report = run_suite(str(changed_port("js", tmp_path, Change("src/value.js", right, wrong))))
    assert report.exit_code is ExitCode.FAIL
    assert report.first_divergence == f"autograd/{blamed}"
    assert failed_levels(report) == ["autograd", "layers", "backward", "train", "replicate"]
    first = case_of(report, report.first_divergence).differences[0]
    assert float(first.got) == pytest.approx(-float(first.expected))
    assert case_of(report, "backward/cold-step-1").tainted_by == report.first_divergence


@pytest.mark.slow
def test_a_sign_in_the_python_ports_softmax_gradient_is_blamed_on_the_layer(
    tmp_path: Path,
) -> None:
    right, wrong = "output * (output_grad - mean_grad)", "output * (output_grad + mean_grad)"
    change = Change("microgpt_numpy/layers.py", right, wrong)
    levels = (
        "autograd/one-neuron", "layers", "forward/cold-step-1", "backward/cold-step-1", "adam/c*",
        "train/warm-start", "replicate/short-run",
    )  # fmt: skip
    report = run_suite(str(changed_port("python", tmp_path, change)), *levels)
    assert report.first_divergence == "layers/softmax-plain"
    assert failed_levels(report) == ["layers", "backward", "train", "replicate"]


@pytest.mark.slow
def test_a_wrong_gradient_inside_attention_is_blamed_on_its_first_wrong_node(
    tmp_path: Path,
) -> None:
    right = "scores_grad = softmax_vjp(weights, weights_grad)"
    wrong = "scores_grad = weights * weights_grad"
    change = Change("microgpt_numpy/attention.py", right, wrong)
    copy = changed_port("python", tmp_path, change)
    report = run_suite(str(copy), "backward/cold*", "backward/warm*", "forward", "adam")
    assert failed_levels(report) == ["backward"]
    for case in report.cases:
        if case.level == "backward":
            assert case.differences[0].part == "/intermediate_grads/layer0.attn_scores"


@pytest.mark.slow
@pytest.mark.needs("node")
def test_a_port_whose_build_fails_is_told_so(tmp_path: Path) -> None:
    from conformance.cases.request import Request, Unusable
    from conformance.runs.running import judge

    manifest = (OURS / "js" / "port.toml").read_text()
    build = """build = ["node", "-e", "console.error('no such type: Float'); process.exit(3)"]\n"""
    (tmp_path / "port.toml").write_text(build + manifest)
    with pytest.raises(Unusable, match=r"(?s)the build ended with 3.*\| no such type: Float"):
        judge(Request(str(tmp_path)))
