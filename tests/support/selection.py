"""Which tests run: those whose tools are here, and a sample of those with many entries."""

import os
import random
import secrets
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pytest
from _pytest.mark import ParameterSet

from tests.support.tools import missing, of_parameters

MARKERS = (
    "needs(*tools): runs only where these tools are installed; in CI their absence is a failure",
    "sampled(n, group): n of its parameters, or of a group of tests, drawn from --sample-seed; "
    "all of them with --everything",
    "thorough: runs only with --everything, since it takes minutes",
    "slow: takes a third of a second or more; `make test-quick` leaves it out",
)


@dataclass
class Chosen:
    """What the command line chose, for tests that sample by themselves."""

    everything: bool = False
    seed: int = 0


chosen = Chosen()

COMPILED = ("rust", "swift")
"""Ports of ours whose every change costs a build."""

SELDOM_INSTALLED = frozenset(
    {"go", "mono", "ruby", "lua", "php", "sbcl", "ocaml", "haskell", "guile"}
    | {"tsc", "zig", "nim", "elixir", "kotlin"}
)
"""Toolchains that `make test` does without."""


def of_a_language(name: str, value: object, tools: Sequence[str]) -> ParameterSet:
    """The parameter of a test in a language; one that is seldom installed is thorough."""
    marks = [pytest.mark.needs(*tools)] if tools else []
    if SELDOM_INSTALLED & set(tools):
        marks.append(pytest.mark.thorough)
    return pytest.param(value, marks=marks, id=name)


def of_a_port(port: str, *values: object) -> ParameterSet:
    """The parameters of a test that changes a port of ours; with a compiler it is thorough."""
    marks = pytest.mark.thorough if port in COMPILED else ()
    return pytest.param(*values, marks=marks)


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("selection of the suite's own tests")
    group.addoption(
        "--everything", action="store_true", help="every entry of the catalogue and the zoo"
    )
    group.addoption("--sample-seed", type=int, help="draws the entries that are tried")


def pytest_configure(config: pytest.Config) -> None:
    for marker in MARKERS:
        config.addinivalue_line("markers", marker)
    given = getattr(config, "workerinput", {}).get("sample_seed", config.option.sample_seed)
    config.option.sample_seed = secrets.randbelow(10**6) if given is None else given
    chosen.everything, chosen.seed = config.option.everything, config.option.sample_seed


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """All workers of pytest-xdist draw the same sample."""
    node.workerinput["sample_seed"] = node.config.option.sample_seed


def pytest_report_header(config: pytest.Config) -> str:
    if config.option.everything:
        return "entries: all of them"
    return f"entries: a sample, --sample-seed={config.option.sample_seed} draws it again"


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.option.everything:
        return
    left_out = set(_left_out(config.option.sample_seed, items))
    if left_out:
        config.hook.pytest_deselected(items=sorted(left_out, key=lambda item: item.nodeid))
        items[:] = [item for item in items if item not in left_out]


def _left_out(seed: int, items: list[pytest.Item]) -> Iterator[pytest.Item]:
    """What a sample does without."""
    entries: dict[str, list[pytest.Item]] = defaultdict(list)
    for item in items:
        if item.get_closest_marker("thorough"):
            yield item
        elif marker := item.get_closest_marker("sampled"):
            group = marker.kwargs.get("group")
            entries[group or item.nodeid.partition("[")[0]].append(item)
    for name, of_test in entries.items():
        marker = of_test[0].get_closest_marker("sampled")
        assert marker is not None
        kept = min(marker.args[0], len(of_test))
        chosen = random.Random(f"{seed} {name}").sample(range(len(of_test)), kept)
        yield from (item for index, item in enumerate(of_test) if index not in chosen)


def pytest_runtest_setup(item: pytest.Item) -> None:
    tools = {tool for marker in item.iter_markers("needs") for tool in marker.args}
    if isinstance(item, pytest.Function) and hasattr(item, "callspec"):
        tools |= of_parameters(item.callspec.params.values())
    if why := missing(tools):
        if os.environ.get("CI"):
            pytest.fail(f"in CI nothing may be missing, but this {why}", pytrace=False)
        pytest.skip(why)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    reasons = [str(report.longrepr[2]) for report in terminalreporter.stats.get("skipped", ())]
    needs = Counter(
        reason
        for text in reasons
        for reason in text.removeprefix("Skipped: ").split("; ")
        if reason.startswith("needs ")
    )
    if needs:
        terminalreporter.section("not run here")
        for reason, tests in needs.most_common():
            terminalreporter.write_line(f"{tests:4d} tests: {reason}")
