"""A baseline that is rewritten: the run passes by it, and what somebody wrote is kept."""

from pathlib import Path

from conformance.baseline.entries import parse_baseline
from conformance.judging.outcome import ExitCode
from tests.support.baselines import KNOWN, SQUARE, TALL, WRONG, judged
from tests.support.ports.broken import port, wrong_linear
from tests.support.suite import MakePort


def test_updating_makes_the_run_pass_and_keeps_every_comment(make_port: MakePort) -> None:
    before = f"""# what is known
edition = 1  # pinned

# about the square
[[known]]
slug = "{SQUARE}"   # inline
outcome = "crash"
# in its middle
reason = "counts from one"

# about words
[[known]]
slug = "tokenizer/words"
outcome = "mismatch"
reason = "once"

# about what there is no more
[[known]]
slug = "layers/no-such"
outcome = "mismatch"
reason = "gone"

# about another program
[[known]]
slug = "tokenizer/words"
outcome = "mismatch"
reason = "elsewhere"
profile = "train0"
"""
    made = make_port(port(WRONG))
    report = judged(made, before, update=True)
    assert report.exit_code is ExitCode.PASS
    after = (made.folder / "baseline.toml").read_text()
    comments = [line for line in before.splitlines() if line.startswith("#")]
    assert [line for line in after.splitlines() if line.startswith("#")] == comments
    assert f'slug = "{SQUARE}"   # inline\noutcome = "mismatch"\n# in its middle\n' in after
    entries = parse_baseline(Path("baseline.toml"), after.encode()).entries
    assert [(e.slug, e.outcome, e.at, e.reason, e.profile) for e in entries] == [
        (SQUARE, "mismatch", "/grads/x", "counts from one", "microgpt"),
        ("tokenizer/words", "mismatch", "", "elsewhere", "train0"),
        (TALL, "mismatch", "/grads/x", "not looked at yet", "microgpt"),
    ]
    again = judged(made, None, update=True)
    assert again.exit_code is ExitCode.PASS
    assert (made.folder / "baseline.toml").read_text() == after


def test_updating_turns_a_pattern_that_half_holds_into_its_failing_cases(
    make_port: MakePort,
) -> None:
    made = make_port(port(wrong_linear('a["output"][0] += len(a["output"]) > 4')))
    pattern = '[[known]]\nslug = "layers/linear-*"\noutcome = "mismatch"\nreason = "half"\n'
    report = judged(made, pattern, "layers/linear-*", "tokenizer/words", update=True)
    assert report.exit_code is ExitCode.PASS
    failing = [c.slug for c in report.cases if c.outcome.is_failure]
    entries = parse_baseline(Path(), (made.folder / "baseline.toml").read_bytes()).entries
    assert 0 < len(failing) < len(report.cases) - 1
    assert [(entry.slug, entry.reason) for entry in entries] == [(s, "half") for s in failing]


def test_updating_writes_a_baseline_where_there_is_none(make_port: MakePort) -> None:
    made = make_port(port(WRONG))
    assert judged(made, update=True).exit_code is ExitCode.PASS
    assert judged(made).exit_code is ExitCode.PASS


def test_a_port_that_does_not_start_leaves_the_baseline_as_it_is(make_port: MakePort) -> None:
    made = make_port("raise SystemExit(1)")
    assert judged(made, KNOWN, update=True).exit_code is ExitCode.FAIL
    assert (made.folder / "baseline.toml").read_text() == KNOWN
