"""The messages of the protocol: JSON-RPC 2.0, one message a line.

These types are the protocol's only definition. The JSON Schema and PROTOCOL.md are
generated from them, and the runner encodes and decodes with them. Unknown fields are
ignored on both sides, so that old ports outlive new suites.
"""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

PROTOCOL_VERSION = 1

Number = float | Literal["NaN", "Infinity", "-Infinity"]
Vector = list[Number]
Matrix = list[Vector]
Tensors = dict[str, Matrix]
Count = Annotated[int, Meta(ge=0)]
Position = Annotated[int, Meta(ge=0)]
Precision = Literal["float64", "float32"]

Weights = Annotated[
    Tensors,
    Meta(
        description="Matrices `[nout][nin]` by their names: `wte` [vocabulary][n_embd], `wpe` "
        "[block_size][n_embd], `lm_head` [vocabulary][n_embd], then for each layer `layer0.attn_wq`"
        ", `attn_wk`, `attn_wv`, `attn_wo` [n_embd][n_embd], `mlp_fc1` [4 n_embd][n_embd], "
        "`mlp_fc2` [n_embd][4 n_embd]."
    ),
]
Tokens = Annotated[
    list[Count],
    Meta(description="Tokens of one document, the special token (BOS, the last) at both ends."),
]
Intermediates = Annotated[
    dict[str, list[Any]],
    Meta(
        description="By name, then by position: a vector, or one vector a head for `attn_scores` "
        "and `attn_weights`. The names are listed under `forward`."
    ),
]


class Message(Struct, kw_only=True, omit_defaults=True):
    """Base of everything inside a request's `params` or an answer's `result`."""


class Sizes(Message, omit_defaults=False):
    """The model's shape."""

    n_embd: int
    n_head: int
    n_layer: int
    block_size: int


class Optimizer(Message, omit_defaults=False):
    """Adam's hyperparameters; 0-based step `s` has `learning_rate * (1 - s / num_steps)`."""

    learning_rate: float
    beta1: float
    beta2: float
    eps: float
    num_steps: int


# --- initialize


class InitializeParams(Message, omit_defaults=False):
    protocol_version: int
    suite: str


class InitializeResult(Message):
    """What the port is and offers. What it does not list is not asked of it."""

    protocol_version: int
    name: str
    language: str
    precision: Precision
    methods: list[str]
    profiles: list[str]
    other_sizes: Annotated[
        bool, Meta(description="Whether other sizes than the profile's own are accepted.")
    ] = False
    intermediates: Annotated[
        bool, Meta(description="Whether `forward` and `backward` can give intermediates.")
    ] = False


# --- tokenize


class TokenizeParams(Message):
    text: Annotated[
        str,
        Meta(
            description="A corpus as it stands in its file. A line ends with LF, CRLF or CR; lines "
            "are stripped of white space, blank ones dropped."
        ),
    ]


class TokenizeResult(Message):
    characters: Annotated[
        list[str], Meta(description="All characters (code points) of the corpus, sorted.")
    ]
    vocab_size: int
    tokens: Annotated[list[Tokens], Meta(description="Of every document, in file order.")]


# --- evaluate


class Node(Message):
    """A node of an expression graph; `args` are indices of earlier nodes."""

    op: Literal["leaf", "add", "sub", "mul", "div", "neg", "pow", "exp", "log", "relu"]
    args: list[Position] = []
    value: Annotated[float | UnsetType, Meta(description="Of a `leaf`.")] = UNSET
    exponent: Annotated[float | UnsetType, Meta(description="Of a `pow`, a constant.")] = UNSET


class EvaluateParams(Message):
    nodes: Annotated[list[Node], Meta(min_length=1, description="The last one is the output.")]


class EvaluateResult(Message):
    value: Number
    grads: Annotated[
        Vector, Meta(description="Of the output by every leaf, in the order of the leaves.")
    ]


# --- layers


class LinearParams(Message):
    """`output[o] = sum_i w[o][i] * x[i]`."""

    x: Vector
    w: Matrix
    output_grad: Vector


class LinearGrads(Message):
    x: Vector
    w: Matrix


class LinearResult(Message):
    output: Vector
    grads: LinearGrads


class VectorParams(Message):
    """A function of one vector."""

    x: Vector
    output_grad: Vector


class VectorGrads(Message):
    x: Vector


class VectorResult(Message):
    output: Vector
    grads: VectorGrads


class AttentionParams(Message):
    """One query over all cached positions, by heads: `softmax(q . k / sqrt(head_dim))` of `v`."""

    q: Vector
    k: Matrix
    v: Matrix
    n_head: int
    output_grad: Vector


class AttentionGrads(Message):
    q: Vector
    k: Matrix
    v: Matrix


class AttentionResult(Message):
    output: Vector
    grads: AttentionGrads


class MlpParams(Message):
    """`fc2 @ relu(fc1 @ x)`."""

    x: Vector
    fc1: Matrix
    fc2: Matrix
    output_grad: Vector


class MlpGrads(Message):
    x: Vector
    fc1: Matrix
    fc2: Matrix


class MlpResult(Message):
    output: Vector
    grads: MlpGrads


class CrossEntropyParams(Message):
    """`-log(softmax(logits)[target])`."""

    logits: Vector
    target: Position


class CrossEntropyGrads(Message):
    logits: Vector


class CrossEntropyResult(Message):
    loss: Number
    grads: CrossEntropyGrads


# --- the model


class ModelParams(Message):
    """A model and one document. Positions are `min(block_size, len(tokens) - 1)`."""

    profile: str
    sizes: Sizes
    weights: Weights
    tokens: Tokens
    intermediates: bool = False


class ForwardResult(Message):
    logits: Annotated[Matrix, Meta(description="`[positions][vocabulary]`.")]
    intermediates: Intermediates | UnsetType = UNSET


class BackwardResult(Message):
    loss: Annotated[Number, Meta(description="Mean of `losses`, in nats.")]
    losses: Annotated[Vector, Meta(description="`[positions]`.")]
    grads: Annotated[Tensors, Meta(description="Of `loss`, shaped and named like the weights.")]
    intermediate_grads: Intermediates | UnsetType = UNSET


# --- training


class AdamParams(Message):
    """One update from a given state. `step` is 0-based, so bias correction uses `step + 1`."""

    profile: str
    optimizer: Optimizer
    step: Count
    weights: Weights
    m: Tensors
    v: Tensors
    grads: Tensors


class AdamResult(Message):
    learning_rate: Number
    m: Tensors
    v: Tensors
    weights: Tensors


class TrainParams(Message):
    """`steps` training steps from a given state; step `s` takes `documents[s % len(documents)]`."""

    profile: str
    sizes: Sizes
    optimizer: Optimizer
    step: Count
    weights: Weights
    m: Tensors
    v: Tensors
    documents: Annotated[list[Tokens], Meta(min_length=1)]
    steps: Count


class StepParams(Message):
    """Of the notification `step`, sent after each training step, before the answer."""

    id: Annotated[int, Meta(description="Of the request that is being answered.")]
    step: Annotated[Count, Meta(description="0-based.")]
    loss: Number
    learning_rate: Number


class TrainResult(Message):
    """The state after the last step."""

    m: Tensors
    v: Tensors
    weights: Tensors


# --- generator, sampling, the whole program


class RandomDraw(Message, tag_field="draw", tag="random"):
    """`count` times `random()`."""

    count: Count


class GaussDraw(Message, tag_field="draw", tag="gauss"):
    """`count` times `gauss(mean, std)`."""

    mean: float
    std: float
    count: Count


class ShuffleDraw(Message, tag_field="draw", tag="shuffle"):
    """`shuffle(list(range(count)))`: the list."""

    count: Count


class ChoicesDraw(Message, tag_field="draw", tag="choices"):
    """`count` times `choices(range(len(weights)), weights)[0]`."""

    weights: list[float]
    count: Count


class RandomParams(Message):
    """Draws from one generator of CPython's `random` module, one after the other."""

    seed: Count
    draws: list[RandomDraw | GaussDraw | ShuffleDraw | ChoicesDraw]


class RandomResult(Message):
    results: Annotated[list[Vector], Meta(description="One list a draw.")]


class SampleParams(Message):
    """One document, each token chosen by the next uniform as `random.choices` chooses."""

    profile: str
    sizes: Sizes
    weights: Weights
    temperature: float
    uniforms: list[float]


class SampleResult(Message):
    tokens: Annotated[list[Count], Meta(description="The special token left out.")]
    uniforms_used: Count


class ReplicateParams(Message):
    """The whole program: seed, shuffle, draw the weights, train, sample."""

    profile: str
    sizes: Sizes
    optimizer: Optimizer
    seed: Count
    init_std: float
    temperature: float
    num_samples: Count
    text: Annotated[str, Meta(description="The corpus, as for `tokenize`.")]


class ReplicateResult(Message):
    num_docs: Count
    vocab_size: Count
    num_params: Count
    samples: list[str]


class ShutdownParams(Message):
    """Nothing."""


class ShutdownResult(Message):
    """Nothing."""


# --- JSON-RPC


class Request(Struct, frozen=True, kw_only=True):
    """A question to the port."""

    jsonrpc: Literal["2.0"] = "2.0"
    id: int
    method: str
    params: Any


class Error(Struct, frozen=True, kw_only=True):
    """JSON-RPC's error object: -32601 unknown method, -32602 wrong params, -32603 internal."""

    code: int
    message: str
    data: Any = None


class Incoming(Struct, frozen=True, kw_only=True):
    """Any line from a port, before it is told apart: answer, error, or notification."""

    jsonrpc: Literal["2.0"]
    id: int | str | float | UnsetType | None = UNSET
    method: str | UnsetType = UNSET
    params: Any = UNSET
    result: Any = UNSET
    error: Error | UnsetType = UNSET


METHOD_NOT_FOUND = -32601
INVALID_PARAMS = -32602
INTERNAL_ERROR = -32603


class Method(Struct, frozen=True):
    """A method's name and the types of its question and answer."""

    name: str
    params: type[Message]
    result: type[Message]
    about: str
    step: ClassVar[str] = "step"


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
        Method("adam", AdamParams, AdamResult, "One update of the weights."),
        Method("train", TrainParams, TrainResult, "Many steps, each announced by `step`."),
        Method("random", RandomParams, RandomResult, "CPython's generator."),
        Method("sample", SampleParams, SampleResult, "A document from given uniforms."),
        Method("replicate", ReplicateParams, ReplicateResult, "The whole program."),
        Method("shutdown", ShutdownParams, ShutdownResult, "Goodbye; the port then exits."),
    )
}
