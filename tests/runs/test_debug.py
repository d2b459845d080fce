"""What `make debug` says of mistakes planted by hand in our own ports."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from conformance.cases.request import Request
from conformance.explanation.diagnosis import Diagnosis
from conformance.mistakes import MISTAKES
from conformance.reports.terminal.explanation_text import show
from conformance.runs.debugging import debugged
from ports_adapter.manifest import find_port
from tests.support.catalogue import some_mistakes
from tests.support.changed_ports import Change, changed_port, put
from tests.support.planted import KNOWN, UNKNOWN, Planted
from tests.support.selection import of_a_port
from tests.support.suite import printed

CASES = (
    "autograd", "layers", "forward/*step-1", "forward/fresh-1", "backward/*step-1",
    "backward/fresh-1", "backward/one-letter", "adam", "train/warm-start",
)  # fmt: skip
"""Of every level that a mistake was planted in."""


@pytest.fixture(scope="module")
def copies(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A copy of each port, built again after each change of a file: the rest stays."""
    names = ("js", "rust", "swift")
    return {name: changed_port(name, tmp_path_factory.mktemp(name)) for name in names}


@contextmanager
def planted_in(folder: Path, planted: Planted) -> Iterator[None]:
    right = (folder / planted.file).read_text()
    put(folder, Change(planted.file, planted.right, planted.wrong))
    try:
        yield
    finally:
        (folder / planted.file).write_text(right)


def story_of(folder: Path, planted: Planted) -> Diagnosis:
    with planted_in(folder, planted):
        port = find_port(str(folder))
        request = Request(str(folder), CASES, seed=1)
        return debugged(port, request, lambda _words: None, some_mistakes(*planted.names))


def told(diagnosis: Diagnosis) -> str:
    return printed(show, diagnosis, len(MISTAKES), width=200)


@pytest.mark.sampled(1)
@pytest.mark.slow
@pytest.mark.parametrize(
    "planted",
    [of_a_port(planted.port, planted) for planted in KNOWN],
    ids=lambda planted: f"{planted.port}-{min(planted.names)}",
)
def test_a_known_mistake_in_a_port_is_named(copies: dict[str, Path], planted: Planted) -> None:
    diagnosis = story_of(copies[planted.port], planted)
    assert diagnosis.divergence is not None
    assert diagnosis.divergence.case.startswith(planted.first)
    assert planted.blamed in diagnosis.divergence.place.operation
    named = {slug for name in diagnosis.names for slug in name.slugs}
    assert planted.names <= named
    assert all(len(name.slugs) == 1 and name.explains == name.values for name in diagnosis.names)
    assert named <= planted.names | set(MISTAKES[min(planted.names)].twins)
    text = told(diagnosis)
    assert MISTAKES[min(planted.names)].title in text
    assert f"To mend: {MISTAKES[min(planted.names)].mend}" in text
    assert [smallest.language.casefold() for smallest in diagnosis.smallest] == [
        find_port(planted.port).language.casefold()
    ]


@pytest.mark.slow
@pytest.mark.sampled(1)
@pytest.mark.parametrize(
    "planted",
    [of_a_port(planted.port, planted) for planted in UNKNOWN],
    ids=lambda planted: f"{planted.port}-{planted.first}",
)
def test_an_unheard_of_mistake_is_located_and_not_named(
    copies: dict[str, Path], planted: Planted
) -> None:
    diagnosis = story_of(copies[planted.port], planted)
    assert diagnosis.divergence is not None
    assert diagnosis.divergence.case.startswith(planted.first)
    assert planted.blamed in diagnosis.divergence.place.operation
    assert diagnosis.names == []
    assert diagnosis.symptoms
    assert f"None of the {len(MISTAKES)} known mistakes gives these numbers" in told(diagnosis)


@pytest.mark.needs("node")
def test_a_right_port_has_no_story() -> None:
    request = Request("js", ("layers",), seed=1)
    diagnosis = debugged(find_port("js"), request, lambda _words: None)
    told_of = (diagnosis.divergence, diagnosis.names, diagnosis.symptoms, diagnosis.smallest)
    assert told_of == (None, [], [], [])
    assert "Nothing to explain" in told(diagnosis)
