"""Locates an error in a model that offers no intermediate values, by switching parts of it off.

If `attn_wo` is 0, a layer's attention adds nothing; if `mlp_fc2` is 0, its MLP adds nothing. With
one position, attention gives the value itself; if `attn_wq` is 0, it gives the mean of the
values. Each probe switches on one more part than the probe before, so the first probe that fails
shows the wrong part.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

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
    """A question to the model, with some weights set to 0.

    `off` lists the matrices that are 0, and `adds` names the part that no earlier probe has on.
    """

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
"""In the order in which they are asked; each has one more part on than those before it."""


@dataclass(frozen=True, slots=True)
class ProbeResult:
    """The evidence in sentences, and the place of the error if a probe failed."""

    evidence: list[str]
    place: Place | None


def probe(port: Port, situations: Situations, direction: Pass) -> ProbeResult:
    """Ask a port the probes, up to the first that fails.

    Args:
        port: the port.
        situations: the situations of the run, whose weights are used.
        direction: "forward" or "backward", the method to ask.
    """
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
    name, about = f"probe-{made.name}", f"a probe of {made.adds}"
    return make(replace(base, name=name, about=about, weights=weights, tokens=tokens))


def _letters(tokens: Sequence[int], positions: int) -> list[int]:
    """Letters for so many positions, of which the special token takes the first."""
    letters = list(tokens[1:-1])
    return [letters[i % len(letters)] for i in range(positions - 1)]


def _told(results: Sequence[Result], direction: Pass, at: str) -> ProbeResult:
    evidence: list[str] = []
    for made, result in zip(PROBES, results, strict=False):
        off = " and ".join(made.off)
        state = f"with {off} at 0" if off else "with all weights"
        where = "one position" if made.positions == ONE else f"{made.positions} positions"
        if result.outcome is Outcome.PASS:
            evidence.append(f"Correct {state} and {where}: {made.adds}.")
            continue
        evidence.append(
            f"Wrong {state} and {where}: {result.detail}{_right_parts(result)}. The error is in "
            f"{made.adds}."
        )
        words = made.adds if direction == "forward" else f"the backward pass of {made.adds}"
        node = made.node if at else made.node.removeprefix("layer0.")
        place = Place("", direction, node, words, words=words)
        return ProbeResult(evidence, place)
    return ProbeResult(evidence, None)


def _right_parts(result: Result) -> str:
    """The parts of a failed probe's answer that are right."""
    if result.exchange is None or result.comparison is None:
        return ""
    wrong = {divergence.part for divergence in result.comparison.divergences}
    right = [at for at in result.exchange.expected if at not in wrong and at != "/loss"]
    return f" (correct: {', '.join(right[:6])})" if right else ""


LEVEL_OF: dict[Level, Pass] = {Level.FORWARD: "forward", Level.BACKWARD: "backward"}


def situations_of(judged_program: JudgedProgram, seed: int, offer: InitializeResult) -> Situations:
    """The situations of a run."""
    return Situations.of(judged_program, seed, offer.precision)
