"""Fuzzing: a short run of every target, and that a fault would be found, said and made small."""

import random
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace

import pytest

from tests.fuzz import figures, running, with_atheris, with_hypothesis
from tests.fuzz.feeding import Fault, fed
from tests.fuzz.minimising import minimised
from tests.fuzz.mutation import Mutator, spans_of
from tests.fuzz.target import Ending, Target, claim
from tests.fuzz.targets import TARGETS
from tests.support.suite import ROOT

INPUTS = 200
SEEDS = [b'\x00{"a": [1, 2.5], "b": "c"}', b"\x01key = 3\n[table]\nother = 'x'\n"]


def feed_rightly(_choice: int, content: bytes) -> Ending:
    return Ending.ACCEPTED if b"1" in content else Ending.REFUSED


PLANTED = Target("planted", "for a test", feed_rightly, lambda: SEEDS, choices=2, seconds=0.3)


def planted(fault: str) -> Target:
    """A target that goes wrong on a colon after a null byte or after a quote."""

    def feed(choice: int, content: bytes) -> Ending:
        if b"null" in content:
            if fault == "hangs":
                time.sleep(30)
            if fault == "dies":
                sys.stdout.flush()
                import os

                os._exit(7)
            if fault == "grows":
                bytes(8 << 30)
            if fault == "exits":
                sys.exit(3)
            claim(fault == "fine", "null was taken")
        return feed_rightly(choice, content)

    return replace(PLANTED, feed=feed)


@pytest.mark.sampled(2)
@pytest.mark.slow
@pytest.mark.parametrize("name", TARGETS)
def test_mutated_inputs_are_taken_or_refused_in_words(name: str) -> None:
    target = TARGETS[name]
    for number in range(INPUTS):
        content = running.made(target, 20_26, number)
        ending = fed(target, content)
        assert not isinstance(ending, Fault), (ending.message, with_atheris.shown(content))


@pytest.mark.sampled(1)
@pytest.mark.slow
@pytest.mark.parametrize("name", TARGETS)
def test_what_hypothesis_draws_is_taken_or_refused_in_words(name: str) -> None:
    ran = with_hypothesis.run(TARGETS[name], INPUTS, 1, derandomize=True)
    told = [(f.fault.message, with_atheris.shown(f.content)) for f in ran.findings.values()]
    assert not told
    assert ran.inputs > INPUTS / 2


@pytest.mark.slow
@pytest.mark.parametrize("name", TARGETS)
def test_a_targets_seeds_are_the_same_every_time_and_some_are_accepted(name: str) -> None:
    seeds = list(TARGETS[name].seeds())
    assert seeds == list(TARGETS[name].seeds())
    assert Ending.ACCEPTED in [fed(TARGETS[name], seed) for seed in seeds]


@pytest.mark.parametrize(
    ("fault", "kind", "told"),
    [
        ("claims", "Wrong", "null was taken"),
        ("hangs", "TooSlow", "the time is up"),
        ("dies", "died", "the worker ended with 7"),
        ("grows", "MemoryError", "MemoryError"),
        ("exits", "SystemExit", "3"),
    ],
)
def test_a_planted_fault_is_found_with_its_input(fault: str, kind: str, told: str) -> None:
    ran = running.run(planted(fault), 400, seed=5)
    (found,) = ran.findings.values()
    assert found.fault.kind.startswith(kind)
    assert told in found.fault.message
    assert b"null" in found.content
    assert ran.endings.total()


@pytest.mark.slow
def test_what_no_alarm_ends_is_ended_and_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.fuzz.feeding.signal.setitimer", lambda *_: (0.0, 0.0))
    monkeypatch.setattr(running, "PATIENCE", 0.1)
    ran = running.run(replace(planted("hangs"), seconds=0.1), 400, seed=5)
    (found,) = ran.findings.values()
    assert found.fault.kind == "hung"
    assert b"null" in found.content


def test_a_target_without_a_fault_has_no_findings_and_every_input_is_counted() -> None:
    ran = running.run(planted("fine"), 400, seed=5)
    assert not ran.findings
    assert ran.endings.total() == 400
    assert set(ran.endings) == {Ending.ACCEPTED, Ending.REFUSED}


def test_hypothesis_finds_a_planted_fault_and_makes_its_input_small() -> None:
    ran = with_hypothesis.run(planted("claims"), 2000, 1, derandomize=True)
    (found,) = ran.findings.values()
    assert found.fault.kind.startswith("Wrong")
    assert b"null" in found.content


@pytest.mark.skipif(not with_atheris.is_installed(), reason="atheris is not installed")
def test_atheris_feeds_as_many_inputs_as_it_is_told() -> None:
    ran = with_atheris.run(TARGETS["golden"], 500, 1)
    assert (ran.inputs, ran.findings) == (500, {})


def test_without_atheris_it_is_said_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(with_atheris, "is_installed", lambda: False)
    with pytest.raises(with_atheris.NoAtheris, match="or choose --engine mutation or hypothesis"):
        with_atheris.run(PLANTED, 1, 1)


def test_an_input_follows_from_the_seed_and_its_number_alone() -> None:
    made = [running.made(PLANTED, 5, number) for number in range(200)]
    assert made == [running.made(PLANTED, 5, number) for number in range(200)]
    assert made != [running.made(PLANTED, 6, number) for number in range(200)]
    assert len(set(made)) > 150


def test_the_parts_of_json_and_of_toml_are_found() -> None:
    content = b'\x00{"a": [1, 2.5]}'
    assert {content[start:stop] for start, stop in spans_of(content)} == {
        b'{"a": [1, 2.5]}', b'"a"', b"[1, 2.5]", b"1", b"2.5",
    }  # fmt: skip
    content = b"\x00key = 'x y'\n[t]\n"
    assert {content[start:stop] for start, stop in spans_of(content)} == {
        b"key", b"'x y'", b"key = 'x y'", b"key = 'x y'\n", b"t", b"[t]", b"[t]\n",
    }  # fmt: skip


def test_no_input_grows_beyond_measure() -> None:
    mutator = Mutator([b"\x00" + b"[1, 2]" * 20_000], 1)
    assert max(len(mutator.input(random.Random(n))) for n in range(200)) <= 1 << 18


def test_an_input_is_made_as_small_as_it_goes() -> None:
    content = b"\x00" + b"abc" * 1000 + b"NEEDLE" + b"xyz" * 500
    assert minimised(content, lambda tried: b"NEEDLE" in tried) == b"\x00NEEDLE"


def again(*arguments: str) -> Iterator[str]:
    run = subprocess.run(
        [sys.executable, "-m", "tests.fuzz", *arguments],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    yield from (str(run.returncode), run.stdout + run.stderr)


@pytest.mark.slow
def test_the_command_prints_its_seed_and_feeds_an_input_again() -> None:
    code, told = again("--target", "golden", "--inputs", "50", "--seed", "3")
    assert (code, "seed 3" in told, "50 inputs, 0 findings" in told) == ("0", True, True)
    given = with_atheris.shown(TARGETS["golden"].seeds()[0])
    assert list(again("--target", "golden", "--input", given)) == ["0", "accepted\n"]


def test_the_page_of_figures_is_made_of_what_is_kept() -> None:
    kept = figures.load()
    assert figures.PAGE.read_text() == figures.page(kept)
    assert not any(row.findings for row in kept.rows)
    assert {row.target for row in kept.rows} == set(TARGETS)
