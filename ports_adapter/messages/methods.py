"""Every method of the protocol, with the types of its question and its answer."""

from __future__ import annotations

from msgspec import Struct

from .common import Message
from .handshake import InitializeParams, InitializeResult, ShutdownParams, ShutdownResult
from .layers import (
    AttentionParams,
    AttentionResult,
    CrossEntropyParams,
    CrossEntropyResult,
    EvaluateParams,
    EvaluateResult,
    LinearParams,
    LinearResult,
    MlpParams,
    MlpResult,
    VectorParams,
    VectorResult,
)
from .model import BackwardResult, ForwardResult, ModelParams, SampleParams, SampleResult
from .program import (
    RandomParams,
    RandomResult,
    ReplicateParams,
    ReplicateResult,
    TokenizeParams,
    TokenizeResult,
)
from .training import AdamParams, AdamResult, SgdParams, SgdResult, TrainParams, TrainResult


class Method(Struct, frozen=True):
    """A method's name and the types of its question and answer."""

    name: str
    params: type[Message]
    result: type[Message]
    about: str


METHODS = {
    method.name: method
    for method in (
        Method("initialize", InitializeParams, InitializeResult, "Who are you, what can you do?"),
        Method("tokenize", TokenizeParams, TokenizeResult, "A corpus into tokens."),
        Method("evaluate", EvaluateParams, EvaluateResult, "A scalar expression and its gradient."),
        Method("linear", LinearParams, LinearResult, "A matrix times a vector."),
        Method("softmax", VectorParams, VectorResult, "Logits into probabilities."),
        Method("rmsnorm", VectorParams, VectorResult, "`x * (mean(x * x) + 1e-5) ** -0.5`."),
        Method("attention", AttentionParams, AttentionResult, "Multi-head attention."),
        Method("mlp", MlpParams, MlpResult, "The two-layer perceptron."),
        Method("cross_entropy", CrossEntropyParams, CrossEntropyResult, "The loss of a position."),
        Method("forward", ModelParams, ForwardResult, "Logits at every position."),
        Method("backward", ModelParams, BackwardResult, "Loss and all gradients."),
        Method("sgd", SgdParams, SgdResult, "One step down the gradient."),
        Method("adam", AdamParams, AdamResult, "One update of the weights."),
        Method("train", TrainParams, TrainResult, "Many steps, each announced by `step`."),
        Method("random", RandomParams, RandomResult, "CPython's generator."),
        Method("sample", SampleParams, SampleResult, "A document from given uniforms."),
        Method("replicate", ReplicateParams, ReplicateResult, "The whole program."),
        Method("shutdown", ShutdownParams, ShutdownResult, "Goodbye; the port then exits."),
    )
}
