"""Probing a black box: weights injected so that parts of the model are switched off, one by one.

With `attn_wo` at 0 a layer's attention adds nothing, with `mlp_fc2` at 0 its MLP does not; with
one position, attention is the value itself; with `attn_wq` at 0 it is a plain mean. Each probe
switches on one part more than the one before, so the first that fails names its part.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from conformance.anatomy.judged_program import JudgedProgram
from conformance.anatomy.levels import Level
from conformance.asking.case_result import Result
from conformance.asking.engine import Engine
from conformance.cases.by_level.model import backward_case, forward_case
from conformance.cases.case import Case
from conformance.judging.outcome import Outcome
from ports_adapter.manifest import Port
from ports_adapter.messages import InitializeResult
from reference.model import Weights

from ..cases.situation import Situation
from ..cases.situations import Situations
from .diagnosis import Pass, Place

ONE, SEVERAL = 1, 6


@dataclass(frozen=True, slots=True)
class Probe:
    """Weights at 0 and a number of positions; `adds` is what is on for the first time."""

    name: str
    off: tuple[str, ...]
    positions: int
    adds: str
    node: str


PROBES = (
    Probe("embedding", ("attn_wo", "mlp_fc2"), ONE,
          "the embedding, the first RMSNorm, the output projection and the loss", "embedding"),
    Probe("positions", ("attn_wo", "mlp_fc2"), SEVERAL,
          "the embeddings of later positions, and the mean of their losses", "embedding"),
    Probe("mlp", ("attn_wo",), ONE, "the MLP with its RMSNorm and residual connection",
          "layer0.mlp_hidden"),
    Probe("values", ("mlp_fc2",), ONE,
          "attention's RMSNorm, values, output projection and residual connection", "layer0.v"),
    Probe("mean", ("mlp_fc2", "attn_wq"), SEVERAL,
          "attention over the positions so far (the cache, the mask, the weighted sum)",
          "layer0.attn_heads"),
    Probe("scores", ("mlp_fc2",), SEVERAL,
          "attention's scores (queries, keys, their scale) and softmax", "layer0.attn_scores"),
    Probe("whole", (), SEVERAL, "attention and MLP together", "layer0.attn_residual"),
)  # fmt: skip
"""In the order in which they are put; each has on what those before it had, and a part more."""


@dataclass(frozen=True, slots=True)
class ProbeResult:
    """What probing came to: sentences, and the place if a probe failed."""

    evidence: list[str]
    place: Place | None


def probe(port: Port, situations: Situations, direction: Pass) -> ProbeResult:
    """Ask a port what its `forward` or `backward` makes of the probes, up to the first failure."""
    if situations.judged_program.config.model == "mlp":
        return ProbeResult([], None)  # there is nothing to switch off
    base = next(s for s in situations.all if s.name == "fresh-1")
    make = forward_case if direction == "forward" else backward_case
    cases = [_case(made, base, make) for made in PROBES]
    results: list[Result] = []
    Engine(port, results.append).run(cases, shut_down=False)
    return _told(results, direction, situations.judged_program.config.at_layer(0))


def _case(made: Probe, base: Situation, make: Callable[[Situation], Case]) -> Case:
    weights: Weights = {
        name: [[0.0] * len(row) for row in rows] if name.endswith(made.off) and made.off else rows
        for name, rows in base.weights.items()
    }
    tokens = [base.tokens[0], *_letters(base.tokens, made.positions), base.tokens[-1]]
    situation = Situation(
        f"probe-{made.name}",
        f"a probe of {made.adds}",
        base.profile,
        base.config,
        weights,
        tokens,
        base.precision,
    )
    return make(situation)


def _letters(tokens: Sequence[int], positions: int) -> list[int]:
    """Letters for so many positions; a document begins with its special token."""
    letters = list(tokens[1:-1])
    return [letters[i % len(letters)] for i in range(positions - 1)]


def _told(results: Sequence[Result], direction: Pass, at: str) -> ProbeResult:
    evidence: list[str] = []
    for made, result in zip(PROBES, results, strict=False):
        off = " and ".join(made.off)
        state = f"with {off} at 0" if off else "with all weights on"
        where = "one position" if made.positions == ONE else f"{made.positions} positions"
        if result.outcome is Outcome.PASS:
            evidence.append(f"Right {state}, {where}: {made.adds}.")
            continue
        evidence.append(
            f"Wrong {state}, {where}: {result.detail}{_sound_parts(result)}. It is in {made.adds}."
        )
        words = made.adds if direction == "forward" else f"the backward pass of {made.adds}"
        node = made.node if at else made.node.removeprefix("layer0.")
        place = Place("", direction, node, words, words=words)
        return ProbeResult(evidence, place)
    return ProbeResult(evidence, None)


def _sound_parts(result: Result) -> str:
    """What a failed probe has right all the same."""
    if result.exchange is None or result.comparison is None:
        return ""
    wrong = {divergence.part for divergence in result.comparison.divergences}
    right = [at for at in result.exchange.expected if at not in wrong and at != "/loss"]
    return f" (right are {', '.join(right[:6])})" if right else ""


LEVEL_OF: dict[Level, Pass] = {Level.FORWARD: "forward", Level.BACKWARD: "backward"}


def situations_of(judged_program: JudgedProgram, seed: int, offer: InitializeResult) -> Situations:
    """The same situations as the run's."""
    return Situations.of(judged_program, seed, offer.precision)
