"""A smallest case as a test: in every language, with foreign text in comments alone."""

import json
import math
from dataclasses import replace

import msgspec
import pytest

from conformance.explanation.printing.content import question_text
from conformance.explanation.printing.test_source import printed
from conformance.explanation.shrinking.search import Smallest
from conformance.judging.divergence import Divergence
from conformance.oracle.answer import Answer, Numbers
from ports_adapter.messages import VectorParams

HOSTILE = "\n\"\"\" ''' */ \\(x) ${y} `z` {{ 7 * 7 }} #[test] \u202e\u2028 \x00 Ω"


def hostile() -> Smallest:
    divergence = Divergence("/output", "/output/0", "1.0", HOSTILE, math.inf)
    expected: Answer = {
        "/output": Numbers([1.0, math.nan, math.inf, -math.inf], 0.0),
        "/grads/x": Numbers([5e-324, 1e300, -0.0, 0.1], 1e-15),
    }
    params = VectorParams(x=[0.5, 2.0, -1.0, 0.0], output_grad=[0.0] * 4)
    return Smallest("softmax", params, expected, (divergence,), HOSTILE, "float64")


@pytest.mark.parametrize(
    ("language", "file_name"),
    [
        ("Swift", "SmallestSoftmaxTests.swift"),
        ("RUST", "smallest_softmax.rs"),
        ("JavaScript", "smallest-softmax.test.mjs"),
        ("TypeScript", "smallest-softmax.test.mjs"),
        ("Python", "test_smallest_softmax.py"),
        ("Brainfuck\n'''", "test_smallest_softmax.py"),
    ],
)
def test_whatever_a_port_printed_stays_in_a_comment(language: str, file_name: str) -> None:
    case = printed(hostile(), language)
    assert case.file_name == file_name
    assert case.source.isascii()
    assert "\0" not in case.source
    assert "49" not in case.source
    mark = "#" if file_name.endswith(".py") else "//"
    said = [line for line in case.source.splitlines() if "7 * 7" in line or "u202e" in line]
    assert said
    assert all(line.startswith(f"{mark} ") for line in said)
    assert case.source.count("ADAPT") == 1
    assert all(len(line) <= 120 for line in case.source.splitlines() if line.startswith(mark))


def test_numbers_that_are_none_have_names_in_every_language() -> None:
    for language, names in {
        "swift": (".nan", ".infinity", "-.infinity"),
        "rust": ("f64::NAN", "f64::INFINITY", "f64::NEG_INFINITY"),
        "js": ("NaN", "Infinity", "-Infinity"),
        "python": ("math.nan", "math.inf", "-math.inf"),
    }.items():
        source = printed(hostile(), language).source
        for number in (*names, "5e-324", "1e+300", "-0.0", "1e-15"):
            assert f", {number}" in source, (language, number)


def test_a_question_text_is_the_question() -> None:
    case = replace(hostile(), params=VectorParams(x=[0.0] * 9, output_grad=[-0.0] * 9))
    text, [zeros] = question_text(case)
    assert zeros.mark == '"@9"'
    whole = json.loads(text.replace(zeros.mark, json.dumps([0.0] * zeros.columns)))
    assert msgspec.convert(whole, VectorParams) == case.params
    assert "-0.0" in text
