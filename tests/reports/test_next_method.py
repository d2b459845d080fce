"""What to write next: a passing port that is not complete is told."""

from pathlib import Path

import msgspec
import pytest

from conformance.anatomy.levels import METHODS, Level, next_methods
from conformance.cases import all_cases
from conformance.judging.outcome import ExitCode
from conformance.reports.terminal.run_text import show
from ports_adapter import messages
from ports_adapter.kits import write_kit
from tests.support.suite import printed, run_suite


@pytest.mark.slow
def test_every_method_has_its_level_and_they_are_in_the_order_of_writing() -> None:
    in_order = [name for names in METHODS.values() for name in names]
    assert list(METHODS) == list(Level)
    assert sorted(in_order) == sorted(messages.METHODS)
    for case in all_cases(0, "float64"):
        if case.level is not Level.PROTOCOL:
            assert case.method in METHODS[case.level], case.slug


@pytest.mark.parametrize(
    ("offered", "due"),
    [
        ([], ["tokenize"]),
        (["tokenize"], ["evaluate", "linear"]),
        (["tokenize", "evaluate"], ["linear"]),
        (["tokenize", "evaluate", "linear", "rmsnorm"], ["softmax"]),
        (["tokenize", "forward", "backward", "adam"], ["linear"]),
        (["forward"], ["tokenize"]),
        ([name for name in messages.METHODS if name != "evaluate"], []),
        (list(messages.METHODS), []),
    ],
)
def test_the_next_method_is_the_first_that_is_missing(offered: list[str], due: list[str]) -> None:
    assert [name for _, name in next_methods(offered)] == due


@pytest.mark.slow
@pytest.mark.needs("node")
def test_only_a_passing_port_that_lacks_something_is_told_what_comes_next(tmp_path: Path) -> None:
    complete = run_suite("js", "tokenizer", "random")
    assert "Next:" not in printed(show, complete)
    write_kit("js", tmp_path / "kit")
    kit = run_suite(str(tmp_path / "kit"), "tokenizer", "layers")
    assert printed(show, kit).endswith(
        "Next: linear, of the level layers: see ports_adapter/PROTOCOL.md.\n"
    )
    assert "Next:" not in printed(show, run_suite(str(tmp_path / "kit"), "tokenizer"))
    assert "Next:" not in printed(show, msgspec.structs.replace(kit, exit_code=ExitCode.FAIL))
