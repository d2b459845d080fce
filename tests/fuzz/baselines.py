"""Baselines: any file is one, or it is said in words why it is none; rewriting loses nothing."""

from collections.abc import Sequence
from functools import cache
from pathlib import Path

from msgspec import structs

from conformance.baseline.entries import BadBaseline, Baseline, parse_baseline
from conformance.baseline.rewriting import updated
from conformance.baseline.run_baseline import Rules
from conformance.judging.outcome import Outcome
from conformance.judging.report import CaseReport, Difference
from conformance.judging.standing import Standing
from conformance.reports.terminal.run_text import show
from tests.support.suite import printed

from .reports import case_of, report_of
from .target import Ending, Target, claim, claim_printable

WHOLE = b"""\
# what is known
edition = 1 # pinned

# about scores
[[known]]
slug = "backward/steep-scores"   # inline
outcome = "mismatch"
at = "/logits"
reason = "softmax does not subtract the maximum yet"

# a whole level
[[known]]
slug = "adam"
outcome = "crash"
# inside
link = "https://example.org/7"
wontfix = true

[[known]]
slug = "tokenizer/w*"
outcome = "protocol violation"
reason = "now and then"
flaky = true
variant = "float32"
profile = "*"
"""
PATH = Path("baseline.toml")


@cache
def cases() -> tuple[CaseReport, ...]:
    wrong = Difference("/logits", "/logits/1", "/logits", "1", "2", 3.0, 1, 2)
    mismatch = case_of("backward/steep-scores", Outcome.MISMATCH)
    return (
        structs.replace(mismatch, differences=[wrong]),
        case_of("adam/cold-start", Outcome.CRASH),
        case_of("tokenizer/words"),
        case_of("forward/one-letter", Outcome.NOT_OFFERED),
    )


def feed(_choice: int, content: bytes) -> Ending:
    try:
        baseline = parse_baseline(PATH, content)
    except BadBaseline as error:
        claim_printable(str(error).replace("\n", " "), "the error")
        return Ending.REFUSED
    for variant in ("", "float32"):
        rules = Rules("microgpt", variant, baseline, {case.slug for case in cases()})
        judged = [rules.judged(case) for case in cases()]
        report = report_of(judged, rules.report)
        printed(show, report)
        _check_rewriting(baseline, rules, judged, variant)
    return Ending.ACCEPTED


def _check_rewriting(
    baseline: Baseline, rules: Rules, judged: Sequence[CaseReport], variant: str
) -> None:
    try:
        content = updated(baseline, judged, rules.slugs, "microgpt", variant)
    except BadBaseline as error:
        claim(not baseline.lines, f"it is not rewritten: {error}")
        return
    now = Rules("microgpt", variant, parse_baseline(PATH, content), rules.slugs)
    again = [now.judged(case) for case in cases()]
    failing = [case.slug for case in again if case.fails and case.standing is not Standing.COUNTS]
    claim(not failing, f"after rewriting {failing} fail")
    claim(now.report is not None and not now.report.unmatched, "an entry is left that matches none")
    whole = [line.strip() for line in baseline.content.splitlines() if line.strip()[:1] == b"#"]
    kept = {line.strip() for line in content.splitlines()}
    claim(b'"""' in content or b"'''" in content or kept.issuperset(whole), "a comment is lost")


def seeds() -> list[bytes]:
    alone = [b"[[known]]" + part for part in WHOLE.split(b"[[known]]")[1:]]
    listed = [b"known = [{slug = 'a/b', outcome = 'error', reason = 'x'}]"]
    return [b"\x00" + content for content in (WHOLE, *alone, *listed)]


BASELINE = Target(
    name="baseline",
    about="`baseline.toml` to `parse_baseline`, judging by it, and rewriting it",
    feed=feed,
    seeds=seeds,
    share=10,
)
