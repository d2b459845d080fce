"""The baseline of a port: known failures pass, and whatever is not as it says fails."""

from pathlib import Path

import pytest

from conformance.cases.request import Request, Unusable
from conformance.judging.outcome import ExitCode
from conformance.runs.running import judge
from tests.support.baselines import (
    ASKED,
    KNOWN,
    KNOWN_SQUARE,
    KNOWN_TALL,
    SQUARE,
    TALL,
    WORDS,
    WRONG,
    judged,
)
from tests.support.command import conformance
from tests.support.ports.broken import MANIFEST, folder_of, port, wrong_linear
from tests.support.suite import MakePort

CRASHING = wrong_linear("sys.exit(3)")
FLAKY = KNOWN.replace("outcome", "flaky = true\noutcome")
ELSEWHERE = KNOWN.replace("outcome", 'variant = "float32"\noutcome')
TYPO = '\n[[known]]\nslug = "layers/lineer-*"\noutcome = "mismatch"\nreason = "typo"\n'
ALL = '[[known]]\nslug = "layers/*"\noutcome = "mismatch"\nreason = "all of it"\n'
CRASH = f'[[known]]\nslug = "{SQUARE}"\noutcome = "crash"\nreason = "no"\n'
SOFTMAX = "layers/softmax-two"
PASS, FAIL = ExitCode.PASS, ExitCode.FAIL


@pytest.mark.parametrize(
    ("change", "baseline", "asked", "exit_code", "said"),
    [
        pytest.param(
            WRONG, None, ASKED, FAIL, ["FAIL: 1 of 3 cases passed"],
            id="without it every failure counts",
        ),
        pytest.param(
            WRONG, KNOWN, ASKED, PASS,
            ["PASS: 1 of 3 cases passed, 2 known failures", "none: 2 cases fail",
             f"{SQUARE}: known failure, counts from one"],
            id="known failures do not fail the run and are told of",
        ),
        pytest.param(
            WRONG, KNOWN_SQUARE, ASKED, FAIL, [f"first divergence: {TALL}"],
            id="a failure that is not in it fails",
        ),
        pytest.param(
            "", KNOWN, ASKED, FAIL,
            ["FAIL: 3 of 3 cases passed, 2 passing against the baseline",
             f"{SQUARE}: stale, counts from one"], id="an entry that no longer fails is stale",
        ),
        pytest.param(
            CRASHING, KNOWN, (SQUARE, WORDS), FAIL,
            [f"{SQUARE}: different, expected mismatch at /grads/x, got crash"],
            id="an entry that fails with another outcome",
        ),
        pytest.param(
            wrong_linear("a['output'][0] += 1.0"), KNOWN, (SQUARE, WORDS), FAIL,
            [f"{SQUARE}: different, expected mismatch at /grads/x, got mismatch at /output"],
            id="an entry that fails in another part",
        ),
        pytest.param(
            "", TYPO, ASKED, FAIL,
            ["FAIL: 3 of 3 cases passed, 1 in the baseline without a case",
             "line 2: layers/lineer-* (mismatch)"],
            id="an entry that matches no case is named by its line",
        ),
        pytest.param(WRONG, KNOWN, (SQUARE, WORDS), PASS, [], id="a case that was not asked"),
        pytest.param("", FLAKY, ASKED, PASS, [], id="a flaky case may pass"),
        pytest.param(WRONG, FLAKY, ASKED, PASS, [], id="a flaky case may fail as it says"),
        pytest.param(CRASHING, FLAKY, ASKED, FAIL, [], id="a flaky case fails in no other way"),
        pytest.param(
            WRONG, KNOWN.replace("link", "wontfix = true\nlink"), ASKED, PASS,
            ["PASS: 1 of 3 cases passed, 1 known failure, 1 that will not be mended"],
            id="what will not be mended is counted by itself",
        ),
        pytest.param(WRONG, ALL, ASKED, PASS, [], id="a pattern covers all of its cases"),
        pytest.param(
            WRONG, ALL + CRASH, ASKED, FAIL,
            [f"{SQUARE}: different, expected crash, got mismatch at /grads/x"],
            id="a slug goes before a pattern",
        ),
        pytest.param(
            WRONG, ALL, ("layers", WORDS), PASS, [f"{SOFTMAX}: counts, all of it"],
            id="a pattern says nothing of cases that are not offered",
        ),
        pytest.param(
            WRONG, KNOWN + KNOWN_TALL.replace(TALL, SOFTMAX), (*ASKED, SOFTMAX), FAIL,
            [f"{SOFTMAX}: different, expected mismatch, got not offered"],
            id="an entry whose case is no longer offered",
        ),
        pytest.param(
            WRONG, KNOWN, (SQUARE, TALL), ExitCode.NOTHING_VERIFIED, [],
            id="a baseline alone is no verification",
        ),
        pytest.param("", ELSEWHERE, ASKED, PASS, [], id="entries of another variant"),
        pytest.param(
            "", ELSEWHERE.replace("variant", "profile"), ASKED, PASS, [],
            id="entries of another profile",
        ),
        pytest.param(
            "", ELSEWHERE.replace("float32", "*"), ASKED, FAIL, [], id="entries of every variant"
        ),
    ],
)  # fmt: skip
def test_a_run_is_judged_by_its_baseline(
    make_port: MakePort,
    change: str,
    baseline: str | None,
    asked: tuple[str, ...],
    exit_code: ExitCode,
    said: list[str],
) -> None:
    report = judged(make_port(port(change)), baseline, *asked)
    assert report.exit_code is exit_code
    told = [report.verdict, report.grade, f"first divergence: {report.first_divergence}"]
    told += report.baseline.unmatched if report.baseline else []
    told += [
        f"{case.slug}: {case.standing}, {case.reason or case.outcome}" for case in report.cases
    ]
    assert set(said) <= set(told), told


@pytest.mark.slow
@pytest.mark.needs("shell")
def test_a_bad_baseline_is_a_usage_error_before_anything_is_built(tmp_path: Path) -> None:
    folder = folder_of(tmp_path, manifest=MANIFEST + 'build = ["touch", "built"]\n')
    (folder / "baseline.toml").write_text("oops")
    with pytest.raises(Unusable, match=r"baseline\.toml is not TOML") as refused:
        judge(Request(str(folder)))
    assert refused.value.exit_code is ExitCode.USAGE
    assert not (folder / "built").exists()


@pytest.mark.slow
def test_the_command_line_takes_another_baseline_or_none(tmp_path: Path) -> None:
    folder = folder_of(tmp_path, WRONG)
    (folder / "baseline.toml").write_text(KNOWN)
    (folder / "other.toml").write_text("")

    def exit_code(*options: str) -> int:
        cases = [word for slug in ASKED for word in ("--case", slug)]
        return conformance("run", folder, *cases, *options).returncode

    assert exit_code() == ExitCode.PASS
    assert exit_code("--no-baseline") == ExitCode.FAIL
    assert exit_code("--baseline", str(folder / "other.toml")) == ExitCode.FAIL
    assert exit_code("--baseline", str(folder / "none.toml")) == ExitCode.USAGE
    assert exit_code("--no-baseline", "--update-baseline") == ExitCode.USAGE
