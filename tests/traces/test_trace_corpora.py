"""The corpora that a traced program is given, and what its tokens show of them."""

from collections.abc import Iterable

import pytest

from conformance.traces.corpora.corpus_tokens import CorpusTokens
from conformance.traces.corpora.trace_corpora import TraceCorpus, trace_corpora
from reference.corpus import corpus_of

NAMES = [f"{first}{second}" for first in "abcde" for second in "abcde"]
SPECIAL = 5


def corpora(seed: int = 7, block_size: int = 16) -> dict[str, TraceCorpus]:
    return {corpus.name: corpus for corpus in trace_corpora(seed, block_size)}


def known(documents: Iterable[str] = NAMES) -> CorpusTokens:
    return CorpusTokens(corpus_of("known", "\n".join(documents).encode()))


def encoded(document: str) -> list[int]:
    return [SPECIAL, *("abcde".index(letter) for letter in document), SPECIAL]


def documents_at(steps: Iterable[tuple[int, str]]) -> list[str]:
    judge = known()
    for step, document in steps:
        assert judge.take(step, encoded(document), 16) == ""
    return list(judge.wrong_documents())


def test_a_seed_gives_the_same_corpora_and_another_seed_gives_others() -> None:
    assert corpora(7) == corpora(7)
    assert not {c.content for c in corpora(7).values()} & {c.content for c in corpora(8).values()}


@pytest.mark.parametrize("block_size", [1, 2, 4, 16, 256])
def test_each_corpus_is_what_its_name_says(block_size: int) -> None:
    made = corpora(block_size=block_size)
    of = {name: corpus.corpus.documents for name, corpus in made.items()}
    assert set("".join(of["letters"])) == set("abcdefghijklmnopqrstuvwxyz")
    assert len(set("".join(of["few-letters"]))) == 7
    assert not made["few-letters"].content.endswith(b"\n")
    assert max(map(len, of["long"])) > block_size
    assert max(len(letter.encode()) for letter in set("".join(of["unicode"]))) == 4
    assert b"\r\n\r\n" in made["crlf"].content
    assert b" " in made["crlf"].content
    assert set("".join(of["one-letter"])) == {"a"}
    assert all(len(set(documents)) == len(documents) for documents in of.values())


def test_the_tokens_of_a_document_are_right_whole_and_cut_to_the_block() -> None:
    judge = known(["abcde", *NAMES])
    assert judge.take(0, [5, 0, 1, 2, 3, 4, 5], 16) == ""
    assert judge.take(1, [5, 0, 1, 2], 3) == ""
    assert judge.take(2, [5, 0, 1, 2, 3, 5], 3) == ""
    assert judge.take(3, [5, 0, 1, 2, 3, 5], 4) == ""
    assert judge.take(4, [5, 0, 1, 2, 3, 5], 5) != ""


@pytest.mark.parametrize(
    ("tokens", "message"),
    [
        ([0, 1], "no document; those of 'ab' are [5, 0, 1, 5]"),
        ([6, 0, 1, 7], "no document; those of 'ab' are [5, 0, 1, 5]"),
        ([5, 0, 1, 2, 5], "as characters of the corpus they read 'abc'"),
        ([5, 0, 1], "no document; those of 'ab'"),
        ([6, 1, 2, 3, 6], "they begin with 6, but the special token is 5"),
    ],
)
def test_tokens_of_no_document_are_wrong(tokens: list[int], message: str) -> None:
    assert message in known().take(0, tokens, 16)


@pytest.mark.parametrize(
    ("tokens", "units"),
    [
        ([7, 0, 5, 4, 6, 3, 2, 1, 7], "bytes in UTF-8"),
        ([7, 0, 5, 4], "bytes in UTF-8"),
        ([7, 6, 4, 3, 5, 2, 1, 0, 7], "signed bytes in UTF-8"),
        ([4, 0, 1, 2, 3, 4], "code units in UTF-16"),
    ],
)
def test_tokens_of_parts_of_characters_are_recognized(tokens: list[int], units: str) -> None:
    assert f"they stand for the {units} of 'aé😀'" in known(["aé😀"]).take(0, tokens, 16)


def test_a_vocabulary_of_another_size_is_wrong() -> None:
    assert known().wrong_vocabulary(6) == ""
    assert known().wrong_vocabulary(27) == (
        "the model has 27 tokens; the corpus has 5 characters, which with the special token makes 6"
    )


def test_shuffled_documents_are_right_in_every_epoch() -> None:
    assert documents_at([(0, "ba"), (1, "aa"), (2, "dc"), (24, "ee"), (25, "ba"), (26, "aa")]) == []


@pytest.mark.parametrize(
    ("steps", "message"),
    [
        ([(0, "ba"), (1, "aa"), (9, "ba")], "steps 0 and 9 take the same document"),
        (list(enumerate(NAMES[:5])), "the documents come in the order of the file"),
    ],
)
def test_documents_that_come_twice_or_are_not_shuffled_are_wrong(
    steps: list[tuple[int, str]], message: str
) -> None:
    (words,) = documents_at(steps)
    assert message in words
