"""Answers kept on disk: the same to the last bit, whatever happened to their files."""

import hashlib
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from conformance.cases import all_cases, answer_store
from conformance.cases.budget_origin import offer_of
from conformance.cases.case import Case
from conformance.oracle.answer import Answer, Exact, Numbers, Refusal
from reference.profiles import MICROGPT

OFFER = offer_of("float64")
CONFIG = MICROGPT.config
SLUGS = (
    "protocol/unknown-method", "tokenizer/words", "autograd/exp", "layers/attention-one-head",
    "backward/cold-step-1", "adam/last-step", "train/cold-start", "sample/published-temperature",
)  # fmt: skip
ANSWER: Answer = {"/output": Numbers([1.0, 2.0], np.array([0.1, 0.2]))}
CASES = {case.slug: case for case in all_cases(1, "float64")}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The store's folder, empty."""
    monkeypatch.setattr(answer_store, "_folder", lambda: tmp_path / "answers")
    return tmp_path / "answers"


def counted(case: Case) -> tuple[Case, list[Answer | Refusal]]:
    """The case, and a list that grows by each answer that is derived."""
    derived: list[Answer | Refusal] = []

    def answer(offer: Any) -> Answer | Refusal:
        derived.append(case.answer(offer))
        return derived[-1]

    return replace(case, answer=answer), derived


def is_same(one: Any, other: Any) -> bool:
    """Whether two answers have the same types and the same bits."""
    if type(one) is not type(other):
        return False
    match one:
        case dict():
            return list(one) == list(other) and all(is_same(one[k], other[k]) for k in one)
        case list():
            return len(one) == len(other) and all(map(is_same, one, other))
        case np.ndarray():
            return one.dtype == other.dtype and is_same(one.tolist(), other.tolist())
        case float():
            return bool(one.hex() == other.hex())
        case Exact() | Numbers():
            return is_same(parts_of(one), parts_of(other))
    return bool(one == other)


def parts_of(expected: Exact | Numbers) -> list[Any]:
    return [getattr(expected, field.name) for field in fields(expected)]


@pytest.mark.parametrize("slug", SLUGS)
def test_an_answer_is_derived_once_and_read_back_to_the_last_bit(slug: str) -> None:
    case, derived = counted(CASES[slug])
    first, again = case.remembering(CONFIG).answer(OFFER), case.remembering(CONFIG).answer(OFFER)
    assert len(derived) == 1
    assert first is derived[0]
    assert is_same(again, first)


def test_a_compared_answer_differs_in_a_bit_or_in_a_type() -> None:
    right = {"/a": Numbers([1.0, 2.0], np.array([0.1, 0.2]))}
    assert is_same(right, {"/a": Numbers([1.0, 2.0], np.array([0.1, 0.2]))})
    for wrong in (
        Numbers([1.0, np.nextafter(2.0, 3)], np.array([0.1, 0.2])),
        Numbers([1, 2.0], np.array([0.1, 0.2])),
        Numbers([1.0, 2.0], np.array([0.1, 0.3])),
    ):
        assert not is_same(right, {"/a": wrong})


def checked(parts: Any) -> bytes:
    """The content of a file with the right checksum of something that is no answer."""
    body = msgspec.msgpack.encode(parts)
    return hashlib.sha256(body).digest() + body


DAMAGES: dict[str, Callable[[bytes], bytes] | bytes] = {
    "empty": b"",
    "cut": lambda whole: whole[:-1],
    "head alone": lambda whole: whole[:40],
    "a bit": lambda whole: whole[:-1] + bytes([whole[-1] ^ 1]),
    "rubbish": b"rubbish" * 100,
    "a text": checked("of another version"),
    "no parts": checked({"/output": []}),
    "too many parts": checked({"/output": [1.0, 1.0, 1.0]}),
    "a negative budget": checked({"/output": [1.0, -1.0]}),
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_a_damaged_file_is_derived_and_written_again(
    folder: Path, damage: Callable[[bytes], bytes] | bytes
) -> None:
    case, derived = counted(CASES["autograd/exp"])
    right = case.remembering(CONFIG).answer(OFFER)
    (path,) = folder.iterdir()
    whole = path.read_bytes()
    path.write_bytes(damage if isinstance(damage, bytes) else damage(whole))
    assert is_same(case.remembering(CONFIG).answer(OFFER), right)
    assert len(derived) == 2
    assert path.read_bytes() == whole


def test_without_a_folder_that_can_be_written_answers_are_derived(folder: Path) -> None:
    folder.write_text("a file where the folder should be")
    case, derived = counted(CASES["autograd/exp"])
    assert is_same(case.remembering(CONFIG).answer(OFFER), case.remembering(CONFIG).answer(OFFER))
    assert len(derived) == 2


def test_two_runs_at_once_leave_one_whole_file(folder: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: answer_store.save("key", ANSWER), range(40)))
    assert [path.name for path in folder.iterdir()] == ["key"]
    assert is_same(answer_store.load("key"), ANSWER)


def test_the_files_read_least_recently_go_first(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for age, key in enumerate(("new", "older", "oldest")):
        answer_store.save(key, ANSWER)
        os.utime(folder / key, (0, 1e9 - age))
    answer_store.load("oldest")  # which makes it the newest
    monkeypatch.setattr(answer_store, "BYTES", 2 * (folder / "new").stat().st_size)
    answer_store._make_room.cache_clear()
    answer_store.save("last", ANSWER)
    assert {path.name for path in folder.iterdir()} == {"oldest", "new", "last"}


def test_another_question_program_precision_or_state_of_the_suite_has_another_key(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def keys() -> set[str]:
        return {
            answer_store.key_of(slug, profile, config, question, precision, intermediates=shown)
            for slug in ("a", "b")
            for profile in ("microgpt", "train0")
            for config in (CONFIG, replace(CONFIG, temperature=1.0))
            for question in ({"x": [1.0]}, {"x": [1.0 + 2.0**-52]}, {"y": [1.0]})
            for precision in ("float64", "float32")
            for shown in (True, False)
        }

    now = keys()
    assert len(now) == 96
    monkeypatch.setattr(answer_store, "_state", lambda: b"another state of the sources")
    assert not now & keys()
