"""Mistakes planted by hand in our own ports, as textual changes to their sources."""

from typing import NamedTuple


class Planted(NamedTuple):
    """A line of a port and what it is changed to.

    `names` are the slugs that one of the explanations must have; empty where the mistake is
    not in the catalogue. `first` is how the first wrong case's slug begins, `blamed` what
    the place's operation must say.
    """

    port: str
    file: str
    right: str
    wrong: str
    names: frozenset[str]
    first: str
    blamed: str


KNOWN = [
    Planted(
        "js", "src/layers.js", "meanSquare.add(1e-5)", "meanSquare.add(1e-6)",
        frozenset({"rms-epsilon-1e-6"}), "layers/rmsnorm", "rmsnorm",
    ),
    Planted(
        "js", "src/value.js", "positive ? 1 : 0", "1",
        frozenset({"relu-gradient-always-1"}), "autograd/", "the backward pass of evaluate",
    ),
    Planted(
        "js", "src/layers.js", "dot(query, key).div(query.length ** 0.5)", "dot(query, key)",
        frozenset({"attention-scale-missing"}), "layers/attention", "attention",
    ),
    Planted(
        "js", "src/adam.js", "(square / vBias) ** 0.5 + eps", "(square / vBias + eps) ** 0.5",
        frozenset({"epsilon-inside-the-root"}), "adam/", "Adam's update",
    ),
    Planted(
        "rust", "src/layers.rs", "scale * gradient - common * x", "scale * gradient",
        frozenset({"rms-scale-detached"}), "layers/rmsnorm", "the backward pass of rmsnorm",
    ),
    Planted(
        "rust", "src/adam.rs", "let updates = T::count(step + 1);",
        "let updates = T::count(step.max(1));",
        frozenset({"adam-step-not-plus-1"}), "adam/", "Adam's update",
    ),
    Planted(
        "rust", "src/backward.rs", "T::count(inputs.len()).recip()", "T::ONE",
        frozenset({"loss-summed-not-averaged"}), "backward/", "mean",
    ),
    Planted(
        "swift", "Sources/Transformer/Autograd/Backpropagation.swift",
        "node.left?.grad += node.leftSlope * node.grad\n"
        "            node.right?.grad += node.rightSlope * node.grad",
        "node.left?.grad = node.leftSlope * node.grad\n"
        "            node.right?.grad = node.rightSlope * node.grad",
        frozenset({"assigns-gradients"}), "autograd/", "the backward pass of evaluate",
    ),
    Planted(
        "swift", "Sources/Transformer/Autograd/ScalarLayers.swift",
        "-softmax(logits)[target].log()", "-(softmax(logits)[target] + 1e-8).log()",
        frozenset({"loss-of-log-p-plus-epsilon"}), "layers/cross-entropy", "cross_entropy",
    ),
    Planted(
        "swift", "Sources/Transformer/Program/Schedule.swift",
        "case .linear: 1 - Double(step) / Double(stepCount)",
        "case .linear: 1 - Double(step / stepCount)",
        frozenset({"constant-learning-rate"}), "adam/", "learning rate",
    ),
]  # fmt: skip
"""Ten that the catalogue has."""

UNKNOWN = [
    Planted(
        "js", "src/value.js", "return new Value(data, this, data);",
        "return new Value(data, this, data * 1.001);",
        frozenset(), "autograd/exp", "the backward pass of evaluate",
    ),
    Planted(
        "rust", "src/attention.rs",
        "add_scaled(heads.at_mut(t, h, grads.v), weights[t], head_grad)",
        "add_scaled(heads.at_mut(t, h, grads.v), weights[t] * weights[t], head_grad)",
        frozenset(), "layers/attention", "the backward pass of attention",
    ),
    Planted(
        "rust", "src/backward.rs", "rmsnorm_vjp(nodes.attn_residual.row(p), norm_grad, stream);",
        "rmsnorm_vjp(nodes.attn_norm.row(p), norm_grad, stream);",
        frozenset(), "backward/", "the backward pass of the RMSNorm before the MLP",
    ),
]  # fmt: skip
"""Three that nobody would think of."""
