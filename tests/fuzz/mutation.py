"""Mutating text that has a structure, and bytes that have none.

A seed's values, groups and lines are found once, as spans; an edit puts something else into one
of them. That is quick, keeps the rest whole, and serves JSON and TOML alike.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random
from typing import Self

Span = tuple[int, int]

TOKEN = re.compile(rb'"(?:\\.|[^"\\])*"|\'[^\'\n]*\'|[^\s,:=\[\]{}"\']+|[\[\]{}]')
SPANS_KEPT = 4000
LARGEST = 1 << 18
"""No input grows beyond this, so that a run's memory is a target's, not the mutator's."""

WEIRD: tuple[bytes, ...] = (
    b"null", b"true", b"false", b"0", b"-0", b"-0.0", b"-1", b"1.0", b"1e0", b"7.5", b"1e999",
    b"-1e999", b"1e-400", b"5e-324", b"1.7976931348623157e308", b"9007199254740993",
    b"2147483648", b"9223372036854775807", b"9223372036854775808", b"-9223372036854775809",
    b"18446744073709551616", b"1" + b"0" * 30, b"1" + b"0" * 400, b"9" * 4200, b"9" * 5000,
    b"0." + b"3" * 5000, b"0x10", b"1_000", b"+1", b"01", b"1.", b".5", b"NaN", b"nan", b"inf",
    b"-inf", b"Infinity", b'"NaN"', b'"Infinity"', b'"-Infinity"', b'"nan"', b'"1.5"', b'"1"',
    b'""', b'"a"', b"''", b"[]", b"{}", b"[[]]", b"[[], [1]]", b"[{}]", b"[null]", b"[true]",
    b'["1.5"]', b"[1, [2]]", b'{"a": 1, "a": 2}', b'{"": []}', b'{"~1": 0, "/": 1}', b"[1e400]",
    b'"\\u0000"', b'"\\u001b[2J"', b'"\\ud800"', b'"\\udc00\\ud800"', b'"\\u202e\\u2028"',
    b'"\xff\xfe"', b'"\xc3\x28"', b'"\xed\xa0\x80"', b'"\xf0\x9f\xa6\x89"', b'"\x1b[31m"',
    b'"\x7f\xc2\x9b"', b'"' + b"x" * 3000 + b'"', b'"\\', b'"{l}"', b'"{h}"', b'"*"', b'"a -> a"',
    b'"* i"', b'"o i -> i o"', b"1979-05-27T07:32:00Z", b"07:32:00", b"1979-02-30", b"\xef\xbb\xbf",
    b"[" * 100, b"[" * 3000, b"[" * 90 + b"]" * 90, b"[" * 3000 + b"]" * 3000,
    b'{"a":' * 80 + b"1" + b"}" * 80, b'{"a":' * 3000 + b"1" + b"}" * 3000,
    b".".join([b"a"] * 1500) + b" = 1", b"\x00", b"\n", b"\r\n", b"\t", b",", b":", b"=", b"#",
    b"-", b"e", b".", b'"', b"'", b"]", b"}", b"[[layout]]\n", b"[variants.v]\n",
)  # fmt: skip
"""What has broken readers before: extremes of numbers, text, nesting, and of what is not said."""


@dataclass(frozen=True, slots=True)
class Seed:
    """Real material, and where its parts are."""

    content: bytes
    spans: Sequence[Span]

    @classmethod
    def of(cls, content: bytes) -> Self:
        """Content with its parts found; the first byte is none of them."""
        return cls(content, spans_of(content))


def spans_of(content: bytes) -> list[Span]:
    """Every token, every balanced group, every `key: value` and every line of a payload."""
    spans: list[Span] = []
    opened: list[int] = []
    before: Span | None = None
    for found in TOKEN.finditer(content, 1):
        start, stop = found.span()
        token = content[start:stop]
        if token in (b"[", b"{"):
            opened.append(start)
        elif token in (b"]", b"}"):
            if opened:
                spans.append((opened.pop(), stop))
        else:
            spans.append((start, stop))
            if before and content[before[1] : start].strip() in (b":", b"="):
                spans.append((before[0], stop))
            before = start, stop
        if len(spans) >= SPANS_KEPT:
            break
    spans += [found.span() for found in re.finditer(rb"[^\n]+\n?", content[:LARGEST])][:200]
    return [(max(1, start), stop) for start, stop in spans if stop > 1]


class Mutator:
    """Makes inputs out of seeds, all of them from the generator that it is given."""

    def __init__(self, seeds: Sequence[bytes], choices: int) -> None:
        self.seeds = [Seed.of(content) for content in seeds]
        self.choices = choices

    def input(self, draw: Random) -> bytes:
        """A seed after a few edits, sometimes under another choice."""
        seed = draw.choice(self.seeds)
        content = seed.content
        kind = draw.random()
        if kind < 0.75 and seed.spans:
            content = self._edited(seed, draw)
        if kind > 0.6:
            for _ in range(1 << draw.randrange(4)):
                content = content[:1] + draw.choice(BLIND)(content[1:], draw, self)
        if draw.random() < 0.1:
            content = bytes([draw.randrange(self.choices)]) + content[1:]
        return content[:LARGEST]

    def part(self, draw: Random) -> bytes:
        """Something to put somewhere: something weird, or a part of any seed."""
        if draw.random() < 0.7:
            return draw.choice(WEIRD)
        seed = draw.choice(self.seeds)
        if not seed.spans:
            return bytes(draw.randrange(256) for _ in range(draw.randrange(1, 9)))
        start, stop = draw.choice(seed.spans)
        return seed.content[start:stop]

    def _edited(self, seed: Seed, draw: Random) -> bytes:
        """Some spans replaced, removed, repeated, nested or swapped, from the last to the first."""
        spans = sorted(draw.choice(seed.spans) for _ in range(draw.choice((1, 1, 1, 2, 3))))
        content, limit = seed.content, len(seed.content)
        for start, stop in reversed(spans):
            if stop > limit:
                continue
            old = content[start:stop]
            content = content[:start] + draw.choice(EDITS)(old, draw, self) + content[stop:]
            limit = start
        return content


Edit = Callable[[bytes, Random, Mutator], bytes]


def _replace(_old: bytes, draw: Random, mutator: Mutator) -> bytes:
    return mutator.part(draw)


def _remove(_old: bytes, _draw: Random, _mutator: Mutator) -> bytes:
    return b""


def _repeat(old: bytes, draw: Random, _mutator: Mutator) -> bytes:
    times = draw.choice((2, 2, 2, 3, 40))
    return draw.choice((b", ", b"", b"\n")).join([old] * min(times, 1 + LARGEST // (len(old) + 1)))


def _nest(old: bytes, draw: Random, _mutator: Mutator) -> bytes:
    depth = draw.choice((1, 1, 2, 40, 700))
    return b"[" * depth + old + b"]" * depth


def _perturb(old: bytes, draw: Random, _mutator: Mutator) -> bytes:
    """A number moved by a little or a lot; anything else in one of its bytes."""
    try:
        number = float(old)
    except ValueError:
        return _flip(old, draw, _mutator)
    scale = 10.0 ** draw.choice((-16, -15, -13, -10, -6, -1, 1, 20))
    moved = number + (abs(number) or 1.0) * scale * draw.choice((-1, 1))
    return repr(moved).encode()


def _flip(old: bytes, draw: Random, _mutator: Mutator) -> bytes:
    if not old:
        return old
    at = draw.randrange(len(old))
    return old[:at] + bytes([old[at] ^ (1 << draw.randrange(8))]) + old[at + 1 :]


def _overwrite(old: bytes, draw: Random, _mutator: Mutator) -> bytes:
    at = draw.randrange(len(old) + 1)
    return old[:at] + bytes([draw.randrange(256)]) + old[at + 1 :]


def _truncate(old: bytes, draw: Random, _mutator: Mutator) -> bytes:
    return old[: draw.randrange(len(old) + 1)]


def _cut(old: bytes, draw: Random, _mutator: Mutator) -> bytes:
    start = draw.randrange(len(old) + 1)
    return old[:start] + old[start + draw.choice((1, 2, 8, 64)) :]


def _insert(old: bytes, draw: Random, mutator: Mutator) -> bytes:
    at = draw.randrange(len(old) + 1)
    return old[:at] + mutator.part(draw) + old[at:]


def _splice(old: bytes, draw: Random, mutator: Mutator) -> bytes:
    other = draw.choice(mutator.seeds).content[1:]
    return old[: draw.randrange(len(old) + 1)] + other[draw.randrange(len(other) + 1) :]


EDITS: tuple[Edit, ...] = (
    _replace, _replace, _replace, _remove, _repeat, _nest, _perturb, _perturb, _flip,
)  # fmt: skip
BLIND: tuple[Edit, ...] = (_flip, _flip, _overwrite, _truncate, _cut, _insert, _splice)
