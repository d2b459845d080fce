"""The mistake's name, found by asking whose numbers the port's are.

Every known mistake is made in the canonical program, one at a time, and asked what the port
was asked. One that gives the port's numbers, wrong ones and right ones alike, has its name said;
several that do cannot be told apart by what was asked. Where no single one does, two are tried.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from conformance.anatomy.levels import Level
from conformance.mistakes import MISTAKES, Mistake
from ports_adapter.messages import InitializeResult

from .diagnosis import Explained
from .fitting import Fit, Names, agreement, cost_of, fit_of, may_show, untouched
from .gathering import Gathered, Kept, question_of

SECONDS = 10.0
"""How long names are looked for, in all."""

SECONDS_TO_REFUTE = 4.0
"""How long those that were found are tried on further cases."""

DEAREST = 4e5
"""The cost of the longest questions that are worth it: about a second of the scalar program."""

FIRST_LOOKS = 2
"""Wrong cases of each level that fails by itself, the cheapest, that every mistake is tried on."""

PROMISING = 6
"""How many mistakes that explain a beginning are tried together with all others."""


@dataclass
class Naming:
    """The search for names among `mistakes`: wrong cases first, the cheapest first.

    It takes `seconds`, and tries those that were found for `seconds_to_refute` on further cases.
    Levels that were not asked and are `sound` all the same have no mistakes of their own.
    """

    gathered: Gathered
    offer: InitializeResult
    mistakes: Sequence[Mistake] = tuple(MISTAKES.values())
    seconds: float = SECONDS
    seconds_to_refute: float = SECONDS_TO_REFUTE
    sound: frozenset[Level] = frozenset()
    known: dict[tuple[tuple[str, ...], str], Fit | None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.ends = time.monotonic() + self.seconds

    def names(self) -> list[tuple[Names, list[Fit]]]:
        """What explains all that was looked at, best first; none if nothing does."""
        wrong = self._cheapest_first(self.gathered.wrong)
        if not wrong:
            return []
        looks = self._looks(wrong)
        single = [names for names in self._singles() if self._explains(names, looks)]
        found = self._ranked(self._survivors(single, wrong), wrong)
        if not found:
            self.ends = time.monotonic() + self.seconds
            found = self._ranked(self._survivors(list(self._pairs(looks)), wrong), wrong)
        return found

    def _cheapest_first(self, cases: Iterable[Kept]) -> list[Kept]:
        """The cases that are worth their time; of each level at least one."""
        costs = [(cost_of(question_of(kept, self.offer)), kept) for kept in cases]
        kept_levels: set[Level] = set()
        chosen = []
        for cost, kept in sorted(costs, key=lambda item: item[0]):
            if cost <= DEAREST or kept.case.level not in kept_levels:
                kept_levels.add(kept.case.level)
                chosen.append(kept)
        return chosen

    def _looks(self, wrong: Sequence[Kept]) -> list[Kept]:
        """What must be explained in any case: of each level that fails, the cheapest."""
        looks: list[Kept] = []
        roots, failed = self.gathered.roots, {kept.case.level for kept in wrong}
        for level in (*roots, *(x for x in Level if x in failed and x not in roots)):
            of_level = [kept for kept in wrong if kept.case.level is level]
            looks += of_level[: FIRST_LOOKS if level in roots else 1]
        return looks

    def _singles(self) -> Iterator[Names]:
        """As far as time goes: those of levels that fail first, then of levels not asked."""
        failed = {kept.case.level for kept in self.gathered.wrong}
        passed = {kept.case.level for kept in self.gathered.right}

        def doubt(mistake: Mistake) -> int:
            if mistake.level in failed:
                return mistake.level not in self.gathered.roots
            return 3 if mistake.level in passed else 2

        for mistake in sorted((m for m in self.mistakes if m.level not in self.sound), key=doubt):
            if time.monotonic() > self.ends:
                return
            yield (mistake,)

    def _explains(self, names: Names, cases: Sequence[Kept]) -> bool:
        """Whether no case refutes it, and at least one speaks for it."""
        fits = []
        for kept in cases:
            fit = self.fit(names, kept)
            if fit is None:
                return False
            fits.append(fit)
        return any(fit.explained or not fit.values for fit in fits)

    def _pairs(self, cases: Sequence[Kept]) -> Iterator[Names]:
        """Two mistakes at once: each explains some of the cases, or only both together do."""
        for one in self._halves(cases):
            # First what the one does not explain: that is what the other must.
            in_turn = sorted(cases, key=lambda kept: self._is_explained((one,), kept))
            found = False
            for (other,) in self._singles():
                if time.monotonic() > self.ends:
                    return
                if one is not other and _is_compatible(one, other):
                    is_pair = self._explains((one, other), in_turn)
                    found |= is_pair
                    if is_pair:
                        yield (one, other)
            if found:
                return

    def _halves(self, cases: Sequence[Kept]) -> list[Mistake]:
        """Those that were seen to explain a case, or else the beginning of one."""
        seen = {slugs for (slugs, _), fit in self.known.items() if fit and fit.explained}
        alone = [mistake for mistake in self.mistakes if (mistake.slug,) in seen]
        if alone:
            return alone
        kept = cases[0]
        right = agreement((), kept, self.offer.precision)
        reached = [(agreement((m,), kept, self.offer.precision), m) for (m,) in self._singles()]
        reached.sort(key=lambda item: -item[0])
        return [mistake for parts, mistake in reached if parts > right][:PROMISING]

    def _is_explained(self, names: Names, kept: Kept) -> bool:
        fit = self.fit(names, kept)
        return fit is not None and fit.explained > 0

    def _survivors(self, candidates: Sequence[Names], wrong: Sequence[Kept]) -> list[Names]:
        """Those that no other case of a failing level refutes, wrong or right, the cheap first."""
        levels = {kept.case.level for kept in wrong}
        right = [kept for kept in self.gathered.right if kept.case.level in levels]
        alive = list(candidates)
        ends = time.monotonic() + self.seconds_to_refute
        for kept in self._cheapest_first([*wrong, *right]):
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
            shows = any(may_show(mistake, kept.case.level) for mistake in names)
            self.known[key] = fit_of(names, kept, self.offer) if shows else untouched(kept)
        return self.known[key]


def _unexplained(fits: Iterable[Fit]) -> int:
    return sum(fit.values - fit.explained for fit in fits)


def _slugs(names: Names) -> tuple[str, ...]:
    return tuple(mistake.slug for mistake in names)


def _is_compatible(one: Mistake, other: Mistake) -> bool:
    """Whether two patches leave each other alone."""
    return not set(one.patch()) & set(other.patch())


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
