"""Traces with records that cannot be, that lie, or that are odd and right."""

import gzip

import zstandard

from conformance.judging.outcome import ExitCode
from tests.support.traces import Records

from .animal import Animal
from .trace_animal import (
    GRADIENTS,
    LOSS,
    UPDATE,
    TraceAnimal,
    idle,
    strange,
    text,
    with_head,
    with_step,
    wrong,
)  # fmt: skip

FORGED = "x\n::error::pwned\nPASS: all. \x1b[31m##[error]"


def replaced(records: Records, line: int, field: str, value: object) -> Records:
    records[line][field] = value
    return records


def scaled(records: Records, line: int, field: str, factor: float) -> None:
    records[line][field] = [number * factor for number in records[line][field]]


def all_equal(records: Records) -> None:
    records[0]["weights"] = [0.1] * len(records[0]["weights"])


def named_by(name: str) -> Animal:
    return TraceAnimal(
        name=f"forged-{name}", does=f"commands a workflow and forges a verdict in its {name}",
        content=lambda r: text([r[0] | {name: FORGED}, *r[1:]]), outcome="pass",
        decisive=GRADIENTS, exit_code=ExitCode.PASS,
    )  # fmt: skip


HEADS = (
    with_head("other-version", "is of version 2", {"trace": 2}, "line 1, at /trace"),
    with_head("three-heads", "has heads that do not divide", {"n_head": 3}, "does not divide"),
    with_head("no-layers", "has no layers", {"n_layer": 0}, "line 1, at /n_layer"),
    with_head("layers-without-end", "has 10^9 layers", {"n_layer": 10**9}, "line 1"),
    with_head("endless-block", "has a block of 10^12", {"block_size": 10**12}, "line 1"),
    with_head("wide", "says that it is wider than it is", {"n_embd": 64}, "the sizes stated make"),
    with_head("every-character", "has 10^9 tokens", {"vocab": 10**9}, "line 1"),
    with_head("few-characters", "has fewer characters than rows", {"vocab": "ab"}, "sizes stated"),
    with_head("steps-of-zero", "trains for no step", {"num_steps": 0}, "line 1, at /num_steps"),
    with_head(
        "rate-in-words", "has a learning rate in words", {"learning_rate": "low"},
        "line 1, at /learning_rate",
    ),
    with_head("half-precision", "says float8", {"precision": "float8"}, "line 1, at /precision"),
    with_head(
        "unheard-activation", "has an activation of its own", {"activation": "swish"},
        "line 1, at /activation",
    ),
    with_head("order-of-none", "has a foreign matrix", {"order": ["wte", "x"]}, "at /order"),
    with_head("order-twice", "orders a matrix twice", {"order": ["wte", "wte"]}, "there twice"),
    with_head("no-weights", "has an empty list of weights", {"weights": []}, "there are 0 weights"),
    with_head("two-weights", "has two weights", {"weights": [0.5, 0.25]}, "there are 2 weights"),
    with_head("weights-of-words", "has words as weights", {"weights": ["a"] * 9}, "not a number"),
    with_head("weights-ragged", "has ragged rows", {"weights": {"wte": [[1], [1, 2]]}}, "rows of"),
    with_head(
        "weights-nested", "nests weights too deeply", {"weights": [[[[[1.0]]]]]}, "is 1 weight"
    ),
    with_head("weights-unnamed", "has an odd matrix", {"weights": {"x": [[1.0]]}}, "is 1 weight"),
)  # fmt: skip

STEPS = (
    with_step("tokens-negative", "has a token -1", {"tokens": [0, -1]}, "line 2, at /tokens"),
    with_step("tokens-too-large", "has a token 999", {"tokens": [0, 999]}, "a token 999"),
    with_step("tokens-of-letters", "has letters as tokens", {"tokens": ["a"]}, "at /tokens"),
    with_step("tokens-of-halves", "has a token 0.5", {"tokens": [0, 0.5]}, "line 2, at /tokens"),
    with_step("loss-of-words", "has a loss in words", {"loss": "low"}, "line 2, at /loss"),
    with_step("loss-of-lists", "has a list as its loss", {"loss": [3.3]}, "line 2, at /loss"),
    with_step("losses-too-many", "has a loss too many", {"losses": [1.0] * 50}, "at /losses"),
    with_step("logits-too-few", "has logits of one position", {"logits": [[1.0]]}, "at /logits"),
    with_step("grads-too-few", "has two gradients", {"grads": [1.0, 2.0]}, "line 2, at /grads"),
    with_step("grads-as-words", "has words as gradients", {"grads": ["a"]}, "line 2, at /grads"),
    with_step("grads-true", "has true as a gradient", {"grads": [True]}, "line 2, at /grads"),
)  # fmt: skip

LIARS = (
    wrong("loss-of-nan", "has a loss that is not a number",
          lambda r: replaced(r, 1, "loss", float("nan")), LOSS),
    wrong("grads-of-nan", "has gradients that are not numbers",
          lambda r: scaled(r, 1, "grads", float("nan")), GRADIENTS),
    wrong("grads-of-nothing", "has gradients of zero", lambda r: scaled(r, 1, "grads", 0.0),
          GRADIENTS),
    wrong("moments-infinite", "has infinite moments", lambda r: scaled(r, 2, "m", float("inf")),
          UPDATE),
    wrong("weights-huge", "has weights of 1e300", lambda r: scaled(r, 2, "weights", 1e300), UPDATE),
    wrong("weights-frozen", "never changes its weights",
          lambda r: replaced(r, 2, "weights", r[0]["weights"]), UPDATE),
    wrong("steps-copied", "repeats its first step",
          lambda r: r.__setitem__(3, r[1] | {"step": 1, "tokens": r[3]["tokens"]}), LOSS),
    wrong("weights-all-equal", "begins with equal weights", all_equal, "random/trace-weights"),
)  # fmt: skip

ODD = (
    named_by("name"),
    named_by("language"),
    strange("crlf-lines", "ends its lines with CRLF", lambda r: text(r).replace(b"\n", b"\r\n")),
    strange("trace-with-a-mark", "begins with a byte order mark",
            lambda r: b"\xef\xbb\xbf" + text(r)),
    strange("blank-lines", "has blank lines", lambda r: text(r).replace(b"\n", b"\n\n \n")),
    strange("no-last-newline", "has no newline at the end", lambda r: text(r).rstrip()),
    strange("cut-at-the-end", "breaks off in its last line",
            lambda r: text(r) + b'{"step": 2, "grads": [0.25, 0.'),
    strange("unknown-fields", "has fields of its own, with escape sequences in them",
            lambda r: text([r[0] | {"\x1b[2J\u202e": FORGED}, *r[1:]])),
    strange("a-line-a-part", "writes each part in a record of its own",
            lambda r: text([r[0], *({"step": step["step"], part: value} for step in r[1:]
                                    for part, value in step.items() if part != "step")])),
    strange("gzipped", "is gzipped", lambda r: gzip.compress(text(r)),
            name_of_file="trace.jsonl.gz"),
    strange("whole-numbers-as-floats", "writes tokens as floats",
            lambda r: text([{k: [float(t) for t in v] if k == "tokens" else v
                             for k, v in record.items()} for record in r])),
    strange("far-step", "writes one more step, far away",
            lambda r: text([*r, {"step": 10**9, "loss": 1.0}])),
    strange("zstd", "is packed by zstd", lambda r: zstandard.compress(text(r)),
            name_of_file="trace.jsonl.zst"),
    idle("head-alone", "has nothing but its first record", lambda r: text(r[:1])),
    idle("losses-alone", "has losses and nothing else",
         lambda r: text([{"trace": 1}, *({k: s[k] for k in ("step", "loss")} for s in r[1::2])])),
    idle("documents-alone", "has documents and tokens, and no numbers",
         lambda r: text([{"trace": 1, "vocab": r[0]["vocab"]},
                         *({k: s[k] for k in ("step", "document", "tokens")} for s in r[1::2])])),
)  # fmt: skip

ANIMALS = HEADS + STEPS + LIARS + ODD
