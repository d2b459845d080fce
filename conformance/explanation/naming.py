"""Finds the known mistake that explains a port's wrong numbers.

The suite runs each known mistake on the judged cases and compares its numbers with the port's. A
mistake that gives all of them, wrong and right ones, is named. If no single mistake does, pairs
of mistakes are tried.
"""

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from conformance.anatomy.levels import Level
from conformance.asking.case_result import Result
from conformance.mistakes import MISTAKES, Mistake
from ports_adapter.messages import InitializeResult

from .diagnosis import NamedMistake
from .fitting import Fit, Names, agreement, cost_of, fit_of, may_show, untouched
from .judged_cases import JudgedCases, asked_level, question_of

SECONDS = 10.0
"""The processor time for the search, so that a busy machine finds the same."""

SECONDS_TO_REFUTE = 4.0
"""The processor time for testing the mistakes that were found on further cases."""

LARGEST_COST = 4e5
"""The largest cost of a question: about a second of the scalar program."""

FIRST_CASES = 2
"""Every mistake is tried on so many wrong cases of each root level, the cheapest ones."""

PROMISING = 6
"""How many mistakes that explain the first parts of a case are tried in pairs with others."""


@dataclass
class MistakeSearch:
    """The search for mistakes that explain the wrong cases, the cheapest cases first.

    Attributes:
        cases: the judged cases of a run.
        offer: the port's answer to `initialize`.
        mistakes: the mistakes to try.
        seconds: the time for the search.
        seconds_to_refute: the time for testing the mistakes that were found on further cases.
        sound: levels that were not asked but are known to be right; their mistakes are skipped.
        refuters: right answers that refute most mistakes quickly; they are tried first.
        known: the results so far, by the slugs of the mistakes and of the case.
    """

    cases: JudgedCases
    offer: InitializeResult
    mistakes: Sequence[Mistake] = tuple(MISTAKES.values())
    seconds: float = SECONDS
    seconds_to_refute: float = SECONDS_TO_REFUTE
    sound: frozenset[Level] = frozenset()
    refuters: Sequence[Result] = ()
    known: dict[tuple[tuple[str, ...], str], Fit | None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.ends = time.process_time() + self.seconds

    def names(self) -> list[tuple[Names, list[Fit]]]:
        """The mistakes that explain every case tried, the best first; empty if there are none."""
        wrong = self._cheapest_first(self.cases.wrong)
        if not wrong:
            return []
        first = self._first_cases(wrong)
        single = [names for names in self._singles() if self._explains(names, first)]
        found = self._ranked(self._survivors(single, wrong), wrong)
        if not found:
            self.ends = time.process_time() + self.seconds
            found = self._ranked(self._survivors(list(self._pairs(first)), wrong), wrong)
        return found

    def _cheapest_first(self, cases: Iterable[Result]) -> list[Result]:
        """The cases that do not cost too much, and at least one of each level."""
        costs = [(cost_of(question_of(judged, self.offer)), judged) for judged in cases]
        kept_levels: set[Level] = set()
        chosen = []
        for cost, judged in sorted(costs, key=lambda item: item[0]):
            if cost <= LARGEST_COST or judged.case.level not in kept_levels:
                kept_levels.add(judged.case.level)
                chosen.append(judged)
        return chosen

    def _first_cases(self, wrong: Sequence[Result]) -> list[Result]:
        """The cases that every mistake is tried on: the cheapest of each failing level."""
        first: list[Result] = []
        roots, failed = self.cases.roots, {judged.case.level for judged in wrong}
        for level in (*roots, *(x for x in Level if x in failed and x not in roots)):
            of_level = [judged for judged in wrong if judged.case.level is level]
            first += of_level[: FIRST_CASES if level in roots else 1]
        return first

    def _singles(self) -> Iterator[Names]:
        """Single mistakes until the time is up: of failing levels, of levels not asked, others."""
        failed = {judged.case.level for judged in self.cases.wrong}
        passed = {judged.case.level for judged in self.cases.right}

        def doubt(mistake: Mistake) -> int:
            if mistake.level in failed:
                return mistake.level not in self.cases.roots
            return 3 if mistake.level in passed else 2

        for mistake in sorted((m for m in self.mistakes if m.level not in self.sound), key=doubt):
            if time.process_time() > self.ends:
                return
            yield (mistake,)

    def _explains(self, names: Names, cases: Sequence[Result]) -> bool:
        """Whether no case refutes the mistakes, and at least one confirms them."""
        if any(self.fit(names, judged) is None for judged in self.refuters):
            return False
        fits = []
        for judged in cases:
            fit = self.fit(names, judged)
            if fit is None:
                return False
            fits.append(fit)
        return any(fit.explained or not fit.values for fit in fits)

    def _pairs(self, cases: Sequence[Result]) -> Iterator[Names]:
        """Pairs of mistakes that together explain the cases."""
        for one in self._halves(cases):
            # The second mistake must explain the cases that the first does not: try them first.
            in_turn = sorted(cases, key=lambda judged: self._is_explained((one,), judged))
            refuting = [judged for judged in self._refuting(one) if judged not in in_turn]
            found = False
            for (other,) in self._singles():
                if time.process_time() > self.ends:
                    return
                if one is not other and _is_compatible(one, other):
                    is_pair = self._explains((one, other), in_turn + refuting)
                    found |= is_pair
                    if is_pair:
                        yield (one, other)
            if found:
                return

    def _refuting(self, mistake: Mistake) -> list[Result]:
        """The cases that a mistake alone does not explain, which its pair must."""
        tried = self.cases.by_slug.items()
        found = ((self.known.get(((mistake.slug,), slug), True), judged) for slug, judged in tried)
        return [judged for fit, judged in found if fit is None]

    def _halves(self, cases: Sequence[Result]) -> list[Mistake]:
        """The mistakes that explain a case, or if none does, the first parts of a case."""
        seen = {slugs for (slugs, _), fit in self.known.items() if fit and fit.explained}
        alone = [mistake for mistake in self.mistakes if (mistake.slug,) in seen]
        if alone:
            return alone
        judged = cases[0]
        right = agreement((), judged, self.offer.precision)
        reached = [(agreement((m,), judged, self.offer.precision), m) for (m,) in self._singles()]
        reached.sort(key=lambda item: -item[0])
        return [mistake for parts, mistake in reached if parts > right][:PROMISING]

    def _is_explained(self, names: Names, judged: Result) -> bool:
        fit = self.fit(names, judged)
        return fit is not None and fit.explained > 0

    def _survivors(self, candidates: Sequence[Names], wrong: Sequence[Result]) -> list[Names]:
        """The candidates that no case of a failing level refutes, be it wrong or right."""
        levels = {judged.case.level for judged in wrong}
        right = [judged for judged in self.cases.right if judged.case.level in levels]
        alive = list(candidates)
        ends = time.process_time() + self.seconds_to_refute
        for judged in self._cheapest_first([*wrong, *right]):
            if not alive or time.process_time() > ends:
                break
            alive = [names for names in alive if self.fit(names, judged) is not None]
        return alive

    def _ranked(
        self, alive: Sequence[Names], wrong: Sequence[Result]
    ) -> list[tuple[Names, list[Fit]]]:
        """The mistakes that leave the fewest numbers unexplained, the closest first."""
        found = []
        for names in alive:
            looked = (self.known.get((_slugs(names), judged.case.slug)) for judged in wrong)
            fits = [fit for fit in looked if fit is not None]
            if any(fit.explained or not fit.values for fit in fits):
                found.append(
                    (_unexplained(fits), max((f.worst for f in fits), default=0.0), names, fits)
                )
        least = min((item[0] for item in found), default=0)
        found.sort(key=lambda item: (item[1], _slugs(item[2])))
        return [(names, fits) for left, _, names, fits in found if left == least]

    def fit(self, names: Names, judged: Result) -> Fit | None:
        """How the answer of the program with these mistakes agrees with the port's, if it does."""
        key = (_slugs(names), judged.case.slug)
        if key not in self.known:
            shows = any(may_show(mistake, asked_level(judged)) for mistake in names)
            self.known[key] = fit_of(names, judged, self.offer) if shows else untouched(judged)
        return self.known[key]


def _unexplained(fits: Iterable[Fit]) -> int:
    return sum(fit.values - fit.explained for fit in fits)


def _slugs(names: Names) -> tuple[str, ...]:
    return tuple(mistake.slug for mistake in names)


def _is_compatible(one: Mistake, other: Mistake) -> bool:
    """Whether two mistakes patch different parts of the program."""
    return not set(one.patch()) & set(other.patch())


def named_mistakes(search: MistakeSearch) -> list[NamedMistake]:
    """The mistakes that give the port's numbers, the best first."""
    found = search.names()
    return [_named(names, fits, [n for n, _ in found], search) for names, fits in found]


def _named(names: Names, fits: list[Fit], all_: list[Names], search: MistakeSearch) -> NamedMistake:
    looked = [
        judged.case.slug
        for judged in search.cases.wrong
        if (_slugs(names), judged.case.slug) in search.known
    ]
    return NamedMistake(
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
