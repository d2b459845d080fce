"""The baseline of a port: known failures pass, and whatever is not as it says fails."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from conformance.baseline import BadBaseline
from conformance.baseline.entries import parse_baseline
from conformance.cases.request import BaselineChoice, Request, Unusable
from conformance.judging.outcome import ExitCode
from conformance.judging.report import Report
from conformance.judging.standing import Standing
from conformance.runs.running import judge, judge_port
from ports_adapter.manifest import Port
from tests.support.command import run as run_command
from tests.support.ports.broken import port
from tests.support.suite import MakePort, case_of

WRONG_LINEAR = """
def wrong(r):
    a = linear(r["params"])
    a["grads"]["x"][0] += 1.0
    reply(r, a)
HANDLERS["linear"] = wrong
"""
SQUARE, TALL = "layers/linear-square", "layers/linear-tall"
ASKED = (SQUARE, TALL, "tokenizer/words")

KNOWN = """
[[known]]
slug = "layers/linear-square"
outcome = "mismatch"
at = "/grads/x"
reason = "counts from one"

[[known]]
slug = "layers/linear-tall"
outcome = "mismatch"
link = "https://example.org/issues/7"
"""


def judged(made: Port, baseline: str | None = None, *patterns: str, update: bool = False) -> Report:
    if baseline is not None:
        (made.folder / "baseline.toml").write_text(baseline)
    choice = BaselineChoice(update=update)
    return judge_port(made, Request(made.label, patterns or ASKED, 1, baseline=choice))


def standings(report: Report) -> dict[str, Standing]:
    return {case.slug: case.standing for case in report.cases}


@pytest.mark.slow
def test_known_failures_do_not_fail_the_run_and_are_told_of(make_port: MakePort) -> None:
    made = make_port(port(WRONG_LINEAR))
    assert judged(made).exit_code is ExitCode.FAIL
    report = judged(made, KNOWN)
    assert report.exit_code is ExitCode.PASS
    assert standings(report)[SQUARE] is Standing.KNOWN
    assert case_of(report, SQUARE).reason == "counts from one"
    assert report.verdict == "PASS: 1 of 3 cases passed, 2 known failures"
    assert report.grade == "none: 2 cases fail"


def test_a_failure_that_is_not_in_the_baseline_fails(make_port: MakePort) -> None:
    made = make_port(port(WRONG_LINEAR))
    report = judged(made, KNOWN.split('[[known]]\nslug = "layers/linear-tall"')[0])
    assert report.exit_code is ExitCode.FAIL
    assert report.first_divergence == TALL


def test_an_entry_that_no_longer_fails_is_stale_and_fails_the_run(make_port: MakePort) -> None:
    report = judged(make_port(port("")), KNOWN)
    assert report.exit_code is ExitCode.FAIL
    assert standings(report)[SQUARE] is Standing.STALE
    assert "2 passing against the baseline" in report.verdict


@pytest.mark.parametrize(
    ("now", "reason"),
    [
        ("sys.exit(3)", "expected mismatch at /grads/x, got crash"),
        ("a['output'][0] += 1.0", "expected mismatch at /grads/x, got mismatch at /output"),
    ],
)
def test_an_entry_that_fails_otherwise_fails_the_run(
    make_port: MakePort, now: str, reason: str
) -> None:
    change = WRONG_LINEAR.replace('a["grads"]["x"][0] += 1.0', now)
    report = judged(make_port(port(change)), KNOWN, SQUARE, "tokenizer/words")
    assert report.exit_code is ExitCode.FAIL
    assert standings(report)[SQUARE] is Standing.DIFFERENT
    assert case_of(report, SQUARE).reason == reason


def test_an_entry_that_matches_no_case_fails_the_run_and_names_its_line(
    make_port: MakePort,
) -> None:
    unmatched = '\n[[known]]\nslug = "layers/lineer-*"\noutcome = "mismatch"\nreason = "typo"\n'
    report = judged(make_port(port("")), unmatched)
    assert report.exit_code is ExitCode.FAIL
    assert report.baseline is not None
    assert report.baseline.unmatched == ["line 2: layers/lineer-* (mismatch)"]
    assert "1 in the baseline without a case" in report.verdict


def test_an_entry_about_a_case_that_was_not_asked_is_left_alone(make_port: MakePort) -> None:
    report = judged(make_port(port(WRONG_LINEAR)), KNOWN, SQUARE, "tokenizer/words")
    assert report.exit_code is ExitCode.PASS


@pytest.mark.slow
def test_a_flaky_case_may_pass_or_fail_as_it_says_and_in_no_other_way(make_port: MakePort) -> None:
    flaky = KNOWN.replace("at = ", "flaky = true\nat = ").replace("link", "flaky = true\nlink")
    for change, expected in (
        ("", ExitCode.PASS),
        (WRONG_LINEAR, ExitCode.PASS),
        (WRONG_LINEAR.replace('a["grads"]["x"][0] += 1.0', "sys.exit(1)"), ExitCode.FAIL),
    ):
        assert judged(make_port(port(change)), flaky).exit_code is expected


def test_what_will_not_be_mended_is_counted_by_itself(make_port: MakePort) -> None:
    report = judged(make_port(port(WRONG_LINEAR)), KNOWN.replace("link", "wontfix = true\nlink"))
    assert report.verdict == (
        "PASS: 1 of 3 cases passed, 1 known failure, 1 that will not be mended"
    )


def test_a_pattern_covers_all_of_its_cases_and_a_slug_goes_before_it(make_port: MakePort) -> None:
    baseline = '[[known]]\nslug = "layers"\noutcome = "mismatch"\nreason = "all of it"\n'
    made = make_port(port(WRONG_LINEAR))
    assert judged(made, baseline).exit_code is ExitCode.PASS
    exact = f'[[known]]\nslug = "{SQUARE}"\noutcome = "crash"\nreason = "no"\n'
    assert standings(judged(made, baseline + exact))[SQUARE] is Standing.DIFFERENT


def test_a_pattern_says_nothing_of_cases_that_are_not_offered(make_port: MakePort) -> None:
    baseline = '[[known]]\nslug = "layers/*"\noutcome = "mismatch"\nreason = "all of it"\n'
    report = judged(make_port(port(WRONG_LINEAR)), baseline, "layers", "tokenizer/words")
    assert "not offered" in {str(case.outcome) for case in report.cases}
    assert report.exit_code is ExitCode.PASS


def test_an_entry_whose_case_is_no_longer_offered_fails_the_run(make_port: MakePort) -> None:
    baseline = KNOWN + KNOWN.replace("linear-square", "softmax-two").split("\n\n")[0]
    report = judged(make_port(port(WRONG_LINEAR)), baseline, *ASKED, "layers/softmax-two")
    assert case_of(report, "layers/softmax-two").standing is Standing.DIFFERENT
    assert report.exit_code is ExitCode.FAIL


def test_a_baseline_alone_is_no_verification(make_port: MakePort) -> None:
    report = judged(make_port(port(WRONG_LINEAR)), KNOWN, SQUARE, TALL)
    assert report.exit_code is ExitCode.NOTHING_VERIFIED


@pytest.mark.slow
def test_entries_of_another_profile_or_variant_are_not_asked_about(make_port: MakePort) -> None:
    elsewhere = KNOWN.replace("outcome =", 'variant = "float32"\noutcome =')
    made = make_port(port(""))
    assert judged(made, elsewhere).exit_code is ExitCode.PASS
    assert judged(made, elsewhere.replace("variant", "profile")).exit_code is ExitCode.PASS
    everywhere = elsewhere.replace('"float32"', '"*"')
    assert judged(made, everywhere).exit_code is ExitCode.FAIL


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
    made = make_port(port(WRONG_LINEAR))
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
    half = """
    def half(r):
        a = linear(r["params"])
        a["output"][0] += len(a["output"]) > 4
        reply(r, a)
    HANDLERS["linear"] = half
    """
    made = make_port(port(half))
    pattern = '[[known]]\nslug = "layers/linear-*"\noutcome = "mismatch"\nreason = "half"\n'
    report = judged(made, pattern, "layers/linear-*", "tokenizer/words", update=True)
    assert report.exit_code is ExitCode.PASS
    failing = [c.slug for c in report.cases if c.outcome.is_failure]
    entries = parse_baseline(Path(), (made.folder / "baseline.toml").read_bytes()).entries
    assert 0 < len(failing) < len(report.cases) - 1
    assert [(entry.slug, entry.reason) for entry in entries] == [(s, "half") for s in failing]


def test_updating_writes_a_baseline_where_there_is_none(make_port: MakePort) -> None:
    made = make_port(port(WRONG_LINEAR))
    assert judged(made, update=True).exit_code is ExitCode.PASS
    assert judged(made).exit_code is ExitCode.PASS


def test_a_port_that_does_not_start_leaves_the_baseline_as_it_is(make_port: MakePort) -> None:
    made = make_port("raise SystemExit(1)")
    assert judged(made, KNOWN, update=True).exit_code is ExitCode.FAIL
    assert (made.folder / "baseline.toml").read_text() == KNOWN


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("known = 3", "baseline.toml: Expected `array`, got `int` - at key `known`"),
        ("[[known]]\nslog = 'a'", "baseline.toml:1: unknown key known[0].slog; did you mean"),
        ("\n[[known]]\nslug = 'a/b'", "it lacks the required field `outcome` - at key `known[0]`"),
        (
            "[[known]]\nslug = 'a/b'\noutcome = 'fails'\nreason = 'x'",
            "expected one of mismatch, error, crash, timeout, protocol violation, not offered, "
            "not run, got 'fails' - at key `known[0].outcome` (line 1)",
        ),
        (
            "[[known]]\nslug = 'a/b'\noutcome = 'pass'\nreason = 'x'",
            "baseline.toml:1: known[0] (a/b) has the outcome 'pass', which is no failure",
        ),
        (
            "# one\n[[known]]\nslug = 'a/b'\noutcome = 'crash'",
            "baseline.toml:2: known[0] (a/b) does not say why: give it a reason or a link",
        ),
        (
            "[[known]]\nslug = 'a/b'\noutcome = 'crash'\nreason = 'x'\nflaky = true\n"
            "wontfix = true",
            "is both flaky and wontfix",
        ),
        (
            "[[known]]\nslug = 'a/b'\noutcome = 'crash'\nreason = 'x'\n"
            "[[known]]\nslug = 'a/b'\noutcome = 'error'\nreason = 'x'",
            "baseline.toml:5: known[1] (a/b) has two entries",
        ),
        ("edition = 99", "edition 99 is not one of 1 to"),
        ("editon = 1", "unknown key editon; did you mean edition?"),
        ("[[known]", "is not TOML"),
        (f"edition = {'9' * 5000}", "is not TOML"),
        ("\udcff", "is not TOML"),
    ],
)
def test_each_wrong_baseline_has_its_message(content: str, message: str) -> None:
    with pytest.raises(BadBaseline) as refused:
        parse_baseline(Path("baseline.toml"), content.encode(errors="surrogateescape"))
    assert message in str(refused.value)


@pytest.mark.slow
@pytest.mark.needs("shell")
def test_a_bad_baseline_is_a_usage_error_before_anything_is_built(make_port: MakePort) -> None:
    made = make_port("raise SystemExit(1)")
    (made.folder / "port.toml").write_text(
        'name = "x"\nlanguage = "y"\nrun = ["false"]\nbuild = ["touch", "built"]\n'
    )
    (made.folder / "baseline.toml").write_text("oops")
    with pytest.raises(Unusable, match=r"baseline\.toml is not TOML") as refused:
        judge(Request(str(made.folder)))
    assert refused.value.exit_code is ExitCode.USAGE
    assert not (made.folder / "built").exists()


@pytest.mark.slow
def test_the_command_line_takes_another_baseline_or_none(make_port: MakePort) -> None:
    made = make_port(port(WRONG_LINEAR))
    (made.folder / "port.toml").write_text(
        f'name = "x"\nlanguage = "Python"\nrun = [{json.dumps(sys.executable)}, "port.py"]\n'
    )
    (made.folder / "baseline.toml").write_text(KNOWN)
    (made.folder / "other.toml").write_text("")

    def exit_code(*options: str) -> int:
        cases = [word for slug in ASKED for word in ("--case", slug)]
        return run_command("conformance", "run", made.folder, *cases, *options).returncode

    assert exit_code() == ExitCode.PASS
    assert exit_code("--no-baseline") == ExitCode.FAIL
    assert exit_code("--baseline", str(made.folder / "other.toml")) == ExitCode.FAIL
    assert exit_code("--baseline", str(made.folder / "none.toml")) == ExitCode.USAGE
    assert exit_code("--no-baseline", "--update-baseline") == ExitCode.USAGE
