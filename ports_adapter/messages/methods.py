"""The methods of the protocol, each with the types of its question and its answer."""

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
    """A method: its name, the types of its question and its answer, and what it does."""

    name: str
    params: type[Message]
    result: type[Message]
    about: str


INITIALIZE = "Introduces the port: what it is, and what it offers."
EVALUATE = "Evaluates a scalar expression and differentiates it by each of its leaves."
SOFTMAX = (
    "Turns logits into probabilities: `output[i] = exp(x[i]) / sum_j exp(x[j])`. Subtract the "
    "maximum of `x` from each element first: they may be as large as 1000."
)
RMSNORM = "Divides by the root mean square: `output[i] = x[i] * (mean(x * x) + 1e-5) ** -0.5`."
CROSS_ENTROPY = "Gives the loss at one position and its gradient."
SAMPLE = "Draws one document, with uniform numbers that the question brings."
SHUTDOWN = "Ends the run: the port answers, then exits with code 0."

METHODS = {
    method.name: method
    for method in (
        Method("initialize", InitializeParams, InitializeResult, INITIALIZE),
        Method("tokenize", TokenizeParams, TokenizeResult, "Turns a corpus into tokens."),
        Method("evaluate", EvaluateParams, EvaluateResult, EVALUATE),
        Method("linear", LinearParams, LinearResult, "Multiplies a matrix by a vector."),
        Method("softmax", VectorParams, VectorResult, SOFTMAX),
        Method("rmsnorm", VectorParams, VectorResult, RMSNORM),
        Method("attention", AttentionParams, AttentionResult, "Computes multi-head attention."),
        Method("mlp", MlpParams, MlpResult, "Computes the two-layer perceptron, without biases."),
        Method("cross_entropy", CrossEntropyParams, CrossEntropyResult, CROSS_ENTROPY),
        Method("forward", ModelParams, ForwardResult, "Gives the logits at every position."),
        Method("backward", ModelParams, BackwardResult, "Gives the loss and all gradients."),
        Method("sgd", SgdParams, SgdResult, "Makes one update by gradient descent."),
        Method("adam", AdamParams, AdamResult, "Makes one update by Adam."),
        Method("train", TrainParams, TrainResult, "Takes training steps from a given state."),
        Method("random", RandomParams, RandomResult, "Draws from CPython's generator."),
        Method("sample", SampleParams, SampleResult, SAMPLE),
        Method("replicate", ReplicateParams, ReplicateResult, "Runs the whole program."),
        Method("shutdown", ShutdownParams, ShutdownResult, SHUTDOWN),
    )
}
