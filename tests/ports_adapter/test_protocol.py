"""The protocol's page, its schema and its worked examples."""

import json
import random
import re
from typing import Any

import msgspec
import pytest
from jsonschema import Draft202012Validator as Validator

from conformance.commands.published_pages import PROTOCOL, PROTOCOL_SCHEMA, documents
from conformance.oracle import reference_answer
from conformance.oracle.worked_examples import Example, examples
from ports_adapter.client import Client
from ports_adapter.manifest import find_port
from ports_adapter.messages import METHODS, InitializeResult, StepParams

NUMBER = re.compile(r"-?\d+\.\d+(?:e-?\d+)?")
BY_METHOD = {example.method: example for example in examples()}


def builtins(message: Any) -> Any:
    return json.loads(msgspec.json.encode(message))


def agree(one: Any, other: Any) -> bool:
    """Whether two JSON documents are the same but for the last digits of their numbers."""
    match one, other:
        case dict(), dict():
            return one.keys() == other.keys() and all(agree(one[k], other[k]) for k in one)
        case list(), list():
            return len(one) == len(other) and all(map(agree, one, other))
        case (float(), _) | (_, float()):
            return bool(one == pytest.approx(other, rel=1e-12, abs=1e-15))
        case _:
            return bool(one == other)


def test_every_document_is_as_its_code_says() -> None:
    for path, content in documents().items():
        published, generated = path.read_text(), content.decode()
        assert NUMBER.sub("#", published) == NUMBER.sub("#", generated), f"`make protocol`: {path}"
        numbers = [list(map(float, NUMBER.findall(text))) for text in (published, generated)]
        assert numbers[0] == pytest.approx(numbers[1], rel=1e-12, abs=1e-15)


def test_every_method_has_a_worked_example_on_the_page() -> None:
    page = PROTOCOL.read_text()
    assert re.findall(r"^## `(\w+)`$", page, re.MULTILINE) == list(METHODS)
    assert len(re.findall(r"^```json$", page, re.MULTILINE)) == len(METHODS)


def test_the_generator_on_the_page_is_the_one_of_cpython() -> None:
    found = re.search(r"^```python\n(.*?)^```$", PROTOCOL.read_text(), re.MULTILINE | re.DOTALL)
    assert found
    defined: dict[str, Any] = {}
    exec(found[1], defined)
    weights = [0.1, 0.0, 2.5, 0.4, 1.0, 0.0]
    for seed in (0, 42, 2**32, 2**20000 + 3):
        ours, theirs = defined["Generator"](seed), random.Random(seed)
        for count in (7, 700):
            assert ours.gauss(1.0, 0.08) == theirs.gauss(1.0, 0.08)
            assert [ours.random() for _ in range(count)] == [theirs.random() for _ in range(count)]
            shuffled = list(range(count)), list(range(count))
            ours.shuffle(shuffled[0])
            theirs.shuffle(shuffled[1])
            assert shuffled[0] == shuffled[1]
            for _ in range(count):
                assert ours.choices(weights) == theirs.choices(range(6), weights)[0]


def examples_on_the_page() -> list[list[dict[str, Any]]]:
    blocks = re.findall(r"^```json\n(.*?)\n```$", PROTOCOL.read_text(), re.MULTILINE | re.DOTALL)
    return [[json.loads(line) for line in block.splitlines()] for block in blocks]


@pytest.mark.parametrize("name", ["python", "js"])
def test_our_ports_give_the_answers_of_the_page(name: str) -> None:
    port = find_port(name)
    with Client(port) as client:
        for request, *announced, answer in examples_on_the_page():
            method = METHODS[request["method"]]
            params = msgspec.convert(request["params"], method.params)
            steps: list[StepParams] = []
            on_step = steps.append if announced else None
            result = client.ask(method.name, params, method.result, 30.0, on_step)
            if method.name != "initialize":
                assert agree(builtins(result), answer["result"]), method.name
                ids = [
                    step["params"] | {"id": step_.id}
                    for step, step_ in zip(announced, steps, strict=True)
                ]
                assert agree(builtins(steps), ids), method.name


@pytest.fixture(scope="module")
def schema() -> Any:
    published = json.loads(PROTOCOL_SCHEMA.read_text())
    Validator.check_schema(published)
    return published


@pytest.mark.slow
@pytest.mark.parametrize("method", METHODS)
def test_examples_obey_the_published_schema(method: str, schema: Any) -> None:
    request, *_, answer = [json.loads(line) for line in BY_METHOD[method].lines()]
    Validator(schema).validate(request)
    result_schema = {"$ref": schema["x-results"][method]["$ref"], "$defs": schema["$defs"]}
    Validator(result_schema).validate(answer["result"])
    request["params"] = {"an": "unknown thing"}
    if METHODS[method].params.__struct_fields__:
        assert not Validator(schema).is_valid(request)


def test_the_oracle_answers_every_example_as_it_is_written() -> None:
    for example in examples():
        assert isinstance(example, Example)
        if example.method not in ("initialize", "shutdown"):
            assert reference_answer.answer(example.method, example.params) == example.result


def test_an_introduction_may_hold_fields_of_tomorrow() -> None:
    line = b"""{"protocol_version": 1, "name": "p", "language": "C", "precision": "float32",
        "methods": ["forward", "telepathy"], "profiles": [], "colour": {"red": 1}}"""
    assert msgspec.json.decode(line, type=InitializeResult).methods[1] == "telepathy"
