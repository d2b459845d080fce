"""What the port answers: a function a method, from its params to its result.

Each reads and checks its params, calls the mathematics, and names the results. The methods about
a part of a program are in `parts`; here are those about the whole one.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from . import parts, program, sampling, training
from .activations import ACTIVATIONS
from .adam import Adam
from .array import Array, Tensors
from .fields import Fields
from .optimizer import Optimizer
from .params import (
    read_learner,
    read_matrices,
    read_model,
    read_network,
    read_num_steps,
    read_optimizer,
    read_profile,
    read_state,
    read_temperature,
    read_tensors,
    read_weights,
    shapes_of,
)
from .parts import Result
from .profiles import PROFILES
from .sgd import Sgd
from .tokenizer import Marks, Tokenizer, read_documents
from .training import Step

Announce = Callable[[Result], None]
"""Sends what there is to tell of a training step."""


def initialize(params: Fields) -> Result:
    """Who we are and what we can do."""
    return {
        "protocol_version": 1,
        "name": "microgpt in NumPy",
        "language": "Python",
        "precision": np.dtype(params.real).name,
        "methods": [*METHODS, *STREAMING_METHODS],
        "profiles": list(PROFILES),
        "other_sizes": True,
        "activations": list(ACTIVATIONS),
        "intermediates": True,
        "full_record": True,
    }


def tokenize(params: Fields) -> Result:
    """A corpus into tokens."""
    profile = read_profile(params, default="microgpt")
    documents = read_documents(params.text("text"))
    tokenizer = Tokenizer.of(documents, profile.separate_marks)
    return {
        "characters": tokenizer.characters,
        "vocab_size": tokenizer.vocab_size,
        "tokens": tokenizer.encode(documents),
    }


def forward(params: Fields) -> Result:
    """Logits at every position."""
    network = read_network(params)
    weights, vocab_size = read_weights(params, network)
    tokens = params.document("tokens", vocab_size)
    nodes = network.forward(weights, tokens[: network.positions(tokens)])
    result: Result = {"logits": nodes["logits"]}
    if params.flag("intermediates"):
        result["intermediates"] = _by_position(nodes)
    return result


def backward(params: Fields) -> Result:
    """Loss and all gradients."""
    network = read_network(params)
    weights, vocab_size = read_weights(params, network)
    tokens = params.document("tokens", vocab_size)
    outcome = network.backward(weights, tokens)
    result: Result = {"loss": outcome.loss, "losses": outcome.losses, "grads": outcome.grads}
    if params.flag("intermediates"):
        result["intermediate_grads"] = _by_position(outcome.node_grads)
    return result


def sgd(params: Fields) -> Result:
    """One update of the weights by gradient descent."""
    return _update(params, Sgd)


def adam(params: Fields) -> Result:
    """One update of the weights by Adam."""
    return _update(params, Adam)


def train(params: Fields, announce: Announce) -> Result:
    """Many steps from a given state, each announced."""
    profile = read_profile(params)
    model = read_model(params, profile)
    weights, vocab_size = read_weights(params, model)
    learner = read_learner(params, profile, model)
    state = read_state(params, learner.start(weights))
    documents = params.documents("documents", vocab_size)
    first = params.integer("step")
    steps = range(first, first + params.integer("steps"))
    is_full = params.choice("record", ("light", "full"), default="light") == "full"
    tell = _full if is_full else _light
    return training.train(
        learner, state, documents, steps, lambda step: announce(tell(step))
    ).named()


def sample(params: Fields) -> Result:
    """A document from given uniforms."""
    profile = read_profile(params)
    model = read_model(params, profile)
    weights, vocab_size = read_weights(params, model)
    marks = Marks.of(vocab_size, profile.separate_marks)
    uniforms = iter(params.doubles("uniforms"))
    try:
        drawn = sampling.sample(model, weights, marks, read_temperature(params), uniforms)
    except sampling.OutOfUniformsError as error:
        raise params.wrong("uniforms", str(error)) from None
    return {"tokens": [t for t in drawn if t != marks.eos], "uniforms_used": len(drawn)}


def replicate(params: Fields, announce: Announce) -> Result:
    """The whole program, its training announced."""
    profile = read_profile(params)
    model = read_model(params, profile)
    text = params.text("text")
    if not read_documents(text):
        raise params.wrong("text", "expected at least one document")
    plan = program.Plan(
        profile=profile,
        model=model,
        learner=read_learner(params, profile, model, min_steps=0),
        num_steps=read_num_steps(params),
        seed=params.integer("seed"),
        init_std=params.number("init_std"),
        temperature=read_temperature(params),
        num_samples=params.integer("num_samples"),
    )
    return program.replicate(plan, text, params.real, lambda step: announce(_light(step)))._asdict()


def shutdown(_: Fields) -> Result:
    """Goodbye; the server then stops."""
    return {}


METHODS: dict[str, Callable[[Fields], Result]] = {
    "initialize": initialize,
    "tokenize": tokenize,
    "evaluate": parts.evaluate,
    "linear": parts.linear,
    "softmax": parts.softmax,
    "rmsnorm": parts.rmsnorm,
    "attention": parts.attention,
    "mlp": parts.mlp,
    "cross_entropy": parts.cross_entropy,
    "forward": forward,
    "backward": backward,
    "sgd": sgd,
    "adam": adam,
    "random": parts.random,
    "sample": sample,
    "shutdown": shutdown,
}

STREAMING_METHODS: dict[str, Callable[[Fields, Announce], Result]] = {
    "train": train,
    "replicate": replicate,
}


def _update(params: Fields, kind: type[Optimizer]) -> Result:
    """One update of whatever weights there are."""
    profile = read_profile(params)
    if profile.optimizer is not kind:
        raise params.wrong("profile", "its weights are updated otherwise")
    optimizer = read_optimizer(params, profile, kind)
    step = params.integer("step")
    state = read_state(params, optimizer.start(read_matrices(params, "weights")))
    grads = read_tensors(params, "grads", shapes_of(state.weights))
    return {"learning_rate": optimizer.rate(step), **optimizer.update(state, grads, step).named()}


def _light(step: Step) -> Result:
    """The few numbers to watch a training by."""
    told: dict[str, Any] = {"step": step.number, "loss": step.loss}
    return told if step.learning_rate is None else told | {"learning_rate": step.learning_rate}


def _full(step: Step) -> Result:
    """All that a step computed, and the state after it."""
    told = _light(step) | step.state.named()
    if step.result is None:
        return told
    logits, losses, grads = step.result.logits, step.result.losses, step.result.grads
    return told | {"logits": logits, "losses": losses, "grads": grads}


def _by_position(nodes: Tensors) -> dict[str, list[Array]]:
    """Nodes as the protocol wants them: of scores and weights only what a position sees."""
    return {
        name: [heads[:, : p + 1] for p, heads in enumerate(node)] if node.ndim == 3 else list(node)
        for name, node in nodes.items()
    }
