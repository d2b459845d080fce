"""The smallest case: small indeed, still failing, right on a right port, and a test that runs."""

from __future__ import annotations

import json
import math
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec import structs

from conformance.explanation.printing.content import MOST_NUMBERS, question_text, rows_of
from conformance.explanation.printing.test_source import printed
from conformance.explanation.shrinking.repeated_questions import Asker, GivenUp
from conformance.explanation.shrinking.search import Smallest, complexity, smallest
from conformance.judging.compare import compare
from conformance.judging.divergence import Divergence
from conformance.judging.outcome import Outcome
from conformance.oracle.answer import Answer, Numbers
from ports_adapter.containment.sandbox import Sandbox
from ports_adapter.kits import write_kit
from ports_adapter.manifest import OURS, Port, find_port
from ports_adapter.messages import (
    AdamParams,
    EvaluateParams,
    Message,
    VectorParams,
)
from tests.ports_adapter.test_ports import BUILT
from tests.support.suite import ROOT, MakePort, oracle_port

SECONDS = 10.0
"""Of a search; more than it takes, since other tests run at the same time."""


def found(port: Port, method: str, outcome: Outcome = Outcome.MISMATCH) -> Smallest:
    """The smallest case; asked again, it fails again."""
    with Asker(port) as asker:
        case = smallest(asker, method, outcome, SECONDS)
        assert case is not None
        if outcome is Outcome.MISMATCH:
            assert divergences(asker, case) == case.divergences != ()
    return case


def divergences(asker: Asker, case: Smallest) -> tuple[Divergence, ...]:
    got = asker.ask(case.method, case.params, SECONDS)
    return compare(case.expected, got, case.precision).divergences


@pytest.fixture(scope="module")
def right() -> Iterator[Asker]:
    """The canonical program."""
    with Asker(oracle_port()) as asker:
        yield asker


SMALL: list[tuple[str, str, Callable[[Any], bool]]] = [
    ("product-gradients-swapped", "evaluate", lambda p: len(p.nodes) <= 3),
    ("relu-gradient-always-1", "evaluate", lambda p: len(p.nodes) == 2),
    ("rms-scale-detached", "rmsnorm", lambda p: p.x == [1.0] and p.output_grad == [1.0]),
    ("softmax-denominator-detached", "softmax", lambda p: len(p.x) == 1),
    ("transposed-linear-when-square", "linear", lambda p: len(p.x) == len(p.w) == 2),
    ("cached-keys-detached", "attention", lambda p: len(p.q) == 1 and len(p.k) == 2),
    ("rms-scale-detached", "backward", lambda p: p.sizes.n_embd == 1 and len(p.tokens) == 2),
    ("loss-summed-not-averaged", "backward", lambda p: p.sizes.block_size == 2),
    ("bias-correction-missing", "adam", lambda p: p.step == 0 and p.grads["wte"][0] == [1.0]),
    ("bias-correction-missing", "train", lambda p: p.steps == 1 and len(p.documents[0]) == 2),
]


@pytest.mark.slow
@pytest.mark.sampled(2)
@pytest.mark.parametrize(("mistake", "method", "is_small"), SMALL)
def test_the_smallest_case_of_a_mistake_is_small_still_fails_and_is_right(
    mistake: str, method: str, is_small: Callable[[Message], bool], right: Asker
) -> None:
    case = found(oracle_port(mistake), method)
    assert is_small(case.params), case.about
    assert case.method == method
    assert divergences(right, case) == ()


@pytest.mark.slow
@pytest.mark.sampled(2)
@pytest.mark.parametrize("method", ["evaluate", "softmax", "backward", "adam", "train"])
def test_of_a_right_port_nothing_is_found(method: str, right: Asker) -> None:
    assert smallest(right, method, seconds=2.0) is None


@pytest.mark.slow
def test_single_precision_is_no_mistake() -> None:
    for method in ("linear", "attention"):
        with Asker(find_port("python:float32")) as asker:
            assert smallest(asker, method, seconds=2.0) is None


@pytest.mark.slow
def test_a_sentence_tells_what_is_right_and_what_the_port_gives() -> None:
    case = found(oracle_port("assigns-gradients"), "evaluate")
    assert case.about == "x + x at x = 0: expected 2 for the gradient of x, got 1"


@pytest.mark.slow
def test_faint_errors_are_found_too() -> None:
    case = found(oracle_port("state-kept-in-float32"), "adam")
    assert case.about.startswith("adam, step 1 of 1000, all 0 except grads/wte/0/0 = 1: ")
    [nonzero] = [g for rows in case.params.grads.values() for row in rows for g in row if g]  # type: ignore[attr-defined]
    assert nonzero == 1.0


PROFILE_ONLY = """
import subprocess
import sys

whole = subprocess.Popen({run!r}, cwd={folder!r}, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
for line in sys.stdin.buffer:
    whole.stdin.write(line)
    whole.stdin.flush()
    answer = whole.stdout.readline().replace(b'"other_sizes":true', b'"other_sizes":false')
    sys.stdout.buffer.write(answer)
    sys.stdout.buffer.flush()
"""


def profile_only(mistake: str) -> str:
    """The source of a port with a mistake that is bound to the published sizes."""
    port = oracle_port(mistake)
    return PROFILE_ONLY.format(run=list(port.run), folder=str(port.folder))


@pytest.fixture(scope="module")
def narrow(tmp_path_factory: pytest.TempPathFactory) -> Smallest:
    """An update with mistaken moments, by a port that is bound to the profile."""
    folder = tmp_path_factory.mktemp("narrow")
    (folder / "port.py").write_text(profile_only("bias-correction-missing"))
    run = (sys.executable, "port.py")
    port = Port(
        folder=folder, name="narrow", language="Python", run=run, label="narrow",
        sandbox=Sandbox.NEVER,
    )  # fmt: skip
    return found(port, "adam")


@pytest.mark.slow
def test_a_port_bound_to_the_profile_is_asked_with_almost_everything_0(narrow: Smallest) -> None:
    assert isinstance(narrow.params, AdamParams)
    assert narrow.params.sizes.n_embd == 16
    assert sum(g != 0 for rows in narrow.params.grads.values() for row in rows for g in row) == 1
    text, zeros = question_text(narrow)
    assert len(text) < 4000
    assert zeros
    rows, total = rows_of(narrow)
    assert len(rows) == MOST_NUMBERS < total
    assert narrow.divergences[0].pointer in {row.pointer for row in rows}


@pytest.mark.slow
def test_only_what_fails_alike_counts() -> None:
    case = found(oracle_port("sorts-recursively"), "evaluate", Outcome.CRASH)
    assert isinstance(case.params, EvaluateParams)
    assert len(case.params.nodes) <= 2002
    assert case.divergences == ()
    assert case.failure in case.about
    with Asker(oracle_port("softmax-denominator-detached")) as asker:
        assert smallest(asker, "softmax", Outcome.ERROR, seconds=2.0) is None


def test_a_port_that_always_dies_is_given_up(make_port: MakePort) -> None:
    port = make_port("raise SystemExit")
    with Asker(port) as asker:
        assert smallest(asker, "softmax") is None
        with pytest.raises(GivenUp):
            _ = asker.offer


ENDLESS = """
import json, sys
for line in sys.stdin:
    request = json.loads(line)
    answer = {"jsonrpc": "2.0", "id": request["id"]}
    if request["method"] == "initialize":
        answer["result"] = {
            "protocol_version": 1, "name": "", "language": "", "precision": "float64",
            "methods": ["train"], "profiles": ["microgpt"], "other_sizes": True,
        }
        print(json.dumps(answer), flush=True)
    while request["method"] == "train":
        params = {"id": request["id"], "step": 0, "loss": 1.0, "learning_rate": 0.1}
        print(json.dumps({"jsonrpc": "2.0", "method": "step", "params": params}), flush=True)
"""


@pytest.mark.slow
def test_a_port_that_never_ends_its_steps_is_cut_off(make_port: MakePort) -> None:
    case = found(make_port(ENDLESS), "train", Outcome.VIOLATION)
    assert "more than the requested 1 step" in case.failure


def test_what_is_no_method_to_shrink_finds_nothing(right: Asker) -> None:
    assert smallest(right, "tokenize") is None


@pytest.mark.slow
def test_nothing_is_written_where_somebody_works(tmp_path: Path) -> None:
    program = (
        "from tests.support.suite import oracle_port\n"
        "from conformance.explanation.shrinking.repeated_questions import Asker\n"
        "from conformance.explanation.shrinking.search import smallest\n"
        "with Asker(oracle_port('assigns-gradients')) as asker:\n"
        "    assert smallest(asker, 'evaluate')\n"
    )
    subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path, env=os.environ | {"PYTHONPATH": str(ROOT)}, check=True,
    )  # fmt: skip
    assert list(tmp_path.iterdir()) == []


def test_the_fewer_numbers_and_the_simpler_the_smaller() -> None:
    def size(*x: float) -> tuple[int, ...]:
        return complexity(VectorParams(x=list(x), output_grad=[]))

    assert size(0.5) < size(0.0, 0.0) < size(0.0, 1.0) < size(0.0, 2.0) < size(1.0, 1.0)


HOSTILE = "\n\"\"\" ''' */ \\(x) ${y} `z` {{ 7 * 7 }} #[test] \u202e\u2028 \x00 Ω"


def hostile() -> Smallest:
    divergence = Divergence("/output", "/output/0", "1.0", HOSTILE, math.inf)
    expected: Answer = {
        "/output": Numbers([1.0, math.nan, math.inf, -math.inf], 0.0),
        "/grads/x": Numbers([5e-324, 1e300, -0.0, 0.1], 1e-15),
    }
    params = VectorParams(x=[0.5, 2.0, -1.0, 0.0], output_grad=[0.0] * 4)
    return Smallest("softmax", params, expected, (divergence,), HOSTILE, "float64")


@pytest.mark.parametrize(
    ("language", "file_name"),
    [
        ("Swift", "SmallestSoftmaxTests.swift"),
        ("RUST", "smallest_softmax.rs"),
        ("JavaScript", "smallest-softmax.test.mjs"),
        ("TypeScript", "smallest-softmax.test.mjs"),
        ("Python", "test_smallest_softmax.py"),
        ("Brainfuck\n'''", "test_smallest_softmax.py"),
    ],
)
def test_whatever_a_port_printed_stays_in_a_comment(language: str, file_name: str) -> None:
    case = printed(hostile(), language)
    assert case.file_name == file_name
    assert case.source.isascii()
    assert "\0" not in case.source
    assert "49" not in case.source
    mark = "#" if file_name.endswith(".py") else "//"
    said = [line for line in case.source.splitlines() if "7 * 7" in line or "u202e" in line]
    assert said
    assert all(line.startswith(f"{mark} ") for line in said)
    assert case.source.count("ADAPT") == 1
    assert all(len(line) <= 120 for line in case.source.splitlines() if line.startswith(mark))


def test_numbers_that_are_none_have_names_in_every_language() -> None:
    for language, names in {
        "swift": (".nan", ".infinity", "-.infinity"),
        "rust": ("f64::NAN", "f64::INFINITY", "f64::NEG_INFINITY"),
        "js": ("NaN", "Infinity", "-Infinity"),
        "python": ("math.nan", "math.inf", "-math.inf"),
    }.items():
        source = printed(hostile(), language).source
        for number in (*names, "5e-324", "1e+300", "-0.0", "1e-15"):
            assert f", {number}" in source, (language, number)


def test_a_question_text_is_the_question() -> None:
    case = replace(hostile(), params=VectorParams(x=[0.0] * 9, output_grad=[-0.0] * 9))
    text, [zeros] = question_text(case)
    assert zeros.mark == '"@9"'
    whole = json.loads(text.replace(zeros.mark, json.dumps([0.0] * zeros.columns)))
    assert msgspec.convert(whole, VectorParams) == case.params
    assert "-0.0" in text


# In the ports' own languages.


@dataclass(frozen=True)
class Slip:
    """A one-line mistake in a port of ours."""

    file: str
    right: str
    wrong: str


def slipped(name: str, folder: Path, *slips: Slip) -> Path:
    copy = folder / name
    shutil.copytree(OURS / name, copy, ignore=BUILT)
    for slip in slips:
        source = (copy / slip.file).read_text()
        assert source.count(slip.right) == 1
        (copy / slip.file).write_text(source.replace(slip.right, slip.wrong))
    return copy


def mend(folder: Path, slips: Sequence[Slip]) -> None:
    for slip in slips:
        shutil.copy(OURS / folder.name / slip.file, folder / slip.file)


def ended(folder: Path, *command: str) -> tuple[int, str]:
    run = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    return run.returncode, run.stdout + run.stderr


def fails_and_passes_once_mended(
    folder: Path, slips: Sequence[Slip], cases: Sequence[Smallest], *command: str
) -> None:
    code, said = ended(folder, *command)
    assert code != 0
    for case in cases:
        first = case.divergences[0]
        assert f"{first.pointer}: expected " in said, said
    assert "budget" in said
    mend(folder, slips)
    code, said = ended(folder, *command)
    assert code == 0, said


PYTHON = (
    Slip(
        "microgpt_numpy/layers.py",
        "output * (output_grad - mean_grad)",
        "output * (output_grad + mean_grad)",
    ),
    Slip("microgpt_numpy/adam.py", "m / (1 - optimizer.beta1 ** (step + 1))", "m"),
)
JS = (
    Slip(
        "src/value.js",
        "return new Value(data, this, data);",
        "return new Value(data, this, -data);",
    ),
    Slip("src/adam.js", "const mBias = 1 - beta1 ** (step + 1);", "const mBias = 1;"),
)
RUST = (
    Slip("src/layers.rs", "y * (gradient - mean)", "y * (gradient + mean)"),
    Slip("src/adam.rs", "m_bias = T::ONE - beta1.powf(updates)", "m_bias = T::ONE"),
)
SWIFT = (
    Slip(
        "Sources/Transformer/Autograd/ScalarLayers.swift",
        "(meanSquare + 1e-5)",
        "(meanSquare + 1e-6)",
    ),
    Slip(
        "Sources/Transformer/Program/Adam.swift",
        "mShare = 1 - raised(adam.beta1, to: Double(step + 1))",
        "mShare = 1",
    ),
)


@pytest.mark.slow
@pytest.mark.sampled(1, group="printed tests")
def test_python_tests_fail_on_the_slip_and_pass_without_it(
    tmp_path: Path, narrow: Smallest
) -> None:
    folder = slipped("python", tmp_path, *PYTHON)
    port = find_port(str(folder))
    cases = [*(found(port, method) for method in ("softmax", "train")), narrow]
    tests = []
    for case in cases:
        test = printed(case, "Python", port)
        (folder / "tests" / test.file_name).write_text(test.source)
        tests.append(f"tests/{test.file_name}")
    command = (sys.executable, "-m", "pytest", "-q", *tests)
    fails_and_passes_once_mended(folder, PYTHON, cases, *command)


@pytest.mark.needs("node")
@pytest.mark.slow
def test_in_any_other_language_the_test_starts_the_port_by_its_command(tmp_path: Path) -> None:
    folder = slipped("js", tmp_path, JS[0])
    port = find_port(str(folder))
    case = found(port, "evaluate")
    test = printed(case, "CoffeeScript", port)
    assert "subprocess.run(" in test.source
    (folder / test.file_name).write_text(test.source)
    command = (sys.executable, "-m", "pytest", "-q", test.file_name)
    fails_and_passes_once_mended(folder, JS[:1], [case], *command)


@pytest.mark.slow
@pytest.mark.sampled(1, group="printed tests")
@pytest.mark.needs("node")
def test_javascript_tests_fail_on_the_slip_and_pass_without_it(
    tmp_path: Path, narrow: Smallest
) -> None:
    folder = slipped("js", tmp_path, *JS)
    port = find_port(str(folder))
    cases = [*(found(port, method) for method in ("evaluate", "backward", "train")), narrow]
    tests = []
    for case in cases:
        test = printed(case, port.language, port)
        (folder / "test" / test.file_name).write_text(test.source)
        tests.append(f"test/{test.file_name}")
    fails_and_passes_once_mended(folder, JS, cases, "node", "--test", *tests)


@pytest.mark.thorough
@pytest.mark.slow
@pytest.mark.needs("cargo")
def test_rust_tests_fail_on_the_slip_and_pass_without_it(tmp_path: Path, narrow: Smallest) -> None:
    folder = slipped("rust", tmp_path, *RUST)
    build = ("cargo", "build", "--offline", "--quiet")
    assert ended(folder, *build)[0] == 0
    port = structs.replace(find_port(str(folder)), run=(str(folder / "target/debug/microgpt"),))
    cases = [*(found(port, method) for method in ("softmax", "backward", "train")), narrow]
    for case in cases:
        test = printed(case, "Rust", port)
        (folder / "tests" / test.file_name).write_text(test.source)
    tests = [part for case in cases for part in ("--test", f"smallest_{case.method}")]
    command = ("cargo", "test", "--offline", "--no-fail-fast", *tests)
    fails_and_passes_once_mended(folder, RUST, cases, *command)


@pytest.mark.thorough
@pytest.mark.slow
@pytest.mark.needs("swift")
def test_swift_tests_fail_on_the_slip_and_pass_without_it(tmp_path: Path, narrow: Smallest) -> None:
    """The slips are known mistakes, so that the canonical program shows the smallest cases."""
    folder = slipped("swift", tmp_path, *SWIFT)
    port = find_port(str(folder))
    steep = oracle_port("rms-epsilon-1e-6")
    cases = [*(found(steep, method) for method in ("rmsnorm", "train")), narrow]
    for case in cases:
        test = printed(case, port.language, port)
        (folder / "Tests/ConformancePortTests" / test.file_name).write_text(test.source)
    names = "Smallest.*Tests"
    fails_and_passes_once_mended(folder, SWIFT, cases, "swift", "test", "--filter", names)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("language", "tests", "command"),
    [
        ("rust", "tests", ("cargo", "test", "--offline")),
        ("js", "test", ("node", "--test")),
        ("python", ".", (sys.executable, "-m", "pytest")),
    ],
)
def test_a_starter_kits_handler_is_found(
    tmp_path: Path, language: str, tests: str, command: tuple[str, ...]
) -> None:
    folder = tmp_path / "kit"
    write_kit(language, folder)
    test = printed(hostile(), language, find_port(str(folder)))
    (folder / tests).mkdir(exist_ok=True)
    (folder / tests / test.file_name).write_text(test.source)
    code, said = ended(folder, *command)
    assert code != 0
    assert "there is no method softmax" in said
