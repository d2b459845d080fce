"""What a wrong baseline is refused with."""

from pathlib import Path

import pytest

from conformance.baseline.entries import BadBaseline, parse_baseline


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
