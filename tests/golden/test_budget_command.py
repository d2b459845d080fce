"""The budget command: what a budget is made of, explained."""

import json

import pytest

from tests.support.command import conformance
from tests.support.suite import unwrapped

pytestmark = pytest.mark.slow


def test_the_budget_command_explains_a_number() -> None:
    shown = conformance("budget", "layers/softmax-plain#/output/0", "--precision", "float32")
    assert shown.returncode == 0
    for word in ("truth", "known to", "spread", "24 replicas", "rounding", "tensor", "24 times"):
        assert word in shown.stdout


def test_the_budget_command_lists_a_cases_parts_as_text_and_as_json() -> None:
    lines = conformance("budget", "layers/softmax-plain").stdout.splitlines()
    assert [line.split()[0] for line in lines] == ["part", "/output/0", "/grads/x/0"] or len(
        lines
    ) == 3
    parts = json.loads(conformance("budget", "layers/softmax-plain", "--json").stdout)
    assert {part["pointer"].split("/")[1] for part in parts} == {"output", "grads"}
    assert all(part["radius"] < 1e-30 < part["sigma"] for part in parts)
    assert "compared exactly" in unwrapped(conformance("budget", "tokenizer/crlf").stdout)


@pytest.mark.parametrize(
    ("place", "message"),
    [
        ("forward/one-leter", "near are forward/one-letter"),
        ("forward/one-letter#/logits/99/0", "has no number at '/logits/99/0'; it has numbers at"),
    ],
)
def test_the_budget_command_says_what_there_is(place: str, message: str) -> None:
    shown = conformance("budget", place)
    assert shown.returncode == 2
    assert message in unwrapped(shown.stderr)
