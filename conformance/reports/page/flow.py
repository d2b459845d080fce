"""What became of each part of the program: wrong first, wrong because of that, right, not judged.

The model's values and their gradients are nodes of one graph, in which whatever is computed from
a wrong node may be wrong as well.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from conformance.anatomy.computation_order import IN_LAYER, WEIGHTS_OF, forward_order
from conformance.anatomy.levels import Level
from conformance.explanation.diagnosis import Diagnosis
from conformance.judging.outcome import Outcome
from conformance.judging.report import CaseReport
from reference.config import Config

LAYERS_DRAWN = 8
LOSS = "loss"
OUTSIDE = (
    Level.TOKENIZER, Level.RANDOM, Level.AUTOGRAD, Level.ADAM,
    Level.TRAIN, Level.SAMPLE, Level.REPLICATE,
)  # fmt: skip
"""Parts of the program outside of the model; a level judges each."""

UPDATES = (Level.SGD, Level.ADAM)
"""A program has one of them."""

Half = Literal["forward", "backward"]
Node = tuple[str, Half]


class State(StrEnum):
    """What is known of a part of the program."""

    FIRST = "first wrong"
    WRONG = "wrong as well"
    TAINTED = "tainted"
    RIGHT = "right"
    UNASKED = "not judged"


@dataclass(frozen=True, slots=True)
class Flow:
    """The state of every value and gradient of the model, and of the program around it."""

    n_layer: int
    inside: dict[Node, State]
    around: dict[Level, State]

    def named(self, state: State) -> list[str]:
        """The names of all parts in a state."""
        words = {"forward": "", "backward": "the gradient at "}
        found = [f"{words[half]}{name}" for (name, half), s in self.inside.items() if s is state]
        return found + [level.value for level, s in self.around.items() if s is state]


def edges(n_layer: int) -> Iterator[tuple[str, str]]:
    """What each value is computed from: pairs of a value and one that it goes into."""
    yield "embedding", "input_norm"
    x = "input_norm"
    for number in range(n_layer):
        here = f"layer{number}."
        for source, target in _INSIDE_A_LAYER:
            yield (here + source if source else x), here + target
        x = here + "mlp_residual"
    yield x, "logits"
    yield "logits", LOSS


_INSIDE_A_LAYER = (
    ("", "attn_norm"), ("attn_norm", "q"), ("attn_norm", "k"), ("attn_norm", "v"),
    ("q", "attn_scores"), ("k", "attn_scores"), ("attn_scores", "attn_weights"),
    ("attn_weights", "attn_heads"), ("v", "attn_heads"), ("attn_heads", "attn_out"),
    ("attn_out", "attn_residual"), ("", "attn_residual"), ("attn_residual", "mlp_norm"),
    ("mlp_norm", "mlp_hidden"), ("mlp_hidden", "mlp_activation"), ("mlp_activation", "mlp_out"),
    ("mlp_out", "mlp_residual"), ("attn_residual", "mlp_residual"),
)  # fmt: skip

_COMPUTES: dict[tuple[str, str], tuple[str, ...]] = {
    ("linear", "forward"): ("q", "k", "v", "attn_out", "mlp_hidden", "mlp_out", "logits"),
    ("linear", "backward"): ("attn_norm", "attn_heads", "mlp_norm", "mlp_activation"),
    ("softmax", "forward"): ("attn_weights",),
    ("softmax", "backward"): ("attn_scores",),
    ("rmsnorm", "forward"): ("input_norm", "attn_norm", "mlp_norm"),
    ("rmsnorm", "backward"): ("embedding", "attn_residual"),
    ("attention", "forward"): ("attn_scores", "attn_weights", "attn_heads"),
    ("attention", "backward"): ("q", "k", "v"),
    ("mlp", "forward"): ("mlp_hidden", "mlp_activation", "mlp_out"),
    ("mlp", "backward"): ("mlp_norm",),
    ("cross_entropy", "forward"): (LOSS,),
    ("cross_entropy", "backward"): ("logits",),
}
"""Where in the model an operation's output is, and the gradient that it gives."""

_IN_SEQUENCE = ("attention", "mlp")
"""Operations whose outputs are computed one from the other."""

_MATRIX_OF = {weight: name for name, weights in WEIGHTS_OF.items() for weight in weights}


def flow_of(diagnosis: Diagnosis) -> Flow:
    """What became of each part of the program in a run."""
    n_layer = _layers(diagnosis)
    drawn = list(forward_order(Config(n_layer=n_layer)))
    nodes: list[Node] = [(name, "forward") for name in (*drawn, LOSS)]
    nodes += [(name, "backward") for name in reversed(drawn)]
    seen = set(_seen_wrong(diagnosis.report.cases))
    first = _first_nodes(diagnosis, nodes, seen)
    box = None if first else _first_box(diagnosis)
    after = _downstream(first, n_layer)
    inside = {
        node: State.FIRST if node in first else _state(diagnosis, node, first, after, seen)
        for node in nodes
    }
    around = {
        level: State.FIRST if level is box else _level_state(diagnosis, level)
        for level in _outside_of(diagnosis)
    }
    return Flow(n_layer, inside, around)


def _outside_of(diagnosis: Diagnosis) -> list[Level]:
    """What is around the model of a run: the update is the one that the program has."""
    asked = {level.level for level in diagnosis.report.levels}
    return [Level.SGD if x is Level.ADAM and Level.SGD in asked else x for x in OUTSIDE]


def _state(
    diagnosis: Diagnosis, node: Node, first: set[Node], after: set[Node], seen: set[Node]
) -> State:
    half = node[1]
    of_level = _level_state(diagnosis, Level.FORWARD if half == "forward" else Level.BACKWARD)
    if of_level is State.UNASKED and half == "forward":
        # Right gradients do not come from wrong values.
        backward = _level_state(diagnosis, Level.BACKWARD)
        of_level = State.RIGHT if backward is State.RIGHT else State.UNASKED
    if of_level is State.RIGHT:
        return State.RIGHT
    if node in after:
        return State.TAINTED
    if node in seen:
        return State.TAINTED if of_level is State.TAINTED else State.WRONG
    if of_level is State.UNASKED:
        return State.UNASKED
    return State.RIGHT if any(place[1] == half for place in first) else of_level


def _level_state(diagnosis: Diagnosis, level: Level) -> State:
    asked = [
        case
        for case in diagnosis.report.cases
        if case.level is level and case.outcome not in (Outcome.NOT_OFFERED, Outcome.NOT_RUN)
    ]
    failed = [case for case in asked if case.outcome.is_failure]
    if not asked:
        return State.UNASKED
    if not failed:
        return State.RIGHT
    return State.TAINTED if all(case.tainted_by for case in failed) else State.WRONG


def _first_nodes(diagnosis: Diagnosis, nodes: Iterable[Node], seen: set[Node]) -> set[Node]:
    """The model's first wrong values or gradients; several where an operation occurs often."""
    if diagnosis.divergence is None:
        return set()
    place = diagnosis.divergence.place
    layer, dot, plain = place.node.rpartition(".")
    name = drawn_as(layer + dot + _MATRIX_OF.get(plain, plain))
    wanted = {name} if name else set()
    if not name:
        method = next(
            (c.method for c in diagnosis.report.cases if c.slug == diagnosis.divergence.case), ""
        )
        outputs = _COMPUTES.get((method, place.direction), ())
        wanted = set(outputs)
        if method in _IN_SEQUENCE and place.direction == "forward":
            wrong = {n.rpartition(".")[2] for n, half in seen if half == "forward"}
            wanted = set([n for n in outputs if n in wrong][:1] or outputs)
        return {n for n in nodes if n[1] == place.direction and n[0].rpartition(".")[2] in wanted}
    return {node for node in nodes if node[1] == place.direction and node[0] in wanted}


def _first_box(diagnosis: Diagnosis) -> Level | None:
    """The part outside of the model that is wrong first, if it is one of those."""
    if diagnosis.divergence is None:
        return None
    slug = diagnosis.divergence.case
    level = next((case.level for case in diagnosis.report.cases if case.slug == slug), None)
    if diagnosis.divergence.place.direction == "update" and level is Level.TRAIN:
        update = next(x for x in _outside_of(diagnosis) if x in UPDATES)
        return Level.TRAIN if _level_state(diagnosis, update) is State.RIGHT else update
    return level if level in _outside_of(diagnosis) else None


def _downstream(first: set[Node], n_layer: int) -> set[Node]:
    """Everything that is computed from these nodes, directly or not."""
    into: dict[Node, list[Node]] = {(LOSS, "forward"): [("logits", "backward")]}
    for source, target in edges(n_layer):
        into.setdefault((source, "forward"), []).append((target, "forward"))
        into.setdefault((target, "backward"), []).append((source, "backward"))
    found: set[Node] = set()
    todo = list(first)
    while todo:
        for node in into.get(todo.pop(), []):
            if node not in found:
                found.add(node)
                todo.append(node)
    return found


def _seen_wrong(cases: Iterable[CaseReport]) -> Iterator[Node]:
    """The nodes whose numbers were wrong in an answer."""
    halves: dict[str, Half] = {
        "intermediates": "forward", "logits": "forward", "loss": "forward", "losses": "forward",
        "intermediate_grads": "backward", "grads": "backward",
    }  # fmt: skip
    for case in cases:
        for difference in case.differences if case.level is not Level.LAYERS else ():
            parts = re.sub(r"^/steps/\d+(?=/)", "", difference.pointer).split("/")[1:]
            if not parts or parts[0] not in halves:
                continue
            name = parts[1] if "rads" in parts[0] or parts[0] == "intermediates" else parts[0]
            layer, dot, plain = name.rpartition(".")
            plain = {"losses": LOSS}.get(plain, _MATRIX_OF.get(plain, plain))
            yield drawn_as(layer + dot + plain), halves[parts[0]]


def drawn_as(name: str) -> str:
    """The drawn node of a name; a program without layers is drawn as one with a single layer."""
    return f"layer0.{name}" if name in IN_LAYER else name


def _layers(diagnosis: Diagnosis) -> int:
    """How many layers the first wrong case has, as far as it names them; at least one."""
    if diagnosis.divergence is None:
        return 1
    slug = diagnosis.divergence.case
    places = [diagnosis.divergence.place.node]
    places += [found.pointer for found in diagnosis.maps if found.case == slug]
    places += [d.pointer for c in diagnosis.report.cases if c.slug == slug for d in c.differences]
    numbers = [int(n) for text in places for n in re.findall(r"\blayer(\d{1,4})\.", text)]
    return min(LAYERS_DRAWN, max(numbers, default=0) + 1)
