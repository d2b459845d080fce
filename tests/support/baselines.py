"""Ports that are judged by a baseline."""

from conformance.cases.request import BaselineChoice, Request
from conformance.judging.report import Report
from conformance.runs.running import judge_port
from ports_adapter.manifest import Port
from tests.support.ports.broken import wrong_linear

WRONG = wrong_linear('a["grads"]["x"][0] += 1.0')
SQUARE, TALL, WORDS = "layers/linear-square", "layers/linear-tall", "tokenizer/words"
ASKED = (SQUARE, TALL, WORDS)

KNOWN_SQUARE = """
[[known]]
slug = "layers/linear-square"
outcome = "mismatch"
at = "/grads/x"
reason = "counts from one"
"""
KNOWN_TALL = """
[[known]]
slug = "layers/linear-tall"
outcome = "mismatch"
link = "https://example.org/issues/7"
"""
KNOWN = KNOWN_SQUARE + KNOWN_TALL


def judged(made: Port, baseline: str | None = None, *patterns: str, update: bool = False) -> Report:
    """A run of a port's cases by this baseline, or by the one that is there."""
    if baseline is not None:
        (made.folder / "baseline.toml").write_text(baseline)
    choice = BaselineChoice(update=update)
    return judge_port(made, Request(made.label, patterns or ASKED, 1, baseline=choice))
