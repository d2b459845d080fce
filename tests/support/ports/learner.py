"""The canonical program as a port in progress: some profiles, perhaps with a slip in one of them.

python -m tests.support.ports.learner PROFILES [SLIP or MISTAKE] [--published-sizes] [--relu-alone]
"""

import math
import sys
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from msgspec import structs

import reference.activation
import reference.counting
import reference.model
import reference.sgd
import reference.training
from conformance.mistakes import MISTAKES, apply, patched_port
from conformance.mistakes.mistake import Patch
from conformance.mistakes.patched_tape import on_tape
from reference.config import Config
from reference.evaluation import Evaluation
from reference.model import Weights
from reference.state import State
from reference.tokenizer import Tokenizer
from reference.value import Value


def counted_before_the_loss() -> Patch:
    own = reference.counting.evaluate

    def evaluate(weights: Weights, tokens: Sequence[int], config: Config) -> Evaluation:
        assert config.gradient == "none"
        after = reference.counting.count(State.without_moments(weights), tokens)
        return own(after.weights, tokens)

    return {"evaluate": evaluate}


def no_smoothing() -> Patch:
    def probabilities(counts: Any, token: int) -> list[float]:
        row = [count + 1 for count in counts[token]]
        return [count / (sum(row) + len(row)) for count in row]

    reference.counting.probabilities = probabilities
    return {}


def rate_not_decayed() -> Patch:
    own = reference.sgd.sgd

    def sgd(state: State, gradients: Weights, config: Config) -> State:
        return own(state, gradients, replace(config, schedule="constant"))

    return {"sgd": sgd}


def tied_gradient_of_the_output_lost() -> Patch:
    """The embedding learns as an embedding alone."""
    own = reference.training.evaluate

    def evaluate(weights: Weights, tokens: Sequence[int], config: Config) -> Evaluation:
        if not config.tied:
            return own(weights, tokens, config)
        untied = {"wte": weights["wte"], "wpe": weights["wpe"], "lm_head": weights["wte"]}
        found = own(untied | weights, tokens, replace(config, tied=False))
        grads = {name: matrix for name, matrix in found.grads.items() if name != "lm_head"}
        return replace(found, grads=grads)

    return {"evaluate": evaluate}


def exact_gelu() -> Patch:
    """By the error function, in place of the form with tanh: values alone."""

    def gelu(x: Value) -> Value:
        slope = 0.5 * (1 + math.erf(x.data / math.sqrt(2)))
        slope += x.data * math.exp(-(x.data**2) / 2) / math.sqrt(2 * math.pi)
        value = x.data * 0.5 * (1 + math.erf(x.data / math.sqrt(2)))
        return Value(value, (x,), (slope,))

    reference.activation.ACTIVATIONS["gelu"] = gelu
    return {}


def linear_decay() -> Patch:
    return {"Config.learning_rate_at": lambda c, step: c.learning_rate * (1 - step / c.num_steps)}


def one_special_token() -> Patch:
    own = Tokenizer.of

    def of(_cls: Any, documents: Any, _special_tokens: str = "bos") -> Tokenizer:
        return own(documents)

    return {"Tokenizer.of": classmethod(of)}


SLIPS = {
    slip.__name__.replace("_", "-"): slip
    for slip in (
        counted_before_the_loss, no_smoothing, rate_not_decayed, tied_gradient_of_the_output_lost,
        exact_gelu, linear_decay, one_special_token,
    )
}  # fmt: skip


def main() -> None:
    words = [word for word in sys.argv[1:] if not word.startswith("--")]
    options, sys.argv = sys.argv[1:], sys.argv[:1]
    slips = [SLIPS.get(name) or MISTAKES[name].patch for name in words[1:]]
    if exact_gelu not in slips:
        apply(on_tape())
    for slip in slips:
        apply(slip())
    whole = patched_port.introduction()
    offered = structs.replace(
        whole,
        profiles=words[0].split(","),
        other_sizes="--published-sizes" not in options,
        activations=[] if "--relu-alone" in options else whole.activations,
    )
    patched_port.introduction = lambda: offered
    patched_port.main()


if __name__ == "__main__":
    main()
