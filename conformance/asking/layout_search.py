"""Searches for a layout of the weights in which a failing port would be right.

A port may compute everything right with transposed or otherwise rearranged matrices. Its failed
questions are asked again, in one layout after the other; a layout in which all of them are
answered rightly is reported, and belongs into the port's manifest.
"""

import time
from collections.abc import Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from itertools import combinations, permutations, product

from msgspec import structs

from conformance.anatomy.levels import Level
from conformance.cases.by_level.handshake import introduction
from conformance.cases.case import Case
from conformance.judging.compare import compare
from conformance.judging.outcome import Outcome
from conformance.oracle.answer import Refusal
from ports_adapter.client import Client
from ports_adapter.failures import NotStarted, PortError, PortFailure, WrongAnswer
from ports_adapter.layout import OF_A_LAYER, OF_THE_MODEL, Layout, Rule
from ports_adapter.manifest import Port
from ports_adapter.messages import METHODS, InitializeResult

from .case_result import Finished

SECONDS = 5.0
"""The time limit of the search."""

CONFIRMING = 4
"""How many failed questions a layout must mend."""

SEARCHED = (Level.FORWARD, Level.BACKWARD)
"""The levels whose failures show a wrong layout; the first that was asked decides."""

NOT_JUDGED = (Outcome.NOT_OFFERED, Outcome.NOT_RUN, Outcome.SUITE_FAULT)

HEADS = ("(h d) i -> (d h) i", "(h d) i -> h d i", "(h d) i -> h i d")
BY_HEAD = ("o (h d) -> o (d h)", "o (h d) -> h o d", "o (h d) -> h d o")
TRANSPOSED = "o i -> i o"
GROUPS = (
    (("layer{l}.attn_wq", "layer{l}.attn_wk", "layer{l}.attn_wv"), ("", TRANSPOSED, *HEADS)),
    (("layer{l}.attn_wo",), ("", TRANSPOSED, *BY_HEAD)),
    (("layer{l}.mlp_fc1", "layer{l}.mlp_fc2"), ("", TRANSPOSED)),
    (("lm_head",), ("", TRANSPOSED)),
    (("wte", "wpe"), ("", TRANSPOSED)),
)
"""Groups of tensors that ports arrange in the same way, and the patterns that occur."""

USUALLY_TRANSPOSED = (("lm_head", *OF_A_LAYER), OF_A_LAYER, (*OF_THE_MODEL, *OF_A_LAYER))

STACKS = (
    "p o i -> (p o) i", "p o i -> i (p o)", "p o i -> p o i", "p o i -> p i o",
    "p (h d) i -> (h p d) i",
)  # fmt: skip
"""The patterns in which ports join tensors of one shape."""

Choice = tuple[Rule, ...]


def recognized_layout(port: Port, finished: Finished) -> Layout | None:
    """A layout in which a failing port is right, or None if none is found.

    The search runs only if most questions to `forward`, or to `backward` if `forward` was not
    asked, failed. An interrupt by the user ends the search, and not the run.
    """
    failed = _telling_failures(finished)
    if finished.offer is None or finished.was_interrupted or not failed:
        return None
    with suppress(KeyboardInterrupt):
        return _search(port, finished.offer, failed)
    return None


def _search(port: Port, offer: InitializeResult, failed: Sequence[Case]) -> Layout | None:
    deadline = time.monotonic() + SECONDS
    with closing(_Trial(port, offer)) as trial:
        for rules in candidates(port.layout.rules):
            if time.monotonic() > deadline:
                return None
            layout = Layout(rules)
            if all(trial.passes(case, layout) for case in failed):
                return layout
    return None


@dataclass
class _Trial:
    """A running port on which one layout after the other is tried."""

    port: Port
    offer: InitializeResult
    client: Client | None = None

    def passes(self, case: Case, layout: Layout) -> bool:
        """Whether the port's answer to a question is right in this layout."""
        expected = case.answer(self.offer)
        assert not isinstance(expected, Refusal)
        try:
            client = self.client = self.client or self._started()
            client.port = structs.replace(self.port, layout=layout)
            kind = METHODS[case.method].result
            got = client.ask(case.method, case.question(self.offer), kind, SECONDS)
        except (PortError, WrongAnswer):
            return False
        except (PortFailure, NotStarted):
            self.close()
            return False
        return not compare(expected, structs.asdict(got), self.offer.precision).divergences

    def close(self) -> None:
        """End the port."""
        if self.client is not None:
            self.client.close()
            self.client = None

    def _started(self) -> Client:
        client = Client(self.port)
        client.ask("initialize", introduction(), InitializeResult, self.port.timeouts.start)
        return client


def candidates(declared: Sequence[Rule]) -> Iterator[tuple[Rule, ...]]:
    """Layouts near the declared one: the usual ones first, then those that differ least from it."""
    if not declared:
        for names in USUALLY_TRANSPOSED:
            yield tuple(Rule(name, TRANSPOSED) for name in names)
    slots = [*_joined(declared), *_grouped(declared)]
    for changes in range(1, len(slots) + 1):
        for changed in combinations(range(len(slots)), changes):
            ways = [slot[1:] if i in changed else slot[:1] for i, slot in enumerate(slots)]
            for choice in product(*ways):
                yield tuple(rule for rules in choice for rule in rules if _says_something(rule))


def _grouped(declared: Sequence[Rule]) -> Iterator[list[Choice]]:
    """The choices for each group of tensors that are not joined, the declared one first."""
    joined = {name for rule in declared if len(rule.names) > 1 for name in rule.names}
    alone = {rule.names[0]: rule for rule in declared if len(rule.names) == 1}
    for names, patterns in GROUPS:
        rules = [alone.get(name, Rule(name)) for name in names if name not in joined]
        choices = [tuple(rules)]
        for pattern in patterns:
            choice = tuple(structs.replace(rule, pattern=pattern) for rule in rules)
            if choice not in choices and _has_heads_apart(choice):
                choices.append(choice)
        yield choices


def _joined(declared: Sequence[Rule]) -> Iterator[list[Choice]]:
    """The choices for each tensor that joins several, the declared one first."""
    for rule in declared:
        if len(rule.names) == 1:
            continue
        choices: list[Choice] = [(rule,)]
        if "->" in rule.pattern:
            orders = [list(order) for order in permutations(rule.names)]
            ways = [(order, pattern) for pattern in (rule.pattern, *STACKS) for order in orders]
        else:
            canonical = [name for name in (*OF_THE_MODEL, *OF_A_LAYER) if name in rule.names]
            layers_first = sorted(canonical, key=lambda name: name == "lm_head")
            ways = [(order, rule.pattern) for order in (canonical, sorted(canonical), layers_first)]
        for order, pattern in ways:
            choice = (structs.replace(rule, ours=order, pattern=pattern),)
            if choice not in choices:
                choices.append(choice)
        yield choices


def _has_heads_apart(choice: Choice) -> bool:
    """Whether every tensor that has a name for each head has the heads as its first axis."""
    return all("{h}" not in rule.port or "-> h " in rule.pattern for rule in choice)


def _says_something(rule: Rule) -> bool:
    return bool(rule.pattern or rule.port)


def _telling_failures(finished: Finished) -> list[Case]:
    """Failed questions that show whether a layout is right; none if few of their level failed.

    Some questions pass in any layout, as those with zero weights do.
    """
    for level in SEARCHED:
        asked = [
            result
            for result in finished.results
            if result.case.level is level and result.outcome not in NOT_JUDGED
        ]
        failed = [result.case for result in asked if result.outcome.is_failure]
        if asked:
            return failed[:CONFIRMING] if 2 * len(failed) > len(asked) else []
    return []
