"""Editions: no new case turns an old port red before it was announced."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from conformance.anatomy.judged_program import JudgedProgram
from conformance.anatomy.levels import Level
from conformance.cases.selection import known_slugs
from conformance.judging import edition
from conformance.judging.edition import current_edition, listed, since
from conformance.judging.outcome import ExitCode
from conformance.judging.standing import Standing
from conformance.traces.trace_report import NAMES
from reference.profiles import PROFILES
from tests.support.ports.broken import port
from tests.support.suite import MakePort, run_suite

WRONG = "HANDLERS['tokenize'] = lambda r: refuse(r, -32603, 'no')"

PROGRAMS = [
    *(JudgedProgram.of(name) for name in PROFILES),
    JudgedProgram.of("microgpt", ("activation=gelu",)),
]


def slugs_of(program: JudgedProgram) -> set[str]:
    """Of all cases. In single precision the trajectory has more kinks, and so more free runs."""
    return set(known_slugs(program, "float32"))


@pytest.mark.slow
@pytest.mark.sampled(1)
@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.profile.name)
def test_every_case_of_a_program_is_listed_in_an_edition(program: JudgedProgram) -> None:
    assert slugs_of(program) <= listed().keys()


@pytest.mark.thorough
def test_every_listed_case_is_a_case_of_some_program_or_of_traces() -> None:
    assert listed().keys() == set(NAMES).union(*map(slugs_of, PROGRAMS))


def test_every_case_of_traces_is_listed_in_an_edition() -> None:
    assert set(NAMES) <= listed().keys()


def test_a_case_is_at_most_one_edition_ahead() -> None:
    assert set(listed().values()) <= set(range(1, current_edition() + 2))


def test_what_is_listed_is_of_a_level() -> None:
    assert {slug.partition("/")[0] for slug in listed()} <= set(Level)


def test_a_case_that_nobody_listed_waits_for_the_next_edition() -> None:
    assert since("forward/not-thought-of-yet") == current_edition() + 1


@pytest.fixture
def words_announced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """As if `tokenizer/words` were new, and counted from the next edition only."""
    text = edition.FILE.read_text()
    announced = text.replace('    "words",\n', "", 1) + '\n[edition.2]\ntokenizer = ["words"]\n'
    path = tmp_path / "editions.toml"
    path.write_text(announced)
    monkeypatch.setattr(edition, "FILE", path)
    edition._content.cache_clear()
    yield
    monkeypatch.undo()
    edition._content.cache_clear()


@pytest.mark.usefixtures("words_announced")
def test_an_announced_case_is_asked_and_told_of_and_does_not_fail_the_run(
    make_port: MakePort, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = "tokenizer/words", "layers/linear-*"
    report = run_suite(make_port(port(WRONG)), *asked)
    assert report.exit_code is ExitCode.PASS
    assert report.cases[0].standing is Standing.ANNOUNCED
    assert "1 new and failing" in report.verdict
    assert run_suite(make_port(port("")), *asked).verdict.startswith("PASS: 5 of 5")


@pytest.mark.usefixtures("words_announced")
def test_an_announced_case_verifies_nothing_by_failing(make_port: MakePort) -> None:
    report = run_suite(make_port(port(WRONG)), "tokenizer/words")
    assert report.exit_code is ExitCode.NOTHING_VERIFIED


@pytest.mark.usefixtures("words_announced")
def test_it_counts_once_the_edition_is_raised_unless_a_baseline_names_the_old_one(
    make_port: MakePort,
) -> None:
    asked = "tokenizer/words", "layers/linear-*"
    edition.FILE.write_text(edition.FILE.read_text().replace("current = 1", "current = 2"))
    edition._content.cache_clear()
    made = make_port(port(WRONG))
    assert run_suite(made, *asked).exit_code is ExitCode.FAIL
    (made.folder / "baseline.toml").write_text("edition = 1\n")
    report = run_suite(made, *asked)
    assert (report.exit_code, report.edition) == (ExitCode.PASS, 1)
