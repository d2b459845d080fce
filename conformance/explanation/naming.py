"""The mistake's name, found by asking whose numbers the port's are.

Every known mistake is made in the canonical program, one at a time, and asked what the port
was asked. One that gives the port's numbers, wrong ones and right ones alike, has its name said;
several that do cannot be told apart by what was asked. Where no single one does, two are tried.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from msgspec import UNSET, structs

from golden.budgets import Precision, tensor_budget
from ports_adapter.messages import (
    AdamParams,
    InitializeResult,
    ModelParams,
    ReplicateParams,
    Sizes,
    StepParams,
    TrainParams,
)

from .. import oracle
from ..case import Answer, Exact, Expected, Numbers
from ..catalogue import MISTAKES, Mistake, applied
from ..compare import budgets_of, compare, resolve
from ..engine import STREAMED, Exchange
from ..levels import Level, upstream
from ..quantity import flat, shape_of
from .gathering import Gathered, Kept, question_of
from .story import Explained

Names = tuple[Mistake, ...]
"""One mistake, or two that are made at once."""

FAILURES = (
    ArithmeticError, AssertionError, IndexError, KeyError, RecursionError, StopIteration, TypeError,
    ValueError,
)  # fmt: skip
"""What a program with a mistake in it may end with."""

SECONDS = 10.0
"""How long names are looked for, in all."""

SECONDS_TO_REFUTE = 4.0
"""How long those that were found are tried on further cases."""

DEAREST = 4e5
"""The cost of the longest questions that are worth it: about a second of the scalar program."""

FIRST_LOOKS = 2
"""Wrong cases of each level, the cheapest ones, that every mistake is tried on."""

PROMISING = 6
"""How many mistakes that explain a part are tried together with all others."""


SHARED_BY_CHOICE = (Level.AUTOGRAD, Level.LAYERS)
"""Levels of functions that a port may have twice: right by themselves, wrong inside the model."""


@dataclass(frozen=True, slots=True)
class Fit:
    """How many of a wrong case's `values` a mistake explains, the worst error in budgets.

    A mistake that leaves the case right explains none of them.
    """

    explained: int
    values: int
    worst: float


@dataclass
class Naming:
    """The search for names among `mistakes`: wrong cases first, the cheapest first.

    It takes `seconds`, of which those that were found are tried for `seconds_to_refute` on
    further cases.
    """

    gathered: Gathered
    offer: InitializeResult
    mistakes: Sequence[Mistake] = tuple(MISTAKES.values())
    seconds: float = SECONDS
    seconds_to_refute: float = SECONDS_TO_REFUTE
    known: dict[tuple[tuple[str, ...], str], Fit | None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.ends = time.monotonic() + self.seconds

    def names(self) -> list[tuple[Names, list[Fit]]]:
        """What explains all that was looked at, best first; none if nothing does."""
        wrong = self._in_turn(self.gathered.wrong)
        if not wrong:
            return []
        first = self._first_looks(wrong)
        single = [(mistake,) for mistake in self.mistakes if self._explains((mistake,), first)]
        candidates: list[Names] = list(single) or list(self._pairs(first))
        levels = {kept.case.level for kept in wrong}
        right = [kept for kept in self.gathered.right if kept.case.level in levels]
        alive = self._survivors(candidates, [*wrong, *self._in_turn(right)])
        return self._ranked(alive, wrong)

    def _in_turn(self, cases: Iterable[Kept]) -> list[Kept]:
        """The cheapest first, each level's turn in each round."""
        queues: dict[Level, list[Kept]] = {}
        costs = [(cost_of(question_of(kept, self.offer)), kept) for kept in cases]
        for cost, kept in sorted(costs, key=lambda item: item[0]):
            queue = queues.setdefault(kept.case.level, [])
            if cost <= DEAREST or not queue:
                queue.append(kept)
        rounds = max(map(len, queues.values()), default=0)
        return [q[turn] for turn in range(rounds) for q in queues.values() if turn < len(q)]

    def _first_looks(self, wrong: Sequence[Kept]) -> list[Kept]:
        """The wrong cases of levels that fail by themselves."""
        of_roots = [kept for kept in wrong if kept.case.level in self.gathered.roots]
        looks: list[Kept] = []
        for level in self.gathered.roots:
            looks += [kept for kept in of_roots if kept.case.level is level][:FIRST_LOOKS]
        return looks or list(wrong[:FIRST_LOOKS])

    def _explains(self, names: Names, cases: Iterable[Kept]) -> bool:
        return all(self.fit(names, kept) is not None for kept in cases)

    def _pairs(self, cases: Sequence[Kept]) -> Iterator[Names]:
        """Two mistakes at once: each explains a part of the cases, or only both together do."""
        parts = [m for m in self.mistakes if any(self.fit((m,), kept) for kept in cases)]
        others = [m for m in self._by_progress(cases) if m not in parts][:PROMISING]
        tried = set()
        for one in [*parts, *others]:
            for other in self.mistakes:
                pair = frozenset((one.slug, other.slug))
                if one is other or pair in tried or time.monotonic() > self.ends:
                    continue
                tried.add(pair)
                if _is_compatible(one, other) and self._explains((one, other), cases):
                    yield (one, other)

    def _by_progress(self, cases: Sequence[Kept]) -> list[Mistake]:
        """Those first that agree with the port for longer than the right program does."""
        kept = cases[0]
        if kept.exchange is None:
            return []
        ranks = [(-_agreement((m,), kept.exchange, kept, self.offer.precision), i)
                 for i, m in enumerate(self.mistakes)]  # fmt: skip
        least = kept.comparison.divergences[0].part if kept.comparison else ""
        own = list(kept.exchange.expected).index(least) if least in kept.exchange.expected else 0
        return [self.mistakes[i] for rank, i in sorted(ranks) if -rank > own]

    def _survivors(self, candidates: Sequence[Names], cases: Sequence[Kept]) -> list[Names]:
        """Those that no case refutes, as far as time goes."""
        alive = list(candidates)
        ends = min(self.ends, time.monotonic() + self.seconds_to_refute)
        for kept in cases:
            if not alive or time.monotonic() > ends:
                break
            alive = [names for names in alive if self.fit(names, kept) is not None]
        return alive

    def _ranked(
        self, alive: Sequence[Names], wrong: Sequence[Kept]
    ) -> list[tuple[Names, list[Fit]]]:
        """Those that leave the least unexplained, the nearest first."""
        found = []
        for names in alive:
            looked = (self.known.get((_slugs(names), kept.case.slug)) for kept in wrong)
            fits = [fit for fit in looked if fit is not None]
            if any(fit.explained or not fit.values for fit in fits):
                found.append(
                    (_unexplained(fits), max((f.worst for f in fits), default=0.0), names, fits)
                )
        least = min((item[0] for item in found), default=0)
        found.sort(key=lambda item: (item[1], _slugs(item[2])))
        return [(names, fits) for left, _, names, fits in found if left == least]

    def fit(self, names: Names, kept: Kept) -> Fit | None:
        """Whether the program with these mistakes answers as the port did."""
        key = (_slugs(names), kept.case.slug)
        if key not in self.known:
            may_show = any(_may_show(mistake, kept.case.level) for mistake in names)
            fit = fit_of(names, kept, self.offer) if may_show else _untouched(kept)
            self.known[key] = fit
        return self.known[key]


def _may_show(mistake: Mistake, level: Level) -> bool:
    """Whether a mistake can change a level's answers: it is that level's, or of one below."""
    return mistake.level is level or mistake.level in upstream(level)


def _untouched(kept: Kept) -> Fit | None:
    """The fit of mistakes that leave a case right."""
    if not kept.is_wrong:
        return Fit(0, 0, 0.0)
    if kept.case.level in SHARED_BY_CHOICE and kept.comparison is not None:
        return Fit(0, kept.comparison.values, 0.0)
    return None


def fit_of(names: Names, kept: Kept, offer: InitializeResult) -> Fit | None:
    """How a case's numbers agree with those of some mistakes, or None if they do not."""
    params = question_of(kept, offer)
    if isinstance(params, dict) or kept.case.full_record:
        return Fit(0, 0, 0.0)  # of the handshake, or judged while it streamed: says nothing here
    try:
        answer = answered(names, kept.case.method, params)
    except FAILURES:
        return Fit(0, 0, 0.0) if kept.exchange is None else None
    if kept.exchange is None:
        return None
    precision = offer.precision if kept.case.method != "random" else "float64"
    right, got = kept.exchange.expected, kept.exchange.got
    expected = as_expected(answer, right, precision)
    if expected is None:
        return None
    found = compare(expected, got, precision)
    if not found.divergences:
        return Fit(found.values, found.values, found.worst)
    if kept.case.level in SHARED_BY_CHOICE and not compare(right, answer, precision).divergences:
        return Fit(0, found.values, 0.0)
    return None


def answered(names: Names, method: str, params: Any) -> dict[str, Any]:
    """What the program answers with some mistakes in it."""
    steps: list[StepParams] = []
    patches = [mistake.patch() for mistake in names]
    with applied({name: new for patch in patches for name, new in patch.items()}):
        result = oracle.answer(method, params, steps.append)
    return structs.asdict(result) | ({"steps": steps} if method in STREAMED else {})


def as_expected(answer: Mapping[str, Any], right: Answer, precision: Precision) -> Answer | None:
    """A mistaken answer as one to compare with: the right answer's parts, and room to round.

    A number has the right one's budget, or that of the measured rule for its tensor where this is
    wider: mistaken numbers may be larger. None if a part is missing.
    """
    expected: dict[str, Expected] = {}
    for pointer, part in right.items():
        value = resolve(answer, pointer)
        if isinstance(part, Exact):
            expected[pointer] = Exact(value)
            continue
        if value is UNSET:
            return None
        numbers = flat(value)
        is_alike = shape_of(value) == shape_of(part.value)
        budget = budgets_of(part, numbers) if is_alike else np.zeros(numbers.shape)
        wider = np.maximum(budget, tensor_budget(numbers, precision))
        expected[pointer] = Numbers(value, np.where((numbers == 0) & (budget == 0), 0.0, wider))
    return expected


def _agreement(names: Names, exchange: Exchange, kept: Kept, precision: Precision) -> int:
    """How many parts agree before the first that does not."""
    try:
        answer = answered(names, kept.case.method, exchange.params)
    except FAILURES:
        return 0
    expected = as_expected(answer, exchange.expected, precision)
    if expected is None:
        return 0
    found = compare(expected, exchange.got, precision)
    order = list(expected)
    wrong = [order.index(d.part) for d in found.divergences if d.part in expected]
    return min(wrong, default=len(order))


def _unexplained(fits: Iterable[Fit]) -> int:
    return sum(fit.values - fit.explained for fit in fits)


def _slugs(names: Names) -> tuple[str, ...]:
    return tuple(mistake.slug for mistake in names)


def _is_compatible(one: Mistake, other: Mistake) -> bool:
    """Whether two patches leave each other alone."""
    return not set(one.patch()) & set(other.patch())


def cost_of(params: Any) -> float:
    """About how many multiply-adds a question takes the program."""
    match params:
        case ModelParams(sizes=sizes, tokens=tokens, weights=weights):
            return _of_model(sizes, len(weights["wte"]), len(tokens) - 1)
        case TrainParams(sizes=sizes, documents=documents, weights=weights, steps=steps):
            longest = max(map(len, documents), default=0)
            each = _of_model(sizes, len(weights["wte"]), longest)
            return steps * (each + 20 * 12 * sizes.n_embd**2)
        case ReplicateParams(sizes=sizes, optimizer=optimizer, num_samples=samples):
            return (optimizer.num_steps + samples) * _of_model(sizes, 30, 10)
        case AdamParams(sizes=sizes):
            return 20 * 12 * sizes.n_embd**2
        case _:
            return 0.0


def _of_model(sizes: Sizes, vocab_size: int, positions: int) -> float:
    positions = min(positions, sizes.block_size)
    layer = 12 * sizes.n_embd**2 + 2 * sizes.n_embd * positions
    return positions * (sizes.n_layer * layer + vocab_size * sizes.n_embd)


def explained(gathered: Gathered, offer: InitializeResult) -> list[Explained]:
    """The known mistakes that the port's numbers are those of, best first."""
    naming = Naming(gathered, offer)
    found = naming.names()
    return [_explained(names, fits, [n for n, _ in found], naming) for names, fits in found]


def _explained(names: Names, fits: list[Fit], all_: list[Names], naming: Naming) -> Explained:
    looked = [
        kept.case.slug
        for kept in naming.gathered.wrong
        if (_slugs(names), kept.case.slug) in naming.known
    ]
    return Explained(
        slugs=[m.slug for m in names],
        titles=[m.title for m in names],
        what=[m.what for m in names],
        why=[m.why for m in names],
        mend=[m.mend for m in names],
        explains=sum(fit.explained for fit in fits),
        values=sum(fit.values for fit in fits),
        worst=max((fit.worst for fit in fits), default=0.0),
        cases=looked,
        experiments=_experiments(names, all_),
    )


def _experiments(names: Names, all_: Sequence[Names]) -> list[str]:
    others = {m.slug for other in all_ if other is not names for m in other}
    return [how for m in names for slug, how in m.twins.items() if slug in others]
