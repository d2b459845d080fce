"""Searches for the smallest failing question: first the smallest size, then simple numbers."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import msgspec
from hypothesis import HealthCheck, Phase, assume, find, settings
from hypothesis import strategies as st
from hypothesis.configuration import set_hypothesis_home_dir
from hypothesis.errors import HypothesisException

from conformance.anatomy.judged_program import PUBLISHED, JudgedProgram
from conformance.asking.case_result import OUTCOME_OF
from conformance.cases.by_level.layers import LAYERS
from conformance.cases.function_case import representable
from conformance.judging.compare import compare
from conformance.judging.divergence import Divergence
from conformance.judging.outcome import Outcome
from conformance.oracle.answer import Answer
from golden.budgets import Precision
from ports_adapter.failures import PortFailure, PortTimedOut
from ports_adapter.messages import InitializeResult, Message
from reference.tape import cache

from .expressions import Unfit, chain, expressions
from .repeated_questions import Asker, GivenUp
from .sentence import about
from .simplest_numbers import SIMPLE, UNEVEN, numbers_in
from .single_layers import Questions, layer_questions
from .small_answers import right_answer
from .small_models import model_questions, train_questions, update_questions

SECONDS = 6.0
"""The time for a search; the last question may exceed it."""

EXAMPLES = 60
"""How many questions are drawn of each size."""

EXPRESSION_SIZES = ((1, 1), (2, 1), (1, 2), (2, 2), (2, 3), (3, 4), (3, 8))
"""Numbers of leaves and operations."""

PLAIN_SHARE = 0.6
"""The share of the time for finding a plain error, once a faint one has been found."""

PLAIN, SEEN = 1e-3, 1e-6
"""A plain error is at least this share of the number, and at least so large."""

CHAINS = (200, 500, 1000, 2000, 5000)

METHODS = ("evaluate", *LAYERS, "forward", "backward", "sgd", "adam", "train")
"""The methods that the search supports."""


@dataclass(frozen=True, slots=True)
class Smallest:
    """The smallest question that a port was found to answer wrongly.

    Attributes:
        method: the question's method.
        params: its parameters.
        expected: the right answer with its budgets, by JSON Pointer.
        divergences: the wrong parts of the port's answer, in the order of computation; empty if
            it gave no answer.
        about: a sentence on the question, and on what is wrong.
        precision: what the port computes in.
        failure: how the port failed, if it gave no answer.
    """

    method: str
    params: Message
    expected: Answer
    divergences: tuple[Divergence, ...]
    about: str
    precision: Precision
    failure: str = ""


def smallest(
    asker: Asker,
    method: str,
    outcome: Outcome = Outcome.MISMATCH,
    seconds: float = SECONDS,
    judged_program: JudgedProgram = PUBLISHED,
) -> Smallest | None:
    """Search for the smallest question to a method that fails; None if none is found.

    Args:
        asker: asks the port.
        method: one of `METHODS` that the port offers; other methods give None.
        outcome: the outcome of the failing case; only failures with the same outcome count.
        seconds: the time for the search.
        judged_program: the program that the port is judged by.
    """
    if method not in METHODS:
        return None
    try:
        offer = asker.offer
    except GivenUp:
        return None
    started = time.monotonic()
    deadlines = started + PLAIN_SHARE * seconds, started + seconds
    search = _Search(asker, method, outcome, offer.precision, *deadlines)
    with _storage():
        search.ascend(_ladder(method, offer, outcome, judged_program))
        if search.best is None and search.faint is not None:
            search.plain_only = False
            search.ascend(_ladder(method, offer, outcome, judged_program))
    return search.best or search.faint


class _Over(BaseException):
    """Ends the search: the time is up, or the port cannot be asked again.

    It is not an `Exception`, since Hypothesis would count that as a failing example.
    """


@dataclass
class _Search:
    """The state of a search.

    `best` is the smallest plain failure so far, and `faint` is a failure whose error is hard to
    see. Once there is a faint one, a plain one must be found before `plain_deadline`. Deadlines
    are in seconds of the monotonic clock.
    """

    asker: Asker
    method: str
    outcome: Outcome
    precision: Precision
    plain_deadline: float
    deadline: float
    best: Smallest | None = None
    faint: Smallest | None = None
    size: tuple[int, ...] = ()
    plain_only: bool = True

    def ascend(self, ladder: Iterator[Questions]) -> None:
        """Search one size after another until a question fails or the time is up."""
        try:
            for questions in ladder:
                self.climb(questions)
                if self.best is not None:
                    return
        except _Over:
            return

    def climb(self, questions: Questions) -> None:
        """Search among questions of one size, and shrink the one that fails."""
        try:
            find(questions, self._fails, settings=_settings())
        except HypothesisException:
            return  # nothing fails, or not every time; `best` has what did

    def _fails(self, params: Message) -> bool:
        params = representable(params, self.precision)
        try:
            found = self._failure_of(params)
        except Unfit:
            assume(False)
            return False
        if found is None:
            return False
        if self.plain_only and not any(is_plain(d) for d in found.divergences or [None]):
            self.faint = self.faint or found
            return False
        size = complexity(params)
        if self.best is None or size < self.size:
            self.best, self.size = found, size
        return True

    def _failure_of(self, params: Message) -> Smallest | None:
        """The failure of a question, or None if the port is right or fails in another way."""
        has_faint = self.plain_only and self.faint is not None
        left = (self.plain_deadline if has_faint else self.deadline) - time.monotonic()
        if left <= 0:
            raise _Over
        right = right_answer(self.method, params, self.precision)
        divergences: tuple[Divergence, ...] = ()
        failure, expected = "", right.by_rule
        try:
            got = self.asker.ask(self.method, params, max(left, 1.0))
        except (PortTimedOut, GivenUp):
            raise _Over from None
        except PortFailure as problem:
            if OUTCOME_OF[type(problem)] is not self.outcome:
                return None
            failure, expected = str(problem), right.derived()
        else:
            if self.outcome is not Outcome.MISMATCH or self._passes(right.by_rule, got):
                return None
            expected = right.derived()
            divergences = compare(expected, got, self.precision).divergences
            if not divergences:
                return None
        plain = next((d for d in divergences if is_plain(d)), None)
        first = plain or next(iter(divergences), None)
        sentence = about(self.method, params, first, failure)
        return Smallest(
            self.method, params, expected, divergences, sentence, self.precision, failure
        )

    def _passes(self, expected: Answer, got: Any) -> bool:
        return not compare(expected, got, self.precision).divergences


def is_plain(divergence: Divergence | None) -> bool:
    """Whether an error is large enough to be obvious; an error without a number is."""
    if divergence is None:
        return True
    try:
        expected, got = float(divergence.expected.split()[0]), float(divergence.got)
    except ValueError:
        return True
    error, size = abs(got - expected), max(abs(got), abs(expected))
    return not (error < SEEN or error < PLAIN * size)


def complexity(params: Message) -> tuple[int, ...]:
    """The counts of a question's numbers, of those not 0, of those not 0 or 1, and its length."""
    numbers = list(numbers_in(msgspec.to_builtins(params)))
    length = len(msgspec.json.encode(params))
    not_0 = sum(number != 0 for number in numbers)
    return len(numbers), not_0, sum(number not in (0, 1) for number in numbers), length


def _ladder(
    method: str, offer: InitializeResult, outcome: Outcome, judged_program: JudgedProgram
) -> Iterator[Questions]:
    """Questions to a method, by increasing size."""
    if method == "evaluate":
        for pool in (SIMPLE, UNEVEN):
            for leaves, operations in EXPRESSION_SIZES:
                yield expressions(leaves, operations, pool)
        if outcome is not Outcome.MISMATCH:
            yield from (st.just(chain(length)) for length in CHAINS)
    elif method in LAYERS:
        yield from layer_questions(method)
    elif method in ("forward", "backward"):
        yield from model_questions(
            judged_program, other_sizes=offer.other_sizes, intermediates=offer.intermediates
        )
    elif method in ("sgd", "adam"):
        yield from update_questions(judged_program, other_sizes=offer.other_sizes)
    elif judged_program.config.gradient != "none":
        yield from train_questions(judged_program, other_sizes=offer.other_sizes)


def _settings() -> settings:
    return settings(
        database=None,
        deadline=None,
        derandomize=True,
        max_examples=EXAMPLES,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
    )


@contextmanager
def _storage() -> Iterator[None]:
    """Let Hypothesis store its files in the cache folder, not in the current folder."""
    set_hypothesis_home_dir(cache.root() / "hypothesis")
    try:
        yield
    finally:
        set_hypothesis_home_dir(None)
