"""Edges switched wrong in our own ports, as their authors might have: each red in its place.

Several at once in a port that must be built: every stage is judged by itself, so that each
mistake shows in its own cases.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from conformance.judging.outcome import ExitCode
from tests.support.changed_ports import Change, changed_port
from tests.support.selection import of_a_port
from tests.support.suite import run_suite


@dataclass(frozen=True)
class Edge:
    """A change of a port's source, and cases that it must fail."""

    name: str
    file: str
    right: str
    wrong: str
    fails: tuple[str, ...]


PYTHON = (
    Edge(
        "a token that occurs twice counts once",
        "microgpt_numpy/model.py",
        "np.add.at(wte_grad, inputs, embedding_grad)",
        "wte_grad[inputs] += embedding_grad",
        (
            "backward/cold-step-1",
            "backward/cold-step-2",
            "backward/repeated-letter",
            "backward/alternating",
        ),
    ),
    Edge(
        "documents longer than the block overrun it",
        "microgpt_numpy/model.py",
        "min(self.block_size, len(tokens) - 1)",
        "len(tokens) - 1",
        ("forward/beyond-block-size", "forward/block-size", "backward/beyond-block-size"),
    ),
    Edge(
        "CRLF is kept at the end of a document",
        "microgpt_numpy/tokenizer.py",
        'lines = text.replace("\\r", "\\n").split("\\n")\n'
        "    return [line for line in map(str.strip, lines) if line]",
        'return [line.strip(" ") for line in text.split("\\n") if line.strip()]',
        ("tokenizer/crlf", "tokenizer/padding", "replicate/korean", "replicate/unruly-corpus"),
    ),
)

JS = (
    Edge(
        "characters are halves of an emoji",
        "src/tokenizer.js",
        "documents.flatMap((document) => [...document])",
        'documents.flatMap((document) => document.split(""))',
        ("tokenizer/emoji", "replicate/unruly-corpus"),
    ),
    Edge(
        "a byte order mark is stripped",
        "src/tokenizer.js",
        'line.replace(MARGINS, "")',
        "line.trim()",
        ("tokenizer/byte-order-mark",),
    ),
    Edge(
        "the last document is taken over and over",
        "src/training.js",
        "documents[s % documents.length]",
        "documents[Math.min(s, documents.length - 1)]",
        ("train/document-index-wraps", "replicate/korean", "replicate/unruly-corpus"),
    ),
)

RUST = (
    Edge(
        "only spaces are stripped",
        "src/tokenizer.rs",
        "c.is_whitespace() || matches!(c, '\\x1c'..='\\x1f')",
        "c == ' '",
        ("tokenizer/padding", "tokenizer/blank-lines", "tokenizer/ideographic-space"),
    ),
    Edge(
        "a token that occurs twice counts once",
        "src/backward.rs",
        "accumulate(&mut grads.wte[token * n_embd..][..n_embd], embedding_grad)",
        "grads.wte[token * n_embd..][..n_embd].copy_from_slice(embedding_grad)",
        ("backward/repeated-letter", "backward/alternating"),
    ),
    Edge(
        "the last document is taken over and over",
        "src/program.rs",
        "course.documents[number % course.documents.len()]",
        "course.documents[number.min(course.documents.len() - 1)]",
        ("train/document-index-wraps",),
    ),
    Edge(
        "the block is one token shorter when sampling",
        "src/program.rs",
        "while tokens.len() < sizes.block_size {",
        "while tokens.len() + 1 < sizes.block_size {",
        ("sample/full-block",),
    ),
)

SWIFT = (
    Edge(
        "lines end at U+2028, too",
        "Sources/Transformer/Program/Tokenizer.swift",
        '.split { $0 == "\\n" || $0 == "\\r" }',
        '.split { $0 == "\\n" || $0 == "\\r" || $0 == "\\u{2028}" }',
        ("tokenizer/line-separator",),
    ),
    Edge(
        "a document of 16 letters overruns its block",
        "Sources/Transformer/Model/Sizes.swift",
        "min(block, tokens.count - 1)",
        "min(block, tokens.count - 2)",
        ("forward/one-letter", "forward/cold-step-1", "backward/cold-step-1"),
    ),
    Edge(
        "the first document is taken over and over after the last",
        "Sources/Transformer/Program/Training.swift",
        "documents[number % documents.count]",
        "documents[number < documents.count ? number : 0]",
        ("train/document-index-wraps",),
    ),
)


EDGES = {"python": PYTHON, "js": JS, "rust": RUST, "swift": SWIFT}


def failed_cases(port: str, edges: Sequence[Edge], folder: Path) -> list[str]:
    """The cases that a copy of a port of ours fails with these edges wrong."""
    changes = [Change(edge.file, edge.right, edge.wrong) for edge in edges]
    report = run_suite(str(changed_port(port, folder, *changes)))
    assert report.exit_code is ExitCode.FAIL
    return [case.slug for case in report.cases if case.outcome.is_failure]


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("port", "edge"),
    [("python", edge) for edge in PYTHON] + [("js", edge) for edge in JS],
    ids=lambda part: part if isinstance(part, str) else part.name.replace(" ", "-"),
)
def test_an_edge_switched_wrong_is_red_in_its_place(tmp_path: Path, port: str, edge: Edge) -> None:
    failed = failed_cases(port, [edge], tmp_path)
    assert set(edge.fails) <= set(failed)
    levels = {slug.partition("/")[0] for slug in edge.fails} | {"train", "replicate"}
    assert {slug.partition("/")[0] for slug in failed} <= levels


@pytest.mark.slow
@pytest.mark.sampled(1)
@pytest.mark.parametrize(
    ("port", "edges"), [of_a_port(port, port, edges) for port, edges in EDGES.items()]
)
def test_edges_switched_wrong_at_once_are_each_red_in_their_place(
    tmp_path: Path, port: str, edges: tuple[Edge, ...]
) -> None:
    failed = failed_cases(port, edges, tmp_path)
    for edge in edges:
        assert set(edge.fails) <= set(failed), edge.name
    levels = {slug.partition("/")[0] for edge in edges for slug in edge.fails}
    assert {slug.partition("/")[0] for slug in failed} <= levels | {"train", "replicate"}
